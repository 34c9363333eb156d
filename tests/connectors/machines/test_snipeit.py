"""A Snipe-IT server on loopback that behaves as the real one: HTML in texts, errors with HTTP 200, archived apart."""

import pytest

from deskaudit.errors import Cancelled, ConfigError, SourceError


def asset(number, **more):
    return {
        "id": number,
        "name": f"pc{number}",
        "asset_tag": f"T{number}",
        "serial": f"SER{number:04}",
        "status_label": {"id": 1, "name": "Ready to Deploy", "status_type": "deployable", "status_meta": "deployed"},
        "location": {"id": 1, "name": "Oslo &amp; Bergen"},
        "assigned_to": {"id": 9, "username": "ann", "name": "Ann", "email": "ann@example.org", "type": "user"},
        "warranty_months": "36 months",
        "warranty_expires": {"date": "2027-01-02", "formatted": "01/02/2027"},
        "updated_at": {"datetime": "2026-06-01 10:00:00", "formatted": "Mon Jun 01, 2026 10:00AM"},
        "last_audit_date": None,
        "custom_fields": {
            "MAC Address": {"field": "_snipeit_mac_1", "value": f"00:1b:21:00:00:{number:02x}"},
            "IP Address": {"field": "_snipeit_ip_2", "value": "10.0.0.7"},
            "Operating System": {"field": "_snipeit_os_3", "value": "Windows 11 Pro 23H2"},
            "Encrypted": {"field": "_snipeit_enc_4", "value": "yes"},
        },
        **more,
    }


@pytest.fixture
def desk(serve, build, passing):
    """(assets, archived ones, options) → (server, connector)."""

    def start(assets, archived=(), options="", before=lambda _request: None, cancelled=lambda: False):
        def answer(request):
            given = before(request)
            if given is not None:
                return given
            if request.headers["Authorization"] != "Bearer token-0123456789":
                return 401, {}, {"error": "Unauthorized or unauthenticated."}
            assert request.length == 0
            assert (request.params["sort"], request.params["order"]) == ("id", "asc")
            rows = sorted(archived if request.params.get("status") == "Archived" else assets, key=lambda row: row["id"])
            start, size = int(request.params["offset"]), min(int(request.params["limit"]), 500)
            return 200, {}, {"total": len(rows), "rows": rows[start : start + size]}

        server = serve(answer)
        text = f'url = "{server.url}/"\ntoken = {{ env = "DESK_KEY" }}\n{options}'
        return server, build("snipeit", text, timing=passing.timing(), cancelled=cancelled)

    return start


def test_an_asset(desk, drain):
    found = drain(desk([asset(1)])[1])
    pc = found.only
    assert (pc.ext_id, pc.name, pc.serial, pc.origin, pc.state) == ("T1", "pc1", "SER0001", "cmdb", "active")
    assert (pc.mac, pc.ip, pc.os, pc.os_family, pc.os_version) == (
        "00:1B:21:00:00:01", "10.0.0.7", "Windows 11 Pro 23H2", "windows", "11 23H2",
    )  # fmt: skip
    assert pc.department == "Oslo & Bergen"
    assert pc.encrypted is True
    assert pc.owner is not None
    assert "ann" not in pc.owner
    assert pc.updated_at == 1_780_308_000
    (warranty,) = found.rows("component")
    assert (warranty.kind, warranty.name, warranty.expires_at) == ("setting", "warranty", 1_798_848_000)


def test_pages_archived_assets_estimate_and_sweep(desk, drain):
    label = {"name": "Gone", "status_type": "archived", "status_meta": "archived"}
    server, source = desk([asset(n) for n in range(1, 6)], [asset(9, status_label=label), asset(5)], "page_size = 2")
    found = drain(source)
    assert {row.ext_id: row.state for row in found.rows()} == {
        **{f"T{n}": "active" for n in range(1, 6)},
        "T9": "retired",
    }
    assert [request.params["offset"] for request in server.requests] == ["0", "2", "4", "0"]
    assert found.batches[0].estimate.requests == 3
    ids = [one for batch in found.batches for one in batch.present["asset"]]
    assert sorted(ids) == sorted(row.id for row in found.rows())
    assert [batch.swept for batch in found.batches] == [frozenset()] * 3 + [{"asset", "component"}]
    assert found.batches[-1].cursor == {}


def test_archived_ones_can_be_left_out(desk, drain):
    server, source = desk([asset(1)], [asset(2)], "archived = false")
    assert len(drain(source).rows()) == 1
    assert len(server.requests) == 1


