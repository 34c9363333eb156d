"""`type = "inventory"`: what programs report from inside machines, in files somebody collected.

One connector for all formats, because the files of several programs lie in one folder as a rule, each says by itself
what it is, and what two programs tell of one machine belongs together. No program is run here, and nothing is asked
over the network.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar, Literal
from zoneinfo import ZoneInfo

import msgspec

from deskaudit.connectors import Context
from deskaudit.connectors.machines.inventory import facts, files, glpiagent, ocsxml, osquery
from deskaudit.connectors.machines.inventory.files import Report
from deskaudit.connectors.machines.inventory.machine import Machine, Software
from deskaudit.connectors.machines.inventory.packages import read_line
from deskaudit.connectors.machines.inventory.register import Register
from deskaudit.connectors.ordinary import require_files
from deskaudit.connectors.recognition import Likeness, Specimen
from deskaudit.connectors.tabular.dates import DateReader, check_zone
from deskaudit.errors import Cancelled, SourceError
from deskaudit.i18n import _, ngettext
from deskaudit.model.batches import Batch, Cursor, Probe, Problem, Reject, Want
from deskaudit.model.entities import Asset, Component
from deskaudit.text import one_line

PAGE = 5000
ALL = frozenset({"asset", "component"})
MOST_PACKAGES = 100_000
_PACKAGES = re.compile(r"dpkg|rpm|packages", re.IGNORECASE)
LIST_WORDS = ("dpkg", "rpm", "packages", "list", "installed", "software", "tsv", "txt", "csv")


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The options of a source of type `inventory`."""

    help: ClassVar[dict[str, str]] = {
        "files": "Files, folders (with all below them) or patterns: GLPI agent JSON, OCS and FusionInventory XML, osquery --json "
        "(a folder per host, or HOST.QUERY.json), Ansible facts, lshw JSON, package lists (HOST.dpkg.txt, HOST.rpm.txt).",
        "origin": "cmdb, or list where these reports are the desk's only list of machines.",
        "host": "The machine of package lists whose file names do not begin with one.",
        "software": "false leaves programs and packages out: machines and their settings alone are read.",
        "zone": "The time zone of times in the reports, as Europe/Oslo; left out: the desk's.",
        "max_mb": "JSON and XML files larger than this are refused; package lists and Ansible's output may be of any size.",
    }

    files: list[str]
    origin: Literal["cmdb", "list"] = "cmdb"
    host: str = ""
    software: bool = True
    zone: str = ""
    max_mb: int = 64

    def __post_init__(self) -> None:
        if not self.files:
            raise ValueError(_("files names no file"))
        if self.max_mb < 1:
            raise ValueError(_("max_mb is 1 or more"))
        check_zone(self.zone)


class Inventory:
    """Machines, their software and settings. Files are read whole each time, the newest first."""

    name: ClassVar[str] = "inventory"
    title: ClassVar[str] = "Inventory reports (GLPI agent, OCS, osquery, Ansible, lshw, package lists)"
    options: ClassVar[type[Options]] = Options
    fills: ClassVar[frozenset[str]] = ALL
    tested: ClassVar[str] = (
        "real tool (ocsinventory-agent 2.10, fusioninventory-agent 2.6, lshw 2.19, ansible-core 2.19, dpkg 1.21, rpm 4.18); "
        "fixture: made from the documented shapes (GLPI agent, osquery)"
    )

    def __init__(self, options: Options, context: Context) -> None:
        self._options = options
        self._context = context

    @classmethod
    def recognises(cls, specimen: Specimen) -> Likeness | None:
        """A file of which it makes a machine; of lists of packages those alone whose name says so."""
        options = Options(files=[specimen.path])
        run = _Run(options, Context("detect", specimen.file.parent, now=lambda: specimen.now))
        try:
            report = files.look(specimen.file, options.max_mb)
            if report.kind == "packages" and not _PACKAGES.search(specimen.file.name):
                return None
            found = [one for one in run.machines([report]) if isinstance(one, Machine)]
        except SourceError:
            return None
        found = [one for one in found if one.name or one.serial or one.uuid]
        if not found:
            return None
        why = ngettext("it tells of {n} machine", "it tells of {n} machines", len(found)).format(n=len(found))
        return Likeness(options={"files": [specimen.path]}, why=why)

    def probe(self) -> Probe:
        """Which file is of which kind, and which cannot be read."""
        try:
            found = self._files()
        except SourceError as fault:
            return Probe(reachable=False, message=fault.message, hint=fault.hint)
        modules: dict[str, str] = {}
        machines = 0
        run = _Run(self._options, self._context)
        for file in found[:50]:
            try:
                report = files.look(file, self._options.max_mb)
                named = [machine for machine in run.machines([report]) if isinstance(machine, Machine)]
                machines += len(named)
                modules[file.name] = "ok" if named else _("no machine")
            except SourceError as fault:
                modules[file.name] = fault.message
        bad = [text for text in modules.values() if text != "ok"]
        return Probe(
            reachable=len(bad) < len(modules),
            authorised=True,
            modules=modules,
            message=_("{n} files, {machines} machines in the first {m}.").format(
                n=len(found), machines=machines, m=len(modules)
            ),
            hint=bad[0] if bad else "",
        )

    def pull(self, cursor: Cursor | None, want: Want) -> Iterator[Batch]:
        """All files. Raises SourceError where none can be read."""
        del cursor
        wanted = ALL & want.entities
        run = _Run(self._options, self._context)
        found = self._files()
        total, done = len(found), 0
        rows: list[Asset | Component] = []
        for group in run.groups(found):
            self._heed()
            for component in run.read(group):
                if "component" in wanted and (self._options.software or component.kind != "software"):
                    rows.append(component)
                if len(rows) >= PAGE:
                    yield _batch(wanted, rows, run, done, total)
                    rows = []
            done += len(group)
        if total and len(run.broken) == total:
            raise SourceError(run.broken[0].reason, kind="bad_file", hint=_("Correct files, or write them again."))
        for asset in run.register.assets if "asset" in wanted else ():
            rows.append(asset)
            if len(rows) >= PAGE:
                yield _batch(wanted, rows, run, done, total)
                rows = []
        last = _batch(wanted, rows, run, total, total)
        last.problems = run.problems(total)
        last.cursor = {"read_at": self._context.now()}
        yield last

    def _files(self) -> list[Path]:
        return require_files(self._context, self._options.files, "files", below=True)

    def _heed(self) -> None:
        if self._context.cancelled():
            raise Cancelled(_("Stopped while reading inventory files."))


