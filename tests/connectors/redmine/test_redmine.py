"""The connector against a real Redmine 5.0.4. Expected values are those of seed.rb, worked out by hand."""

import pytest

from deskaudit.connectors.mapping import Presence, Priorities, TicketMapping
from deskaudit.connectors.redmine import Options
from deskaudit.errors import Cancelled, SourceError
from deskaudit.model.keys import person_hash
from deskaudit.secrets import SecretRef

pytestmark = pytest.mark.realtool
RANKS = {"Urgent": "P1", "High": "P2", "Normal": "P3", "Low": "P4"}


def events_of(pulled, kit, number):
    key = kit.context().key("ticket", number)
    return sorted((one for one in pulled.rows("event") if one.ticket_id == key), key=lambda one: one.happened_at)


def told(event):
    return event.kind, event.actor, event.public, event.from_value, event.to_value


@pytest.fixture(scope="module")
def whole(site, tmp_path_factory):
    """One full pull by the key that may see everything, for the tests that only look."""
    from types import SimpleNamespace

    return SimpleNamespace(site=site, cache={})


@pytest.fixture
def admin(kit, whole):
    if "admin" not in whole.cache:
        mapping = TicketMapping(priority=Priorities(field="priority", values=RANKS))
        whole.cache["admin"] = kit.pull("admin", mapping=mapping)
    return whole.cache["admin"]


def test_a_ticket_with_its_history(admin, kit):
    one = admin.by_ext("ticket")[str(kit.site.ids["one"])]
    key, utc = kit.context().key, kit.utc
    assert (one.title, one.status, one.status_raw, one.priority) == ("Printer on fire", "closed", "Closed", "P1")
    assert (one.type, one.category) == ("Support", "Network")
    assert (one.department_id, one.agent_id) == (
        key("department", kit.site.ids["desk"]),
        key("agent", kit.site.ids["anna"]),
    )
    assert one.contact_id == key("contact", kit.site.ids["cora"])
    assert (one.created_at, one.changed_at) == (utc(2026, 3, 2, 9), utc(2026, 3, 3, 9))
    assert (one.first_response_at, one.resolved_at, one.closed_at) == (
        utc(2026, 3, 2, 9, 30), utc(2026, 3, 2, 11), utc(2026, 3, 3, 9),
    )  # fmt: skip
    assert one.resolve_due_at == utc(2026, 3, 5) - 1  # the fourth, to its end
    assert (one.reply_count, one.reopen_count, one.resolution_len) == (2, 0, len("Put out, with foam."))
    assert one.url.endswith("/issues/1")
    assert [told(event) for event in events_of(admin, kit, 1)] == [
        ("status", "contact", None, None, "new"),
        ("assign", "agent", None, None, None),
        ("status", "agent", None, "new", "open"),
        ("note", "agent", False, None, None),
        ("reply", "agent", True, None, None),
        ("reply", "contact", True, None, None),
        ("reply", "agent", True, None, None),
        ("status", "agent", None, "open", "resolved"),
        ("field", "agent", None, "soon", "now"),
        ("status", "agent", None, "resolved", "closed"),
    ]
    holders = [event.agent_id for event in events_of(admin, kit, 1)]
    assert holders == [None] + [key("agent", kit.site.ids["anna"])] * 9
    assert [event.text_len for event in events_of(admin, kit, 1) if event.text_len] == [14, 13, 9, 19]


def test_no_text_of_a_note_or_time_entry_is_kept(admin):
    kept = str([row for batch in admin.batches for row in batch.rows])
    for words in ("We are on it", "ask the vendor", "foam", "secret words", "long text", "example.org"):
        assert words not in kept
    assert "\x1b" not in kept
    assert "\u202e" not in kept


