"""TOML files that people keep by hand: one table is put in, changed or taken out, and all else stays, comments too.

A change works on the lines of that table alone. What comes out is read again before it is written: where it says
anything but what was meant, the file is left as it was, and the message asks for a change by hand.
"""

import errno
import os
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from deskaudit.errors import ConfigError
from deskaudit.i18n import _

SHORT = 90  # characters of a table on one line


def read_tables(file: Path) -> dict[str, Any]:
    """What a file says; {} where there is none. Raises ConfigError."""
    return _parse(_read(file), file)


def put_table(file: Path, path: Sequence[str], table: Mapping[str, Any], *, was: Mapping[str, Any] | None) -> None:
    """Writes the table at `path`, as ("sources", "desk"). `was`: what it said when it was read, None: it is new.

    Raises ConfigError, and writes nothing, where the file says something else by now.
    """
    text = _read(file)
    if was is None:
        add_section(file, path, _render(path, table))
        return
    wanted = _parse(text, file)
    parent, key = _parent(wanted, path), path[-1]
    _check_same(parent.get(key) if parent is not None else None, was, file, ".".join(path))
    if parent is not None:
        parent[key] = dict(table)
    _swap(file, text, path, 0, table, wanted)


def cut_table(file: Path, path: Sequence[str], *, was: Mapping[str, Any]) -> None:
    """Takes the table at `path` out, with the comment right above it. Raises ConfigError."""
    text = _read(file)
    wanted = _parse(text, file)
    parent = _parent(wanted, path)
    _check_same(parent.get(path[-1]) if parent is not None else None, was, file, ".".join(path))
    if parent is not None:
        del parent[path[-1]]
    _swap(file, text, path, 0, None, wanted)


def put_entry(file: Path, name: str, index: int | None, entry: Mapping[str, Any], *, was: Any = None) -> None:
    """Writes the entry `[[name]]` number `index` (from 0; None: a new last one). Raises ConfigError."""
    text = _read(file)
    wanted = _parse(text, file)
    entries = wanted.setdefault(name, [])
    if index is None:
        entries.append(dict(entry))
        _replace(file, _join(text, _render([name], entry, is_list=True)), wanted)
        return
    _check_same(entries[index] if index < len(entries) else None, was, file, f"{name} {index + 1}")
    entries[index] = dict(entry)
    _swap(file, text, [name], index, entry, wanted)


def cut_entry(file: Path, name: str, index: int, *, was: Any) -> None:
    """Takes the entry `[[name]]` number `index` out. Raises ConfigError."""
    text = _read(file)
    wanted = _parse(text, file)
    entries = wanted.get(name, [])
    _check_same(entries[index] if index < len(entries) else None, was, file, f"{name} {index + 1}")
    del entries[index]
    if not entries:
        del wanted[name]
    _swap(file, text, [name], index, None, wanted)


def add_section(file: Path, path: Sequence[str], section: str) -> None:
    """Adds a section that is text already, at the end. Raises ConfigError where the file has that table."""
    text = _read(file)
    wanted = _parse(text, file)
    if (parent := _parent(wanted, path)) is not None and path[-1] in parent:
        raise ConfigError(
            _("{file} has {name} already.").format(file=file, name=".".join(path)),
            hint=_("Choose another name, or edit that section."),
        )
    added: Any = _parse(section, file)
    for key in path:
        added = added[key]
    inner = wanted
    for key in path[:-1]:
        inner = inner.setdefault(key, {})
    if isinstance(inner, dict):
        inner[path[-1]] = added
    _replace(file, _join(text, section), wanted)


def write_text(file: Path, text: str) -> None:
    """All or nothing, mode 600, its folder made where there is none; a link stays a link. Raises ConfigError."""
    try:
        target = file.resolve()
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial = target.with_name(target.name + ".partial")
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(handle, "wb") as out:
            os.fchmod(out.fileno(), 0o600)
            out.write(text.encode())
            out.flush()
            os.fsync(out.fileno())
        partial.replace(target)
    except OSError as fault:
        raise _unwritable(file, fault) from None


def check_place(file: Path) -> None:
    """Whether a file could be written there, before anybody answers questions for it. Raises ConfigError."""
    target = file.resolve()
    above = next(folder for folder in target.parents if folder.exists())
    if target.is_dir():
        raise _unwritable(file, OSError(errno.EISDIR, _("it is a folder, and no file")))
    if not above.is_dir():
        raise _unwritable(file, OSError(errno.ENOTDIR, _("{path} is no folder").format(path=above)))
    if not os.access(above, os.W_OK | os.X_OK):
        raise _unwritable(file, OSError(errno.EACCES, os.strerror(errno.EACCES)))


