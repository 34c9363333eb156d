"""Rows as the server keeps them: tuples under named columns, encoded once for each time zone."""

import json
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

Shift = Callable[[int], int]
"""Epoch seconds → seconds east of UTC at that time."""


class BadFilterError(Exception):
    """`_filters` that this list does not take."""


@lru_cache(maxsize=4_096)
def _day_text(day: int) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day)).strftime("%Y-%m-%d ")


def date_text(at: int, shift: int = 0) -> str:
    """`YYYY-MM-DD HH:MM:SS` without an offset, the way LiveAgent writes times."""
    day, rest = divmod(at + shift, 86_400)
    return f"{_day_text(day)}{rest // 3600:02d}:{rest // 60 % 60:02d}:{rest % 60:02d}"


def read_date(text: str) -> int:
    """A filter's time, always UTC; a date alone is its midnight."""
    for form in ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d"):
        try:
            return int(datetime.strptime(text, form).replace(tzinfo=UTC).timestamp())
        except ValueError:
            continue
    raise BadFilterError(f"{text} is no date")


class Zone:
    """The shifts of a zone over the desk's life, found once: a look at each midnight, then back to the quarter hour."""

    def __init__(self, name: str, start: int, end: int) -> None:
        zone = ZoneInfo(name)

        def shift(at: int) -> int:
            return int((datetime.fromtimestamp(at, zone).utcoffset() or timedelta()).total_seconds())

        first = start - start % 86_400 - 400 * 86_400
        self._at = [first]
        self._shift = [shift(first)]
        for midnight in range(first, end + 86_400, 86_400):
            found = shift(midnight)
            if found != self._shift[-1]:
                at = midnight
                while shift(at - 900) == found:
                    at -= 900
                self._at.append(at)
                self._shift.append(found)

    def __call__(self, at: int) -> int:
        return self._shift[max(0, bisect_right(self._at, at) - 1)]


class Table:
    """One list of the API.

    `dates` are the columns that hold epoch seconds and are written as text, `epochs` those that stay numbers. None is left
    out of a row, as LiveAgent does. `filters` are the columns a filter may name (None: all of them).
    """

    def __init__(
        self,
        columns: Sequence[str],
        rows: Iterable[tuple[Any, ...]],
        *,
        dates: Iterable[str] = (),
        epochs: Iterable[str] = (),
        order: str = "",
        filters: frozenset[str] | None = None,
    ) -> None:
        self.columns = tuple(columns)
        self.rows = list(rows)
        self.dates = frozenset(dates)
        self._times = self.dates | frozenset(epochs)
        self.order = order
        self._filters = filters
        self._place = {name: index for index, name in enumerate(columns)}
        self._date_places = tuple(self._place[name] for name in self.dates)
        self._encoded: dict[object, list[bytes | None]] = {}
        self._picked: dict[tuple[str, str, str], Sequence[int]] = {}

    def pick(self, filters: str, field: str, direction: str) -> Sequence[int]:
        """Places of the rows that pass, in order. Raises BadFilterError."""
        key = (filters, field, direction)
        if key not in self._picked:
            if len(self._picked) > 32:
                self._picked.clear()
            self._picked[key] = self._select(filters, field or self.order, direction)
        return self._picked[key]

    def encode(self, places: Iterable[int], zone: object, shift: Shift) -> bytes:
        """A JSON array of these rows; `zone` names `shift` in the cache."""
        cache = self._encoded.setdefault(zone, [None] * len(self.rows))
        found = []
        for place in places:
            text = cache[place]
            if text is None:
                text = cache[place] = msgspec.json.encode(self.row(place, shift))
            found.append(text)
        return b"[" + b",".join(found) + b"]"

    def row(self, place: int, shift: Shift) -> dict[str, Any]:
        values = list(self.rows[place])
        for index in self._date_places:
            if values[index] is not None:
                values[index] = date_text(values[index], shift(values[index]))
        return {name: value for name, value in zip(self.columns, values, strict=True) if value is not None}

    def _select(self, filters: str, field: str, direction: str) -> Sequence[int]:
        places: Sequence[int] = range(len(self.rows))
        for column, operator, wanted in read_filters(filters):
            places = self._keep(places, column, operator, wanted)
        if field:
            if field not in self._place:
                raise BadFilterError(f"unknown sort field {field}")
            index, rows = self._place[field], self.rows
            empty: Any = 0 if field in self._times else ""
            places = sorted(
                places,
                key=lambda place: empty if rows[place][index] is None else rows[place][index],
                reverse=direction == "DESC",
            )
        return places

    def _keep(self, places: Sequence[int], column: str, operator: str, wanted: str) -> Sequence[int]:
        name = column if column in self._place else _spelling(column, self._place)
        if name not in self._place or (self._filters is not None and name not in self._filters):
            raise BadFilterError(f"{column} cannot be used as a filter here")
        index, rows = self._place[name], self.rows
        passes = _date_test(operator, wanted) if name in self._times else _text_test(operator, wanted)
        return [place for place in places if passes(rows[place][index])]


