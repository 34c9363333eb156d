"""Registers of what shall be: service levels, escalation, roles, retention, goals, and what is required."""

from collections.abc import Iterator
from datetime import date
from typing import Any, ClassVar, Literal

import msgspec

from deskaudit.connectors.mapping import PRIORITIES
from deskaudit.connectors.registers.entries import Entry, Links, Table, check_filled, check_spans, read_share, span
from deskaudit.i18n import _
from deskaudit.model.entities import Policy, Row, Stat
from deskaudit.text import one_line


class ServiceLevel(Entry, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str
    response: str = ""
    resolve: str = ""
    hours: bool = False
    escalation: bool = False
    scope: str = ""
    owner: str = ""
    version: str = ""
    active: bool = True

    help: ClassVar[dict[str, str]] = {
        "name": "The priority (P1 to P4) or the level's name that the promise is about.",
        "response": "Until when the first answer is promised: 30m, 4h, 1d.",
        "resolve": "Until when the solution is promised.",
        "hours": "Whether the opening hours in which the clock runs are defined.",
        "escalation": "Whether it is defined what happens when the time runs out.",
        "scope": "The customer or service it is for; left out: all.",
        "owner": "Who answers for it: address or name.",
        "version": "Its version.",
        "active": "false: it is not in force any more.",
    }
    example: ClassVar[dict[str, Any]] = {
        "name": "P1",
        "response": "1h",
        "resolve": "4h",
        "hours": True,
        "escalation": True,
        "scope": "",
        "owner": "boss@example.com",
        "version": "2026",
        "active": True,
    }

    def __post_init__(self) -> None:
        check_filled(name=self.name)
        check_spans(response=self.response, resolve=self.resolve)

    def rows(self, links: Links) -> Iterator[Row]:
        yield Policy(
            id=links.id("policy", "sla", self.name, self.scope),
            kind="sla",
            name=one_line(self.name, 120),
            scope=one_line(self.scope, 120) or None,
            owner_id=links.agent(self.owner),
            active=self.active,
            version=self.version or None,
            response_s=span(self.response),
            resolve_s=span(self.resolve),
            has_hours=self.hours,
            has_escalation=self.escalation,
        )


class Escalation(Entry, frozen=True, kw_only=True, forbid_unknown_fields=True):
    priority: str
    type: str = ""
    group: str = ""
    after: str = ""
    share: float | str | None = None
    contact: str = ""

    help: ClassVar[dict[str, str]] = {
        "priority": "P1 to P4.",
        "type": "The type of ticket, as the tickets have it; left out: any.",
        "group": "The department or team that it goes to.",
        "after": "How long after creation: 30m, 4h.",
        "share": "Or when this share of the promised time has passed: 0.75, or 75 %.",
        "contact": "Who is told: address or name.",
    }
    example: ClassVar[dict[str, Any]] = {
        "priority": "P1",
        "type": "incident",
        "group": "Second line",
        "after": "30m",
        "share": 0.75,
        "contact": "oncall@example.com",
    }

    def __post_init__(self) -> None:
        if self.priority not in PRIORITIES:
            raise ValueError(_('"{value}" is no priority; write P1, P2, P3 or P4').format(value=self.priority))
        read_share(self.share)
        check_spans(after=self.after)

    def rows(self, links: Links) -> Iterator[Row]:
        """A cell of the matrix. `has_escalation`: it is whole, with group, time and contact."""
        yield Policy(
            id=links.id("policy", "escalation", self.priority, self.type),
            kind="escalation",
            name=self.priority,
            scope=one_line(self.type, 120) or None,
            owner_id=links.agent(self.contact),
            active=True,
            target=one_line(self.group, 120) or None,
            response_s=span(self.after),
            value=read_share(self.share),
            has_escalation=bool(self.group and self.contact and (self.after or self.share)),
        )


class Role(Entry, frozen=True, kw_only=True, forbid_unknown_fields=True):
    position: str
    may: list[str]
    system: str = ""
    owner: str = ""

    help: ClassVar[dict[str, str]] = {
        "position": "The position, as the list of people has it.",
        "may": "The roles or rights that its people may have, as the software calls them.",
        "system": "Where that holds; left out: everywhere.",
        "owner": "Who grants it: address or name.",
    }
    example: ClassVar[dict[str, Any]] = {
        "position": "technician",
        "may": ["agent"],
        "system": "liveagent",
        "owner": "boss@example.com",
    }

    def __post_init__(self) -> None:
        check_filled(position=self.position)

    def rows(self, links: Links) -> Iterator[Row]:
        """One row for each right; a position that may nothing has one without."""
        for right in dict.fromkeys(self.may) or [""]:
            yield Policy(
                id=links.id("policy", "role", self.position, self.system, right),
                kind="role",
                name=one_line(self.position, 120),
                scope=one_line(self.system, 120) or None,
                owner_id=links.agent(self.owner),
                active=True,
                target=one_line(right, 120) or None,
            )


class Retention(Entry, frozen=True, kw_only=True, forbid_unknown_fields=True):
    what: str
    days: int
    owner: str = ""
    reason: str = ""

    help: ClassVar[dict[str, str]] = {
        "what": "tickets, recordings, chats, or what else is kept.",
        "days": "How many days after closing it is kept at most.",
        "owner": "Who sees to it: address or name.",
        "reason": "Why so long: the law or contract.",
    }
    example: ClassVar[dict[str, Any]] = {
        "what": "tickets",
        "days": 1095,
        "owner": "dpo@example.com",
        "reason": "limitation of claims",
    }

    def __post_init__(self) -> None:
        check_filled(what=self.what)
        if not 0 < self.days < 40_000:
            raise ValueError(_("days is a number from 1 to 40000"))

    def rows(self, links: Links) -> Iterator[Row]:
        yield Policy(
            id=links.id("policy", "retention", self.what),
            kind="retention",
            name=one_line(self.what, 120),
            scope=one_line(self.reason, 200) or None,
            owner_id=links.agent(self.owner),
            active=True,
            value=float(self.days),
        )


class Measured(Table, frozen=True, kw_only=True, forbid_unknown_fields=True):
    on: date
    value: float

    help: ClassVar[dict[str, str]] = {"on": "The day.", "value": "What was reached by then."}


class Goal(Entry, frozen=True, kw_only=True, forbid_unknown_fields=True):
    metric: str
    target: float
    start: date
    due: date
    agent: str = ""
    better: Literal["higher", "lower"] = "higher"
    owner: str = ""
    measured: list[Measured] = msgspec.field(default_factory=list)

    may_lie_ahead: ClassVar[frozenset[str]] = frozenset({"start", "due"})
    help: ClassVar[dict[str, str]] = {
        "metric": "What is measured: the id of a check, as 18.1, or a name of your own.",
        "target": "What shall be reached.",
        "start": "From when it holds.",
        "due": "By when it shall be reached.",
        "agent": "Whose goal it is: address or name; left out: the whole desk's.",
        "better": "Whether higher or lower is better.",
        "owner": "Who agreed on it: address or name.",
        "measured": "What was reached by which day.",
    }
    example: ClassVar[dict[str, Any]] = {
        "metric": "resolved within 24 h",
        "target": 0.95,
        "start": date(2026, 1, 1),
        "due": date(2026, 6, 30),
        "agent": "ola@example.com",
        "better": "higher",
        "owner": "boss@example.com",
        "measured": [{"on": date(2026, 3, 31), "value": 0.93}],
    }

    def __post_init__(self) -> None:
        check_filled(metric=self.metric)
        if self.due < self.start:
            raise ValueError(_("due lies before start"))

    def rows(self, links: Links) -> Iterator[Row]:
        """The goal, and what was measured as stats called goal, about "metric: agent"."""
        about = f"{self.metric}: {self.agent}" if self.agent else self.metric
        agent = links.agent(self.agent)
        goal = links.id("policy", "goal", self.metric, self.agent, self.start)
        yield Policy(
            id=goal,
            kind="goal",
            name=one_line(self.metric, 120),
            agent_id=agent,
            owner_id=links.agent(self.owner),
            active=True,
            target=self.better,
            value=self.target,
            started_at=links.at(self.start),
            expires_at=links.at(self.due, ends=True),
        )
        for one in self.measured:
            yield Stat(
                id=links.id("stat", "goal", goal, one.on),
                ext_id=str(goal),
                name="goal",
                about=one_line(about if "@" not in about else self.metric, 200),
                happened_at=links.at(one.on),
                value=one.value,
            )


class Required(Entry, frozen=True, kw_only=True, forbid_unknown_fields=True):
    what: Literal["course", "certificate", "setting", "task"]
    name: str
    of: str = ""
    value: float | None = None
    every: str = ""

    help: ClassVar[dict[str, str]] = {
        "what": "course or certificate (of people), setting (of security), task (after tickets of a category).",
        "name": "The course, the certificate, the setting (password_min_length, password_max_age_days), the category.",
        "of": "The position it is required of; left out: everybody. Of a task: what is to be done.",
        "value": "Of a setting: the value.",
        "every": "Of a course: how often, as 52w.",
    }
    example: ClassVar[dict[str, Any]] = {
        "what": "course",
        "name": "Data protection",
        "of": "technician",
        "value": 15.0,
        "every": "52w",
    }

    def __post_init__(self) -> None:
        check_filled(name=self.name)
        check_spans(every=self.every)

    def rows(self, links: Links) -> Iterator[Row]:
        yield Policy(
            id=links.id("policy", "required", self.what, self.name, self.of),
            kind="required",
            scope=self.what,
            name=one_line(self.name, 120),
            active=True,
            target=one_line(self.of, 120) or None,
            value=self.value,
            every_s=span(self.every),
        )
