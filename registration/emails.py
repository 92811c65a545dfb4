"""Letters to people who register. All leave through the outbox, and all open with the person's name."""

from __future__ import annotations

import re
from datetime import date
from typing import Any
from uuid import UUID

from django.conf import settings
from django.template import Context
from django.urls import reverse
from django.utils.translation import override

from congress import links, mail, wording
from congress.models import AccessLink, Edition, Letter, User
from registration import calendar, cases
from registration.models import (
    ColleagueConfirmation,
    EmailCode,
    Registration,
    RegistrationSettings,
    ReviewQuestion,
)

CODE = "registration/emails/code.md"
ALREADY_REGISTERED = "registration/emails/already_registered.md"
ADMITTED = "registration/emails/admitted.md"
IN_REVIEW = "registration/emails/in_review.md"
REJECTED = "registration/emails/rejected.md"
CANCELLED = "registration/emails/cancelled.md"
ASKED = "registration/emails/asked.md"
WAY_IN = "registration/emails/way_in.md"
COLLEAGUE_ASKED = "registration/emails/colleague_asked.md"
OVERDUE = "registration/emails/overdue.md"

CONFIRM = "confirm"  # kind of the signed token behind the link in the letter with the code
COLLEAGUE = "colleague"  # the same of the letter to a colleague who may vouch
# A stranger may have typed the name: what could be read as an address or a link does not go to a mailbox
# that nobody has confirmed.
_NO_NAME = frozenset("/\\@:;<>{}[]=|")
_LIKE_A_HOST = re.compile(r"www\.|[^\W\d_]{3,}\.[^\W\d_]{2,}", re.IGNORECASE)


def code(registration: Registration, sent: EmailCode, plain: str) -> None:
    """The code, typed or behind a link."""
    _post_code(CODE, registration, sent, plain)


def already_registered(registration: Registration, sent: EmailCode, plain: str) -> None:
    """To somebody who is registered already: the same code, which then only signs in."""
    _post_code(ALREADY_REGISTERED, registration, sent, plain)


def admitted(registration: Registration, link: AccessLink | None) -> None:
    """The way in, and the congress for the calendar."""
    post(ADMITTED, registration, link, key=_decided_again(registration))


def in_review(registration: Registration, link: AccessLink | None) -> None:
    post(IN_REVIEW, registration, link)


def _decided_again(registration: Registration) -> str:
    """Whoever was looked at once more may be admitted once more."""
    if registration.in_review_since is None or registration.decided_at is None:
        return ""
    return f":{registration.decided_at:%Y%m%d%H%M%S%f}"


def rejected(registration: Registration) -> None:
    # Whoever is looked at once more may be rejected once more.
    decided_at = registration.decided_at
    post(REJECTED, registration, key=f":{decided_at:%Y%m%d%H%M%S%f}" if decided_at else "")


def asked(question: ReviewQuestion, link: AccessLink | None) -> None:
    """What a reviewer would like to know, and where to answer."""
    post(ASKED, question.registration, link, key=f":{question.pk}", question=question)


def colleague_asked(confirmation: ColleagueConfirmation) -> None:
    """To somebody whom an applicant has named: do you know each other?"""
    colleague = confirmation.colleague
    mail.post_letter(
        COLLEAGUE_ASKED,
        once=f"{COLLEAGUE_ASKED}:{confirmation.pk}",
        edition=confirmation.registration.edition,
        person=colleague.person if colleague is not None else None,
        to=confirmation.address or "",
        language=colleague.language if colleague is not None else "de",
        registration=confirmation.registration,
        confirmation=confirmation,
    )


def overdue(edition: Edition, person: User, today: date) -> None:
    """To a reviewer, once a day: cases wait for longer than the edition promises."""
    mail.post_letter(
        OVERDUE,
        once=f"{OVERDUE}:{edition.pk}:{person.pk}:{today.isoformat()}",
        edition=edition,
        person=person,
    )


def cancelled(registration: Registration) -> None:
    post(CANCELLED, registration)


def way_in(person: User, edition: Edition, link: AccessLink | None, key: UUID) -> None:
    """How to come in, for whoever cannot find it: sent by the help desk."""
    about: dict[str, Any] = {} if link is None else {"link": link}
    mail.post_letter(WAY_IN, once=f"{WAY_IN}:{key}", edition=edition, person=person, **about)


def subject_of_code(edition: Edition, language: str) -> str:
    """What people look for in their mailbox: the subject of the letter with the code."""
    letter = Letter(edition=edition, template=CODE, language=language)
    template = wording.own_wording(letter) or wording.standard(CODE, language)
    with override(language):
        context = Context({"edition": edition, "code": "…"}, autoescape=False)
        subject, _body = wording.split(template.render(context))
    return subject


