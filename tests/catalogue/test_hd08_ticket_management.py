"""HD-08: the backlog at the end of the period, Monday 2026-03-30 00:00 UTC."""

from datetime import UTC, datetime

import pytest

from deskaudit.checks.context import Window
from deskaudit.model.entities import Agent, Department, Event, Ticket
from deskaudit.model.verdicts import Status

DAY, HOUR = 86400, 3600
START = int(datetime(2026, 1, 5, tzinfo=UTC).timestamp())
END = int(datetime(2026, 3, 30, tzinfo=UTC).timestamp())  # twelve weeks later, a Monday


def ticket(n, **fields):
    """An open, owned ticket, ten days old at the end of the period."""
    about = {"id": n, "code": f"T-{n}", "status": "open", "agent_id": 1, "created_at": END - 10 * DAY}
    return Ticket(**(about | fields))


@pytest.mark.parametrize(("unowned", "status"), [(5, Status.PASS), (15, Status.WARN), (16, Status.FAIL)])
def test_unowned_share(judge, unowned, status):
    rows = [ticket(n, agent_id=None if n < unowned else 1) for n in range(100)]
    result = judge("08.1", rows).only
    assert (result.value, result.n, result.status) == (unowned / 100, 100, status)
    assert not result.low_n


def test_few_unowned_tickets_pass_on_a_small_desk(judge):
    # 3 of 20 are 15 %, more than 5 %; but up to 3 pass.
    rows = [ticket(n, agent_id=None if n < 3 else 1) for n in range(20)]
    assert judge("08.1", rows).only.status is Status.PASS


def test_ownership_is_that_of_the_day(judge):
    rows = [
        ticket(1),
        ticket(2),  # given to agent 1 only after the end of the period: nobody's then
        Event(id=1, ticket_id=2, kind="assign", happened_at=END + DAY, agent_id=1),
        ticket(3),
        Event(id=2, ticket_id=3, kind="assign", happened_at=END - DAY, agent_id=1),
        ticket(4, agent_id=None, created_at=END - 2 * DAY - 8 * HOUR),
        # Friday 16:30 to Monday 00:00 is half a business hour (the desk closes at 17:00): too young.
        ticket(5, agent_id=None, created_at=END - 2 * DAY - 7 * HOUR - 1800),
        ticket(6, agent_id=None, status="resolved", resolved_at=END - DAY),
        ticket(7, agent_id=None, status="spam"),
    ]
    result = judge("08.1", rows).only
    # Open at the end: 1 to 5. Judged: 1, 2, 3, 4. At fault: 2 and 4.
    assert (result.n_rows, result.n, result.value) == (5, 4, 0.5)
    assert {e.ref for e in result.evidence} == {"T-2", "T-4"}
    oldest = result.evidence[0]
    # T-2: ten days before Monday 30th is Friday 20th, 00:00; six business days of nine hours.
    assert (oldest.ref, oldest.columns["waited_s"]) == ("T-2", 6 * 9 * HOUR)


def test_owners_that_no_source_tells(judge):
    result = judge("08.1", [ticket(1, agent_id=None)]).only
    assert result.status is Status.NODATA
    assert "agent" in result.reason


@pytest.mark.parametrize(("old", "status"), [(5, Status.PASS), (15, Status.WARN), (16, Status.FAIL)])
def test_older_than_30_days(judge, old, status):
    rows = [ticket(n, created_at=END - (31 if n < old else 30) * DAY) for n in range(100)]
    verdicts = judge("08.2", rows)
    assert (verdicts["over-30-days"].value, verdicts["over-30-days"].status) == (old / 100, status)
    assert verdicts["over-90-days"].status is Status.PASS


def test_one_ticket_over_90_days_warns_and_never_fails(judge):
    rows = [ticket(n, created_at=END - (91 if n < 20 else 1) * DAY) for n in range(40)]
    result = judge("08.2", rows)["over-90-days"]
    assert (result.value, result.status) == (0.5, Status.WARN)


def test_few_open_tickets_never_fail(judge):
    result = judge("08.2", [ticket(1, created_at=END - 40 * DAY)])["over-30-days"]
    assert (result.value, result.low_n, result.status) == (1, True, Status.WARN)


def test_no_backlog_is_nodata(judge):
    rows = [ticket(1, status="resolved", resolved_at=END - DAY), ticket(2, created_at=END + DAY)]
    for check in ("08.1", "08.2", "08.3", "08.4"):
        assert {r.status for r in judge(check, rows).values()} == {Status.NODATA}, check


