"""The judged rows of a whole audit in one file, kept for years: what drill-down and comparison read (ruling 5)."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb
import msgspec

from deskaudit.checks.cards import names_of
from deskaudit.checks.context import Reader
from deskaudit.checks.freezing import CONTRACT, About, Rows, write
from deskaudit.errors import Cancelled, SnapshotError
from deskaudit.i18n import _
from deskaudit.model.entities import ENTITIES
from deskaudit.snapshot.reader import quote

COLUMNS = {
    "check": "VARCHAR",
    "leg": "VARCHAR",
    "reference": "BIGINT",  # 1: the reference period of a drift
    **CONTRACT,
    "columns": "VARCHAR",  # the display columns, as a JSON object
    "ref": "VARCHAR",  # what people call the subject
}
"""The joined file; a row stands in it once for each leg that judged it."""

_FAST = "FORMAT parquet, COMPRESSION lz4_raw, USE_TMP_FILE false"
_SMALL = "FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false"


def join_frozen(folder: Path, file: Path, reader: Reader, of: Mapping[str, str]) -> None:
    """Joins the files of all checks of an audit into one, with mode 600, safely on disk before it has its name.

    `of` is check → the entity of its subjects: each row gets what people call its subject, so that a figure can be
    opened when the snapshot has long been pulled again.
    """
    groups: dict[str, list[Rows]] = {}
    whole = folder / "whole.piece"  # inside the folder, where the reader may write
    for rows in _kept(reader.connection, folder):
        groups.setdefault(of.get(rows.about.check, ""), []).append(rows)
    try:
        pieces = [folder / f"{number}.piece" for number in range(len(groups))]
        for piece, (entity, group) in zip(pieces, groups.items(), strict=True):  # one at a time: memory is bounded
            write(reader.connection, _named(group, entity), piece, _FAST)
        write(reader.connection, _all(pieces), whole, _SMALL)
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
    with whole.open("rb") as handle:
        os.fsync(handle.fileno())
    whole.replace(file)


def _all(pieces: Sequence[Path]) -> str:
    if pieces:
        return f"SELECT * FROM read_parquet([{', '.join(quote(str(piece)) for piece in pieces)}])"
    nothing = ", ".join(f'CAST(NULL AS {kind}) AS "{name}"' for name, kind in COLUMNS.items())
    return f"SELECT {nothing} WHERE 1 = 0"


def _kept(connection: duckdb.DuckDBPyConnection, folder: Path) -> list[Rows]:
    """What lies in the folder, check by check, so that a reader of the joined file skips the others."""
    files = sorted(folder.glob("*.parquet"))
    if not files:
        return []
    names = ", ".join(quote(str(file)) for file in files)
    told = dict(
        connection.execute(
            f"SELECT file_name, decode(value) FROM parquet_kv_metadata([{names}]) WHERE decode(key) = 'deskaudit'"
        ).fetchall()
    )
    return [Rows(file, msgspec.json.decode(told[str(file)], type=About)) for file in files]


def _named(group: Sequence[Rows], entity: str) -> str:
    """The rows of several files with `ref`: the row's own, else the name of its subject, looked up once for all."""
    judged = " UNION ALL ".join(_by_legs(rows) for rows in group)
    if entity not in ENTITIES:
        return judged
    fields = ", ".join(f'judged."{name}"' for name in COLUMNS if name != "ref")
    return (
        f"SELECT {fields}, COALESCE(judged.ref, named.called) AS ref FROM ({judged}) AS judged"
        f" LEFT JOIN ({names_of(entity)}) AS named ON named.subject_id = judged.subject"
    )


def _by_legs(rows: Rows) -> str:
    """A file's rows once for each leg that judges them."""
    about = rows.about
    pairs = ", ".join(f"({quote(leg)}, {'NULL' if part is None else quote(part)})" for leg, part in about.legs)
    fields = ", ".join(f'judged."{name}"' for name in CONTRACT)
    own = 'CAST(judged."ref" AS VARCHAR)' if "ref" in about.display else "CAST(NULL AS VARCHAR)"
    return (
        f'SELECT {quote(about.check)} AS "check", legs.leg AS leg, CAST({int(about.is_reference)} AS BIGINT) AS reference,'
        f' {fields}, {rows.packed} AS "columns", {own} AS ref FROM {rows.source}'
        f" JOIN (VALUES {pairs}) AS legs(leg, part) ON legs.part IS NULL OR legs.part = judged.part"
    )
