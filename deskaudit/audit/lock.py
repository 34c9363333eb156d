"""One run at a time for a desk."""

import fcntl
import getpass
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from deskaudit.errors import LockedError, StoreError
from deskaudit.i18n import _
from deskaudit.paths import reaching


@contextmanager
def hold(file: Path, doing: str) -> Iterator[None]:
    """Holds the desk's lock; who holds it already is named in the LockedError. The kernel drops it with the process."""
    with reaching(file):
        handle = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(handle, 300).decode(errors="replace").strip() or _("another process")
            raise LockedError(
                _("Another run holds this desk: {holder}.").format(holder=holder),
                hint=_("Wait for it to end, or stop that process."),
            ) from None
        except OSError as fault:  # a network file system without locks
            raise StoreError(
                _("{file} cannot be locked: {fault}.").format(file=file, fault=fault.strerror),
                hint=_(
                    "Two runs at a time would spoil each other's rows: move the data with --data-dir to a disk that has locks."
                ),
            ) from None
        os.ftruncate(handle, 0)
        with suppress(OSError):  # a full disk: what needs the room says so, with the place; this is but a note
            os.pwrite(handle, f"{doing}, {_user()}@{socket.gethostname()}, process {os.getpid()}\n".encode(), 0)
        yield
        os.ftruncate(handle, 0)
    finally:
        os.close(handle)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())
