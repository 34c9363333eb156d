"""Spreadsheets give the same rows as CSV files, and no file of that kind can hurt the program."""

import gzip
import io
import tempfile
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deskaudit.connectors.tabular import workbooks
from deskaudit.errors import Cancelled, SourceError

OPTIONS = """
[sources.desk]
type = "csv"
path = "t.xlsx"
fields = ["Done"]
max_bad_share = 1.0
{more}
[sources.desk.columns]
key = "Id"
title = "Title"
created_at = "Created"
resolved_after = "Lasted"
resolve_due_at = "Due"
reply_count = "Replies"
score = "Score"
"""
HEADER = ["Id", "Title", "Created", "Lasted", "Due", "Replies", "Done", "Score"]
DAY = 46083  # 2026-03-02 in the days of a spreadsheet
ROWS = [
    HEADER,
    [1001.0, 'Café, å\n"øl"', ("time", DAY + 0.375), ("duration", 26.5 / 24), ("date", DAY + 1), 3, True, 4.5],
    ["T-2", "Plain", "2026-03-02 10:00", "1:30:00", "", 0, False, ""],
]
CSV = (
    "Id,Title,Created,Lasted,Due,Replies,Done,Score\r\n"
    '1001,"Café, å\n""øl""",2026-03-02 09:00:00,26:30:00,2026-03-03,3,true,4.5\r\n'
    "T-2,Plain,2026-03-02 10:00,1:30:00,,0,false,\r\n"
)


def at(*parts: int) -> int:
    return int(datetime(*parts, tzinfo=UTC).timestamp())


def options(more: str = "", path: str = "t.xlsx") -> str:
    return OPTIONS.format(more=more).replace("t.xlsx", path)


def test_cells_of_every_kind(pull, xlsx):
    pulled = pull(options(), {"t.xlsx": xlsx({"Tickets": ROWS})})
    first, second = pulled.rows("ticket")
    assert (first.ext_id, first.title) == ("1001", 'Café, å "øl"')
    assert first.created_at == at(2026, 3, 2, 9)
    assert first.resolved_at == at(2026, 3, 3, 11, 30)
    assert first.resolve_due_at == at(2026, 3, 3, 23, 59, 59)  # a day without a time lasts to its end
    assert first.reply_count == 3
    assert (second.created_at, second.resolved_at) == (at(2026, 3, 2, 10), at(2026, 3, 2, 11, 30))
    assert [field.value for field in pulled.rows("ticket_field")] == ["true", "false"]
    assert [rating.score for rating in pulled.rows("rating")] == [4.5, None]
    assert pulled.rejects == []


def test_a_workbook_and_a_csv_file_give_the_same_rows(pull, xlsx):
    book = pull(options(), {"t.xlsx": xlsx({"Tickets": ROWS})})
    text = pull(options(path="t.csv"), {"t.csv": CSV})
    rows = [row for batch in book.batches for row in batch.rows]
    assert rows
    assert rows == [row for batch in text.batches for row in batch.rows]


def test_numbers_under_a_decimal_comma(pull, xlsx):
    pulled = pull(options('decimal = ","'), {"t.xlsx": xlsx({"Tickets": ROWS})})
    assert pulled.rows("rating")[0].score == 4.5
    assert pulled.rejects == []


def test_times_of_the_workbook_are_read_whatever_the_format_of_texts(pull, xlsx):
    rows = [*ROWS[:2], ["T-2", "Plain", "02.03.2026 10:00", "1:30:00", "", 0, False, ""]]
    pulled = pull(options('dates = "%d.%m.%Y %H:%M"'), {"t.xlsx": xlsx({"Tickets": rows})})
    assert [ticket.created_at for ticket in pulled.rows("ticket")] == [at(2026, 3, 2, 9), at(2026, 3, 2, 10)]


def test_the_first_sheet_with_the_columns_below_a_title(pull, xlsx):
    sheets = {"Cover": [["Report"], ["Id", "of nothing"]], "Data": [["Requests of March"], [], *ROWS], "More": ROWS}
    pulled = pull(options(), {"t.xlsx": xlsx(sheets)})
    assert len(pulled.rows("ticket")) == 2
    bad = [*ROWS, ["T-3", "x", "soon", "", "", 0, False, ""]]
    pulled = pull(options(), {"t.xlsx": xlsx({"Cover": [["Report"]], "Data": [["Title"], [], *bad]})})
    assert pulled.rejects[0].place == "t.xlsx row 6"  # as the spreadsheet counts


def test_sheets_that_have_the_columns_too_are_named(pull, xlsx):
    def said(more: str = "") -> list[str]:
        batches = pull(options(more), {"t.xlsx": book}).batches
        return [problem.message for batch in batches for problem in batch.problems if problem.resource == "sheet"]

    sheets = {
        "Cover": [[" "]],
        "January": ROWS,
        "February": ROWS,
        "March": ROWS,
        "Notes": [["Id", "Title"]],
        "End": [[" "]],
    }
    book = xlsx(sheets)
    (told,) = said()
    assert told.startswith(
        't.xlsx: sheet "January" is read; 2 more have its columns and are not read: "February", "March"'
    )
    assert "Set sources.desk.sheet" in told
    assert said('sheet = "March"') == []


def test_a_sheet_by_its_name(pull, xlsx):
    other = [HEADER, ["T-9", "Other", "2026-03-02", "", "", "", "", ""]]
    pulled = pull(options('sheet = "march "'), {"t.xlsx": xlsx({"Tickets": ROWS, "March": other})})
    assert [ticket.ext_id for ticket in pulled.rows("ticket")] == ["T-9"]
    with pytest.raises(SourceError, match='no sheet "April"') as caught:
        pull(options('sheet = "April"'), {"t.xlsx": xlsx({"Tickets": ROWS, "March": other})})
    assert '"Tickets", "March"' in caught.value.hint


