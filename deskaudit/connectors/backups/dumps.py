"""Database dumps: files that a script writes each day. A dump is whole when its own last line stands in it.

mysqldump and pg_dump end with a line of their own; `false | gzip` ends well and leaves twenty bytes. Formats that have no
such line (pg_dump -Fc, copies of database files) are unknown: only a restore proves them. The newest file of a day counts.
"""

import bz2
import gzip
import lzma
import re
import zlib
from collections import defaultdict
from datetime import datetime
from pathlib import Path
from typing import IO, ClassVar

import msgspec

from deskaudit.connectors.backups.jobs import Job, check_names
from deskaudit.connectors.backups.runs import Reading, Run
from deskaudit.connectors.backups.source import BackupSource
from deskaudit.connectors.ordinary import refuse_special
from deskaudit.errors import Cancelled
from deskaudit.i18n import _
from deskaudit.model.batches import Reject
from deskaudit.text import one_line

CHUNK = 1 << 20
TAIL = 4096
_OPENERS = {b"\x1f\x8b": gzip.GzipFile, b"BZh": bz2.BZ2File, b"\xfd7zXZ\x00": lzma.LZMAFile}
_UNREAD = {
    b"\x28\xb5\x2f\xfd": "zstd",
    b"PK\x03\x04": "zip",
    b"PGDMP": "pg_dump -Fc",
    b"SQLite format 3\x00": "SQLite",
    b"7z\xbc\xaf\x27\x1c": "7z",
    b"-----BEGIN PGP": "PGP",
    b"age-encryption.org": "age",
    b"Salted__": "openssl",
}
_ENCRYPTED = {"PGP", "age", "openssl"}
_KNOWN = (
    (re.compile(rb"^-- (?:MySQL|MariaDB) dump", re.MULTILINE), re.compile(rb"^-- Dump completed", re.MULTILINE)),
    (  # mysqldump --skip-comments: the last thing it does is to restore what it has set
        re.compile(rb"^/\*M?!\d+ SET @OLD_(?:SQL_NOTES|NOTE_VERBOSITY)=", re.MULTILINE),
        re.compile(rb"^/\*M?!\d+ SET (?:SQL_NOTES|NOTE_VERBOSITY)=@OLD_\w+ \*/;\s*\Z", re.MULTILINE),
    ),
    (re.compile(rb"^<mysqldump\b", re.MULTILINE), re.compile(rb"^</mysqldump>\s*\Z", re.MULTILINE)),
    (
        re.compile(rb"^-- PostgreSQL database (?:cluster )?dump", re.MULTILINE),
        re.compile(rb"^-- PostgreSQL database (?:cluster )?dump complete", re.MULTILINE),
    ),
    (re.compile(rb"^BEGIN TRANSACTION;", re.MULTILINE), re.compile(rb"^COMMIT;\s*\Z", re.MULTILINE)),
)
_DATED = re.compile(
    r"[-_.@T]?(?:(?:19|20)\d\d[-_.]?\d\d[-_.]?\d\d(?:[-_.T ]?\d\d[-_.:h]?\d\d(?:[-_.:m]?\d\d)?)?|\d{10,14})Z?|\.\d{1,3}(?=\.|$)"
)


class DumpsJob(Job, frozen=True, kw_only=True, forbid_unknown_fields=True):
    help: ClassVar[dict[str, str]] = {
        **Job.help,
        "logs": "The dump files themselves, as /backup/db-*.sql.gz; the newest of each day counts.",
        "only": "Names of dumps without their dates, as db.sql.gz: only these belong to this job.",
        "trailer": "Text that stands in the last lines of a whole dump, for programs other than mysqldump, pg_dump and sqlite3.",
        "smallest": "A dump of fewer bytes, unpacked, is no dump.",
    }

    trailer: str = ""
    smallest: int = 1


class DumpsOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    help: ClassVar[dict[str, str]] = {"jobs": "The dumps that should be made, one table each."}

    jobs: list[DumpsJob]

    def __post_init__(self) -> None:
        check_names(self.jobs)


