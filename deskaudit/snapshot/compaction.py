"""From landed lines to one Parquet file per source, entity and generation."""

from pathlib import Path

import duckdb
import msgspec

from deskaudit.i18n import _
from deskaudit.model.batches import Problem, PulledEntity, PulledSource
from deskaudit.model.entities import columns
from deskaudit.snapshot import manifest
from deskaudit.snapshot.landing import CHILDREN, LONGEST_LINE, Landing
from deskaudit.snapshot.reader import quote
from deskaudit.snapshot.sweeps import count_deleted, is_believed, select_kept


class Layout(msgspec.Struct, frozen=True):
    """How the rows of a Parquet file lie: how many are packed together, and how."""

    group_rows: int
    compression: str


SCANNED = Layout(122_880, "zstd")
LOOKED_UP = Layout(4096, "lz4_raw")
"""For a table that twenty rows are looked up in: little is unpacked, and quickly, for each row that is found."""


def compact(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    landing: Landing,
    before: PulledSource | None,
    generation: int,
    now: int,
) -> PulledSource:
    """Writes the new file of every entity that landed, and gives the source as the next manifest names it.

    The latest landed row of an id wins over earlier ones and over what was published. An entity that this pull
    delivered whole replaces what was published, unless a problem says that it was not whole after all.
    """
    state = landing.state
    broken = {entity for problem in state.problems for entity in problem.entities}
    doubts: list[Problem] = []
    before = _of_same_account(landing, before, doubts)
    entities = dict(before.entities) if before else {}
    for entity in sorted(state.bytes):
        earlier = entities.get(entity)
        whole = entity in state.replaces and entity not in broken
        kept = None if whole or earlier is None else folder / earlier.file
        swept = entity in state.swept and entity not in broken
        if swept and kept is not None:
            swept = is_believed(connection, landing, _landed(landing, entity), entity, kept, doubts)
        rows = _select(connection, landing, entity, kept, now if swept else None)
        name = f"{generation:08}.{landing.source}.{entity}.parquet"
        entities[entity] = PulledEntity(
            file=name,
            rows=write_parquet(connection, rows, folder / name),
            deleted=count_deleted(connection, entity, folder / name),
            complete=entity not in broken,
            swept_at=now if whole or swept else earlier.swept_at if earlier else None,
        )
    for entity in broken & set(entities):
        entities[entity] = msgspec.structs.replace(entities[entity], complete=False)
    return PulledSource(
        name=landing.source,
        type=state.type,
        state="incomplete" if broken else "complete",
        first_fetched_at=(before.first_fetched_at if before else 0) or now,
        fetched_at=now,
        entities=entities,
        cursor=state.cursor,
        rejects=state.rejects,
        reject_sample=state.reject_sample,
        problems=[*state.problems, *doubts],
        cadence_s=state.cadence_s,
        archive_at=state.archive_at,
        account=state.account,
        reading=state.reading,
    )


def keep_failed(landing: Landing, before: PulledSource | None, error: str) -> PulledSource:
    """A source whose pull failed: what was published last stays, marked."""
    state = landing.state
    doubts: list[Problem] = []
    before = _of_same_type(landing, before, doubts)
    return PulledSource(
        name=landing.source,
        type=state.type,
        state="failed",
        first_fetched_at=before.first_fetched_at if before else 0,
        fetched_at=before.fetched_at if before else 0,
        entities=dict(before.entities) if before else {},
        cursor=before.cursor if before else None,
        rejects=state.rejects,
        reject_sample=state.reject_sample,
        problems=[*state.problems, *doubts],
        error=error,
        cadence_s=state.cadence_s,
        archive_at=state.archive_at,
        account=before.account if before else state.account,
        reading=before.reading if before else state.reading,
    )


def _of_same_type(landing: Landing, before: PulledSource | None, doubts: list[Problem]) -> PulledSource | None:
    """What was published of the source, unless it was of another type: then its rows go, and that is told."""
    if before is None or before.type == landing.state.type:
        return before
    message = _("The source was of type {old} before: the rows of that are gone.").format(old=before.type)
    doubts.append(Problem(landing.source, message))
    return None


