"""Packages that bring checklist items or a language: folders of files, found through entry points.

An entry point's value names a package; its folder is what counts, and its code is not run. Nothing is looked for
before somebody asks.
"""

import re
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

CONNECTORS = "deskaudit.connectors"
CHECKS = "deskaudit.checks"
LOCALES = "deskaudit.locales"
GROUPS = (CONNECTORS, CHECKS, LOCALES)


class Plugin(NamedTuple):
    """One entry point. `package`: who brings it, as "deskaudit-board 1.0"; `fault`: why it has no folder, or ""."""

    name: str
    value: str
    package: str
    folder: Path | None
    fault: str = ""


def installed(group: str) -> list[Plugin]:
    """The folders of a group, by name, then package. What is broken is among them, and says so."""
    return sorted(
        (_plugin(point) for point in entry_points(group=group)), key=lambda found: (found.name, found.package)
    )


def package_of(point: EntryPoint) -> str:
    """The package that brings an entry point, with its version; "" where nothing tells."""
    return f"{point.dist.name} {point.dist.version}" if point.dist is not None else ""


def wanted_by(point: EntryPoint) -> str:
    """What the package of an entry point says of the deskaudit that it needs, as "deskaudit<0.3,>=0.2"; "" for nothing."""
    said = point.dist.requires or [] if point.dist is not None else []
    return next((one for one in said if re.match(r"deskaudit\s*[<>=!~(]", one)), "")


def misspelt() -> list[EntryPoint]:
    """Entry points of groups that nobody reads, though their names begin as ours do."""
    points = entry_points()
    strange = sorted(group for group in points.groups if group.startswith("deskaudit") and group not in GROUPS)
    return [point for group in strange for point in sorted(points.select(group=group))]


def _plugin(point: EntryPoint) -> Plugin:
    top, *rest = point.value.strip().split(".")
    try:
        spec = find_spec(top) if top.isidentifier() else None
    except (ImportError, ValueError):
        spec = None
    places = spec.submodule_search_locations if spec is not None else None
    folder = next((found for place in places or () if (found := Path(place, *rest)).is_dir()), None)
    fault = "" if folder is not None else f"there is no folder {point.value}"
    return Plugin(point.name, point.value, package_of(point), folder, fault)