def test_opened_again_held_by_a_group_and_moved(admin, kit):
    """Redmine keeps closed_on of a ticket that was opened again, and names a group like a person."""
    two = admin.by_ext("ticket")[str(kit.site.ids["two"])]
    key, ids = kit.context().key, kit.site.ids
    assert (two.status, two.closed_at, two.resolved_at, two.reopen_count) == ("open", None, None, 1)
    assert (two.agent_id, two.team_id) == (None, key("department", f"group:{ids['group']}"))
    found = events_of(admin, kit, ids["two"])
    assert [told(event) for event in found] == [
        ("status", "contact", None, None, "new"),
        ("status", "agent", None, "new", "closed"),
        ("reply", "contact", True, None, None),
        ("status", "contact", None, "closed", "open"),
        ("transfer", "agent", None, "Backoffice", "Desk"),
        ("assign", "agent", None, None, None),
        ("priority", "agent", None, "P3", "P2"),
        ("field", "agent", None, None, None),
    ]
    assert [event.department_id for event in found] == [key("department", ids["back"])] * 4 + [
        key("department", ids["desk"])
    ] * 4


def test_closed_tickets_are_read_and_more_of_one_second_than_a_page_holds(admin, kit):
    tickets = admin.rows("ticket")
    bulk = [one for one in tickets if one.title.startswith("Bulk")]
    assert len(bulk) == 105
    assert {(one.status, one.closed_at, one.resolved_at) for one in bulk} == {
        ("closed", kit.utc(2026, 2, 1, 12), kit.utc(2026, 2, 1, 12))
    }


def test_an_old_ticket_comes_only_while_it_is_open(kit):
    pulled = kit.pull(entities=("ticket",), since=kit.utc(2026, 3, 1))
    assert {one.title for one in pulled.rows("ticket") if not one.title.startswith("From outside")} == {
        "Printer on fire", "No mail", "Audit [31mred", "Buy pills", "Old and open",
    }  # fmt: skip


def test_states_rejected_is_closed_and_nobody_in_particular_wrote_it(admin, kit):
    five = admin.by_ext("ticket")[str(kit.site.ids["five"])]
    assert (five.status, five.status_raw, five.contact_id) == ("closed", "Rejected", None)
    assert events_of(admin, kit, kit.site.ids["five"])[0].actor == "system"


def test_people_roles_and_departments(admin, kit):
    agents = {one.name: one for one in admin.rows("agent")}
    assert sorted(agents) == ["Anna Agent", "Ben Agent", "Lars Left", "Redmine Admin"]
    anna, ben, lars, root = (agents[name] for name in ("Anna Agent", "Ben Agent", "Lars Left", "Redmine Admin"))
    assert (anna.role, anna.active, anna.mfa, anna.department_id) == ("Developer, Manager", True, True, None)
    assert (anna.last_login_at, anna.password_changed_at) == (kit.utc(2026, 3, 2, 7), kit.utc(2026, 1, 5, 7))
    assert (ben.role, ben.mfa, ben.department_id) == (
        "Developer",
        False,
        kit.context().key("department", kit.site.ids["desk"]),
    )
    assert lars.active is False  # a locked account: left out of the list of users unless asked for
    assert (root.role, root.privileges) == ("admin", "admin")
    assert anna.email_hash == person_hash("anna@example.org", b"k" * 32)
    contacts = {one.email_hash for one in admin.rows("contact")}
    assert person_hash("cora@example.org", b"k" * 32) in contacts
    assert len(contacts) == 7
    assert sorted(one.name for one in admin.rows("department")) == ["Backoffice", "Desk", "Plain"]


def test_custom_fields_as_people_see_them(admin, kit):
    """The values of enumerations and yes-or-no fields are numbers; their words are told to administrators alone."""
    key = kit.context().key("ticket", kit.site.ids["one"])
    found = {one.name: one.value for one in admin.rows("ticket_field") if one.ticket_id == key}
    assert found == {"Urgency": "now", "Parts": "disk, cable", "Site": "Bergen", "Confirmed": "Yes"}


