"""One pull of a site, stage by stage. A stage that fails is named and leaves the others alone."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import partial
from typing import Any

from deskaudit.connectors import Context
from deskaudit.connectors.fields import Fields, RowError
from deskaudit.connectors.http import HttpError
from deskaudit.connectors.lists import losses
from deskaudit.connectors.redmine.api import Api
from deskaudit.connectors.redmine.directory import Directory
from deskaudit.connectors.redmine.journals import read_history
from deskaudit.connectors.redmine.options import PAGE, Options
from deskaudit.connectors.redmine.projects import GRAVE, Projects, stages_of
from deskaudit.connectors.redmine.rows import (
    Desk,
    author_of,
    read_agents,
    read_contact,
    read_contacts,
    read_departments,
    read_pages,
    read_slot,
    read_ticket,
)
from deskaudit.connectors.redmine.state import State
from deskaudit.connectors.redmine.walks import CLOCK, ChangedWalk, NumberWalk, utc_text
from deskaudit.i18n import _
from deskaudit.model.batches import Batch, Estimate, Problem, Reject, Want
from deskaudit.model.entities import Row
from deskaudit.text import one_line

TICKETS = ("ticket", "ticket_field", "event")
FAILURES_IN_A_ROW = 10  # after so many the histories are no longer asked for
BATCH_TICKETS = 20  # each costs a request: so many are at stake when a line breaks
LATE_S = 14 * 86400  # so long after it was made, a time entry is still read again
Walk = ChangedWalk | NumberWalk


class Pull:
    def __init__(
        self, api: Api, directory: Directory, desk: Desk, options: Options, context: Context, state: State, want: Want
    ) -> None:
        self._api, self._directory, self._desk = api, directory, desk
        self._options, self._context, self._state, self._want = options, context, state, want
        self._wants_events = "event" in want.entities
        self._contacts: set[str] = set()
        self._hides = False  # whether the site has projects of the desk that the key no longer sees
        self._failures = 0  # in a row
        self._failed = ""  # what the last of them said

    def batches(self) -> Iterator[Batch]:
        want, state = self._want.entities, self._state
        projects = Projects(self._api, self._directory, state)
        self._hides = bool(projects.hidden)
        yield Batch(estimate=self._estimate(), problems=[*self._directory.problems, *projects.problems])
        yield from self._people()
        if "document" in want:
            yield from self._documents()
        if not want.isdisjoint(TICKETS):
            yield from self._stage("again", TICKETS, self._again)
            if "changed" not in state.marks or "open" in state.done or state.stage == "open":
                yield from self._stage("open", TICKETS, self._open)
            for number in projects.joined:
                for name, walk in zip(stages_of(number), (self._open, self._join), strict=True):
                    yield from self._stage(name, TICKETS, partial(walk, number))
            yield from self._stage("changed", TICKETS, self._changed)
        if "slot" in want:
            yield from self._stage("slots", ("slot",), self._slots)
        if state.sweeping and "ticket" in want and self._sees("ticket"):
            yield from self._stage("sweep", (), self._sweep)
        if state.sweeping and {"changed", "sweep"} <= set(state.done):
            state.swept_at = state.started_at
        state.finished = True
        projects.note()
        rows = read_agents(self._desk, state.agents) if "agent" in want else []
        yield Batch(rows=rows, cursor=state.cursor(), problems=[*self._desk.problems(), *self._missing()])

    def _estimate(self) -> Estimate:
        """Requests to come, by the totals of the lists."""
        asked: dict[str, str | int] = {"status_id": "*"}
        everything = self._api.page("/issues.json", "issues", asked, limit=1).total or 0
        changed = (
            self._api.page(
                "/issues.json", "issues", {**asked, "updated_on": f">={utc_text(self._low())}"}, limit=1
            ).total
            or 0
        )
        count = len(self._directory.projects) + 2 * (changed // PAGE + 1)
        count += changed if self._wants_events else 0
        count += everything // PAGE if self._state.sweeping else 0
        return Estimate(requests=count, seconds=count * 60 / self._api.per_minute)

    def _sees(self, entity: str) -> bool:
        """Whether the key has all rights; else what it does not see is no proof of a deletion."""
        return not self._hides and not any(entity in problem.entities for problem in self._directory.problems)

    def _missing(self) -> list[Problem]:
        if not self._state.failed:
            return []
        message = _("The history of {n} tickets could not be read; the next pull asks again ({example}).")
        return [Problem("event", message.format(n=len(self._state.failed), example=self._failed), ("event",))]

    def _people(self) -> Iterator[Batch]:
        for number in self._directory.agents:
            self._state.agents[number] = self._directory.people[number].name
        lists: list[tuple[str, list[Any]]] = [
            ("department", read_departments(self._desk)),
            ("agent", read_agents(self._desk, self._state.agents)),
            ("contact", read_contacts(self._desk)),
        ]
        for entity, rows in lists:
            if entity in self._want.entities:
                # Without the list of users, contacts show up in tickets alone; a project that is hidden is still one.
                whole = self._directory.has_users if entity == "contact" else entity != "department" or not self._hides
                replaces = frozenset({entity}) if whole else frozenset[str]()
                yield Batch(rows=rows, resource=entity, replaces=replaces, done=len(rows), total=len(rows))
        self._contacts = set(self._directory.people)

    def _documents(self) -> Iterator[Batch]:
        """The wiki of each project that has one."""
        rows: list[Row] = []
        problems: list[Problem] = []
        for number, project in self._directory.projects.items():
            if not self._directory.is_wanted(number) or "wiki" not in (project.modules or {"wiki"}):
                continue
            path = f"/projects/{number}/wiki/index.json"
            try:
                rows += read_pages(self._desk, number, project.slug, self._api.every(path, "wiki_pages"))
            except HttpError as fault:
                if fault.kind in GRAVE:
                    raise
                if fault.status != 404:  # the module is on, and no page was ever written
                    problems.append(Problem(path, f"{fault.message} {fault.hint}".strip(), ("document",)))
            except RowError as fault:
                problems.append(Problem(path, str(fault), ("document",)))
        whole = frozenset[str]() if problems or self._hides else frozenset({"document"})
        yield Batch(rows=rows, resource="document", replaces=whole, problems=problems)

    def _stage(self, name: str, entities: tuple[str, ...], batches: Callable[[], Iterable[Batch]]) -> Iterator[Batch]:
        if name in self._state.done:
            return
        self._state.enter(name)
        try:
            yield from batches()
            self._api.failures.pass_by()
        except HttpError as fault:
            if fault.kind == "auth":  # the key was good when the pull began
                raise
            message = self._api.failures.weigh(fault)
            self._state.leave(whole=False)
            yield Batch(problems=[Problem(name, message, entities)], cursor=self._state.cursor())

    def _low(self) -> int:
        known = self._state.marks.get("changed")
        return self._state.reach if known is None else max(known - self._options.overlap_s, self._state.reach)

    def _open(self, project: str = "") -> Iterator[Batch]:
        """Open tickets on which nothing happened since the time that is asked for: the oldest of the backlog."""
        asked = {"status_id": "o", "updated_on": f"<={utc_text(self._state.reach)}", **_of_project(project)}
        yield from self._tickets(NumberWalk(self._api, self._state.at, asked))

    def _join(self, project: str) -> Iterator[Batch]:
        asked = {"status_id": "*", "updated_on": f">={utc_text(self._state.reach)}", **_of_project(project)}
        yield from self._tickets(NumberWalk(self._api, self._state.at, asked))

    def _changed(self) -> Iterator[Batch]:
        yield from self._tickets(ChangedWalk(self._api, self._state.at, self._low()))

    def _again(self) -> Iterator[Batch]:
        """The tickets whose history could not be read the last time."""
        waiting, self._state.failed = self._state.failed, []
        rows: list[Row] = []
        rejects: list[Reject] = []
        for number in waiting:
            rows += self._ticket(number, None, rejects)
        self._state.leave(whole=True)
        yield self._batch("ticket", rows, rejects, len(waiting), len(waiting))

    def _tickets(self, walk: Walk) -> Iterator[Batch]:
        rows: list[Row] = []
        rejects: list[Reject] = []
        count = good = 0
        for raw, fault in walk.rows():
            count += 1
            try:
                if fault is not None:
                    raise fault
                row = Fields(raw, CLOCK)
                if self._directory.is_wanted(row.inner("project").id("id")):
                    rows += self._ticket(row.need_id("id"), row, rejects)
                good += 1
            except RowError as found:
                rejects.append(Reject(_place(raw), str(found)))
            if count % BATCH_TICKETS == 0:
                self._note(walk)
                yield self._batch("ticket", rows, rejects, count, walk.total)
                rows, rejects = [], []
        self._note(walk)
        problems = losses("ticket", ("ticket", "event"), walk.lost, (count, count - good))
        self._state.leave(whole=not problems)
        yield self._batch("ticket", rows, rejects, count, walk.total, problems)

    def _note(self, walk: Walk) -> None:
        self._state.at = walk.at
        if isinstance(walk, ChangedWalk):
            self._state.newest = walk.reached

    def _ticket(self, number: str, row: Fields | None, rejects: list[Reject]) -> list[Row]:
        """The rows of one ticket, with its history where that is wanted: only then it costs a request.

        `row` is as the list had it, and the ticket where its history cannot be read.
        """
        history: Fields | None = None
        if self._wants_events or row is None:
            try:
                history = Fields(self._api.one(f"/issues/{number}.json", "issue", {"include": "journals"}), CLOCK)
                self._failures = 0
            except HttpError as fault:
                if fault.status == 404:
                    return []  # deleted since it was listed
                self._failures += 1
                if fault.kind in GRAVE or self._failures >= FAILURES_IN_A_ROW:
                    raise
                self._failed = fault.message
                self._state.failed.append(number)
        if history is None and row is None:
            return []
        ticket, fields, facts = read_ticket(self._desk, history or row or Fields({}, CLOCK))
        found: list[Row] = []
        if history is not None and self._wants_events:
            events, ticket, bad = read_history(self._desk, history, ticket, facts)
            found += events
            rejects += bad
        found += [ticket] if "ticket" in self._want.entities else []
        found += fields if "ticket_field" in self._want.entities else []
        return found + self._met(history or row or Fields({}, CLOCK))

    def _met(self, row: Fields) -> list[Row]:
        """People who are seen in a ticket for the first time."""
        found: list[Row] = []
        held = row.inner("assigned_to")
        number, holder = author_of(self._desk, row.inner("author")), held.id("id")
        if number is not None and number not in self._contacts and not self._directory.has_users:
            self._contacts.add(number)
            found += [read_contact(self._desk, number)] if "contact" in self._want.entities else []
        if holder is not None and holder not in self._directory.groups:
            self._state.agents.setdefault(holder, held.text("name") or holder)
        return found

    def _slots(self) -> Iterator[Batch]:
        """Time entries: all of them when the pull sweeps, else those made lately; no filter tells which were changed."""
        known = self._state.marks.get("slots")
        everything = self._state.sweeping or known is None
        low = 0 if everything or known is None else known - LATE_S
        asked: dict[str, str | int] = {
            "sort": "created_on:desc",
            "from": datetime.fromtimestamp(self._state.reach, self._desk.zone).date().isoformat(),
        }
        seen: set[int] = set()
        count = good = 0
        while True:
            page = self._api.page("/time_entries.json", "time_entries", {**asked, "offset": count})
            count += len(page.rows)
            rows, rejects, oldest = self._read_slots(page.rows, seen)
            good += len(page.rows) - len(rejects)
            present = {"slot": sorted(row.id for row in rows)} if everything else {}
            if not page.rows or page.total is None or count >= page.total or oldest < low:
                break
            yield self._batch("slot", rows, rejects, count, page.total, present=present, cursor=False)
        problems = losses("slot", ("slot",), (), (count, count - good))
        if everything and len(seen) < (page.total or 0) and not problems:
            problems.append(Problem("slot", _("Some time entries could not be read, or moved meanwhile."), ("slot",)))
        self._state.leave(whole=not problems)
        swept = frozenset({"slot"}) if everything and not problems and self._sees("slot") else frozenset[str]()
        yield self._batch("slot", rows, rejects, count, page.total, problems, present=present, swept=swept)

    def _read_slots(self, page: list[Any], seen: set[int]) -> tuple[list[Row], list[Reject], int]:
        """(rows, rejects, when the last of the page was made). `seen` gets all ids, those of other projects too."""
        rows: list[Row] = []
        rejects: list[Reject] = []
        oldest = 0
        for raw in page:
            try:
                row = Fields(raw, CLOCK)
                oldest = row.at("created_on") or oldest
                self._state.newest = max(self._state.newest, oldest)
                slot = read_slot(self._desk, row)
                seen.add(slot.id)
                if self._directory.is_wanted(row.inner("project").id("id")):
                    rows.append(slot)
            except RowError as fault:
                rejects.append(Reject(_("time entry {place}").format(place=_place(raw)), str(fault)))
        return rows, rejects, oldest

    def _sweep(self) -> Iterator[Batch]:
        """The numbers of all tickets there are."""
        walk = NumberWalk(self._api, self._state.at, {"status_id": "*"})
        ids: list[int] = []
        count = 0
        for raw, fault in walk.rows():
            count += 1
            if fault is not None:
                walk.lost.append(str(fault))
                continue
            row = Fields(raw, CLOCK)
            if self._directory.is_wanted(row.inner("project").id("id")):
                ids.append(self._context.key("ticket", row.need_id("id")))
            if count % PAGE == 0:
                self._state.at = walk.at
                yield Batch(present={"ticket": ids}, done=count, total=walk.total, cursor=self._state.cursor())
                ids = []
        problems = [Problem("sweep", "; ".join(dict.fromkeys(walk.lost)))] if walk.lost else []
        self._state.leave(whole=not problems)
        swept = frozenset[str]() if problems else frozenset({"ticket"})
        yield Batch(
            present={"ticket": ids}, swept=swept, total=walk.total, problems=problems, cursor=self._state.cursor()
        )

    def _batch(
        self,
        entity: str,
        rows: list[Row],
        rejects: list[Reject],
        done: int,
        total: int | None,
        problems: Iterable[Problem] = (),
        *,
        cursor: bool = True,
        present: dict[str, list[int]] | None = None,
        swept: frozenset[str] = frozenset(),
    ) -> Batch:
        return Batch(
            rows=rows,
            rejects=rejects,
            resource=entity,
            done=done,
            total=total,
            problems=list(problems),
            present=present or {},
            swept=swept,
            cursor=self._state.cursor() if cursor else None,
        )


def _of_project(number: str) -> dict[str, str]:
    """The filter of one project without those below it; none for all projects."""
    return {"project_id": number, "subproject_id": "!*"} if number else {}


def _place(raw: Any) -> str:
    return f"#{one_line(raw.get('id'), 40)}" if isinstance(raw, dict) else "?"
