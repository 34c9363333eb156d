"""The work that runs beside the screen: an audit, a pull or a test, in a thread that only posts messages.

A stalled line must not stall the pull: the thread never waits for the screen. What it tells is collected under a lock;
messages replace one another in the queue, and the screen is painted at most four times a second.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from textual.message import Message

from deskaudit.errors import DeskauditError
from deskaudit.i18n import _
from deskaudit.model.events import (
    AuditEvent,
    AuditFinished,
    AuditStarted,
    CheckFinished,
    PullEstimated,
    PullFinished,
    PullProgressed,
    PullStarted,
    PullWaited,
    PullWarned,
    SnapshotDerived,
)
from deskaudit.model.verdicts import Audit, Result, Status
from deskaudit.tui.session import Plan

if TYPE_CHECKING:
    from deskaudit.tui.app import DeskauditApp

PAINT_S = 0.25
KEPT_RESULTS = 200
KEPT_WARNINGS = 50


class SourceProgress:
    """How far one source has come."""

    def __init__(self, name: str, source_type: str) -> None:
        self.name = name
        self.type = source_type
        self.state = "pulling"
        self.resumed = False
        self.resource = ""
        self.rows = 0
        self.done: int | None = None
        self.total: int | None = None
        self.waits: float | None = None  # for so many seconds, and no more since it goes on
        self.warnings = 0
        self.error = ""
        self.requests: int | None = None  # what the pull was said to cost, before it began
        self.seconds: float | None = None


class Tally:
    """What a run or a pull has told so far. Written by its thread, read by the screen."""

    def __init__(self, what: str = "") -> None:
        self.what = what  # run, pull; "": nothing has been told yet
        self.fault: DeskauditError | None = None  # why it ended early
        self.lock = threading.Lock()
        self.sources: dict[str, SourceProgress] = {}
        self.warnings: list[tuple[str, str]] = []
        self.generation: int | None = None
        self.audit: Audit | None = None
        self.checks_done = 0
        self.checks_total = 0
        self.counts: dict[Status, int] = {}
        self.results: list[Result] = []  # worst leg of each check, newest last

    def add(self, event: AuditEvent) -> None:
        with self.lock:
            match event:
                case PullStarted():
                    self.sources[event.source] = SourceProgress(event.source, event.type)
                    self.sources[event.source].resumed = event.resumed
                case PullEstimated():
                    source = self._source(event.source)
                    source.requests, source.seconds = event.requests, event.seconds
                case PullProgressed():
                    source = self._source(event.source)
                    source.resource, source.rows = event.resource, event.rows
                    source.done, source.total = event.done, event.total
                    source.waits = None
                case PullWaited():
                    self._source(event.source).waits = event.seconds
                case PullWarned():
                    if event.source in self.sources:  # it may be one whose rows have just gone
                        self.sources[event.source].warnings += 1
                    self.warnings = [*self.warnings[1 - KEPT_WARNINGS :], (event.source, event.message)]
                case PullFinished():
                    source = self._source(event.source)
                    source.state, source.error = event.pulled.state, event.pulled.error or ""
                    source.rows = sum(entity.present for entity in event.pulled.entities.values())
                case SnapshotDerived():
                    self.generation = event.generation
                case AuditStarted():
                    self.audit, self.checks_total = event.audit, event.checks
                case CheckFinished():
                    self._add_check(event)
                case AuditFinished():
                    self.audit = event.audit

    def _add_check(self, event: CheckFinished) -> None:
        self.checks_done, self.checks_total = event.done, event.total
        if event.results:
            worst = event.results[0]
            self.counts[worst.status] = self.counts.get(worst.status, 0) + 1
            self.results = [*self.results[1 - KEPT_RESULTS :], worst]

    def _source(self, name: str) -> SourceProgress:
        return self.sources.setdefault(name, SourceProgress(name, ""))


class Job:
    """At most one run, pull or test at a time."""

    class Progressed(Message):
        """Something was told; look at the tally."""

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, Job.Progressed)

    class Ended(Message):
        """The job is over. `fault`: why it ended early; None where it did what it should."""

        def __init__(self, what: str, fault: DeskauditError | None, answer: Any = None) -> None:
            super().__init__()
            self.what = what  # run, pull, test, look, detect
            self.fault = fault
            self.answer = answer

    def __init__(self, app: "DeskauditApp") -> None:
        self._app = app
        self._cancel = threading.Event()
        self._painted_at = 0.0
        self._posted = False
        self.running = ""  # run, pull, test, look, detect
        self.tally = Tally()

    @property
    def cancelling(self) -> bool:
        return bool(self.running) and self._cancel.is_set()

    def cancel(self) -> None:
        self._cancel.set()

    def start_run(self, plan: Plan) -> None:
        session = self._app.session
        self._start("run", lambda heard: session.run(plan, self._cancel.is_set, heard))

    def start_pull(self, names: Sequence[str]) -> None:
        session = self._app.session
        self._start("pull", lambda heard: session.pull(names, self._cancel.is_set, heard))

    def start_test(self, name: str) -> None:
        self.start_task("test", lambda cancelled: (name, self._app.session.test_source(name, cancelled)))

    def start_task(self, what: str, work: Callable[[Callable[[], bool]], Any]) -> None:
        """Work with one answer, which `Ended` brings. `work` is given what says whether it was cancelled."""
        self._begin(what)

        def do() -> None:
            try:
                answer = work(self._cancel.is_set)
            except DeskauditError as fault:
                self._end(what, fault)
            except Exception as fault:  # noqa: BLE001 - a fault of ours is shown, it does not take the screen away
                self._end(what, DeskauditError(_("A fault in deskaudit itself: {fault!r}").format(fault=fault)))
            else:
                self._end(what, None, answer)

        self._app.run_worker(do, thread=True, group="job", exclusive=True, exit_on_error=False)

    def _start(self, what: str, events: Callable[[Callable[[AuditEvent], None]], Iterator[AuditEvent]]) -> None:
        self._begin(what)
        self.tally = tally = Tally(what)

        def hear(event: AuditEvent) -> None:
            tally.add(event)
            self._post_progress()

        def work() -> None:
            try:
                for event in events(hear):
                    hear(event)
            except DeskauditError as fault:
                self._end(what, fault)
            except Exception as fault:  # noqa: BLE001 - a fault of ours is shown, it does not take the screen away
                self._end(what, DeskauditError(_("A fault in deskaudit itself: {fault!r}").format(fault=fault)))
            else:
                self._end(what, None)

        self._app.run_worker(work, thread=True, group="job", exclusive=True, exit_on_error=False)

    def _post_progress(self) -> None:
        """One message at a time: the next is posted when the screen has looked."""
        if not self._posted:
            self._posted = True
            self._app.post_message(self.Progressed())

    def seen(self) -> None:
        """The screen is about to look at the tally."""
        self._posted = False

    def _begin(self, what: str) -> None:
        self._cancel.clear()
        self.running = what

    def _end(self, what: str, fault: DeskauditError | None, answer: Any = None) -> None:
        self._app.post_message(self.Ended(what, fault, answer))

    def ended(self, event: "Job.Ended") -> None:
        """Called by the app when the message has arrived."""
        self.running = ""
        if event.what in {"run", "pull"}:
            self.tally.fault = event.fault

    def may_paint(self) -> float:
        """0 when the screen may be painted now, else the seconds until it may; a turn is given out once."""
        now = time.monotonic()
        wait = self._painted_at + PAINT_S - now
        if wait <= 0:
            self._painted_at = now
            return 0.0
        return wait
