"""What the database itself refuses."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from congress.models import Stage
from programme.models import OnAir, Session, SessionSpeaker, Speaker, Track
from tests.factories import (
    NOW,
    make_edition,
    make_session,
    make_speaker,
    make_stage,
    make_track,
)


def check_now() -> None:
    """What is deferred to the commit is judged now."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def refused(name: str):
    return pytest.raises(IntegrityError, match=name)


def test_a_session_ends_after_it_starts():
    with refused("session_ends_after_it_starts"):
        make_session(starts_at=NOW, ends_at=NOW)


def test_sessions_on_one_stage_never_overlap():
    stage = make_stage()
    make_session(stage, starts_at=NOW, minutes=30)

    with refused("sessions_on_one_stage_never_overlap"):
        make_session(stage, starts_at=NOW + timedelta(minutes=29), minutes=30)


def test_a_session_may_begin_when_the_one_before_ends():
    stage = make_stage()
    make_session(stage, starts_at=NOW, minutes=30)

    make_session(stage, starts_at=NOW + timedelta(minutes=30), minutes=30)

    assert stage.sessions.count() == 2


def test_sessions_at_one_time_stand_on_different_stages():
    edition = make_edition()

    make_session(make_stage(edition))
    make_session(make_stage(edition))

    assert edition.sessions.count() == 2


def test_two_sessions_can_change_places_in_one_transaction():
    stage = make_stage()
    first = make_session(stage, starts_at=NOW)
    second = make_session(stage, starts_at=NOW + timedelta(hours=1))

    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS sessions_on_one_stage_never_overlap DEFERRED")
        for session, start in ((first, second.starts_at), (second, first.starts_at)):
            Session.objects.filter(pk=session.pk).update(
                starts_at=start, ends_at=start + timedelta(minutes=30)
            )
        check_now()

    assert list(stage.sessions.order_by("starts_at")) == [second, first]


def test_breaks_on_all_stages_never_overlap():
    edition = make_edition()
    make_session(edition=edition, kind="break")

    with refused("breaks_on_all_stages_never_overlap"):
        make_session(edition=edition, kind="break")


def test_breaks_of_two_editions_may_be_at_one_time():
    make_session(edition=make_edition(), kind="break")
    make_session(edition=make_edition(), kind="break")

    assert Session.objects.count() == 2


def test_only_a_break_fills_all_stages():
    with refused("only_a_break_fills_all_stages"):
        Session.objects.create(
            edition=make_edition(),
            code="A1",
            kind="talk",
            title_de="Vortrag",
            starts_at=NOW,
            ends_at=NOW + timedelta(minutes=30),
        )


def test_a_code_is_unique_within_its_edition():
    stage = make_stage()
    make_session(stage, code="A12")

    with refused("one_session_per_edition_and_code"):
        make_session(stage, code="A12", starts_at=NOW + timedelta(hours=1))


def test_a_code_may_return_in_another_edition():
    make_session(code="A12")
    make_session(code="A12")

    assert Session.objects.filter(code="A12").count() == 2


@pytest.mark.parametrize("code", ["a12", "A 12", "A12\n", "", "A}body{", "A/12"])
def test_a_code_is_plain(code):
    with refused("session_code_is_plain"):
        make_session(code=code)


@pytest.mark.parametrize("colour", ["red", "#12", "}*{a:b;", ""])
def test_the_colour_of_a_track_is_a_colour(colour):
    with refused("track_colour_is_a_colour"):
        make_track(colour=colour)


def test_the_colour_of_a_track_can_be_read_on_white():
    track = make_track(colour="#ffee00")

    with pytest.raises(ValidationError) as refusal:
        track.full_clean()

    assert list(refusal.value.message_dict) == ["colour"]


def test_a_session_stands_on_a_stage_of_its_edition():
    edition, foreign = make_edition(), make_stage()

    Session.objects.create(
        edition=edition,
        stage=foreign,
        code="A1",
        title_de="Vortrag",
        starts_at=NOW,
        ends_at=NOW + timedelta(minutes=30),
    )

    with refused("programme_session_stage_id_same_edition_id"):
        check_now()


def test_a_session_belongs_to_a_track_of_its_edition():
    make_session(track=make_track())

    with refused("programme_session_track_id_same_edition_id"):
        check_now()


def test_a_speaker_appears_in_sessions_of_their_edition():
    session, stranger = make_session(), make_speaker()

    SessionSpeaker.objects.create(edition=session.edition, session=session, speaker=stranger)

    with refused("programme_sessionspeaker_speaker_id_same_edition_id"):
        check_now()


def test_an_appearance_names_the_edition_of_its_session():
    session, speaker = make_session(), make_speaker()

    SessionSpeaker.objects.create(edition=speaker.edition, session=session, speaker=speaker)

    with refused("programme_sessionspeaker_session_id_same_edition_id"):
        check_now()


def test_a_speaker_appears_once_in_a_session():
    session = make_session()
    speaker = make_speaker(session)

    with refused("a_speaker_appears_once_in_a_session"):
        SessionSpeaker.objects.create(edition=session.edition, session=session, speaker=speaker)


def test_a_stage_shows_sessions_of_its_edition():
    stage, foreign = make_stage(), make_session()

    OnAir.objects.create(edition=stage.edition, stage=stage, session=foreign, changed_at=NOW)

    with refused("programme_onair_session_id_same_edition_id"):
        check_now()


def test_a_delay_is_at_most_four_hours():
    stage = make_stage()

    with refused("delay_is_at_most_four_hours"):
        OnAir.objects.create(edition=stage.edition, stage=stage, delay_minutes=241, changed_at=NOW)


def test_a_stage_in_use_cannot_be_deleted():
    session = make_session()

    with pytest.raises(Exception, match="protected"):
        session.stage.delete()

    assert Stage.objects.filter(pk=session.stage_id).exists()


def test_a_form_is_told_that_the_stage_is_taken():
    stage = make_stage()
    make_session(stage)
    second = Session(
        edition=stage.edition,
        stage=stage,
        code="B1",
        title_de="Vortrag",
        starts_at=NOW,
        ends_at=NOW + timedelta(minutes=15),
    )

    with pytest.raises(ValidationError) as refusal:
        second.full_clean()

    assert refusal.value.messages == ["Zu dieser Zeit ist auf dieser Bühne schon etwas anderes."]


def test_a_form_is_told_that_the_day_is_none_of_the_congress():
    session = make_session()
    session.starts_at += timedelta(days=30)
    session.ends_at += timedelta(days=30)

    with pytest.raises(ValidationError) as refusal:
        session.full_clean()

    assert list(refusal.value.message_dict) == ["starts_at"]


def test_speakers_stand_in_german_order():
    edition = make_edition()
    for last_name in ("Zabel", "Özdemir", "Ahlborn", "Ostmann"):
        make_speaker(edition=edition, last_name=last_name)

    names = [speaker.last_name for speaker in Speaker.objects.filter(edition=edition)]

    assert names == ["Ahlborn", "Ostmann", "Özdemir", "Zabel"]


def test_every_version_of_a_session_is_kept():
    session = make_session(title_de="Alt")
    session.title_de = "Neu"
    session.save()

    assert [version.title_de for version in session.history.all()] == ["Neu", "Alt"]


def test_a_track_address_is_unique_within_its_edition():
    edition = make_edition()
    make_track(edition, slug="ozg")

    with refused("one_track_per_edition_and_address"):
        Track.objects.create(edition=edition, slug="ozg", name_de="Noch einer")
