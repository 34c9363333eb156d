"""What happened to a page of tickets, and the time that was spent on them: RT's transactions.

RT drops the rows that a login may not see without a word, and then tells no total. Whether something was dropped can
still be proved: the list is counted before rows are dropped, so that the n-th row from its end is the first one of the
n that came only if nothing is hidden. The first row is the creation of a ticket, which whoever sees the ticket sees.
"""

from collections.abc import Iterable
from typing import Any

import msgspec

from deskaudit.connectors.fields import Fields, RowError
from deskaudit.connectors.requesttracker.api import CLOCK, EMPTY_PAGES, MOST_PAGES, PAGE, Api, need_number, row_number
from deskaudit.connectors.requesttracker.people import SYSTEM, People
from deskaudit.connectors.requesttracker.state import State
from deskaudit.connectors.requesttracker.tickets import Desk, Story
from deskaudit.i18n import _
from deskaudit.model.batches import Problem, Reject
from deskaudit.model.entities import Event, Row, Slot
from deskaudit.text import one_line

ENTITIES = ("event", "slot")
_MAILS = "Type != 'EmailRecord' AND Type != 'CommentEmailRecord'"
_FIELD_CHANGE = "CustomField"
_FIELDS = {
    "fields": "Type,Created,Creator,TimeTaken,Field,OldValue,NewValue,ObjectId",
    "fields[Creator]": "id,Name",
}
_DATES = frozenset({"Due", "Starts", "Started", "Told", "Resolved"})
_TOLD = frozenset({"SLA", "Type", "TimeEstimated", "TimeLeft", "InitialPriority", "FinalPriority", *_DATES})
"""Fields whose changes are told with their values; of others (Subject) only that they changed."""
_LONGEST_MIN = 60 * 24 * 366
TWIN_S = 2  # the two entries of one change of the owner may stand in different seconds


class Told(msgspec.Struct):
    """A page of history. `hidden`: rows that the login may not see; `field_changes`: all of them of custom fields."""

    rows: list[Any]
    hidden: bool = False
    field_changes: bool = False


def fetch(api: Api, tickets: Iterable[int]) -> Told:
    """The transactions of the tickets, in the order of their numbers. Raises HttpError."""
    which = " OR ".join(f"ObjectId = {number}" for number in tickets)
    query = f"ObjectType = 'RT::Ticket' AND {_MAILS} AND ({which})"
    rows: list[Any] = []
    empty, again, number = 0, False, 1
    while number < MOST_PAGES:
        page = api.page("/transactions", {**_FIELDS, "query": query, "orderby": "id"}, number)
        rows += page.rows
        if page.total is not None:
            if len(rows) >= page.total or not page.rows:
                return Told(rows, hidden=len(rows) < page.total)
        elif len(page.rows) < PAGE:
            if _is_whole(api, query, rows):
                return Told(rows)
            if not again:  # something may have happened between the two questions
                again = True
                del rows[len(rows) - len(page.rows) :]
                continue
            empty = 0 if page.rows else empty + 1
            if empty >= EMPTY_PAGES:
                break
        number += 1
    others = [row for row in rows if not (isinstance(row, dict) and row.get("Type") == _FIELD_CHANGE)]
    return Told(rows, hidden=True, field_changes=_is_whole(api, f"{query} AND Type != '{_FIELD_CHANGE}'", others))


def _is_whole(api: Api, query: str, rows: list[Any]) -> bool:
    """Whether these rows are all that the query has, also for somebody who may see more."""
    if not rows or row_number(rows[0]) is None:
        return False
    last = api.page("/transactions", {"query": query, "orderby": "id", "order": "DESC"}, len(rows), size=1)
    return bool(last.rows) and row_number(last.rows[0]) == row_number(rows[0])


