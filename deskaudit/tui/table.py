"""Columns that stand under one another."""

from collections.abc import Sequence

from deskaudit.tui import theme
from deskaudit.tui.theme import Spans

Cell = str | tuple[str, str]
"""Text, or text and style."""


class Column:
    """`width` in cells; 0: takes what the others leave. `least`: a total width below which it is left out."""

    __slots__ = ("least", "right", "title", "width")

    def __init__(self, title: str, width: int = 0, *, right: bool = False, least: int = 0) -> None:
        self.title = title
        self.width = width
        self.right = right
        self.least = least


class Table:
    """Rows of spans, one blank at the edges and `gap` between columns."""

    def __init__(self, *columns: Column, gap: int = 2) -> None:
        self._columns = columns
        self._gap = gap

    def header(self, width: int) -> Spans:
        return [("".join(text for text, _style in self.row([c.title for c in self._columns], width)), "dim")]

    def row(self, cells: Sequence[Cell], width: int) -> Spans:
        """One row for `width` cells; plain text in neighbouring columns becomes one span."""
        shown = [(column, cell) for column, cell in zip(self._columns, cells, strict=True) if width >= column.least]
        fixed = sum(column.width for column, _cell in shown) + self._gap * (len(shown) - 1) + 2
        rest = max(width - fixed, 4)
        spans: Spans = [(" ", "")]
        for place, (column, cell) in enumerate(shown):
            text, style = cell if isinstance(cell, tuple) else (cell, "")
            gap = " " * self._gap if place < len(shown) - 1 else " "
            text = theme.fit(text, column.width or rest, right=column.right)
            if spans[-1][1] == style:
                spans[-1] = (spans[-1][0] + text, style)
            else:
                spans.append((text, style))
            if spans[-1][1]:
                spans.append((gap, ""))
            else:
                spans[-1] = (spans[-1][0] + gap, "")
        return spans
