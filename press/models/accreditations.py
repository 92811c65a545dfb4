"""Requests for accreditation, and how an edition takes them."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, F, Func, OuterRef, Q, Value
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from congress.fields import LineField, MailboxField, ParagraphField
from congress.models import (
    AN_ANSWER_HAS_ITS_MOMENT,
    AccessLink,
    Admission,
    AskedBack,
    Edition,
    User,
)
from congress.models.database import StatementNow
from congress.text import has_controls
from congress.uploads import MEDIA_TYPES

LONGEST_REMEDY = 3000
TEXTS = Path(__file__).parent.parent / "data"


@cache
def _standard_remedy(language: str) -> str:
    return (TEXTS / f"remedy.{language}.txt").read_text("utf-8").strip()


class PressSettingsManager(models.Manager["PressSettings"]):
    def of(self, edition: Edition) -> PressSettings:
        """The edition's settings; where nobody has set anything, the defaults."""
        return self.filter(edition=edition).first() or PressSettings(edition=edition)


class PressSettings(models.Model):
    """How an edition deals with its press; where there is no row, the defaults hold."""

    edition = models.OneToOneField(
        Edition,
        on_delete=models.CASCADE,
        related_name="press_settings",
        verbose_name=_("edition"),
    )
    late_queue = models.BooleanField(
        _("take requests after the deadline"),
        default=True,
        help_text=_(
            "They are marked as late and stand apart. Where it is off, what was typed stays in the form and the "
            "press office is named."
        ),
    )
    phone = LineField(_("press office: telephone"), max_length=40, blank=True)
    links_at = models.DateTimeField(
        _("personal links leave at"),
        null=True,
        blank=True,
        help_text=_(
            "All together, at this moment; whoever is approved later gets the link at once. Empty: the day before the "
            "congress, 16:00."
        ),
    )
    remedy_de = ParagraphField(
        _("legal remedy (German)"),
        max_length=LONGEST_REMEDY,
        blank=True,
        help_text=_(
            "Stands at the end of every rejection, which is an administrative act. Empty: the standard text below, "
            "which your legal department has to check, since the Länder differ."
        ),
    )
    remedy_en = ParagraphField(
        _("legal remedy (English)"),
        max_length=LONGEST_REMEDY,
        blank=True,
        help_text=_("For journalists who asked in English. Empty: the German text."),
    )
    remedy_checked = models.BooleanField(
        _("Our legal department has checked the text"),
        default=False,
        help_text=_("Until then the desk reminds you."),
    )

    objects: ClassVar[PressSettingsManager] = PressSettingsManager()

    class Meta:
        verbose_name = _("settings for the press")
        verbose_name_plural = _("settings for the press")

    def __str__(self) -> str:
        return str(self.edition)

    LINKS_LEAVE: ClassVar[time] = time(16)

    def links_leave_at(self) -> datetime:
        """When the personal links of all who are approved by then are sent."""
        if self.links_at is not None:
            return self.links_at
        day_before = self.edition.starts_on - timedelta(days=1)
        return datetime.combine(day_before, self.LINKS_LEAVE, self.edition.zone)

    def remedy_for(self, language: str) -> str:
        """What a rejection says about the legal remedy."""
        own = (language == "en" and self.remedy_en) or self.remedy_de
        return own or self.standard_remedy(language)

    def standard_remedy(self, language: str = "de") -> str:
        """A text to begin with, for a Land with an objection before the court."""
        host = self.edition.host_state.official_name
        return _standard_remedy("en" if language == "en" else "de").format(host=host)


class OfEdition(Func):
    """A column of the edition's row, read by the statement it stands in; works in INSERT, where F() does not."""

    def __init__(self, edition_id: int, column: str, output_field: models.Field[Any, Any]) -> None:
        super().__init__(
            Value(edition_id),
            column=column,
            table=Edition._meta.db_table,
            template="(SELECT %(column)s FROM %(table)s WHERE id = %(expressions)s)",
            output_field=output_field,
        )


