"""All text a user sees passes through `_`, so that a locale needs a catalogue and no code."""

import gettext
import os
import sys
from functools import cache
from pathlib import Path


@cache
def translation() -> gettext.NullTranslations:
    """The catalogue of the user's language (`LANGUAGE`, `LC_ALL`, `LC_MESSAGES`, `LANG`); English where none is."""
    if not any(os.environ.get(name) for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")):
        return gettext.NullTranslations()
    return gettext.translation("deskaudit", Path(__file__).parent / "locale", fallback=True)


def _(text: str) -> str:
    return translation().gettext(text)


def ngettext(one: str, many: str, n: int) -> str:
    return translation().ngettext(one, many, n)


def item_text(text_id: str, english: str) -> str:
    """An item's title, question or advice, which a locale translates by its id ("HD-15.title", "HD-15.q1")."""
    found = translation().gettext(text_id)
    return english if found == text_id else found


def speaks_utf8() -> bool:
    """Whether the terminal can be sent more than ASCII: the locale says so, or says nothing and stdout can.

    Python itself writes UTF-8 under the C locale, so its encoding alone proves nothing.
    """
    named = next((value for name in ("LC_ALL", "LC_CTYPE", "LANG") if (value := os.environ.get(name))), "")
    if named.split(".")[0] in {"C", "POSIX"} and "utf" not in named.lower():
        return False
    return "utf" in (getattr(sys.stdout, "encoding", None) or "").lower()
