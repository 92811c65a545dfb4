"""Figures of polls and stages: what hubs, pages and the twin show is made from these."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, Q

from congress.models import Admission, Edition, Level, Stage
from polls.models import (
    VOTES_TO_SHOW,
    Option,
    Poll,
    Question,
    StageState,
    Turnout,
    Word,
    WordRule,
)
from polls.words import WORDS_TO_SHOW, Group, cloud, groups, size
from programme.models import Session
from programme.queries import stage_now

# All viewers get the list again when it changes; beyond the most wanted nobody reads.
QUESTIONS_TO_SHOW = 100
# Whoever decides takes them from the front; each that is decided lets the next come.
PENDING_TO_SHOW = 40


@dataclass(frozen=True)
class Results:
    """The sums of a poll at one moment. `counts` by option, or by word of a word cloud.

    Whoever shows them asks `VOTES_TO_SHOW` first.
    """

    rev: int
    total: int
    counts: Mapping[int | str, int]


@dataclass(frozen=True)
class Answer:
    """One line of a poll's result, in the order it is asked in; words by how often they were written."""

    id: int
    text: str
    count: int


def results(poll_id: int) -> tuple[Results, list[Answer]]:
    """Sums and answers, read in one statement: all from the same moment."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT o.id, o.text, coalesce(sum(t.count), 0),
                   (SELECT coalesce(sum(u.count), 0) FROM polls_turnout u WHERE u.poll_id = p.id),
                   (SELECT coalesce(max(u.rev), 0) FROM polls_turnout u WHERE u.poll_id = p.id),
                   CASE WHEN p.kind = 'word_cloud' THEN json_build_array(
                       (SELECT json_object_agg(w.spelling, w.count) FROM polls_word w WHERE w.poll_id = p.id),
                       (SELECT json_object_agg(r.key, r.into) FROM polls_wordrule r WHERE r.poll_id = p.id)
                   ) END
            FROM polls_poll p
            LEFT JOIN polls_option o ON o.poll_id = p.id
            LEFT JOIN polls_tally t ON t.poll_id = p.id AND t.option_id = o.id
            WHERE p.id = %(poll)s
            GROUP BY p.id, o.id ORDER BY o.position, o.id
            """,
            {"poll": poll_id},
        )
        rows = cursor.fetchall()
    total, rev = (int(rows[0][3]), int(rows[0][4])) if rows else (0, 0)
    if rows and rows[0][5] is not None:
        spellings, rules = rows[0][5]
        written = cloud(spellings or {}, rules or {})
        words = [Answer(place, *pair) for place, pair in enumerate(written.items(), start=1)]
        return Results(rev, total, dict(written.items())), words
    answers = [Answer(row[0], row[1], int(row[2])) for row in rows if row[0] is not None]
    return Results(rev, total, {answer.id: answer.count for answer in answers}), answers


def result_before(poll: Poll) -> dict[str, Any] | None:
    """Total and counts of the round before, by the answers of this one; None where nobody may read them.

    One query, none for a first round.
    """
    if poll.follows_id is None or poll.is_word_cloud:
        return None
    first = Poll.objects.with_options().select_related(None).get(pk=poll.follows_id)
    result = first.result or {}
    hidden = first.is_closed and first.results_show == Poll.Shows.ON_PUBLISH
    if result.get("total", 0) < VOTES_TO_SHOW or hidden:
        return None
    now = Option.objects.filter(poll=poll).order_by("position", "pk")
    counts = {
        str(option.pk): result["counts"].get(str(before.pk), 0)
        for option, before in zip(now, first.options.all(), strict=False)
    }
    return {"total": result["total"], "counts": counts}


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


def questions_pending(stage_id: int) -> tuple[list[Question], int]:
    """What waits for the moderation, the oldest first, and how many more wait behind. Two queries at most."""
    waiting = Question.objects.filter(stage_id=stage_id).pending().order_by("pk")
    first = list(waiting[: PENDING_TO_SHOW + 1])
    more = waiting.count() - PENDING_TO_SHOW if len(first) > PENDING_TO_SHOW else 0
    return first[:PENDING_TO_SHOW], more


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


