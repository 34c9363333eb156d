"""Call detail records of Asterisk and FreePBX: several rows are one call.

A row is a leg: who was connected with whom, or was rung. Legs belong together by `linkedid`, else by the first
`uniqueid`. What the exchange calls ANSWERED may be its own voice (a menu, a queue's music, a mailbox): a human answered
only where the leg has a second channel and came of Dial or Queue. A caller who was in a queue and met nobody abandoned
it; one whom nobody picked up without a queue was missed.
"""

import re
from collections.abc import Callable, Iterator, Mapping

import msgspec

from deskaudit.connectors.records.tables import Cells
from deskaudit.connectors.tabular.headers import Layout
from deskaudit.connectors.tabular.sheets import RowFault
from deskaudit.i18n import _

MASTER = (
    "accountcode", "src", "dst", "dcontext", "clid", "channel", "dstchannel", "lastapp", "lastdata", "start", "answer",
    "end", "duration", "billsec", "disposition", "amaflags", "uniqueid", "userfield", "peeraccount", "linkedid", "sequence",
)  # fmt: skip
"""Master.csv has no header; the last five are there where cdr.conf says loguniqueid, loguserfield, newcdrcolumns."""
_MASTER_USED = (
    "src", "dst", "dcontext", "channel", "dstchannel", "lastapp", "lastdata", "start", "answer", "end", "duration", "billsec",
    "disposition", "uniqueid", "linkedid",
)  # fmt: skip
_FREEPBX_USED = (
    "calldate", "src", "dst", "dcontext", "channel", "dstchannel", "lastapp", "lastdata", "duration", "billsec", "disposition",
    "uniqueid",
)  # fmt: skip
LINKED = "linkedid"
"""What legs have in common; older FreePBX exports lack it."""
DISPOSITIONS = {
    "ANSWERED": "answered",
    "NO ANSWER": "missed",
    "NOANSWER": "missed",
    "BUSY": "busy",
    "FAILED": "failed",
    "CONGESTION": "failed",
}
_INBOUND = ("from-trunk", "from-pstn", "from-did", "from-outside", "ext-did", "incoming", "inbound")
_OUTBOUND = ("macro-dialout", "outbound", "outgoing", "outrt")
_HUMAN = frozenset({"dial", "queue", "appqueue", "followme", "bridge", ""})
_EXTENSION = re.compile(r"(?:SIP|PJSIP|IAX2|SCCP|DAHDI|Local|Agent|AGENT)/(\d{1,9})(?=[-@/]|$)")


def columns(preset: str) -> dict[str, str]:
    """Field → column of what is read."""
    return {name: name for name in (_MASTER_USED if preset == "asterisk" else (*_FREEPBX_USED, LINKED))}


def preset_of(layout: Layout) -> str:
    """Whether a table is the log of an exchange: freepbx by its column names, asterisk by its first row; "" for neither."""
    cells = [cell.strip() for cell in layout.header]
    if set(_FREEPBX_USED) <= {cell.casefold() for cell in cells}:
        return "freepbx"
    row = dict(zip(MASTER, cells, strict=False))
    told = row.get("disposition", "").upper() in DISPOSITIONS and row["duration"].isdigit() and row["billsec"].isdigit()
    return "asterisk" if told and "/" in row["channel"] and len(cells) <= len(MASTER) else ""


class Leg(msgspec.Struct, frozen=True):
    """One row."""

    call: str
    src: str
    dst: str
    context: str
    channel: str
    second: str  # the other channel; "" where the exchange itself talked
    app: str
    data: str
    started_at: int
    answered_at: int | None
    ended_at: int
    outcome: str


class Call(msgspec.Struct):
    """What its legs say together. `number` is the outside party's, "" where there is none."""

    key: str
    direction: str
    number: str
    started_at: int
    answered_at: int | None
    ended_at: int
    outcome: str
    queue: str
    extension: str


