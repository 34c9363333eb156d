"""The escalation matrix as a grid: a row for each priority and type of ticket, a column for each key; cells edited in place."""

from collections.abc import Iterable
from typing import Any, ClassVar

from textual.binding import Binding, BindingType
from textual.strip import Strip
from textual.widget import Widget

from deskaudit.audit import fields
from deskaudit.audit.fields import Field
from deskaudit.connectors.mapping import PRIORITIES
from deskaudit.errors import DeskauditError
from deskaudit.i18n import _
from deskaudit.text import one_line
from deskaudit.tui import theme
from deskaudit.tui.screens.registers import RegisterRoom
from deskaudit.tui.session import RegisterLine
from deskaudit.tui.theme import Spans
from deskaudit.tui.widgets.lines import LineList, Lines
from deskaudit.tui.widgets.note import Note
from deskaudit.tui.widgets.prompt import MessageLine

WIDTHS = {"priority": 8, "type": 14, "group": 16, "after": 6, "share": 6}
CUT = ("type", "group")
NARROWEST = 8


class Grid(LineList):
    """A list whose cursor is one cell of the line. A line's spans are its cells, one each."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self.column = 0

    def render_line(self, y: int) -> Strip:
        index = self.top + y
        if index >= len(self.source) or index != self.cursor or self.source.value(index) is None:
            return super().render_line(y)
        style = "cursor" if self.has_focus else "rest"
        spans = self.source.spans(index, self.size.width)
        return self.paint([(text, style if place == self.column else name) for place, (text, name) in enumerate(spans)])


class Matrix(RegisterRoom):
    """Each change is checked while it is typed, and in the file when enter is pressed."""

    TITLE = _("The escalation matrix")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "change", _("change"), id="matrix.change", tooltip=_("Change the cell under the cursor")),
        Binding("left,h", "aside(-1)", _("left"), id="matrix.left", show=False, tooltip=_("One cell to the left")),
        Binding("right,l,tab", "aside(1)", _("right"), id="matrix.right", show=False, tooltip=_("One cell to the right")),
        Binding("n", "new", _("new row"), id="matrix.new", tooltip=_("A further row for the priority under the cursor, for one type of ticket")),
        Binding("d", "remove", _("delete row"), id="matrix.delete", tooltip=_("Delete the row under the cursor from the file")),
        Binding("escape", "leave", _("back"), id="matrix.back", tooltip=_("Back to the registers")),
    ]  # fmt: skip

    def __init__(self, line: RegisterLine) -> None:
        super().__init__(line)
        self._fields = fields.fields_of(line.register.struct)
        self._rows: list[tuple[str, int | None]] = []  # priority, entry
        self._typing = False  # into the cell under the cursor; other questions are none of its business

    def body(self) -> Iterable[Widget]:
        yield Grid(id="list")
        yield Note(id="note")

    @property
    def grid(self) -> Grid:
        return self.query_one("#list", Grid)

    @property
    def cell(self) -> tuple[str, int | None, Field]:
        """Priority, entry and key under the cursor."""
        place = self.lines.value if isinstance(self.lines.value, int) else 0
        return (*self._rows[place], self._fields[self.grid.column])

    def why_not(self, action: str) -> str:
        if action == "remove" and self._rows and self.cell[1] is None:
            return _("Nothing is said for {priority} yet.").format(priority=self.cell[0])
        return ""

    def reload(self) -> None:
        self.read()
        entries = self.line.entries
        order = [*PRIORITIES, *dict.fromkeys(str(entry.get("priority", "")) for entry in entries)]
        self._rows = []
        for priority in dict.fromkeys(order):
            mine = [
                (priority, index) for index, entry in enumerate(entries) if str(entry.get("priority", "")) == priority
            ]
            self._rows += mine or [(priority, None)]
        header = "".join(f" {theme.fit(field.name.upper(), self._width(field))} " for field in self._fields)
        rows: list[tuple[Spans, Any]] = [([(header, "dim")], None)]
        rows += [(self._cells(priority, index), place) for place, (priority, index) in enumerate(self._rows)]
        self.lines.show(Lines(rows))
        self.lines.focus()
        self.moved()

    def _width(self, field: Field) -> int:
        """Where the last column would be off the screen, the names of types and groups are cut for it."""
        rest = self.size.width - sum(WIDTHS.values()) - 2 * len(self._fields)
        lacking = max(NARROWEST - rest, 0)
        if field.name in CUT:
            return max(WIDTHS[field.name] - (lacking + 1) // len(CUT), NARROWEST)
        return WIDTHS.get(field.name, max(rest, NARROWEST))

    def _cells(self, priority: str, index: int | None) -> Spans:
        entry = {"priority": priority} if index is None else self.line.entries[index]
        wrong = index is not None and bool(fields.complaint(self.line.register.struct, entry)[0])
        cells: Spans = []
        for field in self._fields:
            text = one_line(fields.show(field, entry.get(field.name)), 80) or ("-" if index is None else "")
            style = "FAIL" if wrong else "strong" if field.name == "priority" else "dim" if index is None else ""
            cells.append((f" {theme.fit(text, self._width(field))} ", style))
        return cells

    def moved(self) -> None:
        if self._rows:
            _priority, index, field = self.cell
            wrong = (
                fields.complaint(self.line.register.struct, self.line.entries[index])[0] if index is not None else ""
            )
            self._tell(field, wrong)
            self.show_keys()

    def _tell(self, field: Field, fault: str) -> None:
        self.query_one("#note", Note).show(
            (one_line(fault or self.line.fault, 300), "FAIL"), (f"{field.name}: {field.help}", "dim")
        )

    def action_aside(self, way: int) -> None:
        column = min(max(self.grid.column + way, 0), len(self._fields) - 1)
        if column != self.grid.column:
            self.grid.column = column
            self.grid.refresh_lines(self.grid.cursor)
            self.moved()

    def chosen(self, value: Any) -> None:
        self.action_change()

    def action_change(self) -> None:
        priority, index, field = self.cell
        entry = self.line.entries[index] if index is not None else {"priority": priority}
        self._typing = True
        self.ask(f"{field.name}:", self._typed_out, fields.show(field, entry.get(field.name)), enter=_("save"))

    def on_message_line_typed(self, event: MessageLine.Typed) -> None:
        event.stop()
        if self._typing:
            self._tell(self.cell[2], self._try(event.text)[1])

    def _try(self, text: str) -> tuple[dict[str, Any], str]:
        """The entry with the typed text in the cell, and what is wrong with it."""
        priority, index, field = self.cell
        entry = dict(self.line.entries[index]) if index is not None else {"priority": priority}
        try:
            if text.strip():
                entry[field.name] = fields.parse(field, text)
            else:
                entry.pop(field.name, None)
        except ValueError as fault:
            return entry, str(fault)
        return entry, fields.complaint(self.line.register.struct, entry)[0] or self._twice(index, entry)

    def _twice(self, index: int | None, entry: dict[str, Any]) -> str:
        """Whether another row says the same of the same tickets already."""
        others = [one for at, one in enumerate(self.line.entries) if at != index]
        if any(_key(one) == _key(entry) for one in others):
            return _("There is a row for this priority and type already.")
        return ""

    def _typed_out(self, text: str | None) -> str | None:
        self.moved()
        if text is None:
            self._typing = False
            return None
        entry, fault = self._try(text)
        fault = fault or self._save(self.cell[1], entry) or ""
        self._typing = bool(fault)
        return fault or None

    def _save(self, index: int | None, entry: dict[str, Any]) -> str | None:
        """Writes an entry, and says so; why it cannot, where it cannot."""
        was = self.line.entries[index] if index is not None else None
        if entry == was or (was is None and set(entry) == {"priority"}):
            return None  # nothing was said
        try:
            self.desk.session.save_entry(self.line, index, entry, was)
        except DeskauditError as fault:
            return f"{fault.message} {fault.hint}"
        self.desk.touch()
        self.refresh_all()
        self.say(_("Saved in {file}; it counts with the next pull.").format(file=self.line.file))
        return None

    def action_new(self) -> None:
        self.ask(_("For which type of ticket?"), self._type_typed, enter=_("make the row"))

    def _type_typed(self, text: str | None) -> str | None:
        if text is None:
            return None
        if not text.strip():
            return _("Type the name of a type, as incident.")
        entry = {"priority": self.cell[0], "type": text.strip()}
        return self._twice(None, entry) or self._save(None, entry)

    def action_remove(self) -> None:
        priority, index, _field = self.cell
        if index is not None:
            self.ask_to_cut(index, _("Delete the row of {priority} from the file?").format(priority=priority))


def _key(entry: dict[str, Any]) -> tuple[str, str]:
    return str(entry.get("priority", "")).strip(), str(entry.get("type", "")).strip().casefold()
