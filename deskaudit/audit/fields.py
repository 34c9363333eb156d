"""The fields of an options struct as people fill them in: what each is, typed text to value and back, what is wrong.

Forms in the app and questions on the command line are made from these; the complaints are the struct's own.
"""

import csv
import shlex
import tomllib
from datetime import date, datetime
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

import msgspec

from deskaudit.configfile import inline
from deskaudit.i18n import _
from deskaudit.secrets import SecretRef
from deskaudit.tomltables import in_words

Kind = Literal["text", "number", "switch", "choice", "words", "secret", "table", "tables", "toml"]
"""words: a list of texts. table: a struct of its own; tables: a list of such. toml: anything else, written as in the file."""

PATHS = frozenset({"path", "paths", "file", "files", "folder", "ca_file"})


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """One key of a table. `default`: what holds where it is left out. `struct`: of kinds table and tables."""

    name: str
    kind: Kind
    declared: Any
    required: bool = False
    default: Any = None
    help: str = ""
    choices: tuple[str, ...] = ()
    struct: type[msgspec.Struct] | None = None

    @property
    def is_path(self) -> bool:
        return self.name in PATHS


def fields_of(struct: type[msgspec.Struct]) -> list[Field]:
    """Required ones first, else in the struct's order."""
    texts: dict[str, str] = getattr(struct, "help", {})
    found = [_field(one, texts.get(one.name, "")) for one in msgspec.structs.fields(struct)]
    return sorted(found, key=lambda field: not field.required)


def _field(one: msgspec.structs.FieldInfo, text: str) -> Field:
    kind, struct, choices = _kind(one.type)
    if one.required:
        default = None
    elif one.default is not msgspec.NODEFAULT:
        default = one.default
    else:
        default = one.default_factory() if one.default_factory is not msgspec.NODEFAULT else None
    return Field(
        name=one.encode_name, kind=kind, declared=one.type, required=one.required, default=_plain(default), help=text,
        choices=choices, struct=struct,
    )  # fmt: skip


def _kind(declared: Any) -> tuple[Kind, type[msgspec.Struct] | None, tuple[str, ...]]:
    parts = [part for part in _alternatives(declared) if part is not NoneType]
    one = parts[0] if len(parts) == 1 else None
    if str in parts and list[str] in parts and len(parts) == 2:
        return "words", None, ()
    if one in {int, float}:
        return "number", None, ()
    if one is bool:
        return "switch", None, ()
    if one is str:
        return "text", None, ()
    if one == list[str]:
        return "words", None, ()
    if get_origin(one) is Literal and all(isinstance(choice, str) for choice in get_args(one)):
        return "choice", None, get_args(one)
    if isinstance(one, type) and issubclass(one, msgspec.Struct):
        return ("secret", None, ()) if issubclass(one, SecretRef) else ("table", one, ())
    inner = get_args(one)[0] if get_origin(one) is list else None
    if isinstance(inner, type) and issubclass(inner, msgspec.Struct):
        return "tables", inner, ()
    return "toml", None, ()


def _alternatives(declared: Any) -> tuple[Any, ...]:
    return get_args(declared) if get_origin(declared) in {Union, UnionType} else (declared,)


def _plain(value: Any) -> Any:
    """A default as a file would say it; None for a table whose keys are all left out."""
    if isinstance(value, msgspec.Struct):
        return None
    if isinstance(value, date | datetime):
        return value
    return msgspec.to_builtins(value, builtin_types=(date, datetime))


def parse(field: Field, text: str) -> Any:
    """What was typed as the file's value. Raises ValueError with a sentence."""
    text = text.strip()
    if field.kind in {"text", "choice"}:
        return _quoted(text)
    if field.kind == "switch":
        return _switch(text)
    if field.kind == "number":
        return _number(field, text)
    if field.kind == "words":
        return _words(field, text)
    return _toml(field, text)


def _quoted(text: str) -> str:
    """Text in double quotes is read as TOML reads it: that is how an empty one is typed."""
    if len(text) > 1 and text[0] == text[-1] == '"':
        try:
            return str(tomllib.loads(f"x = {text}")["x"])
        except tomllib.TOMLDecodeError:
            return text
    return text


def _switch(text: str) -> bool:
    if text.casefold() in {"true", "yes", "y", "1", _("yes").casefold()}:
        return True
    if text.casefold() in {"false", "no", "n", "0", _("no").casefold()}:
        return False
    raise ValueError(_("write yes or no"))


def _number(field: Field, text: str) -> float:
    whole = int in _alternatives(field.declared)
    try:
        return int(text) if whole else float(text)
    except ValueError:
        raise ValueError(_("a whole number, as 12") if whole else _("a number, as 12 or 0.5")) from None


