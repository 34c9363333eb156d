"""Duplicati: the reports it sends or saves, as JSON or text, one or many in a file.

"Success" with files in error is partial. An end of 0001-01-01 means that there is none yet. In text the epoch in
parentheses counts, because the date before it is written as the machine's language likes it.
"""

import re
from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec

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
from deskaudit.connectors.backups.jobs import Job, Options
from deskaudit.connectors.backups.runs import Origin, Reading, Restore, Run, empty_log, not_a_log
from deskaudit.connectors.backups.source import BackupSource
from deskaudit.i18n import _, ngettext
from deskaudit.text import one_line

_PAIR = re.compile(r"^\s*([A-Za-z][\w -]{1,40}): ?(.*?)\s*$")
_EPOCH = re.compile(r"\((\d{9,11})\)\s*$")
_STATES = {"success": "ok", "warning": "warned", "error": "failed", "fatal": "failed"}


class DuplicatiJob(Job, frozen=True, kw_only=True, forbid_unknown_fields=True):
    help: ClassVar[dict[str, str]] = {
        **Job.help,
        "logs": "Saved reports: --send-http-result-output-format=Json bodies, or report mails as text.",
        "only": "Backup names or machines: only these belong to this job. Left out: each backup name becomes one.",
    }


class DuplicatiOptions(Options, frozen=True, kw_only=True, forbid_unknown_fields=True):
    jobs: list[DuplicatiJob]


class Duplicati(BackupSource):
    name: ClassVar[str] = "duplicati"
    title: ClassVar[str] = "Duplicati: saved reports"
    options: ClassVar[type[msgspec.Struct]] = DuplicatiOptions
    tested: ClassVar[str] = "fixture: made from the documented shapes"
    mark: ClassVar[re.Pattern[bytes] | None] = re.compile(rb"MainOperation|ParsedResult")
    hint: ClassVar[str] = "Save its reports as JSON (send-http-result-output-format=Json)."

    def read(self, data: bytes, origin: Origin, job: Any) -> Reading:
        del job
        return read_duplicati(data, origin)


def read_duplicati(data: bytes, origin: Origin) -> Reading:
    """The runs and restores of saved reports. Raises SourceError for what Duplicati does not print."""
    reading = Reading()
    if not data.strip():
        reading.runs.append(empty_log(origin))
        return reading
    text: dict[str, object] = {}
    known = False
    for item in split_json(decode(data)):
        if isinstance(item, str):
            pair = _PAIR.match(item)
            if pair is None:
                continue
            if pair[1] in text and pair[1] in {"MainOperation", "ParsedResult", "BeginTime"}:
                known = _take(text, {}, reading, origin) or known
                text = {}
            text.setdefault(pair[1], pair[2])
            continue
        for report in item if isinstance(item, list) else [item]:
            found = as_dict(report)
            inner = as_dict(found.get("Data")) or found
            known = _take(inner, as_dict(found.get("Extra")), reading, origin) or known
    known = _take(text, text, reading, origin) or known
    if not known:
        raise not_a_log(origin, "Duplicati", _("Save its reports as JSON."))
    return reading


def _take(found: Mapping[str, object], extra: Mapping[str, object], reading: Reading, origin: Origin) -> bool:
    """Takes one report; whether it was one."""
    result = as_text(found.get("ParsedResult")) or as_text(found.get("Result"))
    if not result and "BeginTime" not in found:
        return "Exception" in found and _failed_report(found, extra, reading, origin)
    clock = LocalClock(origin.zone)
    started, ended = _at(found.get("BeginTime"), clock), _at(found.get("EndTime"), clock)
    name = one_line(as_text(extra.get("backup-name")) or as_text(found.get("backup-name")), 120)
    machine = one_line(as_text(extra.get("machine-name")) or as_text(found.get("machine-name")), 120)
    operation = as_text(found.get("MainOperation")) or as_text(extra.get("OperationName")) or "Backup"
    at = started if started is not None else origin.modified_at
    state = _STATES.get(result.strip().casefold(), "unknown")
    if operation == "Restore":
        came = read_count(found.get("RestoredFiles"))
        good = state == "ok" and came != 0 and ended is not None
        reading.restores.append(Restore(at=ended or at, job=name, machine=machine, result="ok" if good else "failed"))
        return True
    if operation != "Backup":
        return True
    if _is_true(found.get("Dryrun")):
        reading.notes.append(_("{file}: a dry run stored nothing and does not count").format(file=origin.name))
        return True
    reading.runs.append(_run(found, state, at, ended, name, machine))
    return True


def _run(found: Mapping[str, object], state: str, at: int, ended: int | None, name: str, machine: str) -> Run:
    errors = read_count(found.get("FilesWithError")) or 0
    run = Run(
        state="ok" if state == "warned" else state,
        started_at=at,
        ended_at=ended,
        job=name,
        machine=machine,
        encrypted=_encryption(found),
        bytes_source=read_count(found.get("SizeOfExaminedFiles")),
        bytes_added=read_count(as_dict(found.get("BackendStatistics")).get("BytesUploaded"))
        or read_count(found.get("SizeOfAddedFiles")),
        warned=state == "warned",
        message="" if state == "ok" else one_line(as_text(found.get("ParsedResult"))),
    )
    if run.state == "ok" and (errors or _is_true(found.get("PartialBackup")) or _is_true(found.get("Interrupted"))):
        run.state, run.warned = "partial", False
        counted = ngettext("{n} file in error", "{n} files in error", errors).format(n=errors)
        run.message = counted if errors else _("the backup was interrupted")
    if ended is None and run.state in {"ok", "partial", "unknown"} and "EndTime" in found:
        run.unfinished = True
    if run.state == "ok" and "EndTime" not in found:
        run.state, run.message = "unknown", _("the report does not tell its end")
    return run


def _failed_report(found: Mapping[str, object], extra: Mapping[str, object], reading: Reading, origin: Origin) -> bool:
    """A report that has nothing but an exception."""
    reading.runs.append(
        Run(
            state="failed",
            started_at=origin.modified_at,
            job=one_line(as_text(extra.get("backup-name")), 120),
            machine=one_line(as_text(extra.get("machine-name")), 120),
            ext_id=origin.name,
            message=one_line(as_text(found.get("Exception"))),
        )
    )
    return True


def _at(value: object, clock: LocalClock) -> int | None:
    """Epoch seconds; None for 0001-01-01, which means unset."""
    text = as_text(value)
    if epoch := _EPOCH.search(text):
        return read_epoch(int(epoch[1]))
    when = read_iso(text)
    return clock.read(when) if when else None


def _is_true(value: object) -> bool:
    return value is True or (isinstance(value, str) and value.strip().casefold() == "true")


def _encryption(found: Mapping[str, object]) -> bool | None:
    """By the suffix of the remote volumes, where the report names any."""
    listed = found.get("RemoteFiles") or found.get("BackendMessages")
    names = [name for name in listed if isinstance(name, str)] if isinstance(listed, list) else []
    names += [message for message in (as_text(found.get("Messages")),) if message]
    volumes = re.findall(r"duplicati-\S+?\.zip(\.aes|\.gpg)?\b", " ".join(names))
    return all(volumes) if volumes else None
