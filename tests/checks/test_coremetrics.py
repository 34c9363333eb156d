"""20.6: a metric is there where this audit judged it, or where the snapshot has its rows."""

import pytest

from deskaudit.checks import coremetrics
from deskaudit.model.verdicts import Result, Status
from deskaudit.snapshot.reader import Filled

NOW = 1_700_000_000


class Past:
    def __init__(self, *results):
        self._results = results

    def results(self):
        return list(self._results)

    def earlier(self):
        return []


def result(check, n, segment=None, status=Status.PASS):
    return Result(
        item="HD-20", check=check, name="x", title="X", segment=segment, status=status, kind="ratio", unit="share",
        better="lower", n=n,
    )  # fmt: skip


def found(desk, window, past):
    return {row["ref"]: row["good"] for row in coremetrics.rows(desk, window, past)}


def test_there_are_twelve(desk, window):
    rows = list(coremetrics.rows(desk, window, Past()))
    assert [row["subject"] for row in rows] == list(range(1, 13))
    assert {row["good"] for row in rows} == {0}


@pytest.mark.parametrize(
    ("table", "row", "metrics"),
    [
        ("live_ticket", {"created_at": NOW - 5}, {"volume", "backlog"}),
        ("live_ticket", {"created_at": NOW - 200 * 86400}, {"backlog"}),
        ("live_ticket", {"created_at": NOW + 5}, set()),
        ("live_ticket", {"first_response_at": NOW - 5}, {"first response time"}),
        ("live_ticket", {"resolved_at": NOW - 5}, {"resolution time", "first contact resolution", "reopened"}),
        ("ticket_sla", {"due_at": NOW - 5}, {"service level"}),
        ("rating", {"rated_at": NOW - 5, "score": 4}, {"satisfaction"}),
        ("rating", {"rated_at": NOW - 5}, set()),
        ("interaction", {"started_at": NOW - 5, "channel": "call", "direction": "in"}, {"abandoned calls"}),
        ("finance_period", {"started_at": 0, "ended_at": NOW, "cost": 9.5}, {"cost per ticket"}),
        ("slot", {"started_at": NOW - 5, "kind": "worked"}, {"utilisation"}),
    ],
)
def test_rows_in_the_period_count(desk, window, table, row, metrics):
    desk.add(table, row)
    assert {name for name, good in found(desk, window, Past()).items() if good} == metrics


def test_waits_count_where_the_desk_was_waited_for(desk, window):
    desk.connection.execute(f"INSERT INTO status_span (ticket_id, ended_at, on_desk) VALUES (1, {NOW - 9}, 1)")
    assert found(desk, window, Past())["waiting time"] == 1


def test_a_check_of_this_audit_says_more_than_rows(desk, window):
    desk.add("live_ticket", {"first_response_at": NOW - 5})
    past = Past(result("20.1", 0, status=Status.NODATA), result("20.1", 99, segment="mail"), result("15.1", 3))
    metrics = found(desk, window, past)
    assert (metrics["first response time"], metrics["service level"]) == (0, 1)


def test_what_no_source_delivers_has_no_data(desk, window):
    desk.add("slot", {"started_at": NOW - 5, "kind": "worked"})
    desk.states["slot"] = Filled("absent", "", None)
    assert found(desk, window, Past())["utilisation"] == 0


def test_as_a_check(desk, make_check):
    desk.past = Past(result("20.1", 40))
    desk.add("live_ticket", {"created_at": NOW - 5})
    words = {"of": "metric", "better": "higher", "passes": 0.9, "warns": 0.7, "population": "census", "phase": 2}
    check = make_check(rows="python:deskaudit.checks.coremetrics:rows", title="Metrics", **words)
    (judged,) = desk.judge(check)
    assert (judged.value, judged.n, judged.status) == (0.25, 12, Status.FAIL)
    assert [card.ref for card in judged.evidence][:2] == ["waiting time", "resolution time"]
