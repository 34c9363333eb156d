"""A help desk pulled over HTTP: for the first time, again after one ticket in a hundred changed, and with a sweep.

    python -m benchmarks.pulling FOLDER PORT DAYS

pulls once, as a process of its own: its peak memory is that of the pull alone and that of its publication alone.
"""

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any

from benchmarks.account import CHANGED, DAY, NOW, PURGED
from benchmarks.processes import ROOT, Run, Stopwatch, module, peak_memory, run, tell
from benchmarks.workplace import Goal, Section, Workplace, load, say, seconds, table
from deskaudit.audit.desk import Desk
from deskaudit.model.events import PullEstimated, PullFinished
from deskaudit.paths import Paths
from deskaudit.snapshot import Snapshot
from deskaudit.snapshot.manifest import Manifest

CONFIG = """\
[desk]
name = "Pulled desk"
hash_key = {{ env = "BENCH_HASH" }}

[sources.desk]
type = "liveagent"
url = "http://127.0.0.1:{port}"
apikey = {{ env = "BENCH_KEY" }}
rate = "announced"
page_size = 500
sla_limit = 5000
mapping = {{ priority = {{ field = "priority" }}, category = {{ tag = "cat-*" }} }}
"""
PULL_MB, PUBLISH_MB, SHARE = 300, 600, 0.02
SHORT_LISTS = frozenset({"/settings", "/departments", "/agents", "/tags", "/slas", "/chats"})
STEPS = (("first", 0, ""), ("after 1 % changed", 1, "live"), ("with a sweep", 9, "purge"))


class Measured(Snapshot):
    """Notes the peak memory before it publishes, and begins a new one."""

    pulled_mb = 0.0
    publish_s = 0.0

    def publish(self, *words: Any) -> Manifest:
        self.pulled_mb = peak_memory(os.getpid())
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
        started = perf_counter()
        found = super().publish(*words)
        self.publish_s = perf_counter() - started
        return found


def pull(folder: Path, port: int, days: int) -> dict[str, Any]:
    """One pull and its publication."""
    paths = Paths(config=folder / "config.toml", data=folder / "data")
    paths.make()
    paths.config.write_text(CONFIG.format(port=port), encoding="utf-8")
    desk = Desk(paths, now=lambda: NOW + days * DAY)
    snapshot = Measured(paths.snapshot)
    desk.__dict__["snapshot"] = snapshot
    answer: dict[str, Any] = {"estimate": None}
    for event in desk.pull():
        if isinstance(event, PullEstimated):
            answer["estimate"] = event.requests
        if isinstance(event, PullFinished):
            if event.pulled.state != "complete":
                raise RuntimeError(f"the pull is {event.pulled.state}: {event.pulled.error} {event.pulled.problems}")
            answer["rows"] = {name: entity.rows for name, entity in event.pulled.entities.items()}
    with snapshot.open() as reader:
        found = reader.connection.execute("SELECT COUNT(deleted_at) FROM ticket").fetchone()
    answer["deleted"] = found[0] if found else 0
    return answer | {"pull_mb": snapshot.pulled_mb, "publish_s": snapshot.publish_s}


