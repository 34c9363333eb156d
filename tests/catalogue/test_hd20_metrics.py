"""HD-20: waiting and solving. Opening hours: Monday to Friday, 08:00 to 17:00 UTC."""

from datetime import UTC, datetime

import pytest

from deskaudit.checks.context import Window
from deskaudit.config import Config
from deskaudit.model.batches import Batch, Problem
from deskaudit.model.entities import Event, FinancePeriod, Interaction, Rating, Slot, Ticket, TicketTag
from deskaudit.model.verdicts import Status
from deskaudit.snapshot import Snapshot

MINUTE, HOUR, DAY, WEEK = 60, 3600, 86400, 604800
MONDAY = int(datetime(2026, 1, 5, tzinfo=UTC).timestamp())
OPENS = 8 * HOUR
NOW = int(datetime(2026, 4, 6, 12, tzinfo=UTC).timestamp())


def weeks(first, n=4, now=NOW):
    start, end = MONDAY + first * WEEK, MONDAY + (first + n) * WEEK
    return Window(start, end, now, (start - n * WEEK, start))


def solved(n, week, after, **fields):
    """A ticket of Monday 08:00, first answered or solved after so many business seconds (up to a day)."""
    created = MONDAY + week * WEEK + OPENS
    about = {"id": n, "code": f"T-{n}", "channel": "email", "created_at": created}
    return Ticket(
        **(
            about
            | {"status": "resolved", "resolved_at": created + after, "first_response_at": created + after}
            | fields
        )
    )


def test_first_answer_by_mail(desk):
    rows = []
    for week, hours in ((0, 4), (4, 8), (8, 9)):
        # 21 tickets: ten answered in half an hour, eleven after 4, 8 or 9 hours: the median is the latter.
        rows += [solved(week * 1000 + n, week, 30 * MINUTE if n < 10 else hours * HOUR) for n in range(21)]
    filled = desk(rows)
    for week, hours, status in ((0, 4, Status.PASS), (4, 8, Status.WARN), (8, 9, Status.FAIL)):
        result = filled.judge("20.1", weeks(week))["email"]
        assert (result.value, result.n, result.status) == (hours * HOUR, 21, status)
        assert result.mean == pytest.approx((10 * 30 * MINUTE + 11 * hours * HOUR) / 21)


def test_a_night_is_no_waiting_time(judge):
    evening = MONDAY + 16 * HOUR  # an hour before closing; answered next morning at 09:00: two business hours
    row = solved(1, 0, 0, created_at=evening, first_response_at=MONDAY + DAY + 9 * HOUR, resolved_at=MONDAY + 2 * DAY)
    result = judge("20.1", [row], window=weeks(0))["email"]
    assert (result.value, result.low_n) == (2 * HOUR, True)


def test_unanswered_tickets_are_counted_beside_and_other_channels_are_not(judge):
    rows = [
        solved(1, 0, HOUR),
        solved(2, 0, HOUR, first_response_at=None, resolved_at=None, status="open"),
        solved(3, 0, HOUR, channel=None),
        solved(4, 0, 9 * HOUR, channel="phone"),
        solved(5, 0, 9 * HOUR, channel="chat"),
    ]
    verdicts = judge("20.1", rows, window=weeks(0))
    assert (verdicts["email"].n, verdicts["email"].n_rows, verdicts["email"].details["not_judged"]) == (2, 3, 1)
    assert verdicts["chat"].status is Status.NODATA


def chat(n, week, seconds, **fields):
    begun = MONDAY + week * WEEK + OPENS
    about = {"id": n, "channel": "chat", "direction": "in", "started_at": begun, "outcome": "answered"}
    return Interaction(**(about | {"answered_at": begun + seconds} | fields))


def test_first_answer_in_chat(desk):
    rows = [Ticket(id=1, status="open", channel="chat", created_at=MONDAY)]
    for week, seconds in ((0, 60), (4, 180), (8, 181)):
        rows += [chat(week * 1000 + n, week, seconds) for n in range(21)]
        rows.append(chat(week * 1000 + 21, week, 0, answered_at=None, outcome="missed"))
    filled = desk(rows)
    for week, seconds, status in ((0, 60, Status.PASS), (4, 180, Status.WARN), (8, 181, Status.FAIL)):
        result = filled.judge("20.1", weeks(week))["chat"]
        assert (result.value, result.n, result.n_rows, result.status) == (seconds, 21, 22, status)


