"""A table filled in key by key: made from the struct that will read it, checked with its own words while one types."""

import re
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from typing import Any, ClassVar

import msgspec
from textual.binding import Binding, BindingType
from textual.widget import Widget

from deskaudit import secrets
from deskaudit.audit import fields
from deskaudit.audit.fields import Field
from deskaudit.errors import DeskauditError
from deskaudit.i18n import _
from deskaudit.text import one_line
from deskaudit.tui import theme
from deskaudit.tui.screens.picker import Picker
from deskaudit.tui.screens.room import Room
from deskaudit.tui.theme import Spans
from deskaudit.tui.widgets.lines import LineList, Lines
from deskaudit.tui.widgets.note import Note
from deskaudit.tui.widgets.prompt import MessageLine

CHANGE = Binding("enter", "change", _("change"), id="form.change", tooltip=_("Change the key under the cursor"))
LEAVE_OUT = Binding(
    "d", "leave_out", _("leave out"), id="form.leave-out", tooltip=_("Take the key away: its default holds")
)
SAVE = Binding("s", "save", _("save"), id="form.save", tooltip=_("Write it to the file (mode 600; all comments stay)"))
BACK = Binding("escape", "leave", _("back"), id="form.back", tooltip=_("Back; what is not saved is asked about"))


class Shelf:
    """Where typed secrets wait until they are saved, and what they will be called in the keyring."""

    def __init__(self, held: dict[str, secrets.Secret], source: Callable[[], str], path: tuple[str, ...] = ()) -> None:
        self._held = held
        self._source = source
        self._path = path

    def inside(self, *path: str) -> "Shelf":
        return Shelf(self._held, self._source, (*self._path, *path))

    def put(self, key: str, value: str) -> dict[str, str]:
        """Keeps a secret; what the file will say of it."""
        name = "-".join((self._source(), *self._path, key))
        self._held[name] = secrets.Secret(value)
        return {"keyring": name}


