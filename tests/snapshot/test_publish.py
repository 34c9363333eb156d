"""From landed rows to a generation that readers see, whole or not at all."""

import json
import os
import re
import threading

import duckdb
import pytest

from deskaudit.config import Calendar, Config, Desk
from deskaudit.errors import ConfigError, LockedError, SnapshotError
from deskaudit.model.batches import Batch, Problem
from deskaudit.model.entities import Agent, Asset, Event, Rating, Ticket, TicketField, TicketTag
from deskaudit.snapshot import Snapshot, derive

NOW = 1_773_000_000


@pytest.fixture
def snapshot(tmp_path) -> Snapshot:
    return Snapshot(tmp_path / "snapshot")


@pytest.fixture
def pull(snapshot):
    """Lands one batch and publishes it."""

    def one(rows=(), *, now=NOW, source="desk", error=None, config=None, finish=True, **batch):
        with snapshot.landing(source, "csv", now) as landing:
            landing.land(Batch(rows=list(rows), **batch))
            if finish:
                landing.finish(cadence_s=3600, error=error)
            return snapshot.publish([landing], config or Config(), now)

    return one


def select(snapshot, sql):
    with snapshot.open() as reader:
        return reader.connection.execute(sql).fetchall()


def test_the_latest_row_of_an_id_wins(snapshot, pull):
    pull([Ticket(id=1, title="old"), Ticket(id=2, title="stays")])
    pull([Ticket(id=1, title="new"), Ticket(id=3, title="a"), Ticket(id=3, title="b")], now=NOW + 60)
    found = select(snapshot, "SELECT id, title, src FROM ticket ORDER BY id")
    assert found == [(1, "new", "desk"), (2, "stays", "desk"), (3, "b", "desk")]


def test_a_row_wins_whole_and_not_column_by_column(snapshot, pull):
    pull([Ticket(id=1, title="old", agent_id=4)])
    pull([Ticket(id=1, title="new")])
    assert select(snapshot, "SELECT title, agent_id FROM ticket") == [("new", None)]


def test_an_entity_delivered_whole_replaces_what_was_there(snapshot, pull):
    pull([Agent(id=1), Agent(id=2), Ticket(id=1)])
    pull([Agent(id=2)], replaces=frozenset({"agent", "asset"}))
    assert select(snapshot, "SELECT id FROM agent") == [(2,)]
    assert select(snapshot, "SELECT id FROM ticket") == [(1,)]
    entity = snapshot.manifest().sources["desk"].entities
    assert (entity["agent"].swept_at, entity["ticket"].swept_at, entity["asset"].rows) == (NOW, None, 0)


def test_half_a_list_replaces_nothing(snapshot, pull):
    pull([Agent(id=1), Agent(id=2)])
    half = Problem("/agents", "page 2: 500", ("agent",))
    manifest = pull([Agent(id=2, name="new")], replaces=frozenset({"agent"}), problems=[half])
    assert select(snapshot, "SELECT id, name FROM agent ORDER BY id") == [(1, None), (2, "new")]
    assert not manifest.sources["desk"].entities["agent"].complete
    with snapshot.open() as reader:
        filled = reader.filled("agent")
    assert (filled.state, filled.message) == ("incomplete", "desk: /agents: page 2: 500")


def test_tags_and_fields_come_with_their_ticket(snapshot, pull):
    pull(
        [
            Ticket(id=1),
            Ticket(id=2),
            TicketTag(id=1, ticket_id=1, tag="vip"),
            TicketTag(id=2, ticket_id=2, tag="vip"),
            TicketField(id=3, ticket_id=1, name="os", value="linux"),
        ]
    )
    pull([Ticket(id=1), TicketTag(id=4, ticket_id=1, tag="late"), TicketField(id=5, ticket_id=9, name="os")])
    assert select(snapshot, "SELECT ticket_id, tag FROM ticket_tag ORDER BY id") == [(2, "vip"), (1, "late")]
    assert select(snapshot, "SELECT ticket_id FROM ticket_field") == [(9,)]


