"""What comes from outside is hostile until it has passed `clean`."""

import re

# C0 except tab and newline, DEL, C1; bidi embeddings, overrides and isolates; marks; line and paragraph separators;
# the byte-order mark and the interlinear and tag characters that hide text.
_HOSTILE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
    "|[\ud800-\udfff]"
)
CUT = "…"
"""Stands at the end of a text that was cut."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def clean(value: object, limit: int = 500) -> str:
    """Text that no terminal, table or file can be hurt by: control, escape and bidi characters are gone.

    Carriage returns become newlines first, so that lines stay apart. Cut to `limit` characters with an ellipsis.
    """
    text = _HOSTILE.sub("", str(value).replace("\r\n", "\n").replace("\r", "\n"))
    return text if len(text) <= limit else text[: limit - 1] + CUT


def one_line(value: object, limit: int = 200) -> str:
    """`clean`, with every run of white space made one blank: for table cells and messages."""
    if (
        isinstance(value, str)
        and value.isprintable()  # so nothing hostile is in it, and no white space but blanks
        and len(value) <= limit
        and "  " not in value
        and not value.startswith(" ")
        and not value.endswith(" ")
    ):
        return value  # most cells of a table: the same, at a tenth of the cost
    return clean(" ".join(clean(value, limit * 4).split()), limit)


def guard_cell(value: str) -> str:
    """A CSV cell that no spreadsheet runs as a formula: an apostrophe goes before `= + - @`, tab and their wide twins.

    A plain number keeps its sign: "-3.5" is data.
    """
    if value.startswith(_FORMULA) and not re.fullmatch(r"[+-]?\d+(\.\d+)?", value):
        return "'" + value
    return value


_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|~])")


def escape_markdown(value: str) -> str:
    """Text that stays text in a Markdown table or list."""
    return _MARKDOWN.sub(r"\\\1", value).replace("\n", " ")


def web_address(text: str) -> str | None:
    """An address that a browser may be led to; None for what is none, as a path or a script."""
    return one_line(text, 500) if text.startswith(("https://", "http://")) else None
