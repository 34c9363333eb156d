"""The example configs on the public files they are made for, against figures that pandas computed from those files.

The files are not part of this repository: DESKAUDIT_SHARED names the folder above `data/`, else ../shared is tried.
"""

import os
import statistics
import tomllib
from pathlib import Path

import pytest

from deskaudit import connectors
from deskaudit.config import Source
from deskaudit.connectors import Context
from deskaudit.model.batches import Want
from deskaudit.model.entities import ENTITIES, entity_of

ROOT = Path(__file__).parents[3]
DATA = Path(os.environ.get("DESKAUDIT_SHARED") or ROOT.parent / "shared") / "data"
NOW = 1_790_000_000


def pull(example: str, name: str) -> dict[str, list]:
    file = ROOT / "docs/examples" / example
    table = tomllib.loads(file.read_text(encoding="utf-8"))["sources"][name]
    if not (DATA / table["path"]).exists():
        pytest.skip(f"{table['path']} is not at {DATA}; set DESKAUDIT_SHARED")
    context = Context(name, DATA, now=lambda: NOW, hash_key=b"key")
    found: dict[str, list] = {"rejects": [], "problems": []}
    for batch in connectors.build(Source(name, table, file), context).pull(
        None, Want(entities=frozenset(ENTITIES), since_at=0)
    ):
        found["rejects"] += batch.rejects
        found["problems"] += batch.problems
        for row in batch.rows:
            found.setdefault(entity_of(row), []).append(row)
    return found


@pytest.fixture(scope="module")
def incidents() -> dict[str, list]:
    return pull("volvo-incidents.toml", "incidents")


@pytest.fixture(scope="module")
def support() -> dict[str, list]:
    return pull("technical-support.toml", "support")


def test_every_incident_is_one_ticket(incidents):
    assert len(incidents["ticket"]) == 7554
    assert sum(event.kind == "status" for event in incidents["event"]) == 65_533
    assert incidents["rejects"] == []
    assert [problem for problem in incidents["problems"] if problem.entities] == []


def test_first_to_last_event(incidents):
    days = [(ticket.changed_at - ticket.created_at) / 86400 for ticket in incidents["ticket"]]
    assert statistics.mean(days) == pytest.approx(12.0793, abs=5e-5)
    assert statistics.median(days) == pytest.approx(7.5491, abs=5e-5)
    assert statistics.quantiles(days, n=10, method="inclusive")[8] == pytest.approx(22.5555, abs=5e-5)


def test_completed_and_open(incidents):
    done = [ticket for ticket in incidents["ticket"] if ticket.status in {"resolved", "closed"}]
    assert (len(done), len(incidents["ticket"]) - len(done)) == (7546, 8)


def test_first_event_to_first_completed(incidents):
    hours = [(t.resolved_at - t.created_at) / 3600 for t in incidents["ticket"] if t.resolved_at is not None]
    assert len(hours) == 7546
    assert statistics.mean(hours) == pytest.approx(176.442, abs=5e-4)
    assert statistics.median(hours) == pytest.approx(6.027, abs=5e-4)


def test_the_last_status_event_is_the_tickets_status(incidents):
    last: dict[int, tuple[int, str]] = {}
    for event in incidents["event"]:
        if event.kind == "status" and event.happened_at >= last.get(event.ticket_id, (0, ""))[0]:
            last[event.ticket_id] = (event.happened_at, event.to_value)
    assert all(last[ticket.id] == (ticket.changed_at, ticket.status) for ticket in incidents["ticket"])


def test_service_level_flags_as_the_file_says(support):
    assert len(support["ticket"]) == 2330
    assert sum(ticket.vendor_response_met for ticket in support["ticket"]) == 2019
    assert sum(ticket.vendor_resolve_met for ticket in support["ticket"]) == 1547


def test_service_levels_from_the_times(support):
    answered = [t.first_response_at <= t.response_due_at for t in support["ticket"] if t.first_response_at is not None]
    resolved = [t.resolved_at <= t.resolve_due_at for t in support["ticket"] if t.resolved_at is not None]
    assert (sum(answered), len(answered)) == (2033, 2312)
    assert (sum(resolved), len(resolved)) == (1546, 1912)


def test_satisfaction(support):
    answered = [rating for rating in support["rating"] if rating.score is not None]
    assert len(answered) == 1173
    assert statistics.mean(rating.score for rating in answered) == pytest.approx(3.5107, abs=5e-5)
    assert sum(rating.satisfied for rating in answered) / len(answered) == pytest.approx(0.5669, abs=5e-5)
    assert len(support["rating"]) == 2330  # the others are surveys without an answer


def test_what_the_times_contradict_is_told(support):
    told = [problem.message for problem in support["problems"]]
    assert any(message.startswith("2 first answers lie before the creation") for message in told)
    assert support["rejects"] == []
    assert {t.channel for t in support["ticket"]} == {"email", "chat", "phone"}
    assert {t.priority for t in support["ticket"]} == {"P1", "P2", "P3"}
    assert len({t.category for t in support["ticket"]}) == 7  # eight spellings
