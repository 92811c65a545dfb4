"""What people do about places: get one or wait, answer an offer, choose what there is besides, give one by hand."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import F

from congress import journal
from congress.models import AccessLink, Edition, User
from registration import emails_places
from registration.actions.contingents import (
    back_to_the_list,
    give_back,
    lock_in_order,
    locked,
    locked_contingent,
    offer_what_is_free,
    set_state,
    take,
)
from registration.actions.entering import let_in, note, open_link, personal_link
from registration.actions.refusals import (
    CongressIsOver,
    NoPlaceLeft,
    NotAdmitted,
    NotOnTheList,
    OfferIsOver,
    TooFewPlaces,
)
from registration.models import Contingent, Place, Registration


def enter_or_wait(
    registration: Registration, *, now: datetime, by: User | None
) -> AccessLink | None:
    """Everybody who may come goes through here, whoever has decided it: a place and the way in, or the waiting list.

    The registration is locked by the caller and stands as admitted. Returns the personal link of whoever needs one.
    """
    if registration.needs_no_place:
        give_participation_back(registration, now=now)
        set_state(registration, Registration.State.ADMITTED)
        return let_in(registration, now=now, by=by)
    place = _participation_of(registration)
    if place is None:
        contingent = Contingent.objects.participation().fitting(registration).first()
        place = take(contingent.pk, registration, now=now) if contingent is not None else None
    if place is None or place.is_taken:  # without a contingent there is no limit
        return let_in(registration, now=now, by=by)
    link = personal_link(registration, now=now, by=by)
    if place.is_offered:
        set_state(registration, Registration.State.OFFERED)
        return link
    set_state(registration, Registration.State.WAITLISTED)
    note("waitlisted", registration, now=now, by=by)
    emails_places.waitlisted(registration, place, link)
    # People may wait although places are free, where their offers rest: then this one gets an offer at once.
    offer_what_is_free(place.contingent_id, now=now)
    registration.refresh_from_db(fields=["state"])
    return link


@transaction.atomic
def give_participation_back(registration: Registration, *, now: datetime) -> None:
    """Whoever comes as a speaker leaves the place to somebody else, and keeps what they have chosen besides."""
    registration = locked(registration.pk)
    give_back(registration.places.of_participation(), now=now)


@transaction.atomic
def give_all_back(*, registration: Registration, now: datetime) -> None:
    """End every place of a registration that ends; each goes to whoever is next in line."""
    registration = locked(registration.pk)
    give_back(registration.places.all(), now=now)


# --- Offers ---------------------------------------------------------------------------------------------


@transaction.atomic
def accept_place(*, place: Place, now: datetime, by: User | None = None) -> Place:
    """Take the place that is offered. Twice does no harm. Raises `OfferIsOver`."""
    registration = locked(place.registration_id)
    found = _own(registration, place)
    if found is None or not (found.is_taken or found.offer_is_good(now)):
        raise OfferIsOver
    if not found.is_taken:
        have(found, registration, now=now, by=by or registration.person)
    return found


@transaction.atomic
def give_up(*, place: Place, now: datetime) -> bool:
    """Give a place or a position back without which the registration goes on: an optional item, the wish to switch.

    Twice does no harm. False where it is the place to take part itself.
    """
    registration = locked(place.registration_id)
    found = _own(registration, place)
    if found is None:
        return True
    if not (found.contingent.is_item or found.is_for_another_way):
        return False
    verb = "item_given_back" if found.contingent.is_item else "switch_given_up"
    note(verb, registration, now=now, by=registration.person, **about(found))
    give_back([found], now=now)
    return True


@transaction.atomic
def wait_on(*, place: Place, now: datetime) -> None:
    """Whoever let offers pass says that they still wait: offers go on. Raises `NotOnTheList`."""
    registration = locked(place.registration_id)
    found = _own(registration, place)
    if found is None:
        raise NotOnTheList
    if found.is_waiting and found.missed:
        Place.objects.filter(pk=found.pk).update(missed=0)
        offer_what_is_free(found.contingent_id, now=now)


def sweep(edition: Edition | None = None) -> int:
    """What the clock does: offers whose time is over go to the next in line. Returns how many have passed.

    Of one edition or of all; twice at once does no harm. What stayed free while people wait is offered, too.
    """
    due = Place.objects.due().order_by("contingent", "offered_until", "pk")
    left_over = Contingent.objects.not_full().filter(waiting__gt=0)
    if edition is not None:
        due, left_over = due.filter(edition=edition), left_over.of_edition(edition)
    passed = sum(_pass(number) for number in list(due.values_list("pk", flat=True)))
    for contingent in left_over.select_related("edition").order_by("pk"):
        with transaction.atomic():
            offer_what_is_free(contingent.pk, now=contingent.edition.now())
    return passed


@transaction.atomic
def _pass(place_id: int) -> bool:
    place = (
        Place.objects.due()
        .filter(pk=place_id)
        .select_related("registration__edition", "registration__person", "contingent__edition")
        .select_for_update(of=("self", "registration"), no_key=True, skip_locked=True)
        .first()
    )
    if place is None:  # answered, or another sweeper has it
        return False
    registration, now = place.registration, place.registration.edition.now()
    back_to_the_list(place, now=now)
    if registration.state == Registration.State.OFFERED and not place.contingent.is_item:
        set_state(registration, Registration.State.WAITLISTED)
    note("offer_passed", registration, now=now, by=None, **about(place))
    emails_places.offer_passed(place, open_link(registration))
    offer_what_is_free(place.contingent_id, now=now)
    return True


# --- Optional items -------------------------------------------------------------------------------------


@transaction.atomic
def choose_items(
    *, registration: Registration, wanted: Iterable[int], now: datetime
) -> list[Place]:
    """Have these optional items and no others: a place in each, or one on its list. Twice does no harm.

    What has begun stays as it is. Returns what the person has or waits for. Raises `NotAdmitted`.
    """
    registration = locked(registration.pk)
    if registration.state != Registration.State.ADMITTED:
        raise NotAdmitted
    chosen = set(wanted)
    offered = Contingent.objects.items().fitting(registration).select_related("edition")
    open_items = [item for item in offered.order_by("pk") if not item.has_begun(now)]
    held = {place.contingent_id: place for place in registration.places.of_items()}
    given_back = [
        place
        for item in open_items
        if item.pk not in chosen and (place := held.get(item.pk)) is not None
    ]
    # All rows that change, in one order, before the first of them changes.
    changing = [item.pk for item in open_items if (item.pk in chosen) != (item.pk in held)]
    lock_in_order(changing)
    for item in open_items:
        if item.pk in chosen and item.pk not in held:
            place = take(item.pk, registration, now=now)
            verb = "item_booked" if place.is_taken else "item_waited_for"
            note(verb, registration, now=now, by=registration.person, **about(place))
    for place in given_back:
        note("item_given_back", registration, now=now, by=registration.person, **about(place))
    give_back(given_back, now=now)
    for item in open_items:
        if item.pk in chosen and item.pk not in held:
            offer_what_is_free(item.pk, now=now)
    return list(registration.places.of_items().select_related("contingent"))


# --- Organisers -----------------------------------------------------------------------------------------


@transaction.atomic
def give_place(*, place: Place, by: User, now: datetime, one_more: bool = False) -> Place:
    """Give a place to somebody who waits, whoever stands before them. Twice does no harm.

    Where all are taken it is refused, unless the organiser adds `one_more` to their number.
    Raises `NoPlaceLeft`, `NotOnTheList` or `CongressIsOver`.
    """
    registration = locked(place.registration_id)
    if now >= registration.edition.ends_at:
        raise CongressIsOver
    found = _own(registration, place)
    if found is None:
        raise NotOnTheList
    if found.is_waiting:
        _lock_participation_of(registration)
        contingent = locked_contingent(found.contingent_id)
        more = 0
        if contingent.free == 0:
            if not one_more:
                raise NoPlaceLeft
            more = 1
        counters = {"taken": F("taken") + 1, "waiting": F("waiting") - 1}
        if more:
            counters["places"] = F("places") + 1
        Contingent.objects.filter(pk=contingent.pk).update(**counters)
    if not found.is_taken:
        have(found, registration, now=now, by=by)
        note("place_given", registration, now=now, by=by, **about(found))
    return found


@transaction.atomic
def change_places(
    *, contingent: Contingent, places: int | None, by: User | None, now: datetime
) -> Contingent:
    """Another number of places, None: without limit. New ones are offered to those who wait, at once.

    Raises `TooFewPlaces`.
    """
    found = locked_contingent(contingent.pk)
    if places is not None and places < found.taken:
        raise TooFewPlaces(found.taken)
    before, found.places = found.places, places
    Contingent.objects.filter(pk=found.pk).update(places=places)
    if before != places:
        journal.note(
            "contingent.places_changed",
            edition=found.edition,
            now=now,
            by=by,
            target=found,
            before=before,
            after=places,
        )
    offer_what_is_free(found.pk, now=now)
    found.refresh_from_db()
    return found


# --- Parts ----------------------------------------------------------------------------------------------


def _participation_of(registration: Registration) -> Place | None:
    places = registration.places.of_own_way()
    return places.select_related("contingent__edition").first() if places.exists() else None


def _lock_participation_of(registration: Registration) -> None:
    lock_in_order(registration.places.of_participation().values_list("contingent", flat=True))


def _own(registration: Registration, place: Place) -> Place | None:
    found = registration.places.select_related("contingent__edition").filter(pk=place.pk).first()
    if found is not None:
        found.registration = registration
    return found


def have(place: Place, registration: Registration, *, now: datetime, by: User | None) -> None:
    """The place is theirs; with a place to take part comes the way in, and what they had instead is given back."""
    if not place.contingent.is_item:
        _lock_participation_of(registration)
    place.state, place.since, place.missed = Place.State.TAKEN, now, 0
    place.save()
    place.registration = registration
    if place.contingent.is_item:
        note("item_booked", registration, now=now, by=by, **about(place))
        return
    others = list(registration.places.of_participation().exclude(pk=place.pk))
    set_way(registration, place.contingent.way, now=now, by=by)
    enter(registration, now=now, by=by)
    give_back(others, now=now)


def set_way(registration: Registration, way: str, *, now: datetime, by: User | None) -> None:
    if registration.way != way:
        Registration.objects.filter(pk=registration.pk).update(way=way)
        note("way_switched", registration, now=now, by=by, before=registration.way, after=way)
        registration.way = way


def enter(registration: Registration, *, now: datetime, by: User | None) -> None:
    """In by a place; whoever was in already is told how they take part from now on."""
    if registration.state == Registration.State.ADMITTED:
        emails_places.way_switched(registration, now)
    else:
        set_state(registration, Registration.State.ADMITTED)
        let_in(registration, now=now, by=by)


def about(place: Place) -> dict[str, str]:
    return {"contingent": str(place.contingent_id)}
