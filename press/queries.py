"""What pages of the press ask for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db.models import Count, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from congress import links
from congress.models import (
    AccessLink,
    Admission,
    BrowserSession,
    Edition,
    JournalEntry,
    Letter,
)
from congress.models.database import StatementNow
from congress.retention import ended_before
from press.models import Accreditation, LinkRequest, PressSettings

# The kind of the link in the confirmation: it confirms the address and takes the proof.
REQUEST_LINK = "proof"
# congress/retention.toml
PROOFS = timedelta(days=14)
REQUESTS = timedelta(days=183)


@dataclass(frozen=True)
class Desk:
    """How the press office takes requests in this edition, and how one reaches it."""

    takes_late: bool
    mailbox: str
    phone: str


def desk(edition: Edition) -> Desk:
    settings = PressSettings.objects.of(edition)
    return Desk(
        takes_late=settings.late_queue,
        mailbox=edition.press_email or edition.help_email or "",
        phone=settings.phone,
    )


def links_leave_at(edition: Edition) -> datetime:
    settings = PressSettings.objects.of(edition)
    settings.edition = edition
    return settings.links_leave_at()


def links_wait_until(edition: Edition, now: datetime) -> datetime | None:
    """The moment at which personal links leave; None once it has come."""
    moment = links_leave_at(edition)
    return moment if now < moment else None


def request_token(accreditation: Accreditation) -> str:
    """What the link of a request carries. It belongs to the row and the mailbox it was sent to."""
    return links.signed_token(REQUEST_LINK, accreditation.pk, _about(accreditation))


def accreditation_of(token: str, edition: Edition) -> Accreditation | None:
    """The request of a link, or none. Raises `links.Incomplete`."""
    number = links.number_of(REQUEST_LINK, token)
    found = Accreditation.objects.filter(pk=number, edition=edition).first()
    if found is None or not links.is_signed_for(token, REQUEST_LINK, found.pk, _about(found)):
        return None
    return found


def sent_recently(accreditation: Accreditation, within: timedelta) -> int:
    """How many requests this mailbox has sent in the time before this one, itself included."""
    return Accreditation.objects.filter(
        edition=accreditation.edition_id,
        mailbox=accreditation.mailbox,
        submitted_at__gt=accreditation.submitted_at - within,
    ).count()


def readers_by_mail(edition: Edition, now: datetime) -> QuerySet[Accreditation]:
    """Accredited journalists who asked for releases and are still let in."""
    return Accreditation.objects.filter(
        edition=edition,
        state=Accreditation.State.APPROVED,
        wants_releases=True,
        admission__in=Admission.objects.in_force(),
    ).select_related("person", "edition")


def link_is_over(edition: Edition, now: datetime) -> bool:
    """Requests end with the congress; personal links two hours later."""
    return now >= edition.ends_at


@dataclass(frozen=True)
class Place:
    """Where a case stands in the queue of the desk, and what is beside it. `position` is None for what is not to do."""

    position: int | None
    total: int
    previous: int | None
    next: int | None
    following: tuple[int, ...]  # from here to the end, then from the beginning


def place(edition: Edition, now: datetime, number: int) -> Place:
    rows = Accreditation.objects.of_edition(edition).to_decide(now).in_order_of_decision()
    numbers = list(rows.values_list("pk", flat=True))
    here = numbers.index(number) if number in numbers else None
    start = -1 if here is None else here
    return Place(
        position=None if here is None else here + 1,
        total=len(numbers),
        previous=numbers[here - 1] if here else None,
        next=numbers[start + 1] if start + 1 < len(numbers) else None,
        following=(*numbers[start + 1 :], *numbers[: max(start, 0)]),
    )


@dataclass(frozen=True)
class Counts:
    """How many requests stand how."""

    to_decide: int
    waiting: int
    approved: int
    rejected: int
    withdrawn: int


def counts(edition: Edition, now: datetime) -> Counts:
    """One query."""
    requested = Q(state=Accreditation.State.REQUESTED)
    waits = requested & Q(asked_until__gt=now)
    found = Accreditation.objects.of_edition(edition).aggregate(
        undecided=Count("pk", filter=requested),
        waiting=Count("pk", filter=waits),
        approved=Count("pk", filter=Q(state=Accreditation.State.APPROVED)),
        rejected=Count("pk", filter=Q(state=Accreditation.State.REJECTED)),
        withdrawn=Count("pk", filter=Q(state=Accreditation.State.WITHDRAWN)),
    )
    return Counts(
        to_decide=found["undecided"] - found["waiting"],
        waiting=found["waiting"],
        approved=found["approved"],
        rejected=found["rejected"],
        withdrawn=found["withdrawn"],
    )


# Letters that carry the personal link; `press.emails` writes them.
WITH_LINK = ("press/emails/approved.md", "press/emails/renewed.md")


def link_letters(edition: Edition) -> QuerySet[Letter]:
    return Letter.objects.of_edition(edition).filter(template__in=WITH_LINK)


def editions_with_waiting_links() -> QuerySet[Letter, int | None]:
    waiting = Letter.objects.filter(
        template__in=WITH_LINK, state=Letter.State.QUEUED, due_at__isnull=False
    )
    return waiting.order_by().values_list("edition", flat=True).distinct()


@dataclass(frozen=True)
class LinkState:
    """How a personal link stands: what became of its letter, whether anybody has come in by it, on how many devices.

    Nothing more is asked: nobody follows what journalists do.
    """

    key: str
    label: str | Promise
    look: str
    moment: datetime | None = None
    answer: str = ""
    entered: bool = False
    devices: int = 0


def link_states(
    edition: Edition, rows: Iterable[Accreditation], now: datetime
) -> dict[int, LinkState]:
    """By the number of the request. Four queries for any number of them."""
    admitted = [row for row in rows if row.admission_id is not None]
    people = [row.person_id for row in admitted]
    letters: dict[int | None, Letter] = {}
    for letter in link_letters(edition).filter(person__in=people).order_by("pk"):
        if letter.state != Letter.State.WITHDRAWN or letter.person_id not in letters:
            letters[letter.person_id] = letter
    links_of = {
        link.admission_id: link
        for link in AccessLink.objects.filter(
            admission__in=[row.admission_id for row in admitted], kind=AccessLink.Kind.PRESS
        ).order_by("pk")
    }
    numbers = [link.pk for link in links_of.values()]
    devices = dict(
        BrowserSession.objects.filter(link__in=numbers, expire_date__gt=StatementNow())
        .values_list("link")
        .annotate(Count("pk"))
        .values_list("link", "pk__count")
    )
    entered = set(
        JournalEntry.objects.filter(
            edition=edition,
            verb="link.entered",
            target__in=[f"congress.accesslink:{pk}" for pk in numbers],
        ).values_list("target", flat=True)
    )
    found = {}
    for row in admitted:
        link, letter_of = links_of.get(row.admission_id), letters.get(row.person_id)
        state = _link_state(link, letter_of, now)
        if link is not None:
            state = replace(
                state,
                entered=f"congress.accesslink:{link.pk}" in entered,
                devices=devices.get(link.pk, 0),
            )
        found[row.pk] = state
    return found


def _link_state(link: AccessLink | None, letter: Letter | None, now: datetime) -> LinkState:
    if link is None or link.revoked_at is not None:
        return LinkState("revoked", _("revoked"), "danger", link.revoked_at if link else None)
    if letter is None or letter.state == Letter.State.WITHDRAWN:
        return LinkState("none", _("no letter"), "warning")
    if letter.state == Letter.State.SENT:
        return LinkState("sent", _("sent"), "success", letter.sent_at)
    if letter.state == Letter.State.FAILED:
        return LinkState("failed", _("failed"), "danger", answer=letter.answer)
    if letter.state == Letter.State.UNCERTAIN:
        return LinkState("uncertain", _("uncertain"), "warning", answer=letter.answer)
    if letter.state == Letter.State.KEPT:
        return LinkState("kept", _("kept here (practice)"), "neutral")
    if letter.due_at is not None and letter.due_at > now:
        return LinkState("waiting", _("waiting"), "info", letter.due_at)
    return LinkState("leaving", _("on its way"), "info", answer=letter.answer)


def journal_of(accreditation: Accreditation) -> QuerySet[JournalEntry]:
    """What was done with a request and with the access that came of it; the newest first."""
    targets = [f"{accreditation._meta.label_lower}:{accreditation.pk}"]
    if accreditation.admission_id is not None:
        targets.append(f"congress.admission:{accreditation.admission_id}")
        links_of = AccessLink.objects.filter(admission=accreditation.admission_id)
        targets += [f"congress.accesslink:{pk}" for pk in links_of.values_list("pk", flat=True)]
    entries = JournalEntry.objects.filter(edition=accreditation.edition_id, target__in=targets)
    return entries.exclude(verb="link.minted").select_related("actor")


def journal(edition: Edition) -> QuerySet[JournalEntry]:
    """Everything that was done with requests of this edition's press; the newest first."""
    return JournalEntry.objects.filter(
        Q(verb__startswith="accreditation.") | Q(verb__startswith="press."), edition=edition
    ).select_related("actor")


def forgettable_proofs() -> QuerySet[Accreditation]:
    """Proofs of requests that were decided or withdrawn long enough ago, by their edition's clock."""
    limit = Edition.edition_now("edition__") - PROOFS
    return Accreditation.objects.filter(
        Q(decided_at__lt=limit) | Q(state=Accreditation.State.WITHDRAWN, withdrawn_at__lt=limit),
        ~Q(card_number="", work="", card_issuer="", card_valid_until=None, assignment=None),
    )


def forgettable_requests() -> QuerySet[Accreditation]:
    return Accreditation.objects.filter(ended_before(REQUESTS, "edition__"))


def _about(accreditation: Accreditation) -> str:
    return f"{accreditation.form_key}:{accreditation.mailbox}"


def forgettable_link_requests() -> QuerySet[LinkRequest]:
    return LinkRequest.objects.filter(asked_at__lt=StatementNow() - timedelta(hours=24))
