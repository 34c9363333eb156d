"""Answers of `osqueryi --json`: one array of rows per query, every value a text, and no word on which query it was.

The rows themselves tell, by their columns. The answers of one host lie in a folder of their own, or in files that begin
with its name (pc1.example.org.system_info.json).
"""

from collections.abc import Iterable
from typing import Any

from deskaudit.connectors.machines.inventory.machine import Machine, Setting, Software, said

Record = dict[str, Any]
OF_DISK = {"1": "on", "0": "off"}


def is_answer(document: Any) -> bool:
    """Whether a JSON document is rows of flat texts."""
    return isinstance(document, list) and all(
        isinstance(row, dict) and not any(isinstance(value, dict | list) for value in row.values()) for row in document
    )


def names_host(rows: Iterable[Record]) -> bool:
    """Whether an answer says by itself which machine it is of."""
    return any(said(row.get("hostname")) or said(row.get("hardware_serial")) for row in rows)


def read(answers: Iterable[list[Record]], place: str) -> tuple[Machine, list[str]]:
    """The machine of one host's answers, and the columns of rows that no query known here gives."""
    machine = Machine(place=place)
    strange: list[str] = []
    for rows in answers:
        for row in rows:
            if not _take(machine, row) and len(strange) < 5:
                strange.append(", ".join(str(column) for column in list(row)[:6]))
    return machine, strange


def _take(machine: Machine, row: Record) -> bool:
    """Takes one row in; False where it is of no query known here. A row may be of several, joined."""
    return any([_take_system(machine, row), _take_network(machine, row), _take_guard(machine, row)]) or _take_software(
        machine, row
    )


def _take_system(machine: Machine, row: Record) -> bool:
    known = False
    if "hostname" in row or "hardware_serial" in row:
        known = True
        name = said(row.get("hostname")) or said(row.get("computer_name"))
        machine.name = machine.name or name
        machine.serial = machine.serial or said(row.get("hardware_serial"))
        machine.uuid = machine.uuid or said(row.get("uuid"))
    if "codename" in row or ("platform" in row and "build" in row) or "os_name" in row:
        known = True
        machine.os = machine.os or said(row.get("os_name")) or said(row.get("name"))
        machine.os_version = machine.os_version or said(row.get("os_version")) or said(row.get("version"))
    if "unix_time" in row:
        known = True
        text = said(row.get("unix_time"))
        machine.seen_at = int(text) if text.isascii() and text.isdigit() and len(text) <= 11 else None
    return known


def _take_network(machine: Machine, row: Record) -> bool:
    if "interface" not in row:
        return False
    if said(row.get("interface")).casefold() in {"lo", "lo0"}:
        return True
    if said(row.get("mac")):
        machine.macs.append(said(row["mac"]))
    if said(row.get("address")):
        machine.addresses.append(said(row["address"]))
    return "mac" in row or "address" in row


def _take_guard(machine: Machine, row: Record) -> bool:
    settings = machine.settings or []
    if "protection_status" in row:  # bitlocker_info: 2 is a drive that is locked, of which nothing is known
        state = OF_DISK.get(said(row["protection_status"]), "")
        settings.append(Setting("encryption", said(row.get("drive_letter")), state, "BitLocker"))
        if state:  # each drive counts
            machine.encrypted = machine.encrypted is not False and state == "on"
    elif "encrypted" in row and "name" in row:  # disk_encryption
        state = OF_DISK.get(said(row["encrypted"]), "")
        settings.append(Setting("encryption", said(row["name"]), state, said(row.get("type"))))
        if state:  # each layer of a disk is a row, and the lowest is never encrypted
            machine.encrypted = machine.encrypted is True or state == "on"
    elif said(row.get("type")).casefold() in {"antivirus", "firewall"} and "signatures_up_to_date" in row:
        state = {"on": "on", "off": "off"}.get(said(row.get("state")).casefold(), said(row.get("state")).casefold())
        if state == "on" and said(row["signatures_up_to_date"]) == "0":
            state = "outdated"
        settings.append(Setting(said(row["type"]).casefold(), said(row.get("name")), state))
    elif "destination_id" in row and "encryption" in row:  # time_machine_destinations
        settings.append(Setting("backup encryption", said(row["destination_id"]), said(row["encryption"]).casefold()))
    else:
        return False
    machine.settings = settings
    return True


def _take_software(machine: Machine, row: Record) -> bool:
    name = said(row.get("name"))
    version = said(row.get("bundle_short_version")) or said(row.get("version"))
    if "name" not in row or not {"version", "bundle_short_version"} & set(row):
        return False
    if release := said(row.get("release")):
        version = f"{version}-{release}"
    machine.software = machine.software or []
    machine.software.append(Software(name.removesuffix(".app"), version))
    return True
