"""What changes polls and stages: preparing, opening, counting, closing, publishing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any
from uuid import UUID, uuid4

from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from congress import journal
from congress.errors import Refused
from congress.models import Admission, Level, Stage, User
from congress.models.editions import IS_RUNNING
from polls import live, queries
from polls.models import Option, Poll, StageState, Tally, Turnout, Vote
from programme.models import Session
from programme.queries import stage_now


class NotPrepared(Refused):
    message = _("This poll has already been opened.")


class AnotherPollIsOpen(Refused):
    message = _("Another poll is open on this stage. Please close it first.")


class TooFewAnswers(Refused):
    message = _("A poll needs at least two answers.")


class NotOpen(Refused):
    message = _("This poll is not open.")


class NotClosed(Refused):
    message = _("Only a closed poll can be published or opened again.")


class HasNextRound(Refused):
    message = _("The next round of this poll is there already.")


class ResultWasSeen(Refused):
    message = _("The audience has seen the result. Please copy the poll and ask once more.")


class Outcome(Enum):
    """What became of a ballot."""

    COUNTED = "counted"
    ALREADY = "already"
    CLOSED = "closed"
    NOT_FOUND = "not found"
    NOT_ADMITTED = "not admitted"
    NOT_ENTITLED = "not entitled"  # admitted, but the poll is for other levels
    BAD = "bad"


@dataclass(frozen=True)
class Ballot:
    """One person's choice or words, on their way to the sums. Never stored, never logged."""

    person: int
    stage: int
    poll: int
    choices: tuple[int, ...] = ()
    words: tuple[str, ...] = ()  # of a word cloud

    def __repr__(self) -> str:
        return "Ballot(…)"


@transaction.atomic
def create_poll(
    *,
    stage: Stage,
    text: str,
    answers: Sequence[str] = (),
    kind: str = Poll.Kind.SINGLE,
    min_choices: int = 1,
    max_choices: int = 1,
    results_show: str = Poll.Shows.LIVE,
    minutes: int | None = None,
    secret: bool = True,
    levels: Sequence[str] = (),
    session: Session | None = None,
    follows: Poll | None = None,
    key: UUID | None = None,
    now: datetime,
    by: User | None = None,
) -> Poll:
    """Prepare a poll. The same `key` again gives the poll that is there. Raises `TooFewAnswers`."""
    if kind == Poll.Kind.WORD_CLOUD:
        answers = ()
    elif len(answers) < 2:
        raise TooFewAnswers
    poll, created = Poll.objects.get_or_create(
        key=key or uuid4(),
        defaults={
            "edition_id": stage.edition_id,
            "stage": stage,
            "session": session,
            "kind": kind,
            "text": text,
            "min_choices": min_choices,
            "max_choices": max_choices,
            "results_show": results_show,
            "minutes": minutes,
            "secret": secret,
            "levels": list(levels),
            "follows": follows,
            "round": follows.round + 1 if follows is not None else 1,
        },
    )
    if created:
        _write_answers(poll, answers)
        journal.note("poll.prepared", edition=stage.edition, now=now, by=by, target=poll)
    return poll


@transaction.atomic
def edit_draft(
    *,
    poll: Poll,
    text: str,
    answers: Sequence[str],
    kind: str,
    min_choices: int,
    max_choices: int,
    results_show: str,
    minutes: int | None,
    secret: bool = True,
    levels: Sequence[str] = (),
    now: datetime,
    by: User | None = None,
) -> None:
    """Change a prepared poll. Raises `NotPrepared` once it has been opened, `TooFewAnswers`."""
    if kind == Poll.Kind.WORD_CLOUD:
        answers = ()
    elif len(answers) < 2:
        raise TooFewAnswers
    draft = _locked_draft(poll)
    draft.text, draft.kind, draft.results_show, draft.minutes = text, kind, results_show, minutes
    draft.min_choices, draft.max_choices = min_choices, max_choices
    draft.secret, draft.levels = secret, list(levels)
    draft.save()
    Option.objects.filter(poll=draft).delete()
    _write_answers(draft, answers)
    journal.note("poll.edited", edition=poll.edition, now=now, by=by, target=poll)
    poll.refresh_from_db()


