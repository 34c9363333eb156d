"""One pull of an RT, stage by stage. A stage that fails is named and leaves the others alone."""

import math
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from deskaudit.connectors import Context
from deskaudit.connectors.fields import Fields, RowError
from deskaudit.connectors.http import HttpError
from deskaudit.connectors.lists import FATAL, losses, read_rows
from deskaudit.connectors.progress import has_passed
from deskaudit.connectors.requesttracker import things
from deskaudit.connectors.requesttracker.api import CLOCK, PAGE, Api, query_time, quote, row_number
from deskaudit.connectors.requesttracker.history import History
from deskaudit.connectors.requesttracker.options import Options
from deskaudit.connectors.requesttracker.people import ALL, People
from deskaudit.connectors.requesttracker.state import State
from deskaudit.connectors.requesttracker.tickets import FIELDS, Desk, Story, read_nobody, read_queue, read_ticket
from deskaudit.errors import SourceError
from deskaudit.i18n import _
from deskaudit.model.batches import Batch, Estimate, Problem, Reject, Want
from deskaudit.model.entities import Row, Ticket, entity_of
from deskaudit.text import one_line

TICKETS = ("ticket", "ticket_field", "ticket_tag", "contact")
TOLD = ("event", "slot")
CLOSE_S = 900  # changes so near before the newest known one may have been written after it
CHANGES_EACH = 8  # entries of history that a ticket is taken to have, where RT does not tell
DAY = 86400

Read = Callable[[Desk, Fields], list[Row]]


