"""The Celery application. What it may do and when stands in settings; tasks live in each app's `tasks.py`."""

import os
from typing import Any

from celery import Celery
from celery.signals import task_prerun
from django.db import close_old_connections

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "congress.settings")

app = Celery("congress")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@task_prerun.connect
def _look_at_the_database(task: Any, **_more: Any) -> None:
    """As a page does: the connection is kept (CELERY_DB_REUSE_MAX), and asked whether it still lives."""
    if not task.request.is_eager:
        close_old_connections()