@transaction.atomic
def next_round(*, poll: Poll, now: datetime, by: User | None = None) -> Poll:
    """Prepare the same question again, after it was talked about: both results stand side by side.

    Raises `NotClosed` or `HasNextRound`.
    """
    row = Poll.objects.select_for_update().get(pk=poll.pk)
    if not row.is_done:
        raise NotClosed
    if Poll.objects.filter(follows=row).exists():
        raise HasNextRound
    return copy_poll(poll=poll, follows=row, now=now, by=by)


@transaction.atomic
def copy_poll(
    *,
    poll: Poll,
    follows: Poll | None = None,
    key: UUID | None = None,
    now: datetime,
    by: User | None = None,
) -> Poll:
    """Prepare the same again, without its votes. The same `key` again gives the copy that is there."""
    return create_poll(
        stage=poll.stage,
        text=poll.text,
        answers=list(poll.options.order_by("position", "pk").values_list("text", flat=True)),
        kind=poll.kind,
        min_choices=poll.min_choices,
        max_choices=poll.max_choices,
        results_show=poll.results_show,
        minutes=poll.minutes,
        secret=poll.secret,
        levels=poll.levels,
        session=poll.session,
        follows=follows,
        key=key,
        now=now,
        by=by,
    )


def _write_answers(poll: Poll, answers: Sequence[str]) -> None:
    Option.objects.bulk_create(
        Option(poll=poll, text=answer, position=position) for position, answer in enumerate(answers)
    )


def _locked_draft(poll: Poll) -> Poll:
    """The poll's row, ours until the end of the transaction. Raises `NotPrepared`."""
    draft = Poll.objects.select_for_update().filter(pk=poll.pk, state=Poll.State.DRAFT).first()
    if draft is None:
        raise NotPrepared
    return draft


@transaction.atomic
def open_poll(*, poll: Poll, now: datetime, by: User | None = None) -> None:
    """Ask the audience. From here on kind, secrecy, answers and the levels told apart are fixed.

    Raises `NotPrepared`, `AnotherPollIsOpen` or `TooFewAnswers`.
    """
    # As it stands now: somebody may have edited it since the page with the button was opened.
    draft = _locked_draft(poll)
    options = list(Option.objects.filter(poll=poll).order_by("pk"))
    if len(options) < 2 and not draft.is_word_cloud:
        raise TooFewAnswers
    ends_at = now + timedelta(minutes=draft.minutes) if draft.minutes else None
    try:
        with transaction.atomic():
            Poll.objects.filter(pk=poll.pk).update(
                state=Poll.State.OPEN,
                opened_at=now,
                ends_at=ends_at,
                session=draft.session_id or _on_air(poll, now),
            )
    except IntegrityError as error:
        raise AnotherPollIsOpen from error
    levels = queries.levels_told_apart(poll.edition, among=draft.levels)
    Turnout.objects.bulk_create(Turnout(poll=poll, level=level) for level in levels)
    Tally.objects.bulk_create(
        Tally(poll=poll, option=option, level=level) for option in options for level in levels
    )
    _show(poll.stage_id, active_poll=poll)
    journal.note("poll.opened", edition=poll.edition, now=now, by=by, target=poll)
    poll.refresh_from_db()


def _on_air(poll: Poll, now: datetime) -> int | None:
    """The session it is asked in: its result stands there later."""
    stage = poll.stage
    stage.edition = poll.edition
    session = stage_now(stage, now).session
    return session.pk if session is not None else None


