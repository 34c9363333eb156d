"""What a server, a line or a key can do wrong: each has its kind, its words and a next step, and never the key."""

import logging
import socket
import ssl
import threading
import time
import traceback
from pathlib import Path

import pytest

from deskaudit.config import read
from deskaudit.connectors.liveagent import LiveAgent, Options
from deskaudit.connectors.pace import Timing
from deskaudit.errors import Cancelled, ConfigError, SecretError, SourceError
from deskaudit.secrets import SecretRef


def failing(path, *answer):
    return lambda request: answer if request.path == path else None


def everything(connector, want, cursor=None):
    return list(connector.pull(cursor, want()))


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        (401, {"message": "Invalid key"}, "auth", "not accepted"),
        (403, {"message": "Privilege missing"}, "forbidden", "may not read"),
        (401, {"message": "API key expired"}, "expired", "has expired"),
        (404, b"<html>nothing here</html>", "bad_answer", "HTTP 404"),
        (302, b"", "bad_answer", "sends us on"),
        (500, {"message": "boom"}, "bad_answer", "HTTP 500"),
        (200, b"<html>maintenance</html>", "bad_answer", "not JSON"),
        (200, {"message": "Service Unavailable"}, "bad_answer", "Service Unavailable"),
        (200, b"", "bad_answer", "not JSON"),
        (200, "text", "bad_answer", "it is str"),
        (200, b"[" * 5000, "bad_answer", "cannot be used"),
    ],
    ids=["401", "403", "expired", "404", "302", "500", "html", "error", "empty", "string", "deep"],
)
def test_when_nothing_can_be_read_the_pull_raises(server, connect, want, kit, status, body, kind, words):
    server.before = lambda _request: (
        status,
        {"Location": "https://elsewhere.example/login"} if status == 302 else {},
        body,
    )
    with pytest.raises(SourceError) as caught:
        everything(connect(), want)
    assert caught.value.kind == kind
    assert words in caught.value.message
    assert "desk: 127.0.0.1/api/v3/" in caught.value.message
    assert caught.value.hint
    assert kit.KEY not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    "answer", [(500, {}, {"message": "x"}), (403, {}, {"message": "x"}), (200, {}, b"<html>"), (401, {}, b"")]
)
def test_one_broken_list_leaves_the_others_alone(server, pulled, kit, answer):
    server.lists["/tickets"] = [kit.ticket(1, "2026-02-01 08:00:00")]
    server.lists["/chats"] = [{"id": "x1", "date_created": "2026-02-01 08:00:00", "status": "T"}]
    server.before = failing("/calls", *answer)
    found = pulled()
    assert found.incomplete == {"interaction"}
    (problem,) = [problem for problem in found.problems if problem.entities]
    assert problem.resource == "/calls"
    assert len(found.rows["ticket"]) == len(found.rows["interaction"]) == 1
    assert found.cursor["finished"]
    assert "calls" not in found.cursor["done"]


def test_a_broken_list_of_names_costs_the_names_only(server, pulled, kit):
    server.lists["/tickets"] = [kit.ticket(1, "2026-02-01 08:00:00", tags=["g1"])]
    server.before = failing("/tags", 500, {}, {"message": "x"})
    found = pulled("ticket", "ticket_tag")
    assert [row.tag for row in found.rows["ticket_tag"]] == ["g1"]
    assert found.incomplete == {"ticket_tag"}


