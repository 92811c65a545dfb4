"""Whoever may come arrives: by a place of their own, on the list, or in the place of a colleague who asked them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from congress.models import AccessLink, User
from registration.actions.entering import note, open_link
from registration.actions.places import enter_or_wait
from registration.actions.refusals import (
    CongressIsOver,
    HasAPlace,
    NothingToHandOver,
    PlaceIsForOthers,
)
from registration.actions.switching import hand_over, make_room
from registration.models import Registration, Substitution


def arrive(registration: Registration, *, now: datetime, by: User | None) -> AccessLink | None:
    """As `enter_or_wait`; whoever was asked to come instead of somebody takes that place, and the other's ends."""
    asked = _asked(registration, registration.form_key)
    if asked is None:
        return enter_or_wait(registration, now=now, by=by)
    giver, own_way = asked.giver, registration.way
    asked.delete()
    _come_as(registration, giver.way)  # who arrives has no place yet, in whichever way
    try:
        hand_over(registration=giver, to=registration, now=now, by=giver.person)
    except HasAPlace:  # there is no limit: both could come, and one of them does
        link = enter_or_wait(registration, now=now, by=by)
        make_room(giver, registration, now=now, by=giver.person)
        return link
    except (CongressIsOver, NothingToHandOver, PlaceIsForOthers):
        note("not_taken_over", giver, now=now, by=None)
        _come_as(registration, own_way)
        return enter_or_wait(registration, now=now, by=by)
    return open_link(registration)


@transaction.atomic
def take_over(registration: Registration, *, key: UUID, now: datetime) -> bool:
    """Somebody who is registered already says yes to coming instead. Returns whether the place has passed.

    Whoever is still in review takes it when they are admitted; whoever has a place keeps it, and so does who asked.
    """
    asked = _asked(registration, key)
    if asked is None:
        return False
    if registration.state == Registration.State.IN_REVIEW:
        Substitution.objects.filter(pk=asked.pk).update(heir=registration)
        return False
    giver = asked.giver
    asked.delete()
    try:
        hand_over(registration=giver, to=registration, now=now, by=giver.person)
    except (CongressIsOver, HasAPlace, NothingToHandOver, PlaceIsForOthers):
        note("not_taken_over", giver, now=now, by=None)
        return False
    return True


def _come_as(registration: Registration, way: str) -> None:
    registration.way = way
    Registration.objects.filter(pk=registration.pk).update(way=way)


def _asked(registration: Registration, key: UUID) -> Substitution | None:
    return (
        Substitution.objects.select_for_update(of=("self",))
        .select_related("giver__edition", "giver__person")
        .filter(Q(heir=registration) | Q(key=key), giver__edition=registration.edition_id)
        .first()
    )
