"""nmap: the XML files (`-oX`) of network scans somebody made. deskaudit does not scan.

What real files taught: every one carries a DOCTYPE, so entities are refused and not the DTD; a scan that was stopped
has whole hosts and no end; a scan of zero hosts ends with "success"; a service that nmap did not probe is only the
name of a port number; an OS guess of 97 % can be wrong, so it is marked with its accuracy and never stands alone.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, ClassVar
from xml.etree.ElementTree import Element, ParseError

import msgspec
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from deskaudit.connectors import Context
from deskaudit.connectors.machines.hosts import mac_vendor, os_family, real_mac
from deskaudit.connectors.ordinary import refuse_special
from deskaudit.errors import SourceError
from deskaudit.i18n import _
from deskaudit.model.batches import Batch, Cursor, Probe, Problem, Reject, Want
from deskaudit.model.entities import Asset, Component, Row
from deskaudit.text import one_line

PAGE = 2000  # hosts in a batch
MOST_BYTES_OF_ONE = 4_000_000  # of one name, text or comment
ALL = frozenset({"asset", "component"})


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    help: ClassVar[dict[str, str]] = {
        "files": "The scans' XML files (nmap -oX), * allowed; a host in several counts as it was last seen.",
        "max_mb": "Files larger than this are refused.",
    }

    files: list[str]
    max_mb: int = 2000


class Scan(msgspec.Struct):
    """What one file says of itself, complete once it has been read to its end."""

    file: str
    args: str = ""
    version: str = ""
    started_at: int | None = None
    finished_at: int | None = None
    hosts: int = 0  # whole <host> elements
    total: int | None = None  # as nmap counted them
    ended: bool = False  # runstats seen
    fault: str = ""


class NmapXml:
    name: ClassVar[str] = "nmap"
    title: ClassVar[str] = "nmap scans (XML files)"
    options: ClassVar[type[msgspec.Struct]] = Options
    fills: ClassVar[frozenset[str]] = ALL
    tested: ClassVar[str] = "real tool (nmap 7.93)"

    def __init__(self, options: Options, context: Context) -> None:
        self._options = options
        self._context = context

    def probe(self) -> Probe:
        modules = {}
        version = None
        good = True
        try:
            files = self._files()
        except SourceError as fault:
            return Probe(reachable=False, message=fault.message, hint=fault.hint)
        for file in files:
            scan = Scan(file.name)
            try:
                first = next(self._hosts(file, scan), None)
                modules[file.name] = _("ok") if first else _("no host")
                version = scan.version or version
            except SourceError as fault:
                good = False
                modules[file.name] = fault.message
        return Probe(reachable=good, version=version and f"nmap {version}", modules=modules)

    def pull(self, cursor: Cursor | None, want: Want) -> Iterator[Batch]:
        """All files, the newest scan first: of a host in several, the last sight counts, and the last seen services."""
        del cursor, want
        files = self._files()
        known: dict[int, bool] = {}  # asset id → its services are known
        refused: list[SourceError] = []
        for number, file in enumerate(files, start=1):
            scan = Scan(file.name)
            rows: list[Row] = []
            rejects: list[Reject] = []
            try:
                for host in self._hosts(file, scan):
                    if self._context.cancelled():
                        return
                    rows += self._rows(host, scan, rejects, known)
                    if len(rows) >= PAGE:
                        yield self._batch(rows, number, len(files), rejects)
                        rows, rejects = [], []
            except SourceError as fault:
                refused.append(fault)
                if len(refused) == len(files):
                    raise
                problems: tuple[Problem, ...] = (Problem(file.name, fault.message, ("asset", "component")),)
            else:
                problems = _judge(scan)
            yield self._batch(rows, number, len(files), rejects, problems)

    def _batch(
        self, rows: list[Row], done: int, total: int, rejects: list[Reject], problems: tuple[Problem, ...] = ()
    ) -> Batch:
        return Batch(
            rows=rows,
            cursor={"read_at": self._context.now()},
            replaces=ALL,
            resource="asset",
            done=done,
            total=total,
            rejects=rejects,
            problems=problems,
        )

    def _files(self) -> list[Path]:
        found: list[Path] = []
        for pattern in self._options.files:
            path = self._context.path(pattern)
            matched = sorted(path.parent.glob(path.name))
            if not matched:
                raise SourceError(
                    _("no file matches {glob}.").format(glob=path),
                    kind="bad_file",
                    hint=_("Correct files; relative paths start at the config's folder."),
                )
            found += matched
        return sorted(set(found), key=lambda file: (_started_at(file), file.name), reverse=True)

    def _hosts(self, file: Path, scan: Scan) -> Iterator[Element]:
        """The whole <host> elements of a file, one at a time; `scan` is filled on the way."""
        try:
            refuse_special(file)
            size = file.stat().st_size
        except OSError as fault:
            raise _unreadable(file, fault) from None
        if size > self._options.max_mb * 1_000_000:
            raise SourceError(
                _("{file} has {size} MB; more than max_mb.").format(file=file.name, size=size // 1_000_000),
                kind="bad_file",
                hint=_("Raise max_mb if the file is yours."),
            )
        try:
            with file.open("rb") as handle:
                yield from _parse(handle, scan)
        except OSError as fault:
            raise _unreadable(file, fault) from None

    def _rows(self, host: Element, scan: Scan, rejects: list[Reject], known: dict[int, bool]) -> list[Row]:
        if _attribute(host, "status", "state") == "down":
            return []
        addresses = {one_line(a.get("addrtype")): one_line(a.get("addr", "")) for a in host.findall("address")}
        ip = addresses.get("ipv4") or addresses.get("ipv6")
        mac = real_mac(addresses.get("mac"))
        fqdn = one_line(_attribute(host, "hostnames/hostname", "name") or "") or None
        if not ip and not mac:
            rejects.append(Reject(f"{scan.file}, host {scan.hosts}", _("it has no address")))
            return []
        key = self._context.key("asset", mac or (fqdn if fqdn and "." in fqdn else ip))
        seen, services_known = key in known, known.get(key, False)
        known[key] = services_known or host.find("ports") is not None
        services: list[Row] = [] if services_known else list(self._services(host, key))
        return services if seen else [self._asset(host, scan, key, addresses, mac, fqdn), *services]

    def _asset(
        self, host: Element, scan: Scan, key: int, addresses: dict[str, str], mac: str | None, fqdn: str | None
    ) -> Asset:
        system = _system(host)
        ip = addresses.get("ipv4") or addresses.get("ipv6")
        return Asset(
            id=key,
            ext_id=ip or mac,
            origin="scan",
            name=fqdn.split(".")[0] if fqdn else None,
            fqdn=fqdn if fqdn and "." in fqdn else None,
            ip=ip,
            addresses=" ".join(v for kind, v in addresses.items() if kind != "mac") or None,
            mac=mac,
            mac_vendor=mac_vendor(mac) if mac else None,
            os=one_line(system.get("name")) if system is not None else None,
            os_family=os_family(_family_text(system)) if system is not None else None,
            os_accuracy=_number(system.get("accuracy")) if system is not None else None,
            seen_at=_number(host.get("endtime")) or scan.finished_at or scan.started_at,
        )

    def _services(self, host: Element, asset_id: int) -> Iterator[Component]:
        for port in host.findall("ports/port"):
            if _attribute(port, "state", "state") != "open":
                continue
            name = f"{one_line(port.get('protocol'))}/{one_line(port.get('portid'))}"
            service = port.find("service")
            probed = service is not None and service.get("method") == "probed"
            parts = (service.get(part) for part in ("product", "version")) if probed and service is not None else ()
            yield Component(
                id=self._context.key("component", f"{asset_id}\x1f{name}"),
                asset_id=asset_id,
                kind="service",
                name=name,
                value=one_line(service.get("name")) if service is not None else None,
                version=one_line(" ".join(part for part in parts if part)) or None,
                state="open",
                confidence=_number(service.get("conf")) if service is not None else None,
            )


def _started_at(file: Path) -> int:
    """When the scan of a file began, by its first lines; 0 where they do not say."""
    try:
        refuse_special(file)
        with file.open("rb") as handle:
            found = re.search(rb'<nmaprun[^>]*\bstart="(\d{1,18})"', handle.read(65536))
    except OSError:
        return 0
    return int(found[1]) if found else 0


def _unreadable(file: Path, fault: OSError) -> SourceError:
    return SourceError(
        _("{file} cannot be read: {fault}").format(file=file, fault=fault.strerror),
        kind="bad_file",
        hint=_("Check its path and rights."),
    )


class _Fed:
    """Feeds the parser, which begins a piece anew with every read: one that never ends would take for ever."""

    def __init__(self, handle: IO[bytes], file: str) -> None:
        self._handle = handle
        self._file = file
        self.since = 0  # bytes since the parser last came to the end of a piece

    def read(self, size: int = -1) -> bytes:
        if self.since > MOST_BYTES_OF_ONE:
            raise SourceError(
                _("{file} holds one name, text or comment of more than {n} MB; no scan does.").format(
                    file=self._file, n=MOST_BYTES_OF_ONE // 1_000_000
                ),
                kind="bad_file",
                hint=_("Do not trust where it comes from."),
            )
        data = self._handle.read(size)
        self.since += len(data)
        return data


def _parse(handle: IO[bytes], scan: Scan) -> Iterator[Element]:
    root = None
    fed = _Fed(handle, scan.file)
    try:
        for event, element in iterparse(fed, events=("start", "end"), forbid_dtd=False, forbid_entities=True):
            fed.since = 0
            if root is None:
                root = element
                _open(root, scan)
            elif event == "end" and element.tag == "host":
                scan.hosts += 1
                yield element
                root.clear()
            elif event == "end" and element.tag == "runstats":
                scan.ended = True
                scan.total = _number(_attribute(element, "hosts", "total"))
                scan.finished_at = _number(_attribute(element, "finished", "time"))
                if _attribute(element, "finished", "exit") == "error":
                    scan.fault = one_line(_attribute(element, "finished", "errormsg"))
    except DefusedXmlException:
        raise SourceError(
            _("{file} declares XML entities; no scan does.").format(file=scan.file),
            kind="bad_file",
            hint=_("Do not trust where it comes from."),
        ) from None
    except (ParseError, ValueError, LookupError) as fault:
        if root is None:
            raise _not_nmap(scan, str(fault)) from None
        scan.fault = _("it breaks off: {fault}").format(fault=fault)


def _open(root: Element, scan: Scan) -> None:
    if root.tag != "nmaprun":
        raise _not_nmap(scan, _("its root is <{tag}>").format(tag=one_line(root.tag, 40)))
    scan.args = one_line(root.get("args", ""), 500)
    scan.version = one_line(root.get("version", ""), 20)
    scan.started_at = _number(root.get("start"))


def _not_nmap(scan: Scan, why: str) -> SourceError:
    return SourceError(
        _("{file} is no nmap XML file: {why}.").format(file=scan.file, why=one_line(why)),
        kind="bad_file",
        hint=_("Save the scan with: nmap -oX FILE"),
    )


def _judge(scan: Scan) -> tuple[Problem, ...]:
    """What makes this scan less than whole."""
    if scan.fault or not scan.ended:
        of = _expected(scan.args)
        return (
            Problem(
                scan.file,
                _("partial: {n} of {of} hosts; {why}").format(
                    n=scan.hosts, of=of or "?", why=scan.fault or _("the scan was stopped before its end")
                ),
                ("asset", "component"),
            ),
        )
    if scan.total == 0 or scan.hosts == 0:
        return (
            Problem(
                scan.file,
                _(
                    "0 hosts were scanned ({args}): a wrong target or all excluded, and no sign of a clean network"
                ).format(args=scan.args),
                ("asset", "component"),
            ),
        )
    return ()


def _expected(args: str) -> int | None:
    """How many addresses the targets of a command line name, where they are all plain addresses or networks."""
    import ipaddress

    total = 0
    for word in args.split()[1:]:
        if re.fullmatch(r"[\d.]+(/\d+)?", word) and word.count(".") == 3:
            try:
                total += ipaddress.ip_network(word, strict=False).num_addresses
            except ValueError:
                return None
    return total or None


def _system(host: Element) -> Element | None:
    """The best OS match."""
    matches = host.findall("os/osmatch")
    return max(matches, key=lambda match: _number(match.get("accuracy")) or 0, default=None)


def _family_text(match: Element) -> str:
    return one_line(_attribute(match, "osclass", "osfamily") or match.get("name", ""))


def _attribute(element: Element, path: str, name: str) -> str | None:
    found = element.find(path)
    return None if found is None else found.get(name)


def _number(value: Any) -> int | None:
    """A whole number that fits the model's 64 bits; None for anything else a file may hold."""
    return int(value) if isinstance(value, str) and re.fullmatch(r"[0-9]{1,18}", value) else None
