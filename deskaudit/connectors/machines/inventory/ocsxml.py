"""XML reports of the OCS and FusionInventory agents, read section by section; a report that breaks off is refused."""

from collections.abc import Iterator
from typing import IO, Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from deskaudit.errors import SourceError
from deskaudit.i18n import _
from deskaudit.text import one_line

MOST_BYTES_OF_ONE = 1_000_000
"""Of one name, text or comment: the parser begins a piece anew with every read, so that an endless one never ends."""
WANTED = frozenset(
    {
        "hardware", "bios", "operatingsystem", "networks", "drives", "softwares", "antivirus", "firewalls", "firewall",
        "databases_services", "accesslog",
    }
)  # fmt: skip


class _Fed:
    """Feeds the parser, and stops at a piece without an end."""

    def __init__(self, handle: IO[bytes]) -> None:
        self._handle = handle
        self.since = 0

    def read(self, size: int = -1) -> bytes:
        if self.since > MOST_BYTES_OF_ONE:
            raise ValueError(_("one text in it is longer than a megabyte"))
        data = self._handle.read(size)
        self.since += len(data)
        return data


def read_contents(handle: IO[bytes], file: str) -> Iterator[dict[str, Any]]:
    """The `content` of each report in a file, as the JSON of the GLPI agent has it. Raises SourceError."""
    fed = _Fed(handle)
    path: list[str] = []
    content: dict[str, Any] = {}
    try:
        for event, element in iterparse(fed, events=("start", "end"), forbid_dtd=False, forbid_entities=True):
            fed.since = 0
            name = one_line(element.tag, 60).casefold()
            if event == "start":
                path.append(name)
                continue
            path.pop()
            if path[-1:] == ["content"]:
                if name in WANTED:
                    content.setdefault(name, []).append(_flatten(element))
                element.clear()
            elif name == "content":
                if content:
                    yield content
                content = {}
                element.clear()
    except DefusedXmlException:
        raise _refused(file, _("it declares XML entities; no agent does")) from None
    except (ParseError, ValueError, LookupError) as fault:
        raise _refused(file, one_line(fault, 120)) from None


def _flatten(element: Element) -> dict[str, Any]:
    """A section as an object; what is repeated in it is a list."""
    found: dict[str, Any] = {}
    for child in element:
        name = one_line(child.tag, 60).casefold()
        value: Any = _flatten(child) if len(child) else (child.text or "")
        if isinstance(value, dict):
            found.setdefault(name, []).append(value)
        else:
            found.setdefault(name, value)
    return found


def _refused(file: str, why: str) -> SourceError:
    return SourceError(
        _("{file} is no whole inventory report: {why}.").format(file=file, why=why),
        kind="bad_file",
        hint=_("Let the agent write it again (an .ocs or .xml file, uncompressed)."),
    )
