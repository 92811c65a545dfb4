"""How an edition deals with its registrations, where editions differ."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from congress import workdays
from congress.fields import LineField
from congress.models import Edition, Level

# On a congress day nobody is promised an answer today any more from this hour on.
LAST_HOUR = 17

_IN_WORDS = {
    1: _("one working day"),
    2: _("two working days"),
    3: _("three working days"),
    4: _("four working days"),
    5: _("five working days"),
}


class RegistrationSettingsQuerySet(models.QuerySet["RegistrationSettings"]):
    def of(self, edition: Edition) -> RegistrationSettings:
        """The edition's own, or the defaults (not saved) as long as nobody has changed anything. One query."""
        return self.filter(edition=edition).first() or RegistrationSettings(edition=edition)


class RegistrationSettings(models.Model):
    """What an edition decides about its registrations; where there is no row, the defaults hold."""

    class Group(models.TextChoices):
        """What the rules about a group mean in this edition; the rows of the registry stay as they are."""

        AS_LISTED = "as_listed", _("as the registry says")
        REVIEW = "review", _("a person looks at each of them")
        ALLOW = "allow", _("admit at once")

    # Levels whose rules an edition may read differently, and the field that says how.
    GROUPS: ClassVar[dict[str, str]] = {
        Level.UNIVERSITY: "universities",
        Level.IT_PROVIDER: "it_providers",
        Level.ASSOCIATION: "associations",
    }

    edition = models.OneToOneField(
        Edition,
        on_delete=models.CASCADE,
        related_name="registration_settings",
        verbose_name=_("edition"),
    )
    review_days = models.PositiveSmallIntegerField(
        _("working days for a check"),
        default=2,
        validators=[MinValueValidator(1), MaxValueValidator(30)],
        help_text=_(
            "Applicants read: usually within so many working days. Older cases remind you."
        ),
    )
    universities = models.CharField(
        _("universities and research"), max_length=10, choices=Group, default=Group.AS_LISTED
    )
    it_providers = models.CharField(
        _("public IT providers"), max_length=10, choices=Group, default=Group.AS_LISTED
    )
    associations = models.CharField(
        _("associations of the administration"),
        max_length=10,
        choices=Group,
        default=Group.AS_LISTED,
    )
    desk_may_admit = models.BooleanField(
        _("the help desk admits people on the spot"),
        default=False,
        help_text=_(
            "On the day, with a reason that is written down. Otherwise organisers only; the help desk then registers "
            "people by the same rules about addresses as everybody."
        ),
    )

    offer_hours = models.PositiveSmallIntegerField(
        _("hours an offered place is kept"),
        default=48,
        validators=[MinValueValidator(1), MaxValueValidator(336)],
        help_text=_(
            "Then it goes to the next on the waiting list. Near the congress at most half of the time that is left."
        ),
    )

    venue_address = LineField(
        _("address of the venue"),
        max_length=200,
        blank=True,
        help_text=_("Street, number, town. Stands on entry tickets."),
    )
    entrance = LineField(
        _("entrance"),
        max_length=200,
        blank=True,
        help_text=_("Which door, and how one gets there. Stands on entry tickets."),
    )
    doors_open_at = models.TimeField(
        _("doors open"),
        null=True,
        blank=True,
        help_text=_("On every day of the congress. Stands on entry tickets."),
    )
    changes_until = models.DateField(
        _("people change their data until"),
        null=True,
        blank=True,
        help_text=_(
            "Including this day: name, authority, address, and how they take part. Empty: until the congress ends."
        ),
    )
    hand_over_until = models.DateField(
        _("people hand their place to a colleague until"),
        null=True,
        blank=True,
        help_text=_(
            "Including this day. Empty: until the congress ends. Whoever cannot come may always cancel."
        ),
    )
    # Asked of whoever is in, on their own page; the registration itself stays short.
    asks_days = models.BooleanField(
        _("on which days people come"),
        default=False,
        help_text=_("Asked of people who come to the place."),
    )
    asks_needs = models.BooleanField(
        _("what people need to take part (accessibility, meals)"),
        default=False,
        help_text=_(
            "Voluntary and with explicit consent; a list tells what is to be arranged. Erased 14 days after the "
            "congress."
        ),
    )
    asks_photographs = models.BooleanField(
        _("consent to photographs"), default=False, help_text=_("Can be taken back at any time.")
    )
    asks_attendee_list = models.BooleanField(
        _("consent to the list of attendees"),
        default=False,
        help_text=_("Only who has agreed stands in the table. Can be taken back at any time."),
    )

    objects: ClassVar[RegistrationSettingsQuerySet] = RegistrationSettingsQuerySet.as_manager()  # type: ignore[assignment]  # the manager speaks our words

    class Meta:
        verbose_name = _("settings for the registration")
        verbose_name_plural = _("settings for the registration")
        constraints = (
            models.CheckConstraint(
                name="a_check_takes_one_to_thirty_working_days",
                condition=Q(review_days__gte=1, review_days__lte=30),
            ),
            models.CheckConstraint(
                name="an_offer_is_kept_for_an_hour_to_two_weeks",
                condition=Q(offer_hours__gte=1, offer_hours__lte=336),
            ),
            models.CheckConstraint(
                name="groups_are_read_in_one_of_three_ways",
                condition=Q(universities__in=["as_listed", "review", "allow"])
                & Q(it_providers__in=["as_listed", "review", "allow"])
                & Q(associations__in=["as_listed", "review", "allow"]),
            ),
        )

    def __str__(self) -> str:
        return str(self.edition)

    @property
    def review_time(self) -> str:
        """How long a check takes: “two working days”."""
        if words := _IN_WORDS.get(self.review_days):
            return str(words)
        days = ngettext("%(days)d working day", "%(days)d working days", self.review_days)
        return days % {"days": self.review_days}

    def due_at(self, edition: Edition, since: datetime) -> datetime:
        """Until when whoever has waited since then is promised an answer; `cases.overdue` asks the same in SQL.

        Working days that would end after the congress has begun are cut: then it is the beginning, and on its
        days the end of the day.
        """
        day = edition.local(since).date()
        due_on = workdays.after(day, self.review_days)
        if edition.starts_on <= day <= edition.ends_on:
            due_on = day
        elif day < edition.starts_on <= due_on:
            return edition.starts_at
        return datetime.combine(due_on + timedelta(days=1), time(0), edition.zone)

    def checked(self, edition: Edition, now: datetime) -> str:
        """When somebody who registers now hears from us, for the end of a sentence."""
        if edition.is_running(now):
            early = edition.local(now).hour < LAST_HOUR
            return gettext("still today") if early else gettext("as soon as we can")
        if self.due_at(edition, now) == edition.starts_at:
            day = date_format(edition.starts_on, gettext("j F"))
            clock = f"{edition.opens_at:%H:%M}"
            return gettext("by the beginning on %(day)s at %(time)s") % {"day": day, "time": clock}
        return gettext("usually within %(time)s") % {"time": self.review_time}

    def may_change(self, edition: Edition, now: datetime) -> bool:
        return self._not_over(self.changes_until, edition, now)

    def may_hand_over(self, edition: Edition, now: datetime) -> bool:
        return self._not_over(self.hand_over_until, edition, now)

    @staticmethod
    def _not_over(last_day: date | None, edition: Edition, now: datetime) -> bool:
        return now < edition.ends_at and (last_day is None or edition.local(now).date() <= last_day)

    @property
    def asks_more(self) -> bool:
        """Whether anything is asked of people who are in."""
        return any(
            (self.asks_days, self.asks_needs, self.asks_photographs, self.asks_attendee_list)
        )

    def reads(self, level: str) -> Group:
        """What rules of this level of administration mean here."""
        name = self.GROUPS.get(level)
        return self.Group(getattr(self, name)) if name else self.Group.AS_LISTED
