"""Screens of the hall and of the mixer: their addresses, what they are told, and how they end."""

import json
import re
from datetime import timedelta
from uuid import uuid4

import pytest

from congress import links, logs
from congress.models import AccessLink, JournalEntry, Role
from polls import actions, asking, directing, headcount, live, screens
from polls.models import Poll, Question, Screen
from tests.factories import (
    NOW,
    make_admission,
    make_role,
    make_session,
    make_speaker,
    make_stage,
)
from tests.polls.factories import make_live_stage, make_open_poll, make_voters, option_ids, vote
from tests.polls.sockets import Page, open_page

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def stage():
    return make_live_stage(slug="plenum")


@pytest.fixture
def director(client, stage):
    person = make_role(Role.Kind.DIRECTOR, stage.edition).person
    client.force_login(person)
    return person


def make_screen(stage, **fields):
    values = {"name": "Wand West", "shows": Screen.Shows.HALL, "key": uuid4(), "now": NOW}
    return screens.create(stage=stage, **values | fields)


def url(stage, token, rest=""):
    return f"/{stage.edition.slug}/anzeige/{token}/{rest}"


def orga(stage, rest=""):
    return f"/{stage.edition.slug}/orga/anzeigen/{rest}"


def ask_on_screen(stage, text="Wann?"):
    person = make_admission(stage.edition).person
    question = Question.objects.create(
        edition=stage.edition,
        stage=stage,
        person=person,
        name="Kim Beispiel",
        text=text,
        state=Question.State.SHOWN,
        asked_at=NOW,
    )
    asking.to_screen(question=question, now=NOW, by=None)
    return question


def socket(stage, token):
    return Page(f"/ws/{stage.edition.slug}/anzeige/{token}/")


async def opened(pages, stage, token):
    page = socket(stage, token)
    pages.append(page)
    accepted, _ = await page.connect(timeout=8)
    assert accepted
    return page, await page.hear("state")


async def refused(pages, stage, token):
    page = socket(stage, token)
    pages.append(page)
    accepted, _ = await page.connect(timeout=8)
    assert accepted
    return await page.closed()


# --- The page ---------------------------------------------------------------------------------------------


def test_a_screen_opens_by_its_address_alone(client, stage):
    session = make_session(stage, title_de="Register verbinden")
    make_speaker(session, last_name="Muster", organisation="Amt Beispiel")
    _screen, token = make_screen(stage)

    answer = client.get(url(stage, token))

    assert answer.status_code == 200
    assert answer.context["shows"] == "hall"
    assert answer.context["state"]["stage"]["session"]["title"] == "Register verbinden"
    assert answer.context["state"]["speakers"]["now"] == [
        {"name": "Robin Muster", "role": "Amt Beispiel"}
    ]
    assert "sessionid" not in answer.cookies
    assert "csrftoken" not in answer.cookies


@pytest.mark.parametrize("rest", ["", "state.json"])
def test_nothing_keeps_indexes_or_passes_on_the_address(client, stage, rest):
    _screen, token = make_screen(stage)

    answer = client.get(url(stage, token, rest))

    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    assert answer["Referrer-Policy"] == "no-referrer"
    assert answer["X-Robots-Tag"] == "noindex, nofollow"


@pytest.mark.parametrize("rest", ["", "state.json"])
def test_an_unknown_a_cut_and_a_foreign_token_are_not_found(client, stage, rest):
    _screen, token = make_screen(stage)
    elsewhere = make_live_stage()
    other = AccessLink.objects.create(
        kind="press",
        edition=stage.edition,
        valid_from=NOW,
        valid_until=NOW + timedelta(days=1),
        token_hash=links.hashed(press := links.new_token("press")),
    )

    for wrong in (links.new_token("screen"), token[:-3], press):
        assert client.get(url(stage, wrong, rest)).status_code == 404, other
    assert client.get(url(elsewhere, token, rest)).status_code == 404


@pytest.mark.parametrize("rest", ["", "state.json"])
def test_an_ended_screen_is_gone(client, stage, rest):
    screen, token = make_screen(stage)
    screens.end(screen=screen, now=NOW)

    assert client.get(url(stage, token, rest)).status_code == 410


