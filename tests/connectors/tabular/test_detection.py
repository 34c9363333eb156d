"""What `deskaudit sources detect` finds in a file, and the section of the config that it proposes."""

import gzip
import subprocess
import tomllib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deskaudit import connectors
from deskaudit.audit import setup
from deskaudit.audit.desk import Desk
from deskaudit.config import Source
from deskaudit.connectors import recognition
from deskaudit.connectors.csvfile import detection, presets
from deskaudit.connectors.csvfile.detection import Finding
from deskaudit.connectors.recognition import Specimen
from deskaudit.errors import ConfigError, SourceError
from deskaudit.paths import Paths

ROW = {"key": "T-1", "status": "Open", "title": "Down"}


def export(preset: str, rows: int = 3, date: str = "2026-03-0{n} 09:00") -> str:
    """A file with the marks and all columns of a preset, as they are usually called."""
    known = presets.load()[preset]
    names = {names[0]: field for field, names in known.columns.items()}
    header = list(dict.fromkeys([*names, "Priority" if preset != "servicenow" else "priority", *known.marks]))
    lines = []
    for n in range(1, rows + 1):
        cells = []
        for name in header:
            field = names.get(name, "")
            cells.append(date.format(n=n) if field.endswith("_at") else ROW.get(field, "").replace("1", str(n)))
        lines.append(cells)
    mark = "\t" if preset == "requesttracker" else ";"
    return "\n".join(mark.join(cells) for cells in [header, *lines]) + "\n"


def write(tmp_path: Path, content: bytes | str, name: str = "t.csv") -> Path:
    file = tmp_path / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


def examine(tmp_path: Path, content: bytes | str, name: str = "t.csv") -> Finding:
    """What the ticket tables' own look finds."""
    finding = detection.examine(Specimen(write(tmp_path, content, name), tmp_path, now=1_800_000_000))
    assert finding is not None
    return finding


def desk_of(tmp_path: Path) -> Desk:
    return Desk(Paths(config=tmp_path / "config.toml", data=tmp_path / "data"), now=lambda: 1_800_000_000)


def detect(tmp_path: Path, content: bytes | str, name: str = "t.csv") -> setup.Detected:
    """The one source that reads the file."""
    (found,), _notes = setup.detect(desk_of(tmp_path), write(tmp_path, content, name))
    return found


def section(found: setup.Detected) -> dict:
    return tomllib.loads(found.section("desk"))["sources"]["desk"]


def check(found: setup.Detected, tmp_path: Path) -> None:
    """The section is one that the connector takes, and the file is read with it."""
    table = section(found)
    context = connectors.Context("desk", tmp_path, now=lambda: 1_800_000_000, hash_key=b"k", zone="UTC")
    probe = connectors.build(Source("desk", table, tmp_path / "config.toml"), context).probe()
    assert probe.reachable, probe.message


@pytest.mark.parametrize("preset", sorted(presets.load()))
def test_every_preset_is_known_by_its_columns(tmp_path, preset):
    assert examine(tmp_path, export(preset)).rows == 3
    found = detect(tmp_path, export(preset))
    assert (found.type, section(found)["preset"]) == ("csv", preset)
    check(found, tmp_path)


def test_what_is_said_of_a_file(tmp_path):
    text = (
        "Ticket ID,Subject,Status,Priority,Created time,Last update time,Initial response time,Agent interactions\n"
        "1,a,Open,Urgent,03/04/2026 09:00,05/04/2026 09:00,2026-04-03 10:00:00,1\n"
        "2,b,Waiting,Whenever,04/04/2026 09:00,05/04/2026 09:00,2026-04-03 10:00:00,1\n"
    )
    found = detect(tmp_path, text.encode("utf-8-sig"))
    told = list(found.lines)
    assert "preset      freshdesk: Freshdesk: ticket export; it knows 8 of 8 columns (100%)" in told
    assert "encoding    utf-8-sig" in told
    assert "delimiter   comma" in told
    assert any(line.startswith("header      row 1: Ticket ID, Subject") for line in told)
    (date,) = [line for line in told if line.startswith("date        Created time")]
    assert "2026-04-03 09:00 (day, month, year) or 2026-03-04 09:00 (month, day, year)" in date
    assert "no cell of the file decides" in date
    assert any('Initial response time: "2026-04-03 10:00:00" is 2026-04-03 10:00' in line for line in told)
    assert any(line.startswith("zone        the times carry no offset") for line in told)
    assert 'status      Status: "Open" (1) = open' in told
    assert 'status      Status: "Waiting" (1) = ? (not known: say what it means)' in told
    assert 'priority    Priority: "Urgent" (1) = P1' in told
    text = found.section("desk")
    assert 'Status: say what these mean: "Waiting".' in found.open
    assert '# dates = …: "dmy" (2026-04-03 09:00) or "mdy" (2026-03-04 09:00)?' in text
    assert '# "Waiting" = …: new, open' in text
    assert '# in values: "Whenever" = P1, P2, P3 or P4 (1)' in text
    assert section(found)["mapping"]["priority"] == {"field": "Priority", "values": {"Urgent": "P1"}}


