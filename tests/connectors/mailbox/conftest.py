"""Mails made by hand, and a private Dovecot on loopback: own folders and ports, run by nobody, gone at the end."""

import contextlib
import os
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deskaudit.connectors import Context
from deskaudit.model.entities import Contact, Interaction

NOW = int(datetime(2026, 3, 10, tzinfo=UTC).timestamp())
KEY = b"k" * 32


def utc(*parts):
    return int(datetime(*parts, tzinfo=UTC).timestamp())


def mail(
    sender="Kari <kari@customer.test>",
    to="support@desk.test",
    subject="Help",
    date="Mon, 02 Mar 2026 10:00:00 +0100",
    body="secret words",
    **more,
):
    """A mail as bytes; `more` are other headers, underscores for dashes, None to leave one out."""
    headers = {
        "From": sender,
        "To": to,
        "Subject": subject,
        "Date": date,
        "Message-ID": f"<{abs(hash((sender, subject, date)))}@customer.test>",
    }
    headers |= {name.replace("_", "-"): value for name, value in more.items()}
    lines = [f"{name}: {value}" for name, value in headers.items() if value is not None]
    return "\r\n".join([*lines, "", body, ""]).encode()


def gather(batches):
    rows = {row.id: row for batch in batches for row in batch.rows}.values()
    mails = sorted((row for row in rows if isinstance(row, Interaction)), key=lambda row: (row.started_at, row.id))
    contacts = [row for row in rows if isinstance(row, Contact)]
    return mails, contacts


class Dovecot:
    PASSWORD = "right-horse-battery"

    def __init__(self, folder):
        self.folder = folder
        self.ports = []
        for _ in range(2):
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                self.ports.append(free.getsockname()[1])
        self.plain, self.tls = self.ports
        self.user = "nobody" if os.geteuid() == 0 else Path(f"/proc/{os.getpid()}").owner()
        self.group = "nogroup" if os.geteuid() == 0 else Path(f"/proc/{os.getpid()}").group()
        self.ca = folder / "cert.pem"
        self.process = None

    def start(self):
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
             "subjectAltName=DNS:localhost", "-keyout", str(self.folder / "key.pem"), "-out", str(self.ca)],
            check=True, capture_output=True, timeout=60,
        )  # fmt: skip
        (self.folder / "run").mkdir()
        config = f"""
protocols = imap
base_dir = {self.folder}/run
state_dir = {self.folder}/run
log_path = {self.folder}/log
default_internal_user = {self.user}
default_internal_group = {self.group}
default_login_user = {self.user}
first_valid_uid = 1
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    address = 127.0.0.1
    port = {self.plain}
  }}
  inet_listener imaps {{
    address = 127.0.0.1
    port = {self.tls}
    ssl = yes
  }}
}}
passdb {{
  driver = static
  args = password={self.PASSWORD}
}}
userdb {{
  driver = static
  args = uid={self.user} gid={self.group} home={self.folder}/mail/%u
}}
mail_location = maildir:{self.folder}/mail/%u/Maildir
mail_max_userip_connections = 200
auth_failure_delay = 0
ssl = yes
ssl_cert = <{self.ca}
ssl_key = <{self.folder}/key.pem
disable_plaintext_auth = no
"""
        (self.folder / "dovecot.conf").write_text(config)
        demoted = {}
        if os.geteuid() == 0:
            for path in [self.folder, *self.folder.rglob("*")]:
                shutil.chown(path, self.user, self.group)
            demoted = {"user": self.user, "group": self.group, "extra_groups": []}
        words = [shutil.which("dovecot") or "/usr/sbin/dovecot", "-F", "-c", str(self.folder / "dovecot.conf")]
        self.process = subprocess.Popen(
            words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=self.folder, **demoted
        )
        for _ in range(300):
            try:
                socket.create_connection(("127.0.0.1", self.tls), 1).close()
                break
            except OSError:
                assert self.process.poll() is None, (self.folder / "log").read_text()
                time.sleep(0.05)

    def stop(self):
        if self.process is not None:
            self.process.terminate()
            self.process.wait(30)

    def client(self, user):
        import imaplib

        found = imaplib.IMAP4("127.0.0.1", self.plain, timeout=30)
        found.login(user, self.PASSWORD)
        return found

    def fill(self, user, mails, folder="INBOX"):
        """Puts (mail, when it arrived) into a folder."""
        client = self.client(user)
        if folder != "INBOX":
            client.create(folder)
        for raw, arrived in mails:
            assert client.append(folder, None, datetime.fromtimestamp(arrived, UTC), raw)[0] == "OK"
        client.logout()


@pytest.fixture(scope="session")
def dovecot():
    missing = [name for name in ("/usr/sbin/dovecot", "openssl") if not shutil.which(name)]
    if missing and not os.environ.get("CI"):
        pytest.skip(f"{', '.join(missing)} is not installed (apt-get install dovecot-imapd)")
    folder = Path(tempfile.mkdtemp(prefix="deskaudit-imap-"))
    folder.chmod(0o755)
    found = Dovecot(folder)
    try:
        found.start()
        yield found
    finally:
        found.stop()
        shutil.rmtree(folder, ignore_errors=True)


class Wire:
    """Stands between a client and the server, notes what the client says, and may damage what the server says."""

    def __init__(self, port):
        self.behind = port
        self.said = b""
        self.damage = lambda data: data
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                near, _address = self.listener.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self.behind))
            threading.Thread(target=self._pump, args=(near, far, True), daemon=True).start()
            threading.Thread(target=self._pump, args=(far, near, False), daemon=True).start()

    def _pump(self, source, sink, client):
        try:
            while data := source.recv(65536):
                if client:
                    self.said += data
                sink.sendall(data if client else self.damage(data))
        except OSError:
            pass
        finally:
            for one in (source, sink):
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
                one.close()

    def close(self):
        self.listener.close()


@pytest.fixture
def wire(dovecot):
    found = Wire(dovecot.plain)
    yield found
    found.close()


class Kit:
    NOW, KEY = NOW, KEY
    utc, mail, gather = staticmethod(utc), staticmethod(mail), staticmethod(gather)
    ssl = ssl

    def __init__(self, folder):
        self.folder = folder

    def context(self, source="mail", **more):
        return Context(source, self.folder, now=lambda: NOW, hash_key=KEY, **more)


@pytest.fixture
def kit(tmp_path):
    return Kit(tmp_path)
