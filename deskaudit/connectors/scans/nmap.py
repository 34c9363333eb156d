"""`type = "nmap"`: the XML files (-oX) of network scans somebody made. deskaudit does not scan unless it is told to.

What real files taught: every one carries a DOCTYPE; a scan that was stopped has whole hosts and no end; a scan of zero
hosts ends with "success"; a service that nmap did not probe is only the name of a port number; an OS guess of 97 % can
be wrong, so it is marked with its accuracy and never stands alone.
"""

from collections.abc import Iterator
from typing import ClassVar

import msgspec

from deskaudit.config import seconds
from deskaudit.connectors import Context
from deskaudit.connectors.narrowing import narrow
from deskaudit.connectors.recognition import Likeness, Specimen
from deskaudit.connectors.scans.hostrows import ALL, ScanFiles
from deskaudit.connectors.scans.ownscan import require_argument, require_ports, require_target
from deskaudit.connectors.scans.scanfile import is_masscan
from deskaudit.errors import ConfigError
from deskaudit.i18n import _
from deskaudit.model.batches import Batch, Cursor, Probe, Want


class NmapOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    help: ClassVar[dict[str, str]] = {
        "files": "The scans' XML files (nmap -oX), * allowed; a host in several counts as it was last seen.",
        "max_mb": "Files larger than this are refused.",
        "targets": "What `deskaudit sources nmap` may scan: addresses, networks or names. Nothing is ever scanned without that command.",
        "ports": 'The ports it scans, as "22,80,443" or "1-1024"; left out: nmap\'s own choice.',
        "arguments": 'Further arguments of nmap from a short list of harmless ones, as ["-sV", "-T3"].',
        "longest": "It is stopped after this time.",
    }

    files: list[str]
    max_mb: int = 2000
    targets: list[str] = msgspec.field(default_factory=list)
    ports: str = ""
    arguments: list[str] = msgspec.field(default_factory=list)
    longest: str = "6h"

    def __post_init__(self) -> None:
        for target in self.targets:
            require_target(target)
        for argument in self.arguments:
            require_argument(argument)
        require_ports(self.ports)
        try:
            seconds(self.longest, "longest")
        except ConfigError as fault:
            raise ValueError(fault.message) from None


class Nmap:
    """Files of masscan are read too: they look alike."""

    name: ClassVar[str] = "nmap"
    title: ClassVar[str] = "nmap scans (XML files)"
    options: ClassVar[type[msgspec.Struct]] = NmapOptions
    fills: ClassVar[frozenset[str]] = ALL
    tested: ClassVar[str] = "real tool (nmap 7.93)"

    def __init__(self, options: NmapOptions, context: Context) -> None:
        self._files = ScanFiles(options.files, options.max_mb, context, "nmap")

    @classmethod
    def recognises(cls, specimen: Specimen) -> Likeness | None:
        """XML whose root is <nmaprun>, of any scanner but masscan."""
        if specimen.root != "nmaprun" or is_masscan(specimen.head):
            return None
        return Likeness(options={"files": [specimen.path]}, why=_("its root is <nmaprun>"))

    def probe(self) -> Probe:
        return self._files.probe()

    def pull(self, cursor: Cursor | None, want: Want) -> Iterator[Batch]:  # noqa: ARG002 - files are read whole
        """Raises SourceError where no file can be read."""
        yield from narrow(self._files.pull(want), want)
