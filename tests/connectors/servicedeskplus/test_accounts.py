"""Tokens of the cloud: asked for once an hour, renewed once if refused, never begged for."""

import msgspec
import pytest

from deskaudit.errors import SourceError

BUSY = {
    "error": "Access Denied",
    "error_description": "You have made too many requests continuously. Please try again after some time.",
    "status": "failure",
}


def posts(server):
    return [request for request in server.requests if request.method == "POST"]


def test_one_token_serves_probe_and_pull(server, connect, want, kit):
    server.lists["requests"] = [kit.request(n) for n in range(5)]
    connector = connect(cloud=True)
    found = kit.gather(connector.pull(None, want("ticket")))
    assert len(found.rows["ticket"]) == 5
    (post,) = posts(server)
    assert post.path == "/oauth/v2/token"
    assert post.form["grant_type"] == "refresh_token"
    assert not post.params  # nothing secret stands in an address
    assert connector.probe().authorised is True
    assert len(server.tokens) == 1


def test_one_token_serves_all_of_a_process_that_know_the_same_grant(server, connect, want, kit, monkeypatch):
    server.lists["requests"] = [kit.request(1)]
    assert connect(cloud=True).probe().authorised is True
    assert connect(cloud=True).sample(1)
    list(connect(cloud=True).pull(None, want("ticket")))
    assert len(server.tokens) == 1
    monkeypatch.setenv("SDP_REFRESH", "1000.another.grant.99")
    assert connect(cloud=True).probe().authorised is False
    assert len(posts(server)) == 2


def test_a_token_is_renewed_before_it_ends(server, connect, want, kit, fake_time):
    server.lists["requests"] = [kit.request(1)]
    connector = connect(cloud=True)
    list(connector.pull(None, want("ticket")))
    fake_time.now += 3500
    list(connector.pull(None, want("ticket")))
    assert len(server.tokens) == 1
    fake_time.now += 60
    list(connector.pull(None, want("ticket")))
    assert len(server.tokens) == 2


def test_a_token_ends_while_the_machine_sleeps(server, connect, want, kit, fake_time):
    """Then one of its clocks stands still."""
    server.lists["requests"] = [kit.request(1)]
    list(connect(cloud=True).pull(None, want("ticket")))
    slept = msgspec.structs.replace(fake_time.timing(), wall=lambda: float(kit.NOW + 7200))
    server.valid.clear()
    found = kit.gather(connect(cloud=True, timing=slept).pull(None, want("ticket")))
    assert len(found.rows["ticket"]) == 1
    assert len(server.tokens) == 2


def test_a_token_that_dies_early_is_replaced_once(server, connect, want, kit, fake_time):
    server.lists["requests"] = [kit.request(1)]
    connector = connect(cloud=True)
    list(connector.pull(None, want("ticket")))
    fake_time.now += 600
    server.valid.clear()
    assert len(kit.gather(connector.pull(None, want("ticket"))).rows["ticket"]) == 1
    assert len(server.tokens) == 2


def test_a_token_that_is_refused_at_once_ends_the_pull(server, connect, want, kit):
    server.before = lambda request: (401, {}, kit.failed(4022, "no")) if request.method == "GET" else None
    with pytest.raises(SourceError) as caught:
        list(connect(cloud=True).pull(None, want("ticket")))
    assert caught.value.kind == "auth"
    assert "refresh token" in caught.value.hint
    assert len(server.tokens) == 1
    assert len(server.requests) == 2


def test_an_access_token_that_the_server_repeats_is_hidden(server, connect, want, kit):
    server.before = lambda request: (
        (401, {}, kit.failed(4022, f"Invalid token {server.tokens[-1]}")) if request.method == "GET" else None
    )
    with pytest.raises(SourceError) as caught:
        list(connect(cloud=True).pull(None, want("ticket")))
    assert caught.value.message.endswith("Invalid token ***")


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        (400, BUSY, "rate_limit", "no more tokens"),
        (200, BUSY, "rate_limit", "quarter of an hour"),
        (400, {"error": "Access Denied", "status": "failure"}, "rate_limit", "no more tokens"),
        (200, {"error": "invalid_code"}, "auth", "invalid_code"),
        (400, {"error": "invalid_client"}, "auth", "data_centre"),
        (200, {}, "bad_answer", "no access_token"),
        (200, {"access_token": 7}, "bad_answer", "no access_token"),
        (200, {"access_token": "a\nb"}, "bad_answer", "no access_token"),
        (200, {"access_token": "a" * 4001}, "bad_answer", "no access_token"),
        (200, b"<html>", "bad_answer", "no JSON object"),
        (200, b"[]", "bad_answer", "no JSON object"),
        (404, b"<html>", "bad_answer", "HTTP 404"),
        (500, {"error": "x"}, "bad_answer", "HTTP 500"),
        (302, b"", "bad_answer", "sends us on"),
    ],
)
def test_the_accounts_server_says_no(server, connect, want, status, body, kind, words):
    server.before = lambda request: (status, {}, body) if request.method == "POST" else None
    with pytest.raises(SourceError) as caught:
        list(connect(cloud=True).pull(None, want()))
    assert caught.value.kind == kind
    assert words in str(caught.value)
    assert len(server.requests) == 1  # it is not asked again, nor is the product


@pytest.mark.parametrize("lasts", [None, "soon", -5, 10**12, True])
def test_a_life_that_makes_no_sense_is_an_hour(server, connect, want, kit, lasts):
    server.lists["requests"] = [kit.request(1)]

    def answer(request):
        if request.method != "POST":
            return None
        server.valid.add("tok")
        return 200, {}, {"access_token": "tok", "expires_in": lasts}

    server.before = answer
    connector = connect(cloud=True)
    list(connector.pull(None, want("ticket")))
    list(connector.pull(None, want("ticket")))
    assert len(posts(server)) == 1
