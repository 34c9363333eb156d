"""The short lists of a portal: what each is called, which entity it fills, and how its rows are read."""

from collections.abc import Callable

import msgspec

from deskaudit.connectors.servicedeskplus import rows, things
from deskaudit.connectors.servicedeskplus.fields import Entry
from deskaudit.connectors.servicedeskplus.rows import Desk
from deskaudit.i18n import _
from deskaudit.model.entities import Row

Read = Callable[[Desk, Entry], list[Row]]

TICKET = frozenset({"ticket", "ticket_field", "contact", "department", "sla_term"})
"""What requests fill."""


class Listed(msgspec.Struct, frozen=True):
    """A list that is read whole at every pull. `ways`: path and key of the rows, the first that the server knows.

    `fields`: what to ask for by name, because a list may leave it out unasked; () where its names are not documented.
    """

    name: str
    title: str
    ways: tuple[tuple[str, str], ...]
    entity: str | None  # None: it only gives the words behind ids
    serves: frozenset[str]  # read only if one of these is wanted
    read: Read
    fields: tuple[str, ...] = ()


STATUSES = Listed("statuses", _("statuses"), (("/statuses", "statuses"),), None, TICKET, rows.note_status)


def short_lists(*, cloud: bool) -> tuple[Listed, ...]:
    """The lists that fill an entity each. Servers on-premises call assets otherwise from build 15100 on."""
    assets = (("/assets", "assets"), ("/asset_assets", "asset_assets"))
    return (
        Listed(
            "technicians",
            _("technicians"),
            (("/technicians", "technicians"),),
            "agent",
            frozenset({"agent"}),
            things.read_technician,
        ),
        Listed(
            "solutions",
            _("solutions"),
            (("/solutions", "solutions"),),
            "document",
            frozenset({"document"}),
            things.read_solution,
        ),
        Listed(
            "assets",
            _("assets"),
            assets if cloud else assets[::-1],
            "asset",
            frozenset({"asset"}),
            things.read_asset,
        ),
        Listed(
            "problems",
            _("problems"),
            (("/problems", "problems"),),
            "record",
            frozenset({"record"}),
            things.read_problem,
            things.PROBLEM_FIELDS,
        ),
        Listed(
            "changes",
            _("changes"),
            (("/changes", "changes"),),
            "record",
            frozenset({"record"}),
            things.read_change,
            things.CHANGE_FIELDS,
        ),
    )
