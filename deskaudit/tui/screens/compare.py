"""Two audits side by side."""

from typing import Any, ClassVar

from textual.binding import Binding, BindingType

from deskaudit.i18n import _
from deskaudit.model.verdicts import Audit
from deskaudit.tui import theme, words
from deskaudit.tui.screens.finding import Finding
from deskaudit.tui.screens.room import Room
from deskaudit.tui.table import Column, Table
from deskaudit.tui.theme import Spans
from deskaudit.tui.widgets.lines import Lines

_TABLE = Table(
    Column(_("CHANGE"), 13), Column(_("CHECK"), 5, right=True), Column(_("TITLE")),
    Column(_("BEFORE"), 10, right=True), Column("", 1), Column(_("AFTER"), 10, right=True), Column("", 1), gap=1,
)  # fmt: skip
_STYLES = {"new": "worse", "worse": "worse", "fixed": "better", "better": "better"}


def change_name(kind: str) -> str:
    known = {
        "new": _("new"), "worse": _("worse"), "fixed": _("fixed"), "better": _("better"), "same": _("same"),
        "not_tested": _("not tested"), "check_changed": _("check changed"),
    }  # fmt: skip
    return known.get(kind, kind)


class Compare(Room):
    """Clear changes only: a difference within the intervals of the two is no change."""

    TITLE = _("Two audits")
    PLACE = "trends"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", _("open"), id="compare.open", tooltip=_("Open the later audit's result")),
        Binding("s", "same", _("same too"), id="compare.same", tooltip=_("With or without what stayed the same")),
        Binding("o", "segments", _("segments"), id="compare.segments", tooltip=_("With or without segments")),
        Binding("escape", "app.back", _("back"), id="compare.back", tooltip=_("Back")),
    ]

    def __init__(self, before: Audit, after: Audit) -> None:
        super().__init__()
        self._before = before
        self._after = after
        self._same = False
        self._segments = False

    def heading(self) -> Spans:
        a, b = self._before, self._after
        periods = [words.period(one.period_start, one.period_end, self.zone) for one in (a, b)]
        return [
            (_("Audit {a} ({kind_a}, {period_a}) → {b} ({kind_b}, {period_b})").format(
                a=a.id, kind_a=a.kind, period_a=periods[0], b=b.id, kind_b=b.kind, period_b=periods[1]
            ), "strong"),
        ]  # fmt: skip

    def reload(self) -> None:
        from deskaudit.store.compare import KINDS, compare

        found = compare(self.desk.session.store, self._before, self._after)
        width = self.size.width
        spans: Spans = [(" ", "")]
        for kind in KINDS:
            if n := found.counts.get(kind, 0):
                spans.extend([(f"{n} ", "strong"), (change_name(kind), _STYLES.get(kind, "")), ("  ", "")])
        rows: list[tuple[Spans, Any]] = [(spans, None)]
        for note in found.notes:
            rows += [([(f" {line}", "WARN")], None) for line in theme.wrap(note, width - 2)]
        rows.append((_TABLE.header(width), None))
        for change in found.changes:
            if (change.kind == "same" and not self._same) or (change.segment is not None and not self._segments):
                continue
            sides = [
                cell
                for one in (change.before, change.after)
                for cell in (
                    (words.short(words.value_of(one)), (theme.LETTER[one.status], one.status.value))
                    if one is not None
                    else ("–", "")
                )
            ]
            title = self.title_of(change)
            title = f"{change.segment}: {title}" if change.segment is not None else title
            cells = [(change_name(change.kind), _STYLES.get(change.kind, "dim")), change.check, title, *sides]
            rows.append((_TABLE.row(cells, width), change))
        if len(rows) == 2 + len(found.notes):
            rows.append(([(_(" No clear change."), "")], None))
        self.lines.show(Lines(rows))
        self.lines.focus()

    def chosen(self, value: Any) -> None:
        if value.after is not None:
            self.app.push_screen(Finding(self._after, value.after))
        elif value.before is not None:
            self.app.push_screen(Finding(self._before, value.before))

    def action_open(self) -> None:
        self.lines.action_choose()

    def action_same(self) -> None:
        self._same = not self._same
        self.reload()

    def action_segments(self) -> None:
        self._segments = not self._segments
        self.reload()
