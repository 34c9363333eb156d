"""Sources: one module each, found through the entry point group `deskaudit.connectors`.

A connector turns one source into rows of the model. It is read-only, incremental, resumable, bounded in memory,
polite, and honest: what it could not read it says in a Problem, and never as an empty list.
"""

import difflib
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, ClassVar, Protocol

import msgspec

from deskaudit import __version__, plugins
from deskaudit.config import Source
from deskaudit.errors import ConfigError
from deskaudit.i18n import _
from deskaudit.model.batches import Batch, Cursor, Probe, Want
from deskaudit.model.keys import person_hash, row_key
from deskaudit.secrets import Secret, SecretRef
from deskaudit.text import one_line

GROUP = plugins.CONNECTORS


class Context:
    """What a connector is given besides its options: its name, its folder, the time, and no global state."""

    def __init__(
        self,
        source: str,
        folder: Path,
        *,
        now: Callable[[], int],
        hash_key: bytes = b"",
        cancelled: Callable[[], bool] = lambda: False,
        waiting: Callable[[float], None] = lambda _seconds: None,
        zone: str = "UTC",
        held: Mapping[str, Secret] | None = None,
    ) -> None:
        self.source = source
        self.folder = folder.absolute()  # relative paths of the options start here
        self.now = now  # epoch seconds
        self.cancelled = cancelled  # asked between pages; a connector stops within a second
        self.waiting = waiting  # told, in seconds, of each longer wait for a server, before it begins
        self.zone = zone  # the desk's zone, where a source does not say its own
        self._hash_key = hash_key
        self._keys: list[tuple[SecretRef, str]] = []
        self._held = held or {}  # name in the keyring → a secret that is not stored there yet (a source being set up)

    def key(self, entity: str, ext_id: object) -> int:
        """The row id of a thing of this source."""
        return row_key(self.source, entity, str(ext_id))

    def person(self, address: str | None) -> str | None:
        """The keyed hash of an e-mail address or number."""
        return person_hash(address, self._hash_key)

    def name_secrets(self, options: msgspec.Struct) -> None:
        """Learns which key of the config wants which secret, so that one that is missing can say so."""
        self._keys = list(_secrets_in(options, f"sources.{self.source}"))

    def secret(self, ref: SecretRef) -> Secret:
        held = self._held.get(ref.keyring or "")
        if held is not None:
            return held
        return ref.resolve(next((key for known, key in self._keys if known == ref), f"sources.{self.source}"))

    def path(self, text: str) -> Path:
        if "\0" in text:
            raise ConfigError(
                _("sources.{name}: a file's name holds a NUL.").format(name=self.source), hint=_("Correct it.")
            )
        try:
            return self.folder / (Path(text).expanduser() if text.startswith("~") else text)
        except RuntimeError:  # "~name" of nobody here
            raise ConfigError(
                _('sources.{name}: "{text}" begins with the home of a user that is not known here.').format(
                    name=self.source, text=one_line(text, 100)
                ),
                hint=_("Write the whole path, or ./~ for a file that is called so."),
            ) from None


class Connector(Protocol):
    """What every source module offers. `options` is a frozen msgspec Struct with a docstring per field in `help`."""

    name: ClassVar[str]
    title: ClassVar[str]
    options: ClassVar[type[msgspec.Struct]]
    fills: ClassVar[frozenset[str]]
    tested: ClassVar[str]  # real server, real tool, real file, fixture

    def __init__(self, options: Any, context: Context) -> None: ...

    def probe(self) -> Probe:
        """Knocks: reachable, authorised, version, modules. Raises nothing that a Probe can say."""
        ...

    def pull(self, cursor: Cursor | None, want: Want) -> Iterator[Batch]:
        """Yields what changed since `cursor` (None: everything since `want.since_at`), page by page.

        Raises SourceError where nothing more can be had; what was yielded before stays and is resumed.
        """
        ...


def available() -> dict[str, EntryPoint]:
    """Name → entry point of every installed connector; imports none. Two plugins of one name are an error."""
    found: dict[str, EntryPoint] = {}
    for point in entry_points(group=GROUP):
        other = found.get(point.name)
        if other is not None and other.value != point.value:
            raise ConfigError(
                _("Two connectors are called {name}: {a} and {b}.").format(
                    name=point.name, a=other.value, b=point.value
                ),
                hint=_("Uninstall one of the two packages."),
            )
        found[point.name] = point
    return found


def load(source_type: str) -> type[Connector]:
    """The connector class of a source type. A broken plugin says which and why."""
    points = available()
    if source_type not in points:
        near = difflib.get_close_matches(source_type, points, n=1)
        raise ConfigError(
            _("There is no connector {name}.").format(name=source_type),
            hint=(_("Did you mean {near}? ").format(near=near[0]) if near else "")
            + _("Installed: {names}.").format(names=", ".join(sorted(points))),
        )
    try:
        found: type[Connector] = points[source_type].load()
    except Exception as fault:
        raise ConfigError(
            _("The connector {name} ({value}) cannot be loaded: {fault}").format(
                name=source_type, value=points[source_type].value, fault=fault
            ),
            hint=" ".join([_("Reinstall or remove its package."), *_wanted(points[source_type])]),
        ) from fault
    return found


def _wanted(point: EntryPoint) -> list[str]:
    """Which deskaudit the package is for, where it says so: the likeliest reason why it does not load."""
    wanted = plugins.wanted_by(point)
    return (
        [_("It is for {wanted}, and this is {version}.").format(wanted=wanted, version=__version__)] if wanted else []
    )


def build(source: Source, context: Context) -> Connector:
    """A connector with its options checked; an unknown key names the nearest known one."""
    found = load(source.type)
    options = source.read_options(found.options)
    context.name_secrets(options)
    return found(options, context)


def _secrets_in(value: Any, key: str) -> Iterator[tuple[SecretRef, str]]:
    """Every secret below a value of the config, with its key; tables of a list count from 1."""
    if isinstance(value, SecretRef):
        yield value, key
    elif isinstance(value, msgspec.Struct):
        for field in msgspec.structs.fields(value):
            yield from _secrets_in(getattr(value, field.name), f"{key}.{field.encode_name}")
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _secrets_in(inner, f"{key}.{name}")
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value, start=1):
            yield from _secrets_in(inner, f"{key}.{number}")
