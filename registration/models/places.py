"""Places: how many there are for whom, who has one, who waits in which order, and to whom one is offered."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar, Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Case, F, IntegerField, Q, Value, When
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, pgettext_lazy

from congress.fields import LineField, ParagraphField
from congress.models import Edition, Level
from congress.models import State as Land
from congress.translation import Translated
from registration.models.registrations import Registration, Way


class ContingentQuerySet(models.QuerySet["Contingent"]):
    """The words we use for contingents. Compose them; do not filter in views."""

    def of_edition(self, edition: Edition) -> Self:
        return self.filter(edition=edition)

    def participation(self) -> Self:
        return self.filter(kind=Contingent.Kind.PARTICIPATION)

    def items(self) -> Self:
        return self.filter(kind=Contingent.Kind.ITEM)

    def fitting(self, registration: Registration, way: str = "") -> Self:
        """Meant for whoever has this way, level and Land; the most specific first. `way`: another than their own.

        In between a Land counts more than a level: it is the narrower circle of the two.
        """
        narrower = Case(
            When(Q(land__isnull=False) & ~Q(level=""), then=Value(0)),
            When(land__isnull=False, then=Value(1)),
            When(~Q(level=""), then=Value(2)),
            default=Value(3),
            output_field=IntegerField(),
        )
        return self.filter(
            Q(level="") | Q(level=registration.level),
            Q(land__isnull=True) | Q(land=registration.land_id),
            Q(way="") | Q(way=way or registration.way),
            edition=registration.edition_id,
        ).order_by(narrower, "pk")

    def not_full(self) -> Self:
        return self.filter(Q(places__isnull=True) | Q(taken__lt=F("places")))

    def with_a_free_place(self) -> Self:
        """For anybody who comes along: nobody waits for it."""
        return self.not_full().filter(waiting=0)

    def without_a_free_place(self) -> Self:
        """The exact opposite: whoever comes along waits."""
        return self.filter(Q(waiting__gt=0) | Q(places__isnull=False, taken__gte=F("places")))

    def in_order(self) -> Self:
        return self.order_by("-kind", "way", "starts_at", "level", "land", "pk")


class Contingent(models.Model):
    """So many places for a way of taking part, or for something on top of it (evening event, lunch, tour).

    The counters are changed by `registration.actions.places` alone, each together with the row it counts, in one
    statement (RELIABILITY.md, D7); `manage.py check_counts` compares them with the rows.
    """

    class Kind(models.TextChoices):
        PARTICIPATION = "participation", _("taking part")
        ITEM = "item", _("optional item")

    LAST_OFFER_BEFORE: ClassVar[timedelta] = timedelta(hours=1)

    edition = models.ForeignKey(
        Edition, on_delete=models.CASCADE, related_name="contingents", verbose_name=_("edition")
    )
    kind = models.CharField(_("for"), max_length=14, choices=Kind, default=Kind.PARTICIPATION)
    way = models.CharField(
        _("way of taking part"),
        max_length=6,
        choices=Way,
        blank=True,
        help_text=_("Optional items: empty for everybody."),
    )
    level = models.CharField(
        _("level of administration"),
        max_length=20,
        choices=Level,
        blank=True,
        help_text=_("Empty: for every level."),
    )
    land = models.ForeignKey(
        Land,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name=_("Land"),
        help_text=_("Empty: for every Land."),
    )
    title_de = LineField(
        _("title (German)"), max_length=120, blank=True, help_text=_("Optional items only.")
    )
    title_en = LineField(_("title (English)"), max_length=120, blank=True)
    description_de = ParagraphField(_("description (German)"), max_length=1000, blank=True)
    description_en = ParagraphField(_("description (English)"), max_length=1000, blank=True)
    starts_at = models.DateTimeField(
        _("begins"), null=True, blank=True, help_text=_("Optional items only.")
    )
    places = models.PositiveIntegerField(
        _("places"), null=True, blank=True, help_text=_("Empty: without limit.")
    )
    # Places that somebody has, or that are kept for somebody who has been offered one.
    taken = models.PositiveIntegerField(_("taken"), default=0, editable=False)
    waiting = models.PositiveIntegerField(_("waiting"), default=0, editable=False)
    last_position = models.PositiveIntegerField(
        _("last position on the list"), default=0, editable=False
    )

    title = Translated("title")
    description = Translated("description")

    objects: ClassVar[ContingentQuerySet] = ContingentQuerySet.as_manager()  # type: ignore[assignment]  # the manager speaks our words

    class Meta:
        verbose_name = _("contingent")
        verbose_name_plural = _("contingents")
        ordering = ("edition", "-kind", "way", "starts_at", "pk")
        constraints = (
            models.UniqueConstraint(name="contingent_of_its_edition", fields=("edition", "id")),
            models.UniqueConstraint(
                name="one_contingent_per_way_level_and_land",
                fields=("edition", "way", "level", "land"),
                condition=Q(kind="participation"),
                nulls_distinct=False,
                violation_error_message=_(
                    "There is a contingent for this way, level and Land already."
                ),
            ),
            # The net below the conditional UPDATE that takes a place.
            models.CheckConstraint(
                name="never_more_places_taken_than_there_are",
                condition=Q(taken__gte=0)
                & (Q(places__isnull=True) | Q(places__gte=0, taken__lte=F("places"))),
            ),
            models.CheckConstraint(
                name="nobody_waits_less_than_not_at_all",
                condition=Q(waiting__gte=0, last_position__gte=F("waiting")),
            ),
            models.CheckConstraint(
                name="contingent_kind_is_known", condition=Q(kind__in=["participation", "item"])
            ),
            models.CheckConstraint(
                name="taking_part_has_a_way",
                condition=Q(kind="item") | Q(way__in=["onsite", "online"]),
            ),
            models.CheckConstraint(
                name="an_optional_item_has_a_title",
                condition=Q(kind="participation") | ~Q(title_de=""),
            ),
        )

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if self.kind == self.Kind.PARTICIPATION and not self.way:
            raise ValidationError({"way": _("Taking part needs a way: on site or online.")})
        if self.kind == self.Kind.ITEM and not self.title_de:
            raise ValidationError({"title_de": _("An optional item needs a title.")})

    @property
    def name(self) -> str:
        """What people call it: the item's title, or the way with the circle it is for."""
        if self.kind == self.Kind.ITEM:
            return self.title
        parts = [self.get_way_display()]
        if self.level:
            parts.append(self.get_level_display())
        if self.land_id:
            parts.append(str(self.land))
        return " · ".join(parts)

    @property
    def is_item(self) -> bool:
        return self.kind == self.Kind.ITEM

    @property
    def free(self) -> int | None:
        """Places nobody has and that are kept for nobody; None: without limit."""
        return None if self.places is None else self.places - self.taken

    @property
    def is_open(self) -> bool:
        """Whether somebody who comes along now gets a place; where the rule stands in SQL: `with_a_free_place`."""
        return self.waiting == 0 and (self.places is None or self.taken < self.places)

    @property
    def share_taken(self) -> float | None:
        return self.taken / self.places if self.places else None

    @property
    def standing(self) -> str:
        """How full it is, in words: „12 von 400 Plätzen frei“."""
        if self.places is None:
            text = ngettext("%(taken)d place taken", "%(taken)d places taken", self.taken)
            return text % {"taken": self.taken}
        text = ngettext(
            "%(free)d of %(places)d place free", "%(free)d of %(places)d places free", self.places
        )
        return text % {"free": self.free, "places": self.places}

    def begins_at(self) -> datetime:
        """From then on a place is of no more use: when the item begins, or the congress."""
        return self.starts_at or self.edition.starts_at

    def offers_end_at(self) -> datetime:
        """Nearer to the beginning nobody would read an offer in time: organisers give what is free by hand."""
        return self.begins_at() - self.LAST_OFFER_BEFORE

    def has_begun(self, now: datetime) -> bool:
        return now >= self.begins_at()


