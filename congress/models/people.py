"""People, and the roles they have in an edition."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, ClassVar, Self

from django.contrib import auth
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from congress.fields import LineField, MailboxField
from congress.models.database import StatementNow, found_by
from congress.models.editions import Edition, Stage


class UserManager(BaseUserManager["User"]):
    def create_user(
        self, email: str | None = None, password: str | None = None, **fields: Any
    ) -> User:
        user = self.model(email=email or None, **fields)
        user.set_password(password)  # None: signs in by code
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, is_superuser=True, **fields)


class User(AbstractBaseUser):
    """A person: what a registration, an accreditation and a role hang on.

    Journalists, speakers and whoever shares a mailbox have no sign-in address: their link signs them in.
    """

    email = MailboxField(_("sign-in address"), unique=True, null=True, blank=True)
    contact_email = MailboxField(
        _("contact address"), blank=True, help_text=_("Need not be unique.")
    )
    title = LineField(_("title"), max_length=40, blank=True)
    first_name = LineField(_("first name"), max_length=80, blank=True)
    last_name = LineField(_("last name"), max_length=80, blank=True)
    body = LineField(
        _("body"), max_length=255, blank=True, help_text=_("Authority, medium or organisation.")
    )
    language = models.CharField(
        _("language"),
        max_length=2,
        choices=[("de", _("German")), ("en", _("English"))],
        default="de",
    )
    is_active = models.BooleanField(_("active"), default=True)
    is_superuser = models.BooleanField(
        _("operator"), default=False, help_text=_("May do everything, everywhere.")
    )
    joined_at = models.DateTimeField(_("joined"), auto_now_add=True)
    found_by = found_by("first_name", "last_name", "body")

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = UserManager()

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        ordering = ("last_name", "first_name", "pk")
        constraints = (
            models.CheckConstraint(
                name="sign_in_address_is_canonical",
                condition=Q(email__isnull=True) | Q(email__regex=r"^[^A-Z@\s]+@[a-z0-9.-]+$"),
            ),
        )

    def __str__(self) -> str:
        return self.display_name

    @property
    def display_name(self) -> str:
        """The name as letters and lists show it; never the address, which is nobody else's business."""
        return " ".join(filter(None, (self.title, self.first_name, self.last_name))) or str(
            _("Person without a name")
        )

    @property
    def mailbox(self) -> str:
        """Where letters go."""
        return self.contact_email or self.email or ""

    @cached_property
    def active_roles(self) -> list[Role]:
        """What this person may do now, in all editions, judged by each edition's clock. One query."""
        if not self.is_active or self.pk is None:
            return []
        return list(Role.objects.filter(person=self).in_force())

    def has_role(self, edition: Edition, *kinds: str, stage: Stage | None = None) -> bool:
        """Whether one of the roles is theirs here. A role for one stage counts for that stage only."""
        return any(
            role.kind in kinds
            and role.edition_id in (None, edition.pk)
            and (role.stage_id is None or (stage is not None and role.stage_id == stage.pk))
            for role in self.active_roles
        )

    def works_for(self, edition: Edition) -> bool:
        return self.is_superuser or any(
            role.edition_id in (None, edition.pk) for role in self.active_roles
        )

    def has_perm(self, permission: str, obj: models.Model | None = None) -> bool:
        """Django's question; what a role may do stands in `congress.permissions`."""
        return self.is_active and (
            self.is_superuser
            or any(backend.has_perm(self, permission, obj) for backend in auth.get_backends())
        )

    def has_perms(self, permissions: Iterable[str], obj: models.Model | None = None) -> bool:
        return all(self.has_perm(permission, obj) for permission in permissions)

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_active and (
            self.is_superuser
            or any(
                backend.has_module_perms(self, app_label)
                for backend in auth.get_backends()
                if hasattr(backend, "has_module_perms")
            )
        )

    @property
    def is_staff(self) -> bool:
        """Django's question for the admin site."""
        return self.is_active and (
            self.is_superuser or any(role.kind in Role.IN_THE_ADMIN for role in self.active_roles)
        )


class RoleQuerySet(models.QuerySet["Role"]):
    def in_force(self) -> Self:
        """Valid at the edition's present moment; roles without edition by the real clock."""
        now = models.ExpressionWrapper(
            StatementNow() + Coalesce(F("edition__clock_shift"), _no_shift()),
            output_field=models.DateTimeField(),
        )
        return self.annotate(present=now).filter(
            Q(valid_from__isnull=True) | Q(valid_from__lte=F("present")),
            Q(valid_until__isnull=True) | Q(valid_until__gt=F("present")),
        )

    def of_kind(self, *kinds: str) -> Self:
        return self.filter(kind__in=kinds)


def _no_shift() -> models.Value:
    return models.Value(timedelta(0), output_field=models.DurationField())


class Role(models.Model):
    """What a person does in an edition; FITKO's organisers hold theirs without one."""

    class Kind(models.TextChoices):
        ORGANISER = "organiser", _("organiser")
        PRESS_OFFICER = "press_officer", _("press officer")
        COMMITTEE = "committee", _("programme committee")
        DIRECTOR = "director", _("director")
        MODERATOR = "moderator", _("moderator")
        HELP_DESK = "help_desk", _("help desk")
        CHECK_IN = "check_in", _("check-in")
        CARE = "care", _("care (needs)")
        OBSERVER = "observer", _("observer")

    IN_THE_ADMIN: ClassVar[Iterable[str]] = (Kind.ORGANISER, Kind.PRESS_OFFICER, Kind.OBSERVER)
    # They see personal data or give rights: a second factor is asked for.
    GUARDED: ClassVar[Iterable[str]] = (
        Kind.ORGANISER,
        Kind.PRESS_OFFICER,
        Kind.COMMITTEE,
        Kind.HELP_DESK,
        Kind.CHECK_IN,
        Kind.CARE,
    )

    person = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="roles", verbose_name=_("person")
    )
    edition = models.ForeignKey(
        Edition,
        on_delete=models.CASCADE,
        related_name="roles",
        null=True,
        blank=True,
        verbose_name=_("edition"),
        help_text=_("Empty: all editions (FITKO)."),
    )
    kind = models.CharField(_("role"), max_length=20, choices=Kind)
    stage = models.ForeignKey(
        Stage,
        on_delete=models.CASCADE,
        related_name="roles",
        null=True,
        blank=True,
        verbose_name=_("stage"),
        help_text=_("Empty: all stages."),
    )
    valid_from = models.DateTimeField(_("valid from"), null=True, blank=True)
    valid_until = models.DateTimeField(_("valid until"), null=True, blank=True)

    history: ClassVar[Any] = HistoricalRecords()
    objects: ClassVar[RoleQuerySet] = RoleQuerySet.as_manager()  # type: ignore[assignment]  # the manager speaks our words

    class Meta:
        verbose_name = _("role")
        verbose_name_plural = _("roles")
        ordering = ("edition", "kind", "person")
        constraints = (
            models.UniqueConstraint(
                name="one_role_of_a_kind_per_person_edition_and_stage",
                fields=("person", "edition", "kind", "stage"),
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                name="role_ends_after_it_begins",
                condition=Q(valid_from__isnull=True)
                | Q(valid_until__isnull=True)
                | Q(valid_until__gt=F("valid_from")),
            ),
            models.CheckConstraint(
                name="a_stage_needs_its_edition",
                condition=Q(stage__isnull=True) | Q(edition__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.edition or _('all editions')}"
