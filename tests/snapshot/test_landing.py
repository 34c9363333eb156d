"""Landing: what is on disk after each page, after a kill, and after a full disk."""

import json
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from deskaudit.config import Config
from deskaudit.errors import LockedError
from deskaudit.model.batches import Batch, Problem, Reject
from deskaudit.model.entities import Agent, Contact, Policy, Ticket
from deskaudit.snapshot import Snapshot

NOW = 1_773_000_000


@pytest.fixture
def snapshot(tmp_path) -> Snapshot:
    return Snapshot(tmp_path / "snapshot")


def contacts(*numbers):
    return [Contact(id=number, company=f"company {number}") for number in numbers]


def published(snapshot, landing, now=NOW, **finish):
    landing.finish(cadence_s=3600, **finish)
    snapshot.publish([landing], Config(), now)
    with snapshot.open() as reader:
        return reader.connection.execute("SELECT id FROM contact ORDER BY id").fetchall()


def test_a_pull_goes_on_after_the_last_cursor(snapshot):
    with snapshot.landing("desk", "csv", NOW) as landing:
        assert (landing.cursor, landing.resumed) == (None, False)
        landing.land(Batch(rows=contacts(1, 2), cursor={"page": 1}))
        landing.land(Batch(rows=contacts(3)))  # no cursor yet: comes again
    with snapshot.landing("desk", "csv", NOW + 5) as landing:
        assert (landing.cursor, landing.resumed, landing.rows) == ({"page": 1}, True, 2)
        landing.land(Batch(rows=contacts(3, 4), cursor={"page": 2}))
        assert landing.rows == 4
        assert published(snapshot, landing) == [(1,), (2,), (3,), (4,)]
    with snapshot.landing("desk", "csv", NOW + 9) as landing:  # the next pull begins where the published one ended
        assert (landing.cursor, landing.resumed, landing.rows) == ({"page": 2}, False, 0)


def test_a_pull_without_a_cursor_begins_again(snapshot):
    with snapshot.landing("desk", "csv", NOW) as landing:
        landing.land(Batch(rows=contacts(1, 2)))
    with snapshot.landing("desk", "csv", NOW) as landing:
        assert (landing.cursor, landing.resumed, landing.rows) == (None, False, 0)
        landing.land(Batch(rows=contacts(2)))
        assert published(snapshot, landing) == [(2,)]


def test_another_account_is_never_mixed_with_the_former(snapshot):
    """Another address or login: neither the cursor of a stopped or ended pull, nor rows, go over to it."""
    with snapshot.landing("desk", "api", NOW, account="a") as landing:
        landing.land(Batch(rows=contacts(1, 2), cursor={"page": 1}))
        assert published(snapshot, landing) == [(1,), (2,)]
    with snapshot.landing("desk", "api", NOW, account="a") as landing:
        landing.land(Batch(rows=contacts(3), cursor={"page": 2}))  # and it was stopped
    with snapshot.landing("desk", "api", NOW, account="b") as landing:
        assert (landing.cursor, landing.resumed, landing.rows) == (None, False, 0)
        assert published(snapshot, landing, error="no such host") == [(1,), (2,)]  # what is known stays until then
        source = snapshot.manifest().sources["desk"]
        assert (source.state, source.account, source.cursor) == ("failed", "a", {"page": 1})
    with snapshot.landing("desk", "api", NOW, account="b") as landing:
        landing.land(Batch(rows=contacts(9), cursor={"page": 1}))
        assert published(snapshot, landing) == [(9,)]
        assert "another address" in snapshot.manifest().sources["desk"].problems[0].message
    with snapshot.landing("desk", "api", NOW, account="b") as landing:
        assert landing.cursor == {"page": 1}


