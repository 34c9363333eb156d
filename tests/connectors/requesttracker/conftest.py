"""A real Request Tracker 5 of this machine's package: a fresh SQLite database, an own port, killed at the end.

It is filled through its REST interface; what REST cannot do (users' rights, tokens, custom fields that are applied,
a deleted ticket) a small Perl script does before the server starts.
"""

import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import SimpleNamespace

import pytest

from deskaudit.connectors import Context
from deskaudit.connectors.http import Client
from deskaudit.connectors.pace import Timing
from deskaudit.connectors.requesttracker import Options, RequestTracker, history
from deskaudit.connectors.requesttracker.api import Api
from deskaudit.model.batches import Want
from deskaudit.model.entities import entity_of
from deskaudit.secrets import SecretRef

HOME = Path("/usr/share/request-tracker5")
SETUP_TOOL = Path("/usr/sbin/rt-setup-database-5")
NOBODY = 65534
SITE = """
Set($rtname, 'test.example'); Set($Organization, 'test.example');
Set($WebDomain, '127.0.0.1'); Set($WebPort, PORT); Set($WebPath, ''); Set($WebBaseURL, 'http://127.0.0.1:PORT');
Set($DatabaseType, 'SQLite'); Set($DatabaseName, 'FOLDER/rt.db'); Set($DatabaseHost, '');
Set($DatabaseUser, ''); Set($DatabasePassword, '');
Set($LogToSyslog, undef); Set($LogToSTDERR, 'warning'); Set($LogDir, 'FOLDER');
Set($MailCommand, 'mbox'); Set($Timezone, 'UTC'); Set($BcryptCost, 4);  # 12 costs 0.2 s for each request
Set($MasonDataDir, 'FOLDER/mason'); Set($MasonSessionDir, 'FOLDER/session');
Set(%ServiceAgreements, (Levels => { gold => {
    Response => { RealMinutes => 60 }, Resolve => { RealMinutes => 1440 } } }));
Set(%Lifecycles, hardware => { type => 'ticket', initial => ['ordered'], active => ['waiting for parts'],
    inactive => ['delivered', 'deleted'], defaults => { on_create => 'ordered' },
    transitions => { '' => ['ordered'], 'ordered' => ['waiting for parts', 'delivered'],
                     'waiting for parts' => ['delivered'], 'delivered' => [] }, rights => {}, actions => [] });
1;
"""
PEOPLE = r"""
use strict; use warnings; use lib '/usr/share/request-tracker5/lib'; use RT -init; use JSON;
my $system = RT->SystemUser; my %said;
sub good { my ($ok, $why) = @_; die $why unless $ok; return $ok }
sub user { my ($name, %more) = @_; my $u = RT::User->new($system);
    good($u->Create(Name => $name, EmailAddress => "$name\@test.example", RealName => ucfirst $name, Privileged => 1, %more));
    $said{users}{$name} = $u->Id; return $u }
sub token { my ($name, $user) = @_; my $t = RT::AuthToken->new($system);
    my ($ok, $why, $text) = $t->Create(Owner => $user->Id, Description => $name); good($ok, $why); $said{tokens}{$name} = $text }
sub grant { my ($user, $on, @rights) = @_; good($user->PrincipalObj->GrantRight(Object => $on, Right => $_)) for @rights }
my %queue;
for my $name ('Network', 'Secret', 'Hardware') { my $q = RT::Queue->new($system);
    good($q->Create(Name => $name, $name eq 'Hardware' ? (Lifecycle => 'hardware') : ())); $queue{$name} = $q }
my $general = RT::Queue->new($system); $general->Load('General'); good($general->SetSLADisabled(0));
good($queue{Network}->SetSLADisabled(0));
my $root = RT::User->new($system); $root->Load('root'); token('root', $root);
my $ana = user('ana'); my $ben = user('ben'); my $gone = user('gone');
my $west = user('west', Timezone => 'America/Mexico_City');
my $reader = user('reader'); my $clerk = user('clerk');
grant($_, RT->System, 'SuperUser') for $ana, $ben, $west;
grant($reader, RT->System, qw(SeeQueue ShowTicket ShowTicketComments));
grant($clerk, $queue{$_}, qw(SeeQueue ShowTicket)) for 'Network'; grant($clerk, $general, qw(SeeQueue ShowTicket));
token($_->Name, $_) for $ana, $ben, $west, $reader, $clerk;
grant($gone, RT->System, 'SuperUser'); token('gone', $gone);
my $cf = RT::CustomField->new($system);
good($cf->Create(Name => 'Urgency', Type => 'FreeformSingle', LookupType => 'RT::Queue-RT::Ticket'));
good($cf->AddToObject(RT::Queue->new($system)));
for my $name ('Serial Number', 'Operating System', 'IP address', 'MAC') { my $f = RT::CustomField->new($system);
    good($f->Create(Name => $name, Type => 'FreeformSingle', LookupType => 'RT::Catalog-RT::Asset'));
    good($f->AddToObject(RT::Catalog->new($system))) }
print JSON::encode_json(\%said);
"""


