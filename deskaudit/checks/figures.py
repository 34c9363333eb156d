"""Counts, means, percentiles and evidence of a check, read from its frozen rows."""

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import duckdb
import msgspec

from deskaudit.checks import statistics
from deskaudit.checks.binding import bind
from deskaudit.checks.freezing import Frozen, Rows
from deskaudit.checks.judgements import LOW_N, Judgement
from deskaudit.errors import ConfigError
from deskaudit.i18n import _
from deskaudit.snapshot.reader import quote

EVIDENCE = 20
NO_SEGMENT = "–"
"""The segment of rows that have none, where others have one."""


class Figures(msgspec.Struct, kw_only=True):
    """What the rows of one leg, one period and one segment (None: the whole desk) come to."""

    leg: str
    reference: int
    segment: str | None
    rows: int
    n_good: int  # rows with `good`
    good: int
    n_value: int  # rows with `value`
    total: float | None
    mean: float | None
    low: float | None
    high: float | None
    sd: float | None  # n − 1 below the line
    spread: float | None  # standard deviation, n below the line
    median: float | None
    p90: float | None
    binary: bool = False  # every value is 0 or 1
    interval: tuple[float, float] | None = None  # of the median or the 90th percentile, where one is asked for

    @property
    def faults(self) -> int:
        return self.n_good - self.good

    @property
    def cv(self) -> float | None:
        return self.spread / self.mean if self.spread is not None and self.mean else None


class Read(msgspec.Struct):
    """Figures by (leg, reference), the whole desk's under segment None; the worst rows by leg."""

    figures: dict[tuple[str, int], dict[str | None, Figures]]
    evidence: dict[str, list[dict[str, Any]]]

    def desk(self, leg: str, reference: int = 0) -> Figures:
        return self.figures.get((leg, reference), {}).get(None) or nothing(leg, reference)

    def segments(self, leg: str, reference: int = 0) -> dict[str, Figures]:
        found = self.figures.get((leg, reference), {})
        return {name: figures for name, figures in found.items() if name is not None}


def read(connection: duckdb.DuckDBPyConnection, frozen: Frozen, legs: Sequence[Judgement], *, sample: bool) -> Read:
    """The figures and the worst rows of all legs: one statement for each file, one more where intervals need ranks."""
    found = Read({}, {})
    for text, rows in frozen.now.items():
        sharing = [leg for leg in legs if leg.rows == text]
        _read_file(connection, rows, sharing, found)
        if sample:
            _add_intervals(connection, rows, sharing, found)
    for text, rows in frozen.before.items():
        _read_file(connection, rows, [leg for leg in legs if leg.rows == text and leg.drift], found)
    return found


def _read_file(connection: duckdb.DuckDBPyConnection, rows: Rows, legs: Sequence[Judgement], found: Read) -> None:
    reference = int(rows.about.is_reference)
    groups: dict[str | None, dict[str | None, tuple[Any, ...]]] = defaultdict(dict)
    for kind, by_part, part, segment, *figures in connection.execute(_statement(rows, legs)).fetchall():
        if kind == 2:
            if figures[-5] is None:
                raise ConfigError(_("a row has no subject: which one is judged cannot be said."))
            worst = dict(zip(_SHOWN, (figures[-5], segment, *figures[-4:]), strict=True))
            found.evidence.setdefault(part, []).append(worst)
        else:
            name = None if kind else (NO_SEGMENT if segment is None else segment)
            groups[part if by_part else None][name] = tuple(figures[:11])
    for leg in legs:
        group = groups.get(leg.only, {})
        if len(group) == 2 and NO_SEGMENT in group:
            del group[NO_SEGMENT]
        if group:
            taken = {name: _figures(leg.leg, reference, name, row) for name, row in group.items()}
            found.figures[leg.leg, reference] = taken


def fail_if_select(leg: Judgement, binds: dict[str, float]) -> str:
    """The SELECT of a leg's `fail_if` over `judged`."""
    text = bind(leg.fail_if or "", binds)
    return text if is_select(text) else f"SELECT judged.segment FROM judged WHERE {text}"


