"""Exports of known inventory programs, by their column names and by position."""

import pytest

from deskaudit.errors import ConfigError, SourceError

SNIPE = (
    "\ufeffID,Company,Asset Name,Asset Tag,Model,Category,Serial,Purchase Date,Warranty,Checked Out To,Department,Status,Last Audit,"
    "MAC Address,Operating System\r\n"
    '7,Acme,pc7,T7,"Think, Pad",Laptop,PF3ABC12,10/27/25,0,ann@example.org,Sales,In use (Deployed),2026-06-01,8c-16-45-aa-bb-cc,Windows 11 Pro\r\n'
    "8,Acme,pc8,T8,X,Laptop,6.37702E+15,,,,Sales,Ready to Deploy (Deployable),0000-00-00,DA:A1:19:00:00:01,\r\n"
    "9,Acme,pc9,T9,X,Laptop,N/A,,,,,Hylla (Archived),,,\r\n"
)


def assets(options):
    return f'path = "list.csv"\n{options}'


def test_a_report_of_snipeit(read):
    found = read("assets", assets('preset = "snipeit"\norigin = "cmdb"'), {"list.csv": SNIPE})
    rows = found.rows()
    assert [(row.ext_id, row.name, row.state, row.serial) for row in rows] == [
        ("T7", "pc7", "active", "PF3ABC12"),
        ("T8", "pc8", "spare", None),
        ("T9", "pc9", "retired", None),
    ]
    assert (rows[0].mac, rows[0].os, rows[0].department) == ("8C:16:45:AA:BB:CC", "Windows 11 Pro", "Sales")
    assert rows[0].owner is not None
    assert "ann" not in rows[0].owner
    assert (rows[0].updated_at, rows[1].updated_at) == (1_780_272_000, None)
    assert "destroyed by a spreadsheet" in found.told
    assert found.incomplete == set()


NORWEGIAN = "Nr,Navn,Merke,Serienr\n1,pc1,A,SER0001\n2,pc2,A,SER0002\n"


def test_translated_headers_by_position(read):
    options = 'preset = "snipeit"\ncolumns = { key = "#1", name = "#2", serial = "#4" }'
    rows = read("assets", assets(options), {"list.csv": NORWEGIAN}).rows()
    assert [(row.ext_id, row.name, row.serial) for row in rows] == [("1", "pc1", "SER0001"), ("2", "pc2", "SER0002")]


def test_positions_without_a_preset(read):
    rows = read("assets", assets('columns = { serial = "#4" }'), {"list.csv": NORWEGIAN}).rows()
    assert [row.serial for row in rows] == ["SER0001", "SER0002"]


def test_a_position_beyond_the_last_column(read):
    with pytest.raises(SourceError, match='no column "#5"'):
        read("assets", assets('columns = { serial = "#5" }'), {"list.csv": NORWEGIAN})


def test_a_column_that_is_called_like_a_position(read):
    text = "#2,Name\nSER0001,pc1\n"
    assert read("assets", assets('columns = { serial = "#2" }'), {"list.csv": text}).only.serial == "SER0001"


def test_headers_that_no_preset_knows_are_shown_with_their_numbers(read):
    with pytest.raises(SourceError, match="none of the columns") as fault:
        read("assets", assets('preset = "snipeit"'), {"list.csv": NORWEGIAN})
    assert "#4 Serienr" in fault.value.hint


GLPI = (
    '"Name";"Entity";"Status";"Manufacturers";"Serial number";"Inventory number";"Operating System - Name";"Location";"Last update";"User";\n'
    '"pc1";"Root";"__ In use";"Lenovo";"PF3ABC12";"INV1";"Debian GNU/Linux 12";"Oslo\nFloor 2";"2026-06-01 10:00";"Ann";\n'
    '"pc2";"Root";"&nbsp;";"Lenovo";"&nbsp;";"INV2";"";"";"0000-00-00 00:00:00";"";\n'
)


def test_an_export_of_glpi(read):
    rows = read("assets", assets('preset = "glpi"'), {"list.csv": GLPI}).rows()
    assert [(row.ext_id, row.state, row.serial, row.owner) for row in rows] == [
        ("INV1", "active", "PF3ABC12", "Ann"),
        ("INV2", None, None, None),
    ]
    assert (rows[0].department, rows[0].os_version, rows[0].updated_at) == ("Oslo Floor 2", "12", 1_780_308_000)
    assert rows[1].updated_at is None


def test_an_export_of_glpi_in_french(read):
    text = '"Nom";"Statut";"Numéro de série"\n"pc1";"En service";"PF3ABC12"\n'
    pc = read("assets", assets('preset = "glpi"'), {"list.csv": text}).only
    assert (pc.name, pc.state, pc.serial) == ("pc1", "active", "PF3ABC12")


def test_a_report_of_lansweeper(read):
    text = (
        "AssetName,Domain,Username,IPAddress,Mac,Serialnumber,Model,OSname,Version,Lastseen,Statename\n"
        "CORP\\PC1\\1,CORP,ann,10.0.0.7,8C:16:45:AA:BB:CC,PF3ABC12,X,Win 11,23H2,2026-09-20 08:00:00,Active\n"
        "PC2,CORP,,10.0.0.8,,To be filled by O.E.M.,X,,,,Old\n"
    )
    rows = read("assets", assets('preset = "lansweeper"'), {"list.csv": text}).rows()
    assert [(row.name, row.serial, row.state, row.os_version) for row in rows] == [
        ("PC1", "PF3ABC12", "active", "23H2"),
        ("PC2", None, "retired", None),
    ]
    assert rows[0].seen_at == 1_789_891_200


def test_the_users_own_columns_and_words_go_before_the_presets(read):
    options = 'preset = "snipeit"\nstates = { hylla = "lost" }\ncolumns = { department = "Company" }'
    rows = read("assets", assets(options), {"list.csv": SNIPE}).rows()
    assert [row.department for row in rows] == ["Acme"] * 3


def test_unknown_presets_and_none_at_all(build):
    with pytest.raises(ConfigError, match="did you mean snipeit"):
        build("assets", assets('preset = "snipit"'))
    with pytest.raises(ConfigError, match="nothing that tells assets apart"):
        build("assets", assets('columns = { os = "OS" }'))


def test_the_probe_of_a_preset(build, tmp_path):
    (tmp_path / "list.csv").write_text(SNIPE, encoding="utf-8")
    assert build("assets", assets('preset = "snipeit"')).probe().reachable
    (tmp_path / "list.csv").write_text(NORWEGIAN)
    probe = build("assets", assets('preset = "snipeit"')).probe()
    assert not probe.reachable
    assert "#2 Navn" in probe.hint
