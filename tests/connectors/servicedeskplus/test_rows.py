"""What becomes of what a server says. All expected values are reckoned by hand."""

import pytest

from deskaudit.connectors.mapping import Presence, Priorities, Rule, TicketMapping


def test_a_request_becomes_a_ticket_with_all_that_belongs_to_it(server, pulled, kit):
    server.lists["requests"] = [
        kit.request(
            7,
            status={"id": "3", "name": "Closed"},
            technician={"id": "t1", "name": "Bo", "email_id": "bo@example.org"},
            category={"name": "Network"}, request_type={"name": "Incident"}, service_category={"name": "Wi-Fi"},
            sla={"name": "Gold"}, mode={"name": "Phone Call"},
            responded_time=kit.date("2026-01-15 08:30:00"),
            first_response_due_by_time=kit.date("2026-01-15 09:00:00"),
            due_by_time=kit.date("2026-01-15 16:00:00"),
            resolved_time=kit.date("2026-01-15 17:00:00"), completed_time=kit.date("2026-01-18 08:00:00"),
            is_first_response_overdue=False, is_overdue=True, is_reopened=True, is_service_request=False,
            resolution={"content": "<p>Cable <b>changed</b></p>", "submitted_by": {"name": "Bo"}},
            udf_fields={"udf_char1": "Oslo", "udf_date1": kit.date("2026-01-20 10:00:00"), "udf_char2": None},
        )
    ]  # fmt: skip
    found = pulled()
    (ticket,) = found.rows["ticket"]
    (contact,) = found.rows["contact"]
    (group,) = found.rows["department"]
    assert (ticket.code, ticket.title, ticket.ext_id) == ("7", "Case 7", "100000000000000007")
    assert ticket.url == f"{server.url}/WorkOrder.do?woMode=viewWO&woID=100000000000000007"
    assert (ticket.status, ticket.status_raw, ticket.channel) == ("closed", "Closed", "phone")
    assert (ticket.category, ticket.type, ticket.service, ticket.sla_level) == ("Network", "Incident", "Wi-Fi", "Gold")
    assert ticket.priority is None
    assert (ticket.contact_id, ticket.department_id) == (contact.id, group.id)
    assert ticket.created_at == kit.at("2026-01-15 08:00:00")
    assert ticket.changed_at == kit.at("2026-02-01 08:00:00")
    assert ticket.first_response_at == kit.at("2026-01-15 08:30:00")
    assert ticket.resolved_at == kit.at("2026-01-15 17:00:00")
    assert ticket.closed_at == kit.at("2026-01-18 08:00:00")
    assert (ticket.vendor_response_met, ticket.vendor_resolve_met, ticket.vendor_overdue) == (True, False, True)
    assert (ticket.resolution_len, ticket.reopen_count, ticket.is_test) == (len("Cable changed"), 1, None)
    assert group.name == "First line"
    assert contact.email_hash
    assert "ann" not in contact.email_hash
    fields = {row.name: row.value for row in found.rows["ticket_field"]}
    assert fields == {"udf_char1": "Oslo", "udf_date1": "2026-01-20 10:00", "udf_char2": None}
    terms = {row.measure: row for row in found.rows["sla_term"]}
    assert terms["first_response"].due_at == kit.at("2026-01-15 09:00:00")
    assert terms["first_response"].closed_at == ticket.first_response_at
    assert terms["resolution"].due_at == kit.at("2026-01-15 16:00:00")
    assert terms["resolution"].closed_at == ticket.resolved_at
    assert {row.level for row in terms.values()} == {"Gold"}
    assert not found.rejects


def test_a_number_is_one_caller_however_it_is_written(server, pulled, kit):
    def caller(ext_id, phone):
        return {"id": ext_id, "name": "Ann", "phone": phone}

    numbers = {"r1": "+47 22 33 44 55", "r2": "22 33 44 55", "r3": "0047 22334455", "r4": "", "r5": "22 33 44 56"}
    server.lists["requests"] = [
        kit.request(n, requester=caller(*one)) for n, one in enumerate(numbers.items(), start=1)
    ]  # fmt: skip
    found = pulled(region="NO")
    hashes = {row.ext_id: row.phone_hash for row in found.rows["contact"]}
    assert hashes["r1"] == hashes["r2"] == hashes["r3"]
    assert hashes["r4"] is None
    assert hashes["r5"] not in {None, hashes["r1"]}
    assert not [problem for problem in found.problems if problem.resource == "region"]
    found = pulled()
    hashes = {row.ext_id: row.phone_hash for row in found.rows["contact"]}
    assert hashes["r1"]
    assert hashes["r2"] is hashes["r5"] is None
    (told,) = [problem.message for problem in found.problems if problem.resource == "region"]
    assert told == "3 telephone numbers have no country code and are matched with no caller; set region, as NO."


