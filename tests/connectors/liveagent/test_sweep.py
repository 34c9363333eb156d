"""Deleted tickets are told by a sweep of all ids, and what a pull costs before it begins."""

import json

import pytest

from deskaudit.config import Config
from deskaudit.model.batches import Estimate
from deskaudit.snapshot import Snapshot

DAY = 86400


@pytest.fixture
def desk(server, kit):
    """Ticket 1 is old and open, 2 to 40 changed since; the clock of the tests is at 2026-03-02."""
    server.lists["/tickets"] = [
        kit.ticket(1, "2025-06-01 00:00:00", status="C"),
        *(kit.ticket(number, kit.at("2026-01-02 00:00:00") + number * 3600) for number in range(2, 41)),
    ]
    return server


@pytest.fixture
def pull(tmp_path, connect, want, kit):
    """Pulls into a snapshot, which is what an audit does."""
    snapshot = Snapshot(tmp_path / "snapshot")

    def go(days=0, **options):
        moment = kit.NOW + days * DAY
        with snapshot.landing("desk", "liveagent", moment) as landing:
            batches = []
            for batch in connect(now=moment, **options).pull(landing.cursor, want("ticket", "ticket_tag")):
                landing.land(batch)
                batches.append(batch)
            landing.finish(cadence_s=DAY)
            snapshot.publish([landing], Config(), moment)
        return batches

    go.snapshot = snapshot
    return go


def select(snapshot, sql):
    with snapshot.open() as reader:
        return reader.connection.execute(sql).fetchall()


def swept(batches):
    return [batch for batch in batches if batch.swept]


def test_a_purged_ticket_becomes_a_tombstone_after_a_week(desk, pull, kit):
    pull()
    del desk.lists["/tickets"][20], desk.lists["/tickets"][0]  # t00021, and t00001: the old one that was open
    assert not swept(pull(days=6))
    assert len(select(pull.snapshot, "SELECT id FROM live_ticket")) == 40
    desk.requests.clear()
    assert swept(pull(days=7))
    gone = select(pull.snapshot, "SELECT ext_id, deleted_at FROM ticket WHERE deleted_at IS NOT NULL ORDER BY ext_id")
    assert gone == [("t00001", kit.NOW + 7 * DAY), ("t00021", kit.NOW + 7 * DAY)]
    assert len(select(pull.snapshot, "SELECT id FROM live_ticket")) == 38
    sizes = {request.params.get("_perPage") for request in desk.asked("/tickets")}
    assert sizes == {"1", "10", "500"}  # a total, the changes in the option's pages, the sweep in the largest
    assert not swept(pull(days=8))
    assert swept(pull(days=14))


def test_a_clock_that_was_years_ahead_once_does_not_stop_the_sweeps(desk, pull):
    pull()
    assert swept(pull(days=3650))
    del desk.lists["/tickets"][20]
    assert swept(pull(days=1))
    assert len(select(pull.snapshot, "SELECT id FROM live_ticket")) == 39
    assert not swept(pull(days=2))


def test_an_old_open_ticket_that_is_still_there_stays(desk, pull):
    pull()
    pull(days=7)
    assert len(select(pull.snapshot, "SELECT id FROM live_ticket")) == 40


def test_a_sweep_can_be_switched_off(desk, pull):
    pull()
    assert not swept(pull(days=70, sweep_days=0))


def test_a_sweep_that_breaks_changes_nothing_and_comes_again(desk, pull):
    pull()
    del desk.lists["/tickets"][20]
    desk.before = lambda request: (403, {}, {"message": "no"}) if request.params.get("_perPage") == "500" else None
    batches = pull(days=7)
    assert not swept(batches)
    assert [problem.resource for batch in batches for problem in batch.problems] == ["sweep"]
    assert len(select(pull.snapshot, "SELECT id FROM live_ticket")) == 40
    assert pull.snapshot.manifest().sources["desk"].state == "complete"
    desk.before = lambda _request: None
    assert swept(pull(days=8))
    assert len(select(pull.snapshot, "SELECT id FROM live_ticket")) == 39


def test_a_list_that_is_suddenly_empty_deletes_nothing(desk, pull):
    """The server gives no rows and no total: its index is being built, or the key lost a right."""
    pull()
    desk.before = lambda request: (200, {}, []) if request.path == "/tickets" else None
    pull(days=7)
    assert len(select(pull.snapshot, "SELECT id FROM live_ticket")) == 40
    (problem,) = pull.snapshot.manifest().sources["desk"].problems
    assert "40 known rows" in problem.message


def test_a_stopped_sweep_goes_on_where_it_was(desk, connect, want, kit):
    desk.cap = 5
    first = kit.gather(connect().pull(None, want("ticket")))
    later = kit.NOW + 7 * DAY
    walk = connect(now=later).pull(first.cursor, want("ticket"))
    cursor, keys = None, []
    for batch in walk:  # two pages of the sweep, then the line breaks
        cursor = batch.cursor or cursor
        keys += batch.present.get("ticket", [])
        if len(keys) == 10:
            break
    walk.close()
    desk.requests.clear()
    rest = kit.gather(connect(now=later + 60).pull(cursor, want("ticket")))
    keys += [key for batch in rest.batches for key in batch.present.get("ticket", [])]
    assert set(keys) == {ticket.id for ticket in first.rows["ticket"]}
    assert swept(rest.batches)
    low = [json.loads(request.params["_filters"])[0][2] for request in desk.asked("/tickets")]
    assert kit.text(want("ticket").since_at) not in low[3:]  # not from the beginning again


def test_what_a_pull_costs_is_said_first(desk, connect, want, kit):
    for path, rows in {"/tickets/history": 95, "/grid/tickets/sla": 10, "/calls": 0, "/grid/reports/time": 21}.items():
        desk.objects[f"{path}/count"] = {"count": rows}
    desk.lists["/contacts"] = [{"id": f"c{number}"} for number in range(30)]
    first = next(connect().pull(None, want()))
    # lists 6; contacts 3 + 4, old open tickets 1 + 4, tickets 4 + 4, history 10 + 1, SLA log 1 + 1, calls 1,
    # chats 4, time entries 3 + 1; one open ticket is asked for its promises
    assert first.estimate == Estimate(requests=6 + 7 + 5 + 8 + 11 + 2 + 1 + 4 + 4 + 1, seconds=49 * 60 / 180)
    first = next(connect(messages="all").pull(None, want()))
    assert first.estimate.requests == 49 + 2 * 40


def test_where_totals_are_not_told_nothing_is_said(desk, connect, want):
    batches = list(connect().pull(None, want()))  # this server has no counts
    assert all(batch.estimate is None for batch in batches)


def test_yesterdays_pull_asks_for_no_totals(desk, connect, want, kit):
    desk.lists["/tickets"].append(kit.ticket(99, kit.NOW - 3600))
    first = kit.gather(connect().pull(None, want("ticket")))
    assert first.batches[0].estimate is not None
    again = kit.gather(connect(now=kit.NOW + 3600).pull(first.cursor, want("ticket")))
    assert all(batch.estimate is None for batch in again.batches)
