"""A real RT 5: what a pull makes of known stories, and each trap that was seen in RT's answers."""

import time
from collections import Counter
from urllib.parse import urlencode

import msgspec
import pytest

from deskaudit.connectors.mapping import Priorities, Rule, TicketMapping
from deskaudit.connectors.requesttracker import history
from deskaudit.connectors.requesttracker.api import Api, query_time
from deskaudit.connectors.requesttracker.options import Level
from deskaudit.errors import SourceError
from deskaudit.model.keys import row_key
from deskaudit.secrets import SecretRef

pytestmark = pytest.mark.realtool


def key(entity, number):
    return row_key("desk", entity, str(number))


def story(pulled, number):
    events = [row for row in pulled.rows["event"] if row.ticket_id == key("ticket", number)]
    return sorted(events, key=lambda event: int(event.ext_id))


def test_a_probe_tells_version_and_lists(connect):
    probe = connect("ana").probe()
    assert (probe.reachable, probe.authorised, probe.version[:2]) == (True, True, "5.")
    assert set(probe.modules.values()) == {"ok"}


def test_a_ticket_is_as_it_is_now(whole, desk):
    row = whole.tickets[desk.made["life"]]
    assert (row.title, row.status, row.status_raw, row.sla_level) == ("Net down", "open", "open", "gold")
    assert row.department_id == key("department", 3)
    assert row.agent_id == key("agent", desk.users["ben"])
    assert row.url == f"{desk.url}/Ticket/Display.html?id={row.ext_id}"
    assert row.resolve_due_at == row.created_at + 1440 * 60  # answered, so the level's solution is what is due
    assert {(f.name, f.value) for f in whole.rows["ticket_field"] if f.ticket_id == row.id} == {("Urgency", "low")}
    contact = next(one for one in whole.rows["contact"] if one.id == row.contact_id)
    assert contact.email_hash
    assert "customer.example" not in repr(whole.rows)


def test_its_story_is_told_once_and_in_order(whole, desk):
    """Owner changes come twice from RT (Set and SetWatcher)."""
    ana, ben = key("agent", desk.users["ana"]), key("agent", desk.users["ben"])
    general, network = key("department", 1), key("department", 3)
    found = [
        (e.kind, e.actor, e.from_value, e.to_value, e.agent_id, e.department_id)
        for e in story(whole, desk.made["life"])
        if e.name not in {"Due", "Starts"}
    ]
    assert found == [
        ("status", "agent", None, "new", None, general),
        ("reply", "agent", None, None, None, general),
        ("status", "system", "new", "open", None, general),
        ("note", "agent", None, None, None, general),
        ("assign", "agent", None, str(desk.users["ben"]), ben, general),
        ("transfer", "agent", "General", "Network", ben, network),
        ("priority", "agent", "0", "50", ben, network),
        ("status", "agent", "open", "resolved", ben, network),
        ("status", "agent", "resolved", "open", ben, network),
        ("field", "agent", "high", "low", ben, network),
    ]
    replies = [(e.public, e.actor_id) for e in story(whole, desk.made["life"]) if e.kind in {"reply", "note"}]
    assert replies == [(True, ben), (False, ana)]


def test_dates_in_changes_are_utc(whole, desk):
    dues = [e for e in story(whole, desk.made["life"]) if e.name == "Due"]
    created = whole.tickets[desk.made["life"]].created_at
    assert [(e.from_value, e.actor) for e in dues[:1]] == [(None, "system")]  # 1970 is never
    assert dues[0].to_value == time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(created + 1440 * 60))


def test_time_worked_is_what_was_noted(whole, desk):
    of_life = key("ticket", desk.made["life"])
    slots = sorted((s for s in whole.rows["slot"] if s.ticket_id == of_life), key=lambda s: int(s.ext_id))
    assert [(s.ended_at - s.started_at, s.agent_id) for s in slots] == [
        (15 * 60, key("agent", desk.users["ben"])), (20 * 60, key("agent", desk.users["ana"])),
    ]  # fmt: skip
    assert all(s.kind == "worked" and s.entered_at == s.ended_at for s in slots)
    assert any("took time away" in problem.message for problem in whole.problems)  # 35 was corrected to 30


