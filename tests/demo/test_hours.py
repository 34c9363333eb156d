from datetime import UTC, date, datetime

import pytest

from deskaudit.demo.hours import DAY_S, Hours, easter, holidays


def at(text: str) -> int:
    """UTC."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


@pytest.fixture(scope="module")
def hours() -> Hours:
    return Hours(at("2026-01-01T00:00"), at("2027-03-01T00:00"))


@pytest.mark.parametrize(
    ("year", "day"),
    [(2024, date(2024, 3, 31)), (2025, date(2025, 4, 20)), (2026, date(2026, 4, 5)), (2027, date(2027, 3, 28))],
)
def test_easter_falls_on_the_known_sunday(year: int, day: date) -> None:
    assert easter(year) == day


def test_holidays_are_those_of_the_public_register() -> None:
    register = pytest.importorskip("holidays")
    for year in (2025, 2026, 2027):
        assert holidays(year) == frozenset(register.country_holidays("NO", years=year))


def test_a_day_has_seven_and_a_half_hours_with_lunch_out(hours: Hours) -> None:
    # Tuesday 2026-11-17, winter time: open 07:00-10:30 and 11:00-15:00 UTC
    assert hours.between(at("2026-11-17T00:00"), at("2026-11-18T00:00")) == DAY_S
    assert hours.between(at("2026-11-17T10:00"), at("2026-11-17T11:15")) == 45 * 60
    assert not hours.is_open(at("2026-11-17T10:45"))
    assert hours.is_open(at("2026-11-17T11:00"))
    assert not hours.is_open(at("2026-11-17T15:00"))


def test_summer_time_moves_the_opening_in_utc(hours: Hours) -> None:
    assert hours.is_open(at("2026-07-14T06:00"))
    assert not hours.is_open(at("2026-11-17T06:00"))


def test_an_open_hour_before_the_weekend_ends_on_monday(hours: Hours) -> None:
    # Friday 2026-11-20 15:30 local, half an hour is left; the rest is Monday 08:00-08:30
    assert hours.after(at("2026-11-20T14:30"), 3_600) == at("2026-11-23T07:30")


def test_the_constitution_day_is_closed(hours: Hours) -> None:
    # 2026-05-17 is a Sunday; Ascension Day, Thursday 2026-05-14, is free too
    assert hours.between(at("2026-05-14T00:00"), at("2026-05-15T00:00")) == 0


def test_at_is_the_inverse_of_position(hours: Hours) -> None:
    for moment in range(at("2026-03-20T00:00"), at("2026-04-10T00:00"), 4_321):
        if hours.is_open(moment):
            assert hours.at(hours.position(moment)) == moment
