"""The whole demo: files as the tools write them, a configuration that loads, a server that answers."""

import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import requests

from deskaudit.config import load, sources
from deskaudit.demo import Demo
from deskaudit.demo.backups import JOBS
from deskaudit.demo.stories import DAY


@pytest.fixture(scope="module")
def demo(tmp_path_factory, now):
    with Demo.start(tmp_path_factory.mktemp("demo"), now, tickets=400) as running:
        yield running


def test_the_configuration_loads_and_names_four_sources(demo):
    config = load(demo.config_path)
    found = sources(config, demo.config_path)
    assert [(source.name, source.type) for source in found] == [
        ("helpdesk", "liveagent"),
        ("assets", "assets"),
        ("scan", "nmap"),
        ("backups", "restic"),
    ]
    assert config.desk.zone == "Europe/Oslo"
    assert config.sources["helpdesk"]["url"] == demo.server.url


def test_no_key_stands_in_the_configuration(demo):
    text = demo.config_path.read_text()
    for name, value in demo.environment.items():
        assert name in text
        assert value not in text


def test_the_servers_keys_are_in_the_environment(demo):
    key = demo.environment["DESKAUDIT_DEMO_KEY"]
    answer = requests.get(f"{demo.server.url}/api/v3/ping", headers={"apikey": key}, timeout=5)
    assert answer.status_code == 200
    assert answer.headers["X-RateLimit-Limit"] == "60000"


def test_files_are_for_their_owner_alone(demo):
    for path in [demo.folder, *demo.folder.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_same_time_same_files(tmp_path, now):
    first, second = (Demo.start(tmp_path / name, now, tickets=50) for name in "ab")
    names = sorted(path.relative_to(first.folder) for path in first.folder.rglob("*") if path.is_file())
    assert len(names) > 100
    for name in names:
        assert (first.folder / name).read_bytes() == (second.folder / name).read_bytes()


def test_scans_are_nmap_xml_with_a_doctype(demo, now):
    total = 0
    for file in sorted((demo.folder / "scans").glob("*.xml")):
        text = file.read_text()
        assert "<!DOCTYPE nmaprun>" in text
        root = ET.fromstring(text)
        hosts = root.findall("host")
        assert root.find("runstats/hosts").get("up") == str(len(hosts))
        assert root.find("runstats/finished").get("exit") == "success"
        assert now - 30 * DAY < int(root.get("start")) < now
        assert all(host.find("address[@addrtype='mac']") is not None for host in hosts)
        total += len(hosts)
    assert total == sum(machine.scanned for machine in demo.machines)


def test_restic_files_agree_with_each_other(demo):
    folder = demo.folder / "backups"
    for job in JOBS:
        snapshots = {row["id"]: row for row in json.loads((folder / f"{job.name}-snapshots.json").read_text())}
        times = [row["time"] for row in snapshots.values()]
        assert times == sorted(times)
        failed = 0
        for log in folder.glob(f"{job.name}-*.log"):
            last = json.loads(log.read_text().splitlines()[-1])
            if last["message_type"] == "exit_error":
                failed += 1
            else:
                assert (
                    snapshots[last["snapshot_id"]]["summary"]["total_bytes_processed"] == last["total_bytes_processed"]
                )
        assert failed == len(job.fails)


@pytest.mark.realtool
def test_the_snapshot_list_has_the_shape_of_the_real_tool(demo, tmp_path):
    if shutil.which("restic") is None:
        pytest.skip("restic is not installed")
    environment = {**os.environ, "RESTIC_PASSWORD": "x", "RESTIC_CACHE_DIR": str(tmp_path / "cache")}

    def restic(*words: str) -> str:
        done = subprocess.run(
            ["restic", "-r", str(tmp_path / "repo"), *words],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    (tmp_path / "file").write_text("something")
    restic("init")
    real_log = json.loads(restic("backup", "--json", str(tmp_path / "file")).splitlines()[-1])
    real = json.loads(restic("snapshots", "--json"))[0]
    ours = json.loads((demo.folder / "backups" / "files-snapshots.json").read_text())[0]
    assert set(real) <= set(ours)
    our_log = json.loads(next((demo.folder / "backups").glob("files-*.log")).read_text().splitlines()[-1])
    assert set(real_log) <= set(our_log)


def test_importing_the_demo_loads_no_connector_and_no_screen(tmp_path):
    code = (
        "import sys; import deskaudit.demo.server, deskaudit.demo.files, deskaudit.demo.setup, deskaudit.demo.faults;"
        "print([m for m in sys.modules if m.startswith(('deskaudit.connectors', 'textual', 'duckdb'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path.home())
    assert done.stdout.strip() == "[]"
