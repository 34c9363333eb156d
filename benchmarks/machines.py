"""The rows of a made-up office: an asset list, a scan that does not quite agree with it, backup jobs and their runs."""

import random
from collections.abc import Iterator

from benchmarks.tickets import DAY, HOUR, NOW, SEED, SPAN_DAYS, START
from deskaudit.model.entities import Asset, BackupJob, BackupRun, Component, Record, Row
from deskaudit.model.keys import row_key

SYSTEMS = (("Windows 11 Pro 23H2", "windows"), ("Windows 10 Pro 22H2", "windows"), ("Ubuntu 22.04", "linux"),
           ("Debian 10", "linux"), ("macOS 15", "macos"), ("Windows Server 2012 R2", "windows"))  # fmt: skip
TICKETS_PER_ASSET = 60
TICKETS_PER_JOB = 20_000


def assets(tickets: int) -> Iterator[list[Row]]:
    """A list and, of nine machines in ten of it, what a scan saw; and some machines that only the scan saw."""
    dice = random.Random(f"{SEED}/assets/{tickets}")
    rows: list[Row] = []
    for number in range(max(30, tickets // TICKETS_PER_ASSET)):
        if dice.random() < 0.97:
            rows.append(_listed(number, dice))
        if dice.random() < 0.9:
            rows += _scanned(number, dice)
        if len(rows) > 20_000:
            yield rows
            rows = []
    rows.append(
        Record(id=row_key("office", "record", "1"), kind="reviewed", about="asset list", happened_at=NOW - 40 * DAY)
    )
    yield rows


def backups(tickets: int) -> Iterator[list[Row]]:
    """Jobs that run every night for three years; one in ten is sloppy."""
    dice = random.Random(f"{SEED}/backups/{tickets}")
    for number in range(max(3, tickets // TICKETS_PER_JOB)):
        yield list(_job(number, dice))


def _mac(number: int) -> str:
    return f"00:1B:21:{number >> 16 & 255:02X}:{number >> 8 & 255:02X}:{number & 255:02X}"


def _listed(number: int, dice: random.Random) -> Asset:
    system, family = SYSTEMS[number % len(SYSTEMS)]
    return Asset(
        id=row_key("office", "asset", f"list {number}"),
        ext_id=f"A{number:06}",
        origin="list",
        name=f"pc-{number:06}",
        fqdn=f"pc-{number:06}.office.example",
        mac=_mac(number) if number % 4 else None,
        serial=f"SN{number:08}",
        os=system,
        os_family=family,
        owner=f"person {number % 4000}" if dice.random() < 0.95 else None,
        department=f"room {number % 40}",
        approved=True,
        critical=number % 50 == 0,
        personal_data=number % 7 == 0,
        state="active",
        updated_at=NOW - int(dice.random() * 300) * DAY,
    )


def _scanned(number: int, dice: random.Random) -> Iterator[Row]:
    key = row_key("office", "asset", f"scan {number}")
    yield Asset(
        id=key,
        origin="scan",
        name=f"pc-{number:06}",
        fqdn=f"pc-{number:06}.office.example" if number % 3 else None,
        ip=f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}",
        mac=_mac(number),
        os=SYSTEMS[number % len(SYSTEMS)][0],
        os_family=SYSTEMS[number % len(SYSTEMS)][1],
        os_accuracy=100 if dice.random() < 0.6 else 90,
        seen_at=NOW - 3 * DAY,
    )
    for port in (22, 80, 443)[: int(dice.random() * 4)]:
        name = f"tcp/{port}"
        yield Component(id=row_key("office", "component", f"{key} {name}"), asset_id=key, kind="service", name=name)


def _job(number: int, dice: random.Random) -> Iterator[Row]:
    key = row_key("office", "backup_job", str(number))
    yield BackupJob(
        id=key,
        name=f"job-{number}",
        target="s3:backup.example",
        asset_ids=f"pc-{number * 50:06} pc-{number * 50 + 50:06}",
        schedule="0 2 * * *",
        zone="Europe/Oslo",
        offsite=True,
        encrypted=True,
        critical=True,
    )
    yield Record(
        id=row_key("office", "record", f"restore {number}"), kind="restored", about_id=key, happened_at=NOW - 60 * DAY
    )
    sloppy, size = number % 10 == 9, 10**9 * (1 + number)
    for night in range(SPAN_DAYS):
        started_at = START - START % DAY + night * DAY + 2 * HOUR + int(dice.random() * 600)
        if sloppy and dice.random() < 0.02:
            continue
        size = int(size * (0.995 + dice.random() / 90))
        yield BackupRun(
            id=row_key("office", "backup_run", f"{number}/{night}"),
            job_id=key,
            state="failed" if sloppy and dice.random() < 0.03 else "ok",
            started_at=started_at,
            ended_at=started_at + 1800,
            bytes_source=size,
            bytes_added=size // 50,
        )
