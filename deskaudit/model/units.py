"""Figures as people read them: "5.8 %", "3 h 20 min", "12.4 points"."""

import math

from deskaudit.i18n import _, ngettext

_STEPS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))


def format_figure(value: float | None, unit: str, clock: str = "wall") -> str:
    """A value in its unit, short. Units: share (0–1), points (0–100), s, count, days; others are written after it.

    `clock` "business" keeps durations in hours: a business day is not 24 hours long.
    """
    if value is None:
        return "–"
    if unit == "share":
        return _("{value} %").format(value=_number(100 * value, 1))
    if unit == "points":
        return ngettext("{value} point", "{value} points", 1 if value == 1 else 2).format(value=_number(value, 1))
    if unit == "s":
        return format_duration(value, clock)
    if unit == "days":
        return ngettext("{value} day", "{value} days", 1 if value == 1 else 2).format(value=_number(value, 1))
    if unit in {"", "count", "ratio", "rho"}:
        return _number(value, 2)
    return f"{_number(value, 2)} {unit}"


def format_duration(seconds: float, clock: str = "wall") -> str:
    """Seconds in the two largest units that fit: "1 d 2 h", "3 h 20 min", "45 s"."""
    left = round(abs(seconds))
    sign = "-" if seconds < 0 and left else ""
    for place, (size, unit) in enumerate(_STEPS):
        if (left >= size and not (clock == "business" and unit == "d")) or size == 1:
            text = f"{left // size} {unit}"
            if place < 3:
                smaller, name = _STEPS[place + 1]
                if rest := left % size // smaller:
                    text += f" {rest} {name}"
            return sign + text
    return "0 s"


def _number(value: float, digits: int) -> str:
    if not math.isfinite(value):
        return str(value)
    text = f"{value:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
