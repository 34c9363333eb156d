import csv
import hashlib
import io
import json

import duckdb
import pytest

from deskaudit.errors import StoreError
from deskaudit.reports import rows


@pytest.fixture
def judged(store, make_audit, make_result):
    """1200 rows: subject n is n late, every third is bad, and number 7 is hostile."""
    folder = store.path.parent / "judged"
    folder.mkdir()
    file = folder / "audit-1.parquet"
    hostile = json.dumps({"overrun_s": 7, "who": "=cmd()\x1b[31m\u202e\x9b[b]"}).replace("'", "''")
    with duckdb.connect() as connection:
        connection.execute(
            "COPY (SELECT '15.1' AS \"check\", '' AS leg, CAST(0 AS BIGINT) AS reference, CAST(NULL AS VARCHAR) AS part,"
            " n + 4611686018427387904 AS subject, CASE WHEN n % 2 = 0 THEN 'IT' END AS segment,"
            " CAST(CASE WHEN n % 3 = 0 THEN 0 ELSE 1 END AS BIGINT) AS good, CAST(NULL AS DOUBLE) AS value,"
            f" CAST(n AS DOUBLE) AS badness, CASE WHEN n = 7 THEN '{hostile}' ELSE"
            """ '{"overrun_s":' || n || ',"who":"Ann"}' END AS columns,"""
            " CASE n WHEN 1199 THEN 'ABC-1199' WHEN 7 THEN 'a' || chr(27) || '[31mred' END AS ref"
            f" FROM range(1200) AS t(n)) TO '{file}' (FORMAT parquet)"
        )
    audit_id = store.begin(make_audit())
    store.record(audit_id, [make_result(n=1200, n_rows=1200)])
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    store.finish(audit_id, finished_at=1, summary={}, judged_file=file.name, judged_sha256=digest)
    return store.audit(audit_id)


def written(store, audit, **options):
    out = io.StringIO(newline="")
    count = rows.write(store, audit, None, "15.1", out, **options)
    return count, out.getvalue()


def test_all_rows_are_streamed_as_csv(store, judged):
    count, content = written(store, judged, format_="csv")
    lines = list(csv.DictReader(io.StringIO(content)))
    assert count == len(lines) == 1200
    assert list(lines[0]) == ["leg", "subject", "ref", "segment", "good", "value", "badness", "overrun_s", "who"]
    assert [int(line["badness"]) for line in lines] == list(range(1199, -1, -1))
    assert lines[0]["subject"] == "4611686018427389103"
    assert lines[1192]["who"] == "'=cmd()[31m[b]"


def test_json_lines_are_one_object_each(store, judged):
    count, content = written(store, judged, format_="json", only_faults=True, limit=2, offset=1)
    found = [json.loads(line) for line in content.splitlines()]
    assert count == 2
    assert found[0] == {
        "leg": "",
        "subject": str(2**62 + 1194),
        "ref": "",
        "segment": "IT",
        "good": 0,
        "value": None,
        "badness": 1194.0,
        "columns": {"overrun_s": 1194, "who": "Ann"},
    }


def test_text_has_figures_and_names_where_they_are_known(store, judged, golden):
    _count, content = written(store, judged, format_="text")
    lines = content.splitlines()
    assert len(lines) == 1201
    assert "\x1b" not in content
    golden("rows.txt", "\n".join([*lines[:4], *lines[-8:-6]]) + "\n")


def test_rows_of_a_segment(store, judged):
    assert written(store, judged, format_="csv", segment="IT")[0] == 600
    assert written(store, judged, format_="csv", segment="–", only_faults=True)[0] == 200


def test_altered_rows_are_not_shown(store, judged):
    file = store.path.parent / "judged" / "audit-1.parquet"
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    out = io.StringIO()
    with pytest.raises(StoreError, match="is not what audit 1 judged"):
        rows.write(store, judged, file, "15.1", out)
    assert out.getvalue() == ""


def test_nothing_is_left_in_the_current_folder(store, judged, tmp_path, monkeypatch):
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.chdir(empty)
    written(store, judged, format_="json")
    assert list(empty.iterdir()) == []
