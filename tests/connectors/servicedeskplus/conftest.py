"""A small ServiceDesk Plus on loopback, made from the documented shapes of API v3, and time that passes at once."""

import json
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import parse_qsl, urlsplit

import pytest

from deskaudit.connectors import Context
from deskaudit.connectors.pace import Timing
from deskaudit.connectors.servicedeskplus import Options, ServiceDeskPlus, accounts
from deskaudit.model.batches import Want
from deskaudit.model.entities import entity_of
from deskaudit.secrets import SecretRef

NOW = int(datetime(2026, 3, 2, 12, tzinfo=UTC).timestamp())
KEY, CLIENT_SECRET, REFRESH = "A1B2C3-KEY-0123", "client-secret-4567", "1000.refresh.token.89"
ACCEPT = "application/vnd.manageengine.sdp.v3+json"
SHORT = {
    "requests": {
        "id", "display_id", "subject", "requester", "technician", "status", "created_time", "due_by_time", "group", "site",
    },
    "changes": {"id", "display_id", "title", "status", "stage", "scheduled_end_time"},
    "problems": {"id", "display_id", "title", "status", "reported_time"},
}  # fmt: skip
"""What a list shows where no fields are named: nothing of when somebody answered, what changed last, or was done."""


class FakeTime:
    """A clock that only sleeping moves."""

    def __init__(self):
        self.now = 1000.0

    def clock(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds

    def timing(self, **more):
        return Timing(clock=self.clock, sleep=self.sleep, wall=lambda: float(NOW), **more)


class Server(ThreadingHTTPServer):
    """`lists` has the rows of each path; `before` may answer a request itself: it gives (status, headers, body) or None."""

    daemon_threads = True
    block_on_close = False

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.lists = {name: [] for name in ("requests", "technicians", "solutions", "assets", "problems", "changes")}
        self.lists["statuses"] = [dict(one) for one in STATUSES]
        self.worklogs = {}  # request id → rows
        self.prefix = "/api/v3"
        self.header = "authtoken"
        self.cloud = False
        self.tokens = []  # given out so far
        self.valid = set()
        self.cap = 100
        self.unknown_fields = set()
        self.filters = True
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
        if request.method == "POST":
            return self.token(request) if request.path == "/oauth/v2/token" else (405, {}, failed(4000, "no"))
        if not request.path.startswith(self.prefix + "/"):
            return 404, {}, "<html>no such page</html>"
        if not self.lets_in(request):
            return 401, {}, failed(4022, "Invalid API key")
        path = request.path.removeprefix(self.prefix + "/")
        old = request.headers.get("Accept") != ACCEPT
        parts = path.split("/")
        if len(parts) == 3 and parts[0] == "requests" and parts[2] == "worklogs":
            if parts[1] not in {row["id"] for row in self.lists["requests"]}:
                return 404, {}, failed(4007, "Resource not found")
            rows = self.worklogs.get(parts[1], [])
            return self.page("worklogs", [old_worklog(row) for row in rows] if old else rows, request)
        if path not in self.lists:
            return 404, {}, failed(4007, "Resource not found")
        return self.page(path, self.lists[path], request)

    def lets_in(self, request):
        if self.cloud:
            kind, _blank, token = request.headers.get("Authorization", "").partition(" ")
            return kind == "Zoho-oauthtoken" and token in self.valid
        return request.headers.get(self.header) == KEY

    def token(self, request):
        wanted = {
            "grant_type": "refresh_token", "client_id": "1000.ID", "client_secret": CLIENT_SECRET, "refresh_token": REFRESH,
        }  # fmt: skip
        if request.form != wanted:
            return 200, {}, {"error": "invalid_code"}
        token = f"1000.access{len(self.tokens)}.{'x' * 8}"
        self.tokens.append(token)
        self.valid.add(token)
        return 200, {}, {"access_token": token, "expires_in": 3600, "api_domain": self.url, "token_type": "Bearer"}

    def page(self, key, rows, request):
        info = json.loads(request.params.get("input_data", "{}")).get("list_info", {})
        named = info.get("fields_required")
        bad = self.unknown_fields & set(named or [])
        if bad:
            return 400, {}, failed(4001, "Invalid field", field=min(bad))
        if info.get("search_criteria"):
            if not self.filters:
                return 400, {}, failed(4001, "Invalid search criteria", field="search_criteria")
            rows = [row for row in rows if all(matches(row, one) for one in info["search_criteria"])]
        if info.get("sort_field"):
            rows = sorted(
                rows, key=lambda row: order(row, info["sort_field"]), reverse=info.get("sort_order") == "desc"
            )
        size = min(int(info.get("row_count", 10)), self.cap)
        start = max(int(info.get("start_index", 1)), 1) - 1
        found = rows[start : start + size]
        if key in SHORT:
            shown = set(named) | {"id"} if named else SHORT[key]
            found = [{name: value for name, value in row.items() if name in shown} for row in found]
        said = {"has_more_rows": start + size < len(rows), "start_index": start + 1, "row_count": len(found)}
        if info.get("get_total_count"):
            said["total_count"] = len(rows)
        return 200, {}, {key: found, "list_info": said, "response_status": [{"status_code": 2000, "status": "success"}]}


def failed(code, message, *, listed=False, field=None):
    detail = {"status_code": code, "type": "failed", "message": message}
    if field:
        detail["field"] = field
    status = {"status_code": 4000, "status": "failed", "messages": [detail]}
    return {"response_status": [status] if listed else status}


def order(row, field):
    value = row.get(field)
    if isinstance(value, dict):
        value = value.get("value")
    return int(value) if str(value).isdigit() else 0


def matches(row, criterion):
    field, _dot, inner = criterion["field"].partition(".")
    held = row.get(field)
    if inner:
        held = {one["id"]: one for one in STATUSES}[held["id"]][inner]
        return held in criterion["values"] if "values" in criterion else str(held).lower() == criterion["value"]
    held, value = int(held["value"]), int(criterion["value"])
    return {"greater or equal": held >= value, "lesser than": held < value}[criterion["condition"]]


def old_worklog(row):
    """A work log as a server on-premises gives it to whoever does not ask for v3's own format."""
    kept = {name: value for name, value in row.items() if name not in {"owner", "time_spent", "type"}}
    return {
        **kept, "technician": row.get("owner"), "total_time_spent": row.get("time_spent"), "worklog_type": row.get("type"),
        "tech_charge": "0",
    }  # fmt: skip


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # headers and body in one packet

    def do_GET(self):
        self.serve("GET", {})

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.serve("POST", dict(parse_qsl(body.decode())))

    def serve(self, method, form):
        parts = urlsplit(self.path)
        request = SimpleNamespace(
            method=method, path=parts.path, params=dict(parse_qsl(parts.query)), headers=self.headers, form=form
        )
        request.info = json.loads(request.params.get("input_data", "{}")).get("list_info", {})
        with self.server.lock:
            self.server.requests.append(request)
            status, headers, body = self.server.answer(request)
            data = (
                body
                if isinstance(body, bytes)
                else body.encode()
                if isinstance(body, str)
                else json.dumps(body).encode()
            )
            self.server.after(request)
        try:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)
        except OSError:
            self.close_connection = True  # the client went away, as it may

    def log_message(self, *_words):
        pass


