"""The look-alike behaves as LiveAgent's facts say."""

import json
import socket
import threading
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
import requests

from deskaudit.demo.desk_rows import LISTS
from deskaudit.demo.server import CURSOR_LISTS, NO_PAGES, V1_KEY, V3_KEY
from deskaudit.demo.stories import DAY
from deskaudit.demo.tables import date_text
from deskaudit.demo.troubles import Trouble
from deskaudit.demo.world import HOSTILE_SUBJECTS


def epoch(text: str, zone: str = "UTC") -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp())


# ── paging


def test_pages_give_every_ticket_once(serve, small):
    client = serve(small)
    ids = [row["id"] for page in client.pages("/tickets", per_page=250) for row in page]
    assert len(ids) == len(set(ids)) == 600
    assert client.server.count("/tickets") == 4  # 250, 250, 100 and the empty page


def test_a_partial_page_is_206_and_the_last_200(serve, small):
    client = serve(small)
    assert client.get("/tickets", _page=1, _perPage=400).status_code == 206
    last = client.get("/tickets", _page=2, _perPage=400)
    assert (last.status_code, len(last.json())) == (200, 200)


def test_ten_rows_without_a_size(serve, small):
    answer = serve(small).get("/tickets")
    assert len(answer.json()) == 10
    assert answer.headers["X-Total-Count"] == "600"


def test_from_and_to_win_over_the_page(serve, small):
    client = serve(small)
    wanted = client.get("/tickets", _page=1, _perPage=30).json()[12:19]
    assert client.get("/tickets", _from=12, _to=19, _page=5).json() == wanted


def test_the_server_caps_a_page(serve, small):
    client = serve(small)
    assert len(client.get("/tickets", _page=1, _perPage=5000).json()) == 500
    client.server.max_per_page = 100
    assert len(client.get("/tickets", _page=1, _perPage=500).json()) == 100


def test_a_cursor_leads_through_the_whole_history(serve, small):
    client = serve(small)
    rows = [row for page in client.follow("/tickets/history", per_page=300) for row in page]
    assert len(rows) == client.get("/tickets/history/count").json()["count"]
    assert len({row["id"] for row in rows}) == len(rows) > 2_000
    assert "X-Total-Count" not in client.get("/tickets/history").headers


def test_the_cursor_header_is_absent_on_the_last_page(serve, small):
    client = serve(small)
    calls = client.get("/calls/count").json()["count"]
    assert "next_page_cursor" in client.get("/calls", _perPage=10).headers
    assert client.get("/calls", _perPage=10).status_code == 206
    assert "next_page_cursor" not in client.get("/calls", _perPage=calls).headers
    assert client.get("/calls", _cursor="nonsense").status_code == 400


def test_lists_that_take_no_paging_come_whole(serve, small):
    client = serve(small)
    for path in NO_PAGES:
        answer = client.get(path, _page=2, _perPage=1)
        assert answer.status_code == 200
        assert answer.json()


def test_a_window_ends_paging(serve, small):
    client = serve(small, window=300)
    assert client.get("/tickets", _page=1, _perPage=300).status_code == 206
    refused = client.get("/tickets", _page=2, _perPage=300)
    assert refused.status_code == 500
    assert refused.json() == {"message": "Result window is too large"}


@pytest.mark.parametrize("path", sorted(LISTS))
def test_every_list_is_a_bare_array_of_objects(serve, small, path):
    rows = serve(small).get(path).json()
    assert rows
    assert all(isinstance(row, dict) for row in rows)
    assert not any(value is None for row in rows for value in row.values())


def test_two_connections_at_once_are_answered(serve, small):
    client = serve(small)
    sizes = []

    def ask():
        answer = requests.get(
            f"{client.server.url}/api/v3/tickets", headers={"apikey": V3_KEY}, params={"_perPage": 200}, timeout=10
        )
        sizes.append(len(answer.json()))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sizes == [200] * 8


# ── filters and order


def test_date_filters_are_utc_whatever_the_zone(serve, small, now):
    since = date_text(now - 30 * DAY)
    counts = set()
    for zone in ("UTC", "Europe/Oslo", "America/Phoenix"):
        filters = json.dumps([["date_changed", "D>=", since]])
        counts.add(serve(small, zone=zone).get("/tickets", _filters=filters).headers["X-Total-Count"])
    wanted = sum(ticket.steps[-1].at >= now - 30 * DAY for ticket in small.tickets)
    assert counts == {str(wanted)}
    assert 0 < wanted < 600


