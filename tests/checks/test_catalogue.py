"""Item files: what loads, what is refused and how it is said, and what a site may change."""

import subprocess
import sys

import pytest

from deskaudit.checks import catalogue
from deskaudit.errors import ConfigError

ITEM = """
id = "HD-15"
slug = "service-levels"
title = "Measure service levels"
group = "tickets"
cadence = "weekly"
why = "Because."

[[check]]
id = "15.1"
name = "sla-missed"
title = "Missed promises"
kind = "ratio"
of = "ticket"
needs = ["ticket", "ticket.priority"]
severity = "high"
population = "sample"
source = "a book"
advice = "Mend it."
better = "lower"
passes = 0.05
warns = 0.1
rows = '''
WITH s AS (SELECT t.ticket_id, t.overrun_w FROM ticket_sla t WHERE t.due_at < :period_end)
SELECT s.ticket_id AS subject, NULL AS segment, CASE WHEN s.overrun_w > :slack THEN 0 ELSE 1 END AS good,
       s.overrun_w AS badness
FROM s
'''
[check.params]
slack = 60

[[check]]
id = "15.2"
name = "two-legs"
title = "Two legs"
kind = "duration"
of = "ticket"
needs = ["ticket"]
severity = "critical"
population = "sample"
source = "a book"
advice = "Mend it."
rows = "SELECT t.id AS subject, t.created_at AS value FROM live_ticket t"
[[check.leg]]
leg = "median"
passes = 10
[[check.leg]]
leg = "p90"
stat = "p90"
passes = 20
warns = 30

[[question]]
id = "HD-15.q1"
ask = "Do customers know the promise?"
must = true
"""


@pytest.fixture
def site(tmp_path):
    """Writes a shipped file and a site's own, and loads them."""
    shipped, extra = tmp_path / "shipped", tmp_path / "checks.d"
    shipped.mkdir()
    extra.mkdir()

    def load(item=ITEM, own="", **words):
        (shipped / "hd15.toml").write_text(item, encoding="utf-8")
        if own:
            (extra / "site.toml").write_text(own, encoding="utf-8")
        return catalogue.load(extra, shipped=shipped, **words)

    return load


def refusal(site, *args, **words):
    with pytest.raises(ConfigError) as caught:
        site(*args, **words)
    return caught.value


