"""The files of an inventory: found, told apart by how they begin, and read one host at a time."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal

import msgspec

from deskaudit.connectors.machines.inventory.facts import HEAD
from deskaudit.connectors.ordinary import refuse_special
from deskaudit.errors import SourceError
from deskaudit.i18n import _
from deskaudit.text import one_line

Kind = Literal["xml", "object", "array", "results", "packages"]
START_BYTES = 65536
MOST_OF_RESULT = 16_000_000  # characters of one host's result
_RESULT = re.compile(r"^\S+ \| (?:SUCCESS|CHANGED|FAILED!?|UNREACHABLE!?)\b", re.MULTILINE)
_MARKS = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig"))


class Report(msgspec.Struct, frozen=True):
    """One file, and how it begins. `encoding`: utf-8, or what a mark at its start says (PowerShell writes UTF-16)."""

    file: Path
    kind: Kind
    encoding: str
    modified_at: int


def look(file: Path, max_mb: int) -> Report:
    """How a file begins. Raises SourceError where it cannot be read, is too large, or is no text."""
    try:
        refuse_special(file)
        told = file.stat()
        with file.open("rb") as handle:
            start = handle.read(START_BYTES)
    except OSError as fault:
        raise refused(file, fault.strerror or str(fault)) from None
    encoding = next((name for mark, name in _MARKS if start.startswith(mark)), "utf-8")
    text = start.decode(encoding, "replace").lstrip()
    if "\0" in text:
        raise refused(file, _("it is no text"))
    if not text:
        raise refused(file, _("it is empty"))
    kind: Kind = "packages"
    if _RESULT.search(text):
        kind = "results"
    elif text[0] in "<{[":
        kind = "xml" if text[0] == "<" else "object" if text[0] == "{" else "array"
    if kind in {"xml", "object", "array"} and told.st_size > max_mb * 1_000_000:
        raise refused(file, _("it has {n} MB; more than max_mb").format(n=told.st_size // 1_000_000))
    return Report(file, kind, encoding, int(told.st_mtime))


def decode(report: Report) -> Any:
    """A file's JSON document. Raises SourceError."""
    try:
        data = report.file.read_bytes()
        if report.encoding != "utf-8":
            data = data.decode(report.encoding).encode()
    except (OSError, UnicodeError) as fault:
        raise refused(report.file, one_line(fault, 80)) from None
    try:
        return parse(data)
    except ValueError as fault:
        text = data.strip()
        if text.startswith(b"{") and b'"class"' in text[:START_BYTES]:  # lshw of old writes a list without brackets
            try:
                return parse(b"[" + re.sub(rb"\}\s*\{", b"},{", text.rstrip(b",")) + b"]")
            except ValueError:
                pass
        raise refused(report.file, str(fault)) from None


def parse(data: bytes | str) -> Any:
    """A JSON document. Raises ValueError with a short reason."""
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeError) as fault:
        raise ValueError(_("it is no whole JSON ({fault})").format(fault=one_line(fault, 80))) from None
    except RecursionError:
        raise ValueError(_("it is nested too deeply")) from None


def results(report: Report) -> Iterator[tuple[str, str, str]]:
    """(host, how it went, the JSON behind it) of each result in what Ansible printed. Raises SourceError."""
    try:
        with report.file.open(encoding=report.encoding, errors="replace") as handle:
            yield from _blocks(handle, report.file)
    except OSError as fault:
        raise refused(report.file, fault.strerror or str(fault)) from None


def _blocks(lines: Iterable[str], file: Path) -> Iterator[tuple[str, str, str]]:
    host, how, size = "", "", 0
    parts: list[str] = []
    for line in lines:
        found = HEAD.fullmatch(line.rstrip("\r\n")) if " | " in line[:300] and line[0] not in ' }]"' else None
        if found:
            if host:
                yield host, how, "".join(parts)
            host, how, parts, size = found["host"], found["how"].rstrip("!"), [found["rest"]], 0
        elif host:
            parts.append(line)
            size += len(line)
            if size > MOST_OF_RESULT:
                raise refused(file, _("the result of {host} has no end").format(host=one_line(host, 80)))
            if line.rstrip() == "}":
                yield host, how, "".join(parts)
                host = ""
    if host:
        yield host, how, "".join(parts)


def lines(report: Report) -> Iterator[str]:
    """The lines of a text, long ones cut. Raises SourceError."""
    try:
        with report.file.open(encoding=report.encoding, errors="replace") as handle:
            while line := handle.readline(4096):
                yield line
    except (OSError, UnicodeError) as fault:
        raise refused(report.file, one_line(fault, 80)) from None


def refused(file: Path, why: str) -> SourceError:
    return SourceError(
        _("{file} cannot be read: {why}.").format(file=file, why=why.rstrip(".")),
        kind="bad_file",
        hint=_("Write it again, or take it out of files."),
    )
