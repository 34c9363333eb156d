"""The made-up desk's machines: what its list says, and what a scan of its two networks finds."""

from random import Random

import msgspec

from deskaudit.demo.people import DOMAIN, People
from deskaudit.demo.stories import DAY

SERVER_NET = "192.0.2."
OFFICE_NET = "198.51.100."
CRITICAL = ("nl-srv-files", "nl-srv-db", "nl-srv-erp", "nl-srv-mail", "nl-srv-till")
UNCOVERED = "nl-srv-till"
"""The critical server that no backup job covers."""
SUPPORTED_SERVER = ("Ubuntu", "24.04 LTS")
GHOSTS = 12
UNKNOWN = 7
ENDED = {
    "nl-srv-label": ("Windows Server", "2012 R2"),
    "nl-pc-004": ("Windows 10 Pro", "22H2"),
    "nl-pc-031": ("Windows 10 Pro", "22H2"),
}
"""Machines whose system is past its end of support (10 October 2023 and 14 October 2025)."""


class Machine(msgspec.Struct, kw_only=True):
    """`listed`: it stands in the list. `scanned`: it answers the scan. Empty text: the list does not say."""

    name: str
    kind: str  # server, pc, laptop, printer, switch
    ip: str
    mac: str
    serial: str
    os: str
    os_version: str
    owner: str
    department: str
    listed: bool = True
    scanned: bool = True
    named: bool = True  # the scan learns its name
    list_mac: bool = True
    state: str = "active"
    off_network: bool = False
    updated_days: int = 0  # days before now


def invent_machines(seed: int, people: People) -> list[Machine]:
    """The same machines for the same seed, whatever the time."""
    rng = Random(f"{seed}/machines")  # noqa: S311 - a game of dice, no secret
    found = [_machine(rng, f"nl-srv-{name}", "server", SERVER_NET, index + 10) for index, name in enumerate(_SERVERS)]
    found += [_machine(rng, f"nl-pc-{index:03d}", "pc", OFFICE_NET, index + 20) for index in range(76)]
    found += [_machine(rng, f"nl-prn-{index:02d}", "printer", OFFICE_NET, index + 120) for index in range(6)]
    found += [_machine(rng, f"nl-sw-{index:02d}", "switch", SERVER_NET, index + 60) for index in range(8)]
    found += [_machine(rng, f"nl-lap-{index:02d}", "laptop", OFFICE_NET, index + 200) for index in range(8)]
    found += [_machine(rng, f"nl-old-{index:02d}", "pc", OFFICE_NET, index + 220) for index in range(5)]
    for machine in found:
        machine.owner = people.agents[rng.randrange(1, len(people.agents) - 1)].name
        if machine.name in ENDED:
            machine.os, machine.os_version = ENDED[machine.name]
        if machine.kind == "laptop":
            machine.off_network, machine.scanned = True, False
        if machine.name.startswith("nl-old"):
            machine.state, machine.scanned = "retired", False
    _plant(rng, found)
    return found


_SERVERS = ("files", "db", "erp", "mail", "till", "web", "print", "dc1", "backup", "label")
_SYSTEMS = {
    "server": SUPPORTED_SERVER,
    "pc": ("Windows 11 Enterprise", "25H2"),
    "laptop": ("Windows 11 Enterprise", "25H2"),
    "printer": ("Printer firmware", "4.11"),
    "switch": ("Switch firmware", "16.2"),
}
_MAKERS = {"server": "005056", "pc": "3CD92B", "laptop": "3CD92B", "printer": "3CD92B", "switch": "001AA0"}
_TEAMS = ("Customer Care", "Web Shop", "Workshop", "Dealers", "IT Help")


def _machine(rng: Random, name: str, kind: str, net: str, host: int) -> Machine:
    digits = f"{_MAKERS[kind]}{rng.randrange(16**6):06X}"
    os, version = _SYSTEMS[kind]
    return Machine(
        name=name,
        kind=kind,
        ip=f"{net}{host}",
        mac=":".join(digits[i : i + 2] for i in range(0, 12, 2)),
        serial=f"NS{rng.randrange(10**8):08d}",
        os=os,
        os_version=version,
        owner="",
        department="IT Help" if kind in {"server", "switch"} else rng.choice(_TEAMS),
        updated_days=rng.randrange(20, 150) if rng.random() < 0.55 else rng.randrange(200, 420),
    )


def _plant(rng: Random, machines: list[Machine]) -> None:
    """Ghosts, strangers, gaps: the faults of the list."""
    plain = [one for one in machines if one.kind == "pc" and one.state == "active" and one.name not in ENDED]
    for ghost in plain[-GHOSTS:]:
        ghost.scanned = False
    for machine in plain[:10]:
        machine.list_mac = False  # matched by its name
    for machine in plain[10:22]:
        machine.named = False  # matched by its MAC
    plain[25].owner = ""
    plain[26].department = ""
    for index in range(UNKNOWN):
        stranger = _machine(rng, f"stranger-{index}", "pc", OFFICE_NET, 160 + index)
        stranger.mac = f"B8:27:EB:00:10:{index:02X}"
        stranger.listed, stranger.named = False, False
        machines.append(stranger)
    # the address of a ghost is in use again: an address alone makes nobody known
    machines[-1].ip = plain[-1].ip


def fqdn(machine: Machine) -> str:
    return f"{machine.name}.{DOMAIN}"


def scan_times(now: int) -> dict[str, int]:
    """When each network's newest scan began: days before now, in working hours."""
    day = now - now % DAY
    return {SERVER_NET: day - 3 * DAY + 36_000, OFFICE_NET: day - 2 * DAY + 37_800}
