"""Copying over a line: OSC 52, which the terminal may take, ignore or refuse."""

import base64
import os
from collections.abc import Callable

LIMIT = 74_994
"""Bytes of base64 that terminals in use take; more may be cut without a word."""


def encode(text: str, *, tmux: bool) -> str | None:
    """The sequence that offers `text` to the terminal; None where it is too long. tmux hands it on when wrapped."""
    packed = base64.b64encode(text.encode()).decode()
    if len(packed) > LIMIT:
        return None
    sequence = f"\x1b]52;c;{packed}\x07"
    return f"\x1bPtmux;{sequence.replace(chr(27), chr(27) * 2)}\x1b\\" if tmux else sequence


def send(text: str, write: Callable[[str], None]) -> bool:
    """Offers `text`; False where it is too long."""
    sequence = encode(text, tmux=bool(os.environ.get("TMUX")))
    if sequence is None:
        return False
    write(sequence)
    return True
