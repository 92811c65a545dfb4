"""Waking a worker, by the name of the task: actions need not know the tasks that know them."""

import logging
import os
import threading
import time
from typing import Any

from congress.celery import app

logger = logging.getLogger(__name__)

# Nobody's page waits for Redis: one attempt of a second at most (kombu would try for six), and where it failed
# none for a while.
_AT_ONCE = {
    "max_retries": 0,
    "interval_start": 0,
    "socket_connect_timeout": 1,
    "socket_timeout": 1,
}
SECONDS_OF_SILENCE = 5
_silent_until = 0.0


class _Line(threading.local):
    """This thread's line to the broker, kept: to open one for each letter costs as much as the letter."""

    producer: Any = None
    made_for: tuple[int, str] = (0, "")

    def is_there(self) -> bool:
        return self.producer is not None and self.made_for == _here()

    def open(self) -> Any:
        self.close()
        self.made_for = _here()
        self.producer = app.amqp.Producer(
            app.connection(transport_options=_AT_ONCE), auto_declare=False
        )
        return self.producer

    def close(self) -> None:
        # A child of a fork lets go of its parent's line without a word on it.
        if self.is_there():
            self.producer.connection.close()
        self.producer = None


_line = _Line()


def _here() -> tuple[int, str]:
    return os.getpid(), app.conf.broker_url


def start(task: str, *arguments: int) -> None:
    """Ask a worker for `task`. Where Redis is down nothing is lost: rows wait, and the sweeper finds them."""
    global _silent_until
    if time.monotonic() < _silent_until:
        return
    if _line.is_there():
        try:
            app.send_task(task, arguments, retry=False, producer=_line.producer)
        except Exception:  # noqa: BLE001  # Redis may have started anew since
            _line.close()
        else:
            return
    try:
        app.send_task(task, arguments, retry=False, producer=_line.open())
    except Exception:  # noqa: BLE001  # whatever the broker raises, the caller's work is done
        _line.close()
        _silent_until = time.monotonic() + SECONDS_OF_SILENCE
        logger.warning("No worker could be woken for %s; the sweeper will.", task)
