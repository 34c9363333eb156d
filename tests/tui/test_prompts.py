"""Prompts: what is typed is text until Enter or Esc, whatever ends meanwhile; what is refused stays to be mended."""

import threading

import pytest
from textual.events import Key

from deskaudit.audit.setup import Sample
from deskaudit.tui.screens.connectorlist import ConnectorList
from deskaudit.tui.screens.palette import Palette
from deskaudit.tui.screens.sample import SampleRows
from deskaudit.tui.screens.sourceform import SourceForm


async def start_held_pull(desk, app):
    """A pull that stands still until `desk.hold` is set."""
    desk.hold = threading.Event()
    await app.press("7", "p")
    await app.wait(lambda: app.app.job.running == "pull")


async def end(desk, app):
    desk.hold.set()
    await app.wait(lambda: not app.app.job.running)
    await app.pilot.pause()


# The focus stays with what is being typed


@pytest.mark.parametrize(
    ("keys", "label"),
    [
        (("m", "G", "k", "enter"), "archive:"),
        (("n",), "Search:"),
        (("colon",), "Command:"),
        (("3", "slash"), "Search:"),
        (("4", "slash"), "Search:"),
        (("2", "x"), "Not applicable, because:"),
        (("e", "p"), "File:"),
        (("r", "j", "j", "enter"), "Period:"),
        (("8", "n"), "Folder"),
    ],
)
async def test_a_pull_that_ends_leaves_an_open_prompt_alone(desk, open_app, keys, label):
    async with open_app(desk) as app:
        await start_held_pull(desk, app)
        await app.press(*keys)
        await app.press("ctrl+u", "r", "s")
        room = app.app.screen
        assert room.message.asking
        assert room.message.text.startswith(label)
        await end(desk, app)
        assert app.app.screen is room
        assert app.app.focused is room.message
        await app.press("r", "s", "q", "1")
        assert room.message.typed == "rsrsq1"
        assert app.app.screen is room
        assert desk.plans == []
        assert "Enter" in app.lines[-1]


async def test_the_end_of_a_pull_is_told_when_the_prompt_is_closed(desk, open_app):
    async with open_app(desk) as app:
        await start_held_pull(desk, app)
        await app.press("e", "p")
        await end(desk, app)
        assert "Finished" not in app.text
        await app.press("escape")
        assert "Finished" in app.message
        assert app.app.focused is app.app.screen.lines


async def test_rows_that_have_come_do_not_cover_an_open_prompt(new_desk, open_app, monkeypatch):
    hold = threading.Event()
    async with open_app(new_desk) as app:
        await app.press("7", "n")
        await app.wait(lambda: "A file at hand" in app.text)
        await app.type("tickets spread")
        await app.wait(lambda: isinstance(app.app.screen, SourceForm))
        form = app.app.screen
        monkeypatch.setattr(type(app.app.session), "look", lambda *_words: hold.wait(10) and Sample())
        monkeypatch.setattr(SourceForm, "fault", "")
        await app.press("v")
        form.lines.move_to(form.lines.find("path"))
        await app.press("enter", "x")
        hold.set()
        await app.wait(lambda: not app.app.job.running)
        await app.press("d", "m")
        assert app.app.screen is form
        assert form.message.typed == "xdm"
        await app.press("enter")
        await app.wait(lambda: isinstance(app.app.screen, SampleRows))


async def test_a_change_of_size_leaves_the_prompt_its_focus_and_text(desk, open_app):
    async with open_app(desk) as app:
        await app.press("3", "slash", "v", "p")
        await app.pilot.resize_terminal(100, 30)
        await app.press("n")
        assert app.app.screen.message.typed == "vpn"
        assert app.app.focused is app.app.screen.message


@pytest.mark.parametrize(("keys", "room"), [((":",), Palette), (("7", "n"), ConnectorList)])
async def test_letters_typed_before_the_list_is_painted_are_text(desk, open_app, keys, room):
    """A slow line brings many keys at once: none of them is a command of the screen below."""
    async with open_app(desk) as app:
        for key in keys[:-1]:
            await app.press(key)
        for key in (keys[-1], "r", "s", "1"):
            name = {":": "colon"}.get(key, key)
            app.app.post_message(Key(name, key))
        await app.wait(lambda: isinstance(app.app.screen, room) and app.app.screen.message.typed == "rs1", 8)
    assert desk.plans == []


# What is refused stays


@pytest.mark.parametrize(
    ("label", "wrong", "fault", "right", "shown"),
    [
        ("Period", "yesterday", "is no period", "2026-Q2", "2026-Q2"),
        ("Only", "HD-99", "HD-99", "HD-15", "HD-15"),
    ],
)
async def test_what_the_run_page_refuses_stays_to_be_mended(desk, open_app, label, wrong, fault, right, shown):
    async with open_app(desk) as app:
        await app.press("r")
        screen = app.app.screen
        screen.lines.move_to(screen.lines.find(label.casefold()))
        await app.press("enter")
        await app.type(wrong)
        assert screen.message.asking
        assert screen.message.typed == wrong
        assert fault in app.message.partition("> ")[2]
        await app.press("ctrl+u")
        assert fault not in app.message.partition("> ")[2]
        await app.type(right)
        assert not screen.message.asking
        assert shown in app.line(f" {label} ")


