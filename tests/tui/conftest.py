"""A made-up desk for the app: a real store, real frozen rows, a small catalogue, and a run that needs no source."""

import hashlib
import shutil
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import msgspec
import pytest
from textual.pilot import Pilot

from deskaudit.audit.desk import Desk
from deskaudit.checks import scoring
from deskaudit.checks.catalogue import Catalogue, question_hash, weights
from deskaudit.checks.spec import Check, Item, Question
from deskaudit.errors import Cancelled
from deskaudit.model.batches import Probe, Problem, PulledEntity, PulledSource, Reject
from deskaudit.model.events import (
    AuditFinished,
    AuditStarted,
    CheckFinished,
    PullEstimated,
    PullFinished,
    PullProgressed,
    PullStarted,
    PullWaited,
    PullWarned,
    SnapshotDerived,
)
from deskaudit.model.verdicts import Answer, AskedQuestion, Audit, AuditedItem, Evidence, Result, Status
from deskaudit.paths import Paths
from deskaudit.store import Store
from deskaudit.tui.app import DeskauditApp
from deskaudit.tui.desk import DeskSession

NOW = 1_791_024_000  # 2026-10-03 12:00 in Oslo
QUARTERS = (  # midnights in Oslo, July 2025 to October 2026
    1_751_320_800, 1_759_269_600, 1_767_222_000, 1_774_994_400, 1_782_856_800, 1_790_805_600,
)  # fmt: skip
HOSTILE = "\x1b[31m[URGENT] [bold]Printer[/bold]\x07 \u202eon fire"
WIDE = "プリンターが紙詰まりで動きません、至急お願いします"
COMBINED = "Cafe\u0301 cre\u0300me: re\u0301seau"
ARABIC = "الطابعة لا تعمل"

CONFIG = """\
[desk]
name = "Fjord Bank IT"
zone = "Europe/Oslo"

[sources.liveagent]
type = "liveagent"
cadence = "1d"

[sources.netscan]
type = "nmap"
cadence = "7d"

[sources.backups]
type = "restic"

[sources.old]
type = "csv"
enabled = false
"""


def check(number: str, name: str, title: str, **more: object) -> Check:
    given = {
        "kind": "ratio", "of": "ticket", "needs": ["ticket"], "rows": "SELECT 1 AS subject", "better": "higher",
        "passes": 0.95, "warns": 0.9, "severity": "high", "population": "sample", "clock": "business",
        "source": "convention", "advice": "Look at the worst rows first, and ask what they have in common.",
        "columns": {"due_at": "at", "overrun_s": "s"}, "cohort": "Promises that fell due in the period.",
    }  # fmt: skip
    return msgspec.convert({"id": number, "name": name, "title": title} | given | more, Check)


def question(number: str, ask: str, **more: object) -> Question:
    return msgspec.convert({"id": number, "ask": ask} | more, Question)


