"""The desk's own registers: what is kept, how much of it, whether its file is right; each opened and edited here."""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import Any, ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget

from deskaudit.audit import fields
from deskaudit.errors import DeskauditError
from deskaudit.i18n import _, ngettext
from deskaudit.text import one_line
from deskaudit.tui import theme, words
from deskaudit.tui.screens.entries import NEW, OPEN, REMOVE, entry_lines
from deskaudit.tui.screens.form import BACK, CHANGE, LEAVE_OUT, SAVE, RootForm
from deskaudit.tui.screens.room import Room
from deskaudit.tui.session import RegisterLine
from deskaudit.tui.table import Cell, Column, Table
from deskaudit.tui.theme import Spans
from deskaudit.tui.widgets.lines import LineList, Lines
from deskaudit.tui.widgets.note import Note

_TABLE = Table(
    Column(_("REGISTER"), 15), Column(_("ENTRIES"), 7, right=True), Column(_("STATE"), 9), Column(_("WHAT IT IS"))
)


class Registers(Room):
    """Enter opens one; what is changed there is in the file at once, and counts with the next pull."""

    TITLE = _("Registers")
    PLACE = "registers"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", _("open"), id="registers.open", tooltip=_("The entries of the register under the cursor")),
        Binding("n", "create", _("make the files"), id="registers.create", tooltip=_("Write a commented example of each register that is not there")),
    ]  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self._registers: list[RegisterLine] = []

    def body(self) -> Iterable[Widget]:
        yield LineList(id="list")
        yield Note(id="note")

    def heading(self) -> Spans:
        kept = sum(bool(line.entries) for line in self._registers)
        return [(ngettext("{n} register kept", "{n} registers kept", kept).format(n=kept), "strong")]

    @property
    def register(self) -> RegisterLine | None:
        value = self.lines.value if len(self.lines.source) else None
        return value if isinstance(value, RegisterLine) else None

    def why_not(self, action: str) -> str:
        if self.desk.session.config is None:
            return _("There is no configuration yet: 7 and n make one.")
        if action == "open" and self.register is None:
            return _("There is no register yet: n makes the files.")
        if action == "create" and self._registers and all(line.exists for line in self._registers):
            return _("All registers are there already.")
        return ""

    def reload(self) -> None:
        self._registers = self.desk.session.registers()
        rows: list[tuple[Spans, Any]] = []
        sources = list(dict.fromkeys(line.source for line in self._registers))
        for source in sources:
            mine = [line for line in self._registers if line.source == source]
            if len(sources) > 1:
                rows.append(([(f" {source}", "head")], None))
            rows.append((_TABLE.header(self.size.width), None))
            rows += [(self._line(line), line) for line in mine]
        if not rows:
            text = _(
                "No source of type registers is configured. Registers are lists that only the desk itself has: its"
                " escalation matrix, goals, access reviews, procedures, restore tests. n makes a folder with a"
                " commented example of each, and a source that reads it."
            )
            rows = [([(f" {line}", "")], None) for line in theme.wrap(text, max(self.size.width - 2, 20))]
        self.lines.show(Lines(rows))
        self.lines.focus()
        self.moved()

    def _line(self, line: RegisterLine) -> Spans:
        state = (
            (_("wrong"), "FAIL") if line.fault
            else (_("ok"), "PASS") if line.entries
            else (_("empty"), "dim") if line.exists
            else (_("no file"), "dim")
        )  # fmt: skip
        cells: list[Cell] = [
            line.register.name, words.figure(len(line.entries), "count") if line.exists else "", state, line.register.title
        ]  # fmt: skip
        return _TABLE.row(cells, self.size.width)

    def moved(self) -> None:
        line = self.register
        if line is not None:
            self.query_one("#note", Note).show((one_line(line.fault, 400), "FAIL"), (str(line.file), "dim"))

    def chosen(self, value: Any) -> None:
        self.action_open()

    def action_open(self) -> None:
        from deskaudit.tui.screens.matrix import Matrix

        line = self.register
        if line is None:
            return
        if line.fault and not line.entries:
            self.say(line.fault, "FAIL")
            return
        room = Matrix(line) if line.register.name == "escalation" else RegisterEntries(line)
        self.app.push_screen(room, lambda _done: self.refresh_all())

    def action_create(self) -> None:
        if self._registers:
            folder = str(next(line for line in self._registers if not line.exists).file.parent)
            if fault := self._make(folder):
                self.say(fault, "FAIL")
        else:
            self.ask(
                _("Folder (it begins beside the config):"), self._folder_given, "registers", enter=_("make the files")
            )

    def _folder_given(self, text: str | None) -> str | None:
        if text is None:
            return None
        return self._make(text.strip()) if text.strip() else _("Type the path of a folder.")

    def _make(self, folder: str) -> str | None:
        """Makes the files, and says so; why it cannot, where it cannot."""
        try:
            made = self.desk.session.make_registers(folder)
        except DeskauditError as fault:
            return f"{fault.message} {fault.hint}"
        self.desk.touch()
        self.refresh_all()
        self.say(
            ngettext("Written: {n} file in {folder}.", "Written: {n} files in {folder}.", len(made)).format(
                n=len(made), folder=made[0].parent if made else folder
            )
        )
        return None


