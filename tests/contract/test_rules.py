"""Each rule of the contract finds the fault it is for, and says what to mend."""

import time
from typing import ClassVar

import msgspec
import pytest

from deskaudit.errors import SourceError
from deskaudit.model.batches import Batch, Probe, Reject
from deskaudit.model.entities import Asset, Ticket
from deskaudit.testing import ConnectorContract


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    titles: list[str] = []
    broken: bool = False
    pages: int = 3

    help: ClassVar = {"titles": "The titles.", "broken": "Whether it is.", "pages": "How many there are."}

    def __post_init__(self):
        if self.pages < 0:
            raise ValueError("less than nothing, says hunter2-secret")


class Silent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    titles: list[str] = []


class Loose(msgspec.Struct):
    titles: list[str] = []


class Sound:
    """A source with nothing wrong; the faults below are in classes derived from it."""

    name, title, tested = "sound", "Sound", "fixture"
    options: ClassVar = Options
    fills = frozenset({"ticket"})
    pulls = 0

    def __init__(self, options, context):
        self._options, self._context = options, context
        type(self).pulls += 1

    def probe(self):
        if self._options.broken:
            return Probe(reachable=False, message="It is broken.", hint="Mend it.")
        return Probe(reachable=True, authorised=True)

    def pull(self, cursor, want):
        if self._options.broken:
            raise SourceError("It is broken.", kind="bad_file", hint="Mend it.")
        at = self.start(cursor)
        for page in range(at, self._options.pages):
            yield Batch(rows=self.rows(page, want), cursor=self.cursor(page + 1), resource="ticket")
        yield Batch(cursor=self.cursor(self.end()), resource="ticket")

    def end(self):
        return self._options.pages

    def start(self, cursor):
        found = (cursor or {}).get("page")
        return found if isinstance(found, int) else 0

    def cursor(self, page):
        return {"page": page}

    def rows(self, page, want):
        return [self.row(page, n) for n in range(5)]

    def row(self, page, n):
        title = (self._options.titles or [f"Title {n}"])[(page * 5 + n) % max(len(self._options.titles), 1)]
        return Ticket(id=self.key(page, n), ext_id=f"{page}-{n}", title=self.text(title), created_at=1_772_000_000)

    def key(self, page, n):
        return self._context.key("ticket", f"{page}-{n}")

    def text(self, title):
        from deskaudit.text import one_line

        return one_line(title)


class Contract(ConnectorContract):
    connector = Sound
    hidden = ("hunter2-secret",)

    def source(self, folder):
        return {"titles": []}

    def later(self, folder):
        return {"pages": 4}

    def broken(self, folder):
        return {"broken": {"broken": True}}

    def hostile(self, folder, texts):
        return {"titles": list(texts)}


def fault(**methods):
    """A sound connector with one thing wrong."""
    return type("Faulty", (Sound,), methods)


def raising(kind):
    def pull(self, cursor, want):
        raise kind
        yield

    return pull


def again(self, page, n):
    return self._context.key("ticket", "one")


def foreign(self, page, want):
    return [*Sound.rows(self, page, want), Asset(id=self._context.key("asset", page), origin="list")]


def whole(self, cursor, want):
    yield Batch(rows=[Ticket(id=1), Ticket(id=1)], cursor={"a": 1}, replaces=frozenset({"ticket"}))


def emptied(self, cursor, want):
    """Says that it gives all there is, and gives what has changed."""
    if cursor is None:
        yield from Sound.pull(self, cursor, want)
    yield Batch(replaces=frozenset({"ticket"}), resource="ticket", cursor={"page": 0})


def written(self, cursor, want):
    (self._context.folder / "lock").write_text("x")
    yield from Sound.pull(self, cursor, want)


def quiet(self, cursor, want):
    if not self._options.broken:
        yield from Sound.pull(self, cursor, want)


def stubborn(self, cursor, want):
    time.sleep(2)
    yield from Sound.pull(self, cursor, want)


def dropping(self, page, want):
    return [row for row in Sound.rows(self, page, want) if row.title.isalnum()]


