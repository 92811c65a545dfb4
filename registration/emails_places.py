"""Letters to people who wait for a place, and to those a place is kept for."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import override

from congress import links, mail
from congress.models import AccessLink, Letter
from registration.emails import addresses, post
from registration.models import Place, Registration

WAITLISTED = "registration/emails/waitlisted.md"
PLACE_OFFERED = "registration/emails/place_offered.md"
OFFER_PASSED = "registration/emails/offer_passed.md"
ITEM_OFFERED = "registration/emails/item_offered.md"
ITEM_OFFER_PASSED = "registration/emails/item_offer_passed.md"

WAY_SWITCHED = "registration/emails/way_switched.md"
HANDED_OVER = "registration/emails/handed_over.md"

OFFER = "offer"  # kind of the signed token behind the link in the letter with an offer


def waitlisted(registration: Registration, place: Place, link: AccessLink | None) -> None:
    """All places are taken: the position, and what happens next."""
    post(WAITLISTED, registration, link, place=place, key=f":{place.pk}")


def place_offered(place: Place) -> None:
    """A place is kept for somebody who waits; the letter says until when."""
    template = ITEM_OFFERED if place.contingent.is_item else PLACE_OFFERED
    # Whoever comes to the same place anew waits at another position.
    post(template, place.registration, place=place, key=f":{place.pk}:{place.position}")


def offer_passed(place: Place, link: AccessLink | None) -> None:
    """Nobody answered in time: the place went to the next, and the person stands at the end of the list."""
    template = ITEM_OFFER_PASSED if place.contingent.is_item else OFFER_PASSED
    post(template, place.registration, link, place=place, key=f":{place.pk}:{place.position}")


def way_switched(registration: Registration, now: datetime) -> None:
    """On site or online from now on, to whoever was in before."""
    post(WAY_SWITCHED, registration, key=f":{now:%Y%m%d%H%M%S%f}")


def handed_over(giver: Registration, heir: Registration) -> None:
    """Thanks, and who comes instead."""
    post(HANDED_OVER, giver, heir=heir)


def offer_token(place: Place) -> str:
    """What the link of an offer holds: it ends with this offer, and with the mailbox it went to."""
    return links.signed_token(OFFER, place.pk, _offer_of(place))


def is_token_of(token: str, place: Place) -> bool:
    return place.offered_until is not None and links.is_signed_for(
        token, OFFER, place.pk, _offer_of(place)
    )


def _offer_of(place: Place) -> str:
    return f"{place.registration.address}:{place.offered_until}"


def _with_place(letter: Letter, context: dict[str, Any]) -> dict[str, Any]:
    """How it stands when the letter leaves: the position counts those who still wait."""
    place = (
        Place.objects.with_rank()
        .select_related("contingent", "registration")
        .get(pk=context["place"].pk)
    )
    return {
        "place": place,
        "item": place.contingent,
        "position": place.rank,
        # Whoever has a place already keeps it until they accept this one.
        "meanwhile": place.registration.get_way_display() if place.is_for_another_way else "",
        "wanted": place.contingent.get_way_display(),
        # Whoever has no sign-in address comes by the personal link.
        "my_url": context.get("access_url") or context["my_url"],
    }


def _with_offer(letter: Letter, context: dict[str, Any]) -> dict[str, Any]:
    place: Place = context["place"]
    if place.offered_until is None:
        raise mail.NotDeliverable("the offer is over")
    with override(letter.language):
        path = reverse(
            "registration_offer",
            kwargs={"edition": place.registration.edition.slug, "token": offer_token(place)},
        )
    return {"offer_url": settings.SITE_URL + path, "offered_until": place.offered_until}


for _template in (WAY_SWITCHED, HANDED_OVER):
    mail.ENRICHERS[_template] = [addresses]
for _template in (WAITLISTED, OFFER_PASSED, ITEM_OFFER_PASSED):
    mail.ENRICHERS[_template] = [addresses, _with_place]
for _template in (PLACE_OFFERED, ITEM_OFFERED):
    mail.ENRICHERS[_template] = [addresses, _with_place, _with_offer]
