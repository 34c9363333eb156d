"""What a file is: a ticket export of a known program, some other ticket table, a list of machines, a scan, an event log.

Nothing is decided for the user: each finding is shown with what speaks for it, and what has two readings shows both.
"""

import codecs
import gzip
import re
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC
from pathlib import Path

import msgspec

from deskaudit.connectors.csvfile import presets
from deskaudit.connectors.csvfile.options import TIMES
from deskaudit.connectors.csvfile.presets import Preset
from deskaudit.connectors.mapping import PRIORITIES
from deskaudit.connectors.ordinary import refuse_special
from deskaudit.connectors.tabular.cells import fold_text
from deskaudit.connectors.tabular.dates import DateReader, interpret
from deskaudit.connectors.tabular.encodings import suggest
from deskaudit.connectors.tabular.headers import Layout, Wish, fold, layouts, locate
from deskaudit.connectors.tabular.options import MISSING, TableOptions
from deskaudit.connectors.tabular.tables import Row, Table, open_texts
from deskaudit.connectors.tabular.texts import GZIP, bad_file, damaged, unreadable
from deskaudit.connectors.tabular.workbooks import kind_of
from deskaudit.errors import SourceError
from deskaudit.i18n import _
from deskaudit.model.entities import TICKET_STATUSES
from deskaudit.text import one_line

OWNER = "sources.NAME"
SAMPLE_CELLS = 200
DATE_SHARE = 0.8
MOST_WORDS = 40
MOST_ROWS = 1_000_000
LEAST_KNOWN = 4
"""So many columns of a preset must be there, and one of its marks and half of the file's columns, or …"""
SURE_MARKS = 4
"""… so many of its marks."""
ASSET_COLUMNS: dict[str, tuple[str, ...]] = {
    "name": ("Name", "Hostname", "Host name", "Computer name", "Device name", "Asset name", "Computer"),
    "serial": ("Serial number", "Serial", "Serial No", "SN"),
    "mac": ("MAC address", "MAC", "MAC addresses"),
    "ip": ("IP address", "IP", "IPv4 address"),
    "os": ("Operating system", "OS", "OS name"),
    "owner": ("Owner", "User", "Assigned to", "Assigned user"),
    "state": ("Status", "State", "Asset state"),
}
COMMON_NAMES: dict[str, tuple[str, ...]] = {
    "created_at": ("Created at", "Created time", "Opened at", "Open date"),
    "first_response_at": ("First response time", "First response at", "First reply at", "Responded at"),
    "resolved_at": ("Resolution time", "Resolved at", "Resolution date", "Solved at"),
    "closed_at": ("Close time", "Closed at", "Close date"),
    "response_due_at": ("Expected SLA to first response", "First response due", "Response due"),
    "resolve_due_at": ("Expected SLA to resolve", "Resolution due", "Due date"),
    "category": ("Category", "Topic"),
    "service": ("Service", "Product", "Product group"),
    "department": ("Department", "Group", "Agent group", "Team", "Assignment group"),
    "country": ("Country",),
    "sla_level": ("SLA level", "SLA"),
}
"""Names of columns that are no one program's; a time's name counts only where the column holds times."""
_JSON = re.compile(rb'[\[{]\s*(["\[{\]}\d]|true|false|null|$)')
_MACHINE = {"serial", "mac", "ip", "os"}


class DateColumn(msgspec.Struct, frozen=True):
    """A column of times: one of its cells, what it may mean (order → time as text), whether it says its offset."""

    name: str
    cell: str
    readings: dict[str, str]
    has_offset: bool


class Word(msgspec.Struct, frozen=True):
    """A word of a column, how often it stands there, and what it would mean; None where nobody knows."""

    word: str
    n: int
    meant: str | None


class Finding(msgspec.Struct, kw_only=True):
    """What a file is. `kind`: tickets, assets, nmap, xes, or unknown."""

    file: Path
    kind: str
    preset: str = ""
    preset_title: str = ""
    known: int = 0  # columns of the file that the preset knows
    layout: Layout | None = None
    encoding: str = "auto"  # as the config has to say it
    columns: dict[str, str] = {}  # model field → column, where no preset says it
    rows: int = 0
    dates: list[DateColumn] = []
    status_column: str = ""
    statuses: list[Word] = []
    priority_column: str = ""
    priorities: list[Word] = []
    keys: list[str] = []  # of an event log
    notes: list[str] = []


