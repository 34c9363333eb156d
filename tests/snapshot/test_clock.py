"""Business time, against a slow reference that looks at every minute."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deskaudit.config import DAYS, Calendar, Config, Desk
from deskaudit.snapshot.clock import Clock, add_business, business_seconds, create_clock, offsets
from deskaudit.snapshot.hours import read_calendars
from deskaudit.snapshot.schema import connect

ZONES = {  # a zone and the UTC days around which its clocks change, or not
    "Europe/Oslo": ["2026-03-29", "2026-10-25"],
    "America/New_York": ["2026-03-08", "2026-11-01"],
    "Asia/Kathmandu": ["2026-06-15"],
    "Australia/Lord_Howe": ["2026-04-04", "2026-10-03"],  # half an hour
}


def epoch(text: str, zone: str = "UTC") -> int:
    return int(dt.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp())


def open_minutes(hours: dict[int, list[tuple[int, int]]], closed: list[str], zone: str, start: int, end: int) -> int:
    """Every minute from `start` to `end`, asked what the clock on the wall shows."""
    tz, count = ZoneInfo(zone), 0
    for minute in range(start, end, 60):
        wall = dt.datetime.fromtimestamp(minute, tz)
        if wall.date().isoformat() in closed:
            continue
        of_day = wall.hour * 60 + wall.minute
        count += any(low <= of_day < high for low, high in hours[wall.weekday()])
    return count


def clock_text(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


@st.composite
def a_calendar(draw):
    """Opening hours as minutes per weekday, and the same as the config writes them."""
    hours = {}
    for day in range(7):
        edges = sorted(draw(st.lists(st.integers(0, 96), max_size=6, unique=True).filter(lambda e: len(e) % 2 == 0)))
        hours[day] = [(edges[i] * 15, edges[i + 1] * 15) for i in range(0, len(edges), 2)]
    if not any(hours.values()):
        hours[6] = [(60, 195)]
    written = {
        DAYS[day]: [f"{clock_text(low)}-{clock_text(high)}" for low, high in spans] for day, spans in hours.items()
    }
    return hours, written


def calendars_of(written: dict[str, list[str]], zone: str, closed: list[str] = (), holidays: str = ""):
    config = Config(
        desk=Desk(zone=zone), calendars={"default": Calendar(hours=written, closed=list(closed), holidays=holidays)}
    )
    return read_calendars(config)


def table_seconds(connection, calendar: int, start: int, end: int) -> int:
    """As a check's SQL computes it."""
    found = connection.execute(
        """SELECT e.cum + e.is_open * (? - e.slot_at) - s.cum - s.is_open * (? - s.slot_at)
           FROM clock s, clock e
           WHERE s.calendar_id = ? AND s.slot_at = ? AND e.calendar_id = ? AND e.slot_at = ?""",
        [end, start, calendar, start - start % 900, calendar, end - end % 900],
    ).fetchone()
    return found[0]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), made=a_calendar(), zone=st.sampled_from(sorted(ZONES)))
def test_python_clock_agrees_with_every_minute(data, made, zone):
    hours, written = made
    night = epoch(data.draw(st.sampled_from(ZONES[zone])))
    start = night + 60 * data.draw(st.integers(-2 * 1440, 1440))
    end = start + 60 * data.draw(st.integers(0, 2 * 1440))
    closed = [dt.date.fromtimestamp(night).isoformat()] if data.draw(st.booleans()) else []
    calendar = calendars_of(written, zone, closed)[1]
    assert business_seconds(calendar, start, end) == 60 * open_minutes(hours, closed, zone, start, end)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), made=a_calendar(), zone=st.sampled_from(sorted(ZONES)))
def test_table_agrees_with_every_minute_and_with_python(data, made, zone):
    hours, written = made
    night = epoch(data.draw(st.sampled_from(ZONES[zone])))
    calendars = calendars_of(written, zone)
    connection = connect()
    create_clock(connection, calendars, night - 3 * 86400, night + 4 * 86400)
    for _case in range(4):
        start = night + 60 * data.draw(st.integers(-2 * 1440, 1440))
        end = start + 60 * data.draw(st.integers(0, 2 * 1440))
        found = table_seconds(connection, 1, start, end)
        assert found == 60 * open_minutes(hours, [], zone, start, end)
        assert table_seconds(connection, 0, start, end) == end - start
        odd = start + data.draw(st.integers(0, 59))  # seconds inside a minute
        assert table_seconds(connection, 1, odd, end + 59) == business_seconds(calendars[1], odd, end + 59)
    connection.close()


