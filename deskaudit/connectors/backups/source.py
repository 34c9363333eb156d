"""The one mechanism of all backup sources: jobs of the config, files found, runs read by the tool's own reader.

A tool's module says what the tool prints (`read`); everything else is here: which files, one broken job beside good
ones, each run once, tries joined, runs without an end, one job for each name that the tool gives, restores on record.
"""

import glob
import gzip
import io
import re
import zlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import msgspec

from deskaudit.config import seconds
from deskaudit.connectors import Context
from deskaudit.connectors.backups.jobs import Job
from deskaudit.connectors.backups.runs import Origin, Reading, Restore, Run
from deskaudit.connectors.backups.settling import settle
from deskaudit.connectors.backups.targets import lies_elsewhere
from deskaudit.connectors.narrowing import narrow
from deskaudit.connectors.ordinary import refuse_special, require_files
from deskaudit.connectors.recognition import Likeness, Specimen
from deskaudit.errors import Cancelled, SourceError
from deskaudit.i18n import _, ngettext
from deskaudit.model.batches import Batch, Cursor, Probe, Problem, Reject, Want
from deskaudit.model.entities import BackupJob, BackupRun, Record, Row
from deskaudit.text import clean, one_line

MAX_FILE_BYTES = 64_000_000
SAID = 200
ALL = frozenset({"backup_job", "backup_run", "record"})


class Group(msgspec.Struct, frozen=True):
    """A job as it becomes a row: its key, its name, and what belongs to it."""

    key: str
    name: str
    runs: list[Run]
    restores: list[Restore]