@pytest.mark.parametrize(("silent", "status"), [(2, Status.PASS), (10, Status.WARN), (11, Status.FAIL)])
def test_silent_tickets(judge, silent, status):
    created = END - 20 * DAY
    rows = [ticket(n, created_at=created) for n in range(100)]
    rows += [  # a reply 15 days before the end is too long ago, one 14 days before is not
        Event(id=n, ticket_id=n, kind="reply", happened_at=END - (15 if n < silent else 14) * DAY) for n in range(100)
    ]
    # Replies after the end of the period were not known then.
    rows += [Event(id=1000 + n, ticket_id=n, kind="reply", happened_at=END + DAY) for n in range(100)]
    result = judge("08.3", rows).only
    assert (result.value, result.n, result.status) == (silent / 100, 100, status)


def test_silence_that_cannot_be_known(judge):
    """No events, and changed after the end of the period: what was before is lost."""
    rows = [ticket(1, changed_at=END + DAY), ticket(2, changed_at=END - 3 * DAY)]
    result = judge("08.3", rows).only
    assert (result.n_rows, result.n, result.value) == (2, 1, 0)


@pytest.mark.parametrize(
    ("before", "after", "growth", "status"),
    [
        (40, 44, 0.10, Status.PASS),
        (40, 50, 0.25, Status.WARN),
        (40, 51, 0.275, Status.FAIL),
        (40, 30, -0.25, Status.PASS),
        (0, 2, 0.10, Status.PASS),  # fewer than 20 at the start: ÷ 20
        (0, 6, 0.30, Status.FAIL),
        (10, 12, 0.10, Status.PASS),
    ],
)
def test_growth_of_the_backlog(judge, before, after, growth, status):
    kept = min(before, after)
    rows = [ticket(n, created_at=START - DAY) for n in range(kept)]  # open all the time
    rows += [ticket(100 + n, created_at=START + DAY) for n in range(after - kept)]
    rows += [
        ticket(200 + n, created_at=START - DAY, status="resolved", resolved_at=START + DAY)
        for n in range(before - kept)
    ]
    rows += [ticket(300, created_at=START + DAY, status="resolved", resolved_at=START + 2 * DAY)]  # came and went
    result = judge("08.4", rows).only
    assert (result.value, result.status) == (pytest.approx(growth), status)
    assert result.n == max(before, after)


def team(loads, first=1, department=7):
    """Agents first, first + 1, … of one department, who hold so many open tickets each."""
    rows = [Department(id=department, name=f"Team {department}")]
    for agent, load in enumerate(loads, first):
        rows.append(Agent(id=agent, name=f"Agent {agent}", department_id=department, active=True))
        rows += [ticket(agent * 1000 + n, agent_id=agent) for n in range(load)]
    return rows


@pytest.mark.parametrize(
    ("loads", "flagged", "status"),
    [
        ([10, 2, 2, 2, 2], 0, Status.PASS),  # five times the median, but not more than ten
        ([12, 6, 6], 0, Status.PASS),  # twice the median, not more than twice
        ([13, 6, 6], 1, Status.WARN),
        ([11, 11, 11, 4, 4, 4, 4], 3, Status.FAIL),
    ],
)
def test_overloaded_agents(judge, loads, flagged, status):
    result = judge("08.5", team(loads)).only
    assert (result.value, result.n, result.status) == (flagged, len(loads), status)


def test_an_even_team_has_the_mean_of_its_two_middle_loads(judge):
    # 2, 6, 8, 15: median 7; 15 > 14.
    result = judge("08.5", team([2, 6, 8, 15])).only
    assert result.value == 1
    worst = result.evidence[0]
    assert (worst.ref, worst.columns) == ("Agent 4", {"open_tickets": 15, "team_median": 7.0})


def test_teams_of_one_are_compared_with_each_other(judge):
    rows = team([30], first=1, department=7) + team([3], first=2, department=8) + team([5], first=3, department=9)
    # Alone in its team, 30 would be its own median; among 3, 5, 30 the median is 5.
    assert judge("08.5", rows).only.value == 1


def test_idle_agents_are_listed_and_a_desk_of_them_is_nodata(judge):
    rows = team([12, 5, 5, 0])
    result = judge("08.5", rows).only
    assert (result.n, result.n_rows, result.value) == (3, 4, 1)  # 12 > 2 × 5
    idle = [
        Agent(id=1, name="A", active=True),
        ticket(1, status="resolved", resolved_at=START - DAY, created_at=START - 2 * DAY),
    ]
    assert judge("08.5", idle).only.status is Status.NODATA


def test_the_backlog_of_an_earlier_day(judge):
    """State that events tell has a past: the same rows, as of the end of January."""
    end = END - 60 * DAY
    january = Window(end - 28 * DAY, end, end, (end - 56 * DAY, end - 28 * DAY))
    rows = [ticket(1, created_at=end - 5 * DAY, status="resolved", resolved_at=end + DAY), ticket(2)]
    result = judge("08.2", rows, window=january)["over-30-days"]
    assert (result.n, result.value) == (1, 0)
