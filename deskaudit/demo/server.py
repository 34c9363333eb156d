"""A LiveAgent look-alike on loopback: both of its APIs over the made-up desk, with its habits and its failures.

It answers from the facts that are known of LiveAgent and shares no code with the connector. What is only believed of
the real one is an attribute of `Server`, so that a test can have it both ways.
"""

import json
import re
import socket
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, Self
from urllib.parse import parse_qsl, urlsplit

import msgspec

from deskaudit.demo import reports_v1
from deskaudit.demo.desk_rows import LISTS
from deskaudit.demo.limits import Bucket
from deskaudit.demo.messages import message_groups
from deskaudit.demo.people import short_id
from deskaudit.demo.stories import DAY, Ticket
from deskaudit.demo.tables import BadFilterError, Shift, Table, Zone, date_text
from deskaudit.demo.ticket_rows import sla_history, stretches, ticket_sla
from deskaudit.demo.troubles import Trouble, Troubles
from deskaudit.demo.world import World

V3_KEY = "demo-v3-key-of-nordlys"
V1_KEY = "demo-v1-key-of-nordlys"
CURSOR_LISTS = frozenset(
    {"/tickets/history", "/grid/tickets", "/grid/tickets/sla", "/grid/reports/time", "/calls", "/apikeys"}
)
NO_PAGES = frozenset({"/tags", "/groups"})
OFFSET_LISTS = frozenset({"/tickets/history", "/grid/tickets", "/grid/tickets/sla", "/calls"})
PARTIAL = frozenset(
    {"/tickets", "/agents", "/departments", "/calls", "/chats", "/tags", "/groups", "/slas", "/predefined_answers"}
)
"""Lists that answer 206 while more rows exist; the others answer 200."""


class Asked(msgspec.Struct, frozen=True):
    """One request, for tests. Keys are not kept."""

    method: str
    path: str
    query: dict[str, str]
    status: int
    size: int


class Reply(msgspec.Struct):
    status: int
    body: bytes
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    kind: str = "application/json"


