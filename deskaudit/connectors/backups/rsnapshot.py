"""rsnapshot: its log file. A run that only rotates older snapshots copies nothing, and is no backup."""

import re
from datetime import datetime
from typing import ClassVar

import msgspec

from deskaudit.connectors.backups.figures import LocalClock, decode, read_iso
from deskaudit.connectors.backups.jobs import Job, check_names
from deskaudit.connectors.backups.runs import Origin, Reading, Run, empty_log, not_a_log
from deskaudit.connectors.backups.source import BackupSource
from deskaudit.i18n import _
from deskaudit.text import one_line

_LINE = re.compile(r"^\[(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[+-]\d\d:?\d\d)?|\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d)\] (.*)$")
_SAID = re.compile(r"^(?:WARNING: |ERROR: )?(\S*rsnapshot\b[^:]*): (?:ERROR: )?(?:\S*rsnapshot\b[^:]*: )?(.*)$")
_COPIES = re.compile(r"^(?:\S*/)?(?:rsync|tar|lvcreate) |sync_if_different\(")
_ROTATES = re.compile(r"^(?:\S*/)?(?:mv|cp) |^native_cp_al")
_ROOT = re.compile(r"^touch (/\S*?)/?[^/\s]+/?\s*$")
_RETURNED = re.compile(r" returned (\d+)")


class RsnapshotJob(Job, frozen=True, kw_only=True, forbid_unknown_fields=True):
    help: ClassVar[dict[str, str]] = {
        **Job.help,
        "logs": "The logfile of rsnapshot.conf, with loglevel 3 or more.",
        "levels": "The retention levels that copy, as alpha or daily; default: those whose log shows a copy.",
    }

    levels: list[str] = msgspec.field(default_factory=list)


class RsnapshotOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    help: ClassVar[dict[str, str]] = {"jobs": "The backups that should happen, one table each."}

    jobs: list[RsnapshotJob]

    def __post_init__(self) -> None:
        check_names(self.jobs)


class Rsnapshot(BackupSource):
    name: ClassVar[str] = "rsnapshot"
    title: ClassVar[str] = "rsnapshot: runs from its log"
    options: ClassVar[type[msgspec.Struct]] = RsnapshotOptions
    tested: ClassVar[str] = "real tool (rsnapshot 1.4.5)"
    mark: ClassVar[re.Pattern[bytes] | None] = re.compile(rb"rsnapshot")
    hint: ClassVar[str] = "Set logfile and loglevel 3 in rsnapshot.conf."

    def read(self, data: bytes, origin: Origin, job: RsnapshotJob) -> Reading:
        return read_rsnapshot(data, origin, frozenset(job.levels))


class _Told(msgspec.Struct):
    """What one run's lines said."""

    started_at: int
    command: str
    ended_at: int | None = None
    begun: bool = False
    closing: str = ""
    copies: int = 0
    rotates: int = 0
    failures: int = 0
    error: str = ""
    warning: str = ""
    partial: bool = False
    target: str = ""

    @property
    def level(self) -> str:
        return self.command.split()[-1] if self.command.split() else ""


def read_rsnapshot(data: bytes, origin: Origin, levels: frozenset[str] = frozenset()) -> Reading:
    """The runs of a log. Raises SourceError for what rsnapshot does not print."""
    reading = Reading()
    if not data.strip():
        reading.runs.append(empty_log(origin))
        return reading
    clock = LocalClock(origin.zone)
    parts: list[_Told] = []
    running: dict[str, _Told] = {}
    known = False
    for line in decode(data).splitlines():
        found = _LINE.match(line)
        when = _time(found[1], clock) if found else None
        if found is None or when is None:
            continue  # the rest of a long line
        known = True
        _hear(parts, running, when, found[2].strip())
    if not known:
        raise not_a_log(origin, "rsnapshot", _("Give the logfile of rsnapshot.conf."))
    for told in parts:
        _conclude(told, reading, levels)
    return reading


def _time(text: str, clock: LocalClock) -> int | None:
    if "/" in text:
        try:
            return clock.read(datetime.strptime(text, "%d/%b/%Y:%H:%M:%S"))  # noqa: DTZ007 - the clock knows the zone
        except ValueError:
            return None
    when = read_iso(text)
    return clock.read(when) if when else None


def _hear(parts: list[_Told], running: dict[str, _Told], when: int, said: str) -> None:
    """`running` has the runs without an end, by their command: several configs may write to one log at a time."""
    found = _SAID.match(said)
    if found is None:
        for one in list(running.values()) or parts[-1:]:  # it does not say whose line it is
            one.ended_at = when
            _hear_work(one, said)
        return
    command, text = found[1].strip(), found[2].strip()
    told = running.get(command)
    if told is None and len(running) == 1:
        told = next((one for one in running.values() if one.begun), None)
    if told is None or text == "started":
        told = running[command] = _Told(when, command, begun=text == "started")
        parts.append(told)
        if told.begun:
            return
    told.ended_at = when
    if text.startswith("completed"):
        told.closing = text
        running.pop(told.command, None)
    elif "ERROR: " in said:
        told.error = told.error or one_line(text)
        told.failures += bool(_RETURNED.search(text))
    else:
        _hear_work(told, said)


def _hear_work(told: _Told, said: str) -> None:
    if said.startswith("WARNING: "):
        told.warning = told.warning or one_line(said.removeprefix("WARNING: "))
        told.partial = told.partial or "vanished" not in said
    elif _COPIES.search(said):
        told.copies += 1
    elif _ROTATES.match(said):
        told.rotates += 1
    elif root := _ROOT.match(said):
        told.target = root[1]


def _conclude(told: _Told, reading: Reading, levels: frozenset[str]) -> None:
    if levels and told.level not in levels:
        return
    if not levels and told.rotates and not told.copies and not told.error:
        return  # a rotation
    run = Run(state="", started_at=told.started_at, ended_at=told.ended_at, target=told.target)
    run.message = told.error or told.warning
    if told.closing.startswith("completed successfully"):
        run.state, run.message = "ok", ""  # what was said meanwhile was another run's
        if not told.copies and not levels:
            run.state = "unknown"
            run.message = _("the log does not show what it copied: set loglevel 3, or name the levels that copy")
    elif told.closing.startswith("completed, but with some warnings"):
        run.state, run.warned = ("partial", False) if told.partial else ("ok", True)
    elif told.closing.startswith("completed"):
        run.state = "failed" if told.failures >= max(told.copies, 1) else "partial"
        run.message = run.message or one_line(told.closing)
    elif told.error:
        run.state = "failed"
    else:
        run.state, run.unfinished = "unknown", True
    reading.runs.append(run)