def count_listed(
    connection: duckdb.DuckDBPyConnection, frozen: Frozen, leg: Judgement, binds: dict[str, float]
) -> dict[str | None, int]:
    """How many rows of a leg its `fail_if` lists: in each segment where it is a condition, and under None in all."""
    by_segment = not is_select(leg.fail_if or "")
    rows = frozen.of(leg)
    found = connection.execute(
        f"WITH judged AS (SELECT * FROM {rows.source} WHERE {_only(leg)})"
        f" SELECT {'segment' if by_segment else 'NULL'}, COUNT(*) FROM ({fail_if_select(leg, binds)}) AS listed GROUP BY 1"
    ).fetchall()
    named = {NO_SEGMENT if segment is None else segment: count for segment, count in found} if by_segment else {}
    return {**named, None: sum(count for _segment, count in found)}


def is_select(text: str) -> bool:
    return re.match(r"\s*(SELECT|WITH)\b", text, re.IGNORECASE) is not None


def pairs(connection: duckdb.DuckDBPyConnection, frozen: Frozen, leg: Judgement) -> list[tuple[float, float]]:
    """The (value, other) pairs of a correlation that have both."""
    return connection.execute(
        f"SELECT value, CAST(other AS DOUBLE) FROM {frozen.of(leg).source}"
        f" WHERE {_only(leg)} AND value IS NOT NULL AND other IS NOT NULL"
    ).fetchall()


def parts(
    connection: duckdb.DuckDBPyConnection, frozen: Frozen, leg: Judgement
) -> list[tuple[str, int, float, float, bool]]:
    """(part, n, mean, standard deviation, values are 0 or 1) of the parts of a gap, in the order of their names."""
    return connection.execute(
        f"""SELECT part, COUNT(*), AVG(value), COALESCE(STDDEV_SAMP(value), 0), BOOL_AND(value IN (0, 1))
        FROM {frozen.of(leg).source} WHERE {_only(leg)} AND value IS NOT NULL AND part IS NOT NULL
        GROUP BY part ORDER BY part"""
    ).fetchall()


_VALUED = (
    "COUNT(value), SUM(value), AVG(value), MIN(value), MAX(value), STDDEV_SAMP(value), STDDEV_POP(value),"
    " quantile_cont(value, [0.5, 0.9])"
)
_UNVALUED = ", ".join(["CAST(0 AS BIGINT)", *["CAST(NULL AS DOUBLE)"] * 6, "CAST(NULL AS DOUBLE[])"])
_SHOWN = ("subject", "segment", "good", "value", "badness", "columns")
_BLANK = ", ".join(f"CAST(NULL AS {kind})" for kind in ("BIGINT", "BIGINT", "DOUBLE", "DOUBLE", "VARCHAR"))


def _statement(rows: Rows, legs: Sequence[Judgement]) -> str:
    """Groups as (kind 1: all, 0: a segment; by part; part; segment; figures), worst rows as (kind 2; -; leg; …)."""
    given, display = rows.about.given, rows.about.display
    stats = _VALUED if "value" in given else _UNVALUED
    groups = _groups(legs, f"COUNT(*), COUNT(good), SUM(good), {stats}, {_BLANK}", rows.source)
    if rows.about.is_reference:
        return groups
    shown = ", ".join(f'"{name}"' for name in ("subject", "segment", "good", "value", "badness", *display))
    worst = [
        f"SELECT CAST(2 AS BIGINT), 0, {quote(leg.leg)}, segment, CAST(0 AS BIGINT), CAST(0 AS BIGINT), CAST(0 AS BIGINT),"
        f" {_UNVALUED}, subject, good, value, badness, {rows.packed} FROM (SELECT {shown} FROM {rows.source}"
        f" WHERE {_only(leg)} AND {_listed(leg)} ORDER BY {_order(leg)}, subject LIMIT {EVIDENCE}) AS judged"
        for leg in legs
    ]
    return " UNION ALL ".join([groups, *worst])


