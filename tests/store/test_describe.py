import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlite_utils import cli

from deskaudit.model.verdicts import Status
from deskaudit.store.describe import describe

PAGE = Path(__file__).parents[2] / "docs" / "store.md"


def test_the_page_is_what_the_migrations_say():
    assert PAGE.read_text(encoding="utf-8") == describe(), "run: python -m deskaudit.store.describe > docs/store.md"


def test_the_commands_on_the_page_run(run_audit, make_result, path, monkeypatch):
    run_audit(make_result(value=0.25, status=Status.FAIL), make_result(segment="IT"))
    monkeypatch.chdir(path.parent)
    commands = [shlex.split(line)[1:] for line in re.findall(r"^sqlite-utils .*$", describe(), re.MULTILINE)]
    assert len(commands) == 2
    outputs = [CliRunner().invoke(cli.cli, command) for command in commands]
    assert [output.exit_code for output in outputs] == [0, 0]
    assert '"check_name": "sla-missed"' in outputs[0].output
    assert outputs[1].output.strip() == '[{"judged_as_of": "2026-04-01T00:00:00Z", "value": 0.25}]'


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        ("latest_results", [{"check_id": "15.1", "status": "FAIL", "segment": None}]),
        ("answers_current", [{"question_id": "HD-15.q1", "value": "yes", "answered": "1970-01-01T00:00:09Z"}]),
        ("changes_of_answers", [{"question_id": "HD-15.q1", "old_value": None, "new_value": "yes"}]),
        ("audits", [{"id": 1, "finished": "2026-04-01T00:01:00Z", "assured_percent": 61.2, "zone": "UTC"}]),
        ("findings", [{"check_name": "sla-missed", "ref": "ABC", "position": 1}]),
        ("sources", []),
    ],
)
def test_views_show_what_they_say(store, run_audit, make_result, view, expected):
    from deskaudit.model.verdicts import Answer, Evidence

    row = Evidence(rank=1, of="ticket", subject=1, ref="ABC")
    audit = run_audit(
        make_result(status=Status.FAIL, evidence=[row]), make_result(segment="IT"), summary={"assured": 0.612}
    )
    store.answer(audit.id, Answer(question="HD-15.q1", value="yes", answered_at=9))
    rows = store._database.rows(f"SELECT * FROM {view}")
    assert [{key: row[key] for key in expected[0]} for row in rows] == expected if expected else rows == []
