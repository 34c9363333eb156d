"""HD-18: what customers say. Opening hours: Monday to Friday, 08:00 to 17:00 UTC."""

from datetime import UTC, datetime

import pytest

from deskaudit.checks.context import Window
from deskaudit.model.entities import Department, Document, Event, Interaction, Rating, Ticket
from deskaudit.model.verdicts import Status

HOUR, DAY, WEEK = 3600, 86400, 604800
MONDAY = int(datetime(2026, 1, 5, tzinfo=UTC).timestamp())
NOW = int(datetime(2026, 4, 6, 12, tzinfo=UTC).timestamp())


def weeks(first, n=4, now=NOW):
    start, end = MONDAY + first * WEEK, MONDAY + (first + n) * WEEK
    return Window(start, end, now, (start - n * WEEK, start))


def answer(n, satisfied, week=0, **fields):
    """A rating of Thursday 10:00, 5 of 5 or 1 of 5."""
    about = {
        "rated_at": MONDAY + week * WEEK + 3 * DAY + 10 * HOUR,
        "score": 5 if satisfied else 1,
        "scale_min": 1,
        "scale_max": 5,
        "satisfied": satisfied,
        "low": not satisfied,
    }
    return Rating(id=n, **(about | fields))


def test_satisfied_answers(desk):
    rows = []
    for week, satisfied in ((0, 85), (4, 75), (8, 74)):
        rows += [answer(week * 1000 + n, n < satisfied, week) for n in range(100)]
    filled = desk(rows)
    for week, share, status in ((0, 0.85, Status.PASS), (4, 0.75, Status.WARN), (8, 0.74, Status.FAIL)):
        result = filled.judge("18.1", weeks(week)).only
        assert (result.value, result.n, result.status) == (share, 100, status)
        low, high = result.interval
        assert low < share < high
    assert filled.judge("18.1", weeks(20)).only.status is Status.NODATA


def test_answers_of_tests_and_blank_surveys_do_not_count(judge):
    rows = [
        Department(id=7, name="Sales"),
        Ticket(id=1, code="T-1", status="resolved", department_id=7, created_at=MONDAY),
        Ticket(id=2, status="resolved", is_test=True, created_at=MONDAY),
        answer(1, satisfied=False, ticket_id=1),
        answer(2, satisfied=False, ticket_id=2),
        answer(3, satisfied=True),
        Rating(id=4, ticket_id=1, sent_at=MONDAY),
    ]
    verdicts = judge("18.1", rows, window=weeks(0))
    assert (verdicts.only.n, verdicts.only.value, verdicts.only.low_n) == (2, 0.5, True)
    assert verdicts.only.status is Status.WARN  # two answers never fail
    assert verdicts.only.evidence[0].ref == "T-1"
    assert verdicts.segment("Sales").value == 0


def survey(n, week, answered):
    sent = MONDAY + week * WEEK
    if answered:
        return answer(n, satisfied=True, sent_at=sent, rated_at=sent + DAY)
    return Rating(id=n, sent_at=sent)


def test_answered_surveys(desk):
    rows = []
    for week, answered in ((0, 20), (4, 10), (8, 9)):
        rows += [survey(week * 1000 + n, week, n < answered) for n in range(100)]
    filled = desk(rows)
    for week, share, status in ((0, 0.20, Status.PASS), (4, 0.10, Status.WARN), (8, 0.09, Status.FAIL)):
        result = filled.judge("18.2", weeks(week)).only
        assert (result.value, result.n, result.status) == (share, 100, status)


def test_a_survey_of_this_week_may_still_be_answered(judge):
    now = MONDAY + 7 * DAY
    rows = [survey(1, 0, answered=True), Rating(id=2, sent_at=MONDAY + DAY), Rating(id=3, sent_at=MONDAY)]
    result = judge("18.2", rows, window=weeks(0, 1, now), now=now).only
    # Survey 3 is exactly seven days old and judged, survey 2 is six days old and is not.
    assert (result.n_rows, result.n, result.value) == (3, 2, 0.5)


def test_a_source_that_lists_answers_only_proves_no_response_rate(judge):
    rows = [survey(n, 0, answered=True) for n in range(30)]
    assert judge("18.2", rows, window=weeks(0)).only.status is Status.NODATA
    assert judge("18.2", [answer(1, satisfied=True)], window=weeks(0)).only.status is Status.NODATA  # no day of sending


@pytest.mark.parametrize(("questions", "status"), [(3, Status.PASS), (5, Status.WARN), (6, Status.FAIL)])
def test_length_of_the_survey(judge, questions, status):
    rows = [Document(id=1, kind="survey", title="Short", questions=1)]
    rows += [Document(id=2, kind="survey", title="Long", questions=questions)]
    rows += [Document(id=3, kind="kb", title="Article", questions=99)]
    result = judge("18.3", rows).only
    assert (result.value, result.n, result.status) == (questions, 2, status)


def test_no_survey_is_listed(judge):
    assert judge("18.3", [Document(id=1, kind="kb", title="Article")]).only.status is Status.NODATA
    assert "document" in judge("18.3", []).only.reason


