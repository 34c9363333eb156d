"""A list of tables of one kind within a form: backup jobs, links, tests."""

from collections.abc import Iterable
from typing import Any, ClassVar

import msgspec
from rich.cells import cell_len
from textual.binding import Binding, BindingType
from textual.widget import Widget

from deskaudit.audit import fields
from deskaudit.i18n import _
from deskaudit.text import one_line
from deskaudit.tui import words
from deskaudit.tui.screens.form import Form, Shelf
from deskaudit.tui.screens.room import Room
from deskaudit.tui.table import Cell, Column, Table
from deskaudit.tui.theme import Spans
from deskaudit.tui.widgets.lines import LineList, Lines
from deskaudit.tui.widgets.note import Note

NEW = Binding("n", "new", _("new"), id="entries.new", tooltip=_("A new entry"))
OPEN = Binding("enter", "open", _("change"), id="entries.open", tooltip=_("Change the entry under the cursor"))
REMOVE = Binding("d", "remove", _("delete"), id="entries.delete", tooltip=_("Delete the entry under the cursor"))


class Entries(Room):
    """`entries` is changed in place."""

    TITLE = _("Form: a list of tables")
    PLACE = "sources"
    BINDINGS: ClassVar[list[BindingType]] = [
        OPEN, NEW, REMOVE,
        Binding("escape", "leave", _("back"), id="entries.back", tooltip=_("Back to the form")),
    ]  # fmt: skip

    def __init__(
        self, title: str, struct: type[msgspec.Struct], entries: list[Any], *, shelf: Shelf | None = None
    ) -> None:
        super().__init__()
        self.title_text = title
        self.struct = struct
        self.entries = entries
        self.shelf = shelf

    def body(self) -> Iterable[Widget]:
        yield LineList(id="list")
        yield Note(id="note")

    def heading(self) -> Spans:
        return [(self.title_text, "strong"), (f" · {words.entries_count(len(self.entries))}", "dim")]

    def why_not(self, action: str) -> str:
        if action in {"open", "remove"} and self.index is None:
            return _("There is no entry yet: n makes one.")
        return ""

    @property
    def index(self) -> int | None:
        """The entry under the cursor."""
        value = self.lines.value if len(self.lines.source) else None
        return value if isinstance(value, int) else None

    def reload(self) -> None:
        self.lines.show(Lines(entry_lines(self.struct, self.entries, self.size.width)))
        self.lines.focus()
        self.moved()

    def moved(self) -> None:
        index = self.index
        fault = fields.complaint(self.struct, self.entries[index])[0] if index is not None else ""
        self.query_one("#note", Note).show((one_line(fault, 300), "FAIL"))
        self.show_keys()

    def chosen(self, value: Any) -> None:
        self.action_open()

    def action_open(self) -> None:
        if self.index is not None:
            self._open(self.index)

    def action_new(self) -> None:
        self.entries.append({})
        self._open(len(self.entries) - 1)

    def _open(self, index: int) -> None:
        entry = self.entries[index]
        shelf = self.shelf.inside(str(index + 1)) if self.shelf else None
        self.app.push_screen(
            Form(f"{self.title_text} {index + 1}", self.struct, entry, shelf=shelf),
            lambda _done: self._form_closed(index),
        )

    def _form_closed(self, index: int) -> None:
        if index < len(self.entries) and not self.entries[index]:
            del self.entries[index]
        self.refresh_all()

    def action_remove(self) -> None:
        index = self.index
        if index is not None:
            self.confirm(_("Delete entry {n}?").format(n=index + 1), lambda: self._remove(index), enter=_("delete it"))

    def _remove(self, index: int) -> None:
        del self.entries[index]
        self.refresh_all()

    def action_leave(self) -> None:
        self.dismiss(None)


def entry_lines(struct: type[msgspec.Struct], entries: list[Any], width: int) -> list[tuple[Spans, Any]]:
    """Entries under the names of as many of their keys as fit; a mark before those that are wrong."""
    known = fields.fields_of(struct)
    shown = [field for field in known if field.kind != "secret" and any(field.name in entry for entry in entries)]
    columns, chosen, room = [Column("", 1)], [], width - 3
    for field in shown:
        texts = [fields.show(field, entry.get(field.name)) for entry in entries]
        wide = min(max(map(cell_len, [field.name, *texts])), 26)
        if wide + 2 > room:
            break
        columns.append(Column(field.name.upper(), wide))
        chosen.append(field)
        room -= wide + 2
    if not chosen:
        return [([(_(" No entry yet: n makes one."), "dim")], None)]
    table = Table(*columns)
    rows: list[tuple[Spans, Any]] = [(table.header(width), None)]
    for index, entry in enumerate(entries):
        wrong = bool(fields.complaint(struct, entry)[0])
        cells: list[Cell] = [("!" if wrong else " ", "FAIL")]
        cells += [one_line(fields.show(field, entry.get(field.name)), 80) for field in chosen]
        rows.append((table.row(cells, width), index))
    return rows
