"""What becomes of an account's rows: values computed by hand."""

from deskaudit.connectors.mapping import Presence, Priorities, Rule, TicketMapping
from deskaudit.model.keys import person_hash, row_key

MAPPING = TicketMapping(
    priority=Priorities(field="Urgency", values={"High": "P2"}, default="P4"),
    category=Rule(tag="cat-*"),
    service=Rule(department=True, values={"general": "IT"}),
    waiting=Presence(tag="wait-*"),
    test=Presence(tag="vip"),
)


def test_tickets_have_their_columns_tags_and_fields(account, pulled, kit):
    found = pulled("ticket", "ticket_tag", "ticket_field", mapping=MAPPING)
    one = found.by_code["t1"]
    assert one.id == row_key("desk", "ticket", "t1")
    assert (one.code, one.title, one.status, one.status_raw, one.channel) == (
        "AAA-1",
        "Printer[31m on fire",
        "new",
        "N",
        "email",
    )
    assert one.url == f"{account.url}/agent/#Conversation;id=t1"
    assert one.department_id == row_key("desk", "department", "default")
    assert one.contact_id == row_key("desk", "contact", "c1")
    assert (one.agent_id, one.resolved_at, one.created_at) == (None, None, kit.at("2026-02-01 08:00:00"))
    assert (one.priority, one.category, one.service, one.is_test) == ("P2", "Network", "IT", True)
    two = found.by_code["t2"]
    assert (two.title, two.channel, two.agent_id) == (None, "phone", row_key("desk", "agent", "a1"))
    assert two.resolved_at == two.changed_at == kit.at("2026-02-03 09:30:00")
    assert (two.priority, two.category, two.service, two.is_test) == ("P4", None, "Second line", False)
    three = found.by_code["t3"]
    assert (three.channel, three.status, three.status_raw, three.agent_id) == ("other", "postponed", "C", None)
    assert {(row.ticket_id, row.tag) for row in found.rows["ticket_tag"]} == {
        (one.id, "vip"), (one.id, "cat-Network"), (three.id, "wait-parts"), (three.id, "unlisted"),
    }  # fmt: skip
    assert {(row.ticket_id, row.name, row.value) for row in found.rows["ticket_field"]} == {
        (one.id, "urgency", "high"), (two.id, "urgency", None),
    }  # fmt: skip


def test_a_ticket_that_was_restored_is_not_deleted(server, pulled, kit):
    gone = {"date_deleted": "2026-02-03 10:00:00"}
    server.lists["/tickets"] = [
        kit.ticket(place, "2026-02-04 08:00:00", status=status, **gone) for place, status in enumerate("CRXB9")
    ]
    found = pulled("ticket").by_code
    at = kit.at("2026-02-03 10:00:00")
    assert {row.status_raw: row.deleted_at for row in found.values()} == {
        "C": None,
        "R": None,
        "X": at,
        "B": at,
        "9": at,
    }


def test_unknown_codes_are_kept_and_named_once(account, pulled):
    found = pulled("ticket")
    assert (found.by_code["t4"].status, found.by_code["t4"].status_raw, found.by_code["t4"].channel) == (
        "unknown",
        "9",
        "social",
    )
    assert sorted((problem.resource, problem.entities) for problem in found.problems) == [
        ("channel_type", ()),
        ("status", ()),
    ]
    assert '"9" (1)' in str(found.problems)
    assert '"Z" (1)' in str(found.problems)


def test_without_a_mapping_nothing_is_guessed(account, pulled):
    found = pulled("ticket")
    assert {(row.priority, row.category, row.type, row.is_test) for row in found.rows["ticket"]} == {
        (None, None, None, None)
    }


def test_a_priority_that_the_mapping_does_not_name_is_reported(account, pulled):
    found = pulled("ticket", mapping=TicketMapping(priority=Priorities(field="urgency", values={"low": "P4"})))
    assert {row.priority for row in found.rows["ticket"]} == {None}
    (problem,) = [problem for problem in found.problems if problem.resource == "priority"]
    assert '"high" (1)' in problem.message
    assert "sources.desk.mapping.priority.values" in problem.message


