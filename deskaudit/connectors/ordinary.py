"""Files that can be read to an end: a pipe or a device would be waited for, or read, for ever."""

import errno
import stat
from pathlib import Path

from deskaudit.i18n import _


def refuse_special(file: Path) -> None:
    """Raises OSError for what is there and is neither a file nor a folder (which opening refuses by itself)."""
    mode = file.stat().st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise OSError(errno.EINVAL, _("it is a pipe or a device, and no file"), str(file))
