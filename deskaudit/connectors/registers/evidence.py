"""Registers of what was done: restore tests, reviews, breaches."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, ClassVar, Literal

from deskaudit.connectors.registers.entries import Entry, Links, check_filled, check_spans, span
from deskaudit.i18n import _
from deskaudit.model.entities import Record, Row
from deskaudit.text import one_line


class Restore(Entry, frozen=True, kw_only=True, forbid_unknown_fields=True):
    backup: str
    on: date
    by: str = ""
    result: Literal["ok", "failed"] = "ok"
    took: str = ""

    help: ClassVar[dict[str, str]] = {
        "backup": "The backup job, its target, or one of the machines it covers.",
        "on": "The day of the restore.",
        "by": "Who did it: address or name.",
        "result": "ok or failed.",
        "took": "How long it took: 40m, 3h.",
    }
    example: ClassVar[dict[str, Any]] = {
        "backup": "file-server",
        "on": date(2026, 3, 12),
        "by": "ola@example.com",
        "result": "ok",
        "took": "40m",
    }

    def __post_init__(self) -> None:
        check_filled(backup=self.backup)
        check_spans(took=self.took)

    def rows(self, links: Links) -> Iterator[Row]:
        yield Record(
            id=links.id("record", "restored", self.backup, self.on, self.by),
            kind="restored",
            happened_at=links.at(self.on),
            agent_id=links.agent(self.by),
            about=one_line(self.backup),
            result=self.result,
            duration_s=span(self.took),
        )


class Review(Entry, frozen=True, kw_only=True, forbid_unknown_fields=True):
    about: str
    on: date
    by: str = ""
    result: str = ""

    help: ClassVar[dict[str, str]] = {
        "about": "What was looked over: access, asset list, or a thing of your own.",
        "on": "The day.",
        "by": "Who did it: address or name.",
        "result": "What came of it.",
    }
    example: ClassVar[dict[str, Any]] = {
        "about": "access",
        "on": date(2026, 3, 20),
        "by": "boss@example.com",
        "result": "two accounts closed",
    }

    def __post_init__(self) -> None:
        check_filled(about=self.about)

    def rows(self, links: Links) -> Iterator[Row]:
        yield Record(
            id=links.id("record", "reviewed", self.about, self.on, self.by),
            kind="reviewed",
            happened_at=links.at(self.on),
            agent_id=links.agent(self.by),
            about=one_line(self.about),
            result=one_line(self.result) or None,
        )


class Breach(Entry, frozen=True, kw_only=True, forbid_unknown_fields=True):
    title: str
    known: datetime
    reported: datetime | None = None

    help: ClassVar[dict[str, str]] = {
        "title": "The breach of personal data, in a few words and without names.",
        "known": "When the desk became aware of it.",
        "reported": "When it was reported to the authority; left out: it was not.",
    }
    example: ClassVar[dict[str, Any]] = {
        "title": "Laptop lost on a train",
        "known": datetime(2026, 2, 3, 9, 30),  # noqa: DTZ001 - as it stands in a file, in the desk's zone
        "reported": datetime(2026, 2, 4, 15, 0),  # noqa: DTZ001 - as it stands in a file, in the desk's zone
    }

    def __post_init__(self) -> None:
        check_filled(title=self.title)
        if self.reported is not None and (self.reported.tzinfo is None) != (self.known.tzinfo is None):
            raise ValueError(_("known and reported both have an offset, or neither has"))
        if self.reported is not None and self.reported < self.known:
            raise ValueError(_("it was reported before it was known"))

    def rows(self, links: Links) -> Iterator[Row]:
        known, reported = links.at(self.known), links.at(self.reported)
        yield Record(
            id=links.id("record", "breach", self.title, self.known),
            kind="breach",
            happened_at=known,
            about=one_line(self.title),
            result="open" if reported is None else "reported",
            duration_s=None if reported is None or known is None else reported - known,
        )