def test_read_another_way_all_comes_again_and_nothing_is_lost(snapshot):
    """The cursor of a stopped or ended pull is that of the former way; rows that do not come again stay."""
    with snapshot.landing("desk", "api", NOW, reading="a") as landing:
        landing.land(Batch(rows=contacts(1, 2), cursor={"page": 1}))
        assert published(snapshot, landing) == [(1,), (2,)]
    with snapshot.landing("desk", "api", NOW, reading="a") as landing:
        landing.land(Batch(rows=contacts(3), cursor={"page": 2}))  # and it was stopped
    with snapshot.landing("desk", "api", NOW, reading="b") as landing:
        assert (landing.cursor, landing.resumed, landing.rows) == (None, False, 0)
        assert published(snapshot, landing, error="no such host") == [(1,), (2,)]
    with snapshot.landing("desk", "api", NOW, reading="b") as landing:
        assert landing.cursor is None
        landing.land(Batch(rows=contacts(2, 9), cursor={"page": 1}))
        assert published(snapshot, landing) == [(1,), (2,), (9,)]
        (told,) = snapshot.manifest().sources["desk"].problems
        assert told.message.startswith("The config reads it another way (its mapping, ")
        assert told.entities == ()
    with snapshot.landing("desk", "api", NOW, reading="b") as landing:
        assert landing.cursor == {"page": 1}
        assert published(snapshot, landing) == [(1,), (2,), (9,)]
    assert snapshot.manifest().sources["desk"].problems == []


def test_a_snapshot_that_does_not_know_yet_how_it_was_read_goes_on(snapshot):
    with snapshot.landing("desk", "api", NOW) as landing:
        landing.land(Batch(rows=contacts(1), cursor={"page": 1}))
        assert published(snapshot, landing) == [(1,)]
    with snapshot.landing("desk", "api", NOW, reading="a") as landing:
        assert landing.cursor == {"page": 1}


def test_a_snapshot_that_knows_no_account_yet_goes_on(snapshot):
    with snapshot.landing("desk", "api", NOW) as landing:
        landing.land(Batch(rows=contacts(1), cursor={"page": 1}))
        assert published(snapshot, landing) == [(1,)]
    with snapshot.landing("desk", "api", NOW, account="a") as landing:
        assert landing.cursor == {"page": 1}
        landing.land(Batch(rows=contacts(2), cursor={"page": 2}))
        assert published(snapshot, landing) == [(1,), (2,)]
    assert snapshot.manifest().sources["desk"].account == "a"


def test_another_type_of_source_begins_again(snapshot):
    with snapshot.landing("desk", "csv", NOW) as landing:
        landing.land(Batch(rows=contacts(1), cursor={"page": 1}))
        assert published(snapshot, landing) == [(1,)]
    with snapshot.landing("desk", "liveagent", NOW) as landing:
        assert landing.cursor is None
        landing.land(Batch(rows=contacts(2)))
        assert published(snapshot, landing) == [(2,)]


@pytest.mark.parametrize("damage", [b"", b'{"line":9,"id":7,"ti', b"\0" * 400])
def test_a_torn_end_is_cut(snapshot, damage):
    with snapshot.landing("desk", "csv", NOW) as landing:
        landing.land(Batch(rows=contacts(1, 2), cursor={"page": 1}))
        file = landing.file("contact")
    with file.open("ab") as out:
        out.write(damage)
    with snapshot.landing("desk", "csv", NOW) as landing:
        assert landing.resumed
        landing.land(Batch(rows=contacts(3), cursor={"page": 2}))
        assert published(snapshot, landing) == [(1,), (2,), (3,)]


@pytest.mark.parametrize("left", [0, 10, -1])
def test_rows_that_the_disk_lost_are_pulled_again(snapshot, left):
    with snapshot.landing("desk", "csv", NOW) as landing:
        landing.land(Batch(rows=contacts(1, 2), cursor={"page": 1}))
        file = landing.file("contact")
    file.write_bytes(file.read_bytes()[:left])
    with snapshot.landing("desk", "csv", NOW) as landing:
        assert (landing.cursor, landing.resumed) == (None, False)


def test_a_state_that_cannot_be_read_is_pulled_again(snapshot):
    with snapshot.landing("desk", "csv", NOW) as landing:
        landing.land(Batch(rows=contacts(1), cursor={"page": 1}))
    (landing.folder / "state.json").write_text('{"landing": ')
    with snapshot.landing("desk", "csv", NOW) as landing:
        assert not landing.resumed


