"""The connector against the demo's server, which was written from the same facts by other hands."""

from collections import Counter
from pathlib import Path

import msgspec
import pytest

from deskaudit.config import Source
from deskaudit.connectors import Context, build
from deskaudit.connectors.pace import Timing
from deskaudit.demo.people import short_id
from deskaudit.demo.server import Server
from deskaudit.demo.setup import ENVIRONMENT, configuration
from deskaudit.demo.troubles import Trouble
from deskaudit.demo.world import build_world
from deskaudit.model.batches import Want

NOW = 1772452800
DAY = 86400


@pytest.fixture(scope="module")
def world():
    return build_world(NOW, tickets=700)


@pytest.fixture
def connector(monkeypatch):
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)

    def connector(server, **options):
        table = {**configuration(server.url, NOW)["sources"]["helpdesk"], "page_size": 50, **options}
        context = Context("helpdesk", Path(), now=lambda: NOW, hash_key=b"h" * 32)
        built = build(Source("helpdesk", table, Path("config.toml")), context)
        built._timing = Timing(backoff_s=(0.01, 0.01, 0.01))
        return built

    return connector


def pull(connector, kit, cursor=None):
    return kit.gather(connector.pull(cursor, Want(entities=connector.fills, since_at=NOW - 1000 * DAY)))


@pytest.mark.parametrize(("zone", "everywhere"), [("UTC", True), ("Europe/Oslo", True), ("America/Phoenix", False)])
def test_all_tickets_of_the_made_up_desk_arrive_with_their_times(world, connector, kit, zone, everywhere):
    with Server(world, zone=zone, per_minute=100_000, announce_limit=True, window=10_000) as server:
        server.offset_everywhere = everywhere
        found = pull(connector(server), kit)
        statuses = Counter(asked.status for asked in server.log)
        assert not server.writes
    assert {code: ticket.created_at for code, ticket in found.by_code.items()} == {
        short_id(ticket.number): ticket.created for ticket in world.tickets if ticket.created <= NOW
    }
    assert not found.problems
    assert not found.rejects
    assert set(statuses) <= {200, 206}
    assert all(ticket.priority in {"P1", "P2", "P3", "P4"} and ticket.category for ticket in found.rows["ticket"])
    calls = {row.ext_id: row.started_at for row in found.rows["interaction"] if row.channel == "call"}
    assert sorted(calls.values()) == sorted(call.created for call in world.calls if call.finished <= NOW)


def test_every_trouble_of_the_demo_is_survived(world, connector, kit):
    with Server(world, per_minute=100_000, announce_limit=True) as server:
        whole = pull(connector(server), kit)
        for path, kinds in {
            "/tickets": ("500", "502", "truncated"),
            "/contacts": ("error_object", "html", "close"),
            "/agents": ("close", "truncated"),
        }.items():
            for kind in kinds:
                server.faults.add(Trouble(kind=kind, path=path))
        server.faults.add(Trouble(kind="429", path="/calls", retry_after=1))
        troubled = connector(server)
        found = pull(troubled, kit)
    assert not found.problems
    assert {entity: {row.id for row in rows} for entity, rows in found.rows.items()} == {
        entity: {row.id for row in rows} for entity, rows in whole.rows.items()
    }


def test_a_lived_on_desk_is_pulled_by_its_changes_alone(world, connector, kit):
    with Server(world, per_minute=100_000, announce_limit=True, until=NOW - 7 * DAY) as server:
        first = pull(connector(server), kit)
        before = server.count("/tickets")
        server.advance(NOW)
        second = pull(connector(server), kit, first.cursor)
        asked = server.count("/tickets") - before
        whole = pull(connector(server), kit)
    merged = {**{row.id: row for row in first.rows["ticket"]}, **{row.id: row for row in second.rows["ticket"]}}
    assert merged == {row.id: row for row in whole.rows["ticket"]}
    assert len(second.rows["ticket"]) < len(whole.rows["ticket"]) / 4
    assert asked < before / 2


def test_the_mapping_of_the_made_up_desk_is_found_from_its_tickets(world, connector):
    from deskaudit.connectors.proposals import preview, propose

    with Server(world, per_minute=100_000, announce_limit=True) as server:
        seen = connector(server).sample(200)
        asked = server.count()
    assert len({one.ticket.id for one in seen}) == 200
    changed = [one.ticket.changed_at for one in seen]
    assert changed == sorted(changed, reverse=True)  # the latest
    assert asked < 10
    proposal = propose([msgspec.structs.replace(one, ticket=bare(one.ticket)) for one in seen])
    assert proposal.mapping.priority.field == "priority"
    assert proposal.mapping.category.tag == "cat-*"
    assert proposal.mapping.type.field == "type"
    assert {one["priority"] for one in preview(seen, proposal.mapping, 200)} == {"P1", "P2", "P3", "P4"}


def bare(ticket):
    """As it is without a mapping."""
    return msgspec.structs.replace(ticket, priority=None, category=None, type=None)


def test_the_words_of_chats_tell_when_they_were_picked_up(world, connector, kit):
    with Server(world, per_minute=100_000, announce_limit=True) as server:
        source = connector(server, messages="all")
        wanted = frozenset({"ticket", "agent", "event"})
        found = kit.gather(source.pull(None, Want(entities=wanted, since_at=NOW - 1000 * DAY)))
    ticket_of = {row.id: row.ext_id for row in found.rows["ticket"]}
    answered = {}
    for row in found.rows["event"]:
        if (row.kind, row.actor) == ("reply", "agent"):
            code = ticket_of[row.ticket_id]
            answered[code] = min(row.happened_at, answered.get(code, row.happened_at))
    chats = {short_id(chat.ticket): chat.started for chat in world.chats if chat.started and chat.finished <= NOW}
    assert len(chats) > 20
    assert {code: answered.get(code) for code in chats} == chats
