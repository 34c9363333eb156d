"""The lists of an account: what each is called, which entities it fills, how it is walked and read."""

from collections.abc import Callable
from typing import Any

import msgspec

from deskaudit.connectors.fields import OLDEST
from deskaudit.connectors.liveagent import codes, rows
from deskaudit.connectors.liveagent.api import Api
from deskaudit.connectors.liveagent.changes import ChangedWalk
from deskaudit.connectors.liveagent.options import Options
from deskaudit.connectors.liveagent.state import State
from deskaudit.connectors.liveagent.walks import CursorWalk, NumberedWalk, Walk, utc_text
from deskaudit.connectors.liveagent.zones import Zones
from deskaudit.i18n import _

DAY = 86400
MOVING_S = 900  # clocks may differ by as much
TICKETS = ("ticket", "ticket_tag", "ticket_field")


class Listed(msgspec.Struct, frozen=True):
    """A short list that is read whole at every pull, for its rows and for the names behind ids."""

    path: str
    entity: str  # the entity whose checks suffer without it
    read: rows.Read
    serves: frozenset[str]  # read only if one of these is wanted
    replaces: bool = True
    cursored: bool = False
    warns_only: bool = False  # a key may well lack this right


class Stream(msgspec.Struct, frozen=True):
    """A long list that is read from the newest known change on. `overlap_s`: how long rows still change unnoticed."""

    name: str
    path: str
    entities: tuple[str, ...]
    read: rows.Read
    changed: tuple[str, ...]  # fields that tell the time of the mark, the first that has one
    walk: Callable[[Api, Zones, State, Options], Walk]
    column: str  # that its time filter names
    cursored: bool = False  # and has a total of its own, at path/count
    overlap_s: int | None = None  # None: the option `overlap`


LISTS = (
    Listed("/departments", "department", rows.read_department, frozenset({"department", "agent", *TICKETS})),
    Listed("/agents", "agent", rows.read_agent, frozenset({"agent", "rating", "event"})),
    Listed("/tags", "ticket_tag", rows.read_tag, frozenset(TICKETS), replaces=False),
    Listed("/companies", "contact", rows.read_company, frozenset({"contact"}), replaces=False, warns_only=True),
    Listed("/slas", "policy", rows.read_level, frozenset({"policy"})),
)
API_KEYS = Listed(
    "/apikeys", "policy", rows.read_api_key, frozenset({"policy"}), replaces=False, cursored=True, warns_only=True
)


def _walk_contacts(api: Api, zones: Zones, state: State, options: Options) -> Walk:
    """The first pull takes all: a customer of long standing has an old row."""
    known = "contacts" in state.marks
    filters = [["datechanged", ">=", utc_text(state.low)]] if known else None
    return NumberedWalk(api, zones, "/contacts", state.at, size=options.page_size, filters=filters)


def _walk_open(api: Api, zones: Zones, state: State, options: Options) -> Walk:
    return ChangedWalk(
        api,
        zones,
        state.at,
        low=OLDEST,
        end=state.since_at,
        last_moment=state.since_at,
        moving_at=state.since_at,
        size=options.page_size,
        extra=[["status", "IN", ",".join(codes.OPEN)]],
    )


def _walk_tickets(api: Api, zones: Zones, state: State, options: Options) -> Walk:
    return ChangedWalk(
        api,
        zones,
        state.at,
        low=state.low,
        last_moment=state.started_at + DAY,
        moving_at=state.started_at - MOVING_S,
        size=options.page_size,
    )


def _cursored(name: str, path: str, entity: str, read: rows.Read, column: str, overlap_s: int | None = None) -> Stream:
    """A list with a cursor, whose rows tell their time in the column that its filter names."""

    def walk(api: Api, zones: Zones, state: State, options: Options) -> Walk:
        filters = [[column, ">=", utc_text(state.low)]]
        return CursorWalk(api, zones, path, state.at, size=options.page_size, filters=filters)

    return Stream(name, path, (entity,), read, (column,), walk, column, cursored=True, overlap_s=overlap_s)


def _walk_chats(api: Api, zones: Zones, state: State, options: Options) -> Walk:
    filters = [["date_created", ">=", utc_text(state.low)]]
    return NumberedWalk(api, zones, "/chats", state.at, size=options.page_size, filters=filters)


OPEN_TICKETS = Stream(
    "open_tickets", "/tickets", TICKETS, rows.read_ticket, ("date_changed", "date_created"), _walk_open, "date_changed"
)
"""Open tickets on which nothing happened since the time that is asked for: they are the oldest of the backlog."""

STREAMS = (
    Stream(
        "contacts",
        "/contacts",
        ("contact",),
        rows.read_contact,
        ("date_changed", "date_created"),
        _walk_contacts,
        "datechanged",
    ),
    OPEN_TICKETS,
    Stream(
        "tickets",
        "/tickets",
        TICKETS,
        rows.read_ticket,
        ("date_changed", "date_created"),
        _walk_tickets,
        "date_changed",
    ),
    _cursored("history", "/tickets/history", "event", rows.read_stretch, "date_from"),
    _cursored("sla_log", "/grid/tickets/sla", "sla_term", rows.read_term, "date_closed"),
    _cursored("calls", "/calls", "interaction", rows.read_call, "dateCreated", DAY),
    Stream(
        "chats",
        "/chats",
        ("interaction",),
        rows.read_chat,
        ("date_created",),
        _walk_chats,
        "date_created",
        overlap_s=DAY,
    ),
    _cursored("slots", "/grid/reports/time", "slot", rows.read_slot, "reportdate", 14 * DAY),
)

MODULES: tuple[tuple[str, str, dict[str, Any]], ...] = (
    (_("tickets"), "/tickets", {"_page": 1, "_perPage": 1}),
    (_("ticket history"), "/tickets/history", {"_perPage": 1}),
    (_("agents"), "/agents", {"_page": 1, "_perPage": 1}),
    (_("departments"), "/departments", {"_page": 1, "_perPage": 1}),
    (_("tags"), "/tags", {}),
    (_("contacts"), "/contacts", {"_page": 1, "_perPage": 1}),
    (_("service levels"), "/slas", {"_page": 1, "_perPage": 1}),
    (_("SLA log"), "/grid/tickets/sla", {"_perPage": 1}),
    (_("calls"), "/calls", {"_perPage": 1}),
    (_("chats"), "/chats", {"_page": 1, "_perPage": 1}),
    (_("time tracking"), "/grid/reports/time", {"_perPage": 1}),
)
"""What a probe knocks at: the name a user sees, the path and the smallest question."""
