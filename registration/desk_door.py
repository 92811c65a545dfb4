"""What the door tells the help desk: who is in the building, and what can be done for somebody who stands there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from congress.desk import Act, Deed, Outcome, Sentence, Subject, Weight
from congress.models import Admission, Edition
from congress.templatetags.kern import at_clock
from registration import actions, door
from registration.codes import Holder
from registration.models import CheckIn

BADGE, LET_IN = "ausweis", "einlassen"


def sentences(
    edition: Edition, now: datetime, subjects: Sequence[Subject]
) -> Mapping[str, Sequence[Sentence]]:
    """On the days of the congress, where there is a hall. Two queries for any number of people."""
    day = edition.local(now).date()
    people = [subject.person.pk for subject in subjects if subject.person is not None]
    if day not in edition.days or not people:
        return {}
    admitted = set(
        Admission.objects.in_force()
        .filter(edition=edition, person__in=people)
        .values_list("person_id", flat=True)
    )
    last = {
        row.admission.person_id: row
        for row in CheckIn.objects.of_day(edition, day)
        .filter(admission__person__in=people)
        .latest_of_each()
        .select_related("admission")
    }
    if edition.format == Edition.Format.VIRTUAL and not last:
        return {}
    return {
        subject.key: [_sentence(last.get(subject.person.pk))]
        for subject in subjects
        if subject.person is not None and subject.person.pk in admitted
    }


def _sentence(row: CheckIn | None) -> Sentence:
    if row is None:
        text = _("Has not come through the door today.")
        return Sentence(text, Weight.REMARK, "neutral", (LET_IN, BADGE))
    if row.direction == CheckIn.Direction.IN:
        text = _("Is in the building, counted at %(clock)s.") % {"clock": at_clock(row.at)}
        return Sentence(text, Weight.REMARK, "success", (BADGE,))
    text = _("Left the building at %(clock)s.") % {"clock": at_clock(row.at)}
    return Sentence(text, Weight.REMARK, "neutral", (LET_IN, BADGE))


def let_in(deed: Deed) -> Outcome:
    admission = Admission.objects.filter(edition=deed.edition, person=deed.subject.person).first()
    passage = actions.pass_the_door(
        edition=deed.edition,
        holder=Holder(admission) if admission is not None else None,
        direction=CheckIn.Direction.IN,
        key=deed.key,
        now=deed.now,
        by=deed.by,
    )
    return Outcome(door.told(passage, deed.edition).sentence)


def _badges_of(edition: Edition, subject: Subject) -> str:
    return f"{reverse('badges', kwargs={'edition': edition.slug})}?person={subject.number}"


ACTS = (
    Act(LET_IN, gettext_lazy("Let in at the door"), let_in, icon="check"),
    Act(
        BADGE, gettext_lazy("Print or lock the badge"), icon="account-circle", elsewhere=_badges_of
    ),
)
