"""What all entries of registers share: their root, who and when, and the rows that prove something."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import msgspec

from deskaudit.config import seconds
from deskaudit.connectors import Context
from deskaudit.connectors.csvfile.directory import Directory
from deskaudit.connectors.records.tables import SLACK_S
from deskaudit.connectors.tabular.cells import fold_text
from deskaudit.errors import ConfigError
from deskaudit.i18n import _
from deskaudit.model.entities import Record, Row
from deskaudit.model.keys import row_key
from deskaudit.text import one_line


class Clock(msgspec.Struct, frozen=True):
    """What the days of a register mean, and which of them lie ahead."""

    zone: ZoneInfo
    now: int

    def at(self, when: date | datetime | None, *, ends: bool = False) -> int | None:
        """Epoch seconds; a day is its midnight in the registers' zone, or with `ends` its last second."""
        if when is None:
            return None
        if not isinstance(when, datetime):
            when = datetime.combine(when, time(23, 59, 59) if ends else time(), self.zone)
        elif when.tzinfo is None:
            when = when.replace(tzinfo=self.zone)
        return int((when - datetime(1970, 1, 1, tzinfo=ZoneInfo("UTC"))).total_seconds())

    def complaint(self, entry: "Table") -> tuple[str, list[str]]:
        """What is wrong with the days of an entry, and the way there: the key, or list, number and key; ("", [])."""
        way = self._ahead(entry)
        return (_("it lies ahead, and tells of something done") if way else "", way)

    def _ahead(self, table: "Table") -> list[str]:
        for key in table.__struct_fields__:
            value = getattr(table, key)
            if isinstance(value, date) and key not in table.may_lie_ahead:
                if (self.at(value) or 0) > self.now + SLACK_S:
                    return [key]
            elif isinstance(value, list):
                for number, inner in enumerate(value, start=1):
                    if isinstance(inner, Table) and (way := self._ahead(inner)):
                        return [key, str(number), *way]
        return []


class Links:
    """What turns the words of an entry into ids and times."""

    def __init__(self, context: Context, *, zone: str = "", agents_of: str = "", assets_of: str = "") -> None:
        self.context = context
        self.directory = Directory(context, [])
        self.clock = Clock(ZoneInfo(zone or context.zone), context.now())
        self.at = self.clock.at
        self._agents_of = agents_of
        self._assets_of = assets_of

    def id(self, entity: str, *parts: object) -> int:
        return self.context.key(entity, "\x1f".join(fold_text(str(part)) for part in parts))

    def agent(self, who: str) -> int | None:
        """A person by address or name; None for ""."""
        if not who.strip():
            return None
        if self._agents_of:
            said = fold_text(who)
            return row_key(self._agents_of, "agent", "@" + said if "@" in said else said)
        return self.directory.agent(who)

    def asset(self, device: str) -> int:
        """A machine by its key in the source `assets_of`, as asset lists make it."""
        return row_key(self._assets_of or self.context.source, "asset", fold_text(device))


class Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Root of entries and of the tables in them. `help` has a sentence per key, `example` a value where one helps."""

    help: ClassVar[dict[str, str]] = {}
    example: ClassVar[dict[str, Any]] = {}
    may_lie_ahead: ClassVar[frozenset[str]] = frozenset()  # days of what is planned or runs out


class Entry(Table, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One entry of a register. `example` has what its commented example says."""

    def rows(self, links: Links) -> Iterable[Row]:
        """What the entry means; the first row is its own."""
        raise NotImplementedError


class Test(Table, frozen=True, kw_only=True, forbid_unknown_fields=True):
    on: date
    by: str = ""
    result: str = "passed"

    help: ClassVar[dict[str, str]] = {
        "on": "The day.",
        "by": "Who did it: address or name.",
        "result": "passed, failed, or in your own words.",
    }


class Approval(Table, frozen=True, kw_only=True, forbid_unknown_fields=True):
    on: date
    by: str

    help: ClassVar[dict[str, str]] = {"on": "The day.", "by": "Who approved: address or name."}


class Confirmation(Table, frozen=True, kw_only=True, forbid_unknown_fields=True):
    by: str
    on: date
    version: str = ""

    help: ClassVar[dict[str, str]] = {
        "by": "Who has read it and will follow it: address or name.",
        "on": "The day.",
        "version": "Which version; left out: the current one.",
    }


def proofs(
    links: Links, kind: str, about: str, about_id: int, done: Iterable[Test | Approval | Confirmation], result: str = ""
) -> Iterator[Record]:
    """The records of what was done about a thing: tested, approved, confirmed."""
    for one in done:
        said = one.result if isinstance(one, Test) else one.version if isinstance(one, Confirmation) else ""
        yield Record(
            id=links.id("record", kind, about_id, one.on, one.by),
            kind=kind,
            happened_at=links.at(one.on),
            agent_id=links.agent(one.by),
            about=one_line(about, 200),
            about_id=about_id,
            result=one_line(said or result, 120) or None,
        )


def check_web(url: str) -> None:
    """Raises ValueError for what is no address on the web; "" is allowed."""
    if url and not url.lower().startswith(("http://", "https://")):
        raise ValueError(
            _('url is "{text}"; write an address that begins with https:// or http://, or leave it out').format(
                text=one_line(url, 40)
            )
        )


def check_spans(**texts: str) -> None:
    """Raises ValueError for what is no duration; "" is allowed."""
    for name, text in texts.items():
        try:
            span(text, name)
        except ConfigError as fault:
            raise ValueError(fault.message) from None


def span(text: str, name: str = "") -> int | None:
    """Seconds of 90m, 6h, 1d, 2w; None for ""."""
    return seconds(text, name) if text else None


def read_share(said: float | str | None) -> float | None:
    """0.75, "0.75" or "75 %" as 0.75. Raises ValueError, as a sentence, for what does not lie between 0 and 1."""
    if said is None:
        return None
    text = f"{said:g}" if isinstance(said, float) else said.strip()  # a typed 80 comes as 80.0
    try:
        found = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        found = 0
    if not 0 < found <= 1:
        raise ValueError(
            _('share is "{text}"; write 0.75 or "75 %": more than 0, and at most 1 (100 %)').format(text=text[:40])
        )
    return found


def check_filled(**texts: str) -> None:
    """Raises ValueError for a name that is empty."""
    for name, text in texts.items():
        if not text.strip():
            raise ValueError(_("{name} is empty").format(name=name))
