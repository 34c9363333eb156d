"""The connector of ManageEngine ServiceDesk Plus."""

import contextlib
from collections.abc import Iterator
from typing import ClassVar

import msgspec

from deskaudit.connectors import Context, knocking
from deskaudit.connectors.fields import RowError
from deskaudit.connectors.http import HttpError
from deskaudit.connectors.mapping import Mapper, Seen
from deskaudit.connectors.pace import Timing
from deskaudit.connectors.servicedeskplus import rows
from deskaudit.connectors.servicedeskplus.accounts import Tokens
from deskaudit.connectors.servicedeskplus.answers import SdpError
from deskaudit.connectors.servicedeskplus.api import LIMITED_S, Api, Ask, Page, make_tokens
from deskaudit.connectors.servicedeskplus.fields import Entry
from deskaudit.connectors.servicedeskplus.lists import STATUSES, Listed, short_lists
from deskaudit.connectors.servicedeskplus.options import Options
from deskaudit.connectors.servicedeskplus.pull import Pull
from deskaudit.connectors.servicedeskplus.rows import Desk
from deskaudit.connectors.servicedeskplus.state import begin
from deskaudit.connectors.servicedeskplus.walks import CHANGED, ListWalk
from deskaudit.i18n import _
from deskaudit.model.batches import Batch, Cursor, Probe, Want


class ServiceDeskPlus:
    """Requests with their service levels and time entries, technicians, solutions, assets, problems and changes.

    Read-only: every request to the product is a GET. `timing` is for tests.
    """

    name: ClassVar[str] = "servicedeskplus"
    title: ClassVar[str] = "ManageEngine ServiceDesk Plus"
    options: ClassVar[type[Options]] = Options
    fills: ClassVar[frozenset[str]] = frozenset(
        {
            "agent",
            "asset",
            "contact",
            "department",
            "document",
            "record",
            "sla_term",
            "slot",
            "ticket",
            "ticket_field",
        }
    )
    tested: ClassVar[str] = "fixture: a server made from the documented shapes; no live server"

    def __init__(self, options: Options, context: Context, *, timing: Timing | None = None) -> None:
        self._options = options
        self._context = context
        self._timing = timing or msgspec.structs.replace(Timing(), limited_s=LIMITED_S)
        self._tokens: Tokens | None = None  # of the cloud: one serves all that this connector is asked for

    def probe(self) -> Probe:
        """Knocks at every list with one row. Raises SecretError or ConfigError where the config is at fault."""
        with self._api() as api:
            try:
                api.page("/requests", "requests", Ask(rows=1), retries=knocking.TRIES)
                modules = {_("requests"): "ok"}
            except HttpError as fault:
                if fault.kind != "forbidden":
                    return knocking.refused(fault)
                modules = {_("requests"): fault.message}
            for listed in short_lists(cloud=self._options.cloud):
                try:
                    modules[listed.title] = _knock(api, listed)
                except HttpError as fault:
                    return knocking.refused(fault)
            hint = _("Checks without them say NODATA. Give the key more rights, if the edition has these modules.")
            surveys = _("the API has no documented way to them; export their report and add a source of type surveys")
            modules_too = {**modules, _("surveys"): surveys}
            found = knocking.listed(modules, hint)
            return msgspec.structs.replace(found, authorised=bool(api.failures.answered), modules=modules_too)

    def pull(self, cursor: Cursor | None, want: Want) -> Iterator[Batch]:
        """Yields what changed since `cursor`. Raises SourceError, SecretError or Cancelled."""
        with self._api() as api:
            state = begin(cursor, want, self._context.now())
            yield from Pull(api, self._desk(), self._options, self._context, state, want).batches()

    def sample(self, count: int) -> list[Seen]:
        """The newest requests as the source shows them. Raises SourceError, SecretError or Cancelled."""
        with self._api() as api:
            desk = self._desk()
            _learn_statuses(api, desk, self._options.page_size)
            page = _newest(api, max(1, min(count, self._options.page_size)))
            found: list[Seen] = []
            for row in page.rows[: max(count, 0)]:
                with contextlib.suppress(RowError):  # it is named by the pull
                    found.append(rows.see(desk, Entry(row)))
            return found

    def _api(self) -> Api:
        if self._tokens is None:
            self._tokens = make_tokens(self._options, self._context, self._timing)
        return Api(self._options, self._context, self._timing, self._tokens)

    def _desk(self) -> Desk:
        mapper = Mapper(self._options.mapping)
        return Desk(self._context, self._options, mapper)


def _learn_statuses(api: Api, desk: Desk, size: int) -> None:
    try:
        for page in ListWalk(api, *STATUSES.ways[0], size=size).pages():
            for row in page.rows:
                with contextlib.suppress(RowError):  # a status without an id is one that no request can name
                    rows.note_status(desk, Entry(row))
    except SdpError as fault:
        if fault.kind not in {"forbidden", "bad_answer"}:
            raise


def _newest(api: Api, size: int) -> Page:
    """The requests that changed last, with as many fields as the server grants."""
    *others, last = rows.FORMS
    for form in others:
        try:
            return api.page("/requests", "requests", Ask(rows=size, sort=CHANGED, descending=True, fields=form))
        except SdpError as fault:
            if not fault.refuses:
                raise
    return api.page("/requests", "requests", Ask(rows=size, sort=CHANGED, descending=True, fields=last))


def _knock(api: Api, listed: Listed) -> str:
    """Gives "ok", or why a list cannot be read. Raises HttpError where nothing more can be asked."""
    said = ""
    for path, key in listed.ways:
        try:
            api.page(path, key, Ask(rows=1), retries=knocking.TRIES)
        except SdpError as fault:
            if fault.kind not in {"forbidden", "bad_answer", "auth"} or (
                fault.kind == "auth" and not api.failures.answered
            ):
                raise
            said = _("not in this edition, or not for this key") if fault.absent else fault.message
        else:
            return "ok"
    return said
