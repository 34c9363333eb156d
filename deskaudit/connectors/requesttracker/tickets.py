"""Rows of tickets and queues."""

import msgspec

from deskaudit.connectors import Context
from deskaudit.connectors.fields import FieldNames, Fields, RowError, Unknown
from deskaudit.connectors.http import HttpError
from deskaudit.connectors.mapping import Facts, Mapper, Seen
from deskaudit.connectors.requesttracker.api import Api, need_number, quote
from deskaudit.connectors.requesttracker.options import Options
from deskaudit.i18n import _
from deskaudit.model.batches import Problem
from deskaudit.model.entities import Contact, Department, Row, Ticket, TicketField, TicketTag

STATUSES = {
    "new": "new",
    "open": "open",
    "stalled": "postponed",
    "resolved": "resolved",
    "rejected": "closed",
    "deleted": "deleted",
}
"""RT's own statuses. Rejecting sets Resolved too, and is no solution."""
FIELDS = {
    "fields": "Subject,Status,Queue,Owner,Creator,Requestor,Priority,InitialPriority,FinalPriority,SLA,Type,Created,Started,Due,"
    "Told,LastUpdated,Resolved,TimeEstimated,CustomFields",
    "fields[Queue]": "Name",
    "fields[Owner]": "id,Name",
    "fields[Creator]": "id",
    "fields[Requestor]": "id,Name,EmailAddress,Organization,Country,Lang",
}
PLAIN = ("Priority", "InitialPriority", "FinalPriority", "SLA", "Type", "Status", "TimeEstimated")
WORDS_MOST = 50  # statuses of a site's own that RT is asked about


class Story(msgspec.Struct):
    """What the history of a ticket needs to know of it: how it is now."""

    number: int
    created: int
    status: str
    owner: int | None
    queue: str | None
    requestors: frozenset[int]


class Desk:
    """What rows need to know besides themselves."""

    def __init__(self, api: Api, context: Context, options: Options, mapper: Mapper) -> None:
        self._api = api
        self.context, self.options, self.mapper = context, options, mapper
        self.unknown = Unknown()
        self.queues: dict[str, str] = {}  # number → name
        self.nobody = "6"  # the account that owns what nobody owns, as RT's own set-up numbers it
        self.fields: dict[str, str] = {}  # number of a custom field → name
        self._statuses: dict[str, str] = dict(STATUSES)
        self._told_fields = False
        self._field_names = FieldNames()

    def status(self, raw: str, facts: Facts | None = None, *, first: bool = False) -> str:
        """The canonical status of RT's word for it. `first`: tickets begin in it."""
        own = self._statuses.get(raw)
        if own is None:
            own = self._statuses[raw] = self._classify(raw, first=first)
        return self.mapper.status(raw, own, facts)

    def _classify(self, raw: str, *, first: bool) -> str:
        """What a lifecycle of the site's own makes of a status: RT itself says whether tickets in it are active."""
        if not raw or len(self._statuses) > WORDS_MOST:
            return "unknown"
        if raw.casefold() not in {word.casefold() for word in self.mapper.mapping.statuses}:
            for kind, found in (("__Active__", "open"), ("__Inactive__", "closed")):
                query = f"Status = {quote(raw)} AND Status = '{kind}'"
                try:
                    page = self._api.page("/tickets", {"query": query}, size=1)
                except HttpError as fault:
                    if fault.status is None:
                        raise
                    break
                if page.rows:
                    return found
            if first:
                return "new"
            self.unknown.look_up("status", raw, {}, "")
        return "unknown"

    def priority(self, raw: str | None) -> str | None:
        """P1 to P4 for a number of RT's, where the mapping reads it."""
        rule = self.mapper.mapping.priority
        if raw is None or rule is None or rule.field is None or rule.field.casefold() != "priority":
            return None
        return self.mapper.map(Facts(fields={"Priority": raw})).priority

    def department(self, queue: str | None) -> int | None:
        return None if queue is None else self.context.key("department", queue)

    def agent(self, number: int | None) -> int | None:
        return None if number is None else self.context.key("agent", number)

    def meet(self, names: list[str], *, told: bool) -> None:
        self._told_fields |= told
        self._field_names.meet(names)

    def field_problems(self) -> list[Problem]:
        """Warnings where the mapping reads what no ticket has, or where no custom field is shown at all."""
        found = self._field_names.problems(self.mapper.fields)
        if self._field_names.tickets and not self._told_fields:
            message = _("No ticket shows a custom field: there are none, or the login lacks SeeCustomField.")
            found.append(Problem("ticket_field", message))
        return found


def read_queue(desk: Desk, row: Fields) -> list[Row]:
    """A queue; those that RT keeps for itself are none."""
    number = str(need_number(row))
    name = row.text("Name") or number
    if name.startswith("___"):
        return []
    desk.queues[number] = name
    return [Department(id=desk.context.key("department", number), ext_id=number, name=name)]


