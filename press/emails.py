"""Letters to journalists."""

from __future__ import annotations

import re
import uuid
from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse

from congress import mail
from congress.models import AccessLink, Letter
from press import queries
from press.models import Accreditation, PressQuestion, PressRelease

REQUESTED = "press/emails/requested.md"
ACCREDITED = "press/emails/accredited.md"
APPROVED = "press/emails/approved.md"
REJECTED = "press/emails/rejected.md"
ASKED = "press/emails/asked.md"
RENEWED = "press/emails/renewed.md"
WITHDRAWN = "press/emails/withdrawn.md"
RELEASE = "press/emails/release.md"
# Letters that carry the personal link.
WITH_LINK = queries.WITH_LINK

# A stranger may have typed the name: what reads as an address or a link does not go to a mailbox that nobody has
# confirmed.
_READS_AS_A_LINK = re.compile(r"[/\\@:;<>{}\[\]=|]|\w\.\w")


def requested(accreditation: Accreditation, key: uuid.UUID | None = None) -> Letter:
    """Confirms that the request is there, and carries the link that confirms the address and takes the proof.

    With a `key` it is one more letter.
    """
    once = f"press-requested:{accreditation.pk}" + (f":{key}" if key is not None else "")
    return _post(REQUESTED, accreditation, once=once)


def accredited(accreditation: Accreditation, key: uuid.UUID | None = None) -> Letter:
    """The decision, and when the personal link comes. With a `key` it is one more letter."""
    once = f"press-accredited:{accreditation.pk}" + (f":{key}" if key is not None else "")
    return _post(ACCREDITED, accreditation, once=once)


def approved(
    accreditation: Accreditation, link: AccessLink, *, due_at: datetime | None = None
) -> Letter:
    """The personal link, at once or at a moment; its token is made when the letter is sent."""
    once = f"press-approved:{accreditation.pk}"
    return _post(APPROVED, accreditation, once=once, due_at=due_at, link=link)


def rejected(accreditation: Accreditation) -> Letter:
    return _post(REJECTED, accreditation, once=f"press-rejected:{accreditation.pk}")


def asked(accreditation: Accreditation, question: PressQuestion) -> Letter:
    """What the press office wants to know, with the link where it is answered."""
    return _post(ASKED, accreditation, once=f"press-asked:{question.pk}", question=question)


def renewed(
    accreditation: Accreditation,
    link: AccessLink,
    key: uuid.UUID | None = None,
    *,
    due_at: datetime | None = None,
) -> Letter:
    """A new personal link in the place of the one before, which ends once this one has arrived."""
    once = f"press-renewed:{link.pk}:{key or uuid.uuid4().hex}"
    return _post(RENEWED, accreditation, once=once, due_at=due_at, link=link)


def withdrawn(accreditation: Accreditation) -> Letter:
    return _post(WITHDRAWN, accreditation, once=f"press-withdrawn:{accreditation.pk}")


def release(about: PressRelease, accreditation: Accreditation) -> Letter:
    """A release is out, perhaps under embargo; the letter names the page and how to get no more of them."""
    once = f"press-release:{about.pk}:{accreditation.pk}"
    return _post(RELEASE, accreditation, once=once, bulk=True, release=about)


def _post(
    template: str,
    accreditation: Accreditation,
    *,
    once: str,
    due_at: datetime | None = None,
    **named: Any,
) -> Letter:
    person = accreditation.person
    # The page of a link asks for the person's mailbox: that is where the link goes.
    to = person.mailbox if person is not None and template in WITH_LINK else ""
    return mail.post_letter(
        template,
        once=once,
        edition=accreditation.edition,
        person=accreditation.person,
        to=to or accreditation.mailbox or "",
        language=accreditation.language,
        due_at=due_at,
        accreditation=accreditation,
        **named,
    )


def _contact(letter: Letter, context: dict[str, Any]) -> dict[str, Any]:
    desk = queries.desk(context["accreditation"].edition)
    return {"press_office": desk, "reply_to": desk.mailbox}


def _request_link(letter: Letter, context: dict[str, Any]) -> dict[str, Any]:
    accreditation = context["accreditation"]
    address = reverse(
        "accreditation_request",
        kwargs={
            "edition": accreditation.edition.slug,
            "token": queries.request_token(accreditation),
        },
    )
    name = accreditation.display_name
    return {
        "request_url": settings.SITE_URL + address,
        "salutation": "" if _READS_AS_A_LINK.search(name) else name,
    }


def _about_the_release(letter: Letter, context: dict[str, Any]) -> dict[str, Any]:
    release = context["release"]
    return {
        "release_url": settings.SITE_URL + release.get_absolute_url(),
        "embargoed": release.state(release.edition.now()) == PressRelease.State.EMBARGOED,
    }


def _when_links_leave(letter: Letter, context: dict[str, Any]) -> dict[str, Any]:
    return {"links_leave_at": queries.links_leave_at(context["accreditation"].edition)}


for _template in (REQUESTED, ACCREDITED, APPROVED, ASKED, REJECTED, RENEWED, WITHDRAWN, RELEASE):
    mail.ENRICHERS[_template] = [_contact]
for _template in (REQUESTED, ASKED, RELEASE):
    mail.ENRICHERS[_template].append(_request_link)
mail.ENRICHERS[ACCREDITED].append(_when_links_leave)
mail.ENRICHERS[RELEASE].append(_about_the_release)
