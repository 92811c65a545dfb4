"""Where applicants place themselves, if the rule that admitted them is wrong about them."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from congress.models import Admission, User
from congress.models import State as Land
from registration.actions.entering import note
from registration.actions.refusals import CannotBeCancelled, CongressIsOver
from registration.models import Registration


class RegistrationHasEnded(CannotBeCancelled):
    """There is nothing to correct any more."""


@transaction.atomic
def say_level(
    *, registration: Registration, level: str, land: Land | None, by: User, now: datetime
) -> None:
    """The person's own level of administration and Land; the registry stays as it is, organisers see the difference.

    Raises `CongressIsOver` or `RegistrationHasEnded`.
    """
    if now >= registration.edition.ends_at:
        raise CongressIsOver
    before = (registration.level, registration.land_id)
    after = (level, land.pk if land is not None else None)
    if before == after:
        return
    changed = (
        Registration.objects.active()
        .filter(pk=registration.pk)
        .update(level=level, land=land, level_said_at=now)
    )
    if not changed:
        raise RegistrationHasEnded
    Admission.objects.filter(
        edition=registration.edition_id, person=registration.person_id, kind=Admission.Kind.ATTENDEE
    ).update(level=level)
    note(
        "level_said",
        registration,
        now=now,
        by=by,
        level=level,
        land=after[1] or "",
        level_before=before[0],
        land_before=before[1] or "",
    )
