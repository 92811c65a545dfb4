"""Everything that changes registrations. A machine may only admit; every refusal is made by a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from allauth.account.models import EmailAddress
from django.db import IntegrityError, connection, transaction
from django.db.models import F, Q
from django.utils.crypto import get_random_string
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from congress import actions as congress_actions
from congress import journal, links, mailbox
from congress.errors import Refused
from congress.models import AccessLink, Admission, Edition, Level, User
from congress.models.database import StatementNow
from congress.text import folded
from registration import eligibility, emails
from registration.models import EmailCode, Registration
from registration.models.registrations import email_key_of, name_key_of

PAUSE_BETWEEN_CODES = timedelta(seconds=30)
CODES_AN_HOUR = 5
CODES_AN_HOUR_TO_A_MAILBOX = 20  # colleagues who share it


class NotOpenYet(Refused):
    message = _("Registration has not begun yet.")


class RegistrationClosed(Refused):
    message = _(
        "Registration has closed in the meantime. What you typed is still here; the help desk can help."
    )


class TooManyCodes(Refused):
    message = _(
        "We have sent several codes to this address within the last hour. Please look into the mailbox, "
        "also into the folder for junk mail, or try again later."
    )


class TooSoon(Refused):
    def __init__(self, seconds: int) -> None:
        text = ngettext(
            "We have just sent a code. Please wait %(seconds)d second longer, then we send another one.",
            "We have just sent a code. Please wait %(seconds)d seconds longer, then we send another one.",
            seconds,
        )
        super().__init__(text % {"seconds": seconds})


class WrongCode(Refused):
    message = _("This is not the code from our letter. Please compare it once more.")


class CodeIsOver(Refused):
    message = _("This code is no longer good. Please have a new one sent to you.")


class AlreadyDecided(Refused):
    message = _("Somebody else has already decided about this registration.")


class NoReason(Refused):
    message = _("Please give a reason. The applicant reads it.")


class CannotBeCancelled(Refused):
    message = _("This registration has already ended.")


class CongressIsOver(Refused):
    message = _("The congress is over.")


class NotInReview(Refused):
    message = _("Your registration is no longer in review.")


@dataclass(frozen=True)
class Verified:
    """Whose mailbox it is. `link` is the way in of whoever has no sign-in address."""

    registration: Registration
    person: User
    link: AccessLink | None
    for_the_first_time: bool


# --- Registering ------------------------------------------------------------------------------------


@transaction.atomic
def register(
    *, edition: Edition, now: datetime, form_key: UUID, privacy_version: str, **given: str
) -> Registration:
    """Keep what somebody typed and send a code to the address. The same form twice is one registration.

    What happens does not depend on whether the address is known; only the letter does.
    Raises `NotOpenYet`, `RegistrationClosed` or `TooManyCodes`.
    """
    if now < edition.registration_opens_at:
        raise NotOpenYet
    if not edition.takes_registrations(now):
        raise RegistrationClosed
    given["email"] = mailbox.canonical(given["email"])
    values: dict[str, Any] = {
        **given,
        "email_key": email_key_of(given["email"]),
        "name_key": name_key_of(given["first_name"], given["last_name"]),
        "submitted_at": now,
        "privacy_read_at": now,
        "privacy_version": privacy_version,
    }
    sent_before = _of_form(edition, form_key)
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
    _send_code(registration)
    return registration


def _of_form(edition: Edition, form_key: UUID) -> Registration | None:
    return (
        Registration.objects.select_for_update(of=("self",))
        .select_related("edition")
        .filter(edition=edition, form_key=form_key)
        .first()
    )


@transaction.atomic
def send_code_again(*, registration: Registration) -> None:
    """A new code; the one before stays good for as long as it would have been.

    Raises `TooSoon` or `TooManyCodes`.
    """
    waited = (
        registration.codes.sent_within(PAUSE_BETWEEN_CODES)
        .values_list(StatementNow() - F("sent_at"), flat=True)
        .first()
    )
    if waited is not None:
        raise TooSoon(max(1, round((PAUSE_BETWEEN_CODES - waited).total_seconds())))
    if registration.state == Registration.State.UNVERIFIED:
        _send_code(registration)


def _send_code(registration: Registration) -> None:
    _alone_with(registration.email_key)
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
def _complete(registration: Registration, *, now: datetime) -> Verified:
    """`registration` as it was when its code was looked at. Raises `CodeIsOver`."""
    _alone_with(registration.email_key)
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
    earlier = _active_of(
        registration.edition, Q(email_key=registration.email_key, name_key=registration.name_key)
    )
    person = (
        earlier.person
        if earlier is not None and earlier.person is not None
        else _holder(registration)
    )
    earlier = earlier or _active_of(registration.edition, Q(person=person))
    if earlier is not None:
        registration.delete()
        return _again(earlier, person, now)

    assessed = eligibility.assess(registration.address)
    # Whom a person has shut out, a person lets in again.
    shut_out = Admission.objects.shut_out().filter(person=person, edition=registration.edition)
    admitted = assessed.admits and person.is_active and not shut_out.exists()
    values: dict[str, Any] = {
        "person": person,
        "state": Registration.State.ADMITTED if admitted else Registration.State.IN_REVIEW,
        "level": assessed.level or Level.OTHER,
        "land": assessed.land or None,
        "eligibility": assessed.decision,
        "rule": assessed.rule,
        "verified_at": now,
        "decided_at": now if admitted else None,
    }
    Registration.objects.unverified().filter(pk=registration.pk).update(**values)
    registration.refresh_from_db()
    _note("verified", registration, now=now, eligibility=assessed.decision)
    if admitted:
        link = _let_in(registration, now=now, by=None)
    else:
        link = _personal_link(registration, now=now)
        emails.in_review(registration, link)
    return Verified(registration, person, link, for_the_first_time=True)


def _again(registration: Registration, person: User, now: datetime) -> Verified:
    link = (
        _personal_link(registration, now=now)
        if registration.is_active
        else _open_link(registration)
    )
    return Verified(registration, person, link, for_the_first_time=False)


def _active_of(edition: Edition, whose: Q) -> Registration | None:
    return (
        Registration.objects.active()
        .of_edition(edition)
        .filter(whose)
        .select_related("edition", "person")
        .first()
    )


def _holder(registration: Registration) -> User:
    """The person behind a confirmed mailbox: the account of that name, a new one, or somebody who shares it."""
    account = _account_of(registration)
    facts = {
        "title": registration.title,
        "first_name": registration.first_name,
        "last_name": registration.last_name,
        "body": registration.body,
        "language": registration.language,
    }
    if account is not None and _has_the_name_of(account, registration):
        for name, value in facts.items():
            setattr(account, name, value)
        account.save(update_fields=list(facts))
        if account.email == registration.email:
            # Whoever was entered by an organiser has never confirmed the address.
            EmailAddress.objects.update_or_create(
                user=account, email=registration.email, defaults={"verified": True, "primary": True}
            )
        return account
    if account is None and not eligibility.is_shared(registration.address):
        person = User.objects.create_user(registration.email, **facts)
        EmailAddress.objects.create(
            user=person, email=registration.email, verified=True, primary=True
        )
        return person
    # Somebody else signs in with this mailbox, or several read it: a personal link instead of an account.
    known = (
        Registration.objects.filter(
            email_key=registration.email_key,
            name_key=registration.name_key,
            person__email__isnull=True,
            person__isnull=False,
        )
        .select_related("person")
        .order_by("-pk")
        .first()
    )
    if known is not None and known.person is not None:
        return known.person
    return User.objects.create_user(None, contact_email=registration.email, **facts)


def _account_of(registration: Registration) -> User | None:
    mailboxes = {registration.email, registration.email_key}
    account = User.objects.filter(email__in=mailboxes).first()
    if account is not None:
        return account
    confirmed = (
        EmailAddress.objects.filter(email__in=mailboxes, verified=True)
        .select_related("user")
        .first()
    )
    return confirmed.user if confirmed is not None else None


def _has_the_name_of(account: User, registration: Registration) -> bool:
    """Whoever was invited by address only has no name yet."""
    name = folded(f"{account.first_name} {account.last_name}")
    return name in ("", folded(f"{registration.first_name} {registration.last_name}"))


def _alone_with(email_key: str) -> None:
    """One at a time for one mailbox, until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"mailbox:{email_key}"]
        )