CASES = {
    "says_what_it_is": [(fault(title=""), "title is a text"), (fault(fills=frozenset({"tickets"})), "unknown: {'tickets'}")],
    "is_installed": [(Sound, "entry-points")],
    "every_option_has_help": [(fault(options=Silent), "lacks a sentence for titles"), (fault(options=Loose), "not frozen")],
    "probe_finds_the_source": [
        (fault(probe=lambda _self: Probe(reachable=False, message="no")), "not reachable"),
        (fault(probe=lambda _self: Probe(reachable=True, authorised=False)), "key is refused"),
        (fault(probe=lambda _self: Probe(reachable=True, message="a\x1bb")), "Probe.message holds control"),
        (fault(probe=lambda _self: {}["gone"]), "source: probe() raises KeyError: 'gone' (test_rules.py, line "),
    ],
    "a_broken_source_is_told": [
        (fault(probe=lambda _self: {}["gone"]), "probe() raises KeyError"),
        (fault(probe=lambda _self: Probe(reachable=True)), "probe() finds all well: ask in probe() for the first of what"),
        (fault(pull=raising(KeyError("gone"))), "pull() raises KeyError: 'gone' (test_rules.py, line "),
        (fault(pull=raising(SourceError("no", kind="bad_file"))), 'the SourceError "no" has no hint: say what to do in its'),
        (fault(pull=raising(SourceError("", kind="bad_file", hint="x"))), "has no message: name what is wrong"),
        (fault(pull=raising(SourceError("no", kind="odd", hint="x"))), "kind is 'odd'"),
        (fault(pull=quiet), "ends as if all were well"),
    ],
    "rows_are_of_the_wanted_entities": [(fault(rows=foreign), "rows of asset too")],
    "rows_fit_the_model": [
        (fault(key=lambda _self, page, n: float(page * 5 + n + 1)), "Ticket 0-0 would be kept out of the snapshot: Expected `int`, got `float`"),
        (fault(text=lambda *_: 7), "got `int` - at `$.title`; times are whole epoch seconds, and ids come from context.key(…)"),
    ],
    "a_row_is_there_once": [(fault(pull=whole), "its id was there before"), (fault(key=lambda *_: 1 << 63), "63 bits")],
    "pulling_twice_gives_the_same": [
        (fault(key=lambda self, page, n: self._context.key("ticket", f"{page}-{n}-{self.pulls}")), "ids differ"),
        (fault(text=lambda self, title: f"{title} {self.pulls}"), "another row the second time"),
    ],
    "sources_of_one_kind_keep_apart": [(fault(key=lambda _self, page, n: page * 5 + n), "share ids")],
    "cursors_are_json": [
        (fault(cursor=lambda *_: None), "no batch has a cursor"),
        (fault(cursor=lambda _self, page: {"page": (page, 1)}), "another one after JSON"),
        (fault(cursor=lambda _self, page: {"page": {page}}), "make it of dicts, lists, texts and numbers alone"),
        (fault(cursor=lambda _self, page: {"page": page, "seen": ["x" * 80] * 20_000}), "bytes: it is written with each"),
    ],
    "a_stopped_pull_goes_on": [(fault(cursor=lambda _self, page: {"page": page + 1}), "stopped after batch 1 of 4")],
    "a_pull_that_ended_unpublished_is_pulled_again": [(fault(pull=emptied), "pulled again: ticket: 15 and 0 rows")],
    "pulling_again_loses_nothing": [
        (fault(text=lambda self, title: f"{title} {self.pulls}", start=lambda *_: 0), "changed 15, as ticket 1-0: title 'Title 0 ")
    ],
    "what_is_new_comes_with_the_next_pull": [
        (fault(end=lambda self: self._options.pages + 1), "ticket: 20 and 15 rows; lost 5, as ticket 3-"),
        (fault(end=lambda self: self._options.pages + 1), "ask from that time on, not from after it"),
    ],
    "a_foreign_cursor_starts_anew": [
        (fault(start=lambda _self, cursor: cursor["page"] if cursor is not None else 0), "raise KeyError"),
        (fault(start=lambda self, cursor: self._options.pages if cursor is not None else 0), "leaves rows out"),
    ],
    "the_source_is_left_as_it_was": [(fault(pull=written), "a connector only reads")],
    "hostile_text_is_cleaned": [
        (fault(text=lambda _self, title: title), "Ticket.title holds control"),
        (fault(rows=dropping), "do not drop it"),
        (fault(text=lambda _self, title: title.strip("\x1b")[:9000] if title.startswith("long") else "x"), "characters long"),
    ],
    "nothing_hidden_shows": [(fault(text=lambda *_: "key=hunter2-secret"), "hunter2-secret shows")],
    "stops_within_a_second": [(fault(pull=stubborn), "still runs after 1.0 s"), (fault(pull=raising(KeyError("x"))), "raises KeyError")],
}  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "connector", "said"), [(rule, *case) for rule, cases in CASES.items() for case in cases]
)
def test_a_fault_is_found_by_its_rule(rule, connector, said, tmp_path):
    contract = type("Given", (Contract,), {"connector": connector})()
    method = getattr(contract, f"test_{rule}")
    with pytest.raises(AssertionError) as caught:
        method(tmp_path) if "tmp_path" in method.__code__.co_varnames else method()
    assert said in str(caught.value)


