"""A log with one row per change of a ticket, gathered into tickets.

Kept in memory: some 24 bytes for each event, and the first and the last row of each ticket. The order is that of time;
of events at the same time, that of the file.
"""

from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import msgspec

from deskaudit.connectors import Context
from deskaudit.connectors.csvfile.directory import Directory
from deskaudit.connectors.csvfile.options import CsvOptions
from deskaudit.connectors.csvfile.overlap import Overlap
from deskaudit.connectors.csvfile.tickets import CLOCK_SLACK, Source, TicketMaker, Told
from deskaudit.connectors.tabular.cells import fold_set, fold_text
from deskaudit.connectors.tabular.dates import unread
from deskaudit.connectors.tabular.sheets import RowFault, Sheet, whole_seconds
from deskaudit.i18n import _
from deskaudit.model.entities import Event, Row
from deskaudit.text import one_line

DONE = frozenset({"resolved", "closed"})
HOLDERS = ("status", "agent", "agent_email", "department")


class State(msgspec.Struct, frozen=True):
    """What a row says of its ticket: few states stand in many rows."""

    raw: str
    status: str  # canonical; "" where the log has no status
    agent_id: int | None
    department_id: int | None
    department: str


class _History:
    """One ticket's events, as numbers of the log, with its first and its last row."""

    __slots__ = ("events", "first", "first_at", "last", "last_at", "row", "sheet")

    def __init__(self, row: int, sheet: Sheet) -> None:
        self.events = array("i")
        self.first_at = float("inf")
        self.last_at = float("-inf")
        self.first = self.last = (sheet, ())  # type: tuple[Sheet, Sequence[str]]
        self.row = row
        self.sheet = sheet

    def place(self) -> str:
        return self.sheet.place(self.row)


