"""Sweeps: what a source no longer names becomes a tombstone or goes, and never by accident."""

import signal
import subprocess
import sys

import pytest

from deskaudit.config import Config
from deskaudit.model.batches import Batch, Problem
from deskaudit.model.entities import Asset, Event, SlaTerm, Slot, Ticket, TicketField, TicketTag
from deskaudit.snapshot import Snapshot

NOW = 1_773_000_000
TICKET = frozenset({"ticket"})


@pytest.fixture
def snapshot(tmp_path) -> Snapshot:
    return Snapshot(tmp_path / "snapshot")


@pytest.fixture
def pull(snapshot):
    """Lands batches and publishes them."""

    def one(*batches, now=NOW, error=None):
        with snapshot.landing("desk", "api", now) as landing:
            for batch in batches:
                landing.land(batch)
            landing.finish(cadence_s=3600, error=error)
            return snapshot.publish([landing], Config(), now).sources["desk"]

    return one


def select(snapshot, sql):
    with snapshot.open() as reader:
        return reader.connection.execute(sql).fetchall()


def tickets(*numbers, **more):
    return [Ticket(id=n, status="open", created_at=NOW - 9000, **more) for n in numbers]


STATES = "SELECT id, status, deleted_at FROM ticket ORDER BY id"


def test_a_ticket_that_no_sweep_names_becomes_a_tombstone(snapshot, pull):
    pull(Batch(rows=tickets(1, 2, 3)))
    source = pull(
        Batch(rows=tickets(4)),
        Batch(present={"ticket": [1]}, cursor={"page": 1}),
        Batch(present={"ticket": [3, 1]}, swept=TICKET),
        now=NOW + 60,
    )
    assert select(snapshot, STATES) == [
        (1, "open", None),
        (2, "open", NOW + 60),
        (3, "open", None),
        (4, "open", None),  # it landed while the sweep was on its way
    ]
    assert select(snapshot, "SELECT id FROM live_ticket ORDER BY id") == [(1,), (3,), (4,)]
    assert source.entities["ticket"].swept_at == NOW + 60
    assert (source.entities["ticket"].rows, source.entities["ticket"].present) == (4, 3)
    assert source.problems == []


def test_a_tombstone_keeps_its_time_and_goes_when_the_ticket_comes_back(snapshot, pull):
    pull(Batch(rows=tickets(1, 2, 3)))
    pull(Batch(present={"ticket": [1, 3]}, swept=TICKET), now=NOW + 60)
    pull(Batch(present={"ticket": [1, 3]}, swept=TICKET), now=NOW + 120)
    assert select(snapshot, STATES)[1] == (2, "open", NOW + 60)
    pull(Batch(rows=tickets(2)), now=NOW + 180)
    assert select(snapshot, STATES)[1] == (2, "open", None)
    assert len(select(snapshot, "SELECT id FROM live_ticket")) == 3


def test_a_ticket_that_a_later_sweep_names_lives_again(snapshot, pull):
    """It was restored, and nothing else: no list of changes has it."""
    pull(Batch(rows=[*tickets(1, 2), Ticket(id=3, status="deleted", deleted_at=NOW - 9)]))
    pull(Batch(present={"ticket": [1, 3]}, swept=TICKET), now=NOW + 60)
    assert select(snapshot, "SELECT id FROM live_ticket") == [(1,)]
    pull(Batch(present={"ticket": [1, 2, 3]}, swept=TICKET), now=NOW + 120)
    assert select(snapshot, STATES) == [(1, "open", None), (2, "open", None), (3, "deleted", NOW - 9)]
    assert select(snapshot, "SELECT id FROM live_ticket ORDER BY id") == [(1,), (2,)]


