"""End dates: the table that ships, the user's own file of endoflife.date, and how old either is."""

import csv
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deskaudit.checks import catalogue, endoflife, engine, lifecycles
from deskaudit.checks.context import NoPast, Window
from deskaudit.connectors import Context
from deskaudit.connectors.machines.lifecycles import LifecycleOptions, Lifecycles
from deskaudit.errors import SourceError
from deskaudit.model.batches import Want
from deskaudit.model.entities import Asset, Component, Lifecycle
from deskaudit.model.verdicts import Status
from deskaudit.testing import snapshot_of

DAY = 86400


def at(text):
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


NOW = at("2026-11-22T12:00:00")
WINDOW = Window(NOW - 90 * DAY, NOW, NOW, (NOW - 180 * DAY, NOW - 90 * DAY))


def ends(text, now=NOW, **words):
    found = endoflife.look_up(text, now, **words)
    moment = found.ends_at
    return found.ended, None if moment is None else datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Microsoft Windows 11 Pro 10.0.26100", (True, "2026-10-13")),
        ("Microsoft Windows 11 Enterprise 10.0.26100", (False, "2027-10-12")),
        ("Windows 11 Enterprise LTSC 2024", (False, "2029-10-09")),
        ("Windows 11 IoT Enterprise LTSC 10.0.26100", (False, "2034-10-10")),
        ("Windows 11 24H2", (None, None)),  # Pro has ended, Enterprise has not
        ("Windows 11 22H2", (True, None)),  # both have, on different days
        ("Windows 11 25H2", (False, None)),
        ("Windows 10 IoT Enterprise LTSC 2021", (False, "2032-01-13")),
        ("Windows Server 2022 Datacenter", (False, "2031-10-14")),
        ("Windows Server 2019 Standard 10.0.17763", (False, "2029-01-09")),
        ("Windows Server, version 20H2", (True, "2022-08-09")),
        ("Debian GNU/Linux 12 (bookworm)", (False, "2028-06-30")),
        ("Debian GNU/Linux bullseye/sid", (True, "2026-08-31")),
        ("Ubuntu 26.04 LTS", (False, "2031-05-29")),
        ("Ubuntu 25.10", (True, "2026-07-09")),
        ("Oracle Linux Server 7.9", (True, "2024-12-31")),
        ("macOS 27.0.1", (False, None)),
        ("macOS 14.8.9", (True, "2026-09-14")),
        ("Windows 11 99H9", (None, None)),
    ],
)
def test_by_edition(text, expected):
    found = ends(text)
    assert found[0] is expected[0]
    if expected[1] is not None or expected[0] is None:
        assert found[1] == expected[1]


def test_both_dates_are_told_where_the_edition_is_not():
    note = endoflife.look_up("Windows 11 24H2", NOW).note
    assert "2026-10-13" in note
    assert "2027-10-12" in note


def test_support_by_volunteers_is_told():
    assert "since 2026-07-11" in endoflife.look_up("Debian 12", NOW).note
    assert endoflife.look_up("Debian 12", at("2026-07-01")).note == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Microsoft Office Professional Plus 2016", (True, "2025-10-14")),
        ("Microsoft Office LTSC Professional Plus 2024", (False, "2029-10-09")),
        ("Microsoft Office 2019 for Mac", (True, "2023-10-10")),
        ("Microsoft Office LTSC 2021 for Mac", (True, "2026-10-13")),
        ("Microsoft 365 Apps for enterprise - en-us", (False, None)),
        ("Microsoft Office 365 ProPlus", (False, None)),
        ("LibreOffice 7.4", (None, None)),
    ],
)
def test_office(text, expected):
    assert ends(text, kind="software") == expected


def test_every_row_has_a_source_and_a_plausible_date():
    table = lifecycles.shipped()
    for line in table.lines:
        for version, row in line.versions.items():
            source = table.source_of(line, version)
            assert source.what
            assert source.as_of <= date(2026, 11, 22)
            for day in (row.ends, row.enterprise, row.iot, row.regular):
                assert day is None or date(2000, 1, 1) < day < date(2040, 1, 1)
            assert row.enterprise is None or row.ends is None or row.enterprise > row.ends
            assert row.regular is None or (row.ends is not None and row.regular < row.ends)
        assert set(line.builds.values()) <= set(line.versions)


