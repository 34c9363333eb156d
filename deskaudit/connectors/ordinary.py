"""Which files a path or a pattern of the options names, and that they are files which can be read to an end.

A pattern is one as of a shell: `*`, `?` and `[…]` in any part of the path, and `**` alone between slashes for any depth
of folders. A name that is there is no pattern, whatever is in it; hidden names match only what begins with a point.
"""

import errno
import fnmatch
import glob
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from deskaudit.connectors import Context
from deskaudit.errors import SourceError
from deskaudit.i18n import _
from deskaudit.text import one_line

_ABSENT = frozenset({errno.ENOENT, errno.ENOTDIR})
_ANY_DEPTH = "**"


def find_matches(context: Context, text: str, option: str = "path") -> list[Path]:
    """What `text` names, by name: itself where it is there (a folder too), else the files that match it, or none.

    A link to nowhere, a pipe or a device is a match too: whoever reads it tells so (`refuse_special`). Raises
    ConfigError for what is no path, SourceError for what cannot be looked up, as a folder that may not be read.
    """
    path = context.path(text)
    start = context.folder if path.is_relative_to(context.folder) else Path(path.anchor)
    parts = path.parts[len(start.parts) :]
    with _lookup(context, option, path):
        if _is_there(path):
            return [path]
        _check_pattern(parts, context, option)
        return _search(start, parts)


def require_files(
    context: Context,
    texts: str | Iterable[str],
    option: str = "path",
    *,
    below: bool = False,
    absent: list[str] | None = None,
) -> list[Path]:
    """The files of the option `option`, each once: texts in their order, the matches of each by name.

    Raises SourceError where a text names no file; with `absent` only where none of them does, and what is wrong with
    the others is put there. A folder stands for all that is `below` it, or is refused.
    """
    found: dict[Path, None] = {}
    wrong: list[SourceError] = []
    for text in [texts] if isinstance(texts, str) else texts:
        path = context.path(text)
        matches = find_matches(context, text, option)
        said = _("there is no file {path}.")
        if glob.has_magic(text):
            said = _("no file matches {path}.")
        with _lookup(context, option, path):
            if matches == [path] and _is_folder(path):
                said = (
                    _("there is no file in {path}.") if below else _("{path} is a folder: name its files, as {path}/*")
                )
                matches = _search(path, (_ANY_DEPTH, "*")) if below else []
        if not matches:
            hint = _("Correct the path; relative ones start at the config's folder, {folder}.").format(
                folder=one_line(context.folder, 200)
            )
            wrong.append(_refused(context, option, said.format(path=one_line(path, 300)), hint))
        for match in matches:
            if is_nameable(match):
                found[match] = None
            else:
                said = _("the name of {path} is no UTF-8 text.").format(path=one_line(match, 300))
                wrong.append(_refused(context, option, said, _("Rename the file.")))
    if wrong and (absent is None or not found):
        raise wrong[0]
    if not found and absent is None:
        raise _refused(context, option, _("no file is named."), _("Name a file, or a pattern as in/*.csv."))
    if absent is not None:
        absent += [fault.message for fault in wrong]
    return list(found)


def refuse_special(file: Path) -> None:
    """Raises OSError for what is no ordinary file: a pipe or a device would be read, or waited for, for ever."""
    try:
        mode = file.stat().st_mode
    except FileNotFoundError:
        if file.is_symlink():
            raise OSError(errno.ENOENT, _("it is a link to a file that is not there"), str(file)) from None
        raise
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, _("it is a folder, and no file"), str(file))
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, _("it is a pipe or a device, and no file"), str(file))


def is_nameable(file: Path) -> bool:
    """Whether its name is text: bytes that are none can stand in no message, config or database."""
    try:
        str(file).encode()
    except UnicodeEncodeError:
        return False
    return True