@pytest.mark.parametrize(
    ("status", "more", "expected"),
    [
        ({"id": "1", "name": "Open"}, {}, "open"),
        ({"id": "2", "name": "Onhold"}, {}, "postponed"),
        ({"id": "5", "name": "Waiting for supplier"}, {}, "postponed"),
        ({"id": "6", "name": "En curso"}, {}, "open"),
        ({"id": "4", "name": "Resolved"}, {}, "resolved"),
        ({"id": "3", "name": "Closed"}, {}, "closed"),
        ({"id": "3", "name": "Closed"}, {"is_trashed": True}, "deleted"),
        ({"id": "99", "name": "Parked", "in_progress": True, "stop_timer": True}, {}, "postponed"),
        ({"id": "99", "name": "Fini", "in_progress": False}, {}, "resolved"),
        ({"id": "99", "name": "Fini", "in_progress": False}, {"completed_time": {"value": "1768500000000"}}, "closed"),
        ({"name": "on hold"}, {}, "postponed"),
        ({"name": "Cancelled"}, {}, "closed"),
        ("Open", {}, "open"),
        ({"name": "Quantum"}, {}, "unknown"),
        (None, {}, "unknown"),
    ],
)
def test_a_status_is_what_it_does_to_the_clock(server, pulled, kit, status, more, expected):
    server.lists["requests"] = [kit.request(1, status=status, **more)]
    (ticket,) = pulled("ticket").rows["ticket"]
    assert ticket.status == expected


def test_without_the_list_of_statuses_names_must_do(server, pulled, kit):
    server.before = lambda request: (403, {}, kit.failed(4002, "no")) if request.path.endswith("/statuses") else None
    server.lists["requests"] = [
        kit.request(1, status={"id": "2", "name": "Onhold"}),
        kit.request(2, status={"id": "5", "name": "Waiting for supplier"}),
    ]
    found = pulled("ticket")
    assert [found.by_code[code].status for code in ("1", "2")] == ["postponed", "unknown"]
    assert not found.incomplete
    assert any("waiting for supplier" in problem.message for problem in found.problems)


@pytest.mark.parametrize(("status", "asked_again"), [(500, True), (403, False)])
def test_statuses_that_failed_once_mean_what_they_should_from_the_next_pull_on(
    server, pulled, kit, status, asked_again
):
    body = b"proxy error" if status == 500 else kit.failed(4002, "no")
    server.before = lambda one: (status, {}, body) if one.path.endswith("/statuses") else None
    server.lists["requests"] = [
        kit.request(1, status={"id": "2", "name": "Parked"}, last_updated_time=kit.date("2026-01-15 08:00:00")),
        kit.request(2, last_updated_time=kit.date("2026-01-17 08:00:00")),
    ]
    server.lists["statuses"] = [{"id": "2", "name": "Parked", "internal_name": "Onhold", "in_progress": True}]
    first = pulled("ticket")
    assert first.by_code["1"].status == "unknown"
    server.before = lambda _request: None
    again = pulled("ticket", cursor=first.cursor)
    assert {code: one.status for code, one in again.by_code.items() if code == "1"} == (
        {"1": "postponed"} if asked_again else {}
    )
    assert "1" not in pulled("ticket", cursor=again.cursor).by_code


def test_a_reopened_request_is_not_resolved(server, pulled, kit):
    server.lists["requests"] = [
        kit.request(1, resolved_time=kit.date("2026-01-16 08:00:00"), due_by_time=kit.date("2026-01-17 08:00:00"))
    ]
    found = pulled("ticket", "sla_term")
    assert found.rows["ticket"][0].resolved_at is None
    assert found.rows["sla_term"][0].closed_at is None


@pytest.mark.parametrize("value", ["-1", "0", "", None])
def test_never_is_no_time(server, pulled, kit, value):
    server.lists["requests"] = [kit.request(1, responded_time={"display_value": "Jan 1, 1970", "value": value})]
    assert pulled("ticket").rows["ticket"][0].first_response_at is None


@pytest.mark.parametrize("given", [{"display_value": "15 Jan 2026", "value": "15 Jan 2026"}, {"value": "9" * 15}])
def test_a_date_that_is_none_keeps_the_row_out(server, pulled, kit, given):
    server.lists["requests"] = [kit.request(n) for n in range(5)] + [kit.request(9, responded_time=given)]
    found = pulled("ticket")
    assert len(found.rows["ticket"]) == 5
    (reject,) = found.rejects
    assert reject.place == "requests 100000000000000009"
    assert "responded_time" in reject.reason


