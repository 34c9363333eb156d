"""How things look: one style name for each meaning, in sixteen colours, in true colour, and without any.

A status is always a letter and a word; colour only repeats it. The true colours are apart for colour-blind eyes too
(after Okabe and Ito: vermilion, orange, sky blue, reddish purple, yellow; no red against green).
"""

import os
import unicodedata
from functools import lru_cache

from rich.cells import cell_len, set_cell_size
from rich.style import Style
from textual.theme import BUILTIN_THEMES, Theme

from deskaudit.model.verdicts import Status

Span = tuple[str, str]
"""A piece of text and the name of its style ("" for plain)."""
Spans = list[Span]

LETTER = {
    Status.FAIL: "F",
    Status.WARN: "W",
    Status.PASS: "P",
    Status.NODATA: "N",
    Status.NA: "X",
    Status.TODO: "T",
    Status.INFO: "I",
    Status.ERROR: "E",
}

_SHARED = {
    "": "",
    "strong": "bold",
    "cursor": "reverse",
    "rest": "bold underline",  # the cursor of a pane that has not the focus
    "bar": "reverse",
    "here": "bold",
}
_ANSI = _SHARED | {
    "dim": "dim",
    "head": "bold cyan",
    "FAIL": "red",
    "WARN": "yellow",
    "PASS": "green",
    "NODATA": "magenta",
    "NA": "dim",
    "TODO": "cyan",
    "INFO": "blue",
    "ERROR": "bold red",
    "worse": "red",
    "better": "green",
}
_DARK = _SHARED | {
    "dim": "#9aa0a6",
    "head": "bold #7fc8f8",
    "FAIL": "#ff7b54",
    "WARN": "#ffb000",
    "PASS": "#56b4e9",
    "NODATA": "#d99ac5",
    "NA": "#9aa0a6",
    "TODO": "#f0e442",
    "INFO": "#b8c4ce",
    "ERROR": "bold #ff7b54",
    "worse": "#ff7b54",
    "better": "#56b4e9",
}
_LIGHT = _SHARED | {
    "dim": "#5f6368",
    "head": "bold #005a9c",
    "FAIL": "#b83200",
    "WARN": "#8a5a00",
    "PASS": "#0062a3",
    "NODATA": "#8e3f75",
    "NA": "#5f6368",
    "TODO": "#6b6000",
    "INFO": "#3c4043",
    "ERROR": "bold #b83200",
    "worse": "#b83200",
    "better": "#0062a3",
}

DARK = Theme(
    name="deskaudit-dark",
    primary="#7fc8f8",
    foreground="#e8eaed",
    background="#14171a",
    surface="#14171a",
    panel="#14171a",
    dark=True,
)
LIGHT = Theme(
    name="deskaudit-light",
    primary="#005a9c",
    foreground="#202124",
    background="#fafafa",
    surface="#fafafa",
    panel="#fafafa",
    dark=False,
)


@lru_cache(8)
def palette(*, ansi: bool, dark: bool) -> dict[str, Style]:
    """Style name → Rich style."""
    names = _ANSI if ansi else _DARK if dark else _LIGHT
    return {name: Style.parse(text) if text else Style.null() for name, text in names.items()}


def known_themes() -> list[str]:
    return sorted({DARK.name, LIGHT.name, *BUILTIN_THEMES})


def choose_theme(wanted: str, *, remote: bool) -> str:
    """The theme the config names; else the terminal's own colours over SSH, and where there are no more than sixteen.

    With NO_COLOR only the terminal's own will do: what is left of other themes without colour is black on black.
    """
    if os.environ.get("NO_COLOR"):
        return "ansi-dark"
    if wanted in known_themes():
        return wanted
    term, depth = os.environ.get("TERM", ""), os.environ.get("COLORTERM", "")
    rich_enough = depth in {"truecolor", "24bit"} or "256color" in term or "direct" in term
    return "ansi-dark" if remote or not rich_enough else DARK.name


def has_braille() -> bool:
    """Whether the terminal's fonts are sure to have it; text consoles do not."""
    return os.environ.get("TERM", "") not in {"linux", "dumb", ""} and not os.environ.get("TERM", "").startswith("vt")


def status_spans(status: Status, width: int = 8) -> Spans:
    """`F FAIL`, padded to `width`."""
    return [(f"{LETTER[status]} {status.value}".ljust(width), status.value)]


_GLYPHS = {
    "…": "~", "–": "-", "—": "-", "·": "-", "•": "*", "→": ">", "←": "<", "↑": "^", "↓": "v", "≥": ">", "≤": "<", "×": "x",
    "÷": "/", "±": "+", "│": "|", "─": "-", "├": "+", "└": "+", "┌": "+", "┐": "+", "┘": "+", "┤": "|", "┬": "+", "┴": "+", "┼": "+", "▸": ">", "▾": "v", "▁": "_", "▂": ".", "▃": "-",
    "▄": "-", "▅": "=", "▆": "=", "▇": "#", "█": "#", "░": ".", "“": '"', "”": '"', "‘": "'", "’": "'", "✓": "v",
    " ": " ", "−": "-", "ø": "o", "Ø": "O", "æ": "a", "Æ": "A", "ß": "s", "ł": "l", "Ł": "L", "đ": "d",
}  # fmt: skip


@lru_cache(4096)
def _plain(char: str) -> str:
    """ASCII for one character, in as many cells."""
    width = cell_len(char)
    if width == 0:
        return ""
    known = _GLYPHS.get(char)
    if known is None:
        base = unicodedata.normalize("NFKD", char)[0]
        known = base if base.isascii() and base.isprintable() else "?"
    return known * width


def to_ascii(text: str) -> str:
    """`text` with every glyph beyond ASCII replaced by one of the same width, so that columns stay where they are."""
    if text.isascii():
        return text
    text = text.replace("≤ ", "<=").replace("≥ ", ">=")
    return "".join(char if char.isascii() else _plain(char) for char in text)


def fit(text: str, width: int, *, right: bool = False) -> str:
    """`text` in exactly `width` cells: cut with an ellipsis, or padded (on the left where `right`)."""
    if width <= 0:
        return ""
    length = cell_len(text)
    if length > width:
        return set_cell_size(text, width - 1) + "…"
    return " " * (width - length) + text if right else text + " " * (width - length)


def wrap(text: str, width: int) -> list[str]:
    """`text` in lines of at most `width` cells, broken at blanks where it can be; never without a line."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for word in paragraph.split():
            piece = word
            if line and cell_len(line) + 1 + cell_len(piece) <= width:
                line = f"{line} {piece}"
                continue
            if line:
                lines.append(line)
            while cell_len(piece) > width:
                head = _head(piece, width)
                lines.append(head)
                piece = piece[len(head) :]
            line = piece
        lines.append(line)
    return lines or [""]


def _head(text: str, width: int) -> str:
    """The longest beginning of `text` that fits; at least one character."""
    total = 0
    for index, char in enumerate(text):
        total += cell_len(char)
        if total > width:
            return text[: max(index, 1)]
    return text


_BARS = "▁▂▃▄▅▆▇█"


def sparkline(values: list[float | None], width: int = 8) -> str:
    """The last `width` values as bars, lowest to highest; a blank where there is none; always `width` cells."""
    shown = values[-width:]
    known = [value for value in shown if value is not None]
    low, high = (min(known), max(known)) if known else (0.0, 0.0)
    span = high - low
    bars = "".join(
        " " if value is None else _BARS[round((value - low) / span * 7)] if span else _BARS[3] for value in shown
    )
    return bars.rjust(width)
