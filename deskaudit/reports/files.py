"""Reports in files: for their owner alone, and whole or not there."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from deskaudit.errors import StoreError
from deskaudit.i18n import _


@contextmanager
def whole_file(path: Path) -> Iterator[TextIO]:
    """A text file with mode 600 under a temporary name, renamed when it is whole and on the disk.

    A device or a pipe is written as it is: nothing takes its place.
    """
    if not path.name:
        raise StoreError(_("The name of the file is empty."), hint=_("Name a file, as audit.md."))
    partial = path.with_name(path.name + ".partial")
    try:
        if path.exists() and not path.is_file():
            with path.open("w", encoding="utf-8", newline="") as out:
                yield out
            return
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        partial.replace(path)
    except OSError as fault:
        partial.unlink(missing_ok=True)
        raise StoreError(
            _("{file} cannot be written: {fault}").format(file=path, fault=fault.strerror or fault),
            hint=_("Make room, or choose another path. The audit itself is stored."),
        ) from None
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