# --- Deciding ---------------------------------------------------------------------------------------


@transaction.atomic
def admit(*, registration: Registration, by: User, now: datetime) -> None:
    """Let the person in. Raises `AlreadyDecided` or `CongressIsOver`."""
    if now >= registration.edition.ends_at:
        raise CongressIsOver
    _decide(registration, Registration.State.ADMITTED, by=by, now=now)
    _let_in(registration, now=now, by=by)


@transaction.atomic
def reject(*, registration: Registration, by: User, now: datetime, reason: str) -> None:
    """Refuse, with the reason that the applicant reads. Raises `AlreadyDecided` or `NoReason`."""
    reason = reason.strip()
    if not reason:
        raise NoReason
    _decide(registration, Registration.State.REJECTED, by=by, now=now, reason=reason)
    _note("rejected", registration, now=now, by=by)
    emails.rejected(registration)


def _decide(
    registration: Registration, state: str, *, by: User, now: datetime, reason: str = ""
) -> None:
    # Whoever changes the row first has decided; no lock needed.
    changed = (
        Registration.objects.in_review()
        .filter(pk=registration.pk)
        .update(state=state, decided_by=by, decided_at=now, reason=reason)
    )
    if not changed:
        raise AlreadyDecided
    registration.refresh_from_db()


