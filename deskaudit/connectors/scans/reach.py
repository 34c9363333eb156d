"""What a scan looked at: the ports that it names itself, and the addresses of its command line. None: it does not say."""

import ipaddress
import re

from deskaudit.connectors.scans.scanfile import ARGS_LENGTH, Scan

_WITH_VALUE = re.compile(
    r"-(?:o[XNGSA]|sI|[peSDgTb])|--(?:exclude|exclude-ports|top-ports|port-ratio|script(?:-args|-args-file|-timeout)?"
    r"|source-port|spoof-mac|data|data-string|data-length|ip-options|ttl|dns-servers|prox(?:y|ies)|mtu|scanflags|datadir"
    r"|version-intensity|m(?:in|ax)-(?:rate|parallelism|hostgroup|rtt-timeout)|initial-rtt-timeout|max-retries"
    r"|host-timeout|(?:max-)?scan-delay|stats-every|max-os-tries|servicedb|versiondb|stylesheet)"
)
"""nmap's options whose value is the next word."""
_ELSEWHERE = re.compile(r"-i[LR]|--excludefile|--resume")  # the targets do not stand in the command line
_OCTET = r"(?:\*|[\d,-]+)"
_OCTETS = re.compile(rf"{_OCTET}(?:\.{_OCTET}){{3}}")


def looked_at_port(scan: Scan, port: str) -> bool | None:
    """Whether a scan looked at a port as "tcp/80"."""
    protocol, _slash, number = port.partition("/")
    if not scan.services:
        return None
    if protocol not in scan.services:
        return False
    return _among(int(number), scan.services[protocol]) if number.isdecimal() else None


def looked_at_address(scan: Scan, address: str | None, other: Scan) -> bool | None:
    """Whether an address lies in a scan's targets; two scans of the same targets looked at the same."""
    targets, excluded = _targets(scan)
    if targets is None or address is None:
        return None
    if (targets, excluded) == _targets(other):
        return True
    if any(_holds(target, address) for target in excluded):
        return False
    if any(_holds(target, address) for target in targets):
        return None if any(_holds(target, address) is None for target in excluded) else True
    return None if any(_holds(target, address) is None for target in targets) else False


def _targets(scan: Scan) -> tuple[tuple[str, ...] | None, tuple[str, ...]]:
    """The targets of a command line, and those it leaves out; None where they stand elsewhere, or it was cut."""
    words = scan.args.split()[1:]
    targets: list[str] = []
    excluded: list[str] = []
    option = ""
    for word in words:
        if option:
            excluded += word.split(",") if option == "--exclude" else []
            option = ""
        elif _ELSEWHERE.match(word):
            return None, ()
        elif word.startswith("--exclude="):
            excluded += word.partition("=")[2].split(",")
        elif word.startswith("-"):
            option = word if _WITH_VALUE.fullmatch(word) else ""
        else:
            targets.append(word)
    if not targets or len(scan.args) >= ARGS_LENGTH:
        return None, ()
    return tuple(targets), (*excluded, *scan.skipped)


def _holds(target: str, address: str) -> bool | None:
    """Whether a target is this address or has it within; None for a name, which may stand for any."""
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(target, strict=False)
    except ValueError:
        if not _OCTETS.fullmatch(target):
            return None
    octets = address.split(".")
    if len(octets) != 4 or not all(octet.isdecimal() for octet in octets):
        return False
    return all(_among(int(octet), part) for octet, part in zip(octets, target.split("."), strict=True))


def _among(number: int, text: str) -> bool:
    """Whether a number is in "1,3,20-25"; "*" and an open end are all."""
    for part in text.split(","):
        low, dash, high = part.partition("-")
        least = int(low) if low.isdecimal() else 0
        most = int(high) if high.isdecimal() else least if low.isdecimal() and not dash else 65535
        if part and least <= number <= most:
            return True
    return False
