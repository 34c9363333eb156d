"""Exports of known programs: hand-made files in the shapes that the facts page lists, and what they become."""

from datetime import UTC, datetime

import pytest

from deskaudit.connectors.csvfile import presets
from deskaudit.connectors.mapping import Seen
from deskaudit.errors import ConfigError, SourceError
from deskaudit.model.keys import person_hash, row_key


def at(*parts: int) -> int:
    return int(datetime(*parts, tzinfo=UTC).timestamp())


def source(preset: str, more: str = "", path: str = "t.csv") -> str:
    return f'[sources.desk]\ntype = "csv"\npath = "{path}"\npreset = "{preset}"\n{more}\n'


ZENDESK = (
    "Summation column,Id,Requester,Requester id,Requester email,Submitter,Assignee,Group,Subject,Tags,Status,Priority,Via,"
    "Ticket type,Created at,Updated at,Organization,Due date,Initially assigned at,Solved at,Satisfaction Score,"
    "Group stations,Assignee stations,Reopens,Replies,First reply time in minutes,Budget [list]\n"
    '1,77,Ola,1,ola@example.com,Ola,Kari,First line,"Printer, red",vpn printer,Solved,Urgent,Mail,Incident,2026-03-02 09:00,'
    "2026-03-03 10:00,Nordlys,,2026-03-02 09:05,2026-03-02 11:00,Good,1,1,2,3,30,x\n"
    "1,78,Ola,1,ola@example.com,Ola,,First line,Slow,,Pending,,Web form,Question,2026-03-04 09:00,"
    "2026-03-04 09:00,Nordlys,,,,Not offered,1,1,0,0,,x\n"
)
FRESHDESK = (
    "Ticket ID,Subject,Status,Priority,Source,Type,Agent,Group,Created time,Due by Time,Resolved time,Closed time,"
    "Last update time,Initial response time,Time tracked,First response time (in hrs),Resolution time (in hrs),"
    "Agent interactions,Customer interactions,Resolution status,First response status,Tags,Survey results,Full name,Email,Contact ID\n"
    "5,Down,Closed,High,Portal,Incident,Kari,IT,2026-03-02 09:00:00,2026-03-03 17:00:00,2026-03-02 12:00:00,2026-03-04 12:00:00,"
    '2026-03-04 12:00:00,2026-03-02 09:10:00,00:10:00,00:05:00,01:00:00,2,1,Within SLA,SLA Violated,"vpn,office",Extremely Happy,Ola,'
    "ola@example.com,9\n"
)
FRESHSERVICE = (
    "Ticket Id,Subject,Status,Priority,Source,Type,Agent,Group,Requester Name,Requester Email,Created Time,Due by Time,Resolved Time,"
    "Closed Time,Last Updated Time,Initial Response Time,First Response Time (in Hrs),Resolution Time (in Hrs),Category,Item,"
    "Resolution Status,Tags\n"
    "INC-5,Down,Pending,Low,Walk-up,Incident,No Agent,IT,Ola,ola@example.com,2026-03-02 09:00:00,2026-03-03 17:00:00,,,"
    "2026-03-04 12:00:00,2026-03-02 09:10:00,00:05:00,,Hardware,Laptop,,\n"
)
JIRA = (
    "\ufeffSummary,Issue key,Issue id,Issue Type,Status,Project key,Project name,Priority,Resolution,Assignee,Assignee Id,Reporter,"
    "Created,Updated,Last Viewed,Resolved,Due date,Labels,Labels,Description,Comment,Comment,Status Category\n"
    'VPN,IT-1,10001,Service Request,Waiting for customer,IT,IT desk,Highest,,Kari,a1,Ola,12/Mar/24 9:41 AM,13/Mar/24 1:00 PM,,,,vpn,home,"a\nb",'
    '"x","y",In Progress\n'
)
SERVICENOW = (
    "number,caller_id,short_description,priority,state,assignment_group,assigned_to,opened_at,resolved_at,closed_at,sys_created_on,"
    "sys_updated_on,sla_due,made_sla,category,close_code\n"
    "INC001,Ola,Down,1 - Critical,Resolved,Network,Kari,2026-03-02 09:00:00,2026-03-02 12:00:00,,2026-03-02 09:01:00,"
    "2026-03-02 12:00:00,2026-03-02 13:00:00,true,Hardware,Solved\n"
)
OSTICKET = (
    "\ufeffTicket Number;Date Created;Subject;From;From Email;Priority;Department;Help Topic;Source;Current Status;Last Updated;"
    "SLA Due Date;SLA Plan;Due Date;Closed Date;Overdue;Merged;Linked;Answered;Agent Assigned;Team Assigned;Thread Count;Reopen Count\r\n"
    "100234;2026-03-02 09:00:00;Down;Ola;ola@example.com;Emergency;Support;Network;Web;Closed;2026-03-03 09:00:00;2026-03-04 09:00:00;"
    "Default;;2026-03-03 09:00:00;1;0;0;1;Kari;;3;1\r\n"
)
GLPI = (
    "\ufeffID;Title;Entity;Opening date;Priority;Last update;Status;Type;Requester - Requester;Category;Assigned to - Technician;"
    "Assigned to - Technician group;Resolution date\n"
    '"12\u00a0345";Down;Root > Nord;2026-03-02 09:00;Very high;2026-03-03 09:00;Processing (assigned);Incident;Ola;Network;Kari;IT;\n'
)
GLPI_FRENCH = (
    "ID;Titre;Statut;Date d'ouverture;Dernière modification;Priorité;Demandeur - Demandeur;Attribué à - Technicien;Catégorie\n"
    "7;Panne;En cours (Attribué);02-03-2026 09:00;23-03-2026 09:00;Haute;Ola;Kari;Réseau\n"
)
LIVEAGENT = (
    "Ticket ID,Ticket code,Subject,Status,Department,Agent,Customer email,Date created,Date changed,Date resolved,Tags\n"
    'ab12,ABC-DEF,Down,R,Support,Kari,ola@example.com,2026-03-02 09:00:00,2026-03-03 09:00:00,2026-03-03 09:00:00,"vpn,x"\n'
)
SDP = (
    "Requests of March,,,,,,,\n,,,,,,,\n"
    "Request ID,Subject,Request Status,Created Time,Technician,Group,Priority,Completed Time,DueBy Time\n"
    "55,Down,Onhold,13/03/2026 02:05 PM,Not Assigned,IT,High,-,14/03/2026 02:05 PM\n"
)
RT = (
    "id\tSubject\tStatus\tQueueName\tOwnerName\tPriority\tRequestors\tCreated\tStarted\tTold\tLastUpdated\tDue\tResolved\tTimeWorked\tSLA\n"
    '4\t "never closed    x = 5" disk\tstalled\tGeneral\tNobody in particular\tHigh\tAnn B <ann@example.com>, <b@example.com>\t'
    "Sat Nov 21 21:09:05 2026\tNot set\tNot set\tSat Nov 21 21:10:05 2026\tNot set\tNot set\t50 minutes\t\n"
)
REDMINE = (
    "#,Project,Tracker,Parent task,Status,Priority,Subject,Author,Assignee,Updated,Category,Target version,Due date,Estimated time,"
    "Spent time,% Done,Created,Closed,Last updated by\n"
    "9,Desk,Bug,,Closed,Urgent,Down,Ola,Kari,11/21/2026 09:17 PM,Network,,,,1.50,100,11/20/2026 08:00 AM,11/21/2026 09:17 PM,Kari\n"
)
LATE = 1_795_000_000  # 2026-11-18
CASES = {
    "zendesk": (
        ZENDESK,
        {
            "ext_id": "77", "title": "Printer, red", "channel": "email", "status": "resolved", "status_raw": "Solved", "priority": "P1",
            "type": "Incident", "company": "Nordlys", "created_at": at(2026, 3, 2, 9), "changed_at": at(2026, 3, 3, 10),
            "first_response_at": at(2026, 3, 2, 9, 30), "resolved_at": at(2026, 3, 2, 11), "reply_count": 3, "reopen_count": 2,
        },
    ),
    "freshdesk": (
        FRESHDESK,
        {
            "ext_id": "5", "channel": "portal", "status": "closed", "priority": "P2", "type": "Incident",
            "created_at": at(2026, 3, 2, 9), "first_response_at": at(2026, 3, 2, 9, 10), "resolved_at": at(2026, 3, 2, 12),
            "closed_at": at(2026, 3, 4, 12), "resolve_due_at": at(2026, 3, 3, 17), "vendor_resolve_met": True,
            "vendor_response_met": False, "reply_count": 2,
        },
    ),
    "freshservice": (
        FRESHSERVICE,
        {
            "ext_id": "INC-5", "channel": "walkup", "status": "postponed", "priority": "P4", "category": "Hardware", "service": "Laptop",
            "agent_id": None, "first_response_at": at(2026, 3, 2, 9, 10), "resolved_at": None,
        },
    ),
    "jira": (
        JIRA,
        {
            "ext_id": "IT-1", "title": "VPN", "status": "answered", "priority": "P1", "type": "Service Request", "service": "IT desk",
            "created_at": at(2024, 3, 12, 9, 41), "changed_at": at(2024, 3, 13, 13), "resolved_at": None,
        },
    ),
    "servicenow": (
        SERVICENOW,
        {
            "ext_id": "INC001", "status": "resolved", "priority": "P1", "category": "Hardware", "created_at": at(2026, 3, 2, 9),
            "resolved_at": at(2026, 3, 2, 12), "resolve_due_at": at(2026, 3, 2, 13), "vendor_resolve_met": True,
        },
    ),
    "osticket": (
        OSTICKET,
        {
            "ext_id": "100234", "channel": "form", "status": "closed", "priority": "P1", "category": "Network", "sla_level": "Default",
            "closed_at": at(2026, 3, 3, 9), "resolve_due_at": at(2026, 3, 4, 9), "vendor_overdue": True, "reopen_count": 1,
        },
    ),
    "glpi": (
        GLPI,
        {
            "ext_id": "12 345", "status": "open", "priority": "P1", "company": "Root > Nord", "category": "Network",
            "created_at": at(2026, 3, 2, 9), "resolved_at": None,
        },
    ),
    "liveagent": (
        LIVEAGENT,
        {"ext_id": "ab12", "status": "resolved", "status_raw": "R", "created_at": at(2026, 3, 2, 9), "resolved_at": at(2026, 3, 3, 9)},
    ),
    "servicedeskplus": (
        SDP,
        {
            "ext_id": "55", "status": "postponed", "priority": "P2", "agent_id": None, "created_at": at(2026, 3, 13, 14, 5),
            "closed_at": None, "resolve_due_at": at(2026, 3, 14, 14, 5),
        },
    ),
    "requesttracker": (
        RT,
        {
            "ext_id": "4", "title": '"never closed x = 5" disk', "status": "postponed", "priority": "P2", "agent_id": None,
            "created_at": at(2026, 11, 21, 21, 9, 5), "resolved_at": None, "resolve_due_at": None,
        },
    ),
    "redmine": (
        REDMINE,
        {
            "ext_id": "9", "status": "closed", "priority": "P1", "type": "Bug", "category": "Network",
            "created_at": at(2026, 11, 20, 8), "changed_at": at(2026, 11, 21, 21, 17), "closed_at": at(2026, 11, 21, 21, 17),
        },
    ),
}  # fmt: skip


