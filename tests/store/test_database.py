"""The file itself: modes, locks, full disks, kills, other people's files. Real processes, real SQLite."""

import os
import resource
import signal
import sqlite3
import stat
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from deskaudit.errors import StoreError
from deskaudit.store import Store
from deskaudit.store.filesystems import find_network

HEAD = """
import os, resource, sys, time
from pathlib import Path
from deskaudit.model.verdicts import Audit, Evidence, Result, Status
from deskaudit.store import Store

path = Path(sys.argv[1])

def result(check, size=0):
    rows = [Evidence(rank=n, of="ticket", subject=n, title="x" * 400) for n in range(size)]
    return Result(item="HD-15", check=check, name="n" + check, title="t", status=Status.PASS, kind="ratio",
                  unit="share", better="higher", evidence=rows)

def begin(store, kind="full"):
    return store.begin(Audit(id=0, kind=kind, state="running", started_at=1, period_start=0, period_end=1, as_of=1))
"""


def start(path, code, **options):
    script = HEAD + textwrap.dedent(code)
    return subprocess.Popen(
        [sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options
    )


def end(process):
    out, err = process.communicate(timeout=60)
    return out, err


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o777])
def test_only_its_owner_may_read_the_file_and_its_side_files(path, make_audit, umask):
    before = os.umask(umask)
    try:
        path.parent.mkdir(mode=0o700)
        path.parent.chmod(0o700)
        with Store.open(path) as store:
            store.begin(make_audit())
            modes = {file.name: mode(file) for file in path.parent.iterdir()}
    finally:
        os.umask(before)
    assert modes == {"deskaudit.db": 0o600, "deskaudit.db-wal": 0o600, "deskaudit.db-shm": 0o600}


def test_the_folder_is_made_for_its_owner_alone(path):
    Store.open(path).close()
    assert mode(path.parent) == 0o700


def test_a_file_that_everybody_may_read_is_reported_and_a_shared_one_left_alone(path):
    Store.open(path).close()
    path.chmod(0o660)
    with Store.open(path) as store:
        assert store.warnings == []
    assert mode(path) == 0o660
    path.chmod(0o644)
    with Store.open(path) as store:
        assert [str(path) in warning and "chmod 600" in warning for warning in store.warnings] == [True]


def test_two_processes_work_at_once(path):
    writer = """
    with Store.open(path) as store:
        audit_id = begin(store)
        print("ready", flush=True)
        for number in range(60):
            store.record(audit_id, [result(f"1.{number}", size=5)])
            assert len(store.done_checks(audit_id)) == number + 1
        store.finish(audit_id, finished_at=2, summary={}, judged_file=None, judged_sha256=None)
        print(audit_id)
    """
    processes = [start(path, writer), start(path, writer)]  # both create and migrate the same new file
    ids = []
    for process in processes:
        out, err = end(process)
        assert process.returncode == 0, err
        ids.append(int(out.split()[-1]))
    assert sorted(ids) == [1, 2]
    with Store.open(path) as store:
        for audit_id in ids:
            assert store.count_results(audit_id) == 60
            assert all(len(one.evidence) == 5 for one in store.results(audit_id, evidence=True))


def test_a_reader_is_not_held_up_by_a_writer(path, make_audit):
    with Store.open(path) as store:
        audit_id = store.begin(make_audit())
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        other.execute("DELETE FROM audit")
        assert store.audit(audit_id).id == audit_id
        other.execute("ROLLBACK")
        other.close()


def test_a_locked_file_is_named_with_what_to_do(path, make_audit):
    Store.open(path).close()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        with Store.open(path, busy_ms=50) as store:
            with pytest.raises(StoreError, match="locked") as caught:
                store.begin(make_audit())
            assert str(path) in caught.value.message
            assert f"fuser -v {path}" in caught.value.hint
            other.execute("ROLLBACK")
            assert store.begin(make_audit()) == 1
    finally:
        other.close()


def test_a_kill_loses_nothing_that_was_recorded(path):
    killed = start(
        path,
        """
        store = Store.open(path)
        audit_id = begin(store)
        for number in range(5):
            store.record(audit_id, [result(f"1.{number}")])
        with store._database.write() as db:
            db.execute("DELETE FROM result")
            print("in the middle", flush=True)
            time.sleep(60)
        """,
    )
    assert killed.stdout.readline().strip() == "in the middle"
    killed.send_signal(signal.SIGKILL)
    end(killed)
    with Store.open(path, busy_ms=1000) as store:
        (audit,) = store.interrupted()
        assert store.done_checks(audit.id) == {f"1.{number}" for number in range(5)}
        store.interrupt(audit.id, "Its process was killed.")
        assert store.audit(audit.id).state == "interrupted"
        store.resume(audit.id)
        store.finish(audit.id, finished_at=2, summary={}, judged_file=None, judged_sha256=None)
        assert [one.state for one in store.audits()] == ["completed"]