ITEMS = [
    Item(
        id="HD-01", slug="past-audits", title="Look at past audits", group="governance", cadence="quarterly",
        why="What was found before and not mended is found again.",
        check=[check("1.1", "audit-overdue", "Time since the last full audit", kind="count", better="lower", passes=0, warns=1, severity="medium", population="census")],
        question=[
            question("HD-01.q1", "Was the last audit's report discussed with those who can change something?"),
            question("HD-01.q2", "On a scale from 1 to 5, how much of what was agreed then is done?", type="scale"),
        ],
    ),
    Item(
        id="HD-08", slug="ticket-management", title="Manage the backlog of tickets", group="tickets", cadence="daily",
        why="A backlog that grows is a promise that breaks later.",
        check=[
            check("8.1", "backlog-old", "Open tickets older than 30 days", better="lower", passes=0.05, warns=0.15, unit="share"),
            check("8.2", "backlog-grows", "Tickets opened against tickets solved", kind="number", unit="ratio", better="lower", passes=1.0, warns=1.1),
        ],
        question=[question("HD-08.q1", "Does somebody look at the oldest tickets every week?", must=True, guide="Ask for the last three times, and what came of it.")],
    ),
    Item(
        id="HD-15", slug="service-levels", title="Measure service levels", group="tickets", cadence="weekly",
        why="A service level is a promise: first answer and solution within so many hours.",
        check=[
            check("15.1", "sla-missed", "Promises kept in time"),
            check("15.2", "tickets-without-sla", "Tickets that carry a service level", severity="medium"),
        ],
        question=[
            question("HD-15.q1", "Do customers know what you promise them?"),
            question("HD-15.q2", "Does everybody on the desk know which tickets are about to be late, early enough to do something about it?"),
            question("HD-15.q3", "Which service levels are in force?", type="choice", choices=["none", "by priority", "by customer"]),
        ],
    ),
    Item(
        id="HD-20", slug="metrics", title="Measure what customers feel", group="tickets", cadence="weekly",
        why="Waiting is what customers remember.",
        check=[
            check("20.1", "first-response", "Time to the first response", kind="duration", unit="s", better="lower", passes=3600, warns=14400),
            check("20.2", "waiting", "Time a customer waits in all", kind="duration", unit="s", better="lower", passes=28800, warns=57600),
        ],
        question=[question("HD-20.q1", "Are the figures looked at in a meeting, every month?")],
    ),
    Item(
        id="HD-03", slug="inventory", title="Keep the inventory true", group="assets", cadence="monthly",
        why="Nobody protects what nobody knows.",
        check=[
            check("3.1", "unlisted-devices", "Devices on the network that nobody has listed", kind="count", of="asset", better="lower", passes=0, warns=3, population="census", severity="critical", clock="wall"),
            check("3.5", "old-systems", "Devices whose system is out of support", of="asset", better="lower", passes=0.0, warns=0.02, population="census", clock="wall"),
        ],
        question=[question("HD-03.q1", "Is a new device listed before it is handed out?")],
    ),
    Item(
        id="HD-24", slug="backups", title="Check that backups run", group="platform", cadence="daily",
        why="A backup that nobody restores is a hope.",
        check=[
            check("24.1", "backup-failed", "Backup runs that worked", fail_if="good = 0", fail_says="two failures in a row", of="backup_run", population="census", severity="critical", clock="wall"),
            check("24.3", "backup-silent", "Backups that were due and never ran", kind="count", of="backup_due", better="lower", passes=0, warns=1, population="census", clock="wall"),
        ],
        question=[question("HD-24.q1", "Was a restore tried this quarter, and did somebody use what came back?", must=True)],
    ),
    Item(
        id="HD-18", slug="satisfaction", title="Ask customers how it was", group="customers", cadence="monthly",
        why="Those who do not complain leave.",
        check=[check("18.1", "csat", "Satisfied answers", of="rating", passes=0.85, warns=0.75)],
        question=[question("HD-18.q1", "Is every low rating answered by a person?")],
    ),
]  # fmt: skip

