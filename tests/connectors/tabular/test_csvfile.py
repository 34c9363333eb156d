"""CsvTickets, one row per ticket: every column, and what is said of cells that make no sense."""

from datetime import UTC, datetime

import pytest

from deskaudit.errors import Cancelled, ConfigError
from deskaudit.model.keys import person_hash, row_key


def at(*parts: int) -> int:
    return int(datetime(*parts, tzinfo=UTC).timestamp())


FULL = """
[sources.desk]
type = "csv"
path = "t.csv"
zone = "Europe/Oslo"
decimal = ","
fields = ["Country"]
label_separator = " "
max_bad_share = 1.0

[sources.desk.columns]
key = "Id"
title = "Subject"
url = "Link"
channel = "Via"
status = "State"
type = "Kind"
category = "Topic"
service = "Product"
company = "Company"
department = "Group"
agent = "Agent"
requester = "Mail"
country = "Country"
created_at = "Created"
changed_at = "Changed"
first_response_at = "Answered"
resolved_at = "Solved"
closed_at = "Closed"
sla_level = "SLA"
response_due_at = "Answer due"
resolve_due_at = "Solve due"
response_met = "Answer met"
resolve_met = "Solve met"
overdue = "Late"
reply_count = "Replies"
reopen_count = "Reopens"
merged_into = "Merged"
labels = "Labels"
score = "Score"
rated_at = "Rated"
survey_sent_at = "Asked"
comment = "Comment"

[sources.desk.channels]
Web = "portal"

[sources.desk.flags]
Kept = true
Broken = false

[sources.desk.mapping.statuses]
"Waiting for us" = "open"

[sources.desk.mapping.waiting]
statuses = ["On hold"]

[sources.desk.mapping.priority]
field = "Prio"
values = { Urgent = "P1", Normal = "P3" }

[sources.desk.ratings]
scale = [1, 5]
words = { Good = 5 }
"""
HEADER = (
    "Id;Subject;Link;Via;State;Kind;Topic;Product;Company;Group;Agent;Mail;Country;Created;Changed;Answered;Solved;Closed;SLA;"
    "Answer due;Solve due;Answer met;Solve met;Late;Replies;Reopens;Merged;Labels;Labels;Score;Rated;Asked;Comment;Prio"
)
CELLS = {
    "Id": "T-1",
    "Subject": "Printer\x1b[31m is red",
    "Link": "https://desk.example/T-1",
    "Via": "web",
    "State": "solved?",
    "Kind": "Incident",
    "Topic": "Printing",
    "Product": "Print",
    "Company": "Nordlys AS",
    "Group": "First line",
    "Agent": "Kari Nordmann",
    "Mail": "Ola@Example.com",
    "Country": "NO",
    "Created": "2026-03-02 09:00:00.400",
    "Changed": "2026-03-03 10:00",
    "Answered": "2026-03-02 09:30:00.400",
    "Solved": "2026-03-02 11:00",
    "Closed": "2026-03-04",
    "SLA": "Gold",
    "Answer due": "2026-03-02 09:30",
    "Solve due": "2026-03-02",
    "Answer met": "kept",
    "Solve met": "Broken",
    "Late": "no",
    "Replies": "1,0",
    "Reopens": "0",
    "Merged": "T-0",
    "Labels": "vpn printer",
    "Score": "4,0",
    "Rated": "2026-03-05",
    "Asked": "2026-03-04",
    "Comment": "Thanks",
    "Prio": "urgent",
}


def table(*rows: dict[str, str]) -> str:
    lines = [HEADER]
    for number, row in enumerate(rows, start=1):
        cells = CELLS | {"Id": f"T-{number}"} | row
        labels = iter([cells["Labels"], "vpn"])  # the column stands there twice
        lines.append(";".join(next(labels) if name == "Labels" else cells[name] for name in HEADER.split(";")))
    return "\n".join(lines) + "\n"


