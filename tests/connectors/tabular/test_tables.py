"""The shared reader: what a file may look like, and what is said of one that cannot be read."""

import csv
import gzip
import io
import os
import string

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deskaudit.errors import ConfigError, SourceError
from deskaudit.model.batches import Want

OPTIONS = """
[sources.desk]
type = "csv"
path = "t.csv"
{more}
[sources.desk.columns]
key = "Id"
title = "Title"
created_at = "Created"
"""
TABLE = "Id,Title,Created\n1,Café å øl,2026-01-02T03:04:05Z\n2,Plain,2026-01-03T03:04:05Z\n"


def options(more: str = "") -> str:
    return OPTIONS.format(more=more)


def titles(pulled) -> list[str]:
    return [ticket.title for ticket in pulled.rows("ticket")]


@pytest.mark.parametrize(
    ("encoding", "said"),
    [
        ("utf-8", "auto"),
        ("utf-8-sig", "auto"),
        ("utf-8-sig", "utf-8"),
        ("utf-16", "auto"),
        ("utf-16", "utf-16"),
        ("utf-32", "auto"),
        ("utf-16-le", "utf-16-le"),
        ("cp1252", "cp1252"),
        ("cp850", "cp850"),
    ],
)
def test_encodings_give_the_same_text(pull, encoding, said):
    pulled = pull(options(f'encoding = "{said}"'), {"t.csv": TABLE.encode(encoding)})
    assert titles(pulled) == ["Café å øl", "Plain"]


def test_bytes_that_are_no_utf8_are_refused_with_place_byte_and_readings(pull):
    data = TABLE.encode("cp1252")
    with pytest.raises(SourceError) as caught:
        pull(options(), {"t.csv": data})
    assert caught.value.kind == "bad_file"
    assert f"line 2: byte 0xE9 (offset {data.index(0xE9)})" in caught.value.message
    assert "cp1252" in caught.value.hint
    assert "Café å øl" in caught.value.hint
    assert "sources.desk.encoding" in caught.value.hint


def test_a_bad_byte_far_down_has_its_line(pull):
    body = "".join(f"{n},ok,2026-01-02\n" for n in range(2, 40_000))
    data = b"Id,Title,Created\n" + body.encode() + b"x,\xff,2026-01-02\n"
    with pytest.raises(SourceError, match=rf"line 40000: byte 0xFF \(offset {data.index(0xFF)}\)"):
        pull(options(), {"t.csv": data})


def test_a_mark_that_contradicts_the_config_is_refused(pull):
    with pytest.raises(SourceError, match=r"mark of utf-8, but sources.desk.encoding says cp1252"):
        pull(options('encoding = "cp1252"'), {"t.csv": TABLE.encode("utf-8-sig")})


def test_utf16_without_a_mark_is_named(pull):
    with pytest.raises(SourceError) as caught:
        pull(options(), {"t.csv": "Id,Title,Created\n1,a,2026-01-02\n".encode("utf-16-le")})
    assert "utf-16-le" in caught.value.hint


@pytest.mark.parametrize("encoding", ["klingon", "base64", "rot13", ""])
def test_unknown_encodings_are_config_errors(pull, encoding):
    with pytest.raises(ConfigError, match="encoding"):
        pull(options(f'encoding = "{encoding}"'), {"t.csv": TABLE})


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_the_one_that_finds_the_header(pull, delimiter):
    text = TABLE.replace(",", delimiter)
    assert titles(pull(options(), {"t.csv": text})) == ["Café å øl", "Plain"]


def test_other_delimiters_are_said(pull):
    text = TABLE.replace(",", "~")
    assert titles(pull(options('delimiter = "~"'), {"t.csv": text})) == ["Café å øl", "Plain"]
    with pytest.raises(SourceError, match='no column "Id"'):
        pull(options(), {"t.csv": text})


def test_files_without_quotes_and_with_escapes(pull):
    text = 'Id,Title,Created\n1,5" disk,2026-01-02\n2,a\\, b,2026-01-02\n'
    pulled = pull(options("quote = ''\nescape = '\\'"), {"t.csv": text})
    assert titles(pulled) == ['5" disk', "a, b"]
    pulled = pull(options("escape = '\\'"), {"t.csv": 'Id,Title,Created\n1,"say \\"hi\\"",2026-01-02\n'})
    assert titles(pulled) == ['say "hi"']


@pytest.mark.parametrize(
    "more", ['delimiter = ",,"', "quote = ','\ndelimiter = ','", 'escape = "\\n"', 'quote = "ab"', "header_line = -1"]
)
def test_marks_that_cannot_be(pull, more):
    with pytest.raises(ConfigError, match=r"sources\.desk"):
        pull(options(more), {"t.csv": TABLE})


def test_gzip_is_read_whatever_the_name(pull):
    pulled = pull(options(), {"t.csv": gzip.compress(TABLE.encode("utf-16"))})
    assert titles(pulled) == ["Café å øl", "Plain"]


