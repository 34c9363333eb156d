"""Ways through the lists: nothing lost, nothing read without need, and on where the last pull stopped."""

import itertools
import json

import pytest

from deskaudit.errors import Cancelled, SourceError


def codes(found):
    return sorted(int(ticket.code) for ticket in found.rows.get("ticket", []))


def many(kit, count, **more):
    return [kit.request(n, kit.at("2026-01-20 00:00:00") + n * 60, **more) for n in range(count)]


@pytest.mark.parametrize("size", [1, 3, 10, 100])
def test_every_request_comes_once_it_is_asked_for_by_pages(server, pulled, kit, size):
    server.lists["requests"] = many(kit, 25)
    found = pulled("ticket", page_size=size)
    assert codes(found) == list(range(25))
    assert sum(len(batch.rows) for batch in found.batches) == 25
    assert not found.problems
    infos = [request.info for request in server.asked("/api/v3/requests")]
    assert all(info["sort_field"] == "last_updated_time" and info["sort_order"] == "asc" for info in infos)
    assert all("sla" in info["fields_required"] for info in infos[1:])
    assert {type(one["value"]) for info in infos for one in info.get("search_criteria", []) if "value" in one} == {str}


def test_a_server_that_gives_fewer_rows_than_asked_for(server, pulled, kit):
    server.cap = 7
    server.lists["requests"] = many(kit, 25)
    server.lists["technicians"] = [{"id": f"t{n}", "name": "x"} for n in range(20)]
    found = pulled("ticket", "agent")
    assert codes(found) == list(range(25))
    assert len(found.rows["agent"]) == 20


def test_many_changes_in_one_millisecond(server, pulled, kit):
    server.lists["requests"] = [kit.request(n, "2026-01-20 00:00:00") for n in range(33)]
    assert codes(pulled("ticket", page_size=10)) == list(range(33))


def test_what_changes_while_it_is_read_is_not_lost_nor_what_it_draws_along(server, pulled, kit):
    rows = server.lists["requests"] = many(kit, 30)
    moves = itertools.count()

    def touch(request):
        if request.path == "/api/v3/requests" and "count" not in str(request.info) and (n := next(moves)) < 5:
            rows[n]["last_updated_time"] = kit.date(kit.at("2026-02-20 00:00:00") + n)  # it goes to the list's end

    server.after = touch
    assert codes(pulled("ticket", page_size=10)) == list(range(30))


def test_the_next_pull_asks_for_what_changed_since(server, connect, pulled, kit):
    server.lists["requests"] = many(kit, 25)
    first = pulled("ticket")
    server.lists["requests"] += [kit.request(90, "2026-02-20 08:00:00")]
    server.lists["requests"][3] = kit.request(3, "2026-02-20 09:00:00", subject="Anew")
    server.requests.clear()
    found = pulled("ticket", cursor=first.cursor)
    assert {3, 90} <= set(codes(found))
    assert len(codes(found)) <= 2 + 16  # and the overlap of a quarter of an hour
    assert found.by_code["3"].title == "Anew"
    newest = kit.at("2026-01-20 00:24:00")
    asked = server.asked("/api/v3/requests")[-1].info["search_criteria"]
    assert asked == [
        {"field": "last_updated_time", "condition": "greater or equal", "value": str((newest - 900) * 1000)}
    ]


@pytest.mark.parametrize("stop", range(1, 6))
def test_a_stopped_pull_goes_on_where_it_was(server, connect, want, kit, stop):
    server.lists["requests"] = many(kit, 40)
    kept, cursor = [], None
    for batch in connect(page_size=10).pull(None, want("ticket")):
        kept.append(batch)
        cursor = batch.cursor or cursor
        if batch.rows and sum(bool(one.rows) for one in kept) >= stop:
            break
    server.requests.clear()
    cursor = json.loads(json.dumps(cursor))
    rest = kit.gather(connect(page_size=10).pull(cursor, want("ticket")))
    before = kit.gather(kept)
    assert sorted(set(codes(before) + codes(rest))) == list(range(40))
    assert len(codes(rest)) <= 40 - len(codes(before)) + 1
    assert rest.cursor["finished"]