def test_every_column_arrives(pull):
    pulled = pull(FULL, {"t.csv": table({"State": "Waiting for US"})})
    ticket = pulled.only("ticket")
    key = lambda entity, ext: row_key("desk", entity, ext)  # noqa: E731
    assert ticket.id == key("ticket", "T-1")
    assert (ticket.ext_id, ticket.code) == ("T-1", "T-1")
    assert ticket.title == "Printer[31m is red"  # the escape character is gone
    assert ticket.url == "https://desk.example/T-1"
    assert (ticket.channel, ticket.status, ticket.status_raw) == ("portal", "open", "Waiting for US")
    assert (ticket.type, ticket.category, ticket.service, ticket.company) == (
        "Incident",
        "Printing",
        "Print",
        "Nordlys AS",
    )
    assert ticket.priority == "P1"
    assert ticket.created_at == at(2026, 3, 2, 8, 0)  # Oslo is an hour ahead; the fraction is cut where things begin
    assert ticket.first_response_at == at(2026, 3, 2, 8, 30, 1)  # and rounded up where they are done
    assert ticket.response_due_at == at(2026, 3, 2, 8, 30)
    assert ticket.changed_at == at(2026, 3, 3, 9)
    assert ticket.resolved_at == at(2026, 3, 2, 10)
    assert ticket.closed_at == at(2026, 3, 3, 23)
    assert ticket.resolve_due_at == at(2026, 3, 2, 22, 59, 59)  # a due day lasts to its end
    assert (ticket.sla_level, ticket.vendor_response_met, ticket.vendor_resolve_met) == ("Gold", True, False)
    assert ticket.vendor_overdue is False
    assert (ticket.reply_count, ticket.reopen_count) == (1, 0)
    assert ticket.merged_into == key("ticket", "T-0")

    agent, group, contact = pulled.only("agent"), pulled.only("department"), pulled.only("contact")
    assert (agent.name, group.name) == ("Kari Nordmann", "First line")
    assert (ticket.agent_id, ticket.department_id, ticket.contact_id) == (agent.id, group.id, contact.id)
    assert contact.email_hash == person_hash("ola@example.com", b"key")
    assert (contact.country, contact.company) == ("NO", "Nordlys AS")
    assert "xample.com" not in repr(pulled.batches)

    assert sorted(tag.tag for tag in pulled.rows("ticket_tag")) == ["printer", "vpn"]
    field = pulled.only("ticket_field")
    assert (field.name, field.value, field.ticket_id) == ("Country", "NO", ticket.id)
    rating = pulled.only("rating")
    assert (rating.score, rating.scale_min, rating.scale_max, rating.satisfied, rating.low) == (4.0, 1, 5, True, False)
    assert (rating.sent_at, rating.rated_at) == (at(2026, 3, 3, 23), at(2026, 3, 4, 23))
    assert rating.has_comment is True
    assert (rating.ticket_id, rating.agent_id) == (ticket.id, agent.id)
    assert pulled.rejects == []


def test_two_pulls_give_the_same_rows(pull):
    text = table({}, {"Agent": "Per"})
    first, second = pull(FULL, {"t.csv": text}), pull(FULL, {"t.csv": text})
    assert [batch.rows for batch in first.batches] == [batch.rows for batch in second.batches]


def test_replaces_what_the_columns_can_fill(pull):
    small = '[sources.desk]\ntype = "csv"\npath = "t.csv"\n[sources.desk.columns]\nkey = "Id"\ncreated_at = "Created"\n'
    pulled = pull(small, {"t.csv": "Id,Created\n1,2026-01-02\n"})
    assert {batch.replaces for batch in pulled.batches} == {frozenset({"ticket"})}
    full = pull(FULL, {"t.csv": table({})})
    assert full.batches[0].replaces == {
        "ticket",
        "agent",
        "department",
        "contact",
        "rating",
        "ticket_tag",
        "ticket_field",
    }
    only = pull(FULL, {"t.csv": table({})}, entities=["ticket"])
    assert {type(row).__name__ for batch in only.batches for row in batch.rows} == {"Ticket"}


