"""One machine as one report tells it: texts as they came, before they are cleaned and become rows."""

from typing import Any

import msgspec

NOTHING = frozenset({"", "na", "n/a", "null", "none", "unknown", "not specified", "&nbsp;", "(none)"})


class Software(msgspec.Struct, frozen=True):
    name: str
    version: str = ""


class Setting(msgspec.Struct, frozen=True):
    """`name` says what kind: antivirus, firewall, encryption, database backup; `value` which one; `state` how it is."""

    name: str
    value: str = ""
    state: str = ""
    version: str = ""


class Machine(msgspec.Struct, kw_only=True):
    """`macs` and `addresses`: the likeliest first. `software` and `settings` are None where nothing is told of them."""

    place: str  # for messages
    name: str = ""
    fqdn: str = ""
    serial: str = ""
    uuid: str = ""
    macs: list[str] = msgspec.field(default_factory=list)
    addresses: list[str] = msgspec.field(default_factory=list)
    os: str = ""
    os_version: str = ""
    encrypted: bool | None = None
    seen: str = ""  # a time as the report writes it
    seen_at: int | None = None
    software: list[Software] | None = None
    settings: list[Setting] | None = None


def said(value: Any) -> str:
    """What a value of a report says: text and numbers stripped, "" for its many words for nothing."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    text = str(value).strip()
    return "" if text.casefold() in NOTHING else text


def listed(value: Any) -> list[dict[str, Any]]:
    """The objects of a section that is a list, or one object where there is one only."""
    if isinstance(value, dict):
        return [value]
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def section(value: Any) -> dict[str, Any]:
    """A section that is one object; the first where it is a list; empty where it is anything else."""
    return next(iter(listed(value)), {})


def truth(value: Any) -> bool | None:
    """Yes or no as programs write it: true, 1, "1", "yes", "on"."""
    if isinstance(value, bool):
        return value
    text = said(value).casefold()
    return True if text in {"1", "true", "yes", "on"} else False if text in {"0", "false", "no", "off"} else None