def test_what_belongs_to_a_deleted_ticket_stays_and_is_not_judged(snapshot, pull):
    pull(
        Batch(
            rows=[
                *tickets(1, 2),
                TicketTag(id=1, ticket_id=1, tag="vip"),
                TicketField(id=1, ticket_id=1, name="os"),
                Event(id=1, ticket_id=1, happened_at=NOW - 60, kind="status", to_value="resolved"),
                SlaTerm(id=1, ticket_id=1, measure="resolution", started_at=NOW - 900, due_at=NOW),
                Slot(id=1, kind="worked", ticket_id=1, started_at=NOW - 60, ended_at=NOW),
            ]
        )
    )
    pull(Batch(present={"ticket": [2]}, swept=TICKET))
    for table in ("ticket_tag", "ticket_field", "event", "sla_term", "slot"):
        assert select(snapshot, f"SELECT ticket_id FROM {table}") == [(1,)], table
    for table in ("ticket_sla", "status_span"):
        assert select(snapshot, f"SELECT * FROM {table} WHERE ticket_id = 1") == [], table
    assert select(snapshot, "SELECT id FROM ticket_card ORDER BY id") == [(1,), (2,)]  # people still look it up


def test_a_merged_ticket_and_spam_stay_what_they_are(snapshot, pull):
    spam = [Ticket(id=3, status="spam"), Ticket(id=4, status="spam", deleted_at=NOW - 9)]
    pull(Batch(rows=[*tickets(1), *tickets(2, merged_into=1), *spam]))
    pull(Batch(present={"ticket": [1, 4]}, swept=TICKET), now=NOW + 5)
    found = [(1, "open", None), (2, "open", None), (3, "spam", NOW + 5), (4, "spam", NOW - 9)]
    assert select(snapshot, STATES) == found


def test_rows_of_other_entities_go(snapshot, pull):
    pull(Batch(rows=[Asset(id=1, origin="list"), Asset(id=2, origin="list"), *tickets(1)]))
    pull(Batch(rows=[Asset(id=3, origin="list")], present={"asset": [2, 3]}, swept=frozenset({"asset"})))
    assert select(snapshot, "SELECT id FROM asset ORDER BY id") == [(2,), (3,)]
    assert select(snapshot, "SELECT id FROM ticket") == [(1,)]


def test_half_a_sweep_changes_nothing(snapshot, pull):
    pull(Batch(rows=tickets(1, 2)))
    source = pull(Batch(present={"ticket": [1]}))
    assert select(snapshot, STATES) == [(1, "open", None), (2, "open", None)]
    assert source.entities["ticket"].swept_at is None
    broken = Problem("/tickets", "500", ("ticket",))
    pull(Batch(present={"ticket": [1]}, swept=TICKET, problems=[broken]))
    assert select(snapshot, STATES) == [(1, "open", None), (2, "open", None)]


def test_a_sweep_that_failed_goes_on_and_is_whole_then(snapshot, pull):
    pull(Batch(rows=tickets(1, 2, 3), cursor={"done": 1}))
    pull(
        Batch(present={"ticket": [1]}, cursor={"page": 1}),
        Batch(present={"ticket": [2]}),  # without a cursor: not certain
        error="no route to host",
    )
    assert len(select(snapshot, "SELECT id FROM live_ticket")) == 3
    pull(Batch(present={"ticket": [3]}, swept=TICKET), now=NOW + 60)
    assert select(snapshot, STATES) == [(1, "open", None), (2, "open", NOW + 60), (3, "open", None)]


@pytest.mark.parametrize(
    ("batch", "left"),
    [
        (Batch(swept=TICKET), 2),
        (Batch(present={"ticket": []}, swept=TICKET), 2),
        (Batch(swept=TICKET, total=2), 2),
        (Batch(swept=TICKET, total=0), 0),
    ],
)
def test_an_empty_sweep_deletes_only_where_the_source_said_that_it_has_none(snapshot, pull, batch, left):
    pull(Batch(rows=tickets(1, 2)))
    source = pull(batch, now=NOW + 60)
    assert len(select(snapshot, "SELECT id FROM live_ticket")) == left
    assert source.entities["ticket"].swept_at == (None if left else NOW + 60)
    assert [problem.resource for problem in source.problems] == (["ticket"] if left else [])


