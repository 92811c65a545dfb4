"""Waking a worker, by the name of the task: actions need not know the tasks that know them."""

import logging
import time

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


def start(task: str, *arguments: int) -> None:
    """Ask a worker for `task`. Where Redis is down nothing is lost: rows wait, and the sweeper finds them."""
    global _silent_until
    if time.monotonic() < _silent_until:
        return
    try:
        with app.connection(transport_options=_AT_ONCE) as line:
            app.send_task(task, arguments, retry=False, connection=line)
    except Exception:  # noqa: BLE001  # whatever the broker raises, the caller's work is done
        _silent_until = time.monotonic() + SECONDS_OF_SILENCE
        logger.warning("No worker could be woken for %s; the sweeper will.", task)
