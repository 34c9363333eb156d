"""Rows of LiveAgent's answers as rows of the model."""

import html
import re
from collections.abc import Callable

from deskaudit.connectors.fields import Fields, RowError
from deskaudit.connectors.liveagent import codes
from deskaudit.connectors.liveagent.desk import Desk
from deskaudit.connectors.mapping import Facts, Seen
from deskaudit.i18n import _
from deskaudit.model.entities import (
    Agent,
    Contact,
    Department,
    Event,
    Interaction,
    Policy,
    Rating,
    Row,
    SlaTerm,
    Slot,
    Ticket,
    TicketField,
    TicketTag,
)
from deskaudit.model.ratings import judge
from deskaudit.text import clean, one_line

HOUR = 3600


def read_department(desk: Desk, row: Fields) -> list[Row]:
    ext_id = row.need_id("department_id", "id")
    name = row.text("name")
    desk.departments[ext_id] = name or ext_id
    for agent in row.ids("agent_ids"):
        desk.homes.setdefault(agent, []).append(ext_id)
    return [Department(id=desk.context.key("department", ext_id), ext_id=ext_id, name=name)]


def read_agent(desk: Desk, row: Fields) -> list[Row]:
    """`department_id` only where the agent has one department; LiveAgent lets an agent sit in many."""
    ext_id = row.need_id("id")
    if ext_id in codes.NOBODY:
        return []
    email = desk.context.person(row.text("email"))
    desk.agents.add(ext_id)
    if email is not None:
        desk.agent_of_email[email] = ext_id
    homes = desk.homes.get(ext_id, [])
    return [
        Agent(
            id=desk.context.key("agent", ext_id),
            ext_id=ext_id,
            name=row.text("name"),
            email_hash=email,
            role=row.text("role") or row.text("role_id") or row.text("roleId"),
            department_id=desk.key("department", homes[0]) if len(homes) == 1 else None,
            active=row.flag("status", "A", "X"),
            mfa=row.flag("twofactor_auth", "Y", "N"),
            password_changed_at=row.at("last_pswd_change"),
            mobile_seen_at=desk.context.now() if row.code("online_status") == "C" else None,
        )
    ]


def read_tag(desk: Desk, row: Fields) -> list[Row]:
    """Tags are no rows of their own: tickets name them."""
    ext_id = row.need_id("id")
    desk.tags[ext_id] = row.text("name") or ext_id
    return []


def read_company(desk: Desk, row: Fields) -> list[Row]:
    """Companies are no rows of their own: contacts name them."""
    ext_id = row.need_id("id")
    desk.companies[ext_id] = row.text("name", 100) or row.text("system_name", 100) or ext_id
    return []


def read_level(desk: Desk, row: Fields) -> list[Row]:
    """A service level. Its values are seconds; 0 is no promise."""
    ext_id = row.need_id("id")
    values = row.inner("values")
    hours = row.inner("business_hours")
    days = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    return [
        Policy(
            id=desk.context.key("policy", f"sla:{ext_id}"),
            ext_id=ext_id,
            kind="sla",
            name=row.text("name") or ext_id,
            active=True,
            response_s=values.seconds("first_answer") or None,
            resolve_s=values.seconds("first_resolve") or None,
            has_hours=any(hours.has(day) for day in days) if row.has("business_hours") else None,
        )
    ]


def read_api_key(desk: Desk, row: Fields) -> list[Row]:
    """An API key without the key."""
    ext_id = row.need_id("id")
    return [
        Policy(
            id=desk.context.key("policy", f"api_key:{ext_id}"),
            ext_id=ext_id,
            kind="api_key",
            name=row.text("name"),
            scope=row.text("role"),
            owner_id=desk.agent(row.id("userid")),
            active=True,
            expires_at=row.at("valid_to_date"),
        )
    ]


def read_contact(desk: Desk, row: Fields) -> list[Row]:
    ext_id = row.need_id("id")
    person = desk.context.person
    emails, phones = row.ids("emails"), row.ids("phones")
    company = row.id("company_id")
    return [
        Contact(
            id=desk.context.key("contact", ext_id),
            ext_id=ext_id,
            email_hash=person(emails[0] if emails else row.text("registration_email")),
            phone_hash=desk.numbers.hash(phones[0] if phones else None),
            country=(row.text("countrycode", 2) or "").upper() or None,
            language=row.text("language", 20),
            company=None if company is None else desk.companies.get(company, company),
        )
    ]


