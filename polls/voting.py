"""From a frame to the sums: what the socket and its HTTP twin share. Both use one queue and one writer per process."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as Late
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db import DatabaseError, connection
from django.utils.translation import gettext_lazy as _

from congress.live.batches import Batcher, Busy
from congress.live.frames import (
    Shape,
    a_line,
    a_number,
    a_number_from,
    a_paragraph,
    different_numbers,
    lines,
    yes_or_no,
)
from congress.live.sockets import Declined
from congress.models import Edition, Stage, User
from polls import actions, asking, live, rating
from polls.actions import Ballot, Outcome
from polls.asking import Backed, Backing
from polls.models import MOST_WORDS, WORD_LIMIT
from polls.own import Own
from polls.rating import Judged, Rating
from polls.words import different

T = TypeVar("T")

MOST_CHOICES = 50
QUESTION_LIMIT = 1000
COMMENT_LIMIT = 1000
LONGEST_CODE = 12
LARGEST_NUMBER = 2**63
ANSWER_SECONDS = 5.0  # how long a page waits for its vote
# Words are written at ticks of their own: many people's together, so that no moment names who wrote one.
WORDS_SECONDS = 1.0
MOST_WORDS_WAITING = 20_000
SUPPORT_SECONDS = 1.0  # the list of questions goes out at most so often for support alone

VOTE = Shape(
    required={"poll": a_number},
    optional={"choices": different_numbers(MOST_CHOICES), "words": lines(MOST_WORDS, WORD_LIMIT)},
    either=("choices", "words"),
)
ASK = Shape(required={"text": a_paragraph(QUESTION_LIMIT)}, optional={"named": yes_or_no})
SUPPORT = Shape(required={"question": a_number})
RATE = Shape(
    required={"session": a_line(LONGEST_CODE), "stars": a_number_from(1, 5)},
    optional={"comment": a_paragraph(COMMENT_LIMIT, empty=True)},
)
SHAPES: Mapping[str, Shape] = {"vote": VOTE, "ask": ASK, "support": SUPPORT, "rate": RATE}

_NOT_ENTITLED = _("This poll is for other levels of administration than yours.")
_CODES = {
    Outcome.CLOSED: "poll_closed",
    Outcome.NOT_FOUND: "not_found",
    Outcome.NOT_ADMITTED: "not_admitted",
    Outcome.BAD: "bad_frame",
}


def _told(ballots: Sequence[Ballot], outcomes: Sequence[Outcome | Busy]) -> None:
    """After a batch: the stages show new sums, and whoever voted sees it on their other pages."""
    counted = [
        ballot
        for ballot, outcome in zip(ballots, outcomes, strict=True)
        if outcome is Outcome.COUNTED
    ]
    for stage in {ballot.stage for ballot in counted}:
        live.stage_changed(stage)
    live.theirs([(ballot.person, ballot.stage, Own(voted={ballot.poll})) for ballot in counted])


counter: Batcher[Ballot, Outcome] = Batcher(
    "votes",
    actions.cast_votes,
    one_by_one=lambda ballot: actions.cast_votes([ballot])[0],
    after=_told,
)

# Never before its tick, however many wait; never one by one: where the whole fails, everybody is asked again.
scribe: Batcher[Ballot, Outcome] = Batcher(
    "words",
    actions.cast_votes,
    after=_told,
    wait=WORDS_SECONDS,
    size=MOST_WORDS_WAITING + 1,
    most=MOST_WORDS_WAITING,
    limit=MOST_WORDS_WAITING,
)


def ballot_of(
    frame: Mapping[str, Any], *, person: int, stage: int, may_vote: bool, is_press: bool
) -> Ballot:
    """The ballot in a frame. Raises `Declined`."""
    must_be_entitled(may_vote=may_vote, is_press=is_press)
    if not 0 < frame["poll"] < LARGEST_NUMBER:
        raise Declined("not_found")
    if "words" in frame:
        if "choices" in frame:
            raise Declined("bad_frame")
        return Ballot(person, stage, frame["poll"], words=tuple(different(frame["words"])))
    if not all(0 < choice < LARGEST_NUMBER for choice in frame["choices"]):
        raise Declined("not_found")
    return Ballot(person, stage, frame["poll"], tuple(frame["choices"]))


def _writer(ballot: Ballot) -> Batcher[Ballot, Outcome]:
    return scribe if ballot.words else counter


def must_be_entitled(*, may_vote: bool, is_press: bool) -> None:
    """Raises `Declined`: the press watches and reads, others need an admission."""
    if not may_vote:
        raise Declined("forbidden" if is_press else "not_admitted")


async def cast(ballot: Ballot) -> bool:
    """Count it; whether it was counted before. Raises `Declined` or `Busy`."""
    return judged(await _writer(ballot).ask(ballot))


def cast_and_wait(ballot: Ballot) -> bool:
    """The same for a page."""
    return judged(_result(_writer(ballot).submit(ballot)))


def judged(outcome: Outcome) -> bool:
    if outcome is Outcome.NOT_ENTITLED:
        raise Declined("forbidden", message=_NOT_ENTITLED)
    if outcome in _CODES:
        raise Declined(_CODES[outcome])
    return outcome is Outcome.ALREADY


# --- Questions and ratings ----------------------------------------------------------------------------------

_later: dict[int, threading.Timer] = {}
_later_lock = threading.Lock()


def _questions_moved(stage: int) -> None:
    """Support was counted: the list goes out again, at most once in `SUPPORT_SECONDS`."""

    def tell() -> None:
        with _later_lock:
            _later.pop(stage, None)
        try:
            asking.turn_questions(stage)
        finally:
            connection.close()

    with _later_lock:
        if stage in _later:
            return
        timer = _later[stage] = threading.Timer(SUPPORT_SECONDS, tell)
    timer.daemon = True
    timer.start()


def _backed(backings: Sequence[Backing], outcomes: Sequence[Backed | Busy]) -> None:
    counted = [
        backing
        for backing, outcome in zip(backings, outcomes, strict=True)
        if outcome is Backed.COUNTED
    ]
    for stage in {backing.stage for backing in counted}:
        _questions_moved(stage)
    live.theirs([(one.person, one.stage, Own(supported={one.question})) for one in counted])


def _rated(ratings: Sequence[Rating], outcomes: Sequence[Judged | Busy]) -> None:
    live.theirs(
        [
            (one.person, one.stage, Own(rated={one.session}))
            for one, outcome in zip(ratings, outcomes, strict=True)
            if outcome is Judged.COUNTED
        ]
    )


supporter: Batcher[Backing, Backed] = Batcher(
    "support", asking.back, one_by_one=lambda one: asking.back([one])[0], after=_backed
)
rater: Batcher[Rating, Judged] = Batcher(
    "ratings", rating.rate, one_by_one=lambda one: rating.rate([one])[0], after=_rated
)
_BACKED = {
    Backed.NOT_FOUND: "not_found",
    Backed.OWN: "forbidden",
    Backed.NOT_ADMITTED: "not_admitted",
}
_JUDGED = {
    Judged.NOT_FOUND: "not_found",
    Judged.TOO_SOON: "forbidden",
    Judged.NOT_ADMITTED: "not_admitted",
}


@dataclass(frozen=True)
class Voter:
    """Who speaks, and where: what both doors know of a viewer."""

    person: int
    stage: int
    may_vote: bool
    is_press: bool

    def must_be_entitled(self) -> None:
        must_be_entitled(may_vote=self.may_vote, is_press=self.is_press)


def ask(frame: Mapping[str, Any], voter: Voter) -> tuple[int, str, bool]:
    """Take the question: its number, its state, and whether it was asked before. For a thread. Raises `Declined`."""
    voter.must_be_entitled()
    stage = (
        Stage.objects.select_related("edition", "on_air")
        .annotate(clock=Edition.edition_now("edition__"))
        .get(pk=voter.stage)
    )
    try:
        asked = asking.ask(
            stage=stage,
            person=User.objects.get(pk=voter.person),
            text=frame["text"],
            named=bool(frame.get("named", False)),
            now=stage.clock,
        )
    except asking.QuestionsAreClosed as error:
        raise Declined("forbidden") from error
    except asking.TooManyQuestions as error:
        raise Declined("too_fast", retry_after_ms=60_000) from error
    except DatabaseError as error:
        raise Busy from error
    return asked.question.pk, asked.question.state, asked.already


def backing_of(frame: Mapping[str, Any], voter: Voter) -> Backing:
    """Raises `Declined`."""
    voter.must_be_entitled()
    if not 0 < frame["question"] < LARGEST_NUMBER:
        raise Declined("not_found")
    return Backing(voter.person, voter.stage, frame["question"])


def rating_of(frame: Mapping[str, Any], voter: Voter) -> Rating:
    """Raises `Declined`."""
    voter.must_be_entitled()
    return Rating(
        voter.person, voter.stage, frame["session"], frame["stars"], frame.get("comment", "")
    )


async def support(backing: Backing) -> bool:
    """Whether it was counted before. Raises `Declined` or `Busy`."""
    return _was_already(await supporter.ask(backing), _BACKED, Backed.ALREADY)


async def rate(rated: Rating) -> bool:
    return _was_already(await rater.ask(rated), _JUDGED, Judged.ALREADY)


def support_and_wait(backing: Backing) -> bool:
    """The same for a page."""
    return _was_already(_result(supporter.submit(backing)), _BACKED, Backed.ALREADY)


def rate_and_wait(rated: Rating) -> bool:
    return _was_already(_result(rater.submit(rated)), _JUDGED, Judged.ALREADY)


def _was_already(outcome: Any, codes: Mapping[Any, str], already: Any) -> bool:
    if outcome in codes:
        raise Declined(codes[outcome])
    return outcome is already


def _result(future: Future[T]) -> T:
    try:
        return future.result(timeout=ANSWER_SECONDS)
    except Late as error:
        raise Busy from error