class Sum(Func):
    template = "(%(expressions)s)"
    arg_joiner = " + "


class NotBefore(Func):
    template = "(%(expressions)s)"
    arg_joiner = " >= "


class AccreditationQuerySet(models.QuerySet["Accreditation"]):
    """The words we use for requests of journalists."""

    def of_edition(self, edition: Edition) -> Self:
        """Those that have been sent by now: a practice edition's clock may stand before some of them."""
        return self.filter(edition=edition, submitted_at__lte=Edition.edition_now("edition__"))

    def undecided(self) -> Self:
        return self.filter(state=Accreditation.State.REQUESTED)

    def accredited(self) -> Self:
        return self.filter(state=Accreditation.State.APPROVED)

    def to_decide(self, now: datetime) -> Self:
        """Undecided, and not waiting for an answer of the journalist."""
        return self.undecided().filter(Q(asked_until__isnull=True) | Q(asked_until__lte=now))

    def waiting_for_an_answer(self, now: datetime) -> Self:
        return self.undecided().filter(asked_until__gt=now)

    def matching(self, search: str) -> Self:
        """Name, medium or address hold every word."""
        found = self
        for word in [] if has_controls(search) else search.split()[:5]:
            found = found.filter(
                Q(last_name__icontains=word)
                | Q(first_name__icontains=word)
                | Q(medium__icontains=word)
                | Q(mailbox__icontains=word)
            )
        return found

    def in_order_of_decision(self) -> Self:
        """Those in time first; whoever has waited longest comes first."""
        return self.order_by("late", "submitted_at", "pk")

    def with_what_lists_show(self) -> Self:
        """Annotates `has_twin` (the same mailbox, name or press card asks once more) and `has_answered`."""
        answered = PressQuestion.objects.filter(
            accreditation=OuterRef("pk"), answered_at__isnull=False
        )
        return self.select_related("assignment").annotate(
            has_twin=Exists(_twins(OuterRef)), has_answered=Exists(answered)
        )

    def in_time(self) -> Self:
        return self.filter(late=False)

    def with_person(self) -> Self:
        return self.select_related("person", "admission", "edition")


def _twins(of: Callable[[str], Any]) -> models.QuerySet[Accreditation]:
    """Other requests of the edition with the same mailbox, name or press card; `of` gives the row's columns."""
    same_name = Q(first_name__iexact=of("first_name"), last_name__iexact=of("last_name"))
    same_card = Q(card_number=of("card_number"), card_issuer=of("card_issuer"))
    return Accreditation.objects.filter(
        Q(mailbox=of("mailbox")) | same_name | same_card & ~Q(card_number=""),
        edition=of("edition_id"),
    ).exclude(pk=of("pk"))