@pytest.mark.parametrize(
    ("cells", "column", "reason"),
    [
        ({"Solved": "2026-03-01 09:00"}, "Solved", "before the creation"),
        ({"Solved": "soon"}, "Solved", "no time"),
        ({"Changed": "2027-01-01"}, "Changed", "in the future"),
        ({"Answer met": "perhaps"}, "Answer met", "neither yes nor no"),
        ({"Replies": "many"}, "Replies", "no count"),
        ({"Replies": "1.5"}, "Replies", "no count"),  # under a decimal comma that is no number
        ({"Score": "9"}, "Score", "outside of ratings.scale"),
        ({"Score": "meh"}, "Score", "no score"),
    ],
)
def test_a_bad_cell_is_listed_and_the_ticket_kept_without_it(pull, cells, column, reason):
    pulled = pull(FULL, {"t.csv": table(cells)})
    (reject,) = pulled.rejects
    assert reject.place == "t.csv row 2"
    assert reject.reason.startswith(f"{column}: ")
    assert reason in reject.reason
    ticket = pulled.only("ticket")
    if column == "Solved":
        assert ticket.resolved_at is None
    if column == "Changed":
        assert ticket.changed_at is None


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"Id": ""}, "Id: a row without a key"),
        ({"Id": "n/a"}, "Id: a row without a key"),
        ({"Id": "T-1"}, 'Id: the key "T-1" was there before'),
        ({"Created": ""}, "Created: a ticket without a time"),
        ({"Created": "2026-13-01"}, "Created: no time"),
    ],
)
def test_a_bad_row_is_kept_out(pull, cells, reason):
    pulled = pull(FULL, {"t.csv": table({}, cells)})
    assert [ticket.ext_id for ticket in pulled.rows("ticket")] == ["T-1"]
    assert pulled.rejects[0].place == "t.csv row 3"
    assert pulled.rejects[0].reason.startswith(reason)


def test_a_row_with_two_faults_is_one_bad_row(pull):
    pulled = pull(FULL.replace("1.0", "0.5"), {"t.csv": table({}, {"Solved": "?", "Changed": "?"})})
    (reject,) = pulled.rejects
    assert reject.place == "t.csv row 3"
    assert reject.reason.startswith('Changed: no time that is known here: "?"; Solved: no time')
    assert pulled.incomplete == set()  # one of two rows, not two


def test_words_nobody_mapped_are_kept_counted_and_named(pull):
    pulled = pull(FULL, {"t.csv": table({"State": "Limbo", "Via": "Fax", "Prio": "Odd"}, {"State": "Limbo"})})
    first = pulled.rows("ticket")[0]
    assert (first.status, first.status_raw, first.channel, first.priority) == ("closed", "Limbo", None, None)
    told = {problem.resource: problem.message for problem in pulled.problems}
    assert '"Limbo" (2)' in told["status"]
    assert "sources.desk.mapping.statuses" in told["status"]
    assert '"Fax" (1)' in told["channel"]
    assert '"Odd" (1)' in told["priority"]


def test_an_unmapped_status_is_judged_by_the_times_or_not_at_all(pull):
    rows = ({"State": "Limbo"}, {"State": "Limbo", "Closed": "", "Solved": ""})
    pulled = pull(FULL, {"t.csv": table(*rows)})
    assert [ticket.status for ticket in pulled.rows("ticket")] == ["closed", "open"]
    assert "ticket" not in pulled.incomplete
    timeless = FULL.replace('closed_at = "Closed"\n', "").replace('resolved_at = "Solved"\n', "")
    assert timeless.count("\n") == FULL.count("\n") - 2
    pulled = pull(timeless.replace("1.0", "0.5"), {"t.csv": table(*rows)})
    assert [ticket.status for ticket in pulled.rows("ticket")] == ["unknown", "unknown"]
    assert "ticket" in pulled.incomplete, "nobody can tell which of them are open"


def test_waiting_states_and_own_words(pull):
    pulled = pull(FULL, {"t.csv": table({"State": "on hold"}, {"State": "CLOSED"}, {"State": "Resolved"})})
    assert [ticket.status for ticket in pulled.rows("ticket")] == ["postponed", "closed", "resolved"]


