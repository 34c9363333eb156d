"""One row per ticket, with what its events say. Expected values are worked out by hand."""

from deskaudit.config import Calendar, Config, Desk
from deskaudit.model.entities import Department, Event, SlaTerm, Ticket

ALL = "SELECT * FROM live_ticket ORDER BY id"


def event(number, ticket, when, kind, **more):
    return Event(id=number, ticket_id=ticket, happened_at=when, kind=kind, **more)


def test_a_ticket_with_a_whole_life(desk, rows_of, at):
    monday = at("2026-03-02 09:00")
    hour = 3600
    reader = desk(
        [
            Department(id=5, name="Support"),
            Ticket(
                id=1, status="closed", created_at=monday, department_id=5, agent_id=7, channel="email", priority="P2"
            ),
            event(1, 1, monday + 60, "assign", agent_id=7),
            event(2, 1, monday + 600, "note", actor="agent", public=False),
            event(3, 1, monday + hour, "reply", actor="agent", public=True),
            event(4, 1, monday + hour, "status", to_value="answered"),
            event(5, 1, monday + 2 * hour, "status", to_value="resolved"),
            event(6, 1, monday + 24 * hour, "reply", actor="contact", public=True),
            event(7, 1, monday + 24 * hour, "status", to_value="open"),  # reopened
            event(8, 1, monday + 25 * hour, "transfer", department_id=5),
            event(9, 1, monday + 26 * hour, "escalate"),
            event(10, 1, monday + 27 * hour, "reply", actor="agent"),
            event(11, 1, monday + 27 * hour, "status", to_value="resolved"),
            event(12, 1, monday + 96 * hour, "status", to_value="closed"),
        ]
    )
    (row,) = rows_of(reader, ALL)
    assert {name: row[name] for name in ("status", "is_open", "department", "calendar_id", "priority", "channel")} == {
        "status": "closed",
        "is_open": 0,
        "department": "Support",
        "calendar_id": 1,
        "priority": "P2",
        "channel": "email",
    }
    assert row["assigned_at"] == monday + 60
    assert row["first_response_at"] == monday + hour  # not the internal note
    assert row["first_response_w"] - row["created_w"] == hour
    assert row["first_resolved_at"] == monday + 2 * hour
    assert row["resolved_at"] == monday + 27 * hour  # solved for good; closing it days later is not solving it
    assert row["resolved_w"] - row["created_w"] == 11 * hour  # Monday 09–16 and Tuesday 08–12
    assert (row["reopened_at"], row["reopen_count"]) == (monday + 24 * hour, 1)
    assert (row["transfer_count"], row["reply_count"], row["first_escalated_at"]) == (1, 2, monday + 26 * hour)
    assert row["last_activity_at"] == monday + 96 * hour
    assert row["has_sla"] == 0


def test_no_events_at_all(desk, rows_of, at):
    created, changed = at("2026-03-02 09:00"), at("2026-03-05 12:00")
    reader = desk([Ticket(id=1, status="open", created_at=created, changed_at=changed, agent_id=7)])
    (row,) = rows_of(reader, ALL)
    unknown = ["first_response_at", "assigned_at", "resolved_at", "transfer_count", "reply_count", "reopen_count"]
    assert {row[name] for name in unknown} == {None}
    assert row["last_activity_at"] == changed
    assert row["last_activity_w"] - row["created_w"] == 3 * 28800 + 3 * 3600
    assert row["is_open"] == 1


def test_a_change_counts_as_activity_only_where_the_source_has_no_events(desk, rows_of, at):
    created, changed = at("2026-03-02 09:00"), at("2026-03-05 12:00")
    reader = desk(
        [
            Ticket(id=1, status="open", created_at=created, changed_at=changed),
            Ticket(id=2, status="open", created_at=created),
            event(1, 2, created + 60, "note"),
        ]
    )
    assert [row["last_activity_at"] for row in rows_of(reader, ALL)] == [created, created + 60]


def test_counts_of_the_source_go_before_counted_events(desk, rows_of, at):
    created = at("2026-03-02 09:00")
    reader = desk(
        [
            Ticket(id=1, status="open", created_at=created, reply_count=9, reopen_count=4),
            Ticket(id=2, status="open", created_at=created),
            event(1, 1, created + 60, "reply", actor="agent"),
            event(2, 1, created + 60, "status", to_value="answered"),
        ]
    )
    found = [(row["reply_count"], row["reopen_count"], row["transfer_count"]) for row in rows_of(reader, ALL)]
    assert found == [(9, 4, None), (0, 0, None)], "a source that tells of no transfer at all tells nothing of them"


def test_transfers_are_counted_where_the_source_tells_them(desk, rows_of, at):
    created = at("2026-03-02 09:00")
    reader = desk(
        [
            Ticket(id=1, status="open", created_at=created),
            Ticket(id=2, status="open", created_at=created),
            event(1, 1, created + 60, "transfer", department_id=7),
        ]
    )
    assert [row["transfer_count"] for row in rows_of(reader, ALL)] == [1, 0]


def test_events_before_the_creation_answer_nothing(desk, rows_of, at):
    created = at("2026-03-02 09:00")
    reader = desk(
        [
            Ticket(id=1, status="open", created_at=created, first_response_at=created - 3600),
            event(1, 1, created - 60, "reply", actor="agent"),
            event(2, 1, created - 60, "assign", agent_id=7),
            Ticket(id=2, status="resolved", created_at=created, resolved_at=created - 5),
            event(3, 2, created - 60, "reply", actor="agent"),
            event(4, 2, created + 300, "reply", actor="agent"),
        ]
    )
    first, second = rows_of(reader, ALL)
    assert first["first_response_at"] is None
    assert first["assigned_at"] == created  # it came with its owner
    assert second["first_response_at"] == created + 300
    assert second["resolved_at"] is None


