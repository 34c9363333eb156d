"""A pull that is stopped publishes nothing, and a report that fails leaves nothing behind."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import msgspec
import pytest

from deskaudit.audit import pull
from deskaudit.audit.desk import Desk
from deskaudit.cli.progress import Narrator
from deskaudit.config import Config, Source
from deskaudit.errors import Cancelled
from deskaudit.model.batches import Batch, Estimate
from deskaudit.model.entities import Ticket
from deskaudit.model.events import PullEstimated, PullFinished, PullWaited, PullWarned
from deskaudit.paths import Paths
from deskaudit.reports.files import whole_file
from deskaudit.snapshot import Snapshot

SCAN = (
    '<nmaprun scanner="nmap" start="1"><host><status state="up"/><address addr="10.0.0.1" addrtype="ipv4"/></host>'
    '<runstats><finished time="2" exit="success"/><hosts up="1" down="0" total="1"/></runstats></nmaprun>'
)


def test_a_stopped_pull_is_no_complete_one(tmp_path):
    (tmp_path / "scan.xml").write_text(SCAN)
    (tmp_path / "config.toml").write_text('[sources.scan]\ntype = "nmap"\nfiles = ["scan.xml"]\n')
    desk = Desk(Paths(config=tmp_path / "config.toml", data=tmp_path / "data"), now=lambda: 1000)
    with pytest.raises(Cancelled, match="scan"):
        list(desk.pull(cancelled=lambda: True))
    assert desk.pulled() == {}
    list(desk.pull())
    assert desk.pulled()["scan"].entities["asset"].rows == 1


def test_a_source_whose_files_are_missing_leaves_the_others_alone(tmp_path, monkeypatch):
    monkeypatch.setenv("PULL_TEST_TOKEN", "token-of-a-desk")
    (tmp_path / "scan.xml").write_text(SCAN)
    (tmp_path / "ca.pem").write_text("no certificate")
    (tmp_path / "config.toml").write_text(
        '[sources.assets]\ntype = "snipeit"\nurl = "https://localhost:9"\nca_file = "ca.pem"\n'
        'token = { env = "PULL_TEST_TOKEN" }\n[sources.scan]\ntype = "nmap"\nfiles = ["scan.xml"]\n'
    )
    desk = Desk(Paths(config=tmp_path / "config.toml", data=tmp_path / "data"), now=lambda: 1000)
    told = [event.message for event in desk.pull() if isinstance(event, PullWarned) and event.source == "assets"]
    assert "holds no certificates" in told[0]
    assert desk.pulled()["scan"].entities["asset"].rows == 1
    assert "holds no certificates" in desk.pulled()["assets"].error


def test_a_report_that_fails_leaves_nothing_behind(tmp_path):
    file = tmp_path / "out.md"
    file.write_text("before")
    with pytest.raises(ValueError, match="half"), whole_file(file) as out:  # noqa: PT012 - it fails on the way
        out.write("half")
        raise ValueError("half")
    assert file.read_text() == "before"
    assert [path.name for path in tmp_path.iterdir()] == ["out.md"]


class Desk1:
    """A connector that gives these batches."""

    fills = frozenset({"ticket"})

    def __init__(self, *batches):
        self.batches = batches

    def pull(self, cursor, want):
        yield from self.batches


@pytest.fixture
def pulled(tmp_path):
    """Events of the pull of a source that gives these batches."""
    source = Source("desk", {"type": "liveagent"}, tmp_path / "config.toml")

    def pulled(*batches):
        words = {"now": lambda: 1000, "cancelled": lambda: False}
        return list(pull.pull(Snapshot(tmp_path / "s"), [source], lambda _source: Desk1(*batches), Config(), **words))

    return pulled


class Changing:
    """A connector whose pull ends with what there was when it began; it is stopped once, after its first page."""

    fills = frozenset({"ticket"})

    def __init__(self):
        self.now, self.began, self.stops = 1000, [], True

    def pull(self, cursor, want):
        upto = self.now if cursor is None or "done" in cursor else cursor["upto"]
        self.began.append((cursor, upto))
        yield Batch(rows=[Ticket(id=upto)], cursor={"upto": upto}, resource="ticket")
        if self.stops:
            self.stops = False
            raise Cancelled("stopped")
        yield Batch(cursor={"done": upto}, resource="ticket")


@pytest.mark.parametrize(("later", "ids"), [(2 * 3600, [1000, 8200]), (600, [1000])])
def test_a_pull_that_goes_on_with_one_of_long_ago_fetches_what_came_since(tmp_path, later, ids):
    desk, snapshot = Changing(), Snapshot(tmp_path / "s")
    source = Source("desk", {"type": "liveagent"}, tmp_path / "config.toml")

    def run():
        words = {"now": lambda: desk.now, "cancelled": lambda: False}
        return list(pull.pull(snapshot, [source], lambda _source: desk, Config(), **words))

    with pytest.raises(Cancelled):
        run()
    desk.now += later
    finished = [event for event in run() if isinstance(event, PullFinished)]
    assert [event.pulled.state for event in finished] == ["complete"] * len(ids)
    with snapshot.open() as reader:
        assert [row for (row,) in reader.connection.execute("SELECT id FROM ticket ORDER BY id").fetchall()] == ids
    assert desk.began[1] == ({"upto": 1000}, 1000)
    assert len(desk.began) == 1 + len(ids)


def test_what_a_pull_will_cost_is_told_before_its_rows(pulled, capsys):
    events = pulled(Batch(estimate=Estimate(412, 140.0)), Batch(rows=[Ticket(id=1)], resource="ticket"))
    assert [type(event).__name__ for event in events][:3] == ["PullStarted", "PullEstimated", "PullProgressed"]
    assert events[1] == PullEstimated("desk", 412, 140.0)
    with Narrator(plain=True, ascii_=False, verbose=False) as narrator:
        narrator.tell(events)
    assert "desk: about 412 requests, 2 min 20 s\n" in capsys.readouterr().err


def test_a_cost_that_could_not_be_told_is_not_shown(pulled):
    events = pulled(Batch(estimate=Estimate(None, None)))
    assert not [event for event in events if isinstance(event, PullEstimated)]


def test_a_sweep_that_is_not_believed_is_told(pulled):
    pulled(Batch(rows=[Ticket(id=1)], cursor={}))
    events = pulled(Batch(swept=frozenset({"ticket"})))
    (warning,) = [event for event in events if isinstance(event, PullWarned)]
    assert "ticket: The sweep named nothing" in warning.message


class _Busy(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(429)
        self.send_header("Retry-After", "840")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_words):
        pass


@pytest.fixture
def busy():
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Busy)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    "options",
    [
        'type = "redmine"\napikey = { env = "PULL_TEST_TOKEN" }\n',
        'type = "rt"\ntoken = { env = "PULL_TEST_TOKEN" }\n',
        'type = "liveagent"\napikey = { env = "PULL_TEST_TOKEN" }\n',
        'type = "snipeit"\ntoken = { env = "PULL_TEST_TOKEN" }\n',
        'type = "glpi"\nuser_token = { env = "PULL_TEST_TOKEN" }\n',
        'type = "servicedeskplus"\nauthtoken = { env = "PULL_TEST_TOKEN" }\n',
    ],
)
def test_a_wait_that_a_server_asks_for_is_told_before_it_begins(busy, tmp_path, monkeypatch, capsys, options):
    monkeypatch.setenv("PULL_TEST_TOKEN", "token-of-a-desk")
    (tmp_path / "config.toml").write_text(f'[sources.desk]\nurl = "{busy}"\n{options}')
    desk = Desk(Paths(config=tmp_path / "config.toml", data=tmp_path / "data"), now=lambda: 1_790_000_000)
    heard = []
    with (
        Narrator(plain=True, ascii_=False, verbose=False) as narrator,
        pytest.raises(Cancelled),  # stopped as soon as it is told
    ):
        narrator.tell(
            desk.pull(cancelled=lambda: bool(heard), heard=lambda one: heard.append(one) or narrator.hear(one))
        )
    assert heard == [PullWaited("desk", 840.0)]
    assert "desk: waiting 14 min for the server\n" in capsys.readouterr().err


DESK = """
[desk]
name = "C"
[sources.{name}]
type = "assets"
path = "a.csv"
columns = {{ name = "Name" }}
"""


@pytest.fixture
def desk(tmp_path):
    """A desk with this config, its source `mine` pulled once: one asset."""
    (tmp_path / "a.csv").write_text("Name\npc1\n")
    (tmp_path / "scan.xml").write_text(SCAN)
    (tmp_path / "config.toml").write_text(DESK.format(name="mine"))

    def desk(text):
        (tmp_path / "config.toml").write_text(text)
        return Desk(Paths(config=tmp_path / "config.toml", data=tmp_path / "data"), now=lambda: 1_772_000_000)

    list(desk(DESK.format(name="mine")).pull())
    return desk


def told(desk):
    """What an audit without a pull keeps of its sources: name → type, state, rows, first warning."""
    *_events, finished = desk.run(desk.plan(only=("HD-03",), pull=False))
    pulls = desk.store.pulls(finished.audit.id)
    desk.close()
    return {one.name: (one.type, one.state, one.rows, "; ".join(one.warnings)) for one in pulls}


def test_rows_of_a_source_that_left_the_config_are_told_until_they_go(desk):
    renamed = desk(DESK.format(name="other"))
    assert told(renamed) == {
        "other": ("assets", "not_pulled", {}, "It was never pulled."),
        "mine": (
            "assets",
            "complete",
            {"asset": 1},
            "mine: It is in the config no more: its rows go with the next pull.",
        ),
    }
    events = list(renamed.pull())
    assert PullWarned("mine", "it is in the config no more: its rows are gone from the snapshot") in events
    assert set(renamed.pulled()) == {"other"}


def test_rows_of_a_source_of_another_type_are_told_until_they_go(desk):
    changed = desk('[sources.mine]\ntype = "nmap"\nfiles = ["scan.xml"]\n')
    said = "It is of type nmap now, and was not pulled since: its rows are still those of type assets."
    assert told(changed) == {"mine": ("assets", "incomplete", {"asset": 1}, f"mine: {said}")}
    events = list(changed.pull())
    assert PullWarned("mine", "mine: The source was of type assets before: the rows of that are gone.") in events
    pulled = changed.pulled()["mine"]
    assert (pulled.type, pulled.state, pulled.entities["asset"].rows) == ("nmap", "complete", 1)


def test_rows_of_a_source_that_is_switched_off_are_told(desk):
    off = desk(DESK.format(name="mine") + "enabled = false\n")
    said = "It is switched off in the config: its rows are those of its last pull."
    assert told(off) == {"mine": ("assets", "complete", {"asset": 1}, f"mine: {said}")}


def test_rows_of_another_address_are_told_until_they_go(desk):
    moved = desk(DESK.format(name="mine"))
    manifest = moved.snapshot.manifest()
    manifest.sources["mine"].account = "that of another server"
    (moved.paths.snapshot / "manifest.json").write_bytes(msgspec.json.encode(manifest))
    assert "still those of the former" in told(moved)["mine"][3]


TICKETS = """
[desk]
name = "C"
"""
EXPORT = """
[sources.{name}]
type = "csv"
path = "{name}.csv"
zone = "UTC"
columns = {{ key = "Id", title = "Title", created_at = "Created" }}
"""


def test_tickets_that_two_sources_give_are_told(tmp_path):
    """The second knows the tickets by other numbers and to the minute; the third shares two of its four with the first."""
    (tmp_path / "config.toml").write_text(
        TICKETS + "".join(EXPORT.format(name=name) for name in ("one", "two", "three"))
    )
    lines = [f"Printer {n},2026-08-0{n} 08:00:0{n}" for n in range(1, 6)]
    minutes = [line[:-3] for line in lines]
    others = [f"Phone {n},2026-08-0{n} 08:00" for n in (1, 2)]
    for name, first, rows in (("one", 1, lines), ("two", 70, minutes[:4]), ("three", 90, [*lines[:2], *others])):
        text = "\n".join(["Id,Title,Created", *(f"{first + n},{row}" for n, row in enumerate(rows))])
        (tmp_path / f"{name}.csv").write_text(text + "\n")
    desk = Desk(Paths(config=tmp_path / "config.toml", data=tmp_path / "data"), now=lambda: 1_790_000_000)
    *_events, finished = desk.run(desk.plan(only=("HD-08",), period="2026-08-01..2026-08-31"))
    said = "4 tickets of the period stand in one and in two alike"
    assert [text.partition(",")[0] for text in finished.audit.summary["warnings"]] == [said]
    desk.close()
