"""Machines against the dates on which their operating system stops being repaired (check 03.4).

The dates stand in `endoflife.toml`. Where a text leaves the edition open, the later date counts; where it leaves the
version open and that matters, the machine is listed and not judged.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from deskaudit.checks.context import Past, Reader, Row, Window
from deskaudit.i18n import _

SOON_S = 90 * 86400
"""Support that ends within this time is told beforehand."""

_FILE = Path(__file__).with_name("endoflife.toml")
_ALIASES = (
    (r"\bos ?x\b|\bmac os\b|\bdarwin\b", "macos"),
    (r"\brhel\b|\bredhat\b", "red hat"),
    (r"\bwin(?=\d|dows\d)", "windows "),
    (r"\bwindows (2003|2008|2012|2016|2019|2022|2025)\b", r"windows server \1"),
    (r"\bwindows (10|11)\b(.*\blts[bc]\b)", r"windows \1 ltsc\2"),
    (r"\bwindows (10|11)\b(.*)\b10\.0\b(?!\.\d)", r"windows \1\2"),
)
_ENTERPRISE = re.compile(r"\b(enterprise|education|iot|multi-session)\b")
_ORDINARY = re.compile(r"\b(home|pro|professional|core|workstations?)\b")


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One product line. Version → last days with updates: none announced, one, or ordinary and enterprise editions."""

    name: str
    match: str
    source: str
    versions: dict[str, list[date]]
    builds: dict[str, str] = {}
    open: bool = False  # newer versions than these may exist


class Support(msgspec.Struct, frozen=True):
    """What is known of a system: `ends_at` (epoch seconds) None with `known` means that it is not at its end.

    `note` says what was assumed, or why nothing is known.
    """

    name: str
    known: bool
    ends_at: int | None
    note: str


def rows(reader: Reader, window: Window, past: Past) -> Iterable[Row]:
    """Two rows for each machine: part "ended" (past its end now) and "soon" (within 90 days)."""
    del past
    known = {"": Support("", known=False, ends_at=None, note=_("not told"))}  # many machines, few systems
    for subject, segment, text, certain, critical in _machines(reader):
        if text not in known:
            known[text] = look_up(text, window.now)
        support = known[text]
        note = support.note if certain else _("guessed by a scan: confirm it")
        judged = support.known and certain
        left = None if support.ends_at is None else support.ends_at - window.now
        for part, fault in (
            ("ended", left is not None and left < 0),
            ("soon", left is not None and 0 <= left <= SOON_S),
        ):
            yield {
                "subject": subject,
                "part": part,
                "segment": segment,
                "good": int(not fault) if judged else None,
                "badness": (0 if left is None else -left) + (10**10 if critical else 0),
                "system": text,
                "ends_at": support.ends_at,
                "note": note,
            }


def look_up(text: str, now: int) -> Support:
    """What the table knows of an operating system as a person, an inventory program or a scan writes it."""
    lines, as_of = table()
    plain = _plain(text)
    line = next((line for line in lines if line.match in plain), None)
    if line is None:
        return Support(text, known=False, ends_at=None, note=_("not in the table of end dates"))
    rest = plain.replace(line.match, " ", 1)
    version = _version(line, rest)
    if version is not None:
        dates = line.versions[version]
        return Support(
            f"{line.name} {version}", known=True, ends_at=_end(dates, rest), note=_edition_note(dates, rest, now)
        )
    if re.search(r"\d", rest):
        note = _("a version that the table of {day} does not have").format(day=as_of.isoformat())
        return Support(line.name, known=False, ends_at=None, note=note)
    return _any_version(line, now)


def _any_version(line: Line, now: int) -> Support:
    """A line whose version is not named: certain only where nothing newer can come and all ended, or none did."""
    ends = [_at(max(dates)) for dates in line.versions.values() if dates]
    unknown = Support(line.name, known=False, ends_at=None, note=_("which version?"))
    if line.open or len(line.versions) == 1 or not ends:
        return unknown
    if max(ends) < now:
        return Support(line.name, known=True, ends_at=max(ends), note=_("version not named; the last one ended then"))
    return unknown


@cache
def table() -> tuple[list[Line], date]:
    """The product lines, and the day on which they were looked up."""
    raw: dict[str, Any] = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return msgspec.convert(raw["line"], list[Line]), raw["as_of"]


def _machines(reader: Reader) -> Iterator[tuple[int, str | None, str, bool, bool]]:
    """(asset, family, system, whether that is stated, whether the asset is critical), listed ones first.

    A listed asset without a system takes that of its scan, and has the text "" where neither tells one; a scanned host that is listed is not counted twice.
    """
    found = reader.connection.execute(
        """
        SELECT l.id, COALESCE(l.os_family, s.os_family), l.os, l.os_version, s.os, s.os_version, s.os_accuracy, l.critical
        FROM asset l
        LEFT JOIN (SELECT m.listed_id, MAX(m.scan_id) AS scan_id FROM asset_match m GROUP BY m.listed_id) m
          ON m.listed_id = l.id
        LEFT JOIN asset s ON s.id = m.scan_id
        WHERE l.origin <> 'scan' AND COALESCE(l.state, 'active') = 'active'
        UNION ALL
        SELECT s.id, s.os_family, NULL, NULL, s.os, s.os_version, s.os_accuracy, NULL
        FROM asset s LEFT JOIN asset_match m ON m.scan_id = s.id
        WHERE s.origin = 'scan' AND m.listed_id IS NULL
        ORDER BY 1
        """
    ).fetchall()
    for subject, family, listed, listed_version, scanned, scanned_version, accuracy, critical in found:
        stated = listed is not None
        system, version = (listed, listed_version) if stated else (scanned, scanned_version)
        text = system or ""
        if version is not None and version not in text:
            text = f"{text} {version}".strip()
        yield subject, family, text, stated or accuracy is None, bool(critical)


def _plain(text: str) -> str:
    plain = " ".join(re.sub(r"[()™®,;/_]", " ", text.casefold()).split())
    for pattern, replacement in _ALIASES:
        plain = re.sub(pattern, replacement, plain)
    return " ".join(plain.split())


def _version(line: Line, rest: str) -> str | None:
    """The version that a text names: by build number, else by the version itself, the longer name first."""
    for build, version in line.builds.items():
        if re.search(rf"(?<!\d){build}(?!\d)", rest):
            return version
    for version in sorted(line.versions, key=len, reverse=True):
        # "12" is in "12.4" and in "12", neither in "7.12" nor in "2012"; "7" is not in "7h2".
        if re.search(rf"(?<![\d.]){re.escape(version)}(?![\da-z])(?!\.\d+h)", rest):
            return version
    return None


def _end(dates: list[date], rest: str) -> int | None:
    if not dates:
        return None
    return _at(dates[0] if _ORDINARY.search(rest) and not _ENTERPRISE.search(rest) else dates[-1])


def _edition_note(dates: list[date], rest: str, now: int) -> str:
    if len(dates) < 2 or _ORDINARY.search(rest) or _ENTERPRISE.search(rest):
        return ""
    if _at(dates[0]) < now <= _at(dates[1]):
        return _("edition not named: Enterprise assumed; Home and Pro ended {day}").format(day=dates[0].isoformat())
    return _("edition not named: later date taken")


def _at(day: date) -> int:
    """The last second of a day, UTC."""
    return int(datetime.combine(day, time(23, 59, 59), UTC).timestamp())
