"""Questions of the audience: asked, supported, looked at, brought to the screen, answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from django.db import connection, transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from congress import journal
from congress.errors import Refused
from congress.models import Admission, Stage, User
from congress.models.editions import Phase
from congress.signals import rights_changed
from polls import live
from polls.models import Question, StageState, Support
from programme.queries import stage_now

# One person's questions within a while; a clear message above it.
MOST_QUESTIONS, MOST_QUESTIONS_WITHIN = 10, timedelta(minutes=10)
# The same words within this time are the same question, sent again over a line that was cut.
SAME_WITHIN = timedelta(minutes=10)


class QuestionsAreClosed(Refused):
    message = _("No questions are taken at the moment.")


class TooManyQuestions(Refused):
    message = _("You have asked many questions within a short time. Please wait some minutes.")


class NoReasonGiven(Refused):
    message = _("Please give a reason. Whoever asked reads it.")


class NotPublic(Refused):
    message = _("This question is not shown to the audience.")


class AlreadyThere(Refused):
    message = _("Somebody else has already decided about this question.")


class TooFewMarked(Refused):
    message = _("Please mark at least two questions that ask the same.")


class OtherSession(Refused):
    message = _("These questions belong to different sessions.")


@dataclass(frozen=True)
class Asked:
    question: Question
    already: bool


@transaction.atomic
def ask(*, stage: Stage, person: User, text: str, named: bool, now: datetime) -> Asked:
    """Take a question about what is on. The same words again are the same question.

    Raises `QuestionsAreClosed` or `TooManyQuestions`.
    """
    state = StageState.objects.select_for_update().filter(stage=stage).first()
    is_open = state is not None and state.questions == StageState.Questions.OPEN
    if state is None or not is_open or stage.edition.phase(now) is not Phase.RUNNING:
        raise QuestionsAreClosed
    own = Question.objects.filter(person=person, stage=stage)
    same = own.filter(text=text, asked_at__gt=now - SAME_WITHIN).first()
    if same is not None:
        return Asked(same, already=True)
    if own.filter(asked_at__gt=now - MOST_QUESTIONS_WITHIN).count() >= MOST_QUESTIONS:
        raise TooManyQuestions
    question = Question.objects.create(
        edition_id=stage.edition_id,
        stage=stage,
        session=stage_now(stage, now).session,
        person=person,
        text=text,
        name=person.display_name if named else "",
        state=Question.State.PENDING if state.moderated else Question.State.SHOWN,
        asked_at=now,
    )
    # Moderators see what waits; everybody else sees nothing new where it is looked at first.
    turn_questions(stage.pk)
    return Asked(question, already=False)


class Backed(Enum):
    """What became of somebody's support."""

    COUNTED = "counted"
    ALREADY = "already"
    NOT_FOUND = "not found"
    OWN = "own"
    NOT_ADMITTED = "not admitted"


@dataclass(frozen=True)
class Backing:
    person: int
    stage: int
    question: int


_BACK = """
WITH wanted AS (
    SELECT w.person, w.question FROM unnest(%(people)s::bigint[], %(questions)s::bigint[]) AS w(person, question)
), entitled AS (
    SELECT w.person, w.question FROM wanted w
    JOIN polls_question q ON q.id = w.question
    JOIN congress_admission a ON a.person_id = w.person AND a.edition_id = q.edition_id
    JOIN congress_edition e ON e.id = a.edition_id
    WHERE a.kind = ANY(%(kinds)s) AND a.revoked_at IS NULL
      AND (a.valid_until IS NULL OR a.valid_until > statement_timestamp() + e.clock_shift)
), added AS (
    INSERT INTO polls_support (question_id, person_id)
    SELECT question, person FROM entitled ORDER BY question, person
    ON CONFLICT DO NOTHING
    RETURNING question_id, person_id
)
SELECT e.person, e.question, a.person_id IS NOT NULL
FROM entitled e LEFT JOIN added a ON a.person_id = e.person AND a.question_id = e.question
"""


@transaction.atomic
def back(backings: Sequence[Backing]) -> list[Backed]:
    """Count support, each person once for a question, own questions excluded. One outcome for each, in order."""
    numbers = sorted({backing.question for backing in backings})
    # In order, so that batches of two processes cannot wait for each other.
    rows = {
        question.pk: question
        for question in Question.objects.select_for_update().filter(pk__in=numbers).order_by("pk")
    }
    outcomes: list[Backed | None] = []
    counted: dict[tuple[int, int], list[int]] = {}
    for number, backing in enumerate(backings):
        question = rows.get(backing.question)
        outcomes.append(None)
        if question is None or question.stage_id != backing.stage or not question.is_public:
            outcomes[number] = Backed.NOT_FOUND
        elif question.person_id == backing.person:
            outcomes[number] = Backed.OWN
        else:
            counted.setdefault((backing.person, backing.question), []).append(number)
    if counted:
        with connection.cursor() as cursor:
            cursor.execute(
                _BACK,
                {
                    "people": [person for person, _question in counted],
                    "questions": [question for _person, question in counted],
                    "kinds": sorted(Admission.MAY_VOTE),
                },
            )
            found = {(person, question): new for person, question, new in cursor.fetchall()}
        more: dict[int, int] = {}
        for key, places in counted.items():
            new = found.get(key)
            first = (
                Backed.NOT_ADMITTED if new is None else Backed.COUNTED if new else Backed.ALREADY
            )
            outcomes[places[0]] = first
            for place in places[1:]:
                outcomes[place] = Backed.ALREADY if first is Backed.COUNTED else first
            if new:
                more[key[1]] = more.get(key[1], 0) + 1
        for asked, count in more.items():
            Question.objects.filter(pk=asked).update(support=F("support") + count)
    return [outcome or Backed.NOT_FOUND for outcome in outcomes]


