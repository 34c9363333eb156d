"""Exports that overlap: which row of a ticket counts that stands in several files."""

from array import array

from deskaudit.i18n import _, ngettext
from deskaudit.model.batches import Problem

NEVER = float("-inf")


class Overlap:
    """Hears every row of every file first, then says of each whether it counts: the one that changed last does, and of
    those that do not say it, the one of the last file. Some 130 bytes of memory for a ticket.
    """

    def __init__(self, *, by_time: bool) -> None:
        """`by_time`: a column says when a ticket changed."""
        self._by_time = by_time
        self._places: dict[int, int] = {}  # ticket id → its place in the three lists
        self._files = array("I")
        self._changed = array("d")
        self._marks = array("q")
        self.repeated = 0  # rows that stand in two files, word for word
        self._outdated = 0

    def hear(self, ticket: int, file: int, changed: float, mark: int) -> None:
        """One row: the number of its file, epoch seconds (NEVER where it does not say), the hash of its cells."""
        place = self._places.setdefault(ticket, len(self._files))
        if place == len(self._files):
            self._files.append(file)
            self._changed.append(changed)
            self._marks.append(mark)
        elif mark != self._marks[place] and file != self._files[place] and changed >= self._changed[place]:
            self._files[place], self._changed[place], self._marks[place] = file, changed, mark

    def counts(self, ticket: int, file: int, mark: int) -> bool:
        """Whether this row is the one; the others are counted."""
        place = self._places.get(ticket)
        if place is None or self._files[place] == file:
            return True
        if self._marks[place] == mark:
            self.repeated += 1
        else:
            self._outdated += 1
        return False

    def problems(self) -> list[Problem]:
        """What the user should know."""
        found = []
        if self.repeated:
            message = ngettext(
                "{n} row stands in two files, word for word; it counts once.",
                "{n} rows stand in two files, word for word; each counts once.",
                self.repeated,
            )
            found.append(Problem("ticket", message.format(n=self.repeated)))
        if self._outdated:
            message = (
                _("{n} rows are older than a row of the same ticket in another file: the one that changed last counts.")
                if self._by_time
                else _(
                    "{n} rows differ from a row of the same ticket in a later file, which counts;"
                    " map columns.changed_at to let the time decide."
                )
            )
            found.append(Problem("ticket", message.format(n=self._outdated)))
        return found
