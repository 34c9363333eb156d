"""Veeam: the CSV files that reporting scripts export, in their several shapes.

Sessions (one row a job, or a row a machine), job lists (target, encryption) and repository lists are told by their
columns. A retried session is judged by the last try of each machine; exact duplicates count once; SureBackup sessions
are restore tests. An end of 1/1/1900 means that the session runs.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from deskaudit.connectors.backups.exports import Dates, Export, ExportRow
from deskaudit.connectors.backups.figures import after, read_size
from deskaudit.connectors.backups.jobs import Job, check_names
from deskaudit.connectors.backups.runs import About, Reading, Restore, Run
from deskaudit.connectors.backups.source import BackupSource
from deskaudit.connectors.tabular.cells import Words, read_duration
from deskaudit.errors import SourceError
from deskaudit.i18n import _
from deskaudit.model.batches import Reject
from deskaudit.text import one_line

_NAMES = {
    "job": ("Job Name", "JobName", "Backup Job", "Job", "Policy", "Name"),
    "result": ("Result", "Status", "Job Status", "Job Result", "Last Result", "LastResult", "Session Result"),
    "started": (
        "CreationTime", "Creation Time", "Start Time", "StartTime", "Job Start Time", "StartDate", "Start Date",
        "Backup Session Creation Time", "Session Start", "Start", "Begin Time", "Last Run", "LastRun",
    ),
    "ended": ("EndTime", "End Time", "Job End Time", "EndDate", "End Date", "Stop Time", "End", "Session End"),
    "duration": ("JobDuration", "Job Duration", "Duration"),
    "retry": ("IsRetry", "Is Retry", "IsRetryMode", "Retry", "Retry of Job", "Is Retry Mode"),
    "machine": ("VM Name", "VmName", "VM", "ServerName", "Server Name", "Object Name", "Object", "Machine", "Computer"),
    "kind": ("JobType", "Job Type", "JobTypeString", "Type", "Session Type"),
    "state": ("State", "Session State", "Job State"),
    "source": ("DataSize", "Data Size", "Total Size", "TotalSize", "Processed Size", "ProcessedSize"),
    "added": ("BackupSize", "Backup Size", "Transferred Size", "TransferredSize", "Transferred"),
    "repository": ("RepoName", "Repository", "Repository Name", "Target Repository", "TargetRepository", "Target"),
    "encrypted": ("StgEncryptionEnabled", "Encryption Enabled", "Encrypted", "IsEncryptionEnabled", "Encryption"),
    "key": ("PwdKeyId",),
    "linked": ("LinkedJob", "Linked Job", "Linked Jobs"),
    "path": ("Path", "Folder", "Repository Path"),
}  # fmt: skip
_UNITS = {"source": "", "added": ""}
_UNIT = re.compile(r"\((?:in )?([KMGT])i?B\)|_([KMGT])B$", re.IGNORECASE)
_STATES = {
    "success": "ok", "completed": "ok", "warning": "warned", "failed": "failed", "error": "failed", "none": "running",
    "": "running", "inprogress": "running", "in progress": "running", "running": "running", "pending": "running",
    "working": "running", "canceled": "failed", "cancelled": "failed", "stopped": "unknown",
}  # fmt: skip
_WORST = {"failed": 3, "running": 2, "unknown": 2, "warned": 1, "ok": 0}
_RESTORE = re.compile(r"sure ?backup|\brestore\b|instant ?recovery|dr ?lab", re.IGNORECASE)
_NO_KEY = re.compile(r"[0{}-]*")


class VeeamJob(Job, frozen=True, kw_only=True, forbid_unknown_fields=True):
    help: ClassVar[dict[str, str]] = {
        **Job.help,
        "logs": "CSV files of sessions (job, result, start), of jobs (target, encryption) and of repositories, from any reporting script; * allowed.",
        "only": "Names of Veeam jobs, with the SureBackup job that tests them: only these belong to this job. Left out: each Veeam job becomes one.",
    }


class VeeamOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    help: ClassVar[dict[str, str]] = {
        "jobs": "The backups that should happen, one table each.",
        "dates": "The order of days and months in the files: auto, dmy, mdy or ymd.",
    }

    jobs: list[VeeamJob]
    dates: Dates = "auto"

    def __post_init__(self) -> None:
        check_names(self.jobs)


class Veeam(BackupSource):
    name: ClassVar[str] = "veeam"
    title: ClassVar[str] = "Veeam: CSV exports of sessions, jobs and repositories"
    options: ClassVar[type[msgspec.Struct]] = VeeamOptions
    tested: ClassVar[str] = "fixture: made from the documented shapes"
    mark: ClassVar[re.Pattern[bytes] | None] = re.compile(rb"Job|Repo", re.IGNORECASE)
    hint: ClassVar[str] = "Export the sessions with Export-Csv: job, result, start, end, retry."

    _options: VeeamOptions

    def read_file(self, file: Path, job: Any) -> Reading:
        export = Export(file, self._context, job, names=_NAMES, dates=self._options.dates)
        reading = Reading()
        if export.has("job", "result", "started"):
            _read_sessions(export, reading)
        elif export.has("job", "path"):
            _read_repositories(export, reading)
        elif export.has("job") and (export.has("repository") or export.has("encrypted") or export.has("key")):
            _read_jobs(export, reading)
        else:
            raise SourceError(
                _("{file} has no columns for job, result and start.").format(file=file.name),
                kind="bad_file",
                hint=_("Columns: {names}.").format(
                    names=one_line(", ".join(dict.fromkeys(export.header.values())), 300)
                ),
            )
        reading.rejects += export.bad.flush()
        return reading

    def collect(self, job: Any) -> Reading:
        """As all do; and the repositories' places are put into the targets that name them."""
        reading = super().collect(job)
        places = {
            name.removeprefix(_PLACE): about.target for name, about in reading.about.items() if name.startswith(_PLACE)
        }
        reading.about = {
            name: msgspec.structs.replace(about, target=places.get(about.target, about.target))
            for name, about in reading.about.items()
            if not name.startswith(_PLACE)
        }
        for run in reading.runs:
            run.target = places.get(run.target, run.target)
        return reading


