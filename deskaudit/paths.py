"""Where things lie on this machine (XDG)."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from deskaudit.errors import StoreError
from deskaudit.i18n import _


class Paths(msgspec.Struct, frozen=True):
    """`config` is the file; `data` the folder with the database, the snapshot and the frozen rows."""

    config: Path
    data: Path

    @property
    def database(self) -> Path:
        return self.data / "deskaudit.db"

    @property
    def snapshot(self) -> Path:
        return self.data / "snapshot"

    @property
    def judged(self) -> Path:
        return self.data / "judged"

    @property
    def lock(self) -> Path:
        return self.data / "run.lock"

    @property
    def hash_key(self) -> Path:
        return self.data / "hash.key"

    def make(self) -> None:
        """Creates the data folder for its owner alone."""
        try:
            self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as fault:
            raise StoreError(
                _("The data folder {folder} cannot be made: {fault}.").format(folder=self.data, fault=fault.strerror),
                hint=_("Give this user the right to write there, or choose another place with --data-dir."),
            ) from None


@contextmanager
def reaching(file: Path) -> Iterator[None]:
    """What keeps a file of the data folder from being made or opened is a StoreError that names it."""
    try:
        yield
    except OSError as fault:
        raise StoreError(
            _("{file} cannot be made or opened: {fault}.").format(file=file, fault=fault.strerror),
            hint=_("Give this user the right to write there, or choose another place with --data-dir."),
        ) from fault


def find(config: str | None = None, data: str | None = None) -> Paths:
    """`--config` and `--data-dir`, else DESKAUDIT_CONFIG and DESKAUDIT_DATA, else the XDG folders."""
    from platformdirs import PlatformDirs

    folders = PlatformDirs("deskaudit", appauthor=False)
    config = config or os.environ.get("DESKAUDIT_CONFIG")
    data = data or os.environ.get("DESKAUDIT_DATA")
    return Paths(
        config=Path(config).expanduser() if config else folders.user_config_path / "config.toml",
        data=Path(data).expanduser() if data else folders.user_data_path,
    )
