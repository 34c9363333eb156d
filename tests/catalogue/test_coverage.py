"""Data that end before the period, or begin after it: NODATA that says so, and never a good verdict."""

from datetime import UTC, datetime

import pytest

from deskaudit.checks import coverage
from deskaudit.checks.context import Window
from deskaudit.model.entities import Agent, BackupJob, BackupRun, Event, Interaction, Rating, Ticket
from deskaudit.model.verdicts import Status

DAY = 86400


def at(text):
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


NOW = at("2026-04-06T12:00")
QUARTER = Window(at("2026-01-01"), at("2026-04-01"), NOW, (at("2025-10-01"), at("2026-01-01")))
ENDED = (
    "The newest ticket in desk is of 2023-05-04; the period begins on 2026-01-01."
    " Export newer data, or judge the time they cover: --period 2023-Q2."
)


def old(n=1, day="2023-05-04", **fields):
    created = at(day) + 9 * 3600
    about = {"id": n, "channel": "email", "category": "printer", "priority": "P2", "agent_id": 1, "created_at": created}
    done = {"status": "resolved", "resolved_at": created + 3600, "first_response_at": created + 600}
    return Ticket(**(about | done | fields))


DESK = [Agent(id=1, name="Ann", active=True), *[old(n) for n in range(1, 26)]]


@pytest.mark.parametrize(
    "check", ["08.1", "08.2", "08.3", "08.4", "15.1", "15.2", "15.6", "20.1", "20.2", "20.4", "20.5", "20.8"]
)
def test_tickets_that_end_before_the_period_are_the_reason(judge, check):
    rows = [*DESK, Event(id=1, ticket_id=1, kind="status", happened_at=at("2023-05-04T09:30"), to_value="open")]
    for result in judge(check, rows, window=QUARTER).values():
        assert (result.status, result.value) == (Status.NODATA, None), result.leg
        assert result.reason.startswith(ENDED), result.leg


def test_agents_without_tickets_are_no_good_news(judge):
    result = judge("08.5", DESK, window=QUARTER).only  # it lists every agent, and judges none
    assert (result.status, result.reason) == (Status.NODATA, ENDED)


def test_tickets_that_begin_after_the_period(judge):
    result = judge("20.5", [old(1, "2026-04-02")], window=QUARTER).only
    assert result.status is Status.NODATA
    assert result.reason == (
        "The oldest ticket in desk is of 2026-04-02; the period ends on 2026-03-31."
        " Fetch older data, or judge the time they cover: --period 2026-Q2."
    )


def test_the_day_is_the_desks_own(desk):
    filled = desk([old(1, created_at=at("2023-06-30T22:30"))])
    window = Window(at("2025-12-31T23:00"), at("2026-03-31T22:00"), NOW, QUARTER.reference, "Europe/Madrid")
    reason = filled.judge("20.5", window).only.reason
    assert "is of 2023-07-01; the period begins on 2026-01-01." in reason
    assert "--period 2023-Q3" in reason


def test_nothing_happened_is_no_lack_of_data(judge):
    rows = [old(1, "2025-11-03"), old(2, "2026-04-02")]  # the data reach over the quarter, and it is empty
    result = judge("20.5", rows, window=QUARTER).only
    assert (result.status, result.value) == (Status.INFO, 0)
    result = judge("15.2", [old(1, "2025-11-03", sla_level="gold"), old(2, "2026-04-02")], window=QUARTER).only
    assert "newest ticket" not in result.reason


def test_a_ticket_that_moves_in_the_period_shows_that_the_data_reach_into_it(judge):
    row = old(1, status="open", resolved_at=None, changed_at=at("2026-02-01"))
    assert "newest ticket" not in judge("20.1", [row], window=QUARTER)["email"].reason


def test_a_date_in_the_future_does_not_make_data_new(judge):
    assert judge("20.5", [*DESK, old(99, "2099-01-01")], window=QUARTER).only.reason == ENDED


def test_a_figure_of_old_tickets_says_how_old_they_are(judge):
    result = judge("08.2", [old(1, status="open", resolved_at=None)], window=QUARTER)["over-30-days"]
    assert (result.value, result.n) == (1, 1)
    assert result.reason.endswith(f" {ENDED}")