def test_without_a_status_column_the_times_speak(pull):
    text = FULL.replace('status = "State"\n', "")
    rows = ({}, {"Closed": ""}, {"Closed": "", "Solved": ""})
    assert [ticket.status for ticket in pull(text, {"t.csv": table(*rows)}).rows("ticket")] == [
        "closed",
        "resolved",
        "open",
    ]


def test_nobody_is_no_agent(pull):
    pulled = pull(FULL, {"t.csv": table({"Agent": "unassigned"}, {"Agent": ""}, {"Agent": "kari  NORDMANN"}, {})})
    tickets = pulled.rows("ticket")
    assert [ticket.agent_id for ticket in tickets[:2]] == [None, None]
    assert tickets[2].agent_id == tickets[3].agent_id == pulled.only("agent").id


def test_a_caller_is_one_contact_however_the_number_is_written(pull):
    numbers = ["+47 22 33 44 55", "+4722334455", "+47 22-33-44-55", "22 33 44 55"]
    pulled = pull(FULL, {"t.csv": table(*({"Mail": number} for number in numbers))})
    callers = [ticket.contact_id for ticket in pulled.rows("ticket")]
    assert len(set(callers[:3])) == 1
    assert callers[3] not in {None, callers[0]}  # whose country nobody knows


def test_an_agent_named_by_address_is_hashed(pull):
    agent = pull(FULL, {"t.csv": table({"Agent": "kari@example.com"})}).only("agent")
    assert (agent.name, agent.email_hash) == ("kari", person_hash("kari@example.com", b"key"))


@pytest.mark.parametrize("link", ["javascript:alert(1)", "ftp://x", "desk/1"])
def test_only_web_links_are_links(pull, link):
    pulled = pull(FULL, {"t.csv": table({}, {"Link": link}, {"Link": link}, {"Link": ""})})
    assert [ticket.url for ticket in pulled.rows("ticket")] == ["https://desk.example/T-1", None, None, None]
    told = [problem.message for problem in pulled.problems if "none of the web" in problem.message]
    assert told == ["2 tickets have an address that is none of the web, as T-2: it is left out."]


@pytest.mark.parametrize(
    ("score", "empty", "expected"),
    [
        ("", "unanswered", [None]),
        ("", "not_sent", []),
        ("Offered", "not_sent", [None]),
        ("Not offered", "unanswered", []),
        ("good", "not_sent", [5.0]),
    ],
)
def test_surveys_without_an_answer(pull, score, empty, expected):
    pulled = pull(FULL + f'empty = "{empty}"\n', {"t.csv": table({"Score": score, "Rated": ""})})
    assert [rating.score for rating in pulled.rows("rating")] == expected
    assert all(rating.rated_at is None for rating in pulled.rows("rating") if rating.score is None)
    cells = {"Score": score, "Rated": "", "Asked": ""}
    pulled = pull(FULL + f'empty = "{empty}"\n', {"t.csv": table(cells)})
    said = any("have no time of their own" in problem.message for problem in pulled.problems)
    assert said is (expected == [5.0])  # only what was answered can lack the time of its answer


def test_durations_from_creation(pull):
    text = FULL.replace("first_response_at", "first_response_after").replace("resolved_at", "resolved_after")
    text = text.replace('decimal = ","', 'decimal = ","\nduration_unit = "h"')
    rows = ({"Answered": "00:30:15", "Solved": "1,5"}, {"Answered": "2 days, 01:00:00", "Solved": "1h 30m"})
    first, second = pull(text, {"t.csv": table(*rows)}).rows("ticket")
    created = at(2026, 3, 2, 8)
    assert (first.first_response_at, first.resolved_at) == (created + 1815, created + 5400)
    assert (second.first_response_at, second.resolved_at) == (created + 2 * 86400 + 3600, created + 5400)


def test_a_bare_duration_needs_its_unit(pull):
    text = FULL.replace("resolved_at", "resolved_after")
    pulled = pull(text, {"t.csv": table({"Solved": "90"})})
    assert pulled.only("ticket").resolved_at is None
    assert "duration_unit" in pulled.rejects[0].reason


