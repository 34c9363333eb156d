"""Regular expressions of the config: what could keep a reader busy for ever is refused before anything is read.

Time grows exponentially with a line's length where something of varying length is repeated, as in (a+)+: the same text
can be cut up in ever more ways, and all are tried.
"""

import math
import re
from collections.abc import Iterable
from importlib import import_module
from typing import Any

from deskaudit.i18n import _

MOST_REPEATS = 16
"""So often may a part of varying length be repeated at most."""
_REPEATS = {"MAX_REPEAT", "MIN_REPEAT"}
_ATOMIC = {"ATOMIC_GROUP", "POSSESSIVE_REPEAT"}  # what they matched is not cut up again


def compile_pattern(text: str) -> re.Pattern[str]:
    """The compiled pattern. Raises ValueError, as a phrase, for what is none or could take for ever."""
    try:
        found = re.compile(text)
    except (re.error, RecursionError, OverflowError) as fault:
        raise ValueError(_("is no regular expression: {fault}").format(fault=fault)) from None
    if _explodes(import_module("re._parser").parse(text), 1):
        raise ValueError(
            _("could take for ever on a long line: it repeats a group whose own length varies, as (a+)+ does")
        )
    return found


def _explodes(items: Iterable[Any], times: float) -> bool:
    """Whether something that varies stands within repeats of more than MOST_REPEATS `times` together."""
    for operator, argument in items:
        name = str(operator)
        parts = _parts(argument)
        inside = times
        varies = name == "BRANCH"
        if name in _REPEATS:
            least, most, _inner = argument
            varies = least != most
            inside = times * (math.inf if str(most) == "MAXREPEAT" else max(int(most), 1))
        elif name in _ATOMIC:
            inside = 1
        if (varies and times > MOST_REPEATS) or any(_explodes(part, inside) for part in parts):
            return True
    return False


def _parts(argument: Any) -> Iterable[Any]:
    """The patterns within an operator's argument."""
    if hasattr(argument, "data"):
        return [argument]
    if isinstance(argument, (tuple, list)):
        return [part for one in argument for part in _parts(one)]
    return []
