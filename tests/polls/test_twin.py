"""The twin of the socket over HTTP: the same bytes, the same refusals, the same queue."""

import json

import pytest

from congress.live import limits
from congress.models import Role
from polls import actions, live
from polls.models import Participation, Poll
from tests.factories import NOW, make_admission, make_role, make_stage, make_user
from tests.polls.factories import (
    make_live_stage,
    make_open_poll,
    make_poll,
    make_voters,
    option_ids,
)
from tests.polls.sockets import open_page

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def stage():
    return make_live_stage()


@pytest.fixture
def poll(stage):
    return make_open_poll(stage)


def url(stage, what=""):
    return f"/{stage.edition.slug}/live/{stage.slug}/{what}"


def sign_in_as(client, stage, **admission):
    person = make_admission(stage.edition, **admission).person
    client.force_login(person)
    return person


def post(client, stage, what, content, **options):
    return client.post(url(stage, what), content, content_type="application/json", **options)


# --- Snapshot ------------------------------------------------------------------------------------------


def test_the_snapshot_is_the_state_without_what_is_mine(client, stage, poll):
    sign_in_as(client, stage)

    response = client.get(url(stage, "state.json"))

    body = response.json()
    assert list(body) == ["type", "seq", "now", "stage", "poll", "questions"]
    assert (body["type"], body["poll"]["id"]) == ("state", poll.pk)
    assert response["Content-Type"] == "application/json"


def test_the_same_bytes_for_an_audience(client, stage, poll):
    bodies = []
    for _ in range(3):
        sign_in_as(client, stage)
        bodies.append(client.get(url(stage, "state.json")).content)

    assert len(set(bodies)) == 1


def test_what_has_not_changed_is_not_sent_again(client, stage, poll):
    sign_in_as(client, stage)
    etag = client.get(url(stage, "state.json"))["ETag"]

    again = client.get(url(stage, "state.json"), headers={"If-None-Match": etag})

    assert (again.status_code, again.content, again["ETag"]) == (304, b"", etag)


def test_a_vote_and_a_closed_poll_change_the_etag(client, stage, poll):
    sign_in_as(client, stage)
    (person,) = make_voters(stage, 1)
    tags = [client.get(url(stage, "state.json"))["ETag"]]

    actions.cast_votes([actions.Ballot(person, stage.pk, poll.pk, (option_ids(poll)[0],))])
    live._memories.clear()
    tags.append(client.get(url(stage, "state.json"))["ETag"])
    actions.close_poll(poll=poll, now=NOW)
    live._memories.clear()
    tags.append(client.get(url(stage, "state.json"))["ETag"])

    assert len(set(tags)) == 3


def test_the_snapshot_is_read_once_per_tick(client, stage, poll, monkeypatch):
    loaded = []
    whole = live.StageSource.load
    monkeypatch.setattr(live.StageSource, "load", lambda self: loaded.append(1) or whole(self))
    sign_in_as(client, stage)

    for _ in range(5):
        client.get(url(stage, "state.json"))

    assert len(loaded) <= 3


async def test_the_socket_and_the_twin_say_the_same(pages, client, stage, poll):
    person = make_admission(stage.edition).person
    client.force_login(person)
    page, state = await open_page(stage, person)
    pages.append(page)

    response = client.get(url(stage, "state.json"))

    you = state.pop("you")
    assert response.json() | {"now": ""} == state | {"now": ""}
    mine = client.get(url(stage, "me.json")).json()
    assert mine == {"type": "you", **you, "questions": []}


def test_the_press_sees_no_counts_before_the_end(client, stage):
    poll = make_open_poll(stage, results_show=Poll.Shows.AFTER_VOTE)
    yes, *_ = option_ids(poll)
    voters = make_voters(stage, 5)
    actions.cast_votes([actions.Ballot(one, stage.pk, poll.pk, (yes,)) for one in voters])
    sign_in_as(client, stage, kind="press")

    results = client.get(url(stage, "state.json")).json()["poll"]["results"]

    assert (results["total"], results["counts"]) == (5, None)


# --- Who may ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["", "state.json", "me.json"])
def test_strangers_find_nothing_and_anonymous_people_the_sign_in(client, stage, what):
    assert client.get(url(stage, what)).status_code == 302

    client.force_login(make_user())

    assert client.get(url(stage, what)).status_code == 404


