"""Pulls as the core does them: landed page by page in a real snapshot, broken off, gone on with."""

import sysconfig
import threading
import traceback
import tracemalloc
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

import deskaudit
from deskaudit.config import Config
from deskaudit.connectors import Connector
from deskaudit.errors import Cancelled, DeskauditError
from deskaudit.model.batches import Batch, Cursor, Want
from deskaudit.model.entities import Row, columns, entity_of
from deskaudit.snapshot import Snapshot

SOURCE = "contract"
TURN = 0.02  # seconds
NOT_OWN = (Path(deskaudit.__file__).parent, Path(sysconfig.get_path("stdlib")))  # where no author's code lies
SHOWN = 4  # columns of a row that differs
Tables = dict[str, dict[int, dict[str, Any]]]
"""Entity → id → the columns of a row."""


class Pulled(msgspec.Struct):
    """What a pull gave, and how it ended."""

    batches: list[Batch] = msgspec.field(default_factory=list)
    fault: Exception | None = None

    @property
    def rows(self) -> dict[str, dict[int, Row]]:
        """Entity → id → row; the last of one id counts."""
        found: dict[str, dict[int, Row]] = {}
        for batch in self.batches:
            for row in batch.rows:
                found.setdefault(entity_of(row), {})[row.id] = row
        return found

    @property
    def texts(self) -> list[str]:
        """All texts of the rows."""
        rows = (row for batch in self.batches for row in batch.rows)
        values = (getattr(row, field) for row in rows for field in row.__struct_fields__)
        return [value for value in values if isinstance(value, str)]

    @property
    def told(self) -> str:
        """The fault in one line; "" where there is none."""
        return told(self.fault)

    @property
    def complaints(self) -> int:
        """How much the pull said that it left out or could not read."""
        return sum(len(batch.rejects) + len(batch.problems) for batch in self.batches)


def gather(connector: Connector, cursor: Cursor | None, want: Want) -> Pulled:
    """A whole pull. Any exception is kept in `fault`."""
    pulled = Pulled()
    try:
        for batch in connector.pull(cursor, want):
            pulled.batches.append(batch)
    except Exception as fault:  # noqa: BLE001 - the rules say which kinds are right
        pulled.fault = fault
    return pulled


def land(
    folder: Path,
    make: Callable[[], Connector],
    want: Want,
    now: int,
    stop: int | None = None,
    *,
    publishes: bool = True,
) -> None:
    """One pull into the snapshot of `folder`, published at its end; with `stop` it is killed after so many batches.

    Without `publishes` it is killed when it has ended, before anything is published.

    It goes on where the one before was killed or ended.
    """
    snapshot = Snapshot(folder)
    connector = make()
    with snapshot.landing(SOURCE, connector.name, now) as landing:
        for number, batch in enumerate(connector.pull(landing.cursor, want), start=1):
            landing.land(batch)
            if number == stop:
                return
        landing.finish(cadence_s=86400)
        if publishes:
            snapshot.publish([landing], Config(), now)


def tables(folder: Path, entities: frozenset[str]) -> Tables:
    """The rows of the published snapshot. An entity that was never delivered is absent."""
    found: Tables = {}
    with Snapshot(folder).open() as reader:
        for entity in sorted(entities & set(reader.manifest.sources[SOURCE].entities)):
            names = list(columns(entity))
            rows = reader.connection.execute(f"SELECT {', '.join(names)} FROM {entity} ORDER BY id").fetchall()
            found[entity] = {row[names.index("id")]: dict(zip(names, row, strict=True)) for row in rows}
    return found


def difference(one: Tables, other: Tables) -> str:
    """In words how the second state of a snapshot differs from the first; "" if it does not."""
    for entity in sorted({*one, *other}):
        if (entity in one) is not (entity in other):
            return f"{entity} is delivered in one and not in the other"
        a, b = one[entity], other[entity]
        said = [
            f"{word} {len(rows)}, as {entity} {_called(rows[0])}"
            for word, rows in (
                ("lost", [row for key, row in a.items() if key not in b]),
                ("new", [row for key, row in b.items() if key not in a]),
            )
            if rows
        ]
        changed = [key for key, row in a.items() if key in b and b[key] != row]
        if changed:
            example = f"{entity} {_called(a[changed[0]])}: {_changes(a[changed[0]], b[changed[0]])}"
            said.append(f"changed {len(changed)}, as {example}")
        if said:
            return f"{entity}: {len(a)} and {len(b)} rows; {'; '.join(said)}"
    return ""


def _called(row: Mapping[str, Any]) -> str:
    """What a person calls a row."""
    return str(next(row[name] for name in ("code", "ext_id", "name", "id") if row.get(name)))


def _changes(one: Mapping[str, Any], other: Mapping[str, Any]) -> str:
    found = [f"{name} {value!r:.60} → {other[name]!r:.60}" for name, value in one.items() if value != other[name]]
    return ", ".join(found[:SHOWN]) + (", …" if len(found) > SHOWN else "")


def run_until_stopped(
    make: Callable[[Callable[[], bool]], Connector], want: Want, after_s: float, patience_s: float
) -> tuple[bool, Exception | None]:
    """Pulls on a thread and asks it to stop `after_s` seconds later.

    Gives whether it ended within `patience_s` seconds from then on, and what it raised other than Cancelled. The
    seconds are counted in short turns, so that a machine that stands still for a while does not use them up.
    """
    asked = threading.Event()
    raised: list[Exception] = []
    connector = make(asked.is_set)

    def work() -> None:
        try:
            for _batch in connector.pull(None, want):
                if asked.is_set():
                    break
        except Cancelled:
            pass
        except Exception as fault:  # noqa: BLE001 - it is judged by the rule
            raised.append(fault)

    thread = threading.Thread(target=work, name="deskaudit-contract", daemon=True)
    thread.start()
    thread.join(after_s)
    asked.set()
    for _turn in range(round(patience_s / TURN)):
        thread.join(TURN)
        if not thread.is_alive():
            break
    return not thread.is_alive(), raised[0] if raised else None


def peak_of(connector: Connector, want: Want) -> tuple[int, int]:
    """How many rows a pull gives, and how many bytes of Python objects live at the same time meanwhile."""
    rows = 0
    tracemalloc.start()
    try:
        for batch in connector.pull(None, want):
            rows += len(batch.rows)
            del batch  # else two pages would live at the same time
        return rows, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def files_in(folder: Path) -> Mapping[str, tuple[int, int]]:
    """Every file below a folder, with its size and the time of its last change (ns)."""
    found = {}
    for file in sorted(folder.rglob("*")):
        facts = file.lstat()
        found[str(file.relative_to(folder))] = (facts.st_size if file.is_file() else 0, facts.st_mtime_ns)
    return found


def told(fault: Exception | None) -> str:
    """An exception in one line, with its place in the connector where nobody meant it to be raised; "" for none."""
    if fault is None:
        return ""
    if isinstance(fault, DeskauditError):
        return f"{type(fault).__name__}: {fault.message}"
    frames = traceback.extract_tb(fault.__traceback__)
    own = [frame for frame in frames if not any(map(Path(frame.filename).is_relative_to, NOT_OWN))] or frames
    place = f" ({Path(own[-1].filename).name}, line {own[-1].lineno})" if own else ""
    return f"{type(fault).__name__}: {fault}{place}"
