"""The questions of `init` about one source: its kind, its name, its options, where its secrets are; then a knock."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import click

from deskaudit import config as configuration
from deskaudit import configfile, connectors, secrets
from deskaudit.audit import fields, setup
from deskaudit.audit.desk import knock
from deskaudit.cli.output import told, wrapped
from deskaudit.errors import ConfigError, DeskauditError
from deskaudit.i18n import _
from deskaudit.text import one_line

if TYPE_CHECKING:
    from pathlib import Path

    import msgspec

    from deskaudit.audit.fields import Field
    from deskaudit.audit.setup import ConnectorLine
    from deskaudit.cli.state import State


def ask_source(state: State, file: Path, taken: Collection[str]) -> tuple[str, dict[str, Any] | None]:
    """A source's name and table; None where it was given up. `taken`: the names of the sources there are."""
    found = _ask_kind()
    _say(f"{found.title}: " + _("fills {what}").format(what=", ".join(found.fills)))
    name = _ask_name(found.name, taken, file)
    table: dict[str, Any] = {"type": found.name}
    while True:
        table = {"type": found.name, **_ask_options(found.options, name, table)}
        good, text = _knock(state, name, table, file)
        _say(told((_("It answers. ") if good else _("Something is not right yet: ")) + text, limit=500))
        if good:
            _ask_mapping(state, configuration.Source(name, table, file), table)
            return name, table
        match click.prompt(
            _("Answer again, keep it to correct it in the config, or drop it?"),
            type=click.Choice(["again", "keep", "drop"]),
            default="again",
        ):
            case "keep":
                return name, table
            case "drop":
                return name, None


def _ask_kind() -> ConnectorLine:
    names = sorted(connectors.available())
    _say(_("Kinds of sources: {names}").format(names=", ".join(names)))
    while True:
        text = click.prompt(_("Which kind? (? says what each reads)")).strip().casefold()
        if text in names:
            found = setup.known_connector(text)
            if not found.fault:
                return found
            click.echo(told(found.fault), err=True)
            continue
        words = text.strip("?").split()
        hits = [
            one
            for one in setup.known_connectors()
            if all(word in f"{one.name} {one.title}".casefold() for word in words)
        ]
        for one in hits:
            click.echo(f"  {one.name:<16} {one_line(one.title, 300)}")
        if not hits:
            click.echo(_("None has {text} in its name; csv reads the export of any ticket system.").format(text=text))


def _ask_name(kind: str, taken: Collection[str], file: Path) -> str:
    while True:
        name = click.prompt(_("A short name for it"), default=setup.new_name(kind, dict.fromkeys(taken))).strip()
        try:
            configuration.Source(name, {"type": kind}, file)
        except ConfigError:
            click.echo(_("A name is small letters, digits, - and _, and begins with a letter."), err=True)
            continue
        if name not in taken:
            return name
        click.echo(_("There is a source {name} already.").format(name=name), err=True)


def _knock(state: State, name: str, table: dict[str, Any], file: Path) -> tuple[bool, str]:
    """Whether it answers and lets in, and what it says."""
    try:
        source = configuration.Source(name, table, file)
        click.echo(_("Knocking at {name} …").format(name=name), err=True)
        probe = knock(lambda: state.desk.build(source))
    except DeskauditError as fault:
        return False, str(fault)
    return probe.reachable and probe.authorised is not False, f"{probe.message}\n{probe.hint}"


def _ask_mapping(state: State, source: configuration.Source, table: dict[str, Any]) -> None:
    """Adds the mapping that the source's own tickets suggest, where it is accepted."""
    from deskaudit.cli import proposals

    try:
        options = source.read_options(connectors.load(source.type).options)
        mapping = proposals.ask(state.desk, source, getattr(options, "mapping", None))
    except DeskauditError as fault:
        _say(told(_("No mapping is proposed: {fault}").format(fault=fault), limit=300))
        return
    if mapping:
        table["mapping"] = {**table.get("mapping", {}), **mapping}


def _ask_options(options: type[msgspec.Struct] | None, source: str, before: dict[str, Any]) -> dict[str, Any]:
    """What has no default, the keys of one of the struct's `ways`, and the secrets that belong to none of these.

    `ways`: sets of keys of which one is needed, as (("token",), ("user", "password")). `before`: the earlier answers.
    """
    if options is None:
        return {}
    ways: tuple[tuple[str, ...], ...] = getattr(options, "ways", ())
    in_ways = {name for way in ways for name in way}
    known = {field.name: field for field in fields.fields_of(options)}
    table: dict[str, Any] = {}

    def ask(names: Iterable[str], *, needed: bool) -> None:
        for name in names:
            value = _ask_option(known[name], source, before.get(name), needed=needed)
            if value is not None:
                table[name] = value

    ask([name for name, field in known.items() if field.required], needed=True)
    if ways:
        ask(_ask_way(ways, known), needed=True)
    further = [name for name, field in known.items() if field.kind == "secret" and not field.required]
    ask([name for name in further if name not in in_ways], needed=False)
    return table


