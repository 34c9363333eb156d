"""What a sweep does to the rows that were published before it.

What a whole sweep did not name, and the pull did not land, is gone from the source. Such a ticket becomes a tombstone:
its row stays with `deleted_at` (the time of publication) and the status it had, so that its history can be read and
`live_ticket` leaves it out. It lives again when it lands again, or when a later sweep names it: a ticket that was restored
need not have changed. One whose status says itself that it is deleted, or spam, stays so. A ticket that was merged into another is no
loss and stays as it is. Its tags, fields, events and promises stay: all that judges them asks for a live
ticket, and hours that were worked on it were worked. Rows of other entities are dropped.
"""

from pathlib import Path

import duckdb

from deskaudit.i18n import _
from deskaudit.model.batches import Problem
from deskaudit.model.entities import columns
from deskaudit.snapshot.landing import Landing
from deskaudit.snapshot.reader import quote

BURIED = "ticket"
MANY, MOST = 100, 0.5  # of so many rows, a larger share that is gone at once is told


def select_kept(connection: duckdb.DuckDBPyConnection, landing: Landing, entity: str, file: Path, now: int) -> str:
    """A SELECT of the published rows as the sweep leaves them; columns that an older file lacks are NULL."""
    has = _columns_of(connection, file)
    known = {name: f"g.{name}" if name in has else f"CAST(NULL AS {kind})" for name, kind in columns(entity).items()}
    named = f"(SELECT DISTINCT p.id FROM {_present(landing, entity)} p)"
    rows = f"read_parquet({quote(str(file))}) g"
    if entity != BURIED:
        return f"SELECT {_list(known)} FROM {rows} JOIN {named} n ON n.id = g.id"
    died, merged = known["deleted_at"], known["merged_into"]
    restored = f"n.id IS NOT NULL AND COALESCE({known['status']}, '') NOT IN ('deleted', 'spam')"
    known["deleted_at"] = (
        f"CASE WHEN {restored} THEN NULL WHEN n.id IS NULL AND {merged} IS NULL THEN COALESCE({died}, {now}) ELSE {died} END"
    )
    return f"SELECT {_list(known)} FROM {rows} LEFT JOIN {named} n ON n.id = g.id"


def count_deleted(connection: duckdb.DuckDBPyConnection, entity: str, file: Path) -> int:
    """How many rows of a published file are gone at their source."""
    if entity != BURIED:
        return 0
    found = connection.execute(f"SELECT COUNT(deleted_at) FROM read_parquet({quote(str(file))})").fetchone()
    return int(found[0]) if found else 0


def is_believed(
    connection: duckdb.DuckDBPyConnection,
    landing: Landing,
    landed: str,
    entity: str,
    file: Path,
    doubts: list[Problem],
) -> bool:
    """Whether the sweep counts. `landed`: a table with the ids that the pull brought.

    One that names nothing counts only where the source said itself that it has nothing (`total` 0 in the batch that
    says `swept`). One that takes most of what was known counts and is told: a key that lost a right looks like it.
    """
    has = _columns_of(connection, file)
    alive = "g.deleted_at IS NULL" if entity == BURIED and "deleted_at" in has else "1 = 1"
    gone = f"g.id NOT IN (SELECT p.id FROM {_present(landing, entity)} p) AND g.id NOT IN (SELECT l.id FROM {landed} l)"
    found = connection.execute(
        f"SELECT COUNT(*), SUM(CASE WHEN {gone} THEN 1 ELSE 0 END) FROM read_parquet({quote(str(file))}) g WHERE {alive}"
    ).fetchone()
    known, lost = (found[0] or 0, found[1] or 0) if found else (0, 0)
    if not landing.state.present.get(entity) and entity not in landing.state.empty and known:
        message = _(
            "The sweep named nothing, and the source did not say that it has none: none of the {n} known rows was taken"
            " for deleted. See what the key may read."
        ).format(n=known)
        doubts.append(Problem(entity, message))
        return False
    if known >= MANY and lost > known * MOST:
        message = _(
            "{lost} of {n} known rows are gone from the source at once. If nobody deleted them, see what the key may"
            " read, and pull again."
        ).format(lost=lost, n=known)
        doubts.append(Problem(entity, message))
    return True


def _present(landing: Landing, entity: str) -> str:
    """The ids that the sweep named as a table."""
    if not landing.state.present.get(entity):
        return "(SELECT CAST(NULL AS BIGINT) AS id WHERE 1 = 0)"
    file = quote(str(landing.present_file(entity)))
    return f"read_csv({file}, header = false, auto_detect = false, delim = ',', columns = {{'id': 'BIGINT'}})"


def _columns_of(connection: duckdb.DuckDBPyConnection, file: Path) -> set[str]:
    found = connection.execute(f"SELECT * FROM read_parquet({quote(str(file))}) LIMIT 0").description or []
    return {column[0] for column in found}


def _list(values: dict[str, str]) -> str:
    return ", ".join(value if value == f"g.{name}" else f"{value} AS {name}" for name, value in values.items())
