"""Which connector: typed words narrow the list, up and down move in it, enter takes the line."""

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widget import Widget

from deskaudit.audit.setup import ConnectorLine
from deskaudit.i18n import _
from deskaudit.text import one_line
from deskaudit.tui.screens.room import Room
from deskaudit.tui.table import Column, Table
from deskaudit.tui.theme import Spans
from deskaudit.tui.widgets.lines import LineList, Lines
from deskaudit.tui.widgets.note import Note
from deskaudit.tui.widgets.prompt import MessageLine

FROM_FILE = ConnectorLine(
    name="?",
    title=_("A file at hand: say what it is, and fill the form from it"),
    tested=_("Exports, lists, scans, mail, calendars, registers, backup logs"),
)
_TABLE = Table(Column(_("TYPE"), 16), Column(_("WHAT IT READS")))


class ConnectorList(Room):
    """Closes with a ConnectorLine, or with None."""

    TITLE = _("Choose a connector")
    PLACE = "sources"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "pick", _("take it"), id="connectors.take", tooltip=_("Fill in the form of the connector under the cursor")),
        Binding("slash", "search", _("search"), id="connectors.search", tooltip=_("Type a part of its name, its title or what it fills")),
        Binding("escape", "leave", _("back"), id="connectors.back", tooltip=_("Back to the sources")),
    ]  # fmt: skip

    class Loaded(Message):
        """The connectors have been imported."""

        def __init__(self, connectors: Sequence[ConnectorLine]) -> None:
            super().__init__()
            self.connectors = connectors

    def __init__(self) -> None:
        super().__init__()
        self._connectors: list[ConnectorLine] = []
        self._search = ""

    def body(self) -> Iterable[Widget]:
        yield LineList(id="list")
        yield Note(id="note")

    def heading(self) -> Spans:
        return [(_("New source: which connector?"), "strong"), (f' · "{self._search}"' if self._search else "", "dim")]

    def reload(self) -> None:
        self._fill()
        self.lines.focus()
        if not self._connectors:  # dozens of modules: a moment's work, and keys are text meanwhile
            self.run_worker(self._load, thread=True, exit_on_error=False)

    def opened(self) -> None:
        self.action_search()

    def _load(self) -> None:
        self.post_message(self.Loaded(self.desk.session.connectors()))

    def on_connector_list_loaded(self, event: Loaded) -> None:
        event.stop()
        self._connectors = [FROM_FILE, *event.connectors]
        self._fill(0)
        self.show_heading()

    def action_search(self) -> None:
        self.ask(_("Search:"), self._typed_out, self._search, enter=_("take it"), along=True, skip="/")

    def on_message_line_typed(self, event: MessageLine.Typed) -> None:
        event.stop()
        self._search = event.text
        self._fill(0)
        self.show_heading()

    def _typed_out(self, text: str | None) -> str | None:
        if text is None:
            self.dismiss(None)
            return None
        one = self.lines.value
        if isinstance(one, ConnectorLine) and one.fault:
            return one.fault
        self.chosen(one)
        return None

    def _fill(self, cursor: int | None = None) -> None:
        wanted = self._search.casefold().split()
        rows: list[tuple[Spans, Any]] = []
        if not self._connectors:
            rows.append(([(_(" Reading the connectors …"), "dim")], None))
        for one in self._connectors:
            text = f"{one.name} {one.title} {' '.join(one.fills)}".casefold()
            if all(word in text for word in wanted):
                title = (f"({one.title}) {one.fault}", "dim") if one.fault else one.title
                rows.append((_TABLE.row([(one.name, "head"), title], self.size.width), one))
        if not rows:
            rows = [([(_(" No connector has that in its name. Type another word, or esc to leave."), "dim")], None)]
        self.lines.show(Lines(rows), cursor)
        self.moved()

    def moved(self) -> None:
        one, note = self.lines.value, self.query_one("#note", Note)
        if not isinstance(one, ConnectorLine):
            note.show()
        else:
            fills = _("Fills: {names}.").format(names=", ".join(one.fills)) if one.fills else ""
            tested = _("Tested against: {what}").format(what=one.tested) if one.tested and one.fills else one.tested
            note.show((one_line(one.fault, 200), "FAIL"), (fills, "dim"), (tested, "dim"))

    def chosen(self, value: Any) -> None:
        if not isinstance(value, ConnectorLine):
            self.action_search()
        elif value.fault:
            self.say(value.fault, "FAIL")
        else:
            self.dismiss(value)

    def action_pick(self) -> None:
        self.lines.action_choose()

    def action_leave(self) -> None:
        self.dismiss(None)
