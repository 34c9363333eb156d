"""The asset list that a desk keeps: a CSV of any shape, mapped to assets."""

import ipaddress
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import ClassVar, Literal

import msgspec

from deskaudit.connectors import Context
from deskaudit.connectors.machines.hosts import os_family, real_mac
from deskaudit.connectors.machines.machinewords import is_scientific, os_version, real_serial, real_uuid
from deskaudit.connectors.tabular.cells import Words, fold_text
from deskaudit.connectors.tabular.options import TableOptions
from deskaudit.connectors.tabular.sheets import RowFault, Sheet, Workbook, probe_book, whole_seconds
from deskaudit.errors import SourceError
from deskaudit.i18n import _
from deskaudit.model.batches import Batch, Cursor, Probe, Problem, Want
from deskaudit.model.entities import Asset
from deskaudit.text import one_line

BATCH_ROWS = 5000
STATES = {
    "active": ("active", "in use", "in production", "production", "live", "deployed", "assigned", "installed", "up"),
    "spare": ("spare", "in stock", "stock", "storage", "available", "ready to deploy", "in store"),
    "retired": ("retired", "disposed", "scrapped", "archived", "decommissioned", "sold", "out of use", "inactive"),
    "lost": ("lost", "stolen", "missing", "lost/stolen"),
}
_MOVING = frozenset({"dhcp", "dynamic", "auto", "automatic"})
_SLACK = 86400


