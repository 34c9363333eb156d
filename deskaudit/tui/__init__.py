"""The Textual app. Nothing here imports textual before the profile of the line is set."""

import os
from typing import TYPE_CHECKING

from deskaudit import secrets
from deskaudit.errors import ConfigError
from deskaudit.i18n import _, speaks_utf8

if TYPE_CHECKING:
    from deskaudit.audit.desk import Desk


def is_remote() -> bool:
    """Whether the terminal sits at the other end of an SSH line."""
    return bool(os.environ.get("SSH_CONNECTION") or os.environ.get("SSH_TTY"))


def check_terminal() -> None:
    """ConfigError where the terminal cannot place its cursor: the screens would come out as a heap of codes."""
    name = os.environ.get("TERM", "")
    if name in {"", "dumb"}:
        raise ConfigError(
            _("This terminal cannot show screens: TERM is {name}.").format(name=name or _("not set")),
            hint=_(
                "deskaudit --plain shows the last audit as lines; elsewhere, TERM=xterm-256color opens the screens."
            ),
        )


def set_profile(*, remote: bool) -> None:
    """Textual reads these when it is imported. Not below 30 frames: a key would wait; the user's own settings win."""
    if remote:
        for name, value in (
            ("TEXTUAL_SMOOTH_SCROLL", "0"),
            ("TEXTUAL_FPS", "30"),
            ("TEXTUAL_ANIMATIONS", "none"),
        ):
            os.environ.setdefault(name, value)


def run(desk: "Desk", *, remote: bool | None = None, ascii: bool = False) -> int:  # noqa: A002 - the option's name
    """Opens the app on a desk; returns when the user leaves, with the exit code.

    remote: the light profile for slow lines; None asks the environment. ascii: no glyph beyond ASCII; a terminal that
    does not speak UTF-8 gets that anyway. ConfigError for a wrong key in [terminal.keys] and for a dumb terminal.
    """
    check_terminal()
    light = is_remote() if remote is None else remote
    set_profile(remote=light)
    from deskaudit.tui.app import main
    from deskaudit.tui.desk import DeskSession

    with secrets.asking_nothing():
        return main(DeskSession(desk), remote=light, ascii_only=ascii or not speaks_utf8())
