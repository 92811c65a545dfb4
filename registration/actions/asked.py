"""What people who are in say further: days, needs, consents. And the drafts of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.db import transaction

from congress import journal
from congress.models import Edition, User
from registration import consents
from registration.actions.entering import note
from registration.actions.refusals import CongressIsOver, NoNeeds, NotAdmitted
from registration.models import (
    Consent,
    Draft,
    Needs,
    Participation,
    Registration,
    RegistrationSettings,
)


@transaction.atomic
def say_more(
    *,
    registration: Registration,
    now: datetime,
    by: User,
    days: Sequence[date] | None = None,
    needs: Mapping[str, Any] | None = None,
    agrees_to: Sequence[str] = (),
) -> None:
    """Everything at once, as it stands on the page; what the edition does not ask stays as it was. Ends the draft.

    `needs` are given only with consent; None takes them back, and they are erased at once.
    Raises `NotAdmitted` or `CongressIsOver`.
    """
    row = _locked(registration, now)
    settings = RegistrationSettings.objects.of(row.edition)
    if settings.asks_days and days is not None:
        Participation.objects.update_or_create(
            registration=row, defaults={"days": sorted(days), "said_at": now}
        )
    if settings.asks_needs:
        _say_needs(row, needs, now=now, by=by)
    for kind in consents.asked(settings):
        _agree(row, kind, agrees=kind in agrees_to, now=now, by=by)
    Draft.objects.filter(registration=row).delete()


def _say_needs(
    registration: Registration, given: Mapping[str, Any] | None, *, now: datetime, by: User
) -> None:
    before = Needs.objects.filter(registration=registration).first()
    if given is None:
        if before is not None:
            before.delete()
            note("needs_taken_back", registration, now=now, by=by)
        return
    if before is not None and all(getattr(before, name) == given[name] for name in given):
        return
    Needs.objects.update_or_create(
        registration=registration,
        defaults={
            **given,
            "changed_at": now,
            # Something else is needed now: it is to be arranged once more.
            "arranged_at": None,
            "arranged_by": None,
        },
        create_defaults={
            **given,
            "changed_at": now,
            "consented_at": now,
            "consent_version": consents.NEEDS.version,
        },
    )
    note("needs_said", registration, now=now, by=by, version=consents.NEEDS.version)


def _agree(registration: Registration, kind: str, *, agrees: bool, now: datetime, by: User) -> None:
    words = consents.current(kind)
    standing = Consent.objects.in_force().filter(registration=registration, kind=kind).first()
    if standing is not None and (not agrees or standing.version != words.version):
        Consent.objects.filter(pk=standing.pk).update(revoked_at=now)
        if not agrees:
            note(
                "consent_revoked", registration, now=now, by=by, kind=kind, version=standing.version
            )
        standing = None
    if agrees and standing is None:
        Consent.objects.create(
            registration=registration, kind=kind, version=words.version, given_at=now
        )
        note("consent_given", registration, now=now, by=by, kind=kind, version=words.version)


@transaction.atomic
def keep_draft(*, registration: Registration, values: Mapping[str, Any], now: datetime) -> None:
    """What stands on the page at this moment. Raises `NotAdmitted` or `CongressIsOver`."""
    row = _locked(registration, now)
    Draft.objects.update_or_create(registration=row, defaults={"values": values, "saved_at": now})


def drop_draft(*, registration: Registration) -> None:
    Draft.objects.filter(registration=registration).delete()


def forget_needs(registration: Registration) -> None:
    """Whoever does not come needs nothing: erased at once, with what was typed and not sent."""
    Needs.objects.filter(registration=registration).delete()
    drop_draft(registration=registration)


def note_needs_opened(*, by: User, edition: Edition, now: datetime) -> None:
    """Whoever opens the list of who needs what is named, each time."""
    journal.note(
        "registration.needs_opened",
        edition=edition,
        now=now,
        by=by,
        count=Needs.objects.of_edition(edition).count(),
    )


@transaction.atomic
def arrange_needs(*, needs: Needs, by: User, now: datetime, arranged: bool) -> None:
    """An organiser has seen to it, or takes that back. Twice does no harm. Raises `NoNeeds`."""
    rows = Needs.objects.filter(pk=needs.pk)
    changed = (
        rows.to_arrange().update(arranged_at=now, arranged_by=by)
        if arranged
        else rows.arranged().update(arranged_at=None, arranged_by=None)
    )
    if changed:
        verb = "needs_arranged" if arranged else "needs_reopened"
        note(verb, needs.registration, now=now, by=by)
    elif not rows.exists():
        raise NoNeeds


def note_listed(*, what: str, count: int, by: User, edition: Edition, now: datetime) -> None:
    """That somebody fetched a table of people stands in the journal."""
    journal.note(
        "registration.answers_listed", edition=edition, now=now, by=by, what=what, count=count
    )


def _locked(registration: Registration, now: datetime) -> Registration:
    row = (
        Registration.objects.select_for_update(of=("self",))
        .select_related("edition", "person")
        .get(pk=registration.pk)
    )
    if now >= row.edition.ends_at:
        raise CongressIsOver
    if row.state != Registration.State.ADMITTED:
        raise NotAdmitted
    return row
