"""What pages of the press ask for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q, QuerySet

from congress import links
from congress.models import AccessLink, Admission, Edition, JournalEntry
from congress.retention import ended_before
from press.models import Accreditation, PressSettings

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
        ~Q(card_number="", work="", card_issuer=""),
    )


def forgettable_requests() -> QuerySet[Accreditation]:
    return Accreditation.objects.filter(ended_before(REQUESTS, "edition__"))


def _about(accreditation: Accreditation) -> str:
    return f"{accreditation.form_key}:{accreditation.mailbox}"
