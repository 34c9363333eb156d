"""AssetList: a list of machines, and the keys that name one."""

from datetime import UTC, datetime

import pytest

from deskaudit.connectors.machines.machinewords import os_version, real_serial, real_uuid
from deskaudit.errors import ConfigError
from deskaudit.model.keys import person_hash

LIST = """
[sources.desk]
type = "assets"
path = "t.csv"
zone = "Europe/Oslo"
max_bad_share = 1.0
[sources.desk.columns]
name = "Name"
serial = "Serial"
mac = "MAC"
uuid = "UUID"
ip = "IP"
os = "OS"
owner = "Owner"
approved = "OK"
critical = "Critical"
state = "State"
updated_at = "Updated"
[sources.desk.states]
"In bruk" = "active"
"""
HEADER = "Name,Serial,MAC,UUID,IP,OS,Owner,OK,Critical,State,Updated\n"


def test_a_machine(pull):
    row = (
        r"NORDLYS\PC-1,5CG 1234XYZ,00-1a-2b-3c-4d-5e,{4C4C4544-0051-3510-8052-B4C04F564433},"
        '"10.0.0.7, fe80::1%3",Windows 11 Pro 23H2,kari@example.com,Ja,no,__ in bruk,2026-03-14'
    )
    pulled = pull(LIST, {"t.csv": HEADER + row + "\n"})
    asset = pulled.only("asset")
    assert (asset.origin, asset.name, asset.serial, asset.ext_id) == ("list", "PC-1", "5CG 1234XYZ", "5CG 1234XYZ")
    assert asset.mac == "00:1A:2B:3C:4D:5E"
    assert asset.uuid == "4c4c4544-0051-3510-8052-b4c04f564433"
    assert (asset.ip, asset.addresses) == ("10.0.0.7", "10.0.0.7 fe80::1")
    assert (asset.os, asset.os_family, asset.os_version) == ("Windows 11 Pro 23H2", "windows", "11 23H2")
    assert asset.owner == person_hash("kari@example.com", b"key")
    assert (asset.approved, asset.critical, asset.state) == (True, False, "active")
    assert asset.updated_at == datetime(2026, 3, 13, 23, tzinfo=UTC).timestamp()
    assert pulled.batches[-1].replaces == {"asset"}
    assert pulled.problems == []
    assert pulled.rejects == []


def test_placeholders_are_dropped_and_counted(pull):
    rows = [
        "a,To be filled by O.E.M.,00:00:00:00:00:00,00000000-0000-0000-0000-000000000000,,,,,,,",
        "b,6.37702E+15,,FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF,DHCP,,,,,,",
        "c,123456789,not one,03000200-0400-0500-0006-000700080009,,,,,,,",
        "d,1.5E+10,,,,,,,,,",
    ]
    pulled = pull(LIST, {"t.csv": HEADER + "\n".join(rows) + "\n"})
    assets = pulled.rows("asset")
    assert [(asset.name, asset.serial, asset.uuid, asset.mac) for asset in assets] == [
        (name, None, None, None) for name in "abcd"
    ]
    told = [problem.message for problem in pulled.problems]
    assert any(message.startswith("2 serial numbers are placeholders") for message in told)
    assert any(
        message.startswith('2 serial numbers were destroyed by a spreadsheet, as "6.37702E+15"') for message in told
    )
    assert any(message.startswith("3 UUIDs") for message in told)
    assert any(message.startswith("2 MAC addresses") for message in told)
    assert pulled.rejects == []


