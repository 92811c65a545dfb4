"""What an address means for admission. Never by its look: labels are compared, as A-labels, from the right."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.core.exceptions import ValidationError

from congress import mailbox
from congress.models import Edition
from registration.models import DomainRule, RegistrationSettings
from registration.models.registrations import email_key_of

ALLOW, REVIEW, DENY = DomainRule.Decision.values
UNKNOWN, INVALID = "unknown", "invalid"

_DATA = Path(__file__).with_name("data")
# At the same domain the narrower row speaks first.
_NARROW = {DomainRule.Match.EXACT: 3, DomainRule.Match.SUBDOMAIN: 2, DomainRule.Match.SUFFIX: 1}
# Consultants with a mailbox of the authority: extern.vorname.name@…
_EXTERNAL = re.compile(r"(?:.*[._-])?(?:extern|externe|externer|external|ext)(?:[._-].*)?")
# Mailboxes of machines and of those who run them (RFC 2142); no one person reads them.
_TECHNICAL = frozenset(
    {
        *("abuse", "admin", "administrator", "hostmaster", "mailer-daemon", "no-reply", "noc"),
        *("noreply", "postmaster", "root", "security", "webmaster"),
    }
)


@dataclass(frozen=True)
class Assessment:
    """What the registry says. `rule` is the row that decided, also where a doubt overrules it."""

    address: str
    decision: str
    level: str = ""
    land: str = ""
    body: str = ""
    rule: DomainRule | None = None

    @property
    def admits(self) -> bool:
        return self.decision == ALLOW


def assess(address: str, edition: Edition | None = None) -> Assessment:
    """Two queries; one without an edition, whose settings may read the rules of a group differently.

    An address that is none is `invalid`, one that no row speaks about `unknown`.
    """
    try:
        canonical = mailbox.canonical(address)
    except ValidationError:
        return Assessment(address, INVALID)
    settings = RegistrationSettings.objects.of(edition) if edition is not None else None
    rules = DomainRule.objects.about(canonical).select_related("land").order_by()
    return judge(canonical, rules, settings)


def judge(
    canonical: str, rules: Iterable[DomainRule], settings: RegistrationSettings | None = None
) -> Assessment:
    """The rule among `rules` that is most specific for a canonical address. No query."""
    local, _at, host = canonical.rpartition("@")
    best: tuple[tuple[int, int], DomainRule, str] | None = None
    for rule in rules:
        rank = _rank(rule, canonical, host, settings)
        if rank is not None and (best is None or rank[0] > best[0]):
            best = rank[0], rule, rank[1]
    if best is None:
        return Assessment(canonical, UNKNOWN)
    _specific, rule, decision = best
    if rule.match != DomainRule.Match.ADDRESS and decision == ALLOW and _is_doubtful(local):
        decision = REVIEW
    return Assessment(canonical, decision, rule.level, rule.land_id or "", rule.body, rule)


def meaning(rule: DomainRule, settings: RegistrationSettings | None) -> str:
    """What a rule decides in an edition. What is never for a machine stays so, and so does a rule for one address."""
    if settings is None or rule.decision == DENY or rule.match == DomainRule.Match.ADDRESS:
        return rule.decision
    read = settings.reads(rule.level)
    return rule.decision if read == RegistrationSettings.Group.AS_LISTED else str(read)


def is_doubtful(address: str) -> bool:
    """Whether its local part is one of consultants or machines: a person looks, whatever the rule."""
    return _is_doubtful(address.rpartition("@")[0])


def is_shared(address: str) -> bool:
    """Whether several people usually read this mailbox, by its local part."""
    return _name_of_mailbox(address.rpartition("@")[0]) in shared_mailboxes()


@cache
def shared_mailboxes() -> frozenset[str]:
    lines = (_DATA / "role_mailboxes.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(line.strip() for line in lines if line.strip() and line[0] != "#")


def _rank(
    rule: DomainRule, address: str, host: str, settings: RegistrationSettings | None
) -> tuple[tuple[int, int], str] | None:
    """How specific a rule is for this address, and what it says; None where it does not speak about it."""
    if rule.match == DomainRule.Match.ADDRESS:
        same = rule.domain in (address, email_key_of(address))
        return ((1000, int(rule.domain == address)), rule.decision) if same else None
    labels = rule.domain.count(".")
    if host == rule.domain:
        if rule.match == DomainRule.Match.SUBDOMAIN:
            # Mailboxes at the apex belong to a portal, or to citizens who bought them.
            return (labels, 0), REVIEW
        return (labels, _NARROW[DomainRule.Match(rule.match)]), meaning(rule, settings)
    if rule.match != DomainRule.Match.EXACT and host.endswith(f".{rule.domain}"):
        return (labels, _NARROW[DomainRule.Match(rule.match)]), meaning(rule, settings)
    return None


def _is_doubtful(local: str) -> bool:
    name = _name_of_mailbox(local)
    return bool(_EXTERNAL.fullmatch(name)) or name in _TECHNICAL


def _name_of_mailbox(local: str) -> str:
    return (local.partition("+")[0] or local).casefold()
