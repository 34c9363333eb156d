"""Why a result has its status: one plain sentence with the figures in it."""

from deskaudit.checks.judgements import LOW_N, Judgement
from deskaudit.checks.needs import noun
from deskaudit.i18n import _, ngettext
from deskaudit.model import figures
from deskaudit.model.verdicts import Status


def explain(
    judgement: Judgement,
    status: Status,
    value: float,
    *,
    of: str,
    n: int,
    faults: int | None = None,
    low_n: bool = False,
    listed: int = 0,
    reference: float | None = None,
) -> str:
    """The reason of a figure that was measured. `listed`: rows that `fail_if` found; `reference`: of a drift."""
    parts = [_figure(judgement, value, of, n, faults, reference)]
    if listed:
        parts.append(of_itself(listed))
    elif judgement.judges:
        parts.append(_limit(judgement, status))
    else:
        parts.append(_("reported, judges nothing"))
    if low_n and judgement.judges:
        parts.append(_("fewer than {n} rows, so never worse than WARN").format(n=LOW_N))
    return "; ".join(part for part in parts if part) + "."


def of_itself(listed: int) -> str:
    """What `fail_if` found."""
    return ngettext("{k} row alone makes it fail", "{k} rows alone make it fail", listed).format(k=listed)


def _figure(judgement: Judgement, value: float, of: str, n: int, faults: int | None, reference: float | None) -> str:
    shown = _shown(judgement, value)
    good = n - faults if faults is not None else n
    if judgement.says:
        said = judgement.says.format(faults=faults if faults is not None else "", good=good, n=n, value=shown)
        return said if "{value}" in judgement.says or judgement.kind != "ratio" else f"{said} ({shown})"
    things = noun(of, n)
    if reference is not None:
        before = figures.show(reference, _raw_unit(judgement), judgement.clock)
        words = (
            _("{title}: {value} better than in the period before ({reference}), over {n} {things}")
            if value < 0
            else _("{title}: {value} worse than in the period before ({reference}), over {n} {things}")
        )
        return words.format(
            title=judgement.title, value=_shown(judgement, abs(value)), reference=before, n=n, things=things
        )
    if judgement.kind == "ratio" and judgement.stat == "share":
        part = good if judgement.better == "higher" else faults
        return _("{title}: {part} of {n} {things} ({value})").format(
            title=judgement.title, part=part, n=n, things=things, value=shown
        )
    if judgement.kind in {"count", "list"}:
        return _("{title}: {value}").format(title=judgement.title, value=shown)
    return _("{title}: {stat} {value}, over {n} {things}").format(
        title=judgement.title, stat=_STATS.get(judgement.stat, judgement.stat), value=shown, n=n, things=things
    )


def _shown(judgement: Judgement, value: float) -> str:
    return figures.show(value, judgement.unit, judgement.clock)


_STATS = {
    "mean": "mean",
    "median": "median",
    "p90": "90th percentile",
    "sum": "sum",
    "min": "least",
    "max": "most",
    "cv": "coefficient of variation of the worst group",
    "spread": "best less worst",
    "gap": "difference",
    "rho": "rank correlation",
}


def _raw_unit(judgement: Judgement) -> str:
    return {"ratio": "share", "duration": "s", "count": "count", "number": ""}.get(judgement.kind, "")


def _limit(judgement: Judgement, status: Status) -> str:
    fails = status is Status.FAIL
    if judgement.direction == "band":
        band = judgement.warn_band if fails and judgement.warn_band else judgement.band
        if band is None:
            return ""
        low, high = (_shown(judgement, edge) for edge in band)
        if fails:
            return _("outside {low} to {high} fails").format(low=low, high=high)
        return _("{low} to {high} passes").format(low=low, high=high)
    if fails and judgement.warns is not None and judgement.warns != judgement.passes:
        limit = _shown(judgement, judgement.warns)
        if judgement.direction == "higher":
            return _("less than {limit} fails").format(limit=limit)
        return _("more than {limit} fails").format(limit=limit)
    if judgement.passes is None:
        return ""
    limit = _shown(judgement, judgement.passes)
    if judgement.direction == "higher":
        return _("at least {limit} passes").format(limit=limit)
    return _("at most {limit} passes").format(limit=limit)
