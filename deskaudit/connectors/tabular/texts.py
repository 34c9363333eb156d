"""The characters of a delimited text file: encoding, line ends, quoting. What cannot be read says where and why."""

import codecs
import csv
import gzip
import hashlib
import io
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from deskaudit.connectors.ordinary import refuse_changed, what_next
from deskaudit.connectors.tabular.encodings import explain_undecodable, name_encoding
from deskaudit.connectors.tabular.options import TableOptions
from deskaudit.errors import SourceError
from deskaudit.i18n import _

if TYPE_CHECKING:
    import _csv

CELL_LIMIT = 1 << 22
"""Characters of one cell or line; a longer one is a quote that was never closed."""
DELIMITERS = (",", ";", "\t", "|")
GZIP = b"\x1f\x8b"
START_BYTES = 64
"""By so many a file is known for what it is."""

_MARKS = (  # UTF-32 first: its mark begins like that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class Counting(io.RawIOBase):
    """Raw bytes on their way, counted and hashed."""

    def __init__(self, raw: BinaryIO | io.RawIOBase) -> None:
        self._raw = raw
        self.done = 0
        self.digest = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        part = self._raw.read(len(buffer)) or b""
        buffer[: len(part)] = part
        self.done += len(part)
        self.digest.update(part)
        return len(part)

    def close(self) -> None:
        self._raw.close()
        super().close()


class Text:
    """One text of rows. `label` says how it is written, `sheet` which part of a workbook it is ("" for a file)."""

    sheet = ""

    def __init__(self, file: Path, options: TableOptions, owner: str) -> None:
        self.file = file
        self.owner = owner
        self.options = options
        self.delimiters: tuple[str, ...] = {"auto": DELIMITERS, "tab": ("\t",)}.get(
            options.delimiter, (options.delimiter,)
        )
        self._raw: Counting | None = None
        self._file: BinaryIO
        self._before: os.stat_result | None = None
        self.first = self._first_bytes()
        self.zipped = self.first.startswith(GZIP)
        self.start = self._plain_start()
        self.label = self._find_encoding()

    @property
    def done(self) -> int:
        """Bytes of the file that have been read."""
        return self._raw.done if self._raw else 0

    @property
    def sha256(self) -> str:
        """Of the file, once it has been read to its end."""
        return self._raw.digest.hexdigest() if self._raw else ""

    @contextmanager
    def open(self) -> Iterator[io.TextIOWrapper]:
        """The characters, from the beginning. Raises SourceError where the file cannot be opened."""
        try:
            raw = self.file.open("rb")
        except OSError as fault:
            raise unreadable(self.file, self.owner, fault) from None
        with raw:
            self._raw, self._file, self._before = Counting(raw), raw, os.fstat(raw.fileno())
            stream: io.BufferedIOBase = io.BufferedReader(self._raw, 1 << 17)
            if self.zipped:
                stream = gzip.GzipFile(fileobj=stream)
            yield io.TextIOWrapper(cast("Any", stream), encoding=self.label, errors="strict", newline="")

    def read_rest(self) -> None:
        """Reads what follows the text: it belongs to the hash. Raises SourceError for a file that changed meanwhile."""
        while self._raw and self._raw.read(1 << 20):
            pass
        if self._raw and self._before:
            try:
                refuse_changed(self._file, self._before, self._raw.done)
            except OSError as fault:
                raise unreadable(self.file, self.owner, fault) from None

    def lines(self, stream: io.TextIOWrapper) -> Iterator[str]:
        """Physical lines; every fault of the bytes becomes a SourceError here."""
        try:
            for number in count(1):
                line = stream.readline(CELL_LIMIT)
                if not line:
                    return
                if "\0" in line:
                    raise bad_file(
                        _("{file}, line {line}: it holds NUL characters, which are no text in {encoding}.").format(
                            file=self.file, line=number, encoding=self.label
                        ),
                        _(
                            'If it is UTF-16 without a byte-order mark, set {owner}.encoding = "utf-16-le"; else export it again.'
                        ).format(owner=self.owner),
                    )
                if len(line) == CELL_LIMIT:
                    raise bad_file(
                        _("{file}, line {line}: it has more than {n} characters.").format(
                            file=self.file, line=number, n=CELL_LIMIT
                        ),
                        _("Check that it is a table with line ends."),
                    )
                yield line
        except UnicodeError:
            try:
                raise explain_undecodable(self.file, self.label, self.owner, zipped=self.zipped) from None
            except (EOFError, zlib.error, OSError) as fault:
                raise damaged(self.file, fault) from None
        except (EOFError, zlib.error, gzip.BadGzipFile) as fault:
            raise damaged(self.file, fault) from None
        except OSError as fault:
            raise unreadable(self.file, self.owner, fault) from None

    def records(self, stream: io.TextIOWrapper, delimiter: str) -> Iterator[tuple[int, list[str] | str]]:
        """(number, cells), or (number, what is wrong) of a row that breaks the quoting."""
        reader = parse(self.lines(stream), delimiter, self.options)
        number = 0
        while True:
            number += 1
            try:
                yield number, next(reader)
            except StopIteration:
                return
            except csv.Error as fault:
                if "unexpected end" in str(fault) or "field larger" in str(fault):
                    raise bad_file(
                        _(
                            "{file}: a quote opened in row {row} is never closed: the file is cut, or its quoting broken."
                        ).format(file=self.file, row=number),
                        _("Export it again, or set {owner}.quote and escape.").format(owner=self.owner),
                    ) from None
                yield number, _("broken quoting ({fault})").format(fault=fault)

    def _first_bytes(self) -> bytes:
        try:
            with self.file.open("rb") as stream:
                return stream.read(START_BYTES)
        except OSError as fault:
            raise unreadable(self.file, self.owner, fault) from None

    def _find_encoding(self) -> str:
        marked = next((name for mark, name in _MARKS if self.start.startswith(mark)), "")
        wanted = name_encoding(self.options.encoding)
        if not wanted:
            return marked or "utf-8"
        if marked and wanted[:6].rstrip("-") != marked[:6].rstrip("-"):  # utf-8, utf-16, utf-32
            raise bad_file(
                _("{file} begins with a mark of {marked}, but {owner}.encoding says {wanted}.").format(
                    file=self.file, marked=marked.removesuffix("-sig"), owner=self.owner, wanted=wanted
                ),
                _('Set encoding = "auto".'),
            )
        return marked or wanted

    def _plain_start(self) -> bytes:
        if not self.zipped:
            return self.first
        try:
            with gzip.open(self.file) as stream:
                return stream.read(START_BYTES)
        except (OSError, EOFError, zlib.error) as fault:
            raise damaged(self.file, fault) from None


def parse(lines: Iterator[str], delimiter: str, options: TableOptions) -> "_csv.Reader":
    """A strict reader: broken quoting is an error of that row, and reading goes on with the next line."""
    csv.field_size_limit(CELL_LIMIT)
    return csv.reader(
        lines,
        delimiter=delimiter,
        quotechar=options.quote or None,
        quoting=csv.QUOTE_MINIMAL if options.quote else csv.QUOTE_NONE,
        escapechar=options.escape or None,
        doublequote=not options.escape,
        skipinitialspace=delimiter != " ",
        strict=True,
    )


def bad_file(message: str, hint: str) -> SourceError:
    return SourceError(message, kind="bad_file", hint=hint)


def damaged(file: Path, fault: Exception | str) -> SourceError:
    return bad_file(
        _("{file} is cut or damaged: {fault}.").format(file=file, fault=fault), _("Export or copy it again.")
    )


def unreadable(file: Path, owner: str, fault: OSError) -> SourceError:
    """`owner`: the source's table in the config; "" where the file is in no config."""
    key = f"{owner}.path" if owner else _("the path")
    return bad_file(
        _("{file} cannot be read: {fault}.").format(file=file, fault=fault.strerror or fault),
        what_next(fault, _("Check {key} and the file's permissions.").format(key=key)),
    )
