"""A small desk in memory: the tables of a snapshot, filled row by row, without files or derivation."""

from pathlib import Path
from typing import NoReturn

import msgspec
import pytest
from hypothesis import settings

from deskaudit.checks import engine, joining
from deskaudit.checks.spec import Check, Item
from deskaudit.snapshot.reader import Coverage, Filled, read_coverage
from deskaudit.snapshot.schema import empty_database

settings.register_profile("patient", deadline=None)  # a busy machine is no fault
settings.load_profile("patient")

NOW = 1_700_000_000
DAY = 86400
WINDOW = engine.Window(NOW - 90 * DAY, NOW, NOW, (NOW - 180 * DAY, NOW - 90 * DAY))


class Desk:
    """Stands in for a snapshot's Reader. `states` overrides what `filled` says of an entity."""

    def __init__(self, folder: Path) -> None:
        self.connection = empty_database()
        self.folder = folder
        self.states: dict[str, Filled] = {}
        self.known: dict[object, object] = {}
        self.past = engine.NoPast()

    def filled(self, entity: str) -> Filled:
        return self.states.get(entity, Filled("complete", "", NOW - 400 * DAY))

    def has_values(self, column: str) -> bool:
        table, _, name = column.partition(".")
        found = self.connection.execute(f"SELECT COUNT({name}) FROM {table}").fetchone()
        return found is not None and found[0] > 0

    def coverage(self, entity: str) -> tuple[Coverage, ...]:
        return read_coverage(self.connection, entity)

    def add(self, table: str, *rows: dict[str, object]) -> None:
        for number, row in enumerate(rows, start=1):
            whole = {"id": number, **row}
            marks = ", ".join("?" * len(whole))
            self.connection.execute(f"INSERT INTO {table} ({', '.join(whole)}) VALUES ({marks})", list(whole.values()))

    def judge(self, check: Check, window: engine.Window = WINDOW) -> list[engine.Result]:
        item = Item(id="HD-99", slug="test", title="Test", group="tickets", cadence="daily", why="", check=[check])
        return engine.run(item, check, self, window, self.folder, self.past)

    def twins(self, most: int) -> NoReturn:
        raise AssertionError("one check is judged in one thread")

    def frozen(self, check: str) -> list[dict[str, object]]:
        """The judged rows of one check, as an audit keeps them."""
        file = self.folder.parent / f"{check}.judged"
        joining.join_frozen(self.folder, file, self, {})
        found = self.connection.execute(
            f"SELECT * EXCLUDE (ref) FROM read_parquet('{file}') WHERE \"check\" = '{check}' ORDER BY leg, subject"
        )
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


@pytest.fixture
def desk(tmp_path):
    folder = tmp_path / "frozen"
    folder.mkdir(mode=0o700)
    desk = Desk(folder)
    yield desk
    desk.connection.close()


@pytest.fixture
def window():
    return WINDOW


@pytest.fixture
def make_check():
    """A check from the few words that matter to a test."""

    def make(**words: object) -> Check:
        raw = {
            "id": "99.1",
            "name": "test",
            "title": "Tickets without an owner",
            "kind": "ratio",
            "of": "ticket",
            "needs": ["ticket"],
            "severity": "high",
            "population": "sample",
            "source": "a test",
            "advice": "Mend it.",
            **words,
        }
        return msgspec.convert(raw, Check)

    return make


@pytest.fixture
def listed():
    """Check SQL that lists constants: (subject, segment, good or value, …) as rows of a table."""

    def rows(columns: str, *values: tuple[object, ...]) -> str:
        def literal(value: object) -> str:
            if value is None:
                return "NULL"
            return f"'{value}'" if isinstance(value, str) else repr(value)

        body = ", ".join(f"({', '.join(map(literal, row))})" for row in values)
        return f"SELECT {columns} FROM (VALUES {body}) AS v({columns})"

    return rows
