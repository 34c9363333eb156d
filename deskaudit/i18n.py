"""All text a user sees passes through `_`, so that a locale needs a catalogue and no code."""

import contextlib
import gettext
import os
import struct
import sys
from functools import cache, cached_property
from gettext import GNUTranslations, NullTranslations
from pathlib import Path


@cache
def translation() -> NullTranslations:
    """The catalogue of the user's language (`LANGUAGE`, `LC_ALL`, `LC_MESSAGES`, `LANG`); English where none is."""
    if not any(os.environ.get(name) for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")):
        return NullTranslations()
    found = _read(Path(__file__).parent / "locale", fallback=True)
    if not _is_english():
        found.add_fallback(_Packages())
    return found


def _read(folder: Path, *, fallback: bool = False) -> NullTranslations:
    return gettext.translation("deskaudit", folder, fallback=fallback)


class _Packages(NullTranslations):
    """The catalogues of installed packages: looked for with the first text that those which ship do not have."""

    def gettext(self, message: str) -> str:
        return self._found.gettext(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self._found.ngettext(msgid1, msgid2, n)

    @cached_property
    def _found(self) -> NullTranslations:
        from deskaudit import plugins

        found = NullTranslations()
        for plugin in plugins.installed(plugins.LOCALES):
            if plugin.folder is None:
                continue
            with contextlib.suppress(OSError, ValueError, struct.error):  # a broken one: `doctor` names it
                found.add_fallback(_read(plugin.folder))
        return found


def locales_in(folder: Path) -> dict[str, str]:
    """Language → what is wrong with its catalogue, or "", of the folder of a package."""
    found = {}
    for file in sorted(folder.glob("*/LC_MESSAGES/deskaudit.mo")):
        try:
            with file.open("rb") as stream:
                GNUTranslations(stream)
            found[file.parents[1].name] = ""
        except (OSError, ValueError, struct.error) as fault:
            found[file.parents[1].name] = str(fault)
    return found


def _is_english() -> bool:
    """Whether the language that is asked for first is the one that the texts are written in."""
    names = (os.environ.get(name) for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"))
    first = next((name for name in names if name), "").partition(":")[0]
    return first.startswith(("C", "POSIX", "en"))


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
