"""Machines become rows: reports of one machine, in whatever format and file, are one asset of this source."""

from collections.abc import Iterator

import msgspec

from deskaudit.connectors import Context
from deskaudit.connectors.machines.hosts import local_mac, mac_vendor, os_family, real_mac
from deskaudit.connectors.machines.inventory.machine import Machine
from deskaudit.connectors.machines.keys import Keys, address_of, full_name, host_of, own_addresses
from deskaudit.connectors.machines.machinewords import os_version
from deskaudit.connectors.tabular.cells import fold_text
from deskaudit.connectors.tabular.dates import DateReader
from deskaudit.i18n import _
from deskaudit.model.batches import Problem, Reject
from deskaudit.model.entities import Asset, Component
from deskaudit.text import one_line

SLACK_S = 86400


class _Known(msgspec.Struct):
    """A machine that a report before this one told of."""

    asset: Asset
    keys: list[str]  # as compared, "" where unknown: serial, uuid, mac, fqdn, host
    told: set[str]  # kinds of component that a newer report listed


class Register:
    """All machines of one pull. Reports come newest first: what one says, an older one does not change."""

    def __init__(self, context: Context, origin: str, dates: DateReader) -> None:
        self._context = context
        self._origin = origin
        self._dates = dates
        self._latest = context.now() + SLACK_S
        self._keys = Keys()
        self._index: dict[tuple[int, str], _Known] = {}
        self._machines: list[_Known] = []

    @property
    def assets(self) -> list[Asset]:
        """What is known of each machine, once all reports are in."""
        return [known.asset for known in self._machines]

    def problems(self) -> list[Problem]:
        return self._keys.problems()

    def add(self, machine: Machine, written_at: int) -> Iterator[Component] | Reject:
        """The components of a report; a Reject where it does not say of which machine it is. `written_at`: its file."""
        fresh = self._asset(machine, written_at)
        keys = _compared(fresh)
        if not any(keys):
            return Reject(machine.place, _("nothing tells which machine it is: no serial number, UUID, MAC or name"))
        known = self._find(keys)
        if known is None:
            key = fold_text(next(key for key in keys if key))
            fresh = msgspec.structs.replace(fresh, id=self._context.key("asset", key), ext_id=one_line(key, 80))
            known = _Known(fresh, keys, set())
            self._machines.append(known)
        else:
            known.asset = _filled(known.asset, fresh)
            known.keys = [mine or theirs for mine, theirs in zip(known.keys, keys, strict=True)]
        for place, key in enumerate(known.keys):
            if key:
                self._index.setdefault((place, key), known)
        return self._components(known, machine)

    def _find(self, keys: list[str]) -> _Known | None:
        """The machine that has the highest key in common, unless a still higher one differs."""
        for place, key in enumerate(keys):
            known = self._index.get((place, key)) if key else None
            if known and not any(
                mine and theirs and mine != theirs
                for mine, theirs in zip(keys[:place], known.keys[:place], strict=True)
            ):
                return known
        return None

    def _asset(self, machine: Machine, written_at: int) -> Asset:
        name = host_of(machine.name)
        fqdn = full_name(name, machine.fqdn)
        addresses = own_addresses(machine.addresses)
        macs = [mac for text in machine.macs if (mac := real_mac(text))]
        mac = next((mac for mac in macs if not local_mac(mac)), next(iter(macs), None))
        system = one_line(machine.os, 120) or None
        seen_at = self._seen(machine, written_at)
        return Asset(
            id=0,
            origin=self._origin,
            name=one_line(fqdn.partition(".")[0] if fqdn else name, 120) or None,
            fqdn=one_line(fqdn, 200) or None,
            ip=addresses[0] if addresses else None,
            addresses=" ".join(addresses) or None,
            mac=mac,
            mac_vendor=mac_vendor(mac) if mac else None,
            serial=self._keys.serial(machine.serial),
            uuid=self._keys.uuid(machine.uuid),
            os=system,
            os_family=os_family(system),
            os_version=one_line(machine.os_version, 60) or os_version(system),
            encrypted=machine.encrypted,
            seen_at=seen_at,
            updated_at=seen_at,
        )

    def _seen(self, machine: Machine, written_at: int) -> int | None:
        """When the report was made: as it says, else as its file says; never in the future."""
        told: float | None = machine.seen_at
        if told is None and machine.seen:
            try:
                told = self._dates.read(machine.seen)
            except (ValueError, OverflowError):  # "Fri Jun 12 14:15" has no year
                told = None
        for when in (told, written_at):
            if when is not None and 0 < when <= self._latest:
                return int(when)
        return None

    def _components(self, known: _Known, machine: Machine) -> Iterator[Component]:
        asset = known.asset.id
        told, known.told = known.told, known.told | _told(machine)
        seen: set[str] = set()
        for one in machine.software or [] if "software" not in told else []:
            name, version = one_line(one.name, 200), one_line(one.version, 60)
            key = f"{asset}\x1fsoftware\x1f{name}\x1f{version}"
            if name and key not in seen:
                seen.add(key)
                yield Component(
                    id=self._context.key("component", key),
                    asset_id=asset,
                    kind="software",
                    name=name,
                    version=version or None,
                )
        for setting in machine.settings or []:
            key = f"{asset}\x1fsetting\x1f{setting.name}\x1f{one_line(setting.value, 200)}"
            if setting.name not in told and key not in seen:
                seen.add(key)
                yield Component(
                    id=self._context.key("component", key),
                    asset_id=asset,
                    kind="setting",
                    name=setting.name,
                    value=one_line(setting.value, 200) or None,
                    state=one_line(setting.state, 40) or None,
                    version=one_line(setting.version, 60) or None,
                )


def _told(machine: Machine) -> set[str]:
    found = {setting.name for setting in machine.settings or []}
    return found if machine.software is None else found | {"software"}


def _compared(asset: Asset) -> list[str]:
    mac = asset.mac if asset.mac and not local_mac(asset.mac) else ""
    name = (asset.name or "").casefold()
    host = "" if name in {"localhost", "unknown", "none"} or address_of(name) else name
    fqdn = asset.fqdn or ""
    return [fold_text(asset.serial or ""), asset.uuid or "", mac, "" if fqdn.startswith("localhost.") else fqdn, host]


def _filled(asset: Asset, older: Asset) -> Asset:
    """An asset with what only an older report tells."""
    missing = {
        field: getattr(older, field)
        for field in Asset.__struct_fields__
        if getattr(asset, field) is None and getattr(older, field) is not None
    }
    if asset.os is not None:  # a version belongs to the system it was told with
        missing.pop("os_version", None)
    return msgspec.structs.replace(asset, **missing)
