"""The life of one ticket, from the first word to the last, as steps in time."""

from bisect import bisect_left
from math import exp
from random import Random
from typing import NamedTuple

from deskaudit.demo import trends
from deskaudit.demo.hours import DAY_S, Hours
from deskaudit.demo.people import DEPARTMENTS, People

HOUR = 3_600
DAY = 86_400


class Step(NamedTuple):
    """Something that happened, and how the ticket stands after it.

    kind: new, auto, assign, transfer, reply, customer, note, postpone, resume, resolve, close, delete, spam, good, bad,
    pickup (of a chat or call). `actor` is an index of People.agents, CUSTOMER or SYSTEM. `status` is LiveAgent's letter.
    """

    at: int
    kind: str
    actor: int
    status: str
    agent: int | None
    department: int


CUSTOMER = -1
SYSTEM = -2


class Ticket:
    """A ticket with its story. `channel` is LiveAgent's letter, `category` an index into its department's list."""

    __slots__ = (
        "category",
        "channel",
        "contact",
        "created",
        "department",
        "has_level",
        "number",
        "priority",
        "steps",
        "subject",
    )

    def __init__(self, number: int, created: int, channel: str, department: int, priority: str) -> None:
        self.number = number
        self.created = created
        self.channel = channel
        self.department = department  # the first one
        self.priority = priority
        self.category = ""
        self.contact = 0
        self.subject = ""
        self.has_level = True
        self.steps: list[Step] = []


class Call(NamedTuple):
    number: int
    ticket: int | None  # Ticket.number
    outgoing: bool
    contact: int
    created: int
    answered: int | None
    finished: int


class Chat(NamedTuple):
    number: int
    ticket: int
    created: int
    started: int | None  # picked up
    finished: int
    agent: int | None
    department: int


