"""What happens when and where: tracks, sessions, who speaks, and what is on air on each stage."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any, ClassVar, Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeBoundary, RangeOperators
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from simple_history.models import HistoricalRecords

from congress.colour import contrast
from congress.fields import LineField, MailboxField, ParagraphField
from congress.models import Edition, Stage
from congress.models.editions import ON_WHITE, READABLE_CONTRAST
from congress.text import sort_key
from congress.translation import Translated

LONGEST_DELAY_MINUTES = 240


class TimeRange(models.Func):
    """The time between two columns as PostgreSQL's range; the end is not part of it."""

    function = "TSTZRANGE"
    output_field = DateTimeRangeField()


class Track(models.Model):
    """One of the themes of an edition (Schwerpunkt)."""

    edition = models.ForeignKey(
        Edition, on_delete=models.CASCADE, related_name="tracks", verbose_name=_("edition")
    )
    slug = models.SlugField(_("address"), max_length=60)
    name_de = LineField(_("name (German)"), max_length=80)
    name_en = LineField(_("name (English)"), max_length=80, blank=True)
    description_de = LineField(_("description (German)"), max_length=240, blank=True)
    description_en = LineField(_("description (English)"), max_length=240, blank=True)
    colour = models.CharField(
        _("colour"),
        max_length=7,
        default="#2044aa",
        help_text=_("Readable on white; a lighter shade is used on dark ground."),
    )
    position = models.PositiveSmallIntegerField(_("position"), default=1)

    name = Translated("name")
    description = Translated("description")

    class Meta:
        verbose_name = _("track")
        verbose_name_plural = _("tracks")
        ordering = ("edition", "position", "pk")
        constraints = (
            models.UniqueConstraint(
                name="one_track_per_edition_and_address", fields=("edition", "slug")
            ),
            models.UniqueConstraint(name="track_of_its_edition", fields=("edition", "id")),
            # It stands in style blocks: nothing but a colour may (the same rule: congress.colour).
            models.CheckConstraint(
                name="track_colour_is_a_colour", condition=Q(colour__regex=r"^#[0-9a-fA-F]{6}$")
            ),
        )

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        try:
            readable = contrast(self.colour, ON_WHITE) >= READABLE_CONTRAST
        except ValueError as error:
            raise ValidationError({"colour": _("Please enter a colour as #rrggbb.")}) from error
        if not readable:
            raise ValidationError(
                {"colour": _("Text in this colour cannot be read: its contrast is below 4.5 to 1.")}
            )


class SessionQuerySet(models.QuerySet["Session"]):
    """The words we use for sessions. Compose them; do not filter in views."""

    def on_day(self, day: date, edition: Edition) -> Self:
        """Those that begin on this day, as the edition's zone counts it."""
        midnight = datetime(day.year, day.month, day.day, tzinfo=edition.zone)
        following = day + timedelta(days=1)
        next_midnight = datetime(
            following.year, following.month, following.day, tzinfo=edition.zone
        )
        return self.filter(starts_at__gte=midnight, starts_at__lt=next_midnight)

    def on_stage(self, stage: Stage) -> Self:
        return self.filter(stage=stage)

    def talks(self) -> Self:
        """All that people come for: everything but breaks."""
        return self.exclude(kind=Session.Kind.BREAK)

    def after(self, moment: datetime) -> Self:
        return self.filter(starts_at__gte=moment).order_by("starts_at")

    def in_order(self) -> Self:
        """As they happen; on one moment by stage, with what fills all stages first."""
        return self.order_by("starts_at", F("stage__position").asc(nulls_first=True), "code")

    def with_place(self) -> Self:
        """Load stage and track, in the same query."""
        return self.select_related("stage", "track")

    def with_speakers(self) -> Self:
        """Load who speaks; one query more."""
        return self.prefetch_related(
            models.Prefetch(
                "appearances", queryset=SessionSpeaker.objects.select_related("speaker").in_order()
            )
        )


