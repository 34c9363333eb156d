"""`deskaudit sources propose` and the proposal in `deskaudit init`, as a user meets them."""

import io
import sys
import tomllib

import pytest

ROWS = "\n".join(
    f"T-{n},Case {n},{('Open', 'On hold', 'Solved')[n % 3]},2026-07-01T00:00:00,{('Haster', 'Middels', 'Lav')[n % 3]},"
    f"{('network', 'printer')[n % 2]}"
    for n in range(1, 31)
)
CONFIG = """\
[desk]
zone = "UTC"
[sources.desk]
type = "csv"
path = "export.csv"
columns = { key = "No", title = "Subject", status = "State", created_at = "Created" }
[sources.desk.mapping.statuses]
Open = "open"
"On hold" = "open"
Solved = "resolved"
"""


@pytest.fixture
def export(desk):
    (desk / "export.csv").write_text(f"No,Subject,State,Created,Hastegrad,Category\n{ROWS}\n")
    (desk / "config.toml").write_text(CONFIG)
    return desk


def test_it_prints_a_mapping_that_can_be_pasted_and_works(call, export):
    code, out, err = call("sources", "propose", "desk")
    assert code == 0
    assert '30 of 30 tickets say it in the field Hastegrad: "' in out
    assert "sources.desk.mapping.service" in out  # what is not found names its fix
    lines = out.splitlines()
    start = lines.index("What they would become:")
    assert lines[start + 1].split() == ["ticket", "status", "priority", "category", "type", "service"]
    assert len([line for line in lines[start + 2 :] if line.startswith("  T-")]) == 5
    assert any({"postponed", "P3", "printer"} & set(line.split()) for line in lines)
    pasted = out[out.index("[sources.desk.mapping") :]
    assert tomllib.loads(pasted)["sources"]["desk"]["mapping"] == {
        "priority": {"field": "Hastegrad", "values": {"Haster": "P1", "Middels": "P3", "Lav": "P4"}},
        "category": {"field": "Category"},
        "waiting": {"statuses": ["On hold"]},
    }
    assert "Paste this into" in err
    (export / "config.toml").write_text(CONFIG + pasted)
    code, out, err = call("sources", "propose", "desk")
    assert code == 0
    assert "priority  configured" in out
    assert "nothing to add" in err
    assert call("pull")[0] == 0


def test_a_source_without_tickets_says_so(call, export):
    with (export / "config.toml").open("a") as out:
        out.write('[sources.scan]\ntype = "nmap"\nfiles = ["scan.xml"]\n')
    code, _out, err = call("sources", "propose", "scan")
    assert (code, "has no tickets" in err) == (2, True)
    assert call("sources", "propose", "nobody")[0] == 3


@pytest.mark.parametrize(("answer", "kept"), [("y", True), ("n", False)])
def test_init_proposes_and_asks(call, export, monkeypatch, answer, kept):
    columns = ["key = No", "title = Subject", "status = State", "created_at = Created", ""]
    answers = [
        "Nord",
        "internal",
        "UTC",
        "24x7",
        "y",
        "csv",
        "desk",
        str(export / "export.csv"),
        "1",
        *columns,
        answer,
        "n",
    ]
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n".join(answers) + "\n"))
    code, out, err = call("init", config="new.toml")
    assert code == 0, out + err
    table = tomllib.loads((export / "new.toml").read_text())["sources"]["desk"]
    assert ("mapping" in table) == kept
    assert not kept or table["mapping"]["priority"]["field"] == "Hastegrad"