# check → value of each quarter's audit, judged rows n, and the last one's status and sentence
VALUES: dict[str, tuple[list[float | None], int, Status, str]] = {
    "1.1": ([None, 0, 0, 0, 0], 1, Status.PASS, "The last full audit is 92 days old."),
    "8.1": ([0.04, 0.05, 0.09, 0.12, 0.21], 418, Status.FAIL, "88 of 418 open tickets are older than 30 days."),
    "8.2": ([0.98, 1.01, 1.04, 1.08, 1.12], 1893, Status.FAIL, "1 893 were opened, 1 690 solved."),
    "15.1": ([0.97, 0.96, 0.95, 0.94, 0.876], 1204, Status.FAIL, "149 of 1 204 promises that fell due were missed."),
    "15.2": ([None, None, 0.91, 0.93, 0.93], 1893, Status.WARN, "133 tickets carry no service level."),
    "20.1": ([5400, 4800, 4100, 3900, 3100], 1850, Status.PASS, "Half of 1 850 were answered within 52 min."),
    "20.2": ([30000, 29500, 28000, 28500, 29900], 1850, Status.WARN, "Half of the customers waited 8 h 18 min in all."),
    "3.1": ([9, 7, 7, 4, 4], 16, Status.FAIL, "4 devices answered the scan and stand in no list."),
    "3.5": ([0.1, 0.08, 0.05, 0.02, 0.0], 210, Status.PASS, "No listed device runs a system that is out of support."),
    "24.1": ([0.99, 0.99, 0.97, 0.99, 0.997], 720, Status.PASS, "718 of 720 runs worked."),
    "24.3": (
        [None, None, None, None, None],
        0,
        Status.NODATA,
        "No source fills backup_job. Configure a restic source.",
    ),
    "18.1": (
        [0.88, 0.86, 0.9, 0.84, 0.72],
        14,
        Status.WARN,
        "10 of 14 answers were satisfied; few, so no more than WARN.",
    ),
}
SEGMENTS = {"15.1": [("P1", 0.71, 41), ("P2", 0.83, 260), ("P3", 0.91, 640), ("P4", None, 0)], "20.1": [("phone", 60, 200), ("mail", 4200, 1400), (WIDE, 9000, 12)]}  # fmt: skip


def make_results(place: int) -> list[Result]:
    """What the audit of quarter `place` (0 oldest, 4 last) found."""
    found = []
    for item in ITEMS:
        for one in item.check:
            values, n, status, reason = VALUES[one.id]
            value = values[place]
            if place < 4 and status is not Status.NODATA:
                status = Status.NODATA if value is None else judge(one, value)
                reason = "As it was then."
            found.append(make_result(item, one, value, n, status, reason))
            for name, last, rows in SEGMENTS.get(one.id, []):
                part = 0.96 if place < 4 and last is not None and last < 1 else last
                found.append(
                    make_result(
                        item, one, part, rows, judge(one, part) if rows else Status.NODATA, f"Segment {name}.", name
                    )
                )
    return found


def judge(one: Check, value: float | None) -> Status:
    if value is None:
        return Status.NODATA
    sign = 1 if one.better == "higher" else -1
    return (
        Status.PASS if sign * value >= sign * (one.passes or 0)
        else Status.WARN if sign * value >= sign * (one.warns or 0)
        else Status.FAIL
    )  # fmt: skip


def make_result(
    item: Item, one: Check, value: float | None, n: int, status: Status, reason: str, segment: str | None = None
) -> Result:
    sample = one.population == "sample" and value is not None and one.kind == "ratio"
    return Result(
        item=item.id, check=one.id, name=one.name, title=one.title, segment=segment, status=status, kind=one.kind,
        unit=one.unit or {"ratio": "share", "duration": "s", "count": "count"}.get(one.kind, ""), better=one.better or "",
        value=value, n=n, n_rows=n + (12 if n else 0), low_n=one.population == "sample" and 0 < n < 20, pass_at=one.passes, warn_at=one.warns,
        interval=(max(value - 0.02, 0), min(value + 0.02, 1)) if sample and value is not None else None,
        severity=one.severity, weight=0 if segment else {"critical": 8, "high": 4, "medium": 2}[one.severity],
        population=one.population, clock=one.clock, reason=reason, advice=one.advice, check_hash=f"hash {one.id}",
        evidence=make_evidence(one) if segment is None and status in {Status.FAIL, Status.WARN} else [],
    )  # fmt: skip


