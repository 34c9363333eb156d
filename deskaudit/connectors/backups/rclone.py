"""rclone: its log, as JSON (`--use-json-log`) or text. The statistics at its end tell; rclone is silent without -v.

Each statistics line says how long the run has lasted: lines of one start are one run, and the last one counts. Errors of
a try that was repeated are gone from it.
"""

import re
from datetime import datetime
from typing import Any, ClassVar

import msgspec

from deskaudit.connectors.backups.figures import (
    LocalClock,
    as_dict,
    as_text,
    decode,
    read_count,
    read_iso,
    read_size,
    split_json,
)
from deskaudit.connectors.backups.jobs import Job, Options
from deskaudit.connectors.backups.runs import Origin, Reading, Run, empty_log, not_a_log
from deskaudit.connectors.backups.source import BackupSource
from deskaudit.i18n import _, ngettext
from deskaudit.text import one_line

SAME_S = 3
"""Starts that are told of one run differ by so much at most."""
GAP_S = 300
"""With -v there are statistics every minute: what comes so long after the last ones is another run."""
_LINE = re.compile(r"^(\d{4}/\d\d/\d\d \d\d:\d\d:\d\d)(?:\.\d+)? +(?:([A-Z]+) *: ?)?(.*)$")
_FAILED = re.compile(r"^(?:Failed to|Fatal error|CRITICAL)\b")
_TRANSFERRED = re.compile(r"^Transferred:\s+([\d.]+ ?\w*) ?/ ?([\d.]+ ?\w*), (?:(\d+)%|-)")
_ERRORS = re.compile(r"^Errors:\s+(\d+)")
_ELAPSED = re.compile(r"^Elapsed time:\s+(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:([\d.]+)s)?")


class RcloneJob(Job, frozen=True, kw_only=True, forbid_unknown_fields=True):
    help: ClassVar[dict[str, str]] = {
        **Job.help,
        "logs": 'Files written by "rclone sync … -v --use-json-log --log-file FILE" (text without --use-json-log is read too).',
    }


class RcloneOptions(Options, frozen=True, kw_only=True, forbid_unknown_fields=True):
    jobs: list[RcloneJob]


class Rclone(BackupSource):
    name: ClassVar[str] = "rclone"
    title: ClassVar[str] = "rclone: runs from its log"
    options: ClassVar[type[msgspec.Struct]] = RcloneOptions
    tested: ClassVar[str] = "real tool (rclone 1.60.1)"
    mark: ClassVar[re.Pattern[bytes] | None] = re.compile(
        rb'"source":"[^"]*\.go:|^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d (?:INFO|NOTICE|ERROR|DEBUG)\b|"stats":|^Transferred:',
        re.MULTILINE,
    )
    hint: ClassVar[str] = 'Run it with "-v --use-json-log --log-file FILE".'

    def read(self, data: bytes, origin: Origin, job: Any) -> Reading:
        del job
        return read_rclone(data, origin)


class _Told(msgspec.Struct):
    """What one run's lines said; the statistics are those of its last statistics line."""

    first_at: int | None = None
    last_at: int | None = None
    started_at: int | None = None  # by its statistics
    stats: bool = False
    whole: bool = True  # nothing was still under way
    errors: int = 0
    fatal: bool = False
    moved: int | None = None
    done: int = 0  # files copied or checked
    error: str = ""
    failed: str = ""
    dry: bool = False
    after: bool = False  # work went on after the statistics
    open: bool = False  # the statistics have begun and do not end


def read_rclone(data: bytes, origin: Origin) -> Reading:
    """The runs of a log. Raises SourceError for what rclone does not print."""
    reading = Reading()
    if not data.strip():
        reading.runs.append(empty_log(origin))
        return reading
    clock = LocalClock(origin.zone)
    parts = [_Told()]
    known = False
    for item in split_json(decode(data)):
        if isinstance(item, str):
            known = _hear_line(item, parts, clock) or known
        elif isinstance(item, dict) and "level" in item and "msg" in item:
            known = True
            _hear_json(item, parts, clock)
    if not known:
        raise not_a_log(origin, "rclone", _("Run it with -v --use-json-log --log-file."))
    parts = [told for told in parts if told.first_at is not None or told.failed]
    for told in parts:
        _conclude(told, reading, origin, alone=len(parts) == 1)
    return reading


