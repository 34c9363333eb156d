"""A small LiveAgent on loopback, and time that passes at once."""

import json
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

import pytest

from deskaudit.connectors import Context
from deskaudit.connectors.liveagent import LiveAgent, Options
from deskaudit.connectors.pace import Timing
from deskaudit.model.batches import Want
from deskaudit.model.entities import entity_of
from deskaudit.secrets import SecretRef

NOW = int(datetime(2026, 3, 2, 12, tzinfo=UTC).timestamp())
KEY, KEY_V1 = "v3-key-0123456789", "v1-key/with+odd=chars"
CURSORED = {"/tickets/history", "/grid/tickets/sla", "/calls", "/grid/reports/time", "/apikeys"}
SORTS = {"date_changed"}


class FakeTime:
    """A clock that only sleeping moves."""

    def __init__(self):
        self.now = 1000.0
        self.slept = []

    def clock(self):
        return self.now

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds

    def timing(self, **more):
        return Timing(clock=self.clock, sleep=self.sleep, wall=lambda: float(NOW), **more)


class Server(ThreadingHTTPServer):
    """`lists` has the rows of each path. Dates in rows are naive UTC texts; `zone` is what the account shows.

    `before` may answer a request itself: it gets the handler's request and gives (status, headers, body) or None;
    status 0 drops the connection.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.lists = {
            path: []
            for path in (
                "/departments", "/agents", "/tags", "/companies", "/slas", "/contacts", "/tickets", "/tickets/history", "/grid/tickets/sla",
                "/calls", "/chats", "/grid/reports/time", "/apikeys",
            )
        }  # fmt: skip
        self.lists["/settings"] = [{"name": "TIMEZONE", "value": "UTC"}]
        self.ranks = []
        self.bases, self.articles = [], []
        self.objects = {}  # path → object, as /tickets/ID/sla
        self.zone = "UTC"
        self.obeys_header = True
        self.sorts = True
        self.cap = 500
        self.window = None
        self.status = 200
        self.before = lambda _request: None
        self.after = lambda _request: None
        self.requests = []
        self.lock = threading.Lock()

    def handle_error(self, request, client_address):
        """A client that hangs up is no news."""

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def asked(self, path):
        return [one for one in self.requests if one.path == path]

    def answer(self, request):
        given = self.before(request)
        if given is not None:
            return given
        if request.version == 1:
            if request.params.get("apikey") != KEY_V1:
                return 200, {}, {"response": {"status": "ERROR", "errormessage": "Invalid API key"}}
            if request.path == "/application/status":
                return 200, {}, {"response": {"liveagentversion": "5.61.1.20260101"}}
            if request.path == "/knowledgebase/knowledgebases":
                return 200, {}, {"response": {"knowledgebases": self.bases}}
            start, count = int(request.params.get("limitfrom", 0)), int(request.params.get("limitcount", 1000))
            if request.path == "/knowledgebase/entries":
                return 200, {}, {"response": {"entries": self.articles[start : start + count]}}
            return 200, {}, {"response": {"ranks": self.ranks[start : start + count]}}
        if request.headers.get("apikey") != KEY:
            return 401, {}, {"message": "Invalid API key"}
        if request.path in self.objects:
            found = self.objects[request.path]
            return (
                200,
                {},
                self.shown(found, request) if isinstance(found, dict) else [self.shown(r, request) for r in found],
            )
        if request.path.endswith("/messages"):
            return 200, {}, []
        if request.path not in self.lists:
            return 404, {}, {"message": "not found"}
        return self.page(request)

    def page(self, request):
        rows = [row for row in self.lists[request.path] if matches(row, request.params.get("_filters"))]
        field = request.params.get("_sortField")
        if field and self.sorts:
            rows.sort(key=lambda row: row.get(field) or "", reverse=request.params.get("_sortDir") == "DESC")
        size = min(int(request.params.get("_perPage", 10)), self.cap)
        headers = {"X-Total-Count": str(len(rows))}
        if request.path in CURSORED:
            start = int(request.params.get("_cursor", "c0")[1:])
            if start + size < len(rows):
                headers["next_page_cursor"] = f"c{start + size}"
        elif request.path in {"/tags", "/settings"}:
            start, size = 0, len(rows)
        else:
            start = (int(request.params.get("_page", 1)) - 1) * size
        if self.window is not None and request.path == "/tickets" and start + size > self.window:
            return 400, {}, {"message": "Result window is too large"}
        return self.status, headers, [self.shown(row, request) for row in rows[start : start + size]]

    def shown(self, row, request):
        """The row with its dates as this server writes them."""
        if self.zone == "UTC" or (self.obeys_header and "Timezone-Offset" in request.headers):
            return row
        return {name: in_zone(value, self.zone) for name, value in row.items()}


def in_zone(value, zone):
    try:
        moment = datetime.strptime(value, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    except (TypeError, ValueError):
        return value
    return moment.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M:%S")


def matches(row, filters):
    for column, operator, value in json.loads(filters) if filters else []:
        held = row.get({"datechanged": "date_changed"}.get(column, column)) or ""
        good = {
            "D>=": held >= value, ">=": held >= value, "D<": held < value, "IN": held in value.split(","),
        }[operator]  # fmt: skip
        if not good:
            return False
    return True


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # headers and body in one packet

    def do_GET(self):
        parts = urlsplit(self.path)
        version = 3 if parts.path.startswith("/api/v3") else 1
        path = parts.path.removeprefix("/api/v3" if version == 3 else "/api")
        request = SimpleNamespace(path=path, params=dict(parse_qsl(parts.query)), headers=self.headers, version=version)
        with self.server.lock:
            self.server.requests.append(request)
            request.number = len(self.server.requests)
            status, headers, body = self.server.answer(request)
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.server.after(request)
        if not status:
            self.close_connection = True
            return
        try:
            (self.send_response_only if "Date" in headers else self.send_response)(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)
        except OSError:
            self.close_connection = True  # the client went away, as it may

    def log_message(self, *_words):
        pass


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("TEST_KEY", KEY)
    monkeypatch.setenv("TEST_KEY_V1", KEY_V1)
    found = Server()
    thread = threading.Thread(target=found.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield found
    found.shutdown()
    found.server_close()
    thread.join(5)


@pytest.fixture
def fake_time():
    return FakeTime()


@pytest.fixture
def connect(server, fake_time):
    """A connector to the server; options as keywords."""

    def connect(*, v1=False, cancelled=lambda: False, timing=None, now=NOW, **options):
        given = {"url": server.url, "apikey": SecretRef(env="TEST_KEY"), "page_size": 10, **options}
        if v1:
            given["apikey_v1"] = SecretRef(env="TEST_KEY_V1")
        context = Context("desk", Path(), now=lambda: now, hash_key=b"k" * 32, cancelled=cancelled)
        return LiveAgent(Options(**given), context, timing=timing or fake_time.timing())

    return connect


@pytest.fixture
def want():
    def want(*entities, since="2026-01-01 00:00:00"):
        return Want(entities=frozenset(entities or LiveAgent.fills), since_at=at(since))

    return want


@pytest.fixture
def pulled(connect, want):
    """Everything of one pull: rows by entity, problems, rejects, cursors and batches."""

    def pulled(*entities, cursor=None, since="2026-01-01 00:00:00", connector=None, **options):
        batches = list((connector or connect(**options)).pull(cursor, want(*entities, since=since)))
        return gather(batches)

    return pulled


def gather(batches):
    batches, rows = list(batches), {}
    for batch in batches:
        for row in batch.rows:
            rows.setdefault(entity_of(row), {})[row.id] = row
    return SimpleNamespace(
        batches=batches,
        rows={entity: list(found.values()) for entity, found in rows.items()},
        problems=[problem for batch in batches for problem in batch.problems],
        rejects=[reject for batch in batches for reject in batch.rejects],
        cursor=next((batch.cursor for batch in reversed(batches) if batch.cursor), None),
        incomplete={entity for batch in batches for problem in batch.problems for entity in problem.entities},
        by_code={ticket.ext_id: ticket for ticket in rows.get("ticket", {}).values()},
    )


def at(text):
    return int(datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC).timestamp())


def text(moment):
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M:%S")


def ticket(number, changed, **more):
    """A ticket row; `changed` as text or epoch seconds."""
    changed = changed if isinstance(changed, str) else text(changed)
    return {
        "id": f"t{number:05d}", "owner_contactid": "c1", "departmentid": "default", "status": "R", "code": f"ABC-{number}",
        "channel_type": "E", "date_created": "2025-12-30 08:00:00", "date_changed": changed, "subject": f"Case {number}",
        "tags": [], "custom_fields": [], **more,
    }  # fmt: skip


@pytest.fixture
def kit():
    """The functions above, for tests."""
    return SimpleNamespace(
        at=at,
        text=text,
        ticket=ticket,
        gather=gather,
        NOW=NOW,
        KEY=KEY,
        KEY_V1=KEY_V1,
        FakeTime=FakeTime,
        in_zone=in_zone,
    )


@pytest.fixture
def account(server):
    """A desk of two departments, two agents and four tickets."""
    server.lists["/departments"] = [
        {"department_id": "default", "name": "General", "agent_ids": ["a1", "a2"]},
        {"department_id": "d2", "name": "Second line", "agent_ids": ["a2"]},
    ]
    server.lists["/agents"] = [
        {"id": "a1", "name": "Ada", "email": "Ada@Desk.example", "role": "agent", "status": "A", "twofactor_auth": "Y",
         "last_pswd_change": "2025-06-01 10:00:00", "online_status": "C"},
        {"id": "a2", "name": "Bo\u202e", "email": "bo@desk.example", "roleId": "team-lead", "status": "X", "twofactor_auth": "N"},
        {"id": "system00", "name": "System", "email": ""},
    ]  # fmt: skip
    server.lists["/tags"] = [
        {"id": "g1", "name": "vip"},
        {"id": "g2", "name": "cat-Network"},
        {"id": "g3", "name": "wait-parts"},
    ]
    server.lists["/tickets"] = [
        {"id": "t1", "code": "AAA-1", "subject": "Printer\x1b[31m on\nfire", "status": "N", "channel_type": "E",
         "departmentid": "default", "owner_contactid": "c1", "date_created": "2026-02-01 08:00:00",
         "date_changed": "2026-02-01 08:00:00", "tags": ["g1", "g2"], "custom_fields": [{"code": "urgency", "value": "high"}]},
        {"id": "t2", "code": "AAA-2", "subject": "", "status": "R", "channel_type": "C", "departmentid": "d2", "agentid": "a1",
         "owner_contactid": "c2", "date_created": "2026-02-02 08:00:00", "date_changed": "2026-02-03 09:30:00",
         "date_resolved": "2026-02-03 09:30:00", "tags": [], "custom_fields": [{"code": "urgency", "value": ""}]},
        {"id": "t3", "status": "C", "channel_type": "Z", "agentid": "system00", "date_created": "2026-02-04 08:00:00",
         "date_changed": "2026-02-04 08:00:00", "tags": ["g3", "unlisted"]},
        {"id": "t4", "status": "9", "channel_type": "F", "date_created": "2026-02-05 08:00:00",
         "date_changed": "2026-02-05 08:00:00"},
    ]  # fmt: skip
    return server