def measure(place: Workplace) -> Section:
    before = load()
    rows, kinds, goals = [], [], []
    for tickets in place.sizes:
        found = pull_thrice(place.folder / f"pulled-{tickets}", tickets)
        asked = [sum(counts.values()) for _run, counts in found]
        for (name, _days, _word), (one, _counts), requests in zip(STEPS, found, asked, strict=True):
            answer = one.answer
            rows.append(
                [
                    f"{tickets:,} tickets, {name}",
                    f"{requests:,}",
                    f"{answer['estimate']:,}" if answer["estimate"] else "–",
                    seconds(one.wall - answer["publish_s"]),
                    f"{answer['pull_mb']:.0f} MB",
                    seconds(answer["publish_s"]),
                    f"{one.peak_mb:.0f} MB",
                ]
            )
        kinds += [
            [f"{tickets:,} tickets: `{kind}`", *(f"{counts.get(kind, 0):,}" for _run, counts in found)]
            for kind in found[0][1]
        ]
        check(tickets, found)
    first, again = (_pages(counts) for _run, counts in found[:2])
    pull_mb = max(one.answer["pull_mb"] for one, _counts in found)
    publish_mb = max(one.peak_mb for one, _counts in found)
    size = f"{place.sizes[-1]:,} tickets"
    goals.append(Goal(f"Pull {size}: peak memory", f"{pull_mb:.0f} MB", f"≤ {PULL_MB} MB", pull_mb <= PULL_MB))
    goals.append(
        Goal(f"Publish what was pulled: {size}", f"{publish_mb:.0f} MB", f"≤ {PUBLISH_MB} MB", publish_mb <= PUBLISH_MB)
    )
    share = again / first
    goals.append(
        Goal("Pages of a pull after 1 % changed ÷ of the first", f"{share:.2%}", f"≤ {SHARE:.0%}", share <= SHARE)
    )
    text = (
        "A made-up LiveAgent account in a process of its own, asked over HTTP in pages of 500 without waiting for a"
        f" limit; one run each. Between the first and the second pull one ticket in {CHANGED} changed; before the third,"
        f" a week later, one in {PURGED} was purged, and the sweep finds it. Estimated is what the pull said before it"
        " began.\n\n"
        + table(["pull", "requests", "estimated", "time", "peak memory", "published in", "peak memory"], rows)
        + "\n\n"
        + table(["requests", *(name for name, _days, _word in STEPS)], kinds)
    )
    return Section("Pull", "pull", goals, text, (before, load()))


def check(tickets: int, found: list[tuple[Run, dict[str, int]]]) -> None:
    """Raises RuntimeError where not all rows came, or not just the purged tickets were found to be gone."""
    first, _again, swept = (one.answer for one, _counts in found)
    gone = len(range(PURGED // 2, tickets, PURGED))
    expected = {"ticket": tickets, "event": 4 * tickets, "sla_term": 2 * tickets}
    wrong = {name: first["rows"].get(name) for name, n in expected.items() if not n <= first["rows"].get(name, 0)}
    if wrong or swept["deleted"] != gone or swept["rows"]["ticket"] != tickets:
        raise RuntimeError(f"expected {expected} and {gone} deleted: {wrong}, {swept['deleted']}, {swept['rows']}")


def pull_thrice(folder: Path, tickets: int) -> list[tuple[Run, dict[str, int]]]:
    """The three pulls, each with its requests by kind."""
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    with _served(tickets) as port:
        for name, days, word in STEPS:
            say(f"{tickets:,} tickets over HTTP, {name}")
            if word:
                _ask(port, word)
            environ = {**os.environ, "BENCH_KEY": "bench-key-0123456789", "BENCH_HASH": "benchmark" * 6}
            one = run(module("pulling", folder, port, days), environ=environ)
            found.append((one, _ask(port, "counts")))
    return found


def _pages(counts: dict[str, int]) -> int:
    """Pages of long lists: without the few of short ones, the totals, and what is asked for single tickets."""
    return sum(
        n
        for kind, n in counts.items()
        if kind not in SHORT_LISTS and not kind.endswith("/count") and "/ID/" not in kind
    )


@contextmanager
def _served(tickets: int) -> Iterator[int]:
    with subprocess.Popen(
        module("account", tickets), stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    ) as process:
        try:
            yield int(process.stdout.readline() if process.stdout else 0)
        finally:
            process.terminate()


def _ask(port: int, word: str) -> dict[str, int]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/bench/{word}", timeout=60) as answer:
        found: dict[str, int] = json.load(answer)
        return found


def main(folder: str, port: str, days: str) -> None:
    watch = Stopwatch()
    answer = pull(Path(folder), int(port), int(days))
    tell(answer | watch.stop())


if __name__ == "__main__":
    main(*sys.argv[1:])