@transaction.atomic
def close_poll(*, poll: Poll, now: datetime, by: User | None = None) -> None:
    """Take no more votes and fix the result. Twice does no harm: the first one's result stands.

    Raises `NotOpen` for a poll that never was.
    """
    _first_in_the_queue(poll.pk)
    # First the row: it waits for the batches that are being counted, and those after it find the poll closed.
    changed = Poll.objects.filter(pk=poll.pk, state=Poll.State.OPEN).update(
        state=Poll.State.CLOSED, closed_at=now, result={}
    )
    poll.refresh_from_db()
    if not changed:
        if poll.is_draft:
            raise NotOpen
        return
    fix_result(poll)
    _show(poll.stage_id)
    journal.note("poll.closed", edition=poll.edition, now=now, by=by, target=poll)


def fix_result(poll: Poll) -> None:
    """Keep the sums as they are announced; nobody votes any more."""
    results, _answers = queries.results(poll.pk)
    poll.result = {
        "total": results.total,
        "counts": {str(answer): count for answer, count in results.counts.items()},
    }
    poll.save(update_fields=["result"])


@transaction.atomic
def reopen_poll(*, poll: Poll, now: datetime, by: User | None = None) -> None:
    """Take votes again, until a person closes it. Raises `NotClosed`, `ResultWasSeen` or `AnotherPollIsOpen`.

    Whoever has seen how others voted votes differently: then it is another poll, by `copy_poll`.
    """
    _first_in_the_queue(poll.pk)
    row = Poll.objects.select_for_update().get(pk=poll.pk)
    if not row.is_closed:
        raise NotClosed
    if not row.is_unseen:
        raise ResultWasSeen
    try:
        with transaction.atomic():
            Poll.objects.filter(pk=poll.pk).update(
                state=Poll.State.OPEN, closed_at=None, ends_at=None, result=None
            )
    except IntegrityError as error:
        raise AnotherPollIsOpen from error
    _show(poll.stage_id, active_poll=poll)
    journal.note("poll.reopened", edition=poll.edition, now=now, by=by, target=poll)
    poll.refresh_from_db()


@transaction.atomic
def publish_poll(*, poll: Poll, now: datetime, by: User | None = None) -> None:
    """Show the result to everybody; on the stage, unless another poll is open there. Raises `NotClosed`."""
    changed = Poll.objects.filter(pk=poll.pk, state=Poll.State.CLOSED).update(
        state=Poll.State.PUBLISHED
    )
    poll.refresh_from_db()
    if not changed:
        if poll.state == Poll.State.PUBLISHED:
            return
        raise NotClosed
    if Poll.objects.open().filter(stage_id=poll.stage_id).exists():
        _show(poll.stage_id)
    else:
        _show(poll.stage_id, active_poll=poll)
    journal.note("poll.published", edition=poll.edition, now=now, by=by, target=poll)


@transaction.atomic
def show_poll(*, poll: Poll, now: datetime, by: User | None = None) -> None:
    """Bring a closed or published poll to the stage again; it stays as it is.

    Raises `NotClosed`, or `AnotherPollIsOpen`.
    """
    row = Poll.objects.select_for_update().get(pk=poll.pk)
    if row.is_draft or row.is_open:
        raise NotClosed
    if Poll.objects.open().filter(stage_id=poll.stage_id).exists():
        raise AnotherPollIsOpen
    _show(poll.stage_id, active_poll=row)
    journal.note("poll.shown_again", edition=poll.edition, now=now, by=by, target=poll)


@transaction.atomic
def show_interim(*, poll: Poll, shown: bool, now: datetime, by: User | None = None) -> None:
    """Let the audience see how it votes while the poll is open, or only once it is closed. Raises `NotOpen`."""
    _first_in_the_queue(poll.pk)
    shows = Poll.Shows.LIVE if shown else Poll.Shows.ON_CLOSE
    if not Poll.objects.filter(pk=poll.pk, state=Poll.State.OPEN).update(results_show=shows):
        raise NotOpen
    _show(poll.stage_id)
    journal.note("poll.interim", edition=poll.edition, now=now, by=by, target=poll, shown=shown)
    poll.refresh_from_db()


