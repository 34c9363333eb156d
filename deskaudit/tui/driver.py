"""A terminal driver that sends what has changed, and a style once.

Textual paints each cell run as "set style, text, reset" and a new screen about three times over. Two thirds of all bytes
on the line are such styles, and two thirds of a new screen are there already. This driver drops pieces of lines that
stand on the terminal exactly so, drops a reset that is followed by the same style, and folds a reset into the style
that follows it. It overrides `LinuxDriver.write`, hence the exact pin of Textual.
"""

import re

from rich.cells import cell_len
from textual.drivers.linux_driver import LinuxDriver

_STYLE = re.compile(r"\x1b\[([0-9;]*)m")
_MOVE = re.compile(r"\x1b\[(\d+);(\d+)H")
_SILENT = re.compile(r"\x1b\[[0-9;]*H|[\r\n]")
_OTHER = re.compile(r"[\x00-\x1f\x7f]")  # looked for after styles are taken out
_CLEARS = re.compile(r"\x1b\[\?1049|\x1b\[[0-3]?J|\x1bc")
_RESET = "\x1b[0m"


class Painted:
    """What stands on the terminal, in the pieces in which it was painted: row → column → (end, piece)."""

    def __init__(self) -> None:
        self._rows: dict[int, dict[int, tuple[int, str]]] = {}
        self._cursor = ""

    def forget(self) -> None:
        """After a resize, and when something else has written on the terminal."""
        self._rows.clear()
        self._cursor = ""

    def keep_new(self, data: str) -> str:
        """`data` without the pieces that are there already."""
        if _CLEARS.search(data):
            self.forget()
        head, *moves = _MOVE.split(data)
        out = [head] if head else []
        for place in range(0, len(moves), 3):
            row, column, text = int(moves[place]), int(moves[place + 1]), moves[place + 2]
            move, piece = f"\x1b[{row};{column}H", text.rstrip("\r\n")
            if not piece:
                if place + 3 == len(moves) and (out or move != self._cursor):  # the cursor's own place
                    out.append(move)
                    self._cursor = move
            elif not self._has(row, column, piece):
                out.append(move + piece)
        return "".join(out)

    def _has(self, row: int, column: int, piece: str) -> bool:
        """Whether the piece stands there; from now on it does."""
        plain = _STYLE.sub("", piece)
        if _OTHER.search(plain):
            self.forget()
            return False
        known = self._rows.setdefault(row, {})
        end = column + cell_len(plain)
        if known.get(column) == (end, piece):
            return True
        for start, (until, _text) in list(known.items()):
            if start < end and column < until:
                del known[start]
        known[column] = (end, piece)
        return False


def slim(data: str) -> str:
    """The same screen in fewer style sequences. Begins and ends with no style set."""
    out: list[str] = []
    current, pending, at = "", False, 0  # style on the terminal; is a reset owed; place in `data`
    for match in _STYLE.finditer(data):
        text = data[at : match.start()]
        at = match.end()
        if text:
            if pending and not _is_silent(text):
                out.append(_RESET)
                current, pending = "", False
            out.append(text)
        style = match[1]
        if style in {"", "0"}:
            pending = pending or bool(current)
        elif pending:
            if style != current:
                out.append(f"\x1b[0;{style}m")
                current = style
            pending = False
        else:
            out.append(match[0])
            current = f"{current};{style}" if current else style
    text = data[at:]
    if not current:
        out.append(text)
    elif pending and not _is_silent(text):
        out.extend((_RESET, text))
    else:
        out.extend((text, _RESET))
    return "".join(out)


def _is_silent(text: str) -> bool:
    """Cursor moves print nothing, so no style can show through them."""
    return not _SILENT.sub("", text)


class LeanDriver(LinuxDriver):
    """The stock driver with `Painted` and `slim` before the line."""

    _painted: Painted | None = None

    def write(self, data: str) -> None:
        if self._painted is None:
            self._painted = Painted()
        new = slim(self._painted.keep_new(data))
        if new:
            super().write(new)

    def forget(self) -> None:
        """What is painted next is sent whole."""
        if self._painted is not None:
            self._painted.forget()