class RegisterRoom(Room):
    """What the list of entries and the grid share."""

    PLACE = "registers"

    def __init__(self, line: RegisterLine) -> None:
        super().__init__()
        self.line = line

    def read(self) -> None:
        """The register as its file is now."""
        self.line = next(
            (
                line
                for line in self.desk.session.registers()
                if (line.source, line.register.name) == (self.line.source, self.line.register.name)
            ),
            self.line,
        )

    def heading(self) -> Spans:
        n = f" · {words.entries_count(len(self.line.entries))}"
        return [(self.line.register.title, "strong"), (n, "dim")]

    def ask_to_cut(self, index: int, question: str) -> None:
        """Asks, then deletes the entry as it was when it was asked about."""
        was = self.line.entries[index]
        self.confirm(question, lambda: self._cut(index, was), enter=_("delete it"), otherwise=_("Nothing was deleted."))

    def _cut(self, index: int, was: dict[str, Any]) -> None:
        try:
            self.desk.session.cut_entry(self.line, index, was)
        except DeskauditError as fault:
            self.say(f"{fault.message} {fault.hint}", "FAIL")
            return
        self.desk.touch()
        self.refresh_all()
        self.say(_("Deleted from {file}.").format(file=self.line.file))

    def action_leave(self) -> None:
        self.dismiss(None)


class RegisterEntries(RegisterRoom):
    """The entries of one register."""

    TITLE = _("A register")
    BINDINGS: ClassVar[list[BindingType]] = [
        OPEN, NEW, REMOVE,
        Binding("escape", "leave", _("back"), id="register.back", tooltip=_("Back to the registers")),
    ]  # fmt: skip

    def body(self) -> Iterable[Widget]:
        yield LineList(id="list")
        yield Note(id="note")

    @property
    def index(self) -> int | None:
        value = self.lines.value if len(self.lines.source) else None
        return value if isinstance(value, int) else None

    def why_not(self, action: str) -> str:
        if action in {"open", "remove"} and self.index is None:
            return _("There is no entry yet: n makes one.")
        return ""

    def reload(self) -> None:
        self.read()
        self.lines.show(Lines(entry_lines(self.line.register.struct, self.line.entries, self.size.width)))
        self.lines.focus()
        self.moved()

    def moved(self) -> None:
        index = self.index
        fault = ""
        if index is not None and index < len(self.line.entries):
            fault = self.desk.session.complain_entry(self.line, self.line.entries[index])[0]
        self.query_one("#note", Note).show(
            (one_line(fault or self.line.fault, 400), "FAIL"), (str(self.line.file), "dim")
        )
        self.show_keys()

    def chosen(self, value: Any) -> None:
        self.action_open()

    def action_open(self) -> None:
        if self.index is not None:
            self._open(self.index)

    def action_new(self) -> None:
        self._open(None)

    def _open(self, index: int | None) -> None:
        self.app.push_screen(EntryForm(self.line, index), self._form_closed)

    def _form_closed(self, saved: Any) -> None:
        self.refresh_all()
        if saved:
            self.say(_("Saved in {file}; it counts with the next pull.").format(file=self.line.file))

    def action_remove(self) -> None:
        if self.index is not None:
            self.ask_to_cut(self.index, _("Delete entry {n} from the file?").format(n=self.index + 1))


class EntryForm(RootForm):
    """One entry of a register; saving writes it to the file."""

    TITLE = _("Form of a register's entry")
    PLACE = "registers"
    BINDINGS: ClassVar[list[BindingType]] = [CHANGE, LEAVE_OUT, SAVE, BACK]

    def __init__(self, line: RegisterLine, index: int | None) -> None:
        entry = deepcopy(line.entries[index]) if index is not None else {}
        name = line.register.table if index is None else f"{line.register.table} {index + 1}"
        super().__init__(name, line.register.struct, entry)
        self._line_edited = line
        self._index = index
        self._was = deepcopy(entry) if index is not None else None

    def find_faults(self, options: Mapping[str, Any]) -> dict[str, str]:
        found = super().find_faults(options)
        if not found and not fields.missing(self.struct, dict(options)):
            message, key = self.desk.session.complain_entry(self._line_edited, dict(options))
            if message:
                found[key] = message
        return found

    def write(self) -> bool:
        self.desk.session.save_entry(self._line_edited, self._index, self.table, self._was)
        return True
