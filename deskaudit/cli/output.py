"""Reports to stdout or to a file that is whole or not there."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from deskaudit.reports.files import whole_file

if TYPE_CHECKING:
    from deskaudit.cli.state import State
    from deskaudit.model.verdicts import Audit


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

    report = reports.build(state.desk.store, audit)
    with destination(output) as out:
        reports.write(report, format_, out, one_screen=one_screen, ascii_=state.ascii, plain=state.plain)
