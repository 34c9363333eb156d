"""What every table of records has to say about itself besides its file."""

import re
from collections.abc import Mapping
from typing import ClassVar, Literal

import msgspec

from deskaudit.connectors.tabular.options import TableOptions
from deskaudit.i18n import _


class Columns(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Root of the column tables: model field → column name. Case, blanks and signs of a name do not count."""

    def names(self) -> dict[str, str]:
        """Field → column, of those that are mapped."""
        fields = ((field, getattr(self, field)) for field in self.__struct_fields__)
        return {field: column for field, column in fields if column is not None}

    def need(self, *fields: str) -> None:
        """Raises ValueError where none of the fields is mapped."""
        if not any(getattr(self, field) for field in fields):
            text = _('columns needs {fields}, as {first} = "the name of its column"')
            raise ValueError(text.format(fields=_(" or ").join(fields), first=fields[0]))


class RecordOptions(TableOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of tables whose rows speak of people and tickets."""

    flags: dict[str, bool] = msgspec.field(default_factory=dict)
    nobody: list[str] = msgspec.field(default_factory=lambda: ["Unassigned", "Nobody", "No agent"])
    agents_of: str = ""
    tickets_of: str = ""
    duration_unit: Literal["", "s", "m", "h", "d"] = ""

    help: ClassVar[dict[str, str]] = {
        **TableOptions.help,
        "flags": "The file's words in yes-or-no columns = true or false.",
        "nobody": "Words in columns of people that mean nobody.",
        "agents_of": "The source whose people this file names, by the address, name or id they have there; left out: told by address.",
        "tickets_of": "The source whose tickets this file names, by the id they have there.",
        "duration_unit": "The unit of durations that are bare numbers: s, m, h or d. HH:MM:SS needs none.",
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        for option in ("agents_of", "tickets_of"):
            check_source(getattr(self, option), option)
        columns = getattr(self, "columns", None)
        if getattr(columns, "ticket", None) and not self.tickets_of:
            raise ValueError(_("columns.ticket needs tickets_of: the source whose tickets it names"))


def check_source(name: str, option: str) -> None:
    """Raises ValueError for what cannot be the name of a source; "" is allowed."""
    if name and not re.fullmatch(r"[a-z][a-z0-9_-]{0,30}", name):
        raise ValueError(_('{option} names a source of the config, as "desk"').format(option=option))


def check_words(words: Mapping[str, str], known: Mapping[str, object] | tuple[str, ...]) -> None:
    """Raises ValueError where a word is translated to what nobody knows."""
    for value in words.values():
        if value not in known:
            raise ValueError(
                _('"{value}" is not known; write one of {known}').format(value=value, known=", ".join(known))
            )
