"""Packages of items and languages: found by entry points, named where they are broken, not looked for at the start."""

import json
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from deskaudit import __version__, i18n, plugins
from deskaudit.checks import catalogue
from deskaudit.cli.findings import look_at_plugins

ITEM = """
id = "XX-01"
slug = "own-item"
title = "Own"
group = "tickets"
cadence = "monthly"
why = "Because."
{more}
"""
CHECK = """
[[check]]
id = "xx.1"
name = "own-check"
title = "Own"
kind = "count"
of = "ticket"
needs = ["ticket"]
rows = '''{rows}'''
better = "lower"
severity = "low"
population = "census"
source = "Our own."
advice = "Look."
missing = "Connect one."
cohort = "All."
why = "So."
passes = 1
warns = 9
"""
GOOD = "SELECT t.id AS subject, 0 AS good FROM ticket t"


@pytest.fixture
def package(tmp_path):
    """package(text, name) → a plugin with one file of items."""

    def make(text, name="one"):
        folder = tmp_path / name
        folder.mkdir()
        if text:
            (folder / "item.toml").write_text(text)
        return plugins.Plugin(name, f"{name}.checks", f"deskaudit-{name} 1.0", folder)

    return make


def item(rows=GOOD, more=""):
    return ITEM.format(more=more + CHECK.format(rows=rows))


def test_an_item_of_a_package_is_part_of_the_checklist(package):
    found = catalogue.load(packages=[package(item())])
    assert found.check("own-check")[0].id == "XX-01"
    assert found.broken == {}


def test_a_site_may_change_the_thresholds_of_a_package(package, tmp_path):
    extra = tmp_path / "checks.d"
    extra.mkdir()
    (extra / "own.toml").write_text('[[override]]\ncheck = "own-check"\npasses = 3\n')
    assert catalogue.load(extra, packages=[package(item())]).check("own-check")[1].passes == 3


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "holds no item"),
        ("id = ", "not valid TOML"),
        (item("SELECT t.nothing AS subject, 0 AS good FROM ticket t"), "its SQL is wrong"),
        (item("python:os:system"), "a check of your own is SQL"),
        (item().replace("xx.1", "15.1"), "15.1 is used twice"),
        (item() + '[[override]]\ncheck = "15.1"\npasses = 0.1\n', "a package has no [[override]]"),
    ],
)
def test_a_broken_package_is_left_out_whole_and_named(package, text, said):
    other = package(item().replace("XX-01", "YY-01").replace("own", "other").replace("xx.1", "yy.1"), "two")
    found = catalogue.load(packages=[package(text), other])
    assert list(found.broken) == ["deskaudit-one 1.0"]
    assert said in found.broken["deskaudit-one 1.0"].message
    assert "XX-01" not in found.items
    assert {"YY-01", "HD-15"} <= set(found.items)


def test_two_packages_of_one_item_keep_the_first(package):
    found = catalogue.load(packages=[package(item()), package(item(), "two")])
    assert list(found.broken) == ["deskaudit-two 1.0"]
    assert "XX-01" in found.items


def catalogue_of(texts):
    """The bytes of a .mo file, made by hand: two tables of lengths and places, then the texts."""
    pairs = sorted({"": "Content-Type: text/plain; charset=UTF-8\n", **texts}.items())
    ids, words = [one.encode() for one, _ in pairs], [two.encode() for _, two in pairs]
    start = 28 + 16 * len(pairs)
    places, data = [], b""
    for text in (*ids, *words):
        places.append((len(text), start + len(data)))
        data += text + b"\0"
    head = [0x950412DE, 0, len(pairs), 28, 28 + 8 * len(pairs), 0, 0]
    numbers = [*head, *(number for place in places for number in place)]
    return b"".join(number.to_bytes(4, "little") for number in numbers) + data


@pytest.fixture
def language(monkeypatch):
    def choose(name):
        for variable in ("LANGUAGE", "LC_ALL", "LC_MESSAGES"):
            monkeypatch.delenv(variable, raising=False)
        monkeypatch.setenv("LANG", name)
        i18n.translation.cache_clear()

    yield choose
    i18n.translation.cache_clear()


def test_a_language_of_a_package_speaks(installed, language):
    mo = catalogue_of({"XX-01.title": "Eget", "none": "ingen"})
    installed({"extra/texts/xx/LC_MESSAGES/deskaudit.mo": mo}, locales="extra.texts")
    language("xx_YY.UTF-8")
    assert i18n.item_text("XX-01.title", "Own") == "Eget"
    assert i18n._("none") == "ingen"
    assert i18n._("no such text") == "no such text"
    language("en_GB.UTF-8")
    assert i18n.item_text("XX-01.title", "Own") == "Own"