class Session(models.Model):
    """Something in the programme: a talk, a panel, a break. At one time on one stage, or a break on all of them."""

    class Kind(models.TextChoices):
        WELCOME = "welcome", _("Welcome")
        KEYNOTE = "keynote", _("Keynote")
        IMPULSE = "impulse", _("Impulse talk")
        INPUT = "input", _("Input talk")
        TALK = "talk", _("Talk")
        PANEL = "panel", _("Panel discussion")
        FORUM = "forum", _("Forum")
        WORKSHOP = "workshop", _("Workshop")
        SHOWCASE = "showcase", _("Showcase")
        BREAK = "break", _("Break")

    # What an edition shows first.
    HIGHLIGHTS: ClassVar[Iterable[str]] = (Kind.KEYNOTE, Kind.IMPULSE, Kind.PANEL)

    edition = models.ForeignKey(
        Edition, on_delete=models.CASCADE, related_name="sessions", verbose_name=_("edition")
    )
    code = models.CharField(
        _("code"),
        max_length=12,
        validators=[
            RegexValidator(r"^[A-Z0-9][A-Z0-9-]*\Z", _("Capital letters, digits and hyphens: A12."))
        ],
        help_text=_("Stands in the address, e.g. A12."),
    )
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.TALK)
    stage = models.ForeignKey(
        Stage,
        on_delete=models.PROTECT,
        related_name="sessions",
        null=True,
        blank=True,
        verbose_name=_("stage"),
        help_text=_("Empty: a break on all stages."),
    )
    track = models.ForeignKey(
        Track,
        on_delete=models.PROTECT,
        related_name="sessions",
        null=True,
        blank=True,
        verbose_name=_("track"),
    )
    title_de = LineField(_("title (German)"), max_length=200)
    title_en = LineField(_("title (English)"), max_length=200, blank=True)
    abstract_de = ParagraphField(_("abstract (German)"), max_length=4000, blank=True)
    abstract_en = ParagraphField(_("abstract (English)"), max_length=4000, blank=True)
    starts_at = models.DateTimeField(_("begins"))
    ends_at = models.DateTimeField(_("ends"))
    language = models.CharField(
        _("language"),
        max_length=2,
        choices=[("de", _("German")), ("en", _("English"))],
        default="de",
    )
    example = models.BooleanField(
        _("example"),
        default=False,
        help_text=_("Invented; marked so wherever the title stands."),
    )
    source_de = LineField(_("where it is from (German)"), max_length=400, blank=True)
    source_en = LineField(_("where it is from (English)"), max_length=400, blank=True)
    changed_at = models.DateTimeField(_("changed"), auto_now=True)

    title = Translated("title")
    abstract = Translated("abstract")
    source = Translated("source")

    history: ClassVar[Any] = HistoricalRecords()
    objects: ClassVar[SessionQuerySet] = SessionQuerySet.as_manager()  # type: ignore[assignment]  # the manager speaks our words

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")
        ordering = ("edition", "starts_at", "code")
        indexes = (models.Index(name="session_by_time", fields=("edition", "starts_at")),)
        constraints = (
            models.UniqueConstraint(
                name="one_session_per_edition_and_code", fields=("edition", "code")
            ),
            models.UniqueConstraint(name="session_of_its_edition", fields=("edition", "id")),
            models.CheckConstraint(
                name="session_ends_after_it_starts", condition=Q(ends_at__gt=F("starts_at"))
            ),
            # Codes stand in addresses and style blocks.
            models.CheckConstraint(
                name="session_code_is_plain", condition=Q(code__regex=r"^[A-Z0-9][A-Z0-9-]*$")
            ),
            models.CheckConstraint(
                name="session_kind_is_known",
                condition=Q(
                    kind__in=[
                        "welcome",
                        "keynote",
                        "impulse",
                        "input",
                        "talk",
                        "panel",
                        "forum",
                        "workshop",
                        "showcase",
                        "break",
                    ]
                ),
            ),
            models.CheckConstraint(
                name="only_a_break_fills_all_stages",
                condition=Q(stage__isnull=False) | Q(kind="break"),
            ),
            ExclusionConstraint(
                name="sessions_on_one_stage_never_overlap",
                expressions=(
                    (TimeRange("starts_at", "ends_at", RangeBoundary()), RangeOperators.OVERLAPS),
                    ("stage", RangeOperators.EQUAL),
                ),
                deferrable=models.Deferrable.IMMEDIATE,
                violation_error_message=_("There is another session on this stage at this time."),
            ),
            ExclusionConstraint(
                name="breaks_on_all_stages_never_overlap",
                expressions=(
                    (TimeRange("starts_at", "ends_at", RangeBoundary()), RangeOperators.OVERLAPS),
                    ("edition", RangeOperators.EQUAL),
                ),
                condition=Q(stage__isnull=True),
                deferrable=models.Deferrable.IMMEDIATE,
                violation_error_message=_("There is another break at this time."),
            ),
        )

    def __str__(self) -> str:
        return f"{self.code} · {self.title}"

    def get_absolute_url(self) -> str:
        return reverse("session", kwargs={"edition": self.edition.slug, "code": self.code})

    def clean(self) -> None:
        if not hasattr(self, "edition") or self.starts_at is None:
            return  # the form has said so itself
        errors: dict[str, Any] = {}
        if self.edition.local(self.starts_at).date() not in self.edition.days:
            errors["starts_at"] = _("The congress does not take place on this day.")
        if self.stage is not None and self.stage.edition_id != self.edition_id:
            errors["stage"] = _("This stage belongs to another edition.")
        if self.track is not None and self.track.edition_id != self.edition_id:
            errors["track"] = _("This track belongs to another edition.")
        if errors:
            raise ValidationError(errors)

    @property
    def is_break(self) -> bool:
        return self.kind == self.Kind.BREAK

    @property
    def duration(self) -> timedelta:
        return self.ends_at - self.starts_at

    def is_running(self, now: datetime) -> bool:
        """Whether it is on by the plan; what really is on says `programme.queries.is_on`."""
        return self.starts_at <= now < self.ends_at

    def is_over(self, now: datetime) -> bool:
        return self.ends_at <= now

    @property
    def speakers(self) -> list[Speaker]:
        """Who speaks, in the order of the programme, without those who moderate. Load them with `with_speakers()`."""
        return [
            appearance.speaker
            for appearance in self.appearances.all()
            if appearance.part == SessionSpeaker.Part.SPEAKER
        ]

    @property
    def speaker_names(self) -> str:
        """One line for lists: who speaks. Load them with `with_speakers()`."""
        return ", ".join(speaker.display_name for speaker in self.speakers)


