"""The events of an iCalendar file and each time they happen, within a window. What is broken spoils only itself."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import msgspec
import recurring_ical_events

from deskaudit.i18n import _
from deskaudit.model.batches import Reject
from deskaudit.text import one_line

FAULTS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    NotImplementedError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What the two libraries raise for broken calendars, besides errors of their own, which are ValueErrors."""
MAX_FILE_BYTES = 64_000_000
MOST = 2000
"""So many times an event may happen within the window; a shift every half hour for a month is less."""
_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


class Occurrence(msgspec.Struct, frozen=True):
    """One time at which an event happens. `number` counts those of a file that begin at one time under one name."""

    uid: str
    number: int
    started_at: int
    ended_at: int
    event: Any  # icalendar.Event


def read_calendars(content: bytes) -> list[icalendar.Calendar]:
    """The calendars of a file. Raises ValueError with the reason where it is none."""
    if len(content) > MAX_FILE_BYTES:
        raise ValueError(_("it is larger than {n} MB").format(n=MAX_FILE_BYTES // 1_000_000))
    text = content.decode("utf-8-sig")
    if "BEGIN:VCALENDAR" not in text.upper():
        raise ValueError(_("it has no BEGIN:VCALENDAR"))
    try:
        found = icalendar.Calendar.from_ical(text, multiple=True)
    except FAULTS as fault:
        raise ValueError(one_line(fault, 200) or type(fault).__name__) from None
    calendars = [calendar for calendar in found if isinstance(calendar, icalendar.Calendar)]
    if not calendars:
        raise ValueError(_("it has no whole calendar; was it cut?"))
    return calendars


def expand(calendar: icalendar.Calendar, start: int, end: int, zone: ZoneInfo) -> Iterator[Occurrence | Reject]:
    """Every time the events of a calendar happen between two times (epoch seconds); what cannot be told is a Reject.

    Times without a zone, and whole days, are those of `zone`. Moved and cancelled days of a series are where they
    were moved to, and gone.
    """
    series: dict[str, list[Any]] = {}
    for number, component in enumerate(calendar.walk("VEVENT")):
        series.setdefault(_uid(component) or f"event {number + 1}", []).append(component)
    zones = calendar.walk("VTIMEZONE")
    for uid, components in series.items():
        counted: dict[int, int] = {}
        try:
            refuse_spans(components, zone)
            refuse_endless(components)
            for event in _happen(components, zones, start, end):
                begin, stop = _span(event, zone)
                if stop <= start or begin >= end:
                    continue
                counted[begin] = counted.get(begin, 0) + 1
                yield Occurrence(uid, counted[begin], begin, stop, event)
        except FAULTS as fault:
            yield Reject(_("event {uid}").format(uid=one_line(uid, 80)), one_line(fault, 200) or type(fault).__name__)


def _happen(components: list[Any], zones: list[Any], start: int, end: int) -> list[Any]:
    single = icalendar.Calendar()
    for component in [*zones, *components]:
        single.add_component(component)
    bounds = [datetime.fromtimestamp(at, ZoneInfo("UTC")) for at in (start, end)]
    margin = timedelta(days=2)  # floating times and whole days are moved to their zone afterwards
    found = recurring_ical_events.of(single, components=["VEVENT"]).between(bounds[0] - margin, bounds[1] + margin)
    if len(found) > MOST:
        raise ValueError(_("it happens {n} times; {most} are believed").format(n=len(found), most=MOST))
    return list(found)


def refuse_spans(components: list[Any], zone: ZoneInfo) -> None:
    """Raises ValueError for an event without a beginning, or with an end before it: the library would turn it round.

    Also for a time in a zone that nobody knows, which the library would take for one without a zone.
    """
    for component in components:
        if component.get("DTSTART") is None:
            raise ValueError(_("it has no beginning that can be read"))
        for name in ("DTSTART", "DTEND"):
            said = getattr(component.get(name), "params", {}).get("TZID", "")
            when = getattr(component.get(name), "dt", None)
            if said and isinstance(when, datetime) and when.tzinfo is None:
                raise ValueError(
                    _("its time zone {zone} is neither known nor described in the file").format(zone=one_line(said, 60))
                )
        _span(component, zone)


def refuse_endless(components: list[Any]) -> None:
    """Raises ValueError for rules that would be unrolled for ever, or for too long."""
    for component in components:
        if component.start.year < 1970:
            raise ValueError(_("it begins before 1970"))
        rules = component.get("RRULE") or []
        for rule in rules if isinstance(rules, list) else [rules]:
            frequency = str(next(iter(rule.get("FREQ", [])), "")).upper()
            if frequency not in {"DAILY", "WEEKLY", "MONTHLY", "YEARLY"}:
                raise ValueError(_("it repeats {how}: no shift does").format(how=one_line(frequency, 20) or "?"))
            if any(int(interval) < 1 for interval in rule.get("INTERVAL", [])):
                raise ValueError(_("its INTERVAL is no count"))
            each_day = 1
            for part in ("BYHOUR", "BYMINUTE", "BYSECOND"):
                each_day *= max(len(rule.get(part, [])), 1)
            if each_day > 48:
                raise ValueError(_("it happens {n} times a day").format(n=each_day))
            last = rule.get("UNTIL", [])
            if any(_day(until) < _day(component.start) - timedelta(days=1) for until in last):  # a day for zones
                raise ValueError(_("it is repeated until a day before its first"))
            _refuse_never(rule)


def _day(when: date | datetime) -> date:
    return when.date() if isinstance(when, datetime) else when


def _refuse_never(rule: Any) -> None:
    """30 February is looked for until the end of all years."""
    months = [int(month) for month in rule.get("BYMONTH", [])] or list(range(1, 13))
    days = [int(day) for day in rule.get("BYMONTHDAY", [])] or [1]
    if not any(1 <= month <= 12 and 1 <= abs(day) <= _DAYS[month - 1] for month in months for day in days):
        raise ValueError(_("it names a day that no month has"))


def _span(event: Any, zone: ZoneInfo) -> tuple[int, int]:
    """(beginning, end) in epoch seconds. Raises ValueError where it ends before it begins."""
    begin, stop = _at(event.start, zone), _at(event.end, zone)
    if stop < begin:
        raise ValueError(_("it ends before it begins"))
    return begin, stop


def _at(when: date | datetime, zone: ZoneInfo) -> int:
    if not isinstance(when, datetime):
        when = datetime.combine(when, time(), zone)
    elif when.tzinfo is None:
        when = when.replace(tzinfo=zone)
    return int(when.timestamp())


def _uid(component: Any) -> str:
    return one_line(component.get("UID", ""), 200)
