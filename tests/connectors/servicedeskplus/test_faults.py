"""What a server, an account or a key can do wrong: each has its kind, its words and a next step, and never the key."""

import logging
import tomllib
import traceback

import pytest

from deskaudit.config import Config, read
from deskaudit.connectors.servicedeskplus import Options, ServiceDeskPlus
from deskaudit.errors import ConfigError, SecretError, SourceError
from deskaudit.secrets import SecretRef
from deskaudit.snapshot import Snapshot


def failing(path, *answer):
    return lambda request: answer if request.path == f"/api/v3/{path}" else None


@pytest.mark.parametrize("listed", [False, True], ids=["object", "list"])
@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (401, 4022, "auth"),
        (200, 4022, "auth"),
        (403, 4002, "forbidden"),
        (200, 4002, "forbidden"),
        (500, 4004, "bad_answer"),
        (200, 4004, "bad_answer"),
        (404, 4007, "bad_answer"),
        (400, 4012, "bad_answer"),
        (400, 4021, "bad_answer"),
        (200, 4999, "bad_answer"),
        (429, 4015, "rate_limit"),
        (200, 4015, "rate_limit"),
        (403, 7001, "forbidden"),
    ],
)
def test_codes_have_their_kinds_whatever_the_status(server, connect, want, kit, status, code, kind, listed):
    server.before = lambda _request: (status, {}, kit.failed(code, "Words of the server", listed=listed))
    with pytest.raises(SourceError) as caught:
        list(connect().pull(None, want("ticket")))
    assert caught.value.kind == kind
    assert f"{code}: Words of the server" in caught.value.message
    assert "desk: 127.0.0.1/api/v3/" in caught.value.message
    assert caught.value.hint
    assert kit.KEY not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, b"", "auth"),
        (401, {"response_status": {"status_code": 4000, "messages": [{"message": "authtoken expired"}]}}, "expired"),
        (404, b"<html>nothing here</html>", "bad_answer"),
        (302, b"", "bad_answer"),
        (503, b"<html>", "bad_answer"),
        (200, b"<html>maintenance</html>", "bad_answer"),
        (200, b"[]", "bad_answer"),
        (200, {}, "bad_answer"),
        (200, {"list_info": {"row_count": 5}}, "bad_answer"),
        (200, {"requests": {}}, "bad_answer"),
        (200, {"operation": {"result": {"statuscode": "4001", "status": "Failed", "message": "old"}}}, "bad_answer"),
        (200, b"[" * 5000, "bad_answer"),
    ],
)
def test_answers_that_are_none(server, connect, want, kit, status, body, kind):
    server.before = lambda _request: (status, {"Location": "https://x.example"} if status == 302 else {}, body)
    with pytest.raises(SourceError) as caught:
        list(connect().pull(None, want("ticket")))
    assert caught.value.kind == kind


def test_a_refused_key_is_tried_once(server, connect, want, kit):
    server.before = lambda _request: (401, {}, kit.failed(4022, "Invalid API key"))
    with pytest.raises(SourceError):
        list(connect().pull(None, want()))
    assert len(server.requests) == 1
    probe = connect().probe()
    assert (probe.reachable, probe.authorised) == (True, False)
    assert len(server.requests) == 2


@pytest.mark.parametrize("status", [429, 200])
def test_throttling_is_waited_out(server, pulled, kit, fake_time, status):
    server.lists["requests"] = [kit.request(1)]
    answers = iter([(status, {}, kit.failed(4015, "Too many"))])
    server.before = lambda request: next(answers, None) if request.path == "/api/v3/requests" else None
    before = fake_time.now
    assert len(pulled("ticket").rows["ticket"]) == 1
    assert fake_time.now - before >= 60


def test_the_usual_pace_and_patience():
    house = Options(url="https://sdp.example.org", authtoken=SecretRef(env="X"))
    cloud = in_the_cloud("us")
    assert (house.per_minute, cloud.per_minute) == (60, 10)


def in_the_cloud(centre, **more):
    return Options(
        data_centre=centre, client_id="i", client_secret=SecretRef(env="X"), refresh_token=SecretRef(env="Y"), **more
    )


@pytest.mark.parametrize(
    ("centre", "desk", "accounts"),
    [
        ("us", "https://sdpondemand.manageengine.com", "https://accounts.zoho.com"),
        ("eu", "https://sdpondemand.manageengine.eu", "https://accounts.zoho.eu"),
        ("in", "https://sdpondemand.manageengine.in", "https://accounts.zoho.in"),
        ("au", "https://servicedeskplus.net.au", "https://accounts.zoho.com.au"),
        ("cn", "https://servicedeskplus.cn", "https://accounts.zoho.com.cn"),
        ("jp", "https://servicedeskplus.jp", "https://accounts.zoho.jp"),
        ("ca", "https://servicedeskplus.ca", "https://accounts.zohocloud.ca"),
        ("uk", "https://servicedeskplus.uk", "https://accounts.zoho.uk"),
        ("sa", "https://servicedeskplus.sa", "https://accounts.zoho.sa"),
    ],
)
def test_every_data_centre_has_its_two_servers(centre, desk, accounts):
    cloud = in_the_cloud(centre, portal="itdesk")
    assert (cloud.desk, cloud.accounts) == (f"{desk}/app/itdesk", accounts)
    assert in_the_cloud(centre, accounts_host="accounts.zoho.ca").accounts == "https://accounts.zoho.ca"
    assert in_the_cloud(centre, url="https://desk.example.org/app/hr").desk == "https://desk.example.org/app/hr"


