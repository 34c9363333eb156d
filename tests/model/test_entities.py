"""The model: names that every engine takes unquoted, identities, and who counts as satisfied."""

import duckdb
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskaudit.model import entities
from deskaudit.model.keys import person_hash, row_key
from deskaudit.model.ratings import judge


@pytest.mark.parametrize("entity", entities.ENTITIES)
def test_every_column_can_be_written_without_quotes(entity):
    with duckdb.connect() as connection:
        names = entities.columns(entity)
        connection.execute(f"CREATE TABLE {entity} ({', '.join(f'{n} {t}' for n, t in names.items())})")
        for name in names:
            connection.execute(f"SELECT t.{name}, {name} FROM {entity} t WHERE {name} IS NULL ORDER BY {name}")


def test_optional_means_none():
    for entity in entities.ENTITIES.values():
        assert {f.default for f in msgspec.structs.fields(entity) if not f.required} == {None}


@given(st.text(), st.text(), st.text())
def test_ids_fit_a_signed_64_bit_column(source, entity, ext_id):
    assert 0 <= row_key(source, entity, ext_id) < 2**63


def test_ids_differ_by_each_part():
    keys = {
        row_key("a", "ticket", "1"),
        row_key("b", "ticket", "1"),
        row_key("a", "event", "1"),
        row_key("a", "ticket", "2"),
    }
    assert len(keys) == 4


def test_a_person_is_the_same_hash_however_written_and_differs_by_key():
    assert person_hash(" Ann@Example.org", b"k") == person_hash("ann@example.org ", b"k")
    assert person_hash("+47 22 33 44", b"k") == person_hash("+47223344", b"k")
    assert person_hash("ann@example.org", b"k") != person_hash("ann@example.org", b"other")
    assert person_hash("  ", b"k") is None
    assert "ann" not in (person_hash("ann@example.org", b"k") or "")


@pytest.mark.parametrize(
    ("score", "low_end", "high_end", "satisfied", "low"),
    [
        (5, 1, 5, True, False),
        (4, 1, 5, True, False),
        (3, 1, 5, False, False),
        (2, 1, 5, False, True),
        (1, 1, 5, False, True),
        (8, 0, 10, True, False),
        (7, 0, 10, False, False),
        (4, 0, 10, False, True),
        (1, 0, 1, True, False),
        (0, 0, 1, False, True),
        (None, 1, 5, None, None),
    ],
)
def test_who_is_satisfied(score, low_end, high_end, satisfied, low):
    assert judge(score, low_end, high_end) == (satisfied, low)
