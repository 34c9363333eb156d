"""What Redmine itself exports as CSV, read with the preset of that name (type = "csv")."""

import urllib.request

import msgspec
import pytest

from deskaudit.connectors import Context
from deskaudit.connectors.csvfile import CsvOptions, CsvTickets, detection
from deskaudit.connectors.recognition import Specimen
from deskaudit.model.batches import Want
from deskaudit.model.entities import Ticket

pytestmark = pytest.mark.realtool


def test_the_issues_as_csv(site, kit, tmp_path):
    wanted = f"{site.url}/projects/desk/issues.csv?set_filter=1&status_id=*&c%5B%5D=all_inline"
    with urllib.request.urlopen(wanted, timeout=60) as answer:
        (tmp_path / "issues.csv").write_bytes(answer.read())
    finding = detection.examine(Specimen(tmp_path / "issues.csv", tmp_path, now=kit.NOW))
    assert finding.preset == "redmine"
    options = msgspec.convert({"path": "issues.csv", "preset": "redmine", "dates": "mdy"}, CsvOptions)
    context = Context("desk", tmp_path, now=lambda: kit.NOW, hash_key=b"k", zone="UTC")
    batches = list(CsvTickets(options, context).pull(None, Want(entities=CsvTickets.fills, since_at=0)))
    assert [reject for batch in batches for reject in batch.rejects] == []
    tickets = {row.title: row for batch in batches for row in batch.rows if isinstance(row, Ticket)}
    fire = tickets["Printer on fire"]
    assert (fire.status, fire.priority, fire.type, fire.category) == ("closed", "P1", "Support", "Network")
    assert (fire.created_at, fire.closed_at) == (kit.utc(2026, 3, 2, 9), kit.utc(2026, 3, 3, 9))
    assert fire.resolve_due_at == kit.utc(2026, 3, 4, 23, 59, 59)
    assert tickets["Old and open"].status == "new"
    assert {word.word: word.meant for word in finding.statuses}.items() >= {("New", "new"), ("Closed", "closed")}