def _hear_json(item: dict[str, object], parts: list[_Told], clock: LocalClock) -> None:
    when = read_iso(item.get("time"))
    at = clock.read(when) if when else None
    said, level = as_text(item.get("msg")).strip(), as_text(item.get("level"))
    stats = as_dict(item.get("stats"))
    elapsed = stats.get("elapsedTime")
    if stats and at is not None and isinstance(elapsed, (int, float)) and 0 <= elapsed < 10**7:
        told = _part(parts, at, at - int(elapsed))
        told.stats, told.after = True, False
        told.errors = read_count(stats.get("errors")) or 0
        told.fatal = stats.get("fatalError") is True
        told.moved = read_count(stats.get("bytes"))
        told.done = (read_count(stats.get("transfers")) or 0) + (read_count(stats.get("checks")) or 0)
        told.whole = not stats.get("transferring") and not stats.get("checking")
        told.whole = told.whole and stats.get("transfers") == stats.get("totalTransfers")
        if told.errors:
            told.error = one_line(as_text(stats.get("lastError"))) or told.error
        return
    _hear(_part(parts, at, None), said, level.upper())


def _hear_line(line: str, parts: list[_Told], clock: LocalClock) -> bool:
    """Takes a line of text; whether rclone wrote it."""
    found = _LINE.match(line)
    if found:
        told = _part(parts, _time(found[1], clock), None)
        _hear(told, found[3].strip(), found[2] or "")
        return found[2] is not None or bool(_FAILED.match(found[3]))
    told, said = parts[-1], line.strip()
    if moved := _TRANSFERRED.match(said):
        if moved[1].strip().isdigit():  # files; their bytes stand above them
            told.done += int(moved[1])
            told.whole = told.whole and moved[3] in {None, "100"}
        else:
            told.moved, told.errors, told.whole = read_size(moved[1]), 0, moved[3] in {None, "100"}
        told.stats, told.after, told.open = True, False, True
    elif errors := _ERRORS.match(said):
        told.errors = int(errors[1][:9])
    elif elapsed := _ELAPSED.match(said):
        told.open = False
        days, hours, minutes, seconds = (float(part or 0) for part in elapsed.groups())
        length = days * 86400 + hours * 3600 + minutes * 60 + seconds
        if told.last_at is not None and 0 <= length < 10**7:
            told.started_at = told.last_at - int(length)
    return False


def _time(text: str, clock: LocalClock) -> int | None:
    try:
        return clock.read(datetime.strptime(text, "%Y/%m/%d %H:%M:%S"))  # noqa: DTZ007 - the clock knows the zone
    except ValueError:
        return None


def _part(parts: list[_Told], at: int | None, start: int | None) -> _Told:
    """The run that a line of time `at` belongs to; `start` is when its statistics say that it began."""
    told = parts[-1]
    other = start is not None and told.started_at is not None and abs(start - told.started_at) > SAME_S
    late = told.stats and at is not None and told.last_at is not None and at - told.last_at > GAP_S and start is None
    if told.failed or other or late:
        told.after = told.after and not other  # what followed the statistics was the other run's
        told = _Told()
        parts.append(told)
    elif told.stats and start is None and at is not None:
        told.after = True  # a following run, or this one going on: its next statistics tell
    if at is not None:
        told.first_at = at if told.first_at is None else told.first_at
        told.last_at = at
    if start is not None:
        told.started_at = start if told.started_at is None else told.started_at
    return told


def _hear(told: _Told, said: str, level: str) -> None:
    if level in {"", "CRITICAL"} and _FAILED.match(said):
        told.failed = one_line(said)
    elif "as --dry-run is set" in said:
        told.dry = True
    elif level in {"ERROR", "CRITICAL"} and not told.error:
        told.error = one_line(said)


def _conclude(told: _Told, reading: Reading, origin: Origin, *, alone: bool) -> None:
    if told.dry:
        reading.notes.append(_("{file}: a dry run copied nothing and does not count").format(file=origin.name))
        return
    start = told.started_at if told.started_at is not None else told.first_at
    run = Run(
        state="",
        started_at=origin.modified_at if start is None else start,
        ended_at=told.last_at if told.last_at is not None else origin.modified_at,
        ext_id=origin.name if alone and start is None else "",
        bytes_added=told.moved,
    )
    if told.failed or told.fatal or told.errors:
        run.state = "partial" if told.done and not told.fatal else "failed"
        counted = ngettext("{n} error", "{n} errors", told.errors).format(n=told.errors)
        run.message = told.error or told.failed or counted
    elif told.stats and told.whole and not (told.after or told.open):
        run.state = "ok"
    elif told.stats:
        run.state, run.unfinished = "unknown", True
    elif told.error:
        run.state, run.message = "failed", told.error
    else:
        run.state = "unknown"
        run.message = _("no statistics: rclone tells its end with -v, and without --stats-one-line")
    reading.runs.append(run)