KILLED = """
import sys
from pathlib import Path
from deskaudit.model.batches import Batch
from deskaudit.model.entities import Contact, Event
from deskaudit.snapshot import Snapshot

landing = Snapshot(Path(sys.argv[1])).landing("desk", "csv", 1)
for page in range(landing.cursor["page"] + 1 if landing.cursor else 0, 100_000):
    rows = [Contact(id=page * 10 + n, company="x" * 200) for n in range(10)]
    events = [Event(id=page * 10 + n, ticket_id=page * 10 + n, happened_at=page, kind="note") for n in range(10)]
    landing.land(Batch(rows=[*rows, *events], cursor={"page": page}))
    print(page, flush=True)
"""


def test_a_kill_loses_nothing_and_doubles_nothing(snapshot):
    seen = -1
    for pages in (25, 40):  # killed twice
        child = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(snapshot.folder)], stdout=subprocess.PIPE, text=True
        )
        assert child.stdout is not None
        for line in child.stdout:
            seen = int(line)
            if seen >= pages:
                break
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
    with snapshot.landing("desk", "csv", NOW) as landing:
        assert landing.resumed
        last = landing.cursor["page"]
        assert last >= seen >= 40
        assert landing.rows == 20 * (last + 1)
        landing.land(Batch(rows=contacts(10 * (last + 1)), cursor={"page": last + 1}))
        found = published(snapshot, landing)
    assert found == [(number,) for number in range(10 * (last + 1) + 1)]
    with snapshot.open() as reader:
        assert reader.connection.execute("SELECT COUNT(*), COUNT(DISTINCT id) FROM event").fetchone() == (
            10 * (last + 1),
            10 * (last + 1),
        )


FULL = """
import resource, signal, sys
from pathlib import Path
from deskaudit.config import Config
from deskaudit.errors import SnapshotError
from deskaudit.model.batches import Batch
from deskaudit.model.entities import Contact
from deskaudit.snapshot import Snapshot

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
folder, limit, when = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
snapshot = Snapshot(folder)
if when == "landing":
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
try:
    with snapshot.landing("desk", "csv", 2) as landing:
        for page in range(20):
            rows = [Contact(id=100 + page * 100 + n, company=str(n) * 300) for n in range(100)]
            landing.land(Batch(rows=rows, cursor={"page": page}))
        landing.finish(cadence_s=60)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        snapshot.publish([landing], Config(), 2)
except SnapshotError as fault:
    print(fault)
    sys.exit(7)
"""


@pytest.mark.parametrize(("when", "limit"), [("landing", 100_000), ("publishing", 20_000)])
def test_a_full_disk_leaves_the_last_generation_alone(snapshot, when, limit):
    with snapshot.landing("desk", "csv", NOW) as landing:
        landing.land(Batch(rows=contacts(1, 2), cursor={"page": 0}))
        published(snapshot, landing)
    before = sorted(file.name for file in snapshot.folder.glob("*.parquet"))
    child = subprocess.run(
        [sys.executable, "-c", FULL, str(snapshot.folder), str(limit), when],
        capture_output=True,
        text=True,
        check=False,
    )
    assert child.returncode == 7, child.stderr
    assert str(snapshot.folder) in child.stdout
    assert "Make room" in child.stdout
    assert "File too large" in child.stdout  # the system's own words, and not what the engine wraps them in
    assert "exception_type" not in child.stdout
    with snapshot.open() as reader:
        assert reader.manifest.generation == 1
        assert reader.connection.execute("SELECT id FROM contact ORDER BY id").fetchall() == [(1,), (2,)]
    assert sorted(file.name for file in snapshot.folder.glob("*.parquet")) == before
    with snapshot.landing("desk", "csv", NOW) as landing:  # and what had landed is not lost
        assert landing.resumed
        page = landing.cursor["page"]
        rest = [Contact(id=100 + p * 100 + n) for p in range(page + 1, 20) for n in range(100)]
        landing.land(Batch(rows=rest, cursor={"page": 20}))
        assert len(published(snapshot, landing)) == 2002


