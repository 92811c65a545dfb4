"""What applicants do with their own registration."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

from django.db import transaction

from congress.models import User
from registration import emails
from registration.actions.asked import forget_needs
from registration.actions.entering import note, take_back
from registration.actions.places import give_all_back, give_up
from registration.actions.refusals import CannotBeCancelled
from registration.actions.uses import give_invitation_back
from registration.models import Place, Registration, Substitution


@transaction.atomic
def cancel(*, registration: Registration, now: datetime, by: User | None = None) -> None:
    """End the registration, its places and the admission that came with it; without `by` it is the person who cancels.

    Raises `CannotBeCancelled`.
    """
    by = by or registration.person
    end(registration, now=now)
    if registration.person is not None:
        give_invitation_back(registration)
        take_back(registration, now=now, by=by)
        note("cancelled", registration, now=now, by=by)
        emails.cancelled(registration)
        give_all_back(registration=registration, now=now)


def end(registration: Registration, *, now: datetime) -> None:
    """Whoever changes the row first has ended it. Raises `CannotBeCancelled`."""
    changed = (
        Registration.objects.filter(pk=registration.pk)
        .exclude(state__in=(Registration.State.REJECTED, Registration.State.CANCELLED))
        .update(state=Registration.State.CANCELLED, cancelled_at=now)
    )
    if not changed:
        raise CannotBeCancelled
    registration.refresh_from_db()
    forget_needs(registration)
    Substitution.objects.concerning(registration).delete()


def decline_place(*, place: Place, now: datetime) -> None:
    """Somebody else shall have it. Without a place to take part the registration ends. Twice does no harm."""
    if not give_up(place=place, now=now):
        with suppress(CannotBeCancelled):
            cancel(registration=place.registration, now=now)
