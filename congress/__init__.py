"""The congress itself: editions, people, access, pages, live transport, and the wiring of the suite."""

from congress.celery import app as celery_app

__all__ = ["celery_app"]
