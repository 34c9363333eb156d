"""People of the desk as the staff list has them: roles, managers, leavers, languages."""

import re
from collections.abc import Iterable
from typing import ClassVar

from deskaudit.connectors.records.options import Columns, RecordOptions
from deskaudit.connectors.records.tables import Cells, Reading, RecordTable
from deskaudit.connectors.tabular.cells import fold_text
from deskaudit.connectors.tabular.sheets import RowFault
from deskaudit.i18n import _
from deskaudit.model.batches import Problem
from deskaudit.model.entities import Agent, Department, Row
from deskaudit.text import one_line


class PeopleColumns(Columns, frozen=True, kw_only=True, forbid_unknown_fields=True):
    email: str | None = None
    name: str | None = None
    key: str | None = None
    role: str | None = None
    position: str | None = None
    department: str | None = None
    department_lead: str | None = None
    manager: str | None = None
    active: str | None = None
    privileges: str | None = None
    hired_at: str | None = None
    left_at: str | None = None
    last_login_at: str | None = None
    mfa: str | None = None
    password_changed_at: str | None = None
    languages: str | None = None
    on_call: str | None = None
    mobile_seen_at: str | None = None
    paid_seat: str | None = None

    help: ClassVar[dict[str, str]] = {
        "email": "The person's address: kept as a keyed hash, and what joins the list to the other sources.",
        "name": "The person's name.",
        "key": "The list's own number, where it has neither addresses nor clear names.",
        "role": "The role in the desk's software: agent, admin, owner, …",
        "position": "The job: technician, lead, dispatcher, …",
        "department": "The department's name.",
        "department_lead": "Whether the person leads that department: yes or no.",
        "manager": "The manager's address, name or key, as in this list.",
        "active": "Whether the account is active: yes or no; flags has the words.",
        "privileges": "What the account may do, as the list says it.",
        "hired_at": "The first working day.",
        "left_at": "The last working day; it may lie ahead.",
        "last_login_at": "The last login.",
        "mfa": "Whether a second factor is on.",
        "password_changed_at": "When the password was last changed.",
        "languages": "Languages the person serves in, as no en de, or with commas.",
        "on_call": "Whether the person is on call or in the field.",
        "mobile_seen_at": "When the mobile app was last used.",
        "paid_seat": "Whether a paid seat is taken.",
    }

    def __post_init__(self) -> None:
        self.need("email", "name", "key")
        if self.department_lead and not self.department:
            raise ValueError(_("columns.department_lead needs columns.department"))


class PeopleOptions(RecordOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The options of `type = "people"`."""

    columns: PeopleColumns

    help: ClassVar[dict[str, str]] = {
        **RecordOptions.help,
        "columns": "Model field = column name; at least one of email, name and key.",
    }


class _People(Reading):
    entity = "agent"
    times = ("hired_at", "left_at", "last_login_at", "password_changed_at", "mobile_seen_at")
    fills: ClassVar = {"agent": (), "department": ("department",)}

    def begin(self) -> None:
        self._people: list[tuple[Agent, str]] = []  # with the manager as the list says it
        self._ids: dict[str, int] = {}
        self._departments: dict[str, Department] = {}
        self._strangers = 0

    def take(self, row: Cells) -> Iterable[Row]:
        """Keeps one person until all are known: managers are named before their own row comes."""
        email, name, key = row.raw("email"), row.raw("name"), row.raw("key")
        said = key or email or name
        if not said:
            raise RowFault("", _("nothing tells who it is: no address, name or key"))
        identity = self.identify(row, identity_of(said))
        if identity is None:
            return ()
        agent = Agent(
            id=self.context.key("agent", identity),
            ext_id=one_line(key, 80) or None,
            name=row.text("name") or one_line(email.partition("@")[0], 120) or None,
            email_hash=row.person("email"),
            languages=one_line(" ".join(re.split(r"[\s,;/]+", row.raw("languages"))), 120) or None,
            **row.plain(Agent, "name", "languages"),
        )
        agent.department_id = self._department(row, agent.id)
        for text in (key, email, name):
            if text:
                self._ids.setdefault(identity_of(text), agent.id)
        self._people.append((agent, row.raw("manager")))
        return ()

    def last(self) -> Iterable[Row]:
        yield from self._departments.values()
        for agent, manager in self._people:
            if manager:
                known = self._ids.get(identity_of(manager))
                self._strangers += known is None
                agent.manager_id = known or self.context.key("agent", identity_of(manager))
            yield agent

    def notes(self) -> list[Problem]:
        if not self._strangers:
            return []
        message = _("The managers of {n} people have no row of their own in the list.")
        return [Problem("agent", message.format(n=self._strangers))]

    def _department(self, row: Cells, agent: int) -> int | None:
        name = row.text("department")
        if name is None:
            return None
        found = self._departments.setdefault(
            fold_text(name), Department(id=self.context.key("department", fold_text(name)), name=name)
        )
        if row.flag("department_lead"):
            found.lead_id = found.lead_id or agent
        return found.id


def identity_of(said: str) -> str:
    """What tells a person: the address, else the name or key, as they are compared."""
    return "@" + fold_text(said) if "@" in said else fold_text(said)


class People(RecordTable):
    """`type = "people"`: files are read whole each time."""

    name = "people"
    title = "People of the desk: roles, managers, leavers, languages (CSV)"
    options = PeopleOptions
    reading = _People
