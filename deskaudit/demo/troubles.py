"""What can go wrong with an API, on request."""

import threading
from typing import Literal

import msgspec

Kind = Literal["429", "500", "502", "truncated", "error_object", "html", "slow", "close"]


class Trouble(msgspec.Struct):
    """The next `times` requests whose path begins with `path` meet this. `seconds` is for slow; `after` lets some pass."""

    kind: Kind
    times: int = 1
    path: str = "/"
    after: int = 0
    seconds: float = 1.0
    retry_after: int | None = None  # 429: sent as Retry-After


class Troubles:
    """The list of what is still to go wrong."""

    def __init__(self) -> None:
        self._waiting: list[Trouble] = []
        self._lock = threading.Lock()

    def add(self, trouble: Trouble) -> None:
        with self._lock:
            self._waiting.append(trouble)

    def clear(self) -> None:
        with self._lock:
            self._waiting.clear()

    def meet(self, path: str) -> Trouble | None:
        """What this request meets; it is used up."""
        with self._lock:
            for trouble in self._waiting:
                if not path.startswith(trouble.path):
                    continue
                if trouble.after > 0:
                    trouble.after -= 1
                    return None
                trouble.times -= 1
                if trouble.times <= 0:
                    self._waiting.remove(trouble)
                return trouble
        return None
