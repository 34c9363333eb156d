"""Checking: a plan against the snapshot, each result committed when it exists."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from deskaudit import __version__
from deskaudit.audit import plan as planning
from deskaudit.audit import provenance, summary
from deskaudit.checks import catalogue, coverage, joining, judging, repeats, scoring
from deskaudit.checks.context import Window
from deskaudit.errors import Cancelled, ConfigError
from deskaudit.i18n import _, item_text
from deskaudit.model.events import AuditEvent, AuditFinished, AuditStarted, CheckFinished
from deskaudit.model.periods import Period
from deskaudit.model.verdicts import AskedQuestion, Audit, AuditedItem, Result
from deskaudit.snapshot import Manifest, Reader
from deskaudit.store import references

if TYPE_CHECKING:
    from deskaudit.audit.desk import Desk


class _Past:
    """This audit's results so far, for the checks that read them."""

    def __init__(self, desk: Desk, audit_id: int) -> None:
        self._desk = desk
        self._audit_id = audit_id

    def results(self) -> list[Result]:
        return self._desk.store.results(self._audit_id)

    def earlier(self) -> list[tuple[Audit, list[Result]]]:
        store = self._desk.store
        audit = store.audit(self._audit_id)
        line = references.find_line(store, audit)[:-1] if audit.kind == "full" else []
        return [(before, store.results(before.id)) for before in reversed(line)]


def run(desk: Desk, plan: planning.Plan, cancelled: Callable[[], bool]) -> Iterator[AuditEvent]:
    """Judges the newest generation of the snapshot. The desk's lock is held by the caller."""
    store = desk.store
    for left in store.interrupted():
        if left.id != plan.resume:
            store.interrupt(left.id, _("Its process ended before it did."))
    reader = desk.snapshot.open()
    try:
        reader.expect((source.name, source.type, source.cadence_s) for source in desk.sources)
        audit = _begin(desk, plan, reader.manifest)
        pairs = planning.checks_of(plan, desk.catalogue)
        yield AuditStarted(audit, len(pairs))
        try:
            yield from _check(desk, plan, audit, reader, cancelled)
        except GeneratorExit:
            store.interrupt(audit.id, _("Stopped by the user."))
            raise
        except Cancelled as stop:
            store.interrupt(audit.id, stop.message)
            raise
        except BaseException as fault:
            store.interrupt(audit.id, f"{type(fault).__name__}: {fault}")
            raise
        warnings = [" ".join(text.split()) for text in desk.catalogue.left_out()]
        warnings += coverage.find_warnings((check for _item, check in pairs), reader, _window(audit))
        warnings += repeats.find_repeats(reader, _window(audit))
        yield AuditFinished(_finish(desk, audit, reader, warnings))
    finally:
        reader.close()


def _check(
    desk: Desk, plan: planning.Plan, audit: Audit, reader: Reader, cancelled: Callable[[], bool]
) -> Iterator[AuditEvent]:
    pairs = planning.checks_of(plan, desk.catalogue)
    window = _window(audit)
    frozen = _folder(desk, audit)
    frozen.parent.mkdir(mode=0o700, exist_ok=True)  # `parents` would make it with the umask's mode
    frozen.mkdir(mode=0o700, exist_ok=True)
    reader.confine(frozen)  # a site's SQL is linted; should it get round that, it still reaches no other file
    done = desk.store.done_checks(audit.id)
    left = [(item, check) for item, check in pairs if check.id not in done]
    number = len(pairs) - len(left)
    seconds = desk.config.audit.check_seconds
    limits = {check.id: float(seconds) for _item, check in left if not desk.catalogue.is_shipped(check)}
    judging_all = judging.judge(left, reader, window, frozen, _Past(desk, audit.id), cancelled, limits)
    with contextlib.closing(judging_all):  # whatever happens here, nothing is judged when the reader is closed
        for judged in judging_all:
            number += 1
            desk.store.record(audit.id, judged.results)
            yield CheckFinished(number, len(pairs), tuple(judged.results), judged.seconds)


def _window(audit: Audit) -> Window:
    period = Period(audit.period_start, audit.period_end)
    return Window(period.start, period.end, audit.as_of, period.reference, audit.zone)


def _begin(desk: Desk, plan: planning.Plan, manifest: Manifest) -> Audit:
    if plan.resume is not None:
        audit = desk.store.audit(plan.resume)
        if audit.state == "completed":
            raise ConfigError(_("Audit {id} is complete; there is nothing to resume.").format(id=audit.id))
        desk.store.resume(audit.id)
        return desk.store.audit(audit.id)
    audit = Audit(
        id=0,
        kind=plan.kind,
        state="running",
        started_at=desk.now(),
        period_start=plan.period.start,
        period_end=plan.period.end,
        as_of=desk.now() if plan.as_of is None else plan.as_of,
        generation=manifest.generation,
        formula_version=scoring.FORMULA_VERSION,
        weights=planning.weights_of(plan, desk.catalogue, desk.config.audit.item_cap),
        program=__version__,
        zone=desk.config.desk.zone,
        scope=" ".join(plan.only),
    )
    audit.id = desk.store.begin(audit, items=_items(desk), questions=_questions(desk, plan))
    pulled = provenance.as_configured(manifest.sources, desk.config, desk.paths.config)
    kinds = {source.name: source.type for source in desk.sources} | {one.name: one.type for one in pulled.values()}
    for name, kind in kinds.items():
        desk.store.record_pull(audit.id, provenance.record(name, kind, pulled.get(name)))
    return audit


def _items(desk: Desk) -> list[AuditedItem]:
    return [
        AuditedItem(item=item.id, title=item_text(f"{item.id}.title", item.title), group=item.group)
        for item in desk.catalogue.items.values()
    ]


def _questions(desk: Desk, plan: planning.Plan) -> list[AskedQuestion]:
    return [
        AskedQuestion(
            question=question.id,
            item=item.id,
            ask=item_text(question.id, question.ask),
            question_hash=catalogue.question_hash(question),
        )
        for item in planning.items_asked(plan, desk.catalogue)
        for question in item.question
    ]


def _folder(desk: Desk, audit: Audit) -> Path:
    return desk.paths.judged / f"audit-{audit.id}"


def _finish(desk: Desk, audit: Audit, reader: Reader, warnings: list[str]) -> Audit:
    """Freezes the judged rows in one file, and closes the audit with its headline."""
    file = desk.frozen_file(audit.id)
    subjects = {check.id: check.of for item in desk.catalogue.items.values() for check in item.check}
    joining.join_frozen(_folder(desk, audit), file, reader, subjects)
    digest = _sha256(file)
    shutil.rmtree(_folder(desk, audit))
    desk.store.finish(
        audit.id,
        finished_at=desk.now(),
        summary=summary.make(audit, desk.store, warnings),
        judged_file=file.name,
        judged_sha256=digest,
    )
    return desk.store.audit(audit.id)


def _sha256(file: Path) -> str:
    with file.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def plan_of(audit: Audit) -> planning.Plan:
    """The plan that goes on with an interrupted audit."""
    return planning.Plan(
        kind=audit.kind,
        period=Period(audit.period_start, audit.period_end),
        as_of=audit.as_of,
        only=tuple(audit.scope.split()),
        pull=False,
        resume=audit.id,
    )
