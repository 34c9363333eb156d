"""`deskaudit sources detect`, called as a user calls it."""

import tomllib

EXPORT = (
    "Ticket ID,Subject,Status,Priority,Created time,Last update time,Initial response time,Agent interactions\n"
    "1,a,Open,Urgent,2026-04-03 09:00:00,2026-04-03 09:00:00,2026-04-03 10:00:00,1\n"
)


def test_it_prints_a_section_that_can_be_pasted(call, desk):
    (desk / "export.csv").write_text(EXPORT)
    before = (desk / "config.toml").read_text()
    code, out, err = call("sources", "detect", str(desk / "export.csv"))
    assert code == 0
    assert "preset      freshdesk" in out
    table = tomllib.loads(out[out.index("[sources.desk]") :])["sources"]["desk"]
    assert table == {"type": "csv", "path": "export.csv", "preset": "freshdesk"}
    assert "--write NAME" in err
    assert (desk / "config.toml").read_text() == before


def test_it_adds_the_section_and_the_source_answers(call, desk):
    (desk / "export.csv").write_text(EXPORT)
    code, _out, err = call("sources", "detect", str(desk / "export.csv"), "--write", "fresh")
    assert (code, "deskaudit sources test fresh" in err) == (0, True)
    code, out, _err = call("sources", "test", "fresh")
    assert code == 0
    assert "reachable   yes" in out
    code, _out, err = call("sources", "detect", str(desk / "export.csv"), "--write", "fresh")
    assert code == 3
    assert "has a source fresh already" in err


def test_a_file_in_no_config_is_told_without_a_key_of_it(call, desk):
    for name in ("none.csv", ""):
        code, _out, err = call("sources", "detect", str(desk / name))
        assert code == 2
        assert "Check the path and the file's permissions." in err


def test_what_no_source_reads_ends_with_2(call, desk):
    (desk / "x.json").write_text('{"tickets": []}')
    code, out, _err = call("sources", "detect", str(desk / "x.json"))
    assert code == 2
    assert "JSON" in out
    code, _out, err = call("sources", "detect", str(desk / "none.csv"))
    assert code == 2
    assert "No such file" in err


def test_a_variable_that_is_not_set_and_a_wrong_path_are_called_so(call, desk, monkeypatch):
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    with (desk / "config.toml").open("a") as out:
        out.write('[sources.api]\ntype = "liveagent"\nurl = "http://127.0.0.1:9"\napikey = { env = "NO_SUCH_KEY" }\n')
        out.write('[sources.gone]\ntype = "csv"\npath = "gone.csv"\npreset = "zendesk"\n')
    code, out, _err = call("sources", "test", "api")
    assert (code, "the environment variable NO_SUCH_KEY is not set" in out, "reachable" in out) == (2, True, False)
    code, out, _err = call("sources", "test", "gone")
    assert (code, "there is no file" in out, "reachable" in out) == (2, True, False)
