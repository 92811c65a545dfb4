"""One thread that does for many at once what each asked for alone: first come, at most `wait` seconds later.

The queue is bounded: when the database is away, whoever asks hears `Busy` instead of waiting in a growing line.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, Generic, TypeVar

from django.db import DatabaseError, InterfaceError

from congress.live.database import forget_connection, ready_connection

log = logging.getLogger(__name__)

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class Busy(Exception):
    """Not now; the person may ask again after `retry_after_ms`."""

    retry_after_ms = 1000


class Batcher(Generic[Item, Answer]):
    """Collects items and hands them to `work`, which gives one answer for each.

    Where `work` fails as a whole and `one_by_one` is given, each item is tried alone once, within `patience` seconds;
    what is left then is answered `Busy`.
    """

    def __init__(
        self,
        name: str,
        work: Callable[[Sequence[Item]], Sequence[Answer]],
        *,
        one_by_one: Callable[[Item], Answer] | None = None,
        after: Callable[[Sequence[Item], Sequence[Answer | Busy]], None] | None = None,
        size: int = 100,
        most: int = 500,
        wait: float = 0.05,
        limit: int = 20_000,
        patience: float = 2.0,
    ) -> None:
        self.name = name
        self.work = work
        self.one_by_one = one_by_one
        self.after = after
        self.size = size
        self.most = most
        self.wait = wait
        self.limit = limit
        self.patience = patience
        self._queue: list[tuple[Item, Future[Answer] | asyncio.Future[Answer]]] = []
        self._since = 0.0  # when the first of the queue came
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._process = 0
        self._stopping = False

    def submit(self, item: Item) -> Future[Answer]:
        """For threads: `.result(timeout)` waits. Raises `Busy` at once where too many wait already."""
        future: Future[Answer] = Future()
        self._enqueue(item, future)
        return future

    async def ask(self, item: Item) -> Answer:
        """For coroutines. Raises `Busy`."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._enqueue(item, future)
        return await future

    def stop(self) -> None:
        """Finish what waits, end the thread and its connection. The next item starts it again."""
        with self._changed:
            thread, self._stopping = self._thread, True
            self._changed.notify_all()
        if thread is not None and self._process == os.getpid():
            thread.join(timeout=10)
        with self._changed:
            self._thread, self._stopping = None, False

    def _enqueue(self, item: Item, future: Future[Answer] | asyncio.Future[Answer]) -> None:
        with self._changed:
            if len(self._queue) >= self.limit:
                raise Busy
            if not self._queue:
                self._since = time.monotonic()
            self._queue.append((item, future))
            if self._thread is None or self._process != os.getpid():  # a fork has no threads
                self._process = os.getpid()
                self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)
                self._thread.start()
            if len(self._queue) in {1, self.size}:
                self._changed.notify_all()

    def _run(self) -> None:
        try:
            while batch := self._next_batch():
                items = [item for item, _ in batch]
                answers = self._answers(items)
                self._deliver([future for _, future in batch], answers)
                if self.after is not None:
                    try:
                        self.after(items, answers)
                    except Exception:  # a listener's fault must not end the thread
                        log.exception("%s: what follows a batch failed", self.name)
        finally:
            forget_connection()

    def _next_batch(self) -> list[tuple[Item, Future[Answer] | asyncio.Future[Answer]]]:
        with self._changed:
            while not self._queue:
                if self._stopping:
                    return []
                self._changed.wait()
            # From when the first of them came, which may have been while the batch before was being written.
            until = self._since + self.wait
            while len(self._queue) < self.size and not self._stopping:
                left = until - time.monotonic()
                if left <= 0:
                    break
                self._changed.wait(left)
            batch, self._queue = self._queue[: self.most], self._queue[self.most :]
            return batch

    def _answers(self, items: list[Item]) -> Sequence[Answer | Busy]:
        try:
            ready_connection()
            return self.work(items)
        except Exception as error:  # noqa: BLE001  # the thread must survive whatever comes
            self._failed(error)
        if self.one_by_one is None or len(items) == 0:
            return [Busy() for _ in items]
        until = time.monotonic() + self.patience
        answers: list[Answer | Busy] = []
        for item in items:
            if time.monotonic() >= until:
                answers.append(Busy())
                continue
            try:
                ready_connection()
                answers.append(self.one_by_one(item))
            except Exception as error:  # noqa: BLE001
                self._failed(error)
                answers.append(Busy())
        return answers

    def _failed(self, error: Exception) -> None:
        # What was asked for is personal: the kind of error is enough, unless the fault is ours.
        if isinstance(error, DatabaseError | InterfaceError):
            log.warning("%s: %s", self.name, type(error).__name__)
        else:
            log.error("%s failed", self.name, exc_info=error)
        forget_connection()

    def _deliver(
        self,
        futures: Sequence[Future[Answer] | asyncio.Future[Answer]],
        answers: Sequence[Answer | Busy],
    ) -> None:
        by_loop: dict[asyncio.AbstractEventLoop, list[tuple[Any, Any]]] = {}
        for future, answer in zip(futures, answers, strict=True):
            if isinstance(future, Future):
                _settle(future, answer)
            else:
                by_loop.setdefault(future.get_loop(), []).append((future, answer))
        for loop, pairs in by_loop.items():  # one wake-up per loop, however many wait
            try:
                loop.call_soon_threadsafe(_settle_all, pairs)
            except RuntimeError:  # the loop has ended, and with it whoever asked
                continue


def _settle_all(pairs: list[tuple[asyncio.Future[Any], Any]]) -> None:
    for future, answer in pairs:
        _settle(future, answer)


def _settle(future: Any, answer: Any) -> None:
    if future.done():  # whoever asked has gone
        return
    if isinstance(answer, Exception):
        future.set_exception(answer)
    else:
        future.set_result(answer)
