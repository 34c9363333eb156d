"""Business time: the clock table that check SQL joins, and the same arithmetic in Python.

The table has one row per calendar and UTC quarter hour. All opening hours and all offsets of real time zones lie on
quarter hours, so that a position inside a slot is a multiplication, and nights of clock change need no rule: an hour
that comes twice counts twice, one that is left out counts not at all.
"""

import bisect
import datetime as dt
from collections.abc import Iterator, Sequence
from zoneinfo import ZoneInfo

import duckdb

from deskaudit.snapshot.hours import QUARTER, Hours

DAY = 86400
_EPOCH = dt.date(1970, 1, 1).toordinal()


class Clock:
    """Business seconds of one calendar between `start` and `end` (epoch seconds)."""

    def __init__(self, hours: Hours, start: int, end: int) -> None:
        self.start, self.end = start, end
        self._opens: list[int] = []  # where each open span begins
        self._lengths: list[int] = []
        self._before: list[int] = []  # business seconds before it
        total = 0
        for opens, closes in _open_spans(hours, start, end):
            if self._opens and self._opens[-1] + self._lengths[-1] == opens:
                self._lengths[-1] += closes - opens
            else:
                self._opens.append(opens)
                self._lengths.append(closes - opens)
                self._before.append(total)
            total += closes - opens

    def position(self, at: int) -> int:
        """Business seconds from `start` to `at`. ValueError outside the clock."""
        if not self.start <= at <= self.end:
            raise ValueError(f"{at} lies outside {self.start}..{self.end}")
        last = bisect.bisect_right(self._opens, at) - 1
        return self._before[last] + min(at - self._opens[last], self._lengths[last]) if last >= 0 else 0

    def business_seconds(self, start: int, end: int) -> int:
        """Business seconds between two times; negative where `end` comes first."""
        return self.position(end) - self.position(start)

    def add(self, at: int, seconds: int) -> int:
        """The last moment at which no more than `seconds` of business time have passed since `at`.

        After exactly one business day that is the next opening, not the closing before it: nothing passes between.
        ValueError where it lies outside the clock.
        """
        target = self.position(at) + seconds
        last = bisect.bisect_right(self._before, target) - 1
        if last < 0 or target - self._before[last] >= self._lengths[last]:
            raise ValueError(f"{seconds} business seconds after {at} lie outside {self.start}..{self.end}")
        return self._opens[last] + target - self._before[last]


def business_seconds(hours: Hours, start: int, end: int) -> int:
    """Business seconds between two times. For many on one calendar, keep a Clock."""
    first, last = min(start, end), max(start, end)
    return Clock(hours, first, last).business_seconds(start, end)


def add_business(hours: Hours, at: int, seconds: int) -> int:
    """`at` and so many business seconds, as `Clock.add`. For many on one calendar, keep a Clock."""
    days = 14 + 3 * seconds // hours.day_s
    while days < 40_000:
        try:
            return Clock(hours, at, at + days * DAY).add(at, seconds)
        except ValueError:
            days *= 2
    raise ValueError(f"{seconds} business seconds after {at}: the calendar {hours.name} does not open that often")


def offsets(zone: str, start: int, end: int) -> list[tuple[int, int, int]]:
    """(from, until, seconds east of UTC) of each stretch between two clock changes, `start` to `end`."""
    tz = ZoneInfo(zone)

    def offset(at: int) -> int:
        delta = dt.datetime.fromtimestamp(at, tz).utcoffset()
        return int(delta.total_seconds()) if delta else 0

    stretches = []
    begun = start
    for day in range(start, end, DAY):
        until = min(day + DAY, end)
        if offset(day) == offset(until):
            continue
        low, high = day, until  # the change lies in (low, high]
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if offset(middle) == offset(day) else (low, middle)
        stretches.append((begun, high, offset(day)))
        begun = high
    if begun < end:
        stretches.append((begun, end, offset(begun)))
    return stretches


