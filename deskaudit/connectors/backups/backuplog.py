"""Logs of any other backup program, read by the user's own patterns.

A line that matches `failed` or `partial` counts more than one that matches `ok`; where none matches, the run is unknown.
"""

import re
import time
from datetime import UTC, datetime
from typing import ClassVar, Literal

import msgspec

from deskaudit.connectors.backups.figures import LocalClock, decode, read_size
from deskaudit.connectors.backups.jobs import Job, check_names
from deskaudit.connectors.backups.runs import Origin, Reading, Run, empty_log
from deskaudit.connectors.backups.source import BackupSource
from deskaudit.connectors.patterns import compile_pattern
from deskaudit.connectors.tabular.dates import DateReader, check_formats
from deskaudit.errors import SourceError
from deskaudit.i18n import _
from deskaudit.text import one_line

LINE_CHARS = 2000
LONGEST_S = 120
"""Of computing, for one log: patterns that take longer are slow on its lines."""
TIME = r"^\W?(?P<at>\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)"

_OFFSET = re.compile(r"(?:Z|UTC|GMT|[+-]\d\d:?\d\d)$")


class LogJob(Job, frozen=True, kw_only=True, forbid_unknown_fields=True):
    help: ClassVar[dict[str, str]] = {
        **Job.help,
        "logs": "The program's logs; * allowed.",
        "begins": "Regular expression of a run's first line; left out: one file is one run.",
        "ok": "Regular expressions: a line that matches one says that the run ended well.",
        "partial": "Regular expressions: a line that matches one says that something was left out.",
        "failed": "Regular expressions: a line that matches one says that the run failed.",
        "ignore": "Regular expressions: a run with such a line does not count, as a dry run.",
        "time": "Regular expression that finds the time of a line, in a group called at.",
        "dates": 'How that time is written: auto, dmy, mdy, ymd, epoch, or a strptime format as "%d.%m.%Y %H:%M:%S".',
        "size": "Regular expression that finds how much was read, in a group called size, as 12.5 GB.",
    }

    begins: str = ""
    ok: list[str]
    partial: list[str] = msgspec.field(default_factory=list)
    failed: list[str] = msgspec.field(default_factory=list)
    ignore: list[str] = msgspec.field(default_factory=list)
    time: str = TIME
    dates: str = "auto"
    size: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.ok:
            raise ValueError(_("job {name}: ok names no pattern: no run could end well").format(name=self.name))
        for field, group in (("time", "at"), ("size", "size"), ("begins", "")):
            self._check(field, getattr(self, field), group)
        for field in ("ok", "partial", "failed", "ignore"):
            for pattern in getattr(self, field):
                self._check(field, pattern, "")
        check_formats(self.dates)

    def _check(self, field: str, pattern: str, group: str) -> None:
        try:
            found = compile_pattern(pattern)
        except ValueError as fault:
            message = _('job {name}: {field} = "{pattern}" {fault}')
            raise ValueError(message.format(name=self.name, field=field, pattern=pattern, fault=fault)) from None
        if group and pattern and group not in found.groupindex:
            message = _("job {name}: {field} needs a group called {group}, as (?P<{group}>…)")
            raise ValueError(message.format(name=self.name, field=field, group=group))
        if not pattern and field not in {"size", "begins"}:
            raise ValueError(_("job {name}: {field} holds an empty pattern").format(name=self.name, field=field))


class LogOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    help: ClassVar[dict[str, str]] = {"jobs": "The backups that should happen, one table each."}

    jobs: list[LogJob]

    def __post_init__(self) -> None:
        check_names(self.jobs)


class BackupLog(BackupSource):
    name: ClassVar[str] = "backuplog"
    title: ClassVar[str] = "Logs of any other backup program, by your own patterns"
    options: ClassVar[type[msgspec.Struct]] = LogOptions
    tested: ClassVar[str] = "real file (logs of rsnapshot and tar)"
    hint: ClassVar[str] = "Try the patterns on one log with grep -P."

    def read(self, data: bytes, origin: Origin, job: LogJob) -> Reading:
        return _Reader(origin, job).read(decode(data))


