"""Reports to stdout or to a file that is whole or not there."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from deskaudit.errors import StoreError
from deskaudit.i18n import _

if TYPE_CHECKING:
    from deskaudit.cli.state import State
    from deskaudit.model.verdicts import Audit


@contextmanager
def destination(output: Path | None) -> Iterator[TextIO]:
    """stdout, or a file made with mode 600 under a temporary name and renamed when it is whole."""
    if output is None or str(output) == "-":
        yield sys.stdout
        sys.stdout.flush()
        return
    partial = output.with_name(output.name + ".partial")
    try:
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        partial.replace(output)
    except OSError as fault:
        partial.unlink(missing_ok=True)
        raise StoreError(
            _("{file} cannot be written: {fault}").format(file=output, fault=fault.strerror or fault),
            hint=_("Free space, or name another --output. The audit itself is stored."),
        ) from None


def write_report(state: State, audit: Audit, format_: str, output: Path | None, *, one_screen: bool = False) -> None:
    from deskaudit import reports

    report = reports.build(state.desk.store, audit)
    with destination(output) as out:
        reports.write(report, format_, out, one_screen=one_screen, ascii_=state.ascii, plain=state.plain)