@pytest.mark.parametrize("before", [(), (Ticket(id=1), TicketTag(id=9, ticket_id=1, tag="older"))])
def test_tags_of_a_pull_that_was_killed_go_when_their_ticket_comes_without_them(snapshot, pull, before):
    if before:
        pull(before)
    vip, linux = TicketTag(id=1, ticket_id=1, tag="vip"), TicketField(id=1, ticket_id=1, name="os", value="linux")
    late, kept = TicketTag(id=2, ticket_id=1, tag="late"), TicketTag(id=3, ticket_id=2, tag="vip")
    with snapshot.landing("desk", "csv", NOW) as landing:
        landing.land(Batch(rows=[Ticket(id=1), vip, linux, Ticket(id=2), kept], cursor={"page": 1}))
    pull([late, Ticket(id=1)])
    assert select(snapshot, "SELECT ticket_id, tag FROM ticket_tag ORDER BY id") == [(1, "late"), (2, "vip")]
    assert select(snapshot, "SELECT * FROM ticket_field") == []


def test_events_are_added_to(snapshot, pull):
    pull([Ticket(id=1), Event(id=1, ticket_id=1, happened_at=NOW, kind="note")])
    pull([Ticket(id=1), Event(id=2, ticket_id=1, happened_at=NOW, kind="note")])
    assert select(snapshot, "SELECT id FROM event ORDER BY id") == [(1,), (2,)]


def test_a_sweep_dates_what_is_known_of_deletions(pull):
    first = pull([Ticket(id=1)], swept=frozenset({"ticket"}))
    assert first.sources["desk"].entities["ticket"].swept_at == NOW
    later = pull([Ticket(id=2)], now=NOW + 99)
    assert later.sources["desk"].entities["ticket"].swept_at == NOW


def test_a_failed_source_keeps_its_last_rows_and_says_so(snapshot, pull):
    pull([Ticket(id=1)], cursor={"page": 1})
    manifest = pull([Ticket(id=2)], now=NOW + 60, error="401\nwrong key", cursor={"page": 2})
    source = manifest.sources["desk"]
    assert (source.state, source.error, source.fetched_at) == ("failed", "401\nwrong key", NOW)
    assert select(snapshot, "SELECT id FROM ticket") == [(1,)]
    assert select(snapshot, "SELECT name, state, fetched_at, rows FROM extract") == [("desk", "failed", NOW, 1)]
    with snapshot.open() as reader:
        assert reader.filled("ticket").state == "incomplete"
        assert "401 wrong key" in reader.filled("ticket").message
    with snapshot.landing("desk", "csv", NOW) as landing:  # the next try goes on
        assert (landing.cursor, landing.rows) == ({"page": 2}, 1)
        landing.finish(cadence_s=60)
        manifest = snapshot.publish([landing], Config(), NOW + 120)
    assert select(snapshot, "SELECT id FROM ticket ORDER BY id") == [(1,), (2,)]
    assert manifest.sources["desk"].error is None


def test_a_source_that_never_worked(snapshot, pull):
    pull(error="no route to host")
    assert select(snapshot, "SELECT state, fetched_at, rows FROM extract") == [("failed", None, 0)]
    with snapshot.open() as reader:
        filled = reader.filled("ticket")
    assert (filled.state, filled.first_fetched_at) == ("absent", None)
    assert "no route to host" in filled.message


def test_a_pull_that_was_not_finished_is_not_published(snapshot, pull):
    pull([Ticket(id=1)], cursor={"page": 1})
    manifest = pull([Ticket(id=2)], cursor={"page": 2}, finish=False)
    assert manifest.sources["desk"].state == "failed"
    assert select(snapshot, "SELECT id FROM ticket") == [(1,)]


def out_of_memory_above(tickets, derive, monkeypatch):
    """As if no more tickets than these fitted into memory at once. Gives the numbers that were tried."""
    whole, tried = derive.write_parquet, []

    def narrow(connection, rows, file, **how):
        if re.search(r"live_ticket\.\d+\.", file.name):
            tried.append(connection.execute("SELECT COUNT(*) FROM live_base").fetchone()[0])
            if tried[-1] > tickets:
                raise duckdb.OutOfMemoryException("failed to pin block")
        return whole(connection, rows, file, **how)

    monkeypatch.setattr(derive, "write_parquet", narrow)
    return tried


