"""Every result of the audit: filtered, sorted and searched in the database, paged into the list."""

from collections.abc import Iterable
from typing import Any, ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget

from deskaudit.i18n import _
from deskaudit.model.verdicts import Audit, Result, Status
from deskaudit.tui import theme, words
from deskaudit.tui.screens.finding import Finding
from deskaudit.tui.screens.room import Room
from deskaudit.tui.table import Cell, Column, Table
from deskaudit.tui.theme import Spans
from deskaudit.tui.widgets.lines import LineList, Lines, OneLine, Pages

FILTERS: tuple[tuple[str, tuple[Status, ...]], ...] = (
    (_("all"), ()),
    (_("FAIL and WARN"), (Status.FAIL, Status.WARN)),
    (_("FAIL"), (Status.FAIL,)),
    (_("PASS"), (Status.PASS,)),
    (_("not judged"), (Status.NODATA, Status.ERROR, Status.TODO, Status.NA)),
    (_("INFO"), (Status.INFO,)),
)
SORTS: tuple[tuple[str, str], ...] = (
    ("badness", _("worst first")),
    ("check", _("by check")),
    ("severity", _("by severity")),
    ("title", _("by title")),
    ("value", _("by value")),
    ("n", _("by n")),
)
_TABLE = Table(
    Column(_("STATUS"), 8),
    Column(_("SEV"), 4),
    Column(_("CHECK"), 5, right=True),
    Column(_("TITLE")),
    Column(_("SEGMENT"), 14, least=100),
    Column(_("VALUE"), 10, right=True),
    Column(_("LIMIT"), 10, right=True),
    Column(_("n"), 7, right=True, least=100),
    gap=1,
)


class Findings(Room):
    """Enter opens one; the line under the list says why the status is what it is."""

    TITLE = _("Findings")
    PLACE = "findings"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", _("open"), id="findings.open", tooltip=_("Open the result: value, formula, history, rows")),
        Binding("slash", "search", _("search"), id="findings.search", tooltip=_("Show only results with these words")),
        Binding("f", "filter", _("status"), id="findings.filter", tooltip=_("Show other statuses: all, FAIL and WARN, …")),
        Binding("s", "sort", _("sort"), id="findings.sort", tooltip=_("Sort by something else")),
        Binding("o", "segments", _("segments"), id="findings.segments", tooltip=_("With or without the segments of each check")),
        Binding("n", "walk(1)", _("next"), id="findings.next", show=False, tooltip=_("Next match of the open search")),
        Binding("N", "walk(-1)", _("previous"), id="findings.previous", show=False, tooltip=_("Previous match of the open search")),
        Binding("escape", "leave", _("back"), id="findings.leave", tooltip=_("Close the search or the filter; then back")),
    ]  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self._audit: Audit | None = None
        self._filter = 0
        self._sort = 0
        self._search = ""
        self._item = ""
        self._segments = False

    def body(self) -> Iterable[Widget]:
        yield OneLine(id="columns")
        yield LineList(id="list")

    def redraw(self) -> None:
        super().redraw()
        self.query_one("#columns", OneLine).show(_TABLE.header(self.size.width))

    def heading(self) -> Spans:
        if self._audit is None:
            return [(self.TITLE, "strong")]
        parts = [FILTERS[self._filter][0], SORTS[self._sort][1]]
        if self._item:
            parts.append(self._item)
        if self._search:
            parts.append(f'"{self._search}"')
        if self._segments:
            parts.append(_("with segments"))
        return [(" · ".join(parts), "strong"), (f" · {words.audit_name(self._audit, self.zone)}", "dim")]

    def why_not(self, action: str) -> str:
        if action in {"open", "search", "filter", "sort", "segments"} and self._audit is None:
            return _("There is no audit yet. Press r to run one.")
        if action == "walk" and not self._search:
            return _("No search is open: / opens one.")
        return ""

    def reload(self) -> None:
        self._audit = self.desk.find_audit()
        if self.desk.wanted_item:
            self._item, self.desk.wanted_item = self.desk.wanted_item, ""
            self._filter, self._search = 0, ""
        if self._audit is None:
            self.lines.show(Lines([([(_(" There is no audit yet. Press r to run one."), "")], None)]), 0)
        else:
            self._fill(None)
        self.lines.focus()

    def _fill(self, cursor: int | None) -> None:
        if self._audit is None:
            return
        store, audit_id = self.desk.session.store, self._audit.id
        words_, status, item = self._search, FILTERS[self._filter][1], self._item
        segments, sort = self._segments, SORTS[self._sort][0]
        total = store.count_results(audit_id, status=status, item=item, search=words_, segments=segments)

        def fetch(offset: int, limit: int) -> list[Result]:
            return store.results(
                audit_id, status=status, item=item, search=words_, sort=sort, segments=segments, offset=offset, limit=limit
            )  # fmt: skip

        self.lines.show(Pages(total, fetch, self._line), cursor)
        self.redraw()
        if not total:
            self.say(_("Nothing like that in this audit. esc shows all again."))
        else:
            self._tell_reason()

    def _line(self, result: Result, width: int) -> Spans:
        return result_spans(result, self.title_of(result), width)

    def moved(self) -> None:
        self._tell_reason()

    def _tell_reason(self) -> None:
        value = self.lines.value
        if isinstance(value, Result):
            self.remark(value.reason)

    def chosen(self, value: Any) -> None:
        if self._audit is not None and isinstance(value, Result):
            self.app.push_screen(Finding(self._audit, value))

    def action_open(self) -> None:
        self.lines.action_choose()

    def action_search(self) -> None:
        self.ask(_("Search:"), self._searched, self._search, enter=_("search"))

    def _searched(self, text: str | None) -> None:
        if text is not None:
            self._search = text.strip()
            self._fill(0)

    def action_filter(self) -> None:
        self._filter = (self._filter + 1) % len(FILTERS)
        self._fill(0)

    def action_sort(self) -> None:
        self._sort = (self._sort + 1) % len(SORTS)
        self._fill(0)

    def action_segments(self) -> None:
        self._segments = not self._segments
        self._fill(0)

    def action_walk(self, way: int) -> None:
        self.lines.action_step(way)

    async def action_leave(self) -> None:
        if self._search or self._item or self._filter:
            self._search, self._item, self._filter = "", "", 0
            self._fill(0)
        else:
            await self.desk.action_back()


def result_spans(result: Result, title: str, width: int) -> Spans:
    """A result as a line of the list."""
    if result.segment is not None and width < 100:
        title = f"{result.segment}: {title}"
    n = words.figure(result.n, "count") + ("!" if result.low_n else "")
    cells: list[Cell] = [
        theme.status_spans(result.status)[0],
        words.short_severity(result.severity),
        result.check,
        title,
        result.segment or "",
        words.short(words.value_of(result)),
        words.short_limit(result),
        n,
    ]
    return _TABLE.row(cells, width)
