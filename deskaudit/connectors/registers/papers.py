"""Registers of what is written down: procedures, documents, changes, the steps by which documents are kept current."""

from collections.abc import Iterator
from datetime import date
from typing import Any, ClassVar, Literal

import msgspec

from deskaudit.connectors.registers.entries import (
    Approval,
    Confirmation,
    Entry,
    Links,
    Test,
    check_filled,
    check_web,
    proofs,
)
from deskaudit.model.entities import Document, Record, Row
from deskaudit.text import one_line


class Procedure(Entry, frozen=True, kw_only=True, forbid_unknown_fields=True):
    title: str
    category: str
    owner: str = ""
    version: str = ""
    language: str = ""
    url: str = ""
    updated: date | None = None
    reviewed: date | None = None
    tests: list[Test] = msgspec.field(default_factory=list)

    help: ClassVar[dict[str, str]] = {
        "title": "What the procedure is called.",
        "category": "The category of tickets it is for, as the tickets have it; one entry for each category.",
        "owner": "Who keeps it current: address or name.",
        "version": "Its version.",
        "language": "Its language.",
        "url": "Where it is on the web.",
        "updated": "When it last changed.",
        "reviewed": "When somebody last looked it over.",
        "tests": "When it was tried on a real case or a made-up one, and how that went.",
    }
    example: ClassVar[dict[str, Any]] = {
        "title": "Reset a forgotten password",
        "category": "account",
        "owner": "kari@example.com",
        "version": "3",
        "language": "en",
        "url": "https://wiki.example.com/reset-password",
        "updated": date(2026, 2, 1),
        "reviewed": date(2026, 2, 1),
        "tests": [{"on": date(2026, 2, 3), "by": "ola@example.com", "result": "passed"}],
    }

    def __post_init__(self) -> None:
        check_filled(title=self.title, category=self.category)
        check_web(self.url)

    def rows(self, links: Links) -> Iterator[Row]:
        about = links.id("document", "procedure", self.category, self.title)
        yield Document(
            id=about,
            kind="procedure",
            title=one_line(self.title),
            url=one_line(self.url, 500) or None,
            language=self.language or None,
            owner_id=links.agent(self.owner),
            version=self.version or None,
            category=one_line(self.category, 120),
            updated_at=links.at(self.updated),
            reviewed_at=links.at(self.reviewed),
        )
        yield from proofs(links, "tested", self.title, about, self.tests)


class Paper(Entry, frozen=True, kw_only=True, forbid_unknown_fields=True):
    title: str
    kind: Literal["rule", "policy", "job", "training", "report", "survey"]
    owner: str = ""
    version: str = ""
    language: str = ""
    url: str = ""
    category: str = ""
    updated: date | None = None
    reviewed: date | None = None
    questions: int | None = None
    words_per_sentence: float | None = None
    confirmed: list[Confirmation] = msgspec.field(default_factory=list)

    help: ClassVar[dict[str, str]] = {
        "title": "What the document is called.",
        "kind": "rule or policy (staff follow it), job (a job description), training (material), report (one that was made), survey (its questions).",
        "owner": "Who keeps it current: address or name.",
        "version": "The version in force.",
        "language": "Its language.",
        "url": "Where it is on the web.",
        "category": "Of a job description the position; of training material the course; of a report what it is about, as satisfaction.",
        "updated": "When this version came into force, or the report was made.",
        "reviewed": "When somebody last looked it over.",
        "questions": "Of a survey: how many questions it asks.",
        "words_per_sentence": "How long its sentences are on average, where you had that counted.",
        "confirmed": "Who has read this version.",
    }
    example: ClassVar[dict[str, Any]] = {
        "title": "Rules for passwords",
        "kind": "policy",
        "owner": "kari@example.com",
        "version": "2",
        "language": "en",
        "url": "https://wiki.example.com/passwords",
        "category": "security",
        "updated": date(2026, 1, 10),
        "reviewed": date(2026, 1, 10),
        "questions": 3,
        "words_per_sentence": 14.5,
        "confirmed": [{"by": "ola@example.com", "on": date(2026, 1, 12), "version": "2"}],
    }

    def __post_init__(self) -> None:
        check_filled(title=self.title)
        check_web(self.url)

    def rows(self, links: Links) -> Iterator[Row]:
        about = document_id(links, self.title)
        yield Document(
            id=about,
            kind=self.kind,
            title=one_line(self.title),
            url=one_line(self.url, 500) or None,
            language=self.language or None,
            owner_id=links.agent(self.owner),
            version=self.version or None,
            category=one_line(self.category, 120) or None,
            updated_at=links.at(self.updated),
            reviewed_at=links.at(self.reviewed),
            questions=self.questions,
            words_per_sentence=self.words_per_sentence,
        )
        yield from proofs(links, "confirmed", self.title, about, self.confirmed, self.version)


