"""Keys: none that a terminal keeps, none with two meanings on one screen, a page that is never stale, the user's own."""

import re
from pathlib import Path

import pytest

from deskaudit.errors import ConfigError
from deskaudit.tui import keys
from deskaudit.tui.app import DeskauditApp
from deskaudit.tui.screens import ROOMS
from deskaudit.tui.widgets.lines import LineList

DOCS = Path(__file__).parents[2] / "docs" / "keys.md"


def bound(listed):
    return [key.strip() for binding in keys.as_bindings(listed) for key in binding.key.split(",")]


def test_no_key_is_bound_that_terminals_tmux_or_screen_keep():
    every = [key for _title, bindings in keys.sections() for key in bound(bindings)]
    assert [key for key in every if keys.is_never(key)] == []
    assert {"ctrl+a", "ctrl+b", "ctrl+h", "ctrl+i", "ctrl+j", "ctrl+m", "ctrl+s", "ctrl+q", "ctrl+z"} <= keys.NEVER
    assert keys.is_never("ctrl+shift+c")
    assert keys.is_never("alt+x")
    assert keys.is_never("f11")
    assert not keys.is_never("f1")


async def test_nothing_below_binds_them_either(desk, open_app):
    async with open_app(desk) as app:
        for place in "12347re":
            await app.press(place)
            active = set(app.app.screen.active_bindings)
            assert [key for key in active if keys.is_never(key)] == []


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.__name__)
def test_a_screens_key_hides_no_other(room):
    """Only enter and esc mean something of their own on a screen; w is the same everywhere."""
    shared = set(bound(LineList.BINDINGS)) | set(bound(DeskauditApp.BINDINGS))
    own = bound(room.__dict__.get("BINDINGS", []))
    assert len(own) == len(set(own))
    assert set(own) & shared <= {"enter", "escape", "w"}


def test_every_binding_has_an_id_and_says_what_it_does():
    seen = {}
    for _title, bindings in keys.sections():
        for binding in bindings:
            assert binding.id
            assert binding.tooltip
            assert seen.setdefault(binding.id, binding.action.rpartition(".")[2]) == binding.action.rpartition(".")[2]


def test_every_action_exists():
    for room in ROOMS:
        for binding in keys.as_bindings(room.__dict__.get("BINDINGS", [])):
            name = binding.action.partition("(")[0]
            owner = DeskauditApp if name.startswith("app.") else room
            assert hasattr(owner, f"action_{name.rpartition('.')[2]}"), binding


def test_the_page_of_keys_is_what_the_bindings_say():
    assert DOCS.read_text(encoding="utf-8") == keys.page(), "stale: python -m deskaudit.tui.keys > docs/keys.md"


def test_letters_and_f_keys_have_twins():
    """Every F-key has a letter twin."""
    for _title, bindings in keys.sections():
        for binding in bindings:
            names = [key.strip() for key in binding.key.split(",")]
            assert not all(re.fullmatch(r"f\d+", name) for name in names)


async def test_help_shows_the_keys_of_the_screen_first_and_goes_back(desk, open_app):
    async with open_app(desk, size=(80, 60)) as app:
        await app.press("3", "question_mark")
        first = next(place for place, line in enumerate(app.lines) if "Findings" in line and place > 1)
        assert first < next(place for place, line in enumerate(app.lines) if "In every list" in line)
        assert "Show only results with these words" in app.text
        await app.press("escape")
        assert "worst first" in app.lines[1]
        await app.press("f1")
        assert "Help: keys" in app.lines[1]


async def test_commands_are_found_by_name(desk, open_app):
    async with open_app(desk) as app:
        await app.press("colon")
        for key in "trends":
            await app.press(key)
        assert "Trends" in app.text
        assert "Sources:" not in app.text
        await app.press("enter")
        assert "5 full audits" in app.lines[1]
        await app.press("ctrl+p", "escape")
        assert "5 full audits" in app.lines[1]


async def test_commands_are_found_by_what_they_are_called_and_by_their_id(desk, open_app):
    async with open_app(desk) as app:
        await app.press("colon")
        await app.type("go.findings")
        assert "worst first" in app.lines[1]
        await app.press("colon")
        await app.type("qui")
        assert not app.app.is_running


