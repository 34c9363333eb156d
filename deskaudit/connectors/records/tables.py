"""One mechanism for all tables of records: files in, rows out, and every fault counted with its place."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

import msgspec

from deskaudit.connectors import Context
from deskaudit.connectors.csvfile.directory import Directory
from deskaudit.connectors.phones import e164
from deskaudit.connectors.recognition import Likeness, Specimen
from deskaudit.connectors.tabular.cells import Words, fold_set, fold_text, read_duration, read_number
from deskaudit.connectors.tabular.dates import unread
from deskaudit.connectors.tabular.sheets import RowFault, Sheet, Workbook, probe_book, whole_seconds
from deskaudit.errors import SourceError
from deskaudit.i18n import _, ngettext
from deskaudit.model.batches import Batch, Cursor, Probe, Problem, Want
from deskaudit.model.entities import Row, entity_of, python_type
from deskaudit.model.keys import row_key
from deskaudit.text import one_line

BATCH_ROWS = 5000
SLACK_S = 86400
"""Clocks go wrong by a day; what lies further ahead is no time of something that happened."""
LARGEST = 2**53
PROBE_ROWS = 200
_DISTINCT = 200


class Cells:
    """One row of a table by what its cells mean. What cannot be read is counted as a fault, and unknown (None)."""

    def __init__(self, reading: "Reading", sheet: Sheet, number: int, narrow: Sequence[str]) -> None:
        self.reading = reading
        self.sheet = sheet
        self.number = number
        self.narrow = narrow
        self.record = sheet.record(narrow)

    def raw(self, field: str) -> str:
        """The cell, stripped; "" where it is missing or not mapped."""
        return self.record.get(field, "")

    def text(self, field: str, limit: int = 120) -> str | None:
        return one_line(self.raw(field), limit) or None

    def need(self, field: str) -> str:
        """The cell; RowFault where it is empty."""
        if not self.raw(field):
            raise RowFault(self.reading.names.get(field, ""), _("it is empty, and the row means nothing without it"))
        return self.raw(field)

    def time(self, field: str, *, ahead: bool = False, up: bool = False, ends_day: bool = False) -> int | None:
        """Epoch seconds. `ahead`: it may lie in the future. `ends_day`: a day without a time means its end."""
        cell = self.raw(field)
        if not cell:
            return None
        try:
            seconds = self.sheet.dates.read(cell, ends_day=ends_day)
        except (ValueError, OverflowError):
            self.fault(field, unread(cell))
            return None
        if seconds is None:
            return None
        if not ahead and seconds > self.reading.latest:
            self.fault(field, _("it lies in the future"))
            return None
        return whole_seconds(seconds, up=up)

    def need_time(self, field: str, *, ahead: bool = False) -> int:
        """As `time`; RowFault where there is none."""
        self.need(field)
        found = self.time(field, ahead=ahead)
        if found is None:
            raise RowFault(self.reading.names.get(field, ""), _("without this time the row means nothing"))
        return found

    def number_of(self, field: str) -> float | None:
        cell = self.raw(field)
        if not cell:
            return None
        try:
            found = read_number(cell, self.reading.options.decimal)
        except ValueError:
            self.fault(field, _("no number"))
            return None
        if abs(found) >= LARGEST:
            self.fault(field, _("no number of this world"))
            return None
        return found

    def whole(self, field: str) -> int | None:
        """A count: a whole number from 0."""
        found = self.number_of(field)
        if found is not None and (found < 0 or found != int(found)):
            self.fault(field, _("no count"))
            return None
        return None if found is None else int(found)

    def seconds(self, field: str) -> int | None:
        """A duration."""
        cell = self.raw(field)
        if not cell:
            return None
        try:
            found = read_duration(
                cell, getattr(self.reading.options, "duration_unit", ""), self.reading.options.decimal
            )
        except ValueError as fault:
            self.fault(field, str(fault) if str(fault) not in {cell, cell.casefold()} else _("no duration"))
            return None
        if found >= LARGEST:
            self.fault(field, _("no duration"))
            return None
        return round(found)

    def flag(self, field: str) -> bool | None:
        cell = self.raw(field)
        if not cell:
            return None
        try:
            return self.reading.words.read(cell)
        except ValueError:
            self.fault(field, _("neither yes nor no; add it to flags"))
            return None

    def choice(self, field: str, words: Mapping[str, str], table: str) -> str | None:
        """What a word stands for; one that nobody knows is counted, and `table` is the option that names it."""
        cell = self.raw(field)
        if not cell:
            return None
        found = words.get(fold_text(cell))
        if found is None:
            self.reading.count_unknown(field, table, cell)
        return found

    def person(self, field: str) -> str | None:
        """The keyed hash of an address or number."""
        return self.reading.context.person(self.raw(field))

    def phone(self, field: str) -> str | None:
        """The keyed hash of a telephone number in its E.164 form; None where it is withheld or none."""
        number = e164(self.raw(field), getattr(self.reading.options, "region", ""))
        return self.reading.context.person(number)

    def agent(self, field: str, address: str = "") -> int | None:
        return self.reading.agent(self.raw(field), self.raw(address) if address else "")

    def department(self, field: str) -> int | None:
        return self.reading.directory.department(self.raw(field))

    def ticket(self, field: str = "ticket") -> int | None:
        cell = self.raw(field)
        return row_key(self.reading.options.tickets_of, "ticket", cell) if cell else None

    def plain(self, entity: type[Row], *skip: str) -> dict[str, Any]:
        """Model field → value, of all mapped columns that are called like a field of the entity, by its type."""
        return {field: self.by_type(field, kind) for field, kind in self.reading.plain(entity) if field not in skip}

    def by_type(self, field: str, kind: type) -> Any:
        """A cell as the model's type has it. Times in `_at` may not lie ahead, but for what runs out or is due."""
        if kind is bool:
            return self.flag(field)
        if kind is float:
            return self.number_of(field)
        if kind is str:
            return self.text(field)
        if field.endswith("_at"):
            return self.time(field, ahead=field in {"expires_at", "left_at"})
        return self.seconds(field) if field.endswith("_s") else self.whole(field)

    def fault(self, field: str, reason: str) -> None:
        """Counts a cell that could not be read; the row stays."""
        column = self.reading.names.get(field, field)
        self.reading.book.tally.add(self.place(), column, reason, self.raw(field))

    def place(self) -> str:
        return self.sheet.place(self.number)


