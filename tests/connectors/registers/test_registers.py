"""The desk's own registers: what each means, and that its commented example is right."""

import tomllib
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from deskaudit import connectors
from deskaudit.config import Source
from deskaudit.connectors import Context
from deskaudit.connectors.registers.entries import Clock
from deskaudit.connectors.registers.examples import example as example_of
from deskaudit.connectors.registers.examples import uncomment, write_examples
from deskaudit.connectors.registers.register import REGISTERS
from deskaudit.errors import ConfigError, SourceError
from deskaudit.model.batches import Want
from deskaudit.model.entities import ENTITIES, entity_of
from deskaudit.model.keys import row_key

CONFIG = '[sources.desk]\ntype = "registers"\nfolder = "."\nzone = "Europe/Oslo"\n'


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).astimezone(UTC).timestamp())


@pytest.fixture
def keep(pull):
    """(file = content, …) → what the registers say."""

    def run(config: str = CONFIG, **files: str):
        return pull(config, {f"{name}.toml": content for name, content in files.items()})

    return run


@pytest.mark.parametrize("name", REGISTERS)
def test_every_key_has_its_sentence_and_its_example(name):
    struct = REGISTERS[name].struct
    for field in msgspec.structs.fields(struct):
        assert struct.help[field.name].endswith(".")
        assert field.encode_name in struct.example
    assert set(struct.help) == {field.name for field in msgspec.structs.fields(struct)}


@pytest.mark.parametrize("name", REGISTERS)
def test_every_example_loads_and_means_something(name, keep, tmp_path):
    register = REGISTERS[name]
    pulled = keep(**{name: uncomment(example_of(register))})
    assert pulled.problems == []
    rows = [row for batch in pulled.batches for row in batch.rows]
    assert {entity_of(row) for row in rows} - {"agent"} == register.fills
    assert len({row.id for row in rows}) == len(rows)
    (entry,) = register.read(tmp_path / register.file, Clock(ZoneInfo("Europe/Oslo"), at("2026-09-01T00:00+00:00")))
    assert msgspec.to_builtins(entry).keys() == register.struct.example.keys()


def test_examples_are_commented_out_and_never_overwrite(tmp_path):
    (tmp_path / "sla.toml").write_text("mine")
    made = write_examples(tmp_path)
    assert {file.name for file in made} == {register.file for register in REGISTERS.values()} - {"sla.toml"}
    assert (tmp_path / "sla.toml").read_text() == "mine"
    for file in made:
        assert file.stat().st_mode & 0o777 == 0o600
        assert tomllib.loads(file.read_text()) == {}
    assert write_examples(tmp_path) == []


def test_procedures(keep):
    pulled = keep(
        procedures="""
[[procedure]]
title = "Reset a password"
category = "account"
owner = "kari@example.com"
updated = 2026-02-01
url = "HTTPS://wiki.example.com/reset"
tests = [{ on = 2026-02-03, by = "ola@example.com", result = "failed" }]
"""
    )
    document, record = pulled.only("document"), pulled.only("record")
    assert (document.kind, document.category, document.url) == (
        "procedure",
        "account",
        "HTTPS://wiki.example.com/reset",
    )
    assert document.updated_at == at("2026-02-01T00:00+01:00")
    assert document.owner_id == row_key("desk", "agent", "@kari@example.com")
    assert (record.kind, record.about_id, record.result) == ("tested", document.id, "failed")
    assert len(pulled.rows("agent")) == 2


def test_documents_confirmations_and_changes_meet(keep):
    pulled = keep(
        documents='[[document]]\ntitle = "Passwords"\nkind = "policy"\nversion = "2"\nconfirmed = [{ by = "Ola", on = 2026-01-12 }]\n',
        changes='[[change]]\ntitle = "Longer passwords"\nlive = 2026-01-10\ndocuments = ["passwords"]\napproved = [{ on = 2026-01-05, by = "Eva" }]\n',
    )
    policy, change = pulled.rows("document")
    confirmed, approved, touched = pulled.rows("record")
    assert (confirmed.kind, confirmed.result, confirmed.about_id) == ("confirmed", "2", policy.id)
    assert (approved.kind, approved.about_id) == ("approved", change.id)
    assert (touched.kind, touched.about_id, touched.happened_at) == ("change", policy.id, change.live_at)


