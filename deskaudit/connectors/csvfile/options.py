"""The options of a ticket table: which column is what, and what its words mean."""

from typing import ClassVar, Literal

import msgspec

from deskaudit.connectors.mapping import Priorities, Rule, TicketMapping
from deskaudit.connectors.tabular.options import TableOptions
from deskaudit.i18n import _

CHANNELS = ("email", "chat", "phone", "form", "portal", "social", "walkup", "other")
TIMES = (
    "created_at",
    "changed_at",
    "first_response_at",
    "resolved_at",
    "closed_at",
    "deleted_at",
    "response_due_at",
    "resolve_due_at",
    "rated_at",
    "survey_sent_at",
    "happened_at",
)
MAPPED = ("priority", "type", "category", "service", "language", "company")
"""Columns that are short for a rule of the mapping without values."""


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Root of the tables below."""


class Columns(_Table, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Model field → column name of the file. Case, blanks and signs of a name do not count."""

    key: str | None = None
    code: str | None = None
    title: str | None = None
    url: str | None = None
    channel: str | None = None
    status: str | None = None
    priority: str | None = None
    type: str | None = None
    category: str | None = None
    service: str | None = None
    language: str | None = None
    company: str | None = None
    department: str | None = None
    agent: str | None = None
    agent_email: str | None = None
    requester: str | None = None
    country: str | None = None
    created_at: str | None = None
    changed_at: str | None = None
    first_response_at: str | None = None
    first_response_after: str | None = None
    resolved_at: str | None = None
    resolved_after: str | None = None
    closed_at: str | None = None
    deleted_at: str | None = None
    sla_level: str | None = None
    response_due_at: str | None = None
    resolve_due_at: str | None = None
    response_met: str | None = None
    resolve_met: str | None = None
    overdue: str | None = None
    reply_count: str | None = None
    reopen_count: str | None = None
    merged_into: str | None = None
    labels: str | None = None
    score: str | None = None
    rated_at: str | None = None
    survey_sent_at: str | None = None
    comment: str | None = None
    happened_at: str | None = None

    help: ClassVar[dict[str, str]] = {
        "key": "The ticket's own number or id; rows without it are bad.",
        "code": "What people call the ticket, where it is not the key.",
        "title": "The subject line.",
        "url": "A link to the ticket (http or https).",
        "channel": "How it came in; its words are translated by channels.",
        "status": "Its state; its words are translated by mapping.statuses. Left out: told from the times.",
        "priority": "Its priority where the file says P1 to P4; else use mapping.priority with values.",
        "type": "Its type, as written; mapping.type translates.",
        "category": "Its category, as written; mapping.category translates.",
        "service": "The service or product it is about.",
        "language": "Its language.",
        "company": "The customer's company.",
        "department": "The name of the group that holds it.",
        "agent": "The name of the person who holds it.",
        "agent_email": "That person's address; kept as a keyed hash, and it tells namesakes apart.",
        "requester": "The customer's address, number or name; kept as a keyed hash.",
        "country": "The customer's country.",
        "created_at": "When it was made; needed unless shape is events.",
        "changed_at": "When it last changed.",
        "first_response_at": "When a human first answered.",
        "first_response_after": "Instead: time from creation to the first answer, by the clock on the wall.",
        "resolved_at": "When it was resolved; a time before creation is kept out.",
        "resolved_after": "Instead: time from creation to resolution, by the clock on the wall.",
        "closed_at": "When it was closed.",
        "deleted_at": "When it was deleted.",
        "sla_level": "The service level it has.",
        "response_due_at": "When the first answer was due; a day without a time means its end.",
        "resolve_due_at": "When the resolution was due.",
        "response_met": "The desk's own flag: first answer within the service level (flags has the words).",
        "resolve_met": "The desk's own flag: resolved within the service level.",
        "overdue": "The desk's own overdue mark.",
        "reply_count": "Public replies by agents.",
        "reopen_count": "How often it was reopened.",
        "merged_into": "The key of the ticket that it was merged into.",
        "labels": "Tags; a column that stands there several times gives all of them.",
        "score": "The answer to the satisfaction survey (see ratings).",
        "rated_at": "When the survey was answered.",
        "survey_sent_at": "When the survey was sent.",
        "comment": "The comment of the survey: only whether there is one is kept.",
        "happened_at": "When the event happened (shape events).",
    }


