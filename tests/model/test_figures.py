import math

import pytest

from deskaudit.model import figures


@pytest.mark.parametrize(
    ("value", "unit", "clock", "shown"),
    [
        (0.9344, "share", "wall", "93.4 %"),
        (0, "share", "wall", "0.0 %"),
        (1.0, "share", "wall", "100.0 %"),
        (0.0001, "share", "wall", "< 0.1 %"),
        (0.9996, "share", "wall", "> 99.9 %"),
        (-0.25, "share", "wall", "-25.0 %"),
        (-0.0001, "share", "wall", "0.0 %"),
        (0, "s", "wall", "0 s"),
        (59.4, "s", "wall", "59 s"),
        (59.6, "s", "wall", "1 min"),
        (90, "s", "wall", "1 min 30 s"),
        (599, "s", "wall", "9 min 59 s"),
        (630, "s", "wall", "11 min"),
        (3569, "s", "wall", "59 min"),
        (3599, "s", "wall", "1 h"),
        (11520, "s", "business", "3 h 12 min"),
        (11549, "s", "business", "3 h 12 min"),
        (11551, "s", "business", "3 h 13 min"),
        (86400, "s", "wall", "24 h"),
        (2 * 86400 + 4 * 3600, "s", "wall", "2 d 4 h"),
        (2 * 86400 + 4 * 3600, "s", "business", "52 h"),
        (150 * 86400, "s", "wall", "150 d"),
        (360_000, "s", "business", "100 h"),
        (-3700, "s", "wall", "-1 h 2 min"),
        (1234, "count", "wall", "1234"),
        (12345, "count", "wall", "12 345"),
        (-1234567, "count", "wall", "-1 234 567"),
        (5.0, "count", "wall", "5"),
        (1.345, "ratio", "wall", "1.34"),
        (0.004, "ratio", "wall", "< 0.01"),  # two decimals at most, and never an exponent in a sentence
        (2.3e-05, "ratio", "wall", "< 0.01"),
        (-2.3e-05, "", "wall", "> -0.01"),
        (0.006, "ratio", "wall", "0.01"),
        (0.49, "rho", "wall", "0.49"),
        (123.456, "", "wall", "123.5"),
        (12345.6, "", "wall", "12 346"),
        (12.5, "days", "wall", "12.5 d"),
        (2.5, "points", "wall", "2.5 points"),
        (3.5, "words", "wall", "3.5 words"),
        (1536, "bytes", "wall", "1.5 KiB"),
        (1000, "bytes", "wall", "1000 B"),
        (5 * 2**40, "bytes", "wall", "5.0 TiB"),
        (1_000_000_000, "at", "wall", "2001-09-09 01:46 UTC"),
        (10**20, "at", "wall", "100 000 000 000 000 000 000"),
        (None, "share", "wall", "–"),
        (math.nan, "s", "wall", "–"),
        (math.inf, "count", "wall", "–"),
        ("a\x1b[1mb\nc", "count", "wall", "a[1mb c"),
        (True, "count", "wall", "True"),
    ],
)
def test_figures_are_shown_with_their_unit(value, unit, clock, shown):
    assert figures.show(value, unit, clock) == shown


@pytest.mark.parametrize(
    ("delta", "unit", "shown"),
    [
        (-2.14, "points", "-2.1 points"),
        (2.16, "points", "+2.2 points"),
        (3900, "s", "+1 h 5 min"),
        (-60, "s", "-1 min"),
        (2, "count", "+2"),
        (-2, "count", "-2"),
        (0.2, "share", "+20.0 %"),
        (-0.00001, "ratio", "> -0.01"),
    ],
)
def test_differences_have_a_sign(delta, unit, shown):
    assert figures.signed(delta, unit) == shown


def test_thresholds_say_which_side_passes():
    assert figures.threshold(0.95, "share", "higher") == "≥ 95.0 %"
    assert figures.threshold(14400, "s", "lower", "business") == "≤ 4 h"
    assert figures.threshold(0.0004, "share", "lower") == "≤ 0.04 %"  # a limit is never "less than" something
    assert figures.threshold(0.004, "ratio", "lower") == "≤ 0.004"
    assert figures.threshold(None, "s", "lower") == ""
    assert figures.threshold(1, "s", "") == ""
    assert figures.interval((0.912, 0.95), "share") == "91.2 % to 95.0 %"
    assert figures.interval(None, "share") == ""


def test_units_of_columns_come_from_the_check_or_the_name():
    assert [
        figures.unit_of(name, {"due_at": "text"}) for name in ("due_at", "made_at", "overrun_s", "open_w", "who")
    ] == [
        "text",
        "at",
        "s",
        "s",
        "",
    ]


def test_iso_is_utc():
    assert figures.iso(0) == "1970-01-01T00:00:00Z"
    assert figures.iso(None) is None
