"""A case that becomes a rule: the whole domain, or this one address; and the waiting cases the rule settles."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from congress.errors import Refused
from congress.models import Edition, Level, User
from congress.models import State as Land
from registration import cases, eligibility
from registration.actions.deciding import admit
from registration.actions.entering import note
from registration.actions.refusals import AlreadyDecided, NoLevel, NotThisDomain, OnlyThisAddress
from registration.actions.rules import RuleExists, add_rule, change_rule
from registration.models import DomainRule, Registration, RegistrationSettings
from registration.models.registrations import RegistrationQuerySet, email_key_of


@dataclass
class Settled:
    """What became of the cases that were waiting for the rule. `kept` tells whether the registry has it now."""

    rule: DomainRule
    kept: bool
    done: list[Registration] = field(default_factory=list)
    left: list[Registration] = field(default_factory=list)


@transaction.atomic
def allow_domain(
    *,
    registration: Registration,
    domain: str,
    match: str,
    level: str,
    land: Land | None,
    body: str,
    by: User,
    now: datetime,
    remark: str = "",
) -> Settled:
    """Write the rule, and admit every waiting case of this edition that it speaks about.

    Raises `NotThisDomain`, `NoLevel`, `OnlyThisAddress`, `AlreadyDecided` or `RuleChangedMeanwhile`.
    """
    if domain not in cases.domains_of(registration.host) or match == DomainRule.Match.ADDRESS:
        raise NotThisDomain
    if not _speaks_about(registration.host, domain, match):
        raise NotThisDomain
    rules = list(DomainRule.objects.about(registration.address))
    if why := cases.no_domain_because(domain, rules, level):
        raise OnlyThisAddress(why)
    rule = DomainRule(domain=domain, match=match, body=body, note=remark)
    waiting = Registration.objects.at_host(domain)
    return _keep_and_settle(registration, rule, level, land, waiting, by=by, now=now)


@transaction.atomic
def allow_address(
    *,
    registration: Registration,
    level: str,
    land: Land | None,
    body: str,
    by: User,
    now: datetime,
    remark: str = "",
) -> Settled:
    """A rule for this mailbox alone, kept for next year; whoever else waits with it is admitted too.

    Raises `NoLevel` or `AlreadyDecided`.
    """
    mailbox = email_key_of(registration.address)
    rule = DomainRule(domain=mailbox, match=DomainRule.Match.ADDRESS, body=body, note=remark)
    waiting = Registration.objects.filter(email_key=mailbox)
    return _keep_and_settle(registration, rule, level, land, waiting, by=by, now=now)


def covered(registration: Registration, domain: str) -> list[Registration]:
    """The waiting cases that a rule for this domain and everything below would speak about."""
    return list(_waiting(registration.edition, Registration.objects.at_host(domain)))


def is_kept(edition: Edition) -> bool:
    """The registry is everybody's: an exercise writes nothing into it. The demonstration has one of its own."""
    return settings.DEMO or not edition.practice


def _speaks_about(host: str, domain: str, match: str) -> bool:
    if host == domain:
        return match != DomainRule.Match.SUBDOMAIN
    return match != DomainRule.Match.EXACT


def _keep_and_settle(
    registration: Registration,
    rule: DomainRule,
    level: str,
    land: Land | None,
    waiting: RegistrationQuerySet,
    *,
    by: User,
    now: datetime,
) -> Settled:
    if level not in {value for value, _label in DomainRule.LEVELS}:
        raise NoLevel
    if not Registration.objects.in_review().filter(pk=registration.pk).exists():
        raise AlreadyDecided
    edition = registration.edition
    rule.decision, rule.level, rule.land = DomainRule.Decision.ALLOW, level, land
    with override("de"):
        rule.source = _("Check %(edition)s") % {"edition": edition.slug}
    settled = Settled(rule, kept=is_kept(edition))
    if settled.kept:
        settled.rule = rule = _kept(rule, edition=edition, by=by, now=now)
    verb = "address_allowed" if rule.match == DomainRule.Match.ADDRESS else "domain_allowed"
    # The journal holds no addresses; the rule is found by its number.
    note(verb, registration, now=now, by=by, rule=str(rule.pk or ""))
    _settle(settled, registration, _waiting(edition, waiting), by=by, now=now)
    return settled


def _kept(rule: DomainRule, *, edition: Edition, by: User, now: datetime) -> DomainRule:
    """The rule in the registry; a row of that name is changed, and its history says from what."""
    values = _values(rule)
    known = DomainRule.objects.filter(domain=rule.domain, match=rule.match).first()
    if known is None:
        try:
            return add_rule(
                edition=edition, by=by, now=now, domain=rule.domain, match=rule.match, **values
            )
        except RuleExists as quicker:  # another reviewer, a moment ago
            known = quicker.rule
    change_rule(rule=known, version=known.version, edition=edition, by=by, now=now, **values)
    known.refresh_from_db()
    return known


def _values(rule: DomainRule) -> dict[str, Any]:
    values: dict[str, Any] = {
        "decision": rule.decision,
        "level": rule.level,
        "land": rule.land,
        "body": rule.body,
        "source": rule.source,
    }
    return values | ({"note": rule.note} if rule.note else {})


def _waiting(edition: Edition, which: RegistrationQuerySet) -> RegistrationQuerySet:
    return (
        which.of_edition(edition)
        .in_review()
        .in_order_of_review()
        .with_person()
        .select_related("rule")
    )


def _settle(
    settled: Settled,
    registration: Registration,
    waiting: RegistrationQuerySet,
    *,
    by: User,
    now: datetime,
) -> None:
    """Admit whom the rule admits, each with the ordinary action and letter; whatever is doubtful stays."""
    rule = settled.rule
    rows = list(waiting)
    rules = [
        known
        for known in DomainRule.objects.about(*[row.address for row in rows])
        if (known.domain, known.match) != (rule.domain, rule.match)
    ]
    how = RegistrationSettings.objects.of(registration.edition)
    for row in rows:
        assessed = eligibility.judge(row.address, [*rules, rule], how)
        # Whom a reviewer has before them is decided, however the edition reads the rules of a group.
        mine = row.pk == registration.pk and not eligibility.is_doubtful(row.address)
        if not (mine or assessed.admits) or assessed.rule is not rule:
            settled.left.append(row)
            continue
        try:
            with transaction.atomic():
                _take_over(row, rule, whatever=row.pk == registration.pk)
                admit(registration=row, by=by, now=now)
        except Refused:
            settled.left.append(row)
        else:
            settled.done.append(row)


def _take_over(row: Registration, rule: DomainRule, *, whatever: bool) -> None:
    """Level and Land of the rule, unless somebody has corrected them before; `whatever` they are."""
    known = (row.rule.level if row.rule else "") or Level.OTHER
    untouched = whatever or (row.level_said_at is None and row.level == known)
    values: dict[str, object] = {"rule": rule} if rule.pk else {}
    if untouched:
        values |= {"level": rule.level, "land": rule.land}
    if values:
        Registration.objects.filter(pk=row.pk).update(**values)
        for name, value in values.items():
            setattr(row, name, value)
