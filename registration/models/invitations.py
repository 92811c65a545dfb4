"""Invitations: a person of the organisers has already decided that somebody may come."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import F, Q
from django.utils.crypto import get_random_string, salted_hmac
from django.utils.translation import gettext_lazy as _

from congress.fields import LineField, MailboxField, ParagraphField
from congress.models import Admission, Edition, Level, User
from congress.models import State as Land
from congress.models.database import found_by
from congress.text import has_controls


class InvitationQuerySet(models.QuerySet["Invitation"]):
    """The words we use for invitations. Compose them; do not filter in views."""

    def of_edition(self, edition: Edition) -> Self:
        return self.filter(edition=edition)

    def of_code(self, edition: Edition, code: str) -> Self:
        """The one whose code somebody typed; blanks, hyphens and small letters do no harm."""
        return self.filter(edition=edition, code_hash=Invitation.hashed(code))

    def open_at(self, moment: Any) -> Self:
        """May be used at that moment. No other table: an UPDATE that waited looks at these columns once more."""
        return self.not_revoked().filter(valid_until__gt=moment, uses__lt=F("uses_max"))

    def open(self) -> Self:
        """May be used now, by the edition's clock; `Invitation.state` is the same rule for one row."""
        return self.open_at(Edition.edition_now("edition__"))

    def used_up(self) -> Self:
        return self.not_revoked().filter(uses__gte=F("uses_max"))

    def expired(self) -> Self:
        return self.not_revoked().filter(
            valid_until__lte=Edition.edition_now("edition__"), uses__lt=F("uses_max")
        )

    def not_revoked(self) -> Self:
        return self.filter(revoked_at__isnull=True)

    def revoked(self) -> Self:
        return self.filter(revoked_at__isnull=False)

    def for_mailbox(self, email_key: str) -> Self:
        """A personal invitation holds for its mailbox only, whoever was sent the link."""
        return self.filter(Q(kind=Invitation.Kind.BODY) | Q(email_key=email_key))

    def search(self, edition: Edition, words: str) -> Self:
        """Name, body, address or note hold all of the words, or they are the code."""
        if has_controls(words):
            return self.none()
        typed = self.of_code(edition, words)
        found = self
        for word in words.split()[:5]:
            found = found.filter(
                Q(email__icontains=word)
                | Q(first_name__icontains=word)
                | Q(last_name__icontains=word)
                | Q(body__icontains=word)
                | Q(note__icontains=word)
            )
        return found | typed


