"""How each screen looks at 80×24 and 120×40; time stands still, and colours are the sixteen of the terminal.

After a wanted change: pytest tests/tui/test_snapshots.py --snapshot-update, and look at the pictures.
"""

import pytest

from deskaudit.tui.desk import DeskSession

SIZES = [(80, 24), (120, 40)]
SCREENS = {
    "overview": ("space",),
    "checklist": ("2", "n"),
    "findings": ("3", "j"),
    "findings-segments": ("3", "o", "f"),
    "finding": ("3", "j", "j", "j", "enter"),
    "rows": ("3", "j", "j", "j", "enter", "o"),
    "trends": ("4",),
    "metric": ("4", "j", "j", "j", "j", "j", "j", "j", "j", "enter"),
    "compare": ("4", "v", "enter", "enter"),
    "sources": ("7",),
    "source": ("7", "j", "j", "enter"),
    "run": ("r",),
    "export": ("e",),
    "help": ("3", "question_mark"),
    "palette": ("colon",),
    "audits": ("w",),
}


@pytest.fixture
def make_app(desk, make_plain_app):
    return lambda **options: make_plain_app(desk, **options)


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40"])
@pytest.mark.parametrize("name", SCREENS)
def test_screen(name, size, make_app, snap_compare, monkeypatch):
    monkeypatch.setattr(DeskSession, "preview", lambda *_words: "# Full audit 5\n\n- **Assured 26.7 %**\n")
    assert snap_compare(make_app(remote=True), press=SCREENS[name], terminal_size=size)


def test_without_any_audit(new_desk, make_plain_app, snap_compare):
    assert snap_compare(make_plain_app(new_desk, remote=True))


def test_without_a_configuration(bare_desk, make_plain_app, snap_compare):
    assert snap_compare(make_plain_app(bare_desk, remote=True))


def test_without_colour(make_app, snap_compare, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    assert snap_compare(make_app(remote=True), press=("3", "j"))


def test_in_ascii(make_app, snap_compare):
    assert snap_compare(make_app(remote=True, ascii_only=True), press=("4",))


def test_in_true_colour(make_app, snap_compare, monkeypatch):
    monkeypatch.setenv("COLORTERM", "truecolor")
    assert snap_compare(make_app(), press=("3", "j"))