class Form(Room):
    """The keys of one table; `table` is changed in place. Pages of tables within it are forms too."""

    TITLE = _("Form: a table within a table")
    PLACE = "sources"
    BINDINGS: ClassVar[list[BindingType]] = [CHANGE, LEAVE_OUT, BACK]

    def __init__(
        self, title: str, struct: type[msgspec.Struct], table: dict[str, Any], *, shelf: Shelf | None = None
    ) -> None:
        super().__init__()
        self.title_text = title
        self.struct = struct
        self.table = table
        self.shelf = shelf
        self._editing: Field | None = None
        self._faults: dict[str, str] = {}  # key → what is wrong with it; "" → with the whole

    def body(self) -> Iterable[Widget]:
        yield LineList(id="list")
        yield Note(id="note")

    # What is in it

    def fields(self) -> list[Field]:
        return fields.fields_of(self.struct)

    def options(self) -> dict[str, Any]:
        """What the struct reads of the table."""
        return self.table

    def put(self, field: Field, value: Any) -> None:
        """None takes the key away."""
        if value is None:
            self.table.pop(field.name, None)
        else:
            self.table[field.name] = value

    def value(self, field: Field) -> Any:
        return self.table.get(field.name)

    def find_faults(self, options: Mapping[str, Any]) -> dict[str, str]:
        """What is wrong with a table, by key: with single keys first, with all of them together when those are right."""
        known = {field.name: field for field in fields.fields_of(self.struct)}
        found = {
            name: message
            for name, value in options.items()
            if (
                message := fields.complaint(known[name].declared, value)[0]
                if name in known
                else _("there is no such key")
            )
        }
        if not found and not fields.missing(self.struct, dict(options)):
            message, key = fields.complaint(self.struct, dict(options))
            if message:
                first = next((word for word in re.findall(r"[\w-]+", message) if word in known), "")
                found[key if key in known else first] = message
        return found

    @property
    def fault(self) -> str:
        """Why it cannot be saved yet; "" where it can."""
        needed = fields.missing(self.struct, self.options())
        if needed:
            return _("Still needed: {names}.").format(names=", ".join(needed))
        return next((f"{key}: {text}" if key else text for key, text in self._faults.items()), "")

    # How it looks

    def heading(self) -> Spans:
        spans: Spans = [(self.title_text, "strong")]
        fault = self.fault
        return [*spans, (f" · {one_line(fault, 200)}", "WARN")] if fault else [*spans, (_(" · complete"), "dim")]

    def reload(self) -> None:
        self._faults = self.find_faults(self.options())
        width = min(max((len(field.name) for field in self.fields()), default=8), 24)
        rows: list[tuple[Spans, Any]] = [(self._line(field, width), field.name) for field in self.fields()]
        known = {field.name for field in self.fields()}
        told = _("there is no such key; d takes it away")
        for name in set(self.options()) - known:
            rows.append(([("!", "FAIL"), (f"{theme.fit(name, width)}  ", ""), (told, "FAIL")], name))  # noqa: PERF401
        self.lines.show(Lines(rows))
        self.lines.focus()
        self.moved()

    def _line(self, field: Field, width: int) -> Spans:
        value = self.value(field)
        spans: Spans = [("!" if field.name in self._faults else " ", "FAIL"), (f"{theme.fit(field.name, width)}  ", "")]
        if value is not None:
            style = "FAIL" if field.name in self._faults else "strong"
            return [*spans, (one_line(fields.show(field, value), 300) or _("(nothing in it yet)"), style)]
        if field.required:
            return [*spans, (_("needed"), "WARN")]
        default = one_line(fields.show(field, field.default), 200) if field.default is not None else ""
        return [*spans, (f"({default})" if default and default != '""' else "-", "dim")]

    @property
    def field(self) -> Field | None:
        """The key under the cursor."""
        return next((field for field in self.fields() if field.name == self.lines.value), None)

    def moved(self) -> None:
        field = self.field
        if field is not None:
            self._tell(field, self._faults.get(field.name, "") or self._faults.get("", ""))

    def _tell(self, field: Field, fault: str) -> None:
        """The sentence of a key, and what is wrong with it now."""
        text = one_line(field.help, 400) or field.name
        if field.choices:
            text += " (" + ", ".join(choice or '""' for choice in field.choices) + ")"
        self.query_one("#note", Note).show((one_line(fault, 200), "FAIL"), (text, "dim"))

    # Changing it

    def chosen(self, value: Any) -> None:
        self.action_change()

    def action_change(self) -> None:
        field = self.field
        if field is None:
            return
        match field.kind:
            case "switch":
                self._take(field, not (self.value(field) if self.value(field) is not None else field.default))
            case "choice":
                self._pick(field)
            case "secret":
                self._ask_secret(field)
            case "table":
                self._open_table(field)
            case "tables":
                self._open_tables(field)
            case _:
                self._editing = field
                self.ask(f"{field.name}:", self._typed_out, fields.show(field, self.value(field)))

    def on_message_line_typed(self, event: MessageLine.Typed) -> None:
        event.stop()
        if self._editing is not None:
            self._tell(self._editing, self._try(self._editing, event.text))

    def _try(self, field: Field, text: str) -> str:
        """What would be wrong if this text were taken; "" where nothing is."""
        if not text.strip():
            return _("it is needed") if field.required else ""
        try:
            value = fields.parse(field, text)
        except ValueError as fault:
            return str(fault)
        return fields.complaint(field.declared, value)[0] or self.try_value(field, value)

    def try_value(self, field: Field, value: Any) -> str:
        """What the whole table would say to a value."""
        found = self.find_faults({**self.options(), field.name: value})
        return found.get(field.name, "") or found.get("", "")

    def _typed_out(self, text: str | None) -> str | None:
        self.moved()
        field = self._editing
        if field is None or text is None:
            self._editing = None
            return None
        try:
            value = fields.parse(field, text) if text.strip() else None
        except ValueError as fault:
            return str(fault)
        self._editing = None
        self._take(field, fields.from_here(value) if field.is_path and isinstance(value, str) else value)
        return None

    def _take(self, field: Field, value: Any) -> None:
        self.put(field, value)
        self.say("")
        self.reload()
        self.redraw()

    def action_leave_out(self) -> None:
        if self.field is not None:
            self._take(self.field, None)
        elif isinstance(self.lines.value, str):
            self.table.pop(self.lines.value, None)
            self.refresh_all()

    def _pick(self, field: Field) -> None:
        lines: list[tuple[Spans, Any]] = [([(f" {choice or _('(nothing)')}", "")], choice) for choice in field.choices]
        present = self.value(field) if self.value(field) is not None else field.default
        picker = Picker(f"{field.name}: {field.help}", lines, present)
        self.app.push_screen(picker, lambda choice: self._take(field, choice) if choice is not None else None)

    def _open_table(self, field: Field) -> None:
        inner = self.value(field)
        if not isinstance(inner, dict):
            inner = self.table[field.name] = {}
        if field.struct is not None:
            shelf = self.shelf.inside(field.name) if self.shelf else None
            page = Form(f"{self.title_text} · {field.name}", field.struct, inner, shelf=shelf)
            self.app.push_screen(page, lambda _done: self._take(field, inner or None))

    def _open_tables(self, field: Field) -> None:
        from deskaudit.tui.screens.entries import Entries

        inner = self.value(field)
        if not isinstance(inner, list):
            inner = self.table[field.name] = []
        if field.struct is not None:
            shelf = self.shelf.inside(field.name) if self.shelf else None
            page = Entries(f"{self.title_text} · {field.name}", field.struct, inner, shelf=shelf)
            self.app.push_screen(page, lambda _done: self._take(field, inner or None))

    # Secrets

    def _ask_secret(self, field: Field) -> None:
        self.app.push_screen(_secret_picker(field), lambda choice: self._secret_kind(field, choice))

    def _secret_kind(self, field: Field, kind: str | None) -> None:
        now = self.value(field) if isinstance(self.value(field), dict) else {}
        match kind:
            case "keyring":
                self.ask(_("The secret (not shown):"), lambda text: self._secret_typed(field, text), hidden=True)
            case "env":
                self.ask(
                    _("Environment variable:"), lambda text: self._variable_typed(field, text), str(now.get("env", ""))
                )
            case "command":
                words = now.get("command", "")
                text = words if isinstance(words, str) else " ".join(map(str, words))
                self.ask(_("Command that prints it:"), lambda typed: self._command_typed(field, typed), text)
            case "none":
                self._take(field, None)

    def _secret_typed(self, field: Field, text: str | None) -> str | None:
        if text == "":
            return _("Type the secret, or press Esc to leave it as it was.")
        if text and self.shelf is not None:
            self._take(field, self.shelf.put(field.name, text))
            self.say(_("Kept in memory; it goes into the keyring when this is saved."))
        return None

    def _variable_typed(self, field: Field, text: str | None) -> str | None:
        if text is None:
            return None
        if wrong := secrets.no_variable(text.strip()):
            return wrong
        self._take(field, {"env": text.strip()})
        return None

    def _command_typed(self, field: Field, text: str | None) -> str | None:
        if text is None:
            return None
        if not text.strip():
            return _("Type a command that prints the secret.")
        self._take(field, {"command": text.strip()})
        return None

    # Leaving

    def action_leave(self) -> None:
        self.dismiss(None)


