"""Which columns of a table hold times, and what may be meant by them."""

from collections.abc import Iterable, Sequence
from datetime import UTC

import msgspec

from deskaudit.connectors.tabular.cells import fold_text
from deskaudit.connectors.tabular.dates import DateReader, interpret
from deskaudit.text import one_line

SAMPLE_CELLS = 200
DATE_SHARE = 0.8


class DateColumn(msgspec.Struct, frozen=True):
    """A column of times: one of its cells, what it may mean (order → time as text), whether it says its offset."""

    name: str
    cell: str
    readings: dict[str, str]
    has_offset: bool


class Times:
    """Which columns hold times, by their first cells, and what all cells say of the order of day and month."""

    def __init__(self, header: Sequence[str], missing: set[str], places: Iterable[int] | None = None) -> None:
        """`places`: the columns to look at; None: all."""
        self._header = header
        self._missing = missing
        self._reader = DateReader("auto", UTC)
        places = range(len(header)) if places is None else places
        self._sampled: dict[int, list[str]] = {place: [] for place in dict.fromkeys(places)}
        self._unclear: set[int] = set()

    def hear(self, cells: Sequence[str]) -> None:
        for place, sample in self._sampled.items():
            if len(sample) < SAMPLE_CELLS and place < len(cells):
                cell = cells[place].strip()
                if cell and fold_text(cell) not in self._missing:
                    sample.append(cell)
                    if self._reader.orders(cell):
                        self._unclear.add(place)
            if place in self._unclear:
                self._reader.witness(cells[place], self._header[place])

    def columns(self) -> list[DateColumn]:
        found = (self._column(place, sample) for place, sample in self._sampled.items())
        return [column for column in found if column is not None]

    def _column(self, place: int, sample: Sequence[str]) -> DateColumn | None:
        read = [(cell, reading) for cell in sample if (reading := interpret(cell)) is not None]
        if not read or len(read) < DATE_SHARE * len(sample):
            return None
        cell, reading = max(read, key=lambda pair: len(set(pair[1].times.values())))  # the one that is least clear
        left = self._reader.orders(cell)
        times = {order: when for order, when in reading.times.items() if not left or order in left}
        return DateColumn(
            one_line(self._header[place], 60),
            one_line(cell, 60),
            {
                order: f"{when:%Y-%m-%d}" + (f" {when:%H:%M}" if reading.has_clock else "")
                for order, when in times.items()
            },
            reading.has_offset,
        )
