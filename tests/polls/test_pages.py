"""Pages of stages and the moderators' console: complete without JavaScript, for those who may."""

import json
import re
from datetime import timedelta

import pytest

from congress.models import Role
from congress.sessions import LINK_KEY
from polls import actions
from polls.models import Poll
from tests.factories import (
    NOW,
    make_admission,
    make_link,
    make_role,
    make_session,
    make_stage,
    make_user,
)
from tests.polls.factories import (
    make_live_stage,
    make_open_poll,
    make_poll,
    make_voters,
    option_ids,
    vote,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def stage():
    return make_live_stage()


@pytest.fixture
def moderator(client, stage):
    person = make_role(Role.Kind.MODERATOR, stage.edition, stage=stage).person
    client.force_login(person)
    return person


def url(stage, *parts):
    return "/".join([f"/{stage.edition.slug}", *map(str, parts), ""])


def console(stage, *parts):
    return url(stage, "moderation", stage.slug, *parts)


def fields(**changed):
    return {
        "key": "7f0c1a52-7a0f-4a6e-9d55-3b9b3f5a1c11",
        "text": "Wie weit sind Sie?",
        "answers": "Ja\nNein",
        "kind": "single",
        "results_show": "live",
    } | changed


# --- Stages ----------------------------------------------------------------------------------------------


def test_the_stages_show_what_is_open(client, stage):
    make_open_poll(stage, text="Wie weit sind Sie?")
    client.force_login(make_admission(stage.edition).person)

    page = client.get(url(stage, "live")).content.decode()

    assert "Wie weit sind Sie?" in page
    assert url(stage, "live", stage.slug) in page


def test_a_stage_page_is_complete_on_first_load(client, stage):
    poll = make_open_poll(stage, text="Wie weit sind Sie?")
    client.force_login(make_admission(stage.edition).person)

    page = client.get(url(stage, "live", stage.slug)).content.decode()

    state = json.loads(
        re.search(r'id="live-state" type="application/json">(.*?)</script>', page)[1]
    )
    assert state["poll"]["id"] == poll.pk
    assert state["you"] == {"kind": "attendee", "voted": [], "supported": [], "rated": []}
    assert page.count('name="choices"') == 3
    assert f'action="{url(stage, "live", stage.slug, "vote")}"' in page
    assert " style=" not in page


def test_an_english_page_knows_the_english_titles(client, stage):
    make_session(stage, title_de="Jetzt", title_en="Now", minutes=30)
    make_session(
        stage, title_de="Danach", title_en="Then", starts_at=NOW + timedelta(minutes=40), minutes=10
    )
    make_session(
        stage, title_de="Nur deutsch", title_en="", starts_at=NOW + timedelta(hours=1), minutes=10
    )
    client.force_login(make_admission(stage.edition).person)

    english = client.get("/en" + url(stage, "live", stage.slug))
    german = client.get(url(stage, "live", stage.slug))

    assert english.context["settings"]["titles"] == {"Jetzt": "Now", "Danach": "Then"}
    assert "<strong>Now</strong>" in english.content.decode()
    assert german.context["settings"]["titles"] == {}
    assert english.context["state"]["stage"] == german.context["state"]["stage"]


def test_the_stage_page_costs_few_queries(client, stage, django_assert_max_num_queries):
    make_open_poll(stage)
    client.force_login(make_admission(stage.edition).person)

    with django_assert_max_num_queries(10):
        client.get(url(stage, "live", stage.slug))


def test_results_are_a_table_with_bars(client, stage):
    people = make_voters(stage, 5)
    poll = make_open_poll(stage)
    yes, no, _perhaps = option_ids(poll)
    actions.cast_votes(
        [
            actions.Ballot(one, stage.pk, poll.pk, (no if n else yes,))
            for n, one in enumerate(people)
        ]
    )
    client.force_login(make_admission(stage.edition).person)

    page = client.get(url(stage, "live", stage.slug)).content.decode()

    assert 'width="80.0%"' in page
    assert re.search(r"80\s%\s\(4\)", page.replace("\u202f", " ").replace("\xa0", " "))
    assert "5 Stimmen" in page


def test_text_of_others_is_text(client, stage):
    make_open_poll(stage, text="<script>alert(1)</script>", answers=["</script><b>", "Nein"])
    client.force_login(make_admission(stage.edition).person)

    page = client.get(url(stage, "live", stage.slug)).content.decode()

    assert "<script>alert(1)" not in page
    assert "</script><b>" not in page


# --- Console ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "status"), [("attendee", 403), (None, 404)])
def test_the_console_is_for_those_who_run_the_stage(client, stage, kind, status):
    client.force_login(make_admission(stage.edition, kind=kind).person if kind else make_user())

    assert client.get(console(stage)).status_code == status


def test_a_moderator_of_another_stage_is_refused(client, stage):
    other = make_stage(stage.edition)
    client.force_login(make_role(Role.Kind.MODERATOR, stage.edition, stage=other).person)
    poll = make_poll(stage)

    assert client.get(console(stage)).status_code == 403
    assert client.post(console(stage, poll.pk, "open")).status_code == 403
    assert client.post(console(stage), fields()).status_code == 403
    poll.refresh_from_db()
    assert poll.is_draft


def test_a_poll_of_another_stage_is_not_found(client, stage, moderator):
    poll = make_poll(make_stage(stage.edition))

    assert client.post(console(stage, poll.pk, "open")).status_code == 404
    poll.refresh_from_db()
    assert poll.is_draft


def test_a_poll_is_prepared_opened_closed_and_published(client, stage, moderator):
    client.post(console(stage), fields(answers="Ja\n\n Nein \nVielleicht"))
    poll = Poll.objects.get()
    assert [option.text for option in poll.options.order_by("position")] == [
        "Ja",
        "Nein",
        "Vielleicht",
    ]

    states = [poll.state]
    for verb in ("open", "close", "publish"):
        response = client.post(console(stage, poll.pk, verb))
        assert (response.status_code, response["Location"]) == (303, console(stage))
        poll.refresh_from_db()
        states.append(poll.state)

    assert states == ["draft", "open", "closed", "published"]


@pytest.mark.parametrize(
    ("given", "answers", "bounds"),
    [
        ({"kind": "single", "max_choices": "2"}, ["Ja", "Nein"], (1, 1)),
        ({"kind": "multiple", "min_choices": "2"}, ["Ja", "Nein"], (2, 2)),
        (
            {"kind": "scale", "steps": "3", "low": "gar nicht", "high": "sehr"},
            ["1 – gar nicht", "2", "3 – sehr"],
            (1, 1),
        ),
        ({"kind": "word_cloud", "answers": ""}, [], (1, 3)),
        ({"kind": "word_cloud", "answers": "zu viel", "max_words": "1"}, [], (1, 1)),
    ],
)
def test_polls_of_every_kind_are_prepared(client, stage, moderator, given, answers, bounds):
    response = client.post(console(stage), fields(**given))

    assert response.status_code == 303
    poll = Poll.objects.get()
    assert [option.text for option in poll.options.order_by("position")] == answers
    assert (poll.min_choices, poll.max_choices) == bounds


def test_a_scale_has_its_meaning_in_words_and_a_mean(client, stage):
    poll = make_open_poll(stage, kind="scale", answers=["1 – gar nicht", "2", "3 – sehr"])
    low, middle, high = option_ids(poll)
    people = make_voters(stage, 5)
    for person, step in zip(people, (low, middle, high, high, high), strict=True):
        vote(poll, person, step)
    client.force_login(make_admission(stage.edition).person)

    page = client.get(url(stage, "live", stage.slug)).content.decode()

    assert "1 – gar nicht" in page
    assert "<strong>2,4</strong>" in page


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("chosen", "sentence"), [(1, "mindestens 2 Antworten"), (3, "höchstens 2 Antworten")]
)
def test_too_few_and_too_many_answers_are_said_in_words(client, stage, chosen, sentence):
    poll = make_open_poll(stage, kind="multiple", min_choices=2, max_choices=2)
    client.force_login(make_admission(stage.edition).person)

    response = client.post(
        url(stage, "live", stage.slug, "vote"),
        {"poll": poll.pk, "choices": option_ids(poll)[:chosen]},
        headers={"Accept": "text/html"},
    )

    assert response.status_code == 400
    assert sentence in response.content.decode()
    assert response.content.decode().count(" checked") == chosen


