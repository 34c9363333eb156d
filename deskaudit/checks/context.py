"""What a check is given: a span of time, a snapshot to read, and what is already known."""

from collections.abc import Hashable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

import duckdb
import msgspec

from deskaudit.model.verdicts import Audit, Result


class Window(msgspec.Struct, frozen=True):
    """Which time is judged; epoch seconds. `now` is the audit's as-of, `reference` the period that drift compares with.

    `zone`: the desk's, in which a time is told as a day.
    """

    start: int
    end: int
    now: int
    reference: tuple[int, int]
    zone: str = "UTC"

    def before(self) -> "Window":
        """The window of the reference period, as if the audit had run equally long after its end."""
        start, end = self.reference
        return Window(start, end, self.now - (self.end - end), (2 * start - end, start), self.zone)

    def binds(self) -> dict[str, int]:
        """The names that check SQL may use as `:name`."""
        return {
            "period_start": self.start,
            "period_end": self.end,
            "now": self.now,
            "ref_start": self.reference[0],
            "ref_end": self.reference[1],
        }


class Filled(Protocol):
    """Whether a snapshot holds an entity: state is complete, incomplete or absent."""

    @property
    def state(self) -> str: ...
    @property
    def message(self) -> str: ...
    @property
    def first_fetched_at(self) -> int | None: ...


class Covered(Protocol):
    """From when to when one source has rows of an entity: `deskaudit.snapshot.reader.Coverage`."""

    @property
    def src(self) -> str: ...
    @property
    def oldest_at(self) -> int: ...
    @property
    def newest_at(self) -> int: ...
    @property
    def moved_at(self) -> int: ...


class Reader(Protocol):
    """One generation of the snapshot: `deskaudit.snapshot.Reader`, or a test's stand-in."""

    @property
    def connection(self) -> duckdb.DuckDBPyConnection: ...
    @property
    def known(self) -> dict[Hashable, Any]: ...
    def filled(self, entity: str) -> Filled: ...
    def has_values(self, column: str) -> bool: ...
    def coverage(self, entity: str) -> Sequence[Covered]: ...
    def twins(self, most: int) -> AbstractContextManager[Sequence["Reader"]]: ...


class Past(Protocol):
    """What phase 2 checks read: `results` of this audit so far; of a full one, those of the periods before, latest first."""

    def results(self) -> Sequence[Result]: ...
    def earlier(self) -> Sequence[tuple[Audit, Sequence[Result]]]: ...


class NoPast:
    """A first audit that has found nothing yet."""

    def results(self) -> Sequence[Result]:
        return []

    def earlier(self) -> Sequence[tuple[Audit, Sequence[Result]]]:
        return []


Row = dict[str, Any]
"""One judged row of a Python check, in the words of the row contract: subject, segment, good, value, badness, part."""
