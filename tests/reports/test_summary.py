"""The JSON object: its values, its schema, its documentation."""

import io
import json
from pathlib import Path

import jsonschema
import pytest

from deskaudit.model.verdicts import Status
from deskaudit.reports import build, summary
from deskaudit.reports.describe import describe, load

PAGE = Path(__file__).parents[2] / "docs" / "json.md"


def as_json(report):
    out = io.StringIO()
    summary.write(report, out)
    return json.loads(out.getvalue())


def valid(found):
    jsonschema.Draft202012Validator.check_schema(load())
    jsonschema.Draft202012Validator(load(), format_checker=jsonschema.FormatChecker()).validate(found)


def test_the_report_is_what_its_schema_says(report):
    valid(as_json(report))


def test_an_audit_that_was_cut_short_is_valid_too(store, make_audit, make_result):
    audit_id = store.begin(make_audit(kind="quick"))
    store.record(
        audit_id, [make_result(status=Status.FAIL, severity="low"), make_result(check="1.1", status=Status.FAIL)]
    )
    store.interrupt(audit_id, "Killed.")
    found = as_json(build(store, store.audit(audit_id)))
    valid(found)
    assert (found["audit"]["state"], found["audit"]["finished_at"], found["audit"]["error"]) == (
        "interrupted",
        None,
        "Killed.",
    )
    assert found["summary"]["assured"] is None
    assert found["summary"]["counts"]["FAIL"] == 2
    assert [one["check"] for one in found["summary"]["most_urgent"]] == ["1.1", "15.1"], "by severity"


def test_the_schema_notices_what_is_missing_or_wrong(report):
    for path, value in (
        (("audit", "kind"), "nightly"),
        (("summary", "assured"), 61.2),
        (("summary", "counts"), {"GOOD": 1}),
        (("results", 0, "status"), "OK"),
        (("results", 0, "value"), "5"),
        (("results", 1, "evidence", 0, "subject"), 7),
    ):
        found = as_json(report)
        place = found
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value
        with pytest.raises(jsonschema.ValidationError):
            valid(found)
    for part in ("audit", "summary", "results", "sources", "schema"):
        found = as_json(report)
        del found[part]
        with pytest.raises(jsonschema.ValidationError):
            valid(found)


def test_the_schema_knows_every_key_there_is(report):
    """An unknown key is allowed to readers of tomorrow's reports; today's writer has none."""

    def close(node):
        if isinstance(node, dict):
            for inner in node.values():
                close(inner)
            if "properties" in node:
                node["additionalProperties"] = False
        elif isinstance(node, list):
            for inner in node:
                close(inner)
        return node

    jsonschema.Draft202012Validator(close(load())).validate(as_json(report))


def test_values_are_raw_and_times_are_iso(report):
    found = as_json(report)
    assert found["schema"] == 1
    assert found["audit"]["period"] == {"start": "2025-12-31T23:00:00Z", "end": "2026-03-31T22:00:00Z"}
    assert found["audit"]["finished_at"] == "2026-03-31T23:06:40Z"
    assert found["summary"]["first_response_median_s"] == 11520
    by_key = {(one["check"], one["segment"]): one for one in found["results"]}
    missed = by_key["15.1", None]
    assert (missed["value"], missed["pass"], missed["warn"]) == (0.812, 0.95, 0.9)
    assert missed["interval"] == [0.771, 0.847]
    assert missed["evidence"][0]["subject"] == "4611686018427387905"
    assert found["sources"][0]["cursor"] == {"since": 5}
    assert [one["complete"] for one in found["sources"]] == [True, False]


def test_changes_are_told_against_the_last_audit_and_the_baseline(report):
    found = {(one["check"], one["segment"]): one for one in as_json(report)["results"]}
    change = found["15.1", None]["change_since_last"]
    assert change.pop("delta") == pytest.approx(-15.8)
    assert change == {"audit": 1, "kind": "new", "status": "PASS", "value": 0.97, "delta_unit": "points"}
    assert found["15.1", None]["change_since_baseline"]["audit"] == 1
    assert found["24.1", None]["change_since_last"]["kind"] == "check_changed"
    assert found["24.1", None]["change_since_last"]["delta"] is None
    assert found["8.1", None]["change_since_last"]["kind"] == "better"


def test_a_quick_scan_is_held_against_quick_scans_only(store, audit, make_audit, make_result):
    def quick(value):
        audit_id = store.begin(make_audit(kind="quick"))
        store.record(audit_id, [make_result(value=value, population="census")])
        store.finish(audit_id, finished_at=1, summary={}, judged_file=None, judged_sha256=None)
        return build(store, store.audit(audit_id)).results[0]

    first = quick(0.9)
    assert (first.change_since_last, first.change_since_baseline) == (None, None)
    second = quick(0.8)
    assert (second.change_since_last.audit, second.change_since_last.kind) == (3, "worse")


def test_questions_come_with_their_answers(report):
    found = {one["question"]: one for one in as_json(report)["answers"]}
    assert {name: (one["state"], one["value"]) for name, one in found.items()} == {
        "HD-15.q1": ("confirmed", "no"),
        "HD-15.q2": ("open", None),
        "HD-24.q1": ("offered", "partly"),
    }
    assert found["HD-15.q2"]["must"] is True


def test_a_report_is_read_back(report):
    out = io.StringIO()
    summary.write(report, out)
    assert summary.read(out.getvalue()) == report


def test_evidence_can_be_left_out(store, audit):
    assert not any(one.evidence for one in build(store, audit, evidence=False).results)


def test_the_page_is_what_the_schema_says():
    assert PAGE.read_text(encoding="utf-8") == describe(), "run: python -m deskaudit.reports.describe > docs/json.md"
