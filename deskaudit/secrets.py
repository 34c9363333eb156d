"""Where a secret comes from: the environment, a command or the keyring. It is written nowhere."""

import getpass
import os
import re
import secrets as random_source
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec

from deskaudit.errors import ConfigError, SecretError
from deskaudit.i18n import _
from deskaudit.paths import reaching
from deskaudit.text import one_line

SERVICE = "deskaudit"
COMMAND_SECONDS = 30
KEY_BYTES = 32


class Secret:
    """A value that prints as `***`. `reveal` is called where it goes on the wire, and nowhere else."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__

    def __reduce__(self) -> tuple[type["Secret"], tuple[str]]:
        raise TypeError("a secret is not written")


class SecretRef(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`{ env = "NAME" }`, `{ command = ["pass", "show", "x"] }` or `{ keyring = "name" }`: exactly one."""

    env: str | None = None
    command: list[str] | str | None = None
    keyring: str | None = None

    def __post_init__(self) -> None:
        if sum(part is not None for part in (self.env, self.command, self.keyring)) != 1:
            raise ValueError('a secret is one of { env = "NAME" }, { command = [...] }, { keyring = "name" }')
        if not (self.env or self.command or self.keyring):
            raise ValueError("it names nothing")
        if isinstance(self.command, str):
            try:
                words = shlex.split(self.command)
            except ValueError as fault:
                raise ValueError(f"the command cannot be read: {fault}") from None
            if not words:
                raise ValueError("it names nothing")

    def resolve(self, owner: str) -> Secret:
        """The secret itself. `owner` is the config key it belongs to, for the message."""
        if self.env is not None:
            value = os.environ.get(self.env, "")
            if not value:
                raise SecretError(
                    _("{owner}: the environment variable {name} is not set.").format(owner=owner, name=self.env),
                    hint=_("Set it in the shell or the service's environment, then try again."),
                )
            return Secret(value)
        if self.command is not None:
            return _from_command(self.command, owner)
        return _from_keyring(self.keyring or "", owner)


def _from_command(command: list[str] | str, owner: str) -> Secret:
    words = shlex.split(command) if isinstance(command, str) else command
    try:
        done = subprocess.run(words, capture_output=True, timeout=COMMAND_SECONDS, check=False)
        value = done.stdout.decode().rstrip("\r\n")
    except (OSError, ValueError, subprocess.TimeoutExpired) as fault:  # ValueError: it is no text, or a NUL in a word
        raise SecretError(
            _("{owner}: the command {command} gave no secret: {fault}").format(
                owner=owner, command=words[0] if words else "", fault=type(fault).__name__
            ),
            hint=_("Run it by hand and see what it prints."),
        ) from None
    if done.returncode or not value:
        raise SecretError(
            _("{owner}: the command {command} ended with {code} and gave no secret.").format(
                owner=owner, command=words[0], code=done.returncode
            ),
            hint=_("Run it by hand and see what it prints."),
        )
    return Secret(value)


def _from_keyring(name: str, owner: str) -> Secret:
    with _keyring(_("{owner}: no keyring can be used here").format(owner=owner)) as ring:
        value = ring.get_password(SERVICE, name)
    if not value:
        raise SecretError(
            _("{owner}: the keyring holds no secret {name}.").format(owner=owner, name=name),
            hint=_("Store it: deskaudit secret set {name}").format(name=name),
        )
    return Secret(value)


def no_variable(text: str) -> str:
    """What is wrong with a typed name of an environment variable: a secret pasted there would stand in the file."""
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", text):
        return ""
    return _("That is no name of an environment variable. Only the name stands in the file, never the secret.")


def has_keyring() -> bool:
    """Whether a keyring runs here. A locked one counts: it asks for its password when something is stored."""
    import keyring
    import keyring.errors

    try:
        return float(keyring.get_keyring().priority) > 0
    except (keyring.errors.KeyringError, RuntimeError, AttributeError, TypeError):
        return False


def store_in_keyring(name: str, value: Secret) -> None:
    with _keyring(_("No keyring can be used here")) as ring:
        ring.set_password(SERVICE, name, value.reveal())


def is_in_keyring(name: str) -> bool:
    with _keyring(_("No keyring can be used here")) as ring:
        return bool(ring.get_password(SERVICE, name))


def delete_from_keyring(name: str) -> None:
    import keyring.errors

    with _keyring(_("No keyring can be used here")) as ring:
        try:
            ring.delete_password(SERVICE, name)
        except keyring.errors.PasswordDeleteError as fault:
            raise SecretError(
                _("The keyring holds no secret {name}: {fault}").format(name=name, fault=one_line(str(fault)))
            ) from None


@contextmanager
def _keyring(failing: str) -> Iterator[ModuleType]:
    """The keyring. What its backend raises, which is anybody's, is a SecretError that begins with `failing`."""
    import keyring

    hint = _('On a server use { env = "NAME" } or { command = [...] } in the config instead.')
    if not has_keyring():  # one that is there to hold nothing would take everything
        raise SecretError(failing + _(": none runs."), hint=hint)
    try:
        yield keyring
    except SecretError:
        raise
    except EOFError:
        raise SecretError(
            failing + _(": it asks for its password on the terminal, where nobody answers."),
            hint=_(
                'Pull from a shell, where it can ask; or use { env = "NAME" } or { command = [...] } in the config.'
            ),
        ) from None
    except Exception as fault:  # noqa: BLE001
        raise SecretError(f"{failing}: {one_line(str(fault) or type(fault).__name__)}", hint=hint) from None


@contextmanager
def asking_nothing() -> Iterator[None]:
    """Meanwhile no keyring asks on the terminal: the app holds that, and the question would take its keys."""
    before = getpass.getpass
    getpass.getpass = _refuse
    try:
        yield
    finally:
        getpass.getpass = before


def _refuse(*_words: Any, **_named: Any) -> str:
    raise EOFError


def hash_key(ref: SecretRef | None, file: Path) -> bytes:
    """The key of the keyed hashes of people: from the config's `hash_key`, else from a file made once, mode 600."""
    if ref is not None:
        return ref.resolve("desk.hash_key").reveal().encode()
    with reaching(file):
        try:
            handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            key = file.read_bytes()
            if len(key) < KEY_BYTES:
                raise ConfigError(
                    _("{file} is cut short.").format(file=file), hint=_("Restore it, or delete it and pull again.")
                ) from None
            return key
        key = random_source.token_bytes(KEY_BYTES)
        try:
            with os.fdopen(handle, "wb") as out:
                out.write(key)
        except OSError:  # a full disk: half a key would look like one that was lost
            file.unlink()
            raise
    return key
