"""`:name` in check SQL: replaced by a typed number, outside quotes and comments."""

import re
from collections.abc import Mapping

from deskaudit.errors import ConfigError
from deskaudit.i18n import _

WINDOW_NAMES = ("period_start", "period_end", "now", "ref_start", "ref_end")
_TOKEN = re.compile(
    r"""(?P<kept>'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|/\*.*?\*/|::)|:(?P<name>[A-Za-z_]\w*)""", re.DOTALL
)


def names(text: str) -> set[str]:
    """The names a text binds."""
    return {match["name"] for match in _TOKEN.finditer(text) if match["name"]}


def bind(text: str, values: Mapping[str, float]) -> str:
    """`text` with every `:name` as `CAST(n AS BIGINT)`, or as DOUBLE PRECISION where the number has a fraction.

    Written out rather than bound as a parameter, because views and COPY take none, and because an uncast literal is
    32 bits wide. Raises ConfigError for a name that is not in `values`.
    """

    def number(match: re.Match[str]) -> str:
        name = match["name"]
        if name is None:
            return match[0]
        if name not in values:
            raise ConfigError(
                _(":{name} is no name that check SQL knows.").format(name=name),
                hint=_("Known here: {names}.").format(names=", ".join(f":{known}" for known in sorted(values))),
            )
        value = values[name]
        if float(value).is_integer():
            return f"CAST({int(value)} AS BIGINT)"
        return f"CAST({float(value)!r} AS DOUBLE PRECISION)"

    return _TOKEN.sub(number, text)