def low(n, week, followed_after=None):
    """A low rating of Thursday 10:00, on a ticket with a history; a reply follows after so many seconds."""
    number = week * 1000 + n
    rated = MONDAY + week * WEEK + 3 * DAY + 10 * HOUR
    rows = [
        Ticket(id=number, code=f"T-{number}", status="resolved", created_at=rated - DAY, resolved_at=rated - HOUR),
        Event(id=number, ticket_id=number, kind="reply", actor="agent", happened_at=rated - HOUR),
        answer(number, satisfied=False, week=week, ticket_id=number),
    ]
    if followed_after is not None:
        reply = rated + followed_after
        rows.append(Event(id=100_000 + number, ticket_id=number, kind="reply", actor="agent", happened_at=reply))
    return rows


def test_low_ratings_are_followed_up(desk):
    # Thursday 10:00 + three business days (9 h each) is Tuesday 10:00, five days later; the weekend does not count.
    rows = []
    for week, followed in ((0, 18), (4, 14), (8, 13)):
        for n in range(20):
            rows += low(n, week, 5 * DAY if n < followed else None if n < 19 else 5 * DAY + 60)
    filled = desk(rows)
    for week, share, status in ((0, 0.90, Status.PASS), (4, 0.70, Status.WARN), (8, 0.65, Status.FAIL)):
        result = filled.judge("18.4", weeks(week)).only
        # Number 19 got its reply a minute late: no follow-up in time either.
        assert (result.value, result.n, result.status) == (share, 20, status)


def test_what_counts_as_a_follow_up(judge):
    hour_later = answer(0, satisfied=False).rated_at + HOUR
    history = [Ticket(id=n, code=f"T-{n}", status="resolved", created_at=MONDAY) for n in range(1, 6)]
    history += [Event(id=n, ticket_id=n, kind="reply", actor="agent", happened_at=MONDAY + HOUR) for n in range(1, 6)]
    rows = [
        *history,
        *[answer(n, satisfied=False, ticket_id=n) for n in range(1, 6)],
        Interaction(id=1, channel="call", direction="out", ticket_id=1, started_at=hour_later),
        Event(id=12, ticket_id=2, kind="status", actor="agent", to_value="open", happened_at=hour_later),
        Event(id=13, ticket_id=3, kind="reply", actor="contact", happened_at=hour_later),  # the customer, not the desk
        Event(id=14, ticket_id=4, kind="tag", actor="rule", happened_at=hour_later),
        answer(6, satisfied=False, followed_up_at=hour_later),  # no ticket, but the source says so
    ]
    result = judge("18.4", rows, window=weeks(0)).only
    # 1, 2 and 6 are followed up; 3, 4 and 5 are not.
    assert (result.n, result.value) == (6, 0.5)
    assert {e.ref for e in result.evidence} == {"T-3", "T-4", "T-5"}


def test_follow_ups_that_cannot_be_known_or_are_not_due(judge):
    assert judge("18.4", [answer(1, satisfied=False)], window=weeks(0)).only.status is Status.NODATA  # no ticket
    friday = MONDAY + 4 * DAY + 10 * HOUR  # a day after the rating
    result = judge("18.4", low(1, 0), window=weeks(0, 1, friday), now=friday).only
    assert (result.status, result.n_rows) == (Status.NODATA, 1)
    assert judge("18.4", [answer(1, satisfied=True)], window=weeks(0)).only.status is Status.NODATA  # nobody is unhappy


def by_department(week, satisfied):
    """Three departments with 20 answers each; so many satisfied in the last, 18 and 16 in the others."""
    rows = [Department(id=number, name=name) for number, name in ((1, "Sales"), (2, "Support"), (3, "Billing"))]
    for department, good in ((1, 18), (2, 16), (3, satisfied)):
        first = week * 1000 + department * 100
        rows += [answer(first + n, n < good, week, department_id=department) for n in range(20)]
    return rows


def test_gap_between_departments(desk):
    filled = desk([*by_department(0, 16), *by_department(4, 14)[3:], *by_department(8, 13)[3:]])
    # Best: 18 of 20, 90 %. Worst: 16, 14, 13 of 20: 80, 70, 65 %.
    for week, gap, status in ((0, 10, Status.PASS), (4, 20, Status.WARN), (8, 25, Status.FAIL)):
        result = filled.judge("18.5", weeks(week)).only
        assert (result.value, result.n, result.status) == (pytest.approx(gap), 3, status)
    assert [e.ref for e in result.evidence] == ["Billing", "Support", "Sales"]
    assert result.evidence[0].columns["satisfied_share"] == 0.65


def test_parts_with_few_answers_are_not_compared(judge):
    rows = [
        Ticket(id=n, status="resolved", category="Mail" if n < 20 else "Print", created_at=MONDAY) for n in range(39)
    ]
    rows += [answer(n, n < 20, ticket_id=n) for n in range(39)]  # 20 answers on mail, 19 on printing
    result = judge("18.5", rows, window=weeks(0)).only
    assert (result.status, result.n_rows) == (Status.NODATA, 2)