def test_two_writers_of_one_source(snapshot):
    with snapshot.landing("desk", "csv", NOW):
        with pytest.raises(LockedError) as caught:
            snapshot.landing("desk", "csv", NOW)
        assert "desk" in str(caught.value)
        assert f"process {__import__('os').getpid()} on " in str(caught.value)
        with snapshot.landing("other", "csv", NOW):
            pass
    with snapshot.landing("desk", "csv", NOW):
        pass


def test_a_writer_in_another_process_is_named(snapshot, tmp_path):
    code = textwrap.dedent(f"""
        import sys
        from pathlib import Path
        from deskaudit.snapshot import Snapshot
        Snapshot(Path({str(snapshot.folder)!r})).landing("desk", "csv", 1)
        print("held", flush=True)
        sys.stdin.read()
    """)
    child = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert child.stdin is not None
    assert child.stdout.readline() == "held\n"
    with pytest.raises(LockedError, match=f"process {child.pid} on "):
        snapshot.landing("desk", "csv", NOW)
    child.stdin.close()
    child.wait()
    child.stdout.close()
    snapshot.landing("desk", "csv", NOW).close()


def test_rejects_are_all_counted_and_a_few_kept(snapshot):
    with snapshot.landing("desk", "csv", NOW) as landing:
        landing.land(Batch(rejects=[Reject(f"row {n}", "no\x1b[31m id") for n in range(50)]))
        landing.land(Batch(rejects=[Reject("row 51", "x" * 9999)]))
        published(snapshot, landing)
    source = snapshot.manifest().sources["desk"]
    assert source.rejects == 51
    assert [reject.place for reject in source.reject_sample] == [f"row {n}" for n in range(20)]
    assert source.reject_sample[0].reason == "no[31m id"


def test_a_row_that_does_not_fit_its_type_is_a_reject_and_stops_nothing(snapshot):
    wrong = [
        Ticket(id=1, title=5),
        Ticket(id=2, created_at="yesterday"),
        Ticket(id=2**63),
        Ticket(id=3, created_at=-(2**63) - 1),
        Ticket(id=4, title="\ud800"),
        Ticket(id=5, title=object()),
        Ticket(id="6", ext_id="A-6"),
    ]
    with snapshot.landing("desk", "csv", NOW) as landing:
        landing.land(Batch(rows=[*wrong, Contact(id=1, company="x" * 2_000_000)]))
        landing.land(
            Batch(
                rows=[
                    Contact(id=2**63 - 1, company="y" * 1_000_000),
                    Ticket(id=2**63 - 1, title="1234567890123456789", is_test=False),
                ]
            )
        )
        assert landing.rows == 2
        assert published(snapshot, landing) == [(2**63 - 1,)]
    source = snapshot.manifest().sources["desk"]
    assert source.entities["ticket"].rows == 1
    assert source.rejects == len(wrong) + 1
    assert source.reject_sample[-2].place == "ticket A-6"


def test_problems_are_kept_once(snapshot):
    problem = Problem("/grid/sla", "403\nforbidden", ("sla_term",))
    with snapshot.landing("desk", "csv", NOW) as landing:
        landing.land(Batch(problems=[problem, problem]))
        landing.land(Batch(problems=[problem]))
        published(snapshot, landing)
    source = snapshot.manifest().sources["desk"]
    assert source.problems == [Problem("/grid/sla", "403 forbidden", ("sla_term",))]
    assert source.state == "incomplete"


AGENT = frozenset({"agent"})
WHOLE_AT_ONCE = [Batch(rows=[Agent(id=2)], replaces=AGENT), Batch(rows=[Agent(id=3)], replaces=AGENT)]
WHOLE_AT_ITS_END = [Batch(rows=[Agent(id=2)]), Batch(rows=[Agent(id=3)]), Batch(replaces=AGENT)]


