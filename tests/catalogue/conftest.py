"""A desk of hand-made rows, judged by one check of the catalogue that ships."""

from datetime import UTC, datetime

import pytest

from deskaudit.checks import catalogue, engine
from deskaudit.checks.context import NoPast, Window
from deskaudit.model.verdicts import Status
from deskaudit.testing import snapshot_of

DAY = 86400
HOUR = 3600


def at(text: str) -> int:
    """Epoch seconds of "2026-01-05" or "2026-01-05 09:00", UTC."""
    form = "%Y-%m-%d %H:%M" if " " in text else "%Y-%m-%d"
    return int(datetime.strptime(text, form).replace(tzinfo=UTC).timestamp())


START = at("2026-01-05")  # a Monday
END = at("2026-03-30")  # a Monday, twelve weeks later
NOW = at("2026-04-06 12:00")  # a Monday
WINDOW = Window(START, END, NOW, (START - 84 * DAY, START))


class Verdicts(dict):
    """Leg → whole-desk result; `.all` has the segments too."""

    def __init__(self, results):
        super().__init__({result.leg: result for result in results if result.segment is None})
        self.all = results
        broken = [result.reason for result in results if result.status is Status.ERROR]
        assert not broken, broken

    @property
    def only(self):
        """The one result of a check without legs."""
        (result,) = self.values()
        return result

    def segment(self, name, leg=""):
        (result,) = [result for result in self.all if result.segment == name and result.leg == leg]
        return result


@pytest.fixture(scope="session")
def shipped():
    return catalogue.load()


class Desk:
    """A published snapshot that any check can judge, over any window: one is enough for PASS, WARN and FAIL."""

    def __init__(self, reader, folder, shipped):
        self.reader, self._folder, self._shipped = reader, folder, shipped

    def judge(self, check, window=WINDOW):
        frozen = self._folder / f"frozen-{len(list(self._folder.iterdir()))}"
        frozen.mkdir()
        item, found = self._shipped.check(check)
        return Verdicts(engine.run(item, found, self.reader, window, frozen, NoPast()))


@pytest.fixture
def desk(shipped, tmp_path):
    """desk(rows) → Desk. `sources`: further sources, {name: rows}; other words go to `snapshot_of`."""
    opened = []

    def build(rows, *, now=NOW, sources=None, **landing):
        folder = tmp_path / f"desk-{len(opened)}"
        reader = snapshot_of(folder, rows, now=now, **landing)
        for name, more in (sources or {}).items():
            reader.close()
            reader = snapshot_of(folder, more, now=now, source=name)
        opened.append(reader)
        return Desk(reader, folder, shipped)

    yield build
    for reader in opened:
        reader.close()


@pytest.fixture
def judge(desk):
    """judge("15.1", rows) → Verdicts, on a desk of its own."""

    def run(check, rows, *, window=WINDOW, **landing):
        return desk(rows, **landing).judge(check, window)

    return run


@pytest.fixture
def window():
    return WINDOW
