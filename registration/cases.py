"""What a reviewer sees of a case. A constant number of queries, for ten cases and for ten thousand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import models
from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from congress import permissions, workdays
from congress.models import Edition, Level, User
from congress.models.database import StatementNow
from congress.text import short_name
from registration import eligibility, likeness
from registration.eligibility import Assessment
from registration.models import (
    ColleagueConfirmation,
    DomainRule,
    Registration,
    RegistrationSettings,
    ReviewQuestion,
)
from registration.models.registrations import RegistrationQuerySet

MOST_SIMILAR = 6
MOST_NEIGHBOURS = 8
_LOOKED_AT = 3000  # rows of the registry that are compared letter by letter
_ALPHABETS = {
    "CYRILLIC": _("Cyrillic"),
    "GREEK": _("Greek"),
    "ARMENIAN": _("Armenian"),
    "HEBREW": _("Hebrew"),
    "ARABIC": _("Arabic"),
    "CJK": _("Chinese"),
}


# --- The queue ------------------------------------------------------------------------------------------


def to_do(edition: Edition, now: datetime) -> RegistrationQuerySet:
    """What a reviewer has to decide, in the order in which it is done."""
    return Registration.objects.of_edition(edition).to_do(now).in_order_of_review()


def overdue(
    edition: Edition, now: datetime, promise: RegistrationSettings | None = None
) -> RegistrationQuerySet:
    """What waits for longer than the edition promises; `promise` saves the query for its settings.

    The rule stands in `RegistrationSettings.due_at`.
    """
    days = (promise or RegistrationSettings.objects.of(edition)).review_days
    today = edition.local(now).date()
    late_since = workdays.latest_with(days, today) + timedelta(days=1)
    if now >= edition.starts_at:
        late_since = max(late_since, min(today, edition.ends_on + timedelta(days=1)))
    limit = datetime.combine(late_since, time(0), edition.zone)
    return to_do(edition, now).waiting_since_before(limit)


def with_what_lists_show(found: RegistrationQuerySet) -> RegistrationQuerySet:
    """In the same query: rule and Land, confirmations, the latest answer, and who has it open."""
    latest = ReviewQuestion.objects.filter(registration=OuterRef("pk")).order_by("-pk")
    confirmed = (
        ColleagueConfirmation.objects.confirmed()
        .filter(registration=OuterRef("pk"))
        .values("registration")
        .annotate(count=Count("pk"))
    )
    return with_holder(found.select_related("rule", "land", "person")).annotate(
        confirmed=Coalesce(Subquery(confirmed.values("count")), 0),
        answered_at=Subquery(latest.values("answered_at")[:1]),
    )


def with_holder(found: RegistrationQuerySet) -> RegistrationQuerySet:
    """Who has the case open at this moment: `held_by_id`, and the name for `holder_of`."""
    return found.annotate(
        held_by_id=_held_by("claim__by_id"),
        held_by_first=_held_by("claim__by__first_name"),
        held_by_last=_held_by("claim__by__last_name"),
    )


def holder_of(registration: Registration, me: User) -> str:
    """H. Paulsen; empty where nobody else has it open. Needs `with_holder`."""
    row: Any = registration
    if row.held_by_id in (None, me.pk):
        return ""
    return short_name(row.held_by_first, row.held_by_last)


def _held_by(what: str) -> models.Case:
    return models.Case(models.When(claim__until__gt=StatementNow(), then=F(what)), default=None)


@dataclass(frozen=True)
class Place:
    """Where a case stands in the queue, and what is beside it. `position` is None for what is not to do."""

    position: int | None
    total: int
    previous: int | None
    next: int | None
    following: tuple[
        int, ...
    ] = ()  # from here to the end, then from the beginning; nobody has them open


def place(edition: Edition, now: datetime, registration_id: int, me: User) -> Place:
    rows = list(
        to_do(edition, now).annotate(holder=_held_by("claim__by_id")).values_list("pk", "holder")
    )
    numbers = [number for number, _holder in rows]
    here = numbers.index(registration_id) if registration_id in numbers else None
    start = -1 if here is None else here
    turned = [*rows[start + 1 :], *rows[: max(start, 0)]]
    return Place(
        position=None if here is None else here + 1,
        total=len(rows),
        previous=numbers[here - 1] if here else None,
        next=numbers[start + 1] if start + 1 < len(numbers) else None,
        following=tuple(number for number, holder in turned if holder in (None, me.pk)),
    )


def answer_awaited_until(edition: Edition, now: datetime, days: int) -> datetime:
    """The midnight that ends the so many-th working day from today."""
    last = workdays.after(edition.local(now).date(), days)
    return datetime.combine(last + timedelta(days=1), time(0), edition.zone)


# --- One case -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Address:
    """The address as it is compared, in A-labels; what it reads like; and letters of other alphabets."""

    text: str
    decoded: str = ""
    alphabets: tuple[str | Promise, ...] = ()

    @classmethod
    def of(cls, address: str) -> Address:
        local, _at, host = address.rpartition("@")
        read = likeness.decoded(host)
        return cls(
            address,
            f"{local}@{read}" if read != host else "",
            tuple(_ALPHABETS.get(name, name.capitalize()) for name in likeness.alphabets(host)),
        )


@dataclass(frozen=True)
class Age:
    """How long it is the reviewers' turn, in working days, and until when the edition promised."""

    since: datetime
    days: int
    due_on: date
    is_late: bool

    @classmethod
    def of(
        cls, edition: Edition, since: datetime, now: datetime, promise: RegistrationSettings
    ) -> Age:
        days = workdays.between(edition.local(since).date(), edition.local(now).date())
        due_at = promise.due_at(edition, since)
        due_on = edition.local(due_at - timedelta(microseconds=1)).date()
        return cls(since, days, due_on, is_late=due_at <= now)