@pytest.mark.parametrize(
    ("answer", "asked_again"), [((500, {}, {"message": "x"}), True), ((403, {}, {"message": "no right"}), False)]
)
def test_what_a_broken_list_of_names_cost_comes_with_the_next_pull(server, pulled, kit, answer, asked_again):
    """Unless the key may not read it: then nobody waits for the names, and nothing is read twice for them."""
    server.lists["/tags"] = [{"id": "g1", "name": "vip"}]
    server.lists["/agents"] = [{"id": "u1", "email": "ada@desk.example"}]
    server.lists["/tickets"] = [kit.ticket(1, "2026-02-01 08:00:00", tags=["g1"]), kit.ticket(2, "2026-02-02 08:00:00")]
    server.ranks = [
        {"id": "1", "conversationid": "t1", "rankingType": "R", "datecreated": "2026-02-01 09:00:00",
         "agentEmail": "ada@desk.example"}
    ]  # fmt: skip
    wanted = ("agent", "ticket", "ticket_tag", "rating")
    server.before = lambda request: answer if request.path in {"/tags", "/agents"} else None
    first = pulled(*wanted, v1=True)
    assert [row.tag for row in first.rows["ticket_tag"]] == ["g1"]
    assert [row.agent_id for row in first.rows["rating"]] == [None]
    server.before = lambda _request: None
    again = pulled(*wanted, v1=True, cursor=first.cursor)
    assert [row.tag for row in again.rows.get("ticket_tag", [])] == (["vip"] if asked_again else [])
    agent = again.rows["agent"][0].id
    assert ("tickets" in first.cursor["marks"], "ratings" in first.cursor["marks"]) == (not asked_again,) * 2
    assert [row.agent_id for row in again.rows["rating"]] == [agent]  # looked at again in any case, for two weeks
    third = pulled(*wanted, v1=True, cursor=again.cursor)
    assert third.rows.get("ticket_tag", []) == []


def test_a_server_error_is_tried_four_times_with_longer_pauses(server, connect, want, fake_time):
    server.before = failing("/settings", 503, {}, {"message": "x"})
    next(iter(connect().pull(None, want("department"))))
    assert len(server.asked("/settings")) == 4
    assert fake_time.now - 1000 >= 1 + 2 + 4


def test_a_wrong_key_is_the_only_thing_that_is_said(server, connect, want):
    server.before = lambda _request: (401, {}, {"message": "Invalid API key"})
    batches = connect().pull(None, want())
    with pytest.raises(SourceError) as caught:
        next(batches)
    assert caught.value.kind == "auth"


def test_an_unknown_zone_is_said_once_the_key_is_known_to_be_good(server, pulled, kit):
    server.lists["/tickets"] = [kit.ticket(1, "2026-02-01 08:00:00")]
    server.lists["/settings"] = []
    found = pulled("ticket")
    assert [problem.resource for problem in found.problems] == ["settings"]
    assert "Set the option zone" in found.problems[0].message


@pytest.mark.parametrize("v1", [False, True])
def test_a_server_that_fails_at_everything_is_given_up_within_twenty_seconds(server, connect, want, fake_time, v1):
    server.before = lambda _request: (500, {}, {"message": "boom"})
    with pytest.raises(SourceError, match="HTTP 500"):
        everything(connect(v1=v1), want)
    assert 10 <= fake_time.now - 1000 <= 20
    assert len(server.requests) < 15


def test_a_line_that_drops_at_one_list_costs_that_list(server, pulled, kit):
    server.lists["/tickets"] = [kit.ticket(1, "2026-02-01 08:00:00")]
    server.before = failing("/agents", 0, {}, b"")
    found = pulled("agent", "ticket", "department")
    assert len(server.asked("/agents")) == 4
    assert found.incomplete == {"agent"}
    assert "cannot be reached" in next(problem for problem in found.problems if problem.entities).message
    assert len(found.rows["ticket"]) == 1
    assert found.cursor["finished"]


def test_a_line_that_drops_for_good_ends_the_pull_and_it_can_go_on(server, connect, want, kit):
    server.lists["/tickets"] = [kit.ticket(n, f"2026-02-01 08:00:{n:02d}") for n in range(30)]
    dropped, batches = [], []
    server.before = lambda request: (0, {}, b"") if dropped else None

    def land():
        for batch in connect().pull(None, want("ticket")):
            batches.append(batch)
            if batch.rows:
                dropped.append(True)

    with pytest.raises(SourceError) as caught:
        land()
    assert caught.value.kind == "unreachable"
    assert batches[-1].cursor["stream"] == "tickets"  # its place is kept
    dropped.clear()
    rest = list(connect().pull(batches[-1].cursor, want("ticket")))
    assert len(kit.gather(batches + rest).rows["ticket"]) == 30


def test_three_server_errors_then_an_answer(server, pulled, kit):
    server.lists["/tickets"] = [kit.ticket(1, "2026-02-01 08:00:00")]
    failures = iter([500, 502, 504])
    server.before = lambda request: (
        (status, {}, b"oops") if request.path == "/tickets" and (status := next(failures, None)) else None
    )
    found = pulled("ticket")
    assert len(found.rows["ticket"]) == 1
    assert not found.problems