@settings(max_examples=60, deadline=None)
@given(made=a_calendar(), zone=st.sampled_from(sorted(ZONES)), data=st.data())
def test_adding_is_the_inverse_of_measuring(made, zone, data):
    calendar = calendars_of(made[1], zone)[1]
    start = epoch(data.draw(st.sampled_from(ZONES[zone]))) + data.draw(st.integers(-100_000, 100_000))
    seconds = data.draw(st.integers(0, 200_000))
    due = add_business(calendar, start, seconds)
    assert business_seconds(calendar, start, due) == seconds
    assert business_seconds(calendar, start, due + 1) == seconds + 1  # due is the last moment, not an earlier one


def test_spring_night_in_oslo_has_no_third_hour():
    night = calendars_of({"sun": ["00:00-06:00"]}, "Europe/Oslo")[1]
    start, end = epoch("2026-03-29 00:00", "Europe/Oslo"), epoch("2026-03-29 12:00", "Europe/Oslo")
    assert business_seconds(night, start, end) == 5 * 3600


def test_autumn_night_in_oslo_has_it_twice():
    night = calendars_of({"sun": ["00:00-06:00"]}, "Europe/Oslo")[1]
    start, end = epoch("2026-10-25 00:00", "Europe/Oslo"), epoch("2026-10-25 12:00", "Europe/Oslo")
    assert business_seconds(night, start, end) == 7 * 3600


def test_lunch_break_weekend_and_holiday_do_not_count():
    calendar = calendars_of({"mon-fri": ["08:00-12:00", "12:30-16:00"]}, "Europe/Oslo", holidays="NO")[1]
    # 17 May 2026 is a Sunday, Ascension Day is Thursday the 14th: Wed 15:00 to Fri 13:00 is 1 h + 0 + 4.5 h.
    start, end = epoch("2026-05-13 15:00", "Europe/Oslo"), epoch("2026-05-15 13:00", "Europe/Oslo")
    assert business_seconds(calendar, start, end) == 5.5 * 3600
    assert add_business(calendar, start, 3600) == epoch("2026-05-15 08:00", "Europe/Oslo")


def test_regional_holiday_is_one_only_there():
    # Corpus Christi, Thursday 4 June 2026: a holiday in Bavaria, not in Berlin.
    start, end = epoch("2026-06-04 00:00", "Europe/Berlin"), epoch("2026-06-05 00:00", "Europe/Berlin")
    open_in = {
        code: business_seconds(
            calendars_of({"mon-fri": ["08:00-16:00"]}, "Europe/Berlin", holidays=code)[1], start, end
        )
        for code in ("DE-BY", "DE-BE", "DE")
    }
    assert open_in == {"DE-BY": 0, "DE-BE": 28800, "DE": 28800}


def test_negative_durations_and_the_edges_of_a_clock():
    calendar = calendars_of({"mon-fri": ["08:00-16:00"]}, "UTC")[1]
    monday = epoch("2026-03-02 00:00")
    clock = Clock(calendar, monday, monday + 86400)
    assert clock.business_seconds(monday + 10 * 3600, monday + 9 * 3600) == -3600
    with pytest.raises(ValueError, match="outside"):
        clock.position(monday - 1)
    with pytest.raises(ValueError, match="outside"):
        clock.add(monday, 28800)


def test_offsets_of_lord_howe_change_by_half_an_hour_at_the_right_second():
    start, end = epoch("2026-04-01 00:00"), epoch("2026-04-10 00:00")
    change = epoch("2026-04-04 15:00")  # 02:00 summer time of 5 April there
    assert offsets("Australia/Lord_Howe", start, end) == [(start, change, 39600), (change, end, 37800)]


def test_local_day_weekday_and_hour_of_a_slot():
    connection = connect()
    start = epoch("2026-06-14 18:00")
    create_clock(connection, calendars_of({"mon-fri": ["08:00-16:00"]}, "Asia/Kathmandu"), start, start + 86400)
    found = connection.execute(
        "SELECT day, month, weekday, hour, is_open FROM clock WHERE calendar_id = 1 AND slot_at IN (?, ?) ORDER BY slot_at",
        [epoch("2026-06-14 18:00"), epoch("2026-06-15 02:15")],
    ).fetchall()
    # 18:00 UTC is 23:45 of Sunday there; 02:15 UTC is 08:00 of Monday.
    assert found == [(20260614, 202606, 6, 23, 0), (20260615, 202606, 0, 8, 1)]
    connection.close()
