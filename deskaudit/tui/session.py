"""The one object through which the app reaches everything else: it knows no connector by name and writes no SQL."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

import msgspec

from deskaudit.config import Config
from deskaudit.model.batches import Probe
from deskaudit.model.events import AuditEvent
from deskaudit.model.verdicts import AuditKind, Evidence, Score, Status
from deskaudit.paths import Paths

if TYPE_CHECKING:  # heavy rooms: the session brings them when they are used
    from deskaudit.audit.setup import ConnectorLine, Detected, Draft, Sample
    from deskaudit.checks.catalogue import Catalogue
    from deskaudit.connectors.registers.register import Register
    from deskaudit.store import Store

EXPORT_FORMATS = ("markdown", "csv", "evidence", "json", "text")


class SourceLine(msgspec.Struct, kw_only=True):
    """One configured source as the snapshot knows it now."""

    name: str
    type: str
    state: Literal["complete", "incomplete", "failed", "never"]
    enabled: bool = True
    cadence_s: int = 86400  # older than this is stale
    archive: date | None = None  # the last day of an old export: it does not become stale
    fetched_at: int | None = None
    rows: dict[str, int] = msgspec.field(default_factory=dict)  # entity → rows
    incomplete: list[str] = msgspec.field(default_factory=list)  # entities that were not read whole
    rejects: int = 0
    problems: list[str] = msgspec.field(default_factory=list)
    error: str | None = None
    resumable: bool = False  # an interrupted pull lies there

    def is_stale(self, now: int) -> bool:
        """Whether its last pull is longer ago than it is meant to be."""
        return self.archive is None and self.fetched_at is not None and now - self.fetched_at > self.cadence_s


class DueLine(msgspec.Struct, kw_only=True):
    """Something that is due, in words, and since when (epoch seconds; None: it has never been done)."""

    what: str
    due_at: int | None = None


class ItemLine(msgspec.Struct, kw_only=True):
    """One item of an audit: counts over checks and applicable questions, the worst judged status, wholeness."""

    item: str
    title: str
    group: str
    counts: dict[Status, int]
    worst: Status  # worst judged, PASS only where it is complete; else what is open
    complete: bool
    trend: list[float | None] = msgspec.field(
        default_factory=list
    )  # share not at fault in the last audits, oldest first


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What to run. `sources`: pulled first, () judges the snapshot as it is. `period`: "" for the kind's default.

    `resume`: the interrupted audit to go on with; the other fields are then that audit's.
    """

    kind: AuditKind
    sources: tuple[str, ...] = ()
    period: str = ""
    only: tuple[str, ...] = ()
    resume: int | None = None


class RowPage(msgspec.Struct, frozen=True):
    """Rows `offset` … of all the rows a check judged, worst first, and how many there are in all."""

    total: int
    rows: Sequence[Evidence]


class RegisterLine(msgspec.Struct, kw_only=True):
    """One register of one source of type registers. `fault`: why its file cannot be read, in full."""

    source: str
    register: "Register"
    file: Path
    entries: list[dict[str, Any]] = msgspec.field(default_factory=list)  # as the file says them
    exists: bool = False
    fault: str = ""


