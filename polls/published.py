"""What became of polls that are over: results as everybody may read them, also by level of administration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import connection

from congress.models import Level
from polls.models import VOTES_TO_SHOW, Poll, Turnout
from polls.queries import Answer, mean_of, result_before, result_rows, words_of
from polls.words import WORDS_TO_SHOW
from programme.models import Session


@dataclass(frozen=True)
class LevelAnswer:
    """`share` of the people of this level who took part."""

    text: str
    count: int
    share: float


@dataclass(frozen=True)
class LevelLine:
    """How one level chose, or those together that are too few alone. In the order of the poll's answers."""

    label: str
    total: int
    by_answer: tuple[LevelAnswer, ...]


@dataclass(frozen=True)
class Outcome:
    """A poll that is over. `rows` as the stage shows them; without figures below `VOTES_TO_SHOW`."""

    poll: Poll
    total: int
    answers: list[Answer]
    rows: list[dict[str, Any]]
    mean: float | None
    levels: list[LevelLine]
    before: dict[str, Any] | None = None  # of the round before: `queries.result_before`

    @property
    def is_shown(self) -> bool:
        return self.total >= VOTES_TO_SHOW


def of_session(session: Session) -> list[Outcome]:
    """Published ones, in the order in which they were asked. Five queries at most."""
    return outcomes(session.polls.filter(state=Poll.State.PUBLISHED))


def outcomes(polls: Any) -> list[Outcome]:
    """Of a query of polls that are closed or published; as many queries however many there are."""
    found = list(
        polls.select_related("session", "stage").with_options().order_by("opened_at", "pk")
    )
    if not found:
        return []
    turnouts, tallies = _sums([poll.pk for poll in found])
    clouds = words_of([poll for poll in found if poll.is_word_cloud])
    made = [
        _outcome(poll, turnouts.get(poll.pk, {}), tallies.get(poll.pk, {}), clouds.get(poll.pk))
        for poll in found
    ]
    return [_beside_the_round_before(outcome) for outcome in made]


def _beside_the_round_before(outcome: Outcome) -> Outcome:
    before = result_before(outcome.poll)
    if before is None or not outcome.is_shown:
        return outcome
    for row in outcome.rows:
        row["before"] = before["counts"].get(str(row["id"]), 0) / before["total"]
    return replace(outcome, before=before)


def _outcome(
    poll: Poll,
    turnout: Mapping[str, int],
    tally: Mapping[int, Mapping[str, int]],
    written: Any,
) -> Outcome:
    total = sum(turnout.values())
    shown = total >= VOTES_TO_SHOW
    if written is not None:
        words = written.shown[:WORDS_TO_SHOW]
        answers = [Answer(place, word.word, word.count) for place, word in enumerate(words, 1)]
        rows = result_rows(answers if shown else [], total, shown=shown)
        return Outcome(poll, total, answers if shown else [], rows, None, [])
    answers = [
        Answer(option.pk, option.text, sum(tally.get(option.pk, {}).values()))
        for option in poll.options.all()
    ]
    return Outcome(
        poll,
        total,
        answers,
        result_rows(answers, total, shown=shown),
        mean_of(answers) if poll.is_scale and shown else None,
        by_level(turnout, [(answer.text, tally.get(answer.id, {})) for answer in answers])
        if shown
        else [],
    )


def by_level(
    turnout: Mapping[str, int], answers: Sequence[tuple[str, Mapping[str, int]]]
) -> list[LevelLine]:
    """A line for each level of which at least `Turnout.CROWD` took part. `answers`: text, and count by level.

    Where one has fewer, the next smallest joins it: otherwise what is missing to the sum would be the few. Nothing
    where there would be one line only, which says what the sum says.
    """
    present = {level: count for level, count in turnout.items() if count}
    few = [level for level, count in present.items() if count < Turnout.CROWD]
    told = sorted(present.keys() - set(few), key=lambda level: (present[level], level))
    if few and told:
        few.append(told.pop(0))
    crowds = [[level] for level in Level.values if level in told]
    if sum(present[level] for level in few) >= Turnout.CROWD:
        crowds.append([level for level in Level.values if level in few])
    return [_line(crowd, present, answers) for crowd in crowds] if len(crowds) > 1 else []


def _line(
    levels: list[str], present: Mapping[str, int], answers: Sequence[tuple[str, Mapping[str, int]]]
) -> LevelLine:
    total = sum(present[level] for level in levels)
    counted = [(text, sum(counts.get(level, 0) for level in levels)) for text, counts in answers]
    return LevelLine(
        ", ".join(str(Level(level).label) for level in levels),
        total,
        tuple(LevelAnswer(text, count, count / total) for text, count in counted),
    )


def _sums(
    polls: list[int],
) -> tuple[dict[int, dict[str, int]], dict[int, dict[int, dict[str, int]]]]:
    """Turnout by poll and level, tallies by poll, option and level; one statement, one moment."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT poll_id, NULL, level, count FROM polls_turnout WHERE poll_id = ANY(%(polls)s)
            UNION ALL
            SELECT poll_id, option_id, level, count FROM polls_tally WHERE poll_id = ANY(%(polls)s)
            """,
            {"polls": polls},
        )
        rows = cursor.fetchall()
    turnouts: dict[int, dict[str, int]] = {}
    tallies: dict[int, dict[int, dict[str, int]]] = {}
    for poll, option, level, count in rows:
        if option is None:
            turnouts.setdefault(poll, {})[level] = count
        else:
            tallies.setdefault(poll, {}).setdefault(option, {})[level] = count
    return turnouts, tallies
