"""What `doctor` finds, and what it finds of the packages that others have written."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Literal

import msgspec

from deskaudit import connectors, plugins
from deskaudit.i18n import _, locales_in

if TYPE_CHECKING:
    from deskaudit.errors import ConfigError


class Finding(msgspec.Struct, frozen=True):
    level: Literal["ok", "note", "wrong"]
    topic: str
    text: str
    mend: str = ""


def look_at_plugins(broken: Mapping[str, ConfigError]) -> Iterator[Finding]:
    """One finding for each entry point of another package. `broken`: packages of items that were left out, and why."""
    mend = _("Update or uninstall the package.")
    for point in sorted(entry_points(group=plugins.CONNECTORS)):
        package = plugins.package_of(point)
        if package.startswith("deskaudit "):
            continue
        text = _("{package}: connector {name}").format(package=package, name=point.name)
        try:
            connectors.load(point.name)
        except Exception as fault:  # noqa: BLE001 - whatever a plugin raises is what is to be told
            yield Finding("wrong", "plugin", f"{text}: {fault}", mend)
        else:
            yield Finding("ok", "plugin", text)
    for plugin in plugins.installed(plugins.CHECKS):
        text = _("{package}: checklist items").format(package=plugin.package)
        wrong = broken.get(plugin.package or plugin.name)
        if wrong:
            yield Finding("wrong", "plugin", f"{text}: {wrong.message}", f"{wrong.hint} {mend}".strip())
        else:
            yield Finding("ok", "plugin", text)
    for plugin in plugins.installed(plugins.LOCALES):
        found = locales_in(plugin.folder) if plugin.folder else {}
        nothing = _("{folder} holds no LANGUAGE/LC_MESSAGES/deskaudit.mo (pybabel compile makes it of a .po)")
        missing = plugin.fault or nothing.format(folder=plugin.folder)
        faults = [f"{language}: {fault}" for language, fault in found.items() if fault]
        text = _("{package}: languages {names}").format(package=plugin.package, names=", ".join(found) or _("none"))
        if faults or not found:
            yield Finding("wrong", "plugin", "; ".join([text, *faults, *([] if found else [missing])]), mend)
        else:
            yield Finding("ok", "plugin", text)
    for point in plugins.misspelt():
        text = _("{package}: nobody reads its entry points of {group}")
        near = difflib.get_close_matches(point.group, plugins.GROUPS, n=1, cutoff=0.0)
        hint = _("If it is yours: write {near} in its pyproject.toml, and install it again. ").format(near=near[0])
        yield Finding("wrong", "plugin", text.format(package=plugins.package_of(point), group=point.group), hint + mend)
