"""What a reader finds in a backup tool's output, in one shape for all tools."""

from zoneinfo import ZoneInfo

import msgspec

from deskaudit.errors import SourceError
from deskaudit.i18n import _
from deskaudit.model.batches import Reject


class Run(msgspec.Struct, kw_only=True):
    """One run. Times are epoch seconds; `state` is ok, partial, failed or unknown. None: not told."""

    state: str
    started_at: int
    ended_at: int | None = None
    ext_id: str = ""  # shown to the user; "": made of its name and start
    snapshot_id: str = ""  # what it stored, by the tool's own id: a log and a list with one id tell of one run
    job: str = ""  # the tool's own name of the job; "" where a log is one job's
    machine: str = ""
    target: str = ""
    encrypted: bool | None = None
    bytes_source: int | None = None
    bytes_added: int | None = None
    copies: int | None = None
    message: str = ""
    warned: bool = False  # ok, but the tool warned: the job's `warnings` decides
    unfinished: bool = False  # no end was seen: it runs, or was cut off
    retry: bool = False  # another try of the run before it
    listed: bool = False  # known from a list of what is stored, not from a log


class Restore(msgspec.Struct, frozen=True, kw_only=True):
    """Something was restored, or read back whole. `result`: ok, verified (checked, not restored) or failed."""

    at: int
    job: str = ""  # as Run.job
    machine: str = ""
    result: str = "ok"


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What a list of jobs says of one that its runs do not."""

    target: str = ""
    encrypted: bool | None = None


class Reading(msgspec.Struct, kw_only=True):
    """All that some files told."""

    runs: list[Run] = msgspec.field(default_factory=list)
    restores: list[Restore] = msgspec.field(default_factory=list)
    rejects: list[Reject] = msgspec.field(default_factory=list)
    notes: list[str] = msgspec.field(default_factory=list)  # what the user should know
    faults: list[str] = msgspec.field(default_factory=list)  # what makes the runs less than whole
    about: dict[str, About] = msgspec.field(default_factory=dict)

    def add(self, other: "Reading") -> None:
        self.runs += other.runs
        self.restores += other.restores
        self.rejects += other.rejects
        self.notes += [note for note in other.notes if note not in self.notes]
        self.faults += [fault for fault in other.faults if fault not in self.faults]
        self.about |= other.about


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Where bytes come from: the file's name for messages, its time of change, and the zone of its naive times."""

    name: str
    modified_at: int
    zone: ZoneInfo
    now: int


def not_a_log(origin: Origin, tool: str, hint: str) -> SourceError:
    """The error of a reader that finds nothing it knows."""
    return SourceError(
        _("{file} holds nothing that {tool} prints.").format(file=origin.name, tool=tool), kind="bad_file", hint=hint
    )


def empty_log(origin: Origin) -> Run:
    """The run of an empty log: something began, and nothing is known of it."""
    return Run(state="unknown", started_at=origin.modified_at, ext_id=origin.name, message=_("the log is empty"))
