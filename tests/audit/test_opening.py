"""When a desk is open: how it is typed, asked for, written, held against its tickets, and said where nobody stated it."""

import io
import sys
import tomllib

import pytest

from deskaudit import config as configuration
from deskaudit.audit import opening
from deskaudit.checks import engine
from deskaudit.config import Calendar, Config, Desk
from deskaudit.model.entities import Ticket
from deskaudit.testing import snapshot_of

MONDAY = 1_788_739_200  # 2026-09-07 00:00 UTC
HOUR = 3600


@pytest.mark.parametrize(
    ("typed", "hours"),
    [
        ("mon-fri 08:00-16:00", {"mon-fri": ["08:00-16:00"]}),
        ("Mon - Fri 8-16, Sat 10.00–14.00", {"mon-fri": ["08:00-16:00"], "sat": ["10:00-14:00"]}),
        ("monday-friday 8:00-11:30 12-16", {"mon-fri": ["08:00-11:30", "12:00-16:00"]}),
        ("mon, wed 8-16; fri 8-12", {"mon": ["08:00-16:00"], "wed": ["08:00-16:00"], "fri": ["08:00-12:00"]}),
        ("24x7", {"mon-sun": ["00:00-24:00"]}),
        ("24/7", {"mon-sun": ["00:00-24:00"]}),
    ],
)
def test_hours_are_typed_in_one_line_and_shown_so(typed, hours):
    assert opening.read_hours(typed) == hours
    assert opening.read_hours(opening.show_hours(hours)) == hours


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "write mon-fri"),
        ("office hours", '"office"'),
        ("8-16", '"8-16"'),
        ("mon-fri", "no hours are said for mon-fri"),
        ("mon 16-8", "22:00-24:00"),
        ("mon 8:10-16", "quarter hour"),
        ("mon 8-16 15-17", "overlaps"),
    ],
)
def test_hours_that_are_not_understood_say_how_to_write_them(typed, said):
    with pytest.raises(ValueError, match=said) as fault:
        opening.read_hours(typed)
    assert "calendars.default" not in str(fault.value)


def test_the_country_is_proposed_from_the_zone(tmp_path):
    table = tmp_path / "zone.tab"
    table.write_text("# zones\nNO\t+5955+01045\tEurope/Oslo\nUS\t+404251-0740023\tAmerica/New_York\tEastern\n")
    assert opening.country_of("Europe/Oslo", table) == "NO"
    assert opening.country_of("America/New_York", table) == "US"
    assert opening.country_of("UTC", table) == ""
    assert opening.country_of("UTC", tmp_path / "none") == ""


@pytest.fixture
def init(tmp_path, monkeypatch, capsys):
    """`deskaudit init` with these answers; gives the config that it wrote, and what it said on stderr."""
    from deskaudit import cli

    def run(*answers):
        monkeypatch.setattr(sys, "stdin", io.StringIO("\n".join(answers) + "\n"))
        file = tmp_path / "new.toml"
        monkeypatch.setattr(sys, "argv", ["deskaudit", "--config", str(file), "--data-dir", str(tmp_path), "init"])
        with pytest.raises(SystemExit) as end:
            cli.main()
        said = capsys.readouterr()
        assert end.value.code == 0, said.err
        return tomllib.loads(file.read_text()), said.out + said.err

    return run


def test_init_asks_for_the_hours_and_writes_them(init):
    written, said = init("Nord", "internal", "Europe/Oslo", "9 to 5", "mon-fri 8-16", "XX", "NO", "n")
    assert '"9" is not understood' in said
    assert "XX" in said
    assert written["calendars"] == {"default": {"hours": {"mon-fri": ["08:00-16:00"]}, "holidays": "NO"}}


def test_init_shows_the_usual_hours_and_a_desk_round_the_clock_keeps_no_holidays(init):
    written, said = init("Nord", "internal", "UTC", "24x7", "n")
    assert "[mon-fri 08:00-17:00]" in said
    assert written["calendars"] == {"default": {"hours": {"mon-sun": ["00:00-24:00"]}}}


def tickets(count, answered_hour):
    """Tickets of Monday 09:00, answered on that day."""
    at = MONDAY + answered_hour * HOUR
    return [Ticket(id=n, created_at=MONDAY + 9 * HOUR, first_response_at=at) for n in range(count)]


def test_answers_outside_the_hours_are_said_from_the_data():
    desk = Config(desk=Desk(zone="UTC"), calendars={"default": Calendar(hours={"mon-fri": ["08:00-16:00"]})})
    said = opening.doubt(tickets(15, 10) + tickets(5, 20), desk)
    assert said.startswith("5 of 20 first answers were given outside the opening hours (mon-fri 08:00-16:00)")
    assert opening.doubt(tickets(17, 10) + tickets(3, 20), desk) == ""
    assert opening.doubt(tickets(19, 20), desk) == ""


def judge(reader, make_config_check, tmp_path):
    folder = tmp_path / "frozen"
    folder.mkdir(mode=0o700)
    window = engine.Window(MONDAY, MONDAY + 7 * 86400, MONDAY + 7 * 86400, (MONDAY - 7 * 86400, MONDAY))
    item, check = make_config_check
    return engine.run(item, check, reader, window, folder, engine.NoPast())[0]


@pytest.fixture
def business_check():
    from deskaudit.checks import catalogue

    every = catalogue.load(verify=False)
    every = ((item, check) for item in every.items.values() for check in item.check)
    return next(pair for pair in every if pair[1].name == "slow-first-response")


def test_hours_that_nobody_stated_are_said_beside_business_times(tmp_path, business_check):
    rows = tickets(30, 20)
    reader = snapshot_of(tmp_path / "a", rows, config=Config(desk=Desk(zone="UTC")), now=MONDAY + 7 * 86400)
    reason = judge(reader, business_check, tmp_path).reason
    assert "Opening hours are assumed (mon-fri 08:00-17:00): state yours under calendars.default.hours" in reason
    assert "30 of 30 first answers lie outside them" in reason


def test_hours_that_were_stated_need_no_word(tmp_path, business_check):
    stated = Config(desk=Desk(zone="UTC"), calendars={"default": Calendar(hours={"mon-fri": ["08:00-17:00"]})})
    reader = snapshot_of(tmp_path / "b", tickets(30, 20), config=stated, now=MONDAY + 7 * 86400)
    assert "assumed" not in judge(reader, business_check, tmp_path).reason


def test_a_wrong_span_in_the_file_is_blamed_on_its_day(tmp_path):
    file = tmp_path / "config.toml"
    file.write_text('[calendars.default.hours]\nmon = ["08:00-16:00"]\ntue = "08:00-16:00"\n')
    with pytest.raises(configuration.ConfigError, match=r":3: calendars.default.hours.tue: Expected"):
        configuration.load(file)
