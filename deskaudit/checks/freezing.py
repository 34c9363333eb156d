"""The rows a check judges, written once to files of their own: all figures are read from there (ruling 5)."""

import importlib
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import cast

import duckdb
import msgspec

from deskaudit.checks.binding import WINDOW_NAMES, bind
from deskaudit.checks.context import Past, Reader, Row, Window
from deskaudit.checks.judgements import Judgement, judgements
from deskaudit.checks.spec import Check
from deskaudit.errors import ConfigError
from deskaudit.i18n import _
from deskaudit.snapshot.reader import quote

CONTRACT = {
    "part": "VARCHAR",
    "subject": "BIGINT",
    "segment": "VARCHAR",
    "good": "BIGINT",
    "value": "DOUBLE",
    "badness": "DOUBLE",
}
"""Columns of check SQL that mean something to the engine, with the type they are kept in; all others are for display."""

_PYTHON = "python:"
_PYTHON_TYPES = {int: "BIGINT", float: "DOUBLE", bool: "BOOLEAN"}
# These files live until the audit's end: speed before size. Trying many values for a dictionary costs more than it saves.
_FAST = (
    "FORMAT parquet, COMPRESSION uncompressed, ROW_GROUP_SIZE 40960, DICTIONARY_SIZE_LIMIT 256,"
    " WRITE_BLOOM_FILTER false, USE_TMP_FILE false"
)


class About(msgspec.Struct, frozen=True):
    """What stands in a file of judged rows, kept in the file itself.

    `legs` are (leg, part or None): who judges these rows, and which of them. `given` are the columns of the contract
    that the text has, `display` its others with their SQL types.
    """

    check: str
    legs: tuple[tuple[str, str | None], ...]
    is_reference: bool  # of the period that a drift compares with
    given: tuple[str, ...] = ()
    display: dict[str, str] = msgspec.field(default_factory=dict)


class Rows(msgspec.Struct, frozen=True):
    """The rows of one row text over one period, in a file of their own with native columns."""

    file: Path
    about: About

    @property
    def source(self) -> str:
        """What SQL reads the rows from: all columns of the contract, and those for display."""
        given = self.about.given
        missing = [f'CAST(NULL AS {kind}) AS "{name}"' for name, kind in CONTRACT.items() if name not in given]
        return f"(SELECT {', '.join([*missing, '*'])} FROM read_parquet({quote(str(self.file))})) AS judged"

    @property
    def packed(self) -> str:
        """The display columns of a row as one JSON object, in SQL."""
        fields = ", ".join(f'"{name}" := judged."{name}"' for name in self.about.display)
        return f"CAST(to_json(struct_pack({fields})) AS VARCHAR)" if fields else "CAST(NULL AS VARCHAR)"


class Frozen(msgspec.Struct, frozen=True):
    """All rows of one check: by row text, those of the period and those of the period before."""

    now: dict[str, Rows]
    before: dict[str, Rows]

    def of(self, leg: Judgement) -> Rows:
        return self.now[leg.rows]


def freeze(check: Check, reader: Reader, window: Window, folder: Path, past: Past) -> Frozen:
    """Runs each row text of the check once, and once more over the reference period where a leg drifts."""
    for file in [*folder.iterdir()]:
        if file.name.startswith(f"{check.id}~"):  # of an earlier try
            file.unlink()
    frozen = Frozen({}, {})
    for number, (text, legs) in enumerate(_by_rows(judgements(check)).items()):
        for found, span, suffix in ((frozen.now, window, ""), (frozen.before, window.before(), "~before")):
            wanted = tuple((leg.leg, leg.only) for leg in legs if leg.drift or not suffix)
            if not wanted:
                continue
            rows = Rows(folder / f"{check.id}~{number}{suffix}.parquet", About(check.id, wanted, bool(suffix)))
            if is_python(text):
                found[text] = _spool(rows, reader, function_of(text)(reader, span, past))
            else:
                bound = bind(text, {**span.binds(), **check.params})
                found[text] = _keep(rows, reader, bound, shape_of(reader.connection, text, check.params))
    return frozen


def is_python(text: str) -> bool:
    return text.startswith(_PYTHON)


def function_of(text: str) -> Callable[[Reader, Window, Past], Iterable[Row]]:
    """The function that "python:package.module:name" names. Raises ConfigError where there is none."""
    module, _colon, name = text.removeprefix(_PYTHON).partition(":")
    try:
        return cast("Callable[[Reader, Window, Past], Iterable[Row]]", getattr(importlib.import_module(module), name))
    except (ImportError, AttributeError, ValueError) as fault:
        raise ConfigError(
            _("{text} names no function: {fault}").format(text=text, fault=fault),
            hint=_("Write rows = “python:package.module:function”."),
        ) from None


def display_of(described: Mapping[str, str]) -> dict[str, str]:
    """The columns that are for display, with their types."""
    return {name: kind for name, kind in described.items() if name not in CONTRACT}


