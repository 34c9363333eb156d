"""The derived tables: what depends on rows alone, and on no audit's period, is computed once after each pull.

One SQL file per table lies in `derived/`. Each table is a file of the generation before the next one reads it.
"""

from collections.abc import Sequence
from pathlib import Path

import duckdb
import msgspec

from deskaudit.config import Config
from deskaudit.model.batches import Problem, PulledSource
from deskaudit.snapshot import manifest
from deskaudit.snapshot.backups import create_due_backups
from deskaudit.snapshot.clock import create_clock
from deskaudit.snapshot.compaction import LOOKED_UP, SCANNED, Layout, write_parquet
from deskaudit.snapshot.devices import create_devices
from deskaudit.snapshot.hours import Hours, read_calendars
from deskaudit.snapshot.manifest import DerivedTable, Manifest
from deskaudit.snapshot.reader import create_extract, create_view, entity_parts, quote
from deskaudit.snapshot.schema import read_sql

OF_TICKETS = ("status_span", "live_ticket", "ticket_sla")  # each reads the ones before it
PART_ROWS = 2_000_000  # events, and tickets twice, derived at once
MOST_PARTS = 256
LONGEST_S = 25 * 365 * 86400  # older times have no business time
AHEAD_S = 200 * 86400
_STATES = ("unknown", "new", "open", "answered", "postponed", "resolved", "closed", "deleted", "spam")
READ = (
    "ticket",
    "event",
    "department",
    "sla_term",
    "policy",
    "asset",
    "backup_job",
    "backup_run",
    "interaction",
    "rating",
    "slot",
    "finance_period",
    "audience",
)
_TIMES = {
    "ticket": "created_at",
    "event": "happened_at",
    "interaction": "started_at",
    "rating": "rated_at",
    "slot": "started_at",
    "sla_term": "started_at",
    "backup_run": "started_at",
}


def derive(connection: duckdb.DuckDBPyConnection, folder: Path, fresh: Manifest, config: Config, now: int) -> None:
    """Writes the derived tables of a generation and names them in its manifest. `now`: epoch seconds."""
    for entity in READ:
        create_view(connection, entity, entity_parts(folder, fresh, entity))
    calendars = read_calendars(config)
    create_clock(connection, calendars, _oldest(connection, now), now + AHEAD_S)
    _create_givens(connection, calendars, now)
    _note(fresh, create_due_backups(connection, config.desk.zone, now))
    create_extract(connection, fresh)
    for table, rows in (
        ("clock", "SELECT * FROM clock"),
        ("calendar", "SELECT * FROM calendar"),
        ("coverage", read_sql("coverage")),
    ):
        _write(connection, folder, fresh, table, rows)
    filled = {entity for source in fresh.sources.values() for entity in source.entities if source.entities[entity].rows}
    if "asset" in filled:
        _derive_devices(connection, folder, fresh)
    if "backup_job" in filled:
        _write(connection, folder, fresh, "backup_due", read_sql("backup_due"))
    if "ticket" in filled:
        _derive_tickets(connection, folder, fresh)
        _write(connection, folder, fresh, "ticket_card", read_sql("ticket_card"), LOOKED_UP)


def _derive_devices(connection: duckdb.DuckDBPyConnection, folder: Path, fresh: Manifest) -> None:
    """Which rows are of one machine: a scan and a list first, then all sources."""
    connection.execute(f"CREATE TEMP TABLE asset_key AS {read_sql('asset_key')}")
    _write(connection, folder, fresh, "asset_match", read_sql("asset_match"))
    matches = quote(str(folder / fresh.derived["asset_match"].file))
    create_view(connection, "asset_match", [f"SELECT * FROM read_parquet({matches})"])
    create_devices(connection)
    for table in ("device_asset", "device"):
        _write(connection, folder, fresh, table, read_sql(table))


def _derive_tickets(connection: duckdb.DuckDBPyConnection, folder: Path, fresh: Manifest) -> None:
    """The tables of tickets, a part of the tickets at a time, so that memory is bounded whatever their number.

    What one part takes depends on the tickets' history too: parts that do not fit into the memory limit are halved.
    """
    found = connection.execute("SELECT (SELECT 2 * COUNT(*) FROM ticket) + (SELECT COUNT(*) FROM event)").fetchone()
    parts = 1 + (found[0] if found else 0) // PART_ROWS
    while True:
        try:
            _derive_parts(connection, folder, fresh, parts)
            break
        except duckdb.OutOfMemoryException:
            if parts >= MOST_PARTS:
                raise
            parts *= 2
    for table in OF_TICKETS:
        _join_parts(connection, folder, fresh, table, parts)


