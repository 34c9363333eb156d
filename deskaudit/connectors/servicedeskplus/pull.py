"""One pull of a portal, list by list. A list that fails is named and leaves the others alone."""

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from deskaudit.connectors import Context
from deskaudit.connectors.fields import OLDEST, RowError
from deskaudit.connectors.http import HttpError
from deskaudit.connectors.lists import FATAL, is_refusal, losses, read_rows
from deskaudit.connectors.progress import has_passed
from deskaudit.connectors.servicedeskplus import rows
from deskaudit.connectors.servicedeskplus.answers import SdpError
from deskaudit.connectors.servicedeskplus.api import Api, Ask, Criterion
from deskaudit.connectors.servicedeskplus.fields import Entry
from deskaudit.connectors.servicedeskplus.lists import STATUSES, TICKET, Listed, Read, short_lists
from deskaudit.connectors.servicedeskplus.options import Options
from deskaudit.connectors.servicedeskplus.rows import Desk
from deskaudit.connectors.servicedeskplus.state import State
from deskaudit.connectors.servicedeskplus.walks import CHANGED, ChangedWalk, ListWalk, SweepWalk, changed_ms
from deskaudit.connectors.servicedeskplus.worklogs import Worklogs
from deskaudit.i18n import _
from deskaudit.model.batches import Batch, Estimate, Problem, Reject, Want
from deskaudit.model.entities import Row

DAY = 86400
WORKLOG_PAGE = 20  # requests whose time entries are read between two cursors
OPEN = ("new", "open", "answered", "postponed", "unknown")


