"""The app's first screen beside two other programs for the terminal, and what the remote profile sends."""

import os
import statistics
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from benchmarks.commands import COMMAND
from benchmarks.processes import OTHER_TOOLS, Ratio
from benchmarks.terminal import Painting, Terminal
from benchmarks.workplace import Goal, Section, Workplace, load, say, seconds, table

TIMES = 7
MOVES = 12
MOST_FIRST, MOST_MOVE = 15_000, 600
IDLE_S = 5.0
_LOG_LINES = 20_000


class Program(NamedTuple):
    """`marker` stands on its first screen."""

    command: list[str]
    marker: str


class First(NamedTuple):
    painting: Painting
    peak_mb: float


class Remote(NamedTuple):
    """Bytes over the line in the remote profile; `key_ms` from a key to what it changes."""

    first: int
    moves: list[int]
    key_ms: float
    idle: int


def measure(place: Workplace) -> Section:
    before = load()
    folder, _audit = place.audited(place.sizes[0])
    say("the first screens")
    programs = _programs(place.folder, folder)
    environ = _environ(place.folder)
    found: dict[str, list[First]] = {name: [] for name in programs}
    for number in range(TIMES + 1):
        for name, program in programs.items():
            first = _open(program, environ)
            if number:  # the first round warms the caches of all of them
                found[name].append(first)
    remote = _go_remote(programs["deskaudit"], environ)
    return Section("Screens", "screens", _goals(found, remote), _text(found, remote), (before, load()))


def _programs(place: Path, desk: Path) -> dict[str, Program]:
    log, database = place / "service.log", place / "empty.duckdb"
    log.write_text(
        "".join(
            f"2026-10-{1 + n // 1000:02} 12:{n // 60 % 60:02}:{n % 60:02} INFO request {n} served\n"
            for n in range(_LOG_LINES)
        )
    )
    if not database.exists():
        import duckdb

        duckdb.connect(str(database)).close()
    tools = {name: OTHER_TOOLS / name / "bin" for name in ("toolong", "harlequin")}
    where = ["--config", str(desk / "config.toml"), "--data-dir", str(desk / "data")]
    return {
        "deskaudit": Program([str(COMMAND), *where], "Assured"),
        "toolong": Program([str(tools["toolong"] / "tl"), str(log)], f"request {_LOG_LINES - 1} served"),
        "harlequin": Program([str(tools["harlequin"] / "harlequin"), str(database)], "Query Editor"),
    }


def _environ(home: Path) -> dict[str, str]:
    """The same for all; nothing of the user's own settings."""
    kept = {name: os.environ[name] for name in ("PATH", "TMPDIR") if name in os.environ}
    return {**kept, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "HOME": str(home)}


def _open(program: Program, environ: Mapping[str, str]) -> First:
    with Terminal(program.command, environ) as terminal:
        painting = terminal.paint(program.marker)
        return First(painting, terminal.close())


def _go_remote(program: Program, environ: Mapping[str, str]) -> Remote:
    command = [program.command[0], "--remote", *program.command[1:]]
    with Terminal(command, environ) as terminal:
        first = terminal.paint(program.marker)
        idle = terminal.listen(IDLE_S)
        terminal.send("3", "worst first")
        moves = [terminal.send("j") for _move in range(MOVES)]
        return Remote(
            first.whole,
            [move.whole for move in moves],
            1000 * statistics.median(move.seconds for move in moves),
            idle,
        )


def _median(found: list[First]) -> float:
    return statistics.median(first.painting.seconds for first in found)


def _compare(ours: list[First], theirs: list[First]) -> Ratio:
    rounds = [a.painting.seconds / b.painting.seconds for a, b in zip(ours, theirs, strict=True)]
    return Ratio(_median(ours) / _median(theirs), min(rounds), max(rounds))


def _goals(found: dict[str, list[First]], remote: Remote) -> list[Goal]:
    toolong = _compare(found["deskaudit"], found["toolong"])
    harlequin = _compare(found["deskaudit"], found["harlequin"])
    worst = max(remote.moves)
    return [
        Goal("First screen ÷ toolong's", f"{toolong} ×", "≤ 1 ×", toolong.value <= 1),
        Goal("First screen ÷ harlequin's", f"{harlequin} ×", "≤ 0.5 ×", harlequin.value <= 0.5),
        Goal(
            "Remote profile: bytes to the first screen", f"{remote.first:,}", f"≤ {MOST_FIRST:,}",
            remote.first <= MOST_FIRST,
        ),
        Goal("Remote profile: bytes of a cursor move, the worst", f"{worst:,}", f"≤ {MOST_MOVE}", worst <= MOST_MOVE),
        Goal(f"Remote profile: bytes while idle, {IDLE_S:.0f} s", f"{remote.idle}", "0", remote.idle == 0),
    ]  # fmt: skip


def _text(found: dict[str, list[First]], remote: Remote) -> str:
    shows = {
        "deskaudit": "the last audit's overview, from its database",
        "toolong": f"a log of {_LOG_LINES:,} lines",
        "harlequin": "an empty DuckDB file",
    }
    rows = [
        [
            f"{name}: {shows[name]}",
            seconds(_median(firsts)),
            f"{statistics.median(first.painting.size for first in firsts):,.0f}",
            f"{max(first.peak_mb for first in firsts):.0f} MB",
        ]
        for name, firsts in found.items()
    ]
    return (
        f"80×24, 256 colours, median of {TIMES} starts in turns after one to warm up. Painted is when the characters on"
        " the screen stand as they then stay (told by a terminal emulator, pyte, from the recorded bytes).\n\n"
        + table(["", "painted after", "bytes until then", "peak memory"], rows)
        + f"\n\nRemote profile: {MOVES} moves of the cursor in Findings sent {statistics.median(remote.moves):,.0f} bytes each"
        f" (median; {min(remote.moves)} to {max(remote.moves)}), on the screen {remote.key_ms:.0f} ms after the key."
    )
