"""What the clock starts on the stages. Doing it twice does no harm."""

from celery import shared_task

from congress.models import Edition
from polls import actions, streams
from polls.models import Poll


@shared_task
def close_due_polls() -> int:
    """Close the polls whose time is over by their edition's clock. Returns how many.

    Votes after the end are refused whether this has run or not.
    """
    due = list(Poll.objects.due().select_related("edition"))
    for poll in due:
        actions.close_poll(poll=poll, now=poll.edition.now())
    return len(due)


@shared_task(soft_time_limit=20, time_limit=30)
def watch_streams() -> int:
    """Look at the streams of the editions whose days these are. Returns at how many. Switches nothing."""
    return streams.watch(list(Edition.objects.running()))
