"""The app: it holds the session, the audit that is looked at and the run that is under way, and goes from screen to screen."""

import asyncio
import os
import signal
import sys
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, ClassVar

from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.dom import DOMNode
from textual.events import Key
from textual.screen import Screen

from deskaudit.config import Config
from deskaudit.errors import ConfigError, DeskauditError
from deskaudit.i18n import _
from deskaudit.model.verdicts import Audit
from deskaudit.tui import clipboard, theme
from deskaudit.tui.driver import LeanDriver
from deskaudit.tui.job import Job
from deskaudit.tui.keys import check_keymap, display
from deskaudit.tui.screens import ROOMS
from deskaudit.tui.screens.checklist import Checklist
from deskaudit.tui.screens.export import Export
from deskaudit.tui.screens.findings import Findings
from deskaudit.tui.screens.help import Help
from deskaudit.tui.screens.overview import Overview
from deskaudit.tui.screens.palette import Command, Palette
from deskaudit.tui.screens.picker import Picker
from deskaudit.tui.screens.registers import Registers
from deskaudit.tui.screens.room import Room
from deskaudit.tui.screens.run import Run
from deskaudit.tui.screens.sources import Sources
from deskaudit.tui.screens.trends import Trends
from deskaudit.tui.session import Session

MODES: dict[str, type[Room]] = {
    "overview": Overview,
    "checklist": Checklist,
    "findings": Findings,
    "trends": Trends,
    "sources": Sources,
    "registers": Registers,
    "run": Run,
    "export": Export,
}


