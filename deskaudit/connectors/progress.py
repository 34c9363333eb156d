"""What the cursors of API connectors have in common: the pull that they belong to, and how they are read back."""

from typing import Self

import msgspec

from deskaudit.model.batches import Cursor

VERSION = 1


def has_passed(span_s: int, moment: int, now: int) -> bool:
    """Whether so many seconds lie between two times, whichever is the later: a clock that was wrong is put back one day."""
    return abs(now - moment) >= span_s


class Progress(msgspec.Struct, kw_only=True):
    """Root of the states that travel in cursors."""

    version: int = VERSION
    finished: bool = False
    since_at: int  # what this pull was asked for
    started_at: int
    done: list[str] = msgspec.field(default_factory=list)

    def cursor(self) -> Cursor:
        found: Cursor = msgspec.to_builtins(self)
        return found

    @classmethod
    def read(cls, cursor: Cursor | None) -> Self | None:
        """The state in a cursor; None where there is none, or one of another version: everything is pulled once more."""
        try:
            found = msgspec.convert(cursor, cls) if cursor else None
        except msgspec.ValidationError:
            return None
        return found if found is not None and found.version == VERSION else None
