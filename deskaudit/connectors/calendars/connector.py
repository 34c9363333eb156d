"""Shifts, bookings and absences from calendar files (.ics), as rosters and calendar programs export them."""

import fnmatch
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal
from zoneinfo import ZoneInfo

import msgspec

from deskaudit.connectors import Context
from deskaudit.connectors.calendars.occurrences import MAX_FILE_BYTES, Occurrence, expand, read_calendars
from deskaudit.connectors.csvfile.directory import Directory
from deskaudit.connectors.ordinary import refuse_special, require_files
from deskaudit.connectors.patterns import compile_pattern
from deskaudit.connectors.recognition import Likeness, Specimen
from deskaudit.connectors.records.options import check_source
from deskaudit.connectors.tabular.cells import fold_text
from deskaudit.connectors.tabular.dates import check_zone
from deskaudit.errors import Cancelled, SourceError
from deskaudit.i18n import _, ngettext
from deskaudit.model.batches import Batch, Cursor, Probe, Problem, Reject, Want
from deskaudit.model.entities import Row, Slot, entity_of
from deskaudit.model.keys import row_key
from deskaudit.text import one_line

BATCH_ROWS = 5000
DAY = 86400
KINDS = ("shift", "booked", "off")


class CalendarOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The options of `type = "calendar"`."""

    path: str | list[str]
    agent: Literal["attendee", "organizer", "summary", "calendar", "file"] = "organizer"
    people: dict[str, str] = msgspec.field(default_factory=dict)
    kind: Literal["shift", "booked", "off", "none"] = "booked"
    shift: list[str] = msgspec.field(default_factory=lambda: ["*shift*", "*on call*", "*duty*"])
    booked: list[str] = msgspec.field(default_factory=list)
    off: list[str] = msgspec.field(
        default_factory=lambda: ["*vacation*", "*holiday*", "*sick*", "*leave*", "*day off*", "*out of office*"]
    )
    zone: str = ""
    days_ahead: int = 90
    agents_of: str = ""
    tickets_of: str = ""
    ticket_pattern: str = ""

    help: ClassVar[dict[str, str]] = {
        "path": "The .ics file, a list of files, or a pattern as rosters/*.ics. It starts at the config's folder.",
        "agent": "Whose time it is: of each attendee who did not decline, the organizer, the name in the summary, the calendar's name, or the file's.",
        "people": "Words that stand for people (a calendar's or file's name, a summary or a part of it) = address or name.",
        "kind": "What an event is that no pattern names: shift, booked, off, or none (it is left out). What Outlook marks as out of office is off.",
        "shift": "Categories or summaries of shifts; * stands for anything, and letters' case does not count.",
        "booked": "Those of bookings.",
        "off": "Those of absences.",
        "zone": "The zone of whole days and of times without one; left out: the desk's.",
        "days_ahead": "How far ahead repeating events are unrolled.",
        "agents_of": "The source whose people are meant, by the address, name or id they have there; left out: told by address.",
        "tickets_of": "The source whose tickets the summaries name.",
        "ticket_pattern": 'A regular expression with one group that finds the ticket\'s id in the summary, as "#(\\d+)".',
    }

    def __post_init__(self) -> None:
        check_zone(self.zone)
        check_source(self.agents_of, "agents_of")
        check_source(self.tickets_of, "tickets_of")
        if not 0 <= self.days_ahead <= 730:
            raise ValueError(_("days_ahead is a number from 0 to 730"))
        if bool(self.ticket_pattern) != bool(self.tickets_of):
            raise ValueError(_("ticket_pattern and tickets_of go together"))
        try:
            groups = compile_pattern(self.ticket_pattern).groups
        except ValueError as fault:
            raise ValueError(f"ticket_pattern {fault}") from None
        if groups != bool(self.ticket_pattern):
            raise ValueError(_("ticket_pattern has one group, in round brackets"))


class Calendars:
    """`type = "calendar"`: files are read whole each time."""

    name: ClassVar[str] = "calendar"
    title: ClassVar[str] = "Shifts, bookings and absences (iCalendar)"
    options: ClassVar[type[msgspec.Struct]] = CalendarOptions
    fills: ClassVar[frozenset[str]] = frozenset({"slot", "agent"})
    tested: ClassVar[str] = "fixture: made from the documented shapes (RFC 5545)"

    def __init__(self, options: CalendarOptions, context: Context) -> None:
        self._options = options
        self._context = context

    @classmethod
    def recognises(cls, specimen: Specimen) -> Likeness | None:
        """Whatever begins with BEGIN:VCALENDAR."""
        if not specimen.head.upper().startswith(b"BEGIN:VCALENDAR"):
            return None
        return Likeness(options={"path": specimen.path}, why=_("it begins with BEGIN:VCALENDAR"))

    def probe(self) -> Probe:
        """Reads the files: what is in them, and what is wrong first."""
        modules: dict[str, str] = {}
        wrong: list[str] = []
        try:
            for file in self._files():
                try:
                    found = sum(len(calendar.walk("VEVENT")) for calendar in self._read(file))
                    modules[file.name] = ngettext("ok, {n} event", "ok, {n} events", found).format(n=found)
                except SourceError as fault:
                    modules[file.name] = fault.message
                    wrong += [fault.message]
        except SourceError as fault:
            return Probe(reachable=False, message=fault.message, hint=fault.hint)
        return Probe(
            reachable=not wrong,
            authorised=True if not wrong else None,
            modules=modules,
            message="; ".join(wrong),
            hint=_("Export these calendars again.") if wrong else "",
        )

    def pull(self, cursor: Cursor | None, want: Want) -> Iterator[Batch]:  # noqa: ARG002 - files are read whole
        """All events between what is wanted and `days_ahead`. A file that cannot be read makes slots incomplete."""
        entities = frozenset({"slot"} | ({"agent"} if not self._options.agents_of else set())) & want.entities
        files, directory = self._files(), Directory(self._context, [])
        failures: list[SourceError] = []
        seen: set[int] = set()
        for number, file in enumerate(files, start=1):
            problems: list[Problem] = []
            rejects: list[Reject] = []
            rows: list[Row] = []
            try:
                read = _File(self._options, self._context, file, directory, self._read(file))
                for made in read.rows(want.since_at):
                    if isinstance(made, Reject):
                        rejects.append(made)
                    elif made.id not in seen:  # one event may stand in the calendars of several people
                        seen.add(made.id)
                        rows.append(made)
                problems += read.doubts()
            except SourceError as fault:
                failures.append(fault)
                problems.append(Problem("slot", fault.message, ("slot",)))
            if len(failures) == len(files):
                raise failures[0]
            if rejects:
                message = _("{n} events of {file} cannot be read.").format(n=len(rejects), file=file.name)
                problems.append(Problem("slot", message, ("slot",)))
            yield from self._batches([*directory.flush(), *rows], entities, (number, len(files)), rejects, problems)

    def _batches(
        self,
        rows: Sequence[Row],
        entities: frozenset[str],
        progress: tuple[int, int],
        rejects: Sequence[Reject],
        problems: Sequence[Problem],
    ) -> Iterator[Batch]:
        kept = [row for row in rows if entity_of(row) in entities]
        for at in range(0, max(len(kept), 1), BATCH_ROWS):
            yield Batch(
                rows=kept[at : at + BATCH_ROWS],
                cursor={"read_at": self._context.now()},
                replaces=entities,
                resource="slot",
                done=progress[0],
                total=progress[1],
                rejects=rejects if at == 0 else (),
                problems=problems if at == 0 else (),
            )

    def _files(self) -> list[Path]:
        return require_files(self._context, self._options.path)

    def _read(self, file: Path) -> list[Any]:
        try:
            refuse_special(file)
            with file.open("rb") as stream:
                content = stream.read(MAX_FILE_BYTES + 1)
            return read_calendars(content)
        except UnicodeDecodeError as fault:
            reason = _("it is no UTF-8 text (byte {n})").format(n=fault.start)
        except (OSError, ValueError) as fault:
            reason = (fault.strerror if isinstance(fault, OSError) else None) or str(fault)
        raise SourceError(
            _("{file} cannot be read as a calendar: {reason}.").format(file=file, reason=one_line(reason, 200)),
            kind="bad_file",
            hint=_("Export it again as iCalendar (.ics)."),
        )


class _File:
    """The calendars of one file as slots."""

    def __init__(
        self, options: CalendarOptions, context: Context, file: Path, directory: Directory, calendars: list[Any]
    ) -> None:
        self._options = options
        self._context = context
        self._file = file
        self._directory = directory
        self._calendars = calendars
        self._people = {fold_text(word): who for word, who in options.people.items()}
        self._ticket = re.compile(options.ticket_pattern) if options.ticket_pattern else None
        self._nobodys = 0

    def doubts(self) -> list[Problem]:
        """What to know of the events that gave nothing, once all were read."""
        if not self._nobodys:
            return []
        message = ngettext(
            "{n} event of {file} is left out: its {agent} names nobody. Say under sources.{source}.agent where the person stands.",
            "{n} events of {file} are left out: their {agent} names nobody. Say under sources.{source}.agent where the person stands.",
            self._nobodys,
        ).format(n=self._nobodys, file=self._file.name, agent=self._options.agent, source=self._context.source)
        return [Problem("slot", message)]

    def rows(self, since: int) -> Iterator[Slot | Reject]:
        end = self._context.now() + self._options.days_ahead * DAY
        for calendar in self._calendars:
            name = one_line(calendar.get("X-WR-CALNAME", ""), 120)
            for count, made in enumerate(expand(calendar, since, end, self._zone(calendar))):
                if count % 200 == 0 and self._context.cancelled():
                    raise Cancelled(_("Stopped while reading {file}.").format(file=self._file))
                if isinstance(made, Reject):
                    yield Reject(f"{self._file.name} {made.place}", made.reason)
                else:
                    yield from self._slots(made, name)

    def _zone(self, calendar: Any) -> ZoneInfo:
        """The calendar's own zone where it names one that is known, else the options', else the desk's."""
        said = one_line(calendar.get("X-WR-TIMEZONE", ""), 60)
        try:
            check_zone(said)
        except ValueError:
            said = ""
        return ZoneInfo(self._options.zone or said or self._context.zone)

    def _slots(self, found: Occurrence, calendar: str) -> Iterator[Slot]:
        event = found.event
        if str(event.get("STATUS", "")).upper() == "CANCELLED":
            return
        kind, activity = self._kind(event)
        if kind is None:
            return
        named = [who for who in self._who(event, calendar) if who]
        self._nobodys += not named and not (self._options.agent == "attendee" and event.get("ATTENDEE"))
        for who in named:
            agent = self._agent(who)
            if agent is None:
                continue
            yield Slot(
                id=self._context.key("slot", f"{found.uid}\x1f{found.started_at}\x1f{found.number}\x1f{agent}"),
                kind=kind,
                activity=activity,
                agent_id=agent,
                started_at=found.started_at,
                ended_at=found.ended_at,
                ticket_id=self._ticket_of(event),
            )

    def _kind(self, event: Any) -> tuple[str | None, str | None]:
        """(kind, activity): by category, else by summary. What takes no time (transparent) counts only if named."""
        categories = _categories(event)
        for said in [*categories, one_line(event.get("SUMMARY", ""), 500)]:
            for kind in KINDS:
                for pattern in getattr(self._options, kind):
                    if fnmatch.fnmatchcase(said.casefold(), pattern.casefold()):
                        return kind, categories[0] if categories else one_line(pattern.strip("* "), 60) or None
        if str(event.get("X-MICROSOFT-CDO-BUSYSTATUS", "")).upper() == "OOF":
            return "off", categories[0] if categories else None
        if self._options.kind == "none" or str(event.get("TRANSP", "")).upper() == "TRANSPARENT":
            return None, None
        return self._options.kind, categories[0] if categories else None

    def _who(self, event: Any, calendar: str) -> Iterable[str]:
        """Addresses or names, each once."""
        by = self._options.agent
        if by == "attendee":
            attendees = event.get("ATTENDEE") or []
            listed = attendees if isinstance(attendees, list) else [attendees]
            return dict.fromkeys(_address(one) for one in listed if _partstat(one) != "DECLINED")
        if by == "organizer":
            return [_address(event.get("ORGANIZER", ""))]
        if by == "file":
            return [self._file.stem]
        if by == "calendar":
            return [calendar or self._file.stem]
        summary = one_line(event.get("SUMMARY", ""), 200)
        folded = fold_text(summary)
        named = [word for word in self._people if word in folded]
        return [max(named, key=len)] if named else [] if self._people else [summary]

    def _agent(self, who: str) -> int | None:
        said = self._people.get(fold_text(who), who)
        if not said:
            return None
        if not self._options.agents_of:
            return self._directory.agent(said)
        return row_key(self._options.agents_of, "agent", "@" + fold_text(said) if "@" in said else fold_text(said))

    def _ticket_of(self, event: Any) -> int | None:
        found = self._ticket.search(one_line(event.get("SUMMARY", ""), 500)) if self._ticket else None
        return row_key(self._options.tickets_of, "ticket", found[1]) if found and found[1] else None


def _address(value: Any) -> str:
    return re.sub(r"^mailto:", "", one_line(value, 200), flags=re.IGNORECASE)


def _partstat(value: Any) -> str:
    return str(getattr(value, "params", {}).get("PARTSTAT", "")).upper()


def _categories(event: Any) -> list[str]:
    found = event.get("CATEGORIES") or []
    parts = [part for one in (found if isinstance(found, list) else [found]) for part in getattr(one, "cats", [one])]
    return [text for part in parts if (text := one_line(part, 60))]
