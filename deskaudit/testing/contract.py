"""The rules that every connector keeps, each one test, each with a message that says what to mend.

A plugin's tests derive a class whose name begins with Test from `ConnectorContract`, name the connector, and write a
small source for it. docs/writing-a-connector.md shows one.
"""

import inspect
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import msgspec

from deskaudit import connectors
from deskaudit.connectors import Connector
from deskaudit.errors import Cancelled, ConfigError, SecretError, SourceError
from deskaudit.model.batches import Probe
from deskaudit.model.entities import ENTITIES
from deskaudit.secrets import SecretRef
from deskaudit.testing import pulls, texts
from deskaudit.testing.demands import demand, fail, given, skip
from deskaudit.testing.pulls import Pulled
from deskaudit.testing.sources import HOUR, Sources

KINDS = frozenset(
    "auth forbidden expired dns unreachable tls timeout rate_limit bad_answer bad_file".split()  # noqa: SIM905
)
CURSOR_BYTES = 1_000_000
SECOND = 1.0
FIRM = {  # zone → local times that are there once, and what they are in UTC
    "Europe/Oslo": {"2025-01-15 12:00": "2025-01-15 11:00", "2025-07-15 12:00": "2025-07-15 10:00"},
    "America/Phoenix": {"2025-01-15 12:00": "2025-01-15 19:00", "2025-07-15 12:00": "2025-07-15 19:00"},
}
NIGHTS = ("2025-03-30 02:30", "2025-10-26 02:30")  # in Oslo the first was never, the second was twice
NIGHT_READINGS = ({"2025-03-30 00:30", "2025-03-30 01:30"}, {"2025-10-26 00:30", "2025-10-26 01:30"})


