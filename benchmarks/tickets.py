"""The rows of a made-up help desk of any size: the same number of tickets gives the same rows, page by page.

Three years of tickets in eight departments. Each ticket follows one of a few stories; what would lie after `NOW` has
not happened yet, so that the youngest tickets are open. Nothing but one page is in memory.
"""

import random
from collections.abc import Iterator

from deskaudit.model.entities import (
    Agent,
    Department,
    Document,
    Event,
    Interaction,
    Policy,
    Rating,
    Row,
    SlaTerm,
    Ticket,
    TicketTag,
)
from deskaudit.model.ratings import judge

SEED = 20_260
HOUR = 3600
DAY = 86400
NOW = 1_792_065_600  # 2026-10-15 12:00 UTC, a Thursday
SPAN_DAYS = 3 * 365
START = NOW - SPAN_DAYS * DAY
PAGE = 4000  # tickets
DEPARTMENTS = ("Service line", "Hardware", "Software", "Network", "Accounts", "Sales", "Field", "Security")
AGENTS = 12  # in each department

_KINDS = ("ticket", "event", "tag", "term", "rating", "interaction", "agent", "department", "policy", "document")
_MIXER, _MASK = 0x1E3779B97F4A7C15, (1 << 63) - 1
_HOURS = (1, 1, 1, 1, 1, 2, 5, 20, 45, 50, 48, 40, 34, 42, 42, 38, 25, 14, 9, 8, 7, 5, 3, 2)
_WEEK = (1.22, 1.1, 1.0, 1.0, 0.9, 0.2, 0.15)  # NOW is a Thursday, so is START: days are counted from one
_CHANNELS = ("email",) * 9 + ("portal",) * 4 + ("phone",) * 4 + ("chat",) * 2 + ("form",)
_PRIORITIES = ("P1",) + ("P2",) * 3 + ("P3",) * 12 + ("P4",) * 4
_CATEGORIES = tuple(f"{noun} {word}" for noun in ("printer", "laptop", "vpn", "mail", "account", "phone") for word in
                    ("is slow", "is broken", "is missing", "wants a licence", "shows an error"))  # fmt: skip
_SERVICES = ("Workplace", "Messaging", "Finance", "Web shop")
_PROMISED = {"P1": (1, 8), "P2": (4, 24), "P3": (8, 72), "P4": (24, 168)}  # hours: first response, resolution

_TAKEN = (600, "assign", None, "rule")
_FIRST = (7200, "reply", None, "agent")
_ANSWERED = (1, "status", "answered", "agent")
_ASKED = (20 * HOUR, "reply", None, "contact")
_OPENED = (1, "status", "open", "system")
_AGAIN = (8 * HOUR, "reply", None, "agent")
_SOLVED = (10 * HOUR, "status", "resolved", "agent")
_HELD = (3 * HOUR, "status", "postponed", "agent")
_FREED = (30 * HOUR, "status", "open", "system")
_MOVED = (2 * HOUR, "transfer", None, "agent")
_RAISED = (4 * HOUR, "escalate", None, "agent")
_BACK = (90 * HOUR, "reply", None, "contact")

_PLAIN = (_TAKEN, _FIRST, _ANSWERED, _SOLVED)
_TALK = (_TAKEN, _FIRST, _ANSWERED, _ASKED, _OPENED, _AGAIN, _ANSWERED, _SOLVED)
_STORIES = (
    *(_PLAIN,) * 40,
    *(_TALK,) * 25,
    *((_TAKEN, _FIRST, _HELD, _FREED, _AGAIN, _SOLVED),) * 8,
    *((_TAKEN, _MOVED, _TAKEN, _FIRST, _ANSWERED, _SOLVED),) * 8,
    *((_TAKEN, _RAISED, _FIRST, _ANSWERED, _ASKED, _OPENED, _AGAIN, _SOLVED),) * 8,
    *((*_PLAIN, _BACK, _OPENED, _AGAIN, _ANSWERED, _SOLVED),) * 8,
    *((_TAKEN, (200 * HOUR, "status", "resolved", "agent")),) * 2,
    (_TAKEN, _FIRST, _ANSWERED, _ASKED, _OPENED),  # nobody ever solves it
)
"""A hundred stories; a step is the mean time since the step before it (seconds), the kind, the status, who did it."""


