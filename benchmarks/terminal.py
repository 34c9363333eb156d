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

from benchmarks.processes import peak_memory

COLUMNS, LINES = 80, 24
QUIET_S = 1.0
"""The same text for so long: the screen is done."""
PAUSE_S = 0.2


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

    def paint(self, marker: str = "", within: float = 30.0) -> Painting:
        """Reads until the screen has `marker` and its text has not changed for a second: a cursor may go on blinking.

        Where nothing comes at all it waits `within` seconds. RuntimeError where the marker never comes.
        """
        found: list[tuple[float, int, str]] = []  # when, how many bytes, the text then
        waiting: list[tuple[float, bytes]] = []
        while (now := perf_counter() - self._asked) < within:
            if select.select([self._master], [], [], PAUSE_S)[0]:
                try:
                    waiting.append((perf_counter() - self._asked, os.read(self._master, 65536)))
                    continue
                except OSError:  # the program has gone
                    break
            found += self._feed(waiting)  # in a pause, so that the emulator does not take time from the program
            waiting = []
            if found and marker in found[-1][2] and now - found[_settled(found)][0] > QUIET_S:
                break
        found += self._feed(waiting)
        if not found or marker not in found[-1][2]:
            if marker:
                raise RuntimeError(f"the screen never shows {marker!r}:\n{found[-1][2] if found else ''}")
            return Painting(0.0, 0, sum(size for _at, size, _text in found), "")
        done = _settled(found)
        sizes = [size for _at, size, _text in found]
        return Painting(found[done][0], sum(sizes[: done + 1]), sum(sizes), found[-1][2])

    def send(self, keys: str, marker: str = "") -> Painting:
        self._asked = perf_counter()
        os.write(self._master, keys.encode())
        return self.paint(marker, within=5.0)

    def listen(self, seconds: float) -> int:
        """How many bytes come in so many seconds without a key."""
        self._asked = perf_counter()
        return self.paint(within=seconds).whole

    def close(self) -> float:
        """Ends the program and gives its peak memory (MB)."""
        peak = peak_memory(self._process.pid)
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        os.close(self._master)
        return peak

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.returncode is None:
            self.close()

    def _feed(self, chunks: Sequence[tuple[float, bytes]]) -> list[tuple[float, int, str]]:
        found = []
        for at, data in chunks:
            self._stream.feed(data)
            found.append((at, len(data), "\n".join(self._screen.display)))
        return found


def _settled(found: Sequence[tuple[float, int, str]]) -> int:
    """The place of the first chunk after which the text stayed as it is at the end."""
    last = found[-1][2]
    return max((place + 1 for place, (_at, _size, text) in enumerate(found) if text != last), default=0)