def _unwritable(file: Path, fault: OSError) -> ConfigError:
    return ConfigError(
        _("{file} cannot be written: {fault}.").format(file=file, fault=fault.strerror),
        hint=_("Give this user the right to write there, make room, or choose another place with --config."),
    )


def inline(value: Any) -> str:
    """A value as TOML writes it, on one line."""
    if isinstance(value, Mapping):
        return (
            "{ " + ", ".join(f"{_key(key)} = {inline(part)}" for key, part in value.items()) + " }" if value else "{}"
        )
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(inline, value)) + "]"
    import tomlkit

    return str(tomlkit.item(value).as_string())


def _key(name: str) -> str:
    import tomlkit

    return tomlkit.key(name).as_string()


def _read(file: Path) -> str:
    try:
        return file.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as fault:
        raise ConfigError(
            _("{file} cannot be read: {fault}.").format(file=file, fault=getattr(fault, "strerror", None) or fault),
            hint=_("It is a text file in UTF-8 that this user may read."),
        ) from None


def _parse(text: str, file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as fault:
        raise ConfigError(
            _("{file} is not valid TOML: {fault}").format(file=file, fault=str(fault)[:300]),
            hint=_("Correct it in an editor first."),
        ) from None


def _parent(tables: Any, path: Sequence[str]) -> dict[str, Any] | None:
    """The table that holds the last key of `path`; None where there is none."""
    for key in path[:-1]:
        tables = tables.get(key) if isinstance(tables, dict) else None
    return tables if isinstance(tables, dict) else None


def _check_same(now: Any, was: Any, file: Path, name: str) -> None:
    if now != was:
        raise ConfigError(
            _("{file}: {name} was changed by somebody else in the meantime.").format(file=file, name=name),
            hint=_("Nothing was written. Open it again, and make the change once more."),
        )


def _join(text: str, section: str) -> str:
    return f"{text.rstrip()}\n\n{section}" if text.strip() else section


def _swap(
    file: Path, text: str, path: Sequence[str], nth: int, table: Mapping[str, Any] | None, wanted: dict[str, Any]
) -> None:
    """Puts `table` in the place of the lines of a section; None takes them out."""
    lines = text.split("\n")
    found = _section(lines, tuple(path), nth)
    if found is None:
        raise _by_hand(file)
    start, end = found
    if table is None:
        while start and lines[start - 1].lstrip().startswith("#") and _is_block(lines, start - 1):
            start -= 1
        while end < len(lines) and not lines[end].strip():
            end += 1
        changed = [*lines[:start], *lines[end:]]
    else:
        changed = [*lines[:start], *_merged("\n".join(lines[start:end]), path, table, file), *lines[end:]]
    _replace(file, "\n".join(changed), wanted)


def _is_block(lines: list[str], at: int) -> bool:
    """Whether the comment at a line has a blank line above it: at the head of the file it is about the whole."""
    while at >= 0 and lines[at].lstrip().startswith("#"):
        at -= 1
    return at >= 0 and not lines[at].strip()


def _section(lines: list[str], path: tuple[str, ...], nth: int) -> tuple[int, int] | None:
    """From the header of the table (of a list: of its nth) to the last line that is its own."""
    heads = [(at, head) for at, line in enumerate(lines) if (head := _head(line)) is not None]
    starts = [place for place, (_at, head) in enumerate(heads) if head == path]
    if nth >= len(starts):
        return None
    place = starts[nth]
    end = next((at for at, head in heads[place + 1 :] if head[: len(path)] != path or head == path), len(lines))
    return heads[place][0], _own_end(lines, heads[place][0], end)


def _own_end(lines: list[str], start: int, end: int) -> int:
    """Where the section's own lines end: comments after a blank line, or right above the next header, are not."""
    last = end
    while last > start + 1 and (not lines[last - 1].strip() or lines[last - 1].lstrip().startswith("#")):
        last -= 1
    after = last
    while after < end and lines[after].strip():
        after += 1
    return last if after == end and end < len(lines) else after


def _head(line: str) -> tuple[str, ...] | None:
    """The path of keys in a table's header."""
    if not line.lstrip().startswith("["):
        return None
    try:
        inner: Any = tomllib.loads(line)
    except tomllib.TOMLDecodeError:
        return None
    keys: list[str] = []
    while inner:
        inner = inner[-1] if isinstance(inner, list) else inner
        if inner:
            key = next(iter(inner))
            keys.append(key)
            inner = inner[key]
    return tuple(keys)


def _merged(section: str, path: Sequence[str], table: Mapping[str, Any], file: Path) -> list[str]:
    """The lines of a section with other values. What stays the same stays as it was written."""
    import tomlkit

    lines = section.split("\n")
    before: Any = _parse(section, file)
    for key in path:
        before = before[key]
        before = before[-1] if isinstance(before, list) else before
    end = next((at for at, line in enumerate(lines[1:], start=1) if _head(line) is not None), len(lines))
    end = _own_end(lines, 0, end)
    fresh = {key: value for key, value in table.items() if key not in before and not _is_long(value)}
    lines[end:end] = [f"{_key(key)} = {inline(value)}" for key, value in fresh.items()]
    document = tomlkit.parse("\n".join(lines))
    target: Any = document
    for key in path:
        target = target[key]
        target = target[-1] if isinstance(target, list) else target
    _merge(target, table)
    said: list[str] = []
    for line in tomlkit.dumps(document).rstrip("\n").split("\n"):
        if said and said[-1].strip() and line not in lines and _head(line) is not None:
            said.append("")
        said.append(line)
    return said


def _merge(target: Any, table: Mapping[str, Any]) -> None:
    from tomlkit.items import InlineTable, Table

    for key in [key for key in target if key not in table]:
        del target[key]
    for key, value in table.items():
        old = target.get(key)
        if old is None:
            target[key] = as_item(value)
        elif inline(old) == inline(value):
            continue
        elif isinstance(old, Table) and isinstance(value, Mapping):
            _merge(old, value)
        else:
            target[key] = _inline_item(value) if isinstance(old, InlineTable) else as_item(value)


def _is_long(value: Any) -> bool:
    """Whether a value is written as tables of their own."""
    if isinstance(value, Mapping):
        return len(inline(value)) > SHORT or any(isinstance(part, Mapping) for part in value.values())
    return isinstance(value, list) and any(isinstance(part, Mapping) for part in value)


def as_item(value: Any) -> Any:
    """A value as an item of tomlkit, in the shape that a file of ours has."""
    import tomlkit

    if isinstance(value, Mapping):
        if not _is_long(value):
            return _inline_item(value)
        table = tomlkit.table()
        for key, part in sorted(value.items(), key=lambda pair: _is_long(pair[1])):
            table.add(tomlkit.key([key]) if not key.isidentifier() else key, as_item(part))
        return table
    if isinstance(value, list) and value and all(isinstance(part, Mapping) for part in value):
        tables = tomlkit.aot()
        for part in value:
            table = tomlkit.table()
            for key, inner in sorted(part.items(), key=lambda pair: _is_long(pair[1])):
                table.add(key, as_item(inner))
            tables.append(table)
        return tables
    return tomlkit.value(inline(value))


def _inline_item(value: Any) -> Any:
    import tomlkit

    return tomlkit.value(inline(value)) if isinstance(value, Mapping | list) else as_item(value)


def _render(path: Sequence[str], table: Mapping[str, Any], *, is_list: bool = False) -> str:
    """A new section as text."""
    import tomlkit

    inner = tomlkit.table()
    for key, value in sorted(table.items(), key=lambda pair: _is_long(pair[1])):
        inner.add(tomlkit.key([key]) if not key.isidentifier() else key, as_item(value))
    item: Any = inner
    if is_list:
        item = tomlkit.aot()
        item.append(inner)
    for key in reversed(path[1:]):
        outer = tomlkit.table(is_super_table=True)
        outer.add(key, item)
        item = outer
    document = tomlkit.document()
    document.add(path[0], item)
    return tomlkit.dumps(document).rstrip() + "\n"


def _replace(file: Path, text: str, wanted: dict[str, Any]) -> None:
    try:
        said = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, ValueError):
        said = None
    if said is None or _filled(said) != _filled(wanted):
        raise _by_hand(file)
    write_text(file, text if text.endswith("\n") or not text else text + "\n")


def _filled(tables: dict[str, Any]) -> dict[str, Any]:
    """Without tables that say nothing: the header of one may stay when the last thing in it has gone."""
    return {key: value for key, value in tables.items() if value != {}}


def _by_hand(file: Path) -> ConfigError:
    return ConfigError(
        _("{file} is written so that this change cannot be made without touching the rest.").format(file=file),
        hint=_("Nothing was written. Make it by hand: sections must be tables of their own."),
    )
