"""The manifest: which files make up the one generation that readers see."""

import contextlib
import os
import stat
from pathlib import Path

import msgspec

from deskaudit.errors import SnapshotError
from deskaudit.i18n import _
from deskaudit.model.batches import PulledSource
from deskaudit.text import one_line

FORMAT = 1
NAME = "manifest.json"
KEPT_S = 3600
KEPT_GENERATIONS = 2


class DerivedTable(msgspec.Struct, kw_only=True):
    """One derived table of a generation."""

    file: str
    rows: int


class Retired(msgspec.Struct, kw_only=True):
    """Since which generation and time (epoch seconds) a file is in no manifest."""

    generation: int
    retired_at: int


class Manifest(msgspec.Struct, kw_only=True):
    """A generation of the snapshot. File names are relative to its folder."""

    format: int = FORMAT
    generation: int
    made_at: int  # epoch seconds
    sources: dict[str, PulledSource] = msgspec.field(default_factory=dict)
    derived: dict[str, DerivedTable] = msgspec.field(default_factory=dict)
    config_hash: str = ""  # of what the derived tables depend on: zone and calendars
    landings: dict[str, str] = msgspec.field(default_factory=dict)  # source → the landing that was published last
    retired: dict[str, Retired] = msgspec.field(
        default_factory=dict
    )  # files of earlier generations that still lie there

    def files(self) -> set[str]:
        """The names of all files that a reader of this generation may open."""
        entities = {entity.file for source in self.sources.values() for entity in source.entities.values()}
        return entities | {table.file for table in self.derived.values()}


class _Head(msgspec.Struct):
    format: int = 0


def read(folder: Path) -> Manifest | None:
    """The manifest that is in force; None where nothing has been published."""
    file = folder / NAME
    try:
        raw = file.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as fault:
        raise SnapshotError(
            _("The snapshot's manifest {file} cannot be read: {fault}").format(file=file, fault=fault.strerror),
            hint=_("Check who owns the folder."),
        ) from None
    try:
        found = msgspec.json.decode(raw, type=_Head).format
        if found > FORMAT:
            raise SnapshotError(
                _("The snapshot in {folder} has format {found}; this deskaudit reads up to {known}.").format(
                    folder=folder, found=found, known=FORMAT
                ),
                hint=_("Update deskaudit, or remove the folder and pull again."),
            )
        known = msgspec.json.decode(raw, type=Manifest)
        for name in known.files() | set(known.retired):
            if Path(name).name != name:  # files that are named here are removed when they are old
                raise msgspec.ValidationError(_("{name} is no file of its folder").format(name=one_line(name, 100)))
    except msgspec.MsgspecError as fault:
        raise SnapshotError(
            _("The snapshot's manifest {file} is damaged: {fault}").format(file=file, fault=fault),
            hint=_("Remove the folder {folder} and pull again: it is a copy of your sources.").format(folder=folder),
        ) from None
    return known


def write(folder: Path, manifest: Manifest) -> None:
    """Makes a generation visible, at once or not at all."""
    replace_file(folder / NAME, msgspec.json.format(msgspec.json.encode(manifest), indent=1))


def make_folder(folder: Path) -> None:
    """Creates a folder for its owner alone; inside a folder shared with a group, for that group too."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    shared = folder.parent.stat().st_mode & (stat.S_IWGRP | stat.S_ISGID)
    folder.mkdir(mode=0o700, exist_ok=True)
    if shared == stat.S_IWGRP | stat.S_ISGID:
        folder.chmod(0o2770)


def file_mode(folder: Path) -> int:
    """660 in a folder shared with a group (`init --shared`), else 600."""
    return 0o660 if folder.stat().st_mode & stat.S_IWGRP else 0o600


def create_file(file: Path) -> None:
    """An empty file with its final permissions, whatever the umask."""
    mode = file_mode(file.parent)
    os.close(os.open(file, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, mode))
    file.chmod(mode)


def replace_file(file: Path, data: bytes) -> None:
    """Writes a file under a temporary name, to the disk, and renames it: readers see the old or the new, whole."""
    fresh = file.with_name(f".{file.name}.{os.getpid()}.new")
    try:
        create_file(fresh)
        with fresh.open("wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(file)
    except OSError:
        with contextlib.suppress(OSError):
            fresh.unlink()
        raise
    sync_folder(file.parent)


def sync_file(file: Path) -> None:
    """Waits until a file's data is on the disk."""
    handle = os.open(file, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_folder(folder: Path) -> None:
    """Waits until a folder's names are on the disk."""
    sync_file(folder)


def retire(before: Manifest | None, after: Manifest, now: int) -> None:
    """Notes in `after` which files the generation before it used and it does not."""
    if before is None:
        return
    used = after.files()
    gone = {name: Retired(generation=after.generation, retired_at=now) for name in before.files() - used}
    after.retired = {**gone, **{name: when for name, when in before.retired.items() if name not in used}}


def is_due(retired: Retired, generation: int, now: int) -> bool:
    """Whether a file may go: two generations later, or after an hour."""
    return generation >= retired.generation + KEPT_GENERATIONS or now - retired.retired_at >= KEPT_S
