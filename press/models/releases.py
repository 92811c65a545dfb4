"""Releases for the media, and the pictures and papers that go with them or stand in the press kit."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import ClassVar, Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from congress.fields import LineField, ParagraphField
from congress.models import Edition
from congress.uploads import MEDIA_TYPES, PICTURES


class PressReleaseQuerySet(models.QuerySet["PressRelease"]):
    """The words we use for releases. `now` is the edition's."""

    def of_edition(self, edition: Edition) -> Self:
        return self.filter(edition=edition)

    def out(self, now: datetime) -> Self:
        """For accredited journalists, under embargo or not."""
        return self.filter(published_at__lte=now)

    def for_everybody(self, now: datetime) -> Self:
        return self.out(now).filter(Q(embargo_until=None) | Q(embargo_until__lte=now))

    def to_mail(self) -> Self:
        """Out by their edition's clock, and not yet written to those who asked for it."""
        return self.filter(
            by_mail=True, mailed_at=None, published_at__lte=Edition.edition_now("edition__")
        )


class PressRelease(models.Model):
    """What an edition tells the media („Medieninformation“): a text of its own, or a link to the Land's media service.

    Nothing has to run at the moment of publication or at the end of an embargo: pages ask the clock.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        SCHEDULED = "scheduled", _("scheduled")
        EMBARGOED = "embargoed", _("under embargo")
        PUBLIC = "public", _("published")

    edition = models.ForeignKey(
        Edition,
        on_delete=models.CASCADE,
        related_name="press_releases",
        verbose_name=_("edition"),
    )
    form_key = models.UUIDField(_("key of the form"), default=uuid.uuid4, editable=False)
    number = models.PositiveSmallIntegerField(_("number"))
    language = models.CharField(
        _("language"),
        max_length=2,
        choices=[("de", _("German")), ("en", _("English"))],
        default="de",
    )
    title = LineField(_("title"), max_length=200)
    teaser = ParagraphField(_("teaser"), max_length=600, blank=True)
    body = ParagraphField(_("text"), max_length=20_000, blank=True)
    elsewhere = models.URLField(_("stands elsewhere"), max_length=400, blank=True)
    contact = ParagraphField(_("contact for questions"), max_length=400, blank=True)
    example = models.BooleanField(_("example"), default=False, help_text=_("Invented."))

    published_at = models.DateTimeField(_("published"), null=True, blank=True)
    embargo_until = models.DateTimeField(_("embargo until"), null=True, blank=True)
    by_mail = models.BooleanField(_("also by mail"), default=True)
    mailed_at = models.DateTimeField(_("sent by mail"), null=True, blank=True)
    # Whoever saves names the version they began with: two who write at once lose nothing.
    version = models.PositiveIntegerField(_("version"), default=1)
    changed_at = models.DateTimeField(_("changed"), null=True, blank=True)

    objects: ClassVar[PressReleaseQuerySet] = PressReleaseQuerySet.as_manager()  # type: ignore[assignment]  # the manager speaks our words

    class Meta:
        verbose_name = _("release")
        verbose_name_plural = _("releases")
        ordering = ("-number",)
        constraints = (
            models.UniqueConstraint(name="one_release_per_number", fields=("edition", "number")),
            models.UniqueConstraint(name="one_release_per_form", fields=("edition", "form_key")),
            # What foreign keys that include the edition point at.
            models.UniqueConstraint(name="release_of_its_edition", fields=("edition", "id")),
            models.CheckConstraint(
                name="an_embargo_ends_after_publication",
                condition=Q(embargo_until=None)
                | Q(published_at=None)
                | Q(embargo_until__gt=F("published_at")),
            ),
            models.CheckConstraint(
                name="published_releases_say_something",
                condition=Q(published_at=None) | ~Q(body="", elsewhere=""),
            ),
        )

    def __str__(self) -> str:
        return f"{self.label} · {self.title}"

    def get_absolute_url(self) -> str:
        return reverse("release", kwargs={"edition": self.edition.slug, "number": self.number})

    @property
    def label(self) -> str:
        """3/2021"""
        return f"{self.number}/{self.edition.year}"

    def state(self, now: datetime) -> State:
        if self.published_at is None:
            return self.State.DRAFT
        if self.published_at > now:
            return self.State.SCHEDULED
        if self.embargo_until is not None and self.embargo_until > now:
            return self.State.EMBARGOED
        return self.State.PUBLIC

    def was_corrected(self) -> bool:
        """Whether the text that is out is not the one that came out."""
        return (
            self.changed_at is not None
            and self.published_at is not None
            and self.changed_at > self.published_at
        )


def place_of(file: PressFile, name: str) -> str:
    """Where a file lies below MEDIA_ROOT; the name that a browser sent is no part of it."""
    return f"press/{file.edition_id}/{uuid.uuid4().hex}.{file.kind}"


def place_of_preview(file: PressFile, name: str) -> str:
    return f"press/{file.edition_id}/{uuid.uuid4().hex}-preview.jpg"


class PressFileQuerySet(models.QuerySet["PressFile"]):
    """The words we use for files. `now` is the edition's."""

    def of_edition(self, edition: Edition) -> Self:
        return self.filter(edition=edition).select_related("release")

    def in_the_kit(self) -> Self:
        return self.filter(release=None)

    def pictures(self) -> Self:
        return self.filter(kind__in=PICTURES)

    def papers(self) -> Self:
        return self.exclude(kind__in=PICTURES)

    def for_the_press(self, now: datetime) -> Self:
        """Of the kit everything, of releases what is out."""
        return self.filter(Q(release=None) | Q(release__published_at__lte=now))

    def for_everybody(self, now: datetime) -> Self:
        return self.filter(
            Q(release=None) & (Q(embargo_until=None) | Q(embargo_until__lte=now))
            | Q(release__published_at__lte=now)
            & (Q(release__embargo_until=None) | Q(release__embargo_until__lte=now))
        )


