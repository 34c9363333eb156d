"""Results and evidence as CSV (RFC 4180, UTF-8), safe to open in a spreadsheet."""

import csv
from collections.abc import Iterable
from typing import Any, TextIO

from deskaudit.reports.report import Report
from deskaudit.text import guard_cell, one_line

RESULT_COLUMNS = (
    "audit", "audit_kind", "period_start", "period_end", "item", "item_title", "check", "name", "title", "leg", "segment",
    "status", "value", "unit", "n", "n_rows", "low_n", "interval_low", "interval_high", "mean", "median", "p90", "pass",
    "warn", "better", "severity", "weight", "reason", "advice", "change_since_last", "delta_since_last",
    "change_since_baseline", "delta_since_baseline", "delta_unit",
)  # fmt: skip
EVIDENCE_COLUMNS = (
    "audit", "item", "check", "name", "leg", "status", "rank", "of", "subject", "ref", "title", "url", "segment", "good",
    "value", "badness", "column", "column_value",
)  # fmt: skip


def write(report: Report, out: TextIO) -> None:
    """One line for each result, desk and segments. Raw numbers: shares 0 to 1, durations in seconds."""
    sheet = Sheet(out, RESULT_COLUMNS)
    audit = report.audit
    titles = {item.item: item.title for item in report.items}
    for one in report.results:
        low, high = one.interval or (None, None)
        last, base = one.change_since_last, one.change_since_baseline
        any_change = last or base
        sheet.row([
            audit.id, audit.kind, audit.period.start, audit.period.end, one.item, titles.get(one.item, ""), one.check,
            one.name, one.title, one.leg, one.segment, one.status, one.value, one.unit, one.n, one.n_rows, one.low_n,
            low, high, one.mean, one.median, one.p90, one.pass_at, one.warn_at, one.better, one.severity, one.weight,
            one.reason, one.advice, last and last.kind, last and last.delta, base and base.kind, base and base.delta,
            any_change and any_change.delta_unit,
        ])  # fmt: skip


def write_evidence(report: Report, out: TextIO) -> None:
    """One line for each kept row and display column, so that every check fits one table."""
    sheet = Sheet(out, EVIDENCE_COLUMNS)
    for one in report.results:
        for row in one.evidence:
            for column, value in row.columns.items() or (("", None),):
                sheet.row([
                    report.audit.id, one.item, one.check, one.name, one.leg, one.status, row.rank, row.of, row.subject,
                    row.ref, row.title, row.url, row.segment, row.good, row.value, row.badness, column, value,
                ])  # fmt: skip


class Sheet:
    """A CSV file under its header. No cell is a formula or holds a control character or a line break."""

    def __init__(self, out: TextIO, columns: Iterable[str]) -> None:
        self._writer = csv.writer(out, lineterminator="\r\n")
        self.row(columns)

    def row(self, values: Iterable[Any]) -> None:
        self._writer.writerow([cell(value) for value in values])


def cell(value: object) -> str:
    """A value as a cell: numbers as they are, true and false as 1 and 0, nothing as nothing, text made harmless."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, int | float):
        return str(int(value)) if float(value).is_integer() and abs(value) < 2**53 else repr(value)
    return guard_cell(one_line(value, 5000))
