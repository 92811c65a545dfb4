"""Editions of the congress, their host Länder and their stages; and the clock, which belongs to the edition."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar, Self
from zoneinfo import ZoneInfo, available_timezones

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import connection, models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from congress.colour import contrast
from congress.fields import LineField, MailboxField, ParagraphField
from congress.models.database import StatementNow
from congress.streams import validate_address
from congress.translation import Translated

if TYPE_CHECKING:
    from congress.models.people import User

ON_WHITE, ON_DARK = "#ffffff", "#171a2b"
READABLE_CONTRAST = 4.5  # WCAG 2.1, 1.4.3


class State(models.Model):
    """A Land, or the Bund."""

    code = models.CharField(_("code"), max_length=4, primary_key=True)
    name = LineField(_("name"), max_length=60)
    official_name = LineField(_("official name"), max_length=80)
    capital = LineField(_("capital"), max_length=60)

    class Meta:
        verbose_name = _("Land")
        verbose_name_plural = _("Länder")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Phase(StrEnum):
    """Where an edition is in its year. Who asks decides what is on air."""

    ANNOUNCED = "announced"
    REGISTRATION = "registration"
    CLOSED = "closed"  # registration is over, the congress has not begun
    RUNNING = "running"  # its days, from the first morning to the last midnight
    OVER = "over"


class EditionQuerySet(models.QuerySet["Edition"]):
    def with_clock(self) -> Self:
        """Load the database's time with the row, so that a page needs no query of its own for it."""
        return self.annotate(clock=StatementNow() + F("clock_shift"))

    def real(self) -> Self:
        return self.filter(practice=False)

    def of(self, user: User) -> Self:
        """The editions this person works for: all with a role without edition, else those of the roles."""
        if user.is_superuser or any(role.edition_id is None for role in user.active_roles):
            return self.all()
        return self.filter(pk__in=[role.edition_id for role in user.active_roles])

    def running(self) -> Self:
        """Those whose days these are, by their own clocks; from the evening before, when streams are tried out."""
        tomorrow = StatementNow() + F("clock_shift") + timedelta(days=1)
        return self.filter(
            starts_on__lte=models.functions.Cast(tomorrow, models.DateField()),
            ends_on__gte=models.functions.Cast(
                StatementNow() + F("clock_shift"), models.DateField()
            ),
        )

    def current(self) -> Edition | None:
        """The edition that `/` leads to: the real one whose last day comes next or was last; else a practice."""
        return (
            self.annotate(
                over=models.Case(
                    models.When(ends_on__lt=StatementNow() + F("clock_shift"), then=1),
                    default=0,
                ),
                distance=models.Case(
                    models.When(over=1, then=-F("year")),
                    default=F("year"),
                    output_field=models.IntegerField(),
                ),
            )
            .order_by("practice", "over", "distance")
            .first()
        )


# `Edition.is_running` for the row `e` of a statement.
IS_RUNNING = """(
    statement_timestamp() + e.clock_shift >= e.starts_on::timestamp AT TIME ZONE e.time_zone
    AND statement_timestamp() + e.clock_shift < (e.ends_on + 1)::timestamp AT TIME ZONE e.time_zone
)"""