def test_waits_against_the_period_before(desk):
    rows = []
    for week, minutes in ((0, 100), (4, 110), (8, 137.5), (12, 173.25)):
        rows += [solved(week * 1000 + n, week, int(minutes * MINUTE)) for n in range(20)]
    filled = desk(rows)
    # 110 / 100, 137.5 / 110 and 173.25 / 137.5 are 10, 25 and 26 % more.
    for week, drift, status in ((4, 0.10, Status.PASS), (8, 0.25, Status.WARN), (12, 0.26, Status.FAIL)):
        verdicts = filled.judge("20.2", weeks(week))
        assert (verdicts["drift"].value, verdicts["drift"].status) == (pytest.approx(drift), status)
        assert verdicts["wait"].status is Status.INFO
    first = filled.judge("20.2", weeks(0))
    assert first["wait"].value == 100 * MINUTE
    assert first["drift"].status is Status.NODATA  # nothing to compare with


def test_the_customers_own_time_is_no_wait(judge):
    created = MONDAY + OPENS
    rows = [
        solved(1, 0, 8 * HOUR),
        *[
            Event(id=n, ticket_id=1, kind="status", happened_at=created + hours * HOUR, to_value=status)
            for n, (hours, status) in enumerate(
                [(1, "answered"), (4, "open"), (6, "postponed"), (7, "open"), (8, "resolved")]
            )
        ],
        solved(2, 0, HOUR, status="open", resolved_at=None),
    ]
    result = judge("20.2", rows, window=weeks(0))["wait"]
    # With the desk: 0–1, 4–6 and 7–8 h, four hours. Ticket 2 is still open: listed, not judged.
    assert (result.value, result.n, result.n_rows) == (4 * HOUR, 1, 2)


def call(n, week, outcome, wait, **fields):
    begun = MONDAY + week * WEEK + OPENS
    answered = begun + wait if outcome == "answered" else None
    about = {"id": n, "channel": "call", "direction": "in", "started_at": begun, "ended_at": begun + wait + 60}
    if outcome != "answered":
        about["ended_at"] = begun + wait
    return Interaction(**(about | {"answered_at": answered, "outcome": outcome} | fields))


def test_calls(desk):
    rows = []
    # Of 100 calls: quick ones after 30 s, slow ones after 31 s, given up after 10 s.
    for week, quick, lost in ((0, 80, 5), (4, 70, 8), (8, 69, 9)):
        outcomes = [("answered", 30)] * quick + [("answered", 31)] * (100 - quick - lost) + [("abandoned", 10)] * lost
        rows += [call(week * 1000 + n, week, outcome, wait) for n, (outcome, wait) in enumerate(outcomes)]
    filled = desk(rows)
    for week, quick, lost, status in (
        (0, 0.80, 0.05, Status.PASS),
        (4, 0.70, 0.08, Status.WARN),
        (8, 0.69, 0.09, Status.FAIL),
    ):
        verdicts = filled.judge("20.3", weeks(week))
        assert (verdicts["quick"].value, verdicts["quick"].n, verdicts["quick"].status) == (quick, 100, status)
        assert (verdicts["abandoned"].value, verdicts["abandoned"].n, verdicts["abandoned"].status) == (
            lost,
            100,
            status,
        )


def test_calls_that_count_on_neither_side(judge):
    rows = [
        call(1, 0, "answered", 10),
        call(2, 0, "abandoned", 9),  # hung up at once
        call(3, 0, "failed", 0),
        call(4, 0, "busy", 0),
        call(5, 0, "voicemail", 40),  # not quick, not given up
        call(6, 0, "missed", 50),  # not quick, given up
        call(7, 0, "answered", 5, direction="out"),
    ]
    verdicts = judge("20.3", rows, window=weeks(0))
    assert (verdicts["quick"].n, verdicts["quick"].value) == (3, pytest.approx(1 / 3))
    assert (verdicts["abandoned"].n, verdicts["abandoned"].value) == (3, pytest.approx(1 / 3))
    assert (verdicts["quick"].n_rows, verdicts["quick"].status) == (6, Status.WARN)  # three calls never fail
    mean = judge("20.9", rows, window=weeks(0)).only
    assert (mean.value, mean.n, mean.status) == (10, 1, Status.INFO)
    only_out = judge("20.3", rows[-1:], window=weeks(0))
    assert {r.status for r in only_out.values()} == {Status.NODATA}


