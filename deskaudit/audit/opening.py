"""Opening hours as people say them: typed in one line, shown, and held against what a desk's tickets tell."""

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import ClassVar

from deskaudit.config import DAYS, USUAL_HOURS, Calendar, Config, Desk
from deskaudit.i18n import _
from deskaudit.model.entities import Ticket
from deskaudit.tomltables import OptionError

ALWAYS = {"mon-sun": ["00:00-24:00"]}
ZONES = Path("/usr/share/zoneinfo/zone.tab")
_DAY = "|".join(DAYS)
_DAYS = re.compile(rf"({_DAY})[a-z]*\.?(?:-({_DAY})[a-z]*\.?)?")
_SPAN = re.compile(r"(\d{1,2})(?:[:.](\d{2}))?-(\d{1,2})(?:[:.](\d{2}))?")


def read_hours(text: str) -> dict[str, list[str]]:
    """Hours typed as "mon-fri 8-16, sat 10:00-14:00" or "24x7", as the config has them. ValueError with a sentence."""
    plain = re.sub(r"\s*[-–—]\s*", "-", text.strip().lower())
    if plain in {"24x7", "24/7", "always"}:
        return dict(ALWAYS)
    found: dict[str, list[str]] = {}
    waiting: list[str] = []  # days whose spans come after the next days: "mon, wed 8-16"
    for word in re.split(r"[\s,;]+", plain):
        if days := _DAYS.fullmatch(word):
            if waiting and found.get(waiting[-1]):
                waiting = []
            waiting.append("-".join(day for day in days.groups() if day))
            found.setdefault(waiting[-1], [])
        elif (span := _SPAN.fullmatch(word)) and waiting:
            for name in waiting:
                found[name].append(f"{int(span[1]):02}:{span[2] or '00'}-{int(span[3]):02}:{span[4] or '00'}")
        else:
            raise ValueError(_('"{word}" is not understood; {how}').format(word=word[:40], how=how_to_write()))
    if missing := [name for name, spans in found.items() if not spans]:
        raise ValueError(_("no hours are said for {days}; {how}").format(days=missing[0], how=how_to_write()))
    _check(Calendar(hours=found))
    return found


def how_to_write() -> str:
    return _("write mon-fri 08:00-16:00, sat 10:00-14:00; or 24x7")


def show_hours(hours: Mapping[str, list[str]]) -> str:
    """The hours as `read_hours` takes them."""
    if dict(hours) == ALWAYS:
        return "24x7"
    return ", ".join(f"{days} {' '.join(spans)}" for days, spans in hours.items())


def check_holidays(code: str) -> None:
    """Raises ValueError, as a sentence, for a country whose holidays are not known; "" is allowed."""
    _check(Calendar(holidays=code))


def _check(calendar: Calendar) -> None:
    from deskaudit.snapshot.hours import read_calendars

    try:
        read_calendars(Config(calendars={"default": calendar}))
    except OptionError as fault:
        raise ValueError(fault.message.removeprefix(f"{fault.key}: ")) from None


def local_zone() -> str:
    """This machine's zone, by TZ or the link in /etc; UTC where neither says one that is known."""
    found = os.environ.get("TZ") or os.path.realpath("/etc/localtime").partition("/zoneinfo/")[2]
    try:
        return Desk(zone=found or "UTC").zone
    except ValueError:
        return "UTC"


def country_of(zone: str, table: Path = ZONES) -> str:
    """The code of the country that a time zone lies in, as this machine's table of zones has it; "" where it does not."""
    try:
        lines = table.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return ""
    rows = (line.split("\t") for line in lines if not line.startswith("#"))
    return next((row[0] for row in rows if len(row) > 2 and row[2] == zone), "")


class DeskSetup(Desk, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is asked for before the first source: `[desk]`, and when it is open."""

    help: ClassVar[dict[str, str]] = {
        **Desk.help,
        "hours": "When the desk is open, as mon-fri 08:00-16:00, sat 10:00-14:00; or 24x7. Business time runs in these hours alone.",
        "holidays": "Whose public holidays it keeps, as NO, US or DE-BY; empty: none.",
    }

    hours: str = show_hours(USUAL_HOURS)
    holidays: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        read_hours(self.hours)
        check_holidays(self.holidays)

    def calendar(self) -> dict[str, object]:
        """`[calendars.default]` as the config says it."""
        return {"hours": read_hours(self.hours), **({"holidays": self.holidays} if self.holidays else {})}


def doubt(tickets: Iterable[Ticket], config: Config) -> str:
    """A sentence where many first answers were given outside the default calendar's hours; "" elsewhere."""
    from deskaudit.checks.cautions import ENOUGH, MANY
    from deskaudit.snapshot.clock import DAY, Clock
    from deskaudit.snapshot.hours import DEFAULT, read_calendars

    answered = sorted(one.first_response_at for one in tickets if one.first_response_at is not None)
    if len(answered) < ENOUGH:
        return ""
    hours = read_calendars(config)[DEFAULT]
    clock = Clock(hours, answered[0] - DAY, answered[-1] + DAY)
    late = sum(not clock.business_seconds(at, at + 1) for at in answered)
    if late < MANY * len(answered):
        return ""
    said = config.calendars["default"].hours if "default" in config.calendars else None
    text = _(
        "{late} of {n} first answers were given outside the opening hours ({hours}): correct {key} if they are wrong."
    )
    return text.format(
        late=late,
        n=len(answered),
        hours=show_hours(USUAL_HOURS if said is None else said),
        key="calendars.default.hours",
    )
