"""Figures, times and formulas as people read them."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol
from zoneinfo import ZoneInfo

from deskaudit.checks.spec import Check, Leg
from deskaudit.errors import ConfigError
from deskaudit.i18n import _, ngettext
from deskaudit.model import figures
from deskaudit.model.batches import Probe
from deskaudit.model.verdicts import Audit, Result

if TYPE_CHECKING:
    from deskaudit.checks.catalogue import Catalogue


def figure(value: float | None, unit: str, clock: str = "wall") -> str:
    """A value in its unit: 12.3 %, 3 h 20 min, 12 040. The same words as in the reports."""
    return figures.show(value, unit, clock)


def short(text: str) -> str:
    """A figure for a narrow column."""
    return text.replace(_(" points"), _(" pt"))


def span(seconds: float) -> str:
    """A length of time in its two largest units."""
    return figures.duration(seconds)


def value_of(result: Result) -> str:
    return figures.show(result.value, result.unit, result.clock)


class Titled(Protocol):
    """What has a title: results and changes."""

    @property
    def check(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def leg(self) -> str: ...


def title_of(thing: Titled, catalogue: "Catalogue") -> str:
    """The title; of a leg, which has a short one of its own, with its check's behind it."""
    if not thing.leg:
        return thing.title
    try:
        return f"{thing.title} · {catalogue.check(thing.check)[1].text('title')}"
    except ConfigError:  # the check of an old audit is gone
        return f"{thing.title} · {thing.name}"


def severity(word: str) -> str:
    """How much a check weighs, in a word."""
    return {"critical": _("critical"), "high": _("high"), "medium": _("medium"), "low": _("low")}.get(word, word)


def short_severity(word: str) -> str:
    """The same in four cells."""
    return {"critical": _("crit"), "high": _("high"), "medium": _("med"), "low": _("low")}.get(word, word)


def spread(result: Result) -> str:
    """Mean, median and ends of the values, where the check has them."""
    known = (
        (_("mean"), result.mean),
        (_("median"), result.median),
        (_("90 %"), result.p90),
        (_("smallest"), _number(result.details.get("min"))),
        (_("largest"), _number(result.details.get("max"))),
    )
    parts = [f"{name} {figure(value, result.unit, result.clock)}" for name, value in known if value is not None]
    return ", ".join(parts)


def beside(result: Result) -> str:
    """What the engine noted beside the value: the reference of a drift, best and worst segment, parts, fixed faults."""
    parts = []
    for key, value in result.details.items():
        match key, value:
            case "min" | "max" | "sum" | "band" | "allowed" | "not_judged" | "fail_says", _value:
                continue
            case "fail_if", int() as n:
                parts.append(_alone(result, n))
            case "parts", dict() as halves:
                parts += [_part(name, half) for name, half in halves.items()]
            case _, bool():
                parts.append(key.replace("_", " "))
            case _, int() | float() | str():
                parts.append(f"{key.replace('_', ' ')} {figures.show(value)}")
    return ", ".join(parts)


def _alone(result: Result, n: int) -> str:
    """What fails by itself, in the check's words; without any in audits that did not keep them."""
    if words := result.details.get("fail_says"):
        return f"{words} ({n})"
    return ngettext("{n} row alone makes it fail", "{n} rows alone make it fail", n).format(n=n)


def _part(name: str, half: dict[str, Any]) -> str:
    return _("{name}: mean {mean} of {n}").format(
        name=name, mean=figures.show(half.get("mean")), n=figures.show(half.get("n"))
    )


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def limit(result: Result) -> str:
    """The threshold for PASS with its sign, as ≤ 5.0 %; a band's two ends; "" where nothing is judged."""
    band = result.details.get("band")
    if result.better == "band" and isinstance(band, list | tuple) and len(band) == 2:
        return figures.interval((band[0], band[1]), result.unit, result.clock)
    return _or_up_to(figures.threshold(result.pass_at, result.unit, result.better, result.clock), result, "pass")