def test_tickets_that_do_not_fit_into_memory_are_halved(snapshot, pull, monkeypatch):
    tried = out_of_memory_above(2, derive, monkeypatch)
    pull([Ticket(id=number, status="open", created_at=NOW - 9) for number in range(1, 9)])
    assert tried == [8, 4, 2, 2, 2, 2]
    assert select(snapshot, "SELECT id FROM live_ticket ORDER BY id") == [(number,) for number in range(1, 9)]
    assert [file.name for file in snapshot.folder.glob("*.live_ticket*")] == ["00000001.live_ticket.parquet"]


def test_memory_that_no_part_fits_into_is_told_with_the_key_to_raise(pull, monkeypatch):
    out_of_memory_above(0, derive, monkeypatch)
    with pytest.raises(SnapshotError) as caught:
        pull([Ticket(id=1, status="open", created_at=NOW - 9), Ticket(id=256, status="open", created_at=NOW - 9)])
    assert "memory_limit under [audit]" in caught.value.hint


def test_two_sources_stand_side_by_side(snapshot, pull):
    pull([Ticket(id=1, is_test=False)], source="a")
    pull([Ticket(id=2, is_test=True)], source="b", now=NOW + 60)
    assert select(snapshot, "SELECT id, src, is_test FROM ticket ORDER BY id") == [(1, "a", 0), (2, "b", 1)]
    with snapshot.open() as reader:
        assert reader.filled("ticket").first_fetched_at == NOW + 60


def test_a_source_that_the_config_names_no_more_goes(snapshot, pull):
    pull([Ticket(id=1)], source="a")
    config = Config(sources={"b": {"type": "csv"}})
    manifest = pull([Ticket(id=2)], source="b", config=config)
    assert list(manifest.sources) == ["b"]
    assert select(snapshot, "SELECT id FROM ticket") == [(2,)]


def test_rows_of_an_older_deskaudit_lack_columns_and_are_read(snapshot, pull):
    import duckdb

    manifest = pull([Ticket(id=1, title="x")])
    file = snapshot.folder / manifest.sources["desk"].entities["ticket"].file
    duckdb.execute(f"COPY (SELECT 1::BIGINT AS id, 'x' AS title, 5 AS gone) TO '{file}' (FORMAT parquet)")
    assert select(snapshot, "SELECT id, title, status, src FROM ticket") == [(1, "x", None, "desk")]
    pull([Ticket(id=2, status="open")])
    assert select(snapshot, "SELECT id, title, status FROM ticket ORDER BY id") == [(1, "x", None), (2, None, "open")]


def test_config_that_changes_the_derived_tables_changes_the_hash(snapshot, pull):
    first = pull([Ticket(id=1)])
    same = snapshot.publish([], Config(sources={}), NOW)
    other = snapshot.publish([], Config(desk=Desk(zone="Europe/Oslo")), NOW)
    assert first.config_hash == same.config_hash != other.config_hash


def test_a_wrong_calendar_is_said_before_anything_is_written(snapshot, pull):
    pull([Ticket(id=1)])
    with pytest.raises(ConfigError, match=r"calendars.default.hours.mon"):
        pull([Ticket(id=2)], config=Config(calendars={"default": Calendar(hours={"mon": ["08:01-16:00"]})}))
    assert snapshot.manifest().generation == 1


def test_files_go_two_generations_later_or_after_an_hour(snapshot, pull):
    def files(generation):
        return sorted(file.name for file in snapshot.folder.glob(f"{generation:08}.*.parquet"))

    pull([Ticket(id=1)])
    first = files(1)
    pull([Ticket(id=2)], now=NOW + 1)
    assert files(1) == first
    pull([Ticket(id=3)], now=NOW + 2)
    assert files(1) == first
    pull([Ticket(id=4)], now=NOW + 3)
    assert files(1) == []
    assert files(2) != []
    pull([Ticket(id=5)], now=NOW + 3605)
    assert (files(2), files(3)) == ([], [])
    assert files(4) != []