class BackupSource:
    """A backup tool. A subclass gives name, title, options, tested, and `read`."""

    name: ClassVar[str]
    title: ClassVar[str]
    options: ClassVar[type[msgspec.Struct]]
    fills: ClassVar[frozenset[str]] = ALL
    tested: ClassVar[str]
    hint: ClassVar[str] = ""  # what to save, for a job of which nothing is known
    mark: ClassVar[re.Pattern[bytes] | None] = None  # stands in the first 64 kB of what the tool prints
    traces: ClassVar[tuple[str, ...]] = ("logs",)  # the options of a job that name files

    def __init__(self, options: Any, context: Context) -> None:
        self._options = options
        self._context = context
        self._told: set[str] = set()

    @classmethod
    def recognises(cls, specimen: Specimen) -> Likeness | None:
        """A file with the tool's mark, of which the tool's own reader makes runs."""
        if cls.mark is None or not cls.mark.search(specimen.head):
            return None
        stem = one_line(specimen.file.name.partition(".")[0], 60) or cls.name
        context = Context("detect", specimen.file.parent, now=lambda: specimen.now)
        for trace in cls.traces:
            job = {"name": stem, trace: [specimen.path]}
            here = {**job, trace: [f"./{glob.escape(specimen.file.name)}"]}
            try:
                options = msgspec.convert({"jobs": [here]}, cls.options)
                reading = cls(options, context).collect(options.jobs[0])  # type: ignore[attr-defined]
            except SourceError:
                continue
            told = [run for run in reading.runs if run.state != "unknown" or run.unfinished]
            if told or reading.restores or reading.about:
                return Likeness(options={"jobs": [job]}, why=cls._why(len(told)))
        return None

    @classmethod
    def _why(cls, runs: int) -> str:
        text = ngettext(
            "it reads as what {name} prints, with {n} run", "it reads as what {name} prints, with {n} runs", runs
        )
        return text.format(name=cls.name, n=runs)

    @property
    def _jobs(self) -> Sequence[Job]:
        found: Sequence[Job] = self._options.jobs
        return found

    def read(self, data: bytes, origin: Origin, job: Any) -> Reading:
        """What the bytes of one file tell. Raises SourceError where they are not what this tool prints."""
        raise NotImplementedError

    def warnings(self, job: Any, reading: Reading) -> list[str]:
        """What else the user should know of a job."""
        del job
        return [] if reading.runs or reading.rejects else [_("no run is known")]

    def probe(self) -> Probe:
        """Reads every job: its runs are counted, or it is said why there are none."""
        modules: dict[str, str] = {}
        authorised: bool | None = None
        for job in self._jobs:
            try:
                reading = self._settled(job)
                modules[job.name] = (
                    f"{reading.rejects[0].place}: {reading.rejects[0].reason}"
                    if reading.rejects
                    else ngettext("ok, {n} run", "ok, {n} runs", len(reading.runs)).format(n=len(reading.runs))
                )
                authorised = True if self.asks(job) and authorised is None else authorised
            except SourceError as fault:
                modules[job.name] = one_line(fault.message)
                authorised = False if fault.kind == "auth" else authorised
        bad = [text for text in modules.values() if not text.startswith(_("ok"))]
        return Probe(
            reachable=not bad,
            authorised=authorised,
            version=self.version() if any(self.asks(job) for job in self._jobs) else None,
            modules=modules,
            message="; ".join(bad),
            hint=_("See the job's files in the config. {hint}").format(hint=self.hint).strip() if bad else "",
        )

    def asks(self, job: Any) -> bool:
        """Whether a program or server is asked about this job, beside its files."""
        del job
        return False

    def version(self) -> str | None:
        return None

    def target(self, job: Any) -> str:
        """Where the config says that the copy lies; "" leaves it to the logs."""
        return str(job.target)

    def pull(self, cursor: Cursor | None, want: Want) -> Iterator[Batch]:
        """Everything is read anew: logs are small, and tools forget old runs by design."""
        del cursor
        yield from narrow(self._batches(want), want)

    def _batches(self, want: Want) -> Iterator[Batch]:
        failures: list[SourceError] = []
        held: list[Batch] = []  # of broken jobs: where all are, nothing of them is known to the next pull
        self._told = set()
        for number, job in enumerate(self._jobs, start=1):
            reading, problems = Reading(), []
            try:
                reading = self._settled(job)
                problems = self._problems(job, reading)
            except SourceError as fault:
                failures.append(fault)
                problems = [Problem(job.name, fault.message, ("backup_run",))]
            held.append(
                Batch(
                    rows=self._rows(job, reading, want),
                    cursor={"read_at": self._context.now()},
                    replaces=ALL,
                    resource="backup_run",
                    done=number,
                    total=len(self._jobs),
                    rejects=reading.rejects,
                    problems=problems,
                )
            )
            if len(failures) < number:
                yield from held
                held.clear()
        if held:
            raise failures[0]

    def collect(self, job: Any) -> Reading:
        """All that the files of a job tell. Raises SourceError where none of them is there."""
        reading = Reading()
        for file in self.files(job, "logs", reading):
            if self._context.cancelled():
                raise Cancelled(_("Stopped while reading {file}.").format(file=file))
            try:
                reading.add(self.read_file(file, job))
            except (OSError, SourceError) as fault:
                reading.rejects.append(Reject(one_line(file.name), one_line(fault, 2 * SAID)))
        return reading

    def read_file(self, file: Path, job: Any) -> Reading:
        return self.read(read_bytes(file), self.origin(file, job), job)

    def origin(self, file: Path, job: Job) -> Origin:
        return Origin(
            name=one_line(file.name),
            modified_at=int(file.stat().st_mtime),
            zone=self.zone(job),
            now=self._context.now(),
        )

    def zone(self, job: Job) -> ZoneInfo:
        return ZoneInfo(job.zone or self._context.zone)

    def files(self, job: Any, option: str, reading: Reading) -> list[Path]:
        """What one option of a job names. Raises SourceError where it is nothing at all; a part is noted."""
        key = f"jobs.{self._jobs.index(job) + 1}.{option}"
        return require_files(self._context, getattr(job, option), key, absent=reading.notes)

    def _settled(self, job: Job) -> Reading:
        reading = self.collect(job)
        if job.only:
            wanted = {name.casefold() for name in job.only}
            self._note_others(job, reading, wanted)
            reading.runs = [run for run in reading.runs if {run.job.casefold(), run.machine.casefold()} & wanted]
            reading.restores = [
                found for found in reading.restores if {found.job.casefold(), found.machine.casefold()} & wanted
            ]
        settle(reading, self._context.now(), job.warnings)
        return reading

    def _note_others(self, job: Job, reading: Reading, wanted: set[str]) -> None:
        """Names in the logs that no job of the config takes: backups that nobody judges."""
        if any(not other.only and set(other.logs) & set(job.logs) for other in self._jobs):
            return  # that one takes all of them
        taken = wanted | {name.casefold() for other in self._jobs for name in other.only}
        others = {
            run.job for run in reading.runs if run.job and not {run.job.casefold(), run.machine.casefold()} & taken
        }
        if others:
            names = one_line(", ".join(sorted(others)), SAID)
            reading.notes.append(_("the logs also tell of {names}, which no job takes by `only`").format(names=names))

    def _problems(self, job: Job, reading: Reading) -> list[Problem]:
        said = [*self.warnings(job, reading), *reading.notes]
        fresh = [text for text in said if f"{job.name}\x1f{text}" not in self._told and text not in self._told]
        self._told |= {*reading.notes, *(f"{job.name}\x1f{text}" for text in said)}
        found = [Problem(job.name, one_line(text, 2 * SAID)) for text in fresh]
        found += [Problem(job.name, one_line(text, 2 * SAID), ("backup_run",)) for text in reading.faults]
        if reading.rejects:
            message = _("{n} logs could not be read, as {place}: {reason}")
            first = reading.rejects[0]
            said_once = message.format(n=len(reading.rejects), place=first.place, reason=first.reason)
            found.append(Problem(job.name, said_once, ("backup_run",)))
        return found

    def _rows(self, job: Job, reading: Reading, want: Want) -> list[Row]:
        rows: list[Row] = []
        groups = _group(job, reading)
        for group in groups:
            rows.append(self._job_row(job, group, reading))
            rows += [self._run_row(group, run) for run in group.runs if run.started_at >= want.since_at]
            rows += [self._restore_row(group, restore) for restore in group.restores]
        lost = [found for found in reading.restores if not any(found in group.restores for group in groups)]
        loose = Group("", "", [], [])
        rows += [self._restore_row(loose, restore) for restore in lost]
        return [*rows, *self._tested_rows(job)]

    def _job_row(self, job: Job, group: Group, reading: Reading) -> BackupJob:
        about = reading.about.get(group.name)
        target = self.target(job) or next((run.target for run in reversed(group.runs) if run.target), "")
        encrypted = job.encrypted
        if encrypted is None:
            encrypted = next((run.encrypted for run in reversed(group.runs) if run.encrypted is not None), None)
        if about is not None:
            target = target or about.target
            encrypted = about.encrypted if encrypted is None else encrypted
        offsite = {"yes": True, "no": False, "unknown": None}.get(job.offsite)
        machines = dict.fromkeys([*job.assets, *(run.machine for run in group.runs)])
        return BackupJob(
            id=self._context.key("backup_job", group.key),
            ext_id=clean(group.name),
            name=clean(group.name),
            target=clean(target) or None,
            asset_ids=clean(" ".join(name for name in machines if name.strip())) or None,
            schedule=job.schedule.strip() or None,
            zone=job.zone or self._context.zone,
            grace_s=seconds(job.grace) if job.grace else None,
            rpo_s=seconds(job.rpo),
            offsite=offsite if job.offsite else lies_elsewhere(target),
            encrypted=encrypted,
            critical=job.critical,
        )

    def _run_row(self, group: Group, run: Run) -> BackupRun:
        return BackupRun(
            id=self._context.key("backup_run", f"{group.key}\x1f{run.ext_id}"),
            ext_id=run.ext_id,
            job_id=self._context.key("backup_job", group.key),
            state=run.state,
            started_at=run.started_at,
            ended_at=run.ended_at,
            bytes_source=run.bytes_source,
            bytes_added=run.bytes_added,
            copies=run.copies,
            message=one_line(run.message, SAID) or None,
        )

    def _restore_row(self, group: Group, restore: Restore) -> Record:
        about = group.name or restore.job or restore.machine
        key = f"restored\x1f{group.key or about}\x1f{restore.at}\x1f{restore.machine}\x1f{restore.result}"
        return Record(
            id=self._context.key("record", key),
            kind="restored",
            happened_at=restore.at,
            about=clean(about) or None,
            about_id=self._context.key("backup_job", group.key) if group.key else None,
            result=restore.result,
        )

    def _tested_rows(self, job: Job) -> Iterator[Record]:
        """The restores that the config tells of."""
        for day in job.restore_tests:
            when = datetime.fromisoformat(day)
            yield Record(
                id=self._context.key("record", f"restored\x1f{job.name}\x1f{day}"),
                kind="restored",
                happened_at=int((when if when.tzinfo else when.replace(tzinfo=self.zone(job))).timestamp()),
                about=clean(job.name),
                about_id=self._context.key("backup_job", job.name),
                result="ok",
            )


