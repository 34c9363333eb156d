"""`scan` and `pull`: what cron calls."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from deskaudit.cli.output import ADD_SOURCE, told, write_report
from deskaudit.cli.progress import Narrator
from deskaudit.i18n import _
from deskaudit.model.verdicts import Audit, Status

if TYPE_CHECKING:
    from deskaudit.cli.state import State

FORMATS = ("text", "json", "csv", "evidence", "markdown")
_LEVELS = {"warn": {Status.WARN, Status.FAIL}, "fail": {Status.FAIL}, "never": set[Status]()}


@click.command(short_help=_("Bring the snapshot up to date, and judge nothing."))
@click.argument("source", nargs=-1)
@click.pass_obj
def pull(state: State, source: tuple[str, ...]) -> int:
    """Pull what changed at the named sources (default: all) into the snapshot."""
    with Narrator(plain=state.plain, ascii_=state.ascii, verbose=state.verbose) as narrator:
        narrator.tell(state.desk.pull(source, heard=narrator.hear))
    pulled = state.desk.pulled()
    names = source or [one.name for one in state.desk.sources]
    return 0 if all(name in pulled and pulled[name].state == "complete" for name in names) else 2


@click.command(short_help=_("Run an audit and print its verdicts."))
@click.option("--quick", is_flag=True, help=_("The checks of daily and weekly cadence over 28 days, on one screen."))
@click.option("--only", multiple=True, metavar="ITEM|CHECK|GROUP", help=_("Run these alone; may be repeated."))
@click.option("--source", multiple=True, metavar="NAME", help=_("Pull these sources alone; may be repeated."))
@click.option("--period", default="", metavar="2026-Q3|FROM..TO", help=_("The span that is judged."))
@click.option("--as-of", default="", metavar="DAY", help=_("Judge as things stood then."))
@click.option("--no-pull", is_flag=True, help=_("Judge the snapshot as it lies."))
@click.option("--resume", is_flag=True, help=_("Go on with the last interrupted audit."))
@click.option("--fail-on", type=click.Choice(["warn", "fail", "never"]), help=_("What makes exit code 1."))
@click.option("--format", "format_", type=click.Choice(FORMATS), default="text", show_default=True)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help=_("Write there instead of stdout."))
@click.pass_obj
def scan(
    state: State,
    *,
    quick: bool,
    only: tuple[str, ...],
    source: tuple[str, ...],
    period: str,
    as_of: str,
    no_pull: bool,
    resume: bool,
    fail_on: str | None,
    format_: str,
    output: Path | None,
) -> int:
    """Pull what changed, run the checks, store the results, print them.

    Exit code 0: nothing at or above --fail-on. 1: findings. 2: something configured could not be evaluated.
    """
    desk = state.desk
    if resume:
        plan = _interrupted(state)
    else:
        plan = desk.plan(quick=quick, only=only, period=period, as_of=as_of, sources=source or None, pull=not no_pull)
    state.note_warnings()
    state.read_catalogue()  # what is left out is told before anything is pulled
    if not desk.sources:
        warning = _("warning: no source is configured, so that nothing can be judged.")
        state.narrate(told(warning, ADD_SOURCE))
    with Narrator(plain=state.plain, ascii_=state.ascii, verbose=state.verbose) as narrator:
        audit = narrator.tell(desk.run(plan, heard=narrator.hear))
    if audit is None:
        return 4
    write_report(state, audit, format_, output, one_screen=quick)
    return exit_code(state, audit, fail_on or desk.config.audit.fail_on)


def exit_code(state: State, audit: Audit, fail_on: str) -> int:
    """Ruling 18: what is configured and could not be evaluated outranks findings."""
    store = state.desk.store
    statuses = {result.status for result in store.results(audit.id)}
    if Status.ERROR in statuses or any(pull.state != "complete" for pull in store.pulls(audit.id)):
        return 2
    if state.desk.catalogue.broken:
        return 2
    return 1 if statuses & _LEVELS[fail_on] else 0


def _interrupted(state: State) -> Plan:
    from deskaudit.audit.run import plan_of
    from deskaudit.errors import ConfigError

    found = next((audit for audit in state.desk.store.audits() if audit.state != "completed"), None)
    if found is None:
        raise ConfigError(_("No audit was interrupted."), hint=_("Start one: deskaudit scan"))
    return plan_of(found)


if TYPE_CHECKING:
    from deskaudit.audit.plan import Plan
