"""The rows a check judges, written once to a file of their own: all figures are read from there (ruling 5)."""

import importlib
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import duckdb
import msgspec

from deskaudit.checks.binding import bind
from deskaudit.checks.cards import reference_of
from deskaudit.checks.context import Past, Reader, Row, Window
from deskaudit.checks.judgements import Judgement, judgements
from deskaudit.checks.spec import Check
from deskaudit.errors import Cancelled, ConfigError, SnapshotError
from deskaudit.i18n import _
from deskaudit.model.entities import ENTITIES
from deskaudit.snapshot.reader import quote

CONTRACT = ("part", "subject", "segment", "good", "value", "badness")
"""Columns of check SQL that mean something to the engine; all others are for display."""

COLUMNS = {
    "check": "VARCHAR",
    "leg": "VARCHAR",
    "reference": "BIGINT",  # 1: the reference period of a drift
    "part": "VARCHAR",
    "subject": "BIGINT",
    "segment": "VARCHAR",
    "good": "BIGINT",
    "value": "DOUBLE",
    "badness": "DOUBLE",
    "columns": "VARCHAR",  # a JSON object
    "ref": "VARCHAR",  # what people call the subject; NULL in the file of one check
}
"""The frozen file, of one check and of a whole audit."""

_PYTHON = "python:"
# A check's file lives until the audit's end: speed before size. The joined one is kept for years.
_FAST = "FORMAT parquet, COMPRESSION uncompressed, ROW_GROUP_SIZE 40960, WRITE_BLOOM_FILTER false, USE_TMP_FILE false"
_SMALL = "FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false"


class Frozen(msgspec.Struct, frozen=True):
    """The file of one check, and the display columns of each of its row texts with their SQL types."""

    file: Path
    display: dict[str, dict[str, str]]
    valued: bool  # the rows have a column `value`

    @property
    def source(self) -> str:
        """What SQL reads the rows from."""
        return f"read_parquet({quote(str(self.file))})"


def freeze(check: Check, reader: Reader, window: Window, folder: Path, past: Past) -> Frozen:
    """Runs the check's rows once, for all legs and, where one drifts, for the reference period, into one new file."""
    file = folder / f"{check.id}.parquet"
    parts: list[str] = []
    display: dict[str, dict[str, str]] = {}
    spools: list[Path] = []
    valued = False
    try:
        for text, legs in _by_rows(judgements(check)).items():
            for reference, span in ((0, window), (1, window.before())):
                wanted = [leg for leg in legs if leg.drift or not reference]
                if not wanted:
                    continue
                if is_python(text):
                    spool = folder / f"{check.id}.{len(spools)}.ndjson"
                    spools.append(spool)
                    rows, display[text] = _spool(spool, function_of(text)(reader, span, past))
                    valued = True
                else:
                    bound = bind(text, {**span.binds(), **check.params})
                    described = describe(reader.connection, bound)
                    rows, display[text] = _shape(bound, described), display_of(described)
                    valued = valued or "value" in described
                parts.append(_select(check.id, wanted, reference, rows))
        _copy(reader.connection, " UNION ALL ".join(parts), file, _FAST)
    finally:
        for spool in spools:
            spool.unlink(missing_ok=True)
    return Frozen(file, display, valued)


def join_frozen(folder: Path, file: Path, reader: Reader, of: Mapping[str, str]) -> None:
    """Joins the files of all checks of an audit into one, with mode 600, safely on disk before it has its name.

    `of` is check → the entity of its subjects: each row gets what people call its subject, so that a figure can be
    opened when the snapshot has long been pulled again.
    """
    parts = [
        _named(part, of.get(part.name.removesuffix(".parquet"), ""))
        for part in sorted(folder.glob("*.parquet"))  # check by check, so that a reader skips the others
    ]
    try:
        _copy(reader.connection, " UNION ALL ".join(parts) or f"SELECT * FROM {_nothing()}", file, _SMALL)
    except duckdb.InterruptException as stop:
        raise Cancelled(_("Stopped while the judged rows were written.")) from stop
    except duckdb.Error as fault:
        raise SnapshotError(
            _("The judged rows cannot be written to {file}: {fault}").format(
                file=file, fault=str(fault).partition("\n")[0]
            ),
            hint=_(
                "Make room where {folder} lies, or pull again if a file of the snapshot is damaged; then: deskaudit scan --resume"
            ).format(folder=file.parent),
        ) from None
    with file.open("rb") as handle:
        os.fsync(handle.fileno())


