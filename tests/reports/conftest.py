import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from deskaudit.model.verdicts import Answer, AskedQuestion, Audit, AuditedItem, Evidence, Result, SourcePull, Status
from deskaudit.reports import Report, build
from deskaudit.store import Store

Q1 = 1767222000  # 2026-01-01 00:00 in Oslo
Q2 = 1774994400  # 2026-04-01 00:00 in Oslo
HOSTILE = (
    "=cmd()|x\x1b[31mred\x1b]52;c;ZXZpbA==\x07 [b]x[/b] <script>alert(1)</script> ![i](javascript:x) \u202e\x9b1m"
    '\r\n# head *b* `c` a,b;"q" 訓練 e\u0301'
)  # fmt: skip


def result(**fields: Any) -> Result:
    base: dict[str, Any] = {
        "item": "HD-15",
        "check": "15.1",
        "name": "sla-missed",
        "title": "Tickets that met their service level",
        "status": Status.PASS,
        "kind": "ratio",
        "unit": "share",
        "better": "higher",
    }
    return Result(**(base | fields))


@pytest.fixture
def make_result() -> Callable[..., Result]:
    return result


def new_audit(**fields: Any) -> Audit:
    base: dict[str, Any] = {
        "id": 0,
        "kind": "full",
        "state": "running",
        "started_at": Q2 + 3600,
        "period_start": Q1,
        "period_end": Q2,
        "as_of": Q2,
        "zone": "Europe/Oslo",
        "program": "1.0.0",
    }
    return Audit(**(base | fields))


@pytest.fixture
def make_audit() -> Callable[..., Audit]:
    return new_audit


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "deskaudit.db", clock=lambda: Q2) as opened:
        yield opened


ITEMS = [
    AuditedItem(item="HD-08", title="Test ticket management", group="tickets"),
    AuditedItem(item="HD-15", title="Measure service levels", group="tickets"),
    AuditedItem(item="HD-24", title="Check backups", group="platform"),
]
QUESTIONS = [
    AskedQuestion(question="HD-15.q1", item="HD-15", ask="Do customers know what you promise?", question_hash="h"),
    AskedQuestion(question="HD-15.q2", item="HD-15", ask="Is someone told before it is late?", question_hash="h", must=True),
    AskedQuestion(question="HD-24.q1", item="HD-24", ask="Was a restore tested this year?", question_hash="h"),
]  # fmt: skip


def _first(store: Store) -> int:
    audit_id = store.begin(new_audit(as_of=Q1, period_start=Q1 - 7948800, period_end=Q1))
    store.record(
        audit_id,
        [
            result(status=Status.PASS, value=0.97, n=400, interval=(0.95, 0.984), population="sample"),
            result(check="8.1", item="HD-08", name="tickets-without-owner", title="Tickets without an owner",
                   kind="count", unit="count", better="lower", status=Status.WARN, value=7, population="census"),
            result(check="24.1", item="HD-24", name="backup-failed", title="Backups that failed", status=Status.FAIL,
                   value=0.4, population="census", check_hash="old"),
        ],
    )  # fmt: skip
    store.answer(audit_id, Answer(question="HD-24.q1", value="partly", by="Bo", answered_at=Q1, question_hash="h"))
    store.finish(audit_id, finished_at=Q1 + 90, summary={"assured": 0.7}, judged_file=None, judged_sha256=None)
    return audit_id


@pytest.fixture
def audit(store: Store) -> Audit:
    return fill(store)