STATUSES = (
    {"id": "1", "name": "Open", "internal_name": "Open", "in_progress": True, "stop_timer": False},
    {"id": "2", "name": "Onhold", "internal_name": "Onhold", "in_progress": True, "stop_timer": True},
    {"id": "3", "name": "Closed", "internal_name": "Closed", "in_progress": False, "stop_timer": True},
    {"id": "4", "name": "Resolved", "internal_name": "Resolved", "in_progress": False, "stop_timer": True},
    {"id": "5", "name": "Waiting for supplier", "internal_name": "", "in_progress": True, "stop_timer": True},
    {"id": "6", "name": "En curso", "internal_name": "En curso", "in_progress": True, "stop_timer": False},
)


def at(text):
    return int(datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC).timestamp())


def date(moment, plus_ms=0):
    """A date of the API; what it displays is nonsense on purpose: it is never to be read."""
    moment = at(moment) if isinstance(moment, str) else moment
    return {"display_value": "03/04/1999 07:00 AM", "value": str(moment * 1000 + plus_ms)}


def request(number, changed="2026-02-01 08:00:00", **more):
    """A request whose status is as short as lists show it: name and id."""
    return {
        "id": f"1000000000{number:08d}", "display_id": str(number), "subject": f"Case {number}",
        "requester": {"id": "r1", "name": "Ann", "email_id": "ann@example.org", "phone": "+47 22 33 44 55"},
        "technician": None, "status": {"id": "1", "name": "Open"}, "group": {"id": "g1", "name": "First line"},
        "created_time": date("2026-01-15 08:00:00"), "last_updated_time": date(changed),
        "responded_time": None, "resolved_time": None, "completed_time": None, "due_by_time": None,
        "first_response_due_by_time": None, "udf_fields": {}, "mode": {"name": "E-Mail"}, **more,
    }  # fmt: skip