@pytest.mark.parametrize("what", ["", "state.json", "me.json", "vote/"])
def test_a_stage_of_another_edition_is_not_found(client, stage, what):
    sign_in_as(client, stage)
    other = make_live_stage()
    address = f"/{stage.edition.slug}/live/{other.slug}/{what}"

    response = client.post(address) if what == "vote/" else client.get(address)

    assert response.status_code == 404


def test_actions_are_posted(client, stage):
    sign_in_as(client, stage)

    assert {
        client.get(url(stage, f"{what}/")).status_code
        for what in ("vote", "ask", "support", "rate")
    } == {405}


# --- Voting -------------------------------------------------------------------------------------------


def test_a_vote_as_json(client, stage, poll):
    person = sign_in_as(client, stage)
    content = {"id": "a1", "poll": poll.pk, "choices": [option_ids(poll)[0]]}

    first = post(client, stage, "vote/", content)
    second = post(client, stage, "vote/", {"type": "vote", **content})

    assert (first.status_code, first.json()) == (200, {"type": "ack", "id": "a1"})
    assert second.json() == {"type": "ack", "id": "a1", "already": True}
    assert Participation.objects.get().person == person


def test_a_vote_as_a_form_of_a_program(client, stage, poll):
    sign_in_as(client, stage)

    response = client.post(url(stage, "vote/"), {"poll": poll.pk, "choices": [option_ids(poll)[0]]})

    assert response.json() == {"type": "ack", "id": None}


def test_a_vote_of_a_browser_leads_back_to_the_page(client, stage, poll):
    sign_in_as(client, stage)
    form = {"poll": poll.pk, "choices": [option_ids(poll)[1]]}

    response = client.post(url(stage, "vote/"), form, headers={"Accept": "text/html,*/*"})

    assert (response.status_code, response["Location"]) == (303, url(stage))
    page = client.get(url(stage)).content.decode()
    assert "Ihre Stimme wurde gezählt" in page
    assert 'data-live="form"' not in page


def test_a_refused_form_comes_back_with_the_reason_and_what_was_chosen(client, stage, poll):
    sign_in_as(client, stage)
    yes, no, _perhaps = option_ids(poll)
    form = {"poll": poll.pk, "choices": [yes, no]}

    response = client.post(url(stage, "vote/"), form, headers={"Accept": "text/html"})

    page = response.content.decode()
    assert response.status_code == 400
    assert page.count(" checked") == 2
    assert 'role="alert"' in page


def test_an_empty_form_says_what_is_missing(client, stage, poll):
    sign_in_as(client, stage)

    response = client.post(url(stage, "vote/"), {"poll": poll.pk}, headers={"Accept": "text/html"})

    assert response.status_code == 400
    assert "Bitte wählen Sie eine Antwort" in response.content.decode()


def test_refusals_have_the_bodies_and_codes_of_the_protocol(client, stage, poll):
    sign_in_as(client, stage)
    yes, *_ = option_ids(poll)
    foreign = make_open_poll(make_stage(stage.edition))
    draft = make_poll(stage)

    def answer(what, content):
        response = post(client, stage, what, content)
        body = response.json()
        assert (body["type"], body["id"]) == ("error", content.get("id"))
        assert body["message"]
        return response.status_code, body["code"]

    assert answer("vote/", {"poll": poll.pk}) == (400, "bad_frame")
    assert answer("vote/", {"poll": poll.pk, "choices": [yes], "voter": 2}) == (400, "bad_frame")
    assert answer("vote/", {"id": "x", "poll": poll.pk, "choices": [True]}) == (400, "bad_frame")
    assert answer("vote/", {"poll": foreign.pk, "choices": [yes]}) == (404, "not_found")
    assert answer("vote/", {"poll": draft.pk, "choices": option_ids(draft)[:1]}) == (
        404,
        "not_found",
    )
    assert answer("ask/", {"id": "q", "text": "x" * 4001}) == (413, "too_long")
    assert answer("ask/", {"text": "Was kostet das?"}) == (403, "forbidden")
    assert answer("support/", {"question": 5}) == (404, "not_found")
    assert answer("rate/", {"session": "A12", "stars": 6}) == (400, "bad_frame")
    assert answer("rate/", {"session": "A12", "stars": 4}) == (404, "not_found")
    actions.close_poll(poll=poll, now=NOW)
    assert answer("vote/", {"id": "a", "poll": poll.pk, "choices": [yes]}) == (409, "poll_closed")