def test_old_requests_come_only_if_they_are_open_and_only_once(server, pulled, kit):
    server.lists["requests"] = [
        kit.request(1, "2024-02-01 08:00:00"),
        kit.request(2, "2024-02-01 08:00:00", status={"id": "3", "name": "Closed"}),
        kit.request(3, "2024-02-02 08:00:00", status={"id": "5", "name": "Waiting for supplier"}),
        kit.request(4, "2026-02-02 08:00:00"),
    ]
    first = pulled("ticket")
    assert codes(first) == [1, 3, 4]
    criteria = server.asked("/api/v3/requests")[1].info["search_criteria"]
    names = ["Open", "Onhold", "Waiting for supplier", "En curso"]
    assert {"field": "status.name", "condition": "is", "values": names, "logical_operator": "AND"} in criteria
    assert codes(pulled("ticket", cursor=first.cursor)) == [4]
    server.lists["statuses"] = []
    server.requests.clear()
    assert codes(pulled("ticket")) == [1, 3, 4]
    criteria = server.asked("/api/v3/requests")[1].info["search_criteria"]
    assert {"field": "status.in_progress", "condition": "is", "value": "true", "logical_operator": "AND"} in criteria


def test_a_server_that_refuses_filters_is_read_whole(server, pulled, kit):
    server.filters = False
    server.lists["requests"] = [
        kit.request(100, "2024-02-01 08:00:00"),
        kit.request(101, "2024-02-01 08:00:00", status={"id": "3", "name": "Closed"}),
        *many(kit, 45),
    ]
    found = pulled("ticket", page_size=25)
    assert codes(found) == [*range(45), 100]
    assert not found.incomplete
    assert not any(batch.estimate.requests for batch in found.batches if batch.estimate)


@pytest.mark.parametrize("fault", ["order", "filter", "times"])
def test_a_server_that_ignores_what_it_is_asked(server, pulled, kit, fault):
    rows = many(kit, 45)

    def answer(request):
        if request.path != "/api/v3/requests" or "get_total_count" in request.info:
            return None
        info = request.info
        found = list(rows) if fault == "filter" else list(reversed(rows))
        if fault == "times":
            found = [{name: value for name, value in row.items() if name != "last_updated_time"} for row in rows]
            for row in found[::2]:
                row["created_time"] = None
        start = info["start_index"] - 1
        page = found[start : start + info["row_count"]]
        said = {"has_more_rows": start + len(page) < len(found)}
        return 200, {}, {"requests": page, "list_info": said, "response_status": [{"status_code": 2000}]}

    if fault == "filter":
        rows.insert(0, kit.request(99, "2020-01-01 00:00:00", status={"id": "3", "name": "Closed"}))
    server.before = answer
    found = pulled("ticket", page_size=10)
    assert codes(found) == (list(range(1, 45, 2)) if fault == "times" else list(range(45)))


def test_a_server_that_gives_the_same_page_for_ever(server, pulled, kit):
    def answer(request):
        rows = many(kit, 10)
        key = request.path.removeprefix("/api/v3/")
        return 200, {}, {key: rows, "list_info": {"has_more_rows": True}, "response_status": [{"status_code": 2000}]}

    server.before = answer
    found = pulled("ticket", "document", page_size=10)
    assert found.incomplete == {"ticket", "document"}
    assert len(server.requests) < 30
    assert "requests" not in found.cursor["marks"]


@pytest.mark.parametrize("unknown", ["is_trashed", "sla"])
def test_fields_that_a_server_does_not_know_are_given_up_those_of_service_levels_last(server, pulled, kit, unknown):
    server.unknown_fields = {unknown}
    due = kit.date("2026-02-02 08:00:00")
    server.lists["requests"] = many(kit, 25, first_response_due_by_time=due, sla={"name": "Gold"})
    found = pulled("ticket", page_size=10)
    assert codes(found) == list(range(25))
    (problem,) = [problem for problem in found.problems if "does not give these fields" in problem.message]
    assert "is_trashed" in problem.message
    assert not problem.entities
    kept = unknown != "sla"
    assert ("first_response_due_by_time" in problem.message) is not kept
    assert {ticket.response_due_at is not None for ticket in found.rows["ticket"]} == {kept}
    assert {ticket.sla_level for ticket in found.rows["ticket"]} == {"Gold" if kept else None}


