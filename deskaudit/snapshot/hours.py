"""Opening hours of the config, understood: which quarter hours of a week are open, and which days are not."""

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterable

import msgspec

from deskaudit.config import DAYS, USUAL_HOURS, Calendar, Config
from deskaudit.i18n import _
from deskaudit.tomltables import OptionError

QUARTER = 900
ROUND_THE_CLOCK, DEFAULT = 0, 1
_SPAN = re.compile(r"(\d{1,2}):(\d{2})\s*[-–]\s*(\d{1,2}):(\d{2})")
_GRID = tuple(range(96))


class Hours(msgspec.Struct, frozen=True, kw_only=True):
    """One calendar. `week` has, Monday first, the open quarter hours (0 to 95) of each local day."""

    id: int
    name: str
    zone: str
    week: tuple[tuple[int, ...], ...]
    closed: frozenset[dt.date] = frozenset()
    holidays: str = ""
    departments: tuple[str, ...] = ()
    assumed: bool = False  # the config does not say when it opens

    @property
    def day_s(self) -> int:
        """Open seconds of a usual business day: the commonest of the week's open days, the longer of two as common."""
        lengths = Counter(len(day) for day in self.week if day)
        return QUARTER * max(lengths, key=lambda length: (lengths[length], length))

    def closed_days(self, first: dt.date, last: dt.date) -> set[dt.date]:
        """Local dates on which it does not open, closed dates and public holidays, from `first` to `last`."""
        days = set(self.closed)
        if self.holidays:
            days |= _public_holidays(self.holidays, range(first.year, last.year + 1))
        return {day for day in days if first <= day <= last}


def read_calendars(config: Config) -> list[Hours]:
    """The calendars in the order of their ids: 0 round the clock, 1 the default, then the others as the config has them.

    Raises OptionError that names the key: no quarter hours, spans that overlap, unknown days, countries or dates.
    """
    around = Hours(id=ROUND_THE_CLOCK, name="round the clock", zone=config.desk.zone, week=(_GRID,) * 7)
    others = {name: calendar for name, calendar in config.calendars.items() if name != "default"}
    found = [around, _read(DEFAULT, "default", config.calendars.get("default", Calendar()), config.desk.zone)]
    for number, (name, calendar) in enumerate(others.items(), start=DEFAULT + 1):
        found.append(_read(number, name, calendar, config.desk.zone))
    _refuse_shared_departments(found)
    return found


def _read(number: int, name: str, calendar: Calendar, desk_zone: str) -> Hours:
    key = f"calendars.{name}"
    if calendar.holidays:
        _check_country(calendar.holidays, f"{key}.holidays")
    week = _read_week(USUAL_HOURS if calendar.hours is None else calendar.hours, f"{key}.hours")
    if not any(week):
        raise _error(f"{key}.hours", _("it opens on no day"))
    return Hours(
        id=number,
        name=name,
        zone=calendar.zone or desk_zone,
        week=week,
        closed=frozenset(_read_date(text, f"{key}.closed") for text in calendar.closed),
        holidays=calendar.holidays,
        departments=tuple(calendar.departments),
        assumed=calendar.hours is None,
    )


def _read_week(hours: dict[str, list[str]], key: str) -> tuple[tuple[int, ...], ...]:
    """A day named alone goes before a span of days that has it too: "mon-fri" and other hours on "fri"."""
    week: dict[int, tuple[int, ...]] = {}
    for alone in (False, True):
        named: set[int] = set()
        for days, spans in hours.items():
            covered = _read_days(days, f"{key}.{days}")
            if ("-" not in days) is not alone:
                continue
            if named & set(covered):
                raise _error(f"{key}.{days}", _("another entry names {day} too").format(day=_first(named, covered)))
            named.update(covered)
            open_quarters = _read_spans(spans, f"{key}.{days}")
            week.update(dict.fromkeys(covered, open_quarters))
    return tuple(week.get(day, ()) for day in range(7))


def _first(named: set[int], covered: Iterable[int]) -> str:
    return DAYS[min(named & set(covered))]


def _read_days(text: str, key: str) -> list[int]:
    first, _dash, last = (part.strip().lower() for part in text.partition("-"))
    last = last or first
    if first not in DAYS or last not in DAYS:
        raise _error(key, _("days are written mon, tue, wed, thu, fri, sat, sun, or mon-fri"))
    start, end = DAYS.index(first), DAYS.index(last)
    return [day % 7 for day in range(start, (end if end >= start else end + 7) + 1)]


def _read_spans(spans: list[str], key: str) -> tuple[int, ...]:
    quarters: list[int] = []
    for text in spans:
        start, end = _read_span(text, key)
        if set(quarters) & set(range(start, end)):
            raise _error(key, _('"{text}" overlaps another span').format(text=text))
        quarters.extend(range(start, end))
    return tuple(sorted(quarters))


def _read_span(text: str, key: str) -> tuple[int, int]:
    match = _SPAN.fullmatch(text.strip())
    if not match:
        raise _error(key, _('"{text}" is no span; write 08:00-16:00').format(text=text))
    hours = [int(part) for part in match.groups()]
    start, end = hours[0] * 60 + hours[1], hours[2] * 60 + hours[3]
    if hours[1] > 59 or hours[3] > 59 or start > 1440 or end > 1440:
        raise _error(key, _('"{text}" is no time of day').format(text=text))
    if start >= end:
        raise _error(
            key,
            _(
                '"{text}" does not end after it starts; write a night as "22:00-24:00" and "00:00-06:00" of the next day'
            ).format(text=text),
        )
    if start % 15 or end % 15:
        raise _error(key, _('"{text}" is not on a quarter hour (:00, :15, :30 or :45)').format(text=text))
    return start // 15, end // 15


def _read_date(text: str, key: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise _error(key, _('"{text}" is no date; write 2026-12-24').format(text=text)) from None


def _check_country(code: str, key: str) -> None:
    try:
        _public_holidays(code, range(2026, 2027))
    except NotImplementedError:
        raise _error(
            key, _('"{code}" is no country or region with known holidays; write NO or DE-BY').format(code=code)
        ) from None


def _public_holidays(code: str, years: range) -> set[dt.date]:
    from holidays import country_holidays

    country, _dash, region = code.partition("-")
    return set(country_holidays(country.upper(), subdiv=region.upper() or None, years=years))


def _refuse_shared_departments(found: list[Hours]) -> None:
    owners: dict[str, str] = {}
    for hours in found:
        for department in hours.departments:
            other = owners.setdefault(department.casefold(), hours.name)
            if other != hours.name:
                raise _error(
                    f"calendars.{hours.name}.departments",
                    _('"{department}" has the calendar {other} already').format(department=department, other=other),
                )


def _error(key: str, what: str) -> OptionError:
    return OptionError(key, f"{what}.", hint=_("Correct it in the configuration; nothing has run."))