def test_both_ends_of_a_date_filter_count_in(serve, small):
    client = serve(small)
    at = small.tickets[300].created
    same = json.dumps([["date_created", "D>=", date_text(at)], ["date_created", "D<=", date_text(at)]])
    assert [row["id"] for row in client.get("/tickets", _filters=same).json()] == [small.ticket_id(300)]
    open_ends = json.dumps([["date_created", "D>", date_text(at)], ["date_created", "D<", date_text(at + 1)]])
    assert client.get("/tickets", _filters=open_ends).json() == []


def test_statuses_departments_and_subjects_filter(serve, small):
    client = serve(small)

    def count(filters):
        return int(client.get("/tickets", _filters=json.dumps(filters)).headers["X-Total-Count"])

    last = [ticket.steps[-1] for ticket in small.tickets]
    assert count({"status": "R"}) == sum(step.status == "R" for step in last)
    assert count([["status", "IN", "N,C"]]) == sum(step.status in "NC" for step in last)
    assert count([["status", "NI", "R"]]) == sum(step.status != "R" for step in last)
    assert count([["departmentid", "E", "dep0work"], ["status", "E", "R"]]) == sum(
        step.department == 2 and step.status == "R" for step in last
    )
    assert count([["subject", "L", "invoice"]]) == sum("invoice" in ticket.subject.lower() for ticket in small.tickets)


def test_only_panel_filters_work_on_tickets(serve, small):
    client = serve(small)
    for filters in (
        [["code", "E", "x"]],
        [["id", "E", "x"]],
        [["date_created", "D>=", "yesterday"]],
        [["status", "??", "R"]],
    ):
        answer = client.get("/tickets", _filters=json.dumps(filters))
        assert answer.status_code == 400
        assert "message" in answer.json()
    assert client.get("/tickets", _filters="{broken").status_code == 400


def test_other_lists_take_plain_comparisons(serve, small, now):
    client = serve(small)
    limit = now - 300 * DAY
    first: dict[int, int] = {}
    for ticket in small.tickets:
        first.setdefault(ticket.contact, ticket.created)
    for path, column, wanted in (
        ("/calls", "dateCreated", sum(call.created >= limit for call in small.calls)),
        ("/chats", "date_created", sum(chat.created >= limit for chat in small.chats)),
        ("/contacts", "datechanged", sum(at >= limit for at in first.values())),
    ):
        rows = client.get(path, _filters=json.dumps([[column, ">=", date_text(limit)]]), _perPage=500).json()
        assert len(rows) == wanted > 0
    begun = client.get("/tickets/history", _filters=json.dumps([["date_from", ">=", date_text(limit)]]), _perPage=500)
    assert min(row["date_from"] for row in begun.json()) >= date_text(limit)


def test_sorting_up_and_down(serve, small):
    client = serve(small)
    up = [row["date_changed"] for row in client.get("/tickets", _sortField="date_changed", _perPage=500).json()]
    down = [
        r["date_changed"]
        for r in client.get("/tickets", _sortField="date_changed", _sortDir="DESC", _perPage=500).json()
    ]
    assert up == sorted(up)
    assert down == sorted(down, reverse=True)
    assert up[0] < down[0]
    assert client.get("/tickets", _sortField="nothing").status_code == 400


# ── zones


@pytest.mark.parametrize("zone", ["UTC", "Europe/Oslo", "America/Phoenix"])
def test_dates_stand_in_the_accounts_zone(serve, small, zone):
    client = serve(small, zone=zone)
    assert client.get("/settings", settingsNames="TIMEZONE").json() == [{"name": "TIMEZONE", "value": zone}]
    rows = [row for page in client.pages("/tickets") for row in page]
    assert [epoch(row["date_created"], zone) for row in rows] == [ticket.created for ticket in small.tickets]
    changed = [row for page in client.follow("/tickets/history") for row in page]
    by_ticket = {}
    for row in changed:
        by_ticket.setdefault(row["conversation_id"], row["date_from"])
    assert all(epoch(by_ticket[small.ticket_id(t.number)], zone) == t.created for t in small.tickets)


def test_an_offset_header_shifts_to_utc_and_beyond(serve, small):
    client = serve(small, zone="America/Phoenix")
    created = small.tickets[0].created
    assert epoch(client.get("/tickets", {"Timezone-Offset": "0"}).json()[0]["date_created"]) == created
    assert epoch(client.get("/tickets", {"Timezone-Offset": "3600"}).json()[0]["date_created"]) == created + 3600
    client.server.offset_everywhere = False
    assert epoch(client.get("/tickets", {"Timezone-Offset": "0"}).json()[0]["date_created"]) == created - 7 * 3600
    begun = client.get("/tickets/history", {"Timezone-Offset": "0"}).json()[0]["date_from"]
    assert epoch(begun) == created