class Accreditation(models.Model):
    """A journalist's request to follow the congress, and what became of it.

    No account, no date of birth, no copy of an identity card: a virtual congress needs none of it.
    """

    class State(models.TextChoices):
        REQUESTED = "requested", _("requested")
        APPROVED = "approved", _("approved")
        REJECTED = "rejected", _("rejected")
        WITHDRAWN = "withdrawn", _("withdrawn")

    class Function(models.TextChoices):
        EDITOR = "editor", _("Editor")
        FREELANCE = "freelance", _("Freelance journalist")
        PHOTO = "photo", _("Photography")
        TV = "tv", _("Television")
        RADIO = "radio", _("Radio")
        AGENCY = "agency", _("News agency")
        ONLINE = "online", _("Online medium")

    class Interest(models.TextChoices):
        STREAM = "stream", _("follow the stream")
        INTERVIEW = "interview", _("interviews")
        PICTURES = "pictures", _("pictures")
        CONFERENCE = "press_conference", _("press conference")

    class CardIssuer(models.TextChoices):
        DJV = "djv", "Deutscher Journalisten-Verband (DJV)"
        DJU = "dju", "dju in ver.di"
        BDZV = "bdzv", "Bundesverband Digitalpublisher und Zeitungsverleger (BDZV)"
        MVFP = "mvfp", "Medienverband der freien Presse (MVFP)"
        VDS = "vds", "Verband Deutscher Sportjournalisten (VDS)"
        FREELENS = "freelens", "FREELENS"
        JUGENDPRESSE = "jugendpresse", "Jugendpresse Deutschland"
        DFJV = "dfjv", "Deutscher Fachjournalisten-Verband (DFJV)"
        FOREIGN = "foreign", _("Association of another country")
        NONE = "none", _("no press card")

    class Reason(models.TextChoices):
        NO_PROOF = "no_proof", _("no proof of work for a medium")
        PROOF_EXPIRED = "proof_expired", _("the proof has expired")
        NO_EDITORIAL_LINK = "no_editorial_link", _("no editorial assignment recognisable")
        LATE = "late", _("came after the deadline")
        DUPLICATE = "duplicate", _("requested twice")
        CAPACITY = "capacity", _("no places left for the press")
        NOT_PRESS = "not_press", _("no journalistic work (advertising, public relations)")
        WRONG_EVENT = "wrong_event", _("meant for another event")

    # A card of these associations is the one that the Länder and the Press Council have agreed on.
    COMMON_CARD: ClassVar[frozenset[str]] = frozenset(
        {
            *(CardIssuer.DJV, CardIssuer.DJU, CardIssuer.BDZV),
            *(CardIssuer.MVFP, CardIssuer.VDS, CardIssuer.FREELENS),
        }
    )

    edition = models.ForeignKey(
        Edition,
        on_delete=models.CASCADE,
        related_name="accreditations",
        verbose_name=_("edition"),
    )
    form_key = models.UUIDField(_("key of the form"), default=uuid.uuid4, editable=False)
    title = LineField(_("title"), max_length=40, blank=True)
    first_name = LineField(_("first name"), max_length=80)
    last_name = LineField(_("last name"), max_length=80)
    medium = LineField(_("medium"), max_length=160)
    function = models.CharField(_("works as"), max_length=12, choices=Function)
    mailbox = MailboxField(_("e-mail address"))
    phone = LineField(_("telephone"), max_length=40, blank=True)
    country = LineField(_("country"), max_length=60, blank=True)
    interests: models.Field[list[str], list[str]] = ArrayField(
        models.CharField(max_length=20, choices=Interest),
        verbose_name=_("interested in"),
        default=list,
        blank=True,
    )
    language = models.CharField(
        _("language"),
        max_length=2,
        choices=[("de", _("German")), ("en", _("English"))],
        default="de",
    )
    card_issuer = models.CharField(
        _("press card issued by"), max_length=14, choices=CardIssuer, blank=True
    )
    card_number = LineField(_("number of the press card"), max_length=40, blank=True)
    card_valid_until = models.DateField(_("press card valid until"), null=True, blank=True)
    work = ParagraphField(
        _("imprint or articles"),
        max_length=2000,
        blank=True,
        help_text=_(
            "Addresses of an imprint that names the person, or of articles with their name."
        ),
    )

    wants_releases = models.BooleanField(
        _("releases by mail"), default=False, help_text=_("Asked for by the journalist.")
    )

    submitted_at = models.DateTimeField(_("sent"))
    deadline_at = models.DateTimeField(_("deadline"))
    late = models.BooleanField(_("late"))
    verified_at = models.DateTimeField(_("address confirmed"), null=True, blank=True)
    proof_at = models.DateTimeField(_("proof added"), null=True, blank=True)
    asked_until = models.DateTimeField(_("answer awaited until"), null=True, blank=True)

    state = models.CharField(_("state"), max_length=10, choices=State, default=State.REQUESTED)
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    decided_by = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        related_name="decided_accreditations",
        null=True,
        blank=True,
        verbose_name=_("decided by"),
    )
    reason_code = models.CharField(_("reason"), max_length=20, choices=Reason, blank=True)
    reason = ParagraphField(_("explanation"), max_length=2000, blank=True)
    remedy = ParagraphField(
        _("legal remedy"),
        max_length=LONGEST_REMEDY,
        blank=True,
        help_text=_("As it was told with the decision."),
    )
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)
    person = models.OneToOneField(
        User,
        on_delete=models.CASCADE,
        related_name="accreditation",
        null=True,
        blank=True,
        verbose_name=_("person"),
    )
    admission = models.ForeignKey(
        Admission,
        on_delete=models.SET_NULL,
        related_name="accreditations",
        null=True,
        blank=True,
        verbose_name=_("admission"),
    )

    objects: ClassVar[AccreditationQuerySet] = AccreditationQuerySet.as_manager()  # type: ignore[assignment]  # the manager speaks our words

    class Meta:
        verbose_name = _("accreditation")
        verbose_name_plural = _("accreditations")
        ordering = ("submitted_at", "pk")
        indexes = (models.Index(fields=("edition", "state", "submitted_at")),)
        constraints = (
            models.UniqueConstraint(
                name="one_accreditation_per_sent_form", fields=("edition", "form_key")
            ),
            models.CheckConstraint(
                name="late_is_what_was_not_sent_before_the_deadline",
                condition=Q(late=Q(submitted_at__gte=F("deadline_at"))),
            ),
            models.CheckConstraint(
                name="accreditation_state_is_known",
                condition=Q(state__in=["requested", "approved", "rejected", "withdrawn"]),
            ),
            models.CheckConstraint(
                name="decided_accreditations_name_who_and_when",
                condition=~Q(state__in=["approved", "rejected"])
                | Q(decided_at__isnull=False, decided_by__isnull=False),
            ),
            models.CheckConstraint(
                name="approved_accreditations_have_their_person",
                condition=~Q(state="approved") | Q(person__isnull=False),
            ),
            models.CheckConstraint(
                name="rejected_accreditations_have_a_reason",
                condition=~Q(state="rejected") | ~Q(reason_code=""),
            ),
            models.CheckConstraint(
                name="withdrawn_accreditations_have_their_moment",
                condition=~Q(state="withdrawn") | Q(withdrawn_at__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return f"{self.display_name} · {self.medium}"

    @property
    def display_name(self) -> str:
        return " ".join(filter(None, (self.title, self.first_name, self.last_name)))

    @property
    def is_open(self) -> bool:
        return self.state == self.State.REQUESTED

    def waits_for_an_answer(self, now: datetime) -> bool:
        """The same rule as `AccreditationQuerySet.waiting_for_an_answer`."""
        return self.is_open and self.asked_until is not None and now < self.asked_until

    @property
    def twins(self) -> models.QuerySet[Accreditation]:
        return _twins(lambda column: getattr(self, column)).order_by("pk")

    @property
    def open_question(self) -> PressQuestion | None:
        """The latest question, as long as it has no answer and nothing is decided."""
        question = self.questions.last() if self.is_open else None
        return question if question is not None and question.answered_at is None else None

    @property
    def has_proof(self) -> bool:
        return bool(self.work or self.card_number or self.has_assignment)

    @property
    def has_assignment(self) -> bool:
        return hasattr(self, "assignment")

    @property
    def card_has_expired(self) -> bool:
        """Before the congress begins."""
        return self.card_valid_until is not None and self.card_valid_until < self.edition.starts_on

    @property
    def wishes(self) -> str:
        """What they are interested in, in words."""
        return ", ".join(str(one.label) for one in self.Interest if one in self.interests)

    @property
    def has_common_card(self) -> bool:
        """A card that every house of the press takes without a question."""
        return bool(self.card_number) and self.card_issuer in self.COMMON_CARD

    @cached_property
    def link(self) -> AccessLink | None:
        """The personal link, ended or not; the newest where there were several."""
        if self.admission_id is None:
            return None
        return (
            AccessLink.objects.filter(admission=self.admission_id, kind=AccessLink.Kind.PRESS)
            .order_by("-pk")
            .first()
        )

    def get_admin_url(self) -> str:
        return reverse("admin:press_accreditation_change", args=[self.pk])

    @staticmethod
    def judged_by_the_database(edition: Edition) -> dict[str, Any]:
        """The moment of sending and what follows from it, judged by the statement that writes the row."""
        sent = Sum(
            StatementNow(),
            OfEdition(edition.pk, "clock_shift", models.DurationField()),
            output_field=models.DateTimeField(),
        )
        deadline = OfEdition(edition.pk, "press_deadline_at", models.DateTimeField())
        return {
            "submitted_at": sent,
            "deadline_at": deadline,
            # The same rule as the CHECK `late_is_what_was_not_sent_before_the_deadline`.
            "late": NotBefore(sent, deadline, output_field=models.BooleanField()),
        }


class LinkRequest(models.Model):
    """Somebody typed an address to get a lost link again. Whether one belongs to it is looked up afterwards.

    Moments are of the real clock.
    """

    edition = models.ForeignKey(
        Edition, on_delete=models.CASCADE, related_name="link_requests", verbose_name=_("edition")
    )
    mailbox = MailboxField(_("e-mail address"))
    asked_at = models.DateTimeField(_("asked"))
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    sent = models.BooleanField(_("link sent"), default=False)

    class Meta:
        verbose_name = _("request for a lost link")
        verbose_name_plural = _("requests for lost links")
        ordering = ("pk",)
        indexes = (
            models.Index(
                fields=("asked_at",),
                name="lost_links_to_answer",
                condition=Q(answered_at__isnull=True),
            ),
            models.Index(fields=("edition", "mailbox", "asked_at"), name="lost_links_of_a_mailbox"),
        )

    def __str__(self) -> str:
        return f"{self.edition} · {self.asked_at:%d.%m.%Y %H:%M}"


class PressQuestion(AskedBack):
    """What the press office asked a journalist, and the answer."""

    accreditation = models.ForeignKey(
        Accreditation,
        on_delete=models.CASCADE,
        related_name="questions",
        verbose_name=_("accreditation"),
    )

    class Meta(AskedBack.Meta):
        verbose_name = _("question to a journalist")
        verbose_name_plural = _("questions to journalists")
        constraints = (
            models.CheckConstraint(
                name="an_answer_of_a_journalist_has_its_moment",
                condition=AN_ANSWER_HAS_ITS_MOMENT,
            ),
        )

    def __str__(self) -> str:
        return f"{self.accreditation} · {self.asked_at:%d.%m.%Y %H:%M}"


def has_passed(edition: Edition, now: datetime) -> bool:
    """Whether the deadline has passed, for what pages say; rows are judged by the database."""
    return now >= edition.press_deadline_at


def place_of_assignment(assignment: Assignment, name: str) -> str:
    """Where it lies below MEDIA_ROOT; the name that a browser sent is no part of it."""
    edition = assignment.accreditation.edition_id
    return f"press/{edition}/assignments/{uuid.uuid4().hex}.{assignment.kind}"


class Assignment(models.Model):
    """An editorial assignment, as a file: the proof of who has no press card. Read by the press desk alone."""

    accreditation = models.OneToOneField(
        Accreditation,
        on_delete=models.CASCADE,
        related_name="assignment",
        verbose_name=_("accreditation"),
    )
    kind = models.CharField(
        _("kind"), max_length=4, choices=[(kind, kind.upper()) for kind in MEDIA_TYPES]
    )
    file = models.FileField(_("file"), upload_to=place_of_assignment)
    size = models.PositiveIntegerField(_("size in bytes"))
    added_at = models.DateTimeField(_("added"))

    class Meta:
        verbose_name = _("editorial assignment")
        verbose_name_plural = _("editorial assignments")

    def __str__(self) -> str:
        return f"{self.accreditation} ({self.kind.upper()})"
