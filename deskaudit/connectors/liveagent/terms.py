"""When the promises on open tickets are due. The SLA log has only fulfilled ones, so each open ticket is asked."""

from collections.abc import Iterator
from urllib.parse import quote

from deskaudit.connectors.fields import Fields, RowError
from deskaudit.connectors.http import HttpError
from deskaudit.connectors.liveagent.api import Api, Page
from deskaudit.connectors.liveagent.desk import Desk
from deskaudit.connectors.liveagent.rows import term_key
from deskaudit.connectors.liveagent.state import State
from deskaudit.connectors.liveagent.zones import Zones
from deskaudit.i18n import _
from deskaudit.model.batches import Batch, Problem, Reject
from deskaudit.model.entities import SlaTerm

CHUNK = 25
FAILURES_IN_A_ROW = 5
LETTERS = {
    "a": ("first_answer", "first_response"),
    "n": ("next_answer", "next_response"),
    "r": ("first_resolve", "resolution"),
    "s": ("first_assign", "first_assign"),
}


def unfulfilled(ticket: Fields) -> str:
    """The letters of the promises that are certainly still to be kept on a ticket, from its row alone.

    A new ticket had no answer, an open one waits for its next; a ticket that was once resolved has had its first
    resolution. Whether a postponed ticket was answered its row does not tell, so nothing is said of its answer.
    """
    status = ticket.code("status")
    if status not in {"I", "N", "T", "P", "C", "A", "W"}:
        return ""
    letters = "a" if status in {"I", "N", "T", "P"} else "n" if status == "C" else ""
    if not ticket.has("date_resolved"):
        letters += "r"
    if not ticket.id("agentid"):
        letters += "s"
    return letters


def ask_terms(api: Api, zones: Zones, desk: Desk, state: State, limit: int) -> Iterator[Batch]:
    """Due dates of the open tickets that changed, `limit` of them at most; the others wait in the cursor."""
    asked = failed = row = 0
    while state.pending and asked < limit and row < FAILURES_IN_A_ROW:
        found: list[SlaTerm] = []
        rejects: list[Reject] = []
        for ticket in list(state.pending)[: min(CHUNK, limit - asked)]:
            asked += 1
            letters = state.pending.pop(ticket)
            try:
                found += _ask(api, zones, desk, ticket, letters)
                row = 0
            except RowError as fault:
                rejects.append(Reject(f"/tickets/{ticket}/sla", str(fault)))
            except HttpError as fault:
                if fault.status == 404:  # the ticket, or its level, is gone
                    continue
                if fault.kind not in {"bad_answer", "forbidden", "timeout"}:
                    raise
                failed, row = failed + 1, row + 1
                state.pending[ticket] = letters  # asked again by the next pull
                if row >= FAILURES_IN_A_ROW:
                    raise
        yield Batch(rows=found, rejects=rejects, resource="sla_term", done=asked, cursor=state.cursor())
        if failed >= len(state.pending):
            break
    left = len(state.pending) + state.left_out
    problems = []
    if left:
        message = _("The due times of {n} open tickets were not asked for; raise sla_limit, or pull again.").format(
            n=left
        )
        problems.append(Problem(resource="/tickets/ID/sla", message=message, entities=("sla_term",)))
    state.left_out = 0
    state.done.append("terms")
    yield Batch(resource="sla_term", problems=problems, cursor=state.cursor())


def _ask(api: Api, zones: Zones, desk: Desk, ticket: str, letters: str) -> list[SlaTerm]:
    path = f"/tickets/{quote(ticket, safe='')}/sla"
    found = api.one(path, retries=1)

    def again() -> Page:
        return Page([{**api.one(path, shifted=False, retries=1), "id": ticket}])

    clock = zones.clock("/tickets/ID/sla", Page([{**found, "id": ticket}]), again)
    fields = Fields(found, clock)
    rows: list[SlaTerm] = []
    for letter in letters:
        name, measure = LETTERS.get(letter, ("", ""))
        due = fields.at(name) if name else None
        if due is None:
            continue
        rows.append(
            SlaTerm(
                id=term_key(desk, ticket, measure, due),
                ext_id=ticket,
                ticket_id=desk.context.key("ticket", ticket),
                measure=measure,
                level=fields.text("sla_level_name", 100) or fields.text("sla_level_id", 100),
                due_at=due,
            )
        )
    return rows