class _Run:
    """One reading of the files."""

    def __init__(self, options: Options, context: Context) -> None:
        self._options = options
        dates = DateReader("ymd", ZoneInfo(options.zone or context.zone))
        self._cancelled = context.cancelled
        self.register = Register(context, options.origin, dates)
        self.broken: list[Reject] = []  # files
        self.rejects: list[Reject] = []  # parts of files, since the last batch
        self._lost = 0  # rejects altogether

    def groups(self, found: list[Path]) -> list[list[Report]]:
        """The files that can be read, by what is read together: the arrays of one host, and else each by itself.

        The newest come first, and package lists after what tells more of their machine.
        """
        groups: defaultdict[tuple[str, ...], list[Report]] = defaultdict(list)
        for file in found:
            try:
                report = files.look(file, self._options.max_mb)
            except SourceError as fault:
                self.broken.append(Reject(file.name, fault.message))
                continue
            together = (str(file.parent), "", _host_part(report)) if report.kind == "array" else (str(file),)
            groups[together].append(report)
        return sorted(
            groups.values(),
            key=lambda group: (group[0].kind == "packages", -max(one.modified_at for one in group), str(group[0].file)),
        )

    def read(self, group: list[Report]) -> Iterator[Component]:
        """The components of a group's machines; the machines themselves gather in the register."""
        written_at = max(report.modified_at for report in group)
        try:
            for machine in self.machines(group):
                found = self.register.add(machine, written_at) if isinstance(machine, Machine) else machine
                if isinstance(found, Reject):
                    self._reject(found)
                else:
                    yield from found
        except SourceError as fault:
            self.broken.append(Reject(group[0].file.name, fault.message))

    def machines(self, group: list[Report]) -> Iterator[Machine | Reject]:
        """The machines that a group of files tells of. Raises SourceError where a file breaks off."""
        report = group[0]
        if report.kind == "array":
            yield from self._arrays(group)
        elif report.kind == "xml":
            try:
                with report.file.open("rb") as handle:
                    for content in ocsxml.read_contents(handle, report.file.name):
                        yield glpiagent.read(content, report.file.name)
            except OSError as fault:
                raise files.refused(report.file, fault.strerror or str(fault)) from None
        elif report.kind == "results":
            yield from self._results(report)
        elif report.kind == "packages":
            yield self._packages(report)
        else:
            yield self._document(files.decode(report), report)

    def _document(self, document: Any, report: Report) -> Machine | Reject:
        place = report.file.name
        if isinstance(document, list) and len(document) == 1:  # a list that lost its brackets
            document = document[0]
        if glpiagent.is_report(document):
            return glpiagent.read(document["content"], place)
        if facts.is_tree(document):
            return facts.read_tree(document, place)
        found = facts.facts_of(document)
        if found is not None:
            return facts.read_facts(found, report.file.name.removesuffix(".json"), place)
        return Reject(place, _("it is no inventory report that is known here"))

    def _arrays(self, group: list[Report]) -> Iterator[Machine | Reject]:
        """The answers of osquery in one folder: of one host, or of several where each answer names its own."""
        own: list[tuple[Report, list[Any]]] = []
        rest: list[tuple[Report, list[Any]]] = []
        for report in group:
            try:
                document = files.decode(report)
            except SourceError as fault:
                if len(group) == 1:
                    raise
                self.broken.append(Reject(report.file.name, fault.message))
                continue
            if isinstance(document, list) and len(document) == 1 and facts.is_tree(document[0]):
                yield facts.read_tree(document[0], report.file.name)
            elif not osquery.is_answer(document):
                yield Reject(report.file.name, _("it is no inventory report that is known here"))
            else:
                (own if osquery.names_host(document) else rest).append((report, document))
        if len(own) > 1:
            for report, _rows in rest:
                yield Reject(
                    report.file.name, _("several hosts are in its folder, and nothing tells which one it is of")
                )
            rest = []
        for report, rows in own or rest[:1]:
            together = [rows, *(other for _report, other in (rest if own else rest[1:]))]
            machine, strange = osquery.read(together, report.file.name)
            machine.name = machine.name or _host_part(report)
            for columns in strange:
                self._reject(Reject(report.file.name, _("rows of no known query: {columns}").format(columns=columns)))
            yield machine

    def _results(self, report: Report) -> Iterator[Machine | Reject]:
        for host, how, text in files.results(report):
            if self._cancelled():
                raise Cancelled(_("Stopped while reading {file}.").format(file=report.file.name))
            place = _("{file}, host {host}").format(file=report.file.name, host=one_line(host, 80))
            if how not in facts.GOOD:
                yield Reject(place, _("Ansible says {how}").format(how=how))
                continue
            try:
                found = facts.facts_of(files.parse(text))
            except ValueError as fault:
                yield Reject(place, str(fault))
                continue
            yield Reject(place, _("there are no facts")) if found is None else facts.read_facts(found, host, place)

    def _packages(self, report: Report) -> Machine | Reject:
        host = _list_host(report) or self._options.host
        found: list[Software] = []
        bad: list[Reject] = []
        for number, line in enumerate(files.lines(report), start=1):
            package = read_line(line)
            if isinstance(package, Software):
                found.append(package)
            elif package is not None:
                bad.append(
                    Reject(_("{file} line {n}").format(file=report.file.name, n=number), _("it names no package"))
                )
            if len(bad) > 20 + len(found) or len(found) > MOST_PACKAGES:
                raise files.refused(report.file, _("it is no list of packages"))
        if not found:
            raise files.refused(report.file, _("it is no list of packages"))
        for reject in bad:
            self._reject(reject)
        if not host:
            return Reject(report.file.name, _("it names no machine: call it HOST.dpkg.txt, or set host"))
        return Machine(place=report.file.name, name=host, software=found)

    def _reject(self, reject: Reject) -> None:
        self._lost += 1
        if self._lost <= 1000:
            self.rejects.append(reject)

    def problems(self, total: int) -> list[Problem]:
        """What makes the inventory less than whole."""
        found = self.register.problems()
        if self.broken:
            message = _("{n} of {total} files cannot be read, as {first}")
            found.append(
                Problem(
                    "asset", message.format(n=len(self.broken), total=total, first=self.broken[0].reason), tuple(ALL)
                )
            )
        if not self.register.assets:
            found.append(Problem("asset", _("The files tell of no machine."), tuple(ALL)))
        elif self._lost:
            found.append(Problem("asset", _("{n} parts of the files were left out.").format(n=self._lost)))
        return found


def _batch(wanted: frozenset[str], rows: list[Asset | Component], run: _Run, done: int, total: int) -> Batch:
    rejects, run.rejects = run.rejects, []
    return Batch(rows=rows, replaces=wanted, resource="asset", done=done, total=total, rejects=rejects)


def _host_part(report: Report) -> str:
    """The host in HOST.QUERY.json; "" in QUERY.json."""
    return report.file.stem.rpartition(".")[0]


def _list_host(report: Report) -> str:
    """The host in HOST.dpkg.txt, HOST-packages.tsv and the like; "" where the name is all such words."""
    parts = report.file.name.replace("_", ".").split(".")
    while parts and parts[-1].casefold() in LIST_WORDS:
        parts.pop()
    name = ".".join(parts)
    for word in LIST_WORDS:
        name = name.removesuffix(f"-{word}").removeprefix(f"{word}-")
    return "" if name.casefold() in LIST_WORDS else name
