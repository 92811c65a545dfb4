"""Rehearsal people: made quickly, marked, admitted for a few hours, and removed with all they did."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.hashers import make_password
from django.db import connection, models, transaction
from django.db.models import Count, F
from django.utils.crypto import get_random_string

from congress.models import Admission, BrowserSession, JournalEntry, Level, Role, Stage, User
from congress.models.database import StatementNow
from congress.models.editions import Phase
from congress.sessions import ENTERED_KEY, SessionStore
from congress.signals import rights_changed
from polls import asking, live
from polls.models import (
    Option,
    Participation,
    Poll,
    Question,
    StageState,
    Support,
    Tally,
    Turnout,
    Word,
    WordRule,
)
from polls.models import RehearsalReport as Report

# Nobody's mailbox, and how rehearsal people are found again; ".invalid" never exists (RFC 2606).
DOMAIN = "generalprobe.invalid"
OVERLAY = "Generalprobe"  # what a rehearsal's director writes over the picture
HOURS = 12
_CHUNK = 1000
_LEVELS = [
    Level.KOMMUNE,
    Level.KOMMUNE,
    Level.KOMMUNE,
    Level.LAND,
    Level.LAND,
    Level.BUND,
    Level.IT_PROVIDER,
]


@dataclass(frozen=True)
class Company:
    """Who takes part: the viewers' cookies, and the moderator."""

    viewers: list[str]
    moderator: User
    moderator_cookie: str


def mailbox(stage: Stage) -> str:
    return f"{stage.pk}@{DOMAIN}"


def of_stage(stage: Stage) -> models.QuerySet[User]:
    return User.objects.filter(contact_email=mailbox(stage))


@transaction.atomic
def make(stage: Stage, viewers: int) -> Company:
    """Admitted viewers and a moderator of this stage, each with a session. Rows in bulk, no letters, no journal."""
    _patiently()
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        (real,) = cursor.fetchone()
    now, until = real + stage.edition.clock_shift, real + timedelta(hours=HOURS)
    people = User.objects.bulk_create(
        (
            User(
                email=None,
                contact_email=mailbox(stage),
                first_name="Generalprobe",
                last_name=f"{number}" if number else "Moderation",
                password=make_password(None),
            )
            for number in range(viewers + 1)
        ),
        batch_size=_CHUNK,
    )
    moderator, *audience = people
    Role.objects.bulk_create(
        [
            Role(
                person=moderator,
                edition=stage.edition,
                stage=stage,
                kind=Role.Kind.MODERATOR,
                valid_until=now + timedelta(hours=HOURS),
            )
        ]
    )
    Admission.objects.bulk_create(
        (
            Admission(
                person=person,
                edition=stage.edition,
                kind=Admission.Kind.REHEARSAL,
                level=_LEVELS[number % len(_LEVELS)],
                granted_at=now,
                valid_until=now + timedelta(hours=HOURS),
            )
            for number, person in enumerate(audience)
        ),
        batch_size=_CHUNK,
    )
    store = SessionStore()
    sessions = [
        BrowserSession(
            session_key=get_random_string(32, "abcdefghijklmnopqrstuvwxyz0123456789"),
            session_data=store.encode(
                {
                    SESSION_KEY: str(person.pk),
                    BACKEND_SESSION_KEY: "congress.auth.RoleBackend",
                    HASH_SESSION_KEY: person.get_session_auth_hash(),
                    ENTERED_KEY: real.isoformat(),
                }
            ),
            expire_date=until,
            person=person,
            entered_at=real,
        )
        for person in people
    ]
    BrowserSession.objects.bulk_create(sessions, batch_size=_CHUNK)
    cookies = [f"{settings.SESSION_COOKIE_NAME}={session.session_key}" for session in sessions]
    return Company(cookies[1:], moderator, cookies[0])


@transaction.atomic
def remove(stage: Stage) -> int:
    """Remove the rehearsal people of this stage with all they did, their polls included; show what was shown before.

    Repeatable. Returns how many people it were.
    """
    _patiently()
    people = list(of_stage(stage).values_list("pk", flat=True))
    polls = set(
        Poll.objects.filter(stage=stage, rehearsal_reports__isnull=False).values_list(
            "pk", flat=True
        )
    )
    polls |= _prepared_by(people, stage)
    _remove_polls(polls)
    _show_again(stage)
    _take_off_overlay(stage)
    _questions_as_before(stage)
    _remove_questions(people)
    if people:
        # Signals would wake every process once for each row; they are told once, below.
        for model, names in (
            (Participation, ("person_id",)),
            (BrowserSession, ("person_id",)),
            (Role, ("person_id",)),
            (Admission, ("person_id",)),
            (JournalEntry, ("actor_id", "person_id")),
        ):
            for name in names:
                _delete(model, **{f"{name}__in": people})
        # Whatever else hangs on them goes the ordinary way.
        for start in range(0, len(people), _CHUNK):
            User.objects.filter(pk__in=people[start : start + _CHUNK]).delete()
    if people or polls:
        transaction.on_commit(lambda: _tell(stage, people))
    return len(people)


