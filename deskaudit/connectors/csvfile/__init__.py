"""Tickets of any desk from its CSV export: one row per ticket, or one row per change of a ticket."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import ClassVar

from deskaudit.connectors import Context
from deskaudit.connectors.csvfile.directory import Directory
from deskaudit.connectors.csvfile.log import Log
from deskaudit.connectors.csvfile.options import TIMES, CsvOptions
from deskaudit.connectors.csvfile.tickets import Source, TicketMaker
from deskaudit.connectors.tabular.sheets import RowFault, Sheet, Workbook, probe_book
from deskaudit.errors import SourceError
from deskaudit.i18n import _
from deskaudit.model.batches import Batch, Cursor, Probe, Problem, Want
from deskaudit.model.entities import Row, entity_of
from deskaudit.text import one_line

__all__ = ["CsvOptions", "CsvTickets"]

BATCH_ROWS = 5000
PROGRESS_ROWS = 20_000


class CsvTickets:
    """`type = "csv"`: files are read whole each time, and what is not in them any more is gone."""

    name: ClassVar[str] = "csv"
    title: ClassVar[str] = "Tickets from CSV files"
    options: ClassVar[type[CsvOptions]] = CsvOptions
    fills: ClassVar[frozenset[str]] = frozenset(
        {"ticket", "event", "agent", "department", "contact", "rating", "ticket_tag", "ticket_field"}
    )
    tested: ClassVar[str] = "real file"

    def __init__(self, options: CsvOptions, context: Context) -> None:
        self._options = options
        self._context = context

    def probe(self) -> Probe:
        """Reads the first rows: is the file there, which columns were found, what does a row become."""
        try:
            run = _Import(self._options, self._context, self._filled())
        except SourceError as fault:
            return Probe(reachable=False, message=fault.message, hint=fault.hint)
        return probe_book(run.book, run.first_problem)

    def pull(self, cursor: Cursor | None, want: Want) -> Iterator[Batch]:  # noqa: ARG002 - files are read whole
        """All rows of all files. Raises SourceError where a file cannot be read to its end."""
        import_ = _Import(self._options, self._context, want.entities & self._filled())
        yield from import_.run()

    def _filled(self) -> frozenset[str]:
        """The entities that the mapped columns can fill: a desk without a score column has no ratings, not none."""
        columns = self._options.columns
        sources = {
            "ticket": True,
            "event": self._options.shape == "events",
            "agent": bool(columns.agent or columns.agent_email),
            "department": bool(columns.department),
            "contact": bool(columns.requester),
            "rating": bool(columns.score),
            "ticket_tag": bool(columns.labels),
            "ticket_field": bool(self._options.fields),
        }
        return frozenset(entity for entity, is_mapped in sources.items() if is_mapped)


class _Import:
    """One reading of the files."""

    def __init__(self, options: CsvOptions, context: Context, entities: frozenset[str]) -> None:
        self._options = options
        self._context = context
        self._entities = entities
        self.book = Workbook(options, context, options.all_fields(), TIMES)
        self._directory = Directory(context, options.nobody)
        self._maker = TicketMaker(options, context, self._directory, self.book.tally)
        self._log = Log(options, context, self._directory, self._maker)
        self._ids: dict[int, int] = {}  # ticket id → hash of its row, where another file may repeat it
        self._repeated = 0
        self._page: list[Row] = []

    def run(self) -> Iterator[Batch]:
        for sheet in self.book.sheets():
            for problem in self.book.notes:
                yield self._batch(problems=[problem])
            self.book.notes.clear()
            if self._options.shape == "events":
                yield from self._read_events(sheet)
            else:
                yield from self._read_tickets(sheet)
        if self._options.shape == "events":
            yield from self._gather()
        yield self._batch(problems=self._problems(), cursor=self.book.cursor())

    def first_problem(self, sheet: Sheet) -> str:
        """The first fault among the first rows, for the probe."""
        for number, (row, narrow) in enumerate(self.book.rows(sheet)):
            if number >= 200:
                break
            self._take(row, narrow, sheet)
        if self._options.shape == "events":
            for _place, _made in self._log.rows():
                pass
        found = self.book.tally.flush()
        if found:
            return f"{found[0].place}: {found[0].reason}"
        return next((problem.message for problem in self._maker.problems(self._context.source)), "")

    def _read_tickets(self, sheet: Sheet) -> Iterator[Batch]:
        for row, narrow in self.book.rows(sheet):
            self._take(row, narrow, sheet)
            if len(self._page) >= BATCH_ROWS:
                yield self._batch()

    def _read_events(self, sheet: Sheet) -> Iterator[Batch]:
        for number, (row, narrow) in enumerate(self.book.rows(sheet), start=1):
            self._take(row, narrow, sheet)
            if number % PROGRESS_ROWS == 0:
                yield self._batch()

    def _gather(self) -> Iterator[Batch]:
        for place, made in self._log.rows():
            if isinstance(made, RowFault):
                self.book.tally.add(place(), made.column, made.reason)
            else:
                self._page.extend(made)
            if len(self._page) >= BATCH_ROWS:
                yield self._batch()

    def _take(self, row: int, narrow: tuple[str, ...], sheet: Sheet) -> None:
        try:
            if self._options.shape == "events":
                self._log.add(row, narrow, sheet)
            else:
                self._page.extend(self._make(row, narrow, sheet))
        except RowFault as fault:
            self.book.tally.add(sheet.place(row), fault.column, fault.reason)

    def _make(self, row: int, narrow: tuple[str, ...], sheet: Sheet) -> list[Row]:
        column = self._options.columns.key
        key = sheet.text(narrow, "key")
        if not key:
            raise RowFault(column, _("a row without a key is kept out"))
        ticket = self._context.key("ticket", key)
        mark = hash(narrow) if len(self.book.files) > 1 else 0
        before = self._ids.get(ticket)
        if before is not None:
            if mark and mark == before:  # exports that overlap repeat rows word for word: no fault
                self._repeated += 1
                return []
            raise RowFault(column, _('the key "{key}" was there before').format(key=one_line(key, 60)))
        self._ids[ticket] = mark
        source = Source(
            place=partial(sheet.place, row),
            cells=sheet.record(narrow),
            texts=partial(sheet.texts, narrow),
            dates=sheet.dates,
        )
        return self._maker.make(key, source)

    def _problems(self) -> list[Problem]:
        found = self.book.tally.verdict(self._options.max_bad_share, self._entities, "ticket")
        if self._repeated:
            message = _("{n} rows stand in two files, word for word; each counts once.")
            found.append(Problem("ticket", message.format(n=self._repeated)))
        return [*found, *self._maker.problems(self._context.source, self._without_status())]

    def _without_status(self) -> tuple[str, ...]:
        """The entities that nobody can judge, because too many statuses have no meaning and no time tells either."""
        rows = self.book.tally.rows
        unknown = self._maker.vocabulary.unknown_statuses()
        by_times = self._options.shape == "tickets" and self._maker.tells_by_times
        return () if by_times or unknown <= self._options.max_bad_share * rows else ("ticket", "event")

    def _batch(self, *, problems: Sequence[Problem] = (), cursor: Cursor | None = None) -> Batch:
        rows = [row for row in [*self._directory.flush(), *self._page] if entity_of(row) in self._entities]
        self._page = []
        return Batch(
            rows=rows,
            cursor=cursor,
            replaces=self._entities,
            resource="ticket",
            done=self.book.done,
            total=self.book.total,
            rejects=self.book.tally.flush(),
            problems=problems,
        )