def test_many_deletions_at_once_are_told(snapshot, pull):
    pull(Batch(rows=tickets(*range(100))))
    source = pull(Batch(present={"ticket": list(range(49))}, swept=TICKET))
    (problem,) = source.problems
    assert "51 of 100 known rows" in problem.message
    assert (problem.entities, source.state) == ((), "complete")
    source = pull(Batch(present={"ticket": list(range(49))}, swept=TICKET))  # known by now
    assert source.problems == []


def test_a_pull_that_ended_unpublished_sweeps_anew(snapshot, pull):
    """Ticket 2 went between two sweeps of one landing: the first must not keep it."""
    pull(Batch(rows=tickets(1, 2), cursor={"n": 1}))
    with snapshot.landing("desk", "api", NOW) as landing:
        landing.land(Batch(present={"ticket": [1, 2]}, swept=TICKET, cursor={"n": 2}))
        landing.finish(cadence_s=60)
    pull(Batch(present={"ticket": [1]}, cursor={"n": 3}), Batch(swept=TICKET), now=NOW + 60)
    assert select(snapshot, STATES) == [(1, "open", None), (2, "open", NOW + 60)]


def test_ids_are_for_their_owner_alone_and_of_known_entities(snapshot):
    with snapshot.landing("desk", "api", NOW) as landing:
        landing.land(Batch(present={"ticket": [7, -8], "../ticket": [1]}, cursor={}))
        assert sorted(path.name for path in landing.folder.iterdir()) == ["state.json", "ticket.ids"]
        file = landing.present_file("ticket")
    assert (file.read_text(), file.stat().st_mode & 0o777) == ("7\n-8\n", 0o600)


def test_rows_of_an_older_deskaudit_are_swept(snapshot, pull):
    import duckdb

    source = pull(Batch(rows=tickets(1)))
    file = snapshot.folder / source.entities["ticket"].file
    duckdb.execute(f"COPY (SELECT UNNEST([1, 2])::BIGINT AS id, 'x' AS title) TO '{file}' (FORMAT parquet)")
    pull(Batch(present={"ticket": [1]}, swept=TICKET), now=NOW + 60)
    assert select(snapshot, "SELECT id, title, status, deleted_at FROM ticket ORDER BY id") == [
        (1, "x", None, None),
        (2, "x", None, NOW + 60),
    ]


KILLED = """
import sys
from pathlib import Path
from deskaudit.model.batches import Batch
from deskaudit.snapshot import Snapshot

landing = Snapshot(Path(sys.argv[1])).landing("desk", "api", 1)
start = (landing.cursor or {}).get("page", 0)
for page in range(start, 100_000):
    landing.land(Batch(present={"ticket": list(range(page * 5, page * 5 + 5))}, cursor={"page": page + 1}))
    print(page, flush=True)
"""


def test_a_killed_sweep_goes_on_where_it_was(snapshot, pull):
    pull(Batch(rows=tickets(*range(300)), cursor={"page": 0}))
    for pages in (20, 40):
        with subprocess.Popen(
            [sys.executable, "-c", KILLED, str(snapshot.folder)], stdout=subprocess.PIPE, text=True
        ) as child:
            for line in child.stdout:
                if int(line) >= pages:
                    break
            child.send_signal(signal.SIGKILL)
    with snapshot.landing("desk", "api", NOW) as landing:
        assert landing.resumed
        reached = landing.cursor["page"] * 5
        ids = [int(line) for line in landing.present_file("ticket").read_text().split()]
    assert ids == list(range(reached))
    pull(Batch(present={"ticket": [number for number in range(reached, 300) if number % 2]}, swept=TICKET))
    found = select(snapshot, "SELECT id FROM live_ticket ORDER BY id")
    assert [row[0] for row in found] == [n for n in range(300) if n < reached or n % 2]