def read_ticket(desk: Desk, row: Fields) -> list[Row]:
    """A ticket, its tags and its custom fields."""
    seen = see_ticket(desk, row)
    ext_id, key = seen.ticket.ext_id, seen.ticket.id
    return [
        seen.ticket,
        *(
            TicketTag(id=desk.context.key("ticket_tag", f"{ext_id}:{tag}"), ticket_id=key, tag=one_line(name, 100))
            for tag, name in _tags(desk, row).items()
        ),
        *(
            TicketField(id=desk.context.key("ticket_field", f"{ext_id}:{name}"), ticket_id=key, name=name, value=value)
            for name, value in seen.facts.fields.items()
        ),
    ]


def see_ticket(desk: Desk, row: Fields) -> Seen:
    """A ticket as LiveAgent shows it, beside its row. Raises RowError."""
    ext_id = row.need_id("id")
    created = row.need_at("date_created")
    fields = _custom_fields(row)
    desk.field_names.meet(fields)
    department = row.id("departmentid")
    name = None if department is None else desk.departments.get(department, department)
    facts = Facts(fields=fields, tags=list(_tags(desk, row).values()), department=name)
    mapped = desk.mapper.map(facts)
    raw = row.code("status")
    own = desk.unknown.look_up("status", raw, codes.STATUSES, "unknown")
    channel = row.code("channel_type")
    ticket = Ticket(
        id=desk.context.key("ticket", ext_id),
        ext_id=ext_id,
        code=row.text("code", 60),
        title=row.text("subject", 300),
        url=f"{desk.root}/agent/#Conversation;id={ext_id}",
        channel=desk.unknown.look_up("channel_type", channel, codes.CHANNELS, "other") if channel else None,
        status=desk.mapper.status(raw, own, facts),
        status_raw=raw or None,
        type=mapped.type,
        category=mapped.category,
        priority=mapped.priority,
        language=mapped.language,
        service=mapped.service,
        company=mapped.company,
        department_id=desk.key("department", department),
        agent_id=desk.agent(row.id("agentid")),
        contact_id=desk.key("contact", row.id("owner_contactid")),
        created_at=created,
        changed_at=row.at("date_changed", after=created),
        resolved_at=row.at("date_resolved", after=created),
        deleted_at=None if raw in codes.ALIVE else row.at("date_deleted", after=created),  # it may have been restored
        is_test=mapped.is_test,
    )
    return Seen(facts=facts, status_raw=raw or None, ticket=ticket)


def _tags(desk: Desk, row: Fields) -> dict[str, str]:
    """Tag id → its name."""
    return {tag: desk.tags.get(tag, tag) for tag in row.ids("tags")}


def _custom_fields(row: Fields) -> dict[str, str | None]:
    found = {}
    for one in row.rows("custom_fields"):
        name = one.text("code", 100) or one.text("name", 100)
        if name:
            found[name] = one.text("value")
    return found


def read_stretch(desk: Desk, row: Fields) -> list[Row]:
    """A stretch of /tickets/history: from `date_from` on, the ticket had this status, department and agent."""
    ticket = row.need_id("conversation_id")
    begun = row.need_at("date_from")
    raw = row.code("status")
    own = desk.unknown.look_up("status", raw, codes.STATUSES, "unknown")
    ext_id = row.id("id") or f"{ticket}:{begun}:{raw}"
    return [
        Event(
            id=desk.context.key("event", f"history:{ext_id}"),
            ext_id=ext_id,
            ticket_id=desk.context.key("ticket", ticket),
            happened_at=begun,
            kind="status",
            to_value=desk.mapper.status(raw, own),
            agent_id=desk.agent(row.id("agent_id")),
            department_id=desk.key("department", row.id("department_id")),
        )
    ]


def term_key(desk: Desk, ticket: str, measure: str, due: int | None) -> int:
    """The key of a promise: there is one first answer, assignment and solution of a ticket, but many next answers."""
    tail = f":{due}" if measure == "next_response" else ""
    return desk.context.key("sla_term", f"{ticket}:{measure}{tail}")


def read_term(desk: Desk, row: Fields) -> list[Row]:
    """A row of the SLA log. It has promises that were fulfilled and closed, and only those."""
    ticket = row.need_id("conversationid")
    said = re.sub(r"[^a-z]+", "_", row.code("sla_type").casefold()).strip("_")
    measure = desk.unknown.look_up("sla_type", said, codes.MEASURES, said or "unknown")
    started, due = row.at("date_created"), row.at("date_due")
    return [
        SlaTerm(
            id=term_key(desk, ticket, measure, due),
            ext_id=row.id("id", "sla_ticket_id"),
            ticket_id=desk.context.key("ticket", ticket),
            measure=measure,
            level=row.text("sla_level_name", 100) or row.text("levelid", 100),
            started_at=started,
            due_at=due,
            closed_at=row.at("date_closed", after=started),
        )
    ]


