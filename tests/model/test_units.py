import pytest

from deskaudit.model.units import format_figure


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (7 / 120, "share", "5.8 %"),
        (0.05, "share", "5 %"),
        (10, "points", "10 points"),
        (1, "points", "1 point"),
        (12.34, "points", "12.3 points"),
        (0, "s", "0 s"),
        (59.6, "s", "1 min"),
        (3725, "s", "1 h 2 min"),
        (86400 * 2 + 3600, "s", "2 d 1 h"),
        (-90, "s", "-1 min 30 s"),
        (1, "days", "1 day"),
        (45.5, "days", "45.5 days"),
        (7, "count", "7"),
        (1.5, "ratio", "1.5"),
        (-0.4, "rho", "-0.4"),
        (12.3, "EUR", "12.3 EUR"),
        (None, "share", "–"),
    ],
)
def test_figures_as_people_read_them(value, unit, text):
    assert format_figure(value, unit) == text


def test_business_time_has_no_days():
    assert format_figure(30 * 3600, "s", "business") == "30 h"
