"""Where a pull stands, as the cursor keeps it."""

from typing import Any

import msgspec

from deskaudit.connectors.progress import Progress, has_passed
from deskaudit.model.batches import Cursor, Want


class State(Progress, kw_only=True):
    """`marks` are the server's own times, so that clocks which disagree lose nothing."""

    reach: int  # how far back the snapshot goes
    marks: dict[str, int] = msgspec.field(default_factory=dict)  # stage → newest change that was read
    swept_at: int = 0  # when the last whole sweep began
    sweeping: bool = True  # this pull sweeps
    stage: str = ""  # the one being read, and where in it
    at: dict[str, Any] = msgspec.field(default_factory=dict)
    newest: int = 0
    agents: dict[str, str] = msgspec.field(default_factory=dict)  # all that ever held a ticket or a role: id → name
    failed: list[str] = msgspec.field(default_factory=list)  # tickets without their history: asked for again
    projects: dict[str, str] = msgspec.field(default_factory=dict)  # the desk's that were ever seen: id → identifier
    joining: list[str] | None = None  # those of them that join in this pull; None: not looked for so far
    hidden: list[str] = msgspec.field(default_factory=list)  # those of them whose tickets were not read up to the marks

    def enter(self, stage: str) -> None:
        """Begins a stage, or goes on in it where the last pull stopped."""
        if self.stage != stage:
            self.stage, self.at, self.newest = stage, {}, 0

    def leave(self, *, whole: bool) -> None:
        """Ends the stage. Only what was read whole moves its mark; else the next pull reads the same again."""
        if whole:
            if self.newest:
                self.marks[self.stage] = max(self.marks.get(self.stage, 0), self.newest)
            self.done.append(self.stage)
        self.stage, self.at, self.newest = "", {}, 0


def begin(cursor: Cursor | None, want: Want, now: int, sweep_s: int) -> State:
    """The state to go on from: an interrupted pull's own, else a new pull with the marks of the last."""
    known = State.read(cursor)
    if known is None:
        return State(since_at=want.since_at, started_at=now, reach=want.since_at)
    if not known.finished and known.reach <= want.since_at:
        return known
    further = want.since_at < known.reach  # more is asked for than was ever read
    return State(
        since_at=want.since_at,
        started_at=now,
        reach=min(want.since_at, known.reach),
        marks={} if further else known.marks,
        swept_at=known.swept_at,
        sweeping=further or has_passed(sweep_s, known.swept_at, now),
        agents=known.agents,
        failed=known.failed,
        projects=known.projects,
        hidden=known.hidden,
    )
