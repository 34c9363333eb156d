"""From the hosts of scans to rows of the model, and the connector that all scanners' files share."""

from collections.abc import Iterator
from functools import lru_cache

from deskaudit.connectors import Context
from deskaudit.connectors.machines.hosts import local_mac, mac_vendor, os_family, real_mac
from deskaudit.connectors.scans.reading import read_hosts
from deskaudit.connectors.scans.scanfile import EITHER, Host, Scan, System, find_files, judge
from deskaudit.errors import SourceError
from deskaudit.i18n import _
from deskaudit.model.batches import Batch, Probe, Problem, Reject, Want
from deskaudit.model.entities import Asset, Component, Row
from deskaudit.model.keys import part_keys

PAGE = 2000  # rows in a batch, and those of one host more
ASKS = 64  # hosts after which it is asked whether to stop
ALL = frozenset({"asset", "component"})
UNSEEN = frozenset({"down", "unknown", "skipped"})


class HostRows:
    """The rows of hosts, scan by scan, the newest first: of a host in several, the last sight counts, and the last
    seen services.
    """

    def __init__(self, context: Context, wanted: frozenset[str] = ALL) -> None:
        self._context = context
        self._wanted = wanted
        self._services_of: dict[int, int] = {}  # asset id → the scan that knows its services; -1: none so far
        self._scan = 0
        self._rejects: list[Reject] = []

    def next_scan(self) -> None:
        self._scan += 1

    def take_rejects(self) -> list[Reject]:
        """The hosts that were kept out since the last call."""
        found, self._rejects = self._rejects, []
        return found

    def make(self, host: Host, scan: Scan, number: int = 0) -> list[Row]:
        """The rows of a scan's host, the `number`th. No row where nobody saw the host, or a newer scan told all of it."""
        if host.state in UNSEEN:
            return []
        if host.taken_for_up:
            scan.taken_for_up += 1
            return []
        ip, mac = host.ip or host.ip6, real_mac(host.mac)
        if not ip and not mac:
            self._rejects.append(Reject(f"{scan.file}, host {number}", _("it has no address")))
            return []
        fqdn = next((name for name in host.names if "." in name), None)
        key = self._context.key("asset", (mac if mac and not local_mac(mac) else None) or fqdn or ip or mac)
        known_by = self._services_of.get(key)
        rows: list[Row] = []
        if known_by is None and "asset" in self._wanted:
            rows.append(_asset(host, scan, key, mac, fqdn))
        if known_by in {None, -1, self._scan}:
            if "component" in self._wanted:
                rows += _services(host, key)
            known = host.scanned and not host.timed_out
            self._services_of[key] = self._scan if known or known_by == self._scan else -1
        return rows


def _services(host: Host, asset_id: int) -> list[Component]:
    ports = [port for port in host.ports if port[1] == "open"]
    ids = part_keys(asset_id, [port[0] for port in ports])
    return [
        Component(
            id=key,
            asset_id=asset_id,
            kind="service",
            name=name,
            value=service,
            version=version,
            state=state,
            confidence=confidence,
        )
        for key, (name, state, service, version, confidence) in zip(ids, ports, strict=True)
    ]


def _asset(host: Host, scan: Scan, key: int, mac: str | None, fqdn: str | None) -> Asset:
    system = max(host.systems, default=None, key=lambda one: one.accuracy)
    name = fqdn or (host.names[0] if host.names else None)
    return Asset(
        id=key,
        ext_id=host.ip or host.ip6 or mac,
        origin="scan",
        name=name.split(".")[0] if name else None,
        fqdn=fqdn,
        ip=host.ip or host.ip6,
        addresses=" ".join(one for one in (host.ip, host.ip6) if one) or None,
        mac=mac,
        mac_vendor=mac_vendor(mac) if mac else None,
        os=(system.name or None) if system else None,
        os_family=_family(system) if system else None,
        os_accuracy=system.accuracy if system else None,
        seen_at=host.seen_at or scan.finished_at or scan.started_at,
    )


@lru_cache(maxsize=4096)
def _family(system: System) -> str | None:
    return os_family(system.family or system.name)


class ScanFiles:
    """The files of one source. `scanner`: which one is expected."""

    def __init__(self, patterns: list[str], max_mb: int, context: Context, scanner: str) -> None:
        self._patterns = patterns
        self._max_mb = max_mb
        self._context = context
        self._scanner = scanner

    def pull(self, want: Want) -> Iterator[Batch]:
        """All files, the newest scan first. Raises SourceError where none of them can be read."""
        files = find_files(self._patterns, self._context)
        wanted = ALL & want.entities
        made = HostRows(self._context, wanted)
        refused = 0
        for count, file in enumerate(files, start=1):
            scan = Scan(file.name, self._scanner)
            rows: list[Row] = []
            problems: tuple[Problem, ...] = ()
            made.next_scan()
            try:
                for number, host in enumerate(read_hosts(file, scan, self._max_mb), start=1):
                    if not number % ASKS and self._context.cancelled():
                        return
                    rows += made.make(host, scan, number)
                    if len(rows) >= PAGE:
                        yield self._batch(rows, made, wanted, (count, len(files)))
                        rows = []
            except SourceError as fault:
                refused += 1
                if refused == len(files):
                    raise
                problems = (Problem(file.name, fault.message, EITHER),)
            else:
                problems = judge(scan)
            yield self._batch(rows, made, wanted, (count, len(files)), problems)

    def probe(self) -> Probe:
        """Looks into each file as far as its first host."""
        try:
            files = find_files(self._patterns, self._context)
        except SourceError as fault:
            return Probe(reachable=False, message=fault.message, hint=fault.hint)
        modules = {}
        version = None
        good = True
        for file in files:
            scan = Scan(file.name, self._scanner)
            try:
                first = next(read_hosts(file, scan, self._max_mb), None)
            except SourceError as fault:
                good = False
                modules[file.name] = fault.message
                continue
            modules[file.name] = _("ok") if first else _("no host")
            version = f"{scan.scanner} {scan.version}" if scan.version else version
        return Probe(reachable=good, version=version, modules=modules)

    def _batch(
        self,
        rows: list[Row],
        made: HostRows,
        wanted: frozenset[str],
        place: tuple[int, int],
        problems: tuple[Problem, ...] = (),
    ) -> Batch:
        done, total = place
        return Batch(
            rows=rows,
            cursor={"read_at": self._context.now()},
            replaces=wanted,
            resource="asset",
            done=done,
            total=total,
            rejects=made.take_rejects(),
            problems=problems,
        )