class TestLoad:
    def test_items_checks_and_questions(self, site):
        found = site()
        assert list(found.items) == ["HD-15"]
        assert found.check("15.1")[1].params == {"slack": 60}
        assert found.check("two-legs")[1].id == "15.2"
        assert found.question("hd-15.q1")[1].must is True

    def test_the_catalogue_that_ships_is_sound(self):
        found = catalogue.load()
        assert {"HD-03", "HD-08", "HD-15", "HD-18", "HD-20", "HD-24"} <= set(found.items)

    def test_a_site_without_files_of_its_own(self, tmp_path):
        assert catalogue.load(tmp_path / "nowhere", shipped=tmp_path).items == {}

    def test_it_loads_no_engine_before_sql_is_looked_at(self):
        code = (
            "import sys; from deskaudit.checks import catalogue; catalogue.load(verify=False);"
            " sys.exit('duckdb' in sys.modules)"
        )
        assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

    @pytest.mark.parametrize(
        ("old", "new", "message", "hint"),
        [
            ('severity = "high"', 'severty = "high"', "hd15.toml:16: check 15.1 severty: unknown key", "severity"),
            ('kind = "ratio"', 'kind = "share"', "hd15.toml:13: check 15.1 kind: Invalid enum value 'share'", ""),
            ('stat = "p90"', 'statt = "p90"', "hd15.toml:49: check 15.2 leg p90 statt: unknown key", "stat"),
            ("passes = 20", 'passes = "20"', "hd15.toml:50: check 15.2 leg p90 passes: Expected `float", ""),
            ("= 0.05", "= 0.05.1", "not valid TOML", ""),
            ("HD-15.q1", "HD-16.q1", "question HD-16.q1 belongs to HD-15", "HD-15.q1"),
            ('"15.2"', '"15.1"', "15.1 is used twice", "hd15.toml"),
            ("two-legs", "sla-missed", "sla-missed is used twice", ""),
            ("two-legs", "Two Legs", "a name is small letters", ""),
            ('leg = "p90"', 'leg = "median"', "two legs have the same name", ""),
            ('= ["ticket", "ticket.priority"]', '= ["tickets"]', "there is no tickets", "ticket"),
            ('ticket.priority"', 'ticket.priorty"', "there is no ticket.priorty", "priority"),
            ("slack = 60", "now = 60", "now has a meaning already", ""),
            ("slack = 60", "slick = 60", ":slack is no name", ":slick"),
            ("warns = 0.1", "warns = 0.01", "stricter", ""),
            ("passes = 0.05\nwarns = 0.1", "passes = 5\nwarns = 10", "a share lies between 0 and 1", ""),
            ("passes = 0.05\n", "", "a threshold for WARN and none for PASS", ""),
            ('better = "lower"', 'better = "band"', "lower", ""),
            ('better = "lower"', "", "better", ""),
            ('better = "lower"', 'better = "lower"\nsays = "{fault}"', "says: there is no fault", ""),
            ('better = "lower"', 'better = "lower"\nstat = "median"', "a ratio has no stat median", "share, spread"),
            ('of = "ticket"', 'of = "tickt"', "of: tickt is no entity", "ref"),
            ("FROM s\n", "FROM s JOIN tickt ON 1 = 1\n", "there is no table tickt", "ticket"),
            ("FROM s\n", "FROM read_csv('/etc/passwd') s\n", "read_csv", ""),
            ("FROM s\n", "FROM '/etc/passwd'\n", "there is no table /etc/passwd", ""),
            ("FROM s\n", "FROM (SHOW TABLES) s\n", "SHOW, DESCRIBE and SUMMARIZE", ""),
            ("FROM s\n", 'FROM (WITH "/etc/x.csv" AS (SELECT 1 AS y) SELECT y FROM "/etc/x.csv") z, "/etc/x.csv" s\n', "letters, digits and _", ""),
            ("s.overrun_w AS badness", "strftime(s.overrun_w, '%Y') AS badness", "strftime is not among", "coalesce|count"),
            ("s.overrun_w AS badness", "CAST(s.overrun_w AS DATE) AS badness", "CAST to DATE is not portable", "BIGINT"),
            ("s.overrun_w AS badness", "current_date AS badness", "the time is :now", ""),
            ("s.overrun_w AS badness", "$1 AS badness", "parameters are written :name", ""),
            ("s.overrun_w AS badness", "s.overrun AS badness", "overrun", "writing-a-check"),
            ("s.overrun_w AS badness", "1 AS leg", "may not be called leg", ""),
            ("THEN 0 ELSE 1 END AS good", "THEN 1 = 0 ELSE 1 = 1 END AS good", "good is BOOLEAN", "CASE"),
            ("AS good", "AS fine", "no column good", ""),
            ("AS subject", "AS thing", "no column subject", ""),
            ("FROM s\n", "FROM s; DROP TABLE ticket\n", "SQL", ""),
            ("FROM s\n", "FROM s; SELECT 1\n", "more than one statement", ""),
            ("passes = 0.05", 'passes = 0.05\nfail_if = "good = 0"', "fail_if has no fail_says", "two failures"),
            ("passes = 0.05", 'passes = 0.05\nfail_says = "a fault"', "fail_says goes with fail_if", ""),
            ("passes = 20", 'passes = 20\nfail_if = "value = 0"', "leg p90: fail_if has no fail_says", ""),
            ("passes = 0.05", 'passes = 0.05\nfail_says = "none"\nfail_if = "nothing = 1"', "nothing", ""),
            ("passes = 0.05", 'passes = 0.05\nfail_says = "none"\nfail_if = "SELECT 1 FROM judgd"', "there is no table judgd", "judged"),
            ("passes = 0.05", 'passes = 0.05\nonly = "x"', "no column part", ""),
            ("slack = 60", 'slack = 60\n[check.columns]\nbadnes = "s"', "columns: its rows have no badnes", ""),
            ('rows = "SELECT t.id', 'rows = "python:deskaudit.checks.nothing:rows"\nwhy = "SELECT t.id', "names no function", "python:"),
        ],
    )  # fmt: skip
    def test_what_is_wrong_is_named_with_its_file(self, site, old, new, message, hint):
        assert old in ITEM
        found = refusal(site, ITEM.replace(old, new, 1))
        assert any(part in str(found.message) for part in message.split("|"))
        assert "hd15.toml" in found.message
        assert any(part in found.hint for part in hint.split("|"))

    def test_constructs_that_every_engine_has(self, site):
        sql = """SELECT t.id AS subject, t.channel AS segment, COUNT(*) OVER (PARTITION BY t.channel) AS crowd,
            CASE WHEN t.status IN ('new', 'open') AND t.type LIKE 'a%' AND NOT EXISTS (
              SELECT 1 FROM event e WHERE e.ticket_id = t.id AND e.happened_at BETWEEN :period_start AND :period_end)
            THEN 1 ELSE 0 END AS good, COALESCE(LAG(t.created_at) OVER (ORDER BY t.id), 0) AS badness,
            LOWER(t.priority) || '-' || CAST(t.created_at % 7 AS VARCHAR) AS label
            FROM live_ticket t LEFT JOIN (SELECT 1 AS h UNION ALL SELECT 2 AS h) x ON x.h = t.is_open
            WHERE t.created_at IS NOT NULL"""
        start, end = ITEM.index("rows = '''") + 10, ITEM.index("'''\n[check.params]")
        assert site(ITEM[:start] + sql + ITEM[end:]).check("15.1")