def _let_in(registration: Registration, *, now: datetime, by: User | None) -> AccessLink | None:
    person = cast(User, registration.person)  # who_is_verified_is_a_person_of_a_moment
    admission = congress_actions.grant_admission(
        person=person,
        edition=registration.edition,
        kind=Admission.Kind.ATTENDEE,
        level=registration.level,
        now=now,
        by=by,
    )
    _note("admitted", registration, now=now, by=by)
    link = _personal_link(registration, now=now, by=by)
    if link is not None and link.admission_id is None:
        AccessLink.objects.filter(pk=link.pk).update(admission=admission)
    emails.admitted(registration, link)
    return link


def _personal_link(
    registration: Registration, *, now: datetime, by: User | None = None
) -> AccessLink | None:
    """The way in of somebody without a sign-in address; one per edition, made when it is needed."""
    person = registration.person
    if person is None or person.email:
        return None
    existing = _open_link(registration)
    if existing is not None or now >= registration.edition.ends_at:
        return existing
    return congress_actions.create_link(
        kind=AccessLink.Kind.ATTENDEE,
        edition=registration.edition,
        now=now,
        person=person,
        admission=Admission.objects.filter(
            person=person, edition=registration.edition, revoked_at__isnull=True
        ).first(),
        by=by,
    )


def _open_link(registration: Registration) -> AccessLink | None:
    return AccessLink.objects.filter(
        person=registration.person,
        edition=registration.edition,
        kind=AccessLink.Kind.ATTENDEE,
        revoked_at__isnull=True,
    ).first()


# --- What applicants do themselves ------------------------------------------------------------------


@transaction.atomic
def give_evidence(*, registration: Registration, authority: str, how_to_check: str) -> None:
    """Which authority it is, and how we may check. Raises `NotInReview`."""
    changed = (
        Registration.objects.in_review()
        .filter(pk=registration.pk)
        .update(authority=authority, how_to_check=how_to_check)
    )
    if not changed:
        raise NotInReview


@transaction.atomic
def cancel(*, registration: Registration, now: datetime, by: User | None = None) -> None:
    """End the registration and the admission that came with it; without `by` it is the person who cancels.

    Raises `CannotBeCancelled`.
    """
    by = by or registration.person
    changed = (
        Registration.objects.filter(pk=registration.pk)
        .exclude(state__in=(Registration.State.REJECTED, Registration.State.CANCELLED))
        .update(state=Registration.State.CANCELLED, cancelled_at=now)
    )
    if not changed:
        raise CannotBeCancelled
    registration.refresh_from_db()
    if registration.person is not None:
        _take_back(registration, now=now, by=by)
        _note("cancelled", registration, now=now, by=by)
        emails.cancelled(registration)


def _take_back(registration: Registration, *, now: datetime, by: User | None) -> None:
    # Speakers and staff are admitted for another reason, and stay.
    admission = Admission.objects.filter(
        person=registration.person,
        edition=registration.edition,
        kind=Admission.Kind.ATTENDEE,
    ).first()
    if admission is not None:
        congress_actions.revoke_admission(admission=admission, now=now, by=by)
    link = _open_link(registration)
    if link is not None:
        congress_actions.revoke_link(link=link, now=now, by=by)


def _note(
    verb: str,
    registration: Registration,
    *,
    now: datetime,
    by: User | None = None,
    **details: str,
) -> None:
    journal.note(
        f"registration.{verb}",
        edition=registration.edition,
        now=now,
        by=by,
        about=registration.person,
        target=registration,
        **details,
    )
