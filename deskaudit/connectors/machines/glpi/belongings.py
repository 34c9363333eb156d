"""What GLPI keeps about a machine in lists of its own: network ports, addresses, operating systems, disks."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any

import msgspec

from deskaudit.connectors.http import HttpError
from deskaudit.connectors.machines.glpi.session import Session
from deskaudit.connectors.machines.hosts import local_mac, real_mac
from deskaudit.connectors.machines.keys import MOST_ADDRESSES
from deskaudit.connectors.machines.webtext import told
from deskaudit.i18n import _
from deskaudit.model.batches import Problem

Item = tuple[str, str]
"""(itemtype, id)"""
SURE_KINDS = frozenset({"NetworkPortEthernet", "NetworkPortWifi"})


class Belongings(msgspec.Struct):
    """By item. `problems` names the lists that could not be read: what they hold stays unknown."""

    macs: dict[Item, str] = msgspec.field(default_factory=dict)
    addresses: dict[Item, list[str]] = msgspec.field(default_factory=dict)
    systems: dict[Item, tuple[str, str]] = msgspec.field(default_factory=dict)  # name, version
    encrypted: dict[Item, bool] = msgspec.field(default_factory=dict)
    problems: list[Problem] = msgspec.field(default_factory=list)


def read(session: Session) -> Belongings:
    """Reads the lists. Raises HttpError where the server cannot be spoken to at all."""
    found = Belongings()
    steps: list[tuple[str, Callable[[Session, Belongings], None]]] = [
        (_("MAC addresses"), _read_ports),
        (_("IP addresses"), _read_addresses),
        (_("operating systems"), _read_systems),
        (_("encryption of disks"), _read_disks),
    ]
    for what, step in steps:
        try:
            step(session, found)
        except HttpError as fault:
            if fault.status is None or fault.kind in {"auth", "expired", "rate_limit"}:
                raise
            message = _("{what} stay unknown: {why}").format(what=what, why=fault.message)
            found.problems.append(Problem("asset", message))
    return found


def _item(row: dict[str, Any], kind: str = "itemtype", number: str = "items_id") -> Item | None:
    """Which item a row belongs to; None for one that is deleted or belongs to nothing."""
    item = told(row.get(kind)), told(row.get(number))
    return item if all(item) and not told(row.get("is_deleted")) else None


def _read_ports(session: Session, found: Belongings) -> None:
    """The MAC of each item: a card's before what may be made up, never the loopback's."""
    ranks: dict[Item, int] = {}
    for row in session.rows("NetworkPort"):
        item, mac = _item(row), real_mac(told(row.get("mac")))
        if item is None or mac is None or told(row.get("instantiation_type")) == "NetworkPortLocal":
            continue
        rank = 2 * local_mac(mac) + (told(row.get("instantiation_type")) not in SURE_KINDS)
        if rank < ranks.get(item, 9):
            ranks[item] = rank
            found.macs[item] = mac


def _read_addresses(session: Session, found: Belongings) -> None:
    for row in session.rows("IPAddress"):
        item, address = _item(row, "mainitemtype", "mainitems_id"), told(row.get("name"))
        if item and address:
            mine = found.addresses.setdefault(item, [])
            if len(mine) < MOST_ADDRESSES:
                mine.append(address)


def _read_systems(session: Session, found: Belongings) -> None:
    names = {told(row.get("id")): told(row.get("name")) for row in session.rows("OperatingSystem")}
    versions = {told(row.get("id")): told(row.get("name")) for row in session.rows("OperatingSystemVersion")}
    for row in session.rows("Item_OperatingSystem"):
        item, name = _item(row), names.get(told(row.get("operatingsystems_id")), "")
        if item and name:
            found.systems[item] = name, versions.get(told(row.get("operatingsystemversions_id")), "")


def _read_disks(session: Session, found: Belongings) -> None:
    """0 means both "not encrypted" and "nobody looked": it counts only beside a disk that says more."""
    states: defaultdict[Item, set[str]] = defaultdict(set)
    for row in session.rows("Item_Disk"):
        item = _item(row)
        if item:
            states[item].add(told(row.get("encryption_status")) or "0")
    for item, said in states.items():
        if said != {"0"}:
            found.encrypted[item] = said == {"1"}