def read_leg(row: Cells) -> Leg:
    """One row. Raises RowFault where it says neither when nor how it ended."""
    started = row.need_time("start" if "start" in row.record else "calldate")
    lasted, talked = row.seconds("duration"), row.seconds("billsec")
    ended = row.time("end") if row.raw("end") else None
    ended = ended if ended is not None else started + (lasted or 0)
    disposition = DISPOSITIONS.get(row.raw("disposition").upper())
    if disposition is None:
        raise RowFault("disposition", _('"{text}" is no outcome').format(text=row.text("disposition", 40)))
    answered = row.time("answer") if row.raw("answer") else None
    if answered is None and disposition == "answered":
        answered = ended - talked if talked is not None else None
    if ended < started or (answered is not None and not started <= answered <= ended):
        raise RowFault("", _("it was answered or ended before it began"))
    key = row.raw("linkedid") or row.raw("uniqueid")
    return Leg(
        call=key or f"{started}:{row.raw('channel')}",
        src=row.raw("src"),
        dst=row.raw("dst"),
        context=row.raw("dcontext").casefold(),
        channel=row.raw("channel"),
        second=row.raw("dstchannel"),
        app=row.raw("lastapp").casefold(),
        data=row.raw("lastdata"),
        started_at=started,
        answered_at=answered,
        ended_at=ended,
        outcome=disposition,
    )


class Gathering:
    """Takes legs in, gives calls out."""

    def __init__(self, directions: Mapping[str, str], is_extension: Callable[[str], bool]) -> None:
        self._directions = directions
        self._is_extension = is_extension
        self._legs: dict[str, list[Leg]] = {}

    def add(self, leg: Leg) -> None:
        self._legs.setdefault(leg.call, []).append(leg)

    def calls(self) -> Iterator[Call]:
        for key, legs in self._legs.items():
            legs.sort(key=lambda leg: (leg.started_at, leg.ended_at))
            yield self._join(key, legs)

    def _join(self, key: str, legs: list[Leg]) -> Call:
        first = legs[0]
        direction = self._direction(legs)
        human = next((leg for leg in legs if leg.outcome == "answered" and leg.second and leg.app in _HUMAN), None)
        queued = next((leg for leg in legs if leg.app in {"queue", "appqueue"}), None)
        outside = first.dst if direction == "out" else "" if direction == "internal" else first.src
        if direction == "out":
            extension = self._extension(first.channel) or (first.src if self._is_extension(first.src) else "")
        else:
            extension = self._extension(human.second) if human else ""
        return Call(
            key=key,
            direction=direction,
            number=outside,
            started_at=first.started_at,
            answered_at=human.answered_at if human else None,
            ended_at=max(leg.ended_at for leg in legs),
            outcome="answered" if human else _unanswered(legs, queued, direction),
            queue=re.split(r"[,|]", queued.data)[0] if queued else "",
            extension=extension,
        )

    def _direction(self, legs: list[Leg]) -> str:
        """By the dial plan's contexts, else by who is an extension."""
        for leg in legs:
            if leg.context in self._directions:
                return self._directions[leg.context]
        first = legs[0]
        if any(leg.context.startswith(_INBOUND) for leg in legs):
            return "in"
        if any(leg.context.startswith(_OUTBOUND) for leg in legs):
            return "out"
        if not self._is_extension(first.src) and not self._extension(first.channel):
            return "in"
        is_number = first.dst[:1] == "+" or first.dst[:1].isdigit()
        return "out" if is_number and not self._is_extension(first.dst) else "internal"

    def _extension(self, channel: str) -> str:
        """The extension in a channel's name, as SIP/101-0000a3f2 or Local/101@from-queue-00f1;1; "" where none is."""
        found = _EXTENSION.match(channel)
        return found[1] if found and self._is_extension(found[1]) else ""


def _unanswered(legs: list[Leg], queued: Leg | None, direction: str) -> str:
    """How a call ended that no human answered."""
    if any(leg.app.startswith("voicemail") and leg.outcome == "answered" for leg in legs):
        return "voicemail"
    if direction == "in" and (queued is not None or any(leg.outcome == "answered" for leg in legs)):
        return "abandoned"  # in the queue, or in the menu
    outcomes = [leg.outcome for leg in legs]
    return next((outcome for outcome in ("busy", "missed", "failed") if outcome in outcomes), "unknown")
