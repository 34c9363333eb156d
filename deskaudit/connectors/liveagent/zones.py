"""Which zone the dates of a resource stand in.

LiveAgent gives dates without an offset, in the account's zone; a header asks for UTC, and not every path obeys it in
every version. Filters always take UTC. So the header is sent, the zone is read, and where the zone is not UTC one
page of each resource is fetched both ways: only what the header moves stands in UTC.
"""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from deskaudit.connectors.fields import Clock
from deskaudit.connectors.http import HttpError
from deskaudit.connectors.liveagent.api import Api, Page
from deskaudit.i18n import _
from deskaudit.model.batches import Problem
from deskaudit.text import one_line

UNDECIDED_PAGES = 3  # after which the documentation is believed
_FORMAT = "%Y-%m-%d %H:%M:%S"


class Zones:
    """The clocks of an account's resources."""

    def __init__(self, zone: tzinfo) -> None:
        self.zone = zone
        self.local = Clock(zone)
        self._decided: dict[str, Clock] = {}
        self._undecided: Counter[str] = Counter()
        self._utc = Clock(UTC)

    def clock(self, resource: str, page: Page, again: Callable[[], Page]) -> Clock:
        """How to read this page. `again` fetches it without the header, where that is needed to find out."""
        if self.zone == UTC:
            return self._utc
        if resource in self._decided:
            return self._decided[resource]
        if not any(_offset(self.zone, moment) for row in page.rows for moment in _dates(row).values()):
            return self._utc  # both readings are the same
        try:
            plain = again()
        except HttpError:
            return self._utc  # as the documentation has it; asked again with the next page
        votes = _compare(self.zone, page.rows, plain.rows)
        if not votes:
            self._undecided[resource] += 1
            if self._undecided[resource] >= UNDECIDED_PAGES:
                self._decided[resource] = self._utc
            return self._utc
        obeyed = votes["obeyed"] >= votes["ignored"]
        self._decided[resource] = self._utc if obeyed else self.local
        return self._decided[resource]


def learn(api: Api, option: str) -> tuple[Zones, list[Problem]]:
    """The account's zone: the option, else the account's own setting, else UTC with a warning."""
    if option:
        return Zones(_zone(option) or UTC), []
    try:
        page = api.page("/settings", {"settingsNames": "TIMEZONE"})
        names = [row.get("value") for row in page.rows if isinstance(row, dict) and row.get("name") == "TIMEZONE"]
        why = _("it says {name}").format(name=one_line(names[0], 60)) if names else _("it does not say it")
    except HttpError as fault:
        if fault.kind not in {"forbidden", "auth", "bad_answer"}:
            raise
        names, why = [], fault.message
    zone = _zone(names[0]) if names and isinstance(names[0], str) else None
    if zone is not None:
        return Zones(zone), []
    return Zones(UTC), [
        Problem(
            resource="settings",
            message=_(
                "The account's time zone is not known ({why}); times are read as UTC. Set the option zone."
            ).format(why=why),
        )
    ]


def _zone(name: str) -> tzinfo | None:
    if name.strip().upper() in {"UTC", "GMT", "ETC/UTC", "ETC/GMT", "Z"}:
        return UTC
    try:
        return ZoneInfo(name.strip())
    except (KeyError, ValueError, OSError):
        return None


def _compare(zone: tzinfo, shifted: list[Any], plain: list[Any]) -> Counter[str]:
    """Votes of the dates that both pages have: moved by just the zone's offset (obeyed), or not at all (ignored)."""
    others = {_name(row): row for row in plain if _name(row)}
    votes: Counter[str] = Counter()
    for row in shifted:
        other = _dates(others.get(_name(row)))
        for field, moment in _dates(row).items():
            if field not in other:
                continue
            moved = other[field] - moment
            if moved == timedelta(0) and _offset(zone, moment):
                votes["ignored"] += 1
            elif moved and moved == (moment.replace(tzinfo=UTC).astimezone(zone).utcoffset() or timedelta(0)):
                votes["obeyed"] += 1
    return votes


def _name(row: Any) -> str:
    if not isinstance(row, dict):
        return ""
    found = row.get("id") or row.get("conversationid")
    return str(found) if isinstance(found, str | int) else ""


def _dates(row: Any) -> dict[str, datetime]:
    """The fields of a row that hold a date and time without an offset."""
    found = {}
    for field, value in row.items() if isinstance(row, dict) else ():
        if isinstance(field, str) and isinstance(value, str) and len(value) == 19:
            try:
                moment = datetime.strptime(value, _FORMAT)  # noqa: DTZ007 - which zone it is in is the question
            except ValueError:
                continue
            if 1995 <= moment.year < 2200:
                found[field] = moment
    return found


def _offset(zone: tzinfo, moment: datetime) -> timedelta:
    return moment.replace(tzinfo=zone).utcoffset() or timedelta(0)
