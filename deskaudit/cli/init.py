"""`init`: asks, knocks, and writes config.toml. Secrets go into the keyring, or are named by where they are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from deskaudit import config as configuration
from deskaudit import configfile, tomltables
from deskaudit.audit import opening
from deskaudit.cli.newsource import ask_source
from deskaudit.errors import Cancelled, ConfigError
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
    configfile.check_place(file)
    try:
        _ask(state, file)
    except (click.Abort, KeyboardInterrupt):
        raise Cancelled(_("Stopped: no config was written.")) from None
    click.echo(_("Written: {file}").format(file=file))
    click.echo(_("Next: deskaudit scan, or deskaudit for the app. All keys: deskaudit init --example"))
    return 0


def _ask(state: State, file: Path) -> None:
    """Asks for everything, and writes the config at the end."""
    desk = _ask_desk()
    raw: dict[str, Any] = {"desk": desk, "calendars": {"default": _ask_hours(desk["zone"])}, "sources": {}}
    state.desk.config = tomltables.read(configuration.Config, raw, file, "")
    while click.confirm(_("Add a source?"), default=not raw["sources"]):
        name, table = ask_source(state, file, raw["sources"])
        if table is not None:
            raw["sources"][name] = table
    tomltables.read(configuration.Config, raw, file, "")
    write(file, raw)


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
