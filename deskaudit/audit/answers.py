"""Answers of people, and what they do to the headline."""

from deskaudit.audit import summary
from deskaudit.audit.desk import Desk
from deskaudit.checks.catalogue import question_hash
from deskaudit.checks.spec import Question
from deskaudit.errors import ConfigError
from deskaudit.i18n import _
from deskaudit.model.verdicts import Answer, Audit, Score

YES_VALUES = ("yes", "partly", "no", "na")


def give(desk: Desk, audit: Audit, question: Question, value: str, *, note: str, by: str) -> Score:
    """Stores an answer and the headline that follows. ConfigError for a value that the question does not take."""
    _refuse(question, value)
    desk.store.answer(
        audit.id,
        Answer(
            question=question.id,
            value=value,
            note=note,
            by=by,
            answered_at=desk.now(),
            question_hash=question_hash(question),
        ),
    )
    return rescore(desk, audit)


def rescore(desk: Desk, audit: Audit) -> Score:
    """The headline with the answers as they stand now; kept in the audit's row once the audit is complete."""
    headline = summary.score(audit, desk.store)
    kept = (audit.summary.get("assured"), audit.summary.get("counts"))
    if audit.state == "completed" and kept != (headline.assured, headline.counts):
        desk.store.set_summary(audit.id, summary.make(audit, desk.store))
    return headline


def _refuse(question: Question, value: str) -> None:
    if value == "na" or question.type in {"text", "evidence"}:
        return
    good = {
        "yes": value in YES_VALUES,
        "scale": value in {"1", "2", "3", "4", "5"},
        "choice": value in question.choices,
        "number": _is_number(value),
        "date": _is_date(value),
    }[question.type]
    if not good:
        takes = {
            "yes": ", ".join(YES_VALUES),
            "scale": "1 … 5",
            "choice": ", ".join(question.choices),
            "number": _("a number"),
            "date": _("a date as 2026-07-31"),
        }[question.type]
        raise ConfigError(
            _("{id} does not take {value}.").format(id=question.id, value=value),
            hint=_("It takes {values}.").format(values=takes),
        )


def _is_number(value: str) -> bool:
    try:
        return abs(float(value)) < float("inf")
    except ValueError:
        return False


def _is_date(value: str) -> bool:
    from datetime import date

    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True
