"""Colleagues whom somebody invites: each confirms by a personal link, and goes through the same door as everybody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F

from congress import journal, links
from congress.models import Admission, Edition, User
from registration import emails_inviting
from registration.actions.arriving import take_over
from registration.actions.holders import account_of, alone_with
from registration.actions.mailboxes import (
    TooManyLetters,
    alone_with_all,
    insist_on_letters_left,
)
from registration.actions.refusals import (
    AlreadyAnswered,
    MayNotDelegate,
    NobodyToInvite,
    NobodyToRemind,
    NoRoomForSoMany,
    RegistrationClosed,
)
from registration.actions.registering import Verified, is_open, register_proved
from registration.colleagues import Colleague
from registration.models import Delegate, Delegation, Invitation, Substitution
from registration.models.registrations import email_key_of

# Journalists come for themselves, and simulated viewers invite nobody.
MAY_DELEGATE = (Admission.Kind.ATTENDEE, Admission.Kind.SPEAKER, Admission.Kind.STAFF)


@dataclass(frozen=True)
class Accepted:
    """A colleague said yes. `signs_in`: nobody had an account at this mailbox before, so the link may open it."""

    verified: Verified
    signs_in: bool


# --- What contact persons do ------------------------------------------------------------------------------


def delegation_of(
    edition: Edition, *, contact: User | None = None, invitation: Invitation | None = None
) -> Delegation | None:
    """The one that is there already."""
    return (
        Delegation.objects.of_edition(edition)
        .filter(contact=contact, invitation=invitation)
        .select_related("contact", "invitation", "edition__host_state")
        .first()
    )


def insist_on_delegating(
    edition: Edition, now: datetime, *, contact: User | None, invitation: Invitation | None
) -> None:
    """Raises `MayNotDelegate` or `RegistrationClosed`."""
    if not is_open(edition, now, invitation):
        raise RegistrationClosed
    if contact is not None:
        admission = Admission.objects.in_force().filter(person=contact, edition=edition).first()
        if admission is None or admission.kind not in MAY_DELEGATE:
            raise MayNotDelegate
    elif (
        invitation is None
        or not invitation.is_for_a_body
        or invitation.state(now) != Invitation.State.OPEN
    ):
        raise MayNotDelegate


@transaction.atomic
def invite_colleagues(
    *,
    edition: Edition,
    now: datetime,
    form_key: UUID,
    language: str,
    colleagues: Sequence[Colleague],
    contact: User | None = None,
    invitation: Invitation | None = None,
) -> int:
    """A letter with a personal link to each of them who has none yet; all or none. The same form twice invites once.

    Returns how many. Raises `MayNotDelegate`, `RegistrationClosed`, `NobodyToInvite`, `NoRoomForSoMany` or
    `TooManyLetters`.
    """
    insist_on_delegating(edition, now, contact=contact, invitation=invitation)
    delegation, _fresh = Delegation.objects.get_or_create(
        edition=edition, contact=contact, invitation=invitation
    )
    alone_with_all({row.email_key for row in colleagues})
    before = delegation.delegates.filter(form_key=form_key).count()
    if before:
        return before
    known = {bytes(one) for one in delegation.delegates.values_list("fingerprint", flat=True)}
    wanted = {
        fingerprint: row
        for row in colleagues
        if (fingerprint := delegation.fingerprint(row.email_key, row.name_key)) not in known
    }
    if not wanted:
        raise NobodyToInvite
    insist_on_letters_left(Counter(row.email_key for row in wanted.values()))
    made = invite(delegation, wanted, form_key=form_key, language=language, now=now)
    _note("invited", delegation, now=now, by=contact, count=len(made))
    return len(made)


@transaction.atomic
def register_for(
    *,
    edition: Edition,
    now: datetime,
    form_key: UUID,
    language: str,
    office_name: str,
    office_email: str,
    colleague: Colleague,
) -> None:
    """An office registers somebody by name: both get a letter, and the colleague says yes or no.

    Whoever was named before gets no second letter, and the office is answered the same: nothing is told.
    Raises `RegistrationClosed`, `NoRoomForSoMany` or `TooManyLetters`.
    """
    if not is_open(edition, now, None):
        raise RegistrationClosed
    key = email_key_of(office_email)
    alone_with_all({key, colleague.email_key})
    delegation, _fresh = Delegation.objects.get_or_create(
        edition=edition,
        office_key=key,
        defaults={"office_name": office_name, "office_email": office_email},
    )
    fingerprint = delegation.fingerprint(colleague.email_key, colleague.name_key)
    if delegation.delegates.filter(fingerprint=fingerprint).exists():
        return
    insist_on_letters_left(Counter([key, colleague.email_key]))
    (row,) = invite(
        delegation, {fingerprint: colleague}, form_key=form_key, language=language, now=now
    )
    emails_inviting.office(row)
    _note("registered_for", delegation, now=now, by=None)


@transaction.atomic
def remind_colleagues(
    *, delegation: Delegation, now: datetime, forms: Collection[str] | None = None
) -> int:
    """Each who has not answered gets one reminder, ever, at the earliest a day after the letter. Returns how many.

    `forms`: only those whom these have named. Raises `NobodyToRemind`.
    """
    due = list(
        delegation.delegates.to_remind(now)
        .named_by(forms)
        .select_for_update(of=("self",), skip_locked=True)
        .select_related("edition")
    )
    alone_with_all({row.email_key for row in due})
    reminded = 0
    for row in due:
        with suppress(
            TooManyLetters
        ):  # somebody else has just written to this mailbox: another time
            insist_on_letters_left({row.email_key: 1})
            Delegate.objects.filter(pk=row.pk).update(reminded_at=now)
            emails_inviting.delegate_reminded(row)
            reminded += 1
    if not reminded:
        raise NobodyToRemind
    _note("reminded", delegation, now=now, by=delegation.contact, count=reminded)
    return reminded


@transaction.atomic
def take_back(*, row: Delegate, now: datetime) -> None:
    """The contact person invites them no longer. Raises `AlreadyAnswered`."""
    _end(row, "taken_back", now=now, by=row.delegation.contact)


# --- What their colleagues do -----------------------------------------------------------------------------


def delegate_of_link(edition: Edition, token: str) -> Delegate:
    """Whose link it is. Raises `links.Incomplete` or `AlreadyAnswered`."""
    number = links.number_of(emails_inviting.CONFIRMATION, token)
    row = Delegate.objects.with_delegation().filter(pk=number, edition=edition).first()
    if row is None or not links.is_signed_for(
        token, emails_inviting.CONFIRMATION, number, str(row.key)
    ):
        raise AlreadyAnswered
    return row


@transaction.atomic
def accept(
    *, row: Delegate, now: datetime, language: str, privacy_version: str, **given: str
) -> Accepted:
    """The colleague says yes, with the data as they stand on the form; name and address leave the delegation.

    Raises `AlreadyAnswered` or `RegistrationClosed`.
    """
    found = _alone_with_open(row, now)
    address = found.email or ""
    known = account_of(address, email_key_of(address)) is not None
    invitation = found.delegation.invitation
    if invitation is not None and invitation.state(now) != Invitation.State.OPEN:
        invitation = None  # then by the registry, like everybody
    verified = register_proved(
        edition=found.edition,
        now=now,
        form_key=found.key,
        privacy_version=privacy_version,
        invitation=invitation,
        language=language,
        email=address,
        **given,
    )
    nothing = dict.fromkeys(("title", "first_name", "last_name", "body", "email", "email_key"), "")
    Delegate.objects.filter(pk=found.pk).update(confirmed_at=now, **nothing)
    Delegation.objects.filter(pk=found.delegation_id).update(confirmed=F("confirmed") + 1)
    _note("accepted", found.delegation, now=now, by=verified.person)
    if found.delegation.is_of_an_office:
        emails_inviting.office_answered(found, verified.registration)
    if not verified.for_the_first_time:
        take_over(verified.registration, key=found.key, now=now)
    return Accepted(verified, signs_in=verified.for_the_first_time and not known)


@transaction.atomic
def decline(*, row: Delegate, now: datetime) -> None:
    """The colleague does not want to come: nothing about them is kept. Raises `AlreadyAnswered`."""
    _end(_alone_with_open(row, now), "declined", now=now, by=None)


def _alone_with_open(row: Delegate, now: datetime) -> Delegate:
    alone_with(row.email_key)
    found = (
        Delegate.objects.select_for_update(of=("self",)).with_delegation().filter(pk=row.pk).first()
    )
    if found is None or not found.is_open(now):
        raise AlreadyAnswered
    return found


def _end(row: Delegate, verb: str, *, now: datetime, by: User | None) -> None:
    emails_inviting.letters_to_delegates([row.pk]).delete()
    Substitution.objects.filter(key=row.key).delete()
    deleted, _each = Delegate.objects.open().filter(pk=row.pk).delete()
    if not deleted:
        raise AlreadyAnswered
    Delegation.objects.filter(pk=row.delegation_id).update(ended=F("ended") + 1)
    _note(verb, row.delegation, now=now, by=by)


def invite(
    delegation: Delegation,
    wanted: Mapping[bytes, Colleague],
    *,
    form_key: UUID,
    language: str,
    now: datetime,
) -> list[Delegate]:
    """Rows and letters, within the bound. Raises `NoRoomForSoMany`."""
    # One statement takes the room or does not (RELIABILITY.md D7).
    rows = Delegation.objects.filter(pk=delegation.pk)
    if not rows.with_room_for(len(wanted)).update(invited=F("invited") + len(wanted)):
        raise NoRoomForSoMany(rows.get().left)
    made = Delegate.objects.bulk_create(
        Delegate(
            edition=delegation.edition,
            delegation=delegation,
            fingerprint=fingerprint,
            title=row.title,
            first_name=row.first_name,
            last_name=row.last_name,
            body=row.body or delegation.body or delegation.whose,
            email=row.email,
            email_key=row.email_key,
            language=language,
            invited_at=now,
            form_key=form_key,
        )
        for fingerprint, row in wanted.items()
    )
    for delegate in made:
        emails_inviting.delegate(delegate)
    return made


def _note(
    verb: str, delegation: Delegation, *, now: datetime, by: User | None, **details: Any
) -> None:
    journal.note(
        f"delegation.{verb}",
        edition=delegation.edition,
        now=now,
        by=by,
        target=delegation,
        **details,
    )
