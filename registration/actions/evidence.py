"""How an applicant helps us to check, and the colleagues who vouch: a mark for the reviewer, no more."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef

from congress import links
from congress.models import Edition
from registration import emails
from registration.actions.entering import note
from registration.actions.refusals import (
    LinkIsOver,
    NotInReview,
    OwnAddress,
    ThreeConfirmed,
    TooManyColleagues,
)
from registration.models import ColleagueConfirmation, Registration
from registration.models.registrations import RegistrationQuerySet, email_key_of

ANSWER = ColleagueConfirmation.Answer


@transaction.atomic
def give_evidence(
    *,
    registration: Registration,
    now: datetime,
    authority: str,
    switchboard: str = "",
    evidence_page: str = "",
    colleague_email: str = "",
    how_to_check: str = "",
) -> None:
    """Which authority it is, and how we may check. What happens does not depend on whether the colleague is known.

    Raises `NotInReview`, `OwnAddress` or `TooManyColleagues`.
    """
    if colleague_email and email_key_of(colleague_email) == registration.email_key:
        raise OwnAddress
    changed = (
        Registration.objects.in_review()
        .filter(pk=registration.pk)
        .update(
            authority=authority,
            switchboard=switchboard,
            evidence_page=evidence_page,
            colleague_email=colleague_email,
            how_to_check=how_to_check,
        )
    )
    if not changed:
        raise NotInReview
    if colleague_email:
        named = registration.confirmations.exclude(address=colleague_email)
        if named.count() >= ColleagueConfirmation.MOST_NAMED:
            raise TooManyColleagues
        # Nobody is looked up here: the clock asks colleagues (`ask_colleagues`), so that the page cannot tell.
        ColleagueConfirmation.objects.get_or_create(
            registration=registration, address=colleague_email, defaults={"named_at": now}
        )
    registration.refresh_from_db()


@transaction.atomic
def ask_colleagues(*, edition: Edition, now: datetime) -> int:
    """Write to the named colleagues who are admitted by a rule, also to those who came later. Returns how many."""
    if now >= edition.ends_at:
        return 0
    known = _vouching(edition).filter(email=OuterRef("address"))
    waiting = (
        ColleagueConfirmation.objects.not_asked_yet()
        .filter(registration__edition=edition, registration__state=Registration.State.IN_REVIEW)
        .filter(Exists(known))
        .select_related("registration__edition")
        .select_for_update(of=("self",), skip_locked=True)
    )
    return sum(_ask(confirmation, now=now) for confirmation in waiting)


def _vouching(edition: Edition) -> RegistrationQuerySet:
    """Admitted by the registry alone: whoever a person let in does not vouch for others."""
    return Registration.objects.of_edition(edition).filter(
        state=Registration.State.ADMITTED,
        eligibility=Registration.Eligibility.ALLOW,
        decided_by__isnull=True,
        person__is_active=True,
    )


def _ask(confirmation: ColleagueConfirmation, *, now: datetime) -> bool:
    colleague = (
        _vouching(confirmation.registration.edition)
        .filter(email=confirmation.address)
        .exclude(person=confirmation.registration.person)
        .select_for_update(of=("self",))
        .order_by("pk")
        .first()
    )
    if colleague is None or _is_asked_enough(colleague):
        return False
    confirmation.colleague, confirmation.asked_at = colleague, now
    confirmation.save(update_fields=["colleague", "asked_at"])
    emails.colleague_asked(confirmation)
    return True


def _is_asked_enough(colleague: Registration) -> bool:
    given = ColleagueConfirmation.objects.filter(colleague__person=colleague.person_id)
    given = given.filter(registration__edition=colleague.edition_id)
    confirmed = given.confirmed().count()
    return (
        confirmed >= ColleagueConfirmation.MOST_CONFIRMED
        or given.count() >= ColleagueConfirmation.MOST_ASKED
    )


def confirmation_of(token: str) -> ColleagueConfirmation:
    """What a link in a letter to a colleague is about. Raises `LinkIsOver`."""
    try:
        number = links.number_of(emails.COLLEAGUE, token)
    except links.Incomplete as incomplete:
        raise LinkIsOver from incomplete
    found = (
        ColleagueConfirmation.objects.filter(pk=number, asked_at__isnull=False)
        .select_related("registration__edition", "registration__land", "colleague__person")
        .first()
    )
    if found is None or not links.is_signed_for(
        token, emails.COLLEAGUE, found.pk, found.address or ""
    ):
        raise LinkIsOver
    return found


@transaction.atomic
def answer_for_colleague(
    *, confirmation: ColleagueConfirmation, knows: bool, now: datetime
) -> None:
    """The colleague says whether they know the applicant. The same answer twice does no harm.

    Raises `LinkIsOver` once it is decided, or `ThreeConfirmed`.
    """
    if confirmation.colleague_id is None:
        raise LinkIsOver
    # The colleague's row first: nobody confirms a fourth time at the same moment.
    colleague = (
        _vouching(confirmation.registration.edition)
        .select_for_update(of=("self",))
        .filter(pk=confirmation.colleague_id)
        .first()
    )
    confirmation.refresh_from_db()
    answer = ANSWER.CONFIRMED if knows else ANSWER.UNKNOWN
    if confirmation.answer == answer:
        return
    waits = Registration.objects.in_review().filter(pk=confirmation.registration_id)
    if colleague is None or not waits.exists():
        raise LinkIsOver
    if knows:
        given = ColleagueConfirmation.objects.confirmed().filter(
            colleague__person=colleague.person_id, registration__edition=colleague.edition_id
        )
        if given.count() >= ColleagueConfirmation.MOST_CONFIRMED:
            raise ThreeConfirmed
    confirmation.answer, confirmation.answered_at = answer, now
    confirmation.save(update_fields=["answer", "answered_at"])
    verb = "colleague_confirmed" if knows else "colleague_denied"
    note(verb, confirmation.registration, now=now, by=colleague.person)
