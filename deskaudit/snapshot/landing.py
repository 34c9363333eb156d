"""Landing: the rows of one pull, on disk page by page, so that a broken line or a kill costs one page at most.

Each entity is one file of JSON lines, and one of ids where a sweep has found some. After a batch that carries a
cursor, `state.json` says up to which byte of each file the lines belong to that cursor. A pull that goes on cuts the
files there: what was landed after the cursor comes again from the source, and a torn last line is gone with it.
"""

import contextlib
import os
import re
import secrets
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import msgspec

from deskaudit.errors import SnapshotError
from deskaudit.i18n import _
from deskaudit.model.batches import Batch, Cursor, Problem, Reject
from deskaudit.model.entities import ENTITIES, Row, entity_of
from deskaudit.snapshot import manifest
from deskaudit.snapshot.leases import Lock
from deskaudit.text import clean, one_line

SAMPLE = 20  # rejects that are kept in full; all are counted
PROBLEMS = 200
CHILDREN = {"ticket_tag": "ticket", "ticket_field": "ticket"}
"""Rows that belong to their parent's row: a ticket that landed again brings all of its tags and fields."""
LONGEST_LINE = 1 << 20  # of a row, in bytes: the engine keeps buffers of this size
_LONG_NUMBER = re.compile(rb":-?\d{19}")
_ENCODER = msgspec.json.Encoder()
_DECODERS = {entity: msgspec.json.Decoder(row) for entity, row in ENTITIES.items()}


class Faults(msgspec.Struct):
    """What a pull told of rows and parts that it could not read."""

    problems: list[Problem] = msgspec.field(default_factory=list)
    rejects: int = 0
    reject_sample: list[Reject] = msgspec.field(default_factory=list)


class State(msgspec.Struct, kw_only=True):
    """What is certain of a landing."""

    landing: str  # its own id
    type: str
    account: str = ""  # as PulledSource.account
    reading: str = ""  # as PulledSource.reading
    started_at: int
    cursor: Cursor | None = None
    rows: int = 0
    lines: int = 0
    bytes: dict[str, int] = msgspec.field(default_factory=dict)  # entity → length of its file
    present: dict[str, int] = msgspec.field(default_factory=dict)  # entity → length of its file of ids
    replaces: set[str] = msgspec.field(default_factory=set)
    swept: set[str] = msgspec.field(default_factory=set)
    empty: set[str] = msgspec.field(default_factory=set)  # swept, and the source said that it has none
    ended: dict[str, int] = msgspec.field(default_factory=dict)  # entity that a pull which ended gave whole → last line
    ended_sweeps: set[str] = msgspec.field(default_factory=set)  # entities that such a pull has swept
    outdated: dict[str, int] = msgspec.field(default_factory=dict)  # entity → its lines up to here came whole again
    ended_faults: Faults | None = None  # of a pull that ended, as long as it may all come again
    problems: list[Problem] = msgspec.field(default_factory=list)
    rejects: int = 0
    reject_sample: list[Reject] = msgspec.field(default_factory=list)
    finished: bool = False
    cadence_s: int = 86400
    archive_at: int | None = None  # as PulledSource.archive_at
    error: str | None = None


