"""config.toml and registers edited: comments stay, nothing else changes, and what cannot be done is refused."""

import tomllib
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deskaudit import configfile
from deskaudit.errors import ConfigError

TEXT = """\
# our desk
[desk]
name = "X" # nice

# the tickets
[sources.a]
type = "csv" # by hand
path = "x"

# what urgent means
[sources.a.mapping.priority]
field = "urgency"
values = { a = "P1" } # ours

# the network
[sources.b]
type = "nmap"
files = ["x"]

# that is all
"""


@pytest.fixture
def file(tmp_path):
    made = tmp_path / "config.toml"
    made.write_text(TEXT)
    return made


def source(file, name):
    return configfile.read_tables(file)["sources"][name]


def test_a_change_keeps_every_comment_and_all_other_lines(file):
    was = source(file, "a")
    table = {**was, "path": "y", "encoding": "utf-8", "apikey": {"keyring": "k"}}
    table["mapping"] = {
        "priority": {"field": "urgency", "values": {"a": "P1", "b": "P2"}},
        "category": {"tag": "cat-*"},
    }
    configfile.put_table(file, ("sources", "a"), table, was=was)
    assert source(file, "a") == table
    text = file.read_text()
    for line in TEXT.splitlines():
        if "#" in line and "values" not in line:
            assert line in text
    assert 'path = "y"\nencoding = "utf-8"\napikey = { keyring = "k" }\n\n# what urgent means' in text
    assert 'values = { a = "P1", b = "P2" } # ours' in text
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(file.parent.iterdir()) == [file]


def test_removing_takes_the_tables_own_lines_and_its_comment_alone(file):
    configfile.cut_table(file, ("sources", "a"), was=source(file, "a"))
    assert file.read_text() == (
        '# our desk\n[desk]\nname = "X" # nice\n\n'
        '# the network\n[sources.b]\ntype = "nmap"\nfiles = ["x"]\n\n# that is all\n'
    )
    configfile.cut_table(file, ("sources", "b"), was=source(file, "b"))
    assert file.read_text() == '# our desk\n[desk]\nname = "X" # nice\n\n# that is all\n'


def test_a_new_source_comes_last_and_the_file_is_made_where_there_is_none(file, tmp_path):
    configfile.put_table(file, ("sources", "c"), {"type": "rt", "jobs": [{"name": "n", "x": ["1", "2"]}]}, was=None)
    assert file.read_text().startswith(TEXT)
    assert source(file, "c") == {"type": "rt", "jobs": [{"name": "n", "x": ["1", "2"]}]}
    fresh = tmp_path / "new" / "config.toml"
    configfile.put_table(fresh, ("desk",), {"name": "N"}, was=None)
    assert fresh.read_text() == '[desk]\nname = "N"\n'
    with pytest.raises(ConfigError, match=r"has sources\.c already"):
        configfile.put_table(file, ("sources", "c"), {"type": "rt"}, was=None)


def test_what_somebody_else_changed_meanwhile_is_not_written_over(file):
    was = source(file, "b")
    file.write_text(TEXT.replace('files = ["x"]', 'files = ["other"]'))
    for change in (
        lambda: configfile.put_table(file, ("sources", "b"), {"type": "nmap"}, was=was),
        lambda: configfile.cut_table(file, ("sources", "b"), was=was),
    ):
        with pytest.raises(ConfigError, match="changed by somebody else"):
            change()
    assert 'files = ["other"]' in file.read_text()


@pytest.mark.parametrize(
    "text",
    ['sources = { b = { type = "nmap" } }\n', 'sources.b.type = "nmap"\n', '[sources]\nb = { type = "nmap" }\n'],
)
def test_tables_written_in_one_line_are_left_to_their_owner(file, text):
    file.write_text(text)
    with pytest.raises(ConfigError, match="Make it by hand") as told:
        configfile.cut_table(file, ("sources", "b"), was={"type": "nmap"})
    assert file.read_text() == text
    assert str(file) in str(told.value)


def test_entries_of_a_register_are_added_changed_and_deleted(tmp_path):
    file = tmp_path / "goals.toml"
    file.write_text("# goals\n#[[goal]]\n#metric = 1\n")
    first = {"metric": "a", "due": date(2026, 1, 1), "measured": [{"on": date(2026, 1, 2), "value": 0.5}]}
    configfile.put_entry(file, "goal", None, first)
    configfile.put_entry(file, "goal", None, {"metric": "b"})
    changed = {**first, "measured": [*first["measured"], {"on": date(2026, 1, 3), "value": 1.0}]}
    configfile.put_entry(file, "goal", 0, changed, was=first)
    assert tomllib.loads(file.read_text())["goal"] == [changed, {"metric": "b"}]
    assert file.read_text().startswith("# goals\n#[[goal]]\n#metric = 1\n")
    with pytest.raises(ConfigError, match="changed by somebody else"):
        configfile.cut_entry(file, "goal", 0, was=first)
    configfile.cut_entry(file, "goal", 0, was=changed)
    configfile.cut_entry(file, "goal", 0, was={"metric": "b"})
    assert tomllib.loads(file.read_text()) == {}


def test_a_link_stays_a_link_and_a_file_that_is_no_toml_is_left_alone(file, tmp_path):
    link = tmp_path / "link.toml"
    link.symlink_to(file)
    configfile.put_table(link, ("sources", "b"), {"type": "rt"}, was=source(file, "b"))
    assert link.is_symlink()
    assert source(file, "b") == {"type": "rt"}
    file.write_text("[desk\n")
    with pytest.raises(ConfigError, match="not valid TOML"):
        configfile.put_table(file, ("desk",), {}, was={})
    assert file.read_text() == "[desk\n"


scalars = st.one_of(
    st.booleans(), st.integers(-9, 9), st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=6), st.dates(),
)  # fmt: skip
keys = st.text('abc é."-', min_size=1, max_size=4)
tables = st.dictionaries(
    keys,
    st.recursive(
        scalars | st.lists(scalars, max_size=2),
        lambda inner: (
            st.dictionaries(keys, inner, max_size=3) | st.lists(st.dictionaries(keys, inner, max_size=2), max_size=2)
        ),
        max_leaves=6,
    ),
    max_size=4,
)


@settings(max_examples=60, deadline=None)
@given(before=tables, after=tables)
def test_whatever_is_written_reads_as_it_was_meant_and_the_rest_stays(tmp_path_factory, before, after):
    file = tmp_path_factory.mktemp("c") / "config.toml"
    file.write_text(TEXT)
    others = configfile.read_tables(file)
    configfile.put_table(file, ("sources", "z"), before, was=None)
    configfile.put_table(file, ("sources", "b"), {"type": "rt"}, was=source(file, "b"))
    try:
        configfile.put_table(file, ("sources", "z"), after, was=source(file, "z"))
    except ConfigError:
        after = before  # refused, and then nothing was written
    said = configfile.read_tables(file)
    assert said["sources"].pop("z", {}) == after
    others["sources"]["b"] = {"type": "rt"}
    assert said == others
    assert "# what urgent means" in file.read_text()
