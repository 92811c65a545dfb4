"""What people decide about registrations. Every refusal is one of theirs, with a reason the applicant reads."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from congress.models import User
from registration import emails
from registration.actions.arriving import arrive, do_not_take_over
from registration.actions.entering import note
from registration.actions.places import give_all_back
from registration.actions.refusals import AlreadyDecided, CongressIsOver, NoReason
from registration.models import Registration


@transaction.atomic
def admit(*, registration: Registration, by: User, now: datetime) -> None:
    """Let the person in, or on to the waiting list where all places are taken.

    Raises `AlreadyDecided` or `CongressIsOver`.
    """
    if now >= registration.edition.ends_at:
        raise CongressIsOver
    decide(registration, Registration.State.ADMITTED, by=by, now=now)
    arrive(registration, now=now, by=by)


@transaction.atomic
def reject(*, registration: Registration, by: User, now: datetime, reason: str) -> None:
    """Refuse, with the reason that the applicant reads. Raises `AlreadyDecided` or `NoReason`."""
    reason = reason.strip()
    if not reason:
        raise NoReason
    decide(registration, Registration.State.REJECTED, by=by, now=now, reason=reason)
    note("rejected", registration, now=now, by=by)
    emails.rejected(registration)
    do_not_take_over(registration, now=now)
    give_all_back(registration=registration, now=now)


def decide(
    registration: Registration, state: str, *, by: User, now: datetime, reason: str = ""
) -> None:
    # Whoever changes the row first has decided; no lock needed.
    changed = (
        Registration.objects.in_review()
        .filter(pk=registration.pk)
        .update(state=state, decided_by=by, decided_at=now, reason=reason)
    )
    if not changed:
        raise AlreadyDecided
    registration.refresh_from_db()
