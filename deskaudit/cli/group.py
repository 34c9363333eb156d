"""The command group: which command lives in which module, the options all share, and what an error ends with."""

import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from deskaudit import __version__
from deskaudit.errors import Cancelled, ConfigError, DeskauditError, is_stop
from deskaudit.i18n import _

COMMANDS = {
    "answer": "judge",
    "audits": "look",
    "checks": "catalogue",
    "compare": "look",
    "completion": "setup",
    "demo": "demo",
    "doctor": "doctor",
    "explain": "catalogue",
    "export": "look",
    "init": "init",
    "pull": "run",
    "rows": "look",
    "scan": "run",
    "schedule": "setup",
    "secret": "setup",
    "show": "look",
    "sources": "sources",
}


class _UnreadError(Exception):
    """Nobody reads stdout any more. click would end with 1 for it, which means findings."""


@contextmanager
def _until_unread() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise _UnreadError from None


class LazyGroup(click.Group):
    def make_context(self, *words: Any, **more: Any) -> click.Context:
        with _until_unread():  # --help is printed here
            return super().make_context(*words, **more)

    def invoke(self, ctx: click.Context) -> Any:
        with _until_unread():
            return super().invoke(ctx)

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"deskaudit.cli.{COMMANDS[cmd_name]}")
        found: click.Command = getattr(module, cmd_name)
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        import difflib

        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0], COMMANDS, n=1)
            hint = _("Did you mean {near}?").format(near=near[0]) if near else _("List them: deskaudit --help.")
            raise ConfigError(_("There is no command {name}.").format(name=args[0]), hint=hint)
        return super().resolve_command(ctx, args)


@click.group(
    cls=LazyGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, message="deskaudit %(version)s")
@click.option("--config", metavar="FILE", help=_("The configuration; default: config.toml in the XDG config folder."))
@click.option("--data-dir", metavar="DIR", help=_("Where results and the snapshot lie; default: the XDG data folder."))
@click.option("--plain", is_flag=True, help=_("Lines instead of screens, bars and colours."))
@click.option("--ascii", "ascii_", is_flag=True, help=_("No character beyond ASCII."))
@click.option("--verbose", is_flag=True, help=_("Say more on stderr; show tracebacks."))
@click.option("--remote/--local", default=None, help=_("Save bytes on the line; default: when over SSH."))
@click.pass_context
def deskaudit(ctx: click.Context, /, **options: Any) -> None:
    """An honest, repeatable audit of an IT help desk. Without a command: the app."""
    from deskaudit.cli.state import State

    ctx.obj = State(**options)
    if ctx.invoked_subcommand is None:
        ctx.obj.open_app()


def run() -> int:
    """Runs the command of sys.argv and returns the exit code; every expected error is one clear message."""
    _open_closed()
    try:
        code = deskaudit.main(standalone_mode=False, prog_name="deskaudit")
        sys.stdout.flush()
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.UsageError as fault:
        fault.show()
        return 3
    except click.ClickException as fault:
        fault.show()
        return 3
    except (Cancelled, KeyboardInterrupt, click.Abort) as stop:
        return _end(str(stop) or _stopped(), 130)
    except DeskauditError as fault:
        _trace()
        return _end(str(fault), fault.exit_code)
    except (_UnreadError, BrokenPipeError):
        return _end_unread()
    except OSError as fault:
        _trace()
        return _end(f"{fault.strerror or fault}: {fault.filename or ''}".rstrip(": "), 2)
    except Exception as fault:  # noqa: BLE001 - whatever it is, it is one message and exit code 4
        if is_stop(fault):
            return _end(_stopped(), 130)
        _trace()
        return _end(
            _("deskaudit has a fault of its own: {kind}: {fault}").format(kind=type(fault).__name__, fault=fault)
            + "\n"
            + _("Nothing stored is lost. Run again with --verbose and report the last lines."),
            4,
        )
    return code if isinstance(code, int) else 0


def _stopped() -> str:
    return _(
        "Stopped. What was recorded is kept: the next pull goes on from there, an audit with deskaudit scan --resume."
    )


def _open_closed() -> None:
    """A standard stream that the caller has closed is an open end, not a fault."""
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "r" if name == "stdin" else "w", encoding="utf-8"))  # noqa: SIM115, PTH123 - it stays open


def _end_unread() -> int:
    """Whoever reads has had enough: that is no fault."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _trace() -> None:
    """With --verbose the traceback comes before the message; the exit code stays what it is."""
    if "--verbose" in sys.argv:
        import traceback

        from deskaudit.text import clean

        sys.stderr.write(clean(traceback.format_exc(), 20_000))


def _end(message: str, code: int) -> int:
    from deskaudit.cli.output import told

    sys.stderr.write(f"deskaudit: {told(message)}\n")
    return code
