"""The keys of a machine as sources write them: what names one machine, and what only looks like it and is counted."""

import ipaddress
import re
from collections import Counter
from collections.abc import Iterable

from deskaudit.connectors.machines.hosts import real_mac
from deskaudit.connectors.machines.machinewords import is_scientific, real_serial, real_uuid
from deskaudit.i18n import ngettext
from deskaudit.model.batches import Problem
from deskaudit.text import one_line

MOST_ADDRESSES = 20
_MOVING = frozenset({"dhcp", "dynamic", "auto", "automatic"})


class Keys:
    """Serial numbers, UUIDs and MACs, each as it is compared; placeholders are left out, counted, and told at the end."""

    def __init__(self) -> None:
        self._dropped: Counter[str] = Counter()
        self._samples: dict[str, str] = {}

    def serial(self, text: str) -> str | None:
        return self._keep("scientific" if is_scientific(text) else "serial", text, real_serial(text))

    def uuid(self, text: str) -> str | None:
        return self._keep("uuid", text, real_uuid(text))

    def mac(self, text: str) -> str | None:
        return self._keep("mac", text, first_mac(text))

    def _keep(self, what: str, text: str, found: str | None) -> str | None:
        if text and found is None:
            self._dropped[what] += 1
            self._samples.setdefault(what, one_line(text, 40))
        return found

    def problems(self) -> list[Problem]:
        return [
            Problem("asset", _message(what, n).format(n=n, sample=self._samples[what]))
            for what, n in self._dropped.items()
        ]


def _message(what: str, n: int) -> str:
    if what == "serial":
        return ngettext(
            '{n} serial number is a placeholder, as "{sample}"; it identifies nothing and is left out.',
            '{n} serial numbers are placeholders, as "{sample}"; they identify nothing and are left out.',
            n,
        )
    if what == "uuid":
        return ngettext(
            '{n} UUID is a placeholder or none at all, as "{sample}"; it is left out.',
            '{n} UUIDs are placeholders or none at all, as "{sample}"; they are left out.',
            n,
        )
    if what == "mac":
        return ngettext(
            '{n} MAC address is a placeholder or none at all, as "{sample}"; it is left out.',
            '{n} MAC addresses are placeholders or none at all, as "{sample}"; they are left out.',
            n,
        )
    return ngettext(
        '{n} serial number was destroyed by a spreadsheet, as "{sample}": export the list again with that column as text.',
        '{n} serial numbers were destroyed by a spreadsheet, as "{sample}": export the list again with that column as text.',
        n,
    )


def first_mac(text: str) -> str | None:
    """The first real address of a cell that may hold several."""
    whole = real_mac(text)
    if whole:
        return whole
    return next((mac for part in re.split(r"[\s,;|]+", text) if (mac := real_mac(part))), None)


def host_of(text: str) -> str:
    r"""The host of DOMAIN\HOST and DOMAIN\HOST\1, as Windows inventories write it."""
    parts = [part for part in text.split("\\") if part]
    return parts[1] if len(parts) > 1 else text


def address_of(text: str) -> str | None:
    """An IP address in its usual form, without its zone and network; None for what is none."""
    try:
        return str(ipaddress.ip_address(text.partition("%")[0].partition("/")[0]))
    except ValueError:
        return None


def split_addresses(text: str) -> list[str]:
    """The parts of a cell that may hold several addresses; "DHCP" and the like are no part."""
    return [part for part in re.split(r"[\s,;|]+", text) if part and part.casefold() not in _MOVING]


def full_name(name: str, fqdn: str) -> str:
    """The FQDN in small letters: as told, or the name itself where it has a domain and is no address."""
    told = fqdn.strip().rstrip(".").lower()
    if not told and "." in name and address_of(name) is None:
        told = name.strip().rstrip(".").lower()
    return told if "." in told else ""


def own_addresses(texts: Iterable[str]) -> list[str]:
    """The addresses by which others reach a machine, each once."""
    found: dict[str, None] = {}
    for text in texts:
        address = address_of(text)
        if address is None:
            continue
        plain = ipaddress.ip_address(address)
        if not (plain.is_loopback or plain.is_link_local or plain.is_unspecified or plain.is_multicast):
            found[address] = None
        if len(found) >= MOST_ADDRESSES:
            break
    return list(found)
