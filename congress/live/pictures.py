"""What pages show: pictures of one topic with versions, in the memory of the process, each text serialised once."""

from __future__ import annotations

import time
from collections.abc import Mapping
from threading import Lock
from typing import Any, Protocol

FRESH_SECONDS = 0.25


class Picture(Protocol):
    """One topic at one moment, never changed. Texts are made on first use and then the same object for everybody."""

    @property
    def versions(self) -> Mapping[str, int]:
        """Version of each part, e.g. {"stage": 18, "results.7": 41}. Versions never fall."""

    def news_since(self, before: Any) -> list[str]:
        """The parts that whoever has `before` (a picture, or nothing) must be sent, in order."""

    def frame(self, part: str, audience: str) -> str:
        """The text of a part, or of the `heartbeat`; empty where it is nothing to this audience."""


class Source(Protocol):
    """Where pictures of a topic come from. `load` runs in a thread with a database connection."""

    topic: str

    def load(self) -> Any: ...


class Memory:
    """The newest picture of a topic in this process; whoever asks more often than the clock ticks gets the same."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.picture: Any = None
        self._loaded_at = 0.0
        self._lock = Lock()

    def newest(self, seconds: float = FRESH_SECONDS) -> Any:
        """The picture in memory if it is at most so old, else nothing. Never waits."""
        return self.picture if time.monotonic() - self._loaded_at < seconds else None

    def fresh(self, seconds: float = FRESH_SECONDS) -> Any:
        """A picture at most so old. Call it from a thread with a database connection."""
        picture = self.picture
        if picture is not None and time.monotonic() - self._loaded_at < seconds:
            return picture
        asked_at = time.monotonic()
        with self._lock:
            # Somebody may have looked while we waited; what was read after we asked is new enough.
            if self.picture is None or self._loaded_at < asked_at - seconds:
                begun_at = time.monotonic()
                self.picture = self.source.load()
                self._loaded_at = begun_at
            return self.picture
