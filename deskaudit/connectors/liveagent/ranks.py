"""Ratings, from v1's ranking report, and when a low one was followed up."""

from collections.abc import Iterator
from typing import Any

import msgspec

from deskaudit.connectors.fields import Fields, RowError
from deskaudit.connectors.liveagent.api import Api
from deskaudit.connectors.liveagent.desk import Desk
from deskaudit.connectors.liveagent.options import Options
from deskaudit.connectors.liveagent.rows import read_rank
from deskaudit.connectors.liveagent.state import State
from deskaudit.connectors.liveagent.talks import Talks
from deskaudit.connectors.liveagent.walks import row_id, utc_text
from deskaudit.connectors.liveagent.zones import Zones
from deskaudit.i18n import _
from deskaudit.model.batches import Batch, Problem, Reject
from deskaudit.model.entities import Rating

DAY = 86400
OVERLAP_S = 14 * DAY  # a follow-up may come days after the rating, which is therefore looked at again
COUNT = 1000
COLUMNS = "id,rankingType,datecreated,conversationid,agentcontactid,agentEmail,contactid,comment"


def read_ranks(
    api: Api, zones: Zones, desk: Desk, state: State, options: Options, talks: Talks, *, served: bool = True
) -> Iterator[Batch]:
    """All ratings since the mark. v1 speaks the account's zone; a day more on both sides makes up for it.

    `served`: the agents are known; else the next pull reads the same again.
    """
    state.enter("ratings", OVERLAP_S)
    start = state.at.get("from")
    offset = start if isinstance(start, int) and start >= 0 else 0
    asked = state.at.get("asked")
    budget = options.message_limit - (asked if isinstance(asked, int) else 0)
    before: set[str] = set()
    done = over = unread = 0
    stuck = False
    while True:
        raw = _page(api, state, offset)
        ids = {row_id(row) for row in raw}
        if not raw or ids <= before:
            stuck = bool(raw) and len(raw) == COUNT
            break
        before = ids
        rows: list[Rating] = []
        rejects: list[Reject] = []
        for one in raw:
            done += 1
            try:
                fields = Fields(one, zones.local)
                (rating,) = read_rank(desk, fields)
            except RowError as fault:
                rejects.append(Reject(_("rating {number}").format(number=offset + done), str(fault)))
                continue
            assert isinstance(rating, Rating)  # noqa: S101 - narrows the type for mypy
            ticket, at = fields.id("conversationid"), rating.rated_at
            if rating.low and ticket and at is not None and options.messages != "none":
                if budget > 0:
                    budget -= 1
                    known, when = talks.reply_after(ticket, at)
                    unread += not known
                    rating = msgspec.structs.replace(rating, followed_up_at=when)
                else:
                    over += 1
            state.newest = max(state.newest, at or rating.sent_at or 0)
            rows.append(rating)
        offset += len(raw)
        state.at = {"from": offset, "asked": options.message_limit - budget}
        yield Batch(rows=rows, rejects=rejects, resource="rating", done=done, cursor=state.cursor())
    problems = _problems(over, unread, talks)
    if stuck:
        message = _("Rows may be missing: {why}.").format(why=_("the server gives the same page again and again"))
        problems.append(Problem(resource="rating", message=message, entities=("rating",)))
    state.leave(whole=not problems and served)
    yield Batch(resource="rating", problems=problems, cursor=state.cursor())


def _page(api: Api, state: State, offset: int) -> list[Any]:
    found = api.v1(
        "/reports/ranking",
        "ranks",
        {
            "date_from": utc_text(state.low - DAY),
            "date_to": utc_text(state.started_at + DAY),
            "columns": COLUMNS,
            "limitfrom": offset,
            "limitcount": COUNT,
        },
    )
    if isinstance(found, dict):
        found = list(found.values())
    return found if isinstance(found, list) else []


def _problems(over: int, unread: int, talks: Talks) -> list[Problem]:
    found = []
    if over:
        message = _("Whether {n} low ratings were followed up was not looked for; raise message_limit.").format(n=over)
        found.append(Problem(resource="rating", message=message, entities=("rating",)))
    if unread:
        found += [
            Problem(resource="rating", message=_("Rows may be missing: {why}.").format(why=why), entities=("rating",))
            for why in talks.take_losses()
        ]
    return found
