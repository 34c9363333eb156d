"""A mapping proposed from a sample of a source's own tickets: plain data, with a sentence why for each part.

Nothing is decided here: the proposal is shown with what it would make of a few tickets, and counts once somebody has
put it into the config. What no field, tag or department tells stays unmapped, and the sentence names the fix.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal, Protocol, runtime_checkable

import msgspec

from deskaudit.connectors import Connector
from deskaudit.connectors.mapping import PAUSABLE, Mapper, Presence, Priorities, Rule, Seen, TicketMapping
from deskaudit.connectors.vocabulary import NAMES, PRIORITIES, TYPES, WAITING, bare
from deskaudit.i18n import _
from deskaudit.text import one_line

PARTS = ("priority", "category", "type", "service", "waiting")
LOOKED_AT = 300  # tickets of a sample
KNOWN_SHARE = 0.5  # of the sample: so many have the column already
LEAST_SHARE = 0.3  # of the sample that a field or tag must cover
MOST_KINDS = 40  # distinct values of a field that sorts tickets into kinds
NAMED = 6  # values named in a sentence
NUMBERS = {"1": "P1", "2": "P2", "3": "P3", "4": "P4", "5": "P4"}
_SEPARATED = re.compile(r"([^\W_][^-:/_.=]{0,30}[-:/_.=]+ ?)(\S.*)")
_COUNTED = re.compile(r"(?:p|prio|priority|level|sev)?\s*([1-5])", re.IGNORECASE)
_NO_KIND = re.compile(r"[\d\s.,:/+-][\d\s.,:/+TZ-]*|\S+@\S+|https?://\S+")


@runtime_checkable
class Samples(Protocol):
    """A connector that can show tickets."""

    def sample(self, count: int) -> list[Seen]:
        """The latest tickets, at most so many. Raises SourceError, SecretError or ConfigError."""
        ...


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One column of the mapping. `rule` None: nothing is proposed."""

    name: str
    state: Literal["configured", "known", "proposed", "missing"]
    why: str
    rule: Rule | Presence | None = None


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """`mapping` is what is configured with the proposed parts in its gaps."""

    tickets: int
    parts: tuple[Part, ...]
    mapping: TicketMapping

    def proposed(self) -> dict[str, Any]:
        """The proposed parts as the config writes them; {} where there are none."""
        return {part.name: plain(part.rule) for part in self.parts if part.rule is not None}


class _Place(msgspec.Struct, frozen=True):
    """A field, a prefix of tags, or all tags, with what it says: each ticket counts once."""

    name: str
    kind: Literal["field", "tag"]
    values: Counter[str]

    @property
    def covers(self) -> int:
        return sum(self.values.values())

    def is_called(self, part: str) -> bool:
        words = bare(self.name.rstrip("*"))
        return words in NAMES[part] or any(name in words.split() for name in NAMES[part])

    def rule(self, values: Mapping[str, str] | None = None) -> dict[str, Any]:
        return {self.kind: self.name, "values": dict(values or {})}

    def words(self) -> str:
        text = _("the field {name}") if self.kind == "field" else _("the tags {name}")
        return text.format(name=one_line(self.name, 60))


def propose(seen: Sequence[Seen], mapping: TicketMapping | None = None, *, source: str = "NAME") -> Proposal:
    """What the tickets let one suppose. `mapping`: what is configured, which stays; `source`: named in the sentences."""
    mapping = mapping or TicketMapping()
    seen = seen[:LOOKED_AT]
    places = _places(seen)
    found: dict[str, Part] = {}
    for name in PARTS:
        part = _given(name, seen, mapping) or _FINDERS[name](seen, places) or _missing(name, seen, source)
        found[name] = part
        if isinstance(part.rule, Rule):  # one place tells one thing
            places = [one for one in places if one.name not in {part.rule.field, part.rule.tag}]
    rules = {part.name: part.rule for part in found.values() if part.rule is not None}
    return Proposal(tickets=len(seen), parts=tuple(found.values()), mapping=msgspec.structs.replace(mapping, **rules))


