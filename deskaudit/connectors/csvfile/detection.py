"""What a ticket table is: the export of a known program, or one whose columns are told by their usual names.

Nothing is decided for the user: each finding is shown with what speaks for it, and what has two readings shows both.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from deskaudit.connectors.csvfile import presets
from deskaudit.connectors.csvfile.options import TIMES
from deskaudit.connectors.csvfile.presets import Preset
from deskaudit.connectors.mapping import PRIORITIES
from deskaudit.connectors.recognition import Specimen
from deskaudit.connectors.tablefinding import TableFinding, name_columns, read
from deskaudit.connectors.tabular.cells import fold_text
from deskaudit.connectors.tabular.headers import Layout, fold, locate
from deskaudit.connectors.tabular.options import MISSING
from deskaudit.model.entities import TICKET_STATUSES
from deskaudit.text import one_line

MOST_WORDS = 40
LEAST_KNOWN = 4
"""So many columns of a preset must be there, and one of its marks and half of the file's columns, or …"""
SURE_MARKS = 4
"""… so many of its marks."""
COMMON_NAMES: dict[str, tuple[str, ...]] = {
    "created_at": ("Created at", "Created time", "Opened at", "Open date"),
    "first_response_at": ("First response time", "First response at", "First reply at", "Responded at"),
    "resolved_at": ("Resolution time", "Resolved at", "Resolution date", "Solved at"),
    "closed_at": ("Close time", "Closed at", "Close date"),
    "response_due_at": ("Expected SLA to first response", "First response due", "Response due"),
    "resolve_due_at": ("Expected SLA to resolve", "Resolution due", "Due date"),
    "category": ("Category", "Topic"),
    "service": ("Service", "Product", "Product group"),
    "department": ("Department", "Group", "Agent group", "Team", "Assignment group"),
    "country": ("Country",),
    "sla_level": ("SLA level", "SLA"),
}
"""Names of columns that are no one program's; a time's name counts only where the column holds times."""


class Word(msgspec.Struct, frozen=True):
    """A word of a column, how often it stands there, and what it would mean; None where nobody knows."""

    word: str
    n: int
    meant: str | None


class Finding(TableFinding, kw_only=True):
    """A table as a source of tickets. `is_known`: its columns tell a ticket's number and its creation."""

    is_known: bool = True
    preset: str = ""
    preset_title: str = ""
    known: int = 0  # columns of the file that the preset knows
    status_column: str = ""
    statuses: list[Word] = msgspec.field(default_factory=list)
    priority_column: str = ""
    priorities: list[Word] = msgspec.field(default_factory=list)
    understood: frozenset[str] = frozenset()  # the columns that the preset or the usual names account for


def examine(specimen: Specimen) -> Finding | None:
    """A table of tickets, or what a user would have to name in it; None for what is no table.

    Raises SourceError where the file is no text.
    """
    choice = max((_weigh(layout) for layout in specimen.layouts), key=lambda pair: pair[0], default=None)
    return None if choice is None else _examine_table(specimen, choice[1])


class _Choice(msgspec.Struct, frozen=True):
    layout: Layout
    preset: str
    known: int
    columns: dict[str, str]
    is_known: bool


def _weigh(layout: Layout) -> tuple[tuple[int, int], _Choice]:
    cells = {cell.strip().lstrip("\ufeff") for cell in layout.header}
    folded = {fold(cell) for cell in cells if cell}
    rank, choice = 0, _Choice(layout, "", 0, {}, is_known=False)
    for name, preset in presets.load().items():
        known = len(folded & presets.known_columns(preset))
        marks = len(cells & set(preset.marks))
        likely = known >= LEAST_KNOWN and (marks >= SURE_MARKS or (marks and 2 * known >= len(folded)))
        if likely and _has_needed(preset, folded) and known + 2 * marks + 4 > rank:
            rank, choice = known + 2 * marks + 4, _Choice(layout, name, known, {}, is_known=True)
    if not rank:
        columns = name_columns(known_names(), layout)
        if {"key", "created_at"} <= columns.keys() and len(columns) >= 3:
            rank, choice = len(columns), _Choice(layout, "", 0, columns, is_known=True)
    filled = sum(bool(cell.strip()) for cell in layout.header)
    return (rank, filled if filled > 1 else 0), choice


def _has_needed(preset: Preset, folded: set[str]) -> bool:
    time = "created_at" if preset.shape == "tickets" else "happened_at"
    return all(any(fold(name) in folded for name in preset.columns[field]) for field in ("key", time))


