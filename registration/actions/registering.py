"""From the form to the confirmed address. Every form that is sent becomes a row; its code joins it to a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils.crypto import get_random_string

from congress import links, mailbox
from congress.models import AccessLink, Edition, Level, User
from congress.models.database import StatementNow
from registration import eligibility, emails
from registration.actions.arriving import arrive
from registration.actions.entering import (
    machine_may_admit,
    note,
    open_link,
    personal_link,
)
from registration.actions.holders import alone_with, holder
from registration.actions.inviting import follow_invitation, insist_on_open
from registration.actions.refusals import (
    CodeIsOver,
    NotForThisAddress,
    NotOpenYet,
    RegistrationClosed,
    TooManyCodes,
    TooSoon,
    WrongCode,
)
from registration.actions.uses import use_invitation
from registration.models import EmailCode, Invitation, Registration, Way
from registration.models.registrations import email_key_of, name_key_of

PAUSE_BETWEEN_CODES = timedelta(seconds=30)
CODES_AN_HOUR = 5
CODES_AN_HOUR_TO_A_MAILBOX = 20  # colleagues who share it


@dataclass(frozen=True)
class Verified:
    """Whose mailbox it is. `link` is the way in of whoever has no sign-in address."""

    registration: Registration
    person: User
    link: AccessLink | None
    for_the_first_time: bool
    # Somebody else had the last use of the invitation, or it was withdrawn: the check is the one for everybody.
    invitation_was_over: bool = False


@transaction.atomic
def register(
    *,
    edition: Edition,
    now: datetime,
    form_key: UUID,
    privacy_version: str,
    invitation: Invitation | None = None,
    **given: str,
) -> Registration:
    """Keep what somebody typed and send a code to the address. The same form twice is one registration.

    What happens does not depend on whether the address is known; only the letter does.
    Raises `NotOpenYet`, `RegistrationClosed`, `TooManyCodes`, `InvitationIsOver` or `NotForThisAddress`.
    """
    if invitation is not None:
        insist_on_open(invitation, now)
    if not is_open(edition, now, invitation):
        raise NotOpenYet if now < edition.registration_opens_at else RegistrationClosed
    given["email"] = mailbox.canonical(given["email"])
    if invitation is not None and not invitation.is_for(email_key_of(given["email"])):
        raise NotForThisAddress
    values = _values(
        edition, given, invitation=invitation, privacy_version=privacy_version, now=now
    )
    sent_before = of_form(edition, form_key)
    if sent_before is None:
        try:
            with transaction.atomic():
                registration = Registration.objects.create(
                    edition=edition, form_key=form_key, **values
                )
        except IntegrityError:  # the same form a moment ago (one_registration_per_form)
            return Registration.objects.get(edition=edition, form_key=form_key)
    else:
        registration = sent_before
        if registration.state != Registration.State.UNVERIFIED:
            return registration
        # Back to the form, corrected, sent again: the new text counts, and codes stay with their mailbox.
        if registration.email != given["email"]:
            registration.codes.all().delete()
        for name, value in values.items():
            setattr(registration, name, value)
        registration.save()
        if registration.codes.good().exists():
            return registration
    send_code(registration)
    return registration


def _values(
    edition: Edition,
    given: dict[str, str],
    *,
    invitation: Invitation | None,
    privacy_version: str,
    now: datetime,
) -> dict[str, Any]:
    ways = Way.offered_by(edition)
    if given.get("way") not in ways:
        given["way"] = ways[-1]
    return {
        **given,
        "invitation": invitation,
        "email_key": email_key_of(given["email"]),
        "name_key": name_key_of(given["first_name"], given["last_name"]),
        "submitted_at": now,
        "privacy_read_at": now,
        "privacy_version": privacy_version,
    }


def is_open(edition: Edition, now: datetime, invitation: Invitation | None) -> bool:
    """Whether somebody may register now; some invitations hold before and after, until the congress ends."""
    if invitation is not None and invitation.outside_the_window:
        return now < edition.ends_at
    return edition.takes_registrations(now)


def of_form(edition: Edition, form_key: UUID) -> Registration | None:
    return (
        Registration.objects.select_for_update(of=("self",))
        .select_related("edition")
        .filter(edition=edition, form_key=form_key)
        .first()
    )


@transaction.atomic
def send_code_again(*, registration: Registration) -> None:
    """A new code; the one before stays good for as long as it would have been.

    Of several requests at once the first sends it. Raises `TooSoon` or `TooManyCodes`.
    """
    alone_with(registration.email_key)
    waited = (
        registration.codes.sent_within(PAUSE_BETWEEN_CODES)
        .values_list(StatementNow() - F("sent_at"), flat=True)
        .first()
    )
    if waited is not None:
        raise TooSoon(max(1, round((PAUSE_BETWEEN_CODES - waited).total_seconds())))
    if registration.state == Registration.State.UNVERIFIED:
        send_code(registration)


def send_code(registration: Registration) -> None:
    """A code to the address as it stands now. Raises `TooManyCodes`."""
    alone_with(registration.email_key)
    recent = EmailCode.objects.sent_within(timedelta(hours=1)).filter(
        registration__email_key=registration.email_key
    )
    own = recent.filter(registration__name_key=registration.name_key)
    if recent.count() >= CODES_AN_HOUR_TO_A_MAILBOX or own.count() >= CODES_AN_HOUR:
        raise TooManyCodes
    letters = get_random_string(EmailCode.LENGTH, EmailCode.LETTERS)
    sent = EmailCode.objects.create(
        registration=registration,
        code_hash=EmailCode.hashed(letters, registration.pk),
        sent_at=StatementNow(),
    )
    half = EmailCode.LENGTH // 2
    plain = f"{letters[:half]}-{letters[half:]}"
    if Registration.objects.active().same_as(registration).exists():
        emails.already_registered(registration, sent, plain)
    else:
        emails.code(registration, sent, plain)


# --- Confirming the address -------------------------------------------------------------------------


def verify(*, registration: Registration, code: str, now: datetime) -> Verified:
    """The code was typed: the mailbox is read by whoever registered. Twice does no harm.

    Raises `CodeIsOver` or `WrongCode`. Every attempt counts, also where it is refused.
    """
    tried = 0
    for sent in registration.codes.good()[:2]:
        tried += EmailCode.objects.good().filter(pk=sent.pk).update(attempts=F("attempts") + 1)
        if tried and sent.is_code(code):
            return _complete(registration, now=now)
    raise WrongCode if tried else CodeIsOver


def verify_by_link(*, token: str, now: datetime) -> Verified:
    """The button behind the link of the letter. Raises `CodeIsOver`."""
    return _complete(registration_of_link(token), now=now)


@transaction.atomic
def register_proved(
    *,
    edition: Edition,
    now: datetime,
    form_key: UUID,
    privacy_version: str,
    invitation: Invitation | None = None,
    **given: str,
) -> Verified:
    """Somebody answered by a link that only their mailbox knows: registered and confirmed in one step.

    Raises `NotOpenYet` or `RegistrationClosed`.
    """
    if not is_open(edition, now, invitation):
        raise NotOpenYet if now < edition.registration_opens_at else RegistrationClosed
    registration = Registration.objects.create(
        edition=edition,
        form_key=form_key,
        **_values(edition, given, invitation=invitation, privacy_version=privacy_version, now=now),
    )
    return _complete(registration, now=now)


def verify_by_word(*, registration: Registration, by: User, now: datetime) -> Verified:
    """The caller typed the code that the help desk read out: `by` answers for the address, no letter proved it.

    Who is admitted then is admitted by that person. Raises `CodeIsOver`.
    """
    return _complete(registration, now=now, by=by)


def registration_of_link(token: str) -> Registration:
    """Whose confirmation a link is, as long as its code is good. Raises `CodeIsOver`."""
    try:
        number = links.number_of(emails.CONFIRM, token)
    except links.Incomplete as incomplete:
        raise CodeIsOver from incomplete
    sent = (
        EmailCode.objects.good().select_related("registration__edition").filter(pk=number).first()
    )
    # Signed for the mailbox it was sent to: a corrected address ends it.
    if sent is None or not links.is_signed_for(
        token, emails.CONFIRM, sent.pk, sent.registration.address
    ):
        raise CodeIsOver
    return sent.registration


@transaction.atomic
def _complete(registration: Registration, *, now: datetime, by: User | None = None) -> Verified:
    """`registration` as it was when its code was looked at. `by` answers for it. Raises `CodeIsOver`."""
    alone_with(registration.email_key)
    proved = registration.email
    found = (
        Registration.objects.select_for_update(of=("self",))
        .select_related("edition", "person")
        .filter(pk=registration.pk)
        .first()
    )
    # The form may have been sent again between the look at the code and this lock: only this mailbox was proved.
    if found is None or found.email != proved:
        raise CodeIsOver
    registration = found
    if registration.person is not None:
        return _again(registration, registration.person, now)
    earlier = active_of(
        registration.edition, Q(email_key=registration.email_key, name_key=registration.name_key)
    )
    person = (
        earlier.person
        if earlier is not None and earlier.person is not None
        else holder(registration)
    )
    earlier = earlier or active_of(registration.edition, Q(person=person))
    if earlier is not None:
        # The letter's link is pressed twice now and then; it goes on to say that all is done.
        registration.codes.update(registration=earlier)
        registration.delete()
        follow_invitation(earlier, registration.invitation_id, now=now)
        return _again(earlier, person, now)

    assessed = eligibility.assess(registration.address, registration.edition)
    may_be_admitted = machine_may_admit(person, registration.edition)
    invited_by = registration.invitation_id if may_be_admitted else None
    invitation = use_invitation(registration, invited_by)
    admitted = may_be_admitted and (assessed.admits or invitation is not None)
    values: dict[str, Any] = {
        "person": person,
        "state": Registration.State.ADMITTED if admitted else Registration.State.IN_REVIEW,
        "level": (invitation and invitation.level) or assessed.level or Level.OTHER,
        "land_id": (invitation and invitation.land_id) or assessed.land or None,
        "invitation": invitation,
        "eligibility": assessed.decision,
        "rule": assessed.rule,
        "verified_at": now,
        "decided_at": now if admitted else None,
        "decided_by": by if admitted else None,
    }
    if Registration.objects.unverified().filter(pk=registration.pk).update(**values):
        for name, value in values.items():  # the row is locked: it says what was written
            setattr(registration, name, value)
    else:
        registration.refresh_from_db()
    note("verified", registration, now=now, by=by, eligibility=assessed.decision)
    if admitted:
        link = arrive(registration, now=now, by=by)
    else:
        link = personal_link(registration, now=now)
        emails.in_review(registration, link)
    return Verified(
        registration,
        person,
        link,
        for_the_first_time=True,
        invitation_was_over=invited_by is not None and invitation is None,
    )


def _again(registration: Registration, person: User, now: datetime) -> Verified:
    link = (
        personal_link(registration, now=now) if registration.is_active else open_link(registration)
    )
    return Verified(registration, person, link, for_the_first_time=False)


def active_of(edition: Edition, whose: Q) -> Registration | None:
    rows = Registration.objects.active().of_edition(edition).filter(whose)
    if not rows.exists():  # as with nearly everybody: then the wide rows are not asked for
        return None
    found = rows.select_related("person").first()
    if found is not None:
        found.edition = edition
    return found