def examine(file: Path) -> Finding:
    """Looks at a file. Raises SourceError where it cannot be read at all."""
    start = _start(file)
    text = start.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").replace(b"\0", b"")
    if text.startswith(b"<"):
        return _examine_markup(file, text)
    if _JSON.match(text):
        return Finding(file=file, kind="unknown", notes=[_("It is JSON, and no table: export it as CSV or XLSX.")])
    encoding, notes = ("auto", []) if kind_of(start) else find_encoding(file)
    options = TableOptions(path=str(file), encoding=encoding)
    choice = _choose(file, options)
    finding = _examine_table(file, options, choice)
    finding.notes[:0] = notes
    return finding


def find_encoding(file: Path) -> tuple[str, list[str]]:
    """The encoding option, and a sentence where it is a guess that the user has to look at."""
    try:
        text = open_texts(file, TableOptions(path=str(file)), OWNER)[0]
        with text.open() as stream:
            for _line in text.lines(stream):
                pass
    except SourceError as fault:
        for encoding in _likely(file):
            try:
                text = open_texts(file, TableOptions(path=str(file), encoding=encoding), OWNER)[0]
                with text.open() as stream:
                    for _line in text.lines(stream):
                        pass
            except (SourceError, ValueError):
                continue
            return encoding, [_("The encoding is a guess: {why} {hint}").format(why=fault.message, hint=fault.hint)]
        raise
    return "auto", []


def _likely(file: Path) -> list[str]:
    """Encodings to try, by the bytes that are no UTF-8 and what stands around them."""
    data = b"".join(_pieces(file, 1 << 22))
    if data.count(b"\0") * 4 > len(data):
        return ["utf-16-le", "utf-16-be"] if data[1:2] == b"\0" else ["utf-16-be", "utf-16-le"]
    try:
        codecs.decode(data, "utf-8")
        place = 0
    except UnicodeDecodeError as fault:
        place = fault.start
    return suggest(data[max(0, place - 2000) :])


def _pieces(file: Path, most: int) -> Iterator[bytes]:
    try:
        with file.open("rb") as stream:
            packed = stream.read(2) == GZIP
        with gzip.open(file) if packed else file.open("rb") as stream:
            yield stream.read(most)
    except (EOFError, zlib.error, gzip.BadGzipFile) as fault:
        raise damaged(file, fault) from None
    except OSError as fault:
        raise unreadable(file, OWNER, fault) from None


def _start(file: Path) -> bytes:
    try:
        refuse_special(file)
    except OSError as fault:
        raise unreadable(file, OWNER, fault) from None
    return b"".join(_pieces(file, 4096))


def _examine_markup(file: Path, start: bytes) -> Finding:
    root = re.search(rb"<\s*([A-Za-z_][\w.:-]*)(?=[\s>/])", re.sub(rb"<[?!][^>]*>", b"", start))
    name = root[1].decode("ascii", "replace").rpartition(":")[2].lower() if root else ""
    if name == "nmaprun":
        return Finding(file=file, kind="nmap")
    if name == "log":
        return _examine_log(file)
    if name in {"html", "table", "body"}:
        note = _("It is a web page under another name, as some programs export: open it and save it as CSV or XLSX.")
    else:
        note = _("It is XML with the root <{tag}>: no source reads that here.").format(tag=one_line(name, 40))
    return Finding(file=file, kind="unknown", notes=[note])


def _examine_log(file: Path) -> Finding:
    from deskaudit.connectors.xes.eventlog import EventLog, attribute_keys
    from deskaudit.connectors.xes.options import USUAL

    keys = attribute_keys(file, OWNER)
    column = USUAL["status"]
    counted: Counter[str] = Counter()
    rows = 0
    if column in keys:
        for row in EventLog(file, TableOptions(path=str(file)), [column], OWNER).rows():
            rows += 1
            if isinstance(row, Row) and (row.cells[0] in counted or len(counted) < MOST_WORDS):
                counted[row.cells[0]] += 1
    words = _words(counted, known_statuses())
    return Finding(file=file, kind="xes", keys=keys, rows=rows, status_column=column, statuses=words)


class _Choice(msgspec.Struct, frozen=True):
    layout: Layout
    preset: str
    known: int
    columns: dict[str, str]
    kind: str


