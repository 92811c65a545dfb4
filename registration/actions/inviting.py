"""Invitations of the organisers, and what becomes of them when they are used."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from congress import journal, links, mail
from congress.models import Edition, User
from registration import emails_inviting
from registration.actions.arriving import arrive
from registration.actions.entering import grant, machine_may_admit
from registration.actions.mailboxes import alone_with_all, insist_on_letters_left
from registration.actions.places import enter_or_wait, give_participation_back
from registration.actions.refusals import (
    AlreadyRevoked,
    FewerThanUsed,
    InvitationIsOver,
    NoSuchInvitation,
)
from registration.actions.uses import use_invitation
from registration.models import Invitation, Registration
from registration.models.registrations import email_key_of


@dataclass(frozen=True)
class Invited:
    """Somebody to invite; `email` is canonical."""

    email: str
    title: str = ""
    first_name: str = ""
    last_name: str = ""


# --- What organisers do ---------------------------------------------------------------------------------


@transaction.atomic
def invite_people(
    *,
    edition: Edition,
    by: User,
    now: datetime,
    form_key: UUID,
    people: Sequence[Invited],
    **terms: Any,
) -> tuple[list[Invitation], list[str]]:
    """A personal invitation and a letter for each of them. The same form twice invites once.

    Returns the invitations, and the addresses that hold an open one of the same kind and get no second.
    Raises `TooManyLetters`; then nobody is invited.
    """
    by_mailbox = {email_key_of(person.email): person for person in people}
    alone_with_all(by_mailbox)
    before = list(
        Invitation.objects.of_edition(edition).filter(
            form_key=form_key, kind=Invitation.Kind.PERSONAL
        )
    )
    if before:
        return before, []
    known = dict(
        Invitation.objects.of_edition(edition)
        .open()
        .filter(email_key__in=by_mailbox, becomes=terms["becomes"], kind=Invitation.Kind.PERSONAL)
        .values_list("email_key", "email")
    )
    wanted = {key: person for key, person in by_mailbox.items() if key not in known}
    insist_on_letters_left(dict.fromkeys(wanted, 1))
    made = []
    for key, person in wanted.items():
        invitation = Invitation.objects.create(
            edition=edition,
            kind=Invitation.Kind.PERSONAL,
            email=person.email,
            email_key=key,
            title=person.title,
            first_name=person.first_name,
            last_name=person.last_name,
            created_at=now,
            created_by=by,
            form_key=form_key,
            **terms,
        )
        _note("created", invitation, now=now, by=by)
        emails_inviting.invited(invitation)
        made.append(invitation)
    return made, sorted(address for address in known.values() if address)


@transaction.atomic
def invite_body(
    *, edition: Edition, by: User, now: datetime, form_key: UUID, email: str = "", **terms: Any
) -> tuple[Invitation, str]:
    """A code for so many people of a body; with `email` a letter takes it there.

    Returns the code, which is kept nowhere; "" where the same form made it before. Raises `TooManyLetters`.
    """
    key = email_key_of(email) if email else ""
    if key:
        alone_with_all([key])
    code = Invitation.new_code()
    invitation, created = Invitation.objects.get_or_create(
        edition=edition,
        form_key=form_key,
        email_key=key,
        defaults={
            "kind": Invitation.Kind.BODY,
            "email": email,
            "code_hash": Invitation.hashed(code),
            "created_at": now,
            "created_by": by,
            **terms,
        },
    )
    if not created:
        return invitation, ""
    _note("created", invitation, now=now, by=by)
    if email:
        insist_on_letters_left({key: 1})
        emails_inviting.invited_body(invitation, code)
    return invitation, code


@transaction.atomic
def renew_code(*, invitation: Invitation, by: User, now: datetime) -> str:
    """A new code; the one before opens nothing any more. Raises `AlreadyRevoked` or `TooManyLetters`."""
    if invitation.email:
        alone_with_all([invitation.email_key])
        insist_on_letters_left({invitation.email_key: 1})
    code = Invitation.new_code()
    if (
        not Invitation.objects.not_revoked()
        .filter(pk=invitation.pk)
        .update(code_hash=Invitation.hashed(code))
    ):
        raise AlreadyRevoked
    invitation.refresh_from_db()
    _note("renewed", invitation, now=now, by=by)
    if invitation.email:
        emails_inviting.invited_body(invitation, code)
    return code


@transaction.atomic
def send_invitation_again(*, invitation: Invitation, by: User, now: datetime) -> None:
    """The same letter with the same link. Raises `AlreadyRevoked`, `TooManyLetters` or what the outbox says."""
    if invitation.revoked_at is not None:
        raise AlreadyRevoked
    letter = emails_inviting.invited(invitation)
    mail.send_again(letter, by=by, now=now)


@transaction.atomic
def change_invitation(
    *,
    invitation: Invitation,
    by: User,
    now: datetime,
    valid_until: datetime,
    uses_max: int,
    outside_the_window: bool,
    note: str,
) -> None:
    """Longer or shorter, for more or fewer people. Raises `FewerThanUsed` or `AlreadyRevoked`."""
    rows = Invitation.objects.filter(pk=invitation.pk)
    if not rows.not_revoked().exists():
        raise AlreadyRevoked
    # Whoever uses it at this moment is waited for: never fewer than have used it.
    changed = (
        rows.not_revoked()
        .filter(uses__lte=uses_max)
        .update(
            valid_until=valid_until,
            uses_max=uses_max,
            outside_the_window=outside_the_window,
            note=note,
        )
    )
    if not changed:
        raise FewerThanUsed
    invitation.refresh_from_db()
    _note("changed", invitation, now=now, by=by)


@transaction.atomic
def revoke_invitation(*, invitation: Invitation, by: User, now: datetime) -> None:
    """Nobody can use it any more; whoever has stays admitted. Raises `AlreadyRevoked`."""
    if not Invitation.objects.not_revoked().filter(pk=invitation.pk).update(revoked_at=now):
        raise AlreadyRevoked
    invitation.refresh_from_db()
    _note("revoked", invitation, now=now, by=by)
    for letter in emails_inviting.letters_about(invitation):
        with suppress(mail.AlreadyOnItsWay):
            mail.withdraw(letter, by=by, now=now)


# --- What invited people do -------------------------------------------------------------------------------


def invitation_of_link(edition: Edition, token: str) -> Invitation:
    """The invitation behind a link. Raises `links.Incomplete` or `NoSuchInvitation`."""
    number = links.number_of(emails_inviting.INVITATION, token)
    invitation = Invitation.objects.of_edition(edition).filter(pk=number).first()
    if invitation is None or not links.is_signed_for(
        token, emails_inviting.INVITATION, number, emails_inviting.signed_about(invitation)
    ):
        raise NoSuchInvitation
    return invitation


def invitation_of_code(edition: Edition, code: str) -> Invitation:
    """The invitation whose code somebody typed. Raises `NoSuchInvitation`."""
    invitation = Invitation.objects.of_code(edition, code).first()
    if invitation is None:
        raise NoSuchInvitation
    return invitation


def insist_on_open(invitation: Invitation, now: datetime) -> None:
    """Raises `InvitationIsOver` with the way in which it is."""
    match invitation.state(now):
        case Invitation.State.REVOKED:
            raise InvitationIsOver(_("This invitation has been withdrawn."))
        case Invitation.State.EXPIRED:
            raise InvitationIsOver(_("This invitation has expired."))
        case Invitation.State.USED_UP:
            raise InvitationIsOver(
                _("This invitation has been used already, as often as it may be.")
            )
        case _open:
            return


@transaction.atomic
def follow_invitation(registration: Registration, number: int | None, *, now: datetime) -> bool:
    """Somebody who is registered already follows an invitation: it ends the check, or makes a speaker of an attendee.

    Where it changes nothing, it is not used; returns whether it was.
    """
    person = cast(User, registration.person)
    if number is None or not machine_may_admit(person, registration.edition):
        return False
    row = Registration.objects.select_for_update(of=("self",)).get(pk=registration.pk)
    becomes = Invitation.objects.values_list("becomes", flat=True).get(pk=number)
    if not row.is_active or (
        row.state == Registration.State.ADMITTED and row.admission_kind == becomes
    ):
        return False
    invitation = use_invitation(row, number)
    if invitation is None:
        return False
    waits = row.state == Registration.State.IN_REVIEW
    values: dict[str, Any] = {"invitation": invitation}
    if waits:
        values |= {"state": Registration.State.ADMITTED, "decided_at": now}
        values |= {"level": invitation.level} if invitation.level else {}
        values |= {"land": invitation.land} if invitation.land else {}
    Registration.objects.filter(pk=row.pk).update(**values)
    registration.refresh_from_db()
    if waits:
        arrive(registration, now=now, by=None)
    elif registration.waits_for_a_place and registration.needs_no_place:
        enter_or_wait(registration, now=now, by=None)
    elif registration.state == Registration.State.ADMITTED:
        grant(registration, now=now, by=None)
        if registration.needs_no_place:
            give_participation_back(registration, now=now)
    return True


def _note(verb: str, invitation: Invitation, *, now: datetime, by: User) -> None:
    journal.note(
        f"invitation.{verb}",
        edition=invitation.edition,
        now=now,
        by=by,
        target=invitation,
        kind=invitation.kind,
        becomes=invitation.becomes,
        uses_max=invitation.uses_max,
    )