def _of_same_account(landing: Landing, before: PulledSource | None, doubts: list[Problem]) -> PulledSource | None:
    """What was published of the source, unless its rows are another's: then they go. That they were read anew is told."""
    before = _of_same_type(landing, before, doubts)
    if before is None:
        return None
    if before.account not in {"", landing.state.account}:
        message = _(
            "The source has another address or login: all was pulled anew, and the rows of the former are gone."
        )
        doubts.append(Problem(landing.source, message))
        return None
    if before.reading not in {"", landing.state.reading}:
        message = _(
            "The config reads it another way (its mapping, levels, tags, zone, region or agent_roles): all rows were read "
            "again, so that this holds for each."
        )
        doubts.append(Problem(landing.source, message))
    return before


def write_parquet(
    connection: duckdb.DuckDBPyConnection,
    rows: str,
    file: Path,
    *,
    lasting: bool = True,
    layout: Layout = SCANNED,
) -> int:
    """Writes a SELECT to a new file, on the disk when this returns (`lasting`); gives the number of rows."""
    manifest.create_file(file)
    options = (
        f"FORMAT parquet, COMPRESSION {layout.compression}, ROW_GROUP_SIZE {layout.group_rows}, USE_TMP_FILE false"
    )
    found = connection.execute(f"COPY ({rows}) TO {quote(str(file))} ({options})").fetchone()
    if lasting:
        manifest.sync_file(file)
    return int(found[0]) if found else 0


def _select(
    connection: duckdb.DuckDBPyConnection, landing: Landing, entity: str, earlier: Path | None, swept_at: int | None
) -> str:
    """The rows of the new file. `swept_at`: a sweep was whole then, and what it did not name is gone; None: no sweep."""
    landed = _landed(landing, entity)
    counts = connection.execute(f"SELECT COUNT(*), COUNT(DISTINCT l.id) FROM {landed} l").fetchone() or (0, 0)
    names = ", ".join(columns(entity))
    parent = CHILDREN.get(entity)
    parents = _landed(landing, parent) if parent and parent in landing.state.bytes else None
    rows = f"SELECT {names} FROM {landed} l WHERE TRUE"
    if counts[0] != counts[1]:
        rows += f" AND l.line IN (SELECT MAX(m.line) FROM {landed} m GROUP BY m.id)"
    if parents:  # what came with an earlier one of two rows of a ticket went with it
        again = f"SELECT p.id, MAX(p.line) AS line FROM {parents} p GROUP BY p.id HAVING COUNT(*) > 1"
        rows += f" AND NOT EXISTS (SELECT 1 FROM ({again}) a WHERE a.id = l.ticket_id AND a.line > l.line)"
    if earlier is None:
        return rows
    published = f"SELECT * FROM read_parquet({quote(str(earlier))})"
    if swept_at is not None:
        published = select_kept(connection, landing, entity, earlier, swept_at)
    kept = f"SELECT * FROM ({published}) e WHERE NOT EXISTS (SELECT 1 FROM {landed} n WHERE n.id = e.id)"
    if parents:
        kept += f" AND NOT EXISTS (SELECT 1 FROM {parents} p WHERE p.id = e.ticket_id)"
    return f"SELECT {names} FROM ({rows} UNION ALL BY NAME {kept}) r"


def _landed(landing: Landing, entity: str) -> str:
    """An entity's landed lines as a table, with `line`, their order."""
    kinds = ", ".join(f"{quote(name)}: {quote(kind)}" for name, kind in {"line": "BIGINT", **columns(entity)}.items())
    lines = (
        f"read_json({quote(str(landing.file(entity)))}, format = 'newline_delimited', columns = {{{kinds}}},"
        f" maximum_object_size = {LONGEST_LINE})"
    )
    outdated = landing.state.outdated.get(entity)
    return lines if outdated is None else f"(SELECT * FROM {lines} o WHERE o.line > {outdated})"
