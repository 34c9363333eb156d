"""The messages of single tickets: one request or more for each, so only where they are needed."""

from urllib.parse import quote

from deskaudit.connectors.fields import Fields
from deskaudit.connectors.http import HttpError
from deskaudit.connectors.liveagent.api import Api
from deskaudit.connectors.liveagent.desk import Desk
from deskaudit.connectors.liveagent.messages import first_reply_after, read_groups
from deskaudit.connectors.liveagent.options import Options
from deskaudit.connectors.liveagent.walks import NumberedWalk
from deskaudit.connectors.liveagent.zones import Zones
from deskaudit.i18n import _
from deskaudit.model.batches import Reject
from deskaudit.model.entities import Event, Rating

FAILURES_IN_A_ROW = 10  # after so many the messages are no longer asked for
GROUPS_MOST = 5000  # of one ticket


class Talks:
    """Fetches message groups, and counts the tickets whose groups could not be had."""

    def __init__(self, api: Api, zones: Zones, desk: Desk, options: Options) -> None:
        self._api, self._zones, self._desk, self._options = api, zones, desk, options
        self._failed = 0
        self._row = 0
        self._example = ""

    def events(self, ticket: str, *, ratings: bool) -> tuple[list[Event | Rating], list[Reject]]:
        """What happened in the ticket. `ratings`: those given in messages too (where v1 does not bring them)."""
        rejects: list[Reject] = []
        groups = self._groups(ticket)
        found = [] if groups is None else read_groups(self._desk, ticket, groups, rejects)
        return [one for one in found if ratings or isinstance(one, Event)], rejects

    def reply_after(self, ticket: str, after: int) -> tuple[bool, int | None]:
        """(known, when): whether the messages could be read, and when an agent wrote next to the customer."""
        groups = self._groups(ticket)
        return (False, None) if groups is None else (True, first_reply_after(self._desk, groups, after))

    def take_losses(self) -> list[str]:
        """Why messages are missing; forgets it."""
        if not self._failed:
            return []
        why = _("the messages of {n} tickets could not be read ({example})").format(
            n=self._failed, example=self._example
        )
        self._failed = 0
        return [why]

    def _groups(self, ticket: str) -> list[Fields] | None:
        """The ticket's message groups; None where they could not be read."""
        if self._row >= FAILURES_IN_A_ROW:
            self._failed += 1
            return None
        path = f"/tickets/{quote(ticket, safe='')}/messages"
        walk = NumberedWalk(self._api, self._zones, path, {}, size=self._options.page_size, whole=True, kind="messages")
        groups: list[Fields] = []
        try:
            for page, clock in walk.pages():
                groups += [Fields(row, clock) for row in page.rows if isinstance(row, dict)]
                if len(groups) >= GROUPS_MOST:
                    break
        except HttpError as fault:
            if fault.kind not in {"bad_answer", "forbidden", "timeout"}:
                raise
            self._row += 1
            self._failed += 1
            self._example = fault.message
            return None
        self._row = 0
        return groups