class Writer:
    """Writes stories. It keeps the time (`now`), the people and the dice, and collects calls and chats."""

    def __init__(self, rng: Random, people: People, hours: Hours, start: int, now: int) -> None:
        self._rng = rng
        self._people = people
        self._hours = hours
        self._start = start
        self._now = now
        self.calls: list[Call] = []
        self.chats: list[Chat] = []

    def write(self, ticket: Ticket) -> None:
        """Gives the ticket its steps, none later than now."""
        self._ticket = ticket
        self._steps: list[Step] = ticket.steps
        self._department = ticket.department
        self._agent: int | None = None
        self._status = "N"
        self._x = (ticket.created - self._start) / (self._now - self._start)
        dice = self._rng.random()
        if ticket.channel == "C":
            self._call(dice)
        elif ticket.channel == "I":
            self._chat(dice)
        elif dice < 0.028:
            self._throw_away(dice)
        else:
            self._mail()
        now = self._now
        while self._steps[-1].at > now:
            self._steps.pop()

    # ── one step

    def _step(self, at: int, kind: str, actor: int, status: str = "") -> None:
        self._status = status or self._status
        last = self._steps[-1].at if self._steps else at
        self._steps.append(Step(max(at, last), kind, actor, self._status, self._agent, self._department))

    def _pick(self) -> int:
        team = self._people.teams[self._department]
        return team[int(self._rng.random() * len(team))]

    def _lognormal(self, median: float, sigma: float) -> int:
        return int(median * exp(self._rng.gauss(0.0, sigma))) + 1

    # ── how they begin

    def _throw_away(self, dice: float) -> None:
        created = self._ticket.created
        self._step(created, "new", CUSTOMER, "N")
        if dice < 0.020:
            self._step(created + 1 + int(dice * 90_000), "spam", SYSTEM, "B")
        else:
            self._agent = self._pick()
            self._step(self._hours.after(created, 1_800), "delete", self._agent, "X")

    def _call(self, dice: float) -> None:
        created, rng = self._ticket.created, self._rng
        if dice < trends.call_abandoned(self._x):
            wait = int(rng.random() * 8) + 1 if rng.random() < 0.1 else 12 + int(rng.expovariate(1 / 45))
            self._ring(created, None, created + wait, self._ticket.number)
            self._mail(called=True)
            return
        answered = created + 2 + int(rng.expovariate(1 / 14))
        length = self._lognormal(260, 0.7)
        self._ring(created, answered, answered + length, self._ticket.number)
        self._step(created, "new", CUSTOMER, "P")
        self._agent = self._pick()
        self._step(answered, "pickup", self._agent, "P")
        self._talk(answered + length)

    def _ring(self, created: int, answered: int | None, finished: int, ticket: int, *, outgoing: bool = False) -> None:
        if finished <= self._now:
            contact = self._ticket.contact
            self.calls.append(Call(len(self.calls), ticket, outgoing, contact, created, answered, finished))

    def _chat(self, dice: float) -> None:
        created = self._ticket.created
        wait = self._lognormal(trends.chat_pickup_s(self._x), 0.6)
        if dice < trends.chat_missed(self._x):
            left = created + 60 + wait
            self._keep_chat(created, None, left, None)
            self._mail()
            return
        agent = self._pick()
        length = self._lognormal(420, 0.6)
        self._keep_chat(created, created + wait, created + wait + length, agent)
        self._step(created, "new", CUSTOMER, "T")
        self._agent = agent
        self._step(created + wait, "pickup", agent, "T")
        self._talk(created + wait + length)

    def _keep_chat(self, created: int, started: int | None, finished: int, agent: int | None) -> None:
        if finished <= self._now:
            ticket = self._ticket.number
            self.chats.append(Chat(len(self.chats), ticket, created, started, finished, agent, self._department))

    def _talk(self, ended: int) -> None:
        """What follows a talk: most are solved in it, some leave work to do."""
        agent = self._agent or 0
        if self._rng.random() < 0.74:
            self._step(ended, "resolve", agent, "R")
            self._after(ended)
        else:
            self._step(ended, "resume", agent, "C")
            self._work(ended, first=0)

    def _mail(self, *, called: bool = False) -> None:
        """The usual way: waits unowned, is taken, answered, worked on, resolved."""
        ticket, rng, hours = self._ticket, self._rng, self._hours
        self._step(ticket.created, "new", CUSTOMER, "N")
        if not called:
            self._step(ticket.created + 15 + int(rng.random() * 100), "auto", SYSTEM)
        begin = hours.position(ticket.created)
        target = trends.SLA_FIRST_S[ticket.priority]
        first = self._first_response_s(target)
        if not called and ticket.priority in {"P3", "P4"} and rng.random() < trends.orphaned(self._x):
            first = int(DAY_S * (1.5 + rng.expovariate(1 / 7)))  # nobody takes it for days
            taken = int(first * 0.96)
        else:
            taken = min(self._lognormal(540, 0.9), int(first * 0.8))
        self._agent = self._pick()
        agent = self._agent
        self._agent = None
        self._assign(hours.at(begin + taken), agent)
        if rng.random() < 0.05:
            self._transfer(hours.at(begin + int(taken + (first - taken) * 0.4)))
        answered = hours.at(begin + first)
        if called:
            self._call_back(answered)
            if rng.random() < 0.08:  # settled without an answer
                self._step(answered, "resolve", self._agent or 0, "R")
                return
        if rng.random() < trends.one_touch(self._x):
            self._step(answered, "reply", self._agent or 0, "A")
            self._step(answered, "resolve", self._agent or 0, "R")
            self._after(answered)
            return
        self._step(answered, "reply", self._agent or 0, "A")
        self._wait_and_work(answered, first)

    def _first_response_s(self, target: int) -> int:
        ticket, rng = self._ticket, self._rng
        if rng.random() < trends.first_met(self._x, ticket.priority, ticket.department):
            mean = trends.reply_share(self._x)
            return max(60, int(target * 0.97 * rng.betavariate(2.2 * mean / (1 - mean), 2.2)))
        return int(target * (1.04 + rng.expovariate(1 / 0.55)))

    def _assign(self, at: int, agent: int) -> None:
        self._agent = agent
        self._step(at, "assign", SYSTEM if self._rng.random() < 0.6 else agent)

    def _transfer(self, at: int) -> None:
        by = self._agent or 0
        options = [index for index in range(len(DEPARTMENTS)) if index != self._department]
        self._department = options[int(self._rng.random() * len(options))]
        self._agent = self._pick()
        self._step(at, "transfer", by)
        if self._rng.random() < 0.6:
            self._step(at + 20, "note", by)

    def _call_back(self, at: int) -> None:
        if self._rng.random() < 0.72:
            reached = at - 200 if self._rng.random() < 0.78 else None
            self._ring(at - 220, reached, at, self._ticket.number, outgoing=True)

    # ── how they go on

    def _wait_and_work(self, answered: int, first: int) -> None:
        """The customer is to answer. One in eight never does, and a rule resolves after five days."""
        rng = self._rng
        if rng.random() < 0.10:
            self._step(answered + 5 * DAY, "resolve", SYSTEM, "R")
            return
        back = answered + self._lognormal(5 * HOUR, 0.9)
        self._step(back, "customer", CUSTOMER, "C")
        self._work(back, first)

    def _work(self, since: int, first: int) -> None:
        """The desk works: one to three turns, some with a pause, within or beyond the promised time."""
        ticket, rng, hours = self._ticket, self._rng, self._hours
        target = trends.SLA_RESOLVE_S.get(ticket.priority, 5 * DAY_S)
        if rng.random() < trends.resolve_met(self._x, ticket.priority, ticket.department):
            budget = max(240, int((target * 0.95 - first) * rng.betavariate(1.3, 2.6)))
        else:
            budget = max(600, int(target * (1.05 + rng.expovariate(1 / 0.4))) - first)
        if first == 0:  # counted from the call, which is behind us
            budget = max(240, budget - hours.between(ticket.created, since))
        turns = 1 if rng.random() < 0.72 else 2
        if ticket.priority in {"P3", "P4"} and rng.random() < trends.forgotten(self._x):
            self._forget(since)
            return
        at = since
        for turn in range(turns):
            share = budget // turns
            if share > 4 * HOUR and rng.random() < 0.3:
                self._step(hours.after(at, 600), "postpone", self._agent or 0, "W")
                self._step(hours.after(at, share - 600), "resume", self._agent or 0, "C")
            at = hours.after(at, share)
            self._step(at, "reply", self._agent or 0, "A")
            if turn + 1 < turns:
                at += self._lognormal(4 * HOUR, 0.8)
                self._step(at, "customer", CUSTOMER, "C")
        self._step(at, "resolve", self._agent or 0, "R")
        self._after(at)

    def _forget(self, since: int) -> None:
        """It is put aside for weeks, mostly by the overloaded agent, to whom it is handed."""
        if self._rng.random() < 0.7:
            self._department, self._agent = 2, self._people.overloaded
            self._step(self._hours.after(since, 900), "transfer", SYSTEM)
        if self._rng.random() < 0.35:
            self._step(self._hours.after(since, 1_500), "postpone", self._agent or 0, "W")
        at = self._hours.at(self._hours.position(since) + int(DAY_S * (14 + self._rng.random() * 14)))
        self._step(at, "reply", self._agent or 0, "A")
        self._step(at, "resolve", self._agent or 0, "R")

    def _after(self, resolved: int) -> None:
        """A rating, perhaps a follow-up of a bad one, perhaps a return, and the lid."""
        rng, ticket = self._rng, self._ticket
        at = resolved
        if rng.random() < 0.27:
            at = resolved + self._lognormal(3 * HOUR, 1.0)
            good = rng.random() < trends.satisfied(self._x, ticket.department)
            self._step(at, "good" if good else "bad", CUSTOMER)
            if not good and rng.random() < 0.45:
                at = self._hours.after(at, self._lognormal(DAY_S * 0.8, 0.4))
                self._step(at, "reply", self._agent or 0, "A")
                at = self._hours.after(at, HOUR)
                self._step(at, "resolve", self._agent or 0, "R")
        if rng.random() < trends.reopens(self._x):
            at += self._lognormal(1.2 * DAY, 0.8)
            self._step(at, "customer", CUSTOMER, "C")
            at = self._hours.after(at, self._lognormal(1.5 * HOUR, 0.7))
            self._step(at, "reply", self._agent or 0, "A")
            self._step(at, "resolve", self._agent or 0, "R")
        elif rng.random() < 0.12:
            self._step(at + 14 * DAY, "close", SYSTEM, "L")


def as_of(steps: list[Step], at: int) -> Step | None:
    """How the ticket stood at a time: the last step not after it; None before it was created."""
    index = bisect_left(steps, at + 1, key=_time)
    return steps[index - 1] if index else None


def _time(step: Step) -> int:
    return step.at
