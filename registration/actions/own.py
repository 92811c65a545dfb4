"""What applicants do with their own registration."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from congress.models import User
from registration import emails
from registration.actions.entering import note, take_back
from registration.actions.inviting import give_invitation_back
from registration.actions.refusals import CannotBeCancelled
from registration.models import Registration


@transaction.atomic
def cancel(*, registration: Registration, now: datetime, by: User | None = None) -> None:
    """End the registration and the admission that came with it; without `by` it is the person who cancels.

    Raises `CannotBeCancelled`.
    """
    by = by or registration.person
    changed = (
        Registration.objects.filter(pk=registration.pk)
        .exclude(state__in=(Registration.State.REJECTED, Registration.State.CANCELLED))
        .update(state=Registration.State.CANCELLED, cancelled_at=now)
    )
    if not changed:
        raise CannotBeCancelled
    registration.refresh_from_db()
    if registration.person is not None:
        give_invitation_back(registration)
        take_back(registration, now=now, by=by)
        note("cancelled", registration, now=now, by=by)
        emails.cancelled(registration)
