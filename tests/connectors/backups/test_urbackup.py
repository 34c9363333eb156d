"""UrBackup: saved answers of its server in their documented shapes."""

import json

from deskaudit.connectors.backups.urbackup import Urbackup

DAY = 86400
MARCH = 20513 * DAY  # 2026-03-01 in UTC


def client(name: str = "srv1", **changed: object) -> dict[str, object]:
    return {
        "id": 1,
        "name": name,
        "lastbackup": MARCH,
        "lastbackup_image": 0,
        "file_ok": True,
        "image_ok": False,
        **changed,
    }


def test_the_status_has_the_last_backup_of_each_client(ask):
    rows = [
        client(),
        client("srv2", file_ok=False),
        client("srv3", last_filebackup_issues=4),
        client("srv4", lastbackup="-"),
    ]
    answer = ask(Urbackup, {"status.json": json.dumps({"status": rows})})
    found = {job.name: [run.state for run in answer.of(job.name)] for job in answer.jobs}
    assert found == {"srv1 (file)": ["ok"], "srv2 (file)": ["unknown"], "srv3 (file)": ["partial"]}
    assert "srv1: UrBackup says that its image backups are not well" in answer.said
    assert "srv4: UrBackup says that its image" in answer.said


def test_activities_have_lengths_and_restores(ask):
    acts = [
        {"name": "srv1", "backuptime": MARCH - DAY, "duration": 600, "size_bytes": 5000, "incremental": 0, "image": 0, "restore": 0, "del": False},
        {"name": "srv1", "backuptime": MARCH, "duration": 60, "size_bytes": 50, "incremental": 1, "image": 0, "restore": 0, "del": False},
        {"name": "srv1", "backuptime": MARCH + 100, "duration": 60, "image": 0, "restore": 1, "del": False},
        {"name": "srv1", "backuptime": MARCH + 200, "duration": 60, "image": 0, "restore": 0, "del": True},
    ]  # fmt: skip
    answer = ask(Urbackup, {"acts.json": json.dumps({"lastacts": acts}), "status.json": json.dumps([client()])})
    assert [(run.started_at - MARCH, run.ended_at - MARCH, run.bytes_source) for run in answer.runs] == [
        (-DAY, 600 - DAY, 5000),
        (0, 60, None),
    ]
    (record,) = answer.records
    assert (record.about, record.happened_at) == ("srv1 (file)", MARCH + 100)


def test_issues_of_the_status_count_more_than_the_activity(ask):
    acts = [{"name": "srv1", "backuptime": MARCH, "duration": 60, "size_bytes": 50}]
    files = {"acts.json": json.dumps(acts), "status.json": json.dumps([client(last_filebackup_issues=2)])}
    (run,) = ask(Urbackup, files).runs
    assert (run.state, run.bytes_added) == ("partial", 50)


def test_something_else_is_refused(ask):
    assert ask(Urbackup, {"x.json": '{"error": 1}'}).rejects
