"""Which serial numbers and UUIDs name one machine, and which version a text about an operating system names."""

import re

_PLACEHOLDERS = frozenset(
    {
        "default", "default string", "none", "unknown", "invalid", "empty", "oem", "o.e.m.", "test", "serial", "serial number",
        "serialnumber", "system serial number", "chassis serial number", "base board serial number", "not specified",
        "not applicable", "not available", "not provided", "to be filled by o.e.m.", "to be filled by oem", "n/a", "na",
        "tbd", "tbc", "?", "no serial", "virtual", "vm",
    }
)  # fmt: skip
_COUNTING = "01234567890123456789"
_MAKERS_UUID = "03000200040005000006000700080009"
"""Boards of several makers all carry it."""
_WINDOWS = re.compile(r"\b(20\d\d(?: r2)?|1[01]|8\.1|[78]|xp|vista)\b")
_RELEASE = re.compile(r"\b\d\dh[12]\b")
_NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)*")


def real_serial(text: str) -> str | None:
    """A serial number, blanks made single; None for what makers and spreadsheets put in its place.

    Numbers in scientific notation (6.37702E+15) have lost their last digits: they name nothing.
    """
    plain = " ".join(text.split())
    folded = plain.casefold()
    signs = re.sub(r"[^0-9a-z]", "", folded)
    if folded in _PLACEHOLDERS or is_scientific(plain) or len(signs) < 2 or len(set(signs)) == 1:
        return None
    if len(signs) >= 4 and (signs in _COUNTING or signs in _COUNTING[1:]):
        return None
    return plain[:80]


def is_scientific(text: str) -> bool:
    """Whether a spreadsheet made a floating-point number of a serial number."""
    return re.fullmatch(r"\d(?:[.,]\d+)?E\+\d+", text.strip(), re.IGNORECASE) is not None


def real_uuid(text: str) -> str | None:
    """A UUID in small letters with its hyphens; None for placeholders and what is none."""
    digits = re.sub(r"[^0-9a-f]", "", text.casefold())
    if len(digits) != 32 or re.search(r"[^0-9a-fA-F{}\s:-]", text):
        return None
    if len(set(digits)) == 1 or digits == _MAKERS_UUID:
        return None
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def os_version(system: str | None) -> str | None:
    """The version that a system's text names: "Windows 11 Pro 23H2" is 11 23H2, "Ubuntu 22.04.3 LTS" is 22.04.3."""
    if not system:
        return None
    folded = system.casefold()
    if "windows" in folded:
        named = [found[0].upper() for pattern in (_WINDOWS, _RELEASE) if (found := pattern.search(folded))]
        return " ".join(named) or None
    found = _NUMBER.search(folded)
    return found[0] if found else None
