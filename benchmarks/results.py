"""RESULTS.md: ratios and targets first, then the figures behind them, then the machine.

What each section found is kept beside it as JSON, so that one can be measured again without the others.
"""

import os
import platform
import subprocess
import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path

import msgspec

from benchmarks.processes import OTHER_TOOLS
from benchmarks.workplace import Goal, Section, table

_INTRODUCTION = """\
Written by `make bench`; do not edit. Every desk and file is made up from a seed. The other tools run in the same run, in
turns with deskaudit, each run in a process of its own. A ratio is deskaudit's median ÷ the other's, of 3 rounds
where no other number is named; in brackets the lowest and the highest round. Below 1, deskaudit is faster or smaller.
What has no target stands here for information."""
FILE = Path(__file__).parent / "RESULTS.md"
KEPT = Path(__file__).parent / "kept"
OURS = ("deskaudit", "duckdb", "textual", "msgspec", "click")
THEIRS = {"pandas": ("pandas", "pyarrow", "numpy"), "libnmap": ("python-libnmap",), "toolong": ("toolong", "textual"),
          "harlequin": ("harlequin", "textual")}  # fmt: skip


def keep(name: str, section: Section) -> None:
    """Remembers what a section found."""
    KEPT.mkdir(exist_ok=True)
    (KEPT / f"{name}.json").write_bytes(msgspec.json.format(msgspec.json.encode(section)) + b"\n")


def write(names: Sequence[str]) -> None:
    """RESULTS.md from what the sections found when each was last measured."""
    files = [KEPT / f"{name}.json" for name in names]
    sections = [msgspec.json.decode(file.read_bytes(), type=Section) for file in files if file.exists()]
    FILE.write_text("\n\n".join(_parts(sections)) + "\n", encoding="utf-8")


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


def _parts(sections: Sequence[Section]) -> Iterator[str]:
    yield "# Benchmarks"
    yield _INTRODUCTION
    yield show_goals([goal for section in sections for goal in section.goals])
    yield from (section.ratios for section in sections if section.ratios)
    for section in sections:
        yield show(section)
    yield "## Machine"
    yield "\n".join(f"- {line}" for line in _machine())


def _machine() -> Iterator[str]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    yield f"{os.cpu_count()} cores ({_processor()}), {memory:.0f} GiB of memory, {platform.system()} {platform.release()}"
    yield f"Python {platform.python_version()}; " + ", ".join(f"{name} {version(name)}" for name in OURS)
    yield "; ".join(
        f"{tool}'s environment: {', '.join(f'{name} {found}' for name, found in _versions(tool, names))}"
        for tool, names in THEIRS.items()
    )


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines() if sys.platform == "linux" else []
    found = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    return found or platform.machine()


def _versions(tool: str, names: Sequence[str]) -> Iterator[tuple[str, str]]:
    code = "import sys, importlib.metadata as m; print(*map(m.version, sys.argv[1:]))"
    python = OTHER_TOOLS / tool / "bin" / "python"
    found = subprocess.run([python, "-c", code, *names], capture_output=True, text=True, check=True).stdout.split()
    yield from zip(names, found, strict=True)