class Landing:
    """The pull of one source. Holds the source's lock until it is closed."""

    def __init__(
        self,
        folder: Path,
        source: str,
        type_: str,
        now: int,
        *,
        account: str = "",
        reading: str = "",
        published: str = "",
        cursor: Cursor | None = None,
    ) -> None:
        """`cursor`: where the last published pull of this source ended; `published`: the id of its landing."""
        self.source = source
        self.folder = folder
        self._now = now
        self._files: dict[Path, BinaryIO] = {}
        self._lock: Lock | None = None
        with _as_snapshot_error(folder):
            manifest.make_folder(folder)
            self.lock(now)
            try:
                self.state, self.resumed = self._take_up(type_, account, reading, published, cursor)
            except BaseException:
                self.close()
                raise
        if self.state.finished:  # it was not published: what it gave whole will come whole again
            self.state.ended |= dict.fromkeys(self.state.replaces, self.state.lines)
            self.state.ended_sweeps |= self.state.swept
            if set(self.state.bytes) <= self.state.replaces:
                self._set_faults_aside()
        self.state.finished, self.state.error = False, None

    @property
    def cursor(self) -> Cursor | None:
        """Where the connector goes on."""
        return self.state.cursor

    @property
    def rows(self) -> int:
        """How many rows have landed, those of the part that was resumed included."""
        return self.state.rows

    def lock(self, now: int) -> None:
        """Takes the source's lock, where this landing has let it go."""
        if self._lock is None:
            self._lock = Lock(self.folder.with_suffix(".lock"), _("The source {name}").format(name=self.source), now)

    def land(self, batch: Batch) -> None:
        """Appends a batch's rows, then its cursor. A row that does not fit its type is counted as a reject.

        A batch without a cursor is certain only with the next one that has it. An entity counts as delivered, even
        without a row, when it has rows, is in `replaces` or `swept`, or is the batch's `resource`.
        """
        with _as_snapshot_error(self.folder):
            for entity in batch.replaces & set(self.state.ended):
                self.state.outdated[entity] = self.state.ended.pop(entity)
                if not self.state.ended:  # all has come again, and with it what was wrong with it
                    self.state.ended_faults = None
            for entity in sorted({*batch.present, *batch.swept} & self.state.ended_sweeps):
                self._sweep_anew(entity)
            self._count(batch)
            self._append(batch)
            self._note_present(batch)
            if batch.cursor is not None:
                self.state.cursor = batch.cursor
                self._save()

    def finish(self, *, cadence_s: int, archive_at: int | None = None, error: str | None = None) -> None:
        """Ends the pull. With `error` it failed: what has landed up to the last cursor waits for the next try."""
        self.state.cadence_s, self.state.archive_at = cadence_s, archive_at
        self.state.finished, self.state.error = True, error
        self._take_faults_back()
        with _as_snapshot_error(self.folder):
            for file in self._files.values():
                file.flush()
                if not error:
                    os.fsync(file.fileno())
            if error:
                self._note_failure(error)
            else:
                self._save()

    def close(self) -> None:
        """Lets the source go; what has landed stays. Closing twice does no harm."""
        for file in self._files.values():
            with contextlib.suppress(OSError):  # a full disk: said already when the batch was landed
                file.close()
        self._files.clear()
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def clear(self) -> None:
        """Removes what has landed, after it was published."""
        for file in self._files.values():
            file.close()
        self._files.clear()
        shutil.rmtree(self.folder, ignore_errors=True)

    def file(self, entity: str) -> Path:
        return self.folder / f"{entity}.ndjson"

    def present_file(self, entity: str) -> Path:
        """The ids that a sweep has named, one a line, some of them twice."""
        return self.folder / f"{entity}.ids"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _take_up(
        self, type_: str, account: str, reading: str, published: str, cursor: Cursor | None
    ) -> tuple[State, bool]:
        """The interrupted landing that lies here, cut to its last cursor; else a new one."""
        state = _read_state(self.folder / "state.json")
        fresh = State(
            landing=secrets.token_hex(8),
            type=type_,
            account=account,
            reading=reading,
            started_at=self._now,
            cursor=cursor,
        )
        other = state is None or state.type != type_ or state.account not in {"", account}
        other = other or (state is not None and state.reading not in {"", reading})
        if state is None or other or state.cursor is None or state.landing == published:
            return self._begin(fresh), False
        lengths = {self.file(entity): length for entity, length in state.bytes.items()}
        lengths |= {self.present_file(entity): length for entity, length in state.present.items()}
        if not all(_cut(file, length) for file, length in lengths.items()):
            return self._begin(fresh), False
        state.account, state.reading = account, reading
        for file in {*self.folder.glob("*.ndjson"), *self.folder.glob("*.ids")} - set(lengths):
            file.unlink()
        return state, True

    def _begin(self, fresh: State) -> State:
        for file in self.folder.iterdir():
            file.unlink()
        return fresh

    def _count(self, batch: Batch) -> None:
        state = self.state
        state.replaces |= batch.replaces
        state.swept |= batch.swept
        state.empty |= batch.swept if batch.total == 0 else set()
        for problem in map(_clean_problem, batch.problems):
            if problem not in state.problems and len(state.problems) < PROBLEMS:
                state.problems.append(problem)
        self._reject(batch.rejects)
        seen = {*batch.replaces, *batch.swept, batch.resource} & set(ENTITIES)
        for entity in seen - set(state.bytes):
            self._open(self.file(entity))  # delivered, with no row so far: an empty file says so
            state.bytes[entity] = 0

    def _append(self, batch: Batch) -> None:
        state = self.state
        lines: dict[str, list[bytes]] = {}
        for row in sorted(batch.rows, key=lambda one: entity_of(one) in CHILDREN):  # behind their parents of this batch
            entity = entity_of(row)
            try:
                line = _encode(entity, row)
            except (TypeError, ValueError, OverflowError) as fault:
                self._reject([Reject(f"{entity} {row.ext_id or row.id}", str(fault))])
                continue
            state.lines += 1
            # The number says which of two rows of one id came last: the engine reads lines in any order.
            lines.setdefault(entity, []).append(b'{"line":%d,' % state.lines + line[1:] + b"\n")
            state.rows += 1
        for entity, found in lines.items():
            state.bytes[entity] = self._write(self.file(entity), b"".join(found))

    def _note_present(self, batch: Batch) -> None:
        for entity, ids in batch.present.items():
            if entity in ENTITIES:
                lines = b"".join(b"%d\n" % one for one in ids)
                self.state.present[entity] = self._write(self.present_file(entity), lines)

    def _write(self, path: Path, lines: bytes) -> int:
        """Appends whole lines; gives the file's length."""
        file = self._open(path)
        file.write(lines)
        file.flush()
        return file.tell()

    def _open(self, path: Path) -> BinaryIO:
        if path not in self._files:
            if not path.exists():
                manifest.create_file(path)
            self._files[path] = path.open("ab")
        return self._files[path]

    def _sweep_anew(self, entity: str) -> None:
        """A pull that had ended sweeps again: its earlier sweep would keep what has gone since."""
        self.state.ended_sweeps.discard(entity)
        self.state.swept.discard(entity)
        self.state.empty.discard(entity)
        self._open(self.present_file(entity)).truncate(0)
        self.state.present[entity] = 0

    def _reject(self, rejects: Iterable[Reject]) -> None:
        for reject in rejects:
            self.state.rejects += 1
            if len(self.state.reject_sample) < SAMPLE:
                self.state.reject_sample.append(Reject(one_line(reject.place), one_line(reject.reason)))

    def _set_faults_aside(self) -> None:
        state = self.state
        state.ended_faults = Faults(state.problems, state.rejects, state.reject_sample)
        state.problems, state.rejects, state.reject_sample = [], 0, []

    def _take_faults_back(self) -> None:
        """What a pull that ended could not read is still not there: not all of it came again."""
        state, faults = self.state, self.state.ended_faults
        if faults is not None:
            state.problems = [*faults.problems, *(one for one in state.problems if one not in faults.problems)]
            state.rejects += faults.rejects
            state.reject_sample = [*faults.reject_sample, *state.reject_sample][:SAMPLE]
            state.ended_faults = None

    def _save(self) -> None:
        manifest.replace_file(self.folder / "state.json", msgspec.json.encode(self.state))

    def _note_failure(self, error: str) -> None:
        """The state on disk stays that of the last cursor: what came after it is pulled again."""
        self.state.error = clean(error, 500)  # its hint stands on a line of its own


