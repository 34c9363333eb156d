"""Times in cells: what is clear is read, what is not is asked."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskaudit.connectors.tabular.dates import DateReader, check_formats, unread
from deskaudit.errors import ConfigError, SourceError

OSLO = ZoneInfo("Europe/Oslo")
AT = int(datetime(2026, 3, 14, 20, 30, tzinfo=UTC).timestamp())  # 21:30 in Oslo


@pytest.mark.parametrize(
    "cell",
    [
        "2026-03-14T20:30:00Z",
        "2026-03-14 21:30",
        "2026-03-14T21:30:00.000",
        "2026-03-14 15:30:00 -05:00",
        "2026-03-14 15:30:00 -0500",
        "2026-03-14 20:30:00 UTC",
        "2026/03/14 21:30",
        "14 Mar 2026 21:30:00",
        "14/Mar/26 9:30 PM",
        "Mar 14, 2026 09:30 PM",
        "Saturday, March 14, 2026 21:30",
        "Sat, 14 Mar 2026 20:30:00 GMT",
        "Sat Mar 14 21:30:00 2026",
        "14-Mar-2026 9.30 p.m.",
        "14/Mär/26 9:30 PM",
        "14. März 2026, 21:30",
        "Sa., 14. März 2026 um 21:30",
        "sam. 14 mars 2026 à 21:30",
        "14 de marzo de 2026 21:30",
        "14 de mar. de 2026, 21:30",
        "lør. 14. mar. 2026 kl. 21.30",
        "14. maaliskuuta 2026 klo 21.30",
        "14 марта 2026 21:30",
        "14 Μαρτίου 2026 9:30 μμ",
        "2026. március 14. 21:30",
        "MARZEC 14, 2026 21:30",
    ],
)
def test_clear_dates_need_no_word(cell):
    assert DateReader("auto", OSLO).read(cell) == AT


@pytest.mark.parametrize(
    ("dates", "cell"),
    [
        ("dmy", "14/03/2026 21:30"),
        ("dmy", "14.03.26 21.30"),
        ("mdy", "3/14/2026 9:30 PM"),
        ("ymd", "26-03-14 21:30"),
        ("%d.%m.%Y kl. %H:%M", "14.03.2026 kl. 21:30"),
        ("%d %b %y %H:%M", "14 mrt. 26 21:30"),
        (["%Y%m%d", "%Y%m%dT%H%M%z"], "20260314T2130+0100"),
        ("epoch", str(AT)),
        ("epoch_ms", str(AT * 1000)),
    ],
)
def test_formats_that_were_said(dates, cell):
    assert DateReader(dates, OSLO).read(cell) == AT


@pytest.mark.parametrize(
    "cell",
    [
        *("03/04/2026", "2026-02-30", "14/13/2026", "soon", "2026-03-14 25:00", "13:00 PM", "1" * 5000),
        *("2026-00-14", "0000-00-14", "14/00/2026", "00/00/26 10:00", "2. listopad 2026", "19-lis-2026", "3 foo 2026"),
    ],
)
def test_what_is_no_clear_time_is_refused(cell):
    with pytest.raises(ValueError):
        DateReader("auto", OSLO).read(cell)


def test_a_month_is_no_other_that_begins_alike():
    reader = DateReader("auto", OSLO)
    november, march = (
        int(datetime(2026, month, 1, 23, tzinfo=UTC).timestamp()) for month in (11, 3)
    )  # midnight in Oslo
    assert (reader.read("2 marras 2026"), reader.read("2 mars 2026")) == (november, march)


def test_what_looks_like_a_time_and_is_none_says_what_helps():
    assert unread("2. listopad 2026") == (
        "no time that is known here (set dates to its format, or export it as 2026-11-30 14:05)"
    )
    assert unread("soon") == "no time that is known here"


def test_a_date_of_zeros_is_no_witness():
    """GLPI writes 0000-00-00 for unset: beside a date whose order must be proved it ended the pull by a KeyError."""
    reader = DateReader("auto", OSLO)
    for cell in ("0000-00-00", "2026-00-00", "10/27/28", "00/00/00"):
        reader.witness(cell, "seen")
    reader.settle("a.csv", "sources.desk")
    assert reader.read("10/27/28") == int(datetime(2028, 10, 26, 22, tzinfo=UTC).timestamp())


@pytest.mark.parametrize("cell", ["0000-00-00 00:00:00", "0001-01-01T00:00:00", "1970-01-01T00:00:00Z", "1/Jan/1900"])
def test_marks_of_no_time(cell):
    assert DateReader("auto", OSLO).read(cell) is None


def test_a_due_day_ends_at_midnight_local_time():
    reader = DateReader("auto", OSLO)
    assert reader.read("2026-03-14", ends_day=True) == datetime(2026, 3, 14, 22, 59, 59, tzinfo=UTC).timestamp()
    assert reader.read("2026-03-14 10:00", ends_day=True) == datetime(2026, 3, 14, 9, 0, tzinfo=UTC).timestamp()


def test_summer_time():
    reader = DateReader("auto", OSLO)
    assert reader.read("2026-07-01 12:00") == datetime(2026, 7, 1, 10, tzinfo=UTC).timestamp()


def settle(cells) -> DateReader:
    reader = DateReader("auto", OSLO)
    assert reader.needs_witnesses(cells)
    for cell in cells:
        reader.witness(cell, "Created")
    reader.settle("t.csv", "sources.desk")
    return reader


def test_one_cell_that_can_be_only_one_thing_proves_the_order():
    reader = settle([*["03/04/2026 10:00"] * 500, "13/04/2026 10:00"])
    assert reader.read("03/04/2026 10:00") == datetime(2026, 4, 3, 8, tzinfo=UTC).timestamp()
    assert reader.notes == [
        'Dates as "13/04/2026 10:00" are read as day, month, year (dates = "dmy"): the cells fit no other order.'
    ]
    assert settle(["03/04/2026", "04/13/2026"]).read("03/04/2026") == datetime(2026, 3, 3, 23, tzinfo=UTC).timestamp()


def test_undecided_dates_show_both_readings():
    with pytest.raises(SourceError, match=r'"01/02/2026" in column "Created" can be 2026-02-01 .* or 2026-01-02'):
        settle(["03/04/2026", "01/02/2026", "05/05/2026"])
    with pytest.raises(SourceError) as caught:
        settle(["03/04/2026 10:00"])
    assert (
        '"03/04/2026 10:00" in column "Created" can be 2026-04-03 (dates = "dmy") or 2026-03-04 (dates = "mdy")'
        in str(caught.value)
    )
    assert "sources.desk.dates" in caught.value.hint


def test_a_day_that_reads_the_same_both_ways_is_clear():
    reader = DateReader("auto", OSLO)
    assert reader.read("05/05/2026 12:00") == datetime(2026, 5, 5, 10, tzinfo=UTC).timestamp()


def test_mixed_orders_are_refused_but_a_slip_is_not():
    with pytest.raises(SourceError, match="mixes orders"):
        settle(["13/04/2026"] * 5 + ["04/13/2026"] * 5)
    reader = settle(["13/04/2026"] * 100 + ["04/14/2026"])
    with pytest.raises(ValueError):
        reader.read("04/14/2026")


def test_two_figures_of_a_year_have_three_readings():
    with pytest.raises(SourceError, match=r"2003-02-01.*2003-01-02.*2001-02-03"):
        settle(["01/02/03"])
    # 2028-10-27 as m/d/y is the only reading: 27 is no month, and 10/27 no day and month the other way round
    assert settle(["10/27/28"]).read("10/27/28") == datetime(2028, 10, 26, 22, tzinfo=UTC).timestamp()


@pytest.mark.parametrize("text", ["%d.%m", "%Q", "tomorrow", "%d %d %m %Y", "%"])
def test_formats_that_are_none(text):
    with pytest.raises(ValueError):
        check_formats(text)


def test_a_wrong_format_or_zone_is_a_config_error(pull):
    more = '[sources.desk]\ntype = "csv"\npath = "t.csv"\n{}\n[sources.desk.columns]\nkey = "a"\ncreated_at = "b"\n'
    for line in ('dates = "d/m/y"', 'zone = "Oslo"', "dates = []"):
        with pytest.raises(ConfigError, match=r"sources\.desk"):
            pull(more.format(line), {"t.csv": "a,b\n"})


TIMES = st.datetimes(min_value=datetime(1981, 1, 1), max_value=datetime(2068, 12, 31))


@given(TIMES, st.integers(-14 * 60, 14 * 60))
def test_iso_times_of_any_offset_are_the_same_instant(when, minutes):
    when = when.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    assert DateReader("auto", OSLO).read(when.isoformat()) == pytest.approx(when.timestamp(), abs=1e-5)
    assert DateReader("auto", OSLO).read(when.isoformat(" ")) == pytest.approx(when.timestamp(), abs=1e-5)


@given(TIMES)
def test_a_format_reads_what_strftime_writes(when):
    when = when.replace(microsecond=0, tzinfo=UTC)
    for text in ("%d/%m/%Y %H:%M:%S", "%m-%d-%y %I:%M:%S %p", "%B %d %Y %H %M %S", "%a %d %b %Y %H:%M:%S %z"):
        assert DateReader(text, UTC).read(when.strftime(text)) == when.timestamp()


@given(st.text(max_size=80))
def test_any_text_is_a_time_or_a_value_error(text):
    for dates in ("auto", "dmy", "epoch", "%d.%m.%Y %H:%M"):
        try:
            found = DateReader(dates, OSLO).read(text)
        except (ValueError, OverflowError):
            continue
        assert found is None or found > 0
