"""Facts that Ansible gathered, and the tree of lshw: JSON with a host's name before it, in it, or in the file's name."""

import re
from collections.abc import Iterator
from typing import Any

from deskaudit.connectors.machines.inventory.machine import Machine, Software, listed, said

HEAD = re.compile(
    r"(?P<host>\S+) \| (?P<how>SUCCESS|CHANGED|FAILED!?|UNREACHABLE!?)(?: \| rc=\d+)? (?:=>|>>)\s*(?P<rest>.*)",
    re.DOTALL,
)
GOOD = frozenset({"SUCCESS", "CHANGED"})
NO_CARDS = frozenset({"loopback", "bridge", "tunnel", "unknown"})
MOST_DEPTH = 30


def facts_of(document: Any) -> dict[str, Any] | None:
    """The facts of a result, of `-t DIR` and of a fact cache; None where a document is none of these."""
    if not isinstance(document, dict):
        return None
    found = document.get("ansible_facts")
    if isinstance(found, dict):
        return found
    return document if any(str(key).startswith("ansible_") for key in document) else None


def read_facts(facts: dict[str, Any], host: str, place: str) -> Machine:
    """`host`: as the inventory of Ansible calls it; the machine's own name goes before it, unless that is localhost."""

    def fact(name: str) -> Any:
        return facts.get(f"ansible_{name}", facts.get(name))

    fqdn = said(fact("fqdn"))
    name = said(fact("hostname")) or said(fact("nodename"))
    inventory_name = host if not re.fullmatch(r"[\d.]+|.*:.*|localhost", host) else ""
    if fqdn.split(".")[0] in {"", "localhost"}:
        fqdn = inventory_name if "." in inventory_name else ""
    machine = Machine(
        place=place,
        name=name if name and name != "localhost" else inventory_name,
        fqdn=fqdn if "." in fqdn else "",
        serial=said(fact("product_serial")),
        uuid=said(fact("product_uuid")),
        os=said(fact("os_name")) or said(fact("distribution")),
        os_version=said(fact("distribution_version")),
    )
    time = fact("date_time")
    if isinstance(time, dict):
        text = said(time.get("epoch_int")) or said(time.get("epoch")).partition(".")[0]
        machine.seen_at = int(text) if text.isascii() and text.isdigit() and len(text) <= 11 else None
    _add_cards(machine, facts)
    packages = facts.get("packages")
    if isinstance(packages, dict):
        machine.software = [
            Software(
                said(name), "-".join(part for part in (said(one.get("version")), said(one.get("release"))) if part)
            )
            for name, found in packages.items()
            for one in listed(found)
        ]
    return machine


def _add_cards(machine: Machine, facts: dict[str, Any]) -> None:
    """The card of the default route first, then the others; Windows keeps its cards in a list."""

    def fact(name: str) -> Any:
        return facts.get(f"ansible_{name}", facts.get(name))

    cards = [*listed(fact("default_ipv4")), *listed(fact("interfaces"))]
    names = fact("interfaces")
    for name in names if isinstance(names, list) else []:
        card = fact(re.sub(r"[^0-9A-Za-z]", "_", name)) if isinstance(name, str) else None
        if isinstance(card, dict) and said(card.get("type")).casefold() not in NO_CARDS and not _made_up(name):
            cards.append(card)
    machine.macs = [mac for card in cards if (mac := said(card.get("macaddress")))]
    for name in ("default_ipv4", "all_ipv4_addresses", "all_ipv6_addresses", "ip_addresses"):
        found = fact(name)
        texts = [found.get("address")] if isinstance(found, dict) else found if isinstance(found, list) else []
        machine.addresses += [text for one in texts if (text := said(one))]


def _made_up(name: str) -> bool:
    return name.startswith(("veth", "docker", "br-", "virbr", "cni", "flannel", "vnet", "tap", "tun"))


def read_tree(root: dict[str, Any], place: str) -> Machine:
    """The machine of an lshw tree. In a virtual machine it has no serial number; a network card's "serial" is its MAC."""
    settings = root.get("configuration")
    machine = Machine(
        place=place,
        name=said(root.get("id")),
        serial=said(root.get("serial")),
        uuid=said(settings.get("uuid")) if isinstance(settings, dict) else "",
    )
    cards = [card for card in _walk(root, 0) if card.get("class") == "network"]
    for card in sorted(cards, key=lambda card: (_is_logical(card), not _address(card))):
        if mac := said(card.get("serial")):
            machine.macs.append(mac)
        if address := _address(card):
            machine.addresses.append(address)
    return machine


def _is_logical(card: dict[str, Any]) -> bool:
    """Whether software makes it up, as a bridge; lshw calls that logical."""
    able = card.get("capabilities")
    return isinstance(able, dict) and "logical" in able


def _address(card: dict[str, Any]) -> str:
    told = card.get("configuration")
    return said(told.get("ip")) if isinstance(told, dict) else ""


def _walk(node: dict[str, Any], depth: int) -> Iterator[dict[str, Any]]:
    yield node
    if depth < MOST_DEPTH:
        for child in listed(node.get("children")):
            yield from _walk(child, depth + 1)


def is_tree(document: Any) -> bool:
    return isinstance(document, dict) and document.get("class") == "system" and "id" in document
