"""How fast a connector may ask, and how it waits: in small steps, so that it can be stopped."""

import time
from collections.abc import Callable

import msgspec

from deskaudit.errors import Cancelled
from deskaudit.i18n import _

LEAST_S = 0.001  # so that no rest of a rounded sum is waited for again and again
TOLD_S = 5.0  # a shorter wait is over before anybody wonders
STEP_S = 0.2  # the longest sleep between two looks at `cancelled`


class Timing(msgspec.Struct, frozen=True, kw_only=True):
    """The clocks a connector lives by. Tests put their own in."""

    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    wall: Callable[[], float] = time.time  # for a Retry-After that is a date, and what ends while a machine sleeps
    backoff_s: tuple[float, ...] = (1.0, 2.0, 4.0)  # before each new try after a fault that may pass
    limited_s: float = 60.0  # after a 429 that does not say how long


class RateLimit:
    """A token bucket: at most `per_minute` requests go in any 60 seconds.

    A tenth of the limit may go at once (so that small pulls are quick), and the bucket fills with the rest over the
    minute: burst + 60 s of filling stay below per_minute + 1 in every window [t, t + 60). What is held back
    meanwhile also covers requests that the network delivers closer together than they were sent.
    """

    def __init__(
        self,
        per_minute: int,
        *,
        timing: Timing | None = None,
        cancelled: Callable[[], bool] = lambda: False,
        waiting: Callable[[float], None] = lambda _seconds: None,
    ) -> None:
        """`waiting` is told of each longer wait that a server causes, in seconds, before it begins."""
        self._timing = timing or Timing()
        self._cancelled = cancelled
        self._waiting = waiting
        self._set(per_minute)
        self._tokens = float(self._burst)
        self._filled_at = self._timing.clock()
        self._held_until = self._filled_at

    def _set(self, per_minute: int) -> None:
        self.per_minute = max(1, per_minute)
        self._burst = max(1, self.per_minute // 10)
        # The last millionth keeps rounding of floats on the safe side.
        self._per_second = (self.per_minute + 1 - self._burst) / 60 * (1 - 1e-6)

    def follow(self, per_minute: int) -> None:
        """Takes over another limit from now on."""
        if per_minute != self.per_minute:
            self._fill()
            self._set(per_minute)
            self._tokens = min(self._tokens, self._burst)

    def hold(self, seconds: float) -> None:
        """Lets nothing go for so long: the server asked for it."""
        self._tell(seconds)
        self._held_until = max(self._held_until, self._timing.clock() + seconds)

    def take(self) -> None:
        """Waits for a token. Raises Cancelled within a second of being asked to stop."""
        while (left := self._left()) > 0:
            self._sleep(max(left, LEAST_S))
        self._tokens -= 1

    def pause(self, seconds: float) -> None:
        """Waits before a new try. Raises Cancelled as `take` does."""
        self._tell(seconds)
        self._sleep(seconds)

    def _tell(self, seconds: float) -> None:
        if seconds >= TOLD_S:
            self._waiting(seconds)

    def _sleep(self, seconds: float) -> None:
        """Sleeps, looking up often enough to be stopped."""
        until = self._timing.clock() + seconds
        while (left := until - self._timing.clock()) > 0:
            self.check()
            self._timing.sleep(max(min(left, STEP_S), LEAST_S))
        self.check()

    def check(self) -> None:
        if self._cancelled():
            raise Cancelled(_("Stopped."), hint=_("What was read is kept; the next pull goes on from there."))

    def _left(self) -> float:
        """Seconds until a token is there."""
        self._fill()
        held = self._held_until - self._filled_at
        missing = (1 - self._tokens) / self._per_second
        return max(held, missing)

    def _fill(self) -> None:
        now = self._timing.clock()
        self._tokens = min(self._burst, self._tokens + (now - self._filled_at) * self._per_second)
        self._filled_at = now
