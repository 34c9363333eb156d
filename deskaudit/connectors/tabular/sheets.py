"""The cells of a table by what they mean, and a list of the rows that were not good enough."""

import math
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from pathlib import Path
from zoneinfo import ZoneInfo

from deskaudit.connectors import Context
from deskaudit.connectors.ordinary import require_files
from deskaudit.connectors.tabular.cells import fold_set, fold_text
from deskaudit.connectors.tabular.dates import DateReader
from deskaudit.connectors.tabular.options import TableOptions
from deskaudit.connectors.tabular.tables import BadRow, Layout, Row, Table, Wish
from deskaudit.errors import SourceError
from deskaudit.i18n import _
from deskaudit.model.batches import Cursor, Probe, Problem, Reject
from deskaudit.text import one_line

MOST_WAITING = 5000
HEAD_ROWS = 500
"""So many rows show what the dates look like; where they are numbers alone, all rows are asked."""


class RowFault(Exception):  # noqa: N818 - as Reject and Problem, named by what it is
    """A row that is kept out. Stays within the connectors: it becomes a Reject."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(reason)
        self.column = column
        self.reason = reason


_UNSEEN = "\ufeff\u200b\u200c\u200d\u2060"
"""Byte-order marks of files that were joined, and blanks without width: nobody sees them around a word."""


class _Known(dict[str, str]):
    """Cell → what it says: without what cannot be seen around it, composed (é is one character), and "" for a mark of
    absence. Short cells are remembered: files repeat them.
    """

    def __init__(self, missing: frozenset[str]) -> None:
        super().__init__()
        self._missing = missing
        self._longest = max((len(text) for text in missing), default=0)

    def __missing__(self, cell: str) -> str:
        text = cell.strip()
        if not text.isascii():
            text = unicodedata.normalize("NFC", text.strip(_UNSEEN).strip())
        if len(text) <= self._longest and fold_text(text) in self._missing:
            text = ""
        if len(cell) <= 40:
            if len(self) >= 50_000:
                self.clear()
            self[cell] = text
        return text


class Sheet:
    """One file and the places of the fields in it. `fields` is field → column name, in the user's words."""

    def __init__(self, table: Table, fields: Mapping[str, str], missing: frozenset[str], dates: DateReader) -> None:
        self.table = table
        self.dates = dates
        self.names = fields
        self.known = _Known(missing).__getitem__
        order: list[int] = []
        self._places: dict[str, range] = {}
        for field, column in fields.items():
            places = table.columns[column]
            self._places[field] = range(len(order), len(order) + len(places))
            order.extend(places)
        self._pick = pick_all(order)
        self._is_plain = all(len(places) == 1 for places in self._places.values())

    def narrow(self, cells: Sequence[str]) -> tuple[str, ...]:
        """What the cells that are asked for say, as `text` and `texts` take them."""
        return tuple(map(self.known, self._pick(cells)))

    def record(self, narrow: Sequence[str]) -> dict[str, str]:
        """Field → what it says; of a repeated column the first that says something."""
        if self._is_plain:
            return dict(zip(self._places, narrow, strict=True))
        return {field: self.text(narrow, field) for field in self._places}

    def text(self, narrow: Sequence[str], field: str) -> str:
        """What one field says, "" where it is missing or not asked for."""
        for place in self._places.get(field, ()):
            if narrow[place]:
                return narrow[place]
        return ""

    def texts(self, narrow: Sequence[str], field: str) -> list[str]:
        """All that a repeated column says."""
        return [narrow[place] for place in self._places.get(field, ()) if narrow[place]]

    def picker(self, fields: Iterable[str]) -> Callable[[Sequence[str]], Sequence[str]]:
        """A function that takes the cells of some fields out of narrow ones."""
        return pick_all([place for field in fields for place in self._places.get(field, ())])

    def place(self, row: int) -> str:
        return _("{file} row {row}").format(file=self.table.file.name, row=row)


def pick_all(places: Sequence[int]) -> Callable[[Sequence[str]], Sequence[str]]:
    """`itemgetter` that gives a sequence for one place and for none, too."""
    if len(places) > 1:
        return itemgetter(*places)
    return itemgetter(slice(places[0], places[0] + 1) if places else slice(0, 0))


