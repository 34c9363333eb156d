"""What a request of ServiceDesk Plus becomes: a ticket, its customer, group, custom fields and promises."""

from collections.abc import Mapping

from deskaudit.connectors import Context
from deskaudit.connectors.fields import FieldNames, Unknown
from deskaudit.connectors.liveagent.rows import text_length
from deskaudit.connectors.mapping import Facts, Mapper, Seen
from deskaudit.connectors.phones import Numbers
from deskaudit.connectors.servicedeskplus import words
from deskaudit.connectors.servicedeskplus.fields import Entry
from deskaudit.connectors.servicedeskplus.options import Options
from deskaudit.model.entities import Contact, Department, Row, SlaTerm, Ticket, TicketField
from deskaudit.text import one_line

USUAL_FIELDS = (
    "id", "display_id", "subject", "requester", "technician", "status", "category", "subcategory", "item", "priority",
    "urgency", "impact", "level", "department", "site", "mode", "group", "request_type", "service_category",
    "created_time", "responded_time", "resolved_time", "completed_time", "due_by_time", "last_updated_time",
    "is_first_response_overdue", "is_overdue", "resolution", "udf_fields",
)  # fmt: skip
"""Fields that were seen to be granted together by a real server."""
PROMISED_FIELDS = (*USUAL_FIELDS, "sla", "first_response_due_by_time")
ALL_FIELDS = (
    *PROMISED_FIELDS, "template", "assigned_time", "is_escalated", "is_reopened", "is_fcr", "is_service_request",
    "is_trashed",
)  # fmt: skip
FORMS = (ALL_FIELDS, PROMISED_FIELDS, USUAL_FIELDS)
"""What to ask a list of requests for: without naming fields it leaves out all that speaks of service levels. A server
that refuses one name refuses them all, so what speaks of service levels is given up last.
"""

PLAIN = (
    "priority", "urgency", "impact", "level", "mode", "request_type", "category", "subcategory", "item",
    "service_category", "site", "department", "template", "sla", "account",
)  # fmt: skip
"""Fields of a request that a mapping may read, beside the custom ones and the flags."""
FLAGS = ("is_service_request", "is_escalated", "is_reopened", "is_fcr")
CUSTOM_MOST = 300


class Desk:
    """What rows need to know besides themselves: the keys of this source, and what its statuses mean."""

    def __init__(self, context: Context, options: Options, mapper: Mapper) -> None:
        self.context = context
        self.address = options.desk
        self.mapper = mapper
        self.cloud = options.cloud
        self.numbers = Numbers(context, options.region)
        self.unknown = Unknown()
        self.statuses: dict[str, Entry] = {}  # id → status, as the list of statuses tells it
        self.field_names = FieldNames()

    def key(self, entity: str, ext_id: str | None) -> int | None:
        return None if ext_id is None else self.context.key(entity, ext_id)

    def link(self, module: str, ext_id: str) -> str:
        """The page of a thing that a person may open."""
        if self.cloud:
            return f"{self.address}/ui/{module}/{ext_id}/details"
        pages = {
            "requests": f"WorkOrder.do?woMode=viewWO&woID={ext_id}",
            "solutions": f"AddSolution.do?submitaction=viewsolution&fromListView=true&solutionID={ext_id}",
        }
        return f"{self.address}/{pages[module]}"


def note_status(desk: Desk, row: Entry) -> list[Row]:
    """Statuses are no rows of their own: requests name them, and often without saying whether they stop the clock."""
    desk.statuses[row.need_id("id")] = row
    return []


def own_status(desk: Desk, row: Entry) -> tuple[str, str | None]:
    """(canonical status, the desk's own word) of a request, before the mapping."""
    status = row.part("status")
    known = desk.statuses.get(status.id("id") or "", Entry({}))
    raw = status.text("name") or known.text("name") or row.text("status")
    if row.yes("is_trashed"):
        return "deleted", raw
    inner = (status.text("internal_name") or known.text("internal_name") or raw or "").casefold()

    def says(flag: str) -> bool | None:
        here = status.yes(flag)
        return known.yes(flag) if here is None else here

    in_progress = says("in_progress")
    if in_progress is False:
        if inner in words.DONE:
            return words.DONE[inner], raw
        return "closed" if row.part("completed_time").names() else "resolved", raw
    stops = says("stop_timer")
    if stops and (in_progress or inner not in words.DONE):
        return "postponed", raw
    if in_progress and (stops is False or words.STATUSES.get(inner) != "postponed"):
        return "open", raw
    return desk.unknown.look_up("status", inner, words.STATUSES, "unknown"), raw


def facts_of(row: Entry) -> Facts:
    """All that a mapping may look at."""
    fields: dict[str, str | None] = {name: row.label(name) for name in PLAIN}
    for name in FLAGS:
        said = row.yes(name)
        fields[name] = None if said is None else str(said).lower()
    fields |= custom_fields(row)
    return Facts(fields=fields, department=row.label("group"))


def custom_fields(row: Entry) -> dict[str, str | None]:
    udf = row.part("udf_fields")
    return {one_line(name, 100): udf.shown(name) for name in udf.names()[:CUSTOM_MOST] if name.strip()}


