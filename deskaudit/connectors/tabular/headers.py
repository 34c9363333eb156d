"""Where the column names of a table stand, and which column is which."""

import csv
import difflib
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from deskaudit.connectors.tabular.texts import Text, bad_file, parse
from deskaudit.errors import SourceError
from deskaudit.i18n import _
from deskaudit.text import one_line

HEADER_ROWS = 50
"""A header stands within so many rows."""
HEAD_CHARS = 1 << 18
_POSITION = re.compile(r"#[1-9]\d{0,3}")


class Wish(msgspec.Struct, frozen=True):
    """A column that is wanted: its name, other names it may go by, and whether a table without it is refused."""

    name: str
    also: tuple[str, ...] = ()
    needed: bool = True


class Layout(msgspec.Struct, frozen=True):
    """How a table is written. `encoding` is "xlsx", "xls" or "ods" for a sheet of a workbook."""

    encoding: str
    delimiter: str
    header_row: int  # as Row.row
    header: list[str]
    sheet: str = ""


def fold(name: str) -> str:
    """A column's name as names are compared: lower-case letters and digits; the text itself where there are none."""
    composed = unicodedata.normalize("NFC", name.casefold())
    return "".join(char for char in composed if char.isalnum()) or name.strip()


def locate(name: str, header: Sequence[str]) -> tuple[int, ...]:
    """The places of a column: those with exactly this name, else the third for "#3", else those that fold to it."""
    exact = tuple(place for place, cell in enumerate(header) if cell.strip().lstrip("\ufeff") == name.strip())
    if not exact and _POSITION.fullmatch(name):
        place = int(name[1:]) - 1
        return (place,) if place < len(header) else ()
    return exact or tuple(place for place, cell in enumerate(header) if fold(cell) == fold(name))


def places(wish: Wish, header: Sequence[str]) -> tuple[int, ...]:
    """The places of a wanted column under the first of its names that is there; () where none is."""
    return next((found for name in (wish.name, *wish.also) if (found := locate(name, header))), ())


def find_layout(text: Text, wishes: Sequence[Wish]) -> tuple[Layout, int] | None:
    """The layout under which most wanted columns are found, and how many; None for a text without any header."""
    names = [{fold(name) for name in (wish.name, *wish.also) if not _POSITION.fullmatch(name)} for wish in wishes]
    best: tuple[int, int, Layout] | None = None
    for layout in layouts(text):
        cells = {fold(cell) for cell in layout.header}
        found = sum(not folded.isdisjoint(cells) for folded in names)
        if best is None or (found, len(layout.header)) > best[:2]:
            best = (found, len(layout.header), layout)
    return None if best is None else (best[2], best[0])


def layouts(text: Text) -> Iterator[Layout]:
    """Every row that may be the header, under every delimiter that may be meant. Raises SourceError for an empty file."""
    head = read_head(text)
    if not head.strip():
        if text.sheet:  # a cell of blanks; other sheets may have more
            return
        raise bad_file(_("{file} is empty.").format(file=text.file), _("Export it again."))
    if text.options.names:
        yield _given_layout(text, head)
        return
    for delimiter in text.delimiters:
        for number, cells in _first_rows(text, head, delimiter):
            yield Layout(text.label, delimiter, number, cells, text.sheet)


def _given_layout(text: Text, head: str) -> Layout:
    """The names that the options give, under the delimiter that makes the most cells of the first row."""
    widths = {mark: len(next(_first_rows(text, head, mark), (0, []))[1]) for mark in text.delimiters}
    best = max(widths, key=widths.__getitem__)
    return Layout(text.label, best, 0, list(text.options.names), text.sheet)


def read_head(text: Text) -> str:
    """The first characters of a text, whole lines."""
    parts: list[str] = []
    size = 0
    with text.open() as stream:
        for line in text.lines(stream):
            parts.append(line)
            size += len(line)
            if size > HEAD_CHARS:
                break
    return "".join(parts)


def _first_rows(text: Text, head: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """The first rows under one delimiter: those that may be the header."""
    options = text.options
    reader = parse(iter(io.StringIO(head, newline="")), delimiter, options)
    starts = 1
    for number in range(1, (HEADER_ROWS if not options.header_line else options.header_line) + 1):
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            cells = []
        if options.header_line and starts <= options.header_line <= reader.line_num and any(cells):
            yield number, cells
            return
        is_comment = bool(options.comment and cells and cells[0].startswith(options.comment))
        if not options.header_line and not is_comment and any(cell.strip() for cell in cells):
            yield number, cells
        starts = reader.line_num + 1


def no_header(text: Text) -> SourceError:
    return bad_file(
        _("{file} has no column names in line {line}.").format(file=text.file, line=text.options.header_line or 1),
        _("Set {owner}.header_line to their line, or 0 to find it.").format(owner=text.owner),
    )


def missing_column(text: Text, layout: Layout, lost: Wish) -> SourceError:
    names = {fold(cell): one_line(cell, 60) for cell in layout.header if cell.strip()}
    near = difflib.get_close_matches(fold(lost.name), names, n=1, cutoff=0.5)
    also = _(' (nor "{names}")').format(names='", "'.join(lost.also)) if lost.also else ""
    return bad_file(
        _('{file} has no column "{name}"{also} (row {row}).').format(
            file=text.file, name=lost.name, also=also, row=layout.header_row
        ),
        (_('The nearest is "{near}". ').format(near=names[near[0]]) if near else "")
        + _("Columns: {names}.").format(names=one_line(", ".join(names.values()), 400)),
    )


def wishes_of(wanted: Iterable[str | Wish]) -> list[Wish]:
    """Names as wishes, each once."""
    return list({wish.name: wish for wish in (Wish(one) if isinstance(one, str) else one for one in wanted)}.values())
