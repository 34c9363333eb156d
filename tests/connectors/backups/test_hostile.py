"""What a tool printed, cut, flipped and spliced: nothing comes out but runs, rejects and problems."""

import gzip
import json
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deskaudit import connectors
from deskaudit.connectors import Context
from deskaudit.errors import SourceError
from deskaudit.model.batches import Want
from deskaudit.model.entities import BackupRun

MARCH = 20513 * 86400
JSON_RUN = {
    "archive": {"id": "ab" * 32, "start": "2026-03-01T02:00:00.000000", "duration": 60.5, "stats": {"original_size": 5}},
    "encryption": {"mode": "repokey"}, "repository": {"location": "r"},
}  # fmt: skip
SAMPLES = {
    "restic": '{"message_type":"error"}\n{"message_type":"summary","snapshot_id":"aabb","total_duration":1.5,"backup_start":"2026-03-01T02:00:00+01:00"}\nFatal: x\n',
    "borg": json.dumps(JSON_RUN, indent=1) + '\n{"type":"log_message","time":1772326800.5,"message":"terminating with warning status, rc 1","levelname":"WARNING"}\n'
    'Archive name: a\nTime (start): Sun, 2026-03-01 02:00:00\nThis archive:  600.51 kB  600.60 kB  515 B\nChunk index:  6  12\n',
    "borgmatic": "[2026-03-01 02:00:00,123] INFO: /r: Creating archive\n[2026-03-01 02:00:01,123] INFO: summary:\n[2026-03-01 02:00:01,124] INFO: a.yaml: Successfully ran configuration file\n",
    "rsnapshot": "[2026-03-01T02:00:00] /usr/bin/rsnapshot alpha: started\n[2026-03-01T02:00:01] /usr/bin/rsync -a /a/ /b/\n[2026-03-01T02:00:02] /usr/bin/rsnapshot alpha: ERROR: x returned 23 while\n[2026-03-01T02:00:02] /usr/bin/rsnapshot alpha: completed successfully\n",
    "rsync": "2026/03/01 02:00:00 [7] building file list\n2026/03/01 02:00:01 [7] Total file size: 600,003 bytes\n2026/03/01 02:00:01 [7] rsync error: x (code 23) at\n2026/03/01 02:00:01 [7] sent 600,315 bytes  received 83 bytes  1,200,796.00 bytes/sec\n",
    "rclone": '{"level":"info","msg":"x","stats":{"bytes":5,"elapsedTime":3.5,"errors":1,"transfers":2,"totalTransfers":2},"time":"2026-03-01T02:00:10.1+00:00"}\n2026/03/01 02:00:10 INFO  : \nTransferred:   5 KiB / 5 KiB, 100%, 0 B/s, ETA -\nElapsed time:  1m2.5s\n2026/03/01 02:00:10 Failed to sync: x\n',
    "bacula": '01-Mar 02:10 vm JobId 7: Start Backup JobId 7, Job=F.2026-03-01_02.00.00_03\n  Build OS:   x\n  JobId:      7\n  Job:        F.2026-03-01_02.00.00_03\n  Client:     "c-fd" 9\n  Start time: 01-Mar-2026 02:00:02\n  FD Bytes Written:       727,577 (727.5 KB)\n  Termination:            Backup OK\n',
    "proxmox": "INFO: Starting Backup of VM 101 (qemu)\nINFO: Backup started at 2026-03-01 02:00:00\nINFO: creating Proxmox Backup Server archive 'vm/101/2026-03-01T01:00:00Z'\nINFO: Finished Backup of VM 101 (00:05:00)\n"
    '[{"upid":"UPID:pve1:0000A1B2:00C0FFEE:69A38A80:vzdump:101:root@pam:","starttime":1772326800,"endtime":1772326860,"status":"OK"}]\nUPID:pve1:0000A1B2:00C0FFEE:69A38A80:vzdump:101:root@pam: 69A38AC0 OK\n',
    "duplicati": '{"Data":{"MainOperation":"Backup","ParsedResult":"Success","BeginTime":"2026-03-01T02:00:00.1234567Z","EndTime":"2026-03-01T02:10:00Z"},"Extra":{"backup-name":"f"}}\nParsedResult: Warning\nBeginTime: 5/16/2020 6:03:06 PM (1589652186)\n',
    "veeam": "JobName,Result,CreationTime,EndTime,IsRetry,Data Size (GB)\nMail,Success,2026-03-01 02:00:00,2026-03-01 02:10:00,False,5.5\nMail,None,2026-03-01 03:00:00,1900-01-01 00:00:00,True,\n",
    "urbackup": '{"status":[{"name":"s","lastbackup":1772326800,"file_ok":true,"last_filebackup_issues":1}],"lastacts":[{"name":"s","backuptime":1772326800,"duration":60,"size_bytes":5}]}\n',
    "wbadmin": '[{"TimeCreated":"/Date(1772326800000)/","Id":1},{"TimeCreated":"/Date(1772326900000)/","Id":4}]\nLastBackupTime : 2026-03-01 02:00:00\nLastBackupResultHR : 0\n',
    "dumps": "-- MySQL dump 10.13\nINSERT\n-- Dump completed on 2026-03-01\n",
    "backuplog": "2026-03-01 02:00:00 start\n2026-03-01 02:00:01 12.5 GB done\n",
}  # fmt: skip
EXTRA = {"backuplog": {"ok": ["done"], "begins": "start", "size": r"(?P<size>\S+ GB)"}}


