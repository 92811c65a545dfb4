"""Figures and look-ups about places: who stands where, what is full, and whether the counters are right."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Sum

from congress import retention
from congress.models import Edition
from registration.models import Contingent, Place, Registration, Way


@dataclass(frozen=True)
class Item:
    """Something on top of taking part, and how one registration stands to it."""

    contingent: Contingent
    place: Place | None
    is_over: bool  # it has begun: nothing is booked or given back any more


@dataclass(frozen=True)
class Miscount:
    """A contingent whose counters are not what its rows say: (taken, waiting) each."""

    contingent: Contingent
    counted: tuple[int, int]
    rows: tuple[int, int]


def place_to_take_part(registration: Registration) -> Place | None:
    """With the position among those who wait; None where there is no limit."""
    return standing_of(registration).own


@dataclass(frozen=True)
class Standing:
    """Where one registration stands: the place to take part, one in another way, and optional items."""

    own: Place | None = None
    elsewhere: Place | None = None
    items: tuple[Place, ...] = ()


def standing_of(registration: Registration) -> Standing:
    """All its places in one query; none where there are none (`queries.registration_for_its_page`)."""
    if not getattr(registration, "has_places", True):
        return Standing()
    places = list(registration.places.with_rank().select_related("contingent__land"))
    for place in places:
        place.registration, place.contingent.edition = registration, registration.edition
    to_take_part = [place for place in places if not place.contingent.is_item]
    own = [place for place in to_take_part if place.contingent.way == registration.way]
    others = [place for place in to_take_part if place.contingent.way != registration.way]
    return Standing(
        own[0] if own else None,
        others[0] if others and len(Way.offered_by(registration.edition)) > 1 else None,
        tuple(place for place in places if place.contingent.is_item),
    )


def with_place(rows: QuerySet[Registration]) -> QuerySet[Registration]:
    """In the same query: `waits_at`, the position of whoever waits to take part, and `offered_until`."""
    places = Place.objects.of_own_way().filter(registration=OuterRef("pk"))
    waiting = places.waiting().with_rank().values("rank")  # type: ignore[misc]  # annotated there
    return rows.annotate(
        waits_at=Subquery(waiting[:1]),
        offered_until=Subquery(places.offered().values("offered_until")[:1]),
    )


def items_for(
    registration: Registration, now: datetime, standing: Standing | None = None
) -> list[Item]:
    """What this registration can choose or has chosen, in two queries; none where the edition has nothing to choose."""
    if not getattr(registration, "sees_items", True):
        return []
    standing = standing or standing_of(registration)
    held = {place.contingent_id: place for place in standing.items}
    fitting = Contingent.objects.items().fitting(registration)
    found = Contingent.objects.filter(Q(pk__in=fitting.order_by().values("pk")) | Q(pk__in=held))
    contingents = list(found.in_order())
    for contingent in contingents:
        contingent.edition = registration.edition
    return [
        Item(contingent, held.get(contingent.pk), contingent.has_begun(now))
        for contingent in contingents
        if contingent.pk in held or not contingent.has_begun(now)
    ]


def offers_have_ended(contingent: Contingent, now: datetime) -> bool:
    """So near to the beginning nobody is offered a place any more; organisers give what is free by hand."""
    return now > contingent.offers_end_at()


def ways_without_limit(edition: Edition, contingents: Iterable[Contingent]) -> list[str]:
    """The ways for which not everybody falls under a contingent: for those others there is no limit."""
    limited = {one.way for one in contingents if not (one.is_item or one.level or one.land_id)}
    return [str(way.label) for way in Way.offered_by(edition) if way.value not in limited]


def full_ways(edition: Edition) -> set[str]:
    """Ways in which whoever registers now goes to the waiting list; contingents for a level or Land say nothing yet."""
    for_all = Contingent.objects.participation().of_edition(edition)
    full = for_all.filter(level="", land__isnull=True).without_a_free_place()
    return set(full.values_list("way", flat=True))


def waiting_to_take_part(edition: Edition) -> int:
    found = Contingent.objects.participation().of_edition(edition)
    return found.aggregate(number=Sum("waiting"))["number"] or 0


def free_while_people_wait(edition: Edition, now: datetime) -> int:
    """Places that nobody gets by machine any more, though people wait: an organiser gives them by hand."""
    found = Contingent.objects.of_edition(edition).not_full().filter(waiting__gt=0)
    return sum(
        one.waiting if one.free is None else min(one.free, one.waiting)
        for one in found.select_related("edition")
        if offers_have_ended(one, now) and now < edition.ends_at
    )


def miscounts() -> list[Miscount]:
    """Where counters and rows differ, in one statement; of editions whose people are erased only figures are left."""
    rows = {
        "held": Count("rows", filter=Q(rows__state__in=(Place.State.TAKEN, Place.State.OFFERED))),
        "queue": Count("rows", filter=Q(rows__state=Place.State.WAITING)),
    }
    found = (
        Contingent.objects.exclude(retention.ended_before(retention.AFTER_THE_EDITION, "edition__"))
        .annotate(**rows)
        .exclude(taken=F("held"), waiting=F("queue"))
        .select_related("edition", "land")
        .order_by("pk")
    )
    return [
        Miscount(one, (one.taken, one.waiting), (one.held, one.queue))  # type: ignore[attr-defined]  # annotated
        for one in found
    ]
