"""How a file that nobody has described is probably encoded."""

import codecs
import gzip
import zlib
from pathlib import Path

from deskaudit.connectors.ordinary import refuse_special
from deskaudit.connectors.tabular.encodings import suggest
from deskaudit.connectors.tabular.options import TableOptions
from deskaudit.connectors.tabular.tables import open_texts
from deskaudit.connectors.tabular.texts import GZIP, damaged, unreadable
from deskaudit.errors import SourceError
from deskaudit.i18n import _

OWNER = "sources.NAME"


def find_encoding(file: Path) -> tuple[str, list[str]]:
    """The encoding option, and a sentence where it is a guess that the user has to look at."""
    try:
        text = open_texts(file, TableOptions(path=str(file)), OWNER)[0]
        with text.open() as stream:
            for _line in text.lines(stream):
                pass
    except SourceError as fault:
        for encoding in _likely(file):
            try:
                text = open_texts(file, TableOptions(path=str(file), encoding=encoding), OWNER)[0]
                with text.open() as stream:
                    for _line in text.lines(stream):
                        pass
            except (SourceError, ValueError):
                continue
            return encoding, [_("The encoding is a guess: {why} {hint}").format(why=fault.message, hint=fault.hint)]
        raise
    return "auto", []


def _likely(file: Path) -> list[str]:
    """Encodings to try, by the bytes that are no UTF-8 and what stands around them."""
    data = read_start(file, 1 << 22)
    if data.count(b"\0") * 4 > len(data):
        return ["utf-16-le", "utf-16-be"] if data[1:2] == b"\0" else ["utf-16-be", "utf-16-le"]
    try:
        codecs.decode(data, "utf-8")
        place = 0
    except UnicodeDecodeError as fault:
        place = fault.start
    return suggest(data[max(0, place - 2000) :])


def read_start(file: Path, most: int) -> bytes:
    """The first bytes of a file, unpacked where it is gzip. Raises SourceError."""
    try:
        refuse_special(file)
        with file.open("rb") as stream:
            packed = stream.read(2) == GZIP
        with gzip.open(file) if packed else file.open("rb") as stream:
            return stream.read(most)
    except (EOFError, zlib.error, gzip.BadGzipFile) as fault:
        raise damaged(file, fault) from None
    except OSError as fault:
        raise unreadable(file, "", fault) from None
