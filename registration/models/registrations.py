"""People who want to take part: one row per person and edition, and the codes that prove a mailbox."""

from __future__ import annotations

import hashlib
import uuid
from datetime import datetime, timedelta
from typing import ClassVar, Self

from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Greatest
from django.urls import reverse
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext_lazy as _

from congress.fields import LineField, MailboxField, ParagraphField
from congress.models import Admission, Edition, Level, User
from congress.models import State as Land
from congress.models.database import StatementNow, found_by
from congress.text import folded, spellings
from registration.models.invitations import Invitation
from registration.models.rules import DomainRule


class Way(models.TextChoices):
    """How somebody takes part."""

    ONSITE = "onsite", _("on site")
    ONLINE = "online", _("online")

    @classmethod
    def offered_by(cls, edition: Edition) -> list[Way]:
        """Where there is more than one, the applicant chooses."""
        if edition.format == Edition.Format.VIRTUAL:
            return [cls.ONLINE]
        return [cls.ONSITE] if edition.format == Edition.Format.ONSITE else [cls.ONSITE, cls.ONLINE]


class RegistrationQuerySet(models.QuerySet["Registration"]):
    """The words we use for registrations. Compose them; do not filter in views."""

    def active(self) -> Self:
        """Verified and neither refused nor cancelled."""
        return self.filter(state__in=Registration.ACTIVE)

    def unverified(self) -> Self:
        return self.filter(state=Registration.State.UNVERIFIED)

    def in_review(self) -> Self:
        return self.filter(state=Registration.State.IN_REVIEW)

    def to_do(self, now: datetime) -> Self:
        """In review, and not waiting for an answer of the applicant."""
        return self.in_review().filter(Q(asked_until__isnull=True) | Q(asked_until__lte=now))

    def waiting_for_an_answer(self, now: datetime) -> Self:
        return self.in_review().filter(asked_until__gt=now)

    def with_waiting_since(self) -> Self:
        """When the reviewers' turn began: confirmed, answered, or come back without an answer (GREATEST skips NULL)."""
        return self.annotate(waiting_since=self._turn())

    def waiting_since_before(self, limit: datetime) -> Self:
        return self.alias(turn=self._turn()).filter(turn__lt=limit)

    def longest_wait(self) -> datetime | None:
        """Since when the one has waited that has waited longest."""
        first: datetime | None = self.order_by().aggregate(first=models.Min(self._turn()))["first"]
        return first

    @staticmethod
    def _turn() -> Greatest:
        return Greatest("verified_at", "in_review_since", "asked_until")

    def in_order_of_review(self) -> Self:
        """What the help desk pushed comes first, then whoever has waited longest."""
        return self.with_waiting_since().order_by(
            F("pushed_at").asc(nulls_last=True), "waiting_since", "pk"
        )

    def matching(self, words: str) -> Self:
        """Every word stands in the name, the body, the authority or the address; Mueller finds Müller."""
        found = self
        for word in words.split()[:6]:
            wanted = Q(email__contains=word.lower())
            for form in spellings(word):
                wanted |= Q(found_by__contains=form)
            found = found.filter(wanted)
        return found

    def newest_first(self) -> Self:
        return self.order_by("-submitted_at", "-pk")

    def with_what_the_list_shows(self) -> Self:
        return self.select_related("person", "land")

    def count_by_state(self) -> dict[str, int]:
        return dict(self.order_by().values_list("state").annotate(models.Count("pk")))

    def at_host(self, domain: str) -> Self:
        """Of mailboxes at this host or below it. Labels are compared, never parts of one."""
        return self.filter(Q(host=domain) | Q(host__endswith=f".{domain}"))

    def admitted_by_unchecked_rules(self) -> Self:
        """Let in by a rule that nobody has ever looked at."""
        return self.filter(
            state=Registration.State.ADMITTED,
            decided_by__isnull=True,
            rule__isnull=False,
            rule__checked_at__isnull=True,
        )

    def of_edition(self, edition: Edition) -> Self:
        return self.filter(edition=edition)

    def visible_to(self, person: User) -> Self:
        return self.filter(person=person)

    def same_as(self, registration: Registration) -> Self:
        """Of the same mailbox and name in the same edition."""
        return self.filter(
            edition_id=registration.edition_id,
            email_key=registration.email_key,
            name_key=registration.name_key,
        )

    def with_person(self) -> Self:
        """Load what letters and pages show, in the same query."""
        return self.select_related("person", "edition__host_state", "land")