def test_an_order_that_the_file_proves_is_written_down(tmp_path):
    text = export("redmine", date="2{n}/04/2026 09:00")
    found = detect(tmp_path, text)
    assert section(found)["dates"] == "dmy"
    assert all(len(column.readings) == 1 for column in examine(tmp_path, text).dates)
    check(found, tmp_path)


def test_times_with_an_offset_need_no_zone(tmp_path):
    found = detect(tmp_path, export("zendesk", date="2026-03-0{n}T09:00:00Z"))
    assert "zone" not in found.section("desk")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252", "utf-16-le"])
def test_encodings(tmp_path, encoding):
    text = export("zendesk").replace(
        "Down", "Der Ärger: das Fenster läßt sich nicht schließen, größere Störung übers Netz"
    )
    finding = examine(tmp_path, text.encode(encoding))
    assert finding.preset == "zendesk"
    if encoding.startswith(("cp", "utf-16-le")):
        assert finding.encoding != "auto"
        assert "The encoding is a guess" in finding.notes[0]
    else:
        assert finding.encoding == "auto"
        assert finding.notes == []
    check(detect(tmp_path, text.encode(encoding)), tmp_path)


@pytest.mark.parametrize(
    ("encoding", "words"),
    [
        ("cp1252", "Kari Ødegård: skriveren på Tromsø kontor"),
        ("cp1252", "L’imprimante est en panne, problème réglé à l’étage"),
        ("cp850", "Kari Ødegård har problem med skriver på kontoret"),
        ("cp1250", "Drukarka nie działa, proszę o pomoc"),
        ("cp852", "Drukarka nie działa, proszę o pomoc"),
        ("cp1253", "Το πρόβλημα με τον εκτυπωτή δεν λύθηκε"),
        ("cp1251", "Принтер не работает в офисе"),
    ],
)
def test_the_encoding_that_is_guessed_reads_as_it_was_written(tmp_path, encoding, words):
    data = export("zendesk", rows=1).replace("Down", words).encode(encoding)
    assert words in data.decode(examine(tmp_path, data).encoding)


def test_a_table_of_no_known_program(tmp_path):
    text = "a report\n\nTicket ID|State|Priority|Opened|Solved at|Team colour\n1|Solved|High|2026-03-02|2026-03-03|red\n2|Parked|P4|2026-03-02||red\n"
    finding = examine(tmp_path, gzip.compress(text.encode()))
    assert finding.preset == ""
    found = detect(tmp_path, gzip.compress(text.encode()))
    table = section(found)
    assert table["type"] == "csv"
    assert table["columns"] == {
        "key": "Ticket ID",
        "status": "State",
        "created_at": "Opened",
        "resolved_at": "Solved at",
    }
    assert table["mapping"]["statuses"] == {"Solved": "resolved"}
    assert table["mapping"]["priority"] == {"field": "Priority", "values": {"High": "P2", "P4": "P4"}}
    assert (finding.layout.header_row, finding.layout.delimiter) == (3, "|")
    check(found, tmp_path)


def test_a_time_s_name_counts_only_where_the_column_holds_times(tmp_path):
    head = "Ticket ID,Status,Created time,First response time,Resolution time,Topic,Agent group\n"
    rows = "".join(f"{n},Open,2026-03-0{n} 09:00,2026-03-0{n} 09:30,2:{n}0,Mail,First line\n" for n in range(1, 6))
    found = examine(tmp_path, head + rows).columns
    assert found["first_response_at"] == "First response time"
    assert "resolved_at" not in found  # 2:30 is how long it took
    assert (found["category"], found["department"]) == ("Topic", "Agent group")


