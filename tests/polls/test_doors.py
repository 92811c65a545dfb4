"""The stages' doors follow the edition's clock. Page, snapshot, vote and socket say the same."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from congress.live import database
from congress.models import Role
from polls import actions, live, queries
from polls.actions import Ballot, Outcome
from polls.models import Poll
from polls.rehearsal import running
from polls.tasks import close_due_polls
from tests.factories import (
    NOW,
    make_admission,
    make_edition,
    make_role,
    make_session,
    make_stage,
    set_clock,
)
from tests.polls.factories import make_open_poll, make_voters, option_ids, vote
from tests.polls.sockets import open_page
from tests.registration.making import make_registration, make_rule

pytestmark = pytest.mark.django_db(transaction=True)

EVE = datetime(2021, 3, 16, 22, 59, 59, tzinfo=UTC)  # a second before midnight in Berlin
FIRST_MORNING = datetime(2021, 3, 16, 23, 0, 1, tzinfo=UTC)
LAST_SECOND = datetime(2021, 3, 18, 22, 59, 50, tzinfo=UTC)
OVER = datetime(2021, 3, 18, 23, 0, 1, tzinfo=UTC)


@pytest.fixture
def stage():
    """Somebody is rehearsing there: an open poll, an announcement."""
    stage = make_stage(make_edition(at=NOW), name_de="Forum A", main_stream_url="/clip.m3u8")
    make_session(
        stage, title_de="Der erste Beitrag", starts_at=datetime(2021, 3, 17, 12, 30, tzinfo=UTC)
    )
    make_open_poll(stage, text="Wie weit sind Sie?")
    actions.say_on_stage(stage=stage, now=NOW, announcement="Tonprobe", phase="live")
    return stage


def at(stage, moment):
    set_clock(stage.edition, moment)
    live._memories.clear()


def url(stage, what=""):
    return f"/{stage.edition.slug}/live/{stage.slug}/{what}"


def post_vote(client, stage, **options):
    poll = Poll.objects.open().get()
    content = {"id": "a1", "poll": poll.pk, "choices": [option_ids(poll)[0]]}
    return client.post(url(stage, "vote/"), content, content_type="application/json", **options)


def member(client, stage, **fields):
    person = make_admission(stage.edition, **fields).person
    client.force_login(person)
    return person


def total():
    return queries.results(Poll.objects.get().pk)[0].total


# --- Pages -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["attendee", "press", "speaker"])
@pytest.mark.parametrize("what", ["stage", "all"])
def test_before_the_first_day_a_page_says_when_it_begins(client, stage, kind, what):
    at(stage, EVE)
    member(client, stage, kind=kind)

    response = client.get(url(stage) if what == "stage" else f"/{stage.edition.slug}/live/")

    page = response.content.decode()
    begins = {"stage": "13:30", "all": "09:00"}[what]
    assert response.status_code == 200
    assert f"Am Mittwoch, 17. März 2021, um {begins} Uhr geht es los" in page
    assert "Der erste Beitrag" in page
    assert f'href="/{stage.edition.slug}/programm/"' in page
    for inside in ("<video", "Wie weit sind Sie?", "Tonprobe", "live-settings", "Abstimmen"):
        assert inside not in page


def test_whoever_registered_finds_the_registration_there(client, stage):
    make_rule("stadt-musterhausen.example")
    at(stage, datetime(2021, 3, 1, 8, tzinfo=UTC))
    client.force_login(make_registration(stage.edition, state="admitted").person)

    page = client.get(url(stage)).content.decode()

    assert f'href="/{stage.edition.slug}/meine-anmeldung/"' in page


@pytest.mark.parametrize("moment", [FIRST_MORNING, LAST_SECOND])
def test_on_its_days_the_stage_is_open(client, stage, moment):
    at(stage, moment)
    member(client, stage)

    page = client.get(url(stage)).content.decode()

    assert "<video" in page
    assert "Wie weit sind Sie?" in page
    assert "Sie sind unter sich" not in page


@pytest.mark.parametrize("what", ["stage", "all"])
def test_after_the_last_day_a_page_leads_to_the_programme(client, stage, what):
    at(stage, OVER)
    member(client, stage)

    page = client.get(url(stage) if what == "stage" else f"/{stage.edition.slug}/live/")

    assert "Der Kongress ist vorbei" in page.content.decode()
    assert f'href="/{stage.edition.slug}/programm/"' in page.content.decode()
    assert "<video" not in page.content.decode()


@pytest.mark.parametrize("moment", [EVE, OVER])
@pytest.mark.parametrize("kind", [Role.Kind.DIRECTOR, Role.Kind.MODERATOR, Role.Kind.ORGANISER])
def test_whoever_runs_a_stage_is_in_at_any_time(client, stage, moment, kind):
    at(stage, moment)
    place = stage if kind == Role.Kind.MODERATOR else None
    client.force_login(make_role(kind, stage.edition, stage=place).person)

    page = client.get(url(stage)).content.decode()
    everything = client.get(f"/{stage.edition.slug}/live/").content.decode()

    assert "<video" in page
    assert "Wie weit sind Sie?" in page
    for text in (page, everything):
        assert "Sie sind unter sich" in text


def test_a_moderator_of_another_stage_waits_like_everybody(client, stage):
    at(stage, EVE)
    other = make_stage(stage.edition)
    client.force_login(
        make_role(Role.Kind.MODERATOR, stage.edition, stage=other).person,
    )

    assert "<video" not in client.get(url(stage)).content.decode()


@pytest.mark.parametrize("kind", ["staff", "rehearsal"])
def test_whoever_works_or_rehearses_there_is_in_before(client, stage, kind):
    at(stage, EVE)
    member(client, stage, kind=kind)

    assert post_vote(client, stage).json() == {"type": "ack", "id": "a1"}
    assert "<video" in client.get(url(stage)).content.decode()
    assert total() == 1


# --- Votes -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("moment", [EVE, OVER])
def test_outside_the_days_no_vote_counts(client, stage, moment):
    at(stage, moment)
    member(client, stage)

    response = post_vote(client, stage)

    assert response.status_code == 409
    assert response.json()["code"] == "poll_closed"
    assert total() == 0


@pytest.mark.parametrize("moment", [FIRST_MORNING, LAST_SECOND])
def test_on_its_days_votes_count(client, stage, moment):
    at(stage, moment)
    member(client, stage)

    assert post_vote(client, stage).json() == {"type": "ack", "id": "a1"}
    assert total() == 1


def test_a_plain_form_comes_back_to_the_doors_with_the_reason(client, stage):
    at(stage, EVE)
    member(client, stage)
    poll = Poll.objects.get()

    response = client.post(
        url(stage, "vote/"),
        {"poll": poll.pk, "choices": option_ids(poll)[0]},
        headers={"Accept": "text/html"},
    )

    page = response.content.decode()
    assert response.status_code == 409
    assert "Diese Umfrage ist geschlossen." in page
    assert "geht es los" in page
    assert total() == 0


def test_one_batch_tells_those_inside_from_those_outside(stage):
    poll = Poll.objects.get()
    yes, *_ = option_ids(poll)
    (early,) = make_voters(stage, 1)
    vote(poll, early, yes)
    at(stage, EVE)
    (attendee,), (rehearsal,) = make_voters(stage, 1), make_voters(stage, 1, kind="rehearsal")

    outcomes = actions.cast_votes(
        [Ballot(person, stage.pk, poll.pk, (yes,)) for person in (early, attendee, rehearsal)]
    )

    assert outcomes == [Outcome.ALREADY, Outcome.CLOSED, Outcome.COUNTED]
    assert total() == 2


def test_the_press_hears_the_same_as_ever(client, stage):
    at(stage, EVE)
    member(client, stage, kind="press")

    assert post_vote(client, stage).json()["code"] == "forbidden"


def test_polls_close_with_the_last_midnight(stage):
    at(stage, LAST_SECOND - timedelta(minutes=1))
    assert close_due_polls() == 0

    at(stage, OVER)

    assert close_due_polls() == 1


# --- Snapshot and socket ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("moment", "phase"), [(EVE, "preview"), (OVER, "ended")])
def test_the_snapshot_outside_tells_nothing_of_what_is_tried_out(client, stage, moment, phase):
    at(stage, moment)
    member(client, stage)

    body = client.get(url(stage, "state.json")).json()

    first = None
    if phase == "preview":
        first = {
            "title": "Der erste Beitrag",
            "ends_at": "2021-03-17T13:00:00Z",
            "starts_at": "2021-03-17T12:30:00Z",
        }
        assert body["stage"]["next"].pop("code")
    assert body["poll"] is None
    assert body["stage"] == {
        "slug": stage.slug,
        "phase": phase,
        "source": "main",
        "session": None,
        "next": first,
        "overlay": "",
        "delay_minutes": 0,
        "announcement": "",
    }


async def test_a_socket_outside_stays_open_and_hears_no_result(pages, stage, monkeypatch):
    monkeypatch.setattr("congress.live.hubs.HEARTBEAT_SECONDS", 0.3)
    at(stage, EVE)
    poll = Poll.objects.get()
    (rehearsal,) = make_voters(stage, 1, kind="rehearsal")
    page, state = await open_page(stage, make_admission(stage.edition).person)
    inside, seen = await open_page(stage, rehearsal)
    pages += [page, inside]
    assert (state["poll"], seen["poll"]["id"]) == (None, poll.pk)

    answer = await page.ask(type="vote", id="a1", poll=poll.pk, choices=[option_ids(poll)[0]])
    await inside.ask(type="vote", id="a1", poll=poll.pk, choices=[option_ids(poll)[0]])

    assert (answer["type"], answer["code"]) == ("error", "poll_closed")
    while (await inside.hear("results"))["total"] != 1:
        continue
    heard = []
    while not heard or heard[-1]["type"] != "heartbeat" or len(heard) < 3:
        heard.append(await page.hear())
    assert {frame["type"] for frame in heard} <= {"heartbeat", "stage"}
    assert heard[-1]["rev"] == {}
    assert "Wie weit" not in json.dumps(heard)


async def test_an_open_socket_follows_the_doors(pages, stage, monkeypatch):
    monkeypatch.setattr(live, "WHOLE_SECONDS", 0.2)
    monkeypatch.setattr("congress.live.hubs.HEARTBEAT_SECONDS", 0.2)
    at(stage, EVE)
    page, state = await open_page(stage, make_admission(stage.edition).person)
    pages.append(page)
    assert (state["stage"]["phase"], state["poll"]) == ("preview", None)

    await database.in_database(set_clock, stage.edition, FIRST_MORNING)
    opened = await page.hear("stage")
    await database.in_database(set_clock, stage.edition, OVER)
    closed = await page.hear("stage")

    assert (opened["stage"]["phase"], opened["poll"]["text"]) == ("live", "Wie weit sind Sie?")
    assert (closed["stage"]["phase"], closed["poll"]) == ("ended", None)
    assert state["seq"] < opened["seq"] < closed["seq"]


# --- Rehearsals ------------------------------------------------------------------------------------------


def test_a_rehearsal_before_the_days_counts_its_votes(stage, client):
    at(stage, EVE)
    company = running.prepare(stage, 3)
    poll = running.open_poll(stage, company)
    name, _, key = company.viewers[0].partition("=")
    client.cookies[name] = key

    answer = client.post(
        url(stage, "vote/"),
        {"id": "a1", "poll": poll.pk, "choices": [option_ids(poll)[0]]},
        content_type="application/json",
    )

    assert answer.json() == {"type": "ack", "id": "a1"}
    running.clean_up(stage)
