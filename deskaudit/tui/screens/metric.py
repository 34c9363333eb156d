"""One metric over the audits: a chart, and the figures it is made of."""

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget

from deskaudit.i18n import _
from deskaudit.model.verdicts import Audit, Result
from deskaudit.tui import theme, words
from deskaudit.tui.screens.finding import Finding
from deskaudit.tui.screens.room import Room
from deskaudit.tui.table import Column, Table
from deskaudit.tui.theme import Spans
from deskaudit.tui.widgets.chart import Chart, Point
from deskaudit.tui.widgets.lines import LineList, Lines

HEADLINES = {"assured": _("Assured"), "score": _("Score"), "coverage": _("Coverage")}
_TABLE = Table(
    Column(_("AUDIT"), 6, right=True), Column(_("PERIOD"), 24), Column(_("STATUS"), 8),
    Column(_("VALUE"), 12, right=True), Column(_("CHANGE"), 10, right=True), Column(_("n"), 8, right=True),
)  # fmt: skip


def headline_points(audits: Sequence[Audit], key: str, zone: str) -> list[Point]:
    """A headline figure of each audit, as it was stored."""
    points: list[Point] = []
    for audit in audits:
        value = audit.summary.get(key)
        shown = float(value) if isinstance(value, (int, float)) else None
        points.append((words.period(audit.period_start, audit.period_end, zone)[:10], shown))
    return points


class Metric(Room):
    """`metric`: a result, for its check and leg; or assured, score, coverage."""

    TITLE = _("Metric")
    PLACE = "trends"
    CSS_PATH = "metric.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", _("open"), id="metric.open", tooltip=_("Open that audit's result")),
        Binding("escape", "app.back", _("back"), id="metric.back", tooltip=_("Back to the list")),
    ]

    def __init__(self, audits: Sequence[Audit], metric: Result | str) -> None:
        super().__init__()
        self._audits = audits
        self._metric = metric

    def body(self) -> Iterable[Widget]:
        yield Chart(id="chart")
        yield LineList(id="list")

    def heading(self) -> Spans:
        if isinstance(self._metric, str):
            return [(HEADLINES[self._metric], "strong")]
        limits = words.limits(self._metric)
        title = self.title_of(self._metric)
        return [(f"{self._metric.check} {title}", "strong"), (f" · {limits}", "dim")]

    def reload(self) -> None:
        limits: list[tuple[float, str]] = []
        rows: list[tuple[Spans, Any]] = [(_TABLE.header(self.size.width), None)]
        if isinstance(self._metric, str):
            unit = "share"
            points = headline_points(self._audits, self._metric, self.zone)
            history: list[tuple[Audit, Result | None, float | None]] = [
                (audit, None, value) for audit, (_label, value) in zip(self._audits, points, strict=True)
            ]
        else:
            result, unit = self._metric, self._metric.unit
            found = self.desk.session.store.history(self._audits, result.check, result.leg, result.segment)
            history = [(audit, one, one.value) for audit, one in found]
            points = [
                (words.period(audit.period_start, audit.period_end, self.zone)[:10], one.value) for audit, one in found
            ]
            limits = [(at, letter) for at, letter in ((result.pass_at, "P"), (result.warn_at, "W")) if at is not None]
        before: float | None = None
        lines = []
        for audit, found_result, value in history:
            lines.append((self._row(audit, found_result, value, before, unit), (audit, found_result)))
            before = value
        self.query_one("#chart", Chart).show(points, limits, lambda value: words.figure(value, unit))
        self.lines.show(Lines([*rows, *reversed(lines)]), 0)
        self.lines.focus()

    def _row(self, audit: Audit, result: Result | None, value: float | None, before: float | None, unit: str) -> Spans:
        change = ""
        if value is not None and before is not None:
            points = unit == "share"
            change = (
                f"{(value - before) * 100:+.1f}"
                if points
                else f"{'+' if value >= before else '−'}{words.figure(abs(value - before), unit)}"
            )
        cells = [
            str(audit.id),
            words.period(audit.period_start, audit.period_end, self.zone),
            theme.status_spans(result.status)[0] if result is not None else "",
            words.figure(value, unit),
            change,
            words.figure(result.n, "count") if result is not None else "",
        ]
        return _TABLE.row(cells, self.size.width)

    def chosen(self, value: Any) -> None:
        audit, result = value
        if result is not None:
            self.app.push_screen(Finding(audit, result))
        else:
            self.say(_("The headline is made of all checks: 3 lists them."))

    def action_open(self) -> None:
        self.lines.action_choose()