def test_a_full_disk_leaves_what_was_there(path, make_audit, make_result):
    with Store.open(path) as store:
        audit_id = store.begin(make_audit())
        store.record(audit_id, [make_result()])
        pages = store._database.rows("PRAGMA page_count")[0]["page_count"]
        store._database.rows(f"PRAGMA max_page_count = {pages}")
        big = [make_result(check=f"2.{number}", reason="x" * 5000, segment=str(number)) for number in range(50)]
        with pytest.raises(StoreError, match="full") as caught:
            store.record(audit_id, big)
        assert str(path) in caught.value.message
        assert f"df -h {path.parent}" in caught.value.hint
        assert store.done_checks(audit_id) == {"15.1"}
        store._database.rows("PRAGMA max_page_count = 1000000")
        store.record(audit_id, big)
        assert store.count_results(audit_id, segments=True) == 51


def test_a_file_that_may_not_grow_leaves_what_was_there(path):
    limited = start(
        path,
        """
        import signal
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        store = Store.open(path)
        audit_id = begin(store)
        store.record(audit_id, [result("1.1")])
        resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, resource.RLIM_INFINITY))
        try:
            for number in range(200):
                store.record(audit_id, [result(f"2.{number}", size=20)])
        except Exception as fault:
            print(type(fault).__name__, store.count_results(audit_id) == number + 1)
        """,
    )
    out, err = end(limited)
    assert out.split() == ["StoreError", "True"], err
    with Store.open(path) as store:
        assert "1.1" in store.done_checks(store.audits()[0].id)
        assert store._database.rows("PRAGMA integrity_check") == [{"integrity_check": "ok"}]
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY


def test_a_file_of_a_newer_program_is_refused_and_untouched(path, make_audit):
    with Store.open(path) as store:
        store.begin(make_audit())
    other = sqlite3.connect(path)
    other.execute(
        "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('deskaudit', 'from_2030', '2030')"
    )
    other.commit()
    other.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"newer deskaudit .*from_2030") as caught:
        Store.open(path)
    assert "Upgrade" in caught.value.hint
    assert path.read_bytes() == before


def test_the_database_of_another_program_is_refused(path):
    path.parent.mkdir()
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE bookmarks (url TEXT)")
    other.close()
    with pytest.raises(StoreError, match="another program"):
        Store.open(path)


@pytest.mark.parametrize(
    ("content", "message"), [(b"no database at all, but long enough to be looked at" * 40, "damaged")]
)
def test_a_file_that_is_no_database_is_named(path, content, message):
    path.parent.mkdir()
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(StoreError, match=message) as caught:
        Store.open(path)
    assert str(path) in caught.value.message
    assert path.read_bytes() == content


def test_what_is_no_file_is_named(tmp_path):
    with pytest.raises(StoreError, match="is not a file"):
        Store.open(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be made"):
        Store.open(tmp_path / "file" / "deskaudit.db")


MOUNTS = """\
22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
23 22 0:21 / /srv rw - nfs4 server:/export rw
24 23 254:1 / /srv/local rw - xfs /dev/vdb rw
25 22 0:22 / /mnt/with\\040blank rw shared:1 - cifs //server/share rw
26 22 0:23 / /home/me/mount rw - fuse.sshfs me@server: rw
27 26 0:24 / /home/me/mount rw - tmpfs tmpfs rw
"""


@pytest.mark.parametrize(
    ("place", "kind"),
    [
        ("/var/lib/deskaudit.db", None),
        ("/srv/data/deskaudit.db", "nfs4"),
        ("/srv/local/deskaudit.db", None),
        ("/srvx/deskaudit.db", None),
        ("/mnt/with blank/deskaudit.db", "cifs"),
        ("/home/me/mount/deskaudit.db", None),
    ],
)
def test_network_file_systems_are_recognised(tmp_path, place, kind):
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS)
    assert find_network(Path(place), mounts) == kind


def test_where_mounts_cannot_be_read_the_file_counts_as_local(tmp_path):
    assert find_network(tmp_path, tmp_path / "missing") is None


def test_on_a_network_file_system_the_safe_journal_is_used(path, make_audit, make_result, tmp_path):
    mounts = tmp_path / "mountinfo"
    mounts.write_text(f"22 1 254:0 / / rw - ext4 /dev/vda rw\n23 22 0:21 / {path.parent} rw - nfs4 server:/x rw\n")
    Store.open(path).close()
    with Store.open(path, mounts=mounts) as store:
        assert ["nfs4" in warning for warning in store.warnings] == [True]
        assert store._database.rows("PRAGMA journal_mode") == [{"journal_mode": "delete"}]
        audit_id = store.begin(make_audit())
        store.record(audit_id, [make_result()])
        assert not path.with_name("deskaudit.db-wal").exists()
        assert store.count_results(audit_id) == 1
    with Store.open(path) as store:
        assert store._database.rows("PRAGMA journal_mode") == [{"journal_mode": "wal"}]


