"""Windows Server Backup: events of its log, or the summary of Get-WBSummary, as CSV or JSON of PowerShell.

Event 4 is a success, 14 alone says only that something finished, 8 was cancelled; the rest of the known ones are faults.
A summary is one run: the last, good where its result is 0.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from deskaudit.connectors.backups.exports import Dates, Export
from deskaudit.connectors.backups.figures import (
    LocalClock,
    as_dict,
    as_text,
    decode,
    read_count,
    read_epoch,
    read_iso,
    split_json,
)
from deskaudit.connectors.backups.jobs import Job, check_names
from deskaudit.connectors.backups.runs import Origin, Reading, Run, not_a_log
from deskaudit.connectors.backups.source import BackupSource, read_bytes
from deskaudit.connectors.tabular.dates import DateReader
from deskaudit.i18n import _
from deskaudit.model.batches import Reject
from deskaudit.text import one_line

_STARTED, _GOOD, _FINISHED = {1}, {4}, {14}
_BAD = {5, 8, 9, 17, 18, 19, 20, 21, 22, 49, 50, 52, 100, 517, 518, 521, 527, 528, 544, 545, 546, 561, 564, 612}
_NAMES = {
    "at": ("TimeCreated", "Time Created", "TimeGenerated", "Date and Time", "Date"),
    "event": ("Id", "EventID", "Event ID", "InstanceId"),
    "machine": ("MachineName", "Machine Name", "Computer", "Source Computer"),
}
_PS_DATE = re.compile(r"^/Date\((-?\d{1,15})(?:[+-]\d{4})?\)/$")
_SUMMARY_TIMES = ("LastBackupTime", "LastSuccessfulBackupTime")
_PAIR = re.compile(r"^(\w+)\s+: ?(.*?)\s*$")
_NEAR_S = 86400


class WbadminJob(Job, frozen=True, kw_only=True, forbid_unknown_fields=True):
    help: ClassVar[dict[str, str]] = {
        **Job.help,
        "logs": 'Saved output of "Get-WinEvent -LogName Microsoft-Windows-Backup | Select TimeCreated,Id,MachineName" through ConvertTo-Json or Export-Csv, or of "Get-WBSummary" as text or through ConvertTo-Json.',
    }


class WbadminOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    help: ClassVar[dict[str, str]] = {
        "jobs": "The backups that should happen, one table each.",
        "dates": "The order of days and months in the files: auto, dmy, mdy or ymd.",
    }

    jobs: list[WbadminJob]
    dates: Dates = "auto"

    def __post_init__(self) -> None:
        check_names(self.jobs)


class Wbadmin(BackupSource):
    name: ClassVar[str] = "wbadmin"
    title: ClassVar[str] = "Windows Server Backup: events and summaries"
    options: ClassVar[type[msgspec.Struct]] = WbadminOptions
    tested: ClassVar[str] = "fixture: made from the documented shapes"
    mark: ClassVar[re.Pattern[bytes] | None] = re.compile(
        rb"TimeCreated|LastBackupTime|LastSuccessfulBackupTime|Event ID|EventID|Microsoft-Windows-Backup"
    )
    hint: ClassVar[str] = "Save its events with Get-WinEvent, through ConvertTo-Json."

    _options: WbadminOptions

    def read_file(self, file: Path, job: Any) -> Reading:
        data = read_bytes(file)
        text = decode(data)
        origin = self.origin(file, job)
        if text.lstrip()[:1] in {"{", "["}:
            return read_events_json(text, origin)
        if re.search(r"^Last(?:Successful)?BackupTime\s+:", text, re.MULTILINE):
            return read_summary_text(text, origin, self._options.dates, f"sources.{self._context.source}")
        export = Export(file, self._context, job, names=_NAMES, dates=self._options.dates)
        if not export.has("at", "event"):
            raise not_a_log(origin, "Windows Server Backup", self.hint)
        reading = Reading()
        events = []
        for row in export.rows(("at",)):
            try:
                at = row.time("at")
            except (ValueError, OverflowError):
                at = None
            if at is None:
                reading.rejects.append(Reject(row.place, _("no time that is known here")))
                continue
            events.append(_Event(at, read_count(row.text("event")), one_line(row.text("machine"), 120)))
        reading.rejects += export.bad.flush()
        reading.runs += _runs(events)
        return reading


class _Event(msgspec.Struct, frozen=True):
    at: int
    number: int | None
    machine: str


def read_events_json(text: str, origin: Origin) -> Reading:
    """Events or summaries as ConvertTo-Json writes them. Raises SourceError where it is neither."""
    reading = Reading()
    clock = LocalClock(origin.zone)
    events: list[_Event] = []
    known = False
    for item in split_json(text):
        for row in item if isinstance(item, list) else [item]:
            found = as_dict(row)
            at = _time(found.get("TimeCreated"), clock)
            if at is not None:
                known = True
                machine = one_line(as_text(found.get("MachineName")), 120)
                events.append(_Event(at, read_count(found.get("Id", found.get("EventID"))), machine))
            elif "LastBackupTime" in found or "LastSuccessfulBackupTime" in found:
                known = True
                times = {key: _time(found.get(key), clock) for key in _SUMMARY_TIMES}
                _take_summary(times, found, reading)
    if not known:
        raise not_a_log(origin, "Windows Server Backup", Wbadmin.hint)
    reading.runs += _runs(events)
    return reading


def read_summary_text(text: str, origin: Origin, dates: Dates, owner: str) -> Reading:
    """Get-WBSummary as PowerShell shows it. Its dates are the machine's, and all of them show how they are written.

    `owner`: the part of the config that has `dates`. Raises SourceError where they could be two days.
    """
    reading = Reading()
    found = {pair[1]: pair[2] for line in text.splitlines() if (pair := _PAIR.match(line))}
    reader = DateReader(dates, origin.zone)
    for key in ("NextBackupTime", *_SUMMARY_TIMES):
        reader.witness(found.get(key, ""), key)
    if not reader.is_explicit:
        reader.settle(origin.name, owner)
    times: dict[str, int | None] = {}
    for key in _SUMMARY_TIMES:
        cell = found.get(key, "")
        try:
            at = reader.read(cell) if cell else None
            times[key] = None if at is None else int(at)
        except (ValueError, OverflowError):
            reason = _('"{cell}" is no time that is known here').format(cell=one_line(cell, 60))
            reading.rejects.append(Reject(f"{origin.name} {key}", reason))
    reading.notes += reader.notes
    _take_summary(times, found, reading)
    return reading


def _take_summary(times: Mapping[str, int | None], found: Mapping[str, object], reading: Reading) -> None:
    last, good = times.get("LastBackupTime"), times.get("LastSuccessfulBackupTime")
    target = one_line(as_text(found.get("LastSuccessfulBackupTargetPath")) or as_text(found.get("LastBackupTarget")))
    if good is not None:
        reading.runs.append(Run(state="ok", started_at=good, target=target))
    if last is None or last == good:
        return
    said = found.get("LastBackupResultHR")
    text = str(said) if isinstance(said, int) else as_text(said)
    code = int(text) if re.fullmatch(r"-?\d{1,12}", text) else None
    run = Run(state="failed", started_at=last, target=target)
    if code is None or code == 0:
        run.state, run.message = "unknown", _("neither a result nor a success is told")
    else:
        run.message = _("result {code}").format(code=f"0x{code & 0xFFFFFFFF:08X}")
    reading.runs.append(run)


def _runs(events: list[_Event]) -> list[Run]:
    """Runs from events: a start, and the first that tells its outcome; an outcome without a start is one, too."""
    found: list[Run] = []
    open_: dict[str, Run] = {}
    for event in sorted(set(events), key=lambda event: (event.at, event.number or 0)):
        run = open_.get(event.machine)
        if event.number in _STARTED:
            run = Run(state="unknown", started_at=event.at, machine=event.machine, unfinished=True)
            open_[event.machine] = run
            found.append(run)
            continue
        if event.number not in _GOOD | _BAD | _FINISHED:
            continue
        if run is None or event.at - run.started_at > _NEAR_S or (run.ended_at and event.at - run.ended_at > 120):
            if event.number in _FINISHED and run is not None and run.ended_at is not None:
                continue
            run = open_[event.machine] = Run(state="unknown", started_at=event.at, machine=event.machine)
            found.append(run)
        run.ended_at, run.unfinished = event.at, False
        if event.number in _BAD:
            run.state, run.message = "failed", _("event {n}").format(n=event.number)
        elif event.number in _GOOD and run.state != "failed":
            run.state = "ok"
        elif run.state == "unknown":
            run.message = _("it finished, and its outcome is not told")
        if run.state == "ok":
            run.message = ""
    return found


def _time(value: object, clock: LocalClock) -> int | None:
    """Epoch seconds of /Date(1589670186000)/, an ISO time, or {"value": …, "DateTime": …}."""
    if isinstance(value, dict):
        value = value.get("value")
    text = as_text(value)
    if found := _PS_DATE.match(text):
        return read_epoch(int(found[1]) // 1000)
    when = read_iso(text)
    return clock.read(when) if when else None
