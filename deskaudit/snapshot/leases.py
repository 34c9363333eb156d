"""Who uses the snapshot's folder: readers hold a generation's lease, writers a lock that says who they are."""

import contextlib
import fcntl
import hashlib
import os
import re
import secrets
import socket
from pathlib import Path

import msgspec

from deskaudit.errors import LockedError
from deskaudit.i18n import _
from deskaudit.snapshot import manifest
from deskaudit.snapshot.manifest import Manifest, Retired


class Holder(msgspec.Struct):
    """Who holds a lock."""

    pid: int
    host: str
    since_at: int  # epoch seconds


class Lock:
    """An exclusive lock on a file, gone when its process is gone."""

    def __init__(self, file: Path, what: str, now: int) -> None:
        """Takes the lock at once, or raises LockedError that says who holds it. `what`: the thing, for the message."""
        mode = manifest.file_mode(file.parent)
        self._handle: int | None = os.open(file, os.O_RDWR | os.O_CREAT, mode)
        with contextlib.suppress(PermissionError):  # somebody else's file: its maker has done it
            os.fchmod(self._handle, mode)
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            who = _read_holder(self._handle)
            self.release()
            raise LockedError(
                _("{what} is in use by {who}.").format(what=what, who=who),
                hint=_("Wait until it has finished, or end it."),
            ) from None
        holder = Holder(pid=os.getpid(), host=socket.gethostname(), since_at=now)
        os.truncate(self._handle, 0)
        os.pwrite(self._handle, msgspec.json.encode(holder), 0)

    def release(self) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


def is_held(file: Path) -> bool:
    """Whether somebody holds the lock of a file now."""
    try:
        handle = os.open(file, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # a file system without locks
        return False
    finally:
        os.close(handle)
    return False


def lease_file(folder: Path, generation: int) -> Path:
    return folder / f"{generation:08}.lease"


def create_lease(folder: Path, generation: int) -> None:
    """A lease for readers to hold, before the generation is visible."""
    manifest.create_file(lease_file(folder, generation))


def spill_folder(folder: Path) -> str:
    """A folder of this process alone into which an engine may overflow; the engine makes and removes it."""
    return str(folder / f"spill-{_host()}-{os.getpid()}-{secrets.token_hex(4)}")


def remove_old(folder: Path, current: Manifest, now: int) -> dict[str, Retired]:
    """Removes the files of earlier generations that are due and that no reader holds; gives those that stay."""
    earlier = [generation for generation in _leased(folder) if generation < current.generation]
    oldest = min((generation for generation in earlier if not _drop(folder, generation)), default=current.generation)
    kept = {}
    for name, retired in current.retired.items():
        # A reader of generation g may use every file that was retired after g.
        if manifest.is_due(retired, current.generation, now) and retired.generation <= oldest:
            (folder / name).unlink(missing_ok=True)
        else:
            kept[name] = retired
    return kept


def remove_strays(folder: Path, current: Manifest | None) -> None:
    """Removes what a publisher left that was killed: generations without a manifest, overflow of dead processes."""
    known = current.files() | set(current.retired) if current else set()
    for file in folder.glob("*.parquet"):
        if file.name not in known:
            file.unlink(missing_ok=True)
    for spill in folder.glob(f"spill-{_host()}-[0-9]*-*"):
        if not _is_alive(int(spill.name.split("-")[2])):
            for file in spill.iterdir():
                file.unlink(missing_ok=True)
            with contextlib.suppress(OSError):
                spill.rmdir()


def _leased(folder: Path) -> list[int]:
    return sorted(int(file.stem) for file in folder.glob("*.lease") if re.fullmatch("[0-9]+", file.stem))


def _drop(folder: Path, generation: int) -> bool:
    """Removes the lease of a generation that nobody reads; False where somebody does."""
    file = lease_file(folder, generation)
    handle = os.open(file, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        file.unlink()
    except BlockingIOError:
        return False
    finally:
        os.close(handle)
    return True


def _read_holder(handle: int) -> str:
    try:
        holder = msgspec.json.decode(os.pread(handle, 1000, 0), type=Holder)
    except msgspec.MsgspecError:
        return _("another process")
    return _("process {pid} on {host}").format(pid=holder.pid, host=holder.host)


def _host() -> str:
    """This machine in a file's name: processes of another one that shares the folder cannot be asked whether they live."""
    return hashlib.blake2b(socket.gethostname().encode(), digest_size=4).hexdigest()


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