def short_limit(result: Result) -> str:
    """The threshold for a narrow column: of "≤ 5.0 % or up to 3" the share, with a plus for the rest."""
    text = limit(result)
    share = figures.threshold(result.pass_at, result.unit, result.better, result.clock)
    return short(f"{share} +" if share and text != share and result.better != "band" else text)


def _or_up_to(text: str, result: Result, word: str) -> str:
    """A threshold with the number of faults that "pass" or "warn" whatever their share, where the check has one."""
    counts = result.details.get("allowed")
    count = counts.get(word) if isinstance(counts, dict) else None
    if count is None:
        return text
    return _("{limit} or up to {k}").format(limit=text, k=count) if text else _("up to {k}").format(k=count)


def limits(result: Result, check: Check | None = None) -> str:
    """All thresholds in a sentence; where there are none, what makes it fail whatever the figure is."""
    at = limit(result)
    if not at:
        alone = fails_alone(result, check)
        return _("FAIL: {rule}; else PASS").format(rule=alone) if alone else _("nothing: it is reported, not judged")
    text = _("PASS {at}").format(at=at)
    warn = _or_up_to(figures.threshold(result.warn_at, result.unit, result.better, result.clock), result, "warn")
    return text + _(", WARN {at}, else FAIL").format(at=warn) if warn else text


def fails_also(result: Result, check: Check | None) -> str:
    """What makes it fail beside its thresholds; "" where it has none of the two."""
    alone = fails_alone(result, check)
    return _("FAIL also: {rule}").format(rule=alone) if alone and limit(result) else ""


def fails_alone(result: Result, check: Check | None) -> str:
    """What makes the result fail by itself, in words; a leg that has no rule of its own takes its check's."""
    leg = next((each for each in check.leg if each.leg == result.leg), None) if check and result.leg else None
    return (leg.fail_says if leg else "") or (check.fail_says if check else "")


def interval(result: Result) -> str:
    """The 95 % interval, or why there is none."""
    if result.interval is None:
        return _("none: all there are were seen") if result.population == "census" else _("none")
    return _("{span} (95 %)").format(span=figures.interval(result.interval, result.unit, result.clock))


def formula(result: Result, check: Check | None) -> str:
    """How the value came about, in words."""
    leg: Leg | None = None
    if check is not None and result.leg:
        leg = next((each for each in check.leg if each.leg == result.leg), None)
    drift = (leg.drift if leg is not None else None) or (check.drift if check is not None else None)
    stat = (leg.stat if leg is not None else None) or (check.stat if check is not None else None)
    text = _kind_in_words(result, stat)
    if drift:
        text = _("change against the reference period, in the worse direction, of: {text}").format(text=text)
    clock = _("business time") if result.clock == "business" else _("wall clock")
    if result.unit == "s":
        text += _("; {clock}").format(clock=clock)
    return text


_STATS = {
    "mean": _("mean of the values"),
    "median": _("median of the values"),
    "p90": _("90th percentile of the values"),
    "sum": _("sum of the values"),
    "min": _("smallest value"),
    "max": _("largest value"),
    "cv": _("standard deviation ÷ mean of the values"),
    "spread": _("best segment − worst segment, segments of 20 and more"),
    "gap": _("mean of part a − mean of part b"),
    "rho": _("Spearman's rank correlation"),
}


def _kind_in_words(result: Result, stat: str | None) -> str:
    if stat in _STATS:
        return _STATS[stat]
    match result.kind:
        case "ratio" if result.better == "lower":
            return _("judged rows with a fault ÷ judged rows")
        case "ratio":
            return _("good rows ÷ judged rows")
        case "count":
            return _("number of rows with a fault")
        case "duration":
            return _STATS["median"]
        case "gap" | "correlation":
            return _STATS["gap" if result.kind == "gap" else "rho"]
        case "list":
            return _("number of rows listed")
        case _:
            return _STATS["mean"]


