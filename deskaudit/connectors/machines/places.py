"""Where a pull is in lists that are read by offset, and what was amiss so far: one that goes on is as honest as a whole."""

from typing import Any, Self

import msgspec

from deskaudit.connectors.machines.webtext import told
from deskaudit.model.batches import Cursor


class Place(msgspec.Struct):
    which: int = 0
    start: int = 0
    last: str = ""  # the id of the row before `start`
    seen: int = 0
    bad: int = 0
    lost: list[str] = []

    @classmethod
    def resume(cls, cursor: Cursor | None, lists: int) -> Self:
        """Where a stopped pull goes on; the beginning where a whole one ended."""
        try:
            found = msgspec.convert(cursor or {}, cls)
        except msgspec.ValidationError:
            return cls()
        return found if 0 <= found.which < lists and found.start >= 0 else cls()

    @property
    def is_first(self) -> bool:
        return self.which == self.start == 0

    def take(self, rows: list[Any]) -> None:
        """Goes on behind these rows."""
        self.start += len(rows)
        self.last = key_of(rows[-1]) if rows else self.last

    def enter_next(self) -> None:
        self.which, self.start, self.last = self.which + 1, 0, ""

    def is_behind(self, rows: list[Any]) -> bool:
        """Whether rows that were asked for from one before `start` on are still where they were.

        Where a row before them has gone meanwhile, one would be passed over, and be taken for deleted.
        """
        return bool(rows) and key_of(rows[0]) == self.last

    def cursor(self) -> Cursor:
        found: Cursor = msgspec.to_builtins(self)
        return found


def key_of(row: Any) -> str:
    return told(row.get("id")) if isinstance(row, dict) else ""
