"""One row of an answer, read with distrust: what is needed and missing raises, what is odd and not needed is None."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from deskaudit.i18n import _
from deskaudit.model.batches import Problem
from deskaudit.text import clean, one_line

OLDEST = int(datetime(1995, 1, 1, tzinfo=UTC).timestamp())
NEWEST = int(datetime(2200, 1, 1, tzinfo=UTC).timestamp())
_SHAPE = re.compile(r"(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d(?::\d\d)?)(?:\.\d+)?)?\s*(Z|[+-]\d\d:?\d\d)?", re.ASCII)
_EMPTY = frozenset({"", "0", "null", "0000-00-00", "0000-00-00 00:00:00"})


class RowError(Exception):
    """A row that cannot be used; its text says why."""


class Clock:
    """How the dates of one resource are read: `YYYY-MM-DD HH:MM:SS` without an offset stands in `zone`.

    At the end of summer time an hour comes twice. The first is taken, unless that lies before what the time must
    follow (a resolution its ticket's creation); so such a time can be one hour early, never late.
    """

    def __init__(self, zone: tzinfo = UTC) -> None:
        self.zone = zone

    def read(self, value: object, after: int | None = None) -> int | None:
        """Epoch seconds of a date text or epoch number; None where there is none. Raises RowError where it is no time."""
        if value is None or (isinstance(value, str) and value.strip() in _EMPTY) or value == 0:
            return None
        if isinstance(value, int | float) and not isinstance(value, bool):
            return _in_bounds(value)
        if not isinstance(value, str):
            raise RowError(_("{value} is no time").format(value=one_line(value, 40)))
        text = value.strip()
        if text.isascii() and text.isdigit():
            return _in_bounds(int(text[:20]))
        match = _SHAPE.fullmatch(text)
        if match is None:
            raise RowError(_("{value} is no time").format(value=one_line(value, 40)))
        try:
            moment = datetime.fromisoformat(f"{match[1]}T{match[2] or '00:00:00'}{match[3] or ''}")
        except ValueError:
            raise RowError(_("{value} is no time").format(value=one_line(value, 40))) from None
        if moment.year < 1995:
            return None  # 0001-01-01 and 1970-01-01 stand for "never"
        if moment.year >= 2200:
            raise RowError(_("{value} is no time").format(value=one_line(value, 40)))
        if moment.tzinfo is not None:
            return int(moment.timestamp())
        found = int(moment.replace(tzinfo=self.zone).timestamp())
        if after is not None and found < after:
            again = int(moment.replace(tzinfo=self.zone, fold=1).timestamp())
            return again if again >= after else found
        return found


def _in_bounds(value: float) -> int | None:
    """Epoch seconds, from seconds or milliseconds; a time that no desk has lived through is an error."""
    if value != value or abs(value) > 1e15:  # noqa: PLR0124 - not a number
        raise RowError(_("{value} is no time").format(value=one_line(value, 40)))
    found = int(value / 1000 if value > 1e11 else value)
    if found < OLDEST:
        return None
    if found >= NEWEST:
        raise RowError(_("{value} is no time").format(value=one_line(value, 40)))
    return found


class Fields:
    """A row of JSON."""

    def __init__(self, row: object, clock: Clock) -> None:
        if not isinstance(row, dict):
            raise RowError(_("it is no object but {kind}").format(kind=type(row).__name__))
        self._row: dict[str, Any] = row
        self._clock = clock

    def id(self, *names: str) -> str | None:
        """An id, of the first of the names that has one; None where none has."""
        for name in names:
            value = self._row.get(name)
            if isinstance(value, str) and value.strip():
                return clean(value.strip(), 80)
            if isinstance(value, float) and value.is_integer():
                value = int(value)
            if isinstance(value, int) and not isinstance(value, bool):
                return str(value) if abs(value) < 10**18 else None
        return None

    def need_id(self, *names: str) -> str:
        found = self.id(*names)
        if found is None:
            raise RowError(_("it has no {name}").format(name=names[0]))
        return found

    def text(self, name: str, limit: int = 200) -> str | None:
        """One line of text; None where there is none."""
        value = self._row.get(name)
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            return None
        return one_line(value, limit) or None

    def code(self, name: str) -> str:
        """A short code; "" where there is none."""
        return (self.text(name, 20) or "").strip()

    def flag(self, name: str, yes: str, no: str) -> bool | None:
        """True or False for the two letters, None for all else."""
        return {yes: True, no: False}.get(self.code(name))

    def at(self, name: str, after: int | None = None) -> int | None:
        try:
            return self._clock.read(self._row.get(name), after)
        except RowError as fault:
            raise RowError(f"{name}: {fault}") from None

    def need_at(self, name: str) -> int:
        found = self.at(name)
        if found is None:
            raise RowError(_("it has no {name}").format(name=name))
        return found

    def seconds(self, *names: str) -> int | None:
        """A length of time, from a number of seconds or H:MM:SS; None where there is none that makes sense."""
        for name in names:
            value = self.text(name, 40) or ""
            if re.fullmatch(r"\d{1,9}(\.0+)?", value, re.ASCII):
                return int(value.partition(".")[0])
            match = re.fullmatch(r"(\d{1,4}):(\d\d):(\d\d)", value, re.ASCII)
            if match:
                return int(timedelta(hours=int(match[1]), minutes=int(match[2]), seconds=int(match[3])).total_seconds())
        return None

    def ids(self, name: str) -> list[str]:
        """A list of ids; what is no id in it is left out."""
        value = self._row.get(name)
        return [clean(one, 80) for one in value if isinstance(one, str) and one] if isinstance(value, list) else []

    def texts(self, name: str, limit: int = 200) -> list[str]:
        """A list of texts, each one line; what is no text in it, or empty, is left out."""
        value = self._row.get(name)
        found = [one_line(one, limit) for one in value if isinstance(one, str)] if isinstance(value, list) else []
        return [text for text in found if text]

    def rows(self, name: str) -> Iterator["Fields"]:
        """The objects of a list; what is no object in it is left out."""
        value = self._row.get(name)
        for one in value if isinstance(value, list) else []:
            if isinstance(one, dict):
                yield Fields(one, self._clock)

    def inner(self, name: str) -> "Fields":
        """An object inside the row; an empty one where it is missing."""
        value = self._row.get(name)
        return Fields(value if isinstance(value, dict) else {}, self._clock)

    def number(self, name: str) -> float | None:
        """A finite number; None where there is none."""
        value = self._row.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        return float(value) if abs(value) < 1e15 else None

    def raw(self, name: str) -> Any:
        """The value as it came: whoever asks must look at it with distrust."""
        return self._row.get(name)

    def has(self, name: str) -> bool:
        return bool(self._row.get(name))

    def names(self) -> list[str]:
        return [name for name in self._row if isinstance(name, str)]


class FieldNames:
    """Which fields the tickets of a source have, so that a mapping that reads one which none has is noticed."""

    _MOST = 1000
    _ENOUGH = 50  # fewer tickets say little about which fields are in use

    def __init__(self) -> None:
        self._names: set[str] = set()  # small letters
        self.tickets = 0

    def meet(self, names: Iterable[str]) -> None:
        """Notes the fields of a ticket."""
        self.tickets += 1
        if len(self._names) < self._MOST:
            self._names.update(name.casefold() for name in names)

    def problems(self, read: frozenset[str]) -> list[Problem]:
        """A warning if the mapping reads a field that no ticket has: it may be misspelt."""
        unseen = sorted(read - self._names)
        if not unseen or self.tickets < self._ENOUGH:
            return []
        message = _("None of {n} tickets has the field {names} that the mapping reads; seen: {seen}.").format(
            n=self.tickets, names=", ".join(unseen), seen=one_line(", ".join(sorted(self._names)) or "-", 200)
        )
        return [Problem(resource="mapping", message=message)]


class Unknown:
    """Codes that are not in the tables: kept in the rows, and counted here so that somebody hears of them."""

    _KINDS = 100

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()

    def look_up(self, what: str, code: str, known: dict[str, str], default: str) -> str:
        found = known.get(code)
        if found is None and code:
            key = (what, one_line(code, 20))
            if key in self._counts or len(self._counts) < self._KINDS:
                self._counts[key] += 1
        return default if found is None else found

    def problems(self) -> list[Problem]:
        """A warning for each kind of code, and forgets them."""
        found: dict[str, list[str]] = {}
        for (what, code), n in sorted(self._counts.items()):
            found.setdefault(what, []).append(f'"{code}" ({n})')
        self._counts.clear()
        return [
            Problem(
                resource=what,
                message=_("Codes that this version does not know were kept as unknown: {codes}.").format(
                    codes=", ".join(codes[:10])
                ),
            )
            for what, codes in found.items()
        ]