def test_faults_are_listed(pull):
    rows = ["a,SN1,,,,,,,,,", "a2,SN1,,,,,,,,,", ",,,,,Linux,,,,,", "c,,,,10.0.0.999,,,perhaps,,Limbo,2039-01-01"]
    pulled = pull(LIST, {"t.csv": HEADER + "\n".join(rows) + "\n"})
    assert [asset.name for asset in pulled.rows("asset")] == ["a", "c"]
    assert [(reject.place, reject.reason) for reject in pulled.rejects] == [
        ("t.csv row 3", '"SN1" was there before'),
        ("t.csv row 4", "nothing tells which asset it is: no serial, UUID, MAC or name"),
        (
            "t.csv row 5",
            'IP: no address: "10.0.0.999"; OK: neither yes nor no; add it to flags: "perhaps"; Updated: it lies in the future: "2039-01-01"',
        ),
    ]
    assert any('"Limbo" (1); add them to sources.desk.states' in problem.message for problem in pulled.problems)
    assert pull(LIST.replace("1.0", "0.5"), {"t.csv": HEADER + "\n".join(rows) + "\n"}).incomplete == {"asset"}


def test_the_files_own_date(pull, tmp_path):
    text = LIST.replace('updated_at = "Updated"\n', "").replace(
        "max_bad_share", "updated_from_file = true\nmax_bad_share"
    )
    pulled = pull(text, {"t.csv": HEADER + "a,,,,,,,,,,\n"})
    assert pulled.only("asset").updated_at == int((tmp_path / "t.csv").stat().st_mtime)


def test_a_key_of_its_own_keeps_namesakes_apart(pull):
    text = LIST.replace('name = "Name"', 'key = "Tag"\nname = "Name"')
    pulled = pull(text, {"t.csv": "Tag," + HEADER + "1,pc,S1,,,,,,,,,\n2,pc,S1,,,,,,,,,\n"})
    assert [asset.ext_id for asset in pulled.rows("asset")] == ["1", "2"]


def test_the_full_name_is_found_in_the_name(pull):
    asset = pull(LIST, {"t.csv": HEADER + "Srv.Example.COM,,,,,,,,,,\n"}).only("asset")
    assert (asset.name, asset.fqdn) == ("Srv.Example.COM", "srv.example.com")


def test_the_probe(pull, connector):
    pull(LIST, {"t.csv": HEADER + "a,6.37702E+15,,,,,,,,,\n"})
    probe = connector(LIST).probe()
    assert probe.reachable
    assert "name = a" in probe.message
    assert "destroyed by a spreadsheet" in probe.message


@pytest.mark.parametrize(
    ("old", "new"),
    [('"active"', '"used"'), ("max_bad_share", "updated_from_file = true\nmax_bad_share")],
)
def test_wrong_options(pull, old, new):
    with pytest.raises(ConfigError, match=r"sources\.desk"):
        pull(LIST.replace(old, new), {"t.csv": HEADER})


def test_a_list_without_any_key(pull):
    with pytest.raises(ConfigError, match="tells assets apart"):
        pull('[sources.desk]\ntype = "assets"\npath = "t.csv"\n[sources.desk.columns]\nos = "OS"\n', {"t.csv": "OS\n"})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CZC1234567", "CZC1234567"),
        ("  pf 1abc ", "pf 1abc"),
        ("Default string", None),
        ("0", None),
        ("XXXXXXXX", None),
        ("0123456789", None),
        ("1234567890", None),
        ("1.2E+5", None),
        ("1E5", "1E5"),  # no spreadsheet writes it so
    ],
)
def test_serials(text, expected):
    assert real_serial(text) == expected


@pytest.mark.parametrize("text", ["", "abc", "4C4C4544-0051-3510-8052", "4C4C4544-0051-3510-8052-B4C04F564433 (PC)"])
def test_what_is_no_uuid(text):
    assert real_uuid(text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Microsoft Windows Server 2012 R2 Standard", "2012 R2"),
        ("Windows 10 Enterprise LTSC", "10"),
        ("Windows NT", None),
        ("Ubuntu 22.04.3 LTS", "22.04.3"),
        ("Debian GNU/Linux 12 (bookworm)", "12"),
        ("macOS Sonoma 14.5", "14.5"),
        ("Linux", None),
        (None, None),
    ],
)
def test_versions(text, expected):
    assert os_version(text) == expected
