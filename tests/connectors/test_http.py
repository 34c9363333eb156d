"""Servers that answer wrongly, without an end, or with what a client must not tell."""

import contextlib
import gc
import json
import shutil
import socket
import ssl
import subprocess
import threading
import tracemalloc
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest

from deskaudit.connectors import Context, http, lists, wire
from deskaudit.connectors.access import find_ca
from deskaudit.connectors.http import Client, HttpError
from deskaudit.connectors.pace import RateLimit, Timing
from deskaudit.errors import ConfigError, SourceError
from deskaudit.secrets import Secret

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


@pytest.fixture
def raw():
    """(what is sent to whoever asks, each piece in its turn) → the address of a server; `asked` of it is what came."""
    listeners = []

    def serve(*pieces, tls=None):
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)
        asked = []

        def answer(near):
            with near:
                asked.append(near.recv(65536))
                try:
                    for piece in pieces:
                        near.sendall(piece)
                except OSError:
                    return

        def run():
            while True:
                try:
                    near, _address = listener.accept()
                    near = near if tls is None else tls.wrap_socket(near, server_side=True)
                except ssl.SSLError:
                    continue
                except OSError:
                    return
                threading.Thread(target=answer, args=(near,), daemon=True).start()

        threading.Thread(target=run, daemon=True).start()
        return SimpleNamespace(url=f"http://127.0.0.1:{listener.getsockname()[1]}", asked=asked)

    yield serve
    for one in listeners:
        one.close()


def client(url, **more):
    return Client(url, source="desk", limit=RateLimit(6000), timing=Timing(backoff_s=()), **more)


def refused(url, **more):
    with client(url, **more) as asking, pytest.raises(HttpError) as caught:
        asking.get("/list", accept=lists.complain)
    return caught.value


def said(status, body, *headers):
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def test_the_body_of_a_redirect_is_not_taken_into_memory(raw, monkeypatch):
    monkeypatch.setattr(http, "BODY_BYTES", MEGABYTE)
    piece = b" " * MEGABYTE
    server = raw(b"HTTP/1.1 302 Found\r\nLocation: /login\r\n\r\n", *[piece] * 60)
    tracemalloc.start()
    try:
        assert "too large" in refused(server.url).message
        assert tracemalloc.get_traced_memory()[1] < 20 * MEGABYTE
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("start", "piece"),
    [
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"Trailer: x\r\n"),
    ],
)
def test_what_stands_around_a_body_has_a_bound_too(raw, monkeypatch, start, piece):
    """2 MB against a bound of 1.5 MB: whatever the library reads by itself is counted."""
    monkeypatch.setattr(wire, "BODY_BYTES", MEGABYTE)
    monkeypatch.setattr(wire, "HEAD_BYTES", MEGABYTE // 2)
    server = raw(start, piece * (2 * MEGABYTE // len(piece)), said(200, {}))
    assert "too large" in refused(server.url).message


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"220 mail.example ESMTP\r\n", "proper HTTP"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n", "proper HTTP"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: x\r\n" * 200 + b"\r\n", "proper HTTP"),
        (b"", "cannot be reached"),
        (said(304, b""), "refused the request (HTTP 304)"),
        (said(302, b"", "Location: /users/login?back=x"), "sends us on to /users/login (HTTP 302)"),
        (said(302, b"", "Location: http://[::1"), "sends us on to ?"),
        (said(302, b"", "Location: https://user:pass@evil.example/?key=x"), "sends us on to evil.example (HTTP 302)"),
    ],
)
def test_answers_that_are_none(raw, answer, words):
    assert words in refused(raw(answer).url).message


def test_a_redirect_carries_the_key_nowhere(raw):
    other = raw(said(200, {}))
    for status in (301, 302, 303, 307, 308):
        server = raw(said(status, b"", f"Location: {other.url}/list"))
        refused(server.url, headers={"Authorization": Secret("Bearer key-of-a-desk")})
        assert len(server.asked) == 1
    assert other.asked == []


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'\xef\xbb\xbf{"a": "\xc3\xb8"}', {"a": "ø"}),
        (b'{"a": "caf\xe9 x"}', {"a": "caf\ufffd x"}),
        (rb'{"a": "cut \ud83d", "b": "\ud83d\ude00 \\ud83d \udc00\ud83d"}', {"a": "cut \ufffd", "b": "😀 \\ud83d \ufffd\ufffd"}),
        (b'{"a": 1' + b"0" * 400 + b"}", {"a": 10**400}),
    ],
)  # fmt: skip
def test_a_broken_character_costs_no_page(raw, body, value):
    with client(raw(said(200, body)).url) as asking:
        assert asking.get("/list", accept=lists.complain).json() == value


@pytest.mark.parametrize("body", [b'{"a": NaN}', b'{"a": 1e999}', b'{"a": "x', b"<html>\xff</html>", b"[" * 100_000])
def test_what_is_no_json_stays_none(raw, body):
    assert "cannot be used" in refused(raw(said(200, body)).url).message


