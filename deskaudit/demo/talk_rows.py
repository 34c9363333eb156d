"""Calls, chats and time entries of the made-up desk as LiveAgent's lists, all as seen at one time."""

from deskaudit.demo.people import COMPANY, DEPARTMENTS, short_id
from deskaudit.demo.tables import Table
from deskaudit.demo.ticket_rows import TAG_IDS, visible
from deskaudit.demo.world import World


def calls(world: World, until: int) -> Table:
    columns = "id ticketId type fromNumber fromName toNumber toName viaNumber dateCreated dateAnswered dateFinished callDuration"
    rows = []
    for call in sorted(world.calls, key=lambda one: one.created):
        if call.finished > until:
            continue
        contact = world.people.contacts[call.contact]
        desk, person = ("+4700000100", COMPANY), (contact.phone, f"{contact.first} {contact.last}")
        here, there = (desk, person) if call.outgoing else (person, desk)
        length = 0 if call.answered is None else call.finished - call.answered
        ticket = None if call.ticket is None else short_id(call.ticket)
        rows.append(
            (
                short_id(3_000_000_000 + call.number),
                ticket,
                "O" if call.outgoing else "I",
                *here,
                *there,
                desk[0],
                call.created,
                call.answered,
                call.finished,
                str(length),
            )
        )
    return Table(columns.split(), rows, dates=("dateCreated", "dateAnswered", "dateFinished"), order="dateFinished")


def chats(world: World, until: int) -> Table:
    """A chat's id is its ticket's: LiveAgent calls both a conversation.

    `status_date_started` is when the state it is in now began, so of a finished chat its end. When it was picked up
    shows in /tickets/history alone: the first stretch with an agent.
    """
    columns = [
        "id",
        "subject",
        "preview",
        "chat_order",
        "date_created",
        "status_date_started",
        "tags",
        "rstatus",
        "firstname",
        "lastname",
        "system_name",
        "countrycode",
        "departmentId",
        "agentId",
        "status",
        "emails",
    ]
    rows = []
    for chat in sorted(world.chats, key=lambda one: one.created):
        if chat.finished > until:
            continue
        ticket = world.tickets[chat.ticket]
        contact = world.people.contacts[ticket.contact]
        rows.append(
            (
                short_id(chat.ticket),
                ticket.subject,
                ticket.subject,
                chat.created,
                chat.created,
                chat.created if chat.started is None else chat.finished,
                [TAG_IDS[ticket.category]],
                "I" if chat.started is None else "R",
                contact.first,
                contact.last,
                "",
                contact.country,
                DEPARTMENTS[chat.department].id,
                None if chat.agent is None else world.people.agents[chat.agent].id,
                "Q" if chat.started is None else "T",
                [contact.email],
            )
        )
    return Table(columns, rows, dates=("chat_order", "date_created", "status_date_started"), order="date_created")


def time_report(world: World, until: int) -> Table:
    """/grid/reports/time: most resolved tickets have an entry, made when the work ended."""
    columns = [
        "id",
        "agentid",
        "agent",
        "conversationid",
        "ticket",
        "contactid",
        "customer",
        "agent_ticket",
        "reportdate",
        "reportedtime",
        "reportedtime_hhmmss",
        "spenttime",
        "note",
        "type",
    ]
    rows = []
    for ticket, _step in visible(world, until):
        chance = ticket.number * 2_654_435_761 % 4_294_967_296
        done = next((s for s in ticket.steps if s.kind == "resolve" and s.at <= until and s.actor >= 0), None)
        if done is None or chance % 100 >= 88:
            continue
        spent = 300 + chance // 100 % 2_400
        agent = world.people.agents[done.actor]
        contact = world.people.contacts[ticket.contact]
        spelled = f"{spent // 3600:02d}:{spent // 60 % 60:02d}:{spent % 60:02d}"
        rows.append(
            (
                ticket.number + 1,
                agent.id,
                agent.name,
                short_id(ticket.number),
                world.code(ticket.number),
                contact.id,
                f"{contact.first} {contact.last}",
                agent.name,
                done.at,
                str(spent),
                spelled,
                str(spent),
                "",
                "auto" if chance % 3 else "manual",
            )
        )
    return Table(columns, rows, dates=("reportdate",), order="reportdate")