@transaction.atomic
def clear_stage(*, stage: Stage, now: datetime, by: User | None = None) -> None:
    """Take the poll off the stage; it stays as it is. Raises `AnotherPollIsOpen` while it is open."""
    if Poll.objects.open().filter(stage=stage).exists():
        raise AnotherPollIsOpen
    _show(stage.pk, active_poll=None)
    journal.note("stage.cleared", edition=stage.edition, now=now, by=by, target=stage)


@transaction.atomic
def delete_draft(*, poll: Poll, now: datetime, by: User | None = None) -> None:
    """Throw a prepared poll away. Raises `NotPrepared` once it has been opened."""
    _locked_draft(poll)
    journal.note("poll.thrown_away", edition=poll.edition, now=now, by=by, target=poll)
    poll.delete()


@transaction.atomic
def say_on_stage(*, stage: Stage, now: datetime, by: User | None = None, **said: Any) -> None:
    """Set what a stage shows: `phase`, `source`, `overlay`, `announcement`."""
    _show(stage.pk, **said)
    journal.note("stage.changed", edition=stage.edition, now=now, by=by, target=stage, **said)


def turn_page(stage_id: int) -> None:
    """Something that the stage shows changed elsewhere: count its version up and tell everybody."""
    _show(stage_id)


def cast_votes(ballots: Sequence[Ballot]) -> list[Outcome]:
    """Count ballots; one outcome for each, in order. What it says is committed when it returns.

    Each poll's ballots are one transaction. A second ballot of a person, in this batch or ever, is `ALREADY`.
    """
    outcomes: list[Outcome | None] = [None] * len(ballots)
    polls: dict[int, list[int]] = {}
    for number, ballot in enumerate(ballots):
        polls.setdefault(ballot.poll, []).append(number)
    for poll_id in sorted(polls):
        batch = [(number, ballots[number]) for number in polls[poll_id]]
        for number, outcome in _count(poll_id, batch).items():
            outcomes[number] = outcome
    return [outcome or Outcome.NOT_FOUND for outcome in outcomes]


# A queue in front of the poll's row. Its share lock alone lets new batches pass whoever waits to close, for as long as
# batches overlap: eight writers held a close up for four seconds, until the last vote was in.
_QUEUES = 7 * 10**18  # a range of keys of our own
_QUEUE = "SELECT pg_advisory_xact_lock_shared(%(queue)s)"

