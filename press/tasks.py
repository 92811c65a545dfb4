"""What the clock starts at the press. Doing it twice does no harm."""

from celery import shared_task

from press import downloads, publishing


@shared_task
def mail_releases() -> int:
    """Letters about releases whose moment has come. Returns how many."""
    return publishing.mail_due_releases()


@shared_task
def count_downloads() -> int:
    return downloads.write_down()
