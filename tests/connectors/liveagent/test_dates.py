"""Times: the account's zone in rows, UTC in filters, and the hour that comes twice."""

from datetime import UTC
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskaudit.connectors.fields import Clock, RowError

MINUTE = 60


@pytest.mark.parametrize("obeys", [True, False], ids=["header-obeyed", "header-ignored"])
@pytest.mark.parametrize("zone", ["America/Phoenix", "Asia/Kathmandu", "Europe/London", "UTC"])
def test_rows_have_the_same_times_whatever_zone_the_account_shows(server, pulled, kit, zone, obeys):
    """July, so that London has summer time too; filters are UTC throughout."""
    server.lists["/settings"] = [{"name": "TIMEZONE", "value": zone}]
    server.zone, server.obeys_header = zone, obeys
    start = kit.at("2025-07-01 08:00:00")
    server.lists["/tickets"] = [
        kit.ticket(
            n, start + n * MINUTE, date_created=kit.text(start - 3600), date_resolved=kit.text(start + n * MINUTE)
        )
        for n in range(80)
    ]
    server.lists["/tickets/history"] = [
        {"id": "h1", "conversation_id": "t1", "status": "N", "date_from": "2025-07-01 08:00:00"},
    ]
    server.lists["/calls"] = [{"id": "k1", "dateCreated": "2025-07-01 08:00:00", "dateAnswered": "2025-07-01 08:00:09"}]
    server.lists["/chats"] = [{"id": "x1", "date_created": "2025-07-01 08:00:00", "status": "T"}]
    server.lists["/grid/tickets/sla"] = [
        {"id": "s1", "conversationid": "t1", "sla_type": "first_answer", "date_closed": "2025-07-01 08:00:00"}
    ]
    found = pulled(since="2025-06-01 00:00:00")
    assert {int(code[1:]): ticket.changed_at for code, ticket in found.by_code.items()} == {
        n: start + n * MINUTE for n in range(80)
    }
    assert {ticket.created_at for ticket in found.rows["ticket"]} == {start - 3600}
    assert found.rows["event"][0].happened_at == start
    assert {row.started_at for row in found.rows["interaction"]} == {start}
    assert found.rows["sla_term"][0].closed_at == start
    assert not found.incomplete


def test_winter_rows_of_london_settle_nothing_and_are_right_anyway(server, pulled, kit):
    server.lists["/settings"] = [{"name": "TIMEZONE", "value": "Europe/London"}]
    server.zone, server.obeys_header = "Europe/London", False
    server.lists["/calls"] = [
        {"id": f"k{n}", "dateCreated": kit.text(kit.at("2026-02-01 08:00:00") + n)} for n in range(15)
    ] + [{"id": "k99", "dateCreated": "2025-07-01 08:00:00"}]
    found = pulled("interaction", since="2025-06-01 00:00:00")
    assert {row.ext_id: row.started_at for row in found.rows["interaction"]}["k99"] == kit.at("2025-07-01 08:00:00")
    assert min(row.started_at for row in found.rows["interaction"] if row.ext_id != "k99") == kit.at(
        "2026-02-01 08:00:00"
    )


def test_ratings_of_v1_stand_in_the_accounts_zone(server, pulled, kit):
    server.lists["/settings"] = [{"name": "TIMEZONE", "value": "America/Phoenix"}]
    server.ranks = [{"id": "r1", "rankingType": "R", "datecreated": "2026-02-10 08:00:00", "conversationid": "t1"}]
    (row,) = pulled("rating", v1=True).rows["rating"]
    assert row.rated_at == kit.at("2026-02-10 15:00:00")  # Phoenix is seven hours behind, all year


def test_an_unknown_zone_is_said(server, pulled):
    server.lists["/settings"] = []
    (problem,) = pulled("department").problems
    assert "time zone is not known" in problem.message
    server.lists["/settings"] = [{"name": "TIMEZONE", "value": "Mars/Olympus"}]
    (problem,) = pulled("department").problems
    assert "Mars/Olympus" in problem.message


def test_the_zone_of_the_options_goes_before_the_accounts(server, pulled, kit):
    server.zone, server.obeys_header = "America/Phoenix", False
    server.lists["/calls"] = [{"id": "k1", "dateCreated": "2026-02-01 08:00:00"}]
    (row,) = pulled("interaction", zone="America/Phoenix").rows["interaction"]
    assert row.started_at == kit.at("2026-02-01 08:00:00")
    assert not server.asked("/settings")


@pytest.mark.parametrize("obeys", [True, False])
def test_tickets_of_the_hour_that_comes_twice_are_all_there(server, pulled, kit, obeys):
    """New York, 2 November 2025: 1:00 to 2:00 comes twice. Read in local time such a ticket may be one hour early."""
    server.lists["/settings"] = [{"name": "TIMEZONE", "value": "America/New_York"}]
    server.zone, server.obeys_header = "America/New_York", obeys
    start = kit.at("2025-11-02 03:00:00")
    server.lists["/tickets"] = [
        kit.ticket(
            n,
            start + n * 4 * MINUTE,
            date_created=kit.text(start - 86400),
            date_resolved=kit.text(start + n * 4 * MINUTE),
        )
        for n in range(100)
    ]
    found = pulled("ticket", since="2025-06-01 00:00:00")
    assert len(found.rows["ticket"]) == 100
    late = [found.by_code[f"t{n:05d}"].changed_at - (start + n * 4 * MINUTE) for n in range(100)]
    assert set(late) <= ({0} if obeys else {0, -3600})
    assert late[0] == late[-1] == 0


def test_the_second_of_two_hours_is_taken_where_the_first_lies_before_the_creation():
    clock = Clock(ZoneInfo("America/New_York"))
    first = clock.read("2025-11-02 01:30:00")
    assert clock.read("2025-11-02 01:10:00", after=first) == first + 40 * MINUTE
    assert clock.read("2025-11-02 01:40:00", after=first) == first + 10 * MINUTE


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (None, None), ("", None), (0, None), ("0000-00-00 00:00:00", None), ("1970-01-01 00:00:00", None),
        ("2026-02-01 08:00:00", 1769932800), ("2026-02-01T08:00:00Z", 1769932800), ("2026-02-01 09:00:00+01:00", 1769932800),
        ("2026-02-01 08:00", 1769932800), (1769932800, 1769932800), ("1769932800", 1769932800), (1769932800000, 1769932800),
    ],
)  # fmt: skip
def test_dates(value, wanted):
    assert Clock(UTC).read(value) == wanted


@pytest.mark.parametrize(
    "value",
    ["tomorrow", "2026-02-30 08:00:00", "9999-12-31 00:00:00", "2026-W05", True, [], {}, 1e30, float("nan"), "9" * 40],
)
def test_what_is_no_time_is_refused(value):
    with pytest.raises(RowError):
        Clock(UTC).read(value)


@given(st.one_of(st.text(), st.integers(), st.floats(), st.booleans(), st.binary(), st.lists(st.integers())))
def test_any_value_is_a_time_none_or_refused(value):
    try:
        found = Clock(ZoneInfo("America/New_York")).read(value)
    except RowError:
        return
    assert found is None or 788918400 <= found < 7258118400 + 86400