class Ratings(_Table, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the score column says."""

    scale: tuple[float, float] = (1, 5)
    words: dict[str, float] = msgspec.field(default_factory=dict)
    unanswered: list[str] = msgspec.field(default_factory=lambda: ["Offered", "Unanswered"])
    not_sent: list[str] = msgspec.field(default_factory=lambda: ["Not offered", "Unoffered"])
    empty: Literal["unanswered", "not_sent"] = "unanswered"

    help: ClassVar[dict[str, str]] = {
        "scale": "The lowest and the highest score: [1, 5], [0, 10], [0, 1].",
        "words": "Scores that are words: { Good = 1, Bad = 0 }.",
        "unanswered": "Words for a survey that was sent and not answered.",
        "not_sent": "Words for tickets that got no survey.",
        "empty": "What an empty score means: unanswered (a survey without an answer) or not_sent.",
    }

    def __post_init__(self) -> None:
        if self.scale[0] >= self.scale[1]:
            raise ValueError(_("scale is the lowest and the highest score, as [1, 5]"))


class Log(_Table, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a ticket is made of its events."""

    resolved: Literal["first", "last"] = "last"
    first: list[str] = msgspec.field(default_factory=list)
    response: list[str] = msgspec.field(default_factory=list)

    help: ClassVar[dict[str, str]] = {
        "resolved": "Which event with a resolved or closed status gives resolved_at: the first or the last.",
        "first": "Columns that the first event decides; for all others it is the last.",
        "response": "Words of the status column whose first event is the first answer to the customer.",
    }

    def __post_init__(self) -> None:
        unknown = [name for name in self.first if name not in Columns.__struct_fields__]
        if unknown:
            raise ValueError(_('log.first: "{name}" is none of the columns').format(name=unknown[0]))


class CsvOptions(TableOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The options of `type = "csv"`."""

    preset: str = ""
    columns: Columns = msgspec.field(default_factory=Columns)
    shape: Literal["tickets", "events"] = "tickets"
    mapping: TicketMapping = msgspec.field(default_factory=TicketMapping)
    channels: dict[str, str] = msgspec.field(default_factory=dict)
    flags: dict[str, bool] = msgspec.field(default_factory=dict)
    nobody: list[str] = msgspec.field(default_factory=lambda: ["Unassigned", "Nobody", "No agent"])
    fields: list[str] = msgspec.field(default_factory=list)
    label_separator: str = ""
    duration_unit: Literal["", "s", "m", "h", "d"] = ""
    ratings: Ratings = msgspec.field(default_factory=Ratings)
    log: Log = msgspec.field(default_factory=Log)

    ways: ClassVar[tuple[tuple[str, ...], ...]] = (("columns",), ("preset",))
    help: ClassVar[dict[str, str]] = {
        **TableOptions.help,
        "preset": "The program that wrote the file: zendesk, freshdesk, … (deskaudit sources detect FILE names it). It fills all keys below that are left out.",
        "columns": "Model field = column name. key and created_at (or happened_at) are needed, all others are optional.",
        "shape": "tickets: one row is one ticket; events: one row is one change of a ticket.",
        "mapping": "What the desk's words for priority, category, type, service and status mean, as for every ticket source.",
        "channels": "The desk's words for a channel = email, chat, phone, form, portal, social, walkup or other.",
        "flags": "The desk's words in flag columns = true (met, or yes) or false, where they are not yes and no.",
        "nobody": "Words in the agent column that mean nobody.",
        "fields": "More columns to keep with each ticket, as custom fields.",
        "label_separator": "What stands between several labels in one cell.",
        "duration_unit": "The unit of durations that are bare numbers: s, m, h or d. HH:MM:SS needs none.",
        "ratings": "What the score column says.",
        "log": "How a ticket is made of its events (shape events).",
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.preset:
            from deskaudit.connectors.csvfile import presets

            presets.check_name(self.preset)
        for needed in ("key", "created_at" if self.shape == "tickets" else "happened_at"):
            if getattr(self.columns, needed) is None and not self.preset:
                raise ValueError(
                    _("columns.{name} is needed where shape is {shape}, or a preset that knows it").format(
                        name=needed, shape=self.shape
                    )
                )
        for value in self.channels.values():
            if value not in CHANNELS:
                raise ValueError(
                    _('"{value}" is no channel; write one of {known}').format(value=value, known=", ".join(CHANNELS))
                )
        for name in MAPPED:
            if getattr(self.columns, name) is not None and getattr(self.mapping, name) is not None:
                raise ValueError(
                    _("columns.{name} and mapping.{name} both say what {name} is: keep one").format(name=name)
                )
        for one, other in (("first_response_at", "first_response_after"), ("resolved_at", "resolved_after")):
            if getattr(self.columns, one) is not None and getattr(self.columns, other) is not None:
                raise ValueError(
                    _("columns.{one} and columns.{other} say the same: keep one").format(one=one, other=other)
                )

    def full_mapping(self) -> TicketMapping:
        """The mapping with the short forms of `columns` in it."""
        rules: dict[str, Rule] = {}
        for name in MAPPED:
            column = getattr(self.columns, name)
            if column is not None:
                rules[name] = Priorities(field=column) if name == "priority" else Rule(field=column)
        return msgspec.structs.replace(self.mapping, **rules)

    def all_fields(self) -> dict[str, str]:
        """Field → column of all that is read; columns of rules and custom fields go by ":" and their name."""
        named = {
            field: column
            for field in Columns.__struct_fields__
            if field not in MAPPED and (column := getattr(self.columns, field)) is not None
        }
        rules = (getattr(self.full_mapping(), name) for name in TicketMapping.__struct_fields__)
        extra = [column for rule in rules if (column := getattr(rule, "field", None)) is not None]
        return named | {":" + column: column for column in [*extra, *self.fields]}
