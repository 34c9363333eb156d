"""Calls from a telephone exchange's log, and other contacts that stand in a table: chats, alerts, walk-ups.

Numbers become E.164 and then keyed hashes: the numbers themselves are not kept, so that a caller can be called the same
in two places, and nobody can be called. A withheld number has no hash.
"""

from collections.abc import Iterable
from typing import Any, ClassVar, Literal

import msgspec

from deskaudit.connectors import Context
from deskaudit.connectors.phones import check_region, e164
from deskaudit.connectors.recognition import Likeness, Specimen
from deskaudit.connectors.records import asterisk
from deskaudit.connectors.records.options import Columns, RecordOptions, check_words
from deskaudit.connectors.records.tables import Cells, Reading, RecordTable
from deskaudit.connectors.tabular.cells import fold_text
from deskaudit.connectors.tabular.headers import Layout
from deskaudit.connectors.tabular.sheets import RowFault
from deskaudit.i18n import _
from deskaudit.model.entities import Interaction, Row
from deskaudit.text import one_line

CHANNELS = ("call", "chat", "email", "alert", "portal", "walkup")
OUTCOMES = {
    "answered": ("answered", "completed", "connected", "ok", "success", "picked up"),
    "missed": ("missed", "no answer", "noanswer", "unanswered", "not answered", "ring no answer", "timeout"),
    "abandoned": ("abandoned", "abandon", "hung up", "caller hung up", "cancelled", "canceled", "lost"),
    "voicemail": ("voicemail", "voice mail", "mailbox"),
    "busy": ("busy",),
    "failed": ("failed", "congestion", "error", "rejected", "chanunavail"),
    "unknown": ("unknown",),
}
DIRECTIONS = {
    "in": ("in", "inbound", "incoming", "inc"),
    "out": ("out", "outbound", "outgoing"),
    "internal": ("internal", "local", "int"),
}


class CallColumns(Columns, frozen=True, kw_only=True, forbid_unknown_fields=True):
    started_at: str | None = None
    answered_at: str | None = None
    ended_at: str | None = None
    wait: str | None = None
    talk: str | None = None
    duration: str | None = None
    key: str | None = None
    channel: str | None = None
    direction: str | None = None
    outcome: str | None = None
    queue: str | None = None
    department: str | None = None
    caller: str | None = None
    called: str | None = None
    customer: str | None = None
    agent: str | None = None
    agent_email: str | None = None
    ticket: str | None = None

    help: ClassVar[dict[str, str]] = {
        "started_at": "When it began to ring, or came in.",
        "answered_at": "When a human answered.",
        "ended_at": "When it ended.",
        "wait": "Instead of answered_at: how long the caller waited.",
        "talk": "How long they talked; 0 means that nobody answered.",
        "duration": "Instead of ended_at: how long it lasted in all.",
        "key": "The call's own number; rows with the same one are bad. Left out: the row's cells tell it.",
        "channel": "call, chat, email, alert, portal or walkup, where one file holds several; channels translates.",
        "direction": "in, out or internal; directions translates. Left out: told from caller and called.",
        "outcome": "answered, missed, abandoned, voicemail, busy or failed; outcomes translates.",
        "queue": "The queue or number that was called.",
        "department": "The department that it belongs to.",
        "caller": "The number that called; kept as a keyed hash of its international form only.",
        "called": "The number that was called.",
        "customer": "For other channels: the customer's address, kept as a keyed hash.",
        "agent": "Who took it: name or extension, or id in the source that agents_of names.",
        "agent_email": "That person's address.",
        "ticket": "The ticket it became, by its id in the source that tickets_of names.",
    }