def read_ticket(desk: Desk, row: Fields) -> tuple[list[Row], Story, Seen]:
    """A ticket with its tags, fields and requestor. Raises RowError."""
    number = need_number(row)
    created = row.need_at("Created")
    fields, tags, queue = _facts(desk, row)
    facts = Facts(fields=fields, tags=tags, department=fields["Queue"])
    raw = row.text("Status", 60) or ""
    status = desk.status(raw, facts)
    mapped = desk.mapper.map(facts)
    owner = _owner(row)
    contacts = _contacts(desk, row)
    ended = row.at("Resolved", after=created) if status in {"resolved", "closed"} else None
    requestors = frozenset(int(contact.ext_id or 0) for contact in contacts)
    response_due, resolve_due = _due(desk, row, created, requestors)
    key = desk.context.key("ticket", number)
    ticket = Ticket(
        id=key,
        ext_id=str(number),
        code=str(number),
        title=row.text("Subject", 300),
        url=f"{desk.options.root}/Ticket/Display.html?id={number}",
        status=status,
        status_raw=raw or None,
        type=mapped.type,
        category=mapped.category,
        priority=mapped.priority,
        language=mapped.language,
        service=mapped.service,
        company=mapped.company,
        department_id=desk.department(queue),
        agent_id=desk.agent(owner),
        contact_id=next((contact.id for contact in contacts), None),
        created_at=created,
        changed_at=row.at("LastUpdated", after=created),
        resolved_at=ended if status == "resolved" else None,
        closed_at=ended if status == "closed" else None,
        sla_level=row.text("SLA", 100),
        response_due_at=response_due,
        resolve_due_at=resolve_due,
        is_test=mapped.is_test,
    )
    rows: list[Row] = [ticket, *contacts]
    rows += [
        TicketTag(id=desk.context.key("ticket_tag", f"{number}:{tag}"), ticket_id=key, tag=tag)
        for tag in dict.fromkeys(tags)
    ]
    rows += [
        TicketField(
            id=desk.context.key("ticket_field", f"{number}:{name}"), ticket_id=key, name=name, value=fields[name]
        )
        for name in _own_fields(row)
    ]
    story = Story(number, created, raw, owner, queue, requestors)
    return rows, story, Seen(facts=facts, status_raw=raw or None, ticket=ticket)


def _facts(desk: Desk, row: Fields) -> tuple[dict[str, str | None], list[str], str | None]:
    """The fields that a mapping can read, the tags, and the queue's number."""
    queue = row.inner("Queue")
    number = queue.id("id")
    name = queue.text("Name") or desk.queues.get(number or "", number)
    company = next((one.text("Organization", 100) for one in row.rows("Requestor")), None)
    fields: dict[str, str | None] = {plain: row.text(plain) for plain in PLAIN}
    own = _own_fields(row)
    fields |= {"Queue": name, "Organization": company}
    fields |= {field: ", ".join(values) or None for field, values in own.items()}
    for one in row.rows("CustomFields"):
        desk.fields[one.id("id") or ""] = one.text("name", 100) or ""
    desk.meet(list(fields), told=bool(own))
    wanted = desk.options.tags.strip().casefold()
    tags = [value for field, values in own.items() if wanted and field.casefold() == wanted for value in values]
    return fields, tags, number


def _own_fields(row: Fields) -> dict[str, list[str]]:
    """Custom fields: name → values, none of them files."""
    found: dict[str, list[str]] = {}
    for one in row.rows("CustomFields"):
        name = one.text("name", 100)
        if name:
            found[name] = values_of(one)
    return found


def values_of(field: Fields) -> list[str]:
    """The texts of a custom field; a time of 1970 is none."""
    return [text for text in field.texts("values") if not text.startswith("1970-01-01")]


def read_nobody(desk: Desk, row: Fields) -> None:
    """Learns the number of the account Nobody; logins without rights are shown it in the links alone."""
    links = (link.id("id") for link in row.rows("_hyperlinks") if link.text("ref") == "self")
    desk.nobody = row.id("id") or next(links, None) or desk.nobody


def _owner(row: Fields) -> int | None:
    owner = row.inner("Owner")
    if owner.text("Name") == "Nobody" or owner.id("id") in {None, "Nobody"}:
        return None
    return need_number(owner)


def _contacts(desk: Desk, row: Fields) -> list[Contact]:
    """The people who asked; groups among them are none."""
    found = []
    for one in row.rows("Requestor"):
        if one.text("type") != "user":
            continue
        try:
            number = need_number(one)
        except RowError:
            continue
        found.append(
            Contact(
                id=desk.context.key("contact", number),
                ext_id=str(number),
                email_hash=desk.context.person(one.text("EmailAddress")),
                country=one.text("Country", 60),
                language=one.text("Lang", 20),
                company=one.text("Organization", 100),
            )
        )
    return found


def _due(desk: Desk, row: Fields, created: int, requestors: frozenset[int]) -> tuple[int | None, int | None]:
    """(answer due, solution due). RT has one date for both, the nearer one. It is the answer's while nobody has
    answered who asked; a ticket that staff opened for somebody owes no answer.
    """
    due = row.at("Due", after=created)
    level = desk.options.levels.get(row.text("SLA", 100) or "")
    creator = row.inner("Creator").id("id") or ""
    asks = creator.isascii() and creator.isdigit() and int(creator) in requestors
    if level is not None and level.response is not None and row.at("Told") is None and asks:
        return due, None
    return None, due
