"""`type = "glpi"`: the machines of a GLPI server.

Three habits of its API shape this: names of things come only with expand_dropdowns, which turns the owner of a port or
a disk into a name too; nothing is written as 0, "" or "&nbsp;"; templates and the trash are in the lists.
"""

from collections.abc import Iterator
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from deskaudit.connectors import Context, knocking
from deskaudit.connectors.http import HttpError
from deskaudit.connectors.lists import losses
from deskaudit.connectors.machines.glpi import belongings
from deskaudit.connectors.machines.glpi.belongings import Belongings
from deskaudit.connectors.machines.glpi.options import Options
from deskaudit.connectors.machines.glpi.session import Session
from deskaudit.connectors.machines.hosts import mac_vendor, os_family
from deskaudit.connectors.machines.keys import Keys, full_name, host_of, own_addresses
from deskaudit.connectors.machines.machinewords import os_version
from deskaudit.connectors.machines.places import Place
from deskaudit.connectors.machines.states import StateWords, name_owner
from deskaudit.connectors.machines.webtext import told
from deskaudit.connectors.pace import Timing
from deskaudit.connectors.tabular.dates import DateReader
from deskaudit.i18n import _
from deskaudit.model.batches import Batch, Cursor, Estimate, Probe, Problem, Reject, Want
from deskaudit.model.entities import Asset
from deskaudit.text import one_line

ALL = frozenset({"asset"})


