"""Nothing that a server sends may raise anything but a SourceError: real answers of RT, cut, flipped and spliced."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deskaudit.connectors import Context
from deskaudit.connectors.http import Client
from deskaudit.connectors.pace import Timing
from deskaudit.connectors.requesttracker import Options, RequestTracker
from deskaudit.connectors.requesttracker.api import Api
from deskaudit.errors import SourceError
from deskaudit.model.batches import Want
from deskaudit.model.entities import ENTITIES, entity_of
from deskaudit.secrets import SecretRef

pytestmark = pytest.mark.realtool
WANT = Want(entities=RequestTracker.fills, since_at=0)
ODD = st.sampled_from(
    [None, "", 0, -1, "-1", True, [], {}, "1970-01-01T00:00:00Z", "9999-99-99T99:99:99Z", "\ud800", "\x1b[2J", "9" * 400, 1e300, "Nobody"]
)  # fmt: skip


class Replay(ThreadingHTTPServer):
    """Answers each path with the bytes it was given for it, and later pages with none."""

    daemon_threads = True
    block_on_close = False

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.bodies = {}
        self.requests = 0

    def handle_error(self, request, client_address):
        """A client that hangs up is no news."""


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        parts = urlsplit(self.path)
        path, asked = parts.path.removeprefix("/REST/2.0"), parse_qs(parts.query)
        self.server.requests += 1
        status, body = self.server.bodies.get(path, (404, b'{"message":"Not Found"}'))
        if int(asked.get("page", ["1"])[0]) > 2:
            status, body = 200, b'{"items": [], "total": null}'
        try:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            self.close_connection = True

    def log_message(self, *_words):
        pass


@pytest.fixture(scope="module")
def replay():
    server = Replay()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.fixture(scope="module")
def recorded(desk):
    """What the real server says to a pull, each path's longest answer: path → bytes."""
    found = {}
    plain = Client.get

    def get(self, path, params=None, **more):
        answer = plain(self, path, params, **more)
        found[path] = max(found.get(path, b""), answer.body, key=len)
        return answer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Client, "get", get)
        patch.setenv("TEST_RT_FUZZ", desk.tokens["ana"])
        list(_connector(desk.url).pull(None, WANT))
    assert {"/tickets", "/transactions", "/users", "/groups", "/queues/all", "/assets", "/articles"} <= set(found)
    return found


def _connector(url):
    options = Options(url=url, token=SecretRef(env="TEST_RT_FUZZ"), requests_per_minute=6000, tags="Urgency")
    context = Context("desk", Path(), now=lambda: 1_795_000_000, hash_key=b"k" * 32)
    return RequestTracker(options, context, timing=Timing(backoff_s=(0.0,)))


@st.composite
def mutated(draw, bodies):
    """The answers, one or two of them damaged: cut, a byte flipped, two spliced, or a value inside replaced."""
    found = {path: (200, body) for path, body in bodies.items()}
    for path in draw(st.lists(st.sampled_from(sorted(bodies)), min_size=1, max_size=2, unique=True)):
        body = bodies[path]
        at = draw(st.integers(0, len(body)))
        kind = draw(st.sampled_from(["cut", "flip", "splice", "value", "value", "value", "status"]))
        if kind == "cut":
            body = body[:at]
        elif kind == "flip":
            body = body[:at] + bytes([draw(st.integers(0, 255))]) + body[at + 1 :]
        elif kind == "splice":
            body = body[:at] + bodies[draw(st.sampled_from(sorted(bodies)))][at:]
        elif kind == "value":
            body = json.dumps(replaced(draw, json.loads(body))).encode("utf-8", "surrogatepass")
        found[path] = (draw(st.sampled_from([400, 403, 404, 500])) if kind == "status" else 200, body)
    return found


def replaced(draw, whole):
    """The value with something in it replaced, deep down or at the top."""
    if isinstance(whole, dict) and whole and draw(st.integers(0, 9)):
        name = draw(st.sampled_from(sorted(whole)))
        return {**whole, name: replaced(draw, whole[name])}
    if isinstance(whole, list) and whole and draw(st.integers(0, 9)):
        place = draw(st.integers(0, len(whole) - 1))
        return [replaced(draw, one) if n == place else one for n, one in enumerate(whole)]
    return draw(ODD)


@pytest.mark.parametrize(("total", "told"), [(1, None), (0, None), (2, 2), (7, 7), (None, None), ("2", None)])
def test_a_total_below_what_came_is_none(replay, monkeypatch, total, told):
    monkeypatch.setenv("TEST_RT_FUZZ", "1-14-abcdef")
    replay.bodies = {"/users": (200, json.dumps({"items": [{"id": 1}, {"id": 2}], "total": total}).encode())}
    options = Options(url=f"http://127.0.0.1:{replay.server_port}", token=SecretRef(env="TEST_RT_FUZZ"))
    with Api(options, Context("desk", Path(), now=lambda: 0, hash_key=b"k" * 32), Timing()) as api:
        assert api.page("/users", {}).total == told


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_no_answer_raises_anything_but_a_source_error(data, recorded, replay):
    replay.bodies = data.draw(mutated(recorded))
    replay.requests = 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TEST_RT_FUZZ", "1-14-abcdef")
        connector = _connector(f"http://127.0.0.1:{replay.server_port}")
        for what in (lambda: list(connector.pull(None, WANT)), lambda: connector.sample(5) and []):
            try:
                batches = what()
            except SourceError:
                continue
            for batch in batches:
                json.dumps(batch.cursor)
                assert all(problem.message for problem in batch.problems)
                assert {entity for problem in batch.problems for entity in problem.entities} <= WANT.entities
                for row in batch.rows:
                    msgspec.convert(msgspec.to_builtins(row), ENTITIES[entity_of(row)])
                    assert "\x1b" not in repr(msgspec.to_builtins(row)).replace("\\x1b", "\x1b")
    assert replay.requests < 200