def read_request(desk: Desk, row: Entry) -> list[Row]:
    """A ticket with its customer, group, custom fields and promises."""
    ext_id = row.need_id("id")
    created = row.need_when("created_time")
    facts = facts_of(row)
    desk.field_names.meet(name for name in facts.fields if row.has(name) or name not in PLAIN)
    ticket = _ticket(desk, row, ext_id, created, facts)
    return [
        ticket,
        *_people(desk, row),
        *(
            TicketField(
                id=desk.context.key("ticket_field", f"{ext_id}:{name}"), ticket_id=ticket.id, name=name, value=value
            )
            for name, value in custom_fields(row).items()
        ),
        *_terms(desk, ticket, ext_id),
    ]


def see(desk: Desk, row: Entry) -> Seen:
    """A request as it shows itself, beside its ticket. Raises RowError."""
    facts = facts_of(row)
    ticket = _ticket(desk, row, row.need_id("id"), row.need_when("created_time"), facts)
    return Seen(facts=facts, status_raw=ticket.status_raw, ticket=ticket)


def _ticket(desk: Desk, row: Entry, ext_id: str, created: int, facts: Facts) -> Ticket:
    mapped = desk.mapper.map(facts)
    own, raw = own_status(desk, row)
    status = desk.mapper.status(raw, own, facts) if own != "deleted" else own
    done = status in {"resolved", "closed"}
    due, responded = row.when("due_by_time"), row.when("responded_time")
    response_late, late, reopened = row.yes("is_first_response_overdue"), row.yes("is_overdue"), row.yes("is_reopened")
    mode = row.label("mode")
    resolution = row.part("resolution").text("content", 200_000)
    return Ticket(
        id=desk.context.key("ticket", ext_id),
        ext_id=ext_id,
        code=row.id("display_id") or ext_id,
        title=row.text("subject", 300),
        url=desk.link("requests", ext_id),
        channel=desk.unknown.look_up("mode", mode.casefold(), words.CHANNELS, "other") if mode else None,
        status=status,
        status_raw=raw,
        type=mapped.type or _own_type(row),
        category=mapped.category or row.label("category"),
        priority=mapped.priority,
        language=mapped.language,
        service=mapped.service or row.label("service_category"),
        company=mapped.company or row.label("account"),
        department_id=desk.key("department", group_id(row.part("group"))),
        agent_id=desk.key("agent", row.part("technician").id("id")),
        contact_id=desk.key("contact", row.part("requester").id("id")),
        created_at=created,
        changed_at=row.when("last_updated_time"),
        first_response_at=responded,
        resolved_at=row.when("resolved_time", "completed_time") if done else None,
        closed_at=row.when("completed_time") if done else None,
        sla_level=row.label("sla"),
        response_due_at=row.when("first_response_due_by_time"),
        resolve_due_at=due,
        vendor_response_met=_met(response_late, done=responded is not None),
        vendor_resolve_met=_met(late, done=done),
        vendor_overdue=late,
        resolution_len=text_length(resolution) if resolution else None,
        reopen_count=None if reopened is None else int(reopened),
        is_test=mapped.is_test,
    )


def _own_type(row: Entry) -> str | None:
    said = row.label("request_type")
    if said:
        return said
    service = row.yes("is_service_request")
    return None if service is None else "request" if service else "incident"


def _met(overdue: bool | None, *, done: bool) -> bool | None:  # noqa: FBT001 - it is the vendor's flag itself
    """Whether a promise was kept, as the vendor's overdue mark says; None while it still can be."""
    if overdue:
        return False
    return True if overdue is False and done else None


def group_id(group: Entry) -> str | None:
    """What tells a support group: its id, else its name."""
    found = group.id("id")
    name = group.text("name")
    return found or (f"name:{name.casefold()}" if name else None)


def _people(desk: Desk, row: Entry) -> list[Row]:
    """The group and the customer that a request names."""
    found: list[Row] = []
    group = row.part("group")
    key = group_id(group)
    if key is not None:
        found.append(
            Department(id=desk.context.key("department", key), ext_id=group.id("id"), name=group.text("name", 120))
        )
    requester = row.part("requester")
    ext_id = requester.id("id")
    if ext_id is not None:
        person = desk.context.person
        found.append(
            Contact(
                id=desk.context.key("contact", ext_id),
                ext_id=ext_id,
                email_hash=person(requester.text("email_id")),
                phone_hash=desk.numbers.hash(requester.text("phone") or requester.text("mobile")),
                company=requester.label("account") or row.label("account"),
            )
        )
    return found


def _terms(desk: Desk, ticket: Ticket, ext_id: str) -> list[Row]:
    """The promises of the ticket's service level: there is one first response and one resolution."""
    ends: Mapping[str, tuple[int | None, int | None]] = {
        "first_response": (ticket.response_due_at, ticket.first_response_at),
        "resolution": (ticket.resolve_due_at, ticket.resolved_at),
    }
    return [
        SlaTerm(
            id=desk.context.key("sla_term", f"{ext_id}:{measure}"),
            ext_id=ext_id,
            ticket_id=ticket.id,
            measure=measure,
            level=ticket.sla_level,
            started_at=ticket.created_at,
            due_at=due,
            closed_at=closed,
        )
        for measure, (due, closed) in ends.items()
        if due is not None
    ]
