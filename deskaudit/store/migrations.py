"""The schema, one migration for each change. A migration that has shipped is never edited: add the next one."""

from pathlib import Path
from typing import TYPE_CHECKING

from deskaudit.errors import StoreError
from deskaudit.i18n import _
from deskaudit.store.database import Database

if TYPE_CHECKING:
    import sqlite_utils
    from sqlite_utils.migrations import Migrations

SET = "deskaudit"


def create_audits(db: "sqlite_utils.Database") -> None:
    db.executescript("""
    CREATE TABLE audit (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      kind TEXT NOT NULL,
      state TEXT NOT NULL,
      started_at INTEGER NOT NULL,
      finished_at INTEGER,
      period_start INTEGER NOT NULL,
      period_end INTEGER NOT NULL,
      as_of INTEGER NOT NULL,
      generation INTEGER,
      formula_version INTEGER NOT NULL,
      weights TEXT NOT NULL,
      judged_file TEXT,
      judged_sha256 TEXT,
      summary TEXT NOT NULL,
      program TEXT NOT NULL,
      scope TEXT NOT NULL,
      zone TEXT NOT NULL,
      is_baseline INTEGER NOT NULL DEFAULT 0,
      error TEXT
    );
    CREATE INDEX audit_kind_state ON audit (kind, state);
    CREATE TABLE audit_item (
      audit_id INTEGER NOT NULL REFERENCES audit (id) ON DELETE CASCADE,
      item_id TEXT NOT NULL,
      title TEXT NOT NULL,
      item_group TEXT NOT NULL,
      PRIMARY KEY (audit_id, item_id)
    );
    CREATE TABLE pull (
      id INTEGER PRIMARY KEY,
      audit_id INTEGER NOT NULL REFERENCES audit (id) ON DELETE CASCADE,
      name TEXT NOT NULL,
      type TEXT NOT NULL,
      state TEXT NOT NULL,
      fetched_at INTEGER,
      entity_rows TEXT NOT NULL,
      rejects INTEGER NOT NULL,
      cursor_json TEXT NOT NULL,
      warnings TEXT NOT NULL,
      error TEXT,
      UNIQUE (audit_id, name)
    );
    """)


def create_checks(db: "sqlite_utils.Database") -> None:
    db.executescript("""
    CREATE TABLE check_text (
      id INTEGER PRIMARY KEY,
      digest TEXT NOT NULL UNIQUE,
      item_id TEXT NOT NULL,
      check_id TEXT NOT NULL,
      check_name TEXT NOT NULL,
      leg TEXT NOT NULL,
      title TEXT NOT NULL,
      kind TEXT NOT NULL,
      unit TEXT NOT NULL,
      better TEXT NOT NULL,
      pass_at REAL,
      warn_at REAL,
      severity TEXT NOT NULL,
      population TEXT NOT NULL,
      clock TEXT NOT NULL,
      advice TEXT NOT NULL,
      check_hash TEXT NOT NULL
    );
    CREATE INDEX check_text_check ON check_text (check_id);
    """)


def create_results(db: "sqlite_utils.Database") -> None:
    db.executescript("""
    CREATE TABLE result (
      id INTEGER PRIMARY KEY,
      audit_id INTEGER NOT NULL REFERENCES audit (id) ON DELETE CASCADE,
      check_text_id INTEGER NOT NULL REFERENCES check_text (id),
      check_id TEXT NOT NULL,
      leg TEXT NOT NULL,
      segment TEXT,
      status TEXT NOT NULL,
      value REAL,
      n INTEGER NOT NULL,
      n_rows INTEGER NOT NULL,
      low_n INTEGER NOT NULL,
      interval_low REAL,
      interval_high REAL,
      mean REAL,
      median REAL,
      p90 REAL,
      weight INTEGER NOT NULL,
      reason TEXT NOT NULL,
      details TEXT NOT NULL
    );
    CREATE UNIQUE INDEX result_desk ON result (audit_id, check_id, leg) WHERE segment IS NULL;
    CREATE UNIQUE INDEX result_segment ON result (audit_id, check_id, leg, segment) WHERE segment IS NOT NULL;
    CREATE INDEX result_history ON result (check_id, leg, segment, audit_id);
    CREATE INDEX result_text ON result (check_text_id);
    CREATE TABLE evidence (
      result_id INTEGER NOT NULL REFERENCES result (id) ON DELETE CASCADE,
      position INTEGER NOT NULL,
      subject_type TEXT NOT NULL,
      subject INTEGER NOT NULL,
      ref TEXT NOT NULL,
      title TEXT NOT NULL,
      url TEXT NOT NULL,
      segment TEXT,
      good INTEGER,
      value REAL,
      badness REAL,
      columns_json TEXT NOT NULL,
      PRIMARY KEY (result_id, position)
    );
    """)


