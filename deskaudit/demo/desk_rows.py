"""People and settings of the made-up desk as LiveAgent's lists, and the register of all lists."""

from collections.abc import Callable
from typing import Any

from deskaudit.demo.people import CATEGORIES, DEPARTMENTS, Agent, short_id
from deskaudit.demo.promises import LEVEL_IDS, LEVELS
from deskaudit.demo.stories import DAY
from deskaudit.demo.tables import Table
from deskaudit.demo.talk_rows import calls, chats, time_report
from deskaudit.demo.ticket_rows import TAG_IDS, grid_tickets, history, sla_log, tickets, visible
from deskaudit.demo.trends import SLA_FIRST_S, SLA_RESOLVE_S
from deskaudit.demo.world import World


def agents(world: World, until: int) -> Table:
    columns = (
        "id name email role role_id avatar_url online_status status gender last_pswd_change twofactor_auth voice_status"
    )
    rows = [_agent_row(agent, until) for agent in world.people.agents]
    return Table(columns.split(), rows, dates=("last_pswd_change",), order="name")


def _agent_row(agent: Agent, until: int) -> tuple[Any, ...]:
    changed = until - agent.password_age_days * DAY
    return (
        agent.id,
        agent.name,
        agent.email,
        agent.role,
        agent.role,
        "",
        "N" if agent.active else "F",
        "A" if agent.active else "X",
        "X",
        changed - changed % DAY,
        "Y" if agent.two_factor else "N",
        "N",
    )


def departments(world: World, until: int) -> Table:
    del until
    rows = [
        (one.id, len(team), one.name, "N", [world.people.agents[agent].id for agent in team], f"mail{index:04d}")
        for index, (one, team) in enumerate(zip(DEPARTMENTS, world.people.teams, strict=True))
    ]
    return Table(["department_id", "agent_count", "name", "online_status", "agent_ids", "mailaccount_id"], rows)


def tags(world: World, until: int) -> Table:
    del world, until
    rows = [(place, f"cat-{name}", "#000000", "#dddddd", "N", "N") for name, place in TAG_IDS.items()]
    return Table(["id", "name", "color", "background_color", "is_public", "is_archived"], rows)


def groups(world: World, until: int) -> Table:
    del world, until
    return Table(["id", "name", "color", "background_color"], [("grp0deal", "Dealers", "#000000", "#eeeeee")])


def companies(world: World, until: int) -> Table:
    del until
    columns = [
        "id",
        "name",
        "system_name",
        "type",
        "date_created",
        "date_changed",
        "language",
        "countrycode",
        "emails",
        "phones",
        "groups",
    ]
    rows = [
        (short_id(4_000_000_000 + index), name, "", "R", *[world.start - DAY] * 2, "nb", "NO", [], [], ["grp0deal"])
        for index, name in enumerate(world.people.companies)
    ]
    return Table(columns, rows, dates=("date_created", "date_changed"), order="date_created")


def contacts(world: World, until: int) -> Table:
    """Those who have written so far."""
    columns = [
        "id",
        "company_id",
        "firstname",
        "lastname",
        "system_name",
        "description",
        "type",
        "gender",
        "date_created",
        "date_changed",
        "language",
        "city",
        "countrycode",
        "emails",
        "phones",
        "groups",
    ]
    rows: list[tuple[Any, ...]] = []
    first: dict[int, int] = {}
    for ticket, _step in visible(world, until):
        first.setdefault(ticket.contact, ticket.created)
    for index, since in first.items():
        one = world.people.contacts[index]
        company = None if one.company is None else short_id(4_000_000_000 + one.company)
        rows.append(
            (
                one.id,
                company,
                one.first,
                one.last,
                "",
                "",
                "V",
                "X",
                since,
                since,
                one.language,
                "",
                one.country,
                [one.email],
                [one.phone],
                [],
            )
        )
    return Table(columns, rows, dates=("date_created", "date_changed"), order="date_created")


def slas(world: World, until: int) -> Table:
    del until
    days = {
        name: {"start": "08:00:00", "end": "16:00:00"}
        for name in ("monday", "tuesday", "wednesday", "thursday", "friday")
    }
    rows: list[tuple[Any, ...]] = []
    for priority, name in LEVELS.items():
        values = {
            "first_answer": SLA_FIRST_S[priority],
            "first_assign": 3_600,
            "first_resolve": SLA_RESOLVE_S.get(priority, 0),
            "next_answer": SLA_FIRST_S[priority],
            "chat_answer": 120,
            "call_answer": 30,
        }
        rows.append((LEVEL_IDS[priority], name, values, {"timezone": "Europe/Oslo", **days, "exclude_holidays": []}))
    del world
    return Table(["id", "name", "values", "business_hours"], rows)


def predefined_answers(world: World, until: int) -> Table:
    del until
    rows = [
        (
            f"pre{index:05d}",
            world.people.agents[0].id,
            DEPARTMENTS[index % 5].id,
            f"About {name}",
            name,
            f"Regarding {name}: …",
            "T",
        )
        for index, name in enumerate(CATEGORIES)
    ]
    return Table(["id", "userid", "departmentid", "name", "subject", "body", "format"], rows)


def apikeys(world: World, until: int) -> Table:
    del until
    owner = world.people.agents[0].id
    rows = [
        (1, "this-key-must-never-be-kept", None, "agent", "deskaudit", "A", owner, "*"),
        (2, "nor-must-this-one", None, "owner", "old export", "A", owner, "*"),
    ]
    return Table(["id", "key", "valid_to_date", "role", "name", "type", "userid", "whitelist"], rows)


LISTS: dict[str, Callable[[World, int], Table]] = {
    "/tickets": tickets,
    "/tickets/history": history,
    "/grid/tickets": grid_tickets,
    "/grid/tickets/sla": sla_log,
    "/grid/reports/time": time_report,
    "/calls": calls,
    "/chats": chats,
    "/agents": agents,
    "/departments": departments,
    "/tags": tags,
    "/groups": groups,
    "/companies": companies,
    "/contacts": contacts,
    "/slas": slas,
    "/predefined_answers": predefined_answers,
    "/apikeys": apikeys,
}
