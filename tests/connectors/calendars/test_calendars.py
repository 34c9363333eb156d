"""Shifts, bookings and absences from iCalendar files."""

import tomllib
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from deskaudit import connectors
from deskaudit.config import Source
from deskaudit.connectors import Context
from deskaudit.errors import ConfigError, SourceError
from deskaudit.model.batches import Want
from deskaudit.model.keys import person_hash, row_key

NOW = 1_790_000_000  # 2026-09-21T14:13:20Z


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).astimezone(UTC).timestamp())


def event(*lines: str) -> str:
    return "\r\n".join(["BEGIN:VEVENT", *lines, "END:VEVENT", ""])


def calendar(*events: str, name: str = "") -> str:
    head = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//EN\r\n" + (f"X-WR-CALNAME:{name}\r\n" if name else "")
    return head + "".join(events) + "END:VCALENDAR\r\n"


CONFIG = '[sources.desk]\ntype = "calendar"\npath = "*.ics"\nzone = "Europe/Oslo"\n'
KARI = "ORGANIZER;CN=Kari:mailto:Kari@example.com"
SHIFT = event(
    "UID:s1", KARI, "SUMMARY:Early shift", "DTSTART;TZID=Europe/Oslo:20261019T080000",
    "DTEND;TZID=Europe/Oslo:20261019T160000", "RRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=3",
)  # fmt: skip


@pytest.fixture
def slots(pull):
    def run(text: str, *events: str, options: str = "", file: str = "a.ics", name: str = ""):
        pulled = pull(text + options, {file: calendar(*events, name=name)})
        return pulled, pulled.rows("slot")

    return run


def test_a_series_keeps_its_hour_when_the_clocks_change(slots):
    pulled, found = slots(CONFIG, SHIFT)
    assert [(slot.started_at, slot.ended_at) for slot in found] == [
        (at("2026-10-19T08:00+02:00"), at("2026-10-19T16:00+02:00")),
        (at("2026-10-26T08:00+01:00"), at("2026-10-26T16:00+01:00")),
        (at("2026-11-02T08:00+01:00"), at("2026-11-02T16:00+01:00")),
    ]
    assert {(slot.kind, slot.activity) for slot in found} == {("shift", "shift")}
    agent = pulled.only("agent")
    assert agent.email_hash == person_hash("kari@example.com", b"key")
    assert {slot.agent_id for slot in found} == {agent.id}
    assert len({slot.id for slot in found}) == 3
    assert pulled.batches[-1].replaces == {"slot", "agent"}


def test_moved_and_cancelled_days(slots):
    moved = event("UID:s1", KARI, "SUMMARY:Early shift", "RECURRENCE-ID;TZID=Europe/Oslo:20261026T080000",
                  "DTSTART;TZID=Europe/Oslo:20261027T100000", "DTEND;TZID=Europe/Oslo:20261027T120000")  # fmt: skip
    without = SHIFT.replace("COUNT=3", "COUNT=3\r\nEXDATE;TZID=Europe/Oslo:20261102T080000")
    _pulled, found = slots(CONFIG, without, moved)
    assert [slot.started_at for slot in found] == [at("2026-10-19T08:00+02:00"), at("2026-10-27T10:00+01:00")]


def test_kinds(slots):
    def one(number: int, *lines: str) -> str:
        return event(f"UID:{number}", KARI, f"DTSTART:202609{number}T080000Z", "DURATION:PT1H", *lines)

    pulled, found = slots(
        CONFIG,
        one(10, "SUMMARY:Printer at #4711", "CATEGORIES:Site visit,Big"),
        one(11, "SUMMARY:Sick"),
        one(12, "SUMMARY:Reading", "TRANSP:TRANSPARENT"),
        one(13, "SUMMARY:On call", "TRANSP:TRANSPARENT"),
        one(14, "SUMMARY:Meeting", "STATUS:CANCELLED"),
        options='booked = ["site visit"]\ntickets_of = "liveagent"\nticket_pattern = "#(\\\\d+)"\n',
    )
    assert [(slot.kind, slot.activity) for slot in found] == [
        ("booked", "Site visit"), ("off", "sick"), ("shift", "on call"),
    ]  # fmt: skip
    assert [slot.ticket_id for slot in found] == [row_key("liveagent", "ticket", "4711"), None, None]
    assert "4711" not in repr(pulled.batches)
    _pulled, found = slots(CONFIG, one(10, "SUMMARY:Lunch"), options='kind = "none"\n')
    assert found == []


