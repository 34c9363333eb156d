"""What the commands share: the options of the group, and the desk they open."""

from __future__ import annotations

import sys
from functools import cached_property
from typing import TYPE_CHECKING

import click

from deskaudit import paths
from deskaudit.i18n import _, speaks_utf8

if TYPE_CHECKING:
    from deskaudit.audit.desk import Desk
    from deskaudit.checks.catalogue import Catalogue


class State:
    def __init__(
        self, *, config: str | None, data_dir: str | None, plain: bool, ascii_: bool, verbose: bool, remote: bool | None
    ) -> None:
        self.paths = paths.find(config, data_dir)
        self.plain = plain
        self.ascii = ascii_ or not speaks_utf8()
        self.verbose = verbose
        self.remote = remote

    @cached_property
    def desk(self) -> Desk:
        from deskaudit.audit.desk import Desk

        return Desk(self.paths)

    def read_catalogue(self) -> Catalogue:
        """The checklist. The packages of items that are left out of it are named on stderr, at every call."""
        from deskaudit.cli.output import told

        for text in self.desk.catalogue.left_out():
            self.narrate(told(_("warning: {text}").format(text=text)))
        return self.desk.catalogue

    def open_app(self) -> None:
        """The Textual app; without a terminal, or with --plain, the last audit as text."""
        if self.plain or not (sys.stdin.isatty() and sys.stdout.isatty()):
            from deskaudit.cli.look import show_last

            show_last(self)
            return
        from deskaudit import tui

        tui.run(self.desk, remote=self.remote, ascii=self.ascii)

    def narrate(self, text: str) -> None:
        """A line on stderr: narration, never data."""
        click.echo(text, err=True)

    def note_warnings(self) -> None:
        for warning in self.desk.store.warnings:
            self.narrate(_("warning: {text}").format(text=warning))
