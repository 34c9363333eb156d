"""What every table has to say about itself, as options of the config."""

from typing import ClassVar, Literal

import msgspec

from deskaudit.connectors.tabular.dates import check_formats, check_zone
from deskaudit.connectors.tabular.encodings import name_encoding
from deskaudit.i18n import _

MISSING = ["", "-", "--", "n/a", "null", "none", "nan", "#n/a", "not set", "not available", "&nbsp;"]


class TableOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every table has to say about itself."""

    path: str | list[str]
    sheet: str = ""
    encoding: str = "auto"
    delimiter: str = "auto"
    quote: str = '"'
    escape: str = ""
    header_line: int = 0
    names: list[str] = msgspec.field(default_factory=list)
    comment: str = ""
    missing: list[str] = msgspec.field(default_factory=lambda: list(MISSING))
    zone: str = ""
    dates: str | list[str] = "auto"
    decimal: Literal[".", ","] = "."
    max_bad_share: float = 0.02

    help: ClassVar[dict[str, str]] = {
        "path": "The file, a list of files, or a pattern as exports/*.csv; .csv.gz, .xlsx, .xls and .ods too. It starts at the config's folder.",
        "sheet": "Of a workbook (xlsx, xls, ods), the sheet; left out: the first that has all columns named here.",
        "encoding": 'auto (byte-order mark, else strict UTF-8) or a name: "utf-8", "cp1252", "cp850", "utf-16".',
        "delimiter": 'auto (the one under which the header is found), or "," ";" "tab" "|".',
        "quote": 'The character around cells that hold delimiters or line ends; "" for none.',
        "escape": 'The character that makes the next one literal; "" where quotes are doubled.',
        "header_line": "The line of the column names; 0 takes the first row that has all columns named here.",
        "names": "The column names, for files that have none: the first row is data then.",
        "comment": 'What rows begin with that are no data, as "#"; "" for none.',
        "missing": "Cells that mean nothing is known. A time before 1980 counts as missing too.",
        "zone": "The time zone of times that carry no offset, as Europe/Oslo; left out: the desk's.",
        "dates": 'auto, dmy, mdy, ymd, epoch, epoch_ms, or strptime formats as "%d.%m.%Y %H:%M".',
        "decimal": 'The decimal mark of numbers: "." or ",".',
        "max_bad_share": "A larger share of bad rows than this makes the import incomplete, and its checks say so.",
    }

    def __post_init__(self) -> None:
        name_encoding(self.encoding)
        if self.delimiter not in {"auto", "tab"} and len(self.delimiter) != 1:
            raise ValueError(_('delimiter is "auto", "tab" or one character'))
        if len(self.quote) > 1 or len(self.escape) > 1:
            raise ValueError(_('quote and escape are one character, or ""'))
        marks = [mark for mark in (self.delimiter, self.quote, self.escape) if len(mark) == 1]
        if len(set(marks)) < len(marks) or {"\n", "\r"} & set(marks):
            raise ValueError(_("delimiter, quote and escape are different characters, and no line ends"))
        if self.header_line < 0:
            raise ValueError(_("header_line counts from 1; 0 finds it"))
        if self.names and self.header_line:
            raise ValueError(_("names and header_line both say what the columns are called: keep one"))
        if not 0 <= self.max_bad_share <= 1:
            raise ValueError(_("max_bad_share lies between 0 and 1"))
        if not self.path:
            raise ValueError(_("path names no file"))
        check_zone(self.zone)
        check_formats(self.dates)