def test_a_stopped_pull_goes_on_at_its_page(desk, drain):
    _server, source = desk([asset(n) for n in range(1, 6)], [], "page_size = 2")
    batches = drain(source).batches
    rest = drain(source, batches[0].cursor)
    assert [row.ext_id for row in rest.rows()] == ["T3", "T4", "T5"]
    assert rest.batches[0].estimate is None
    assert len(drain(source, rest.batches[-1].cursor).rows()) == 5  # after a whole pull, from the beginning


def test_where_assets_went_while_a_pull_was_stopped_none_is_passed_over(desk, drain):
    assets = [asset(n) for n in range(1, 6)]
    _server, source = desk(assets, [], "page_size = 2")
    first = drain(source).batches[0]
    del assets[0]
    rest = drain(source, first.cursor)
    assert [row.ext_id for row in rest.rows()] == ["T2", "T3", "T4", "T5"]
    assert rest.batches[-1].swept == {"asset", "component"}


def test_what_was_no_asset_before_a_stop_still_makes_the_list_incomplete(desk, drain):
    _server, source = desk([{"id": 0, "x": n} for n in range(2)] + [asset(n) for n in range(1, 6)], [], "page_size = 2")
    first = drain(source).batches[0]
    assert len(first.rejects) == 2
    rest = drain(source, first.cursor)
    assert len(rest.rows()) == 5
    assert rest.incomplete == {"asset", "component"}  # 2 of 7 are none
    assert not any(batch.swept for batch in rest.batches)


def test_a_list_that_shrinks_while_it_is_read_is_incomplete(desk, drain):
    assets = [asset(n) for n in range(1, 6)]

    def before(request):
        if request.params["offset"] == "2" and "status" not in request.params:
            return 200, {}, {"total": 5, "rows": []}
        return None

    found = drain(desk(assets, [], "page_size = 2", before)[1])
    assert found.incomplete == {"asset", "component"}
    assert "2 of 5 assets came" in found.told
    assert found.batches[-1].swept == frozenset()


def test_a_total_below_what_came_is_refused(desk, drain):
    answer = 200, {}, {"total": 1, "rows": [asset(1), asset(2)]}
    with pytest.raises(SourceError, match="of 1 it has 2"):
        drain(desk([], before=lambda _request: answer)[1])


@pytest.mark.parametrize(("good", "bad", "incomplete"), [(9, 1, False), (2, 1, True), (0, 1, True)])
def test_a_list_of_what_is_no_asset_is_incomplete(desk, drain, good, bad, incomplete):
    rows = [asset(n) for n in range(1, good + 1)] + [{"name": "x"}] * bad
    answer = 200, {}, {"total": len(rows), "rows": rows}
    options = "archived = false"
    found = drain(desk([], options=options, before=lambda _request: answer)[1])
    assert found.incomplete == ({"asset", "component"} if incomplete else set())
    assert bool(found.batches[-1].swept) is not incomplete
    assert len(found.rejects) == bad


EMPTY = {"serial": "", "name": "", "warranty_months": "0 months", "assigned_to": None, "status_label": None, "custom_fields": [],
         "updated_at": {"datetime": "0000-00-00 00:00:00"}, "location": None}  # fmt: skip


def test_what_is_empty_is_unknown(desk, drain):
    found = drain(desk([asset(1, **EMPTY)])[1])
    pc = found.only
    assert (pc.name, pc.serial, pc.owner, pc.department, pc.state, pc.updated_at) == (
        "T1",
        None,
        None,
        None,
        None,
        None,
    )
    assert found.rows("component") == []
    assert found.told == ""


LABELS = [
    ({"name": "Stolen", "status_type": "undeployable", "status_meta": "undeployable"}, "", "lost"),
    ({"name": "Repair", "status_type": "undeployable", "status_meta": "undeployable"}, "", "spare"),
    ({"name": "Ready", "status_type": "deployable", "status_meta": "deployable"}, "", "spare"),
    ({"name": "Hylle", "status_type": "archived", "status_meta": "archived"}, 'states = { hylle = "lost" }', "lost"),
]


@pytest.mark.parametrize(("label", "options", "state"), LABELS)
def test_states(desk, drain, label, options, state):
    assert drain(desk([asset(1, status_label=label)], [], options)[1]).only.state == state


def test_placeholders_and_destroyed_serial_numbers(desk, drain):
    rows = [
        asset(1, serial="N/A"),
        asset(2, serial="6.37702E+15"),
        asset(3, serial="Default string"),
        asset(4, serial="A&amp;B-77"),
    ]
    found = drain(desk(rows)[1])
    assert [row.serial for row in found.rows()] == [None, None, None, "A&B-77"]
    assert "destroyed by a spreadsheet" in found.told