def test_agents_and_departments_replace_what_was_known(account, pulled, kit):
    found = pulled("agent", "department")
    ada, bo = sorted(found.rows["agent"], key=lambda row: row.ext_id)
    assert (ada.name, ada.role, ada.active, ada.mfa) == ("Ada", "agent", True, True)
    assert ada.email_hash == person_hash("ada@desk.example", b"k" * 32)
    assert ada.department_id == row_key("desk", "department", "default")
    assert (ada.password_changed_at, ada.mobile_seen_at) == (kit.at("2025-06-01 10:00:00"), kit.NOW)
    assert bo.role == "team-lead"
    assert (bo.name, bo.active, bo.mfa, bo.department_id, bo.mobile_seen_at) == ("Bo", False, False, None, None)
    assert {row.name for row in found.rows["department"]} == {"General", "Second line"}
    assert frozenset().union(*(batch.replaces for batch in found.batches)) == {"agent", "department"}


def test_contacts_have_hashes_only(server, pulled):
    server.lists["/contacts"] = [
        {"id": "c1", "firstname": "Eve", "emails": ["eve@x.example"], "phones": ["+47 22 33 44 55"], "countrycode": "no",
         "language": "nb", "company_id": "co1", "date_changed": "2019-01-01 00:00:00"},
        {"id": "c2"},
    ]  # fmt: skip
    one, two = sorted(pulled("contact").rows["contact"], key=lambda row: row.ext_id)
    assert one.email_hash == person_hash("eve@x.example", b"k" * 32)
    assert one.phone_hash == person_hash("+4722334455", b"k" * 32)
    assert (one.country, one.language, one.company) == ("NO", "nb", "co1")
    assert (two.email_hash, two.phone_hash, two.country, two.company) == (None, None, None, None)


def test_contacts_have_their_companies_name(server, pulled):
    server.lists["/companies"] = [{"id": "co1", "name": "Acme"}, {"id": "co2", "name": "", "system_name": "Bolt"}]
    server.lists["/contacts"] = [{"id": f"c{n}", "company_id": f"co{n}"} for n in (1, 2, 3)]
    found = pulled("contact")
    assert {row.ext_id: row.company for row in found.rows["contact"]} == {"c1": "Acme", "c2": "Bolt", "c3": "co3"}


def test_companies_that_cannot_be_read_cost_their_names_only(server, pulled):
    server.before = lambda asked: (403, {}, {"message": "no"}) if asked.path == "/companies" else None
    server.lists["/contacts"] = [{"id": "c1", "company_id": "co1"}]
    found = pulled("contact")
    assert [row.company for row in found.rows["contact"]] == ["co1"]
    assert [(problem.resource, problem.entities) for problem in found.problems] == [("/companies", ())]


def test_history_becomes_status_events_with_their_holders(server, pulled, kit):
    server.lists["/tickets/history"] = [
        {"id": "h1", "conversation_id": "t1", "department_id": "default", "agent_id": "", "status": "N",
         "date_from": "2026-02-01 08:00:00", "date_to": "2026-02-01 09:00:00"},
        {"id": "h2", "conversation_id": "t1", "department_id": "d2", "agent_id": "a1", "status": "A",
         "date_from": "2026-02-01 09:00:00"},
        {"conversation_id": "t1", "agent_id": "system00", "status": "q", "date_from": "2026-02-01 10:00:00"},
        {"id": "h4", "conversation_id": "t1", "status": "R", "date_from": "tomorrow"},
    ]  # fmt: skip
    found = pulled("event")
    events = sorted(found.rows["event"], key=lambda row: row.happened_at)
    assert [(row.kind, row.to_value, row.agent_id, row.department_id) for row in events] == [
        ("status", "new", None, row_key("desk", "department", "default")),
        ("status", "answered", row_key("desk", "agent", "a1"), row_key("desk", "department", "d2")),
        ("status", "unknown", None, None),
    ]
    assert {row.ticket_id for row in events} == {row_key("desk", "ticket", "t1")}
    assert [event.happened_at for event in events] == [
        kit.at(f"2026-02-01 {hour}:00:00") for hour in ("08", "09", "10")
    ]
    assert [(reject.place, reject.reason) for reject in found.rejects] == [
        ("/tickets/history h4", "date_from: tomorrow is no time")
    ]


