"""What the config may say, and what is refused before anything runs; none of it needs a server."""

from pathlib import Path

import pytest

from deskaudit.connectors import Context
from deskaudit.connectors.pace import Timing
from deskaudit.connectors.requesttracker import Options, RequestTracker
from deskaudit.connectors.requesttracker.api import quote
from deskaudit.connectors.requesttracker.options import Level
from deskaudit.connectors.requesttracker.state import State, begin
from deskaudit.errors import ConfigError, SecretError, SourceError
from deskaudit.model.batches import Want
from deskaudit.secrets import SecretRef

TOKEN = SecretRef(env="TEST_RT_TOKEN")
URL = "https://rt.example.org"
WANT = Want(entities=frozenset({"ticket"}), since_at=1000)


def connector(**options):
    context = Context("desk", Path(), now=lambda: 1_795_000_000, hash_key=b"k" * 32)
    return RequestTracker(Options(**{"url": URL, "token": TOKEN, **options}), context, timing=Timing(backoff_s=(0.01,)))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"url": "rt.example.org"}, "is no address"),
        ({"url": "http://rt.example.org"}, "in clear"),
        ({"url": "https://me:secret@rt.example.org"}, "holds a login"),
        ({"url": "https://rt.example.org:port"}, "is no address"),
        ({"token": None}, "token, or user and password"),
        ({"user": "me"}, "token, or user and password"),
        ({"password": TOKEN}, "token, or user and password"),
        ({"token": None, "user": "a:b", "password": TOKEN}, "no name to log in"),
        ({"overlap": "24h"}, "26h or more"),
        ({"overlap": "a day"}, "is no duration"),
        ({"requests_per_minute": 0}, "requests_per_minute"),
        ({"sweep_days": -1}, "sweep_days"),
        ({"timeout_s": 0}, "timeout_s"),
        ({"queues": [""]}, "queues"),
    ],
)
def test_what_cannot_be_meant_is_refused(given, said):
    with pytest.raises(ValueError, match=said):
        Options(**{"url": URL, "token": TOKEN, **given})


def test_a_level_needs_durations():
    assert (Level(response="1h").response_s, Level().resolve_s) == (3600, None)
    with pytest.raises(ValueError, match="is no duration"):
        Level(resolve="soon")


@pytest.mark.parametrize("tail", ["", "/", "/REST/2.0", "/REST/2.0/", "/REST/2.0/ticket/1", "/REST/", "?x=1", "#top"])
def test_the_address_may_be_any_of_rt(tail):
    assert Options(url=URL + tail, token=TOKEN).root == URL
    assert Options(url=URL + "/desk" + tail, token=TOKEN).root == URL + "/desk"


def test_every_option_is_explained():
    for struct in (Options, Level):
        assert set(struct.help) == set(struct.__struct_fields__)


def test_text_in_a_query_stays_text():
    assert quote(r"a' OR id > 0 \ ") == r"'a\' OR id > 0 \\ '"


def test_a_secret_of_several_words_is_no_token(monkeypatch):
    monkeypatch.setenv("TEST_RT_TOKEN", "token 1-14-abc")
    with pytest.raises(SecretError, match="blanks"):
        connector().probe()


def test_a_missing_certificate_file_is_said(monkeypatch):
    monkeypatch.setenv("TEST_RT_TOKEN", "1-14-abc")
    with pytest.raises(ConfigError, match="there is no file"):
        connector(ca_file="missing.pem").probe()


def test_a_server_that_is_not_there(monkeypatch):
    monkeypatch.setenv("TEST_RT_TOKEN", "1-14-abc")
    lost = connector(url="http://127.0.0.1:9")
    assert lost.probe().reachable is False
    with pytest.raises(SourceError) as caught:
        list(lost.pull(None, WANT))
    assert caught.value.kind == "unreachable"
    assert "1-14-abc" not in str(caught.value)


def test_a_cursor_of_another_version_or_other_queues_begins_anew():
    known = State(since_at=500, started_at=900, mark=800, reach=500, finished=True).cursor()
    assert begin(known, WANT, 2000, "").mark == 800
    assert begin(known, WANT, 2000, "network").mark == 0
    assert begin({**known, "version": 99}, WANT, 2000, "").mark == 0
    assert begin({"nonsense": []}, WANT, 2000, "").mark == 0
    older = Want(entities=WANT.entities, since_at=100)
    assert begin(known, older, 2000, "").mark == 0  # more is asked for than was read
    assert begin({**known, "finished": False, "after": 7}, WANT, 2000, "").after == 7
