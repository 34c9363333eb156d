"""How often somebody may ask: a token bucket for each key, as LiveAgent keeps it."""

import threading
from collections.abc import Callable


class Bucket:
    """`per_minute` tokens at most, refilled steadily. `clock` gives seconds that never go back."""

    def __init__(self, per_minute: int, clock: Callable[[], float]) -> None:
        self.per_minute = per_minute
        self._clock = clock
        self._tokens = float(per_minute)
        self._at = clock()
        self._lock = threading.Lock()

    def take(self) -> bool:
        """True where one more request may pass."""
        with self._lock:
            now = self._clock()
            self._tokens = min(float(self.per_minute), self._tokens + (now - self._at) * self.per_minute / 60)
            self._at = now
            if self._tokens < 1 - 1e-9:
                return False
            self._tokens -= 1
            return True

    def seconds_until_next(self) -> int:
        """Whole seconds until a token is there."""
        with self._lock:
            return max(1, int((1 - self._tokens) * 60 / self.per_minute + 0.999))