class AssetColumns(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Model field → column name of the file. Case, blanks and signs of a name do not count."""

    key: str | None = None
    name: str | None = None
    fqdn: str | None = None
    ip: str | None = None
    mac: str | None = None
    serial: str | None = None
    uuid: str | None = None
    os: str | None = None
    os_version: str | None = None
    owner: str | None = None
    department: str | None = None
    approved: str | None = None
    critical: str | None = None
    personal_data: str | None = None
    encrypted: str | None = None
    state: str | None = None
    off_network: str | None = None
    seen_at: str | None = None
    updated_at: str | None = None

    help: ClassVar[dict[str, str]] = {
        "key": "The list's own number or tag; left out: the first of serial, uuid, mac, fqdn and name.",
        "name": "The host name.",
        "fqdn": "The full name in the network.",
        "ip": "Its address, or several.",
        "mac": "Its hardware address, however it is written.",
        "serial": "The maker's serial number; placeholders are dropped and counted.",
        "uuid": "The UUID of its board.",
        "os": "The operating system as text.",
        "os_version": "Its version, where it has its own column.",
        "owner": "Who is responsible; an address is kept as a keyed hash.",
        "department": "The department.",
        "approved": "Whether it may be used: yes or no.",
        "critical": "Whether the desk cannot work without it.",
        "personal_data": "Whether personal data lies on it.",
        "encrypted": "Whether its disks are encrypted.",
        "state": "active, spare, retired or lost; states translates other words.",
        "off_network": "Whether no scan can reach it.",
        "seen_at": "When it was last seen.",
        "updated_at": "When its row was last looked at.",
    }

    def __post_init__(self) -> None:
        if not any((self.key, self.serial, self.uuid, self.mac, self.fqdn, self.name)):
            raise ValueError(_("columns names nothing that tells assets apart: key, serial, uuid, mac, fqdn or name"))


class AssetOptions(TableOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The options of `type = "assets"`."""

    columns: AssetColumns
    origin: Literal["list", "cmdb"] = "list"
    states: dict[str, str] = msgspec.field(default_factory=dict)
    flags: dict[str, bool] = msgspec.field(default_factory=dict)
    updated_from_file: bool = False

    help: ClassVar[dict[str, str]] = {
        **TableOptions.help,
        "columns": "Model field = column name; at least one of key, serial, uuid, mac, fqdn and name.",
        "origin": "list, or cmdb where the file comes from a configuration database.",
        "states": "The list's words for a state = active, spare, retired or lost.",
        "flags": "The list's words in yes-or-no columns = true or false.",
        "updated_from_file": "true: every row is as old as the file; for lists without a date of their own.",
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        for value in self.states.values():
            if value not in STATES:
                raise ValueError(
                    _('"{value}" is no state; write one of {known}').format(value=value, known=", ".join(STATES))
                )
        if self.updated_from_file and self.columns.updated_at is not None:
            raise ValueError(_("columns.updated_at and updated_from_file both say how old a row is: keep one"))


class AssetList:
    """`type = "assets"`: files are read whole each time, and what is not in them any more is gone."""

    name: ClassVar[str] = "assets"
    title: ClassVar[str] = "Asset list (CSV)"
    options: ClassVar[type[AssetOptions]] = AssetOptions
    fills: ClassVar[frozenset[str]] = frozenset({"asset"})
    tested: ClassVar[str] = "fixture"

    def __init__(self, options: AssetOptions, context: Context) -> None:
        self._options = options
        self._context = context

    def probe(self) -> Probe:
        """Reads the first rows: is the file there, which columns were found, what is wrong first."""
        try:
            run = _Import(self._options, self._context)
        except SourceError as fault:
            return Probe(reachable=False, message=fault.message, hint=fault.hint)
        return probe_book(run.book, run.first_problem)

    def pull(self, cursor: Cursor | None, want: Want) -> Iterator[Batch]:  # noqa: ARG002 - files are read whole
        """All rows of all files. Raises SourceError where a file cannot be read to its end."""
        yield from _Import(self._options, self._context).run()


class _Import:
    """One reading of the files."""

    def __init__(self, options: AssetOptions, context: Context) -> None:
        self._options = options
        self._context = context
        names = {field: getattr(options.columns, field) for field in AssetColumns.__struct_fields__}
        self._names: dict[str, str] = {field: column for field, column in names.items() if column is not None}
        self.book = Workbook(options, context, self._names, ("seen_at", "updated_at"))
        self._words = Words(options.flags)
        self._states = {word: state for state, words in STATES.items() for word in words}
        self._states |= {fold_text(word): state for word, state in options.states.items()}
        self._latest = context.now() + _SLACK
        self._file_time: int | None = None
        self._keys: set[str] = set()
        self._dropped: Counter[str] = Counter()
        self._samples: dict[str, str] = {}
        self._unknown: Counter[str] = Counter()

    def run(self) -> Iterator[Batch]:
        page: list[Asset] = []
        for sheet in self.book.sheets():
            self._file_time = sheet.table.modified_at if self._options.updated_from_file else None
            for row, narrow in self.book.rows(sheet):
                page.extend(self._take(row, narrow, sheet))
                if len(page) >= BATCH_ROWS:
                    yield self._batch(page)
                    page = []
        problems = self.book.tally.verdict(self._options.max_bad_share, ("asset",), "asset")
        yield self._batch(page, [*problems, *self.book.notes, *self._problems()], self.book.cursor())

    def first_problem(self, sheet: Sheet) -> str:
        """The first fault among the first rows, for the probe."""
        for number, (row, narrow) in enumerate(self.book.rows(sheet)):
            if number >= 200:
                break
            self._take(row, narrow, sheet)
        found = self.book.tally.flush()
        if found:
            return f"{found[0].place}: {found[0].reason}"
        return next((problem.message for problem in self._problems()), "")

    def _take(self, row: int, narrow: Sequence[str], sheet: Sheet) -> list[Asset]:
        try:
            return [self._make(_Row(sheet.record(narrow), sheet, row))]
        except RowFault as fault:
            self.book.tally.add(sheet.place(row), fault.column, fault.reason)
            return []

    def _make(self, row: "_Row") -> Asset:
        name, fqdn = _host(row.cells.get("name", "")), row.cells.get("fqdn", "").rstrip(".").lower()
        if not fqdn and "." in name and _address(name) is None:
            fqdn = name.lower()
        serial = self._keep("serial", row, real_serial)
        uuid = self._keep("uuid", row, real_uuid)
        mac = self._keep("mac", row, _first_mac)
        addresses = self._addresses(row)
        key = row.cells.get("key") or serial or uuid or mac or fqdn or name.lower()
        if not key:
            raise RowFault("", _("nothing tells which asset it is: no serial, UUID, MAC or name"))
        if fold_text(key) in self._keys:
            raise RowFault("", _('"{key}" was there before').format(key=one_line(key, 60)))
        self._keys.add(fold_text(key))
        system = one_line(row.cells.get("os", ""), 120) or None
        return Asset(
            id=self._context.key("asset", fold_text(key)),
            ext_id=one_line(key, 80),
            origin=self._options.origin,
            name=one_line(name or fqdn.partition(".")[0], 120) or None,
            fqdn=one_line(fqdn, 200) or None,
            ip=addresses[0] if addresses else None,
            addresses=" ".join(addresses) or None,
            mac=mac,
            serial=serial,
            uuid=uuid,
            os=system,
            os_family=os_family(system),
            os_version=one_line(row.cells.get("os_version", ""), 60) or os_version(system),
            owner=self._owner(row.cells.get("owner", "")),
            department=one_line(row.cells.get("department", ""), 120) or None,
            approved=self._flag("approved", row),
            critical=self._flag("critical", row),
            personal_data=self._flag("personal_data", row),
            encrypted=self._flag("encrypted", row),
            off_network=self._flag("off_network", row),
            state=self._state(row.cells.get("state", "")),
            seen_at=self._time("seen_at", row),
            updated_at=self._file_time if self._options.updated_from_file else self._time("updated_at", row),
        )

    def _keep(self, field: str, row: "_Row", read: Callable[[str], str | None]) -> str | None:
        """A key of the machine, or None and a count where it is a placeholder or destroyed."""
        cell = row.cells.get(field, "")
        found = read(cell) if cell else None
        if cell and found is None:
            what = "scientific" if field == "serial" and is_scientific(cell) else field
            self._dropped[what] += 1
            self._samples.setdefault(what, one_line(cell, 40))
        return found

    def _addresses(self, row: "_Row") -> list[str]:
        cell = row.cells.get("ip", "")
        parts = [part for part in re.split(r"[\s,;|]+", cell) if part and part.casefold() not in _MOVING]
        found = [_address(part) for part in parts]
        if None in found:
            self._fault("ip", row, _("no address"))
        return [address for address in found if address]

    def _owner(self, text: str) -> str | None:
        return self._context.person(text) if "@" in text else one_line(text, 120) or None

    def _flag(self, field: str, row: "_Row") -> bool | None:
        cell = row.cells.get(field, "")
        if not cell:
            return None
        try:
            return self._words.read(cell)
        except ValueError:
            self._fault(field, row, _("neither yes nor no; add it to flags"))
            return None

    def _state(self, text: str) -> str | None:
        if not text:
            return None
        found = self._states.get(fold_text(text.lstrip("_ ")))  # one program indents states with underscores
        if found is None and (text in self._unknown or len(self._unknown) < 200):
            self._unknown[text] += 1
        return found

    def _time(self, field: str, row: "_Row") -> int | None:
        cell = row.cells.get(field, "")
        if not cell:
            return None
        try:
            seconds = row.sheet.dates.read(cell)
        except (ValueError, OverflowError):
            self._fault(field, row, _("no time that is known here"))
            return None
        if seconds is not None and seconds > self._latest:
            self._fault(field, row, _("it lies in the future"))
            return None
        return None if seconds is None else whole_seconds(seconds)

    def _fault(self, field: str, row: "_Row", reason: str) -> None:
        self.book.tally.add(row.sheet.place(row.number), self._names[field], reason, row.cells.get(field, ""))

    def _problems(self) -> list[Problem]:
        messages = {
            "serial": _('{n} serial numbers are placeholders, as "{sample}"; they identify nothing and are left out.'),
            "uuid": _('{n} UUIDs are placeholders or none at all, as "{sample}"; they are left out.'),
            "mac": _('{n} MAC addresses are placeholders or none at all, as "{sample}"; they are left out.'),
            "scientific": _(
                '{n} serial numbers were destroyed by a spreadsheet, as "{sample}": export the list again with that column as text.'
            ),
        }
        found = [
            Problem("asset", messages[what].format(n=n, sample=self._samples[what]))
            for what, n in self._dropped.items()
        ]
        if self._unknown:
            words = ", ".join(f'"{one_line(word, 40)}" ({n})' for word, n in self._unknown.most_common(5))
            message = _("No state is known for {words}; add them to sources.{source}.states.")
            found.append(Problem("asset", message.format(words=words, source=self._context.source)))
        return found

    def _batch(self, page: Sequence[Asset], problems: Sequence[Problem] = (), cursor: Cursor | None = None) -> Batch:
        return Batch(
            rows=page,
            cursor=cursor,
            replaces=frozenset({"asset"}),
            resource="asset",
            done=self.book.done,
            total=self.book.total,
            rejects=self.book.tally.flush(),
            problems=problems,
        )


class _Row(msgspec.Struct, frozen=True):
    cells: dict[str, str]
    sheet: Sheet
    number: int


def _host(text: str) -> str:
    r"""The host of DOMAIN\HOST and DOMAIN\HOST\1, as Windows inventories write it."""
    parts = [part for part in text.split("\\") if part]
    return parts[1] if len(parts) > 1 else text


def _address(text: str) -> str | None:
    try:
        return str(ipaddress.ip_address(text.partition("%")[0].partition("/")[0]))
    except ValueError:
        return None


def _first_mac(text: str) -> str | None:
    """The first real address of a cell that may hold several."""
    whole = real_mac(text)
    if whole:
        return whole
    return next((mac for part in re.split(r"[\s,;|]+", text) if (mac := real_mac(part))), None)