def test_whole_days_and_floating_times_are_the_zones(slots):
    whole = event("UID:1", KARI, "SUMMARY:Vacation", "DTSTART;VALUE=DATE:20260910", "DTEND;VALUE=DATE:20260912")
    floating = event("UID:2", KARI, "SUMMARY:Visit", "DTSTART:20260915T080000", "DTEND:20260915T090000")
    _pulled, (first, second) = slots(CONFIG, whole, floating)
    assert (first.started_at, first.ended_at) == (at("2026-09-10T00:00+02:00"), at("2026-09-12T00:00+02:00"))
    assert second.started_at == at("2026-09-15T08:00+02:00")


def test_whose_time_it_is(slots):
    lines = (
        "UID:1", KARI, "SUMMARY:Ola on duty", "DTSTART:20260915T080000Z", "DTEND:20260915T090000Z",
        "ATTENDEE;PARTSTAT=DECLINED:mailto:no@example.com", "ATTENDEE:mailto:per@example.com", "ATTENDEE:mailto:eva@example.com",
    )  # fmt: skip
    names = {
        "attendee": ["per", "eva"], "organizer": ["Kari"], "calendar": ["Team Nord"], "file": ["ola"],
        "summary": ["Ola Normann"],
    }  # fmt: skip
    for by, expected in names.items():
        people = 'people = { "ola on" = "Ola Normann", ol = "wrong" }\n' if by == "summary" else ""
        pulled, found = slots(
            CONFIG, event(*lines), options=f'agent = "{by}"\n{people}', file="ola.ics", name="Team Nord"
        )
        assert [agent.name for agent in pulled.rows("agent")] == expected
        assert len(found) == len(expected)
    pulled, found = slots(CONFIG, event(*lines), options='agents_of = "hr"\n', file="ola.ics")
    assert found[0].agent_id == row_key("hr", "agent", "@kari@example.com")
    assert pulled.batches[-1].replaces == {"slot"}


def test_events_that_name_nobody_are_told(slots):
    bare = event("UID:n1", "SUMMARY:Early shift", "DTSTART:20260921T080000Z", "DURATION:PT1H")
    pulled, found = slots(CONFIG, bare)
    assert found == []
    (problem,) = pulled.problems
    assert "1 event of a.ics is left out: its organizer names nobody." in problem.message
    assert "sources.desk.agent" in problem.message
    assert problem.entities == ()
    pulled, found = slots(CONFIG, bare, options='agent = "file"\n')
    assert (len(found), pulled.problems) == (1, [])


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (("SUMMARY:x",), "no beginning"),
        (("DTSTART:soon",), "DTSTART"),
        (("DTSTART:20260901T080000Z", "RRULE:FREQ=SECONDLY"), "it repeats SECONDLY"),
        (("DTSTART:20260901T080000Z", "RRULE:FREQ=DAILY;INTERVAL=0"), "its INTERVAL is no count"),
        (("DTSTART:20260901T080000Z", "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"), "a day that no month has"),
        (("DTSTART:20260901T080000Z", "RRULE:FREQ=DAILY;BYHOUR=8,9,10,11,12;BYMINUTE=1,2,3,4,5,6,7,8,9,10"), "50 times a day"),
        (("DTSTART:19010901T080000Z", "RRULE:FREQ=DAILY"), "before 1970"),
        (("DTSTART:20260901T080000Z", "DTEND:20260831T080000Z"), "ends before it begins"),
        (("DTSTART:20260901T080000Z", "RRULE:FREQ=DAILY;UNTIL=20200101T000000Z"), "until a day before its first"),
        (("DTSTART;VALUE=DATE:20260901", "RRULE:FREQ=DAILY;UNTIL=20200101"), "until a day before its first"),
        (("DTSTART;TZID=Mars/Olympus:20260901T080000", "DTEND:20260901T160000Z"), "its time zone Mars/Olympus is neither"),
        (("DTSTART:20260901T080000Z", "DTEND;TZID=Mars/Olympus:20260901T160000"), "its time zone Mars/Olympus is neither"),
    ],
)  # fmt: skip
def test_a_bad_event_spoils_itself_alone(slots, lines, says):
    pulled, found = slots(CONFIG, event("UID:bad", *lines), SHIFT)
    assert says in pulled.rejects[0].reason
    assert pulled.rejects[0].place == "a.ics event bad"
    assert pulled.incomplete == {"slot"}
    assert len(found) == 3