def test_a_poll_can_be_opened_at_once(client, stage, moderator):
    client.post(console(stage), fields(open="1", kind="multiple", minutes="5"))

    poll = Poll.objects.get()
    assert poll.is_open
    assert (poll.max_choices, (poll.ends_at - poll.opened_at).seconds) == (2, 300)


def test_a_form_sent_twice_makes_one_poll(client, stage, moderator):
    client.post(console(stage), fields())
    client.post(console(stage), fields())

    assert Poll.objects.count() == 1


@pytest.mark.parametrize(
    ("changed", "field", "sentence"),
    [
        ({"text": ""}, "text", "Bitte geben Sie die Frage ein."),
        ({"answers": "Ja"}, "answers", "mindestens zwei Antworten"),
        ({"answers": "Ja\nja"}, "answers", "Zwei Antworten sind gleich"),
        ({"kind": "explode"}, "kind", "Umfragen dieser Art gibt es nicht"),
        ({"kind": ""}, "kind", "wie geantwortet wird"),
        ({"answers": ""}, "answers", "eine je Zeile"),
        (
            {"kind": "multiple", "min_choices": "2", "max_choices": "1"},
            "min_choices",
            "als gewählt",
        ),
        ({"kind": "multiple", "min_choices": "x"}, "min_choices", "eine ganze Zahl"),
        ({"kind": "scale", "low": "", "high": "sehr"}, "low", "was dieses Ende der Skala bedeutet"),
        ({"kind": "scale", "low": "x" * 61, "high": "sehr"}, "low", "höchstens 60 Zeichen"),
        ({"kind": "scale", "low": "a", "high": "b", "steps": "11"}, "steps", "3 bis 10 Stufen"),
        ({"kind": "word_cloud", "max_words": "4"}, "max_words", "höchstens 3"),
        ({"minutes": "-1"}, "minutes", ""),
        ({"kind": "multiple", "max_choices": "9"}, "max_choices", ""),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_lost(
    client, stage, moderator, changed, field, sentence
):
    response = client.post(console(stage), fields(**changed))

    page = response.content.decode()
    assert response.status_code == 422
    assert set(response.context["form"].errors) == {field}
    assert sentence in page
    assert ("Wie weit sind Sie?" in page) == ("text" not in changed)
    assert not Poll.objects.exists()


def test_a_refused_step_comes_back_as_a_sentence(client, stage, moderator):
    make_open_poll(stage)
    second = make_poll(stage)

    response = client.post(console(stage, second.pk, "open"), follow=True)

    assert "Auf dieser Bühne ist noch eine Umfrage offen" in response.content.decode()


def test_the_console_costs_the_same_with_many_polls(
    client, stage, moderator, django_assert_max_num_queries
):
    for _ in range(8):
        poll = make_open_poll(stage)
        actions.close_poll(poll=poll, now=NOW)
    make_poll(stage)

    with django_assert_max_num_queries(16):
        client.get(console(stage))


def test_a_moderator_of_one_stage_goes_straight_there(client, stage, moderator):
    make_stage(stage.edition)

    response = client.get(url(stage, "moderation"))

    assert response["Location"] == console(stage)


def test_a_director_chooses_a_stage(client, stage):
    other = make_stage(stage.edition, name_de="Forum B")
    client.force_login(make_role(Role.Kind.DIRECTOR, stage.edition).person)

    page = client.get(url(stage, "moderation")).content.decode()

    assert console(stage) in page
    assert console(other) in page


def test_unknown_steps_are_not_found(client, stage, moderator):
    assert client.post(console(stage, make_poll(stage).pk, "explode")).status_code == 404
    assert client.get(console(stage, make_poll(stage).pk, "open")).status_code == 405


# --- Invented sessions -----------------------------------------------------------------------------------


def test_what_was_invented_is_marked_on_the_stage_in_the_list_and_in_the_regie(client, stage):
    invented = make_session(stage, example=True, title_de="Erfunden")
    make_session(stage, title_de="Belegt", starts_at=NOW + timedelta(hours=1))
    client.force_login(make_role(Role.Kind.ORGANISER, stage.edition).person)

    for address in (
        url(stage, "live"),
        url(stage, "live", stage.slug),
        url(stage, "regie"),
        url(stage, "regie", stage.slug),
    ):
        page = client.get(address).content.decode()
        assert page.count('kern-label kern-label--small">Beispiel<') == 1, address
    shown = client.get(url(stage, "live", stage.slug)).context
    assert shown["settings"]["examples"] == [invented.code]
    assert set(shown["state"]["stage"]["session"]) == {"code", "title", "ends_at"}


@pytest.mark.parametrize(
    ("kind", "by_link", "leads_to"),
    [
        ("press", True, "/presse/"),
        ("attendee", True, "/hilfe/"),
        ("attendee", False, "/konto/login/"),
    ],
)
def test_whoever_came_by_a_link_is_not_led_to_a_sign_in_they_do_not_have(
    client, kind, by_link, leads_to
):
    stage = make_live_stage()
    link, _token = make_link(make_admission(stage.edition, kind=kind), kind=kind)
    client.force_login(link.person)
    if by_link:
        session = client.session
        session[LINK_KEY] = link.pk
        session.save()

    told = client.get(url(stage, "live", stage.slug)).context["settings"]

    assert leads_to in told["sign_in"]
    assert ("persönlichen Link" in told["texts"]["signed_out"]) is by_link
