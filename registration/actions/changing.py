"""What people change about their own data. A changed body or address goes through eligibility again."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast
from uuid import UUID

from allauth.account.models import EmailAddress
from django.db import transaction

from congress import links
from congress.models import Admission, Edition, Level, User
from congress.text import folded
from registration import eligibility, emails_changing
from registration.actions.arriving import arrive
from registration.actions.contingents import locked
from registration.actions.entering import machine_may_admit, note, personal_link, take_back
from registration.actions.holders import account_of, alone_with
from registration.actions.level import RegistrationHasEnded
from registration.actions.mailboxes import alone_with_all, insist_on_letters_left
from registration.actions.refusals import (
    AddressIsTaken,
    AnswerTheOfferFirst,
    LinkIsOver,
    TooLateToChange,
)
from registration.models import AddressChange, Invitation, Registration, RegistrationSettings
from registration.models.registrations import email_key_of, name_key_of

FACTS = ("title", "first_name", "last_name", "body")


@transaction.atomic
def change_data(
    *, registration: Registration, by: User, now: datetime, key: UUID, email: str, **facts: str
) -> AddressChange | None:
    """Name and body count at once; a new address once the letter to it was answered. The same form twice asks once.

    Returns the address that waits for its answer. Raises `TooLateToChange`, `RegistrationHasEnded`,
    `AnswerTheOfferFirst`, `AddressIsTaken` or `TooManyLetters`.
    """
    alone_with_all({registration.email_key, email_key_of(email)})
    row = _open(registration, now)
    name_key = name_key_of(facts["first_name"], facts["last_name"])
    if name_key != row.name_key and _is_somebody_else(row, row.email_key, name_key):
        raise AddressIsTaken
    changed = [name for name in FACTS if getattr(row, name) != facts[name]]
    another_body = folded(row.body) != folded(facts["body"])
    if changed:
        Registration.objects.filter(pk=row.pk).update(**facts, name_key=name_key)
        User.objects.filter(registrations=row).update(**facts)
        row = locked(row.pk)
        note("data_changed", row, now=now, by=by, fields=", ".join(changed))
    if another_body and _look_again(row, now=now, another_address=False):
        emails_changing.changed(row, personal_link(row, now=now), now)
    registration.refresh_from_db()
    return _ask(row, email, key=key, now=now) if email != row.address else None


def _ask(row: Registration, email: str, *, key: UUID, now: datetime) -> AddressChange:
    before = AddressChange.objects.filter(registration=row).first()
    if before is not None and before.key == key:
        return before
    insist_on_letters_left({email_key_of(email): 1})
    change, _fresh = AddressChange.objects.update_or_create(
        registration=row, defaults={"email": email, "key": key, "asked_at": now}
    )
    emails_changing.new_address(change)
    return change


def change_of_link(edition: Edition, token: str) -> AddressChange:
    """Which address a link in a letter is about. Raises `links.Incomplete` or `LinkIsOver`."""
    number = links.number_of(emails_changing.CHANGE, token)
    change = (
        AddressChange.objects.select_related("registration__edition", "registration__person")
        .filter(pk=number, registration__edition=edition)
        .first()
    )
    if change is None or not links.is_signed_for(
        token, emails_changing.CHANGE, number, str(change.key)
    ):
        raise LinkIsOver
    return change


@transaction.atomic
def confirm_address(*, change: AddressChange, now: datetime) -> Registration:
    """The letter to the new mailbox was answered: it is the one of the registration now.

    Raises `LinkIsOver`, `TooLateToChange`, `RegistrationHasEnded`, `AnswerTheOfferFirst` or `AddressIsTaken`.
    """
    alone_with(email_key_of(change.address))
    standing = AddressChange.objects.select_for_update().filter(pk=change.pk, key=change.key)
    if not standing.exists() or now >= change.asked_at + AddressChange.LIFETIME:
        raise LinkIsOver
    row = _open(change.registration, now)
    email, key, before = change.address, email_key_of(change.address), row.address
    person = cast(User, row.person)  # who_is_verified_is_a_person_of_a_moment
    account = account_of(email, key)
    shared = eligibility.is_shared(email)
    if _is_somebody_else(row, key, row.name_key) or (
        account is not None and account.pk != person.pk and not shared
    ):
        raise AddressIsTaken
    standing.delete()
    Registration.objects.filter(pk=row.pk).update(email=email, email_key=key, verified_at=now)
    _sign_in_with(person, "" if shared else email, email)
    row = locked(row.pk)
    note("address_changed", row, now=now, by=person)
    _look_again(row, now=now, another_address=True)
    emails_changing.address_left(row, before, now)
    emails_changing.changed(row, personal_link(row, now=now), now)
    return row


def _open(registration: Registration, now: datetime) -> Registration:
    row = locked(registration.pk)
    if not RegistrationSettings.objects.of(row.edition).may_change(row.edition, now):
        raise TooLateToChange
    if not row.is_active:
        raise RegistrationHasEnded
    return row


def _is_somebody_else(row: Registration, email_key: str, name_key: str) -> bool:
    others = Registration.objects.active().of_edition(row.edition).exclude(pk=row.pk)
    return others.filter(email_key=email_key, name_key=name_key).exists()


def _look_again(row: Registration, *, now: datetime, another_address: bool) -> bool:
    """Whoever may come stays, or comes in; everybody else is looked at by a person, with their place kept meanwhile.

    Returns whether something has changed by it. Raises `AnswerTheOfferFirst`.
    """
    person = cast(User, row.person)
    assessed = eligibility.assess(row.address, row.edition)
    invitation = row.invitation
    invited = invitation is not None and (
        invitation.kind == Invitation.Kind.BODY or not another_address
    )
    values: dict[str, Any] = {"eligibility": assessed.decision, "rule": assessed.rule}
    if assessed.admits and not invited and row.level_said_at is None:
        values |= {"level": assessed.level or Level.OTHER, "land": assessed.land or None}
    may_come = (assessed.admits or invited) and machine_may_admit(person, row.edition)
    before = row.state
    if may_come and before == Registration.State.IN_REVIEW:
        values |= {"state": Registration.State.ADMITTED, "decided_at": now, "asked_until": None}
    elif not may_come and before != Registration.State.IN_REVIEW:
        if row.places.offered().exists():
            raise AnswerTheOfferFirst
        values |= {
            "state": Registration.State.IN_REVIEW,
            "in_review_since": now,
            "decided_at": None,
            "decided_by": None,
        }
    Registration.objects.filter(pk=row.pk).update(**{_column(n): v for n, v in values.items()})
    row.refresh_from_db()
    if row.state == Registration.State.IN_REVIEW and before == Registration.State.ADMITTED:
        take_back(row, now=now, by=person)
    elif row.state == Registration.State.ADMITTED and before == Registration.State.IN_REVIEW:
        arrive(row, now=now, by=None)
    elif row.state == Registration.State.ADMITTED:
        Admission.objects.filter(
            edition=row.edition_id, person=person, kind=Admission.Kind.ATTENDEE
        ).update(level=row.level)
    if row.state != before:
        note("looked_at_again", row, now=now, by=None, eligibility=assessed.decision)
    return bool(row.state != before)


def _column(name: str) -> str:
    return "land_id" if name == "land" else name


def _sign_in_with(person: User, email: str, mailbox: str) -> None:
    """The account follows the mailbox. Of people with a role it stays: rights hang on it, and a link gives none."""
    if person.is_superuser or person.active_roles:
        return
    EmailAddress.objects.filter(user=person).delete()
    person.email, person.contact_email = email or None, "" if email else mailbox
    person.save(update_fields=["email", "contact_email"])
    if email:
        EmailAddress.objects.create(user=person, email=email, verified=True, primary=True)
