"""Files that the options name, and that can be read to an end: a pipe or a device would be waited for for ever."""

import errno
import glob
import os
import stat
from pathlib import Path

from deskaudit.connectors import Context
from deskaudit.errors import SourceError
from deskaudit.i18n import _


def find_matches(context: Context, text: str) -> list[Path]:
    """What a path, or a pattern with * ? [..] (and ** for all folders below), names, by name; [] where nothing is there.

    What is there under just that name is meant, even where the name looks like a pattern; folders that a pattern
    happens to match are not. The config's own folder may be called anything. Raises SourceError where it cannot be
    looked up: a folder that this user may not read is not an empty one.
    """
    path = context.path(text)
    try:
        if _is_there(path):
            return [path]
        if not glob.has_magic(text):
            return []
        start = _fixed_part(path, context.folder)
        names = glob.glob(str(path.relative_to(start)), root_dir=start, recursive=True)
        if not names and _is_there(start):
            os.scandir(start).close()
    except OSError as fault:
        raise SourceError(
            _("{path} cannot be looked up: {fault}.").format(path=path, fault=fault.strerror or fault),
            kind="bad_file",
            hint=_("Correct sources.{name} in the config, or let this user read the folder.").format(
                name=context.source
            ),
        ) from None
    return sorted(start / name for name in names if not os.path.isdir(start / name))


def _is_there(path: Path) -> bool:
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def _fixed_part(path: Path, folder: Path) -> Path:
    """The folder down to which a pattern names folders as they are called; never above the config's own."""
    start = folder if path.is_relative_to(folder) else Path(path.anchor)
    for part in path.relative_to(start).parts[:-1]:
        if glob.has_magic(part):
            break
        start /= part
    return start


def refuse_special(file: Path) -> None:
    """Raises OSError for what is there and is neither a file nor a folder (which opening refuses by itself)."""
    mode = file.stat().st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise OSError(errno.EINVAL, _("it is a pipe or a device, and no file"), str(file))