# --- Moderation -------------------------------------------------------------------------------------------


@transaction.atomic
def show(*, question: Question, now: datetime, by: User | None) -> None:
    """Let the audience see it; from the screen it goes back to the list. Twice does no harm."""
    _move(question, Question.State.SHOWN, now=now, by=by)


@transaction.atomic
def reject(*, question: Question, reason: str, now: datetime, by: User | None) -> None:
    """Keep it from the audience, with the reason that whoever asked reads. Raises `NoReasonGiven`."""
    if not reason.strip():
        raise NoReasonGiven
    _move(question, Question.State.REJECTED, now=now, by=by, reason=reason.strip())


@transaction.atomic
def to_screen(*, question: Question, now: datetime, by: User | None) -> None:
    """Show it large; the one before goes back to the list. Raises `NotPublic`."""
    _alone_on(question.stage_id)
    question.refresh_from_db()
    if not question.is_public:
        raise NotPublic
    Question.objects.filter(stage=question.stage_id, state=Question.State.ON_SCREEN).exclude(
        pk=question.pk
    ).update(state=Question.State.SHOWN)
    _move(question, Question.State.ON_SCREEN, now=now, by=by)


@transaction.atomic
def answer(*, question: Question, now: datetime, by: User | None) -> None:
    """It was answered on the stage. Raises `NotPublic`."""
    question.refresh_from_db()
    if not question.is_public:
        raise NotPublic
    _move(question, Question.State.ANSWERED, now=now, by=by)


@transaction.atomic
def merge(*, question: Question, into: Question, now: datetime, by: User | None) -> None:
    """Two ask the same: support adds up, each person once; whoever asked the first now supports the other.

    Raises `OtherSession` or `NotPublic`.
    """
    _alone_on(question.stage_id)
    question.refresh_from_db()
    into.refresh_from_db()
    same = (into.stage_id, into.session_id) == (question.stage_id, question.session_id)
    if not same or into.pk == question.pk:
        raise OtherSession
    if not into.is_public:
        raise NotPublic
    people = set(Support.objects.filter(question=question).values_list("person_id", flat=True)) | (
        {question.person_id} if question.person_id else set()
    )
    people.discard(into.person_id or 0)
    Support.objects.bulk_create(
        [Support(question=into, person_id=person) for person in sorted(p for p in people if p)],
        ignore_conflicts=True,
    )
    Question.objects.filter(pk=into.pk).update(
        support=Support.objects.filter(question=into).count()
    )
    Question.objects.filter(pk=question.pk).update(merged_into=into)
    _move(question, Question.State.MERGED, now=now, by=by)


@transaction.atomic
def join(*, stage: Stage, numbers: Sequence[int], now: datetime, by: User | None) -> Question:
    """Several ask the same: all go into the most wanted of them that is shown. Which one that is.

    Raises `TooFewMarked`, `NotPublic` or `OtherSession`.
    """
    _alone_on(stage.pk)
    marked = Question.objects.select_related("edition", "person").filter(
        stage=stage, pk__in=numbers
    )
    standing = list(marked.exclude(state__in=(Question.State.MERGED, Question.State.REJECTED)))
    if len(standing) < 2:
        raise TooFewMarked
    target = marked.public().most_wanted().first()
    if target is None:
        raise NotPublic
    for question in standing:
        if question.pk != target.pk:
            merge(question=question, into=target, now=now, by=by)
    target.refresh_from_db()
    return target


@transaction.atomic
def look_first(*, stage: Stage, moderated: bool, now: datetime, by: User | None) -> None:
    """Whether new questions wait for the moderation. Those that wait already stay."""
    StageState.objects.filter(stage=stage).update(moderated=moderated)
    turn_questions(stage.pk)
    journal.note(
        "stage.moderated", edition=stage.edition, now=now, by=by, target=stage, moderated=moderated
    )


@transaction.atomic
def set_questions(
    *, stage: Stage, state: str, moderated: bool | None = None, now: datetime, by: User | None
) -> None:
    """Open, pause or end the questions of a stage; whether they are looked at first."""
    said: dict[str, object] = {"questions": state}
    if moderated is not None:
        said["moderated"] = moderated
    StageState.objects.filter(stage=stage).update(**said)
    turn_questions(stage.pk)
    journal.note(
        "stage.questions", edition=stage.edition, now=now, by=by, target=stage, state=state
    )


def turn_questions(stage_id: int) -> None:
    """The questions changed: one version further, told when it is committed."""
    StageState.objects.filter(stage_id=stage_id).update(questions_rev=F("questions_rev") + 1)
    transaction.on_commit(lambda: live.stage_changed(stage_id))


def _move(
    question: Question, state: str, *, now: datetime, by: User | None, reason: str = ""
) -> None:
    changed = (
        Question.objects.filter(pk=question.pk)
        .exclude(state=state)
        .update(state=state, reason=reason, decided_at=now, decided_by=by)
    )
    question.refresh_from_db()
    if not changed:
        return
    turn_questions(question.stage_id)
    journal.note(
        f"question.{state}", edition=question.edition, now=now, by=by, about=question.person,
        target=question,
    )  # fmt: skip
    if question.person_id is not None:
        asker = question.person_id
        # Whoever asked hears of it on open pages: they look at what is theirs again.
        transaction.on_commit(
            lambda: rights_changed.send(sender=None, people=[asker], sessions=[], links=[])
        )


def _alone_on(stage_id: int) -> None:
    """One at a time for what stands on the screen of a stage."""
    list(StageState.objects.select_for_update().filter(stage_id=stage_id))