@dataclass(frozen=True)
class Similar:
    """A row of the registry that looks like the domain of the case."""

    rule: DomainRule
    kind: str  # same, letters, words
    letters: int = 0


@dataclass
class Case:
    """One registration with everything that helps to decide."""

    registration: Registration
    address: Address
    age: Age | None
    assessed: Assessment
    is_doubtful: bool
    no_domain_because: str | Promise
    similar: list[Similar]
    states: list[tuple[str | Promise, int]]
    neighbours: list[Registration]
    confirmations: list[ColleagueConfirmation]
    questions: list[ReviewQuestion]
    earlier: list[Registration] = field(default_factory=list)

    @property
    def confirmed(self) -> list[ColleagueConfirmation]:
        return [row for row in self.confirmations if row.answer == "confirmed"]

    @property
    def open_question(self) -> ReviewQuestion | None:
        asked = self.questions[-1] if self.questions else None
        return asked if asked is not None and asked.answered_at is None else None


def case(registration: Registration, *, now: datetime, reviewer: User) -> Case:
    """`registration` comes with its edition. Nine queries, however much there is."""
    edition = registration.edition
    settings = RegistrationSettings.objects.of(edition)
    rules = list(
        DomainRule.objects.about(registration.address).select_related("land", "checked_by")
    )
    assessed = eligibility.judge(registration.address, rules, settings)
    since = max(
        filter(None, (registration.verified_at, registration.in_review_since)), default=None
    )
    if registration.asked_until is not None and registration.asked_until <= now:
        since = max(filter(None, (since, registration.asked_until)))
    others = Registration.objects.of_edition(edition).filter(host=registration.host)
    others = others.exclude(host="")  # admitted at the door
    others = others.exclude(pk=registration.pk).exclude(state=Registration.State.UNVERIFIED)
    counts = others.order_by("state").values_list("state").annotate(Count("pk"))
    states = Registration.State
    return Case(
        registration=registration,
        address=Address.of(registration.address),
        age=Age.of(edition, since, now, settings)
        if since is not None and registration.state == states.IN_REVIEW
        else None,
        assessed=assessed,
        is_doubtful=eligibility.is_doubtful(registration.address),
        no_domain_because=no_domain_because(registration.host, rules),
        similar=similar(registration.host, without=rules),
        states=[(states(state).label, count) for state, count in counts],
        neighbours=list(others.order_by("-submitted_at")[:MOST_NEIGHBOURS]),
        confirmations=list(
            registration.confirmations.select_related("colleague__land").order_by("named_at", "pk")
        ),
        questions=list(registration.questions.select_related("asked_by")),
        earlier=list(earlier(registration, reviewer)),
    )