async def test_esc_leaves_a_refused_value_and_changes_nothing(desk, open_app):
    async with open_app(desk) as app:
        await app.press("r")
        before = app.lines[2:-2]
        screen = app.app.screen
        screen.lines.move_to(screen.lines.find("period"))
        await app.press("enter")
        await app.type("yesterday")
        await app.press("escape")
        assert not screen.message.asking
        assert app.lines[2:-2] == before
        assert app.app.focused is screen.lines


async def test_a_file_at_hand_that_is_not_there_can_be_corrected(new_desk, open_app, tmp_path):
    (tmp_path / "tickets.csv").write_text("number,opened,state\n1,2026-09-01 10:00,Open\n2,2026-09-02 10:00,Open\n")
    async with open_app(new_desk) as app:
        await app.press("7", "n")
        await app.wait(lambda: "A file at hand" in app.text)
        await app.press("enter")
        await app.type(str(tmp_path / "tickets.cs"))
        await app.wait(lambda: app.app.screen.message.asking)
        assert app.app.screen.message.typed == str(tmp_path / "tickets.cs")
        assert "cannot be read" in app.message
        await app.press("v", "enter")
        await app.wait(lambda: isinstance(app.app.screen, SourceForm))


async def test_an_answer_of_the_wrong_kind_stays(desk, open_app):
    async with open_app(desk) as app:
        await app.press("2")
        screen = app.app.screen
        screen._go_to("HD-15.q3")
        await app.press("enter")
        await app.type("nine")
        assert screen.message.asking
        assert "One of: none, by priority" in app.message
        await app.press("ctrl+u")
        await app.type("by priority")
        assert not screen.message.asking
    assert desk.store.answers(5)["HD-15.q3"].value == "by priority"


async def test_neither_yes_nor_no_is_asked_again(desk, open_app):
    async with open_app(desk) as app:
        await app.press("7", "d")
        await app.type("yse")
        assert "Type yes" in app.message
        assert app.app.screen.message.typed == "yse"
        await app.press("ctrl+u")
        await app.type("no")
        assert "Nothing was removed" in app.message
    assert "[sources.liveagent]" in desk.paths.config.read_text()


# How a prompt looks at 80 columns


async def test_a_long_question_is_shown_whole(desk, open_app, tmp_path):
    folder = tmp_path / "a-folder-with-a-rather-long-name" / "and-another-one-inside-of-it"
    folder.mkdir(parents=True)
    (folder / "audit.md").write_text("mine")
    async with open_app(desk) as app:
        await app.press("e", "p", "ctrl+u")
        await app.type(str(folder / "audit.md"))
        await app.press("s")
        assert "exists. Replace it? (yes)" in app.message
        assert "…" not in app.message
        await app.type("yes")
        assert "Written" in app.message


async def test_the_footer_shows_the_keys_of_the_prompt_and_then_those_of_the_screen(desk, open_app):
    async with open_app(desk) as app:
        await app.press("7")
        before = app.lines[-1]
        assert "t test" in before
        await app.press("d")
        assert app.lines[-1].split() == [
            "Enter",
            "after",
            "yes:",
            "remove",
            "it",
            "Esc",
            "leave",
            "it",
            "Ctrl+U",
            "clear",
        ]
        await app.press("escape")
        assert app.lines[-1] == before
        await app.press("n")
        await app.wait(lambda: "A file at hand" in app.text)
        assert "↑ ↓ move" in app.lines[-1]


async def test_the_tabs_stay_whole_while_an_audit_runs(desk, open_app):
    desk.hold = threading.Event()
    async with open_app(desk) as app:
        await app.press("r", "s", "enter")
        await app.wait(lambda: "1 of 12" in app.text)
        for key in "12347e":
            await app.press(key)
            assert "r Run*" in app.lines[0]
            for title in ("Overview", "Checklist", "Findings", "Trends", "Sources", "Registers", "Export"):
                assert title in app.lines[0]
        desk.hold.set()
        await app.wait(lambda: not app.app.job.running)


# Starting asks


async def test_starting_says_what_will_be_run_and_asks(desk, open_app):
    async with open_app(desk) as app:
        await app.press("r", "s")
        assert "Start a full audit of" in app.message
        assert "Pulls first: liveagent, netscan, backups." in app.message
        assert "old" not in app.message
        assert desk.plans == []
        await app.type("ync")
        assert "Press Enter alone" in app.message
        assert desk.plans == []
        await app.press("escape")
        assert "Nothing was started" in app.message
        await app.press("s", "enter")
        await app.wait(lambda: not app.app.job.running)
    assert [plan.kind for plan in desk.plans] == ["full"]


async def test_starting_without_a_pull_says_so(desk, open_app):
    async with open_app(desk) as app:
        await app.press("r")
        screen = app.app.screen
        for index in range(len(screen.lines.source)):
            if getattr(screen.lines.source.value(index), "name", "") in {"liveagent", "netscan", "backups"}:
                screen.lines.move_to(index)
                await app.press("space")
        await app.press("s")
        assert "Nothing is pulled" in app.message


async def test_going_on_with_an_audit_names_it_and_asks(desk, open_app):
    async with open_app(desk) as app:
        await app.press("r", "u")
        assert "Go on with audit 6: full" in app.message
        assert desk.plans == []
        await app.press("enter")
        await app.wait(lambda: not app.app.job.running)
    assert desk.plans[0].resume == 6