@pytest.mark.parametrize(
    ("headers", "least", "most"),
    [
        ({}, 60, 62),
        ({"Retry-After": "7"}, 7, 9),
        ({"Retry-After": "Mon, 02 Mar 2026 12:00:30 GMT", "Date": "Mon, 02 Mar 2026 12:00:00 GMT"}, 30, 32),
        ({"Retry-After": "soon"}, 60, 62),
    ],
)
def test_429_is_waited_out(server, pulled, kit, fake_time, headers, least, most):
    server.lists["/tickets"] = [kit.ticket(1, "2026-02-01 08:00:00")]
    answers = iter([(429, headers, {"message": "slow down"})])
    server.before = lambda request: next(answers, None) if request.path == "/tickets" else None
    before = fake_time.now
    found = pulled("ticket")
    assert len(found.rows["ticket"]) == 1
    assert least <= fake_time.now - before <= most + 5


def test_429_without_end_ends_the_pull_and_it_can_go_on(server, connect, want, kit):
    server.lists["/tickets"] = [kit.ticket(n, f"2026-02-01 08:00:{n:02d}") for n in range(30)]
    limited = []
    server.before = lambda request: (429, {}, {}) if limited and request.path == "/tickets" else None
    batches = []

    def land():
        for batch in connect().pull(None, want("ticket")):
            batches.append(batch)
            if batch.rows:
                limited.append(True)

    with pytest.raises(SourceError) as caught:
        land()
    assert caught.value.kind == "rate_limit"
    limited.clear()
    rest = list(connect().pull(batches[-1].cursor, want("ticket")))
    assert len(kit.gather(batches + rest).rows["ticket"]) == 30


def test_a_retry_after_of_hours_is_not_waited_for(server, connect, want, fake_time):
    server.before = lambda _request: (429, {"Retry-After": "7200"}, {})
    with pytest.raises(SourceError) as caught:
        everything(connect(), want)
    assert caught.value.kind == "rate_limit"
    assert fake_time.now < 1010


def test_v1_says_its_errors_with_status_200(server, pulled):
    server.before = failing(
        "/reports/ranking", 200, {}, {"response": {"status": "ERROR", "errormessage": "Invalid API key"}}
    )
    found = pulled("rating", "department", v1=True)
    assert found.incomplete == {"rating"}
    assert "Invalid API key" in found.problems[0].message


@pytest.mark.parametrize("body", [{"response": {}}, {"response": None}, {}, {"response": {"ranks": 5}}, [1]])
def test_odd_answers_of_v1_raise_nothing(server, pulled, body):
    server.before = failing("/reports/ranking", 200, {}, body)
    found = pulled("rating", "department", v1=True)
    assert "rating" not in found.rows


def test_no_message_no_trace_and_no_log_line_has_a_key(server, connect, want, kit, caplog):
    """The v1 key stands in the address, which HTTP libraries put into logs and exceptions."""
    caplog.set_level(logging.DEBUG)
    server.before = lambda request: (
        (500, {}, {"response": {"errormessage": f"bad {kit.KEY_V1} {kit.KEY}"}}) if request.version == 1 else None
    )
    batches = everything(connect(v1=True), want)
    said = caplog.text + repr(batches)
    assert "apikey=***" in said
    server.shutdown()
    server.server_close()
    with pytest.raises(SourceError) as caught:
        everything(connect(v1=True), want)
    said += (
        caplog.text + "".join(traceback.format_exception(caught.value)) + repr(caught.value) + repr(vars(caught.value))
    )
    assert caught.value.__context__ is None
    for secret in (kit.KEY, kit.KEY_V1, "v1-key%2Fwith%2Bodd%3Dchars", "odd"):
        assert secret not in said


def test_a_host_that_does_not_exist(connect, want):
    with pytest.raises(SourceError) as caught:
        everything(connect(url="https://desk.invalid"), want)
    assert caught.value.kind == "dns"
    assert "desk.invalid" in caught.value.message


def test_nobody_listens(connect, want):
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    with pytest.raises(SourceError) as caught:
        everything(connect(url=f"http://127.0.0.1:{port}"), want)
    assert caught.value.kind == "unreachable"
    assert "refused" in caught.value.message


