"""What was promised on each ticket, and how far it was kept. Expected values are worked out by hand.

The office is open Monday to Friday 08:00 to 16:00 UTC; 2 March 2026 is a Monday.
"""

import pytest

from deskaudit.model.entities import Event, Policy, SlaTerm, Ticket

SLA = "SELECT * FROM ticket_sla ORDER BY ticket_id, measure"


def question(when):
    """The customer's first words: the source tells of answers, so that none is one that was not given."""
    return Event(id=900, ticket_id=1, happened_at=when, kind="reply", actor="contact")


def status(number, ticket, when, to):
    return Event(id=number, ticket_id=ticket, happened_at=when, kind="status", to_value=to)


def test_the_vendors_term_goes_before_the_tickets_due_time_before_rules_before_defaults(desk, rows_of, at):
    created = at("2026-03-02 09:00")
    reader = desk(
        [
            question(created),
            Ticket(
                id=1, status="open", created_at=created, priority="P1", sla_level="gold", response_due_at=created + 5
            ),
            Ticket(
                id=2, status="open", created_at=created, priority="P1", sla_level="gold", response_due_at=created + 5
            ),
            Ticket(id=3, status="open", created_at=created, priority="P1", sla_level="Gold"),
            Ticket(id=4, status="open", created_at=created, priority="P1", sla_level="silver"),
            Ticket(id=5, status="open", created_at=created, priority="P2"),
            Ticket(id=6, status="open", created_at=created),
            SlaTerm(id=1, ticket_id=1, measure="first_response", level="vip", started_at=created, due_at=created + 9),
            SlaTerm(id=2, ticket_id=2, measure="next_response", due_at=created + 9),  # not judged here
            Policy(id=1, kind="sla", name="gold", response_s=1800),
            Policy(id=2, kind="sla", name="P1", response_s=2700, resolve_s=7200),
            Policy(id=3, kind="sla", name="P2", response_s=1, active=False),
            Policy(id=4, kind="goal", name="P2", response_s=1),
        ]
    )
    found = [
        (r["ticket_id"], r["measure"], r["origin"], r["sla_level"], r["due_at"] - created) for r in rows_of(reader, SLA)
    ]
    assert found == [
        (1, "first_response", "vendor", "vip", 9),
        (1, "resolution", "policy", "gold", 7200),  # gold promises no solution: the priority's rule does
        (2, "first_response", "ticket", "gold", 5),
        (2, "resolution", "policy", "gold", 7200),
        (3, "first_response", "policy", "Gold", 1800),
        (3, "resolution", "policy", "Gold", 7200),
        (4, "first_response", "policy", "silver", 2700),
        (4, "resolution", "policy", "silver", 7200),
        (5, "first_response", "default", None, 4 * 3600),
        (5, "resolution", "default", None, 24 * 3600),  # one business day: Tuesday 09:00
    ]
    assert reader.connection.execute("SELECT COUNT(*), COUNT(DISTINCT id) FROM ticket_sla").fetchone() == (10, 10)


@pytest.mark.parametrize(
    ("priority", "first", "solved"),
    [
        ("P1", "2026-03-05 15:00", "2026-03-06 10:00"),  # 1 h and 4 h
        ("P2", "2026-03-06 10:00", "2026-03-06 14:00"),  # 4 h and a day
        ("P3", "2026-03-06 14:00", "2026-03-10 14:00"),  # 8 h and three days, over a weekend
        ("P4", "2026-03-06 14:00", None),  # a day
    ],
)
def test_default_targets_in_business_time(desk, rows_of, at, priority, first, solved):
    created = at("2026-03-05 14:00")
    reader = desk([question(created), Ticket(id=1, status="open", created_at=created, priority=priority)])
    due = {row["measure"]: row["due_at"] for row in rows_of(reader, SLA)}
    assert due == {"first_response": at(first)} | ({"resolution": at(solved)} if solved else {})


def test_overrun_is_business_time_and_unknown_until_done(desk, rows_of, at):
    friday = at("2026-03-06 15:00")
    reader = desk(
        [
            # Due Monday 11:00; solved Monday 13:00, two hours late. Answered at once.
            Ticket(
                id=1,
                status="resolved",
                created_at=friday,
                priority="P1",
                first_response_at=friday + 600,
                resolved_at=at("2026-03-09 13:00"),
            ),
            Ticket(id=2, status="open", created_at=friday, priority="P1"),
        ]
    )
    rows = rows_of(reader, SLA)
    assert rows[1]["due_at"] == at("2026-03-09 11:00")
    assert [row["overrun_w"] for row in rows] == [-3000, 7200, None, None]
    assert [row["done_at"] for row in rows] == [friday + 600, at("2026-03-09 13:00"), None, None]
    assert {row["started_at"] for row in rows} == {friday}


