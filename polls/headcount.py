"""How many watch a stage, by socket and by HTTP: figures of all processes, without persons.

Each process writes its own figure into the cache every few seconds; who asks adds them up. Without Redis nobody knows.
"""

from __future__ import annotations

import contextlib
import os
import time
from dataclasses import dataclass
from threading import Lock

from django.core.cache import cache

EVERY_SECONDS = 5.0
FORGOTTEN_SECONDS = 15  # a process that says nothing for so long is gone
PAGE_SECONDS = 30.0  # a page that asks is there for so long
_SLOTS = 64  # processes of a host, by their number: neighbours never share one


@dataclass(frozen=True)
class Headcount:
    sockets: int
    pages: int

    @property
    def total(self) -> int:
        return self.sockets + self.pages


class _Here:
    """What this process knows."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.pages: dict[int, dict[int, float]] = {}  # stage → person → when they last asked
        self.sockets: dict[int, int] = {}
        self.screens: dict[int, int] = {}  # among the sockets; they are no viewers
        self.told: dict[int, float] = {}

    def count(self, stage_id: int) -> Headcount:
        with self.lock:
            limit = time.monotonic() - PAGE_SECONDS
            pages = self.pages.get(stage_id, {})
            for person in [one for one, at in pages.items() if at < limit]:
                del pages[person]
            viewers = self.sockets.get(stage_id, 0) - self.screens.get(stage_id, 0)
            return Headcount(max(0, viewers), len(pages))


_here = _Here()


def page_asked(stage_id: int, person: int) -> None:
    """A page asked over HTTP. Quick, never waits."""
    with _here.lock:
        _here.pages.setdefault(stage_id, {})[person] = time.monotonic()


def stages_of(person: int) -> list[int]:
    """Where this person's pages ask this process over HTTP."""
    with _here.lock:
        limit = time.monotonic() - PAGE_SECONDS
        return [stage for stage, pages in _here.pages.items() if pages.get(person, 0.0) >= limit]


def sockets_are(stage_id: int, count: int) -> None:
    """So many sockets this process holds on the stage."""
    with _here.lock:
        _here.sockets[stage_id] = count


def screen_is(stage_id: int, change: int) -> None:
    """One more of these sockets is a screen, or one less."""
    with _here.lock:
        _here.screens[stage_id] = max(0, _here.screens.get(stage_id, 0) + change)


def tell(stage_id: int) -> None:
    """Write this process's figure down, if it is time. Call it from a thread; without Redis it does nothing."""
    now = time.monotonic()
    with _here.lock:
        if now - _here.told.get(stage_id, -EVERY_SECONDS) < EVERY_SECONDS:
            return
        _here.told[stage_id] = now
    found = _here.count(stage_id)
    key = _key(stage_id, os.getpid() % _SLOTS)
    with contextlib.suppress(Exception):  # a figure is missing, nothing else
        cache.set(key, [found.sockets, found.pages], FORGOTTEN_SECONDS)


def of_stages(stage_ids: list[int]) -> dict[int, Headcount | None]:
    """The figures of all processes; nothing where nobody can say."""
    keys = {_key(stage, slot): stage for stage in stage_ids for slot in range(_SLOTS)}
    try:
        found = cache.get_many(list(keys))
    except Exception:  # noqa: BLE001
        return dict.fromkeys(stage_ids)
    sums = {stage: [0, 0] for stage in stage_ids}
    for key, (sockets, pages) in found.items():
        sums[keys[key]][0] += sockets
        sums[keys[key]][1] += pages
    return {stage: Headcount(*both) for stage, both in sums.items()}


def _key(stage_id: int, slot: int) -> str:
    return f"headcount.{stage_id}.{slot}"