class PressFile(models.Model):
    """A picture or paper for the media, of a release or of the press kit („Pressemappe“)."""

    edition = models.ForeignKey(
        Edition, on_delete=models.CASCADE, related_name="press_files", verbose_name=_("edition")
    )
    release = models.ForeignKey(
        PressRelease,
        on_delete=models.CASCADE,
        related_name="files",
        null=True,
        blank=True,
        verbose_name=_("release"),
    )
    form_key = models.UUIDField(_("key of the form"), default=uuid.uuid4, editable=False)
    kind = models.CharField(
        _("kind"), max_length=4, choices=[(kind, kind.upper()) for kind in MEDIA_TYPES]
    )
    file = models.FileField(_("file"), upload_to=place_of)
    # What pages show of a picture.
    preview = models.FileField(_("preview"), upload_to=place_of_preview, blank=True)
    size = models.PositiveIntegerField(_("size in bytes"))
    width = models.PositiveIntegerField(_("width in pixels"), null=True, blank=True)
    height = models.PositiveIntegerField(_("height in pixels"), null=True, blank=True)
    title = LineField(_("title"), max_length=120)
    caption = ParagraphField(_("caption"), max_length=600, blank=True)
    description = LineField(_("what the picture shows"), max_length=300, blank=True)
    credit = LineField(_("credit"), max_length=160, blank=True)
    terms = LineField(_("terms of use"), max_length=300, blank=True)
    embargo_until = models.DateTimeField(_("embargo until"), null=True, blank=True)
    example = models.BooleanField(_("example"), default=False, help_text=_("Invented."))
    added_at = models.DateTimeField(_("added"))
    # How often it was fetched, by nobody in particular.
    downloads = models.PositiveIntegerField(_("downloads"), default=0)

    objects: ClassVar[PressFileQuerySet] = PressFileQuerySet.as_manager()  # type: ignore[assignment]  # the manager speaks our words

    class Meta:
        verbose_name = _("file for the press")
        verbose_name_plural = _("files for the press")
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(name="one_press_file_per_form", fields=("edition", "form_key")),
            models.CheckConstraint(
                name="files_of_releases_share_their_embargo",
                condition=Q(release=None) | Q(embargo_until=None),
            ),
            models.CheckConstraint(
                name="pictures_say_what_they_show_and_whose_they_are",
                condition=~Q(kind__in=sorted(PICTURES)) | ~Q(credit="") & ~Q(description=""),
            ),
        )

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        kwargs = {"edition": self.edition.slug, "number": self.pk, "ending": self.kind}
        return reverse("press_file", kwargs=kwargs)

    @property
    def is_picture(self) -> bool:
        return self.kind in PICTURES

    @property
    def ends_at(self) -> datetime | None:
        """The end of its embargo, its own or its release's."""
        return self.release.embargo_until if self.release is not None else self.embargo_until

    def is_embargoed(self, now: datetime) -> bool:
        return self.ends_at is not None and self.ends_at > now

    def clean(self) -> None:
        if self.is_picture and not (self.credit and self.description):
            raise ValidationError(_("Pictures need a credit and a description."))
