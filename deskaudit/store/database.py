"""The SQLite file: opened for its owner alone, in short transactions, with every fault named."""

import os
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deskaudit.errors import StoreError
from deskaudit.i18n import _
from deskaudit.paths import reaching
from deskaudit.store.filesystems import MOUNTS, find_network

if TYPE_CHECKING:
    import sqlite3

    import sqlite_utils

BUSY_MS = 10_000
"""How long a writer waits for another: transactions are short, so that longer means that somebody sits on the file."""


class Database:
    """One connection to one file. Threads take turns; other processes wait up to `busy_ms` milliseconds.

    `reading`: nothing is made, and what may not be written is opened all the same, for reading alone
    (`read_only`). Where there is no file, the database is empty and in memory.
    """

    def __init__(self, path: Path, *, busy_ms: int = BUSY_MS, mounts: Path = MOUNTS, reading: bool = False) -> None:
        self.path = path
        self.warnings: list[str] = []
        self._turn = threading.RLock()
        with reaching(path):  # a folder of somebody else does not even tell whether it is there
            self.read_only = reading and path.exists() and not _is_writable(path)
            self._absent = reading and not path.exists()
        if not (self.read_only or self._absent):
            self._make_file()
        import sqlite3

        from sqlite_utils import Database as SqliteUtils

        self._fault = sqlite3.Error
        with self._faults():
            connection = sqlite3.connect(self._address(), uri=True, timeout=busy_ms / 1000, check_same_thread=False)
            self._db = SqliteUtils(connection, execute_plugins=False)
            connection.create_function("fold", 1, _fold, deterministic=True)
        try:
            with self._faults():
                self._set_up(mounts)
        except BaseException:
            self._db.close()
            raise

    def _address(self) -> str:
        if self._absent:
            return ":memory:"
        address = self.path.absolute().as_uri()
        if not self.read_only:
            return address
        journal = self.path.with_name(self.path.name + "-wal")
        # Without a journal nobody writes, and SQLite need not make the files through which readers and writers agree.
        return f"{address}?mode=ro" if journal.exists() else f"{address}?immutable=1"

    def _make_file(self) -> None:
        """The file exists with mode 600 before SQLite sees it; SQLite gives -wal and -shm the mode of the file."""
        with reaching(self.path):
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            except FileExistsError:
                mode = self.path.stat().st_mode
                if not stat.S_ISREG(mode):
                    raise StoreError(
                        _("{file} is not a file.").format(file=self.path), hint=_("Choose another --data-dir.")
                    ) from None
                if mode & 0o007:
                    self.warnings.append(
                        _("Everybody on this machine can reach {file}: chmod 600 it.").format(file=self.path)
                    )
            else:
                os.fchmod(handle, 0o600)
                os.close(handle)

    def _set_up(self, mounts: Path) -> None:
        if self.read_only or self._absent:
            return
        wanted = "wal"
        if kind := find_network(self.path, mounts):
            wanted = "delete"
            self.warnings.append(
                _(
                    "{file} lies on a network file system ({kind}), where SQLite's fast journal is unsafe: the slow one"
                    " is used. Keep to one machine at a time, or move the data with --data-dir."
                ).format(file=self.path, kind=kind)
            )
        (mode,) = self._db.conn.execute(f"PRAGMA journal_mode = {wanted}").fetchone()
        if mode != wanted:
            self.warnings.append(
                _(
                    "{file} stays in journal mode {mode}: another program holds it, or its disk cannot do better."
                ).format(file=self.path, mode=mode)
            )
        # FULL: a commit is on the disk before it is reported, also when the power goes.
        self._db.conn.execute("PRAGMA synchronous = FULL")
        self._db.conn.execute("PRAGMA foreign_keys = ON")

    @contextmanager
    def write(self) -> Iterator["sqlite_utils.Database"]:
        """One transaction, all or nothing. It takes the write lock at once: a read that turns writer could only fail."""
        with self._turn, self._faults():
            try:  # BEGIN too: whoever stops the program right behind it must not leave the transaction open
                self._db.conn.execute("BEGIN IMMEDIATE")
                yield self._db
                self._db.conn.execute("COMMIT")
            except BaseException:
                self._db.rollback()
                raise

    @contextmanager
    def read(self) -> Iterator["sqlite_utils.Database"]:
        """Several reads of one state of the file."""
        with self._turn, self._faults():
            try:
                self._db.conn.execute("BEGIN")
                yield self._db
            finally:
                self._db.rollback()

    def rows(self, sql: str, values: tuple[Any, ...] | dict[str, Any] = ()) -> list[dict[str, Any]]:
        """All rows of one SELECT, by column name."""
        with self._turn, self._faults():
            cursor = self._db.conn.execute(sql, values)
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor]

    def close(self) -> None:
        with self._turn, self._faults():
            self._db.close()

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except self._fault as fault:
            raise name_fault(fault, self.path) from fault


def _is_writable(path: Path) -> bool:
    """The file, and its folder too: SQLite keeps a journal beside the file."""
    return os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)


def name_fault(fault: "sqlite3.Error", path: Path) -> StoreError:
    """What SQLite complains about, as a message that says what to do."""
    code = getattr(fault, "sqlite_errorname", "") or ""
    if code.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return StoreError(
            _("{file} is locked: another program is writing to it.").format(file=path),
            hint=_("`fuser -v {file}` names that program; end or wait for it, then try again. Nothing is lost.").format(
                file=path
            ),
        )
    if code.startswith(("SQLITE_FULL", "SQLITE_IOERR")):
        return StoreError(
            _("{file} cannot be written: the disk is full or failing ({fault}).").format(file=path, fault=fault),
            hint=_("Make room (`df -h {folder}`), then resume. What was recorded before is safe.").format(
                folder=path.parent
            ),
        )
    if code.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_AUTH")):
        return StoreError(
            _("{file} cannot be opened for writing ({fault}).").format(file=path, fault=fault),
            hint=_("Check the owner and mode of the file and its folder: `ls -la {folder}`.").format(
                folder=path.parent
            ),
        )
    if code.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return StoreError(
            _("{file} is damaged or is no SQLite database ({fault}).").format(file=path, fault=fault),
            hint=_("Restore it from a backup, or move it away to begin with an empty one."),
        )
    return StoreError(
        _("{file}: the database refused: {fault}.").format(file=path, fault=fault),
        hint=_("Please report this together with the output of: deskaudit --version"),
    )


def _fold(text: object) -> str:
    """Letters of any script without regard to case: SQLite's own LIKE folds A to Z only."""
    return str(text).casefold() if text is not None else ""
