"""The commented example of each register, made from its struct: it cannot be out of date.

A line `#key = …` is an entry's line commented out; a line `# text` explains it.
"""

import json
import os
from datetime import date, datetime
from pathlib import Path
from typing import Any, get_args

import msgspec

from deskaudit.connectors.registers.register import REGISTERS, Register
from deskaudit.errors import ConfigError
from deskaudit.i18n import _


def example(register: Register) -> str:
    """The text of a register's file with one entry, every key explained and commented out."""
    lines = [f"# {register.title}.", f"# {_('One table for each; take the # away, and change what it says.')}", ""]
    lines.append(f"#[[{register.table}]]")
    for field in msgspec.structs.fields(register.struct):
        lines += [f"# {register.struct.help[field.name]}" + (_(" Required.") if field.required else "")]
        inner = next((part for part in get_args(field.type) if hasattr(part, "help")), None)
        if inner is not None:
            lines += [f"#   {name}: {text}" for name, text in inner.help.items()]
        lines.append(f"#{field.encode_name} = {_value(register.struct.example[field.encode_name])}")
    return "\n".join(lines) + "\n"


def uncomment(text: str) -> str:
    """The example as a file that says what it shows."""
    return "\n".join(
        line[1:] if line.startswith("#") and not line.startswith("# ") and len(line) > 1 else line
        for line in text.splitlines()
    )


def write_examples(folder: Path) -> list[Path]:
    """Writes the example of each register that is not there yet, mode 600; gives the files that were made."""
    made: list[Path] = []
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for register in REGISTERS.values():
            file = folder / register.file
            try:
                handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            except FileExistsError:
                continue
            with os.fdopen(handle, "w", encoding="utf-8") as out:
                out.write(example(register))
            made.append(file)
    except OSError as fault:
        raise ConfigError(
            _("The registers cannot be written to {folder}: {fault}.").format(folder=folder, fault=fault.strerror),
            hint=_("Name a folder that you may write to."),
        ) from None
    return made


def _value(value: Any) -> str:
    """A value as TOML writes it, on one line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_value(part)}" for key, part in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else str(value)
