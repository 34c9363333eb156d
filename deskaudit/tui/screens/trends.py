"""Every metric over the audits: a sparkline with figures in the list, a chart when it is opened."""

from typing import Any, ClassVar

import msgspec
from textual.binding import Binding, BindingType

from deskaudit.i18n import _, ngettext
from deskaudit.model.verdicts import Audit, Result
from deskaudit.tui import theme, words
from deskaudit.tui.screens.compare import Compare
from deskaudit.tui.screens.metric import HEADLINES, Metric, headline_points
from deskaudit.tui.screens.picker import Picker
from deskaudit.tui.screens.room import Room
from deskaudit.tui.table import Column, Table
from deskaudit.tui.theme import Spans
from deskaudit.tui.widgets.lines import Lines

KINDS = ("full", "quick", "partial")
SPARK = 10
SHOWN_AUDITS = 40
_TABLE = Table(
    Column(_("CHECK"), 5, right=True),
    Column(_("METRIC")),
    Column(_("AUDITS"), SPARK, right=True),
    Column(_("FIRST"), 10, right=True, least=92),
    Column(_("BEFORE"), 10, right=True),
    Column(_("LAST"), 10, right=True),
)


class Headline(msgspec.Struct, frozen=True):
    """Assured, Score or Coverage as a metric."""

    key: str


class Trends(Room):
    """Like with like: full audits, quick scans and partial ones have lines of their own."""

    TITLE = _("Trends")
    PLACE = "trends"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", _("chart"), id="trends.open", tooltip=_("The metric under the cursor as a chart")),
        Binding("v", "compare", _("two audits"), id="trends.compare", tooltip=_("Two audits side by side: new, fixed, worse, better")),
        Binding("slash", "search", _("search"), id="trends.search", tooltip=_("Show only metrics with these words")),
        Binding("f", "kind", _("kind"), id="trends.kind", tooltip=_("Full audits, quick scans, or partial ones")),
        Binding("escape", "leave", _("back"), id="trends.leave", tooltip=_("Close the search; then back")),
    ]  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self._kind = ""
        self._search = ""
        self._audits: list[Audit] = []
        self._series: dict[tuple[str, str], list[float | None]] = {}

    def heading(self) -> Spans:
        n = len(self._audits)
        kinds = {
            "full": ngettext("{n} full audit", "{n} full audits", n),
            "quick": ngettext("{n} quick scan", "{n} quick scans", n),
            "partial": ngettext("{n} partial audit", "{n} partial audits", n),
        }
        search = f' · "{self._search}"' if self._search else ""
        return [
            (kinds.get(self._kind, ngettext("{n} audit", "{n} audits", n)).format(n=n), "strong"),
            (search, "dim"),
        ]

    def why_not(self, action: str) -> str:
        if action in {"open", "search"} and not self._audits:
            return _("There is no completed audit yet. Press r to run one.")
        if action == "compare" and len(self.desk.audits(state="completed", limit=2)) < 2:
            return _("It takes two completed audits.")
        return ""

    def reload(self) -> None:
        from deskaudit.store import references

        audit = self.desk.find_audit()
        self._kind = self._kind or (audit.kind if audit is not None else "full")
        latest = references.find_latest(self.desk.session.store, self._kind, audit) if audit is not None else None
        self._audits = references.find_line(self.desk.session.store, latest, SHOWN_AUDITS) if latest else []
        self._series = {}
        for place, one in enumerate(self._audits):
            for result in self.desk.session.store.results(one.id, sort="check"):
                values = self._series.setdefault((result.check, result.leg), [])
                values.extend([None] * (place - len(values)))
                values.append(result.value)
        self._fill(None)
        self.lines.focus()

    def _fill(self, cursor: int | None) -> None:
        width = self.size.width
        if not self._audits:
            self.lines.show(Lines([([(_(" No completed audit of this kind yet."), "")], None)]), 0)
            return
        rows: list[tuple[Spans, Any]] = [(_TABLE.header(width), None)]
        wanted = self._search.casefold().split()
        for key, title in HEADLINES.items():
            values = [value for _label, value in headline_points(self._audits, key, self.zone)]
            if all(word in title.casefold() for word in wanted):
                rows.append((self._row("", title, values, "share", width), Headline(key)))
        for result in self.desk.session.store.results(self._audits[-1].id, sort="check", search=self._search):
            values = self._series.get((result.check, result.leg), [])
            title = self.title_of(result)
            rows.append((self._row(result.check, title, values, result.unit, width), result))
        self.lines.show(Lines(rows), cursor)
        self.show_heading()

    def _row(self, check: str, title: str, values: list[float | None], unit: str, width: int) -> Spans:
        """Figures beside the sparkline: bars alone are no figures."""
        known = [value for value in values if value is not None]
        before = values[-2] if len(values) > 1 else None
        cells = [
            check,
            title,
            theme.sparkline(values, SPARK),
            words.short(words.figure(known[0] if known else None, unit)),
            words.short(words.figure(before, unit)),
            words.short(words.figure(values[-1] if values else None, unit)),
        ]
        return _TABLE.row(cells, width)

    def chosen(self, value: Any) -> None:
        if isinstance(value, (Headline, Result)):
            self.app.push_screen(Metric(self._audits, value.key if isinstance(value, Headline) else value))

    def action_open(self) -> None:
        self.lines.action_choose()

    def action_kind(self) -> None:
        self._kind = KINDS[(KINDS.index(self._kind) + 1) % len(KINDS)]
        self.reload()
        self.show_keys()

    def action_search(self) -> None:
        self.ask(_("Search:"), self._searched, self._search, enter=_("search"))

    def _searched(self, text: str | None) -> None:
        if text is not None:
            self._search = text.strip()
            self._fill(0)

    async def action_leave(self) -> None:
        if self._search:
            self._searched("")
        else:
            await self.desk.action_back()

    def action_compare(self) -> None:
        audits = self.desk.audits(state="completed")
        picker = Picker.of_audits(_("Compare which audit (the later one)?"), audits, self.zone)
        self.app.push_screen(picker, lambda after: self._choose_before(after, audits))

    def _choose_before(self, after: Audit | None, audits: list[Audit]) -> None:
        if after is None:
            return
        others = [audit for audit in audits if audit.id != after.id]
        picker = Picker.of_audits(_("Audit {id} with which earlier one?").format(id=after.id), others, self.zone)
        self.app.push_screen(picker, lambda before: self._compare(before, after))

    def _compare(self, before: Audit | None, after: Audit) -> None:
        from deskaudit.store import references

        if before is not None:
            self.app.push_screen(Compare(*sorted((before, after), key=references.period_order)))