def test_a_server_without_tls_where_tls_is_asked_for(server, connect, want):
    with pytest.raises(SourceError) as caught:
        everything(connect(url=server.url.replace("http:", "https:")), want)
    assert caught.value.kind == "tls"
    assert "ca_file" in caught.value.hint


def test_a_certificate_that_nobody_vouches_for(tmp_path, connect, want):
    cert = make_certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve():
            while True:
                try:
                    peer, _address = listener.accept()
                except OSError:
                    return
                try:
                    with context.wrap_socket(peer, server_side=True):
                        pass
                except OSError:
                    peer.close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        with pytest.raises(SourceError) as caught:
            everything(connect(url=f"https://127.0.0.1:{listener.getsockname()[1]}"), want)
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(5)
    assert caught.value.kind == "tls"
    assert "self-signed" in caught.value.message.replace("self signed", "self-signed")


def make_certificate(folder: Path) -> Path:
    import subprocess

    key, cert, both = folder / "key.pem", folder / "cert.pem", folder / "both.pem"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
    ]
    try:
        subprocess.run(
            [*command, "-subj", "/CN=127.0.0.1", "-keyout", str(key), "-out", str(cert)],
            check=True,
            capture_output=True,
        )
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("openssl makes no certificate here")
    both.write_text(key.read_text() + cert.read_text())
    return both