class TestSelect:
    @pytest.mark.parametrize(
        ("only", "ids"),
        [
            ([], ["15.1", "15.2"]),
            (["HD-15"], ["15.1", "15.2"]),
            (["hd-15"], ["15.1", "15.2"]),
            (["service-levels"], ["15.1", "15.2"]),
            (["tickets"], ["15.1", "15.2"]),
            (["two-legs", "15.1", "15.2"], ["15.1", "15.2"]),
            (["15.2"], ["15.2"]),
        ],
    )
    def test_by_any_name(self, site, only, ids):
        assert [check.id for _item, check in site().select(only)] == ids

    def test_the_zero_in_front_may_be_left_out(self, site):
        found = site(ITEM.replace("HD-15", "HD-08").replace('"15.', '"08.'))
        assert found.check("8.1")[1].id == "08.1"
        assert found.question("hd-8.q1")[1].id == found.question("HD-08.q1")[1].id == "HD-08.q1"
        for words in (["HD-8"], ["hd-8"], ["8.1", "8.2"]):
            assert [check.id for _item, check in found.select(words)] == ["08.1", "08.2"], words
        with pytest.raises(ConfigError, match=r"no check 8\.9\."):
            found.check("8.9")

    def test_an_unknown_word_gets_the_nearest(self, site):
        with pytest.raises(ConfigError, match="sla-mised") as caught:
            site().select(["sla-mised"])
        assert caught.value.hint == "Did you mean sla-missed?"
        with pytest.raises(ConfigError, match="There is no check"):
            site().check("99.9")
        with pytest.raises(ConfigError, match="There is no question"):
            site().question("HD-15.q7")


