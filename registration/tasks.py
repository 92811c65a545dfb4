"""What the clock starts in the registration. Doing any of it twice does no harm."""

import logging

from celery import shared_task

from congress.models import Edition
from registration import actions, place_queries

logger = logging.getLogger(__name__)


@shared_task
def ask_colleagues() -> int:
    """Write to colleagues whom applicants have named, as far as they are admitted. Returns how many letters."""
    editions = Edition.objects.filter(registrations__confirmations__asked_at__isnull=True)
    return sum(
        actions.ask_colleagues(edition=edition, now=edition.now())
        for edition in editions.filter(registrations__confirmations__isnull=False).distinct()
    )


@shared_task
def remind_reviewers() -> int:
    """Once on a working day, while cases wait for longer than promised. Returns how many letters."""
    editions = Edition.objects.filter(registrations__state="in_review").distinct()
    return sum(actions.remind_reviewers(edition=edition, now=edition.now()) for edition in editions)


@shared_task
def sweep_places() -> int:
    """Offers whose time is over go to the next in line. Returns how many have passed."""
    return actions.sweep()


@shared_task
def check_counts() -> int:
    """Compare the counters of places with the rows they count. Returns how many contingents differ: none should."""
    found = place_queries.miscounts()
    for one in found:
        logger.error(
            "Contingent %s counts %s taken and %s waiting; its rows say %s and %s.",
            one.contingent.pk,
            *one.counted,
            *one.rows,
        )
    return len(found)