def levels_told_apart(edition: Edition, *, among: Sequence[str] = ()) -> list[str]:
    """Levels with a crowd of entitled admissions to hide in; everybody else counts as `other`.

    `among`: the levels that a poll is for; none means all.
    """
    crowds = (
        Admission.objects.in_force()
        .filter(edition=edition, kind__in=Admission.MAY_VOTE)
        .values_list("level")
        .annotate(people=Count("pk"))
        .order_by("level")
    )
    told = {
        level
        for level, people in crowds
        if people >= Turnout.CROWD and (not among or level in among)
    }
    return sorted(told | {Level.OTHER})


def polls_of_stage(stage_id: int) -> list[dict[str, Any]]:
    """What a moderator sees: every poll with its sums, newest first; as many queries however many there are."""
    polls = list(Poll.objects.filter(stage_id=stage_id).with_options().order_by("-pk"))
    ids = [poll.pk for poll in polls]
    followed = {poll.follows_id for poll in polls}
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
    clouds = words_of([poll for poll in polls if poll.is_word_cloud])
    entries = []
    for poll in polls:
        total = totals.get(poll.pk, 0)
        written = clouds.get(poll.pk)
        if written is not None:
            answers = [
                Answer(place, group.word, group.count)
                for place, group in enumerate(written.shown[:WORDS_TO_SHOW], start=1)
            ]
        else:
            answers = [
                Answer(option.pk, option.text, counts.get(option.pk, 0))
                for option in poll.options.all()
            ]
        shown = total >= VOTES_TO_SHOW
        rows = result_rows(answers, total, shown=shown)
        entries.append(
            {
                "poll": poll,
                "key": str(poll.pk),  # in ids of the page
                "total": total,
                "rows": rows,
                "shown": shown,
                "may_have_another_round": poll.is_done and poll.pk not in followed,
                "words": written,
                "mean": mean_of(answers) if poll.is_scale and shown else None,
            }
        )
    return entries


def mean_of(answers: list[Answer]) -> float | None:
    """The mean of a scale, whose steps count from one; nothing where nobody voted."""
    votes = sum(answer.count for answer in answers)
    steps = sum(step * answer.count for step, answer in enumerate(answers, start=1))
    return steps / votes if votes else None


@dataclass(frozen=True)
class Written:
    """The words of a word cloud as its moderators see them."""

    shown: list[Group]
    hidden: list[Group]
    rules: list[WordRule]


def words_of(polls: list[Poll]) -> dict[int, Written]:
    """Words and rules by poll; two queries, none where there is no word cloud."""
    if not polls:
        return {}
    spellings: dict[int, dict[str, int]] = {poll.pk: {} for poll in polls}
    rules: dict[int, list[WordRule]] = {poll.pk: [] for poll in polls}
    for word in Word.objects.filter(poll__in=polls):
        spellings[word.poll_id][word.spelling] = word.count
    for rule in WordRule.objects.filter(poll__in=polls).order_by("key"):
        rules[rule.poll_id].append(rule)
    found = {}
    for poll in polls:
        said = {rule.key: rule.into for rule in rules[poll.pk]}
        found[poll.pk] = Written(*groups(spellings[poll.pk], said), rules[poll.pk])
    return found


def result_rows(answers: list[Answer], total: int, *, shown: bool) -> list[dict[str, Any]]:
    """Lines of a result's table, or words of a cloud; shares are of the people who took part."""
    largest = max((answer.count for answer in answers), default=0)
    return [
        {
            "id": answer.id,
            "text": answer.text,
            "count": answer.count if shown else None,
            "share": answer.count / total if shown and total else None,
            "size": size(answer.count, largest) if shown else None,
        }
        for answer in answers
    ]
