"""Inventory reports that real programs write here and now."""

import json
import os
import shutil
import socket
import subprocess
import sys

import pytest

FILES = 'files = ["reports"]'
CI = bool(os.environ.get("CI"))


def needs(tool):
    """Skips where a program is missing; in CI that is a failure."""
    return pytest.mark.skipif(not CI and shutil.which(tool) is None, reason=f"{tool} is not installed")


@pytest.mark.realtool
@needs("dpkg-query")
def test_the_packages_of_this_machine(read):
    def run(*words):
        return subprocess.run(words, capture_output=True, check=True, timeout=60).stdout

    wanted = {
        line.split("\t")[0]
        for line in run("dpkg-query", "-W", "-f", "${Package}\t${db:Status-Status}\n").decode().splitlines()
        if line.endswith("\tinstalled")
    }
    files = {
        "reports/a.dpkg.txt": run(
            "dpkg-query", "-W", "-f", "${Package}\\t${Version}\\t${Architecture}\\t${db:Status-Abbrev}\\n"
        ),
        "reports/b.dpkg.txt": run("dpkg-query", "-W"),
        "reports/c.dpkg.txt": run("dpkg", "-l"),
    }
    found = read("inventory", 'files = ["reports"]', files)
    assert found.rejects == []
    names = {row.id: row.name for row in found.rows()}
    for host in ("a", "b", "c"):
        packages = {row.name for row in found.rows("component") if names[row.asset_id] == host}
        assert packages == wanted, host


@pytest.mark.realtool
@pytest.mark.skipif(not CI and shutil.which("ansible") is None, reason="ansible-core is not installed")
def test_the_facts_that_ansible_gathers_here(read, tmp_path):
    environment = {**os.environ, "ANSIBLE_LOCAL_TEMP": str(tmp_path / "t"), "ANSIBLE_HOME": str(tmp_path / "h")}
    words = [
        "ansible",
        "all",
        "-i",
        "desk.example.org,",
        "-c",
        "local",
        "-e",
        f"ansible_python_interpreter={sys.executable}",
    ]
    printed = subprocess.run([*words, "-m", "setup"], capture_output=True, check=True, timeout=120, env=environment)
    subprocess.run(
        [*words, "-m", "setup", "-t", str(tmp_path / "tree")],
        capture_output=True,
        check=True,
        timeout=120,
        env=environment,
    )
    found = read("inventory", 'files = ["reports", "tree"]', {"reports/facts.txt": printed.stdout})
    assert found.rejects == []
    assert found.only.name  # the output and the tree are of one machine
    assert found.only.os_family == "linux"


def is_of_here(asset):
    """Whether it has this machine's name, and the address and the hardware address of one of its cards."""
    told = subprocess.run(["ip", "-json", "address"], capture_output=True, check=True, timeout=60)
    cards = {
        (card["address"].upper(), one["local"])
        for card in json.loads(told.stdout)
        if card["link_type"] == "ether"
        for one in card["addr_info"]
    }
    assert asset.name == socket.gethostname().partition(".")[0].casefold()
    return not cards or (asset.mac, asset.ip) in cards


def installed():
    """The packages of this machine and their versions."""
    form = "${Package}\t${Version}\t${db:Status-Status}\n"
    asked = subprocess.run(["dpkg-query", "-W", "-f", form], capture_output=True, check=True, timeout=60)
    lines = [line.split("\t") for line in asked.stdout.decode().splitlines()]
    return {(name, version) for name, version, state in lines if state == "installed"}


AGENTS = [
    ("ocsinventory-agent", ["--stdout", "--basevardir={folder}"]),
    ("fusioninventory-inventory", []),
]


@pytest.mark.realtool
@needs("ip")
@needs("dpkg-query")
@pytest.mark.parametrize(("agent", "words"), [pytest.param(*one, marks=needs(one[0]), id=one[0]) for one in AGENTS])
def test_what_the_agents_tell_of_this_machine(read, tmp_path, agent, words):
    (tmp_path / "var").mkdir()
    run = [agent, *(word.format(folder=tmp_path / "var") for word in words)]
    told = subprocess.run(run, capture_output=True, check=True, timeout=240, cwd=tmp_path)
    found = read("inventory", FILES, {"reports/report.xml": told.stdout})
    assert found.rejects == []
    assert is_of_here(found.only)
    assert found.only.os_family == "linux"
    assert {(one[0], one[2]) for one in found.components("software")} == installed()


@pytest.mark.realtool
@needs("ip")
@needs("lshw")
def test_what_lshw_tells_of_this_machine(read):
    told = subprocess.run(["lshw", "-json", "-quiet"], capture_output=True, check=True, timeout=120)
    found = read("inventory", FILES, {"reports/lshw.json": told.stdout})
    assert found.rejects == []
    assert is_of_here(found.only)


SPEC = """\
Name: {name}
Version: 1.2
Release: 3
Summary: A package
License: none
BuildArch: noarch
%description
A package
%files
"""


@pytest.mark.realtool
@needs("rpmbuild")
@needs("rpm")
def test_the_packages_of_a_real_rpm_database(read, tmp_path):
    def run(*words):
        asked = subprocess.run(words, capture_output=True, check=True, timeout=120, cwd=tmp_path)
        return asked.stdout

    (tmp_path / "root").mkdir()
    for name in ("plain", "with-dash"):
        (tmp_path / f"{name}.spec").write_text(SPEC.format(name=name), encoding="utf-8")
        run("rpmbuild", "-bb", "--define", f"_topdir {tmp_path}", f"{name}.spec")
    packages = sorted(str(file) for file in (tmp_path / "RPMS").rglob("*.rpm"))
    run("rpm", "--root", str(tmp_path / "root"), "--nodeps", "-i", *packages)
    asked = ["rpm", "--root", str(tmp_path / "root"), "-qa"]
    files = {
        "reports/a.rpm.txt": run(*asked),
        "reports/b.rpm.txt": run(*asked, "--qf", "%{NAME}\\t%{VERSION}-%{RELEASE}\\n"),
    }
    found = read("inventory", FILES, files)
    assert found.rejects == []
    names = {row.id: row.name for row in found.rows()}
    software = {(names[row.asset_id], row.name, row.version) for row in found.rows("component")}
    assert software == {(host, name, "1.2-3") for host in ("a", "b") for name in ("plain", "with-dash")}
