"""Text as inventory programs with a web interface write it."""

import html
from typing import Any

NOTHING = frozenset({"", "0", "null", "none", "n/a", "-", "0000-00-00", "0000-00-00 00:00:00"})


def told(value: Any) -> str:
    """What a value says: entities of HTML resolved, "" for the many ways in which these programs say nothing."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    text = " ".join(html.unescape(html.unescape(str(value))).split())
    return "" if text.casefold() in NOTHING else text
