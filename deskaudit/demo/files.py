"""What lies beside the help desk: the list of machines, two scans, and restic's own output, written as the tools do."""

import csv
import io
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr
from zoneinfo import ZoneInfo

from deskaudit.demo.backups import JOBS, LOG_NIGHTS, BackupJob, Night, nights
from deskaudit.demo.hours import ZONE
from deskaudit.demo.machines import CRITICAL, OFFICE_NET, SERVER_NET, Machine, fqdn, scan_times
from deskaudit.demo.stories import DAY

ASSET_COLUMNS = [
    "Name",
    "FQDN",
    "Serial",
    "MAC",
    "IP",
    "OS",
    "OS_version",
    "Owner",
    "Department",
    "Approved",
    "Critical",
    "Personal_data",
    "Encrypted",
    "State",
    "Off_network",
    "Updated",
]
_PORTS = {
    "server": ((22, "ssh", "OpenSSH", "9.6p1"), (443, "https", "nginx", "1.28.0")),
    "pc": ((445, "microsoft-ds", "", ""),),
    "laptop": (),
    "printer": ((9100, "jetdirect", "", ""), (443, "https", "", "")),
    "switch": ((22, "ssh", "OpenSSH", "8.8"),),
}
_GUESSES = {
    "server": ("Linux 5.0 - 6.2", "Linux", "Linux", "5.X", 96),
    "pc": ("Microsoft Windows 11", "Microsoft", "Windows", "11", 97),
    "switch": None,
    "printer": None,
}


def write_files(folder: Path, machines: list[Machine], now: int) -> None:
    """All files under `folder`, for their owner alone."""
    scans = folder / "scans"
    backups = folder / "backups"
    for one in (folder, scans, backups):
        one.mkdir(mode=0o700, exist_ok=True)
    _write(folder / "assets.csv", asset_list(machines, now))
    for net, name in ((SERVER_NET, "servers"), (OFFICE_NET, "office")):
        _write(scans / f"{name}.xml", scan_xml(machines, net, scan_times(now)[net]))
    for job in JOBS:
        runs = nights(job, now)
        _write(backups / f"{job.name}-snapshots.json", snapshot_list(job, runs))
        for run in runs:
            if run.number < LOG_NIGHTS or run.size is None:
                stamp = datetime.fromtimestamp(run.started_at, UTC).strftime("%Y%m%dT%H%M%SZ")
                file = backups / f"{job.name}-{stamp}.log"
                _write(file, backup_log(job, run))
                os.utime(file, (run.ended_at, run.ended_at))  # a failed run tells its time in no other way


def _write(file: Path, text: str) -> None:
    with os.fdopen(
        os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8", newline=""
    ) as out:
        out.write(text)


def asset_list(machines: list[Machine], now: int) -> str:
    """The list as CSV, one row for each listed machine."""
    out = io.StringIO()
    rows = csv.writer(out)
    rows.writerow(ASSET_COLUMNS)
    for one in machines:
        if not one.listed:
            continue
        critical = one.name in CRITICAL
        updated = datetime.fromtimestamp(now - one.updated_days * DAY, UTC).strftime("%Y-%m-%d")
        rows.writerow(
            [
                one.name,
                fqdn(one),
                one.serial,
                one.mac if one.list_mac else "",
                one.ip,
                one.os,
                one.os_version,
                one.owner,
                one.department,
                "yes",
                "yes" if critical else "no",
                "yes" if one.name in {"nl-srv-db", "nl-srv-mail", "nl-srv-erp"} else "no",
                "yes" if one.kind in {"server", "pc", "laptop"} else "no",
                one.state,
                "yes" if one.off_network else "no",
                updated,
            ]
        )
    return out.getvalue()


def scan_xml(machines: list[Machine], net: str, started: int) -> str:
    """One network as nmap 7.9x writes it (`-sV -O -oX`)."""
    found = [one for one in machines if one.scanned and one.ip.startswith(net)]
    args = f"nmap -sV -O -oX scan.xml {net}0/24"
    date = _c_date(started)
    hosts = "".join(_host_xml(one, started + 2 * index) for index, one in enumerate(found))
    ended = started + 2 * len(found) + 90
    done = f"Nmap done at {_c_date(ended)}; 256 IP addresses ({len(found)} hosts up) scanned in {ended - started}.41 seconds"
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE nmaprun>\n'
        '<?xml-stylesheet href="file:///usr/bin/../share/nmap/nmap.xsl" type="text/xsl"?>\n'
        f"<!-- Nmap 7.95 scan initiated {date} as: {args} -->\n"
        f'<nmaprun scanner="nmap" args={quoteattr(args)} start="{started}" startstr="{date}" version="7.95" xmloutputversion="1.05">\n'
        '<scaninfo type="syn" protocol="tcp" numservices="1000" services="1-1000"/>\n'
        f'<verbose level="0"/>\n<debugging level="0"/>\n{hosts}'
        f'<runstats><finished time="{ended}" timestr="{_c_date(ended)}" summary={quoteattr(done)} elapsed="{ended - started}.41" '
        f'exit="success"/><hosts up="{len(found)}" down="{256 - len(found)}" total="256"/>\n</runstats>\n</nmaprun>\n'
    )