class Tally:
    """Rows read, rows that were bad, and why. A row with two faults is one bad row."""

    def __init__(self) -> None:
        self.rows = 0
        self.bad = 0
        self._fresh: list[Reject] = []
        self._last = ""

    def add(self, place: str, column: str, reason: str, sample: str = "") -> None:
        """Lists a fault; `column` as the file calls it. All faults of one row are one Reject."""
        what = reason + (f': "{one_line(sample, 60)}"' if sample else "")
        told = f"{column}: {what}" if column else what
        if place != self._last:
            self.bad += 1
            self._last = place
        elif self._fresh:
            told = f"{self._fresh.pop().reason}; {told}"
        self._fresh.append(Reject(place=place, reason=told))

    @property
    def is_full(self) -> bool:
        """Whether so many faults wait that they should be handed on before more rows are read."""
        return len(self._fresh) >= MOST_WAITING

    def flush(self) -> list[Reject]:
        fresh, self._fresh = self._fresh, []
        return fresh

    def verdict(self, limit: float, entities: Iterable[str], resource: str) -> list[Problem]:
        """Incomplete where the share of bad rows is above `limit`, and where there are no rows at all."""
        if not self.rows:
            return [Problem(resource, _("There are no rows below the header."), tuple(sorted(entities)))]
        share = self.bad / self.rows
        if share <= limit:
            return []
        message = _("{bad} of {rows} rows are bad ({share:.1%}; max_bad_share is {limit:.1%}).")
        return [
            Problem(
                resource,
                message.format(bad=self.bad, rows=self.rows, share=share, limit=limit),
                tuple(sorted(entities)),
            )
        ]


class Workbook:
    """All files of one source: opened one after the other, read as sheets, with progress and the cursor."""

    def __init__(
        self,
        options: TableOptions,
        context: Context,
        fields: Mapping[str, str],
        dates: Sequence[str],
        opened: Mapping[Path, Table] | None = None,
        open_table: Callable[..., Table] = Table,
        optional: Collection[str] = (),
    ) -> None:
        """`fields` is field → column; `dates` names the fields that hold times, `optional` those a file may lack.

        `opened` has tables that were opened before, with at least these columns; `open_table` opens others.
        """
        self._options = options
        self._opened = dict(opened or {})
        self._open_table = open_table
        self._context = context
        self._fields = fields
        self._dates = [field for field in dates if field in fields]
        self._wanted = [Wish(column, needed=field not in optional) for field, column in fields.items()]
        self._missing = fold_set([*options.missing, ""])
        self.owner = f"sources.{context.source}"
        self.zone = ZoneInfo(options.zone or context.zone)
        self.tally = Tally()
        self.notes: list[Problem] = []
        self.files: list[Path] = require_files(context, options.path)
        self._totals = {file: _size(file) for file in self.files}
        self._before = 0
        self._open: Table | None = None
        self._seen: dict[str, dict[str, object]] = {}
        self._settled: dict[Path, DateReader] = {}

    @property
    def done(self) -> int:
        """Bytes read."""
        return self._before + (self._open.done if self._open else 0)

    @property
    def total(self) -> int:
        return sum(self._totals.values())

    def cursor(self) -> Cursor:
        """Which files were read: name, size, time of change and hash."""
        return {"files": self._seen}

    def sheets(self) -> Iterator[Sheet]:
        """One sheet after the other; a file's hash is known when the next one is asked for."""
        for file in self.files:
            sheet = self.sheet(file)
            self._open = sheet.table
            yield sheet
            self._before += sheet.table.total
            self._seen[self._name(file)] = {
                "size": sheet.table.total,
                "mtime": sheet.table.modified_at,
                "sha256": sheet.table.sha256,
            }
            self.notes.extend(sheet.table.problems)
            self._open = None

    def preview(self) -> Iterator[Sheet]:
        """One sheet after the other, to be read before `sheets` reads them: they stay open."""
        for file in self.files:
            sheet = self.sheet(file)
            self._opened[file] = sheet.table
            yield sheet

    def sheet(self, file: Path) -> Sheet:
        """A file with its header found and the format of its dates settled."""
        table = self._opened.pop(file, None)
        if table is None:
            table = self._open_table(file, self._options, self._wanted, self.owner, self._context.cancelled)
        if file not in self._settled:
            self._settled[file] = self._settle(file, table)
        return Sheet(table, self._fields, self._missing, self._settled[file])

    def _settle(self, file: Path, table: Table) -> DateReader:
        dates = DateReader(self._options.dates, self.zone, typed=bool(table.layout.sheet))
        columns = {self._fields[field]: table.columns[self._fields[field]] for field in self._dates}
        known = Sheet(table, self._fields, self._missing, dates).known

        def cells(limit: int | None = None) -> Iterator[tuple[str, str]]:
            for n, row in enumerate(table.rows()):
                if limit is not None and n >= limit:
                    return
                if isinstance(row, Row):
                    yield from ((name, known(row.cells[p])) for name, places in columns.items() for p in places)

        if columns and not dates.is_explicit and dates.needs_witnesses(cell for _name, cell in cells(HEAD_ROWS)):
            for name, cell in cells():
                dates.witness(cell, name)
            dates.settle(file, self.owner)
            self.notes.extend(Problem("dates", note) for note in dates.notes)
        return dates

    def _name(self, file: Path) -> str:
        folder = self._context.folder
        return str(file.relative_to(folder) if file.is_relative_to(folder) else file)

    def rows(self, sheet: Sheet) -> Iterator[tuple[int, tuple[str, ...]]]:
        """(row number, narrow cells) of the good rows; the others are tallied."""
        tally = self.tally
        for row in sheet.table.rows():
            tally.rows += 1
            if isinstance(row, BadRow):
                tally.add(sheet.place(row.row), "", row.reason)
            else:
                yield row.row, sheet.narrow(row.cells)


