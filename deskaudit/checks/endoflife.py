"""Machines against the dates on which their operating system, or their Office, stops being repaired (check 03.4).

The dates stand in `endoflife.toml`, or in the user's own file of endoflife.date (a source of type endoflife). Where a
text leaves the edition open and the editions end at different times, both dates are told, and the machine is judged only
where they agree; where it leaves the version open and that matters, the machine is listed and not judged.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import date

import msgspec

from deskaudit.checks import lifecycles
from deskaudit.checks.context import Past, Reader, Row, Window
from deskaudit.checks.lifecycles import Ends, Line, Table, at_end_of
from deskaudit.i18n import _

SOON_S = 90 * 86400
"""Support that ends within this time is told beforehand."""

_ALIASES = (
    (r"\bos ?x\b|\bmac os\b|\bdarwin\b", "macos"),
    (r"\brhel\b|\bredhat\b", "red hat"),
    (r"\bwin(?=\d|dows\d)", "windows "),
    (r"\bwindows (2003|2008|2012|2016|2019|2022|2025)\b", r"windows server \1"),
    (r"\bwindows (10|11)\b(.*\blts[bc]\b)", r"windows \1 ltsc\2"),
    (r"\bwindows (10|11)\b(.*)\b10\.0\b(?!\.\d)", r"windows \1\2"),
    (r"\bmicrosoft 365 apps\b|\bmicrosoft office 365\b", "microsoft office 365"),
    (r"\bmicrosoft office\b(.*\bfor mac\b)", r"microsoft office for mac\1"),
)
_ENTERPRISE = re.compile(r"\b(enterprise|education|iot|multi-session)\b")
_ORDINARY = re.compile(r"\b(home|pro|professional|core|workstations?)\b")


class Support(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a system at a time. `ended` and `soon` (within 90 days) None: it cannot be told.

    `ends_at`: epoch seconds, None where no date is announced, known or certain. `note` says what is not told by these.
    """

    name: str
    ended: bool | None = None
    soon: bool | None = None
    ends_at: int | None = None
    note: str = ""
    source: str = ""  # whose date it is

    @property
    def known(self) -> bool:
        return self.ended is not None


def rows(reader: Reader, window: Window, past: Past) -> Iterable[Row]:
    """Two rows for each machine: part "ended" (past its end now) and "soon" (within 90 days)."""
    del past
    table = lifecycles.read(reader.connection)
    known = {"": Support(name="", note=_("not told"))}  # many machines, few systems
    programs: dict[int, list[tuple[str, Support]]] = {}
    for subject, name in _programs(reader):
        if name not in known:
            known[name] = look_up(name, window.now, table, kind="software")
        programs.setdefault(subject, []).append((name, known[name]))
    for subject, segment, text, certain, critical in _machines(reader):
        if text not in known:
            known[text] = look_up(text, window.now, table)
        system = known[text]
        if not certain:
            system = msgspec.structs.replace(system, ended=None, soon=None, note=_("guessed by a scan: confirm it"))
        for part in ("ended", "soon"):
            name, support = _worst(part, [(text, system), *programs.get(subject, [])])
            fault = getattr(support, part)
            left = None if support.ends_at is None else support.ends_at - window.now
            yield {
                "subject": subject,
                "part": part,
                "segment": segment,
                "good": None if fault is None else int(not fault),
                "badness": (0 if left is None else -left) + (10**10 if critical else 0),
                "system": name,
                "ends_at": support.ends_at,
                "note": support.note,
                "source": support.source,
            }


def caution(reader: Reader, window: Window) -> str:
    """What to know before these dates are trusted: that they were looked up long ago. "" where they were not."""
    table = lifecycles.read(reader.connection)
    texts = {text for _subject, _segment, text, certain, _critical in _machines(reader) if certain}
    texts |= {name for _subject, name in _programs(reader)}
    used = {line.name: line for text in texts if (line := _line(table, _plain(text))) is not None}
    days = {name: table.source_of(line).as_of for name, line in used.items()}
    stale = {name: day for name, day in days.items() if window.now - at_end_of(day) > lifecycles.STALE_S}
    if not stale:
        return ""
    return _(
        "The end dates of {names} were last looked up on {day}, more than 180 days before: bring newer ones with a source of type endoflife."
    ).format(names=", ".join(sorted(stale)), day=min(stale.values()).isoformat())


