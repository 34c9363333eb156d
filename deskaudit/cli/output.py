"""Reports to stdout or to a file that is whole or not there."""

from __future__ import annotations

import shlex
import shutil
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from deskaudit.i18n import _
from deskaudit.reports.files import whole_file
from deskaudit.text import clean, one_line

if TYPE_CHECKING:
    from deskaudit.cli.state import State
    from deskaudit.model.verdicts import Audit


ADD_SOURCE = _("Add one: deskaudit sources detect FILE --write NAME; or in the app: deskaudit, then 7 and n.")
"""For a config without a source; `init` makes a whole config and replaces none."""


def told(text: object, hint: str = "", *, indent: int = 0, limit: int = 1000) -> str:
    """An error as the terminal shows it: what is wrong, and indented on a line of its own what to do.

    `text`: the message, or a DeskauditError with its hint.
    """
    lines = [one_line(line, limit) for line in f"{clean(text, 4 * limit)}\n{hint}".split("\n")]
    first, *rest = [line for line in lines if line] or [""]
    return "\n".join([" " * indent + first, *(" " * (indent + 2) + line for line in rest)])


def wrapped(text: str, *, hanging: int = 0) -> str:
    """Lines broken between words on a terminal, at their own indent or `hanging`; whole ones for other programs."""
    if not sys.stdout.isatty():
        return text
    width = max(shutil.get_terminal_size().columns - 1, 20)
    return "\n".join(
        textwrap.fill(
            line, width, subsequent_indent=" " * (hanging or len(line) - len(line.lstrip())),
            break_long_words=False, break_on_hyphens=False,
        )
        for line in text.splitlines()
    )  # fmt: skip


def program() -> str:
    """The words that start this program again as it was started: deskaudit, .venv/bin/deskaudit, python -m deskaudit."""
    started = Path(sys.argv[0])
    if started.name in {"__main__.py", "-m", "-c"}:
        return shlex.join([_found(Path(sys.executable)), "-m", "deskaudit"])
    return shlex.quote(_found(started.absolute()))


def _found(file: Path) -> str:
    """The bare name where the shell finds just this file by it, else its path, from here where it lies below."""
    on_path = shutil.which(file.name)
    if on_path and Path(on_path).absolute() == file:
        return file.name
    return str(file.relative_to(Path.cwd())) if file.is_relative_to(Path.cwd()) else str(file)


@contextmanager
def destination(output: Path | None) -> Iterator[TextIO]:
    """stdout, or a file that is whole or not there."""
    if output is None or str(output) == "-":
        yield sys.stdout
        sys.stdout.flush()
        return
    with whole_file(output) as out:
        yield out


def write_report(state: State, audit: Audit, format_: str, output: Path | None, *, one_screen: bool = False) -> None:
    from deskaudit import reports

    report = reports.build(state.desk.records, audit)
    with destination(output) as out:
        reports.write(report, format_, out, one_screen=one_screen, ascii_=state.ascii, plain=state.plain)