def _derive_parts(connection: duckdb.DuckDBPyConnection, folder: Path, fresh: Manifest, parts: int) -> None:
    for part in range(parts):
        mine = f"% {parts} = {part}"
        for view, row in (("live_base", "t.id"), ("live_event", "e.ticket_id")):
            sql = f"{read_sql(view)} {'AND' if view == 'live_base' else 'WHERE'} {row} {mine}"
            connection.execute(f"CREATE OR REPLACE TEMP VIEW {view} AS {sql}")
        for table in OF_TICKETS:
            file = folder / f"{fresh.generation:08}.{table}.{part}.parquet"
            file.unlink(missing_ok=True)  # of a part that did not fit
            write_parquet(connection, read_sql(table), file, lasting=False)
            connection.execute(f"DROP VIEW IF EXISTS {table}")
            create_view(connection, table, [f"SELECT * FROM read_parquet({quote(str(file))})"])


def _join_parts(connection: duckdb.DuckDBPyConnection, folder: Path, fresh: Manifest, table: str, parts: int) -> None:
    pieces = [folder / f"{fresh.generation:08}.{table}.{part}.parquet" for part in range(parts)]
    if parts == 1:
        name = f"{fresh.generation:08}.{table}.parquet"
        pieces[0].rename(folder / name)
        manifest.sync_file(folder / name)
        found = connection.execute(f"SELECT COUNT(*) FROM read_parquet({quote(str(folder / name))})").fetchone()
        fresh.derived[table] = DerivedTable(file=name, rows=found[0] if found else 0)
        return
    _write(
        connection, folder, fresh, table, f"SELECT * FROM read_parquet([{', '.join(quote(str(p)) for p in pieces)}])"
    )
    for piece in pieces:
        piece.unlink()


def _write(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    fresh: Manifest,
    table: str,
    rows: str,
    layout: Layout = SCANNED,
) -> None:
    name = f"{fresh.generation:08}.{table}.parquet"
    written = write_parquet(connection, rows, folder / name, layout=layout)
    fresh.derived[table] = DerivedTable(file=name, rows=written)


def _oldest(connection: duckdb.DuckDBPyConnection, now: int) -> int:
    """The time of the oldest row, not more than 25 years before `now`; `now` where there is none."""
    oldest = " UNION ALL ".join(f"SELECT MIN({column}) AS t FROM {entity}" for entity, column in _TIMES.items())
    found = connection.execute(f"SELECT MIN(m.t) FROM ({oldest}) m WHERE m.t > 0").fetchone()
    return max(min((found[0] if found else None) or now, now), now - LONGEST_S)


def _create_givens(connection: duckdb.DuckDBPyConnection, calendars: Sequence[Hours], now: int) -> None:
    """What the SQL cannot read from rows: the time of the pull, and which department has which calendar."""
    connection.execute("CREATE TEMP TABLE pulled AS SELECT CAST(? AS BIGINT) AS now_at", [now])
    names = ", ".join(f"({state}, {quote(name)})" for state, name in enumerate(_STATES))
    connection.execute(f"CREATE TEMP TABLE state_name AS SELECT * FROM (VALUES {names}) v(state, name)")
    for given in ("teller", "answering"):
        connection.execute(f"CREATE TEMP TABLE {given} AS {read_sql(given)}")
    connection.execute("CREATE TEMP TABLE calendar_department (department VARCHAR, calendar_id BIGINT)")
    for hours in calendars:
        for department in hours.departments:
            connection.execute("INSERT INTO calendar_department VALUES (LOWER(TRIM(?)), ?)", [department, hours.id])


def _note(fresh: Manifest, problems: Sequence[tuple[str, Problem]]) -> None:
    for name, problem in problems:
        fresh.sources[name] = _marked(fresh.sources[name], problem)


def _marked(source: PulledSource, problem: Problem) -> PulledSource:
    others = [known for known in source.problems if known != problem]
    return msgspec.structs.replace(
        source, problems=[*others, problem], state="incomplete" if source.state == "complete" else source.state
    )
