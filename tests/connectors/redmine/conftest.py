"""A private Redmine: Debian's package with a database, folders and a port of its own, run by nobody, gone at the end.

Between it and the connector stands a proxy that notes the requests, and that a test may let answer in its place.
"""

import json
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from deskaudit.connectors import Context
from deskaudit.connectors.pace import Timing
from deskaudit.connectors.redmine import Options, Redmine
from deskaudit.model.batches import Want
from deskaudit.model.entities import entity_of
from deskaudit.secrets import SecretRef

HOME = Path("/usr/share/redmine")
SINCE = int(datetime(2025, 1, 1, tzinfo=UTC).timestamp())
NOW = int(datetime(2026, 3, 10, tzinfo=UTC).timestamp())


def utc(*parts):
    return int(datetime(*parts, tzinfo=UTC).timestamp())


class Site:
    """The running server: `keys` by name, `ids` of what was seeded."""

    def __init__(self, folder):
        self.folder = folder
        # Debian finds an instance below its own folder; enough steps up lead from there to ours, links or not.
        self.env = {
            "PATH": os.environ["PATH"],
            "X_DEBIAN_SITEID": "../../../../../.." + str(folder),
            "RAILS_ENV": "production",
            "BUNDLE_GEMFILE": str(folder / "Gemfile"),
            "HOME": str(folder),
            "TZ": "UTC",
            "LANG": "C.UTF-8",
            "RUBYOPT": "-W0",
            "SEEDED": str(folder / "seeded.json"),
        }
        self.user = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = None
        self.keys = self.ids = {}

    def prepare(self):
        for name in ("config", "log", "tmp", "files", "public/plugin_assets"):
            (self.folder / name).mkdir(parents=True)
        database = self.folder / "config" / "database.yml"
        database.write_text(
            f"production:\n  adapter: sqlite3\n  database: {self.folder}/desk.sqlite3\n  timeout: 5000\n"
        )
        (self.folder / "config" / "secret_key.txt").write_text("0123456789abcdef" * 4)
        known = "/usr/share/redmine/{config,instances/*/config}/database.yml"
        (self.folder / "Gemfile").write_text((HOME / "Gemfile").read_text().replace(known, str(database)))
        shutil.copy("/var/lib/redmine/Gemfile.lock", self.folder / "Gemfile.lock")
        shutil.copy(Path(__file__).with_name("seed.rb"), self.folder / "seed.rb")
        if self.user:
            for path in [self.folder, *self.folder.rglob("*")]:
                shutil.chown(path, "nobody", "nogroup")

    def run(self, script):
        done = subprocess.run(
            ["ruby", "bin/rails", "runner", script], cwd=HOME, env=self.env, capture_output=True, timeout=240, check=False,
            **self.user,
        )  # fmt: skip
        assert done.returncode == 0, (done.stdout + done.stderr)[-3000:].decode(errors="replace")

    def start(self):
        words = ["puma", "-e", "production", "-b", f"tcp://127.0.0.1:{self.port}", "-t", "1:2", str(HOME / "config.ru")]
        with (self.folder / "log" / "puma.log").open("wb") as log:
            self.process = subprocess.Popen(words, cwd=HOME, env=self.env, stdout=log, stderr=log, **self.user)
        for _ in range(600):
            assert self.process.poll() is None, (self.folder / "log" / "puma.log").read_text()[-3000:]
            try:
                requests.get(f"{self.url}/users/current.json", timeout=30)
                break
            except requests.ConnectionError:
                time.sleep(0.1)
        seeded = json.loads((self.folder / "seeded.json").read_text())
        self.keys, self.ids = seeded["keys"], seeded["ids"]

    def stop(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait(30)

    def send(self, method, path, body=None, key="admin"):
        """What a user does meanwhile."""
        answer = requests.request(
            method, self.url + path, json=body, headers={"X-Redmine-API-Key": self.keys[key]}, timeout=60
        )
        assert answer.status_code < 300, (answer.status_code, answer.text)
        return answer.json() if answer.content else None


@pytest.fixture(scope="session")
def site():
    missing = [name for name in ("puma", "ruby") if not shutil.which(name)] + [] if HOME.is_dir() else ["redmine"]
    if missing and not os.environ.get("CI"):
        pytest.skip(f"{', '.join(missing)} is not installed (apt-get install redmine redmine-sqlite puma)")
    folder = Path(tempfile.mkdtemp(prefix="deskaudit-redmine-"))
    folder.chmod(0o755)
    found = Site(folder)
    try:
        found.prepare()
        found.run(str(folder / "seed.rb"))
        found.start()
        yield found
    finally:
        found.stop()
        shutil.rmtree(folder, ignore_errors=True)


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        parts = urlsplit(self.path)
        request = SimpleNamespace(
            path=parts.path, params=dict(parse_qsl(parts.query, keep_blank_values=True)), headers=dict(self.headers)
        )
        with self.server.lock:
            self.server.requests.append(request)
        found = self.server.before(request)
        if found is None:
            answer = requests.get(
                self.server.behind + self.path,
                headers={"X-Redmine-API-Key": self.headers.get("X-Redmine-API-Key", "")},
                timeout=60,
            )
            found = answer.status_code, answer.content
            with self.server.lock:
                self.server.answers[parts.path] = found
        status, body = found
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args):
        pass


