"""Delegations: somebody invites colleagues by name and address, and each of them confirms for themselves."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import ClassVar, Self

from django.db import models
from django.db.models import F, Q
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from congress.fields import LineField, MailboxField
from congress.models import Edition, User
from congress.models.database import found_by
from registration.models.invitations import Invitation
from registration.models.registrations import Registration


class DelegationQuerySet(models.QuerySet["Delegation"]):
    """The words we use for delegations."""

    def of_edition(self, edition: Edition) -> Self:
        return self.filter(edition=edition)

    def with_room_for(self, count: int) -> Self:
        """So many more may be invited. An UPDATE that waited looks at these columns once more."""
        return self.filter(
            Q(office_key="", invited__lte=Delegation.MOST - count)
            | Q(invited__lte=Delegation.MOST_OF_AN_OFFICE - count)
        )


class Delegation(models.Model):
    """The colleagues whom one contact person invites to one edition. It keeps figures; who they are say its rows."""

    MOST: ClassVar[int] = 200
    # Nobody has proved the mailbox of an office.
    MOST_OF_AN_OFFICE: ClassVar[int] = 20

    edition = models.ForeignKey(
        Edition, on_delete=models.CASCADE, related_name="delegations", verbose_name=_("edition")
    )
    # Who invites: somebody who is admitted, whoever holds the invitation of a body, or an office that registers others.
    contact = models.ForeignKey(
        User,
        on_delete=models.CASCADE,
        related_name="delegations",
        null=True,
        blank=True,
        verbose_name=_("contact person"),
    )
    invitation = models.ForeignKey(
        Invitation,
        on_delete=models.CASCADE,
        related_name="delegations",
        null=True,
        blank=True,
        verbose_name=_("invitation of a body"),
        help_text=_("Colleagues come by it as long as it may be used."),
    )
    office_name = LineField(_("name of the office"), max_length=160, blank=True)
    office_email = MailboxField(_("address of the office"), blank=True)
    office_key = models.CharField(max_length=254, editable=False, blank=True)
    # Ever, also where the colleague never answered: a limit that starts anew is none.
    invited = models.PositiveSmallIntegerField(_("invited"), default=0)
    confirmed = models.PositiveSmallIntegerField(_("confirmed"), default=0)
    ended = models.PositiveSmallIntegerField(
        _("no longer invited"), default=0, help_text=_("Taken back, or declined.")
    )

    objects: ClassVar[DelegationQuerySet] = DelegationQuerySet.as_manager()  # type: ignore[assignment]  # the manager speaks our words

    class Meta:
        verbose_name = _("delegation")
        verbose_name_plural = _("delegations")
        ordering = ("edition", "pk")
        constraints = (
            models.UniqueConstraint(
                name="one_delegation_per_contact_and_edition", fields=("edition", "contact")
            ),
            models.UniqueConstraint(
                name="one_delegation_per_invitation", fields=("edition", "invitation")
            ),
            models.UniqueConstraint(
                name="one_delegation_per_office",
                fields=("edition", "office_key"),
                condition=~Q(office_key=""),
            ),
            models.UniqueConstraint(name="delegation_of_its_edition", fields=("edition", "id")),
            models.CheckConstraint(
                name="a_delegation_has_one_who_invites",
                condition=Q(contact__isnull=False, invitation__isnull=True, office_key="")
                | Q(contact__isnull=True, invitation__isnull=False, office_key="")
                | Q(contact__isnull=True, invitation__isnull=True)
                & ~Q(office_key="")
                & ~Q(office_email="")
                & ~Q(office_name=""),
            ),
            # The net; the rule is the conditional UPDATE of `actions.delegating.invite_colleagues`.
            models.CheckConstraint(
                name="at_most_200_colleagues_per_delegation",
                condition=Q(invited__gte=0, invited__lte=200),
            ),
            models.CheckConstraint(
                name="nobody_confirms_or_leaves_uninvited",
                condition=Q(
                    confirmed__gte=0, ended__gte=0, invited__gte=F("confirmed") + F("ended")
                ),
            ),
        )

    def __str__(self) -> str:
        return f"{self.whose} · {self.edition}"

    @property
    def whose(self) -> str:
        """Who invites, for pages and letters."""
        if self.contact is not None:
            return self.contact.display_name
        return self.invitation.body if self.invitation is not None else self.office_name

    @property
    def body(self) -> str:
        """Where the contact person works; of an invitation of a body that is its name already."""
        return self.contact.body if self.contact is not None else ""

    @property
    def left(self) -> int:
        """How many colleagues may still be invited."""
        return (self.MOST_OF_AN_OFFICE if self.is_of_an_office else self.MOST) - self.invited

    @property
    def is_of_an_office(self) -> bool:
        """Somebody registers others without coming along, and hears what became of it."""
        return bool(self.office_key)

    def fingerprint(self, email_key: str, name_key: str) -> bytes:
        """Tells that somebody was invited here already, also once name and address are forgotten."""
        return salted_hmac(
            "registration.delegate", f"{self.pk}:{email_key}:{name_key}", algorithm="sha256"
        ).digest()


class DelegateQuerySet(models.QuerySet["Delegate"]):
    """The words we use for invited colleagues."""

    def open(self) -> Self:
        """Not answered yet; `Delegate.is_open` is the same rule with the end of the link."""
        return self.filter(confirmed_at__isnull=True)

    def over(self) -> Self:
        """Nobody answered within the time, by the edition's clock."""
        limit = Edition.edition_now("edition__") - Delegate.LIFETIME
        return self.open().filter(invited_at__lte=limit)

    def named_by(self, forms: Collection[str] | None) -> Self:
        """By these forms; None: whoever has sent them."""
        return self if forms is None else self.filter(form_key__in=forms)

    def to_remind(self, now: datetime) -> Self:
        """Not reminded yet, and invited long enough ago."""
        return self.open().filter(
            reminded_at__isnull=True,
            invited_at__lte=now - Delegate.BEFORE_A_REMINDER,
            invited_at__gt=now - Delegate.LIFETIME,
        )

    def with_delegation(self) -> Self:
        return self.select_related(
            "edition__host_state", "delegation__contact", "delegation__invitation"
        )


