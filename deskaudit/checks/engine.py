"""Runs one check against a snapshot: rows, figures, verdicts.

A check is one SELECT that lists what is judged, one row each. The rows are frozen in a file of their own first; counts,
percentiles, segments and evidence are read from that file, so that no figure can differ from its rows.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import msgspec

from deskaudit.checks import coverage, figures, reasons, statistics
from deskaudit.checks.cards import make_evidence
from deskaudit.checks.cautions import find_caution
from deskaudit.checks.context import NoPast, Past, Reader, Window
from deskaudit.checks.figures import Figures, Read
from deskaudit.checks.freezing import Frozen, freeze
from deskaudit.checks.judgements import LOW_N, Judgement, judgements, verdict
from deskaudit.checks.needs import find_doubts, find_empty, find_gap, noun
from deskaudit.checks.spec import Check, Item
from deskaudit.errors import Cancelled, DeskauditError, is_stop
from deskaudit.i18n import _, ngettext
from deskaudit.model.verdicts import SEVERITY_WEIGHT, Evidence, Result, Status
from deskaudit.text import one_line

__all__ = ["ENGINE_VERSION", "NoPast", "Past", "Reader", "Window", "check_hash", "run"]

ENGINE_VERSION = 1
"""Raised when the same text would give another figure: part of every check's hash."""

CORRELATION_N = 12
"""Fewer pairs of a correlation are marked as few (15.4)."""


def run(item: Item, check: Check, reader: Reader, window: Window, frozen: Path, past: Past) -> list[Result]:
    """Judges one check: its legs first, worst first, each followed by its segments; rows go into `frozen`.

    A check that breaks gives one ERROR for each leg, with the reason: the others go on. Raises Cancelled only.
    """
    legs = judgements(check)
    try:
        if gap := find_gap(check, reader, window):
            return [_blank(item, check, leg, Status.NODATA, gap) for leg in legs]
        rows = freeze(check, reader, window, frozen, past)
        return _add_caution(_Judge(item, check, reader, window, rows, legs).results(), check, reader, window)
    except (Cancelled, duckdb.InterruptException) as stop:
        raise Cancelled(_("Stopped during check {id}.").format(id=check.id)) from stop
    except DeskauditError as fault:
        reason = fault.message
    except Exception as fault:  # whatever breaks in one check, the others are judged
        if is_stop(fault):
            raise Cancelled(_("Stopped during check {id}.").format(id=check.id)) from fault
        reason = f"{type(fault).__name__}: {fault}"
    return broken(item, check, _("The check broke: {reason}").format(reason=one_line(reason, 400)))


def broken(item: Item, check: Check, reason: str) -> list[Result]:
    """What a check that did not reach its end has to say: an ERROR for each leg."""
    return [_blank(item, check, leg, Status.ERROR, reason) for leg in judgements(check)]


def _add_caution(results: list[Result], check: Check, reader: Reader, window: Window) -> list[Result]:
    if caution := find_caution(check, reader, window):
        for result in results:
            if result.value is not None:
                result.reason = f"{result.reason} {caution}".strip()
    return results


def check_hash(check: Check, judgement: Judgement) -> str:
    """What a leg's figure depends on: rows, parameters, thresholds, not its words. 16 hex digits."""
    plain: dict[str, Any] = msgspec.to_builtins(judgement)
    for words in ("title", "says", "fail_says"):
        del plain[words]
    plain["rows"] = " ".join(judgement.rows.split())
    about = [ENGINE_VERSION, plain, check.of, check.needs, check.params, check.population, check.clock, check.state_of]
    text = msgspec.json.encode(about, order="sorted")
    return hashlib.blake2b(text, digest_size=8).hexdigest()


def _blank(
    item: Item, check: Check, leg: Judgement, status: Status, reason: str, hash_of_leg: str | None = None
) -> Result:
    """A result with everything that is known before a row is read."""
    return Result(
        item=item.id,
        check=check.id,
        name=check.name,
        title=leg.title,
        leg=leg.leg,
        status=status,
        kind=check.kind,
        unit=leg.unit,
        better=leg.direction,
        pass_at=leg.passes,
        warn_at=leg.warns,
        severity=check.severity,
        weight=SEVERITY_WEIGHT[check.severity],
        population=check.population,
        clock=check.clock,
        reason=reason,
        advice=check.text("advice"),
        check_hash=hash_of_leg or check_hash(check, leg),
    )


class _Figure(msgspec.Struct):
    """A leg's figure over one group of rows. `missing` says why there is none."""

    value: float | None
    n: int
    faults: int | None = None
    interval: tuple[float, float] | None = None
    missing: str = ""
    reference: float | None = None
    details: dict[str, Any] = msgspec.field(default_factory=dict)


class _Judge:
    """One check over its frozen rows."""

    def __init__(
        self, item: Item, check: Check, reader: Reader, window: Window, frozen: Frozen, legs: list[Judgement]
    ) -> None:
        self.item, self.check, self.reader, self.window, self.frozen, self.legs = (
            item, check, reader, window, frozen, legs,
        )  # fmt: skip
        self.sample = check.population == "sample"
        outside = coverage.find_outside(check, reader, window)
        self.unreached = any(one.whole for one in outside)  # no source of something it needs reaches into the period
        self.outside = coverage.explain(outside, window)
        self.doubts = find_doubts(check, reader)
        self.hashes = {leg.leg: check_hash(check, leg) for leg in legs}
        self.read: Read = figures.read(reader.connection, frozen, legs, sample=self.sample)

    def results(self) -> list[Result]:
        evidence = make_evidence(self.reader.connection, self.check.of, self.read.evidence)
        groups = [self._leg(leg, evidence.get(leg.leg, [])) for leg in self.legs]
        groups.sort(key=lambda group: -group[0].status.badness)
        return [result for group in groups for result in group]

    def _leg(self, leg: Judgement, evidence: list[Evidence]) -> list[Result]:
        whole = self.read.desk(leg.leg)
        listed: dict[str | None, int] = {}
        if leg.fail_if and whole.rows:
            binds: dict[str, float] = {**self.window.binds(), **self.check.params}
            listed = figures.count_listed(self.reader.connection, self.frozen, leg, binds)
        result = self._result(leg, whole, listed.get(None, 0))
        result.evidence = evidence
        parts = sorted(self.read.segments(leg.leg).items())
        segments = [self._result(leg, part, listed.get(name, 0)) for name, part in parts]
        return [result, *(segment for segment in segments if segment.n)]

    def _seen(self, figure: _Figure) -> _Figure:
        """The figure, or that the data do not reach into the period: then 0 of nothing is none, and no mapping mends it."""
        if figure.n or not self.outside or (figure.value is not None and not self.unreached):
            return figure
        return _Figure(None, 0, missing=self.outside if self.unreached else f"{figure.missing} {self.outside}")

    def _measure(self, leg: Judgement, group: Figures) -> _Figure:
        """The figure of one group of rows, against the reference period where the leg drifts."""
        now = self._value(leg, group)
        now.details.update(_counts(group))
        if not leg.drift or now.missing:
            return now
        before = self.read.figures.get((leg.leg, 1), {}).get(group.segment)
        if before is None and leg.kind == "count":
            before = figures.nothing(leg.leg, 1)
        if before is None:
            return _Figure(None, now.n, missing=_("Nothing lies in the period before to compare with."))
        return self._drift(leg, now, self._value(leg, before), group, before)

    def _value(self, leg: Judgement, group: Figures) -> _Figure:
        match leg.kind:
            case "ratio" if leg.stat == "spread":
                return self._spread(leg, group)
            case "ratio":
                return self._share(leg, group)
            case "count":
                return self._count(group)
            case "list":
                return self._list(group)
            case "gap":
                return self._gap(leg, group)
            case "correlation":
                return self._correlation(leg, group)
            case _:
                return self._number(leg, group)

    def _share(self, leg: Judgement, group: Figures) -> _Figure:
        if not group.n_good:
            return self._nothing(group)
        counted = group.good if leg.better == "higher" else group.faults
        interval = statistics.wilson(counted, group.n_good) if self.sample else None
        return _Figure(counted / group.n_good, group.n_good, group.faults, interval)

    def _count(self, group: Figures) -> _Figure:
        if not group.n_good:
            if group.rows:
                return self._nothing(group)
            if empty := find_empty(self.check, self.reader):
                return _Figure(None, 0, missing=_("Nothing to judge: there are no {rows}.").format(rows=noun(empty)))
        return _Figure(group.faults, group.n_good, group.faults)

    def _list(self, group: Figures) -> _Figure:
        if not group.rows and (empty := find_empty(self.check, self.reader)):
            return _Figure(None, 0, missing=_("Nothing to report: there are no {rows}.").format(rows=noun(empty)))
        return _Figure(group.rows, group.rows)

    def _number(self, leg: Judgement, group: Figures) -> _Figure:
        if leg.stat == "cv" and group.segment is None:
            return self._worst_cv(leg, group)
        value = {
            "mean": group.mean,
            "median": group.median,
            "p90": group.p90,
            "sum": group.total,
            "min": group.low,
            "max": group.high,
            "cv": group.cv,
        }.get(leg.stat)
        if value is None:
            return self._nothing(group)
        interval = group.interval
        if self.sample and leg.stat == "mean" and group.mean is not None and group.sd is not None:
            interval = statistics.mean_interval(group.mean, group.sd, group.n_value)
        return _Figure(value, group.n_value, interval=interval if self.sample else None)

    def _worst_cv(self, leg: Judgement, group: Figures) -> _Figure:
        """The most uneven of the groups that have two rows or more; of all rows where there are no groups."""
        spreads = {
            name: part.cv
            for name, part in self.read.segments(leg.leg, group.reference).items()
            if part.n_value >= 2 and part.cv is not None
        }
        if not spreads:
            return _Figure(group.cv, group.n_value) if group.cv is not None else self._nothing(group)
        worst = max(spreads, key=lambda name: spreads[name] or 0)
        return _Figure(spreads[worst], group.n_value, details={"worst": worst})

    def _spread(self, leg: Judgement, group: Figures) -> _Figure:
        """Best less worst segment of those with 20 rows or more."""
        if group.segment is not None:
            return self._share(leg, group)
        shares = {
            name: part.good / part.n_good
            for name, part in self.read.segments(leg.leg, group.reference).items()
            if part.n_good >= LOW_N
        }
        if len(shares) < 2:
            text = _("Fewer than two groups have {n} judged rows.").format(n=LOW_N)
            return _Figure(None, group.n_good, missing=text)
        best, worst = max(shares, key=shares.__getitem__), min(shares, key=shares.__getitem__)
        return _Figure(leg.scale * (shares[best] - shares[worst]), group.n_good, details={"best": best, "worst": worst})

    def _gap(self, leg: Judgement, group: Figures) -> _Figure:
        """Mean of the first part less mean of the second, in the order of their names: a and b."""
        if group.segment is not None:
            return _Figure(None, 0, missing="-")
        parts = figures.parts(self.reader.connection, self.frozen, leg)
        if len(parts) != 2:
            text = _("Two groups are compared; {n} have rows.").format(n=len(parts))
            return _Figure(None, group.n_value, missing=text)
        (name_a, n_a, mean_a, sd_a, binary_a), (name_b, n_b, mean_b, sd_b, binary_b) = parts
        if binary_a and binary_b:
            interval = statistics.newcombe(round(mean_a * n_a), n_a, round(mean_b * n_b), n_b)
        else:
            interval = statistics.welch(mean_a, sd_a, n_a, mean_b, sd_b, n_b)
        scaled = (leg.scale * interval[0], leg.scale * interval[1]) if interval and self.sample else None
        details = {"parts": {name_a: {"n": n_a, "mean": mean_a}, name_b: {"n": n_b, "mean": mean_b}}}
        return _Figure(leg.scale * (mean_a - mean_b), min(n_a, n_b), interval=scaled, details=details)

    def _correlation(self, leg: Judgement, group: Figures) -> _Figure:
        if group.segment is not None:
            return _Figure(None, 0, missing="-")
        pairs = figures.pairs(self.reader.connection, self.frozen, leg)
        rho = statistics.spearman(pairs) if len(pairs) >= 4 else None
        if rho is None:
            text = _("Too few pairs, or one side never changes ({n} pairs).").format(n=len(pairs))
            return _Figure(None, len(pairs), missing=text)
        return _Figure(rho, len(pairs), interval=statistics.spearman_interval(rho, len(pairs)))

    def _drift(self, leg: Judgement, now: _Figure, before: _Figure, group: Figures, was: Figures) -> _Figure:
        """The change in the worse direction: of ratios in points, else relative (ruling 14)."""
        if before.value is None or now.value is None:
            return _Figure(None, now.n, missing=_("Nothing lies in the period before to compare with."))
        if self.sample and leg.kind != "count" and min(now.n, before.n) < LOW_N:
            text = _("Too few to compare: {now} now, {before} in the period before; {n} are needed.")
            return _Figure(None, now.n, missing=text.format(now=now.n, before=before.n, n=LOW_N))
        details: dict[str, Any] = {"now": now.value, "reference": before.value, "reference_n": before.n}
        turn = -1 if leg.better == "higher" else 1
        if leg.kind == "ratio":
            interval = None
            if self.sample and leg.stat == "share":
                interval = statistics.newcombe(group.faults, group.n_good, was.faults, was.n_good)
            scaled = (leg.scale * interval[0], leg.scale * interval[1]) if interval else None
            value = leg.scale * turn * (now.value - before.value)
            return _Figure(value, now.n, None, scaled, reference=before.value, details=now.details | details)
        if before.value == 0:
            if now.value == 0:
                return _Figure(0.0, now.n, reference=0.0, details=now.details | details)
            return _Figure(
                None, now.n, missing=_("New: there was nothing in the period before."),
                details=now.details | details | {"new": True},
            )  # fmt: skip
        value = turn * (now.value - before.value) / abs(before.value)
        return _Figure(value, now.n, reference=before.value, details=now.details | details)

    def _nothing(self, group: Figures) -> _Figure:
        """No figure, and why. What it needs is there (`find_gap`), so `missing` is advice for who expected something."""
        missing = self.check.text("missing").strip()
        if group.rows:
            text = ngettext(
                "Nothing to judge in the period: {n} row is listed, and it cannot be judged yet.",
                "Nothing to judge in the period: {n} rows are listed, and none can be judged yet.",
                group.rows,
            ).format(n=group.rows)
        elif self.check.cohort and not missing:
            text = _("Nothing to judge in the period: {cohort}.").format(
                cohort=self.check.text("cohort").strip().rstrip(".")
            )
        else:
            text = _("Nothing to judge in the period.")
        if missing:
            text = _("{text} If there should be something: {missing}").format(text=text, missing=missing)
        return _Figure(None, 0, missing=text)

    def _result(self, leg: Judgement, group: Figures, listed: int) -> Result:
        figure, segment = self._seen(self._measure(leg, group)), group.segment
        status, low_n = self._status(leg, figure, listed, segment)
        doubt = self.outside if self.unreached else self.doubts.get(segment)
        if status is Status.PASS and doubt:  # what is not known is not known to be good
            figure, status, low_n = _Figure(None, 0, missing=doubt), Status.NODATA, False
        reason = figure.missing
        if listed:
            figure.details |= {"fail_if": listed, "fail_says": leg.fail_says}
        if figure.value is not None:
            reason = reasons.explain(
                leg, status, figure.value, of=self.check.of, n=figure.n, faults=figure.faults,
                low_n=low_n, listed=listed, reference=figure.reference,
            )  # fmt: skip
        elif listed:
            reason = _("{title}: {words}.").format(title=leg.title, words=reasons.of_itself(leg, self.check.of, listed))
        if figure.n and self.unreached and segment is None:
            reason = f"{reason} {self.outside}"
        result = _blank(self.item, self.check, leg, status, reason, self.hashes[leg.leg])
        result.segment = segment
        result.weight = 0 if segment is not None else result.weight
        result.value = _settle(figure.value)
        result.n, result.n_rows, result.low_n = figure.n, group.rows, low_n
        result.interval = figure.interval
        if group.n_value and leg.kind not in {"gap", "correlation"}:
            result.mean, result.median, result.p90 = _settle(group.mean), group.median, group.p90
        result.details = {**figure.details, **_limits(leg)}
        if leg.stat == "spread" and segment is not None:
            result.unit, result.better, result.pass_at, result.warn_at = "share", leg.better, None, None
            result.details = figure.details
        return result

    def _status(self, leg: Judgement, figure: _Figure, listed: int, segment: str | None) -> tuple[Status, bool]:
        """The status of a figure, and whether its rows are few (ruling 12)."""
        if listed:
            return Status.FAIL, False
        if figure.value is None:
            return Status.NODATA, False
        status = verdict(leg, figure.value, figure.faults)
        if leg.stat == "spread" and segment is not None:
            status = Status.INFO
        few = CORRELATION_N if leg.kind == "correlation" else LOW_N
        low_n = self.sample and leg.kind not in {"count", "list"} and 0 < figure.n < few
        return (Status.WARN if low_n and status is Status.FAIL else status), low_n


def _limits(leg: Judgement) -> dict[str, Any]:
    """What judges besides the two thresholds: bands, and the faults that are allowed whatever their share."""
    allowed = {"pass": leg.pass_count, "warn": leg.warn_count}
    found = {
        "band": leg.band,
        "warn_band": leg.warn_band,
        "allowed": {word: count for word, count in allowed.items() if count is not None},
    }
    return {name: list(value) if isinstance(value, tuple) else value for name, value in found.items() if value}


def _settle(value: float | None) -> float | None:
    """Without the last digits, which depend on the order in which two threads added: the same rows, the same figure."""
    return None if value is None else float(f"{value:.12g}")


def _counts(group: Figures) -> Mapping[str, Any]:
    """What a screen shows beside the figure."""
    shown: dict[str, Any] = {}
    if group.n_good:
        shown |= {"good": group.good, "faults": group.faults}
    if group.n_value:
        shown |= {"sum": group.total, "min": group.low, "max": group.high}
    if unjudged := group.rows - max(group.n_good, group.n_value):
        shown["not_judged"] = unjudged
    return shown
