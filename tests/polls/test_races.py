"""Many at once on real connections: nothing acknowledged is lost, nothing is counted twice, nobody is traceable."""

import itertools
import random
import threading
from functools import partial

import pytest
from django.db import connection, connections

from congress.live.batches import Busy
from polls import actions, queries
from polls.actions import Ballot, Outcome
from polls.models import Participation, Poll
from polls.voting import counter
from tests.factories import NOW
from tests.polls.factories import make_live_stage, make_open_poll, make_voters, option_ids

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def in_threads(*functions):
    """Run all at once; what each gave."""
    barrier = threading.Barrier(len(functions))
    given = [None] * len(functions)

    def run(number, function):
        barrier.wait()
        try:
            given[number] = function()
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(functions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return given


def vote_and_close(voters, *, batches):
    """One round: all vote in batches of several threads while somebody closes. Acked and announced."""
    stage = make_live_stage()
    people = make_voters(stage, voters)
    poll = make_open_poll(stage)
    yes, no, _perhaps = option_ids(poll)
    random.shuffle(people)
    size = max(1, voters // batches)

    batches_done, enough = itertools.count(1), threading.Event()
    interrupt_at = random.randint(2, voters // 8)  # half of the votes at the latest

    def vote(chosen):
        outcomes = []
        for start in range(0, len(chosen), 4):
            part = chosen[start : start + 4]
            outcomes += actions.cast_votes(
                [Ballot(person, stage.pk, poll.pk, (random.choice([yes, no]),)) for person in part]
            )
            if next(batches_done) >= interrupt_at:
                enough.set()
        return outcomes

    def close():
        enough.wait(30)
        mine = Poll.objects.get(pk=poll.pk)
        actions.close_poll(poll=mine, now=NOW)
        return mine.result

    parts = [people[start : start + size] for start in range(0, voters, size)]
    *outcomes, first, second = in_threads(
        *[lambda part=part: vote(part) for part in parts], close, close
    )
    acked = sum(outcome is Outcome.COUNTED for part in outcomes for outcome in part)
    return poll, acked, first, second


def test_closing_while_all_vote_loses_nothing_acknowledged(rounds):
    interrupted = 0
    for _round in range(rounds(4, 50)):
        poll, acked, first, second = vote_and_close(rounds(60, 2000), batches=6)

        assert first == second  # two directors see the same figure
        assert first["total"] == acked == sum(first["counts"].values())
        assert Participation.objects.filter(poll=poll).count() == acked
        assert queries.results(poll.pk)[0].total == acked
        interrupted += acked < rounds(60, 2000)
    assert interrupted  # otherwise nobody was ever closed out, and the test shows nothing


def test_without_the_share_lock_acknowledged_votes_are_missing(monkeypatch):
    """The control: the same with a plain read. The guard is needed, and the test above would see it gone."""
    stage = make_live_stage()
    (first,) = make_voters(stage, 1)
    poll = make_open_poll(stage)
    yes, *_ = option_ids(poll)
    monkeypatch.setattr(actions, "_POLL", actions._POLL.replace("FOR SHARE OF p", ""))
    monkeypatch.setattr(actions, "_QUEUE", "SELECT 1")
    read, closed = threading.Event(), threading.Event()
    whole = actions._raise_sums

    def late(*args):
        read.set()
        closed.wait(5)
        whole(*args)

    monkeypatch.setattr(actions, "_raise_sums", late)

    def vote():
        return actions.cast_votes([Ballot(first, stage.pk, poll.pk, (yes,))])

    def close():
        read.wait(5)
        mine = Poll.objects.get(pk=poll.pk)
        actions.close_poll(poll=mine, now=NOW)
        closed.set()
        return mine.result

    outcomes, result = in_threads(vote, close)

    assert outcomes == [Outcome.COUNTED]
    assert result["total"] == 0  # acknowledged, and missing from what was announced


def test_with_the_share_lock_alone_closing_waits(monkeypatch):
    monkeypatch.setattr(actions, "_QUEUE", "SELECT 1")
    stage = make_live_stage()
    first, _second = make_voters(stage, 2)
    poll = make_open_poll(stage)
    yes, *_ = option_ids(poll)
    inside, over = threading.Event(), threading.Event()
    whole = actions._raise_sums

    def late(*args):
        inside.set()
        over.wait(0.5)
        whole(*args)

    monkeypatch.setattr(actions, "_raise_sums", late)

    def vote():
        return actions.cast_votes([Ballot(first, stage.pk, poll.pk, (yes,))])

    def close():
        inside.wait(5)
        mine = Poll.objects.get(pk=poll.pk)
        actions.close_poll(poll=mine, now=NOW)
        return mine.result

    outcomes, result = in_threads(vote, close)

    assert outcomes == [Outcome.COUNTED]
    assert result["total"] == 1


def storm(*, voters, threads):
    """Everybody votes alone, on many threads; how many had voted before and after the poll was closed meanwhile."""
    stage = make_live_stage()
    people = make_voters(stage, voters)
    poll = make_open_poll(stage)
    yes, *_ = option_ids(poll)
    done, enough = itertools.count(1), threading.Event()

    def vote(part):
        for person in part:
            actions.cast_votes([Ballot(person, stage.pk, poll.pk, (yes,))])
            if next(done) >= threads * 2:
                enough.set()

    def close():
        mine = Poll.objects.get(pk=poll.pk)
        enough.wait(30)
        before = next(done)
        actions.close_poll(poll=mine, now=NOW)
        return next(done) - before

    *_, meanwhile = in_threads(*[partial(vote, people[n::threads]) for n in range(threads)], close)
    return meanwhile


def test_closing_gets_its_turn_while_votes_pour_in():
    assert storm(voters=400, threads=8) < 100


def test_without_the_queue_closing_waits_for_the_last_vote(monkeypatch):
    """The control: share locks that overlap let every new batch pass whoever waits to close."""
    monkeypatch.setattr(actions, "_QUEUE", "SELECT 1")

    assert storm(voters=400, threads=8) > 200


def test_one_person_on_many_threads_counts_once(rounds):
    for _round in range(rounds(3, 50)):
        stage = make_live_stage()
        (person,) = make_voters(stage, 1)
        poll = make_open_poll(stage)
        yes, no, _perhaps = option_ids(poll)

        given = in_threads(
            *[
                partial(actions.cast_votes, [Ballot(person, stage.pk, poll.pk, (option,))])
                for option in (yes, no) * 4
            ]
        )

        outcomes = [outcomes[0] for outcomes in given]
        assert outcomes.count(Outcome.COUNTED) == 1
        assert outcomes.count(Outcome.ALREADY) == 7
        assert queries.results(poll.pk)[0].total == 1


def test_batches_of_many_pages_never_wait_for_each_other_in_a_circle(rounds):
    stage = make_live_stage()
    people = make_voters(stage, rounds(60, 600))
    poll = make_open_poll(stage)
    options = option_ids(poll)

    def vote():
        mine = random.sample(people, len(people))
        return actions.cast_votes(
            [Ballot(one, stage.pk, poll.pk, (random.choice(options),)) for one in mine]
        )

    given = in_threads(*[vote] * 4)

    counted = sum(outcome is Outcome.COUNTED for outcomes in given for outcome in outcomes)
    assert counted == len(people) == queries.results(poll.pk)[0].total


def test_a_batch_that_fails_is_tried_vote_by_vote_and_nothing_is_lost(monkeypatch):
    stage = make_live_stage()
    people = make_voters(stage, 5)
    poll = make_open_poll(stage)
    yes, *_ = option_ids(poll)
    failures = iter([True])

    def cast(ballots):
        outcomes = actions.cast_votes(ballots)
        if next(failures, False):
            raise RuntimeError("committed, and the answer was lost")
        return outcomes

    monkeypatch.setattr(counter, "work", cast)

    futures = [counter.submit(Ballot(one, stage.pk, poll.pk, (yes,))) for one in people]

    assert [future.result(timeout=5) for future in futures] == [Outcome.ALREADY] * 5
    assert queries.results(poll.pk)[0].total == 5


# --- Nobody is traceable ---------------------------------------------------------------------------------


def linked(poll):
    """What somebody with the whole database would conclude: the option that changed with a person's row."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT p.person_id, t.option_id
            FROM polls_participation p
            JOIN polls_tally t ON t.poll_id = p.poll_id AND t.xmin = p.xmin
            WHERE p.poll_id = %s
            """,
            [poll.pk],
        )
        return cursor.fetchall()


def test_system_columns_do_not_tell_who_voted_what(rounds):
    """The linking attack: join what somebody took part in with the sums written in the same transaction."""
    stage = make_live_stage()
    people = make_voters(stage, rounds(40, 2000))
    poll = make_open_poll(stage)
    options = option_ids(poll)
    chosen = {}
    for person in people:  # the worst case: batches of one
        chosen[person] = random.choice(options)
        actions.cast_votes([Ballot(person, stage.pk, poll.pk, (chosen[person],))])

        # All rows of the poll carry the same transaction: none stands out.
        rows = linked(poll)
        assert {row[0] for row in rows} <= {person}
        assert sorted({row[1] for row in rows}) == sorted(options)


def test_a_row_that_changed_alone_would_name_its_voter(monkeypatch):
    """The control: only the chosen row is written, and the attack names everybody."""
    monkeypatch.setattr(
        actions, "_COUNT", actions._COUNT + " AND t.option_id = ANY(%(options)s::bigint[])\n"
    )
    stage = make_live_stage()
    people = make_voters(stage, 10)
    poll = make_open_poll(stage)
    options = option_ids(poll)
    named = 0
    for person in people:
        choice = random.choice(options)
        actions.cast_votes([Ballot(person, stage.pk, poll.pk, (choice,))])
        named += {option for one, option in linked(poll) if one == person} == {choice}

    assert named == 10


def test_no_row_says_when_or_in_which_order():
    columns = {field.column for field in Participation._meta.concrete_fields}

    assert columns == {"poll_id", "person_id"}


def test_ballots_are_never_written_to_logs(caplog, monkeypatch):
    stage = make_live_stage()
    (person,) = make_voters(stage, 1)
    poll = make_open_poll(stage)
    ballot = Ballot(person, stage.pk, poll.pk, (option_ids(poll)[0],))

    def fails(*_args):
        raise RuntimeError(f"fault with {ballot!r}")

    monkeypatch.setattr(counter, "work", fails)
    monkeypatch.setattr(counter, "one_by_one", fails)
    with pytest.raises(Busy):
        counter.submit(ballot).result(timeout=5)

    assert "Ballot(…)" in caplog.text
    assert f"choices=({ballot.choices[0]}" not in caplog.text