class Delegate(models.Model):
    """One colleague of a delegation. Name and address are kept while it is open, and forgotten with the answer."""

    LIFETIME: ClassVar[timedelta] = timedelta(days=14)
    BEFORE_A_REMINDER: ClassVar[timedelta] = timedelta(days=1)

    edition = models.ForeignKey(
        Edition, on_delete=models.CASCADE, related_name="+", verbose_name=_("edition")
    )
    delegation = models.ForeignKey(
        Delegation,
        on_delete=models.CASCADE,
        related_name="delegates",
        verbose_name=_("delegation"),
    )
    title = LineField(_("title"), max_length=40, blank=True)
    first_name = LineField(_("first name"), max_length=80, blank=True)
    last_name = LineField(_("last name"), max_length=80, blank=True)
    body = LineField(_("body"), max_length=255, blank=True)
    email = MailboxField(_("address"), blank=True)
    email_key = models.CharField(max_length=254, editable=False, blank=True)
    fingerprint = models.BinaryField(max_length=32)
    language = models.CharField(
        _("language"),
        max_length=2,
        choices=[("de", _("German")), ("en", _("English"))],
        default="de",
    )
    invited_at = models.DateTimeField(_("invited"))
    reminded_at = models.DateTimeField(_("reminded"), null=True, blank=True)
    confirmed_at = models.DateTimeField(_("confirmed"), null=True, blank=True)
    # What the link of the letter is signed for, and the key of the form that confirms.
    key = models.UUIDField(default=uuid.uuid4, editable=False)
    form_key = models.UUIDField(editable=False)
    found_by = found_by("first_name", "last_name", "body")

    objects: ClassVar[DelegateQuerySet] = DelegateQuerySet.as_manager()  # type: ignore[assignment]  # the manager speaks our words

    class Meta:
        verbose_name = _("invited colleague")
        verbose_name_plural = _("invited colleagues")
        ordering = ("last_name", "first_name", "pk")
        indexes = (models.Index(fields=("email_key",), name="delegates_by_mailbox"),)
        constraints = (
            models.UniqueConstraint(
                name="a_colleague_is_invited_once_per_delegation",
                fields=("delegation", "fingerprint"),
            ),
            models.CheckConstraint(
                name="of_whoever_confirmed_no_name_is_kept",
                condition=Q(confirmed_at__isnull=True) & ~Q(email="") & ~Q(email_key="")
                | Q(
                    confirmed_at__isnull=False,
                    email="",
                    email_key="",
                    title="",
                    first_name="",
                    last_name="",
                    body="",
                ),
            ),
        )

    def __str__(self) -> str:
        return self.display_name or str(_("confirmed"))

    @property
    def display_name(self) -> str:
        return " ".join(filter(None, (self.title, self.first_name, self.last_name)))

    @property
    def ends_at(self) -> datetime:
        return self.invited_at + self.LIFETIME

    @property
    def answer_by(self) -> datetime:
        """What the letter says: whatever ends first."""
        invitation = self.delegation.invitation
        if invitation is not None and invitation.outside_the_window:
            return min(self.ends_at, self.edition.ends_at)
        return min(self.ends_at, self.edition.registration_closes_at)

    def is_open(self, now: datetime) -> bool:
        return self.confirmed_at is None and now < self.ends_at


class SubstitutionQuerySet(models.QuerySet["Substitution"]):
    """The words we use for substitutions."""

    def taken_by(self, registration: Registration, key: uuid.UUID | None = None) -> Self:
        """Where this registration is to take the place: by the key of its letter, or because it was there already."""
        return self.filter(
            Q(heir=registration) | Q(key=key or registration.form_key),
            giver__edition=registration.edition_id,
        )

    def concerning(self, registration: Registration) -> Self:
        return self.filter(
            Q(giver=registration) | Q(heir=registration) | Q(key=registration.form_key)
        )


class Substitution(models.Model):
    """Somebody who is in has asked a colleague to come instead; it ends when the place has passed, or is taken back.

    The colleague is known by the key of the letter, which becomes the key of their registration.
    """

    giver = models.OneToOneField(
        Registration,
        on_delete=models.CASCADE,
        related_name="substitution",
        verbose_name=_("who gives the place"),
    )
    key = models.UUIDField(unique=True, editable=False)
    # Whoever was registered already when they were asked.
    heir = models.ForeignKey(
        Registration,
        on_delete=models.CASCADE,
        related_name="+",
        null=True,
        blank=True,
        verbose_name=_("who takes the place"),
    )
    asked_at = models.DateTimeField(_("asked"))

    objects: ClassVar[SubstitutionQuerySet] = SubstitutionQuerySet.as_manager()  # type: ignore[assignment]  # the manager speaks our words

    class Meta:
        verbose_name = _("substitution")
        verbose_name_plural = _("substitutions")

    def __str__(self) -> str:
        return str(self.giver)
