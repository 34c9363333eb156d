"""restic: what its own output says about each backup run.

Two witnesses are read, and put together by snapshot id:

* `snapshots`: the list of `restic snapshots --json`, from a saved file or from the user's own restic, which is called
  with `--no-lock` and never writes. A snapshot proves that a run stored something; it does not show unread files.
* `logs`: the saved output of `restic backup`, with --json or without, both streams in one file, one file a run.
  A run is ok with a summary and no error; partial when a file or a source path could not be read (restic before 0.19
  ends with 0 when a source path is missing, and says so in a text line alone); failed without a summary.
"""

import os
import re
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from deskaudit.connectors.backups.jobs import Job as CommonJob
from deskaudit.connectors.backups.jobs import check_names
from deskaudit.connectors.backups.resticlog import read_log, read_snapshots
from deskaudit.connectors.backups.runs import Reading, Run
from deskaudit.connectors.backups.source import BackupSource, read_bytes
from deskaudit.errors import Cancelled, SourceError
from deskaudit.i18n import _
from deskaudit.model.batches import Reject
from deskaudit.secrets import SecretRef
from deskaudit.text import clean, one_line

COMMAND_SECONDS = 300


class Job(CommonJob, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One restic backup; its traces are logs, snapshot lists or the repository itself."""

    help: ClassVar[dict[str, str]] = {
        **CommonJob.help,
        "logs": 'Saved output of "restic backup" (with --json or without), both streams, one file a run; * allowed.',
        "snapshots": 'Saved output of "restic snapshots --json"; * allowed.',
        "repository": "A repository that the restic of this machine is asked about; nothing is written to it.",
        "password": "The repository's password, when `repository` is given.",
        "environment": "Further variables restic needs, as AWS_ACCESS_KEY_ID, each a secret.",
        "host": "Only snapshots of this host.",
        "encrypted": "restic always encrypts; false only for repositories made without a password.",
    }

    snapshots: list[str] = msgspec.field(default_factory=list)
    repository: str = ""
    password: SecretRef | None = None
    environment: dict[str, SecretRef] = msgspec.field(default_factory=dict)
    host: str = ""
    encrypted: bool | None = True

    def missing_trace(self) -> str:
        return "" if self.logs or self.snapshots or self.repository else _("give logs, snapshots or repository")


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    help: ClassVar[dict[str, str]] = {
        "jobs": "The backups that should happen, one table each.",
        "program": "The restic to call for jobs with a repository.",
    }

    jobs: list[Job]
    program: str = "restic"

    def __post_init__(self) -> None:
        check_names(self.jobs)


class Restic(BackupSource):
    name: ClassVar[str] = "restic"
    title: ClassVar[str] = "restic backups: runs from logs, snapshot lists and repositories"
    options: ClassVar[type[msgspec.Struct]] = Options
    tested: ClassVar[str] = "real tool (restic 0.14)"
    mark: ClassVar[re.Pattern[bytes] | None] = re.compile(
        rb'"message_type"\s*:|"short_id"\s*:|^snapshot [0-9a-f]{8,64} saved$', re.MULTILINE
    )
    traces: ClassVar[tuple[str, ...]] = ("logs", "snapshots")

    _options: Options

    def collect(self, job: Job) -> Reading:
        """The runs of a job; a log and a snapshot of one id are one run. Unreadable logs are told."""
        reading = Reading()
        known: dict[str, Run] = {}
        for text, origin in self._lists(job, reading):
            for snapshot in read_snapshots(text, origin, job.host):
                known[snapshot.snapshot_id[:8]] = snapshot
        for file in self._logs(job, reading, known):
            try:
                found = read_log(read_bytes(file), file.name, int(file.stat().st_mtime), known)
            except (OSError, SourceError) as fault:
                reading.rejects.append(Reject(file.name, one_line(fault)))
                continue
            if found is None:
                note = _("{file}: a dry run (-n) stored nothing and does not count")
                reading.notes.append(note.format(file=one_line(file.name)))
                continue
            reading.runs.append(found)
            known.pop(found.snapshot_id[:8], None)
        reading.runs += known.values()
        return reading

    def warnings(self, job: Job, reading: Reading) -> list[str]:
        found = []
        if not reading.runs and not reading.rejects:
            found.append(_("no run is known: the repository or list is empty"))
        if len(hosts := {run.machine for run in reading.runs if run.machine}) > 1:
            names = one_line(", ".join(sorted(hosts)), 200)
            text = _(
                "it holds snapshots of {n} hosts ({names}), judged as one: a good one hides a bad one; give each its own job, by host"
            )
            found.append(text.format(n=len(hosts), names=names))
        if reading.runs and not job.logs:
            found.append(_("known from snapshots alone: runs that failed, or left files out, do not show; give logs"))
        return found

    def asks(self, job: Job) -> bool:
        return bool(job.repository)

    def version(self) -> str | None:
        try:
            done = subprocess.run([self._options.program, "version"], capture_output=True, timeout=30, check=False)
        except (OSError, subprocess.TimeoutExpired):
            return None
        return one_line(done.stdout.decode(errors="replace")) or None

    def target(self, job: Any) -> str:
        return str(job.repository or job.target)

    def _logs(self, job: Job, reading: Reading, known: Mapping[str, Run]) -> list[Path]:
        """The logs. That there are none is a fault beside what snapshots tell, and else the end."""
        try:
            return self.files(job, "logs", reading)
        except SourceError as fault:
            if not known:
                raise
            reading.faults.append(fault.message)
            return []

    def _lists(self, job: Job, reading: Reading) -> Iterator[tuple[bytes, str]]:
        for file in self.files(job, "snapshots", reading):
            yield read_bytes(file), file.name
        if job.repository:
            yield self._ask(job), job.repository

    def _ask(self, job: Job) -> bytes:
        environment = dict(os.environ)
        if job.password is not None:
            environment["RESTIC_PASSWORD"] = self._context.secret(job.password).reveal()
        for name, ref in job.environment.items():
            environment[name] = self._context.secret(ref).reveal()
        words = [self._options.program, "--no-lock", "--no-cache", "-r", job.repository, "snapshots", "--json"]
        try:
            done = self._run(words, environment)
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
        except OSError as fault:
            raise SourceError(
                _("job {name}: {program} cannot be called: {fault}.").format(
                    name=job.name, program=self._options.program, fault=fault.strerror
                ),
                kind="unreachable",
                hint=_("Correct program."),
            ) from None
        if done.returncode or not done.stdout.strip():
            raise _failure(job, done.returncode, done.stderr.decode(errors="replace"))
        return done.stdout

    def _run(self, words: list[str], environment: Mapping[str, str]) -> "subprocess.CompletedProcess[bytes]":
        """What a command says. Raises TimeoutExpired, and Cancelled where the pull is stopped meanwhile."""
        begun = time.monotonic()
        with subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
        ) as process:
            try:
                while True:
                    try:
                        stdout, stderr = process.communicate(timeout=0.5)
                        return subprocess.CompletedProcess(words, process.returncode, stdout, stderr)
                    except subprocess.TimeoutExpired:
                        if self._context.cancelled():
                            raise Cancelled(_("Stopped while restic was asked.")) from None
                        if time.monotonic() - begun > COMMAND_SECONDS:
                            raise
            except BaseException:
                process.kill()
                raise


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
