"""One pull of an account, list by list. A list that fails is named and leaves the others alone."""

from collections.abc import Iterable, Iterator
from typing import Any

from deskaudit.connectors import Context
from deskaudit.connectors.fields import Clock, Fields, RowError
from deskaudit.connectors.http import HttpError
from deskaudit.connectors.lists import FATAL, is_refusal, losses, read_rows
from deskaudit.connectors.liveagent import costs, sweep
from deskaudit.connectors.liveagent.api import Api
from deskaudit.connectors.liveagent.desk import Desk
from deskaudit.connectors.liveagent.knowledge import read_articles
from deskaudit.connectors.liveagent.options import Options
from deskaudit.connectors.liveagent.ranks import read_ranks
from deskaudit.connectors.liveagent.rows import Read
from deskaudit.connectors.liveagent.state import State
from deskaudit.connectors.liveagent.streams import API_KEYS, LISTS, OPEN_TICKETS, STREAMS, Listed, Stream
from deskaudit.connectors.liveagent.talks import Talks
from deskaudit.connectors.liveagent.terms import ask_terms, unfulfilled
from deskaudit.connectors.liveagent.walks import CursorWalk, NumberedWalk, Walk
from deskaudit.connectors.liveagent.zones import Zones
from deskaudit.i18n import _
from deskaudit.model.batches import Batch, Problem, Reject, Want
from deskaudit.model.entities import Row, entity_of


