"""Time that was worked, and when it was entered; also shifts, bookings and absences that stand in a table."""

from collections.abc import Iterable
from typing import ClassVar, Literal

import msgspec

from deskaudit.connectors.records.options import Columns, RecordOptions, check_words
from deskaudit.connectors.records.tables import Cells, Reading, RecordTable
from deskaudit.connectors.tabular.cells import fold_text
from deskaudit.connectors.tabular.sheets import RowFault
from deskaudit.i18n import _
from deskaudit.model.entities import Row, Slot
from deskaudit.text import one_line

KINDS = ("worked", "shift", "booked", "off")


class WorktimeColumns(Columns, frozen=True, kw_only=True, forbid_unknown_fields=True):
    started_at: str
    ended_at: str | None = None
    duration: str | None = None
    entered_at: str | None = None
    key: str | None = None
    agent: str | None = None
    agent_email: str | None = None
    ticket: str | None = None
    activity: str | None = None
    billable: str | None = None
    kind: str | None = None

    help: ClassVar[dict[str, str]] = {
        "started_at": "When the work began; a day alone is its midnight.",
        "ended_at": "When it ended.",
        "duration": "Instead of ended_at: how long it took.",
        "entered_at": "When the entry was written; left out: how late people enter time cannot be judged.",
        "key": "The entry's own number; left out: the row's cells tell it.",
        "agent": "Who worked: name, or id in the source that agents_of names.",
        "agent_email": "That person's address.",
        "ticket": "The ticket, by its id in the source that tickets_of names.",
        "activity": "What was done: support, meeting, training, …",
        "billable": "Whether a customer pays for it: yes or no.",
        "kind": "worked, shift, booked or off, where one file holds several; kinds translates.",
    }

    def __post_init__(self) -> None:
        self.need("agent", "agent_email")
        self.need("ended_at", "duration")


class WorktimeOptions(RecordOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The options of `type = "worktime"`."""

    columns: WorktimeColumns
    kind: Literal["worked", "shift", "booked", "off"] = "worked"
    kinds: dict[str, str] = msgspec.field(default_factory=dict)

    help: ClassVar[dict[str, str]] = {
        **RecordOptions.help,
        "columns": "Model field = column name; started_at, ended_at or duration, and agent or agent_email are needed.",
        "kind": "What the rows are where no column says it: worked, shift, booked or off.",
        "kinds": "The file's words for it = worked, shift, booked or off.",
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        check_words(self.kinds, KINDS)


class _Worktime(Reading):
    entity = "slot"
    times = ("started_at", "ended_at", "entered_at")
    fills: ClassVar = {"slot": (), "agent": ("agent", "agent_email")}
    options: WorktimeOptions

    def begin(self) -> None:
        own = {fold_text(word): kind for word, kind in self.options.kinds.items()}
        self._words_of_kind = {kind: kind for kind in KINDS} | own

    def take(self, row: Cells) -> Iterable[Row]:
        """One entry. Shifts and bookings may lie ahead, work may not; an entry that ends before it begins is bad."""
        kind: str = self.options.kind
        if row.raw("kind"):
            kind = row.choice("kind", self._words_of_kind, "kinds") or ""
            if not kind:
                raise RowFault(self.names["kind"], _("what kind of time it is, is not known"))
        ahead = kind != "worked"
        started = row.need_time("started_at", ahead=ahead)
        ended = row.time("ended_at", ahead=ahead)
        if ended is None and (lasted := row.seconds("duration")) is not None:
            ended = started + lasted
        if ended is None:
            raise RowFault("", _("neither an end nor a duration"))
        if ended < started:
            raise RowFault("", _("it ends before it begins"))
        identity = self.identify(row, row.raw("key"))
        if identity is None:
            return
        yield Slot(
            id=self.context.key("slot", identity),
            ext_id=one_line(row.raw("key"), 80) or None,
            kind=kind,
            activity=row.text("activity"),
            agent_id=row.agent("agent", "agent_email"),
            started_at=started,
            ended_at=ended,
            ticket_id=row.ticket(),
            entered_at=row.time("entered_at"),
            billable=row.flag("billable"),
        )


class Worktime(RecordTable):
    """`type = "worktime"`: files are read whole each time."""

    name = "worktime"
    title = "Time entries, shifts and bookings (CSV)"
    options = WorktimeOptions
    reading = _Worktime