def whole_seconds(value: float, *, up: bool = False) -> int:
    """Times are whole seconds: what begins is rounded down, what is done is rounded up, so that late stays late."""
    return math.ceil(value) if up else math.floor(value)


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0  # opening it says what is wrong


_PERSONAL = frozenset(
    {"requester", "agent", "agent_email", "owner", "comment", "email", "phone", "caller", "called", "src", "dst"}
    | {"customer", "manager"}
)
"""Columns that a sample row, which people paste into mails, does not show."""


def probe_book(book: Workbook, first_problem: Callable[[Sheet], str]) -> Probe:
    """What the files of a source look like: one word for each file, and the first row of the first that is good.

    `first_problem` reads the first rows of a sheet and says what is wrong with them, or "".
    """
    modules: dict[str, str] = {}
    good: Sheet | None = None
    bad: SourceError | None = None
    for file in book.files:
        try:
            sheet = book.sheet(file)
            modules[file.name] = "ok"
            good = good or sheet
        except SourceError as fault:
            modules[file.name] = fault.message
            bad = bad or fault
    if good is None or bad is not None:
        wrong = bad or SourceError(_("There is no file."), kind="bad_file")
        return Probe(reachable=False, modules=modules, message=wrong.message, hint=wrong.hint)
    try:
        problem = first_problem(good)
        sample = _first_row(good)
    except SourceError as fault:
        return Probe(reachable=False, modules=modules, message=fault.message, hint=fault.hint)
    told = [
        describe_layout(good.table.layout, book.zone.key),
        *(note.message for note in book.notes),
        _("First row: {sample}.").format(sample=sample) if sample else _("There are no rows below the header."),
        problem,
    ]
    return Probe(
        reachable=True,
        authorised=True,
        modules=modules,
        message=" ".join(text for text in told if text),
        hint=_("Rows with such faults are counted; see max_bad_share.") if problem else "",
    )


def describe_layout(layout: Layout, zone: str) -> str:
    """How a table is written, in one sentence."""
    how = _('{kind}, sheet "{sheet}"') if layout.sheet else _("{kind}, delimiter {delimiter}")
    return _("{how}, column names in row {row} ({n}), times without offset in {zone}.").format(
        how=how.format(
            kind=layout.encoding,
            sheet=one_line(layout.sheet, 60),
            delimiter={"\t": "tab"}.get(layout.delimiter, layout.delimiter),
        ),
        row=layout.header_row,
        n=len(layout.header),
        zone=zone,
    )


def _first_row(sheet: Sheet) -> str:
    first = next((row for row in sheet.table.rows() if isinstance(row, Row)), None)
    if first is None:
        return ""
    narrow = sheet.narrow(first.cells)
    cells = ((field.lstrip(":"), "…" if field in _PERSONAL else sheet.text(narrow, field)) for field in sheet.names)
    return one_line("; ".join(f"{field} = {text}" for field, text in cells if text), 300)