def _group(job: Job, reading: Reading) -> list[Group]:
    """One job of the config, or one for each name that the tool gives: a good one must not hide a bad one."""
    names = list(dict.fromkeys(run.job for run in reading.runs))
    if job.only or not any(names):
        return [Group(job.name, job.name, reading.runs, reading.restores)]
    return [
        Group(
            f"{job.name}\x1f{name}",
            one_line(name) or job.name,
            [run for run in reading.runs if run.job == name],
            [restore for restore in reading.restores if restore.job == name],
        )
        for name in names
    ]


def read_bytes(file: Path) -> bytes:
    """A file's bytes, unpacked where it is gzip. Raises SourceError."""
    try:
        refuse_special(file)
        if file.stat().st_size <= MAX_FILE_BYTES:
            data = file.read_bytes()
            return _unpack(data, file) if data.startswith(b"\x1f\x8b") else data
    except OSError as fault:
        raise SourceError(
            _("{file} cannot be read: {fault}.").format(file=file, fault=fault.strerror or fault),
            kind="bad_file",
            hint=_("Check its path and rights."),
        ) from None
    raise _too_long(file)


def _unpack(data: bytes, file: Path) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
            found = stream.read(MAX_FILE_BYTES + 1)
    except (zlib.error, EOFError, OSError) as fault:
        raise SourceError(
            _("{file} is cut or damaged: {fault}.").format(file=file, fault=fault),
            kind="bad_file",
            hint=_("Copy it again."),
        ) from None
    if len(found) > MAX_FILE_BYTES:
        raise _too_long(file)
    return found


def _too_long(file: Path) -> SourceError:
    return SourceError(
        _("{file} has more than {n} MB.").format(file=file.name, n=MAX_FILE_BYTES // 1_000_000),
        kind="bad_file",
        hint=_("Rotate the log, or give one file for each run."),
    )
