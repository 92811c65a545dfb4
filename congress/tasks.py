"""What the clock starts in the congress. Doing any of it twice does no harm."""

from celery import shared_task
from django.utils import timezone

from congress import mail, retention, worker
from congress.models import BrowserSession, Letter

LETTERS_AT_ONCE = 200
# Both end before the lease of a letter does (congress.mail.LEASE): nobody else takes it from a sender that lives.
SECONDS_FOR_ONE_LETTER = 75
SECONDS_UNTIL_KILLED = 90


@shared_task(soft_time_limit=SECONDS_FOR_ONE_LETTER, time_limit=SECONDS_UNTIL_KILLED)
def send_letter(letter_id: int) -> None:
    """Send one letter, if it still waits."""
    letter = mail.claim(letter_id)
    if letter is not None:
        mail.send(letter)


@shared_task
def sweep_letters() -> int:
    """Start what is due and forgotten. Returns how many letters were started."""
    mail.settle_forgotten()
    due = list(Letter.objects.due().order_by("pk").values_list("pk", flat=True)[:LETTERS_AT_ONCE])
    for letter_id in due:
        worker.start("congress.tasks.send_letter", letter_id)
    return len(due)


@shared_task
def forget_ended_sessions() -> int:
    """Delete sessions that ended. Returns how many."""
    ended = BrowserSession.objects.filter(expire_date__lt=timezone.now())  # noqa: TID251  # sessions live by the real clock
    count, _ = ended.delete()
    return count


@shared_task
def erase_personal_data() -> dict[str, int]:
    """Erase what the retention plan no longer allows. Returns the count of each step."""
    return retention.erase_due()