class Invitation(models.Model):
    """Who uses it is admitted without a check: bound to one mailbox, or a code for the people of a body.

    Of a code only a keyed hash is kept. A use counts when the mailbox of whoever uses it is proved.
    """

    class Kind(models.TextChoices):
        PERSONAL = "personal", _("for a person")
        BODY = "body", _("for a body")

    class State(models.TextChoices):
        """Where an invitation stands; whether a letter was opened is never looked at."""

        OPEN = "open", _("open")
        USED_UP = "used_up", _("used up")
        EXPIRED = "expired", _("expired")
        REVOKED = "revoked", _("withdrawn")

    # A guest is an attendee without a level of administration.
    BECOMES: ClassVar[list[tuple[str, object]]] = [
        (Admission.Kind.ATTENDEE.value, _("attendee or guest")),
        (Admission.Kind.SPEAKER.value, _("speaker")),
    ]
    LETTERS: ClassVar[str] = (
        "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # none that sounds or looks like another
    )
    LENGTH: ClassVar[int] = 12  # of 32: 60 bits, which nobody tries out over a network
    MOST_USES: ClassVar[int] = 1000

    edition = models.ForeignKey(
        Edition, on_delete=models.CASCADE, related_name="invitations", verbose_name=_("edition")
    )
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    becomes = models.CharField(
        _("comes as"), max_length=12, choices=BECOMES, default=Admission.Kind.ATTENDEE
    )
    level = models.CharField(
        _("level of administration"),
        max_length=20,
        choices=Level,
        blank=True,
        help_text=_("Empty: what the registry says about the address."),
    )
    land = models.ForeignKey(
        Land,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name=_("Land"),
    )
    body = LineField(_("body"), max_length=255, blank=True)
    title = LineField(_("title"), max_length=40, blank=True)
    first_name = LineField(_("first name"), max_length=80, blank=True)
    last_name = LineField(_("last name"), max_length=80, blank=True)
    # Of a body: where the code was sent, if it was.
    email = MailboxField(_("address"), blank=True)
    email_key = models.CharField(max_length=254, editable=False, blank=True)
    language = models.CharField(
        _("language"),
        max_length=2,
        choices=[("de", _("German")), ("en", _("English"))],
        default="de",
    )
    reply_to = MailboxField(
        _("answers go to"), blank=True, help_text=_("Empty: to the help desk of the edition.")
    )
    message = ParagraphField(
        _("words of your own"),
        max_length=2000,
        blank=True,
        help_text=_("They stand in the letter, before the link."),
    )
    note = ParagraphField(
        _("note"), max_length=1000, blank=True, help_text=_("Only organisers read it.")
    )
    valid_until = models.DateTimeField(_("good until"))
    outside_the_window = models.BooleanField(
        _("also before registration opens and after it closes"), default=False
    )
    uses_max = models.PositiveSmallIntegerField(_("how many may use it"), default=1)
    uses = models.PositiveSmallIntegerField(_("used"), default=0, editable=False)
    code_hash = models.BinaryField(max_length=32, unique=True, null=True)
    created_at = models.DateTimeField(_("created"))
    created_by = models.ForeignKey(
        User,
        on_delete=models.SET_NULL,
        related_name="+",
        null=True,
        blank=True,
        verbose_name=_("created by"),
    )
    revoked_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)
    form_key = models.UUIDField(editable=False)
    found_by = found_by("first_name", "last_name", "body")

    objects: ClassVar[InvitationQuerySet] = InvitationQuerySet.as_manager()  # type: ignore[assignment]  # the manager speaks our words

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        ordering = ("-created_at", "-pk")
        constraints = (
            models.UniqueConstraint(name="invitation_of_its_edition", fields=("edition", "id")),
            # One form may invite many; each address of it once.
            models.UniqueConstraint(
                name="one_invitation_per_form_and_mailbox",
                fields=("edition", "form_key", "email_key"),
            ),
            # The net; the rule is the conditional UPDATE of `actions.inviting.use` (RELIABILITY.md D7).
            models.CheckConstraint(
                name="no_invitation_is_used_more_often_than_it_may",
                condition=Q(uses__gte=0, uses__lte=F("uses_max")),
            ),
            models.CheckConstraint(
                name="invitations_are_for_one_to_a_thousand",
                condition=Q(uses_max__gte=1, uses_max__lte=1000),
            ),
            models.CheckConstraint(
                name="personal_invitations_have_a_mailbox_those_of_bodies_a_code",
                condition=Q(kind="personal", code_hash__isnull=True)
                & ~Q(email="")
                & ~Q(email_key="")
                | Q(kind="body", code_hash__isnull=False) & ~Q(body=""),
            ),
            models.CheckConstraint(
                name="invited_people_come_as_attendee_or_speaker",
                condition=Q(becomes__in=["attendee", "speaker"]),
            ),
            models.CheckConstraint(
                name="invitation_ends_after_it_begins",
                condition=Q(valid_until__gt=F("created_at")),
            ),
        )

    def __str__(self) -> str:
        return self.whom

    @property
    def whom(self) -> str:
        """Whom lists and pages call it by."""
        if self.kind == self.Kind.BODY:
            return self.body
        return self.display_name or (self.email or "")

    @property
    def display_name(self) -> str:
        return " ".join(filter(None, (self.title, self.first_name, self.last_name)))

    @property
    def is_for_a_body(self) -> bool:
        return self.kind == self.Kind.BODY

    @property
    def is_for_speakers(self) -> bool:
        return self.becomes == Admission.Kind.SPEAKER

    @property
    def last_day(self) -> date:
        """It is good until the midnight that ends this day."""
        return self.edition.local(self.valid_until - timedelta(microseconds=1)).date()

    @property
    def left(self) -> int:
        return self.uses_max - self.uses

    def state(self, now: datetime) -> State:
        """The same rule as the words of the queryset."""
        if self.revoked_at is not None:
            return self.State.REVOKED
        if self.uses >= self.uses_max:
            return self.State.USED_UP
        if now >= self.valid_until:
            return self.State.EXPIRED
        return self.State.OPEN

    def is_for(self, email_key: str) -> bool:
        """The same rule as `for_mailbox`."""
        return self.kind == self.Kind.BODY or self.email_key == email_key

    @classmethod
    def new_code(cls) -> str:
        """Three groups of four, to be read aloud and typed."""
        letters = get_random_string(cls.LENGTH, cls.LETTERS)
        return "-".join(letters[start : start + 4] for start in range(0, cls.LENGTH, 4))

    @classmethod
    def hashed(cls, code: str) -> bytes:
        """Keyed, though long enough: a table without the key opens nothing."""
        letters = "".join(letter for letter in code.upper() if letter in cls.LETTERS)
        return salted_hmac("registration.invitation", letters, algorithm="sha256").digest()
