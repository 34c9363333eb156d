"""Proxmox VE and Proxmox Backup Server: vzdump logs, task lists and task indexes.

Each guest is a job of its own: "Finished Backup of VM 101" or "Backup of VM 101 failed". What is excluded from a backup
by the guest's configuration is told. Logs have local times; an archive at a backup server has its own in UTC, and that
one counts. qmrestore, vzrestore and pct restore tasks are restores; a verify task of the server read everything back.
"""

import re
from typing import Any, ClassVar

import msgspec

from deskaudit.connectors.backups.figures import (
    LocalClock,
    as_text,
    decode,
    read_epoch,
    read_iso,
    read_size,
    split_json,
)
from deskaudit.connectors.backups.jobs import Job, Options
from deskaudit.connectors.backups.runs import Origin, Reading, Restore, Run, not_a_log
from deskaudit.connectors.backups.source import BackupSource
from deskaudit.i18n import _
from deskaudit.text import one_line

_PREFIX = re.compile(r"^(?:\d+: )?(?:(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) )?(INFO|ERROR|WARN(?:ING)?): ?(.*)$")
_STARTS = re.compile(r"^Starting Backup of VM (\d+)")
_AT = re.compile(r"^(?:Backup (started|finished) at|(Failed) at) (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)")
_FINISHED = re.compile(r"^Finished Backup of VM (\d+) \((\d+):(\d\d):(\d\d)\)")
_FAILED = re.compile(r"^Backup of VM (\d+) failed - ?(.*)")
_ARCHIVE = re.compile(r"^creating (?:vzdump )?(?:Proxmox Backup Server )?archive '([^']*)'")
_PBS_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)$")
_TROUBLE = re.compile(r"^[^\n]{0,40}\bBackup job finished with errors|^TASK ERROR: ", re.MULTILINE)
_JOB = re.compile(r"\bstarting new backup job\b")
_EXCLUDED = re.compile(r"^exclud(?:e disk|ing \S+ mount point|ing) '?([^'\s]*)'?.*", re.IGNORECASE)
_UPID = re.compile(
    r"UPID:([^:\s]+):[0-9A-Fa-f]{8}:[0-9A-Fa-f]{8,9}:(?:[0-9A-Fa-f]{8,9}:)?([0-9A-Fa-f]{8}):([^:\s]+):([^:\s]*):[^:\s]*:"
)
_INDEX = re.compile(r"^(UPID:\S+:)(?: ([0-9A-Fa-f]{8}) (.+))?$")
_RESTORES = {"qmrestore", "vzrestore", "pctrestore", "imgrestore", "download-restore"}
_VERIFIES = {"verify", "verificationjob", "verify_snapshot", "verify_group"}


class ProxmoxJob(Job, frozen=True, kw_only=True, forbid_unknown_fields=True):
    help: ClassVar[dict[str, str]] = {
        **Job.help,
        "logs": 'vzdump logs (/var/log/vzdump/*.log, saved task logs or mails), /var/log/pve/tasks/index*, or saved output of "pvesh get /nodes/NODE/tasks --output-format json" and "proxmox-backup-manager task list --all --output-format json".',
        "only": "Numbers or names of guests: only these belong to this job. Left out: each guest becomes one.",
    }


class ProxmoxOptions(Options, frozen=True, kw_only=True, forbid_unknown_fields=True):
    jobs: list[ProxmoxJob]


class Proxmox(BackupSource):
    name: ClassVar[str] = "proxmox"
    title: ClassVar[str] = "Proxmox: vzdump logs, task lists of VE and Backup Server"
    options: ClassVar[type[msgspec.Struct]] = ProxmoxOptions
    tested: ClassVar[str] = "fixture: made from the documented shapes"
    mark: ClassVar[re.Pattern[bytes] | None] = re.compile(rb"vzdump|UPID:|INFO: Starting Backup of VM|\"upid\"")
    hint: ClassVar[str] = "Give /var/log/vzdump/*.log, or the task list as JSON."

    def read(self, data: bytes, origin: Origin, job: Any) -> Reading:
        del job
        return read_proxmox(data, origin)


class _Guest(msgspec.Struct):
    """What a vzdump log said of one guest."""

    number: str
    name: str = ""
    started_at: int | None = None
    ended_at: int | None = None
    shift: int = 0  # what the zone of the log is wrong by, where an archive tells
    target: str = ""
    source: int | None = None
    added: int | None = None
    state: str = ""
    message: str = ""
    excluded: list[str] = msgspec.field(default_factory=list)


def read_proxmox(data: bytes, origin: Origin) -> Reading:
    """The runs and restores of a log or a task list. Raises SourceError for what Proxmox does not print."""
    reading = Reading()
    clock = LocalClock(origin.zone)
    guests: list[_Guest] = []
    known = False
    text = decode(data)
    for item in split_json(text):
        if isinstance(item, str):
            known = _hear(item, guests, reading, clock) or known
            continue
        for row in item if isinstance(item, list) else _rows(item):
            if isinstance(row, dict) and ("upid" in row or "worker_type" in row):
                known = True
                _take(row, reading)
    for guest in guests:
        _conclude(guest, reading, origin)
    is_backup = bool(guests) or _JOB.search(text) is not None
    if is_backup and _TROUBLE.search(text) and all(guest.state == "ok" for guest in guests):
        reading.faults.append(
            _("{file}: the job ended with errors, and it does not say which guest failed").format(file=origin.name)
        )
    if not known and data.strip() != b"[]":
        raise not_a_log(origin, "Proxmox", _("Give a vzdump log, or a task list as JSON."))
    return reading


