"""Run: choose, watch, cancel, resume."""

from typing import Any, ClassVar

import msgspec
from textual.binding import Binding, BindingType

from deskaudit.errors import Cancelled, DeskauditError
from deskaudit.i18n import _
from deskaudit.model import figures, periods
from deskaudit.model.verdicts import Audit, AuditKind, Result, Status
from deskaudit.tui import theme, words
from deskaudit.tui.job import Job
from deskaudit.tui.screens.finding import Finding
from deskaudit.tui.screens.room import Room, is_yes
from deskaudit.tui.session import Plan, SourceLine
from deskaudit.tui.theme import Spans
from deskaudit.tui.widgets.lines import Lines

Row = tuple[Spans, Any]
KINDS: tuple[AuditKind, ...] = ("full", "quick", "partial")
LABEL = 12


class Resume(msgspec.Struct, frozen=True):
    """The line that goes on with an interrupted audit."""

    audit: int


class Pick(msgspec.Struct, frozen=True):
    """The line that switches a source on or off for this run."""

    name: str


class Run(Room):
    """A form while nothing runs; the audit as it happens while one does."""

    TITLE = _("Run")
    PLACE = "run"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "change", _("change"), id="run.change", tooltip=_("Change the line under the cursor, or start")),
        Binding("space", "change", _("switch"), id="run.switch", show=False, tooltip=_("Switch a source on or off")),
        Binding("s", "start", _("start"), id="run.start", tooltip=_("Start the audit: says what will be run, and asks")),
        Binding("u", "resume", _("resume"), id="run.resume", tooltip=_("Go on with the interrupted audit, when that was confirmed")),
        Binding("x", "cancel", _("cancel"), id="run.cancel", tooltip=_("Stop; what is done is kept and can be resumed")),
        Binding("d", "form", _("new run"), id="run.form", tooltip=_("Leave the finished run and choose anew")),
    ]  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self._kind: AuditKind = "full"
        self._period = ""
        self._only: tuple[str, ...] = ()
        self._off: set[str] = set()
        self._sources: list[SourceLine] = []
        self._interrupted: Audit | None = None
        self._watching = False
        self._held_by = ""  # another process at work on this desk

    def heading(self) -> Spans:
        job = self.desk.job
        if job.running == "run":
            return [(_("stopping …") if job.cancelling else _("running"), "strong"), (_(" · x cancels"), "dim")]
        if not self._watching:
            return [(_("Run an audit"), "strong")]
        return [(_("Run: stopped") if job.tally.fault is not None else _("Run: finished"), "strong")]

    def why_not(self, action: str) -> str:
        job = self.desk.job
        if action == "cancel":
            return "" if job.running and not job.cancelling else _("Nothing is running.")
        if action in {"start", "resume", "form"} and job.running:
            return _("Something is running already: {what}. x cancels it.").format(what=job.running)
        if action in {"start", "resume"} and self._held_by:
            return _("Another run holds this desk: {holder}. Press r again when it has ended.").format(
                holder=self._held_by
            )
        if action == "start" and self.desk.session.config is None:
            return _("There is no configuration yet: deskaudit init writes one, deskaudit demo shows one.")
        if action == "start" and self._kind == "partial" and not self._only:
            return _("A partial audit needs items or checks: choose them on the line Only.")
        if action == "resume" and self._interrupted is None:
            return _("No audit was interrupted.")
        if action == "form" and not self._watching:
            return _("The form is open.")
        return ""

    def reload(self) -> None:
        session = self.desk.session
        self._sources = session.sources() if session.config is not None else []
        self._held_by = "" if self.desk.job.running else session.held_by()
        stopped = self.desk.audits(state="interrupted", limit=1)
        if not self.desk.job.running and not self._held_by:  # whoever says it runs then, does not
            stopped = self.desk.audits(state="running", limit=1) or stopped
        self._interrupted = stopped[0] if stopped else None
        if self.desk.job.running == "run":
            self._watching = True
        elif self.desk.job.tally.what != "run":  # what was told last is a pull's
            self._watching = False
        self._paint(None)
        self.lines.focus()

    def _paint(self, cursor: int | None) -> None:
        self.lines.show(Lines(self._progress() if self._watching else self._form()), cursor)

    # The form

    def _form(self) -> list[Row]:
        session = self.desk.session
        kinds = {
            "full": _("full: the whole catalogue, the last complete quarter"),
            "quick": _("quick: what is measured weekly or more often, the last 28 days"),
            "partial": _("partial: some items or checks"),
        }
        rows: list[Row] = []
        if self._held_by:
            text = _("Another run holds this desk: {holder}").format(holder=self._held_by)
            rows += [([(f" {theme.fit(text, self.size.width - 2)}", "WARN")], None), ([], None)]
        if self._interrupted is not None:
            text = _("Resume audit {id}, interrupted {at}: {error}").format(
                id=self._interrupted.id, at=words.moment(self._interrupted.started_at, self.zone),
                error=self._interrupted.error or _("it was cut off"),
            )  # fmt: skip
            rows += [([(f" {theme.fit(text, self.size.width - 2)}", "WARN")], Resume(self._interrupted.id)), ([], None)]
        rows.append((_line(_("Kind"), kinds[self._kind]), "kind"))
        if session.config is not None:
            rows.append((_line(_("Period"), self._period_words(session.config.desk.zone)), "period"))
        only = ", ".join(self._only) or (
            _("choose: item, check or group") if self._kind == "partial" else _("everything")
        )
        rows.append((_line(_("Only"), only), "only"))
        rows.append(([], None))
        for place, source in enumerate(self._sources):
            mark = "[x]" if source.enabled and source.name not in self._off else "[ ]"
            age = (
                _("pulled {age} ago").format(age=words.age(source.fetched_at, session.now()))
                if source.fetched_at
                else _("not pulled yet")
            )
            text = f"{mark} {theme.fit(source.name, 16)} {theme.fit(source.type, 10)} {age}"
            rows.append((_line(_("Pull") if place == 0 else "", text), Pick(source.name)))
        if not self._sources:
            rows.append((_line(_("Pull"), _("no source is configured: 7, then n")), None))
        rows += [([], None), ([(" ", ""), (_("[ Start ]"), "strong"), (_("   or press s"), "dim")], "start")]
        return rows

    def _period_words(self, zone: str) -> str:
        now = self.desk.session.now()
        if self._period:
            span = periods.parse(self._period, zone)
        else:
            span = periods.days_before(now) if self._kind == "quick" else periods.quarter_before(now, zone)
        text = words.period(span.start, span.end, zone)
        return text if self._period else _("{period} (default)").format(period=text)

    def chosen(self, value: Any) -> None:
        self.action_change()

    def action_change(self) -> None:
        if self._watching:
            self._open_result()
            return
        match self.lines.value:
            case "kind":
                self._kind = KINDS[(KINDS.index(self._kind) + 1) % len(KINDS)]
            case "period":
                self.ask(
                    _("Period: 2026-Q3, 2026-07 or 2026-07-01..2026-07-14 (empty: the default)"),
                    self._period_given,
                    self._period,
                )
            case "only":
                self.ask(
                    _("Only: items, checks or groups, as HD-15 15.1 tickets (empty: everything)"),
                    self._only_given,
                    " ".join(self._only),
                )
            case Pick(name=name):
                self._off ^= {name}
            case Resume():
                self._do("resume")
                return
            case "start":
                self._do("start")
                return
        self._paint(None)
        self.show_keys()

    def _open_result(self) -> None:
        """What was just found; the finding can be opened when the audit is whole."""
        audit, value = self.desk.job.tally.audit, self.lines.value
        if isinstance(value, Result) and audit is not None and audit.state == "completed":
            self.app.push_screen(Finding(audit, value))
        elif isinstance(value, Result):
            self.say(value.reason)
        else:
            self.say(_("d leaves this view for a new run."))

    def _do(self, action: str) -> None:
        refusal = self.why_not(action)
        if refusal:
            self.say(refusal)
        elif action == "start":
            self.action_start()
        else:
            self.action_resume()

    def _period_given(self, text: str | None) -> str | None:
        config = self.desk.session.config
        if text is None or config is None:
            return None
        try:
            if text.strip():
                periods.parse(text.strip(), config.desk.zone)
        except DeskauditError as fault:
            return f"{fault.message} {fault.hint}"
        self._period = text.strip()
        self._paint(None)
        return None

    def _only_given(self, text: str | None) -> str | None:
        if text is None:
            return None
        wanted = tuple(text.replace(",", " ").split())
        try:
            if wanted:
                self.desk.session.catalogue.select(wanted)
        except DeskauditError as fault:
            return f"{fault.message} {fault.hint}"
        self._only = wanted
        self._kind = "partial" if wanted else "full" if self._kind == "partial" else self._kind
        self._paint(None)
        return None

    def action_start(self) -> None:
        names = tuple(source.name for source in self._sources if source.enabled and source.name not in self._off)
        kinds = {"full": _("a full audit"), "quick": _("a quick scan"), "partial": _("a partial audit")}
        question = _("Start {kind} of {period}?").format(kind=kinds[self._kind], period=self._period_words(self.zone))
        if self._only:
            question += _(" Only {names}.").format(names=", ".join(self._only))
        question += (
            _(" Pulls first: {names}.").format(names=", ".join(names))
            if names
            else _(" Nothing is pulled: it judges what was pulled before.")
        )
        self._ask_to_begin(question, Plan(kind=self._kind, sources=names, period=self._period, only=self._only))

    def action_resume(self) -> None:
        audit = self._interrupted
        if audit is not None:
            question = _("Go on with audit {id}: {kind}, {period}? Nothing is pulled again.").format(
                id=audit.id, kind=audit.kind, period=words.period(audit.period_start, audit.period_end, self.zone)
            )
            self._ask_to_begin(question, Plan(kind=audit.kind, resume=audit.id))

    def _ask_to_begin(self, question: str, plan: Plan) -> None:
        """Enter alone begins it: letters that were meant for something else do not."""

        def answered(text: str | None) -> str | None:
            if text is None:
                self.say(_("Nothing was started."))
            elif text.strip() and not is_yes(text):
                return _("Press Enter alone to start, or Esc to leave it.")
            else:
                self._begin(plan)
            return None

        self.ask(question, answered, enter=_("start"))

    def action_cancel(self) -> None:
        self.desk.job.cancel()
        self.say(_("Stopping after the page or check that is under way; what is done is kept."))
        self.redraw()

    def action_form(self) -> None:
        self._watching = False
        self.reload()
        self.redraw()

    def _begin(self, plan: Plan) -> None:
        self._watching = True
        self.desk.job.start_run(plan)
        self.say("")
        self._paint(0)
        self.redraw()

    # The run as it happens

    def show_progress(self) -> None:
        if self._watching:
            self._paint(None)
            self.show_heading()

    def job_ended(self, event: Job.Ended) -> None:
        super().job_ended(event)
        if event.what == "run" and event.fault is not None:
            stopped = isinstance(event.fault, Cancelled)
            hint = _("u resumes it.") if self._interrupted is not None else event.fault.hint
            self.say(f"{event.fault.message} {hint}", "" if stopped else "FAIL")

    def _progress(self) -> list[Row]:
        tally = self.desk.job.tally
        with tally.lock:
            rows: list[Row] = []
            for source in tally.sources.values():
                rows += _source_rows(source, self.size.width)
            if tally.generation is not None:
                rows.append((_line(_("Snapshot"), _("generation {n} is ready").format(n=tally.generation)), "snapshot"))
            if tally.checks_total:
                done = _("{done} of {all} checks").format(done=tally.checks_done, all=tally.checks_total)
                bar = _bar(tally.checks_done, tally.checks_total)
                rows.append((_line(_("Checks"), f"{bar} {done}"), "checks"))
                rows.append((_count_spans(tally.counts), None))
            rows.append(([], None))
            rows += [
                (_result_spans(result, self.title_of(result), self.size.width), result)
                for result in reversed(tally.results)
            ]
            warnings = list(tally.warnings)
        if warnings:
            rows += [([], None), ([(_(" WARNINGS"), "dim")], None)]
            rows += [([(f" {name}: ", "dim"), (text, "")], text) for name, text in reversed(warnings)]
        if tally.fault is not None:
            text = [f" {line}" for line in theme.wrap(str(tally.fault), self.size.width - 2)]
            rows = [*(([(line, "FAIL")], line) for line in text), ([], None), *rows]
        return rows if len(rows) > 1 else [([(_(" Starting …"), "")], "starting")]