_PLACE = "\x1frepository\x1f"


class _Task(msgspec.Struct, frozen=True):
    """One row of a session: a job's, or one machine's in it."""

    job: str
    machine: str
    started_at: int
    ended_at: int | None
    state: str
    word: str
    retry: bool
    source: int | None
    added: int | None
    target: str
    encrypted: bool | None


def _read_sessions(export: Export, reading: Reading) -> None:
    units = {field: _unit(export.columns.get(field, "")) for field in _UNITS}
    tasks: dict[bytes, _Task] = {}
    for row in export.rows(("started", "ended")):
        try:
            task = _task(row, units)
        except (ValueError, OverflowError):
            reading.rejects.append(Reject(row.place, _("no time that is known here")))
            continue
        if task is None:
            reading.rejects.append(Reject(row.place, _("no job, or no start")))
        elif _RESTORE.search(row.text("kind")) or _RESTORE.search(task.job):
            _take_restore(task, row.text("linked"), reading)
        else:
            tasks.setdefault(msgspec.json.encode(task), task)
    jobs: dict[str, list[_Task]] = defaultdict(list)
    for task in tasks.values():
        jobs[task.job].append(task)
    for found in jobs.values():
        reading.runs += [_join(chain) for chain in _chains(sorted(found, key=lambda task: task.started_at))]


