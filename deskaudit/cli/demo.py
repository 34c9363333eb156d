"""`demo`: the whole program on a made-up desk, served on loopback by the program itself."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from deskaudit.cli.output import program, write_report
from deskaudit.cli.progress import Narrator
from deskaudit.i18n import _
from deskaudit.model import periods

if TYPE_CHECKING:
    from deskaudit.audit.desk import Desk
    from deskaudit.cli.state import State

PAST_AUDITS = 3


@click.command(short_help=_("The program on a made-up desk, offline."))
@click.option("--app/--no-app", default=None, help=_("Open the app on it; default: ask on a terminal."))
@click.option("--fresh", is_flag=True, help=_("Make the desk anew."))
@click.option(
    "--folder", type=click.Path(file_okay=False, path_type=Path), help=_("Where it lies; default: beside the data.")
)
@click.pass_obj
def demo(state: State, *, app: bool | None, fresh: bool, folder: Path | None) -> int:
    """Serve a made-up desk with known faults on loopback, and audit its last three quarters.

    Everything lies in one folder of its own; your own desk is not touched.
    """
    from deskaudit.audit.desk import Desk
    from deskaudit.demo import Demo
    from deskaudit.paths import Paths

    home = (folder or state.paths.data / "demo").absolute()
    if fresh and home.exists():
        shutil.rmtree(home)
    if folder is None:
        state.paths.make()  # `parents` would make the data folder with the umask's mode
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    state.narrate(_("demo: building a made-up desk in {folder}").format(folder=home))
    with Demo.start(home, int(time.time())) as running:
        os.environ.update(running.environment)
        state.paths = Paths(config=running.config_path, data=home / "data")
        desk = Desk(state.paths)
        state.desk = desk
        if not desk.store.audits(state="completed", limit=1):
            audit_history(desk, state)
        audit_now(desk, state)
        return _end(state, _again(folder), app=app)


def audit_history(desk: Desk, state: State) -> None:
    """One pull, then a full audit of each of the last three quarters, so that the newest has a past."""
    with Narrator(plain=state.plain, ascii_=state.ascii, verbose=state.verbose) as narrator:
        narrator.tell(desk.pull())
        moment, zone = desk.now(), desk.config.desk.zone
        spans = []
        for _number in range(PAST_AUDITS):
            spans.append(periods.quarter_before(moment, zone))
            moment = spans[-1].start
        for span in reversed(spans[1:]):
            narrator.tell(desk.run(desk.plan(period=_words(span), as_of=periods.iso(span.end), pull=False)))


def audit_now(desk: Desk, state: State) -> None:
    with Narrator(plain=state.plain, ascii_=state.ascii, verbose=state.verbose) as narrator:
        narrator.tell(desk.run(desk.plan()))


def _words(span: periods.Period) -> str:
    return f"{periods.iso(span.start + 43200)[:10]}..{periods.iso(span.end - 43200)[:10]}"


def _again(folder: Path | None) -> str:
    """The command that opens the app on this desk."""
    return f"{program()} demo --app" + (f" --folder {shlex.quote(str(folder))}" if folder else "")


def _end(state: State, again: str, *, app: bool | None) -> int:
    """The summary comes last, on one screen, so that it stays in view."""
    here = (
        f"{program()} --config {shlex.quote(str(state.paths.config))} --data-dir {shlex.quote(str(state.paths.data))}"
    )
    interactive = sys.stdin.isatty() and sys.stdout.isatty() and not state.plain
    state.narrate(_("Everything that was found: {command}").format(command=f"{here} show last"))
    state.narrate(_("The rows behind a figure: {command}").format(command=f"{here} rows last sla-missed --faults"))
    if not app and not interactive:
        state.narrate(_("The app on this desk: {command}").format(command=again))
    state.narrate("")
    write_report(state, state.desk.store.audit("last"), "text", None, one_screen=True)
    if app is None and interactive:
        app = click.confirm(
            _("Open the app on this desk? (later: {command})").format(command=again), default=True, err=True
        )
    if app:
        from deskaudit import tui

        tui.run(state.desk, remote=state.remote, ascii=state.ascii)
    return 0
