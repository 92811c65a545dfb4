"""Figures of polls and stages: what hubs, pages and the twin show is made from these."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, Q

from congress.models import Admission, Edition, Level, Stage
from polls.models import Poll, Question, StageState, Turnout
from programme.models import Session
from programme.queries import stage_now

# Counts are shown from so many votes on; below, a figure would tell how somebody voted.
VOTES_TO_SHOW = 5
# All viewers get the list again when it changes; beyond the most wanted nobody reads.
QUESTIONS_TO_SHOW = 100


@dataclass(frozen=True)
class Results:
    """The sums of a poll at one moment. `counts` by option; whoever shows them asks `VOTES_TO_SHOW` first."""

    rev: int
    total: int
    counts: dict[int, int]


@dataclass(frozen=True)
class Answer:
    """One line of a poll's result, in the order it is asked in."""

    id: int
    text: str
    count: int


def results(poll_id: int) -> tuple[Results, list[Answer]]:
    """Sums and answers, read in one statement: all from the same moment."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT o.id, o.text, coalesce(sum(t.count), 0),
                   (SELECT coalesce(sum(u.count), 0) FROM polls_turnout u WHERE u.poll_id = %(poll)s),
                   (SELECT coalesce(max(u.rev), 0) FROM polls_turnout u WHERE u.poll_id = %(poll)s)
            FROM polls_option o
            LEFT JOIN polls_tally t ON t.poll_id = o.poll_id AND t.option_id = o.id
            WHERE o.poll_id = %(poll)s
            GROUP BY o.id ORDER BY o.position, o.id
            """,
            {"poll": poll_id},
        )
        rows = cursor.fetchall()
    answers = [Answer(row[0], row[1], int(row[2])) for row in rows]
    total, rev = (int(rows[0][3]), int(rows[0][4])) if rows else (0, 0)
    return Results(rev, total, {answer.id: answer.count for answer in answers}), answers


def versions(stage_id: int) -> tuple[int, int, datetime] | None:
    """Version of the stage, of its questions, and the edition's time; None where it has gone. One small query."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT coalesce(s.seq, 0), coalesce(s.questions_rev, 0), statement_timestamp() + e.clock_shift
            FROM congress_stage st
            JOIN congress_edition e ON e.id = st.edition_id
            LEFT JOIN polls_stagestate s ON s.stage_id = st.id
            WHERE st.id = %s
            """,
            [stage_id],
        )
        row: tuple[int, int, datetime] | None = cursor.fetchone()
    return row


def stage_state(stage_id: int) -> StageState | None:
    return (
        StageState.objects.select_related("stage__edition", "active_poll")
        .filter(stage_id=stage_id)
        .first()
    )


def questions_shown(stage_id: int, session: Session | None) -> list[dict[str, Any]]:
    """QUESTIONS of the protocol: what the audience sees of what is on; of many, the most wanted. One query."""
    rows = (
        Question.objects.filter(stage_id=stage_id, session=session)
        .public()
        .most_wanted()
        .values_list("pk", "text", "name", "support", "state")[:QUESTIONS_TO_SHOW]
    )
    return [
        {"id": pk, "text": text, "name": name, "support": support, "state": state}
        for pk, text, name, support, state in rows
    ]


def questions_pending(stage_id: int) -> list[Question]:
    """What waits for the moderation, the oldest first."""
    return list(Question.objects.filter(stage_id=stage_id).pending().order_by("pk")[:200])


def takes_questions(stage_id: int) -> bool:
    return StageState.objects.filter(
        stage_id=stage_id, questions=StageState.Questions.OPEN
    ).exists()


@dataclass(frozen=True)
class SheetLine:
    """A line of a stage's run sheet. `begins_at` and `finishes_at` are the planned moments, moved by the delay."""

    session: Session
    begins_at: datetime
    finishes_at: datetime
    is_on: bool
    is_next: bool
    is_over: bool

    @property
    def is_shifted(self) -> bool:
        return self.begins_at != self.session.starts_at


def run_sheet(stage: Stage, now: datetime) -> list[SheetLine]:
    """The day of a stage in its order, breaks included. Three queries, however many lines."""
    edition = stage.edition
    on = stage_now(stage, now)
    sessions = list(
        edition.sessions.filter(Q(stage=stage) | Q(stage__isnull=True))
        .on_day(edition.local(now).date(), edition)
        .with_place()
        .with_speakers()
        .order_by("starts_at", "code")
    )
    shift = timedelta(minutes=on.delay_minutes)
    first_ahead = on.session.starts_at if on.session is not None else now - shift
    lines = []
    for session in sessions:
        is_on = on.session is not None and session.pk == on.session.pk
        is_over = not is_on and session.starts_at < first_ahead
        moved = timedelta(0) if is_over else shift
        lines.append(
            SheetLine(
                session=session,
                begins_at=session.starts_at + (timedelta(0) if is_on else moved),
                finishes_at=session.ends_at + moved,
                is_on=is_on,
                is_next=on.next is not None and session.pk == on.next.pk,
                is_over=is_over,
            )
        )
    return lines


def levels_told_apart(edition: Edition) -> list[str]:
    """Levels with a crowd of entitled admissions to hide in; everybody else counts as `other`."""
    crowds = (
        Admission.objects.in_force()
        .filter(edition=edition, kind__in=Admission.MAY_VOTE)
        .values_list("level")
        .annotate(people=Count("pk"))
        .order_by("level")
    )
    told = {level for level, people in crowds if people >= Turnout.CROWD}
    return sorted(told | {Level.OTHER})


def polls_of_stage(stage_id: int) -> list[dict[str, Any]]:
    """What a moderator sees: every poll with its sums, newest first; three queries however many."""
    polls = list(Poll.objects.filter(stage_id=stage_id).with_options().order_by("-pk"))
    ids = [poll.pk for poll in polls]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT option_id, sum(count) FROM polls_tally WHERE poll_id = ANY(%s) GROUP BY option_id",
            [ids],
        )
        counts = {option: int(count) for option, count in cursor.fetchall()}
        cursor.execute(
            "SELECT poll_id, sum(count) FROM polls_turnout WHERE poll_id = ANY(%s) GROUP BY poll_id",
            [ids],
        )
        totals = {poll: int(total) for poll, total in cursor.fetchall()}
    return [
        {
            "poll": poll,
            "total": totals.get(poll.pk, 0),
            "rows": result_rows(
                [
                    Answer(option.pk, option.text, counts.get(option.pk, 0))
                    for option in poll.options.all()
                ],
                totals.get(poll.pk, 0),
                shown=totals.get(poll.pk, 0) >= VOTES_TO_SHOW,
            ),
        }
        for poll in polls
    ]


def result_rows(answers: list[Answer], total: int, *, shown: bool) -> list[dict[str, Any]]:
    """Lines of a result's table; shares are of the people who took part."""
    return [
        {
            "id": answer.id,
            "text": answer.text,
            "count": answer.count if shown else None,
            "share": answer.count / total if shown and total else None,
        }
        for answer in answers
    ]
