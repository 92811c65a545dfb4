"""How people get in: admissions, personal links, and the browser sessions both can end."""

from __future__ import annotations

from datetime import datetime
from itertools import chain
from typing import Any, ClassVar, Self

from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Substr
from django.utils.translation import gettext_lazy as _

from congress.models.editions import Edition
from congress.models.people import Role, User
from congress.text import INITIALS


class Level(models.TextChoices):
    """Level of administration; `other` for whoever has none (press, guests)."""

    BUND = "bund", _("Federal level")
    LAND = "land", _("Länder")
    KOMMUNE = "kommune", _("Municipalities")
    IT_PROVIDER = "it-dienstleister", _("IT service provider")
    CORPORATION = "koerperschaft", _("Public corporation")
    ASSOCIATION = "verband", _("Association")
    UNIVERSITY = "hochschule", _("University")
    OTHER = "other", _("Other")


class AdmissionQuerySet(models.QuerySet["Admission"]):
    def shut_out(self) -> Self:
        """Revoked by the office: no machine lets these people in again."""
        return self.filter(revoked_at__isnull=False, given_back=False)

    def in_force(self) -> Self:
        """Not revoked and not over, by the edition's clock."""
        return self.filter(
            Q(valid_until__isnull=True) | Q(valid_until__gt=Edition.edition_now("edition__")),
            revoked_at__isnull=True,
        )

    def real(self) -> Self:
        """Without the simulated viewers of a rehearsal."""
        return self.exclude(kind=Admission.Kind.REHEARSAL)

    def with_person(self) -> Self:
        """Load whose they are, in the same query."""
        return self.select_related("person")

    def beginning_with(self, letter: str) -> Self:
        """Whose last name begins with this letter of the German alphabet: Ä counts as A, Ø as O. "" is all others."""
        initial = Substr("person__last_name", 1, 1)
        if letter:
            return self.alias(initial=initial).filter(initial__in=INITIALS[letter])
        return self.alias(initial=initial).exclude(initial__in=[*chain(*INITIALS.values())])

    def by_name(self) -> Self:
        """In the database's order of names: near enough to the alphabet for lists; print in `text.sort_key`'s."""
        return self.order_by("person__last_name", "person__first_name", "pk")

    def with_a_badge(self) -> Self:
        """For whom a badge was printed that is still good."""
        return self.filter(Exists(_badges()))

    def without_a_badge(self) -> Self:
        return self.filter(~Exists(_badges()))


def _badges() -> models.QuerySet[AccessLink]:
    return AccessLink.objects.filter(
        admission=OuterRef("pk"),
        kind=AccessLink.Kind.BADGE,
        token_hash__isnull=False,
        revoked_at__isnull=True,
    )


