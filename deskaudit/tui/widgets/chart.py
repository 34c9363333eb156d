"""A line chart of plotext's drawing, in a widget that paints it as plain lines."""

from collections.abc import Callable, Sequence
from typing import Any

from textual.strip import Strip

from deskaudit.tui import theme
from deskaudit.tui.widgets.lines import Canvas

Point = tuple[str, float | None]
"""A label and a value; None leaves a gap."""


class Chart(Canvas):
    """Values over the audits. `marker`: braille where the terminal is sure to have it, else ASCII."""

    DEFAULT_CSS = "Chart { height: 1fr; }"

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._points: list[Point] = []
        self._limits: list[tuple[float, str]] = []
        self._drawn: list[str] = []
        self._figure_of: Callable[[float], str] = str

    def show(
        self, points: Sequence[Point], limits: Sequence[tuple[float, str]], figure_of: Callable[[float], str]
    ) -> None:
        """`limits`: thresholds with a letter, drawn as level lines."""
        self._points, self._limits, self._figure_of = list(points), list(limits), figure_of
        self._draw()
        self.refresh()

    def on_resize(self) -> None:
        self._draw()
        self.refresh()

    def _draw(self) -> None:
        width, height = self.size
        self._drawn = []
        if self._points and width >= 20 and height >= 5:
            braille = theme.has_braille() and not getattr(self.app, "ascii", False)
            self._drawn = draw(
                self._points, self._limits, width - 2, height, braille=braille, figure_of=self._figure_of
            )

    @property
    def text(self) -> str:
        return "\n".join(self._drawn)

    def render_line(self, y: int) -> Strip:
        return self.paint([(f" {self._drawn[y]}", "")]) if y < len(self._drawn) else self.paint(())


def draw(
    points: Sequence[Point],
    limits: Sequence[tuple[float, str]],
    width: int,
    height: int,
    *,
    braille: bool,
    figure_of: Callable[[float], str] = str,
) -> list[str]:
    """The chart as lines of text without any colour. `figure_of` writes a value of the y axis."""
    import plotext

    known = [(place + 1, value) for place, (_label, value) in enumerate(points) if value is not None]
    if not known:
        return []
    figure: Any = plotext.figure
    figure.clear()
    figure.plot_size(width, height)
    figure.theme("colorless")
    low, high = _span([value for _x, value in known] + [value for value, _letter in limits])
    for value, letter in limits:
        ends, level = [1, max(len(points), 2)], [value, value]
        figure.draw(figure.signal(ends, level, marker="·" if braille else ".").lines())
        figure.draw(figure.signal(ends, level, marker=letter))
    signal = figure.signal([x for x, _y in known], [y for _x, y in known], marker="braille" if braille else "*").lines()
    for place in range(1, len(known)):
        if known[place][0] - known[place - 1][0] > 1:
            signal.line(place, active=False)
    figure.draw(signal)
    marks = _ticks(len(points), width)
    figure.ruler("x").ticks(marks, [points[mark - 1][0] for mark in marks])
    figure.ruler("x").lim(1, max(len(points), 2))
    levels = [low + (high - low) * place / 3 for place in range(4)]
    figure.ruler("y").ticks(levels, [figure_of(level) for level in levels])
    figure.ruler("y").lim(low, high)
    text = plotext.uncolorize(str(figure.build()))
    return [line if braille else theme.to_ascii(line) for line in text.splitlines()]


def _span(values: Sequence[float]) -> tuple[float, float]:
    """Lowest and highest with some air."""
    low, high = min(values), max(values)
    air = (high - low) * 0.08 or abs(high) * 0.1 or 1.0
    return (0.0 if 0 <= low <= air else low - air), high + air


def _ticks(n: int, width: int) -> list[int]:
    """As many labels as stand beside one another."""
    most = max(width // 12, 2)
    step = max(-(-n // most), 1)
    return list(range(1, n + 1, step))