def why_none(connector: Connector, mapping: object, *, source: str) -> str:
    """A sentence for a connector that shows no tickets. `mapping`: the option of that name, None where it has none."""
    if "ticket" not in connector.fills:
        text = _("{source}: a source of type {type} has no tickets.")
    elif not isinstance(mapping, TicketMapping):
        text = _("{source}: the connector {type} takes no mapping: what it does not tell stays unknown.")
    else:
        text = _(
            "{source}: the connector {type} gives no samples of its tickets, so that nothing can be proposed. Write the "
            "mapping by hand under [sources.{source}.mapping]: docs/sources.md lists its keys, and what was pulled so "
            "far tells the words."
        )
    return text.format(source=source, type=connector.name)


def preview(seen: Sequence[Seen], mapping: TicketMapping, count: int = 5) -> list[dict[str, str]]:
    """What some tickets become: ticket, status, priority, category, type, service; "–" for what stays unknown."""
    mapper = Mapper(mapping)
    rows = []
    for one in _varied(seen, mapper, count):
        ticket, mapped = one.ticket, mapper.map(one.facts)
        row = {"ticket": ticket.code or ticket.ext_id or str(ticket.id)}
        row["status"] = mapper.status(one.status_raw, ticket.status or "unknown", one.facts)
        for name in ("priority", "category", "type", "service"):
            own = getattr(ticket, name) if getattr(mapping, name) is None else None
            row[name] = getattr(mapped, name) or own or ""
        rows.append({name: one_line(value, 40) or "–" for name, value in row.items()})
    return rows


def plain(rule: Rule | Presence) -> dict[str, Any]:
    """A rule as a table of the config, without what it leaves out."""
    return {
        field.name: value for field in msgspec.structs.fields(rule) if (value := getattr(rule, field.name)) not in (None, {}, [], False)
    }  # fmt: skip


def _given(name: str, seen: Sequence[Seen], mapping: TicketMapping) -> Part | None:
    """What needs no proposal: it is configured, or the source says it by itself."""
    if getattr(mapping, name) is not None:
        return Part(name=name, state="configured", why=_("The config maps it."))
    if name == "waiting":
        has = sum(one.ticket.status == "postponed" for one in seen)
        return Part(name=name, state="known", why=_("The source says itself which tickets wait.")) if has else None
    has = sum(getattr(one.ticket, name) is not None for one in seen)
    if not seen or has < KNOWN_SHARE * len(seen):
        return None
    text = _("The source says it itself: {n} of {all} tickets have it.")
    return Part(name=name, state="known", why=text.format(n=has, all=len(seen)))


def _missing(name: str, seen: Sequence[Seen], source: str) -> Part:
    key = f"sources.{source}.mapping.{name}"
    if not seen:
        why = _("The source showed no ticket.")
    elif name == "waiting":
        why = _("No ticket of the sample stands in a state that waits, nor has a tag that says so.")
    else:
        fields = one_line(", ".join(dict.fromkeys(field for one in seen for field in one.facts.fields)), 160)
        why = _("No field, tag or department tells it (fields seen: {fields}).").format(fields=fields or "–")
    if name == "waiting":
        fix = _(
            "If tickets wait for customers or suppliers, say under {key} what marks them; till then the clock runs."
        )
    else:
        fix = _("Checks that need it say NODATA. If the desk keeps it somewhere, name the place under {key}.")
    return Part(name=name, state="missing", why=f"{why} {fix.format(key=key)}")


