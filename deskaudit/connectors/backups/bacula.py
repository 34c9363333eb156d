"""Bacula and Bareos: the job reports in the director's log or its mails.

Months stand in the director's language: a name nobody knows is taken from the job's own stamp, which has numbers. A
restore that brought back as many files as expected is on record; one of incremental size is no trend of the source.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

import msgspec

from deskaudit.connectors.backups.figures import LocalClock, decode, read_count, read_iso, read_size
from deskaudit.connectors.backups.jobs import Job, Options
from deskaudit.connectors.backups.runs import Origin, Reading, Restore, Run, not_a_log
from deskaudit.connectors.backups.source import BackupSource
from deskaudit.connectors.months import month_number
from deskaudit.i18n import _, ngettext
from deskaudit.text import one_line

_KEY = re.compile(r"^\s{1,8}([A-Z][\w .()/-]{1,40}?):\s+(.*?)\s*$")
_STAMP = re.compile(r"^(.*)\.(\d{4})-(\d\d)-(\d\d)_(\d\d)\.(\d\d)\.(\d\d)_\d+$")
_DATE = re.compile(r"(\d{1,2})[-. ](\D*\d{0,2}\D*?)[-. ](\d{4})\s+(\d\d):(\d\d):(\d\d)")
_STARTS = re.compile(r"JobId (\d+): Start Backup JobId \d+, Job=(\S+)")
_RESTORES = re.compile(r"JobId (\d+): Restoring files from JobId\(?s?\)? ([\d, ]+)")
_ENDED = {
    "Backup OK": "ok",
    "Backup OK -- with warnings": "warned",
    "Backup failed -- incomplete": "failed",
    "*** Backup Error ***": "failed",
    "*** Fatal Error ***": "failed",
    "Backup Error": "failed",
    "Backup Canceled": "failed",
}
_OTHERS = re.compile(r"\b(?:Verify|Copying|Copy|Migration|Migrate|Admin|Archive|Consolidate)\b")


class BaculaJob(Job, frozen=True, kw_only=True, forbid_unknown_fields=True):
    help: ClassVar[dict[str, str]] = {
        **Job.help,
        "logs": "The director's log (append = … in its Messages resource), or saved job mails.",
        "only": "Names of Bacula jobs or clients: only these belong to this job. Left out: each Bacula job becomes one.",
    }


class BaculaOptions(Options, frozen=True, kw_only=True, forbid_unknown_fields=True):
    jobs: list[BaculaJob]


class Bacula(BackupSource):
    name: ClassVar[str] = "bacula"
    title: ClassVar[str] = "Bacula and Bareos: job reports of the director"
    options: ClassVar[type[msgspec.Struct]] = BaculaOptions
    tested: ClassVar[str] = "real tool (Bacula 9.6.7); fixture: other languages, Bareos"
    mark: ClassVar[re.Pattern[bytes] | None] = re.compile(rb"JobId")
    hint: ClassVar[str] = "Give the file named by append in the director's Messages resource."

    def read(self, data: bytes, origin: Origin, job: Any) -> Reading:
        del job
        return read_bacula(data, origin)


def read_bacula(data: bytes, origin: Origin) -> Reading:
    """The runs and restores of a log. Raises SourceError for what Bacula does not print."""
    reading = Reading()
    begun: dict[str, str] = {}  # job id → stamped name, until its report
    sources: dict[str, list[str]] = {}  # job id of a restore → those restored from
    named: dict[str, str] = {}  # job id → job
    report: dict[str, str] | None = None
    clock = LocalClock(origin.zone)
    known = False
    for line in decode(data).splitlines():
        if found := _STARTS.search(line):
            begun[found[1]] = found[2]
            known = True
        elif found := _RESTORES.search(line):
            sources[found[1]] = re.findall(r"\d+", found[2])
        elif found := _KEY.match(line):
            key, value = found[1], found[2]
            if key in {"Build OS", "JobId"} and (report is None or key in report):
                report = {}
            if report is None:
                continue
            report[key] = value
            if key == "Termination":
                known = True
                _conclude(report, reading, clock, origin, begun, sources, named)
                report = None
    for stamped in begun.values():
        started = _stamped_at(stamped, clock)
        if started is not None:
            reading.runs.append(
                Run(state="unknown", started_at=started, job=_bare(stamped), ext_id=one_line(stamped), unfinished=True)
            )
    if not known:
        raise not_a_log(origin, "Bacula", _("Give the director's log, or saved job mails."))
    return reading


def _conclude(
    report: Mapping[str, str],
    reading: Reading,
    clock: LocalClock,
    origin: Origin,
    begun: dict[str, str],
    sources: Mapping[str, list[str]],
    named: dict[str, str],
) -> None:
    """Takes one report."""
    stamped, number = report.get("Job", ""), report.get("JobId", "")
    again = any(run.ext_id == one_line(stamped) for run in reading.runs)  # a further try keeps its name
    begun.pop(number, None)
    named[number] = _bare(stamped)
    ending = report["Termination"]
    started = _at(report.get("Start time", ""), stamped, clock)
    if started is None:
        started = _stamped_at(stamped, clock)
    if started is None:
        reading.faults.append(
            _('{file}: the time "{text}" of {job} cannot be read').format(
                file=origin.name, text=one_line(report.get("Start time", ""), 40), job=one_line(stamped or number)
            )
        )
        return
    ended = _at(report.get("End time", ""), stamped, clock)
    if "Restore" in ending:
        _restored(report, reading, ended or started, [named[n] for n in sources.get(number, ()) if n in named])
        return
    if _OTHERS.search(ending):
        if "OK" not in ending:
            reading.notes.append(f"{one_line(stamped)}: {one_line(ending)}")
        return
    reading.runs.append(_run(report, started, ended, again=again))


def _run(report: Mapping[str, str], started: int, ended: int | None, *, again: bool) -> Run:
    ending = report["Termination"].strip()
    state = _ENDED.get(ending, "unknown")
    faults = [read_count(report.get(key, "")) or 0 for key in ("Non-fatal FD errors", "FD Errors", "SD Errors")]
    full = report.get("Backup Level", "").startswith(("Full", "VirtualFull", "Virtual Full"))
    encrypted = {"yes": True, "no": False}.get(report.get("Encryption", "").lower())
    run = Run(
        state="ok" if state == "warned" else state,
        started_at=started,
        ended_at=ended if ended is not None and ended >= started else None,
        ext_id=one_line(report.get("Job", "")),
        job=_bare(report.get("Job", "")),
        machine=one_line(
            report.get("Client", "").split('"')[1] if '"' in report.get("Client", "") else ""
        ).removesuffix("-fd"),
        target=one_line(report.get("Storage", "").split('"')[1] if '"' in report.get("Storage", "") else ""),
        encrypted=encrypted,
        bytes_source=read_size(report.get("FD Bytes Written", "")) if full else None,
        bytes_added=read_size(report.get("SD Bytes Written", "")),
        message="" if state == "ok" else one_line(ending),
        warned=state == "warned",
        retry=again,
    )
    if sum(faults) and run.state == "ok":
        run.state, run.warned = "partial", False
        text = ngettext("{ending}; {n} error", "{ending}; {n} errors", sum(faults))
        run.message = text.format(ending=one_line(ending), n=sum(faults))
    return run


def _restored(report: Mapping[str, str], reading: Reading, at: int, jobs: list[str]) -> None:
    """A restore is proof where as many files came back as were expected, and any at all."""
    expected, came = (read_count(report.get(key, "")) for key in ("Files Expected", "Files Restored"))
    good = report["Termination"].strip() == "Restore OK" and bool(came) and came == expected
    machine = one_line(report.get("Restore Client", "")).strip('"').split(" ")[0].strip('"').removesuffix("-fd")
    for job in dict.fromkeys(jobs) or [""]:
        reading.restores.append(Restore(at=at, job=job, machine=machine, result="ok" if good else "failed"))


def _bare(stamped: str) -> str:
    """The job's name without the stamp of its run."""
    found = _STAMP.match(stamped)
    return one_line(found[1] if found else stamped, 120)


def _stamped_at(stamped: str, clock: LocalClock) -> int | None:
    found = _STAMP.match(stamped)
    if not found:
        return None
    try:
        return clock.read(datetime(*(int(part) for part in found.groups()[1:])))  # type: ignore[arg-type]  # noqa: DTZ001 - the clock knows the zone
    except ValueError:
        return None


def _at(text: str, stamped: str, clock: LocalClock) -> int | None:
    """Epoch seconds of "22-Nov-2026 02:08:55", whatever language the month is in; None where it cannot be told."""
    when = read_iso(text)
    if when is not None:
        return clock.read(when)
    found = _DATE.match(text)
    if not found:
        return None
    stamp = _STAMP.match(stamped)
    month = month_number(found[2])
    if month is None and stamp and stamp[2] == found[3]:
        month = int(stamp[3])
        if int(found[1]) < int(stamp[4]):  # it was queued before the month's end
            month = month % 12 + 1
    if month is None:
        return None
    try:
        day, year, *rest = (int(found[n]) for n in (1, 3, 4, 5, 6))
        return clock.read(datetime(year, month, day, *rest))  # type: ignore[arg-type]  # noqa: DTZ001 - the clock knows the zone
    except ValueError:
        return None
