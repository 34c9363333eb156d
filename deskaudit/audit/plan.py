"""What an audit will do, decided before it starts."""

from typing import Any

import msgspec

from deskaudit.checks.catalogue import Catalogue, weights
from deskaudit.checks.spec import Check, Item
from deskaudit.config import Config
from deskaudit.errors import ConfigError
from deskaudit.i18n import _
from deskaudit.model import periods
from deskaudit.model.verdicts import AuditKind

QUICK_CADENCES = ("live", "daily", "weekly")


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """`only`: item, check or group ids; () is the whole catalogue. `sources` None: all enabled ones.

    `as_of` None: the moment the checks begin, so that what this run pulls is not later than what it judges.
    """

    kind: AuditKind
    period: periods.Period
    as_of: int | None = None
    only: tuple[str, ...] = ()
    sources: tuple[str, ...] | None = None
    pull: bool = True
    resume: int | None = None  # the id of an interrupted audit


def make(
    config: Config,
    *,
    now: int,
    quick: bool = False,
    only: tuple[str, ...] = (),
    period: str = "",
    as_of: str = "",
    sources: tuple[str, ...] | None = None,
    pull: bool = True,
) -> Plan:
    """A plan from the words of the command line or the Run screen (ruling 2)."""
    zone = config.desk.zone
    moment = periods.parse_as_of(as_of, zone) if as_of else now
    if moment > now:
        raise ConfigError(_("--as-of lies in the future."), hint=_("Name a day that has ended."))
    if period:
        span = periods.parse(period, zone)
        if span.start >= moment:
            raise ConfigError(
                _("The period {period} begins after {as_of}.").format(period=period, as_of=periods.iso(moment)),
                hint=_("Name a period that has begun, or a later --as-of."),
            )
    else:
        span = periods.days_before(moment) if quick else periods.quarter_before(moment, zone)
    kind: AuditKind = "quick" if quick else "partial" if only else "full"
    return Plan(kind=kind, period=span, as_of=moment if as_of else None, only=only, sources=sources, pull=pull)


def checks_of(plan: Plan, catalogue: Catalogue) -> list[tuple[Item, Check]]:
    """The checks a plan runs: those that read this audit's own results come last.

    A quick scan keeps to daily and weekly items, unless it was told which ones.
    """
    chosen = catalogue.select(plan.only)
    if plan.kind == "quick" and not plan.only:
        chosen = [(item, check) for item, check in chosen if item.cadence in QUICK_CADENCES]
    return sorted(chosen, key=lambda pair: pair[1].phase)


def items_asked(plan: Plan, catalogue: Catalogue) -> list[Item]:
    """The items whose questions belong to the audit: those it checks whole. A quick scan asks nothing."""
    if plan.kind == "quick":
        return []
    chosen = {check.id for _item, check in checks_of(plan, catalogue)}
    return [item for item in catalogue.items.values() if all(check.id in chosen for check in item.check)]


def weights_of(plan: Plan, catalogue: Catalogue, cap: int) -> dict[str, Any]:
    """What the audit pins: the weights of what it checks and asks, and of nothing else.

    A full audit pins the whole catalogue, so that leaving something out cannot raise its headline.
    """
    pinned = weights(catalogue, cap)
    chosen = {check.id for _item, check in checks_of(plan, catalogue)}
    asked = {item.id for item in items_asked(plan, catalogue)}
    items = {}
    for item_id, item in pinned["items"].items():
        checks = {check: weight for check, weight in item["checks"].items() if check in chosen}
        if item_id in asked:
            items[item_id] = item
        elif checks:
            items[item_id] = {**item, "checks": checks, "manual": 0, "questions": {}}
    return {**pinned, "items": items}
