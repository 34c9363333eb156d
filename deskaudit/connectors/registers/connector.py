"""`type = "registers"`: the desk's own registers as rows."""

import difflib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import msgspec

from deskaudit.connectors import Context
from deskaudit.connectors.recognition import Likeness, Specimen
from deskaudit.connectors.records.options import check_source
from deskaudit.connectors.registers.entries import Entry, Links
from deskaudit.connectors.registers.register import REGISTERS, Register
from deskaudit.connectors.tabular.dates import check_zone
from deskaudit.errors import Cancelled, ConfigError, SourceError
from deskaudit.i18n import _, ngettext
from deskaudit.model.batches import Batch, Cursor, Probe, Problem, Reject, Want
from deskaudit.model.entities import Row, entity_of
from deskaudit.text import one_line

BATCH_ROWS = 5000


class RegisterOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The options of `type = "registers"`."""

    folder: str = "registers"
    agents_of: str = ""
    assets_of: str = ""
    zone: str = ""

    help: ClassVar[dict[str, str]] = {
        "folder": "Where the registers are; deskaudit init --registers FOLDER writes an example of each. It starts at the config's folder.",
        "agents_of": "The source whose people the registers name, by the address or name they have there; left out: told by address.",
        "assets_of": "The source whose asset list has the devices that the registers name.",
        "zone": "The time zone of the registers' days; left out: the desk's.",
    }

    def __post_init__(self) -> None:
        check_source(self.agents_of, "agents_of")
        check_source(self.assets_of, "assets_of")
        check_zone(self.zone)


class Registers:
    """Each file that is there is read whole; one that is wrong makes what it fills incomplete, and the others count."""

    name: ClassVar[str] = "registers"
    title: ClassVar[str] = "The desk's own registers (TOML files)"
    options: ClassVar[type[msgspec.Struct]] = RegisterOptions
    fills: ClassVar[frozenset[str]] = frozenset({"agent"}).union(*(register.fills for register in REGISTERS.values()))
    tested: ClassVar[str] = "real file"

    def __init__(self, options: RegisterOptions, context: Context) -> None:
        self._options = options
        self._context = context

    @classmethod
    def recognises(cls, specimen: Specimen) -> Likeness | None:
        """A TOML file of a register's name, with its entries; the source reads all registers of its folder."""
        found = next((one for one in REGISTERS.values() if one.file == specimen.file.name), None)
        if found is None or not re.search(rb"^\s*\[\[" + found.table.encode() + rb"\]\]", specimen.head, re.MULTILINE):
            return None
        why = _("it is the register {name}; all registers of its folder are read").format(name=found.file)
        return Likeness(options={"folder": str(Path(specimen.path).parent)}, why=why)

    def probe(self) -> Probe:
        """Reads the files: how many entries each has, or what is wrong with it."""
        try:
            present = self._present()
        except SourceError as fault:
            return Probe(reachable=False, message=fault.message, hint=fault.hint)
        modules: dict[str, str] = {}
        wrong: list[ConfigError | SourceError] = []
        for register, file in present:
            try:
                count = len(self._read(register, file, self._links()))
                modules[register.file] = ngettext("ok, {n} entry", "ok, {n} entries", count).format(n=count)
            except (ConfigError, SourceError) as fault:
                modules[register.file] = fault.message
                wrong.append(fault)
        strays = " ".join(problem.message for problem in self._strays())
        return Probe(
            reachable=not wrong,
            authorised=True if not wrong else None,
            modules=modules,
            message=" ".join(text for text in [*(fault.message for fault in wrong), strays] if text),
            hint=wrong[0].hint if wrong else "",
        )

    def pull(self, cursor: Cursor | None, want: Want) -> Iterator[Batch]:  # noqa: ARG002 - files are read whole
        """All registers. Raises SourceError where the folder cannot be read, or no file in it is right."""
        present = self._present()
        links = self._links()
        filled = frozenset().union(*(register.fills for register, _file in present))
        entities = (filled if self._options.agents_of else filled | {"agent"}) & want.entities
        failures: list[ConfigError | SourceError] = []
        taken: set[int] = set()
        problems = self._strays()
        for number, (register, file) in enumerate(present, start=1):
            if self._context.cancelled():
                raise Cancelled(_("Stopped while reading {file}.").format(file=file))
            rows: list[Row] = []
            rejects: list[Reject] = []
            try:
                rows, rejects = self._rows(register, file, links, taken)
            except (ConfigError, SourceError) as fault:
                failures.append(fault)
                told = one_line(f"{fault.message.removesuffix('.')}. {fault.hint}", 500)
                problems.append(Problem(register.file, told, tuple(sorted(register.fills))))
            if len(failures) == len(present):
                raise SourceError(failures[0].message, kind="bad_file", hint=failures[0].hint)
            if rejects:
                told = _("{n} entries of {file} are there twice.").format(n=len(rejects), file=register.file)
                problems.append(Problem(register.file, told))
            rows = [row for row in [*links.directory.flush(), *rows] if entity_of(row) in entities]
            for at in range(0, max(len(rows), 1), BATCH_ROWS):
                yield Batch(
                    rows=rows[at : at + BATCH_ROWS],
                    cursor={"read_at": self._context.now()},
                    replaces=entities,
                    resource=register.name,
                    done=number,
                    total=len(present),
                    rejects=rejects if at == 0 else (),
                    problems=problems if at == 0 else (),
                )
            problems = []

    def _rows(self, register: Register, file: Path, links: Links, taken: set[int]) -> tuple[list[Row], list[Reject]]:
        """The rows of a file; an entry whose own row was there before is kept out."""
        rows: list[Row] = []
        rejects: list[Reject] = []
        for number, entry in enumerate(self._read(register, file, links), start=1):
            made = list(entry.rows(links))
            if made and made[0].id in taken:
                rejects.append(Reject(f"{register.file} {register.table} {number}", _("the same was there before")))
                continue
            fresh = [row for row in made if row.id not in taken]  # the same test noted twice is one test
            taken.update(row.id for row in made)
            rows += {row.id: row for row in fresh}.values()
        return rows, rejects

    def _links(self) -> Links:
        return Links(
            self._context,
            zone=self._options.zone,
            agents_of=self._options.agents_of,
            assets_of=self._options.assets_of,
        )

    def _read(self, register: Register, file: Path, links: Links) -> list[Entry]:
        """The entries of a file. Raises ConfigError or SourceError."""
        try:
            return list(register.read(file, links.clock))
        except OSError as fault:
            raise SourceError(
                _("{file} cannot be read: {fault}.").format(file=file, fault=fault.strerror or fault),
                kind="bad_file",
                hint=_("Check the file's permissions."),
            ) from None

    def _present(self) -> list[tuple[Register, Path]]:
        """The registers whose files are there. Raises SourceError where there is none."""
        folder = self._folder()
        try:
            names = {file.name for file in folder.iterdir()}
        except OSError as fault:
            raise SourceError(
                _("{folder} cannot be read: {fault}.").format(folder=folder, fault=fault.strerror or fault),
                kind="bad_file",
                hint=_("Check sources.{name}.folder, or make it: deskaudit init --registers FOLDER.").format(
                    name=self._context.source
                ),
            ) from None
        found = [(register, folder / register.file) for register in REGISTERS.values() if register.file in names]
        if not found:
            raise SourceError(
                _("{folder} holds no register.").format(folder=folder),
                kind="bad_file",
                hint=_("Known are {names}. Examples: deskaudit init --registers FOLDER.").format(
                    names=", ".join(register.file for register in REGISTERS.values())
                ),
            )
        return found

    def _strays(self) -> list[Problem]:
        """One warning for each file that looks like a register and is none."""
        known = [register.file for register in REGISTERS.values()]
        found = []
        for file in sorted(self._folder().glob("*.toml")):
            if file.name in known or file.name == "config.toml":
                continue
            near = difflib.get_close_matches(file.name, known, n=1)
            message = _("{file} is no register and is not read.").format(file=one_line(file.name, 80))
            hint = _(" Did you mean {near}?").format(near=near[0]) if near else ""
            found.append(Problem(one_line(file.name, 80), message + hint))
        return found

    def _folder(self) -> Path:
        return self._context.path(self._options.folder)
