"""Prints docs/store.md: the schema as the migrations make it, with the meaning of each column.

python -m deskaudit.store.describe > docs/store.md
"""

import sys
from collections.abc import Iterator

from sqlite_utils import Database

from deskaudit.store.descriptions import TABLES, VIEWS
from deskaudit.store.migrations import SET, migrations

_INTRO = """\
# The results database

<!-- Generated: python -m deskaudit.store.describe > docs/store.md -->

Everything deskaudit keeps lies in one SQLite file, `deskaudit.db` in the data folder, readable by its owner alone (mode 600).
Open it with any SQLite tool, also while an audit runs:

```sh
sqlite-utils rows deskaudit.db latest_results --limit 5
sqlite-utils deskaudit.db "select judged_as_of, value from results where check_name = 'sla-missed' and segment is null"
datasette deskaudit.db
```

Read it, but leave writing to deskaudit. Times are epoch seconds in UTC; the views show them as ISO 8601. Shares are 0 to 1,
durations seconds. Secrets are never in it.

The file uses write-ahead logging: `deskaudit.db-wal` and `deskaudit.db-shm` belong to it. To copy it, use
`sqlite3 deskaudit.db ".backup copy.db"`, or copy all three while nothing runs. On a network file system, where write-ahead
logging is unsafe, deskaudit uses a rollback journal instead and says so.

The rows that an audit judged lie beside it in `judged/audit-N.parquet`, one row each: `check`, `leg`, `reference` (1: of the
period a drift compares with), `part`, `subject`, `segment`, `good`, `value`, `badness`, `columns` (JSON). Their SHA-256 stands in
`audit.judged_sha256` and is verified before they are shown.

The schema is versioned by the migrations of sqlite-utils (table `_sqlite_migrations`, set `{set}`). A newer deskaudit brings an
older file up to date when it opens it; an older deskaudit refuses a newer file.
"""


def describe() -> str:
    """The page. KeyError where a table, view or column has no description, or a description has no column."""
    db = Database(memory=True, execute_plugins=False)
    try:
        migrations().apply(db)
        lines = [_INTRO.format(set=SET), *_tables(db), *_views(db)]
    finally:
        db.close()
    return "\n".join(lines) + "\n"


def _tables(db: Database) -> Iterator[str]:
    known = {name for name in db.table_names() if not name.startswith(("_", "sqlite_"))}
    _demand_same(known, set(TABLES), "tables")
    yield "## Tables"
    for name, (about, columns) in TABLES.items():
        table = db.table(name)
        _demand_same({column.name for column in table.columns}, set(columns), name)
        keys = {key.column: f" → {key.other_table}.{key.other_column}" for key in table.foreign_keys}
        yield f"\n### {name}\n\n{about}\n\n| column | type | |\n| --- | --- | --- |"
        for column in table.columns:
            primary = " (key)" if column.is_pk else ""
            yield f"| {column.name}{primary} | {column.type}{keys.get(column.name, '')} | {columns[column.name]} |"


def _views(db: Database) -> Iterator[str]:
    _demand_same(set(db.view_names()), set(VIEWS), "views")
    yield "\n## Views"
    for name, about in VIEWS.items():
        columns = ", ".join(column.name for column in db.view(name).columns)
        yield f"\n### {name}\n\n{about}\n\n{columns}"


def _demand_same(found: set[str], described: set[str], what: str) -> None:
    if found != described:
        message = f"{what}: described and real differ in {sorted(found ^ described)}"
        raise KeyError(message)


if __name__ == "__main__":
    sys.stdout.write(describe())
