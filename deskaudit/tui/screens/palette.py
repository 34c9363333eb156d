"""Commands by name, by what they do, or by their id: type a part of it, enter does it."""

from collections.abc import Sequence
from typing import Any, ClassVar

import msgspec
from textual.binding import Binding, BindingType

from deskaudit.i18n import _
from deskaudit.tui import keys
from deskaudit.tui.screens.room import Room
from deskaudit.tui.table import Column, Table
from deskaudit.tui.theme import Spans
from deskaudit.tui.widgets.lines import Lines
from deskaudit.tui.widgets.prompt import MessageLine

_TABLE = Table(Column(_("KEY"), 14), Column(_("COMMAND")))


class Command(msgspec.Struct, frozen=True):
    """Something that can be done. `refusal` says why it cannot be done now; `name` and `id` find it beside its title."""

    title: str
    keys: str
    action: str
    refusal: str = ""
    name: str = ""
    id: str = ""

    def has(self, words: Sequence[str]) -> bool:
        """Whether each of the words, in lower case, stands in what the command is called."""
        text = f"{self.title} {self.name} {self.id}".casefold()
        return all(word in text for word in words)


class Palette(Room):
    """Closes with the command to run, or with None."""

    TITLE = _("Commands")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "pick", _("do it"), id="palette.do", tooltip=_("Do the command under the cursor")),
        Binding("slash", "search", _("search"), id="palette.search", tooltip=_("Type a part of the command's name")),
        Binding("escape", "leave", _("leave"), id="palette.leave", tooltip=_("Leave; nothing happens")),
    ]

    def __init__(self, commands: Sequence[Command]) -> None:
        super().__init__()
        self._commands = commands
        self._search = ""

    def heading(self) -> Spans:
        return [(_("Commands"), "strong"), (f' · "{self._search}"' if self._search else "", "dim")]

    def reload(self) -> None:
        self._fill()
        self.lines.focus()

    def opened(self) -> None:
        self.action_search()

    def action_search(self) -> None:
        self.ask(_("Command:"), self._typed_out, self._search, enter=_("do it"), skip="/")

    def on_message_line_typed(self, event: MessageLine.Typed) -> None:
        event.stop()
        self._search = event.text
        self._fill()
        self.show_heading()

    def _typed_out(self, text: str | None) -> str | None:
        if text is None:
            self.dismiss(None)
            return None
        self._search = text
        self._fill()
        found = [value for value in map(self.lines.source.value, range(len(self.lines.source))) if value is not None]
        exact = [value for value in found if value.name.casefold() == text.strip().casefold()]
        if len(found) == 1 or exact:
            return self._take(found[0] if len(found) == 1 else exact[0])
        if not found:
            self.action_search()  # what was typed stays, to be mended
        return None

    def _fill(self) -> None:
        wanted = self._search.casefold().split()
        lines: list[tuple[Spans, Any]] = []
        for command in self._commands:
            if command.has(wanted):
                name = (f"({command.title}) {command.refusal}", "dim") if command.refusal else command.title
                lines.append((_TABLE.row([(keys.displays(command.keys), "head"), name], self.size.width), command))
        if not lines:
            lines = [([(_(" No command has that in its name. Type another word, or esc to leave."), "dim")], None)]
        self.lines.show(Lines(lines), 0)

    def chosen(self, value: Any) -> None:
        self.say(self._take(value) or "")

    def _take(self, value: Command) -> str | None:
        if not value.refusal:
            self.dismiss(value)
        return value.refusal or None

    def action_pick(self) -> None:
        self.lines.action_choose()

    def action_leave(self) -> None:
        self.dismiss(None)