class Speaker(models.Model):
    """Somebody who stands in the programme: what is printed about them, no way to reach them."""

    edition = models.ForeignKey(
        Edition, on_delete=models.CASCADE, related_name="speakers", verbose_name=_("edition")
    )
    title = LineField(_("title"), max_length=40, blank=True)
    first_name = LineField(_("first name"), max_length=80, blank=True)
    last_name = LineField(_("last name"), max_length=80)
    function_de = LineField(_("function (German)"), max_length=200, blank=True)
    function_en = LineField(_("function (English)"), max_length=200, blank=True)
    organisation = LineField(_("organisation"), max_length=160, blank=True)
    example = models.BooleanField(_("example"), default=False, help_text=_("Invented."))
    sort_key = models.CharField(_("sort key"), max_length=250, editable=False)

    function = Translated("function")

    class Meta:
        verbose_name = pgettext_lazy("person in the programme", "speaker")
        verbose_name_plural = pgettext_lazy("people in the programme", "speakers")
        ordering = ("edition", "sort_key")
        constraints = (
            models.UniqueConstraint(name="speaker_of_its_edition", fields=("edition", "id")),
        )

    def __str__(self) -> str:
        return self.display_name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.sort_key = sort_key(f"{self.last_name} {self.first_name}")[:250]
        super().save(*args, **kwargs)

    @property
    def display_name(self) -> str:
        return " ".join(filter(None, (self.title, self.first_name, self.last_name)))

    @property
    def role_line(self) -> str:
        """Function and organisation in one line."""
        return ", ".join(filter(None, (self.function, self.organisation)))


class SessionSpeakerQuerySet(models.QuerySet["SessionSpeaker"]):
    def in_order(self) -> Self:
        return self.order_by("part", "position", "pk")


