"""scan, show, rows, compare, answer, export: the main path by the front door. Expected figures are counted by hand."""

import csv
import io
import json
import os
import re
import stat

import pytest

QUARTER = ("--period", "2026-Q3", "--as-of", "2026-10-05")


def results(out: str) -> dict:
    return {(one["check"], one["leg"]): one for one in json.loads(out)["results"] if one["segment"] is None}


@pytest.fixture
def scanned(call):
    code, out, err = call("scan", *QUARTER, "--format", "json")
    assert code in {0, 1}, err
    return json.loads(out), err


def test_scan_finds_what_is_in_the_file(call, scanned):
    found = results(json.dumps(scanned[0]))
    unowned = found["08.1", ""]
    assert unowned["value"] == pytest.approx(4 / 10)  # tickets 37 to 40 of the ten open ones
    assert (unowned["n"], unowned["status"]) == (10, "WARN"), "4 is more than 3, n < 20 is never worse than WARN"
    satisfied = found["18.1", ""]
    assert satisfied["value"] == pytest.approx(12 / 20)
    assert (satisfied["n"], satisfied["status"]) == (20, "FAIL")
    # Answers after 1, 2, … 30 hours: the median lies between 15 and 16 hours, the mean is the same.
    response = found["20.1", "email"]
    assert response["median"] == pytest.approx(15.5 * 3600)
    assert response["mean"] == pytest.approx(15.5 * 3600)
    assert response["n"] == 30
    assert scanned[0]["summary"]["first_response_median_s"] == pytest.approx(15.5 * 3600)
    assert found["24.1", ""]["status"] == "NODATA"


def test_narration_is_on_stderr_and_data_on_stdout(scanned):
    assert "pulling" in scanned[1]
    assert scanned[0]["audit"]["state"] == "completed"


def test_rows_behind_a_figure(call, scanned):
    code, out, _err = call("rows", "last", "unowned-tickets", "--faults", "--format", "csv")
    assert code == 0
    rows = list(csv.DictReader(io.StringIO(out)))
    assert sorted(row["ref"] for row in rows) == ["T-37", "T-38", "T-39", "T-40"]


def test_answers_move_the_headline(call, scanned):
    before = json.loads(call("show", "last", "--format", "json")[1])["summary"]["assured"]
    for number in range(1, 5):
        code, _out, err = call("answer", f"HD-08.q{number}", "yes")
        assert code == 0, err
    after = json.loads(call("show", "last", "--format", "json")[1])["summary"]["assured"]
    assert after > before
    assert call("answer", "HD-08.q1", "no")[0] == 0
    code, _out, err = call("answer", "HD-08.q1", "na")
    assert (code, "needs a reason" in err) == (3, True)
    code, _out, err = call("answer", "HD-08.q1", "perhaps")
    assert (code, "It takes yes, partly, no, na" in err) == (3, True)
    code, _out, err = call("answer", "HD-99.q1", "yes")
    assert code == 3


def test_two_audits_compare(call, desk, scanned):
    text = (desk / "tickets.csv").read_text()
    (desk / "tickets.csv").write_text(re.sub(r"(T-(?:37|38|39|40),[^,]*,Open,),", r"\1Agent 1,", text))
    assert call("scan", *QUARTER)[0] in {0, 1}
    code, out, _err = call("compare", "1", "2", "--json")
    assert code == 0
    changes = {(one["check"], one["leg"]): one["kind"] for one in json.loads(out)["changes"]}
    assert changes["08.1", ""] == "fixed"


def test_the_exit_code_says_what_was_found(call, desk):
    assert call("scan", *QUARTER)[0] == 1
    assert call("scan", *QUARTER, "--fail-on", "never")[0] == 0
    assert call("scan", *QUARTER, "--only", "20.8", "--fail-on", "warn")[0] == 0
    (desk / "tickets.csv").write_text("nothing\n")
    code, _out, err = call("scan", *QUARTER, "--fail-on", "never")
    assert code == 2, "a configured source that failed outranks findings"
    assert "tickets" in err


