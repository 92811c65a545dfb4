"""The public-sector registry: which addresses belong to the administration, one row per domain or address."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from typing import Any, ClassVar, Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from congress import mailbox
from congress.fields import LineField, ParagraphField
from congress.models import Edition, Level, State, User
from congress.models.database import StatementNow

# How the files supplied call a domain of several: „54 Gemeinden: Bickendorf, Biersdorf am See, Birtlingen …“
_NAMED = re.compile(r"\d+ Gemeinden: (?P<names>.+)")


class DomainRuleQuerySet(models.QuerySet["DomainRule"]):
    def about(self, *addresses: str) -> Self:
        """Every row that could speak about one of these canonical addresses."""
        return self.filter(domain__in=set().union(*map(spoken_of, addresses)))

    def with_land(self) -> Self:
        return self.select_related("land", "checked_by")

    def never_checked(self) -> Self:
        return self.filter(checked_at__isnull=True)

    def checked_before(self, age: timedelta) -> Self:
        """Somebody has looked at them, but that is longer ago than `age`."""
        return self.filter(checked_at__lte=StatementNow() - age)

    def checked_within(self, age: timedelta) -> Self:
        return self.filter(checked_at__gt=StatementNow() - age)

    def admitting_unchecked(self, edition: Edition) -> Self:
        """Nobody has ever looked at them, and they have let people into this edition (set: `registrations`)."""
        return (
            self.never_checked()
            .filter(
                registrations__edition=edition,
                registrations__state="admitted",
                registrations__decided_by__isnull=True,
            )
            .distinct()
        )

    def search(self, text: str) -> Self:
        """By domain (also with umlauts), body or note; an address or host finds every rule that speaks about it."""
        local, at, host = text.rpartition("@")
        found = Q(domain__icontains=text) | Q(body__icontains=text) | Q(note__icontains=text)
        try:
            ascii_host = mailbox.canonical_host(host)
        except ValidationError:
            return self.filter(found)
        address = f"{local.casefold()}@{ascii_host}" if at else ascii_host
        if not local:
            found |= Q(domain__icontains=ascii_host)
        labels = ascii_host.split(".")
        above = [".".join(labels[start:]) for start in range(len(labels) - 1)]
        return self.filter(found | Q(domain__icontains=address) | Q(domain__in=above))

    def keep_first_versions(self) -> None:
        """Rules as supplied have no history; before they change, what they said is written down. Two queries."""
        known = DomainRule.history.filter(id=models.OuterRef("pk"))
        DomainRule.history.bulk_history_create(
            list(self.filter(~models.Exists(known))),
            batch_size=1000,
            default_change_reason=gettext("as supplied"),
        )

    def count_by_level(self) -> dict[str, dict[str, int]]:
        """Level → decision → how many rows say so."""
        found: dict[str, dict[str, int]] = {}
        rows = self.order_by().values_list("level", "decision").annotate(models.Count("pk"))
        for level, decision, count in rows:
            found.setdefault(level, {})[decision] = count
        return found


def spoken_of(address: str) -> set[str]:
    """What a rule about this address may be called: the mailbox, its host, and what lies above."""
    local, _at, host = address.rpartition("@")
    labels = host.split(".")
    # A top-level domain alone is no rule: .nrw, .bayern and .hamburg can be bought by anyone.
    above = {".".join(labels[start:]) for start in range(len(labels) - 1)}
    # What stands after a plus is the owner's own business (`email_key_of`).
    return {address, f"{local.partition('+')[0] or local}@{host}", *above}


class DomainRule(models.Model):
    """What one domain, or one address, means for admission. The most specific row wins (`registration.eligibility`)."""

    class Match(models.TextChoices):
        SUFFIX = "suffix", _("domain and everything below")
        SUBDOMAIN = "subdomain", _("only below the domain")
        EXACT = "exact", _("only this host")
        ADDRESS = "address", _("only this address")

    class Decision(models.TextChoices):
        ALLOW = "allow", _("admit at once")
        REVIEW = "review", _("a person looks")
        DENY = "deny", _("never by machine")

    LEVELS: ClassVar[list[tuple[str, Any]]] = [
        choice for choice in Level.choices if choice[0] != Level.OTHER
    ]

    domain = models.CharField(
        _("domain or address"),
        max_length=mailbox.ADDRESS_LIMIT,
        help_text=_("In A-labels, e.g. xn--mlsheim-90a.de; typed with umlauts it is converted."),
    )
    match = models.CharField(_("holds for"), max_length=10, choices=Match, default=Match.SUFFIX)
    decision = models.CharField(_("decision"), max_length=10, choices=Decision)
    level = models.CharField(
        _("level of administration"), max_length=20, choices=LEVELS, blank=True
    )
    land = models.ForeignKey(
        State,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name=_("Land"),
        help_text=_("Empty: federal, or several Länder."),
    )
    body = LineField(_("body"), max_length=200, blank=True)
    body_names = ParagraphField(
        _("names of these bodies"),
        max_length=8000,
        blank=True,
        help_text=_("One a line; applicants choose among them or type another one."),
    )
    kind = models.CharField(_("kind"), max_length=40, blank=True)
    ags = models.CharField(
        _("municipality or district key"), max_length=8, blank=True, help_text="AGS"
    )
    bodies = models.PositiveSmallIntegerField(
        _("bodies behind it"),
        default=1,
        help_text=_("More than one: the applicant's own words name the body."),
    )
    source = models.CharField(_("source"), max_length=60, blank=True)
    note = LineField(_("note"), max_length=300, blank=True)
    checked_at = models.DateTimeField(_("checked"), null=True, blank=True)
    checked_by = models.ForeignKey(
        User,
        on_delete=models.SET_NULL,
        related_name="+",
        null=True,
        blank=True,
        verbose_name=_("checked by"),
    )

    _history_user: User  # who stands in the history (django-simple-history reads it)
    history: ClassVar[Any] = HistoricalRecords()
    objects: ClassVar[DomainRuleQuerySet] = DomainRuleQuerySet.as_manager()  # type: ignore[assignment]  # the manager speaks our words

    class Meta:
        verbose_name = _("rule about addresses")
        verbose_name_plural = _("rules about addresses")
        ordering = ("domain", "match")
        constraints = (
            # Its index is the one the look-up uses.
            models.UniqueConstraint(
                name="one_rule_per_domain_and_match", fields=("domain", "match")
            ),
            models.CheckConstraint(
                name="rule_domain_is_canonical", condition=Q(domain=Lower(F("domain")))
            ),
            models.CheckConstraint(
                name="rules_for_addresses_name_an_address",
                condition=Q(match="address", domain__contains="@")
                | (~Q(match="address") & ~Q(domain__contains="@")),
            ),
            models.CheckConstraint(
                name="rule_decision_is_known", condition=Q(decision__in=["allow", "review", "deny"])
            ),
            models.CheckConstraint(
                name="whoever_is_admitted_has_a_level",
                condition=~Q(decision="allow") | ~Q(level=""),
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def known_bodies(self) -> list[str]:
        """The names we know of the bodies behind it; the files supplied name the first few in `body`."""
        if self.body_names:
            return [line.strip() for line in self.body_names.splitlines() if line.strip()]
        if self.bodies > 1 and (named := _NAMED.fullmatch(self.body)):
            return [name for name in re.split(r",\s*", named["names"].rstrip(" …")) if name]
        return [self.body] if self.body and self.bodies == 1 else []

    @property
    def shown_domain(self) -> str:
        """With the umlauts its owner writes; the A-labels stay what is compared."""
        return mailbox.decoded(self.domain)

    @cached_property
    def version(self) -> int | None:
        """Changes with every change of the rule. One query."""
        number: int | None = (
            self.history.order_by("-history_id").values_list("history_id", flat=True).first()
        )
        return number

    @property
    def name(self) -> str:
        """How `assess_address` and lists call the rule: `suffix:kiel.de`."""
        return f"{self.match}:{self.domain}"

    def clean(self) -> None:
        """The form people type is not the form that is compared."""
        try:
            self.domain = canonical_domain(self.domain, self.match)
        except ValidationError as error:
            raise ValidationError({"domain": error}) from error
        if self.decision == self.Decision.ALLOW and not self.level:
            raise ValidationError(
                {"level": _("Whoever is admitted needs a level of administration.")}
            )


class RuleTable(models.Model):
    """A table somebody has uploaded, and what it would do to the registry, until it is written or forgotten."""

    KEPT: ClassVar[timedelta] = timedelta(hours=24)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    edition = models.ForeignKey(
        Edition, on_delete=models.CASCADE, related_name="+", verbose_name=_("edition")
    )
    by = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="+", verbose_name=_("uploaded by")
    )
    uploaded_at = models.DateTimeField(_("uploaded"), db_default=StatementNow(), editable=False)
    name = LineField(_("name of the file"), max_length=120, blank=True)
    plan: models.JSONField[Any, Any] = models.JSONField(_("what it would do"))

    class Meta:
        verbose_name = _("table of rules")
        verbose_name_plural = _("tables of rules")

    def __str__(self) -> str:
        return self.name


def canonical_domain(given: str, match: str) -> str:
    """A host in A-labels, or for `address` rules a whole address. Raises `ValidationError`."""
    if match == DomainRule.Match.ADDRESS:
        return mailbox.canonical(given)
    try:
        return mailbox.canonical_host(given.strip())
    except ValidationError as error:
        if error.code != "no_address":
            raise
        text = _("Please enter a complete domain, for example stadt-musterhausen.example.")
        raise ValidationError(text, code="no_domain") from error