class CallOptions(RecordOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The options of `type = "calls"`."""

    columns: CallColumns = msgspec.field(default_factory=CallColumns)
    preset: Literal["", "asterisk", "freepbx"] = ""
    channel: Literal["call", "chat", "email", "alert", "portal", "walkup"] = "call"
    channels: dict[str, str] = msgspec.field(default_factory=dict)
    region: str = ""
    extension_digits: int = 5
    extensions: dict[str, str] = msgspec.field(default_factory=dict)
    outcomes: dict[str, str] = msgspec.field(default_factory=dict)
    directions: dict[str, str] = msgspec.field(default_factory=dict)

    help: ClassVar[dict[str, str]] = {
        **RecordOptions.help,
        "columns": "Model field = column name; started_at is needed. With a preset, none.",
        "preset": "asterisk: Master.csv as Asterisk writes it, without column names; freepbx: the export of its CDR report.",
        "channel": "What the rows are where no column says it: call, chat, email, alert, portal or walkup.",
        "channels": "The file's words for a channel = call, chat, email, alert, portal or walkup.",
        "region": "The country of numbers without a country code: NO, ES, …; without it only numbers with + are told apart.",
        "extension_digits": "Numbers of at most so many digits are extensions of the desk, and no customers.",
        "extensions": "Extension = the address or name of the person behind it.",
        "outcomes": "The file's words for an outcome = answered, missed, abandoned, voicemail, busy, failed or unknown.",
        "directions": "The file's words for a direction = in, out or internal; with a preset: contexts of the dial plan.",
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        check_region(self.region)
        check_words(self.channels, CHANNELS)
        check_words(self.outcomes, OUTCOMES)
        check_words(self.directions, DIRECTIONS)
        if not 0 <= self.extension_digits <= 9:
            raise ValueError(_("extension_digits is a number from 0 to 9"))
        if self.preset and self.columns.names():
            raise ValueError(_("preset and columns both say what the columns are: keep one"))
        if not self.preset:
            self.columns.need("started_at")


def _by_word(known: dict[str, tuple[str, ...]], own: dict[str, str]) -> dict[str, str]:
    found = {word: meant for meant, words in known.items() for word in words}
    return found | {fold_text(word): meant for word, meant in own.items()}


class _Calls(Reading):
    entity = "interaction"
    times = ("started_at", "answered_at", "ended_at", "start", "answer", "end", "calldate")
    optional = frozenset({asterisk.LINKED})
    fills: ClassVar = {
        "interaction": (),
        "agent": ("agent", "agent_email", "dstchannel"),
        "department": ("department",),
        "contact": ("customer",),
    }
    options: CallOptions

    def __init__(self, options: Any, context: Context, entities: frozenset[str] | None = None) -> None:
        if options.preset:
            names = list(asterisk.MASTER) if options.preset == "asterisk" and not options.names else options.names
            options = msgspec.structs.replace(options, names=names, duration_unit=options.duration_unit or "s")
        super().__init__(options, context, entities)

    @classmethod
    def columns(cls, options: CallOptions) -> dict[str, str]:
        return asterisk.columns(options.preset) if options.preset else options.columns.names()

    def begin(self) -> None:
        self._outcomes = _by_word(OUTCOMES, self.options.outcomes)
        self._directions = _by_word(DIRECTIONS, self.options.directions)
        self._channels = {name: name for name in CHANNELS} | {
            fold_text(word): meant for word, meant in self.options.channels.items()
        }
        self._people = {"".join(number.split()): who for number, who in self.options.extensions.items()}
        self._legs = asterisk.Gathering(self._directions, self.is_extension)

    def take(self, row: Cells) -> Iterable[Row]:
        """One contact; with a preset a leg of a call, which is made when all its legs are known."""
        if self.options.preset:
            if self.identify(row) is not None:
                self._legs.add(asterisk.read_leg(row))
            return
        started = row.need_time("started_at")
        outcome = row.choice("outcome", self._outcomes, "outcomes")
        answered, ended = self._times(row, started, outcome)
        identity = self.identify(row, row.raw("key"))
        if identity is None:
            return
        channel = row.choice("channel", self._channels, "channels") if row.raw("channel") else self.options.channel
        direction = self._direction(row)
        yield Interaction(
            id=self.context.key("interaction", f"{channel}:{identity}"),
            ext_id=one_line(row.raw("key"), 80) or None,
            channel=channel or "other",
            direction=direction,
            started_at=started,
            answered_at=answered,
            ended_at=ended,
            outcome=outcome or self._told_by_times(row, answered, ended),
            queue=row.text("queue", 60),
            department_id=row.department("department"),
            contact_id=self.directory.contact(row.raw("customer")),
            number_hash=row.phone("called" if direction == "out" else "caller") if direction != "internal" else None,
            agent_id=self.person(row.raw("agent"), row.raw("agent_email")),
            ticket_id=row.ticket(),
        )

    def last(self) -> Iterable[Row]:
        """The calls of a preset, made of their legs."""
        for call in self._legs.calls():
            yield Interaction(
                id=self.context.key("interaction", f"call:{call.key}"),
                ext_id=one_line(call.key, 80),
                channel="call",
                direction=call.direction,
                started_at=call.started_at,
                answered_at=call.answered_at,
                ended_at=call.ended_at,
                outcome=call.outcome,
                queue=one_line(call.queue, 60) or None,
                number_hash=self.context.person(e164(call.number, self.options.region)),
                agent_id=self.person(call.extension, ""),
            )

    def is_extension(self, number: str) -> bool:
        digits = number.strip()
        return digits.isascii() and digits.isdigit() and len(digits) <= self.options.extension_digits

    def person(self, said: str, address: str) -> int | None:
        """An agent by name or extension."""
        known = self._people.get("".join(said.split()), said)
        return self.agent(known, address)

    def _times(self, row: Cells, started: int, outcome: str | None) -> tuple[int | None, int | None]:
        """(answered, ended), from times or from durations. RowFault where they contradict the beginning.

        A wait is a wait for an answer only where the row says that there was one: by its outcome, or by the talk.
        """
        answered, ended = row.time("answered_at"), row.time("ended_at")
        wait, talk, lasted = row.seconds("wait"), row.seconds("talk"), row.seconds("duration")
        if ended is None and lasted is not None:
            ended = started + lasted
        if answered is None and outcome in {None, "answered"}:
            if wait is not None and (talk or outcome):
                answered = started + wait
            elif talk and ended is not None:
                answered = ended - talk
        if ended is None and answered is not None and talk is not None:
            ended = answered + talk
        if answered is not None and answered < started:
            raise RowFault("", _("it was answered before it began"))
        if ended is not None and ended < max(started, answered or 0):
            raise RowFault("", _("it ended before it began or was answered"))
        return answered, ended

    def _told_by_times(self, row: Cells, answered: int | None, ended: int | None) -> str:
        """The outcome of a row that names none that is known."""
        if answered is not None:
            return "answered"
        knows = any(name in self.names for name in ("answered_at", "talk"))
        return "missed" if knows and ended is not None and not row.raw("outcome") else "unknown"

    def _direction(self, row: Cells) -> str | None:
        if row.raw("direction"):
            return row.choice("direction", self._directions, "directions")
        caller, called = row.raw("caller"), row.raw("called")
        if not caller or not called:
            return None
        ours = self.is_extension(caller), self.is_extension(called)
        return "internal" if all(ours) else "out" if ours[0] else "in"


class Calls(RecordTable):
    """`type = "calls"`: files are read whole each time."""

    name = "calls"
    title = "Calls and other contacts (Asterisk and FreePBX CDR, CSV)"
    options = CallOptions
    reading = _Calls

    @classmethod
    def recognises(cls, specimen: Specimen) -> Likeness | None:
        """The log of an exchange, of whose rows several are one call; else a table with the usual columns."""
        for layout in specimen.layouts:
            if preset := asterisk.preset_of(layout):
                return _likeness_of_exchange(specimen, layout, preset)
        return super().recognises(specimen)


def _likeness_of_exchange(specimen: Specimen, layout: Layout, preset: str) -> Likeness:
    import tomlkit

    encoding, notes = specimen.encoding
    open_points = [
        _('region = "NO": where numbers without a country code lie'),
        _("zone = \"Europe/Oslo\": the exchange's clock, if not in the desk's zone"),
    ]
    options = tomlkit.table()
    options.add("path", specimen.path)
    if encoding != "auto":
        options.add("encoding", encoding)
    options.add("preset", preset)
    for point in open_points:
        options.add(tomlkit.comment(point))
    return Likeness(
        options=options,
        why=_("call detail records as {preset} writes them: several rows are one call").format(preset=preset),
        lines=tuple(_("note        {text}").format(text=note) for note in notes),
        open=(*notes, *open_points),
        columns=frozenset(cell for cell in layout.header if cell),
    )
