"""Database dumps: whole, cut, empty, packed, and of kinds that prove nothing."""

import bz2
import gzip
import lzma
import os

import pytest

from deskaudit.connectors.backups.dumps import Dumps
from deskaudit.errors import SourceError

DAY = 86400
MARCH = 20513 * DAY  # 2026-03-01 in UTC
BODY = b"INSERT INTO t VALUES (1);\n" * 4000
MYSQL = b"-- MySQL dump 10.13  Distrib 8.0.36\n--\n" + BODY + b"-- Dump completed on 2026-03-01  2:00:05\n"
MARIADB = (
    b"/*M!999999\\- enable the sandbox mode */ \n-- MariaDB dump 10.19\n" + BODY + b"-- Dump completed on 2026-03-01\n"
)
POSTGRES = b"--\n-- PostgreSQL database dump\n--\n\n" + BODY + b"--\n-- PostgreSQL database dump complete\n--\n\n"
RESTRICTED = POSTGRES + b"\\unrestrict aBcD\n\n"
CLUSTER = (
    b"--\n-- PostgreSQL database cluster dump\n--\n" + BODY + b"--\n-- PostgreSQL database cluster dump complete\n--\n"
)


@pytest.mark.parametrize(
    ("data", "state", "size"),
    [
        (MYSQL, "ok", len(MYSQL)),
        (MARIADB, "ok", len(MARIADB)),
        (POSTGRES, "ok", len(POSTGRES)),
        (RESTRICTED, "ok", len(RESTRICTED)),
        (CLUSTER, "ok", len(CLUSTER)),
        (gzip.compress(MYSQL), "ok", len(MYSQL)),
        (bz2.compress(POSTGRES), "ok", len(POSTGRES)),
        (lzma.compress(MYSQL), "ok", len(MYSQL)),
        (MYSQL[:-60], "failed", len(MYSQL) - 60),
        (POSTGRES[:-60], "failed", len(POSTGRES) - 60),
        (gzip.compress(MYSQL[:-60]), "failed", len(MYSQL) - 60),
        (gzip.compress(MYSQL)[:-12], "failed", None),
        (gzip.compress(MYSQL)[:60] + b"xx" + gzip.compress(MYSQL)[62:], "failed", None),
        (b"", "failed", 0),
        (gzip.compress(b""), "failed", 0),
        (b"PGDMP\x01\x0e\x00" + BODY, "unknown", None),
        (gzip.compress(b"PGDMP\x01\x0e\x00" + BODY), "unknown", len(BODY) + 8),
        (b"SQLite format 3\x00" + BODY, "unknown", None),
        (b"\x28\xb5\x2f\xfd" + BODY, "unknown", None),
        (b"Salted__" + BODY, "unknown", None),
        (BODY, "unknown", len(BODY)),
    ],
    ids=lambda value: str(len(value)) if isinstance(value, bytes) else None,  # packed bytes hold the time of packing
)
def test_a_dump_is_whole_when_its_last_line_stands_in_it(ask, data, state, size):
    (run,) = ask(Dumps, {"db.sql": data}, written=MARCH).runs
    assert (run.state, run.started_at, run.bytes_source) == (state, MARCH, size)


def test_a_trailer_of_ones_own_and_a_smallest_size(ask):
    data = BODY + b"# END OF EXPORT\n"
    assert ask(Dumps, {"db.txt": data}, trailer="# END OF EXPORT").states == ["ok"]
    assert ask(Dumps, {"db.txt": data[:-5]}, trailer="# END OF EXPORT").states == ["failed"]
    assert ask(Dumps, {"db.sql": MYSQL}, smallest=10**9).states == ["failed"]


def test_the_newest_of_a_day_counts_in_the_jobs_zone(ask, tmp_path):
    # 23:30 UTC on 28 February and 00:30 UTC on 1 March are one day in Oslo (UTC+1), two in UTC
    for name, at, data in (("db-1.sql", MARCH - 1800, MYSQL[:-60]), ("db-2.sql", MARCH + 1800, MYSQL)):
        (tmp_path / name).write_bytes(data)
        os.utime(tmp_path / name, (at, at))
    jobs = [{"name": "db", "logs": ["db-1.sql", "db-2.sql"], "only": []}]
    assert sorted(ask(Dumps, jobs=[{**jobs[0], "zone": "UTC"}]).states) == ["failed", "ok"]


def test_the_dates_in_names_do_not_make_them_different_dumps(ask, tmp_path):
    for name, at in (
        ("db_2026-02-27_020000.sql.gz", -2 * DAY),
        ("db_2026-02-28_020000.sql.gz", -DAY),
        ("db_20260301.sql.gz", 0),
        ("db_20260301T0900Z.sql.gz", 3600),
    ):
        (tmp_path / name).write_bytes(gzip.compress(MYSQL))
        os.utime(tmp_path / name, (MARCH + at, MARCH + at))
    answer = ask(Dumps, logs=["db_*.gz"])
    assert [job.name for job in answer.jobs] == ["job"]
    assert [run.started_at - MARCH for run in answer.runs] == [-2 * DAY, -DAY, 3600]


def test_two_databases_of_one_glob_are_two_jobs(ask, tmp_path):
    for name, data in (("crm-2026-03-01.sql", MYSQL), ("erp-2026-03-01.sql", MYSQL[:-60])):
        (tmp_path / name).write_bytes(data)
        os.utime(tmp_path / name, (MARCH, MARCH))
    answer = ask(Dumps, logs=["*.sql"])
    assert [run.state for run in answer.of("crm.sql")] == ["ok"]
    assert [run.state for run in answer.of("erp.sql")] == ["failed"]


def test_no_dump_is_an_error_and_a_pipe_is_told(ask, tmp_path):
    with pytest.raises(SourceError, match=r"jobs\.1\.logs: no file matches .*/\*\.sql\."):
        ask(Dumps, logs=["*.sql"])
    os.mkfifo(tmp_path / "a.sql")
    assert ask(Dumps, logs=["*.sql"]).rejects


@pytest.mark.realtool
def test_a_real_false_into_gzip_ends_well_and_is_no_dump(ask, tool, shell, tmp_path):
    tool("gzip")
    assert shell("sh", "-c", "false | gzip > db.sql.gz") == 0
    assert (tmp_path / "db.sql.gz").stat().st_size == 20
    (run,) = ask(Dumps, logs=["db.sql.gz"], now=2**40).runs
    assert (run.state, run.bytes_source) == ("failed", 0)


@pytest.mark.realtool
def test_a_real_sqlite_dump(ask, tool, shell, tmp_path):
    tool("sqlite3")
    shell(
        "sh",
        "-c",
        "sqlite3 a.db 'create table t(x); insert into t values (1)'; sqlite3 a.db .dump > a.sql; head -c 60 a.sql > cut.sql",
    )
    now = int((tmp_path / "a.sql").stat().st_mtime)
    assert ask(Dumps, logs=["a.sql"], now=now).states == ["ok"]
    assert ask(Dumps, logs=["cut.sql"], now=now).states == ["failed"]
