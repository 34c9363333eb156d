"""BorgBackup: what `borg create`, `borg list --json` and `borg info --json` print.

A run is ok when an archive's statistics stand in its log and nothing was left out; partial when a path could not be
read (borg ends with 1); failed with an error and no archive. A log without statistics (`--json` or `--stats`) proves
nothing: `borg create -n` prints the same. Borg's own times are local times without an offset.
"""

import re
from datetime import datetime
from typing import Any, ClassVar

import msgspec

from deskaudit.connectors.backups.figures import (
    LocalClock,
    after,
    as_dict,
    as_text,
    decode,
    read_count,
    read_epoch,
    read_iso,
    read_size,
    split_json,
)
from deskaudit.connectors.backups.jobs import Job, Options
from deskaudit.connectors.backups.runs import Origin, Reading, Run, empty_log, not_a_log
from deskaudit.connectors.backups.source import BackupSource
from deskaudit.errors import SourceError
from deskaudit.i18n import _
from deskaudit.text import one_line

HARD = re.compile(r"\[Errno \d+\]|Permission denied|Input/output error|No such file or directory")
"""A path that borg could not read, and left out."""
_FATAL = re.compile(
    r"^(?:Repository .* does not exist|passphrase supplied in .* is incorrect|Archive .* already exists"
    r"|Failed to create/acquire the lock|Traceback \(most recent|Connection closed by remote host|Error:"
    r"|Got Ctrl-C|Keyboard interrupt|Received SIG[A-Z]+|Local Exception|.*is not a valid repository|Remote: .*(?:error|denied))",
    re.IGNORECASE,
)
_RC = re.compile(r"terminating with \w+ status, rc (\d+)")
_STATS_TIME = re.compile(r"^Time \((start|end)\):\s+(?:\w{3}, )?(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?: ?[+-]\d\d:?\d\d)?)")
_STATS_SIZE = re.compile(r"^This archive:\s+(\S+ \w+)\s+\S+ \w+\s+(\S+ \w+)")
_DRY = re.compile(r"^- \S")
_ITEM = re.compile(r"^[AMUChdbcs] \S")
_CHECK = ("Starting repository check", "Starting archive consistency check", "finished segment check")
ENCRYPTED = re.compile(r"repokey|keyfile", re.IGNORECASE)


class BorgJob(Job, frozen=True, kw_only=True, forbid_unknown_fields=True):
    help: ClassVar[dict[str, str]] = {
        **Job.help,
        "logs": 'Saved output of "borg create --json --log-json" or "borg create --stats --show-rc", both streams; also of "borg list --json REPO" and "borg info --json --last 50 REPO".',
    }


class BorgOptions(Options, frozen=True, kw_only=True, forbid_unknown_fields=True):
    jobs: list[BorgJob]


class Borg(BackupSource):
    name: ClassVar[str] = "borg"
    title: ClassVar[str] = "BorgBackup: runs from logs and archive lists"
    options: ClassVar[type[msgspec.Struct]] = BorgOptions
    tested: ClassVar[str] = "real tool (borg 1.2.4)"
    mark: ClassVar[re.Pattern[bytes] | None] = re.compile(
        rb'"archives?"\s*:|"type"\s*:\s*"(?:log_message|archive_progress)"|^Archive (?:name|fingerprint):|terminating with \w+ status, rc',
        re.MULTILINE,
    )
    hint: ClassVar[str] = 'Save the output of "borg create --json --log-json", both streams in one file.'

    def read(self, data: bytes, origin: Origin, job: Any) -> Reading:
        del job
        return read_borg(data, origin)

    def warnings(self, job: Any, reading: Reading) -> list[str]:
        found = super().warnings(job, reading)
        if reading.runs and all(run.listed for run in reading.runs):
            found.append(
                _("known from archive lists alone: runs that failed, or left files out, do not show; give logs")
            )
        return found


class _Told(msgspec.Struct):
    """What one run's lines said."""

    archive: dict[str, object] | None = None  # of --json
    stats: dict[str, str] = msgspec.field(default_factory=dict)  # of --stats
    begun: bool = False
    rc: int | None = None
    error: str = ""
    hard: str = ""
    warning: str = ""
    dry: bool = False
    items: bool = False
    check: bool = False
    damaged: bool = False
    first_at: int | None = None
    lines: int = 0

    @property
    def stored(self) -> bool:
        return self.archive is not None or "name" in self.stats

    @property
    def closed(self) -> bool:
        return self.rc is not None or "end" in self.stats