def _encode(entity: str, row: Row) -> bytes:
    """A row as a line. Raises ValueError where it does not fit its type: found later, it would stop the whole pull."""
    line = _ENCODER.encode(row)
    _DECODERS[entity].decode(line)
    if len(line) > LONGEST_LINE - 64:
        raise ValueError(_("it is longer than a megabyte"))
    if _LONG_NUMBER.search(line):
        for name in row.__struct_fields__:
            value = getattr(row, name)
            if isinstance(value, int) and not -(2**63) <= value < 2**63:
                raise ValueError(_("{name} does not fit into 64 bits").format(name=name))
    return line


def _clean_problem(problem: Problem) -> Problem:
    return Problem(one_line(problem.resource), one_line(problem.message, 500), problem.entities)


def _read_state(file: Path) -> State | None:
    """What a landing was certain of; None where there is none or where it cannot be understood: pull again."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=State)
    except (FileNotFoundError, msgspec.MsgspecError):
        return None


def _cut(file: Path, length: int) -> bool:
    """Cuts a file where its certain rows end; False where the disk has lost some of them."""
    try:
        with file.open("r+b") as rows:
            if rows.seek(0, os.SEEK_END) < length:
                return False
            if length:
                rows.seek(length - 1)
                if rows.read(1) != b"\n":
                    return False
            rows.truncate(length)
    except FileNotFoundError:
        return False
    return True


@contextlib.contextmanager
def _as_snapshot_error(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as fault:
        raise SnapshotError(
            _("The pulled rows cannot be written to {folder}: {fault}").format(folder=folder, fault=fault.strerror),
            hint=_("Make room or choose another --data-dir; the snapshot before this pull is untouched."),
        ) from fault