@pytest.mark.parametrize("batches", [WHOLE_AT_ONCE, WHOLE_AT_ITS_END])
@pytest.mark.parametrize("killed", [0, 1])
def test_what_a_pull_had_delivered_whole_is_not_mixed_with_a_second_try(snapshot, batches, killed):
    """The pull ended, and was not published: pulled again, an agent who has gone meanwhile must not stay.

    Nor may the second try, killed or not, lose what it delivers, whether it says with the rows or after them that they
    are all.
    """
    with snapshot.landing("desk", "csv", NOW) as landing:
        landing.land(Batch(rows=[Agent(id=1), Agent(id=2)]))
        landing.land(Batch(replaces=AGENT, cursor={"page": 1}))
        landing.finish(cadence_s=60)
    for _time in range(killed):
        with snapshot.landing("desk", "csv", NOW) as landing:
            landing.land(Batch(cursor={"page": 2}))
    with snapshot.landing("desk", "csv", NOW) as landing:
        assert landing.resumed
        for batch in batches:
            landing.land(batch)
        published(snapshot, landing)
    with snapshot.open() as reader:
        assert reader.connection.execute("SELECT id FROM agent ORDER BY id").fetchall() == [(2,), (3,)]


def faulty(*ids):
    return [Reject(f"line {number}", "no date") for number in ids]


CUT = Problem("a.csv", "it ends in the middle of a line", ("agent",))


@pytest.mark.parametrize("killed", [0, 1])
def test_what_comes_again_is_not_counted_twice(snapshot, killed):
    """The pull ended, and was not published. Pulled again, one row of two is mended, and the file ends where it should."""
    with snapshot.landing("desk", "csv", NOW) as landing:
        landing.land(
            Batch(rows=[Agent(id=1)], rejects=faulty(2, 3), problems=[CUT], replaces=AGENT, cursor={"page": 1})
        )
        landing.finish(cadence_s=60)
    for _time in range(killed):
        with snapshot.landing("desk", "csv", NOW) as landing:
            landing.land(Batch(resource="agent", rejects=faulty(3), cursor={"page": 2}))
    with snapshot.landing("desk", "csv", NOW) as landing:
        if not killed:
            landing.land(Batch(resource="agent", rejects=faulty(3)))
        landing.land(Batch(rows=[Agent(id=1), Agent(id=2)], replaces=AGENT))
        published(snapshot, landing)
    source = snapshot.manifest().sources["desk"]
    assert (source.state, source.rejects, source.reject_sample, source.problems) == ("complete", 1, faulty(3), [])


def test_what_does_not_come_again_stays_counted(snapshot):
    """The pull ended, and was not published; the next one gives changes alone."""
    for batch in (
        Batch(rows=[Agent(id=1)], rejects=faulty(2, 3), problems=[CUT], replaces=AGENT, cursor={"page": 1}),
        Batch(rows=[Agent(id=4)], rejects=faulty(5), problems=[CUT], cursor={"page": 2}),
    ):
        with snapshot.landing("desk", "csv", NOW) as landing:
            landing.land(batch)
            landing.finish(cadence_s=60)
    with snapshot.landing("desk", "csv", NOW) as landing:
        published(snapshot, landing)
    source = snapshot.manifest().sources["desk"]
    assert (source.state, source.rejects, source.problems) == ("incomplete", 3, [CUT])
    assert [one.place for one in source.reject_sample] == ["line 2", "line 3", "line 5"]


def test_files_are_for_their_owner_alone(snapshot):
    with snapshot.landing("desk", "csv", NOW) as landing:
        landing.land(Batch(rows=contacts(1), cursor={"page": 1}))
        modes = {path.name: path.stat().st_mode & 0o777 for path in [landing.folder, *landing.folder.iterdir()]}
        assert modes == {"desk": 0o700, "contact.ndjson": 0o600, "state.json": 0o600}
        published(snapshot, landing)
    for path in [snapshot.folder, *snapshot.folder.rglob("*")]:
        assert path.stat().st_mode & 0o077 == 0, path


def test_a_landing_is_lines_of_json(snapshot):
    with snapshot.landing("desk", "csv", NOW) as landing:
        landing.land(Batch(rows=[Policy(id=7, kind="sla", active=True)]))
        (line,) = Path(landing.file("policy")).read_text().splitlines()
    assert json.loads(line) == {"line": 1, "id": 7, "kind": "sla", "active": True}