def test_a_screen_ends_with_its_edition(client, stage):
    screen, token = make_screen(stage)
    AccessLink.objects.filter(pk=screen.link_id).update(
        valid_from=NOW - timedelta(days=2), valid_until=NOW - timedelta(hours=1)
    )

    assert client.get(url(stage, token)).status_code == 410


@pytest.mark.parametrize(("word", "shows"), screens.WORDS.items())
def test_one_address_shows_what_its_word_says(client, stage, word, shows):
    _screen, token = make_screen(stage)

    answer = client.get(url(stage, token), {"zeigt": word})

    assert answer.context["settings"]["shows"] == shows
    assert answer.context["settings"]["overlay"] == (shows in Screen.OVERLAYS)
    kind = "s-overlay" if shows in Screen.OVERLAYS else "s-full"
    assert f'<body class="{kind} s-shows-{shows}">' in answer.content.decode()


@pytest.mark.parametrize("word", ["", "hall", "nichts", "saal\x00", "x" * 500])
def test_a_word_that_is_none_shows_nothing(client, stage, word):
    _screen, token = make_screen(stage)

    assert client.get(url(stage, token), {"zeigt": word}).status_code in (400, 404)


def test_every_kind_of_screen_has_a_word():
    assert set(screens.WORDS.values()) == set(Screen.Shows.values)


def test_text_of_others_is_text_on_screens(client, stage):
    make_open_poll(stage, text="</script><script>alert(1)</script>")
    _screen, token = make_screen(stage, name="<b>Wand</b>")

    page = client.get(url(stage, token)).content.decode()

    assert "<script>alert(1)" not in page
    assert "<b>Wand</b>" not in page


def test_the_code_leads_to_the_stage(client, stage):
    _screen, token = make_screen(stage)

    shown = client.get(url(stage, token)).context["settings"]

    assert shown["watch"].endswith(f"/{stage.edition.slug}/live/plenum")
    assert shown["qr"].startswith("data:image/svg+xml")


# --- What it is told -----------------------------------------------------------------------------------------


def test_a_screen_reads_the_question_on_the_screen_without_a_name(client, stage):
    ask_on_screen(stage, "Wann geht es los?")
    Question.objects.create(
        edition=stage.edition, stage=stage, text="Und sonst?", state="shown", asked_at=NOW
    )
    _screen, token = make_screen(stage)

    state = json.loads(client.get(url(stage, token, "state.json")).content)

    assert [(one["text"], one["name"]) for one in state["questions"]] == [("Wann geht es los?", "")]
    assert "you" not in state
    assert state["build"] == live.screen_build()


@pytest.mark.parametrize(
    ("shows", "open_counts", "closed_counts"),
    [
        (Poll.Shows.LIVE, True, True),
        (Poll.Shows.AFTER_VOTE, False, True),
        (Poll.Shows.ON_CLOSE, False, True),
        (Poll.Shows.ON_PUBLISH, False, False),
    ],
)
def test_figures_reach_a_screen_when_all_may_see_them(
    client, stage, shows, open_counts, closed_counts
):
    people = make_voters(stage, 5)
    poll = make_open_poll(stage, results_show=shows)
    for person in people:
        vote(poll, person, option_ids(poll)[0])
    _screen, token = make_screen(stage)

    def counts():
        live._memories.clear()
        state = json.loads(client.get(url(stage, token, "state.json")).content)
        return state["poll"]["results"]["counts"] is not None

    assert counts() == open_counts
    actions.close_poll(poll=poll, now=NOW)
    assert counts() == closed_counts


def test_the_state_over_http_is_not_sent_twice(client, stage):
    _screen, token = make_screen(stage)
    first = client.get(url(stage, token, "state.json"))

    again = client.get(
        url(stage, token, "state.json"), headers={"If-None-Match": first.headers["ETag"]}
    )

    assert again.status_code == 304


async def test_a_socket_needs_no_session_and_hears_every_step(pages, stage):
    _screen, token = make_screen(stage)
    page, state = await opened(pages, stage, token)
    assert state["stage"]["overlay"] == ""

    directing.set_overlay(stage=stage, text="Gleich geht es weiter", now=NOW, by=None)

    news = await page.hear("stage")
    assert news["stage"]["overlay"] == "Gleich geht es weiter"
    assert news["speakers"] == {"now": [], "next": []}