def test_the_mapping_sees_every_field(server, pulled, connect, kit):
    server.lists["requests"] = [
        kit.request(
            1, priority={"name": "4"}, urgency={"name": "High"}, udf_fields={"udf_char3": "VPN"},
            is_service_request=True, site={"name": "Oslo"},
        )
    ]  # fmt: skip
    mapping = TicketMapping(
        priority=Priorities(field="urgency", values={"high": "P1"}),
        category=Rule(field="udf_char3"),
        type=Rule(field="is_service_request", values={"true": "request"}),
        company=Rule(field="site"),
        service=Rule(department=True),
        waiting=Presence(field="udf_char3", values=["VPN"]),
    )
    (ticket,) = pulled("ticket", mapping=mapping).rows["ticket"]
    assert (ticket.priority, ticket.category, ticket.type) == ("P1", "VPN", "request")
    assert (ticket.company, ticket.service, ticket.status) == ("Oslo", "First line", "postponed")
    (seen,) = connect(mapping=mapping).sample(5)
    assert seen.facts.fields["urgency"] == "High"
    assert seen.facts.fields["priority"] == "4"
    assert seen.facts.fields["udf_char3"] == "VPN"
    assert seen.facts.department == "First line"
    assert (seen.status_raw, seen.ticket.code) == ("Open", "1")


def test_a_sample_has_the_newest(server, connect, kit):
    server.lists["requests"] = [kit.request(n, f"2026-02-{n:02d} 08:00:00") for n in range(1, 9)]
    assert [seen.ticket.code for seen in connect().sample(3)] == ["8", "7", "6"]
    assert connect().sample(0) == []


def test_time_entries_say_when_was_worked_and_when_it_was_written_down(server, pulled, kit):
    server.lists["requests"] = [kit.request(1)]
    ticket = "100000000000000001"
    house = kit.worklog(2, created_time=kit.date("2026-02-02 08:00:00"), end_time=None)
    del house["recorded_time"]
    server.worklogs[ticket] = [
        kit.worklog(1),
        house,
        kit.worklog(3, start_time=None, end_time=None),
        kit.worklog(4, start_time=None, end_time=None, recorded_time=None),
        kit.worklog(5, time_spent=None),
        kit.worklog(6, time_spent={"hours": "9999", "minutes": "0"}),
    ]
    found = pulled("slot")
    slots = {slot.ext_id: slot for slot in found.rows["slot"]}
    first, second, third, fifth = (slots[name] for name in ("w1", "w2", "w3", "w5"))
    nine = kit.at("2026-02-01 09:00:00")
    assert (first.started_at, first.ended_at, first.entered_at) == (nine, nine + 5400, kit.at("2026-02-01 17:00:00"))
    assert (second.ended_at, second.entered_at) == (nine + 5400, kit.at("2026-02-02 08:00:00"))
    assert (third.started_at, third.ended_at) == (kit.at("2026-02-01 15:30:00"), kit.at("2026-02-01 17:00:00"))
    assert third.entered_at is None
    assert (fifth.started_at, fifth.ended_at) == (nine, nine + 7200)
    assert {slot.kind for slot in slots.values()} == {"worked"}
    assert [reject.place for reject in found.rejects] == [f"request {ticket}, worklog {n}" for n in (4, 6)]
    assert "secret text" not in repr(found.batches)
    assert found.incomplete == {"slot"}  # two of six is too much


def test_v3_is_asked_for_by_name_and_the_older_format_is_understood(server, connect, pulled, kit, monkeypatch):
    server.lists["requests"] = [kit.request(1)]
    server.worklogs["100000000000000001"] = [kit.worklog(1)]
    found = pulled("slot")
    pulled()
    connect().probe()
    connect().sample(1)
    pulled(cloud=True)
    asked = {request.path for request in server.requests if request.method == "GET"}
    assert {path.split("/")[3] for path in asked} == {*server.lists, "asset_assets"}
    assert {request.headers["Accept"] for request in server.requests if request.method == "GET"} == {kit.ACCEPT}
    server.cloud = False
    monkeypatch.setattr("deskaudit.connectors.servicedeskplus.api.ACCEPT", "application/json")  # as if a proxy ate it
    again = pulled("slot")
    assert server.requests[-1].headers["Accept"] == "application/json"
    assert again.rows["slot"] == found.rows["slot"]
    assert again.rows["slot"][0].agent_id is not None


def test_lists_whose_fields_or_order_are_refused_come_all_the_same(server, pulled, kit):
    server.unknown_fields = {"completed_time"}
    server.lists["changes"] = [
        {"id": f"c{n}", "title": "x", "stage": {"name": "Close"}, "scheduled_end_time": kit.date("2026-02-01 20:00:00")}
        for n in range(5)
    ]
    found = pulled("record", page_size=2)
    assert len(found.rows["record"]) == 5
    assert not found.problems