class ConnectorContract(Sources):
    """Derive from it; give `connector` and `source`, and as many of the other sources as your connector can have."""

    # What the connector says of itself

    def test_says_what_it_is(self) -> None:
        kind = self.connector
        for name in ("name", "title", "tested"):
            value = getattr(kind, name, None)
            demand(isinstance(value, str) and value, f"{name} is a text, as in the built-in connectors")
        unknown = set(kind.fills) - set(ENTITIES)
        demand(kind.fills and not unknown, f"fills names entities of deskaudit.model.entities; unknown: {unknown}")

    def test_is_installed(self) -> None:
        found = connectors.available()
        demand(
            self.connector.name in found,
            f'add {self.connector.name} = "your_module:{self.connector.__name__}" to pyproject.toml under '
            '[project.entry-points."deskaudit.connectors"], and install the package again',
        )
        try:
            loaded = connectors.load(self.connector.name)
        except ConfigError as fault:
            fail(f"{fault.message}: correct its entry point in pyproject.toml, and install the package again")
        demand(loaded is self.connector, f"the entry point {self.connector.name} names {loaded}: correct it")

    def test_every_option_has_help(self) -> None:
        for struct in _structs(self.connector.options):
            config = struct.__struct_config__
            demand(config.frozen, f"{struct.__name__} is not frozen: frozen=True")
            demand(config.forbid_unknown_fields, f"{struct.__name__} takes any key: forbid_unknown_fields=True")
            sentences = getattr(struct, "help", {})
            for field in msgspec.structs.fields(struct):
                said = sentences.get(field.name, "")
                demand(said.strip(), f"{struct.__name__}.help lacks a sentence for {field.name}")
            stale = set(sentences) - {field.name for field in msgspec.structs.fields(struct)}
            demand(not stale, f"{struct.__name__}.help speaks of {stale}, which is no option")

    # Knocking

    def test_probe_finds_the_source(self, tmp_path: Path) -> None:
        probe = _probe(self.build(tmp_path, self.source(tmp_path)), "source")
        demand(isinstance(probe, Probe), "probe() returns a Probe")
        demand(probe.reachable, f"probe() says that a good source is not reachable: {probe.message}")
        demand(probe.authorised is not False, f"probe() says that the key is refused: {probe.message}")
        self._demand_clean(texts.texts_of_probe(probe))

    def test_a_broken_source_is_told(self, tmp_path: Path) -> None:
        for label, options in self.broken(tmp_path).items():
            try:
                connector = self.build(tmp_path, options)
            except ConfigError:
                continue  # refused before anything runs
            probe = _probe(connector, label)
            self._demand_clean(texts.texts_of_probe(probe))
            pulled = pulls.gather(self.build(tmp_path, options), None, self.want())
            self._demand_told(label, pulled)
            if isinstance(pulled.fault, SourceError) and not pulled.batches:
                well = probe.reachable and probe.authorised is not False and not _bad(probe)
                demand(
                    not well,
                    f"{label}: pull() raises ({pulled.fault.message}), and probe() finds all well: ask in probe() for "
                    "the first of what pull() reads",
                )

    def _demand_told(self, label: str, pulled: Pulled) -> None:
        fault = pulled.fault
        if fault is None:
            silent = f"{label}: pull() ends as if all were well: say it in a Reject, a Problem or a SourceError"
            demand(pulled.complaints, silent)
        elif isinstance(fault, SourceError):
            demand(fault.kind in KINDS, f"{label}: SourceError.kind is {fault.kind!r}, none of {sorted(KINDS)}")
            demand(fault.message, f"{label}: the SourceError has no message: name what is wrong, and where")
            demand(fault.hint, f'{label}: the SourceError "{fault.message}" has no hint: say what to do in its hint')
            self._demand_clean([("SourceError.message", fault.message), ("SourceError.hint", fault.hint)])
        else:
            demand(
                isinstance(fault, (SecretError, ConfigError)),
                f"{label}: pull() raises {pulls.told(fault)}; make a SourceError of it, or a Reject",
            )
        for batch in pulled.batches:
            self._demand_clean(texts.texts_in(batch))

    # Pulling

    def test_rows_are_of_the_wanted_entities(self, tmp_path: Path) -> None:
        options = self.source(tmp_path)
        for wanted in [self.connector.fills, *(frozenset({entity}) for entity in sorted(self.connector.fills))]:
            pulled = self.pull(tmp_path, options, self.want(wanted))
            self._demand_wanted(pulled, wanted)
        pulled = self.pull(tmp_path, options)
        never = self.connector.fills - set(pulled.rows) - self.lacks
        demand(not never, f"source() has no row of {never}: put one in, name it in `lacks`, or take it out of fills")

    def _demand_wanted(self, pulled: Pulled, wanted: frozenset[str]) -> None:
        only = f"want.entities is {', '.join(sorted(wanted))}"
        for batch in pulled.batches:
            named = {"replaces": batch.replaces, "present": set(batch.present), "swept": batch.swept}
            for name, entities in named.items():
                more = set(entities) - wanted
                demand(not more, f"{only}, and a batch has {', '.join(sorted(more))} in {name}")
            for problem in batch.problems:
                more = set(problem.entities) - self.connector.fills
                demand(not more, f"a Problem makes {more} incomplete, which is not in fills")
        more = set(pulled.rows) - wanted
        demand(not more, f"{only}, and pull() gives rows of {', '.join(sorted(more))} too: fetch what is wanted")

    def test_a_row_is_there_once(self, tmp_path: Path) -> None:
        seen: dict[int, str] = {}
        for batch in self.pull(tmp_path, self.source(tmp_path)).batches:
            for row in batch.rows:
                entity = type(row).__name__
                demand(0 <= row.id < 2**63, f"{entity}: id {row.id} has more than 63 bits: context.key(…) makes ids")
                twice = f"{entity} {row.ext_id}: its id was there before ({seen.get(row.id)}): keys have to differ"
                demand(row.id not in seen or not batch.replaces, twice)
                seen[row.id] = f"{entity} {row.ext_id}"

    def test_rows_fit_the_model(self, tmp_path: Path) -> None:
        for batch in self.pull(tmp_path, self.source(tmp_path)).batches:
            for row in batch.rows:
                try:
                    msgspec.convert(msgspec.to_builtins(row), type(row))
                except msgspec.ValidationError as fault:
                    fail(
                        f"{type(row).__name__} {row.ext_id or row.id} would be kept out of the snapshot: {fault}; times are "
                        "whole epoch seconds, and ids come from context.key(…)"
                    )

    def test_pulling_twice_gives_the_same(self, tmp_path: Path) -> None:
        options = self.source(tmp_path)
        first, second = self.pull(tmp_path, options).rows, self.pull(tmp_path, options).rows
        for entity in sorted({*first, *second}):
            one, two = first.get(entity, {}), second.get(entity, {})
            demand(
                set(one) == set(two), f"{entity}: ids differ between two pulls: make them of what the source calls it"
            )
            changed = next((row for key, row in one.items() if two[key] != row), None)
            demand(changed is None, f"{entity}: the same source gives another row the second time: {changed}")

    def test_sources_of_one_kind_keep_apart(self, tmp_path: Path) -> None:
        options = self.source(tmp_path)
        mine = self.pull(tmp_path, options).rows
        other = pulls.gather(self.build(tmp_path, options, name="other"), None, self.want()).rows
        for entity, rows in mine.items():
            same = set(rows) & set(other.get(entity, {}))
            demand(not same, f"{entity}: two sources of this type share ids: make them with context.key(…)")

    def test_cursors_are_json(self, tmp_path: Path) -> None:
        cursors = [batch.cursor for batch in self.pull(tmp_path, self.source(tmp_path)).batches if batch.cursor]
        demand(cursors, "no batch has a cursor: the last one needs one at least, else nothing that landed is certain")
        for cursor in cursors:
            try:
                written = json.dumps(cursor, allow_nan=False)
            except (TypeError, ValueError) as fault:
                fail(f"a cursor is no JSON ({fault}): {cursor}; make it of dicts, lists, texts and numbers alone")
            demand(json.loads(written) == cursor, f"a cursor is another one after JSON (tuples, keys): {cursor}")
            demand(len(written) <= CURSOR_BYTES, f"a cursor has {len(written)} bytes: it is written with each batch")

    def test_a_stopped_pull_goes_on(self, tmp_path: Path) -> None:
        folder, options = self._of_many_pages(tmp_path)
        whole = self._land(tmp_path / "whole", folder, options)
        count = len(self.pull(folder, options).batches)
        for stop in sorted({1, max(count // 2, 1), max(count - 1, 1), count}):
            snapshot = tmp_path / f"stopped-{stop}"
            self._land(snapshot, folder, options, stop=stop)
            found = pulls.difference(whole, self._land(snapshot, folder, options))
            demand(
                not found,
                f"stopped after batch {stop} of {count} and gone on: {found}; the cursor of a batch says where the "
                "next one begins",
            )

    def _of_many_pages(self, tmp_path: Path) -> tuple[Path, dict[str, Any]]:
        """`source`, or `large` where that is given and the rows of `source` all come in one batch."""
        folder = _made(tmp_path / "source")
        options = self.source(folder)
        if sum(bool(batch.rows) for batch in self.pull(folder, options).batches) < 2:
            more = _made(tmp_path / "large")
            found = given(lambda: self.large(more, self.large_rows[0]))
            return (more, found) if found else (folder, options)
        return folder, options

    def test_a_pull_that_ended_unpublished_is_pulled_again(self, tmp_path: Path) -> None:
        folder = _made(tmp_path / "source")
        options = self.source(folder)
        whole = self._land(tmp_path / "whole", folder, options)
        self._land(tmp_path / "again", folder, options, publishes=False)
        found = pulls.difference(whole, self._land(tmp_path / "again", folder, options))
        demand(not found, f"killed when it had ended, before it was published, and pulled again: {found}")

    def test_pulling_again_loses_nothing(self, tmp_path: Path) -> None:
        folder = _made(tmp_path / "source")
        options = self.source(folder)
        before = self._land(tmp_path / "snapshot", folder, options)
        found = pulls.difference(before, self._land(tmp_path / "snapshot", folder, options))
        demand(not found, f"a second pull, from the cursor of the first, changes what nobody changed: {found}")

    def test_what_is_new_comes_with_the_next_pull(self, tmp_path: Path) -> None:
        folder = _made(tmp_path / "source")
        before = self._land(tmp_path / "snapshot", folder, self.source(folder))
        options = self.later(folder)
        again = self._land(tmp_path / "snapshot", folder, options, now=self.now + HOUR)
        whole = self._land(tmp_path / "whole", folder, options, now=self.now + HOUR)
        demand(
            pulls.difference(before, whole), "later() is what source() was: let it add something and change something"
        )
        known = {
            entity: {key: row for key, row in rows.items() if key in whole.get(entity, {})}
            for entity, rows in again.items()
        }
        found = pulls.difference(whole, known)
        demand(
            not found,
            f"a pull of everything, and one from the cursor of an hour before: {found}; a cursor that stands one too "
            "far loses what has the time of the newest: ask from that time on, not from after it",
        )

    def test_a_foreign_cursor_starts_anew(self, tmp_path: Path) -> None:
        options = self.source(tmp_path)
        whole = self.pull(tmp_path, options).rows
        for cursor in ({"an earlier version": [1, None]}, {}):
            pulled = pulls.gather(self.build(tmp_path, options), cursor, self.want())
            if isinstance(pulled.fault, SourceError):
                continue
            demand(pulled.fault is None, f"the cursor {cursor} makes pull() raise {pulled.told}: begin anew with it")
            demand(
                pulled.rows == whole,
                f"with the cursor {cursor} of an earlier version pull() leaves rows out: begin anew",
            )

    def test_the_source_is_left_as_it_was(self, tmp_path: Path) -> None:
        options = self.source(tmp_path)
        before = pulls.files_in(tmp_path)
        self.build(tmp_path, options).probe()
        self.pull(tmp_path, options)
        changed = dict(set(pulls.files_in(tmp_path).items()) ^ set(before.items()))
        demand(not changed, f"these files are not as they were: {sorted(changed)}: a connector only reads")

    # What may come in, and what may not get out

    def test_hostile_text_is_cleaned(self, tmp_path: Path) -> None:
        options = self.hostile(tmp_path, self.hostile_texts)
        self._demand_clean(texts.texts_of_probe(_probe(self.build(tmp_path, options), "hostile")))
        pulled = self.pull(tmp_path, options)
        for batch in pulled.batches:
            self._demand_clean(texts.texts_in(batch))
        lost = texts.missing_texts(self.hostile_texts, pulled.texts)
        demand(
            len(lost) <= pulled.complaints,
            f"of {len(self.hostile_texts)} rows with hostile text these are in no row, and no Reject says so: "
            f"{[text[:30] for text in lost]}; clean text, do not drop it (or narrow hostile_texts)",
        )

    def test_nothing_hidden_shows(self, tmp_path: Path) -> None:
        if not self.hidden:
            skip("hidden: the secrets, and the people's addresses, that the source has in it")
        options = self.source(tmp_path)
        pulled = self.pull(tmp_path, options)
        said = [texts.said_by(pulled.batches), repr(_probe(self.build(tmp_path, options), "source"))]
        for label, wrong in given(lambda: self.broken(tmp_path)).items():
            try:
                connector = self.build(tmp_path, wrong)
            except ConfigError as fault:  # refused before anything runs
                said.append(f"{label} {fault}")
                continue
            failed = pulls.gather(connector, None, self.want())
            said += [texts.said_by(failed.batches), f"{label} {failed.fault}", repr(_probe(connector, label))]
        for hidden in self.hidden:
            place = next((text for text in said if hidden in text), "")
            at = place.find(hidden)
            demand(not place, f"{hidden} shows: …{place[max(at - 80, 0) : at + 80]}…: use context.person(…) or Secret")

    def test_times_are_read_in_the_desks_zone(self, tmp_path: Path) -> None:
        for zone, times in FIRM.items():
            folder = _made(tmp_path / zone.replace("/", "-"))
            local = [_local(text) for text in (*times, *(NIGHTS if zone == "Europe/Oslo" else ()))]
            pulled = pulls.gather(self.build(folder, self.times(folder, local), zone=zone), None, self.want())
            demand(pulled.fault is None, f"pull() raises {pulled.told}")
            entity, _dot, field = self.time_field.partition(".")
            found = {getattr(row, field) for row in pulled.rows.get(entity, {}).values()}
            for text, utc in times.items():
                demand(_seconds(utc) in found, f"{text} in {zone} is {utc} UTC: read it with context.zone")
            for text, readings in zip(NIGHTS, NIGHT_READINGS, strict=True) if zone == "Europe/Oslo" else ():
                known = found & {_seconds(reading) for reading in readings}
                demand(known or pulled.complaints, f"{text}, a night of daylight saving, is lost or hours off")

    # Living with it

    def test_memory_is_bounded(self, tmp_path: Path) -> None:
        measured = []
        for rows in self.large_rows:
            folder = _made(tmp_path / str(rows))
            measured.append(pulls.peak_of(self.build(folder, self.large(folder, rows)), self.want()))
        (few, less), (many, more) = measured
        demand(many > few, f"large() gives {few} rows where {self.large_rows[0]} are asked for, and {many} for more")
        asked = self.large_rows[1] - self.large_rows[0]  # a ticket's small rows beside it must not thin out its own
        each = (more - less) / min(many - few, asked)
        demand(
            each <= self.bytes_per_row,
            f"{few} rows take {less:,} bytes at the most, {many} take {more:,}: {each:.0f} for each further row. "
            "Yield pages, read what they are made of page by page, and keep no row",
        )

    def test_stops_within_a_second(self, tmp_path: Path) -> None:
        sources = {
            "source": self.source,
            "large": lambda at: self.large(at, self.large_rows[-1]),
            "hanging": self.hanging,
        }
        for label, give in sources.items():
            folder = _made(tmp_path / label)
            options = given(lambda give=give, folder=folder: give(folder))  # type: ignore[misc]
            for after_s in (0.0, 0.3) if options else ():
                ended, fault = pulls.run_until_stopped(
                    lambda stop, folder=folder, options=options: self.build(folder, options, cancelled=stop),  # type: ignore[misc]
                    self.want(),
                    after_s,
                    SECOND,
                )
                demand(ended, f"{label}: asked to stop, it still runs after {SECOND} s: ask context.cancelled")
                right = fault is None or isinstance(fault, (SourceError, Cancelled))
                demand(right, f"{label}: asked to stop, it raises {pulls.told(fault)}: end, or raise Cancelled")

    @staticmethod
    def _demand_clean(found: Iterable[tuple[str, str]]) -> None:
        for place, text in found:
            wrong = texts.fault_of(text)
            demand(not wrong, f"{place} {wrong}: {text[:60]!r}: pass it through deskaudit.text.clean or one_line")


def _probe(connector: Connector, label: str) -> Probe:
    try:
        return connector.probe()
    except (SecretError, ConfigError) as fault:  # the core tells these itself
        return Probe(reachable=False, message=fault.message, hint=fault.hint)
    except Exception as fault:  # noqa: BLE001 - whatever it is, it must not come out
        fail(f"{label}: probe() raises {pulls.told(fault)}; say it in the Probe")


def _bad(probe: Probe) -> bool:
    """Whether a module of the source is said to be something other than well."""
    return any(not word.startswith("ok") for word in probe.modules.values())


def _structs(kind: Any) -> list[type[msgspec.Struct]]:
    """A struct of options and all below it."""
    if inspect.isclass(kind) and issubclass(kind, msgspec.Struct):
        if kind is SecretRef:
            return []
        return [kind, *(one for field in msgspec.structs.fields(kind) for one in _structs(field.type))]
    return [one for part in get_args(kind) for one in _structs(part)]


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _local(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _seconds(utc: str) -> int:
    return int(datetime.fromisoformat(utc).replace(tzinfo=UTC).timestamp())
