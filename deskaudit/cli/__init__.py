"""The command line. `--version` imports next to nothing; each command's module is imported when it is called."""

import os
import sys

INTERRUPTED = 130


def main() -> None:
    """The console script. Exit codes: 0, 1 findings, 2 not evaluated, 3 usage or configuration, 4 our fault, 130."""
    if sys.argv[1:] == ["--version"]:
        from deskaudit import __version__

        sys.stdout.write(f"deskaudit {__version__}\n")
        return
    from deskaudit.cli.group import run

    code = run()
    if code == INTERRUPTED:
        # The analysis engine's binding writes pages of its own to stderr when an interrupt has left it half unwound.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)
