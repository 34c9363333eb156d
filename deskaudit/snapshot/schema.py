"""The names a check's SQL may use: every table of a snapshot and its columns.

Entities (`deskaudit.model.entities`) have the columns of their row type and `src`, the source's name. The derived
tables are described here. Whole numbers are BIGINT, yes-or-no is 0, 1 or NULL, times end in `_at` (epoch seconds, UTC).

Columns that end in `_w` are positions on the ticket's own calendar, in business seconds: the difference of two is the
business time between them. They are NULL where the time is unknown or lies outside the clock table.
"""

from importlib.resources import files
from pathlib import Path

import duckdb

from deskaudit.model.entities import ENTITIES, columns

LIVE_TICKET = {
    "id": "BIGINT",
    "src": "VARCHAR",
    "channel": "VARCHAR",
    "status": "VARCHAR",  # never NULL: unknown
    "type": "VARCHAR",
    "category": "VARCHAR",
    "priority": "VARCHAR",
    "service": "VARCHAR",
    "department_id": "BIGINT",
    "department": "VARCHAR",  # its name
    "agent_id": "BIGINT",
    "contact_id": "BIGINT",
    "calendar_id": "BIGINT",
    "created_at": "BIGINT",
    "created_w": "BIGINT",
    "changed_at": "BIGINT",
    "first_response_at": "BIGINT",
    "first_response_w": "BIGINT",
    "assigned_at": "BIGINT",
    "resolved_at": "BIGINT",  # NULL while it is open
    "resolved_w": "BIGINT",
    "closed_at": "BIGINT",
    "last_activity_at": "BIGINT",
    "last_activity_w": "BIGINT",
    "is_open": "BIGINT",
    "transfer_count": "BIGINT",
    "reply_count": "BIGINT",
    "first_resolved_at": "BIGINT",
    "reopened_at": "BIGINT",  # the first time
    "reopen_count": "BIGINT",
    "first_escalated_at": "BIGINT",
    "has_sla": "BIGINT",
}
"""One row per ticket that is not deleted, spam, a test or merged away."""

STATUS_SPAN = {
    "ticket_id": "BIGINT",
    "src": "VARCHAR",
    "status": "VARCHAR",
    "on_desk": "BIGINT",  # 1: new or open, the customer waits for the desk
    "agent_id": "BIGINT",
    "department_id": "BIGINT",
    "started_at": "BIGINT",
    "ended_at": "BIGINT",  # NULL: still so
    "started_w": "BIGINT",
    "ended_w": "BIGINT",
    "next_status": "VARCHAR",
    "seq": "BIGINT",  # 1, 2, … within the ticket
}
"""The states of each live ticket in time, without gaps or overlaps: the one at T has started_at <= T < ended_at."""

TICKET_SLA = {
    "id": "BIGINT",
    "ticket_id": "BIGINT",
    "src": "VARCHAR",
    "measure": "VARCHAR",  # first_response, resolution
    "priority": "VARCHAR",
    "sla_level": "VARCHAR",
    "department": "VARCHAR",
    "calendar_id": "BIGINT",
    "origin": "VARCHAR",  # vendor, ticket, policy, default
    "started_at": "BIGINT",
    "started_w": "BIGINT",
    "due_at": "BIGINT",  # the last second that is in time
    "due_w": "BIGINT",
    "done_at": "BIGINT",
    "overrun_w": "BIGINT",  # business seconds after due; negative: early; NULL: not done
}
"""One row per promise on a live ticket."""

TICKET_CARD = {
    "id": "BIGINT",
    "src": "VARCHAR",
    "ref": "VARCHAR",
    "title": "VARCHAR",
    "url": "VARCHAR",
}
"""One row per ticket: what people call it."""

