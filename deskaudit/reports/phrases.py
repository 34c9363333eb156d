"""The words that all human formats share: headlines, verdicts, thresholds, changes."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from deskaudit.i18n import _
from deskaudit.model import figures
from deskaudit.model.verdicts import Status
from deskaudit.reports.report import AuditPart, Report, ResultPart, SourcePart

COUNTED = (Status.FAIL, Status.WARN, Status.PASS, Status.TODO, Status.NODATA, Status.ERROR, Status.NA, Status.INFO)


def meaning(status: str) -> str:
    return {
        "PASS": _("passed"),
        "WARN": _("warning"),
        "FAIL": _("failed"),
        "NODATA": _("no data to judge"),
        "NA": _("declared not applicable"),
        "TODO": _("not answered yet"),
        "INFO": _("reported, not judged"),
        "ERROR": _("could not be run"),
    }.get(status, status)


def name_audit(audit: AuditPart) -> str:
    """Which audit this is, as a headline: "Full audit 12, 2026-01-01 to 2026-03-31"."""
    kind = {"full": _("Full audit"), "quick": _("Quick scan"), "partial": _("Partial audit")}[audit.kind]
    # The period's end is the first second after it: midnight belongs to the day before.
    last = datetime.fromisoformat(audit.period.end) - timedelta(seconds=1)
    return _("{kind} {id}, {start} to {end}").format(
        kind=kind, id=audit.id, start=day(audit.period.start, audit.zone), end=day(last.isoformat(), audit.zone)
    )


def day(time: str, zone: str) -> str:
    """The day of a report's time, where the desk is."""
    return datetime.fromisoformat(time).astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d")


def minute(time: str | None, zone: str) -> str:
    """A report's time to the minute, where the desk is, with its zone."""
    if time is None:
        return figures.NONE
    return f"{datetime.fromisoformat(time).astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M} {zone}"


def counts(numbers: dict[str, int]) -> str:
    """How many of each, as in "4 FAIL, 1 WARN, 12 PASS": what there is none of is left out."""
    return ", ".join(f"{numbers[status]} {status}" for status in COUNTED if numbers.get(status)) or _("nothing judged")


def percent(share: float | None) -> str:
    return figures.NONE if share is None else figures.share(share)


def value(result: ResultPart) -> str:
    return figures.show(result.value, result.unit, result.clock)


def threshold(result: ResultPart) -> str:
    """What passes: "≥ 95.0 %", "≤ 5.0 % or up to 3"; a band where the details say one."""
    band = result.details.get("band")
    if result.better == "band" and isinstance(band, list | tuple) and len(band) == 2:
        return figures.interval((band[0], band[1]), result.unit, result.clock)
    limit = figures.threshold(result.pass_at, result.unit, result.better, result.clock)
    count = allowed(result, "pass")
    if count is None:
        return limit
    return _("{limit} or up to {k}").format(limit=limit, k=count) if limit else _("up to {k}").format(k=count)


def allowed(result: ResultPart, word: str) -> int | None:
    """How many faults pass ("pass") or only warn ("warn") whatever their share; None where only the share counts."""
    counts = result.details.get("allowed")
    count = counts.get(word) if isinstance(counts, dict) else None
    return count if isinstance(count, int) else None


def limits(result: ResultPart) -> str:
    """Everything that decides: "passes at ≤ 5.0 % or up to 3, warns at ≤ 10.0 % or up to 10"."""
    told = []
    if at := threshold(result):
        told.append(_("passes at {threshold}").format(threshold=at))
    if (count := allowed(result, "warn")) is not None:
        limit = figures.threshold(result.warn_at, result.unit, result.better, result.clock)
        told.append(
            _("warns at {limit} or up to {k}").format(limit=limit, k=count)
            if limit
            else _("warns at up to {k}").format(k=count)
        )
    if alone := fails_alone(result):
        told.append(alone)
    return ", ".join(told)


def fails_alone(result: ResultPart) -> str:
    """What makes it fail whatever its figure is: "fails by itself: two failures in a row"; "" where nothing does."""
    if not result.details.get("fail_if"):
        return ""
    return _("fails by itself: {words}").format(words=result.details.get("fail_says") or _("see below"))


def sample(result: ResultPart) -> str:
    """How many were judged: "n 412", "n 12, few"."""
    count = figures.number(result.n)
    return _("n {n}, few").format(n=count) if result.low_n else _("n {n}").format(n=count)


def change(result: ResultPart) -> str:
    """As in "worse, -2.1 points"; empty where nothing was judged, or nothing changed."""
    part = result.change_since_last
    if part is None or part.kind == "same" or not Status(result.status).judged:
        return ""
    kind = {
        "new": _("new"),
        "fixed": _("fixed"),
        "worse": _("worse"),
        "better": _("better"),
        "not_tested": _("not tested before"),
        "check_changed": _("check changed"),
    }.get(part.kind, part.kind)
    if part.delta is None or part.kind not in {"new", "fixed", "worse", "better"}:
        return kind
    return f"{kind}, {figures.signed(part.delta, part.delta_unit, result.clock)}"


def title(result: ResultPart) -> str:
    """The result's title with its leg, and its segment where it has one."""
    text = f"{result.title} ({result.leg})" if result.leg and result.leg not in result.title else result.title
    return f"{text}: {result.segment}" if result.segment is not None else text


def times(report: Report) -> str:
    """First response and waiting in words; empty where the audit measured neither."""
    summary = report.summary
    told = [
        (_("first response median"), summary.first_response_median_s),
        (_("mean"), summary.first_response_mean_s),
        (_("mean wait"), summary.wait_mean_s),
    ]
    return ", ".join(f"{name} {figures.duration(seconds, 'business')}" for name, seconds in told if seconds is not None)


def issues(report: Report) -> str:
    """What customers ask for most, in words; empty where the audit does not know."""
    told = [
        one.issue if one.share is None else f"{one.issue} {figures.share(one.share)}"
        for one in report.summary.top_issues[:3]
    ]
    return _("Most common: {issues}").format(issues=", ".join(told)) if told else ""


def sources(report: Report) -> Iterator[str]:
    """A line for each source."""
    return map(source, report.sources)


def source(part: SourcePart) -> str:
    """One source in a line: state, what went wrong, rows."""
    rows = ", ".join(f"{figures.number(count)} {entity}" for entity, count in part.rows.items())
    wrong = part.error or (part.warnings[0] if part.warnings else "")
    told = [wrong, rows] if part.state != "complete" else [rows, wrong]
    return ": ".join([f"{part.name} ({part.type}) {part.state}", *(text for text in told if text)])