class Registration(models.Model):
    """Somebody wants to take part in an edition. A machine may only admit; a person refuses, with a reason."""

    class State(models.TextChoices):
        UNVERIFIED = "unverified", _("address not confirmed")
        IN_REVIEW = "in_review", _("in review")
        WAITLISTED = "waitlisted", _("on the waiting list")
        OFFERED = "offered", _("place offered")
        ADMITTED = "admitted", _("admitted")
        REJECTED = "rejected", _("rejected")
        CANCELLED = "cancelled", _("cancelled")

    class Eligibility(models.TextChoices):
        """What the registry said about the address when it was confirmed."""

        ALLOW = "allow", _("listed")
        REVIEW = "review", _("listed, to be looked at")
        DENY = "deny", _("never by machine")
        UNKNOWN = "unknown", _("not listed")

    ACTIVE: ClassVar[tuple[str, ...]] = (
        State.IN_REVIEW,
        State.WAITLISTED,
        State.OFFERED,
        State.ADMITTED,
    )

    edition = models.ForeignKey(
        Edition, on_delete=models.CASCADE, related_name="registrations", verbose_name=_("edition")
    )
    person = models.ForeignKey(
        User,
        on_delete=models.CASCADE,
        related_name="registrations",
        null=True,
        blank=True,
        verbose_name=_("person"),
        help_text=_("Known once the address is confirmed."),
    )
    title = LineField(_("title"), max_length=40, blank=True)
    first_name = LineField(_("first name"), max_length=80)
    last_name = LineField(_("last name"), max_length=80)
    body = LineField(_("body"), max_length=255)
    email = MailboxField(_("address"))
    # What tells two people apart: the mailbox without a tag, and the folded name (hashed: it may be long).
    email_key = models.CharField(max_length=254, editable=False)
    name_key = models.CharField(max_length=64, editable=False)
    # What stands behind the @, for everything that concerns a domain.
    host = models.GeneratedField(
        expression=Func(
            F("email"), Value("@"), Value(2), function="split_part", output_field=models.TextField()
        ),
        output_field=models.TextField(),
        db_persist=True,
    )
    language = models.CharField(
        _("language"),
        max_length=2,
        choices=[("de", _("German")), ("en", _("English"))],
        default="de",
    )
    level = models.CharField(
        _("level of administration"), max_length=20, choices=Level, default=Level.OTHER
    )
    land = models.ForeignKey(
        Land,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name=_("Land"),
    )
    level_said_at = models.DateTimeField(
        _("level and Land corrected by the person"), null=True, blank=True
    )
    way = models.CharField(_("way of taking part"), max_length=6, choices=Way, default=Way.ONLINE)
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.UNVERIFIED)
    eligibility = models.CharField(
        _("what the registry said"), max_length=10, choices=Eligibility, blank=True
    )
    rule = models.ForeignKey(
        DomainRule,
        on_delete=models.SET_NULL,
        related_name="registrations",
        null=True,
        blank=True,
        verbose_name=_("rule"),
    )
    invitation = models.ForeignKey(
        Invitation,
        on_delete=models.SET_NULL,
        related_name="registrations",
        null=True,
        blank=True,
        verbose_name=_("invitation"),
        help_text=_("It counts once the address is confirmed."),
    )
    authority = LineField(
        _("which authority"),
        max_length=255,
        blank=True,
        help_text=_("In the applicant's words, where the address does not tell."),
    )
    how_to_check = ParagraphField(_("how we may check"), max_length=1000, blank=True)
    switchboard = LineField(_("number of the switchboard"), max_length=60, blank=True)
    evidence_page = LineField(
        _("page that names the person or the address"), max_length=500, blank=True
    )
    colleague_email = MailboxField(_("colleague who can confirm it"), blank=True)

    submitted_at = models.DateTimeField(_("submitted"))
    verified_at = models.DateTimeField(_("address confirmed"), null=True, blank=True)
    in_review_since = models.DateTimeField(
        _("in review again since"),
        null=True,
        blank=True,
        help_text=_("Empty: since the address was confirmed."),
    )
    asked_until = models.DateTimeField(
        _("answer awaited until"),
        null=True,
        blank=True,
        help_text=_("The applicant was asked something; until then the case waits."),
    )
    pushed_at = models.DateTimeField(_("pushed to the top"), null=True, blank=True)
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    decided_by = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        related_name="decided_registrations",
        null=True,
        blank=True,
        verbose_name=_("decided by"),
        help_text=_("Empty: admitted by a rule or an invitation."),
    )
    reason = ParagraphField(_("reason"), max_length=2000, blank=True)
    cancelled_at = models.DateTimeField(_("cancelled at"), null=True, blank=True)
    handed_on = models.BooleanField(_("ended because a colleague comes instead"), default=False)
    privacy_read_at = models.DateTimeField(_("privacy notice read"))
    privacy_version = models.CharField(
        _("version of the privacy notice"), max_length=40, blank=True
    )
    form_key = models.UUIDField(default=uuid.uuid4, editable=False)
    found_by = found_by("first_name", "last_name", "body", "authority")

    objects: ClassVar[RegistrationQuerySet] = RegistrationQuerySet.as_manager()  # type: ignore[assignment]  # the manager speaks our words

    class Meta:
        verbose_name = _("registration")
        verbose_name_plural = _("registrations")
        ordering = ("submitted_at", "pk")
        indexes = (
            models.Index(
                fields=("edition", "state", "submitted_at"), name="registrations_by_state"
            ),
            models.Index(fields=("email_key",), name="registrations_by_mailbox"),
            models.Index(fields=("edition", "host"), name="registrations_by_host"),
        )
        constraints = (
            models.UniqueConstraint(
                name="one_active_registration_per_mailbox_and_name",
                fields=("edition", "email_key", "name_key"),
                condition=Q(state__in=["in_review", "waitlisted", "offered", "admitted"]),
            ),
            models.UniqueConstraint(
                name="one_active_registration_per_person",
                fields=("edition", "person"),
                condition=Q(state__in=["in_review", "waitlisted", "offered", "admitted"]),
            ),
            models.UniqueConstraint(
                name="one_registration_per_form", fields=("edition", "form_key")
            ),
            models.UniqueConstraint(name="registration_of_its_edition", fields=("edition", "id")),
            models.CheckConstraint(
                name="registration_state_is_known",
                condition=Q(
                    state__in=[
                        "unverified",
                        "in_review",
                        "waitlisted",
                        "offered",
                        "admitted",
                        "rejected",
                        "cancelled",
                    ]
                ),
            ),
            models.CheckConstraint(
                name="registration_way_is_known", condition=Q(way__in=["onsite", "online"])
            ),
            models.CheckConstraint(
                name="who_is_verified_is_a_person_of_a_moment",
                condition=Q(state__in=["unverified", "cancelled"])
                | Q(person__isnull=False, verified_at__isnull=False),
            ),
            models.CheckConstraint(
                name="admitted_has_its_moment",
                condition=~Q(state="admitted") | Q(decided_at__isnull=False),
            ),
            models.CheckConstraint(
                # A machine may only admit (GDPR Art. 22).
                name="rejected_by_a_person_with_a_reason",
                condition=~Q(state="rejected")
                | (Q(decided_by__isnull=False, decided_at__isnull=False) & ~Q(reason="")),
            ),
            models.CheckConstraint(
                name="cancelled_has_its_moment",
                condition=~Q(state="cancelled") | Q(cancelled_at__isnull=False),
            ),
            models.CheckConstraint(
                # Whoever is admitted at the door may have none.
                name="registration_address_is_canonical",
                condition=Q(email__regex=r"^[^A-Z@\s]+@[a-z0-9.-]+$")
                | Q(email="", email_key__startswith="at-the-door:"),
            ),
        )

    def __str__(self) -> str:
        return f"{self.display_name} · {self.body}"

    def get_absolute_url(self) -> str:
        return reverse("my_registration", kwargs={"edition": self.edition.slug})

    @property
    def address(self) -> str:
        """The address; none of whoever was admitted at the door without one."""
        return self.email or ""

    @property
    def desk_key(self) -> str:
        """Whose case it is at the help desk (`registration.desk`): the person's, once there is one."""
        return f"anmeldung-{self.pk}" if self.person_id is None else f"person-{self.person_id}"

    @property
    def stages_url(self) -> str:
        """The way in: the address of the stages is a promise of the site, whoever serves it."""
        return f"{self.edition.get_absolute_url()}live/"

    @property
    def display_name(self) -> str:
        return " ".join(filter(None, (self.title, self.first_name, self.last_name)))

    @property
    def is_active(self) -> bool:
        return self.state in self.ACTIVE

    @property
    def needs_no_place(self) -> bool:
        """Places are for attendees: whoever speaks comes in any case."""
        return self.admission_kind != Admission.Kind.ATTENDEE

    @property
    def waits_for_a_place(self) -> bool:
        return self.state in (self.State.WAITLISTED, self.State.OFFERED)

    @property
    def admission_kind(self) -> str:
        """As what the person enters."""
        return self.invitation.becomes if self.invitation else Admission.Kind.ATTENDEE

    @property
    def may_be_cancelled(self) -> bool:
        return self.state not in (self.State.REJECTED, self.State.CANCELLED)

    @property
    def lacks_evidence(self) -> bool:
        """A person looks, and the applicant has not yet said how."""
        return self.state == self.State.IN_REVIEW and not (self.authority and self.ways_to_check)

    @property
    def ways_to_check(self) -> bool:
        """Whether the applicant has said how we may check."""
        return bool(
            self.switchboard or self.evidence_page or self.colleague_email or self.how_to_check
        )

    @property
    def waits_for_an_answer(self) -> bool:
        """As the row stands; whether the time for it is over says `to_do`."""
        return self.state == self.State.IN_REVIEW and self.asked_until is not None