def _groups(legs: Sequence[Judgement], asked: str, source: str) -> str:
    """Aggregates of all rows and of each segment, of each part where a leg has one: (kind, by part, part, segment, …)."""
    wanted = {leg.only for leg in legs}
    split = [*(["part"] if wanted - {None} else []), *([""] if None in wanted else [])]
    by = [", ".join(name for name in (part, segment) if name) for part in split for segment in ("", "segment")]
    by_part = "1 - GROUPING(part)" if "part" in split else "0"
    return (
        f"SELECT GROUPING(segment), {by_part}, {'part' if 'part' in split else 'CAST(NULL AS VARCHAR)'}, segment,"
        f" {asked} FROM {source} GROUP BY GROUPING SETS ({', '.join(f'({names})' for names in by)})"
    )


def _only(leg: Judgement) -> str:
    """Which rows of its file a leg judges."""
    return "1 = 1" if leg.only is None else f"part = {quote(leg.only)}"


def _listed(leg: Judgement) -> str:
    """Which rows are evidence: the faults of a ratio or count, else what has a figure, or would have had a bad one."""
    if leg.kind in {"ratio", "count"}:
        return "good = 0"
    return "1 = 1" if leg.kind == "list" else "(value IS NOT NULL OR badness IS NOT NULL)"


def _order(leg: Judgement) -> str:
    turn = "ASC" if leg.better == "higher" else "DESC"
    if leg.kind in {"ratio", "count", "list"}:
        return "badness DESC NULLS LAST"
    return f"badness DESC NULLS LAST, value {turn} NULLS LAST"


def _figures(leg: str, reference: int, segment: str | None, row: tuple[Any, ...]) -> Figures:
    rows, n_good, good, n_value, total, mean, low, high, sd, spread, middle = row
    return Figures(
        leg=leg,
        reference=reference,
        segment=segment,
        rows=rows,
        n_good=n_good,
        good=int(good or 0),
        n_value=n_value,
        total=total,
        mean=mean,
        low=low,
        high=high,
        sd=sd,
        spread=spread,
        median=middle[0] if middle else None,
        p90=middle[1] if middle else None,
    )


def nothing(leg: str, reference: int) -> Figures:
    """The figures of no rows."""
    return Figures(
        leg=leg, reference=reference, segment=None, rows=0, n_good=0, good=0, n_value=0, total=None, mean=None,
        low=None, high=None, sd=None, spread=None, median=None, p90=None,
    )  # fmt: skip


_QUANTILES = {"median": 0.5, "p90": 0.9}


def _add_intervals(connection: duckdb.DuckDBPyConnection, rows: Rows, legs: Sequence[Judgement], found: Read) -> None:
    """Order statistics need n first, so that they are a second statement: every group is asked for the ranks of all."""
    wanted: list[tuple[Figures, str | None, tuple[float, float]]] = []
    for leg in legs:
        p = _QUANTILES.get(leg.stat)
        if p is None or leg.drift or leg.kind not in {"duration", "number"}:
            continue
        for figures in [found.desk(leg.leg), *found.segments(leg.leg).values()]:
            n = figures.n_value
            ranks = statistics.quantile_ranks(n, p)
            if ranks and (figures.segment is None or n >= LOW_N):
                wanted.append((figures, leg.only, ((ranks[0] - 0.5) / n, (ranks[1] - 0.5) / n)))
    if not wanted:
        return
    fractions = sorted({fraction for _figures, _only, pair in wanted for fraction in pair})
    groups = _groups(
        legs, f"quantile_disc(value, [{', '.join(map(repr, fractions))}])", f"{rows.source} WHERE value IS NOT NULL"
    )
    answers = {
        (part if by_part else None, None if kind else (NO_SEGMENT if segment is None else segment)): values
        for kind, by_part, part, segment, values in connection.execute(groups).fetchall()
    }
    for figures, only, (low, high) in wanted:
        values = answers[only, figures.segment]
        figures.interval = values[fractions.index(low)], values[fractions.index(high)]
