"""Which tickets are still there: what was purged shows in no list of changes.

The ids come from /tickets, in the largest pages and in the order of change, as the tickets themselves do: those that
changed since the earliest time that was ever asked for, and the open ones before it. That is all that was ever landed.
"""

from collections.abc import Iterator
from typing import Any

from deskaudit.connectors.fields import OLDEST, Fields
from deskaudit.connectors.liveagent import codes
from deskaudit.connectors.liveagent.api import Api
from deskaudit.connectors.liveagent.changes import ChangedWalk
from deskaudit.connectors.liveagent.desk import Desk
from deskaudit.connectors.liveagent.options import LARGEST_PAGE
from deskaudit.connectors.liveagent.state import State
from deskaudit.connectors.liveagent.streams import DAY, MOVING_S
from deskaudit.connectors.liveagent.zones import Zones
from deskaudit.connectors.progress import has_passed
from deskaudit.i18n import _
from deskaudit.model.batches import Batch, Problem

STEPS = ("sweep", "sweep_open")
TICKET = frozenset({"ticket"})


def is_due(state: State, days: int) -> bool:
    """Not in the first pull, when nothing is known that could be gone; later every so many days."""
    if not state.swept_at:
        state.swept_at = state.started_at
    return days > 0 and "tickets" in state.reach and has_passed(days * DAY, state.swept_at, state.started_at)


def sweep(api: Api, zones: Zones, desk: Desk, state: State) -> Iterator[Batch]:
    """The keys of all tickets, page by page; then `swept`, or a Problem where some may have been missed."""
    seen = False
    for step in STEPS:
        if step in state.done:
            continue
        state.enter(step, 0)
        walk = _walk(step, api, zones, state)
        for page, _clock in walk.pages():
            seen = True
            state.at = walk.at
            keys = [key for row in page.rows if (key := _key(desk, zones, row)) is not None]
            yield Batch(present={"ticket": keys}, resource="sweep", cursor=state.cursor())
        state.leave(whole=False)
        if walk.lost:
            message = _("Which tickets were deleted cannot be told: {why}. The next pull tries again.")
            problem = Problem("sweep", message.format(why=walk.lost[0]))
            yield Batch(problems=[problem], cursor=state.cursor())
            return
        state.done.append(step)
    state.swept_at = state.started_at
    total = None if seen else api.page("/tickets", {"_page": 1, "_perPage": 1}).total
    yield Batch(swept=TICKET, total=total, cursor=state.cursor())


def _walk(step: str, api: Api, zones: Zones, state: State) -> ChangedWalk:
    reach = state.reach.get("tickets", state.since_at)
    if step == "sweep":
        return ChangedWalk(
            api,
            zones,
            state.at,
            low=reach,
            last_moment=state.started_at + DAY,
            moving_at=state.started_at - MOVING_S,
            size=LARGEST_PAGE,
        )
    still_open = [["status", "IN", ",".join(codes.OPEN)]]
    return ChangedWalk(
        api, zones, state.at, low=OLDEST, end=reach, last_moment=reach, moving_at=reach, size=LARGEST_PAGE,
        extra=still_open,
    )  # fmt: skip


def _key(desk: Desk, zones: Zones, row: Any) -> int | None:
    ext_id = Fields(row, zones.local).id("id") if isinstance(row, dict) else None
    return None if ext_id is None else desk.key("ticket", ext_id)