def _choose(file: Path, options: TableOptions) -> _Choice:
    """The likeliest header, and what it belongs to: a preset, a ticket table, a list of machines, or nothing known."""
    best: tuple[tuple[int, int], _Choice] | None = None
    for text in open_texts(file, options, OWNER):
        for layout in layouts(text):
            rank, choice = _weigh(layout)
            if best is None or rank > best[0]:
                best = rank, choice
    if best is None:
        raise bad_file(_("{file} has no row of column names.").format(file=file), _("Export it again."))
    return best[1]


def _weigh(layout: Layout) -> tuple[tuple[int, int], _Choice]:
    cells = {cell.strip().lstrip("\ufeff") for cell in layout.header}
    folded = {fold(cell) for cell in cells if cell}
    rank, choice = 0, _Choice(layout, "", 0, {}, "unknown")
    for name, preset in presets.load().items():
        known = len(folded & presets.known_columns(preset))
        marks = len(cells & set(preset.marks))
        likely = known >= LEAST_KNOWN and (marks >= SURE_MARKS or (marks and 2 * known >= len(folded)))
        if likely and _has_needed(preset, folded) and known + 2 * marks + 4 > rank:
            rank, choice = known + 2 * marks + 4, _Choice(layout, name, known, {}, "tickets")
    if not rank:
        columns = _name_columns(known_names(), layout)
        if {"key", "created_at"} <= columns.keys() and len(columns) >= 3:
            rank, choice = len(columns), _Choice(layout, "", 0, columns, "tickets")
        assets = _name_columns(ASSET_COLUMNS, layout)
        if len(_MACHINE & assets.keys()) >= 2 and len(assets) >= rank:
            rank, choice = len(assets), _Choice(layout, "", 0, assets, "assets")
    filled = sum(bool(cell.strip()) for cell in layout.header)
    return (rank, filled if filled > 1 else 0), choice


def _has_needed(preset: Preset, folded: set[str]) -> bool:
    time = "created_at" if preset.shape == "tickets" else "happened_at"
    return all(any(fold(name) in folded for name in preset.columns[field]) for field in ("key", time))


def _name_columns(names: Mapping[str, Sequence[str]], layout: Layout) -> dict[str, str]:
    """Model field → the file's column, by the first of the known names that is there; no column twice."""
    found: dict[str, str] = {}
    taken: set[int] = set()
    for field, known in names.items():
        for name in known:
            there = [place for place in locate(name, layout.header) if place not in taken]
            if there:
                found[field] = layout.header[there[0]].strip().lstrip("\ufeff")
                taken.update(there)
                break
    return found


def known_names() -> dict[str, list[str]]:
    """Model field → all names that some preset knows its column by; the rules' columns among them."""
    found: dict[str, list[str]] = {}
    for preset in presets.load().values():
        for field, names in preset.columns.items():
            found.setdefault(field, []).extend(names)
        if preset.mapping.priority and preset.mapping.priority.field:
            found.setdefault("priority", []).extend(preset.names(preset.mapping.priority.field))
    for field, common in COMMON_NAMES.items():
        found.setdefault(field, []).extend(common)
    return {field: list(dict.fromkeys(names)) for field, names in found.items()}


def known_statuses() -> dict[str, str]:
    """Words that all presets which know them read alike, and the program's own."""
    return _agreed([preset.mapping.statuses for preset in presets.load().values()]) | {
        name: name for name in TICKET_STATUSES if name != "unknown"
    }


def known_priorities() -> dict[str, str]:
    rules = [preset.mapping.priority for preset in presets.load().values()]
    return _agreed([rule.values for rule in rules if rule]) | {name.casefold(): name for name in PRIORITIES}


def _agreed(tables: Sequence[Mapping[str, str]]) -> dict[str, str]:
    meant: dict[str, set[str]] = {}
    for table in tables:
        for word, value in table.items():
            if len(word) > 1:  # a letter or a digit says nothing without its program
                meant.setdefault(fold_text(word), set()).add(value)
    return {word: next(iter(values)) for word, values in meant.items() if len(values) == 1}


def _examine_table(file: Path, options: TableOptions, choice: _Choice) -> Finding:
    layout, preset = choice.layout, presets.load().get(choice.preset)
    finding = Finding(
        file=file, kind=choice.kind, layout=layout, encoding=options.encoding, preset=choice.preset, known=choice.known,
        columns=choice.columns, preset_title=preset.title if preset else "", notes=[], dates=[],
    )  # fmt: skip
    if choice.kind == "unknown":
        finding.notes.append(_("No column tells a ticket's number and its creation; name them under columns."))
    read_as = msgspec.structs.replace(
        options,
        delimiter=layout.delimiter or "auto",
        quote=preset.quote if preset else options.quote,
        sheet=layout.sheet,
    )
    names = list(dict.fromkeys(cell for cell in layout.header if cell.strip()))
    _read(Table(file, read_as, [Wish(name) for name in names], OWNER), preset, finding)
    return finding


