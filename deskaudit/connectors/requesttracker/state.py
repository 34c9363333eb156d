"""Where a pull stands, as the cursor keeps it: the stages that are done, and the number after which one goes on."""

import msgspec

from deskaudit.connectors.progress import Progress
from deskaudit.model.batches import Cursor, Want

STAFF_MOST = 5000  # accounts remembered: the cursor is written with every page


class State(Progress, kw_only=True):
    """`mark` is RT's own time, so that clocks which disagree lose nothing."""

    mark: int = 0  # newest change of a ticket that was read, when all were; 0: none yet
    reach: int = 0  # how far back they were read
    scope: str = ""  # the queues that were read
    newest: int = 0
    swept_at: int = 0
    merged: int = 0  # number of the newest merge that was read
    queues: dict[str, str] = msgspec.field(default_factory=dict)  # those that were ever shown: number → name
    hidden: list[str] = msgspec.field(default_factory=list)  # those of them that were not shown at the last pull
    joining: list[str] = msgspec.field(default_factory=list)  # those that are shown, and not read up to the mark
    veiled: list[int] = msgspec.field(default_factory=list)  # a page of tickets whose history may lack entries
    stage: str = ""
    after: int = 0  # the number after which the stage goes on
    whole: bool = True  # nothing was missed in it so far
    staff: list[int] = msgspec.field(default_factory=list)  # accounts that are privileged
    others: list[int] = msgspec.field(default_factory=list)  # accounts that were asked and are not
    asked_at: int = 0  # when they were asked anew

    def enter(self, stage: str) -> None:
        """Begins a stage, or goes on in it where the last pull stopped."""
        if self.stage != stage:
            self.stage, self.after, self.whole = stage, 0, True

    def leave(self) -> None:
        self.done.append(self.stage)
        self.stage, self.after, self.whole = "", 0, True


def begin(cursor: Cursor | None, want: Want, now: int, scope: str) -> State:
    """The state to go on from: an interrupted pull's own, else a new pull with what the last one knows."""
    known = State.read(cursor)
    if known is None or known.scope != scope:
        return State(since_at=want.since_at, started_at=now, scope=scope)
    if not known.finished and known.since_at <= want.since_at:
        return known
    far = known.mark > 0 and known.reach <= want.since_at
    return State(
        since_at=want.since_at,
        started_at=now,
        scope=scope,
        mark=known.mark if far else 0,
        reach=known.reach if far else 0,
        swept_at=known.swept_at,
        queues=known.queues,
        hidden=known.hidden,
        joining=known.joining,
        merged=known.merged if far else 0,
        veiled=known.veiled if far else [],
        staff=known.staff,
        others=known.others,
        asked_at=known.asked_at,
    )
