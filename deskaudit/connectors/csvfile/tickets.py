"""One ticket out of the cells of its row, or of the events that make it."""

from collections import Counter
from collections.abc import Callable, Sequence

import msgspec

from deskaudit.connectors import Context
from deskaudit.connectors.csvfile.directory import Directory
from deskaudit.connectors.csvfile.options import CsvOptions
from deskaudit.connectors.csvfile.vocabulary import Vocabulary
from deskaudit.connectors.tabular.cells import Words, fold_set, fold_text, read_duration, read_number
from deskaudit.connectors.tabular.dates import DateReader, unread
from deskaudit.connectors.tabular.sheets import RowFault, Tally, whole_seconds
from deskaudit.i18n import _
from deskaudit.model.batches import Problem
from deskaudit.model.entities import Rating, Row, Ticket, TicketField, TicketTag
from deskaudit.model.ratings import judge
from deskaudit.text import one_line, web_address

CLOCK_SLACK = 86400
"""A time so far ahead of now is no past event; zones and clocks that go wrong stay within it."""


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What the events of a ticket say and no single row does. Epoch seconds."""

    created_at: int
    changed_at: int
    first_response_at: int | None = None
    resolved_at: int | None = None
    closed_at: int | None = None


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """One ticket in the file: where it stands, what its fields say, all that a repeated column says, how times are read."""

    place: Callable[[], str]
    cells: dict[str, str]
    texts: Callable[[str], list[str]]
    dates: DateReader


class TicketMaker:
    """Makes rows and counts what it could not make sense of."""

    def __init__(self, options: CsvOptions, context: Context, directory: Directory, tally: Tally) -> None:
        self._options = options
        self._context = context
        self._directory = directory
        self._tally = tally
        self._names = options.all_fields()
        self._latest = context.now() + CLOCK_SLACK
        self.vocabulary = Vocabulary(options)
        self._custom = [(":" + name, one_line(name, 80)) for name in options.fields]
        self._words = Words(options.flags)
        self._scores = {fold_text(word): score for word, score in options.ratings.words.items()}
        self._unanswered = fold_set(options.ratings.unanswered)
        self._not_sent = fold_set(options.ratings.not_sent)
        self._oddities: Counter[str] = Counter()
        self._odd_sample: dict[str, str] = {}

    def make(self, key: str, source: Source, told: Told | None = None) -> list[Row]:
        """The ticket and what hangs on it. Raises RowFault where it cannot be a ticket; lesser faults are tallied."""
        said = source.cells.get
        times = self._times(source, told)
        tags = self.vocabulary.tags(source.texts("labels")) if "labels" in self._names else []
        words = self.vocabulary.read(source.cells, tags)
        for what, word in words.unknown:
            if told is None or what != "status":  # of a log, each event's status is counted
                self.vocabulary.count_unknown(what, word)
        merged = said("merged_into", "")
        unread = "unknown" if told is None else None  # a log's last status is what it is, and no time says otherwise
        ticket = Ticket(
            id=self._context.key("ticket", key),
            ext_id=one_line(key, 80),
            code=one_line(said("code", "") or key, 80),
            title=one_line(said("title", "")) or None,
            url=web_address(said("url", "")),
            channel=words.channel,
            status=words.status if words.status not in {None, unread} else self._status_of(times),
            status_raw=words.status_raw,
            type=words.type,
            category=words.category,
            priority=words.priority,
            language=words.language,
            service=words.service,
            company=words.company,
            department_id=self._directory.department(said("department", "")),
            agent_id=self._directory.agent(said("agent", ""), said("agent_email", "")),
            contact_id=self._directory.contact(said("requester", ""), said("country", ""), words.company or ""),
            sla_level=one_line(said("sla_level", ""), 60) or None,
            vendor_response_met=self._flag(source, "response_met"),
            vendor_resolve_met=self._flag(source, "resolve_met"),
            vendor_overdue=self._flag(source, "overdue"),
            reply_count=self._count(source, "reply_count"),
            reopen_count=self._count(source, "reopen_count"),
            merged_into=self._context.key("ticket", merged) if merged else None,
            is_test=words.is_test,
            **times,
        )
        self._look_for_oddities(ticket, said("url", ""))
        return [ticket, *self._tags(ticket, tags), *self._fields(ticket, source), *self._rating(ticket, source)]

    def problems(self, source: str, without_status: Sequence[str] = ()) -> list[Problem]:
        """What the user should know: words without a meaning, and times that contradict each other."""
        found = self.vocabulary.problems(source, without_status)
        messages = {
            "early": _("{n} first answers lie before the creation of their ticket, as {sample}."),
            "closed": _("{n} tickets were closed before they were resolved, as {sample}."),
            "link": _("{n} tickets have an address that is none of the web, as {sample}: it is left out."),
            "rated": _("{n} ratings have no time of their own: that of the ticket's end (or creation) stands for it."),
        }
        for what, n in self._oddities.items():
            found.append(Problem("ticket", messages[what].format(n=n, sample=self._odd_sample[what])))
        return found

    def time(self, source: Source, field: str, *, up: bool = False, ends_day: bool = False) -> int | None:
        """A time column in whole seconds; None where it is missing. An unreadable cell is tallied and None."""
        cell = source.cells.get(field, "")
        if not cell:
            return None
        try:
            seconds = source.dates.read(cell, ends_day=ends_day)
        except (ValueError, OverflowError):
            self._fault(source, field, unread(cell), cell)
            return None
        if seconds is None:
            return None
        if seconds > self._latest and not ends_day:
            self._fault(source, field, _("it lies in the future"), cell)
            return None
        return whole_seconds(seconds, up=up)

    def _times(self, source: Source, told: Told | None) -> dict[str, int | None]:
        created = told.created_at if told and "created_at" not in self._names else self.time(source, "created_at")
        if created is None:
            column = self._names["created_at"]
            raise RowFault(column, _("a ticket without a time of creation is kept out"))
        times: dict[str, int | None] = {
            "created_at": created,
            "changed_at": self.time(source, "changed_at"),
            "first_response_at": self._end(source, "first_response", created),
            "resolved_at": self._end(source, "resolved", created),
            "closed_at": self.time(source, "closed_at", up=True),
            "deleted_at": self.time(source, "deleted_at"),
            "response_due_at": self.time(source, "response_due_at", ends_day=True),
            "resolve_due_at": self.time(source, "resolve_due_at", ends_day=True),
        }
        if told:
            for name in ("changed_at", "first_response_at", "resolved_at", "closed_at"):
                if name not in self._names:
                    times[name] = getattr(told, name)
        for name in ("resolved_at", "closed_at"):
            done = times[name]
            if done is not None and done < created:
                self._fault(
                    source, name, _("it lies before the creation; the time is kept out"), source.cells.get(name, "")
                )
                times[name] = None
        return times

    def _status_of(self, times: dict[str, int | None]) -> str:
        """Where the status says nothing: what the times say. Open only where they could have said resolved or closed."""
        for name, status in (("deleted_at", "deleted"), ("closed_at", "closed"), ("resolved_at", "resolved")):
            if times[name] is not None:
                return status
        return "open" if self.tells_by_times else "unknown"

    @property
    def tells_by_times(self) -> bool:
        """Whether the file's times tell which tickets are open."""
        return bool({"resolved_at", "resolved_after", "closed_at"} & self._names.keys())

    def _end(self, source: Source, what: str, created: int) -> int | None:
        after = f"{what}_after"
        if after not in self._names:
            return self.time(source, f"{what}_at", up=True)
        cell = source.cells.get(after, "")
        if not cell:
            return None
        try:
            lasted = read_duration(cell, self._options.duration_unit, self._options.decimal)
        except ValueError as fault:
            self._fault(source, after, _("no duration") + ("" if str(fault) == cell else f" ({fault})"), cell)
            return None
        if created + lasted > self._latest:
            self._fault(source, after, _("it ends in the future"), cell)
            return None
        return whole_seconds(created + lasted, up=True)

    def _flag(self, source: Source, field: str) -> bool | None:
        cell = source.cells.get(field, "")
        if not cell:
            return None
        try:
            return self._words.read(cell)
        except ValueError:
            self._fault(source, field, _("neither yes nor no; add it to flags"), cell)
            return None

    def _count(self, source: Source, field: str) -> int | None:
        cell = source.cells.get(field, "")
        if not cell:
            return None
        if len(cell) <= 9 and cell.isascii() and cell.isdigit():
            return int(cell)
        try:
            number = read_number(cell, self._options.decimal)
        except ValueError:
            number = -1.0
        if not 0 <= number <= 1e9 or number != int(number):
            self._fault(source, field, _("no count"), cell)
            return None
        return int(number)

    def _tags(self, ticket: Ticket, tags: Sequence[str]) -> list[TicketTag]:
        return [
            TicketTag(id=self._context.key("ticket_tag", f"{ticket.id}\x1f{tag}"), ticket_id=ticket.id, tag=tag)
            for tag in tags
        ]

    def _fields(self, ticket: Ticket, source: Source) -> list[TicketField]:
        return [
            TicketField(
                id=self._context.key("ticket_field", f"{ticket.id}\x1f{name}"),
                ticket_id=ticket.id,
                name=name,
                value=one_line(value, 200),
            )
            for field, name in self._custom
            if (value := source.cells.get(field, ""))
        ]

    def _rating(self, ticket: Ticket, source: Source) -> list[Rating]:
        if "score" not in self._names:
            return []
        cell = source.cells.get("score", "")
        word = fold_text(cell)
        if word in self._not_sent or (not cell and self._options.ratings.empty == "not_sent"):
            return []
        score = None if not cell or word in self._unanswered else self._score(source, cell)
        if cell and score is None and word not in self._unanswered:
            return []
        low, high = self._options.ratings.scale
        satisfied, bad = judge(score, low, high)
        rated = self.time(source, "rated_at")
        sent = self.time(source, "survey_sent_at")
        if rated is None and sent is None:
            sent = ticket.closed_at or ticket.resolved_at or ticket.created_at
            if score is not None:
                self._note_odd("rated", ticket)
        return [
            Rating(
                id=self._context.key("rating", ticket.id),
                ticket_id=ticket.id,
                agent_id=ticket.agent_id,
                department_id=ticket.department_id,
                contact_id=ticket.contact_id,
                sent_at=sent if sent is not None else rated,
                rated_at=None if score is None else rated if rated is not None else sent,
                score=score,
                scale_min=low,
                scale_max=high,
                satisfied=satisfied,
                low=bad,
                has_comment=bool(source.cells.get("comment", "")) if "comment" in self._names else None,
            )
        ]

    def _score(self, source: Source, cell: str) -> float | None:
        low, high = self._options.ratings.scale
        score = self._scores.get(cell)
        if score is None:
            try:
                score = self._scores.get(fold_text(cell))
                score = read_number(cell, self._options.decimal) if score is None else score
            except ValueError:
                self._fault(source, "score", _("no score; add it to ratings.words"), cell)
                return None
            self._scores[cell] = score
        if not low <= score <= high:
            self._fault(source, "score", _("outside of ratings.scale"), cell)
            return None
        return score

    def _look_for_oddities(self, ticket: Ticket, url: str) -> None:
        if url and ticket.url is None:
            self._note_odd("link", ticket)
        created, answered, resolved = ticket.created_at or 0, ticket.first_response_at, ticket.resolved_at
        if answered is not None and answered < created:
            self._note_odd("early", ticket)
        if ticket.closed_at is not None and resolved is not None and ticket.closed_at < resolved:
            self._note_odd("closed", ticket)

    def _note_odd(self, what: str, ticket: Ticket) -> None:
        self._oddities[what] += 1
        self._odd_sample.setdefault(what, ticket.code or "")

    def _fault(self, source: Source, field: str, reason: str, cell: str) -> None:
        self._tally.add(source.place(), self._names.get(field, field), reason, cell)