def test_unset_dates_are_none_and_rejecting_is_no_solution(whole, desk):
    status, raw = desk.raw(f"/ticket/{desk.made['waiting']}")
    assert status == 200
    assert b'"Resolved" : "1970-01-01T00:00:00Z"' in raw
    waiting, rejected = whole.tickets[desk.made["waiting"]], whole.tickets[desk.made["rejected"]]
    assert (waiting.status, waiting.resolved_at, waiting.closed_at) == ("new", None, None)
    assert waiting.agent_id is None
    assert (rejected.status, rejected.resolved_at, rejected.closed_at) == ("closed", None, rejected.changed_at)
    assert whole.tickets[desk.made["life"]].resolved_at is None  # RT keeps Resolved when a ticket is opened again


def test_staff_with_a_ticket_of_its_own_asks(whole, desk):
    assert [(e.kind, e.actor) for e in story(whole, desk.made["own"]) if e.kind == "reply"] == [("reply", "contact")]


def test_a_lifecycle_of_the_site_is_asked_for(whole, desk):
    row = whole.tickets[desk.made["parts"]]
    assert (row.status, row.status_raw) == ("open", "waiting for parts")
    states = [event.to_value for event in story(whole, desk.made["parts"]) if event.kind == "status"]
    assert states == ["new", "open"]  # no ticket is in "ordered" any more, but this one began there
    assert not [problem for problem in whole.problems if problem.resource == "status"]


def test_a_merged_ticket_says_where_it_went(whole, desk):
    row = whole.tickets[desk.made["twin"]]
    assert row.merged_into == key("ticket", desk.made["life"])


def test_staff_is_told_apart_although_lists_do_not_say(whole, desk):
    """Privileged and Disabled are empty in RT's lists, for all of them."""
    _status, raw = desk.raw("/users?" + urlencode({"fields": "Privileged,Disabled", "find_disabled_rows": 1}))
    assert b'"Privileged" : "1"' not in raw
    assert b'"Disabled" : "1"' not in raw
    active = {row.name: row.active for row in whole.rows["agent"]}
    assert active == {
        "Enoch Root": True,
        "Ana": True,
        "Ben": True,
        "Gone": False,
        "West": True,
        "Reader": True,
        "Clerk": True,
    }
    assert "agent" in whole.replaces


def test_assets_and_articles(whole):
    (asset,) = whole.rows["asset"]
    assert (asset.name, asset.serial, asset.ip, asset.mac) == ("web-1", "PF3ABC12", "10.0.0.7", "3C:52:82:00:00:01")
    assert (asset.os_family, asset.os_version, asset.owner, asset.state) == ("linux", "12", "Ben", "active")
    (article,) = whole.rows["document"]
    assert (article.kind, article.title, article.category) == ("kb", "Restart the switch", "General")
    assert {"asset", "document", "department"} <= whole.replaces


def test_the_whole_pull_is_complete_and_was_estimated(whole):
    assert (whole.incomplete, whole.rejects) == (set(), [])
    assert whole.batches[0].estimate.requests >= 3
    assert [row.name for row in whole.rows["department"]] == ["General", "Network", "Secret", "Hardware"]


def test_the_forecast_counts_the_accounts_that_are_asked_one_by_one(pulled, asked):
    """RT tells this login at once only who of the enabled accounts is staff; the rest is asked for. A second pull knows."""
    first = pulled("reader")
    said = first.batches[0].estimate.requests
    single = sum(path.startswith("/user/") for path, _params in asked)
    assert single > 4
    assert said > single + 4  # the accounts, and a page at least of each list
    second = pulled("reader", cursor=first.cursor)
    assert second.batches[0].estimate.requests <= said - single + 1


def test_a_reader_sees_the_same_and_says_what_not(pulled, whole, desk, connect):
    """SeeQueue, ShowTicket, ShowTicketComments: nothing is hidden but changes of custom fields, which is found out."""
    assert connect("reader").probe().modules["assets"] == "nothing is shown to the login"
    found = pulled("reader")
    assert found.incomplete == set()
    kinds = Counter(event.kind for event in whole.rows["event"])
    assert Counter(event.kind for event in found.rows["event"]) == kinds - Counter(field=1)
    assert set(found.tickets) == set(whole.tickets)
    assert {row.name for row in found.rows["agent"]} == {row.name for row in whole.rows["agent"]}
    said = " ".join(problem.message for problem in found.problems)
    assert all(right in said for right in ("SeeCustomField", "ShowAsset", "ShowArticle"))
    assert "asset" not in found.rows
    assert "asset" not in found.replaces