def test_time_entries_the_day_they_are_for_and_the_day_they_were_entered(admin, kit):
    slots = admin.by_ext("slot")
    utc = kit.utc
    assert [(one.kind, one.started_at, one.ended_at, one.entered_at) for _number, one in sorted(slots.items())] == [
        ("worked", utc(2026, 3, 2, 10), utc(2026, 3, 2, 11, 30), utc(2026, 3, 2, 11, 30)),
        ("worked", utc(2026, 3, 3) - 1 - 900, utc(2026, 3, 3) - 1, utc(2026, 3, 6, 8)),
        ("worked", utc(2026, 3, 4) - 1 - 7200, utc(2026, 3, 4) - 1, utc(2026, 3, 2, 18)),
        ("worked", utc(2026, 3, 4, 15), utc(2026, 3, 4, 16), utc(2026, 3, 4, 16)),
    ]
    assert slots["4"].ticket_id is None
    assert slots["1"].ticket_id == kit.context().key("ticket", kit.site.ids["one"])
    assert slots["1"].activity == "Design"


def test_days_end_where_the_desk_is(kit):
    pulled = kit.pull("reader", entities=("slot",), zone="Europe/Oslo")
    assert pulled.by_ext("slot")["2"].ended_at == kit.utc(2026, 3, 2, 23) - 1


def test_wiki_pages_are_documents(admin, kit):
    (page,) = admin.rows("document")
    assert (page.kind, page.title, page.version, page.category) == ("kb", "Mail setup", "1", "Desk")
    assert page.updated_at == kit.utc(2025, 6, 1, 8)
    assert page.url.endswith("/projects/desk/wiki/Mail_setup")


def test_the_first_batch_says_what_it_will_cost(admin):
    estimate = admin.batches[0].estimate
    assert estimate.requests >= 109  # a history each
    assert estimate.seconds == pytest.approx(estimate.requests / 100)


def test_a_wrong_key_on_an_open_site_is_refused_though_the_lists_answer_it(kit):
    """The trap: HTTP 200 with what everybody may see."""
    answer = kit.site.send("GET", "/issues.json?status_id=*", key="poor")
    assert "issues" in answer
    import requests

    seen = requests.get(f"{kit.site.url}/issues.json", headers={"X-Redmine-API-Key": "0" * 40}, timeout=30)
    assert seen.status_code == 200
    assert seen.json()["total_count"] > 0
    probe = kit.connector("0" * 40).probe()
    assert (probe.reachable, probe.authorised) == (True, False)
    with pytest.raises(SourceError, match="key is not accepted") as caught:
        kit.pull("0" * 40)
    assert caught.value.kind == "auth"
    assert "enables REST" in caught.value.hint


def test_what_a_poor_key_does_not_see_is_told_and_proves_no_deletion(kit):
    pulled = kit.pull("poor")
    assert not pulled.rows("ticket")
    assert {"ticket", "event", "slot"} <= pulled.incomplete()
    assert pulled.swept == frozenset()
    said = " ".join(problem.message for problem in pulled.problems)
    assert "its own tickets at most in Backoffice, Desk" in said
    assert "no private notes" in said
    assert "time entries" in said
    probe = kit.connector("poor").probe()
    assert probe.authorised
    assert "its own tickets at most" in probe.message


def test_a_good_key_without_administration_is_whole_but_for_addresses(kit):
    pulled = kit.pull("reader", since=kit.utc(2026, 3, 1))
    assert pulled.incomplete() == set()
    assert [problem.resource for problem in pulled.problems] == ["/users.json"]
    assert {one.kind for one in events_of(pulled, kit, 1)} >= {"note"}
    site = {one.value for one in pulled.rows("ticket_field") if one.name == "Site"}
    assert "2" in site  # the word for it is told to administrators alone


def test_a_member_who_is_outside_a_public_project_is_told(kit):
    """anna is no member of "plain", but that has no tickets; the probe of her key has nothing else to say."""
    pulled = kit.pull("anna", entities=("ticket",))
    assert not any("no member" in problem.message for problem in pulled.problems)


