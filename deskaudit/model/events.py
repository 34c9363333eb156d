"""What an audit tells while it runs: past-tense messages for the command line and the app."""

import msgspec

from deskaudit.model.batches import PulledSource
from deskaudit.model.verdicts import Audit, Result


class PullStarted(msgspec.Struct, frozen=True):
    source: str
    type: str
    resumed: bool


class PullEstimated(msgspec.Struct, frozen=True):
    """What the pull of a source is about to cost."""

    source: str
    requests: int
    seconds: float | None = None  # by the pace of the source's limit


class PullProgressed(msgspec.Struct, frozen=True):
    source: str
    resource: str
    rows: int  # landed so far, of the whole pull
    done: int | None = None
    total: int | None = None


class PullWaited(msgspec.Struct, frozen=True):
    """The server asked for a wait, or is given time: nothing comes from it for so long. Told before the wait."""

    source: str
    seconds: float


class PullWarned(msgspec.Struct, frozen=True):
    source: str
    message: str


class PullFinished(msgspec.Struct, frozen=True):
    source: str
    pulled: PulledSource


class SnapshotDerived(msgspec.Struct, frozen=True):
    generation: int
    seconds: float


class AuditStarted(msgspec.Struct, frozen=True):
    audit: Audit
    checks: int


class CheckFinished(msgspec.Struct, frozen=True):
    done: int
    total: int
    results: tuple[Result, ...]  # all legs and segments; the worst whole-desk leg first
    seconds: float


class AuditFinished(msgspec.Struct, frozen=True):
    audit: Audit


AuditEvent = (
    PullStarted
    | PullEstimated
    | PullProgressed
    | PullWaited
    | PullWarned
    | PullFinished
    | SnapshotDerived
    | AuditStarted
    | CheckFinished
    | AuditFinished
)
