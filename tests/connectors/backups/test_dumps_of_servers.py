"""Dumps that the programs of real database servers write, whole and broken off."""

import os
import shutil
import subprocess
import tempfile
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from deskaudit.connectors.backups.dumps import Dumps

pytestmark = pytest.mark.realtool
CI = bool(os.environ.get("CI"))
AS_NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]  # PostgreSQL refuses root
ROWS = 20_000


def require(program):
    """Skips where a program is missing; in CI that is a failure."""
    found = shutil.which(program) or next(iter(map(str, Path("/usr/lib/postgresql").glob(f"*/bin/{program}"))), None)
    if found is None and not CI:
        pytest.skip(f"{program} is not installed")
    assert found, program
    return found


@contextmanager
def serving(words, folder, answers):
    """A server that runs until the end, from when it answers."""
    running = subprocess.Popen(words, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _try in range(300):
            if answers():
                break
            time.sleep(0.1)
        else:
            pytest.fail("the server does not answer")
        yield
    finally:
        running.kill()
        running.wait()


@pytest.fixture(scope="module")
def new_folder():
    """new_folder() → one that another user may reach, with a short path: sockets bear no long one."""
    with ExitStack() as stack:

        def make():
            made = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="db")))
            made.chmod(0o777)
            return made

        yield make


@pytest.fixture(scope="module")
def mariadb(new_folder):
    """mariadb(program, *words) → what it prints, asked of a server with one table."""
    create, server = require("mariadb-install-db"), require("mariadbd")
    folder = new_folder()
    data, socket = folder / "data", folder / "s"
    user = ["--user=root"] if os.geteuid() == 0 else []
    subprocess.run(
        [create, "--no-defaults", *user, f"--datadir={data}", "--auth-root-authentication-method=normal"],
        check=True,
        capture_output=True,
        timeout=120,
    )

    def run(program, *words):
        return subprocess.run(
            [require(program), "--no-defaults", f"--socket={socket}", "--user=root", *words],
            capture_output=True,
            timeout=120,
            check=False,
        )

    words = [server, "--no-defaults", *user, f"--datadir={data}", f"--socket={socket}", "--skip-networking"]
    with serving(words, folder, lambda: run("mariadb", "-e", "select 1").returncode == 0):
        table = f"create table t as select seq, repeat('x', 30) from seq_1_to_{ROWS}"
        made = run("mariadb", "-e", f"create database shop; use shop; {table}")
        assert made.returncode == 0, made.stderr
        yield lambda *words: run(*words).stdout


@pytest.mark.parametrize(
    ("words", "whole", "cut"),
    [
        (["shop"], "ok", "failed"),
        (["--all-databases", "--single-transaction"], "ok", "failed"),
        (["--skip-dump-date", "shop"], "ok", "failed"),
        (["--skip-comments", "shop"], "ok", "failed"),
        (["--xml", "shop"], "ok", "failed"),
        (["--compact", "shop"], "unknown", "unknown"),  # it has no last line that could be missing
        (["nowhere"], "failed", "failed"),
    ],
    ids=str,
)
def test_what_mariadb_dump_writes(ask, mariadb, words, whole, cut):
    dump = mariadb("mariadb-dump", *words)
    now = int(time.time())
    assert ask(Dumps, {"a.sql": dump}, logs=["a.sql"], written=now, now=now).states == [whole]
    assert ask(Dumps, {"b.sql": dump[:-200]}, logs=["b.sql"], written=now, now=now).states == [cut]


@pytest.fixture(scope="module")
def postgres(new_folder):
    """postgres(program, *words) → what it prints, asked of a server with one table."""
    create, server = require("initdb"), require("postgres")
    before = AS_NOBODY if os.geteuid() == 0 else []
    folder = new_folder()
    data = folder / "data"
    subprocess.run(
        [*before, create, "-D", data, "-U", "desk", "-A", "trust"],
        check=True,
        capture_output=True,
        timeout=120,
        cwd=folder,
    )

    def run(program, *words):
        asked = [require(program), "-h", folder, "-U", "desk", *words]
        return subprocess.run(asked, capture_output=True, timeout=120, check=False, cwd=folder)

    words = [*before, server, "-D", data, "-k", folder, "-c", "listen_addresses="]
    with serving(words, folder, lambda: run("psql", "-d", "postgres", "-c", "select 1").returncode == 0):
        table = f"create table t as select n, repeat('x', 30) from generate_series(1, {ROWS}) n"
        made = run("psql", "-d", "postgres", "-c", table)
        assert made.returncode == 0, made.stderr
        yield lambda *words: run(*words).stdout


@pytest.mark.parametrize(
    ("words", "whole", "cut"),
    [
        (["pg_dump", "postgres"], "ok", "failed"),
        (["pg_dump", "--inserts", "--clean", "postgres"], "ok", "failed"),
        (["pg_dumpall"], "ok", "failed"),
        (["pg_dump", "-Fc", "postgres"], "unknown", "unknown"),  # only a restore proves it
        (["pg_dump", "-Ft", "postgres"], "unknown", "unknown"),
        (["pg_dump", "nowhere"], "failed", "failed"),
    ],
    ids=str,
)
def test_what_pg_dump_writes(ask, postgres, words, whole, cut):
    dump = postgres(*words)
    now = int(time.time())
    assert ask(Dumps, {"a.sql": dump}, logs=["a.sql"], written=now, now=now).states == [whole]
    assert ask(Dumps, {"b.sql": dump[:-200]}, logs=["b.sql"], written=now, now=now).states == [cut]