def test_rules_and_their_runs(keep):
    text = """
[[rule]]
name = "Route printers"
runs = [{ on = 2026-02-28, runs = 100, failures = 1 }, { on = 2026-03-31, runs = 50 }]
last_ok = 2026-03-31T16:05:00
[[rule]]
name = "Idle"
active = false
"""
    pulled = keep(rules=text)
    rule, idle = pulled.rows("policy")
    assert (rule.kind, rule.runs, rule.failures, rule.active) == ("rule", 150, 1, True)
    assert rule.last_ok_at == at("2026-03-31T16:05+02:00")
    assert (idle.runs, idle.failures, idle.active) == (None, None, False)
    assert [(stat.name, stat.value) for stat in pulled.rows("stat")] == [
        ("rule_runs", 100.0), ("rule_failures", 1.0), ("rule_runs", 50.0), ("rule_failures", 0.0),
    ]  # fmt: skip


def test_promises(keep):
    pulled = keep(
        sla='[[sla]]\nname = "P1"\nresponse = "1h"\nresolve = "4h"\nhours = true\n',
        escalation='[[escalation]]\npriority = "P1"\ngroup = "Second"\nshare = 0.75\n[[escalation]]\npriority = "P1"\ntype = "incident"\ngroup = "Second"\nafter = "30m"\ncontact = "Eva"\n',
        roles='[[role]]\nposition = "technician"\nmay = ["agent", "reports", "agent"]\n',
        retention='[[retention]]\nwhat = "tickets"\ndays = 1095\n',
        required='[[required]]\nwhat = "setting"\nname = "password_min_length"\nvalue = 15\n',
    )
    policies = {(row.kind, row.name, row.scope, row.target): row for row in pulled.rows("policy")}
    sla = policies["sla", "P1", None, None]
    assert (sla.response_s, sla.resolve_s, sla.has_hours, sla.has_escalation) == (3600, 14400, True, False)
    gap, whole = policies["escalation", "P1", None, "Second"], policies["escalation", "P1", "incident", "Second"]
    assert (gap.value, gap.has_escalation, whole.response_s, whole.has_escalation) == (0.75, False, 1800, True)
    assert {key[3] for key in policies if key[0] == "role"} == {"agent", "reports"}
    assert policies["retention", "tickets", None, None].value == 1095
    assert policies["required", "password_min_length", "setting", None].value == 15


def test_devices(keep):
    pulled = keep(
        CONFIG + 'assets_of = "cmdb"\n',
        settings='[[setting]]\ndevice = "FW-1"\nkey = "ssh"\nwanted = "no"\ncritical = true\n',
        ports='[[device]]\ndevice = "web-1"\nopen = ["443/tcp"]\n',
        links='[[link]]\nfrom = "app-1"\nto = "db-1"\nport = "5432/tcp"\n',
    )
    setting, port, link = pulled.rows("component")
    assert (setting.kind, setting.asset_id, setting.device) == ("setting", row_key("cmdb", "asset", "fw-1"), "FW-1")
    assert (setting.wanted, setting.critical) == ("no", True)
    assert (port.kind, port.name, port.approved, port.wanted) == ("service", "443/tcp", True, "open")
    assert (link.kind, link.device, link.name, link.value) == ("link", "db-1", "5432/tcp", "app-1")


