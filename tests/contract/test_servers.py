"""The contract of connectors to servers: the demo's LiveAgent, the small ServiceDesk Plus of its own tests, and the real
Request Tracker, Redmine and Dovecot of this machine.
"""

import importlib.util
import socket
import threading
import time
from pathlib import Path
from typing import ClassVar

import pytest

from deskaudit.connectors.liveagent import LiveAgent
from deskaudit.connectors.mailbox.imap import Imap
from deskaudit.connectors.pace import Timing
from deskaudit.connectors.redmine import Redmine
from deskaudit.connectors.requesttracker import RequestTracker
from deskaudit.connectors.servicedeskplus import ServiceDeskPlus
from deskaudit.demo.server import Server
from deskaudit.demo.setup import ENVIRONMENT, configuration
from deskaudit.demo.world import build_world
from deskaudit.testing import HOSTILE, ConnectorContract

NOW = 1_772_452_800
QUICK = Timing(backoff_s=(0.01, 0.01, 0.01))


def load_conftest(room):
    file = Path(__file__).parents[1] / "connectors" / room / "conftest.py"
    spec = importlib.util.spec_from_file_location(f"contract_{room}", file)
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


RT, REDMINE, MAIL = load_conftest("requesttracker"), load_conftest("redmine"), load_conftest("mailbox")
desk, site, dovecot = RT.desk, REDMINE.site, MAIL.dovecot  # fixtures: servers of this file's own


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

    def later(self, folder):
        """One request more, of the second of all before, and one that has changed since."""
        self.server.lists["requests"].append(self.request(31))
        changed = {"last_updated_time": self.kit.date("2026-02-02 08:00:00"), "status": {"id": "3", "name": "Closed"}}
        self.server.lists["requests"][6] |= changed
        return self.source(folder)

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


@pytest.mark.realtool
class TestRequestTracker(ConnectorContract):
    connector = RequestTracker
    large_rows = (200, 500)

    @pytest.fixture(autouse=True)
    def running(self, desk, monkeypatch, silent_port, free_port):
        for who in ("ana", "gone"):
            monkeypatch.setenv(f"RT_{who.upper()}", desk.tokens[who])
        monkeypatch.setenv("WRONG_KEY", "1-14-0123456789abcdef0123456789abcdef")
        self.desk, self.silent, self.free = desk, silent_port, free_port
        self.now = int(time.time())  # a real server writes real times
        self.hidden = (*desk.tokens.values(), "kunde@customer.example", "ben@test.example")

    def make(self, options, context):
        return RequestTracker(options, context, timing=QUICK)

    def options(self, url, token="RT_ANA", **more):
        return {"url": url, "token": {"env": token}, "requests_per_minute": 6000, **more}

    def source(self, folder):
        levels = {"gold": {"response": "1h", "resolve": "1d"}}
        return self.options(self.desk.url, tags="Urgency", levels=levels)

    def later(self, folder):
        self.desk.ticket("One more")
        return self.source(folder)

    def hostile(self, folder, texts):
        for text in texts:
            self.desk.ticket(text, queue="Secret")
        return self.options(self.desk.url, queues=["Secret"])

    def large(self, folder, rows):
        """So many tickets in a queue of their own, each with its creation."""
        queue, sql = f"Bulk {rows}", self.desk.sql
        if not sql("SELECT 1 FROM Queues WHERE Name = ?", queue):
            self.desk.ask("POST", "/queue", {"Name": queue})
            first = self.desk.ticket("Bulk", queue=queue)
            for table, one, name in (("Tickets", "id", "EffectiveId"), ("Transactions", "ObjectId", "ObjectId")):
                columns = [row[1] for row in sql(f"PRAGMA table_info({table})") if row[1] not in {"id", name}]
                kept = ", ".join(columns)
                number = "n, n" if table == "Tickets" else "NULL, n"
                kind = "" if table == "Tickets" else "AND ObjectType = 'RT::Ticket' AND Type = 'Create'"
                sql(
                    f"WITH RECURSIVE more(n) AS (SELECT {first} + 1 UNION ALL SELECT n + 1 FROM more WHERE n < {first + rows}) "
                    f"INSERT INTO {table} (id, {name}, {kept}) SELECT {number}, {kept} FROM more, {table} "
                    f"WHERE {table}.{one} = {first} {kind}"
                )
        return self.options(self.desk.url, queues=[queue])

    def broken(self, folder):
        return {
            "nobody": self.options(f"http://127.0.0.1:{self.free}"),
            "wrong key": self.options(self.desk.url, "WRONG_KEY"),
            "disabled account": self.options(self.desk.url, "RT_GONE"),
            "no key": self.options(self.desk.url, "NOT_SET"),
            "no such queue": self.options(self.desk.url, queues=["Nowhere"]),
            "another place": self.options(f"{self.desk.url}/NoAuth"),
        }

    def hanging(self, folder):
        return self.options(f"http://127.0.0.1:{self.silent}")

    def times(self, folder, local):
        pytest.skip("RT writes every time with its offset, and what a change was from and to in UTC")


