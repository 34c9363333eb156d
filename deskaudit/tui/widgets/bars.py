"""The first and the last line of every screen: where one can go, and which keys do something here."""

from collections.abc import Sequence

from rich.cells import cell_len

from deskaudit.tui.theme import Spans
from deskaudit.tui.widgets.lines import OneLine


class KeyHint:
    """A key as the footer names it. `refusal` says why it cannot be used now; "" where it can."""

    __slots__ = ("key", "label", "refusal")

    def __init__(self, key: str, label: str, refusal: str = "") -> None:
        self.key = key
        self.label = label
        self.refusal = refusal


class KeyBar(OneLine):
    """The keys of this screen; what cannot be done now stands dim in brackets."""

    def show_keys(self, hints: Sequence[KeyHint]) -> None:
        """As many as fit, in their order; the last place always says where all the keys are."""
        tail: Spans = [("?", "strong"), (" help ", "")]
        room = (self.size.width or self.app.size.width) - 8
        spans: Spans = []
        for hint in hints:
            pieces: Spans = (
                [(f" ({hint.key} {hint.label})", "dim")]
                if hint.refusal
                else [(f" {hint.key}", "strong"), (f" {hint.label}", "")]
            )
            length = sum(cell_len(text) for text, _style in pieces) + 1
            if length > room:
                break
            spans.extend([*pieces, (" ", "")])
            room -= length
        self.show(spans, tail)


class NavBar(OneLine):
    """The screens and their keys; the present one stands out in reverse."""

    def show_places(self, places: Sequence[tuple[str, str, bool]]) -> None:
        """`places`: key, title, is it here."""
        spans: Spans = []
        for key, title, here in places:
            if here:
                spans.append((f" {key} {title} ", "bar"))
            else:
                spans.extend([(f" {key}", "head"), (f" {title} ", "")])
        self.show(spans)