ASSET_MATCH = {
    "scan_id": "BIGINT",
    "listed_id": "BIGINT",  # NULL: on no list
    "matched_by": "VARCHAR",  # serial, uuid, mac, fqdn, hostname
    "conflict": "BIGINT",  # 1: its keys point at several listed assets, or at one whose higher key differs
}
"""One row per scanned asset."""

DEVICE = {
    "id": "BIGINT",  # of its first asset: a listed one, where there is one
    "listed_id": "BIGINT",  # the same, NULL: on no list
    "scan_id": "BIGINT",  # the asset that the latest scan saw; NULL: no scan saw it
    "sources": "BIGINT",  # how many know it
    "active": "BIGINT",  # 0: every list that speaks of its state says spare, retired or lost
    "off_network": "BIGINT",
    "critical": "BIGINT",
    "personal_data": "BIGINT",
    "approved": "BIGINT",
    "encrypted": "BIGINT",  # 0 where any source says no
    "owner": "VARCHAR",
    "department": "VARCHAR",
    "os": "VARCHAR",
    "os_family": "VARCHAR",
    "os_version": "VARCHAR",
    "has_address": "BIGINT",  # 1: a list knows its IP or MAC address
    "listed_seen_at": "BIGINT",  # as the lists say
    "scanned_at": "BIGINT",  # by a scan
    "updated_at": "BIGINT",
    "conflict": "BIGINT",  # 1: its sources contradict each other
    "differs": "VARCHAR",  # in what, blank-separated: serial uuid mac fqdn (another device shares a lower key), twice
    # (one source has it twice), os owner state (the lists disagree), scan (a scan of it may be of another one)
}
"""One row per device, however many sources know it. What it says comes from lists and inventories, the newest first."""

DEVICE_ASSET = {
    "device_id": "BIGINT",
    "asset_id": "BIGINT",
    "matched_by": "VARCHAR",  # serial, uuid, mac, fqdn, hostname; NULL: the device's first
}
"""One row per asset."""

BACKUP_DUE = {
    "id": "BIGINT",
    "job_id": "BIGINT",
    "due_at": "BIGINT",
    "until_at": "BIGINT",  # a run that starts later does not count
    "run_id": "BIGINT",
    "state": "VARCHAR",  # ok, partial, failed, unknown: the run's; silent; pending
}
"""One row per time at which a backup was due."""

CLOCK = {
    "calendar_id": "BIGINT",  # 0: round the clock; 1: default; 2, …: the others
    "slot_at": "BIGINT",  # a UTC quarter hour
    "cum": "BIGINT",  # business seconds before the slot
    "is_open": "BIGINT",
    "day": "BIGINT",  # local, 20261121
    "month": "BIGINT",  # local, 202611
    "weekday": "BIGINT",  # local, 0 Monday
    "hour": "BIGINT",  # local
}
"""One row per calendar and quarter hour: w(t) = cum + is_open * (t - slot_at), joined on slot_at = t - t % 900."""

CALENDAR = {
    "id": "BIGINT",
    "name": "VARCHAR",
    "zone": "VARCHAR",
    "day_s": "BIGINT",  # open seconds of a usual business day
    "assumed": "BIGINT",  # 1: the config does not say when it opens
}

EXTRACT = {
    "name": "VARCHAR",
    "type": "VARCHAR",
    "state": "VARCHAR",  # complete, incomplete, failed; in an audit not_pulled, too
    "fetched_at": "BIGINT",  # when the rows that are here were fetched; NULL: never
    "swept_at": "BIGINT",  # deletions in the source are known as of then; NULL: never looked for
    "cadence_s": "BIGINT",
    "rows": "BIGINT",
    "archive_at": "BIGINT",  # an archive: the last second that it is said to reach; NULL: it is meant to be kept fresh
}
"""One row per source: where the rows come from."""

COVERAGE = {
    "entity": "VARCHAR",  # ticket, event, interaction, rating, slot, backup_run, finance_period, audience
    "src": "VARCHAR",
    "oldest_at": "BIGINT",  # when its first row began
    "newest_at": "BIGINT",  # when its last row began
    "moved_at": "BIGINT",  # when anything was last done to one
}
"""One row per source and entity whose rows happen in time: from when to when it has any."""

