"""Figures and look-ups over several models."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

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
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from congress import pdf
from congress.models import Admission, Edition, Letter, Page, User
from congress.models.access import AdmissionQuerySet
from congress.models.database import StatementNow
from registration.models import Invitation, Registration, ReviewQuestion


def registration_of(person: User, edition: Edition) -> Registration | None:
    """The one that counts: the active one, else the latest."""
    return (
        Registration.objects.of_edition(edition)
        .visible_to(person)
        .with_person()
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