@pytest.mark.parametrize(
    ("name", "field", "column", "days"),
    [("debian", "ends", "eol-lts", 14), ("debian", "regular", "eol", 32), ("ubuntu", "ends", "eol", 14)],
)
def test_debian_and_ubuntu_agree_with_distro_info(name, field, column, days):
    """All rows that it knows; its issues differ among themselves by so many days."""
    file = Path(f"/usr/share/distro-info/{name}.csv")
    if not file.exists():
        pytest.skip("distro-info-data is not installed")
    with file.open(encoding="utf-8") as handle:
        told = {row["version"].removesuffix(" LTS"): row.get(column) for row in csv.DictReader(handle)}
    (line,) = [line for line in lifecycles.shipped().lines if line.product == name]
    wrong = {
        version: (day, told[version])
        for version, row in line.versions.items()
        if told.get(version)
        and (day := getattr(row, field))
        and abs(date.fromisoformat(told[version]) - day) > timedelta(days=days)
    }
    assert wrong == {}
    assert len(told.keys() & line.versions.keys()) >= len(line.versions) - 1


def release(name, eol, **more):
    return {"name": name, "label": name, "isEol": False, "eolFrom": eol, "latest": None, **more}


def api(**products):
    return {
        "schema_version": "1.2.1",
        "generated_at": "2026-11-01T02:37:03+00:00",
        "total": len(products),
        "result": [
            {"name": name.replace("_", "-"), "label": name, "category": "os", "releases": releases}
            for name, releases in products.items()
        ],
    }


FULL = api(
    windows=[
        release("11-26h9-e", "2029-10-09", latest={"name": "10.0.27000", "date": None, "link": None}),
        release("11-26h9-w", "2028-10-10", latest={"name": "10.0.27000", "date": None, "link": None}),
        release("11-24h2-iot-lts", "2034-10-10"),
        release("11-24h2-e-lts", "2029-10-09"),
        release("10-22h2", "2025-10-14", isEol=True),
        release("7-sp1", "2020-01-14", isEol=True),
    ],
    windows_server=[release("2012-r2", "2023-10-10"), release("2003-sp2", "2015-07-14"), release("2003", "2007-04-10")],
    debian=[release("12", "2026-06-10", eoesFrom="2028-06-10"), release("8", None, isEol=True)],
    python=[release("3.12", "2028-10-31")],
)


def pull(folder, content, now=NOW):
    (folder / "endoflife.json").write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    connector = Lifecycles(LifecycleOptions(file="endoflife.json"), Context("eol", folder, now=lambda: now))
    return list(connector.pull(None, Want(entities=frozenset({"lifecycle"}), since_at=0)))


@pytest.fixture
def brought(tmp_path):
    """The table of a desk that brings its own file."""
    rows = [row for batch in pull(tmp_path, FULL) for row in batch.rows]
    with snapshot_of(tmp_path / "desk", rows, now=NOW) as reader:
        yield lifecycles.read(reader.connection)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Windows 11 Pro 26H9", (False, "2028-10-10")),
        ("Windows 11 Enterprise 10.0.27000", (False, "2029-10-09")),
        ("Windows 11 Enterprise LTSC 24H2", (False, "2029-10-09")),
        ("Windows 11 IoT Enterprise LTSC 24H2", (False, "2034-10-10")),
        ("Windows 11 Pro 24H2", (None, None)),  # not in that file: the table that ships is not asked
        ("Windows 10 Pro 22H2", (True, "2025-10-14")),
        ("Windows 7 Professional", (True, "2020-01-14")),
        ("Windows Server 2012 R2", (True, "2023-10-10")),
        ("Windows Server 2003", (True, "2015-07-14")),  # the last of its service packs
        ("Debian 12", (False, "2028-06-10")),
        ("Debian 8", (True, None)),
        ("Ubuntu 24.04", (False, "2029-05-31")),  # a product that file does not have
    ],
)
def test_the_users_file_replaces_the_table(brought, text, expected):
    assert ends(text, table=brought) == expected


