"""What the clock starts on the stages. Doing it twice does no harm."""

from celery import shared_task

from polls import actions
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
