"""News between processes: "this topic changed", nothing more. Whoever hears it looks into the database.

Telling never blocks and never fails: a thread of its own publishes, each time with a deadline, and stops trying for a
moment when Redis is away. Hearing is one subscription per process; while Redis is away hubs look more often themselves.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import logging
import os
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from channels.layers import get_channel_layer

log = logging.getLogger(__name__)

DEADLINE_SECONDS = 0.5
PAUSE_SECONDS = 1.0  # after a failure, before the next attempt
GATHER_SECONDS = 0.02  # what is told within this goes out once
_MOST_WAITING = 1000

Body = dict[str, list[Any]]
Callback = Callable[[Body], None]


def group(topic: str) -> str:
    return f"news.{topic}"


class Teller:
    """Publishes from a thread of its own, so that no vote and no page ever waits for Redis."""

    def __init__(self) -> None:
        self._waiting: dict[str, Body] = {}
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._process = 0
        self._stopping = False
        self.away = False  # the last attempt failed
        self.told = 0
        self.failed = 0

    def tell(self, topic: str, **body: list[Any]) -> None:
        with self._changed:
            if len(self._waiting) >= _MOST_WAITING and topic not in self._waiting:
                return  # hubs look for themselves
            merged = self._waiting.setdefault(topic, {})
            for key, values in body.items():
                merged[key] = [*merged.get(key, []), *values]
            if self._thread is None or self._process != os.getpid():
                self._process, self.away = os.getpid(), False
                self._wake = None
                self._thread = threading.Thread(target=self._run, name="news", daemon=True)
                self._thread.start()
            self._call_publisher()

    def flush(self, seconds: float = 1.0) -> None:
        """Wait until all is told, at most so long."""
        until = time.monotonic() + seconds
        with self._changed:
            while self._thread is not None and self._process == os.getpid() and not self.away:
                left = until - time.monotonic()
                if left <= 0 or not (self._waiting or self._telling):
                    return
                self._changed.wait(min(left, 0.05))

    def stop(self) -> None:
        """Tell what waits and end the thread; the next news starts it again."""
        self.flush()
        with self._changed:
            thread, self._stopping = self._thread, True
            self._waiting.clear()
            self._call_publisher()
        if thread is not None and self._process == os.getpid():
            thread.join(timeout=5)
        with self._changed:
            self._thread, self._wake, self._stopping, self.away = None, None, False, False

    _telling = False
    _wake: Callable[[], object] | None = None  # known once the thread's loop runs

    def _call_publisher(self) -> None:
        """With the lock held."""
        if self._wake is not None:
            with contextlib.suppress(RuntimeError):  # its loop has just ended
                self._wake()

    def _run(self) -> None:
        with asyncio.Runner() as runner:
            runner.run(self._publish())

    async def _publish(self) -> None:
        layer = get_channel_layer()
        if layer is None:
            return
        # Not a wait in an executor's thread: Python joins those at exit, and the process would never end.
        loop, called = asyncio.get_running_loop(), asyncio.Event()
        with self._changed:
            self._wake = partial(loop.call_soon_threadsafe, called.set)
        while True:
            if not (self._waiting or self._stopping):
                await called.wait()
            called.clear()
            if self._stopping:
                break
            await asyncio.sleep(GATHER_SECONDS)
            with self._changed:
                batch, self._waiting, self._telling = self._waiting, {}, True
            for topic, body in batch.items():
                try:
                    message = {"type": "news", "topic": topic, "body": body}
                    async with asyncio.timeout(DEADLINE_SECONDS):
                        await layer.group_send(group(topic), message)
                except Exception as error:  # noqa: BLE001  # whatever the client raises means: not now
                    self._failed(topic, body, error)
                else:
                    self.told += 1
                    self.away = False
            with self._changed:
                self._telling = False
                self._changed.notify_all()
            if self.away:
                await asyncio.sleep(PAUSE_SECONDS)
        await _close(layer)

    def _failed(self, topic: str, body: Body, error: Exception) -> None:
        if not self.away:
            log.warning("News cannot be told (%s); hubs look for themselves.", type(error).__name__)
        self.away = True
        self.failed += 1
        with self._changed:
            if len(self._waiting) >= _MOST_WAITING and topic not in self._waiting:
                return  # as many came meanwhile; hubs look for themselves
            newer = self._waiting.setdefault(topic, {})
            for key, values in body.items():
                newer[key] = [*values, *newer.get(key, [])][:_MOST_WAITING]


class Listener:
    """Hears for one event loop; calls back whoever waits for a topic."""

    def __init__(self) -> None:
        self._callbacks: dict[str, list[Callback]] = {}
        self._subscribed: set[str] = set()
        self._task: asyncio.Task[None] | None = None
        self._wanted = asyncio.Event()

    def hear(self, topic: str, callback: Callback) -> None:
        self._callbacks.setdefault(topic, []).append(callback)
        self._wanted.set()
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run())

    def forget(self, topic: str, callback: Callback) -> None:
        callbacks = self._callbacks.get(topic, [])
        if callback in callbacks:
            callbacks.remove(callback)
        if not callbacks:
            self._callbacks.pop(topic, None)
            self._wanted.set()

    def hears(self, topic: str, callback: Callback) -> bool:
        return callback in self._callbacks.get(topic, ())

    async def subscribed(self, topic: str) -> None:
        """Wait until the topic is heard (tests)."""
        while topic not in self._subscribed:  # noqa: ASYNC110  # nothing to wait on: Redis may be away
            await asyncio.sleep(0.01)

    async def stop(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        self._callbacks.clear()
        self._subscribed.clear()

    async def _run(self) -> None:
        layer: Any = get_channel_layer()
        if layer is None:
            return
        complained = False
        while True:
            try:
                channel = await layer.new_channel()
                receiving = asyncio.get_running_loop().create_task(self._receive(layer, channel))
                try:
                    await self._keep_subscribed(layer, channel)
                finally:
                    receiving.cancel()
                    await asyncio.gather(receiving, return_exceptions=True)
            except Exception as error:  # noqa: BLE001  # Redis away, in whatever words
                if not complained:
                    log.warning(
                        "News cannot be heard (%s); hubs look for themselves.", type(error).__name__
                    )
                complained = True
                self._subscribed.clear()
                await asyncio.sleep(PAUSE_SECONDS)

    async def _keep_subscribed(self, layer: Any, channel: str) -> None:
        self._subscribed.clear()
        while True:
            self._wanted.clear()
            for topic in set(self._callbacks) - self._subscribed:
                # Not wait_for: until Python 3.12 it may swallow that we are told to stop.
                async with asyncio.timeout(5):
                    await layer.group_add(group(topic), channel)
                self._subscribed.add(topic)
                self._call(topic, {})  # something may have happened before we listened
            for topic in self._subscribed - set(self._callbacks):
                async with asyncio.timeout(5):
                    await layer.group_discard(group(topic), channel)
                self._subscribed.discard(topic)
            await self._wanted.wait()

    async def _receive(self, layer: Any, channel: str) -> None:
        while True:
            message = await layer.receive(channel)
            self._call(message.get("topic", ""), message.get("body", {}))

    def _call(self, topic: str, body: Body) -> None:
        for callback in list(self._callbacks.get(topic, ())):
            try:
                callback(body)
            except Exception:  # one listener's fault is not the others'
                log.exception("Hearing news about %s failed", topic)


async def _close(layer: Any) -> None:
    try:
        async with asyncio.timeout(1):
            await layer.flush()
    except Exception:  # noqa: BLE001  # it is going away anyhow
        return


teller = Teller()
tell = teller.tell
atexit.register(teller.flush)
_listeners: dict[asyncio.AbstractEventLoop, Listener] = {}


def listener() -> Listener:
    """The one of the running loop."""
    loop = asyncio.get_running_loop()
    for ended in [known for known in _listeners if known.is_closed()]:
        del _listeners[ended]
    return _listeners.setdefault(loop, Listener())
