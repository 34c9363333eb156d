"""restic: what its own output says about each backup run.

Two witnesses are read, and put together by snapshot id:

* `snapshots`: the list of `restic snapshots --json`, from a saved file or from the user's own restic, which is called
  with `--no-lock` and never writes. A snapshot proves that a run stored something; it does not show unread files.
* `logs`: the saved output of `restic backup --json`, standard output and standard error in one file, one file a run.
  A run is ok with a summary and no error; partial when a file or a source path could not be read (restic before 0.19
  ends with 0 when a source path is missing, and says so in a text line alone); failed without a summary.
"""

import os
import subprocess
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import ClassVar, Literal

import msgspec

from deskaudit.config import seconds
from deskaudit.connectors import Context
from deskaudit.connectors.backups.resticlog import Run, read_log, read_snapshots
from deskaudit.connectors.ordinary import refuse_special
from deskaudit.errors import SourceError
from deskaudit.i18n import _
from deskaudit.model.batches import Batch, Cursor, Probe, Problem, Reject, Want
from deskaudit.model.entities import BackupJob, BackupRun, Record, Row
from deskaudit.secrets import SecretRef
from deskaudit.text import clean, one_line

COMMAND_SECONDS = 300
MAX_FILE_BYTES = 64_000_000
REMOTE = ("s3:", "b2:", "azure:", "gs:", "swift:")
ALL = frozenset({"backup_job", "backup_run", "record"})