DERIVED: dict[str, dict[str, str]] = {
    "live_ticket": LIVE_TICKET,
    "status_span": STATUS_SPAN,
    "ticket_sla": TICKET_SLA,
    "ticket_card": TICKET_CARD,
    "asset_match": ASSET_MATCH,
    "device": DEVICE,
    "device_asset": DEVICE_ASSET,
    "backup_due": BACKUP_DUE,
    "clock": CLOCK,
    "calendar": CALENDAR,
    "extract": EXTRACT,
    "coverage": COVERAGE,
}

TABLES: dict[str, dict[str, str]] = {
    **{entity: {**columns(entity), "src": "VARCHAR"} for entity in ENTITIES},
    **DERIVED,
}
"""Table → column → SQL type, of all that a check's SQL may read."""

VIEWS = ("ticket_card", "coverage")
"""Derived tables that can be read from the others where no file holds them."""

BASIS = {
    "live_ticket": "ticket",
    "status_span": "ticket",
    "ticket_sla": "ticket",
    "ticket_card": "ticket",
    "asset_match": "asset",
    "device": "asset",
    "device_asset": "asset",
    "backup_due": "backup_job",
}
"""Derived table → the entity without which it has no rows."""


def columns_of(table: str) -> dict[str, str]:
    """Column → SQL type of an entity or derived table."""
    return TABLES[table]


def connect(*, memory_limit: str = "400MB", threads: int = 2, spill: str = "") -> duckdb.DuckDBPyConnection:
    """An engine in memory that never reaches for the network; `spill` is the folder it may overflow into."""
    options: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": memory_limit,
        "threads": threads,
        "temp_directory": spill,  # "": never writes; left out, it would be a folder where the user happens to stand
        "preserve_insertion_order": False,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "python_enable_replacements": False,  # a table's name never means a variable of ours
    }
    return prepare(duckdb.connect(":memory:", config=options))


def prepare(connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """A connection, or a cursor of one, with the settings that each has for itself."""
    connection.execute("SET enable_progress_bar = false")  # it would be drawn over the app, and into what scripts read
    return connection


def confine(connection: duckdb.DuckDBPyConnection, *folders: Path) -> None:
    """From now on it reads and writes in these folders and its spill folder alone, whatever SQL it is given.

    That holds for all cursors of the connection, and nothing undoes it.
    """
    if folders:
        connection.execute("SET allowed_directories = ?", [[str(folder) for folder in folders]])
    # What may still be set: what each cursor has for itself (`prepare`), and how many threads take part (`Reader.twins`).
    connection.execute("SET allowed_configs = ['enable_progress_bar', 'threads']")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


def empty_database() -> duckdb.DuckDBPyConnection:
    """Every table, without rows: to parse a check against, or to fill by hand in a test."""
    connection = connect()
    for table in TABLES:
        if table not in VIEWS:
            connection.execute(f"CREATE TABLE {table} ({definition(table)})")
    for view in VIEWS:
        connection.execute(f"CREATE VIEW {view} AS {read_sql(view)}")
    return connection


def read_sql(name: str) -> str:
    """The SELECT of a derived table."""
    return (files("deskaudit.snapshot") / "derived" / f"{name}.sql").read_text(encoding="utf-8")


def empty_rows(table: str) -> str:
    """A SELECT of no rows with the table's columns and types."""
    nulls = ", ".join(f"CAST(NULL AS {kind}) AS {name}" for name, kind in TABLES[table].items())
    return f"SELECT {nulls} WHERE 1 = 0"


def definition(table: str) -> str:
    """The columns of a table as CREATE TABLE writes them."""
    return ", ".join(f"{name} {kind}" for name, kind in TABLES[table].items())