def _task(row: ExportRow, units: dict[str, str]) -> _Task | None:
    started = row.time("started")
    name = one_line(row.text("job"), 120)
    if started is None or not name:
        return None
    ended = row.time("ended")
    if ended is None and "ended" not in row.cells and row.text("duration"):
        ended = after(started, read_duration(row.text("duration"), "s", "."))
    word = row.text("result")
    state = _STATES.get(word.casefold().strip(), "unknown")
    if (
        state == "running"
        and ended is not None
        and ended >= started
        and row.text("state").casefold() in {"", "stopped"}
    ):
        state = "unknown"  # it ended, and its result is None
    return _Task(
        job=name,
        machine=one_line(row.text("machine"), 120),
        started_at=started,
        ended_at=ended if ended is not None and ended >= started else None,
        state=state,
        word=one_line(word, 60),
        retry=_flag(row.text("retry")) is True,
        source=read_size(row.text("source"), units["source"]),
        added=read_size(row.text("added"), units["added"]),
        target=one_line(row.text("repository")),
        encrypted=_encrypted(row),
    )


def _chains(tasks: Iterable[_Task]) -> list[list[_Task]]:
    """The tasks of a job, by session; the tries of a session are with it."""
    chains: list[list[_Task]] = []
    for task in tasks:
        same = chains and (chains[-1][-1].started_at == task.started_at or task.retry)
        if same:
            chains[-1].append(task)
        else:
            chains.append([task])
    return chains


def _join(chain: list[_Task]) -> Run:
    """A session as it ended: of each machine the last try."""
    last: dict[str, _Task] = {task.machine: task for task in chain}
    if "" in last:  # the rows of jobs, not of machines
        last = {"": last[""]}
    final = list(last.values())
    states = {task.state for task in final}
    worst = max(final, key=lambda task: _WORST[task.state])
    state = worst.state
    if state == "failed" and len(states) > 1 and states & {"ok", "warned"}:
        state = "partial"
    ends = [task.ended_at for task in final]
    running = "running" in states
    return Run(
        state={"warned": "ok", "running": "unknown"}.get(state, state),
        started_at=chain[0].started_at,
        ended_at=None if running or None in ends else max(end for end in ends if end is not None),
        job=chain[0].job,
        machine=final[0].machine if len(final) == 1 else "",
        target=final[-1].target,
        encrypted=next((task.encrypted for task in final if task.encrypted is not None), None),
        bytes_source=_sum(task.source for task in final),
        bytes_added=_sum(task.added for task in final),
        message="" if state == "ok" else one_line(f"{worst.machine} {worst.word}"),
        warned=state == "warned",
        unfinished=running,
    )


def _sum(sizes: Iterable[int | None]) -> int | None:
    known = list(sizes)
    total = sum(size for size in known if size is not None)
    return total if known and None not in known and total < 2**63 else None


def _take_restore(task: _Task, linked: str, reading: Reading) -> None:
    if task.state == "running":
        return
    at = task.ended_at if task.ended_at is not None else task.started_at
    result = "ok" if task.state == "ok" else "failed"
    for job in [one_line(part, 120) for part in re.split(r"[,;|]", linked) if part.strip()] or [task.job]:
        reading.restores.append(Restore(at=at, job=job, machine=task.machine, result=result))


def _read_jobs(export: Export, reading: Reading) -> None:
    for row in export.rows(()):
        name = one_line(row.text("job"), 120)
        if name:
            reading.about[name] = About(target=one_line(row.text("repository")), encrypted=_encrypted(row))


def _read_repositories(export: Export, reading: Reading) -> None:
    for row in export.rows(()):
        name = one_line(row.text("job"), 120)
        place = " ".join(part for part in (row.text("kind"), row.text("path")) if part)
        reading.about[_PLACE + name] = About(target=one_line(f"{place} ({name})"))


def _encrypted(row: ExportRow) -> bool | None:
    flag = _flag(row.text("encrypted"))
    if flag is None and (key := row.text("key")):
        return _NO_KEY.fullmatch(key) is None
    return flag


def _flag(text: str) -> bool | None:
    try:
        return Words({}).read(text) if text else None
    except ValueError:
        return None


def _unit(column: str) -> str:
    found = _UNIT.search(column)
    return (found[1] or found[2]) if found else ""