def test_events_cost_one_request_for_each_changed_ticket_and_nothing_where_they_are_not_wanted(kit):
    kit.pull(entities=("ticket",))
    assert kit.proxy.paths("/issues/") == []
    kit.proxy.requests.clear()
    since = kit.utc(2026, 3, 1)
    first = kit.pull(entities=("ticket", "event"), now=kit.NOW, since=since)
    assert len(kit.proxy.paths("/issues/")) == len(first.rows("ticket"))
    assert {request.params.get("limit") for request in kit.proxy.requests if request.path == "/issues.json"} <= {
        "100",
        "1",
    }
    kit.proxy.requests.clear()
    again = kit.pull(entities=("ticket", "event"), cursor=first.cursor, now=kit.NOW + 3600, since=since)
    assert len(kit.proxy.paths("/issues/")) < len(first.rows("ticket"))  # those of the overlap
    assert again.swept == frozenset()  # not due yet


def test_a_change_and_a_deletion_are_found_by_the_next_pull(kit):
    made = kit.site.send(
        "POST", "/issues.json", {"issue": {"project_id": kit.site.ids["desk"], "subject": "From outside", "tracker_id": 3, "priority_id": 2}}
    )["issue"]["id"]  # fmt: skip
    first = kit.pull(entities=("ticket", "event"), since=kit.utc(2026, 3, 1))
    assert first.by_ext("ticket")[str(made)].status == "new"
    assert first.swept == {"ticket"}
    assert kit.context().key("ticket", made) in first.present("ticket")
    kit.site.send("PUT", f"/issues/{made}.json", {"issue": {"status_id": 5, "notes": "done", "private_notes": True}})
    second = kit.pull(entities=("ticket", "event"), cursor=first.cursor, since=kit.utc(2026, 3, 1), now=kit.NOW + 60)
    assert sorted(told(event)[0] for event in events_of(second, kit, made)) == ["note", "status", "status"]
    assert second.by_ext("ticket")[str(made)].status == "closed"
    kit.site.send("DELETE", f"/issues/{made}.json")
    third = kit.pull(entities=("ticket",), cursor=second.cursor, since=kit.utc(2026, 3, 1), now=kit.NOW + 8 * 86400)
    assert third.swept == {"ticket"}
    assert kit.context().key("ticket", made) not in third.present("ticket")
    assert kit.context().key("ticket", kit.site.ids["four"]) in third.present("ticket")


def test_a_time_entry_that_was_deleted_is_missed_by_the_sweep(kit):
    body = {"time_entry": {"issue_id": kit.site.ids["one"], "hours": 0.5, "activity_id": 8, "spent_on": "2026-03-05"}}
    made = kit.site.send("POST", "/time_entries.json", body)["time_entry"]["id"]
    first = kit.pull(entities=("slot",))
    assert kit.context().key("slot", made) in first.present("slot")
    kit.site.send("DELETE", f"/time_entries/{made}.json")
    again = kit.pull(entities=("slot",), cursor=first.cursor, now=kit.NOW + 8 * 86400)
    assert again.swept == {"slot"}
    assert kit.context().key("slot", made) not in again.present("slot")


def test_a_ticket_that_is_deleted_between_list_and_history_is_left_out(kit):
    kit.proxy.before = lambda request: (404, b"") if request.path == "/issues/1.json" else None
    pulled = kit.pull(entities=("ticket", "event"), since=kit.utc(2026, 3, 1))
    assert "1" not in pulled.by_ext("ticket")
    assert pulled.incomplete() == set()