class Reading:
    """One reading of the files of a table. A kind says what a row becomes in `take`, and what is left in `last`."""

    entity: ClassVar[str]  # what the table is about: the batch's resource
    times: ClassVar[tuple[str, ...]] = ()  # the fields that hold times
    optional: ClassVar[frozenset[str]] = frozenset()  # fields whose columns a file may lack
    fills: ClassVar[Mapping[str, tuple[str, ...]]]  # entity → columns any of which fills it; () for always

    def __init__(self, options: Any, context: Context, entities: frozenset[str] | None = None) -> None:
        self.options = options
        self.context = context
        self.names: dict[str, str] = self.columns(options)
        self.entities = self.filled() if entities is None else self.filled() & entities
        self.book = Workbook(options, context, self.names, self.times, optional=self.optional)
        self.words = Words(getattr(options, "flags", {}))
        self.directory = Directory(context, getattr(options, "nobody", []))
        self.latest = context.now() + SLACK_S
        self._nobody = fold_set(getattr(options, "nobody", []))
        self._known: dict[str, tuple[str, bytes]] = {}
        self._seen: Counter[bytes] = Counter()
        self._file = ""
        self._repeated = 0
        self._unknown: dict[tuple[str, str], Counter[str]] = {}
        self._plain: dict[type[Row], list[tuple[str, type]]] = {}
        self.begin()

    def begin(self) -> None:
        """Sets up what a kind keeps while it reads."""

    @classmethod
    def columns(cls, options: Any) -> dict[str, str]:
        """Field → column of all that is read."""
        found: dict[str, str] = options.columns.names()
        return found

    def filled(self) -> frozenset[str]:
        """The entities that the mapped columns can fill: a file without an agent column has no agents, not none."""
        agents_of = getattr(self.options, "agents_of", "")
        return frozenset(
            entity
            for entity, columns in self.fills.items()
            if (not columns or any(column in self.names for column in columns))
            and not (agents_of and entity == "agent" and columns)
        )

    def take(self, row: Cells) -> Iterable[Row]:
        """What one row becomes. Raises RowFault for a row that is kept out."""
        raise NotImplementedError

    def last(self) -> Iterable[Row]:
        """What is known only when all rows were read."""
        return ()

    def notes(self) -> list[Problem]:
        """What else there is to say at the end."""
        return []

    def run(self) -> Iterator[Batch]:
        page: list[Row] = []
        for sheet in self.book.sheets():
            self._start_file(sheet)
            for number, narrow in self.book.rows(sheet):
                page += self._take(number, narrow, sheet)
                if len(page) >= BATCH_ROWS or self.book.tally.is_full:
                    yield self._batch(page)
                    page = []
        for row in self.last():
            page.append(row)
            if len(page) >= BATCH_ROWS:
                yield self._batch(page)
                page = []
        problems = self.book.tally.verdict(self.options.max_bad_share, self.entities, self.entity)
        yield self._batch(page, [*problems, *self.book.notes, *self.notes(), *self._common_notes()], self.book.cursor())

    def first_problem(self, sheet: Sheet) -> str:
        """The first fault among the first rows, for the probe."""
        self._start_file(sheet)
        for count, (number, narrow) in enumerate(self.book.rows(sheet)):
            if count >= PROBE_ROWS:
                break
            self._take(number, narrow, sheet)
        found = self.book.tally.flush()
        if found:
            return f"{found[0].place}: {found[0].reason}"
        return next((problem.message for problem in self._common_notes()), "")

    def identify(self, row: Cells, key: str = "") -> str | None:
        """What names a row: its own key, else its cells and how often they stood there before in this file.

        None for a row that stands in another file too, word for word: exports overlap. RowFault where a key is there
        with other cells, or twice in one file.
        """
        mark = hashlib.blake2b("\x1f".join(row.narrow).encode(errors="replace"), digest_size=12).digest()
        if not key:
            self._seen[mark] += 1
            key = f"{mark.hex()}:{self._seen[mark]}"
        known = self._known.get(key)
        if known is None:
            self._known[key] = (self._file, mark)
            return key
        if known[0] != self._file and known[1] == mark:
            self._repeated += 1
            return None
        raise RowFault("", _('"{key}" was there before').format(key=one_line(key, 60)))

    def agent(self, name: str, address: str = "") -> int | None:
        """An agent by address, name or id; of another source where `agents_of` names one. None for nobody."""
        other = getattr(self.options, "agents_of", "")
        if not other:
            return self.directory.agent(name, address)
        said = address or name
        if not said or fold_text(said) in self._nobody:
            return None
        return row_key(other, "agent", "@" + fold_text(said) if "@" in said else fold_text(said))

    def count_unknown(self, field: str, table: str, word: str) -> None:
        counted = self._unknown.setdefault((field, table), Counter())
        if word in counted or len(counted) < _DISTINCT:
            counted[word] += 1

    def plain(self, entity: type[Row]) -> list[tuple[str, type]]:
        """The mapped columns that are called like a field of the entity, and its type."""
        if entity not in self._plain:
            fields = {field.name: python_type(field) for field in msgspec.structs.fields(entity)}
            self._plain[entity] = [(name, fields[name]) for name in self.names if name in fields]
        return self._plain[entity]

    def _start_file(self, sheet: Sheet) -> None:
        self._file = str(sheet.table.file)
        self._seen.clear()

    def _take(self, number: int, narrow: Sequence[str], sheet: Sheet) -> list[Row]:
        try:
            return list(self.take(Cells(self, sheet, number, narrow)))
        except RowFault as fault:
            self.book.tally.add(sheet.place(number), fault.column, fault.reason)
            return []

    def _common_notes(self) -> list[Problem]:
        found = []
        for (field, table), counted in self._unknown.items():
            words = ", ".join(f'"{one_line(word, 40)}" ({n})' for word, n in counted.most_common(5))
            message = _("No {field} is known for {words}; add them to sources.{source}.{table}.")
            text = message.format(field=field, words=words, source=self.context.source, table=table)
            found.append(Problem(self.entity, text))
        if self._repeated:
            message = ngettext(
                "{n} row stands in two files, word for word; it counts once.",
                "{n} rows stand in two files, word for word; each counts once.",
                self._repeated,
            )
            found.append(Problem(self.entity, message.format(n=self._repeated)))
        return found

    def _batch(self, page: Sequence[Row], problems: Sequence[Problem] = (), cursor: Cursor | None = None) -> Batch:
        rows = [row for row in [*self.directory.flush(), *page] if entity_of(row) in self.entities]
        return Batch(
            rows=rows,
            cursor=cursor,
            replaces=self.entities,
            resource=self.entity,
            done=self.book.done,
            total=self.book.total,
            rejects=self.book.tally.flush(),
            problems=problems,
        )