def look_up(text: str, now: int, table: Table | None = None, *, kind: str = "system") -> Support:
    """What the table knows of a system as a person, an inventory program or a scan writes it."""
    table = table or lifecycles.shipped()
    plain = _plain(text)
    line = _line(table, plain, kind)
    if line is None:
        return Support(name=text, note=_("not in the table of end dates"))
    rest = plain.replace(line.match, " ", 1)
    version = _version(line, rest)
    if version is not None:
        source = table.source_of(line, version)
        found = _judge(f"{line.name} {version}", line.versions[version], rest, now)
        return msgspec.structs.replace(found, source=f"{source.what} ({source.as_of.isoformat()})")
    if re.search(r"\d", rest):
        as_of = table.source_of(line).as_of
        note = _("a version that the table of {day} does not have").format(day=as_of.isoformat())
        return Support(name=line.name, note=note)
    return _any_version(line, now)


def _judge(name: str, ends: Ends, rest: str, now: int) -> Support:
    if ends.over:
        return Support(name=name, ended=True, soon=False, note=_("ended; the day is not told"))
    days = _days(ends, rest)
    moments = [None if day is None else at_end_of(day) for day in days]
    ended = {moment is not None and moment < now for moment in moments}
    soon = {moment is not None and 0 <= moment - now <= SOON_S for moment in moments}
    certain = len(ended) == 1
    return Support(
        name=name,
        ended=ended.pop() if certain else None,
        soon=soon.pop() if certain and len(soon) == 1 else None,
        ends_at=max((moment for moment in moments if moment is not None), default=None)
        if certain and None not in moments
        else None,
        note=_note(ends, days, now),
    )


def _days(ends: Ends, rest: str) -> list[date | None]:
    """The last days that the edition may have: one where it is named, or where all editions end together."""
    enterprise = ends.enterprise or ends.ends
    if ends.iot is not None and re.search(r"\biot\b", rest):
        return [ends.iot]
    if _ENTERPRISE.search(rest):
        return [enterprise]
    if _ORDINARY.search(rest):
        return [ends.ends]
    return list(dict.fromkeys([ends.ends, enterprise, ends.iot or ends.ends]))


def _note(ends: Ends, days: list[date | None], now: int) -> str:
    if len(days) > 1:
        named = [
            (_("Home and Pro") if ends.enterprise else _("LTSC"), ends.ends),
            (_("Enterprise and Education"), ends.enterprise),
            (_("IoT"), ends.iot),
        ]
        told = ", ".join(f"{edition} {day.isoformat()}" for edition, day in named if day is not None)
        return _("edition not named: {dates}").format(dates=told)
    if ends.regular is not None and at_end_of(ends.regular) < now and ends.ends and now <= at_end_of(ends.ends):
        return _("long term support only since {day}").format(day=ends.regular.isoformat())
    return ""


def _any_version(line: Line, now: int) -> Support:
    """A line whose version is not named: certain only where nothing newer can come and all ended."""
    days = [day for ends in line.versions.values() for day in (ends.ends, ends.enterprise, ends.iot) if day]
    if line.open or len(line.versions) == 1 or not days or at_end_of(max(days)) >= now:
        return Support(name=line.name, note=_("which version?"))
    return Support(
        name=line.name,
        ended=True,
        soon=False,
        ends_at=at_end_of(max(days)),
        note=_("version not named; the last one ended then"),
    )


def _worst(part: str, found: list[tuple[str, Support]]) -> tuple[str, Support]:
    """A program at fault before the system, else the system: a program that cannot be judged says nothing of it."""
    return next((one for one in found if getattr(one[1], part)), found[0])


def _line(table: Table, plain: str, kind: str = "") -> Line | None:
    return next((line for line in table.lines if line.match in plain and kind in {"", line.kind}), None)


def _programs(reader: Reader) -> list[tuple[int, str]]:
    """(device, name) of each Office on it."""
    return reader.connection.execute(
        """
        SELECT DISTINCT da.device_id, c.name
        FROM component c JOIN device_asset da ON da.asset_id = c.asset_id
        WHERE c.kind = 'software' AND (LOWER(c.name) LIKE '%microsoft office%' OR LOWER(c.name) LIKE '%microsoft 365 apps%')
        ORDER BY 1, 2
        """
    ).fetchall()


def _machines(reader: Reader) -> Iterator[tuple[int, str | None, str, bool, bool]]:
    """(asset, family, system, whether that is stated, whether the asset is critical), listed ones first.

    A listed asset without a system takes that of its scan, and has the text "" where neither tells one; a scanned host that is listed is not counted twice.
    """
    found = reader.connection.execute(
        """
        SELECT d.id, COALESCE(d.os_family, s.os_family), d.os, d.os_version, s.os, s.os_version, s.os_accuracy, d.critical
        FROM device d LEFT JOIN asset s ON s.id = d.scan_id
        WHERE d.active = 1
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