def test_evidence(keep):
    pulled = keep(
        restores='[[restore]]\nbackup = "file-server"\non = 2026-03-12\ntook = "40m"\n',
        reviews='[[review]]\nabout = "asset list"\non = 2026-03-20\n',
        breaches='[[breach]]\ntitle = "Laptop"\nknown = 2026-02-03T09:00:00\nreported = 2026-02-05T10:00:00\n[[breach]]\ntitle = "Mail"\nknown = 2026-02-03T09:00:00\n',
    )
    restored, reviewed, reported, silent = pulled.rows("record")
    assert (restored.kind, restored.about, restored.result, restored.duration_s) == (
        "restored",
        "file-server",
        "ok",
        2400,
    )
    assert (reviewed.kind, reviewed.about) == ("reviewed", "asset list")  # as check 03.3 asks for it
    assert (reported.result, reported.duration_s) == ("reported", 49 * 3600)
    assert (silent.result, silent.duration_s) == ("open", None)


def test_goals(keep):
    text = '[[goal]]\nmetric = "18.1"\ntarget = 0.9\nstart = 2026-01-01\ndue = 2026-06-30\nagent = "ola@example.com"\nmeasured = [{ on = 2026-03-31, value = 0.85 }]\n'
    pulled = keep(goals=text)
    goal, stat = pulled.only("policy"), pulled.only("stat")
    assert (goal.name, goal.value, goal.target) == ("18.1", 0.9, "higher")
    assert goal.agent_id == pulled.only("agent").id
    assert (goal.started_at, goal.expires_at) == (at("2026-01-01T00:00+01:00"), at("2026-06-30T23:59:59+02:00"))
    assert (stat.about, stat.value, stat.ext_id) == ("18.1", 0.85, str(goal.id))


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ('[[sla]]\nname = "P1"\n\n[[sla]]\nname = "P2"\nrespose = "1h"\n', 6, "Did you mean response?"),
        ('[[sla]]\nname = "P1"\n[[sla]]\nname = "P2"\nresponse = "soon"\n', 3, '"soon" is no duration'),
        ('[[sla]]\nname = "P1"\nhours = "yes"\n', 3, "Expected `bool`"),
        ('[[sla]]\nresponse = "1h"\n', 1, "missing required field `name`"),
        ('[[slo]]\nname = "P1"\n', 1, "Did you mean sla?"),
        ("sla = 3\n", 1, "Expected `array`"),
        ('[[sla]]\nname = "P1"\nhours = "yes"\n', 3, "write true or false. Correct it."),
        ('[[sla]\nname = "P1"\n', 0, "not valid TOML"),
    ],
)
def test_a_bad_register_says_where_and_leaves_the_others(keep, text, line, says):
    pulled = keep(sla=text, reviews='[[review]]\nabout = "access"\non = 2026-03-20\n')
    assert pulled.only("record").about == "access"
    assert pulled.incomplete == {"policy"}
    (problem,) = pulled.problems
    assert problem.resource == "sla.toml"
    assert says in problem.message
    assert not line or f"sla.toml:{line}:" in problem.message
    with pytest.raises(SourceError):
        keep(sla=text, reviews="about = 3")


@pytest.mark.parametrize(
    ("name", "text", "line", "key"),
    [
        ("restores", '[[restore]]\nbackup = "x"\n\non = 2027-03-12\n', 4, "restore.1.on"),
        (
            "procedures",
            '[[procedure]]\ntitle = "x"\ncategory = "y"\ntests = [{ on = 2026-09-01 }, { on = 2027-09-01 }]\n',
            4,
            "procedure.1.tests.2.on",
        ),
        ("monitors", '[[monitor]]\nname = "x"\nevery = "1d"\nlast_ok = 2027-01-01T08:00:00\n', 4, "monitor.1.last_ok"),
    ],
)
def test_what_was_done_does_not_lie_ahead(keep, connector, name, text, line, key):
    """The fixtures' now is in September 2026."""
    pulled = keep(**{name: text}, reviews='[[review]]\nabout = "access"\non = 2026-03-20\n')
    (problem,) = pulled.problems
    assert f"{name}.toml:{line}: {key}: it lies ahead, and tells of something done. Correct it." in problem.message
    assert "it lies ahead" in connector(CONFIG).probe().message


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("procedures", '[[procedure]]\ntitle = "x"\ncategory = "y"\n'),
        ("documents", '[[document]]\ntitle = "x"\nkind = "rule"\n'),
    ],
)
@pytest.mark.parametrize("url", ["javascript:alert(1)", "file:///etc/passwd", " https://wiki.example.com", "//wiki"])
def test_an_address_that_is_none_of_the_web_is_refused(keep, name, start, url):
    pulled = keep(**{name: f'{start}url = "{url}"\n'}, reviews='[[review]]\nabout = "access"\non = 2026-03-20\n')
    (problem,) = pulled.problems
    assert f'url is "{url.strip()}"; write an address that begins with https:// or http://' in problem.message
    assert f"{name}.toml:1" in problem.message
    assert pulled.rows("document") == []
    assert "document" in pulled.incomplete


