"""A small desk in a CSV file, and the program called as a user calls it."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from deskaudit import cli

CONFIG = """\
[desk]
name = "Small desk"
zone = "UTC"

[calendars.default]
hours = { mon-sun = ["00:00-24:00"] }

[sources.tickets]
type = "csv"
path = "tickets.csv"
zone = "UTC"

[sources.tickets.columns]
key = "No"
title = "Subject"
status = "Status"
agent = "Agent"
department = "Team"
created_at = "Created"
first_response_at = "Answered"
resolved_at = "Solved"
score = "Stars"

[sources.tickets.mapping.statuses]
Open = "open"
Solved = "resolved"

[sources.tickets.ratings]
scale = [1, 5]
"""


def tickets() -> str:
    """40 tickets of July 2026: 30 solved, 10 open of which 4 have no owner; answers after 1 to 30 hours; 20 ratings.

    Ratings: 12 fives, 8 ones.
    """
    lines = ["No,Subject,Status,Agent,Team,Created,Answered,Solved,Stars"]
    for n in range(1, 41):
        day, solved = 1 + n % 28, n <= 30
        answered = f"2026-07-{day + n // 24:02}T{n % 24:02}:00:00" if solved else ""
        ended = f"2026-07-{day + 2:02}T12:00:00" if solved else ""
        owner = "" if n > 36 else f"Agent {n % 3}"
        stars = "" if n > 20 else "5" if n <= 12 else "1"
        subject = "=cmd()|x" if n == 40 else f"Ticket {n}"
        status = "Solved" if solved else "Open"
        lines.append(f"T-{n},{subject},{status},{owner},Team,2026-07-{day:02}T00:00:00,{answered},{ended},{stars}")
    return "\n".join(lines) + "\n"


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    (tmp_path / "config.toml").write_text(CONFIG)
    (tmp_path / "tickets.csv").write_text(tickets())
    return tmp_path


@pytest.fixture
def call(desk, monkeypatch, capsys) -> Callable[..., tuple[int, str, str]]:
    """Runs `deskaudit WORDS…` on the small desk: exit code, stdout, stderr."""

    def run(*words: str, config: str = "config.toml") -> tuple[int, str, str]:
        base = ["deskaudit", "--config", str(desk / config), "--data-dir", str(desk / "data"), "--plain"]
        monkeypatch.setattr(sys, "argv", [*base, *words])
        try:
            cli.main()
        except SystemExit as stop:
            code = stop.code if isinstance(stop.code, int) else 0
        else:
            code = 0
        seen = capsys.readouterr()
        return code, seen.out, seen.err

    return run
