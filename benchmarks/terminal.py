"""A program at the other end of a pseudo-terminal of 80 columns and 24 lines, and what it paints there."""

import os
import pty
import select
import signal
import struct
import subprocess
import termios
from collections.abc import Mapping, Sequence
from fcntl import ioctl
from time import perf_counter
from types import TracebackType
from typing import NamedTuple, Self

import pyte

COLUMNS, LINES = 80, 24
QUIET_S = 1.0
"""No byte for so long: the screen is done."""


class Painting(NamedTuple):
    """What came in one go. `seconds` and `size` until the text stood as it then stayed; `whole` is all bytes."""

    seconds: float
    size: int
    whole: int
    text: str


class Terminal:
    """Runs a program; `paint` collects what it draws. It answers no questions that a program may ask of a terminal."""

    def __init__(self, command: Sequence[str], environ: Mapping[str, str]) -> None:
        self._screen = pyte.Screen(COLUMNS, LINES)
        self._stream = pyte.ByteStream(self._screen)
        self._master, slave = pty.openpty()
        ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        self._asked = perf_counter()
        self._process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=environ, start_new_session=True)  # fmt: skip
        os.close(slave)

    def paint(self, within: float = 30.0) -> Painting:
        """Reads until nothing has come for a second; waits for the first byte no longer than `within` seconds."""
        chunks: list[tuple[float, bytes]] = []
        deadline = perf_counter() + within
        while (left := deadline - perf_counter()) > 0:
            if not select.select([self._master], [], [], left)[0]:
                break
            try:
                chunks.append((perf_counter() - self._asked, os.read(self._master, 65536)))
            except OSError:  # the program has gone
                break
            deadline = perf_counter() + QUIET_S
        return self._settle(chunks)

    def send(self, keys: str) -> Painting:
        self._asked = perf_counter()
        os.write(self._master, keys.encode())
        return self.paint(within=5.0)

    def close(self) -> float:
        """Ends the program and gives its peak memory (MB)."""
        os.killpg(self._process.pid, signal.SIGKILL)
        _pid, status, usage = os.wait4(self._process.pid, 0)
        self._process.returncode = os.waitstatus_to_exitcode(status)
        os.close(self._master)
        return usage.ru_maxrss / 1024

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.returncode is None:
            self.close()

    def _settle(self, chunks: Sequence[tuple[float, bytes]]) -> Painting:
        seen = []
        for _at, data in chunks:
            self._stream.feed(data)
            seen.append("\n".join(self._screen.display))
        done = next((place for place, text in enumerate(seen) if all(later == seen[-1] for later in seen[place:])), 0)
        sizes = [len(data) for _at, data in chunks]
        return Painting(
            chunks[done][0] if chunks else 0.0, sum(sizes[: done + 1]), sum(sizes), "\n".join(self._screen.display)
        )