def test_the_hour_that_comes_twice_is_written_twice(serve, small):
    from deskaudit.demo.tables import Zone

    shift = Zone("Europe/Oslo", small.start, small.now)
    zone = ZoneInfo("Europe/Oslo")
    for at in range(small.start, small.now, 1_801):
        assert shift(at) == datetime.fromtimestamp(at, zone).utcoffset().total_seconds()
    change = int(datetime(2026, 10, 25, 1, tzinfo=UTC).timestamp())
    assert [date_text(at, shift(at))[11:] for at in (change - 1800, change + 1800)] == ["02:30:00", "02:30:00"]


# ── one ticket


def test_messages_tell_the_story(serve, small):
    client = serve(small)
    ticket = next(t for t in small.tickets if t.channel == "E" and len(t.steps) > 7)
    groups = client.get(f"/tickets/{small.ticket_id(ticket.number)}/messages").json()
    assert [group["type"] for group in groups][:2] == ["3", "4"]
    assert len(groups) == len(ticket.steps)
    assert groups[1]["userid"] == "system00"
    replies = [g for g in groups if g["type"] == "4" and g["userid"] != "system00"]
    assert len(replies) == sum(step.kind == "reply" for step in ticket.steps)
    assert [epoch(group["datecreated"]) for group in groups] == [step.at for step in ticket.steps]


def test_a_ticket_goes_by_id_and_by_code(serve, small):
    client = serve(small)
    by_id = client.get(f"/tickets/{small.ticket_id(7)}")
    assert by_id.json() == client.get(f"/tickets/{small.code(7)}").json()
    assert client.get("/tickets/no-such-ticket").status_code == 404
    assert client.get("/no/such/path").status_code == 404


def test_what_is_due_and_what_was(serve, small):
    client = serve(small)
    open_one = next(t for t in small.tickets if t.steps[-1].status in "NC" and t.has_level and t.priority == "P3")
    due = client.get(f"/tickets/{small.ticket_id(open_one.number)}/sla").json()
    assert due["sla_level_name"] == "P3 Normal"
    assert epoch(due["first_resolve"]) > open_one.created
    done = next(t for t in small.tickets if t.steps[-1].kind == "resolve" and t.has_level and t.priority == "P2")
    log = client.get(f"/slas/{small.ticket_id(done.number)}/history").json()
    assert {row["sla_type"] for row in log} <= {"first_answer", "first_resolve"}
    assert all("date_closed" in row for row in log)
    assert isinstance(log[0]["total_time"], int)


def test_hostile_subjects_arrive_unchanged(serve, small):
    client = serve(small)
    subjects = {row["subject"] for page in client.pages("/tickets") for row in page}
    assert subjects >= set(HOSTILE_SUBJECTS)


# ── keys and limits


def test_keys_are_two_and_go_different_ways(serve, small):
    client = serve(small)
    url = client.server.url

    def v3(headers=None, **query):
        return requests.get(f"{url}/api/v3/ping", headers=headers, params=query, timeout=10)

    assert v3({"apikey": V3_KEY}).status_code == 200
    assert v3({"apikey": "wrong"}).status_code == 401
    assert v3({"apikey": V1_KEY}).status_code == 401
    assert v3().status_code == 401
    assert v3(apikey=V3_KEY).status_code == 401
    ranks = requests.get(f"{url}/api/reports/ranking", params={"apikey": V1_KEY, "limitcount": 5}, timeout=10)
    assert len(ranks.json()["response"]["ranks"]) == 5
    handler = requests.get(f"{url}/api/index.php", params={"handler": "reports/ranking", "apikey": V1_KEY}, timeout=10)
    assert handler.json()["response"]["ranks"]
    wrong = requests.get(f"{url}/api/reports/ranking", params={"apikey": V3_KEY}, timeout=10)
    assert wrong.status_code == 200
    assert wrong.json()["response"]["status"] == "ERROR"
    client.server.v1_errors_are_200 = False
    assert requests.get(f"{url}/api/reports/ranking", params={"apikey": "x"}, timeout=10).status_code == 401
    assert not any("apikey" in asked.query for asked in client.server.log)


def test_an_expired_key_and_a_missing_privilege(serve, small):
    client = serve(small)
    client.server.denied = {"/calls"}
    assert client.get("/calls").status_code == 403
    assert client.get("/tickets").status_code == 206
    client.server.expired = True
    answer = client.get("/tickets")
    assert answer.status_code == 401
    assert "expired" in answer.json()["message"]