def test_solutions_against_their_targets(desk):
    rows = []
    # P1 tickets may take 4 hours. Of 20 so many take 2 hours, the rest 5.
    for week, fast in ((0, 19), (4, 15), (8, 9)):
        rows += [solved(week * 1000 + n, week, (2 if n < fast else 5) * HOUR, priority="P1") for n in range(20)]
    filled = desk(rows)
    # Ratios 0.5 and 1.25. 90th percentile of 20: place 17.1 from 0, so 1.25 where 3 or more are slow.
    for week, median, p90 in ((0, 0.5, 0.5), (4, 0.5, 1.25), (8, 1.25, 1.25)):
        verdicts = filled.judge("20.4", weeks(week))
        assert (verdicts["median"].value, verdicts["p90"].value) == (pytest.approx(median), pytest.approx(p90))
        assert verdicts["median"].status is (Status.PASS if median <= 1 else Status.FAIL)
        assert verdicts["p90"].status is (Status.PASS if p90 <= 1 else Status.WARN)
    worst = filled.judge("20.4", weeks(8))["median"].evidence[0]
    assert (worst.columns["taken_s"], worst.columns["target_s"]) == (5 * HOUR, 4 * HOUR)


def test_open_tickets_are_beside_and_those_without_target_out(judge):
    rows = [
        solved(1, 0, 2 * HOUR, priority="P1"),
        solved(2, 0, 0, priority="P1", status="open", resolved_at=None),
        solved(3, 0, 2 * HOUR),
    ]
    result = judge("20.4", rows, window=weeks(0))["median"]
    assert (result.n, result.n_rows, result.value) == (1, 2, 0.5)
    assert judge("20.4", rows[2:], window=weeks(0))["median"].status is Status.NODATA


def test_the_most_common_issues(judge):
    rows = []
    for n in range(10):  # this period: six mail, three print, one without
        category = "mail" if n < 6 else "print" if n < 9 else None
        rows.append(solved(n, 4, HOUR, category=category))
    rows += [solved(100 + n, 0, HOUR, category="mail") for n in range(4)]  # the period before: four mail
    rows += [TicketTag(id=1, ticket_id=1, tag="vip"), TicketTag(id=2, ticket_id=100, tag="vip")]
    result = judge("20.5", rows, window=weeks(4)).only
    assert (result.status, result.value) == (Status.INFO, 3)
    mail, printing, vip = result.evidence
    assert (mail.ref, mail.segment, mail.columns["tickets"]) == ("mail", "category", 6)
    # 6 of 9 with a category; 6 against 4 is half as many again.
    assert mail.columns["share"] == pytest.approx(6 / 9)
    assert mail.columns["rise"] == pytest.approx(0.5)
    assert (printing.columns["share_so_far"], printing.columns["rise"]) == (pytest.approx(1), None)
    assert (vip.ref, vip.segment, vip.columns["tickets"]) == ("vip", "tag", 1)


def core(week):
    """Rows of one week that each of the twelve figures can be made from, with those that only it needs named."""
    start, first = MONDAY + week * WEEK + OPENS, week * 1000
    ticket = solved(first, week, HOUR, priority="P1")
    status = Event(id=first, ticket_id=first, kind="status", happened_at=start + HOUR, to_value="resolved")
    reply = Event(id=first + 1, ticket_id=first, kind="reply", actor="agent", happened_at=start + HOUR)
    rating = Rating(id=first, rated_at=start + DAY, score=5, scale_min=1, scale_max=5, satisfied=True, low=False)
    money = FinancePeriod(id=first, started_at=start, ended_at=start + DAY, cost=100.0)
    work = Slot(id=first, kind="worked", started_at=start, ended_at=start + HOUR)
    return [ticket, status, reply, call(first, week, "answered", 5), rating, money, work]


