"""Figures as people read them: "93.4 %", "3 h 12 min", "2026-03-01 14:05 UTC". Programs get the raw number instead."""

import math
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from deskaudit.i18n import _, ngettext
from deskaudit.model import periods
from deskaudit.text import one_line

NONE = "–"
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_BYTES = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")


def show(value: object, unit: str = "", clock: str = "wall") -> str:
    """A figure with its unit. `clock` "business" keeps durations in hours: a business day is no 24 hours long."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return NONE
    if isinstance(value, bool) or not isinstance(value, int | float):
        return one_line(value)
    shown = {
        "share": lambda: share(value),
        "s": lambda: duration(value, clock),
        "at": lambda: time(value),
        "bytes": lambda: size(value),
        "points": lambda: _("{n} points").format(n=number(value)),
        "days": lambda: f"{number(value)} d",
        "hours": lambda: f"{number(value)} h",
    }.get(unit)
    if shown:
        return shown()
    return (
        number(value)
        if unit in {"", "count", "ratio", "number", "rho", "text"}
        else f"{number(value)} {one_line(unit, 20)}"
    )


def share(value: float) -> str:
    """A share of one as percent. What is not quite nothing or not quite all never looks as if it were."""
    percent = value * 100
    if 0 < percent < 0.05:
        return "< 0.1 %"
    if 99.95 <= percent < 100:
        return "> 99.9 %"
    text = f"{percent:.1f} %"
    return "0.0 %" if text == "-0.0 %" else text


def duration(seconds: float, clock: str = "wall") -> str:
    """The two largest units that matter: "45 s", "3 h 12 min", "2 d 4 h" (days on the wall clock only)."""
    left = round(abs(seconds))
    sign = "-" if seconds < 0 and left else ""
    if left < _MINUTE:
        return f"{sign}{left} s"
    if left < _HOUR - _MINUTE // 2:
        return sign + _pair(left, _MINUTE, "min", 1, "s", least=10 * _MINUTE)
    left = (left + _MINUTE // 2) // _MINUTE * _MINUTE
    if clock == "business" or left < 2 * _DAY:
        return sign + _pair(left, _HOUR, "h", _MINUTE, "min", least=100 * _HOUR)
    return sign + _pair((left + _HOUR // 2) // _HOUR * _HOUR, _DAY, "d", _HOUR, "h", least=100 * _DAY)


def _pair(left: int, big: int, big_unit: str, small: int, small_unit: str, *, least: int) -> str:
    """Both units, or from `least` on the big one alone, rounded."""
    if left >= least:
        return f"{(left + big // 2) // big} {big_unit}"
    whole, rest = divmod(left, big)
    rest //= small
    return f"{whole} {big_unit} {rest} {small_unit}" if rest else f"{whole} {big_unit}"


def number(value: float) -> str:
    """Groups of three from 10 000 on, at most two decimals, no needless ones; "< 0.01" for what would look like nothing."""
    if isinstance(value, int) or float(value).is_integer():
        return _group(f"{int(value)}")
    places = 0 if abs(value) >= 1000 else 1 if abs(value) >= 100 else 2
    text = f"{value:.{places}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    if text in {"0", "-0"}:
        return "< 0.01" if value > 0 else "> -0.01"
    whole, dot, part = text.partition(".")
    return _group(whole) + dot + part


def _group(digits: str) -> str:
    return f"{int(digits):,}".replace(",", " ") if len(digits.lstrip("-")) > 4 else digits


def size(count: float) -> str:
    """Bytes in the largest binary unit that leaves at least one."""
    step = 0
    while abs(count) >= 1024 and step < len(_BYTES) - 1:
        count /= 1024
        step += 1
    return f"{count:.0f} {_BYTES[step]}" if step == 0 or abs(count) >= 100 else f"{count:.1f} {_BYTES[step]}"


def time(seconds: float, zone: ZoneInfo | None = None) -> str:
    """A point in time to the minute: in the desk's zone, or in UTC, which is then said."""
    try:
        moment = datetime.fromtimestamp(seconds, zone or UTC)
        return moment.strftime("%Y-%m-%d %H:%M" if zone else "%Y-%m-%d %H:%M UTC")
    except (OverflowError, ValueError, OSError):
        return number(seconds)


def iso(seconds: int | None) -> str | None:
    """A point in time as ISO 8601 in UTC, to the second, for programs."""
    return None if seconds is None else periods.iso(seconds)


def interval(bounds: tuple[float, float] | None, unit: str, clock: str = "wall") -> str:
    """Both bounds, as in "91.2 % to 95.0 %"; empty where there is none."""
    if bounds is None:
        return ""
    return _("{low} to {high}").format(low=show(bounds[0], unit, clock), high=show(bounds[1], unit, clock))


def threshold(at: float | None, unit: str, better: str, clock: str = "wall") -> str:
    """Which figures pass: "≥ 95.0 %", "≤ 4 h"; empty where nothing is judged by one number."""
    if at is None or better not in {"higher", "lower"}:
        return ""
    return ("≥ " if better == "higher" else "≤ ") + exact(at, unit, clock)


def cost(requests: int, seconds: float | None) -> str:
    """What a pull will ask for: "about 412 requests, 2 min 20 s"."""
    text = ngettext("about {n} request", "about {n} requests", requests).format(n=number(requests))
    return text if seconds is None else f"{text}, {duration(seconds)}"


def wait(seconds: float) -> str:
    """What a pull does when a server has no time for it: "waiting 15 min for the server"."""
    return _("waiting {span} for the server").format(span=duration(seconds))


def exact(limit: float, unit: str, clock: str = "wall") -> str:
    """A limit as `show` has it, but with its own digits where that would say "< 0.1 %"."""
    shown = show(limit, unit, clock)
    if not shown.startswith(("<", ">")):
        return shown
    return f"{limit * 100:g} %" if unit == "share" else f"{limit:g}"


def signed(delta: float, unit: str, clock: str = "wall") -> str:
    """A difference with its sign: "+2.1 points", "-1 h 5 min"."""
    if unit == "points":
        return _("{n} points").format(n=f"{delta:+.1f}")
    text = show(delta, unit, clock)
    return text if text.startswith(("-", "<", ">")) or text == NONE else f"+{text}"


def unit_of(column: str, units: dict[str, str]) -> str:
    """A display column's unit: what the check says, else what its name ends with (due_at, overrun_s)."""
    if column in units:
        return units[column]
    if column.endswith("_at"):
        return "at"
    return "s" if column.endswith(("_s", "_w")) else ""


def column_title(column: str) -> str:
    """A display column's name for people: its unit shows in the figures."""
    name = column
    for suffix in ("_at", "_s", "_w"):
        name = name.removesuffix(suffix)
    return (name or column).replace("_", " ")
