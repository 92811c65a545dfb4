"""Steps of the Regie: numbered, refused where they are late, taken back."""

import pytest

from congress.models import JournalEntry
from polls import actions, directing, queries
from polls.models import StageState
from programme import actions as programme_actions
from programme.models import OnAir
from programme.queries import stage_now
from tests.factories import NOW, make_session, make_stage, make_user
from tests.polls.factories import make_live_stage, make_open_poll

pytestmark = pytest.mark.django_db


@pytest.fixture
def stage():
    return make_live_stage(slug="plenum", backup_stream_url="https://stream.example/b.m3u8")


@pytest.fixture
def director():
    return make_user()


def state_of(stage):
    return StageState.objects.get(stage=stage)


def test_a_session_goes_on_air_and_the_stage_with_it(stage, director):
    session = make_session(stage)
    before = state_of(stage).seq

    directing.take(stage=stage, session=session, now=NOW, by=director, seq=before)

    assert OnAir.objects.get(stage=stage).session == session
    assert state_of(stage).phase == "live"
    assert state_of(stage).seq > before
    entry = JournalEntry.objects.get(verb="stage.stepped")
    assert (entry.actor, entry.details) == (director, {"step": "take", "code": session.code})


def test_a_step_for_an_older_state_changes_nothing(stage, director):
    seen = state_of(stage).seq
    directing.set_overlay(stage=stage, text="Gleich geht es weiter", now=NOW, by=director, seq=seen)

    with pytest.raises(directing.StaleStep):
        directing.set_source(stage=stage, source="backup", now=NOW, by=make_user(), seq=seen)

    assert state_of(stage).source == "main"
    assert JournalEntry.objects.filter(verb="stage.stepped").count() == 1


@pytest.mark.parametrize(
    ("step", "field", "after"),
    [
        (
            lambda s, by: directing.set_phase(stage=s, phase="pause", now=NOW, by=by),
            "phase",
            "pause",
        ),
        (
            lambda s, by: directing.set_source(stage=s, source="backup", now=NOW, by=by),
            "source",
            "backup",
        ),
        (
            lambda s, by: directing.set_overlay(stage=s, text="Kurz", now=NOW, by=by),
            "overlay",
            "Kurz",
        ),
        (
            lambda s, by: directing.announce(stage=s, text="Bitte warten", now=NOW, by=by),
            "announcement",
            "Bitte warten",
        ),
    ],
)
def test_the_last_step_is_taken_back_once(stage, director, step, field, after):
    before = getattr(state_of(stage), field)
    step(stage, director)
    assert getattr(state_of(stage), field) == after
    seq = state_of(stage).seq

    directing.take_back(stage=stage, now=NOW, by=director, seq=seq)

    assert getattr(state_of(stage), field) == before
    assert state_of(stage).seq > seq
    with pytest.raises(directing.NothingToTakeBack):
        directing.take_back(stage=stage, now=NOW, by=director)


def test_taking_back_the_first_word_of_the_day_leaves_the_stage_to_the_plan(stage, director):
    planned = make_session(stage)
    other = make_session(stage, starts_at=planned.ends_at)
    directing.take(stage=stage, session=other, now=NOW, by=director)

    directing.take_back(stage=stage, now=NOW, by=director)

    assert not OnAir.objects.filter(stage=stage).exists()
    stage.refresh_from_db()
    assert stage_now(stage, NOW).session == planned


def test_taking_back_puts_the_former_session_and_delay_on_air_again(stage, director):
    first, second = make_session(stage), make_session(stage, starts_at=NOW.replace(hour=11))
    programme_actions.put_on_air(stage, first, NOW)
    programme_actions.set_delay(stage, 5, NOW)
    directing.take(stage=stage, session=second, now=NOW, by=director)

    directing.take_back(stage=stage, now=NOW, by=director)

    word = OnAir.objects.get(stage=stage)
    assert (word.session, word.delay_minutes) == (first, 5)


