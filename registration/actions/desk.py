"""What the help desk does for a caller: codes read out, addresses corrected, letters sent, people admitted on the spot.

Everything is written into the journal with who did it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils.crypto import get_random_string

from congress import actions as congress_actions
from congress import journal, mailbox
from congress.models import AccessLink, Admission, Edition, Level, Role, User
from congress.models.database import StatementNow
from congress.second_factor import needs_second_factor
from registration import eligibility, emails
from registration.actions.deciding import admit
from registration.actions.entering import note, personal_link
from registration.actions.holders import alone_with
from registration.actions.refusals import (
    AlreadyConfirmed,
    AlreadyRegistered,
    CodeIsOver,
    CongressIsOver,
    MayNotAdmit,
    NoAddress,
    NoReason,
    NotByTelephone,
    NoWayIn,
    WrongTelephoneCode,
)
from registration.actions.registering import (
    active_of,
    of_form,
    send_code,
    send_code_again,
    verify_by_word,
)
from registration.models import Registration, RegistrationSettings, TelephoneCode, Way
from registration.models.registrations import email_key_of, name_key_of

AT_THE_DOOR = "at-the-door:"  # the key of whoever has no mailbox: nobody is the same person by it


# --- A code to read out -----------------------------------------------------------------------------------


@transaction.atomic
def make_telephone_code(
    *,
    edition: Edition,
    by: User,
    now: datetime,
    key: UUID,
    person: User | None = None,
    registration: Registration | None = None,
) -> str:
    """A code for this caller, good for ten minutes and once; the one before ends. Nobody sees it again.

    The same form twice gives a new code in the place of the first.
    Raises `NotByTelephone`, `NoWayIn` or `CongressIsOver`.
    """
    if now >= edition.ends_at:
        raise CongressIsOver
    if registration is not None and registration.person is not None:
        person, registration = registration.person, None
    if person is not None:
        _may_come_by_telephone(person, edition)
    elif registration is None or registration.state != Registration.State.UNVERIFIED:
        raise NoWayIn
    letters = get_random_string(TelephoneCode.LENGTH, TelephoneCode.LETTERS)
    TelephoneCode.objects.for_whom(person=person, registration=registration).filter(
        edition=edition, used_at__isnull=True
    ).exclude(form_key=key).delete()
    made, _created = TelephoneCode.objects.update_or_create(
        edition=edition,
        form_key=key,
        defaults={
            "person": person,
            "registration": registration,
            "code_hash": TelephoneCode.hashed(letters, key),
            "made_at": StatementNow(),
            "made_by": by,
            "attempts": 0,
        },
    )
    journal.note(
        "desk.code_made",
        edition=edition,
        now=now,
        by=by,
        about=person,
        target=registration or made,
    )
    half = TelephoneCode.LENGTH // 2
    return f"{letters[:half]}-{letters[half:]}"


@dataclass(frozen=True)
class Called:
    """Whoever came by telephone. `link` is the way in of somebody without a sign-in address."""

    person: User
    link: AccessLink | None
    registration: Registration | None = None


def enter_by_telephone(
    *, edition: Edition, code: str, who: str, key: UUID, now: datetime
) -> Called:
    """The caller typed the code and who they are. Once; the same sent form again does no harm.

    Raises `WrongTelephoneCode`, whatever is wrong: a name alone tells nothing. Every attempt at a caller's code counts.
    """
    good = TelephoneCode.objects.good(key).filter(edition=edition)
    for made in good.select_related("person", "registration", "made_by", "edition"):
        if not made.is_for(who):
            continue
        counted = good.filter(pk=made.pk).update(attempts=F("attempts") + 1)
        if counted and made.is_code(code):
            return _use(made, key=key, now=now)
    raise WrongTelephoneCode


@transaction.atomic
def _use(made: TelephoneCode, *, key: UUID, now: datetime) -> Called:
    first = TelephoneCode.objects.filter(pk=made.pk, used_at__isnull=True).update(
        used_at=StatementNow(), used_by_form=key
    )
    if not first and not TelephoneCode.objects.filter(pk=made.pk, used_by_form=key).exists():
        raise WrongTelephoneCode
    called = _called(made, now=now)
    try:
        # Rights may have been given since the code was read out, and a registration may belong to an account.
        _may_come_by_telephone(called.person, made.edition)
    except (NotByTelephone, NoWayIn) as refusal:  # what those say is for the helper
        raise WrongTelephoneCode from refusal
    if first:
        journal.note(
            "desk.code_used",
            edition=made.edition,
            now=now,
            by=called.person,
            about=called.person,
            target=made,
        )
    return called


def _called(made: TelephoneCode, *, now: datetime) -> Called:
    registration = made.registration
    if registration is not None:
        if made.made_by is None:
            raise WrongTelephoneCode
        try:
            verified = verify_by_word(registration=registration, by=made.made_by, now=now)
        except CodeIsOver as over:
            raise WrongTelephoneCode from over
        return Called(verified.person, verified.link, verified.registration)
    person = made.person
    if person is None:
        raise WrongTelephoneCode
    return Called(person, way_in(person, made.edition, now=now, by=made.made_by))


def _may_come_by_telephone(person: User, edition: Edition) -> None:
    """Never whoever sees personal data or gives rights, in any edition. Raises `NotByTelephone` or `NoWayIn`."""
    if needs_second_factor(person) or any(
        role.kind in Role.IN_THE_ADMIN for role in person.active_roles
    ):
        raise NotByTelephone
    admitted = Admission.objects.in_force().filter(person=person, edition=edition).exists()
    if not person.is_active or not (
        admitted or active_of(edition, Q(person=person)) or person.works_for(edition)
    ):
        raise NoWayIn


# --- Links and letters ------------------------------------------------------------------------------------


def way_in(
    person: User, edition: Edition, *, now: datetime, by: User | None = None
) -> AccessLink | None:
    """The personal link of somebody without a sign-in address, made where it is missing; None for whoever has one."""
    if person.email:
        return None
    admission = Admission.objects.in_force().filter(person=person, edition=edition).first()
    if admission is None:
        registration = active_of(edition, Q(person=person))
        return personal_link(registration, now=now, by=by) if registration is not None else None
    kind = admission.kind if admission.kind in AccessLink.Kind.values else AccessLink.Kind.ATTENDEE
    existing = (
        AccessLink.objects.filter(
            person=person, edition=edition, kind=kind, revoked_at__isnull=True, valid_until__gt=now
        )
        .filter(Q(admission=admission) | Q(admission__isnull=True))
        .first()
    )
    if existing is not None or now >= edition.ends_at:
        return existing
    AccessLink.objects.filter(admission=admission, kind=kind, revoked_at__isnull=True).update(
        revoked_at=now
    )  # one that has run out makes room
    return congress_actions.create_link(
        kind=kind, edition=edition, now=now, person=person, admission=admission, by=by
    )


@transaction.atomic
def send_way_in(*, person: User, edition: Edition, by: User, now: datetime, key: UUID) -> None:
    """The letter that says how to come in, with the personal link of whoever has no sign-in address.

    Raises `NoAddress` or `NoWayIn`.
    """
    if not person.mailbox:
        raise NoAddress
    if not Admission.objects.in_force().filter(person=person, edition=edition).exists():
        raise NoWayIn
    link = way_in(person, edition, now=now, by=by)
    emails.way_in(person, edition, link, key)
    journal.note("desk.way_in_sent", edition=edition, now=now, by=by, about=person, target=link)


@transaction.atomic
def send_code_for_caller(*, registration: Registration, by: User, now: datetime) -> None:
    """A new code to the address that is not confirmed yet. Raises `TooSoon` or `TooManyCodes`."""
    send_code_again(registration=registration)
    note("code_sent_again", registration, now=now, by=by)


@transaction.atomic
def correct_address(*, registration: Registration, email: str, by: User, now: datetime) -> None:
    """The address was mistyped: codes of the old one end, a new one goes to the new. The rules look at it when it is
    confirmed.

    Raises `AlreadyConfirmed` or `TooManyCodes`.
    """
    email = mailbox.canonical(email)
    held = (
        Registration.objects.select_for_update(of=("self",))
        .select_related("edition")
        .filter(pk=registration.pk)
        .first()
    )
    if held is None or held.state != Registration.State.UNVERIFIED:
        raise AlreadyConfirmed
    if held.email == email:
        return
    held.codes.all().delete()
    held.telephone_codes.all().delete()
    held.email, held.email_key = email, email_key_of(email)
    held.save(update_fields=["email", "email_key"])
    note("address_corrected", held, now=now, by=by)
    send_code(held)
    registration.refresh_from_db()


# --- On the spot --------------------------------------------------------------------------------------------


def may_admit(person: User, edition: Edition) -> bool:
    """Whether this person at the desk lets people in by their own decision."""
    if person.is_superuser or person.has_role(edition, Role.Kind.ORGANISER):
        return True
    return (
        person.has_role(edition, Role.Kind.HELP_DESK)
        and RegistrationSettings.objects.of(edition).desk_may_admit
    )


@transaction.atomic
def register_at_the_desk(
    *,
    edition: Edition,
    by: User,
    now: datetime,
    key: UUID,
    privacy_version: str,
    email: str,
    **given: str,
) -> Registration:
    """Register somebody who is standing or calling here; a code goes to the address, and its rules decide.

    Also after registration has closed. Raises `AlreadyRegistered`, `CongressIsOver` or `TooManyCodes`.
    """
    registration = _at_the_desk(
        edition=edition, now=now, key=key, privacy_version=privacy_version, email=email, **given
    )
    if registration is None:
        return Registration.objects.get(edition=edition, form_key=key)
    note("at_the_desk", registration, now=now, by=by)
    send_code(registration)
    return registration


@transaction.atomic
def admit_at_the_desk(
    *,
    edition: Edition,
    by: User,
    now: datetime,
    key: UUID,
    privacy_version: str,
    reason: str,
    email: str = "",
    level: str = Level.OTHER,
    **given: str,
) -> Registration:
    """Let somebody in by this person's decision, with its reason; the address may be missing.

    Never into an account there is: nothing proves the mailbox, so the way in is a personal link.

    Raises `MayNotAdmit`, `NoReason`, `AlreadyRegistered` or `CongressIsOver`.
    """
    if not may_admit(by, edition):
        raise MayNotAdmit
    reason = reason.strip()
    if not reason:
        raise NoReason
    registration = _at_the_desk(
        edition=edition, now=now, key=key, privacy_version=privacy_version, email=email, **given
    )
    if registration is None:
        return Registration.objects.get(edition=edition, form_key=key)
    person = User.objects.create_user(
        None,
        contact_email=registration.address,
        language=registration.language,
        **{name: given[name] for name in ("title", "first_name", "last_name", "body")},
    )
    assessed = eligibility.assess(registration.address, edition)
    Registration.objects.filter(pk=registration.pk).update(
        person=person,
        state=Registration.State.IN_REVIEW,
        verified_at=now,
        level=assessed.level or level,
        land=assessed.land or None,
        eligibility=assessed.decision if registration.address else "",
        rule=assessed.rule,
    )
    registration.refresh_from_db()
    note("at_the_desk", registration, now=now, by=by)
    admit(registration=registration, by=by, now=now)
    Registration.objects.filter(pk=registration.pk).update(reason=reason)
    registration.refresh_from_db()
    return registration


def _at_the_desk(
    *, edition: Edition, now: datetime, key: UUID, privacy_version: str, email: str, **given: str
) -> Registration | None:
    """The row in its first state, or None where this form was sent before."""
    if now >= edition.ends_at:
        raise CongressIsOver
    if of_form(edition, key) is not None:
        return None
    values: dict[str, Any] = {
        # Whoever is standing here takes part on site, where that is possible.
        "way": Way.offered_by(edition)[0],
        **given,
        "email": mailbox.canonical(email) if email else "",
        "name_key": name_key_of(given["first_name"], given["last_name"]),
        "submitted_at": now,
        "privacy_read_at": now,
        "privacy_version": privacy_version,
    }
    values["email_key"] = email_key_of(values["email"]) if email else f"{AT_THE_DOOR}{key}"
    alone_with(values["email_key"])
    same = Registration.objects.active().of_edition(edition).filter(name_key=values["name_key"])
    if same.filter(email_key=values["email_key"]).exists():
        raise AlreadyRegistered
    try:
        with transaction.atomic():
            return Registration.objects.create(edition=edition, form_key=key, **values)
    except IntegrityError:  # the same form a moment ago (one_registration_per_form)
        return None