def document_id(links: Links, title: str) -> int:
    """The id of a document of the register by its title."""
    return links.id("document", "paper", title)


class Change(Entry, frozen=True, kw_only=True, forbid_unknown_fields=True):
    title: str
    kind: Literal["change", "customisation"] = "change"
    owner: str = ""
    version: str = ""
    live: date | None = None
    approved: list[Approval] = msgspec.field(default_factory=list)
    tests: list[Test] = msgspec.field(default_factory=list)
    documents: list[str] = msgspec.field(default_factory=list)

    may_lie_ahead: ClassVar[frozenset[str]] = frozenset({"live"})
    help: ClassVar[dict[str, str]] = {
        "title": "What was changed.",
        "kind": "customisation: of the help desk software; change: of a rule, a process or anything else.",
        "owner": "Who answers for it: address or name.",
        "version": "A number of it, where it has one.",
        "live": "Since when it is in force.",
        "approved": "Who approved it.",
        "tests": "How it was tried before.",
        "documents": "Titles in documents.toml that have to be brought up to date because of it.",
    }
    example: ClassVar[dict[str, Any]] = {
        "title": "Field for the building in the form",
        "kind": "customisation",
        "owner": "kari@example.com",
        "version": "1",
        "live": date(2026, 3, 2),
        "approved": [{"on": date(2026, 2, 25), "by": "boss@example.com"}],
        "tests": [{"on": date(2026, 2, 27), "by": "ola@example.com", "result": "passed"}],
        "documents": ["Rules for passwords"],
    }

    def __post_init__(self) -> None:
        check_filled(title=self.title)

    def rows(self, links: Links) -> Iterator[Row]:
        about = links.id("document", "change", self.title, self.live or "")
        live = links.at(self.live)
        yield Document(
            id=about,
            kind="change",
            title=one_line(self.title),
            owner_id=links.agent(self.owner),
            version=self.version or None,
            category=self.kind,
            live_at=live,
        )
        yield from proofs(links, "approved", self.title, about, self.approved)
        yield from proofs(links, "tested", self.title, about, self.tests)
        for title in self.documents:
            yield Record(
                id=links.id("record", "change", about, title),
                kind="change",
                happened_at=live,
                about=one_line(title),
                about_id=document_id(links, title),
                result=one_line(self.title, 120),
            )


class Step(Entry, frozen=True, kw_only=True, forbid_unknown_fields=True):
    title: str
    owner: str = ""
    reviewed: date | None = None

    help: ClassVar[dict[str, str]] = {
        "title": "One step of the process by which rules and procedures are kept current; in their order.",
        "owner": "Who is responsible for the step: address or name. Without one the step is a finding.",
        "reviewed": "When somebody last looked the step over.",
    }
    example: ClassVar[dict[str, Any]] = {
        "title": "Try the new version on three real tickets",
        "owner": "ola@example.com",
        "reviewed": date(2026, 1, 15),
    }

    def __post_init__(self) -> None:
        check_filled(title=self.title)

    def rows(self, links: Links) -> Iterator[Row]:
        yield Document(
            id=links.id("document", "step", self.title),
            kind="step",
            title=one_line(self.title),
            owner_id=links.agent(self.owner),
            reviewed_at=links.at(self.reviewed),
        )
