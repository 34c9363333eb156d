"""Mail archives in mbox files, read as a stream: of each mail the headers alone, and those not beyond a bound."""

import gzip
import os
import re
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, ClassVar

import msgspec

from deskaudit.connectors import Context
from deskaudit.connectors.mailbox.contacts import FILLS, Sorter
from deskaudit.connectors.mailbox.headers import HEADER_BYTES
from deskaudit.connectors.mailbox.options import MailOptions
from deskaudit.connectors.ordinary import refuse_changed, refuse_special, require_files, what_next
from deskaudit.connectors.recognition import Likeness, Specimen
from deskaudit.errors import Cancelled, SourceError
from deskaudit.i18n import _, ngettext
from deskaudit.model.batches import Batch, Cursor, Probe, Problem, Reject, Want
from deskaudit.model.entities import Row

BATCH_MAILS = 2000
LINE_BYTES = 65536  # longer lines come in pieces
FIRST_BYTES = 16_000_000  # a file without a mail in these is no mail archive
CANCEL_LINES = 50_000
CANCEL_MAILS = 200
PROBE_MAILS = 200
_START = re.compile(rb"From .*\b\d{1,2} +\d{1,2}:\d\d(:\d\d)?\b.*\d{4}")
"""`From sender Mon Mar  2 09:00:00 2026`: a line of a text that begins with From has no date."""