def test_technicians_solutions_assets_problems_and_changes(server, pulled, kit):
    server.lists["technicians"] = [
        {"id": "t1", "name": "Bo", "email_id": "bo@example.org", "job_title": "Lead", "status": {"name": "Active"},
         "support_groups": [{"id": "g1", "name": "First line"}]},
        {"id": "t2", "name": "Cy", "status": {"name": "Inactive"}, "support_groups": [{"id": "g1"}, {"id": "g2"}]},
        {"id": "t3", "name": "Di"},
        {"id": "t4", "name": "Ed", "org_user_status": "ACTIVE", "reporting_to": {"id": "t1", "name": "Bo"},
         "roles": [{"id": "1", "name": "SDAdmin"}, {"id": "2", "name": "SDReport"}]},
        {"id": "t5", "name": "Fi", "org_user_status": "INACTIVE", "reporting_to": None},
    ]  # fmt: skip
    server.lists["solutions"] = [
        {"id": "s1", "title": "Reset a password", "topic": {"name": "Accounts"}, "view_count": "12",
         "last_updated_time": kit.date("2026-01-02 08:00:00"), "approval_status": {"name": "Approved"}},
        {"id": "s2", "title": "Idea", "approval_status": {"name": "Rejected"}},
    ]  # fmt: skip
    server.lists["assets"] = [
        {"id": "a1", "name": "PC-7", "serial_number": "5CG1234XYZ", "state": {"name": "In Use"},
         "user": {"name": "Ann"}, "department": {"name": "Sales"}, "last_updated_time": kit.date("2026-01-03 08:00:00")},
        {"id": "a2", "name": "PC-8", "serial_number": "To be filled by O.E.M.", "state": {"name": "Buried"}},
    ]  # fmt: skip
    server.lists["changes"] = [
        {"id": "c1", "title": "New firewall", "status": {"name": "Completed"}, "completed_time": kit.date("2026-02-01 20:00:00")},
        {"id": "c3", "title": "Late", "status": {"name": "Completed"}, "stage": {"name": "Review"},
         "scheduled_end_time": kit.date("2026-02-01 20:00:00"), "completed_time": kit.date("2026-02-03 06:00:00")},
        {"id": "c2", "title": "Planned", "scheduled_end_time": kit.date("2026-05-01 20:00:00"), "stage": {"name": "Planning"}},
    ]  # fmt: skip
    server.lists["problems"] = [
        {"id": "p1", "display_id": "17", "title": "Printers lose their queue", "status": {"name": "Closed"},
         "technician": {"id": "t1", "name": "Bo"}, "reported_time": kit.date("2026-01-05 08:00:00"),
         "closed_time": kit.date("2026-01-07 09:00:00")},
        {"id": "p2", "title": "Slow mail", "status": {"name": "Open"}, "reported_time": kit.date("2026-02-05 08:00:00")},
    ]  # fmt: skip
    found = pulled()
    agents = {agent.ext_id: agent for agent in found.rows["agent"]}
    assert {name: agent.active for name, agent in agents.items()} == {
        "t1": True, "t2": False, "t3": None, "t4": True, "t5": False,
    }  # fmt: skip
    assert (agents["t4"].manager_id, agents["t5"].manager_id) == (agents["t1"].id, None)
    assert (agents["t4"].role, agents["t1"].role) == ("SDAdmin, SDReport", None)
    assert agents["t1"].position == "Lead"
    assert agents["t1"].department_id is not None
    assert agents["t2"].department_id is None
    (article,) = found.rows["document"]
    assert (article.kind, article.category, article.views) == ("kb", "Accounts", 12)
    assert article.updated_at == kit.at("2026-01-02 08:00:00")
    good, bad = sorted(found.rows["asset"], key=lambda asset: asset.ext_id)
    assert (good.serial, good.state, good.owner, good.department) == ("5CG1234XYZ", "active", "Ann", "Sales")
    assert (bad.serial, bad.state, bad.origin) == (None, None, "list")
    records = {record.about: record for record in found.rows["record"]}
    assert set(records) == {"New firewall", "Late", "Printers lose their queue", "Slow mail"}
    change = records["New firewall"]
    assert (change.kind, change.result, change.happened_at) == ("change", "Completed", kit.at("2026-02-01 20:00:00"))
    assert records["Late"].happened_at == kit.at("2026-02-03 06:00:00")  # lists show it only where it is asked for
    closed, still = records["Printers lose their queue"], records["Slow mail"]
    assert (closed.kind, closed.ext_id, closed.result) == ("problem", "17", "Closed")
    assert (closed.happened_at, closed.duration_s) == (kit.at("2026-01-05 08:00:00"), 49 * 3600)
    assert closed.agent_id == agents["t1"].id
    assert (still.happened_at, still.duration_s, still.agent_id) == (kit.at("2026-02-05 08:00:00"), None, None)
    assert {"agent", "document", "asset", "record"} <= {name for batch in found.batches for name in batch.replaces}
    assert any("buried" in problem.message for problem in found.problems)
    assert not found.incomplete
