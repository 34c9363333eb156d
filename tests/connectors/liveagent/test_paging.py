"""Every row once or more, never fewer: the ways in which lists are paged, cut, shuffled and interrupted."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

MINUTE = 60


def numbered(found):
    return sorted(int(code[1:]) for code in found.by_code)


def test_a_server_that_gives_fewer_rows_than_asked_is_read_to_its_end(server, pulled, kit):
    server.cap = 7
    server.lists["/tickets"] = [kit.ticket(n, f"2026-02-01 08:00:{n:02d}") for n in range(30)]
    server.lists["/contacts"] = [{"id": f"c{n}"} for n in range(30)]
    server.lists["/tickets/history"] = [
        {"id": f"h{n}", "conversation_id": "t1", "status": "N", "date_from": "2026-02-01 08:00:00"} for n in range(30)
    ]
    found = pulled(page_size=10)
    assert numbered(found) == list(range(30))
    assert len(found.rows["contact"]) == 30
    assert len(found.rows["event"]) == 30
    assert not found.incomplete


def test_status_206_is_a_success(server, pulled, kit):
    server.status = 206
    server.lists["/tickets"] = [kit.ticket(n, f"2026-02-01 08:00:{n:02d}") for n in range(25)]
    found = pulled("ticket")
    assert numbered(found) == list(range(25))
    assert not found.incomplete


def test_a_list_of_exactly_one_page_is_whole(server, pulled, kit):
    server.lists["/contacts"] = [{"id": f"c{n}"} for n in range(10)]
    server.lists["/tags"] = [{"id": f"g{n}", "name": "x"} for n in range(10)]  # takes no paging at all
    found = pulled("contact", "ticket", page_size=10)
    assert len(found.rows["contact"]) == 10
    assert not found.problems


def test_a_server_that_ignores_the_page_number_makes_the_list_incomplete(server, pulled):
    server.lists["/contacts"] = [{"id": f"c{n}"} for n in range(30)]
    server.before = lambda request: (request.path == "/contacts" and (200, {}, server.lists["/contacts"][:10])) or None
    found = pulled("contact", page_size=10)
    assert len(found.rows["contact"]) == 10
    assert found.incomplete == {"contact"}
    assert "same page again" in found.problems[0].message


def test_a_cursor_that_runs_in_a_circle_ends_and_makes_the_list_incomplete(server, pulled):
    def circle(request):
        if request.path != "/calls":
            return None
        place = request.params.get("_cursor", "a")
        row = {"id": f"k{place}", "dateCreated": "2026-02-01 08:00:00"}
        return 200, {"next_page_cursor": {"a": "b", "b": "c", "c": "b"}[place]}, [row]

    server.before = circle
    found = pulled("interaction")
    assert {row.ext_id for row in found.rows["interaction"]} == {"ka", "kb", "kc"}
    assert found.incomplete == {"interaction"}


def test_an_empty_page_with_a_cursor_behind_it_is_no_end(server, pulled):
    def holes(request):
        if request.path != "/calls":
            return None
        place = request.params.get("_cursor", "0")
        if place == "0":
            return 200, {"next_page_cursor": "1"}, []
        return 200, {}, [{"id": "k1", "dateCreated": "2026-02-01 08:00:00"}]

    server.before = holes
    assert [row.ext_id for row in pulled("interaction").rows["interaction"]] == ["k1"]


def test_a_refused_filter_is_left_out(server, pulled):
    server.lists["/calls"] = [{"id": "k1", "dateCreated": "2026-02-01 08:00:00"}]
    server.before = lambda request: (
        (400, {}, {"message": "unknown column"}) if request.path == "/calls" and "_filters" in request.params else None
    )
    found = pulled("interaction")
    assert [row.ext_id for row in found.rows["interaction"]] == ["k1"]
    assert not found.incomplete


@pytest.mark.parametrize("sorts", [True, False])
def test_more_tickets_than_the_window_holds(server, pulled, kit, monkeypatch, sorts):
    """A window of 200 rows stands for Elasticsearch's 10,000."""
    monkeypatch.setattr("deskaudit.connectors.liveagent.changes.WINDOW", 200)
    server.window, server.sorts = 200, sorts
    server.lists["/tickets"] = [
        kit.ticket(n, kit.at("2026-02-01 08:00:00") + (n * 7919 % 600) * MINUTE) for n in range(600)
    ]
    found = pulled("ticket", page_size=20)
    assert numbered(found) == list(range(600))
    assert not found.incomplete