def test_a_workbook(tmp_path, xlsx):
    rows = [
        ["Number", "Opened", "Short description", "Caller", "Priority", "State", "Assignment group", "Assigned to", "Updated"],
        ["INC001", ("time", 46083.375), "Down", "Ola", "2 - High", "On Hold", "Network", "Kari", ("time", 46083.5)],
    ]  # fmt: skip
    found = detect(tmp_path, xlsx({"Cover": [["x", "y"]], "Page 1": rows}), "t.xlsx")
    assert section(found)["preset"] == "servicenow-labels"
    assert 'written as  xlsx, sheet "Page 1"' in found.lines
    check(found, tmp_path)


def test_a_list_of_machines(tmp_path):
    text = "Asset tag,Hostname,Serial #,OS,OS version,Last checked\nA-1,pc1,SN1,Windows 11,23H2,2026-03-01\n"
    found = detect(tmp_path, text)
    assert found.type == "assets"
    assert section(found)["columns"] == {
        "key": "Asset tag",
        "name": "Hostname",
        "serial": "Serial #",
        "os": "OS",
        "os_version": "OS version",
        "updated_at": "Last checked",
    }
    check(found, tmp_path)


@pytest.mark.parametrize(
    ("header", "fields"),
    [
        (
            "Device name,Managed by,Ownership,Compliance,OS,OS version,Last check-in,Primary user UPN,Serial number,Encrypted,Wi-Fi MAC",
            {"name", "os", "os_version", "owner", "serial", "encrypted", "mac"},
        ),
        (
            "Computer Name,Serial Number,Operating System Version,Last Check-in,IP Address,FileVault 2 Status,Full Name",
            {"name", "serial", "os_version", "ip", "encrypted", "owner"},
        ),
        (
            "Name,Host Name,Current User,O/S,O/S Version,Successful Scan Date,IP Address",
            {"name", "os", "os_version", "ip", "owner"},
        ),
        (
            "AssetName,IPAddress,Mac,OSname,Lastseen,Serialnumber,Statename",
            {"name", "ip", "mac", "os", "serial", "state"},
        ),
        (
            "Netbios Name0,Serial Number,Operating System Name and Version,Last Logon User Name",
            {"name", "serial", "os", "owner"},
        ),
    ],
)
def test_the_headers_of_inventory_programs(tmp_path, header, fields):
    cells = ",".join(f"x{n}" for n, _name in enumerate(header.split(",")))
    found = detect(tmp_path, f"{header}\n{cells}\n")
    assert found.type == "assets"
    assert set(section(found)["columns"]) == fields


def test_markup(tmp_path):
    nmap = '<?xml version="1.0"?>\n<!DOCTYPE nmaprun>\n<?xml-stylesheet href="x"?>\n<nmaprun scanner="nmap"></nmaprun>'
    assert section(detect(tmp_path, nmap, "s.xml")) == {"type": "nmap", "files": ["s.xml"]}
    masscan = nmap.replace('scanner="nmap"', 'scanner="masscan"')
    assert section(detect(tmp_path, masscan, "s.xml")) == {"type": "masscan", "files": ["s.xml"]}
    log = (
        '<log xmlns="http://www.xes-standard.org/"><trace><string key="concept:name" value="T"/><event>'
        '<string key="concept:name" value="Closed"/><date key="time:timestamp" value="2026-03-02T09:00:00Z"/></event></trace></log>'
    )
    found = detect(tmp_path, gzip.compress(log.encode()), "l.xes.gz")
    assert (found.type, 'status      concept:name: "Closed" (1) = closed' in found.lines) == ("xes", True)
    check(found, tmp_path)
    for text, said in (("<html><table>", "web page"), ("<a/>", "root <a>"), ('{"tickets": []}', "JSON")):
        every, notes = setup.detect(desk_of(tmp_path), write(tmp_path, text))
        assert every == []
        assert said in notes[0]


def test_what_cannot_be_read_says_why(tmp_path):
    with pytest.raises(SourceError, match="No such file"):
        setup.detect(desk_of(tmp_path), tmp_path / "none.csv")
    with pytest.raises(SourceError, match="cannot be read"):
        setup.detect(desk_of(tmp_path), tmp_path)
    with pytest.raises(SourceError, match="is empty"):
        detect(tmp_path, "")
    with pytest.raises(SourceError, match="cut or damaged"):
        detect(tmp_path, gzip.compress(b"x" * 100_000)[:40])


