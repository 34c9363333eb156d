"""The asset list that a desk keeps, or an inventory program exports: a table of any shape, mapped to assets."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import ClassVar, Literal

import msgspec

from deskaudit.connectors import Context
from deskaudit.connectors.machines import presets
from deskaudit.connectors.machines.hosts import os_family
from deskaudit.connectors.machines.keys import Keys, address_of, full_name, host_of, split_addresses
from deskaudit.connectors.machines.machinewords import os_version
from deskaudit.connectors.machines.states import StateWords, check_states, name_owner
from deskaudit.connectors.recognition import Likeness, Specimen
from deskaudit.connectors.tabular.cells import Words, fold_text
from deskaudit.connectors.tabular.dates import unread
from deskaudit.connectors.tabular.options import TableOptions
from deskaudit.connectors.tabular.sheets import RowFault, Sheet, Workbook, probe_book, whole_seconds
from deskaudit.connectors.tabular.tables import Table
from deskaudit.errors import SourceError
from deskaudit.i18n import _
from deskaudit.model.batches import Batch, Cursor, Probe, Problem, Want
from deskaudit.model.entities import Asset
from deskaudit.text import one_line

BATCH_ROWS = 5000
_SLACK = 86400
_TELLING = ("key", "serial", "uuid", "mac", "fqdn", "name")


class AssetColumns(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Model field → column name of the file; "#3" is the third column. Case, blanks and signs of a name do not count."""

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

    def named(self) -> dict[str, str]:
        """Field → column, of those that are set."""
        found = {field: getattr(self, field) for field in self.__struct_fields__}
        return {field: column for field, column in found.items() if column is not None}


class AssetOptions(TableOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The options of `type = "assets"`."""

    preset: str = ""
    columns: AssetColumns = msgspec.field(default_factory=AssetColumns)
    origin: Literal["list", "cmdb"] = "list"
    states: dict[str, str] = msgspec.field(default_factory=dict)
    flags: dict[str, bool] = msgspec.field(default_factory=dict)
    updated_from_file: bool = False

    help: ClassVar[dict[str, str]] = {
        **TableOptions.help,
        "preset": "The program that wrote the file: snipeit, glpi or lansweeper. It knows the usual names of the columns.",
        "columns": 'Model field = column name, or its position as "#3" where the names are translated; without a preset at least '
        "one of key, serial, uuid, mac, fqdn and name.",
        "origin": "list, or cmdb where the file comes from a configuration database.",
        "states": "The list's words for a state = active, spare, retired or lost.",
        "flags": "The list's words in yes-or-no columns = true or false.",
        "updated_from_file": "true: every row is as old as the file; for lists without a date of their own.",
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        check_states(self.states)
        if self.preset:
            presets.check_name(self.preset)
        elif not any(getattr(self.columns, field) for field in _TELLING):
            raise ValueError(_("columns names nothing that tells assets apart: key, serial, uuid, mac, fqdn or name"))
        if self.updated_from_file and self.columns.updated_at is not None:
            raise ValueError(_("columns.updated_at and updated_from_file both say how old a row is: keep one"))


class AssetList:
    """`type = "assets"`: files are read whole each time, and what is not in them any more is gone."""

    name: ClassVar[str] = "assets"
    title: ClassVar[str] = "Asset list (CSV, XLSX; Snipe-IT, GLPI and Lansweeper exports)"
    options: ClassVar[type[AssetOptions]] = AssetOptions
    fills: ClassVar[frozenset[str]] = frozenset({"asset"})
    tested: ClassVar[str] = "fixture: made from the documented shapes"

    def __init__(self, options: AssetOptions, context: Context) -> None:
        self._options = options
        self._context = context

    @classmethod
    def recognises(cls, specimen: Specimen) -> Likeness | None:
        """A table with two columns or more that only machines have."""
        from deskaudit.connectors.machines.headers import USUAL
        from deskaudit.connectors.tablefinding import likeness

        return likeness(specimen, USUAL, _("it has the columns of a list of machines: {names}"))

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
        opened: dict[Path, Table] = {}
        self._names = options.columns.named()
        own_states: dict[str, str] = {}
        if options.preset:
            preset = presets.load()[options.preset]
            options = preset.settle(options)
            self._names, opened = preset.recognise(options, self._names, context)
            own_states = preset.states
            if not any(field in self._names for field in _TELLING):
                raise presets.unrecognised(preset, opened, context.source)
        self._options = options
        self._context = context
        self.book = Workbook(options, context, self._names, ("seen_at", "updated_at"), opened)
        self._words = Words(options.flags)
        self._states = StateWords({**own_states, **options.states})
        self._machine_keys = Keys()
        self._latest = context.now() + _SLACK
        self._file_time: int | None = None
        self._keys: set[str] = set()

    def run(self) -> Iterator[Batch]:
        page: list[Asset] = []
        for sheet in self.book.sheets():
            self._file_time = sheet.table.modified_at if self._options.updated_from_file else None
            for row, narrow in self.book.rows(sheet):
                page.extend(self._take(row, narrow, sheet))
                if len(page) >= BATCH_ROWS or self.book.tally.is_full:
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
        name = host_of(row.cells.get("name", ""))
        fqdn = full_name(name, row.cells.get("fqdn", ""))
        serial = self._machine_keys.serial(row.cells.get("serial", ""))
        uuid = self._machine_keys.uuid(row.cells.get("uuid", ""))
        mac = self._machine_keys.mac(row.cells.get("mac", ""))
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
            owner=name_owner(row.cells.get("owner", ""), self._context),
            department=one_line(row.cells.get("department", ""), 120) or None,
            approved=self._flag("approved", row),
            critical=self._flag("critical", row),
            personal_data=self._flag("personal_data", row),
            encrypted=self._flag("encrypted", row),
            off_network=self._flag("off_network", row),
            state=self._states.read(row.cells.get("state", "")),
            seen_at=self._time("seen_at", row),
            updated_at=self._file_time if self._options.updated_from_file else self._time("updated_at", row),
        )

    def _addresses(self, row: "_Row") -> list[str]:
        found = [address_of(part) for part in split_addresses(row.cells.get("ip", ""))]
        if None in found:
            self._fault("ip", row, _("no address"))
        return [address for address in found if address]

    def _flag(self, field: str, row: "_Row") -> bool | None:
        cell = row.cells.get(field, "")
        if not cell:
            return None
        try:
            return self._words.read(cell)
        except ValueError:
            self._fault(field, row, _("neither yes nor no; add it to flags"))
            return None

    def _time(self, field: str, row: "_Row") -> int | None:
        cell = row.cells.get(field, "")
        if not cell:
            return None
        try:
            seconds = row.sheet.dates.read(cell)
        except (ValueError, OverflowError):
            self._fault(field, row, unread(cell))
            return None
        if seconds is not None and seconds > self._latest:
            self._fault(field, row, _("it lies in the future"))
            return None
        return None if seconds is None else whole_seconds(seconds)

    def _fault(self, field: str, row: "_Row", reason: str) -> None:
        self.book.tally.add(row.sheet.place(row.number), self._names[field], reason, row.cells.get(field, ""))

    def _problems(self) -> list[Problem]:
        return [*self._machine_keys.problems(), *self._states.problems(self._context.source)]

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
