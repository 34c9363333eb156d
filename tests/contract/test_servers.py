"""The contract of connectors to servers: the demo's LiveAgent, and the small ServiceDesk Plus of its own tests."""

import importlib.util
import socket
import threading
from pathlib import Path
from typing import ClassVar

import pytest

from deskaudit.connectors.liveagent import LiveAgent
from deskaudit.connectors.pace import Timing
from deskaudit.connectors.servicedeskplus import ServiceDeskPlus
from deskaudit.demo.server import Server
from deskaudit.demo.setup import ENVIRONMENT, configuration
from deskaudit.demo.world import build_world
from deskaudit.testing import ConnectorContract

NOW = 1_772_452_800
QUICK = Timing(backoff_s=(0.01, 0.01, 0.01))


@pytest.fixture(scope="module")
def world():
    return build_world(NOW, tickets=250)


@pytest.fixture
def silent_port():
    """A port where somebody listens and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        yield silent.getsockname()[1]


@pytest.fixture
def free_port():
    """A port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


class TestLiveAgent(ConnectorContract):
    connector = LiveAgent
    hidden = tuple(ENVIRONMENT.values())

    @pytest.fixture(autouse=True)
    def running(self, world, monkeypatch, silent_port, free_port):
        for name, value in ENVIRONMENT.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("WRONG_KEY", "not-the-key-0123456789")
        self.silent, self.free = silent_port, free_port
        with Server(world, per_minute=100_000, announce_limit=True) as server:
            self.server = server
            yield
            assert not server.writes

    def make(self, options, context):
        connector = LiveAgent(options, context)
        connector._timing = QUICK
        return connector

    def options(self, url):
        table = {**configuration(url, NOW)["sources"]["helpdesk"], "page_size": 100}
        return {name: value for name, value in table.items() if name != "type"}

    def source(self, folder):
        return self.options(self.server.url)

    def broken(self, folder):
        return {
            "nobody": self.options(f"http://127.0.0.1:{self.free}"),
            "wrong key": {**self.source(folder), "apikey": {"env": "WRONG_KEY"}},
            "no key": {**self.source(folder), "apikey": {"env": "NOT_SET"}},
        }

    def hanging(self, folder):
        return self.options(f"http://127.0.0.1:{self.silent}")


def load_conftest(room):
    file = Path(__file__).parents[1] / "connectors" / room / "conftest.py"
    spec = importlib.util.spec_from_file_location(f"contract_{room}", file)
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


class TestServiceDeskPlus(ConnectorContract):
    connector = ServiceDeskPlus
    kit: ClassVar = load_conftest("servicedeskplus")
    hidden = (kit.KEY, "kari@customer.example", "ola@desk.example")
    lacks = frozenset({"document", "record", "sla_term", "slot", "asset", "ticket_field", "department"})

    @pytest.fixture(autouse=True)
    def running(self, monkeypatch, silent_port, free_port):
        monkeypatch.setenv("SDP_KEY", self.kit.KEY)
        monkeypatch.setenv("WRONG_KEY", "not-the-key-0123456789")
        self.silent, self.free = silent_port, free_port
        self.server = self.kit.Server()
        self.server.lists["requests"] = [self.request(n) for n in range(1, 31)]
        self.server.lists["technicians"] = [{"id": "3", "name": "Ola", "email_id": "ola@desk.example"}]
        thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield
        self.server.shutdown()
        self.server.server_close()
        thread.join(5)
        assert all(request.method == "GET" for request in self.server.requests)

    def request(self, n, subject="Printer"):
        mail = {"id": "7", "name": "Kari", "email_id": "kari@customer.example"}
        return self.kit.request(n, subject=subject, requester=mail, technician={"id": "3", "name": "Ola"})

    def make(self, options, context):
        return ServiceDeskPlus(options, context, timing=self.kit.FakeTime().timing())

    def options(self, url):
        return {"url": url, "authtoken": {"env": "SDP_KEY"}}

    def source(self, folder):
        return self.options(self.server.url)

    def hostile(self, folder, texts):
        self.server.lists["requests"] = [self.request(n, text) for n, text in enumerate(texts, start=1)]
        return self.source(folder)

    def broken(self, folder):
        return {
            "nobody": self.options(f"http://127.0.0.1:{self.free}"),
            "wrong key": {**self.source(folder), "authtoken": {"env": "WRONG_KEY"}},
        }

    def hanging(self, folder):
        return self.options(f"http://127.0.0.1:{self.silent}")
