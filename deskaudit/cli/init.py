"""`init`: asks, knocks, and writes config.toml. Secrets go into the keyring, or are named by where they are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click
import msgspec

from deskaudit import config as configuration
from deskaudit import configfile, connectors, secrets, tomltables
from deskaudit.audit import fields, opening
from deskaudit.audit.desk import knock
from deskaudit.cli.output import told
from deskaudit.errors import ConfigError, DeskauditError
from deskaudit.i18n import _

if TYPE_CHECKING:
    from deskaudit.cli.state import State


@click.command(short_help=_("Set up your desk: asks, probes, writes the config."))
@click.option("--force", is_flag=True, help=_("Replace a config that exists."))
@click.option("--example", is_flag=True, help=_("Print a config with every key explained, and write nothing."))
@click.option(
    "--registers", metavar="FOLDER", help=_("Write a commented example of each register to FOLDER; files there stay.")
)
@click.pass_obj
def init(state: State, *, force: bool, example: bool, registers: str | None) -> int:
    """Ask for the desk and its sources, knock at each, and write the configuration."""
    if registers is not None:
        return _write_registers(Path(registers))
    if example:
        from deskaudit.cli.example import config_example

        click.echo(config_example(), nl=False)
        return 0
    file = state.paths.config
    if file.exists() and not force:
        raise ConfigError(
            _("{file} exists.").format(file=file), hint=_("Edit it, or replace it with deskaudit init --force.")
        )
    desk = _ask_desk()
    raw: dict[str, Any] = {"desk": desk, "calendars": {"default": _ask_hours(desk["zone"])}, "sources": {}}
    state.desk.config = tomltables.read(configuration.Config, raw, file, "")
    while click.confirm(_("Add a source?"), default=not raw["sources"]):
        name, table = _ask_source(state, file)
        if table is not None:
            raw["sources"][name] = table
    tomltables.read(configuration.Config, raw, file, "")
    write(file, raw)
    click.echo(_("Written: {file}").format(file=file))
    click.echo(_("Next: deskaudit scan, or deskaudit for the app. All keys: deskaudit init --example"))
    return 0


def _write_registers(folder: Path) -> int:
    from deskaudit.connectors.registers.examples import write_examples

    made = write_examples(folder.expanduser())
    for file in made:
        click.echo(_("Written: {file}").format(file=file))
    if not made:
        click.echo(_("All registers are there already: {folder}").format(folder=folder))
    click.echo(_('Next: fill in those that you keep, and add a source of type "registers" with this folder.'))
    return 0


def write(file: Path, raw: dict[str, Any]) -> None:
    """Writes a whole config, mode 600, all or nothing."""
    import tomli_w

    configfile.write_text(file, tomli_w.dumps(raw))


def _ask_desk() -> dict[str, Any]:
    name = click.prompt(_("What is the desk called?"), default="Help desk")
    profile = click.prompt(
        _("Internal desk or service provider?"), type=click.Choice(["internal", "provider"]), default="internal"
    )
    zone = _ask_zone()
    return {"name": name, "profile": profile, "zone": zone}


def _ask_zone() -> str:
    local = opening.local_zone()
    while True:
        zone: str = click.prompt(_("Its time zone?"), default=local)
        try:
            msgspec.convert({"zone": zone}, configuration.Desk)
        except msgspec.ValidationError as fault:
            click.echo(str(fault), err=True)
        else:
            return zone


def _ask_hours(zone: str) -> dict[str, Any]:
    """`[calendars.default]`: business time runs in these hours alone."""
    while True:
        text = click.prompt(
            _("When is it open? (mon-fri 08:00-16:00, sat 10:00-14:00; or 24x7)"),
            default=opening.show_hours(configuration.USUAL_HOURS),
        )
        try:
            hours = opening.read_hours(text)
        except ValueError as fault:
            click.echo(str(fault), err=True)
        else:
            break
    holidays = "" if hours == opening.ALWAYS else _ask_holidays(opening.country_of(zone))
    return {"hours": hours, **({"holidays": holidays} if holidays else {})}


def _ask_holidays(country: str) -> str:
    none = _("none")
    while True:
        text: str = click.prompt(
            _("Whose public holidays does it keep? (NO, US, DE-BY; or none)"), default=country or none
        )
        code = "" if text.strip().casefold() in {none.casefold(), "none", "-"} else text.strip()
        try:
            opening.check_holidays(code)
        except ValueError as fault:
            click.echo(str(fault), err=True)
        else:
            return code


def _ask_source(state: State, file: Path) -> tuple[str, dict[str, Any] | None]:
    kind = click.prompt(_("Which kind?"), type=click.Choice(sorted(connectors.available())))
    found = connectors.load(kind)
    click.echo(f"{found.title}: " + _("fills {what}").format(what=", ".join(sorted(found.fills))))
    name = click.prompt(_("A short name for it"), default=kind)
    table: dict[str, Any] = {"type": kind}
    for field in msgspec.structs.fields(found.options):
        value = _ask_option(found.options, field, name)
        if value is not None:
            table[field.encode_name] = value
    try:
        source = configuration.Source(name, table, file)
        probe = knock(lambda: state.desk.build(source))
        good, text = probe.reachable and probe.authorised is not False, f"{probe.message}\n{probe.hint}"
    except DeskauditError as fault:
        good, text = False, str(fault)
    click.echo(told((_("It answers. ") if good else _("Something is not right yet: ")) + text, limit=500))
    if good:
        _ask_mapping(state, configuration.Source(name, table, file), table)
    if good or click.confirm(_("Keep what you typed, and correct it in the config later?"), default=True):
        return name, table
    return name, None


def _ask_mapping(state: State, source: configuration.Source, table: dict[str, Any]) -> None:
    """Adds the mapping that the source's own tickets suggest, where it is accepted."""
    from deskaudit.cli import proposals

    try:
        options = source.read_options(connectors.load(source.type).options)
        mapping = proposals.ask(state.desk, source, getattr(options, "mapping", None))
    except DeskauditError as fault:
        click.echo(told(_("No mapping is proposed: {fault}").format(fault=fault), limit=300))
        return
    if mapping:
        table["mapping"] = {**table.get("mapping", {}), **mapping}