@pytest.mark.realtool
class TestRedmine(ConnectorContract):
    connector = Redmine
    now = REDMINE.NOW
    hostile_texts = tuple(text for text in HOSTILE if len(text) <= 255)  # Redmine refuses longer subjects
    history_days = 20  # without the hundred tickets of one second, which its own tests read

    @pytest.fixture(autouse=True)
    def running(self, site, monkeypatch, silent_port, free_port):
        monkeypatch.setenv("REDMINE_KEY", site.keys["admin"])
        monkeypatch.setenv("WRONG_KEY", "0123456789abcdef0123456789abcdef01234567")
        self.site, self.silent, self.free = site, silent_port, free_port
        self.hidden = (*site.keys.values(), "cora@example.org", "anna@example.org", "secret words")

    def make(self, options, context):
        return Redmine(options, context, timing=QUICK)

    def options(self, url, key="REDMINE_KEY", **more):
        return {"url": url, "apikey": {"env": key}, "requests_per_minute": 6000, **more}

    def source(self, folder):
        return self.options(self.site.url, projects=["desk"])

    def later(self, folder):
        number = self.site.send("GET", "/projects/desk.json")["project"]["id"]
        self.site.send("POST", "/issues.json", {"issue": {"project_id": number, "subject": "One more"}})
        return self.source(folder)

    def project(self, name):
        made = {"name": name, "identifier": name, "is_public": False, "enabled_module_names": ["issue_tracking"]}
        return self.site.send("POST", "/projects.json", {"project": made})["project"]["id"]

    def hostile(self, folder, texts):
        number = self.project("hostile")
        for text in texts:
            self.site.send("POST", "/issues.json", {"issue": {"project_id": number, "subject": text}})
        return self.options(self.site.url, projects=["hostile"])

    def large(self, folder, rows):
        pytest.skip("each ticket costs Redmine a request for its history: many enough would take minutes")

    def broken(self, folder):
        return {
            "nobody": self.options(f"http://127.0.0.1:{self.free}"),
            "wrong key": self.options(self.site.url, "WRONG_KEY"),
            "no key": self.options(self.site.url, "NOT_SET"),
            "no such project": self.options(self.site.url, projects=["nowhere"]),
            "another place": self.options(f"{self.site.url}/help"),
        }

    def hanging(self, folder):
        return self.options(f"http://127.0.0.1:{self.silent}")

    def times(self, folder, local):
        pytest.skip("Redmine writes every time with its offset; its days without a time have a test of their own")


@pytest.mark.realtool
class TestImap(ConnectorContract):
    connector = Imap
    now = MAIL.NOW
    hidden = (MAIL.Dovecot.PASSWORD, "kari@customer.test", "ola@desk.test", "secret words")
    large_rows = (600, 1_500)

    @pytest.fixture(autouse=True)
    def running(self, dovecot, monkeypatch, silent_port, free_port):
        monkeypatch.setenv("MAIL_PASSWORD", dovecot.PASSWORD)
        monkeypatch.setenv("WRONG_PASSWORD", "wrong-horse-battery")
        self.dovecot, self.silent, self.free = dovecot, silent_port, free_port

    def options(self, user, port=None, password="MAIL_PASSWORD", **more):
        return {
            "host": "127.0.0.1", "port": port or self.dovecot.plain, "security": "none", "user": user, "own": ["@desk.test"],
            "password": {"env": password}, **more,
        }  # fmt: skip

    def filled(self, user, mails):
        if not (self.dovecot.folder / "mail" / user).exists():
            arrived = MAIL.utc(2026, 3, 2, 9)
            made = (MAIL.mail(subject=str(n), Message_ID=f"<{n}@customer.test>") for n in range(mails))
            self.dovecot.fill(user, [(raw, arrived) for raw in made])
        return self.options(user)

    def source(self, folder):
        return self.filled("contract", 9)

    def later(self, folder):
        more = MAIL.mail(subject="one more", Message_ID="<later@customer.test>")
        self.dovecot.fill("contract", [(more, MAIL.utc(2026, 3, 2, 9))])
        return self.source(folder)

    def large(self, folder, rows):
        return self.filled(f"bulk-{rows}", rows)

    def hostile(self, folder, texts):
        pytest.skip("no text of a mail is kept; mails with such texts are in the connector's own tests")

    def broken(self, folder):
        return {
            "nobody": self.options("contract", self.free),
            "wrong password": self.options("contract", password="WRONG_PASSWORD"),
            "no password": self.options("contract", password="NOT_SET"),
            "no such folder": self.options("contract", folders=["Nowhere"]),
            "TLS on the plain port": self.options("contract", security="tls"),
        }

    def hanging(self, folder):
        return self.options("contract", self.silent)

    def times(self, folder, local):
        pytest.skip("the time of a mail is when the server took it, which IMAP writes with its offset")