def make_evidence(one: Check) -> list[Evidence]:
    titles = [HOSTILE, WIDE, COMBINED, ARABIC, "VPN drops every hour since the update", "=cmd|' /C calc'!A0"]
    return [
        Evidence(
            rank=rank, of=one.of, subject=10_000 + rank, ref=f"FB-{10_000 + rank}", title=title,
            url=f"https://desk.example/t/{10_000 + rank}", segment="P1" if rank < 3 else "P2", good=0, badness=90_000.0 / rank,
            columns={"due_at": NOW - 86_400 * rank, "overrun_s": 90_000 // rank},
        )
        for rank, title in enumerate(titles, start=1)
    ]  # fmt: skip


def summary_of(store: Store, audit: Audit) -> dict[str, float | None]:
    score = scoring.score(audit.weights, store.results(audit.id), list(store.answers(audit.id).values()))
    return {"assured": score.assured, "score": score.score, "coverage": score.coverage}


class MadeUpDesk(Desk):
    """A desk whose catalogue is small, whose snapshot is told, and whose runs wait for nobody."""

    def __init__(self, paths: Paths) -> None:
        super().__init__(paths, now=lambda: NOW)
        self.plans: list[object] = []
        self.hold: threading.Event | None = None  # a run waits here before its second check
        self.hold_pull: threading.Event | None = None  # a run waits here in the middle of its pull
        self.probe = Probe(
            reachable=True, authorised=True, version="5.61", modules={"tickets": "ok", "calls": "not licensed"}
        )

    def pulled(self) -> dict[str, PulledSource]:
        if not self.paths.database.exists() or not self.store.audits(limit=1):
            return {}
        return {
            "liveagent": PulledSource(
                name="liveagent", type="liveagent", state="complete", first_fetched_at=NOW - 86400 * 400,
                fetched_at=NOW - 3 * 3600,
                entities={
                    "ticket": PulledEntity(file="t", rows=18_930, complete=True),
                    "event": PulledEntity(file="e", rows=121_004, complete=True),
                    "agent": PulledEntity(file="a", rows=14, complete=True),
                },
                rejects=2, reject_sample=[Reject("ticket AB-1", "no creation time"), Reject("ticket [b]X[/b]", HOSTILE)],
            ),
            "netscan": PulledSource(
                name="netscan", type="nmap", state="incomplete", first_fetched_at=NOW - 86400 * 90,
                fetched_at=NOW - 86400 * 12,
                entities={"asset": PulledEntity(file="s", rows=226, complete=False)},
                problems=[Problem("scan-2026-09-21.xml", "the file ends in the middle of host 10.20.4.17", ("asset",))],
            ),
            "backups": PulledSource(
                name="backups", type="restic", state="failed", first_fetched_at=NOW - 86400 * 90, fetched_at=NOW - 86400 * 2,
                error="The repository at /srv/backup/restic cannot be opened: wrong password or no key found.\nrestic 0.18.1 said: Fatal: wrong password or no key found",
            ),
        }  # fmt: skip

    def test_source(self, name: str, cancelled: Callable[[], bool]) -> Probe:
        return self.probe

    def pull(
        self, names: tuple[str, ...], cancelled: Callable[[], bool], heard: Callable[[object], None]
    ) -> Iterator[object]:
        for name in names:
            yield PullStarted(name, "csv", False)
            yield PullEstimated(name, 412, 140.0)
            for rows in range(1000, 4000, 1000):
                if self.hold is not None:
                    heard(PullWaited(name, 840.0))
                    self.hold.wait(60)
                if cancelled():
                    raise Cancelled("Stopped; 1 000 rows are kept.")
                yield PullProgressed(name, "ticket", rows, rows, 3000)
            yield PullFinished(
                name, PulledSource(name=name, type="csv", state="complete", first_fetched_at=NOW, fetched_at=NOW)
            )

    def run(self, what: object, cancelled: Callable[[], bool], heard: Callable[[object], None]) -> Iterator[object]:
        self.plans.append(what)
        yield PullStarted("liveagent", "liveagent", False)
        yield PullEstimated("liveagent", 412, 140.0)
        yield PullProgressed("liveagent", "ticket", 500, 500, 2000)
        if self.hold_pull is not None:
            heard(PullWaited("liveagent", 840.0))
            self.hold_pull.wait(60)
        yield PullWarned("liveagent", "429: waited 3 s as it asked")
        pulled = {"ticket": PulledEntity(file="t", rows=2000, complete=True)}
        yield PullFinished(
            "liveagent",
            PulledSource(
                name="liveagent",
                type="liveagent",
                state="complete",
                first_fetched_at=NOW,
                fetched_at=NOW,
                entities=pulled,
            ),
        )
        yield SnapshotDerived(7, 0.4)
        audit = begin(self.store, 4, "full")
        results = make_results(4)
        yield AuditStarted(audit, len(VALUES))
        for number, one in enumerate(VALUES, start=1):
            while number == 2 and self.hold is not None and not self.hold.is_set() and not cancelled():
                time.sleep(0.02)
            if cancelled():
                self.store.interrupt(audit.id, f"Stopped after {number - 1} of {len(VALUES)} checks.")
                raise Cancelled(f"Stopped after {number - 1} of {len(VALUES)} checks.")
            mine = [result for result in results if result.check == one]
            self.store.record(audit.id, mine)
            yield CheckFinished(number, len(VALUES), tuple(mine), 0.01)
        self.store.finish(
            audit.id, finished_at=NOW, summary=summary_of(self.store, audit), judged_file=None, judged_sha256=None
        )
        yield AuditFinished(self.store.audit(audit.id))


class MadeUpSession(DeskSession):
    catalogue = Catalogue(ITEMS)


def begin(store: Store, place: int, kind: str) -> Audit:
    catalogue = Catalogue(ITEMS)
    quarter = place % 5
    audit = Audit(
        id=0, kind=kind, state="running", started_at=QUARTERS[quarter + 1] + 86_400, period_start=QUARTERS[quarter],
        period_end=QUARTERS[quarter + 1], as_of=QUARTERS[quarter + 1] + 86_400, weights=weights(catalogue, 24), program="0.1.0",
        zone="Europe/Oslo",
    )  # fmt: skip
    asked = [
        AskedQuestion(question=one.id, item=item.id, ask=one.ask, question_hash=question_hash(one), type=one.type)
        for item in ITEMS
        for one in item.question
    ]
    items = [AuditedItem(item=item.id, title=item.title, group=item.group) for item in ITEMS]
    audit_id = store.begin(audit, items=items, questions=asked)
    return store.audit(audit_id)


def fill(desk: MadeUpDesk) -> None:
    """Five full audits, a quick one, and one that was interrupted; the last full one has its rows frozen."""
    store = desk.store
    for place in range(5):
        audit = begin(store, place, "full")
        store.record(audit.id, make_results(place))
        if place == 3:
            for name, value, note in (
                ("HD-01.q1", "yes", ""),
                ("HD-15.q1", "no", "Nobody told them."),
                ("HD-01.q2", "4", ""),
            ):
                store.answer(
                    audit.id, Answer(question=name, value=value, note=note, by="kari", question_hash=_hash(name))
                )
        name, digest = freeze(desk, audit.id) if place == 4 else (None, None)
        store.finish(
            audit.id,
            finished_at=audit.started_at + 600,
            summary=summary_of(store, audit),
            judged_file=name,
            judged_sha256=digest,
        )
    stopped = begin(store, 4, "full")
    store.record(stopped.id, make_results(4)[:4])
    store.interrupt(stopped.id, "Its process ended before it did.")


def _hash(name: str) -> str:
    return next(question_hash(one) for item in ITEMS for one in item.question if one.id == name)


def freeze(desk: MadeUpDesk, audit_id: int, rows: int = 1216) -> tuple[str, str]:
    """The judged rows of 15.1 as the engine writes them; file name and hash."""
    import duckdb

    desk.paths.judged.mkdir(mode=0o700, exist_ok=True)
    file = desk.paths.judged / f"audit-{audit_id}.parquet"
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (SELECT '15.1' AS \"check\", '' AS leg, CAST(0 AS BIGINT) AS reference, NULL AS part,"
            f" CAST(range AS BIGINT) AS subject, 'P' || (range % 4 + 1) AS segment, CAST(range % 8 <> 0 AS BIGINT) AS good,"
            f" NULL::DOUBLE AS value, CAST({rows} - range AS DOUBLE) AS badness,"
            f" '{{\"due_at\": ' || ({NOW} - range * 60) || '}}' AS columns, 'FB-' || (20000 + range) AS ref FROM range({rows})) TO '{file}' (FORMAT parquet)"
        )
    return file.name, hashlib.sha256(file.read_bytes()).hexdigest()


def make_desk(folder: Path, *, config: str | None = CONFIG, filled: bool = True) -> MadeUpDesk:
    folder.mkdir(parents=True, exist_ok=True)
    if config is not None:
        (folder / "config.toml").write_text(config)
    desk = MadeUpDesk(Paths(config=folder / "config.toml", data=folder / "data"))
    if filled:
        fill(desk)
    return desk


class Driven:
    """The app under a pilot: keys in, the text of the screen out."""

    def __init__(self, app: DeskauditApp, pilot: Pilot[None]) -> None:
        self.app = app
        self.pilot = pilot

    async def press(self, *keys: str) -> str:
        """The screen after the keys."""
        for key in keys:
            await self.pilot.press(key)
        await self.pilot.pause()
        await self.pilot.pause()
        return self.text

    async def type(self, text: str) -> str:
        """Text and enter, into the line that asks."""
        names = {
            " ": "space",
            ".": "full_stop",
            "/": "slash",
            "-": "minus",
            ",": "comma",
            "'": "apostrophe",
            "_": "underscore",
            ":": "colon",
            "=": "equals_sign",
            '"': "quotation_mark",
            "@": "at",
        }
        return await self.press(*(names.get(char, char) for char in text), "enter")

    @property
    def lines(self) -> list[str]:
        strips = self.app.screen._compositor.render_strips()
        return ["".join(segment.text for segment in strip) for strip in strips]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def message(self) -> str:
        line = self.app.screen.message
        rows = self.lines[-1 - line.size.height : -1]
        return " ".join(" ".join(rows).split())

    def line(self, part: str) -> str:
        """The one line of the screen with `part` in it."""
        found = [line for line in self.lines if part in line]
        assert len(found) == 1, f"{part!r} stands in {len(found)} lines of\n{self.text}"
        return found[0]

    async def wait(self, until: Callable[[], bool], seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while not until():
            assert time.monotonic() < deadline, self.text
            await self.pilot.pause(0.02)


Opener = Callable[..., AbstractAsyncContextManager[Driven]]


@pytest.fixture
def open_app() -> Opener:
    @asynccontextmanager
    async def opened(
        desk: MadeUpDesk, *, size: tuple[int, int] = (80, 24), remote: bool = False, ascii_only: bool = False
    ) -> AsyncIterator[Driven]:
        app = DeskauditApp(MadeUpSession(desk), remote=remote, ascii_only=ascii_only)
        async with app.run_test(size=size) as pilot:
            driven = Driven(app, pilot)
            await pilot.pause()
            yield driven

    return opened


@pytest.fixture
def make_plain_app() -> Callable[..., DeskauditApp]:
    def made(desk: MadeUpDesk, *, remote: bool = False, ascii_only: bool = False) -> DeskauditApp:
        return DeskauditApp(MadeUpSession(desk), remote=remote, ascii_only=ascii_only)

    return made


@pytest.fixture(scope="session")
def filled_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("filled")
    make_desk(folder).close()
    return folder


@pytest.fixture
def desk(tmp_path: Path, filled_folder: Path) -> Iterator[MadeUpDesk]:
    """A desk with audits."""
    shutil.copytree(filled_folder, tmp_path, dirs_exist_ok=True)
    made = make_desk(tmp_path, filled=False)
    yield made
    made.close()


@pytest.fixture
def new_desk(tmp_path: Path) -> Iterator[MadeUpDesk]:
    """A configured desk without any audit."""
    made = make_desk(tmp_path, filled=False)
    yield made
    made.close()


@pytest.fixture
def bare_desk(tmp_path: Path) -> Iterator[MadeUpDesk]:
    """No configuration at all."""
    made = make_desk(tmp_path, config=None, filled=False)
    yield made
    made.close()
