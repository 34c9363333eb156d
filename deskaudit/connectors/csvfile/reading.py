"""One reading of the files of a ticket source: rows to tickets, page by page."""

import heapq
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from deskaudit.connectors import Context
from deskaudit.connectors.csvfile import presets
from deskaudit.connectors.csvfile.directory import Directory
from deskaudit.connectors.csvfile.doubts import KeyDoubts
from deskaudit.connectors.csvfile.log import Log
from deskaudit.connectors.csvfile.options import TIMES, CsvOptions
from deskaudit.connectors.csvfile.overlap import NEVER, Overlap
from deskaudit.connectors.csvfile.tickets import Source, TicketMaker
from deskaudit.connectors.mapping import Facts, Seen
from deskaudit.connectors.ordinary import require_files
from deskaudit.connectors.tabular.sheets import RowFault, Sheet, Workbook
from deskaudit.connectors.tabular.tables import BadRow, Table
from deskaudit.i18n import _
from deskaudit.model.batches import Batch, Cursor, Problem
from deskaudit.model.entities import Row, Ticket, entity_of
from deskaudit.text import one_line

BATCH_ROWS = 5000
PROGRESS_ROWS = 20_000
SAMPLE_ROWS = 50_000
"""So many rows are read for a sample."""
PERSONAL = ("requester", "agent", "agent_email", "title", "url", "comment")
"""Fields that a sample does not show."""


class Import:
    """Files read whole. `entities` limits what is made; None: all that the columns can fill."""

    def __init__(
        self,
        options: CsvOptions,
        context: Context,
        entities: frozenset[str] | None = None,
        open_table: Callable[..., Table] = Table,
    ) -> None:
        opened: dict[Path, Table] = {}
        if options.preset:
            options, opened = recognise(options, context)
        self.options = options
        self._context = context
        self._entities = filled(options) if entities is None else entities & filled(options)
        self.book = Workbook(options, context, options.all_fields(), TIMES, opened, open_table)
        self._directory = Directory(context, options.nobody)
        self._maker = TicketMaker(options, context, self._directory, self.book.tally)
        self._overlap = Overlap(by_time="changed_at" in options.all_fields())
        self._log = Log(options, context, self._directory, self._maker, self._overlap)
        self._ids: set[int] = set()
        self._doubts = KeyDoubts(partial(context.key, "ticket"))
        self._file = 0  # the number of the file at hand
        self._page: list[Row] = []

    def run(self) -> Iterator[Batch]:
        if self.options.shape == "tickets" and len(self.book.files) > 1:
            self._hear_all()
        for number, sheet in enumerate(self.book.sheets()):
            self._file = number
            for problem in self.book.notes:
                yield self._batch(problems=[problem])
            self.book.notes.clear()
            if self.options.shape == "events":
                yield from self._read_events(sheet)
            else:
                yield from self._read_tickets(sheet)
        if self.options.shape == "events":
            yield from self._gather()
        problems = [*self.book.notes, *self._problems()]
        yield self._batch(problems=problems, cursor=self.book.cursor())

    def first_problem(self, sheet: Sheet) -> str:
        """The first fault among the first rows, for the probe."""
        for number, (row, narrow) in enumerate(self.book.rows(sheet)):
            if number >= 200:
                break
            self._take(row, narrow, sheet)
        if self.options.shape == "events":
            for _place, _made in self._log.rows():
                pass
        found = self.book.tally.flush()
        if found:
            return f"{found[0].place}: {found[0].reason}"
        return next((problem.message for problem in self._maker.problems(self._context.source)), "")

    def _read_tickets(self, sheet: Sheet) -> Iterator[Batch]:
        for row, narrow in self.book.rows(sheet):
            self._take(row, narrow, sheet)
            if len(self._page) >= BATCH_ROWS or self.book.tally.is_full:
                yield self._batch()

    def _hear_all(self) -> None:
        """Reads the files once before the rows are made, so that of each ticket the row that counts is known."""
        for file, sheet in enumerate(self.book.preview()):
            for row in sheet.table.rows():
                if isinstance(row, BadRow):
                    continue
                narrow = sheet.narrow(row.cells)
                if key := sheet.text(narrow, "key"):
                    ticket = self._context.key("ticket", key)
                    self._overlap.hear(ticket, file, _changed(narrow, sheet), hash(narrow))

    def _read_events(self, sheet: Sheet) -> Iterator[Batch]:
        for number, (row, narrow) in enumerate(self.book.rows(sheet), start=1):
            self._take(row, narrow, sheet)
            if number % PROGRESS_ROWS == 0 or self.book.tally.is_full:
                yield self._batch()

    def _gather(self) -> Iterator[Batch]:
        for place, made in self._log.rows():
            if isinstance(made, RowFault):
                self.book.tally.add(place(), made.column, made.reason)
            else:
                self._page.extend(made)
            if len(self._page) >= BATCH_ROWS or self.book.tally.is_full:
                yield self._batch()

    def _take(self, row: int, narrow: tuple[str, ...], sheet: Sheet) -> None:
        try:
            if self.options.shape == "events":
                self._log.add(row, narrow, sheet)
            else:
                self._page.extend(self._make(row, narrow, sheet))
        except RowFault as fault:
            self.book.tally.add(sheet.place(row), fault.column, fault.reason)

    def _make(self, row: int, narrow: tuple[str, ...], sheet: Sheet) -> list[Row]:
        column = self.options.columns.key or ""
        key = sheet.text(narrow, "key")
        if not key:
            raise RowFault(column, _("a row without a key is kept out"))
        ticket = self._context.key("ticket", key)
        if not self._overlap.counts(ticket, self._file, hash(narrow)):
            return []
        if ticket in self._ids:
            raise RowFault(column, _('the key "{key}" was there before').format(key=one_line(key, 60)))
        self._ids.add(ticket)
        source = Source(
            place=partial(sheet.place, row),
            cells=sheet.record(narrow),
            texts=partial(sheet.texts, narrow),
            dates=sheet.dates,
        )
        made = self._maker.make(key, source)
        self._doubts.hear(key, self._file, row)
        return made

    def _problems(self) -> list[Problem]:
        found = self.book.tally.verdict(self.options.max_bad_share, self._entities, "ticket")
        source = self._context.source
        doubts = self._doubts.problems(source, self._ids, self._place)
        return [*found, *doubts, *self._overlap.problems(), *self._maker.problems(source, self._without_status())]

    def _place(self, file: int, row: int) -> str:
        return _("{file} row {row}").format(file=self.book.files[file].name, row=row)

    def _without_status(self) -> tuple[str, ...]:
        """The entities that nobody can judge, because too many statuses have no meaning and no time tells either."""
        rows = self.book.tally.rows
        unknown = self._maker.vocabulary.unknown_statuses()
        by_times = self.options.shape == "tickets" and self._maker.tells_by_times
        return () if by_times or unknown <= self.options.max_bad_share * rows else ("ticket", "event")

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

    def sample(self, count: int) -> list[Seen]:
        """The latest tickets of the first rows of the first file, with all their columns but personal ones."""
        sheet = self.book.sheet(self.book.files[0])
        head: dict[int, list[str]] = {}  # ticket id → cells of its last row
        made: dict[int, Ticket] = {}
        for number, row in enumerate(sheet.table.rows()):
            if number >= SAMPLE_ROWS:
                break
            if isinstance(row, BadRow):
                continue
            narrow = sheet.narrow(row.cells)
            self._page = []
            self._take(row.row, narrow, sheet)
            self._note_tickets(made, count)
            ticket = self._context.key("ticket", sheet.text(narrow, "key"))
            if ticket in made or self.options.shape == "events":
                head[ticket] = row.cells
        if self.options.shape == "events":
            for _place, rows in self._log.rows():
                self._page = [] if isinstance(rows, RowFault) else rows
                self._note_tickets(made, count)
        latest = heapq.nlargest(count, made.values(), key=_created)
        return [self._seen(ticket, head[ticket.id], sheet) for ticket in latest if ticket.id in head]

    def _note_tickets(self, made: dict[int, Ticket], count: int) -> None:
        """Keeps the latest tickets of the page, a few more than asked for."""
        made.update((row.id, row) for row in self._page if isinstance(row, Ticket))
        self._page = []
        if len(made) > 20 * max(count, 50):
            kept = heapq.nlargest(count, made.values(), key=_created)
            made.clear()
            made.update((ticket.id, ticket) for ticket in kept)

    def _seen(self, ticket: Ticket, cells: Sequence[str], sheet: Sheet) -> Seen:
        hidden = {
            place for field in PERSONAL if field in sheet.names for place in sheet.table.columns[sheet.names[field]]
        }
        facts: dict[str, str | None] = {}
        for place, (name, cell) in enumerate(zip(sheet.table.layout.header, cells, strict=False)):
            text = sheet.known(cell)
            if place not in hidden and name.strip() and "@" not in text and not facts.get(name.strip()):
                facts[name.strip()] = one_line(text, 200) or None
        narrow = sheet.narrow(cells)
        tags = self._maker.vocabulary.tags(sheet.texts(narrow, "labels"))
        group = one_line(sheet.text(narrow, "department"), 120) or None
        return Seen(facts=Facts(fields=facts, tags=tags, department=group), status_raw=ticket.status_raw, ticket=ticket)


