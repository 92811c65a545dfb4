"""What the clock starts on the stages. Doing it twice does no harm."""

from celery import shared_task

from congress.models import Edition
from polls import actions, answering, streams
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


@shared_task
def send_open_questions() -> int:
    """Write to speakers' offices what was left unanswered in sessions that are over. Returns how many letters."""
    return sum(
        answering.send_open_questions(edition=edition, now=edition.now())
        for edition in Edition.objects.running()
    )


@shared_task(soft_time_limit=20, time_limit=30)
def watch_streams() -> int:
    """Look at the streams of the editions whose days these are. Returns at how many. Switches nothing."""
    return streams.watch(list(Edition.objects.running()))
