"""config.toml: what is wrong is found before anything runs, and said with file, line, key and the nearest known key."""

import tomllib
from datetime import date
from pathlib import Path

import msgspec
import pytest

from deskaudit import config, tomltables
from deskaudit.errors import ConfigError

GOOD = """\
[desk]
name = "Nord"
zone = "Europe/Oslo"

[calendars.default]
hours = { mon-fri = ["08:00-11:30", "12:00-16:00"] }
holidays = "NO"

[sources.desk]
type = "liveagent"
cadence = "6h"
url = "https://nord.example"
"""


def load(tmp_path, text):
    file = tmp_path / "config.toml"
    file.write_text(text)
    return config.load(file)


def test_a_good_file_is_read(tmp_path):
    found = load(tmp_path, GOOD)
    assert (found.desk.name, found.desk.zone) == ("Nord", "Europe/Oslo")
    assert found.calendars["default"].holidays == "NO"
    (source,) = config.sources(found, tmp_path / "config.toml")
    assert (source.name, source.type, source.cadence_s) == ("desk", "liveagent", 6 * 3600)


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("[desk]", "[dsk]", 1, "Did you mean desk?"),
        ("holidays =", "holydays =", 7, "Did you mean holidays?"),
        ('name = "Nord"', "name = 3", 2, "Expected `str`, got `int`"),
        ('zone = "Europe/Oslo"', 'zone = "Europe/Olso"', 1, 'no time zone is called "Europe/Olso"'),
        ('"08:00-11:30", "12:00-16:00"', "8", 6, "Expected `str`"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(tmp_path, old, new, line, said):
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, GOOD.replace(old, new))
    assert f"config.toml:{line}" in str(caught.value)
    assert said in str(caught.value)


def test_a_missing_file_names_the_next_step(tmp_path):
    with pytest.raises(ConfigError, match="deskaudit init"):
        config.load(tmp_path / "none.toml")


def test_broken_toml_names_the_line(tmp_path):
    with pytest.raises(ConfigError, match="line 1"):
        load(tmp_path, "[desk\n")


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    url: str
    pages: int = 5


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('ulr = "x"', "Did you mean url?"),
        ('url = "x"\npages = "many"', "Expected `int`, got `str`"),
        ("pages = 1", "missing required field `url`"),
        ('url = "x"\ncadnce = "1d"', "Did you mean cadence?"),
        ('url = "x"\ncadence = "daily"', "is no duration"),
        ('url = "x"\ncadence = "0d"', "sources.desk.cadence: it is no time at all"),
        ('url = "x"\nenabled = "yes"', "expected bool"),
    ],
)
def test_a_sources_own_options_are_checked_the_same_way(tmp_path, line, said):
    file = tmp_path / "config.toml"
    file.write_text(f'[sources.desk]\ntype = "x"\n{line}\n')
    with pytest.raises(ConfigError, match=said.replace("?", r"\?").replace("`", ".")):
        [source.read_options(Options) for source in config.sources(config.load(file), file)]


@pytest.mark.parametrize(("text", "value"), [("90m", 5400), ("6h", 21600), ("1d", 86400), ("2w", 1209600)])
def test_durations(text, value):
    assert config.seconds(text) == value


@pytest.mark.parametrize("text", ["99999999999999999999d", "5300w", "9" * 5000 + "m"])
def test_a_duration_has_an_end(text):
    with pytest.raises(ConfigError, match="longer than a hundred years"):
        config.seconds(text, "sources.x.cadence")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("threads = 0", "threads is a number from 1"),
        ("threads = 99999999999999999999", "threads"),
        ('memory_limit = "lots"', "write 100MB or more"),
        ('memory_limit = "1B"', "write 100MB or more"),
        ('memory_limit = "5MB"', "write 100MB or more"),
        ('memory_limit = "-1GB"', "write 100MB or more"),
        ("item_cap = 0", "item_cap is 1 or more"),
    ],
)
def test_limits_that_the_analysis_could_not_live_with_are_refused_at_load(tmp_path, line, said):
    with pytest.raises(ConfigError, match=said):
        load(tmp_path, f"[audit]\n{line}\n")
    assert load(tmp_path, '[audit]\nmemory_limit = "1.5GB"\n').audit.memory_limit == "1.5GB"


def test_a_byte_order_mark_is_no_fault(tmp_path):
    assert load(tmp_path, "\ufeff" + GOOD).desk.name == "Nord"


def test_a_secret_in_the_file_is_not_repeated_and_the_way_out_is_named(tmp_path):
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, '[desk]\nhash_key = "hunter2hunter2"\n')
    assert "hunter2" not in str(caught.value)
    assert 'env = "NAME"' in caught.value.hint


class _Inner(msgspec.Struct, forbid_unknown_fields=True):
    on: int


