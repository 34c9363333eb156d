"""`sources nmap` and `sources diff`: the user's own scan, and what changed between two."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from deskaudit.i18n import _, ngettext
from deskaudit.model.periods import iso
from deskaudit.text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deskaudit.cli.state import State
    from deskaudit.config import Source
    from deskaudit.connectors.scans.differences import Difference

DAY = 86400


@click.command("nmap")
@click.argument("name", required=False)
@click.option(
    "--output", type=click.Path(path_type=Path), help=_("The file to write; default: one that the source reads.")
)
@click.option("--yes", is_flag=True, help=_("Do not ask."))
@click.pass_obj
def run_nmap(state: State, name: str | None, output: Path | None, *, yes: bool) -> None:
    """Run your own nmap on the targets of source NAME, after showing the command; the file is for the next pull."""
    from deskaudit.config import seconds
    from deskaudit.connectors.scans import ownscan
    from deskaudit.connectors.scans.nmap import NmapOptions

    options = _nmap_source(state, name).read_options(NmapOptions)
    file = output or ownscan.choose_output(options.files, state.paths.config.parent, state.desk.now())
    command = ownscan.command_of(options.targets, options.ports, options.arguments, file)
    state.narrate(
        _("This sends packets to the targets below. Scan only networks that are yours, or with their owner's leave.")
    )
    state.narrate("  " + shlex.join(command))
    if not yes and not click.confirm(_("Run it?"), err=True):
        state.narrate(_("Nothing was run."))
        return
    scan = ownscan.run(options.targets, options.ports, options.arguments, file, seconds(options.longest))
    text = ngettext("{n} host is in {file}.", "{n} hosts are in {file}.", scan.hosts).format(n=scan.hosts, file=file)
    state.narrate(text + _(" Next: deskaudit pull"))


def _nmap_source(state: State, name: str | None) -> Source:
    from deskaudit.errors import ConfigError

    if name is not None:
        source = state.desk.source(name)
        if source.type != "nmap":
            raise ConfigError(_("{name} is a source of type {type}, not nmap.").format(name=name, type=source.type))
        return source
    found = [source for source in state.desk.sources if source.type == "nmap"]
    if len(found) != 1:
        names = ", ".join(source.name for source in found)
        raise ConfigError(
            _("Which source? There are {n} of type nmap.").format(n=len(found))
            if found
            else _("No source is of type nmap."),
            hint=_("Name one: {names}.").format(names=names) if names else _("Add one to the config first."),
        )
    return found[0]


@click.command("diff")
@click.argument("before", type=click.Path(path_type=Path))
@click.argument("after", type=click.Path(path_type=Path))
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help=_("What to write.")
)
@click.option("-o", "--output", type=click.Path(path_type=Path), help=_("A file; default: standard output."))
@click.pass_obj
def diff(state: State, before: Path, after: Path, form: str, output: Path | None) -> None:
    """Say what changed between two scans (nmap or masscan): hosts, open ports, versions."""
    import msgspec

    from deskaudit.cli.output import destination
    from deskaudit.connectors.scans.differences import compare

    found = compare(before, after)
    with destination(output) as out:
        if form == "json":
            out.write(msgspec.json.format(msgspec.json.encode(found), indent=2).decode() + "\n")
        else:
            out.writelines(line + "\n" for line in _lines(found, state.desk.now()))
    for note in found.notes if form == "json" else ():
        state.narrate(_("note: {text}").format(text=one_line(note, 400)))


def _lines(found: Difference, now: int) -> Iterator[str]:
    for word, file, moment in ((_("before"), found.before, found.before_at), (_("after"), found.after, found.after_at)):
        yield f"{word:<8} {one_line(file)}  {_dated(moment, now)}"
    for note in found.notes:
        yield _("note: {text}").format(text=one_line(note, 400))
    for sign, hosts, word in (
        ("+", found.new, _("new host")),
        ("-", found.gone, _("gone host")),
        ("?", found.unseen_before, _("not looked at before")),
        ("?", found.unseen_after, _("not looked at after")),
    ):
        for host in hosts:
            yield f"{sign} {host}  {word}"
    for change in found.changed:
        yield f"  {change.host}"
        for port in change.opened:
            yield f"    + {port}"
        for port in change.closed:
            yield f"    - {port}"
        for version in change.versions:
            yield f"    ~ {version.port}  {version.before or '?'} → {version.after or '?'}"
        for port in change.unseen_before:
            yield f"    ? {port}  " + _("open now, not looked at before")
        for port in change.unseen_after:
            yield f"    ? {port}  " + _("was open, not looked at after")
    unseen = len(found.unseen_before) + len(found.unseen_after) + sum(not change.certain for change in found.changed)
    counted = _("{new} new, {gone} gone, {changed} changed, {same} the same").format(
        new=len(found.new),
        gone=len(found.gone),
        changed=sum(change.certain for change in found.changed),
        same=found.same,
    )
    yield counted + (_(", {n} not looked at by both").format(n=unseen) if unseen else "")


def _dated(moment: int | None, now: int) -> str:
    """When a scan was made, and how long ago."""
    if moment is None:
        return _("date not known")
    days = (now - moment) // DAY
    old = ngettext("{n} day old", "{n} days old", days).format(n=days) if days > 0 else _("less than a day old")
    return f"{iso(moment)}  ({old if moment <= now else _('in the future')})"