def key(kind: str, number: int) -> int:
    """A 63-bit id, spread as widely as a hash and never given twice."""
    return ((number << 4 | _KINDS.index(kind)) * _MIXER) & _MASK


class Desk:
    """Writes the rows of `tickets` tickets."""

    def __init__(self, tickets: int, seed: int = SEED) -> None:
        self._tickets = tickets
        self._random = random.Random(f"{seed}/{tickets}")
        self._contacts = max(20, tickets // 3)
        self._events = 0

    def pages(self) -> Iterator[list[Row]]:
        """First who works there and what is promised, then the tickets in order of creation, with all that is theirs."""
        yield list(_givens())
        rows: list[Row] = []
        for number, created_at in enumerate(self._arrivals()):
            self._write(rows, number, created_at)
            if number % PAGE == PAGE - 1:
                yield rows
                rows = []
        yield rows

    def _arrivals(self) -> Iterator[int]:
        """So many times of creation by weekday and hour, in order."""
        hours = [hour for hour, weight in enumerate(_HOURS) for _each in range(weight)]
        weights = [_WEEK[(3 + day) % 7] for day in range(SPAN_DAYS)]
        total, passed, given = sum(weights), 0.0, 0
        roll = self._random.random
        for day, weight in enumerate(weights):
            passed += weight
            due = round(self._tickets * passed / total)
            midnight = START - START % DAY + day * DAY
            yield from sorted(
                midnight + hours[int(roll() * len(hours))] * HOUR + int(roll() * HOUR) for _each in range(due - given)
            )
            given = due

    def _write(self, rows: list[Row], number: int, created_at: int) -> None:
        roll = self._random.random
        department = int(roll() ** 1.5 * len(DEPARTMENTS))
        channel = _CHANNELS[int(roll() * len(_CHANNELS))]
        priority = _PRIORITIES[int(roll() * len(_PRIORITIES))]
        category = _CATEGORIES[int(roll() ** 1.6 * len(_CATEGORIES))]
        ticket = Ticket(
            id=key("ticket", number),
            ext_id=f"t{number}",
            code=f"HD-{number:07}",
            title=f"{category}, room {number % 997}",
            url=f"https://desk.example/tickets/{number}",
            channel=channel,
            status="new",
            category=category,
            priority=priority,
            service=_SERVICES[department % len(_SERVICES)],
            department_id=key("department", department),
            contact_id=int(roll() ** 1.4 * self._contacts) + 1,
            created_at=created_at,
        )
        rows.append(ticket)
        first_reply_at, resolved_at = self._follow(rows, ticket, department)
        if number % 5 < 3:
            _promise(rows, ticket, number, first_reply_at, resolved_at)
        if number % 2:
            rows.append(TicketTag(id=key("tag", number), ticket_id=ticket.id, tag=f"cat-{category.partition(' ')[0]}"))
        if channel in {"phone", "chat"} or number % 3 == 0:
            self._ring(rows, ticket, number)
        if resolved_at is not None and number % 3 == 1:
            self._rate(rows, ticket, number, resolved_at)

    def _follow(self, rows: list[Row], ticket: Ticket, department: int) -> tuple[int | None, int | None]:
        """The ticket's story as far as it has come. Gives the time of the first answer and of the last solution."""
        random_, at = self._random, ticket.created_at or 0
        first_reply_at = resolved_at = None
        for mean, kind, status, actor in _STORIES[int(random_.random() * len(_STORIES))]:
            at += int(mean * random_.expovariate(1.0)) + 1
            if at > NOW:
                break
            if kind == "assign":
                ticket.agent_id = key("agent", department * AGENTS + int(random_.random() ** 1.3 * AGENTS))
            elif kind == "transfer":
                department = (department + 1) % len(DEPARTMENTS)
                ticket.department_id, ticket.agent_id = key("department", department), None
            elif kind == "status":
                ticket.status = status
                resolved_at = at if status == "resolved" else None
            elif first_reply_at is None and actor == "agent":
                first_reply_at = at
            self._events += 1
            rows.append(
                Event(
                    id=key("event", self._events),
                    ticket_id=ticket.id,
                    happened_at=at,
                    kind=kind,
                    actor=actor,
                    public=True if kind == "reply" else None,
                    to_value=status,
                    agent_id=ticket.agent_id,
                    department_id=ticket.department_id,
                )
            )
            ticket.changed_at = at
        return first_reply_at, resolved_at

    def _ring(self, rows: list[Row], ticket: Ticket, number: int) -> None:
        """The call or chat a ticket came from; other tickets get a call of their own."""
        random_, started_at = self._random, ticket.created_at or 0
        answered = random_.random() < 0.92
        rang = int(25 * random_.expovariate(1.0)) + 1
        rows.append(
            Interaction(
                id=key("interaction", number),
                channel="chat" if ticket.channel == "chat" else "call",
                direction="in",
                started_at=started_at,
                answered_at=started_at + rang if answered else None,
                ended_at=started_at + rang + (240 if answered else 20),
                outcome="answered" if answered else "abandoned",
                department_id=ticket.department_id,
                agent_id=ticket.agent_id,
                ticket_id=ticket.id,
            )
        )

    def _rate(self, rows: list[Row], ticket: Ticket, number: int, resolved_at: int) -> None:
        random_, sent_at = self._random, resolved_at + HOUR
        rated_at = sent_at + int(DAY * random_.expovariate(1.0))
        score = 5.0 - int(random_.random() ** 3 * 5) if random_.random() < 0.4 and rated_at <= NOW else None
        satisfied, low = judge(score, 1, 5)
        rows.append(
            Rating(
                id=key("rating", number),
                ticket_id=ticket.id,
                agent_id=ticket.agent_id,
                department_id=ticket.department_id,
                sent_at=min(sent_at, NOW),
                rated_at=None if score is None else rated_at,
                score=score,
                scale_min=1,
                scale_max=5,
                satisfied=satisfied,
                low=low,
            )
        )


def _promise(rows: list[Row], ticket: Ticket, number: int, first_reply_at: int | None, resolved_at: int | None) -> None:
    created_at, hours = ticket.created_at or 0, _PROMISED[ticket.priority or "P3"]
    ticket.sla_level = "standard"
    measures = (("first_response", first_reply_at), ("resolution", resolved_at))
    for place, (measure, closed_at) in enumerate(measures):
        rows.append(
            SlaTerm(
                id=key("term", 2 * number + place),
                ticket_id=ticket.id,
                measure=measure,
                level="standard",
                started_at=created_at,
                due_at=created_at + hours[place] * HOUR,
                closed_at=closed_at,
            )
        )


def _givens() -> Iterator[Row]:
    for number, name in enumerate(DEPARTMENTS):
        yield Department(id=key("department", number), ext_id=str(number), name=name)
        for place in range(AGENTS):
            yield Agent(
                id=key("agent", number * AGENTS + place),
                name=f"{name} {place + 1}",
                department_id=key("department", number),
                active=True,
            )
    for number, (priority, (response, resolve)) in enumerate(_PROMISED.items()):
        yield Policy(
            id=key("policy", number),
            kind="sla",
            name=priority,
            active=True,
            response_s=response * HOUR,
            resolve_s=resolve * HOUR,
            has_hours=True,
            has_escalation=True,
        )
    yield Document(id=key("document", 1), kind="survey", title="How did we do?", questions=2, updated_at=START)