def read_call(desk: Desk, row: Fields) -> list[Row]:
    ext_id = row.need_id("id")
    started = row.need_at("dateCreated")
    answered, ended = row.at("dateAnswered", after=started), row.at("dateFinished", after=started)
    kind = row.code("type")
    direction = desk.unknown.look_up("call type", kind, codes.DIRECTIONS, "")
    outcome = "answered" if answered else "unknown" if ended is None else "failed" if kind == "O" else "missed"
    other = row.text("toNumber" if kind == "O" else "fromNumber", 60)
    return [
        Interaction(
            id=desk.context.key("interaction", f"call:{ext_id}"),
            ext_id=ext_id,
            channel="call",
            direction=direction or None,
            started_at=started,
            answered_at=answered,
            ended_at=ended,
            outcome=outcome,
            queue=row.text("viaNumber", 60),
            number_hash=None if kind == "T" else desk.numbers.hash(other),
            ticket_id=desk.key("ticket", row.id("ticketId")),
        )
    ]


def read_chat(desk: Desk, row: Fields) -> list[Row]:
    """A chat is a conversation, so its id is its ticket's. When a finished chat was picked up is not told:
    `status_date_started` speaks of the state it is in now.
    """
    ext_id = row.need_id("id")
    started = row.need_at("date_created")
    since = row.at("status_date_started", after=started)
    status, agent = row.code("status"), desk.agent(row.id("agentId"))
    desk.unknown.look_up("chat status", status, {"C": "", "T": "", "R": "", "Q": ""}, "")
    outcome = "unknown"
    if status == "C":
        outcome = "answered"
    elif status == "T":
        outcome = "missed" if agent is None or row.code("rstatus") == "I" else "answered"
    elif status in {"R", "Q"} and desk.context.now() - started > HOUR:
        outcome = "missed"
    return [
        Interaction(
            id=desk.context.key("interaction", f"chat:{ext_id}"),
            ext_id=ext_id,
            channel="chat",
            direction="in",
            started_at=started,
            answered_at=since if status == "C" else None,
            ended_at=since if status == "T" else None,
            outcome=outcome,
            department_id=desk.key("department", row.id("departmentId")),
            agent_id=agent,
            ticket_id=desk.context.key("ticket", ext_id),
        )
    ]


def read_slot(desk: Desk, row: Fields) -> list[Row]:
    """A time entry. `entered_at` stays None: LiveAgent does not say when the entry was made, only what day it is for."""
    ext_id = row.need_id("id")
    ended = row.need_at("reportdate")
    spent = row.seconds("reportedtime_hhmmss", "reportedtime", "spenttime")  # the unit of the bare numbers is not told
    if spent is None:
        raise RowError(_("it has no {name}").format(name="reportedtime"))
    return [
        Slot(
            id=desk.context.key("slot", ext_id),
            ext_id=ext_id,
            kind="worked",
            agent_id=desk.agent(row.id("agentid")),
            started_at=ended - spent,
            ended_at=ended,
            ticket_id=desk.key("ticket", row.id("conversationid")),
            billable=True if row.at("dateinvoiced") else None,
        )
    ]


def read_rank(desk: Desk, row: Fields) -> list[Row]:
    """A rating of v1: a reward or a punishment. Its agent is told by e-mail address only."""
    ext_id = row.need_id("id")
    said = row.code("rankingType").casefold()
    score = codes.RANKS.get(said)
    if score is None and said not in codes.UNRANKED:
        desk.unknown.look_up("rankingType", said, {}, "")
    satisfied, low = judge(score, 0, 1)
    at = row.need_at("datecreated")
    email = desk.context.person(row.text("agentEmail"))
    return [
        Rating(
            id=desk.context.key("rating", ext_id),
            ext_id=ext_id,
            ticket_id=desk.key("ticket", row.id("conversationid")),
            agent_id=desk.agent(desk.agent_of_email.get(email)) if email else None,
            contact_id=desk.key("contact", row.id("contactid")),
            sent_at=at if score is None else None,
            rated_at=None if score is None else at,
            score=score,
            scale_min=0.0,
            scale_max=1.0,
            satisfied=satisfied,
            low=low,
            has_comment=row.has("comment"),
        )
    ]


def text_length(markup: str) -> int:
    """Characters of a message without its markup."""
    return len(" ".join(html.unescape(re.sub(r"<[^>]*>", " ", clean(markup, 200_000))).split()))


Read = Callable[[Desk, Fields], list[Row]]