def test_fields_of_the_desks_own(desk, drain):
    row = asset(1, custom_fields={"Nettverk": {"value": "00-1B-21-00-00-99"}, "Vert": {"value": "pc1.example.org"}})
    pc = drain(desk([row], [], 'fields = { mac = "Nettverk", name = "Vert" }')[1]).only
    assert (pc.mac, pc.fqdn) == ("00:1B:21:00:00:99", "pc1.example.org")


def test_zero_is_no_in_a_field_of_yes_or_no_and_nothing_elsewhere(desk, drain):
    row = asset(1, custom_fields={"Encrypted": {"value": "0"}, "MAC": {"value": "0"}, "Critical": {"value": 1}})
    found = drain(desk([row])[1])
    assert (found.only.encrypted, found.only.critical, found.only.mac) == (False, True, None)
    assert found.told == ""


def test_an_asset_lent_to_a_place_has_no_owner(desk, drain):
    pc = drain(desk([asset(1, assigned_to={"id": 3, "name": "Room 4", "type": "location"})])[1]).only
    assert (pc.owner, pc.department) == (None, "Room 4")


def test_an_error_with_http_200(desk, drain):
    said = {"status": "error", "messages": "You do not have permission.", "payload": None}
    _server, source = desk([], before=lambda _request: (200, {}, said))
    with pytest.raises(SourceError, match="permission") as fault:
        drain(source)
    assert fault.value.kind == "forbidden"
    probe = source.probe()
    assert (probe.reachable, probe.authorised) == (True, False)


def test_a_login_page_is_no_list(desk, drain):
    _server, source = desk([], before=lambda _request: (302, {"Location": "https://elsewhere.example.org/login"}, b""))
    with pytest.raises(SourceError, match="sends us on to elsewhere"):
        drain(source)
    _server, source = desk([], before=lambda _request: (200, {}, b"<html>Login</html>"))
    with pytest.raises(SourceError, match="no list of assets"):
        drain(source)


def test_a_wrong_token_and_a_limit(desk, drain, build, monkeypatch, passing):
    hits = []

    def before(_request):
        hits.append(1)
        return (429, {"Retry-After": "7"}, {"error": "slow"}) if len(hits) == 1 else None

    _server, source = desk([asset(1)], before=before)
    assert len(drain(source).rows()) == 1
    assert sum(passing.slept) > 6.9
    monkeypatch.setenv("DESK_KEY", "wrong-token-9")
    with pytest.raises(SourceError) as fault:
        drain(source)
    assert fault.value.kind == "auth"
    assert "wrong-token-9" not in str(fault.value)


def test_it_stops_when_told_to(desk, drain):
    with pytest.raises(Cancelled):
        drain(desk([asset(1)], cancelled=lambda: True)[1])


def test_the_probe(desk):
    probe = desk([asset(1), asset(2)])[1].probe()
    assert (probe.reachable, probe.authorised, probe.message) == (True, True, "2 assets that are not archived.")


@pytest.mark.parametrize(
    "options",
    [
        'url = "http://assets.example.org"',
        'url = "https://u:p@assets.example.org"',
        'url = "assets"',
        'url = "https://a.example.org"\npage_size = 501',
        'url = "https://a.example.org"\nstates = { x = "y" }',
        'url = "https://a.example.org"\nfields = { colour = "y" }',
        'url = "https://a.example.org"\nzone = "Mars"',
    ],
)
def test_options_are_checked(build, options):
    with pytest.raises(ConfigError):
        build("snipeit", f'{options}\ntoken = {{ env = "DESK_KEY" }}')


def test_the_wire_never_carries_rows_that_break_the_pull(desk, drain):
    rows = [asset(1), {"id": 2, "name": 7, "custom_fields": {"MAC Address": None, "IP": {"value": {"x": 1}}}, "assigned_to": "ann",
            "status_label": [], "warranty_expires": {"date": []}, "updated_at": "yesterday"}]  # fmt: skip
    assert len(drain(desk(rows)[1]).rows()) == 2
    found = drain(desk([], before=lambda _r: (200, {}, {"total": 2, "rows": [None, {"name": "x"}]}))[1])
    assert len(found.rejects) >= 2


def test_a_server_that_ignores_the_offset_is_not_read_for_ever(desk, drain):
    """Its total is far off, and each page is the first one."""
    endless = {"total": 10**9, "rows": [asset(1), asset(2)]}
    server, source = desk([], options="archived = false", before=lambda _request: (200, {}, endless))
    found = drain(source)
    assert len(server.requests) == 2
    assert sorted(pc.ext_id for pc in found.rows()) == ["T1", "T2"]
    assert found.incomplete == {"asset", "component"}
    assert not any(batch.swept for batch in found.batches)
