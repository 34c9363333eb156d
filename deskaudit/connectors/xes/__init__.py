"""XES event logs (.xes, .xes.gz), as process mining knows them: a trace is a ticket, its events are the ticket's events."""

from collections.abc import Iterator
from typing import ClassVar

import msgspec

from deskaudit.connectors import Context
from deskaudit.connectors.csvfile.options import CsvOptions
from deskaudit.connectors.csvfile.reading import Import
from deskaudit.connectors.mapping import Seen
from deskaudit.connectors.ordinary import require_files
from deskaudit.connectors.recognition import Likeness, Specimen
from deskaudit.connectors.tabular.sheets import probe_book
from deskaudit.connectors.xes.eventlog import EventLog, attribute_keys
from deskaudit.connectors.xes.options import XesOptions, as_table
from deskaudit.errors import SourceError
from deskaudit.model.batches import Batch, Cursor, Probe, Want

__all__ = ["Xes", "XesOptions"]


class Xes:
    """`type = "xes"`: logs are read whole each time, event by event."""

    name: ClassVar[str] = "xes"
    title: ClassVar[str] = "Tickets from XES event logs"
    options: ClassVar[type[XesOptions]] = XesOptions
    fills: ClassVar[frozenset[str]] = frozenset(
        {"ticket", "event", "agent", "department", "contact", "rating", "ticket_tag", "ticket_field"}
    )
    tested: ClassVar[str] = "fixture: made from the standard (IEEE 1849)"

    def __init__(self, options: XesOptions, context: Context) -> None:
        self._options = options
        self._context = context

    @classmethod
    def recognises(cls, specimen: Specimen) -> Likeness | None:
        """XML whose root is <log>."""
        from deskaudit.connectors.xes.recognition import likeness

        return likeness(specimen) if specimen.root == "log" else None

    def probe(self) -> Probe:
        """Reads the first events: is the file there, is it a log, what does a trace become."""
        try:
            run = self._open()
        except SourceError as fault:
            return Probe(reachable=False, message=fault.message, hint=fault.hint)
        return probe_book(run.book, run.first_problem)

    def pull(self, cursor: Cursor | None, want: Want) -> Iterator[Batch]:  # noqa: ARG002 - files are read whole
        """All traces of all files. A log that breaks off gives its whole traces and says that it is incomplete."""
        yield from self._open(want.entities).run()

    def sample(self, count: int) -> list[Seen]:
        """The latest tickets of the first 50,000 events, with all attributes. Raises SourceError."""
        table, keys = self._table()
        known = set(table.all_fields().values())
        run = Import(
            msgspec.structs.replace(table, fields=[*table.fields, *(key for key in keys if key not in known)]),
            self._context,
            open_table=EventLog,
        )
        return run.sample(count)

    def _open(self, entities: frozenset[str] | None = None) -> Import:
        return Import(self._table()[0], self._context, entities, EventLog)

    def _table(self) -> tuple[CsvOptions, list[str]]:
        """The options of a table of events, and the attributes that the first events have."""
        table = as_table(self._options, None)
        owner = f"sources.{self._context.source}"
        keys = dict.fromkeys(
            key
            for file in require_files(self._context, table.path)
            for key in attribute_keys(file, owner, self._context.cancelled)
        )
        return as_table(self._options, list(keys)), list(keys)