@pytest.fixture
def silent():
    """A server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_a_server_that_never_answers(silent, connect, want):
    with pytest.raises(SourceError) as caught:
        everything(connect(url=silent, timeout_s=1, timing=Timing(backoff_s=())), want)
    assert caught.value.kind == "timeout"


# The bound leaves a busy machine room and is far below the waits.


def test_stopping_is_prompt_even_while_the_server_hangs(silent, connect, want):
    stop_at = time.monotonic() + 0.3
    connector = connect(url=silent, timeout_s=60, timing=Timing(), cancelled=lambda: time.monotonic() > stop_at)
    with pytest.raises(Cancelled):
        everything(connector, want)
    assert time.monotonic() - stop_at < 10


def test_stopping_is_prompt_while_a_429_is_waited_out(server, connect, want):
    server.before = lambda _request: (429, {"Retry-After": "60"}, {})
    stop_at = time.monotonic() + 0.3
    with pytest.raises(Cancelled):
        everything(connect(timing=Timing(), cancelled=lambda: time.monotonic() > stop_at), want)
    assert time.monotonic() - stop_at < 10


def test_no_more_requests_than_the_limit_in_any_minute(server, connect, want, kit):
    server.lists["/tickets"] = [kit.ticket(n, kit.at("2026-02-01 08:00:00") + n) for n in range(400)]
    clock = kit.FakeTime()
    times = []
    server.after = lambda _request: times.append(clock.now)
    everything(connect(requests_per_minute=40, page_size=5, timing=clock.timing()), want)
    assert len(times) > 80
    assert max(sum(1 for other in times if one <= other < one + 60) for one in times) <= 40


def test_the_limit_holds_in_real_time(server, connect, want, kit):
    server.lists["/contacts"] = [{"id": f"c{n}"} for n in range(18)]
    times = []
    server.after = lambda _request: times.append(time.monotonic())
    everything(connect(page_size=1, timing=Timing()), want_contacts(want))
    assert len(times) == 22  # the zone, the total, companies, 18 pages and the empty one
    # 18 at once, then 163 a minute: the next three take more than a second.
    assert times[-1] - times[0] >= 3 * 60 / 163 - 0.05


def want_contacts(want):
    return lambda: want("contact")


def test_an_announced_limit_is_followed_only_if_asked(server, connect, want, kit):
    server.lists["/tickets"] = [kit.ticket(n, kit.at("2026-02-01 08:00:00") + n) for n in range(600)]
    server.before = lambda request: None if request.path == "/tickets" else (200, {"X-RateLimit-Limit": "6000"}, [])
    took = {}
    for rate in ("fixed", "announced"):
        clock = kit.FakeTime()
        everything(connect(rate=rate, page_size=5, timing=clock.timing()), want)
        took[rate] = clock.now - 1000
    assert took["announced"] < 5
    assert took["fixed"] > 30


def test_an_answer_without_end_is_given_up(server, connect, want, monkeypatch):
    monkeypatch.setattr("deskaudit.connectors.http.BODY_BYTES", 10_000)
    server.before = lambda _request: (200, {}, b"[" + b"1," * 50_000 + b"1]")
    with pytest.raises(SourceError) as caught:
        everything(connect(), want)
    assert "too large" in caught.value.message


def test_probe_of_a_whole_account(server, connect):
    probe = connect(v1=True).probe()
    assert (probe.reachable, probe.authorised, probe.version) == (True, True, "5.61.1.20260101")
    assert set(probe.modules.values()) == {"ok"}
    assert len(probe.modules) == 13


def test_probe_says_what_is_missing(server, connect):
    server.before = failing("/calls", 403, {}, {"message": "no privilege"})
    probe = connect().probe()
    assert (probe.reachable, probe.authorised, probe.version) == (True, True, None)
    assert "HTTP 403" in probe.modules["calls"]
    assert "apikey_v1" in probe.modules["ratings"]
    assert "calls" in probe.message


def test_probes_tell_faults_apart(server, connect, silent):
    said = {}
    server.before = lambda _request: (401, {}, {"message": "no"})
    said["auth"] = connect().probe()
    server.before = lambda _request: (403, {}, {"message": "no"})
    said["forbidden"] = connect().probe()
    server.before = lambda _request: (401, {}, {"message": "key expired"})
    said["expired"] = connect().probe()
    server.before = lambda _request: (200, {}, b"<html>")
    said["html"] = connect().probe()
    said["dns"] = connect(url="https://desk.invalid").probe()
    said["tls"] = connect(url=server.url.replace("http:", "https:")).probe()
    said["timeout"] = connect(url=silent, timeout_s=1).probe()
    assert len({probe.message for probe in said.values()}) == len(said)
    assert all(probe.hint for probe in said.values())
    assert [probe.reachable for probe in said.values()] == [True, True, True, False, False, False, False]
    assert [probe.authorised for probe in said.values()] == [False, False, False, None, None, None, None]


def test_a_key_with_a_line_end_is_refused_without_being_shown(server, connect, monkeypatch):
    monkeypatch.setenv("TEST_KEY", "abc\ndef")
    with pytest.raises(SecretError) as caught:
        connect().probe()
    assert "sources.desk.apikey" in caught.value.message
    assert "abc" not in str(caught.value)


def test_a_missing_ca_file_is_named(connect):
    with pytest.raises(ConfigError, match=r"nowhere\.pem"):
        connect(ca_file="nowhere.pem").probe()


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"url": "ftp://x"}, "no address"),
        ({"url": "acme.ladesk.com"}, "no address"),
        ({"url": "http://acme.ladesk.com"}, "in clear"),
        ({"url": "https://user:pw@acme.ladesk.com"}, "login"),
        ({"url": "https://acme.ladesk.com:port"}, "no address"),
        ({"requests_per_minute": 181}, "between 1 and 180"),
        ({"page_size": 0}, "page_size"),
        ({"overlap": "soon"}, "no duration"),
        ({"zone": "Mars/Olympus"}, "no time zone"),
        ({"region": "Norway"}, "no country"),
        ({"timeout_s": 0}, "timeout_s"),
        ({"mesages": "all"}, "mesages"),
        ({"mapping": {"priority": {"field": "u", "valeus": {}}}}, "valeus"),
        ({"mapping": {"priority": {"field": "u", "values": {"high": "P7"}}}}, "P7"),
        ({"mapping": {"statuses": {"on hold": "paused"}}}, "paused"),
    ],
)
def test_wrong_options_are_named_before_anything_runs(tmp_path, table, words):
    given = {"url": "https://acme.ladesk.com", "apikey": {"env": "X"}, **table}
    with pytest.raises(ConfigError) as caught:
        read(Options, given, tmp_path / "config.toml", "sources.desk")
    assert words in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "https://acme.ladesk.com",
        "https://acme.ladesk.com/",
        "https://acme.ladesk.com/api/v3",
        "https://acme.ladesk.com/agent/#Start",
    ],
)
def test_the_address_may_be_copied_from_anywhere(url):
    assert Options(url=url, apikey=SecretRef(env="X")).root == "https://acme.ladesk.com"


def test_every_option_is_explained():
    assert set(Options.help) == set(Options.__struct_fields__)
    assert all(text.endswith(".") for text in Options.help.values())
    assert LiveAgent.options is Options