def _line(label: str, text: str) -> Spans:
    return [(f" {theme.fit(label, LABEL)}", "dim"), (text, "")]


def _bar(done: int, total: int) -> str:
    filled = round(20 * done / total) if total else 0
    return "█" * filled + "░" * (20 - filled)


def _source_rows(source: Any, width: int) -> list[Row]:
    text = theme.fit(source.name, 16) + "  "
    if source.state == "pulling":
        share = f" {source.done}/{source.total}" if source.total else ""
        went = _(" (goes on)") if source.resumed else ""
        text += f"{source.resource}{share}  {words.rows_count(source.rows)}{went}"
        spans = _line(_("Pull"), text)
    else:
        style = {"complete": "PASS", "incomplete": "WARN"}.get(source.state, "FAIL")
        spans = [
            *_line(_("Pull"), text),
            (words.source_state(source.state), style),
            (f"  {words.rows_count(source.rows)}", ""),
        ]
    rows: list[Row] = [(spans, f"source {source.name}")]
    if source.state == "pulling":
        told = [figures.cost(source.requests, source.seconds)] if source.requests is not None else []
        told += [figures.wait(source.waits)] if source.waits is not None else []
        for number, line in enumerate(told):
            text = theme.fit(line, max(width - LABEL - 2, 10))
            rows.append(([(" " * (LABEL + 1), ""), (text, "dim")], f"told {number} {source.name}"))
    if source.error:
        rows += [([(f"   {line}", "FAIL")], line) for line in theme.wrap(source.error, width - 4)]
    return rows


def _count_spans(counts: dict[Status, int]) -> Spans:
    spans: Spans = [(" " * (LABEL + 1), "")]
    for status in Status:
        if n := counts.get(status, 0):
            spans.extend([(f"{n} ", ""), (f"{theme.LETTER[status]} {status.value}", status.value), ("  ", "")])
    return spans


def _result_spans(result: Any, title: str, width: int) -> Spans:
    value = words.value_of(result)
    text = theme.fit(f"{result.check:>5}  {title}", max(width - 13 - len(value), 10))
    return [(" ", ""), *theme.status_spans(result.status, 9), (f"{text}  {value}", "")]
