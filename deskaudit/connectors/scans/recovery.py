"""What is left of an XML file behind bytes that are no XML: read on with lxml, where that is installed."""

from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from deskaudit.connectors.scans.nmapxml import Elements
from deskaudit.connectors.scans.parsing import MOST_BYTES_OF_ONE
from deskaudit.connectors.scans.scanfile import Host, Scan, bad_piece
from deskaudit.i18n import _


def read_on(file: Path, scan: Scan) -> Iterator[Host]:
    """The hosts behind the first `scan.hosts` ones, which were read already. `scan.fault` stays where nothing helps."""
    try:
        from lxml import etree
    except ImportError:
        scan.fault += ". " + _("What follows can be read after: pip install 'deskaudit[recover]'")
        return
    known, fault = scan.hosts, scan.fault
    scan.recovered, scan.fault, scan.ended = 0, "", False
    elements = Elements(scan)
    elements.root, elements.depth = "nmaprun", 1
    met = 0
    try:
        with file.open("rb") as handle:
            events = etree.iterparse(
                _Fed(handle, scan, elements), events=("end",), tag=("host", "runstats", "target"),
                recover=True, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False,
            )  # fmt: skip
            for _event, element in events:
                elements.since = 0
                parent = element.getparent()
                if parent is None or parent.getparent() is not None:
                    continue
                met += element.tag == "host"
                if (element.tag != "host" or met > known) and element.find(".//host") is None:
                    _replay(element, elements)
                yield from elements.done
                scan.recovered += len(elements.done)
                elements.done.clear()
                element.clear()
                while element.getprevious() is not None:
                    del parent[0]
    except etree.LxmlError:
        scan.fault = fault
    if not scan.ended:
        scan.fault = fault


def _replay(element: Any, elements: Elements) -> None:
    elements.start(str(element.tag), {str(name): str(value) for name, value in element.attrib.items()})
    for child in element.iterchildren(tag="*"):
        _replay(child, elements)
    elements.end(str(element.tag))


class _Fed:
    """Gives lxml the file as long as it finds an end to what it has begun."""

    def __init__(self, handle: IO[bytes], scan: Scan, elements: Elements) -> None:
        self._handle = handle
        self._scan = scan
        self._elements = elements

    def read(self, size: int = -1) -> bytes:
        if self._elements.since > MOST_BYTES_OF_ONE:
            raise bad_piece(self._scan.file, MOST_BYTES_OF_ONE // 1_000_000)
        data = self._handle.read(size)
        self._elements.since += len(data)
        return data
