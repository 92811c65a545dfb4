"""What an edition asks of those who are in: days, needs, consents; and what somebody has typed and not yet sent."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from congress.fields import ParagraphField
from congress.models import Edition, User
from registration.models.registrations import Registration


class ParticipationQuerySet(models.QuerySet["Participation"]):
    def of_edition(self, edition: Edition) -> Self:
        """Of people who are in."""
        return self.filter(
            registration__edition=edition, registration__state=Registration.State.ADMITTED
        )


class Participation(models.Model):
    """On which days somebody comes. Nobody is held to it; it helps to plan."""

    registration = models.OneToOneField(
        Registration,
        on_delete=models.CASCADE,
        related_name="participation",
        verbose_name=_("registration"),
    )
    days: models.Field[list[date], list[date]] = ArrayField(
        models.DateField(), verbose_name=_("days")
    )
    said_at = models.DateTimeField(_("said"))

    objects: ClassVar[ParticipationQuerySet] = ParticipationQuerySet.as_manager()  # type: ignore[assignment]  # the manager speaks our words

    class Meta:
        verbose_name = _("days of somebody")
        verbose_name_plural = _("days of people")

    def __str__(self) -> str:
        return ", ".join(day.isoformat() for day in self.days)


class NeedsQuerySet(models.QuerySet["Needs"]):
    """The words we use for needs. Few see them."""

    def of_edition(self, edition: Edition) -> Self:
        return self.filter(registration__edition=edition)

    def to_arrange(self) -> Self:
        return self.filter(arranged_at__isnull=True)

    def arranged(self) -> Self:
        return self.filter(arranged_at__isnull=False)

    def with_person(self) -> Self:
        return self.select_related("registration__person", "registration__participation")

    def by_name(self) -> Self:
        return self.order_by("registration__last_name", "registration__first_name", "pk")


class Needs(models.Model):
    """What somebody needs to take part. Voluntary, kept only with explicit consent (GDPR Art. 9(2)(a)), soon erased."""

    class Diet(models.TextChoices):
        VEGETARIAN = "vegetarian", _("vegetarian")
        VEGAN = "vegan", _("vegan")
        OTHER = "other", _("something else (please say below)")

    # What can be ticked, in the order of the form and the list.
    TICKED: ClassVar[tuple[str, ...]] = (
        "wheelchair",
        "sign_language",
        "captions",
        "hearing_loop",
        "assistant",
    )

    registration = models.OneToOneField(
        Registration,
        on_delete=models.CASCADE,
        related_name="needs",
        verbose_name=_("registration"),
    )
    wheelchair = models.BooleanField(_("way and place without steps"), default=False)
    sign_language = models.BooleanField(_("sign language interpreter"), default=False)
    captions = models.BooleanField(_("captions"), default=False)
    hearing_loop = models.BooleanField(_("hearing loop"), default=False)
    assistant = models.BooleanField(_("I bring somebody who assists me"), default=False)
    diet = models.CharField(_("meals"), max_length=12, choices=Diet, blank=True)
    text = ParagraphField(_("something else"), max_length=1000, blank=True)
    consent_version = models.CharField(_("version of the consent"), max_length=20)
    consented_at = models.DateTimeField(_("consented"))
    changed_at = models.DateTimeField(_("changed"))
    arranged_at = models.DateTimeField(_("arranged"), null=True, blank=True)
    arranged_by = models.ForeignKey(
        User,
        on_delete=models.SET_NULL,
        related_name="+",
        null=True,
        blank=True,
        verbose_name=_("arranged by"),
    )

    objects: ClassVar[NeedsQuerySet] = NeedsQuerySet.as_manager()  # type: ignore[assignment]  # the manager speaks our words

    class Meta:
        verbose_name = _("needs")
        verbose_name_plural = _("needs")
        constraints = (
            models.CheckConstraint(
                name="needs_are_kept_with_consent_only", condition=~Q(consent_version="")
            ),
        )

    def __str__(self) -> str:
        return ", ".join(self.listed)

    @property
    def listed(self) -> list[str]:
        """What was ticked, in words."""
        ticked = [self.label_of(name) for name in self.TICKED if getattr(self, name)]
        return [*ticked, str(self.get_diet_display())] if self.diet else ticked

    @classmethod
    def label_of(cls, name: str) -> str:
        field: Any = cls._meta.get_field(name)
        return str(field.verbose_name)


class ConsentQuerySet(models.QuerySet["Consent"]):
    def in_force(self) -> Self:
        return self.filter(revoked_at__isnull=True)

    def of_people_who_are_in(self, edition: Edition) -> Self:
        return self.in_force().filter(
            registration__edition=edition, registration__state=Registration.State.ADMITTED
        )


class Consent(models.Model):
    """Somebody has agreed to something, at a moment, in the words of a version (`registration.consents`)."""

    class Kind(models.TextChoices):
        PHOTOGRAPHS = "photographs", _("photographs")
        ATTENDEE_LIST = "attendee_list", _("list of attendees")

    registration = models.ForeignKey(
        Registration,
        on_delete=models.CASCADE,
        related_name="consents",
        verbose_name=_("registration"),
    )
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    version = models.CharField(_("version"), max_length=20)
    given_at = models.DateTimeField(_("given"))
    revoked_at = models.DateTimeField(_("taken back"), null=True, blank=True)

    objects: ClassVar[ConsentQuerySet] = ConsentQuerySet.as_manager()  # type: ignore[assignment]  # the manager speaks our words

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        ordering = ("given_at", "pk")
        constraints = (
            models.UniqueConstraint(
                name="one_consent_of_a_kind_in_force",
                fields=("registration", "kind"),
                condition=Q(revoked_at__isnull=True),
            ),
            models.CheckConstraint(
                name="consent_of_a_known_kind",
                condition=Q(kind__in=["photographs", "attendee_list"]),
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.version})"


class Draft(models.Model):
    """What somebody has typed and not yet sent, so that nothing is lost. Needs are in it only after their consent."""

    MOST_BYTES: ClassVar[int] = 8_000

    registration = models.OneToOneField(
        Registration,
        on_delete=models.CASCADE,
        related_name="draft",
        verbose_name=_("registration"),
    )
    values: models.JSONField[Any, Any] = models.JSONField(_("what was typed"))
    saved_at = models.DateTimeField(_("saved"))

    class Meta:
        verbose_name = _("draft")
        verbose_name_plural = _("drafts")

    def __str__(self) -> str:
        return str(self.registration)