class SessionSpeaker(models.Model):
    """This speaker appears in this session."""

    class Part(models.TextChoices):
        SPEAKER = "speaker", pgettext_lazy("person in the programme", "speaker")
        MODERATOR = "moderator", _("moderation")

    edition = models.ForeignKey(
        Edition, on_delete=models.CASCADE, related_name="+", verbose_name=_("edition")
    )
    session = models.ForeignKey(
        Session, on_delete=models.CASCADE, related_name="appearances", verbose_name=_("session")
    )
    speaker = models.ForeignKey(
        Speaker,
        on_delete=models.CASCADE,
        related_name="appearances",
        verbose_name=pgettext_lazy("person in the programme", "speaker"),
    )
    part = models.CharField(_("part"), max_length=10, choices=Part, default=Part.SPEAKER)
    position = models.PositiveSmallIntegerField(_("position"), default=1)

    objects: ClassVar[SessionSpeakerQuerySet] = SessionSpeakerQuerySet.as_manager()  # type: ignore[assignment]  # the manager speaks our words

    class Meta:
        verbose_name = _("appearance")
        verbose_name_plural = _("appearances")
        ordering = ("session", "part", "position")
        constraints = (
            models.UniqueConstraint(
                name="a_speaker_appears_once_in_a_session", fields=("session", "speaker")
            ),
            models.CheckConstraint(
                name="part_is_known", condition=Q(part__in=["speaker", "moderator"])
            ),
        )

    def __str__(self) -> str:
        return f"{self.speaker} · {self.get_part_display()}"

    def clean(self) -> None:
        for field in ("session", "speaker"):
            row = getattr(self, field, None)
            if row is not None and row.edition_id != self.edition_id:
                raise ValidationError({field: _("This belongs to another edition.")})


class OnAirQuerySet(models.QuerySet["OnAir"]):
    def of(self, edition: Edition) -> Self:
        return self.filter(edition=edition).select_related("stage", "session")


class SpeakersOffice(models.Model):
    """Where letters about a session go: to whoever speaks, or to their office. It is printed nowhere.

    Its link is signed for mailbox and key: another mailbox ends it.
    """

    edition = models.ForeignKey(
        Edition,
        on_delete=models.CASCADE,
        related_name="speakers_offices",
        verbose_name=_("edition"),
    )
    session = models.OneToOneField(
        Session, on_delete=models.CASCADE, related_name="office", verbose_name=_("session")
    )
    mailbox = MailboxField(_("mailbox of the speakers’ office"))
    language = models.CharField(
        _("language"),
        max_length=2,
        choices=[("de", _("German")), ("en", _("English"))],
        default="de",
    )
    key = models.UUIDField(_("key"), default=uuid.uuid4, editable=False)

    class Meta:
        verbose_name = _("speakers’ office")
        verbose_name_plural = _("speakers’ offices")
        ordering = ("session",)

    def __str__(self) -> str:
        return str(self.session)


class OnAir(models.Model):
    """What the Regie says about a stage: the session on air, and how late it runs. Written by `programme.actions`."""

    edition = models.ForeignKey(
        Edition, on_delete=models.CASCADE, related_name="+", verbose_name=_("edition")
    )
    stage = models.OneToOneField(
        Stage, on_delete=models.CASCADE, related_name="on_air", verbose_name=_("stage")
    )
    session = models.ForeignKey(
        Session,
        on_delete=models.SET_NULL,
        related_name="+",
        null=True,
        blank=True,
        verbose_name=_("session"),
    )
    delay_minutes = models.PositiveSmallIntegerField(_("delay in minutes"), default=0)
    changed_at = models.DateTimeField(_("changed"))

    objects: ClassVar[OnAirQuerySet] = OnAirQuerySet.as_manager()  # type: ignore[assignment]  # the manager speaks our words

    class Meta:
        verbose_name = _("on air")
        verbose_name_plural = _("on air")
        ordering = ("edition", "stage")
        constraints = (
            models.CheckConstraint(
                name="delay_is_at_most_four_hours",
                condition=Q(delay_minutes__lte=LONGEST_DELAY_MINUTES),
            ),
        )

    def __str__(self) -> str:
        return f"{self.stage} · {self.session or '–'}"

    def holds(self, now: datetime, edition: Edition) -> bool:
        """Whether this was said on the day it is. Yesterday's last word says nothing about today."""
        return edition.local(self.changed_at).date() == edition.local(now).date()