TEXTS = {
    "XX-01.title": "Punkt", "XX-01.why": "Grunn", "xx.1.title": "Prøve", "xx.1.why": "Derfor", "xx.1.cohort": "Hvilke",
    "xx.1.missing": "Mangler", "xx.1.advice": "Råd", "XX-01.q1": "Spørsmål?", "XX-01.q1.guide": "Se her",
}  # fmt: skip
QUESTION = '[[question]]\nid = "XX-01.q1"\nask = "What?"\nguide = "Look."\n'


def test_every_text_of_an_item_is_found_by_its_id(installed, call):
    mo = catalogue_of(TEXTS)
    item_file = item().replace('title = "Own"\nkind', 'title = "Its own"\nkind') + QUESTION
    installed(
        {"extra/item.toml": item_file, "extra/texts/xx/LC_MESSAGES/deskaudit.mo": mo},
        checks="extra",
        locales="extra.texts",
    )
    _code, listed, _err = call("checks", language="xx")
    assert "XX-01  Punkt" in listed
    assert "own-check                    low      Prøve" in listed
    assert "Spørsmål?" in listed
    _code, out, _err = call("explain", "own-check", language="xx")
    told = {line[:12].strip(): line[12:] for line in out.splitlines()}
    assert out.startswith("xx.1 own-check: Prøve\n")
    assert told["item"] == "XX-01 Punkt"
    assert (told["why"], told["judges"], told["if missing"], told["advice"]) == ("Derfor", "Hvilke", "Mangler", "Råd")
    _code, out, _err = call("explain", "XX-01.q1", language="xx")
    told = {line[:12].strip(): line[12:] for line in out.splitlines()}
    assert (told["item"], told["look at"], told["why"]) == ("XX-01 Punkt", "Se her", "Grunn")
    _code, out, _err = call("scan", "--only", "XX-01", "--format", "json", "--fail-on", "never", language="xx")
    (result,) = json.loads(out)["results"]
    assert (result["title"], result["advice"]) == ("Prøve", "Råd")
    assert "Its own" in call("explain", "own-check", language="en")[1]


def test_a_broken_language_is_silent_until_the_doctor_names_it(installed, language):
    installed({"extra/texts/xx/LC_MESSAGES/deskaudit.mo": b"no catalogue"}, locales="extra.texts")
    language("xx_YY.UTF-8")
    assert i18n._("none") == "none"
    (found,) = [one for one in look_at_plugins({}) if "deskaudit-extra" in one.text]
    assert found.level == "wrong"
    assert "deskaudit-extra 2.5: languages xx; xx: " in found.text


def test_the_doctor_names_broken_plugins_and_good_ones(installed):
    installed(
        {"extra.py": "raise RuntimeError('on import')"},
        connectors="extra:Extra",
        checks="extra.checks",
        locales="nowhere",
    )
    said = {one.text: one.level for one in look_at_plugins({})}
    (connector,) = [text for text in said if text.startswith("deskaudit-extra 2.5: connector extra: ")]
    assert "on import" in connector
    assert said[connector] == "wrong"
    assert said["deskaudit-extra 2.5: languages none; there is no folder nowhere"] == "wrong"


def test_the_doctor_names_plugins_without_a_config_too(installed, tmp_path):
    installed({"extra.py": "raise RuntimeError('on import')"}, connectors="extra:Extra")
    done = subprocess.run(
        [sys.executable, "-m", "deskaudit", "--config", "none.toml", "--data-dir", "data", "doctor"],
        capture_output=True, text=True, check=False, cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path / "site"), "PATH": "/usr/bin", "LANG": "C.UTF-8"},
    )  # fmt: skip
    assert "There is no configuration at none.toml" in done.stdout
    assert "wrong plugin      deskaudit-extra 2.5: connector extra: " in done.stdout


def test_a_connector_that_does_not_load_says_which_deskaudit_it_is_for(installed):
    installed(
        {"extra.py": "from deskaudit import later"}, connectors="extra:Extra", requires="Requires-Dist: deskaudit>=9\n"
    )
    (found,) = [one for one in look_at_plugins({}) if "deskaudit-extra" in one.text]
    assert "cannot import name 'later'" in found.text
    assert f"It is for deskaudit>=9, and this is {__version__}." in found.text


def test_entry_points_of_a_group_that_nobody_reads_are_told(installed):
    installed({"extra.py": ""}, conectors="extra:Extra")
    (found,) = [one for one in look_at_plugins({}) if "deskaudit-extra" in one.text]
    assert (found.level, found.text) == (
        "wrong",
        "deskaudit-extra 2.5: nobody reads its entry points of deskaudit.conectors",
    )
    assert "write deskaudit.connectors in its pyproject.toml" in found.mend


