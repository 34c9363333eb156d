"""Texts that somebody could send to hurt whoever reads them, and where texts stand in what a connector gives."""

from collections.abc import Iterable, Iterator

import msgspec

from deskaudit.model.batches import Batch, Probe
from deskaudit.text import clean, one_line

LONGEST = 4000
"""No text of a row is longer: `clean` and `one_line` cut."""

HOSTILE: tuple[str, ...] = (
    "\x1b[31mred\x1b[0m alert",
    "clip\x1b]52;c;ZXZpbA==\x07board",  # OSC 52 writes to the reader's clipboard
    "wiped\x9b2Jscreen",  # the same sequences in one byte
    "invoice\u202etxt.exe",  # read from right to left
    "mark\ufeffed\u2066 text",
    "hidden\U000e0041tag",
    "nul\0byte",
    "two\r\nlines",
    "[bold red]markup[/] [link=file:///etc/passwd]x[/link]",  # stays as it is: it is escaped where it is shown
    "=cmd|' /C calc'!A0",  # likewise
    "long " + "x" * 20_000,
)


def texts_in(batch: Batch) -> Iterator[tuple[str, str]]:
    """Every text of a batch that a person may read, each with the words for where it stands."""
    for row in batch.rows:
        name = type(row).__name__
        for field in row.__struct_fields__:
            value = getattr(row, field)
            if isinstance(value, str):
                yield f"{name}.{field}", value
    for reject in batch.rejects:
        yield from (("Reject.place", reject.place), ("Reject.reason", reject.reason))
    for problem in batch.problems:
        yield from (("Problem.resource", problem.resource), ("Problem.message", problem.message))
    yield "Batch.resource", batch.resource


def texts_of_probe(probe: Probe) -> Iterator[tuple[str, str]]:
    yield from (("Probe.message", probe.message), ("Probe.hint", probe.hint), ("Probe.version", probe.version or ""))
    for module, word in probe.modules.items():
        yield from (("Probe.modules", module), ("Probe.modules", word))


def fault_of(text: str) -> str:
    """What is wrong with a text; "" if nothing is."""
    if clean(text, len(text) + 1) != text:
        return "holds control, escape or bidi characters"
    if len(text) > LONGEST:
        return f"is {len(text)} characters long"
    return ""


def missing_texts(wanted: Iterable[str], found: Iterable[str]) -> list[str]:
    """Those of which no row has the readable part, as far as its first 20 characters."""
    whole = "\n".join(one_line(text, LONGEST) for text in found)
    return [text for text in wanted if one_line(text)[:20] not in whole]


def said_by(batches: Iterable[Batch]) -> str:
    """Everything that batches say, rows and cursors with them, as one text to search in."""
    return "\n".join(
        msgspec.json.encode([list(b.rows), b.cursor, list(b.rejects), list(b.problems)]).decode() for b in batches
    )