# Closing is an UPDATE of this row: it waits until we have committed, and who comes after it finds the poll closed.
# (FOR KEY SHARE would not make it wait.) Outside the days of the congress only those vote who rehearse.
_POLL = f"""
SELECT p.stage_id, p.edition_id, p.state, p.min_choices, p.max_choices,
       p.ends_at IS NOT NULL AND p.ends_at <= statement_timestamp() + e.clock_shift,
       {IS_RUNNING},
       ARRAY(SELECT o.id FROM polls_option o WHERE o.poll_id = p.id),
       p.kind, p.secret, p.levels
FROM polls_poll p JOIN congress_edition e ON e.id = p.edition_id
WHERE p.id = %(poll)s
FOR SHARE OF p
"""  # noqa: S608  # a constant of ours
# In the order of people: two tabs of two people on two processes cannot wait for each other.
_PARTICIPATE = """
WITH voters AS (
    SELECT a.person_id,
           CASE WHEN EXISTS (
               SELECT 1 FROM polls_turnout t WHERE t.poll_id = %(poll)s AND t.level = a.level
           ) THEN a.level ELSE %(other)s END AS level,
           cardinality(%(levels)s::text[]) = 0 OR a.level = ANY(%(levels)s) AS entitled
    FROM congress_admission a JOIN congress_edition e ON e.id = a.edition_id
    WHERE a.edition_id = %(edition)s AND a.person_id = ANY(%(people)s) AND a.kind = ANY(%(kinds)s)
      AND a.revoked_at IS NULL
      AND (a.valid_until IS NULL OR a.valid_until > statement_timestamp() + e.clock_shift)
), counted AS (
    INSERT INTO polls_participation (poll_id, person_id)
    SELECT %(poll)s, person_id FROM voters WHERE entitled ORDER BY person_id
    ON CONFLICT DO NOTHING
    RETURNING person_id
)
SELECT v.person_id, CASE WHEN v.entitled THEN v.level END, c.person_id IS NOT NULL
FROM voters v LEFT JOIN counted c USING (person_id)
"""
_TOOK_PART = """
SELECT person_id FROM polls_participation WHERE poll_id = %(poll)s AND person_id = ANY(%(people)s)
"""
# Ordered: batches of two processes take the rows one after the other.
_TALLIES = "SELECT 1 FROM polls_tally WHERE poll_id = %(poll)s ORDER BY option_id, level FOR UPDATE"
# All rows, also those that nobody chose: one that changed alone would name its last voter by xmin.
_COUNT = """
UPDATE polls_tally t SET count = t.count + coalesce(
    (SELECT x.more FROM unnest(%(options)s::bigint[], %(option_levels)s::text[], %(chosen)s::int[])
     AS x(option_id, level, more) WHERE x.option_id = t.option_id AND x.level = t.level), 0)
WHERE t.poll_id = %(poll)s
"""
# The turnouts stand for the words: who holds their rows may rewrite all, and finds those of the batch before.
_WORDS = """
SELECT 1 FROM polls_turnout WHERE poll_id = %(poll)s ORDER BY level FOR UPDATE
"""
# Together and in random order: a row that came alone, or last, would name who wrote the word.
_WRITE = """
WITH before AS (DELETE FROM polls_word WHERE poll_id = %(poll)s RETURNING spelling, count)
INSERT INTO polls_word (poll_id, spelling, count)
SELECT %(poll)s, w.spelling, sum(w.count) FROM (
    SELECT spelling, count FROM before
    UNION ALL SELECT spelling, count FROM unnest(%(spellings)s::text[], %(written)s::int[]) AS x(spelling, count)
) w GROUP BY w.spelling ORDER BY random()
"""
_TURNOUT = """
UPDATE polls_turnout t SET rev = t.rev + 1, count = t.count + coalesce(
    (SELECT x.more FROM unnest(%(levels)s::text[], %(voters)s::int[]) AS x(level, more) WHERE x.level = t.level), 0)
WHERE t.poll_id = %(poll)s
"""