def test_service_levels_are_policies(server, pulled):
    server.lists["/slas"] = [
        {"id": "l1", "name": "Gold", "values": {"first_answer": 3600, "first_resolve": 14400, "next_answer": 0},
         "business_hours": {"monday": {"start": "08:00", "end": "16:00"}}},
        {"id": "l2", "name": "Best effort", "values": {"first_answer": 0}, "business_hours": {"timezone": "UTC"}},
        {"id": "l3"},
    ]  # fmt: skip
    found = sorted(pulled("policy").rows["policy"], key=lambda row: row.ext_id)
    assert [(row.kind, row.name, row.response_s, row.resolve_s, row.has_hours) for row in found] == [
        ("sla", "Gold", 3600, 14400, True),
        ("sla", "Best effort", None, None, False),
        ("sla", "l3", None, None, None),
    ]


def test_api_keys_are_listed_without_the_key_and_only_if_asked(server, pulled, kit):
    server.lists["/apikeys"] = [
        {"id": 7, "key": "clear-secret", "name": "old export", "role": "owner", "userid": "a1",
         "valid_to_date": "2027-01-01 00:00:00"},
    ]  # fmt: skip
    assert "policy" not in pulled("policy").rows
    found = pulled("policy", api_keys=True)
    (row,) = found.rows["policy"]
    assert (row.kind, row.name, row.scope, row.owner_id) == (
        "api_key",
        "old export",
        "owner",
        row_key("desk", "agent", "a1"),
    )
    assert row.expires_at == kit.at("2027-01-01 00:00:00")
    assert "clear-secret" not in repr(found.batches)


def test_calls(server, pulled, kit):
    server.lists["/calls"] = [
        {"id": "k1", "ticketId": "t1", "type": "I", "fromNumber": "+47 900 00 001", "toNumber": "+4722", "viaNumber": "+4722",
         "dateCreated": "2026-02-01 08:00:00", "dateAnswered": "2026-02-01 08:00:20", "dateFinished": "2026-02-01 08:05:00"},
        {"id": "k2", "type": "I", "fromNumber": "anonymous", "dateCreated": "2026-02-01 09:00:00",
         "dateFinished": "2026-02-01 09:00:30"},
        {"id": "k3", "type": "O", "fromNumber": "+4722", "toNumber": "+4790000001", "dateCreated": "2026-02-01 10:00:00",
         "dateFinished": "2026-02-01 10:00:30"},
        {"id": "k4", "type": "T", "dateCreated": "2026-02-01 11:00:00"},
    ]  # fmt: skip
    found = sorted(pulled("interaction").rows["interaction"], key=lambda row: row.ext_id)
    number = person_hash("+4790000001", b"k" * 32)
    assert [(row.channel, row.direction, row.outcome, row.number_hash) for row in found] == [
        ("call", "in", "answered", number),
        ("call", "in", "missed", None),
        ("call", "out", "failed", number),
        ("call", "internal", "unknown", None),
    ]
    assert found[0].answered_at - found[0].started_at == 20
    assert found[0].ended_at == kit.at("2026-02-01 08:05:00")
    assert (found[0].ticket_id, found[1].ticket_id) == (row_key("desk", "ticket", "t1"), None)


def test_one_number_is_one_caller_however_it_was_dialled(server, pulled):
    server.lists["/contacts"] = [{"id": "c1", "phones": ["22 33 44 55"], "date_changed": "2019-01-01 00:00:00"}]
    server.lists["/calls"] = [
        {"id": "k1", "type": "I", "fromNumber": "0047 22334455", "dateCreated": "2026-02-01 08:00:00"},
        {"id": "k2", "type": "O", "toNumber": "+47 22 33 44 55", "dateCreated": "2026-02-01 09:00:00"},
        {"id": "k3", "type": "I", "fromNumber": "101", "dateCreated": "2026-02-01 10:00:00"},
        {"id": "k4", "type": "T", "fromNumber": "22334455", "dateCreated": "2026-02-01 11:00:00"},
    ]
    found = pulled("contact", "interaction", region="NO")
    number = person_hash("+4722334455", b"k" * 32)
    assert [row.phone_hash for row in found.rows["contact"]] == [number]
    calls = {row.ext_id: row.number_hash for row in found.rows["interaction"]}
    assert calls == {"k1": number, "k2": number, "k3": None, "k4": None}
    assert not found.problems