class Job(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One backup that should happen, and where its traces are."""

    help: ClassVar[dict[str, str]] = {
        "name": "What the job is called.",
        "logs": 'Saved output of "restic backup --json", both streams, one file a run; * allowed.',
        "snapshots": 'Saved output of "restic snapshots --json"; * allowed.',
        "repository": "A repository that the restic of this machine is asked about; nothing is written to it.",
        "password": "The repository's password, when `repository` is given.",
        "environment": "Further variables restic needs, as AWS_ACCESS_KEY_ID, each a secret.",
        "host": "Only snapshots of this host.",
        "schedule": 'When it should run: cron ("0 2 * * *") or an interval ("6h").',
        "zone": "The schedule's time zone; default: the desk's.",
        "grace": "How late a run may start; default: half the time to the next.",
        "rpo": "How much work may be lost at most (recovery point objective).",
        "offsite": "Whether the copy lies elsewhere: yes, no or unknown; default: yes for cloud stores, else unknown.",
        "encrypted": "restic always encrypts; false only for repositories made without a password.",
        "critical": "Whether the business stands still without it.",
        "assets": "Names of the machines that it covers, as in the asset list.",
        "restore_tests": 'Days on which a restore was tried and succeeded, as "2026-09-01".',
    }

    name: str
    logs: list[str] = msgspec.field(default_factory=list)
    snapshots: list[str] = msgspec.field(default_factory=list)
    repository: str = ""
    password: SecretRef | None = None
    environment: dict[str, SecretRef] = msgspec.field(default_factory=dict)
    host: str = ""
    schedule: str = ""
    zone: str = ""
    grace: str = ""
    rpo: str = "24h"
    offsite: Literal["yes", "no", "unknown", ""] = ""
    encrypted: bool = True
    critical: bool = True
    assets: list[str] = msgspec.field(default_factory=list)
    restore_tests: list[str] = msgspec.field(default_factory=list)

    def __post_init__(self) -> None:
        if not (self.logs or self.snapshots or self.repository):
            raise ValueError(_("job {name}: give logs, snapshots or repository").format(name=self.name))
        for day in self.restore_tests:
            datetime.fromisoformat(day)
        for text in (self.grace, self.rpo):
            if text:
                seconds(text, f"job {self.name}")


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    help: ClassVar[dict[str, str]] = {
        "jobs": "The backups that should happen, one table each.",
        "program": "The restic to call for jobs with a repository.",
    }

    jobs: list[Job]
    program: str = "restic"


class Restic:
    name: ClassVar[str] = "restic"
    title: ClassVar[str] = "restic backups: runs from logs, snapshot lists and repositories"
    options: ClassVar[type[msgspec.Struct]] = Options
    fills: ClassVar[frozenset[str]] = ALL
    tested: ClassVar[str] = "real tool (restic 0.14)"

    def __init__(self, options: Options, context: Context) -> None:
        self._options = options
        self._context = context

    def probe(self) -> Probe:
        modules: dict[str, str] = {}
        authorised: bool | None = None
        for job in self._options.jobs:
            try:
                runs, rejects = self._runs(job)
                modules[job.name] = (
                    f"{rejects[0].place}: {rejects[0].reason}" if rejects else _("ok, {n} runs").format(n=len(runs))
                )
                authorised = True if job.repository and authorised is None else authorised
            except SourceError as fault:
                modules[job.name] = one_line(fault.message)
                authorised = False if fault.kind == "auth" else authorised
        bad = [text for text in modules.values() if not text.startswith(_("ok"))]
        return Probe(
            reachable=not bad,
            authorised=authorised,
            version=self._version() if any(job.repository for job in self._options.jobs) else None,
            modules=modules,
            message="; ".join(bad),
            hint=_("See the job's logs, snapshots or repository in the config.") if bad else "",
        )

    def pull(self, cursor: Cursor | None, want: Want) -> Iterator[Batch]:
        """Everything is read anew: logs and lists are small, and restic forgets snapshots by design."""
        del cursor
        failures: list[SourceError] = []
        for number, job in enumerate(self._options.jobs, start=1):
            problems: list[Problem] = []
            rejects: list[Reject] = []
            rows: list[Row] = [self._job_row(job), *self._restore_rows(job)]
            try:
                runs, rejects = self._runs(job)
                rows += [self._run_row(job, run) for run in runs if run.started_at >= want.since_at]
                problems += _warnings(job, runs, rejects)
            except SourceError as fault:
                failures.append(fault)
                problems.append(Problem(job.name, fault.message, ("backup_run",)))
            if len(failures) == len(self._options.jobs):
                raise failures[0]
            yield Batch(
                rows=rows,
                cursor={"read_at": self._context.now()},
                replaces=ALL,
                resource="backup_run",
                done=number,
                total=len(self._options.jobs),
                rejects=rejects,
                problems=problems,
            )

    def _runs(self, job: Job) -> tuple[list[Run], list[Reject]]:
        """The runs of a job, oldest first; a log and a snapshot of one id are one run. Unreadable files are told."""
        known: dict[str, Run] = {}
        rejects: list[Reject] = []
        for text, origin in self._lists(job):
            for snapshot in read_snapshots(text, origin, job.host):
                known[snapshot.snapshot_id[:8]] = snapshot
        runs: list[Run] = []
        for file in self._files(job.logs):
            try:
                found = read_log(_read(file), file.name, int(file.stat().st_mtime), known)
            except (OSError, SourceError) as fault:
                rejects.append(Reject(file.name, one_line(fault)))
                continue
            runs.append(found)
            known.pop(found.snapshot_id[:8], None)
        if job.logs and not runs and not rejects and not known:
            raise SourceError(
                _("job {name}: no log matches {glob}.").format(name=job.name, glob=", ".join(job.logs)),
                kind="bad_file",
                hint=_("Correct the path; relative ones start at the config's folder."),
            )
        return sorted([*runs, *known.values()], key=lambda run: run.started_at), rejects

    def _lists(self, job: Job) -> Iterator[tuple[bytes, str]]:
        files = self._files(job.snapshots)
        if job.snapshots and not files:
            raise SourceError(
                _("job {name}: no file matches {glob}.").format(name=job.name, glob=", ".join(job.snapshots)),
                kind="bad_file",
                hint=_("Correct the path; relative ones start at the config's folder."),
            )
        for file in files:
            yield _read(file), file.name
        if job.repository:
            yield self._ask(job), job.repository

    def _files(self, patterns: list[str]) -> list[Path]:
        found: list[Path] = []
        for pattern in patterns:
            path = self._context.path(pattern)
            found += sorted(path.parent.glob(path.name))
        return found

    def _ask(self, job: Job) -> bytes:
        environment = dict(os.environ)
        if job.password is not None:
            environment["RESTIC_PASSWORD"] = self._context.secret(job.password).reveal()
        for name, ref in job.environment.items():
            environment[name] = self._context.secret(ref).reveal()
        words = [self._options.program, "--no-lock", "--no-cache", "-r", job.repository, "snapshots", "--json"]
        try:
            done = subprocess.run(
                words,
                capture_output=True,
                timeout=COMMAND_SECONDS,
                check=False,
                env=environment,
                stdin=subprocess.DEVNULL,
            )
        except FileNotFoundError:
            raise SourceError(
                _("job {name}: {program} is not installed here.").format(name=job.name, program=self._options.program),
                kind="unreachable",
                hint=_("Install restic, or give saved logs or snapshot lists instead of repository."),
            ) from None
        except subprocess.TimeoutExpired:
            raise SourceError(
                _("job {name}: restic gave no answer in {n} s.").format(name=job.name, n=COMMAND_SECONDS),
                kind="timeout",
                hint=_("Is the repository's server up?"),
            ) from None
        if done.returncode or not done.stdout.strip():
            raise _failure(job, done.returncode, done.stderr.decode(errors="replace"))
        return done.stdout

    def _version(self) -> str | None:
        try:
            done = subprocess.run([self._options.program, "version"], capture_output=True, timeout=30, check=False)
        except (OSError, subprocess.TimeoutExpired):
            return None
        return one_line(done.stdout.decode(errors="replace")) or None

    def _job_row(self, job: Job) -> BackupJob:
        offsite = {"yes": True, "no": False, "unknown": None}.get(job.offsite)
        if not job.offsite and job.repository.startswith(REMOTE):
            offsite = True
        return BackupJob(
            id=self._context.key("backup_job", job.name),
            ext_id=clean(job.name),
            name=clean(job.name),
            target=clean(job.repository) or None,
            asset_ids=clean(" ".join(job.assets)) or None,
            schedule=job.schedule or None,
            zone=job.zone or self._context.zone,
            grace_s=seconds(job.grace) if job.grace else None,
            rpo_s=seconds(job.rpo),
            offsite=offsite,
            encrypted=job.encrypted,
            critical=job.critical,
        )

    def _run_row(self, job: Job, run: Run) -> BackupRun:
        return BackupRun(
            id=self._context.key("backup_run", f"{job.name}\x1f{run.ext_id}"),
            ext_id=run.ext_id,
            job_id=self._context.key("backup_job", job.name),
            state=run.state,
            started_at=run.started_at,
            ended_at=run.ended_at,
            bytes_source=run.bytes_source,
            bytes_added=run.bytes_added,
            message=run.message or None,
        )

    def _restore_rows(self, job: Job) -> Iterator[Record]:
        from zoneinfo import ZoneInfo

        zone = ZoneInfo(self._context.zone)
        for day in job.restore_tests:
            yield Record(
                id=self._context.key("record", f"restored\x1f{job.name}\x1f{day}"),
                kind="restored",
                happened_at=int(datetime.fromisoformat(day).replace(tzinfo=zone).timestamp()),
                about=clean(job.name),
                about_id=self._context.key("backup_job", job.name),
                result="ok",
            )


def _read(file: Path) -> bytes:
    try:
        refuse_special(file)
        if file.stat().st_size <= MAX_FILE_BYTES:
            return file.read_bytes()
    except OSError as fault:
        raise SourceError(
            _("{file} cannot be read: {fault}.").format(file=file, fault=fault.strerror),
            kind="bad_file",
            hint=_("Check its path and rights."),
        ) from None
    raise SourceError(
        _("{file} has more than {n} MB.").format(file=file.name, n=MAX_FILE_BYTES // 1_000_000),
        kind="bad_file",
        hint=_("Give one file for each run."),
    )


def _failure(job: Job, code: int, stderr: str) -> SourceError:
    said = one_line(stderr.strip() or _("nothing"), 300)
    if code == 12 or "wrong password" in stderr or "no key found" in stderr:
        return SourceError(
            _("job {name}: restic refuses the password of {repo}.").format(name=job.name, repo=clean(job.repository)),
            kind="auth",
            hint=_("Check the secret named in password."),
        )
    if code == 10 or "unable to open config file" in stderr:
        return SourceError(
            _("job {name}: there is no restic repository at {repo}.").format(name=job.name, repo=clean(job.repository)),
            kind="bad_file",
            hint=_("Correct repository."),
        )
    return SourceError(
        _("job {name}: restic ended with {code} and said: {said}").format(name=job.name, code=code, said=said),
        kind="bad_answer",
        hint=_('Try by hand: restic -r "{repo}" snapshots').format(repo=clean(job.repository)),
    )


def _warnings(job: Job, runs: list[Run], rejects: list[Reject]) -> list[Problem]:
    found = []
    if not runs and not rejects:
        found.append(Problem(job.name, _("no run is known: the repository or list is empty")))
    if runs and not job.logs:
        found.append(
            Problem(
                job.name, _("known from snapshots alone: runs that failed, or left files out, do not show; give logs")
            )
        )
    if rejects:
        message = _("{n} logs could not be read, as {place}: {reason}")
        first = rejects[0]
        found.append(
            Problem(job.name, message.format(n=len(rejects), place=first.place, reason=first.reason), ("backup_run",))
        )
    return found
