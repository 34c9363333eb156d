"""Plain counts over the made-up desk, without the snapshot, its clock or any check: what an audit ought to find."""

from collections import defaultdict
from collections.abc import Callable
from statistics import median
from typing import NamedTuple

from deskaudit.demo.backups import JOBS, due_times, nights
from deskaudit.demo.machines import CRITICAL, ENDED, Machine
from deskaudit.demo.people import DEPARTMENTS
from deskaudit.demo.promises import first_answer_at, first_resolve_at, terms
from deskaudit.demo.stories import DAY, Step, Ticket, as_of
from deskaudit.demo.world import World

OPEN = frozenset("INTPACW")
GONE = frozenset("XB")
MAIL_CHANNELS = frozenset("EMF")
"""E-mail, form and social: what is answered in writing."""


class Share(NamedTuple):
    """`hits` of `n`."""

    hits: int
    n: int

    @property
    def value(self) -> float | None:
        return self.hits / self.n if self.n else None


def live(world: World) -> list[Ticket]:
    """Tickets that are neither deleted nor spam as known now."""
    return [ticket for ticket in world.tickets if ticket.steps[-1].status not in GONE]


def open_at(world: World, at: int) -> list[tuple[Ticket, Step]]:
    """The open tickets at a time, each with its last step until then."""
    found = []
    for ticket in live(world):
        if ticket.created <= at:
            step = as_of(ticket.steps, at)
            if step is not None and step.status in OPEN:
                found.append((ticket, step))
    return found


def unowned(world: World, at: int) -> list[Ticket]:
    """Open, without an owner, older than one open hour."""
    return [t for t, step in open_at(world, at) if step.agent is None and world.hours.between(t.created, at) > 3_600]


def judged_for_owner(world: World, at: int) -> int:
    """Open tickets older than one open hour."""
    return sum(world.hours.between(ticket.created, at) >= 3_600 for ticket, _step in open_at(world, at))


def older_than(world: World, at: int, days: int) -> list[Ticket]:
    return [ticket for ticket, _step in open_at(world, at) if at - ticket.created > days * DAY]


def idle(world: World, at: int, days: int) -> list[Ticket]:
    """Open, and nothing has happened for so many days."""
    return [ticket for ticket, step in open_at(world, at) if at - step.at > days * DAY]


def open_by_agent(world: World, at: int) -> dict[int, int]:
    """Every active agent with a department, also those with none open."""
    found = {agent: 0 for team in world.people.teams for agent in team}
    for _ticket, step in open_at(world, at):
        if step.agent is not None:
            found[step.agent] = found.get(step.agent, 0) + 1
    return found


def overloaded(world: World, at: int) -> list[int]:
    """Agents with more than ten open tickets and more than twice their team's median."""
    load = open_by_agent(world, at)
    found = []
    for team in world.people.teams:
        middle = median(load[agent] for agent in team)
        found += [agent for agent in team if load[agent] > 10 and load[agent] > 2 * middle]
    return found


def promises(world: World, start: int, end: int) -> dict[tuple[str, str, int], Share]:
    """(measure, priority, first department) → kept of those that fell due in the period, judged at its end.

    What is not done and was due is missed; what was resolved without an answer counts as answered then.
    """
    hits: dict[tuple[str, str, int], list[bool]] = defaultdict(list)
    for ticket in live(world):
        for term in terms(ticket, world.hours, world.now):
            if start <= term.due_at < end:
                done = first_resolve_at(ticket.steps) if term.void else term.done_at
                kept = done is not None and done <= term.due_at
                hits[term.measure, ticket.priority, ticket.department].append(kept)
    return {key: Share(sum(kept), len(kept)) for key, kept in hits.items()}


def sum_shares(shares: dict[tuple[str, str, int], Share], measure: str = "", priority: str = "") -> Share:
    chosen = [share for key, share in shares.items() if measure in ("", key[0]) and priority in ("", key[1])]
    return Share(sum(share.hits for share in chosen), sum(share.n for share in chosen))


def levelled(world: World, start: int, end: int) -> Share:
    chosen = [ticket for ticket in live(world) if start <= ticket.created < end]
    return Share(sum(ticket.has_level for ticket in chosen), len(chosen))


def ratings(world: World, start: int, end: int) -> list[tuple[Ticket, Step]]:
    """Ratings given in the period with their tickets; `kind` is good or bad, `department` the one at the time."""
    return [
        (ticket, step)
        for ticket in live(world)
        for step in ticket.steps
        if step.kind in {"good", "bad"} and start <= step.at < end
    ]


def satisfied(world: World, start: int, end: int) -> Share:
    given = ratings(world, start, end)
    return Share(sum(step.kind == "good" for _ticket, step in given), len(given))


def satisfied_by_department(world: World, start: int, end: int) -> dict[str, Share]:
    """By the department that holds the ticket now."""
    return _satisfied_by(world, start, end, lambda ticket: DEPARTMENTS[ticket.steps[-1].department].name)


def satisfied_by_category(world: World, start: int, end: int) -> dict[str, Share]:
    return _satisfied_by(world, start, end, lambda ticket: ticket.category)


