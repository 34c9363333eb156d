"""CsvTickets, one row per change."""

from datetime import UTC, datetime

import pytest

from deskaudit.errors import ConfigError

LOG = """
[sources.desk]
type = "csv"
path = "t.csv"
shape = "events"
max_bad_share = 1.0

[sources.desk.columns]
key = "Id"
happened_at = "At"
status = "State"
agent = "Who"
department = "Group"
title = "Subject"

[sources.desk.mapping.statuses]
New = "new"
Work = "open"
Asked = "answered"
Done = "resolved"

[sources.desk.mapping.priority]
field = "Prio"

[sources.desk.log]
first = ["title"]
response = ["Asked"]
"""
HEADER = "Id,At,State,Who,Group,Subject,Prio\n"


def hour(n: int) -> int:
    return int(datetime(2026, 3, 2, n, tzinfo=UTC).timestamp())


def rows(*lines: str) -> str:
    """Lines as "key hour state who group subject priority", blank-separated, - for nothing."""
    out = HEADER
    for line in lines:
        key, at, *rest = line.split()
        out += ",".join([key, f"2026-03-02T{int(at):02}:00:00Z", *rest]) + "\n"
    return out


LIFE = (
    "a 8 New - First broken P2",
    "b 8 New - First other P4",
    "a 9 Work kari First x P2",
    "a 10 Asked kari First x P2",
    "a 11 Done ola Second x P1",
    "a 12 Work ola Second x P1",
    "a 14 Done ola Second y P1",
)


def test_a_life_becomes_a_ticket(pull):
    pulled = pull(LOG, {"t.csv": rows(*LIFE)})
    a, b = pulled.rows("ticket")
    assert (a.ext_id, a.created_at, a.changed_at) == ("a", hour(8), hour(14))
    assert (a.status, a.status_raw, a.priority, a.title) == ("resolved", "Done", "P1", "broken")
    assert a.first_response_at == hour(10)
    assert a.resolved_at == hour(14)  # the last Done
    assert (b.status, b.resolved_at, b.agent_id) == ("new", None, None)
    names = {agent.id: agent.name for agent in pulled.rows("agent")}
    assert names[a.agent_id] == "ola"


def test_the_first_resolution_on_request(pull):
    text = LOG.replace("[sources.desk.log]", '[sources.desk.log]\nresolved = "first"')
    assert pull(text, {"t.csv": rows(*LIFE)}).rows("ticket")[0].resolved_at == hour(11)


def test_a_reopened_ticket_is_not_resolved(pull):
    text = LOG.replace("[sources.desk.log]", '[sources.desk.log]\nresolved = "first"')
    ticket = pull(text, {"t.csv": rows(*LIFE[:6])}).rows("ticket")[0]
    assert (ticket.status, ticket.resolved_at) == ("open", None)


