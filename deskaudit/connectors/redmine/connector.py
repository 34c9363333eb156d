"""The connector of Redmine sites."""

from collections.abc import Iterator
from typing import ClassVar

from deskaudit.connectors import Context, knocking
from deskaudit.connectors.fields import Fields, RowError
from deskaudit.connectors.http import HttpError
from deskaudit.connectors.mapping import Seen
from deskaudit.connectors.pace import Timing
from deskaudit.connectors.redmine.api import Api
from deskaudit.connectors.redmine.directory import Directory
from deskaudit.connectors.redmine.options import PAGE, Options
from deskaudit.connectors.redmine.pull import Pull
from deskaudit.connectors.redmine.rows import Desk, read_ticket
from deskaudit.connectors.redmine.state import begin
from deskaudit.connectors.redmine.walks import CLOCK
from deskaudit.i18n import _
from deskaudit.model.batches import Batch, Cursor, Probe, Want

MODULES = (
    (_("tickets"), "/issues.json", "issues"),
    (_("projects"), "/projects.json", "projects"),
    (_("time entries"), "/time_entries.json", "time_entries"),
    (_("roles"), "/roles.json", "roles"),
    (_("users (administrators only)"), "/users.json", "users"),
    (_("custom fields (administrators only)"), "/custom_fields.json", "custom_fields"),
)


class Redmine:
    """Projects, people, tickets and their history, time entries and wiki pages. Read-only: every request is a GET."""

    name: ClassVar[str] = "redmine"
    title: ClassVar[str] = "Redmine"
    options: ClassVar[type[Options]] = Options
    fills: ClassVar[frozenset[str]] = frozenset(
        {"agent", "contact", "department", "document", "event", "slot", "ticket", "ticket_field"}
    )
    tested: ClassVar[str] = "real server (Redmine 5.0.4)"

    def __init__(self, options: Options, context: Context, *, timing: Timing | None = None) -> None:
        self._options = options
        self._context = context
        self._timing = timing or Timing()

    def probe(self) -> Probe:
        """Asks who the key is, then knocks at every list. Raises SecretError or ConfigError."""
        with Api(self._options, self._context, self._timing) as api:
            try:
                api.whoami(retries=knocking.TRIES)
            except HttpError as fault:
                return knocking.refused(fault)
            modules: dict[str, str] = {}
            for name, path, key in MODULES:
                try:
                    api.page(
                        path, key, {"status_id": "*"} if key == "issues" else None, limit=1, retries=knocking.TRIES
                    )
                    modules[name] = "ok"
                except HttpError as fault:
                    modules[name] = fault.message
            try:
                directory = Directory(api, self._options)
                directory.load()
            except HttpError as fault:
                return knocking.refused(fault, modules)
            said = [problem.message for problem in directory.problems]
            return Probe(
                reachable=True,
                authorised=True,
                modules=modules,
                message=" ".join(said) or _("all lists can be read"),
                hint=_("Give the key's user a role with these rights; checks without them say NODATA.") if said else "",
            )

    def pull(self, cursor: Cursor | None, want: Want) -> Iterator[Batch]:
        """Yields what changed since `cursor`. Raises SourceError, SecretError or Cancelled."""
        with Api(self._options, self._context, self._timing) as api:
            state = begin(cursor, want, self._context.now(), self._options.sweep_s)
            directory = Directory(api, self._options)
            directory.load()
            desk = Desk(self._context, self._options, directory)
            yield from Pull(api, directory, desk, self._options, self._context, state, want).batches()

    def sample(self, count: int) -> list[Seen]:
        """The tickets that changed last, as the site shows them, at most `count` and 100. Raises as pull does."""
        with Api(self._options, self._context, self._timing) as api:
            directory = Directory(api, self._options)
            directory.load()
            desk = Desk(self._context, self._options, directory)
            page = api.page(
                "/issues.json",
                "issues",
                {"status_id": "*", "sort": "updated_on:desc"},
                limit=max(1, min(count, PAGE)),
            )
            found = []
            for raw in page.rows:
                try:
                    row = Fields(raw, CLOCK)
                    if directory.is_wanted(row.inner("project").id("id")):
                        ticket, _fields, facts = read_ticket(desk, row)
                        found.append(Seen(facts=facts, status_raw=ticket.status_raw, ticket=ticket))
                except RowError:
                    continue  # the pull names it
            return found[:count]