def known_names() -> dict[str, list[str]]:
    """Model field → all names that some preset knows its column by; the rules' columns among them."""
    found: dict[str, list[str]] = {}
    for preset in presets.load().values():
        for field, names in preset.columns.items():
            found.setdefault(field, []).extend(names)
        if preset.mapping.priority and preset.mapping.priority.field:
            found.setdefault("priority", []).extend(preset.names(preset.mapping.priority.field))
    for field, common in COMMON_NAMES.items():
        found.setdefault(field, []).extend(common)
    return {field: list(dict.fromkeys(names)) for field, names in found.items()}


def known_statuses() -> dict[str, str]:
    """Words that all presets which know them read alike, and the program's own."""
    return _agreed([preset.mapping.statuses for preset in presets.load().values()]) | {
        name: name for name in TICKET_STATUSES if name != "unknown"
    }


def known_priorities() -> dict[str, str]:
    rules = [preset.mapping.priority for preset in presets.load().values()]
    return _agreed([rule.values for rule in rules if rule]) | {name.casefold(): name for name in PRIORITIES}


def _agreed(tables: Sequence[Mapping[str, str]]) -> dict[str, str]:
    meant: dict[str, set[str]] = {}
    for table in tables:
        for word, value in table.items():
            if len(word) > 1:  # a letter or a digit says nothing without its program
                meant.setdefault(fold_text(word), set()).add(value)
    return {word: next(iter(values)) for word, values in meant.items() if len(values) == 1}


def _examine_table(specimen: Specimen, choice: _Choice) -> Finding:
    """Goes through the rows: the readings of dates, and the words for status and priority."""
    layout, preset = choice.layout, presets.load().get(choice.preset)
    notes = specimen.encoding[1]
    finding = Finding(
        file=specimen.file, path=specimen.path, layout=layout, is_known=choice.is_known, preset=choice.preset,
        known=choice.known, columns=choice.columns, preset_title=preset.title if preset else "", notes=list(notes),
    )  # fmt: skip
    status = _place(layout.header, preset.columns.get("status", []) if preset else [choice.columns.get("status", "")])
    rule = preset.mapping.priority if preset else None
    named = preset.names(rule.field) if preset and rule and rule.field else (choice.columns.get("priority", ""),)
    priority = _place(layout.header, named)
    counted: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
    missing = {fold_text(word) for word in [*MISSING, *(preset.missing if preset else [])]}

    def count(cells: Sequence[str]) -> None:
        for place, words in zip((status, priority), counted, strict=True):
            word = cells[place].strip() if place is not None else ""
            if word in words or (word and len(words) < MOST_WORDS and fold_text(word) not in missing):
                words[word] += 1

    read(
        finding,
        specimen,
        quote=preset.quote if preset else '"',
        missing=preset.missing if preset else (),
        places=_times_of(preset, layout) if preset else None,
        hear=count,
    )
    finding.understood = frozenset(_understood(finding, preset))
    if status is not None:
        own = (
            {fold_text(word): meant for word, meant in preset.mapping.statuses.items()} if preset else known_statuses()
        )
        finding.status_column, finding.statuses = layout.header[status].strip(), to_words(counted[0], own)
    if priority is not None:
        own = {fold_text(word): meant for word, meant in rule.values.items()} if rule else known_priorities()
        finding.priority_column, finding.priorities = layout.header[priority].strip(), to_words(counted[1], own)
    return finding


def _times_of(preset: Preset, layout: Layout) -> list[int]:
    named = (preset.columns[field] for field in TIMES if field in preset.columns)
    return [place for names in named if (place := _place(layout.header, names)) is not None]


def _understood(finding: Finding, preset: Preset | None) -> list[str]:
    if preset is None:
        return list(finding.columns.values())
    known = presets.known_columns(preset)
    return [name for cell in finding.layout.header if (name := cell.strip().lstrip("\ufeff")) and fold(name) in known]


def _place(header: Sequence[str], names: Sequence[str]) -> int | None:
    return next((places[0] for name in names if name and (places := locate(name, header))), None)


def to_words(counted: Counter[str], known: Mapping[str, str]) -> list[Word]:
    own = {name: name for name in TICKET_STATUSES} | {name.casefold(): name for name in PRIORITIES}
    return [
        Word(one_line(word, 60), n, known.get(fold_text(word)) or own.get(fold_text(word)))
        for word, n in counted.most_common()
        if n
    ]
