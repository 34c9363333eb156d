"""What stands behind the numbers of a Redmine: projects, people and their roles, states, and fields."""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from deskaudit.connectors.fields import Fields, RowError
from deskaudit.connectors.http import HttpError
from deskaudit.connectors.redmine.api import Api
from deskaudit.connectors.redmine.options import Options
from deskaudit.connectors.redmine.walks import CLOCK
from deskaudit.i18n import _
from deskaudit.model.batches import Problem
from deskaudit.text import one_line

REFUSED = frozenset({401, 403, 404})


class Project(msgspec.Struct, kw_only=True):
    name: str
    slug: str
    modules: frozenset[str] | None  # None: not told
    member_roles: dict[str, set[str]] = msgspec.field(default_factory=dict)  # user → roles


class Person(msgspec.Struct, kw_only=True):
    """`row` is what administrators are told of a user, None for others."""

    name: str
    row: Fields | None = None
    active: bool | None = None
    admin: bool = False


class Role(msgspec.Struct, kw_only=True):
    name: str
    permissions: frozenset[str] | None  # None: not told
    issues: str  # all, default (no private ones of others), own
    times: str  # all, own


class Directory:
    """Read anew at every pull. `problems` says what could not be had, and what the key is not shown."""

    def __init__(self, api: Api, options: Options) -> None:
        self._api, self._options = api, options
        self.problems: list[Problem] = []
        self.projects: dict[str, Project] = {}
        self.people: dict[str, Person] = {}
        self.groups: set[str] = set()
        self.roles: dict[str, Role] = {}
        self.agents: set[str] = set()
        self.statuses: dict[str, tuple[str, bool]] = {}  # number → (name, closed)
        self.first_statuses: set[str] = set()
        self.priorities: dict[str, str] = {}
        self.trackers: dict[str, str] = {}
        self.fields: dict[str, str] = {}  # custom field → name
        self.labels: dict[str, dict[str, str]] = {}  # custom field → value → what people see
        self.has_users = False  # all users are known, and when they signed in

    def load(self) -> None:
        """Raises HttpError where the site does not know the key, or has no projects or states for it."""
        me = Fields(self._api.whoami(), CLOCK)
        self._load_words()
        self._load_projects()
        self._load_roles()
        self._load_users()
        self._load_members()
        self._find_agents()
        if not me.has("admin"):
            self._judge_rights(me)

    def is_wanted(self, project: str | None) -> bool:
        """Whether the config has the project among the desk's."""
        if not self._options.projects:
            return True
        found = self.projects.get(project or "")
        return found is not None and self.is_named(found.slug)

    def is_named(self, slug: str) -> bool:
        """Whether the config has the project of this identifier among the desk's, seen or not."""
        return not self._options.projects or slug in self._options.projects

    def label(self, field: str, value: object) -> str | None:
        """The value of a custom field as people see it; several are joined with commas."""
        known = self.labels.get(field, {})
        parts = value if isinstance(value, list) else [value]
        texts = [one_line(part, 200) for part in parts if isinstance(part, str | int | float)]
        return ", ".join(known.get(text, text) for text in texts if text) or None

    def _load_words(self) -> None:
        for row in self._rows("/issue_statuses.json", "issue_statuses"):
            self.statuses[row.need_id("id")] = (row.text("name", 60) or "", row.has("is_closed"))
        for row in self._rows("/trackers.json", "trackers", needed=False):
            self.trackers[row.need_id("id")] = row.text("name", 60) or ""
            first = row.inner("default_status").id("id")
            if first is not None:
                self.first_statuses.add(first)
        for row in self._rows("/enumerations/issue_priorities.json", "issue_priorities", needed=False):
            self.priorities[row.need_id("id")] = row.text("name", 60) or ""
        for row in self._rows("/custom_fields.json", "custom_fields", needed=False, told=False):
            number = row.need_id("id")
            self.fields[number] = row.text("name", 100) or number
            found = {one.text("value"): one.text("label") for one in row.rows("possible_values")}
            self.labels[number] = {value: label for value, label in found.items() if value and label}

    def _load_projects(self) -> None:
        for row in self._rows("/projects.json", "projects", params={"include": "enabled_modules"}):
            number = row.need_id("id")
            modules = frozenset(one.text("name") or "" for one in row.rows("enabled_modules"))
            slug = row.text("identifier", 100) or number
            name = row.text("name") or slug
            self.projects[number] = Project(
                name=name, slug=slug, modules=modules if "enabled_modules" in row.names() else None
            )
        missing = sorted(set(self._options.projects) - {one.slug for one in self.projects.values()})
        if missing:
            message = _("The key sees no project {names}: check projects in the config, and the key's memberships.")
            self._warn("/projects.json", message.format(names=_list(missing)), "ticket")

    def _load_roles(self) -> None:
        for row in self._rows("/roles.json", "roles", needed=False):
            number = row.need_id("id")
            more, permissions = Fields({}, CLOCK), None
            try:
                body = self._api.one(f"/roles/{number}.json", "role")
                more = Fields(body, CLOCK)
                if isinstance(body.get("permissions"), list):
                    permissions = frozenset(one for one in body["permissions"] if isinstance(one, str))
            except HttpError as fault:
                if fault.status not in REFUSED:
                    raise
            self.roles[number] = Role(
                name=row.text("name", 60) or number,
                permissions=permissions,
                issues=more.text("issues_visibility") or "all",
                times=more.text("time_entries_visibility") or "all",
            )
        known = {role.name for role in self.roles.values()}
        missing = sorted(set(self._options.agent_roles) - known)
        if missing:
            message = _("No role is called {names}; known are {known}.")
            self._warn("agent_roles", message.format(names=_list(missing), known=_list(sorted(known))), "agent")

    def _load_users(self) -> None:
        """All users, which only administrators may list. One list per state: without it locked ones are left out."""
        try:
            for state, active in ((1, True), (3, False), (2, False)):
                for raw in self._api.every("/users.json", "users", {"status": state}):
                    row = Fields(raw, CLOCK)
                    number = row.need_id("id")
                    name = " ".join(part for part in (row.text("firstname"), row.text("lastname")) if part)
                    person = Person(name=name, row=row, active=active, admin=row.has("admin"))
                    self.people.setdefault(number, person)
            self.has_users = True
        except HttpError as fault:
            if fault.status not in REFUSED:
                raise
            message = _(
                "The key is no administrator's: addresses, sign-ins and second factors of users are not known,"
                " and contacts cannot be matched with other sources."
            )
            self._warn("/users.json", message)
        except RowError as fault:
            self._warn("/users.json", str(fault), "agent", "contact")

    def _load_members(self) -> None:
        refused = []
        for number, project in self.desk_projects():
            try:
                rows = self._api.every(f"/projects/{number}/memberships.json", "memberships")
            except HttpError as fault:
                if fault.status not in REFUSED:
                    raise
                refused.append(project.name)
                continue
            for row in (Fields(raw, CLOCK) for raw in rows if isinstance(raw, dict)):
                roles = {one.id("id") or "" for one in row.rows("roles")}
                group, user = row.inner("group").id("id"), row.inner("user").id("id")
                if group is not None:
                    self.groups.add(group)
                if user is not None:
                    self.people.setdefault(user, Person(name=row.inner("user").text("name") or user))
                    project.member_roles.setdefault(user, set()).update(roles)
        if refused:
            message = _("The key does not see the members of {names} (it needs view_members).")
            self._warn(_("rights"), message.format(names=_list(refused)), "agent")

    def desk_projects(self) -> Iterator[tuple[str, Project]]:
        """The projects of the desk that have tickets."""
        for number, project in self.projects.items():
            if self.is_wanted(number) and (project.modules is None or "issue_tracking" in project.modules):
                yield number, project

    def _find_agents(self) -> None:
        named = set(self._options.agent_roles)
        answering = {
            number
            for number, role in self.roles.items()
            if (role.name in named if named else role.permissions is None or "edit_issues" in role.permissions)
        }
        self.agents = {number for number, person in self.people.items() if person.admin}
        for project in self.projects.values():
            self.agents |= {user for user, roles in project.member_roles.items() if roles & answering}

    def _judge_rights(self, me: Fields) -> None:
        """What the site keeps from the key without a word: each project has its own rights."""
        mine: dict[str, set[str]] = {}
        for row in me.rows("memberships"):
            where = row.inner("project").id("id")
            if where is not None:
                mine[where] = {one.id("id") or "" for one in row.rows("roles")}
        own, no_notes, no_times, outside = [], [], [], []
        for number, project in self.desk_projects():
            roles = [self.roles[one] for one in mine.get(number, ()) if one in self.roles]
            if not roles:
                outside.append(project.name)
                continue
            if any(role.permissions is None for role in roles):
                continue
            granted = frozenset[str]().union(*(role.permissions or () for role in roles))
            if "view_issues" not in granted or all(role.issues == "own" for role in roles):
                own.append(project.name)
            if "view_private_notes" not in granted:
                no_notes.append(project.name)
            tracked = project.modules is None or "time_tracking" in project.modules
            if tracked and ("view_time_entries" not in granted or all(role.times == "own" for role in roles)):
                no_times.append(project.name)
        for names, message, entities in (
            (own, _("The key sees its own tickets at most in {names}."), ("ticket", "event")),
            (no_notes, _("The key sees no private notes in {names}."), ("event",)),
            (no_times, _("The key does not see everybody's time entries in {names}."), ("slot",)),
            (outside, _("The key's user is no member of {names}: private notes and times there stay hidden."), ()),
        ):
            if names:
                self._warn(_("rights"), message.format(names=_list(names)), *entities)

    def _rows(
        self,
        path: str,
        key: str,
        *,
        params: dict[str, str | int] | None = None,
        needed: bool = True,
        told: bool = True,
    ) -> Iterable[Fields]:
        """The rows of a short list that have a number. `needed`: it is an error if the key may not read the list."""
        try:
            rows: list[Any] = self._api.every(path, key, params)
        except HttpError as fault:
            if needed or fault.status not in REFUSED:
                raise
            if told:
                self._warn(path, fault.message)
            return []
        found = [Fields(row, CLOCK) for row in rows if isinstance(row, dict)]
        return [row for row in found if row.id("id") is not None]

    def _warn(self, resource: str, message: str, *entities: str) -> None:
        self.problems.append(Problem(resource=resource, message=message, entities=entities))


def _list(names: list[str]) -> str:
    return one_line(", ".join(names), 200)
