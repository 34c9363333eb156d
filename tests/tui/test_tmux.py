"""The app in a real terminal multiplexer, which delays esc and has a screen of its own."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from deskaudit.store import Store

pytestmark = [
    pytest.mark.realtool,
    pytest.mark.skipif(not shutil.which("tmux") and not os.environ.get("CI"), reason="there is no tmux here"),
]
HERE = Path(__file__).parent


class Tmux:
    """One window of a server of its own."""

    def __init__(self, folder: Path, command: list[str], *, term: str = "screen-256color") -> None:
        self._base = ["tmux", "-S", str(folder / "tmux.sock"), "-f", "/dev/null"]
        environ = {
            name: value
            for name, value in os.environ.items()
            if name not in {"TMUX", "SSH_TTY", "SSH_CONNECTION", "NO_COLOR"}
        }
        self._environ = environ | {"LC_ALL": "C.UTF-8", "SHELL": "/bin/sh"}
        self._call("new-session", "-d", "-x", "80", "-y", "24", *command)
        self._call("set-option", "-g", "default-terminal", term)

    def _call(self, *words: str) -> str:
        done = subprocess.run([*self._base, *words], capture_output=True, text=True, env=self._environ, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    @property
    def lines(self) -> list[str]:
        return self._call("capture-pane", "-p").split("\n")

    def wait(self, text: str, seconds: float = 60) -> list[str]:
        deadline = time.monotonic() + seconds
        while text not in "\n".join(self.lines):
            assert time.monotonic() < deadline, f"no {text!r} in\n" + "\n".join(self.lines)
            time.sleep(0.1)
        return self.lines

    def press(self, *keys: str) -> None:
        self._call("send-keys", *keys)

    def cursor(self) -> str:
        return self._call("display-message", "-p", "#{cursor_x},#{cursor_y}").strip()

    def resize(self, width: int, height: int) -> None:
        self._call("resize-window", "-x", str(width), "-y", str(height))

    def close(self) -> None:
        subprocess.run([*self._base, "kill-server"], capture_output=True, check=False)


@pytest.fixture
def tmux(tmp_path: Path) -> Iterator[Tmux]:
    opened = Tmux(tmp_path, [sys.executable, str(HERE / "open_desk.py"), str(tmp_path / "desk"), "--local"])
    yield opened
    opened.close()


def test_a_walk_through_the_screens_in_tmux(tmux: Tmux, tmp_path: Path) -> None:
    lines = tmux.wait("Assured")
    assert "1 Overview  2 Checklist 3 Findings 4 Trends 7 Sources 8 Registers r Run e Export" in lines[0]
    assert lines[23].rstrip().endswith("? help")

    tmux.press("3")
    tmux.wait("worst first")
    tmux.press("Down", "Down", "Down")
    assert "4/12" in tmux.wait("4/12")[1]
    assert tmux.cursor() == "0,6"  # the terminal's own cursor is on the fourth line of the list
    tmux.press("Enter")
    tmux.wait("PASS ≥ 95.0 %")
    tmux.press("Escape")
    tmux.wait("worst first")

    tmux.press("/")
    tmux.press("-l", "Tickets")
    tmux.press("Enter")
    tmux.wait("1/3")

    tmux.press("2")
    tmux.wait("0 of 10 answered")
    tmux.press("n", "k", "m")
    tmux.wait("Note to HD-01.q1:")
    tmux.press("-l", "æøå 漢字")
    tmux.press("Enter")
    tmux.wait("note: æøå 漢字")

    tmux.resize(100, 30)
    lines = tmux.wait("note: æøå 漢字")
    assert len(lines) >= 30
    tmux.resize(80, 24)
    tmux.press("1")
    tmux.wait("Assured")

    tmux.press("q")
    deadline = time.monotonic() + 60
    with Store.open(tmp_path / "desk" / "data" / "deskaudit.db") as store:
        answer = store.answers(5)["HD-01.q1"]
    assert (answer.value, answer.note, answer.state) == ("no", "æøå 漢字", "confirmed")
    while subprocess.run([*tmux._base, "has-session"], capture_output=True, check=False).returncode == 0:
        assert time.monotonic() < deadline
        time.sleep(0.1)
