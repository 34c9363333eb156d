"""The two things restic prints: `restic backup`, with --json or without, and `restic snapshots --json`."""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from deskaudit.connectors.backups.figures import after, as_text, decode, read_count, read_epoch, read_iso, read_size
from deskaudit.connectors.backups.runs import Run
from deskaudit.errors import SourceError
from deskaudit.i18n import _
from deskaudit.text import one_line

_SKIPPED = re.compile(
    r"does not exist, skipping|could not be read|unable to (?:read|open) .*?(?:file|director)", re.IGNORECASE
)
_FATAL = re.compile(r"^Fatal:|^unable to create lock|signal \w+ received", re.IGNORECASE)
_SAVED = re.compile(r"^snapshot ([0-9a-f]{8,64}) saved$")
_PROCESSED = re.compile(r"^processed \d+ files, (.+) in (?:(\d{1,6}):)?(\d{1,2}):(\d\d)$")
_ADDED = re.compile(r"^Added to the repo(?:sitory)?: ([^(]+)")
_BEGINS = re.compile(r"^(?:no parent snapshot found|using parent snapshot |Files: +\d+ new)")
_DRY = re.compile(r"^Would add to the repo")


def read_snapshots(data: bytes, origin: str, host: str = "") -> list[Run]:
    """The runs that a snapshot list proves, in its order; `host` keeps one machine's."""
    try:
        rows = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise SourceError(
            _("{file} is no list of restic snapshots.").format(file=origin),
            kind="bad_file",
            hint=_("Save it with: restic snapshots --json"),
        ) from None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise SourceError(
            _("{file} is JSON, but no list of restic snapshots.").format(file=origin),
            kind="bad_file",
            hint=_("Save it with: restic snapshots --json"),
        )
    return [_from_snapshot(row, origin) for row in rows if not host or row.get("hostname") == host]


def _from_snapshot(row: dict[str, Any], origin: str) -> Run:
    started = _time(row.get("time"))
    snapshot_id = row.get("id")
    if started is None or not isinstance(snapshot_id, str):
        raise SourceError(
            _("{file} holds a snapshot without id or time.").format(file=origin),
            kind="bad_file",
            hint=_("Save it anew with: restic snapshots --json"),
        )
    summary = row.get("summary")
    summary = summary if isinstance(summary, dict) else {}
    return Run(
        ext_id=one_line(snapshot_id[:16]),
        snapshot_id=snapshot_id,
        machine=one_line(as_text(row.get("hostname")), 120),
        state="ok",
        started_at=started,
        ended_at=_time(summary.get("backup_end")),
        bytes_source=read_count(summary.get("total_bytes_processed")),
        bytes_added=read_count(summary.get("data_added")),
    )


class _Told(msgspec.Struct):
    """What the lines of one log said."""

    summary: dict[str, Any] | None = None
    errors: int = 0
    skipped: str = ""
    fatal: str = ""
    code: int | None = None
    text: str = ""
    figures: dict[str, int | None] = msgspec.field(default_factory=dict)  # of the text summary
    dry: bool = False  # in text


def read_log(data: bytes, origin: str, modified_at: int, known: Mapping[str, Run]) -> Run | None:
    """The run that a log tells of; None for a dry run, which stores nothing.

    Its time: the log's own (restic ≥ 0.17), the snapshot's, else the file's.
    `known` has the snapshots by the first eight characters of their id. A log of several runs is refused: which run a
    line belongs to could only be guessed.
    """
    told = _Told()
    for line in decode(data).splitlines():
        _hear(line, told, origin)
    if told.summary is not None and told.summary.get("dry_run") is True:
        return None
    if not data.strip():
        state, said = "unknown", _("the log is empty")
    else:
        state, said = _judge(told)
    summary = told.summary or {}
    snapshot_id = summary.get("snapshot_id")
    snapshot_id = snapshot_id if isinstance(snapshot_id, str) else ""
    length = after(0, summary.get("total_duration")) or 0
    snapshot = known.get(snapshot_id[:8]) if snapshot_id else None
    started = _time(summary.get("backup_start")) or (snapshot.started_at if snapshot else modified_at - length)
    return Run(
        ext_id=one_line(origin),
        snapshot_id=snapshot_id,
        machine=snapshot.machine if snapshot else "",
        state=state,
        started_at=started,
        ended_at=_time(summary.get("backup_end")) or started + length,
        bytes_source=read_count(summary.get("total_bytes_processed")),
        bytes_added=read_count(summary.get("data_added")),
        message=said,
        unfinished=state == "unknown" and bool(data.strip()),
    )


def _hear(line: str, told: _Told, origin: str) -> None:
    message = _message(line)
    kind = message.get("message_type")
    if told.summary is not None and (kind in {"status", "verbose_status"} or _BEGINS.match(line.strip())):
        raise _several(origin)
    if kind == "summary":
        _take_summary(message, told, origin)
    elif kind == "error":
        told.errors += 1
    elif kind in {"exit_error", "exit"}:
        told.code = read_count(message.get("code"))
        told.fatal = one_line(message.get("message", "")) if kind == "exit_error" else told.fatal
    elif kind is None and line.strip():
        _hear_text(line.strip(), told, origin)


def _take_summary(found: dict[str, Any], told: _Told, origin: str) -> None:
    if told.summary is not None:
        raise _several(origin)
    told.summary = found


def _several(origin: str) -> SourceError:
    return SourceError(
        _("{file} holds more than one run.").format(file=origin),
        kind="bad_file",
        hint=_("Write one log file for each run."),
    )


def _hear_text(line: str, told: _Told, origin: str) -> None:
    """A line that is no JSON: of an error, or of all that restic prints without --json."""
    told.text = one_line(line)
    if processed := _PROCESSED.match(line):
        hours, minutes, seconds = (int(part or 0) for part in processed.groups()[1:])
        told.figures["total_duration"] = hours * 3600 + minutes * 60 + seconds
        told.figures["total_bytes_processed"] = read_size(processed[1])
        if told.dry:  # its last line
            _take_summary({"dry_run": True}, told, origin)
    elif added := _ADDED.match(line):
        told.figures["data_added"] = read_size(added[1])
    elif saved := _SAVED.match(line):
        _take_summary({**told.figures, "snapshot_id": saved[1]}, told, origin)
    elif _DRY.match(line):
        told.dry = True
    elif line.startswith("error: "):
        told.errors += 1
    else:
        told.skipped = told.text if _SKIPPED.search(line) else told.skipped
        told.fatal = told.text if _FATAL.search(line) else told.fatal


def _judge(told: _Told) -> tuple[str, str]:
    """State and the sentence that says why."""
    if told.summary is None:
        if told.fatal or told.code:
            return "failed", told.fatal or _("restic ended with {code}").format(code=told.code)
        return "unknown", _("no summary: still running, or cut off") + (f" ({told.text})" if told.text else "")
    if told.code == 1 or told.fatal:
        return "failed", told.fatal or _("restic ended with {code}").format(code=told.code)
    if told.errors or told.skipped or told.code:
        return "partial", told.skipped or _("{n} files could not be read").format(n=told.errors)
    return "ok", ""


def _message(line: str) -> dict[str, Any]:
    """A line as a JSON object; {} for plain text."""
    if not line.startswith("{"):
        return {}
    try:
        found = msgspec.json.decode(line)
    except (msgspec.DecodeError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _time(value: object) -> int | None:
    """Restic's RFC 3339 with nanoseconds and offset, as epoch seconds."""
    moment = read_iso(value)
    return read_epoch(moment.timestamp()) if moment is not None and moment.tzinfo else None