def worklog(number, **more):
    return {
        "id": f"w{number}", "owner": {"id": "t1", "name": "Bo"}, "description": "secret text",
        "start_time": date("2026-02-01 09:00:00"), "end_time": date("2026-02-01 11:00:00"),
        "recorded_time": date("2026-02-01 17:00:00"), "time_spent": {"hours": "1", "minutes": "30"}, **more,
    }  # fmt: skip


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("SDP_KEY", KEY)
    monkeypatch.setenv("SDP_CLIENT_SECRET", CLIENT_SECRET)
    monkeypatch.setenv("SDP_REFRESH", REFRESH)
    accounts.GIVEN.clear()  # time begins anew with each test
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

    def connect(*, cloud=False, cancelled=lambda: False, timing=None, now=NOW, **options):
        server.cloud = cloud
        if cloud:
            given = {
                "url": server.url, "accounts_host": server.url, "client_id": "1000.ID", "requests_per_minute": 600,
                "client_secret": SecretRef(env="SDP_CLIENT_SECRET"), "refresh_token": SecretRef(env="SDP_REFRESH"),
            }  # fmt: skip
        else:
            given = {"url": server.url, "authtoken": SecretRef(env="SDP_KEY")}
        context = Context("desk", Path(), now=lambda: now, hash_key=b"k" * 32, cancelled=cancelled)
        return ServiceDeskPlus(Options(**{**given, **options}), context, timing=timing or fake_time.timing())

    return connect


@pytest.fixture
def want():
    def want(*entities, since="2025-12-01 00:00:00"):
        return Want(entities=frozenset(entities or ServiceDeskPlus.fills), since_at=at(since))

    return want


@pytest.fixture
def pulled(connect, want):
    """Everything of one pull: rows by entity, problems, rejects, cursors and batches."""

    def pulled(*entities, cursor=None, since="2025-12-01 00:00:00", connector=None, **options):
        return gather((connector or connect(**options)).pull(cursor, want(*entities, since=since)))

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
        delivered={batch.resource for batch in batches} | {name for batch in batches for name in batch.replaces},
        by_code={ticket.code: ticket for ticket in rows.get("ticket", {}).values()},
    )


@pytest.fixture
def kit():
    """The functions above, for tests."""
    return SimpleNamespace(
        at=at, date=date, request=request, worklog=worklog, failed=failed, gather=gather, NOW=NOW, KEY=KEY,
        CLIENT_SECRET=CLIENT_SECRET, REFRESH=REFRESH, ACCEPT=ACCEPT,
    )  # fmt: skip
