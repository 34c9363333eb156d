"""What goes over the line at 80×24 in the remote profile: bytes, which no machine's speed changes."""

import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from fcntl import ioctl
from pathlib import Path

import pyte
import pytest

from deskaudit.store import Store

HERE = Path(__file__).parent
QUIET_S = 0.8  # no byte for so long: the screen is done


class Line:
    """The app at the other end of a pseudo-terminal."""

    def __init__(self, folder: Path, *words: str) -> None:
        self._master, slave = pty.openpty()
        ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        environ = {**os.environ, "TERM": "xterm-256color", "SSH_TTY": "/dev/pts/9", "LC_ALL": "C.UTF-8"}
        environ.pop("NO_COLOR", None)
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "open_desk.py"), str(folder), *words],
            stdin=slave, stdout=slave, stderr=slave, env=environ, close_fds=True,
        )  # fmt: skip
        os.close(slave)

    def read(self, *, first_within: float = 5.0) -> bytes:
        """All bytes until the line falls silent."""
        found, deadline = b"", time.monotonic() + first_within
        while time.monotonic() < deadline:
            if select.select([self._master], [], [], 0.05)[0]:
                try:
                    found += os.read(self._master, 65536)
                except OSError:
                    break
                deadline = time.monotonic() + QUIET_S
        return found

    def send(self, keys: bytes) -> bytes:
        os.write(self._master, keys)
        return self.read()

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(10)
        os.close(self._master)


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    opened = Line(tmp_path)
    yield opened
    opened.close()


def test_screens_are_light_on_a_slow_line(line: Line) -> None:
    start = line.read(first_within=60)
    assert b"Assured" in start
    assert len(start) <= 15_000
    idle = line.read(first_within=2)
    assert idle == b""

    findings = line.send(b"3")
    assert b"Promises" in findings
    assert len(findings) <= 6_000
    moves = [line.send(key) for key in (b"j", b"j", b"j", b"k", b"G", b"g")]
    assert [len(move) for move in moves if len(move) > 600] == []
    assert all(move for move in moves)

    assert line.send(b"q").endswith(b"\x1b[?1004l")
    assert line.process.wait(10) == 0


def test_the_lean_driver_paints_what_the_stock_one_does(tmp_path: Path, filled_folder: Path) -> None:
    """Characters, colours and the cursor, after each key, in two real terminals."""
    screens: list[list[tuple[list[list[pyte.screens.Char]], int, int]]] = []
    for words in ((), ("--stock",)):
        folder = tmp_path / "_".join(("desk", *words))
        shutil.copytree(filled_folder, folder)
        opened, seen = Line(folder, *words), []
        display = pyte.Screen(80, 24)
        stream = pyte.ByteStream(display)
        try:
            stream.feed(keep_known(opened.read(first_within=60)))
            for key in (b"3", b"j", b"G", b"\r", b"\x1b", b"2", b"n", b"7", b"\r", b"?", b"1"):
                stream.feed(keep_known(opened.send(key)))
                seen.append(
                    ([[display.buffer[y][x] for x in range(80)] for y in range(24)], display.cursor.x, display.cursor.y)
                )
        finally:
            opened.close()
        screens.append(seen)
    assert screens[0] == screens[1]
    first = "".join(cell.data for row in screens[0][0][0] for cell in row)
    assert "worst first" in first
    assert "Promises kept in time" in first


def keep_known(data: bytes) -> bytes:
    """Without what pyte would print: titles, pointer shapes and the keyboard protocol are none of its business."""
    return re.sub(rb"\x1b\][^\x07]*\x07|\x1b\[[<>?=][0-9;]*\$?[a-zA-Z]", b"", data)


@pytest.mark.parametrize("name", [signal.SIGHUP, signal.SIGTERM])
def test_a_dropped_line_interrupts_the_run_and_keeps_what_is_done(
    name: signal.Signals, tmp_path: Path, filled_folder: Path
) -> None:
    folder = tmp_path / "desk"
    shutil.copytree(filled_folder, folder)
    opened = Line(folder, "--hold")
    try:
        opened.read(first_within=60)
        opened.send(b"r")
        assert b"1 of 12" in opened.send(b"s\r")
        opened.process.send_signal(name)
        assert opened.process.wait(20) == 0
    finally:
        opened.close()
    with Store.open(folder / "data" / "deskaudit.db") as store:
        assert store.audit(7).state == "interrupted"
        assert store.done_checks(7) == {"1.1"}