def test_numbers_without_a_country_are_not_told_apart_and_that_is_said(server, pulled):
    server.lists["/calls"] = [
        {"id": f"k{place}", "type": "I", "fromNumber": number, "dateCreated": "2026-02-01 08:00:00"}
        for place, number in enumerate(["22334455", "22 33 44 66", "22 33 44 55", "101", "anonymous", "+4722334455"])
    ]
    found = pulled("interaction")
    numbers = {row.ext_id: row.number_hash for row in found.rows["interaction"] if row.number_hash}
    assert numbers == {"k5": person_hash("+4722334455", b"k" * 32)}
    (problem,) = found.problems
    assert (problem.message, problem.entities) == (
        "2 telephone numbers have no country code and are matched with no caller; set region, as NO.",
        (),
    )


def test_chats(server, pulled, kit):
    def chat(number, created="2026-02-01 08:00:00", **more):
        return {"id": f"x{number}", "date_created": created, "departmentId": "default", **more}

    server.lists["/chats"] = [
        chat(1, status="T", rstatus="R", agentId="a1", status_date_started="2026-02-01 08:20:00"),
        chat(2, status="T", rstatus="R", agentId="system00"),
        chat(3, status="Q", rstatus="I"),
        chat(4, status="Q", rstatus="I", created=kit.text(kit.NOW - 60)),
        chat(5, status="C", agentId="a1", status_date_started="2026-02-01 08:00:45"),
    ]
    found = sorted(pulled("interaction").rows["interaction"], key=lambda row: row.ext_id)
    assert [row.outcome for row in found] == ["answered", "missed", "missed", "unknown", "answered"]
    assert [row.answered_at for row in found] == [None, None, None, None, kit.at("2026-02-01 08:00:45")]
    assert [row.ended_at for row in found] == [kit.at("2026-02-01 08:20:00"), None, None, None, None]
    assert (found[0].channel, found[0].direction, found[0].agent_id) == ("chat", "in", row_key("desk", "agent", "a1"))
    assert found[1].agent_id is None


def test_time_entries(server, pulled, kit):
    server.lists["/grid/reports/time"] = [
        {"id": 1, "agentid": "a1", "conversationid": "t1", "reportdate": "2026-02-01 09:00:00", "reportedtime": "15",
         "reportedtime_hhmmss": "0:15:00", "spenttime": "20"},
        {"id": 2, "agentid": "a1", "reportdate": "2026-02-01 10:00:00", "reportedtime": "", "reportedtime_hhmmss": "1:02:03",
         "dateinvoiced": "2026-02-02 00:00:00"},
        {"id": 3, "agentid": "a1", "reportdate": "2026-02-01 10:00:00"},
    ]  # fmt: skip
    found = pulled("slot")
    one, two = sorted(found.rows["slot"], key=lambda row: row.ext_id)
    assert (one.kind, one.ended_at, one.ended_at - one.started_at) == ("worked", kit.at("2026-02-01 09:00:00"), 900)
    assert (one.ticket_id, one.billable, one.entered_at) == (row_key("desk", "ticket", "t1"), None, None)
    assert (two.ended_at - two.started_at, two.ticket_id, two.billable) == (3723, None, True)
    assert [reject.place for reject in found.rejects] == ["/grid/reports/time 3"]
    assert found.incomplete == {"slot"}  # one of three could not be used