def _named(part: Path, entity: str) -> str:
    """The rows of one check's file with `ref`: the row's own, else the name of its subject."""
    fields = ", ".join(f'CAST(f."{name}" AS {kind}) AS "{name}"' for name, kind in COLUMNS.items() if name != "ref")
    own = "json_extract_string(f.columns, '$.ref')"
    source = f"read_parquet({quote(str(part))}) AS f"
    if entity not in ENTITIES:
        return f"SELECT {fields}, {own} AS ref FROM {source}"
    names = f"SELECT id AS subject_id, CAST({reference_of(entity)} AS VARCHAR) AS called FROM {entity}"
    return (
        f"SELECT {fields}, COALESCE({own}, n.called) AS ref FROM {source}"
        f" LEFT JOIN ({names}) AS n ON n.subject_id = f.subject"
    )


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


def _by_rows(legs: Sequence[Judgement]) -> dict[str, list[Judgement]]:
    groups: dict[str, list[Judgement]] = {}
    for leg in legs:
        groups.setdefault(leg.rows, []).append(leg)
    return groups


def _shape(sql: str, described: Mapping[str, str]) -> str:
    """A bound SELECT in the shape of the frozen file."""
    fields = [f'{_field(name, described)} AS "{name}"' for name in CONTRACT]
    packed = ", ".join(f'"{name}" := {_finite(name, kind)}' for name, kind in display_of(described).items())
    json = f"CAST(to_json(struct_pack({packed})) AS VARCHAR)" if packed else "NULL"
    fields.append(f'{json} AS "columns"')
    return f"SELECT {', '.join(fields)} FROM (\n{sql}\n) AS listed"


def _field(name: str, described: Mapping[str, str]) -> str:
    return f"CAST({_finite(name, described[name]) if name in described else 'NULL'} AS {COLUMNS[name]})"


def _finite(name: str, kind: str) -> str:
    """A column whose infinities are NULL: something divided by nothing is no figure, and JSON has no word for it."""
    return f'CASE WHEN isfinite("{name}") THEN "{name}" END' if kind in {"DOUBLE", "FLOAT"} else f'"{name}"'


def _spool(file: Path, rows: Iterable[Row]) -> tuple[str, dict[str, str]]:
    """A Python check's rows through a file: a SELECT that reads them, and their display columns."""
    encoder = msgspec.json.Encoder()
    display: dict[str, str] = {}
    with open(file, "wb", opener=_private) as handle:
        for row in rows:
            shown = {name: value for name, value in row.items() if name not in CONTRACT}
            for name, value in shown.items():
                if value is not None:
                    display[name] = {int: "BIGINT", float: "DOUBLE"}.get(type(value), "VARCHAR")
            kept: dict[str, Any] = {name: row.get(name) for name in CONTRACT}
            kept["segment"] = None if row.get("segment") is None else str(row["segment"])
            kept["columns"] = encoder.encode(shown).decode() if shown else None
            handle.write(encoder.encode(kept) + b"\n")
    columns = {name: COLUMNS[name] for name in (*CONTRACT, "columns")}
    if not file.stat().st_size:
        return _nothing(), display
    return f"SELECT * FROM read_json({quote(str(file))}, format = 'newline_delimited', columns = {columns})", display


def _nothing() -> str:
    fields = ", ".join(f'CAST(NULL AS {kind}) AS "{name}"' for name, kind in COLUMNS.items())
    return f"(SELECT {fields} WHERE 1 = 0)"


def _select(check: str, legs: Sequence[Judgement], reference: int, rows: str) -> str:
    """Each row once for each leg that judges it."""
    names = ", ".join(f'listed."{name}"' for name in (*CONTRACT, "columns"))
    head = f"SELECT '{check}' AS \"check\", {{leg}} AS leg, CAST({reference} AS BIGINT) AS reference, {names}"
    if len(legs) == 1:
        only = f" WHERE listed.part = {quote(legs[0].only)}" if legs[0].only is not None else ""
        return f"{head.format(leg=quote(legs[0].leg))} FROM ({rows}) AS listed{only}"
    pairs = ", ".join(f"({quote(leg.leg)}, {'NULL' if leg.only is None else quote(leg.only)})" for leg in legs)
    return (
        f"{head.format(leg='legs.leg')} FROM ({rows}) AS listed"
        f" JOIN (VALUES {pairs}) AS legs(leg, only_part) ON legs.only_part IS NULL OR legs.only_part = listed.part"
    )


def _copy(connection: duckdb.DuckDBPyConnection, sql: str, file: Path, options: str) -> None:
    """COPY into a file that is private from its first byte, and has its name only when it is whole."""
    temporary = file.with_name(file.name + ".part")
    os.close(_private(str(temporary), os.O_WRONLY | os.O_CREAT | os.O_TRUNC))
    try:
        connection.execute(f"COPY ({sql}) TO {quote(str(temporary))} ({options})")
        temporary.replace(file)
    finally:
        temporary.unlink(missing_ok=True)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