class Admission(models.Model):
    """This person may enter this edition. The one thing a stage asks for; one per person and edition."""

    class Kind(models.TextChoices):
        ATTENDEE = "attendee", _("attendee")
        PRESS = "press", _("press")
        SPEAKER = "speaker", _("speaker")
        STAFF = "staff", _("staff")
        REHEARSAL = "rehearsal", _("rehearsal")

    MAY_VOTE: ClassVar[frozenset[str]] = frozenset(
        {Kind.ATTENDEE, Kind.SPEAKER, Kind.STAFF, Kind.REHEARSAL}
    )
    # Whom the stages let in outside the days of the congress, too: they prepare and rehearse.
    AT_ANY_TIME: ClassVar[frozenset[str]] = frozenset({Kind.STAFF, Kind.REHEARSAL})

    person = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="admissions", verbose_name=_("person")
    )
    edition = models.ForeignKey(
        Edition, on_delete=models.CASCADE, related_name="admissions", verbose_name=_("edition")
    )
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    level = models.CharField(
        _("level of administration"), max_length=20, choices=Level, default=Level.OTHER
    )
    granted_at = models.DateTimeField(_("granted"))
    valid_until = models.DateTimeField(_("valid until"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)
    given_back = models.BooleanField(
        _("given back"),
        default=False,
        help_text=_("Ended by the person; whom the office shut out comes back by the office only."),
    )

    objects: ClassVar[AdmissionQuerySet] = AdmissionQuerySet.as_manager()  # type: ignore[assignment]  # the manager speaks our words

    class Meta:
        verbose_name = _("admission")
        verbose_name_plural = _("admissions")
        ordering = ("edition", "person")
        constraints = (
            models.UniqueConstraint(
                name="one_admission_per_person_and_edition", fields=("person", "edition")
            ),
            models.UniqueConstraint(name="admission_of_its_edition", fields=("edition", "id")),
            models.CheckConstraint(
                name="admission_kind_is_known",
                condition=Q(kind__in=["attendee", "press", "speaker", "staff", "rehearsal"]),
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.person}"

    def is_in_force(self, now: datetime) -> bool:
        """The same rule as `AdmissionQuerySet.in_force`."""
        return self.revoked_at is None and (self.valid_until is None or now < self.valid_until)

    @property
    def may_vote(self) -> bool:
        """Vote, rate and support: press watches and reads."""
        return self.kind in self.MAY_VOTE


class AccessLinkQuerySet(models.QuerySet["AccessLink"]):
    def of_token(self, token_hash: bytes) -> Self:
        """The link whose newest or next-to-newest token this is: a retried mail leaves no dead link behind."""
        return self.filter(Q(token_hash=token_hash) | Q(previous_token_hash=token_hash))


class AccessLink(models.Model):
    """A personal way in: 256 random bits, of which only the hash is kept (`congress.links` makes and reads them).

    Opened by GET, entered by a person's POST, usable many times until it ends.
    """

    class Kind(models.TextChoices):
        PRESS = "press", _("press")
        ATTENDEE = "attendee", _("attendee")
        SPEAKER = "speaker", _("speaker")
        MODERATOR = "moderator", _("moderator")
        DIRECTOR = "director", _("director")
        SCREEN = "screen", _("screen")
        BADGE = "badge", _("badge")

    # Newsrooms' mail gateways open links, and some press every button they find: there the page asks for what the
    # served form does not hold.
    ASK_FOR_THEIR_ADDRESS: ClassVar[frozenset[str]] = frozenset({Kind.PRESS})

    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    edition = models.ForeignKey(
        Edition, on_delete=models.CASCADE, related_name="links", verbose_name=_("edition")
    )
    person = models.ForeignKey(
        User,
        on_delete=models.CASCADE,
        related_name="links",
        null=True,
        blank=True,
        verbose_name=_("person"),
    )
    admission = models.ForeignKey(
        Admission,
        on_delete=models.CASCADE,
        related_name="links",
        null=True,
        blank=True,
        verbose_name=_("admission"),
    )
    role = models.ForeignKey(
        Role,
        on_delete=models.CASCADE,
        related_name="links",
        null=True,
        blank=True,
        verbose_name=_("role"),
    )
    token_hash = models.BinaryField(max_length=32, unique=True, null=True)
    previous_token_hash = models.BinaryField(max_length=32, unique=True, null=True)
    # Of a code that is told by word of mouth, beside the link; null: there is none.
    code_hash = models.BinaryField(max_length=32, null=True, editable=False)
    # A form sent twice makes one link.
    form_key = models.UUIDField(unique=True, null=True, editable=False)
    valid_from = models.DateTimeField(_("valid from"))
    valid_until = models.DateTimeField(_("valid until"))
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)
    max_devices = models.PositiveSmallIntegerField(_("devices at a time"), default=3)

    objects: ClassVar[AccessLinkQuerySet] = AccessLinkQuerySet.as_manager()  # type: ignore[assignment]  # the manager speaks our words

    class Meta:
        verbose_name = _("personal link")
        verbose_name_plural = _("personal links")
        ordering = ("edition", "kind", "pk")
        constraints = (
            models.CheckConstraint(
                name="link_ends_after_it_begins", condition=Q(valid_until__gt=F("valid_from"))
            ),
            models.CheckConstraint(
                name="link_has_one_to_ten_devices", condition=Q(max_devices__range=(1, 10))
            ),
            models.UniqueConstraint(
                name="one_active_link_per_admission_and_kind",
                fields=("admission", "kind"),
                condition=Q(revoked_at__isnull=True, admission__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.person or self.edition}"

    @property
    def asks_for_its_address(self) -> bool:
        """Whether one enters by typing the address that the link was sent to."""
        return self.kind in self.ASK_FOR_THEIR_ADDRESS

    @property
    def asks_for_a_code(self) -> bool:
        """Whether one enters by a code that was told beside the link."""
        return self.code_hash is not None

    def is_open(self, now: datetime) -> bool:
        return self.revoked_at is None and self.valid_from <= now < self.valid_until


class BrowserSession(AbstractBaseSession):
    """A browser that is signed in. Names its person and its link, so that both can end it."""

    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sessions", null=True)
    link = models.ForeignKey(
        AccessLink, on_delete=models.CASCADE, related_name="sessions", null=True
    )
    entered_at = models.DateTimeField(_("entered"))
    # Of people with guarded roles only (`congress.sessions.staff_session_ends_at`).
    seen_at = models.DateTimeField(_("last active"), null=True)
    on_duty_at = models.DateTimeField(_("last on duty"), null=True)

    class Meta(AbstractBaseSession.Meta):
        verbose_name = _("browser session")  # type: ignore[assignment]  # the stubs' Meta is in one language
        verbose_name_plural = _("browser sessions")  # type: ignore[assignment]  # the same

    def save(self, **options: Any) -> None:
        """The store writes what it knows; when somebody was active stands beside it."""
        if options.get("force_update"):
            known = {"session_key", "seen_at", "on_duty_at"}
            names = [field.name for field in self._meta.concrete_fields]
            options["update_fields"] = [name for name in names if name not in known]
        super().save(**options)

    @classmethod
    def get_session_store_class(cls) -> Any:
        from congress.sessions import SessionStore  # the store needs this model first

        return SessionStore
