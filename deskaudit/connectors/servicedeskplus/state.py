"""Where a pull stands, as the cursor keeps it: what is done, what is known up to when, and the place inside a list."""

from typing import Any

import msgspec

from deskaudit.connectors.progress import Progress
from deskaudit.model.batches import Cursor, Want


class State(Progress, kw_only=True):
    """`marks` are the source's own times in milliseconds, so that clocks which disagree lose nothing."""

    marks: dict[str, int] = msgspec.field(default_factory=dict)  # stream → newest change that was read
    reach: dict[str, int] = msgspec.field(default_factory=dict)  # stream → how far back it has been read, seconds
    stream: str = ""  # the one being read, and where in it
    at: dict[str, Any] = msgspec.field(default_factory=dict)
    newest: int = 0
    asked: int = 0  # requests whose time entries this pull has read
    missed: list[str] = msgspec.field(default_factory=list)  # requests whose time entries failed: asked for again
    swept_at: int = 0  # when all ids were last known; 0: never

    def knows(self, stream: str) -> bool:
        """Whether a stream has been read as far back as is wanted."""
        return stream in self.marks and self.reach.get(stream, self.since_at + 1) <= self.since_at

    def enter(self, stream: str, overlap_s: int) -> int:
        """Begins a stream, or goes on in it where the last pull stopped. Gives the milliseconds it begins at."""
        if self.stream != stream:
            self.stream, self.at, self.newest = stream, {}, 0
            if not self.knows(stream):
                self.marks.pop(stream, None)
                self.reach.pop(stream, None)
        if stream in self.marks:
            return max(self.marks[stream] - overlap_s * 1000, 0)
        return self.since_at * 1000

    def leave(self, *, whole: bool) -> None:
        """Ends the stream. Only what was read whole moves its mark; else the next pull reads the same again."""
        name = self.stream
        if whole:
            # A request "changed" after this pull began by the source's clock is read again: clocks differ.
            newest = min(self.newest, self.started_at * 1000)
            if newest:
                self.marks[name] = max(self.marks.get(name, 0), newest)
                self.reach.setdefault(name, self.since_at)
            self.done.append(name)
        self.stream, self.at, self.newest = "", {}, 0


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
        missed=known.missed,
        swept_at=known.swept_at,
    )
