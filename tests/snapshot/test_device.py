"""One machine in several sources is one device; a lower key never joins what a higher one tells apart (ruling 23)."""

import time
import tracemalloc

import pytest

from deskaudit.model.entities import Asset
from deskaudit.snapshot.devices import create_devices
from deskaudit.snapshot.schema import connect, read_sql


def listed(number, **more):
    return Asset(**({"id": number, "origin": "list"} | more))


def scanned(number, **more):
    return Asset(**({"id": number, "origin": "scan"} | more))


@pytest.fixture
def devices(desk, rows_of):
    """{source: assets} → {asset: (device, matched by)} and {device: its row}."""

    def find(sources):
        reader = None
        for name, assets in sources.items():
            if reader is not None:
                reader.close()
            reader = desk(assets, source=name)
        members = {
            row["asset_id"]: (row["device_id"], row["matched_by"])
            for row in rows_of(reader, "SELECT asset_id, device_id, matched_by FROM device_asset")
        }
        return members, {row["id"]: row for row in rows_of(reader, "SELECT * FROM device")}

    return find


UUID = "4c4c4544-0042-3010-8051-b7c04f4e3332"
PAIRS = [
    ({"serial": " pf-3abc "}, {"serial": "PF-3ABC"}, "serial"),
    ({"uuid": UUID}, {"uuid": UUID.upper()}, "uuid"),
    ({"mac": "00:1B:21:AA:BB:CC"}, {"mac": "00-1b-21-aa-bb-cc"}, "mac"),
    ({"fqdn": "PC1.example.org."}, {"fqdn": "pc1.example.org"}, "fqdn"),
    ({"name": "PC2"}, {"fqdn": "pc2.example.org"}, "hostname"),
]


@pytest.mark.parametrize(("one", "other", "by"), PAIRS)
def test_each_key_joins_two_lists(devices, one, other, by):
    members, found = devices({"a": [listed(1, **one)], "b": [listed(2, origin="cmdb", **other)]})
    assert members == {1: (1, None), 2: (1, by)}
    assert (found[1]["sources"], found[1]["conflict"], found[1]["differs"]) == (2, 0, None)


NOBODY = [
    {"ip": "10.0.0.7"},
    {"serial": "To be filled by O.E.M."},
    {"serial": "Default string"},
    {"serial": "0"},
    {"serial": "123456789"},
    {"uuid": "03000200-0400-0500-0006-000700080009"},
    {"mac": "02:42:AC:11:00:02"},
    {"mac": "DA:A1:19:00:00:01"},
    {"mac": "00:50:56:C0:00:08"},  # a host's own adapter to its virtual machines: the same on every host
    {"mac": "00:FF:12:34:56:78"},  # a tunnel
    {"mac": "00:05:9A:3C:7A:00"},  # a VPN client's
    {"name": "localhost"},
]


@pytest.mark.parametrize("keys", NOBODY)
def test_placeholders_and_made_up_addresses_join_nothing(devices, keys):
    members, found = devices({"a": [listed(1, **keys)], "b": [listed(2, **keys)]})
    assert members == {1: (1, None), 2: (2, None)}
    assert [row["conflict"] for row in found.values()] == [0, 0]


def test_two_lists_and_two_scans_of_one_machine(devices):
    members, found = devices(
        {
            "snipeit": [listed(4, serial="AAA1", name="pc1", owner="Ann", updated_at=50)],
            "glpi": [
                listed(3, serial="aaa1", mac="00:1B:21:00:00:01", os="Debian 12", os_family="linux", updated_at=60)
            ],
            "nmap": [scanned(20, mac="00:1B:21:00:00:01", seen_at=100, os_family="linux")],
            "masscan": [scanned(21, mac="00:1B:21:00:00:01", seen_at=200)],
        }
    )
    assert {device for device, _by in members.values()} == {3}
    assert members[4] == (3, "serial")
    assert members[20] == (3, "mac")
    (device,) = found.values()
    assert (device["listed_id"], device["scan_id"], device["sources"], device["scanned_at"]) == (3, 20, 4, 200)
    assert (device["owner"], device["os"], device["updated_at"], device["conflict"]) == ("Ann", "Debian 12", 60, 0)


def test_three_lists_in_a_chain(devices):
    """A and B share a serial number, B and C a UUID."""
    members, _found = devices(
        {
            "a": [listed(1, serial="AAA1")],
            "b": [listed(2, serial="AAA1", uuid=UUID)],
            "c": [listed(3, uuid=UUID, name="pc9")],
        }
    )
    assert {device for device, _by in members.values()} == {1}


def test_two_serial_numbers_under_one_name_stay_two_machines_and_show(devices):
    fqdn = {"fqdn": "pc1.example.org"}
    members, found = devices({"a": [listed(1, serial="AAA1", **fqdn)], "b": [listed(2, serial="BBB1", **fqdn)]})
    assert members == {1: (1, None), 2: (2, None)}
    assert {(row["conflict"], row["differs"]) for row in found.values()} == {(1, "serial")}


def test_a_lower_key_does_not_reach_over_what_joined_before(devices):
    """C has A's name, but B, which is A by its UUID, has another serial number."""
    members, found = devices(
        {
            "a": [listed(1, uuid=UUID, name="pc1")],
            "b": [listed(2, uuid=UUID, serial="AAA1")],
            "c": [listed(3, serial="BBB1", name="pc1")],
        }
    )
    assert members[2] == (1, "uuid")
    assert members[3] == (3, None)
    assert [found[n]["differs"] for n in (1, 3)] == ["serial", "serial"]


