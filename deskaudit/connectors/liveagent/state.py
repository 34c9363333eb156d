"""Where a pull stands, as the cursor keeps it: what is done, what is known up to when, and the place inside a list."""

from typing import Any

import msgspec

from deskaudit.connectors.progress import Progress
from deskaudit.model.batches import Cursor, Want

PENDING_MOST = 2000  # open tickets remembered to be asked for later: the cursor is written with every page


class State(Progress, kw_only=True):
    """`marks` are the source's own times, so that clocks which disagree lose nothing."""

    marks: dict[str, int] = msgspec.field(default_factory=dict)  # stream → newest change that was read
    reach: dict[str, int] = msgspec.field(default_factory=dict)  # stream → how far back it has been read
    stream: str = ""  # the one being read, and where in it
    at: dict[str, Any] = msgspec.field(default_factory=dict)
    low: int = 0
    newest: int = 0
    pending: dict[str, str] = msgspec.field(default_factory=dict)  # open ticket → letters of its unfulfilled promises
    left_out: int = 0  # more open tickets than `pending` takes
    swept_at: int = 0  # when the pull began that swept last; 0: none has pulled yet

    def enter(self, stream: str, overlap_s: int) -> None:
        """Begins a stream, or goes on in it where the last pull stopped."""
        if self.stream == stream:
            return
        self.low = self.low_of(stream, overlap_s)
        self.stream, self.at, self.newest = stream, {}, 0
        if stream not in self.marks or self.is_further(stream):
            self.marks.pop(stream, None)
            self.reach.pop(stream, None)

    def low_of(self, stream: str, overlap_s: int) -> int:
        """From when on a stream is read."""
        if stream in self.marks and not self.is_further(stream):
            return self.marks[stream] - overlap_s
        return self.since_at

    def is_further(self, stream: str) -> bool:
        """Whether older rows of a stream are asked for than were ever read."""
        return self.reach.get(stream, self.since_at + 1) > self.since_at

    def leave(self, *, whole: bool) -> None:
        """Ends the stream. Only what was read whole moves its mark; else the next pull reads the same again."""
        name = self.stream
        if whole:
            newest = min(self.newest, self.started_at)
            if newest:
                self.marks[name] = max(self.marks.get(name, 0), newest)
                self.reach.setdefault(name, self.since_at)
            self.done.append(name)
        self.stream, self.at, self.low, self.newest = "", {}, 0, 0

    def await_terms(self, ticket: str, letters: str) -> None:
        """Remembers an open ticket's unfulfilled promises; forgets the ticket where there is none."""
        if not letters:
            self.pending.pop(ticket, None)
        elif ticket in self.pending or len(self.pending) < PENDING_MOST:
            self.pending[ticket] = letters
        else:
            self.left_out += 1


def begin(cursor: Cursor | None, want: Want, now: int) -> State:
    """The state to go on from: an interrupted pull's own, else a new pull with the marks of the last."""
    known = State.read(cursor)
    if known is None:
        return State(since_at=want.since_at, started_at=now)
    if not known.finished and known.since_at <= want.since_at:
        return known
    return State(
        since_at=want.since_at,
        started_at=now,
        marks=known.marks,
        reach=known.reach,
        pending=known.pending,
        swept_at=known.swept_at,
    )