def test_cut_gzip_is_a_source_error(pull):
    with pytest.raises(SourceError, match="cut or damaged"):
        pull(options(), {"t.csv": gzip.compress(TABLE.encode() * 500)[:-20]})


def test_cells_of_several_lines_and_bare_carriage_returns(pull):
    text = 'Id,Title,Created\r1,"two\rlines, ""quoted""",2026-01-02\r2,x,2026-01-03\r'
    assert titles(pull(options(), {"t.csv": text})) == ['two lines, "quoted"', "x"]


def test_names_match_by_letters_and_digits(pull):
    text = "\ufeffI_D , TITLE!,created\n1,a,2026-01-02\n"
    assert titles(pull(options(), {"t.csv": text})) == ["a"]


def test_a_title_block_above_the_header(pull):
    block = "All tickets of the desk\n\nExported by,somebody\n"
    pulled = pull(options(), {"t.csv": block + TABLE + "no-date,x,\n"})
    assert titles(pulled) == ["Café å øl", "Plain"]
    # rows count as in a spreadsheet: title, blank, by, header, two tickets, the bad one
    assert [reject.place for reject in pulled.rejects] == ["t.csv row 7"]


def test_header_line_is_obeyed(pull):
    text = "Id,Title,Created\nold,names,here\nId,Title,Created\n1,a,2026-01-02\n"
    assert titles(pull(options("header_line = 3"), {"t.csv": text})) == ["a"]
    with pytest.raises(SourceError, match=r'no column "Id" \(row 2\)'):
        pull(options("header_line = 2"), {"t.csv": text})
    with pytest.raises(SourceError, match="no column names in line 9"):
        pull(options("header_line = 9"), {"t.csv": text})


def test_a_missing_column_names_file_and_nearest_header(pull):
    with pytest.raises(SourceError) as caught:
        pull(options(), {"t.csv": "Id,Titel,Created\n1,a,2026-01-02\n"})
    assert 't.csv has no column "Title" (row 1).' in caught.value.message
    assert 'The nearest is "Titel".' in caught.value.hint


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b'Id,Title,Created\n1,"never closed,2026-01-02\n2,b,2026-01-02\n', "row 2 is never closed"),
    ],
)
def test_what_is_no_table_says_so(pull, content, message):
    with pytest.raises(SourceError, match=message):
        pull(options(), {"t.csv": content})


def test_a_file_that_is_not_there(pull, connector):
    with pytest.raises(SourceError, match=r"sources\.\w+\.path: there is no file .*/t\.csv"):
        pull(options(), {})
    probe = connector(options()).probe()
    assert not probe.reachable
    assert "there is no file" in probe.message


def test_a_pattern_without_files(pull):
    with pytest.raises(SourceError, match=r"sources\.\w+\.path: no file matches"):
        pull(options().replace("t.csv", "none-*.csv"), {})


def test_broken_rows_are_listed_and_the_others_kept(pull):
    body = "".join(f"{n},t{n},2026-01-02\n" for n in range(200))
    text = "Id,Title,Created\n" + body + 'x,"a"b,2026-01-02\ny,a,2026-01-02,surplus\nz,short\n'
    pulled = pull(options(), {"t.csv": text})
    assert len(pulled.rows("ticket")) == 200
    assert [reject.place for reject in pulled.rejects] == ["t.csv row 202", "t.csv row 203", "t.csv row 204"]
    assert "broken quoting" in pulled.rejects[0].reason
    assert "4 cells where the header has 3" in pulled.rejects[1].reason
    assert pulled.rejects[2].reason.startswith("Created:")  # a short row's last cells are empty
    assert pulled.incomplete == set()  # 3 of 203


def test_too_many_bad_rows_make_it_incomplete(pull):
    text = "Id,Title,Created\n1,a,2026-01-02\n2,b,yesterday\n"
    pulled = pull(options(), {"t.csv": text})
    assert pulled.incomplete == {"ticket"}
    assert "1 of 2 rows are bad (50.0%" in next(p.message for p in pulled.problems if p.entities)
    assert pull(options("max_bad_share = 0.5"), {"t.csv": text}).incomplete == set()


def test_no_rows_is_incomplete_not_zero_tickets(pull):
    assert pull(options(), {"t.csv": "Id,Title,Created\n"}).incomplete == {"ticket"}


def test_progress_and_cursor(pull, tmp_path):
    import hashlib

    data = gzip.compress(TABLE.encode())
    pulled = pull(options(), {"t.csv": data})
    last = pulled.batches[-1]
    assert (last.done, last.total) == (len(data), len(data))
    seen = last.cursor["files"]["t.csv"]
    assert seen["size"] == len(data)
    assert seen["sha256"] == hashlib.sha256(data).hexdigest()
    assert seen["mtime"] == int((tmp_path / "t.csv").stat().st_mtime)


