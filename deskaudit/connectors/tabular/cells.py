"""What stands in a cell: numbers with either decimal mark, durations, yes and no, and nothing."""

import re
from collections.abc import Iterable, Mapping

from deskaudit.i18n import _

LONGEST = 60
"""No number or duration is longer; what is cut there does not read as one."""
UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
YES = frozenset({"yes", "y", "true", "t", "1", "1.0", "x", "on", "ja", "oui", "si", "sí", "ναι", "within sla", "met"})
NO = frozenset({"no", "n", "false", "f", "0", "0.0", "off", "nei", "non", "nein", "όχι", "sla violated", "violated"})
"""Whether "met" is good is the column's affair: these read what a cell says."""

_GROUPED = {
    ".": re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?"),
    ",": re.compile(r"[+-]?\d{1,3}([. ]\d{3})+(,\d+)?"),
}
_PLAIN = {".": re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,2})?"), ",": re.compile(r"[+-]?\d+(,\d*)?")}
_CLOCK = re.compile(r"(?:(\d+)\s*(?:d|days?|\.)[ ,]*)?(\d{1,5}):([0-5]\d)(?::([0-5]\d)(?:[.,]\d+)?)?")
_PART = re.compile(r"(\d+(?:[.,]\d+)?)\s*([a-z]+)\.?,?\s*")
_WORDS = {
    "s": ("s", "sec", "secs", "second", "seconds"),
    "m": ("m", "min", "mins", "minute", "minutes"),
    "h": ("h", "hr", "hrs", "hour", "hours"),
    "d": ("d", "day", "days"),
}
_UNIT_OF = {word: unit for unit, words in _WORDS.items() for word in words}


def fold_text(text: str) -> str:
    """As words are compared: small letters, single blanks."""
    return " ".join(text.casefold().split())


def read_number(text: str, decimal: str) -> float:
    """The number of a cell: 1,234.5 where `decimal` is a full stop, 1.234,5 and 1 234,5 where it is a comma.

    Raises ValueError; 4,5 is no number where the mark is a full stop.
    """
    plain = text.strip()[:LONGEST].replace("\u00a0", " ").replace("\u202f", " ")
    if _GROUPED[decimal].fullmatch(plain):
        plain = re.sub(r"[, ]" if decimal == "." else r"[. ]", "", plain)
    if not _PLAIN[decimal].fullmatch(plain):
        raise ValueError(text)
    return float(plain.replace(",", "."))


def read_duration(text: str, unit: str, decimal: str) -> float:
    """Seconds of "HH:MM:SS", "HH:MM", "2 days, 03:00:00", "1h 30m", or of a number in `unit` (s, m, h, d).

    Raises ValueError where it is none of these, or a number whose unit nobody said.
    """
    plain = text.strip()[:LONGEST].casefold()
    if found := _CLOCK.fullmatch(plain):
        days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
        return days * 86400.0 + hours * 3600 + minutes * 60 + seconds
    if not plain.startswith(("+", "-")) and (parts := _PART.findall(plain)) and not _PART.sub("", plain):
        if any(word not in _UNIT_OF for _n, word in parts):
            raise ValueError(text)
        return sum(float(number.replace(",", ".")) * UNITS[_UNIT_OF[word]] for number, word in parts)
    if not unit:
        raise ValueError(_("a number of what? set duration_unit to s, m, h or d"))
    seconds_ = read_number(plain, decimal) * UNITS[unit]
    if seconds_ < 0:
        raise ValueError(text)
    return seconds_


class Words:
    """Yes and no as a file writes them: the site's own words before the usual ones."""

    def __init__(self, own: Mapping[str, bool]) -> None:
        self._known = dict.fromkeys(YES, True) | dict.fromkeys(NO, False)
        self._known |= {fold_text(word): meant for word, meant in own.items()}

    def read(self, text: str) -> bool:
        """Raises ValueError for a word that is neither."""
        known = self._known.get(text)
        if known is None:
            known = self._known.get(fold_text(text))
            if known is None:
                raise ValueError(text)
            self._known[text] = known  # as the file writes it: the next cell needs no folding
        return known


def fold_set(texts: Iterable[str]) -> frozenset[str]:
    return frozenset(fold_text(text) for text in texts)
