"""How long a command takes that has nothing to do."""

import sys
from pathlib import Path

from benchmarks.processes import median, run, take_turns
from benchmarks.workplace import Goal, Section, Workplace, load, say, seconds, table

TIMES = 40
MOST_MS = 60
COMMAND = Path(sys.executable).parent / "deskaudit"


def measure(place: Workplace) -> Section:
    before = load()
    folder, audit = place.audited(place.sizes[0])
    say("commands")
    where = ["--config", str(folder / "config.toml"), "--data-dir", str(folder / "data")]
    commands = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "deskaudit --version": [str(COMMAND), "--version"],
        "deskaudit audits": [str(COMMAND), *where, "audits"],
    }
    found = take_turns(
        {name: lambda words=words: run(words, answers=False) for name, words in commands.items()},  # type: ignore[misc]
        TIMES,
    )
    times = {name: median(runs) for name, runs in found.items()}
    above = 1000 * (times["deskaudit --version"] - times["python -c pass"])
    listed = 1000 * (times["deskaudit audits"] - times["python -c pass"])
    rows = [
        [
            f"`{name}`",
            seconds(times[name]),
            seconds(sorted(run.wall for run in runs)[TIMES // 10]),
        ]
        for name, runs in found.items()
    ]
    goals = [
        Goal("`deskaudit --version` above bare Python", f"{above:.0f} ms", f"≤ {MOST_MS} ms", above <= MOST_MS),
        Goal("`deskaudit audits` above bare Python", f"{listed:.0f} ms"),
    ]
    text = (
        f"Median of {TIMES} runs in turns, warm.\n\n"
        + table(["", "median", "fastest tenth"], rows)
        + f"\n\nA whole audit of the last quarter of {place.sizes[0]:,} tickets (the catalogue with its SQL checked, every"
        f" check, results and rows stored) took {seconds(audit.wall)} and {audit.peak_mb:.0f} MB, once."
    )
    return Section("Commands", "commands", goals, text, (before, load()))