def test_commits_reach_the_disk_and_keys_are_enforced(store):
    assert store._database.rows("PRAGMA synchronous") == [{"synchronous": 2}]
    assert store._database.rows("PRAGMA foreign_keys") == [{"foreign_keys": 1}]


def test_a_stop_inside_a_transaction_leaves_none_open(store, make_audit):
    """Ctrl-C can come anywhere, also right behind BEGIN: the next transaction must still begin."""

    class Stopping:
        def __init__(self, connection):
            self.real = connection

        def __getattr__(self, name):
            return getattr(self.real, name)

        def execute(self, sql, *values):
            self.real.execute(sql, *values)
            raise KeyboardInterrupt

    database = store._database
    real = database._db.conn
    for transaction in (database.write, database.read):
        database._db.conn = Stopping(real)
        with pytest.raises(KeyboardInterrupt), transaction():
            pass
        database._db.conn = real
        assert not real.in_transaction
    assert store.begin(make_audit()) == 1


def test_a_cell_that_is_no_json_is_named(store, path, make_audit):
    store.begin(make_audit())
    with sqlite3.connect(path) as other:
        other.execute("UPDATE audit SET weights = '{bad'")
    other.close()
    with pytest.raises(StoreError, match="no JSON") as caught:
        store.audits()
    assert "backup" in caught.value.hint


class TestReadingAlone:
    """A folder that may not be written: looked at by a child without rights, since nothing is forbidden to root."""

    @pytest.fixture
    def look(self, path, make_audit):
        """What the child saw: the ids of the audits, then what became of its try to write; or what it was told."""

        def see():
            try:
                with Store.open(path, reading=True) as store:
                    yield str([audit.id for audit in store.audits()])
                    store.begin(make_audit())
                    yield "written"
            except StoreError as fault:
                yield str(fault)

        def run():
            Store.open(
                path.parent.with_name("warm-up") / "x.db"
            ).close()  # what is imported late is read while it may be
            ours, theirs = os.pipe()
            child = os.fork()
            if not child:
                try:
                    if os.geteuid() == 0:
                        os.setgroups([])
                        os.setresgid(65534, 65534, 65534)
                        os.setresuid(65534, 65534, 65534)
                    os.write(theirs, "\n".join(see()).encode())
                finally:
                    os._exit(0)
            os.close(theirs)
            os.waitpid(child, 0)
            with os.fdopen(ours) as told:
                return told.read()

        return run

    @pytest.fixture
    def shut(self, path):
        """Nobody may write there any more, everybody may read."""

        def shut():
            for folder in path.parents:
                if folder.stat().st_uid == os.geteuid() and folder.name.startswith(
                    ("pytest", "popen", path.parent.parent.name)
                ):
                    folder.chmod(0o755)
            for file in path.parent.iterdir():
                file.chmod(0o444)
            path.parent.chmod(0o555)

        yield shut
        path.parent.chmod(0o700)

    def test_what_may_not_be_written_is_read(self, path, make_audit, look, shut):
        with Store.open(path) as store:
            store.begin(make_audit())
        shut()
        told = look()
        assert told.startswith("[1]\n")
        assert "cannot be opened for writing" in told
        assert [file.name for file in path.parent.iterdir()] == [path.name]

    def test_what_somebody_else_is_writing_is_read_with_his_journal(self, path, make_audit, look, shut):
        with Store.open(path) as store:
            store.begin(make_audit())
            store.begin(make_audit())
            shut()
            assert look().startswith("[2, 1]\n")

    def test_an_older_schema_is_named_and_left_alone(self, path, look, shut):
        from sqlite_utils import Database as SqliteUtils

        from deskaudit.store.migrations import migrations

        path.parent.mkdir(mode=0o700)
        db = SqliteUtils(path, execute_plugins=False)
        migrations().apply(db, stop_before="create_answers")
        db.close()
        before = path.read_bytes()
        shut()
        assert "written by an older deskaudit, and may only be read" in look()
        assert path.read_bytes() == before

    def test_without_a_file_nothing_is_made(self, path):
        with Store.open(path, reading=True) as store:
            assert store.audits() == []
        assert not path.parent.exists()

    def test_what_may_be_written_is_migrated_as_ever(self, path, make_audit):
        with Store.open(path) as store:
            store.begin(make_audit())
        with Store.open(path, reading=True) as store:
            assert store.begin(make_audit()) == 2


def test_a_folder_that_cannot_be_looked_into_is_named(tmp_path):
    file = tmp_path / ("x" * 300) / "deskaudit.db"  # no file system has such a name
    with pytest.raises(StoreError, match=r"deskaudit\.db cannot be made or opened: File name too long"):
        Store.open(file, reading=True)
