"""Judges the checks of an audit, two at a time: while one waits for its rows, the other computes."""

import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import Self

import duckdb
import msgspec

from deskaudit.checks import engine
from deskaudit.checks.context import NoPast, Past, Reader, Window
from deskaudit.checks.spec import Check, Item
from deskaudit.errors import Cancelled
from deskaudit.i18n import _
from deskaudit.model.verdicts import Result

AT_ONCE = 2
LOOK_S = 0.2
"""How often is looked whether the audit is to stop."""


class Judged(msgspec.Struct, frozen=True):
    """One check's results, and the seconds it took."""

    check: Check
    results: list[Result]
    seconds: float


def judge(
    pairs: Sequence[tuple[Item, Check]],
    reader: Reader,
    window: Window,
    frozen: Path,
    past: Past,
    cancelled: Callable[[], bool] = lambda: False,
    limits: Mapping[str, float] | None = None,
) -> Generator[Judged, None, None]:
    """The results of all checks, in the order of `pairs`, those of phase 2 last; the rows go into the folder `frozen`.

    `limits`: check → the seconds it may take; one that takes longer is an ERROR, and the others go on.

    Checks of phase 2 read what this audit has found (`past`): they run one after the other, in the caller's thread,
    after everything before them was taken. Raises Cancelled within a second of being asked to stop.
    """
    limits = limits or {}
    first = [pair for pair in pairs if pair[1].phase == 1]
    yield from _together(first, reader, window, frozen, cancelled, limits)
    for item, check in pairs:
        if check.phase > 1:
            if cancelled():
                raise Cancelled(_("Stopped before check {id}.").format(id=check.id))
            yield _timed(item, check, reader, window, frozen, past, limits)


def _together(
    pairs: Sequence[tuple[Item, Check]],
    reader: Reader,
    window: Window,
    frozen: Path,
    cancelled: Callable[[], bool],
    limits: Mapping[str, float],
) -> Iterator[Judged]:
    free: SimpleQueue[Reader] = SimpleQueue()

    def run(item: Item, check: Check) -> Judged:
        own = free.get()
        try:
            return _timed(item, check, own, window, frozen, NoPast(), limits)
        finally:
            free.put(own)

    with reader.twins(AT_ONCE) as twins, ThreadPoolExecutor(len(twins), "check") as pool:
        for twin in twins:
            free.put(twin)
        started = [pool.submit(run, item, check) for item, check in pairs]
        try:
            for number, future in enumerate(started):
                if not _await(future, cancelled):
                    raise Cancelled(_("Stopped after {done} of {total} checks.").format(done=number, total=len(pairs)))
                yield future.result()
        finally:
            for future in started:
                future.cancel()
            while wait(started, LOOK_S).not_done:  # one that runs on stops at its next statement
                for twin in twins:
                    twin.connection.interrupt()


def _await(future: Future[Judged], cancelled: Callable[[], bool]) -> bool:
    """Whether a check has come to its end; False where the audit is to stop."""
    while not cancelled():
        if wait([future], LOOK_S).done:
            return True
    return False


def _timed(
    item: Item, check: Check, reader: Reader, window: Window, frozen: Path, past: Past, limits: Mapping[str, float]
) -> Judged:
    begun = time.monotonic()
    alarm = _Alarm(reader.connection, limits.get(check.id))
    try:
        with alarm:
            results = engine.run(item, check, reader, window, frozen, past)
    except Cancelled:
        if not alarm.rang:
            raise
        reason = _("It was stopped after {limit:g} s, the longest that a check of your own may take.")
        results = engine.broken(item, check, reason.format(limit=alarm.limit))
    return Judged(check, results, time.monotonic() - begun)


class _Alarm:
    """Stops what runs on a connection once the seconds are over: each statement, until the context ends."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, limit: float | None) -> None:
        self.limit = limit
        self.rang = False
        self._connection = connection
        self._over = threading.Event()
        self._watch = threading.Thread(target=self._wait, name="alarm", daemon=True)

    def __enter__(self) -> Self:
        if self.limit is not None:
            self._watch.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        if self.limit is not None:
            self._watch.join()  # or it might yet stop the check that comes next on this connection

    def _wait(self) -> None:
        pause = self.limit
        while not self._over.wait(pause):
            self.rang, pause = True, LOOK_S  # an interrupt between two statements stops neither: once more
            self._connection.interrupt()
