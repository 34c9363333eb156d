"""The six checklist items over the whole desk, beside their bare SQL and beside pandas."""

import math
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from benchmarks.processes import Ratio, Run, median, module, peak, ratio, run, take_turns
from benchmarks.workplace import Goal, Section, Workplace, load, say, seconds, table

PERIODS = {"history": "three years", "quarter": "last quarter"}
MOST_TIME = 1.5
MOST_MEMORY_MB = 500
NOW = datetime(2026, 10, 15, 12, tzinfo=ZoneInfo("UTC"))
_DAY = 86400


class Measured(NamedTuple):
    """All runs over one desk and one period: items, bare, kept, metrics, pandas."""

    tickets: int
    period: str
    runs: dict[str, list[Run]]

    def ratio(self, over: str, under: str) -> Ratio:
        return ratio(self.runs[over], self.runs[under])

    @property
    def name(self) -> str:
        return f"{self.tickets:,} tickets, {PERIODS[self.period]}"


def measure(place: Workplace) -> Section:
    before = load()
    found = []
    for tickets in place.sizes:
        folder = place.desk(tickets)
        for period, words in PERIODS.items():
            say(f"{tickets:,} tickets, {words}")
            found.append(Measured(tickets, period, compare(folder, period, place.times)))
    return Section("Six checklist items", "items", _goals(found), _text(found), (before, load()), _ratios(found))


def compare(folder: Path, period: str, times: int) -> dict[str, list[Run]]:
    """Runs all five in turns. RuntimeError where pandas and deskaudit do not agree on a figure."""

    def work(name: str) -> Callable[[], Run]:
        if name == "pandas":
            return lambda: run(module("core_pandas", folder, *span(period), int(NOW.timestamp()), tool="pandas"))
        return lambda: run(module("judging", name, folder, period))

    runs = take_turns({name: work(name) for name in ("items", "bare", "kept", "metrics", "pandas")}, times)
    require_equal(runs["metrics"][0].answer["figures"], runs["pandas"][0].answer["figures"])
    return runs


def span(period: str) -> tuple[int, int]:
    """Start and end of a period (epoch seconds), worked out apart from deskaudit: the witness must not copy it."""
    if period == "history":
        return int(NOW.timestamp()) - 3 * 365 * _DAY, int(NOW.timestamp())
    zone = ZoneInfo("Europe/Oslo")
    return int(datetime(2026, 7, 1, tzinfo=zone).timestamp()), int(datetime(2026, 10, 1, tzinfo=zone).timestamp())


def require_equal(ours: Mapping[str, float], theirs: Mapping[str, float]) -> None:
    """The same figures by the same names. Sums of floats may differ in their last digits."""
    wrong = [
        f"{name}: {ours.get(name)} here, {theirs.get(name)} in pandas"
        for name in sorted({*ours, *theirs})
        if name not in ours or name not in theirs or not math.isclose(ours[name], theirs[name], rel_tol=1e-9)
    ]
    if wrong:
        raise RuntimeError("\n".join(["deskaudit and pandas disagree:", *wrong]))


def _goals(found: list[Measured]) -> list[Goal]:
    goals = []
    for one in found:
        bare = one.ratio("items", "bare")
        goals.append(
            Goal(f"Six items ÷ their bare SQL, {one.name}", f"{bare} ×", f"≤ {MOST_TIME} ×", bare.value <= MOST_TIME)
        )
    memory = max(peak(one.runs["items"]) for one in found)
    met = memory <= MOST_MEMORY_MB
    return [
        *goals,
        Goal("Six items: peak memory, the most of all runs", f"{memory:.0f} MB", f"≤ {MOST_MEMORY_MB} MB", met),
    ]


def _ratios(found: list[Measured]) -> str:
    head = [
        "",
        "SQL that keeps its rows ÷ bare SQL",
        "six items ÷ SQL that keeps its rows",
        "core metrics ÷ pandas, time",
        "core metrics ÷ pandas, memory",
    ]
    rows = [
        [
            one.name,
            one.ratio("kept", "bare"),
            one.ratio("items", "kept"),
            one.ratio("metrics", "pandas"),
            f"{peak(one.runs['metrics']) / peak(one.runs['pandas']):.2f}",
        ]
        for one in found
    ]
    return table(head, rows)


def _text(found: list[Measured]) -> str:
    names = {
        "items": "deskaudit, all checks of the six items",
        "bare": "their bare SQL: number of rows and one statistic",
        "kept": "the same, with the rows written to a file first",
        "metrics": "deskaudit, the core metrics",
        "pandas": "pandas, the core metrics",
    }
    rows = [
        [f"{one.name}: {names[name]}", seconds(median(runs)), seconds(median(runs, "cpu")), f"{peak(runs):.0f} MB"]
        for one in found
        for name, runs in one.runs.items()
    ]
    last = found[-2]
    checks = last.runs["items"][0].answer["checks"]
    judged = last.runs["items"][0].answer["judged"]
    agreed = len(last.runs["metrics"][0].answer["figures"])
    dearest = sorted(checks, key=lambda check: -_took(last, "items", check))[:12]
    detail = [[check, *(seconds(_took(last, name, check)) for name in ("items", "kept", "bare"))] for check in dearest]
    said = _EXPLAINED.format(checks=len(checks), judged=judged, agreed=agreed)
    return "\n\n".join(
        [
            said,
            table(["", "time", "processor", "peak memory"], rows),
            f"The dearest checks, {last.name}:",
            table(["check", "deskaudit", "rows kept", "bare"], detail),
        ]
    )


_EXPLAINED = """\
HD-03, HD-08, HD-15, HD-18, HD-20, HD-24: {checks} checks, {judged} of them with data. deskaudit writes every judged row
with its display columns to a file, and reads from it counts, percentiles, segments, intervals and the twenty worst rows
with their cards; two checks run at a time, one after the other in the bare SQL. The
bare SQL asks of the same rows, in the same engine with the same limits, their number and one
statistic (checks written in Python, 03.4 and 20.6, cost it nothing). pandas reads the columns it needs of the same
Parquet files, those that publishing derived included. pandas and deskaudit agreed on all {agreed} core figures (first
response by channel, promises by priority, backlog, reopened, wait and its change, satisfaction by department); else
this page would not exist. Imports are not counted."""


def _took(one: Measured, name: str, check: str) -> float:
    times: list[float] = sorted(run.answer["checks"][check] for run in one.runs[name])
    return times[len(times) // 2]