class Edition(models.Model):
    """One congress. All moments are stored in UTC and shown in the edition's zone."""

    class Format(models.TextChoices):
        VIRTUAL = "virtual", _("virtual")
        ONSITE = "onsite", _("on site")
        HYBRID = "hybrid", _("hybrid")

    slug = models.CharField(
        _("address"),
        max_length=40,
        unique=True,
        validators=[
            RegexValidator(
                r"^\d{4}(-[a-z0-9-]+)?$",
                _("The year, with an addition if need be: 2027, 2027-probe."),
            )
        ],
        help_text=_("The part of the address after the host name, e.g. 2021."),
    )
    number = models.PositiveSmallIntegerField(_("number"))
    year = models.PositiveSmallIntegerField(_("year"))
    title_de = LineField(_("title (German)"), max_length=120)
    title_en = LineField(_("title (English)"), max_length=120, blank=True)
    motto_de = LineField(_("motto (German)"), max_length=200, blank=True)
    motto_en = LineField(_("motto (English)"), max_length=200, blank=True)
    summary_de = ParagraphField(_("summary (German)"), max_length=1000, blank=True)
    summary_en = ParagraphField(_("summary (English)"), max_length=1000, blank=True)
    host_state = models.ForeignKey(
        State, on_delete=models.PROTECT, related_name="hosted_editions", verbose_name=_("host Land")
    )
    next_host = models.ForeignKey(
        State,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name=_("next host"),
    )
    organiser = LineField(
        _("organiser"),
        max_length=160,
        blank=True,
        help_text=_("As it stands in letters and in the imprint."),
    )
    starts_on = models.DateField(_("first day"))
    ends_on = models.DateField(_("last day"))
    opens_at = models.TimeField(_("start on the first day"), default=time(9, 0))
    city = LineField(_("city"), max_length=60)
    venue = LineField(_("venue"), max_length=120)
    format = models.CharField(_("format"), max_length=10, choices=Format, default=Format.HYBRID)
    time_zone = models.CharField(_("time zone"), max_length=40, default="Europe/Berlin")

    registration_opens_at = models.DateTimeField(_("registration opens"))
    registration_closes_at = models.DateTimeField(_("registration closes"))
    press_deadline_at = models.DateTimeField(
        _("deadline for accreditation"),
        help_text=_("In time is what was sent strictly before this moment."),
    )

    practice = models.BooleanField(
        _("practice"),
        default=False,
        help_text=_(
            "Marked as an exercise everywhere, never announced, its letters go nowhere, erased in one act."
        ),
    )
    clock_shift = models.DurationField(_("shift of the clock"), default=timedelta)

    help_phone = LineField(_("help desk: telephone"), max_length=40, blank=True)
    help_email = MailboxField(_("help desk: mailbox"), blank=True)
    press_email = MailboxField(_("press office: mailbox"), blank=True)
    header_line_de = LineField(_("header line (German)"), max_length=120, blank=True)
    header_line_en = LineField(_("header line (English)"), max_length=120, blank=True)
    accent = models.CharField(_("accent colour on white"), max_length=7, default="#2044aa")
    accent_dark = models.CharField(_("accent colour on dark"), max_length=7, default="#a9bdf7")
    logo = models.ImageField(_("logo of the host"), upload_to="look/", blank=True)
    key_visual = models.ImageField(_("key visual"), upload_to="look/", blank=True)

    title = Translated("title")
    motto = Translated("motto")
    summary = Translated("summary")
    header_line = Translated("header_line")

    clock: datetime | None  # annotated by with_clock()
    history: ClassVar[Any] = HistoricalRecords(excluded_fields=["clock_shift"])

    objects: ClassVar[EditionQuerySet] = EditionQuerySet.as_manager()  # type: ignore[assignment]  # the manager speaks our words

    class Meta:
        verbose_name = _("edition")
        verbose_name_plural = _("editions")
        ordering = ("-year", "slug")
        constraints = (
            models.CheckConstraint(
                name="edition_ends_after_it_starts", condition=Q(ends_on__gte=F("starts_on"))
            ),
            models.CheckConstraint(
                name="registration_closes_after_it_opens",
                condition=Q(registration_closes_at__gt=F("registration_opens_at")),
            ),
            models.CheckConstraint(
                name="only_practice_may_shift_its_clock",
                condition=Q(practice=True) | Q(clock_shift=timedelta(0)),
            ),
            models.UniqueConstraint(
                name="one_real_edition_per_year", fields=("year",), condition=Q(practice=False)
            ),
        )

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("home", kwargs={"edition": self.slug})

    def clean(self) -> None:
        errors = {}
        if self.time_zone not in available_timezones():
            errors["time_zone"] = _("There is no time zone of this name.")
        for field, background in (("accent", ON_WHITE), ("accent_dark", ON_DARK)):
            try:
                readable = contrast(getattr(self, field), background) >= READABLE_CONTRAST
            except ValueError:
                errors[field] = _("Please enter a colour as #rrggbb.")
            else:
                if not readable:
                    errors[field] = _(
                        "Text in this colour cannot be read: its contrast is below 4.5 to 1."
                    )
        if self.clock_shift and not self.practice:
            errors["clock_shift"] = _("Only a practice edition may shift its clock.")
        if errors:
            raise ValidationError(errors)

    @staticmethod
    def edition_end(prefix: str = "") -> Any:
        """The same as `ends_at`, as an expression for a query whose row reaches the edition by `prefix`."""
        return models.Func(
            F(f"{prefix}time_zone"),
            models.ExpressionWrapper(
                F(f"{prefix}ends_on") + timedelta(days=1), output_field=models.DateTimeField()
            ),
            function="timezone",
            output_field=models.DateTimeField(),
        )

    def now(self) -> datetime:
        """The moment it is in this edition: the database's statement time plus the shift. One query.

        Doors read it once and hand it to actions as `now`; rules that race judge it in SQL (`edition_now`).
        """
        with connection.cursor() as cursor:
            cursor.execute("SELECT statement_timestamp()")
            (moment,) = cursor.fetchone()
        return moment + self.clock_shift  # type: ignore[no-any-return]

    @staticmethod
    def edition_now(prefix: str = "") -> Any:
        """The same as `now()`, as an expression for a query whose row reaches the edition by `prefix`."""
        return models.ExpressionWrapper(
            StatementNow() + F(f"{prefix}clock_shift"), output_field=models.DateTimeField()
        )

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    def local(self, moment: datetime) -> datetime:
        return moment.astimezone(self.zone)

    def midnight_after(self, moment: datetime) -> datetime:
        """The end of the day it is then, where the congress is."""
        return datetime.combine(self.local(moment).date() + timedelta(days=1), time(0), self.zone)

    @property
    def starts_at(self) -> datetime:
        return datetime.combine(self.starts_on, self.opens_at, self.zone)

    @property
    def ends_at(self) -> datetime:
        """The midnight that ends the last day."""
        return datetime.combine(self.ends_on + timedelta(days=1), time(0), self.zone)

    @property
    def days(self) -> list[date]:
        return [
            self.starts_on + timedelta(days=n)
            for n in range((self.ends_on - self.starts_on).days + 1)
        ]

    def phase(self, now: datetime) -> Phase:
        if now >= self.ends_at:
            return Phase.OVER
        if self.local(now).date() >= self.starts_on:
            return Phase.RUNNING
        if now < self.registration_opens_at:
            return Phase.ANNOUNCED
        if now < self.registration_closes_at:
            return Phase.REGISTRATION
        return Phase.CLOSED

    def is_running(self, now: datetime) -> bool:
        """Whether it is one of its days: then the stages are open to everybody who is admitted."""
        return self.phase(now) == Phase.RUNNING

    def takes_registrations(self, now: datetime) -> bool:
        return self.registration_opens_at <= now < self.registration_closes_at


