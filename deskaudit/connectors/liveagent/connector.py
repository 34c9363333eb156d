"""The connector of LiveAgent help desks."""

from collections.abc import Iterator
from typing import Any, ClassVar

from deskaudit.connectors import Context, knocking
from deskaudit.connectors.http import HttpError
from deskaudit.connectors.liveagent import knowledge, samples, zones
from deskaudit.connectors.liveagent.api import Api
from deskaudit.connectors.liveagent.desk import Desk
from deskaudit.connectors.liveagent.options import Options
from deskaudit.connectors.liveagent.pull import Pull
from deskaudit.connectors.liveagent.state import begin
from deskaudit.connectors.liveagent.streams import MODULES
from deskaudit.connectors.mapping import Seen
from deskaudit.connectors.pace import Timing
from deskaudit.i18n import _
from deskaudit.model.batches import Batch, Cursor, Probe, Want
from deskaudit.text import one_line


class LiveAgent:
    """Agents, departments, contacts, tickets and their history, SLA, calls, chats, time entries, ratings and articles.

    Read-only: every request is a GET. `timing` is for tests.
    """

    name: ClassVar[str] = "liveagent"
    title: ClassVar[str] = "LiveAgent"
    options: ClassVar[type[Options]] = Options
    fills: ClassVar[frozenset[str]] = frozenset(
        {
            "agent",
            "contact",
            "department",
            "document",
            "event",
            "interaction",
            "policy",
            "rating",
            "sla_term",
            "slot",
            "ticket",
            "ticket_field",
            "ticket_tag",
        }
    )
    tested: ClassVar[str] = (
        "fixture: servers made from the public API descriptions; no live account. What v1 tells of an article is described "
        "nowhere: its title and time of change are likely, its language, views and votes may stay empty"
    )

    def __init__(self, options: Options, context: Context, *, timing: Timing | None = None) -> None:
        self._options = options
        self._context = context
        self._timing = timing or Timing()

    def probe(self) -> Probe:
        """Knocks at every list with one row. Raises SecretError or ConfigError where the config is at fault."""
        with Api(self._options, self._context, self._timing) as api:
            modules: dict[str, str] = {}
            fault: HttpError | None = None
            for name, path, params in MODULES:
                try:
                    api.page(path, params, retries=knocking.TRIES)
                    modules[name] = "ok"
                except HttpError as found:
                    fault = found
                    modules[name] = found.message
                    broken = found.status is None and found.kind != "bad_answer"
                    if broken or (found.kind in {"auth", "expired", "rate_limit"} and not api.answered):
                        return knocking.refused(found)
            if not api.answered and fault is not None:
                return knocking.refused(fault, modules)
            version = self._knock_v1(api, modules)
            hint = _("Give the key the missing privileges; checks without them say NODATA.")
            return knocking.listed(modules, hint, version=version)

    def pull(self, cursor: Cursor | None, want: Want) -> Iterator[Batch]:
        """Yields what changed since `cursor`. Raises SourceError, SecretError or Cancelled."""
        with Api(self._options, self._context, self._timing) as api:
            state = begin(cursor, want, self._context.now())
            known, problems = zones.learn(api, self._options.zone)
            desk = Desk(self._context, self._options)
            for batch in Pull(api, known, desk, self._options, self._context, state, want).batches():
                if problems and api.answered:  # where nothing is answered, the zone is not what is wrong
                    yield Batch(problems=problems)
                    problems = []
                yield batch

    def sample(self, count: int) -> list[Seen]:
        """The tickets that changed last, at most `count`. Raises SourceError, SecretError or ConfigError."""
        with Api(self._options, self._context, self._timing) as api:
            known, _problems = zones.learn(api, self._options.zone)
            desk = Desk(self._context, self._options)
            return samples.sample(api, known, desk, count)

    def _knock_v1(self, api: Api, modules: dict[str, str]) -> str | None:
        """LiveAgent's version, which only v1 tells; notes whether ratings and articles can be read."""
        if not api.has_v1:
            modules[_("ratings")] = modules[_("knowledge base")] = _("no v1 key (apikey_v1)")
            return None
        try:
            asked: dict[str, Any] = {
                "date_from": "2000-01-01",
                "date_to": "2000-01-02",
                "limitfrom": 0,
                "limitcount": 1,
            }
            api.v1("/reports/ranking", "ranks", asked, retries=knocking.TRIES)
            modules[_("ratings")] = "ok"
        except HttpError as fault:
            modules[_("ratings")] = modules[_("knowledge base")] = fault.message
            return None
        try:
            api.v1(knowledge.PATH, "entries", {"limitfrom": 0, "limitcount": 1}, retries=knocking.TRIES)
            modules[_("knowledge base")] = "ok"
        except HttpError as fault:
            modules[_("knowledge base")] = _("not in this edition") if knowledge.is_absent(fault) else fault.message
        try:
            version = api.v1("/application/status", "liveagentversion", {}, retries=0)
        except HttpError:
            return None  # a status page that is closed is nothing the user can or need do about
        return one_line(version, 40) if isinstance(version, str) else None
