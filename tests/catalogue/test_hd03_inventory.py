"""HD-03: the asset list against the network."""

from datetime import UTC, datetime

import pytest

from deskaudit.checks import endoflife
from deskaudit.checks.context import Window
from deskaudit.model.entities import Asset, Component, Record
from deskaudit.model.verdicts import Status

DAY = 86400
NOW = int(datetime(2026, 4, 6, 12, tzinfo=UTC).timestamp())


def listed(n, **fields):
    return Asset(**({"id": n, "origin": "list", "name": f"pc{n}", "updated_at": NOW - DAY} | fields))


def scanned(n, **fields):
    """A host that a scan saw yesterday; it has the name of listed(n)."""
    return Asset(**({"id": 10_000 + n, "origin": "scan", "name": f"pc{n}", "seen_at": NOW - DAY} | fields))


@pytest.mark.parametrize(("unlisted", "status"), [(1, Status.PASS), (5, Status.WARN), (6, Status.FAIL)])
def test_unlisted_hosts(judge, unlisted, status):
    rows = [scanned(n, os_family="linux") for n in range(100)] + [listed(n) for n in range(100 - unlisted)]
    rows += [Component(id=n, asset_id=10_099, kind="service", name=f"{n}/tcp") for n in (22, 80)]
    result = judge("03.1", rows).only
    # 100 scanned hosts, of which the last `unlisted` are in no list: 1, 5 and 6 %.
    assert (result.value, result.n, result.status) == (pytest.approx(unlisted / 100), 100, status)
    worst = result.evidence[0]
    assert (worst.ref, worst.columns["open_ports"]) == ("pc99", 2)  # most open ports first
    assert len(result.evidence) == unlisted


def test_hosts_are_not_judged_without_a_list_or_a_fresh_scan(judge):
    assert judge("03.1", [scanned(1)]).only.status is Status.NODATA
    old = [scanned(1, seen_at=NOW - 91 * DAY), listed(2)]
    assert judge("03.1", old).only.status is Status.NODATA
    assert "source of type" in judge("03.1", []).only.reason  # no assets at all: the fix is named


@pytest.mark.parametrize(("unseen", "status"), [(1, Status.PASS), (2, Status.WARN), (3, Status.FAIL)])
def test_vanished_assets(judge, unseen, status):
    rows = [listed(n) for n in range(20)] + [scanned(n) for n in range(20 - unseen)]
    rows += [listed(20, state="retired"), listed(21, off_network=True)]  # neither can be missed
    rows += [listed(22, state="spare")]
    result = judge("03.2", rows).only
    # 20 active assets that belong on the network; 1, 2, 3 unseen: 5, 10, 15 %.
    assert (result.value, result.n, result.status) == (pytest.approx(unseen / 20), 20, status)


def test_an_asset_seen_31_days_ago_is_unseen(judge):
    rows = [listed(1), listed(2), scanned(1, seen_at=NOW - 31 * DAY), scanned(2)]
    assert judge("03.2", rows).only.value == 0.5


def test_vanished_assets_want_a_scan_of_this_month(judge):
    result = judge("03.2", [listed(1), scanned(1, seen_at=NOW - 31 * DAY)]).only
    assert result.status is Status.NODATA


@pytest.mark.parametrize(("age", "status"), [(90, Status.PASS), (182, Status.WARN), (183, Status.FAIL)])
def test_age_of_the_list(judge, age, status):
    # 10 rows, all of one age: the 90th percentile is that age.
    result = judge("03.3", [listed(n, updated_at=NOW - age * DAY) for n in range(10)]).only
    assert (result.value, result.status) == (pytest.approx(age), status)


def test_one_forgotten_row_in_eleven_is_forgiven(judge):
    rows = [listed(n, updated_at=NOW - 10 * DAY) for n in range(10)] + [listed(10, updated_at=NOW - 900 * DAY)]
    # Eleven ages: ten times 10 and 900; the 90th percentile is number 0.9 × 10 = 9 from 0, which is 10.
    assert judge("03.3", rows).only.value == pytest.approx(10)


def test_a_review_on_record_outweighs_old_rows(judge):
    rows = [listed(n, updated_at=NOW - 400 * DAY) for n in range(3)]
    rows += [Record(id=n, kind="reviewed", about="asset list", happened_at=NOW - n * DAY) for n in (30, 300)]
    result = judge("03.3", rows).only
    assert (result.value, result.n, result.status) == (pytest.approx(30), 1, Status.PASS)


