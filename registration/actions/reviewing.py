"""What reviewers do with a case before and beside deciding it, and what brings a case back to them."""

from __future__ import annotations

from datetime import datetime, time

from django.db import IntegrityError, transaction

from congress import workdays
from congress.models import Edition, Role, User
from congress.models import State as Land
from congress.models.database import StatementNow
from registration import cases, emails
from registration.actions.deciding import admit
from registration.actions.entering import note, personal_link
from registration.actions.refusals import (
    AlreadyAsked,
    AlreadyDecided,
    NoQuestion,
    NothingAsked,
    NothingToReopen,
    RegisteredAgain,
)
from registration.models import Registration, ReviewClaim, ReviewQuestion


@transaction.atomic
def correct(
    *, registration: Registration, level: str, land: Land | None, by: User, now: datetime
) -> None:
    """Level of administration and Land, before it is decided. Raises `AlreadyDecided`."""
    before = (registration.level, registration.land_id)
    changed = (
        Registration.objects.in_review().filter(pk=registration.pk).update(level=level, land=land)
    )
    if not changed:
        raise AlreadyDecided
    registration.level, registration.land = level, land
    if before != (level, registration.land_id):
        note(
            "corrected", registration, now=now, by=by, level=level, land=registration.land_id or ""
        )


@transaction.atomic
def admit_as(
    *, registration: Registration, level: str, land: Land | None, by: User, now: datetime
) -> None:
    """Let the person in, at the level and Land the reviewer sees. Raises what `admit` raises."""
    correct(registration=registration, level=level, land=land, by=by, now=now)
    admit(registration=registration, by=by, now=now)


@transaction.atomic
def ask(
    *, registration: Registration, text: str, until: datetime, by: User, now: datetime
) -> ReviewQuestion:
    """Ask the applicant by letter. The case comes back with the answer, or without one at `until`.

    Raises `NoQuestion`, `AlreadyAsked` or `AlreadyDecided`.
    """
    text = text.strip()
    if not text:
        raise NoQuestion
    # Whoever changes the row first has asked: two reviewers do not ask at once.
    changed = (
        Registration.objects.to_do(now)
        .filter(pk=registration.pk)
        .update(asked_until=until, pushed_at=None)
    )
    if not changed:
        waits = Registration.objects.in_review().filter(pk=registration.pk).exists()
        raise AlreadyAsked if waits else AlreadyDecided
    registration.refresh_from_db()
    question = ReviewQuestion.objects.create(
        registration=registration, text=text, asked_at=now, asked_by=by
    )
    note("asked", registration, now=now, by=by)
    emails.asked(question, personal_link(registration, now=now, by=by))
    return question


@transaction.atomic
def answer(*, registration: Registration, text: str, now: datetime) -> None:
    """The applicant answers the latest question. Raises `NothingAsked`."""
    # The row of the registration first: nobody decides in between.
    waits = Registration.objects.select_for_update().in_review().filter(pk=registration.pk).exists()
    question = registration.questions.filter(answered_at__isnull=True).last()
    if not waits or question is None:
        raise NothingAsked
    ReviewQuestion.objects.filter(pk=question.pk).update(answer=text, answered_at=now)
    Registration.objects.filter(pk=registration.pk).update(asked_until=None, in_review_since=now)
    note("answered", registration, now=now, by=registration.person)


@transaction.atomic
def push_to_top(*, registration: Registration, by: User, now: datetime) -> None:
    """To the top of the review, whatever it waits for: the help desk has the person on the line.

    Twice does no harm. Raises `AlreadyDecided`.
    """
    waiting = Registration.objects.in_review().filter(pk=registration.pk)
    if waiting.filter(pushed_at__isnull=True).update(pushed_at=now, asked_until=None):
        note("pushed", registration, now=now, by=by)
    elif not waiting.exists():
        raise AlreadyDecided
    registration.refresh_from_db()


@transaction.atomic
def reopen(*, registration: Registration, by: User, now: datetime) -> None:
    """Somebody who was rejected says that this is wrong: a person looks once more.

    Raises `NothingToReopen` or `RegisteredAgain`.
    """
    try:
        with transaction.atomic():
            changed = Registration.objects.filter(
                pk=registration.pk, state=Registration.State.REJECTED
            ).update(
                state=Registration.State.IN_REVIEW,
                decided_by=None,
                decided_at=None,
                reason="",
                in_review_since=now,
                asked_until=None,
            )
    except IntegrityError as twice:  # one_active_registration_per_…
        raise RegisteredAgain from twice
    if not changed:
        raise NothingToReopen
    registration.refresh_from_db()
    note("reopened", registration, now=now, by=by)


def claim(*, registration: Registration, by: User) -> User | None:
    """Say that this person has the case open; whoever had it open before stays named. Returns that other person.

    By the real clock, and for nobody's protection: of two decisions the first counts.
    """
    until = StatementNow() + ReviewClaim.LIFETIME
    mine = ReviewClaim.objects.filter(registration=registration, by=by)
    if mine.update(until=until):
        return None
    if ReviewClaim.objects.over().filter(registration=registration).update(by=by, until=until):
        return None
    held, fresh = ReviewClaim.objects.select_related("by").get_or_create(
        registration=registration, defaults={"by": by, "until": until}
    )
    return None if fresh or held.by_id == by.pk else held.by


NO_REMINDER_BEFORE = time(8)


def remind_reviewers(*, edition: Edition, now: datetime) -> int:
    """Write to the organisers, once a working day, while cases wait longer than promised. Returns to how many."""
    local = edition.local(now)
    if not workdays.is_working_day(local.date()) or local.time() < NO_REMINDER_BEFORE:
        return 0
    if now >= edition.ends_at or not cases.overdue(edition, now).exists():
        return 0
    organisers = reviewers(edition)
    for person in organisers:
        emails.overdue(edition, person, local.date())
    return len(organisers)


def reviewers(edition: Edition) -> list[User]:
    """The edition's organisers; those who work for all editions where it has none of its own."""
    roles = Role.objects.in_force().of_kind(Role.Kind.ORGANISER).filter(person__is_active=True)
    roles = roles.select_related("person")
    own = roles.filter(edition=edition)
    return [role.person for role in own] or [
        role.person for role in roles.filter(edition__isnull=True)
    ]
