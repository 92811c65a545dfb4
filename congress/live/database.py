"""A few threads with database connections of their own, for everything live.

Not the one thread all consumers share by default: there a slow query of one would hold up all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Lock, local
from typing import ParamSpec, TypeVar

from django.db import connection

P = ParamSpec("P")
R = TypeVar("R")

THREADS = 2
# No query of the live part may hold up the others; pages have more patience (settings).
PATIENCE = "SET statement_timeout = '2s'; SET lock_timeout = '1s'"

_prepared = local()
_executor: ThreadPoolExecutor | None = None
_lock = Lock()


def ready_connection() -> None:
    """This thread's connection: alive, and with the patience of the live part."""
    connection.close_if_unusable_or_obsolete()
    connection.ensure_connection()
    if getattr(_prepared, "connection", None) is not connection.connection:
        with connection.cursor() as cursor:
            cursor.execute(PATIENCE)
        _prepared.connection = connection.connection


def forget_connection() -> None:
    """Close this thread's connection, also where it is beyond use."""
    _prepared.connection = None
    connection.close()


async def in_database(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run it in one of our threads. Raises what it raises."""

    def work() -> R:
        ready_connection()
        return function(*args, **kwargs)

    return await asyncio.get_running_loop().run_in_executor(_threads(), work)


def stop() -> None:
    """End the threads and their connections. They come back when they are needed."""
    global _executor
    with _lock:
        executor, _executor = _executor, None
    if executor is not None:
        # Each waits for the others, so that every thread closes its own connection.
        together = Barrier(THREADS)

        def leave() -> None:
            together.wait(timeout=5)
            forget_connection()

        done = [executor.submit(leave) for _ in range(THREADS)]
        for future in done:
            future.result(timeout=10)
        executor.shutdown()


def _threads() -> ThreadPoolExecutor:
    global _executor
    with _lock:
        if _executor is None:
            _executor = ThreadPoolExecutor(THREADS, thread_name_prefix="live-database")
        return _executor