def _ask_option(options: type[msgspec.Struct], field: msgspec.structs.FieldInfo, source: str) -> Any:
    """The value of one option; None leaves the default. Only what has no default, and secrets, are asked for."""
    texts: dict[str, str] = getattr(options, "help", {})
    text = texts.get(field.name, field.name)
    if "SecretRef" in str(field.type):
        return _ask_secret(f"{source}-{field.name}", text, needed=field.required)
    if not field.required and field.name not in getattr(options, "asked", ()):
        return None
    table = _struct_in(field.type)
    if table is not None:
        asked = _ask_struct(table, text, source)
        return [asked] if "list" in str(field.type) else asked
    if "dict" in str(field.type):
        return _ask_table(text)
    answer = click.prompt(f"{field.name}: {text}\n ")
    if field.name in {"path", "files"}:
        answer = fields.from_here(answer)
    return [answer] if "list" in str(field.type) else answer


def _struct_in(kind: Any) -> type[msgspec.Struct] | None:
    """The table that an option holds, alone or in a list; None where it is a plain value or a secret."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return None if issubclass(kind, secrets.SecretRef) else kind
    return next((found for part in get_args(kind) if (found := _struct_in(part)) is not None), None)


def _ask_struct(struct: type[msgspec.Struct], text: str, source: str) -> dict[str, Any]:
    """Lines of `name = value` for a table whose names are known; `?` lists them."""
    click.echo(text)
    known = {field.name: field for field in fields.fields_of(struct)}
    table: dict[str, Any] = {}
    while line := click.prompt(
        _("  name = value (? lists the names, empty: no more)"), default="", show_default=False
    ).strip():
        name, equals, value = (part.strip() for part in line.partition("="))
        if line == "?":
            for option, field in known.items():
                needed = _(" (needed)") if field.required else ""
                click.echo(f"    {option}{needed}: {field.help}")
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


def _value_of(field: fields.Field, value: str, source: str) -> Any:
    """A typed line as the config writes it. A password is never typed into the config: it is asked where it lies."""
    if field.kind == "secret":
        return _ask_secret(f"{source}-{field.name}", _("The secret is kept outside the config."), needed=True)
    return fields.parse(field, value)


def _ask_table(text: str) -> dict[str, str]:
    click.echo(text)
    table: dict[str, str] = {}
    while line := click.prompt(_("  key = value (empty: no more)"), default="", show_default=False):
        key, equals, value = line.partition("=")
        if not equals:
            click.echo(_("    {line} is not understood; write it as: key = value").format(line=line))
            continue
        table[key.strip()] = value.strip().strip('"')
    return table


def _ask_secret(name: str, text: str, *, needed: bool) -> dict[str, Any] | None:
    click.echo(text)
    kinds = ["keyring", "env", "command"] + ([] if needed else ["none"])
    kind = click.prompt(_("Where is this secret?"), type=click.Choice(kinds), default="keyring" if needed else "none")
    if kind == "none":
        return None
    if kind == "env":
        return {"env": click.prompt(_("Name of the environment variable"))}
    if kind == "command":
        return {"command": click.prompt(_("The command that prints it"))}
    value = click.prompt(_("The secret (not shown)"), hide_input=True)
    try:
        secrets.store_in_keyring(name, secrets.Secret(value))
    except DeskauditError as fault:
        click.echo(told(fault), err=True)
        return _ask_secret(name, text, needed=needed)
    return {"keyring": name}
