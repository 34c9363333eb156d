"""Tickets of the made-up desk as LiveAgent's lists, all as seen at one time."""

from collections.abc import Iterator
from typing import Any

from deskaudit.demo.people import CATEGORIES, DEPARTMENTS, short_id
from deskaudit.demo.promises import LEVEL_IDS, LEVELS, terms
from deskaudit.demo.stories import Step, Ticket, as_of
from deskaudit.demo.tables import Table
from deskaudit.demo.world import World

PANEL_FILTERS = frozenset(
    [
        "status",
        "tags",
        "channel_type",
        "subject",
        "owner_contactid",
        "agentid",
        "departmentid",
        "date_created",
        "date_changed",
    ]
)
TAG_IDS = {name: f"t{index:03d}" for index, name in enumerate(CATEGORIES)}
"""Category → id of its tag, which is called "cat-" and the category."""
INCIDENTS = frozenset(
    ["delivery", "order", "payment", "brakes", "gears", "battery", "motor", "printer", "vpn", "workstation", "password"]
)
_OPEN = frozenset("INTPACW")


def visible(world: World, until: int) -> Iterator[tuple[Ticket, Step]]:
    """The tickets that exist at a time, each with how it stands then."""
    for ticket in world.tickets:
        if ticket.created > until:
            return
        step = as_of(ticket.steps, until)
        if step is not None:
            yield ticket, step


def tickets(world: World, until: int) -> Table:
    columns = [
        "id",
        "code",
        "subject",
        "status",
        "channel_type",
        "departmentid",
        "agentid",
        "owner_contactid",
        "owner_email",
        "owner_name",
        "tags",
        "date_created",
        "date_changed",
        "date_resolved",
        "date_due",
        "date_deleted",
        "last_activity",
        "last_activity_public",
        "custom_fields",
    ]
    dates = [name for name in columns if name.startswith(("date_", "last_"))]
    rows = (_ticket_row(world, ticket, step, until) for ticket, step in visible(world, until))
    return Table(columns, rows, dates=dates, order="date_created", filters=PANEL_FILTERS)


def _ticket_row(world: World, ticket: Ticket, step: Step, until: int) -> tuple[Any, ...]:
    contact = world.people.contacts[ticket.contact]
    resolved = deleted = None
    public = ticket.created
    for passed in ticket.steps:
        if passed.at > until:
            break
        if passed.kind == "resolve":
            resolved = passed.at
        elif passed.kind in {"delete", "spam"}:
            deleted = passed.at
        if passed.kind in {"reply", "customer", "pickup"}:
            public = passed.at
    due = None
    if step.status in _OPEN:
        due = min((term.due_at for term in terms(ticket, world.hours, until) if term.done_at is None), default=None)
    return (
        short_id(ticket.number),
        world.code(ticket.number),
        ticket.subject,
        step.status,
        ticket.channel,
        DEPARTMENTS[step.department].id,
        None if step.agent is None else world.people.agents[step.agent].id,
        contact.id,
        contact.email,
        f"{contact.first} {contact.last}",
        [TAG_IDS[ticket.category]],
        ticket.created,
        step.at,
        resolved if step.status in "RL" else None,
        due,
        deleted,
        step.at,
        public,
        [
            {"code": "priority", "value": ticket.priority},
            {"code": "type", "value": "incident" if ticket.category in INCIDENTS else "request"},
        ],
    )


def grid_tickets(world: World, until: int) -> Table:
    """/grid/tickets: epoch numbers instead of texts, and the level."""
    columns = [
        "conversationid",
        "code",
        "subject",
        "status",
        "channel_type",
        "departmentid",
        "departmentname",
        "agentid",
        "agentname",
        "contactid",
        "tags",
        "tagnames",
        "datecreated",
        "datechanged",
        "dateresolved",
        "datedue",
        "statuschanged",
        "last_activity",
        "levelid",
        "messagegroups_in",
        "messagegroups_out",
    ]
    plain = tickets(world, until)
    rows = []
    for (ticket, step), row in zip(visible(world, until), plain.rows, strict=True):
        seen = [passed for passed in ticket.steps if passed.at <= until]
        agent = None if step.agent is None else world.people.agents[step.agent].name
        rows.append(
            (
                *row[:5],
                row[5],
                DEPARTMENTS[step.department].name,
                row[6],
                agent,
                row[7],
                row[10],
                [f"cat-{ticket.category}"],
                ticket.created,
                step.at,
                row[13],
                row[14],
                _status_changed(seen),
                step.at,
                LEVEL_IDS[ticket.priority] if ticket.has_level else None,
                1 + sum(passed.kind == "customer" for passed in seen),
                sum(passed.kind == "reply" for passed in seen),
            )
        )
    epochs = ("datecreated", "datechanged", "dateresolved", "datedue", "statuschanged", "last_activity")
    return Table(columns, rows, epochs=epochs, order="datecreated")