def test_only_what_is_wanted_is_asked_for(server, pulled, kit):
    server.lists["requests"] = many(kit, 3)
    found = pulled("asset")
    assert {request.path for request in server.requests} == {"/api/v3/asset_assets", "/api/v3/assets"}
    assert set(found.rows) == set()
    server.requests.clear()
    found = pulled("contact")
    assert set(found.rows) == {"contact"}
    assert "ticket" not in found.delivered
    assert not any(request.path.endswith("/worklogs") for request in server.requests)


def test_assets_under_the_name_of_newer_servers(server, pulled):
    server.lists["asset_assets"] = [{"id": "a1", "name": "PC-7"}]
    del server.lists["assets"]
    assert [asset.name for asset in pulled("asset").rows["asset"]] == ["PC-7"]
    assert [request.path for request in server.requests] == ["/api/v3/asset_assets"]


def test_the_cloud_and_its_portal(server, pulled, kit):
    server.prefix = "/app/itdesk/api/v3"
    server.lists["requests"] = many(kit, 1)
    server.lists["assets"] = [{"id": "a1", "name": "PC-7"}]
    found = pulled("ticket", "asset", cloud=True, portal="itdesk")
    assert found.rows["ticket"][0].url == f"{server.url}/app/itdesk/ui/requests/100000000000000000/details"
    assert [asset.name for asset in found.rows["asset"]] == ["PC-7"]


def test_the_estimate_counts_pages_lists_and_time_entries(server, pulled, kit, want, connect):
    server.lists["requests"] = many(kit, 45)
    first, *_others = connect(page_size=10, requests_per_minute=60).pull(None, want())
    assert first.estimate.requests == 5 + 5 + 2 + 45 + 3
    assert first.estimate.seconds == pytest.approx(60)
    first = next(iter(connect(page_size=10).pull(None, want("ticket"))))
    assert first.estimate.requests == 5 + 5 + 2


def test_time_entries_of_so_many_requests_and_the_rest_next_time(server, pulled, kit):
    server.lists["requests"] = many(kit, 50)
    for row in server.lists["requests"]:
        server.worklogs[row["id"]] = [kit.worklog(row["id"])]
    seen, cursor, pulls = set(), None, 0
    while pulls < 6:
        server.requests.clear()
        found = pulled("slot", cursor=cursor, worklog_limit=20)
        cursor, pulls = found.cursor, pulls + 1
        seen |= {slot.ticket_id for slot in found.rows["slot"]}
        if not found.incomplete:
            break
        assert sum(request.path.endswith("/worklogs") for request in server.requests) <= 20
    assert (len(seen), pulls) == (50, 3)


def test_time_entries_are_read_as_far_back_as_asked(server, pulled, kit):
    server.lists["requests"] = [kit.request(1, "2026-01-01 08:00:00"), kit.request(2, "2026-02-20 08:00:00")]
    for row in server.lists["requests"]:
        server.worklogs[row["id"]] = [kit.worklog(1)]
    assert len(pulled("slot", worklog_days=30).rows["slot"]) == 1
    assert "slot" not in pulled("slot", worklog_limit=0).rows
    assert len(pulled("slot").rows["slot"]) == 2


def test_a_pull_stopped_among_time_entries(server, connect, want, kit):
    server.lists["requests"] = many(kit, 45)
    for row in server.lists["requests"]:
        server.worklogs[row["id"]] = [kit.worklog(1)]
    kept = []
    connector = connect(cancelled=lambda: len(server.requests) > 32)
    with pytest.raises(Cancelled):
        kept.extend(connector.pull(None, want("slot")))
    cursor = next(batch.cursor for batch in reversed(kept) if batch.cursor)
    assert cursor["stream"] == "worklogs"
    certain = kept[: max(n for n, batch in enumerate(kept) if batch.cursor) + 1]
    rest = kit.gather(connect().pull(cursor, want("slot")))
    tickets = {slot.ticket_id for batch in certain for slot in batch.rows}
    assert len(tickets | {slot.ticket_id for slot in rest.rows["slot"]}) == 45