class MboxOptions(MailOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The options of `type = "mbox"`."""

    path: str | list[str]

    help: ClassVar[dict[str, str]] = {
        "path": "The file, a list of files, or a pattern as mail/*.mbox; .gz is read too. It starts at the config's folder.",
        **MailOptions.help,
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.path:
            raise ValueError(_("path names no file"))


class Found(msgspec.Struct, frozen=True):
    """The headers of a mail, its number in the file, and how far the file has been read (bytes on disk)."""

    headers: bytes
    number: int
    done: int


class Mbox:
    """`type = "mbox"`: files are read whole each time, and what is not in them any more is gone."""

    name: ClassVar[str] = "mbox"
    title: ClassVar[str] = "Mail archive (mbox), headers only"
    options: ClassVar[type[MboxOptions]] = MboxOptions
    fills: ClassVar[frozenset[str]] = FILLS
    tested: ClassVar[str] = "real file (Python's mailbox module)"

    def __init__(self, options: MboxOptions, context: Context) -> None:
        self._options = options
        self._context = context

    @classmethod
    def recognises(cls, specimen: Specimen) -> Likeness | None:
        """A first line as `From sender Mon Mar  2 09:00:00 2026`."""
        if not _START.match(specimen.head):
            return None
        return Likeness(options={"path": specimen.path}, why=_("it begins with the line that separates mails"))

    def probe(self) -> Probe:
        """Reads the first mails of each file."""
        sorter = Sorter(self._options, self._context, FILLS)
        modules: dict[str, str] = {}
        wrong: SourceError | None = None
        try:
            for file in self._files():
                try:
                    count = 0
                    for found in self._mails(file):
                        sorter.take(found.headers, str(found.number), file.name)
                        count += 1
                        if count >= PROBE_MAILS:
                            break
                    if not count and _size(file):
                        raise self._no_mail(file)
                    modules[file.name] = "ok" if count else _("there is no mail in it")
                except SourceError as fault:
                    modules[file.name] = fault.message
                    wrong = wrong or fault
        except SourceError as fault:
            wrong = fault
        if wrong is not None:
            return Probe(reachable=False, modules=modules, message=wrong.message, hint=wrong.hint)
        said = " ".join(problem.message for problem in sorter.problems("mbox"))
        return Probe(reachable=True, authorised=True, modules=modules, message=said or _("the headers can be read"))

    def pull(self, cursor: Cursor | None, want: Want) -> Iterator[Batch]:  # noqa: ARG002 - files are read whole
        """The mails since `want.since_at`. Raises SourceError where a file cannot be read to its end."""
        files = self._files()
        total = sum(_size(file) for file in files)
        sorter = Sorter(self._options, self._context, want.entities, want.since_at)
        rows: list[Row] = []
        rejects: list[Reject] = []
        before = done = 0
        for file in files:
            count = 0
            for found in self._mails(file):
                count += 1
                if count % CANCEL_MAILS == 0 and self._context.cancelled():
                    raise Cancelled(_("Stopped while reading {file}.").format(file=file))
                done = before + found.done
                taken = sorter.take(found.headers, f"{file.name} {found.number}", file.name)
                if isinstance(taken, Reject):
                    rejects.append(taken)
                else:
                    rows += taken
                if sorter.read % BATCH_MAILS == 0:
                    yield self._batch(want, rows, rejects, done, total)
                    rows, rejects = [], []
            before += _size(file)
            if not count and _size(file):
                yield Batch(problems=[Problem("interaction", self._no_mail(file).message, ("interaction",))])
        problems = sorter.problems("mbox")
        if not total:
            message = _("There is no mail in {files}.").format(files=", ".join(file.name for file in files[:10]))
            problems.append(Problem("interaction", message, ("interaction",)))
        if sorter.old and sorter.old == sorter.read:
            message = ngettext(
                "The only mail is older than {day}, where the pull begins: it does not count.",
                "All {n} mails are older than {day}, where the pull begins: none of them counts.",
                sorter.old,
            )
            day = datetime.fromtimestamp(want.since_at, UTC).date()
            problems.append(Problem("mbox", message.format(n=sorter.old, day=day)))
        yield self._batch(want, rows, rejects, before, total, problems, {"files": [str(file) for file in files]})

    def _files(self) -> list[Path]:
        return require_files(self._context, self._options.path)

    def _mails(self, file: Path) -> Iterator[Found]:
        try:
            refuse_special(file)
            with file.open("rb") as disk:
                before = os.fstat(disk.fileno())
                packed = disk.read(2) == b"\x1f\x8b"
                disk.seek(0)
                if packed:
                    with gzip.open(disk) as stream:
                        yield from self._split(stream, disk, file)
                else:
                    yield from self._split(disk, disk, file)
                refuse_changed(disk, before, disk.tell())
        except (OSError, EOFError, zlib.error) as fault:
            why = getattr(fault, "strerror", None) or str(fault)
            hint = _("Check sources.{name}.path, and who may read the file.").format(name=self._context.source)
            raise SourceError(
                _("{file} cannot be read: {why}.").format(file=file, why=why),
                kind="bad_file",
                hint=what_next(fault, hint),
            ) from None

    def _no_mail(self, file: Path) -> SourceError:
        return SourceError(
            _("{file} holds no mail: is it an mbox file?").format(file=file.name),
            kind="bad_file",
            hint=_("Check sources.{name}.path; an mbox file begins with a line From.").format(
                name=self._context.source
            ),
        )

    def _split(self, stream: BinaryIO | gzip.GzipFile, disk: BinaryIO, file: Path) -> Iterator[Found]:
        """The headers of one mail after the other: what stands between a `From ` line and the next empty one."""
        headers: list[bytes] = []
        number = size = lines = begun = 0
        in_headers, empty, whole = False, True, True  # the line before: was it empty, and did it end
        while line := stream.readline(LINE_BYTES):
            lines += 1
            if lines % CANCEL_LINES == 0 and self._context.cancelled():
                raise Cancelled(_("Stopped while reading {file}.").format(file=file))
            if not number and (begun := begun + len(line)) > FIRST_BYTES:
                raise self._no_mail(file)
            is_empty = whole and line in {b"\n", b"\r\n"}
            if whole and empty and line.startswith(b"From ") and _START.match(line):
                if in_headers:  # a mail without a body
                    yield Found(b"".join(headers), number, disk.tell())
                headers, size, in_headers = [], 0, True
                number += 1
            elif in_headers and is_empty:
                yield Found(b"".join(headers), number, disk.tell())
                headers, in_headers = [], False
            elif in_headers and size < HEADER_BYTES:
                headers.append(line)
                size += len(line)
            whole = line.endswith(b"\n")
            empty = is_empty
        if in_headers:
            yield Found(b"".join(headers), number, disk.tell())

    def _batch(
        self,
        want: Want,
        rows: list[Row],
        rejects: list[Reject],
        done: int,
        total: int,
        problems: list[Problem] | None = None,
        cursor: Cursor | None = None,
    ) -> Batch:
        return Batch(
            rows=rows,
            rejects=rejects,
            replaces=FILLS & want.entities,
            resource="interaction",
            done=done,
            total=total,
            problems=problems or (),
            cursor=cursor,
        )


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0  # opening it says what is wrong
