"""Keys that may not be what they seem: spellings of one number, and words where the others are numbers.

Both are taken as the file has them, because a system may mean them so; but not without a word.
"""

import re
from array import array
from collections.abc import Callable, Container

from deskaudit.i18n import _
from deskaudit.model.batches import Problem
from deskaudit.text import one_line

MOST_WORDS = 3
"""More keys without a digit are no lines of totals."""
LEAST_NUMBERS = 3
"""For each of them so many keys with one."""
_ZEROS = re.compile(r"(?<!\d)0+(?=\d)")


class KeyDoubts:
    """Hears each ticket's key once. 20 bytes of memory for one that is spelled in its own way."""

    def __init__(self, identify: Callable[[str], int]) -> None:
        """`identify`: the id of the ticket of a key."""
        self._identify = identify
        self._plain = array("q")  # the ids that keys would have, were they in capitals and without leading zeros
        self._files = array("I")
        self._rows = array("Q")
        self._heard = 0
        self._words: list[str] = []

    def hear(self, key: str, file: int, row: int) -> None:
        self._heard += 1
        if key.isascii() and key.isdigit() and key[0] != "0":
            return
        if len(self._words) <= MOST_WORDS and not any(char.isdigit() for char in key):
            self._words.append(key)
        plain = _ZEROS.sub("", key.upper())
        if plain != key:
            self._plain.append(self._identify(plain))
            self._files.append(file)
            self._rows.append(row)

    def problems(self, source: str, ids: Container[int], place: Callable[[int, int], str]) -> list[Problem]:
        """What the user should look at. `ids`: those of all tickets; `place` names a row of a file."""
        found = []
        alike = [number for number, plain in enumerate(self._plain) if plain in ids]
        if alike:
            message = _(
                "{n} keys differ from another one by capital letters or leading zeros only, as in {place}:"
                " each is a ticket of its own. If they are not, make them alike in the export."
            )
            first = place(self._files[alike[0]], self._rows[alike[0]])
            found.append(Problem("ticket", message.format(n=len(alike), place=first)))
        if 0 < len(self._words) <= MOST_WORDS and self._heard >= (1 + LEAST_NUMBERS) * len(self._words):
            message = _(
                "{keys} has no digit, as all other keys do, and counts as a ticket. If it is a line of totals,"
                ' leave it out: sources.{source}.comment = "{word}".'
            )
            words = [one_line(word, 40) for word in self._words]
            keys = ", ".join(f'"{word}"' for word in words)
            found.append(Problem("ticket", message.format(keys=keys, source=source, word=words[0])))
        return found
