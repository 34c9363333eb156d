"""The end dates of product lines: the table that ships, and the user's own file of endoflife.date in its place."""

import re
import tomllib
from datetime import UTC, date, datetime, time
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

import duckdb
import msgspec

STALE_S = 180 * 86400
"""Dates that were looked up longer ago than this are told with a warning."""

_FILE = Path(__file__).with_name("endoflife.toml")


class Ends(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One version: the last days with updates. `ends` None: none is announced. `source` "": the line's."""

    ends: date | None = None
    enterprise: date | None = None  # of Enterprise and Education editions, where it is another
    iot: date | None = None
    regular: date | None = None  # of the maker's own support, where volunteers go on until `ends`
    source: str = ""
    over: bool = False  # it has ended, nobody says when


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    what: str
    as_of: date
    certain: Literal["announced", "habit"]


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One product line. See endoflife.toml."""

    name: str
    match: str
    source: str
    versions: dict[str, Ends]
    product: str
    cycle: str = r"(?P<version>[\d.]+)"
    builds: dict[str, str] = {}
    open: bool = False
    extended: bool = False
    kind: Literal["system", "software"] = "system"


class Table(NamedTuple):
    lines: list[Line]
    sources: dict[str, Source]

    def source_of(self, line: Line, version: str | None = None) -> Source:
        return self.sources[(version and line.versions[version].source) or line.source]


@cache
def shipped() -> Table:
    """The table that ships."""
    raw: dict[str, Any] = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return Table(msgspec.convert(raw["line"], list[Line]), msgspec.convert(raw["sources"], dict[str, Source]))


def read(connection: duckdb.DuckDBPyConnection) -> Table:
    """The table that ships, with the versions of every product that the snapshot's lifecycles tell in their place."""
    found = connection.execute(
        "SELECT product, cycle, ends_at, extended_at, ended, build, looked_up_at FROM lifecycle ORDER BY id"
    ).fetchall()
    if not found:
        return shipped()
    own = shipped()
    by_product: dict[str, list[tuple[Any, ...]]] = {}
    for product, *release in found:
        by_product.setdefault(product, []).append(tuple(release))
    looked_up = max((row[-1] for row in found if row[-1] is not None), default=0)
    brought = Source("endoflife.date, your file", day_of(looked_up), "announced")
    lines = [_replace(line, by_product[line.product]) if line.product in by_product else line for line in own.lines]
    return Table(lines, {**own.sources, "brought": brought})


def _replace(line: Line, releases: list[tuple[Any, ...]]) -> Line:
    """A line with the releases of that site. Where several are of one version, the last date counts."""
    versions: dict[str, dict[str, Any]] = {}
    builds: dict[str, str] = {}
    for cycle, ends_at, extended_at, ended, build, _looked_up in releases:
        found = re.fullmatch(line.cycle, cycle)
        if found is None:
            continue
        version = found["version"].replace("-", " ")
        about = versions.setdefault(version, {})
        edition = found.groupdict().get("edition")
        field = {"e": "enterprise", "iot": "iot"}.get(edition or "", "ends")
        if edition == "e" and "ltsc" in line.match:
            field = "ends"
        at = extended_at if line.extended and extended_at is not None else ends_at
        if at is not None:
            about[field] = max(about.get(field, date.min), day_of(at))
            if line.extended and extended_at is not None and ends_at is not None:
                about["regular"] = day_of(ends_at)
        elif ended:
            about["over"] = True
        if (
            build
            and (number := re.fullmatch(r"\d+\.\d+\.(\d{4,})(?:\..*)?", build))
            and line.product != "windows-server"
        ):
            builds.setdefault(number[1], version)
    for about in versions.values():
        if "ends" not in about and "enterprise" in about:
            about["ends"] = about.pop("enterprise")
    rows = {version: Ends(**about, source="brought") for version, about in versions.items()}
    kept = {name: version for name, version in line.builds.items() if version in rows}
    return msgspec.structs.replace(line, versions=rows, builds={**builds, **kept}, source="brought")


def at_end_of(day: date) -> int:
    """The last second of a day, UTC."""
    return int(datetime.combine(day, time(23, 59, 59), UTC).timestamp())


def day_of(moment: int) -> date:
    return datetime.fromtimestamp(moment, UTC).date()
