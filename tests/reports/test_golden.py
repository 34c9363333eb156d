"""Every format, byte by byte, and the promises that hold for each of them."""

import csv
import io
import re
import unicodedata

import pytest

from deskaudit import reports
from deskaudit.model.verdicts import SourcePull, Status
from deskaudit.reports import csvfile, markdown, summary, text
from deskaudit.reports.lines import cells
from deskaudit.store.compare import compare

WRITERS = {
    "report.json": summary.write,
    "results.csv": csvfile.write,
    "evidence.csv": csvfile.write_evidence,
    "report.md": markdown.write,
    "screen.txt": text.write_screen,
    "listing.txt": text.write,
    "screen-ascii.txt": lambda report, out: text.write_screen(report, out, ascii_only=True),
    "listing-ascii.txt": lambda report, out: text.write(report, out, ascii_only=True, segments=True),
    "screen-colour.txt": lambda report, out: text.write_screen(report, out, colour=True),
}


def written(writer, *arguments, **options):
    out = io.StringIO(newline="")
    writer(*arguments, out, **options)
    return out.getvalue()


@pytest.mark.parametrize("name", WRITERS)
def test_the_format_is_as_it_was(report, golden, name):
    golden(name, written(WRITERS[name], report))


@pytest.mark.parametrize("name", [name for name in WRITERS if "colour" not in name])
def test_no_control_or_bidi_character_gets_out(report, name):
    content = written(WRITERS[name], report).replace("\r\n", "\n")
    bad = [letter for letter in content if unicodedata.category(letter) in {"Cc", "Cf", "Cs"} and letter != "\n"]
    assert bad == []
    assert not re.search(r"\\u00(0|1|7f|8|9)", content), "nor as an escape that a reader of JSON would undo"


def test_no_cell_is_a_formula(report):
    for name in ("results.csv", "evidence.csv"):
        table = list(csv.reader(io.StringIO(written(WRITERS[name], report))))
        assert len({len(line) for line in table}) == 1
        starts = {cell[:1] for line in table for cell in line if not re.fullmatch(r"-?\d+(\.\d+)?", cell)}
        assert not starts & {"=", "+", "-", "@", "\t", "\r"}
        assert any(cell.startswith("'=cmd()") for line in table for cell in line)


def test_csv_is_rfc_4180(report):
    content = written(csvfile.write, report)
    assert content.endswith("\r\n")
    assert content.count("\r\n") == 1 + len(report.results), "no line break within a cell"
    assert "\n" not in content.replace("\r\n", "")


def test_csv_carries_raw_numbers(report):
    lines = list(csv.DictReader(io.StringIO(written(csvfile.write, report))))
    found = {(line["check"], line["leg"], line["segment"]): line for line in lines}
    missed = found["15.1", "", ""]
    assert (missed["value"], missed["n"], missed["interval_low"], missed["low_n"]) == ("0.812", "412", "0.771", "0")
    assert (missed["change_since_last"], missed["item_title"]) == ("new", "Measure service levels")
    assert float(missed["delta_since_last"]) == pytest.approx(-15.8)
    assert found["15.2", "p50", ""]["p90"] == "40000"
    assert found["15.1", "", "Billing"]["value"] == "0.6"


def test_one_screen_is_one_screen(store, audit, make_audit, make_result):
    many = [
        make_result(
            check=f"9.{number}",
            title="訓練" * 60,
            status=Status.FAIL if number % 2 else Status.WARN,
            value=0.5,
            pass_at=0.9,
        )
        for number in range(40)
    ]
    audit_id = store.begin(make_audit(scope="x" * 300))
    store.record(audit_id, many)
    for number in range(9):
        store.record_pull(audit_id, SourcePull(name=f"s{number}", type="csv", state="failed", error="x" * 300))
    store.interrupt(audit_id, "y" * 300)
    for options in ({}, {"ascii_only": True}):
        lines = written(text.write_screen, reports.build(store, store.audit(audit_id)), **options).splitlines()
        assert len(lines) <= 22, "a prompt fits below"
        assert "  s0 (csv) failed" in lines[-6], "the first of those that failed"
        assert lines[-1].startswith("  and 4 more: s5 failed, s6 failed, s7 failed, s8 failed")
        assert max(cells(line) for line in lines) <= 80