@pytest.mark.parametrize("preset", CASES)
def test_a_file_of_each_program(pull, preset):
    content, expected = CASES[preset]
    pulled = pull(source(preset), {"t.csv": content}, now=1_800_000_000)
    ticket = pulled.rows("ticket")[0]
    assert {name: getattr(ticket, name) for name in expected} == expected
    assert pulled.rejects == []
    assert pulled.incomplete == set()


def test_servicenow_as_excel(pull, xlsx):
    rows = [
        ["Number", "Opened", "Short description", "Caller", "Priority", "State", "Assignment group", "Assigned to", "Updated"],
        ["INC001", ("time", 46083.375), "Down", "Ola", "2 - High", "On Hold", "Network", "Kari", ("time", 46083.5)],
    ]  # fmt: skip
    pulled = pull(source("servicenow-labels", path="t.xlsx"), {"t.xlsx": xlsx({"Page 1": rows})})
    ticket = pulled.only("ticket")
    assert (ticket.created_at, ticket.changed_at) == (at(2026, 3, 2, 9), at(2026, 3, 2, 12))
    assert (ticket.status, ticket.priority, ticket.title) == ("postponed", "P2", "Down")


def test_what_else_a_zendesk_file_says(pull):
    pulled = pull(source("zendesk"), {"t.csv": ZENDESK})
    second = pulled.rows("ticket")[1]
    assert (second.status, second.priority, second.agent_id, second.channel) == ("answered", None, None, "form")
    assert [rating.score for rating in pulled.rows("rating")] == [1.0]  # "Not offered" is no survey
    assert sorted(tag.tag for tag in pulled.rows("ticket_tag")) == ["printer", "vpn"]
    assert pulled.only("contact").email_hash == person_hash("ola@example.com", b"key")
    assert "ticket_field" not in pulled.batches[0].replaces


