"""Why a result has its status: one plain sentence with the figures in it."""

from deskaudit.checks.figures import is_select
from deskaudit.checks.judgements import LOW_N, Judgement, allowed_faults, verdict
from deskaudit.checks.needs import noun, short_noun
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
        if (alone := verdict(judgement, value, faults)) is not Status.PASS:
            parts.append(_limit(judgement, alone, value, faults))
        parts.append(_("FAIL: {words}").format(words=of_itself(judgement, of, listed)))
    elif judgement.judges:
        parts.append(_limit(judgement, status, value, faults))
    else:
        parts.append(_("reported, judges nothing"))
    if low_n and judgement.judges:
        parts.append(_("fewer than {n} rows, so never worse than WARN").format(n=LOW_N))
    sentence = "; ".join(part for part in parts if part) + "."
    return sentence[:1].upper() + sentence[1:]


def of_itself(judgement: Judgement, of: str, listed: int) -> str:
    """What `fail_if` found, in the check's words: "two failures in a row (2 jobs)"."""
    if is_select(judgement.fail_if or ""):  # what a SELECT lists need not be what the check judges
        return ngettext("{words} ({k} row)", "{words} ({k} rows)", listed).format(words=judgement.fail_says, k=listed)
    return _("{words} ({k} {things})").format(words=judgement.fail_says, k=listed, things=short_noun(of, listed))


def _figure(judgement: Judgement, value: float, of: str, n: int, faults: int | None, reference: float | None) -> str:
    shown = _shown(judgement, value)
    good = n - faults if faults is not None else n
    if judgement.says:
        return _said(judgement, value, good, n, faults)
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
    if judgement.kind == "list":
        return _("{title}: {value} {things}").format(title=judgement.title, value=shown, things=things)
    if judgement.kind == "count" and n:
        return _("{title}: {value} of {n} {things}").format(title=judgement.title, value=shown, n=n, things=things)
    if judgement.kind == "count":
        return _("{title}: {value}").format(title=judgement.title, value=shown)
    return _("{title}: {stat} {value}, over {n} {things}").format(
        title=judgement.title, stat=_STATS.get(judgement.stat, judgement.stat), value=shown, n=n, things=things
    )


def _said(judgement: Judgement, value: float, good: int, n: int, faults: int | None) -> str:
    """The check's own words. A count of one side beside the share of the other names that share."""
    says, shown = judgement.says, _shown(judgement, value)
    change = figures.signed(value, judgement.unit, judgement.clock)
    said = says.format(faults="" if faults is None else faults, good=good, n=n, value=shown, change=change)
    if judgement.kind != "ratio" or "{value}" in says or "{change}" in says:
        return said
    if judgement.stat == "share" and not judgement.drift:
        tells_faults, tells_good = "{faults}" in says, "{good}" in says
        if judgement.better == "higher" and tells_faults and not tells_good:
            return _("{said}: {value} were good").format(said=said, value=shown)
        if judgement.better == "lower" and tells_good and not tells_faults:
            return _("{said}: {value} were at fault").format(said=said, value=shown)
    return f"{said} ({shown})"


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


def _limit(judgement: Judgement, status: Status, value: float, faults: int | None) -> str:
    """What decided: the limit of the share or figure, or the number of faults that is allowed whatever the share."""
    if (allowed := allowed_faults(judgement, status, value, faults)) is not None:
        words = (
            _("up to {k} pass whatever their share")
            if status is Status.PASS
            else _("up to {k} only warn whatever their share")
        )
        return words.format(k=allowed)
    limit = _share_limit(judgement, fails=status is Status.FAIL)
    if status is Status.WARN and judgement.pass_count is not None and faults is not None:
        return _("{limit}, and up to {k} pass whatever their share").format(limit=limit, k=judgement.pass_count)
    if status is Status.FAIL and judgement.warn_count is not None and faults is not None:
        return _("{limit}, and up to {k} only warn whatever their share").format(limit=limit, k=judgement.warn_count)
    return limit


def _share_limit(judgement: Judgement, *, fails: bool) -> str:
    if judgement.direction == "band":
        band = judgement.warn_band if fails and judgement.warn_band else judgement.band
        if band is None:
            return ""
        low, high = (_shown(judgement, edge) for edge in band)
        if fails:
            return _("outside {low} to {high} fails").format(low=low, high=high)
        return _("{low} to {high} passes").format(low=low, high=high)
    if fails and judgement.warns is not None and judgement.warns != judgement.passes:
        limit = figures.exact(judgement.warns, judgement.unit, judgement.clock)
        if judgement.direction == "higher":
            return _("less than {limit} fails").format(limit=limit)
        return _("more than {limit} fails").format(limit=limit)
    if judgement.passes is None:
        return ""
    limit = figures.exact(judgement.passes, judgement.unit, judgement.clock)
    if judgement.direction == "higher":
        return _("at least {limit} passes").format(limit=limit)
    return _("at most {limit} passes").format(limit=limit)
