"""Whoever may come arrives: by a place of their own, on the list, or in the place of a colleague who asked them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from congress.models import AccessLink, User
from registration import emails_changing
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
        _stays(giver, now=now)
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
        _stays(giver, now=now)
        return False
    return True


def do_not_take_over(registration: Registration, *, now: datetime) -> None:
    """Whoever was asked to come instead of somebody may not come: the place stays where it is."""
    for asked in Substitution.objects.taken_by(registration).select_related(
        "giver__edition", "giver__person"
    ):
        giver = asked.giver
        asked.delete()
        _stays(giver, now=now)


def _stays(giver: Registration, *, now: datetime) -> None:
    note("not_taken_over", giver, now=now, by=None)
    if giver.state == Registration.State.ADMITTED:
        emails_changing.not_taken_over(giver, now)


def _come_as(registration: Registration, way: str) -> None:
    registration.way = way
    Registration.objects.filter(pk=registration.pk).update(way=way)


def _asked(registration: Registration, key: UUID) -> Substitution | None:
    asked = Substitution.objects.taken_by(registration, key)
    if not asked.exists():
        return None
    return (
        asked.select_for_update(of=("self",))
        .select_related("giver__edition", "giver__person")
        .first()
    )
