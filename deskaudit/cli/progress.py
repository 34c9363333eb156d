"""Narration of a run on stderr: a bar on a terminal, lines otherwise."""

import sys
import time
from collections.abc import Iterable
from types import TracebackType
from typing import Self

from deskaudit.cli.output import told
from deskaudit.i18n import _, ngettext
from deskaudit.model import events, figures
from deskaudit.model.verdicts import Audit, Status

UPDATES_A_SECOND = 4


class Narrator:
    """Takes the events of a run and tells them. Used as a context manager: the bar is gone at the end."""

    def __init__(self, *, plain: bool, ascii_: bool, verbose: bool) -> None:
        self._bar = not plain and sys.stderr.isatty()
        self._mark = "..." if ascii_ else "…"
        self._verbose = verbose
        self._last = 0.0
        self._shown = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self._wipe()

    def tell(self, stream: Iterable[events.AuditEvent]) -> Audit | None:
        """Tells all events; returns the finished audit, None where the stream was a pull alone."""
        finished = None
        for event in stream:
            self.hear(event)
            if isinstance(event, events.AuditFinished):
                finished = event.audit
        return finished

    def hear(self, event: events.AuditEvent) -> None:
        """Tells one event."""
        text = self._text(event)
        if isinstance(event, (events.PullProgressed, events.CheckFinished)) and not self._verbose:
            self._draw(text)
        elif text:
            self._line(text)

    def _text(self, event: events.AuditEvent) -> str:
        match event:
            case events.PullStarted():
                return _("{source}: pulling ({type})").format(source=event.source, type=event.type) + (
                    _(", going on where it stopped") if event.resumed else ""
                )
            case events.PullEstimated():
                return f"{event.source}: " + figures.cost(event.requests, event.seconds)
            case events.PullProgressed():
                of = f" {event.done}/{event.total}" if event.done is not None and event.total else ""
                return f"{event.source}: {event.resource}{of} · " + ngettext("{n} row", "{n} rows", event.rows).format(
                    n=figures.number(event.rows)
                )
            case events.PullWaited():
                return f"{event.source}: " + figures.wait(event.seconds)
            case events.PullWarned():
                return told(_("{source}: warning: {text}").format(source=event.source, text=event.message), limit=300)
            case events.PullFinished():
                return self._pulled(event)
            case events.SnapshotDerived():
                return _("snapshot: generation {n} in {s:.1f} s").format(n=event.generation, s=event.seconds)
            case events.AuditStarted():
                return ngettext("audit {id}: {n} check", "audit {id}: {n} checks", event.checks).format(
                    id=event.audit.id, n=event.checks
                )
            case events.CheckFinished():
                worst = event.results[0] if event.results else None
                status = worst.status if worst else Status.NODATA
                title = f"{worst.check} {worst.title}" if worst else ""
                return f"[{event.done}/{event.total}] {status} {title}"
            case events.AuditFinished():
                return _("audit {id}: finished").format(id=event.audit.id)

    def _pulled(self, event: events.PullFinished) -> str:
        pulled = event.pulled
        rows = sum(entity.present for entity in pulled.entities.values())
        counted = ngettext("{source}: {state}, {rows} row", "{source}: {state}, {rows} rows", rows)
        text = counted.format(source=event.source, state=pulled.state, rows=figures.number(rows))
        if pulled.rejects:
            text += ngettext(", {n} row with faults", ", {n} rows with faults", pulled.rejects).format(n=pulled.rejects)
            if pulled.reject_sample:
                first = pulled.reject_sample[0]
                text += _(", the first: {place}: {reason}").format(place=first.place, reason=first.reason)
        return told(text, limit=400)

    def _draw(self, text: str) -> None:
        if not self._bar or time.monotonic() - self._last < 1 / UPDATES_A_SECOND:
            return
        self._last = time.monotonic()
        width = 78
        line = text if len(text) <= width else text[: width - len(self._mark)] + self._mark
        sys.stderr.write("\r" + line.ljust(self._shown))
        self._shown = len(line)
        sys.stderr.flush()

    def _line(self, text: str) -> None:
        self._wipe()
        sys.stderr.write(text + "\n")
        sys.stderr.flush()

    def _wipe(self) -> None:
        if self._shown:
            sys.stderr.write("\r" + " " * self._shown + "\r")
            self._shown = 0