def test_labels_that_stand_in_several_columns(pull):
    assert sorted(tag.tag for tag in pull(source("jira"), {"t.csv": JIRA}).rows("ticket_tag")) == ["home", "vpn"]


def test_the_address_in_pointed_brackets_is_the_person(pull):
    contact = pull(source("requesttracker"), {"t.csv": RT}, now=1_800_000_000).only("contact")
    assert contact.email_hash == person_hash("ann@example.com", b"key")


def test_french_headers(pull):
    ticket = pull(source("glpi"), {"t.csv": GLPI_FRENCH}).only("ticket")
    assert (ticket.status, ticket.priority, ticket.category) == ("open", "P2", "Réseau")
    assert (ticket.created_at, ticket.changed_at) == (at(2026, 3, 2, 9), at(2026, 3, 23, 9))


def test_a_day_that_may_be_a_month_is_never_guessed(pull):
    text = REDMINE.replace("11/21/2026", "11/12/2026").replace("11/20/2026", "11/10/2026")
    with pytest.raises(SourceError, match=r"can be 2026-12-11 .* or 2026-11-12"):
        pull(source("redmine"), {"t.csv": text}, now=1_800_000_000)
    ticket = pull(source("redmine", 'dates = "mdy"'), {"t.csv": text}, now=1_800_000_000).only("ticket")
    assert ticket.created_at == at(2026, 11, 10, 8)


