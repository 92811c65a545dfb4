"""The timetable and the page of a session."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from programme import actions
from tests.factories import (
    NOW,
    make_admission,
    make_edition,
    make_session,
    make_speaker,
    make_stage,
    make_track,
    make_user,
    set_clock,
)
from tests.pages import text_of

FIRST_DAY = datetime(2021, 3, 17, 13, 0, tzinfo=UTC)  # 14:00 in Berlin


def page(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def titles(html: str) -> list[str]:
    """The titles of the slots in the order of the document."""
    return re.findall(r'<h4><a class="fk-stretched"[^>]*>([^<]+)</a>', html)


@pytest.fixture
def edition():
    return make_edition(at=NOW)


def test_the_timetable_opens_on_the_day_it_is(client, edition):
    stage = make_stage(edition)
    make_session(stage, title_de="Gestern", starts_at=FIRST_DAY)
    make_session(stage, title_de="Heute", starts_at=NOW)

    assert titles(page(client, f"/{edition.slug}/programm/")) == ["Heute"]


def test_the_timetable_opens_on_the_first_day_before_and_after_the_congress(client, edition):
    stage = make_stage(edition)
    make_session(stage, title_de="Tag 1", starts_at=FIRST_DAY)
    make_session(stage, title_de="Tag 2", starts_at=NOW)

    for moment in (FIRST_DAY - timedelta(days=9), NOW + timedelta(days=9)):
        set_clock(edition, moment)
        assert titles(page(client, f"/{edition.slug}/programm/")) == ["Tag 1"]


def test_a_day_can_be_chosen(client, edition):
    stage = make_stage(edition)
    make_session(stage, title_de="Tag 1", starts_at=FIRST_DAY)
    make_session(stage, title_de="Tag 2", starts_at=NOW)

    assert titles(page(client, f"/{edition.slug}/programm/?tag=2021-03-17")) == ["Tag 1"]


def test_a_session_at_midnight_stands_on_the_day_it_has_in_berlin(client, edition):
    # 00:30 in Berlin on the 18th is still the 17th in UTC.
    make_session(
        make_stage(edition),
        title_de="Nachtschicht",
        starts_at=datetime(2021, 3, 17, 23, 30, tzinfo=UTC),
    )

    assert titles(page(client, f"/{edition.slug}/programm/?tag=2021-03-17")) == []
    assert titles(page(client, f"/{edition.slug}/programm/?tag=2021-03-18")) == ["Nachtschicht"]


def test_sessions_stand_in_the_order_of_time_then_of_stages(client, edition):
    second, first = make_stage(edition, position=2), make_stage(edition, position=1)
    make_session(first, title_de="Drittes", starts_at=NOW + timedelta(hours=1))
    make_session(second, title_de="Zweites", starts_at=NOW)
    make_session(first, title_de="Erstes", starts_at=NOW)

    assert titles(page(client, f"/{edition.slug}/programm/")) == ["Erstes", "Zweites", "Drittes"]


def test_the_filter_shows_one_track_and_keeps_breaks(client, edition):
    stage = make_stage(edition)
    ozg, other = make_track(edition, slug="ozg"), make_track(edition, slug="ds")
    make_session(stage, title_de="Anträge", track=ozg, starts_at=NOW)
    make_session(stage, title_de="Quellen", track=other, starts_at=NOW + timedelta(hours=1))
    make_session(stage, title_de="Ohne", starts_at=NOW + timedelta(hours=2))
    make_session(
        edition=edition, kind="break", title_de="Kaffee", starts_at=NOW + timedelta(hours=3)
    )

    html = page(client, f"/{edition.slug}/programm/?schwerpunkt=ozg")

    assert titles(html) == ["Anträge"]
    assert "Kaffee" in html


def test_of_a_track_given_twice_the_last_one_holds(client, edition):
    stage = make_stage(edition)
    for number, slug in enumerate(("eins", "zwei")):
        make_session(
            stage,
            title_de=slug,
            track=make_track(edition, slug=slug),
            starts_at=NOW + timedelta(hours=number),
        )

    html = page(client, f"/{edition.slug}/programm/?schwerpunkt=eins&schwerpunkt=zwei")

    assert titles(html) == ["zwei"]


HOSTILE = [
    "?page=99999999999999999999",
    "?q=%ff%fe",
    "?schwerpunkt=%ff%fe&tag=%ff",
    "?track=1&track=2",
    "?ordering=-user__password",
    "?_connector=OR%201=1",
    "?schwerpunkt=_connector&_negated=1",
    "?lang=<script>",
    "?schwerpunkt=<script>alert(1)</script>",
    "?schwerpunkt=' OR 1=1--",
    "?schwerpunkt=slug__startswith",
    "?tag=2021-02-30",
    "?tag=99999-01-01",
    "?tag=2021-03-19",
    "?tag=0000-00-00",
    "?tag=" + "9" * 5000,
    "?schwerpunkt[]=ozg&schwerpunkt[$ne]=x",
    "?tag=2021-03-18%0d%0aSet-Cookie:a=b",
    "?" + "&".join(f"x{n}=1" for n in range(900)),
]


@pytest.mark.parametrize("name", ["page", "schwerpunkt", "tag"])
def test_a_query_no_text_can_hold_is_refused(client, edition, name):
    response = client.get(f"/{edition.slug}/programm/?{name}=%00")

    assert response.status_code == 400


@pytest.mark.parametrize("query", HOSTILE)
def test_a_hostile_query_is_as_if_not_asked(client, edition, query):
    make_session(make_stage(edition), title_de="Heute", track=make_track(edition, slug="ozg"))

    html = page(client, f"/{edition.slug}/programm/{query}")

    assert titles(html) == ["Heute"]
    assert "<script>alert" not in html


def test_too_many_parameters_are_a_bad_request(client, edition):
    query = "&".join(f"x{n}=1" for n in range(1100))

    assert client.get(f"/{edition.slug}/programm/?{query}").status_code == 400


def test_what_is_typed_into_the_programme_is_text(client, edition):
    make_session(
        make_stage(edition, name_de="<b>Saal</b>"),
        title_de="<script>alert(1)</script>",
        abstract_de="<img src=x onerror=alert(1)>",
        code="X1",
    )

    for address in ("programm/", "programm/X1/"):
        html = page(client, f"/{edition.slug}/{address}")
        assert "<script>alert" not in html
        assert "<img src=x" not in html
        assert "<b>Saal" not in html


def test_what_is_on_is_marked(client, edition):
    stage = make_stage(edition)
    session = make_session(stage, starts_at=NOW - timedelta(minutes=40), code="X1")
    make_session(stage, starts_at=NOW, code="X2")
    actions.put_on_air(stage, session, NOW)

    html = page(client, f"/{edition.slug}/programm/")

    assert re.findall(r'fk-slot--now" id="s-(\w+)"', html) == ["X1"]
    assert html.count("läuft gerade") == 1


def test_a_delay_is_shown_with_the_time_to_expect(client, edition):
    stage = make_stage(edition)
    make_session(stage, starts_at=NOW + timedelta(hours=1))
    actions.set_delay(stage, 10, NOW)

    html = page(client, f"/{edition.slug}/programm/")

    assert "10 Minuten später, etwa 11:10 Uhr" in text_of(html)


def test_invented_sessions_carry_a_badge(client, edition):
    stage = make_stage(edition)
    make_session(stage, starts_at=NOW, code="X1", example=True)
    make_session(stage, starts_at=NOW + timedelta(hours=1), code="X2")

    html = page(client, f"/{edition.slug}/programm/")

    assert html.count("Beispiel</span>") == 1
    assert "Beispiel</span>" in page(client, f"/{edition.slug}/programm/X1/")
    assert "Beispiel</span>" not in page(client, f"/{edition.slug}/programm/X2/")


def test_the_grid_is_placed_by_rules_in_one_nonced_block(client, edition):
    stages = [make_stage(edition, position=n) for n in (1, 2)]
    make_session(stages[0], starts_at=NOW, minutes=60, code="X1")
    make_session(stages[1], starts_at=NOW, minutes=30, code="X2")
    make_session(stages[1], starts_at=NOW + timedelta(minutes=30), minutes=30, code="X3")
    make_session(edition=edition, kind="break", starts_at=NOW + timedelta(minutes=60), code="PAUSE")

    response = client.get(f"/{edition.slug}/programm/")
    html = response.content.decode()

    nonce = re.search(r"'nonce-([^']+)'", response["Content-Security-Policy"])[1]
    assert f'<style nonce="{nonce}">' in html
    assert "style=" not in html
    assert "#s-X1{grid-row:2/4;grid-column:2}" in html
    assert "#s-X2{grid-row:2/3;grid-column:3}" in html
    assert "#s-X3{grid-row:3/4;grid-column:3}" in html
    assert "#s-PAUSE{grid-row:4/5;grid-column:2/-1}" in html


def test_an_empty_day_says_so(client, edition):
    html = page(client, f"/{edition.slug}/programm/")

    assert "Das Programm dieses Tages ist noch nicht veröffentlicht." in html


def test_a_track_without_sessions_on_the_day_says_so(client, edition):
    make_session(make_stage(edition))
    make_track(edition, slug="leer", name_de="Leeres")

    html = page(client, f"/{edition.slug}/programm/?schwerpunkt=leer")

    assert "An diesem Tag gibt es nichts zum Schwerpunkt „Leeres“." in html


def test_the_timetable_speaks_english(client, edition):
    stage = make_stage(edition, name_de="Großer Saal", name_en="Great hall")
    make_session(
        stage,
        title_de="Deutscher Titel",
        title_en="English title",
        track=make_track(edition, name_de="Schwerpunkt", name_en="Theme of the day"),
    )

    html = page(client, f"/en/{edition.slug}/programm/")

    assert titles(html) == ["English title"]
    assert "Thursday, 18 March 2021" in html
    assert "Theme of the day" in html
    assert "Great hall" in html
    for german in ("Deutscher", "Schwerpunkt", "Großer", "läuft", "Tag<"):
        assert german not in html


def test_a_text_without_english_is_shown_in_german(client, edition):
    make_session(make_stage(edition), title_de="Nur deutsch", title_en="")

    assert titles(page(client, f"/en/{edition.slug}/programm/")) == ["Nur deutsch"]


def test_sessions_of_other_editions_are_nowhere(client, edition):
    make_session(make_stage(edition), title_de="Unseres")
    foreign = make_session(title_de="Fremdes", code="FREMD", track=None)
    make_track(foreign.edition, slug="fremd", name_de="Fremder Schwerpunkt")

    html = page(client, f"/{edition.slug}/programm/?schwerpunkt=fremd")

    assert titles(html) == ["Unseres"]
    assert "Fremder Schwerpunkt" not in html
    for address in ("programm/FREMD/", "programm/FREMD.ics"):
        assert client.get(f"/{edition.slug}/{address}").status_code == 404


# --- Its bound: at most 8 queries, however many sessions -------------------------------------------


def fill(edition, count: int) -> None:
    """A programme of `count` sessions on three stages and two days, with tracks, speakers and breaks."""
    stages = [make_stage(edition, position=n) for n in range(3)]
    tracks = [make_track(edition) for _ in range(3)]
    minutes = 30 if count < 100 else 5
    for number in range(count):
        day, place = divmod(number, (count + 1) // 2)
        session = make_session(
            stages[place % 3],
            starts_at=FIRST_DAY.replace(hour=7) + timedelta(days=day, minutes=place // 3 * minutes),
            minutes=minutes,
            track=tracks[number % 3],
        )
        for _ in range(number % 3):
            make_speaker(session)
    make_session(
        edition=edition, kind="break", starts_at=NOW.replace(hour=22), minutes=30, code="PAUSE"
    )
    for stage in stages:
        actions.put_on_air(stage, None, NOW)


@pytest.mark.parametrize("signed_in", [False, True], ids=["anonymous", "attendee"])
def test_the_timetable_takes_the_same_few_queries_for_39_and_390_sessions(
    client, django_assert_max_num_queries, signed_in
):
    taken = []
    person = make_user()
    for count in (39, 390):
        edition = make_edition(at=NOW)
        fill(edition, count)
        if signed_in:
            make_admission(edition, person=person)
            client.force_login(person)
        client.get(f"/{edition.slug}/programm/")

        with django_assert_max_num_queries(8) as queries:
            html = page(client, f"/{edition.slug}/programm/")

        assert len(titles(html)) == count // 2
        taken.append(len(queries))

    assert taken[0] == taken[1]


# --- One session ---------------------------------------------------------------------------------


def test_the_page_of_a_session_tells_everything(client, edition):
    stage = make_stage(edition, name_de="Plenum")
    session = make_session(
        stage,
        code="A12",
        kind="panel",
        title_de="Einer für alle",
        abstract_de="Worum es geht.\n\nUnd warum.",
        source_de="Medieninformation",
        track=make_track(edition, slug="ozg", name_de="Onlinezugangsgesetz"),
        starts_at=NOW,
        minutes=40,
    )
    make_speaker(
        session,
        title="Dr.",
        first_name="Amrei",
        last_name="Sonnentag",
        function_de="Leiterin",
        organisation="Land Beispiel",
    )
    make_speaker(session, part="moderator", first_name="Ines", last_name="Großkopf")
    make_session(stage, starts_at=NOW + timedelta(hours=1), code="A13", title_de="Danach")

    html = page(client, f"/{edition.slug}/programm/A12/")
    text = text_of(html)

    for part in (
        "Podiumsdiskussion",
        "Onlinezugangsgesetz",
        "Einer für alle",
        "Donnerstag, 18. März 2021",
        "10:00–10:40 Uhr",
        "Plenum",
        "Dr. Amrei Sonnentag",
        "Leiterin, Land Beispiel",
        "Ines Großkopf (Moderation)",
        "Worum es geht.",
        "Herkunft der Angaben: Medieninformation",
        "Danach auf dieser Bühne",
    ):
        assert part in text
    assert f'href="/{edition.slug}/programm/A13/"' in html
    assert f'href="/{edition.slug}/programm/A12.ics"' in html
    assert f"/{edition.slug}/programm/?tag=2021-03-18&amp;schwerpunkt=ozg" in html


def test_the_page_of_a_session_speaks_english(client, edition):
    make_session(
        make_stage(edition), code="A12", title_en="One for all", abstract_en="What it is about."
    )

    text = text_of(page(client, f"/en/{edition.slug}/programm/A12/"))

    for part in ("One for all", "What it is about.", "Thursday, 18 March 2021", "Add to calendar"):
        assert part in text


def test_a_session_on_air_leads_to_its_stage(client, edition):
    stage = make_stage(edition, slug="plenum")
    make_session(stage, code="X1", starts_at=NOW)
    make_session(stage, code="X2", starts_at=NOW + timedelta(hours=1))

    live = f'href="/{edition.slug}/live/plenum/"'

    assert live in page(client, f"/{edition.slug}/programm/X1/")
    assert live not in page(client, f"/{edition.slug}/programm/X2/")


def test_a_code_is_found_in_small_letters(client, edition):
    make_session(make_stage(edition), code="A12", title_de="Gefunden")

    assert "Gefunden" in page(client, f"/{edition.slug}/programm/a12/")


@pytest.mark.parametrize("code", ["NICHTS", "A" * 13, "%00", "A1%0a", "..%2f", "<script>", "ä"])
def test_an_unknown_code_is_not_found(client, edition, code):
    assert client.get(f"/{edition.slug}/programm/{code}/").status_code == 404


def test_a_break_has_a_page_without_speakers_and_language(client, edition):
    make_session(edition=edition, kind="break", code="PAUSE-1", title_de="Mittagspause")

    text = text_of(page(client, f"/{edition.slug}/programm/PAUSE-1/"))

    assert "Alle Bühnen" in text
    assert "keine Beschreibung" not in text


def test_the_page_of_a_session_takes_the_same_queries_for_one_speaker_and_for_five(
    client, edition, django_assert_num_queries
):
    session = make_session(make_stage(edition), code="X1")
    make_speaker(session)
    with django_assert_num_queries(5):
        page(client, f"/{edition.slug}/programm/X1/")

    for _ in range(4):
        make_speaker(session)
    with django_assert_num_queries(5):
        page(client, f"/{edition.slug}/programm/X1/")


@pytest.mark.parametrize("address", ["programm/", "programm/X1/"])
def test_nothing_changes_by_looking(client, edition, address):
    session = make_session(make_stage(edition), code="X1")
    before = session.history.count()

    assert client.post(f"/{edition.slug}/{address}").status_code in {200, 403, 405}

    session.refresh_from_db()
    assert session.history.count() == before