class TestSite:
    def test_thresholds_of_a_check(self, site):
        found = site(
            own='[[override]]\ncheck = "15.1"\npasses = 0.1\nwarns = 0.2\nparams = {slack = 0}\nsource = "the board"\n'
        )
        check = found.check("15.1")[1]
        assert (check.passes, check.warns, check.params, check.source) == (0.1, 0.2, {"slack": 0}, "the board")

    @pytest.mark.parametrize("name", ["08.1", "8.1", "sla-missed"])
    def test_a_check_is_named_as_everywhere_else(self, site, name):
        found = site(item=ITEM.replace("15", "08"), own=f'[[override]]\ncheck = "{name}"\npasses = 0.1\nwarns = 0.2\n')
        assert found.check("08.1")[1].passes == 0.1

    @pytest.mark.parametrize(
        ("own", "place"),
        [
            ('check = "15.1"\npasses = nan', "site.toml:3: override 15.1 passes"),
            ('check = "15.1"\nband = [0, inf]', "site.toml:3: override 15.1 band"),
            ('check = "15.1"\nparams = {slack = -inf}', "site.toml:3: override 15.1 params slack"),
        ],
    )
    def test_a_threshold_is_a_figure(self, site, own, place):
        found = refusal(site, own=f"[[override]]\n{own}\n")
        assert place in found.message
        assert "nan and inf are no figures" in found.message

    def test_thresholds_of_a_leg(self, site):
        found = site(own='[[override]]\ncheck = "two-legs"\nleg = "p90"\nwarns = 60\n')
        assert [(leg.passes, leg.warns) for leg in found.check("15.2")[1].leg] == [(10, None), (20, 60)]

    @pytest.mark.parametrize(
        ("own", "message", "hint"),
        [
            ('check = "15.9"', "There is no check 15.9", "15.1|15.2"),
            ('check = "sla-misst"', "There is no check sla-misst", "sla-missed"),
            ('check = "15.2"\nleg = "p09"', "15.2 has no leg p09", "p90"),
            ('check = "15.2"\npasses = 1', "judged leg by leg", "median, p90"),
            ('check = "15.1"\nparams = {slak = 1}', "no parameter slak", "slack"),
            ('check = "15.1"\npass = 1', "unknown key", "passes"),
            ('check = "15.1"\npasses = 0.5', "stricter", ""),
        ],
    )
    def test_what_is_unknown_or_contradicts(self, site, own, message, hint):
        found = refusal(site, own=f"[[override]]\n{own}\n")
        assert message in found.message
        assert any(part in found.hint for part in hint.split("|"))

    def test_an_item_of_its_own(self, site):
        own = ITEM.replace("HD-15", "S-1").replace("service-levels", "ours").replace("15.", "S1.")
        own = own.replace("sla-missed", "our-check").replace("two-legs", "our-legs")
        assert list(site(own=own).items) == ["HD-15", "S-1"]

    def test_checks_and_questions_for_an_item_that_ships(self, site):
        check = ITEM[ITEM.index("[[check]]") : ITEM.index("[[question]]")].split("[[check]]")[1]
        check = check.replace("15.1", "15.90").replace("sla-missed", "ours")
        own = f'[[extend]]\nitem = "HD-15"\n[[extend.check]]{check.replace("[check.params]", "[extend.check.params]")}'
        own += '[[extend.question]]\nid = "HD-15.q90"\nask = "Ours?"\n'
        found = site(own=own)
        assert [each.id for each in found.items["HD-15"].check] == ["15.1", "15.2", "15.90"]
        assert found.question("HD-15.q90")[0].id == "HD-15"
        assert refusal(site, own=own.replace('item = "HD-15"', 'item = "HD-51"')).hint == "Did you mean HD-15?"

    def test_a_function_is_refused_in_a_site_s_own_file(self, site):
        own = ITEM.replace("HD-15", "S-1").replace("service-levels", "ours").replace("15.", "S1.")
        own = own.replace("sla-missed", "ours-a").replace("two-legs", "ours-b")
        rows = own[own.index('rows = "SELECT t.id') :].split("\n", 1)[0]
        found = refusal(site, own=own.replace(rows, 'rows = "python:os:system"'))
        assert "only checks that ship may call a function" in found.message
        assert "SELECT" in found.hint

    def test_an_id_that_ships_is_taken(self, site):
        found = refusal(site, own=ITEM.replace("service-levels", "other"))
        assert "HD-15 is used twice" in found.message


class TestWeights:
    def test_what_an_audit_pins(self, site):
        assert catalogue.weights(site(), 24) == {
            "cap": 24,
            "items": {
                "HD-15": {
                    "checks": {"15.1": 4, "15.2": 8},
                    "manual": 8,
                    "questions": {"HD-15.q1": {"type": "yes", "must": True, "scope": False}},
                }
            },
        }

    def test_what_judges_nothing_weighs_nothing(self, site):
        item = ITEM.replace("passes = 0.05\nwarns = 0.1\n", "")
        assert catalogue.weights(site(item), 24)["items"]["HD-15"]["checks"]["15.1"] == 0

    def test_a_question_is_another_when_its_words_are(self, site):
        first = catalogue.question_hash(site().question("HD-15.q1")[1])
        second = catalogue.question_hash(site(ITEM.replace("the promise?", "the promises?")).question("HD-15.q1")[1])
        again = catalogue.question_hash(site(ITEM.replace("must = true", 'guide = "Look."')).question("HD-15.q1")[1])
        assert first != second
        assert first == again