def test_one_screen_says_why_it_fails(store, make_audit, make_result):
    alone = make_result(
        check="24.5", title="Days since a restore", status=Status.FAIL, value=12.0, unit="days", better="lower",
        pass_at=92.0, details={"fail_if": 1, "fail_says": "no restore was ever recorded"},
    )  # fmt: skip
    unmeasured = make_result(
        check="24.6", title="Copies elsewhere", status=Status.FAIL, value=None, reason="None is kept."
    )
    plain = [
        make_result(
            check=f"9.{n}", title="Shares", status=Status.FAIL, value=0.5, pass_at=0.9, reason=f"Reason {n}.", severity="low"
        )
        for n in range(20)
    ]  # fmt: skip
    audit_id = store.begin(make_audit())
    store.record(audit_id, [alone, unmeasured, *plain])
    lines = written(text.write_screen, reports.build(store, store.audit(audit_id))).splitlines()
    assert lines[next(n for n, line in enumerate(lines) if "24.5" in line) + 1] == (
        "    fails by itself: no restore was ever recorded"
    ), "12 d against at most 92 d does not say why"
    assert lines[next(n for n, line in enumerate(lines) if "24.6" in line) + 1] == "    None is kept."
    assert len(lines) == 22, "no room is left unused"


def test_one_screen_of_a_few_failures_gives_the_reason_of_each(store, make_audit, make_result):
    audit_id = store.begin(make_audit())
    store.record(
        audit_id, [make_result(check="9.1", status=Status.FAIL, value=0.5, pass_at=0.9, reason="Half are late.")]
    )
    lines = written(text.write_screen, reports.build(store, store.audit(audit_id))).splitlines()
    assert "    Half are late." in lines


def test_one_screen_names_every_source_that_is_not_whole(store, make_audit):
    audit_id = store.begin(make_audit())
    for number in range(5):
        store.record_pull(audit_id, SourcePull(name=f"good{number}", type="csv", state="complete"))
    store.record_pull(audit_id, SourcePull(name="late", type="imap", state="incomplete", error="The line dropped."))
    lines = written(text.write_screen, reports.build(store, store.audit(audit_id))).splitlines()
    assert lines[-4] == "  late (imap) incomplete: The line dropped.", "it comes before those that are whole"
    assert lines[-1] == "  and 3 more: good2 complete, good3 complete, good4 complete"


def test_ascii_is_ascii(report):
    for name in ("screen-ascii.txt", "listing-ascii.txt"):
        assert written(WRITERS[name], report).isascii()


def test_colour_is_only_the_status_letter(report):
    plain, coloured = written(text.write_screen, report), written(WRITERS["screen-colour.txt"], report)
    assert re.sub(r"\x1b\[[\d;]+m(.)\x1b\[0m", r"\1", coloured) == plain
    assert coloured.count("\x1b[0m") == 4  # two that failed, two that warned


@pytest.mark.parametrize(
    ("tty", "environ", "wanted"),
    [
        (True, {}, True),
        (True, {"NO_COLOR": ""}, True),
        (True, {"NO_COLOR": "1"}, False),
        (True, {"TERM": "dumb"}, False),
        (False, {}, False),
    ],
)
def test_colour_is_for_terminals_that_want_it(tty, environ, wanted):
    from deskaudit.reports.lines import wants_colour

    class Terminal(io.StringIO):
        def isatty(self):
            return tty

    assert wants_colour(Terminal(), environ) is wanted


def test_markdown_is_still_text_when_rendered(report):
    content = written(markdown.write, report)
    bare = re.sub(r"\\.", "", content)
    assert "<script" not in bare
    assert "javascript:" not in re.sub(r"[^(<]*", "", bare)
    assert re.findall(r"\]\(<?([^)>]+)", bare) == ["https://desk/t/77"], "the one link is the one plain address"
    headings = re.findall(r"^#+ .*$", content, re.MULTILINE)
    assert [line for line in headings if line.startswith("## ")] == [
        "## Most urgent",
        "## HD-08 Test ticket management",
        "## HD-15 Measure service levels",
        "## HD-24 Check backups",
        "## Sources",
    ]
    for table in re.findall(r"(?:^\|.*\n)+", content, re.MULTILINE):
        widths = {len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}
        assert len(widths) == 1


def test_two_audits_are_printed_side_by_side(store, audit, golden):
    found = compare(store, store.audit(1), audit)
    golden("compare.txt", written(lambda out: reports.write_comparison(found, "text", out)))
    golden(
        "compare-all-ascii.txt",
        written(lambda out: reports.write_comparison(found, "text", out, everything=True, ascii_=True)),
    )
    golden("compare.json", written(lambda out: reports.write_comparison(found, "json", out)))


@pytest.mark.parametrize(
    ("format_", "name"),
    [("json", "report.json"), ("csv", "results.csv"), ("evidence", "evidence.csv"), ("markdown", "report.md"),
     ("text", "listing.txt")],
)  # fmt: skip
def test_formats_are_found_by_name(report, golden, format_, name):
    golden(name, written(lambda out: reports.write(report, format_, out)))


def test_an_audit_without_anything_is_written_in_every_format(store, make_audit):
    empty = reports.build(store, store.audit(store.begin(make_audit())))
    for writer in WRITERS.values():
        assert written(writer, empty)