def _priority(seen: Sequence[Seen], places: Sequence[_Place]) -> Part | None:
    best: tuple[tuple[bool, int, int], _Place, dict[str, str]] | None = None
    for place in places:
        values = {said: level for said in place.values if (level := _level(said, numbers=place.is_called("priority")))}
        levels, known = len(set(values.values())), sum(place.values[said] for said in values)
        called = place.is_called("priority")
        if not values or (levels < 2 and not called) or known < 0.5 * place.covers:
            continue
        if not called and (known < 0.9 * place.covers or place.covers < LEAST_SHARE * len(seen)):
            continue
        rank = (called, known, levels)
        if best is None or rank > best[0]:
            best = rank, place, values
    if best is None:
        return _bare_priority_tags(seen)
    _rank, place, values = best
    why = _("{n} of {all} tickets say it in {place}: {values}.").format(
        place=place.words(), n=place.covers, all=len(seen), values=_meant(place.values, values)
    )
    left = [said for said in place.values if said not in values]
    if left:
        why += " " + _("Not understood, say what they mean: {values}.").format(values=_list(left))
    if any(said.strip() in NUMBERS for said in values):
        why += " " + _("1 is taken for the most urgent: turn it round if the desk counts the other way.")
    say_it = all(said.upper() == level for said, level in values.items())
    return Part(name="priority", state="proposed", why=why, rule=Priorities(**place.rule({} if say_it else values)))


def _bare_priority_tags(seen: Sequence[Seen]) -> Part | None:
    """Tags that are words of priority, as they are."""
    tags = Counter(tag for one in seen for tag in dict.fromkeys(one.facts.tags) if _level(tag, numbers=False))
    values = {tag: level for tag in tags if (level := _level(tag, numbers=False))}
    if len(set(values.values())) < 2 or sum(tags.values()) < LEAST_SHARE * len(seen):
        return None
    why = _("{n} of {all} tickets have a tag that says it: {values}.").format(
        n=sum(tags.values()), all=len(seen), values=_meant(tags, values)
    )
    return Part(name="priority", state="proposed", why=why, rule=Priorities(tag="*", values=values))


def _category(seen: Sequence[Seen], places: Sequence[_Place]) -> Part | None:
    found = _sorted_into_kinds("category", seen, places, needs_name=False)
    if found is not None:
        return found
    departments = Counter(one.facts.department for one in seen if one.facts.department)
    if len(departments) < 2:
        return None
    why = _("No field or tag sorts the tickets; the department is the nearest: {values}.").format(
        values=_list(name for name, _n in departments.most_common())
    )
    return Part(name="category", state="proposed", why=why, rule=Rule(department=True))


def _type(seen: Sequence[Seen], places: Sequence[_Place]) -> Part | None:
    named = [one for one in places if one.is_called("type") or sum(bare(said) in TYPES for said in one.values) >= 2]
    return _sorted_into_kinds("type", seen, named, needs_name=False)


def _service(seen: Sequence[Seen], places: Sequence[_Place]) -> Part | None:
    return _sorted_into_kinds("service", seen, places, needs_name=True)