def test_a_source_that_was_not_pulled_keeps_its_file(snapshot, pull):
    pull([Asset(id=1, origin="list")], source="assets")
    for step in range(4):
        pull([Ticket(id=step)], now=NOW + step)
    assert select(snapshot, "SELECT id FROM asset") == [(1,)]


def test_what_is_open_stays_whatever_is_published(snapshot, pull):
    pull([Ticket(id=1, created_at=NOW)])
    reader = snapshot.open()
    for step in range(4):
        pull([Ticket(id=10 + step)], now=NOW + step * 7200)
    assert reader.connection.execute("SELECT id FROM ticket").fetchall() == [(1,)]
    assert reader.connection.execute("SELECT ticket_id FROM status_span").fetchall() == [(1,)]
    reader.close()
    pull([Ticket(id=20)], now=NOW + 99_999)
    assert list(snapshot.folder.glob("00000001.*")) == []


def test_a_publisher_that_was_killed_leaves_nothing_behind(snapshot, pull):
    pull([Ticket(id=1)])
    stray = snapshot.folder / "00000002.desk.ticket.parquet"
    stray.write_bytes(b"half a file")
    pull([Rating(id=1)])
    assert select(snapshot, "SELECT id FROM ticket") == [(1,)]
    assert not stray.exists()


def test_a_landing_that_was_published_and_not_removed_is_not_published_twice(snapshot, pull, monkeypatch):
    from deskaudit.snapshot.landing import Landing

    with monkeypatch.context() as patch:
        patch.setattr(Landing, "clear", lambda _self: None)  # as if killed between manifest and removal
        pull([Ticket(id=1)], cursor={"page": 1})
    with snapshot.landing("desk", "csv", NOW) as landing:
        assert (landing.resumed, landing.rows, landing.cursor) == (False, 0, {"page": 1})


def test_one_publisher_at_a_time(snapshot):
    from deskaudit.snapshot.leases import Lock

    snapshot.folder.mkdir()
    lock = Lock(snapshot.folder / "publish.lock", "x", NOW)
    with pytest.raises(LockedError, match="process"):
        snapshot.publish([], Config(), NOW)
    lock.release()
    assert snapshot.publish([], Config(), NOW).generation == 1


def test_readers_never_see_two_generations_mixed(snapshot, pull):
    """Generation n has n tickets, each with n events; readers look while seven generations are published."""
    pull([Ticket(id=1, created_at=NOW), Event(id=1, ticket_id=1, happened_at=NOW, kind="note")])
    stop, mixed, seen, faults = threading.Event(), [], set(), []

    def read():
        while not stop.is_set():
            try:
                with snapshot.open() as reader:
                    generation = reader.manifest.generation
                    counts = reader.connection.execute(
                        "SELECT (SELECT COUNT(*) FROM ticket), (SELECT COUNT(*) FROM event),"
                        " (SELECT COUNT(*) FROM status_span)"
                    ).fetchone()
            except Exception as fault:  # noqa: BLE001 - whatever it is, it fails the test
                faults.append(fault)
                return
            seen.add(generation)
            if counts != (generation, generation**2, generation):
                mixed.append((generation, counts))

    readers = [threading.Thread(target=read) for _reader in range(2)]
    for reader in readers:
        reader.start()
    for number in range(2, 8):
        rows = [Ticket(id=n, created_at=NOW) for n in range(1, number + 1)]
        events = [
            Event(id=n * 1000 + m, ticket_id=n, happened_at=NOW, kind="note")
            for n in range(1, number + 1)
            for m in range(number)
        ]
        pull([*rows, *events], now=NOW + number * 4000, replaces=frozenset({"ticket", "event"}))
    stop.set()
    for reader in readers:
        reader.join()
    assert (mixed, faults) == ([], [])
    assert len(seen) > 2


