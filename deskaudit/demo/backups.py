"""The made-up desk's backup jobs: what restic would have left of two hundred nights."""

import hashlib
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from deskaudit.demo.hours import ZONE, day_start
from deskaudit.demo.stories import DAY

NIGHTS = 200
LOG_NIGHTS = 35
"""Logs are kept so long; failed runs are known from their logs alone, so those are kept all."""


class BackupJob(msgspec.Struct, frozen=True):
    """`fails` and `silent` are nights, counted back from the last one (0). `empty`: so many last nights hold nothing."""

    name: str
    host: str
    gigabytes: float
    offsite: str
    fails: frozenset[int] = frozenset()
    silent: frozenset[int] = frozenset()
    empty: int = 0
    restore_days: int | None = None  # days since the last restore test


JOBS = (
    BackupJob("files", "nl-srv-files", 412.0, "yes", restore_days=40),
    BackupJob(
        "database", "nl-srv-db", 88.0, "yes", fails=frozenset({8, 9, 58, 59, 108, 109, 158, 159}), restore_days=190
    ),
    BackupJob("erp", "nl-srv-erp", 153.0, "yes", silent=frozenset({5, 6, 7, 70, 71, 120, 121, 170, 171})),
    BackupJob("mail", "nl-srv-mail", 240.0, "no", empty=3, restore_days=60),
)
SCHEDULE = "0 2 * * *"
RPO_S = 26 * 3_600
"""Work of a day and the length of a run may be lost."""


class Night(msgspec.Struct, frozen=True):
    """One run. `size` None: it failed."""

    job: str
    number: int  # nights before the last one
    started_at: int
    ended_at: int
    size: int | None
    added: int
    snapshot: str  # 64 hexadecimal digits


def nights(job: BackupJob, now: int) -> list[Night]:
    """The runs of a job that have ended by now, oldest first."""
    found = []
    dues = due_times(now)
    for number, due in enumerate(reversed(dues)):
        if number in job.silent:
            continue
        token = hashlib.sha256(f"{job.name}/{due}".encode()).hexdigest()
        started = due + 1 + int(token[:2], 16) % 20
        ended = started + (135 if number in job.fails else 240 + int(token[2:5], 16))
        if ended > now:
            continue
        size: int | None = int(job.gigabytes * 1e9 * (1 - number * 0.0006 + int(token[5:8], 16) * 2e-6))
        added = int((size or 0) * 0.004)
        if number in job.fails:
            size, added = None, 0
        elif number < job.empty:
            size, added = 0, 0
        found.append(Night(job.name, number, started, ended, size, added, token))
    return found[::-1]


def due_times(now: int) -> list[int]:
    """Two in the morning, local time, of the nights up to now, oldest first."""
    zone = ZoneInfo(ZONE)
    today = day_start(now)
    found = []
    for back in range(NIGHTS + 1, -1, -1):
        day = datetime.fromtimestamp(today - back * DAY + DAY // 2, zone)
        due = int(day.replace(hour=2, minute=0, second=0, microsecond=0).timestamp())
        if due <= now:
            found.append(due)
    return found