class Pull:
    def __init__(
        self, api: Api, zones: Zones, desk: Desk, options: Options, context: Context, state: State, want: Want
    ) -> None:
        self._api, self._zones, self._desk, self._options = api, zones, desk, options
        self._context, self._state, self._want = context, state, want
        self._talks = Talks(api, zones, desk, options)
        self._unserved: set[str] = set()  # entities whose rows lack what a list that failed would have told of them

    def batches(self) -> Iterator[Batch]:
        sweeps = "ticket" in self._want.entities and sweep.is_due(self._state, self._options.sweep_days)
        yield from self._estimate(sweeps=sweeps)
        for listed in (*LISTS, *([API_KEYS] if self._options.api_keys else [])):
            if listed.serves & self._want.entities:
                entities = () if listed.warns_only else (listed.entity,)
                yield from self._guard(listed.path, listed.path, entities, self._list(listed), listed.serves)
        # What was interrupted goes first, so that a list that failed before it does not take its place.
        for stream in sorted(STREAMS, key=lambda one: one.name != self._state.stream):
            if stream.name == "history" and "sla_term" in self._want.entities:
                yield from self._step("terms", "/tickets/ID/sla", ("sla_term",), self._terms())
            if not self._want.entities.isdisjoint(stream.entities) and not self._skips(stream):
                yield from self._step(stream.name, stream.path, stream.entities, self._stream(stream))
        if "rating" in self._want.entities:
            yield from self._ratings()
        if "document" in self._want.entities:
            yield from self._articles()
        if sweeps:
            ids = sweep.sweep(self._api, self._zones, self._desk, self._state)
            yield from self._guard(self._state.stream, "sweep", (), ids)
        self._api.failures.conclude()
        self._state.finished = True
        yield Batch(cursor=self._state.cursor(), problems=self._desk.problems())

    def _estimate(self, *, sweeps: bool) -> Iterator[Batch]:
        try:
            found = costs.estimate(self._api, self._state, self._options, self._want, sweeps=sweeps)
        except HttpError as fault:
            if fault.kind in FATAL:
                raise
            return  # the list itself will say what is wrong with it
        if found is not None:
            yield Batch(estimate=found)

    def _skips(self, stream: Stream) -> bool:
        """Old open tickets are asked for once: from then on their changes come with the others."""
        return stream is OPEN_TICKETS and not self._state.is_further(stream.name)

    def _step(self, name: str, path: str, entities: tuple[str, ...], batches: Iterable[Batch]) -> Iterator[Batch]:
        if name not in self._state.done:
            yield from self._guard(name, path, entities, batches)

    def _guard(
        self,
        name: str,
        path: str,
        entities: tuple[str, ...],
        batches: Iterable[Batch],
        serves: frozenset[str] = frozenset(),
    ) -> Iterator[Batch]:
        """The batches of one list; its failure becomes a Problem, unless the others would fail too.

        `serves`: entities whose rows tell less without it. They are read again by the next pull, unless the server
        refuses the list as such.
        """
        try:
            yield from batches
            self._api.failures.pass_by()
        except HttpError as fault:
            message = self._api.failures.weigh(fault)
            self._unserved |= set() if is_refusal(fault) else serves
            if self._state.stream == name:
                self._state.leave(whole=False)
            yield Batch(
                problems=[Problem(resource=path, message=message, entities=entities)], cursor=self._state.cursor()
            )

    def _list(self, listed: Listed) -> Iterator[Batch]:
        """A short list, whole. Its rows replace what was known, once all of them have come."""
        size = self._options.page_size
        walk: Walk = (
            CursorWalk(self._api, self._zones, listed.path, {}, size=size)
            if listed.cursored
            else NumberedWalk(self._api, self._zones, listed.path, {}, size=size, whole=listed.path == "/tags")
        )
        counts = [0, 0]
        for page, clock in walk.pages():
            rows, rejects = self._read(listed.path, listed.read, page.rows, clock, counts)
            yield Batch(rows=rows, rejects=rejects, resource=listed.entity, done=counts[0], total=page.total)
        self._unserved |= listed.serves if walk.lost else set()
        problems = losses(listed.path, (listed.entity,), walk.lost, counts)
        wanted = listed.replaces and listed.entity in self._want.entities
        yield Batch(
            resource=listed.entity if wanted else "",
            replaces=frozenset({listed.entity}) if wanted else frozenset(),
            problems=problems,
            cursor=self._state.cursor(),
        )

    def _stream(self, stream: Stream) -> Iterator[Batch]:
        """A long list, page by page, the cursor after each."""
        state = self._state
        overlap = self._options.overlap_s if stream.overlap_s is None else stream.overlap_s
        state.enter(stream.name, overlap)
        walk = stream.walk(self._api, self._zones, state, self._options)
        counts = [0, 0]
        main = stream.entities[0]
        for page, clock in walk.pages():
            rows, rejects = self._read(stream.path, stream.read, page.rows, clock, counts)
            state.newest = max(state.newest, self._newest(stream, page.rows, clock))
            if main == "ticket":
                self._note_open(page.rows)
                if self._options.messages == "all":
                    yield from self._talk(page.rows)
            state.at = walk.at
            yield Batch(
                rows=rows, rejects=rejects, resource=main, done=counts[0], total=page.total, cursor=state.cursor()
            )
        problems = losses(stream.path, stream.entities, walk.lost, counts)
        if stream is OPEN_TICKETS:
            state.newest = state.since_at
        state.leave(whole=not problems and self._unserved.isdisjoint(stream.entities))
        if main == "ticket":
            problems += losses("/tickets/ID/messages", ("event",), self._talks.take_losses(), [0, 0])
        yield Batch(resource=main, problems=problems, cursor=state.cursor())

    def _talk(self, raw: list[Any]) -> Iterator[Batch]:
        """The messages of a page of tickets. No cursor goes with them: the page's own follows when all are in."""
        for row in raw:
            ticket = Fields(row, self._zones.local).id("id") if isinstance(row, dict) else None
            if ticket is not None and "event" in self._want.entities:
                found, rejects = self._talks.events(ticket, ratings=not self._api.has_v1)
                kept = [one for one in found if entity_of(one) in self._want.entities]
                yield Batch(rows=kept, rejects=rejects, resource="event")

    def _note_open(self, raw: list[Any]) -> None:
        for row in raw if "sla_term" in self._want.entities else []:
            if isinstance(row, dict):
                fields = Fields(row, self._zones.local)
                ticket = fields.id("id")
                if ticket is not None:
                    self._state.await_terms(ticket, unfulfilled(fields))

    def _terms(self) -> Iterator[Batch]:
        yield from ask_terms(self._api, self._zones, self._desk, self._state, self._options.sla_limit)

    def _ratings(self) -> Iterator[Batch]:
        if self._api.has_v1:
            served = "rating" not in self._unserved
            ranks = read_ranks(
                self._api, self._zones, self._desk, self._state, self._options, self._talks, served=served
            )
            yield from self._step("ratings", "/reports/ranking", ("rating",), ranks)
        elif self._options.messages != "all":
            message = _("Ratings are not read: they need a v1 key (apikey_v1).")
            yield Batch(problems=[Problem(resource="rating", message=message)])

    def _articles(self) -> Iterator[Batch]:
        if self._api.has_v1:
            articles = read_articles(self._api, self._zones, self._desk)
            yield from self._guard("articles", "/knowledgebase/entries", ("document",), articles)
        else:
            message = _("The knowledge base is not read: it needs a v1 key (apikey_v1).")
            yield Batch(problems=[Problem(resource="document", message=message)])

    def _read(
        self, path: str, read: Read, raw: list[Any], clock: Clock, counts: list[int]
    ) -> tuple[list[Row], list[Reject]]:
        return read_rows(
            raw,
            lambda one: read(self._desk, Fields(one, clock)),
            lambda number, one: _place(path, number, one, clock),
            counts,
            self._want.entities,
        )

    def _newest(self, stream: Stream, raw: list[Any], clock: Clock) -> int:
        newest = 0
        for one in raw:
            for name in stream.changed:
                try:
                    found = clock.read(one.get(name)) if isinstance(one, dict) else None
                except RowError:
                    continue
                if found is not None:
                    newest = max(newest, found)
                    break
        return newest


def _place(path: str, number: int, raw: Any, clock: Clock) -> str:
    ext_id = Fields(raw, clock).id("id", "department_id", "conversationid") if isinstance(raw, dict) else None
    return f"{path} {ext_id}" if ext_id else _("{path} row {number}").format(path=path, number=number)