def test_what_the_file_says_of_itself(tmp_path):
    (batch,) = pull(tmp_path, FULL)
    assert (len(batch.rows), batch.rejects, batch.problems) == (12, [], [])
    first = batch.rows[0]
    assert (first.product, first.cycle, first.build, first.looked_up_at) == (
        "windows",
        "11-26h9-e",
        "10.0.27000",
        at("2026-11-01T02:37:03"),
    )
    (batch,) = pull(tmp_path, FULL, now=NOW + 365 * DAY)
    assert "more than 180 days old" in batch.problems[0].message
    (batch,) = pull(tmp_path, {**FULL, "generated_at": 5})
    assert "does not say when it was made" in batch.problems[0].message


def test_one_product_alone_is_read(tmp_path):
    (batch,) = pull(tmp_path, {**FULL, "result": FULL["result"][0]})
    assert {row.product for row in batch.rows} == {"windows"}


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"{", b'{"result": 5}', b'{"result": []}', b'{"result": [{"name": 1}]}', b"\xff", b"[" * 90_000],
)
def test_other_files_are_refused(tmp_path, content):
    with pytest.raises(SourceError, match=r"endoflife\.json"):
        pull(tmp_path, content)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, 2500), length=st.integers(0, 40), noise=st.one_of(st.binary(max_size=4), st.sampled_from([b"null", b"1e999", b"[", b'"']))
)  # fmt: skip
def test_whatever_happens_to_the_file_only_source_errors_come_out(tmp_path, at, length, noise):
    whole = json.dumps(FULL).encode()
    try:
        batches = pull(tmp_path, whole[:at] + noise + whole[at + length :])
    except SourceError as fault:
        assert "endoflife.json" in fault.message
    else:
        assert all(isinstance(row, Lifecycle) for batch in batches for row in batch.rows)


def judge(folder, rows, now=NOW):
    window = Window(now - 90 * DAY, now, now, (now - 180 * DAY, now - 90 * DAY))
    folder.mkdir(exist_ok=True)
    with snapshot_of(folder / "desk", rows, now=now) as reader:
        item, check = catalogue.load().check("03.4")
        (folder / "frozen").mkdir()
        results = engine.run(item, check, reader, window, folder / "frozen", NoPast())
    return {result.leg: result for result in results if result.segment is None}


def test_old_dates_are_told_in_the_reason(tmp_path):
    rows = [Asset(id=1, origin="list", name="pc1", os="Debian 12")]
    found = judge(tmp_path / "old", rows)["ended"]
    assert found.status is Status.PASS
    assert "The end dates of Debian were last looked up on 2025-10-18" in found.reason
    fresh = judge(tmp_path / "fresh", rows, now=at("2026-01-01"))["ended"]
    assert "looked up" not in fresh.reason
    brought = [*rows, *(row for batch in pull(tmp_path, FULL) for row in batch.rows)]
    assert "looked up" not in judge(tmp_path / "brought", brought)["ended"].reason


def test_an_edition_that_decides_and_is_not_named_is_not_judged(tmp_path):
    found = judge(tmp_path / "a", [Asset(id=1, origin="list", name="pc1", os="Windows 11 24H2")])["ended"]
    assert (found.status, found.n_rows) == (Status.NODATA, 1)


def test_an_office_past_its_end_is_a_machine_at_fault(tmp_path):
    rows = [
        Asset(id=1, origin="list", name="pc1", os="Windows 11 Enterprise 25H2"),
        Asset(id=2, origin="list", name="pc2", os="Windows 11 Enterprise 25H2"),
        Component(id=3, asset_id=1, kind="software", name="Microsoft Office Professional Plus 2016"),
        Component(id=4, asset_id=2, kind="software", name="Microsoft Office LTSC Professional Plus 2024"),
        Component(id=5, asset_id=2, kind="software", name="Microsoft Office File Validation Add-In"),
    ]
    found = judge(tmp_path / "a", rows)["ended"]
    assert (found.value, found.n) == (1, 2)
    (evidence,) = found.evidence
    assert evidence.ref == "pc1"
    assert evidence.columns["system"] == "Microsoft Office Professional Plus 2016"
    assert evidence.columns["source"].startswith("Microsoft lifecycle pages")
