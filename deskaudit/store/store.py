"""The results database: every audit, what it found and what people answered."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import msgspec

from deskaudit.model.verdicts import Answer, AskedQuestion, Audit, AuditedItem, Result, SourcePull, Status
from deskaudit.store import encoding, filters, journal, references, statements
from deskaudit.store.database import BUSY_MS, Database
from deskaudit.store.filesystems import MOUNTS

if TYPE_CHECKING:
    import sqlite_utils

Clock = Callable[[], int]


def _now() -> int:
    return int(time.time())


class Store:
    """One open database. Each method is one short transaction; what has returned is on the disk.

    May be used from several threads, which take turns. All errors are StoreError; `audit()` also raises ConfigError
    for an audit that does not exist. `clock` stamps the journal.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self.path = database.path
        self.warnings = database.warnings

    @classmethod
    def open(
        cls, path: Path, *, clock: Clock = _now, busy_ms: int = BUSY_MS, mounts: Path = MOUNTS, reading: bool = False
    ) -> Self:
        """Opens, makes or migrates the file. What the user should know of it lies in `warnings`.

        `reading`: to look, and no more. No file is made, and one that may not be written is read as it is; every
        method that writes is a StoreError then.
        """
        from deskaudit.store.migrations import migrate

        database = Database(path, busy_ms=busy_ms, mounts=mounts, reading=reading)
        try:
            migrate(database, path)
        except BaseException:
            database.close()
            raise
        return cls(database, clock)

    def close(self) -> None:
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # Audits

    def begin(
        self, audit: Audit, *, items: Iterable[AuditedItem] = (), questions: Iterable[AskedQuestion] | None = None
    ) -> int:
        """A new audit; its id is returned, `audit.id` is ignored.

        `items` and `questions` are kept with it, so that its report needs no catalogue. The newest confirmed answer to
        each question is offered again if the question's hash is still the same; without `questions` all are. A quick
        scan asks nothing and is offered nothing.
        """
        asked = None if questions is None else list(questions)
        with self._database.write() as db:
            row = encoding.audit_to_row(audit) | {"state": "running", "is_baseline": 0}
            cursor = db.execute(
                f"INSERT INTO audit ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", list(row.values())
            )
            audit_id = int(cursor.lastrowid or 0)
            db.table("audit_item").insert_all(encoding.item_to_row(audit_id, item) for item in items)
            db.table("question").insert_all(encoding.question_to_row(audit_id, one) for one in asked or ())
            if audit.kind != "quick":
                hashes = None if asked is None else {one.question: one.question_hash for one in asked}
                db.table("answer").insert_all(statements.offer_answers(db, audit_id, hashes))
        return audit_id

    def finish(
        self, audit_id: int, *, finished_at: int, summary: Mapping[str, Any], judged_file: str | None,
        judged_sha256: str | None,
    ) -> None:  # fmt: skip
        """The audit is complete. From now on its results stay as they are."""
        with self._database.write() as db:
            statements.demand_open(db, audit_id)
            db.table("audit").update(
                audit_id,
                {
                    "state": "completed",
                    "finished_at": finished_at,
                    "summary": encoding.to_json(summary),
                    "judged_file": judged_file,
                    "judged_sha256": judged_sha256,
                    "error": None,
                },
            )

    def interrupt(self, audit_id: int, error: str) -> None:
        """The audit did not reach its end; `error` says why. What it recorded stays."""
        with self._database.write() as db:
            statements.demand_open(db, audit_id)
            db.table("audit").update(audit_id, {"state": "interrupted", "error": encoding.text(error)})

    def resume(self, audit_id: int) -> None:
        """An interrupted audit goes on; `done_checks` says where."""
        with self._database.write() as db:
            statements.demand_open(db, audit_id)
            db.table("audit").update(audit_id, {"state": "running", "error": None})

    def set_summary(self, audit_id: int, summary: Mapping[str, Any]) -> None:
        """The score anew, after an answer."""
        with self._database.write() as db:
            statements.demand(db, audit_id)
            db.table("audit").update(audit_id, {"summary": encoding.to_json(summary)})

    def set_baseline(self, audit_id: int, by: str = "") -> None:
        """Makes a completed full audit the one that others are held against (ConfigError for any other)."""
        chosen = self.audit(audit_id)
        references.demand_judging(chosen)
        with self._database.write() as db:
            old = db.execute("SELECT id FROM audit WHERE is_baseline = 1").fetchone()
            db.execute("UPDATE audit SET is_baseline = (id = ?) WHERE is_baseline <> (id = ?)", [chosen.id, chosen.id])
            was = None if old is None else {"audit": old[0]}
            self._journal(db, chosen.id, "baseline", str(chosen.id), by=by, old=was, new={"audit": chosen.id})

    def interrupted(self) -> list[Audit]:
        """Audits that say they run. Whoever holds the desk's lock knows that they do not."""
        return self.audits(state="running")

    def audits(self, *, kind: str | None = None, state: str | None = None, limit: int | None = None) -> list[Audit]:
        """Newest first."""
        return self.select_audits(
            "(:kind IS NULL OR kind = :kind) AND (:state IS NULL OR state = :state)",
            {"kind": kind, "state": state},
            limit=limit,
        )

    def select_audits(self, where: str, values: dict[str, Any], *, limit: int | None = None) -> list[Audit]:
        """Audits by an SQL condition on the table audit, newest first: for this room's own modules."""
        rows = self._database.rows(
            f"SELECT * FROM audit WHERE {where} ORDER BY id DESC LIMIT :limit",
            {**values, "limit": -1 if limit is None else limit},
        )
        return [encoding.row_to_audit(row) for row in rows]

    def audit(self, ref: str | int) -> Audit:
        """An audit by its id, or by one of the words in `references.WORDS`. ConfigError names what exists."""
        return references.find(self, ref)

    def items(self, audit_id: int) -> list[AuditedItem]:
        """The checklist's items as this audit knew them."""
        rows = self._database.rows("SELECT * FROM audit_item WHERE audit_id = ? ORDER BY item_id", (audit_id,))
        return [AuditedItem(item=row["item_id"], title=row["title"], group=row["item_group"]) for row in rows]

    # Results

    def record(self, audit_id: int, results: Sequence[Result]) -> None:
        """Results and their evidence, all or none. One that is there already (check, leg, segment) is replaced."""
        with self._database.write() as db:
            statements.demand_open(db, audit_id)
            statements.insert_results(db, audit_id, results)

    def results(
        self,
        audit_id: int,
        *,
        status: Sequence[Status | str] = (),
        item: str = "",
        search: str = "",
        sort: str = "badness",
        segments: bool = False,
        evidence: bool = False,
        limit: int | None = None,
        offset: int = 0,
    ) -> list[Result]:
        """One page of results; the filters are those of `filters.Filter`. sort: a key of `filters.SORTS`."""
        where, values = filters.Filter(status=status, item=item, search=search, segments=segments).to_where(audit_id)
        sql = f"SELECT {filters.COLUMNS} FROM {filters.JOINED} WHERE {where} ORDER BY {filters.order(sort)} LIMIT ? OFFSET ?"
        return self._read_results(sql, (*values, -1 if limit is None else limit, offset), evidence=evidence)

    def count_results(
        self,
        audit_id: int,
        *,
        status: Sequence[Status | str] = (),
        item: str = "",
        search: str = "",
        segments: bool = False,
    ) -> int:
        where, values = filters.Filter(status=status, item=item, search=search, segments=segments).to_where(audit_id)
        (row,) = self._database.rows(f"SELECT COUNT(*) AS n FROM {filters.JOINED} WHERE {where}", tuple(values))
        return int(row["n"])

    def result(self, audit_id: int, check: str, leg: str = "", segment: str | None = None) -> Result | None:
        """One result with its evidence. `check` is an id or a name."""
        sql = (
            f"SELECT {filters.COLUMNS} FROM {filters.JOINED} WHERE r.audit_id = ?"
            " AND (r.check_id = ? OR t.check_name = ?) AND r.leg = ? AND r.segment IS ?"
        )
        wanted = None if segment is None else encoding.text(segment)
        found = self._read_results(sql, (audit_id, check, check, encoding.text(leg), wanted), evidence=True)
        return found[0] if found else None

    def done_checks(self, audit_id: int) -> set[str]:
        rows = self._database.rows("SELECT DISTINCT check_id FROM result WHERE audit_id = ?", (audit_id,))
        return {row["check_id"] for row in rows}

    def history(
        self, audits: Sequence[Audit], check: str, leg: str = "", segment: str | None = None
    ) -> list[tuple[Audit, Result]]:
        """One result in those of `audits` that have it, in their order: that of `references.find_line`."""
        wanted = None if segment is None else encoding.text(segment)
        sql = (
            f"SELECT {filters.COLUMNS} FROM {filters.JOINED} WHERE (r.check_id = ? OR t.check_name = ?) AND r.leg = ?"
            f" AND r.segment IS ? AND r.audit_id IN ({', '.join('?' * len(audits))})"
        )
        ids = (audit.id for audit in audits)
        rows = self._database.rows(sql, (check, check, encoding.text(leg), wanted, *ids))
        found = {row["audit_id"]: encoding.row_to_result(row) for row in rows}
        return [(audit, found[audit.id]) for audit in audits if audit.id in found]

    def _read_results(self, sql: str, values: tuple[Any, ...], *, evidence: bool) -> list[Result]:
        rows = self._database.rows(sql, values)
        results = {row["id"]: encoding.row_to_result(row) for row in rows}
        if evidence and results:
            for row in self._database.rows(
                f"SELECT * FROM evidence WHERE result_id IN (SELECT id FROM ({sql})) ORDER BY result_id, position",
                values,
            ):
                if row["result_id"] in results:
                    results[row["result_id"]].evidence.append(encoding.row_to_evidence(row))
        return list(results.values())

    # Sources

    def record_pull(self, audit_id: int, pull: SourcePull) -> None:
        """One source as this audit saw it; a second call for the same source replaces the first."""
        with self._database.write() as db:
            statements.demand_open(db, audit_id)
            db.execute("DELETE FROM pull WHERE audit_id = ? AND name = ?", [audit_id, pull.name])
            db.table("pull").insert(encoding.pull_to_row(audit_id, pull))

    def pulls(self, audit_id: int) -> list[SourcePull]:
        rows = self._database.rows("SELECT * FROM pull WHERE audit_id = ? ORDER BY id", (audit_id,))
        return [encoding.row_to_pull(row) for row in rows]

    # Answers

    def questions(self, audit_id: int) -> list[AskedQuestion]:
        """What this audit asks, in the order given to `begin`; empty where nobody gave it."""
        rows = self._database.rows("SELECT * FROM question WHERE audit_id = ? ORDER BY rowid", (audit_id,))
        return [encoding.row_to_question(row) for row in rows]

    def answers(self, audit_id: int) -> dict[str, Answer]:
        """By question, confirmed and offered ones."""
        rows = self._database.rows("SELECT * FROM answer WHERE audit_id = ?", (audit_id,))
        return {row["question_id"]: encoding.row_to_answer(row) for row in rows}

    def answer(self, audit_id: int, answer: Answer) -> None:
        """Saves one answer at once. The journal keeps what was there before."""
        with self._database.write() as db:
            statements.demand(db, audit_id)
            old = statements.find_answer(db, audit_id, answer.question)
            stamped = answer if answer.answered_at else msgspec.structs.replace(answer, answered_at=self._clock())
            row = encoding.answer_to_row(audit_id, stamped)
            db.table("answer").upsert(row, pk=("audit_id", "question_id"))
            self._journal(db, audit_id, "answer", answer.question, by=answer.by, old=old, new=row)

    def unanswer(self, audit_id: int, question: str, by: str = "") -> None:
        """Takes an answer back, if there is one."""
        with self._database.write() as db:
            statements.demand(db, audit_id)
            if old := statements.find_answer(db, audit_id, question):
                db.execute("DELETE FROM answer WHERE audit_id = ? AND question_id = ?", [audit_id, question])
                self._journal(db, audit_id, "unanswer", question, by=by, old=old)

    def journal(self, audit_id: int | None = None, thing: str | None = None) -> list[journal.Entry]:
        """Changes, oldest first; of one audit, of one question."""
        rows = self._database.rows(
            "SELECT * FROM journal WHERE (:audit IS NULL OR audit_id = :audit) AND (:thing IS NULL OR thing = :thing)"
            " ORDER BY id",
            {"audit": audit_id, "thing": thing},
        )
        return [journal.row_to_entry(row) for row in rows]

    def _journal(
        self, db: "sqlite_utils.Database", audit_id: int, action: str, thing: str, *, by: str, **change: Any
    ) -> None:
        entry = journal.Entry(audit_id=audit_id, happened_at=self._clock(), by=by, action=action, thing=thing, **change)
        journal.write(db, entry)
