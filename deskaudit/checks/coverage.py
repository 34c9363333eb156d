"""Whether the data reach into the period that is judged: asked once for each entity, and told wherever nothing was judged.

A source that ended before the period, or begins after it, cannot show that nothing happened in it.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from deskaudit.checks.context import Covered, Reader, Window
from deskaudit.checks.needs import entities, noun
from deskaudit.checks.spec import Check
from deskaudit.i18n import _

HAPPEN = ("ticket", "event", "interaction", "rating", "slot", "backup_run", "finance_period", "audience")
"""The entities whose rows happen in time: those of the snapshot's table `coverage`."""


class Outside(msgspec.Struct, frozen=True):
    """The sources of one entity that do not reach into the period. `whole`: none of its sources does."""

    entity: str
    away: tuple[Covered, ...]
    whole: bool


def find_outside(check: Check, reader: Reader, window: Window) -> list[Outside]:
    """What a check needs and the period lacks; [] where all sources reach into the period."""
    return _outside(entities(check), reader, window)


def find_warnings(checks: Iterable[Check], reader: Reader, window: Window) -> list[str]:
    """A sentence for each entity that checks need and no source has of the period: what a reader must know first."""
    needed = dict.fromkeys(entity for check in checks for entity in entities(check))
    return [explain([one], window) for one in _outside(needed, reader, window) if one.whole]


def explain(found: Sequence[Outside], window: Window) -> str:
    """Which data end before the period or begin after it, and what to do."""
    return " ".join(_explain(one, window) for one in found)


def _outside(names: Iterable[str], reader: Reader, window: Window) -> list[Outside]:
    found = []
    for entity in names:
        sources = reader.coverage(entity) if entity in HAPPEN else ()
        away = tuple(one for one in sources if one.moved_at < window.start or one.oldest_at >= window.end)
        if away:
            found.append(Outside(entity, away, whole=len(away) == len(sources)))
    return found


def _explain(one: Outside, window: Window) -> str:
    ended = [source for source in one.away if source.moved_at < window.start]
    zone = ZoneInfo(window.zone)
    if ended:
        at = datetime.fromtimestamp(max(source.newest_at for source in ended), zone)
        text = _(
            "The newest {thing} in {sources} is of {day}; the period begins on {edge}."
            " Export newer data, or judge the time they cover: --period {period}."
        )
        edge, told = window.start, ended
    else:
        at = datetime.fromtimestamp(min(source.oldest_at for source in one.away), zone)
        text = _(
            "The oldest {thing} in {sources} is of {day}; the period ends on {edge}."
            " Fetch older data, or judge the time they cover: --period {period}."
        )
        edge, told = window.end - 1, list(one.away)
    return text.format(
        thing=noun(one.entity, 1),
        sources=", ".join(source.src for source in told),
        day=f"{at:%Y-%m-%d}",
        edge=f"{datetime.fromtimestamp(edge, zone):%Y-%m-%d}",
        period=f"{at.year}-Q{(at.month + 2) // 3}",
    )
