"""A GLPI server on loopback: sessions, ranges with 206 and Content-Range, errors as lists, 0 and &nbsp; for nothing."""

import pytest

from deskaudit.errors import ConfigError, SourceError

USER = "user_token token-0123456789"


def computer(number, **more):
    return {
        "id": number, "name": f"pc{number}", "serial": f"SER{number:04}", "otherserial": f"INV{number}", "uuid": "",
        "users_id": "Ann Olsen", "groups_id": 0, "locations_id": "Root > Oslo", "states_id": "In use",
        "date_mod": "2026-06-01 10:00:00", "last_inventory_update": "2026-09-20 08:00:00",
        "is_deleted": 0, "is_template": 0, "entities_id": "Root", **more,
    }  # fmt: skip


LISTS = {
    "NetworkPort": [
        {"id": 1, "itemtype": "Computer", "items_id": 1, "mac": "02:42:ac:11:00:02", "instantiation_type": "NetworkPortEthernet"},
        {"id": 2, "itemtype": "Computer", "items_id": 1, "mac": "00:1b:21:00:00:01", "instantiation_type": "NetworkPortEthernet"},
        {"id": 3, "itemtype": "Computer", "items_id": 1, "mac": "00:00:00:00:00:00", "instantiation_type": "NetworkPortLocal"},
        {"id": 4, "itemtype": "Printer", "items_id": 1, "mac": "00:1b:21:00:00:99", "instantiation_type": ""},
        {"id": 5, "itemtype": "Computer", "items_id": 2, "mac": "00:1b:21:00:00:55", "is_deleted": 1},
    ],
    "IPAddress": [
        {"id": 1, "mainitemtype": "Computer", "mainitems_id": 1, "name": "127.0.0.1"},
        {"id": 2, "mainitemtype": "Computer", "mainitems_id": 1, "name": "10.0.0.7"},
    ],
    "OperatingSystem": [{"id": 4, "name": "Debian GNU/Linux"}],
    "OperatingSystemVersion": [{"id": 8, "name": "12 (bookworm)"}],
    "Item_OperatingSystem": [
        {"id": 1, "itemtype": "Computer", "items_id": 1, "operatingsystems_id": 4, "operatingsystemversions_id": 8},
    ],
    "Item_Disk": [
        {"id": 1, "itemtype": "Computer", "items_id": 1, "encryption_status": 1},
        {"id": 2, "itemtype": "Computer", "items_id": 2, "encryption_status": 0},
        {"id": 3, "itemtype": "Computer", "items_id": 3, "encryption_status": 1},
        {"id": 4, "itemtype": "Computer", "items_id": 3, "encryption_status": 0},
    ],
}  # fmt: skip


@pytest.fixture
def desk(serve, build, passing):
    """(lists, options) → (server, connector). `before` may answer a request itself."""

    def start(lists, options='itemtypes = ["Computer"]', before=lambda _request: None):
        lists = {**LISTS, **lists}

        def answer(request):
            given = before(request)
            if given is not None:
                return given
            assert request.length == 0
            if request.path == "/apirest.php/initSession":
                if request.headers["Authorization"] != USER:
                    return 401, {}, ["ERROR_GLPI_LOGIN_USER_TOKEN", "the user token is invalid"]
                return 200, {}, {"session_token": "session-abcdef"}
            if request.headers["Session-Token"] != "session-abcdef":
                return 401, {}, ["ERROR_SESSION_TOKEN_INVALID", "session_token seems invalid"]
            if request.path == "/apirest.php/killSession":
                return 200, {}, b""
            return page(request, lists)

        server = serve(answer)
        text = f'url = "{server.url}/apirest.php"\nuser_token = {{ env = "DESK_KEY" }}\n{options}'
        return server, build("glpi", text, timing=passing.timing())

    return start