@pytest.mark.parametrize(
    "answer",
    [(403, {}, 7001), (200, {}, 7001), (404, {}, 4007)],
    ids=["licence", "licence-200", "unknown"],
)
def test_a_module_that_the_edition_lacks_fails_nothing(server, pulled, connect, want, kit, answer, tmp_path):
    server.lists["requests"] = [kit.request(1)]
    status, headers, code = answer
    lacking = ("changes", "problems", "assets", "asset_assets", "solutions")
    server.before = lambda request: (
        (status, headers, kit.failed(code, "License")) if request.path.split("/")[-1] in lacking else None
    )
    found = pulled()
    assert not found.incomplete
    told = {problem.resource for problem in found.problems if problem.message.startswith("not in this edition")}
    assert told == {"record", "asset", "document"}
    assert not told & found.delivered
    assert found.cursor["finished"]
    snapshot = Snapshot(tmp_path)
    with snapshot.landing("desk", "servicedeskplus", kit.NOW) as landing:
        for batch in connect().pull(None, want()):
            landing.land(batch)
        landing.finish(cadence_s=86400)
        manifest = snapshot.publish([landing], Config(), kit.NOW)
    assert manifest.sources["desk"].state == "complete"
    with snapshot.open() as reader:
        states = {entity: reader.filled(entity).state for entity in ("ticket", "asset", "document", "record", "agent")}
        assert reader.filled("asset").message.startswith("desk: not in this edition: assets (desk: 127.0.0.1")
    assert states == {
        "ticket": "complete", "asset": "absent", "document": "absent", "record": "absent", "agent": "complete",
    }  # fmt: skip


def test_problems_without_changes_are_records_all_the_same(server, pulled, kit):
    server.lists["problems"] = [{"id": "p1", "title": "Printers", "reported_time": kit.date("2026-01-05 08:00:00")}]
    del server.lists["changes"]
    found = pulled("record")
    assert [record.about for record in found.rows["record"]] == ["Printers"]
    assert [problem.message[:31] for problem in found.problems] == ["not in this edition: changes (d"]
    assert not found.incomplete
    server.before = failing("changes", 403, {}, kit.failed(4002, "Unauthorized"))
    assert pulled("record").incomplete == {"record"}


def test_a_right_that_is_missing_makes_the_entity_incomplete(server, pulled, kit):
    server.lists["requests"] = [kit.request(1)]
    server.before = failing("solutions", 403, {}, kit.failed(4002, "Unauthorized"))
    found = pulled()
    assert found.incomplete == {"document"}
    assert "document" not in found.delivered
    assert len(found.rows["ticket"]) == 1


def test_requests_that_cannot_be_read_leave_the_rest(server, pulled, kit):
    server.lists["assets"] = [{"id": "a1", "name": "PC"}]
    server.before = failing("requests", 403, {}, kit.failed(4002, "Unauthorized"))
    found = pulled("ticket", "asset")
    assert found.incomplete == {"ticket"}
    assert len(found.rows["asset"]) == 1


def test_a_request_that_is_gone_has_no_time_entries(server, pulled, kit):
    server.lists["requests"] = [kit.request(n) for n in range(3)]
    for row in server.lists["requests"]:
        server.worklogs[row["id"]] = [kit.worklog(1)]
    server.before = failing("requests/100000000000000001/worklogs", 404, {}, kit.failed(4007, "gone"))
    found = pulled("slot")
    assert len(found.rows["slot"]) == 2
    assert not found.incomplete


def test_one_request_whose_time_entries_break_is_named(server, pulled, kit):
    server.lists["requests"] = [kit.request(n, f"2026-01-{20 + n} 08:00:00") for n in range(3)]
    for row in server.lists["requests"]:
        server.worklogs[row["id"]] = [kit.worklog(1)]
    server.before = failing("requests/100000000000000001/worklogs", 500, {}, b"boom")
    found = pulled("slot")
    assert (len(found.rows["slot"]), found.incomplete) == (2, {"slot"})
    assert any("100000000000000001" in problem.message for problem in found.problems)
    assert "worklogs" in found.cursor["marks"]
    still = pulled("slot", cursor=found.cursor, now=kit.NOW + 3600)
    assert still.incomplete == {"slot"}  # it did not change, and is not forgotten
    server.before = lambda _request: None
    mended = pulled("slot", cursor=still.cursor, now=kit.NOW + 7200)
    assert len(mended.rows["slot"]) == 2  # that one, and the newest again, because pulls overlap
    assert not mended.incomplete
    assert not mended.cursor["missed"]


