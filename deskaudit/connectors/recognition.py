"""What a file is: every installed connector is asked whether it reads it, and says by what it knows it.

Nothing is decided for the user: each likeness is shown with what speaks for it, and where several fit, none is taken.
"""

import re
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from deskaudit import connectors
from deskaudit.connectors.ordinary import is_nameable
from deskaudit.connectors.tabular.guesses import OWNER, find_encoding, read_start
from deskaudit.connectors.tabular.headers import Layout, layouts
from deskaudit.connectors.tabular.options import TableOptions
from deskaudit.connectors.tabular.tables import open_texts
from deskaudit.connectors.tabular.texts import Text, bad_file
from deskaudit.connectors.tabular.workbooks import kind_of
from deskaudit.errors import SourceError
from deskaudit.i18n import _
from deskaudit.text import one_line

HEAD_BYTES = 65536
WORKBOOK_SECONDS = 30
"""A question at the keyboard waits so long for a workbook, and no longer."""
_JSON = re.compile(rb'[\[{]\s*(["\[{\]}\d]|true|false|null|$)')
_ROOT = re.compile(rb"<\s*([A-Za-z_][\w.:-]*)(?=[\s>/])")
TABLES = frozenset({".csv", ".tsv", ".tab", ".txt", ".xlsx", ".xlsm", ".xls", ".ods"})


class Specimen:
    """A file that nobody has described. `path`: how the config names it; `head`: its first 64 kB, unpacked, no marks."""

    def __init__(self, file: Path, folder: Path, *, now: int) -> None:
        """`folder`: where relative paths of the config begin. Raises SourceError where it cannot be read at all."""
        if not is_nameable(file):
            said = _("The name of {file} is no UTF-8 text.").format(file=one_line(file, 300))
            raise bad_file(said, _("Rename the file."))
        self.file = file
        self.now = now  # epoch seconds
        self.first = read_start(file, HEAD_BYTES)
        self.head = self.first.removeprefix(b"\xef\xbb\xbf").removeprefix(b"\xff\xfe").replace(b"\0", b"").lstrip()
        full, base = file.resolve(), folder.resolve()
        self.path = str(full.relative_to(base)) if full.is_relative_to(base) else str(full)
        if not self.head:
            raise bad_file(_("{file} is empty.").format(file=file), _("Export it again."))

    @property
    def is_json(self) -> bool:
        return _JSON.match(self.head) is not None

    @property
    def root(self) -> str:
        """The name of the first element of XML, in small letters; "" for what is none."""
        found = _ROOT.search(re.sub(rb"<[?!][^>]*>", b"", self.head)) if self.head.startswith(b"<") else None
        return found[1].decode("ascii", "replace").rpartition(":")[2].lower() if found else ""

    @property
    def encoding(self) -> tuple[str, list[str]]:
        """The option `encoding` of tables, and a sentence where it is a guess. Raises SourceError for what is no text."""
        return self._as_table().encoding

    @property
    def texts(self) -> list[Text]:
        """What of it may be a table: itself, or each sheet of a workbook. Raises SourceError for what is no text."""
        return self._as_table().texts

    @property
    def layouts(self) -> list[Layout]:
        """Every row that may be the header of a table; [] for markup and JSON. Raises SourceError for what is no text."""
        return [] if self.is_json or self.head.startswith(b"<") else self._as_table().layouts

    def _as_table(self) -> "_Opened":
        if isinstance(self._opened, SourceError):
            raise self._opened
        return self._opened

    @cached_property
    def _opened(self) -> "_Opened | SourceError":
        """The work of it is done once, however many connectors ask, and also where it fails."""
        try:
            encoding = ("auto", list[str]()) if kind_of(self.first) else find_encoding(self.file)
            options = TableOptions(path=str(self.file), encoding=encoding[0])
            texts = open_texts(self.file, options, OWNER, seconds=WORKBOOK_SECONDS)
            return _Opened(encoding, texts, [layout for text in texts for layout in layouts(text)])
        except SourceError as fault:
            return fault

    @property
    def looks_like_table(self) -> bool:
        """Whether a table is to be expected, by its name and its rows."""
        ends = {suffix.casefold() for suffix in self.file.suffixes}
        return bool(TABLES & ends) and any(sum(map(bool, one.header)) > 1 for one in self.layouts)


class _Opened(NamedTuple):
    """A file as a table, or several."""

    encoding: tuple[str, list[str]]
    texts: list[Text]
    layouts: list[Layout]


class Likeness(msgspec.Struct, frozen=True, kw_only=True):
    """A connector knows a file. `options`: those of a source that reads it; `why`: what it is known by, in a sentence.

    `lines`: what else was found, for people; `open`: what only they know, a sentence each. `columns`: those of a table that it understands; a likeness is left out
    where another understands all of its columns and more, or twice as many.
    """

    options: Mapping[str, Any]
    why: str
    lines: tuple[str, ...] = ()
    open: tuple[str, ...] = ()
    columns: frozenset[str] = frozenset()


class Recognition(msgspec.Struct, frozen=True, kw_only=True):
    """A likeness, with its connector. `fault`: what its options still lack; "" where a source can be made of them."""

    type: str
    title: str
    likeness: Likeness
    fault: str = ""


def recognise(specimen: Specimen) -> tuple[list[Recognition], list[str]]:
    """Who reads a file, and what is to be said beside it. Raises SourceError where nobody does and it is no text."""
    found: list[Recognition] = []
    notes: list[str] = []
    unread: SourceError | None = None
    for name in sorted(connectors.available()):
        try:
            connector = connectors.load(name)
            asked: Callable[[Specimen], Likeness | None] | None = getattr(connector, "recognises", None)
            likeness = asked(specimen) if asked is not None else None
        except SourceError as fault:
            unread = unread or fault
        except Exception as fault:  # noqa: BLE001 - a broken plugin is told and leaves the rest alone
            notes.append(_("{name} could not be asked: {fault}").format(name=name, fault=one_line(fault, 200)))
        else:
            if likeness is not None:
                lack = _fault(likeness, connector.options)
                found.append(Recognition(type=name, title=connector.title, likeness=likeness, fault=lack))
    if not found:
        if unread is not None:
            raise unread
        notes.append(_nobody(specimen))
    return [one for one in found if not any(_says_more(other, one) for other in found)], notes


def _says_more(one: Recognition, other: Recognition) -> bool:
    """Whether one understands all columns of the other and more, or twice as many."""
    mine, others = one.likeness.columns, other.likeness.columns
    return bool(others) and (others < mine or len(mine) >= 2 * len(others))


def _fault(likeness: Likeness, options: type[msgspec.Struct]) -> str:
    known = msgspec.structs.fields(options)
    needed = [field.encode_name for field in known if field.required and field.encode_name not in likeness.options]
    if needed:
        return _("still needed: {names}").format(names=", ".join(needed))
    try:
        msgspec.convert(dict(likeness.options), options)
    except msgspec.ValidationError as fault:
        return str(fault).partition(" - at `$")[0]
    return ""


def _nobody(specimen: Specimen) -> str:
    """Why nobody may read it."""
    if specimen.root in {"html", "table", "body"}:
        return _("It is a web page under another name, as some programs export: open it and save it as CSV or XLSX.")
    if specimen.root:
        return _("It is XML with the root <{tag}>: no source reads that here.").format(tag=one_line(specimen.root, 40))
    if specimen.is_json:
        return _("It is JSON that no source knows: export it as CSV or XLSX.")
    if specimen.looks_like_table:
        return _("No column tells a ticket's number and its creation; name them under columns.")
    return _("No source knows it. The log of another backup program: type backuplog, with your own patterns.")