def test_two_files_and_a_row_that_stands_in_both(pull):
    first = table({}, {})
    second = table({}, {"Solved": "2026-03-02 12:00"}, {})
    pulled = pull(FULL.replace('"t.csv"', '["*.csv"]'), {"a.csv": first, "b.csv": second})
    assert [ticket.ext_id for ticket in pulled.rows("ticket")] == ["T-1", "T-2", "T-3"]
    assert not pulled.rejects
    assert any("1 row stands in two files" in problem.message for problem in pulled.problems)
    assert list(pulled.batches[-1].cursor["files"]) == ["a.csv", "b.csv"]
    assert pulled.batches[-1].done == len((first + second).encode())


def test_of_overlapping_exports_the_row_that_changed_last_counts(pull):
    """The older state of a ticket is no fault and no truth, whichever file it stands in; its tags go with it."""
    old = table({"State": "Open", "Labels": "old", "Changed": "2026-03-02 10:00", "Solved": ""}, {})
    new = table({"State": "Done", "Labels": "new", "Changed": "2026-03-03 10:00"})
    for files in ({"a.csv": old, "b.csv": new}, {"a.csv": new, "b.csv": old}):
        pulled = pull(FULL.replace('"t.csv"', '["a.csv", "b.csv"]'), files)
        (ticket,) = [row for row in pulled.rows("ticket") if row.ext_id == "T-1"]
        assert ticket.status_raw == "Done"
        assert [tag.tag for tag in pulled.rows("ticket_tag") if tag.ticket_id == ticket.id] == ["new", "vpn"]
        assert not pulled.rejects
        assert any("1 rows are older than a row" in problem.message for problem in pulled.problems)


def test_without_a_time_of_change_the_last_file_counts(pull):
    small = '[sources.desk]\ntype = "csv"\npath = ["b.csv", "a.csv"]\n[sources.desk.columns]\nkey = "Id"\n'
    small += 'created_at = "Created"\ntitle = "Subject"\n'
    files = {"a.csv": "Id,Created,Subject\n1,2026-01-02,a\n", "b.csv": "Id,Created,Subject\n1,2026-01-02,b\n"}
    pulled = pull(small, files)
    assert pulled.only("ticket").title == "a"
    assert any("in a later file, which counts" in problem.message for problem in pulled.problems)


KEYS = '[sources.desk]\ntype = "csv"\npath = "t.csv"\nmax_bad_share = 1.0\ncolumns = { key = "Id", created_at = "Created" }\n'


def told_of_keys(pull, *keys: str, config: str = KEYS) -> list[str]:
    pulled = pull(config, {"t.csv": "Id,Created\n" + "".join(f"{key},2026-08-01\n" for key in keys)})
    return [problem.message for problem in pulled.problems]


def test_keys_that_differ_by_case_or_zeros_are_tickets_of_their_own_and_told(pull):
    (told,) = told_of_keys(pull, "007", "7", "T-1", "t-1", "INC0012", "INC0013", "t-01")
    assert told.startswith(
        "3 keys differ from another one by capital letters or leading zeros only, as in t.csv row 2:"
    )
    assert told_of_keys(pull, "INC0012", "INC0013", "t-1", "t-2", "A007", "B7") == []


def test_a_line_of_totals_with_a_date_is_told(pull):
    (told,) = told_of_keys(pull, "1", "2", "3", "Total")
    assert told.startswith('"Total" has no digit, as all other keys do, and counts as a ticket.')
    assert 'sources.desk.comment = "Total"' in told
    assert told_of_keys(pull, "1", "2", "3", "Total", config=KEYS + 'comment = "Total"\n') == []
    assert told_of_keys(pull, "red", "green", "blue", "1") == []  # words are what keys are here
    assert told_of_keys(pull, "1", "2", "Total") == []  # too few to tell


