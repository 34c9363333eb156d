"""What state each ticket was in, and when. All expected spans are worked out by hand."""

from deskaudit.model.entities import Event, Ticket

SPANS = "SELECT * FROM status_span ORDER BY ticket_id, seq"


def short(rows):
    return [(row["status"], row["started_at"], row["ended_at"]) for row in rows]


def status(number, ticket, when, to, **more):
    return Event(id=number, ticket_id=ticket, happened_at=when, kind="status", to_value=to, **more)


def test_spans_follow_the_status_events(desk, rows_of, at):
    created, answered, back, solved = (
        at(t) for t in ("2026-03-02 09:00", "2026-03-02 11:00", "2026-03-03 08:30", "2026-03-03 10:00")
    )
    reader = desk(
        [
            Ticket(id=1, status="resolved", created_at=created, resolved_at=solved),
            status(3, 1, back, "open"),
            status(2, 1, answered, "answered"),
            status(4, 1, solved, "resolved"),
        ]
    )
    rows = rows_of(reader, SPANS)
    assert short(rows) == [
        ("new", created, answered),
        ("answered", answered, back),
        ("open", back, solved),
        ("resolved", solved, None),
    ]
    assert [row["on_desk"] for row in rows] == [1, 0, 1, 0]
    assert [row["next_status"] for row in rows] == ["answered", "open", "resolved", None]
    assert [row["seq"] for row in rows] == [1, 2, 3, 4]
    # Business seconds: 2 h; 5 h on Monday and half an hour on Tuesday; 1.5 h.
    assert [row["ended_w"] - row["started_w"] for row in rows[:3]] == [7200, 19800, 5400]
    assert rows[3]["ended_w"] is None


def test_without_events_the_times_of_the_ticket_speak(desk, rows_of, at):
    created, solved = at("2026-03-02 09:00"), at("2026-03-04 09:00")
    reader = desk(
        [
            Ticket(id=1, status="closed", created_at=created, resolved_at=solved, closed_at=solved + 86400),
            Ticket(id=2, status="postponed", created_at=created),
            Ticket(id=3, status=None, created_at=created),
            Ticket(id=4, status="resolved", created_at=created, closed_at=solved),
        ]
    )
    rows = rows_of(reader, SPANS)
    assert [(row["ticket_id"], *s) for row, s in zip(rows, short(rows), strict=True)] == [
        (1, "open", created, solved),
        (1, "resolved", solved, None),
        (2, "postponed", created, None),
        (3, "unknown", created, None),
        (4, "open", created, solved),
        (4, "resolved", solved, None),
    ]


def test_an_event_before_the_creation_counts_from_the_creation(desk, rows_of, at):
    created = at("2026-03-02 09:00")
    reader = desk([Ticket(id=1, status="open", created_at=created), status(1, 1, created - 900, "open")])
    assert short(rows_of(reader, SPANS)) == [("open", created, None)]


def test_what_the_events_leave_out_is_taken_from_the_ticket(desk, rows_of, at):
    created, opened, solved = at("2026-03-02 09:00"), at("2026-03-02 10:00"), at("2026-03-02 12:00")
    reader = desk(
        [
            Ticket(id=1, status="resolved", created_at=created, resolved_at=solved),  # solved, and no event says so
            status(1, 1, opened, "open"),
            Ticket(id=2, status="open", created_at=created, changed_at=solved),  # opened again, and no event says so
            status(2, 2, opened, "resolved"),
        ]
    )
    rows = rows_of(reader, SPANS)
    assert [(row["ticket_id"], *s) for row, s in zip(rows, short(rows), strict=True)] == [
        (1, "new", created, opened),
        (1, "open", opened, solved),
        (1, "resolved", solved, None),
        (2, "new", created, opened),
        (2, "resolved", opened, solved),
        (2, "open", solved, None),
    ]


def test_the_holder_changes_within_a_status(desk, rows_of, at):
    created, assigned, again = at("2026-03-02 09:00"), at("2026-03-02 10:00"), at("2026-03-02 11:00")
    reader = desk(
        [
            Ticket(id=1, status="open", created_at=created, agent_id=8, department_id=5),
            status(1, 1, created, "open"),
            Event(id=2, ticket_id=1, happened_at=assigned, kind="assign", agent_id=7),
            status(3, 1, again, "open", agent_id=7),  # says nothing new: no span of its own
            Event(id=4, ticket_id=1, happened_at=again + 60, kind="assign", agent_id=8),
            Event(id=5, ticket_id=1, happened_at=again + 90, kind="reply", actor="agent", agent_id=9),
        ]
    )
    found = [(r["status"], r["agent_id"], r["department_id"], r["started_at"]) for r in rows_of(reader, SPANS)]
    assert found == [
        ("open", None, 5, created),
        ("open", 7, 5, assigned),
        ("open", 8, 5, again + 60),
    ]


