"""CSV exports of backup programs: columns found by the names that scripts give them, cells read as all tables are."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from deskaudit.connectors import Context
from deskaudit.connectors.backups.jobs import Job
from deskaudit.connectors.tabular.options import TableOptions
from deskaudit.connectors.tabular.sheets import Sheet, Workbook, whole_seconds
from deskaudit.connectors.tabular.tables import Table, Wish, fold

_UNIT = re.compile(r"\s*\((?:in )?[KMGT]?i?B\)$|_[KMGT]B$", re.IGNORECASE)
Dates = Literal["auto", "dmy", "mdy", "ymd"]


class ExportRow(msgspec.Struct, frozen=True):
    """One row: field → what the cell says, "" where there is none; `place` for messages."""

    place: str
    cells: dict[str, str]
    sheet: Sheet

    def text(self, field: str) -> str:
        return self.cells.get(field, "")

    def time(self, field: str) -> int | None:
        """Epoch seconds; None where unset (0001-01-01, 1/1/1900). Raises ValueError for what is no time."""
        cell = self.text(field)
        found = self.sheet.dates.read(cell) if cell else None
        return None if found is None else whole_seconds(found)


class Export:
    """One CSV file with its columns found. `columns` is field → the column's own name."""

    def __init__(
        self, file: Path, context: Context, job: Job, *, names: Mapping[str, Sequence[str]], dates: Dates
    ) -> None:
        """`names` is field → the names it may have. Raises SourceError where the file is no table."""
        self._options = TableOptions(path=str(file), zone=job.zone, dates=dates)
        wishes = [Wish(known[0], tuple(known[1:]), needed=False) for known in names.values()]
        table = Table(file, self._options, wishes, f"sources.{context.source}")  # a row that is wider is no header
        self.header = {fold(cell): cell for cell in reversed(table.layout.header) if cell.strip()}
        for cell in list(self.header.values()):
            self.header.setdefault(fold(_UNIT.sub("", cell)), cell)
        found = {
            field: next((self.header[fold(name)] for name in known if fold(name) in self.header), None)
            for field, known in names.items()
        }
        self.columns = {field: column for field, column in found.items() if column is not None}
        self._file, self._context = file, context

    def has(self, *fields: str) -> bool:
        return all(field in self.columns for field in fields)

    def rows(self, times: Sequence[str]) -> Iterator[ExportRow]:
        """The good rows; `bad` has the others once all were read. Raises SourceError for dates that are ambiguous."""
        book = Workbook(self._options, self._context, self.columns, times)
        self.bad = book.tally
        for sheet in book.sheets():
            for number, narrow in book.rows(sheet):
                yield ExportRow(sheet.place(number), sheet.record(narrow), sheet)
