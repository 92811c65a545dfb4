"""Waking a worker, by the name of the task: actions need not know the tasks that know them."""

import logging

from congress.celery import app

logger = logging.getLogger(__name__)


def start(task: str, *arguments: int) -> None:
    """Ask a worker for `task`. Where Redis is down nothing is lost: rows wait, and the sweeper finds them."""
    try:
        app.send_task(task, arguments, retry=False)
    except Exception:  # noqa: BLE001  # whatever the broker raises, the caller's work is done
        logger.warning("No worker could be woken for %s; the sweeper will.", task)