def test_plans_and_ends_may_lie_ahead(keep):
    pulled = keep(
        changes='[[change]]\ntitle = "x"\nlive = 2030-01-01\n',
        goals='[[goal]]\nmetric = "18.1"\ntarget = 0.9\nstart = 2030-01-01\ndue = 2030-06-30\n',
        api_keys='[[key]]\nname = "x"\nscope = "read"\nexpires = 2030-01-01\n',
        integrations='[[integration]]\nname = "x"\ncredentials_expire = 2030-01-01\n',
    )
    assert (pulled.problems, pulled.incomplete) == ([], set())


def test_the_same_twice_and_a_file_with_a_wrong_name(keep):
    entry = '[[retention]]\nwhat = "tickets"\ndays = 30\n'
    pulled = keep(retention=entry + entry.replace("30", "60"), procedure="")
    assert pulled.only("policy").value == 30
    assert [(reject.place, reject.reason) for reject in pulled.rejects] == [
        ("retention.toml retention 2", "the same was there before")
    ]
    told = [problem.message for problem in pulled.problems]
    assert any("procedure.toml is no register and is not read. Did you mean procedures.toml?" in text for text in told)


def test_the_probe(keep, connector, tmp_path):
    keep(sla='[[sla]]\nname = "P1"\n')
    assert connector(CONFIG).probe().modules == {"sla.toml": "ok, 1 entry"}
    (tmp_path / "sla.toml").write_text("[[sla]]\nnam = 1\n")
    probe = connector(CONFIG).probe()
    assert not probe.reachable
    assert "sla.toml:2: unknown key sla.1.nam." in probe.message


def test_no_folder(connector, tmp_path):
    assert "deskaudit init --registers" in connector(CONFIG.replace('"."', '"none"')).probe().hint
    with pytest.raises(SourceError, match="holds no register"):
        list(connector(CONFIG).pull(None, Want(entities=frozenset(ENTITIES), since_at=0)))


def test_wrong_options(connector):
    with pytest.raises(ConfigError, match="no time zone"):
        connector(CONFIG.replace("Europe/Oslo", "Mars"))


BITS = st.sampled_from(
    [b"\n", b'"', b"[", b"]]", b"= ", b"9999-99-99", b"1e999", b"-1", b"nan", b"\xff", b"\x00", b"{", b"9" * 40]
)


@pytest.mark.parametrize("name", ["rules", "goals", "escalation", "breaches"])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1), st.one_of(BITS, st.binary(max_size=4))), max_size=4))
@example(cuts=[])
def test_mutated_registers(tmp_path, name, cuts):
    content = uncomment(example_of(REGISTERS[name])).encode()
    for start, end, inserted in cuts:
        low, high = sorted((int(start * len(content)), int(end * len(content))))
        content = content[:low] + inserted + (content[high:] if high - low < 12 else content[low:])
    (tmp_path / f"{name}.toml").write_bytes(content)
    table = tomllib.loads(CONFIG)["sources"]["desk"]
    context = Context("desk", tmp_path, now=lambda: 1_790_000_000, hash_key=b"key")
    found = connectors.build(Source("desk", table, tmp_path / "config.toml"), context)
    found.probe()
    try:
        list(found.pull(None, Want(entities=frozenset(ENTITIES), since_at=0)))
    except SourceError as fault:
        assert fault.message
