"""The end of `demo`, how its commands are spelt, and `doctor` on a terminal."""

import functools
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from deskaudit import demo as made_up
from deskaudit.cli import demo as command
from deskaudit.cli.output import program


@pytest.fixture
def started(monkeypatch):
    """The program as if it were started by these words of sys.argv[0]."""

    def as_if(words: str) -> str:
        monkeypatch.setattr(sys, "argv", [words])
        return program()

    return as_if


def test_a_command_is_spelt_as_it_was_started(started, tmp_path, monkeypatch):
    folder = tmp_path / "house" / ".venv" / "bin"
    folder.mkdir(parents=True)
    script = folder / "deskaudit"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o700)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.chdir(tmp_path / "house")
    assert started(".venv/bin/deskaudit") == ".venv/bin/deskaudit"
    assert started(str(script)) == ".venv/bin/deskaudit"
    monkeypatch.chdir("/")
    assert started(str(script)) == str(script).removeprefix("/")
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    assert started(str(script)) == "deskaudit"
    assert started("/x/deskaudit/__main__.py").endswith(" -m deskaudit")


def test_the_demo_ends_with_its_summary(call, desk, monkeypatch):
    monkeypatch.setattr(made_up.Demo, "start", functools.partial(made_up.Demo.start, tickets=300))
    monkeypatch.setattr(command, "PAST_AUDITS", 1)
    code, out, err = call("demo", "--folder", str(desk / "demo"))
    assert code == 0, err
    lines = out.splitlines()
    assert len(lines) <= 22, "with a question below it is one screen"
    assert lines[0].startswith("Full audit ")
    assert "Most urgent" in lines
    assert f" show last\nThe rows behind a figure: {program()} --config {desk / 'demo' / 'config.toml'}" in err
    assert f"{program()} demo --app --folder {desk / 'demo'}" in err


def test_after_the_demo_the_doctor_has_nothing_against_the_data_folder(call, desk, monkeypatch):
    monkeypatch.setattr(made_up.Demo, "start", functools.partial(made_up.Demo.start, tickets=300))
    monkeypatch.setattr(command, "PAST_AUDITS", 1)
    assert call("demo")[0] == 0
    assert (desk / "data").stat().st_mode & 0o777 == 0o700
    assert "others may look into it" not in call("doctor", "--no-sources")[1]


def read_terminal(words: list[str], columns: int) -> list[str]:
    """What a command writes on a terminal so wide."""
    inner, outer = pty.openpty()
    environment = {**os.environ, "COLUMNS": str(columns)}
    with subprocess.Popen(words, stdout=outer, stderr=outer, stdin=subprocess.DEVNULL, env=environment) as process:
        os.close(outer)
        seen = b""
        try:
            while piece := os.read(inner, 65536):
                seen += piece
        except OSError:  # Linux says so when the other end is closed
            pass
        process.wait()
    os.close(inner)
    return seen.decode().replace("\r", "").splitlines()


def test_doctor_wraps_its_lines_on_a_terminal(call, desk):
    (desk / "config.toml").write_text(
        (desk / "config.toml").read_text().replace('"Small desk"', '"' + "Small desk of many words " * 10 + '"')
    )
    options = ["--config", str(desk / "config.toml"), "--data-dir", str(desk / "data")]
    lines = read_terminal([sys.executable, "-m", "deskaudit", *options, "doctor"], 80)
    place = next(n for n, line in enumerate(lines) if "many words" in line)
    wrapped = lines[place : place + 4]
    assert max(map(len, wrapped)) <= 80
    assert all(line.startswith(" " * 18) for line in wrapped[1:]), "the next lines stand under the first"
    whole = next(line for line in call("doctor")[1].splitlines() if "many words" in line)
    assert len(whole) > 200, "other programs get whole lines"


def test_a_path_stays_in_one_piece(desk):
    lines = read_terminal(
        [sys.executable, "-m", "deskaudit", "--config", str(desk / "config.toml"), "--data-dir", str(desk / "data"), "doctor"], 60
    )  # fmt: skip
    assert any(str(Path(desk / "data")) in line for line in lines)
