"""Lines of plain text: cut, filled and wrapped by the cells a terminal gives them, in ASCII where asked, with colour
only for the letter of a status.
"""

import os
import textwrap
import unicodedata
from collections.abc import Iterator, Mapping
from typing import TextIO

from deskaudit.text import one_line

# SGR codes that every terminal has and colour-blind readers tell apart; the letter and the word say the same.
_COLOURS = {"FAIL": "1;31", "ERROR": "1;35", "WARN": "33", "PASS": "32", "NODATA": "36", "TODO": "34"}

_ASCII = str.maketrans(
    {
        "–": "-",
        "—": "-",
        "…": "...",
        "≥": ">=",
        "≤": "<=",
        "÷": "/",
        "×": "x",
        "±": "+/-",
        "→": "->",
        "·": "-",
        "−": "-",
        "‘": "'",
        "’": "'",
        "“": '"',
        "”": '"',
        "\u00a0": " ",
    }
)


def wants_colour(out: TextIO, environ: Mapping[str, str] | None = None) -> bool:
    """Colour is for a terminal that did not refuse it (NO_COLOR, TERM=dumb)."""
    environ = os.environ if environ is None else environ
    return out.isatty() and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"


def cells(text: str) -> int:
    """How many cells of a terminal the text takes: wide East Asian letters two, combining marks none."""
    return sum(_cells(letter) for letter in text)


def fit(value: object, width: int, ellipsis: str = "…") -> str:
    """`value` on one line in exactly `width` cells: cut with an ellipsis, or filled with blanks."""
    text = one_line(value, 4 * width + 8)
    if cells(text) > width:
        text = _cut(text, width - len(ellipsis)) + ellipsis
    return text + " " * (width - cells(text))


class Writer:
    """Writes lines of `width` cells to `out`; with `ascii_only` in ASCII, with `colour` each status's letter has one.

    What goes to `line` and `status` is laid out by `fit`, `clip` and `wrap`, which know how wide a glyph's ASCII is.
    """

    def __init__(self, out: TextIO, *, width: int = 80, ascii_only: bool = False, colour: bool = False) -> None:
        self._out = out
        self.width = width
        self._ascii = ascii_only
        self._colour = colour

    def line(self, text: str = "") -> None:
        self._out.write(self.fold(text).rstrip() + "\n")

    def status(self, status: str, text: str) -> None:
        """A line that begins with a status: its letter in colour, then `text`."""
        code = _COLOURS.get(status) if self._colour else None
        head = f"\x1b[{code}m{status[:1]}\x1b[0m" if code else status[:1]
        self._out.write(f"{head} {self.fold(text).rstrip()}\n")

    def fit(self, value: object, width: int) -> str:
        return fit(self.fold(str(value)), width, "..." if self._ascii else "…")

    def clip(self, value: object, width: int | None = None) -> str:
        """`fit` without the blanks at the end; the whole line where no width is given."""
        return self.fit(value, self.width if width is None else width).rstrip()

    def wrap(self, value: object, indent: str = "") -> Iterator[str]:
        """Text on as many lines as it needs."""
        text = one_line(self.fold(str(value)), 2000)
        for line in textwrap.wrap(text, self.width - len(indent), break_on_hyphens=False):
            yield indent + line

    def fold(self, text: str) -> str:
        """The text, in ASCII if that is asked for: accents go, other scripts become question marks."""
        if not self._ascii or text.isascii():
            return text
        plain = unicodedata.normalize("NFKD", text.translate(_ASCII))
        return (
            "".join(letter for letter in plain if not unicodedata.combining(letter)).encode("ascii", "replace").decode()
        )


def _cells(letter: str) -> int:
    if unicodedata.combining(letter) or unicodedata.category(letter) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(letter) in {"W", "F"} else 1


def _cut(text: str, width: int) -> str:
    kept, used = "", 0
    for letter in text:
        used += _cells(letter)
        if used > width:
            break
        kept += letter
    return kept
