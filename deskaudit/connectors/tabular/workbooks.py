"""Spreadsheets (xlsx, xlsb, xls, ods) as the same rows of text cells as CSV files.

A child process (`workbookdump.py`) writes each sheet once as CSV text into a file without a name; from then on a sheet
is read like any text, row by row. Memory is the child's: some 100 bytes for a cell, measured 175 MB for 1.6 million
cells; it may take 2 GiB (some 20 million cells), and what is larger is refused with the way out.
"""

import hashlib
import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from deskaudit.connectors.tabular.options import TableOptions
from deskaudit.connectors.tabular.texts import Counting, Text, bad_file, unreadable
from deskaudit.errors import Cancelled, SourceError
from deskaudit.i18n import _
from deskaudit.text import one_line

_PROGRAM = Path(__file__).with_name("workbookdump.py")
SECONDS = 900
"""So much time of the processor a workbook may take."""
_TICK_S = 0.3
_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_HEAD = 1 << 20


class SheetText(Text):
    """One sheet of a workbook, as text."""

    def __init__(self, file: Path, options: TableOptions, owner: str, *, kind: str, digest: str) -> None:
        self._digest = digest
        self._kind = kind
        plain = msgspec.structs.replace(options, encoding="utf-8", delimiter=",", quote='"', escape="")
        super().__init__(file, plain, owner)
        self.label = kind
        self._all: _Nameless
        self._start = self._end = 0

    def cut(self, whole: "_Nameless", name: str, start: int, end: int) -> "SheetText":
        """Which bytes of the text of all sheets are this one's."""
        self._all, self.sheet, self._start, self._end = whole, name, start, end
        return self

    @property
    def done(self) -> int:
        size = self.file_size
        return size * super().done // max(1, self._end - self._start)

    @property
    def sha256(self) -> str:
        return self._digest

    @property
    def file_size(self) -> int:
        try:
            return self.file.stat().st_size
        except OSError:
            return 0

    @contextmanager
    def open(self) -> Iterator[io.TextIOWrapper]:
        self._raw = Counting(_Part(self._all, self._start, self._end))
        with io.TextIOWrapper(io.BufferedReader(self._raw, 1 << 17), encoding="utf-8", newline="") as stream:
            yield stream

    def _find_encoding(self) -> str:
        return self._kind


class _Nameless:
    """A file on disk without a name, mode 600: it is gone when nobody reads it any more."""

    def __init__(self) -> None:
        self.descriptor, name = tempfile.mkstemp(prefix="deskaudit-sheets-")
        weakref.finalize(self, os.close, self.descriptor)
        Path(name).unlink()


class _Part(io.RawIOBase):
    """The bytes between two places of an open file; many may read it at once."""

    def __init__(self, whole: "_Nameless", start: int, end: int) -> None:
        self._whole = whole
        self._place = start
        self._end = end

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        part = os.pread(self._whole.descriptor, min(len(buffer), self._end - self._place), self._place)
        buffer[: len(part)] = part
        self._place += len(part)
        return len(part)


def kind_of(first: bytes) -> str:
    """xlsx, xls or "" by the first bytes of a file; ods and xlsb begin as xlsx."""
    return "xlsx" if first.startswith(_ZIP) else "xls" if first.startswith(_OLE) else ""