class RootForm(Form):
    """A form that is saved: it knows what has changed, and asks before that is lost."""

    def __init__(
        self, title: str, struct: type[msgspec.Struct], table: dict[str, Any], *, shelf: Shelf | None = None
    ) -> None:
        super().__init__(title, struct, table, shelf=shelf)
        self._before = deepcopy(table)

    def unsaved(self) -> str:
        return _("{name} is not saved: s saves it.").format(name=self.title_text) if self.table != self._before else ""

    def why_not(self, action: str) -> str:
        return self.fault if action == "save" else ""

    def write(self) -> Any:
        """Saves; what the form closes with. Raises DeskauditError."""
        raise NotImplementedError

    def action_save(self) -> None:
        try:
            answer = self.write()
        except DeskauditError as fault:
            self.say(f"{fault.message} {fault.hint}", "FAIL")
            return
        self._before = deepcopy(self.table)
        self.desk.touch()
        self.dismiss(answer)

    def action_leave(self) -> None:
        if self.unsaved():
            self.confirm(
                _("Not saved. Leave it all the same?"),
                self._leave_unsaved,
                enter=_("leave without saving"),
                otherwise=_("Still here. s saves."),
            )
        else:
            self.dismiss(None)

    def _leave_unsaved(self) -> None:
        self._before = self.table
        self.dismiss(None)


def _secret_picker(field: Field) -> Picker:
    """Where a secret may be kept. Where no keyring runs, that is said, with what to do instead."""
    has = secrets.has_keyring()
    lines: list[tuple[Spans, Any]] = []
    if has:
        lines.append(([(_(" keyring      type it now, it is stored in this user's keyring"), "")], "keyring"))
    else:
        lines.append(([(_(" (keyring)    no keyring runs here"), "dim")], None))
    lines.append(([(_(" environment  a variable of the environment holds it"), "")], "env"))
    lines.append(([(_(" command      a command prints it, as: pass show desk/key"), "")], "command"))
    if not field.required:
        lines.append(([(_(" none         there is no such secret"), "")], "none"))
    texts = [_("The secret itself never stands in the config, only where it is.")]
    if not has:
        texts.append(
            _(
                "A keyring needs a desktop session or gnome-keyring; servers have none as a rule. There, put the secret"
                " into the service's environment (export NAME=..., or systemd's EnvironmentFile with mode 600) and give"
                " the name; or let a command print it: pass show NAME, or cat of a file with mode 600."
            )
        )
    rows: list[tuple[Spans, Any]] = [*lines, ([], None)]
    for text in texts:
        rows += [*(([(f" {line}", "dim")], None) for line in theme.wrap(text, 76)), ([], None)]
    return Picker(_("{name}: where is this secret?").format(name=field.name), rows)
