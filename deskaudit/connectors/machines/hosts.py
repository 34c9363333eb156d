"""What all asset sources agree on: how a MAC is written, whose it is, which family an operating system belongs to."""

import re
from functools import lru_cache

_FAMILIES = (
    ("android", r"android"),
    ("ios", r"\bios\b(?!.*\bxe\b)|ipados|iphone|ipad"),
    ("macos", r"mac ?os|os x|darwin"),
    ("windows", r"windows|\bwin ?(?:7|8|10|11|xp|20\d\d)"),
    ("bsd", r"bsd"),
    ("network", r"cisco|junos|routeros|fortios|vxworks|\bios[- ]xe\b|arubaos|edgeos|procurve|pan-os"),
    ("linux", r"linux|debian|ubuntu|red ?hat|rhel|centos|rocky|alma|fedora|suse|mint|\bkernel\b|esxi|proxmox|raspbian"),
)
_USUAL_MAC = re.compile(r"[0-9A-F]{2}(?::[0-9A-F]{2}){5}")
_NO_MACS = {"00:00:00:00:00:00", "FF:FF:FF:FF:FF:FF"}


def os_family(text: str | None) -> str | None:
    """windows, linux, macos, bsd, ios, android, network or other; None where nothing is said."""
    if text is None or not text.strip():
        return None
    lowered = text.casefold()
    return next((family for family, pattern in _FAMILIES if re.search(pattern, lowered)), "other")


def real_mac(text: str | None) -> str | None:
    """A MAC as AA:BB:CC:DD:EE:FF, however it was written; None for placeholders, multicast and what is no MAC."""
    mac = text or ""
    if not _USUAL_MAC.fullmatch(mac):
        digits = re.sub(r"[^0-9A-Fa-f]", "", mac)
        if len(digits) != 12:
            return None
        mac = ":".join(digits[i : i + 2] for i in range(0, 12, 2)).upper()
    return None if mac in _NO_MACS or int(mac[:2], 16) & 1 else mac


def local_mac(mac: str) -> bool:
    """Whether a MAC is locally administered: random or virtual, so that it names no device."""
    return bool(int(mac[:2], 16) & 2)


def mac_vendor(mac: str) -> str | None:
    """The maker of a device by its MAC, from netaddr's copy of the public register."""
    return None if local_mac(mac) else _registered(mac[:8])


@lru_cache(maxsize=4096)
def _registered(prefix: str) -> str | None:
    from netaddr import OUI
    from netaddr.core import NotRegisteredError

    try:
        return str(OUI(prefix.replace(":", "-")).registration().org)
    except (NotRegisteredError, ValueError):
        return None