def create_answers(db: "sqlite_utils.Database") -> None:
    db.executescript("""
    CREATE TABLE question (
      audit_id INTEGER NOT NULL REFERENCES audit (id) ON DELETE CASCADE,
      question_id TEXT NOT NULL,
      item_id TEXT NOT NULL,
      ask TEXT NOT NULL,
      question_hash TEXT NOT NULL,
      must INTEGER NOT NULL,
      type TEXT NOT NULL,
      PRIMARY KEY (audit_id, question_id)
    );
    CREATE TABLE answer (
      audit_id INTEGER NOT NULL REFERENCES audit (id) ON DELETE CASCADE,
      question_id TEXT NOT NULL,
      value TEXT NOT NULL,
      note TEXT NOT NULL,
      answered_by TEXT NOT NULL,
      answered_at INTEGER NOT NULL,
      state TEXT NOT NULL,
      question_hash TEXT NOT NULL,
      PRIMARY KEY (audit_id, question_id)
    );
    CREATE INDEX answer_question ON answer (question_id, audit_id);
    CREATE TABLE journal (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      audit_id INTEGER REFERENCES audit (id) ON DELETE SET NULL,
      happened_at INTEGER NOT NULL,
      made_by TEXT NOT NULL,
      action TEXT NOT NULL,
      thing TEXT NOT NULL,
      old_json TEXT,
      new_json TEXT
    );
    CREATE INDEX journal_audit ON journal (audit_id, thing);
    """)