class _RefusedError(Exception):
    """An answer that is an error."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class Server:
    """Context manager. `url` is the account's address; v3 lies under /api/v3, v1 under /api.

    zone: the account's time zone; all times in answers stand in it, unless Timezone-Offset is sent.
    offset_everywhere: False: only the lists that declare the header obey it.
    window: lists in pages end there with an error, as a search index does; None: no limit.
    until: what the desk knows ends at this time; move it on with `advance` and pull again.
    """

    def __init__(
        self,
        world: World,
        *,
        zone: str = "UTC",
        per_minute: int = 180,
        announce_limit: bool = False,
        window: int | None = None,
        until: int | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.world = world
        self.zone = zone
        self.announce_limit = announce_limit
        self.retry_after = False
        self.offset_everywhere = True
        self.window = window
        self.max_per_page = 500
        self.v3_key = V3_KEY
        self.v1_key = V1_KEY
        self.expired = False
        self.denied: set[str] = set()  # paths without privilege: 403
        self.v1_errors_are_200 = True
        self.faults = Troubles()
        self.log: deque[Asked] = deque(maxlen=200_000)
        self.until = world.now if until is None else until
        self._numbers = {short_id(ticket.number): ticket for ticket in world.tickets}
        self._codes: dict[str, Ticket] = {}
        self._tables: dict[str, Table] = {}
        self._buckets = {name: Bucket(per_minute, clock) for name in ("v3", "v1")}
        self._shift: Shift = Zone(zone, world.start, world.now + 400 * DAY)
        self._lock = threading.Lock()
        self._http: _Http | None = None
        self.closing = threading.Event()

    # ── life

    @property
    def port(self) -> int:
        if self._http is None:
            raise RuntimeError("the demo's server is not running")
        return int(self._http.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._http = _Http(self)
        threading.Thread(
            target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, name="demo-desk", daemon=True
        ).start()
        return self

    def __exit__(self, *_unused: object) -> None:
        if self._http is not None:
            self.closing.set()
            self._http.shutdown()
            self._http.hang_up()
            self._http.server_close()

    def advance(self, until: int) -> None:
        """The desk lives on until then; later lists say so."""
        with self._lock:
            self.until = until
            self._tables = {}

    # ── what was asked

    def count(self, path: str = "") -> int:
        """Requests so far, of one path or of all."""
        return sum(1 for asked in list(self.log) if not path or asked.path == path)

    def counts(self) -> Counter[str]:
        return Counter(asked.path for asked in list(self.log))

    @property
    def writes(self) -> list[Asked]:
        """Requests that were not GET: an auditor must make none."""
        return [asked for asked in list(self.log) if asked.method != "GET"]

    # ── answers

    def reply(self, method: str, target: str, headers: dict[str, str]) -> Reply | None:
        """The answer to one request, None for a connection that is to drop; never raises."""
        parts = urlsplit(target)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        is_v3 = parts.path.startswith("/api/v3/")
        path = parts.path.removeprefix("/api/v3" if is_v3 else "/api")
        if path == "/index.php":
            path = "/" + query.pop("handler", "").strip("/")
        key = headers.get("apikey") if is_v3 else query.get("apikey")
        in_query = is_v3 and "apikey" in query
        query.pop("apikey", None)
        try:
            self._admit(method, path, "" if in_query else key or "", is_v3=is_v3)
            found = self._v3(path, query, headers) if is_v3 else self._v1(path, query, headers)
        except (_RefusedError, BadFilterError) as refused:
            status = refused.status if isinstance(refused, _RefusedError) else 400
            found = self._error(status, str(refused), is_v3=is_v3)
        if self.announce_limit:
            found.headers["X-RateLimit-Limit"] = str(self._buckets["v3" if is_v3 else "v1"].per_minute)
        trouble = self.faults.meet(path) if found.status < 400 else None
        spoilt = found if trouble is None else _spoil(found, trouble, self.closing)
        status, size = (spoilt.status, len(spoilt.body)) if spoilt else (0, 0)
        self.log.append(Asked(method, path, query, status, size))
        return spoilt

    def _error(self, status: int, message: str, *, is_v3: bool) -> Reply:
        if is_v3:
            headers = {}
            if status == 429 and self.retry_after:
                headers["Retry-After"] = str(self._buckets["v3"].seconds_until_next())
            return Reply(status, json.dumps({"message": message}).encode(), headers)
        body = json.dumps({"response": {"status": "ERROR", "errormessage": message}}).encode()
        return Reply(200 if self.v1_errors_are_200 and status != 429 else status, body)

    def _admit(self, method: str, path: str, key: str, *, is_v3: bool) -> None:
        if key != (self.v3_key if is_v3 else self.v1_key):
            raise _RefusedError(401, "Invalid API key")
        if self.expired:
            raise _RefusedError(401, "API key has expired")
        if not self._buckets["v3" if is_v3 else "v1"].take():
            raise _RefusedError(429, "Too many requests")
        if method != "GET":
            raise _RefusedError(405, "Method not allowed")
        if any(path == denied or path.startswith(denied + "/") for denied in self.denied):
            raise _RefusedError(403, "Insufficient privileges")

    def _shift_for(self, path: str, headers: dict[str, str]) -> tuple[object, Shift]:
        """The name of the shift and the shift itself, for the dates of this answer."""
        offset = headers.get("timezone-offset")
        declared = path in OFFSET_LISTS or path.startswith("/grid/")
        if offset is None or not (self.offset_everywhere or declared):
            return self.zone, self._shift
        seconds = int(offset)
        return seconds, lambda _at: seconds

    def _v3(self, path: str, query: dict[str, str], headers: dict[str, str]) -> Reply:
        zone, shift = self._shift_for(path, headers)
        if path.removesuffix("/count") in LISTS and path.endswith("/count"):
            table = self._table(path.removesuffix("/count"))
            return _json({"count": len(table.pick(query.get("_filters", ""), "", "ASC"))})
        if path in LISTS:
            return self._list(path, query, zone, shift)
        if path == "/ping":
            return _json({})
        if path == "/settings":
            values = {"TIMEZONE": self.zone, "dateformat": "Y-m-d", "timeformat": "H:i:s"}
            wanted = query.get("settingsNames", "|".join(values)).split("|")
            return _json([{"name": name, "value": values[name]} for name in wanted if name in values])
        if path == "/time_zones":
            return _json([{"code": name, "name": name} for name in ("UTC", "Europe/Oslo", "America/Phoenix")])
        return self._one(path, shift)

    def _list(self, path: str, query: dict[str, str], zone: object, shift: Shift) -> Reply:
        table = self._table(path)
        places = table.pick(
            query.get("_filters", ""), query.get("_sortField", ""), query.get("_sortDir", "ASC").upper()
        )
        headers = {"X-Total-Count": str(len(places))} if path not in CURSOR_LISTS else {}
        per_page = max(1, min(int(query.get("_perPage") or 10), self.max_per_page))
        if path in NO_PAGES:
            first, last = 0, len(places)
        elif path in CURSOR_LISTS:
            first = self._cursor(query.get("_cursor", ""))
            last = first + per_page
            if last < len(places):
                headers["next_page_cursor"] = f"c{last}"
        elif "_from" in query:
            first = int(query["_from"])
            last = min(int(query.get("_to") or 0), first + self.max_per_page)
        else:
            first = (max(1, int(query.get("_page") or 1)) - 1) * per_page
            last = first + per_page
        if self.window is not None and path not in CURSOR_LISTS and last > self.window:
            raise _RefusedError(500, "Result window is too large")
        status = 206 if last < len(places) and path in PARTIAL else 200
        return Reply(status, table.encode(places[first:last], zone, shift), headers)

    def _cursor(self, text: str) -> int:
        if text and not re.fullmatch(r"c\d+", text):
            raise _RefusedError(400, "Invalid cursor")
        return int(text[1:]) if text else 0

    def _one(self, path: str, shift: Shift) -> Reply:
        """One thing: a ticket and what hangs on it."""
        ticket_path = re.fullmatch(r"/tickets/([^/]+)(?:/(messages|sla|history))?", path)
        levels = re.fullmatch(r"/slas/([^/]+)/history", path)
        if not ticket_path and not levels:
            raise _RefusedError(404, "Not found")
        match = ticket_path or levels
        ticket = self._ticket(match[1] if match else "")
        part = ticket_path[2] if ticket_path else "levels"
        if part == "messages":
            return _json(message_groups(self.world, ticket, self.until, shift))
        if part == "sla":
            return _json(_with_dates(ticket_sla(self.world, ticket, self.until), shift))
        if part == "levels":
            return _json([_with_dates(row, shift) for row in sla_history(self.world, ticket, self.until)])
        if part == "history":
            columns = self._table("/tickets/history").columns
            rows = (dict(zip(columns, row, strict=True)) for row in stretches(self.world, ticket, self.until))
            return _json(
                [_with_dates({name: value for name, value in row.items() if value is not None}, shift) for row in rows]
            )
        return _json(self._table("/tickets").row(ticket.number, shift))

    def _ticket(self, name: str) -> Ticket:
        if not self._codes:
            self._codes = {self.world.code(ticket.number): ticket for ticket in self.world.tickets}
        ticket = self._numbers.get(name) or self._codes.get(name)
        if ticket is None or ticket.created > self.until:
            raise _RefusedError(404, "Ticket not found")
        return ticket

    def _v1(self, path: str, query: dict[str, str], headers: dict[str, str]) -> Reply:
        del headers
        found = reports_v1.answer(self.world, path, query, self.until, self._shift)
        if found is None:
            raise _RefusedError(404, f"Handler {path} not found")
        return _json(found)

    def _table(self, path: str) -> Table:
        with self._lock:
            if path not in self._tables:
                self._tables[path] = LISTS[path](self.world, self.until)
            return self._tables[path]


def _json(value: Any) -> Reply:
    return Reply(200, msgspec.json.encode(value))


def _with_dates(row: dict[str, Any], shift: Shift) -> dict[str, Any]:
    """Epoch seconds as text; durations and counts stay numbers."""
    return {
        name: date_text(value, shift(value)) if isinstance(value, int) and not name.endswith("_time") else value
        for name, value in row.items()
    }


class _Http(ThreadingHTTPServer):
    """Keeps its connections, so that closing the server ends them."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, desk: Server) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.desk = desk
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news."""

    def hang_up(self) -> None:
        with self._lock:
            for request in self._open:
                try:
                    request.shutdown(socket.SHUT_RDWR)
                except OSError:  # the client was quicker
                    continue


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Http
    reasons: ClassVar[dict[int, str]] = {code: words[0] for code, words in BaseHTTPRequestHandler.responses.items()}

    def _handle(self) -> None:
        desk = self.server.desk
        length = int(self.headers.get("Content-Length") or 0)
        if length:
            self.rfile.read(length)
        reply = desk.reply(self.command, self.path, {name.lower(): value for name, value in self.headers.items()})
        if reply is None:
            self.close_connection = True
            return
        lines = [
            f"HTTP/1.1 {reply.status} {self.reasons.get(reply.status, '')}",
            f"Content-Type: {reply.kind}",
            f"Content-Length: {len(reply.body)}",
            *(f"{name}: {value}" for name, value in reply.headers.items()),
        ]
        self.wfile.write("\r\n".join([*lines, "", ""]).encode("latin-1") + reply.body)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = _handle  # noqa: N815

    def log_message(self, *_unused: object) -> None:
        """The demo narrates nothing."""


def _spoil(reply: Reply, trouble: Trouble, closing: threading.Event) -> Reply | None:
    """The answer as the trouble leaves it; None: no answer at all."""
    if trouble.kind == "close":
        return None
    if trouble.kind == "slow":
        closing.wait(trouble.seconds)
        return reply
    if trouble.kind == "truncated":  # by something in between: the length is right, the text is not
        return msgspec.structs.replace(reply, body=reply.body[: len(reply.body) // 2])
    if trouble.kind == "html":
        return Reply(200, b"<html><body>Scheduled maintenance</body></html>", {}, "text/html")
    if trouble.kind == "error_object":
        return Reply(200, b'{"message":"Service Unavailable"}')
    status = int(trouble.kind)
    headers = {} if trouble.retry_after is None else {"Retry-After": str(trouble.retry_after)}
    return Reply(
        status, b'{"message":"Too many requests"}' if status == 429 else b'{"message":"Internal error"}', headers
    )
