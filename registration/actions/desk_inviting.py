"""The help desk sends an invitation once more, for whoever calls: beyond the one reminder that colleagues get."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import models, transaction

from congress import journal
from congress.models import Letter, User
from registration import emails_inviting, queries
from registration.actions.inviting import insist_on_open
from registration.actions.mailboxes import alone_with_all, insist_on_letters_left
from registration.actions.refusals import (
    AlreadyAnswered,
    RegistrationClosed,
    WrittenJustNow,
)
from registration.actions.registering import is_open
from registration.models import Delegate, Invitation

# A letter takes as long; whoever presses sooner has not looked.
PAUSE = timedelta(minutes=2)


@transaction.atomic
def invite_colleague_again(*, row: Delegate, by: User, now: datetime, key: UUID) -> None:
    """The same link in a new letter. The same form twice writes once.

    Raises `AlreadyAnswered`, `RegistrationClosed`, `WrittenJustNow` or `TooManyLetters`.
    """
    alone_with_all([row.email_key])
    found = (
        Delegate.objects.select_for_update(of=("self",)).with_delegation().filter(pk=row.pk).first()
    )
    if found is None or not found.is_open(now):
        raise AlreadyAnswered
    if not is_open(found.edition, now, found.delegation.invitation):
        raise RegistrationClosed
    if _is_new(emails_inviting.key_of_delegate_again(found, key), found.email_key):
        emails_inviting.delegate_again(found, key)
        _note(found, by=by, now=now)


@transaction.atomic
def invite_guest_again(*, invitation: Invitation, by: User, now: datetime, key: UUID) -> None:
    """The same of an invitation of the organisers.

    Raises `InvitationIsOver`, `RegistrationClosed`, `WrittenJustNow` or `TooManyLetters`.
    """
    alone_with_all([invitation.email_key])
    invitation.refresh_from_db()
    insist_on_open(invitation, now)
    if not is_open(invitation.edition, now, invitation):
        raise RegistrationClosed
    if _is_new(emails_inviting.key_of_invitation(invitation.pk, key), invitation.email_key):
        emails_inviting.invited(invitation, key)
        _note(invitation, by=by, now=now)


def _is_new(once: str, email_key: str) -> bool:
    """Whether this form has not written yet; then the mailbox must have had its pause."""
    if Letter.objects.filter(once=once).exists():
        return False
    if queries.letters_within(PAUSE, to=[email_key], templates=emails_inviting.ALL):
        raise WrittenJustNow
    insist_on_letters_left({email_key: 1})
    return True


def _note(row: Delegate | Invitation, *, by: User, now: datetime) -> None:
    target: models.Model = row
    journal.note("desk.invited_again", edition=row.edition, now=now, by=by, target=target)
