"""Polls for tests."""

from congress.models import Stage
from polls import actions
from polls.models import Poll, Question
from programme.queries import stage_now
from tests.factories import NOW, make_admission, make_edition, make_stage


def make_live_stage(**fields) -> Stage:
    return make_stage(make_edition(at=NOW), **fields)


def make_poll(
    stage: Stage | None = None, *, answers=("Ja", "Nein", "Vielleicht"), **fields
) -> Poll:
    stage = stage or make_live_stage()
    values = {"text": "Wie weit sind Sie?", "now": stage.edition.now()}
    return actions.create_poll(stage=stage, answers=answers, **values | fields)


def make_open_poll(stage: Stage | None = None, **fields) -> Poll:
    poll = make_poll(stage, **fields)
    actions.open_poll(poll=poll, now=poll.edition.now())
    return poll


def make_question(stage: Stage, **fields) -> Question:
    """Asked about what is on, without a name, unless said otherwise."""
    values = {"text": "Wann geht es weiter?", "asked_at": NOW}
    if "session" not in fields:
        values["session"] = stage_now(stage, NOW).session
    return Question.objects.create(edition=stage.edition, stage=stage, **values | fields)


def option_ids(poll: Poll) -> list[int]:
    return list(poll.options.order_by("position").values_list("pk", flat=True))


def make_voters(stage: Stage, count: int, **fields) -> list[int]:
    """Ids of admitted people."""
    return [make_admission(stage.edition, **fields).person_id for _ in range(count)]


def vote(poll: Poll, person: int, *choices: int) -> actions.Outcome:
    return actions.cast_votes([actions.Ballot(person, poll.stage_id, poll.pk, choices)])[0]
