"""The family of errors a user may meet. Each message names the thing, the place and the next step."""


class DeskauditError(Exception):
    """Root of all expected errors.

    `message` says what is wrong and where; `hint` says what to do next.
    `exit_code` is what the command line ends with (2 evaluation, 3 usage or configuration, 4 our fault).
    """

    exit_code = 4

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n  {self.hint}" if self.hint else self.message


class ConfigError(DeskauditError):
    """The configuration, a check file or a command's words are wrong. Nothing has run."""

    exit_code = 3


class SecretError(ConfigError):
    """A secret is not where the configuration says it is."""


class SourceError(DeskauditError):
    """A source could not be read. `kind` names which way, for messages and tests.

    kind: auth | forbidden | expired | dns | unreachable | tls | timeout | rate_limit | bad_answer | bad_file
    """

    exit_code = 2

    def __init__(self, message: str, *, kind: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.kind = kind


class SnapshotError(DeskauditError):
    """The snapshot's files cannot be read or written."""

    exit_code = 2


class StoreError(DeskauditError):
    """The results database cannot be read or written."""

    exit_code = 2


class LockedError(DeskauditError):
    """Another run holds the desk."""

    exit_code = 3


class Cancelled(DeskauditError):  # noqa: N818 - it is no fault, it is what somebody asked for
    """The user asked to stop."""

    exit_code = 130


def is_stop(fault: Exception) -> bool:
    """Whether it stands for Ctrl-C: where the engine computes meanwhile, that is all it leaves of a KeyboardInterrupt."""
    return isinstance(fault, Cancelled) or (type(fault) is RuntimeError and str(fault) == "Query interrupted")