def test_promises_of_the_log_and_of_open_tickets(server, pulled, kit):
    server.lists["/grid/tickets/sla"] = [
        {"id": "s1", "conversationid": "t1", "sla_type": "first_answer", "sla_level_name": "Gold",
         "date_created": "2026-02-01 08:00:00", "date_due": "2026-02-01 09:00:00", "date_closed": "2026-02-01 08:30:00"},
        {"id": "s2", "conversationid": "t1", "sla_type": "First Resolve", "date_closed": "2026-02-01 12:30:00"},
        {"id": "s3", "conversationid": "t1", "sla_type": "weird", "date_closed": "2026-02-01 12:30:00"},
    ]  # fmt: skip
    server.lists["/tickets"] = [
        kit.ticket(2, "2026-02-03 08:00:00", status="N"),
        kit.ticket(3, "2026-02-03 08:00:00", status="C", agentid="a1", date_resolved="2026-02-02 08:00:00"),
        kit.ticket(4, "2026-02-03 08:00:00", status="R"),
        kit.ticket(5, "2026-02-03 08:00:00", status="W"),
    ]
    due = {"first_answer": "2026-02-03 10:00:00", "next_answer": "2026-02-03 11:00:00", "first_resolve": "2026-02-04 08:00:00",
           "first_assign": "2026-02-03 09:00:00", "sla_level_name": "Gold"}  # fmt: skip
    for number in (2, 3, 4):
        server.objects[f"/tickets/t0000{number}/sla"] = {"conversationid": f"t0000{number}", **due}
    found = pulled("ticket", "sla_term")
    seen = {(row.ticket_id, row.measure, row.level, row.due_at, row.closed_at) for row in found.rows["sla_term"]}

    def term(ticket, measure, level, due_at, closed=None):
        return (row_key("desk", "ticket", ticket), measure, level, due_at and kit.at(due_at), closed and kit.at(closed))

    assert seen == {
        term("t1", "first_response", "Gold", "2026-02-01 09:00:00", "2026-02-01 08:30:00"),
        term("t1", "resolution", None, None, "2026-02-01 12:30:00"),
        term("t1", "weird", None, None, "2026-02-01 12:30:00"),
        term("t00002", "first_response", "Gold", "2026-02-03 10:00:00"),
        term("t00002", "resolution", "Gold", "2026-02-04 08:00:00"),
        term("t00002", "first_assign", "Gold", "2026-02-03 09:00:00"),
        term("t00003", "next_response", "Gold", "2026-02-03 11:00:00"),
    }
    assert not server.asked("/tickets/t00004/sla")  # it is not open
    assert "sla_term" not in found.incomplete  # t00005 has no level: 404


def test_a_fulfilled_promise_takes_the_place_of_the_open_one(server, pulled, kit):
    server.lists["/tickets"] = [kit.ticket(2, "2026-02-03 08:00:00", status="N")]
    server.objects["/tickets/t00002/sla"] = {"first_answer": "2026-02-03 10:00:00"}
    (before,) = pulled("ticket", "sla_term").rows["sla_term"]
    server.lists["/tickets"] = [kit.ticket(2, "2026-02-03 09:00:00", status="A")]
    server.lists["/grid/tickets/sla"] = [
        {"id": "s1", "conversationid": "t00002", "sla_type": "first_answer", "date_due": "2026-02-03 10:00:00",
         "date_closed": "2026-02-03 09:00:00"}
    ]  # fmt: skip
    (after,) = pulled("ticket", "sla_term").rows["sla_term"]
    assert (before.id, before.closed_at) == (after.id, None)
    assert after.closed_at == kit.at("2026-02-03 09:00:00")


def test_open_tickets_beyond_the_limit_are_counted_and_asked_next_time(server, pulled, kit):
    server.lists["/tickets"] = [kit.ticket(n, "2026-02-03 08:00:00", status="N") for n in range(5)]
    for n in range(5):
        server.objects[f"/tickets/t{n:05d}/sla"] = {"first_answer": "2026-02-03 10:00:00"}
    first = pulled("ticket", "sla_term", sla_limit=3)
    assert len(first.rows["sla_term"]) == 3
    (problem,) = first.problems
    assert "2 open tickets" in problem.message
    assert problem.entities == ("sla_term",)
    server.lists["/tickets"] = []
    second = pulled("ticket", "sla_term", sla_limit=3, cursor=first.cursor)
    assert len(second.rows["sla_term"]) == 2
    assert not second.problems
    assert len({row.id for row in first.rows["sla_term"] + second.rows["sla_term"]}) == 5


def test_only_what_is_wanted_is_asked_for(account, pulled):
    found = pulled("department")
    assert set(found.rows) == {"department"}
    assert {request.path for request in account.requests} == {"/settings", "/departments"}


def test_a_mapped_field_that_no_ticket_has_is_named(server, pulled, kit):
    server.lists["/tickets"] = [
        kit.ticket(n, "2026-02-03 08:00:00", custom_fields=[{"code": "urgency", "value": "x"}]) for n in range(60)
    ]
    found = pulled("ticket", mapping=TicketMapping(category=Rule(field="categroy")))
    (problem,) = found.problems
    assert "categroy" in problem.message
    assert "urgency" in problem.message