def test_rows_without_a_date_say_nothing(judge):
    assert judge("03.3", [listed(1, updated_at=None)]).only.status is Status.NODATA


def test_systems_past_their_end(judge):
    rows = [
        listed(1, os="Windows 7 Professional"),
        listed(2, os="Debian GNU/Linux", os_version="12"),
        listed(3, os="Windows 10 Pro", os_version="22H2", state="retired"),
        scanned(4, os="Microsoft Windows XP", os_accuracy=98),  # a guess, on no list
        listed(5),
    ]
    verdicts = judge("03.4", rows)
    ended = verdicts["ended"]
    assert (ended.status, ended.value, ended.n, ended.n_rows) == (Status.FAIL, 1, 2, 4)
    assert [e.ref for e in ended.evidence] == ["pc1"]
    assert verdicts["soon"].status is Status.PASS


def test_a_system_that_ends_soon_warns(judge):
    now = int(datetime(2026, 8, 1, tzinfo=UTC).timestamp())  # 30 days before Debian 11 ends
    window = Window(now - 90 * DAY, now, now, (now - 180 * DAY, now - 90 * DAY))
    verdicts = judge("03.4", [listed(1, os="Debian 11")], window=window, now=now)
    assert verdicts["ended"].status is Status.PASS
    assert (verdicts["soon"].status, verdicts["soon"].value) == (Status.WARN, 1)


def test_a_guess_alone_is_no_finding_and_no_praise(judge):
    verdicts = judge("03.4", [listed(1), scanned(1, os="Windows 7", os_accuracy=100)])
    assert verdicts["ended"].status is Status.NODATA
    assert verdicts["ended"].n_rows == 1  # the listed machine and its scan are one


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("Windows 7 Professional SP1", "2020-01-14"),
        ("Microsoft Windows XP", "2014-04-08"),
        ("Windows 8.1", "2023-01-10"),
        ("Win10 Pro 22H2", "2025-10-14"),
        ("Windows 10", "2025-10-14"),  # no version: all have ended, the last one then
        ("Windows 10 10.0", "2025-10-14"),
        ("Windows 10 Enterprise 10.0.19044", "2024-06-11"),
        ("Windows 10 Pro 10.0.19044", "2023-06-13"),
        ("Windows 10 Enterprise LTSC 2019", "2029-01-09"),
        ("Microsoft Windows 11 Pro 23H2", "2025-11-11"),
        ("Windows 11 Enterprise 10.0.22631", "2026-11-10"),
        ("Windows Server 2012 R2 Standard", "2023-10-10"),
        ("Windows 2016 Datacenter", "2027-01-12"),
        ("macOS 12.6 Monterey", "2024-09-16"),
        ("Mac OS X 10.15.7", "2022-10-24"),
        ("Debian GNU/Linux 10 (buster)", "2024-06-30"),
        ("Ubuntu 18.04.6 LTS", "2023-05-31"),
        ("CentOS Linux 7.9.2009", "2024-06-30"),
        ("CentOS Stream 8", "2024-05-31"),
        ("RHEL 8.6", "2029-05-31"),
        ("Red Hat Enterprise Linux release 7.9", "2024-06-30"),
        ("Rocky Linux 9.3", "2032-05-31"),
        ("AlmaLinux 8", "2029-03-01"),
    ],
)
def test_end_dates(text, ends):
    found = endoflife.look_up(text, NOW)
    assert found.known
    assert datetime.fromtimestamp(found.ends_at, UTC).strftime("%Y-%m-%d") == ends


@pytest.mark.parametrize(
    "text", ["Windows 11 Pro", "Windows", "Linux 5.15", "Ubuntu", "Ubuntu 31.04", "Windows 11 10.0.99999", "FreeBSD 14"]
)
def test_what_cannot_be_told_is_not_judged(text):
    found = endoflife.look_up(text, NOW)
    assert not found.known
    assert found.note


def test_a_supported_system_without_an_announced_end():
    found = endoflife.look_up("macOS 15.2 Sequoia", NOW)
    assert (found.known, found.ends_at) == (True, None)