class Proxy(ThreadingHTTPServer):
    """`before(request)` may give (status, body) in the site's place; None lets the site answer."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, behind):
        super().__init__(("127.0.0.1", 0), Handler)
        self.behind = behind
        self.before = lambda _request: None
        self.requests = []
        self.answers = {}  # path → what the site last said
        self.lock = threading.Lock()
        self.url = f"http://127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def handle_error(self, request, client_address):
        """A client that hangs up is no news."""

    def paths(self, start=""):
        return [one.path for one in self.requests if one.path.startswith(start)]


@pytest.fixture
def proxy(site):
    server = Proxy(site.url)
    yield server
    server.shutdown()
    server.server_close()


class Kit:
    """Builds connectors, and gathers what they give."""

    SINCE, NOW = SINCE, NOW
    utc = staticmethod(utc)

    def __init__(self, site, proxy, folder, monkeypatch):
        self.site, self.proxy = site, proxy
        self._folder, self._monkeypatch = folder, monkeypatch

    def context(self, now=NOW, **more):
        return Context("rm", self._folder, now=lambda: now, hash_key=b"k" * 32, **more)

    def connector(self, key="reader", *, now=NOW, zone="UTC", cancelled=lambda: False, **options):
        self._monkeypatch.setenv("REDMINE_KEY", self.site.keys.get(key, key))
        options = {
            "url": self.proxy.url,
            "apikey": SecretRef(env="REDMINE_KEY"),
            "requests_per_minute": 6000,
            **options,
        }
        timing = Timing(sleep=lambda seconds: time.sleep(min(seconds, 0.01)), backoff_s=(0.0, 0.0))
        return Redmine(Options(**options), self.context(now, zone=zone, cancelled=cancelled), timing=timing)

    def want(self, *entities, since=SINCE):
        return Want(entities=frozenset(entities) or Redmine.fills, since_at=since)

    def pull(self, key="reader", *, cursor=None, entities=(), since=SINCE, **more):
        """What a whole pull gives."""
        return Pulled(list(self.connector(key, **more).pull(cursor, self.want(*entities, since=since))))


class Pulled:
    def __init__(self, batches):
        self.batches = batches
        self.cursor = next((batch.cursor for batch in reversed(batches) if batch.cursor is not None), None)
        self.problems = [problem for batch in batches for problem in batch.problems]
        self.rejects = [reject for batch in batches for reject in batch.rejects]
        self.swept = frozenset().union(*(batch.swept for batch in batches))

    def rows(self, entity):
        """By id: the last one counts."""
        found = {row.id: row for batch in self.batches for row in batch.rows if entity_of(row) == entity}
        return list(found.values())

    def by_ext(self, entity):
        return {row.ext_id: row for row in self.rows(entity)}

    def present(self, entity):
        return {one for batch in self.batches for one in batch.present.get(entity, ())}

    def incomplete(self):
        return {entity for problem in self.problems for entity in problem.entities}


@pytest.fixture
def kit(site, proxy, tmp_path, monkeypatch):
    return Kit(site, proxy, tmp_path, monkeypatch)


@pytest.fixture
def gathered():
    return Pulled
