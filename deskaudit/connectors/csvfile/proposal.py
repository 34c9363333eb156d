"""What was found in a file, as lines for people and as a section of the config."""

import tomllib
from collections.abc import Iterator
from pathlib import Path

import tomlkit
from tomlkit.items import Table as TomlTable

from deskaudit import config, configfile, connectors
from deskaudit.connectors.csvfile.detection import Finding, Word
from deskaudit.connectors.tabular.dates import ORDERS
from deskaudit.errors import ConfigError
from deskaudit.i18n import _
from deskaudit.model.entities import TICKET_STATUSES
from deskaudit.text import one_line

TYPES = {"tickets": "csv", "unknown": "csv", "assets": "assets", "nmap": "nmap", "xes": "xes"}


def describe(finding: Finding) -> Iterator[str]:
    """The finding, line by line."""
    kinds = {
        "tickets": _("a table of tickets"),
        "assets": _("a list of machines"),
        "nmap": _("an nmap scan"),
        "xes": _("an XES event log"),
        "unknown": _("no table of tickets that is known here"),
    }
    yield _("file        {text}").format(text=one_line(finding.file, 200))
    yield _("kind        {text}").format(text=kinds[finding.kind])
    if finding.preset:
        share = finding.known / max(1, _names(finding))
        yield _("preset      {name}: {title}; it knows {n} of {all} columns ({share:.0%})").format(
            name=finding.preset, title=finding.preset_title, n=finding.known, all=_names(finding), share=share
        )
    elif finding.kind == "tickets":
        yield _("preset      none; columns are told by their names")
    if finding.layout is not None:
        yield from _describe_layout(finding)
    if finding.rows:
        yield _("rows        {n}").format(n=finding.rows)
    yield from _describe_dates(finding)
    yield from _describe_words(_("status"), finding.status_column, finding.statuses)
    yield from _describe_words(_("priority"), finding.priority_column, finding.priorities)
    if finding.keys:
        yield _("attributes  {names}").format(names=one_line(", ".join(finding.keys), 400))
    for note in finding.notes:
        yield _("note        {text}").format(text=one_line(note, 600))


def _names(finding: Finding) -> int:
    return sum(bool(cell.strip()) for cell in finding.layout.header) if finding.layout else 0


def _describe_layout(finding: Finding) -> Iterator[str]:
    layout = finding.layout
    if layout is None:
        return
    if layout.sheet:
        yield _('written as  {kind}, sheet "{sheet}"').format(kind=layout.encoding, sheet=one_line(layout.sheet, 60))
    else:
        mark = {"\t": "tab", ",": "comma", ";": "semicolon"}.get(layout.delimiter, layout.delimiter)
        yield _("encoding    {name}").format(name=layout.encoding)
        yield _("delimiter   {name}").format(name=mark)
    names = ", ".join(one_line(cell, 40) for cell in layout.header if cell.strip())
    yield _("header      row {row}: {names}").format(row=layout.header_row, names=one_line(names, 300))


def _describe_dates(finding: Finding) -> Iterator[str]:
    for column in finding.dates:
        readings = [f"{when} ({_(ORDERS[order])})" if order else when for order, when in column.readings.items()]
        text = _(" or ").join(readings)
        if len(set(column.readings.values())) > 1:
            text += _(": no cell of the file decides")
        yield _('date        {name}: "{cell}" is {text}').format(name=column.name, cell=column.cell, text=text)
    if finding.dates and not all(column.has_offset for column in finding.dates):
        yield _(
            "zone        the times carry no offset: in which zone were they written? Without zone, the desk's is taken."
        )


def _describe_words(what: str, column: str, words: list[Word]) -> Iterator[str]:
    for word in words:
        meant = word.meant or _("? (not known: say what it means)")
        yield f"{what:<11} " + _('{column}: "{word}" ({n}) = {meant}').format(
            column=one_line(column, 40), word=word.word, n=word.n, meant=meant
        )


def section(finding: Finding, name: str, folder: Path) -> str:
    """`[sources.NAME]` as text, ready to be pasted; "" for what no source reads. `folder`: where relative paths begin."""
    if finding.kind == "unknown" and finding.layout is None:
        return ""
    table = tomlkit.table()
    table.add("type", TYPES[finding.kind])
    path, base = finding.file.resolve(), folder.resolve()
    text = str(path.relative_to(base)) if path.is_relative_to(base) else str(path)
    if finding.kind == "nmap":
        table.add("files", [text])
    else:
        table.add("path", text)
    if finding.preset:
        table.add("preset", finding.preset)
    if finding.encoding != "auto":
        table.add("encoding", finding.encoding)
        table.add(tomlkit.comment(_("a guess: see that names with accents read well")))
    _add_dates(table, finding)
    if not finding.preset and finding.kind in {"tickets", "assets"}:
        columns = {field: column for field, column in finding.columns.items() if field != "priority"}
        table.add("columns", _table_of(columns))
    elif finding.kind == "unknown":
        columns = tomlkit.table()
        columns.add(
            tomlkit.comment(_('key = "…" and created_at = "…" are needed: the columns of the number and the creation'))
        )
        table.add("columns", columns)
    mapping = tomlkit.table(is_super_table=True)
    _add_statuses(mapping, finding)
    _add_priorities(mapping, finding)
    if len(mapping):
        table.add("mapping", mapping)
    document = tomlkit.document()
    sources = tomlkit.table(is_super_table=True)
    sources.add(name, table)
    document.add("sources", sources)
    return tomlkit.dumps(document)


def _add_dates(table: TomlTable, finding: Finding) -> None:
    unclear = [column for column in finding.dates if len(set(column.readings.values())) > 1]
    proven = {next(iter(column.readings)) for column in finding.dates if len(column.readings) == 1} - {""}
    if unclear:
        column = unclear[0]
        readings = _(" or ").join(f'"{order}" ({when})' for order, when in column.readings.items())
        table.add(
            tomlkit.comment(
                _('dates = …: {readings}? "{cell}" can be each').format(readings=readings, cell=column.cell)
            )
        )
    elif len(proven) == 1:
        table.add("dates", proven.pop())
    if finding.dates and not all(column.has_offset for column in finding.dates):
        table.add(tomlkit.comment(_('zone = "Europe/Oslo": where the times were written, if not in the desk\'s zone')))


def _add_statuses(mapping: TomlTable, finding: Finding) -> None:
    """Words that a preset does not know; without a preset all that are not the program's own."""
    known = {
        word.word: word.meant
        for word in finding.statuses
        if word.meant and not finding.preset and word.word.casefold() not in TICKET_STATUSES
    }
    unknown = [word for word in finding.statuses if not word.meant]
    if known or unknown:
        table = _table_of(known)
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


def _table_of(values: dict[str, str]) -> TomlTable:
    table = tomlkit.table()
    for key, value in values.items():
        table.add(tomlkit.key(key) if key.isidentifier() else tomlkit.key([key]), value)
    return table


def append(file: Path, name: str, text: str) -> None:
    """Adds a section to the config; all that is there stays as it is. Raises ConfigError and writes nothing else."""
    if not file.exists():
        raise ConfigError(
            _("There is no configuration at {file}.").format(file=file), hint=_("Make one: deskaudit init.")
        )
    if name in configfile.read_tables(file).get("sources", {}):
        raise ConfigError(
            _("{file} has a source {name} already.").format(file=file, name=name),
            hint=_("Choose another name, or edit that section."),
        )
    source = config.Source(name, tomllib.loads(text)["sources"][name], file)
    source.read_options(connectors.load(source.type).options)
    configfile.add_section(file, ("sources", name), text)
