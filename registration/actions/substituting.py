"""Somebody who is in asks a colleague to come instead."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from congress.models import User
from registration.actions.contingents import locked
from registration.actions.delegating import invite, take_back
from registration.actions.entering import note
from registration.actions.mailboxes import alone_with_all, insist_on_letters_left
from registration.actions.refusals import (
    AsksSomebodyAlready,
    NothingToHandOver,
    ThatIsYou,
    TooLateToChange,
)
from registration.colleagues import Colleague
from registration.models import (
    Delegate,
    Delegation,
    Registration,
    RegistrationSettings,
    Substitution,
)


@transaction.atomic
def ask_substitute(
    *,
    registration: Registration,
    colleague: Colleague,
    by: User,
    now: datetime,
    form_key: UUID,
    language: str,
) -> None:
    """The colleague gets a letter; the place passes once they said yes and may come. The same form twice asks once.

    Raises `TooLateToChange`, `NothingToHandOver`, `ThatIsYou`, `AsksSomebodyAlready`, `NoRoomForSoMany` or
    `TooManyLetters`.
    """
    alone_with_all([colleague.email_key])
    giver = locked(registration.pk)
    settings = RegistrationSettings.objects.of(giver.edition)
    if not settings.may_hand_over(giver.edition, now):
        raise TooLateToChange
    if giver.state != Registration.State.ADMITTED or giver.needs_no_place:
        raise NothingToHandOver
    if (colleague.email_key, colleague.name_key) == (giver.email_key, giver.name_key):
        raise ThatIsYou
    standing = Substitution.objects.filter(giver=giver).first()
    if standing is not None:
        if Delegate.objects.filter(key=standing.key, form_key=form_key).exists():
            return
        raise AsksSomebodyAlready
    delegation, _fresh = Delegation.objects.get_or_create(edition=giver.edition, contact=by)
    insist_on_letters_left({colleague.email_key: 1})
    # Whoever was invited beside one may also be asked to come instead.
    fingerprint = delegation.fingerprint(
        colleague.email_key, f"instead:{form_key}:{colleague.name_key}"
    )
    (row,) = invite(
        delegation, {fingerprint: colleague}, form_key=form_key, language=language, now=now
    )
    Substitution.objects.create(giver=giver, key=row.key, asked_at=now)
    note("substitute_asked", giver, now=now, by=by)


@transaction.atomic
def take_substitute_back(*, registration: Registration, now: datetime) -> None:
    """The place stays with whoever has it. Twice does no harm."""
    standing = Substitution.objects.filter(giver=registration).first()
    if standing is None:
        return
    row = Delegate.objects.with_delegation().open().filter(key=standing.key).first()
    standing.delete()
    if row is not None:
        take_back(row=row, now=now)
