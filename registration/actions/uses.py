"""The uses that an invitation holds: one is taken, or given back."""

from __future__ import annotations

from django.db.models import F

from congress.models.database import StatementNow
from registration.models import Invitation, Registration


def use_invitation(registration: Registration, number: int | None) -> Invitation | None:
    """Take one use for the mailbox that has just been proved; None where it holds no more, or not for this one.

    One statement takes it or does not, by columns of its own row: of two people for the last one exactly one has
    it (RELIABILITY.md D7).
    Whoever takes a place besides takes it after this.
    """
    if number is None:
        return None
    moment = StatementNow() + registration.edition.clock_shift
    taken = (
        Invitation.objects.open_at(moment)
        .for_mailbox(registration.email_key)
        .filter(pk=number, edition=registration.edition)
        .update(uses=F("uses") + 1)
    )
    return Invitation.objects.get(pk=number) if taken else None


def give_invitation_back(registration: Registration) -> None:
    """Whoever cancels leaves the use to somebody else, or to themselves should they change their mind."""
    if registration.invitation_id is not None:
        Invitation.objects.filter(pk=registration.invitation_id, uses__gt=0).update(
            uses=F("uses") - 1
        )
        Registration.objects.filter(pk=registration.pk).update(invitation=None)
