"""The sources: what is there, how old, how whole; set up, change, test and pull."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget

from deskaudit.audit.fields import from_here
from deskaudit.audit.setup import ConnectorLine
from deskaudit.errors import Cancelled
from deskaudit.i18n import _, ngettext
from deskaudit.model import figures
from deskaudit.text import one_line
from deskaudit.tui import words
from deskaudit.tui.job import Job
from deskaudit.tui.screens.connectorlist import FROM_FILE, ConnectorList
from deskaudit.tui.screens.drafting import open_form, start_change, start_remove
from deskaudit.tui.screens.overview import source_health
from deskaudit.tui.screens.picker import Picker
from deskaudit.tui.screens.room import Room
from deskaudit.tui.screens.source import SourceDetail
from deskaudit.tui.screens.sourceform import DeskForm
from deskaudit.tui.session import SourceLine
from deskaudit.tui.table import Cell, Column, Table
from deskaudit.tui.theme import Spans
from deskaudit.tui.widgets.lines import LineList, Lines
from deskaudit.tui.widgets.note import Note

_TABLE = Table(
    Column(_("NAME"), 12), Column(_("TYPE"), 10), Column(_("STATE"), 10), Column(_("AGE"), 6, right=True),
    Column(_("WHOLE"), 5, right=True, least=70), Column(_("ROWS"), 9, right=True), Column(_("REJECTS"), 7, right=True, least=100), Column(_("LAST ERROR OR NOTE")),
)  # fmt: skip


class Sources(Room):
    """Enter shows one whole; t knocks at it, p pulls it."""

    TITLE = _("Sources")
    PLACE = "sources"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "new", _("new"), id="sources.new", tooltip=_("Set a source up: pick a connector, fill its form in, test it, look at its rows, save")),
        Binding("m", "change", _("change"), id="sources.change", tooltip=_("Change the source under the cursor")),
        Binding("d", "remove", _("remove"), id="sources.remove", tooltip=_("Take the source out of the config; audits stay")),
        Binding("enter", "open", _("open"), id="sources.open", show=False, tooltip=_("All about the source: rows, wholeness, error in full")),
        Binding("t", "test", _("test"), id="sources.test", tooltip=_("Knock at it: reachable, authorised, version, modules")),
        Binding("p", "pull", _("pull"), id="sources.pull", tooltip=_("Pull this source now")),
        Binding("P", "pull_all", _("pull all"), id="sources.pull-all", tooltip=_("Pull every source that is switched on")),
        Binding("x", "cancel", _("cancel"), id="sources.cancel", tooltip=_("Stop the pull; what has landed is kept")),
    ]  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self._sources: list[SourceLine] = []
        self._file = ""  # the file at hand, as it was typed

    def body(self) -> Iterable[Widget]:
        yield LineList(id="list")
        yield Note(id="note")

    def heading(self) -> Spans:
        n = len(self._sources)
        return [(ngettext("{n} source", "{n} sources", n).format(n=n), "strong")]

    @property
    def source(self) -> SourceLine | None:
        value = self.lines.value
        return value if isinstance(value, SourceLine) else None

    def why_not(self, action: str) -> str:
        return why_no_work(self, action, self.source)

    def reload(self) -> None:
        session = self.desk.session
        self._sources = session.sources() if session.config is not None else []
        width, now = self.size.width, session.now()
        rows: list[tuple[Spans, Any]] = [(_TABLE.header(width), None)]
        for source in self._sources:
            state = source_health(source, now)
            note = source.error or "; ".join(source.problems)
            cells: list[Cell] = [
                source.name, source.type, state, words.age(source.fetched_at, now), wholeness(source),
                words.figure(sum(source.rows.values()), "count"), words.figure(source.rejects, "count"), note,
            ]  # fmt: skip
            rows.append((_TABLE.row(cells, width), source))
        if not self._sources:
            rows = [([(f" {line}", "")], None) for line in (
                _("No source is configured."), "",
                _("n sets one up: it asks, tests, and shows rows before anything is saved."),
                _("deskaudit init asks in plain lines; docs/sources.md has all keys."),
            )]  # fmt: skip
        wanted, self.desk.wanted_item = self.desk.wanted_item, ""
        at = next((place for place, row in enumerate(rows) if wanted and row[1] and row[1].name == wanted), None)
        self.lines.show(Lines(rows), at)
        self.lines.focus()

    def moved(self) -> None:
        source = self.source
        resumable = _("An interrupted pull lies there: p goes on with it.") if source and source.resumable else ""
        notes = one_line("; ".join(source.problems), 300) if source else ""
        error = one_line(source.error or "", 300) if source else ""
        self.query_one("#note", Note).show((resumable, "WARN"), (error, "FAIL"), (notes, "dim"))
        self.show_keys()

    def chosen(self, value: Any) -> None:
        if isinstance(value, SourceLine):
            self.app.push_screen(SourceDetail(value.name))

    def action_open(self) -> None:
        self.lines.action_choose()

    async def action_new(self) -> None:
        session = self.desk.session
        if session.config is None:
            await self.app.push_screen(DeskForm(session.desk_table()), self._desk_saved)
            return
        await self.app.push_screen(ConnectorList(), self._connector_chosen)

    def _desk_saved(self, saved: Any) -> None:
        if saved:
            self.call_later(self.action_new)

    def _connector_chosen(self, connector: ConnectorLine | None) -> None:
        if connector is FROM_FILE:
            self._ask_file()
        elif connector is not None:
            open_form(self, self.desk.session.new_draft(connector.name), connector)

    def _ask_file(self, fault: str = "") -> None:
        self.ask(_("File at hand:"), self._file_given, self._file, enter=_("look at it"), fault=fault)

    def _file_given(self, text: str | None) -> str | None:
        if text is None:
            return None
        self._file = text
        file = Path(from_here(text.strip()))
        if not text.strip():
            return _("Type the path of a file.")
        if running := self.desk.job.running:
            return _("Something is running already: {what}. Press Enter again when it has ended.").format(what=running)
        self.desk.job.start_task("detect", lambda _cancelled: self.desk.session.detect(file))
        self.say(_("Looking at {file} …").format(file=file))
        return None

    def job_ended(self, event: Job.Ended) -> None:
        super().job_ended(event)
        if event.what != "detect" or isinstance(event.fault, Cancelled):
            return
        if event.fault is not None:
            self._ask_file(f"{event.fault.message} {event.fault.hint}")
            return
        every, notes = event.answer
        if not every:
            self._ask_file(" ".join(notes))
        elif len(every) == 1:
            self._open_detected(every[0])
        else:
            lines: list[tuple[Spans, Any]] = [([(f" {one.type:<12} {one.lines[0]}", "")], one) for one in every]
            picker = Picker(_("Several sources read this file: which one?"), lines)
            self.app.push_screen(picker, lambda one: self._open_detected(one) if one is not None else None)

    def _open_detected(self, one: Any) -> None:
        self._file = ""
        session = self.desk.session
        table = {key: value for key, value in one.table.items() if key != "type"}
        said = " · ".join([f"{one.title}: {one.lines[0]}", *one.open])
        open_form(self, session.new_draft(one.type, table), session.connector(one.type), said)

    def saved(self, name: str) -> None:
        """A form was saved: the source's page comes next."""
        place = next((at for at, source in enumerate(self._sources, start=1) if source.name == name), None)
        if place is not None:
            self.lines.move_to(place)
        self.say(_("Saved in {file}. p pulls {name} now.").format(file=self.desk.session.paths.config, name=name))

    def action_change(self) -> None:
        if self.source is not None:
            start_change(self, self.source.name)

    def action_remove(self) -> None:
        if self.source is not None:
            start_remove(self, self.source.name)

    def action_test(self) -> None:
        start_test(self, self.source)

    def action_pull(self) -> None:
        start_pull(self, [self.source] if self.source else [])

    def action_pull_all(self) -> None:
        start_pull(self, [source for source in self._sources if source.enabled])

    def action_cancel(self) -> None:
        self.desk.job.cancel()
        self.say(_("Stopping after the page that is being read."))
        self.show_keys()

    def show_progress(self) -> None:
        self.say_progress(pull_sentence(self))


