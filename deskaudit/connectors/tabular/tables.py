"""Delimited text files as rows of cells: encodings, delimiters, header lines, quoting. Nothing is guessed silently.

`Table` opens one file, finds its header by the columns that are wanted, and yields its rows. What cannot be read is a
SourceError that names the place and the way out; a row that breaks the quoting is handed on as a fault, and counted.
"""

import codecs
import csv
import difflib
import glob
import gzip
import hashlib
import io
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import msgspec

from deskaudit.connectors import Context
from deskaudit.connectors.ordinary import refuse_special
from deskaudit.connectors.tabular.encodings import explain_undecodable, name_encoding
from deskaudit.connectors.tabular.options import TableOptions
from deskaudit.errors import SourceError
from deskaudit.i18n import _
from deskaudit.text import one_line

if TYPE_CHECKING:
    import _csv

HEADER_ROWS = 50
"""A header stands within so many rows."""
HEAD_CHARS = 1 << 18
CELL_LIMIT = 1 << 22
"""Characters of one cell or line; a longer one is a quote that was never closed."""
DELIMITERS = (",", ";", "\t", "|")

_GZIP = b"\x1f\x8b"
_SPREADSHEETS = {b"PK\x03\x04": "xlsx, ods or zip", b"\xd0\xcf\x11\xe0": "xls"}


class BadRow(msgspec.Struct, frozen=True):
    """A row that cannot be taken apart."""

    row: int
    reason: str


class Row(msgspec.Struct, frozen=True):
    """One row: its number as a spreadsheet counts it (blank rows and the header included) and its cells."""

    row: int
    cells: list[str]


class Layout(msgspec.Struct, frozen=True):
    """How a file is written."""

    encoding: str
    delimiter: str
    header_row: int  # as Row.row
    header: list[str]


class _Counting(io.RawIOBase):
    """Raw bytes on their way, counted and hashed."""

    def __init__(self, raw: BinaryIO) -> None:
        self._raw = raw
        self.done = 0
        self.digest = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        part = self._raw.read(len(buffer))
        buffer[: len(part)] = part
        self.done += len(part)
        self.digest.update(part)
        return len(part)

    def close(self) -> None:
        self._raw.close()
        super().close()


def find_files(options: TableOptions, context: Context) -> list[Path]:
    """The files of `path`: lists in their order, patterns by name. None found is an error that says where it looked."""
    texts = [options.path] if isinstance(options.path, str) else options.path
    found: dict[Path, None] = {}
    for text in texts:
        path = context.path(text)
        if glob.has_magic(text) and not path.exists():
            matches = sorted(Path(name) for name in glob.glob(str(path), recursive=True) if Path(name).is_file())  # noqa: PTH207 - the pattern may be absolute
            if not matches:
                raise _fault(
                    _("No file matches {path}.").format(path=path),
                    _("Check sources.{name}.path.").format(name=context.source),
                )
            found.update(dict.fromkeys(matches))
        else:
            found[path] = None
    return list(found)


def fold(name: str) -> str:
    """A column's name as names are compared: lower-case letters and digits; the text itself where there are none."""
    return "".join(char for char in name.casefold() if char.isalnum()) or name.strip()


