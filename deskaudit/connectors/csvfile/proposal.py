"""What was found in a ticket table, as lines for people and as options of a source."""

from collections.abc import Iterator

import tomlkit
from tomlkit.items import Table as TomlTable

from deskaudit.connectors import tablefinding
from deskaudit.connectors.csvfile.detection import Finding, Word
from deskaudit.connectors.recognition import Likeness
from deskaudit.connectors.tablefinding import table_of
from deskaudit.i18n import _
from deskaudit.model.entities import TICKET_STATUSES
from deskaudit.text import one_line


def likeness(finding: Finding) -> Likeness:
    """The finding as a source of type csv."""
    why = _("it has the columns of {program}").format(program=finding.preset_title)
    if not finding.preset:
        why = _("columns tell a ticket's number and its creation")
    return Likeness(
        options=options(finding), why=why, lines=tuple(describe(finding)), open=tuple(_open(finding)),
        columns=finding.understood,
    )  # fmt: skip


def _open(finding: Finding) -> Iterator[str]:
    yield from tablefinding.open_points(finding)
    for column, words in ((finding.status_column, finding.statuses), (finding.priority_column, finding.priorities)):
        if unknown := ", ".join(f'"{word.word}"' for word in words if not word.meant):
            yield _("{column}: say what these mean: {words}.").format(
                column=one_line(column, 40), words=one_line(unknown, 120)
            )


def describe(finding: Finding) -> Iterator[str]:
    """The finding, line by line."""
    if finding.preset:
        share = finding.known / max(1, finding.width)
        yield _("preset      {name}: {title}; it knows {n} of {all} columns ({share:.0%})").format(
            name=finding.preset, title=finding.preset_title, n=finding.known, all=finding.width, share=share
        )
    elif finding.is_known:
        yield _("preset      none; columns are told by their names")
    yield from tablefinding.describe(finding)
    yield from describe_words(_("status"), finding.status_column, finding.statuses)
    yield from describe_words(_("priority"), finding.priority_column, finding.priorities)


def describe_words(what: str, column: str, words: list[Word]) -> Iterator[str]:
    for word in words:
        meant = word.meant or _("? (not known: say what it means)")
        yield f"{what:<11} " + _('{column}: "{word}" ({n}) = {meant}').format(
            column=one_line(column, 40), word=word.word, n=word.n, meant=meant
        )


def options(finding: Finding) -> TomlTable:
    """The options of a source of type csv that reads it; what only the user knows stands in comments."""
    table = tomlkit.table()
    table.add("path", finding.path)
    if finding.preset:
        table.add("preset", finding.preset)
    tablefinding.add_writing(table, finding)
    if not finding.is_known:
        columns = tomlkit.table()
        columns.add(
            tomlkit.comment(_('key = "…" and created_at = "…" are needed: the columns of the number and the creation'))
        )
        table.add("columns", columns)
    elif not finding.preset:
        table.add("columns", table_of({field: name for field, name in finding.columns.items() if field != "priority"}))
    add_mapping(table, finding)
    return table


def add_mapping(table: TomlTable, finding: Finding) -> None:
    """What its words for status and priority mean."""
    mapping = tomlkit.table(is_super_table=True)
    add_statuses(mapping, finding.statuses, preset=finding.preset)
    _add_priorities(mapping, finding)
    if len(mapping):
        table.add("mapping", mapping)


def add_statuses(mapping: TomlTable, statuses: list[Word], *, preset: str = "") -> None:
    """Words that a preset does not know; without a preset all that are not the program's own."""
    known = {
        word.word: word.meant
        for word in statuses
        if word.meant and not preset and word.word.casefold() not in TICKET_STATUSES
    }
    unknown = [word for word in statuses if not word.meant]
    if known or unknown:
        table = table_of(known)
        for word in unknown:
            text = _("{word} = …: new, open, answered, postponed, resolved, closed, deleted or spam ({n})")
            table.add(tomlkit.comment(text.format(word=tomlkit.string(word.word).as_string(), n=word.n)))
        mapping.add("statuses", table)


def _add_priorities(mapping: TomlTable, finding: Finding) -> None:
    unknown = [word for word in finding.priorities if not word.meant]
    if not finding.priority_column or (finding.preset and not unknown):
        return
    table = tomlkit.table()
    table.add("field", finding.priority_column)
    values = tomlkit.inline_table()
    values.update({word.word: word.meant for word in finding.priorities if word.meant})
    table.add("values", values)
    for word in unknown:
        text = _("in values: {word} = P1, P2, P3 or P4 ({n})")
        table.add(tomlkit.comment(text.format(word=tomlkit.string(word.word).as_string(), n=word.n)))
    mapping.add("priority", table)
