"""Windows Server Backup: events and summaries as PowerShell writes them."""

import json

import pytest

from deskaudit.connectors.backups.wbadmin import Wbadmin

DAY = 86400
MARCH = 20513 * DAY  # 2026-03-01 in UTC


def event(number: int, at: int) -> dict[str, object]:
    return {"TimeCreated": f"/Date({(MARCH + at) * 1000})/", "Id": number, "MachineName": "srv1"}


@pytest.mark.parametrize(
    ("events", "states"),
    [
        ([event(1, 0), event(4, 600)], ["ok"]),
        ([event(1, 0), event(4, 600), event(14, 601)], ["ok"]),
        ([event(1, 0), event(14, 600)], ["unknown"]),
        ([event(1, 0), event(14, 600), event(5, 600)], ["failed"]),
        ([event(1, 0), event(8, 600)], ["failed"]),
        ([event(521, 0)], ["failed"]),
        ([event(1, 0)], ["unknown"]),
        ([event(1, 0), event(4, 600), event(1, 3600), event(5, 4000)], ["ok", "failed"]),
        ([event(4, 0), event(4, 3600)], ["ok", "ok"]),
        ([event(9999, 0)], []),
    ],
)
def test_events_become_runs(ask, events, states):
    answer = ask(Wbadmin, {"e.json": json.dumps(events)}, now=MARCH + 9000)
    assert answer.states == states
    assert {run.started_at for run in answer.runs} <= {MARCH, MARCH + 3600}
    assert answer.jobs[0].asset_ids in {"srv1", None}


def test_events_as_csv_in_utf_16(ask):
    text = 'TimeCreated;Id;MachineName\r\n"28.02.2026 03:00:00";1;srv1\r\n"28.02.2026 03:10:00";4;srv1\r\n'
    (run,) = ask(Wbadmin, {"e.csv": text.encode("utf-16")}, zone="Europe/Oslo").runs
    assert (run.state, run.started_at, run.ended_at) == ("ok", MARCH - DAY + 7200, MARCH - DAY + 7800)


@pytest.mark.parametrize(
    ("code", "last", "states"),
    [(0, MARCH, ["ok"]), (-2147217407, MARCH + 3600, ["ok", "failed"]), (0, MARCH + 3600, ["ok", "unknown"])],
)
def test_a_summary_is_the_last_run_and_the_last_good_one(ask, code, last, states):
    summary = {
        "LastBackupTime": f"/Date({last * 1000})/", "LastSuccessfulBackupTime": f"/Date({MARCH * 1000})/",
        "LastBackupResultHR": code, "LastSuccessfulBackupTargetPath": "\\\\nas\\backup",
    }  # fmt: skip
    answer = ask(Wbadmin, {"s.json": json.dumps(summary)})
    assert answer.states == states
    assert answer.jobs[0].target == "\\\\nas\\backup"


def test_a_summary_as_text_has_dates_that_may_need_an_order(ask):
    text = "NextBackupTime : 3/2/2026 2:00:00 AM\nLastSuccessfulBackupTime : 3/1/2026 2:00:00 AM\nLastBackupTime : 3/1/2026 2:00:00 AM\nLastBackupResultHR : 0\n"
    answer = ask(Wbadmin, {"s.txt": text})
    assert answer.runs == []
    assert "Set sources.backups.dates to the right one" in answer.rejects[0].reason
    (run,) = ask(Wbadmin, {"s.txt": text}, top={"dates": "mdy"}, zone="Europe/Oslo").runs
    assert (run.state, run.started_at) == ("ok", MARCH + 3600)


def test_the_dates_of_a_summary_decide_for_each_other(ask):
    text = "NextBackupTime : 3/13/2026 2:00:00 AM\nLastSuccessfulBackupTime : 3/1/2026 2:00:00 AM\nLastBackupTime : 3/12/2026 2:00:00 AM\nLastBackupResultHR : 5\n"
    answer = ask(Wbadmin, {"s.txt": text}, now=MARCH + 12 * 86400)
    assert [(run.state, run.started_at) for run in answer.runs] == [
        ("ok", MARCH + 7200),
        ("failed", MARCH + 11 * 86400 + 7200),
    ]
    assert "read as" in answer.said


def test_something_else_is_refused(ask):
    assert ask(Wbadmin, {"x.txt": "a,b\n1,2\n"}).rejects
    assert ask(Wbadmin, {"x.json": "[{}]"}).rejects
