"""How each screen looks at 80×24 and 120×40; time stands still, and colours are the sixteen of the terminal.

After a wanted change: pytest tests/tui/test_snapshots.py --snapshot-update, and look at the pictures.
"""

from pathlib import Path

import pytest

from deskaudit import secrets
from deskaudit.connectors.registers import register as all_registers
from deskaudit.tui.desk import DeskSession

RESTORES = """\
[[restore]]
backup = "file-server"
on = 2026-03-12
by = "ola@example.com"
took = "40m"

[[restore]]
backup = "Lønn [bold]og[/bold] プリンター"
on = 2026-04-01
took = "soon"
"""
ESCALATION = """\
[[escalation]]
priority = "P1"
group = "Second line"
after = "30m"
share = 0.75
contact = "oncall@example.com"

[[escalation]]
priority = "P2"
type = "incident"
group = "Second line"
"""
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
SETTING_UP = {
    "registers": ("8",),
    "register": ("8", "j", "enter"),
    "register-entry": ("8", "j", "enter", "enter", "j", "j"),
    "escalation": ("8", "j", "j", "enter", "l", "l"),
    "source-form": ("7", "m", "j"),
    "source-secret": ("7", "m", "j", "enter"),
    "source-mapping": ("7", "m", "G", "k", "k", "enter"),
}


@pytest.fixture
def make_app(desk, make_plain_app):
    return lambda **options: make_plain_app(desk, **options)


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40"])
@pytest.mark.parametrize("name", SCREENS)
def test_screen(name, size, make_app, snap_compare, monkeypatch):
    monkeypatch.setattr(DeskSession, "preview", lambda *_words: "# Full audit 5\n\n- **Assured 26.7 %**\n")
    assert snap_compare(make_app(remote=True), press=SCREENS[name], terminal_size=size)


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40"])
@pytest.mark.parametrize("name", SETTING_UP)
def test_setting_up(name, size, make_app, desk, snap_compare, monkeypatch):
    monkeypatch.setattr(secrets, "has_keyring", lambda: False)
    monkeypatch.setattr(
        all_registers, "REGISTERS", {one: all_registers.REGISTERS[one] for one in ("sla", "restores", "escalation")}
    )
    here = Path("/lists")
    folder = desk.paths.config.parent / "lists"
    folder.mkdir()
    (folder / "restores.toml").write_text(RESTORES)
    (folder / "escalation.toml").write_text(ESCALATION)
    registers = DeskSession.registers

    def shown(self):
        lines = registers(self)
        for line in lines:  # the folder of a test has another name each time
            line.file = here / line.file.name
            line.fault = line.fault.replace(str(folder), str(here))
        return lines

    monkeypatch.setattr(DeskSession, "registers", shown)
    config = desk.paths.config.read_text().replace('"liveagent"\n', '"liveagent"\nurl = "https://x.ladesk.com"\n', 1)
    desk.paths.config.write_text(f'{config}\n[sources.own]\ntype = "registers"\nfolder = "lists"\n')
    assert snap_compare(make_app(remote=True), press=SETTING_UP[name], terminal_size=size)


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
