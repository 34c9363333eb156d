"""What the files of all scanners come down to: a scan, its hosts, their ports; and how such files are found and judged."""

import ipaddress
import re
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from deskaudit.connectors import Context
from deskaudit.connectors.ordinary import refuse_special, require_files
from deskaudit.errors import SourceError
from deskaudit.i18n import _, ngettext
from deskaudit.model.batches import Problem
from deskaudit.text import one_line

ARGS_LENGTH = 500
"""Characters of a scan's command line that are kept."""
EITHER = ("asset", "component")
PRESENT = frozenset({"open", "closed", "unfiltered"})
"""States of a port that only a machine which is there can give."""


class Port(NamedTuple):
    """One port, in the words of a Component row. `version` is known only where the scanner asked the service itself."""

    name: str  # "tcp/80"
    state: str  # open, closed, filtered, …
    service: str | None
    version: str | None
    confidence: int | None


class System(NamedTuple):
    """One guess at the operating system."""

    accuracy: int
    name: str
    family: str  # "" where the scanner names none


class Host(msgspec.Struct):
    """One machine as a scan saw it. `ip` is the IPv4 address where it has one."""

    state: str = ""
    reason: str = ""
    ip: str | None = None
    ip6: str | None = None
    mac: str | None = None  # as the file writes it
    names: list[str] = msgspec.field(default_factory=list)
    ports: list[Port] = msgspec.field(default_factory=list)
    scanned: bool = False  # its ports were looked at
    answered: bool = False  # a port that is not listed answered too
    systems: list[System] = msgspec.field(default_factory=list)
    seen_at: int | None = None
    timed_out: bool = False

    def add_address(self, kind: str | None, address: str | None) -> None:
        """`kind`: ipv4, ipv6 or mac. The first of a kind stays."""
        if kind == "mac":
            self.mac = self.mac or address
        elif kind == "ipv6":
            self.ip6 = self.ip6 or address
        elif kind == "ipv4" or kind is None:
            self.ip = self.ip or address

    @property
    def taken_for_up(self) -> bool:
        """Nobody saw it: the scanner was told to take every address for up (nmap -Pn), and nothing answered there."""
        return (
            self.reason == "user-set"
            and not self.mac
            and not self.answered
            and not any(port.state in PRESENT for port in self.ports)
        )


class Scan(msgspec.Struct):
    """What one file says of itself, complete once it has been read to its end."""

    file: str
    scanner: str = ""
    args: str = ""
    version: str = ""
    services: dict[str, str] = msgspec.field(default_factory=dict)  # protocol → the ports looked at, as "22,80-90"
    started_at: int | None = None
    finished_at: int | None = None
    hosts: int = 0  # whole <host> elements, or records
    timed_out: int = 0
    taken_for_up: int = 0
    skipped: list[str] = msgspec.field(default_factory=list)  # targets that were not scanned
    total: int | None = None  # as the scanner counted them
    up: int | None = None
    ended: bool = False
    fault: str = ""
    unreadable: int = 0  # records
    recovered: int | None = None  # hosts read on after broken bytes; None: there were none


def find_files(patterns: list[str], context: Context) -> list[Path]:
    """The files of the option `files`, the scan that began last first. Raises SourceError where one names none."""
    found = require_files(context, patterns, "files")
    return sorted(found, key=lambda file: (_started_at(file), file.name), reverse=True)


def is_masscan(head: bytes) -> bool:
    """Whether the beginning of a scan's XML names masscan as its scanner."""
    return re.search(rb"<nmaprun\b[^>]*\bscanner\s*=\s*[\"']masscan", head) is not None


