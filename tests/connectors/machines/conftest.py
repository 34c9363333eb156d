"""Inventory sources read through the same door as the program: options as TOML, entry point, pull."""

import json
import threading
import tomllib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from urllib.parse import parse_qsl, urlsplit

import msgspec
import pytest

from deskaudit import connectors
from deskaudit.config import Source
from deskaudit.connectors import Context
from deskaudit.connectors.pace import Timing
from deskaudit.model.batches import Want
from deskaudit.model.entities import ENTITIES, entity_of

NOW = 1_790_000_000  # 2026-09-21T14:13:20Z
KEY = "token-0123456789"


class Pulled(msgspec.Struct):
    batches: list

    def rows(self, entity="asset"):
        """The rows of an entity, each once, as the snapshot has them: what came last counts."""
        found = {row.id: row for batch in self.batches for row in batch.rows if entity_of(row) == entity}
        return list(found.values())

    @property
    def only(self):
        (row,) = self.rows()
        return row

    def components(self, kind):
        return sorted(
            ((row.name, row.value, row.version, row.state) for row in self.rows("component") if row.kind == kind),
            key=str,
        )

    @property
    def rejects(self):
        return [(reject.place, reject.reason) for batch in self.batches for reject in batch.rejects]

    @property
    def problems(self):
        return [problem for batch in self.batches for problem in batch.problems]

    @property
    def told(self):
        return " ".join(problem.message for problem in self.problems)

    @property
    def incomplete(self):
        return {entity for problem in self.problems for entity in problem.entities}


@pytest.fixture
def build(tmp_path, monkeypatch):
    """(type, options as TOML) → the connector, its files in tmp_path."""
    monkeypatch.setenv("DESK_KEY", KEY)

    def make(kind, options="", *, timing=None, cancelled=lambda: False):
        table = tomllib.loads(f'type = "{kind}"\n{options}')
        context = Context("stock", tmp_path, now=lambda: NOW, hash_key=b"key", cancelled=cancelled, zone="UTC")
        source = Source("stock", table, tmp_path / "config.toml")
        if timing is None:
            return connectors.build(source, context)
        found = connectors.load(kind)
        return found(source.read_options(found.options), context, timing=timing)

    return make


@pytest.fixture
def read(tmp_path, build):
    """(type, options, {file name: content}) → all batches of a pull."""

    def run(kind, options, files, entities=tuple(ENTITIES)):
        for name, content in files.items():
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            text = content if isinstance(content, str | bytes) else json.dumps(content)
            file.write_bytes(text if isinstance(text, bytes) else text.encode())
        want = Want(entities=frozenset(entities), since_at=0)
        return Pulled(list(build(kind, options).pull(None, want)))

    return run


class FakeTime:
    """A clock that only sleeping moves."""

    def __init__(self):
        self.now = 1000.0
        self.slept = []

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds

    def timing(self):
        return Timing(clock=lambda: self.now, sleep=self.sleep, wall=lambda: float(NOW))


class Server(ThreadingHTTPServer):
    """Answers with what `answer(request)` gives: (status, headers, body); the body is JSON unless it is bytes."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, answer):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer = answer
        self.requests = []

    def handle_error(self, request, client_address):
        """A client that hangs up is no news."""

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def asked(self, path):
        return [one for one in self.requests if one.path == path]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        parts = urlsplit(self.path)
        request = SimpleNamespace(
            path=parts.path,
            params=dict(parse_qsl(parts.query)),
            headers=self.headers,
            length=int(self.headers.get("Content-Length") or 0),
        )
        self.server.requests.append(request)
        status, headers, body = self.server.answer(request)
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers, "Content-Length": str(len(data))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_words):
        pass


@pytest.fixture
def serve():
    """answer(request) → a server on loopback."""
    running = []

    def start(answer):
        server = Server(answer)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        running.append(server)
        return server

    yield start
    for server in running:
        server.shutdown()
        server.server_close()


@pytest.fixture
def passing():
    """Time that passes at once."""
    return FakeTime()


@pytest.fixture
def drain():
    """(connector, cursor) → all batches."""

    def run(connector, cursor=None, entities=tuple(ENTITIES)):
        return Pulled(list(connector.pull(cursor, Want(entities=frozenset(entities), since_at=0))))

    return run