def wholeness(source: SourceLine) -> str:
    """How many of the entities that were pulled are whole, as 4/5."""
    return f"{len(source.rows) - len(source.incomplete)}/{len(source.rows)}" if source.rows else ""


def why_no_work(room: Room, action: str, source: SourceLine | None) -> str:
    """Why a source cannot be tested, pulled or its pull cancelled now."""
    job = room.desk.job
    if action == "cancel":
        return "" if job.running and not job.cancelling else _("Nothing is running.")
    if action in {"open", "test", "pull", "change", "remove"} and source is None:
        return _("No source is configured: n sets one up.")
    if action in {"test", "pull", "pull_all", "remove"} and job.running:
        return _("Something is running already: {what}. x cancels it.").format(what=job.running)
    if action == "pull" and source is not None and not source.enabled:
        return _("{name} is switched off in the config (enabled = false).").format(name=source.name)
    return ""


def start_test(room: Room, source: SourceLine | None) -> None:
    if source is not None:
        room.desk.job.start_test(source.name)
        room.say(_("Knocking at {name} …").format(name=source.name))
        room.show_keys()


def start_pull(room: Room, sources: list[SourceLine]) -> None:
    if sources:
        room.desk.job.start_pull([source.name for source in sources])
        room.say_progress(_("Pulling {names} …").format(names=", ".join(source.name for source in sources)))
        room.show_keys()


def pull_sentence(room: Room) -> str:
    """How far the pull has come, in one line."""
    tally = room.desk.job.tally
    with tally.lock:
        parts = [
            f"{source.name} {words.source_state(source.state) if source.state != 'pulling' else source.resource} "
            f"{words.rows_count(source.rows)}"
            + (f" {source.done}/{source.total}" if source.total else "")
            + (f", {figures.wait(source.waits)}" if source.waits else "")
            for source in tally.sources.values()
        ]
    return " · ".join(parts)