class Stage(models.Model):
    """A channel with one stream at a time, virtual or in a hall. What is on air is said by the programme."""

    edition = models.ForeignKey(
        Edition, on_delete=models.CASCADE, related_name="stages", verbose_name=_("edition")
    )
    slug = models.SlugField(_("address"), max_length=40)
    name_de = LineField(_("name (German)"), max_length=60)
    name_en = LineField(_("name (English)"), max_length=60, blank=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    main_stream_url = models.CharField(
        _("main stream"),
        max_length=500,
        blank=True,
        validators=[validate_address],
        help_text=_(
            "Address of the HLS playlist (.m3u8). With {token} before the folder of the stream, viewers get it signed."
        ),
    )
    backup_stream_url = models.CharField(
        _("backup stream"), max_length=500, blank=True, validators=[validate_address]
    )
    sign_stream_url = models.CharField(
        _("sign language"),
        max_length=500,
        blank=True,
        validators=[validate_address],
        help_text=_("A second picture with the interpreter, shown beside the main one."),
    )

    name = Translated("name")

    class Meta:
        verbose_name = _("stage")
        verbose_name_plural = _("stages")
        ordering = ("edition", "position")
        constraints = (
            models.UniqueConstraint(
                name="one_stage_per_edition_and_address", fields=("edition", "slug")
            ),
            models.UniqueConstraint(name="stage_of_its_edition", fields=("edition", "id")),
        )

    def __str__(self) -> str:
        return self.name