def _spelling(column: str, known: Iterable[str]) -> str:
    """`datechanged` and `date_changed` are one column: LiveAgent's lists disagree on the underscore."""
    bare = column.replace("_", "").lower()
    return next((name for name in known if name.replace("_", "").lower() == bare), column)


def read_filters(text: str) -> list[tuple[str, str, str]]:
    """`{"column": "value"}` (equal) or `[["column", "operator", "value"], …]` (all of them)."""
    if not text:
        return []
    try:
        read = json.loads(text)
    except ValueError:
        raise BadFilterError("_filters is no JSON") from None
    if isinstance(read, dict):
        return [(str(column), "E", str(value)) for column, value in read.items()]
    if not isinstance(read, list) or not all(isinstance(part, list) and len(part) == 3 for part in read):
        raise BadFilterError("_filters is neither an object nor a list of triples")
    return [(str(column), str(operator), str(value)) for column, operator, value in read]


def _date_test(operator: str, wanted: str) -> Callable[[Any], bool]:
    sign = operator.removeprefix("D") if operator != "DP" else operator
    if sign in {"IE", "INE"}:
        return lambda value: (value is None) == (sign == "IE")
    tests: dict[str, Callable[[int, int], bool]] = {
        ">": lambda a, b: a > b,
        "<": lambda a, b: a < b,
        ">=": lambda a, b: a >= b,
        "<=": lambda a, b: a <= b,
        "E": lambda a, b: a == b,
        "=": lambda a, b: a == b,
    }
    if sign not in tests:
        raise BadFilterError(f"operator {operator} is not for dates")
    limit, test = read_date(wanted), tests[sign]
    return lambda value: value is not None and test(value, limit)


def _text_test(operator: str, wanted: str) -> Callable[[Any], bool]:
    parts = {part.strip().lower() for part in wanted.split(",")}
    low = wanted.lower()

    def texts(value: Any) -> set[str]:
        if value is None:
            return {""}
        return {str(part).lower() for part in value} if isinstance(value, list) else {str(value).lower()}

    tests: dict[str, Callable[[Any], bool]] = {
        "E": lambda value: low in texts(value),
        "=": lambda value: low in texts(value),
        "NE": lambda value: low not in texts(value),
        "L": lambda value: any(low in text for text in texts(value)),
        "NL": lambda value: not any(low in text for text in texts(value)),
        "IN": lambda value: bool(parts & texts(value)),
        "CY": lambda value: bool(parts & texts(value)),
        "NI": lambda value: not parts & texts(value),
        "IE": lambda value: value is None or value in ("", []),
        "INE": lambda value: value is not None and value not in ("", []),
    }
    if operator not in tests:
        raise BadFilterError(f"operator {operator} is unknown")
    return tests[operator]