class History:
    """Makes events and time entries of transactions, and keeps count of what was not told.

    What is hidden stays unknown after the pull: its tickets are read again only when they change. So a page of them is
    kept, and asked for at each pull: until it is shown whole, the history is incomplete.
    """

    def __init__(self, api: Api, desk: Desk, people: People, state: State) -> None:
        self._api, self._desk, self._people, self._state = api, desk, people, state
        self._hidden = self._hidden_fields = self._asked = self._taken_back = 0

    def is_unveiled(self) -> bool:
        """Whether the login is now shown what it was not. Raises HttpError."""
        if not self._state.veiled:
            return False
        told = fetch(self._api, self._state.veiled)
        if told.rows and told.hidden and not told.field_changes:
            return False
        self._state.veiled = []
        return True

    def rows(self, stories: list[Story]) -> tuple[list[Row], list[Reject]]:
        """The events and time entries of the tickets, with staff that was met on the way. Raises HttpError."""
        told = fetch(self._api, [story.number for story in stories])
        self._asked += len(stories)
        if told.hidden and not told.field_changes:
            self._hidden += len(stories)
            self._state.veiled = self._state.veiled or [story.number for story in stories]
        self._hidden_fields += told.field_changes
        of_ticket: dict[int, list[Fields]] = {}
        rows: list[Row] = []
        rejects: list[Reject] = []
        for raw in told.rows:
            try:
                fields = Fields(raw, CLOCK)
                fields.need_at("Created")
                need_number(fields)
                of_ticket.setdefault(need_number(fields, "ObjectId"), []).append(fields)
            except RowError as fault:
                rejects.append(Reject(f"/transactions {row_number(raw) or '?'}", str(fault)))
        for story in stories:
            rows += self._tell(story, of_ticket.get(story.number, []))
        rows += self._people.fresh
        self._people.fresh = []
        return rows, rejects

    def problems(self) -> list[Problem]:
        found = []
        if self._hidden:
            message = _(
                "Of {n} tickets out of {all} the history may be incomplete: the login is not shown every entry. It needs"
                " ShowTicket and ShowTicketComments on all queues."
            )
            found.append(Problem("/transactions", message.format(n=self._hidden, all=self._asked), ENTITIES))
        elif self._state.veiled:
            message = _(
                "The history of tickets that were read before may be incomplete, as that of #{number}: the login is not"
                " shown every entry. Give it ShowTicket and ShowTicketComments on all queues: then all is read anew."
            )
            found.append(Problem("/transactions", message.format(number=self._state.veiled[0]), ENTITIES))
        if self._hidden_fields:
            message = _("Changes of custom fields are not shown: the login lacks SeeCustomField.")
            found.append(Problem("/transactions", message))
        if self._taken_back:
            message = _("{n} corrections took time away; the entries they correct are counted in full.")
            found.append(Problem("slot", message.format(n=self._taken_back)))
        return found

    def _tell(self, story: Story, changes: list[Fields]) -> list[Row]:
        """One ticket's events, each with who holds the ticket after it: told forwards from how it began."""
        owner = _first_value(changes, "Owner", None if story.owner is None else str(story.owner))
        queue = _first_value(changes, "Queue", story.queue)
        status = _first_value(changes, "Status", story.status) or ""
        taken = {(one.at("Created"), one.text("NewValue")) for one in changes if _is_owner_change(one)}
        rows: list[Row] = []
        for change in changes:
            kind, field = change.text("Type") or "", change.text("Field", 100) or ""
            if field == "Owner" and (_is_owner_change(change) or self._is_alone(change, kind, taken)):
                owner = change.id("NewValue")
            elif field == "Queue" and kind == "Set":
                queue = change.id("NewValue")
            event = self._event(story, change, kind, field, status, taken)
            if event is not None:
                event.agent_id = self._holder(owner)
                event.department_id = self._desk.department(queue)
                rows.append(event)
            rows += self._slot(story, change)
        return rows

    def _event(
        self, story: Story, change: Fields, kind: str, field: str, first_status: str, taken: set[Any]
    ) -> Event | None:
        number = need_number(change)
        actor, actor_id = self._actor(story, change)
        event = Event(
            id=self._desk.context.key("event", number),
            ext_id=str(number),
            ticket_id=self._desk.context.key("ticket", story.number),
            happened_at=change.need_at("Created"),
            kind="",
            actor=actor,
            actor_id=actor_id,
        )
        if kind == "Create":
            event.kind, event.to_value = "status", self._desk.status(first_status, first=True)
        elif kind in {"Correspond", "Comment"}:
            event.kind, event.public = ("reply", True) if kind == "Correspond" else ("note", False)
        elif kind == "Status":
            event.kind = "status"
            event.from_value = self._desk.status(change.text("OldValue", 60) or "")
            event.to_value = self._desk.status(change.text("NewValue", 60) or "")
        elif field == "Owner":
            if not (_is_owner_change(change) or self._is_alone(change, kind, taken)):
                return None  # every change of an owner is written twice
            event.kind, event.name = "assign", kind
            event.from_value, event.to_value = self._person(change, "OldValue"), self._person(change, "NewValue")
        elif field == "Queue" and kind == "Set":
            event.kind = "transfer"
            event.from_value, event.to_value = self._queue(change, "OldValue"), self._queue(change, "NewValue")
        elif field == "Priority" and kind == "Set":
            event.kind, event.name = "priority", field
            event.from_value, event.to_value = self._priority(change, "OldValue"), self._priority(change, "NewValue")
        elif not self._field(event, change, kind, field):
            return None
        return event

    def _field(self, event: Event, change: Fields, kind: str, field: str) -> bool:
        """Fills the event of a changed field or link; False where it is none that is kept."""
        if kind == _FIELD_CHANGE:
            event.kind, event.name = "field", self._desk.fields.get(field) or field
            event.from_value, event.to_value = change.text("OldValue"), change.text("NewValue")
        elif kind == "Set" and field and field != "TimeWorked":
            event.kind, event.name = "field", field
            if field in _TOLD:
                event.from_value, event.to_value = _value(change, "OldValue", field), _value(change, "NewValue", field)
        elif kind == "AddLink" and "/article/" in (change.text("NewValue") or ""):
            event.kind, event.to_value = "link_article", (change.text("NewValue") or "").rpartition("/")[2]
        else:
            return False
        return True

    def _is_alone(self, change: Fields, kind: str, taken: set[Any]) -> bool:
        """Whether a change of the watcher "owner" stands alone, without the change of the owner it belongs to."""
        if kind != "SetWatcher":
            return False
        at, value = change.at("Created") or 0, change.text("NewValue")
        return not any(new == value and abs((when or 0) - at) <= TWIN_S for when, new in taken)

    def _actor(self, story: Story, change: Fields) -> tuple[str | None, int | None]:
        creator = change.inner("Creator")
        if creator.text("Name") in SYSTEM:
            return "system", None
        try:
            number = need_number(creator)
        except RowError:
            return None, None
        if number in story.requestors and number != story.owner:  # staff with a ticket of its own asks, too
            return "contact", self._desk.context.key("contact", number)
        staff = self._people.is_staff(number)
        if staff is None:
            return None, None
        return ("agent" if staff else "contact"), self._desk.context.key("agent" if staff else "contact", number)

    def _slot(self, story: Story, change: Fields) -> list[Slot]:
        """The time that somebody noted with this change: it ended when it was noted, for all that RT knows."""
        text = change.text("TimeTaken", 20) or "0"
        if text.startswith("-"):
            self._taken_back += 1
        if not (text.isascii() and text.isdigit()) or not 0 < (minutes := int(text)) <= _LONGEST_MIN:
            return []
        at, number = change.need_at("Created"), need_number(change)
        actor, actor_id = self._actor(story, change)
        return [
            Slot(
                id=self._desk.context.key("slot", number),
                ext_id=str(number),
                kind="worked",
                agent_id=actor_id if actor == "agent" else None,
                started_at=at - minutes * 60,
                ended_at=at,
                ticket_id=self._desk.context.key("ticket", story.number),
                entered_at=at,
            )
        ]

    def _holder(self, owner: str | None) -> int | None:
        return None if owner in {None, self._desk.nobody} else self._desk.context.key("agent", owner)

    def _person(self, change: Fields, name: str) -> str | None:
        found = change.id(name)
        return None if found == self._desk.nobody else found

    def _queue(self, change: Fields, name: str) -> str | None:
        number = change.id(name)
        return self._desk.queues.get(number or "", number)

    def _priority(self, change: Fields, name: str) -> str | None:
        """P1 to P4 where the mapping reads Priority; else RT's number."""
        raw = change.text(name, 40)
        return self._desk.priority(raw) or raw


def _is_owner_change(change: Fields) -> bool:
    return change.text("Field") == "Owner" and change.text("Type") in {
        "Set",
        "Take",
        "Untake",
        "Steal",
        "Force",
        "Give",
    }


def _first_value(changes: list[Fields], field: str, now: str | None) -> str | None:
    """What a field was at first: what its first change was from, else what it is now."""
    for change in changes:
        if change.text("Field") == field and change.text("Type") != "SetWatcher":
            return change.text("OldValue", 60)
    return now


def _value(change: Fields, name: str, field: str) -> str | None:
    """A value of a field; times lack their Z and are UTC, and 1970 is none."""
    text = change.text(name)
    if text is None or field not in _DATES:
        return text
    if text.startswith("1970-01-01") or text in {"0", "Not set"}:
        return None
    return one_line(text.replace(" ", "T", 1), 40).removesuffix("Z") + "Z"