def page(request, lists):
    name = request.path.split("/")[2]
    if name not in lists:
        return 400, {}, ["ERROR_RESOURCE_NOT_FOUND_NOR_COMMONDBTM", "resource not found"]
    rows = lists[name]
    first, last = (int(part) for part in request.params["range"].split("-"))
    if rows and first >= len(rows):
        return 400, {}, ["ERROR_RANGE_EXCEED_TOTAL", "Provided range exceed total count of data: 5"]
    part = rows[first : last + 1]
    status = 200 if len(part) == len(rows) else 206
    return (
        status,
        {"Content-Range": f"{first}-{first + len(part) - 1}/{len(rows)}", "Accept-Range": f"{name} 990"},
        part,
    )


def test_a_computer(desk, drain):
    server, source = desk({"Computer": [computer(1)]})
    pc = drain(source).only
    assert (pc.ext_id, pc.name, pc.serial, pc.uuid, pc.origin) == ("INV1", "pc1", "SER0001", None, "cmdb")
    assert (pc.mac, pc.ip, pc.addresses) == ("00:1B:21:00:00:01", "10.0.0.7", "10.0.0.7")
    assert (pc.os, pc.os_version, pc.os_family) == ("Debian GNU/Linux", "12 (bookworm)", "linux")
    assert (pc.owner, pc.department, pc.state, pc.encrypted) == ("Ann Olsen", "Root > Oslo", "active", True)
    assert (pc.updated_at, pc.seen_at) == (1_780_308_000, 1_789_891_200)
    (asked,) = server.asked("/apirest.php/Computer/")
    assert (asked.params["expand_dropdowns"], asked.params["get_hateoas"]) == ("true", "false")
    (ports,) = server.asked("/apirest.php/NetworkPort/")
    assert ports.params["expand_dropdowns"] == "false"  # or the owner of a port would be a name


def test_the_session_is_closed(desk, drain):
    server, source = desk({"Computer": [computer(1)]})
    drain(source)
    assert [request.path.rpartition("/")[2] for request in (server.requests[0], server.requests[-1])] == [
        "initSession",
        "killSession",
    ]


def test_the_session_is_closed_after_a_fault_too(desk, drain):
    fault = ["ERROR_SESSION_TOKEN_INVALID", "gone"]
    server, source = desk({}, before=lambda request: (401, {}, fault) if request.path.endswith("/Computer/") else None)
    with pytest.raises(SourceError) as raised:
        drain(source)
    assert raised.value.kind == "expired"
    assert server.requests[-1].path.endswith("killSession")


def test_ranges_templates_and_the_trash(desk, drain):
    rows = [computer(n) for n in range(1, 6)] + [computer(6, is_template=1), computer(7, is_deleted=1)]
    server, source = desk({"Computer": rows}, 'itemtypes = ["Computer"]\npage_size = 3')
    found = drain(source)
    assert [row.ext_id for row in found.rows()] == [f"INV{n}" for n in range(1, 6)]
    assert [request.params["range"] for request in server.asked("/apirest.php/Computer/")] == ["0-2", "3-5", "6-8"]
    assert found.batches[0].estimate.requests == 3
    assert found.batches[-1].swept == {"asset"}
    assert [len(batch.present["asset"]) for batch in found.batches] == [3, 2, 0]


def test_zero_for_an_unencrypted_disk_means_nothing_alone(desk, drain):
    found = drain(desk({"Computer": [computer(2), computer(3)]})[1])
    assert [row.encrypted for row in found.rows()] == [None, False]


def test_a_stopped_pull_goes_on_at_its_page(desk, drain):
    _server, source = desk({"Computer": [computer(n) for n in range(1, 6)]}, 'itemtypes = ["Computer"]\npage_size = 2')
    first = drain(source).batches[0]
    assert [row.ext_id for row in drain(source, first.cursor).rows()] == ["INV3", "INV4", "INV5"]


def test_where_items_went_while_a_pull_was_stopped_none_is_passed_over(desk, drain):
    computers = [computer(n) for n in range(1, 6)]
    _server, source = desk({"Computer": computers}, 'itemtypes = ["Computer"]\npage_size = 2')
    first = drain(source).batches[0]
    del computers[0]
    rest = drain(source, first.cursor)
    assert [row.ext_id for row in rest.rows()] == ["INV2", "INV3", "INV4", "INV5"]
    assert rest.batches[-1].swept == {"asset"}