def create_views(db: "sqlite_utils.Database") -> None:
    db.executescript("""
    CREATE VIEW audits AS
    SELECT id, kind, state,
      strftime('%Y-%m-%dT%H:%M:%SZ', started_at, 'unixepoch') AS started,
      strftime('%Y-%m-%dT%H:%M:%SZ', finished_at, 'unixepoch') AS finished,
      strftime('%Y-%m-%dT%H:%M:%SZ', period_start, 'unixepoch') AS period_from,
      strftime('%Y-%m-%dT%H:%M:%SZ', period_end, 'unixepoch') AS period_to,
      strftime('%Y-%m-%dT%H:%M:%SZ', as_of, 'unixepoch') AS judged_as_of,
      ROUND(100 * json_extract(summary, '$.assured'), 1) AS assured_percent,
      ROUND(100 * json_extract(summary, '$.score'), 1) AS score_percent,
      ROUND(100 * json_extract(summary, '$.coverage'), 1) AS coverage_percent,
      scope, zone, is_baseline, program, error
    FROM audit;
    CREATE VIEW results AS
    SELECT r.id, r.audit_id, a.kind AS audit_kind,
      strftime('%Y-%m-%dT%H:%M:%SZ', a.as_of, 'unixepoch') AS judged_as_of,
      t.item_id, r.check_id, t.check_name, t.title, r.leg, r.segment, r.status, r.value, t.unit, r.n, r.n_rows,
      r.low_n, r.interval_low, r.interval_high, r.mean, r.median, r.p90, t.pass_at, t.warn_at, t.better, t.severity,
      r.weight, r.reason, t.advice, t.check_hash
    FROM result r JOIN check_text t ON t.id = r.check_text_id JOIN audit a ON a.id = r.audit_id;
    CREATE VIEW latest_results AS
    SELECT * FROM results
    WHERE segment IS NULL
      AND audit_id = (SELECT MAX(id) FROM audit WHERE kind = 'full' AND state = 'completed');
    CREATE VIEW findings AS
    SELECT r.audit_id, t.item_id, r.check_id, t.check_name, r.leg, r.segment AS result_segment, r.status,
      e.position, e.subject_type, e.subject, e.ref, e.title, e.url, e.segment, e.value, e.badness, e.columns_json
    FROM evidence e JOIN result r ON r.id = e.result_id JOIN check_text t ON t.id = r.check_text_id
    WHERE r.status IN ('FAIL', 'WARN');
    CREATE VIEW sources AS
    SELECT p.audit_id, p.name, p.type, p.state,
      strftime('%Y-%m-%dT%H:%M:%SZ', p.fetched_at, 'unixepoch') AS fetched,
      p.entity_rows, p.rejects, p.warnings, p.error
    FROM pull p;
    CREATE VIEW answers_current AS
    SELECT n.question_id, q.item_id, q.ask, n.value, n.note, n.answered_by,
      strftime('%Y-%m-%dT%H:%M:%SZ', n.answered_at, 'unixepoch') AS answered, n.audit_id
    FROM answer n LEFT JOIN question q ON q.audit_id = n.audit_id AND q.question_id = n.question_id
    WHERE n.state = 'confirmed' AND n.audit_id = (
      SELECT MAX(o.audit_id) FROM answer o WHERE o.question_id = n.question_id AND o.state = 'confirmed');
    CREATE VIEW changes_of_answers AS
    SELECT id, audit_id, strftime('%Y-%m-%dT%H:%M:%SZ', happened_at, 'unixepoch') AS happened, made_by, action,
      thing AS question_id,
      json_extract(old_json, '$.value') AS old_value, json_extract(new_json, '$.value') AS new_value,
      json_extract(old_json, '$.note') AS old_note, json_extract(new_json, '$.note') AS new_note
    FROM journal WHERE action IN ('answer', 'unanswer');
    """)


def migrations() -> "Migrations":
    """All migrations of the program, oldest first."""
    from sqlite_utils.migrations import Migrations

    found = Migrations(SET)
    for step in (create_audits, create_checks, create_results, create_answers, create_views):
        found()(step)
    return found


def migrate(database: Database, path: Path) -> None:
    """Brings the file to the schema of this program.

    StoreError for a newer schema, a foreign database, and an older schema in a file that may only be read.
    """
    steps = migrations()
    known = {step.name for step in steps.pending(_empty())}
    with database.read() as db:
        done = [step.name for step in steps.applied(db)]
        tables = db.table_names()
    if tables and not done:
        raise StoreError(
            _("{file} is a database of another program.").format(file=path),
            hint=_("Choose another place with --data-dir."),
        )
    if newer := [name for name in done if name not in known]:
        raise StoreError(
            _("{file} was written by a newer deskaudit (schema step {step} is unknown here).").format(
                file=path, step=newer[0]
            ),
            hint=_("Upgrade deskaudit, or choose another place with --data-dir."),
        )
    if len(done) < len(known) and database.read_only:
        raise StoreError(
            _(
                "{file} was written by an older deskaudit, and may only be read: its schema cannot be brought up."
            ).format(file=path),
            hint=_("Let a user who may write there run this once, or copy the folder and name it with --data-dir."),
        )
    if len(done) < len(known):
        # The write lock comes first, so that of two programs that start at once one migrates and the other finds it done.
        with database.write() as db:
            steps.apply(db)


def _empty() -> "sqlite_utils.Database":
    from sqlite_utils import Database as SqliteUtils

    return SqliteUtils(memory=True, execute_plugins=False)