def test_no_json_at_all(client, stage):
    sign_in_as(client, stage)

    for body in ("", "null", "[]", "{", '{"a":1,"a":2}', "\x00", "{" * 20000):
        response = post(client, stage, "vote/", body)
        assert response.status_code in {400, 413}
        assert response.json()["code"] in {"bad_frame", "too_long"}


def test_the_press_is_forbidden_to_vote_and_others_are_not_admitted(client, stage, poll):
    content = {"poll": poll.pk, "choices": [option_ids(poll)[0]]}
    sign_in_as(client, stage, kind="press")
    press = post(client, stage, "vote/", content)
    client.force_login(make_user())
    stranger = post(client, stage, "vote/", content)
    client.force_login(make_role(Role.Kind.HELP_DESK, stage.edition).person)
    helper = post(client, stage, "vote/", content)

    assert [(one.status_code, one.json()["code"]) for one in (press, stranger, helper)] == [
        (403, "forbidden"),
        (403, "not_admitted"),
        (403, "not_admitted"),
    ]
    assert not Participation.objects.exists()


def test_whoever_is_too_fast_is_told_when_to_come_back(client, stage, poll, monkeypatch):
    person = sign_in_as(client, stage)
    content = json.dumps({"poll": poll.pk, "choices": [option_ids(poll)[0]]})
    # A bucket that fills too slowly for this test to notice.
    slow = limits.Buckets(per_second=0.001, burst=2)
    monkeypatch.setattr("polls.views.twin.buckets", slow)

    answers = [post(client, stage, "vote/", content) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].json()["code"] == "too_fast"
    assert answers[2]["Retry-After"] == "1"
    assert not slow.take(person.pk)
    assert Participation.objects.count() == 1


def test_a_post_needs_its_token(stage, poll):
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    person = make_admission(stage.edition).person
    client.force_login(person)
    content = {"poll": poll.pk, "choices": [option_ids(poll)[0]]}

    without = post(client, stage, "vote/", content)
    token = client.get(url(stage)).context["settings"]["csrf"]
    with_token = post(client, stage, "vote/", content, headers={"X-CSRFToken": token})

    assert (without.status_code, with_token.status_code) == (403, 200)
    assert Participation.objects.count() == 1


@pytest.mark.parametrize("what", ["vote/", "ask/", "support/", "rate/"])
@pytest.mark.parametrize(
    ("content", "reply_to"),
    [
        ('{"id": "a1", "poll": 1}', "a1"),
        ('{"poll": 1}', None),
        ('{"id": 7}', None),
        ("no JSON", None),
        ('{"id": "a1", "text": "' + "x" * 20_000 + '"}', None),
        ('{"id": "a1", "text": "' + "x" * 3_000_000 + '"}', None),
    ],
    ids=["id", "none", "no text", "garbage", "long", "very long"],
)
def test_json_without_its_token_is_answered_by_the_body_of_a_frame(
    stage, poll, what, content, reply_to
):
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    sign_in_as(client, stage)

    response = post(client, stage, what, content)

    assert (response.status_code, response["Content-Type"]) == (403, "application/json")
    assert response.json() == {
        "type": "error",
        "id": reply_to,
        "code": "forbidden",
        "message": "Diese Seite war lange offen. Bitte laden Sie sie neu und versuchen Sie es noch einmal.",
    }


def test_a_form_without_its_token_gets_the_page(stage, poll):
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    sign_in_as(client, stage)

    response = client.post(url(stage, "vote/"), {"poll": poll.pk})

    assert (response.status_code, response["Content-Type"]) == (403, "text/html; charset=utf-8")
    assert "Das Formular" in response.content.decode()


def test_a_full_queue_is_busy(client, stage, poll, monkeypatch):
    from polls import voting

    monkeypatch.setattr(voting.counter, "limit", 0)
    sign_in_as(client, stage)

    response = post(
        client, stage, "vote/", {"id": "b", "poll": poll.pk, "choices": [option_ids(poll)[0]]}
    )

    assert response.status_code == 503
    assert response.json()["code"] == "busy"
    assert response.json()["retry_after_ms"] == 1000


@pytest.mark.parametrize("what", ["vote/", "ask/", "support/", "rate/"])
def test_more_than_pages_take_at_all_is_too_long_as_well(client, stage, what):
    sign_in_as(client, stage)

    response = post(client, stage, what, {"text": "x" * 3_000_000})

    assert (response.status_code, response.json()["code"]) == (413, "too_long")
