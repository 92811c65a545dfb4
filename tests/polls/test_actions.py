"""Preparing, opening, counting, closing and publishing polls."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from congress.models import JournalEntry, Level
from polls import actions, queries
from polls.actions import Ballot, Outcome
from polls.models import Option, Participation, Poll, StageState, Tally, Turnout
from polls.tasks import close_due_polls
from tests.factories import NOW, make_admission, make_stage, set_clock
from tests.polls.factories import (
    make_live_stage,
    make_open_poll,
    make_poll,
    make_voters,
    option_ids,
    vote,
)

pytestmark = pytest.mark.django_db


def counts(poll):
    found, _answers = queries.results(poll.pk)
    return found.total, list(found.counts.values())


def test_the_same_key_makes_one_poll():
    stage = make_live_stage()
    first = make_poll(stage)

    second = actions.create_poll(
        stage=stage, text="Noch einmal?", answers=["a", "b"], key=first.key, now=NOW
    )

    assert second == first
    assert Poll.objects.count() == 1
    assert Option.objects.count() == 3


def test_a_poll_needs_two_answers():
    with pytest.raises(actions.TooFewAnswers):
        make_poll(answers=["nur eine"])


def test_opening_shows_the_poll_on_its_stage():
    poll = make_poll()
    before = StageState.objects.get(stage=poll.stage).seq

    actions.open_poll(poll=poll, now=NOW)

    state = StageState.objects.get(stage=poll.stage)
    assert state.active_poll == poll
    assert state.seq == before + 1
    assert poll.is_open
    assert JournalEntry.objects.filter(verb="poll.opened").count() == 1


def test_only_one_poll_is_open_on_a_stage():
    stage = make_live_stage()
    make_open_poll(stage)
    second = make_poll(stage)

    with pytest.raises(actions.AnotherPollIsOpen):
        actions.open_poll(poll=second, now=NOW)

    second.refresh_from_db()
    assert second.is_draft


def test_a_poll_is_opened_once():
    poll = make_open_poll()

    with pytest.raises(actions.NotPrepared):
        actions.open_poll(poll=poll, now=NOW)


def test_levels_without_a_crowd_count_as_other():
    stage = make_live_stage()
    make_voters(stage, 5, level=Level.KOMMUNE)
    make_voters(stage, 4, level=Level.BUND)
    make_voters(stage, 6, level=Level.LAND, kind="press")
    poll = make_open_poll(stage)

    assert sorted(Turnout.objects.filter(poll=poll).values_list("level", flat=True)) == [
        "kommune",
        "other",
    ]
    assert Tally.objects.filter(poll=poll).count() == 3 * 2


def test_a_vote_counts_for_the_level_of_its_voter():
    stage = make_live_stage()
    first, *_ = make_voters(stage, 5, level=Level.KOMMUNE)
    lonely = make_admission(stage.edition, level=Level.BUND).person_id
    poll = make_open_poll(stage)
    yes, _no, _perhaps = option_ids(poll)

    assert vote(poll, first, yes) is Outcome.COUNTED
    assert vote(poll, lonely, yes) is Outcome.COUNTED

    chosen = Tally.objects.filter(poll=poll, option_id=yes).values_list("level", "count")
    assert sorted(chosen) == [("kommune", 1), ("other", 1)]


def test_a_second_vote_is_answered_and_not_counted():
    stage = make_live_stage()
    (person,) = make_voters(stage, 1)
    poll = make_open_poll(stage)
    yes, no, _perhaps = option_ids(poll)

    assert vote(poll, person, yes) is Outcome.COUNTED
    assert vote(poll, person, no) is Outcome.ALREADY

    assert counts(poll) == (1, [1, 0, 0])


def test_two_ballots_of_a_person_in_one_batch_count_once():
    stage = make_live_stage()
    (person,) = make_voters(stage, 1)
    poll = make_open_poll(stage)
    yes, no, _perhaps = option_ids(poll)

    outcomes = actions.cast_votes(
        [Ballot(person, stage.pk, poll.pk, (yes,)), Ballot(person, stage.pk, poll.pk, (no,))]
    )

    assert outcomes == [Outcome.COUNTED, Outcome.ALREADY]
    assert counts(poll) == (1, [1, 0, 0])


def test_several_answers_count_one_person():
    stage = make_live_stage()
    (person,) = make_voters(stage, 1)
    poll = make_open_poll(stage, kind="multiple", max_choices=2)
    yes, no, perhaps = option_ids(poll)

    assert vote(poll, person, yes, no, perhaps) is Outcome.BAD
    assert vote(poll, person, yes, no) is Outcome.COUNTED

    assert counts(poll) == (1, [1, 1, 0])


def test_one_answer_means_one():
    stage = make_live_stage()
    (person,) = make_voters(stage, 1)
    poll = make_open_poll(stage)
    yes, no, _perhaps = option_ids(poll)

    assert vote(poll, person, yes, no) is Outcome.BAD

    assert counts(poll) == (0, [0, 0, 0])


def test_an_option_of_another_poll_is_not_found():
    stage = make_live_stage()
    (person,) = make_voters(stage, 1)
    poll, other = make_open_poll(stage), make_poll(stage)

    assert vote(poll, person, option_ids(other)[0]) is Outcome.NOT_FOUND
    assert not Participation.objects.exists()


def test_a_poll_of_another_stage_is_not_found():
    stage = make_live_stage()
    (person,) = make_voters(stage, 1)
    poll = make_open_poll(stage)
    elsewhere = make_stage(stage.edition)

    ballot = Ballot(person, elsewhere.pk, poll.pk, (option_ids(poll)[0],))

    assert actions.cast_votes([ballot]) == [Outcome.NOT_FOUND]


def test_a_prepared_poll_is_not_found():
    stage = make_live_stage()
    (person,) = make_voters(stage, 1)
    poll = make_poll(stage)

    assert vote(poll, person, option_ids(poll)[0]) is Outcome.NOT_FOUND


@pytest.mark.parametrize(
    "admission",
    [
        {"kind": "press"},
        {"revoked_at": NOW},
        {"valid_until": NOW - timedelta(minutes=1)},
    ],
)
def test_only_an_admission_in_force_that_may_vote_is_counted(admission):
    stage = make_live_stage()
    (person,) = make_voters(stage, 1, **admission)
    poll = make_open_poll(stage)

    assert vote(poll, person, option_ids(poll)[0]) is Outcome.NOT_ADMITTED
    assert not Participation.objects.exists()


def test_an_admission_of_another_edition_does_not_count():
    poll = make_open_poll()
    stranger = make_admission().person_id

    assert vote(poll, stranger, option_ids(poll)[0]) is Outcome.NOT_ADMITTED


def test_a_closed_poll_takes_no_votes_but_knows_whom_it_counted():
    stage = make_live_stage()
    first, second = make_voters(stage, 2)
    poll = make_open_poll(stage)
    yes, *_ = option_ids(poll)
    vote(poll, first, yes)

    actions.close_poll(poll=poll, now=NOW)

    assert vote(poll, second, yes) is Outcome.CLOSED
    assert vote(poll, first, yes) is Outcome.ALREADY
    assert poll.result == {
        "total": 1,
        "counts": {str(key): n for key, n in zip(option_ids(poll), [1, 0, 0], strict=True)},
    }


def test_a_poll_whose_time_is_over_takes_no_votes():
    stage = make_live_stage()
    (person,) = make_voters(stage, 1)
    poll = make_open_poll(stage, minutes=1)
    Poll.objects.filter(pk=poll.pk).update(
        opened_at=NOW - timedelta(minutes=2), ends_at=NOW - timedelta(minutes=1)
    )

    assert vote(poll, person, option_ids(poll)[0]) is Outcome.CLOSED


def test_closing_twice_keeps_the_first_result():
    poll = make_open_poll()
    actions.close_poll(poll=poll, now=NOW)
    seq = StageState.objects.get(stage=poll.stage).seq

    actions.close_poll(poll=poll, now=NOW + timedelta(minutes=1))

    assert poll.closed_at == NOW
    assert StageState.objects.get(stage=poll.stage).seq == seq


def test_a_prepared_poll_cannot_be_closed():
    with pytest.raises(actions.NotOpen):
        actions.close_poll(poll=make_poll(), now=NOW)


def test_only_a_closed_poll_is_published():
    poll = make_open_poll()

    with pytest.raises(actions.NotClosed):
        actions.publish_poll(poll=poll, now=NOW)

    actions.close_poll(poll=poll, now=NOW)
    actions.publish_poll(poll=poll, now=NOW)

    assert poll.state == Poll.State.PUBLISHED


def test_publishing_leaves_an_open_poll_on_the_stage():
    stage = make_live_stage()
    old = make_open_poll(stage)
    actions.close_poll(poll=old, now=NOW)
    new = make_open_poll(stage)

    actions.publish_poll(poll=old, now=NOW)

    assert StageState.objects.get(stage=stage).active_poll == new


def test_a_draft_can_be_thrown_away_and_an_open_poll_cannot():
    draft, open_poll = make_poll(), make_open_poll()

    actions.delete_draft(poll=draft, now=NOW)
    with pytest.raises(actions.NotPrepared):
        actions.delete_draft(poll=open_poll, now=NOW)

    assert list(Poll.objects.all()) == [open_poll]


def test_the_database_keeps_tallies_to_options_of_their_poll():
    first, second = make_open_poll(), make_open_poll()

    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SET CONSTRAINTS ALL IMMEDIATE; "
            "INSERT INTO polls_tally (poll_id, option_id, level, count) VALUES (%s, %s, 'bund', 0)",
            [first.pk, option_ids(second)[0]],
        )


def test_the_database_keeps_polls_to_stages_of_their_edition():
    poll, elsewhere = make_poll(), make_live_stage()

    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SET CONSTRAINTS ALL IMMEDIATE; UPDATE polls_poll SET stage_id = %s WHERE id = %s",
            [elsewhere.pk, poll.pk],
        )


def test_every_batch_moves_the_version_once():
    stage = make_live_stage()
    people = make_voters(stage, 3)
    poll = make_open_poll(stage)
    yes, *_ = option_ids(poll)

    actions.cast_votes([Ballot(person, stage.pk, poll.pk, (yes,)) for person in people])
    vote(poll, people[0], yes)

    assert queries.results(poll.pk)[0].rev == 1


def test_due_polls_are_closed_by_the_clock_of_their_edition():
    from polls.tasks import close_due_polls

    due, running, endless = make_open_poll(minutes=1), make_open_poll(minutes=5), make_open_poll()
    Poll.objects.filter(pk=due.pk).update(
        opened_at=NOW - timedelta(minutes=2), ends_at=NOW - timedelta(seconds=1)
    )

    assert close_due_polls() == 1
    assert close_due_polls() == 0

    assert set(Poll.objects.open()) == {running, endless}


def test_polls_close_when_their_edition_is_over():
    poll = make_open_poll()
    set_clock(poll.edition, NOW + timedelta(days=7))

    close_due_polls()

    poll.refresh_from_db()
    assert poll.state == Poll.State.CLOSED