def test_variants_of_a_column_and_columns_that_are_not_there(pull):
    pulled = pull(source("zendesk"), {"t.csv": "Ticket ID,Ticket status,Requested\n5,Hold,2026-03-02 09:00\n"})
    ticket = pulled.only("ticket")
    assert (ticket.ext_id, ticket.status, ticket.created_at) == ("5", "postponed", at(2026, 3, 2, 9))
    assert pulled.batches[0].replaces == {"ticket"}  # no score column: no ratings, and not none
    assert pulled.problems == []


def test_files_with_different_columns(pull):
    files = {
        "a.csv": "Id,Status,Created at\n5,Open,2026-03-02 09:00\n",
        "b.csv": "Ticket ID,Status,Created at,Satisfaction Score,Subject\n6,Open,2026-03-02 09:00,Bad,Slow\n",
    }
    pulled = pull(source("zendesk", path="*.csv"), files)
    assert [(ticket.ext_id, ticket.title) for ticket in pulled.rows("ticket")] == [("5", None), ("6", "Slow")]
    assert [rating.score for rating in pulled.rows("rating")] == [0.0]
    assert pulled.rejects == []


def test_a_file_without_the_key_is_refused(pull):
    with pytest.raises(SourceError, match=r'no column "Id" .nor "Ticket ID"'):
        pull(source("zendesk"), {"t.csv": "Status,Created at\nOpen,2026-03-02 09:00\n"})


def test_the_users_keys_win(pull):
    more = """
nobody = ["Kari"]
[sources.desk.columns]
title = "Group"
resolved_after = "Replies"
category = "Ticket type"
[sources.desk.mapping.statuses]
Solved = "closed"
[sources.desk.mapping.priority]
field = "Organization"
values = { Nordlys = "P4" }
"""
    ticket = pull(source("zendesk", more), {"t.csv": ZENDESK}).rows("ticket")[0]
    assert (ticket.title, ticket.status, ticket.priority) == ("First line", "closed", "P4")
    assert (ticket.agent_id, ticket.category, ticket.type) == (None, "Incident", "Incident")
    assert ticket.resolved_at == at(2026, 3, 2, 9, 3)  # the preset's Solved at is not read beside it
    assert ticket.channel == "email"  # what the user does not name stays the preset's


def test_a_users_own_column_must_be_there(pull):
    with pytest.raises(SourceError, match='no column "Urgency"'):
        pull(source("zendesk", '[sources.desk.mapping.priority]\nfield = "Urgency"\n'), {"t.csv": ZENDESK})