def _read(table: Table, preset: Preset | None, finding: Finding) -> None:
    """Goes through the rows: the readings of dates, and the words for status and priority."""
    header = table.layout.header
    status = _place(header, preset.columns.get("status", []) if preset else [finding.columns.get("status", "")])
    rule = preset.mapping.priority if preset else None
    named = preset.names(rule.field) if preset and rule and rule.field else (finding.columns.get("priority", ""),)
    priority = _place(header, named)
    counted: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
    missing = {fold_text(word) for word in [*MISSING, *(preset.missing if preset else [])]}
    times = _Times(table, preset, missing)
    for row in table.rows():
        finding.rows += 1
        if not isinstance(row, Row) or finding.rows > MOST_ROWS:
            continue
        times.hear(row.cells)
        for place, words in zip((status, priority), counted, strict=True):
            word = row.cells[place].strip() if place is not None else ""
            if word in words or (word and len(words) < MOST_WORDS and fold_text(word) not in missing):
                words[word] += 1
    finding.dates = times.columns()
    held = {column.name for column in finding.dates}
    finding.columns = {
        field: column for field, column in finding.columns.items() if field not in TIMES or column in held
    }
    if status is not None:
        own = (
            {fold_text(word): meant for word, meant in preset.mapping.statuses.items()} if preset else known_statuses()
        )
        finding.status_column, finding.statuses = header[status].strip(), _words(counted[0], own)
    if priority is not None:
        own = {fold_text(word): meant for word, meant in rule.values.items()} if rule else known_priorities()
        finding.priority_column, finding.priorities = header[priority].strip(), _words(counted[1], own)


def _place(header: Sequence[str], names: Sequence[str]) -> int | None:
    return next((places[0] for name in names if name and (places := locate(name, header))), None)


def _words(counted: Counter[str], known: Mapping[str, str]) -> list[Word]:
    own = {name: name for name in TICKET_STATUSES} | {name.casefold(): name for name in PRIORITIES}
    return [
        Word(one_line(word, 60), n, known.get(fold_text(word)) or own.get(fold_text(word)))
        for word, n in counted.most_common()
        if n
    ]


class _Times:
    """Which columns hold times, by their first cells, and what all cells say of the order of day and month."""

    def __init__(self, table: Table, preset: Preset | None, missing: set[str]) -> None:
        self._header = table.layout.header
        self._missing = missing
        self._reader = DateReader("auto", UTC)
        if preset is None:
            places = list(range(len(self._header)))
        else:
            named = (preset.columns[field] for field in TIMES if field in preset.columns)
            places = [place for names in named if (place := _place(self._header, names)) is not None]
        self._sampled: dict[int, list[str]] = {place: [] for place in dict.fromkeys(places)}
        self._unclear: set[int] = set()

    def hear(self, cells: Sequence[str]) -> None:
        for place, sample in self._sampled.items():
            if len(sample) < SAMPLE_CELLS and place < len(cells):
                cell = cells[place].strip()
                if cell and fold_text(cell) not in self._missing:
                    sample.append(cell)
                    if self._reader.orders(cell):
                        self._unclear.add(place)
            if place in self._unclear:
                self._reader.witness(cells[place], self._header[place])

    def columns(self) -> list[DateColumn]:
        found = (self._column(place, sample) for place, sample in self._sampled.items())
        return [column for column in found if column is not None]

    def _column(self, place: int, sample: Sequence[str]) -> DateColumn | None:
        read = [(cell, reading) for cell in sample if (reading := interpret(cell)) is not None]
        if not read or len(read) < DATE_SHARE * len(sample):
            return None
        cell, reading = max(read, key=lambda pair: len(set(pair[1].times.values())))  # the one that is least clear
        left = self._reader.orders(cell)
        times = {order: when for order, when in reading.times.items() if not left or order in left}
        return DateColumn(
            one_line(self._header[place], 60),
            one_line(cell, 60),
            {
                order: f"{when:%Y-%m-%d}" + (f" {when:%H:%M}" if reading.has_clock else "")
                for order, when in times.items()
            },
            reading.has_offset,
        )
