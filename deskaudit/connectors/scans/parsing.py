"""expat over a scan's XML. Entities are refused and not the DTD, which every real file has."""

import codecs
from collections.abc import Iterator
from typing import IO, NoReturn
from xml.parsers import expat

from deskaudit.connectors.scans.hostpattern import HostPattern
from deskaudit.connectors.scans.nmapxml import Elements, not_nmap
from deskaudit.connectors.scans.scanfile import Host, Scan, bad_piece
from deskaudit.errors import SourceError
from deskaudit.i18n import _
from deskaudit.text import one_line

CHUNK = 262_144
MOST_BYTES_OF_ONE = 4_000_000  # of one name, text or comment
_HOST_END = b"</host>"
_WIDE = frozenset({codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE})
_PLAIN = frozenset({"utf-8", "us-ascii"})


class BrokenOff(Exception):  # noqa: N818 - told as a Problem
    """The file is no XML from some place on. `cut`: it just ends there."""

    def __init__(self, why: str, *, cut: bool) -> None:
        super().__init__(why)
        self.why = why
        self.cut = cut


def parse(handle: IO[bytes], scan: Scan) -> Iterator[Host]:
    """The whole hosts of a file, while it is read; `scan` is filled on the way.

    Raises SourceError for what is no scan or declares entities, BrokenOff where a scan stops being XML.
    """
    data = handle.read(CHUNK)
    reading = _Reading(scan, wide=data[:2] in _WIDE)
    elements = reading.elements
    try:
        while data:
            reading.feed(data)
            yield from elements.done
            elements.done.clear()
            data = handle.read(CHUNK)
        reading.finish()
    except (expat.ExpatError, ValueError, LookupError) as fault:  # the last two: of encodings
        if not elements.root:
            raise not_nmap(scan, str(fault)) from None
        yield from elements.done
        code = fault.code if isinstance(fault, expat.ExpatError) else 0
        if not elements.depth and code in _BEHIND:
            raise BrokenOff(_("another scan stands behind it: give each one its own file"), cut=True) from None
        raise BrokenOff(_("it breaks off: {fault}").format(fault=one_line(fault)), cut=code in _CUT) from None
    yield from elements.done


_CUT = frozenset(
    expat.errors.codes[text]
    for text in (
        expat.errors.XML_ERROR_NO_ELEMENTS,
        expat.errors.XML_ERROR_UNCLOSED_TOKEN,
        expat.errors.XML_ERROR_PARTIAL_CHAR,
        expat.errors.XML_ERROR_UNCLOSED_CDATA_SECTION,
    )
)
_BEHIND = frozenset(
    expat.errors.codes[text]
    for text in (expat.errors.XML_ERROR_JUNK_AFTER_DOC_ELEMENT, expat.errors.XML_ERROR_MISPLACED_XML_PI)
)
"""How expat meets what `nmap --append-output` leaves: a second document."""


class _Reading:
    """Gives expat the file, but for the hosts that `HostPattern` knows.

    A host may be kept from expat where expat stands right behind another one, at `</host>` as it was told itself: then
    nothing is open but the root, and what is taken away is one whole element.
    """

    def __init__(self, scan: Scan, *, wide: bool) -> None:
        """`wide`: in UTF-16, as PowerShell saves what nmap prints, which still names UTF-8."""
        self._parser = _make_parser(scan.file, "utf-16" if wide else None)
        self._parser.XmlDeclHandler = self._see_encoding
        self._parser.StartDoctypeDeclHandler = self._see_doctype
        self.elements = Elements(scan, lambda: self._parser.CurrentByteIndex)
        self._parser.StartElementHandler = self.elements.start
        self._parser.EndElementHandler = self.elements.end
        self._pattern: HostPattern | None = None if wide else HostPattern(self._learn)
        self._given = 0  # bytes that expat has
        self._rest = b""  # what came after the last host's end

    def feed(self, data: bytes) -> None:
        data = self._rest + data
        at = 0
        while self._pattern is not None and (end := data.find(_HOST_END, at)) >= 0:
            end += len(_HOST_END)
            self._feed_host(self._pattern, data[at:end])
            at = end
        self._rest = data[at:]
        if self._pattern is None or len(self._rest) > MOST_BYTES_OF_ONE // 2:
            self._give(self._rest)
            self._rest = b""

    def finish(self) -> None:
        self._give(self._rest)
        self._parser.Parse(b"", True)

    def _feed_host(self, pattern: HostPattern, data: bytes) -> None:
        """`data` ends where the text </host> does; whether that is the end of an element is for expat to say."""
        behind_host = self.elements.host_ended_at + len(_HOST_END) == self._given
        host = pattern.read(data) if behind_host else None
        if host is None:
            self._give(data)
        else:
            self.elements.add(host)
        if not pattern.pays:
            self._pattern = None

    def _give(self, data: bytes) -> None:
        self.elements.since += len(data)
        if self.elements.since > MOST_BYTES_OF_ONE:
            raise bad_piece(self.elements.scan.file, MOST_BYTES_OF_ONE // 1_000_000)
        self._given += len(data)
        self._parser.Parse(data, False)

    def _learn(self, element: bytes, between_ports: bool) -> Elements | None:  # noqa: FBT001
        alone = Elements(Scan(self.elements.scan.file))
        alone.stand_in_host(between_ports=between_ports)
        parser = _make_parser(alone.scan.file)
        parser.StartElementHandler, parser.EndElementHandler = alone.start, alone.end
        try:
            parser.Parse(element, True)
        except expat.ExpatError:
            return None
        return alone

    def _see_encoding(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if encoding is not None and encoding.casefold() not in _PLAIN:
            self._pattern = None

    def _see_doctype(self, _name: str, _system: str | None, _public: str | None, internal: bool) -> None:  # noqa: FBT001
        if internal:  # it may give attributes that stand nowhere else
            self._pattern = None


def _make_parser(file: str, encoding: str | None = None) -> expat.XMLParserType:
    def refuse(*_declaration: object) -> NoReturn:
        raise SourceError(
            _("{file} declares XML entities; no scan does.").format(file=file),
            kind="bad_file",
            hint=_("Do not trust where it comes from."),
        )

    parser = expat.ParserCreate(encoding)
    parser.EntityDeclHandler = parser.UnparsedEntityDeclHandler = parser.ExternalEntityRefHandler = refuse
    return parser
