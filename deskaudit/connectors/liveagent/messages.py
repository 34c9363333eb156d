"""What happened in a ticket, from its message groups. Texts are measured and dropped."""

from typing import NamedTuple

from deskaudit.connectors.fields import Fields, RowError
from deskaudit.connectors.liveagent import codes
from deskaudit.connectors.liveagent.desk import Desk
from deskaudit.connectors.liveagent.rows import text_length
from deskaudit.model.batches import Reject
from deskaudit.model.entities import Event, Rating
from deskaudit.model.ratings import judge

KNOWN_GROUPS = dict.fromkeys(
    codes.GROUP_REPLIES
    | codes.GROUP_NOTES
    | codes.GROUP_CALLS
    | codes.GROUP_SILENT
    | {codes.GROUP_TRANSFER, codes.GROUP_TAG},
    "",
)


def read_groups(desk: Desk, ticket: str, groups: list[Fields], rejects: list[Reject]) -> list[Event | Rating]:
    """Replies, notes, transfers and tags as events, and ratings given in the ticket."""
    found: list[Event | Rating] = []
    for place, group in enumerate(groups, start=1):
        try:
            found += _read_group(desk, ticket, group)
        except RowError as fault:
            rejects.append(Reject(f"ticket {ticket}, message group {place}", str(fault)))
    return found


def first_reply_after(desk: Desk, groups: list[Fields], after: int) -> int | None:
    """When an agent first wrote to, or called, the customer after a moment; None: not so far."""
    times = []
    for group in groups:
        kind = group.code("type")
        if kind not in codes.GROUP_REPLIES | codes.GROUP_CALLS:
            continue
        try:
            words = _words(group)
        except RowError:
            continue
        times += [
            one.at for one in words if one.at > after and (kind == "V" or _actor(desk, one.user, kind) == "agent")
        ]
    return min(times, default=None)


class Word(NamedTuple):
    """What one side said in a group, and how long that was."""

    user: str | None
    at: int
    length: int


def _words(group: Fields) -> list[Word]:
    """What was said in a group, in order of time: one for all, or where both sides speak one for each message."""
    user, begun = group.id("userid"), group.need_at("datecreated")
    spoken = [one for one in group.rows("messages") if one.code("type") in {"M", "N"}]
    lengths = [text_length(one.text("message", 200_000) or "") for one in spoken]
    if not spoken or group.code("type") not in codes.GROUP_TALKS:
        return [Word(user, begun, sum(lengths))]
    found = [
        Word(one.id("userid") or user, one.at("datecreated") or begun, length)
        for one, length in zip(spoken, lengths, strict=True)
    ]
    return sorted(found, key=lambda word: word.at)


def _read_group(desk: Desk, ticket: str, group: Fields) -> list[Event | Rating]:
    kind = group.code("type")
    desk.unknown.look_up("message group type", kind, KNOWN_GROUPS, "")
    found: list[Event | Rating] = _ratings(desk, ticket, group)
    event_kind = _event_kind(kind)
    if event_kind is None:
        return found
    ext_id = group.need_id("id")
    voices: dict[str | None, Word] = {}
    for word in _words(group):
        first = voices.get(word.user)
        voices[word.user] = word if first is None else first._replace(length=first.length + word.length)
    for place, voice in enumerate(voices.values()):
        actor = _actor(desk, voice.user, kind)
        said = "auto" if event_kind == "reply" and actor == "system" else event_kind
        found.append(
            Event(
                id=desk.context.key("event", f"group:{ext_id}" + (f":{voice.user}" if place else "")),
                ext_id=ext_id,
                ticket_id=desk.context.key("ticket", ticket),
                happened_at=voice.at,
                kind=said,
                actor=actor,
                actor_id=_actor_key(desk, actor, voice.user),
                public=said in {"reply", "auto"},
                text_len=voice.length or None,
            )
        )
    return found


def _actor_key(desk: Desk, actor: str | None, user: str | None) -> int | None:
    if actor == "agent":
        return desk.agent(user)
    return desk.key("contact", user) if actor == "contact" else None


def _event_kind(kind: str) -> str | None:
    if kind in codes.GROUP_REPLIES | codes.GROUP_CALLS:
        return "reply"
    if kind in codes.GROUP_NOTES:
        return "note"
    return {codes.GROUP_TRANSFER: "transfer", codes.GROUP_TAG: "tag"}.get(kind)


def _actor(desk: Desk, user: str | None, kind: str) -> str | None:
    """Who made a group. One without a user is the customer's if it came in, may be anybody's where both sides speak,
    and is the system's otherwise.
    """
    if user == codes.SYSTEM_USER:
        return "system"
    if user in desk.agents:
        return "agent"
    if user is None or user in codes.NOBODY:
        if kind in codes.GROUP_FROM_OUTSIDE:
            return "contact"
        return None if kind in codes.GROUP_TALKS else "system"
    return "agent" if kind in {"4", "V"} | codes.GROUP_NOTES else "contact"


def _ratings(desk: Desk, ticket: str, group: Fields) -> list[Event | Rating]:
    """Ratings as single messages: reward, punishment, and the comment to it."""
    marks = [one for one in group.rows("messages") if one.code("type") in {codes.RANK_REWARD, codes.RANK_PUNISHMENT}]
    comment = any(one.code("type") == codes.RANK_COMMENT for one in group.rows("messages"))
    found: list[Event | Rating] = []
    for mark in marks:
        score = 1.0 if mark.code("type") == codes.RANK_REWARD else 0.0
        satisfied, low = judge(score, 0, 1)
        ext_id = mark.need_id("id")
        found.append(
            Rating(
                id=desk.context.key("rating", f"message:{ext_id}"),
                ext_id=ext_id,
                ticket_id=desk.context.key("ticket", ticket),
                rated_at=mark.at("datecreated") or group.need_at("datecreated"),
                score=score,
                scale_min=0.0,
                scale_max=1.0,
                satisfied=satisfied,
                low=low,
                has_comment=comment,
            )
        )
    return found