async def test_a_search_that_finds_nothing_stays_to_be_mended(desk, open_app):
    async with open_app(desk) as app:
        await app.press("colon")
        await app.type("trendx")
        assert app.message == "Command: trendx"
        assert "No command has that in its name" in app.text
        await app.press("e", "1")  # text, and no ways out
        assert app.message == "Command: trendxe1"
        await app.press("backspace", "backspace", "backspace", "enter")
        assert "5 full audits" in app.lines[1]


async def test_who_goes_elsewhere_has_left_the_palette(desk, open_app):
    async with open_app(desk) as app:
        await app.press("colon")
        await app.type("audit")  # several: the cursor is in the list
        assert "Commands" in app.lines[1]
        await app.press("e", "1", "2")
        assert "of 10 answered" in app.lines[1]
        await app.press("1")
        assert "Fjord Bank IT" in app.lines[1]
        await app.press("w", "question_mark", "3", "1")
        assert "Fjord Bank IT" in app.lines[1]


async def test_a_command_of_the_screen_runs_on_the_screen(desk, open_app):
    async with open_app(desk) as app:
        await app.press("3", "colon")
        await app.type("sort by something")
        assert "by check" in app.lines[1]


async def test_a_command_that_cannot_be_done_says_why(desk, open_app):
    async with open_app(desk) as app:
        await app.press("7", "colon")
        await app.type("stop the pull")
        assert "Nothing is running." in app.text


async def test_the_users_own_keys_work_and_are_shown(desk, open_app):
    file = desk.paths.config
    file.write_text(file.read_text() + '\n[terminal.keys]\n"findings.sort" = "z"\n"go.findings" = "f3,t"\n')
    async with open_app(desk) as app:
        assert " f3 Findings" in app.lines[0]
        await app.press("t")
        assert "z sort" in app.lines[-1]
        await app.press("s")
        assert "worst first" in app.lines[1]
        await app.press("z")
        assert "by check" in app.lines[1]


def test_wrong_names_and_keys_in_the_config_are_refused_before_anything_runs():
    with pytest.raises(ConfigError, match=r"Did you mean findings\.sort"):
        keys.check_keymap({"findings.srot": "z"})
    with pytest.raises(ConfigError, match=r"ctrl\+b cannot be used"):
        keys.check_keymap({"findings.sort": "z,ctrl+b"})
    keys.check_keymap({"findings.sort": "z,f5"})


async def test_copying_offers_the_line_and_claims_nothing(desk, open_app, monkeypatch):
    written = []
    monkeypatch.setattr(DeskauditApp, "_write", lambda self, data: written.append(data))
    async with open_app(desk) as app:
        await app.press("3", "c")
        assert written[0].startswith("\x1b]52;c;")
        assert "Offered to the terminal's clipboard" in app.message
        assert "e writes to a file" in app.message


def test_what_is_copied_is_wrapped_for_tmux_and_capped():
    import base64

    from deskaudit.tui import clipboard

    plain = clipboard.encode("å", tmux=False)
    assert plain == "\x1b]52;c;" + base64.b64encode("å".encode()).decode() + "\x07"
    assert clipboard.encode("å", tmux=True) == "\x1bPtmux;\x1b" + plain + "\x1b\\"
    assert clipboard.encode("x" * 60_000, tmux=False) is None


async def test_leaving_asks_twice_only_while_something_runs(desk, open_app):
    async with open_app(desk) as app:
        await app.press("q")
        assert not app.app.is_running


async def test_a_number_without_a_screen_says_so(desk, open_app):
    async with open_app(desk) as app:
        await app.press("4", "5")
        assert "No screen has the number 5 or 6" in app.message
        await app.press("question_mark")
        assert "Trends" in app.text
        await app.press("G")
        assert "these numbers are free" in app.text


async def test_the_key_that_searches_begins_no_search(desk, open_app):
    async with open_app(desk) as app:
        await app.press("colon", "slash", *"trends")
        assert "Trends: a metric" in app.text
        assert app.message == "Command: trends"