def test_what_is_done_in_the_night_after_the_last_business_second_is_in_time(desk, rows_of, at):
    reader = desk(
        [
            Ticket(
                id=1,
                status="open",
                created_at=at("2026-03-02 12:00"),
                priority="P2",  # four hours: until 16:00, that is until the next opening
                first_response_at=at("2026-03-02 23:00"),
            )
        ]
    )
    row = rows_of(reader, SLA)[0]
    assert (row["due_at"], row["overrun_w"]) == (at("2026-03-03 08:00"), 0)


def test_first_answers_are_asked_of_sources_that_tell_of_any(desk, rows_of, at):
    created = at("2026-03-02 09:00")

    def ticket(number, **fields):
        return Ticket(id=number, status="open", created_at=created, priority="P1", **fields)

    def promised(rows, source):
        found = rows_of(desk(rows, source=source), SLA)
        return {row["ticket_id"] for row in found if row["measure"] == "first_response"}

    assert promised([ticket(1), ticket(2, response_due_at=created + 60)], "mute") == set()
    assert promised([ticket(3), ticket(4, first_response_at=created + 60)], "told") == {3, 4}
    replied = Event(id=1, ticket_id=5, happened_at=created, kind="reply", actor="contact")
    assert promised([ticket(5), ticket(6), replied], "heard") == {3, 4, 5, 6}
    term = SlaTerm(id=1, ticket_id=7, measure="first_response", due_at=created + 60, closed_at=created)
    assert promised([ticket(7), ticket(8), term], "kept") == {3, 4, 5, 6, 7, 8}
    assert promised([ticket(9), status(2, 9, created + 5, "answered")], "moved") == {3, 4, 5, 6, 7, 8, 9}


def test_a_postponed_ticket_gets_its_time_back(desk, rows_of, at):
    created = at("2026-03-02 08:00")
    reader = desk(
        [
            question(created),
            Ticket(id=1, status="open", created_at=created, priority="P1"),  # 4 h to solve
            status(1, 1, at("2026-03-02 09:00"), "postponed"),
            status(2, 1, at("2026-03-02 11:00"), "open"),  # 2 h: due 14:00
            status(3, 1, at("2026-03-02 13:00"), "postponed"),
            status(4, 1, at("2026-03-03 09:00"), "open"),  # 3 + 1 h: due Tuesday 10:00
            status(5, 1, at("2026-03-03 12:00"), "postponed"),  # after it was due: changes nothing
            status(6, 1, at("2026-03-03 13:00"), "open"),
            Ticket(id=2, status="open", created_at=created, resolve_due_at=created + 7200),
            status(7, 2, created + 60, "postponed"),  # a due time that the source states is not ours to move
            status(8, 2, created + 3600, "open"),
        ]
    )
    due = {(row["ticket_id"], row["measure"]): row["due_at"] for row in rows_of(reader, SLA)}
    assert due == {
        (1, "first_response"): at("2026-03-02 09:00"),
        (1, "resolution"): at("2026-03-03 10:00"),
        (2, "resolution"): created + 7200,
    }


def test_while_it_is_postponed_it_does_not_fall_due(desk, rows_of, at):
    created, now = at("2026-03-02 08:00"), at("2026-03-13 12:00")
    reader = desk(
        [
            Ticket(id=1, status="postponed", created_at=created, priority="P1"),
            status(1, 1, created + 3600, "postponed"),
        ],
        now=now,
    )
    due = {row["measure"]: row["due_at"] for row in rows_of(reader, SLA)}
    assert due["resolution"] == at("2026-03-13 15:00")  # three of the four hours are left, from now


def test_of_several_terms_the_last_one_holds(desk, rows_of, at):
    created = at("2026-03-02 08:00")
    reader = desk(
        [
            Ticket(id=1, status="open", created_at=created, first_response_at=created + 60),
            SlaTerm(id=9, ticket_id=1, measure="first_response", started_at=created, due_at=created + 100),
            SlaTerm(
                id=1,
                ticket_id=1,
                measure="first_response",
                started_at=created + 50,
                due_at=created + 200,
                closed_at=created + 230,
            ),
        ]
    )
    (row,) = rows_of(reader, SLA)
    assert (row["due_at"] - created, row["done_at"] - created, row["overrun_w"]) == (200, 230, 30)