class Table:
    """One file, open. `columns` has the places of each wanted column: several where the header repeats it."""

    def __init__(self, file: Path, options: TableOptions, wanted: Iterable[str], owner: str) -> None:
        """Finds encoding, delimiter and header. Raises SourceError; `owner` is the config table, for its hint."""
        self.file = file
        self.owner = owner
        self._options = options
        self._wanted = list(dict.fromkeys(wanted))
        self._raw: _Counting | None = None
        try:
            refuse_special(file)
            found = file.stat()
            self.total, self.modified_at = found.st_size, int(found.st_mtime)
            self._first = _first_bytes(file)
        except OSError as fault:
            raise self._unreadable(fault) from None
        self.zipped = self._first.startswith(_GZIP)
        self._refuse_spreadsheet()
        self._encoding = self._find_encoding()
        self.layout = self._find_layout()
        self.columns = {name: locate(name, self.layout.header) for name in self._wanted}

    @property
    def done(self) -> int:
        """Bytes of the file that have been read."""
        return self._raw.done if self._raw else 0

    @property
    def sha256(self) -> str:
        """Of the file, once all rows have been read."""
        return self._raw.digest.hexdigest() if self._raw else ""

    def rows(self) -> Iterator[Row | BadRow]:
        """All rows after the header, each as wide as the header at least. Blank rows are left out."""
        header, width = self.layout.header, len(self.layout.header)
        with self._open() as stream:
            for number, cells in self._records(stream, self.layout.delimiter):
                if number <= self.layout.header_row:
                    continue
                if isinstance(cells, str):
                    yield BadRow(number, cells)
                elif not cells or cells == header or not (cells[0].strip() or any(cell.strip() for cell in cells)):
                    continue
                elif len(cells) > width and any(cell.strip() for cell in cells[width:]):
                    reason = _("{n} cells where the header has {width}").format(n=len(cells), width=width)
                    yield BadRow(number, reason)
                else:
                    if len(cells) < width:  # programs leave trailing empty cells out
                        cells.extend([""] * (width - len(cells)))
                    yield Row(number, cells)
            while self._raw and self._raw.read(1 << 20):  # what follows the text belongs to the hash
                pass

    @contextmanager
    def _open(self) -> Iterator[io.TextIOWrapper]:
        try:
            raw = self.file.open("rb")
        except OSError as fault:
            raise self._unreadable(fault) from None
        with raw:
            self._raw = _Counting(raw)
            stream: io.BufferedIOBase = io.BufferedReader(self._raw, 1 << 17)
            if self.zipped:
                stream = gzip.GzipFile(fileobj=stream)
            yield io.TextIOWrapper(cast("Any", stream), encoding=self._encoding, errors="strict", newline="")

    def _lines(self, stream: io.TextIOWrapper) -> Iterator[str]:
        """Physical lines; every fault of the bytes becomes a SourceError here."""
        try:
            while line := stream.readline(CELL_LIMIT):
                if "\0" in line:
                    raise _fault(
                        _("{file} holds NUL characters: it is no text in {encoding}.").format(
                            file=self.file, encoding=self._encoding
                        ),
                        _('If it is UTF-16 without a byte-order mark, set {owner}.encoding = "utf-16-le".').format(
                            owner=self.owner
                        ),
                    )
                if len(line) == CELL_LIMIT:
                    raise _fault(
                        _("{file} has a line of more than {n} characters.").format(file=self.file, n=CELL_LIMIT),
                        _("Check that it is a table with line ends."),
                    )
                yield line
        except UnicodeError:
            try:
                raise explain_undecodable(self.file, self._encoding, self.owner, zipped=self.zipped) from None
            except (EOFError, zlib.error, OSError) as fault:
                raise self._damaged(fault) from None
        except (EOFError, zlib.error, gzip.BadGzipFile) as fault:
            raise self._damaged(fault) from None
        except OSError as fault:
            raise self._unreadable(fault) from None

    def _records(self, lines: io.TextIOWrapper, delimiter: str) -> Iterator[tuple[int, list[str] | str]]:
        """(number, cells), or (number, what is wrong) of a row that breaks the quoting."""
        reader = parse(self._lines(lines), delimiter, self._options)
        number = 0
        while True:
            number += 1
            try:
                yield number, next(reader)
            except StopIteration:
                return
            except csv.Error as fault:
                if "unexpected end" in str(fault) or "field larger" in str(fault):
                    raise _fault(
                        _(
                            "{file}: a quote opened in row {row} is never closed: the file is cut, or its quoting broken."
                        ).format(file=self.file, row=number),
                        _("Export it again, or set {owner}.quote and escape.").format(owner=self.owner),
                    ) from None
                yield number, _("broken quoting ({fault})").format(fault=fault)

    def _find_encoding(self) -> str:
        marked = next((name for mark, name in _MARKS if self._plain_start().startswith(mark)), "")
        wanted = name_encoding(self._options.encoding)
        if not wanted:
            return marked or "utf-8"
        if marked and wanted[:6].rstrip("-") != marked[:6].rstrip("-"):  # utf-8, utf-16, utf-32
            raise _fault(
                _("{file} begins with a mark of {marked}, but {owner}.encoding says {wanted}.").format(
                    file=self.file, marked=marked.removesuffix("-sig"), owner=self.owner, wanted=wanted
                ),
                _('Set encoding = "auto".'),
            )
        return marked or wanted

    def _plain_start(self) -> bytes:
        if not self.zipped:
            return self._first
        try:
            with gzip.open(self.file) as stream:
                return stream.read(8)
        except (OSError, EOFError, zlib.error) as fault:
            raise self._damaged(fault) from None

    def _find_layout(self) -> Layout:
        """The delimiter and the row under which all wanted columns are found."""
        with self._open() as stream:
            head = "".join(self._head_lines(stream))
        if not head.strip():
            raise _fault(_("{file} is empty.").format(file=self.file), _("Export it again."))
        given = {"auto": DELIMITERS, "tab": ("\t",)}.get(self._options.delimiter, (self._options.delimiter,))
        best: tuple[int, int, Layout] | None = None
        for delimiter in given:
            for number, cells in self._header_rows(head, delimiter):
                names = {fold(cell) for cell in cells}
                found = sum(fold(name) in names for name in self._wanted)
                if best is None or (found, len(cells)) > best[:2]:
                    best = (found, len(cells), Layout(self._encoding, delimiter, number, cells))
        if best is None:
            raise self._no_header()
        if best[0] < len(self._wanted):
            raise self._missing_column(best[2])
        return best[2]

    def _head_lines(self, stream: io.TextIOWrapper) -> Iterator[str]:
        size = 0
        for line in self._lines(stream):
            yield line
            size += len(line)
            if size > HEAD_CHARS:
                return

    def _header_rows(self, head: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
        """The first rows under one delimiter: those that may be the header."""
        reader = parse(iter(io.StringIO(head, newline="")), delimiter, self._options)
        starts = 1
        for number in range(1, (HEADER_ROWS if not self._options.header_line else self._options.header_line) + 1):
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error:
                cells = []
            if self._options.header_line and starts <= self._options.header_line <= reader.line_num and any(cells):
                yield number, cells
                return
            if not self._options.header_line and any(cell.strip() for cell in cells):
                yield number, cells
            starts = reader.line_num + 1

    def _no_header(self) -> SourceError:
        return _fault(
            _("{file} has no column names in line {line}.").format(file=self.file, line=self._options.header_line or 1),
            _("Set {owner}.header_line to their line, or 0 to find it.").format(owner=self.owner),
        )

    def _missing_column(self, layout: Layout) -> SourceError:
        names = {fold(cell): one_line(cell, 60) for cell in layout.header if cell.strip()}
        lost = next(name for name in self._wanted if fold(name) not in names)
        near = difflib.get_close_matches(fold(lost), names, n=1, cutoff=0.5)
        return _fault(
            _('{file} has no column "{name}" (row {row}).').format(file=self.file, name=lost, row=layout.header_row),
            (_('The nearest is "{near}". ').format(near=names[near[0]]) if near else "")
            + _("Columns: {names}.").format(names=one_line(", ".join(names.values()), 400)),
        )

    def _refuse_spreadsheet(self) -> None:
        for start, kind in _SPREADSHEETS.items():
            if self._first.startswith(start):
                raise _fault(
                    _("{file} is a spreadsheet or archive ({kind}), no CSV file.").format(file=self.file, kind=kind),
                    _("Save it as CSV (UTF-8)."),
                )

    def _damaged(self, fault: Exception) -> SourceError:
        return _fault(
            _("{file} is cut or damaged: {fault}.").format(file=self.file, fault=fault), _("Export or copy it again.")
        )

    def _unreadable(self, fault: OSError) -> SourceError:
        return _fault(
            _("{file} cannot be read: {fault}.").format(file=self.file, fault=fault.strerror or fault),
            _("Check {owner}.path and the file's permissions.").format(owner=self.owner),
        )


_MARKS = (  # UTF-32 first: its mark begins like that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


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


def locate(name: str, header: Sequence[str]) -> tuple[int, ...]:
    """The places of a column: those with exactly this name, else those that fold to it."""
    exact = tuple(place for place, cell in enumerate(header) if cell.strip().lstrip("\ufeff") == name.strip())
    return exact or tuple(place for place, cell in enumerate(header) if fold(cell) == fold(name))


def _first_bytes(file: Path) -> bytes:
    with file.open("rb") as stream:
        return stream.read(8)


def _fault(message: str, hint: str) -> SourceError:
    return SourceError(message, kind="bad_file", hint=hint)