@pytest.mark.parametrize(
    "frame",
    [
        {"type": "vote", "id": "a", "poll": 1, "choices": [1]},
        {"type": "ask", "id": "a", "text": "Wann?"},
        {"type": "support", "id": "a", "question": 1},
        {"type": "rate", "id": "a", "session": "A1", "stars": 5},
    ],
)
async def test_a_screen_may_say_nothing(pages, stage, frame):
    _screen, token = make_screen(stage)
    page, _state = await opened(pages, stage, token)

    assert (await page.ask(**frame))["code"] == "forbidden"


async def test_a_screen_that_missed_something_asks_for_the_whole(pages, stage):
    _screen, token = make_screen(stage)
    page, state = await opened(pages, stage, token)

    await page.tell(type="resume", id="r1")

    assert (await page.hear("state"))["seq"] == state["seq"]
    assert (await page.hear("ack"))["id"] == "r1"


async def test_unknown_ended_and_cut_tokens_are_closed_with_their_codes(pages, stage):
    screen, token = make_screen(stage)
    screens.end(screen=screen, now=NOW)

    assert await refused(pages, stage, token) == 4403
    assert await refused(pages, stage, links.new_token("screen")) == 4404
    assert await refused(pages, stage, token[:-2]) == 4404


@pytest.mark.parametrize("act", ["end", "renew"])
async def test_an_open_screen_goes_dark_at_once(pages, stage, act):
    screen, token = make_screen(stage)
    page, _state = await opened(pages, stage, token)

    if act == "end":
        screens.end(screen=screen, now=NOW)
    else:
        screens.renew(screen=screen, renewals=0, now=NOW)

    assert await page.closed(seconds=8) == (4403 if act == "end" else 4404)


async def test_screens_are_no_viewers(pages, stage):
    _screen, token = make_screen(stage)
    (person,) = make_voters(stage, 1)
    viewer, _state = await open_page(stage, person)
    pages.append(viewer)
    page, _state = await opened(pages, stage, token)

    assert headcount._here.count(stage.pk).sockets == 1

    await page.disconnect()
    assert headcount._here.count(stage.pk).sockets == 1


async def test_viewers_whose_rights_are_asked_for_with_a_screens_keep_them(pages, stage):
    """Screens and people share the guard; each is judged by its own rule."""
    _screen, token = make_screen(stage)
    (person,) = make_voters(stage, 1)
    viewer, _state = await open_page(stage, person)
    pages.append(viewer)
    page, _state = await opened(pages, stage, token)

    from congress.live.sockets import guard

    guard()._doubted.update(guard())
    await guard()._look_again()

    assert (await page.ask(type="ping", id="p"))["type"] == "ack"
    assert (await viewer.ask(type="ping", id="p"))["type"] == "ack"


def test_no_token_of_a_screen_is_logged():
    token = links.new_token("screen")

    assert token[7:] not in logs.masked(f"GET /2021/anzeige/{token}/ /ws/2021/anzeige/{token}/")


# --- Setting up -------------------------------------------------------------------------------------------------


def new(stage, **fields):
    return {
        "key": str(uuid4()),
        "name": "Mischer Plenum",
        "stage": stage.pk,
        "shows": "lower_third",
    } | fields


def token_in(answer):
    found = re.search(r"/anzeige/(screen_\w+)/", answer.content.decode())
    return found[1] if found else None


def test_the_address_is_shown_once(client, director, stage):
    answer = client.post(orga(stage), new(stage))

    token = token_in(answer)
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    assert client.get(url(stage, token)).context["shows"] == "lower_third"
    again = client.get(orga(stage))
    assert "Mischer Plenum" in again.content.decode()
    assert token_in(again) is None
    verbs = list(JournalEntry.objects.order_by("pk").values_list("verb", flat=True))
    assert verbs == ["link.created", "screen.created", "link.minted"]
    assert JournalEntry.objects.filter(details__icontains=token[:20]).count() == 0


def test_a_form_sent_twice_sets_up_one_screen(client, director, stage):
    fields = new(stage)
    token = token_in(client.post(orga(stage), fields))

    answer = client.post(orga(stage), fields, follow=True)

    assert Screen.objects.count() == 1
    assert AccessLink.objects.count() == 1
    assert [str(said) for said in answer.context["messages"]] == [
        "Diese Anzeige gibt es schon. Ihre Adresse wird nur einmal gezeigt; erneuern Sie sie, wenn niemand sie hat."
    ]
    assert client.get(url(stage, token)).status_code == 200


