"""Expected links: real listeners on loopback, and nothing contacted before it is asked for."""

import socket
import time

import pytest

from deskaudit.connectors import Context
from deskaudit.connectors.scans.links import Link, LinkOptions, Links
from deskaudit.errors import SourceError
from deskaudit.model.batches import Want

WANT = Want(entities=frozenset({"component"}), since_at=0)


def pull(folder, links, *, cancelled=lambda: False, **options):
    connector = Links(
        LinkOptions(links=links, **options), Context("links", folder, now=lambda: 5000, cancelled=cancelled)
    )
    return [row for batch in connector.pull(None, WANT) for row in batch.rows]


@pytest.fixture
def listener():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def test_up_and_down(tmp_path, listener):
    port = listener.getsockname()[1]
    with socket.create_server(("127.0.0.1", 0)) as other:
        closed = other.getsockname()[1]
    links = [
        Link(host="127.0.0.1", port=port, critical=True, name="web"),
        Link(host="127.0.0.1", port=closed),
        Link(host="127.0.0.1", port=port - 1 if port - 1 != closed else port - 2, wanted="closed"),
        Link(host="nosuch.invalid", port=80),
    ]
    rows = pull(tmp_path, links, probe=True, timeout=2)
    assert [(row.kind, row.state, row.wanted, row.critical) for row in rows] == [
        ("link", "open", "open", True),
        ("link", "closed", "open", False),
        ("link", "closed", "closed", False),
        ("link", "unresolved", "open", False),
    ]
    assert (rows[0].name, rows[0].value, rows[0].ext_id) == ("web", "127.0.0.1", f"127.0.0.1:{port}")
    assert len({row.id for row in rows}) == 4


@pytest.fixture
def silent_port(listener):
    """A port on which nothing answers any more: the queue of its listener is full."""
    listener.listen(0)
    port = listener.getsockname()[1]
    held = [socket.socket() for _ in range(4)]
    for one in held:
        one.setblocking(False)
        one.connect_ex(("127.0.0.1", port))
    yield port
    for one in held:
        one.close()


def test_a_silent_host_is_filtered(tmp_path, silent_port):
    (row,) = pull(tmp_path, [Link(host="127.0.0.1", port=silent_port)], probe=True, timeout=0.3)
    assert row.state == "filtered"


def test_it_stops_without_waiting_for_a_silent_host(tmp_path, silent_port):
    begun = time.monotonic()
    link = Link(host="127.0.0.1", port=silent_port)
    assert pull(tmp_path, [link], probe=True, timeout=30, cancelled=lambda: True) == []
    assert time.monotonic() - begun < 15


def test_nothing_is_contacted_before_it_is_asked_for(tmp_path, listener):
    link = Link(host="127.0.0.1", port=listener.getsockname()[1])
    with pytest.raises(SourceError, match="before you say so") as caught:
        pull(tmp_path, [link])
    assert "probe = true" in caught.value.hint
    for probe in (False, True):
        found = Links(LinkOptions(links=[link], probe=probe), Context("links", tmp_path, now=lambda: 0)).probe()
        assert found.reachable is probe
    listener.settimeout(0.2)
    with pytest.raises(TimeoutError):
        listener.accept()


@pytest.mark.parametrize(
    "options",
    [
        {"links": []},
        {"links": [{"host": "a b", "port": 1}]},
        {"links": [{"host": "-oX", "port": 1}]},
        {"links": [{"host": "a", "port": 0}]},
        {"links": [{"host": "a", "port": 65536}]},
        {"links": [{"host": "A", "port": 1}, {"host": "a", "port": 1}]},
        {"links": [{"host": "a", "port": 1}], "timeout": 0},
    ],
)
def test_what_is_no_link_is_told(options):
    with pytest.raises(ValueError):
        LinkOptions(**{**options, "links": [Link(**link) for link in options["links"]]})


def test_it_stops_when_it_is_told_to(tmp_path):
    started = time.monotonic()
    links = [Link(host="127.0.0.1", port=port) for port in range(1, 30)]
    assert pull(tmp_path, links, probe=True, cancelled=lambda: True) == []
    assert time.monotonic() - started < 20
