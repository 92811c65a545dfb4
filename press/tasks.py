"""What the clock starts at the press. Doing it twice does no harm."""

from celery import shared_task

from congress.models import Edition
from press import actions, downloads, publishing, queries


@shared_task
def mail_releases() -> int:
    """Letters about releases whose moment has come. Returns how many."""
    return publishing.mail_due_releases()


@shared_task
def count_downloads() -> int:
    return downloads.write_down()


@shared_task
def answer_link_requests() -> int:
    """Lost links that were asked for. Returns how many requests there were."""
    return actions.answer_link_requests()


@shared_task
def time_links() -> int:
    """Links that wait leave at the moment that holds now, also where the days of the congress were moved."""
    waiting = Edition.objects.filter(pk__in=queries.editions_with_waiting_links())
    return sum(actions.time_links(edition) for edition in waiting.select_related("host_state"))