class Dumps(BackupSource):
    name: ClassVar[str] = "dumps"
    title: ClassVar[str] = "Database dumps: files judged by their last line and size"
    options: ClassVar[type[msgspec.Struct]] = DumpsOptions
    tested: ClassVar[str] = "real tool (mariadb-dump 10.11, pg_dump 15, sqlite3, gzip)"
    mark: ClassVar[re.Pattern[bytes] | None] = re.compile(
        rb"^-- (?:MySQL|MariaDB) dump|^/\*M?!\d+\\?- enable the sandbox|^-- PostgreSQL database (?:cluster )?dump|^BEGIN TRANSACTION;|^<mysqldump\b",
        re.MULTILINE,
    )
    hint: ClassVar[str] = "Name the dump files, as /backup/db-*.sql.gz."

    def collect(self, job: DumpsJob) -> Reading:
        """One run a day and dump: the newest file of the day."""
        reading = Reading()
        files = self.files(job, "logs", reading)
        stems = {_DATED.sub("", file.name) for file in files}
        newest: dict[tuple[str, str], tuple[int, Path]] = defaultdict(lambda: (-1, Path()))
        for file in files:
            try:
                refuse_special(file)
                at = int(file.stat().st_mtime)
            except OSError as fault:
                reading.rejects.append(Reject(one_line(file.name), one_line(fault)))
                continue
            day = f"{datetime.fromtimestamp(at, self.zone(job)):%Y-%m-%d}"
            key = (_DATED.sub("", file.name) if len(stems) > 1 else "", day)
            newest[key] = max(newest[key], (at, file))
        for (stem, _day), (at, file) in sorted(newest.items()):
            if self._context.cancelled():
                raise Cancelled(_("Stopped while reading {file}.").format(file=file))
            try:
                reading.runs.append(_judge(file, at, one_line(stem, 120), job))
            except OSError as fault:
                reading.rejects.append(Reject(one_line(file.name), one_line(fault)))
        return reading


class _Seen(msgspec.Struct):
    """The two ends of a dump and its size, unpacked."""

    head: bytes = b""
    tail: bytes = b""
    size: int = 0


def _judge(file: Path, at: int, stem: str, job: DumpsJob) -> Run:
    run = Run(
        state="unknown",
        started_at=at,
        ended_at=at,
        ext_id=one_line(file.name),
        job=stem,
        bytes_added=file.stat().st_size,
    )
    with file.open("rb") as handle:
        start = handle.read(64)
    if not start:
        run.state, run.bytes_source, run.message = "failed", 0, _("the file is empty")
        return run
    if kind := _kind(start):
        run.encrypted = True if kind in _ENCRYPTED else None
        run.message = _("{kind} has no last line to judge by: only a restore proves it").format(kind=kind)
        return run
    opener = next((opener for mark, opener in _OPENERS.items() if start.startswith(mark)), None)
    try:
        with opener(file) if opener else file.open("rb") as stream:
            seen = _skim(stream)
    except (EOFError, zlib.error, lzma.LZMAError, OSError) as fault:
        if isinstance(fault, OSError) and fault.errno is not None:
            raise
        run.state, run.message = "failed", _("cut or damaged: {fault}").format(fault=one_line(fault))
        return run
    run.bytes_source = seen.size
    if inner := _kind(seen.head):
        run.message = _("{kind} has no last line to judge by: only a restore proves it").format(kind=inner)
        return run
    run.state, run.message = _weigh(seen, job)
    return run


def _kind(start: bytes) -> str:
    return next((kind for mark, kind in _UNREAD.items() if start.startswith(mark)), "")


def _skim(stream: IO[bytes]) -> _Seen:
    """Reads to the end, and keeps the two ends."""
    seen = _Seen()
    while chunk := stream.read(CHUNK):
        seen.head = (seen.head + chunk[:TAIL])[:TAIL] if len(seen.head) < TAIL else seen.head
        seen.tail = (seen.tail + chunk[-TAIL:])[-TAIL:]
        seen.size += len(chunk)
    return seen


def _weigh(seen: _Seen, job: DumpsJob) -> tuple[str, str]:
    """State and the sentence that says why."""
    if seen.size < max(job.smallest, 1):
        return "failed", _("it holds {n} bytes").format(n=seen.size)
    if job.trailer:
        whole = job.trailer.encode() in seen.tail
        return ("ok", "") if whole else ("failed", _("its last lines lack the trailer: it was cut"))
    for head, trailer in _KNOWN:
        if head.search(seen.head):
            whole = trailer.search(seen.tail) is not None
            return ("ok", "") if whole else ("failed", _("its last line is missing: the dump was cut"))
    return "unknown", _("no dump that is known here; set trailer to what its last line says")