def test_hidden_entries_make_the_history_incomplete(pulled, desk):
    found = pulled("clerk", "ticket", "event", "slot", "department", user_limit=0)
    assert found.incomplete == {"event", "slot"}
    assert desk.made["secret"] not in found.tickets
    assert any("ShowTicketComments" in problem.message for problem in found.problems)
    assert any("may not see all" in p.message for p in found.problems if p.resource == "/queues/all")


def test_hidden_entries_are_not_forgotten_by_an_interruption_nor_by_the_next_pull(connect, small_pages, kit, desk):
    """The first ticket has an entry that is hidden, those after it have none, and then only one of these changes."""
    small_pages("/tickets", 1)
    wanted = kit.want("ticket", "event")
    part = []
    for batch in connect("clerk", user_limit=0).pull(None, wanted):
        part.append(batch)
        if batch.rows and batch.resource == "ticket":
            break
    before = kit.gather(part)
    assert set(before.tickets) == {desk.made["life"]}
    rest = kit.gather(connect("clerk", user_limit=0).pull(before.cursor, wanted))
    assert "event" in rest.incomplete
    desk.sql("UPDATE Tickets SET LastUpdated = datetime('now', '-3 days')")
    desk.sql("UPDATE Tickets SET LastUpdated = datetime('now') WHERE id = ?", desk.made["waiting"])
    later = kit.gather(connect("clerk", user_limit=0).pull(rest.cursor, wanted))
    assert "event" in later.incomplete
    assert set(later.tickets) == {desk.made["waiting"]}
    assert any("read before" in problem.message for problem in later.problems)
    further = kit.gather(
        connect("ana").pull(later.cursor, kit.want("ticket", "event", since=kit.want().since_at - 30 * 86400))
    )
    assert further.incomplete == set()  # more is asked for than was read, so that all is read anew in any case
    granted = kit.gather(connect("ana").pull(later.cursor, wanted))  # as if the login had been given the rights
    assert granted.incomplete == set()
    assert "note" in {event.kind for event in story(granted, desk.made["life"])}


def test_an_empty_page_in_the_middle_is_no_end(pulled, small_pages, desk):
    """Without a total RT gives empty pages where rows are hidden: here each page has one row, and one is a comment."""
    kept = "AND Type != 'EmailRecord' AND Type != 'CommentEmailRecord'"
    query = f"ObjectType = 'RT::Ticket' AND ObjectId = {desk.made['life']} {kept}"
    found = desk.sql(f"SELECT Type FROM Transactions WHERE {query} ORDER BY id")
    number = [kind for (kind,) in found].index("Comment") + 1
    asked = urlencode({"query": query, "orderby": "id", "per_page": 1, "page": number})
    raw = desk.ask("GET", f"/transactions?{asked}", who="clerk")
    assert (raw["count"], raw["total"], raw["pages"]) == (0, None, None)
    small_pages("/transactions", 1)
    events = story(pulled("clerk", "event", queues=["Network"], user_limit=0), desk.made["life"])
    assert {"reply", "transfer", "priority"} <= {event.kind for event in events}
    assert "note" not in {event.kind for event in events}


def test_a_pull_that_was_stopped_goes_on(connect, whole, small_pages, asked, kit):
    small_pages("/tickets", 3)
    part = []
    for batch in connect("ana").pull(None, kit.want("ticket", "event")):
        part.append(batch)
        if batch.resource == "ticket":
            break
    before = kit.gather(part)
    asked.clear()
    rest = kit.gather(connect("ana").pull(before.cursor, kit.want("ticket", "event")))
    assert {*before.tickets, *rest.tickets} == set(whole.tickets)
    assert not set(before.tickets) & set(rest.tickets)
    ids = [event.id for found in (before, rest) for event in found.rows["event"]]
    assert sorted(ids) == sorted(event.id for event in whole.rows["event"])
    assert "/users" not in {path for path, _params in asked}


def test_only_the_named_queues(pulled, desk):
    found = pulled("ana", "ticket", queues=["network"])
    assert set(found.tickets) == {desk.made["life"], desk.made["twin"]}  # the twin says only where it went
    with pytest.raises(SourceError, match="RT shows no queue called Netwrok") as caught:
        pulled("ana", "ticket", queues=["Netwrok"])
    assert caught.value.kind == "forbidden"
    assert "Network" in caught.value.hint


