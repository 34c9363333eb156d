"""What a desk's words mean: status, channel, and what the mapping makes of the other columns."""

from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from deskaudit.connectors.csvfile.options import CHANNELS, CsvOptions
from deskaudit.connectors.mapping import Facts, Mapper
from deskaudit.connectors.tabular.cells import fold_text
from deskaudit.i18n import _
from deskaudit.model.batches import Problem
from deskaudit.model.entities import TICKET_STATUSES
from deskaudit.text import one_line

REMEMBERED = 20_000
_DISTINCT = 200  # unknown words that are kept for the message; a free text has no end of them
_CHANNEL_WORDS = {
    fold_text(word): channel
    for channel, words in {
        "email": ("e-mail", "mail", "e-post", "epost", "correo", "courriel"),
        "phone": ("telephone", "telefon", "telefono", "call", "voice"),
        "chat": ("live chat", "messenger"),
        "form": ("web form", "contact form", "web"),
        "portal": ("self service", "self-service", "customer portal"),
        "walkup": ("walk-up", "walk up", "in person"),
    }.items()
    for word in words
}
_FIXES = {"status": "mapping.statuses", "channel": "channels"}


class Meaning(msgspec.Struct, frozen=True, kw_only=True):
    """The words of one ticket as the model has them. `unknown` lists (column, word) that nobody has mapped."""

    status: str | None  # None: the file has no status
    status_raw: str | None
    channel: str | None
    priority: str | None
    category: str | None
    type: str | None
    service: str | None
    language: str | None
    company: str | None
    is_test: bool | None
    unknown: tuple[tuple[str, str], ...]


class Vocabulary:
    """Reads words, remembers what they meant (a file repeats few), and counts those without a meaning."""

    def __init__(self, options: CsvOptions) -> None:
        names = options.all_fields()
        self._mapper = Mapper(options.full_mapping())
        self._has_status = "status" in names
        self._columns = [name for name in names if name.startswith(":")]
        self._asked = ("status", "channel", "department", *self._columns)
        self._channels = (
            {name: name for name in CHANNELS} | _CHANNEL_WORDS | {fold_text(k): v for k, v in options.channels.items()}
        )
        self._separator = options.label_separator
        self._known: dict[tuple[str | None, ...], Meaning] = {}
        self._statuses: dict[tuple[str, ...], str] = {}
        self._unknown: dict[str, Counter[str]] = {name: Counter() for name in _FIXES}

    def tags(self, cells: Sequence[str]) -> list[str]:
        """The labels of a ticket, each once."""
        parts = [part for cell in cells for part in (cell.split(self._separator) if self._separator else (cell,))]
        return list(dict.fromkeys(one_line(part, 80) for part in parts if part.strip()))

    def read(self, cells: Mapping[str, str], tags: Sequence[str]) -> Meaning:
        """What the cells of a ticket (field → text) mean."""
        asked = (*map(cells.get, self._asked), *tags)
        found = self._known.get(asked)
        if found is None:
            found = self._make(cells, tags)
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            if found.priority is not None or self._mapper.mapping.priority is None:
                self._known[asked] = found  # what has no priority is asked anew: the mapper counts it
        return found

    def status(self, raw: str, facts: Facts) -> str:
        """The canonical status; "unknown" where nobody mapped it."""
        known = (raw, *(text or "" for text in facts.fields.values()), "\x1f", *facts.tags)
        found = self._statuses.get(known)
        if found is None:
            own = fold_text(raw) if fold_text(raw) in TICKET_STATUSES else "unknown"
            found = self._mapper.status(raw, own, facts)
            if len(self._statuses) >= REMEMBERED:
                self._statuses.clear()
            self._statuses[known] = found
        return found

    def facts(self, cells: Mapping[str, str], tags: Sequence[str] = ()) -> Facts:
        return Facts(
            fields={name[1:]: cells.get(name, "") for name in self._columns},
            tags=tags,
            department=one_line(cells.get("department", ""), 120) or None,
        )

    def count_unknown(self, what: str, word: str, n: int = 1) -> None:
        """Counts a word that has no meaning yet."""
        counted = self._unknown[what]
        if word in counted or len(counted) < _DISTINCT:
            counted[word] += n

    def unknown_statuses(self) -> int:
        """How many rows have a status that nobody mapped."""
        return sum(self._unknown["status"].values())

    def problems(self, source: str, without_status: Sequence[str] = ()) -> list[Problem]:
        """One warning for each column with words that nobody mapped; it names the fix.

        `without_status`: the entities that are not whole because of it, where too many statuses are unknown.
        """
        found = self._mapper.problems(source)
        for what, counted in self._unknown.items():
            if counted:
                words = ", ".join(f'"{one_line(word, 40)}" ({n})' for word, n in counted.most_common(5))
                message = _("No {what} is mapped for {words}; add them to sources.{source}.{table}.")
                text = message.format(what=what, words=words, source=source, table=_FIXES[what])
                found.append(Problem(what, text, tuple(without_status) if what == "status" else ()))
        return found

    def _make(self, cells: Mapping[str, str], tags: Sequence[str]) -> Meaning:
        facts = self.facts(cells, tags)
        mapped = self._mapper.map(facts)
        unknown: list[tuple[str, str]] = []
        raw = cells.get("status", "")
        status = self.status(raw, facts) if self._has_status else None
        if status == "unknown":
            unknown.append(("status", raw))
        word = cells.get("channel", "")
        channel = self._channels.get(fold_text(word)) if word else None
        if word and channel is None:
            unknown.append(("channel", word))
        return Meaning(
            status=status,
            status_raw=one_line(raw, 60) or None,
            channel=channel,
            priority=mapped.priority,
            category=_short(mapped.category),
            type=_short(mapped.type),
            service=_short(mapped.service),
            language=_short(mapped.language),
            company=_short(mapped.company),
            is_test=mapped.is_test,
            unknown=tuple(unknown),
        )


def _short(text: str | None) -> str | None:
    return one_line(text, 120) or None if text else None
