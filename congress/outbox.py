"""What people of the congress see of the letters: which left, which did not, and why."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from congress import mail, queries, wording
from congress.models import Edition, Letter, User
from congress.text import has_controls

State = Letter.State
# Nobody sends these again by itself.
UNANSWERED = Q(state=State.FAILED) | Q(state=State.UNCERTAIN) & (
    Q(bulk=True) | Q(attempts__gt=mail.RESENDS_OF_UNCERTAIN)
)


@dataclass(frozen=True)
class Group:
    """Letters that stand the same; `key` is what the address of the page says."""

    key: str
    label: str | Promise
    which: Q
    count: int = 0


# Every letter is in one of these …
GROUPS = (
    Group("wartet", _("waiting"), Q(state__in=(State.QUEUED, State.SENDING))),
    Group("gesendet", _("sent"), Q(state=State.SENT)),
    Group("gescheitert", _("failed"), Q(state=State.FAILED)),
    Group("ungewiss", _("uncertain"), Q(state=State.UNCERTAIN)),
    Group("behalten", _("kept here (practice)"), Q(state=State.KEPT)),
    Group("zurueckgezogen", _("withdrawn"), Q(state=State.WITHDRAWN)),
)
# … and those that wait for a person's word in this one besides.
OPEN = Group("offen", _("did not arrive"), UNANSWERED)
# Letters of these groups may be sent again together, by one act.
TOGETHER = (OPEN.key, "gescheitert", "ungewiss")


def groups(letters: QuerySet[Letter]) -> list[Group]:
    """Every group with its count, in one query; the empty ones too. The last one is `OPEN`."""
    known = (*GROUPS, OPEN)
    counts = letters.aggregate(**{group.key: Count("pk", filter=group.which) for group in known})
    return [replace(group, count=counts[group.key]) for group in known]


def found(letters: QuerySet[Letter], *, group: str = "", search: str = "") -> QuerySet[Letter]:
    """Letters of a group whose address, person or subject holds the words; the newest first."""
    which = {known.key: known.which for known in (*GROUPS, OPEN)}.get(group)
    if which is not None:
        letters = letters.filter(which)
    for word in "" if has_controls(search) else search.split()[:5]:
        letters = letters.filter(
            Q(to__icontains=word)
            | Q(subject__icontains=word)
            | Q(person__first_name__icontains=word)
            | Q(person__last_name__icontains=word)
        )
    return letters.select_related("person").order_by("-pk")


def unanswered(edition: Edition, user: User) -> int:
    """How many letters did not arrive and wait for a person's word."""
    letters = mail.readable(edition, queries.kinds_in(user, edition))
    return letters.filter(UNANSWERED).count()


def unanswered_in(edition: Edition) -> int:
    """The same of all letters of the edition."""
    return Letter.objects.of_edition(edition).filter(UNANSWERED).count()


@dataclass(frozen=True)
class Line:
    """A letter as lists and its page show it: by the edition's clock, called by its subject."""

    letter: Letter
    edition: Edition

    @property
    def name(self) -> str:
        language = get_language() or "de"
        return self.letter.subject or wording.label(self.letter.template, language)

    @property
    def next_attempt_at(self) -> Any:
        """Retries wait by the real clock, pages show the edition's."""
        if self.letter.state != State.QUEUED or self.letter.retry_at is None:
            return None
        return self.letter.retry_at + self.edition.clock_shift

    @property
    def kind(self) -> str:
        """The look of its state."""
        return {
            State.SENT: "success",
            State.FAILED: "danger",
            State.UNCERTAIN: "warning",
            State.QUEUED: "info",
            State.SENDING: "info",
        }.get(State(self.letter.state), "neutral")

    @property
    def may_be_sent_again(self) -> bool:
        return self.letter.state not in (
            State.SENDING,
            State.WITHDRAWN,
        ) and not mail.secret_is_gone(self.letter)

    @property
    def may_be_withdrawn(self) -> bool:
        return self.letter.state not in (State.SENDING, State.SENT, State.WITHDRAWN)