def test_a_pull_that_stopped_goes_on_where_it_was(kit, gathered):
    pull = kit.connector().pull(None, kit.want("ticket", "event"))
    begun = []
    for batch in pull:
        begun.append(batch)
        if sum(bool(one.rows) and one.resource == "ticket" for one in begun) == 4:
            break
    pull.close()
    before = gathered(begun)
    kit.proxy.requests.clear()
    rest = kit.pull(entities=("ticket", "event"), cursor=before.cursor)
    both = set(before.by_ext("ticket")) | set(rest.by_ext("ticket"))
    assert len(both) >= 110
    assert not set(before.by_ext("ticket")) & set(rest.by_ext("ticket"))
    assert len(kit.proxy.paths("/issues/")) == len(rest.rows("ticket"))


def test_rows_that_change_while_they_are_listed_push_no_other_over_the_edge(kit):
    """Page one is read; then its first ticket is changed and moves to the end: counting rows would lose one."""
    changed = []

    def before(request):
        if request.path == "/issues.json" and request.params.get("offset") == "99" and not changed:
            changed.append(True)
            kit.site.send("PUT", "/issues/20.json", {"issue": {"done_ratio": 10}})

    kit.proxy.before = before
    pulled = kit.pull(entities=("ticket",))
    assert changed
    numbers = {int(number) for number in pulled.by_ext("ticket")}
    assert set(range(1, 111)) <= numbers


def test_a_history_that_fails_is_told_and_asked_for_again(kit):
    kit.proxy.before = lambda request: (500, b"oops") if request.path == "/issues/1.json" else None
    first = kit.pull(entities=("ticket", "event"), since=kit.utc(2026, 3, 1))
    assert first.by_ext("ticket")["1"].status == "closed"  # as the list had it
    assert first.incomplete() == {"event"}
    kit.proxy.before = lambda request: None
    kit.proxy.requests.clear()
    again = kit.pull(entities=("ticket", "event"), since=kit.utc(2026, 3, 1), cursor=first.cursor, now=kit.NOW + 60)
    assert again.incomplete() == set()
    assert len(events_of(again, kit, 1)) == 10


def test_a_list_that_fails_leaves_the_others_alone(kit):
    kit.proxy.before = lambda request: (500, b"") if request.path == "/time_entries.json" else None
    pulled = kit.pull(entities=("ticket", "slot"))
    assert pulled.incomplete() == {"slot"}
    assert len(pulled.rows("ticket")) >= 110
    assert "slot" not in pulled.swept


def test_projects_of_the_config_alone(kit):
    pulled = kit.pull(projects=["back"], since=kit.utc(2026, 3, 1))
    assert [one.name for one in pulled.rows("department")] == ["Backoffice"]
    assert "Audit [31mred" in {one.title for one in pulled.rows("ticket")}
    assert "Printer on fire" not in {one.title for one in pulled.rows("ticket")}
    assert "/issues/1.json" not in kit.proxy.paths()
    assert {one.ext_id for one in pulled.rows("slot")} == {"3"}
    odd = kit.pull(projects=["bakc"], entities=("ticket",))
    assert "no project bakc" in " ".join(problem.message for problem in odd.problems)
    assert odd.incomplete() == {"ticket"}


def test_a_project_that_was_deleted_is_told_and_swept(kit):
    first = kit.pull(entities=("ticket",))
    cursor = {**first.cursor, "projects": {**first.cursor["projects"], "77": "gone"}}
    again = kit.pull(entities=("ticket",), cursor=cursor, now=kit.NOW + 8 * 86400)
    assert "Redmine no longer has gone" in " ".join(problem.message for problem in again.problems)
    assert again.swept == {"ticket"}
    assert "77" not in again.cursor["projects"]


