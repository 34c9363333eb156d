"""What changed between two scans: hosts that came and went, ports that opened and closed, versions."""

from pathlib import Path

import msgspec

from deskaudit.connectors import Context
from deskaudit.connectors.scans.hostrows import HostRows
from deskaudit.connectors.scans.reading import read_hosts
from deskaudit.connectors.scans.scanfile import Scan, judge
from deskaudit.i18n import _
from deskaudit.model.entities import Asset, Component

MAX_MB = 2000


class Seen(msgspec.Struct):
    """One machine in one scan."""

    key: int
    fqdn: str | None
    ip: str | None
    mac: str | None
    services: dict[str, str | None]  # "tcp/80" → its version; open ones
    scanned: bool  # its ports were looked at

    @property
    def label(self) -> str:
        return " ".join(part for part in (self.ip, self.fqdn or self.mac) if part)


class VersionChange(msgspec.Struct, frozen=True):
    port: str
    before: str | None
    after: str | None


class HostChange(msgspec.Struct, frozen=True):
    """A machine that is in both scans, and what is different there."""

    host: str
    opened: list[str]
    closed: list[str]
    versions: list[VersionChange]


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """`notes` say what makes the comparison less than certain."""

    before: str  # the files
    after: str
    before_at: int | None  # epoch seconds
    after_at: int | None
    new: list[str]
    gone: list[str]
    changed: list[HostChange]
    same: int
    notes: list[str]


def compare(before: Path, after: Path) -> Difference:
    """Machines are the same by their MAC address or full name; by their IP address where one scan knows no MAC.

    Raises SourceError for what is no scan.
    """
    old, old_scan, notes = _read(before)
    new, new_scan, more = _read(after)
    notes += more
    pairs, gone, come = _pair(old, new)
    unlooked = sum(not (was.scanned and now.scanned) for was, now in pairs)
    if unlooked:
        notes.append(
            _("{n} hosts had their ports scanned in one of the two only: they are not compared").format(n=unlooked)
        )
    changed = [change for was, now in pairs if (change := _change(was, now)) is not None]
    return Difference(
        before=before.name,
        after=after.name,
        before_at=old_scan.started_at,
        after_at=new_scan.started_at,
        new=sorted((seen.label for seen in come), key=_order),
        gone=sorted((seen.label for seen in gone), key=_order),
        changed=sorted(changed, key=lambda change: _order(change.host)),
        same=len(pairs) - len(changed),
        notes=notes,
    )


def _read(file: Path) -> tuple[dict[int, Seen], Scan, list[str]]:
    scan = Scan(file.name)
    made = HostRows(Context("diff", file.parent, now=lambda: 0))
    made.next_scan()
    found: dict[int, Seen] = {}
    for host in read_hosts(file, scan, MAX_MB):
        rows = made.make(host, scan)
        for row in rows:
            if isinstance(row, Asset):
                looked = host.scanned and not host.timed_out
                found[row.id] = Seen(row.id, row.fqdn, row.ip, row.mac, {}, looked)
            elif isinstance(row, Component):
                found[row.asset_id].services[row.name] = row.version
    notes = [f"{problem.resource}: {problem.message}" for problem in judge(scan)]
    return found, scan, notes


def _pair(old: dict[int, Seen], new: dict[int, Seen]) -> tuple[list[tuple[Seen, Seen]], list[Seen], list[Seen]]:
    pairs = [(seen, new[key]) for key, seen in old.items() if key in new]
    gone = {key: seen for key, seen in old.items() if key not in new}
    come = {key: seen for key, seen in new.items() if key not in old}
    by_name = {seen.fqdn: seen for seen in come.values() if seen.fqdn}
    by_address = {seen.ip: seen for seen in come.values() if seen.ip}
    for seen in list(gone.values()):
        other = by_name.get(seen.fqdn or "") or by_address.get(seen.ip or "")
        if other is None or other.key not in come or (seen.mac and other.mac):
            continue
        pairs.append((seen, other))
        del gone[seen.key], come[other.key]
    return pairs, list(gone.values()), list(come.values())


def _change(was: Seen, now: Seen) -> HostChange | None:
    if not (was.scanned and now.scanned):
        return None
    opened = sorted(now.services.keys() - was.services.keys(), key=_order)
    closed = sorted(was.services.keys() - now.services.keys(), key=_order)
    versions = [
        VersionChange(port, was.services[port], now.services[port])
        for port in sorted(was.services.keys() & now.services.keys(), key=_order)
        if was.services[port] != now.services[port]
    ]
    return HostChange(now.label, opened, closed, versions) if opened or closed or versions else None


def _order(text: str) -> list[tuple[int, str]]:
    """Numbers in a text by their size: tcp/80 before tcp/443."""
    import re

    return [(int(part[:18]), "") if part.isdecimal() else (0, part) for part in re.split(r"(\d+)", text)]