def test_two_states_in_one_second_come_in_their_usual_order(desk, rows_of, at):
    created, done = at("2026-03-02 09:00"), at("2026-03-02 10:00")
    reader = desk(
        [
            Ticket(id=1, status="resolved", created_at=created),
            status(1, 1, done, "resolved"),
            status(2, 1, done, "answered"),
        ]
    )
    assert short(rows_of(reader, SPANS)) == [("new", created, done), ("resolved", done, None)]


def test_unknown_states_are_kept(desk, rows_of, at):
    created, odd = at("2026-03-02 09:00"), at("2026-03-02 10:00")
    reader = desk([Ticket(id=1, status="unknown", created_at=created), status(1, 1, odd, "waiting for parts")])
    assert short(rows_of(reader, SPANS)) == [("new", created, odd), ("unknown", odd, None)]


def test_tickets_that_are_gone_have_no_spans(desk, rows_of, at):
    created = at("2026-03-02 09:00")
    reader = desk(
        [
            Ticket(id=1, status="deleted", created_at=created),
            Ticket(id=2, status="spam", created_at=created),
            Ticket(id=3, status="open", created_at=created, is_test=True),
            Ticket(id=4, status="open", created_at=created, merged_into=9),
            Ticket(id=5, status="open", created_at=created, deleted_at=created + 5),
            status(1, 1, created, "open"),
        ]
    )
    assert rows_of(reader, SPANS) == []
    assert rows_of(reader, "SELECT id FROM live_ticket") == []


def test_spans_are_without_gaps_and_end_in_what_the_ticket_is(desk, at):
    """Whatever the events say: one span at any time, and the last one is open exactly if the ticket is."""
    import random

    chance = random.Random(7)
    states = ["new", "open", "answered", "postponed", "resolved", "closed", "unknown"]
    start, rows = at("2026-03-02 09:00"), []
    for ticket in range(1, 201):
        rows.append(
            Ticket(
                id=ticket,
                status=chance.choice(states),
                created_at=start + chance.randrange(5000),
                resolved_at=chance.choice([None, start + chance.randrange(9000)]),
                changed_at=chance.choice([None, start + chance.randrange(9000)]),
            )
        )
        rows += [
            Event(
                id=ticket * 100 + n,
                ticket_id=ticket,
                happened_at=start + chance.randrange(8000),
                kind=chance.choice(["status", "assign", "reply"]),
                to_value=chance.choice(states),
                agent_id=chance.choice([None, 1, 2]),
            )
            for n in range(chance.randrange(8))
        ]
    reader = desk(sorted(rows, key=lambda row: type(row).__name__))
    wrong = reader.connection.execute("""
        SELECT t.id FROM live_ticket t LEFT JOIN (
          SELECT s.ticket_id, COUNT(*) AS n, MIN(s.started_at) AS first_at,
                 SUM(CASE WHEN s.ended_at IS NULL THEN 1 ELSE 0 END) AS last_ones,
                 MAX(CASE WHEN s.ended_at IS NULL AND s.status NOT IN ('resolved', 'closed') THEN 1 ELSE 0 END) AS is_open,
                 SUM(CASE WHEN s.ended_at <= s.started_at THEN 1 ELSE 0 END) AS empty
          FROM status_span s GROUP BY s.ticket_id
        ) s ON s.ticket_id = t.id
        WHERE s.n IS NULL OR s.first_at <> t.created_at OR s.last_ones <> 1 OR s.is_open <> t.is_open OR s.empty > 0
    """).fetchall()
    gaps = reader.connection.execute("""
        SELECT s.ticket_id FROM status_span s JOIN status_span n ON n.ticket_id = s.ticket_id AND n.seq = s.seq + 1
        WHERE n.started_at <> s.ended_at OR n.status <> s.next_status
    """).fetchall()
    assert (wrong, gaps) == ([], [])
    assert reader.connection.execute("SELECT COUNT(*) FROM live_ticket").fetchone() == (200,)