def test_probe_tells_what_it_found(pull, connector):
    pull(options(), {"t.csv": TABLE.replace(",", ";")})
    probe = connector(options()).probe()
    assert probe.reachable
    assert probe.modules == {"t.csv": "ok"}
    assert "utf-8, delimiter ;, column names in row 1 (3)" in probe.message
    assert "key = 1; title = Café å øl" in probe.message


PRINTABLE = st.text(alphabet=string.ascii_letters + string.digits + " ,;\"'\n|åéøñüÅÉÖ", max_size=12)


@settings(deadline=None, max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(PRINTABLE, min_size=1, max_size=6))
def test_any_table_reads_the_same_in_every_encoding(pull, cells):
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["Id", "Title", "Created"])
    writer.writerows([number, cell, "2026-01-02T00:00:00Z"] for number, cell in enumerate(cells))
    read = [
        [
            row
            for name in ("ticket",)
            for row in pull(
                options(f'missing = []\nencoding = "{said}"'), {"t.csv": out.getvalue().encode(encoding)}
            ).rows(name)
        ]
        for encoding, said in (("utf-8-sig", "auto"), ("utf-16", "auto"), ("cp1252", "cp1252"), ("cp850", "cp850"))
    ]
    assert read[1:] == [read[0]] * 3
    assert [ticket.title for ticket in read[0]] == [" ".join(cell.split()) or None for cell in cells]


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data(), st.booleans(), st.sampled_from(["utf-8-sig", "utf-16", "cp1252"]))
def test_mutated_bytes_raise_nothing_but_source_errors(pull, data, zipped, encoding):
    table = TABLE + '3,"two\nlines",03/14/2026 9:30 PM\n4,x,2026-01-05\n'
    raw = bytearray(gzip.compress(table.encode(encoding), mtime=0) if zipped else table.encode(encoding))
    for _time in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(raw) - 1))
        raw[place] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        del raw[data.draw(st.integers(0, len(raw))) :]
    said = "cp1252" if encoding == "cp1252" else "auto"
    try:
        pulled = pull(options(f'encoding = "{said}"'), {"t.csv": bytes(raw)})
    except (SourceError, ConfigError):
        return
    for ticket in pulled.rows("ticket"):
        assert ticket.created_at is not None
        assert ticket.title is None or ticket.title.isprintable() or not any(char < " " for char in ticket.title)


def test_a_pipe_is_refused_and_not_waited_for(pull, tmp_path):
    with pytest.raises(SourceError, match="pipe or a device"):
        pull(options(f'path = "{_pipe(tmp_path)}"').replace('path = "t.csv"\n', ""), {})


def _pipe(folder):
    os.mkfifo(folder / "pipe")
    return folder / "pipe"


@pytest.mark.parametrize(
    ("bad", "message"),
    [("a\0b", "line 3: it holds NUL characters"), ("a" * 5_000_000, "line 3: it has more than 4194304 characters")],
)
def test_a_line_that_is_no_text_is_named(pull, bad, message):
    with pytest.raises(SourceError) as caught:
        pull(options(), {"t.csv": TABLE.replace("Plain", bad)})
    assert message in caught.value.message


@pytest.mark.parametrize(
    "start",
    ["<html><body>", "<!DOCTYPE html>", '\n <table border="1">', '<?xml version="1.0"?><?mso-application progid="x"?>'],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_web_page_under_the_name_of_a_workbook_says_what_it_is(pull, start, encoding):
    page = f"{start}<tr><td>Id</td><td>Title</td><td>Created</td></tr>"
    for name, content in (("t.xls", page.encode(encoding)), ("t.csv.gz", gzip.compress(page.encode(encoding)))):
        with pytest.raises(SourceError, match="is a web page or XML, and no table") as caught:
            pull(options().replace("t.csv", name), {name: content})
        assert "save it as XLSX" in caught.value.hint


@pytest.mark.parametrize(
    ("change", "whole"),
    [
        (lambda file: os.truncate(file, 300_000), False),
        (lambda file: file.write_text(file.read_text().replace("xx", "yy")), False),
        (lambda file: file.write_text(file.read_text() + "new,new,2026-01-02\n"), True),
        (lambda file: file.unlink(), True),
    ],
    ids=["cut", "written anew", "grown", "removed"],
)
def test_a_file_that_is_cut_while_it_is_read_is_no_whole_file(pull, connector, tmp_path, change, whole):
    text = "Id,Title,Created\n" + "".join(f"{n},{'x' * 60},2026-01-02T03:04:05Z\n" for n in range(20_000))
    pull(options(), {"t.csv": text})
    os.utime(tmp_path / "t.csv", (0, 0))
    batches = connector(options()).pull(None, Want(entities=frozenset({"ticket"}), since_at=0))
    next(batches)
    change(tmp_path / "t.csv")
    if whole:
        assert list(batches)[-1].cursor is not None
        return
    with pytest.raises(SourceError, match="it changed while it was read") as told:
        list(batches)
    assert told.value.hint == "Run again once it is written."
