"""What is on now: the word of the Regie, and the plan where there is none."""

from datetime import timedelta

import pytest

from programme import actions, queries
from programme.models import OnAir, Session
from programme.signals import on_air_changed
from tests.factories import NOW, make_edition, make_session, make_stage

MINUTE = timedelta(minutes=1)


def loaded(session: Session) -> Session:
    """As pages load it: with what the Regie said about its stage."""
    return session.edition.sessions.select_related("stage__on_air").get(pk=session.pk)


def test_put_on_air_says_what_the_stage_shows():
    session = make_session()

    actions.put_on_air(session.stage, session, NOW)

    row = OnAir.objects.get()
    assert (row.stage, row.session, row.edition, row.delay_minutes, row.changed_at) == (
        session.stage,
        session,
        session.edition,
        0,
        NOW,
    )


def test_put_on_air_twice_is_one_row():
    session = make_session()

    actions.put_on_air(session.stage, session, NOW)
    actions.put_on_air(session.stage, session, NOW + MINUTE)

    assert OnAir.objects.get().changed_at == NOW + MINUTE


def test_put_on_air_is_refused_for_a_session_of_another_stage():
    session = make_session()
    other = make_stage(session.edition)

    with pytest.raises(actions.NotOnThisStage):
        actions.put_on_air(other, session, NOW)

    assert not OnAir.objects.exists()


def test_put_nothing_on_air_keeps_the_delay():
    session = make_session()
    actions.set_delay(session.stage, 10, NOW)
    actions.put_on_air(session.stage, session, NOW)

    actions.put_on_air(session.stage, None, NOW + MINUTE)

    row = OnAir.objects.get()
    assert (row.session, row.delay_minutes) == (None, 10)


@pytest.mark.parametrize("minutes", [-1, 241])
def test_set_delay_is_refused_out_of_range(minutes):
    with pytest.raises(actions.DelayOutOfRange):
        actions.set_delay(make_stage(), minutes, NOW)

    assert not OnAir.objects.exists()


@pytest.mark.parametrize("minutes", [0, 240])
def test_set_delay_at_the_edges(minutes):
    stage = make_stage()

    actions.set_delay(stage, minutes, NOW)

    assert OnAir.objects.get().delay_minutes == minutes


def test_the_first_word_of_a_day_forgets_the_day_before():
    session = make_session()
    actions.put_on_air(session.stage, session, NOW - timedelta(days=1))
    actions.set_delay(session.stage, 20, NOW - timedelta(days=1))

    actions.set_delay(session.stage, 5, NOW)

    row = OnAir.objects.get()
    assert (row.session, row.delay_minutes) == (None, 5)


def test_others_hear_of_every_change():
    session = make_session()
    heard = []

    def hear(sender, on_air, **kwargs):
        heard.append((on_air.stage, on_air.session, on_air.delay_minutes))

    on_air_changed.connect(hear)
    try:
        actions.put_on_air(session.stage, session, NOW)
        actions.set_delay(session.stage, 5, NOW)
    finally:
        on_air_changed.disconnect(hear)

    assert heard == [(session.stage, session, 0), (session.stage, session, 5)]


def test_without_a_word_the_plan_holds():
    session = make_session(starts_at=NOW, minutes=30)

    on = [
        queries.is_on(loaded(session), moment)
        for moment in (NOW - MINUTE, NOW, NOW + 29 * MINUTE, NOW + 30 * MINUTE)
    ]

    assert on == [False, True, True, False]


def test_the_word_of_the_regie_beats_the_plan():
    stage = make_stage()
    planned = make_session(stage, starts_at=NOW)
    overrunning = make_session(stage, starts_at=NOW - timedelta(hours=1))

    actions.put_on_air(stage, overrunning, NOW)

    assert [queries.is_on(loaded(s), NOW) for s in (planned, overrunning)] == [False, True]