@pytest.mark.parametrize(("part", "n"), [(b"{},", 1_100_000), (b"1,", 5_100_000)])
def test_a_page_of_nothing_but_values_is_not_unpacked(raw, part, n):
    server = raw(said(200, b'{"rows":[' + part * n + b"1]}"))
    tracemalloc.start()
    try:
        assert "more values than a page has" in refused(server.url).message
        assert tracemalloc.get_traced_memory()[1] < 60 * MEGABYTE
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("before", ["", "x" * 130, "x" * 141, "x" * 150])
@pytest.mark.parametrize("key", ["key-of-a/desk+with\\signs", "Bearer key-of-a/desk+with\\signs"])
def test_a_key_that_the_server_repeats_is_hidden_however_it_is_cut_or_written(raw, before, key):
    told = json.dumps({"message": f"{before} key-of-a/desk+with\\signs is unknown"}).replace("/", "\\/")
    fault = refused(raw(said(403, told.encode())).url, headers={"Authorization": Secret(key)})
    assert "key-" not in fault.message


@pytest.mark.parametrize("kept", [8, 15, 22])
def test_a_key_that_the_server_shortens_itself_is_hidden(raw, kept):
    key = "key-of-a-desk+with-signs"
    told = json.dumps({"message": f"user_token {key[:kept]}... is unknown, {key[:kept]} too"})
    fault = refused(raw(said(403, told.encode())).url, headers={"Authorization": Secret(f"user_token {key}")})
    assert "user_token ***... is unknown, *** too" in fault.message


def test_the_files_own_authorities_go_before_those_of_the_environment(raw, tmp_path, monkeypatch):
    good, other = certificate(tmp_path / "good"), certificate(tmp_path / "other")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(good)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(other))
    url = raw(said(200, {}), tls=tls).url.replace("http://127.0.0.1", "https://127.1")  # not known as this machine
    with client(url, ca_file=str(good)) as asking:
        assert asking.get("/").json() == {}
    assert refused(url, ca_file=str(other)).kind == "tls"


def certificate(folder):
    """A certificate for 127.1 with its key, in one file."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    folder.mkdir()
    words = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    words += ["-subj", "/CN=desk", "-addext", "subjectAltName=DNS:127.1"]
    subprocess.run(
        ["openssl", *words, "-keyout", "key.pem", "-out", "cert.pem"], cwd=folder, check=True, capture_output=True
    )
    both = folder / "both.pem"
    both.write_text((folder / "cert.pem").read_text() + (folder / "key.pem").read_text())
    return both


def test_a_port_where_nobody_speaks_tls_is_named_and_asked_once(monkeypatch):
    monkeypatch.setattr(http, "CONNECT_S", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:  # the system takes connections for it, and nobody answers
        silent.settimeout(0.1)
        url = f"https://127.0.0.1:{silent.getsockname()[1]}"
        with Client(url, source="desk", limit=RateLimit(6000)) as asking, pytest.raises(HttpError) as caught:
            asking.get("/list")
        taken = 0
        with contextlib.suppress(TimeoutError):
            while True:
                silent.accept()[0].close()
                taken += 1
    assert (caught.value.kind, taken) == ("tls", 1)
    assert "127.0.0.1 takes the connection, and begins no TLS" in caught.value.message
    assert "check https and the port" in caught.value.hint


def test_a_ca_file_without_certificates_is_named(tmp_path):
    (tmp_path / "ca.pem").write_text("not a certificate")
    with pytest.raises(ConfigError) as caught:
        find_ca("ca.pem", Context("desk", tmp_path, now=lambda: 0, hash_key=b"key"))
    assert "sources.desk.ca_file" in caught.value.message
    assert "ca.pem holds no certificates" in caught.value.message


class Clock:
    now = 0.0

    def sleep(self, seconds):
        self.now += seconds

    def timing(self):
        return Timing(clock=lambda: self.now, sleep=self.sleep, wall=lambda: self.now)


@pytest.mark.parametrize(
    ("status", "header", "retries", "least", "most"),
    [
        (429, "Retry-After: 800", 1, 0, 1),  # somebody waits for the answer
        (429, "X: x", 1, 120, 121),  # a minute, twice
        (429, "Retry-After: 800", None, 3200, 3300),
        (503, "Retry-After: 800", None, 0, 15),  # it has not answered once
        (429, "Retry-After: -5", 1, 120, 121),
        (429, "Retry-After: Fri, 99 Xyz 99999 99:99:99 GMT", 1, 120, 121),
        (429, "Retry-After: Fri, 31 Dec 9999 23:59:59 GMT", None, 0, 1),
    ],
)
def test_how_long_a_server_may_put_us_off(raw, status, header, retries, least, most):
    clock = Clock()
    limit = RateLimit(6000, timing=clock.timing())
    url = raw(said(status, {}, header)).url
    with Client(url, source="desk", limit=limit, timing=clock.timing()) as asking, pytest.raises(HttpError):
        asking.get("/list", retries=retries)
    assert least <= clock.now <= most


@pytest.mark.parametrize(
    ("proxy", "words", "hint"),
    [
        ("http://user:pass-word@proxy.invalid:3128", "the proxy does not let us through", "HTTPS_PROXY"),
        ("socks5://user:pass-word@127.0.0.1:9", "that of the proxy is none", "no SOCKS"),
        ("http://user:pass-word@[::1", "that of the proxy is none", "HTTPS_PROXY"),
    ],
)
def test_a_proxy_that_is_none_is_blamed_itself(monkeypatch, proxy, words, hint):
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    fault = refused("https://desk.invalid")
    assert words in fault.message
    assert hint in fault.hint
    assert "pass-word" not in str(fault)
