"""What the clock starts in the congress. Doing any of it twice does no harm."""

from celery import shared_task
from django.utils import timezone

from congress.models import BrowserSession


@shared_task
def forget_ended_sessions() -> int:
    """Delete sessions that ended. Returns how many."""
    count, _ = BrowserSession.objects.filter(expire_date__lt=timezone.now()).delete()  # noqa: TID251  # sessions live by the real clock
    return count
