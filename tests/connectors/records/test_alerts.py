"""Monitoring alerts from tables: every row for itself, or joined by their states."""

from datetime import UTC, datetime

import msgspec
import pytest

from deskaudit.connectors import Context
from deskaudit.connectors.records.alerts import Alerts
from deskaudit.model.batches import Want
from deskaudit.model.entities import Interaction
from deskaudit.model.keys import row_key

NOW = int(datetime(2026, 3, 10, tzinfo=UTC).timestamp())
WANT = Want(entities=frozenset({"interaction"}), since_at=0)


def at(hour, minute=0):
    return int(datetime(2026, 3, 2, hour, minute, tzinfo=UTC).timestamp())


def build(folder, text, columns, **options):
    (folder / "alerts.csv").write_text(text, encoding="utf-8")
    made = msgspec.convert({"path": "alerts.csv", "columns": columns, **options}, Alerts.options)
    return Alerts(made, Context("nagios", folder, now=lambda: NOW))


def pull(connector):
    batches = list(connector.pull(None, WANT))
    rows = [row for batch in batches for row in batch.rows if isinstance(row, Interaction)]
    return rows, [problem for batch in batches for problem in batch.problems], [r for b in batches for r in b.rejects]


COLUMNS = {"started_at": "Time", "host": "Host", "service": "Service", "severity": "Severity", "ticket": "Ticket"}


def test_each_row_is_an_alert_and_what_calls_for_nobody_is_left_out(tmp_path):
    text = (
        "Time,End,Host,Service,Severity,Ticket\n"
        "2026-03-02 09:00,2026-03-02 09:30,srv1,disk,critical,17\n"
        "2026-03-02 10:00,,srv2,,warning,\n"
        "2026-03-02 11:00,,srv2,load,INFO,\n"
    )
    rows, problems, rejects = pull(build(tmp_path, text, {**COLUMNS, "ended_at": "End"}, tickets_of="desk"))
    assert [(row.channel, row.direction, row.started_at, row.ended_at, row.queue, row.ticket_id) for row in rows] == [
        ("alert", "in", at(9), at(9, 30), "srv1 / disk", row_key("desk", "ticket", "17")),
        ("alert", "in", at(10), None, "srv2", None),
    ]
    assert "1 row is left out" in problems[0].message
    assert problems[0].entities == ()
    assert not rejects


def test_rows_of_one_trouble_are_one_alert(tmp_path):
    """It begins, is told again with its ticket, is over; begins anew; and of srv2 the file has only the end."""
    text = (
        "Time,Host,Service,State,Ticket\n"
        "2026-03-02 10:00,srv1,disk,RECOVERY,\n"
        "2026-03-02 09:00,srv1,disk,PROBLEM,\n"
        "2026-03-02 09:30,SRV1,disk,PROBLEM,17\n"
        "2026-03-02 12:00,srv1,disk,PROBLEM,\n"
        "2026-03-02 08:00,srv2,load,OK,\n"
    )
    columns = {"started_at": "Time", "host": "Host", "service": "Service", "state": "State", "ticket": "Ticket"}
    rows, problems, _rejects = pull(build(tmp_path, text, columns, tickets_of="desk"))
    assert [(row.started_at, row.ended_at, row.ticket_id) for row in rows] == [
        (at(9), at(10), row_key("desk", "ticket", "17")),
        (at(12), None, None),
    ]
    assert "whose beginning the file does not have" in problems[0].message


def test_pulling_twice_gives_the_same_rows(tmp_path):
    text = "Time,Host,Service,State,Ticket\n2026-03-02 09:00,srv1,disk,PROBLEM,\n2026-03-02 09:00,srv1,disk,PROBLEM,\n"
    connector = build(tmp_path, text, {"started_at": "Time", "host": "Host", "state": "State"})
    first, second = pull(connector)[0], pull(connector)[0]
    assert first == second
    assert len(first) == 1


def test_bad_rows_are_told(tmp_path):
    text = "Time,Host\nsoon,srv1\n,srv2\n2026-03-02 09:00,srv3\n2027-03-02 09:00,srv4\n"
    rows, problems, rejects = pull(build(tmp_path, text, {"started_at": "Time", "host": "Host"}))
    assert [row.queue for row in rows] == ["srv3"]
    assert len(rejects) >= 3
    assert any("interaction" in problem.entities for problem in problems)


def test_an_end_before_the_beginning_is_no_end(tmp_path):
    text = "Time,End,Host\n2026-03-02 09:00,2026-03-02 08:00,srv1\n"
    rows, _problems, rejects = pull(build(tmp_path, text, {"started_at": "Time", "ended_at": "End", "host": "Host"}))
    assert (rows[0].started_at, rows[0].ended_at) == (at(9), None)
    assert "before the beginning" in rejects[0].reason


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"host": "Host"}, "started_at"),
        ({"started_at": "Time"}, "host or service or key"),
        ({"started_at": "Time", "host": "Host", "ticket": "Ticket"}, "tickets_of"),
        ({"started_at": "Time", "key": "Id", "state": "State"}, "keep one"),
    ],
)
def test_options_are_checked(tmp_path, columns, said):
    with pytest.raises(msgspec.ValidationError, match=said):
        build(tmp_path, "", columns)


def test_probe_shows_the_columns(tmp_path):
    probe = build(tmp_path, "Time,Host\n2026-03-02 09:00,srv1\n", {"started_at": "Time", "host": "Host"}).probe()
    assert probe.reachable
    assert probe.modules == {"alerts.csv": "ok"}