def test_a_sweep_finds_what_is_gone(server, pulled, connect, kit):
    server.lists["requests"] = many(kit, 25)
    first = pulled("ticket", page_size=10)
    assert not any(batch.swept or batch.present for batch in first.batches)
    del server.lists["requests"][5]
    early = pulled("ticket", cursor=first.cursor, page_size=10, now=kit.NOW + 86400)
    assert not any(batch.swept for batch in early.batches)
    found = pulled("ticket", cursor=early.cursor, page_size=10, now=kit.NOW + 8 * 86400)
    assert [batch.swept for batch in found.batches if batch.swept] == [frozenset({"ticket"})]
    present = {key for batch in found.batches for key in batch.present.get("ticket", ())}
    gone = {ticket.id for ticket in first.rows["ticket"]} - present
    assert gone == {first.by_code["5"].id}
    again = pulled("ticket", cursor=found.cursor, page_size=10, now=kit.NOW + 9 * 86400)
    assert not any(batch.swept for batch in again.batches)


def test_a_sweep_that_is_drawn_along_begins_anew(server, pulled, kit):
    rows = server.lists["requests"] = many(kit, 35)
    first = pulled("ticket", page_size=10)
    removed = itertools.count()

    def remove(request):
        if request.info.get("sort_field") == "id" and next(removed) == 1:
            rows.pop(0)

    server.after = remove
    found = pulled("ticket", cursor=first.cursor, page_size=10, now=kit.NOW + 8 * 86400)
    present = {key for batch in found.batches for key in batch.present.get("ticket", ())}
    assert {ticket.id for ticket in first.rows["ticket"]} - present <= {first.by_code["0"].id}
    assert any(batch.swept for batch in found.batches)
    server.after = lambda request: rows.pop(0) if request.info.get("sort_field") == "id" and len(rows) > 3 else None
    found = pulled("ticket", cursor=first.cursor, page_size=10, now=kit.NOW + 8 * 86400)
    assert not any(batch.swept for batch in found.batches)
    assert any("did not hold still" in problem.message for problem in found.problems)


def test_a_sweep_that_is_shown_fewer_than_are_counted_deletes_nothing(server, pulled, kit):
    rows = server.lists["requests"] = many(kit, 25)
    first = pulled("ticket", page_size=10)

    def hide(request):
        if request.info.get("sort_field") != "id":
            return None
        status, headers, body = server.page("requests", [*rows[:7], *rows[8:]], request)
        if "total_count" in body["list_info"]:
            body["list_info"]["total_count"] = len(rows)
        return status, headers, body

    server.before = hide
    late = pulled("ticket", cursor=first.cursor, page_size=10, now=kit.NOW + 8 * 86400)
    assert not any(batch.swept for batch in late.batches)
    assert any("the server counts 25 and shows 24" in problem.message for problem in late.problems)
    server.before = lambda _request: None
    late = pulled("ticket", cursor=late.cursor, page_size=10, now=kit.NOW + 8 * 86400)
    assert any(batch.swept for batch in late.batches)


def test_a_key_that_sees_nothing_sweeps_nothing(server, pulled, kit):
    server.lists["requests"] = many(kit, 5)
    first = pulled("ticket")
    server.lists["requests"] = []
    found = pulled("ticket", cursor=first.cursor, now=kit.NOW + 8 * 86400)
    assert not any(batch.swept for batch in found.batches)


def test_a_cursor_of_another_version_begins_anew(server, pulled, kit):
    server.lists["requests"] = many(kit, 5)
    assert codes(pulled("ticket", cursor={"version": 0, "since_at": 1, "started_at": 1})) == list(range(5))
    assert codes(pulled("ticket", cursor={"nonsense": True})) == list(range(5))


def test_the_pace_is_kept(server, connect, want, kit, fake_time):
    server.lists["requests"] = many(kit, 30)
    before = fake_time.now
    try:
        list(connect(page_size=1, requests_per_minute=10).pull(None, want("ticket")))
    except SourceError as fault:
        raise AssertionError from fault
    asked = len(server.requests)
    assert fake_time.now - before >= (asked - 10) / 10 * 60
