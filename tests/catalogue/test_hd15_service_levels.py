"""HD-15: promises and what became of them. Opening hours: Monday to Friday, 08:00 to 17:00 UTC."""

from datetime import UTC, datetime

import pytest

from deskaudit.checks.context import Window
from deskaudit.model.entities import Event, Policy, Rating, Ticket
from deskaudit.model.verdicts import Status

MINUTE, HOUR, DAY, WEEK = 60, 3600, 86400, 604800
MONDAY = int(datetime(2026, 1, 5, tzinfo=UTC).timestamp())
NOW = int(datetime(2026, 4, 6, 12, tzinfo=UTC).timestamp())


def weeks(first, n=4):
    """The window of n weeks from week `first` on."""
    start, end = MONDAY + first * WEEK, MONDAY + (first + n) * WEEK
    return Window(start, end, NOW, (start - n * WEEK, start))


def promised(n, week, kept, *, measure="response", **fields):
    """A ticket of Monday 09:00 that was due on Tuesday 10:00, and answered or solved a second before or after."""
    created = MONDAY + week * WEEK + 9 * HOUR
    due = created + DAY + HOUR
    done = due if kept else due + 30 * MINUTE
    names = {
        "response": {"response_due_at": due, "first_response_at": done, "status": "open"},
        "resolution": {"resolve_due_at": due, "resolved_at": done, "status": "resolved", "first_response_at": created},
    }
    return Ticket(id=n, code=f"T-{n}", created_at=created, **(names[measure] | fields))


@pytest.mark.parametrize(("measure", "leg"), [("response", "first-response"), ("resolution", "resolution")])
def test_promises_kept(desk, measure, leg):
    rows = []
    for week, kept in ((0, 95), (4, 90), (8, 89)):
        rows += [promised(week * 1000 + n, week, n < kept, measure=measure) for n in range(100)]
    filled = desk(rows)
    for week, share, status in ((0, 0.95, Status.PASS), (4, 0.90, Status.WARN), (8, 0.89, Status.FAIL)):
        result = filled.judge("15.1", weeks(week))[leg]
        assert (result.value, result.n, result.status) == (share, 100, status)
    missed = result.evidence[0]
    # Tuesday 10:30 instead of 10:00.
    assert (missed.badness, missed.columns["promised_by"]) == (30 * MINUTE, "ticket")


def test_what_is_still_open_past_its_due_time_is_missed(judge):
    rows = [
        promised(1, 0, kept=True),
        promised(2, 0, kept=False, first_response_at=None),
        # Solved in time without an answer of its own: nobody waits any more.
        promised(3, 0, kept=False, first_response_at=None, status="resolved", resolved_at=MONDAY + 10 * HOUR),
        promised(4, 20, kept=True),  # due after the period
    ]
    result = judge("15.1", rows, window=weeks(0))["first-response"]
    assert (result.n, result.value, result.low_n) == (3, pytest.approx(2 / 3), True)
    assert result.status is Status.WARN  # 67 % would fail, three rows do not
    (missed,) = result.evidence
    # Due Tuesday 2026-01-06 10:00; now is Monday 2026-04-06 12:00. Tuesday: 7 h. 63 whole business days from
    # Wednesday 7 January to Friday 3 April (87 days: 12 weeks of 5 and Wed, Thu, Fri). Monday: 4 h.
    assert (missed.ref, missed.badness) == ("T-2", (7 + 63 * 9 + 4) * HOUR)


def test_default_targets_by_priority(judge):
    created = MONDAY + 9 * HOUR
    rows = [  # P1: answer within 1 hour, 10:00; solution within 4, 13:00
        Ticket(
            id=n,
            code=f"T-{n}",
            priority="P1",
            status="open",
            created_at=created,
            first_response_at=created + HOUR + late,
        )
        for n, late in ((1, 0), (2, 60))
    ]
    verdicts = judge("15.1", rows, window=weeks(0))
    assert verdicts["first-response"].value == 0.5
    assert verdicts["first-response"].evidence[0].columns["promised_by"] == "default"
    assert (verdicts["resolution"].value, verdicts["resolution"].n) == (0, 2)  # still open in April
    assert verdicts.segment("P1", "resolution").value == 0


def test_a_pause_stops_the_clock_of_the_solution(judge):
    created = MONDAY + 9 * HOUR
    rows = [
        Ticket(id=1, priority="P1", status="resolved", created_at=created, resolved_at=created + 7 * HOUR),
        Event(id=1, ticket_id=1, kind="status", happened_at=created + HOUR, to_value="postponed"),
        Event(id=2, ticket_id=1, kind="status", happened_at=created + 5 * HOUR, to_value="open"),
        Event(id=3, ticket_id=1, kind="status", happened_at=created + 7 * HOUR, to_value="resolved"),
    ]
    # 4 hours are allowed, 4 hours were a pause: due 17:00, solved 16:00.
    assert judge("15.1", rows, window=weeks(0))["resolution"].value == 1


def test_where_no_first_answer_is_told_none_is_late(judge):
    """An export without a column for it: nobody knows that the customers waited."""
    created = MONDAY + 9 * HOUR
    solved = {"status": "resolved", "resolved_at": created + HOUR}
    rows = [
        Ticket(id=n, priority="P1", created_at=created, **(solved if n < 60 else {"status": "open"})) for n in range(80)
    ]
    verdicts = judge("15.1", rows, window=weeks(0))
    assert (verdicts["first-response"].status, verdicts["first-response"].value) == (Status.NODATA, None)
    assert "a column for it" in verdicts["first-response"].reason
    assert (verdicts["resolution"].value, verdicts["resolution"].n) == (0.75, 80)