def refuse_changed(stream: IO[bytes], before: os.stat_result, read: int) -> None:
    """Raises OSError for an open file that was cut or written anew since `before`, when `read` bytes of it were read.

    One that has grown is a log that goes on: what was there at first has been read.
    """
    now = os.fstat(stream.fileno())
    rewritten = now.st_size == before.st_size and now.st_mtime_ns != before.st_mtime_ns
    if read < before.st_size or rewritten:
        raise OSError(errno.ESTALE, _("it changed while it was read"))


def what_next(fault: Exception, otherwise: str) -> str:
    """What to do about a file that could not be read; `otherwise`: where its path or its rights may be wrong."""
    return _("Run again once it is written.") if getattr(fault, "errno", None) == errno.ESTALE else otherwise


class _Search:
    """One search. Each folder is entered once for each rest of the pattern: links may lead round in circles."""

    def __init__(self) -> None:
        self._entered: set[tuple[int, int, tuple[str, ...]]] = set()

    def matches(self, folder: Path, parts: tuple[str, ...]) -> Iterator[Path]:
        """Whatever below `folder` matches `parts`. Raises OSError."""
        if not parts:
            yield folder
            return
        part, rest = parts[0], parts[1:]
        path = folder / part
        if part == _ANY_DEPTH:
            yield from self._any_depth(folder, rest or ("*",))
        elif not glob.has_magic(part) or _is_there(path):
            if _is_there(path):
                yield from self.matches(path, rest)
        else:
            for name in _names(folder):
                if fnmatch.fnmatch(name, part) and (not name.startswith(".") or part.startswith(".")):
                    yield from self.matches(folder / name, rest)

    def _any_depth(self, folder: Path, rest: tuple[str, ...]) -> Iterator[Path]:
        told = folder.stat() if _is_folder(folder) else None
        if told is None or (key := (told.st_dev, told.st_ino, rest)) in self._entered:
            return
        self._entered.add(key)
        yield from self.matches(folder, rest)
        for name in _names(folder):
            if not name.startswith("."):
                yield from self._any_depth(folder / name, rest)


def _names(folder: Path) -> list[str]:
    """The names in a folder; none where there is no such folder. Raises OSError where it may not be read."""
    try:
        with os.scandir(folder) as entries:
            return sorted(entry.name for entry in entries)
    except (FileNotFoundError, NotADirectoryError):
        return []


def _is_there(path: Path) -> bool:
    """Whether a file, folder or link has this name. Raises OSError where that cannot be seen."""
    try:
        path.lstat()
    except OSError as fault:
        if fault.errno in _ABSENT:
            return False
        raise
    return True


def _is_folder(path: Path) -> bool:
    """Whether it is a folder, or a link to one. Raises OSError where that cannot be seen."""
    try:
        return stat.S_ISDIR(path.stat().st_mode)
    except OSError as fault:
        if fault.errno in _ABSENT or fault.errno == errno.ELOOP:
            return False
        raise


def _search(start: Path, parts: tuple[str, ...]) -> list[Path]:
    return sorted({match for match in _Search().matches(start, parts) if not _is_folder(match)})


def _check_pattern(parts: tuple[str, ...], context: Context, option: str) -> None:
    for part in parts:
        if _ANY_DEPTH in part and part != _ANY_DEPTH:
            said = _("{part} is no pattern: ** stands alone between slashes.").format(part=one_line(part, 100))
            raise _refused(context, option, said, _("Write **/*.csv for files in folders of any depth."))


@contextmanager
def _lookup(context: Context, option: str, path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as fault:
        said = _("{path} cannot be looked up: {why}.").format(
            path=one_line(fault.filename or path, 300), why=fault.strerror or fault
        )
        raise _refused(context, option, said, _("Correct the path, or let this user read the folder.")) from None


def _refused(context: Context, option: str, said: str, hint: str) -> SourceError:
    return SourceError(f"sources.{context.source}.{option}: {said}", kind="bad_file", hint=hint)
