"""TOML tables as frozen structs. A wrong key, type or value names the file, the line, the key and the nearest known key."""

import difflib
import math
import re
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_origin

import msgspec

from deskaudit.errors import ConfigError
from deskaudit.i18n import _
from deskaudit.secrets import SecretRef

Options = TypeVar("Options", bound=msgspec.Struct)


class OptionError(ConfigError):
    """The value of `key` is wrong. Whoever knows the file gives it its place: `at`."""

    def __init__(self, key: str, what: str, hint: str = "") -> None:
        super().__init__(f"{key}: {what}", hint=hint or _("Correct it; nothing has run."))
        self.key = key

    def at(self, file: Path) -> ConfigError:
        """The same, with file and line."""
        return ConfigError(f"{place(file, self.key)}: {self.message}", hint=self.hint)


def read(
    struct: type[Options],
    raw: dict[str, Any],
    file: Path,
    prefix: str,
    extra: tuple[str, ...] = (),
    *,
    hint: str = "",
) -> Options:
    """`raw` as `struct`; every complaint says file, line, key, and the nearest known key, or `hint`."""
    _refuse_unknown(struct, raw, file, prefix, extra)
    if infinite := find_infinite(raw):
        dotted = ".".join(str(part) for part in (prefix, *infinite) if part)
        raise OptionError(dotted, _("nan and inf are no figures"), hint).at(file)
    try:
        return msgspec.convert(raw, struct)
    except msgspec.ValidationError as fault:
        blamed = _blame(struct, raw)
        message = in_words(str(fault).partition(" - at `$")[0], kind_at(struct, blamed))
        dotted = ".".join(part for part in (prefix, *blamed) if part)
        hint = hint or _("Correct it; nothing has run.")
        if _is_secret(struct, blamed) and message.startswith("Expected `object"):
            hint = _(
                'A secret does not stand here itself: write { env = "NAME" }, { command = [...] } or { keyring = "name" }.'
            )
        raise ConfigError(f"{place(file, dotted)}: {dotted}: {message}", hint=hint) from None


def in_words(message: str, kind: Any = None) -> str:
    """A complaint of the library that reads values, with what is accepted where a value of `kind` is, and an example."""
    if message.startswith("Invalid enum") and (accepted := _words_of(kind)):
        return f"{message}: " + _("write one of {known}").format(known=", ".join(accepted))
    if message == "Expected `array`, got `object`" and _struct_in(kind) is not None:
        return _("it is a list: write its name in two brackets, as [[name]]")
    known = next((words for begin, words in _ACCEPTED.items() if message.startswith(begin)), "")
    return message if not known else _(known) if message.startswith("Invalid") else f"{message}: {_(known)}"


_ACCEPTED = {
    "Invalid RFC3339 encoded datetime": _("that is no time; write 2026-09-01T08:00:00"),
    "Invalid RFC3339 encoded date": _("that is no date; write 2026-09-01"),
    "Expected `date": _("write 2026-09-01"),
    "Expected `str": _("write it in quotes"),
    "Expected `int": _("write a whole number without quotes, as 12"),
    "Expected `float": _("write a number without quotes, as 0.5"),
    "Expected `bool": _("write true or false"),
    "Expected `array": _('write a list, as ["a", "b"]'),
}


def kind_at(kind: Any, way: list[str]) -> Any:
    """The type of the value at the end of a way of keys; tables of a list are numbers in it."""
    for part in way:
        struct = _struct_in(kind)
        types = {} if struct is None else {field.encode_name: field.type for field in msgspec.structs.fields(struct)}
        kind = types.get(part, kind)
    return kind


def _words_of(kind: Any) -> list[str]:
    """The words that a type accepts and no others; [] where others are accepted."""
    if get_origin(kind) is Literal:
        return [str(word) or '""' for word in get_args(kind)]
    return next((found for part in get_args(kind) if (found := _words_of(part))), [])


def find_infinite(raw: Any) -> list[str | int]:
    """The way to a nan or an inf, which TOML has and no option can mean; tables of a list count from 1. [] for none."""
    pairs = raw.items() if isinstance(raw, dict) else enumerate(raw, start=1) if isinstance(raw, list) else ()
    for key, value in pairs:
        if isinstance(value, float) and not math.isfinite(value):
            return [key]
        if inner := find_infinite(value):
            return [key, *inner]
    return []


