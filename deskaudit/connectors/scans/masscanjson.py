"""masscan's JSON (-oJ) and lines of JSON (-oD): one record for each open port.

Records stand on lines of their own, with commas between them or on lines of their own, and old versions leave a last
comma or a word that is no JSON before the bracket. A scan that found nothing leaves an empty file.
"""

import re
from collections.abc import Iterator
from typing import IO, Any

import msgspec

from deskaudit.connectors.scans.scanfile import Host, Port, Scan, bad_piece, name_service, number
from deskaudit.errors import SourceError
from deskaudit.i18n import _
from deskaudit.text import one_line

MOST_BYTES_OF_ONE = 1_000_000  # of one record
MOST_LINES_OF_ONE = 1000
_BLANKS = b" \t\r\n"
_SEPARATORS = _BLANKS + b","
_FINISHED = re.compile(rb"\{\s*\"?finished\"?\s*:\s*\d+\s*\}")


def parse(handle: IO[bytes], scan: Scan) -> Iterator[Host]:
    """A host with one port or more for each record; `scan` is filled on the way. Raises SourceError for other JSON."""
    scan.scanner = "masscan"
    reading = _Reading(scan)
    for line in iter(lambda: handle.readline(MOST_BYTES_OF_ONE), b""):
        host = reading.take(line)
        if host is not None:
            scan.hosts += 1
            yield host
    reading.finish()


class _Reading:
    def __init__(self, scan: Scan) -> None:
        self._scan = scan
        self._record = b""  # begun and not ended
        self._lines = 0
        self._array = False

    def take(self, line: bytes) -> Host | None:
        """The host that a line completes."""
        text = line.removeprefix(b"\xef\xbb\xbf").strip(_BLANKS)
        if text.startswith(b"{") and b'"ip"' in text and self._record:  # what went before has no end
            self._refuse()
        if not self._record:
            text = text.strip(_SEPARATORS)
            if text.startswith(b"["):
                self._array, text = True, text[1:].strip(_SEPARATORS)
            if text in {b"]", b""} or _FINISHED.fullmatch(text):
                self._scan.ended = self._scan.ended or text == b"]"
                return None
        self._record += text
        self._lines += 1
        if len(self._record) > MOST_BYTES_OF_ONE or self._lines > MOST_LINES_OF_ONE:
            raise bad_piece(self._scan.file, MOST_BYTES_OF_ONE // 1_000_000)
        return self._decode() if text.rstrip(_SEPARATORS).endswith((b"}", b"]")) else None

    def finish(self) -> None:
        if self._record:
            self._refuse()
        if not self._scan.hosts and self._scan.unreadable:
            raise SourceError(
                _("{file} is no masscan file: none of its {n} records can be read.").format(
                    file=self._scan.file, n=self._scan.unreadable
                ),
                kind="bad_file",
                hint=_("Save the scan with: masscan -oJ FILE, or -oX FILE"),
            )
        self._scan.ended = self._scan.ended or not self._array

    def _decode(self) -> Host | None:
        record = self._record.rstrip(_SEPARATORS)
        try:
            found = msgspec.json.decode(record)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            if not self._array or not record.endswith(b"]"):
                return None
            try:  # the last record and the array end on one line
                found = msgspec.json.decode(record[:-1].rstrip(_SEPARATORS))
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                return None
            self._scan.ended = True
        self._record, self._lines = b"", 0
        host = _make_host(found) if isinstance(found, dict) else None
        if host is None:
            self._scan.unreadable += 1
        elif host.seen_at:
            self._scan.started_at = self._scan.started_at or host.seen_at
            self._scan.finished_at = host.seen_at
        return host

    def _refuse(self) -> None:
        self._record, self._lines = b"", 0
        self._scan.unreadable += 1


def _make_host(record: dict[str, Any]) -> Host | None:
    ip = record.get("ip")
    if not isinstance(ip, str) or not one_line(ip, 60):
        return None
    host = Host(scanned=True, seen_at=number(str(record.get("timestamp", ""))))
    host.add_address("ipv6" if ":" in ip else "ipv4", one_line(ip, 60))
    ports = record.get("ports")
    for port in ports if isinstance(ports, list) else [record]:  # -oD has the port in the record itself
        if isinstance(port, dict) and (found := _make_port(port)) is not None:
            host.ports.append(found)
    return host


def _make_port(port: dict[str, Any]) -> Port | None:
    """None for what says no more than that a service talks."""
    data, service = port.get("data"), port.get("service")
    about: dict[str, Any] = data if isinstance(data, dict) else port
    status = about.get("status")
    word = service.get("name") if isinstance(service, dict) else about.get("service_name")
    name = name_service(word if isinstance(word, str) else None)
    if not status and not name:
        return None
    place = f"{one_line(str(port.get('proto', '')), 20)}/{one_line(str(port.get('port', '')), 20)}"
    return Port(place, one_line(str(status or "open"), 20), name, None, None)
