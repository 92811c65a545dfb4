"""The programme of the demonstration."""

from collections import Counter
from datetime import date, timedelta

import pytest

from congress.demo.seed import DEMO_SLUG, STAGES
from congress.models import Edition
from programme import queries
from programme.demo.seed import ON_AIR_AT, fill
from programme.models import OnAir, Session, SessionSpeaker, Speaker, Track
from tests.factories import make_edition, make_stage

REAL = {
    "P01": ("Begrüßung", []),
    "P02": ("Impulsvortrag von Jan Pörksen", ["Jan Pörksen"]),
    "P03": (
        "Digitalisierung ist wie Teamsport. Es kommt auf jeden einzelnen an!",
        ["Dr. Markus Richter"],
    ),
    "P04": ("Impulsvortrag von Thomas Popp", ["Thomas Popp"]),
    "P05": ("Podiumsdiskussion", []),
    "P06": ("Input-Vortrag zum Onlinezugangsgesetz", []),
    "A01": ("Input-Vortrag zur Digitalen Souveränität", []),
    "B01": ("Input-Vortrag zur Verwaltung der Zukunft", []),
    "P09": ("IT-Architektur-Management aus übergeordneter Sicht", []),
    "A05": ("Blockchain-Technologie in der Finanzverwaltung", []),
    "P15": ("IT-Arbeitsplatz aus dem Projekt Phoenix", ["Sven Thomsen", "Johann Bizer"]),
}


@pytest.fixture
def edition() -> Edition:
    edition = make_edition(slug=DEMO_SLUG, at=ON_AIR_AT)
    for position, (slug, german, english) in enumerate(STAGES):
        make_stage(edition, slug=slug, name_de=german, name_en=english, position=position)
    fill(edition)
    return edition


def test_there_are_39_sessions_on_two_days_three_stages_and_three_tracks(edition):
    talks = list(edition.sessions.talks().with_place())

    assert len(talks) == 39
    assert {edition.local(talk.starts_at).date() for talk in talks} == set(edition.days)
    assert {talk.stage.slug for talk in talks} == {slug for slug, _, _ in STAGES}
    assert [track.name for track in edition.tracks.all()] == [
        "Onlinezugangsgesetz",
        "Digitale Souveränität",
        "Verwaltung der Zukunft",
    ]
    assert [count > 5 for _, count in queries.tracks_with_counts(edition)] == [True] * 3


def test_the_days_begin_when_the_sources_say(edition):
    first = edition.sessions.on_day(date(2021, 3, 17), edition).earliest("starts_at")
    second = edition.sessions.on_day(date(2021, 3, 18), edition).earliest("starts_at")

    assert f"{edition.local(first.starts_at):%H:%M}" == "13:30"
    assert f"{edition.local(second.starts_at):%H:%M}" == "09:00"


def test_what_is_real_is_exactly_what_the_sources_tell(edition):
    real = {
        session.code: (session.title_de, [speaker.display_name for speaker in session.speakers])
        for session in edition.sessions.filter(example=False).with_speakers()
    }

    assert real == REAL


def test_nobody_real_is_given_a_sentence(edition):
    real = edition.sessions.filter(example=False)

    assert set(real.values_list("abstract_de", "abstract_en")) == {("", "")}
    assert not real.filter(source_de="").exists()
    assert not SessionSpeaker.objects.filter(session__example=True, speaker__example=False).exists()


def test_everything_invented_is_marked_and_told(edition):
    invented = edition.sessions.talks().filter(example=True)

    assert invented.count() == 28
    assert not invented.filter(abstract_de="").exists()
    assert not edition.sessions.filter(title_en="").exists()
    assert set(Speaker.objects.filter(example=False).values_list("last_name", flat=True)) == {
        "Pörksen",
        "Richter",
        "Popp",
        "Thomsen",
        "Bizer",
    }


def test_kinds_are_varied(edition):
    kinds = Counter(edition.sessions.talks().values_list("kind", flat=True))

    assert len(kinds) >= 8


def test_at_ten_something_is_on_air_on_each_stage(edition):
    stages = queries.stages_now(edition, ON_AIR_AT)

    assert [(now.stage.slug, now.session.code, now.said) for now in stages] == [
        ("plenum", "P08", True),
        ("forum-a", "A03", True),
        ("forum-b", "B03", True),
    ]
    # Their sessions are voted on and rated in the demonstration: nobody real may be among them.
    assert all(now.session.example for now in stages)


def test_filling_it_again_doubles_nothing_and_keeps_what_visitors_changed(edition):
    Session.objects.filter(code="P10").update(title_de="Von jemandem geändert")
    OnAir.objects.filter(stage__slug="plenum").update(session=None)
    before = (Session.objects.count(), Speaker.objects.count(), SessionSpeaker.objects.count())

    fill(edition)

    assert before == (
        Session.objects.count(),
        Speaker.objects.count(),
        SessionSpeaker.objects.count(),
    )
    assert Track.objects.count() == 3
    assert Session.objects.get(code="P10").title_de == "Von jemandem geändert"
    assert OnAir.objects.get(stage__slug="plenum").session is None


def test_filling_it_again_brings_back_what_is_missing(edition):
    Session.objects.filter(code="P10").delete()

    fill(edition)

    session = Session.objects.with_speakers().get(code="P10")
    assert [speaker.display_name for speaker in session.speakers] == ["Mahmoud Terzi"]


def test_filling_it_again_leaves_a_visitors_session_where_it_is(edition):
    gone = Session.objects.get(code="P10")
    gone.delete()
    Session.objects.create(
        edition=edition,
        stage=gone.stage,
        code="NEU",
        title_de="Von jemandem angelegt",
        starts_at=gone.starts_at + timedelta(minutes=5),
        ends_at=gone.ends_at,
    )

    fill(edition)

    assert not Session.objects.filter(code="P10").exists()


@pytest.mark.parametrize("language", ["", "/en"])
def test_its_pages_can_be_read_in_both_languages(client, edition, language):
    for day in edition.days:
        assert client.get(f"{language}/2021/programm/?tag={day}").status_code == 200
    for session in edition.sessions.all():
        assert client.get(f"{language}/2021/programm/{session.code}/").status_code == 200