@pytest.mark.parametrize(
    ("wrong", "field", "sentence"),
    [
        ({"name": ""}, "name", "Bitte geben Sie einen Namen ein"),
        ({"name": "x" * 61}, "name", "höchstens 60 Zeichen"),
        ({"stage": "0"}, "stage", ""),
        ({"shows": "everything"}, "shows", ""),
    ],
)
def test_what_cannot_be_set_up_is_said_and_kept(client, director, stage, wrong, field, sentence):
    answer = client.post(orga(stage), new(stage) | wrong)

    assert answer.status_code == 422
    assert sentence in " ".join(answer.context["form"].errors[field])
    assert Screen.objects.count() == 0
    assert answer.context["form"]["name"].value() == (new(stage) | wrong)["name"]


def test_a_director_of_one_stage_sets_up_screens_there_only(client, stage):
    other = make_stage(stage.edition)
    foreign, token = make_screen(other)
    client.force_login(make_role(Role.Kind.DIRECTOR, stage.edition, stage=stage).person)

    page = client.get(orga(stage)).content.decode()
    answer = client.post(orga(stage), new(other))

    assert "Wand West" not in page
    assert answer.status_code == 422
    for act in ("erneuern", "beenden"):
        assert client.post(orga(stage, f"{foreign.pk}/{act}/")).status_code == 403
    assert client.get(url(stage, token)).status_code == 200


def test_a_renewed_address_ends_the_one_before(client, director, stage):
    screen, old = make_screen(stage)

    answer = client.post(orga(stage, f"{screen.pk}/erneuern/"), {"renewals": 0})

    new_token = token_in(answer)
    assert client.get(url(stage, new_token)).status_code == 200
    assert client.get(url(stage, old)).status_code == 404


@pytest.mark.parametrize("renewals", ["0", "", "-1", "viel", "9" * 30])
def test_an_address_made_anew_meanwhile_stays(client, director, stage, renewals):
    screen, _old = make_screen(stage)
    token = screens.renew(screen=screen, renewals=0, now=NOW)

    answer = client.post(orga(stage, f"{screen.pk}/erneuern/"), {"renewals": renewals}, follow=True)

    assert [str(said) for said in answer.context["messages"]] == [
        "Die Adresse dieser Anzeige wurde inzwischen erneuert. Es wurde nichts geändert."
    ]
    assert client.get(url(stage, token)).status_code == 200


def test_an_ended_screen_is_listed_as_ended_and_cannot_be_renewed(client, director, stage):
    screen, token = make_screen(stage)

    client.post(orga(stage, f"{screen.pk}/beenden/"))
    client.post(orga(stage, f"{screen.pk}/beenden/"))
    page = client.get(orga(stage))
    answer = client.post(orga(stage, f"{screen.pk}/erneuern/"), {"renewals": 0}, follow=True)

    assert client.get(url(stage, token)).status_code == 410
    assert page.context["screens"] == []
    assert page.context["over"] == [screen]
    assert [str(said) for said in answer.context["messages"]] == ["Diese Anzeige ist beendet."]
    assert JournalEntry.objects.filter(verb="screen.ended").count() == 1


def test_the_list_costs_the_same_with_one_and_with_three(
    client, director, stage, django_assert_num_queries
):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    make_screen(stage)
    client.get(orga(stage))
    with CaptureQueriesContext(connection) as with_one:
        client.get(orga(stage))
    make_screen(stage)
    make_screen(stage)

    with django_assert_num_queries(len(with_one)):
        client.get(orga(stage))


def test_who_speaks_costs_the_stage_page_no_query(client, stage, django_assert_max_num_queries):
    session = make_session(stage)
    make_speaker(session, part="moderator", last_name="Leitner")
    make_speaker(
        session, last_name="Muster", function_de="Amtsleiterin", organisation="Amt Beispiel"
    )
    make_open_poll(stage)
    client.force_login(make_admission(stage.edition).person)

    with django_assert_max_num_queries(10):
        client.get(f"/{stage.edition.slug}/live/plenum/")

    assert live.memory_of(stage.pk).fresh().speakers["now"] == [
        {"name": "Robin Muster", "role": "Amtsleiterin, Amt Beispiel"},
        {"name": "Robin Leitner", "role": "Amt Beispiel"},
    ]