def test_core_figures(desk):
    rows = core(0) + core(4)[:5] + core(8)[:3]
    filled = desk(rows)
    # All twelve; without cost and working time ten, 83 %; without calls and ratings too eight, 67 %.
    for week, share, status in ((0, 1, Status.PASS), (4, 10 / 12, Status.WARN), (8, 8 / 12, Status.FAIL)):
        result = filled.judge("20.6", weeks(week)).only
        assert (result.value, result.n, result.status) == (pytest.approx(share), 12, status), result.evidence
    assert [e.ref for e in result.evidence] == ["satisfaction", "abandoned calls", "cost per ticket", "utilisation"]


def test_core_figures_of_a_desk_without_tickets(judge):
    assert judge("20.6", [call(1, 0, "answered", 5)], window=weeks(0)).only.status is Status.NODATA


def test_age_of_the_data(desk):
    filled = desk([solved(1, 0, HOUR)], now=NOW, sources={"phone": [call(1, 0, "answered", 5)]})
    # The test kit's sources are to be fetched daily.
    for days, status in ((1.5, Status.PASS), (3, Status.WARN), (3.5, Status.FAIL)):
        result = filled.judge("20.7", weeks(0, now=NOW + int(days * DAY))).only
        assert (result.value, result.n, result.status) == (days, 2, status)
    assert {e.ref for e in result.evidence} == {"desk", "phone"}


def test_a_source_that_was_never_fetched_fails(desk):
    filled = desk([solved(1, 0, HOUR)])
    filled.reader.connection.execute(
        "INSERT INTO extract VALUES ('phone', 'csv', 'failed', NULL, NULL, 86400, 0, NULL)"
    )
    result = filled.judge("20.7", weeks(0)).only
    assert (result.value, result.status) == (0, Status.FAIL)
    assert result.details["fail_if"] == 1


@pytest.fixture
def pulls(desk):
    """Two sources fetched together, and then `two` once more, in the way it is told: the age of the data."""

    def judge(*, cut=False, error=None, days=1.0):
        filled = desk([solved(1, 13, HOUR)], sources={"two": [solved(2, 13, HOUR)]})
        snapshot = Snapshot(filled.reader._folder)
        with snapshot.landing("two", "csv", NOW) as landing:
            landing.land(Batch(problems=[Problem("page 3", "cut off", frozenset({"ticket"}))] if cut else []))
            landing.finish(cadence_s=DAY, error=error)
            snapshot.publish([landing], Config(), NOW)
        filled.reader.close()
        filled.reader = snapshot.open()
        return filled.judge("20.7", weeks(10, now=NOW + int(days * DAY)))

    return judge


def test_the_age_of_what_did_not_come_is_not_known(pulls):
    assert pulls().only.status is Status.PASS
    for ended, said in (
        ({"cut": True}, "the last pull of two is incomplete"),
        ({"error": "no answer"}, "the last pull of two failed"),
    ):
        found = pulls(**ended)
        assert (found.only.status, found.only.value) == (Status.NODATA, None)
        assert found.only.reason == f"How old all of the data are is not known: {said}."
        assert {one.segment: one.status for one in found.all if one.segment} == {"desk": Status.PASS}


def test_what_is_too_old_fails_however_its_last_pull_ended(pulls):
    result = pulls(error="no answer", days=3.5).only
    assert (result.status, result.value) == (Status.FAIL, 3.5)


def test_status_flow(judge):
    created = MONDAY + OPENS
    moves = [(1, "answered"), (3, "open"), (4, "answered"), (8, "resolved")]
    rows = [
        solved(1, 0, 8 * HOUR),
        *[
            Event(id=n, ticket_id=1, kind="status", happened_at=created + hours * HOUR, to_value=status)
            for n, (hours, status) in enumerate(moves)
        ],
    ]
    result = judge("20.8", rows, window=weeks(0)).only
    flow = {e.ref: (e.columns["moves"], e.columns["mean_s"]) for e in result.evidence}
    assert flow == {
        "new → answered": (1, HOUR),
        "answered → open": (1, 2 * HOUR),
        "open → answered": (1, HOUR),
        "answered → resolved": (1, 4 * HOUR),
    }
    assert result.evidence[0].ref == "answered → resolved"  # most time spent first
    assert result.status is Status.INFO