def _count(poll_id: int, batch: list[tuple[int, Ballot]]) -> dict[int, Outcome]:
    """The batch of one poll, in one transaction."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"{_QUEUE}; {_POLL}", {"poll": poll_id, "queue": _QUEUES + poll_id})
        row = cursor.fetchone()
        if row is None or row[2] == Poll.State.DRAFT:
            return {number: Outcome.NOT_FOUND for number, _ballot in batch}
        stage_id, edition_id, state, least, most, is_over, is_running, options, kind = row[:9]
        secret, for_levels = row[9:]
        outcomes: dict[int, Outcome] = {}
        first: dict[int, tuple[int, Ballot]] = {}  # person → the ballot that may count
        again: list[tuple[int, Ballot]] = []
        for number, ballot in batch:
            if ballot.stage != stage_id or not _answers_to(ballot, kind, options):
                outcomes[number] = Outcome.NOT_FOUND
            elif not least <= len(set(ballot.choices) or ballot.words) <= most:
                outcomes[number] = Outcome.BAD
            elif ballot.person in first:
                again.append((number, ballot))
            else:
                first[ballot.person] = (number, ballot)
        people = sorted(first)
        late = people
        if state == Poll.State.OPEN and not is_over and people:
            kinds = Admission.MAY_VOTE if is_running else Admission.MAY_VOTE & Admission.AT_ANY_TIME
            cursor.execute(
                _PARTICIPATE,
                {
                    "poll": poll_id,
                    "edition": edition_id,
                    "people": people,
                    "kinds": sorted(kinds),
                    "other": Level.OTHER,
                    "levels": for_levels,
                },
            )
            entitled = {person: (level, new) for person, level, new in cursor.fetchall()}
            late = [] if is_running else [person for person in people if person not in entitled]
            chosen: dict[tuple[int, str], int] = {}
            written: dict[str, int] = {}
            voters: dict[str, int] = {}
            for person, (number, ballot) in first.items():
                level, new = entitled.get(person, ("", None))
                if new is None:
                    outcomes[number] = Outcome.NOT_ADMITTED
                elif level is None:
                    outcomes[number] = Outcome.NOT_ENTITLED
                elif not new:
                    outcomes[number] = Outcome.ALREADY
                else:
                    outcomes[number] = Outcome.COUNTED
                    voters[level] = voters.get(level, 0) + 1
                    for option in set(ballot.choices):
                        chosen[option, level] = chosen.get((option, level), 0) + 1
                    for word in ballot.words:
                        written[word] = written.get(word, 0) + 1
            if voters and kind == Poll.Kind.WORD_CLOUD:
                _rewrite_words(cursor, poll_id, written, voters)
            elif voters:
                _raise_sums(cursor, poll_id, chosen, voters)
            if voters and not secret:
                Vote.objects.bulk_create(
                    Vote(
                        poll_id=poll_id,
                        person_id=person,
                        choices=sorted(set(ballot.choices)),
                        words=list(ballot.words),
                    )
                    for person, (number, ballot) in first.items()
                    if outcomes[number] is Outcome.COUNTED
                )
        if late:
            # A retry of what was counted in time is still answered so.
            cursor.execute(_TOOK_PART, {"poll": poll_id, "people": late})
            took_part = {person for (person,) in cursor.fetchall()}
            for person in late:
                outcomes[first[person][0]] = (
                    Outcome.ALREADY if person in took_part else Outcome.CLOSED
                )
        for number, ballot in again:
            same = outcomes[first[ballot.person][0]]
            outcomes[number] = Outcome.ALREADY if same is Outcome.COUNTED else same
    return outcomes


def _raise_sums(
    cursor: Any, poll_id: int, chosen: dict[tuple[int, str], int], voters: dict[str, int]
) -> None:
    # One way to the database and back: other batches wait for these rows.
    cursor.execute(
        f"{_TALLIES}; {_COUNT}; {_TURNOUT}",
        {
            "poll": poll_id,
            "options": [option for option, _level in chosen],
            "option_levels": [level for _option, level in chosen],
            "chosen": list(chosen.values()),
            "levels": list(voters),
            "voters": list(voters.values()),
        },
    )


def _answers_to(ballot: Ballot, kind: str, options: Sequence[int]) -> bool:
    """Whether this is an answer to the poll: words to a word cloud, its own options to all others."""
    if kind == Poll.Kind.WORD_CLOUD:
        return not ballot.choices
    return not ballot.words and set(ballot.choices) <= set(options)


def _rewrite_words(
    cursor: Any, poll_id: int, written: dict[str, int], voters: dict[str, int]
) -> None:
    cursor.execute(
        f"{_WORDS}; {_WRITE}; {_TURNOUT}",
        {
            "poll": poll_id,
            "spellings": list(written),
            "written": list(written.values()),
            "levels": list(voters),
            "voters": list(voters.values()),
        },
    )


def _first_in_the_queue(poll_id: int) -> None:
    """The next to touch the poll, after the batches that are being counted; until the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_QUEUES + poll_id])


def turn_results(poll: Poll) -> None:
    """The results read differently, though nobody voted: one version further, all rows together."""
    Turnout.objects.filter(poll=poll).update(rev=F("rev") + 1)
    if poll.is_open:
        transaction.on_commit(lambda: live.stage_changed(poll.stage_id))
    elif not poll.is_draft:
        fix_result(poll)
        _show(poll.stage_id)


def _show(stage_id: int, **said: Any) -> None:
    """One version further, with what was said; told when it is committed."""
    if not StageState.objects.filter(stage_id=stage_id).update(seq=F("seq") + 1, **said):
        StageState.objects.create(stage_id=stage_id, **said)
    transaction.on_commit(lambda: live.stage_changed(stage_id))
