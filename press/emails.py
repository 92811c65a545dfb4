"""Letters to journalists."""

from __future__ import annotations

import re
import uuid
from typing import Any

from django.conf import settings
from django.urls import reverse

from congress import mail
from congress.models import AccessLink, Letter
from press import queries
from press.models import Accreditation, PressQuestion, PressRelease

REQUESTED = "press/emails/requested.md"
APPROVED = "press/emails/approved.md"
REJECTED = "press/emails/rejected.md"
ASKED = "press/emails/asked.md"
RENEWED = "press/emails/renewed.md"
WITHDRAWN = "press/emails/withdrawn.md"
RELEASE = "press/emails/release.md"

# A stranger may have typed the name: what reads as an address or a link does not go to a mailbox that nobody has
# confirmed.
_READS_AS_A_LINK = re.compile(r"[/\\@:;<>{}\[\]=|]|\w\.\w")


def requested(accreditation: Accreditation, key: uuid.UUID | None = None) -> Letter:
    """Confirms that the request is there, and carries the link that confirms the address and takes the proof.

    With a `key` it is one more letter.
    """
    once = f"press-requested:{accreditation.pk}" + (f":{key}" if key is not None else "")
    return _post(REQUESTED, accreditation, once=once)


def approved(accreditation: Accreditation, link: AccessLink) -> Letter:
    """The personal link; its token is made when the letter is sent."""
    return _post(APPROVED, accreditation, once=f"press-approved:{accreditation.pk}", link=link)


def rejected(accreditation: Accreditation) -> Letter:
    return _post(REJECTED, accreditation, once=f"press-rejected:{accreditation.pk}")


def asked(accreditation: Accreditation, question: PressQuestion) -> Letter:
    """What the press office wants to know, with the link where it is answered."""
    return _post(ASKED, accreditation, once=f"press-asked:{question.pk}", question=question)


def renewed(accreditation: Accreditation, link: AccessLink, key: uuid.UUID | None = None) -> Letter:
    """A new personal link in the place of the one before, which ends once this one has arrived."""
    once = f"press-renewed:{link.pk}:{key or uuid.uuid4().hex}"
    return _post(RENEWED, accreditation, once=once, link=link)


def withdrawn(accreditation: Accreditation) -> Letter:
    return _post(WITHDRAWN, accreditation, once=f"press-withdrawn:{accreditation.pk}")


def release(about: PressRelease, accreditation: Accreditation) -> Letter:
    """A release is out, perhaps under embargo; the letter names the page and how to get no more of them."""
    once = f"press-release:{about.pk}:{accreditation.pk}"
    return _post(RELEASE, accreditation, once=once, bulk=True, release=about)


def _post(template: str, accreditation: Accreditation, *, once: str, **named: Any) -> Letter:
    return mail.post_letter(
        template,
        once=once,
        edition=accreditation.edition,
        person=accreditation.person,
        to=accreditation.mailbox or "",
        language=accreditation.language,
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


for _template in (REQUESTED, APPROVED, ASKED, REJECTED, RENEWED, WITHDRAWN, RELEASE):
    mail.ENRICHERS[_template] = [_contact]
for _template in (REQUESTED, ASKED, RELEASE):
    mail.ENRICHERS[_template].append(_request_link)
mail.ENRICHERS[RELEASE].append(_about_the_release)