def open_sheets(
    file: Path, first: bytes, options: TableOptions, owner: str, cancelled: Callable[[], bool], seconds: int = SECONDS
) -> list[SheetText]:
    """The sheets with cells, or the one that `options.sheet` names. Raises SourceError, after `seconds` at the latest."""
    kind, digest = _look(file, first, owner)
    try:
        whole = _Nameless()
    except OSError as fault:
        raise unreadable(file, owner, fault) from None
    found = _dump(file, whole, options.decimal, cancelled, seconds)
    if "fault" in found:
        raise _explain(file, kind, found, seconds)
    sheets = found["sheets"]
    if options.sheet:
        sheets = [sheet for sheet in sheets if sheet["name"].strip().casefold() == options.sheet.strip().casefold()]
        if not sheets:
            names = ", ".join(f'"{one_line(sheet["name"], 40)}"' for sheet in found["sheets"])
            raise bad_file(
                _('{file} has no sheet "{name}".').format(file=file, name=options.sheet),
                _("Sheets with cells: {names}.").format(names=one_line(names, 300) or _("none")),
            )
    if not sheets:
        raise bad_file(_("{file} is empty.").format(file=file), _("Export it again."))
    return [
        SheetText(file, options, owner, kind=kind, digest=digest).cut(
            whole, sheet["name"], sheet["start"], sheet["end"]
        )
        for sheet in sheets
    ]


def _look(file: Path, first: bytes, owner: str) -> tuple[str, str]:
    """The kind of workbook and the hash of the file. Raises SourceError for a protected one."""
    digest = hashlib.sha256()
    kind, head = kind_of(first), b""
    try:
        with file.open("rb") as stream:
            while part := stream.read(_HEAD):
                digest.update(part)
                head = head or part
                if kind == "xls" and _ENCRYPTED in part:
                    raise _protected(file)
    except OSError as fault:
        raise unreadable(file, owner, fault) from None
    if kind == "xlsx" and b"mimetypeapplication/vnd.oasis.opendocument" in head[:200]:
        kind = "ods"
    return kind, digest.hexdigest()


def _dump(file: Path, whole: _Nameless, decimal: str, cancelled: Callable[[], bool], seconds: int) -> dict[str, Any]:
    """What the child says of the workbook: its sheets, or what is wrong with it."""
    words = [sys.executable, "-P", str(_PROGRAM), str(file.absolute()), decimal, str(whole.descriptor), str(seconds)]
    with subprocess.Popen(
        words,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        pass_fds=[whole.descriptor],
        env={"PATH": os.defpath, "LC_ALL": "C.UTF-8", "RUST_BACKTRACE": "0"},
    ) as child:
        while True:
            try:
                said, _none = child.communicate(timeout=_TICK_S)
                break
            except subprocess.TimeoutExpired:
                if cancelled():
                    child.kill()
                    raise Cancelled(_("Stopped while reading {file}.").format(file=file)) from None
            except BaseException:
                child.kill()
                raise
    try:
        found: dict[str, Any] = json.loads(said)
    except ValueError:
        return {"fault": "time" if -child.returncode == getattr(signal, "SIGXCPU", 0) else "ended"}
    return found


def _explain(file: Path, kind: str, found: dict[str, Any], seconds: int) -> SourceError:
    fault, text = found["fault"], one_line(found.get("text", ""), 200)
    if fault == "password":
        return _protected(file)
    if fault == "time":
        return bad_file(
            _("{file} is not open after {n} seconds of work, which is all that it may take here.").format(
                file=file, n=seconds
            ),
            _("Save its sheet as CSV (UTF-8), which is read row by row.")
            + (_(" A pull gives it {n} minutes.").format(n=SECONDS // 60) if seconds < SECONDS else ""),
        )
    if fault in {"memory", "ended"}:
        return bad_file(
            _("{file} does not fit in the memory that a workbook may take (2 GiB).").format(file=file),
            _("Save its sheet as CSV (UTF-8), which is read row by row; or it is damaged: export it again."),
        )
    return bad_file(
        _("{file} is a damaged workbook ({kind}) or an archive: {fault}.").format(
            file=file, kind=kind, fault=text.rstrip(".")
        ),
        _("Unpack it, if it holds the export; else export it again, as CSV (UTF-8) or XLSX."),
    )


def _protected(file: Path) -> SourceError:
    return bad_file(
        _("{file} is protected by a password.").format(file=file),
        _("Save it without the password, or as CSV (UTF-8)."),
    )