def _c_date(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%a %b %e %H:%M:%S %Y")


def _host_xml(one: Machine, at: int) -> str:
    name = f'<hostname name="{fqdn(one)}" type="PTR"/>\n' if one.named else ""
    ports = "".join(
        f'<port protocol="tcp" portid="{port}"><state state="open" reason="syn-ack" reason_ttl="64"/>{_service_xml(*service)}</port>\n'
        for port, *service in _PORTS[one.kind]
    )
    return (
        f'<host starttime="{at}" endtime="{at + 14}"><status state="up" reason="arp-response" reason_ttl="0"/>\n'
        f'<address addr="{one.ip}" addrtype="ipv4"/>\n<address addr="{one.mac}" addrtype="mac"/>\n'
        f'<hostnames>\n{name}</hostnames>\n<ports><extraports state="closed" count="{1000 - len(_PORTS[one.kind])}">\n'
        f'<extrareasons reason="reset" count="{1000 - len(_PORTS[one.kind])}" proto="tcp" ports="1-21"/>\n</extraports>\n{ports}</ports>\n'
        f'{_guess_xml(one)}<distance value="1"/>\n<times srtt="412" rttvar="230" to="100000"/>\n</host>\n'
    )


def _service_xml(name: str, product: str, version: str) -> str:
    if not product:
        return f'<service name="{name}" method="table" conf="3"/>'
    return f'<service name="{name}" product="{product}" version="{version}" method="probed" conf="10"/>'


def _guess_xml(one: Machine) -> str:
    guess = _GUESSES.get(one.kind)
    if one.os.startswith("Windows"):
        guess = (
            _GUESSES["pc"]
            if one.kind == "pc"
            else ("Microsoft Windows Server 2012 R2", "Microsoft", "Windows", "2012", 96)
        )
    if guess is None or not one.listed:
        return ""
    title, vendor, family, generation, accuracy = guess
    return (
        f'<os><portused state="open" proto="tcp" portid="22"/>\n<osmatch name="{title}" accuracy="{accuracy}" line="69512">\n'
        f'<osclass type="general purpose" vendor="{vendor}" osfamily="{family}" osgen="{generation}" accuracy="{accuracy}"/>\n'
        "</osmatch>\n</os>\n"
    )


def _restic_time(at: int, job: BackupJob) -> str:
    """Local time with nanoseconds and offset, as restic prints it."""
    local = datetime.fromtimestamp(at, ZoneInfo(ZONE)).isoformat()
    return f"{local[:19]}.{len(job.name) * 113_456_789 % 10**9:09d}{local[19:]}"


def _summary(job: BackupJob, run: Night) -> dict[str, Any]:
    size = run.size or 0
    return {
        "backup_start": _restic_time(run.started_at, job),
        "backup_end": _restic_time(run.ended_at, job),
        "files_new": 12 if size else 0,
        "files_changed": 31 if size else 0,
        "files_unmodified": size // 900_000,
        "dirs_new": 0,
        "dirs_changed": 9 if size else 0,
        "dirs_unmodified": size // 9_000_000,
        "data_blobs": 40 if size else 0,
        "tree_blobs": 10 if size else 0,
        "data_added": run.added,
        "data_added_packed": run.added * 6 // 10,
        "total_files_processed": size // 900_000 + (43 if size else 0),
        "total_bytes_processed": size,
    }


def snapshot_list(job: BackupJob, runs: list[Night]) -> str:
    """`restic snapshots --json` (0.18): what was stored, oldest first, on one line."""
    kept = []
    parent = ""
    for run in runs:
        if run.size is None:
            continue
        row = {
            "time": _restic_time(run.started_at, job),
            **({"parent": parent} if parent else {}),
            "tree": run.snapshot[::-1],
            "paths": [f"/srv/{job.name}"],
            "hostname": job.host,
            "username": "root",
            "program_version": "restic 0.18.1",
            "summary": _summary(job, run),
            "id": run.snapshot,
            "short_id": run.snapshot[:8],
        }
        kept.append(row)
        parent = run.snapshot
    return json.dumps(kept, separators=(",", ":")) + "\n"


def backup_log(job: BackupJob, run: Night) -> str:
    """`restic backup --json` with both streams in one file."""
    return "".join(line + "\n" for line in _log_lines(job, run))


def _log_lines(job: BackupJob, run: Night) -> Iterator[str]:
    if run.size is None:
        message = "Fatal: unable to open repository: dial tcp 203.0.113.9:443: connect: connection timed out"
        yield json.dumps({"message_type": "exit_error", "code": 1, "message": message}, separators=(",", ":"))
        return
    status = {"message_type": "status", "percent_done": 1, "total_files": run.size // 900_000, "total_bytes": run.size}
    yield json.dumps(status, separators=(",", ":"))
    done = {"total_duration": float(run.ended_at - run.started_at), "snapshot_id": run.snapshot}
    yield json.dumps({"message_type": "summary", **_summary(job, run), **done}, separators=(",", ":"))
