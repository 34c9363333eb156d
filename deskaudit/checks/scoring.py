"""From results and answers to the headline: Assured, Score, Coverage (rulings 9, 10, 12, 13, 19, 20).

Formula, version 1:

* The parts of an item are its checks and its manual half. A check weighs 8, 4, 2 or 1 by severity, the manual half as
  much as the item's heaviest check. INFO weighs 0; NA is taken out. What is left is *applicable*.
* An item weighs the sum of its applicable parts, at most `cap`: above it each part shrinks in proportion.
* A check has the status of its worst leg. A part earns 1 for PASS, ½ for WARN, 0 for all else. A check with a leg that
  could not be judged earns 0, whatever its other legs say, and is assessed only where another leg already FAILs.
* Assured  = Σ weight × earned ÷ Σ applicable weight
* Score    = the same over the parts that were assessed (PASS, WARN, FAIL)
* Coverage = Σ assessed weight ÷ Σ applicable weight

The denominator of Assured does not depend on what was measured, so that skipping a failing check cannot raise it.

The manual half: yes and 5 of 5 count 1, partly ½, no and 1 of 5 count 0, na is left out; numbers, dates, texts,
choices and evidence need an answer and are not marked. Mean ≥ 0.8 PASS, ≥ 0.5 WARN, else FAIL. A "no" to a `must`
question fails it, a "partly" keeps it at WARN. It is TODO until every applicable question is answered, but a FAIL
that no further answer can avert shows at once. Only confirmed answers count.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from deskaudit.model.verdicts import Answer, Result, Score, Status

FORMULA_VERSION = 1
PASSES, WARNS = 0.8, 0.5

_EARNED = {Status.PASS: 1.0, Status.WARN: 0.5}
_MARKS = {"yes": 1.0, "partly": 0.5, "no": 0.0}


class ItemVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """What an item comes to.

    `status` decides its colour: the worst that was judged, but PASS only where it is complete; else what is open
    (ERROR, NODATA, TODO), and INFO or NA where nothing was to be judged. `counts`: status → checks and questions.
    """

    item: str
    status: Status
    complete: bool  # nothing applicable is TODO, NODATA or ERROR
    counts: dict[str, int]
    auto: Status | None  # worst check; None: it has none, or none has run
    manual: Status | None  # None: it has no questions
    weight: float  # applicable, capped
    earned: float


class _Part(msgspec.Struct, frozen=True):
    """A check or a manual half: its weight in the item, what it earned of it (0–1), whether it was assessed."""

    status: Status
    weight: int
    earned: float
    assessed: bool


def score(weights: Mapping[str, Any], results: Sequence[Result], answers: Sequence[Answer]) -> Score:
    """The headline of an audit. `weights` are those pinned in it (`catalogue.weights`); segments count nothing."""
    applicable = earned = assessed = na_weight = 0.0
    na_count = 0
    counts: Counter[str] = Counter()
    legs, given = _by_check(results), _confirmed(answers)
    for pinned in weights["items"].values():
        parts, tally = _parts(pinned, legs, given)
        counts.update(tally)
        factor = _factor(parts, weights["cap"])
        for part in parts:
            if part.status is Status.NA:
                na_count, na_weight = na_count + 1, na_weight + part.weight
                continue
            if part.status is Status.INFO:
                continue
            applicable += part.weight * factor
            earned += part.weight * factor * part.earned
            assessed += part.weight * factor * part.assessed
    return Score(
        assured=earned / applicable if applicable else None,
        score=earned / assessed if assessed else None,
        coverage=assessed / applicable if applicable else None,
        counts=dict(counts),
        weight=round(applicable),
        na_count=na_count,
        na_weight=round(na_weight),
        version=FORMULA_VERSION,
    )


def item_status(
    item_id: str, weights: Mapping[str, Any], results: Sequence[Result], answers: Sequence[Answer]
) -> ItemVerdict:
    """One item's verdict (ruling 13). KeyError for an item that the audit did not know."""
    pinned = weights["items"][item_id]
    legs, given = _by_check(results), _confirmed(answers)
    parts, counts = _parts(pinned, legs, given)
    factor = _factor(parts, weights["cap"])
    checks = [check_status(legs[check]) for check in pinned["checks"] if check in legs]
    manual = manual_status(pinned["questions"], given) if pinned["questions"] else None
    if _out_of_scope(pinned["questions"], given):
        checks, manual = [Status.NA], Status.NA
    seen = [*checks, *([manual] if manual else [])]
    missing = any(check not in legs for check in pinned["checks"]) and manual is not Status.NA
    unfinished = {Status.TODO, Status.NODATA, Status.ERROR}
    complete = not missing and not any(status in unfinished for status in seen)
    return ItemVerdict(
        item=item_id,
        status=_colour(seen, complete=complete),
        complete=complete,
        counts=dict(counts),
        auto=max(checks, key=lambda status: status.badness, default=None),
        manual=manual,
        weight=factor * sum(part.weight for part in parts if part.status not in {Status.NA, Status.INFO}),
        earned=factor * sum(part.weight * part.earned for part in parts),
    )


def check_status(legs: Sequence[Result]) -> Status:
    """A check's status: its worst leg's."""
    return max((leg.status for leg in legs), key=lambda status: status.badness)


