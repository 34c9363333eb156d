"""Any scan's file: which scanner wrote it is seen in its first bytes."""

from collections.abc import Iterator
from pathlib import Path

from deskaudit.connectors.scans import masscanjson, parsing, recovery
from deskaudit.connectors.scans.nmapxml import not_nmap
from deskaudit.connectors.scans.scanfile import Host, Scan, require_readable, unreadable
from deskaudit.i18n import _


def _refuse_others(head: bytes, scan: Scan) -> None:
    """Raises SourceError for what is no scan's XML or JSON by its first bytes, and is often taken for it."""
    others = {
        b"# Nmap ": _("it is nmap's normal output or its grepable one (-oN, -oG)"),
        b"#masscan": _("it is masscan's list (-oL)"),
        b"\x1f\x8b": _("it is packed (gzip): unpack it"),
        b"PK\x03\x04": _("it is packed (zip): unpack it"),
    }
    for mark, why in others.items():
        if head.startswith(mark):
            raise not_nmap(scan, why)


def read_hosts(file: Path, scan: Scan, max_mb: int) -> Iterator[Host]:
    """The whole hosts of a file, one at a time; `scan` is complete at their end.

    `scan.scanner` names the one that is expected: an empty file is a scan of masscan's that found nothing. A file that breaks off keeps its hosts, and `scan.fault` says why. Raises SourceError for what is no scan.
    """
    require_readable(file, max_mb)
    try:
        with file.open("rb") as handle:
            head = handle.peek(64)
            first = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
            _refuse_others(head, scan)
            if first in {b"[", b"{"} or (not first and scan.scanner == "masscan"):
                yield from masscanjson.parse(handle, scan)
                return
            try:
                yield from parsing.parse(handle, scan)
            except parsing.BrokenOff as broken:
                scan.fault = broken.why
                if not broken.cut:
                    yield from recovery.read_on(file, scan)
    except OSError as fault:
        raise unreadable(file, fault) from None
