"""All registers there are: file, title and the struct of an entry, and how a file becomes rows."""

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from deskaudit import tomltables
from deskaudit.connectors.ordinary import refuse_special
from deskaudit.connectors.registers import evidence, machinery, papers, promises
from deskaudit.connectors.registers.entries import Clock, Entry
from deskaudit.errors import ConfigError
from deskaudit.i18n import _
from deskaudit.tomltables import OptionError

MAX_BYTES = 8_000_000


class Register(msgspec.Struct, frozen=True):
    """One file of the folder. `table` is the name of its entries: `[[procedure]]`."""

    name: str
    title: str
    table: str
    struct: type[Entry]
    fills: frozenset[str]

    @property
    def file(self) -> str:
        return f"{self.name}.toml"

    def read(self, file: Path, clock: Clock) -> Sequence[Entry]:
        """The entries of a file. Raises ConfigError with file, line and key; OSError where it cannot be opened."""
        refuse_special(file)
        with file.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
        try:
            if len(content) > MAX_BYTES:
                raise ConfigError(_("{file} is larger than {n} MB.").format(file=file, n=MAX_BYTES // 1_000_000))
            raw = tomllib.loads(content.decode("utf-8-sig"))
        except UnicodeDecodeError as fault:
            raise ConfigError(
                _("{file} is no UTF-8 text (byte {n}).").format(file=file, n=fault.start),
                hint=_("Save it as UTF-8."),
            ) from None
        except (tomllib.TOMLDecodeError, RecursionError, ValueError) as fault:
            raise ConfigError(
                _("{file} is not valid TOML: {fault}").format(file=file, fault=str(fault)[:300]),
                hint=_("Compare with: deskaudit init --registers FOLDER."),
            ) from None
        entries: Any = list[self.struct]  # type: ignore[name-defined] # a type that is made here
        fields: list[tuple[str, Any, Any]] = [(self.table, entries, [])]
        whole = msgspec.defstruct("Register", fields, forbid_unknown_fields=True, kw_only=True)
        found: Sequence[Entry] = getattr(tomltables.read(whole, raw, file, "", hint=_("Correct it.")), self.table)
        for number, entry in enumerate(found, start=1):
            wrong, way = clock.complaint(entry)
            if wrong:
                raise OptionError(".".join([self.table, str(number), *way]), wrong, _("Correct it.")).at(file)
        return found


def _register(name: str, table: str, struct: type[Entry], title: str, *fills: str) -> Register:
    return Register(name, title, table, struct, frozenset(fills))


REGISTERS: dict[str, Register] = {
    register.name: register
    for register in (
        _register(
            "procedures",
            "procedure",
            papers.Procedure,
            _("Procedures, one for each category of tickets"),
            "document",
            "record",
        ),
        _register(
            "documents",
            "document",
            papers.Paper,
            _("Rules, policies, job descriptions, training material, reports, and who confirmed them"),
            "document",
            "record",
        ),
        _register("changes", "change", papers.Change, _("Customisations and other changes"), "document", "record"),
        _register(
            "update_process",
            "step",
            papers.Step,
            _("The steps by which rules and procedures are kept current"),
            "document",
        ),
        _register(
            "rules", "rule", machinery.AutomationRule, _("Automation rules and their runs"), "policy", "record", "stat"
        ),
        _register("integrations", "integration", machinery.Integration, _("Integrations with other systems"), "policy"),
        _register("monitors", "monitor", machinery.Monitor, _("What is watched, and by what"), "policy"),
        _register("api_keys", "key", machinery.Key, _("API keys: what they may do, and whose they are"), "policy"),
        _register("sla", "sla", promises.ServiceLevel, _("Service levels"), "policy"),
        _register("escalation", "escalation", promises.Escalation, _("The escalation matrix"), "policy"),
        _register("roles", "role", promises.Role, _("Which position may have which rights"), "policy"),
        _register("retention", "retention", promises.Retention, _("How long data are kept"), "policy"),
        _register("goals", "goal", promises.Goal, _("Goals of the desk and its people"), "policy", "stat"),
        _register(
            "required", "required", promises.Required, _("Required courses, certificates, settings and tasks"), "policy"
        ),
        _register("settings", "setting", machinery.Setting, _("How devices shall be set"), "component"),
        _register("ports", "device", machinery.Ports, _("Which ports of a device may be open"), "component"),
        _register("links", "link", machinery.Link, _("Which devices shall reach each other"), "component"),
        _register("restores", "restore", evidence.Restore, _("Restore tests"), "record"),
        _register("reviews", "review", evidence.Review, _("Reviews: of access, of the asset list"), "record"),
        _register("breaches", "breach", evidence.Breach, _("Breaches of personal data"), "record"),
    )
}
"""Name → register, in the order in which they are shown."""
