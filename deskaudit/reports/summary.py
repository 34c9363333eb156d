"""Builds the report of one audit from the store alone: no catalogue, no snapshot, so that an old audit opens as well."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

import msgspec

from deskaudit.model import periods
from deskaudit.model.figures import iso
from deskaudit.model.verdicts import SEVERITY_WEIGHT, Audit, Result, SourcePull, Status
from deskaudit.reports.report import (
    AnswerPart,
    AuditPart,
    ChangePart,
    EvidencePart,
    Issue,
    ItemPart,
    Period,
    Report,
    ResultPart,
    SourcePart,
    SummaryPart,
    Urgent,
)
from deskaudit.store import Store, references
from deskaudit.store.compare import Change, Identity, change_since

MOST_URGENT = 10


def build(store: Store, audit: Audit, *, evidence: bool = True) -> Report:
    """The report of `audit`, with what changed since the audit before it and since the baseline (like with like only).

    evidence: with the kept rows of each result; a screen of text does not need them.
    """
    results = store.results(audit.id, segments=True, sort="check", evidence=evidence)
    previous = references.find_previous(store, audit)
    baseline = references.find_baseline(store)
    if baseline and (baseline.id == audit.id or (baseline.kind, baseline.scope) != (audit.kind, audit.scope)):
        baseline = None
    since_last = change_since(store, audit, previous) if previous else {}
    since_baseline = change_since(store, audit, baseline) if baseline else {}
    return Report(
        audit=_audit(audit),
        summary=_summary(audit.summary, results),
        items=[ItemPart(item=item.item, title=item.title, group=item.group) for item in store.items(audit.id)],
        results=[
            _result(
                result,
                _change(since_last, result, previous.id if previous else 0),
                _change(since_baseline, result, baseline.id if baseline else 0),
            )
            for result in results
        ],
        answers=_answers(store, audit.id),
        sources=[_source(pull) for pull in store.pulls(audit.id)],
    )


def write(report: Report, out: TextIO) -> None:
    """The report as JSON (reports/schema.json), indented, keys in the order of the documentation."""
    out.write(msgspec.json.format(msgspec.json.encode(report), indent=2).decode())
    out.write("\n")


def read(text: str | bytes) -> Report:
    """A report written by `write`."""
    return msgspec.json.decode(text, type=Report)


def rank_urgent(results: Sequence[Result]) -> list[Result]:
    """Whole-desk findings, the most urgent first: FAIL before WARN, then by severity."""
    found = [one for one in results if one.segment is None and one.status in {Status.FAIL, Status.WARN}]
    return sorted(found, key=lambda one: (-one.status.badness, -SEVERITY_WEIGHT.get(one.severity, 0)))[:MOST_URGENT]


def _audit(audit: Audit) -> AuditPart:
    return AuditPart(
        id=audit.id,
        kind=audit.kind,
        state=audit.state,
        started_at=periods.iso(audit.started_at),
        finished_at=iso(audit.finished_at),
        period=Period(start=periods.iso(audit.period_start), end=periods.iso(audit.period_end)),
        as_of=periods.iso(audit.as_of),
        scope=audit.scope,
        zone=audit.zone,
        program=audit.program,
        is_baseline=audit.is_baseline,
        formula_version=audit.formula_version,
        judged_sha256=audit.judged_sha256,
        error=audit.error,
    )


def _summary(summary: Mapping[str, Any], results: Sequence[Result]) -> SummaryPart:
    """The kept summary. An audit that did not reach its end has none: its counts and issues are those so far."""
    desk = [result for result in results if result.segment is None]
    counts = summary.get("counts") or {status.value: sum(one.status is status for one in desk) for status in Status}
    return SummaryPart(
        assured=summary.get("assured"),
        score=summary.get("score"),
        coverage=summary.get("coverage"),
        counts={str(status): int(count) for status, count in counts.items()},
        first_response_mean_s=summary.get("first_response_mean_s"),
        first_response_median_s=summary.get("first_response_median_s"),
        wait_mean_s=summary.get("wait_mean_s"),
        top_issues=msgspec.convert(summary.get("top_issues") or [], list[Issue]),
        most_urgent=_urgent(desk),
        warnings=msgspec.convert(summary.get("warnings") or [], list[str]),
    )


def _urgent(results: Sequence[Result]) -> list[Urgent]:
    return [
        Urgent(
            check=one.check,
            leg=one.leg,
            name=one.name,
            title=one.title,
            status=one.status.value,
            severity=one.severity,
        )
        for one in rank_urgent(results)
    ]


def _result(result: Result, since_last: ChangePart | None, since_baseline: ChangePart | None) -> ResultPart:
    return ResultPart(
        item=result.item,
        check=result.check,
        name=result.name,
        title=result.title,
        leg=result.leg,
        segment=result.segment,
        status=result.status.value,
        kind=result.kind,
        value=_finite(result.value),
        unit=result.unit,
        better=result.better,
        clock=result.clock,
        n=result.n,
        n_rows=result.n_rows,
        low_n=result.low_n,
        population=result.population,
        interval=result.interval,
        mean=_finite(result.mean),
        median=_finite(result.median),
        p90=_finite(result.p90),
        pass_at=result.pass_at,
        warn_at=result.warn_at,
        severity=result.severity,
        weight=result.weight,
        reason=result.reason,
        advice=result.advice,
        details=result.details,
        change_since_last=since_last,
        change_since_baseline=since_baseline,
        evidence=[
            EvidencePart(
                rank=one.rank,
                of=one.of,
                subject=str(one.subject),
                ref=one.ref,
                title=one.title,
                url=one.url,
                segment=one.segment,
                good=one.good,
                value=_finite(one.value),
                badness=_finite(one.badness),
                columns=one.columns,
            )
            for one in result.evidence
        ],
    )


def _change(changes: Mapping[Identity, Change], result: Result, audit_id: int) -> ChangePart | None:
    change = changes.get((result.check, result.leg, result.segment))
    if change is None:
        return None
    before = change.before
    return ChangePart(
        audit=audit_id,
        kind=change.kind,
        status=before.status.value if before else None,
        value=_finite(before.value) if before else None,
        delta=_finite(change.delta),
        delta_unit=change.delta_unit,
    )


def _answers(store: Store, audit_id: int) -> list[AnswerPart]:
    """Every question of the audit with its answer; then answers to questions the audit did not write down."""
    answers = store.answers(audit_id)
    asked = {question.question: question for question in store.questions(audit_id)}
    parts = []
    for name in [*asked, *(name for name in answers if name not in asked)]:
        question, answer = asked.get(name), answers.get(name)
        parts.append(
            AnswerPart(
                question=name,
                item=question.item if question else name.partition(".")[0],
                ask=question.ask if question else "",
                must=question.must if question else False,
                state=answer.state if answer else "open",
                value=answer.value if answer else None,
                note=answer.note if answer else "",
                by=answer.by if answer else "",
                answered_at=iso(answer.answered_at) if answer else None,
            )
        )
    return parts


def _source(pull: SourcePull) -> SourcePart:
    return SourcePart(
        name=pull.name,
        type=pull.type,
        state=pull.state,
        complete=pull.state == "complete",
        fetched_at=iso(pull.fetched_at),
        rows=pull.rows,
        rejects=pull.rejects,
        cursor=_cursor(pull.cursor),
        warnings=pull.warnings,
        error=pull.error,
    )


def _cursor(text: str) -> Any:
    """The cursor as the JSON value it is; as text where it is none."""
    try:
        return msgspec.json.decode(text) if text else None
    except msgspec.DecodeError:
        return text


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