class DeskauditApp(App[None], inherit_bindings=False):
    """Runs on a `Session`. `remote`: the light profile for slow lines. `ascii_only`: no glyph beyond ASCII."""

    TITLE = "deskaudit"
    ENABLE_COMMAND_PALETTE = False
    MODES: ClassVar[dict[str, Any]] = dict(MODES)
    DEFAULT_MODE = "overview"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("1", "go('overview')", _("Overview"), id="go.overview", tooltip=_("Overview: the last audit at a glance")),
        Binding("2", "go('checklist')", _("Checklist"), id="go.checklist", tooltip=_("Checklist: the manual audit beside the data")),
        Binding("3", "go('findings')", _("Findings"), id="go.findings", tooltip=_("Findings: every result, down to its rows")),
        Binding("4", "go('trends')", _("Trends"), id="go.trends", tooltip=_("Trends: a metric over the audits, two audits side by side")),
        Binding("5,6", "free_number", "", id="go.free", tooltip=_("No screen: these numbers are free, so that each screen keeps its own")),
        Binding("7", "go('sources')", _("Sources"), id="go.sources", tooltip=_("Sources: test, pull, last error")),
        Binding("8", "go('registers')", _("Registers"), id="go.registers", tooltip=_("Registers: the desk's own lists, edited here")),
        Binding("r", "go('run')", _("Run"), id="go.run", tooltip=_("Run: start, watch, cancel or resume an audit")),
        Binding("e", "go('export')", _("Export"), id="go.export", tooltip=_("Export: write the audit to a file")),
        Binding("question_mark,f1", "help", _("Help"), id="app.help", tooltip=_("The keys of this screen, then of the app")),
        Binding("colon,ctrl+p", "palette", _("Commands"), id="app.palette", tooltip=_("Find a command by its name")),
        Binding("w", "choose_audit", _("Which audit"), id="app.audit", tooltip=_("Choose the audit that all screens show")),
        Binding("c", "copy", _("Copy"), id="app.copy", tooltip=_("Copy the line under the cursor to the clipboard")),
        Binding("ctrl+l", "redraw", _("Redraw"), id="app.redraw", tooltip=_("Paint the whole screen again")),
        Binding("escape", "back", _("Back"), id="app.back", tooltip=_("Back to where you came from; nothing is lost")),
        Binding("q,ctrl+c", "quit", _("Quit"), id="app.quit", tooltip=_("Leave; everything typed is saved already")),
    ]  # fmt: skip

    def __init__(self, session: Session, *, remote: bool = False, ascii_only: bool = False) -> None:
        no_color = bool(os.environ.get("NO_COLOR"))
        super().__init__(driver_class=LeanDriver, ansi_color=True if no_color else None)
        self.session = session
        self.remote = remote
        self.ascii = ascii_only
        self.revision = 0  # counts up when what screens show has changed
        self.audit: Audit | None = None
        self.wanted_item = ""  # the next Findings or Checklist shows this item
        self.job = Job(self)
        self._leaving = False
        self._ended: deque[Job.Ended] = deque()  # not told yet: somebody is typing a line
        self.register_theme(theme.DARK)
        self.register_theme(theme.LIGHT)
        terminal = session.config.terminal if session.config is not None else Config().terminal
        self.theme = theme.choose_theme(terminal.theme, remote=remote)
        self.keymap: Mapping[str, str] = terminal.keys

    def on_mount(self) -> None:
        self.set_keymap(dict(self.keymap))
        self.set_class(self.remote, "-remote")
        if self.remote:
            self.animation_level = "none"
        for name in (signal.SIGHUP, signal.SIGTERM):
            with suppress(NotImplementedError, RuntimeError, ValueError):  # not in the main thread: nothing to catch
                asyncio.get_running_loop().add_signal_handler(name, self._hang_up)

    def _hang_up(self) -> None:
        """The line dropped: a run stops after its page or check, is marked interrupted, and can be resumed."""
        self.job.cancel()
        self.exit(return_code=0)

    def on_resize(self) -> None:
        if isinstance(self._driver, LeanDriver):
            self._driver.forget()

    def action_redraw(self) -> None:
        """After line noise, or when something else has written on the terminal."""
        self.on_resize()
        self.screen.refresh(layout=True)

    def audits(self, *, kind: str | None = None, state: str | None = None, limit: int = 200) -> list[Audit]:
        """Newest first. Looking makes no database where there is none."""
        if not self.session.paths.database.exists():
            return []
        return self.session.store.audits(kind=kind, state=state, limit=limit)

    def find_audit(self) -> Audit | None:
        """The audit all screens show: the chosen one, else the last completed one, else the newest."""
        if self.audit is None and self.audits(limit=1):
            for word in ("last", "newest"):
                try:
                    self.audit = self.session.store.audit(word)
                    break
                except ConfigError:
                    continue
        return self.audit

    def show_audit(self, audit: Audit) -> None:
        self.audit = audit
        self.touch()

    def forget_audit(self) -> None:
        """After a run: the newest completed audit is shown again."""
        self.audit = None
        self.touch()

    def touch(self) -> None:
        """What is stored has changed: screens read it again when they are next seen."""
        self.revision += 1

    def places(self, here: str) -> list[tuple[str, str, bool]]:
        """The first line of every screen; a star at Run says that an audit is under way."""
        found = []
        for binding in self.BINDINGS:
            if isinstance(binding, Binding) and binding.action.startswith("go("):
                mode = binding.action[4:-2]
                key = self.keymap.get(binding.id or "", binding.key).split(",")[0]
                mark = "*" if mode == "run" and self.job.running == "run" else ""
                found.append((display(key), binding.description + mark, mode == here))
        return found

    def on_job_progressed(self, event: Job.Progressed) -> None:
        wait = self.job.may_paint()
        if wait:
            self.set_timer(wait, self._paint_progress)
        else:
            self._paint_progress()

    def _paint_progress(self) -> None:
        self.job.seen()
        if isinstance(room := self._top, Room) and room.is_free:
            room.show_progress()

    def on_job_ended(self, event: Job.Ended) -> None:
        self.job.ended(event)
        self._leaving = False
        if event.what in {"run", "pull"}:
            self.forget_audit()
        self._ended.append(event)
        self.tell_ended()

    def tell_ended(self) -> None:
        """Tells the screen in front of work that is over: at once, or when the line being typed there is done."""
        while self._ended and isinstance(room := self._top, Room) and room.is_free:
            room.job_ended(self._ended.popleft())

    @property
    def _top(self) -> Screen[Any] | None:
        """The screen in front; None while the app leaves."""
        return self.screen_stack[-1] if self.screen_stack else None

    def on_key(self, event: Key) -> None:
        """Keys are text as soon as a line is asked for, wherever they were sent before it was: none is a command."""
        if isinstance(room := self._top, Room):
            room.message.on_key(event)

    async def run_action(
        self,
        action: str | Any,
        default_namespace: DOMNode | None = None,
        namespaces: Mapping[str, DOMNode] | None = None,
    ) -> bool:
        """Before an action is done, the screen may say why it cannot be."""
        if isinstance(self.screen, Room) and not self.job.running:
            self._notice_config(self.screen)
        if isinstance(action, str) and isinstance(self.screen, Room):
            refusal = self.screen.why_not(action.partition("(")[0].rpartition(".")[2])
            if refusal:
                self.screen.say(refusal)
                return True
        return await super().run_action(action, default_namespace, namespaces)

    def _notice_config(self, room: Room) -> None:
        """An editor beside the app has changed the config: the action is about what it says now."""
        try:
            if self.session.notice_config():
                self.touch()
                room.refresh_all()
        except DeskauditError as fault:
            room.say(_("The config was changed, and is left aside: {fault}").format(fault=fault.message), "FAIL")

    async def action_go(self, mode: str) -> None:
        """To a screen; a second time to its beginning."""
        await self._close_lists()
        if mode == self.current_mode:
            if reason := self._unsaved():
                self.notify(reason)
                return
            while len(self.screen_stack) > 1:
                await self.pop_screen()
            if isinstance(self.screen, Room):
                self.screen.refresh_all()
        else:
            await self.switch_mode(mode)

    def action_free_number(self) -> None:
        if isinstance(self.screen, Room):
            self.screen.say(_("No screen has the number 5 or 6. They go on with 7 Sources and 8 Registers."))

    def go(self, mode: str, item: str = "") -> None:
        """To a screen from code, at an item."""
        self.wanted_item = item
        self.touch()
        self.call_later(self._go_fresh, mode)

    async def _close_lists(self) -> None:
        """A list of commands or audits asks for one choice: whoever goes elsewhere has left it for good."""
        while any(isinstance(screen, Palette | Picker) for screen in self.screen_stack[1:]):
            await self.pop_screen()

    async def _go_fresh(self, mode: str) -> None:
        await self.switch_mode(mode)
        while len(self.screen_stack) > 1 and not self._unsaved():
            await self.pop_screen()

    def _unsaved(self) -> str:
        """What the screens of this place hold that is written nowhere yet."""
        return next(
            (reason for room in reversed(self.screen_stack) if isinstance(room, Room) and (reason := room.unsaved())),
            "",
        )

    async def action_back(self) -> None:
        if len(self.screen_stack) > 1:
            await self.pop_screen()
        elif self.current_mode != self.DEFAULT_MODE:
            await self.switch_mode(self.DEFAULT_MODE)

    def action_help(self) -> None:
        if isinstance(self.screen, Room) and not isinstance(self.screen, Help):
            self.push_screen(Help(self.screen))

    async def action_palette(self) -> None:
        room = self.screen
        if isinstance(room, Room) and not isinstance(room, Palette):
            await self.push_screen(Palette(self._commands(room)), self._run_command)

    def _commands(self, room: Room) -> list[Command]:
        found, seen = [], {"app.palette"}
        for binding in [*room.live_bindings(), *self.BINDINGS]:
            if isinstance(binding, Binding) and binding.description and binding.id not in seen:
                seen.add(binding.id or "")
                key = self.keymap.get(binding.id or "", binding.key)
                name = binding.action.partition("(")[0]
                found.append(
                    Command(
                        binding.tooltip or binding.description,
                        key,
                        binding.action,
                        room.why_not(name),
                        binding.description,
                        binding.id or "",
                    )
                )
        return found

    async def _run_command(self, command: Command | None) -> None:
        if command is not None:
            await self.run_action(command.action, self.screen if _acts(self.screen, command.action) else self)

    async def action_choose_audit(self) -> None:
        await self._close_lists()
        if isinstance(self.screen, Room):
            try:
                audits = self.audits()
            except DeskauditError as fault:
                self.screen.say(str(fault), "FAIL")
                return
            if not audits:
                self.screen.say(_("There is no audit yet. Press r to run one."))
                return
            self.push_screen(Picker.of_audits(_("Which audit?"), audits, self.screen.zone), self._audit_chosen)

    def _audit_chosen(self, audit: Audit | None) -> None:
        if audit is not None:
            self.show_audit(audit)

    def action_copy(self) -> None:
        """OSC 52: the terminal may or may not take it, so nothing is claimed."""
        if isinstance(self.screen, Room):
            lines = self.screen.lines
            text = (
                "".join(part for part, _style in lines.source.spans(lines.cursor, 10_000)) if len(lines.source) else ""
            )
            sent = clipboard.send(" ".join(text.split()), self._write)
            self.screen.say(
                _("Offered to the terminal's clipboard; not every terminal takes it. e writes to a file.")
                if sent
                else _("Too long for the clipboard. e writes to a file.")
            )

    def _write(self, data: str) -> None:
        if self._driver is not None:
            self._driver.write(data)

    async def action_quit(self) -> None:
        """With an audit under way the first press says so; the second cancels it and leaves."""
        if self.job.running and not self._leaving:
            self._leaving = True
            if isinstance(self.screen, Room):
                self.screen.say(_("An audit is running. q again: it is interrupted, kept, and can be resumed."))
            return
        if (reason := self._unsaved()) and not self._leaving:
            self._leaving = True
            self.notify(reason + _(" q again leaves without it."))
            return
        self.job.cancel()
        self.exit()

    def notify(self, message: str, **_options: Any) -> None:
        """No toasts: what is to be said stands on the message line, and markup is never read."""
        if isinstance(self.screen, Room):
            self.screen.say(message)

    def get_system_commands(self, screen: Screen[Any]) -> Any:
        yield from tuple[SystemCommand]()


def _acts(screen: Screen[Any], action: str) -> bool:
    return hasattr(screen, f"action_{action.partition('(')[0]}")


def main(session: Session, *, remote: bool, ascii_only: bool) -> int:
    """Runs the app to its end; the exit code."""
    if session.config is not None:
        check_keymap(session.config.terminal.keys)
    app = DeskauditApp(session, remote=remote, ascii_only=ascii_only)
    app.run(mouse=not remote)
    if app.return_code:
        sys.stderr.write(_("The app ended with a fault of its own.\n"))
    return app.return_code or 0


__all__ = ["ROOMS", "DeskauditApp", "main"]