def test_events_say_who_holds_the_ticket(pull):
    pulled = pull(LOG, {"t.csv": rows(*LIFE)})
    a = pulled.rows("ticket")[0]
    who = {agent.id: agent.name for agent in pulled.rows("agent")} | {None: None}
    group = {department.id: department.name for department in pulled.rows("department")}
    told = [
        (
            event.happened_at - hour(0),
            event.kind,
            event.from_value,
            event.to_value,
            who[event.agent_id],
            group[event.department_id],
        )
        for event in pulled.rows("event")
        if event.ticket_id == a.id
    ]
    assert [(seconds // 3600, *rest) for seconds, *rest in told] == [
        (8, "status", None, "new", None, "First"),
        (9, "status", "new", "open", "kari", "First"),
        (9, "assign", None, None, "kari", "First"),
        (10, "status", "open", "answered", "kari", "First"),
        (11, "status", "answered", "resolved", "ola", "Second"),
        (11, "assign", None, None, "ola", "Second"),
        (11, "transfer", None, "Second", "ola", "Second"),
        (12, "status", "resolved", "open", "ola", "Second"),
        (14, "status", "open", "resolved", "ola", "Second"),
    ]


def test_time_decides_the_order_and_the_file_decides_ties(pull):
    shuffled = [LIFE[6], LIFE[3], LIFE[0], LIFE[4], LIFE[2], LIFE[5]]
    by_time = pull(LOG, {"t.csv": rows(*[LIFE[n] for n in (0, 2, 3, 4, 5, 6)])})
    assert pull(LOG, {"t.csv": rows(*shuffled)}).rows("ticket") == by_time.rows("ticket")
    tie = pull(LOG, {"t.csv": rows("a 8 New - g s P1", "a 9 Done - g s P1", "a 9 Work - g s P1")}).only("ticket")
    assert tie.status == "open"
    tie = pull(LOG, {"t.csv": rows("a 8 New - g s P1", "a 9 Work - g s P1", "a 9 Done - g s P1")}).only("ticket")
    assert tie.status == "resolved"


def test_bad_events_are_listed(pull):
    text = rows(LIFE[0]) + ",2026-03-02T09:00:00Z,Work,,,,\na,soon,Work,,,,\na,2036-01-01T00:00:00Z,Work,,,,\n"
    pulled = pull(LOG, {"t.csv": text})
    assert [(reject.place, reject.reason.partition(":")[0]) for reject in pulled.rejects] == [
        ("t.csv row 3", "Id"),
        ("t.csv row 4", "At"),
        ("t.csv row 5", "At"),
    ]
    assert pulled.only("ticket").status == "new"
    assert pull(LOG.replace("1.0", "0.02"), {"t.csv": text}).incomplete == {"ticket", "event", "agent", "department"}


def test_unknown_states_are_counted_by_event(pull):
    pulled = pull(LOG, {"t.csv": rows("a 8 Odd - g s P1", "a 9 Odd - g s P1", "b 9 Done - g s P1")})
    (problem,) = [problem for problem in pulled.problems if problem.resource == "status"]
    assert '"Odd" (2)' in problem.message


def test_a_log_in_two_files_with_columns_elsewhere(pull):
    first, second = rows(*LIFE[:3]), rows(*LIFE[3:])
    turned = "\n".join(",".join(reversed(line.split(","))) for line in second.splitlines()) + "\n"
    whole = pull(LOG, {"t.csv": rows(*LIFE)})
    parts = pull(LOG.replace('"t.csv"', '["1.csv", "2.csv"]'), {"1.csv": first, "2.csv": turned})
    assert parts.rows("ticket") == whole.rows("ticket")
    assert parts.rows("event") == whole.rows("event")


def test_events_that_stand_in_two_files_happened_once(pull):
    """Done, Work, Done within one hour, and the same again from an overlapping export, is no further reopening."""
    life = rows(
        *LIFE, "c 9 Work kari g s P1", "c 10 Done kari g s P1", "c 10 Work kari g s P1", "c 10 Done kari g s P1"
    )
    more = "c,2026-03-02T15:00:00Z,Work,kari,g,s,P1\n"
    whole = pull(LOG, {"t.csv": life + more})
    parts = pull(
        LOG.replace('"t.csv"', '["1.csv", "2.csv", "3.csv"]'), {"1.csv": life, "2.csv": life, "3.csv": life + more}
    )
    assert parts.rows("event") == whole.rows("event")
    assert parts.rows("ticket") == whole.rows("ticket")
    assert [problem.message for problem in parts.problems if "stand in two files" in problem.message] == [
        "22 rows stand in two files, word for word; each counts once."
    ]


def test_an_event_twice_in_one_file_is_what_the_file_says(pull):
    pulled = pull(
        LOG, {"t.csv": rows("a 8 New - g s P1", "a 9 Work - g s P1", "a 9 Done - g s P1", "a 9 Work - g s P1")}
    )
    assert pulled.only("ticket").status == "open"


def test_first_names_columns(pull):
    with pytest.raises(ConfigError, match="none of the columns"):
        pull(LOG.replace('["title"]', '["subject"]'), {"t.csv": rows(*LIFE)})
