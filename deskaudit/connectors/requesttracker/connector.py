"""The connector of Request Tracker 5."""

from collections.abc import Iterator
from typing import ClassVar

from deskaudit.connectors import Context, knocking
from deskaudit.connectors.fields import Fields, RowError
from deskaudit.connectors.http import HttpError
from deskaudit.connectors.mapping import Mapper, Seen
from deskaudit.connectors.pace import Timing
from deskaudit.connectors.requesttracker.api import CLOCK, PAGE, Api
from deskaudit.connectors.requesttracker.options import Options
from deskaudit.connectors.requesttracker.people import ALL
from deskaudit.connectors.requesttracker.pull import Pull
from deskaudit.connectors.requesttracker.state import begin
from deskaudit.connectors.requesttracker.tickets import FIELDS, Desk, read_ticket
from deskaudit.i18n import _
from deskaudit.model.batches import Batch, Cursor, Probe, Want
from deskaudit.text import one_line

MODULES: tuple[tuple[str, str, dict[str, str | int]], ...] = (
    (_("tickets"), "/tickets", {"query": "id > 0"}),
    (_("history"), "/transactions", {"query": "ObjectType = 'RT::Ticket'"}),
    (_("queues"), "/queues/all", {"query": ALL}),
    (_("accounts"), "/users", {"query": ALL}),
    (_("assets"), "/assets", {"query": "id > 0"}),
    (_("articles"), "/articles", {"query": ALL}),
)
"""What a probe knocks at: the name a user sees, the path and the smallest question."""


class RequestTracker:
    """Tickets with their history and time worked, staff, queues, requestors, assets and articles of an RT 5.

    Read-only: every request is a GET. `timing` is for tests.
    """

    name: ClassVar[str] = "rt"
    title: ClassVar[str] = "Request Tracker"
    options: ClassVar[type[Options]] = Options
    fills: ClassVar[frozenset[str]] = frozenset(
        {
            "agent",
            "asset",
            "contact",
            "department",
            "document",
            "event",
            "policy",
            "slot",
            "ticket",
            "ticket_field",
            "ticket_tag",
        }
    )
    tested: ClassVar[str] = "real server (RT 5.0.3)"

    def __init__(self, options: Options, context: Context, *, timing: Timing | None = None) -> None:
        self._options = options
        self._context = context
        self._timing = timing or Timing()

    def probe(self) -> Probe:
        """Knocks at every list with one row. Raises SecretError or ConfigError where the config is at fault."""
        with Api(self._options, self._context, self._timing) as api:
            try:
                said = api.one("/rt", retries=knocking.TRIES)
            except HttpError as fault:
                return knocking.refused(fault)
            version = said.get("Version")
            if not isinstance(version, str):
                message = _("{root} answers, but not as Request Tracker does.").format(root=self._options.root)
                return Probe(reachable=False, message=message, hint=_("Check url; RT 5 or newer is needed."))
            modules = {name: self._knock(api, path, params) for name, path, params in MODULES}
            hint = _("Give the login the missing rights; checks without them say NODATA.")
            return knocking.listed(modules, hint, version=one_line(version, 40), partly=True)

    def _knock(self, api: Api, path: str, params: dict[str, str | int]) -> str:
        """The word ok, or why not. A list without a total holds only what the login may see."""
        try:
            page = api.page(path, params, size=1, retries=knocking.TRIES)
        except HttpError as fault:
            return fault.message
        if page.total is not None:
            return "ok"
        if path == "/transactions":
            return _("only what the rights of the login show; a pull finds out whether that is all")
        return _("only what the rights of the login show") if page.rows else _("nothing is shown to the login")

    def pull(self, cursor: Cursor | None, want: Want) -> Iterator[Batch]:
        """Yields what changed since `cursor`. Raises SourceError, SecretError, ConfigError or Cancelled."""
        with Api(self._options, self._context, self._timing) as api:
            scope = "\n".join(sorted(name.strip().casefold() for name in self._options.queues))
            state = begin(cursor, want, self._context.now(), scope)
            desk = Desk(api, self._context, self._options, Mapper(self._options.mapping))
            yield from Pull(api, desk, self._options, self._context, state, want).batches()

    def sample(self, count: int) -> list[Seen]:
        """The tickets that changed last, at most `count`. Raises SourceError, SecretError or ConfigError."""
        found: list[Seen] = []
        with Api(self._options, self._context, self._timing) as api:
            desk = Desk(api, self._context, self._options, Mapper(self._options.mapping))
            params = {**FIELDS, "query": "Type = 'ticket'", "orderby": "LastUpdated", "order": "DESC"}
            number = 1
            while len(found) < count:
                page = api.page("/tickets", params, number)
                for raw in page.rows:
                    try:
                        found.append(read_ticket(desk, Fields(raw, CLOCK))[2])
                    except RowError:
                        continue  # a sample is of tickets that can be read; a pull says which cannot
                if len(page.rows) < PAGE:
                    break
                number += 1
        return found[:count]
