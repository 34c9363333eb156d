"""What happened to a ticket, from its journals. Notes are measured and dropped."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from deskaudit.connectors.fields import Fields, RowError
from deskaudit.connectors.mapping import Facts
from deskaudit.connectors.redmine.rows import Desk, author_of
from deskaudit.i18n import _
from deskaudit.model.batches import Reject
from deskaudit.model.entities import Event, Ticket
from deskaudit.text import clean

DONE = frozenset({"resolved", "closed"})
TEXT_MOST = 200_000
UNTOLD = frozenset({"description", "subject"})
"""Fields whose values are texts of people: that they changed is kept, and not to what."""


class Hold(msgspec.Struct, frozen=True):
    """Where a ticket stood: the numbers of its state, who held it, and its project."""

    status: str | None
    holder: str | None
    project: str | None


class Entry(msgspec.Struct, frozen=True):
    """One journal: `after` is how the ticket stood when it had been written."""

    number: str
    at: int
    author: str | None
    notes: int  # characters
    private: bool
    details: list[tuple[str, str, str | None, str | None]]  # property, name, old, new
    before: Hold
    after: Hold


def read_history(desk: Desk, row: Fields, ticket: Ticket, facts: Facts) -> tuple[list[Event], Ticket, list[Reject]]:
    """The events of an issue with its journals, and the ticket with what they tell of it."""
    entries, start, rejects = _entries(row)
    events = [_created(desk, row, ticket, start)]
    told = _Told()
    for entry in entries:
        for event in _events(desk, entry, ticket, facts):
            events.append(event)
            told.hear(event)
    return events, told.finish(ticket), rejects


class _Told:
    """What the events say of their ticket."""

    def __init__(self) -> None:
        self.first: int | None = None
        self.replies = self.reopened = 0
        self.resolved: int | None = None
        self.closed: int | None = None
        self.done = False
        self._answer: tuple[int, int] | None = None  # (when, characters) of the agents' last reply
        self.solution: int | None = None

    def hear(self, event: Event) -> None:
        if event.kind == "reply" and event.actor == "agent":
            self.replies += 1
            self.first = event.happened_at if self.first is None else self.first
            self._answer = (event.happened_at, event.text_len or 0)
        if event.kind != "status":
            return
        done = event.to_value in DONE
        if done and not self.done:
            self.resolved = event.happened_at
            self.solution = None if self._answer is None else self._answer[1]
        elif self.done and not done:
            self.reopened += 1
            self.resolved = self.closed = self.solution = None
        if event.to_value == "closed":
            self.closed = event.happened_at
        self.done = done

    def finish(self, ticket: Ticket) -> Ticket:
        done = ticket.status in DONE
        return msgspec.structs.replace(
            ticket,
            first_response_at=self.first,
            resolved_at=(self.resolved or ticket.resolved_at) if done else None,
            closed_at=ticket.closed_at if ticket.status == "closed" else None,
            resolution_len=self.solution if done else None,
            reply_count=self.replies,
            reopen_count=self.reopened,
        )


def _entries(row: Fields) -> tuple[list[Entry], Hold, list[Reject]]:
    """The journals, oldest first, with how the ticket stood around each: told backwards from how it stands now."""
    rejects: list[Reject] = []
    read: list[tuple[int, Fields]] = []
    for place, journal in enumerate(row.rows("journals"), start=1):
        try:
            read.append((journal.need_at("created_on"), journal))
            journal.need_id("id")
        except RowError as fault:
            rejects.append(
                Reject(_("ticket {number}, journal {place}").format(number=row.id("id"), place=place), str(fault))
            )
            if read and read[-1][1] is journal:
                read.pop()
    read.sort(key=lambda one: one[0])
    stood = Hold(row.inner("status").id("id"), row.inner("assigned_to").id("id"), row.inner("project").id("id"))
    found: list[Entry] = []
    for at, journal in reversed(read):
        details = [
            (one.text("property", 20) or "", one.id("name") or "", one.id("old_value"), one.id("new_value"))
            for one in journal.rows("details")
        ]
        was = {name: old for kind, name, old, _new in details if kind == "attr"}
        before = Hold(
            was.get("status_id", stood.status),
            was.get("assigned_to_id", stood.holder),
            was.get("project_id", stood.project),
        )
        entry = Entry(
            journal.need_id("id"),
            at,
            journal.inner("user").id("id"),
            _length(journal.raw("notes")),
            journal.has("private_notes"),
            details,
            before,
            stood,
        )
        found.append(entry)
        stood = before
    found.reverse()
    return found, stood, rejects


def _created(desk: Desk, row: Fields, ticket: Ticket, start: Hold) -> Event:
    actor, actor_id = _who(desk, author_of(desk, row.inner("author")))
    return Event(
        id=desk.context.key("event", f"created:{ticket.ext_id}"),
        ticket_id=ticket.id,
        happened_at=ticket.created_at or 0,
        kind="status",
        actor=actor,
        actor_id=actor_id,
        to_value=_status(desk, start.status),
        agent_id=desk.holder(start.holder),
        department_id=desk.key("department", start.project),
    )


def _events(desk: Desk, entry: Entry, ticket: Ticket, facts: Facts) -> Iterator[Event]:
    """One event for each change of a journal, and one for its note: the note first, as people write it."""
    actor, actor_id = _who(desk, entry.author)

    def event(part: str, kind: str, **more: Any) -> Event:
        return Event(
            id=desk.context.key("event", f"journal:{entry.number}:{part}"),
            ext_id=entry.number,
            ticket_id=ticket.id,
            happened_at=entry.at,
            kind=kind,
            actor=actor,
            actor_id=actor_id,
            agent_id=desk.holder(entry.after.holder),
            department_id=desk.key("department", entry.after.project),
            **more,
        )

    if entry.notes:
        kind = "note" if entry.private else "reply"
        yield event("note", kind, public=not entry.private, text_len=entry.notes)
    for place, (kind, name, old, new) in enumerate(entry.details):
        part = str(place)
        if kind == "cf":
            known = desk.directory.fields.get(name) or name
            yield event(
                part, "field", name=known, **_values(desk.directory.label(name, old), desk.directory.label(name, new))
            )
        elif kind != "attr":
            continue  # attachments and relations
        elif name == "status_id":
            yield event(part, "status", **_values(_status(desk, old), _status(desk, new)))
        elif name == "assigned_to_id":
            yield event(part, "assign")
        elif name == "project_id":
            names = [desk.directory.projects[one].name if one in desk.directory.projects else one for one in (old, new)]
            yield event(part, "transfer", **_values(*names))
        elif name == "priority_id":
            yield event(part, "priority", **_values(_priority(desk, old, facts), _priority(desk, new, facts)))
        else:
            yield event(part, "field", **_field(desk, name, old, new))


def _field(desk: Desk, name: str, old: str | None, new: str | None) -> dict[str, str | None]:
    if name in UNTOLD:
        return {"name": name}
    if name == "tracker_id":
        return {"name": "tracker", **_values(*(desk.directory.trackers.get(one or "", one) for one in (old, new)))}
    return {"name": name, **_values(old, new)}


def _values(old: str | None, new: str | None) -> dict[str, str | None]:
    return {"from_value": old, "to_value": new}


def _status(desk: Desk, number: str | None) -> str:
    known = desk.directory.statuses.get(number or "")
    if known is None:
        return "unknown"  # a state that the site has deleted
    return desk.mapper.status(known[0], desk.own_status(number, known[0], closed=known[1]))


def _priority(desk: Desk, number: str | None, facts: Facts) -> str | None:
    """P1 to P4, where the mapping makes it of the priority's name; else that name."""
    name = desk.directory.priorities.get(number or "")
    rule = desk.mapper.mapping.priority
    if name is None or rule is None or (rule.field or "").casefold() != "priority":
        return name
    fields: Mapping[str, str | None] = {**facts.fields, "priority": name}
    return desk.mapper.map(Facts(fields=fields, department=facts.department)).priority or name


def _who(desk: Desk, number: str | None) -> tuple[str, int | None]:
    if number is None:
        return "system", None
    if number in desk.directory.agents:
        return "agent", desk.context.key("agent", number)
    return "contact", desk.context.key("contact", number)


def _length(notes: object) -> int:
    return len(" ".join(clean(notes, TEXT_MOST).split())) if isinstance(notes, str) else 0