def test_a_kind_that_could_not_be_read_before_a_stop_is_told_after_it_and_nothing_is_taken_for_deleted(desk, drain):
    def before(request):
        return (403, {}, ["ERROR_RIGHT_MISSING", "no"]) if request.path.endswith("/Printer/") else None

    options = 'itemtypes = ["Printer", "Computer"]\npage_size = 2'
    _server, source = desk({"Computer": [computer(n) for n in range(1, 6)]}, options, before)
    rest = drain(source, drain(source).batches[1].cursor)
    assert rest.incomplete == {"asset"}
    assert "Printer: " in rest.told
    assert not any(batch.swept for batch in rest.batches)


def test_a_total_that_is_not_told_and_a_range_beyond_the_end(desk, drain):
    rows = [computer(n) for n in range(1, 5)]

    def before(request):
        if not request.path.endswith("/Computer/"):
            return None
        status, _headers, body = page(request, {"Computer": rows})
        return (206 if status == 200 else status), {}, body

    found = drain(desk({}, 'itemtypes = ["Computer"]\npage_size = 2', before)[1])
    assert len(found.rows()) == 4
    assert found.incomplete == set()


def test_a_total_below_what_came_ends_no_list(desk, drain):
    rows = [computer(n) for n in range(1, 6)]

    def before(request):
        if request.path.endswith("/Computer/") and request.params["range"] == "0-1":
            return 206, {"Content-Range": "0-1/1"}, rows[:2]
        return None

    found = drain(desk({"Computer": rows}, 'itemtypes = ["Computer"]\npage_size = 2', before)[1])
    assert len(found.rows()) == 5
    assert found.incomplete == set()


@pytest.mark.parametrize(("good", "bad", "incomplete"), [(9, 1, False), (2, 1, True), (0, 1, True)])
def test_a_list_of_what_is_no_item_is_incomplete(desk, drain, good, bad, incomplete):
    found = drain(desk({"Computer": [computer(n) for n in range(1, good + 1)] + [{"name": "x"}] * bad})[1])
    assert found.incomplete == ({"asset"} if incomplete else set())
    assert bool(found.batches[-1].swept) is not incomplete
    assert len(found.rejects) == bad


def test_a_list_that_shrinks_is_incomplete(desk, drain):
    rows = [computer(n) for n in range(1, 6)]

    def before(request):
        if request.path.endswith("/Computer/") and request.params["range"] == "2-3":
            return 206, {"Content-Range": "2-3/5"}, []
        return None

    found = drain(desk({"Computer": rows}, 'itemtypes = ["Computer"]\npage_size = 2', before)[1])
    assert "Computer: 2 of 5 came" in found.told
    assert found.incomplete == {"asset"}
    assert found.batches[-1].swept == frozenset()


def test_a_kind_that_may_not_be_read(desk, drain):
    def before(request):
        if request.path.endswith("/Printer/"):
            return 403, {}, ["ERROR_RIGHT_MISSING", "You don't have permission"]
        return None

    _server, source = desk({"Computer": [computer(1)]}, 'itemtypes = ["Printer", "Computer"]', before)
    found = drain(source)
    assert len(found.rows()) == 1
    assert found.incomplete == {"asset"}
    assert "ERROR_RIGHT_MISSING" in found.told
    probe = source.probe()
    assert probe.authorised
    assert probe.modules["Computer"] == "ok"
    assert probe.message == "not readable: Printer"


def test_lists_of_belongings_that_may_not_be_read_leave_their_part_unknown(desk, drain):
    def before(request):
        return (403, {}, ["ERROR_RIGHT_MISSING", "no"]) if request.path.endswith("/NetworkPort/") else None

    found = drain(desk({"Computer": [computer(1)]}, before=before)[1])
    assert (found.only.mac, found.only.os) == (None, "Debian GNU/Linux")
    assert "MAC addresses stay unknown" in found.told
    assert found.incomplete == set()