def create_clock(connection: duckdb.DuckDBPyConnection, calendars: Sequence[Hours], start: int, end: int) -> None:
    """Creates the temporary tables `calendar` and `clock` for `start` to `end`, widened to whole UTC days."""
    start, end = start - start % DAY, end + -end % DAY
    connection.execute(
        "CREATE TEMP TABLE calendar (id BIGINT, name VARCHAR, zone VARCHAR, day_s BIGINT, assumed BIGINT)"
    )
    connection.execute("CREATE TEMP TABLE stretch (calendar_id BIGINT, f BIGINT, u BIGINT, east BIGINT)")
    connection.execute("CREATE TEMP TABLE open_quarter (calendar_id BIGINT, weekday BIGINT, quarter BIGINT)")
    connection.execute("CREATE TEMP TABLE closed_day (calendar_id BIGINT, day BIGINT)")
    first, last = (dt.date.fromordinal(_EPOCH + at // DAY) for at in (start - DAY, end + DAY))
    for hours in calendars:
        row = [hours.id, hours.name, hours.zone, hours.day_s, int(hours.assumed)]
        connection.execute("INSERT INTO calendar VALUES (?, ?, ?, ?, ?)", row)
        _insert(connection, "stretch", hours.id, offsets(hours.zone, start, end))
        _insert(connection, "open_quarter", hours.id, [(d, q) for d, day in enumerate(hours.week) for q in day])
        _insert(
            connection, "closed_day", hours.id, [(day.toordinal() - _EPOCH,) for day in hours.closed_days(first, last)]
        )
    connection.execute(_CLOCK, {"quarter": QUARTER})


def _insert(connection: duckdb.DuckDBPyConnection, table: str, calendar: int, rows: Sequence[tuple[int, ...]]) -> None:
    if rows:
        columns = [list(column) for column in zip(*rows, strict=True)]
        values = ", ".join("unnest(CAST(? AS BIGINT[]))" for _column in columns)
        connection.execute(f"INSERT INTO {table} SELECT {calendar}, {values}", columns)


def _open_spans(hours: Hours, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Open spans in UTC, one after the other, cut to `start`..`end`."""
    days = [dt.date.fromordinal(_EPOCH + at // DAY) for at in (start - DAY, end + DAY)]
    closed = {day.toordinal() - _EPOCH for day in hours.closed_days(days[0], days[1])}
    spans = [_join(day) for day in hours.week]
    for begun, until, east in offsets(hours.zone, start, end):
        for day in range((begun + east) // DAY, (until + east) // DAY + 1):
            if day in closed:
                continue
            for opens, closes in spans[(day + 3) % 7]:  # 1 January 1970 was a Thursday
                low, high = max(day * DAY + opens - east, begun), min(day * DAY + closes - east, until)
                if low < high:
                    yield low, high


def _join(quarters: Sequence[int]) -> list[tuple[int, int]]:
    """Neighbouring quarter hours as spans of seconds of the day."""
    spans: list[tuple[int, int]] = []
    for quarter in quarters:
        at = quarter * QUARTER
        if spans and spans[-1][1] == at:
            spans[-1] = (spans[-1][0], at + QUARTER)
        else:
            spans.append((at, at + QUARTER))
    return spans


_CLOCK = """
CREATE TEMP TABLE clock AS
WITH slot AS (
  SELECT s.calendar_id, t.slot_at, t.slot_at + s.east AS local_at
  FROM stretch s, LATERAL (SELECT unnest(range(s.f, s.u, $quarter)) AS slot_at) t
), place AS (
  SELECT calendar_id, slot_at, local_at // 86400 AS day, (local_at // 86400 + 3) % 7 AS weekday,
         local_at % 86400 // $quarter AS quarter, DATE '1970-01-01' + CAST(local_at // 86400 AS INTEGER) AS date
  FROM slot
), state AS (
  SELECT p.*, CASE WHEN o.quarter IS NOT NULL AND d.day IS NULL THEN 1 ELSE 0 END AS is_open
  FROM place p
  LEFT JOIN open_quarter o ON o.calendar_id = p.calendar_id AND o.weekday = p.weekday AND o.quarter = p.quarter
  LEFT JOIN closed_day d ON d.calendar_id = p.calendar_id AND d.day = p.day
)
SELECT CAST(calendar_id AS BIGINT) AS calendar_id, CAST(slot_at AS BIGINT) AS slot_at,
       CAST(COALESCE(SUM(is_open * $quarter) OVER before, 0) AS BIGINT) AS cum,
       CAST(is_open AS BIGINT) AS is_open,
       CAST(year(date) * 10000 + month(date) * 100 + day(date) AS BIGINT) AS day,
       CAST(year(date) * 100 + month(date) AS BIGINT) AS month,
       CAST(weekday AS BIGINT) AS weekday, CAST(quarter // 4 AS BIGINT) AS hour
FROM state
WINDOW before AS (PARTITION BY calendar_id ORDER BY slot_at ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
"""