def test_many_tickets_changed_in_one_second(server, pulled, kit):
    server.lists["/tickets"] = [
        kit.ticket(
            n, "2026-02-01 08:00:00" if 20 <= n < 80 else f"2026-02-0{2 if n >= 80 else 1} 0{8 if n >= 80 else 7}:00:00"
        )
        for n in range(100)
    ]
    found = pulled("ticket", page_size=10)
    assert numbered(found) == list(range(100))
    assert not found.incomplete


def test_more_changes_in_one_second_than_the_window_are_owned_up_to(server, pulled, kit, monkeypatch):
    monkeypatch.setattr("deskaudit.connectors.liveagent.changes.WINDOW", 50)
    server.window = 50
    server.lists["/tickets"] = [kit.ticket(n, "2026-02-01 08:00:00") for n in range(80)] + [
        kit.ticket(99, "2026-02-01 09:00:00")
    ]
    found = pulled("ticket", page_size=10)
    assert found.incomplete == {"ticket", "ticket_tag", "ticket_field"}
    assert 99 in numbered(found)


def test_tickets_that_change_during_the_pull_hide_no_others(server, pulled, kit):
    """After each page the oldest ticket that was read changes again: it leaves its place, and the rest moves up."""
    start = kit.at("2026-02-01 08:00:00")
    rows = server.lists["/tickets"] = [kit.ticket(n, start + n * MINUTE) for n in range(200)]
    moved = []

    def change(request):
        if request.path == "/tickets" and len(moved) < 60 and "D>=" in request.params["_filters"]:
            number = len(moved)
            rows[number]["date_changed"] = kit.text(kit.NOW - 1000 + number)
            rows[number]["subject"] = "changed"
            moved.append(number)

    server.after = change
    found = pulled("ticket", page_size=10)
    assert numbered(found) == list(range(200))
    assert {ticket.title for ticket in found.rows["ticket"] if int(ticket.ext_id[1:]) in moved[:50]} == {"changed"}


def test_the_next_pull_asks_from_the_newest_change_with_an_overlap(server, pulled, kit):
    server.lists["/tickets"] = [kit.ticket(n, f"2026-02-0{n} 08:00:00") for n in range(1, 9)]
    first = pulled("ticket")
    server.requests.clear()
    server.lists["/tickets"].append(kit.ticket(9, "2026-02-09 08:00:00"))
    second = pulled("ticket", cursor=first.cursor, overlap="1h")
    lowest = min(request.params["_filters"].split('"')[5] for request in server.asked("/tickets"))
    assert lowest == "2026-02-08 07:00:00"
    assert numbered(second) == [8, 9]
    assert second.by_code["t00008"].id == first.by_code["t00008"].id  # an upsert, no second row


def test_a_longer_period_is_read_anew(server, pulled, kit):
    server.lists["/tickets"] = [kit.ticket(1, "2025-11-01 08:00:00"), kit.ticket(2, "2026-02-01 08:00:00")]
    first = pulled("ticket", since="2026-01-01 00:00:00")
    assert numbered(first) == [2]
    second = pulled("ticket", since="2025-10-01 00:00:00", cursor=first.cursor)
    assert numbered(second) == [1, 2]


def test_open_tickets_from_before_the_period_are_read_once(server, pulled, kit):
    server.lists["/tickets"] = [
        kit.ticket(1, "2024-05-01 08:00:00", status="C"),
        kit.ticket(2, "2024-05-01 08:00:00", status="R"),
        kit.ticket(3, "2026-02-01 08:00:00"),
    ]
    first = pulled("ticket")
    assert numbered(first) == [1, 3]
    assert numbered(pulled("ticket", cursor=first.cursor)) == [3]


def test_a_list_that_failed_keeps_its_mark_and_is_read_again(server, pulled, kit):
    server.lists["/calls"] = [{"id": "k1", "dateCreated": "2026-02-01 08:00:00"}]
    first = pulled("interaction", "ticket")
    server.lists["/calls"].append({"id": "k2", "dateCreated": "2026-02-20 08:00:00"})
    server.before = lambda request: (404, {}, {"message": "gone"}) if request.path == "/calls" else None
    second = pulled("interaction", "ticket", cursor=first.cursor)
    assert second.incomplete == {"interaction"}
    server.before = lambda _request: None
    third = pulled("interaction", "ticket", cursor=second.cursor)
    assert "k2" in {row.ext_id for row in third.rows["interaction"]}