class Glpi:
    """Computers, network equipment, printers and phones. Read-only: every request is a GET. `timing` is for tests."""

    name: ClassVar[str] = "glpi"
    title: ClassVar[str] = "GLPI"
    options: ClassVar[type[Options]] = Options
    fills: ClassVar[frozenset[str]] = ALL
    tested: ClassVar[str] = "fixture: a server made from the documentation of GLPI's REST API; no live server"

    def __init__(self, options: Options, context: Context, *, timing: Timing | None = None) -> None:
        self._options = options
        self._context = context
        self._timing = timing or Timing()

    def probe(self) -> Probe:
        """Opens a session and asks for one row of each kind."""
        modules: dict[str, str] = {}
        try:
            with Session(self._options, self._context, self._timing, retries=knocking.TRIES) as session:
                for itemtype in self._options.itemtypes:
                    try:
                        session.page(itemtype, 0, size=1)
                        modules[itemtype] = "ok"
                    except HttpError as fault:
                        modules[itemtype] = fault.message
        except HttpError as fault:
            return knocking.refused(fault)
        return knocking.listed(modules, _("Give the profile the right to read them, or take them out of itemtypes."))

    def pull(self, cursor: Cursor | None, want: Want) -> Iterator[Batch]:
        """All items. A pull that was stopped goes on at its page. Raises SourceError, SecretError or Cancelled."""
        if "asset" not in want.entities:
            return
        kinds = self._options.itemtypes
        place = Place.resume(cursor, len(kinds))
        first, back = place.is_first, 1 if place.start else 0
        maker = _Maker(self._options, self._context, place)
        before: list[Any] = []
        with Session(self._options, self._context, self._timing) as session:
            own = belongings.read(session)
            maker.notes += own.problems
            while place.which < len(kinds):
                kind = kinds[place.which]
                try:
                    rows, total = session.page(kind, place.start - back, names=True)
                except HttpError as fault:
                    if fault.kind not in {"forbidden", "bad_answer"} or fault.status is None:
                        raise
                    maker.give_up(kind, fault)
                    rows, total = [], place.start
                if back and not place.is_behind(rows):
                    maker.place = place = Place()
                    back = 0
                    continue
                rows, back = rows[back:], 0
                if place.start and rows == before:  # the server pays no heed to the range
                    total = max(total or 0, place.start + len(rows))
                    rows = []
                before = rows
                made, rejects = maker.make(kind, rows, own)
                estimate = Estimate(-(-total // self._options.page_size), None) if first and total else None
                first = False
                place.take(rows)
                if not rows or (total is not None and place.start >= total):
                    maker.judge(kind, place.start, total)
                    place.enter_next()
                done = place.which == len(kinds)
                yield Batch(
                    rows=made,
                    cursor={} if done else place.cursor(),
                    resource="asset",
                    done=place.seen,
                    total=max(total or 0, place.seen),
                    rejects=rejects,
                    problems=maker.problems() if done else (),
                    present={"asset": [asset.id for asset in made]},
                    swept=ALL if done and maker.is_whole else frozenset(),
                    estimate=estimate,
                )


class _Maker:
    """Rows of the API become assets."""

    def __init__(self, options: Options, context: Context, place: Place) -> None:
        self._context = context
        self.place = place
        self._states = StateWords(options.states)
        self._keys = Keys()
        self._dates = DateReader("ymd", ZoneInfo(options.zone or context.zone))
        self._latest = context.now() + 86400
        self.notes: list[Problem] = []

    @property
    def is_whole(self) -> bool:
        return not self.place.lost and not self._losses()

    def make(self, kind: str, rows: list[Any], own: Belongings) -> tuple[list[Asset], list[Reject]]:
        made: list[Asset] = []
        rejects: list[Reject] = []
        for number, row in enumerate(rows, start=1):
            key = told(row.get("id")) if isinstance(row, dict) else ""
            if not key:
                rejects.append(Reject(_("{kind}, row {n} of a page").format(kind=kind, n=number), _("it has no id")))
                self.place.bad += 1
            elif not told(row.get("is_template")) and not told(row.get("is_deleted")):
                made.append(self._asset(kind, key, row, own))
        self.place.seen += len(made)
        return made, rejects

    def give_up(self, kind: str, fault: HttpError) -> None:
        self.place.lost.append(f"{kind}: {fault.message}")

    def judge(self, kind: str, read: int, total: int | None) -> None:
        if total is not None and read < total:
            self.place.lost.append(_("{kind}: {n} of {total} came").format(kind=kind, n=read, total=total))

    def problems(self) -> list[Problem]:
        found = [*self.notes, *self._keys.problems(), *self._states.problems(self._context.source)]
        return [*found, *(Problem("asset", message, ("asset",)) for message in self.place.lost), *self._losses()]

    def _losses(self) -> list[Problem]:
        return losses("asset", ("asset",), (), (self.place.seen + self.place.bad, self.place.bad))

    def _asset(self, kind: str, key: str, row: dict[str, Any], own: Belongings) -> Asset:
        item = (kind, key)
        name = host_of(told(row.get("name")))
        fqdn = full_name(name, "")
        system, version = own.systems.get(item, ("", ""))
        addresses = own_addresses(own.addresses.get(item, []))
        mac = own.macs.get(item)
        return Asset(
            id=self._context.key("asset", f"{kind}/{key}"),
            ext_id=one_line(told(row.get("otherserial")) or f"{kind}/{key}", 80),
            origin="cmdb",
            name=one_line(name, 120) or None,
            fqdn=one_line(fqdn, 200) or None,
            ip=addresses[0] if addresses else None,
            addresses=" ".join(addresses) or None,
            mac=mac,
            mac_vendor=mac_vendor(mac) if mac else None,
            serial=self._keys.serial(told(row.get("serial"))),
            uuid=self._keys.uuid(told(row.get("uuid"))),
            os=one_line(system, 120) or None,
            os_family=os_family(system),
            os_version=one_line(version, 60) or os_version(system),
            owner=name_owner(told(row.get("users_id")), self._context),
            department=one_line(told(row.get("groups_id")) or told(row.get("locations_id")), 120) or None,
            encrypted=own.encrypted.get(item),
            state=self._states.read(told(row.get("states_id")).rpartition(" > ")[2]),
            seen_at=self._time(row.get("last_inventory_update")),
            updated_at=self._time(row.get("date_mod")),
        )

    def _time(self, value: Any) -> int | None:
        """Epoch seconds of "YYYY-MM-DD HH:MM:SS" in the server's zone; 0000-00-00 is none."""
        text = told(value)
        try:
            seconds = self._dates.read(text) if text else None
        except (ValueError, OverflowError):
            return None
        return None if seconds is None or seconds > self._latest else int(seconds)