class Log:
    """Takes rows in, gives tickets and their events out."""

    def __init__(
        self, options: CsvOptions, context: Context, directory: Directory, maker: TicketMaker, overlap: Overlap
    ) -> None:
        self._options = options
        self._context = context
        self._directory = directory
        self._maker = maker
        self._overlap = overlap
        self._earlier = array("q")  # hashes of the rows of the files before this one, in order
        self._marks = array("q")  # and of this one
        self._marked: Sheet | None = None
        self._names = options.all_fields()
        self._extra = [name for name in self._names if name.startswith(":")]
        self._first = frozenset(options.log.first)
        self._response = fold_set(options.log.response)
        self._latest = context.now() + CLOCK_SLACK
        self._tickets: dict[str, _History] = {}
        self._at = array("d")
        self._state = array("i")
        self._states: list[State] = []
        self._numbers: dict[State, int] = {}
        self._by_cells: dict[Sequence[str], int] = {}
        self._sheet: Sheet | None = None
        self._pick: Callable[[Sequence[str]], Sequence[str]]

    def add(self, row: int, narrow: Sequence[str], sheet: Sheet) -> None:
        """One event. Raises RowFault where it has no ticket or no time."""
        key = sheet.text(narrow, "key")
        if not key:
            raise RowFault(self._names["key"], _("an event without a ticket is kept out"))
        at = self._time(narrow, sheet)
        if self._is_repeated(narrow, sheet):
            return
        event = len(self._at)
        self._at.append(at)
        self._state.append(self._state_of(narrow, sheet))
        history = self._tickets.get(key)
        if history is None:
            history = self._tickets[key] = _History(row, sheet)
        history.events.append(event)
        if at < history.first_at:
            history.first_at, history.first = at, (sheet, narrow)
        if at >= history.last_at:
            history.last_at, history.last = at, (sheet, narrow)

    def rows(self) -> Iterator[tuple[Callable[[], str], list[Row] | RowFault]]:
        """(place, rows) of one ticket after the other; a fault instead of rows where it cannot be one."""
        for number, n in Counter(self._state).items():
            if self._states[number].status == "unknown":
                self._maker.vocabulary.count_unknown("status", self._states[number].raw, n)
        for key, history in self._tickets.items():
            events = sorted(history.events, key=self._at.__getitem__)
            states = [self._states[self._state[event]] for event in events]
            times = [whole_seconds(self._at[event]) for event in events]
            try:
                made = self._maker.make(key, self._source(history), self._tell(times, states))
            except RowFault as fault:
                yield history.place, fault
                continue
            made.extend(self._events(key, made[0].id, times, states))
            yield history.place, made

    def _time(self, narrow: Sequence[str], sheet: Sheet) -> float:
        column = self._names["happened_at"]
        cell = sheet.text(narrow, "happened_at")
        try:
            at = sheet.dates.read(cell) if cell else None
        except (ValueError, OverflowError):
            raise RowFault(column, f'{unread(cell)}: "{one_line(cell, 60)}"') from None
        if at is None:
            raise RowFault(column, _("an event without a time is kept out"))
        if at > self._latest:
            raise RowFault(column, _('it lies in the future: "{cell}"').format(cell=one_line(cell, 60)))
        return at

    def _is_repeated(self, narrow: Sequence[str], sheet: Sheet) -> bool:
        """Whether the row stands in an earlier file, word for word: logs overlap, and no event happens twice by that."""
        if sheet is not self._marked:
            self._earlier = array("q", sorted([*self._earlier, *self._marks]))
            self._marked, self._marks = sheet, array("q")
        mark = hash(tuple(narrow))
        place = bisect_left(self._earlier, mark)
        if place < len(self._earlier) and self._earlier[place] == mark:
            self._overlap.repeated += 1
            return True
        self._marks.append(mark)
        return False

    def _state_of(self, narrow: Sequence[str], sheet: Sheet) -> int:
        """The number of the row's state."""
        if sheet is not self._sheet:  # another file may have its columns elsewhere
            self._sheet, self._pick = sheet, sheet.picker((*HOLDERS, *self._extra))
            self._by_cells.clear()
        cells = self._pick(narrow)
        number = self._by_cells.get(cells)
        if number is None:
            group = sheet.text(narrow, "department")
            state = State(
                raw=sheet.text(narrow, "status"),
                status=self._status_of(narrow, sheet),
                agent_id=self._directory.agent(sheet.text(narrow, "agent"), sheet.text(narrow, "agent_email")),
                department_id=self._directory.department(group),
                department=one_line(group, 120),
            )
            number = self._numbers.setdefault(state, len(self._states))
            if number == len(self._states):
                self._states.append(state)
            self._by_cells[cells] = number
        return number

    def _status_of(self, narrow: Sequence[str], sheet: Sheet) -> str:
        if "status" not in self._names:
            return ""
        cells = sheet.record(narrow)
        return self._maker.vocabulary.status(cells.get("status", ""), self._maker.vocabulary.facts(cells))

    def _tell(self, times: Sequence[int], states: Sequence[State]) -> Told:
        done = [time for time, state in zip(times, states, strict=True) if state.status in DONE]
        closed = [time for time, state in zip(times, states, strict=True) if state.status == "closed"]
        answered = (
            time
            for time, state in zip(times, states, strict=True)
            if self._response and fold_text(state.raw) in self._response
        )
        is_done = states[-1].status in DONE
        return Told(
            created_at=times[0],
            changed_at=times[-1],
            first_response_at=next(answered, None),
            resolved_at=done[0 if self._options.log.resolved == "first" else -1] if is_done else None,
            closed_at=closed[-1] if is_done and closed else None,
        )

    def _source(self, history: _History) -> Source:
        cells = history.last[0].record(history.last[1])
        if self._first:
            first = history.first[0].record(history.first[1])
            cells.update((field, first[field]) for field in self._first if field in first)

        def texts(field: str) -> list[str]:
            sheet, narrow = history.first if field in self._first else history.last
            return sheet.texts(narrow, field)

        return Source(place=history.place, cells=cells, texts=texts, dates=history.last[0].dates)

    def _events(self, key: str, ticket: int, times: Sequence[int], states: Sequence[State]) -> Iterator[Event]:
        """A status event for each row, with who holds the ticket after it; assign and transfer where that changes."""
        has_agent = bool({"agent", "agent_email"} & self._names.keys())
        agent: int | None = None
        department: int | None = None
        status: str | None = None
        for number, (time, state) in enumerate(zip(times, states, strict=True)):
            kinds: list[tuple[str, str | None, str | None]] = []  # kind, from, to
            if state.status:
                kinds.append(("status", status, state.status))
            if has_agent and state.agent_id != agent:
                kinds.append(("assign", None, None))
            if department is not None and state.department_id not in {None, department}:
                kinds.append(("transfer", None, state.department))
            for kind, old, new in kinds:
                yield Event(
                    id=self._context.key("event", f"{key}\x1f{number}\x1f{kind}"),
                    ticket_id=ticket,
                    happened_at=time,
                    kind=kind,
                    from_value=old,
                    to_value=new,
                    agent_id=state.agent_id,
                    department_id=state.department_id,
                )
            agent, status = state.agent_id, state.status or None
            department = state.department_id if state.department_id is not None else department
