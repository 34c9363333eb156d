"""What RT itself exports as a spreadsheet (TSV), read with the preset of that name (type = "csv")."""

import http.cookiejar
import time
import urllib.parse
import urllib.request

import msgspec
import pytest

from deskaudit.connectors import Context
from deskaudit.connectors.csvfile import CsvOptions, CsvTickets, detection
from deskaudit.connectors.recognition import Specimen
from deskaudit.model.batches import Want
from deskaudit.model.entities import Ticket

pytestmark = pytest.mark.realtool
COLUMNS = "id Subject Status QueueName OwnerName Priority Requestors Created Started Told LastUpdated Due Resolved TimeWorked SLA"


def test_the_search_as_a_spreadsheet(desk, tmp_path):
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
    browser.addheaders = [("Referer", desk.url + "/")]
    login = urllib.parse.urlencode({"user": "root", "pass": "password", "next": ""}).encode()
    browser.open(desk.url + "/NoAuth/Login.html", login, timeout=60).close()
    quoted = desk.ticket('"half a quote', Requestor="kunde@customer.example")
    wanted = {"Query": "id > 0", "Format": ",".join(f"'__{name}__'" for name in COLUMNS.split())}
    with browser.open(f"{desk.url}/Search/Results.tsv?{urllib.parse.urlencode(wanted)}", timeout=60) as answer:
        (tmp_path / "rt.tsv").write_bytes(answer.read())
    finding = detection.examine(Specimen(tmp_path / "rt.tsv", tmp_path, now=int(time.time())))
    assert finding.preset == "requesttracker"
    options = msgspec.convert({"path": "rt.tsv", "preset": "requesttracker"}, CsvOptions)
    context = Context("desk", tmp_path, now=lambda: int(time.time()), hash_key=b"k", zone="UTC")
    batches = list(CsvTickets(options, context).pull(None, Want(entities=CsvTickets.fills, since_at=0)))
    assert [reject for batch in batches for reject in batch.rejects] == []
    tickets = {int(row.ext_id): row for batch in batches for row in batch.rows if isinstance(row, Ticket)}
    rejected, waiting = tickets[desk.made["rejected"]], tickets[desk.made["waiting"]]
    assert (rejected.status, rejected.resolved_at is not None) == ("closed", True)
    assert (waiting.status, waiting.agent_id, waiting.resolved_at, waiting.sla_level) == ("new", None, None, "gold")
    assert abs(waiting.created_at - time.time()) < 3600
    assert waiting.contact_id == rejected.contact_id  # one person, with and without a name before the address
    assert tickets[quoted].title == '"half a quote'
