"""What a pull is about to ask for, by the totals that LiveAgent's lists tell for one request each."""

from deskaudit.connectors.liveagent import codes
from deskaudit.connectors.liveagent.api import Api, Filters
from deskaudit.connectors.liveagent.options import LARGEST_PAGE, Options
from deskaudit.connectors.liveagent.state import State
from deskaudit.connectors.liveagent.streams import DAY, LISTS, OPEN_TICKETS, STREAMS, Stream
from deskaudit.connectors.liveagent.walks import utc_text
from deskaudit.model.batches import Estimate, Want

MORE_PAGES = 4  # of a long list: the watched pages, which are read again, and an empty one
RETRIES = 1  # a figure is not worth more; too many requests are waited out as ever
MOST_ROWS = 10**10
TALK_PAGES = 2  # of one ticket's messages: a page, and one that brings nothing new


def estimate(api: Api, state: State, options: Options, want: Want, *, sweeps: bool) -> Estimate | None:
    """Requests of this pull, without ratings. None: not worth asking (yesterday's pull is known, or this one goes on
    where it stopped), or a total is not told. Raises HttpError.
    """
    wanted = [stream for stream in STREAMS if not want.entities.isdisjoint(stream.entities)]
    fresh = not state.stream and not state.done
    if not wanted or not fresh or state.started_at - state.marks.get("tickets", 0) <= DAY:
        return None
    requests = len(LISTS) + 1
    for stream in wanted:
        if stream is OPEN_TICKETS and not state.is_further(stream.name):
            continue
        total = _total(api, stream, _filters(stream, state, options))
        if total is None:
            return None
        requests += -(-total // options.page_size) + (1 if stream.cursored else MORE_PAGES)
        if stream.path == "/tickets":
            requests += total * TALK_PAGES if options.messages == "all" and "event" in want.entities else 0
    if "sla_term" in want.entities:
        requests += min(_open(api, state) or 0, options.sla_limit)
    if sweeps:
        requests += -(-(_total(api, OPEN_TICKETS, []) or 0) // LARGEST_PAGE) + 2 * MORE_PAGES
    return Estimate(requests=requests, seconds=requests * 60 / api.limit.per_minute)


def _filters(stream: Stream, state: State, options: Options) -> Filters:
    if stream is OPEN_TICKETS:
        return [["date_changed", "D<", utc_text(state.since_at)], ["status", "IN", ",".join(codes.OPEN)]]
    low = state.low_of(stream.name, options.overlap_s if stream.overlap_s is None else stream.overlap_s)
    if stream.name == "contacts" and "contacts" not in state.marks:
        return []
    return [[stream.column, "D>=" if stream.path == "/tickets" else ">=", utc_text(low)]]


def _open(api: Api, state: State) -> int | None:
    """Open tickets, which may each be asked for their promises."""
    changed = [["date_changed", "D>=", utc_text(state.low_of("tickets", 0))]] if "tickets" in state.marks else []
    return _total(api, OPEN_TICKETS, [*changed, ["status", "IN", ",".join(codes.OPEN)]])


def _total(api: Api, stream: Stream, filters: Filters) -> int | None:
    if stream.cursored:
        count = api.one(f"{stream.path}/count", filters=filters, retries=RETRIES).get("count")
        return count if isinstance(count, int) and 0 <= count < MOST_ROWS else None
    return api.page(stream.path, {"_page": 1, "_perPage": 1}, filters, retries=RETRIES).total
