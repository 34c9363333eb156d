import hashlib

import duckdb
import pytest

from deskaudit.errors import ConfigError, StoreError
from deskaudit.model.verdicts import Status
from deskaudit.store import Store
from deskaudit.store.judged import JudgedRow, JudgedRows


def save(folder, rows):
    """A frozen file with the columns of the contract; returns it and its hash."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "audit-1.parquet"
    with duckdb.connect() as connection:
        connection.execute(
            'CREATE TABLE rows ("check" VARCHAR, leg VARCHAR, reference BIGINT, part VARCHAR, subject BIGINT,'
            " segment VARCHAR, good BIGINT, value DOUBLE, badness DOUBLE, columns VARCHAR, ref VARCHAR)"
        )
        connection.executemany("INSERT INTO rows VALUES (?, ?, ?, NULL, ?, ?, ?, ?, ?, ?, NULL)", rows)
        connection.execute(f"COPY rows TO '{str(file).replace(chr(39), chr(39) * 2)}' (FORMAT parquet)")
    return file, hashlib.sha256(file.read_bytes()).hexdigest()


ROWS = [
    ("15.1", "", 0, 1, "IT", 0, None, 5.0, '{"due_at": 10, "who": "a\\u001b[31mb"}'),
    ("15.1", "", 0, 2, None, 1, None, None, '{"due_at": 20, "who": null}'),
    ("15.1", "", 0, 2**62 + 1, "IT", 0, 1.5, 9.0, '{"due_at": 30, "who": "c"}'),
    ("15.1", "late", 0, 3, "IT", None, None, 9.0, '{"hours": 1}'),
    ("15.1", "", 1, 4, "IT", 0, None, 99.0, '{"due_at": 1, "who": ""}'),
    ("2.1", "", 0, 5, "IT", 0, None, 1.0, None),
]


@pytest.fixture
def audit(store, make_audit, make_result):
    _file, digest = save(store.path.parent / "judged", ROWS)
    audit_id = store.begin(make_audit())
    store.record(audit_id, [make_result(status=Status.FAIL), make_result(check="2.1", name="cost")])
    store.finish(audit_id, finished_at=1, summary={}, judged_file="audit-1.parquet", judged_sha256=digest)
    return store.audit(audit_id)


def subjects(rows):
    return [row.subject for page in rows.pages() for row in page]


def test_rows_come_worst_first_with_their_columns(store, audit):
    with JudgedRows(store, audit, "sla-missed") as rows:
        assert rows.count() == 4
        assert rows.columns() == ["due_at", "who", "hours"]
        assert subjects(rows) == [3, 2**62 + 1, 1, 2]
        first = next(rows.pages(offset=2, limit=1))
    assert first == [JudgedRow("", 0, 1, "IT", 0, None, 5.0, {"due_at": 10, "who": "a[31mb"})]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"leg": ""}, [2**62 + 1, 1, 2]),
        ({"leg": "late"}, [3]),
        ({"only_bad": True}, [2**62 + 1, 1]),
        ({"segment": "–"}, [2]),
        ({"segment": "IT", "leg": ""}, [2**62 + 1, 1]),
        ({"reference": True}, [4]),
    ],
)
def test_rows_are_picked(store, audit, wanted, expected):
    with JudgedRows(store, audit, "15.1", **wanted) as rows:
        assert subjects(rows) == expected
        assert rows.count() == len(expected)
        assert rows.subjects() == set(expected)


def test_pages_are_as_long_as_asked(store, audit):
    with JudgedRows(store, audit, "15.1") as rows:
        assert [len(page) for page in rows.pages(size=3)] == [3, 1]
        assert [len(page) for page in rows.pages(size=3, limit=2)] == [2]
        pages = rows.pages(size=1)
        next(pages)
        assert rows.count() == 4, "another question does not disturb a page that is being read"
        assert len(next(pages)) == 1


def test_an_altered_file_is_refused(store, audit):
    file = store.path.parent / "judged" / "audit-1.parquet"
    file.write_bytes(file.read_bytes() + b"\0")
    with pytest.raises(StoreError, match="is not what audit 1 judged") as caught:
        JudgedRows(store, audit, "15.1")
    assert str(file) in caught.value.message


def test_a_missing_file_is_named(store, audit):
    (store.path.parent / "judged" / "audit-1.parquet").unlink()
    with pytest.raises(StoreError, match="cannot be read"):
        JudgedRows(store, audit, "15.1")


def test_an_audit_without_judged_rows_says_so(store, run_audit, make_result):
    with pytest.raises(StoreError, match="no judged rows"):
        JudgedRows(store, run_audit(make_result()), "15.1")


def test_an_unknown_check_names_the_nearest(store, audit):
    with pytest.raises(ConfigError) as caught:
        JudgedRows(store, audit, "sla-misst")
    assert "sla-missed" in caught.value.hint


def test_a_file_that_is_no_parquet_is_named(store, make_audit, make_result):
    folder = store.path.parent / "judged"
    folder.mkdir()
    (folder / "x.parquet").write_bytes(b"x")
    audit_id = store.begin(make_audit())
    store.record(audit_id, [make_result()])
    digest = hashlib.sha256(b"x").hexdigest()
    store.finish(audit_id, finished_at=1, summary={}, judged_file="x.parquet", judged_sha256=digest)
    with pytest.raises(StoreError, match="cannot be read as judged rows"):
        JudgedRows(store, store.audit(audit_id), "15.1")


def test_a_folder_may_have_any_name(tmp_path, make_audit, make_result):
    with Store.open(tmp_path / "it's [a] *data?" / "deskaudit.db") as store:
        file, digest = save(store.path.parent / "judged", ROWS)
        audit_id = store.begin(make_audit())
        store.record(audit_id, [make_result()])
        store.finish(audit_id, finished_at=1, summary={}, judged_file=file.name, judged_sha256=digest)
        with JudgedRows(store, store.audit(audit_id), "15.1") as rows:
            assert rows.count() == 4
        with JudgedRows(store, store.audit(audit_id), "15.1", file=file) as rows:
            assert rows.count() == 4
