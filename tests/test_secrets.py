"""Secrets come from three places, go nowhere, and say what is missing."""

import getpass
import pickle
import stat
import subprocess
import sys
import textwrap

import keyring
import keyring.backend
import keyring.backends.null
import msgspec
import pytest

from deskaudit import secrets
from deskaudit.errors import ConfigError, SecretError, StoreError
from deskaudit.secrets import Secret, SecretRef


class Ring(keyring.backend.KeyringBackend):
    priority = 1

    def __init__(self):
        super().__init__()
        self.held = {}

    def get_password(self, service, username):
        return self.held.get((service, username))

    def set_password(self, service, username, password):
        self.held[service, username] = password

    def delete_password(self, service, username):
        if (service, username) not in self.held:
            raise keyring.errors.PasswordDeleteError(username)
        del self.held[service, username]


@pytest.fixture
def ring():
    before, found = keyring.get_keyring(), Ring()
    keyring.set_keyring(found)
    yield found
    keyring.set_keyring(before)


def test_a_secret_shows_in_no_text_and_is_not_pickled():
    secret = Secret("hunter2")
    assert "hunter2" not in f"{secret} {secret!r} {[secret]} {secret!s}"
    with pytest.raises(TypeError):
        pickle.dumps(secret)


def test_from_the_environment(monkeypatch):
    monkeypatch.setenv("KEY", "v")
    assert SecretRef(env="KEY").resolve("x").reveal() == "v"
    monkeypatch.delenv("KEY")
    with pytest.raises(SecretError, match=r"sources\.desk: the environment variable KEY is not set"):
        SecretRef(env="KEY").resolve("sources.desk")


def test_from_a_command():
    words = [sys.executable, "-c", "print('v')"]
    assert SecretRef(command=words).resolve("x").reveal() == "v"
    with pytest.raises(SecretError, match="ended with 3"):
        SecretRef(command=[sys.executable, "-c", "print('half'); raise SystemExit(3)"]).resolve("x")
    with pytest.raises(SecretError, match="gave no secret") as caught:
        SecretRef(command=["/nowhere/at/all"]).resolve("x")
    assert "half" not in str(caught.value)


def test_from_the_keyring(ring):
    with pytest.raises(SecretError, match="deskaudit secret set desk"):
        SecretRef(keyring="desk").resolve("x")
    secrets.store_in_keyring("desk", Secret("v"))
    assert SecretRef(keyring="desk").resolve("x").reveal() == "v"
    secrets.delete_from_keyring("desk")
    with pytest.raises(SecretError):
        secrets.delete_from_keyring("desk")


@pytest.fixture
def given_ring():
    """Puts a keyring of this kind in force."""
    before = keyring.get_keyring()
    yield lambda kind: keyring.set_keyring(kind())
    keyring.set_keyring(before)


def test_a_keyring_that_holds_nothing_takes_nothing(given_ring):
    given_ring(keyring.backends.null.Keyring)
    for deed in (
        lambda: secrets.store_in_keyring("desk", Secret("v")),
        lambda: secrets.delete_from_keyring("desk"),
        lambda: secrets.is_in_keyring("desk"),
        lambda: SecretRef(keyring="desk").resolve("x"),
    ):
        with pytest.raises(SecretError, match="keyring can be used here: none runs"):
            deed()


class Locked(Ring):
    """A keyring in a file, as there are some: it asks on the terminal, and raises what it likes."""

    def get_password(self, service, username):
        if getpass.getpass() != "right":
            raise ValueError("Incorrect Password")
        return "v"


def test_what_a_keyring_raises_is_no_fault_of_ours(given_ring, monkeypatch):
    given_ring(Locked)
    monkeypatch.setattr(getpass, "getpass", lambda: "wrong")
    with pytest.raises(SecretError, match=r"sources\.desk: no keyring can be used here: Incorrect Password"):
        SecretRef(keyring="desk").resolve("sources.desk")


def test_no_keyring_asks_on_a_terminal_that_the_app_holds(given_ring, monkeypatch):
    given_ring(Locked)
    monkeypatch.setattr(getpass, "getpass", lambda: "right")
    with secrets.asking_nothing(), pytest.raises(SecretError, match="asks for its password") as caught:
        SecretRef(keyring="desk").resolve("sources.desk")
    assert "Pull from a shell" in caught.value.hint
    assert SecretRef(keyring="desk").resolve("sources.desk").reveal() == "v"


@pytest.mark.parametrize("raw", [{}, {"env": "A", "keyring": "b"}, {"file": "x"}, "plain text"])
def test_a_reference_is_exactly_one_of_three(raw):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(raw, SecretRef)


def test_the_hash_key_is_made_once_and_only_for_its_owner(tmp_path):
    file = tmp_path / "hash.key"
    key = secrets.hash_key(None, file)
    assert len(key) == 32
    assert secrets.hash_key(None, file) == key
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.write_bytes(key[:5])
    with pytest.raises(ConfigError, match="cut short"):
        secrets.hash_key(None, file)


def test_a_hash_key_that_cannot_be_written_is_not_half_there(tmp_path):
    file = tmp_path / "hash.key"
    code = textwrap.dedent(f"""
        import resource, signal
        from pathlib import Path
        from deskaudit import errors, secrets
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))  # as on a full disk
        try:
            secrets.hash_key(None, Path({str(file)!r}))
        except errors.StoreError as fault:
            print(fault)
    """)
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert f"{file} cannot be made or opened: File too large" in said
    assert not file.exists()
    assert len(secrets.hash_key(None, file)) == 32


def test_a_hash_key_out_of_reach_names_its_file(tmp_path):
    (tmp_path / "data").write_text("")
    with pytest.raises(StoreError, match=r"data/hash\.key cannot be made or opened: Not a directory"):
        secrets.hash_key(None, tmp_path / "data" / "hash.key")


@pytest.mark.parametrize(
    "raw", [{"env": ""}, {"command": []}, {"command": "  "}, {"command": "pass 'x"}, {"keyring": ""}]
)
def test_a_reference_to_nothing_is_refused_when_it_is_read(raw):
    with pytest.raises(msgspec.ValidationError, match=r"names nothing|cannot be read"):
        msgspec.convert(raw, SecretRef)


@pytest.mark.parametrize("words", [[sys.executable, "-c", "import os; os.write(1, bytes([255, 0, 200]))"], ["a\0b"]])
def test_a_command_that_prints_no_text_is_named(words):
    with pytest.raises(SecretError, match="gave no secret"):
        SecretRef(command=words).resolve("sources.desk")
