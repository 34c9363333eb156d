"""Setting up a source of somebody else's connector: its first rows, and a mapping that nobody can propose."""

import pytest

from deskaudit.audit import setup
from deskaudit.audit.desk import Desk
from deskaudit.model.events import PullWarned
from deskaudit.paths import Paths

MODULE = """
import msgspec

from deskaudit.connectors.mapping import Facts, Mapper, TicketMapping
from deskaudit.model.batches import Batch, Probe
from deskaudit.model.entities import Contact, Ticket


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    {mapping}
    help = {{"mapping": "The desk's words."}}


class Extra:
    name, title, options, tested = "extra", "Extra", Options, "fixture"
    fills = frozenset({{"ticket", "contact"}})

    def __init__(self, options, context):
        self.options, self.context = options, context

    def probe(self):
        return Probe(reachable=True, authorised=True, message="It answers.")

    def pull(self, cursor, want):
        mapper = Mapper(getattr(self.options, "mapping", TicketMapping()))
        said = mapper.map(Facts(fields={{"urgency": "high"}})).priority
        for page in range((cursor or {{}}).get("page", -1) + 1, 3):
            numbers = range(page * 10, page * 10 + 10)
            rows = [Ticket(id=self.context.key("ticket", n), ext_id=str(n), priority=said) for n in numbers]
            people = [Contact(id=self.context.key("contact", n % 2), ext_id=f"seen {{n}}") for n in numbers]
            yield Batch(rows=[*rows, *people], cursor={{"page": page}})
"""
MAPPING = "mapping: TicketMapping = msgspec.field(default_factory=TicketMapping)"
SOURCE = '[sources.odd]\ntype = "extra"\n'


@pytest.fixture
def install(installed):
    def make(mapping=MAPPING):
        installed({"extra_source.py": MODULE.format(mapping=mapping)}, connectors="extra_source:Extra")

    return make


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        (
            MAPPING,
            "odd: the connector extra gives no samples of its tickets, so that nothing can be proposed. Write the",
        ),
        (MAPPING, "by hand under [sources.odd.mapping]: docs/sources.md lists its keys"),
        ("pass", "odd: the connector extra takes no mapping: what it does not tell stays unknown."),
    ],
)
def test_a_connector_without_samples_is_told_as_that(install, call, tmp_path, mapping, said):
    install(mapping)
    code, out, err = call("sources", "propose", "odd", more=SOURCE)
    assert (code, out) == (2, "")
    assert said in err


def test_the_first_rows_show_each_thing_once_as_it_was_last(install, monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    install()
    (tmp_path / "config.toml").write_text(SOURCE)
    desk = Desk(Paths(config=tmp_path / "config.toml", data=tmp_path / "data"))
    sample = setup.look(desk, setup.Draft("odd", {"type": "extra"}), lambda: False)
    assert sample.counts == {"ticket": 30, "contact": 2}
    assert [row.ext_id for row in sample.rows["contact"]] == ["seen 28", "seen 29"]
    assert len(sample.rows["ticket"]) == 10
    assert "write the mapping by hand" in sample.reasons[0].lower()


def test_a_mapping_holds_for_tickets_that_were_pulled_before_it(install, monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    install()

    def pull(config):
        (tmp_path / "config.toml").write_text(config)
        desk = Desk(Paths(config=tmp_path / "config.toml", data=tmp_path / "data"))
        told = [event.message for event in desk.pull() if isinstance(event, PullWarned)]
        with desk.snapshot.open() as reader:
            query = "SELECT priority, COUNT(*) FROM ticket GROUP BY priority"
            return reader.connection.execute(query).fetchall(), told

    rule = '[sources.odd.mapping.priority]\nfield = "urgency"\nvalues = { high = "P1" }\n'
    assert pull(SOURCE) == ([(None, 30)], [])
    found, (told,) = pull(SOURCE + rule)
    assert found == [("P1", 30)]
    assert "all rows were read again" in told
    assert pull(SOURCE + rule) == ([("P1", 30)], [])
