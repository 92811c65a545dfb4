"""Letters about data that people change themselves: to the new address, and to the one before."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import override

from congress import links, mail
from congress.models import AccessLink, Letter
from registration.emails import addresses, post
from registration.models import AddressChange, Registration

NEW_ADDRESS = "registration/emails/new_address.md"
ADDRESS_LEFT = "registration/emails/address_left.md"
CHANGED = "registration/emails/changed.md"

NOT_TAKEN_OVER = "registration/emails/not_taken_over.md"

CHANGE = "readdress"  # kind of the signed token behind the link


def new_address(change: AddressChange) -> Letter:
    """To the new mailbox: is this you?"""
    return mail.post_letter(
        NEW_ADDRESS,
        once=f"{NEW_ADDRESS}:{change.pk}:{change.key}",
        edition=change.registration.edition,
        to=change.address,
        language=change.registration.language,
        change=change,
    )


def address_left(registration: Registration, before: str, now: datetime) -> None:
    """To the mailbox that was left, so that nobody loses a registration without noticing."""
    if before:
        mail.post_letter(
            ADDRESS_LEFT,
            once=f"{ADDRESS_LEFT}:{registration.pk}:{now.isoformat()}",
            edition=registration.edition,
            to=before,
            language=registration.language,
            registration=registration,
        )


def changed(registration: Registration, link: AccessLink | None, now: datetime) -> None:
    """What the change means: still in, or looked at by a person."""
    post(CHANGED, registration, link, key=f":{now.isoformat()}")


def not_taken_over(registration: Registration, now: datetime) -> None:
    """To whoever asked a colleague to come instead: it did not work, the place stays. Never why."""
    post(NOT_TAKEN_OVER, registration, key=f":{now.isoformat()}")


def change_url(change: AddressChange) -> str:
    token = links.signed_token(CHANGE, change.pk, str(change.key))
    where = {"edition": change.registration.edition.slug, "token": token}
    with override(change.registration.language):
        path: str = reverse("registration_new_address", kwargs=where)
    return f"{settings.SITE_URL}{path}"


def _with_link(letter: Letter, context: dict[str, Any]) -> dict[str, Any]:
    return {"confirm_url": change_url(context["change"])}


def _with_state(letter: Letter, context: dict[str, Any]) -> dict[str, Any]:
    return {"checked_again": context["registration"].state == Registration.State.IN_REVIEW}


mail.ENRICHERS[NEW_ADDRESS] = [_with_link]
mail.ENRICHERS[ADDRESS_LEFT] = [addresses]
mail.ENRICHERS[NOT_TAKEN_OVER] = [addresses]
mail.ENRICHERS[CHANGED] = [addresses, _with_state]