def pull(kind: str, data: bytes) -> list[BackupRun]:
    """The runs of one file; whatever is wrong with it must be said as a SourceError, a reject or a problem."""
    connector = connectors.load(kind)
    with TemporaryDirectory() as folder:
        (Path(folder) / "file.log").write_bytes(data)
        table = {"name": "job", "logs": ["file.log"], "zone": "Europe/Oslo", **EXTRA.get(kind, {})}
        options = msgspec.convert({"jobs": [table]}, connector.options)
        source = connector(options, Context("backups", Path(folder), now=lambda: MARCH + 86400))
        batches = list(source.pull(None, Want(entities=source.fills, since_at=0)))
        source.probe()
    runs = [row for batch in batches for row in batch.rows if isinstance(row, BackupRun)]
    assert (
        runs or any(batch.rejects or batch.problems for batch in batches) or kind in {"proxmox", "rsnapshot", "wbadmin"}
    )
    for batch in batches:
        for row in batch.rows:
            msgspec.json.encode(row)
    for run in runs:
        assert run.state in {"ok", "partial", "failed", "unknown"}
        assert -(2**63) <= run.started_at < 2**63
    return runs


@st.composite
def mutated(draw: st.DrawFn, sample: bytes) -> bytes:
    """A sample with bytes cut out, flipped, doubled or spliced in."""
    data = bytearray(sample)
    for _n in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(data)))
        length = draw(st.integers(0, 40))
        how = draw(st.sampled_from(("cut", "flip", "double", "splice", "number")))
        if how == "cut":
            del data[place : place + length]
        elif how == "flip" and place < len(data):
            data[place] ^= draw(st.integers(1, 255))
        elif how == "double":
            data[place:place] = data[place : place + length]
        elif how == "splice":
            data[place:place] = draw(st.binary(max_size=12))
        elif how == "number":
            data[place:place] = draw(
                st.sampled_from((b"9" * 25, b"-1", b"0001-01-01", b"9999-12-31", b"null", b"{}", b"["))
            )
    return bytes(data)


@pytest.mark.parametrize("kind", sorted(SAMPLES))
def test_the_samples_are_read(kind):
    assert pull(kind, SAMPLES[kind].encode())


@pytest.mark.parametrize("kind", sorted(SAMPLES))
@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_nothing_a_tool_might_print_raises_anything_but_a_source_error(kind, data):
    text = data.draw(mutated(SAMPLES[kind].encode()) | st.binary(max_size=200))
    if data.draw(st.booleans()):
        text = gzip.compress(text)[: data.draw(st.integers(15, 400))]
    try:
        pull(kind, text)
    except SourceError as fault:
        assert fault.kind in {"bad_file", "bad_answer"}


@pytest.mark.parametrize("kind", sorted(SAMPLES))
def test_deep_and_long_json_is_no_accident(kind):
    for text in ("[" * 100_000, '{"a":' * 50_000, "{\n" * 50_000, "[{}]\n" * 5000, "9" * 200_000):
        try:
            pull(kind, text.encode())
        except SourceError as fault:
            assert fault.kind == "bad_file"