@pytest.mark.parametrize("cursor", [{"version": 99}, {"x": 1}, {"since_at": "never", "started_at": None}, {}])
def test_a_cursor_of_another_version_pulls_everything(server, pulled, kit, cursor):
    server.lists["/tickets"] = [kit.ticket(1, "2026-02-01 08:00:00")]
    assert numbered(pulled("ticket", cursor=cursor)) == [1]


def test_a_stale_page_cursor_starts_the_list_over(server, pulled, kit):
    server.lists["/calls"] = [{"id": f"k{n}", "dateCreated": "2026-02-01 08:00:00"} for n in range(30)]
    first = pulled("interaction", page_size=10)
    middle = next(batch.cursor for batch in first.batches if batch.cursor and batch.cursor["stream"] == "calls")
    server.before = lambda request: (
        (400, {}, {"message": "invalid cursor"}) if request.params.get("_cursor") == middle["at"]["cursor"] else None
    )
    server.requests.clear()
    server.before, refuse = (lambda _request: None), server.before
    refused = []

    def once(request):
        if not refused and refuse(request):
            refused.append(request)
            return refuse(request)
        return None

    server.before = once
    second = pulled("interaction", page_size=10, cursor=middle)
    assert refused
    assert len(second.rows["interaction"]) == 30


def test_memory_holds_one_page_at_a_time(server, connect, want, kit):
    server.lists["/tickets"] = [kit.ticket(n, kit.at("2026-02-01 08:00:00") + n) for n in range(300)]
    sizes = [len(batch.rows) for batch in connect(page_size=25).pull(None, want("ticket"))]
    assert max(sizes) <= 25
    assert sum(sizes) >= 300


def fill(server, kit):
    start = kit.at("2026-02-01 08:00:00")
    server.lists["/tickets"] = [kit.ticket(n, start + n * MINUTE, status="N", tags=["g1"]) for n in range(45)] + [
        kit.ticket(n, "2025-06-01 08:00:00", status="W") for n in range(45, 60)
    ]
    server.lists["/tickets/history"] = [
        {"id": f"h{n}", "conversation_id": f"t{n:05d}", "status": "N", "date_from": kit.text(start + n)}
        for n in range(33)
    ]
    server.lists["/contacts"] = [{"id": f"c{n}", "date_changed": kit.text(start + n)} for n in range(21)]
    server.lists["/chats"] = [{"id": f"x{n}", "date_created": kit.text(start + n), "status": "T"} for n in range(12)]
    server.lists["/departments"] = [{"department_id": "default", "name": "General"}]
    for n in range(0, 45, 2):
        server.objects[f"/tickets/t{n:05d}/sla"] = {"first_answer": "2026-02-03 10:00:00"}
    server.ranks = [
        {"id": f"r{n}", "rankingType": "P", "datecreated": "2026-02-10 08:00:00", "conversationid": f"t{n:05d}"}
        for n in range(3)
    ]


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(stops=st.lists(st.integers(0, 25), min_size=1, max_size=3))
def test_a_pull_that_is_killed_after_any_page_goes_on_to_the_same_rows(server, connect, want, kit, stops):
    """What was landed behind the last cursor is cut off, as the snapshot does it."""
    fill(server, kit)
    whole = kit.gather(connect(v1=True).pull(None, want()))
    cursor, kept, last = None, [], []
    for stop in [*stops, None]:
        loose = []
        for number, batch in enumerate(connect(v1=True).pull(cursor, want())):
            loose.append(batch)
            if batch.cursor is not None:
                cursor = batch.cursor
                kept += loose
                loose = []
            if number == stop:
                break
        else:
            last = kept
        if cursor is not None and cursor["finished"]:
            break
    resumed = kit.gather(last or kept)
    assert {entity: {row.id: row for row in rows} for entity, rows in resumed.rows.items()} == {
        entity: {row.id: row for row in rows} for entity, rows in whole.rows.items()
    }
    assert cursor["marks"] == whole.cursor["marks"]
