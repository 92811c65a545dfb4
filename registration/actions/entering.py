"""What follows from being admitted, and from being no longer: the admission, the personal link, the letter."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from congress import actions as congress_actions
from congress import journal
from congress.models import AccessLink, Admission, Edition, User
from registration import emails
from registration.models import Registration


def machine_may_admit(person: User, edition: Edition) -> bool:
    """Whom a person has shut out, a person lets in again."""
    shut_out = Admission.objects.shut_out().filter(person=person, edition=edition)
    return person.is_active and not shut_out.exists()


def let_in(registration: Registration, *, now: datetime, by: User | None) -> AccessLink | None:
    admission = grant(registration, now=now, by=by)
    note("admitted", registration, now=now, by=by)
    link = personal_link(registration, now=now, by=by)
    if link is not None and link.admission_id is None:
        AccessLink.objects.filter(pk=link.pk).update(admission=admission)
    emails.admitted(registration, link)
    return link


def grant(registration: Registration, *, now: datetime, by: User | None) -> Admission:
    """Attendee, or what the invitation says; a stronger kind that is in force stays."""
    return congress_actions.grant_admission(
        person=cast(User, registration.person),  # who_is_verified_is_a_person_of_a_moment
        edition=registration.edition,
        kind=registration.admission_kind,
        level=registration.level,
        now=now,
        by=by,
    )


def personal_link(
    registration: Registration, *, now: datetime, by: User | None = None
) -> AccessLink | None:
    """The way in of somebody without a sign-in address; one per edition, made when it is needed."""
    person = registration.person
    if person is None or person.email:
        return None
    existing = open_link(registration)
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


def open_link(registration: Registration) -> AccessLink | None:
    return AccessLink.objects.filter(
        person=registration.person,
        edition=registration.edition,
        kind=AccessLink.Kind.ATTENDEE,
        revoked_at__isnull=True,
    ).first()


def take_back(registration: Registration, *, now: datetime, by: User | None) -> None:
    # Speakers and staff are admitted for another reason, and stay; speakers who were invited came by this one.
    admission = Admission.objects.filter(
        person=registration.person,
        edition=registration.edition,
        kind=registration.admission_kind,
    ).first()
    if admission is not None:
        congress_actions.revoke_admission(admission=admission, now=now, by=by)
    link = open_link(registration)
    if link is not None:
        congress_actions.revoke_link(link=link, now=now, by=by)


def note(
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
