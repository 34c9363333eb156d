from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from deskaudit.model.verdicts import Audit, Result, Status
from deskaudit.store import Store

DAY = 86400
Q1 = 1767225600  # 2026-01-01T00:00:00Z
Q2 = 1775001600  # 2026-04-01T00:00:00Z


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "deskaudit.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    ticks = iter(range(Q2, Q2 + 10_000))
    with Store.open(path, clock=lambda: next(ticks)) as opened:
        yield opened


@pytest.fixture
def make_audit() -> Callable[..., Audit]:
    def make(**fields: Any) -> Audit:
        base: dict[str, Any] = {
            "id": 0,
            "kind": "full",
            "state": "running",
            "started_at": Q2,
            "period_start": Q1,
            "period_end": Q2,
            "as_of": Q2,
        }
        return Audit(**(base | fields))

    return make


@pytest.fixture
def make_result() -> Callable[..., Result]:
    def make(**fields: Any) -> Result:
        base: dict[str, Any] = {
            "item": "HD-15",
            "check": "15.1",
            "name": "sla-missed",
            "title": "Tickets that missed their service level",
            "status": Status.PASS,
            "kind": "ratio",
            "unit": "share",
            "better": "higher",
        }
        merged = base | fields
        return Result(**(merged | {"status": Status(merged["status"])}))

    return make


@pytest.fixture
def run_audit(store: Store, make_audit: Callable[..., Audit]) -> Callable[..., Audit]:
    """A completed audit with these results."""

    def run(*results: Result, summary: dict[str, Any] | None = None, **fields: Any) -> Audit:
        audit_id = store.begin(make_audit(**fields))
        store.record(audit_id, results)
        store.finish(audit_id, finished_at=Q2 + 60, summary=summary or {}, judged_file=None, judged_sha256=None)
        return store.audit(audit_id)

    return run
