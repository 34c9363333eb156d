"""What `deskaudit sources test` makes of an address where something answers that is not the product."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import msgspec
import pytest

from deskaudit import connectors
from deskaudit.config import Source
from deskaudit.connectors import Context, knocking
from deskaudit.connectors.pace import Timing
from deskaudit.errors import SourceError
from deskaudit.model.batches import Want

KEYS = {
    "glpi": "user_token",
    "liveagent": "apikey",
    "redmine": "apikey",
    "rt": "token",
    "servicedeskplus": "authtoken",
    "snipeit": "token",
}
ANSWERS = {
    "a redirect": (302, {"Location": "https://login.example.org/"}, b""),
    "a login page": (200, {"Content-Type": "text/html"}, b"<html>sign in</html>"),
    "a proxy's error": (502, {}, b"<html>bad gateway</html>"),
    "another program": (200, {}, b"{}"),
    "nothing here": (404, {}, b"{}"),
}


class _Clock:
    """Time that only sleeping moves."""

    now = 1000.0

    def sleep(self, seconds):
        self.now += seconds

    def timing(self):
        return Timing(clock=lambda: self.now, sleep=self.sleep, wall=lambda: 1_790_000_000.0)


@pytest.fixture
def answering():
    """(status, headers, body) → the address of a server that always answers so."""
    servers = []

    def start(status, headers, body):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_words):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("kind", KEYS)
def test_what_is_not_the_product_is_no_good_source(kind, answer, answering, tmp_path, monkeypatch):
    monkeypatch.setenv("DESK_KEY", "a-key-that-nobody-sees")
    table = {"type": kind, "url": answering(*ANSWERS[answer]), KEYS[kind]: {"env": "DESK_KEY"}}
    found = connectors.load(kind)
    options = Source("desk", table, tmp_path / "config.toml").read_options(found.options)
    source = found(options, Context("desk", tmp_path, now=lambda: 1_790_000_000), timing=_Clock().timing())
    probe = source.probe()
    assert not probe.reachable
    assert probe.message
    assert probe.hint
    assert "a-key-that-nobody-sees" not in json.dumps(msgspec.to_builtins(probe))
    with pytest.raises(SourceError):
        list(source.pull(None, Want(entities=found.fills, since_at=0)))


def test_a_key_that_may_read_no_list_is_no_good():
    hint = "Give it rights."
    assert knocking.listed({"a": "HTTP 403", "b": "HTTP 403"}, hint).authorised is False
    assert knocking.listed({"a": "HTTP 403", "b": "ok"}, hint).authorised is True
