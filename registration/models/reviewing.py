"""What belongs to a case in review: questions, colleagues who confirm, who has it open, and wordings to choose from."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from congress.fields import LineField, MailboxField, ParagraphField
from congress.models import AN_ANSWER_HAS_ITS_MOMENT, AskedBack, Edition, User
from congress.models.database import StatementNow
from registration.models.registrations import Registration


class ReviewQuestion(AskedBack):
    """What a reviewer asked the applicant, and the answer."""

    registration = models.ForeignKey(
        Registration,
        on_delete=models.CASCADE,
        related_name="questions",
        verbose_name=_("registration"),
    )

    class Meta(AskedBack.Meta):
        verbose_name = _("question to an applicant")
        verbose_name_plural = _("questions to applicants")
        constraints = (
            models.CheckConstraint(
                name="an_answer_has_its_moment", condition=AN_ANSWER_HAS_ITS_MOMENT
            ),
        )

    def __str__(self) -> str:
        return f"{self.registration} · {self.asked_at:%d.%m.%Y %H:%M}"


class ColleagueQuerySet(models.QuerySet["ColleagueConfirmation"]):
    def not_asked_yet(self) -> Self:
        return self.filter(asked_at__isnull=True)

    def unanswered(self) -> Self:
        return self.filter(asked_at__isnull=False, answer="")

    def confirmed(self) -> Self:
        return self.filter(answer=ColleagueConfirmation.Answer.CONFIRMED)


class ColleagueConfirmation(models.Model):
    """A colleague whom the applicant named. Whether the address is known is shown to reviewers only."""

    class Answer(models.TextChoices):
        CONFIRMED = "confirmed", _("confirmed")
        UNKNOWN = "unknown", _("does not know the person")

    # People confirm colleagues whom they know, not lists.
    MOST_CONFIRMED: ClassVar[int] = 3
    # Letters to one person, whoever names them; also what one applicant may name.
    MOST_ASKED: ClassVar[int] = 6
    MOST_NAMED: ClassVar[int] = 3

    registration = models.ForeignKey(
        Registration,
        on_delete=models.CASCADE,
        related_name="confirmations",
        verbose_name=_("registration"),
    )
    address = MailboxField(_("address"))
    colleague = models.ForeignKey(
        Registration,
        on_delete=models.SET_NULL,
        related_name="confirms",
        null=True,
        blank=True,
        verbose_name=_("colleague"),
        help_text=_("Empty as long as nobody of this address has been admitted by a rule."),
    )
    named_at = models.DateTimeField(_("named"))
    asked_at = models.DateTimeField(_("asked"), null=True, blank=True)
    answer = models.CharField(_("answer"), max_length=10, choices=Answer, blank=True)
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)

    objects: ClassVar[ColleagueQuerySet] = ColleagueQuerySet.as_manager()  # type: ignore[assignment]  # the manager speaks our words

    class Meta:
        verbose_name = _("confirmation by a colleague")
        verbose_name_plural = _("confirmations by colleagues")
        ordering = ("named_at", "pk")
        constraints = (
            models.UniqueConstraint(
                name="a_colleague_is_named_once_per_registration",
                fields=("registration", "address"),
            ),
            models.CheckConstraint(
                name="whoever_answers_was_asked",
                condition=Q(answer="", answered_at__isnull=True)
                | (
                    Q(answer__in=["confirmed", "unknown"])
                    & Q(answered_at__isnull=False, asked_at__isnull=False)
                ),
            ),
        )

    def __str__(self) -> str:
        return f"{self.registration} · {self.address}"


class ReviewClaimQuerySet(models.QuerySet["ReviewClaim"]):
    """Claims live by the real clock, like sessions."""

    def in_force(self) -> Self:
        return self.filter(until__gt=StatementNow())

    def over(self) -> Self:
        return self.filter(until__lte=StatementNow())


class ReviewClaim(models.Model):
    """Somebody has this case open. It keeps nobody out; the first decision counts."""

    LIFETIME: ClassVar[timedelta] = timedelta(minutes=3)

    registration = models.OneToOneField(
        Registration,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="claim",
        verbose_name=_("registration"),
    )
    by = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="+", verbose_name=_("reviewer")
    )
    until = models.DateTimeField(_("until"))

    objects: ClassVar[ReviewClaimQuerySet] = ReviewClaimQuerySet.as_manager()  # type: ignore[assignment]  # the manager speaks our words

    class Meta:
        verbose_name = _("open case")
        verbose_name_plural = _("open cases")

    def __str__(self) -> str:
        return f"{self.registration} · {self.by}"


class ReviewTextQuerySet(models.QuerySet["ReviewText"]):
    def of_edition(self, edition: Edition) -> Self:
        """The edition's own and those for all, as they are offered."""
        return self.filter(Q(edition=edition) | Q(edition__isnull=True))

    def reasons(self) -> Self:
        return self.filter(kind=ReviewText.Kind.REJECTION)

    def questions(self) -> Self:
        return self.filter(kind=ReviewText.Kind.QUESTION)


class ReviewText(models.Model):
    """A wording that reviewers choose and may change before it is sent: why somebody is refused, what is asked."""

    class Kind(models.TextChoices):
        REJECTION = "rejection", _("reason for a rejection")
        QUESTION = "question", _("question to the applicant")

    edition = models.ForeignKey(
        Edition,
        on_delete=models.CASCADE,
        related_name="review_texts",
        null=True,
        blank=True,
        verbose_name=_("edition"),
        help_text=_("Empty: for all editions."),
    )
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.REJECTION)
    title = LineField(_("title"), max_length=80, help_text=_("Only reviewers read it."))
    text_de = ParagraphField(_("text (German)"), max_length=2000)
    text_en = ParagraphField(
        _("text (English)"),
        max_length=2000,
        blank=True,
        help_text=_("For applicants who registered in English. Empty: the German text."),
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    history: ClassVar[Any] = HistoricalRecords()
    objects: ClassVar[ReviewTextQuerySet] = ReviewTextQuerySet.as_manager()  # type: ignore[assignment]  # the manager speaks our words

    class Meta:
        verbose_name = _("wording for the check")
        verbose_name_plural = _("wordings for the check")
        ordering = ("kind", "position", "title")
        constraints = (
            models.UniqueConstraint(
                name="one_wording_per_edition_kind_and_title",
                fields=("edition", "kind", "title"),
                nulls_distinct=False,
            ),
        )

    def __str__(self) -> str:
        return self.title

    def text_for(self, language: str | None = None) -> str:
        """In the language of whoever reads it."""
        if (language or get_language() or "de").startswith("en") and self.text_en:
            return self.text_en
        return self.text_de
