"""What a check sees."""

import pytest

from deskaudit.config import Calendar, Config, Desk
from deskaudit.errors import SnapshotError
from deskaudit.model.entities import ENTITIES, Agent, Rating, Ticket
from deskaudit.snapshot import Snapshot
from deskaudit.snapshot.schema import TABLES, columns_of, empty_database
from deskaudit.testing import snapshot_of


def shape(connection, table):
    return {name: kind for name, kind, *_rest in connection.execute(f"DESCRIBE {table}").fetchall()}


def test_every_table_has_its_shape_with_and_without_rows(desk, at):
    empty = desk([])
    filled = desk(
        [Ticket(id=1, status="open", created_at=at("2026-03-02 09:00"), priority="P1"), Agent(id=2, mfa=True)]
    )
    by_hand = empty_database()
    for table in TABLES:
        for connection in (empty.connection, filled.connection, by_hand):
            assert shape(connection, table) == columns_of(table), table
    assert empty.connection.execute("SELECT COUNT(*) FROM live_ticket").fetchone() == (0,)


def test_columns_need_no_quotes():
    connection = empty_database()
    for table, columns in TABLES.items():
        for column in columns:
            connection.execute(f"SELECT {column}, t.{column} FROM {table} t WHERE {column} IS NULL ORDER BY {column}")


def test_bools_are_numbers(desk):
    reader = desk([Agent(id=1, mfa=True), Agent(id=2, mfa=False), Agent(id=3)])
    assert reader.connection.execute("SELECT mfa + 1 FROM agent ORDER BY id").fetchall() == [(2,), (1,), (None,)]


def test_fractions_and_texts_come_through(desk):
    title = 'naïve "quoted" \\ line\nnext 語 😀 it\'s'
    reader = desk([Rating(id=1, score=4.5), Ticket(id=2, title=title, ext_id="007")])
    assert reader.connection.execute("SELECT score FROM rating").fetchone() == (4.5,)
    assert reader.connection.execute("SELECT title, ext_id FROM ticket").fetchone() == (title, "007")


def test_what_is_filled(desk):
    reader = desk([Ticket(id=1)], replaces=["policy"])
    assert reader.filled("ticket").state == "complete"
    assert reader.filled("ticket").message == ""
    assert reader.filled("policy").state == "complete"  # delivered, and there is none
    assert reader.filled("asset").state == "absent"
    assert reader.filled("live_ticket").state == "complete"
    assert reader.filled("asset_match").state == "absent"
    assert reader.filled("clock").state == "complete"


def test_values_of_a_column(desk):
    reader = desk([Ticket(id=1, status="open")])
    assert reader.has_values("ticket.status")
    assert not reader.has_values("ticket.priority")
    assert not reader.has_values("asset.serial")
    for wrong in ("ticket.nothing", "nothing.id", "ticket"):
        with pytest.raises(SnapshotError, match=wrong):
            reader.has_values(wrong)


def test_the_clock_reaches_from_the_oldest_row_to_200_days_ahead(desk, at):
    now = at("2026-03-15 12:00")
    reader = desk([Ticket(id=1, created_at=at("2026-01-10 15:00"))], now=now)
    first, last, calendars = reader.connection.execute(
        "SELECT MIN(slot_at), MAX(slot_at), COUNT(DISTINCT calendar_id) FROM clock"
    ).fetchone()
    assert (first, last, calendars) == (at("2026-01-10 00:00"), at("2026-10-01 23:45"), 2)


def test_the_clock_does_not_follow_one_wrong_year(desk, at):
    now = at("2026-03-15 12:00")
    reader = desk([Ticket(id=1, created_at=5), Ticket(id=2, created_at=now + 10**9)], now=now)
    (first,) = reader.connection.execute("SELECT MIN(slot_at) FROM clock").fetchone()
    assert first == now - now % 86400 - 25 * 365 * 86400


def test_a_deadline_by_the_patterns_of_check_sql(desk, at):
    """Eight business hours after Friday 15:00 Oslo time, over the weekend in which summer time begins."""
    config = Config(desk=Desk(zone="Europe/Oslo"), calendars={"default": Calendar(hours={"mon-fri": ["08:00-16:00"]})})
    start = at("2026-03-27 15:00", "Europe/Oslo")
    reader = desk([Ticket(id=1, status="open", created_at=start)], config=config, now=start)
    (due,) = reader.connection.execute("""
        SELECT o.slot_at + x.w % 900
        FROM (SELECT t.created_w + 28800 AS w FROM live_ticket t) x
        JOIN clock o ON o.calendar_id = 1 AND o.is_open = 1 AND o.cum = x.w - x.w % 900
    """).fetchone()
    assert due == at("2026-03-30 15:00", "Europe/Oslo")


def test_the_kit_refuses_what_would_be_lost(tmp_path):
    with pytest.raises(ValueError, match="do not fit"):
        snapshot_of(tmp_path / "a", [Ticket(id=1, created_at="now")], now=0)
    with pytest.raises(ValueError, match="tickets"):
        snapshot_of(tmp_path / "b", [], now=0, replaces=["tickets"])


def test_all_entities_can_be_landed(desk):
    """One row of each, with nothing but what it must have."""
    must = {"ticket_id": 1, "tag": "x", "name": "x", "kind": "x", "channel": "x", "origin": "scan", "measure": "x"}
    must |= {
        "product": "x",
        "cycle": "x",
        "happened_at": 1,
        "job_id": 1,
        "state": "ok",
        "asset_id": 1,
        "started_at": 1,
        "ended_at": 2,
        "id": 1,
    }
    rows = []
    for entity in ENTITIES.values():
        needed = [name for name in entity.__struct_fields__ if name in must and _is_required(entity, name)]
        rows.append(entity(**{name: must[name] for name in needed}))
    reader = desk(rows)
    for entity in ENTITIES:
        assert reader.connection.execute(f"SELECT id FROM {entity}").fetchall() == [(1,)], entity


def _is_required(entity, name):
    import msgspec

    return next(field for field in msgspec.structs.fields(entity) if field.name == name).required


@pytest.mark.parametrize(("threads", "twins", "left"), [(1, 1, 1), (2, 2, 1), (5, 2, 4)])
def test_twins_take_no_more_cores_than_the_reader_may(tmp_path, desk, threads, twins, left):
    desk([Ticket(id=1)])
    with Snapshot(tmp_path / "snapshot", threads=threads).open() as reader:
        reader.confine(tmp_path)
        with reader.twins(2) as found:
            assert len(found) == twins
            asked = "SELECT id, current_setting('threads') FROM ticket"
            assert [twin.connection.execute(asked).fetchall() for twin in found] == [[(1, left)]] * twins
        assert reader.connection.execute(asked).fetchall() == [(1, threads)]
