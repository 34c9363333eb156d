"""Service levels of the made-up desk: when each promise fell due and when it was kept."""

from typing import NamedTuple

from deskaudit.demo.hours import Hours
from deskaudit.demo.stories import Step, Ticket
from deskaudit.demo.trends import SLA_FIRST_S, SLA_RESOLVE_S

LEVELS = {"P1": "P1 Critical", "P2": "P2 High", "P3": "P3 Normal", "P4": "P4 Low"}
LEVEL_IDS = {priority: f"sla0000{priority[1]}" for priority in LEVELS}
_ANSWERS = {"reply", "pickup"}


class Term(NamedTuple):
    """measure: first_answer or first_resolve. `done_at` None: not kept yet; `void`: resolved without any answer."""

    measure: str
    started_at: int
    due_at: int
    done_at: int | None
    void: bool


def first_answer_at(steps: list[Step]) -> int | None:
    return next((step.at for step in steps if step.kind in _ANSWERS), None)


def first_resolve_at(steps: list[Step]) -> int | None:
    return next((step.at for step in steps if step.kind == "resolve"), None)


def terms(ticket: Ticket, hours: Hours, until: int) -> list[Term]:
    """The promises on a ticket as LiveAgent keeps them, seen at `until`.

    A first resolution's due time moves on while the ticket is Answered. A ticket that is resolved without an answer
    leaves its first answer void: the log has no row for it.
    """
    if not ticket.has_level or ticket.steps[-1].status in "XB":
        return []
    steps = [step for step in ticket.steps if step.at <= until]
    if not steps:
        return []
    answered, resolved = first_answer_at(steps), first_resolve_at(steps)
    begin = hours.position(ticket.created)
    void = resolved is not None and answered is None
    found = [Term("first_answer", ticket.created, hours.at(begin + SLA_FIRST_S[ticket.priority]), answered, void)]
    if ticket.priority in SLA_RESOLVE_S:
        extra = _answered_s(steps, hours, resolved if resolved is not None else until)
        due = hours.at(begin + SLA_RESOLVE_S[ticket.priority] + extra)
        found.append(Term("first_resolve", ticket.created, due, resolved, void))
    return found


def _answered_s(steps: list[Step], hours: Hours, end: int) -> int:
    """Open seconds in status Answered before `end`."""
    total = 0
    for step, following in zip(steps, [*steps[1:], None], strict=True):
        if step.status == "A" and step.at < end:
            total += hours.between(step.at, min(end, following.at) if following else end)
    return total
