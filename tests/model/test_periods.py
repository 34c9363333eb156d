"""Periods: the values are counted on a calendar by hand."""

from datetime import UTC, datetime

import pytest

from deskaudit.errors import ConfigError
from deskaudit.model import periods


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("now", "start", "end"),
    [
        ("2026-11-21T10:00", "2026-06-30T22:00", "2026-09-30T22:00"),  # Oslo is UTC+2 in summer
        ("2026-02-01T10:00", "2025-09-30T22:00", "2025-12-31T23:00"),  # and UTC+1 in winter
        ("2026-03-31T22:30", "2025-12-31T23:00", "2026-03-31T22:00"),  # already April in Oslo
    ],
)
def test_full_audits_judge_the_last_complete_quarter_of_the_desks_zone(now, start, end):
    found = periods.quarter_before(at(now), "Europe/Oslo")
    assert (found.start, found.end) == (at(start), at(end))


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2026-Q4", "2026-10-01T00:00", "2027-01-01T00:00"),
        ("2026q1", "2026-01-01T00:00", "2026-04-01T00:00"),
        ("2026-12", "2026-12-01T00:00", "2027-01-01T00:00"),
        ("2025", "2025-01-01T00:00", "2026-01-01T00:00"),
        ("2026-07-01..2026-07-01", "2026-07-01T00:00", "2026-07-02T00:00"),
    ],
)
def test_words_for_a_period(text, start, end):
    found = periods.parse(text, "UTC")
    assert (found.start, found.end) == (at(start), at(end))


@pytest.mark.parametrize("text", ["2026-Q5", "2026-13", "july", "2026-07-02..2026-07-01", "2026-07-01..", "..", ""])
def test_what_is_no_period_is_refused(text):
    with pytest.raises(ConfigError):
        periods.parse(text, "UTC")


def test_the_reference_is_the_equally_long_span_before():
    found = periods.Period(1000, 1600)
    assert found.reference == (400, 1000)
    assert periods.days_before(at("2026-01-29T00:00")).start == at("2026-01-01T00:00")


def test_as_of_a_day_is_its_end():
    assert periods.parse_as_of("2026-07-01", "Europe/Oslo") == at("2026-07-01T22:00")
    assert periods.parse_as_of("2026-07-01T12:00", "Europe/Oslo") == at("2026-07-01T10:00")
    assert periods.parse_as_of("2026-07-01T12:00+00:00", "Europe/Oslo") == at("2026-07-01T12:00")


@pytest.mark.parametrize(
    "text", ["0001", "1970", "9999", "9999-Q4", "9999-12", "0001-01-01..2026-01-01", "2026-01-01..9999-12-31"]
)
def test_a_period_far_away_is_refused(text):
    with pytest.raises(ConfigError, match="outside the years"):
        periods.parse(text, "Europe/Oslo")


@pytest.mark.parametrize("text", ["9999-12-31", "0001-01-01", "1970-01-01", "9999-12-31T23:59:59-12:00"])
def test_as_of_far_away_is_refused(text):
    with pytest.raises(ConfigError, match="outside the years"):
        periods.parse_as_of(text, "Europe/Oslo")


def test_a_day_is_a_period_and_as_long_as_its_clock_says():
    found = periods.parse("2026-10-25", "Europe/Oslo")  # summer time ends in that night
    assert (found.start, found.end) == (at("2026-10-24T22:00"), at("2026-10-25T23:00"))