class _Job(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    tests: list[_Inner] = []


class _Jobs(msgspec.Struct, forbid_unknown_fields=True):
    job: list[_Job] = []


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ('[[job]]\nname = "a"\n\n[[job]]\nnaem = "b"\n', 5, "unknown key job.2.naem"),
        ('[[job]]\nname = "a"\n\n[[job]]\nname = 3\n', 5, "job.2.name: Expected `str`"),
        ('[[job]]\nname = "a"\n[[job]]\nname = "b"\n[[job.tests]]\non = 1\n[[job.tests]]\non = "x"\n', 8, "job.2.tests.2.on"),
        ('[[job]]\nname = "a"\ntests = [{ on = 1 }, { no = 2 }]\n', 3, "unknown key job.1.tests.2.no"),
        ('[[jub]]\nname = "a"\n', 1, "unknown key jub"),
    ],
)  # fmt: skip
def test_the_table_of_a_list_is_named_with_its_line(tmp_path, text, line, said):
    file = tmp_path / "x.toml"
    file.write_text(text)
    with pytest.raises(ConfigError) as found:
        tomltables.read(_Jobs, tomllib.loads(text), file, "")
    assert f"x.toml:{line}: " in str(found.value)
    assert said in str(found.value)


@pytest.mark.parametrize("figure", ["nan", "inf", "-inf"])
def test_what_is_no_figure_is_refused_with_line_and_key(tmp_path, figure):
    with pytest.raises(ConfigError, match=r"config.toml:3: audit.item_cap: nan and inf are no figures"):
        load(tmp_path, f"[audit]\nthreads = 2\nitem_cap = {figure}\n")


def test_a_wrong_cadence_is_told_with_file_and_line(tmp_path):
    found = load(tmp_path, GOOD.replace('"6h"', '"often"'))
    with pytest.raises(ConfigError, match=r'config.toml:11: sources.desk.cadence: "often" is no duration'):
        config.sources(found, tmp_path / "config.toml")


def test_the_time_of_own_checks_is_a_second_or_more(tmp_path):
    with pytest.raises(ConfigError, match=r"config.toml:1: audit: check_seconds is 1 or more"):
        load(tmp_path, "[audit]\ncheck_seconds = 0\n")


def test_how_the_rows_of_a_source_are_read_is_its_mapping_levels_tags_and_zone():
    def reading(desk="Europe/Paris", **table):
        return config.Source("desk", {"type": "rt", **table}, Path("config.toml")).reading(desk)

    plain = reading(levels={"gold": {"response": "4h"}}, mapping={"category": {"field": "Urgency"}})
    same = {"mapping": {"category": {"field": "Urgency"}}, "levels": {"gold": {"response": "4h"}}}
    assert plain == reading(**same)
    assert plain == reading(**same, page_size=5, cadence="2d", url="https://rt.example.org")
    others = [
        reading(**same, tags="urgency"),
        reading(**same, agent_roles=["Agents"]),
        reading(**{**same, "levels": {"gold": {"response": "2h"}}}),
        reading("Europe/London", **same),
        reading(),
    ]
    assert len({plain, *others}) == 6
    assert reading("Europe/London", **same) == reading(**same, zone="Europe/London")  # its own goes before the desk's


def test_the_account_of_a_source_is_its_server_and_login():
    """What a pull must not mix; how it pulls is another matter."""

    def account(**table):
        return config.Source("desk", {"type": "rt", **table}, Path("config.toml")).account

    here = account(url="https://rt.example.org", user="ana")
    assert here == account(url="https://rt.example.org/", user="ana", page_size=5, cadence="2d")
    assert (
        len(
            {here, account(url="https://rt2.example.org", user="ana"), account(url="https://rt.example.org", user="bo")}
        )
        == 3
    )
    for same in ("https://RT.Example.org", "HTTPS://rt.example.org:443/", " https://rt.example.org "):
        assert here == account(url=same, user="ana")
    for other in ("https://rt.example.org:8443", "http://rt.example.org", "https://rt.example.org/rt"):
        assert here != account(url=other, user="ana")
    assert account(url="https://rt.example.org/RT") != account(url="https://rt.example.org/rt")
    assert account(host="Mail.Example.org", user="ana") == account(host="mail.example.org", user="ana")
    assert "example" not in here
    assert account(path="tickets.csv") == ""


def test_an_archive_names_the_last_day_it_reaches(tmp_path):
    def archive(value):
        found = load(tmp_path, GOOD.replace('cadence = "6h"', f"archive = {value}"))
        return config.sources(found, tmp_path / "config.toml")[0].archive

    assert archive("2024-12-31") == archive('"2024-12-31"') == date(2024, 12, 31)
    for wrong, told in (('"soon"', "that is no date; write 2026-09-01"), ("true", "write 2026-09-01")):
        with pytest.raises(ConfigError, match=rf"config.toml:\d+: sources.desk.archive: .*{told}"):
            archive(wrong)


@pytest.mark.parametrize("text", ["x = " + "9" * 5000, "x = " + "[" * 3000 + "]" * 3000], ids=["digits", "brackets"])
def test_toml_that_no_reader_bears_is_told(tmp_path, text):
    file = tmp_path / "config.toml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=r"config\.toml is not valid TOML"):
        config.load(file)
