"""A source set up: its form, then a knock, a look at its rows, and only then the file."""

from typing import Any, ClassVar

import msgspec
from textual.binding import Binding, BindingType

from deskaudit.audit import fields
from deskaudit.audit.fields import Field
from deskaudit.audit.opening import DeskSetup
from deskaudit.audit.setup import ConnectorLine, Draft
from deskaudit.config import SourceKeys
from deskaudit.errors import Cancelled
from deskaudit.i18n import _
from deskaudit.tui import words
from deskaudit.tui.job import Job
from deskaudit.tui.screens.form import BACK, CHANGE, LEAVE_OUT, SAVE, RootForm, Shelf
from deskaudit.tui.screens.sample import SampleRows

SHARED = ("type", *SourceKeys.__struct_fields__)


class _Named(msgspec.Struct, frozen=True, kw_only=True):
    """What the table of a source is called."""

    help: ClassVar[dict[str, str]] = {
        "name": "What the source is called here: small letters, digits, - and _. Its rows belong to this name for good.",
    }

    name: str


class SourceForm(RootForm):
    """Closes with the source's name when it was saved."""

    TITLE = _("Form of a source")
    BINDINGS: ClassVar[list[BindingType]] = [
        CHANGE, LEAVE_OUT,
        Binding("t", "test", _("test"), id="setup.test", tooltip=_("Knock at it with what is filled in; nothing is saved")),
        Binding("v", "look", _("view rows"), id="setup.look", tooltip=_("Its first rows as deskaudit would see them; nothing is saved")),
        SAVE,
        Binding("x", "cancel", _("cancel"), id="setup.cancel", tooltip=_("Stop the test or the look")),
        BACK,
    ]  # fmt: skip

    def __init__(self, draft: Draft, connector: ConnectorLine, told: str = "") -> None:
        self.draft = draft
        self._told = told
        struct = connector.options or SourceKeys
        super().__init__(draft.name, struct, draft.table, shelf=Shelf(draft.secrets, lambda: draft.name))
        self.title_text = f"{draft.name} · {connector.name}"
        self._connector = connector
        self._wrong_shared = ""

    def fields(self) -> list[Field]:
        first = fields.fields_of(_Named) if self.draft.was is None else []
        return [*first, *fields.fields_of(self.struct), *fields.fields_of(SourceKeys)]

    def options(self) -> dict[str, Any]:
        return {key: value for key, value in self.table.items() if key not in SHARED}

    def value(self, field: Field) -> Any:
        return self.draft.name if field.name == "name" and self._is_shared(field) else super().value(field)

    def put(self, field: Field, value: Any) -> None:
        if field.name == "name" and self._is_shared(field):
            self.draft.name = str(value or self.draft.name)
            self.title_text = f"{self.draft.name} · {self._connector.name}"
        else:
            super().put(field, value)

    def _is_shared(self, field: Field) -> bool:
        return field.help == (_Named.help | SourceKeys.help).get(field.name)

    def reload(self) -> None:
        self._wrong_shared = self.desk.session.check_draft(self.draft)
        super().reload()
        if self._told:
            self.say(self._told)
            self._told = ""

    @property
    def fault(self) -> str:
        return self._wrong_shared or super().fault

    def try_value(self, field: Field, value: Any) -> str:
        if not self._is_shared(field):
            return super().try_value(field, value)
        name = value if field.name == "name" else self.draft.name
        table = self.table if field.name == "name" else {**self.table, field.name: value}
        return self.desk.session.check_draft(Draft(str(name), table, self.draft.was))

    def why_not(self, action: str) -> str:
        running = self.desk.job.running
        if action == "cancel":
            return "" if running and not self.desk.job.cancelling else _("Nothing is running.")
        if action in {"test", "look"} and running:
            return _("Something is running already: {what}. x cancels it.").format(what=running)
        return self.fault if action in {"test", "look", "save"} else ""

    def action_test(self) -> None:
        session, draft = self.desk.session, self.draft
        self.desk.job.start_task("test", lambda cancelled: (draft.name, session.test_draft(draft, cancelled)))
        self.say(_("Knocking at {name} …").format(name=self.draft.name))
        self.show_keys()

    def action_look(self) -> None:
        self.desk.job.start_task("look", lambda cancelled: self.desk.session.look(self.draft, cancelled))
        self.say(_("Reading the first rows of {name} … x stops.").format(name=self.draft.name))
        self.show_keys()

    def action_cancel(self) -> None:
        self.desk.job.cancel()
        self.say(_("Stopping …"))
        self.show_keys()

    def job_ended(self, event: Job.Ended) -> None:
        self.refresh_all()
        if event.fault is not None:
            fault = event.fault
            if isinstance(fault, Cancelled):  # its hint is about pulls, of which something is kept
                self.say(fault.message)
            else:
                self.say(f"{fault.message} {fault.hint}", "FAIL")
        elif event.what == "test":
            self.say(*words.probe_sentence(*event.answer))
        elif event.what == "look":
            self.say("")
            can_map = any(field.name == "mapping" for field in self.fields())
            page = SampleRows(self.draft.name, event.answer, can_map=can_map)
            self.app.push_screen(page, self._mapping_taken)

    def _mapping_taken(self, mapping: dict[str, Any] | None) -> None:
        if mapping:
            own = self.table.get("mapping")
            self.table["mapping"] = {**mapping, **(own if isinstance(own, dict) else {})}
            self.refresh_all()
            self.say(
                _("Taken over: {names}. Look at it under mapping, and view the rows again.").format(
                    names=", ".join(mapping)
                )
            )

    def write(self) -> str:
        self.desk.session.save_draft(self.draft)
        return self.draft.name


class DeskForm(RootForm):
    """`[desk]` and its opening hours: asked for once, before the first source."""

    TITLE = _("Form of the desk")
    BINDINGS: ClassVar[list[BindingType]] = [CHANGE, LEAVE_OUT, SAVE, BACK]

    def __init__(self, table: dict[str, Any]) -> None:
        super().__init__(_("Your desk"), DeskSetup, table)

    def fields(self) -> list[Field]:
        return [field for field in super().fields() if field.kind != "secret"]

    def write(self) -> bool:
        self.desk.session.save_desk(self.table)
        return True
