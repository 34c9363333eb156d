"""Starting: light, the profile of the line before textual, themes."""

import os
import subprocess
import sys

import pytest

from deskaudit import tui
from deskaudit.errors import DeskauditError
from deskaudit.tui import theme

HEAVY = ("duckdb", "requests", "keyring", "plotext", "defusedxml", "netaddr", "holidays")


def run(code, **environ):
    cleared = {
        name: value
        for name, value in os.environ.items()
        if name not in {"SSH_TTY", "SSH_CONNECTION"} and not name.startswith("TEXTUAL")
    }
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env=cleared | {"TERM": "xterm-256color"} | environ,
        check=True,
    )
    return done.stdout.strip()


def test_importing_the_app_loads_nothing_heavy():
    code = f"import sys, deskaudit.tui.app, deskaudit.tui.desk; print(sorted(set(sys.modules) & set({HEAVY})))"
    assert run(code) == "[]"


def test_the_package_alone_imports_no_textual():
    assert run("import sys, deskaudit.tui; print('textual' in sys.modules)") == "False"


PROFILE = """
import os, sys, types
from deskaudit import tui
app = types.ModuleType("deskaudit.tui.app")
told = {}
app.main = lambda session, **words: told.update(words) or 0
desk = types.ModuleType("deskaudit.tui.desk")
desk.DeskSession = lambda desk: desk
sys.modules["deskaudit.tui.app"], sys.modules["deskaudit.tui.desk"] = app, desk
tui.run(None, remote=%s, ascii=%s)
print(told["remote"], told["ascii_only"], os.environ.get("TEXTUAL_FPS"), os.environ.get("TEXTUAL_SMOOTH_SCROLL"))
"""


@pytest.mark.parametrize(
    ("remote", "environ", "told"),
    [
        (None, {}, "False False None None"),
        (None, {"SSH_TTY": "/dev/pts/1"}, "True False 30 0"),
        (None, {"SSH_CONNECTION": "10.0.0.1 1 10.0.0.2 22"}, "True False 30 0"),
        (False, {"SSH_TTY": "/dev/pts/1"}, "False False None None"),
        (True, {}, "True False 30 0"),
        (True, {"TEXTUAL_FPS": "60"}, "True False 60 0"),
    ],
)
def test_the_profile_follows_the_line_and_its_overrides(remote, environ, told):
    assert run(PROFILE % (remote, False), PYTHONIOENCODING="utf-8", **environ) == told


def test_a_locale_without_utf8_gets_ascii():
    assert run(PROFILE % (None, False), PYTHONIOENCODING="latin-1").split()[1] == "True"


@pytest.mark.parametrize("term", ["dumb", ""])
def test_a_terminal_that_places_no_cursor_is_told_of_the_plain_way(term, monkeypatch):
    monkeypatch.setenv("TERM", term)
    with pytest.raises(DeskauditError, match="cannot show screens") as refused:
        tui.run(None)
    assert "deskaudit --plain" in refused.value.hint


def test_themes_fit_the_terminal(monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    assert theme.choose_theme("", remote=False) == "deskaudit-dark"
    assert theme.choose_theme("", remote=True) == "ansi-dark"
    assert theme.choose_theme("nord", remote=True) == "nord"
    monkeypatch.setenv("TERM", "linux")
    monkeypatch.delenv("COLORTERM", raising=False)
    assert theme.choose_theme("", remote=False) == "ansi-dark"


@pytest.mark.parametrize("ansi", [True, False])
@pytest.mark.parametrize("dark", [True, False])
def test_every_status_has_a_style_letter_and_word(ansi, dark):
    from deskaudit.model.verdicts import Status

    styles = theme.palette(ansi=ansi, dark=dark)
    letters = set()
    for status in Status:
        ((text, name),) = theme.status_spans(status)
        assert name in styles
        assert text.split() == [theme.LETTER[status], status.value]
        letters.add(theme.LETTER[status])
    assert len(letters) == len(Status)


async def test_an_unknown_theme_of_the_config_is_not_fatal(desk, open_app):
    file = desk.paths.config
    file.write_text(file.read_text() + '\n[terminal]\ntheme = "textual-ansi"\n')
    async with open_app(desk) as app:
        assert "Assured" in app.text


def test_remote_is_what_ssh_says(monkeypatch):
    monkeypatch.delenv("SSH_TTY", raising=False)
    monkeypatch.delenv("SSH_CONNECTION", raising=False)
    assert not tui.is_remote()
    monkeypatch.setenv("SSH_TTY", "/dev/pts/4")
    assert tui.is_remote()
