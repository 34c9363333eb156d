"""A few tickets as an account shows them, for the proposal of a mapping."""

from functools import partial

from deskaudit.connectors.fields import Fields, RowError
from deskaudit.connectors.http import HttpError
from deskaudit.connectors.liveagent.api import Api, Page
from deskaudit.connectors.liveagent.desk import Desk
from deskaudit.connectors.liveagent.options import LARGEST_PAGE
from deskaudit.connectors.liveagent.rows import see_ticket
from deskaudit.connectors.liveagent.streams import LISTS, Listed
from deskaudit.connectors.liveagent.walks import NumberedWalk
from deskaudit.connectors.liveagent.zones import Zones
from deskaudit.connectors.mapping import Seen

NAMES = frozenset({"/departments", "/tags"})
"""Lists that tell the names behind the ids in a ticket."""
MOST_PAGES = 20


def sample(api: Api, zones: Zones, desk: Desk, count: int) -> list[Seen]:
    """The tickets that changed last, at most `count`. Raises HttpError where tickets cannot be read."""
    for listed in LISTS:
        if listed.path in NAMES:
            _learn_names(api, zones, desk, listed)
    found: list[Seen] = []
    for number in range(1, MOST_PAGES + 1):
        page = _latest(api, number, min(count, LARGEST_PAGE))
        clock = zones.clock("/tickets", page, partial(_latest, api, number, min(count, LARGEST_PAGE), shifted=False))
        for raw in page.rows:
            try:
                found.append(see_ticket(desk, Fields(raw, clock)))
            except RowError:
                continue  # a sample is of tickets that can be read; a pull says which cannot
        if not page.rows or len(found) >= count:
            break
    return list({one.ticket.id: one for one in found}.values())[:count]


def _latest(api: Api, number: int, size: int, *, shifted: bool = True) -> Page:
    asked: dict[str, str | int] = {"_page": number, "_perPage": size}
    return api.page("/tickets", {**asked, "_sortField": "date_changed", "_sortDir": "DESC"}, shifted=shifted)


def _learn_names(api: Api, zones: Zones, desk: Desk, listed: Listed) -> None:
    try:
        for page, clock in NumberedWalk(api, zones, listed.path, {}, size=LARGEST_PAGE, whole=True).pages():
            for raw in page.rows:
                try:
                    listed.read(desk, Fields(raw, clock))
                except RowError:
                    continue
    except HttpError:
        return  # the ids must do; whoever lacks the right sees them in the proposal
