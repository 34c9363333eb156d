"""The half of the session that sets a desk up: drafts of sources, and the registers."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from deskaudit import configfile
from deskaudit.audit import fields, setup
from deskaudit.audit.setup import ConnectorLine, Detected, Draft, Sample
from deskaudit.errors import ConfigError, DeskauditError
from deskaudit.i18n import _
from deskaudit.model.batches import Probe
from deskaudit.tui.session import RegisterLine

if TYPE_CHECKING:
    from deskaudit.audit.desk import Desk
    from deskaudit.connectors.registers.entries import Clock


class SetupSession:
    """What `Session` asks for under "Setting up"."""

    _desk: "Desk"

    def connectors(self) -> list[ConnectorLine]:
        return setup.known_connectors()

    def connector(self, kind: str) -> ConnectorLine:
        return setup.known_connector(kind)

    def desk_table(self) -> dict[str, Any]:
        return setup.desk_table(self._desk)

    def save_desk(self, table: dict[str, Any]) -> None:
        setup.save_desk(self._desk, table)

    def draft(self, name: str) -> Draft:
        found = configfile.read_tables(self._desk.paths.config).get("sources", {}).get(name)
        if found is None:
            raise ConfigError(_("There is no source {name}.").format(name=name))
        return Draft(name, found, configfile.read_tables(self._desk.paths.config)["sources"][name])

    def new_draft(self, kind: str, table: dict[str, Any] | None = None) -> Draft:
        return Draft(setup.new_name(kind, self._desk.config.sources), {"type": kind, **(table or {})})

    def check_draft(self, draft: Draft) -> str:
        if draft.was is None and draft.name in self._desk.config.sources:
            return _("there is a source {name} already").format(name=draft.name)
        try:
            draft.source(self._desk.paths.config)
        except DeskauditError as fault:
            return fault.message.partition(f"sources.{draft.name}")[2].partition(": ")[2] or fault.message
        return ""

    def test_draft(self, draft: Draft, cancelled: Callable[[], bool]) -> Probe:
        return setup.probe(self._desk, draft, cancelled)

    def look(self, draft: Draft, cancelled: Callable[[], bool]) -> Sample:
        return setup.look(self._desk, draft, cancelled)

    def save_draft(self, draft: Draft) -> None:
        setup.save(self._desk, draft)

    def remove_source(self, name: str) -> list[str]:
        return setup.remove(self._desk, name)

    def detect(self, file: Path) -> tuple[list[Detected], list[str]]:
        return setup.detect(self._desk, file)

    def registers(self) -> list[RegisterLine]:
        from deskaudit.connectors.registers.register import REGISTERS

        if not self._desk.paths.config.exists():
            return []
        lines = []
        for source, folder in setup.register_folders(self._desk).items():
            for register in REGISTERS.values():
                line = RegisterLine(source=source, register=register, file=folder / register.file)
                _read_register(line, setup.register_clock(self._desk, source))
                lines.append(line)
        return lines

    def make_registers(self, folder: str) -> list[Path]:
        return setup.make_registers(self._desk, folder)

    def complain_entry(self, line: RegisterLine, entry: dict[str, Any]) -> tuple[str, str]:
        message, key = fields.complaint(line.register.struct, entry)
        if not message:
            found = msgspec.convert(entry, line.register.struct)
            message, way = setup.register_clock(self._desk, line.source).complaint(found)
            key = way[0] if way else ""
        return message, key

    def save_entry(
        self, line: RegisterLine, index: int | None, entry: dict[str, Any], was: dict[str, Any] | None
    ) -> None:
        configfile.put_entry(line.file, line.register.table, index, entry, was=was)

    def cut_entry(self, line: RegisterLine, index: int, was: dict[str, Any]) -> None:
        configfile.cut_entry(line.file, line.register.table, index, was=was)


def _read_register(line: RegisterLine, clock: "Clock") -> None:
    """Its entries as the file says them, and what the source itself would say against them."""
    try:
        line.exists = line.file.exists()
        if line.exists:
            line.register.read(line.file, clock)
    except DeskauditError as fault:
        line.fault = f"{fault.message} {fault.hint}".strip()
    except OSError as fault:
        line.fault = _("{file} cannot be read: {fault}").format(file=line.file, fault=fault.strerror or fault)
    try:
        found = configfile.read_tables(line.file).get(line.register.table, []) if line.exists else []
    except DeskauditError:
        return  # said above, with the line
    line.entries = [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []
