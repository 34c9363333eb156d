"""`doctor`: environment, terminal, keyring, config, sources: what is wrong, and how to mend it."""

from __future__ import annotations

import locale
import os
import platform
import shutil
import stat
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from deskaudit import __version__, secrets
from deskaudit.cli.findings import Finding, look_at_plugins
from deskaudit.cli.output import ADD_SOURCE, told, wrapped
from deskaudit.errors import DeskauditError
from deskaudit.i18n import _, ngettext
from deskaudit.text import one_line

if TYPE_CHECKING:
    from deskaudit.cli.state import State
    from deskaudit.errors import ConfigError

FREE_BYTES = 500_000_000


@click.command(short_help=_("What is wrong here, and how to mend it."))
@click.option("--no-sources", is_flag=True, help=_("Do not knock at the sources."))
@click.pass_obj
def doctor(state: State, *, no_sources: bool) -> int:
    """Look at the environment, the terminal, the keyring, the config and the sources. Exit code 2 if all is not well."""
    wrong = False
    for finding in _look(state, sources=not no_sources):
        wrong |= finding.level == "wrong"
        click.echo("\n".join(_lines(finding)))
    return 2 if wrong else 0


def _lines(finding: Finding) -> Iterator[str]:
    """What is found beside its topic, and indented beneath it what to do."""
    head = f"{finding.level:<6}{finding.topic:<12}"
    found, *mend = told(finding.text, finding.mend).split("\n")
    for line in (f"{head}{found}", *(" " * len(head) + line.lstrip() for line in mend)):
        yield wrapped(line, hanging=len(head))


def _look(state: State, *, sources: bool) -> Iterator[Finding]:
    yield Finding("ok", "version", f"deskaudit {__version__}, Python {platform.python_version()}, {platform.system()}")
    yield from _folders(state)
    yield _terminal()
    yield _keyring()
    try:
        config = state.desk.config
        state.desk.check_calendars()
        found = state.desk.sources
        checks = sum(len(item.check) for item in state.desk.catalogue.items.values())
    except DeskauditError as fault:
        yield Finding("wrong", "config", fault.message, fault.hint)
        yield from look_at_plugins(_broken(state))
        return
    yield Finding("ok", "config", f"{state.paths.config}: {config.desk.name}, zone {config.desk.zone}")
    yield _mode_of_config(state.paths.config)
    yield from _snapshot(state)
    yield Finding("ok", "catalogue", ngettext("{n} check", "{n} checks", checks).format(n=checks))
    yield from look_at_plugins(state.desk.catalogue.broken)
    if not found:
        yield Finding("wrong", "sources", _("none is configured"), ADD_SOURCE)
    for source in found if sources else ():
        probe = state.desk.test_source(source.name)
        good = probe.reachable and probe.authorised is not False
        text = _("answers") if good else _("does not answer as it should")
        yield Finding(
            "ok" if good else "wrong",
            source.name[:11],
            one_line(f"{source.type} {probe.version or ''} {text} {probe.message}", 400),
            one_line(probe.hint, 400),
        )


def _folders(state: State) -> Iterator[Finding]:
    paths = state.paths
    yield Finding("ok", "paths", _("config {file}").format(file=paths.config))
    yield Finding("ok", "paths", _("data {folder}").format(folder=paths.data))
    if not paths.data.exists():
        yield Finding("note", "data", _("the data folder is made at the first pull"))
        return
    if not os.access(paths.data, os.W_OK):
        yield Finding("wrong", "data", _("the data folder cannot be written"), _("Name another with --data-dir."))
        return
    free = shutil.disk_usage(paths.data).free
    if free < FREE_BYTES:
        yield Finding(
            "wrong", "disk", _("{n} MB are free").format(n=free // 1_000_000), _("Make room: 500 MB or more.")
        )
    if paths.data.stat().st_mode & 0o007:
        yield Finding("wrong", "data", _("others may look into it"), f"chmod 700 {paths.data}")
    try:
        for warning in state.desk.store.warnings:
            yield Finding("note", "database", warning)
        kept = len(state.desk.store.audits())
        told_n = ngettext("{n} audit", "{n} audits", kept).format(n=kept)
        yield Finding("ok", "database", f"{paths.database}, {told_n}")
    except DeskauditError as fault:
        yield Finding("wrong", "database", fault.message, fault.hint)


def _broken(state: State) -> Mapping[str, ConfigError]:
    """Packages whose checklist items were left out; none is known where the checks themselves cannot be read."""
    try:
        return state.desk.catalogue.broken
    except DeskauditError:
        return {}


def _snapshot(state: State) -> Iterator[Finding]:
    """Whether what was pulled can be read; nothing where nothing was pulled."""
    try:
        pulled = state.desk.snapshot.manifest()
        if pulled is not None:
            state.desk.snapshot.open().close()
            text = _("{folder}, generation {n}").format(folder=state.paths.snapshot, n=pulled.generation)
            yield Finding("ok", "snapshot", text)
    except DeskauditError as fault:
        yield Finding("wrong", "snapshot", fault.message, fault.hint)


def _terminal() -> Finding:
    if not sys.stdout.isatty():
        return Finding("note", "terminal", _("stdout is no terminal: no app, and lines instead of bars"))
    size = shutil.get_terminal_size()
    encoding = locale.getpreferredencoding(do_setlocale=False)
    text = f"TERM={os.environ.get('TERM', '')} {size.columns}×{size.lines} {encoding}"
    if size.columns < 80 or size.lines < 24:
        return Finding("note", "terminal", text, _("80×24 or more shows everything."))
    if "utf" not in encoding.lower():
        return Finding("note", "terminal", text, _("Without UTF-8 the app keeps to ASCII; set LANG to a UTF-8 locale."))
    return Finding("ok", "terminal", text)


def _keyring() -> Finding:
    import keyring

    if not secrets.has_keyring():
        return Finding(
            "note",
            "keyring",
            _("no keyring service runs here"),
            _('Give secrets as { env = "NAME" } or { command = [...] } in the config.'),
        )
    return Finding("ok", "keyring", str(keyring.get_keyring().name))


def _mode_of_config(file: Path) -> Finding:
    if stat.S_IMODE(file.stat().st_mode) & 0o022:
        return Finding("wrong", "config", _("others may change the config"), f"chmod go-w {file}")
    return Finding("ok", "config", _("only you may change it"))