def read_borg(data: bytes, origin: Origin) -> Reading:
    """The runs of a log or an archive list. Raises SourceError for what borg does not print."""
    reading = Reading()
    if not data.strip():
        reading.runs.append(empty_log(origin))
        return reading
    clock = LocalClock(origin.zone)
    parts = [_Told()]
    known = False
    for item in split_json(decode(data)):
        if isinstance(item, str):
            _hear_line(item, parts)
            continue
        for found in item if isinstance(item, list) else [item]:
            known = _hear_json(as_dict(found), parts, reading, clock, origin) or known
    _refuse_mixed(parts, origin)
    for told in parts:
        _conclude(told, reading, clock, origin, alone=len(parts) == 1)
    seen = known or any(t.stored or t.begun or t.error or t.check or t.rc is not None for t in parts)
    if not seen:
        raise not_a_log(origin, "borg", _("Save it with: borg create --json --log-json"))
    return reading


def _refuse_mixed(parts: list[_Told], origin: Origin) -> None:
    """Raises SourceError where it could only be guessed which run a warning belongs to."""
    blamed = any(told.hard or told.warning or told.error for told in parts)
    stored = [told for told in parts if told.archive is not None]
    if blamed and len(stored) > 1 and any(told.rc is None for told in stored):
        raise SourceError(
            _("{file} holds more than one run.").format(file=origin.name),
            kind="bad_file",
            hint=_("Write one log file for each run, or add --show-rc."),
        )


def _hear_json(
    found: dict[str, object], parts: list[_Told], reading: Reading, clock: LocalClock, origin: Origin
) -> bool:
    """Takes one JSON value; whether borg printed it."""
    if isinstance(found.get("archives"), list):
        reading.runs += list_archives(found, clock, origin)
        return True
    told = parts[-1]
    if isinstance(found.get("archive"), dict) and "repository" in found:
        if told.archive is not None:
            told = _next(parts)
        told.archive = found
        return True
    if found.get("type") == "log_message":
        _hear_message(found, parts)
        return True
    kind = as_text(found.get("type"))
    if kind == "file_status":
        told.dry, told.items = told.dry or found.get("status") == "-", told.items or found.get("status") != "-"
    return kind in {"archive_progress", "progress_message", "progress_percent", "file_status"}


def _hear_message(found: dict[str, object], parts: list[_Told]) -> None:
    text = one_line(as_text(found.get("message")))
    told = parts[-1]
    rc = _RC.search(text)
    if not rc and (told.rc is not None or (told.closed and text and not text.startswith("----"))):
        told = _next(parts)
    told.first_at = told.first_at or read_epoch(found.get("time"))
    if rc:
        told.rc = int(rc[1])
    elif found.get("levelname") in {"ERROR", "CRITICAL"}:
        told.error = told.error or text
    elif found.get("name") == "borg.output.stats":
        _hear_stats(text, told)
    elif HARD.search(text):
        told.hard = told.hard or text
    elif found.get("levelname") == "WARNING":
        told.warning = told.warning or text
    _hear_check(text, told)


def _hear_line(line: str, parts: list[_Told]) -> None:
    told = parts[-1]
    text = line.strip()
    rc = _RC.search(text)
    begins = text.startswith("Creating archive at")
    if not rc and ((begins and (told.begun or told.stored)) or (told.closed and not text.startswith("----"))):
        told = _next(parts)
    told.lines += 1
    if rc:
        told.rc = int(rc[1])
    elif begins:
        told.begun = True
    elif _FATAL.match(text):
        told.error = told.error or one_line(text)
    elif _hear_stats(text, told):
        pass
    elif HARD.search(text):
        told.hard = told.hard or one_line(text)
    elif "file changed while we backed it up" in text:
        told.warning = told.warning or one_line(text)
    elif _DRY.match(text):
        told.dry = True
    elif _ITEM.match(text):
        told.items = True
    _hear_check(text, told)


def _hear_check(text: str, told: _Told) -> None:
    told.check = told.check or text.startswith(_CHECK)
    told.damaged = told.damaged or ("errors found" in text and "no " not in text)


def _hear_stats(text: str, told: _Told) -> bool:
    """Takes a line of the statistics; whether it was one."""
    for key, start in (("name", "Archive name:"), ("repository", "Repository:"), ("id", "Archive fingerprint:")):
        if text.startswith(start):
            told.stats[key] = text.removeprefix(start).strip()
            return True
    if when := _STATS_TIME.match(text):
        told.stats[f"time_{when[1]}"] = when[2]
    elif sizes := _STATS_SIZE.match(text):
        told.stats["original"], told.stats["deduplicated"] = sizes[1], sizes[2]
    elif text.startswith("Chunk index:"):
        told.stats["end"] = "yes"
    else:
        return False
    return True


