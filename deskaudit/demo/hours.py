"""The made-up desk's opening hours: a Norwegian office with lunch and public holidays.

Written apart from the snapshot's clock on purpose: the demo's expected figures come from here, so that a fault in one
of the two shows.
"""

from bisect import bisect_right
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

ZONE = "Europe/Oslo"
SPANS = (("08:00", "11:30"), ("12:00", "16:00"))
DAY_S = 27_000
"""Open seconds of a full day: seven and a half hours."""


def easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (the anonymous algorithm)."""
    a, b, c = year % 19, year // 100, year % 100
    h = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    weekday = (32 + 2 * (b % 4) + 2 * (c // 4) - h - c % 4) % 7
    m = (a + 11 * h + 22 * weekday) // 451
    month, day = divmod(h + weekday - 7 * m + 114, 31)
    return date(year, month, day + 1)


def holidays(year: int) -> frozenset[date]:
    """Norway's public holidays of a year, other than ordinary Sundays."""
    fixed = {date(year, 1, 1), date(year, 5, 1), date(year, 5, 17), date(year, 12, 25), date(year, 12, 26)}
    return frozenset(fixed | {easter(year) + timedelta(days=days) for days in (-3, -2, 0, 1, 39, 49, 50)})


class Hours:
    """Opening hours between two times. Positions count open seconds since the first."""

    def __init__(self, start: int, end: int) -> None:
        zone = ZoneInfo(ZONE)
        spans = [[int(text[:2]) * 60 + int(text[3:]) for text in span] for span in SPANS]
        self._opens: list[int] = []
        self._closes: list[int] = []
        self._before: list[int] = []
        total = 0
        day = datetime.fromtimestamp(start, zone).date()
        last = datetime.fromtimestamp(end, zone).date()
        free = {year: holidays(year) for year in range(day.year, last.year + 1)}
        while day <= last:
            if day.weekday() < 5 and day not in free[day.year]:
                for first, until in spans:
                    opens, closes = (
                        int(datetime(day.year, day.month, day.day, m // 60, m % 60, tzinfo=zone).timestamp())
                        for m in (first, until)
                    )
                    self._opens.append(opens)
                    self._closes.append(closes)
                    self._before.append(total)
                    total += closes - opens
            day += timedelta(days=1)

    def position(self, at: int) -> int:
        """Open seconds from the beginning to `at`."""
        i = bisect_right(self._opens, at) - 1
        if i < 0:
            return 0
        return self._before[i] + min(at, self._closes[i]) - self._opens[i]

    def at(self, position: int) -> int:
        """The first time with that many open seconds behind it."""
        i = max(0, bisect_right(self._before, position - 1) - 1) if position else 0
        return self._opens[i] + position - self._before[i]

    def after(self, at: int, open_s: int) -> int:
        """`at` and so many open seconds."""
        return self.at(self.position(at) + open_s)

    def between(self, start: int, end: int) -> int:
        """Open seconds between two times."""
        return self.position(end) - self.position(start)

    def is_open(self, at: int) -> bool:
        i = bisect_right(self._opens, at) - 1
        return i >= 0 and at < self._closes[i]


def day_start(at: int) -> int:
    """Local midnight of the day that `at` lies in."""
    local = datetime.fromtimestamp(at, ZoneInfo(ZONE))
    return int(local.replace(hour=0, minute=0, second=0, microsecond=0).timestamp())


def next_day(midnight: int) -> int:
    """The local midnight after one."""
    local = datetime.fromtimestamp(midnight, ZoneInfo(ZONE)) + timedelta(days=1)
    return int(local.timestamp())


def utc_text(at: int) -> str:
    """RFC 3339, as tools write it."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