def test_the_bucket_grants_180_a_minute_and_not_one_more(serve, small):
    clock = [1000.0]
    client = serve(small, per_minute=180, clock=lambda: clock[0])
    statuses = [client.get("/ping").status_code for _ in range(181)]
    assert statuses == [200] * 180 + [429]
    clock[0] += 0.33
    assert client.get("/ping").status_code == 429
    clock[0] += 0.01  # a token comes every third of a second
    assert client.get("/ping").status_code == 200
    assert client.get("/ping").status_code == 429
    clock[0] += 3600  # the bucket never holds more than a minute's worth
    assert [client.get("/ping").status_code for _ in range(181)] == [200] * 180 + [429]


def test_a_limit_is_announced_only_where_asked(serve, small):
    assert "X-RateLimit-Limit" not in serve(small).get("/ping").headers
    announced = serve(small, announce_limit=True, per_minute=2, clock=lambda: 0.0)
    answers = [announced.get("/ping") for _ in range(3)]
    assert [answer.headers["X-RateLimit-Limit"] for answer in answers] == ["2"] * 3
    assert answers[2].status_code == 429
    assert "Retry-After" not in answers[2].headers
    announced.server.retry_after = True
    assert announced.get("/ping").headers["Retry-After"] == "30"


def test_nobody_writes(serve, small):
    client = serve(small)
    client.get("/tickets")
    assert client.server.writes == []
    refused = client.session.post(f"{client.server.url}/api/v3/tickets", json={"subject": "x"}, timeout=10)
    assert refused.status_code == 405
    assert [(asked.method, asked.path) for asked in client.server.writes] == [("POST", "/tickets")]
    assert client.get("/ping").status_code == 200  # the connection is still in step


# ── troubles


@pytest.mark.parametrize(
    ("kind", "status"), [("429", 429), ("500", 500), ("502", 502), ("error_object", 200), ("html", 200)]
)
def test_troubles_come_as_often_as_asked(serve, small, kind, status):
    client = serve(small)
    client.server.faults.add(Trouble(kind, times=2, path="/tickets"))
    assert client.get("/ping").status_code == 200
    for _ in range(2):
        answer = client.get("/tickets")
        assert answer.status_code == status
        if kind == "error_object":
            assert answer.json() == {"message": "Service Unavailable"}
        if kind == "html":
            assert answer.headers["Content-Type"] == "text/html"
    assert client.get("/tickets").status_code == 206
    assert [asked.status for asked in client.server.log] == [200, status, status, 206]


def test_truncated_json_and_dropped_connections(serve, small):
    client = serve(small)
    client.server.faults.add(Trouble("truncated"))
    client.server.faults.add(Trouble("close"))
    with pytest.raises(requests.exceptions.JSONDecodeError):
        client.get("/tickets").json()
    with pytest.raises(requests.exceptions.ConnectionError):
        client.get("/tickets")
    assert client.get("/tickets").status_code == 206


def test_a_trouble_can_wait_and_a_slow_answer_comes_late(serve, small):
    client = serve(small)
    client.server.faults.add(Trouble("slow", path="/tickets", after=1, seconds=0.4))
    url, headers = f"{client.server.url}/api/v3/tickets", {"apikey": V3_KEY}
    assert requests.get(url, headers=headers, timeout=0.3).status_code == 206
    with pytest.raises(requests.exceptions.ReadTimeout):
        requests.get(url, headers=headers, timeout=0.2)


def test_a_429_may_say_when_to_come_back(serve, small):
    client = serve(small)
    client.server.faults.add(Trouble("429", retry_after=7))
    assert client.get("/tickets").headers["Retry-After"] == "7"


# ── the desk lives on


def test_an_earlier_desk_knows_less_and_catches_up(serve, small, now):
    client = serve(small, until=now - 60 * DAY)
    before = {row["id"]: row for page in client.pages("/tickets") for row in page}
    assert 0 < len(before) < 600
    assert max(row["date_changed"] for row in before.values()) <= date_text(now - 60 * DAY)
    client.server.advance(now)
    since = json.dumps([["date_changed", "D>=", date_text(now - 60 * DAY)]])
    changed = {row["id"]: row for page in client.pages("/tickets", _filters=since) for row in page}
    after = {row["id"]: row for page in client.pages("/tickets") for row in page}
    assert before | changed == after
    assert any(row_id in before for row_id in changed)


def test_the_port_is_on_loopback_and_closes(small):
    from deskaudit.demo.server import Server

    with Server(small) as server:
        port = server.port
        with requests.Session() as session:
            session.get(f"{server.url}/api/v3/ping", headers={"apikey": V3_KEY}, timeout=5)
    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port), timeout=1):
        pass
    assert set(CURSOR_LISTS) < set(LISTS)
