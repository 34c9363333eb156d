"""Tickets of any desk from its exports (CSV, XLSX): one row per ticket, or one row per change of a ticket."""

from collections.abc import Iterator
from typing import ClassVar

from deskaudit.connectors import Context
from deskaudit.connectors.csvfile.options import CsvOptions
from deskaudit.connectors.csvfile.reading import Import
from deskaudit.connectors.mapping import Seen
from deskaudit.connectors.recognition import Likeness, Specimen
from deskaudit.connectors.tabular.sheets import probe_book
from deskaudit.errors import SourceError
from deskaudit.model.batches import Batch, Cursor, Probe, Want

__all__ = ["CsvOptions", "CsvTickets"]


class CsvTickets:
    """`type = "csv"`: files are read whole each time, and what is not in them any more is gone."""

    name: ClassVar[str] = "csv"
    title: ClassVar[str] = "Tickets from CSV and spreadsheet files"
    options: ClassVar[type[CsvOptions]] = CsvOptions
    fills: ClassVar[frozenset[str]] = frozenset(
        {"ticket", "event", "agent", "department", "contact", "rating", "ticket_tag", "ticket_field"}
    )
    tested: ClassVar[str] = "real file, exports of real servers (RT 5.0.3, Redmine 5.0.4); each preset says its own"

    def __init__(self, options: CsvOptions, context: Context) -> None:
        self._options = options
        self._context = context

    @classmethod
    def recognises(cls, specimen: Specimen) -> Likeness | None:
        """Exports of known programs, and tables with a column for the ticket's number and one for its creation."""
        from deskaudit.connectors.csvfile import detection, proposal

        finding = detection.examine(specimen)
        if finding is None or not finding.is_known:
            return None
        return proposal.likeness(finding)

    def probe(self) -> Probe:
        """Reads the first rows: is the file there, which columns were found, what does a row become."""
        try:
            run = Import(self._options, self._context)
        except SourceError as fault:
            return Probe(reachable=False, message=fault.message, hint=fault.hint)
        return probe_book(run.book, run.first_problem)

    def pull(self, cursor: Cursor | None, want: Want) -> Iterator[Batch]:  # noqa: ARG002 - files are read whole
        """All rows of all files. Raises SourceError where a file cannot be read to its end."""
        yield from Import(self._options, self._context, want.entities).run()

    def sample(self, count: int) -> list[Seen]:
        """The latest tickets of the first 50,000 rows, as the file shows them. Raises SourceError."""
        return Import(self._options, self._context).sample(count)
