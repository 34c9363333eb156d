"""One object of an answer, read with distrust. Dates are read from `value` (epoch milliseconds) alone: what stands in
`display_value` follows the personal format of whoever owns the key.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from deskaudit.connectors.fields import NEWEST, OLDEST, Clock, Fields, RowError
from deskaudit.i18n import _
from deskaudit.text import one_line

LONGEST_WORK_S = 31 * 86400


class Entry(Fields):
    """An object of JSON."""

    def __init__(self, row: object) -> None:
        super().__init__(row, Clock())

    def part(self, *names: str) -> "Entry":
        """The object inside, of the first of the names that has one; an empty one where none has."""
        for name in names:
            value = self._row.get(name)
            if isinstance(value, dict):
                return Entry(value)
        return Entry({})

    def parts(self, *names: str) -> Iterator["Entry"]:
        """The objects of a list, or the one object that stands for it."""
        for name in names:
            value = self._row.get(name)
            for one in value if isinstance(value, list) else [value]:
                if isinstance(one, dict):
                    yield Entry(one)

    def label(self, *names: str) -> str | None:
        """What a person reads: the name of an object, or a plain text."""
        for name in names:
            value = self._row.get(name)
            found = Entry(value).text("name") if isinstance(value, dict) else self.text(name)
            if found:
                return found
        return None

    def ms(self, *names: str) -> int | None:
        """Epoch milliseconds of the first of the names that has a time; None where none has.

        Raises RowError where there is a value and it is no time. -1 and 0 stand for "never".
        """
        for name in names:
            date = self._row.get(name)
            if not isinstance(date, dict) or date.get("value") is None:
                continue
            value = date["value"]
            text = str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else "?"
            if text in {"", "0", "-1"}:
                continue
            if not (text.isascii() and text.isdigit() and len(text) <= 15) or int(text) // 1000 >= NEWEST:
                raise RowError(_("{name}: {value} is no time").format(name=name, value=one_line(value, 40)))
            if int(text) // 1000 >= OLDEST:
                return int(text)
        return None

    def when(self, *names: str) -> int | None:
        """Epoch seconds."""
        found = self.ms(*names)
        return None if found is None else found // 1000

    def need_when(self, *names: str) -> int:
        found = self.when(*names)
        if found is None:
            raise RowError(_("it has no {name}").format(name=names[0]))
        return found

    def yes(self, name: str) -> bool | None:
        """A flag, from true and false or their texts; None where it is not there or is something else."""
        value = self._row.get(name)
        if isinstance(value, bool):
            return value
        return {"true": True, "false": False}.get(value.strip().casefold()) if isinstance(value, str) else None

    def whole(self, *names: str) -> int | None:
        """A whole number that is not negative, from a number or its text."""
        for name in names:
            text = self.text(name, 30) or ""
            if text.isascii() and text.isdigit() and len(text) <= 12:
                return int(text)
        return None

    def spent_s(self) -> int | None:
        """How long a work log says was worked, from {hours, minutes}, or milliseconds; None where it does not say.

        The format before v3's own calls it total_time_spent.
        """
        spent = self.part("time_spent", "total_time_spent")
        hours, minutes = spent.whole("hours"), spent.whole("minutes")
        if hours is not None or minutes is not None:
            found = (hours or 0) * 3600 + (minutes or 0) * 60
        else:
            ms = spent.whole("value") if spent.names() else self.whole("time_spent", "total_time_spent")
            if ms is None:
                return None
            found = ms // 1000
        if found > LONGEST_WORK_S:
            raise RowError(_("it says that more than a month was worked"))
        return found

    def shown(self, name: str) -> str | None:
        """A custom field as text: dates in UTC, lists with commas, objects by their name."""
        return _show(self._row.get(name))


def _show(value: Any) -> str | None:
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return one_line(", ".join(text for one in value[:50] if (text := _show(one))), 200) or None
    if isinstance(value, dict):
        entry = Entry(value)
        if "display_value" in value:
            try:
                at = Entry({"at": value}).when("at")
            except RowError:
                at = None
            if at is not None:
                return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M")
        return entry.text("name") or entry.text("value")
    return one_line(value, 200) or None
