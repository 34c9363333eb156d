"""UrBackup: saved answers of its server: the status of all clients, and what it did last.

The status has the time of each client's last good backup; that one whose backups are not well is told to be so is kept
as unknown. The list of activities has every backup with its length, and restores.
"""

import re
from typing import Any, ClassVar

import msgspec

from deskaudit.connectors.backups.figures import after, as_dict, as_text, decode, read_count, read_epoch, split_json
from deskaudit.connectors.backups.jobs import Job, Options
from deskaudit.connectors.backups.runs import Origin, Reading, Restore, Run, not_a_log
from deskaudit.connectors.backups.source import BackupSource
from deskaudit.i18n import _, ngettext
from deskaudit.text import one_line


class UrbackupJob(Job, frozen=True, kw_only=True, forbid_unknown_fields=True):
    help: ClassVar[dict[str, str]] = {
        **Job.help,
        "logs": "Saved JSON answers of the server: a=status (all clients), and a=progress or a=lastacts (activities).",
        "only": "Client names: only these belong to this job. Left out: each client becomes one.",
    }


class UrbackupOptions(Options, frozen=True, kw_only=True, forbid_unknown_fields=True):
    jobs: list[UrbackupJob]


class Urbackup(BackupSource):
    name: ClassVar[str] = "urbackup"
    title: ClassVar[str] = "UrBackup: saved answers of its server"
    options: ClassVar[type[msgspec.Struct]] = UrbackupOptions
    tested: ClassVar[str] = "fixture: made from the documented shapes"
    mark: ClassVar[re.Pattern[bytes] | None] = re.compile(rb'"lastacts"|"lastbackup|"clientname"')
    hint: ClassVar[str] = "Save the server's answers to a=status and a=lastacts as JSON."

    def read(self, data: bytes, origin: Origin, job: Any) -> Reading:
        del job
        return read_urbackup(data, origin)


def read_urbackup(data: bytes, origin: Origin) -> Reading:
    """The runs and restores of saved answers. Raises SourceError for what UrBackup does not answer."""
    reading = Reading()
    known = False
    for item in split_json(decode(data)):
        for row in _rows(item):
            known = _take(row, reading) or known
    if not known:
        raise not_a_log(origin, "UrBackup", _("Save the server's answers to a=status and a=lastacts as JSON."))
    return reading


def _rows(item: object) -> list[dict[str, object]]:
    if isinstance(item, dict):
        lists = [item[key] for key in ("status", "lastacts", "backups") if isinstance(item.get(key), list)]
        return [as_dict(row) for rows in lists for row in rows] if lists else [item]
    return [as_dict(row) for row in item] if isinstance(item, list) else []


def _take(row: dict[str, object], reading: Reading) -> bool:
    name = one_line(as_text(row.get("name")) or as_text(row.get("clientname")), 120)
    if "backuptime" in row:
        _take_activity(row, name, reading)
        return True
    if "lastbackup" not in row and "lastbackup_image" not in row:
        return False
    for kind, key, good in (("file", "lastbackup", "file_ok"), ("image", "lastbackup_image", "image_ok")):
        at = read_epoch(row.get(key))
        if at is None:
            if row.get(good) is False and row.get(f"{kind}_disabled") is not True:
                message = _("{client}: UrBackup says that its {kind} backups are not well, and knows no good one")
                reading.notes.append(message.format(client=name, kind=kind))
            continue
        issues = read_count(row.get("last_filebackup_issues")) or 0 if kind == "file" else 0
        run = Run(state="ok", started_at=at, job=f"{name} ({kind})", machine=name, snapshot_id=str(at))
        if issues:
            run.state, run.message = "partial", ngettext("{n} issue", "{n} issues", issues).format(n=issues)
        elif row.get(good) is not True:
            run.state, run.message = "unknown", _("UrBackup does not say that it is well")
        reading.runs.append(run)
    return True


def _take_activity(row: dict[str, object], name: str, reading: Reading) -> None:
    at = read_epoch(row.get("backuptime"))
    if at is None or _is_set(row.get("del")):
        return
    if _is_set(row.get("restore")):
        kind = "image" if _is_set(row.get("image")) else "file"
        reading.restores.append(Restore(at=at, job=f"{name} ({kind})", machine=name))
        return
    kind = "image" if _is_set(row.get("image")) else "file"
    reading.runs.append(
        Run(
            state="ok",
            started_at=at,
            ended_at=after(at, row.get("duration")),
            job=f"{name} ({kind})",
            machine=name,
            bytes_source=None if _is_set(row.get("incremental")) else read_count(row.get("size_bytes")),
            bytes_added=read_count(row.get("size_bytes")),
            snapshot_id=str(at),
            listed=True,  # where the status speaks of the same backup, that one counts: it knows of issues
        )
    )


def _is_set(value: object) -> bool:
    return value is True or (isinstance(value, int) and value > 0)
