"""The two things restic prints: `restic backup --json` and `restic snapshots --json`."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from deskaudit.errors import SourceError
from deskaudit.i18n import _
from deskaudit.text import one_line

_SKIPPED = re.compile(
    r"does not exist, skipping|could not be read|unable to (?:read|open) .*?(?:file|director)", re.IGNORECASE
)
_FATAL = re.compile(r"^Fatal:", re.IGNORECASE)


class Run(msgspec.Struct, kw_only=True):
    """One run. Times are epoch seconds; `state` is ok, partial, failed or unknown."""

    ext_id: str
    snapshot_id: str = ""
    state: str
    started_at: int
    ended_at: int | None = None
    bytes_source: int | None = None
    bytes_added: int | None = None
    message: str = ""


def read_snapshots(data: bytes, origin: str, host: str = "") -> list[Run]:
    """The runs that a snapshot list proves, in its order; `host` keeps one machine's."""
    try:
        rows = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
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
        state="ok",
        started_at=started,
        ended_at=_time(summary.get("backup_end")),
        bytes_source=_count(summary.get("total_bytes_processed")),
        bytes_added=_count(summary.get("data_added")),
    )


class _Told(msgspec.Struct):
    """What the lines of one log said."""

    summary: dict[str, Any] | None = None
    errors: int = 0
    skipped: str = ""
    fatal: str = ""
    code: int | None = None
    text: str = ""


def read_log(data: bytes, origin: str, modified_at: int, known: Mapping[str, Run]) -> Run:
    """The run that a log tells of. Its time: the log's own (restic ≥ 0.17), the snapshot's, else the file's.

    `known` has the snapshots by the first eight characters of their id. A log of several runs is refused: which run a
    line belongs to could only be guessed.
    """
    told = _Told()
    for line in data.decode("utf-8", errors="replace").splitlines():
        _hear(line, told, origin)
    if not data.strip():
        state, said = "unknown", _("the log is empty")
    else:
        state, said = _judge(told)
    summary = told.summary or {}
    snapshot_id = summary.get("snapshot_id")
    snapshot_id = snapshot_id if isinstance(snapshot_id, str) else ""
    duration = summary.get("total_duration")
    length = int(duration) if isinstance(duration, (int, float)) and 0 <= duration < 10**7 else 0
    snapshot = known.get(snapshot_id[:8]) if snapshot_id else None
    started = _time(summary.get("backup_start")) or (snapshot.started_at if snapshot else modified_at - length)
    return Run(
        ext_id=one_line(origin),
        snapshot_id=snapshot_id,
        state=state,
        started_at=started,
        ended_at=_time(summary.get("backup_end")) or started + length,
        bytes_source=_count(summary.get("total_bytes_processed")),
        bytes_added=_count(summary.get("data_added")),
        message=said,
    )


def _hear(line: str, told: _Told, origin: str) -> None:
    message = _message(line)
    kind = message.get("message_type")
    if kind == "summary":
        if told.summary is not None:
            raise SourceError(
                _("{file} holds more than one run.").format(file=origin),
                kind="bad_file",
                hint=_("Write one log file for each run."),
            )
        told.summary = message
    elif kind == "error":
        told.errors += 1
    elif kind in {"exit_error", "exit"}:
        told.code = _count(message.get("code"))
        told.fatal = one_line(message.get("message", "")) if kind == "exit_error" else told.fatal
    elif kind is None and line.strip():
        told.text = one_line(line)
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
    except msgspec.DecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _time(value: object) -> int | None:
    """Restic's RFC 3339 with nanoseconds and offset, as epoch seconds."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", value))
        return int(moment.timestamp()) if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63 else None
