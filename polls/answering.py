"""Questions that were left open on the stage: to the speaker's office, and back as a written answer."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Exists, F, OuterRef
from django.utils.translation import gettext_lazy as _

from congress import journal
from congress.errors import Refused
from congress.models import Edition, Letter
from polls import asking, emails
from polls.models import Answer, Question, QuestionQuerySet
from programme.models import Session, SpeakersOffice
from programme.queries import is_on

LEFT_OPEN = (Question.State.SHOWN, Question.State.ON_SCREEN)


class WrittenMeanwhile(Refused):
    message = _(
        "Somebody else has answered this question while you were writing. Their answer stands on this page; "
        "yours is kept below."
    )
    code = "written_meanwhile"


class NotToAnswer(Refused):
    message = _("This question is no longer shown.")
    code = "not_to_answer"


def left_open(session: Session) -> QuestionQuerySet:
    """What the audience saw and nobody answered, on the stage or in writing; the most wanted first."""
    rows = Question.objects.filter(session=session, state__in=LEFT_OPEN, written=None)
    return rows.order_by("-support", "pk")


def answered_in_writing(session: Session) -> QuestionQuerySet:
    rows = Question.objects.public().filter(session=session, written__isnull=False)
    return rows.select_related("written").order_by("-support", "pk")


def send_open_questions(*, edition: Edition, now: datetime) -> int:
    """One letter to each office whose session is over and has open questions. Twice does no harm."""
    waiting = Question.objects.filter(
        session=OuterRef("session"), state__in=LEFT_OPEN, written=None
    )
    offices = SpeakersOffice.objects.filter(
        Exists(waiting), edition=edition, session__ends_at__lte=now
    ).select_related("session__stage__on_air", "edition")
    over = [office for office in offices if not _still_on(office, edition, now)]
    told = set(
        Letter.objects.filter(once__in=[emails.once(office) for office in over]).values_list(
            "once", flat=True
        )
    )
    new = [office for office in over if emails.once(office) not in told]
    for office in new:
        emails.open_questions(office)
    return len(new)


def _still_on(office: SpeakersOffice, edition: Edition, now: datetime) -> bool:
    office.session.edition = edition
    return is_on(office.session, now)


@transaction.atomic
def write_answer(
    *, question: Question, text: str, version: int, office: SpeakersOffice, now: datetime
) -> Answer:
    """Publish what the office answers; whoever asked is told the first time. The same text again is the same answer.

    `version` is that of the answer somebody began with, 0 where there was none. Raises `WrittenMeanwhile` or
    `NotToAnswer`.
    """
    locked = Question.objects.select_for_update().get(pk=question.pk)
    if not locked.is_public:
        raise NotToAnswer
    found = Answer.objects.filter(question=locked).first()
    if found is not None and found.text == text:
        return found
    if (found.version if found is not None else 0) != version:
        raise WrittenMeanwhile
    if found is None:
        found = Answer.objects.create(question=locked, text=text, written_at=now)
        if locked.state != Question.State.ANSWERED:
            asking.answer(question=locked, now=now, by=None)
        if locked.person is not None:
            emails.answered(found)
    else:
        Answer.objects.filter(pk=found.pk).update(
            text=text, version=F("version") + 1, written_at=now
        )
        found.refresh_from_db()
    journal.note("question.written_answer", edition=office.edition, now=now, target=locked)
    return found
