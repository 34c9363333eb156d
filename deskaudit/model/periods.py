"""Audit periods: which span is judged, and against which one it is compared (ruling 2)."""

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

from deskaudit.errors import ConfigError
from deskaudit.i18n import _

QUICK_DAYS = 28
FIRST_YEAR, LAST_YEAR = 1971, 2999


class Period(msgspec.Struct, frozen=True):
    """Epoch seconds, from `start` up to but without `end`."""

    start: int
    end: int

    @property
    def reference(self) -> tuple[int, int]:
        """The equally long period before."""
        return (2 * self.start - self.end, self.start)


def quarter_before(as_of: int, zone: str) -> Period:
    """The last quarter that was complete at `as_of`, in the desk's zone: what full audits judge."""
    day = datetime.fromtimestamp(as_of, ZoneInfo(zone)).date()
    end = date(day.year, (day.month - 1) // 3 * 3 + 1, 1)
    start = date(end.year - 1, 10, 1) if end.month == 1 else date(end.year, end.month - 3, 1)
    return Period(_midnight(start, zone), _midnight(end, zone))


def days_before(as_of: int, days: int = QUICK_DAYS) -> Period:
    """The `days` before `as_of`: what quick scans judge."""
    return Period(as_of - days * 86400, as_of)


def parse(text: str, zone: str) -> Period:
    """`2026-Q3`, `2026-07`, `2026` `2026-07-01` or `2026-07-01..2026-09-30` (both days included), in the desk's zone."""
    if match := re.fullmatch(r"(\d{4})-?[Qq]([1-4])", text):
        year, month, months = int(match[1]), 3 * int(match[2]) - 2, 3
    elif match := re.fullmatch(r"(\d{4})-(0[1-9]|1[0-2])", text):
        year, month, months = int(match[1]), int(match[2]), 1
    elif match := re.fullmatch(r"(\d{4})", text):
        year, month, months = int(match[1]), 1, 12
    else:
        first, dots, last = text.partition("..")
        last = last if dots else first  # a single day
        start, end = parse_day(first), parse_day(last) + timedelta(days=1)
        if end <= start:
            raise ConfigError(
                _("The period {text} ends before it begins.").format(text=text),
                hint=_("Write the earlier day first; both days are included."),
            )
        return Period(_midnight(start, zone), _midnight(end, zone))
    _refuse_far(year, text)
    following = date(year + (month + months - 1) // 12, (month + months - 1) % 12 + 1, 1)
    return Period(_midnight(date(year, month, 1), zone), _midnight(following, zone))


def parse_day(text: str) -> date:
    try:
        found = date.fromisoformat(text.strip())
    except ValueError:
        raise _unreadable(text) from None
    _refuse_far(found.year, text)
    return found


def parse_as_of(text: str, zone: str) -> int:
    """A day (its end) or an ISO 8601 time, in the desk's zone where it names none; epoch seconds."""
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return _midnight(parse_day(text) + timedelta(days=1), zone)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise _unreadable(text) from None
    _refuse_far(moment.year, text)
    return int((moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))).timestamp())


def last_second(day: date, zone: str) -> int:
    """Of a day in a zone, in epoch seconds."""
    return int(datetime.combine(day, time(23, 59, 59), ZoneInfo(zone)).timestamp())


def iso(moment: int) -> str:
    """Epoch seconds as ISO 8601, UTC."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _refuse_far(year: int, text: str) -> None:
    """No desk is as old as epoch seconds, and calendars end at the year 9999."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise ConfigError(
            _("{text} lies outside the years {first} to {last}.").format(text=text, first=FIRST_YEAR, last=LAST_YEAR),
            hint=_("Name a period that has begun."),
        )


def _midnight(day: date, zone: str) -> int:
    return int(datetime.combine(day, time(), ZoneInfo(zone)).timestamp())


def _unreadable(text: str) -> ConfigError:
    return ConfigError(
        _('"{text}" is no period or day.').format(text=text),
        hint=_("Write 2026-Q3, 2026-07, 2026, 2026-07-01..2026-09-30, or a day as 2026-07-01."),
    )
