"""How places are counted: taken by one, given back, offered to whoever is first in line.

Who waits for whom, so that nobody waits for ever: the own registration is locked first, then contingents in the order
of their ids, then rows of others, and those only where nobody else has them (SKIP LOCKED). A place changes under the
lock of its registration; the counters change in the transaction of the row they count.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import F

from registration import emails_places
from registration.actions.entering import note
from registration.models import Contingent, Place, Registration, RegistrationSettings


def locked(registration_id: int) -> Registration:
    """The registration as it is now; nobody else changes it or its places until the transaction ends."""
    return (
        Registration.objects.select_for_update(of=("self",), no_key=True)
        .select_related("edition", "person")
        .get(pk=registration_id)
    )


def locked_contingent(contingent_id: int) -> Contingent:
    return (
        Contingent.objects.select_for_update(of=("self",), no_key=True)
        .select_related("edition")
        .get(pk=contingent_id)
    )


def lock_in_order(contingents: Iterable[int]) -> None:
    """Where several change in one transaction: all of them, in one order, before the first of them changes."""
    wanted = Contingent.objects.filter(pk__in=contingents).order_by("pk")
    list(wanted.select_for_update(no_key=True).values_list("pk"))


def take(contingent_id: int, registration: Registration, *, now: datetime) -> Place:
    """A place, or the next position on the waiting list."""
    contingent = Contingent.objects.filter(pk=contingent_id)
    values = {"edition_id": registration.edition_id, "since": now}
    while True:  # what is false for the first statement is true for the second, unless somebody came between them
        # One statement takes the place or does not (RELIABILITY.md, D7); the CHECK is the net.
        if contingent.with_a_free_place().update(taken=F("taken") + 1):
            return Place.objects.create(
                registration=registration,
                contingent_id=contingent_id,
                state=Place.State.TAKEN,
                **values,
            )
        if contingent.without_a_free_place().update(
            waiting=F("waiting") + 1, last_position=F("last_position") + 1
        ):
            # The row is ours until the transaction ends: nobody gets the same position.
            position = contingent.values_list("last_position", flat=True).get()
            return Place.objects.create(
                registration=registration,
                contingent_id=contingent_id,
                state=Place.State.WAITING,
                position=position,
                **values,
            )


def give_back(places: Iterable[Place], *, now: datetime) -> None:
    """End these places and offer what became free; their registrations are locked by the caller."""
    ended = sorted(places, key=lambda place: place.contingent_id)
    for place in ended:
        counter = "waiting" if place.is_waiting else "taken"
        Contingent.objects.filter(pk=place.contingent_id).update(**{counter: F(counter) - 1})
        place.delete()
    for contingent_id in dict.fromkeys(place.contingent_id for place in ended):
        offer_what_is_free(contingent_id, now=now)


def back_to_the_list(place: Place, *, now: datetime) -> None:
    """An offer passed unanswered: to the end of the list; the place goes to the next in line."""
    contingent = Contingent.objects.filter(pk=place.contingent_id)
    contingent.update(
        taken=F("taken") - 1, waiting=F("waiting") + 1, last_position=F("last_position") + 1
    )
    place.state = Place.State.WAITING
    place.position = contingent.values_list("last_position", flat=True).get()
    place.offered_until = None
    place.missed += 1
    place.since = now
    place.save()


def offer_what_is_free(contingent_id: int, *, now: datetime) -> int:
    """Keep free places for those first in line, and write to them. Returns for how many.

    Whoever is being changed by somebody else at this moment is passed over and keeps the position; the sweeper
    (`sweep`) comes round for what stayed free.
    """
    contingent = locked_contingent(contingent_id)
    if contingent.waiting == 0 or contingent.free == 0:
        return 0
    until = end_of_offer(contingent, now=now)
    if until is None:
        return 0
    at_most = contingent.waiting if contingent.free is None else contingent.free
    first_in_line = list(
        Place.objects.in_line()
        .filter(contingent=contingent)
        .select_related("registration__edition", "registration__person")
        .select_for_update(of=("self", "registration"), no_key=True, skip_locked=True)[:at_most]
    )
    if not first_in_line:
        return 0
    Contingent.objects.filter(pk=contingent.pk).update(
        taken=F("taken") + len(first_in_line), waiting=F("waiting") - len(first_in_line)
    )
    for place in first_in_line:
        place.state, place.offered_until, place.since = Place.State.OFFERED, until, now
        place.contingent = contingent
        place.save()
        # Whoever takes part in another way meanwhile stays admitted.
        if not (contingent.is_item or place.registration.state == Registration.State.ADMITTED):
            set_state(place.registration, Registration.State.OFFERED)
        note("place_offered", place.registration, now=now, contingent=str(contingent.pk))
        emails_places.place_offered(place)
    return len(first_in_line)


def end_of_offer(contingent: Contingent, *, now: datetime) -> datetime | None:
    """Until when a place offered now is kept: the hours the edition sets, but at most half of what is left.

    So there is time for whoever comes next. None where it is too late for offers.
    """
    if now > contingent.offers_end_at():
        return None
    left = contingent.begins_at() - now
    hours = RegistrationSettings.objects.of(contingent.edition).offer_hours
    until = now + min(timedelta(hours=hours), left / 2)
    return until.replace(second=0, microsecond=0)


def set_state(registration: Registration, state: str) -> None:
    Registration.objects.filter(pk=registration.pk).update(state=state)
    registration.state = state