def test_where_staff_cannot_be_listed_it_is_met(pulled, desk):
    found = pulled("reader", "agent", "event", user_limit=0)
    assert found.incomplete == {"agent"}
    assert {"Ana", "Ben"} <= {row.name for row in found.rows["agent"]}
    replies = [e for e in story(found, desk.made["life"]) if e.kind == "reply"]
    assert [e.actor for e in replies] == ["agent"]


def test_what_is_not_wanted_is_not_asked(pulled, asked):
    found = pulled("ana", "document")
    assert set(found.rows) == {"document"}
    assert {path for path, _params in asked} == {"/articles"}


def test_a_pull_only_reads(pulled, desk, asked):
    """A denied change is answered with HTTP 200 by RT, so that a status proves nothing: the database does."""
    answer = desk.ask("PUT", f"/ticket/{desk.made['life']}", {"Subject": "x"}, who="reader")
    assert "Permission Denied" in str(answer)
    before = desk.sql("SELECT COUNT(*), MAX(id) FROM Transactions"), desk.sql("SELECT MAX(LastUpdated) FROM Tickets")
    pulled("ana")
    after = desk.sql("SELECT COUNT(*), MAX(id) FROM Transactions"), desk.sql("SELECT MAX(LastUpdated) FROM Tickets")
    assert before == after
    assert not any("attachment" in path or path.startswith("http") for path, _params in asked)


def test_mapping_levels_and_tags(pulled, desk):
    mapping = TicketMapping(
        priority=Priorities(field="Priority", values={"0": "P4", "50": "P2"}), category=Rule(field="Urgency"),
        service=Rule(department=True), type=Rule(tag="*", values={"low": "request"}),
    )  # fmt: skip
    levels = {"gold": Level(response="1h", resolve="1d", hours=False)}
    found = pulled("ana", "ticket", "ticket_tag", "policy", "event", mapping=mapping, levels=levels, tags="urgency")
    row = found.tickets[desk.made["life"]]
    assert (row.priority, row.category, row.service, row.type) == ("P2", "low", "Network", "request")
    assert [tag.tag for tag in found.rows["ticket_tag"] if tag.ticket_id == row.id] == ["low"]
    own, waiting = found.tickets[desk.made["own"]], found.tickets[desk.made["waiting"]]
    moments = range(3)  # the server counts from when it sets the date, not from when it made the ticket
    assert own.response_due_at - own.created_at - 3600 in moments
    assert own.resolve_due_at is None
    assert waiting.response_due_at is None  # opened by staff
    assert waiting.resolve_due_at - waiting.created_at - 86400 in moments
    assert [(p.name, p.response_s, p.resolve_s, p.has_hours) for p in found.rows["policy"]] == [
        ("gold", 3600, 86400, False)
    ]
    changes = [e for e in story(found, desk.made["life"]) if e.kind == "priority"]
    assert [(e.from_value, e.to_value) for e in changes] == [("P4", "P2")]


def test_a_sample_shows_what_a_mapping_can_read(connect, desk):
    seen = connect("ana").sample(50)
    one = next(found for found in seen if found.ticket.ext_id == str(desk.made["life"]))
    assert one.facts.fields["Urgency"] == "low"
    assert (one.facts.fields["Priority"], one.facts.department, one.status_raw) == ("50", "Network", "open")
    assert len(connect("ana").sample(2)) == 2


def test_a_password_serves_too(pulled, connect, monkeypatch):
    monkeypatch.setenv("TEST_RT_PASSWORD", "password")
    options = {"user": "root", "password": SecretRef(env="TEST_RT_PASSWORD")}
    assert connect("", **options).probe().authorised is True
    monkeypatch.setenv("TEST_RT_PASSWORD", "not this")
    assert connect("", **options).probe().authorised is False


def test_a_disabled_account_is_refused(connect, kit):
    connector = connect("gone")
    assert connector.probe().authorised is False
    with pytest.raises(SourceError) as caught:
        list(connector.pull(None, kit.want()))
    assert caught.value.kind == "auth"


def test_a_change_between_the_two_questions_is_no_hidden_entry(desk, monkeypatch, pulled):
    plain = history._is_whole
    calls = []

    def is_whole(api, query, rows):
        calls.append(query)
        if len(calls) == 1:
            body = {"Content": "in between", "ContentType": "text/plain"}
            desk.ask("POST", f"/ticket/{desk.made['secret']}/correspond", body)
        return plain(api, query, rows)

    monkeypatch.setattr(history, "_is_whole", is_whole)
    found = pulled("reader", "event", queues=["Secret"], user_limit=0)
    assert found.incomplete == set()
    assert any(e.kind == "reply" for e in story(found, desk.made["secret"]))


