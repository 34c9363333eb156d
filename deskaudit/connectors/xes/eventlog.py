"""One XES file as rows of cells, streamed: an event is a row, with the attributes of its trace beside its own.

Nothing is kept but the trace at hand. Entities are refused. A file that breaks off gives its whole traces.
"""

import gzip
import zlib
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import cast
from xml.parsers import expat

from deskaudit.connectors.ordinary import refuse_special
from deskaudit.connectors.tabular.headers import Layout, Wish, fold, missing_column, wishes_of
from deskaudit.connectors.tabular.options import TableOptions
from deskaudit.connectors.tabular.tables import BadRow, Row, Table
from deskaudit.connectors.tabular.texts import GZIP, Counting, Text, bad_file, unreadable
from deskaudit.errors import Cancelled, SourceError
from deskaudit.i18n import _, ngettext
from deskaudit.model.batches import Problem
from deskaudit.text import one_line

CHUNK = 1 << 18
MOST_BYTES_OF_ONE = 4_000_000  # of one name, text or comment: the parser begins a piece anew with every read
MOST_EVENTS = 200_000  # of one trace
MOST_TEXT = 64_000_000  # characters of one trace that are kept
DEEPEST = 100  # elements within each other
MOST_KEYS = 2000
LOOK_EVENTS = 20_000  # traces count too: they may have none
LONGEST = 4000
ATTRIBUTES = frozenset({"string", "date", "int", "float", "boolean", "id"})

Attributes = dict[str, str]
Trace = tuple[Attributes, list[Attributes]]


