"""Letters to people who are invited, by the organisers or by a colleague. The link in them is signed, never stored."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import override

from congress import links, mail
from congress.models import Letter
from registration.emails import harmless
from registration.models import Delegate, Invitation, Registration, Substitution

INVITED = "registration/emails/invited.md"
INVITED_BODY = "registration/emails/invited_body.md"
DELEGATE = "registration/emails/delegate.md"
DELEGATE_REMINDED = "registration/emails/delegate_reminded.md"

OFFICE = "registration/emails/office.md"
OFFICE_ANSWERED = "registration/emails/office_answered.md"

ALL = (OFFICE, INVITED, INVITED_BODY, DELEGATE, DELEGATE_REMINDED)

# Kinds of the signed tokens behind the links.
INVITATION = "invite"
CONFIRMATION = "delegate"


def invited(invitation: Invitation, again: UUID | None = None) -> Letter:
    """To a person, or to a mailbox that several read; `again`: the key of the form that wants it once more."""
    return mail.post_letter(
        INVITED,
        once=key_of_invitation(invitation.pk, again),
        edition=invitation.edition,
        to=invitation.email or "",
        language=invitation.language,
        invitation=invitation,
    )


def invited_body(invitation: Invitation, code: str) -> Letter:
    """The code of a body, to whoever passes it on there. Forgotten once it was sent."""
    return mail.post_letter(
        INVITED_BODY,
        once=f"{INVITED_BODY}:{invitation.pk}:{bytes(invitation.code_hash or b'').hex()[:32]}",
        edition=invitation.edition,
        to=invitation.email or "",
        language=invitation.language,
        secret={"code": code},
        invitation=invitation,
    )


def delegate(row: Delegate) -> Letter:
    """To a colleague: somebody would like to take you along."""
    return _to_delegate(DELEGATE, row)


def delegate_reminded(row: Delegate) -> Letter:
    """The same once more, and never again."""
    return _to_delegate(DELEGATE_REMINDED, row)


def office(row: Delegate) -> Letter:
    """To the office that registered somebody: we have written to them."""
    return mail.post_letter(
        OFFICE,
        once=_key_of_delegate(OFFICE, row.pk),
        edition=row.edition,
        to=row.delegation.office_email or "",
        language=row.language,
        delegate=row,
    )


def office_answered(row: Delegate, registration: Registration) -> Letter:
    """To the office: what became of it."""
    return mail.post_letter(
        OFFICE_ANSWERED,
        once=_key_of_delegate(OFFICE_ANSWERED, row.pk),
        edition=row.edition,
        to=row.delegation.office_email or "",
        language=row.language,
        registration=registration,
    )


def delegate_again(row: Delegate, key: UUID) -> Letter:
    """The first letter once more, because the colleague asked the help desk."""
    return _to_delegate(DELEGATE, row, key_of_delegate_again(row, key))


def _to_delegate(template: str, row: Delegate, once: str = "") -> Letter:
    return mail.post_letter(
        template,
        once=once or _key_of_delegate(template, row.pk),
        edition=row.edition,
        to=row.email or "",
        language=row.language,
        delegate=row,
    )


def key_of_invitation(number: int, again: UUID | None = None) -> str:
    return f"{INVITED}:{number}" + (f":{again}" if again else "")


def key_of_delegate_again(row: Delegate, key: UUID) -> str:
    return f"{_key_of_delegate(DELEGATE, row.pk)}:{key}"


def letters_about(invitation: Invitation) -> QuerySet[Letter]:
    return Letter.objects.filter(
        Q(once=key_of_invitation(invitation.pk))
        | Q(once__startswith=f"{key_of_invitation(invitation.pk)}:")
        | Q(once__startswith=f"{INVITED_BODY}:{invitation.pk}:")
    )


def letters_to_delegates(numbers: Collection[int]) -> QuerySet[Letter]:
    """All letters about these rows."""
    keys = [
        _key_of_delegate(template, number)
        for number in numbers
        for template in (DELEGATE, DELEGATE_REMINDED, OFFICE)
    ]
    again = Q(template=DELEGATE, objects_named__delegate__1__in=list(numbers))
    return Letter.objects.filter(Q(once__in=keys) | again)


def letters_to_guests(numbers: Collection[int]) -> QuerySet[Letter]:
    """The letters of these personal invitations."""
    return Letter.objects.filter(template=INVITED, objects_named__invitation__1__in=list(numbers))


def _key_of_delegate(template: str, number: int) -> str:
    return f"{template}:{number}"


# --- Links -----------------------------------------------------------------------------------------------


def invitation_url(invitation: Invitation, language: str = "") -> str:
    """Where the invitation is opened. The same for everybody of a body; a new code ends it."""
    token = links.signed_token(INVITATION, invitation.pk, signed_about(invitation))
    return _url("invitation", invitation.edition.slug, token, language or invitation.language)


def signed_about(invitation: Invitation) -> str:
    if invitation.is_for_a_body:
        return bytes(invitation.code_hash or b"").hex()
    return invitation.email or ""


def delegate_url(row: Delegate) -> str:
    """Where a colleague answers. Known to their mailbox alone."""
    token = links.signed_token(CONFIRMATION, row.pk, str(row.key))
    return _url("delegate_open", row.edition.slug, token, row.language)


def _url(name: str, edition: str, token: str, language: str) -> str:
    with override(language):
        path: str = reverse(name, kwargs={"edition": edition, "token": token})
    return f"{settings.SITE_URL}{path}"


# --- What their texts need ---------------------------------------------------------------------------------


def _about_an_invitation(letter: Letter, context: dict[str, Any]) -> dict[str, Any]:
    invitation: Invitation = context["invitation"]
    if invitation.revoked_at is not None:
        raise mail.NotDeliverable("the invitation was withdrawn")
    return {
        "greeting": harmless(invitation.display_name),
        "invitation_url": invitation_url(invitation),
        "as_speaker": invitation.is_for_speakers,
        "last_day": invitation.last_day,
        "several": invitation.uses_max if invitation.uses_max > 1 else 0,
        "reply_to": invitation.reply_to or "",
    }


def _about_a_delegate(letter: Letter, context: dict[str, Any]) -> dict[str, Any]:
    row: Delegate = context["delegate"]
    if row.confirmed_at is not None:
        raise mail.NotDeliverable("the colleague has answered already")
    return {
        "greeting": harmless(row.display_name),
        "contact_name": harmless(row.delegation.whose),
        "contact_body": harmless(row.delegation.body),
        "by_office": row.delegation.is_of_an_office,
        "instead": Substitution.objects.filter(key=row.key).exists(),
        "confirm_url": delegate_url(row),
        "ends_at": row.answer_by,
    }


def _about_whom_an_office_registered(letter: Letter, context: dict[str, Any]) -> dict[str, Any]:
    """What somebody typed stands in it only where it cannot be read as a link."""
    row: Delegate = context["delegate"]
    return {
        "greeting": harmless(row.delegation.office_name),
        "colleague_name": harmless(row.display_name),
        "ends_at": row.answer_by,
    }


def _about_the_answer(letter: Letter, context: dict[str, Any]) -> dict[str, Any]:
    registration: Registration = context["registration"]
    return {
        "colleague_name": harmless(registration.display_name),
        "is_in": registration.state == Registration.State.ADMITTED,
        "waits": registration.state in (Registration.State.WAITLISTED, Registration.State.OFFERED),
    }


mail.ENRICHERS[OFFICE] = [_about_whom_an_office_registered]
mail.ENRICHERS[OFFICE_ANSWERED] = [_about_the_answer]
for _template in (INVITED, INVITED_BODY):
    mail.ENRICHERS[_template] = [_about_an_invitation]
for _template in (DELEGATE, DELEGATE_REMINDED):
    mail.ENRICHERS[_template] = [_about_a_delegate]