CONFIG = """# my desk
[desk]
name = "Desk" # with a comment

[sources.old]
type = "csv"  # another
path = "x.csv"
columns = { key = "a", created_at = "b" }
"""


def test_the_section_is_added_and_the_rest_left_alone(tmp_path):
    found = detect(tmp_path, export("zendesk"))
    file = tmp_path / "config.toml"
    file.write_text(CONFIG)
    file.chmod(0o644)
    setup.add_detected(desk_of(tmp_path), found, "desk")
    text = file.read_text()
    assert text.startswith(CONFIG)
    assert tomllib.loads(text)["sources"]["desk"]["preset"] == "zendesk"
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.glob("*.partial")) == []
    with pytest.raises(ConfigError, match="has a source desk already"):
        setup.add_detected(desk_of(tmp_path), found, "desk")
    assert file.read_text() == text


@pytest.mark.parametrize(
    ("before", "name", "message"),
    [
        (None, "desk", "no configuration"),
        ("sources = { old = { type = 'csv' } }\n", "desk", "without touching the rest"),
        ("[desk\n", "desk", "not valid TOML"),
        (CONFIG, "Big Desk", "small letters"),
    ],
)
def test_what_cannot_be_added_changes_nothing(tmp_path, before, name, message):
    found = detect(tmp_path, export("zendesk"))
    file = tmp_path / "config.toml"
    if before is not None:
        file.write_text(before)
    with pytest.raises(ConfigError, match=message):
        setup.add_detected(desk_of(tmp_path), found, name)
    assert (file.read_text() if file.exists() else None) == before


def test_a_section_that_no_source_takes_is_not_added(tmp_path):
    found = detect(tmp_path, "a,b\n1,2\n")
    assert "name them under columns" in found.fault
    (tmp_path / "config.toml").write_text(CONFIG)
    with pytest.raises(ConfigError, match="is needed"):
        setup.add_detected(desk_of(tmp_path), found, "desk")
    assert (tmp_path / "config.toml").read_text() == CONFIG


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_mutated_files_raise_nothing_but_source_errors(tmp_path, data):
    content = bytearray(export(data.draw(st.sampled_from(sorted(presets.load())))).encode())
    for _n in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, max(0, len(content) - 1)))
        content[place : place + data.draw(st.integers(0, 30))] = data.draw(st.binary(max_size=9))
    try:
        every, notes = setup.detect(desk_of(tmp_path), write(tmp_path, bytes(content)))
    except SourceError:
        return
    assert not any("could not be asked" in note for note in notes)
    for found in every:
        assert not any("\x1b" in line for line in found.lines)
        tomllib.loads(found.section("desk"))


def test_a_workbook_is_taken_apart_once_however_many_ask(tmp_path, xlsx, monkeypatch):
    begun: list[object] = []

    class Counted(subprocess.Popen):
        def __init__(self, *words: object, **options: object) -> None:
            begun.append(words)
            super().__init__(*words, **options)

    monkeypatch.setattr(subprocess, "Popen", Counted)
    columns = ["Ticket ID", "Subject", "Created at", "Name", "Email", "Role", "Serial"]
    rows = [columns, ["1", "a", "2026-03-02 10:00", "Kari", "k@x.no", "agent", "S-1"]]
    setup.detect(desk_of(tmp_path), write(tmp_path, xlsx({"Tickets": rows}), "t.xlsx"))
    assert len(begun) == 1
    far = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    with pytest.raises(SourceError, match="does not fit in the memory"):
        setup.detect(desk_of(tmp_path), write(tmp_path, xlsx({"Tickets": rows}, raw=far), "far.xlsx"))
    assert len(begun) == 2


def test_a_workbook_that_takes_long_is_not_waited_for(tmp_path, xlsx, monkeypatch):
    monkeypatch.setattr(recognition, "WORKBOOK_SECONDS", 1)
    much = ("<row>" + "<c><v>1</v></c>" * 1000 + "</row>") * 10_000
    with pytest.raises(SourceError, match="is not open after 1 seconds of work") as caught:
        setup.detect(desk_of(tmp_path), write(tmp_path, xlsx({"Tickets": [["Ticket ID"]]}, raw=much), "t.xlsx"))
    assert "Save its sheet as CSV (UTF-8)" in caught.value.hint
    assert "A pull gives it 15 minutes." in caught.value.hint
