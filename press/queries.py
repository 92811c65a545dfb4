"""What pages of the press ask for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from congress import links
from congress.models import Admission, Edition
from congress.retention import ended_before
from press.models import Accreditation, PressSettings

# The kind of the link in the confirmation: it confirms the address and takes the proof.
REQUEST_LINK = "proof"
# congress/retention.toml
PROOFS = timedelta(days=14)
REQUESTS = timedelta(days=183)


@dataclass(frozen=True)
class Desk:
    """How the press office takes requests in this edition, and how one reaches it."""

    takes_late: bool
    mailbox: str
    phone: str


def desk(edition: Edition) -> Desk:
    settings = PressSettings.objects.filter(edition=edition).first()
    return Desk(
        takes_late=settings is None or settings.late_queue,
        mailbox=edition.press_email or edition.help_email or "",
        phone=settings.phone if settings is not None else "",
    )


def request_token(accreditation: Accreditation) -> str:
    """What the link of a request carries. It belongs to the row and the mailbox it was sent to."""
    return links.signed_token(REQUEST_LINK, accreditation.pk, _about(accreditation))


def accreditation_of(token: str, edition: Edition) -> Accreditation | None:
    """The request of a link, or none. Raises `links.Incomplete`."""
    number = links.number_of(REQUEST_LINK, token)
    found = Accreditation.objects.filter(pk=number, edition=edition).first()
    if found is None or not links.is_signed_for(token, REQUEST_LINK, found.pk, _about(found)):
        return None
    return found


def sent_recently(accreditation: Accreditation, within: timedelta) -> int:
    """How many requests this mailbox has sent in the time before this one, itself included."""
    return Accreditation.objects.filter(
        edition=accreditation.edition_id,
        mailbox=accreditation.mailbox,
        submitted_at__gt=accreditation.submitted_at - within,
    ).count()


def readers_by_mail(edition: Edition, now: datetime) -> QuerySet[Accreditation]:
    """Accredited journalists who asked for releases and are still let in."""
    return Accreditation.objects.filter(
        edition=edition,
        state=Accreditation.State.APPROVED,
        wants_releases=True,
        admission__in=Admission.objects.in_force(),
    ).select_related("person", "edition")


def link_is_over(edition: Edition, now: datetime) -> bool:
    """Requests end with the congress; personal links two hours later."""
    return now >= edition.ends_at


def forgettable_proofs() -> QuerySet[Accreditation]:
    """Proofs of requests that were decided or withdrawn long enough ago, by their edition's clock."""
    limit = Edition.edition_now("edition__") - PROOFS
    return Accreditation.objects.filter(
        Q(decided_at__lt=limit) | Q(state=Accreditation.State.WITHDRAWN, withdrawn_at__lt=limit),
        ~Q(card_number="", work="", card_issuer=""),
    )


def forgettable_requests() -> QuerySet[Accreditation]:
    return Accreditation.objects.filter(ended_before(REQUESTS, "edition__"))


def _about(accreditation: Accreditation) -> str:
    return f"{accreditation.form_key}:{accreditation.mailbox}"
