"""The configuration that audits the made-up desk. Where a connector's options change, this is the one place to follow."""

from pathlib import Path
from typing import Any

import tomli_w

from deskaudit.demo.backups import JOBS, RPO_S, SCHEDULE
from deskaudit.demo.hours import SPANS, ZONE
from deskaudit.demo.people import COMPANY
from deskaudit.demo.server import V1_KEY, V3_KEY
from deskaudit.demo.stories import DAY
from deskaudit.demo.tables import date_text

ENVIRONMENT = {"DESKAUDIT_DEMO_KEY": V3_KEY, "DESKAUDIT_DEMO_KEY_V1": V1_KEY, "DESKAUDIT_DEMO_HASH": "nordlys" * 6}
"""Variables that the configuration names its secrets by."""


def configuration(url: str, now: int) -> dict[str, Any]:
    """The whole config.toml as tables."""
    return {
        "desk": {
            "name": f"{COMPANY} (demo)",
            "profile": "internal",
            "zone": ZONE,
            "hash_key": {"env": "DESKAUDIT_DEMO_HASH"},
        },
        "calendars": {"default": {"hours": {"mon-fri": ["-".join(span) for span in SPANS]}, "holidays": "NO"}},
        "sources": {
            "helpdesk": _help_desk(url),
            "assets": _assets(),
            "scan": {"type": "nmap", "files": ["scans/*.xml"], "cadence": "1w"},
            "backups": {"type": "restic", "jobs": [_job(index, now) for index in range(len(JOBS))]},
        },
    }


def write_configuration(file: Path, url: str, now: int) -> None:
    import os

    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        tomli_w.dump(configuration(url, now), out)


def _help_desk(url: str) -> dict[str, Any]:
    return {
        "type": "liveagent",
        "url": url,
        "apikey": {"env": "DESKAUDIT_DEMO_KEY"},
        "apikey_v1": {"env": "DESKAUDIT_DEMO_KEY_V1"},
        "rate": "announced",
        "page_size": 500,
        "mapping": {"priority": {"field": "priority"}, "category": {"tag": "cat-*"}, "type": {"field": "type"}},
    }


def _assets() -> dict[str, Any]:
    columns = {
        "name": "Name",
        "fqdn": "FQDN",
        "serial": "Serial",
        "mac": "MAC",
        "ip": "IP",
        "os": "OS",
        "os_version": "OS_version",
        "owner": "Owner",
        "department": "Department",
        "approved": "Approved",
        "critical": "Critical",
        "personal_data": "Personal_data",
        "encrypted": "Encrypted",
        "state": "State",
        "off_network": "Off_network",
        "updated_at": "Updated",
    }
    return {"type": "assets", "path": "assets.csv", "columns": columns, "cadence": "1w"}


def _job(index: int, now: int) -> dict[str, Any]:
    job = JOBS[index]
    table: dict[str, Any] = {
        "name": job.name,
        "logs": [f"backups/{job.name}-*.log"],
        "snapshots": [f"backups/{job.name}-snapshots.json"],
        "host": job.host,
        "schedule": SCHEDULE,
        "zone": ZONE,
        "rpo": f"{RPO_S // 3600}h",
        "offsite": job.offsite,
        "assets": [job.host],
    }
    if job.restore_days is not None:
        table["restore_tests"] = [date_text(now - job.restore_days * DAY)[:10]]
    return table