def test_overflow_of_dead_processes_goes(snapshot, pull):
    from deskaudit.snapshot import leases

    pull([Ticket(id=1)])
    alive = snapshot.folder / leases.spill_folder(snapshot.folder).rsplit("/", 1)[1]
    dead = alive.with_name(alive.name.replace(f"-{os.getpid()}-", "-99999999-"))
    elsewhere = alive.with_name("spill-00000000-99999999-aa")
    for folder in (alive, dead, elsewhere):
        folder.mkdir()
        (folder / "duckdb_temp_storage-0.tmp").write_bytes(b"x")
    pull([Ticket(id=2)])
    assert [folder.exists() for folder in (alive, dead, elsewhere)] == [True, False, True]


def test_files_of_others_are_left_alone(snapshot, pull):
    pull([Ticket(id=1)])
    names = ("copy of 00000001.lease", "notes.txt", "spill-notes")
    for name in names:
        (snapshot.folder / name).write_text("x")
    for number in (2, 3, 4):
        pull([Ticket(id=number)], now=NOW + number * 4000)
    assert all((snapshot.folder / name).exists() for name in names)
    assert select(snapshot, "SELECT COUNT(*) FROM ticket") == [(4,)]


def test_a_folder_shared_with_a_group(tmp_path, snapshot, pull):
    tmp_path.chmod(0o2770)
    pull([Ticket(id=1)], cursor={"page": 1})
    for path in [snapshot.folder, *snapshot.folder.rglob("*")]:
        assert path.stat().st_mode & 0o7777 == (0o2770 if path.is_dir() else 0o660), path


def test_nothing_published_yet(snapshot):
    with pytest.raises(SnapshotError, match="deskaudit scan"):
        snapshot.open()
    assert snapshot.manifest() is None


def test_a_manifest_of_a_newer_format(snapshot, pull):
    pull([Ticket(id=1)])
    file = snapshot.folder / "manifest.json"
    raw = json.loads(file.read_text())
    file.write_text(json.dumps(raw | {"format": 2, "sources": "in a way that is not invented yet"}))
    with pytest.raises(SnapshotError, match=r"format 2; this deskaudit reads up to 1[\s\S]*Update deskaudit"):
        snapshot.open()


def test_a_damaged_manifest(snapshot, pull):
    pull([Ticket(id=1)])
    file = snapshot.folder / "manifest.json"
    file.write_text(file.read_text()[:-40])
    with pytest.raises(SnapshotError, match="damaged"):
        snapshot.open()


def test_a_manifest_that_names_files_elsewhere_is_damaged(tmp_path, snapshot, pull):
    """Files of earlier generations are removed: none but the snapshot's own."""
    mine = tmp_path / "mine.txt"
    mine.write_text("x")
    pull([Ticket(id=1)])
    file = snapshot.folder / "manifest.json"
    name = "00000001.desk.ticket.parquet"
    for other in ("../mine.txt", str(mine)):
        raw = json.loads(file.read_text().replace(json.dumps(name), json.dumps(other)))
        (tmp_path / "other").mkdir(exist_ok=True)
        (tmp_path / "other" / "manifest.json").write_text(json.dumps(raw))
        with pytest.raises(SnapshotError, match=r"damaged: .* is no file of its folder"):
            Snapshot(tmp_path / "other").manifest()
    assert mine.exists()


@pytest.mark.parametrize("damage", [lambda file: file.unlink(), lambda file: file.write_bytes(file.read_bytes()[:300])])
def test_a_pull_onto_a_damaged_file_says_what_mends_it(snapshot, pull, damage):
    """Room on the disk would not: the rows of earlier pulls are gone, and have to come anew."""
    manifest = pull([Ticket(id=1)], cursor={"page": 1})
    damage(snapshot.folder / manifest.sources["desk"].entities["ticket"].file)
    with pytest.raises(SnapshotError, match=r"rows of earlier pulls in .* cannot be read") as caught:
        pull([Ticket(id=2)], cursor={"page": 2})
    assert "Remove the folder and pull again" in caught.value.hint


def test_a_missing_file(snapshot, pull):
    manifest = pull([Ticket(id=1)])
    (snapshot.folder / manifest.sources["desk"].entities["ticket"].file).unlink()
    with pytest.raises(SnapshotError, match="pull again"):
        snapshot.open()
