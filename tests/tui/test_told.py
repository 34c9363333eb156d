"""What screens tell: titles, severities, thresholds, numbers; and that nothing stays when it is over."""

import threading

import pytest

from deskaudit.checks.catalogue import Catalogue
from deskaudit.checks.spec import Check, Item
from deskaudit.model.verdicts import Result, Status
from deskaudit.tui import words
from deskaudit.tui.screens.sourceform import SourceForm


def make_result(**more):
    given = {
        "item": "HD-20", "check": "20.1", "name": "slow-first-response", "title": "Chat", "leg": "chat",
        "status": Status.FAIL, "kind": "ratio", "unit": "share", "better": "lower", "pass_at": 0.05, "warn_at": 0.1,
    }  # fmt: skip
    return Result(**given | more)


# Messages


async def test_what_was_said_is_gone_when_one_comes_back(desk, open_app, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    async with open_app(desk) as app:
        await app.press("e", "s")
        assert "Written" in app.message
        await app.press("1", "e")
        assert app.message == ""


async def test_what_was_written_is_not_said_of_another_file(desk, open_app, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    async with open_app(desk) as app:
        await app.press("e", "s")
        assert "Written" in app.message
        await app.press("f")
        assert app.message == ""


async def test_the_reason_of_a_finding_is_back_with_its_list(desk, open_app):
    async with open_app(desk) as app:
        await app.press("3", "enter", "escape")
        assert app.message == "4 devices answered the scan and stand in no list."


async def test_a_pull_is_no_finished_run(desk, open_app):
    async with open_app(desk) as app:
        await app.press("r", "s", "enter")
        await app.wait(lambda: not app.app.job.running and "Run: finished" in app.lines[1])
        await app.press("7", "p")
        await app.wait(lambda: "Finished" in app.message)
        await app.press("r")
        assert "Run an audit" in app.lines[1]
        assert "[ Start ]" in app.text


async def test_a_run_that_failed_elsewhere_is_told_as_stopped(desk, open_app):
    desk.hold = threading.Event()
    async with open_app(desk) as app:
        await app.press("r", "s", "enter")
        await app.wait(lambda: app.app.job.tally.checks_done == 1)
        await app.press("x", "1")
        await app.wait(lambda: not app.app.job.running)
        await app.press("r")
        assert "Run: stopped" in app.lines[1]
        assert "Stopped after 1 of 12 checks." in app.text


# Titles, severities, thresholds


def test_a_leg_is_named_in_words_and_never_by_a_slug():
    spec = {"id": "20.1", "name": "slow-first-response", "title": "Time to the first answer"}
    check = Check(
        **spec,
        kind="ratio",
        of="ticket",
        needs=["ticket"],
        population="sample",
        severity="high",
        source="convention",
        advice="",
    )
    catalogue = Catalogue(
        [Item(id="HD-20", slug="metrics", title="Measure", group="tickets", cadence="weekly", why="", check=[check])]
    )
    assert words.title_of(make_result(), catalogue) == "Chat · Time to the first answer"
    assert words.title_of(make_result(leg=""), catalogue) == "Chat"
    assert words.title_of(make_result(check="99.1"), catalogue) == "Chat · slow-first-response", "its check is gone"


async def test_the_severity_stands_in_the_list_and_on_the_page(desk, open_app):
    async with open_app(desk) as app:
        await app.press("3")
        head, row = app.lines[2], app.line("Devices on the network")
        assert row[head.index("SEV") :].startswith("crit ")
        assert app.line("Promises kept")[head.index("SEV") :].startswith("high ")
        await app.press("enter")
        assert "3.1 · critical · Audit 5" in app.lines[1]


def test_the_number_of_faults_that_pass_stands_beside_the_share():
    result = make_result(details={"allowed": {"pass": 3, "warn": 10}})
    assert words.limit(result) == "≤ 5.0 % or up to 3"
    assert words.limits(result) == "PASS ≤ 5.0 % or up to 3, WARN ≤ 10.0 % or up to 10, else FAIL"
    assert words.short_limit(result) == "≤ 5.0 % +"
    assert words.short_limit(make_result()) == "≤ 5.0 %"
    assert words.limit(make_result(pass_at=None, details={"allowed": {"pass": 3}})) == "up to 3"


# Numbers


@pytest.mark.parametrize(
    ("count", "said"), [(0, " 0 sources "), (1, " 1 source "), (2, " 2 sources ")]
)  # fmt: skip
async def test_one_source_is_one_source(count, said, new_desk, open_app):
    lines = ["[desk]", 'name = "One"', 'zone = "UTC"']
    lines += [line for n in range(count) for line in (f"[sources.s{n}]", 'type = "csv"', 'path = "x.csv"')]
    new_desk.paths.config.write_text("\n".join(lines) + "\n")
    new_desk.forget_config()
    async with open_app(new_desk) as app:
        await app.press("7")
        assert said in app.lines[1]


async def test_help_says_of_the_missing_keys_that_they_come_later(desk, open_app):
    async with open_app(desk) as app:
        await app.press("question_mark", "G")
        assert "5 (Team) and 6 (Actions)" in app.text
        assert "come later" in app.text
        assert "INFO, E ERROR." in " ".join(app.text.split()), "the last words of a footnote are not cut"


# Setting up


async def test_a_file_whose_times_have_no_zone_says_so_in_its_form(new_desk, open_app, tmp_path):
    file = tmp_path / "export.csv"
    file.write_text("number,opened,state,subject\n1,03/04/2026 10:00,Open,Printer\n2,05/04/2026 11:30,Open,VPN\n")
    async with open_app(new_desk) as app:
        await app.press("7", "n")
        await app.wait(lambda: "A file at hand" in app.text)
        await app.type("file at hand")
        await app.type(str(file))
        await app.wait(lambda: isinstance(app.app.screen, SourceForm))
        assert "The times carry no offset: set zone" in app.message
        assert "which is the day, which the month?" in app.message


async def test_tickets_are_counted_and_not_every_row(new_desk, open_app):
    from deskaudit.audit.setup import Sample
    from deskaudit.tui.screens.sample import SampleRows

    sample = Sample(counts={"ticket": 1, "event": 2539})
    async with open_app(new_desk) as app:
        app.app.push_screen(SampleRows("desk", sample))
        await app.wait(lambda: "looked at: 1 ticket; nothing is saved" in app.text)


async def test_enter_on_a_line_that_is_no_row_says_so(new_desk, open_app):
    from deskaudit.audit.setup import Sample
    from deskaudit.tui.screens.sample import SampleRows

    async with open_app(new_desk) as app:
        app.app.push_screen(SampleRows("desk", Sample()))
        await app.wait(lambda: "It gave no row" in app.text)
        await app.press("enter")
        assert "Put the cursor on a row." in app.message


async def test_items_are_listed_by_their_titles(desk, open_app):
    async with open_app(desk) as app:
        await app.press("2")
        assert any(line.lstrip().startswith("F Measure service") for line in app.lines)
        assert "service-lev" not in app.text