def test_attachments_are_not_asked_for_what_breaks_rt(pulled, desk, asked):
    """Their field Parent is HTTP 500 without a word, and their content is in base64 here and plain there."""
    query = urlencode({"query": '[{"field": "id", "operator": ">", "value": 0}]', "fields": "Parent"})
    assert desk.raw(f"/attachments?{query}") == (500, b"")
    pulled("ana")
    assert not any("attachment" in path or "Parent" in str(params) for path, params in asked)


def test_lists_have_no_tag_by_which_a_second_question_could_be_spared(desk):
    """Single things have one, and are not asked for twice."""
    for path, tagged in ((f"/ticket/{desk.made['life']}", True), ("/tickets?query=id>0", False), ("/users", False)):
        assert (desk.headers(path).get("ETag") is not None) is tagged


def test_a_merge_that_was_not_read_before_an_interruption_is_read_after_it(connect, small_pages, desk, kit):
    script = str(desk.folder / "merge.pl")
    others = [desk.ticket("Net down once more", who="ben") for _ in range(2)]
    for other in others:
        desk.perl(script, str(other), str(desk.made["life"]))
    small_pages("/transactions", 1)
    part = []
    for batch in connect("ana").pull(None, kit.want("ticket")):
        part.append(batch)
        if others[0] in kit.gather([batch]).tickets:
            break
    before = kit.gather(part)
    assert others[1] not in before.tickets
    rest = kit.gather(connect("ana").pull(before.cursor, kit.want("ticket")))
    assert {number: row.merged_into for number, row in rest.tickets.items()} == {
        others[1]: key("ticket", desk.made["life"])
    }


def test_rows_that_were_hidden_before_an_interruption_make_the_list_incomplete(
    connect, small_pages, desk, kit, monkeypatch
):
    """The first page has fewer rows than RT counted, the later ones are whole."""
    small_pages("/tickets", 3)
    plain, cut = Api.page, []

    def page(self, path, params, number=1, **more):
        found = plain(self, path, params, number, **more)
        if path != "/tickets" or more.get("size") == 1 or len(cut) == 2:
            return found
        cut.append(number)  # both times that it is asked for
        return msgspec.structs.replace(found, rows=found.rows[1:])

    monkeypatch.setattr(Api, "page", page)
    part = []
    for batch in connect("ana").pull(None, kit.want("ticket")):
        part.append(batch)
        if batch.rows and batch.resource == "ticket":
            break
    before = kit.gather(part)
    assert (before.incomplete, len(before.tickets)) == (set(), 2)
    rest = kit.gather(connect("ana").pull(before.cursor, kit.want("ticket")))
    assert rest.incomplete == {"ticket"}
    again = kit.gather(connect("ana").pull(rest.cursor, kit.want("ticket")))
    assert again.incomplete == set()
    assert desk.made["life"] in again.tickets  # the mark did not move: all is read again


def test_a_z_would_lose_the_time_of_day(desk):
    """Why no query has one: to RT the last second of today with a Z is its first."""
    end = time.strftime("%Y-%m-%dT23:59:59", time.gmtime())
    total = {
        mark: desk.ask("GET", "/tickets?" + urlencode({"query": f"Created > '{end}{mark}'"}))["total"]
        for mark in ("", "Z")
    }
    assert total[""] == 0
    assert total["Z"] > 0
    assert query_time(1795313311) == "2026-11-22 02:08:31"


def test_the_next_pull_brings_what_changed(pulled, desk, asked):
    """RT is asked for 26 hours more, because it reads times in the login's zone; here six hours west of UTC."""
    first = pulled("west", "ticket")
    other = desk.made["waiting"]
    desk.sql("UPDATE Tickets SET LastUpdated = datetime('now', '-3 hours')")
    changed = desk.ticket("After the first pull")
    plain = f"LastUpdated > '{query_time(first.cursor['mark'])}'"
    assert desk.ask("GET", "/tickets?" + urlencode({"query": plain}), who="west")["total"] == 0
    asked.clear()
    second = pulled("west", "ticket", cursor=first.cursor)
    assert set(second.tickets) & {changed, other} == {changed}
    queries = [params["query"] for path, params in asked if path == "/tickets" and "LastUpdated" in str(params)]
    assert queries
    assert not any("Z'" in query or "UTC" in query for query in queries)
