"""What one leg of a check judges: its thresholds with everything inherited and defaulted, and the verdict on a figure."""

import math

import msgspec

from deskaudit.checks.spec import Check, Judge, Kind, Leg, Stat
from deskaudit.i18n import item_text
from deskaudit.model.verdicts import Status

LOW_N = 20
"""Fewer rows of a sample are shown, marked, and never worse than WARN (ruling 12)."""

_STATS: dict[Kind, Stat] = {
    "ratio": "share",
    "duration": "median",
    "count": "count",
    "number": "mean",
    "list": "count",
    "gap": "gap",
    "correlation": "rho",
}
_UNITS: dict[Kind, str] = {
    "ratio": "share",
    "duration": "s",
    "count": "count",
    "number": "",
    "list": "count",
    "gap": "",
    "correlation": "rho",
}
_THRESHOLDS = ("passes", "warns", "pass_count", "warn_count", "band", "warn_band")


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """One leg, ready to run; `leg` is "" where the check has none. Fields as in `spec.Judge`.

    `better` tells which share of a ratio is meant and which way a figure gets worse; `direction` how it is judged.
    """

    leg: str
    title: str
    kind: Kind
    rows: str
    stat: Stat
    unit: str
    better: str
    passes: float | None
    warns: float | None
    pass_count: int | None
    warn_count: int | None
    band: tuple[float, float] | None
    warn_band: tuple[float, float] | None
    drift: bool
    only: str | None
    fail_if: str | None
    fail_says: str
    says: str
    clock: str = "wall"

    @property
    def judges(self) -> bool:
        """False: the figure is reported, and judges nothing."""
        return self.kind not in {"list", "correlation"} and (
            any(getattr(self, name) is not None for name in _THRESHOLDS) or bool(self.fail_if)
        )

    @property
    def direction(self) -> str:
        """Which way the figure is judged. A change for the worse and a spread are better small, whatever they are of."""
        return "lower" if self.drift or self.stat == "spread" else self.better

    @property
    def scale(self) -> int:
        """100 where the figure is in percentage points, else 1."""
        return 100 if self.unit == "points" else 1


def judgements(check: Check) -> list[Judgement]:
    """The legs of a check, or the one judgement of a check without legs."""
    return [_judgement(check, leg) for leg in check.leg] if check.leg else [_judgement(check, None)]


def _judgement(check: Check, leg: Leg | None) -> Judgement:
    own: Judge = leg or check
    sets_own = any(getattr(own, name) is not None for name in _THRESHOLDS)
    limits: Judge = own if sets_own else check

    def inherited(name: str) -> object:
        value = getattr(own, name)
        return getattr(check, name) if value is None else value

    stat = inherited("stat") or _STATS[check.kind]
    drift = bool(inherited("drift"))
    return msgspec.convert(
        {
            "leg": leg.leg if leg else "",
            "title": item_text(f"{check.id}.{leg.leg}.title", leg.title) if leg and leg.title else check.text("title"),
            "kind": check.kind,
            "rows": (leg.rows if leg else None) or check.rows or "",
            "stat": stat,
            "unit": inherited("unit") or _default_unit(check.kind, stat, drift=drift),
            "better": inherited("better") or _default_better(check.kind, limits),
            "drift": drift,
            "only": own.only,
            "fail_if": inherited("fail_if"),
            # a condition of a leg's own is told in its own words, never in those of the check's
            "fail_says": own.fail_says or (check.fail_says if own.fail_if is None else ""),
            "says": own.says or check.says,
            "clock": check.clock,
            **{name: getattr(limits, name) for name in _THRESHOLDS},
        },
        Judgement,
    )


def _default_unit(kind: Kind, stat: object, *, drift: bool) -> str:
    if stat == "spread" or (drift and kind == "ratio"):
        return "points"
    if drift:
        return "share"
    if stat == "cv":
        return "ratio"
    return _UNITS[kind]


def _default_better(kind: Kind, limits: Judge) -> str:
    if limits.band is not None:
        return "band"
    return "lower" if kind in {"count", "duration"} else ""


def verdict(judgement: Judgement, value: float, faults: int | None = None) -> Status:
    """PASS, WARN or FAIL of a figure; INFO where nothing is judged. `faults` are the rows at fault of a ratio."""
    if not judgement.judges:
        return Status.INFO
    if all(getattr(judgement, name) is None for name in _THRESHOLDS):
        return Status.PASS  # only `fail_if` judges
    if _within(judgement, value, judgement.passes, judgement.band) or _few(faults, judgement.pass_count):
        return Status.PASS
    if judgement.warns is None and judgement.warn_count is None and judgement.warn_band is None:
        return Status.WARN
    if _within(judgement, value, judgement.warns, judgement.warn_band) or _few(faults, judgement.warn_count):
        return Status.WARN
    return Status.FAIL


def allowed_faults(judgement: Judgement, status: Status, value: float, faults: int | None) -> int | None:
    """`pass_count` or `warn_count`, where it gave the status that the share alone would not have given."""
    if status is Status.PASS:
        limit, band, count = judgement.passes, judgement.band, judgement.pass_count
    elif status is Status.WARN:
        limit, band, count = judgement.warns, judgement.warn_band, judgement.warn_count
    else:
        return None
    return count if _few(faults, count) and not _within(judgement, value, limit, band) else None


def _few(faults: int | None, allowed: int | None) -> bool:
    return faults is not None and allowed is not None and faults <= allowed


def _within(judgement: Judgement, value: float, limit: float | None, band: tuple[float, float] | None) -> bool:
    if judgement.direction == "band":
        return band is not None and _at_most(band[0], value) and _at_most(value, band[1])
    if limit is None:
        return False
    return _at_most(limit, value) if judgement.direction == "higher" else _at_most(value, limit)


def _at_most(small: float, large: float) -> bool:
    """≤, but 100 × (0.8 − 0.7) is not more than 10."""
    return small <= large or math.isclose(small, large, rel_tol=1e-9, abs_tol=1e-12)
