"""The code on an entry ticket: says at the door who comes, and is no way in by itself.

It is signed and stored nowhere, so that looking at one's ticket changes nothing, and every print of it is the same. A
ticket ends when the person's badge is locked: it is signed for the number of badges that had ended by then.
"""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse

from congress import links
from congress.models import AccessLink, Admission

KIND = "ticket"
# A ticket may be older than the last lock; older than so many is told like one that is unknown.
LOCKS_REMEMBERED = 20


def address_of(admission: Admission) -> str:
    """What the QR code holds: an address that explains itself to whoever opens it with a phone."""
    here = reverse(
        "ticket", kwargs={"edition": admission.edition.slug, "token": token_of(admission)}
    )
    return f"{settings.SITE_URL}{here}"


def token_of(admission: Admission) -> str:
    return token(admission.pk, _ended_badges(admission))


def token(number: int, ended_badges: int) -> str:
    return links.signed_token(KIND, number, str(ended_badges))


def read(token: str) -> tuple[Admission, bool] | None:
    """Whose ticket it is, and whether it is good; nothing where it is none of ours. Raises `links.Incomplete`."""
    number = links.number_of(KIND, token)
    admission = (
        Admission.objects.select_related("person", "edition__host_state").filter(pk=number).first()
    )
    if admission is None:
        return None
    ended = _ended_badges(admission)
    if links.is_signed_for(token, KIND, number, str(ended)):
        return admission, True
    before = range(max(0, ended - LOCKS_REMEMBERED), ended)
    if any(links.is_signed_for(token, KIND, number, str(count)) for count in before):
        return admission, False
    return None


def _ended_badges(admission: Admission) -> int:
    return AccessLink.objects.filter(
        admission=admission, kind=AccessLink.Kind.BADGE, revoked_at__isnull=False
    ).count()
