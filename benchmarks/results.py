"""RESULTS.md: ratios and targets first, then the figures behind them, then the machine."""

import os
import platform
import subprocess
import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path

from benchmarks.processes import OTHER_TOOLS
from benchmarks.workplace import Goal, Section, Workplace, table

_INTRODUCTION = """\
Written by `make bench`; do not edit. Every desk and file is made up from a seed. The other tools run in the same run, in
turns with deskaudit, each run in a process of its own. A ratio is deskaudit's median ÷ the other's, of {times} rounds
where no other number is named; in brackets the lowest and the highest round. Below 1, deskaudit is faster or smaller.
What has no target stands here for information."""
FILE = Path(__file__).parent / "RESULTS.md"
OURS = ("deskaudit", "duckdb", "textual", "msgspec", "click")
THEIRS = {"pandas": ("pandas", "pyarrow", "numpy"), "libnmap": ("python-libnmap",), "toolong": ("toolong", "textual"),
          "harlequin": ("harlequin", "textual")}  # fmt: skip


def write(sections: Sequence[Section], place: Workplace, took_s: float) -> None:
    FILE.write_text("\n\n".join(_parts(sections, place, took_s)) + "\n", encoding="utf-8")


def show(section: Section) -> str:
    """One section, as it stands in RESULTS.md."""
    again = (
        f"Again: `.venv/bin/python -m benchmarks {section.again}`. Load average of the machine"
        f" {section.load[0]:.1f} before, {section.load[1]:.1f} after."
    )
    return f"## {section.title}\n\n{section.text}\n\n{again}"


def show_goals(goals: Sequence[Goal]) -> str:
    words = {True: "met", False: "**missed**", None: ""}
    return table(
        ["", "measured", "target", ""], [[goal.what, goal.measured, goal.target, words[goal.met]] for goal in goals]
    )


def _parts(sections: Sequence[Section], place: Workplace, took_s: float) -> Iterator[str]:
    yield "# Benchmarks"
    yield _INTRODUCTION.format(times=place.times)
    yield show_goals([goal for section in sections for goal in section.goals])
    yield from (section.ratios for section in sections if section.ratios)
    for section in sections:
        yield show(section)
    yield "## Machine"
    yield "\n".join(f"- {line}" for line in _machine(took_s))


def _machine(took_s: float) -> Iterator[str]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    yield f"{os.cpu_count()} cores ({_processor()}), {memory:.0f} GiB of memory, {platform.system()} {platform.release()}"
    yield f"Python {platform.python_version()}; " + ", ".join(f"{name} {version(name)}" for name in OURS)
    yield "; ".join(
        f"{tool}'s environment: {', '.join(f'{name} {found}' for name, found in _versions(tool, names))}"
        for tool, names in THEIRS.items()
    )
    yield f"the whole run took {took_s / 60:.0f} minutes"


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines() if sys.platform == "linux" else []
    found = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    return found or platform.machine()


def _versions(tool: str, names: Sequence[str]) -> Iterator[tuple[str, str]]:
    code = "import sys, importlib.metadata as m; print(*map(m.version, sys.argv[1:]))"
    python = OTHER_TOOLS / tool / "bin" / "python"
    found = subprocess.run([python, "-c", code, *names], capture_output=True, text=True, check=True).stdout.split()
    yield from zip(names, found, strict=True)
