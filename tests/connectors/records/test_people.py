"""People, contacts and proofs: who works here, who calls, and what was shown to have been done."""

import pytest

from deskaudit.errors import ConfigError
from deskaudit.model.keys import person_hash, row_key

PEOPLE = """
[sources.desk]
type = "people"
path = "t.csv"
dates = "dmy"
zone = "Europe/Oslo"
max_bad_share = 1.0
[sources.desk.columns]
email = "E-post"
name = "Navn"
department = "Avdeling"
department_lead = "Leder"
manager = "Sjef"
role = "Rolle"
active = "Aktiv"
left_at = "Sluttet"
last_login_at = "Innlogget"
mfa = "MFA"
languages = "Språk"
on_call = "Vakt"
paid_seat = "Lisens"
"""
HEAD = "E-post;Navn;Avdeling;Leder;Sjef;Rolle;Aktiv;Sluttet;Innlogget;MFA;Språk;Vakt;Lisens\n"


def test_people(pull):
    rows = (
        "Kari@Example.com;Kari Nord;Service;ja;;owner;ja;;01.09.2026 08:00;ja;no, en/de;nei;ja\n"
        "ola@example.com;Ola;service ;;kari@example.com;agent;nei;31.12.2026;;nei;no;ja;nei\n"
        "per@example.com;Per;Nett;;Kari Nord;agent;ja;;;;;;\n"
        "eva@example.com;Eva;;;boss@example.com;agent;ja;;;;;;\n"
    )
    pulled = pull(PEOPLE, {"t.csv": HEAD + rows})
    kari, ola, per, eva = pulled.rows("agent")
    assert kari.name == "Kari Nord"
    assert kari.email_hash == person_hash("kari@example.com", b"key")
    assert kari.id == row_key("desk", "agent", "@kari@example.com")
    assert (kari.role, kari.active, kari.mfa, kari.on_call, kari.paid_seat) == ("owner", True, True, False, True)
    assert kari.languages == "no en de"
    assert kari.last_login_at == 1788242400  # 2026-09-01 06:00 UTC
    assert (ola.active, ola.left_at) == (False, 1798671600)  # it may lie ahead
    assert ola.manager_id == per.manager_id == kari.id  # by address and by name
    assert eva.manager_id == row_key("desk", "agent", "@boss@example.com")
    service, nett = pulled.rows("department")
    assert (service.name, service.lead_id, nett.lead_id) == ("Service", kari.id, None)
    assert (kari.department_id, ola.department_id, per.department_id) == (service.id, service.id, nett.id)
    assert eva.department_id is None
    assert [problem.message for problem in pulled.problems] == [
        "The managers of 1 people have no row of their own in the list."
    ]
    assert pulled.batches[-1].replaces == {"agent", "department"}
    assert pulled.rejects == []


def test_faults_have_places(pull):
    rows = ";;;;;;;;;;;;\nx@example.com;X;;;;;perhaps;;tomorrow;;;;\nx@example.com;Y;;;;;;;;;;;\n;;Service;;;;;;;;;;\n"
    pulled = pull(PEOPLE, {"t.csv": HEAD + rows})
    assert [agent.active for agent in pulled.rows("agent")] == [None]
    told = [f"{reject.place}: {reject.reason}" for reject in pulled.rejects]
    assert "t.csv row 3: " in told[0]
    assert any('Aktiv: neither yes nor no; add it to flags: "perhaps"' in text for text in told)
    assert any("no time that is known here" in text for text in told)
    assert any('"@x@example.com" was there before' in text for text in told)
    assert any("nothing tells who it is" in text for text in told)
    assert pull(PEOPLE.replace("1.0", "0.1"), {"t.csv": HEAD + rows}).incomplete == {"agent", "department"}


def test_a_list_without_departments_fills_none(pull):
    text = '[sources.desk]\ntype = "people"\npath = "t.csv"\n[sources.desk.columns]\nname = "Name"\n'
    pulled = pull(text, {"t.csv": "Name\nKari\n"})
    assert pulled.batches[-1].replaces == {"agent"}


