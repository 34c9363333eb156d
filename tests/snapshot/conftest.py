"""Shared by the tests of the snapshot: times as people write them, and a desk from rows."""

import datetime as dt
from collections.abc import Callable, Iterator
from zoneinfo import ZoneInfo

import pytest

from deskaudit.config import Calendar, Config, Desk
from deskaudit.snapshot import Reader
from deskaudit.testing import snapshot_of


def _at(text: str, zone: str = "UTC") -> int:
    """ "2026-03-02 09:30" in a zone, as epoch seconds."""
    return int(dt.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp())


SUNDAY = _at("2026-03-15 00:00")


@pytest.fixture
def at() -> Callable[..., int]:
    return _at


@pytest.fixture
def office() -> Config:
    """Monday to Friday 08:00 to 16:00 UTC: a business day is 28 800 s."""
    return Config(desk=Desk(zone="UTC"), calendars={"default": Calendar(hours={"mon-fri": ["08:00-16:00"]})})


@pytest.fixture
def desk(tmp_path, office) -> Iterator[Callable[..., Reader]]:
    """Rows → an open snapshot; Sunday 2026-03-15 00:00 UTC unless told otherwise."""
    readers: list[Reader] = []

    def build(rows, *, config=office, now=SUNDAY, **more) -> Reader:
        reader = snapshot_of(tmp_path / "snapshot", rows, config=config, now=now, **more)
        readers.append(reader)
        return reader

    yield build
    for reader in readers:
        reader.close()


@pytest.fixture
def rows_of() -> Callable[..., list[dict]]:
    """The rows of a SELECT as dicts."""

    def read(reader: Reader, sql: str) -> list[dict]:
        found = reader.connection.execute(sql)
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    return read
