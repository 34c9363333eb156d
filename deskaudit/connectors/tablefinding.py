"""What a table is: how it is written, which column is what, and the options of a source that reads it."""

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
import tomlkit
from tomlkit.items import Table as TomlTable

from deskaudit.connectors.recognition import Likeness, Specimen
from deskaudit.connectors.tabular.cells import fold_text
from deskaudit.connectors.tabular.datecolumns import DateColumn, Times
from deskaudit.connectors.tabular.dates import ORDERS
from deskaudit.connectors.tabular.guesses import OWNER
from deskaudit.connectors.tabular.headers import Layout, Wish, fold
from deskaudit.connectors.tabular.options import MISSING, TableOptions
from deskaudit.connectors.tabular.tables import Row, Table
from deskaudit.i18n import _
from deskaudit.text import one_line

MOST_ROWS = 1_000_000


class TableFinding(msgspec.Struct, kw_only=True):
    """A table that was read through."""

    file: Path
    path: str  # as the config names it
    layout: Layout
    encoding: str = "auto"  # as the config has to say it
    columns: dict[str, str] = msgspec.field(default_factory=dict)  # model field → column
    rows: int = 0
    dates: list[DateColumn] = msgspec.field(default_factory=list)
    notes: list[str] = msgspec.field(default_factory=list)

    @property
    def width(self) -> int:
        """Columns that have a name."""
        return sum(bool(cell.strip()) for cell in self.layout.header)


class Usual(msgspec.Struct, frozen=True, kw_only=True):
    """How the columns of a kind of table are usually called: model field → names, the surest first.

    A table is of the kind where one column of each group of `telling` is there, and `least` of all.
    """

    names: Mapping[str, Sequence[str]]
    telling: Sequence[frozenset[str]]
    least: int


def likeness(specimen: Specimen, usual: Usual, why: str) -> Likeness | None:
    """A table of the usual columns as a source that names them; None where it is none."""
    every = [(name_columns(usual.names, layout), layout) for layout in specimen.layouts]
    columns, layout = max(every, key=lambda pair: len(pair[0]), default=({}, None))
    if layout is None or not _is_of(usual, columns):
        return None
    notes = specimen.encoding[1]
    finding = TableFinding(file=specimen.file, path=specimen.path, layout=layout, columns=columns, notes=list(notes))
    read(finding, specimen)
    if not _is_of(usual, finding.columns):  # what is called a time holds none
        return None
    table = tomlkit.table()
    table.add("path", finding.path)
    add_writing(table, finding)
    table.add("columns", table_of(finding.columns))
    said = [
        *describe(finding),
        *(_("{field:<11} {column}").format(field=f, column=c) for f, c in finding.columns.items()),
    ]
    return Likeness(
        options=table,
        why=why.format(names=", ".join(finding.columns.values())),
        lines=tuple(said),
        open=tuple(open_points(finding)),
        columns=frozenset(finding.columns.values()),
    )


def _is_of(usual: Usual, columns: Mapping[str, str]) -> bool:
    return len(columns) >= usual.least and all(group & columns.keys() for group in usual.telling)


def name_columns(names: Mapping[str, Sequence[str]], layout: Layout) -> dict[str, str]:
    """Model field → the file's column, by the first of the known names that is there; no column twice."""
    cells = [cell.strip().lstrip("\ufeff") for cell in layout.header]
    folded: dict[str, str] = {}
    for cell in filter(None, cells):
        folded.setdefault(_fold(cell), cell)
    found: dict[str, str] = {}
    for field, known in names.items():
        for name in known:
            cell = name if name in cells else folded.get(_fold(name), "")
            if cell and cell not in found.values():
                found[field] = cell
                break
    return found


@functools.lru_cache(maxsize=20_000)
def _fold(name: str) -> str:
    """As names are compared; "Employee #" is the employee's number, and not the employee."""
    return fold(name.replace("#", " number"))