class PlaceQuerySet(models.QuerySet["Place"]):
    def held(self) -> Self:
        """They count as taken, those that are kept for somebody too."""
        return self.filter(state__in=(Place.State.TAKEN, Place.State.OFFERED))

    def waiting(self) -> Self:
        return self.filter(state=Place.State.WAITING)

    def offered(self) -> Self:
        return self.filter(state=Place.State.OFFERED)

    def of_participation(self) -> Self:
        return self.filter(contingent__kind=Contingent.Kind.PARTICIPATION)

    def of_own_way(self) -> Self:
        """To take part as the registration says; at most one."""
        return self.of_participation().filter(contingent__way=F("registration__way"))

    def of_items(self) -> Self:
        return self.filter(contingent__kind=Contingent.Kind.ITEM)

    def due(self) -> Self:
        """Offers whose time is over by the clock of their edition."""
        return self.offered().filter(offered_until__lte=Edition.edition_now("edition__"))

    def in_line(self) -> Self:
        """Whom places are offered to, in this order: not those who let offers pass, nor who is back in review."""
        ready = (Registration.State.WAITLISTED, Registration.State.ADMITTED)
        return (
            self.waiting()
            .filter(missed__lt=Place.OFFERS_MISSED, registration__state__in=ready)
            .order_by("position")
        )

    def with_rank(self) -> Self:
        """`rank`: how many wait at this position or before it on the same list, themselves included."""
        before = (
            Place.objects.waiting()
            .filter(
                contingent=models.OuterRef("contingent"),
                position__lte=models.OuterRef("position"),
            )
            .order_by()
            .values("contingent")
            .annotate(number=models.Count("*"))
            .values("number")
        )
        return self.annotate(rank=models.Subquery(before))


