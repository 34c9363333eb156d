"""Where a desk keeps what its ticket system has no column for: priority, category, type, service, waiting states.

Every ticket source offers one `mapping` option of type `TicketMapping`. What is not mapped stays None, so that the
checks on it say NODATA and name the fix, and nothing is guessed.

    [sources.desk.mapping.priority]
    field = "urgency"                             # a custom field's code, or a column of the file
    values = { urgent = "P1", high = "P2", normal = "P3", low = "P4" }

    [sources.desk.mapping.category]
    tag = "cat-*"                                 # the tag cat-network gives the category "network"

    [sources.desk.mapping.waiting]
    tag = "waiting-*"                             # open tickets with such a tag are paused
    statuses = ["On hold"]                        # and so are tickets in this state of the source
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import ClassVar

import msgspec

from deskaudit.i18n import _
from deskaudit.model.batches import Problem
from deskaudit.model.entities import TICKET_STATUSES, Ticket
from deskaudit.text import one_line

PRIORITIES = ("P1", "P2", "P3", "P4")
PAUSABLE = frozenset({"new", "open", "answered", "unknown"})
"""The statuses that a waiting state turns into `postponed`; a resolved ticket waits for nobody."""


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Root of the tables below: a key that is not known is an error of the config."""


class Rule(_Table, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where one value comes from: the first of field, tag, department that says something; else `default`.

    `field` is a custom field's code or a column. `tag` is a pattern: what `*` stands for is the value ("prio-*"), and
    "*" alone lets each tag speak that `values` names. `department = true` takes the department's name. `values` turns
    what was found into what is meant; letters' case and blanks around do not count, and what it does not name passes
    as it is (except tags, where only named ones count once `values` is there).
    """

    help: ClassVar[dict[str, str]] = {
        "field": "The custom field or column that says it.",
        "tag": 'The tags that say it, as "prio-*": what * stands for is the value; "*" lets each tag speak that values names.',
        "department": "true: the department's name says it.",
        "values": "What the source says = what is meant; case does not count, and what is not named passes as it is.",
        "default": "The value where nothing says it.",
    }

    field: str | None = None
    tag: str | None = None
    department: bool = False
    values: dict[str, str] = msgspec.field(default_factory=dict)
    default: str | None = None

    def __post_init__(self) -> None:
        if self.field is None and self.tag is None and not self.department and self.default is None:
            raise ValueError('say where the value comes from: field = "...", tag = "...", or department = true')
        if self.tag is not None and "*" not in self.tag and self.tag.casefold() not in _fold(self.values):
            raise ValueError(f'tag = "{self.tag}" has no *: name the tag in values too, as "{self.tag}" = "..."')
        if self.tag == "*" and not self.values:
            raise ValueError('tag = "*" needs values: they say which tags count')


class Priorities(Rule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A Rule whose outcome is P1, P2, P3 or P4."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for value in (*self.values.values(), *([] if self.default is None else [self.default])):
            if value not in PRIORITIES:
                raise ValueError(f'"{value}" is no priority; write P1, P2, P3 or P4')


class Presence(_Table, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether something holds for a ticket: it has a tag that matches, or a field says one of `values`
    (any value, where none are named), or its status in the source is one of `statuses`.
    """

    help: ClassVar[dict[str, str]] = {
        "tag": 'A pattern of tags, as "wait-*".',
        "field": "A custom field or column; any value counts where values names none.",
        "values": "The values of the field that count.",
        "statuses": "The source's own statuses that count.",
    }

    tag: str | None = None
    field: str | None = None
    values: list[str] = msgspec.field(default_factory=list)
    statuses: list[str] = msgspec.field(default_factory=list)

    def __post_init__(self) -> None:
        if self.tag is None and self.field is None and not self.statuses:
            raise ValueError('say what marks it: tag = "...", field = "...", or statuses = [...]')


class TicketMapping(_Table, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The `mapping` option of every ticket source. Each part may be left out; what is left out stays unknown."""

    help: ClassVar[dict[str, str]] = {
        "priority": 'A rule whose values are P1 to P4: { field = "urgency", values = { high = "P1", low = "P4" } }.',
        "category": 'A rule: { field = "…" }, { tag = "cat-*" } or { department = true }; values and default may follow.',
        "type": "A rule, as for category: incident, request, …",
        "service": "A rule, as for category.",
        "language": "A rule, as for category.",
        "company": "A rule, as for category.",
        "waiting": 'What marks a paused ticket: { tag = "…" }, { field = "…" } or { statuses = [...] }.',
        "test": "What marks a test ticket, in the same words as waiting; test tickets are left out of all checks.",
        "statuses": "The desk's own words for a status = new, open, answered, postponed, resolved, closed, deleted or spam.",
    }

    priority: Priorities | None = None
    category: Rule | None = None
    type: Rule | None = None
    service: Rule | None = None
    language: Rule | None = None
    company: Rule | None = None
    waiting: Presence | None = None
    test: Presence | None = None
    statuses: dict[str, str] = msgspec.field(default_factory=dict)
    """The source's own words for a status → one of TICKET_STATUSES; it goes before what the connector knows itself."""

    def __post_init__(self) -> None:
        for value in self.statuses.values():
            if value not in TICKET_STATUSES:
                raise ValueError(f'"{value}" is no status; write one of {", ".join(TICKET_STATUSES)}')


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What a source says of one ticket, as the mapping looks at it. Texts as shown to people, already clean."""

    fields: Mapping[str, str | None] = msgspec.field(default_factory=dict)
    tags: Sequence[str] = ()
    department: str | None = None


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """A ticket as a source showed it, beside the row that was made of it: what a mapping is proposed from."""

    facts: Facts
    status_raw: str | None
    ticket: Ticket


class Mapped(msgspec.Struct, frozen=True, kw_only=True):
    """The mapped columns of one ticket; None where the mapping or the ticket says nothing."""

    priority: str | None = None
    category: str | None = None
    type: str | None = None
    service: str | None = None
    language: str | None = None
    company: str | None = None
    is_test: bool | None = None


class Mapper:
    """A mapping at work. It counts the values it could not map, so that `problems` can name them at the end."""

    _UNMAPPED_KINDS = 200  # distinct values kept for the message; a free text column has no end of them

    def __init__(self, mapping: TicketMapping) -> None:
        self.mapping = mapping
        self.fields = frozenset(
            rule.field.casefold()
            for rule in (getattr(mapping, name) for name in mapping.__struct_fields__)
            if isinstance(rule, Rule | Presence) and rule.field is not None
        )
        """The fields and columns the mapping reads, small letters: a connector checks that they exist."""
        self._statuses = _fold(mapping.statuses)
        self._values = {
            name: _fold(rule.values)
            for name in mapping.__struct_fields__
            if isinstance(rule := getattr(mapping, name), Rule)
        }
        self._unmapped: Counter[str] = Counter()

    def map(self, facts: Facts) -> Mapped:
        """What the mapping makes of a ticket. A priority that is no P1 to P4 is counted and left None."""
        folded = {name.casefold(): value for name, value in facts.fields.items()}
        priority = self._find("priority", facts, folded)
        if priority is not None and priority.upper() in PRIORITIES:
            priority = priority.upper()
        elif priority is not None:
            if len(self._unmapped) < self._UNMAPPED_KINDS or priority in self._unmapped:
                self._unmapped[priority] += 1
            priority = None
        test = self.mapping.test
        return Mapped(
            priority=priority,
            category=self._find("category", facts, folded),
            type=self._find("type", facts, folded),
            service=self._find("service", facts, folded),
            language=self._find("language", facts, folded),
            company=self._find("company", facts, folded),
            is_test=None if test is None else _holds(test, facts, folded, None),
        )

    def status(self, raw: str | None, own: str, facts: Facts | None = None) -> str:
        """The canonical status: `statuses` of the mapping before `own` (what the connector knows), then waiting.

        Without `facts` (the ticket's past) only the source's state itself can make it `postponed`.
        """
        found = self._statuses.get((raw or "").strip().casefold(), own)
        waiting = self.mapping.waiting
        if waiting is None or found not in PAUSABLE:
            return found
        given = facts or Facts()
        folded = {name.casefold(): value for name, value in given.fields.items()}
        return "postponed" if _holds(waiting, given, folded, raw) else found

    def problems(self, source: str) -> list[Problem]:
        """One warning that names the commonest values of priority which the mapping does not know."""
        if not self._unmapped:
            return []
        named = ", ".join(f'"{one_line(value, 40)}" ({n})' for value, n in self._unmapped.most_common(5))
        return [
            Problem(
                resource="priority",
                message=_(
                    "No priority is mapped for {values}; add them to sources.{source}.mapping.priority.values,"
                    " with field = the column. (columns.priority is for files that say P1 to P4; take it away then.)"
                ).format(values=named, source=source),
            )
        ]

    def _find(self, name: str, facts: Facts, folded: Mapping[str, str | None]) -> str | None:
        rule: Rule | None = getattr(self.mapping, name)
        if rule is None:
            return None
        values = self._values[name]
        if rule.field is not None:
            said = (folded.get(rule.field.casefold()) or "").strip()
            if said:
                return values.get(said.casefold(), said)
        if rule.tag is not None:
            for tag in facts.tags:
                said = _starred(rule.tag, tag)
                if said and said.casefold() in values:
                    return values[said.casefold()]
                if said and not values:
                    return said
        if rule.department and facts.department:
            said = facts.department.strip()
            return values.get(said.casefold(), said)
        return rule.default


def _starred(pattern: str, tag: str) -> str:
    """What the `*` of the pattern stands for in the tag; the whole tag where there is none; "" if it does not match."""
    head, star, tail = pattern.casefold().partition("*")
    text = tag.strip()
    if not star:
        return text if text.casefold() == head else ""
    folded = text.casefold()
    if len(folded) != len(text):  # a letter that folds to two (ß): positions no longer agree
        text = folded
    if folded.startswith(head) and folded.endswith(tail) and len(folded) > len(head) + len(tail):
        return text[len(head) : len(text) - len(tail)].strip()
    return ""


def _holds(mark: Presence, facts: Facts, folded: Mapping[str, str | None], raw: str | None) -> bool:
    if mark.statuses and raw is not None and raw.strip().casefold() in {text.casefold() for text in mark.statuses}:
        return True
    if mark.tag is not None:
        pattern = re.escape(mark.tag.casefold()).replace(r"\*", ".*")
        if any(re.fullmatch(pattern, tag.strip().casefold(), re.DOTALL) for tag in facts.tags):
            return True
    if mark.field is not None:
        said = (folded.get(mark.field.casefold()) or "").strip().casefold()
        return said in {text.casefold() for text in mark.values} if mark.values else bool(said)
    return False


def _fold(values: Mapping[str, str]) -> dict[str, str]:
    return {key.strip().casefold(): value for key, value in values.items()}