def _words(field: Field, text: str) -> list[str] | str:
    if text.startswith("["):
        return _toml(field, text)  # type: ignore[no-any-return]
    row = next(csv.reader([text], skipinitialspace=True), [])
    words = [word.strip() for word in row if word.strip()]
    return words[0] if len(words) == 1 and str in _alternatives(field.declared) else words


def _toml(field: Field, text: str) -> Any:
    """A table may be typed without its braces, a text without its quotes."""
    tries = [f"x = {{ {text} }}"] if _is_map(field.declared) and not text.startswith("{") else [f"x = {text}"]
    for line in tries:
        try:
            return tomllib.loads(line)["x"]
        except (tomllib.TOMLDecodeError, RecursionError) as fault:
            if _is_map(field.declared) or text[:1] in {"[", "{", '"'}:
                raise ValueError(
                    _("write it as in the file: {example} ({fault})").format(
                        example='"a" = "b", "c" = "d"' if _is_map(field.declared) else '["a", "b"]', fault=fault
                    )
                ) from None
    return text


def _is_map(declared: Any) -> bool:
    return any(get_origin(part) is dict for part in _alternatives(declared))


def show(field: Field, value: Any) -> str:
    """A value as it would be typed. A secret is only named by where it lies."""
    if field.kind == "secret":
        return _show_secret(value)
    if value is None:
        return ""
    if field.kind in {"text", "choice"} and isinstance(value, str):
        quoted = not value.strip() or value != value.strip() or "\n" in value or value[0] == value[-1] == '"'
        return inline(value) if quoted and field.kind == "text" else value
    if field.kind == "switch" and isinstance(value, bool):
        return _("yes") if value else _("no")
    if field.kind == "words" and isinstance(value, str | list):
        return _show_words([value] if isinstance(value, str) else value)
    if field.kind == "tables" and isinstance(value, list):
        return ", ".join(_name_of(field, entry) for entry in value)
    if field.kind == "table" and isinstance(value, dict):
        return ", ".join(value)
    text = inline(value)
    return text[1:-1].strip() if isinstance(value, dict) else text


def _show_secret(value: Any) -> str:
    if not isinstance(value, dict):
        return "" if value is None else _("a value in the file (not shown)")
    if "keyring" in value:
        return _("keyring: {name}").format(name=value["keyring"])
    if "env" in value:
        return _("environment: {name}").format(name=value["env"])
    command = value.get("command", "")
    return _("command: {words}").format(words=command if isinstance(command, str) else " ".join(map(str, command)))


def _show_words(words: list[Any]) -> str:
    return ", ".join(
        '"' + word.replace('"', '""') + '"' if isinstance(word, str) and any(sign in word for sign in ',"') else str(word)
        for word in words
    )  # fmt: skip


def _name_of(field: Field, entry: Any) -> str:
    """What an entry is called: its first text."""
    if field.struct is None or not isinstance(entry, dict):
        return "?"
    first = next(
        (one.name for one in fields_of(field.struct) if one.kind in {"text", "choice"} and one.name in entry), ""
    )
    return str(entry.get(first, "")) or "…"


def complaint(declared: Any, value: Any) -> tuple[str, str]:
    """What is wrong with a value, in the struct's own words, and the key where; ("", "") where it is right."""
    try:
        msgspec.convert(value, declared)
    except msgspec.ValidationError as fault:
        message, _at, place = str(fault).partition(" - at `$")
        return in_words(message), place.strip(".`").partition(".")[0].partition("[")[0]
    except (TypeError, ValueError, OverflowError, RecursionError) as fault:
        return str(fault), ""
    return "", ""


def missing(struct: type[msgspec.Struct], table: dict[str, Any]) -> list[str]:
    """The required keys that are not there."""
    return [field.name for field in fields_of(struct) if field.required and field.name not in table]


def from_here(answer: str) -> str:
    """A path that is found from the shell's folder, in full: the config lies elsewhere, and paths start there.

    In quotes or with backslashes it is taken too where that names something: so terminals write what is dropped on them.
    """
    return next((full for text in _as_dropped(answer) if (full := _found(text))), answer)


def _as_dropped(answer: str) -> list[str]:
    try:
        words = shlex.split(answer)
    except ValueError:
        words = []
    return [answer, *words] if len(words) == 1 else [answer]


def _found(text: str) -> str:
    """The full path of what a path or a pattern names; "" where that is nothing."""
    try:
        full = Path(text).expanduser().absolute()
        return str(full) if full.name and any(Path(full.anchor).glob(str(full.relative_to(full.anchor)))) else ""
    except (OSError, ValueError, RuntimeError):
        return ""