def read(
    finding: TableFinding,
    specimen: Specimen,
    *,
    quote: str = '"',
    missing: Sequence[str] = (),
    places: Sequence[int] | None = None,
    hear: Callable[[Sequence[str]], None] = lambda _cells: None,
) -> None:
    """Goes through the rows: counts them, and reads their dates. `places`: the columns of times; None: any may be.

    `hear` is given the cells of each row. A column that is called a time and holds none is no such column.
    """
    encoding, sheet = specimen.encoding[0], finding.layout.sheet
    options = TableOptions(
        path=str(finding.file),
        encoding=encoding,
        delimiter=finding.layout.delimiter or "auto",
        quote=quote,
        sheet=sheet,
    )
    wishes = [Wish(name) for name in dict.fromkeys(cell for cell in finding.layout.header if cell.strip())]
    texts = [text for text in specimen.texts if sheet and text.sheet == sheet]  # else its own, for its own quotes
    table = Table(finding.file, options, wishes, OWNER, texts=texts)
    times = Times(table.layout.header, {fold_text(word) for word in [*MISSING, *missing]}, places)
    for row in table.rows():
        finding.rows += 1
        if isinstance(row, Row) and finding.rows <= MOST_ROWS:
            times.hear(row.cells)
            hear(row.cells)
    finding.encoding = encoding
    finding.dates = times.columns()
    held = {column.name for column in finding.dates}
    finding.columns = {
        field: column
        for field, column in finding.columns.items()
        if not (field.endswith("_at") and finding.rows) or one_line(column, 60) in held
    }


def describe(finding: TableFinding) -> Iterator[str]:
    """How it is written, and its dates, line by line."""
    layout = finding.layout
    if layout.sheet:
        yield _('written as  {kind}, sheet "{sheet}"').format(kind=layout.encoding, sheet=one_line(layout.sheet, 60))
    else:
        mark = {"\t": "tab", ",": "comma", ";": "semicolon"}.get(layout.delimiter, layout.delimiter)
        yield _("encoding    {name}").format(name=layout.encoding)
        yield _("delimiter   {name}").format(name=mark)
    names = ", ".join(one_line(cell, 40) for cell in layout.header if cell.strip())
    yield _("header      row {row}: {names}").format(row=layout.header_row, names=one_line(names, 300))
    if finding.rows:
        yield _("rows        {n}").format(n=finding.rows)
    for column in finding.dates:
        readings = [f"{when} ({_(ORDERS[order])})" if order else when for order, when in column.readings.items()]
        text = _(" or ").join(readings)
        if len(set(column.readings.values())) > 1:
            text += _(": no cell of the file decides")
        yield _('date        {name}: "{cell}" is {text}').format(name=column.name, cell=column.cell, text=text)
    if finding.dates and not all(column.has_offset for column in finding.dates):
        yield _(
            "zone        the times carry no offset: in which zone were they written? Without zone, the desk's is taken."
        )
    for note in finding.notes:
        yield _("note        {text}").format(text=one_line(note, 600))


def open_points(finding: TableFinding) -> Iterator[str]:
    """What the file alone does not tell."""
    yield from finding.notes
    for column in finding.dates:
        if len(set(column.readings.values())) > 1:
            yield _("{name}: which is the day, which the month? Set dates.").format(name=column.name)
            break
    if finding.dates and not all(column.has_offset for column in finding.dates):
        yield _("The times carry no offset: set zone if it is not the desk's.")


def add_writing(table: TomlTable, finding: TableFinding) -> None:
    """How it is written: what cannot be told from the file alone."""
    if finding.encoding != "auto":
        table.add("encoding", finding.encoding)
        table.add(tomlkit.comment(_("a guess: see that names with accents read well")))
    unclear = [column for column in finding.dates if len(set(column.readings.values())) > 1]
    proven = {next(iter(column.readings)) for column in finding.dates if len(column.readings) == 1} - {""}
    if unclear:
        column = unclear[0]
        readings = _(" or ").join(f'"{order}" ({when})' for order, when in column.readings.items())
        table.add(
            tomlkit.comment(
                _('dates = …: {readings}? "{cell}" can be each').format(readings=readings, cell=column.cell)
            )
        )
    elif len(proven) == 1:
        table.add("dates", proven.pop())
    if finding.dates and not all(column.has_offset for column in finding.dates):
        table.add(tomlkit.comment(_('zone = "Europe/Oslo": where the times were written, if not in the desk\'s zone')))


def table_of(values: Mapping[str, str]) -> TomlTable:
    """A table of texts, as the config writes it."""
    table = tomlkit.table()
    for key, value in values.items():
        table.add(tomlkit.key(key) if key.isidentifier() else tomlkit.key([key]), value)
    return table
