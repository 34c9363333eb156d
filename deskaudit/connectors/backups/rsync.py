"""rsync: its log file (`--log-file`), or what it printed. Its last lines tell the end; no last lines, no success."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any, ClassVar

import msgspec

from deskaudit.connectors.backups.figures import LocalClock, decode, read_count
from deskaudit.connectors.backups.jobs import Job, Options
from deskaudit.connectors.backups.runs import Origin, Reading, Run, empty_log, not_a_log
from deskaudit.connectors.backups.source import BackupSource
from deskaudit.errors import SourceError
from deskaudit.i18n import _
from deskaudit.text import one_line

_LINE = re.compile(r"^(\d{4}/\d\d/\d\d \d\d:\d\d:\d\d) \[(\d+)\] (.*)$")
_BEGINS = re.compile(r"^(?:building file list|sending incremental file list|receiving (?:incremental )?file list)")
_CODE = re.compile(r"^rsync (?:error|warning): (.*?)\(code (\d+)\)")
_TOTAL = re.compile(r"total size (?:is )?([\d,.'’\u00a0\u202f]+)")
_SOURCE = re.compile(r"^Total file size: ([\d,.'’\u00a0\u202f]+)")
_MOVED = re.compile(r"^Total transferred file size: ([\d,.'’\u00a0\u202f]+)")
_SENT = re.compile(r"^sent [\d,.'’\u00a0\u202f]+[KMGT]? bytes\s+received ")
_ITEM = re.compile(r"^(?:[<>]f\S{9}|\*deleting) ")
_WARNINGS = {24, 25}
"""Files vanished while they were read; not all was deleted that could have been."""
_PARTIAL = {23}


class RsyncJob(Job, frozen=True, kw_only=True, forbid_unknown_fields=True):
    help: ClassVar[dict[str, str]] = {
        **Job.help,
        "logs": 'Files written by "rsync -a --stats --log-file=FILE …"; or the saved output of "rsync -av --stats", both streams, one file a run.',
    }


class RsyncOptions(Options, frozen=True, kw_only=True, forbid_unknown_fields=True):
    jobs: list[RsyncJob]


class Rsync(BackupSource):
    name: ClassVar[str] = "rsync"
    title: ClassVar[str] = "rsync: runs from its log"
    options: ClassVar[type[msgspec.Struct]] = RsyncOptions
    tested: ClassVar[str] = "real tool (rsync 3.5.0)"
    mark: ClassVar[re.Pattern[bytes] | None] = re.compile(
        rb"^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d \[\d+\] |sent [\d,.]+\S* bytes  received|^sending incremental file list",
        re.MULTILINE,
    )
    hint: ClassVar[str] = 'Run it with "--stats --log-file=FILE".'

    def read(self, data: bytes, origin: Origin, job: Any) -> Reading:
        del job
        return read_rsync(data, origin)


class _Told(msgspec.Struct):
    """What one run's lines said."""

    started_at: int | None = None
    ended_at: int | None = None
    begun: bool = False
    sent: bool = False
    whole: bool = False  # its very last line is there: it alone tells a dry run
    dry: bool = False
    counted: bool = False  # it has statistics, which tell a dry run from one without changes
    items: bool = False  # a file was copied or deleted; folders show in a dry run too
    code: int | None = None
    error: str = ""
    source: int | None = None
    moved: int | None = None


def read_rsync(data: bytes, origin: Origin) -> Reading:
    """The runs of a log. Raises SourceError for what rsync does not print."""
    reading = Reading()
    if not data.strip():
        reading.runs.append(empty_log(origin))
        return reading
    parts = list(_parts(decode(data), origin))
    if not any(told.begun or told.sent or told.code is not None for told in parts):
        raise not_a_log(origin, "rsync", _("Run it with --stats and --log-file."))
    undated = [told for told in parts if told.started_at is None]
    if len(undated) > 1:
        raise SourceError(
            _("{file} holds more than one run, and no times.").format(file=origin.name),
            kind="bad_file",
            hint=_("Run rsync with --log-file, or write one file for each run."),
        )
    for told in parts:
        _conclude(told, reading, origin)
    return reading


def _parts(text: str, origin: Origin) -> Iterator[_Told]:
    """The runs of a log, by the process that wrote each line; lines without a process are one run after the other."""
    clock = LocalClock(origin.zone)
    found: list[_Told] = []
    of: dict[str, _Told] = {}
    for line in text.splitlines():
        match = _LINE.match(line)
        process, said = (match[2], match[3].strip()) if match else ("", line.strip())
        when = _time(match[1], clock) if match else None
        told = of.get(process)
        ended = told is not None and (told.code is not None or told.sent)
        if told is None or (ended and _BEGINS.match(said)):
            told = of[process] = _Told(started_at=when)
            found.append(told)
        told.ended_at = when if when is not None else told.ended_at
        _hear(told, said)
    return iter([told for told in found if told.begun or told.sent or told.code is not None or told.error])


def _time(text: str, clock: LocalClock) -> int | None:
    try:
        return clock.read(datetime.strptime(text, "%Y/%m/%d %H:%M:%S"))  # noqa: DTZ007 - the clock knows the zone
    except ValueError:
        return None


def _hear(told: _Told, said: str) -> None:
    if _BEGINS.match(said):
        told.begun = True
    elif code := _CODE.match(said):
        told.code, told.error = int(code[2][:6]), told.error or one_line(said)
    elif said.startswith(("rsync: ", "@ERROR")):
        told.error = told.error or one_line(said)
    elif source := _SOURCE.match(said):
        told.source, told.counted = read_count(source[1].rstrip(".,")), True
    elif moved := _MOVED.match(said):
        told.moved = read_count(moved[1].rstrip(".,"))
    else:
        total = _TOTAL.search(said)
        told.items = told.items or bool(_ITEM.match(said))
        told.counted = told.counted or bool(total and said.startswith("total size"))
        if _SENT.match(said) or (total and said.startswith("total size")):
            told.sent = True
            told.whole = told.whole or total is not None
        if total and told.source is None and told.sent:
            told.source = read_count(total[1].rstrip(".,"))
    told.dry = told.dry or said.endswith("(DRY RUN)")


def _conclude(told: _Told, reading: Reading, origin: Origin) -> None:
    if told.dry:
        reading.notes.append(_("{file}: a dry run (-n) copied nothing and does not count").format(file=origin.name))
        return
    dated = told.started_at is not None
    run = Run(
        state="",
        started_at=origin.modified_at if told.started_at is None else told.started_at,
        ended_at=told.ended_at if dated else origin.modified_at,
        ext_id="" if dated else origin.name,
        bytes_source=told.source,
        bytes_added=told.moved,
        message=told.error,
    )
    if told.code in _PARTIAL:
        run.state = "partial" if told.source else "failed"
    elif told.code in _WARNINGS:
        run.state, run.warned = "ok", True
    elif told.code:
        run.state = "failed"
    elif told.sent and not told.whole:
        run.state, run.unfinished = "unknown", True
    elif told.sent and not told.counted and not told.items and not told.error:
        run.state = "unknown"
        run.message = _("a dry run (-n) leaves the same lines as a run without changes: add --stats")
    elif told.sent:
        run.state = "partial" if told.error else "ok"
    else:
        run.state, run.unfinished = "unknown", True
    reading.runs.append(run)