class Session(Protocol):
    """What the app asks for. `run` and `pull` are iterated in a worker thread: they open their own database connection.

    All methods raise DeskauditError only.
    """

    @property
    def config(self) -> Config | None:
        """None: there is no configuration yet."""
        ...

    def notice_config(self) -> bool:
        """Whether the config's file was changed by somebody since this was last asked; it is read anew then.

        Raises once where it is wrong by now; what was read before still counts.
        """
        ...

    @property
    def paths(self) -> Paths: ...

    @property
    def store(self) -> "Store": ...

    @property
    def catalogue(self) -> "Catalogue": ...

    def now(self) -> int:
        """Epoch seconds."""
        ...

    def sources(self) -> list[SourceLine]:
        """Every configured source, in the order of the file."""
        ...

    def due(self) -> list[DueLine]:
        """What is due now: audits by the items' cadence, pulls by their sources'."""
        ...

    def score(self, audit_id: int) -> Score:
        """The headline with the answers as they stand now."""
        ...

    def items(self, audit_id: int) -> list[ItemLine]:
        """One line for each item of the audit's scope, in the catalogue's order."""
        ...

    def rows(
        self, audit_id: int, check: str, *, leg: str = "", segment: str | None = None, offset: int = 0, limit: int = 500
    ) -> RowPage:
        """Judged rows from the audit's frozen file."""
        ...

    def test_source(self, name: str, cancelled: Callable[[], bool]) -> Probe: ...

    # Setting up: what is drafted is knocked at and looked into before anything is written

    def connectors(self) -> "list[ConnectorLine]":
        """Every installed connector, by name."""
        ...

    def connector(self, kind: str) -> "ConnectorLine":
        """One connector; a line with its fault where it is not there or broken."""
        ...

    def desk_table(self) -> dict[str, Any]:
        """What the form of the desk begins with: `[desk]` as the config says it, and its opening hours."""
        ...

    def save_desk(self, table: dict[str, Any]) -> None: ...

    def draft(self, name: str) -> "Draft":
        """A configured source, to be changed. ConfigError where there is none."""
        ...

    def new_draft(self, kind: str, table: dict[str, Any] | None = None) -> "Draft":
        """A new source of a type, under a free name. `table`: its options as far as they are known."""
        ...

    def check_draft(self, draft: "Draft") -> str:
        """What is wrong with a draft's name or its shared keys; "" where nothing is."""
        ...

    def test_draft(self, draft: "Draft", cancelled: Callable[[], bool]) -> Probe: ...

    def look(self, draft: "Draft", cancelled: Callable[[], bool]) -> "Sample": ...

    def save_draft(self, draft: "Draft") -> None: ...

    def remove_source(self, name: str) -> list[str]:
        """Gives the names in the keyring that nothing else in the config refers to."""
        ...

    def detect(self, file: Path) -> "tuple[list[Detected], list[str]]":
        """The sources that read a file ([]: none does), and what is to be said beside them."""
        ...

    def registers(self) -> list[RegisterLine]:
        """Every register of every source of type registers; [] where no such source is configured."""
        ...

    def make_registers(self, folder: str) -> list[Path]:
        """Writes the commented examples that are not there, and a source of type registers where there is none."""
        ...

    def complain_entry(self, line: RegisterLine, entry: dict[str, Any]) -> tuple[str, str]:
        """What its source would say against an entry, and the key where; ("", "") where it is right."""
        ...

    def save_entry(
        self, line: RegisterLine, index: int | None, entry: dict[str, Any], was: dict[str, Any] | None
    ) -> None:
        """Writes one entry. `index`: which one, None for a new one; `was`: what it said when it was read."""
        ...

    def cut_entry(self, line: RegisterLine, index: int, was: dict[str, Any]) -> None: ...

    def held_by(self) -> str:
        """Who runs an audit or a pull on this desk now; "" for nobody."""
        ...

    def pull(
        self, names: Sequence[str], cancelled: Callable[[], bool], heard: Callable[[AuditEvent], None]
    ) -> Iterator[AuditEvent]:
        """`heard` is given what cannot wait for the next event: that a source makes the pull wait."""
        ...

    def run(
        self, plan: Plan, cancelled: Callable[[], bool], heard: Callable[[AuditEvent], None]
    ) -> Iterator[AuditEvent]:
        """Stops soon after `cancelled()` turns true, marks the audit interrupted and raises Cancelled."""
        ...

    def preview(self, audit_id: int, export_format: str) -> str:
        """The beginning of what `export` would write (as much as fills some screens)."""
        ...

    def export(self, audit_id: int, export_format: str, path: Path) -> Path:
        """Writes the file (mode 600, replaced at once) and says where it is."""
        ...