Outcome = Literal["ok", "partial", "failed"]


class _Told(msgspec.Struct):
    """What one run's lines said."""

    started_at: int | None = None
    ended_at: int | None = None
    outcome: Outcome | None = None
    said: str = ""
    ignored: bool = False
    size: int | None = None
    lines: int = 0


class _Reader:
    """One log."""

    def __init__(self, origin: Origin, job: LogJob) -> None:
        self._origin = origin
        self._begins = re.compile(job.begins) if job.begins else None
        self._time, self._size = re.compile(job.time), re.compile(job.size) if job.size else None
        self._dates = DateReader(job.dates, UTC)  # naive times are read as they stand, and placed by the clock
        self._is_epoch = job.dates.startswith("epoch")
        self._clock = LocalClock(origin.zone)
        worst_first: tuple[tuple[Outcome, list[str]], ...] = (
            ("failed", job.failed), ("partial", job.partial), ("ok", job.ok),
        )  # fmt: skip
        self._outcomes = [(name, re.compile(pattern)) for name, patterns in worst_first for pattern in patterns]
        self._ignore = [re.compile(pattern) for pattern in job.ignore]

    def read(self, text: str) -> Reading:
        reading = Reading()
        if not text.strip():
            reading.runs.append(empty_log(self._origin))
            return reading
        parts: list[_Told] = [] if self._begins else [_Told()]
        until = time.thread_time() + LONGEST_S
        for whole in text.splitlines():
            line = whole[:LINE_CHARS]
            if self._begins and self._begins.search(line):
                parts.append(_Told())
            if parts and line.strip():
                self._hear(line, parts[-1])
            if time.thread_time() > until:
                raise SourceError(
                    _("{file}: the patterns take too long on its lines.").format(file=self._origin.name),
                    kind="bad_file",
                    hint=_("Use .* at most once in each, and begin them with ^."),
                )
        if not parts:
            raise SourceError(
                _("{file}: no line matches begins.").format(file=self._origin.name),
                kind="bad_file",
                hint=_("Correct the pattern."),
            )
        if len(parts) > 1 and any(told.started_at is None for told in parts):
            raise SourceError(
                _("{file} holds runs whose time is not found.").format(file=self._origin.name),
                kind="bad_file",
                hint=_("Correct time or dates."),
            )
        for told in parts:
            self._conclude(told, reading)
        return reading

    def _hear(self, line: str, told: _Told) -> None:
        told.lines += 1
        at = self._at(line)
        if at is not None:
            told.started_at = at if told.started_at is None else told.started_at
            told.ended_at = at
        if self._size and (found := self._size.search(line)):
            told.size = read_size((found["size"] or "").strip())
        told.ignored = told.ignored or any(pattern.search(line) for pattern in self._ignore)
        worse = {None: 3, "ok": 2, "partial": 1, "failed": 0}[told.outcome]
        for name, pattern in self._outcomes:
            if {"ok": 2, "partial": 1, "failed": 0}[name] < worse and pattern.search(line):
                told.outcome, told.said = name, "" if name == "ok" else one_line(line)
                return

    def _at(self, line: str) -> int | None:
        found = self._time.search(line)
        if not found or not found["at"]:
            return None
        text = found["at"].strip()
        try:
            at = self._dates.read(text if self._dates.is_explicit else text.replace(",", "."))
        except (ValueError, OverflowError):
            return None
        if at is None or self._is_epoch or _OFFSET.search(text):
            return None if at is None else int(at)
        return self._clock.read(datetime.fromtimestamp(int(at), UTC).replace(tzinfo=None))

    def _conclude(self, told: _Told, reading: Reading) -> None:
        if told.ignored:
            return
        origin = self._origin
        dated = told.started_at is not None
        run = Run(
            state=told.outcome or "unknown",
            started_at=origin.modified_at if told.started_at is None else told.started_at,
            ended_at=told.ended_at if dated else origin.modified_at,
            ext_id="" if dated else origin.name,
            bytes_source=told.size,
            message=told.said,
        )
        if told.outcome is None:
            run.unfinished = True
            run.message = _("no line says how it ended")
        reading.runs.append(run)
