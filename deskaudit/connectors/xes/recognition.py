"""What an event log holds: its attributes, and the words of its states."""

from collections import Counter

import tomlkit

from deskaudit.connectors.csvfile import detection, proposal
from deskaudit.connectors.recognition import Likeness, Specimen
from deskaudit.connectors.tabular.guesses import OWNER
from deskaudit.connectors.tabular.options import TableOptions
from deskaudit.connectors.tabular.tables import Row
from deskaudit.connectors.xes.eventlog import EventLog, attribute_keys
from deskaudit.connectors.xes.options import USUAL
from deskaudit.i18n import _
from deskaudit.text import one_line


def likeness(specimen: Specimen) -> Likeness:
    """The log as a source of type xes. Raises SourceError where it is none after all."""
    keys = attribute_keys(specimen.file, OWNER)
    column = USUAL["status"]
    counted: Counter[str] = Counter()
    rows = 0
    problems: list[str] = []
    if column in keys:
        log = EventLog(specimen.file, TableOptions(path=str(specimen.file)), [column], OWNER)
        for row in log.rows():
            rows += 1
            if isinstance(row, Row) and (row.cells[0] in counted or len(counted) < detection.MOST_WORDS):
                counted[row.cells[0]] += 1
        problems = [problem.message for problem in log.problems]
    words = detection.to_words(counted, detection.known_statuses())
    table, mapping = tomlkit.table(), tomlkit.table(is_super_table=True)
    table.add("path", specimen.path)
    proposal.add_statuses(mapping, words)
    if len(mapping):
        table.add("mapping", mapping)
    lines = [*proposal.describe_words(_("status"), column, words)]
    if rows:
        lines.insert(0, _("rows        {n}").format(n=rows))
    lines.append(_("attributes  {names}").format(names=one_line(", ".join(keys), 400)))
    lines += [_("note        {text}").format(text=one_line(text, 600)) for text in problems]
    return Likeness(options=table, why=_("its root is <log>"), lines=tuple(lines), open=tuple(problems))
