"""Structs of the model as rows of tables, and back."""

import hashlib
from collections.abc import Mapping
from typing import Any, cast

import msgspec

from deskaudit.errors import StoreError
from deskaudit.i18n import _
from deskaudit.model.verdicts import Answer, AskedQuestion, Audit, AuditedItem, Evidence, Result, SourcePull, Status
from deskaudit.text import clean

Row = dict[str, Any]

_LONGEST = 20_000  # characters of one text: nobody types more, and a source that sends more is cut

# What a check says of itself, the same for all its results until somebody edits it: kept once, in check_text.
_TEXT_FIELDS = [
    "check_name",
    "leg",
    "title",
    "kind",
    "unit",
    "better",
    "pass_at",
    "warn_at",
    "severity",
    "population",
    "clock",
    "advice",
    "check_hash",
]


def text(value: object) -> str:
    """Text without control, escape and bidi characters, and without halves of characters that UTF-8 cannot say."""
    return clean(value, _LONGEST)


def to_json(value: object) -> str:
    """JSON whose strings have passed `text`; what is no JSON value is a TypeError of the caller's making."""
    return msgspec.json.encode(clean_strings(value)).decode()


def clean_strings(value: object) -> Any:
    """The same value, its strings and keys made harmless."""
    if isinstance(value, str):
        return text(value)
    if isinstance(value, Mapping):
        return {text(key): clean_strings(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [clean_strings(inner) for inner in value]
    return value


def from_json(value: str | None) -> Any:
    try:
        return msgspec.json.decode(value) if value else {}
    except msgspec.DecodeError as fault:
        raise StoreError(
            _("The database holds a cell that is no JSON ({fault}).").format(fault=fault),
            hint=_("It was changed from outside, or is damaged: restore deskaudit.db from a backup."),
        ) from None


def audit_to_row(audit: Audit) -> Row:
    row = msgspec.structs.asdict(audit)
    del row["id"]
    row |= {"weights": to_json(audit.weights), "summary": to_json(audit.summary), "is_baseline": int(audit.is_baseline)}
    return row


def row_to_audit(row: Row) -> Audit:
    fields = row | {"weights": from_json(row["weights"]), "summary": from_json(row["summary"])}
    return msgspec.convert(fields, Audit, strict=False)


def item_to_row(audit_id: int, item: AuditedItem) -> Row:
    return {"audit_id": audit_id, "item_id": item.item, "title": text(item.title), "item_group": item.group}


def question_to_row(audit_id: int, question: AskedQuestion) -> Row:
    return {
        "audit_id": audit_id,
        "question_id": question.question,
        "item_id": question.item,
        "ask": text(question.ask),
        "question_hash": question.question_hash,
        "must": int(question.must),
        "type": question.type,
    }


def row_to_question(row: Row) -> AskedQuestion:
    return AskedQuestion(
        question=row["question_id"],
        item=row["item_id"],
        ask=row["ask"],
        question_hash=row["question_hash"],
        must=bool(row["must"]),
        type=row["type"],
    )


def check_to_row(result: Result) -> Row:
    """The part of a result that belongs to its check, with a digest to find it again."""
    row: Row = {
        "item_id": result.item,
        "check_id": result.check,
        "check_name": result.name,
        "leg": text(result.leg),
        "title": text(result.title),
        "kind": result.kind,
        "unit": result.unit,
        "better": result.better,
        "pass_at": result.pass_at,
        "warn_at": result.warn_at,
        "severity": result.severity,
        "population": result.population,
        "clock": result.clock,
        "advice": text(result.advice),
        "check_hash": result.check_hash,
    }
    digest = hashlib.blake2b(msgspec.json.encode(row), digest_size=16).hexdigest()
    return {"digest": digest, **row}


def result_to_row(result: Result, audit_id: int) -> Row:
    low, high = result.interval or (None, None)
    return {
        "audit_id": audit_id,
        "check_id": result.check,
        "leg": text(result.leg),
        "segment": None if result.segment is None else text(result.segment),
        "status": result.status.value,
        "value": result.value,
        "n": result.n,
        "n_rows": result.n_rows,
        "low_n": int(result.low_n),
        "interval_low": low,
        "interval_high": high,
        "mean": result.mean,
        "median": result.median,
        "p90": result.p90,
        "weight": result.weight,
        "reason": text(result.reason),
        "details": to_json(result.details),
    }


def row_to_result(row: Row) -> Result:
    """A row of result joined with its check_text, without evidence."""
    fields = {name: row[name] for name in _TEXT_FIELDS if name != "check_name"}
    low, high = row["interval_low"], row["interval_high"]
    return Result(
        item=row["item_id"],
        check=row["check_id"],
        name=row["check_name"],
        segment=row["segment"],
        status=Status(row["status"]),
        value=row["value"],
        n=row["n"],
        n_rows=row["n_rows"],
        low_n=bool(row["low_n"]),
        interval=None if low is None or high is None else (low, high),
        mean=row["mean"],
        median=row["median"],
        p90=row["p90"],
        weight=row["weight"],
        reason=row["reason"],
        details=from_json(row["details"]),
        **fields,
    )


def evidence_to_row(evidence: Evidence, position: int, result_id: int) -> Row:
    return {
        "result_id": result_id,
        "position": position,
        "subject_type": evidence.of,
        "subject": evidence.subject,
        "ref": text(evidence.ref),
        "title": text(evidence.title),
        "url": text(evidence.url),
        "segment": None if evidence.segment is None else text(evidence.segment),
        "good": evidence.good,
        "value": evidence.value,
        "badness": evidence.badness,
        "columns_json": to_json(evidence.columns),
    }


def row_to_evidence(row: Row) -> Evidence:
    return Evidence(
        rank=row["position"],
        of=row["subject_type"],
        subject=row["subject"],
        ref=row["ref"],
        title=row["title"],
        url=row["url"],
        segment=row["segment"],
        good=row["good"],
        value=row["value"],
        badness=row["badness"],
        columns=from_json(row["columns_json"]),
    )


def answer_to_row(audit_id: int, answer: Answer) -> Row:
    return {
        "audit_id": audit_id,
        "question_id": answer.question,
        "value": text(answer.value),
        "note": text(answer.note),
        "answered_by": text(answer.by),
        "answered_at": answer.answered_at,
        "state": answer.state,
        "question_hash": answer.question_hash,
    }


def row_to_answer(row: Row) -> Answer:
    return Answer(
        question=row["question_id"],
        value=row["value"],
        note=row["note"],
        by=row["answered_by"],
        answered_at=row["answered_at"],
        state=row["state"],
        question_hash=row["question_hash"],
    )


def pull_to_row(audit_id: int, pull: SourcePull) -> Row:
    return {
        "audit_id": audit_id,
        "name": pull.name,
        "type": pull.type,
        "state": pull.state,
        "fetched_at": pull.fetched_at,
        "entity_rows": to_json(pull.rows),
        "rejects": pull.rejects,
        "cursor_json": pull.cursor,
        "warnings": to_json([text(warning) for warning in pull.warnings]),
        "error": None if pull.error is None else text(pull.error),
    }


def row_to_pull(row: Row) -> SourcePull:
    return SourcePull(
        name=row["name"],
        type=row["type"],
        state=row["state"],
        fetched_at=row["fetched_at"],
        rows=from_json(row["entity_rows"]),
        rejects=row["rejects"],
        cursor=row["cursor_json"],
        warnings=cast("list[str]", from_json(row["warnings"])),
        error=row["error"],
    )