def manual_status(questions: Mapping[str, Mapping[str, Any]], answers: Mapping[str, Answer]) -> Status:
    """The manual half of an item, from confirmed answers by question id."""
    if _out_of_scope(questions, answers):
        return Status.NA
    marks: list[float | None] = []  # of applicable questions: None is unanswered
    unmarked = 0  # answered, but not of a kind that is marked
    ceiling = Status.PASS
    for question_id, question in questions.items():
        if question["scope"]:
            continue
        answer = answers.get(question_id)
        if answer is None:
            marks.append(None)
            continue
        if answer.value == "na":
            continue
        mark = mark_of(question["type"], answer.value)
        if mark is None:
            unmarked += 1
            continue
        marks.append(mark)
        if question["must"] and mark == 0:
            return Status.FAIL
        if question["must"] and mark < 1:
            ceiling = Status.WARN
    return _manual(marks, unmarked, ceiling)


def _manual(marks: Sequence[float | None], unmarked: int, ceiling: Status) -> Status:
    known = [mark for mark in marks if mark is not None]
    if not marks:
        return Status.INFO if unmarked else Status.NA
    best = (sum(known) + len(marks) - len(known)) / len(marks)
    if best < WARNS:
        return Status.FAIL  # even if all that is open were answered with yes
    if len(known) < len(marks):
        return Status.TODO
    return ceiling if best >= PASSES else Status.WARN


def mark_of(type_: str, value: str) -> float | None:
    """What an answer counts, 0 to 1; None where answers of its type are not marked."""
    if type_ == "scale":
        return (min(5, max(1, int(value))) - 1) / 4 if value.strip().isdigit() else None
    return _MARKS.get(value) if type_ == "yes" else None


def _parts(
    pinned: Mapping[str, Any], legs: Mapping[str, Sequence[Result]], answers: Mapping[str, Answer]
) -> tuple[list[_Part], Counter[str]]:
    """The parts of one item, and how many checks and questions have which status."""
    outside = _out_of_scope(pinned["questions"], answers)
    counts: Counter[str] = Counter()
    parts: list[_Part] = []
    for check, weight in pinned["checks"].items():
        part = _check_part(legs.get(check, ()), weight)
        if outside:
            part = _Part(Status.NA, weight, 0.0, assessed=False)
        if check in legs or outside:
            counts[part.status] += 1
        parts.append(part)
    if pinned["questions"]:
        status = manual_status(pinned["questions"], answers)
        parts.append(_Part(status, pinned["manual"], _EARNED.get(status, 0.0), assessed=status.judged))
        for question_id, question in pinned["questions"].items():
            if not question["scope"]:
                counts[Status.NA if outside else question_status(question["type"], answers.get(question_id))] += 1
    return parts, counts


def _check_part(legs: Sequence[Result], weight: int) -> _Part:
    """A check that has no result yet weighs in full and earned nothing."""
    if not legs:
        return _Part(Status.TODO if weight else Status.INFO, weight, 0.0, assessed=False)
    status = check_status(legs)
    unproven = any(leg.status in {Status.NODATA, Status.TODO, Status.ERROR} for leg in legs)
    if weight == 0 and status is not Status.NA:
        return _Part(status, 0, 0.0, assessed=False)
    assessed = status is Status.FAIL or (status.judged and not unproven)
    return _Part(status, weight, 0.0 if unproven else _EARNED.get(status, 0.0), assessed=assessed)


def question_status(type_: str, answer: Answer | None) -> Status:
    """One question as a status, for counts."""
    if answer is None:
        return Status.TODO
    if answer.value == "na":
        return Status.NA
    mark = mark_of(type_, answer.value)
    if mark is None:
        return Status.INFO
    return Status.PASS if mark >= PASSES else Status.WARN if mark >= WARNS else Status.FAIL


def _out_of_scope(questions: Mapping[str, Mapping[str, Any]], answers: Mapping[str, Answer]) -> bool:
    """Whether a scope question was answered with no: the item does not apply (ruling 20)."""
    return any(
        question["scope"] and question_id in answers and answers[question_id].value == "no"
        for question_id, question in questions.items()
    )


def _factor(parts: Sequence[_Part], cap: int) -> float:
    total = sum(part.weight for part in parts if part.status not in {Status.NA, Status.INFO})
    return cap / total if total > cap else 1.0


def _colour(seen: Sequence[Status], *, complete: bool) -> Status:
    judged = [status for status in seen if status.judged]
    worst = max(judged, key=lambda status: status.badness, default=None)
    if worst is not None and (worst is not Status.PASS or complete):
        return worst
    unfinished = [status for status in seen if status in {Status.TODO, Status.NODATA, Status.ERROR}]
    if unfinished or not complete:
        return max(unfinished, key=lambda status: status.badness, default=Status.TODO)
    return max(seen, key=lambda status: status.badness, default=Status.NA)


def _by_check(results: Sequence[Result]) -> dict[str, list[Result]]:
    legs: dict[str, list[Result]] = {}
    for result in results:
        if result.segment is None:
            legs.setdefault(result.check, []).append(result)
    return legs


def _confirmed(answers: Sequence[Answer]) -> dict[str, Answer]:
    return {answer.question: answer for answer in answers if answer.state == "confirmed"}
