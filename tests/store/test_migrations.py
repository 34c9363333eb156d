"""Each migration from the schema before it, with rows in every table."""

import pytest
from sqlite_utils import Database

from deskaudit.store.migrations import migrations

STEPS = [step.name for step in migrations()._migrations]


def fill(db):
    """A row in every table, parents first, by the columns' types; returns what lies in each."""
    db.execute("PRAGMA foreign_keys = ON")
    waiting = [table for table in db.tables if not table.name.startswith(("_", "sqlite_"))]
    while waiting:
        for table in list(waiting):
            parents = {key.other_table for key in table.foreign_keys} - {table.name}
            if any(other.name in parents for other in waiting):
                continue
            row = {column.name: 1 if column.type in {"INTEGER", "REAL"} else "{}" for column in table.columns}
            table.insert(row)
            waiting.remove(table)
    return {table.name: list(table.rows) for table in db.tables if not table.name.startswith(("_", "sqlite_"))}


@pytest.mark.parametrize("step", range(len(STEPS)), ids=STEPS)
def test_a_migration_keeps_the_rows_of_the_schema_before_it(step):
    db = Database(memory=True, execute_plugins=False)
    migrations().apply(db, stop_before=STEPS[step])
    before = fill(db)
    assert [one.name for one in migrations().pending(db)] == STEPS[step:]
    migrations().apply(db)
    assert db.execute("PRAGMA foreign_key_check").fetchall() == []
    for name, rows in before.items():
        kept = [{key: row[key] for key in rows[0]} for row in db.table(name).rows]
        assert kept == rows
    fresh = Database(memory=True, execute_plugins=False)
    migrations().apply(fresh)
    assert db.schema == fresh.schema
    for view in db.view_names():
        list(db.view(view).rows)  # a view that no longer fits its tables fails when read
    db.close()
    fresh.close()


def test_every_table_that_belongs_to_an_audit_goes_with_it():
    db = Database(memory=True, execute_plugins=False)
    migrations().apply(db)
    fill(db)
    db.execute("DELETE FROM audit")
    left = {table.name for table in db.tables if not table.name.startswith(("_", "sqlite_")) and table.count}
    assert left == {"check_text", "journal"}, "the journal outlives its audit"
    db.close()