def _next(parts: list[_Told]) -> _Told:
    parts.append(_Told())
    return parts[-1]


def _conclude(told: _Told, reading: Reading, clock: LocalClock, origin: Origin, *, alone: bool) -> None:
    """Makes the run of one part of a log, where it tells of one."""
    if told.damaged:
        reading.notes.append(_("{file}: borg check found errors in the repository").format(file=origin.name))
    if told.check and not told.stored and not told.begun:
        return
    if told.dry and not told.items and not told.stored:
        reading.notes.append(_("{file}: a dry run (-n) stored nothing and does not count").format(file=origin.name))
        return
    failed = bool(told.error) or (told.rc or 0) > 1
    if not (told.stored or told.begun or failed or told.hard):
        if alone and (told.rc is not None or told.first_at is not None):
            told.begun = True  # something ran, and does not say what
        else:
            return
    run = _from_archive(told.archive, clock) if told.archive else _from_stats(told, clock)
    run = run or Run(state="", started_at=told.first_at or origin.modified_at)
    run.ext_id = run.ext_id or (origin.name if alone else "")
    _judge(told, run)
    reading.runs.append(run)


def _judge(told: _Told, run: Run) -> None:
    rc = told.rc or 0
    fatal = bool(told.error) or 2 <= rc < 100 or rc >= 128
    if fatal:
        run.state = "partial" if told.stored else "failed"
        run.message = told.error or _("borg ended with {code}").format(code=rc)
    elif told.hard:
        run.state = "partial" if told.stored or told.begun else "failed"
        run.message = told.hard
    elif told.stored:
        run.state, run.message = "ok", told.warning
        run.warned = bool(told.warning) or rc > 0
        if rc and not told.warning:
            run.message = _("borg ended with {code}: a warning").format(code=rc)
    elif told.rc is not None:
        run.state = "unknown"
        run.message = _("no statistics: a dry run prints the same; add --json or --stats")
    else:
        run.state, run.unfinished = "unknown", True
        run.message = _("no statistics at the end: still running, cut off, or printed without --json and --stats")


def _from_archive(found: dict[str, object], clock: LocalClock) -> Run | None:
    archive = as_dict(found.get("archive"))
    run = archive_run(archive, found, clock)
    if run is not None:
        run.listed = False
    return run


def _from_stats(told: _Told, clock: LocalClock) -> Run | None:
    times = [
        read_iso(re.sub(r" (?=[+-]\d\d:?\d\d$)", "", told.stats.get(f"time_{end}", ""))) for end in ("start", "end")
    ]
    started = clock.read(times[0]) if times[0] else None
    if started is None:
        return None
    ended = clock.read(times[1]) if times[1] else None
    return Run(
        state="ok",
        started_at=started,
        ended_at=max(ended, started) if ended is not None else None,
        snapshot_id=one_line(told.stats.get("id", ""), 64),
        target=one_line(told.stats.get("repository", "")),
        bytes_source=read_size(told.stats.get("original", "")),
        bytes_added=read_size(told.stats.get("deduplicated", "")),
    )


def archive_run(archive: dict[str, object], found: dict[str, object], clock: LocalClock) -> Run | None:
    """The run that an archive of borg's JSON proves; None where it has no time. `found` has repository and encryption."""
    when = read_iso(archive.get("start") or archive.get("time"))
    started = clock.read(when) if isinstance(when, datetime) else None
    if started is None:
        return None
    ended = after(started, archive.get("duration"))
    if ended is None and (when := read_iso(archive.get("end"))):
        ended = clock.read(when)
    stats = as_dict(archive.get("stats"))
    mode = as_text(as_dict(found.get("encryption")).get("mode"))
    return Run(
        state="ok",
        started_at=started,
        ended_at=ended,
        snapshot_id=one_line(as_text(archive.get("id")), 64),
        target=one_line(as_text(as_dict(found.get("repository")).get("location"))),
        encrypted=bool(ENCRYPTED.search(mode) or "chacha20" in mode or "aes" in mode) if mode else None,
        bytes_source=read_count(stats.get("original_size")),
        bytes_added=read_count(stats.get("deduplicated_size")),
        listed=True,
    )


def list_archives(found: dict[str, object], clock: LocalClock, origin: Origin) -> list[Run]:
    """The runs that `borg list --json` or `borg info --json` proves."""
    archives = found.get("archives")
    rows = [as_dict(row) for row in archives] if isinstance(archives, list) else []
    clocks = LocalClock(origin.zone)  # a list has its own order
    del clock
    return [run for row in rows if (run := archive_run(row, found, clocks)) is not None]
