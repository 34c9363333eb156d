"""Each measurement runs in a process of its own: its wall time, processor time and peak memory, as the kernel counted."""

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from time import perf_counter, process_time
from typing import Any, NamedTuple

ROOT = Path(__file__).parent.parent
OTHER_TOOLS = Path(sys.prefix) / "other-tools"
"""What deskaudit is measured against, each in an environment of its own (see the Makefile): their dependencies do not
go together, and a package that merely lies beside ours can change how long ours takes to start."""


class Run(NamedTuple):
    """`wall` and `cpu` in seconds: of what the process says it measured, else of its whole life."""

    wall: float
    cpu: float
    peak_mb: float  # 0: the process does not say
    answer: dict[str, Any]


class Ratio(NamedTuple):
    """How many times as much the first of two takes: the medians' ratio, and the ratios of the single rounds."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.2f} ({self.low:.2f}–{self.high:.2f})"


def module(name: str, *words: object, tool: str = "") -> list[str]:
    """The command that runs a module of this package, here or in the environment of another tool."""
    python = str(OTHER_TOOLS / tool / "bin" / "python") if tool else sys.executable
    return [python, "-m", f"benchmarks.{name}", *map(str, words)]


def run(command: Sequence[str], *, answers: bool = True, environ: Mapping[str, str] | None = None) -> Run:
    """Runs a command to its end. `answers`: it ends with `tell`. RuntimeError where it fails."""
    started = perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT, env=environ) as process:
        out, errors = process.stdout, process.stderr
        text = out.read() if out else b""
        said = errors.read() if errors else b""
        _pid, status, usage = os.wait4(process.pid, 0)
        wall = perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}:\n{said.decode(errors='replace')}")
    if not answers:
        return Run(wall, usage.ru_utime + usage.ru_stime, 0, {})
    answer: dict[str, Any] = json.loads(text.splitlines()[-1])
    return Run(answer.pop("seconds"), answer.pop("cpu"), answer.pop("peak_mb"), answer)


class Stopwatch:
    """For the process that is measured: begins when it is made."""

    def __init__(self) -> None:
        self._started, self._used = perf_counter(), process_time()

    def stop(self) -> dict[str, float]:
        """What has passed since, and the process's peak memory so far."""
        passed, used = perf_counter() - self._started, process_time() - self._used
        return {"seconds": passed, "cpu": used, "peak_mb": peak_memory(os.getpid())}


def tell(answer: Mapping[str, Any]) -> None:
    """Writes an answer, with what a stopwatch gave, for the process that waits for it."""
    sys.stdout.write(json.dumps(answer) + "\n")


def peak_memory(pid: int) -> float:
    """Megabytes of a process that lives. Not what wait gives: a child would begin with its parent's peak."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM:")).split()[1]) / 1024


def take_turns(works: Mapping[str, Callable[[], Run]], times: int) -> dict[str, list[Run]]:
    """Runs each work so often, in turns: what disturbs the machine disturbs all of them."""
    found: dict[str, list[Run]] = {name: [] for name in works}
    for _round in range(times):
        for name, work in works.items():
            found[name].append(work())
    return found


def median(runs: Sequence[Run], field: str = "wall") -> float:
    return statistics.median(getattr(run, field) for run in runs)


def peak(runs: Sequence[Run]) -> float:
    """Megabytes: the largest of all runs."""
    return max(run.peak_mb for run in runs)


def ratio(over: Sequence[Run], under: Sequence[Run], field: str = "wall") -> Ratio:
    """`over` to `under`, run in turns."""
    rounds = [getattr(one, field) / getattr(other, field) for one, other in zip(over, under, strict=True)]
    return Ratio(median(over, field) / median(under, field), min(rounds), max(rounds))