def test_no_promise_is_nodata(judge):
    verdicts = judge("15.1", [Ticket(id=1, status="open", created_at=MONDAY)], window=weeks(0))
    assert {result.status for result in verdicts.values()} == {Status.NODATA}


def test_tickets_with_a_service_level(desk):
    rows = []
    for week, with_level in ((0, 49), (4, 45), (8, 44)):
        rows += [
            Ticket(
                id=week * 1000 + n,
                status="open",
                created_at=MONDAY + week * WEEK + HOUR,
                sla_level="Gold" if n < with_level else None,
            )
            for n in range(50)
        ]
    filled = desk(rows)
    for week, share, status in ((0, 0.98, Status.PASS), (4, 0.90, Status.WARN), (8, 0.88, Status.FAIL)):
        result = filled.judge("15.2", weeks(week)).only
        assert (result.value, result.status) == (share, status)


def test_a_source_without_service_levels_is_not_blamed(judge):
    rows = [Ticket(id=n, status="open", created_at=MONDAY + HOUR) for n in range(30)]
    assert judge("15.2", rows, window=weeks(0)).only.status is Status.NODATA
    rule = Policy(id=1, kind="sla", name="Gold")
    assert judge("15.2", [*rows, rule], window=weeks(0)).only.status is Status.FAIL  # levels exist, no ticket has one


def level(n, name, **fields):
    about = {"response_s": HOUR, "resolve_s": DAY, "has_hours": True, "has_escalation": True}
    return Policy(id=n, kind="sla", name=name, **(about | fields))


def test_complete_service_levels(judge):
    ticket = Ticket(id=1, status="open", priority="P2", created_at=MONDAY + HOUR)
    whole = [level(1, "P1"), level(2, "P2"), level(3, "old", active=False, response_s=None), ticket]
    result = judge("15.3", whole, window=weeks(0)).only
    assert (result.value, result.n, result.status) == (1, 2, Status.PASS)
    result = judge("15.3", [*whole, level(4, "P3", resolve_s=None)], window=weeks(0)).only
    assert (result.value, result.status) == (pytest.approx(2 / 3), Status.FAIL)
    assert result.evidence[0].columns["lacks"] == "no target for the solution"


def test_a_priority_in_use_without_a_service_level(judge):
    ticket = Ticket(id=1, status="open", priority="P4", created_at=MONDAY + HOUR)
    result = judge("15.3", [level(1, "P1"), ticket], window=weeks(0)).only
    assert (result.value, result.status) == (0.5, Status.FAIL)
    # Where levels are not named by priority, a priority needs none of its own.
    assert judge("15.3", [level(1, "Gold"), ticket], window=weeks(0)).only.status is Status.PASS


def test_what_the_source_does_not_tell_is_not_praised(judge):
    result = judge("15.3", [level(1, "Gold", has_escalation=None)], window=weeks(0)).only
    assert (result.status, result.n_rows) == (Status.NODATA, 1)
    assert judge("15.3", [Policy(id=1, kind="rule")], window=weeks(0)).only.status is Status.NODATA


def rating(n, ticket, satisfied, week=0):
    score = 5 if satisfied else 1
    return Rating(
        id=n,
        ticket_id=ticket,
        rated_at=MONDAY + week * WEEK + 2 * DAY,
        score=score,
        scale_min=1,
        scale_max=5,
        satisfied=satisfied,
        low=not satisfied,
    )


def test_satisfaction_where_promises_were_kept(judge):
    rows = [promised(n, 0, kept=n < 20) for n in range(40)]
    # Of 20 kept 16 are satisfied, of 20 missed 10: 80 % less 50 %.
    rows += [rating(n, n, satisfied=n < 16 or 20 <= n < 30) for n in range(40)]
    result = judge("15.4", rows, window=weeks(0)).only
    assert (result.value, result.unit, result.status) == (pytest.approx(30), "points", Status.INFO)
    low, high = result.interval
    assert low < 30 < high
    one_sided = judge("15.4", rows[:20] + rows[40:60], window=weeks(0)).only
    assert one_sided.status is Status.NODATA


def test_weeks_that_move_together(desk):
    rows = []
    for week in range(12):
        good = week % 6  # of five promises and five ratings, and of five tickets more or less
        tickets = [promised(week * 100 + n, week, n < good) for n in range(5)]
        rows += tickets + [rating(week * 100 + n, week * 100 + n, n < good, week) for n in range(5)]
        rows += [
            Ticket(id=week * 100 + 50 + n, status="open", created_at=MONDAY + week * WEEK + HOUR) for n in range(good)
        ]
    filled = desk(rows)
    for check in ("15.5", "15.6"):
        result = filled.judge(check, weeks(0, 12)).only
        # Both sides are the same rising and falling row: rank correlation 1, of 12 weeks.
        assert (result.value, result.n, result.status) == (pytest.approx(1), 12, Status.INFO), check
    assert filled.judge("15.5", weeks(0, 3)).only.status is Status.NODATA  # three weeks say nothing
