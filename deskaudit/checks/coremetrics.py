"""20.6: which of the twelve core metrics of a help desk have data in the period.

A metric has data where a check of this audit that measures it judged any row; where none ran, where the snapshot has
any row for it.
"""

from collections.abc import Iterator

import msgspec

from deskaudit.checks.binding import bind
from deskaudit.checks.context import Past, Reader, Row, Window
from deskaudit.i18n import _


class Metric(msgspec.Struct, frozen=True):
    """`checks` measure it, one of them is enough; `rows` is where its data would be, in the period."""

    name: str
    checks: tuple[str, ...]
    needs: tuple[str, ...]
    rows: str


_IN_PERIOD = "{column} >= :period_start AND {column} < :period_end"


def _within(table: str, column: str, more: str = "") -> str:
    return f"FROM {table} WHERE {_IN_PERIOD.format(column=column)}{more}"


_RESOLVED = _within("live_ticket", "resolved_at")
METRICS = (
    Metric("volume", (), ("ticket",), _within("live_ticket", "created_at")),
    Metric("backlog", ("08.2", "08.3"), ("ticket",), "FROM live_ticket WHERE created_at < :period_end"),
    Metric("first response time", ("20.1",), ("ticket",), _within("live_ticket", "first_response_at")),
    Metric("waiting time", ("20.2",), ("ticket",), _within("status_span", "ended_at", " AND on_desk = 1")),
    Metric("resolution time", ("20.4",), ("ticket",), _RESOLVED),
    Metric("first contact resolution", ("07.3",), ("ticket", "event"), _RESOLVED),
    Metric("reopened", ("07.4",), ("ticket", "event"), _RESOLVED),
    Metric("service level", ("15.1",), ("ticket",), _within("ticket_sla", "due_at")),
    Metric("satisfaction", ("18.1",), ("rating",), _within("rating", "rated_at", " AND score IS NOT NULL")),
    Metric(
        "abandoned calls", ("20.3",), ("interaction",),
        _within("interaction", "started_at", " AND channel IN ('call', 'phone') AND COALESCE(direction, 'in') = 'in'"),
    ),
    Metric(
        "cost per ticket", ("02.3",), ("finance_period", "ticket"),
        "FROM finance_period WHERE started_at < :period_end AND ended_at > :period_start AND cost IS NOT NULL",
    ),
    Metric("utilisation", ("34.1",), ("slot",), _within("slot", "started_at", " AND kind = 'worked'")),
)  # fmt: skip
"""The twelve of HD-20, in its order."""


def rows(reader: Reader, window: Window, past: Past) -> Iterator[Row]:
    """One row for each metric: good is 1 where it has data. `subject` is its place in METRICS, from 1."""
    judged: dict[str, int] = {}
    for result in past.results():
        if result.segment is None:
            judged[result.check] = max(judged.get(result.check, 0), result.n)
    for place, metric in enumerate(METRICS, start=1):
        found = [check for check in metric.checks if check in judged]
        counted = max(judged[check] for check in found) if found else _count(reader, window, metric)
        yield {
            "subject": place,
            "segment": None,
            "good": int(counted > 0),
            "badness": len(METRICS) - place,
            "ref": _(metric.name),
            "rows_found": counted,
            "measured_by": " ".join(found) or None,
        }


def _count(reader: Reader, window: Window, metric: Metric) -> int:
    if any(reader.filled(entity).state == "absent" for entity in metric.needs):
        return 0
    sql = bind(f"SELECT COUNT(*) {metric.rows}", dict(window.binds()))
    (counted,) = reader.connection.execute(sql).fetchone() or (0,)
    return int(counted)
