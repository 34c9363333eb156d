"""The keys of the screen one came from, then of every list, then of the app: the same text as docs/keys.md."""

from typing import Any, ClassVar

from textual.binding import Binding, BindingType

from deskaudit.i18n import _
from deskaudit.tui import keys, theme
from deskaudit.tui.screens.room import Room
from deskaudit.tui.table import Column, Table
from deskaudit.tui.theme import Spans
from deskaudit.tui.widgets.lines import LineList, Lines

_TABLE = Table(Column("", 14), Column(""), Column("", 22, least=100))


class Help(Room):
    """Asks the screen it explains for its live bindings, so that changed keys and refusals are right."""

    TITLE = _("Help")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", _("back"), id="help.leave", tooltip=_("Back to the screen")),
    ]

    def __init__(self, explained: Room | None = None) -> None:
        super().__init__()
        self._explained = explained

    def heading(self) -> Spans:
        return [(_("Help: keys"), "strong"), (_(" · changed in the config under [terminal.keys]"), "dim")]

    def reload(self) -> None:
        lines: list[tuple[Spans, Any]] = []
        if self._explained is not None:
            lines += self._section(self._explained.TITLE or "", self._explained.live_bindings(), self._explained)
        app_bindings = keys.as_bindings(self.desk.BINDINGS)
        lines += self._section(_("In every list"), keys.as_bindings(LineList.BINDINGS), None)
        lines += self._section(_("Everywhere"), app_bindings, None)
        for text in _footnotes():
            lines += [([(f" {line}", "dim")], None) for line in theme.wrap(text, self.size.width - 2)]
        self.lines.show(Lines(lines), 0)
        self.lines.focus()

    def _section(self, title: str, bindings: list[Binding], room: Room | None) -> list[tuple[Spans, Any]]:
        if not bindings:
            return []
        lines: list[tuple[Spans, Any]] = [([(f" {title}", "head")], None)]
        for binding in bindings:
            key = self.desk.keymap.get(binding.id or "", binding.key)
            text = binding.tooltip or binding.description
            refusal = room.why_not(binding.action.partition("(")[0]) if room is not None else ""
            shown = (f"({text}) {refusal}", "dim") if refusal else text
            cells = [(keys.displays(key), "strong"), shown, (binding.id or "", "dim")]
            lines.append((_TABLE.row(cells, self.size.width), text))
        lines.append(([], None))
        return lines

    def action_leave(self) -> None:
        self.app.pop_screen()


def _footnotes() -> list[str]:
    return [
        _("5 (Team) and 6 (Actions) are kept for screens that come later; those keys do nothing yet."),
        _("While a line is typed, keys are text: enter ends it, esc leaves it."),
        _("Status: F FAIL, W WARN, P PASS, N NODATA, X NA (not applicable), T TODO, I INFO, E ERROR."),
        _("Assured = weight passed / weight applicable; WARN counts half, what was not judged counts nothing."),
    ]