def _blame(kind: Any, raw: Any) -> list[str]:
    """The path of keys to the value that does not convert to `kind`; tables of a list count from 1."""
    if isinstance(raw, list):
        inner = (get_args(kind) or (Any,))[0]
        bad = next((n for n, value in enumerate(raw) if not _converts(value, inner)), None)
        return [] if bad is None or _struct_in(kind) is None else [str(bad + 1), *_blame(inner, raw[bad])]
    if not isinstance(raw, dict):
        return []
    kind = next((part for part in get_args(kind) if _is_map(part)), kind) if not _is_map(kind) else kind
    struct = _struct_in(kind) if not _is_map(kind) else None
    if struct is not None:
        types = {field.encode_name: field.type for field in msgspec.structs.fields(struct)}
    else:
        types = dict.fromkeys(raw, (get_args(kind) or (Any, Any))[-1])
    for key, value in raw.items():
        if not _converts(value, types.get(key, Any)):
            return [key, *_blame(types[key], value)]
    return []


def _converts(value: Any, kind: Any) -> bool:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return False
    return True


def _is_secret(struct: type[msgspec.Struct], blamed: list[str]) -> bool:
    return any(
        blamed[:1] == [field.encode_name] and _struct_in(field.type) is SecretRef
        for field in msgspec.structs.fields(struct)
    ) or (len(blamed) > 1 and _is_secret_inside(struct, blamed))


def _is_secret_inside(struct: type[msgspec.Struct], blamed: list[str]) -> bool:
    inner = next(
        (_struct_in(field.type) for field in msgspec.structs.fields(struct) if field.encode_name == blamed[0]), None
    )
    return inner is not None and _is_secret(inner, blamed[1:])


def _refuse_unknown(
    struct: type[msgspec.Struct], raw: dict[str, Any], file: Path, prefix: str, extra: tuple[str, ...]
) -> None:
    known = {field.encode_name: field for field in msgspec.structs.fields(struct)}
    for key, value in raw.items():
        dotted = f"{prefix}.{key}" if prefix else key
        if key not in known:
            near = difflib.get_close_matches(key, [*known, *extra], n=1)
            raise ConfigError(
                _("{place}: unknown key {key}.").format(place=place(file, dotted), key=dotted),
                hint=_("Did you mean {near}?").format(near=near[0])
                if near
                else _("Known here: {keys}.").format(keys=", ".join([*extra, *known])),
            )
        inner = _struct_in(known[key].type)
        if inner is not None and isinstance(value, list):
            for n, table in enumerate(value, start=1):
                if isinstance(table, dict):
                    _refuse_unknown(inner, table, file, f"{dotted}.{n}", ())
        if inner is None or not isinstance(value, dict):
            continue
        if _is_map(known[key].type):
            for name, table in value.items():
                if isinstance(table, dict):
                    _refuse_unknown(inner, table, file, f"{dotted}.{name}", ())
        else:
            _refuse_unknown(inner, value, file, dotted, ())


def _is_map(kind: Any) -> bool:
    return getattr(kind, "__origin__", None) is dict


def _struct_in(kind: Any) -> type[msgspec.Struct] | None:
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return kind
    return next((found for arg in get_args(kind) if (found := _struct_in(arg)) is not None), None)


def place(file: Path, dotted: str) -> str:
    """`file:line` of a key, or of the nearest table around it; the file alone where text cannot tell.

    The tables of a list count from 1: `job.2.name` is the name in the second `[[job]]`.
    """
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return str(file)
    table, best, length = "", 0, 0
    counts: dict[str, int] = {}
    for number, line in enumerate(lines, start=1):
        if header := re.match(r"\s*(\[+)\s*([^\]]+?)\s*\]", line):
            table = found = _count_table(header[2].replace('"', ""), counts, is_list=len(header[1]) > 1)
            if dotted == found.rpartition(".")[0] and len(header[1]) > 1:
                found = dotted  # the list as a whole stands where its first table does
        elif key := re.match(r'\s*"?([\w-]+)"?\s*[=.]', line):
            found = f"{table}.{key[1]}".lstrip(".")
        else:
            continue
        if f"{dotted}.".startswith(f"{found}.") and len(found) > length:
            best, length = number, len(found)
    return f"{file}:{best}" if best else str(file)


def _count_table(name: str, counts: dict[str, int], *, is_list: bool) -> str:
    """The table's name with the number of each list in it: `job.log` below the second `[[job]]` is job.2.log."""
    if is_list:
        counts[name] = counts.get(name, 0) + 1
        for inner in [other for other in counts if other.startswith(f"{name}.")]:
            del counts[inner]
    parts, said = name.split("."), []
    for n, part in enumerate(parts, start=1):
        number = counts.get(".".join(parts[:n]))
        said += [part] if number is None else [part, str(number)]
    return ".".join(said)
