"""Rows of assets, articles and service levels."""

import ipaddress
import re

from deskaudit.connectors.fields import Fields
from deskaudit.connectors.machines.hosts import os_family, real_mac
from deskaudit.connectors.machines.machinewords import os_version, real_serial, real_uuid
from deskaudit.connectors.requesttracker.api import need_number
from deskaudit.connectors.requesttracker.tickets import Desk, values_of
from deskaudit.model.entities import Asset, Document, Policy, Row
from deskaudit.text import one_line

ASSET_FIELDS = {
    "fields": "Name,Status,Created,LastUpdated,Owner,HeldBy,CustomFields",
    "fields[Owner]": "id,Name,RealName",
    "fields[HeldBy]": "id,Name,RealName",
}
ARTICLE_FIELDS = {
    "fields": "Name,Class,Created,LastUpdated,Creator",
    "fields[Class]": "Name",
    "fields[Creator]": "id,Name",
}
STATES = {"new": "spare", "allocated": "active", "in-use": "active", "recycled": "retired", "stolen": "lost"}
_NAMES = {
    "serial": ("serialnumber", "serial", "serialno", "servicetag"),
    "uuid": ("uuid", "biosuuid", "systemuuid"),
    "mac": ("mac", "macaddress", "ethernet", "hardwareaddress"),
    "ip": ("ipaddress", "ip", "ipaddresses", "ipv4", "ipv4address"),
    "fqdn": ("fqdn", "hostname", "host", "dnsname"),
    "os": ("operatingsystem", "os"),
}
"""Model field → names of custom fields, small letters and digits only."""


def read_asset(desk: Desk, row: Fields) -> list[Row]:
    """An asset; what its custom fields say where their names are usual ones."""
    number = need_number(row)
    said = {re.sub(r"[^a-z0-9]", "", name.casefold()): values for name, values in _fields(row).items()}
    own = {field: next((said[name] for name in names if said.get(name)), []) for field, names in _NAMES.items()}
    first = {field: values[0] if values else "" for field, values in own.items()}
    raw = row.text("Status", 60) or ""
    name = row.text("Name", 120)
    host = first["fqdn"].rstrip(".").lower() or (name or "").lower()
    addresses = [found for text in own["ip"] for part in re.split(r"[\s,;|]+", text) if (found := _address(part))]
    system = one_line(first["os"], 120) or None
    return [
        Asset(
            id=desk.context.key("asset", number),
            ext_id=str(number),
            origin="cmdb",
            name=name,
            fqdn=host if re.fullmatch(r"[a-z0-9_-]+(\.[a-z0-9_-]+)+", host) and _address(host) is None else None,
            ip=addresses[0] if addresses else None,
            addresses=" ".join(dict.fromkeys(addresses)) or None,
            mac=real_mac(first["mac"]),
            serial=real_serial(first["serial"]),
            uuid=real_uuid(first["uuid"]),
            os=system,
            os_family=os_family(system),
            os_version=os_version(system),
            owner=_person(desk, row),
            state=desk.unknown.look_up("asset status", raw, STATES, "") or None,
            updated_at=row.at("LastUpdated") or row.at("Created"),
        )
    ]


def read_article(desk: Desk, row: Fields) -> list[Row]:
    """An article of the knowledge base, without its text."""
    number = need_number(row)
    creator = row.inner("Creator").id("id")
    return [
        Document(
            id=desk.context.key("document", number),
            ext_id=str(number),
            kind="kb",
            title=row.text("Name", 300),
            url=f"{desk.options.root}/Articles/Article/Display.html?id={number}",
            owner_id=desk.agent(int(creator)) if creator and creator.isascii() and creator.isdigit() else None,
            category=row.inner("Class").text("Name", 100),
            updated_at=row.at("LastUpdated") or row.at("Created"),
        )
    ]


def make_policies(desk: Desk) -> list[Row]:
    """The service levels that the config names: RT's interface has none."""
    return [
        Policy(
            id=desk.context.key("policy", f"sla:{name}"),
            ext_id=one_line(name, 80),
            kind="sla",
            name=one_line(name, 100),
            active=True,
            response_s=level.response_s,
            resolve_s=level.resolve_s,
            has_hours=level.hours,
            has_escalation=level.escalation,
        )
        for name, level in desk.options.levels.items()
    ]


def _fields(row: Fields) -> dict[str, list[str]]:
    return {one.text("name", 100) or "": values_of(one) for one in row.rows("CustomFields")}


def _person(desk: Desk, row: Fields) -> str | None:
    """Who has it: the holder, else the owner. A login that is an address is kept as a hash."""
    people = [*row.rows("HeldBy"), row.inner("Owner")]
    for person in people:
        login = person.text("Name", 120)
        if login and login != "Nobody":
            return person.text("RealName", 120) or (desk.context.person(login) if "@" in login else login)
    return None


def _address(text: str) -> str | None:
    try:
        return str(ipaddress.ip_address(text.partition("%")[0].partition("/")[0]))
    except ValueError:
        return None
