"""`type = "masscan"`: the XML (-oX) or JSON (-oJ, -oD) files of masscan scans. deskaudit does not scan."""

import re
from collections.abc import Iterator
from typing import ClassVar

import msgspec

from deskaudit.connectors import Context
from deskaudit.connectors.narrowing import narrow
from deskaudit.connectors.recognition import Likeness, Specimen
from deskaudit.connectors.scans.hostrows import ALL, ScanFiles
from deskaudit.connectors.scans.scanfile import is_masscan
from deskaudit.i18n import _
from deskaudit.model.batches import Batch, Cursor, Probe, Want

_RECORD = re.compile(rb'\[?[\s,]*\{\s*"ip"\s*:\s*"[0-9a-fA-F.:]+"[^{}]*"ports"\s*:')


class MasscanOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    help: ClassVar[dict[str, str]] = {
        "files": "The scans' files (masscan -oX, -oJ or -oD), * allowed; a host in several counts as it was last seen.",
        "max_mb": "Files larger than this are refused.",
    }

    files: list[str]
    max_mb: int = 2000


class Masscan:
    """A record of masscan is one open port: those of one address become one asset."""

    name: ClassVar[str] = "masscan"
    title: ClassVar[str] = "masscan scans (XML or JSON files)"
    options: ClassVar[type[msgspec.Struct]] = MasscanOptions
    fills: ClassVar[frozenset[str]] = ALL
    tested: ClassVar[str] = (
        "real tool (masscan 1.3.2, what it writes of a capture made by hand); fixture: made from the documented shapes"
    )

    def __init__(self, options: MasscanOptions, context: Context) -> None:
        self._files = ScanFiles(options.files, options.max_mb, context, "masscan")

    @classmethod
    def recognises(cls, specimen: Specimen) -> Likeness | None:
        """XML that names it as the scanner, or JSON records of addresses with ports."""
        if specimen.root == "nmaprun" and is_masscan(specimen.head):
            return Likeness(options={"files": [specimen.path]}, why=_("it names masscan as its scanner"))
        if _RECORD.match(specimen.head):
            return Likeness(options={"files": [specimen.path]}, why=_("it has records of addresses with their ports"))
        return None

    def probe(self) -> Probe:
        return self._files.probe()

    def pull(self, cursor: Cursor | None, want: Want) -> Iterator[Batch]:  # noqa: ARG002 - files are read whole
        """Raises SourceError where no file can be read."""
        yield from narrow(self._files.pull(want), want)