@pytest.mark.parametrize(("name", "near"), [("zendsk", "did you mean zendesk"), ("x", "Known: freshdesk")])
def test_an_unknown_preset_is_a_config_error(pull, name, near):
    with pytest.raises(ConfigError, match=near):
        pull(source(name), {"t.csv": ZENDESK})


def test_without_a_preset_the_columns_are_needed(pull):
    with pytest.raises(ConfigError, match=r"columns\.key is needed"):
        pull('[sources.desk]\ntype = "csv"\npath = "t.csv"\n', {"t.csv": ZENDESK})


def test_all_presets_are_checked(tmp_path):
    for name, preset in presets.load().items():
        assert preset.tested.startswith(("real", "fixture")), name
        assert preset.notes, name
        known = presets.known_columns(preset)
        assert all(mark.casefold() for mark in preset.marks), name
        assert known, name
    bad = tmp_path / "bad.toml"
    whole = 'title = "x"\ntested = "fixture"\nnotes = "x"\nmarks = []\n[columns]\nkey = ["Id"]\ncreated_at = ["At"]\n'
    for text, message in [
        (whole.replace("key", "kay"), "kay"),
        (whole + '[mapping.statuses]\nOpen = "opened"\n', "opened"),
        (whole + '[channels]\nFax = "fax"\n', "fax"),
        (whole.replace("marks", "mark"), "mark"),
        ("title =", "TOML"),
    ]:
        bad.write_text(text, encoding="utf-8")
        with pytest.raises(ConfigError, match=message):
            presets.read(bad)


@pytest.mark.parametrize("encoding", ["cp850", "cp1252", "utf-8-sig", "utf-16"])
def test_the_same_file_in_every_encoding_gives_the_same_rows(pull, encoding):
    text = FRESHDESK.replace("Down", "Ærlig øl på kafé").replace("Kari", "Kåre Ångström")
    told = "" if encoding.startswith("utf") else f'encoding = "{encoding}"'
    plain = pull(source("freshdesk"), {"t.csv": text.encode()})
    other = pull(source("freshdesk", told), {"t.csv": text.encode(encoding)})
    rows = [row for batch in plain.batches for row in batch.rows]
    assert any(row.ext_id == "5" and row.title == "Ærlig øl på kafé" for row in rows)
    assert rows == [row for batch in other.batches for row in batch.rows]


def test_a_sample_shows_the_latest_tickets_with_all_their_columns(pull, connector):
    pull(source("zendesk"), {"t.csv": ZENDESK})
    seen: list[Seen] = connector(source("zendesk")).sample(1)
    (one,) = seen
    assert one.ticket.id == row_key("desk", "ticket", "78")
    assert one.status_raw == "Pending"
    assert one.facts.fields["Budget [list]"] == "x"
    assert one.facts.fields["Ticket type"] == "Question"
    assert one.facts.department == "First line"
    assert not {"Requester email", "Assignee", "Subject"} & one.facts.fields.keys()
    two = connector(source("zendesk")).sample(5)[1]
    assert list(two.facts.tags) == ["vpn", "printer"]


def test_a_sample_of_events(pull, connector):
    text = (
        '[sources.desk]\ntype = "csv"\npath = "t.csv"\nshape = "events"\n[sources.desk.columns]\nkey = "No"\nhappened_at = "At"\n'
        'status = "State"\n'
    )
    rows = "No,At,State,Impact\nA,2026-03-02,Open,low\nB,2026-03-03,Open,high\nA,2026-03-04,Shut,medium\n"
    pull(text, {"t.csv": rows})
    first, second = connector(text).sample(2)
    assert (first.ticket.ext_id, first.facts.fields["Impact"]) == ("B", "high")
    assert (second.ticket.ext_id, second.status_raw, second.facts.fields["Impact"]) == ("A", "Shut", "medium")


@pytest.mark.parametrize("preset", ["servicenow", "servicenow-labels"])
def test_a_due_time_that_servicenow_does_not_know_is_none(pull, preset):
    text = SERVICENOW.replace("2026-03-02 13:00:00", "UNKNOWN")
    if preset == "servicenow-labels":
        for name, label in (("number", "Number"), ("opened_at", "Opened"), ("sla_due", "SLA due"), ("state", "State")):
            text = text.replace(name, label, 1)
    pulled = pull(source(preset), {"t.csv": text})
    assert (pulled.rejects, pulled.only("ticket").resolve_due_at) == ([], None)
