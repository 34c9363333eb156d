"""A package of somebody else's that is installed for one test, and the program beside it."""

import subprocess
import sys

import pytest


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """installed({file: content}, group = value, …): a package that is there for this test."""

    def make(files, *, requires="", **points):
        for name, content in files.items():
            file = tmp_path / "site" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content if isinstance(content, bytes) else content.encode())
        facts = tmp_path / "site" / "deskaudit_extra-2.5.dist-info"
        facts.mkdir(parents=True)
        (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: deskaudit-extra\nVersion: 2.5\n{requires}")
        lines = [f"[deskaudit.{group}]\nextra = {value}" for group, value in points.items()]
        (facts / "entry_points.txt").write_text("\n".join(lines) + "\n")
        monkeypatch.syspath_prepend(str(tmp_path / "site"))

    return make


@pytest.fixture
def call(tmp_path):
    """call(words, more = config) → (exit code, stdout, stderr) of the program, beside a config with one source and what is `installed`."""

    def run(*words, more="", language=""):
        (tmp_path / "t.csv").write_text("Id,Made\n1,2026-01-01\n")
        columns = '[sources.desk.columns]\nkey = "Id"\ncreated_at = "Made"\n'
        (tmp_path / "config.toml").write_text(f'[sources.desk]\ntype = "csv"\npath = "t.csv"\n{columns}{more}')
        done = subprocess.run(
            [sys.executable, "-m", "deskaudit", "--config", "config.toml", "--data-dir", "data", "--plain", *words],
            capture_output=True, text=True, check=False, cwd=tmp_path,
            env={"PYTHONPATH": str(tmp_path / "site"), "PATH": "/usr/bin", "LANG": "C.UTF-8", "LANGUAGE": language},
        )  # fmt: skip
        return done.returncode, done.stdout, done.stderr

    return run
