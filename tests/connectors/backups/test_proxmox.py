"""Proxmox: vzdump logs and task lists in their documented shapes."""

import json

import pytest

from deskaudit.connectors.backups.proxmox import Proxmox

DAY = 86400
MARCH = 20513 * DAY  # 2026-03-01 in UTC
TASK = """\
INFO: starting new backup job: vzdump 101 102 --mode snapshot --storage pbs
INFO: Starting Backup of VM 101 (qemu)
INFO: Backup started at 2026-03-01 02:00:00
INFO: status = running
INFO: VM Name: mail
INFO: include disk 'scsi0' 'local:101/vm-101-disk-0.qcow2' 20G
INFO: exclude disk 'scsi1' 'local:101/vm-101-disk-1.qcow2' (backup=no)
INFO: creating Proxmox Backup Server archive 'vm/101/2026-03-01T01:00:00Z'
INFO: transferred 20.00 GiB in 23 seconds (890.4 MiB/s)
INFO: Finished Backup of VM 101 (00:05:00)
INFO: Backup finished at 2026-03-01 02:05:00
INFO: Starting Backup of VM 102 (lxc)
INFO: Backup started at 2026-03-01 02:05:00
INFO: CT Name: web
ERROR: Backup of VM 102 failed - command 'mount' failed: exit code 32
INFO: Failed at 2026-03-01 02:05:10
INFO: Backup job finished with errors
TASK ERROR: job errors
"""


def test_each_guest_is_a_job_and_fails_alone(ask):
    answer = ask(Proxmox, {"v.log": TASK}, zone="Europe/Oslo")
    assert {job.name: job.asset_ids for job in answer.jobs} == {"101": "mail", "102": "web"}
    (good,), (bad,) = answer.of("101"), answer.of("102")
    assert (good.state, good.started_at, good.ended_at) == ("ok", MARCH + 3600, MARCH + 3900)
    assert good.bytes_source == 20 * 1024**3
    assert (bad.state, bad.ended_at) == ("failed", MARCH + 3910)
    assert "exit code 32" in bad.message
    assert "guest 101: scsi1 is left out of its backup" in answer.said


def test_a_guest_that_failed_before_its_beginning_failed(ask):
    """Nothing says "Starting Backup of VM 103", and the guest before it was well."""
    well, _rest = TASK.split("INFO: Starting Backup of VM 102")
    end = "ERROR: Backup of VM 103 failed - no such VM\nINFO: Failed at 2026-03-01 02:06:00\nTASK ERROR: job errors\n"
    answer = ask(Proxmox, {"v.log": well + end}, zone="Europe/Oslo")
    assert [run.state for run in answer.of("101")] == ["ok"]
    (bad,) = answer.of("103")
    assert (bad.state, bad.started_at, bad.message) == ("failed", MARCH + 3960, "no such VM")


@pytest.mark.parametrize("start", [TASK.partition("INFO: Starting Backup of VM 102")[0], TASK.splitlines()[0] + "\n"])
def test_a_job_with_errors_that_names_no_guest_is_not_whole(ask, start):
    answer = ask(Proxmox, {"v.log": start + "TASK ERROR: storage 'pbs' does not exist\n"}, zone="Europe/Oslo")
    (told,) = [problem for problem in answer.problems if "which guest failed" in problem.message]
    assert told.entities == ("backup_run",)


def test_an_archive_at_a_backup_server_has_its_own_time_whatever_the_zone(ask):
    (good,) = ask(Proxmox, {"v.log": TASK}, zone="America/New_York").of("101")
    assert (good.started_at, good.ended_at) == (MARCH + 3600, MARCH + 3900)


def test_a_dump_beside_the_guests_is_no_copy_elsewhere(ask):
    text = TASK.replace(
        "Proxmox Backup Server archive 'vm/101/2026-03-01T01:00:00Z'", "vzdump archive '/var/lib/vz/dump/v.vma.zst'"
    )
    answer = ask(Proxmox, {"v.log": text + "INFO: archive file size: 1.50GB\n"})
    assert next(job for job in answer.jobs if job.name == "101").offsite is False
    assert next(job for job in ask(Proxmox, {"v.log": TASK}).jobs if job.name == "101").offsite is None


def test_the_log_of_one_guest_with_times_in_front_and_no_end(ask):
    text = (
        "2026-03-01 02:00:00 INFO: Starting Backup of VM 117 (qemu)\n2026-03-01 02:00:00 INFO: status = running\n"
        "2026-03-01 02:00:01 INFO: VM Name: db\n"
    )
    (run,) = ask(Proxmox, {"qemu-117.log": text}, now=MARCH + 9000).runs
    assert (run.state, run.started_at, run.ended_at) == ("unknown", MARCH + 7200, None)
    whole = text + "2026-03-01 02:10:00 INFO: Finished Backup of VM 117 (00:10:00)\n"
    (run,) = ask(Proxmox, {"qemu-117.log": whole}).runs
    assert (run.state, run.ended_at) == ("ok", MARCH + 7800)


def upid(kind: str, about: str, at: int = MARCH) -> str:
    return f"UPID:pve1:0000A1B2:00C0FFEE:{at:08X}:{kind}:{about}:root@pam:"


def task(kind: str, about: str, status: str | None, at: int = MARCH, **more: object) -> dict[str, object]:
    ended = {} if status is None else {"endtime": at + 60, "status": status}
    return {"upid": upid(kind, about, at), "type": kind, "id": about, "starttime": at, "node": "pve1", **ended, **more}


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("OK", "ok"),
        ("WARNINGS: 2", "ok"),
        ("job errors", "failed"),
        ("interrupted by signal", "failed"),
        (None, "unknown"),
    ],
)
def test_task_lists_have_their_outcomes(ask, status, state):
    text = json.dumps([task("vzdump", "101", status), task("aptupdate", "", "OK")])
    (run,) = ask(Proxmox, {"t.json": text}).runs
    assert (run.state, run.started_at) == (state, MARCH)


def test_a_task_index_is_read(ask):
    text = (
        f"{upid('vzdump', '101')} {MARCH + 60:08X} OK\n{upid('vzdump', '', MARCH + 300)} {MARCH + 400:08X} job errors\n"
    )
    answer = ask(Proxmox, {"index": text})
    assert [run.state for run in answer.of("101")] == ["ok"]
    assert [run.state for run in answer.of("all guests")] == ["failed"]


def test_restores_and_verifications_are_on_record_and_told_apart(ask):
    rows = [
        task("vzdump", "101", "OK"), task("qmrestore", "101", "OK", MARCH + 100),
        task("vzrestore", "101", "unable to restore", MARCH + 200),
    ]  # fmt: skip
    server = {
        "upid": f"UPID:pbs:0000A1B2:00C0FFEE:0000001F:{MARCH + 300:08X}:verify:store\\x3avm/101:root@pam:",
        "worker_type": "verify", "worker_id": "store:vm/101", "starttime": MARCH + 300, "endtime": MARCH + 360, "status": "OK",
    }  # fmt: skip
    answer = ask(Proxmox, {"t.json": json.dumps({"data": rows}), "pbs.json": json.dumps([server])})
    found = sorted((record.happened_at - MARCH, record.result, record.about) for record in answer.records)
    assert found == [(160, "ok", "101"), (260, "failed", "101"), (360, "verified", "101")]


def test_an_empty_task_list_is_no_run_and_something_else_is_refused(ask):
    assert "no run is known" in ask(Proxmox, {"t.json": "[]"}).said
    assert ask(Proxmox, {"t.json": '{"a": 1}'}).rejects