def test_a_project_that_is_archived_is_no_deletion_of_its_tickets(kit):
    made = {"project": {"name": "Attic", "identifier": "attic"}}
    attic = kit.site.send("POST", "/projects.json", made)["project"]["id"]
    first = kit.pull("admin", entities=("ticket", "slot"))
    assert first.swept == {"ticket", "slot"}
    kit.site.send("PUT", f"/projects/{attic}/archive.json")
    later = kit.NOW + 8 * 86400
    second = kit.pull("admin", cursor=first.cursor, now=later)
    third = kit.pull("admin", entities=("ticket", "slot"), cursor=second.cursor, now=later + 8 * 86400)
    replaced = {entity for batch in second.batches for entity in batch.replaces}
    assert replaced == {"agent", "contact"}  # its department and its pages stay, too
    for pulled in (second, third):
        assert "no longer sees attic" in " ".join(problem.message for problem in pulled.problems)
        assert pulled.swept == set()
    remaining = kit.pull("admin", entities=("ticket",), cursor=third.cursor, now=later + 16 * 86400, projects=["desk"])
    assert remaining.swept == {"ticket"}  # the config says that the other is the desk's no more
    assert "attic" not in " ".join(problem.message for problem in remaining.problems)
    kit.site.send("PUT", f"/projects/{attic}/unarchive.json")
    fourth = kit.pull("admin", entities=("ticket", "slot"), cursor=third.cursor, now=later + 16 * 86400)
    assert fourth.swept == {"ticket", "slot"}
    kit.site.send("DELETE", f"/projects/{attic}.json")


def test_a_project_that_joins_later_brings_what_is_older_than_the_last_pull(kit):
    """Shown by the config or to the key: its tickets changed long before, and no list of changes tells of them."""
    wanted = {"entities": ("ticket", "slot"), "since": kit.utc(2026, 3, 1)}
    first = kit.pull(projects=["desk"], **wanted)
    assert "Printer on fire" in {one.title for one in first.rows("ticket")}
    assert "3" not in {one.ext_id for one in first.rows("slot")}
    kit.proxy.requests.clear()
    second = kit.pull(projects=["desk", "back"], cursor=first.cursor, now=kit.NOW + 3600, **wanted)
    assert "Audit [31mred" in {one.title for one in second.rows("ticket")}
    assert "3" in {one.ext_id for one in second.rows("slot")}
    assert {request.params["project_id"] for request in kit.proxy.requests if "project_id" in request.params} == {
        str(kit.site.ids["back"])
    }
    kit.proxy.requests.clear()
    third = kit.pull(projects=["desk", "back"], cursor=second.cursor, now=kit.NOW + 7200, **wanted)
    assert not [request for request in kit.proxy.requests if "project_id" in request.params]
    assert third.swept == set()


def test_no_project_joins_in_the_middle_of_the_first_pull(kit):
    pull = kit.connector().pull(None, kit.want("ticket", "slot", since=kit.utc(2026, 3, 1)))
    cursor = next(batch.cursor for batch in pull if batch.cursor and "changed" in batch.cursor["marks"])
    pull.close()
    kit.proxy.requests.clear()
    kit.pull(entities=("ticket", "slot"), cursor=cursor, since=kit.utc(2026, 3, 1))
    assert not [request for request in kit.proxy.requests if "project_id" in request.params]


def test_a_project_whose_older_tickets_fail_is_asked_for_again(kit):
    wanted = {"entities": ("ticket",), "since": kit.utc(2026, 3, 1)}
    first = kit.pull(projects=["desk"], **wanted)
    kit.proxy.before = lambda request: (500, b"") if "project_id" in request.params else None
    second = kit.pull(projects=["desk", "back"], cursor=first.cursor, now=kit.NOW + 3600, **wanted)
    assert "ticket" in second.incomplete()
    kit.proxy.before = lambda request: None
    third = kit.pull(projects=["desk", "back"], cursor=second.cursor, now=kit.NOW + 7200, **wanted)
    assert "Audit [31mred" in {one.title for one in third.rows("ticket")}


def test_agents_by_the_roles_the_config_names(kit):
    pulled = kit.pull(entities=("agent",), agent_roles=["Manager"])
    assert [one.name for one in pulled.rows("agent")] == ["Anna Agent"]
    odd = kit.pull(entities=("agent",), agent_roles=["Boss"])
    assert "No role is called Boss" in " ".join(problem.message for problem in odd.problems)