class Place(models.Model):
    """Somebody has a place, waits for one, or is offered one; at most one row per registration and contingent."""

    class State(models.TextChoices):
        TAKEN = "taken", pgettext_lazy("place", "taken")
        OFFERED = "offered", pgettext_lazy("place", "offered")
        WAITING = "waiting", pgettext_lazy("place", "waiting")

    # Whoever let so many offers pass is offered nothing more until they say that they still wait: nobody is written
    # to for weeks, and nobody is turned away by a machine.
    OFFERS_MISSED: ClassVar[int] = 2

    edition = models.ForeignKey(
        Edition, on_delete=models.CASCADE, related_name="+", verbose_name=_("edition")
    )
    # RESTRICT: whoever deletes one of the two gives its places back first. An edition takes all with it.
    registration = models.ForeignKey(
        Registration,
        on_delete=models.RESTRICT,
        related_name="places",
        verbose_name=_("registration"),
    )
    contingent = models.ForeignKey(
        Contingent,
        on_delete=models.RESTRICT,
        related_name="rows",
        verbose_name=_("contingent"),
    )
    state = models.CharField(_("state"), max_length=8, choices=State)
    position = models.PositiveIntegerField(
        _("position on the list"),
        null=True,
        blank=True,
        help_text=_(
            "Given once, in the order of arrival; who comes back to the list gets a new one."
        ),
    )
    offered_until = models.DateTimeField(
        _("offered until"),
        null=True,
        blank=True,
        help_text=_("Stays beside a place that was accepted: its letter still leads somewhere."),
    )
    missed = models.PositiveSmallIntegerField(_("offers missed"), default=0)
    since = models.DateTimeField(_("since"))

    objects: ClassVar[PlaceQuerySet] = PlaceQuerySet.as_manager()  # type: ignore[assignment]  # the manager speaks our words

    rank: int  # annotated by with_rank()

    class Meta:
        verbose_name = _("place")
        verbose_name_plural = _("places")
        ordering = ("contingent", "position", "pk")
        indexes = (
            models.Index(
                fields=("contingent", "position"),
                name="who_waits_for_what",
                condition=Q(state="waiting"),
            ),
            models.Index(
                fields=("offered_until",), name="offers_by_deadline", condition=Q(state="offered")
            ),
        )
        constraints = (
            models.UniqueConstraint(
                name="one_place_per_registration_and_contingent",
                fields=("registration", "contingent"),
            ),
            models.UniqueConstraint(
                name="one_position_per_list_is_given_once", fields=("contingent", "position")
            ),
            models.CheckConstraint(
                name="place_state_is_known", condition=Q(state__in=["taken", "offered", "waiting"])
            ),
            models.CheckConstraint(
                name="whoever_waits_has_a_position",
                condition=~Q(state="waiting")
                | Q(position__isnull=False, position__gte=1, offered_until__isnull=True),
            ),
            models.CheckConstraint(
                name="an_offer_has_an_end",
                condition=~Q(state="offered") | Q(offered_until__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return f"{self.registration} · {self.contingent}"

    @property
    def is_taken(self) -> bool:
        return self.state == self.State.TAKEN

    @property
    def is_waiting(self) -> bool:
        return self.state == self.State.WAITING

    @property
    def is_offered(self) -> bool:
        return self.state == self.State.OFFERED

    @property
    def is_for_another_way(self) -> bool:
        """Waited for beside the place that the person takes part with meanwhile."""
        return not self.contingent.is_item and self.contingent.way != self.registration.way

    @property
    def rests(self) -> bool:
        """Waits, and is offered nothing until the person says that they still wait."""
        return self.is_waiting and self.missed >= self.OFFERS_MISSED

    def offer_is_good(self, now: datetime) -> bool:
        """Where the rule stands in SQL: `due` is its opposite."""
        return self.is_offered and self.offered_until is not None and now < self.offered_until
