"""A LiveAgent account of any size on loopback, its rows made by rule when they are asked for: nothing is kept.

    python -m benchmarks.account TICKETS

prints its port and serves until its input ends. Tickets stand in the order of their last change, as the real one sorts
them. GET /bench/live changes every hundredth ticket, /bench/purge deletes every thousandth without a trace, and
/bench/counts gives the requests so far by kind and forgets them.
"""

import contextlib
import json
import re
import sys
import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

NOW = 1_792_065_600  # 2026-10-15 12:00 UTC
DAY, HOUR = 86400, 3600
SPAN = 440 * DAY
START = NOW - 445 * DAY
PER_MINUTE = 100_000
CHANGED, PURGED = 100, 1000  # one ticket of so many

Rows = Callable[[int, int], Iterable[str]]


@cache
def _day(day: int) -> str:
    return datetime.fromtimestamp(day * DAY, UTC).strftime("%Y-%m-%d ")


def text_of(at: int) -> str:
    day, rest = divmod(at, DAY)
    return f"{_day(day)}{rest // HOUR:02}:{rest // 60 % 60:02}:{rest % 60:02}"


class Account:
    """The rows of each list by their place in it."""

    def __init__(self, tickets: int) -> None:
        self.tickets = tickets
        self.live = False
        self.purged = False
        self.asked: Counter[str] = Counter()
        self.open_from = tickets - min(tickets // 500, 2000)  # more are not asked for their promises in one pull

    def created(self, number: int) -> int:
        return START + number * SPAN // self.tickets

    def changed(self, number: int) -> int:
        if self.live and number % CHANGED == 0:
            return NOW + number // CHANGED * 20 * HOUR // max(1, self.tickets // CHANGED)
        return self.created(number) + 30 * HOUR

    def number_at(self, place: int) -> int:
        """The ticket at a place in the order of change."""
        quiet = self.tickets - -(-self.tickets // CHANGED)
        if not self.live:
            return place
        if place >= quiet:
            return (place - quiet) * CHANGED
        return place // (CHANGED - 1) * CHANGED + place % (CHANGED - 1) + 1

    def ticket(self, number: int) -> str:
        changed, tag = self.changed(number), number % 12
        status = "C" if number >= self.open_from else "R"
        solved = "" if status == "C" else f'"date_resolved":"{text_of(changed)}",'
        return (
            f'{{"id":"t{number}","owner_contactid":"c{number % (self.tickets // 3 + 1)}","departmentid":"d{number % 8}",'
            f'"agentid":"a{number % 48}","status":"{status}","tags":["g{tag}"],"code":"ABC-{number:07}",'
            f'"channel_type":"E","date_created":"{text_of(self.created(number))}","date_changed":"{text_of(changed)}",'
            f'{solved}"subject":"Case {number} about the printer in room {number % 997}",'
            f'"custom_fields":[{{"code":"priority","value":"P{number % 4 + 1}"}},{{"code":"type","value":"incident"}}]}}'
        )

    def search(self, filters: list[list[str]]) -> Sequence[int]:
        """Tickets that pass, in the order of change."""
        low = next((_moment(value) for _name, sign, value in filters if sign == "D>="), 0)
        high = next((_moment(value) for _name, sign, value in filters if sign == "D<"), 1 << 40)
        if any(name == "status" for name, _sign, _value in filters):
            still = range(self.open_from, self.tickets)
            return sorted((one for one in still if low <= self.changed(one) < high), key=self.changed)
        places = range(self.tickets)
        first, last = (bisect_left(places, at, key=lambda n: self.changed(self.number_at(n))) for at in (low, high))
        return _Mapped(places[first:last], self.number_at)

    def shown(self, number: int) -> bool:
        return not (self.purged and number % PURGED == PURGED // 2)

    def each(self, path: str) -> tuple[int, int, Rows]:
        """(rows of one ticket, seconds after its creation that the last is of, how they are written)."""
        return {
            "/tickets/history": (4, 9 * HOUR, self._history),
            "/grid/tickets/sla": (2, 12 * HOUR, self._terms),
            "/calls": (1, 0, self._call),
            "/grid/reports/time": (1, HOUR, self._slot),
        }[path]

    def _history(self, number: int, since: int) -> Iterable[str]:
        for step, status in enumerate("NCAR"):
            begun = since + step * 3 * HOUR
            yield (
                f'{{"id":"h{number}-{step}-{since}","conversation_id":"t{number}","status":"{status}","department_id":"d{number % 8}",'
                f'"agent_id":"a{number % 48}","date_from":"{text_of(begun)}"}}'
            )

    def _terms(self, number: int, since: int) -> Iterable[str]:
        for measure, hours in (("first_answer", 4), ("first_resolve", 12)):
            yield (
                f'{{"id":"s{number}{measure}","conversationid":"t{number}","sla_level_name":"Gold","sla_type":"{measure}",'
                f'"date_created":"{text_of(since)}","date_due":"{text_of(since + 2 * hours * HOUR)}",'
                f'"date_closed":"{text_of(since + hours * HOUR)}"}}'
            )

    def _call(self, number: int, since: int) -> Iterable[str]:
        if number % 10 == 0:
            yield (
                f'{{"id":"p{number}","ticketId":"t{number}","type":"I","fromNumber":"+47{number:08}","dateCreated":'
                f'"{text_of(since)}","dateAnswered":"{text_of(since + 9)}","dateFinished":"{text_of(since + 300)}"}}'
            )

    def _slot(self, number: int, since: int) -> Iterable[str]:
        if number % 10 == 5:
            yield (
                f'{{"id":"w{number}","agentid":"a{number % 48}","conversationid":"t{number}","reportedtime":"900",'
                f'"reportdate":"{text_of(since + HOUR)}"}}'
            )


class _Mapped(Sequence[int]):
    def __init__(self, places: range, of: Callable[[int], int]) -> None:
        self._places, self._of = places, of

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, place):  # type: ignore[no-untyped-def]
        if isinstance(place, slice):
            return [self._of(one) for one in self._places[place]]
        return self._of(self._places[place])


def _moment(value: str) -> int:
    return int(datetime.strptime(value, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC).timestamp())


SHORT = {
    "/settings": ['{"name":"TIMEZONE","value":"UTC"}'],
    "/departments": [f'{{"department_id":"d{n}","name":"Department {n}"}}' for n in range(8)],
    "/agents": [f'{{"id":"a{n}","name":"Agent {n}","email":"a{n}@desk.example","status":"A"}}' for n in range(48)],
    "/tags": [f'{{"id":"g{n}","name":"cat-{n}"}}' for n in range(12)],
    "/slas": ['{"id":"l1","name":"Gold","values":{"first_answer":14400,"first_resolve":86400}}'],
    "/chats": [],
}
EACH = ("/tickets/history", "/grid/tickets/sla", "/calls", "/grid/reports/time")


def answer(account: Account, path: str, query: dict[str, str]) -> tuple[str, dict[str, str]]:
    """(body, headers) of one request."""
    filters = json.loads(query.get("_filters", "[]"))
    size = min(int(query.get("_perPage", 10)), 500)
    first = (int(query.get("_page", 1)) - 1) * size
    if path == "/tickets":
        found = account.search(filters)
        rows = [account.ticket(number) for number in found[first : first + size] if account.shown(number)]
        return f"[{','.join(rows)}]", {"X-Total-Count": str(len(found))}
    if path == "/contacts":
        total = account.tickets // 3 + 1
        low = total - total // CHANGED if filters else 0
        numbers = range(low, total)[first : first + size]
        rows = [
            f'{{"id":"c{n}","emails":["c{n}@shop.example"],"date_changed":"{text_of(NOW - DAY)}"}}' for n in numbers
        ]
        return f"[{','.join(rows)}]", {"X-Total-Count": str(total - low)}
    if path.removesuffix("/count") in EACH:
        return _each(account, path, filters, size, query.get("_cursor", ""))
    if path in SHORT:
        return f"[{','.join(SHORT[path][first : first + size])}]", {"X-Total-Count": str(len(SHORT[path]))}
    return '{"first_answer":"2026-10-20 12:00:00"}' if path.endswith("/sla") else "[]", {}


def _each(account: Account, path: str, filters: list[list[str]], size: int, cursor: str) -> tuple[str, dict[str, str]]:
    """A page is of as many tickets as fill it: a ticket's rows are not torn."""
    count, late, write = account.each(path.removesuffix("/count"))
    low = _moment(filters[0][2]) if filters else 0
    begin = bisect_left(range(account.tickets), low - late, key=account.created)
    again = -(-account.tickets // CHANGED) if account.live and count > 1 else 0
    if path.endswith("/count"):
        share = 10 if count == 1 else 1
        return json.dumps({"count": (account.tickets - begin) * count // share + again * count}), {}
    start = int(cursor or begin)
    after = start + max(1, size // count) * (10 if count == 1 else 1)
    rows: list[str] = []
    for place in range(start, min(after, account.tickets + again)):
        fresh = place >= account.tickets
        number = (place - account.tickets) * CHANGED if fresh else place
        rows += write(number, account.changed(number) - late if fresh else account.created(number))
    return f"[{','.join(rows)}]", {"next_page_cursor": str(after)} if after < account.tickets + again else {}


def kind_of(path: str) -> str:
    return re.sub(r"/t\d+/", "/ID/", path)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True
    account: Account

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        path, headers = parts.path.removeprefix("/api/v3"), {}
        if path.startswith("/bench/"):
            body = self._control(path.removeprefix("/bench/"))
        else:
            self.account.asked[kind_of(path)] += 1
            body, headers = answer(self.account, path, dict(parse_qsl(parts.query)))
        data = body.encode()
        self.send_response_only(200)
        for name, value in {**headers, "X-RateLimit-Limit": str(PER_MINUTE), "Content-Length": str(len(data))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def _control(self, word: str) -> str:
        account = self.account
        if word == "counts":
            found, account.asked = account.asked, Counter()
            return json.dumps(found)
        account.live |= word == "live"
        account.purged |= word == "purge"
        return "{}"

    def log_message(self, *_words: object) -> None:
        """Says nothing."""


def main(tickets: int) -> None:
    Handler.account = Account(tickets)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    with contextlib.suppress(KeyboardInterrupt):
        sys.stdin.read()


if __name__ == "__main__":
    main(int(sys.argv[1]))
