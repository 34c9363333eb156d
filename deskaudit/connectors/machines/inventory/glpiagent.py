"""Reports of the GLPI agent (JSON) and of the FusionInventory and OCS agents (XML): one set of sections, two spellings."""

from typing import Any

from deskaudit.connectors.machines.inventory.machine import Machine, Setting, Software, listed, said, section, truth
from deskaudit.connectors.machines.inventory.packages import without_architecture

NETWORK_DISKS = frozenset(
    {"nfs", "nfs4", "cifs", "smbfs", "tmpfs", "overlay", "squashfs", "iso9660", "udf", "devtmpfs"}
)


def is_report(document: Any) -> bool:
    """Whether a JSON document is an agent's inventory."""
    return isinstance(document, dict) and isinstance(document.get("content"), dict)


def read(content: dict[str, Any], place: str) -> Machine:
    """The machine of a report's `content`, its keys in small letters."""
    hardware, bios = section(content.get("hardware")), section(content.get("bios"))
    system = section(content.get("operatingsystem"))
    name = said(hardware.get("name"))
    fqdn = said(system.get("fqdn"))
    if not fqdn and name and "." not in name and said(system.get("dns_domain")):
        fqdn = f"{name}.{said(system.get('dns_domain'))}"
    title = said(system.get("full_name")) or said(hardware.get("osname")) or said(system.get("name"))
    machine = Machine(
        place=place,
        name=name,
        fqdn=fqdn,
        serial=said(bios.get("ssn")),  # never the board's (msn): it stays when the board is changed, and repeats
        uuid=said(hardware.get("uuid")),
        os=title,
        os_version=said(system.get("version")) or said(system.get("kernel_version")) or said(hardware.get("osversion")),
        seen=said(section(content.get("accesslog")).get("logdate")),
        settings=[*_guards(content), *_copies(content)],
    )
    _add_networks(machine, listed(content.get("networks")))
    _add_disks(machine, listed(content.get("drives")))
    if "softwares" in content:
        machine.software = [_software(one) for one in listed(content["softwares"])]
    return machine


def _software(one: dict[str, Any]) -> Software:
    name = said(one.get("name")) or said(one.get("guid"))
    return Software(without_architecture(name) if said(one.get("from")) == "deb" else name, said(one.get("version")))


def _add_networks(machine: Machine, networks: list[dict[str, Any]]) -> None:
    """Cards before what software makes up, those with an address first; the loopback, which often leads, not at all."""
    for one in sorted(networks, key=lambda one: (truth(one.get("virtualdev")) is True, not _addresses(one))):
        kind, title = said(one.get("type")).casefold(), said(one.get("description")).casefold()
        if kind == "loopback" or title in {"lo", "lo0"}:
            continue
        mac = said(one.get("mac")) or said(one.get("macaddr"))
        if mac:
            machine.macs.append(mac)
        machine.addresses += _addresses(one)


def _addresses(card: dict[str, Any]) -> list[str]:
    return [text for key in ("ipaddress", "ipaddress6") if (text := said(card.get(key)))]


def _add_disks(machine: Machine, drives: list[dict[str, Any]]) -> None:
    """Encrypted is a machine of which every disk that tells is."""
    states: list[str] = []
    for one in drives:
        state = said(one.get("encrypt_status")).casefold()
        kind = (said(one.get("filesystem")) or said(one.get("type"))).casefold()
        if not state or kind in NETWORK_DISKS:
            continue
        states.append(state)
        title = said(one.get("letter")) or said(one.get("type")) or said(one.get("volumn")) or said(one.get("label"))
        machine.settings = [
            *(machine.settings or []),
            Setting("encryption", title, {"yes": "on", "no": "off"}.get(state, state), said(one.get("encrypt_name"))),
        ]
    if states:
        machine.encrypted = all(state == "yes" for state in states)


def _guards(content: dict[str, Any]) -> list[Setting]:
    found = []
    for one in listed(content.get("antivirus")):
        enabled, fresh = truth(one.get("enabled")), truth(one.get("uptodate"))
        state = "off" if enabled is False else "outdated" if fresh is False else "on" if enabled else ""
        found.append(Setting("antivirus", said(one.get("name")), state, said(one.get("version"))))
    for one in [*listed(content.get("firewalls")), *listed(content.get("firewall"))]:
        enabled = truth(one.get("status"))
        state = "" if enabled is None else "on" if enabled else "off"
        found.append(Setting("firewall", said(one.get("profile")) or said(one.get("description")), state))
    return found


def _copies(content: dict[str, Any]) -> list[Setting]:
    """Databases, and whether something saves them."""
    found = []
    for service in listed(content.get("databases_services")):
        for one in listed(service.get("databases")) or [service]:
            saved = truth(one.get("is_onbackup"))
            if saved is not None:
                title = " ".join(part for part in (said(service.get("name")), said(one.get("name"))) if part)
                found.append(Setting("database backup", title, "on" if saved else "off"))
    return found
