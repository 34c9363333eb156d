"""A backup source asked through its own door: files in, rows out."""

import os
import shutil
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from deskaudit.connectors import Context
from deskaudit.model.batches import Problem, Reject, Want
from deskaudit.model.entities import BackupJob, BackupRun, Record

DAY = 86400
NOW = 20513 * DAY + 12 * 3600  # 2026-03-01, noon in UTC: 20,513 days after the epoch


class Answer(msgspec.Struct):
    """What a pull gave."""

    jobs: list[BackupJob] = msgspec.field(default_factory=list)
    runs: list[BackupRun] = msgspec.field(default_factory=list)
    records: list[Record] = msgspec.field(default_factory=list)
    problems: list[Problem] = msgspec.field(default_factory=list)
    rejects: list[Reject] = msgspec.field(default_factory=list)

    @property
    def states(self) -> list[str]:
        return [run.state for run in self.runs]

    @property
    def said(self) -> str:
        return "; ".join(problem.message for problem in self.problems)

    def of(self, job: str) -> list[BackupRun]:
        """The runs of one job, by its name."""
        (found,) = [row for row in self.jobs if row.name == job]
        return [run for run in self.runs if run.job_id == found.id]


Ask = Callable[..., Answer]


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    """ask(Connector, files={name: text}, **options of the job): what it finds.

    Without `logs` the job reads all the files. `jobs` gives several; `top` are options of the source itself.
    """

    def run(
        connector: type[Any],
        files: dict[str, str | bytes] | None = None,
        *,
        now: int = NOW,
        written: int | None = None,
        zone: str = "UTC",
        jobs: list[dict[str, Any]] | None = None,
        top: dict[str, Any] | None = None,
        since: int = 0,
        **job: Any,
    ) -> Answer:
        for name, data in (files or {}).items():
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data.encode() if isinstance(data, str) else data)
            if written is not None:
                os.utime(file, (written, written))
        tables = jobs or [{"name": "job", "logs": list(files or {}), **job}]
        options = msgspec.convert({"jobs": tables, **(top or {})}, connector.options)
        source = connector(options, Context("backups", tmp_path, now=lambda: now, zone=zone))
        answer = Answer()
        for batch in source.pull(None, Want(entities=connector.fills, since_at=since)):
            answer.jobs += [row for row in batch.rows if isinstance(row, BackupJob)]
            answer.runs += [row for row in batch.rows if isinstance(row, BackupRun)]
            answer.records += [row for row in batch.rows if isinstance(row, Record)]
            answer.problems += batch.problems
            answer.rejects += batch.rejects
        return answer

    return run


@pytest.fixture
def tool() -> Callable[[str], str]:
    """tool("borg"): skips where the real program is missing, and fails where CI lacks it."""

    def find(name: str) -> str:
        found = shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin:/sbin")
        if not found:
            if os.environ.get("CI"):
                pytest.fail(f"{name} is not installed in CI")
            pytest.skip(f"{name} is not installed")
        return found

    return find


@pytest.fixture
def shell(tmp_path: Path) -> Callable[..., int]:
    """shell(word, …, log="run.log"): runs a program in the test's folder; both streams are added to the log."""

    def run(*words: str | Path, log: str = "", **environment: str) -> int:
        done = subprocess.run(
            words,
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            check=False,
            timeout=120,
            env={**os.environ, **environment},
        )
        if log:
            with (tmp_path / log).open("ab") as stream:
                stream.write(done.stdout)
        return done.returncode

    return run


@pytest.fixture
def source_folder(tmp_path: Path) -> Path:
    """A folder to back up: two files of 600,003 bytes together."""
    folder = tmp_path / "src"
    folder.mkdir()
    (folder / "a").write_bytes(b"x" * 600_000)
    (folder / "b").write_bytes(b"hi\n")
    return folder


@pytest.fixture
def free_ports() -> Callable[[int], list[int]]:
    """free_ports(3): ports of loopback that nobody listens on."""

    def find(count: int) -> list[int]:
        sockets = [socket.socket() for _n in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        ports = [one.getsockname()[1] for one in sockets]
        for one in sockets:
            one.close()
        return ports

    return find
