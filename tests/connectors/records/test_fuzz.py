"""Whatever the bytes of a table say: rows, rejects and problems come of it, or a SourceError."""

import tomllib

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from deskaudit import connectors
from deskaudit.config import Source
from deskaudit.connectors import Context
from deskaudit.errors import SourceError
from deskaudit.model.batches import Want
from deskaudit.model.entities import ENTITIES

CASES = {
    "people": ('columns = { email = "a", manager = "b", department = "c", left_at = "d", mfa = "e" }', 5),
    "contacts": ('region = "NO"\ncolumns = { email = "a", phone = "b", country = "c", language = "d" }', 5),
    "calls": (
        'region = "NO"\nduration_unit = "s"\ncolumns = { key = "e", started_at = "a", wait = "b", caller = "c", outcome = "d" }',
        5,
    ),
    "surveys": ('columns = { score = "b", sent_at = "a", rated_at = "d", comment = "c", customer = "e" }', 5),
    "articles": ('columns = { title = "c", updated_at = "a", views = "b", status = "d", url = "e" }', 5),
    "article_links": ('tickets_of = "x"\ncolumns = { ticket = "c", article = "b", linked_at = "a" }', 5),
    "worktime": (
        'duration_unit = "h"\ncolumns = { started_at = "a", duration = "b", agent = "c", entered_at = "d" }',
        5,
    ),
    "proofs": ('columns = { about = "c", happened_at = "a", expires_at = "d", agent = "e" }', 5),
    "finance": ('columns = { period = "a", cost = "b", seats_paid = "c", currency = "d" }', 5),
    "audience": ('period = "2026"\ncolumns = { country = "c", users = "b", language = "d" }', 5),
}
GOOD = (
    b"a,b,c,d,e\n2026-03-01 10:00,12.5,kari@example.com,2026-03-02,yes\n2026-04-01,7,Norway,answered,22334455\n,,,,\n"
)
MASTER = (
    b'"","22334455","600","from-trunk","","c","SIP/101-1","Queue","h,t","2026-09-01 08:00:00","2026-09-01 08:00:10",'
    b'"2026-09-01 08:00:30",30,20,"ANSWERED","D","1.1","","","1.1",2\n'
)


def read(tmp_path, kind: str, options: str, content: bytes) -> None:
    (tmp_path / "t.csv").write_bytes(content)
    table = tomllib.loads(f'[sources.desk]\ntype = "{kind}"\npath = "t.csv"\n{options}\n')["sources"]["desk"]
    context = Context("desk", tmp_path, now=lambda: 1_790_000_000, hash_key=b"key")
    connector = connectors.build(Source("desk", table, tmp_path / "config.toml"), context)
    connector.probe()
    try:
        for batch in connector.pull(None, Want(entities=frozenset(ENTITIES), since_at=0)):
            ids = [row.id for row in batch.rows]
            assert len(ids) == len(set(ids))
    except SourceError as fault:
        assert fault.message


def mutations(good: bytes) -> st.SearchStrategy[bytes]:
    """Bytes cut, flipped, and spliced in."""
    places = st.integers(0, len(good))
    bits = st.sampled_from(
        [b",", b'"', b"\n", b"\x00", b"\xff", b"-", b"9" * 30, b"\xe2\x80\xae", b"1e999", b"#", b"0000-00-00"]
    )
    return st.lists(st.tuples(places, places, st.one_of(bits, st.binary(max_size=4))), max_size=4).map(
        lambda cuts: splice(good, cuts)
    )


def splice(good: bytes, cuts: list[tuple[int, int, bytes]]) -> bytes:
    for start, end, inserted in cuts:
        low, high = sorted((start, end))
        good = good[:low] + inserted + (good[high:] if high - low < 12 else good[low:])
    return good


@pytest.mark.parametrize("kind", CASES)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=mutations(GOOD))
@example(content=GOOD)
@example(content=b"")
def test_mutated_tables(tmp_path, kind, content):
    read(tmp_path, kind, CASES[kind][0], content)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=mutations(MASTER * 2))
def test_mutated_cdr(tmp_path, content):
    read(tmp_path, "calls", 'preset = "asterisk"\nregion = "NO"', content)
