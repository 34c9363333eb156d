"""Rows of Redmine's answers as rows of the model."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import msgspec

from deskaudit.connectors import Context
from deskaudit.connectors.fields import Fields, RowError
from deskaudit.connectors.mapping import Facts, Mapper, Rule, TicketMapping
from deskaudit.connectors.redmine.directory import Directory
from deskaudit.connectors.redmine.options import Options
from deskaudit.connectors.redmine.walks import CLOCK
from deskaudit.connectors.tabular.cells import fold_text
from deskaudit.i18n import _
from deskaudit.model.batches import Problem
from deskaudit.model.entities import Agent, Contact, Department, Document, Slot, Ticket, TicketField
from deskaudit.text import one_line

WORDS = {
    "new": "new",
    "in progress": "open",
    "assigned": "open",
    "feedback": "answered",
    "resolved": "resolved",
    "on hold": "postponed",
}
"""The states that Redmine is delivered with, and two that most sites add; closed ones are told by the site itself."""
NOBODY = "anonymous"
DAY_HOURS = 24
_DISTINCT = 100


class Desk:
    """What rows need to know besides themselves."""

    def __init__(self, context: Context, options: Options, directory: Directory) -> None:
        self.context = context
        self.root = options.root
        self.directory = directory
        self.mapper = Mapper(_with_own_columns(options.mapping))
        self.zone = ZoneInfo(options.zone or context.zone)
        waiting = self.mapper.mapping.waiting
        words = (*self.mapper.mapping.statuses, *(waiting.statuses if waiting is not None else ()))
        self._mapped = frozenset(map(fold_text, words))
        self._open_words: Counter[str] = Counter()

    def key(self, entity: str, number: str | None) -> int | None:
        return None if number is None else self.context.key(entity, number)

    def holder(self, number: str | None) -> int | None:
        """The key of the agent who holds a ticket; None for nobody and for a group."""
        return None if number is None or number in self.directory.groups else self.context.key("agent", number)

    def team(self, number: str | None) -> int | None:
        return self.context.key("department", f"group:{number}") if number in self.directory.groups else None

    def own_status(self, number: str | None, name: str, *, closed: bool | None = None) -> str:
        """What the site itself says of a state: closed, or first of a tracker; else its delivered name."""
        if closed is None:
            closed = self.directory.statuses.get(number or "", ("", False))[1]
        if closed:
            return "closed"
        if number in self.directory.first_statuses:
            return "new"
        found = WORDS.get(fold_text(name))
        if found is None and fold_text(name) not in self._mapped and len(self._open_words) < _DISTINCT:
            self._open_words[name] += 1
        return found or "open"

    def problems(self) -> list[Problem]:
        """What the mapping does not know."""
        found = self.mapper.problems(self.context.source)
        if self._open_words:
            words = ", ".join(f'"{one_line(word, 40)}" ({n})' for word, n in self._open_words.most_common(5))
            message = _(
                "These states count as open: {words}. If one of them means resolved or waiting, say so in"
                " sources.{source}.mapping.statuses."
            )
            found.append(Problem("status", message.format(words=words, source=self.context.source)))
        return found


def _with_own_columns(mapping: TicketMapping) -> TicketMapping:
    """A ticket has a tracker and a category of its own: they are its type and category unless the config says else."""
    return msgspec.structs.replace(
        mapping,
        type=mapping.type or Rule(field="tracker"),
        category=mapping.category or Rule(field="category"),
    )


def read_departments(desk: Desk) -> list[Department]:
    return [
        Department(id=desk.context.key("department", number), ext_id=number, name=project.name)
        for number, project in desk.directory.projects.items()
        if desk.directory.is_wanted(number)
    ]


def read_agents(desk: Desk, known: dict[str, str]) -> list[Agent]:
    """Those who hold a role that answers, and `known`: those who once did, or hold a ticket (number → name)."""
    directory = desk.directory
    found = []
    for number in sorted({*directory.agents, *known}, key=lambda one: (len(one), one)):
        person = directory.people.get(number)
        row = person.row if person is not None else None
        homes = [one for one, project in directory.projects.items() if number in project.member_roles]
        roles = {role for project in directory.projects.values() for role in project.member_roles.get(number, ())}
        names = sorted(directory.roles[role].name for role in roles if role in directory.roles)
        admin = person is not None and person.admin
        found.append(
            Agent(
                id=desk.context.key("agent", number),
                ext_id=number,
                name=(person.name if person is not None else known.get(number)) or None,
                email_hash=desk.context.person(row.text("mail")) if row is not None else None,
                role=", ".join((["admin"] if admin else []) + names) or None,
                department_id=desk.key("department", homes[0]) if len(homes) == 1 else None,
                active=person.active if person is not None else False if directory.has_users else None,
                privileges="admin" if admin else None,
                last_login_at=_optional(row, "last_login_on"),
                mfa=row.text("twofa_scheme") is not None if row is not None and "twofa_scheme" in row.names() else None,
                password_changed_at=_optional(row, "passwd_changed_on"),
            )
        )
    return found


def read_contacts(desk: Desk) -> list[Contact]:
    """Everybody: agents write tickets of their own too."""
    return [read_contact(desk, number) for number in desk.directory.people]


def read_contact(desk: Desk, number: str) -> Contact:
    person = desk.directory.people.get(number)
    mail = person.row.text("mail") if person is not None and person.row is not None else None
    return Contact(id=desk.context.key("contact", number), ext_id=number, email_hash=desk.context.person(mail))


def author_of(desk: Desk, row: Fields) -> str | None:
    """Who wrote a ticket or note; None for nobody in particular."""
    number = row.id("id")
    if number is None or (row.text("name") or "").casefold() == NOBODY:
        return None
    return None if desk.directory.has_users and number not in desk.directory.people else number


def custom_fields(desk: Desk, row: Fields) -> dict[str, str | None]:
    """Name → value as people see it, of the custom fields of a ticket."""
    found: dict[str, str | None] = {}
    for one in row.rows("custom_fields"):
        number, name = one.id("id") or "", one.text("name", 100)
        if name:
            found[name] = desk.directory.label(number, one.raw("value"))
    return found


def facts_of(row: Fields, custom: dict[str, str | None]) -> Facts:
    """All that a desk might keep a priority, a category, a type or a service in."""
    project = row.inner("project").text("name")
    own = {
        "tracker": row.inner("tracker").text("name", 100),
        "priority": row.inner("priority").text("name", 100),
        "category": row.inner("category").text("name", 100),
        "version": row.inner("fixed_version").text("name", 100),
        "project": project,
        "assignee": row.inner("assigned_to").text("name", 100),
        "author": row.inner("author").text("name", 100),
        "private": "yes" if row.has("is_private") else "no",
        "done_ratio": row.text("done_ratio", 10),
    }
    taken = {name.casefold() for name in own}
    others = {f"custom {name}" if name.casefold() in taken else name: value for name, value in custom.items()}
    return Facts(fields={**others, **own}, department=project)


def read_ticket(desk: Desk, row: Fields) -> tuple[Ticket, list[TicketField], Facts]:
    """A ticket as its own row tells it; what only its history tells is None."""
    number = row.need_id("id")
    created = row.need_at("created_on")
    custom = custom_fields(desk, row)
    facts = facts_of(row, custom)
    mapped = desk.mapper.map(facts)
    status = row.inner("status")
    raw = status.text("name", 60) or ""
    closed = status.has("is_closed") if "is_closed" in status.names() else None
    canonical = desk.mapper.status(raw, desk.own_status(status.id("id"), raw, closed=closed), facts)
    held = row.inner("assigned_to").id("id")
    # Redmine keeps closed_on when a ticket is opened again.
    ended = row.at("closed_on", after=created) if canonical == "closed" else None
    key = desk.context.key("ticket", number)
    ticket = Ticket(
        id=key,
        ext_id=number,
        code=f"#{number}",
        title=row.text("subject", 300),
        url=f"{desk.root}/issues/{number}",
        status=canonical,
        status_raw=raw or None,
        type=mapped.type,
        category=mapped.category,
        priority=mapped.priority,
        language=mapped.language,
        service=mapped.service,
        company=mapped.company,
        department_id=desk.key("department", row.inner("project").id("id")),
        team_id=desk.team(held),
        agent_id=desk.holder(held),
        contact_id=desk.key("contact", author_of(desk, row.inner("author"))),
        created_at=created,
        changed_at=row.at("updated_on", after=created),
        resolved_at=ended,
        closed_at=ended,
        resolve_due_at=_day_end(desk, row.text("due_date", 20)),
        is_test=mapped.is_test,
    )
    fields = [
        TicketField(id=desk.context.key("ticket_field", f"{number}:{name}"), ticket_id=key, name=name, value=value)
        for name, value in custom.items()
    ]
    return ticket, fields, facts


def read_slot(desk: Desk, row: Fields) -> Slot:
    """A time entry. Redmine knows the day and the hours, and no clock time.

    The work ended when it was entered, where that was on its own day, and else with that day: so an entry of the same
    day is never late, and a later one is late from the day's end on.
    """
    number = row.need_id("id")
    hours = row.number("hours")
    day = _day(row.text("spent_on", 20))
    if day is None or hours is None or not 0 <= hours <= 1000 * DAY_HOURS:
        raise RowError(_("it has no {name}").format(name="spent_on" if day is None else "hours"))
    begins = int(datetime(day.year, day.month, day.day, tzinfo=desk.zone).timestamp())
    ends = _day_end(desk, day.isoformat()) or begins
    entered = row.at("created_on")
    ended = entered if entered is not None and begins <= entered <= ends else ends
    return Slot(
        id=desk.context.key("slot", number),
        ext_id=number,
        kind="worked",
        activity=row.inner("activity").text("name", 100),
        agent_id=desk.key("agent", row.inner("user").id("id")),
        started_at=ended - round(hours * 3600),
        ended_at=ended,
        ticket_id=desk.key("ticket", row.inner("issue").id("id")),
        entered_at=entered,
    )


def read_pages(desk: Desk, number: str, slug: str, rows: Sequence[Any]) -> Iterable[Document]:
    """The wiki pages of a project."""
    for raw in rows:
        row = Fields(raw, CLOCK)
        title = row.text("title", 250)
        if title is None:
            raise RowError(_("it has no {name}").format(name="title"))
        yield Document(
            id=desk.context.key("document", f"{number}:{title}"),
            ext_id=f"{slug}:{title}",
            kind="kb",
            title=title.replace("_", " "),
            url=f"{desk.root}/projects/{quote(slug, safe='')}/wiki/{quote(title, safe='')}",
            version=row.text("version", 20),
            category=desk.directory.projects[number].name,
            updated_at=row.at("updated_on"),
        )


def _optional(row: Fields | None, name: str) -> int | None:
    try:
        return None if row is None else row.at(name)
    except RowError:
        return None  # an account is worth having without its last sign-in


def _day(text: str | None) -> date | None:
    try:
        found = date.fromisoformat(text or "")
    except ValueError:
        return None
    return found if 1995 <= found.year < 2200 else None


def _day_end(desk: Desk, text: str | None) -> int | None:
    """The last second of a day in the desk's zone."""
    day = _day(text)
    if day is None:
        return None
    after = day + timedelta(days=1)
    return int(datetime(after.year, after.month, after.day, tzinfo=desk.zone).timestamp()) - 1