def _created(ticket: Ticket) -> int:
    return ticket.created_at or 0


def _changed(narrow: tuple[str, ...], sheet: Sheet) -> float:
    """When the ticket of a row changed; NEVER where it does not say. That it cannot be read is told with the row."""
    try:
        at = sheet.dates.read(sheet.text(narrow, "changed_at"))
    except (ValueError, OverflowError):
        return NEVER
    return NEVER if at is None else at


def recognise(options: CsvOptions, context: Context) -> tuple[CsvOptions, dict[Path, Table]]:
    """The options with what their preset knows of these files, and the files, opened. Raises SourceError."""
    preset = presets.load()[options.preset]
    options = presets.settle_text(options, preset)
    wanted = presets.wishes(options, preset)
    owner = f"sources.{context.source}"
    opened = {
        file: Table(file, options, wanted, owner, context.cancelled) for file in require_files(context, options.path)
    }
    present = {name for table in opened.values() for name, places in table.columns.items() if places}
    return presets.fill(options, preset, present), opened


def filled(options: CsvOptions) -> frozenset[str]:
    """The entities that the mapped columns can fill: a desk without a score column has no ratings, not none."""
    columns = options.columns
    sources = {
        "ticket": True,
        "event": options.shape == "events",
        "agent": bool(columns.agent or columns.agent_email),
        "department": bool(columns.department),
        "contact": bool(columns.requester),
        "rating": bool(columns.score),
        "ticket_tag": bool(columns.labels),
        "ticket_field": bool(options.fields),
    }
    return frozenset(entity for entity, is_mapped in sources.items() if is_mapped)