def judged(result: Result) -> str:
    """n, with what it leaves out."""
    text = _("{n} judged").format(n=figure(result.n, "count"))
    if result.n_rows > result.n:
        text += _(", {k} listed but not judged").format(k=figure(result.n_rows - result.n, "count"))
    if result.low_n:
        text += _(" (few: FAIL is shown as WARN)")
    return text


def moment(at: int | None, zone: str) -> str:
    """A time in the desk's zone, to the minute."""
    return _("never") if at is None else datetime.fromtimestamp(at, ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")


def day(at: int | None, zone: str) -> str:
    return _("never") if at is None else datetime.fromtimestamp(at, ZoneInfo(zone)).strftime("%Y-%m-%d")


def age(at: int | None, now: int) -> str:
    """How long ago, in one unit: 5 min, 3 h, 12 d."""
    if at is None:
        return _("never")
    past = max(now - at, 0)
    if past < 3600:
        return _("{n} min").format(n=past // 60)
    if past < 2 * 86400:
        return _("{n} h").format(n=past // 3600)
    return _("{n} d").format(n=past // 86400)


def period(start: int, end: int, zone: str) -> str:
    """2026-Q3 or 2026-07 where it is just that, else its first and last day."""
    first = datetime.fromtimestamp(start, ZoneInfo(zone))
    after = datetime.fromtimestamp(end, ZoneInfo(zone))
    months = (after.year - first.year) * 12 + after.month - first.month
    whole = all(at.day == 1 and at.hour == at.minute == at.second == 0 for at in (first, after))
    if whole and months == 3 and first.month % 3 == 1:
        return f"{first.year}-Q{first.month // 3 + 1}"
    if whole and months == 1:
        return f"{first:%Y-%m}"
    return f"{first:%Y-%m-%d}..{after - timedelta(seconds=1):%Y-%m-%d}"


def audit_name(audit: Audit, zone: str) -> str:
    """Audit 12, full, 2026-Q3."""
    kinds = {"full": _("full"), "quick": _("quick"), "partial": _("partial")}
    name = _("Audit {id} · {kind} · {period}").format(
        id=audit.id, kind=kinds[audit.kind], period=period(audit.period_start, audit.period_end, zone)
    )
    return name if audit.state == "completed" else f"{name} · {audit_state(audit)}"


def audit_state(audit: Audit) -> str:
    return {"running": _("running"), "interrupted": _("interrupted"), "completed": _("completed")}[audit.state]


def source_state(state: str) -> str:
    known = {
        "complete": _("complete"),
        "incomplete": _("incomplete"),
        "failed": _("failed"),
        "never": _("not pulled"),
        "not_pulled": _("not pulled"),
    }
    return known.get(state, state)


def rows_count(n: int) -> str:
    return ngettext("{n} row", "{n} rows", n).format(n=figure(n, "count"))


def entries_count(n: int) -> str:
    return ngettext("{n} entry", "{n} entries", n).format(n=figure(n, "count"))


def probe_sentence(name: str, probe: Probe) -> tuple[str, str]:
    """What a test found, and its style."""
    if not probe.asked:
        return f"{name}: {probe.message} {probe.hint}".strip(), "FAIL"
    if not probe.reachable:
        return _("{name}: not reachable. {message} {hint}").format(
            name=name, message=probe.message, hint=probe.hint
        ), "FAIL"
    if probe.authorised is False:
        return _("{name}: reachable, but not authorised. {message} {hint}").format(
            name=name, message=probe.message, hint=probe.hint
        ), "FAIL"
    missing = [f"{module}: {state}" for module, state in probe.modules.items() if state != "ok"]
    version = _(", version {version}").format(version=probe.version) if probe.version else ""
    text = _("{name}: works{version}. {message}").format(name=name, version=version, message=probe.message)
    return (f"{text} {'; '.join(missing)}", "WARN") if missing else (text, "PASS")


def segment_name(segment: str | None) -> str:
    return _("whole desk") if segment is None else segment