@pytest.mark.parametrize("rule", sorted(set(CASES) - {"is_installed"}))
def test_a_sound_connector_passes(rule, tmp_path):
    method = getattr(Contract(), f"test_{rule}")
    method(tmp_path) if "tmp_path" in method.__code__.co_varnames else method()


def test_a_source_that_the_config_refuses_is_searched_for_secrets_too(tmp_path):
    class Given(Contract):
        def broken(self, folder):
            return {"refused": {"pages": -1}}

    with pytest.raises(AssertionError, match="hunter2-secret shows: …"):
        Given().test_nothing_hidden_shows(tmp_path)
    type("Clean", (Given,), {"hidden": ("another-secret",)})().test_nothing_hidden_shows(tmp_path)


def test_a_later_source_that_is_the_same_is_found(tmp_path):
    contract = type("Given", (Contract,), {"later": Contract.source})()
    with pytest.raises(AssertionError, match=r"later\(\) is what source\(\) was"):
        contract.test_what_is_new_comes_with_the_next_pull(tmp_path)


def test_a_cursor_within_a_source_of_one_page_is_tried_on_the_large_one(tmp_path):
    class Far(Sound):
        def cursor(self, page):
            return {"page": page + (0 < page < self._options.pages)}

    class Given(Contract):
        connector = Far

        def source(self, folder):
            return {"pages": 1}

        def large(self, folder, rows):
            return {"pages": rows // 2000}

    with pytest.raises(
        AssertionError, match="stopped after batch 1 of 4 and gone on: ticket: 15 and 10 rows; lost 5, as ticket 1-"
    ):
        Given().test_a_stopped_pull_goes_on(tmp_path)


def test_a_connector_that_keeps_all_rows_is_found(tmp_path):
    class Hoarder(Sound):
        def pull(self, cursor, want):
            rows = []
            for n in range(len(self._options.titles)):
                rows.append(Ticket(id=self._context.key("ticket", n), title=f"Title {n}" * 50))
                if n % 500 == 499:
                    yield Batch(rows=rows[-500:], cursor={"n": n})

    class Given(Contract):
        connector = Hoarder
        large_rows = (1000, 3000)

        def large(self, folder, rows):
            return {"titles": [""] * rows}

    with pytest.raises(AssertionError, match="for each further row"):
        Given().test_memory_is_bounded(tmp_path)


def test_small_rows_beside_those_that_are_kept_do_not_hide_them(tmp_path):
    class Hoarder(Sound):
        def pull(self, cursor, want):
            keys = range(len(self._options.titles))
            tickets = [Ticket(id=key, title=f"{key} {'x' * 300}") for key in keys]
            yield Batch(rows=tickets, cursor={"n": 0})
            for key in keys:
                yield Batch(rows=[Asset(id=key, origin="list"), Asset(id=-key, origin="list")], cursor={"n": key})

    class Given(Contract):
        connector = Hoarder
        large_rows = (1000, 3000)

        def large(self, folder, rows):
            return {"titles": [""] * rows}

    with pytest.raises(AssertionError, match="for each further row"):
        Given().test_memory_is_bounded(tmp_path)


def test_an_entry_point_that_names_nothing_is_told_with_what_to_do(tmp_path, monkeypatch):
    folder = tmp_path / "sound-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: sound\nVersion: 1.0\n")
    (folder / "entry_points.txt").write_text("[deskaudit.connectors]\nsound = json:Sound\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(AssertionError, match="has no attribute 'Sound': correct its entry point"):
        Contract().test_is_installed()


def test_local_times_read_as_utc_are_found(tmp_path):
    class Zoneless(Sound):
        def rows(self, page, want):
            return [
                Ticket(id=self._context.key("ticket", title), created_at=int(title)) for title in self._options.titles
            ]

    class Given(Contract):
        connector = Zoneless

        def times(self, folder, local):
            return {"titles": [str(int((moment - moment.min.replace(year=1970)).total_seconds())) for moment in local]}

    with pytest.raises(AssertionError, match="2025-01-15 12:00 in Europe/Oslo is 2025-01-15 11:00 UTC"):
        Given().test_times_are_read_in_the_desks_zone(tmp_path)


def test_what_is_not_given_is_skipped_and_named(tmp_path):
    with pytest.raises(pytest.skip.Exception, match="large"):
        Contract().test_memory_is_bounded(tmp_path)


def test_the_kit_imports_no_pytest():
    import subprocess
    import sys

    code = "import sys, deskaudit.testing; sys.exit('pytest' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_rejects_count_as_told(tmp_path):
    class Telling(Sound):
        def pull(self, cursor, want):
            if self._options.broken:
                yield Batch(rejects=[Reject("row 1", "no")], cursor={"page": 0})
            else:
                yield from Sound.pull(self, cursor, want)

    type("Given", (Contract,), {"connector": Telling})().test_a_broken_source_is_told(tmp_path)