def test_a_stage_with_nothing_on_air_shows_nothing():
    session = make_session()

    actions.put_on_air(session.stage, None, NOW)

    assert not queries.is_on(loaded(session), NOW)


def test_yesterdays_word_says_nothing_about_today():
    stage = make_stage()
    yesterday = make_session(stage, starts_at=NOW - timedelta(days=1))
    actions.put_on_air(stage, yesterday, NOW - timedelta(days=1))
    today = make_session(stage, starts_at=NOW)

    assert [queries.is_on(loaded(s), NOW) for s in (yesterday, today)] == [False, True]


def test_a_delay_concerns_what_is_still_to_come_today():
    stage = make_stage()
    over = make_session(stage, starts_at=NOW - timedelta(hours=1))
    coming = make_session(stage, starts_at=NOW + timedelta(hours=1))
    tomorrow = make_session(stage, starts_at=NOW + timedelta(days=1))
    actions.set_delay(stage, 15, NOW)

    delays = [queries.delay_minutes(loaded(s), NOW) for s in (over, coming, tomorrow)]

    assert delays == [0, 15, 0]


def test_stages_now_names_what_is_on_and_what_comes_next():
    edition = make_edition(at=NOW)
    first, second = make_stage(edition, position=1), make_stage(edition, position=2)
    on = make_session(first, starts_at=NOW)
    make_session(edition=edition, kind="break", starts_at=NOW + 30 * MINUTE)
    following = make_session(first, starts_at=NOW + timedelta(hours=1))
    make_session(first, starts_at=NOW + timedelta(hours=2))
    later = make_session(second, starts_at=NOW + timedelta(hours=1))
    actions.put_on_air(first, on, NOW)
    actions.set_delay(first, 5, NOW)

    stages = queries.stages_now(edition, NOW)

    assert [(s.stage, s.session, s.next, s.delay_minutes, s.said) for s in stages] == [
        (first, on, following, 5, True),
        (second, None, later, 0, False),
    ]
    assert stages[0].url == f"/{edition.slug}/live/{first.slug}/"


def test_stages_now_costs_the_same_for_one_session_and_for_many(django_assert_num_queries):
    edition = make_edition(at=NOW)
    stages = [make_stage(edition, position=n) for n in range(3)]
    make_session(stages[0])
    with django_assert_num_queries(2):
        queries.stages_now(edition, NOW)

    for stage in stages:
        for hour in range(1, 5):
            make_session(stage, starts_at=NOW + timedelta(hours=hour))
    with django_assert_num_queries(2):
        queries.stages_now(edition, NOW)


def test_nothing_is_on_air_when_all_stages_rest():
    edition = make_edition(at=NOW)
    make_session(make_stage(edition), starts_at=NOW + timedelta(hours=1))

    assert queries.on_air(edition, NOW) == []


def test_what_comes_next_leaves_out_breaks_and_other_days():
    stage = make_stage()
    session = make_session(stage, starts_at=NOW)
    make_session(stage, kind="break", starts_at=NOW + 30 * MINUTE, minutes=10)
    following = make_session(stage, starts_at=NOW + 40 * MINUTE)
    make_session(stage, starts_at=NOW - timedelta(days=1))

    assert queries.next_on_stage(session) == following
    assert queries.next_on_stage(following) is None


def test_a_turned_clock_puts_on_air_what_the_plan_has():
    edition = make_edition(at=NOW)
    busy, idle = make_stage(edition), make_stage(edition)
    before, now = make_session(busy, starts_at=NOW), make_session(busy, starts_at=NOW + 30 * MINUTE)
    actions.put_on_air(busy, before, NOW)
    actions.set_delay(busy, 10, NOW)

    actions.follow_the_plan(edition, NOW + 40 * MINUTE)

    rows = {row.stage: (row.session, row.delay_minutes) for row in OnAir.objects.all()}
    assert rows == {busy: (now, 0), idle: (None, 0)}