def test_a_sheet_without_a_column_names_the_nearest(pull, xlsx):
    with pytest.raises(SourceError, match='no column "Created"') as caught:
        pull(
            options(),
            {"t.xlsx": xlsx({"Tickets": [["Id", "Title", "Create", "Lasted", "Due", "Replies", "Done", "Score"]]})},
        )
    assert "Create" in caught.value.hint


def test_open_document(pull, ods):
    text = '[sources.desk]\ntype = "csv"\npath = "t.ods"\n[sources.desk.columns]\nkey = "Id"\ncreated_at = "Created"\n'
    pulled = pull(text, {"t.ods": ods([["Id", "Created"], ["A", "2026-03-02"]])})
    assert pulled.only("ticket").created_at == at(2026, 3, 2)


def archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as inner:
        inner.writestr("tickets.csv", CSV)
    return out.getvalue()


PROTECTED = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 2000 + "EncryptedPackage".encode("utf-16-le") + b"\0" * 600


@pytest.mark.parametrize(
    ("content", "message", "hint"),
    [
        (PROTECTED, "protected by a password", "without the password"),
        (archive(), "damaged workbook .* or an archive", "Unpack it"),
        (gzip.compress(archive()), "inside of a gzip file", "Unpack it"),
        (b"PK\x03\x04" + b"\0" * 100, "damaged workbook", "export it again"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 5000, "workbook", "export it again"),
    ],
    ids=["protected", "archive", "packed", "zip", "ole"],
)
def test_what_is_no_workbook_says_so(pull, content, message, hint):
    with pytest.raises(SourceError, match=message) as caught:
        pull(options(), {"t.xlsx": content})
    assert caught.value.kind == "bad_file"
    assert hint in caught.value.hint


def test_a_cut_workbook_and_an_empty_one(pull, xlsx):
    whole = xlsx({"Tickets": ROWS})
    with pytest.raises(SourceError, match="workbook"):
        pull(options(), {"t.xlsx": whole[: len(whole) // 2]})
    with pytest.raises(SourceError, match="is empty"):
        pull(options(), {"t.xlsx": xlsx({"Tickets": []})})


def test_a_workbook_that_claims_milliards_of_cells_is_refused(pull, xlsx):
    far = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    with pytest.raises(SourceError, match="does not fit in the memory") as caught:
        pull(options(), {"t.xlsx": xlsx({"Tickets": ROWS}, raw=far)})
    assert "Save its sheet as CSV" in caught.value.hint


def test_nothing_stays_behind(pull, xlsx):
    before = set(Path(tempfile.gettempdir()).glob("deskaudit-sheets-*"))
    pull(options(), {"t.xlsx": xlsx({"Tickets": ROWS})})
    assert set(Path(tempfile.gettempdir()).glob("deskaudit-sheets-*")) == before


def test_it_stops_when_asked_while_the_workbook_is_taken_apart(connector, xlsx, tmp_path, monkeypatch):
    from deskaudit.model.batches import Want

    monkeypatch.setattr(workbooks, "_TICK_S", 0.001)
    (tmp_path / "t.xlsx").write_bytes(xlsx({"Tickets": ROWS}))
    with pytest.raises(Cancelled):
        list(connector(options(), cancelled=lambda: True).pull(None, Want(entities=frozenset({"ticket"}), since_at=0)))


def test_the_probe_names_the_sheet(pull, connector, xlsx):
    pull(options(), {"t.xlsx": xlsx({"Tickets": ROWS})})
    probe = connector(options()).probe()
    assert probe.reachable
    assert 'xlsx, sheet "Tickets", column names in row 1 (8)' in probe.message


def test_the_hash_is_that_of_the_file(pull, xlsx):
    import hashlib

    content = xlsx({"Tickets": ROWS})
    pulled = pull(options(), {"t.xlsx": content})
    assert pulled.batches[-1].cursor["files"]["t.xlsx"]["sha256"] == hashlib.sha256(content).hexdigest()
    assert pulled.batches[-1].done == len(content)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_mutated_workbooks_raise_nothing_but_source_errors(pull, xlsx, data):
    content = bytearray(xlsx({"Tickets": ROWS}))
    for _n in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content) - 1))
        how = data.draw(st.sampled_from(["flip", "cut", "splice"]))
        if how == "flip":
            content[place] ^= data.draw(st.integers(1, 255))
        elif how == "cut":
            del content[place : place + data.draw(st.integers(1, 200))]
        else:
            content[place:place] = data.draw(st.binary(min_size=1, max_size=20))
        if not content:
            break
    try:
        pulled = pull(options(), {"t.xlsx": bytes(content)})
    except SourceError:
        return
    assert all(ticket.created_at is not None for ticket in pulled.rows("ticket"))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_mutated_sheets_raise_nothing_but_source_errors(pull, xlsx, data):
    """The XML inside is hurt, and the archive around it is whole."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(xlsx({"Tickets": ROWS}))) as whole, zipfile.ZipFile(out, "w") as hurt:
        target = data.draw(st.sampled_from(whole.namelist()))
        for name in whole.namelist():
            content = bytearray(whole.read(name))
            if name == target:
                place = data.draw(st.integers(0, len(content) - 1))
                content[place : place + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=9))
            hurt.writestr(name, bytes(content))
    try:
        pull(options(), {"t.xlsx": out.getvalue()})
    except SourceError:
        return