class RecordTable:
    """Root of the connectors of this room: files are read whole each time, and what is not in them any more is gone."""

    name: ClassVar[str]
    title: ClassVar[str]
    options: ClassVar[type[msgspec.Struct]]
    fills: ClassVar[frozenset[str]]
    tested: ClassVar[str] = "fixture: made from the documented shapes"
    reading: ClassVar[type[Reading]]

    def __init__(self, options: Any, context: Context) -> None:
        self._options = options
        self._context = context

    def __init_subclass__(cls) -> None:
        cls.fills = frozenset(cls.reading.fills)

    @classmethod
    def recognises(cls, specimen: Specimen) -> Likeness | None:
        """A table with the columns that its kind usually has."""
        from deskaudit.connectors.records.headers import USUAL
        from deskaudit.connectors.tablefinding import likeness

        usual = USUAL.get(cls.name)
        return None if usual is None else likeness(specimen, usual, _("columns are called as its own: {names}"))

    def probe(self) -> Probe:
        """Reads the first rows: is the file there, which columns were found, what is wrong first."""
        try:
            reading = self.reading(self._options, self._context)
        except SourceError as fault:
            return Probe(reachable=False, message=fault.message, hint=fault.hint)
        return probe_book(reading.book, reading.first_problem)

    def pull(self, cursor: Cursor | None, want: Want) -> Iterator[Batch]:  # noqa: ARG002 - files are read whole
        """All rows of all files. Raises SourceError where a file cannot be read to its end."""
        yield from self.reading(self._options, self._context, want.entities).run()