def email_key_of(address: str) -> str:
    """The mailbox behind a canonical address: what stands after a plus is the owner's own business."""
    local, _at, host = address.rpartition("@")
    return f"{local.partition('+')[0] or local}@{host}"


def name_key_of(first_name: str, last_name: str) -> str:
    return hashlib.sha256(folded(f"{first_name} {last_name}").encode()).hexdigest()


class EmailCodeQuerySet(models.QuerySet["EmailCode"]):
    """Codes live by the real clock, like sessions."""

    def good(self) -> Self:
        return self.filter(
            sent_at__gt=StatementNow() - EmailCode.LIFETIME, attempts__lt=EmailCode.ATTEMPTS
        )

    def sent_within(self, period: timedelta) -> Self:
        return self.filter(sent_at__gt=StatementNow() - period)


class EmailCode(models.Model):
    """A code that was mailed to prove the mailbox of a registration. Only a keyed hash of it is kept."""

    LETTERS: ClassVar[str] = (
        "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # none that sounds or looks like another
    )
    LENGTH: ClassVar[int] = 6
    LIFETIME: ClassVar[timedelta] = timedelta(minutes=30)
    ATTEMPTS: ClassVar[int] = 5

    registration = models.ForeignKey(
        Registration, on_delete=models.CASCADE, related_name="codes", verbose_name=_("registration")
    )
    code_hash = models.BinaryField(max_length=32)
    sent_at = models.DateTimeField(_("sent"))
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)

    objects: ClassVar[EmailCodeQuerySet] = EmailCodeQuerySet.as_manager()  # type: ignore[assignment]  # the manager speaks our words

    class Meta:
        verbose_name = _("code by mail")
        verbose_name_plural = _("codes by mail")
        ordering = ("-sent_at", "-pk")
        constraints = (
            models.UniqueConstraint(
                name="one_code_per_registration_and_moment", fields=("registration", "sent_at")
            ),
        )

    def __str__(self) -> str:
        return f"{self.registration} · {self.sent_at:%d.%m.%Y %H:%M}"

    @staticmethod
    def hashed(code: str, registration_id: int) -> bytes:
        """Keyed: six letters could be tried out, if the key stood beside them."""
        letters = "".join(letter for letter in code.upper() if letter in EmailCode.LETTERS)
        return salted_hmac(
            "registration.code", f"{registration_id}:{letters}", algorithm="sha256"
        ).digest()

    def is_code(self, code: str) -> bool:
        return constant_time_compare(bytes(self.code_hash), self.hashed(code, self.registration_id))


class AddressChange(models.Model):
    """A new address that somebody has typed for their registration; it counts once the letter to it was answered."""

    LIFETIME: ClassVar[timedelta] = timedelta(hours=72)

    registration = models.OneToOneField(
        Registration,
        on_delete=models.CASCADE,
        related_name="address_change",
        verbose_name=_("registration"),
    )
    email = MailboxField(_("new address"))
    asked_at = models.DateTimeField(_("asked"))
    # What the link of the letter is signed for: a corrected address ends it.
    key = models.UUIDField(default=uuid.uuid4, editable=False)

    class Meta:
        verbose_name = _("change of an address")
        verbose_name_plural = _("changes of addresses")

    def __str__(self) -> str:
        return str(self.registration)

    @property
    def address(self) -> str:
        return self.email or ""
