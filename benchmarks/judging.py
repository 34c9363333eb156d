"""What is measured of deskaudit's checks, in a process of its own.

    python -m benchmarks.judging items|bare|kept|metrics FOLDER history|quarter

`items` judges all checks of the six items. `bare` asks of the same rows no more than their number and one statistic,
in the same engine with the same limits; `kept` writes the rows to a file first, as every audit must, and asks the same
of the file. `metrics` judges the core metrics that `core_pandas` computes as well.
"""

import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

from benchmarks import desks
from benchmarks.processes import Stopwatch, tell
from benchmarks.tickets import NOW, START
from deskaudit.checks import catalogue, judging
from deskaudit.checks.binding import bind
from deskaudit.checks.context import Reader, Window
from deskaudit.checks.judgements import Judgement, judgements
from deskaudit.checks.spec import Check
from deskaudit.model.periods import Period, quarter_before
from deskaudit.model.verdicts import Audit, Result, Status
from deskaudit.snapshot import Snapshot

ITEMS = ("HD-03", "HD-08", "HD-15", "HD-18", "HD-20", "HD-24")
METRICS = ("bench.1", "15.1", "08.2", "bench.2", "20.2", "18.1")
ADDED = Path(__file__).parent / "checks.d"
_STATISTICS = {
    "mean": "AVG(value)",
    "median": "quantile_cont(value, 0.5)",
    "p90": "quantile_cont(value, 0.9)",
    "sum": "SUM(value)",
    "min": "MIN(value)",
    "max": "MAX(value)",
    "gap": "AVG(value)",
    "rho": "CORR(value, other)",
}


class Past:
    """The results so far, for the check that reads them."""

    def __init__(self) -> None:
        self.found: list[Result] = []

    def results(self) -> Sequence[Result]:
        return self.found

    def earlier(self) -> Sequence[tuple[Audit, Sequence[Result]]]:
        return []


def window(period: str, zone: str) -> Window:
    """`history`: all three years; `quarter`: the last quarter that was complete."""
    span = Period(START, NOW) if period == "history" else quarter_before(NOW, zone)
    return Window(span.start, span.end, NOW, span.reference)


def judge(folder: Path, period: str, words: Sequence[str], added: Path | None = None) -> dict[str, Any]:
    """Results of the checks that the words name, and the seconds each took."""
    pairs = catalogue.load(added).select(words)  # verified, as every audit's is: that part is not measured
    past = Past()

    def run(reader: Reader, span: Window, frozen: Path) -> Iterator[tuple[str, float]]:
        for judged in judging.judge(pairs, reader, span, frozen, past):
            past.found += judged.results
            yield judged.check.id, judged.seconds

    answer = _time(folder, period, run)
    broken = [result.reason for result in past.found if result.status is Status.ERROR]
    if broken:
        raise RuntimeError(f"checks broke: {broken}")
    return answer | {"results": past.found}


def ask(folder: Path, period: str, *, keep: bool) -> dict[str, Any]:
    """The seconds that the bare SQL of each check takes; what is written in Python has none."""
    pairs = catalogue.load(verify=False).select(ITEMS)

    def run(reader: Reader, span: Window, frozen: Path) -> Iterator[tuple[str, float]]:
        for _item, check in pairs:
            begun = perf_counter()
            for rows, statistic in bare(check, span):
                source = f"({rows})"
                if keep:
                    source = f"'{frozen / 'rows.parquet'}'"
                    reader.connection.execute(f"COPY (\n{rows}\n) TO {source} (FORMAT parquet)")
                reader.connection.execute(f"SELECT {statistic} FROM {source} AS listed").fetchall()
            yield check.id, perf_counter() - begun

    return _time(folder, period, run)


def bare(check: Check, span: Window) -> Iterator[tuple[str, str]]:
    """(rows, statistic) of each row text, and of the reference period too where a leg drifts."""
    legs: dict[str, list[Judgement]] = {}
    for leg in judgements(check):
        legs.setdefault(leg.rows, []).append(leg)
    for text, sharing in legs.items():
        if text.startswith("python:"):
            continue
        for one in [span, span.before()] if any(leg.drift for leg in sharing) else [span]:
            yield bind(text, {**one.binds(), **check.params}), _statistic(sharing[0])


def _statistic(leg: Judgement) -> str:
    if leg.kind in {"ratio", "count"}:
        return "COUNT(good), SUM(good)"
    return "COUNT(*)" if leg.kind == "list" else f"COUNT(value), {_STATISTICS[leg.stat]}"


def _time(
    folder: Path,
    period: str,
    run: Callable[[Reader, Window, Path], Iterator[tuple[str, float]]],
) -> dict[str, Any]:
    """Opens the snapshot and runs the checks; the times of the whole and of each check."""
    desk = desks.config(folder)
    options, span = desk.audit, window(period, desk.desk.zone)
    with tempfile.TemporaryDirectory() as frozen:
        watch = Stopwatch()
        snapshot = Snapshot(desks.paths(folder).snapshot, memory_limit=options.memory_limit, threads=options.threads)
        with snapshot.open() as reader:
            checks = dict(run(reader, span, Path(frozen)))
        return {"checks": checks, **watch.stop()}


def figures(results: Sequence[Result]) -> dict[str, float]:
    """The core metrics by the names that `core_pandas` gives them."""
    found: dict[str, float] = {}

    def put(name: str, value: float | None) -> None:
        if value is not None:
            found[name] = value

    for one in results:
        part = one.segment or "all"
        match one.check, one.leg:
            case "bench.1", _:
                put(f"first response {part}: n", one.n)
                put(f"first response {part}: median", one.median)
                put(f"first response {part}: p90", one.p90)
            case "15.1", leg:
                put(f"promises kept {leg} {part}: n", one.n)
                put(f"promises kept {leg} {part}: share", one.value)
            case ("08.2", "over-30-days") if one.segment is None:
                put("backlog: n", one.n)
                put("backlog: share over 30 days", one.value)
            case ("bench.2", _) if one.segment is None:
                put("reopened: n", one.n)
                put("reopened: share", one.value)
            case ("20.2", "wait") if one.segment is None:
                put("wait: n", one.n)
                put("wait: median", one.median)
                put("wait: p90", one.p90)
            case ("20.2", "drift") if one.segment is None:
                put("wait: change of the median", one.value)
            case "18.1", _:
                put(f"satisfied {part}: n", one.n)
                put(f"satisfied {part}: share", one.value)
    return found


def main(work: str, folder: str, period: str) -> None:
    match work:
        case "items":
            answer = judge(Path(folder), period, ITEMS)
            results = [one for one in answer.pop("results") if one.segment is None]
            answer["judged"] = len({one.check for one in results if one.status is not Status.NODATA})
        case "bare" | "kept":
            answer = ask(Path(folder), period, keep=work == "kept")
        case _:
            answer = judge(Path(folder), period, METRICS, ADDED)
            answer["figures"] = figures(answer.pop("results"))
    tell(answer)


if __name__ == "__main__":
    main(*sys.argv[1:])
