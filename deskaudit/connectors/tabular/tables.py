"""Tables as rows of cells: delimited text files and the sheets of workbooks. Nothing is guessed silently.

`Table` opens one file, finds its header by the columns that are wanted, and yields its rows. What cannot be read is a
SourceError that names the place and the way out; a row that breaks the quoting is handed on as a fault, and counted.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from deskaudit.connectors.ordinary import refuse_special
from deskaudit.connectors.tabular.headers import (
    Layout,
    Wish,
    find_layout,
    fold,
    locate,
    missing_column,
    no_header,
    places,
    read_head,
    wishes_of,
)
from deskaudit.connectors.tabular.options import TableOptions
from deskaudit.connectors.tabular.texts import Text, bad_file, unreadable
from deskaudit.errors import Cancelled, SourceError
from deskaudit.i18n import _
from deskaudit.model.batches import Problem
from deskaudit.text import one_line

__all__ = ["BadRow", "Layout", "Row", "Table", "Wish", "fold", "locate", "open_texts"]

CANCEL_ROWS = 200
_MARKUP = re.compile(rb"(\xef\xbb\xbf)?\s*<(html|!doc|\?xml|table|head|meta)", re.IGNORECASE)


class BadRow(msgspec.Struct, frozen=True):
    """A row that cannot be taken apart."""

    row: int
    reason: str


class Row(msgspec.Struct, frozen=True):
    """One row: its number as a spreadsheet counts it (blank rows and the header included) and its cells."""

    row: int
    cells: list[str]


def open_texts(
    file: Path,
    options: TableOptions,
    owner: str,
    cancelled: Callable[[], bool] = lambda: False,
    seconds: int | None = None,
) -> list[Text]:
    """What of a file may be a table: the file itself, or each sheet of a workbook. Raises SourceError.

    `seconds`: so long a workbook may take; None: as long as it may take in a pull.
    """
    from deskaudit.connectors.tabular import workbooks

    try:
        refuse_special(file)
        with file.open("rb") as stream:
            first = stream.read(8)
    except OSError as fault:
        raise unreadable(file, owner, fault) from None
    if workbooks.kind_of(first):
        return [*workbooks.open_sheets(file, first, options, owner, cancelled, seconds or workbooks.SECONDS)]
    text = Text(file, options, owner)
    if workbooks.kind_of(text.start):
        raise bad_file(
            _("{file} is a workbook or an archive inside of a gzip file.").format(file=file), _("Unpack it first.")
        )
    if _MARKUP.match(text.start):
        raise bad_file(
            _("{file} is a web page or XML, and no table.").format(file=file),
            _("Open it in a spreadsheet program and save it as XLSX, or as CSV (UTF-8)."),
        )
    return [text]


class Table:
    """One file, open. `columns` has the places of each wanted column: several where the header repeats it."""

    def __init__(
        self,
        file: Path,
        options: TableOptions,
        wanted: Iterable[str | Wish],
        owner: str,
        cancelled: Callable[[], bool] = lambda: False,
        texts: Sequence[Text] = (),
    ) -> None:
        """Finds encoding, delimiter and header. Raises SourceError; `owner` is the config table, for its hint.

        `texts`: those of the file, where somebody has opened them.
        """
        self.file = file
        self._cancelled = cancelled
        self.problems: list[Problem] = []
        """What makes the table less than whole, known once its rows have been read."""
        wishes = wishes_of(wanted)
        texts = texts or open_texts(file, options, owner, cancelled)
        try:
            found = file.stat()
        except OSError as fault:
            raise unreadable(file, owner, fault) from None
        self.total, self.modified_at = found.st_size, int(found.st_mtime)
        self._text, self.layout, alike = _find(texts, wishes)
        if alike:
            self.problems.append(_unread(self._text, alike))
        self.comments: list[str] = []
        """The comment lines at the beginning, where `comment` says what they begin with."""
        if options.comment:
            self.comments = [line for line in read_head(self._text).splitlines() if line.startswith(options.comment)]
        self.columns = {wish.name: places(wish, self.layout.header) for wish in wishes}

    @property
    def done(self) -> int:
        """Bytes of the file that have been read."""
        return self._text.done

    @property
    def sha256(self) -> str:
        """Of the file, once all rows have been read."""
        return self._text.sha256

    def rows(self) -> Iterator[Row | BadRow]:
        """All rows after the header, each as wide as the header at least. Blank rows are left out.

        Raises Cancelled when the user asks for it.
        """
        header, width = self.layout.header, len(self.layout.header)
        text, comment = self._text, self._text.options.comment
        with text.open() as stream:
            for n, (number, cells) in enumerate(text.records(stream, self.layout.delimiter)):
                if n % CANCEL_ROWS == 0 and self._cancelled():
                    raise Cancelled(_("Stopped while reading {file}.").format(file=self.file))
                if number <= self.layout.header_row:
                    continue
                if isinstance(cells, str):
                    yield BadRow(number, cells)
                elif (
                    not cells
                    or cells == header
                    or not (cells[0].strip() or any(cell.strip() for cell in cells))
                    or (comment and cells[0].startswith(comment))
                ):
                    continue
                elif len(cells) > width and any(cell.strip() for cell in cells[width:]):
                    reason = _("{n} cells where the header has {width}").format(n=len(cells), width=width)
                    yield BadRow(number, reason)
                else:
                    if len(cells) < width:  # programs leave trailing empty cells out
                        cells.extend([""] * (width - len(cells)))
                    yield Row(number, cells)
            text.read_rest()


def _unread(text: Text, alike: Sequence[str]) -> Problem:
    """That other sheets would have done as well: a workbook may have one for each month."""
    message = _(
        '{file}: sheet "{sheet}" is read; {n} more have its columns and are not read: {names}. Set {owner}.sheet, and add a source for each other sheet that counts.'
    )
    names = ", ".join(f'"{one_line(name, 40)}"' for name in alike)
    sheet = one_line(text.sheet, 40)
    told = message.format(file=text.file.name, sheet=sheet, n=len(alike), names=one_line(names, 200), owner=text.owner)
    return Problem("sheet", told)


def _find(texts: Sequence[Text], wishes: list[Wish]) -> tuple[Text, Layout, list[str]]:
    """The first text whose header has all needed columns, and the sheets after it that have them too.

    Raises SourceError that names what the best one lacks.
    """
    best: tuple[int, Text, Layout] | None = None
    first: tuple[Text, Layout] | None = None
    most = 0  # wanted columns that the first one has
    alike: list[str] = []
    for text in texts:
        try:
            found = find_layout(text, wishes)
        except SourceError:
            if first is None:
                raise
            continue  # a sheet that is not read anyway, and whose head is no table
        if found is None:
            continue
        layout, n = found
        if all(places(wish, layout.header) for wish in wishes if wish.needed):
            if first is None:
                first, most = (text, layout), n
            elif n and n >= most:
                alike.append(text.sheet)
        elif best is None or n > best[0]:
            best = n, text, layout
    if first is not None:
        return *first, alike
    if best is None:
        raise no_header(texts[0])
    _n, text, layout = best
    raise missing_column(text, layout, next(w for w in wishes if w.needed and not places(w, layout.header)))
