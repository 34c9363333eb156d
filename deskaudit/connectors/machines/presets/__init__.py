"""What is known of the exports of known inventory programs: one TOML file each, the names their columns go by.

A column that a file does not have is left out; one that the user names must be there. Names are translated in many of
these programs: positions ("#3") in the source's own columns go before a preset's names.
"""

import difflib
import functools
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, TypeVar

import msgspec

from deskaudit import tomltables
from deskaudit.connectors import Context
from deskaudit.connectors.ordinary import require_files
from deskaudit.connectors.tabular.headers import Wish
from deskaudit.connectors.tabular.options import TableOptions
from deskaudit.connectors.tabular.tables import Table
from deskaudit.errors import ConfigError, SourceError
from deskaudit.i18n import _
from deskaudit.text import one_line

FOLDER = Path(__file__).parent
Options = TypeVar("Options", bound=TableOptions)


class Preset(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One program's export."""

    title: str
    tested: str
    notes: str
    columns: dict[str, list[str]]  # model field → names of its column, the usual one first
    states: dict[str, str] = {}
    missing: list[str] = []

    help: ClassVar[dict[str, str]] = {}

    def settle(self, options: Options) -> Options:
        """The options with the program's own marks of absence."""
        return msgspec.structs.replace(options, missing=list(dict.fromkeys([*options.missing, *self.missing])))

    def recognise(
        self, options: TableOptions, own: Mapping[str, str], context: Context
    ) -> tuple[dict[str, str], dict[Path, Table]]:
        """Field → column, of the user's and of those that a file has; and the files, opened. Raises SourceError."""
        wishes = [Wish(column) for column in dict.fromkeys(own.values())]
        mine = {
            field: names for field, names in self.columns.items() if field not in own and names[0] not in own.values()
        }
        wishes += [Wish(names[0], tuple(names[1:]), needed=False) for names in mine.values()]
        opened = {
            file: Table(file, options, wishes, f"sources.{context.source}", context.cancelled)
            for file in require_files(context, options.path)
        }
        present = {name for table in opened.values() for name, places in table.columns.items() if places}
        return {**own, **{field: names[0] for field, names in mine.items() if names[0] in present}}, opened


@functools.cache
def load() -> Mapping[str, Preset]:
    """Name → preset, all checked. Raises ConfigError that names file and key."""
    found = {}
    for file in sorted(FOLDER.glob("*.toml")):
        try:
            raw = tomllib.loads(file.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
            raise ConfigError(_("{file} is not valid TOML: {fault}").format(file=file, fault=fault)) from None
        found[file.stem] = tomltables.read(Preset, raw, file, "")
    return found


def check_name(name: str) -> None:
    """Raises ValueError for a name that no preset has."""
    known = sorted(file.stem for file in FOLDER.glob("*.toml"))
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        raise ValueError(
            _('no preset is called "{name}"').format(name=name)
            + (_("; did you mean {near}?").format(near=near[0]) if near else "")
            + _(" Known: {names}.").format(names=", ".join(known))
        )


def unrecognised(preset: Preset, opened: Mapping[Path, Table], source: str) -> SourceError:
    """The error for files whose column names are none that the preset knows: it shows them with their numbers."""
    file, table = next(iter(opened.items()))
    names = ", ".join(
        f"#{n} {one_line(name, 40)}" for n, name in enumerate(table.layout.header, start=1) if name.strip()
    )
    return SourceError(
        _("{file} has none of the columns by which {title} tells machines apart; they may be translated.").format(
            file=file, title=preset.title
        ),
        kind="bad_file",
        hint=_('Say where they stand, as sources.{source}.columns.serial = "#3". Columns: {names}.').format(
            source=source, names=one_line(names, 600)
        ),
    )
