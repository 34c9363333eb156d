"""What was said on a ticket, as LiveAgent's message groups: made from the story when somebody asks."""

from typing import Any

from deskaudit.demo.people import short_id
from deskaudit.demo.stories import CUSTOMER, SYSTEM, Step, Ticket
from deskaudit.demo.tables import Shift, date_text
from deskaudit.demo.ticket_rows import TAG_IDS
from deskaudit.demo.world import World

_FIRST_GROUP = {"E": "3", "M": "5", "I": "C", "C": "P", "F": "F"}
_GROUPS = {
    "auto": "4",
    "assign": "T",
    "transfer": "T",
    "reply": "4",
    "customer": "3",
    "note": "I",
    "postpone": "J",
    "resume": "J",
    "resolve": "R",
    "close": "R",
    "delete": "X",
    "spam": "B",
    "good": "I",
    "bad": "I",
}
_TYPES = {
    "assign": "R",
    "transfer": "R",
    "note": "N",
    "postpone": "J",
    "resume": "J",
    "resolve": "J",
    "close": "J",
    "good": "W",
    "bad": "P",
}
_TEXTS = {
    "auto": "Thank you for your message. We have made a ticket of it and will be in touch.",
    "reply": "Hello, thank you for waiting. Please try the steps below and tell us how it went.",
    "pickup": "Hello, what can I do for you?",
    "customer": "Hello again, it is still not right. Can you have another look?",
    "note": "Called the store room; the part is there.",
    "good": "Quick and friendly.",
    "bad": "It took far too long.",
}
_WORD_FOR_STATUS = {
    "postpone": "postponed",
    "resume": "opened",
    "resolve": "resolved",
    "close": "closed",
    "delete": "deleted",
    "spam": "spam",
}


def message_groups(world: World, ticket: Ticket, until: int, shift: Shift) -> list[dict[str, Any]]:
    """The groups of a ticket in order of time, as seen at `until`."""
    contact = world.people.contacts[ticket.contact]
    picked_up = next((step for step in ticket.steps if step.kind == "pickup" and step.at <= until), None)
    found: list[dict[str, Any]] = []
    for index, step in enumerate(step for step in ticket.steps if step.at <= until and step.kind != "pickup"):
        group_id = f"{short_id(ticket.number)}g{index:02d}"
        userid, name = _author(world, ticket, step)
        at = date_text(step.at, shift(step.at))
        first = step.kind == "new"
        text = f"{ticket.subject} Regards, {contact.first} {contact.last}" if first else _text(world, step)
        found.append(
            {
                "id": group_id,
                "parent_id": "" if index == 0 else f"{short_id(ticket.number)}g00",
                "userid": userid,
                "user_full_name": name,
                "type": _FIRST_GROUP[ticket.channel] if first else _GROUPS[step.kind],
                "status": "V",
                "datecreated": at,
                "datefinished": at,
                "sort_order": index,
                "messages": [
                    {
                        "id": f"{group_id}m",
                        "userid": userid,
                        "type": _TYPES.get(step.kind, "M"),
                        "datecreated": at,
                        "format": "T",
                        "message": text,
                        "visibility": "A" if step.kind in {"new", "auto", "reply", "customer"} else "I",
                    }
                ],
            }
        )
        if first:
            found[-1]["messages"].append(
                {**found[-1]["messages"][0], "id": f"{group_id}t", "type": "G", "message": _tag_text(ticket)}
            )
            if picked_up is not None and found[-1]["type"] == "C":  # both sides of a chat speak in its one group
                found[-1]["messages"].append(_greeting(world, picked_up, f"{group_id}a", shift))
    return found


def _greeting(world: World, step: Step, message_id: str, shift: Shift) -> dict[str, Any]:
    return {
        "id": message_id,
        "userid": world.people.agents[step.actor].id,
        "type": "M",
        "datecreated": date_text(step.at, shift(step.at)),
        "format": "T",
        "message": _TEXTS["pickup"],
        "visibility": "A",
    }


def _author(world: World, ticket: Ticket, step: Step) -> tuple[str, str]:
    if step.actor == CUSTOMER:
        contact = world.people.contacts[ticket.contact]
        return contact.id, f"{contact.first} {contact.last}"
    if step.actor == SYSTEM:
        return "system00", "System"
    agent = world.people.agents[step.actor]
    return agent.id, agent.name


def _text(world: World, step: Step) -> str:
    if step.kind in {"assign", "transfer"}:
        return f"Transferred to {world.people.agents[step.agent or 0].name}"
    return _TEXTS.get(step.kind) or f"Ticket {_WORD_FOR_STATUS[step.kind]}"


def _tag_text(ticket: Ticket) -> str:
    return TAG_IDS[ticket.category]
