"""The outbox: every letter is a row before it is a mail."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from congress.fields import LineField, MailboxField, ParagraphField
from congress.models.database import StatementNow
from congress.models.editions import Edition
from congress.models.people import User


class LetterQuerySet(models.QuerySet["Letter"]):
    def due(self) -> Self:
        """Waiting, and its moment has come by the edition's clock; a retry waits by the real clock."""
        return self.filter(
            Q(due_at__isnull=True)
            | Q(edition__isnull=True, due_at__lte=StatementNow())
            | Q(due_at__lte=Edition.edition_now("edition__")),
            Q(retry_at__isnull=True) | Q(retry_at__lte=StatementNow()),
            state=Letter.State.QUEUED,
        )

    def forgotten(self) -> Self:
        """In sending, but whoever sent it did not come back in time."""
        return self.filter(state=Letter.State.SENDING, lease_until__lte=StatementNow())

    def of_edition(self, edition: Edition) -> Self:
        return self.filter(edition=edition)


class Letter(models.Model):
    """One mail to one mailbox, written in the transaction that is its reason, sent by a worker afterwards.

    It keeps ids, not text: corrections and erasure still reach what was not sent. Where a text must not be
    kept readable (codes of a sign-in), it is sealed and forgotten once sent.
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("waiting")
        SENDING = "sending", _("being sent")
        SENT = "sent", _("sent")
        FAILED = "failed", _("failed")
        UNCERTAIN = "uncertain", _("uncertain")
        KEPT = "kept", _("kept here (practice)")
        WITHDRAWN = "withdrawn", _("withdrawn")

    edition = models.ForeignKey(
        Edition,
        on_delete=models.CASCADE,
        related_name="letters",
        null=True,
        blank=True,
        verbose_name=_("edition"),
    )
    template = models.CharField(_("letter"), max_length=120)
    once = models.CharField(_("key"), max_length=160, unique=True)
    person = models.ForeignKey(
        User,
        on_delete=models.CASCADE,
        related_name="letters",
        null=True,
        blank=True,
        verbose_name=_("person"),
    )
    to = MailboxField(_("to"))
    language = models.CharField(_("language"), max_length=2, default="de")
    subject = models.CharField(_("subject"), max_length=200, blank=True)
    objects_named: models.JSONField[Any, Any] = models.JSONField(_("about"), default=dict)
    sealed = models.BinaryField(null=True)
    bulk = models.BooleanField(_("to many"), default=False)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.QUEUED)
    written_at = models.DateTimeField(_("written"), auto_now_add=True)
    due_at = models.DateTimeField(_("due"), null=True, blank=True)
    retry_at = models.DateTimeField(_("next attempt"), null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    answer = models.CharField(_("answer of the mail server"), max_length=300, blank=True)
    message_id = models.CharField(_("Message-ID"), max_length=120, unique=True)

    objects: ClassVar[LetterQuerySet] = LetterQuerySet.as_manager()  # type: ignore[assignment]  # the manager speaks our words

    class Meta:
        verbose_name = _("letter")
        verbose_name_plural = _("letters")
        ordering = ("-pk",)
        indexes = (
            models.Index(
                fields=("state", "retry_at"), name="letters_that_wait", condition=Q(state="queued")
            ),
            models.Index(fields=("edition", "-id"), name="letters_of_an_edition"),
        )
        constraints = (
            models.CheckConstraint(
                name="sent_letters_have_their_moment",
                condition=~Q(state="sent") | Q(sent_at__isnull=False),
            ),
            models.CheckConstraint(
                name="letters_in_sending_have_a_lease",
                condition=~Q(state="sending") | Q(lease_until__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return self.subject or self.template

    @staticmethod
    def new_message_id(host: str) -> str:
        return f"<{uuid.uuid4().hex}@{host}>"


class LetterText(models.Model):
    """An edition's own wording of one letter; the file holds for whoever has none."""

    edition = models.ForeignKey(
        Edition, on_delete=models.CASCADE, related_name="letter_texts", verbose_name=_("edition")
    )
    template = models.CharField(_("letter"), max_length=120)
    language = models.CharField(
        _("language"),
        max_length=2,
        choices=[("de", _("German")), ("en", _("English"))],
        default="de",
    )
    subject = LineField(_("subject"), max_length=1000)
    body = ParagraphField(
        _("text"),
        help_text=_("Placeholders as in the standard text, e.g. {{ person.display_name }}."),
    )

    history: ClassVar[Any] = HistoricalRecords()

    class Meta:
        verbose_name = _("wording of a letter")
        verbose_name_plural = _("wordings of letters")
        ordering = ("edition", "template")
        constraints = (
            models.UniqueConstraint(
                name="one_wording_per_edition_letter_and_language",
                fields=("edition", "template", "language"),
            ),
        )

    def __str__(self) -> str:
        return f"{self.template} · {self.edition}"