@pytest.mark.parametrize("code", [7001, 4002, 4007])
def test_time_entries_that_nobody_may_read(server, pulled, kit, code):
    server.lists["requests"] = [kit.request(n) for n in range(9)]
    server.before = lambda request: (
        (404 if code == 4007 else 403, {}, kit.failed(code, "no")) if request.path.endswith("/worklogs") else None
    )
    found = pulled("ticket", "slot")
    assert found.incomplete == ({"slot"} if code == 4002 else set())
    assert sum(request.path.endswith("/worklogs") for request in server.requests) <= 3
    assert not any(batch.resource == "slot" for batch in found.batches)


def test_a_probe_names_what_is_there(server, connect, kit):
    server.lists["requests"] = [kit.request(1)]
    server.before = failing("changes", 403, {}, kit.failed(7001, "License"))
    probe = connect().probe()
    assert (probe.reachable, probe.authorised) == (True, True)
    assert probe.modules["requests"] == probe.modules["assets"] == "ok"
    assert "edition" in probe.modules["changes"]
    assert "type surveys" in probe.modules["surveys"]
    assert "changes" in probe.message
    server.shutdown()
    server.server_close()
    assert connect().probe().reachable is False


def test_the_key_goes_in_the_header_that_the_config_names(server, pulled, kit):
    server.header = "TECHNICIAN_KEY"
    server.prefix = "/app/hr/api/v3"
    server.lists["requests"] = [kit.request(1)]
    found = pulled("ticket", key_header="TECHNICIAN_KEY", portal="hr", portal_id="3")
    assert len(found.rows["ticket"]) == 1
    assert {request.headers["PORTALID"] for request in server.requests} == {"3"}
    assert {request.headers["authtoken"] for request in server.requests} == {None}
    assert {request.method for request in server.requests} == {"GET"}


def test_no_secret_is_told(server, connect, want, kit, caplog):
    caplog.set_level(logging.DEBUG)
    server.lists["requests"] = [kit.request(1)]
    found = kit.gather(connect(cloud=True).pull(None, want("ticket")))
    assert len(found.rows["ticket"]) == 1
    token = server.tokens[0]
    server.before = lambda _request: (
        400, {}, kit.failed(4001, f"you sent {token}, {kit.REFRESH} and {kit.CLIENT_SECRET}")
    )  # fmt: skip
    with pytest.raises(SourceError) as caught:
        list(connect(cloud=True).pull(None, want("ticket")))
    text = "".join(traceback.format_exception(caught.value)) + caplog.text + repr(found.batches)
    for secret in (token, kit.REFRESH, kit.CLIENT_SECRET):
        assert secret not in text


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ('url = "https://sdp.example.org"', "set authtoken"),
        ('authtoken = { env = "X" }', "url is missing"),
        ('url = "http://sdp.example.org"\nauthtoken = { env = "X" }', "in clear"),
        ('url = "https://a:b@sdp.example.org"\nauthtoken = { env = "X" }', "login"),
        ('url = "https://sdp.example.org"\nauthtoken = { env = "X" }\ndata_centre = "eu"', "cloud"),
        ('client_id = "i"\nclient_secret = { env = "X" }\nrefresh_token = { env = "Y" }', "data_centre is missing"),
        ('data_centre = "eu"\nclient_id = "i"\nclient_secret = { env = "X" }', "together"),
        ('data_centre = "mars"\nclient_id = "i"\nclient_secret = { env = "X" }\nrefresh_token = { env = "Y" }', "mars"),
        ('url = "https://sdp.example.org"\nauthtoken = { env = "X" }\npage_size = 500', "page_size"),
        ('url = "https://sdp.example.org"\nauthtoken = { env = "X" }\nportal = "a/b"', "portal"),
        ('url = "https://sdp.example.org"\nauthtoken = { env = "X" }\nportal_id = "x"', "portal_id"),
        ('url = "https://sdp.example.org"\nauthtoken = { env = "X" }\nsweep = "soon"', "sweep"),
        ('url = "https://sdp.example.org"\nauthtoken = { env = "X" }\ntoken = "abc"', "token"),
    ],
)
def test_options_say_what_is_wrong(options, words, tmp_path):
    with pytest.raises(ConfigError) as caught:
        read(Options, tomllib.loads(options), tmp_path / "config.toml", "sources.desk")
    assert words in str(caught.value)


def test_addresses_are_taken_as_people_paste_them():
    def desk(url, **more):
        return Options(url=url, authtoken=SecretRef(env="X"), **more).desk

    assert desk("https://sdp.example.org:8080/") == "https://sdp.example.org:8080"
    assert desk("https://sdp.example.org/api/v3/") == "https://sdp.example.org"
    assert desk("https://sdp.example.org/app/hr") == "https://sdp.example.org/app/hr"
    assert desk("https://sdp.example.org/app/hr/api/v3", portal="it") == "https://sdp.example.org/app/it"


def test_a_secret_that_is_none(connect, monkeypatch):
    monkeypatch.setenv("SDP_KEY", "a key\nwith lines")
    with pytest.raises(SecretError):
        connect().probe()


def test_it_claims_what_it_fills_and_no_surveys():
    assert "rating" not in ServiceDeskPlus.fills
    assert "no live server" in ServiceDeskPlus.tested