def test_one_bad_file_leaves_the_others(pull):
    pulled = pull(CONFIG, {"a.ics": calendar(SHIFT), "b.ics": b"\xff\xfe"})
    assert len(pulled.rows("slot")) == 3
    assert pulled.incomplete == {"slot"}
    assert "b.ics cannot be read as a calendar: it is no UTF-8 text (byte 0)." in pulled.problems[0].message


def test_the_probe(pull, connector):
    pull(CONFIG, {"a.ics": calendar(SHIFT)})
    assert connector(CONFIG).probe().modules == {"a.ics": "ok, 1 event"}


def test_nothing_there(connector):
    with pytest.raises(SourceError, match=r"sources\.\w+\.path: no file matches"):
        list(connector(CONFIG).pull(None, Want(entities=frozenset({"slot"}), since_at=0)))
    assert not connector(CONFIG).probe().reachable


@pytest.mark.parametrize(
    "options",
    [
        'ticket_pattern = "(x)"',
        'tickets_of = "a"\nticket_pattern = "x"',
        'tickets_of = "a"\nticket_pattern = "(a+)+"',
        "days_ahead = 9999",
        'zone = "Mars"',
    ],
)
def test_wrong_options(connector, options):
    with pytest.raises(ConfigError, match=r"sources\.desk"):
        connector(CONFIG.replace('zone = "Europe/Oslo"\n', "") + options + "\n")


GOOD = calendar(
    SHIFT, event("UID:2", KARI, "DTSTART;VALUE=DATE:20260910", "RRULE:FREQ=MONTHLY;UNTIL=20261231", "SUMMARY:Sick")
).encode()
PLACES = st.integers(0, len(GOOD))
BITS = st.sampled_from(
    [
        b"\r\n",
        b";",
        b":",
        b"=",
        b"FREQ=YEARLY;",
        b"BYDAY=5MO",
        b"99999999",
        b"\xff",
        b"\x00",
        b"BEGIN:VEVENT\r\n",
        b"TZID=Nowhere",
    ]
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.tuples(PLACES, PLACES, st.one_of(BITS, st.binary(max_size=4))), max_size=4))
@example(cuts=[])
def test_mutated_calendars(tmp_path, cuts):
    content = GOOD
    for start, end, inserted in cuts:
        low, high = sorted((start, end))
        content = content[:low] + inserted + (content[high:] if high - low < 15 else content[low:])
    (tmp_path / "a.ics").write_bytes(content)
    table = tomllib.loads(CONFIG)["sources"]["desk"]
    context = Context("desk", tmp_path, now=lambda: NOW, hash_key=b"key")
    found = connectors.build(Source("desk", table, tmp_path / "config.toml"), context)
    found.probe()
    try:
        for batch in found.pull(None, Want(entities=frozenset({"slot", "agent"}), since_at=NOW - 90 * 86400)):
            assert all(row.ended_at >= row.started_at for row in batch.rows if hasattr(row, "ended_at"))
    except SourceError as fault:
        assert fault.hint


def test_what_outlook_marks_as_out_of_office_is_off_whatever_it_is_called(slots):
    mark = "X-MICROSOFT-CDO-BUSYSTATUS:OOF"
    days = ("DTSTART;VALUE=DATE:20261012", "DTEND;VALUE=DATE:20261014")
    away = event("UID:o1", KARI, "SUMMARY:Ferie", *days, mark)
    named = event("UID:o2", KARI, "SUMMARY:Late shift", *days, mark)  # what a pattern names stays that
    _pulled, found = slots(CONFIG, away, named)
    assert [(slot.kind, slot.started_at) for slot in found] == [
        ("off", at("2026-10-12T00:00+02:00")),
        ("shift", at("2026-10-12T00:00+02:00")),
    ]
