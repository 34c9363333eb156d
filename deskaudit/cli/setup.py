"""`secret`, `schedule`, `completion`: small commands around the set-up."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

import click

from deskaudit import secrets
from deskaudit.errors import ConfigError
from deskaudit.i18n import _

if TYPE_CHECKING:
    from deskaudit.cli.state import State


@click.group(short_help=_("Secrets in the keyring."))
def secret() -> None:
    """Store or delete a secret in the keyring. It is never shown."""


@secret.command("set")
@click.argument("name")
def set_(name: str) -> None:
    """Store secret NAME; the value is asked for without echo, or read from stdin."""
    value = (
        click.prompt(_("Value of {name}").format(name=name), hide_input=True)
        if sys.stdin.isatty()
        else (sys.stdin.readline().rstrip("\r\n"))
    )
    if not value:
        raise ConfigError(_("An empty secret is not stored."))
    secrets.store_in_keyring(name, secrets.Secret(value))
    click.echo(_('Stored. In the config: {{ keyring = "{name}" }}').format(name=name))


@secret.command()
@click.argument("name")
def delete(name: str) -> None:
    """Delete secret NAME from the keyring."""
    secrets.delete_from_keyring(name)
    click.echo(_("Deleted."))


@click.command(short_help=_("Lines for cron or systemd."))
@click.option("--print", "what", type=click.Choice(["cron", "systemd"]), required=True)
@click.pass_obj
def schedule(state: State, what: str) -> None:
    """Print lines that run the quick scan each night and the full audit each quarter. Nothing is installed."""
    program = shutil.which("deskaudit") or "deskaudit"
    words = f"{program} --config {state.paths.config} --data-dir {state.paths.data} --plain scan"
    if what == "cron":
        click.echo(f"15 5 * * *      {words} --quick --fail-on fail")
        click.echo(f"45 5 2 1,4,7,10 *  {words} --format markdown --output {state.paths.data}/quarter.md")
        return
    click.echo(
        "# ~/.config/systemd/user/deskaudit.service\n[Unit]\nDescription=deskaudit quick scan\n\n"
        f"[Service]\nType=oneshot\nExecStart={words} --quick --fail-on fail\nUMask=0077\n\n"
        "# ~/.config/systemd/user/deskaudit.timer\n[Unit]\nDescription=deskaudit every night\n\n"
        "[Timer]\nOnCalendar=*-*-* 05:15\nPersistent=true\n\n[Install]\nWantedBy=timers.target\n\n"
        "# ~/.config/systemd/user/deskaudit-quarter.service\n[Unit]\nDescription=deskaudit full audit\n\n"
        f"[Service]\nType=oneshot\nExecStart={words} --format markdown --output {state.paths.data}/quarter.md\n"
        "UMask=0077\n\n"
        "# ~/.config/systemd/user/deskaudit-quarter.timer\n[Unit]\nDescription=deskaudit every quarter\n\n"
        "[Timer]\nOnCalendar=*-01,04,07,10-02 05:45\nPersistent=true\n\n[Install]\nWantedBy=timers.target"
    )


@click.command(short_help=_("Shell completion."))
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion script of SHELL, as: eval "$(deskaudit completion bash)"."""
    from click.shell_completion import get_completion_class

    from deskaudit.cli.group import deskaudit as group

    found = get_completion_class(shell)
    if found is None:
        raise ConfigError(_("There is no completion for {shell}.").format(shell=shell))
    click.echo(found(group, {}, "deskaudit", "_DESKAUDIT_COMPLETE").source())
