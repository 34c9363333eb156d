"""A host as nmap writes it, read in one go.

Almost every <host> of a file has one form: a row of known elements, with values of plain ASCII and without escapes. What
has exactly that form is read by patterns, in a fraction of the time a parser takes; whatever deviates in one byte is
left to the parser. A network has few different services and systems and many of each, so their elements are parsed once
and known by their bytes when they come again.
"""

import re
from collections.abc import Callable
from typing import cast

from deskaudit.connectors.scans.nmapxml import Elements
from deskaudit.connectors.scans.scanfile import Host, Port, System, number, tidy

LONGEST = 1000  # bytes of an element that is remembered; longer ones hold what scripts found, and come once
MOST = 10_000  # elements remembered
PATIENCE = 2000  # so many different ones, and more than came again: remembering gains nothing here

_TEXT = rb"""[ !#-%'-;=?-~]*"""  # no quote, no < > &, nothing but ASCII
_GIVEN = rb'(?: [a-z_]+="@")*'.replace(b"@", _TEXT)  # further attributes
_HEAD = re.compile(
    rb'\s*<host(?: starttime="\d*")?(?: endtime="(?P<end>\d*)")?(?P<late> timedout="true")?>\s*'
    rb'<status state="(?P<state>@)"(?: reason="(?P<reason>@)")?_ ?/>\s*'
    rb'(?P<addresses>(?:<address addr="@" addrtype="[a-z0-9]+"_ ?/>\s*)+)'
    rb'(?:<hostnames>\s*(?P<names>(?:<hostname name="@"_ ?/>\s*)*)</hostnames>\s*|<hostnames ?/>\s*)?'
    rb"(?P<ports><ports>\s*(?:<extraports_(?: ?/>|>\s*(?:<extrareasons_ ?/>\s*)*</extraports>)\s*)*(?P<none></ports>\s*)?)?".replace(
        b"_ ", _GIVEN + b" "
    )
    .replace(b"_(", _GIVEN + b"(")
    .replace(b"@", _TEXT)
)
_TAIL = re.compile(
    rb"\s*(?:(<os>.{1,4000}?</os>)\s*)?"
    rb"(?:<(?:uptime|distance|tcpsequence|ipidsequence|tcptssequence|times)_ ?/>\s*)*</host>".replace(b"_", _GIVEN),
    re.DOTALL,
)
_ADDRESS = re.compile(r'<address addr="([^"]*)" addrtype="([^"]*)"')
_NAME = re.compile(r'<hostname name="([^"]*)"')


class HostPattern:
    """Reads hosts of one file. `learn` parses one element by itself, as if it stood in a host; None: it cannot."""

    def __init__(self, learn: Callable[[bytes, bool], Elements | None]) -> None:
        self._learn = learn
        self._ports: dict[bytes, Port] = {}
        self._systems: dict[bytes, list[System]] = {}
        self._new = 0
        self._again = 0

    @property
    def pays(self) -> bool:
        return self._new < PATIENCE or self._new < self._again

    def read(self, data: bytes) -> Host | None:
        """The host that `data` is, from white space before it to its last byte; None where it has another form."""
        head = _HEAD.match(data)
        if head is None:
            return None
        host = _make_host(head)
        at = head.end()
        if host.scanned and head["none"] is None:
            found = self._read_ports(data[at:])
            if found is None:
                return None
            host.ports, data = found
            at = 0
        tail = _TAIL.fullmatch(data, at)
        systems = self._read_systems(tail[1]) if tail is not None else None
        if systems is None:
            return None
        host.systems = systems
        return host

    def _read_ports(self, data: bytes) -> tuple[list[Port], bytes] | None:
        """The ports that `data` begins with, and what follows </ports>."""
        pieces = data.split(b"<port ")
        last, end, rest = pieces.pop().rpartition(b"</port>")
        rest = rest.lstrip()
        if not pieces or pieces[0].strip() or not end or not rest.startswith(b"</ports>"):
            return None
        del pieces[0]
        pieces.append(last + end)
        ports = [*map(self._ports.get, pieces)]
        if None in ports:
            ports = [known or self._learn_port(piece) for known, piece in zip(ports, pieces, strict=True)]
            if None in ports:
                return None
        self._again += len(pieces)
        return cast("list[Port]", ports), rest[8:]

    def _learn_port(self, piece: bytes) -> Port | None:
        self._new += 1
        self._again -= 1
        alone = None if b"<!" in piece or b"<?" in piece else self._learn(b"<port " + piece, True)
        if alone is None or alone.host is None or len(alone.host.ports) != 1:
            return None
        self._remember(self._ports, piece, alone.host.ports[0])
        return alone.host.ports[0]

    def _read_systems(self, piece: bytes | None) -> list[System] | None:
        if piece is None:
            return []
        found = self._systems.get(piece)
        if found is None:
            self._new += 1
            alone = None if b"<!" in piece or b"<?" in piece else self._learn(piece, False)
            if alone is None:
                return None
            found = alone.systems()
            self._remember(self._systems, piece, found)
        return found

    def _remember(self, memory: dict[bytes, "Port"] | dict[bytes, list[System]], piece: bytes, found: object) -> None:
        if len(piece) <= LONGEST:
            if len(memory) >= MOST:
                memory.clear()
            memory[piece] = found  # type: ignore[assignment]


def _make_host(head: re.Match[bytes]) -> Host:
    end, late, state, reason, addresses, names, ports = head.group(
        "end", "late", "state", "reason", "addresses", "names", "ports"
    )
    host = Host(
        state=state.decode(),
        reason=reason.decode() if reason else "",
        seen_at=number(end.decode()) if end else None,
        timed_out=late is not None,
        scanned=ports is not None,
        answered=ports is not None and (b'state="closed"' in ports or b'state="unfiltered"' in ports),
    )
    for address, kind in _ADDRESS.findall(addresses.decode()):
        host.add_address(kind, _tidy(address))
    if names:
        host.names = [name for text in _NAME.findall(names.decode()) if (name := _tidy(text))]
    return host


def _tidy(text: str) -> str | None:
    """`tidy`, for what is printable ASCII already."""
    return text if 0 < len(text) <= 200 and " " not in text else tidy(text)