def missing():
    """Why no server can be started here; "" where one can."""
    if not HOME.is_dir() or not SETUP_TOOL.exists() or shutil.which("perl") is None:
        return "request-tracker5 is not installed (apt: request-tracker5 rt5-db-sqlite rt5-standalone)"
    return ""


class Desk:
    """The server's process, and a way to write to it."""

    def __init__(self, folder):
        self.folder = folder
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        (folder / "etc").mkdir(parents=True)
        for name in ("mason", "session"):
            (folder / name).mkdir()
        site = SITE.replace("PORT", str(self.port)).replace("FOLDER", str(folder))
        (folder / "etc" / "RT_SiteConfig.pm").write_text(site)
        (folder / "people.pl").write_text(PEOPLE)
        self._nobody = {}
        if os.geteuid() == 0:
            for path in (folder, *folder.rglob("*")):
                os.chown(path, NOBODY, NOBODY)
            self._nobody = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        self._env = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "RT_SITE_CONFIG": str(folder / "etc" / "RT_SiteConfig.pm"),
            "RT_SITE_CONFIG_DIR": str(folder / "etc"),
        }
        self.perl(str(SETUP_TOOL), "--action", "init", "--skip-create")
        said = json.loads(self.perl(str(folder / "people.pl")))
        self.tokens, self.users = said["tokens"], said["users"]
        self._process = None

    def perl(self, *words):
        done = subprocess.run(
            ["perl", *words],
            check=False,
            env=self._env,
            cwd=self.folder,
            capture_output=True,
            timeout=120,
            **self._nobody,
        )
        assert done.returncode == 0, done.stderr.decode(errors="replace")[-2000:]
        return done.stdout

    def start(self):
        program = str(HOME / "libexec" / "rt-server")
        words = ["--host", "127.0.0.1", "--port", str(self.port), "--server", "Starlet", "--max-workers", "2"]
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                ["perl", program, *words], env=self._env, cwd=self.folder, stdout=log, stderr=log,
                stdin=subprocess.DEVNULL, start_new_session=True, **self._nobody,
            )  # fmt: skip
        until = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(self.url + "/REST/2.0/rt", timeout=5).close()
            except urllib.error.HTTPError as refused:
                refused.close()
                return
            except OSError:
                assert self._process.poll() is None, (self.folder / "log").read_text(errors="replace")[-2000:]
                assert time.monotonic() < until, "the server does not answer"
                time.sleep(0.1)

    def stop(self):
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGTERM)
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait(10)

    def ask(self, method, path, body=None, *, who="ana"):
        """The decoded answer of the REST interface."""
        request = urllib.request.Request(
            f"{self.url}/REST/2.0{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"token {self.tokens[who]}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            data = answer.read()
        return json.loads(data) if data else None

    def raw(self, path, *, who="root"):
        """Status and bytes of a GET."""
        request = urllib.request.Request(
            f"{self.url}/REST/2.0{path}", headers={"Authorization": f"token {self.tokens[who]}"}
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, refused.read()

    def headers(self, path, *, who="root"):
        request = urllib.request.Request(
            f"{self.url}/REST/2.0{path}", headers={"Authorization": f"token {self.tokens[who]}"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.headers

    def ticket(self, subject, *, who="ana", queue="General", **more):
        made = self.ask("POST", "/ticket", {"Subject": subject, "Queue": queue, **more}, who=who)
        return int(made["id"])

    def sql(self, statement, *values):
        """Reads or changes the database under the server, as nothing but time itself could."""
        with sqlite3.connect(self.folder / "rt.db", timeout=20) as database:
            found = database.execute(statement, values).fetchall()
        database.close()
        return found


def seed(desk):
    """A few tickets whose stories are known; their numbers by name."""
    ask, made = desk.ask, {}
    customer = {"Requestor": "kunde@customer.example"}
    made["life"] = life = desk.ticket("Net down", **customer, SLA="gold", CustomFields={"Urgency": "high"})
    words = {"ContentType": "text/plain"}
    ask("POST", f"/ticket/{life}/correspond", {"Content": "we look", "TimeTaken": 15, **words}, who="ben")
    ask("POST", f"/ticket/{life}/comment", {"Content": "it is the switch", "TimeTaken": 20, **words})
    ask("PUT", f"/ticket/{life}", {"Owner": "ben"})
    ask("PUT", f"/ticket/{life}", {"Queue": "Network"})
    ask("PUT", f"/ticket/{life}", {"Priority": 50})
    ask("PUT", f"/ticket/{life}", {"Status": "resolved"})
    ask("PUT", f"/ticket/{life}", {"Status": "open"})
    ask("PUT", f"/ticket/{life}", {"TimeWorked": 30})
    ask("PUT", f"/ticket/{life}", {"CustomFields": {"Urgency": "low"}})
    made["rejected"] = desk.ticket("Please no", **customer)
    ask("PUT", f"/ticket/{made['rejected']}", {"Status": "rejected"})
    made["waiting"] = desk.ticket("Nobody came", **customer, SLA="gold")
    made["own"] = desk.ticket("My own chair", who="ben", Requestor="ben@test.example", Owner="ana", SLA="gold")
    ask("POST", f"/ticket/{made['own']}/correspond", {"Content": "still broken", **words}, who="ben")
    made["twin"] = desk.ticket("Net down, too", **customer)
    made["secret"] = desk.ticket("Hush", queue="Secret", **customer)
    made["parts"] = desk.ticket("New laptop", queue="Hardware", **customer)
    ask("PUT", f"/ticket/{made['parts']}", {"Status": "waiting for parts"})
    script = desk.folder / "merge.pl"
    script.write_text(
        "use lib '/usr/share/request-tracker5/lib'; use RT -init; my $t = RT::Ticket->new(RT->SystemUser);"
        "$t->Load($ARGV[0]); my ($ok, $why) = $t->MergeInto($ARGV[1]); die $why unless $ok;"
    )
    desk.perl(str(script), str(made["twin"]), str(life))
    fields = {
        "Serial Number": "PF3ABC12",
        "Operating System": "Debian 12",
        "IP address": "10.0.0.7",
        "MAC": "3c5282000001",
    }
    ask(
        "POST",
        "/asset",
        {"Name": "web-1", "Catalog": "General assets", "Status": "in-use", "HeldBy": ["ben"], "CustomFields": fields},
    )
    ask("POST", "/article", {"Name": "Restart the switch", "Summary": "short", "Class": "General"})
    ask("PUT", "/user/gone", {"Disabled": 1})
    return made


@pytest.fixture(scope="session")
def desk():
    why = missing()
    if why:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(why)
    folder = Path(tempfile.mkdtemp(prefix="deskaudit-rt-"))
    folder.chmod(0o755)
    found = Desk(folder)
    try:
        found.start()
        found.made = seed(found)
        yield found
    finally:
        found.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def connect(desk):
    """A connector with the token of `who`; options as keywords."""

    def connect(who="ana", *, ahead=0, cancelled=lambda: False, **options):
        given = {"url": desk.url, "requests_per_minute": 6000, **options}
        if who:
            os.environ[f"TEST_RT_{who.upper()}"] = desk.tokens[who]
            given["token"] = SecretRef(env=f"TEST_RT_{who.upper()}")
        context = Context("desk", Path(), now=lambda: int(time.time()) + ahead, hash_key=b"k" * 32, cancelled=cancelled)
        return RequestTracker(Options(**given), context, timing=Timing(backoff_s=(0.01,)))

    return connect


def want(*entities, since=None):
    since = int(time.time()) - 30 * 86400 if since is None else since
    return Want(entities=frozenset(entities or RequestTracker.fills), since_at=since)


def gather(batches):
    batches, rows = list(batches), {}
    for batch in batches:
        for row in batch.rows:
            rows.setdefault(entity_of(row), {})[row.id] = row
    return SimpleNamespace(
        batches=batches,
        rows={entity: list(found.values()) for entity, found in rows.items()},
        tickets={int(row.ext_id): row for row in rows.get("ticket", {}).values()},
        problems=[problem for batch in batches for problem in batch.problems],
        rejects=[reject for batch in batches for reject in batch.rejects],
        cursor=next((batch.cursor for batch in reversed(batches) if batch.cursor), None),
        incomplete={entity for batch in batches for problem in batch.problems for entity in problem.entities},
        replaces={entity for batch in batches for entity in batch.replaces},
        swept={entity for batch in batches for entity in batch.swept},
        present={row for batch in batches for row in batch.present.get("ticket", ())},
    )


@pytest.fixture(scope="session")
def pulled(connect):
    """Everything of one pull."""

    def pulled(who="ana", *entities, cursor=None, since=None, **options):
        return gather(connect(who, **options).pull(cursor, want(*entities, since=since)))

    return pulled


@pytest.fixture(scope="session")
def whole(pulled):
    """A first pull by somebody who may see everything."""
    return pulled("ana")


@pytest.fixture
def kit():
    return SimpleNamespace(want=want, gather=gather)


@pytest.fixture
def asked(monkeypatch):
    """The requests of the connector, as (path, parameters)."""
    found = []
    plain = Client.get

    def get(self, path, params=None, **more):
        found.append((path, dict(params or {})))
        return plain(self, path, params, **more)

    monkeypatch.setattr(Client, "get", get)
    return found


@pytest.fixture
def small_pages(monkeypatch):
    """Makes every page of one list have so many rows."""
    plain = Api.page

    def small_pages(path, most):
        def page(self, asked, params, number=1, *, size=100, retries=None):
            return plain(self, asked, params, number, size=min(size, most) if asked == path else size, retries=retries)

        monkeypatch.setattr(Api, "page", page)
        monkeypatch.setattr(history, "PAGE", most if path == "/transactions" else 100)

    return small_pages
