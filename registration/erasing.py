"""What the retention plan says about registrations, as steps of the nightly erasure."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from congress import retention
from congress.models import Edition
from congress.models.database import StatementNow
from registration import emails_inviting
from registration.models import (
    AddressChange,
    CheckIn,
    Delegate,
    Delegation,
    Draft,
    EmailCode,
    Invitation,
    Needs,
    Place,
    Registration,
    ReviewClaim,
    RuleTable,
    Substitution,
    TelephoneCode,
)

UNVERIFIED = timedelta(hours=72)
REJECTED = timedelta(days=30)
CODES = timedelta(hours=24)
INVITATIONS = timedelta(days=30)
NEEDS = timedelta(days=14)


def codes() -> QuerySet[Any]:
    return EmailCode.objects.exclude(pk__in=EmailCode.objects.sent_within(CODES))


def telephone_codes() -> QuerySet[Any]:
    return TelephoneCode.objects.filter(made_at__lte=StatementNow() - CODES)


def address_changes() -> QuerySet[Any]:
    limit = Edition.edition_now("registration__edition__") - AddressChange.LIFETIME
    return AddressChange.objects.filter(asked_at__lte=limit)


def tables() -> QuerySet[Any]:
    return RuleTable.objects.filter(uploaded_at__lt=StatementNow() - RuleTable.KEPT)


def unverified() -> QuerySet[Any]:
    return Registration.objects.unverified().filter(
        submitted_at__lt=Edition.edition_now("edition__") - UNVERIFIED
    )


def rejected() -> QuerySet[Any]:
    return Registration.objects.filter(
        state=Registration.State.REJECTED,
        decided_at__lt=Edition.edition_now("edition__") - REJECTED,
    )


def of_the_past() -> QuerySet[Any]:
    return Registration.objects.filter(
        retention.ended_before(retention.AFTER_THE_EDITION, "edition__")
    )


def delegates() -> QuerySet[Any]:
    return Delegate.objects.over()


def erase_delegates(rows: QuerySet[Any]) -> int:
    """With the letters to them, which hold their address."""
    emails_inviting.letters_to_delegates(rows.values_list("pk", flat=True)).delete()
    Substitution.objects.filter(key__in=rows.values("key")).delete()
    return retention.delete(rows)


def delegations_of_the_past() -> QuerySet[Any]:
    return Delegation.objects.filter(
        retention.ended_before(retention.AFTER_THE_EDITION, "edition__")
    )


def invitations() -> QuerySet[Any]:
    """Of people who did not come."""
    ended_before = Edition.edition_now("edition__") - INVITATIONS
    return Invitation.objects.filter(
        Q(valid_until__lt=ended_before) | Q(revoked_at__lt=ended_before),
        kind=Invitation.Kind.PERSONAL,
        uses=0,
    )


def erase_invitations(rows: QuerySet[Any]) -> int:
    """With the letters, which hold the address."""
    emails_inviting.letters_to_guests(rows.values_list("pk", flat=True)).delete()
    return retention.delete(rows)


def invitations_of_the_past() -> QuerySet[Any]:
    return Invitation.objects.filter(
        retention.ended_before(retention.AFTER_THE_EDITION, "edition__")
    )


def needs() -> QuerySet[Any]:
    return Needs.objects.filter(retention.ended_before(NEEDS, "registration__edition__"))


def drafts() -> QuerySet[Any]:
    return Draft.objects.filter(retention.ended_before(NEEDS, "registration__edition__"))


def check_ins() -> QuerySet[Any]:
    return CheckIn.objects.filter(retention.ended_before(retention.AFTER_THE_EDITION, "edition__"))


def places_of_the_past() -> QuerySet[Any]:
    """Who had them; how many were taken stays with the contingent."""
    return Place.objects.filter(retention.ended_before(retention.AFTER_THE_EDITION, "edition__"))


# Before the registrations that hold them.
retention.steps.register(
    retention.Step(_("Places and waiting lists"), places_of_the_past, retention.delete), order=49
)
# Before the people whom nothing holds any more.
for _label, _rows in (
    (_("Codes by mail"), codes),
    (_("Codes by telephone"), telephone_codes),
    (_("Cases that somebody had open"), ReviewClaim.objects.over),
    (_("New addresses that were not confirmed"), address_changes),
    (_("Uploaded tables of rules"), tables),
    (_("Registrations whose address was not confirmed"), unverified),
    (_("Rejected registrations"), rejected),
    (_("What people needed to take part"), needs),
    (_("What people had typed and not sent"), drafts),
    (_("Registrations"), of_the_past),
    (_("Delegations"), delegations_of_the_past),
    (_("Invitations"), invitations_of_the_past),
    (_("Who came through the door"), check_ins),
):
    retention.steps.register(retention.Step(_label, _rows, retention.delete), order=50)
retention.steps.register(
    retention.Step(_("Invitations that nobody followed"), invitations, erase_invitations), order=50
)
retention.steps.register(
    retention.Step(_("Colleagues who did not answer"), delegates, erase_delegates), order=50
)
