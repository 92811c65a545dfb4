"""The public-sector registry: which addresses belong to the administration, one row per domain or address."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from congress import mailbox
from congress.fields import LineField
from congress.models import Level, State, User


class DomainRuleQuerySet(models.QuerySet["DomainRule"]):
    def about(self, address: str) -> Self:
        """Every row that could speak about a canonical address: the mailbox itself, its host and what lies above."""
        local, _at, host = address.rpartition("@")
        labels = host.split(".")
        # What stands after a plus is the owner's own business (`email_key_of`).
        mailbox_itself = f"{local.partition('+')[0] or local}@{host}"
        # A top-level domain alone is no rule: .nrw, .bayern and .hamburg can be bought by anyone.
        above = [".".join(labels[start:]) for start in range(len(labels) - 1)]
        return self.filter(domain__in=[address, mailbox_itself, *above])

    def count_by_level(self) -> dict[str, dict[str, int]]:
        """Level → decision → how many rows say so."""
        found: dict[str, dict[str, int]] = {}
        rows = self.order_by().values_list("level", "decision").annotate(models.Count("pk"))
        for level, decision, count in rows:
            found.setdefault(level, {})[decision] = count
        return found


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


def canonical_domain(given: str, match: str) -> str:
    """A host in A-labels, or for `address` rules a whole address. Raises `ValidationError`."""
    if match == DomainRule.Match.ADDRESS:
        return mailbox.canonical(given)
    return mailbox.canonical_host(given.strip())