def fill(store: Store) -> Audit:
    """A full audit with every kind of result, an audit before it that is the baseline, answers and sources."""
    store.set_baseline(_first(store))
    audit_id = store.begin(new_audit(), items=ITEMS, questions=QUESTIONS)
    late = [
        Evidence(rank=1, of="ticket", subject=2**62 + 1, ref="ABC-77", title="Printer on fire", url="https://desk/t/77",
                 segment="Billing", good=0, badness=90000, columns={"due_at": Q1, "overrun_s": 90000, "who": "Ann"}),
        Evidence(rank=2, of="ticket", subject=42, ref="ABC-78", title=HOSTILE, url="javascript:alert(1)",
                 segment="IT", good=0, badness=60, columns={"due_at": Q1 + 60, "overrun_s": 60, "who": HOSTILE}),
    ]  # fmt: skip
    store.record(
        audit_id,
        [
            result(status=Status.FAIL, value=0.812, n=412, n_rows=420, interval=(0.771, 0.847), pass_at=0.95, warn_at=0.9,
                   severity="high", weight=4, reason="81.2 % of 412 met it; 95.0 % is good.", clock="business",
                   advice="Look at the worst queue first.", evidence=late, details={"not_judged": 8}, check_hash="a"),
            result(segment="Billing", status=Status.FAIL, value=0.6, n=40, interval=(0.44, 0.74), pass_at=0.95),
            result(segment="IT", status=Status.PASS, value=0.96, n=372, interval=(0.93, 0.98), pass_at=0.95),
            result(check="15.2", name="slow-first-response", title="Time to the first response", kind="duration",
                   unit="s", better="lower", status=Status.WARN, value=11520.0, n=12, n_rows=12, low_n=True, mean=20000.5,
                   median=11520.0, p90=40000, pass_at=7200, warn_at=14400, severity="medium", weight=2,
                   clock="business", reason="The median is 3 h 12 min; 2 h is good.", leg="p50",
                   advice="Answer sooner.",
                   evidence=[Evidence(rank=1, of="ticket", subject=7, ref="ABC-7", title="VPN", value=99000.0)]),
            result(check="8.1", item="HD-08", name="tickets-without-owner", title="Tickets without an owner",
                   kind="count", unit="count", better="lower", status=Status.WARN, value=5, n=12345, n_rows=12345,
                   pass_at=3, warn_at=10, population="census", weight=2, reason="5 have no owner."),
            result(check="24.1", item="HD-24", name="backup-failed", title="Backups that failed", status=Status.FAIL,
                   value=0.5, n=4, n_rows=4, population="census", severity="critical", weight=8, check_hash="new",
                   better="lower", reason="2 of 4 jobs failed."),
            result(check="24.2", item="HD-24", name="backup-silent", title="Jobs that fell silent",
                   status=Status.NODATA, unit="count", kind="count", reason="No source has backups."),
            result(check="24.3", item="HD-24", name="backup-size", title=HOSTILE, status=Status.ERROR, unit="", kind="list",
                   reason="The check broke: " + HOSTILE, better=""),
        ],
    )  # fmt: skip
    store.answer(
        audit_id,
        Answer(question="HD-15.q1", value="no", note=HOSTILE, by="Ann", answered_at=Q2 + 7200, question_hash="h"),
    )
    store.record_pull(
        audit_id,
        SourcePull(name="desk", type="liveagent", state="complete", fetched_at=Q2 + 100,
                   rows={"ticket": 12345, "event": 9}, cursor='{"since": 5}'),
    )  # fmt: skip
    store.record_pull(
        audit_id,
        SourcePull(name="assets", type="assetlist", state="failed", rejects=2, warnings=["row 3: no name"],
                   error="assets.csv: " + HOSTILE),
    )  # fmt: skip
    store.finish(
        audit_id,
        finished_at=Q2 + 4000,
        summary={
            "assured": 0.612, "score": 0.78, "coverage": 0.7846,
            "counts": {"PASS": 0, "WARN": 2, "FAIL": 2, "NODATA": 1, "NA": 0, "TODO": 2, "INFO": 0, "ERROR": 1},
            "first_response_mean_s": 20000.5, "first_response_median_s": 11520.0, "wait_mean_s": 3600,
            "top_issues": [{"issue": "Printer " + HOSTILE, "tickets": 40, "share": 0.25, "rise": 0.5}],
        },
        judged_file="audit-2.parquet",
        judged_sha256="ab" * 32,
    )  # fmt: skip
    return store.audit(audit_id)


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """The report of `fill`; nobody may change it."""
    with Store.open(tmp_path_factory.mktemp("report") / "deskaudit.db", clock=lambda: Q2) as opened:
        return build(opened, fill(opened))


@pytest.fixture
def golden() -> Callable[[str, str], None]:
    """Holds text against a file in golden/, byte by byte; with UPDATE_GOLDEN=1 it is written instead, to be read over."""

    def check(name: str, text: str) -> None:
        file = Path(__file__).parent / "golden" / name
        if os.environ.get("UPDATE_GOLDEN"):
            file.write_bytes(text.encode())
        assert text.encode() == file.read_bytes()

    return check
