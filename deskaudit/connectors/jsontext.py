"""JSON as servers send it: a character that is broken costs that character, and not the page it is on."""

import re
from typing import Any

import msgspec

from deskaudit.i18n import _
from deskaudit.text import one_line

MOST_BYTES = 16 * 1024 * 1024  # of a page that is worth mending
MOST_PARTS = 1_000_000  # objects and lists: each takes up to 200 bytes, and may be sent as two
MOST_VALUES = 5_000_000
_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL
)
"""An escape in JSON; the group holds half of a character that takes two."""


def _mend(body: bytes) -> bytes:
    """JSON without what is wrong with single characters alone: a mark before it, bad bytes, characters cut in half.

    A replacement character stands in their place. One title that a product cut in the middle of a character is
    no reason to lose the page that it is on.
    """
    text = body.removeprefix(b"\xef\xbb\xbf").decode("utf-8", errors="replace").encode()
    return _ESCAPE.sub(lambda found: b"\\ufffd" if found[1] else found[0], text)


def read_json(body: bytes) -> Any:
    """What a body says. Raises ValueError with a short reason."""
    if body.count(b"{") + body.count(b"[") > MOST_PARTS or body.count(b",") > MOST_VALUES:
        raise ValueError(_("it holds more values than a page has"))
    try:
        try:
            return msgspec.json.decode(body)
        except msgspec.DecodeError:
            if len(body) > MOST_BYTES:
                raise
            return msgspec.json.decode(_mend(body))
    except msgspec.DecodeError as fault:
        raise ValueError(_("it is not JSON ({fault})").format(fault=one_line(fault, 80))) from None
    except RecursionError:
        raise ValueError(_("it is nested too deeply")) from None
