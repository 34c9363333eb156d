"""What changed between two scans: hosts that came and went, ports that opened and closed, versions."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from deskaudit.connectors import Context
from deskaudit.connectors.scans.hostrows import HostRows
from deskaudit.connectors.scans.reach import looked_at_address, looked_at_port
from deskaudit.connectors.scans.reading import read_hosts
from deskaudit.connectors.scans.scanfile import Scan, judge
from deskaudit.i18n import _, ngettext
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
    unseen_before: list[str]  # open in the second scan; the first did not look
    unseen_after: list[str]  # open in the first scan; the second did not look

    @property
    def certain(self) -> bool:
        return bool(self.opened or self.closed or self.versions)


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """`notes` say what makes the comparison less than certain."""

    before: str  # the files
    after: str
    before_at: int | None  # epoch seconds
    after_at: int | None
    new: list[str]
    gone: list[str]
    unseen_before: list[str]  # hosts of the second scan that the first one did not look at: no targets, or cut off
    unseen_after: list[str]
    changed: list[HostChange]  # and those where only one scan looked at a port that is open
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
            ngettext(
                "{n} host had its ports scanned in one of the two only: it is not compared",
                "{n} hosts had their ports scanned in one of the two only: they are not compared",
                unlooked,
            ).format(n=unlooked)
        )
    changed = [change for was, now in pairs if (change := _change(was, now, old_scan, new_scan)) is not None]
    come, unseen_before, doubtful = _split(come, old_scan, new_scan)
    gone, unseen_after, doubtful_too = _split(gone, new_scan, old_scan)
    notes += _doubts(old_scan, new_scan, changed)
    for scan, doubt in ((old_scan, doubtful), (new_scan, doubtful_too)):
        if doubt:
            said = _("{file} does not say all of its targets: a host may be missing there for that")
            notes.append(said.format(file=scan.file))
    return Difference(
        before=before.name,
        after=after.name,
        before_at=old_scan.started_at,
        after_at=new_scan.started_at,
        new=_labels(come),
        gone=_labels(gone),
        unseen_before=_labels(unseen_before),
        unseen_after=_labels(unseen_after),
        changed=sorted(changed, key=lambda change: _order(change.host)),
        same=len(pairs) - len(changed),
        notes=notes,
    )


def _split(hosts: list[Seen], scan: Scan, other: Scan) -> tuple[list[Seen], list[Seen], bool]:
    """The hosts of `other` that `scan` should have seen, those it did not come to, and whether that is not sure."""
    whole = scan.ended and not scan.fault and scan.total != 0
    looked = [(seen, looked_at_address(scan, seen.ip, other) if whole else False) for seen in hosts]
    return (
        [seen for seen, was in looked if was is not False],
        [seen for seen, was in looked if was is False],
        any(was is None for _seen, was in looked),
    )


def _labels(hosts: list[Seen]) -> list[str]:
    return sorted((seen.label for seen in hosts), key=_order)


def _doubts(old: Scan, new: Scan, changed: list[HostChange]) -> Iterator[str]:
    """What the files themselves leave open."""
    if old.started_at is None or new.started_at is None:
        yield _("one of the files does not say when it was made: which is the newer one is not known")
    elif old.started_at > new.started_at:
        yield _("{before} is newer than {after}: name the older scan first, or all is told the wrong way round").format(
            before=old.file, after=new.file
        )
    if any(change.opened or change.closed for change in changed):
        said = _("{file} does not say which ports it looked at: an open one may be missing there for that")
        yield from (said.format(file=scan.file) for scan in (old, new) if not scan.services)


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


def _change(was: Seen, now: Seen, old: Scan, new: Scan) -> HostChange | None:
    """None where nothing is different, and where one of the scans did not look at the host's ports at all."""
    if not (was.scanned and now.scanned):
        return None
    come = sorted(now.services.keys() - was.services.keys(), key=_order)
    gone = sorted(was.services.keys() - now.services.keys(), key=_order)
    unseen_before = [port for port in come if looked_at_port(old, port) is False]
    unseen_after = [port for port in gone if looked_at_port(new, port) is False]
    versions = [
        VersionChange(port, was.services[port], now.services[port])
        for port in sorted(was.services.keys() & now.services.keys(), key=_order)
        if was.services[port] != now.services[port]
    ]
    return (
        HostChange(
            host=now.label,
            opened=[port for port in come if port not in unseen_before],
            closed=[port for port in gone if port not in unseen_after],
            versions=versions,
            unseen_before=unseen_before,
            unseen_after=unseen_after,
        )
        if come or gone or versions
        else None
    )


def _order(text: str) -> list[tuple[int, str]]:
    """Numbers in a text by their size: tcp/80 before tcp/443."""
    import re

    return [(int(part[:18]), "") if part.isdecimal() else (0, part) for part in re.split(r"(\d+)", text)]
