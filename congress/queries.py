"""What people who work for the congress are shown: their editions, what waits for them, how things stand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from congress import panels, texts
from congress.models import Edition, JournalEntry, Page, Role, User


@dataclass(frozen=True)
class Waiting:
    """So many things wait for this person at this address."""

    label: str | Promise
    count: int
    url: str


@dataclass(frozen=True)
class Milestone:
    """A moment in an edition's year."""

    label: str | Promise
    at: datetime
    is_past: bool
    is_next: bool


def kinds_in(user: User, edition: Edition) -> frozenset[str]:
    """What this person plays in the edition, roles for one stage included."""
    if user.is_superuser:
        return frozenset(Role.Kind.values)
    return frozenset(
        role.kind for role in user.active_roles if role.edition_id in (None, edition.pk)
    )


def editions_of(user: User) -> Iterable[Edition]:
    """The editions this person works for, the newest first."""
    return Edition.objects.of(user).with_clock().select_related("host_state")


def waiting_for(user: User, edition: Edition) -> list[Waiting]:
    """What waits for this person in the edition; nothing of which there is none."""
    kinds = kinds_in(user, edition)
    found = []
    for item in panels.waiting:
        if kinds.isdisjoint(item.roles):
            continue
        if count := item.count(edition, user):
            found.append(Waiting(item.label, count, item.url(edition)))
    return found


def figures(edition: Edition) -> list[tuple[str | Promise, int]]:
    """Label and number of what the apps count; nobody is named."""
    return [(figure.label, figure.count(edition)) for figure in panels.orga_figures]


def latest_acts(edition: Edition, count: int = 10) -> QuerySet[JournalEntry]:
    return (
        JournalEntry.objects.filter(edition=edition)
        .select_related("actor", "person")
        .order_by("-at", "-pk")[:count]
    )


def days_until(edition: Edition, now: datetime) -> int:
    """Days of the calendar from today to the first day; negative afterwards."""
    return (edition.starts_on - edition.local(now).date()).days


def milestones(edition: Edition, now: datetime) -> list[Milestone]:
    """The edition's dates in their order; the first one ahead is marked."""
    moments = sorted(
        (
            (edition.registration_opens_at, _("Registration opens")),
            (edition.press_deadline_at, _("Deadline for accreditation")),
            (edition.registration_closes_at, _("Registration closes")),
            (edition.starts_at, _("Beginning of the congress")),
            (edition.ends_at, _("End of the last day")),
        ),
        key=lambda entry: entry[0],
    )
    ahead = [at for at, _label in moments if at > now]
    return [
        Milestone(label, at, is_past=at <= now, is_next=bool(ahead) and at == ahead[0])
        for at, label in moments
    ]


@dataclass(frozen=True)
class DutyPage:
    """A page that every site owes, as an edition shows it: its own, or the one for all editions."""

    slug: str
    page: Page

    @property
    def is_own(self) -> bool:
        return self.page.edition_id is not None

    @property
    def gaps(self) -> list[str]:
        """What the host has not filled in yet; of the other languages only where the German text is whole."""
        return texts.gaps(self.page.body_de) or texts.gaps(self.page.body_en)


def duty_pages(edition: Edition) -> list[DutyPage]:
    """In the order of the footer. One query."""
    found: dict[str, Page] = {}
    for page in Page.objects.for_edition(edition).filter(slug__in=texts.TEXTS):
        found.setdefault(page.slug, page)
    return [DutyPage(slug, found[slug]) for slug in texts.TEXTS if slug in found]


def pages_with_gaps(edition: Edition) -> int:
    return sum(bool(entry.gaps) for entry in duty_pages(edition))