def require_readable(file: Path, max_mb: int) -> None:
    """Raises SourceError for what is no ordinary file or is larger than `max_mb`."""
    try:
        refuse_special(file)
        size = file.stat().st_size
    except OSError as fault:
        raise unreadable(file, fault) from None
    if size > max_mb * 1_000_000:
        raise SourceError(
            _("{file} has {size} MB; more than max_mb.").format(file=file.name, size=size // 1_000_000),
            kind="bad_file",
            hint=_("Raise max_mb if the file is yours."),
        )


def unreadable(file: Path, fault: OSError) -> SourceError:
    return SourceError(
        _("{file} cannot be read: {fault}").format(file=file, fault=fault.strerror),
        kind="bad_file",
        hint=_("Check its path and rights."),
    )


def judge(scan: Scan) -> tuple[Problem, ...]:
    """What makes a scan that was read less than whole, and what its reader should know of it."""
    found: list[Problem] = []
    if scan.recovered is not None:
        whole = scan.ended and not scan.fault and scan.up == scan.hosts
        text = _("it holds bytes that are no XML; {n} of its {all} hosts were read on behind them")
        found.append(
            Problem(scan.file, text.format(n=scan.recovered, all=scan.hosts), () if whole else EITHER),
        )
    if scan.fault or not scan.ended:
        why = scan.fault or _("the scan was stopped before its end")
        text = _("partial: {n} of {of} hosts; {why}")
        found.append(Problem(scan.file, text.format(n=scan.hosts, of=_expected(scan.args) or "?", why=why), EITHER))
    elif scan.total == 0 or scan.hosts == 0:
        text = _("0 hosts were scanned ({args}): a wrong target or all excluded, and no sign of a clean network")
        found.append(Problem(scan.file, text.format(args=scan.args or scan.scanner), EITHER))
    if scan.unreadable:
        found.append(
            Problem(
                scan.file,
                ngettext("{n} record cannot be read", "{n} records cannot be read", scan.unreadable).format(
                    n=scan.unreadable
                ),
                EITHER,
            )
        )
    if scan.timed_out:
        text = ngettext(
            "{n} host took too long and was given up: its services are not known from this scan",
            "{n} hosts took too long and were given up: their services are not known from this scan",
            scan.timed_out,
        )
        found.append(Problem(scan.file, text.format(n=scan.timed_out)))
    if scan.taken_for_up:
        text = ngettext(
            "{n} address was taken for up (-Pn) and none of its ports answered: it is left out",
            "{n} addresses were taken for up (-Pn) and none of their ports answered: they are left out",
            scan.taken_for_up,
        )
        found.append(Problem(scan.file, text.format(n=scan.taken_for_up)))
    if scan.skipped:
        text = _("these targets were not scanned: {targets}")
        found.append(Problem(scan.file, text.format(targets=", ".join(scan.skipped[:10]))))
    return tuple(found)


def number(value: Any) -> int | None:
    """A whole number that fits the model's 64 bits; None for anything else a file may hold."""
    return int(value) if isinstance(value, str) and value.isdigit() and value.isascii() and len(value) <= 18 else None


def _started_at(file: Path) -> int:
    """When the scan of a file began, by its first lines; 0 where they do not say."""
    try:
        refuse_special(file)
        with file.open("rb") as handle:
            head = handle.read(65536)
    except OSError:
        return 0
    found = re.search(rb'<nmaprun[^>]*\bstart="(\d{1,18})"', head) or re.search(
        rb'"timestamp"\s*:\s*"?(\d{1,18})', head
    )
    return int(found[1]) if found else 0


def _expected(args: str) -> int | None:
    """How many addresses the targets of a command line name, where they are all plain addresses or networks."""
    total = 0
    for word in args.split()[1:]:
        if re.fullmatch(r"[\d.]+(/\d+)?", word) and word.count(".") == 3:
            try:
                total += ipaddress.ip_network(word, strict=False).num_addresses
            except ValueError:
                return None
    return total or None


def bad_piece(file: str, megabytes: int) -> SourceError:
    """For a name, text or record that never ends."""
    return SourceError(
        _("{file} holds one name, text or comment of more than {n} MB; no scan does.").format(file=file, n=megabytes),
        kind="bad_file",
        hint=_("Do not trust where it comes from."),
    )


def name_service(word: str | None) -> str | None:
    """The service that masscan names; None where it names what the service said, as its title or certificate."""
    name = one_line(word or "", 60).partition(".")[0].casefold()
    return None if name in {"", "title", "html", "x509", "vuln", "unknown"} else name


def tidy(value: str | None) -> str | None:
    """A text of the file as one clean line; None where nothing is left of it."""
    return (one_line(value) or None) if value else None