def _sorted_into_kinds(name: str, seen: Sequence[Seen], places: Sequence[_Place], *, needs_name: bool) -> Part | None:
    """The field or tags with few distinct values that repeat; one with a telling name goes first."""
    good = [
        one
        for one in places
        if one.covers >= LEAST_SHARE * len(seen)
        and 2 <= len(one.values) <= min(MOST_KINDS, max(2, one.covers // 2), one.covers - 1)
        and sum(n for said, n in one.values.items() if _NO_KIND.fullmatch(said) or _yes_or_no(said)) < 0.5 * one.covers
    ]
    others = [other for other in NAMES if other != name]
    called = [one for one in good if one.is_called(name)]
    free = [one for one in good if not any(one.is_called(other) for other in others)]
    chosen = max(called or ([] if needs_name else free), key=lambda one: one.covers, default=None)
    if chosen is None:
        return None
    said = _list(value for value, _n in chosen.values.most_common())
    why = _("{n} of {all} tickets say it in {place}, in {kinds} values: {values}.").format(
        place=chosen.words(), n=chosen.covers, all=len(seen), kinds=len(chosen.values), values=said
    )
    if not called:
        why += " " + _("Its name does not say so: look whether it fits.")
    return Part(name=name, state="proposed", why=why, rule=Rule(**chosen.rule()))


def _waiting(seen: Sequence[Seen], places: Sequence[_Place]) -> Part | None:  # noqa: ARG001 - asked like the others
    pausable = [one for one in seen if one.ticket.status in PAUSABLE]
    states = Counter(one.status_raw for one in pausable if one.status_raw and WAITING.search(bare(one.status_raw)))
    if states:
        why = _("Tickets in these states wait: {values}.").format(values=_list(states))
        return Part(name="waiting", state="proposed", why=why, rule=Presence(statuses=list(states)))
    tags = Counter(tag for one in pausable for tag in dict.fromkeys(one.facts.tags) if WAITING.search(bare(tag)))
    if not tags:
        return None
    heads = {match[1] for tag in tags if (match := _SEPARATED.fullmatch(tag)) and WAITING.search(bare(match[1]))}
    pattern = f"{next(iter(heads))}*" if len(heads) == 1 and len(tags) > 1 else tags.most_common(1)[0][0]
    why = _("Open tickets have tags that say so: {values}.").format(values=_list(tags))
    return Part(name="waiting", state="proposed", why=why, rule=Presence(tag=pattern))


_FINDERS: dict[str, Callable[[Sequence[Seen], Sequence[_Place]], Part | None]] = {
    "priority": _priority,
    "category": _category,
    "type": _type,
    "service": _service,
    "waiting": _waiting,
}


def _places(seen: Sequence[Seen]) -> list[_Place]:
    """Where something is said: each field but that of the status, and each beginning that several tags share."""
    fields: dict[str, Counter[str]] = {}
    tags: dict[str, Counter[str]] = {}
    others: set[str] = set()  # fields that are not the status
    for one in seen:
        for name, value in one.facts.fields.items():
            if value and value.strip():
                fields.setdefault(name, Counter())[value.strip()] += 1
                if value.strip() != one.status_raw:
                    others.add(name)
        heads: dict[str, str] = {}
        for tag in one.facts.tags:
            match = _SEPARATED.fullmatch(tag.strip())
            if match:
                heads.setdefault(match[1], match[2].strip())
        for head, rest in heads.items():
            tags.setdefault(f"{head}*", Counter())[rest] += 1
    return [_Place(name, "field", values) for name, values in fields.items() if name in others] + [
        _Place(name, "tag", values) for name, values in tags.items() if len(values) > 1
    ]


def _level(said: str, *, numbers: bool) -> str | None:
    """P1 to P4 of a word, with or without a number before it ("2 - High"); of a number alone where `numbers`."""
    text = bare(said)
    match = _COUNTED.fullmatch(text)
    if match and (numbers or not text.isdigit()):
        return NUMBERS[match[1]]
    without = re.sub(r"^(?:p|prio|priority)?\s*\d+\s+|\s+\d+$", "", text)
    for word in (text, without):
        if word in PRIORITIES:
            return PRIORITIES[word]
    return None


def _varied(seen: Sequence[Seen], mapper: Mapper, count: int) -> list[Seen]:
    """Some tickets, those first that show something new."""
    shown: set[tuple[str | None, ...]] = set()
    first: list[Seen] = []
    rest: list[Seen] = []
    for one in seen[:LOOKED_AT]:
        mapped = mapper.map(one.facts)
        look = (mapped.priority, mapped.category, mapped.type, mapped.service, one.status_raw)
        (rest if look in shown else first).append(one)
        shown.add(look)
    return [*first, *rest][:count]


def _yes_or_no(said: str) -> bool:
    return said.casefold() in {"true", "false", "yes", "no", "y", "n"}


def _meant(counts: Counter[str], values: Mapping[str, str]) -> str:
    named = [
        values[said] if said == values[said] else f'"{one_line(said, 30)}" = {values[said]}'
        for said, _n in counts.most_common()
        if said in values
    ]
    return ", ".join(named[: 2 * NAMED])


def _list(values: Iterable[str]) -> str:
    names = [one_line(value, 30) for value in values]
    return ", ".join(names[:NAMED]) + (", …" if len(names) > NAMED else "")