def _satisfied_by(world: World, start: int, end: int, part: Callable[[Ticket], str]) -> dict[str, Share]:
    found: dict[str, list[bool]] = defaultdict(list)
    for ticket, step in ratings(world, start, end):
        found[part(ticket)].append(step.kind == "good")
    return {name: Share(sum(good), len(good)) for name, good in found.items()}


def followed_up(world: World, start: int, end: int, days: int = 3) -> Share:
    """Low ratings after which an agent wrote within three open days; those too young to judge are out."""
    hits: list[bool] = []
    for ticket, step in ratings(world, start, end):
        if step.kind != "bad":
            continue
        limit = world.hours.after(step.at, days * 27_000)
        done = any(s.kind == "reply" and s.at > step.at and s.at <= limit for s in ticket.steps)
        if done or limit <= end:
            hits.append(done)
    return Share(sum(hits), len(hits))


def first_responses(world: World, start: int, end: int) -> list[int]:
    """Open seconds until the first answer by a person, of written tickets created in the period, where there is one."""
    found = []
    for ticket in live(world):
        if ticket.channel in MAIL_CHANNELS and start <= ticket.created < end:
            answered = first_answer_at(ticket.steps)
            if answered is not None:
                found.append(world.hours.between(ticket.created, answered))
    return found


def chat_waits(world: World, start: int, end: int) -> list[int]:
    """Seconds until a chat was picked up, of those that were."""
    return [c.started - c.created for c in world.chats if c.started is not None and start <= c.created < end]


def answered_quickly(world: World, start: int, end: int, seconds: int = 30) -> Share:
    """Incoming calls answered within so many seconds, of those that wanted an answer for ten seconds or got one."""
    waits: list[int | None] = []
    for call in world.calls:
        if call.outgoing or not start <= call.created < end:
            continue
        if call.answered is not None:
            waits.append(call.answered - call.created)
        elif call.finished - call.created >= 10:
            waits.append(None)
    return Share(sum(wait is not None and wait <= seconds for wait in waits), len(waits))


def abandoned(world: World, start: int, end: int) -> Share:
    """Incoming calls nobody answered; those given up within ten seconds are out of both sides."""
    hits = []
    for call in world.calls:
        if call.outgoing or not start <= call.created < end:
            continue
        if call.answered is not None:
            hits.append(False)
        elif call.finished - call.created >= 10:
            hits.append(True)
    return Share(sum(hits), len(hits))


def reopened(world: World, start: int, end: int, days: int = 14) -> Share:
    """Tickets first resolved in the period that came back within fourteen days; too young ones are out."""
    hits = []
    for ticket in live(world):
        first = next((step.at for step in ticket.steps if step.kind == "resolve"), None)
        if first is None or not start <= first < end or first + days * DAY > world.now:
            continue
        after = (s for s in ticket.steps if first < s.at <= first + days * DAY)
        hits.append(any(step.kind == "customer" for step in after))
    return Share(sum(hits), len(hits))


# ── machines and backups


def unknown_hosts(machines: list[Machine]) -> Share:
    scanned = [one for one in machines if one.scanned]
    return Share(sum(not one.listed for one in scanned), len(scanned))


def ghosts(machines: list[Machine]) -> Share:
    wanted = [one for one in machines if one.listed and one.state == "active" and not one.off_network]
    return Share(sum(not one.scanned for one in wanted), len(wanted))


def ended(machines: list[Machine]) -> list[str]:
    return sorted(one.name for one in machines if one.listed and one.state == "active" and one.name in ENDED)


def list_age_days(machines: list[Machine]) -> float:
    """The 90th percentile of the active rows' age (type 7)."""
    ages = sorted(one.updated_days for one in machines if one.listed and one.state == "active")
    place = 0.9 * (len(ages) - 1)
    low = int(place)
    return ages[low] + (place - low) * (ages[min(low + 1, len(ages) - 1)] - ages[low])


def filled(machines: list[Machine]) -> Share:
    """Owner, department, system, address and approval of the active listed machines, each for itself.

    Of a machine off the network no address is asked.
    """
    rows = [one for one in machines if one.listed and one.state == "active"]
    wanted = sum(4 if one.off_network else 5 for one in rows)
    missing = sum((not one.owner) + (not one.department) + (not one.os) for one in rows)
    return Share(wanted - missing, wanted)


def backup_states(now: int, start: int, end: int) -> dict[str, list[str]]:
    """Job → ok, failed or silent for each night that was due in the period and is over."""
    found = {}
    for job in JOBS:
        by_due = {run.started_at - run.started_at % 3_600: run for run in nights(job, now)}
        states = []
        for due in due_times(now):
            run = by_due.get(due)
            if start <= due < end and (run is not None or due + DAY // 2 <= now):
                states.append("silent" if run is None else "failed" if run.size is None else "ok")
        found[job.name] = states
    return found


def oldest_success_s(now: int) -> int:
    """Seconds since the last success of the job whose last success is the oldest."""
    return max(now - max(run.ended_at for run in nights(job, now) if run.size is not None) for job in JOBS)


def uncovered() -> list[str]:
    return sorted(set(CRITICAL) - {job.host for job in JOBS})
