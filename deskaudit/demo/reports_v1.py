"""LiveAgent's older API, as far as an auditor asks it: reports, ratings, knowledge base."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from deskaudit.demo.people import CATEGORIES, DEPARTMENTS, short_id
from deskaudit.demo.promises import LEVELS, terms
from deskaudit.demo.stories import DAY
from deskaudit.demo.tables import BadFilterError, Shift, date_text, read_date
from deskaudit.demo.ticket_rows import visible
from deskaudit.demo.world import World

Rows = list[dict[str, Any]]
Report = Callable[[World, int, int, int, Shift], Rows]


def answer(world: World, path: str, query: dict[str, str], until: int, shift: Shift) -> dict[str, Any] | None:
    """The body of an answer, or None for a path that is not there."""
    if path == "/application/status":
        return {"response": {"liveagentversion": "5.61.3", "current_server_time": date_text(until, shift(until))}}
    if path not in REPORTS:
        return None
    key, report = REPORTS[path]
    start = _date(query.get("date_from"), 0)
    end = _date(query.get("date_to"), until + 1)
    rows = report(world, start, min(end, until + 1), until, shift)
    columns = [name for name in query.get("columns", "").split(",") if name]
    if columns:
        rows = [{name: row[name] for name in columns if name in row} for row in rows]
    first = int(query.get("limitfrom", query.get("offset", "0")))
    return {"response": {key: rows[first : first + int(query.get("limitcount", query.get("limit", "1000")))]}}


def _date(text: str | None, default: int) -> int:
    try:
        return read_date(text) if text else default
    except BadFilterError:
        return default


def ratings(world: World, start: int, end: int, until: int, shift: Shift) -> Rows:
    """/reports/ranking: `rankingType` R is a reward, P a punishment."""
    found: list[tuple[int, dict[str, Any]]] = []
    for ticket, _step in visible(world, until):
        for step in ticket.steps:
            if step.kind not in {"good", "bad"} or not start <= step.at < end or step.at > until:
                continue
            agent = world.people.agents[step.agent or 0]
            contact = world.people.contacts[ticket.contact]
            row = {
                "id": short_id(5_000_000_000 + ticket.number),
                "rankingType": "R" if step.kind == "good" else "P",
                "datecreated": date_text(step.at, shift(step.at)),
                "conversationid": short_id(ticket.number),
                "agentcontactid": agent.id,
                "agentEmail": agent.email,
                "agent": agent.name,
                "contactid": contact.id,
                "requesterEmail": contact.email,
                "requester": f"{contact.first} {contact.last}",
                "comment": "" if ticket.number % 3 else "It took far too long." if step.kind == "bad" else "Thank you!",
            }
            found.append((step.at, row))
    return [row for _at, row in sorted(found, key=lambda pair: (pair[0], pair[1]["id"]))]


def by_agent(world: World, start: int, end: int, until: int, shift: Shift) -> Rows:
    """/reports/agents: answers, ratings and tickets resolved of each agent."""
    del shift
    kinds: dict[int, Counter[str]] = {index: Counter() for index in range(len(world.people.agents))}
    for ticket, _step in visible(world, until):
        for step in ticket.steps:
            if start <= step.at < end and step.at <= until:
                who = step.agent if step.kind in {"good", "bad"} else step.actor
                if who is not None and who >= 0:
                    kinds[who][step.kind] += 1
    return [
        {
            "id": agent.id,
            "contactid": agent.id,
            "firstname": agent.name.split()[0],
            "lastname": agent.name.split()[-1],
            "answers": kinds[index]["reply"],
            "notes": kinds[index]["note"],
            "rewards": kinds[index]["good"],
            "punishments": kinds[index]["bad"],
            "resolved_tickets": kinds[index]["resolve"],
        }
        for index, agent in enumerate(world.people.agents)
    ]


def compliance(world: World, start: int, end: int, until: int, shift: Shift) -> Rows:
    """/reports/tickets/slacompliance: per level, from the log alone, so it flatters as LiveAgent's does."""
    del shift
    met: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    for ticket, _step in visible(world, until):
        for term in terms(ticket, world.hours, until):
            if term.done_at is not None and not term.void and start <= term.done_at < end:
                (met if term.done_at <= term.due_at else missed)[ticket.priority] += 1
    return [
        {"levelid": f"sla0000{priority[1]}", "level": name, "met": met[priority], "missed": missed[priority]}
        for priority, name in LEVELS.items()
    ]


def by_department(world: World, start: int, end: int, until: int, shift: Shift) -> Rows:
    del shift
    created = Counter(step.department for ticket, step in visible(world, until) if start <= ticket.created < end)
    return [
        {"departmentid": one.id, "departmentname": one.name, "created_tickets": created[index]}
        for index, one in enumerate(DEPARTMENTS)
    ]


def knowledge_bases(*_unused: object) -> Rows:
    return [{"kb_id": "kb000001", "name": "Help for riders"}]


def articles(world: World, start: int, end: int, until: int, shift: Shift) -> Rows:
    """/knowledgebase/entries: one article for most categories, some old, and one that is only a draft."""
    del start, end
    found = []
    for index, name in enumerate(CATEGORIES[:-4]):
        changed = world.start + (index * 41 % 430) * DAY
        at = date_text(min(changed, until), shift(min(changed, until)))
        found.append(
            {
                "kb_entry_id": f"kbe{index:05d}",
                "kb_id": "kb000001",
                "rtype": "A",
                "rstatus": "D" if index == 1 else "P",
                "url": f"https://help.nordlys.example/{index:06d}-all-about-{index}",
                "views": 40 + index * 97 % 900,
                "title": f"All about {name}",
                "datechanged": at,
                "access": "P",
                "language": "en",
            }
        )
    return found


REPORTS: dict[str, tuple[str, Report]] = {
    "/reports/ranking": ("ranks", ratings),
    "/reports/agents": ("agents", by_agent),
    "/reports/departments": ("departments", by_department),
    "/reports/tickets/slacompliance": ("slacompliances", compliance),
    "/knowledgebase/knowledgebases": ("knowledgebases", knowledge_bases),
    "/knowledgebase/entries": ("entries", articles),
}
