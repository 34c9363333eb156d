"""Opening hours as the config writes them; a wrong one names its key."""

import datetime as dt

import pytest

from deskaudit.config import Calendar, Config, Desk
from deskaudit.errors import ConfigError
from deskaudit.snapshot.hours import read_calendars


def default(**keys):
    return read_calendars(Config(calendars={"default": Calendar(**keys)}))[1]


def test_ids_follow_the_config_and_zones_fall_back_to_the_desk():
    found = read_calendars(
        Config(
            desk=Desk(zone="Europe/Oslo"),
            calendars={"night": Calendar(zone="Asia/Kathmandu"), "default": Calendar(), "vip": Calendar()},
        )
    )
    assert [(c.id, c.name, c.zone) for c in found] == [
        (0, "round the clock", "Europe/Oslo"),
        (1, "default", "Europe/Oslo"),
        (2, "night", "Asia/Kathmandu"),
        (3, "vip", "Europe/Oslo"),
    ]


def test_a_day_named_alone_goes_before_a_span():
    week = default(hours={"fri": ["08:00-14:00"], "mon-fri": ["08:00-16:00"]}).week
    assert [len(day) // 4 for day in week] == [8, 8, 8, 8, 6, 0, 0]


def test_a_span_of_days_may_go_over_the_weekend():
    week = default(hours={"sat-mon": ["10:00-11:00"]}).week
    assert [len(day) for day in week] == [4, 0, 0, 0, 0, 4, 4]


def test_until_midnight():
    assert default(hours={"mon": ["23:45-24:00"]}).week[0] == (95,)


def test_a_usual_day_is_the_commonest_one():
    assert default(hours={"mon-thu": ["08:00-16:00"], "fri": ["08:00-12:00"]}).day_s == 28800
    assert default(hours={"mon": ["08:00-16:00"], "tue": ["08:00-12:00"]}).day_s == 28800


def test_closed_days_are_dates_and_holidays():
    calendar = default(closed=["2026-12-24"], holidays="NO")
    assert calendar.closed_days(dt.date(2026, 12, 20), dt.date(2027, 1, 1)) == {
        dt.date(2026, 12, 24),
        dt.date(2026, 12, 25),
        dt.date(2026, 12, 26),
        dt.date(2027, 1, 1),
    }


@pytest.mark.parametrize(
    ("keys", "names"),
    [
        ({"hours": {"mon-fri": ["08:10-16:00"]}}, ["calendars.default.hours.mon-fri", "08:10-16:00", "quarter"]),
        ({"hours": {"mon": ["08:00-16:05"]}}, ["calendars.default.hours.mon", "08:00-16:05"]),
        ({"hours": {"mon": ["8-16"]}}, ["calendars.default.hours.mon", "8-16"]),
        ({"hours": {"mon": ["16:00-08:00"]}}, ["calendars.default.hours.mon", "22:00-24:00"]),
        ({"hours": {"mon": ["08:00-25:00"]}}, ["calendars.default.hours.mon", "no time of day"]),
        ({"hours": {"mon": ["08:75-16:00"]}}, ["calendars.default.hours.mon", "no time of day"]),
        ({"hours": {"mon": ["08:00-12:00", "11:45-16:00"]}}, ["calendars.default.hours.mon", "overlaps"]),
        ({"hours": {"monday": ["08:00-16:00"]}}, ["calendars.default.hours.monday", "mon-fri"]),
        ({"hours": {"mon-wed": ["08:00-16:00"], "wed-fri": ["08:00-16:00"]}}, ["hours.wed-fri", "wed"]),
        ({"hours": {}}, ["calendars.default.hours", "no day"]),
        ({"hours": {"mon": []}}, ["calendars.default.hours", "no day"]),
        ({"closed": ["24.12.2026"]}, ["calendars.default.closed", "24.12.2026"]),
        ({"holidays": "XX"}, ["calendars.default.holidays", "XX"]),
        ({"holidays": "DE-ZZ"}, ["calendars.default.holidays", "DE-ZZ"]),
    ],
)
def test_wrong_hours_name_their_key(keys, names):
    with pytest.raises(ConfigError) as caught:
        default(**keys)
    for name in names:
        assert name in str(caught.value)


def test_a_department_has_one_calendar():
    with pytest.raises(ConfigError, match=r"calendars.b.departments.*Sales"):
        read_calendars(Config(calendars={"a": Calendar(departments=["sales"]), "b": Calendar(departments=["Sales"])}))