class EventLog(Table):
    """A log where a table is asked for: `columns` are attribute keys, "case:" and the key for those of the trace."""

    def __init__(
        self,
        file: Path,
        options: TableOptions,
        wanted: Iterable[str | Wish],
        owner: str,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> None:
        """Raises SourceError for a file that cannot be read or is no log."""
        self.file = file
        self._cancelled = cancelled
        self.problems = []
        self._owner = owner
        self._options = options
        self._wishes = wishes_of(wanted)
        self._raw: Counting | None = None
        try:
            refuse_special(file)
            found = file.stat()
        except OSError as fault:
            raise unreadable(file, owner, fault) from None
        self.total, self.modified_at = found.st_size, int(found.st_mtime)
        header = [wish.name for wish in self._wishes]
        self.layout = Layout("XES", "", 0, header)
        self.columns = {name: (place,) for place, name in enumerate(header)}

    @property
    def done(self) -> int:
        return self._raw.done if self._raw else 0

    @property
    def sha256(self) -> str:
        return self._raw.digest.hexdigest() if self._raw else ""

    def rows(self) -> Iterator[Row | BadRow]:
        """All events of all whole traces. Raises SourceError where a wanted attribute stands nowhere in the log."""
        reading = _Reading(self.file, self._wanted(), self._cancelled)
        self.problems = []
        number = empty = repeated = 0
        names: set[str] = set()
        width = len(self._wishes)
        with closing(self._traces(reading)) as traces:
            for case, events in traces:
                name = case.get("case:concept:name", "")
                empty += not events
                repeated += name in names
                names.add(name)
                for event in events:
                    number += 1
                    cells = [""] * width
                    for key, value in (*case.items(), *event.items()):
                        place = reading.places[key]
                        if place is not None:
                            cells[place] = value
                    yield Row(number, cells)
        self._judge(reading, empty, repeated, number)

    def _wanted(self) -> dict[str, int]:
        return {wish.name: place for place, wish in enumerate(self._wishes)}

    def _traces(self, reading: "_Reading") -> Generator[Trace]:
        try:
            with self.file.open("rb") as raw:
                self._raw = Counting(raw)
                yield from reading.traces(self._raw)
        except OSError as fault:
            raise unreadable(self.file, self._owner, fault) from None

    def _judge(self, reading: "_Reading", empty: int, repeated: int, events: int) -> None:
        """What the log as a whole says: columns that stand nowhere, what was left out."""
        seen = {place for key, place in reading.places.items() if place is not None}
        if events:
            for place, wish in enumerate(self._wishes):
                if place not in seen and not reading.broken:
                    layout = Layout("XES", "", 0, list(reading.places)[:MOST_KEYS])
                    text = Text(self.file, self._options, self._owner)
                    raise missing_column(text, layout, wish)
        if reading.broken:
            message = ngettext(
                "{file} breaks off after {n} whole trace ({why}): what follows is missing.",
                "{file} breaks off after {n} whole traces ({why}): what follows is missing.",
                reading.whole,
            )
            told = message.format(file=self.file.name, n=reading.whole, why=reading.broken)
            self.problems.append(Problem("ticket", told, ("ticket", "event")))
        if empty:
            message = ngettext(
                "{n} trace of {file} has no events; it is no ticket.",
                "{n} traces of {file} have no events; they are no tickets.",
                empty,
            )
            self.problems.append(Problem("ticket", message.format(n=empty, file=self.file.name)))
        if repeated:
            message = ngettext(
                "{n} trace of {file} bears the name of another; it counts as one ticket with it.",
                "{n} traces of {file} bear the name of another; they count as one ticket with it.",
                repeated,
            )
            self.problems.append(Problem("ticket", message.format(n=repeated, file=self.file.name)))


class _Reading:
    """expat over one log. `places` has each attribute key that was met, with its column or None."""

    def __init__(self, file: Path, wanted: dict[str, int], cancelled: Callable[[], bool]) -> None:
        self.file = file
        self._cancelled = cancelled
        self.places: dict[str, int | None] = {}
        self.broken = ""  # why the file is not whole
        self.whole = 0  # traces
        self._exact = wanted
        self._folded = {fold(name): place for name, place in wanted.items()}
        self._depth = 0
        self._since = 0
        self._root = ""
        self._done: list[Trace] = []
        self._case: Attributes | None = None
        self._events: list[Attributes] = []
        self._event: Attributes | None = None
        self._kept = 0
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler, self._parser.EndElementHandler = self._start, self._end
        self._parser.EntityDeclHandler = self._parser.UnparsedEntityDeclHandler = self._refuse
        self._parser.ExternalEntityRefHandler = self._refuse

    def traces(self, raw: Counting) -> Iterator[Trace]:
        """The whole traces. Raises SourceError for what is no log, Cancelled; a log that breaks off sets `broken`."""
        try:
            for data in _chunks(raw):
                if self._cancelled():
                    raise Cancelled(_("Stopped while reading {file}.").format(file=self.file))
                self._since += len(data)
                if self._since > MOST_BYTES_OF_ONE:
                    raise self._no_log(_("it has one name, text or comment of more than 4 MB"))
                self._parser.Parse(data, False)
                yield from self._flush()
            self._parser.Parse(b"", True)
        except (expat.ExpatError, ValueError, LookupError, EOFError, zlib.error, gzip.BadGzipFile) as fault:
            if self._root != "log":
                raise self._no_log(one_line(fault)) from None
            self.broken = one_line(fault, 120)
        yield from self._flush()

    def _flush(self) -> list[Trace]:
        done, self._done = self._done, []
        self.whole += len(done)
        return done

    def _start(self, tag: str, attributes: Attributes) -> None:
        self._depth += 1
        self._since = 0
        depth = self._depth
        if depth > DEEPEST:
            raise self._no_log(_("it has more than {n} elements within each other").format(n=DEEPEST))
        name = tag.rpartition(":")[2]
        if depth == 4:
            if self._event is not None and name in ATTRIBUTES:
                self._keep(self._event, "", attributes)
        elif depth == 3 and self._case is not None:
            if name == "event":
                self._event = {}
            elif name in ATTRIBUTES:
                self._keep(self._case, "case:", attributes)
        elif depth == 2:
            if name == "trace":
                self._case, self._events, self._kept = {}, [], 0
        elif depth == 1:
            self._root = name
            if name != "log":
                raise self._no_log(_("its root is <{tag}>").format(tag=one_line(tag, 40)))

    def _end(self, tag: str) -> None:
        del tag
        self._since = 0
        if self._depth == 3 and self._event is not None:
            self._events.append(self._event)
            self._event = None
            if len(self._events) > MOST_EVENTS:
                raise self._no_log(_("one trace has more than {n} events").format(n=MOST_EVENTS))
        elif self._depth == 2 and self._case is not None:
            self._done.append((self._case, self._events))
            self._case = None
        self._depth -= 1

    def _keep(self, cells: Attributes, prefix: str, attributes: Attributes) -> None:
        key = prefix + attributes.get("key", "")
        if key not in self.places:
            if len(self.places) >= MOST_KEYS:
                raise self._no_log(_("it has more than {n} different attributes").format(n=MOST_KEYS))
            place = self._exact.get(key)
            self.places[key] = place if place is not None else self._folded.get(fold(key))
        if self.places[key] is not None or key == "case:concept:name":
            cells[key] = attributes.get("value", "")[:LONGEST]
            self._kept += len(cells[key])
            if self._kept > MOST_TEXT:
                raise self._no_log(_("one trace has more than {n} MB").format(n=MOST_TEXT // 1_000_000))

    def _refuse(self, *_declaration: object) -> int:
        raise bad_file(
            _("{file} declares XML entities; no event log does.").format(file=self.file),
            _("Do not trust where it comes from."),
        )

    def _no_log(self, why: str) -> SourceError:
        return bad_file(
            _("{file} is no XES event log: {why}.").format(file=self.file, why=why),
            _("Export it as XES, or the events as CSV."),
        )


def _chunks(raw: Counting) -> Iterator[bytes]:
    first = raw.read(2) or b""
    if not first.startswith(GZIP):
        yield first
        while data := raw.read(CHUNK):
            yield data
        return
    unpack = zlib.decompressobj(wbits=31)
    data = first
    while data:
        yield unpack.decompress(data, CHUNK)
        data = unpack.unconsumed_tail or raw.read(CHUNK) or b""
        # Zeros that fill a block are no member, as gzip itself has it.
        if unpack.eof and (rest := (unpack.unused_data + data).lstrip(b"\0")):
            unpack, data = zlib.decompressobj(wbits=31), rest  # another member, as gzip -c a b > c makes them
    if not unpack.eof:
        raise EOFError(_("the gzip file is cut"))


def attribute_keys(file: Path, owner: str, cancelled: Callable[[], bool] = lambda: False) -> list[str]:
    """The attribute keys of the first events and traces of a log. Raises SourceError for what is none, Cancelled."""
    reading = _Reading(file, {}, cancelled)
    try:
        refuse_special(file)
        with file.open("rb") as raw:
            seen = 0
            for _case, made in reading.traces(cast("Counting", raw)):
                seen += 1 + len(made)
                if seen > LOOK_EVENTS:
                    break
    except OSError as fault:
        raise unreadable(file, owner, fault) from None
    return list(reading.places)
