"""Lists of installed packages: dpkg-query, `dpkg -l`, `rpm -qa`, or any list of name, tab, version."""

import re

from deskaudit.connectors.machines.inventory.machine import Software, said

_DPKG = re.compile(r"[uihrp][ncHUFWti][R ]?\s+(?P<name>[a-z0-9][a-z0-9+.:-]+)\s+(?P<version>\S+)\s+\S+.*")
_RPM = re.compile(r"(?P<name>\S+)-(?P<version>[^\s-]+-[^\s-]+)\.(?P<arch>[A-Za-z0-9_]+)")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9+._@/-]*(?::[a-z0-9-]+)?")
_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+:~^_-]*")
_FURNITURE = ("Desired=", "| ", "|/ ", "||/", "+++-", "Listing...", "#")
_GONE = re.compile(
    r"(deinstall|purge|hold|unknown)\b.*(config-files|not-installed)|config-files|not-installed|[rpu][cn] ?"
)


def read_line(line: str) -> Software | str | None:
    """A package, None for a line that names none (headings, and packages of which only settings are left), or its fault."""
    text = line.rstrip("\r\n")
    if not text.strip() or text.startswith(_FURNITURE):
        return None
    if "\t" in text:
        return _read_cells([cell.strip() for cell in text.split("\t")])
    if found := _DPKG.fullmatch(text):
        return Software(without_architecture(found["name"]), found["version"]) if text[1] in "iHUFWt" else None
    if text.startswith("gpg-pubkey-"):
        return None
    if found := _RPM.fullmatch(text.strip()):
        return Software(found["name"], found["version"])
    return "it names no package"


def _read_cells(cells: list[str]) -> Software | str | None:
    """name, version and more: the state of the package may stand anywhere, and the version may be missing then."""
    if not _NAME.fullmatch(cells[0]):
        return "it names no package"
    if any(_GONE.fullmatch(cell) for cell in cells[1:]) or not said(cells[1]) or cells[0].startswith("gpg-pubkey"):
        return None
    version = cells[1].removeprefix("(none):")
    return Software(without_architecture(cells[0]), version) if _VERSION.fullmatch(version) else "its version is none"


def without_architecture(name: str) -> str:
    """The name of a Debian package as it is alone: dpkg writes libc6:i386, and libgmp10:amd64 where both may be there."""
    return name.partition(":")[0]
