"""Reading one generation: a view per entity and derived table, in an engine in memory."""

import contextlib
import copy
import fcntl
import os
from collections.abc import Hashable, Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

import duckdb
import msgspec

from deskaudit.errors import SnapshotError
from deskaudit.i18n import _
from deskaudit.model.batches import PulledSource
from deskaudit.model.entities import ENTITIES
from deskaudit.snapshot import leases, manifest
from deskaudit.snapshot.manifest import Manifest
from deskaudit.snapshot.schema import BASIS, TABLES, VIEWS, confine, connect, definition, empty_rows, prepare, read_sql
from deskaudit.text import one_line


class Filled(msgspec.Struct, frozen=True):
    """Whether an entity has been delivered.

    `message` says what is missing, and is "" for complete. `first_fetched_at`: since when it is known at all (epoch
    seconds, the latest of its sources); None where it is absent.
    """

    state: Literal["complete", "incomplete", "absent"]
    message: str
    first_fetched_at: int | None


class Coverage(msgspec.Struct, frozen=True):
    """From when to when one source has rows of an entity, epoch seconds: see `schema.COVERAGE`."""

    src: str
    oldest_at: int
    newest_at: int
    moved_at: int


class Reader:
    """One generation of a snapshot, unchanged as long as it is open, whatever is published meanwhile."""

    def __init__(self, folder: Path, *, memory_limit: str = "400MB", threads: int = 2) -> None:
        self._folder = folder
        self._threads = threads
        self.known: dict[Hashable, Any] = {}
        """What was worked out of this generation and is asked for again, under its question; twins share it."""
        self._lease, self.manifest = _hold(folder)
        self.connection: duckdb.DuckDBPyConnection = connect(
            memory_limit=memory_limit, threads=threads, spill=leases.spill_folder(folder)
        )
        try:
            create_views(self.connection, folder, self.manifest)
        except duckdb.Error as fault:
            self.close()
            raise SnapshotError(
                _("The snapshot in {folder} cannot be read: {fault}").format(
                    folder=folder, fault=str(fault).splitlines()[0]
                ),
                hint=_("Remove the folder and pull again: it is a copy of your sources."),
            ) from None

    def filled(self, entity: str) -> Filled:
        """What is known of an entity, or of the entity behind a derived table."""
        entity = BASIS.get(entity, entity)
        if entity not in ENTITIES:
            return Filled("complete", "", self.manifest.made_at)
        sources = list(self.manifest.sources.values())
        holders = [source for source in sources if entity in source.entities]
        if not holders:
            return Filled("absent", "; ".join(text for source in sources for text in _absence(source, entity)), None)
        faults = [fault for source in holders for fault in _faults(source, entity)]
        return Filled(
            "incomplete" if faults else "complete",
            "; ".join(faults),
            max(source.first_fetched_at for source in holders),
        )

    def has_values(self, column: str) -> bool:
        """Whether any row has a value in a column, written as "ticket.priority"."""
        if ("values", column) not in self.known:
            table, _dot, name = column.partition(".")
            if name not in TABLES.get(table, ()):
                raise SnapshotError(
                    _("There is no column {column}.").format(column=column),
                    hint=_("Correct `needs` of the check that asks for it."),
                )
            found = self.connection.execute(f"SELECT 1 FROM {table} WHERE {name} IS NOT NULL LIMIT 1").fetchone()
            self.known["values", column] = found is not None
        return bool(self.known["values", column])

    def coverage(self, entity: str) -> tuple[Coverage, ...]:
        """From when to when each source has rows of an entity; () where it has none, or none with a time."""
        if ("coverage", entity) not in self.known:
            self.known["coverage", entity] = read_coverage(self.connection, entity)
        found: tuple[Coverage, ...] = self.known["coverage", entity]
        return found

    @contextlib.contextmanager
    def twins(self, most: int) -> Iterator[list[Self]]:
        """The same generation with connections of their own, for other threads: `most`, or as many as may compute.

        Meanwhile the engine has so many threads fewer of its own, so that all together take no more processor cores
        than they may.
        """
        found = [self._twin() for _number in range(min(most, self._threads))]
        try:
            self.connection.execute(f"SET threads = {self._threads - len(found) + 1}")
            yield found
        finally:
            for twin in found:
                twin.connection.close()
            self.connection.execute(f"SET threads = {self._threads}")

    def _twin(self) -> Self:
        twin = copy.copy(self)
        twin.connection = prepare(self.connection.cursor())
        twin._lease = None  # noqa: SLF001 - its own
        return twin

    def expect(self, sources: Iterable[tuple[str, str, int]]) -> None:
        """Sources of the config, as (name, type, cadence_s): one that no pull has brought yet stands in `extract` too."""
        for name, type_, cadence_s in sources:
            if name not in self.manifest.sources:
                row = [name, type_, "not_pulled", None, None, cadence_s, 0, None]
                self.connection.execute("INSERT INTO extract VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)

    def confine(self, *folders: Path) -> None:
        """What SQL reads and writes from now on lies in the snapshot or in these folders. Before SQL of others is run."""
        confine(self.connection, self._folder, *folders)

    def close(self) -> None:
        """Lets the generation go. Closing twice does no harm."""
        self.connection.close()
        if self._lease is not None:
            os.close(self._lease)
            self._lease = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def read_coverage(connection: duckdb.DuckDBPyConnection, entity: str) -> tuple[Coverage, ...]:
    """The rows of the table `coverage` about one entity, by source."""
    found = connection.execute(
        "SELECT src, oldest_at, newest_at, moved_at FROM coverage WHERE entity = ? AND newest_at IS NOT NULL ORDER BY src",
        [entity],
    )
    return tuple(Coverage(*row) for row in found.fetchall())


def create_views(connection: duckdb.DuckDBPyConnection, folder: Path, found: Manifest) -> None:
    """One view per table; one without files is an empty table of the same shape, which is quicker to make."""
    absent, views = [], []
    for table in TABLES:
        if table in ENTITIES:
            parts = entity_parts(folder, found, table)
        elif table in found.derived:
            parts = [f"SELECT * FROM read_parquet({quote(str(folder / found.derived[table].file))})"]
        else:
            parts = []
        if parts:
            create_view(connection, table, parts)
        elif table in VIEWS:  # a snapshot of an earlier version
            views.append(f"CREATE VIEW {table} AS {read_sql(table)}")
        elif table != "extract":
            absent.append(f"CREATE TABLE {table} ({definition(table)})")
    connection.execute("; ".join(absent))
    create_extract(connection, found)
    connection.execute("; ".join(views))


def entity_parts(folder: Path, found: Manifest, entity: str) -> list[str]:
    """A SELECT for each source that has rows of an entity."""
    return [
        f"SELECT *, {quote(name)} AS src FROM read_parquet({quote(str(folder / source.entities[entity].file))})"
        for name, source in found.sources.items()
        if entity in source.entities
    ]


def create_view(connection: duckdb.DuckDBPyConnection, table: str, parts: list[str]) -> None:
    """A view of a table from SELECTs of its rows; a column that an older file lacks is NULL."""
    names = ", ".join(TABLES[table])
    rows = " UNION ALL BY NAME ".join([empty_rows(table), *parts])
    connection.execute(f"CREATE VIEW {table} AS SELECT {names} FROM ({rows}) r")


def quote(text: str) -> str:
    """A text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


def create_extract(connection: duckdb.DuckDBPyConnection, found: Manifest) -> None:
    """The table of the sources themselves, as the manifest tells of them."""
    connection.execute(f"CREATE TABLE extract ({definition('extract')})")
    for source in found.sources.values():
        rows = sum(entity.rows for entity in source.entities.values())
        swept = min((entity.swept_at for entity in source.entities.values() if entity.swept_at), default=None)
        connection.execute(
            "INSERT INTO extract VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                source.name,
                source.type,
                source.state,
                source.fetched_at or None,
                swept,
                source.cadence_s,
                rows,
                source.archive_at,
            ],
        )


def _failure(source: PulledSource) -> str:
    return _("{source} failed: {error}").format(source=source.name, error=one_line(source.error, 500))


def _absence(source: PulledSource, entity: str) -> list[str]:
    """Why a source delivers nothing of an entity: it failed, or it said so (a module that its edition lacks)."""
    said = [f"{source.name}: {problem.message}" for problem in source.problems if problem.resource == entity]
    return [*said, *([_failure(source)] if source.error else [])]


def _faults(source: PulledSource, entity: str) -> list[str]:
    faults = [
        f"{source.name}: {problem.resource}: {problem.message}"
        for problem in source.problems
        if entity in problem.entities
    ]
    if source.error:
        faults.append(_failure(source))
    if not faults and not source.entities[entity].complete:
        faults.append(_("{source}: not all rows could be read").format(source=source.name))
    return faults


def _hold(folder: Path) -> tuple[int | None, Manifest]:
    """The manifest in force, and a lease on its files: as long as it is held, no publisher removes them."""
    for _attempt in range(100):
        found = manifest.read(folder)
        if found is None:
            raise SnapshotError(
                _("Nothing has been pulled into {folder} yet.").format(folder=folder),
                hint=_("Pull your sources first: deskaudit scan."),
            )
        try:
            lease = os.open(leases.lease_file(folder, found.generation), os.O_RDONLY)
        except PermissionError:
            return None, found
        except FileNotFoundError:
            if manifest.read(folder) == found:  # a copied folder without its leases; nobody else writes there
                return None, found
            continue
        with contextlib.suppress(OSError):  # a file system without locks: an hour's grace must do
            fcntl.flock(lease, fcntl.LOCK_SH)
        if os.fstat(lease).st_nlink:
            return lease, found
        os.close(lease)
    raise SnapshotError(
        _("The snapshot in {folder} changes faster than it can be opened.").format(folder=folder),
        hint=_("Try again when no pull is running."),
    )