def _status_changed(steps: list[Step]) -> int:
    last = steps[-1]
    return next(
        (b.at for a, b in zip(steps[-2::-1], steps[:0:-1], strict=True) if a.status != last.status), steps[0].at
    )


def history(world: World, until: int) -> Table:
    """/tickets/history: one row for each stretch of time with the same status, agent and department."""
    columns = "id conversation_id conversation_code department_id department_name agent_id status date_from date_to elapsed_time"
    rows = sorted(
        (row for ticket, _step in visible(world, until) for row in stretches(world, ticket, until)),
        key=lambda row: (row[7], row[0]),
    )
    return Table(columns.split(), rows, dates=("date_from", "date_to"), order="date_from")


def stretches(world: World, ticket: Ticket, until: int) -> list[tuple[Any, ...]]:
    begun: list[Step] = []
    for step in ticket.steps:
        if step.at > until:
            break
        if not begun or step[3:] != begun[-1][3:]:
            begun.append(step)
    ends: list[int | None] = [step.at for step in begun[1:]]
    ends.append(None)
    conversation, code = short_id(ticket.number), world.code(ticket.number)
    return [
        (
            f"{conversation}{index:03d}",
            conversation,
            code,
            DEPARTMENTS[step.department].id,
            DEPARTMENTS[step.department].name,
            None if step.agent is None else world.people.agents[step.agent].id,
            step.status,
            step.at,
            end,
            None if end is None else str(end - step.at),
        )
        for index, (step, end) in enumerate(zip(begun, ends, strict=True))
    ]


def sla_log(world: World, until: int) -> Table:
    """/grid/tickets/sla: kept and closed promises only, as LiveAgent's log has them."""
    columns = [
        "id",
        "conversationid",
        "code",
        "sla_ticket_id",
        "departmentid",
        "department_name",
        "levelid",
        "sla_level_name",
        "sla",
        "sla_type",
        "date_created",
        "date_due",
        "date_closed",
        "sla_level_id",
        "responsible_agent_id",
        "resolving_agent_id",
        "req_contactid",
    ]
    rows = []
    for ticket, step in visible(world, until):
        agent = None if step.agent is None else world.people.agents[step.agent].id
        department = DEPARTMENTS[step.department]
        for term in terms(ticket, world.hours, until):
            if term.done_at is None or term.void:
                continue
            conversation = short_id(ticket.number)
            row_id = f"{conversation}-{'a' if term.measure == 'first_answer' else 'r'}"
            level = LEVEL_IDS[ticket.priority]
            met = "Y" if term.done_at <= term.due_at else "N"
            rows.append(
                (
                    row_id,
                    conversation,
                    world.code(ticket.number),
                    row_id,
                    department.id,
                    department.name,
                    level,
                    LEVELS[ticket.priority],
                    met,
                    term.measure,
                    term.started_at,
                    term.due_at,
                    term.done_at,
                    level,
                    agent,
                    agent,
                    world.people.contacts[ticket.contact].id,
                )
            )
    return Table(columns, rows, dates=("date_created", "date_due", "date_closed"), order="date_created")


def ticket_sla(world: World, ticket: Ticket, until: int) -> dict[str, Any]:
    """/tickets/{id}/sla: what is still due; epoch seconds, which the server writes as text."""
    due = {
        term.measure: term.due_at
        for term in terms(ticket, world.hours, until)
        if term.done_at is None and not term.void
    }
    if not ticket.has_level:
        return {"conversationid": short_id(ticket.number)}
    return {
        "conversationid": short_id(ticket.number),
        "sla_level_id": LEVEL_IDS[ticket.priority],
        "sla_level_name": LEVELS[ticket.priority],
        **due,
    }


def sla_history(world: World, ticket: Ticket, until: int) -> list[dict[str, Any]]:
    hours = world.hours
    found = []
    for term in terms(ticket, hours, until):
        end = term.done_at if term.done_at is not None else until
        row = {
            "id": f"{short_id(ticket.number)}-{term.measure}",
            "sla_level_id": LEVEL_IDS[ticket.priority],
            "sla_type": term.measure,
            "date_created": term.started_at,
            "date_due": term.due_at,
            "total_time": hours.between(term.started_at, term.due_at),
            "elapsed_time": hours.between(term.started_at, end),
        }
        if term.done_at is not None:
            row["date_closed"] = term.done_at
        found.append(row)
    return found