def _prepared_by(people: Iterable[int], stage: Stage) -> set[int]:
    """Polls that rehearsal moderators made, also by the console."""
    label = Poll._meta.label_lower
    targets = JournalEntry.objects.filter(
        actor__in=list(people), verb="poll.prepared", edition=stage.edition_id
    ).values_list("target", flat=True)
    prefix = f"{label}:"
    return {int(target.removeprefix(prefix)) for target in targets if target.startswith(prefix)}


def _remove_polls(polls: set[int]) -> None:
    if not polls:
        return
    StageState.objects.filter(active_poll__in=polls).update(active_poll=None)
    Report.objects.filter(poll__in=polls).update(poll=None)
    for model in (Participation, Tally, Turnout, Option, Word, WordRule):
        _delete(model, poll_id__in=polls)
    label = Poll._meta.label_lower
    _delete(JournalEntry, target__in=[f"{label}:{poll}" for poll in polls])
    _delete(Poll, pk__in=polls)


@transaction.atomic
def set_aside(stage: Stage, report: Report) -> None:
    """Remember what the stage shows, and take an open poll off it: it goes on after the rehearsal, with its votes."""
    state = StageState.objects.filter(stage=stage).first()
    report.shown_before_id = state.active_poll_id if state is not None else None
    report.save(update_fields=["shown_before"])
    poll = Poll.objects.select_for_update().open().filter(stage=stage).first()
    if poll is not None:
        report.set_aside = poll
        report.save(update_fields=["set_aside"])
        Poll.objects.filter(pk=poll.pk).update(
            state=Poll.State.CLOSED, closed_at=StatementNow(), result={}
        )


def _show_again(stage: Stage) -> None:
    report = Report.objects.filter(stage=stage).first()
    if report is None:
        return
    if report.set_aside_id is not None:
        Poll.objects.filter(pk=report.set_aside_id, state=Poll.State.CLOSED).update(
            state=Poll.State.OPEN, closed_at=None, result=None
        )
    if report.shown_before_id is not None:
        StageState.objects.filter(stage=stage, active_poll=None).update(
            active_poll=report.shown_before_id
        )
    if report.set_aside_id or report.shown_before_id:
        Report.objects.filter(pk=report.pk).update(set_aside=None, shown_before=None)


def questions(stage: Stage) -> models.QuerySet[Question]:
    """What rehearsal people asked here."""
    return Question.objects.filter(stage=stage, person__in=of_stage(stage))


@transaction.atomic
def take_questions(stage: Stage, *, by: User) -> bool:
    """Let the stage take questions and look at them first; how it was is remembered.

    Not before or after the edition, when nobody may ask.
    """
    now = stage.edition.now()
    if stage.edition.phase(now) is not Phase.RUNNING:
        return False
    state, _created = StageState.objects.get_or_create(stage=stage)
    Report.objects.filter(stage=stage).update(
        questions_before=state.questions, moderated_before=state.moderated
    )
    asking.set_questions(
        stage=stage, state=StageState.Questions.OPEN, moderated=True, now=now, by=by
    )
    return True


def _questions_as_before(stage: Stage) -> None:
    report = Report.objects.filter(stage=stage).exclude(questions_before="").first()
    if report is None:
        return
    StageState.objects.filter(stage=stage).update(
        questions=report.questions_before, moderated=report.moderated_before
    )
    Report.objects.filter(stage=stage).update(questions_before="", moderated_before=None)


def _remove_questions(people: Iterable[int]) -> None:
    """What they asked, and their support of others' questions."""
    mine = list(people)
    Question.objects.filter(person__in=mine).delete()
    given = (
        Support.objects.filter(person__in=mine).values_list("question").annotate(Count("person"))
    )
    for question, count in given:
        Question.objects.filter(pk=question).update(support=F("support") - count)
    Support.objects.filter(person__in=mine).delete()


def _take_off_overlay(stage: Stage) -> None:
    """Where a rehearsal ended in the middle of the director's steps; and none of those can be taken back later."""
    for state in StageState.objects.select_for_update().filter(stage=stage):
        last = (state.last_step or {}).get("stage", {})
        if state.overlay == OVERLAY:
            state.overlay, state.last_step = last.get("overlay", ""), None
        elif last.get("overlay") == OVERLAY:
            state.last_step = None
        state.save(update_fields=["overlay", "last_step"])


def _tell(stage: Stage, people: list[int]) -> None:
    StageState.objects.filter(stage=stage).update(
        seq=F("seq") + 1, questions_rev=F("questions_rev") + 1
    )
    live.stage_changed(stage.pk)
    rights_changed.send(sender=User, people=people)


def _delete(model: type[models.Model], **which: Any) -> None:
    """Without signals and without looking at each row."""
    rows = model._base_manager.filter(**which)
    rows._raw_delete(rows.db)


def _patiently() -> None:
    """Thousands of rows take longer than a page may; for this transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '60s'; SET LOCAL lock_timeout = '10s'")
