"""The lock of a desk."""

import errno
import os

import pytest

from deskaudit.audit import lock
from deskaudit.errors import LockedError


def test_a_full_disk_is_left_to_those_who_need_the_room(tmp_path, monkeypatch):
    """Who holds the lock cannot be noted then; it is held all the same."""

    def full(*_words):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    file = tmp_path / "desk.lock"
    with lock.hold(file, "a pull"), pytest.raises(LockedError, match="another process"), lock.hold(file, "a scan"):
        pass
