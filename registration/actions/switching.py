"""A place in another way of taking part, and a place that goes to a colleague: both without a moment in between."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from congress.models import User
from registration import emails_places
from registration.actions.contingents import (
    give_back,
    lock_in_order,
    locked,
    offer_what_is_free,
    set_state,
    take,
)
from registration.actions.entering import let_in, note, take_back
from registration.actions.level import RegistrationHasEnded
from registration.actions.own import end
from registration.actions.places import about, enter, give_all_back, have, set_way
from registration.actions.refusals import (
    CongressIsOver,
    HasAPlace,
    NothingToHandOver,
    PlaceIsForOthers,
    TooLateToChange,
    WayNotOffered,
    WhileInReview,
)
from registration.actions.uses import give_invitation_back
from registration.models import Contingent, Place, Registration, RegistrationSettings, Way


@transaction.atomic
def switch_way(
    *,
    registration: Registration,
    way: str,
    now: datetime,
    by: User | None = None,
    stay_in_line: bool = False,
) -> Place | None:
    """Take part in this way from now on. Twice does no harm.

    Where its places are taken, whoever has a place keeps it and waits for the other; choosing the present way ends
    the waiting. `stay_in_line`: whoever waits for the way they leave keeps that position, and comes back by an offer.
    Returns the place, or the position on the list, in that way; None where there is no limit.
    People do it themselves until the date that the edition sets, organisers later, too.
    Raises `CongressIsOver`, `TooLateToChange`, `WayNotOffered`, `WhileInReview` or `RegistrationHasEnded`.
    """
    registration = locked(registration.pk)
    edition = registration.edition
    by = by or registration.person
    if now >= edition.ends_at:
        raise CongressIsOver
    if by == registration.person and not RegistrationSettings.objects.of(edition).may_change(
        edition, now
    ):
        raise TooLateToChange
    if way not in Way.offered_by(edition):
        raise WayNotOffered
    if not registration.is_active:
        raise RegistrationHasEnded
    held = {
        place.contingent.way: place
        for place in registration.places.of_participation().select_related("contingent__edition")
    }
    own, other = held.pop(registration.way, None), held.pop(way, None)
    if way == registration.way:
        for place in held.values():
            note("switch_given_up", registration, now=now, by=by, **about(place))
        give_back(held.values(), now=now)
        return own
    if registration.state == Registration.State.IN_REVIEW:
        if own is not None or other is not None:
            raise WhileInReview
        set_way(registration, way, now=now, by=by)
        return None
    if other is not None and other.offer_is_good(now):
        have(other, registration, now=now, by=by)
        return other
    if other is not None:  # waits for it already
        return other
    return _switch(registration, own, way, now=now, by=by, stay_in_line=stay_in_line)


def _switch(
    registration: Registration,
    own: Place | None,
    way: str,
    *,
    now: datetime,
    by: User | None,
    stay_in_line: bool,
) -> Place | None:
    """The place in the new way first: until it is there, nothing is given up."""
    place = None
    target = None
    if not registration.needs_no_place:
        target = Contingent.objects.participation().fitting(registration, way).first()
    if target is not None:
        lock_in_order([target.pk] if own is None else [target.pk, own.contingent_id])
        place = take(target.pk, registration, now=now)
    if place is not None and place.is_waiting:
        if registration.state == Registration.State.ADMITTED:
            note("switch_waited_for", registration, now=now, by=by, **about(place))
        else:
            _leave(own, registration, way, now=now, by=by, stay_in_line=stay_in_line)
            set_state(registration, Registration.State.WAITLISTED)
        emails_places.waitlisted(registration, place, None)
        # People may wait although places are free, where their offers rest: then this one gets an offer at once.
        offer_what_is_free(place.contingent_id, now=now)
        place.refresh_from_db()
        return place
    _leave(own, registration, way, now=now, by=by, stay_in_line=stay_in_line)
    enter(registration, now=now, by=by)
    return place


def _leave(
    own: Place | None,
    registration: Registration,
    way: str,
    *,
    now: datetime,
    by: User | None,
    stay_in_line: bool,
) -> None:
    set_way(registration, way, now=now, by=by)
    if own is not None and (own.is_taken or not stay_in_line):
        give_back([own], now=now)


@transaction.atomic
def hand_over(
    *, registration: Registration, to: Registration, now: datetime, by: User | None = None
) -> Place | None:
    """The place goes to a colleague, whose address is confirmed and who may come; the registration ends with it.

    It is never free in between: nobody on the list is passed over who could have had it. Optional items go with it,
    as far as the colleague may have them. Returns the place; None where there is no limit.
    Raises `CongressIsOver`, `NothingToHandOver`, `HasAPlace` or `PlaceIsForOthers`.
    """
    if now >= registration.edition.ends_at:
        raise CongressIsOver
    both = {number: locked(number) for number in sorted({registration.pk, to.pk})}
    giver, heir = both[registration.pk], both[to.pk]
    _insist_on_a_pair(giver, heir)
    place = giver.places.of_own_way().filter(state=Place.State.TAKEN).first()
    _insist_on_the_circle(place, giver, heir)
    # Who is being admitted at this moment has no place yet.
    arrives = heir.state == Registration.State.ADMITTED and not _takes_part(heir)

    rows = Place.objects.filter(registration__in=both)
    lock_in_order(rows.values_list("contingent", flat=True))
    by = by or giver.person
    instead = list(heir.places.of_participation().select_related("contingent__edition"))
    give_back(instead, now=now)
    if place is not None:
        _pass_on(place, giver, heir, now=now)
    for item in _items_for(giver, heir, now):
        _pass_on(item, giver, heir, now=now)

    make_room(giver, heir, now=now, by=by)

    note("taken_over", heir, now=now, by=by, of=str(giver.pk))
    set_way(heir, giver.way, now=now, by=by)
    if arrives:
        let_in(heir, now=now, by=by)
    else:
        enter(heir, now=now, by=by)
    registration.refresh_from_db()
    to.refresh_from_db()
    return place


def make_room(giver: Registration, heir: Registration, *, now: datetime, by: User | None) -> None:
    """The registration ends, since a colleague comes instead; nothing of it stays."""
    end(giver, now=now)
    giver.handed_on = True
    giver.save(update_fields=["handed_on"])
    give_invitation_back(giver)
    take_back(giver, now=now, by=by)
    note("handed_over", giver, now=now, by=by, to=str(heir.pk))
    emails_places.handed_over(giver, heir)
    give_all_back(registration=giver, now=now)


def _insist_on_a_pair(giver: Registration, heir: Registration) -> None:
    may_come = (
        Registration.State.ADMITTED,
        Registration.State.WAITLISTED,
        Registration.State.OFFERED,
    )
    if (
        giver.pk == heir.pk
        or giver.edition_id != heir.edition_id
        or giver.state != Registration.State.ADMITTED
        or giver.needs_no_place
        or heir.state not in may_come
    ):
        raise NothingToHandOver
    if heir.needs_no_place or (heir.way == giver.way and _takes_part(heir)):
        raise HasAPlace


def _takes_part(registration: Registration) -> bool:
    """In, by a place or because there is no limit."""
    if registration.state != Registration.State.ADMITTED:
        return False
    limited = Contingent.objects.participation().fitting(registration).exists()
    return registration.places.of_own_way().exists() or not limited


def _insist_on_the_circle(place: Place | None, giver: Registration, heir: Registration) -> None:
    """A place kept for a level or a Land stays there."""
    contingents = Contingent.objects.participation()
    if place is not None:
        kept_for: int | None = place.contingent_id
    else:  # in without a limit, or since before there was one
        kept_for = contingents.fitting(giver).values_list("pk", flat=True).first()
    fitting = contingents.fitting(heir, giver.way)
    fits = not fitting.exists() if kept_for is None else fitting.filter(pk=kept_for).exists()
    if not fits:
        raise PlaceIsForOthers


def _pass_on(place: Place, giver: Registration, heir: Registration, *, now: datetime) -> None:
    """One statement moves the row or does not (RELIABILITY.md, D7): its contingent counts the same before and after."""
    moved = Place.objects.filter(pk=place.pk, registration=giver, state=Place.State.TAKEN).update(
        registration=heir, since=now, offered_until=None
    )
    if not moved:
        raise NothingToHandOver
    place.refresh_from_db()


def _items_for(giver: Registration, heir: Registration, now: datetime) -> list[Place]:
    """What the colleague may have too, and neither has nor waits for already."""
    heir_has = heir.places.of_items().values("contingent")
    fitting = Contingent.objects.items().fitting(heir, giver.way).order_by().values("pk")
    mine = giver.places.of_items().filter(state=Place.State.TAKEN, contingent__in=fitting)
    return [
        place
        for place in mine.exclude(contingent__in=heir_has).select_related("contingent__edition")
        if not place.contingent.has_begun(now)
    ]
