"""Figures and look-ups over several models."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import (
    Case,
    CharField,
    Count,
    DateTimeField,
    Exists,
    ExpressionWrapper,
    F,
    Func,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Concat

from congress import desk, pdf
from congress.models import AccessLink, Admission, Edition, Letter, Page, User
from congress.models.access import AdmissionQuerySet
from congress.models.database import StatementNow
from registration import tickets
from registration.models import (
    CheckIn,
    Consent,
    Contingent,
    Invitation,
    Needs,
    Participation,
    Place,
    Registration,
    RegistrationSettings,
    ReviewQuestion,
    Substitution,
    Way,
)
from registration.models.check_in import CheckInQuerySet

FOUND_AT_THE_DOOR = 20
# Of the hash of a code so much that nobody finds another one by chance among ten thousand.
HASH_SIGNS = 16


def registration_of(person: User, edition: Edition) -> Registration | None:
    """The one that counts: the active one, else the latest."""
    return _that_counts(Registration.objects.all(), person, edition)


def registration_for_its_page(person: User, edition: Edition) -> Registration | None:
    """The same with all that its own page shows, in the same query; the edition's settings with it.

    `has_places` and `sees_items` tell which further queries would find something.
    """
    rows = _with_answers(Registration.objects.select_related("edition__registration_settings"))
    items = Contingent.objects.items().filter(edition=OuterRef("edition"))
    with_more = rows.annotate(
        has_places=Exists(Place.objects.filter(registration=OuterRef("pk"))),
        sees_items=Exists(items),
    )
    return _that_counts(with_more, person, edition)


def _that_counts(
    rows: QuerySet[Registration], person: User, edition: Edition
) -> Registration | None:
    return (
        rows.filter(edition=edition, person=person)
        .select_related("substitution", "person", "edition__host_state", "land")
        .alias(
            ended=Case(
                When(state__in=Registration.ACTIVE, then=Value(0)),
                default=Value(1),
                output_field=IntegerField(),
            )
        )
        .order_by("ended", "-pk")
        .first()
    )


def with_answers(registration: Registration) -> Registration:
    """The same with what the person was asked further: days, needs, consents, draft. One query."""
    return _with_answers(Registration.objects.select_related("edition", "person")).get(
        pk=registration.pk
    )


def _with_answers(rows: QuerySet[Registration]) -> QuerySet[Registration]:
    """`agreed`: kind and version of each consent in force, as one word."""
    agreed = Consent.objects.in_force().filter(registration=OuterRef("pk")).order_by()
    word = Concat("kind", Value(":"), "version", output_field=CharField())
    return rows.select_related("participation", "needs", "draft").annotate(
        agreed=ArraySubquery(agreed.values_list(word))
    )


def settings_of(registration: Registration) -> RegistrationSettings:
    """Those of its edition. No query for what comes from `registration_for_its_page`."""
    known: RegistrationSettings | None = getattr(
        registration.edition, "registration_settings", None
    )
    return known or RegistrationSettings(edition=registration.edition)


def people_by_day(edition: Edition) -> list[tuple[date, int]]:
    """How many of those who are in and come to the place have said that they come on each day."""
    said = [
        day
        for days in Participation.objects.of_edition(edition)
        .filter(registration__way=Way.ONSITE)
        .values_list("days", flat=True)
        for day in days
    ]
    return [(day, said.count(day)) for day in edition.days]


@dataclass(frozen=True)
class NeedsFigures:
    """How much there is to arrange. Of nobody in particular."""

    total: int
    arranged: int
    kinds: list[tuple[str, int]]

    @property
    def to_arrange(self) -> int:
        return self.total - self.arranged


def needs_figures(edition: Edition) -> NeedsFigures:
    """How many people need what, in the order of the form. One query."""
    kinds = [
        *((Needs.label_of(name), Q(**{name: True})) for name in Needs.TICKED),
        *((f"{Needs.label_of('diet')}: {diet.label}", Q(diet=diet)) for diet in Needs.Diet),
        (Needs.label_of("text"), ~Q(text="")),
    ]
    counts = Needs.objects.of_edition(edition).aggregate(
        total=Count("pk"),
        arranged=Count("arranged_at"),
        **{f"kind_{n}": Count("pk", filter=which) for n, (_label, which) in enumerate(kinds)},
    )
    said = [(label, counts[f"kind_{n}"]) for n, (label, _which) in enumerate(kinds)]
    return NeedsFigures(
        counts["total"], counts["arranged"], [(label, count) for label, count in said if count]
    )


def substitution_of(registration: Registration) -> Substitution | None:
    """Whether this place is offered to a colleague. No query for what comes from `registration_of`."""
    return getattr(registration, "substitution", None)


def open_question(registration: Registration | None) -> ReviewQuestion | None:
    """What the applicant was asked and has not answered yet. No query for whoever is not in review."""
    if registration is None or registration.state != Registration.State.IN_REVIEW:
        return None
    return registration.questions.filter(answered_at__isnull=True).last()


def waiting_for_review(edition: Edition) -> int:
    return Registration.objects.of_edition(edition).in_review().count()


def admitted_by_unchecked_rules(edition: Edition) -> int:
    return Registration.objects.of_edition(edition).admitted_by_unchecked_rules().count()


def privacy_version(edition: Edition) -> str:
    """Which text of the privacy notice somebody has read: the moment it was last changed."""
    page = Page.objects.for_edition(edition).filter(slug="datenschutz").first()
    return page.changed_at.isoformat(timespec="seconds") if page is not None else ""


def badge_holders(edition: Edition) -> AdmissionQuerySet:
    """Everybody who is admitted and gets a badge, whichever office let them in."""
    return (
        Admission.objects.in_force().real().filter(edition=edition, person__is_active=True)
    ).with_person()


def named(admissions: AdmissionQuerySet, typed: str) -> AdmissionQuerySet:
    """Of these the people with every word in their name, body or mailbox: as the help desk looks for them."""
    wanted = desk.Wanted.of(typed)
    if not wanted:
        return admissions if not typed else admissions.none()
    return wanted.among(
        admissions,
        column="person__found_by",
        mailboxes=("person__email", "person__contact_email"),
    )


def with_badge_state(admissions: AdmissionQuerySet) -> AdmissionQuerySet:
    """For the list: `is_printed` says whether a badge is out that is still good."""
    printed = Admission.objects.with_a_badge().filter(pk=OuterRef("pk"))
    return admissions.with_person().annotate(is_printed=Exists(printed)).by_name()


def unprintable_names(admissions: AdmissionQuerySet) -> list[str]:
    """Names with characters that no font of ours holds: their badges should be looked at."""
    names = [admission.person.display_name for admission in admissions.with_person()]
    return [name for name in names if not pdf.holds(name)]


def comes_to_the_hall(admission: Admission, edition: Edition, now: datetime) -> bool:
    """Whether an entry ticket makes sense: there is a hall, and the congress is not over."""
    if now >= edition.ends_at or admission.kind == Admission.Kind.REHEARSAL:
        return False
    on_site = admission.kind in (Admission.Kind.SPEAKER, Admission.Kind.STAFF)
    return on_site or edition.format != Edition.Format.VIRTUAL


def way_of(admission: Admission) -> Way:
    """Where somebody takes part: as registered; whoever speaks or works there is in the hall, and so is the press."""
    if admission.kind != Admission.Kind.ATTENDEE:
        return Way.ONSITE
    own = (
        Registration.objects.of_edition(admission.edition)
        .filter(person=admission.person_id, state=Registration.State.ADMITTED)
        .values_list("way", flat=True)
        .first()
    )
    return Way(own) if own is not None else Way.ONSITE


def letters_within(
    period: timedelta, *, to: Collection[str], templates: Collection[str]
) -> dict[str, int]:
    """How many of these letters each mailbox (`email_key`) has got, by the real clock."""
    since = ExpressionWrapper(
        StatementNow() + Coalesce(F("edition__clock_shift"), timedelta(0)) - period,
        output_field=DateTimeField(),
    )
    # Where the rule stands in Python: `email_key_of`.
    key = Func(
        F("to"),
        Value(r"^([^+@]+)\+[^@]*@"),
        Value(r"\1@"),
        function="REGEXP_REPLACE",
        output_field=CharField(),
    )
    found = (
        Letter.objects.filter(template__in=templates, written_at__gt=since)
        .annotate(mailbox=key)
        .filter(mailbox__in=list(to))
        .order_by()
    )
    return dict(found.values_list("mailbox").annotate(Count("pk")))


def invitations_in_figures(edition: Edition) -> dict[str, int]:
    """How many invitations there are, how many people came by them, and how many still may."""
    rows = Invitation.objects.of_edition(edition)
    return rows.aggregate(sent=Count("pk"), used=Coalesce(Sum("uses"), 0)) | rows.open().aggregate(
        left=Coalesce(Sum(F("uses_max") - F("uses")), 0)
    )


# --- At the door ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Doorway:
    """How many have come and how many are in, on one day."""

    present: int
    came: int


def doorway(edition: Edition, day: date) -> Doorway:
    passed = CheckIn.objects.of_day(edition, day)
    came = passed.filter(direction=CheckIn.Direction.IN).aggregate(
        people=Count("admission", distinct=True)
    )
    return Doorway(present=passed.present().count(), came=came["people"])


def present_now(edition: Edition) -> int:
    """How many are in at this moment."""
    day = edition.local(edition.now()).date()
    return CheckIn.objects.of_day(edition, day).present().count()


def present(edition: Edition, day: date) -> CheckInQuerySet:
    """Who is in, by name."""
    return (
        CheckIn.objects.of_day(edition, day)
        .present()
        .with_person()
        .order_by("admission__person__last_name", "admission__person__first_name", "pk")
    )


def at_the_door(edition: Edition, typed: str, day: date) -> list[Admission]:
    """Whom somebody at the door may mean by a name. `door` says how they passed it last that day, `door_at` when.

    Whose admission has ended is found too: the door has to say so. One more than are shown, where there are more.
    """
    passed = CheckIn.objects.of_day(edition, day).filter(admission=OuterRef("pk"))
    last = passed.order_by("-at", "-pk")
    found = named(Admission.objects.real().filter(edition=edition).with_person(), typed)
    return list(
        found.annotate(
            door=Subquery(last.values("direction")[:1]), door_at=Subquery(last.values("at")[:1])
        ).by_name()[: FOUND_AT_THE_DOOR + 1]
    )


def allowed_at_the_door(edition: Edition) -> Iterator[tuple[str, str]]:
    """The beginnings of the hashes of all codes that are good, with the kind of their admission; nobody's name.

    With these a scanner can say whether somebody is on the list while the network is away.
    """
    ended = Count(
        "links", filter=Q(links__kind=AccessLink.Kind.BADGE, links__revoked_at__isnull=False)
    )
    holders = badge_holders(edition).select_related(None).annotate(ended=ended).order_by()
    for number, kind, count in holders.values_list("pk", "kind", "ended").iterator():
        ticket = hashlib.sha256(tickets.token(number, count).encode())
        yield ticket.hexdigest()[:HASH_SIGNS], kind
    badges = AccessLink.objects.filter(
        admission__in=badge_holders(edition).select_related(None).order_by().values("pk"),
        kind=AccessLink.Kind.BADGE,
        revoked_at__isnull=True,
    )
    hashes = badges.values_list("token_hash", "previous_token_hash", "admission__kind")
    for newest, before, kind in hashes.iterator():
        for token_hash in (newest, before):
            if token_hash is not None:
                yield bytes(token_hash).hex()[:HASH_SIGNS], kind