class Pull:
    def __init__(self, api: Api, desk: Desk, options: Options, context: Context, state: State, want: Want) -> None:
        self._api, self._desk, self._options = api, desk, options
        self._context, self._state, self._want = context, state, want
        self._requested = tuple(sorted(TICKET & want.entities))  # what of requests is wanted
        self._main = "ticket" if "ticket" in want.entities else next(iter(self._requested), "")
        self._total: int | None = None
        self._unserved: set[str] = set()  # entities whose rows lack what a list that failed would have told of them

    def batches(self) -> Iterator[Batch]:
        wanted = self._want.entities
        lists = short_lists(cloud=self._options.cloud)
        if self._requested:
            yield from self._estimate()
            yield from self._guard("statuses", "statuses", (), self._list(STATUSES), STATUSES.serves)
            if not self._state.knows("backlog"):
                yield from self._step("backlog", "requests", self._requested, self._backlog())
            yield from self._step("requests", "requests", self._requested, self._requests())
        for listed in lists:
            if not listed.serves.isdisjoint(wanted) and listed.entity is not None:
                yield from self._step(listed.name, listed.entity, (listed.entity,), self._list(listed))
        if "slot" in wanted and self._options.worklog_limit:
            yield from self._step("worklogs", "slot", ("slot",), self._worklogs())
        if "ticket" in wanted and self._sweep_is_due():
            yield from self._step("sweep", "sweep", (), self._sweep())
        self._api.failures.conclude()
        self._state.finished = True
        yield Batch(
            cursor=self._state.cursor(),
            problems=[
                *self._desk.unknown.problems(),
                *self._desk.mapper.problems(self._context.source),
                *self._desk.field_names.problems(self._desk.mapper.fields),
                *self._desk.numbers.problems(),
            ],
        )

    def _step(self, name: str, resource: str, entities: tuple[str, ...], batches: Iterable[Batch]) -> Iterator[Batch]:
        if name not in self._state.done:
            yield from self._guard(name, resource, entities, batches)

    def _guard(
        self,
        name: str,
        resource: str,
        entities: tuple[str, ...],
        batches: Iterable[Batch],
        serves: frozenset[str] = frozenset(),
    ) -> Iterator[Batch]:
        """The batches of one list; its failure becomes a Problem, unless the others would fail too.

        A module that this edition lacks makes nothing incomplete: its entity is just not delivered. `serves`: entities
        whose rows tell less without the list; the next pull reads them again, unless the server refuses it as such.
        """
        try:
            yield from batches
            self._api.failures.pass_by()
        except HttpError as fault:
            if not isinstance(fault, SdpError):  # the accounts server gives no token
                raise
            message = self._api.failures.weigh(fault)
            self._unserved |= set() if is_refusal(fault) or fault.absent or fault.refuses else serves
            if self._state.stream == name:
                self._state.leave(whole=False)
            self._state.done.append(name)  # for this pull: what comes after it keeps its place if it is interrupted
            absent = fault.absent and name not in {"requests", "backlog"}
            if absent:
                message = _("not in this edition: {what} ({fault})").format(what=name, fault=fault.message)
            problem = Problem(resource=resource, message=message, entities=() if absent else entities)
            yield Batch(problems=[problem], cursor=self._state.cursor())

    def _estimate(self) -> Iterator[Batch]:
        """What the pull will cost, where it begins anew and the server counts."""
        state = self._state
        if state.stream or state.done:
            return
        low = state.marks.get("requests", state.since_at * 1000)
        ask = Ask(rows=1, sort=CHANGED, fields=("id",), criteria=((CHANGED, "greater or equal", str(low)),), count=True)
        try:
            total = self._api.page("/requests", "requests", ask).total
        except SdpError as fault:
            if fault.kind in FATAL or fault.kind == "auth":
                raise
            total = None  # why, is said where the list itself is read
        self._total = total
        if total is None:
            yield Batch(estimate=Estimate(None, None))
            return
        asked = math.ceil(total / self._options.page_size) + len(short_lists(cloud=self._options.cloud)) + 2
        if "slot" in self._want.entities:
            asked += min(total, self._options.worklog_limit) + math.ceil(total / WORKLOG_PAGE)
        yield Batch(estimate=Estimate(asked, asked * 60 / self._api.limit.per_minute))

    def _list(self, listed: Listed) -> Iterator[Batch]:
        """A short list, whole. Its rows replace what was known, once all of them have come."""
        walk, pages = self._open(listed)
        counts = [0, 0]
        for page in pages:
            found, rejects = self._read(listed.name, listed.read, page.rows, counts)
            yield Batch(rows=found, rejects=rejects, resource=listed.entity or listed.name, done=counts[0])
        entities = () if listed.entity is None else (listed.entity,)
        problems = self._losses(listed.name, entities, walk.lost, counts)
        if listed.entity is None:
            self._unserved |= listed.serves if walk.lost else set()
            yield Batch(problems=problems)
            return
        self._state.done.append(listed.name)
        yield Batch(
            resource=listed.entity,
            replaces=frozenset(entities),
            problems=problems,
            cursor=self._state.cursor(),
        )

    def _open(self, listed: Listed) -> tuple[ListWalk, Iterator[Any]]:
        """The walk of a list by the first of its names that the server knows, and its pages."""
        *others, last = listed.ways
        for path, key in others:
            walk = ListWalk(self._api, path, key, size=self._options.page_size, fields=listed.fields)
            pages = walk.pages()
            try:
                first = next(pages, None)
            except SdpError as fault:
                if not (fault.absent or fault.refuses):
                    raise
                continue
            return walk, _chain(first, pages)
        walk = ListWalk(self._api, *last, size=self._options.page_size, fields=listed.fields)
        return walk, walk.pages()

    def _backlog(self) -> Iterator[Batch]:
        """Open requests on which nothing happened since the time that is asked for: asked for once, and from then on
        their changes come with the others.
        """
        state = self._state
        state.enter("backlog", 0)
        high = state.since_at * 1000
        walk = ChangedWalk(
            self._api,
            state.at,
            low=OLDEST * 1000,
            high=high,
            size=self._options.page_size,
            forms=rows.FORMS,
            extra=(self._in_progress(),),
        )
        yield from self._walk(walk, lambda row: (changed_ms(row) or 0) < high and self._is_open(row))
        state.newest = high
        state.leave(whole=not walk.lost and self._unserved.isdisjoint(self._requested))
        yield Batch(cursor=state.cursor(), problems=self._losses("requests", self._requested, walk.lost, [0, 0]))

    def _requests(self) -> Iterator[Batch]:
        """What changed, page by page, the cursor after each."""
        state = self._state
        low = state.enter("requests", self._options.overlap_s)
        walk = ChangedWalk(self._api, state.at, low=low, size=self._options.page_size, forms=rows.FORMS)
        counts = [0, 0]
        yield from self._walk(walk, lambda row: (changed_ms(row) or low) >= low, counts)
        problems = self._losses("requests", self._requested, walk.lost, counts)
        if walk.fields != rows.FORMS[0]:
            missing = ", ".join(name for name in rows.FORMS[0] if name not in walk.fields)
            message = _("This server does not give these fields in lists: {names}.").format(names=missing)
            problems.append(Problem(resource="requests", message=message))
        state.leave(whole=not walk.lost and self._unserved.isdisjoint(self._requested))
        yield Batch(resource=self._main, problems=problems, cursor=state.cursor())

    def _walk(self, walk: ChangedWalk, keep: Any, counts: list[int] | None = None) -> Iterator[Batch]:
        counts = counts if counts is not None else [0, 0]
        for page in walk.pages():
            wanted = [row for row in page.rows if keep(row)]
            found, rejects = self._read("requests", rows.read_request, wanted, counts)
            self._state.newest = max([self._state.newest, *(changed_ms(row) or 0 for row in page.rows)])
            self._state.at = walk.at
            yield Batch(
                rows=found,
                rejects=rejects,
                resource=self._main,
                done=counts[0],
                total=self._total,
                cursor=self._state.cursor(),
            )

    def _in_progress(self) -> Criterion:
        """What tells an open request: the names of the states, as far as they are known, else the mark behind them.

        A server that did not know a field might as well answer with an empty list, and the names are documented.
        """
        states = self._desk.statuses.values()
        if any(state.yes("in_progress") for state in states):
            names = [state.text("name") for state in states if state.yes("in_progress") is not False]
            return "status.name", "is", [name for name in names if name]
        return "status.in_progress", "is", "true"

    def _is_open(self, row: Any) -> bool:
        try:
            own, raw = rows.own_status(self._desk, Entry(row))
        except RowError:
            return True  # it is judged, and named, where it is read
        return self._desk.mapper.status(raw, own) in OPEN

    def _worklogs(self) -> Iterator[Batch]:
        """The time entries of changed requests, as many as a pull may ask for; the rest waits for the next one."""
        state = self._state
        overlap_s = self._options.overlap_s
        low = max(state.enter("worklogs", overlap_s), (state.started_at - self._options.worklog_days * DAY) * 1000)
        walk = ChangedWalk(self._api, state.at, low=low, size=WORKLOG_PAGE, forms=(("id", CHANGED),))
        logs = Worklogs(self._api, self._desk)
        counts = [0, 0]
        left_out = False
        if not state.asked:
            yield from self._logs_of(list(state.missed), logs, counts)
        for page in walk.pages():
            wanted = [row for row in page.rows if (changed_ms(row) or low) >= low]
            ids = [Entry(row).id("id") for row in wanted if isinstance(row, dict)]
            yield from self._logs_of([ticket for ticket in ids if ticket is not None], logs, counts)
            state.newest = max([state.newest, *(changed_ms(row) or 0 for row in page.rows)])
            state.at = walk.at
            yield Batch(cursor=state.cursor())
            left_out = not walk.at["end"] and state.asked >= self._options.worklog_limit
            if left_out:
                break
        problems = self._losses("worklogs", ("slot",), [*walk.lost, *logs.lost], counts)
        if left_out:
            message = _("Time entries of {n} requests were read (worklog_limit); the next pull goes on from there.")
            problems.append(Problem(resource="slot", message=message.format(n=state.asked), entities=("slot",)))
        reached = state.newest + overlap_s * 1000
        state.leave(whole=not walk.lost and not (left_out and walk.at["plain"]))
        if left_out and "worklogs" in state.marks:
            state.marks["worklogs"] = reached  # the next pull begins right there, and not before what it has read
        yield Batch(resource="slot" if logs.met else "worklogs", problems=problems, cursor=state.cursor())

    def _logs_of(self, tickets: Iterable[str], logs: Worklogs, counts: list[int]) -> Iterator[Batch]:
        """The time entries of some requests, a batch each. Those that fail are asked for again by the next pull."""
        state = self._state
        for ticket in tickets:
            found, rejects, failed = logs.read(ticket, counts, again=ticket in state.missed)
            state.asked += 1
            state.missed = [one for one in state.missed if one != ticket] + [ticket] * failed
            yield Batch(rows=found, rejects=rejects, resource="slot" if logs.met else "worklogs", done=counts[0])

    def _sweep_is_due(self) -> bool:
        """Not in the first pull: what was just listed is there."""
        state, every = self._state, self._options.sweep_s
        if not state.swept_at:
            state.swept_at = state.started_at
        return every is not None and has_passed(every, state.swept_at, state.started_at)

    def _sweep(self) -> Iterator[Batch]:
        state = self._state
        state.enter("sweep", 0)
        walk = SweepWalk(self._api, state.at, size=self._options.page_size)
        for page in walk.pages():
            ids = [Entry(row).id("id") for row in page.rows if isinstance(row, dict)]
            state.at = walk.at
            present = {"ticket": [self._context.key("ticket", ext_id) for ext_id in ids if ext_id is not None]}
            yield Batch(present=present, resource="sweep", cursor=state.cursor())
        state.leave(whole=False)
        state.done.append("sweep")
        if walk.whole:
            state.swept_at = state.started_at
            yield Batch(swept=frozenset({"ticket"}), cursor=state.cursor())
            return
        message = _("Deleted requests could not be told: {why}. The next pull tries again.").format(why=walk.lost)
        yield Batch(problems=[Problem(resource="sweep", message=message)], cursor=state.cursor())

    def _read(self, name: str, read: Read, raw: Sequence[Any], counts: list[int]) -> tuple[list[Row], list[Reject]]:
        return read_rows(
            raw,
            lambda one: read(self._desk, Entry(one)),
            lambda number, one: place(name, number, one),
            counts,
            self._want.entities,
        )

    def _losses(self, name: str, entities: tuple[str, ...], lost: list[str], counts: list[int]) -> list[Problem]:
        entities = tuple(entity for entity in entities if entity in self._want.entities)
        return losses(name, entities, lost, counts)


def place(name: str, number: int, raw: Any) -> str:
    """Where a row stood that was kept out."""
    ext_id = Entry(raw).id("id") if isinstance(raw, dict) else None
    return f"{name} {ext_id}" if ext_id else _("{path} row {number}").format(path=name, number=number)


def _chain(first: Any, rest: Iterator[Any]) -> Iterator[Any]:
    if first is not None:
        yield first
        yield from rest