def test_one_screen_of_text_for_cron(call):
    code, out, _err = call("scan", "--quick", "--as-of", "2026-07-31")
    assert code in {0, 1}
    lines = out.splitlines()
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize("name", ["text", "json", "csv", "markdown"])
def test_exports_are_for_their_owner_and_hold_no_formula(call, desk, scanned, name):
    file = desk / "out.file"
    code, _out, err = call("export", "last", "--format", name, "--output", str(file))
    assert code == 0, err
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    text = file.read_text()
    assert "08.1" in text
    if name == "csv":
        assert not [cell for row in csv.reader(io.StringIO(text)) for cell in row if cell.startswith(("=", "@"))]


def test_every_file_with_data_is_for_its_owner(desk, scanned):
    files = [path for path in (desk / "data").rglob("*") if path.is_file()]
    assert len(files) > 5
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def test_every_folder_with_data_is_for_its_owner_whatever_the_umask(call, desk):
    before = os.umask(0)
    try:
        assert call("scan", "--quick")[0] in {0, 1}
    finally:
        os.umask(before)
    folders = [desk / "data", *(path for path in (desk / "data").rglob("*") if path.is_dir())]
    assert {
        folder.name: stat.S_IMODE(folder.stat().st_mode) for folder in folders if folder.stat().st_mode & 0o77
    } == {}
    assert (desk / "data" / "judged").is_dir()


def test_an_unknown_check_is_told_before_anything_runs(call, desk):
    code, _out, err = call("scan", "--only", "08.x")
    assert (code, "Did you mean" in err) == (3, True)
    assert "pulling" not in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("scan", "--period", "soon"), "is no period"),
        (("scan", "--as-of", "2999-01-01"), "lies in the future"),
        (("scan", "--resume"), "No audit was interrupted"),
        (("show",), "no completed audit"),
        (("pull", "nowhere"), "There is no source nowhere"),
        (("scna",), "Did you mean scan?"),
        (("--config", "/nowhere/c.toml", "scan"), "deskaudit init"),
    ],
)
def test_usage_errors_end_with_3_and_say_what_to_do(call, words, said):
    code, out, err = call(*words)
    assert code == 3
    assert said in err
    assert out == ""


def test_audits_lists_them(call, scanned):
    code, out, _err = call("audits", "--json")
    (audit,) = json.loads(out)
    assert (audit["kind"], audit["period"]["start"], audit["period"]["end"]) == (
        "full",
        "2026-07-01T00:00:00Z",
        "2026-10-01T00:00:00Z",
    )
    assert "2026-07-01..2026-09-30" in call("audits")[1]
    assert code == 0


def test_without_a_command_and_a_terminal_the_last_audit_is_printed(call, scanned):
    code, out, _err = call()
    assert code == 0
    assert "Assured" in out


def test_the_listing_says_what_decides(call, scanned):
    """08.1: 4 of 10 open tickets have no owner: 40 % is above every share, and up to 10 only warn."""
    lines = call("show")[1].splitlines()
    at = next(number for number, line in enumerate(lines) if " 08.1 " in line)
    figure = " ".join(line.strip() for line in lines[at + 1 : at + 3])
    assert "40.0 %; passes at ≤ 5.0 % or up to 3, warns at ≤ 15.0 % or up to 10" in figure


def test_results_are_shown_where_nothing_may_be_written(call, desk, scanned, monkeypatch):
    from deskaudit.store import database

    monkeypatch.setattr(database, "_is_writable", lambda path: False)
    before = sorted(path for path in (desk / "data").rglob("*"))
    for words in (("show",), ("audits",), ("rows", "last", "08.1"), ("export", "last"), ("compare", "1", "1")):
        code, out, err = call(*words)
        assert (code, bool(out)) == (0, True), err
    assert sorted(path for path in (desk / "data").rglob("*")) == before