def test_a_former_agent_stays_known(kit):
    """Whoever holds a ticket without a role any more, or did so once, is an agent of the past."""
    pulled = kit.pull("admin", agent_roles=["Manager"], entities=("agent", "ticket"))
    assert {one.name: one.active for one in pulled.rows("agent")} == {
        "Redmine Admin": True,
        "Anna Agent": True,
        "Lars Left": False,
    }
    assert str(kit.site.ids["lars"]) in pulled.cursor["agents"]


def test_mapping_of_states_and_fields(kit):
    mapping = TicketMapping(
        priority=Priorities(field="Urgency", values={"now": "P1"}),
        statuses={"Resolved": "answered"},
        waiting=Presence(statuses=["In Progress"]),
    )
    pulled = kit.pull("reader", mapping=mapping, entities=("ticket", "event"), since=kit.utc(2026, 3, 1))
    assert pulled.by_ext("ticket")["1"].priority == "P1"
    assert pulled.by_ext("ticket")[str(kit.site.ids["two"])].status == "postponed"
    assert "answered" in {one.to_value for one in events_of(pulled, kit, 1)}


def test_a_sample_for_a_mapping(kit):
    seen = kit.connector("admin").sample(200)
    assert len(seen) == 100  # what a page holds
    (one,) = [one for one in seen if one.ticket.ext_id == "1"]
    assert one.status_raw == "Closed"
    assert one.facts.department == "Desk"
    assert {
        "Urgency": "now",
        "Site": "Bergen",
        "tracker": "Support",
        "priority": "Urgent",
        "category": "Network",
    }.items() <= one.facts.fields.items()
    assert "#" not in [one.ticket.ext_id for one in kit.connector().sample(3)]
    assert len(kit.connector().sample(3)) == 3


def test_a_probe_says_which_lists_the_key_may_read(kit):
    good = kit.connector("admin").probe()
    assert (good.reachable, good.authorised, good.hint) == (True, True, "")
    assert set(good.modules.values()) == {"ok"}
    less = kit.connector("reader").probe()
    assert [name for name, state in less.modules.items() if state != "ok"] == [
        "users (administrators only)", "custom fields (administrators only)",
    ]  # fmt: skip
    gone = kit.connector("reader", url="http://127.0.0.1:9").probe()
    assert gone.reachable is False


def test_the_key_goes_in_a_header_and_into_no_message(kit):
    key = kit.site.keys["reader"]
    kit.proxy.before = lambda request: (500, f"no {key}".encode())
    with pytest.raises(SourceError) as caught:
        kit.pull()
    assert key not in str(caught.value)
    assert all(key not in str(request.params) + request.path for request in kit.proxy.requests)


def test_a_pull_stops_when_it_is_asked_to(kit):
    stop = []

    def before(request):
        if request.path.startswith("/issues/"):
            stop.append(True)

    kit.proxy.before = before
    with pytest.raises(Cancelled):
        list(kit.connector(cancelled=lambda: bool(stop)).pull(None, kit.want()))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"url": "redmine.example.org"}, "no address"),
        ({"url": "http://redmine.example.org"}, "in clear"),
        ({"url": "https://me:pw@redmine.example.org"}, "login"),
        ({"requests_per_minute": 0}, "requests_per_minute"),
        ({"overlap": "soon"}, "duration"),
        ({"zone": "Mars/Base"}, "time zone"),
        ({"timeout_s": 0}, "timeout_s"),
    ],
)
def test_options_are_checked(options, said):
    with pytest.raises(ValueError, match=said):
        Options(**{"url": "https://x.org", "apikey": SecretRef(env="X"), **options})
    assert Options(url="https://x.org/redmine/projects/desk", apikey=SecretRef(env="X")).root == "https://x.org/redmine"