def test_an_edition_that_matters_and_is_not_named_is_not_judged():
    found = endoflife.look_up("Windows 11 23H2", NOW)
    assert not found.known
    assert "Home and Pro 2025-11-11" in found.note
    assert "Enterprise and Education 2026-11-10" in found.note


@pytest.mark.parametrize(("empty", "status"), [(1, Status.PASS), (3, Status.WARN), (4, Status.FAIL)])
def test_required_fields(judge, empty, status):
    full = {"owner": "Ann", "department": "IT", "os": "Debian 12", "ip": "10.0.0.1", "approved": True}
    gaps = ["owner", "department", "os", "approved"][:empty]
    rows = [listed(n, **full) for n in range(3)] + [listed(3, **(full | dict.fromkeys(gaps)))]
    verdicts = judge("03.5", rows)
    # 4 assets × 5 fields = 20; 1, 3, 4 empty: 95, 85, 80 % filled.
    assert (verdicts.only.value, verdicts.only.n, verdicts.only.status) == (1 - empty / 20, 20, status)
    assert verdicts.segment("owner").value == 0.75
    assert verdicts.segment("address").value == 1


def test_no_address_is_asked_of_an_asset_off_the_network(judge):
    full = {"owner": "Ann", "department": "IT", "os": "Debian 12", "approved": False}
    result = judge("03.5", [listed(1, off_network=True, **full)]).only
    assert (result.value, result.n) == (1, 4)


def test_no_list_no_fields(judge):
    assert judge("03.5", [scanned(1)]).only.status is Status.NODATA


@pytest.mark.parametrize(("other", "status"), [(1, Status.PASS), (5, Status.WARN), (6, Status.FAIL)])
def test_os_family(judge, other, status):
    rows = [listed(n, os_family="windows") for n in range(100)]
    rows += [scanned(n, os_family="linux" if n < other else "windows", os_accuracy=97) for n in range(100)]
    result = judge("03.7", rows).only
    assert (result.value, result.n, result.status) == (pytest.approx(other / 100), 100, status)


def test_weak_guesses_are_not_judged(judge):
    rows = [listed(1, os_family="windows"), scanned(1, os_family="linux", os_accuracy=94)]
    result = judge("03.7", rows).only
    assert (result.status, result.n_rows) == (Status.NODATA, 1)


TWO_LISTS = {
    "snipeit": [listed(101, serial="AAA1", name="pc1", owner="Ann", department="IT"), listed(102, name="pc2", state="retired")],
    "glpi": [
        Asset(id=201, origin="cmdb", serial="aaa1", os="Windows 7", os_family="windows", ip="10.0.0.1", updated_at=NOW - 9 * DAY),
        Asset(id=202, origin="cmdb", name="PC2", updated_at=NOW - DAY),
    ],
    "masscan": [scanned(1, id=301, name="pc1", os_family="windows"), scanned(3, id=303)],
}  # fmt: skip
NMAP = [scanned(1, os_family="windows"), scanned(3), scanned(2, name="pc2")]


def test_a_machine_of_several_sources_counts_once(desk):
    """pc1 stands on two lists and in two scans; pc2, retired on one list, on two lists and in one scan; pc3 in two scans."""
    several = desk(NMAP, sources=TWO_LISTS)
    unlisted = several.judge("03.1").only
    assert (unlisted.value, unlisted.n) == (pytest.approx(1 / 3), 3)
    vanished = several.judge("03.2").only
    assert (vanished.value, vanished.n) == (0, 1)  # pc2 is retired: nobody says that it is in use
    assert several.judge("03.3").only.n == 1
    ended = several.judge("03.4")["ended"]
    assert (ended.value, [e.ref for e in ended.evidence]) == (1, ["pc1"])
    assert (
        several.judge("03.5").only.value == 0.8
    )  # what one list lacks, the other has; nobody says whether it is approved
    assert (several.judge("03.7").only.value, several.judge("03.7").only.n) == (0, 1)


def test_sources_that_disagree_are_reported(desk):
    lists = {
        "a": [listed(101, fqdn="pc1.example.org", serial="AAA1")],
        "b": [listed(102, fqdn="pc1.example.org", serial="BBB1")],
    }
    result = desk([listed(1)], sources=lists).judge("03.9").only
    assert (result.status, result.n) == (Status.INFO, 2)
    assert {e.columns["differs"] for e in result.evidence} == {"serial"}
    assert desk([listed(1)]).judge("03.9").only.status is Status.NODATA
