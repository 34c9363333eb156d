"""TOML files of the checklist as structs: what ships, and what a site adds."""

import difflib
import re
import tomllib
from pathlib import Path
from typing import Any, TypeVar, get_args

import msgspec

from deskaudit.checks.spec import Check, Item, Question
from deskaudit.errors import ConfigError
from deskaudit.i18n import _
from deskaudit.tomltables import find_infinite, in_words, kind_at

Table = TypeVar("Table", bound=msgspec.Struct)


class Override(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """`[[override]]` in `checks.d`: what a site wants otherwise of a check that ships. What is left out stays."""

    check: str  # id or name
    leg: str = ""
    passes: float | None = None
    warns: float | None = None
    pass_count: int | None = None
    warn_count: int | None = None
    band: tuple[float, float] | None = None
    warn_band: tuple[float, float] | None = None
    params: dict[str, float] = msgspec.field(default_factory=dict)
    source: str = ""  # why, for `checks --thresholds`


class Part(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """`[[extend]]` in `checks.d`: checks and questions for an item that ships."""

    item: str
    check: list[Check] = msgspec.field(default_factory=list)
    question: list[Question] = msgspec.field(default_factory=list)


class Extra(msgspec.Struct, frozen=True):
    """One file of `checks.d`: an item of its own, parts of others, overrides, in any mixture."""

    whole: Item | None
    parts: list[Part]
    overrides: list[Override]


class _Additions(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    extend: list[Part] = msgspec.field(default_factory=list)
    override: list[Override] = msgspec.field(default_factory=list)


def read_item(file: Path) -> Item:
    """One item file. Raises ConfigError that names file, line and key."""
    return _read(Item, _parse(file), file)


def read_extra(file: Path) -> Extra:
    """One file of a site's `checks.d`."""
    raw = _parse(file)
    added = _read(_Additions, {name: raw.pop(name) for name in ("extend", "override") if name in raw}, file)
    return Extra(_read(Item, raw, file) if raw else None, added.extend, added.override)


def _read(struct: type[Table], raw: dict[str, Any], file: Path) -> Table:
    """`raw` as `struct`; what is wrong is named with file, line, check and key, and the nearest known key."""
    _refuse_unknown(struct, raw, file, ())
    if infinite := find_infinite(raw):
        way = [step - 1 if isinstance(step, int) else step for step in infinite]
        raise _wrong(file, _trail(raw, way), _("nan and inf are no figures"))
    try:
        return msgspec.convert(raw, struct)
    except msgspec.ValidationError as fault:
        message, _at, path = str(fault).partition(" - at `$")
        steps = re.findall(r"\.(\w+)|\[(\d+)\]", path)
        message = in_words(message, kind_at(struct, [name or number for name, number in steps]))
        raise _wrong(file, _trail(raw, [name or int(number) for name, number in steps]), message) from None


def _refuse_unknown(struct: type[msgspec.Struct], raw: dict[str, Any], file: Path, trail: tuple[str, ...]) -> None:
    known = {field.encode_name: field for field in msgspec.structs.fields(struct)}
    for key, value in raw.items():
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            hint = _("Did you mean {near}?").format(near=near[0]) if near else ""
            raise _wrong(
                file, (*trail, key), _("unknown key"), hint or _("Known here: {keys}.").format(keys=", ".join(known))
            )
        inner = next((kind for kind in get_args(known[key].type) if _is_struct(kind)), None)
        if inner is not None and isinstance(value, list):
            for place, table in enumerate(value):
                if isinstance(table, dict):
                    _refuse_unknown(inner, table, file, (*trail, key, _name(table, place)))


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def _trail(raw: Any, steps: list[str | int]) -> tuple[str, ...]:
    """The way to a value in words: check, 15.1, leg, p90, passes."""
    words = []
    for step in steps:
        inside = isinstance(raw, list) and isinstance(step, int) and step < len(raw)
        words.append(_name(raw[step], step) if inside and isinstance(step, int) else str(step))
        raw = raw[step] if inside else raw.get(step) if isinstance(raw, dict) else None
    return tuple(words)


def _name(table: Any, place: int) -> str:
    """What a table of a list is called: by its id, its leg, or its place."""
    names = [table.get(key) for key in ("id", "leg", "check", "item")] if isinstance(table, dict) else []
    return next((name for name in names if isinstance(name, str) and name), str(place + 1))


def _wrong(file: Path, trail: tuple[str, ...], message: str, hint: str = "") -> ConfigError:
    line = _find_line(file.read_text(encoding="utf-8").splitlines(), trail)
    place = f"{file}:{line}" if line else str(file)
    return ConfigError(f"{place}: {' '.join(trail)}: {message}", hint=hint or _("Correct it; nothing has run."))


def _find_line(lines: list[str], trail: tuple[str, ...]) -> int:
    """The line of a key, as well as text can tell: the words of the trail, one after the other."""
    found = 0
    for word in trail:
        pattern = rf'\s*("?{re.escape(word)}"?\s*[=.]|\w+\s*=\s*"{re.escape(word)}"|\[+[\w."]*\b{re.escape(word)}"?\])'
        found = next((at for at in range(found, len(lines)) if re.match(pattern, lines[at])), found - 1) + 1
    return found


def _parse(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as fault:
        raise ConfigError(_("{file} cannot be read: {fault}").format(file=file, fault=fault)) from None
    except tomllib.TOMLDecodeError as fault:
        raise ConfigError(
            _("{file} is not valid TOML: {fault}").format(file=file, fault=fault),
            hint=_("Compare it with a file of the catalogue that ships."),
        ) from None
