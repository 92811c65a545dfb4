"""One hub per process and topic: keeps all its sockets on the newest picture.

However many vote, a hub looks at most four times a second, serialises what changed once per audience and sends the
same text to everybody. Its cost grows with sockets × ticks, never with votes × sockets.
"""

from __future__ import annotations

import asyncio
import logging
import math
from typing import Any, Protocol

from congress.live import news
from congress.live.database import in_database
from congress.live.pictures import Memory, Picture

log = logging.getLogger(__name__)

TICK_SECONDS = 0.25
HEARTBEAT_SECONDS = 5.0
ALONE_SECONDS = 1.0  # how often a hub looks for itself while no news can be heard
SLICE = 256  # sockets served before acks get a turn


class Clock:
    """When hubs of this process tick. Processes on one machine take turns, so that not all of them send at once."""

    phase: float | None = (
        None  # seconds after the full tick of the machine's steady clock; None: alone
    )

    def take_turns(self, place: int, processes: int) -> None:
        """We are number `place`, from 0, of so many processes."""
        self.phase = place % processes / processes * TICK_SECONDS if processes > 1 else None

    def after(self, tick: float) -> float:
        """The first moment for the next tick, at least `TICK_SECONDS` later."""
        next_tick = tick + TICK_SECONDS
        if self.phase is None:
            return next_tick
        turns = math.ceil((next_tick - self.phase) / TICK_SECONDS - 1e-6)
        return self.phase + turns * TICK_SECONDS


clock = Clock()


class Viewer(Protocol):
    """What a hub needs of a socket."""

    def audience(self, picture: Any) -> str: ...

    def post(self, key: str, text: str) -> None:
        """Send it when the reader is ready; only the newest text of a key waits. An empty text is none."""


class Hub:
    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self.topic = memory.source.topic
        self.viewers: dict[Viewer, None] = {}
        self.loop = asyncio.get_running_loop()
        self.shown: Picture | None = None
        self.ticks = 0
        self._dirty = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def picture(self) -> Any:
        """What to show somebody who comes now."""
        return await in_database(self.memory.fresh)

    def enter(self, viewer: Viewer) -> None:
        """From now on the viewer hears what changes. Enter before looking: twice is better than never."""
        self.viewers[viewer] = None
        if self._task is None or self._task.done():
            self.shown = None
            self._task = self.loop.create_task(self._run())
            news.listener().hear(self.topic, self._heard)

    def greeted(self, picture: Picture) -> None:
        """A viewer was shown this as the whole: what changes from there on must be sent."""
        if self.shown is None:
            self.shown = picture

    def leave(self, viewer: Viewer) -> None:
        self.viewers.pop(viewer, None)
        if not self.viewers:
            self._dirty.set()  # wakes the hub up, so that it ends

    def stir(self) -> None:
        """Something changed; look at the next tick. From any thread."""
        try:
            self.loop.call_soon_threadsafe(self._dirty.set)
        except RuntimeError:  # the loop has ended
            return

    async def stop(self) -> None:
        task, self._task = self._task, None
        self.viewers.clear()
        news.listener().forget(self.topic, self._heard)
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def _heard(self, _body: news.Body) -> None:
        self._dirty.set()

    async def _run(self) -> None:
        now = self.loop.time
        looked_at, beat_at, due = 0.0, now() + HEARTBEAT_SECONDS, 0.0
        while self.viewers:
            patience = ALONE_SECONDS if news.teller.away else HEARTBEAT_SECONDS
            next_look = min(looked_at + patience, beat_at) if looked_at else 0.0
            try:
                async with asyncio.timeout_at(max(now(), next_look)):
                    await self._dirty.wait()
            except TimeoutError:
                pass
            if self._dirty.is_set():
                # Whatever else happens until the tick goes out with it.
                await asyncio.sleep(max(0.0, due - now()))
            self._dirty.clear()
            if not self.viewers:
                break
            looked_at = now()
            # A little late is on time; who has slept begins anew.
            due = clock.after(due if looked_at - due < TICK_SECONDS / 2 else looked_at)
            try:
                await self._look()
                if now() >= beat_at and self.shown is not None:
                    beat_at = now() + HEARTBEAT_SECONDS
                    await self._send_all("heartbeat", self.shown)
            except Exception:  # the database may be away; viewers keep what they have
                log.exception("The hub of %s could not look", self.topic)
                beat_at = max(beat_at, now() + ALONE_SECONDS)
        if self._task is asyncio.current_task():
            self._task = None
            news.listener().forget(self.topic, self._heard)

    async def _look(self) -> None:
        picture = await in_database(self.memory.fresh, 0)
        # Asked for now, not before: somebody may have been greeted while we looked, with what was there then.
        before, self.shown = self.shown, picture
        if before is None:
            return  # whoever is greeted from now on gets this picture or a newer one
        self.ticks += 1
        for part in picture.news_since(before):
            await self._send_all(part, picture)

    async def _send_all(self, part: str, picture: Any) -> None:
        key = part.partition(".")[0]
        texts: dict[str, str] = {}
        for number, viewer in enumerate(list(self.viewers), 1):
            audience = viewer.audience(picture)
            text = texts.get(audience)
            if text is None:
                text = texts[audience] = picture.frame(part, audience)
            viewer.post(key, text)
            if number % SLICE == 0:
                await asyncio.sleep(0)


_hubs: dict[str, Hub] = {}


def hub_of(memory: Memory) -> Hub:
    """The hub of this topic in the running loop."""
    hub = _hubs.get(memory.source.topic)
    if hub is None or hub.loop is not asyncio.get_running_loop() or hub.memory is not memory:
        hub = _hubs[memory.source.topic] = Hub(memory)
    return hub


def changed(topic: str) -> None:
    """Tell everybody, here and in the other processes, that the topic changed. Never blocks, never fails."""
    if (hub := _hubs.get(topic)) is not None:
        hub.stir()
    news.tell(topic)


async def stop() -> None:
    """End all hubs of the running loop."""
    for topic, hub in list(_hubs.items()):
        if hub.loop is asyncio.get_running_loop():
            await hub.stop()
            del _hubs[topic]
