"""`sources`: what is configured, what it fills, whether it answers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from deskaudit import connectors
from deskaudit.cli import proposals, scans
from deskaudit.cli.output import ADD_SOURCE, told
from deskaudit.i18n import _
from deskaudit.model import figures
from deskaudit.model.periods import iso
from deskaudit.text import clean, one_line

if TYPE_CHECKING:
    from deskaudit.cli.state import State
    from deskaudit.model.batches import PulledEntity


SHOWN_REJECTS = 5


@click.group(invoke_without_command=True, short_help=_("The sources: list them, test them."))
@click.option("--available", is_flag=True, help=_("The connectors that are installed."))
@click.pass_context
def sources(ctx: click.Context, *, available: bool) -> None:
    """List the configured sources with their last pull; `sources test NAME` knocks at one."""
    if ctx.invoked_subcommand is not None:
        return
    if available:
        _list_available()
        return
    state: State = ctx.obj
    pulled = state.desk.pulled()
    if not state.desk.sources:
        state.narrate(told(_("No source is configured."), ADD_SOURCE))
    configured = {source.name: source for source in state.desk.sources}
    for name in [*configured, *(name for name in pulled if name not in configured)]:
        found = pulled.get(name)
        if found is None:
            click.echo(f"{name:<16} {configured[name].type:<10} " + _("never pulled"))
            _tell_interrupted(state, name)
            continue
        rows = ", ".join(_rows(entity, part) for entity, part in found.entities.items() if part.rows)
        click.echo(f"{name:<16} {found.type:<10} {found.state:<10} {_fetched(found.fetched_at)}  {rows}")
        if name in configured and configured[name].archive is not None:
            click.echo("    " + _("an archive, up to {day}").format(day=configured[name].archive))
        for problem in found.problems:
            click.echo("    " + one_line(f"{problem.resource}: {problem.message}", 300))
        for reject in found.reject_sample[:SHOWN_REJECTS]:
            click.echo(
                "    " + one_line(_("fault: {place}: {reason}").format(place=reject.place, reason=reject.reason), 300)
            )
        if found.rejects > SHOWN_REJECTS:
            click.echo("    " + _("and {n} more").format(n=figures.number(found.rejects - SHOWN_REJECTS)))
        if found.error:
            click.echo(told(found.error, indent=4))
        _tell_interrupted(state, name)


def _rows(entity: str, part: PulledEntity) -> str:
    text = f"{entity} {part.present}"
    return text + (_(" (and {n} deleted)").format(n=part.deleted) if part.deleted else "")


def _tell_interrupted(state: State, name: str) -> None:
    """Rows of a pull that did not end wait: the next one goes on there."""
    if (moment := state.desk.snapshot.interrupted_at(name)) is not None:
        age = figures.duration(max(0, state.desk.now() - moment))
        text = _("an interrupted pull of {age} ago goes on with: deskaudit pull {name}")
        click.echo("    " + text.format(age=age, name=name))


def _fetched(moment: int | None) -> str:
    return iso(moment) if moment else _("no rows yet")


def _list_available() -> None:
    for name in sorted(connectors.available()):
        try:
            found = connectors.load(name)
        except Exception as fault:  # noqa: BLE001 - a broken plugin is told and leaves the rest alone
            click.echo(f"{name:<16} " + told(_("broken: {fault}").format(fault=fault), indent=17, limit=300).lstrip())
            continue
        click.echo(f"{name:<16} {found.title}")
        click.echo(" " * 17 + _("fills {what}").format(what=", ".join(sorted(found.fills))))
        click.echo(" " * 17 + _("tested against: {what}").format(what=found.tested))


@sources.command()
@click.argument("name", required=False)
@click.pass_obj
def test(state: State, name: str | None) -> int:
    """Knock at source NAME, or at all: reachable, authorised, version, modules. Exit code 2 when something is wrong."""
    if name is not None:
        return _test(state, state.desk.source(name).name)
    if not state.desk.sources:
        state.narrate(told(_("No source is configured."), ADD_SOURCE))
    worst = 0
    for number, source in enumerate(state.desk.sources):
        click.echo(("\n" if number else "") + f"{source.name} ({source.type})")
        worst = max(worst, _test(state, source.name))
    return worst


def _test(state: State, name: str) -> int:
    probe = state.desk.test_source(name)
    words = {True: _("yes"), False: _("no"), None: _("unknown")}
    if probe.asked:
        click.echo(_("reachable   {word}").format(word=words[probe.reachable]))
        click.echo(_("authorised  {word}").format(word=words[probe.authorised]))
    if probe.version:
        click.echo(_("version     {text}").format(text=one_line(probe.version)))
    for module, word in probe.modules.items():
        click.echo(f"  {one_line(module):<24} {one_line(word)}")
    if probe.message or probe.hint:
        click.echo(told(probe.message, probe.hint))
    return 0 if probe.reachable and probe.authorised is not False else 2


@sources.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--write", "name", metavar="NAME", help=_("Add the section to the config, as source NAME."))
@click.option("--type", "kind", metavar="TYPE", help=_("Take it for a source of this type, where several fit."))
@click.pass_obj
def detect(state: State, file: Path, name: str | None, kind: str | None) -> int:
    """Say what FILE is, by asking every installed connector, and print the config for it."""
    from deskaudit.audit import setup

    every, notes = setup.detect(state.desk, file)
    fitting = [one for one in every if kind in {None, one.type}]
    click.echo(_("file        {text}").format(text=one_line(file, 200)))
    for note in notes:
        click.echo(_("note        {text}").format(text=one_line(note, 600)))
    for one in fitting:
        click.echo(_("kind        {type}: {title}").format(type=one.type, title=one.title))
        click.echo(_("known by    {why}").format(why=one_line(one.lines[0], 600)))
        for line in one.lines[1:]:
            click.echo(line)
        click.echo("\n" + clean(one.section(name or (one.type if len(fitting) > 1 else "desk")), 20_000))
    if not fitting:
        if every:
            state.narrate(
                _("Not {type}: it reads as {types}.").format(type=kind, types=", ".join(one.type for one in every))
            )
        return 2
    if len(fitting) > 1:
        types = ", ".join(one.type for one in fitting)
        state.narrate(
            _("Several sources fit: {types}. Nothing was written; choose one with --type.").format(types=types)
        )
        return 2
    if fitting[0].fault:
        state.narrate(
            _("Nothing was written: {fault} Complete the section and paste it into {file}.").format(
                fault=_sentence(fitting[0].fault), file=state.paths.config
            )
        )
        return 2
    if name is None:
        state.narrate(_("Paste this into {file}, or run again with --write NAME.").format(file=state.paths.config))
    else:
        setup.add_detected(state.desk, fitting[0], name)
        state.narrate(
            _("Added to {file}. Next: deskaudit sources test {name}").format(file=state.paths.config, name=name)
        )
    return 0


def _sentence(text: str) -> str:
    return text if text.endswith(".") else text + "."


sources.add_command(proposals.propose)
sources.add_command(scans.run_nmap)
sources.add_command(scans.diff)