def earlier(registration: Registration, reviewer: User) -> QuerySet[Registration]:
    """What became of this mailbox before, in the editions this reviewer may look into."""
    reached = permissions.reach(reviewer, "registration.view_registration")
    rows = Registration.objects.filter(email_key=registration.email_key).exclude(
        Q(pk=registration.pk) | Q(state=Registration.State.UNVERIFIED)
    )
    return (
        reached.narrow(rows, "edition")
        .select_related("edition", "decided_by")
        .order_by("-submitted_at")[:MOST_NEIGHBOURS]
    )


def similar(host: str, *, without: Iterable[DomainRule] = ()) -> list[Similar]:
    """Rows of the registry that look or sound like this host, nearest first. One query."""
    main = likeness.registrable(host)
    wanted = Q(domain=main) | Q(domain__endswith=f".{main}") | Q(domain__contains="xn--")
    for part in {*likeness.words(host), *likeness.pieces(host)}:
        wanted |= Q(domain__contains=part)
    known = {rule.pk for rule in without}
    rows = DomainRule.objects.exclude(match=DomainRule.Match.ADDRESS).filter(wanted)
    found: list[tuple[tuple[int, int], DomainRule]] = []
    for rule in rows.select_related("land").order_by()[:_LOOKED_AT]:
        near = likeness.nearness(host, rule.domain)
        if near is not None and rule.pk not in known:
            found.append((near, rule))
    found.sort(key=lambda entry: (entry[0], entry[1].domain))
    kinds = ("same", "letters", "words")
    return [
        Similar(rule, kinds[kind], letters=count if kind == 1 else 0)
        for (kind, count), rule in found[:MOST_SIMILAR]
    ]


# --- Whether a whole domain may be admitted -----------------------------------------------------------------

_DENIED = _("Anybody can have a mailbox at this domain; only this address can be admitted.")
_SHARED = _("Several bodies share this domain; only this address can be admitted.")
_UNIVERSITY = _("Students have mailboxes at universities too; only this address can be admitted.")
_APEX = _(
    "Mailboxes right at this domain belong to a portal or to citizens; only this address can be admitted."
)
_OPEN_TO_ALL = _("Anybody can register below this ending; please choose the whole domain.")


def domains_of(host: str) -> list[str]:
    """The domains for which a rule may be made out of a case: its host and what lies above, no ending alone."""
    labels = host.split(".")
    return [".".join(labels[start:]) for start in range(len(labels) - 1)]


def no_domain_because(domain: str, rules: Iterable[DomainRule], level: str = "") -> str | Promise:
    """Why only single addresses of this domain may be admitted; empty where all of it may.

    `rules` are all that speak about an address at it, `level` what a reviewer proposes.
    """
    if "." not in domain:
        return _OPEN_TO_ALL
    if level == Level.UNIVERSITY:
        return _UNIVERSITY
    for rule in rules:
        above = domain.endswith(f".{rule.domain}")
        if rule.match == DomainRule.Match.ADDRESS or not (above or rule.domain == domain):
            continue
        if rule.level == Level.UNIVERSITY:
            return _UNIVERSITY
        if above and rule.match == DomainRule.Match.EXACT:
            continue  # it says nothing about hosts below
        if rule.decision == DomainRule.Decision.DENY:
            return _DENIED
        if rule.bodies > 1:
            return _SHARED
        if rule.match == DomainRule.Match.SUBDOMAIN and not above:
            return _APEX
    return ""