def _post_code(template: str, registration: Registration, sent: EmailCode, plain: str) -> None:
    token = links.signed_token(CONFIRM, sent.pk, registration.address)
    with override(registration.language):
        path = reverse(
            "registration_confirm", kwargs={"edition": registration.edition.slug, "token": token}
        )
    mail.post_letter(
        template,
        once=f"{template}:{sent.pk}",
        edition=registration.edition,
        to=registration.address,
        language=registration.language,
        secret={"code": plain, "confirm_url": settings.SITE_URL + path},
        registration=registration,
    )


def post(
    template: str,
    registration: Registration,
    link: AccessLink | None = None,
    *,
    key: str = "",
    **more: Any,
) -> None:
    if not registration.address:
        return  # admitted at the door: whoever let them in tells them
    about: dict[str, Any] = {"registration": registration, **more}
    if link is not None:
        about["link"] = link
    mail.post_letter(
        template,
        once=f"{template}:{registration.pk}{key}",
        edition=registration.edition,
        person=registration.person,
        to=registration.address,
        language=registration.language,
        **about,
    )


def harmless(name: str) -> str:
    """The name, or nothing where it could be read as an address or a link."""
    linklike = _NO_NAME.intersection(name) or _LIKE_A_HOST.search(name)
    return "" if linklike else name


def addresses(letter: Letter, context: dict[str, Any]) -> dict[str, str]:
    """Where the letters lead, and how they greet."""
    registration: Registration = context["registration"]
    where = {"edition": registration.edition.slug}
    return {
        "greeting": harmless(registration.display_name),
        "my_url": settings.SITE_URL + reverse("my_registration", kwargs=where),
        "register_url": settings.SITE_URL + reverse("register", kwargs=where),
        "way_in_url": settings.SITE_URL + registration.stages_url,
        "sign_in_url": settings.SITE_URL + reverse("account_login"),
        # The app that serves it stands above this one; the address is a promise of all apps.
        "check_url": f"{settings.SITE_URL}{registration.edition.get_absolute_url()}technik-check/",
    }


def _ways(letter: Letter, context: dict[str, Any]) -> dict[str, str]:
    edition = context["edition"]
    return {
        "way_in_url": f"{settings.SITE_URL}{edition.get_absolute_url()}live/",
        "sign_in_url": settings.SITE_URL + reverse("account_login"),
    }


def _with_calendar(letter: Letter, context: dict[str, Any]) -> dict[str, Any]:
    edition = context["registration"].edition
    entry = calendar.congress_entry(edition, url=context["way_in_url"], now=letter.written_at)
    return {"attachments": [(calendar.filename(edition), entry, calendar.CONTENT_TYPE)]}


def _with_promise(letter: Letter, context: dict[str, Any]) -> dict[str, str]:
    edition = context["registration"].edition
    settings_now = RegistrationSettings.objects.of(edition)
    return {"checked": settings_now.checked(edition, letter.written_at)}


def _with_question_to_colleague(letter: Letter, context: dict[str, Any]) -> dict[str, str]:
    """What a stranger typed may be no advertisement in a letter to somebody else."""
    confirmation: ColleagueConfirmation = context["confirmation"]
    registration, colleague = confirmation.registration, confirmation.colleague
    token = links.signed_token(COLLEAGUE, confirmation.pk, confirmation.address or "")
    where = {"edition": registration.edition.slug, "token": token}
    return {
        "colleague_name": colleague.display_name if colleague is not None else "",
        "applicant_name": harmless(registration.display_name),
        "applicant_body": harmless(registration.authority or registration.body),
        "confirm_url": settings.SITE_URL + reverse("registration_colleague", kwargs=where),
    }


def _with_overdue_cases(letter: Letter, context: dict[str, Any]) -> dict[str, Any]:
    """How many there are when the letter leaves."""
    edition = context["edition"]
    now = edition.now()
    review = RegistrationSettings.objects.of(edition)
    late = cases.overdue(edition, now, review)
    oldest = late.longest_wait()
    return {
        "count": late.count(),
        "oldest": edition.local(oldest).date() if oldest is not None else None,
        "review_time": review.review_time,
        "review_url": settings.SITE_URL + reverse("review", kwargs={"edition": edition.slug}),
    }


for _template in (CODE, ALREADY_REGISTERED, ADMITTED, IN_REVIEW, REJECTED, CANCELLED, ASKED):
    mail.ENRICHERS[_template] = [addresses]
mail.ENRICHERS[ADMITTED].append(_with_calendar)
mail.ENRICHERS[WAY_IN] = [_ways]
mail.ENRICHERS[IN_REVIEW].append(_with_promise)
mail.ENRICHERS[COLLEAGUE_ASKED] = [_with_question_to_colleague]
mail.ENRICHERS[OVERDUE] = [_with_overdue_cases]
