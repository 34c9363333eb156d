"""What goes over the line at 80×24 in the remote profile: bytes, which no machine's speed changes."""

import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from fcntl import ioctl
from pathlib import Path

import pytest

HERE = Path(__file__).parent
QUIET_S = 1.5  # no byte for so long: the screen is done


class Line:
    """The app at the other end of a pseudo-terminal."""

    def __init__(self, folder: Path) -> None:
        self._master, slave = pty.openpty()
        ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        environ = {**os.environ, "TERM": "xterm-256color", "SSH_TTY": "/dev/pts/9", "LC_ALL": "C.UTF-8"}
        environ.pop("NO_COLOR", None)
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "open_desk.py"), str(folder)],
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
