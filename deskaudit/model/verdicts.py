"""What an audit says."""

from enum import StrEnum
from typing import Any, Literal

import msgspec


class Status(StrEnum):
    """A closed set; silence is never good news."""

    FAIL = "FAIL"
    WARN = "WARN"
    PASS = "PASS"  # noqa: S105 - a verdict
    NODATA = "NODATA"
    NA = "NA"
    TODO = "TODO"
    INFO = "INFO"
    ERROR = "ERROR"

    @property
    def judged(self) -> bool:
        return self in {Status.PASS, Status.WARN, Status.FAIL}

    @property
    def badness(self) -> int:
        """The larger, the sooner it is looked at."""
        return _ORDER.index(self)


_ORDER = [Status.INFO, Status.NA, Status.PASS, Status.TODO, Status.NODATA, Status.ERROR, Status.WARN, Status.FAIL]

AuditKind = Literal["full", "quick", "partial"]
AuditState = Literal["running", "interrupted", "completed"]
SEVERITY_WEIGHT = {"critical": 8, "high": 4, "medium": 2, "low": 1}


class Evidence(msgspec.Struct, kw_only=True):
    """One judged row, with the card that names its subject."""

    rank: int
    of: str  # ticket, agent, asset, …: what `subject` is
    subject: int
    ref: str = ""  # what people call it: a ticket's code, an asset's name
    title: str = ""
    url: str = ""
    segment: str | None = None
    good: int | None = None
    value: float | None = None
    badness: float | None = None
    columns: dict[str, Any] = msgspec.field(default_factory=dict)


class Result(msgspec.Struct, kw_only=True):
    """What one check (one leg, one segment of it) found. Identity: check, leg, segment (ruling 15).

    Whole-desk results have `segment` None and carry `weight`; segment results are shown, compared and weigh 0.
    `value` is what the thresholds judge, in `unit`: share (0–1), seconds, count, or as the check says.
    """

    item: str  # HD-15
    check: str  # 15.1
    name: str  # sla-missed
    title: str
    leg: str = ""
    segment: str | None = None
    status: Status
    kind: str  # ratio, duration, count, number, list, gap, correlation
    unit: str
    better: str  # lower, higher, band, ""
    value: float | None = None
    n: int = 0  # judged
    n_rows: int = 0  # listed, judged or not
    low_n: bool = False
    interval: tuple[float, float] | None = None
    mean: float | None = None
    median: float | None = None
    p90: float | None = None
    pass_at: float | None = None
    warn_at: float | None = None
    severity: str = "medium"
    weight: int = 0
    population: str = "sample"
    clock: str = "wall"
    reason: str = ""  # one sentence: why this status
    advice: str = ""
    check_hash: str = ""  # of the check's text, parameters and thresholds
    details: dict[str, Any] = msgspec.field(default_factory=dict)  # reference value of a drift, counts not judged, …
    evidence: list[Evidence] = msgspec.field(default_factory=list)


class Answer(msgspec.Struct, kw_only=True):
    """What a person answered to one question of one audit.

    value: yes, partly, no, na; for other question types the number, choice, date or text as text.
    state: confirmed, or offered (carried over from an earlier audit, counts only once confirmed).
    """

    question: str  # HD-15.q1
    value: str
    note: str = ""
    by: str = ""
    answered_at: int = 0
    state: Literal["confirmed", "offered"] = "confirmed"
    question_hash: str = ""


class SourcePull(msgspec.Struct, kw_only=True):
    """One source as one audit saw it."""

    name: str
    type: str
    state: str  # complete, incomplete, failed, not_pulled
    fetched_at: int | None = None
    rows: dict[str, int] = msgspec.field(default_factory=dict)
    rejects: int = 0
    cursor: str = ""  # its JSON
    warnings: list[str] = msgspec.field(default_factory=list)
    error: str | None = None


class Score(msgspec.Struct, kw_only=True):
    """The headline (ruling 9). Shares 0–1; None where nothing is applicable or assessed."""

    assured: float | None
    score: float | None
    coverage: float | None
    counts: dict[str, int]  # status → how many checks and questions
    weight: int
    na_count: int = 0
    na_weight: int = 0
    version: int = 1


class Audit(msgspec.Struct, kw_only=True):
    """One run. `plan` pins what was judged and with which weights, so that a figure can be opened years later."""

    id: int
    kind: AuditKind
    state: AuditState
    started_at: int
    finished_at: int | None = None
    period_start: int
    period_end: int
    as_of: int
    generation: int | None = None  # of the snapshot
    formula_version: int = 1
    weights: dict[str, Any] = msgspec.field(default_factory=dict)  # items → checks → weights, item cap
    judged_file: str | None = None
    judged_sha256: str | None = None
    summary: dict[str, Any] = msgspec.field(default_factory=dict)
    program: str = ""  # deskaudit's version
    scope: str = ""  # "" whole catalogue; else what --only said
    zone: str = "UTC"  # the desk's: in which the period's days are days
    is_baseline: bool = False
    error: str | None = None


class AuditedItem(msgspec.Struct, frozen=True, kw_only=True):
    """A checklist item as an audit knew it, kept with the audit so that its report needs no catalogue."""

    item: str  # HD-15
    title: str
    group: str = ""


class AskedQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """A manual question as an audit asked it. An earlier answer is offered only where `question_hash` is the same."""

    question: str  # HD-15.q1
    item: str
    ask: str
    question_hash: str
    must: bool = False
    type: str = "yes"