@pytest.mark.parametrize("check", ["08.1", "08.4"])
def test_no_good_news_about_a_time_that_the_data_do_not_reach(judge, check):
    rows = [Agent(id=1, name="Ann", active=True), *[old(n, status="open", resolved_at=None) for n in range(1, 26)]]
    result = judge(check, rows, window=QUARTER).only  # all owned, none added: as of 2023
    assert (result.status, result.value, result.reason) == (Status.NODATA, None, ENDED)


def test_one_source_of_several_has_ended(desk):
    def call(n, day):
        begun = at(day)
        return Interaction(
            id=n, channel="call", direction="in", outcome="answered", started_at=begun, answered_at=begun
        )

    chat = Interaction(id=9, channel="chat", direction="in", outcome="answered", started_at=at("2026-02-02"))
    filled = desk([chat], now=NOW, sources={"phone": [call(1, "2025-03-03")]})
    result = filled.judge("20.3", QUARTER)["quick"]
    assert result.status is Status.NODATA
    assert "The newest interaction in phone is of 2025-03-03; the period begins on 2026-01-01." in result.reason
    assert "Calls come from" in result.reason  # the calls might be missing in the other source


def test_ratings_and_backup_runs_end_too(judge):
    rated = Rating(id=1, rated_at=at("2025-06-01"), score=5, scale_max=5, satisfied=True)
    result = judge("18.1", [rated], window=QUARTER).only
    assert result.reason.startswith("The newest rating in desk is of 2025-06-01;")
    run = BackupRun(id=1, job_id=1, started_at=at("2025-06-01"), state="ok", bytes_source=5)
    result = judge("24.6", [BackupJob(id=1, name="nightly"), run], window=QUARTER).only
    assert (result.status, result.reason.startswith("The newest backup run in desk is of 2025-06-01;")) == (
        Status.NODATA,
        True,
    )


def test_the_audit_warns_of_what_its_checks_need(desk, shipped):
    filled = desk(DESK)
    assert coverage.find_warnings([shipped.check("20.1")[1], shipped.check("08.1")[1]], filled.reader, QUARTER) == [
        ENDED
    ]
    assert coverage.find_warnings([shipped.check("24.1")[1]], filled.reader, QUARTER) == []


def test_no_warning_where_another_source_reaches_into_the_period(desk, shipped):
    filled = desk([old(1, "2026-02-02")], sources={"archive": [old(2)]})
    assert coverage.find_warnings([shipped.check("20.1")[1]], filled.reader, QUARTER) == []


@pytest.mark.parametrize(
    ("newest", "value", "status"),
    [
        ("2026-03-05", 0.5, Status.PASS),  # 27 days before the end: as old as the fetch, half a day
        ("2026-03-01", 31, Status.FAIL),  # 31 days
        ("2023-05-04", 1062.625, Status.FAIL),  # 2023-05-04 09:00, to 2026-04-01
    ],
)
def test_old_tickets_fetched_just_now_are_no_fresh_data(desk, newest, value, status):
    moved = {"resolved_at": None, "status": "open", "first_response_at": None}
    day = at(newest) if newest != "2023-05-04" else at("2023-05-04T09:00")
    filled = desk([Ticket(id=1, channel="email", created_at=day, **moved)], now=NOW - DAY // 2)
    result = filled.judge("20.7", QUARTER).only
    assert (result.value, result.status) == (value, status)
    assert result.evidence[0].columns["newest_at"] == day


def test_an_older_period_asks_for_no_newer_rows(desk):
    filled = desk([old(1)], now=NOW)
    window = Window(at("2023-04-01"), at("2023-05-20"), NOW, (at("2023-02-01"), at("2023-04-01")))
    assert filled.judge("20.7", window).only.status is Status.PASS


def test_a_source_without_dated_rows_is_as_old_as_its_fetch(desk):
    assert desk([Agent(id=1)], now=NOW).judge("20.7", QUARTER).only.status is Status.PASS


def test_lists_say_what_the_source_does_not_tell(judge):
    result = judge("20.5", [old(1, "2026-02-02", category=None)], window=QUARTER).only
    assert result.status is Status.NODATA
    assert result.reason.startswith(
        "No ticket has a value for category. No ticket tag has a value for tag. Tickets need"
    )
    result = judge("20.8", [old(1, "2026-02-02", status="open", resolved_at=None)], window=QUARTER).only
    assert result.status is Status.NODATA
    assert "The source must tell the history" in result.reason
