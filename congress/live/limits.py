"""How often a person may act: a bucket of tokens per person, kept in the process, over all their sockets and pages."""

import time
from collections import deque
from threading import Lock

PER_SECOND = 5.0
BURST = 20.0
_FORGET_ABOVE = 20_000  # people; whoever has a full bucket again is forgotten


class Buckets:
    def __init__(self, *, per_second: float = PER_SECOND, burst: float = BURST) -> None:
        self.per_second = per_second
        self.burst = burst
        self._lock = Lock()
        self._tokens: dict[int, tuple[float, float]] = {}

    def take(self, person: int, *, at: float | None = None) -> bool:
        """Whether the person may act now. `at` is seconds of a steady clock."""
        now = time.monotonic() if at is None else at
        with self._lock:
            tokens, before = self._tokens.get(person, (self.burst, now))
            tokens = min(self.burst, tokens + (now - before) * self.per_second)
            allowed = tokens >= 1
            self._tokens[person] = (tokens - 1 if allowed else tokens, now)
            if len(self._tokens) > _FORGET_ABOVE:
                self._forget(now)
        return allowed

    def clear(self) -> None:
        with self._lock:
            self._tokens.clear()

    def _forget(self, now: float) -> None:
        refilled = self.burst / self.per_second
        self._tokens = {
            person: kept for person, kept in self._tokens.items() if now - kept[1] < refilled
        }


class Strikes:
    """Counts what was refused; `out` when `limit` fell within `seconds`."""

    def __init__(self, limit: int, seconds: float) -> None:
        self.seconds = seconds
        self._moments: deque[float] = deque(maxlen=limit)

    def out(self, at: float) -> bool:
        """Count one more. Whether that was too many."""
        self._moments.append(at)
        full = len(self._moments) == self._moments.maxlen
        return full and at - self._moments[0] <= self.seconds


buckets = Buckets()
