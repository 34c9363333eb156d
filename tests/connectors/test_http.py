"""What a client holds of an answer that it gives up."""

import gc
import threading
import tracemalloc
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from deskaudit.connectors import http
from deskaudit.connectors.http import Client
from deskaudit.connectors.pace import RateLimit
from deskaudit.errors import SourceError

MEGABYTE = 1 << 20


class _Endless(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        try:
            while True:
                self.wfile.write(b" " * 65536)
        except OSError:
            self.close_connection = True

    def log_message(self, *_words):
        pass


@pytest.fixture
def endless():
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Endless)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_an_answer_without_an_end_is_let_go(endless, monkeypatch):
    """Nothing of it stays behind with the fault, though no garbage is collected: six lists would be six times as much."""
    monkeypatch.setattr(http, "BODY_BYTES", 8 * MEGABYTE)
    gc.disable()
    tracemalloc.start()
    try:
        with Client(endless, source="desk", limit=RateLimit(600)) as client:
            for _ in range(3):
                with pytest.raises(SourceError, match="too large"):
                    client.get("/")
        assert tracemalloc.get_traced_memory()[0] < 4 * MEGABYTE
    finally:
        tracemalloc.stop()
        gc.enable()