class Pull:
    def __init__(self, api: Api, desk: Desk, options: Options, context: Context, state: State, want: Want) -> None:
        self._api, self._desk, self._options = api, desk, options
        self._context, self._state, self._want = context, state, want
        self._people = People(api, context, state, options)
        self._history = History(api, desk, self._people, state)
        self._gone: list[str] | None = None  # queues that are shown no more; None: they could not be listed

    def batches(self) -> Iterator[Batch]:
        want, state = self._want.entities, self._state
        talks = not want.isdisjoint(TOLD)
        tickets = talks or not want.isdisjoint(TICKETS)
        if tickets or "department" in want:
            yield from self._guard("/queues/all", ("department",), self._queues())
        self._check_queues()
        if "agent" in want or talks:
            yield from self._step("people", "/users", ("agent",), self._people.batches())
        if tickets:
            entities = tuple(one for one in (*TICKETS, *TOLD) if one in want)
            yield from self._step("tickets", "/tickets", entities, self._tickets(talks=talks))
            yield from self._step("merges", "/transactions", ("ticket",), self._merges())
            yield from self._step("sweep", "/tickets", (), self._sweep())
        if "asset" in want:
            params = {"query": "id > 0", "orderby": "id", **things.ASSET_FIELDS}
            listed = self._list("/assets", "asset", params, things.read_asset, "ShowAsset")
            yield from self._step("assets", "/assets", ("asset",), listed)
        if "document" in want:
            params = {"query": ALL, "orderby": "id", **things.ARTICLE_FIELDS}
            listed = self._list("/articles", "document", params, things.read_article, "ShowArticle")
            yield from self._step("articles", "/articles", ("document",), listed)
        if "policy" in want and self._options.levels:
            yield Batch(rows=things.make_policies(self._desk), resource="policy", replaces=frozenset({"policy"}))
        self._api.failures.conclude()
        state.finished = True
        problems = [*self._history.problems(), *self._desk.unknown.problems()]
        problems += [*self._desk.mapper.problems(self._context.source), *self._desk.field_problems()]
        if self._people.unknown:
            message = _("Of {n} accounts RT does not say whether they are staff.").format(n=len(self._people.unknown))
            problems.append(Problem("/user", message, ("agent", "event")))
        yield Batch(cursor=state.cursor(), problems=[self._narrowed(problem) for problem in problems])

    def _narrowed(self, problem: Problem) -> Problem:
        """A problem of the wanted entities alone."""
        entities = tuple(entity for entity in problem.entities if entity in self._want.entities)
        return Problem(problem.resource, problem.message, entities)

    def _step(self, stage: str, path: str, entities: tuple[str, ...], batches: Iterable[Batch]) -> Iterator[Batch]:
        if stage in self._state.done:
            return
        self._state.enter(stage)
        yield from self._guard(path, entities, batches)
        if self._state.stage == stage:
            self._state.leave()
        yield Batch(cursor=self._state.cursor())

    def _guard(self, path: str, entities: tuple[str, ...], batches: Iterable[Batch]) -> Iterator[Batch]:
        """The batches of one stage; its failure becomes a Problem, unless the others would fail too."""
        try:
            for batch in batches:
                batch.rows = [row for row in batch.rows if entity_of(row) in self._want.entities]
                batch.replaces &= self._want.entities
                batch.problems = [self._narrowed(problem) for problem in batch.problems]
                batch.resource = batch.resource if batch.resource in self._want.entities else ""
                yield batch
            self._api.failures.pass_by()
        except HttpError as fault:
            yield Batch(problems=[self._narrowed(Problem(path, self._api.failures.weigh(fault), entities))])

    def _queues(self) -> Iterator[Batch]:
        lost: list[str] = []
        rows: list[Row] = []
        rejects: list[Reject] = []
        hidden = False
        params: dict[str, str | int] = {"query": ALL, "orderby": "id", "fields": "id,Name", "find_disabled_rows": 1}
        for page in self._api.numbered("/queues/all", params, lost):
            hidden |= page.total is None
            found, bad = self._read("/queues/all", page.rows, read_queue, [0, 0])
            rows += found
            rejects += bad
        problems = [Problem("/queues/all", _("Rows may be missing: {why}.").format(why=why)) for why in lost]
        self._gone = [] if self._options.queues else self._vanished()
        if self._gone:
            message = _(
                "RT no longer shows the queues {names}. A queue is never deleted: give the login SeeQueue and ShowTicket there"
                " again, or name the desk's queues in queues. Until then no ticket is taken for deleted."
            )
            problems.append(Problem("/queues/all", message.format(names=one_line(", ".join(self._gone), 200))))
        if hidden or not rows:
            message = _("{n} queues are seen; the login may not see all, and their tickets are not in this audit.")
            problems.append(Problem("/queues/all", message.format(n=len(rows))))
        yield Batch(
            rows=rows,
            rejects=rejects,
            problems=problems,
            resource="department",
            replaces=frozenset() if lost or self._gone else frozenset({"department"}),
            estimate=self._estimate(),
        )

    def _vanished(self) -> list[str]:
        """Queues that were shown before and are not now; from now on those that are shown are known, too.

        What changed in the others before they were shown was not read.
        """
        state, shown = self._state, self._desk.queues
        new = [number for number in shown if number not in state.queues or number in state.hidden]
        gone = {number: name for number, name in state.queues.items() if number not in shown}
        state.joining = sorted({*state.joining, *new} - set(gone)) if state.mark else []
        state.hidden, state.queues = list(gone), state.queues | shown
        return list(gone.values())

    def _check_queues(self) -> None:
        known = {name.casefold() for name in self._desk.queues.values()}
        missing = [name for name in self._options.queues if name.strip().casefold() not in known]
        if missing and not self._want.entities.isdisjoint((*TICKETS, *TOLD)):
            raise SourceError(
                _("sources.{source}.queues: RT shows no queue called {names}.").format(
                    source=self._context.source, names=", ".join(missing)
                ),
                kind="forbidden",
                hint=_("Seen: {names}. Correct it, or give the login SeeQueue there.").format(
                    names=", ".join(sorted(self._desk.queues.values())) or "-"
                ),
            )

    def _scope(self) -> str:
        queues = " OR ".join(f"Queue = {quote(name.strip())}" for name in self._options.queues)
        return f"Type = 'ticket' AND ({queues})" if queues else "Type = 'ticket'"

    def _ticket_query(self) -> str:
        """First everything since the time that is asked for, and what is still open; then what changed."""
        state = self._state
        low = query_time((state.mark or state.since_at) - self._options.overlap_s)
        changed = f"LastUpdated > '{low}'"
        if state.mark and not state.joining:
            return f"{self._scope()} AND {changed}"
        first = f"LastUpdated > '{query_time(state.since_at - self._options.overlap_s)}' OR Status = '__Active__'"
        if state.joining:
            queues = " OR ".join(f"Queue = {number}" for number in state.joining)
            first = f"{changed} OR (({queues}) AND ({first}))"
        return f"{self._scope()} AND ({first})"

    def _estimate(self) -> Estimate | None:
        """What the pull costs: RT is asked how many tickets and accounts there are. None where it fails."""
        want = self._want.entities
        if want.isdisjoint((*TICKETS, *TOLD)):
            return None
        talks = not want.isdisjoint(TOLD)
        try:
            total = self._api.page("/tickets", {"query": self._ticket_query()}, size=1).total
            asks = (talks or "agent" in want) and "people" not in self._state.done
            accounts = self._people.cost() if asks else 0
        except HttpError as fault:
            if fault.kind in FATAL:
                raise
            return None
        if total is None:
            return Estimate(requests=None, seconds=None)
        pages = math.ceil(total / PAGE)
        requests = pages + 4 + accounts + 2 * len(want & {"asset", "document"})
        if talks:
            requests += pages + math.ceil(total * CHANGES_EACH / PAGE)
        return Estimate(requests=requests, seconds=requests * 60 / self._api.per_minute)

    def _tickets(self, *, talks: bool) -> Iterator[Batch]:
        """Tickets by their number, each page with its history, the cursor after each."""
        state = self._state
        if talks:
            read_nobody(self._desk, Fields(self._api.one("/user/Nobody"), CLOCK))
            if state.mark and not state.after and self._history.is_unveiled():
                state.mark = 0
        close = state.mark - CLOSE_S
        lost: list[str] = []
        counts = [0, 0]
        hidden = False
        pages = self._api.keyed("/tickets", self._ticket_query(), FIELDS, state.after, lost)
        for page, highest in pages:
            rows, stories, rejects = self._read_tickets(page.rows, close, counts)
            hidden |= page.total is None
            if talks and stories:
                told, bad = self._history.rows(stories)
                rows += told
                rejects += bad
            state.after = highest
            state.whole &= not lost
            total = None if page.total is None else counts[0] + page.total - len(page.rows)
            yield Batch(
                rows=rows, rejects=rejects, resource="ticket", done=counts[0], total=total, cursor=state.cursor()
            )
        if not state.whole and not lost:
            lost.append(_HIDDEN)  # that was found before the pull was interrupted
        problems = losses("/tickets", ("ticket",), lost, counts)
        if not problems:
            state.mark = max(state.mark, min(state.newest, state.started_at)) or state.started_at
            state.joining = []
            state.reach = state.reach or state.since_at
        if hidden:
            problems += losses("/tickets", ("ticket",), [_HIDDEN], [0, 0])
        state.leave()
        yield Batch(resource="ticket", problems=problems, cursor=state.cursor())

    def _read_tickets(
        self, raw: list[Any], close: int, counts: list[int]
    ) -> tuple[list[Row], list[Story], list[Reject]]:
        """The tickets of a page that changed since `close`: RT was asked for more, for its times have no zone."""
        rows: list[Row] = []
        stories: list[Story] = []
        rejects: list[Reject] = []
        for one in raw:
            counts[0] += 1
            try:
                fields = Fields(one, CLOCK)
                changed = fields.at("LastUpdated") or 0
                self._state.newest = max(self._state.newest, changed)
                joins = fields.inner("Queue").id("id") in self._state.joining
                if self._state.mark and changed < close and not joins:
                    continue
                found, story, _seen = read_ticket(self._desk, fields)
                rows += found
                stories.append(story)
            except RowError as fault:
                counts[1] += 1
                rejects.append(Reject(f"/tickets {row_number(one) or '?'}", str(fault)))
        return rows, stories, rejects

    def _merges(self) -> Iterator[Batch]:
        """Tickets that went into others: RT shows no more of them than that."""
        state = self._state
        low = query_time(state.since_at - self._options.overlap_s)
        query = f"ObjectType = 'RT::Ticket' AND Type = 'AddLink' AND Field = 'MergedInto' AND Created > '{low}'"
        lost: list[str] = []
        params = {"fields": "Created,ObjectId,NewValue"}
        for page, highest in self._api.keyed("/transactions", query, params, state.merged, lost):
            rows = [row for raw in page.rows if (row := self._merged(raw)) is not None]
            state.merged = highest
            yield Batch(rows=rows, cursor=state.cursor())
        yield Batch(problems=losses("/transactions", ("ticket",), lost, [0, 0]))

    def _merged(self, raw: Any) -> Ticket | None:
        fields = Fields(raw, CLOCK) if isinstance(raw, dict) else None
        gone = fields.id("ObjectId") if fields else None
        into = (fields.text("NewValue") or "").rpartition("/ticket/")[2] if fields else ""
        if fields is None or not gone or not into.isdigit() or gone == into:
            return None
        try:
            changed = fields.at("Created")
        except RowError:
            changed = None
        key = self._context.key
        return Ticket(
            id=key("ticket", gone), ext_id=gone, code=gone, merged_into=key("ticket", into), changed_at=changed
        )

    def _sweep(self) -> Iterator[Batch]:
        """The numbers of all tickets, so that those which are gone show."""
        state = self._state
        if not state.swept_at:
            state.swept_at = state.started_at  # the first pull: nothing is known that could be gone
            return
        days = self._options.sweep_days
        if not days or "ticket" not in self._want.entities:
            return
        if not has_passed(days * DAY, state.swept_at, state.started_at):
            return
        if self._gone is None or self._gone:
            return  # the tickets of a queue that is hidden are as little shown as deleted ones; that was said
        lost: list[str] = []
        for page, highest in self._api.keyed("/tickets", self._scope(), {}, state.after, lost):
            state.after = highest
            state.whole &= page.total is not None and not lost
            keys = [self._context.key("ticket", found) for raw in page.rows if (found := row_number(raw)) is not None]
            yield Batch(present={"ticket": keys}, cursor=state.cursor())
        if lost or not state.whole:
            message = _("Which tickets were deleted cannot be told: {why}.").format(why=lost[0] if lost else _HIDDEN)
            yield Batch(problems=[Problem("/tickets", message)])
            return
        state.swept_at = state.started_at
        yield Batch(swept=frozenset({"ticket"}))

    def _list(self, path: str, entity: str, params: dict[str, str], read: Read, right: str) -> Iterator[Batch]:
        """A list that is read whole. Where the login may see none of it, it is as if RT had none, and that is said."""
        lost: list[str] = []
        counts = [0, 0]
        hidden = True
        for page in self._api.numbered(path, params, lost):
            hidden = page.total is None
            rows, rejects = self._read(path, page.rows, read, counts)
            yield Batch(rows=rows, rejects=rejects, resource=entity, done=counts[0], total=page.total)
        if not counts[0]:
            hidden = self._api.page(path, params, size=1).total is None
        problems = losses(path, (entity,), lost, counts)
        if hidden:
            message = _("The login may not see all of {path}: it lacks {right}.").format(path=path, right=right)
            problems.append(Problem(entity, message, (entity,) if counts[0] else ()))
        if hidden and not counts[0]:
            yield Batch(problems=problems)
        else:
            yield Batch(resource=entity, problems=problems, replaces=frozenset() if problems else frozenset({entity}))

    def _read(self, path: str, raw: list[Any], read: Read, counts: list[int]) -> tuple[list[Row], list[Reject]]:
        return read_rows(
            raw,
            lambda one: read(self._desk, Fields(one, CLOCK)),
            lambda _number, one: f"{path} {row_number(one) or '?'}",
            counts,
            self._want.entities,
        )


_HIDDEN = _("the login may not see all")
