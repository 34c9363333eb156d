"""What happens inside the store's transactions."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from deskaudit.errors import StoreError
from deskaudit.i18n import _
from deskaudit.model.verdicts import Result
from deskaudit.store import encoding

if TYPE_CHECKING:
    import sqlite_utils


def demand(db: "sqlite_utils.Database", audit_id: int) -> str:
    """The state of an audit; StoreError if there is none of that id."""
    row = db.execute("SELECT state FROM audit WHERE id = ?", [audit_id]).fetchone()
    if row is None:
        raise StoreError(
            _("There is no audit {id} in the database.").format(id=audit_id),
            hint=_("List what there is: deskaudit history."),
        )
    return str(row[0])


def demand_open(db: "sqlite_utils.Database", audit_id: int) -> None:
    """Refuses to touch a completed audit: what it found is history."""
    if demand(db, audit_id) == "completed":
        raise StoreError(
            _("Audit {id} is complete: its results stay as they are.").format(id=audit_id),
            hint=_("Run a new audit: deskaudit scan."),
        )


def offer_answers(
    db: "sqlite_utils.Database", audit_id: int, hashes: Mapping[str, str] | None
) -> Iterator[dict[str, Any]]:
    """The newest confirmed answer to each question, as an offer to this audit; not where the question has changed."""
    rows = db.execute(
        "SELECT * FROM answer n WHERE state = 'confirmed' AND audit_id ="
        " (SELECT MAX(audit_id) FROM answer o WHERE o.question_id = n.question_id AND o.state = 'confirmed')"
        " ORDER BY question_id"
    )
    names = [column[0] for column in rows.description]
    for row in rows.fetchall():
        answer = dict(zip(names, row, strict=True))
        if hashes is None or hashes.get(answer["question_id"]) == answer["question_hash"]:
            yield answer | {"audit_id": audit_id, "state": "offered"}


def find_answer(db: "sqlite_utils.Database", audit_id: int, question: str) -> dict[str, Any] | None:
    rows = db.execute("SELECT * FROM answer WHERE audit_id = ? AND question_id = ?", [audit_id, question])
    row = rows.fetchone()
    return None if row is None else {column[0]: value for column, value in zip(rows.description, row, strict=True)}


def insert_results(db: "sqlite_utils.Database", audit_id: int, results: Sequence[Result]) -> None:
    """Results in the place of those of the same identity, each with its evidence."""
    rows = [encoding.result_to_row(result, audit_id) for result in results]
    db.conn.executemany(
        "DELETE FROM result WHERE audit_id = :audit_id AND check_id = :check_id AND leg = :leg AND segment IS :segment",
        rows,
    )
    first = db.execute("SELECT COALESCE(MAX(id), 0) + 1 FROM result").fetchone()[0]
    texts: dict[str, int] = {}
    for result_id, (row, result) in enumerate(zip(rows, results, strict=True), start=first):
        text = encoding.check_to_row(result)
        if text["digest"] not in texts:
            texts[text["digest"]] = _find_text(db, text)
        row |= {"id": result_id, "check_text_id": texts[text["digest"]]}
    db.table("result").insert_all(rows)
    db.table("evidence").insert_all(
        encoding.evidence_to_row(one, position, row["id"])
        for row, result in zip(rows, results, strict=True)
        for position, one in enumerate(result.evidence, start=1)
    )


def _find_text(db: "sqlite_utils.Database", text: dict[str, Any]) -> int:
    names = ", ".join(text)
    marks = ", ".join(f":{name}" for name in text)
    db.execute(f"INSERT INTO check_text ({names}) VALUES ({marks}) ON CONFLICT (digest) DO NOTHING", text)
    return int(db.execute("SELECT id FROM check_text WHERE digest = ?", [text["digest"]]).fetchone()[0])
