"""The report: one object that every format writes. As JSON it is what reports/schema.json describes."""

from typing import Any

import msgspec

SCHEMA_VERSION = 1

Figure = float | int | None


class Period(msgspec.Struct, kw_only=True):
    start: str
    end: str


class AuditPart(msgspec.Struct, kw_only=True):
    """The run. Times are ISO 8601 in UTC; `zone` is the desk's, in which the period's days are days."""

    id: int
    kind: str
    state: str
    started_at: str
    finished_at: str | None
    period: Period
    as_of: str
    scope: str
    zone: str
    program: str
    is_baseline: bool
    formula_version: int
    judged_sha256: str | None
    error: str | None


class Issue(msgspec.Struct, kw_only=True):
    """What customers ask for: its share of the tickets of the period, and its rise against the period before."""

    issue: str
    tickets: int
    share: float | None = None
    rise: float | None = None


class Urgent(msgspec.Struct, kw_only=True):
    check: str
    leg: str
    name: str
    title: str
    status: str
    severity: str


class SummaryPart(msgspec.Struct, kw_only=True):
    """The headline. Shares 0 to 1, durations in seconds; null where it is not known.

    `warnings`: sentences on data that do not reach into the period.
    """

    assured: float | None
    score: float | None
    coverage: float | None
    counts: dict[str, int]
    first_response_mean_s: float | None
    first_response_median_s: float | None
    wait_mean_s: float | None
    top_issues: list[Issue]
    most_urgent: list[Urgent]
    warnings: list[str] = msgspec.field(default_factory=list)


class ChangePart(msgspec.Struct, kw_only=True):
    """What became of a result since another audit; `delta` in `delta_unit` (points for shares), null if not comparable."""

    audit: int
    kind: str
    status: str | None
    value: float | None
    delta: float | None
    delta_unit: str


class EvidencePart(msgspec.Struct, kw_only=True):
    """One judged row. `subject` is text, because it may have more digits than JSON readers keep of a number."""

    rank: int
    of: str
    subject: str
    ref: str
    title: str
    url: str
    segment: str | None
    good: int | None
    value: float | None
    badness: float | None
    columns: dict[str, Any]


class ResultPart(msgspec.Struct, kw_only=True):
    """One result; `segment` is null for the whole desk. `pass` and `warn` are the thresholds in force."""

    item: str
    check: str
    name: str
    title: str
    leg: str
    segment: str | None
    status: str
    kind: str
    value: float | None
    unit: str
    better: str
    clock: str
    n: int
    n_rows: int
    low_n: bool
    population: str
    interval: tuple[float, float] | None
    mean: float | None
    median: float | None
    p90: float | None
    pass_at: float | None = msgspec.field(name="pass")
    warn_at: float | None = msgspec.field(name="warn")
    severity: str
    weight: int
    reason: str
    advice: str
    details: dict[str, Any]
    change_since_last: ChangePart | None
    change_since_baseline: ChangePart | None
    evidence: list[EvidencePart]


class SourcePart(msgspec.Struct, kw_only=True):
    """One source as the audit saw it. `cursor` is the connector's own value."""

    name: str
    type: str
    state: str
    complete: bool
    fetched_at: str | None
    rows: dict[str, int]
    rejects: int
    cursor: Any
    warnings: list[str]
    error: str | None


class ItemPart(msgspec.Struct, kw_only=True):
    item: str
    title: str
    group: str


class AnswerPart(msgspec.Struct, kw_only=True):
    """A question and its answer. state: confirmed; offered (an earlier answer nobody confirmed yet); open (none)."""

    question: str
    item: str
    ask: str
    must: bool
    state: str
    value: str | None
    note: str
    by: str
    answered_at: str | None


class Report(msgspec.Struct, kw_only=True):
    schema: int = SCHEMA_VERSION
    audit: AuditPart
    summary: SummaryPart
    items: list[ItemPart]
    results: list[ResultPart]
    answers: list[AnswerPart]
    sources: list[SourcePart]