def test_a_line_of_totals_that_is_kept_out_anyway_is_no_ticket(pull):
    pulled = pull(KEYS, {"t.csv": "Id,Created\n1,2026-08-01\n2,2026-08-01\n3,2026-08-01\nTotal,\n"})
    assert pulled.problems == []


def test_what_nobody_sees_around_a_word_is_no_part_of_it(pull):
    """Files of a Mac write e and an accent; joined files hold byte-order marks; web pages hold blanks without width."""
    rows = [
        {"Agent": "Jos\u00e9"},
        {"Agent": "Jose\u0301"},
        {"Agent": "\u200bJos\u00e9"},
        {"Agent": "\ufeffJos\u00e9 "},
    ]
    pulled = pull(FULL, {"t.csv": table(*rows)})
    assert [agent.name for agent in pulled.rows("agent")] == ["Jos\u00e9"]


def test_a_header_of_a_mac_is_found(pull):
    small = '[sources.desk]\ntype = "csv"\npath = "t.csv"\n[sources.desk.columns]\nkey = "N\u00famero"\n'
    pulled = pull(small + 'created_at = "Created"\n', {"t.csv": "Nu\u0301mero,Created\n1,2026-01-02\n"})
    assert pulled.only("ticket").ext_id == "1"


def test_faults_are_handed_on_while_the_file_is_read(pull):
    """A file of bad rows makes no pages; its faults must not gather in memory until the end."""
    pulled = pull(FULL, {"t.csv": table(*[{"Created": "soon"}] * 12_000)})
    assert [len(batch.rejects) for batch in pulled.batches] == [5000, 5000, 2000]


def test_dates_that_only_the_whole_file_decides(pull):
    rows = [
        {
            "Created": "02/03/2026 09:00",
            "Changed": "",
            "Answered": "",
            "Solved": "",
            "Closed": "",
            "Rated": "",
            "Asked": "",
        }
    ] * 700
    rows = [dict(row) for row in rows] + [{**rows[0], "Created": "13/03/2026 09:00"}]
    pulled = pull(FULL, {"t.csv": table(*rows)})
    assert pulled.rows("ticket")[0].created_at == at(2026, 3, 2, 8)
    assert any('dates = "dmy"' in problem.message for problem in pulled.problems)


def test_it_stops_when_asked(connector, tmp_path):
    (tmp_path / "t.csv").write_text(table(*[{}] * 5000), encoding="utf-8")
    from deskaudit.connectors.csvfile import CsvTickets
    from deskaudit.model.batches import Want

    with pytest.raises(Cancelled):
        list(connector(FULL, cancelled=lambda: True).pull(None, Want(entities=CsvTickets.fills, since_at=0)))


def test_the_probe_names_the_first_fault(pull, connector):
    pull(FULL, {"t.csv": table({}, {"Solved": "soon"})})
    probe = connector(FULL).probe()
    assert probe.reachable
    assert 't.csv row 3: Solved: no time that is known here: "soon"' in probe.message


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('key = "Id"', "", "columns"),
        ('created_at = "Created"', "", "created_at is needed"),
        ('Web = "portal"', 'Web = "fax"', '"fax" is no channel'),
        ('type = "Kind"', 'type = "Kind"\npriority = "Prio"', "both say"),
        ("scale = [1, 5]", "scale = [5, 1]", "scale"),
        ("max_bad_share = 1.0", "max_bad_share = 2.0", "max_bad_share"),
        ('title = "Subject"', 'titel = "Subject"', "unknown key sources.desk.columns.titel"),
    ],
)
def test_wrong_options_are_config_errors(pull, old, new, message):
    with pytest.raises(ConfigError, match=message):
        pull(FULL.replace(old, new), {"t.csv": table({})})


def test_every_option_has_its_sentence():
    from deskaudit.connectors.csvfile.options import Columns, CsvOptions, Log, Ratings
    from deskaudit.connectors.machines.assetlist import AssetColumns, AssetOptions

    for struct in (CsvOptions, Columns, Ratings, Log, AssetOptions, AssetColumns):
        assert struct.help
        assert set(struct.help) == set(struct.__struct_fields__)