def test_what_is_empty_is_unknown(desk, drain):
    blank = computer(9, serial="&nbsp;", otherserial=None, users_id=0, locations_id="&nbsp;", states_id=0, date_mod="0000-00-00 00:00:00",
                     last_inventory_update=None, name="")  # fmt: skip
    pc = drain(desk({"Computer": [blank]})[1]).only
    assert (pc.ext_id, pc.serial, pc.owner, pc.department, pc.state, pc.updated_at) == (
        "Computer/9", None, None, None, None, None,
    )  # fmt: skip


def test_states_of_a_tree_and_the_desks_own(desk, drain):
    rows = [computer(1, states_id="Lager > In stock"), computer(2, states_id="Hylla")]
    found = drain(desk({"Computer": rows}, 'itemtypes = ["Computer"]\nstates = { hylla = "spare" }')[1])
    assert [row.state for row in found.rows()] == ["spare", "spare"]


def test_times_are_in_the_servers_zone(desk, drain):
    pc = drain(desk({"Computer": [computer(1)]}, 'itemtypes = ["Computer"]\nzone = "Europe/Oslo"')[1]).only
    assert pc.updated_at == 1_780_308_000 - 7200


def test_a_wrong_token(desk, drain, monkeypatch):
    _server, source = desk({})
    monkeypatch.setenv("DESK_KEY", "other-token-77")
    with pytest.raises(SourceError, match="ERROR_GLPI_LOGIN_USER_TOKEN") as fault:
        drain(source)
    assert fault.value.kind == "auth"
    assert "other-token-77" not in str(fault.value)
    assert source.probe().authorised is False


@pytest.mark.parametrize("path", ["/apirest.php/initSession", "/apirest.php/Computer/"])
def test_a_probe_is_not_put_off_for_long(desk, passing, path):
    limited = 429, {"Retry-After": "800"}, {}
    _server, source = desk({}, before=lambda request: limited if request.path == path else None)
    assert "HTTP 429" in (source.probe().message + source.probe().modules.get("Computer", ""))
    assert sum(passing.slept) < 10


def test_no_session_in_the_answer(desk, drain):
    _server, source = desk({}, before=lambda _request: (200, {}, {"session_token": 5}))
    with pytest.raises(SourceError, match="no session"):
        drain(source)


def test_rows_of_any_shape_break_nothing(desk, drain):
    odd = [
        {"id": 1, "name": [], "serial": {"x": 1}, "uuid": 5, "date_mod": 7, "states_id": True},
        None,
        "x",
        {"name": "y"},
    ]
    found = drain(desk({"Computer": odd})[1])
    assert len(found.rows()) == 1
    assert len(found.rejects) == 3


@pytest.mark.parametrize(
    "options",
    ['url = "http://glpi.example.org"', 'url = "https://g.example.org"\nitemtypes = []', 'url = "https://g.example.org"\nitemtypes = ["../x"]',
     'url = "https://g.example.org"\npage_size = 991'],
)  # fmt: skip
def test_options_are_checked(build, options):
    with pytest.raises(ConfigError):
        build("glpi", f'{options}\nuser_token = {{ env = "DESK_KEY" }}')


def test_a_server_that_ignores_the_range_is_not_read_for_ever(desk, drain):
    """Its total is far off, and each page is the first one: of machines, and of what belongs to them."""

    def before(request):
        if request.path in {"/apirest.php/Computer/", "/apirest.php/NetworkPort/"}:
            rows = [computer(1)] if "Computer" in request.path else LISTS["NetworkPort"]
            return 206, {"Content-Range": "0-199/900000000"}, rows
        return None

    server, source = desk({}, before=before)
    found = drain(source)
    assert [len(server.asked(f"/apirest.php/{name}/")) for name in ("Computer", "NetworkPort")] == [2, 2]
    assert [pc.ext_id for pc in found.rows()] == ["INV1"]
    assert found.incomplete == {"asset"}
    assert "no end" in found.told
    assert not any(batch.swept for batch in found.batches)