def _ask_way(ways: tuple[tuple[str, ...], ...], known: dict[str, Field]) -> tuple[str, ...]:
    """Which of several sets of keys is filled in: a token, say, or a user and a password."""
    click.echo(_("One of these is needed:"))
    for number, way in enumerate(ways, 1):
        _say(f"  {number}  {', '.join(way)}: {known[way[0]].help.partition('. ')[0].rstrip('.')}.", hanging=5)
    return ways[click.prompt(_("Which?"), type=click.IntRange(1, len(ways)), default=1) - 1]


def _ask_option(field: Field, source: str, before: Any, *, needed: bool) -> Any:
    """The value of one option; None leaves the default."""
    if field.kind == "secret":
        return ask_secret(f"{source}-{field.name}", field.help, needed=needed)
    if field.struct is not None:
        first = before[0] if isinstance(before, list) and before else before
        asked = _ask_struct(field, source, first if isinstance(first, dict) else {})
        return [asked] if field.kind == "tables" else asked
    if field.kind == "toml" and "dict" in str(field.declared):
        return _ask_table(field.help)
    return _ask_value(field, before)


def _ask_value(field: Field, before: Any) -> Any:
    _say(f"{field.name}: {field.help}")
    words = [word for word in field.choices if word]
    while True:
        answer = click.prompt(
            f"  {field.name}",
            default=fields.show(field, before) or None,
            type=click.Choice(words) if words else None,
        )
        try:
            value = fields.parse(field, answer)
        except ValueError as fault:
            click.echo(f"  {fault}", err=True)
            continue
        return _in_full(value) if field.is_path else value


def _in_full(value: Any) -> Any:
    return [fields.from_here(one) for one in value] if isinstance(value, list) else fields.from_here(value)


def _ask_struct(field: Field, source: str, before: dict[str, Any]) -> dict[str, Any]:
    """Lines of `name = value` for a table whose names are known; `?` lists them."""
    _say(field.help)
    known = {} if field.struct is None else {one.name: one for one in fields.fields_of(field.struct)}
    table = dict(before)
    if table:
        click.echo("  " + _("so far: {table}").format(table=configfile.inline(table)))
    for line in _lines(_("  name = value (? lists the names, empty: no more)")):
        name, equals, value = (part.strip() for part in line.partition("="))
        if line == "?":
            for option, one in known.items():
                needed = _(" (needed)") if one.required else ""
                _say(f"    {option}{needed}: {one.help}", hanging=6)
        elif name not in known or not (equals and value):
            click.echo(
                _("    {line} is not understood; write it as: {name} = …").format(line=line, name=next(iter(known)))
            )
        else:
            try:
                table[name] = _value_of(known[name], value, source)
            except ValueError as fault:
                click.echo(f"    {name}: {fault}", err=True)
    return table


def _lines(question: str) -> Iterator[str]:
    while line := click.prompt(question, default="", show_default=False).strip():
        yield line


def _value_of(field: Field, value: str, source: str) -> Any:
    """A typed line as the config writes it. A password is never typed into the config: it is asked where it lies."""
    if field.kind == "secret":
        return ask_secret(f"{source}-{field.name}", _("The secret is kept outside the config."), needed=True)
    return fields.parse(field, value)


def _ask_table(text: str) -> dict[str, str]:
    _say(text)
    table: dict[str, str] = {}
    for line in _lines(_("  key = value (empty: no more)")):
        key, equals, value = line.partition("=")
        if not equals:
            click.echo(_("    {line} is not understood; write it as: key = value").format(line=line))
            continue
        table[key.strip()] = value.strip().strip('"')
    return table


def ask_secret(name: str, text: str, *, needed: bool) -> dict[str, Any] | None:
    """Where a secret is, as the config says it; typed in, it goes into the keyring under `name`."""
    _say(text)
    has = secrets.has_keyring()
    if not has:
        _say(_("No keyring runs here: let a variable of the environment hold it, or a command print it."))
    kinds = [*(["keyring"] if has else []), "env", "command", *([] if needed else ["none"])]
    kind = click.prompt(_("Where is this secret?"), type=click.Choice(kinds), default=kinds[0] if needed else "none")
    if kind == "none":
        return None
    if kind == "env":
        return {"env": _ask_variable()}
    if kind == "command":
        return {"command": click.prompt(_("The command that prints it"))}
    value = click.prompt(_("The secret (not shown)"), hide_input=True)
    try:
        secrets.store_in_keyring(name, secrets.Secret(value))
    except DeskauditError as fault:
        click.echo(told(fault), err=True)
        return ask_secret(name, text, needed=needed)
    return {"keyring": name}


def _ask_variable() -> str:
    while True:
        text: str = click.prompt(_("Name of the environment variable")).strip()
        if not (wrong := secrets.no_variable(text)):
            return text
        click.echo(wrong, err=True)


def _say(text: str, *, hanging: int = 0) -> None:
    click.echo(wrapped(text, hanging=hanging))
