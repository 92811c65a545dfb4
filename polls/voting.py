"""From a frame to the sums: what the socket and its HTTP twin share. Both use one queue and one writer per process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import TimeoutError as Late
from typing import Any

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
from polls import actions, live
from polls.actions import Ballot, Outcome
from polls.models import OPTION_LIMIT

MOST_CHOICES = 50
QUESTION_LIMIT = 1000
COMMENT_LIMIT = 1000
LONGEST_CODE = 12
LARGEST_NUMBER = 2**63
ANSWER_SECONDS = 5.0  # how long a page waits for its vote

VOTE = Shape(
    required={"poll": a_number},
    optional={"choices": different_numbers(MOST_CHOICES), "words": lines(3, OPTION_LIMIT)},
    either=("choices", "words"),
)
ASK = Shape(required={"text": a_paragraph(QUESTION_LIMIT)}, optional={"named": yes_or_no})
SUPPORT = Shape(required={"question": a_number})
RATE = Shape(
    required={"session": a_line(LONGEST_CODE), "stars": a_number_from(1, 5)},
    optional={"comment": a_paragraph(COMMENT_LIMIT, empty=True)},
)
SHAPES: Mapping[str, Shape] = {"vote": VOTE, "ask": ASK, "support": SUPPORT, "rate": RATE}

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
    live.voted([(ballot.person, ballot.stage, ballot.poll) for ballot in counted])


counter: Batcher[Ballot, Outcome] = Batcher(
    "votes",
    actions.cast_votes,
    one_by_one=lambda ballot: actions.cast_votes([ballot])[0],
    after=_told,
)


def ballot_of(
    frame: Mapping[str, Any], *, person: int, stage: int, may_vote: bool, is_press: bool
) -> Ballot:
    """The ballot in a frame. Raises `Declined`."""
    must_be_entitled(may_vote=may_vote, is_press=is_press)
    if not 0 < frame["poll"] < LARGEST_NUMBER:
        raise Declined("not_found")
    if "words" in frame or "choices" not in frame:
        raise Declined("not_found" if "choices" not in frame else "bad_frame")
    if not all(0 < choice < LARGEST_NUMBER for choice in frame["choices"]):
        raise Declined("not_found")
    return Ballot(person, stage, frame["poll"], tuple(frame["choices"]))


def must_be_entitled(*, may_vote: bool, is_press: bool) -> None:
    """Raises `Declined`: the press watches and reads, others need an admission."""
    if not may_vote:
        raise Declined("forbidden" if is_press else "not_admitted")


async def cast(ballot: Ballot) -> bool:
    """Count it; whether it was counted before. Raises `Declined` or `Busy`."""
    return judged(await counter.ask(ballot))


def cast_and_wait(ballot: Ballot) -> bool:
    """The same for a page."""
    try:
        return judged(counter.submit(ballot).result(timeout=ANSWER_SECONDS))
    except Late as error:
        raise Busy from error


def judged(outcome: Outcome) -> bool:
    if outcome in _CODES:
        raise Declined(_CODES[outcome])
    return outcome is Outcome.ALREADY


def decline_unasked(kind: str) -> None:
    """What stages do not take at the moment. Raises `Declined`."""
    # No stage takes questions, so there is none to support; sessions are rated where they are shown for it.
    raise Declined("forbidden" if kind == "ask" else "not_found")
