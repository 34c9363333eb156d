"""Which scanned machine is which listed one (serial, UUID, real MAC, FQDN, host name; never IP alone)."""

import pytest

from deskaudit.model.entities import Asset


def scan(number=100, **keys):
    return Asset(id=number, origin="scan", **keys)


def listed(number, **keys):
    return Asset(id=number, origin="list", **keys)


@pytest.fixture
def match(desk):
    """Assets → scan id → (listed id, matched by, conflict)."""

    def find(*assets):
        rows = desk(assets).connection.execute("SELECT * FROM asset_match").fetchall()
        return {scan_id: rest for scan_id, *rest in rows}

    return find


PAIRS = [  # as scanned, as listed, by what they match
    ({"serial": " abc-123 "}, {"serial": "ABC-123"}, "serial"),
    ({"uuid": "{4C4C4544-0042-3010-8051-B7C04F4E3332}"}, {"uuid": "4c4c4544004230108051b7c04f4e3332"}, "uuid"),
    ({"mac": "00:1b:21:aa:bb:cc"}, {"mac": "00-1B-21-AA-BB-CC"}, "mac"),
    ({"fqdn": "PC1.example.org."}, {"fqdn": "pc1.example.org"}, "fqdn"),
    ({"name": "PC2"}, {"name": "pc2"}, "hostname"),
    ({"name": "pc3.example.org"}, {"name": "PC3"}, "hostname"),
    ({"fqdn": "pc4.example.org"}, {"name": "PC4"}, "hostname"),
]

NOBODY = [
    {"ip": "10.0.0.7"},
    {"ip": "10.0.0.7", "name": "10.0.0.7"},
    {"name": "fe80::1"},
    {"serial": "To be filled by O.E.M."},
    {"serial": "Default string"},
    {"serial": "00000000"},
    {"serial": "N/A"},
    {"uuid": "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF"},
    {"uuid": "03000200-0400-0500-0006-000700080009"},
    {"uuid": "none"},
    {"mac": "00:00:00:00:00:00"},
    {"mac": "02:42:ac:11:00:02"},  # made up by software
    {"mac": "DA:A1:19:00:00:01"},
    {"mac": "01:00:5E:00:00:01"},  # a group, not a machine
    {"name": "localhost"},
    {"fqdn": "localhost.localdomain"},
    {"name": ""},
]


def test_each_key_matches(match):
    scans = [scan(100 + number, **scanned) for number, (scanned, _listed, _by) in enumerate(PAIRS)]
    lists = [listed(1 + number, **known) for number, (_scanned, known, _by) in enumerate(PAIRS)]
    assert match(*scans, *lists) == {100 + number: [1 + number, by, 0] for number, (_s, _l, by) in enumerate(PAIRS)}


def test_what_names_nobody_does_not_match(match):
    rows = [
        row for number, keys in enumerate(NOBODY) for row in (scan(100 + number, **keys), listed(1 + number, **keys))
    ]
    assert match(*rows) == {100 + number: [None, None, 0] for number in range(len(NOBODY))}


def test_the_higher_key_wins(match):
    found = match(
        scan(serial="AAAA1", mac="00:1B:21:00:00:01", name="pc1"),
        listed(1, name="pc1"),
        listed(2, mac="00:1B:21:00:00:01"),
        listed(3, serial="AAAA1"),
    )
    assert found == {100: [3, "serial", 1]}  # and its other keys point elsewhere


def test_a_name_given_again_does_not_match_a_machine_with_another_serial(match):
    found = match(scan(serial="NEW-1", name="pc1"), listed(1, serial="OLD-1", name="pc1"))
    assert found == {100: [None, None, 1]}


def test_each_higher_key_refutes_each_lower_one(match):
    same = {"serial": "AAAA1", "uuid": "4C51" * 8, "mac": "00:1B:21:00:00:01", "fqdn": "a.example.org"}
    other = {"serial": "BBBB1", "uuid": "5D62" * 8, "mac": "00:1B:21:00:00:02", "fqdn": "b.example.org"}
    order, rows, expected = ["serial", "uuid", "mac", "fqdn", "name"], [], {}
    for high in range(4):
        for low in range(high + 1, 5):
            number = len(expected) + 1
            shared = {order[low]: _own(order[low], number)}
            rows.append(scan(100 + number, **{order[high]: same[order[high]]}, **shared))
            rows.append(listed(number, **{order[high]: other[order[high]]}, **shared))
            expected[100 + number] = [None, None, 1]
    assert match(*rows) == expected


def _own(key, number):
    return {"uuid": f"{number:02}4C" * 8, "mac": f"00:1B:22:00:00:{number:02}", "fqdn": f"m{number}.example.org"}.get(
        key, f"machine-{number}"
    )


def test_a_lower_key_matches_where_the_higher_one_is_known_of_one_side_only(match):
    found = match(scan(serial="NEW-1", name="pc1"), listed(1, serial="To be filled by O.E.M.", name="pc1"))
    assert found == {100: [1, "hostname", 0]}


def test_a_refuted_candidate_gives_way_to_the_next(match):
    found = match(
        scan(serial="NEW-1", mac="00:1B:21:00:00:01", name="pc1"),
        listed(1, serial="OLD-1", mac="00:1B:21:00:00:01"),  # a docking station's address
        listed(2, name="pc1"),
    )
    assert found == {100: [2, "hostname", 1]}


def test_one_mac_listed_twice_is_a_conflict_and_takes_the_first(match):
    mac = {"mac": "00:1B:21:00:00:01"}
    assert match(scan(**mac), listed(2, **mac), listed(1, **mac)) == {100: [1, "mac", 1]}


def test_a_value_on_many_listed_assets_names_nobody(match):
    rows = [listed(number, serial="SERIES-7") for number in range(1, 7)]
    assert match(scan(serial="SERIES-7"), *rows) == {100: [None, None, 0]}


def test_a_value_on_five_listed_assets_is_still_a_conflict(match):
    rows = [listed(number, serial="SERIES-7") for number in range(1, 6)]
    assert match(scan(serial="SERIES-7"), *rows) == {100: [1, "serial", 1]}


def test_the_same_machine_on_two_lists_is_no_conflict(desk):
    desk([listed(1, serial="AAAA1")], source="cmdb")
    reader = desk([scan(serial="AAAA1"), listed(2, serial="AAAA1")], source="list")
    assert reader.connection.execute("SELECT listed_id, conflict FROM asset_match").fetchall() == [(1, 0)]


def test_two_scanned_addresses_of_one_machine(match):
    found = match(
        scan(100, serial="AAAA1"), scan(101, serial="aaaa1"), listed(1, serial="AAAA1"), scan(102, ip="1.2.3.4")
    )
    assert found == {100: [1, "serial", 0], 101: [1, "serial", 0], 102: [None, None, 0]}