def _rows(item: object) -> list[object]:
    """The tasks of {"data": […]}, or the one task that this is."""
    rows = item.get("data") if isinstance(item, dict) else None
    return rows if isinstance(rows, list) else [item]


def _hear(line: str, guests: list[_Guest], reading: Reading, clock: LocalClock) -> bool:
    """Takes a line of a vzdump log or of a task index; whether Proxmox wrote it."""
    if index := _INDEX.match(line.strip()):
        row: dict[str, object] = {"upid": index[1], "status": (index[3] or "").strip()}
        if index[2]:
            row["endtime"] = int(index[2], 16)
        _take(row, reading)
        return True
    found = _PREFIX.match(line)
    if not found:
        return line.startswith(("TASK OK", "TASK ERROR", "TASK WARNINGS"))
    when = read_iso(found[1]) if found[1] else None
    said = found[3].strip()
    if starts := _STARTS.match(said):
        guests.append(_Guest(starts[1], started_at=clock.read(when) if when else None))
        return True
    if said.startswith(("starting new backup job", "Backup job finished")):
        return True
    failed = _FAILED.match(said)
    if failed and (not guests or guests[-1].number != failed[1]):  # it did not come to its beginning
        guests.append(_Guest(failed[1], started_at=clock.read(when) if when else None))
    if not guests:
        return False
    _hear_guest(guests[-1], found[2], said, clock)
    return True


def _hear_guest(guest: _Guest, level: str, said: str, clock: LocalClock) -> None:
    if at := _AT.match(said):
        when = read_iso(at[3])
        epoch = clock.read(when) if when else None
        if at[1] == "started":
            guest.started_at = epoch if guest.started_at is None else guest.started_at
        else:
            guest.started_at = epoch if guest.started_at is None else guest.started_at
            guest.ended_at = epoch and epoch + guest.shift
    elif finished := _FINISHED.match(said):
        if finished[1] == guest.number:
            guest.state = guest.state or "ok"
            length = int(finished[2]) * 3600 + int(finished[3]) * 60 + int(finished[4])
            if guest.ended_at is None and guest.started_at is not None and length < 10**7:
                guest.ended_at = guest.started_at + length
    elif failed := _FAILED.match(said):
        if failed[1] == guest.number:
            guest.state, guest.message = "failed", one_line(failed[2])
    elif archive := _ARCHIVE.match(said):
        guest.target = one_line(archive[1])
        if utc := _PBS_TIME.search(archive[1]):
            when = read_iso(utc[1])
            own = read_epoch(when.timestamp()) if when else None
            if own is not None and guest.started_at is not None:
                guest.shift = own - guest.started_at
            guest.started_at = guest.started_at if own is None else own
    elif said.startswith(("VM Name:", "CT Name:")):
        guest.name = one_line(said.partition(":")[2])
    elif excluded := _EXCLUDED.match(said):
        guest.excluded.append(excluded[1])
    elif said.startswith("archive file size:"):
        guest.added = read_size(said.partition(":")[2])
    elif said.startswith("transferred "):
        guest.source = read_size(said.removeprefix("transferred "))
    elif level.startswith("WARN") or said.startswith("WARNING"):
        guest.message = guest.message or one_line(said)


def _conclude(guest: _Guest, reading: Reading, origin: Origin) -> None:
    if guest.excluded:
        message = _("guest {number}: {disks} is left out of its backup by its configuration")
        disks = one_line(", ".join(dict.fromkeys(guest.excluded)))
        reading.notes.append(message.format(number=guest.number, disks=disks))
    run = Run(
        state=guest.state or "unknown",
        started_at=origin.modified_at if guest.started_at is None else guest.started_at,
        ended_at=guest.ended_at,
        job=guest.number,
        machine=guest.name,
        target=guest.target,
        bytes_source=guest.source,
        bytes_added=guest.added,
        message=guest.message,
        unfinished=not guest.state,
    )
    if run.ended_at is not None and run.ended_at < run.started_at:
        run.ended_at = None
    reading.runs.append(run)


def _take(row: dict[str, object], reading: Reading) -> None:
    """Takes one task of a list."""
    upid = _UPID.search(as_text(row.get("upid")))
    kind = as_text(row.get("type") or row.get("worker_type")) or (upid[3] if upid else "")
    about = as_text(row.get("id") or row.get("worker_id")) or (upid[4] if upid else "")
    about = one_line(about.replace("\\x3a", ":"), 120)
    started = read_epoch(row.get("starttime")) or (read_epoch(int(upid[2], 16)) if upid else None)
    ended, status = (
        read_epoch(row.get("endtime")),
        one_line(as_text(row.get("status")) or as_text(row.get("exitstatus"))),
    )
    if started is None:
        return
    good = status == "OK" or status.startswith("WARNINGS")
    running = not status or (status in {"running", "unexpected status"} and ended is None)
    if kind in _RESTORES and not running:
        reading.restores.append(Restore(at=ended or started, job=_guest_of(about), result="ok" if good else "failed"))
    elif kind in _VERIFIES and not running:
        result = "verified" if status == "OK" else "failed"
        reading.restores.append(Restore(at=ended or started, job=_guest_of(about), result=result))
    elif kind in {"vzdump", "backup"}:
        reading.runs.append(
            Run(
                state="unknown" if running else ("ok" if good else "failed"),
                started_at=started,
                ended_at=ended,
                job=_guest_of(about) or _("all guests"),
                message="" if status == "OK" else status,
                unfinished=running,
            )
        )


def _guest_of(about: str) -> str:
    """The guest's number of "101", "store:vm/101" and "store:backup/vm/101/…"; the whole text where it names none."""
    found = re.search(r"(?:^|[:/])(?:vm|ct|qemu|lxc)/(\d+)", about)
    return found[1] if found else about
