"""The core metrics of a help desk as a pandas script computes them, from the Parquet files that deskaudit reads.

    python -m benchmarks.core_pandas FOLDER START END NOW

It reads only the columns it needs, and imports nothing of deskaudit: it is an independent witness of the figures too.
"""

import json
import sys
from pathlib import Path

import pandas as pd

from benchmarks.processes import Stopwatch, tell

OPEN = ["new", "open", "answered", "postponed", "unknown"]
BACK_S = 14 * 86400


class Tables:
    """The tables of a snapshot, by the file names in its manifest."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "data" / "snapshot"
        self._manifest = json.loads((self._folder / "manifest.json").read_text(encoding="utf-8"))

    def derived(self, table: str, columns: list[str]) -> pd.DataFrame:
        return pd.read_parquet(self._folder / self._manifest["derived"][table]["file"], columns=columns)

    def entity(self, entity: str, columns: list[str]) -> pd.DataFrame:
        files = [
            source["entities"][entity]["file"]
            for source in self._manifest["sources"].values()
            if entity in source["entities"]
        ]
        return pd.concat([pd.read_parquet(self._folder / file, columns=columns) for file in files])


def compute(folder: Path, start: int, end: int, now: int) -> dict[str, float]:
    """All metrics of the period `start`..`end` (epoch seconds), as of `now`."""
    tables = Tables(folder)
    tickets = tables.derived(
        "live_ticket",
        ["id", "channel", "department", "created_at", "created_w", "first_response_w", "calendar_id", "resolved_at",
         "resolved_w", "first_resolved_at", "reopened_at"],
    )  # fmt: skip
    spans = tables.derived(
        "status_span", ["ticket_id", "status", "on_desk", "started_at", "ended_at", "started_w", "ended_w"]
    )
    return {
        **first_response(tickets, start, end),
        **promises(tables, tickets, start, end, now),
        **backlog(tickets, spans, end),
        **reopened(tickets, start, end, now),
        **wait(tables, tickets, spans, start, end, now),
        **satisfaction(tables, tickets, start, end),
    }


def first_response(tickets: pd.DataFrame, start: int, end: int) -> dict[str, float]:
    rows = tickets[(tickets.created_at >= start) & (tickets.created_at < end)]
    taken = (rows.first_response_w - rows.created_w).rename("taken").dropna()
    found: dict[str, float] = {}
    for name, part in [("all", taken), *taken.groupby(rows.channel)]:
        found[f"first response {name}: n"] = len(part)
        found[f"first response {name}: median"] = part.median()
        found[f"first response {name}: p90"] = part.quantile(0.9)
    return found


def promises(tables: Tables, tickets: pd.DataFrame, start: int, end: int, now: int) -> dict[str, float]:
    rows = tables.derived("ticket_sla", ["ticket_id", "measure", "priority", "due_at", "done_at"])
    rows = rows[(rows.due_at >= start) & (rows.due_at < end)]
    rows = rows.merge(tickets[["id", "resolved_at"]], left_on="ticket_id", right_on="id")
    solved_instead = rows.done_at.isna() & (rows.measure == "first_response")
    done_at = rows.done_at.where(~solved_instead, rows.resolved_at)
    rows = rows.assign(kept=(done_at <= rows.due_at).astype(float)).loc[done_at.notna() | (rows.due_at < now)]
    found: dict[str, float] = {}
    for measure, part in rows.groupby("measure"):
        leg = "first-response" if measure == "first_response" else "resolution"
        for name, kept in [("all", part.kept), *part.groupby("priority").kept]:
            found[f"promises kept {leg} {name}: n"] = len(kept)
            found[f"promises kept {leg} {name}: share"] = kept.mean()
    return found


def backlog(tickets: pd.DataFrame, spans: pd.DataFrame, end: int) -> dict[str, float]:
    held = spans[(spans.started_at <= end) & (spans.ended_at.isna() | (spans.ended_at > end)) & spans.status.isin(OPEN)]
    created_at = held.merge(tickets[["id", "created_at"]], left_on="ticket_id", right_on="id").created_at
    return {"backlog: n": len(created_at), "backlog: share over 30 days": (end - created_at > 30 * 86400).mean()}


def reopened(tickets: pd.DataFrame, start: int, end: int, now: int) -> dict[str, float]:
    rows = tickets[(tickets.first_resolved_at >= start) & (tickets.first_resolved_at < end)]
    came_back = rows.reopened_at <= rows.first_resolved_at + BACK_S
    judged = came_back[came_back | (rows.first_resolved_at + BACK_S <= now)]
    return {"reopened: n": len(judged), "reopened: share": judged.mean()}


def wait(
    tables: Tables, tickets: pd.DataFrame, spans: pd.DataFrame, start: int, end: int, now: int
) -> dict[str, float]:
    """Business seconds on the desk, of tickets resolved in the period and in the one before it."""
    clock = tables.derived("clock", ["calendar_id", "slot_at", "cum", "is_open"])
    found = _waited(tickets, spans, clock, (start, end), now)
    before = _waited(tickets, spans, clock, (2 * start - end, start), now - (end - start))
    answer = {"wait: n": len(found), "wait: median": found.median(), "wait: p90": found.quantile(0.9)}
    if len(before) >= 20:
        answer["wait: change of the median"] = (found.median() - before.median()) / before.median()
    return answer


def _waited(
    tickets: pd.DataFrame, spans: pd.DataFrame, clock: pd.DataFrame, period: tuple[int, int], now: int
) -> pd.Series:
    start, end = period
    solved = tickets[(tickets.created_at < end) & (tickets.resolved_at >= start) & (tickets.resolved_at < end)]
    slot = clock[clock.slot_at == now - now % 900].set_index("calendar_id")
    now_w = solved.calendar_id.map(slot.cum + slot.is_open * (now % 900))
    solved = solved[["id"]].assign(until_w=solved.resolved_w.fillna(now_w))
    waits = spans.loc[spans.on_desk == 1, ["ticket_id", "started_w", "ended_w"]]
    waits = solved.merge(waits, left_on="id", right_on="ticket_id", how="left")
    length = waits.ended_w.fillna(waits.until_w) - waits.started_w
    return length.groupby(waits.id).sum()


def satisfaction(tables: Tables, tickets: pd.DataFrame, start: int, end: int) -> dict[str, float]:
    rows = tables.entity("rating", ["ticket_id", "department_id", "rated_at", "satisfied"])
    rows = rows[(rows.rated_at >= start) & (rows.rated_at < end) & rows.satisfied.notna()]
    names = tables.entity("department", ["id", "name"]).set_index("id").name
    test = tables.entity("ticket", ["id", "is_test"])
    rows = rows[~rows.ticket_id.isin(test.id[test.is_test == 1])]
    own = rows.ticket_id.map(tickets.set_index("id").department)
    department = rows.department_id.map(names).fillna(own)
    found: dict[str, float] = {}
    for name, part in [("all", rows.satisfied), *rows.satisfied.groupby(department)]:
        found[f"satisfied {name}: n"] = len(part)
        found[f"satisfied {name}: share"] = part.mean()
    return found


def main(folder: str, *times: str) -> None:
    watch = Stopwatch()
    found = {name: float(value) for name, value in compute(Path(folder), *map(int, times)).items()}
    tell({"figures": found, **watch.stop()})


if __name__ == "__main__":
    main(*sys.argv[1:])