def describe(connection: duckdb.DuckDBPyConnection, sql: str) -> dict[str, str]:
    """Column → SQL type of a SELECT, without running it."""
    return {row[0]: row[1] for row in connection.execute(f"DESCRIBE {sql}").fetchall()}


_shapes: dict[str, dict[str, str]] = {}  # texts are few and tables are fixed: what loading found holds for the run


def shape_of(connection: duckdb.DuckDBPyConnection, text: str, params: Mapping[str, float]) -> dict[str, str]:
    """Column → SQL type of a row text. Raises duckdb.Error where the text is wrong."""
    bound = bind(text, {**dict.fromkeys(WINDOW_NAMES, 0), **params})
    if bound not in _shapes:
        _shapes[bound] = describe(connection, bound)
    return _shapes[bound]


def write(connection: duckdb.DuckDBPyConnection, sql: str, file: Path, options: str) -> None:
    """COPY into a file that is private from its first byte, and has its name only when it is whole."""
    temporary = file.with_name(file.name + ".part")
    os.close(_private(str(temporary), os.O_WRONLY | os.O_CREAT | os.O_TRUNC))
    try:
        connection.execute(f"COPY ({sql}) TO {quote(str(temporary))} ({options})")
        temporary.replace(file)
    finally:
        temporary.unlink(missing_ok=True)


def _by_rows(legs: Sequence[Judgement]) -> dict[str, list[Judgement]]:
    groups: dict[str, list[Judgement]] = {}
    for leg in legs:
        groups.setdefault(leg.rows, []).append(leg)
    return groups


def _keep(rows: Rows, reader: Reader, sql: str, shape: Mapping[str, str]) -> Rows:
    """Runs a bound SELECT into the file."""
    kinds = {**{name: CONTRACT[name] for name in CONTRACT if name in shape}, **display_of(shape)}
    kinds = {name: "VARCHAR" if kind == '"NULL"' else kind for name, kind in kinds.items()}
    fields = ", ".join(f'CAST({_finite(name, shape[name])} AS {kind}) AS "{name}"' for name, kind in kinds.items())
    parts = [part for _leg, part in rows.about.legs]
    only = f" WHERE listed.part IN ({', '.join(quote(part) for part in parts if part)})" if all(parts) else ""
    return _write(rows, reader, f"SELECT {fields} FROM (\n{sql}\n) AS listed{only}", kinds)


def _finite(name: str, kind: str) -> str:
    """A column whose infinities are NULL: something divided by nothing is no figure, and JSON has no word for it."""
    return f'CASE WHEN isfinite("{name}") THEN "{name}" END' if kind in {"DOUBLE", "FLOAT"} else f'"{name}"'


def _spool(rows: Rows, reader: Reader, made: Iterable[Row]) -> Rows:
    """A Python check's rows, through a file of JSON lines."""
    encoder = msgspec.json.Encoder()
    found: dict[str, str | None] = {}  # display column → its type, None where every value is NULL so far
    seen: set[tuple[str, type]] = set()
    spool = rows.file.with_suffix(".ndjson")
    try:
        with open(spool, "wb", opener=_private) as handle:
            for row in made:
                for name, value in row.items():
                    kind = type(value)
                    if (name, kind) not in seen:
                        seen.add((name, kind))
                        if name not in CONTRACT:
                            found[name] = found.get(name) if value is None else _widest(found.get(name), kind)
                segment = row.get("segment")
                shown = row if segment is None or isinstance(segment, str) else {**row, "segment": str(segment)}
                handle.write(encoder.encode(shown) + b"\n")
        kinds = {**CONTRACT, **{name: kind or "VARCHAR" for name, kind in found.items()}}
        columns = ", ".join(f'"{name}": {quote(kind)}' for name, kind in kinds.items())
        source = f"read_json({quote(str(spool))}, format = 'newline_delimited', columns = {{{columns}}})"
        if not spool.stat().st_size:
            nothing = ", ".join(f'CAST(NULL AS {kind}) AS "{name}"' for name, kind in kinds.items())
            source = f"(SELECT {nothing} WHERE 1 = 0)"
        return _write(rows, reader, f"SELECT * FROM {source}", kinds)
    finally:
        spool.unlink(missing_ok=True)


def _widest(known: str | None, found: type) -> str:
    """The SQL type that holds what a column had so far and this type too; VARCHAR where nothing else does."""
    kind = _PYTHON_TYPES.get(found, "VARCHAR")
    if known in {None, kind}:
        return kind
    return "DOUBLE" if {known, kind} == {"BIGINT", "DOUBLE"} else "VARCHAR"


def _write(rows: Rows, reader: Reader, sql: str, kinds: Mapping[str, str]) -> Rows:
    """The file, and in it what it holds: so it can be joined by who does not know the check."""
    given = tuple(name for name in CONTRACT if name in kinds)
    about = msgspec.structs.replace(rows.about, given=given, display=display_of(kinds))
    told = quote(msgspec.json.encode(about).decode())
    write(reader.connection, sql, rows.file, f"{_FAST}, KV_METADATA {{deskaudit: {told}}}")
    return Rows(rows.file, about)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