def test_overlapping_exports_count_once(pull):
    text = PEOPLE.replace('"t.csv"', '["a.csv", "b.csv"]')
    row = "kari@example.com;Kari;;;;;;;;;;;\n"
    pulled = pull(text, {"a.csv": HEAD + row, "b.csv": HEAD + row + "ola@example.com;Ola;;;;;;;;;;;\n"})
    assert [agent.name for agent in pulled.rows("agent")] == ["Kari", "Ola"]
    assert pulled.rejects == []
    assert "1 row stands in two files" in pulled.problems[0].message


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('email = "E-post"\nname = "Navn"', "", "columns needs email or name or key, as email = "),
        ('department = "Avdeling"\n', "", "department_lead needs columns.department"),
        ('path = "t.csv"', 'path = "t.csv"\nagents_of = "The Desk"', "agents_of names a source"),
        ("email =", "emial =", "Did you mean email"),
    ],
)
def test_wrong_options(pull, old, new, says):
    with pytest.raises(ConfigError) as found:
        pull(PEOPLE.replace(old, new), {"t.csv": HEAD})
    assert says in str(found.value)


def test_probe_shows_no_address(pull, connector):
    pull(PEOPLE, {"t.csv": HEAD + "kari@example.com;Kari;;;;;;;;;;;\n"})
    probe = connector(PEOPLE).probe()
    assert probe.reachable
    assert "kari@example.com" not in probe.message


CONTACTS = """
[sources.desk]
type = "contacts"
path = "t.csv"
region = "NO"
[sources.desk.columns]
email = "Email"
phone = "Phone"
country = "Country"
language = "Language"
company = "Company"
"""


def test_contacts(pull):
    rows = "A@b.com,22 33 44 55,Norway,no,Nordlys\n,0047 99887766,,,\nc@d.com,n/a,Spain,es,\n"
    pulled = pull(CONTACTS, {"t.csv": "Email,Phone,Country,Language,Company\n" + rows})
    first, second, third = pulled.rows("contact")
    assert (first.email_hash, first.phone_hash) == (person_hash("a@b.com", b"key"), person_hash("+4722334455", b"key"))
    assert (first.country, first.language, first.company) == ("Norway", "no", "Nordlys")
    assert second.phone_hash == person_hash("+4799887766", b"key")
    assert (third.phone_hash, third.country) == (None, "Spain")
    assert all(row.ext_id is None for row in pulled.rows("contact"))


PROOFS = """
[sources.desk]
type = "proofs"
path = "t.csv"
duration_unit = "h"
max_bad_share = 1.0
[sources.desk.columns]
about = "What"
happened_at = "On"
expires_at = "Until"
kind = "Kind"
agent_email = "Who"
duration = "Hours"
[sources.desk.kinds]
kurs = "trained"
Zertifikat = "certified"
"""


def test_proofs(pull):
    rows = (
        "Privacy,2026-03-01,,Kurs,kari@example.com,7.5\nLPIC-1,2024-05-01,2029-05-01,zertifikat,ola@example.com,\n"
        "x,2026-01-01,,juggled,kari@example.com,\n"
    )
    pulled = pull(PROOFS, {"t.csv": "What,On,Until,Kind,Who,Hours\n" + rows})
    privacy, lpic = pulled.rows("record")
    assert (privacy.kind, privacy.about, privacy.duration_s, privacy.expires_at) == ("trained", "Privacy", 27000, None)
    assert privacy.agent_id == row_key("desk", "agent", "@kari@example.com")
    assert (lpic.kind, lpic.expires_at) == ("certified", 1872374399)  # the end of 2029-05-01
    assert [reject.reason for reject in pulled.rejects] == ["Kind: what was done is not known"]
    assert any("add them to sources.desk.kinds" in problem.message for problem in pulled.problems)
