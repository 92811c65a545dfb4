"""At the door: who comes in and who goes out. Scanning twice, and delivering twice, does no harm."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from django.db import transaction

from congress.models import Admission, Edition, User
from registration.codes import Holder
from registration.models import CheckIn


class Outcome(StrEnum):
    """What the people at the door are told."""

    WELCOME = "welcome"  # for the first time today
    BACK = "back"  # after going out
    ALREADY_IN = "already_in"
    GOODBYE = "goodbye"
    ALREADY_OUT = "already_out"
    NEVER_IN = "never_in"  # goes out, and nobody saw them come
    ENDED = "ended"  # the admission is over
    LOCKED = "locked"  # the badge is, the person is not
    ELSEWHERE = "elsewhere"  # a badge of another edition
    UNKNOWN = "unknown"
    TOO_LATE = "too_late"  # kept by a scanner for longer than it is news


@dataclass(frozen=True)
class Passage:
    """The answer. `since`: since when somebody is in or out; `row` where it was counted, now or before."""

    outcome: Outcome
    at: datetime
    admission: Admission | None = None
    since: datetime | None = None
    row: CheckIn | None = None

    @property
    def is_counted(self) -> bool:
        return self.row is not None


@transaction.atomic
def pass_the_door(
    *,
    edition: Edition,
    holder: Holder | None,
    direction: str,
    key: UUID,
    now: datetime,
    by: User,
    age: timedelta = timedelta(0),
) -> Passage:
    """Somebody stands at the door, or stood there `age` ago, when the network was away.

    The same key is counted once and answered the same. What came later by its moment, but was delivered earlier, stays
    as it is.
    """
    age = max(age, timedelta(0))
    at = now - age
    if holder is None:
        return Passage(Outcome.UNKNOWN, at)
    if holder.admission.edition_id != edition.pk:
        return Passage(Outcome.ELSEWHERE, at)
    # One at a time for each person: two scanners that read a badge at the same moment count it once.
    admission = (
        Admission.objects.select_for_update(of=("self",), no_key=True)
        .select_related("person")
        .get(pk=holder.admission.pk)
    )
    counted = _counted(edition, key)
    if counted is not None:
        return _answer(counted)
    if age > CheckIn.TOO_LATE:
        return Passage(Outcome.TOO_LATE, at, admission)
    if not _was_in_force(admission, at) or not admission.person.is_active:
        return Passage(Outcome.ENDED, at, admission)
    if holder.locked_at is not None and holder.locked_at <= at:
        return Passage(Outcome.LOCKED, at, admission)
    before = _last_before(admission, edition, at)
    if direction == CheckIn.Direction.OUT and before is None:
        return Passage(Outcome.NEVER_IN, at, admission)
    if before is not None and before.direction == direction:
        outcome = Outcome.ALREADY_IN if direction == CheckIn.Direction.IN else Outcome.ALREADY_OUT
        return Passage(outcome, at, admission, since=_since(before))
    row = CheckIn.objects.create(
        edition=edition,
        admission=admission,
        day=edition.local(at).date(),
        direction=direction,
        at=at,
        late=age >= CheckIn.LATE,
        by=by,
        key=key,
    )
    return _answer(row)


def _counted(edition: Edition, key: UUID) -> CheckIn | None:
    rows = CheckIn.objects.filter(edition=edition, key=key)
    return rows.select_related("admission__person", "edition").first()


def _was_in_force(admission: Admission, at: datetime) -> bool:
    """At the moment somebody stood there, not when we heard of it."""
    if admission.revoked_at is not None and admission.revoked_at <= at:
        return False
    return admission.valid_until is None or at < admission.valid_until


def _answer(row: CheckIn) -> Passage:
    """What the row says, now and whenever it is delivered again."""
    admission = row.admission
    earlier = _last_before(admission, row.edition, row.at, than=row)
    if row.direction == CheckIn.Direction.OUT:
        since = _since(earlier) if earlier is not None else None
        return Passage(Outcome.GOODBYE, row.at, admission, since=since, row=row)
    outcome = Outcome.BACK if earlier is not None else Outcome.WELCOME
    return Passage(
        outcome, row.at, admission, since=earlier.at if earlier is not None else None, row=row
    )


def _last_before(
    admission: Admission, edition: Edition, at: datetime, *, than: CheckIn | None = None
) -> CheckIn | None:
    """The last time that day they passed the door, before this moment."""
    rows = CheckIn.objects.of_day(edition, edition.local(at).date()).filter(
        admission=admission, at__lte=at
    )
    if than is not None:
        rows = rows.exclude(pk=than.pk)
    return rows.order_by("-at", "-pk").first()


def _since(row: CheckIn) -> datetime:
    """Since when they are in, or out: two scanners may have said so one after the other."""
    other = (
        CheckIn.objects.filter(admission=row.admission_id, day=row.day, at__lt=row.at)
        .exclude(direction=row.direction)
        .order_by("-at", "-pk")
        .first()
    )
    first = CheckIn.objects.filter(
        admission=row.admission_id, day=row.day, direction=row.direction, at__lte=row.at
    )
    if other is not None:
        first = first.filter(at__gt=other.at)
    found = first.order_by("at", "pk").values_list("at", flat=True).first()
    return found or row.at
