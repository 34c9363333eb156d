"""What the measurements share: a folder, the made-up desks in it, and the form of what they find."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.processes import Run, module, run


class Goal(NamedTuple):
    """One line of the table at the top: `met` None is for information."""

    what: str
    measured: str
    target: str = "–"
    met: bool | None = None


class Section(NamedTuple):
    """What one module found, in Markdown."""

    title: str
    again: str  # the words after `python -m benchmarks` that measure it again
    goals: Sequence[Goal]
    text: str
    load: tuple[float, float]  # the machine's load average of one minute, before and after
    ratios: str = ""  # a table that stands below the goals


class Workplace:
    """`sizes`: tickets of the desks, smallest first. `times`: how often what takes seconds is repeated."""

    def __init__(self, folder: Path, sizes: Sequence[int], times: int) -> None:
        self.folder = folder
        self.sizes = sizes
        self.times = times
        self._built: dict[int, tuple[Run, Run]] = {}
        self._audited: dict[int, Run] = {}

    def desk(self, tickets: int) -> Path:
        """The folder of a desk with so many tickets; made when it is first asked for."""
        self.built(tickets)
        return self._folder(tickets)

    def built(self, tickets: int) -> tuple[Run, Run]:
        """How landing and publishing that desk went."""
        if tickets not in self._built:
            folder = self._folder(tickets)
            say(f"a desk of {tickets:,} tickets")
            landed = run(module("desks", "land", folder, tickets))
            self._built[tickets] = landed, run(module("desks", "publish", folder))
        return self._built[tickets]

    def audited(self, tickets: int) -> tuple[Path, Run]:
        """The folder of a desk whose last quarter has been audited, and how that went."""
        folder = self.desk(tickets)
        if tickets not in self._audited:
            self._audited[tickets] = run(module("desks", "audit", folder))
        return folder, self._audited[tickets]

    def _folder(self, tickets: int) -> Path:
        return self.folder / f"desk-{tickets}"


def say(text: str) -> None:
    sys.stderr.write(f"{text} …\n")
    sys.stderr.flush()


def load() -> float:
    return os.getloadavg()[0]


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table; all columns but the first are aligned right."""
    lines = [head, ["---", *["--:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(str(cell) for cell in line)} |" for line in lines)


def seconds(value: float) -> str:
    return f"{value:.1f} s" if value >= 10 else f"{value:.2f} s" if value >= 1 else f"{1000 * value:.0f} ms"
