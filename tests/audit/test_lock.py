"""The lock of a desk."""

import errno
import fcntl
import os

import pytest

from deskaudit.audit import lock
from deskaudit.errors import LockedError, StoreError


def test_a_full_disk_is_left_to_those_who_need_the_room(tmp_path, monkeypatch):
    """Who holds the lock cannot be noted then; it is held all the same."""

    def full(*_words):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    file = tmp_path / "desk.lock"
    with lock.hold(file, "a pull"), pytest.raises(LockedError, match="another process"), lock.hold(file, "a scan"):
        pass


def test_a_lock_out_of_reach_names_its_file(tmp_path):
    (tmp_path / "data").write_text("")
    with pytest.raises(StoreError, match=r"data/run\.lock cannot be made or opened: Not a directory") as caught:  # noqa: SIM117
        with lock.hold(tmp_path / "data" / "run.lock", "a pull"):
            pass
    assert "--data-dir" in caught.value.hint


def test_a_file_system_without_locks_is_told(tmp_path, monkeypatch):
    def lockless(*_words):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", lockless)
    with pytest.raises(StoreError, match=r"run\.lock cannot be locked: No locks available"):  # noqa: SIM117
        with lock.hold(tmp_path / "run.lock", "a pull"):
            pass
