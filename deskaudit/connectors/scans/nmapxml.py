"""What the elements of nmap's XML mean, of every version since 3.75, and of masscan's, which looks alike.

Whoever parses the file calls `start` and `end`; nothing is kept but the host at hand.
"""

import re
from collections.abc import Callable

from deskaudit.connectors.scans.scanfile import ARGS_LENGTH, Host, Port, Scan, System, name_service, number, tidy
from deskaudit.errors import SourceError
from deskaudit.i18n import _
from deskaudit.text import one_line

_HOST, _PORTS, _PORT = 2, 3, 4  # their depth
_PORT_LIST = re.compile(r"\d{1,5}(?:-\d{1,5})?(?:,\d{1,5}(?:-\d{1,5})?)*")
_LONGEST_LIST = 500_000
_DEEPEST = 100  # elements within each other
_MOST_WORDS = 1000  # names or systems of one host, or targets: the first ones are kept
_MOST_PORTS = 300_000  # of one host: all of TCP, UDP and SCTP are fewer
Attributes = dict[str, str]


class Elements:
    """The hosts of one file. Whole ones are appended to `done`; what else the file says goes into `scan`."""

    def __init__(self, scan: Scan, position: Callable[[], int] = lambda: 0) -> None:
        """`position`: of the parser in the file, in bytes."""
        self.scan = scan
        self.done: list[Host] = []
        self.depth = 0
        self.root = ""
        self.since = 0  # bytes since something began or ended; whoever parses counts them
        self.host_ended_at = -1  # the position of the last host's end
        self.host: Host | None = None
        self._position = position
        self._in_ports = False
        self._port: Port | None = None
        self._systems: list[list[str]] = []  # accuracy, name, family
        self._family = ""  # of the whole host, as before nmap 6.25
        self._starts: dict[str, Callable[[Attributes], None]] = {
            "host": self._start_host,
            "status": self._read_status,
            "address": self._read_address,
            "hostname": self._read_name,
            "ports": self._start_ports,
            "extraports": self._read_other_ports,
            "port": self._start_port,
            "state": self._read_state,
            "service": self._read_service,
            "osmatch": self._read_system,
            "osclass": self._read_family,
            "target": self._read_target,
            "finished": self._read_end,
            "hosts": self._read_counts,
            "scaninfo": self._read_ports,
        }
        self._ends = {"host": self._end_host, "port": self._end_port, "ports": self._end_ports}

    def start(self, tag: str, attributes: Attributes) -> None:
        self.depth += 1
        self.since = 0
        if self.depth > _DEEPEST:
            raise not_nmap(self.scan, _("it has more than {n} elements within each other").format(n=_DEEPEST))
        if self.depth == 1:
            self._open(tag, attributes)
        elif tag in self._starts:
            self._starts[tag](attributes)

    def end(self, tag: str) -> None:
        self.since = 0
        if tag in self._ends:
            self._ends[tag]()
        elif tag == "runstats" and self.depth == _HOST:
            self.scan.ended = True
        self.depth -= 1

    def stand_in_host(self, *, between_ports: bool) -> None:
        """As if a host, or its <ports>, had just begun: for an element that is parsed by itself."""
        self.root, self.depth, self.host = "nmaprun", _PORTS if between_ports else _HOST, Host()
        self._in_ports = between_ports

    def systems(self) -> list[System]:
        """The operating systems that the host at hand may have."""
        return [
            System(number(accuracy) or 0, one_line(name), one_line(family or self._family))
            for accuracy, name, family in self._systems
        ]

    def _open(self, tag: str, attributes: Attributes) -> None:
        if tag != "nmaprun":
            raise not_nmap(self.scan, _("its root is <{tag}>").format(tag=one_line(tag, 40)))
        self.root = tag
        self.scan.scanner = one_line(attributes.get("scanner", ""), 20)
        self.scan.args = one_line(attributes.get("args", ""), ARGS_LENGTH)
        self.scan.version = one_line(attributes.get("version", ""), 20)
        self.scan.started_at = number(attributes.get("start"))

    def _start_host(self, attributes: Attributes) -> None:
        if self.depth == _HOST:
            self.host = Host(seen_at=number(attributes.get("endtime")), timed_out=attributes.get("timedout") == "true")
            self._systems, self._family, self._in_ports, self._port = [], "", False, None

    def _end_host(self) -> None:
        if self.depth != _HOST or self.host is None:
            return
        self.host.systems = self.systems()
        self.host_ended_at = self._position()
        self.add(self.host)
        self.host = None

    def add(self, host: Host) -> None:
        """A whole host."""
        self.scan.hosts += 1
        self.scan.timed_out += host.timed_out
        self.done.append(host)

    def _read_status(self, attributes: Attributes) -> None:
        if self.host is not None and self.depth == _HOST + 1:
            self.host.state, self.host.reason = attributes.get("state", ""), attributes.get("reason", "")

    def _read_address(self, attributes: Attributes) -> None:
        if self.host is not None and self.depth == _HOST + 1:
            self.host.add_address(attributes.get("addrtype"), tidy(attributes.get("addr")))

    def _read_name(self, attributes: Attributes) -> None:
        if self.host is not None and (name := tidy(attributes.get("name"))):
            self.host.names += [name] if len(self.host.names) < _MOST_WORDS else []

    def _start_ports(self, _attributes: Attributes) -> None:
        if self.host is not None and self.depth == _PORTS:
            self._in_ports = self.host.scanned = True

    def _end_ports(self) -> None:
        if self.depth == _PORTS:
            self._in_ports = False

    def _read_other_ports(self, attributes: Attributes) -> None:
        """The ports that are not listed one by one."""
        if self.host is not None and attributes.get("state") in {"closed", "unfiltered"}:
            self.host.answered = True

    def _start_port(self, attributes: Attributes) -> None:
        if self._in_ports and self.depth == _PORT:
            name = f"{one_line(attributes.get('protocol', ''))}/{one_line(attributes.get('portid', ''))}"
            self._port = Port(name, "", None, None, None)

    def _read_state(self, attributes: Attributes) -> None:
        if self._port is not None and self.depth == _PORT + 1:
            self._port = self._port._replace(state=one_line(attributes.get("state", ""), 40))

    def _read_service(self, attributes: Attributes) -> None:
        if self._port is None or self.depth != _PORT + 1:
            return
        if "banner" in attributes:  # masscan's, which has a record for each thing that a service said
            service = name_service(attributes.get("name"))
            self._port = self._port._replace(service=service) if service else None
            return
        parts: list[str] = []
        if attributes.get("method") == "probed":  # else it is no more than what usually has this number
            parts = [part for name in ("product", "version") if (part := attributes.get(name))]
        self._port = self._port._replace(
            service=tidy(attributes.get("name")),
            version=tidy(" ".join(parts)),
            confidence=number(attributes.get("conf")),
        )

    def _end_port(self) -> None:
        if self._port is not None and self.host is not None and self.depth == _PORT:
            if len(self.host.ports) >= _MOST_PORTS:
                raise not_nmap(self.scan, _("a host has more than {n} ports").format(n=_MOST_PORTS))
            self.host.ports.append(self._port)
            self._port = None

    def _read_system(self, attributes: Attributes) -> None:
        if self.host is not None and len(self._systems) < _MOST_WORDS:
            self._systems.append([attributes.get("accuracy", ""), attributes.get("name", ""), ""])

    def _read_family(self, attributes: Attributes) -> None:
        family = attributes.get("osfamily", "")
        if self.depth == _HOST + 3 and self._systems:
            self._systems[-1][2] = self._systems[-1][2] or family
        else:
            self._family = self._family or family

    def _read_target(self, attributes: Attributes) -> None:
        if attributes.get("status") == "skipped" and len(self.scan.skipped) < _MOST_WORDS:
            self.scan.skipped.append(one_line(attributes.get("specification", "?"), 80))

    def _read_end(self, attributes: Attributes) -> None:
        self.scan.finished_at = number(attributes.get("time"))
        if attributes.get("exit") == "error":
            self.scan.fault = one_line(attributes.get("errormsg") or _("it ended with an error"))

    def _read_ports(self, attributes: Attributes) -> None:
        """Which ports of a protocol were looked at: of several kinds of scan, all."""
        ports = attributes.get("services", "")
        if self.depth == _HOST and _PORT_LIST.fullmatch(ports):
            protocol = one_line(attributes.get("protocol", ""), 20)
            known = self.scan.services.get(protocol, "")
            if len(known) + len(ports) < _LONGEST_LIST and len(self.scan.services) < 10:
                self.scan.services[protocol] = f"{known},{ports}".lstrip(",")

    def _read_counts(self, attributes: Attributes) -> None:
        if self.depth == _HOST + 1:
            self.scan.up, self.scan.total = number(attributes.get("up")), number(attributes.get("total"))


def not_nmap(scan: Scan, why: str) -> SourceError:
    scanner = "masscan" if scan.scanner == "masscan" else "nmap"
    return SourceError(
        _("{file} is no {scanner} XML file: {why}.").format(file=scan.file, scanner=scanner, why=one_line(why)),
        kind="bad_file",
        hint=_("Save the scan with: {scanner} -oX FILE").format(scanner=scanner),
    )