def test_a_scan_is_not_the_machine_that_another_list_gives_another_address(devices):
    """The scan has A's name; B, which is A by its serial number, has another MAC."""
    members, found = devices(
        {
            "a": [listed(1, serial="AAA1", fqdn="pc1.example.org")],
            "b": [listed(2, serial="AAA1", mac="00:1B:21:00:00:01")],
            "nmap": [scanned(9, mac="00:1B:21:00:00:09", fqdn="pc1.example.org")],
            "masscan": [scanned(10, mac="00:1B:21:00:00:09")],
        }
    )
    assert members == {1: (1, None), 2: (1, "serial"), 9: (9, None), 10: (9, "mac")}
    assert [(found[n]["scan_id"], found[n]["differs"]) for n in (1, 9)] == [(None, "mac"), (9, "mac")]


def test_a_third_source_goes_to_the_machine_that_nothing_speaks_against(devices):
    name = {"name": "pc1"}
    members, _found = devices(
        {
            "a": [listed(1, serial="AAA1", **name)],
            "b": [listed(2, serial="BBB1", **name)],
            "c": [listed(3, serial="BBB1", **name)],
        }
    )
    assert members[3][0] == 2


def test_rows_of_one_list_stay_apart_and_a_double_shows(devices):
    members, found = devices({"a": [listed(1, serial="AAA1"), listed(2, serial="AAA1"), listed(3, serial="BBB1")]})
    assert {asset: device for asset, (device, _by) in members.items()} == {1: 1, 2: 2, 3: 3}
    assert [found[n]["differs"] for n in (1, 2, 3)] == ["twice", "twice", None]


def test_a_value_on_many_rows_of_one_list_names_nobody(devices):
    many = [listed(n, serial="SERIES-7") for n in range(1, 7)]
    members, found = devices({"a": many, "b": [listed(9, serial="SERIES-7")]})
    assert len({device for device, _by in members.values()}) == 7
    assert {row["conflict"] for row in found.values()} == {0}


def test_one_machine_on_six_lists_is_one(devices):
    members, found = devices(
        {f"s{n}": [listed(n, serial="AAA1")] for n in range(1, 7)} | {"nmap": [scanned(20, serial="AAA1")]}
    )
    assert {device for device, _by in members.values()} == {1}
    assert found[1]["sources"] == 7


def test_what_the_lists_disagree_about(devices):
    one = {"serial": "AAA1", "os_family": "windows", "owner": "Ann", "state": "active"}
    other = {"serial": "AAA1", "os_family": "linux", "owner": "Bo", "state": "retired"}
    _members, found = devices({"a": [listed(1, **one)], "b": [listed(2, **other)]})
    assert found[1]["differs"] == "os owner state"
    assert found[1]["active"] == 1  # one list says so


def test_a_name_beside_a_hash_is_no_other_owner(devices):
    _members, found = devices(
        {"a": [listed(1, serial="AAA1", owner="Ann")], "b": [listed(2, serial="AAA1", owner="0123456789abcdef" * 2)]}
    )
    assert found[1]["conflict"] == 0


def test_a_list_that_says_nothing_of_the_state_leaves_it_to_the_other(devices):
    _members, found = devices(
        {"a": [listed(1, serial="AAA1", state="retired")], "b": [listed(2, serial="AAA1")], "c": [listed(3)]}
    )
    assert (found[1]["active"], found[3]["active"]) == (0, 1)


def test_a_machine_in_two_scans_that_is_on_no_list(devices):
    mac = {"mac": "00:1B:21:00:00:01"}
    members, found = devices({"nmap": [scanned(1, seen_at=5, **mac)], "masscan": [scanned(2, seen_at=9, **mac)]})
    assert members == {1: (1, None), 2: (1, "mac")}
    assert (found[1]["listed_id"], found[1]["scan_id"], found[1]["scanned_at"]) == (None, 2, 9)


def test_a_scan_that_may_be_of_another_machine_shows(devices):
    _members, found = devices(
        {
            "a": [listed(1, serial="AAA1"), listed(2, mac="00:1B:21:00:00:01")],
            "nmap": [scanned(9, serial="AAA1", mac="00:1B:21:00:00:01")],
        }
    )
    assert (found[1]["differs"], found[2]["differs"]) == ("scan", None)


def test_an_unencrypted_disk_is_not_talked_away(devices):
    _members, found = devices(
        {"a": [listed(1, serial="AAA1", encrypted=True)], "b": [listed(2, serial="AAA1", encrypted=False)]}
    )
    assert found[1]["encrypted"] == 0


def test_every_asset_is_of_one_device_and_many_take_little_time(devices):
    lists = {
        source: [listed(base + n, serial=f"SER{n:06}", name=f"pc{n}") for n in range(5000)]
        for source, base in (("a", 0), ("b", 10_000))
    }
    begun = time.monotonic()
    members, found = devices(lists)
    assert (len(members), len(found)) == (10_000, 5000)
    assert time.monotonic() - begun < 60


def test_machines_that_share_no_key_take_no_memory_each():
    connection = connect()
    connection.execute(
        "CREATE TABLE asset AS SELECT range AS id, 'masscan' AS src, 'scan' AS origin, NULL AS serial, NULL AS uuid,"
        " NULL AS fqdn, CASE WHEN range % 2 = 0 THEN 'host' || range ELSE 'router' END AS name,"
        " printf('001B21%06X', range) AS mac FROM range(40000)"
    )
    for table in ("asset_key", "asset_match"):
        connection.execute(f"CREATE TABLE {table} AS {read_sql(table)}")
    tracemalloc.start()
    create_devices(connection)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    found = connection.execute("SELECT COUNT(*), COUNT(DISTINCT device_id), COUNT(clash) FROM device_member").fetchone()
    connection.close()
    assert found == (40000, 40000, 0)
    assert peak < 4_000_000
