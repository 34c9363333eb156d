"""Inventory reports that real programs write here and now."""

import os
import shutil
import subprocess
import sys

import pytest

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