def test_a_delay_leaves_on_air_what_is_on_by_the_plan(stage, director):
    planned = make_session(stage)

    directing.delay(stage=stage, minutes=10, now=NOW, by=director)

    on = stage_now(stage, NOW)
    assert (on.session, on.delay_minutes) == (planned, 10)


def test_a_delay_without_measure_is_refused(stage, director):
    with pytest.raises(programme_actions.DelayOutOfRange):
        directing.delay(stage=stage, minutes=241, now=NOW, by=director)

    assert state_of(stage).last_step is None


def test_without_a_backup_nobody_is_moved_to_it(director):
    stage = make_live_stage()

    with pytest.raises(directing.NoBackup):
        directing.set_source(stage=stage, source="backup", now=NOW, by=director)

    assert state_of(stage).source == "main"


def test_all_move_to_the_backup_and_back_where_there_is_one(stage, director):
    second = make_stage(stage.edition, backup_stream_url="https://stream.example/c.m3u8")
    without = make_stage(stage.edition)

    moved = directing.everything_to(edition=stage.edition, source="backup", now=NOW, by=director)

    assert moved == 2
    assert [state_of(one).source for one in (stage, second, without)] == [
        "backup",
        "backup",
        "main",
    ]
    assert directing.everything_to(edition=stage.edition, source="main", now=NOW, by=director) == 2
    assert state_of(second).source == "main"


def test_an_announcement_reaches_all_stages_of_the_edition_and_no_other(stage, director):
    second, elsewhere = make_stage(stage.edition), make_live_stage()

    directing.announce_to_all(
        edition=stage.edition, text="Wir beginnen zehn Minuten später.", now=NOW, by=director
    )

    said = {state.stage: state.announcement for state in StageState.objects.all()}
    assert said[stage] == said[second] == "Wir beginnen zehn Minuten später."
    assert said[elsewhere] == ""


def test_what_came_before_a_poll_was_closed_is_not_taken_back(stage, director):
    poll = make_open_poll(stage)
    directing.set_overlay(stage=stage, text="Jetzt abstimmen", now=NOW, by=director)
    seq = state_of(stage).seq

    directing.if_unchanged(
        stage=stage, seq=seq, act=lambda: actions.close_poll(poll=poll, now=NOW, by=director)
    )

    poll.refresh_from_db()
    assert poll.is_closed
    with pytest.raises(directing.NothingToTakeBack):
        directing.take_back(stage=stage, now=NOW, by=director)


# --- The run sheet ---------------------------------------------------------------------------------------


def test_the_run_sheet_moves_what_is_on_and_to_come_and_leaves_what_is_over(stage, director):
    over = make_session(stage, starts_at=NOW.replace(hour=8))
    now_on = make_session(stage)
    later = make_session(stage, starts_at=NOW.replace(hour=10))
    make_session(stage, starts_at=NOW.replace(day=17))
    directing.delay(stage=stage, minutes=10, now=NOW, by=director)

    lines = queries.run_sheet(stage, NOW)

    assert [line.session for line in lines] == [over, now_on, later]
    assert [line.is_over for line in lines] == [True, False, False]
    assert [line.is_on for line in lines] == [False, True, False]
    assert lines[0].finishes_at == over.ends_at
    assert lines[1].begins_at == now_on.starts_at
    assert (lines[1].finishes_at - now_on.ends_at).seconds == 600
    assert (lines[2].begins_at - later.starts_at).seconds == 600


def test_the_run_sheet_costs_the_same_for_one_line_and_for_ten(
    stage, django_assert_max_num_queries
):
    make_session(stage)
    with django_assert_max_num_queries(6) as few:
        [str(line.session.stage) for line in queries.run_sheet(stage, NOW)]
    for hour in range(10, 19):
        make_session(stage, starts_at=NOW.replace(hour=hour))

    with django_assert_max_num_queries(len(few)):
        [str(line.session.stage) for line in queries.run_sheet(stage, NOW)]
