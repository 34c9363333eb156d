"""The app's session over an open desk: asks the core, and puts its answers into the lines that screens show."""

import fcntl
import io
import os
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from deskaudit.config import Config
from deskaudit.config import Source as ConfiguredSource
from deskaudit.i18n import _, ngettext
from deskaudit.model import periods
from deskaudit.model.batches import Probe, PulledSource
from deskaudit.model.events import AuditEvent
from deskaudit.model.verdicts import Audit, Evidence, Result, Score, Status
from deskaudit.paths import Paths
from deskaudit.text import one_line
from deskaudit.tui.session import DueLine, ItemLine, Plan, RowPage, SourceLine
from deskaudit.tui.setup import SetupSession

if TYPE_CHECKING:
    from deskaudit.audit.desk import Desk
    from deskaudit.audit.plan import Plan as AuditPlan
    from deskaudit.checks.catalogue import Catalogue
    from deskaudit.store import Store
    from deskaudit.store.judged import JudgedRow

TREND_AUDITS = 8
QUICK_DAYS = 7
_MARKS = {Status.PASS: 1.0, Status.WARN: 0.5, Status.FAIL: 0.0}


class DeskSession(SetupSession):
    """Implements `Session`. Heavy rooms are imported by the methods that need them."""

    def __init__(self, desk: "Desk") -> None:
        self._desk = desk
        desk.notice_config()  # from here on

    @property
    def config(self) -> Config | None:
        return self._desk.config if self.paths.config.exists() else None

    def notice_config(self) -> bool:
        return self._desk.notice_config()

    @property
    def paths(self) -> Paths:
        return self._desk.paths

    @property
    def store(self) -> "Store":
        return self._desk.store

    @cached_property
    def catalogue(self) -> "Catalogue":
        from deskaudit.checks import catalogue

        return catalogue.load(self.paths.config.parent / "checks.d", verify=False)  # the run does

    def now(self) -> int:
        return self._desk.now()

    # Sources

    def sources(self) -> list[SourceLine]:
        if self.config is None:
            return []
        pulled = self._desk.pulled()
        tables = self.config.sources.items()
        every = [ConfiguredSource(name, table, self.paths.config) for name, table in tables]
        return [self._source_line(source, pulled.get(source.name)) for source in every]

    def _source_line(self, source: ConfiguredSource, pulled: PulledSource | None) -> SourceLine:
        line = _source_line(source, pulled)
        line.resumable = self._desk.snapshot.is_interrupted(source.name)
        return line

    def test_source(self, name: str, cancelled: Callable[[], bool]) -> Probe:
        return self._desk.test_source(name, cancelled)

    def held_by(self) -> str:
        try:
            handle = os.open(self.paths.lock, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return ""  # nothing has ever run here
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return one_line(os.read(handle, 300).decode(errors="replace")) or _("another process")
        finally:
            os.close(handle)
        return ""

    def pull(
        self, names: Sequence[str], cancelled: Callable[[], bool], heard: Callable[[AuditEvent], None]
    ) -> Iterator[AuditEvent]:
        return self._desk.pull(tuple(names), cancelled, heard)

    def due(self) -> list[DueLine]:
        if self.config is None:
            return []
        found = [*self._due_audits(self.config.desk.zone), *self._due_pulls()]
        return sorted(found, key=lambda line: line.due_at or 0)

    def _due_audits(self, zone: str) -> Iterator[DueLine]:
        quarter = periods.quarter_before(self.now(), zone)
        full = self.store.audits(kind="full", state="completed", limit=1)
        if not full:
            yield DueLine(what=_("A full audit"))
        elif full[0].period_end < quarter.end:
            yield DueLine(what=_("A full audit of the last quarter"), due_at=quarter.end)
        quick = self.store.audits(kind="quick", state="completed", limit=1)
        if quick and self.now() - quick[0].started_at > QUICK_DAYS * 86400:
            yield DueLine(what=_("A quick scan"), due_at=quick[0].started_at + QUICK_DAYS * 86400)
        if full and (left := self._open_questions(full[0])):
            what = ngettext("{n} open question of audit {id}", "{n} open questions of audit {id}", left)
            yield DueLine(what=what.format(n=left, id=full[0].id), due_at=full[0].finished_at)

    def _open_questions(self, audit: Audit) -> int:
        answers = self.store.answers(audit.id)
        asked = [name for item in audit.weights.get("items", {}).values() for name in item["questions"]]
        return sum(name not in answers or answers[name].state != "confirmed" for name in asked)

    def _due_pulls(self) -> Iterator[DueLine]:
        for source in self.sources():
            if source.enabled and source.fetched_at is None:
                yield DueLine(what=_("A first pull of {name}").format(name=source.name))
            elif source.enabled and source.is_stale(self.now()):
                due_at = (source.fetched_at or 0) + source.cadence_s
                yield DueLine(what=_("A pull of {name}").format(name=source.name), due_at=due_at)

    # Verdicts

    def score(self, audit_id: int) -> Score:
        from deskaudit.audit import answers

        return answers.rescore(self._desk, self.store.audit(audit_id))

    def items(self, audit_id: int) -> list[ItemLine]:
        from deskaudit.checks import scoring

        audit, results = self.store.audit(audit_id), self._results(audit_id)
        weights, answers = audit.weights, list(self.store.answers(audit_id).values())
        names = {item.item: (item.title, item.group) for item in self.store.items(audit_id)}
        if not set(weights["items"]) <= set(names):
            names = {item.id: (item.title, item.group) for item in self.catalogue.items.values()} | names
        trends = self._trends(audit)
        lines = []
        for item_id in weights["items"]:
            verdict = scoring.item_status(item_id, weights, results, answers)
            title, group = names.get(item_id, (item_id, ""))
            lines.append(
                ItemLine(
                    item=item_id,
                    title=title,
                    group=group,
                    counts={Status(name): n for name, n in verdict.counts.items()},
                    worst=verdict.status,
                    complete=verdict.complete,
                    trend=trends.get(item_id, []),
                )
            )
        return lines

    def _results(self, audit_id: int) -> list[Result]:
        return self.store.results(audit_id, sort="check")

    def _trends(self, audit: Audit) -> dict[str, list[float | None]]:
        """Item → mean mark of its judged results (PASS 1, WARN ½, FAIL 0) in the last audits, oldest first."""
        from deskaudit.store import references

        found: dict[str, list[float | None]] = {}
        for place, one in enumerate(references.find_line(self.store, audit, TREND_AUDITS)):
            marks: dict[str, list[float]] = {}
            for result in self.store.results(one.id, status=tuple(_MARKS)):
                marks.setdefault(result.item, []).append(_MARKS[result.status])
            for item, known in marks.items():
                values = found.setdefault(item, [])
                values.extend([None] * (place - len(values)))
                values.append(sum(known) / len(known))
        return found

    def rows(
        self, audit_id: int, check: str, *, leg: str = "", segment: str | None = None, offset: int = 0, limit: int = 500
    ) -> RowPage:
        from deskaudit.store.judged import JudgedRows

        audit = self.store.audit(audit_id)
        with JudgedRows(self.store, audit, check, leg=leg, segment=segment) as judged:
            found = [row for page in judged.pages(limit=limit, offset=offset) for row in page]
            total = judged.count()
        return RowPage(total, [_evidence(row, offset + place) for place, row in enumerate(found, start=1)])

    # Running

    def run(
        self, plan: Plan, cancelled: Callable[[], bool], heard: Callable[[AuditEvent], None]
    ) -> Iterator[AuditEvent]:
        yield from self._desk.run(self._audit_plan(plan), cancelled, heard)

    def _audit_plan(self, plan: Plan) -> "AuditPlan":
        if plan.resume is not None:
            from deskaudit.audit.run import plan_of

            return plan_of(self.store.audit(plan.resume))
        return self._desk.plan(
            quick=plan.kind == "quick",
            only=plan.only,
            period=plan.period,
            sources=plan.sources or None,
            pull=bool(plan.sources),
        )

    # Export

    def preview(self, audit_id: int, export_format: str) -> str:
        out = io.StringIO()
        self._write(audit_id, export_format, out)
        return out.getvalue()

    def export(self, audit_id: int, export_format: str, path: Path) -> Path:
        from deskaudit.reports.files import whole_file

        with whole_file(path) as out:
            self._write(audit_id, export_format, out)
        return path.resolve()

    def _write(self, audit_id: int, export_format: str, out: TextIO) -> None:
        from deskaudit import reports

        report = reports.build(self.store, self.store.audit(audit_id))
        reports.write(report, export_format, out, plain=True)


def _source_line(source: ConfiguredSource, pulled: PulledSource | None) -> SourceLine:
    if pulled is None:
        return SourceLine(
            name=source.name,
            type=source.type,
            state="never",
            enabled=source.enabled,
            cadence_s=source.cadence_s,
            archive=source.archive,
        )
    notes = [f"{problem.resource}: {problem.message}" for problem in pulled.problems]
    notes += [f"{reject.place}: {reject.reason}" for reject in pulled.reject_sample]
    return SourceLine(
        name=source.name,
        type=source.type,
        state=pulled.state,
        enabled=source.enabled,
        cadence_s=source.cadence_s,
        archive=source.archive,
        fetched_at=pulled.fetched_at,
        rows={name: entity.present for name, entity in pulled.entities.items()},
        incomplete=[name for name, entity in pulled.entities.items() if not entity.complete],
        rejects=pulled.rejects,
        problems=notes,
        error=pulled.error,
    )


def _evidence(row: "JudgedRow", rank: int) -> Evidence:
    return Evidence(
        rank=rank,
        of="",
        subject=row.subject,
        ref=row.ref,
        segment=row.segment,
        good=row.good,
        value=row.value,
        badness=row.badness,
        columns=row.columns,
    )