def test_texts_that_are_not_compiled_are_told_as_that(installed):
    installed({"extra/texts/xx/LC_MESSAGES/deskaudit.po": "x"}, locales="extra.texts")
    (found,) = [one for one in look_at_plugins({}) if "deskaudit-extra" in one.text]
    assert "languages none; " in found.text
    assert "texts holds no LANGUAGE/LC_MESSAGES/deskaudit.mo (pybabel compile makes it of a .po)" in found.text


def test_the_code_around_a_folder_is_not_run(installed, tmp_path):
    installed({"extra/__init__.py": "raise RuntimeError", "extra/checks/item.toml": item()}, checks="extra.checks")
    (found,) = [one for one in plugins.installed(plugins.CHECKS) if one.name == "extra"]
    assert (found.package, found.folder, found.fault) == ("deskaudit-extra 2.5", tmp_path / "site/extra/checks", "")
    assert "extra" not in sys.modules


MISSPELT = item("SELECT t.id AS subject, 0 AS good FROM ticket t WHERE t.titel = ''")
SAID = "warning: deskaudit-extra 2.5 is left out: "


@pytest.mark.parametrize(
    ("words", "code", "shown"),
    [
        (("scan", "--only", "08.1", "--fail-on", "never"), 2, "08.1"),
        (("checks",), 2, "15.1"),
        (("checks", "--json"), 2, "15.1"),
        (("explain", "sla-missed"), 0, "15.1"),
        (("explain", "own-check"), 3, ""),
    ],
)
def test_what_lists_or_runs_checks_says_which_package_is_left_out(installed, call, words, code, shown):
    installed({"extra/item.toml": MISSPELT}, checks="extra")
    ended, out, err = call(*words)
    assert ended == code
    assert err.count(SAID) == 1
    assert "titel" in err
    assert "docs/writing-a-check.md" in err
    assert shown in out
    assert SAID not in out


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (MISSPELT, "Did you mean title? docs/writing-a-check.md lists tables, columns and names."),
        (item(GOOD.replace("good", "god")), "They have subject, god: write … AS good, as docs/writing-a-check.md says for a count."),
        (item().replace('group = "tickets"', 'group = "ticket"'), "group: Invalid enum value 'ticket': write one of governance, people, tickets"),
        (item().replace('kind = "count"', 'kind = "cound"'), "check xx.1 kind: Invalid enum value 'cound': write one of ratio, duration, count"),
        (item().replace("passes = 1", 'passes = "1"'), "write a number without quotes, as 0.5"),
    ],
)  # fmt: skip
def test_a_mistake_in_an_item_is_told_with_what_to_write(package, text, said):
    (fault,) = catalogue.load(packages=[package(text)]).broken.values()
    assert said in str(fault)


def test_the_doctor_says_what_to_write_in_an_item(installed, call):
    installed({"extra/item.toml": MISSPELT}, checks="extra")
    code, out, _err = call("doctor", "--no-sources")
    assert code == 2
    assert "Did you mean title?" in out


def test_an_audit_keeps_which_package_was_left_out(installed, call):
    installed({"extra/item.toml": MISSPELT}, checks="extra")
    call("scan", "--only", "08.1", "--fail-on", "never")
    _code, out, _err = call("show", "last")
    assert "deskaudit-extra 2.5 is left out: " in out
    assert "titel" in out


def test_the_app_leaves_out_what_a_run_leaves_out(package):
    """The SQL of what ships is left to the run; that of a package decides what is listed."""
    found = catalogue.load(verify=False, packages=[package(MISSPELT)])
    assert list(found.broken) == ["deskaudit-one 1.0"]
    assert "XX-01" not in found.items


@pytest.mark.parametrize("value", ["nowhere", "nowhere.inside", "sys", "os.path", "", "..", "a b"])
def test_entry_points_that_name_no_folder_say_so(value, monkeypatch):
    monkeypatch.setattr(plugins, "entry_points", lambda group: [EntryPoint("odd", value, group)])
    (found,) = plugins.installed(plugins.CHECKS)
    assert found.folder is None
    assert found.fault


@pytest.mark.parametrize("language", ["C.UTF-8", "en_US.UTF-8", "nb_NO.UTF-8"])
def test_the_start_looks_for_no_plugin(language):
    code = (
        "import sys; sys.argv = ['deskaudit', '--version']\nfrom deskaudit.cli import main; main()\n"
        "print([name for name in ('importlib.metadata', 'deskaudit.plugins', 'click') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"LANG": language, "PATH": "/usr/bin"},
        cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == "[]"
