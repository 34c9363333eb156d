"""The judged rows of one check, streamed: all of them, worst first, as they were frozen with the audit."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, TextIO
from zoneinfo import ZoneInfo

import msgspec

from deskaudit.model import figures
from deskaudit.model.verdicts import Audit
from deskaudit.reports.csvfile import Sheet
from deskaudit.reports.lines import cells, fit
from deskaudit.store import Store
from deskaudit.store.judged import JudgedRow, JudgedRows
from deskaudit.text import one_line

RowFormat = Literal["text", "csv", "json"]
_FIXED = ("leg", "subject", "ref", "segment", "good", "value", "badness")
_WIDEST, _NARROWEST = 28, 8


def write(
    store: Store,
    audit: Audit,
    file: Path | None,
    check: str,
    out: TextIO,
    *,
    format_: str = "text",
    only_faults: bool = False,
    leg: str | None = None,
    segment: str | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> int:
    """Writes the rows of `check` (id or name) page by page; returns how many.

    The file is held against the audit's hash first: StoreError if it is gone or altered.
    CSV and JSON lines carry raw numbers, text carries figures.
    """
    with JudgedRows(store, audit, check, leg=leg, segment=segment, only_bad=only_faults, file=file) as rows:
        found = store.results(audit.id, item=rows.check, limit=1)
        sink = _SINKS[format_](out, rows.columns(), found[0].clock if found else "wall", audit.zone)
        count = 0
        for page in rows.pages(limit=limit, offset=offset):
            sink.write_page(page)
            count += len(page)
        return count


class _Csv:
    def __init__(self, out: TextIO, columns: list[str], clock: str, zone: str) -> None:
        del clock, zone
        self._columns = columns
        # A display column may be called as one of ours: then it says whose it is.
        self._sheet = Sheet(out, [*_FIXED, *(f"{name}_shown" if name in _FIXED else name for name in columns)])

    def write_page(self, page: Sequence[JudgedRow]) -> None:
        for row in page:
            fixed = [row.leg, str(row.subject), row.ref, row.segment, row.good, row.value, row.badness]
            self._sheet.row([*fixed, *(row.columns.get(name) for name in self._columns)])


class _JsonLines:
    """One object a line. `subject` is text: it may have more digits than readers keep of a number."""

    def __init__(self, out: TextIO, columns: list[str], clock: str, zone: str) -> None:
        del columns, clock, zone
        self._out = out

    def write_page(self, page: Sequence[JudgedRow]) -> None:
        for row in page:
            line: dict[str, Any] = {
                "leg": row.leg,
                "subject": str(row.subject),
                "ref": row.ref,
                "segment": row.segment,
                "good": row.good,
                "value": row.value,
                "badness": row.badness,
                "columns": row.columns,
            }
            self._out.write(msgspec.json.encode(line).decode() + "\n")


class _Text:
    """Columns under a header. Widths come from the first page; what is longer later is cut, but for the last one.

    `value` stands there only where the check has one; `badness`, which only orders the rows, does not.
    """

    def __init__(self, out: TextIO, columns: list[str], clock: str, zone: str) -> None:
        self._out = out
        self._columns = columns
        self._clock = clock
        self._zone = ZoneInfo(zone)
        self._valued = False
        self._widths: list[int] = []

    def write_page(self, page: Sequence[JudgedRow]) -> None:
        if not self._widths:
            self._valued = any(row.value is not None for row in page)
        lines = [self._cells(row) for row in page]
        if not self._widths:
            fixed = ["leg", "ref", "segment", "good", *(["value"] if self._valued else [])]
            header = [*fixed, *(figures.column_title(name) for name in self._columns)]
            self._widths = [
                min(_WIDEST, max(len(name), *(cells(line[index]) for line in lines)))
                for index, name in enumerate(header)
            ]
            self._widths[len(fixed) :] = [max(_NARROWEST, width) for width in self._widths[len(fixed) :]]
            lines.insert(0, header)
        for line in lines:
            laid = [fit(text, width) for text, width in zip(line[:-1], self._widths[:-1], strict=True)]
            self._out.write("  ".join([*laid, one_line(line[-1])]).rstrip() + "\n")

    def _cells(self, row: JudgedRow) -> list[str]:
        good = {0: "no", 1: "yes", None: figures.NONE}.get(row.good, str(row.good))
        fixed = [row.leg, row.ref or str(row.subject), row.segment or "", good]
        value = [figures.show(row.value)] if self._valued else []
        return [*fixed, *value, *(self._shown(name, row.columns.get(name)) for name in self._columns)]

    def _shown(self, name: str, value: object) -> str:
        unit = figures.unit_of(name, {})
        if unit == "at" and isinstance(value, int | float):
            return figures.time(value, self._zone)
        return figures.show(value, unit, self._clock)


_SINKS: dict[str, type[_Csv | _JsonLines | _Text]] = {"csv": _Csv, "json": _JsonLines, "text": _Text}