def test_where_the_first_response_comes_from(desk, rows_of, at):
    created = at("2026-03-02 09:00")
    reader = desk(
        [
            Ticket(id=1, status="open", created_at=created, first_response_at=created + 10),
            event(1, 1, created + 20, "reply", actor="agent"),
            Ticket(id=2, status="open", created_at=created),
            event(2, 2, created + 5, "reply", actor="agent", public=False),
            event(3, 2, created + 6, "reply", actor="rule", public=True),
            event(4, 2, created + 20, "reply", actor="agent", public=True),
            event(5, 2, created + 15, "status", to_value="answered"),
            Ticket(id=3, status="open", created_at=created),
            event(6, 3, created + 30, "status", to_value="answered"),
        ]
    )
    assert [row["first_response_at"] - created for row in rows_of(reader, ALL)] == [10, 20, 30]


def test_an_open_ticket_is_not_resolved_whatever_the_source_says(desk, rows_of, at):
    created = at("2026-03-02 09:00")
    reader = desk([Ticket(id=1, status="open", created_at=created, resolved_at=created + 60)])
    (row,) = rows_of(reader, ALL)
    assert (row["resolved_at"], row["resolved_w"], row["first_resolved_at"]) == (None, None, created + 60)


def test_tickets_without_department_and_before_the_clock_are_not_lost(desk, rows_of, at):
    reader = desk(
        [
            Ticket(id=1, status="open", created_at=at("2026-03-02 09:00"), department_id=77),  # no such department
            Ticket(id=2, status="open", created_at=at("2001-03-02 09:00")),
            Ticket(id=3, status="open"),
        ]
    )
    rows = rows_of(reader, ALL)
    assert [row["id"] for row in rows] == [1, 2, 3]
    assert [row["calendar_id"] for row in rows] == [1, 1, 1]
    assert [row["created_w"] is None for row in rows] == [False, True, True]


def test_two_calendars(desk, rows_of, at):
    config = Config(
        desk=Desk(zone="Europe/Oslo"),
        calendars={
            "default": Calendar(hours={"mon-fri": ["08:00-16:00"]}),
            "us": Calendar(zone="America/New_York", hours={"mon-fri": ["09:00-17:00"]}, departments=["New York "]),
        },
    )
    created, solved = at("2026-03-05 15:00", "Europe/Oslo"), at("2026-03-09 15:00", "Europe/Oslo")
    ticket = {"status": "resolved", "created_at": created, "resolved_at": solved}
    reader = desk(
        [
            Department(id=5, name="Oslo"),
            Department(id=6, name="new york"),
            Department(id=7, name="Odd", calendar_id=2),
            Department(id=8, name="Wrong", calendar_id=99),
            *(Ticket(id=number, department_id=department, **ticket) for number, department in enumerate((5, 6, 7, 8))),
        ],
        config=config,
    )
    rows = rows_of(reader, ALL)
    assert [row["calendar_id"] for row in rows] == [1, 2, 2, 1]
    # Thursday 15:00 to Monday 15:00 in Oslo: 1 + 8 + 7 h. In New York it is Thursday 09:00 to Monday 10:00, after
    # the clocks there were put forward on Sunday: 8 + 8 + 1 h.
    assert [row["resolved_w"] - row["created_w"] for row in rows] == [57600, 61200, 61200, 57600]
    assert rows_of(reader, "SELECT id, name, zone, day_s FROM calendar ORDER BY id") == [
        {"id": 0, "name": "round the clock", "zone": "Europe/Oslo", "day_s": 86400},
        {"id": 1, "name": "default", "zone": "Europe/Oslo", "day_s": 28800},
        {"id": 2, "name": "us", "zone": "America/New_York", "day_s": 28800},
    ]


def test_a_night_shift_when_the_clocks_change(desk, rows_of, at):
    config = Config(desk=Desk(zone="Europe/Oslo"), calendars={"default": Calendar(hours={"sun": ["00:00-06:00"]})})
    created, answered = at("2026-03-29 01:30", "Europe/Oslo"), at("2026-03-29 03:30", "Europe/Oslo")
    reader = desk(
        [Ticket(id=1, status="open", created_at=created, first_response_at=answered)],
        config=config,
        now=at("2026-04-10 00:00"),
    )
    (row,) = rows_of(reader, ALL)
    assert row["first_response_w"] - row["created_w"] == 3600  # the hour from 2 to 3 was left out


def test_what_makes_a_service_level(desk, rows_of, at):
    created = at("2026-03-02 09:00")
    reader = desk(
        [
            Ticket(id=1, status="open", created_at=created, sla_level="gold"),
            Ticket(id=2, status="open", created_at=created, resolve_due_at=created + 1),
            Ticket(id=3, status="open", created_at=created),
            Ticket(id=4, status="open", created_at=created, priority="P1"),
            SlaTerm(id=1, ticket_id=3, measure="next_response"),
        ]
    )
    assert [row["has_sla"] for row in rows_of(reader, ALL)] == [1, 1, 1, 0]


def test_tickets_of_many_years_ago_have_business_time_too(desk, rows_of, at):
    created = at("2012-03-05 09:00")  # a Monday morning
    reader = desk([Ticket(id=1, status="resolved", created_at=created, resolved_at=created + 3600)])
    (row,) = rows_of(reader, ALL)
    assert row["resolved_w"] - row["created_w"] == 3600
