"""Duplicati: reports in their documented shapes."""

import json

import pytest

from deskaudit.connectors.backups.duplicati import Duplicati

DAY = 86400
MARCH = 20513 * DAY  # 2026-03-01 in UTC


def report(**changed: object) -> str:
    data = {
        "MainOperation": "Backup", "ParsedResult": "Success", "BeginTime": "2026-03-01T02:00:00.1234567Z",
        "EndTime": "2026-03-01T02:10:00.7654321Z", "SizeOfExaminedFiles": 5000, "SizeOfAddedFiles": 40,
        "FilesWithError": 0, "BackendStatistics": {"BytesUploaded": 100}, **changed,
    }  # fmt: skip
    return json.dumps(
        {"Data": data, "Extra": {"OperationName": "Backup", "backup-name": "files", "machine-name": "srv1"}}
    )


@pytest.mark.parametrize(
    ("changed", "state"),
    [
        ({}, "ok"),
        ({"ParsedResult": "Warning"}, "partial"),
        ({"ParsedResult": "Error"}, "failed"),
        ({"ParsedResult": "Fatal"}, "failed"),
        ({"ParsedResult": "Splendid"}, "unknown"),
        ({"FilesWithError": 3}, "partial"),  # "Success" with files in error
        ({"EndTime": "0001-01-01T00:00:00"}, "unknown"),
        ({"Interrupted": True}, "partial"),
    ],
)
def test_a_report_has_four_outcomes(ask, changed, state):
    (run,) = ask(Duplicati, {"r.json": report(**changed)}).runs
    assert (run.state, run.started_at) == (state, MARCH + 7200)


def test_times_sizes_and_names(ask):
    answer = ask(Duplicati, {"r.json": report()})
    (run,), (job,) = answer.runs, answer.jobs
    assert (run.ended_at, run.bytes_source, run.bytes_added) == (MARCH + 7800, 5000, 100)
    assert (job.name, job.asset_ids) == ("files", "srv1")


def test_a_report_without_an_end_is_running_for_a_day_and_then_failed(ask):
    text = report(EndTime="0001-01-01T00:00:00")
    assert ask(Duplicati, {"r.json": text}, now=MARCH + 3 * DAY).states == ["failed"]


def test_naive_times_are_the_jobs_own(ask):
    text = report(BeginTime="2026-03-01T02:00:00.1234567", EndTime="2026-03-01T02:10:00.7654321")
    (run,) = ask(Duplicati, {"r.json": text}, zone="Europe/Oslo").runs
    assert run.started_at == MARCH + 3600


def test_in_text_the_epoch_counts_because_the_date_is_in_the_machines_language(ask):
    text = (
        "MainOperation: Backup\nParsedResult: Success\nEndTime: 5/16/2020 6:13:06 PM (1589652786)\n"
        "BeginTime: 5/16/2020 6:03:06 PM (1589652186)\nFilesWithError: 0\n"
    )
    (run,) = ask(Duplicati, {"mail.txt": text}).runs
    assert (run.state, run.started_at, run.ended_at) == ("ok", 1589652186, 1589652786)


def test_a_restore_is_on_record_and_a_dry_run_is_nothing(ask):
    restored = report(MainOperation="Restore", RestoredFiles=12, EndTime="2026-03-01T03:00:00Z")
    none = report(MainOperation="Restore", RestoredFiles=0, EndTime="2026-03-01T04:00:00Z")
    answer = ask(Duplicati, {"r.json": "\n".join([report(), restored, none, report(Dryrun=True)])})
    assert answer.states == ["ok"]
    assert sorted((record.result, record.happened_at) for record in answer.records) == [
        ("failed", MARCH + 4 * 3600),
        ("ok", MARCH + 3 * 3600),
    ]
    assert "a dry run" in answer.said


def test_encryption_by_the_suffix_of_the_volumes(ask):
    for suffix, encrypted in ((".aes", True), ("", False)):
        messages = [f"Put duplicati-b1.dblock.zip{suffix}"]
        (job,) = ask(Duplicati, {"r.json": report(BackendMessages=messages)}).jobs
        assert job.encrypted is encrypted
    assert ask(Duplicati, {"r.json": report()}).jobs[0].encrypted is None
