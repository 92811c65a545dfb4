"""The twin has two doors: from memory in front of the framework (`polls.twin`), and the views. Both say the same."""

import json

import pytest
from asgiref.testing import ApplicationCommunicator
from django.conf import settings
from django.test import Client

from congress.asgi import application
from polls import actions
from polls.models import Participation
from tests.factories import NOW, make_admission, make_stage
from tests.polls.factories import make_live_stage, make_open_poll, option_ids

pytestmark = pytest.mark.django_db(transaction=True)

TOKEN = "a" * 32


@pytest.fixture
def stage():
    return make_live_stage()


@pytest.fixture
def poll(stage):
    return make_open_poll(stage)


def cookies_of(stage, **admission):
    """A signed-in browser's cookies, with the token every page brings."""
    client = Client()
    client.force_login(make_admission(stage.edition, **admission).person)
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    return {settings.SESSION_COOKIE_NAME: session, settings.CSRF_COOKIE_NAME: TOKEN}


async def by_the_front_door(method, path, cookies, headers, body):
    line = "; ".join(f"{name}={value}" for name, value in cookies.items())
    sent = {"host": "testserver", **({"cookie": line} if line else {}), **headers}
    scope = {
        "type": "http",
        "http_version": "1.1",
        "scheme": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
        "client": ("127.0.0.1", 1),
        "server": ("testserver", 80),
    }
    asked = ApplicationCommunicator(application, scope)
    await asked.send_input({"type": "http.request", "body": body})
    start = await asked.receive_output(10)
    content, more = b"", True
    while more:
        part = await asked.receive_output(10)
        content, more = content + part.get("body", b""), part.get("more_body", False)
    found = {name.decode().lower(): value.decode() for name, value in start["headers"]}
    return start["status"], found, content


def by_the_views(method, path, cookies, headers, body):
    client = Client(enforce_csrf_checks=True)
    client.cookies.load(cookies)
    response = client.generic(
        method, path, body, content_type=headers.get("content-type", ""), headers=headers
    )
    return response.status_code, {k.lower(): v for k, v in response.items()}, response.content


JSON = {"content-type": "application/json", "origin": "http://testserver", "x-csrftoken": TOKEN}


def path_of(stage, what):
    return f"/{stage.edition.slug}/live/{stage.slug}/{what}"


async def both(pages, method, path, cookies, headers=None, content=None):
    body = json.dumps(content).encode() if content is not None else b""
    front = await by_the_front_door(method, path, cookies[0], headers or {}, body)
    views = by_the_views(method, path, cookies[-1], headers or {}, body)
    return front, views


@pytest.mark.parametrize("kind", ["attendee", "press"])
async def test_the_snapshot(pages, stage, poll, kind):
    one = cookies_of(stage, kind=kind)

    front, views = await both(pages, "GET", path_of(stage, "state.json"), [one])

    assert front[0] == views[0] == 200
    assert json.loads(front[2]) | {"now": ""} == json.loads(views[2]) | {"now": ""}
    assert front[1]["etag"] == views[1]["etag"]
    assert front[1]["cache-control"] == views[1]["cache-control"]


async def test_what_has_not_changed(pages, stage, poll):
    one = cookies_of(stage)
    path = path_of(stage, "state.json")
    first, _ = await both(pages, "GET", path, [one])

    front, views = await both(pages, "GET", path, [one], {"if-none-match": first[1]["etag"]})

    assert (front[0], front[2]) == (views[0], views[2]) == (304, b"")


async def test_what_is_mine(pages, stage, poll):
    one = cookies_of(stage)

    front, views = await both(pages, "GET", path_of(stage, "me.json"), [one])

    assert json.loads(front[2]) == json.loads(views[2])


async def test_a_vote_and_the_same_again(pages, stage, poll):
    two = [cookies_of(stage), cookies_of(stage)]
    content = {"id": "a", "poll": poll.pk, "choices": [option_ids(poll)[0]]}
    path = path_of(stage, "vote/")

    first = await both(pages, "POST", path, two, JSON, content)
    again = await both(pages, "POST", path, two, JSON, content)

    assert [(answer[0], json.loads(answer[2])) for answer in first] == [
        (200, {"type": "ack", "id": "a"})
    ] * 2
    assert [json.loads(answer[2]) for answer in again] == [
        {"type": "ack", "id": "a", "already": True}
    ] * 2
    assert Participation.objects.count() == 2


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"choices": []}, 400),
        ({"choices": [1, 1]}, 400),
        ({"choices": ["1"]}, 400),
        ({"voter": 2}, 400),
        ({"poll": 0}, 404),
        ({"choices": [999_999]}, 404),
        ({"id": "x" * 17_000}, 413),
    ],
    ids=str,
)
async def test_refusals(pages, stage, poll, change, status):
    content = {"id": "a", "poll": poll.pk, "choices": [option_ids(poll)[0]]} | change
    one = cookies_of(stage)

    front, views = await both(pages, "POST", path_of(stage, "vote/"), [one], JSON, content)

    assert (front[0], json.loads(front[2])) == (views[0], json.loads(views[2]))
    assert front[0] == status
    assert Participation.objects.count() == 0


async def test_a_closed_poll(pages, stage, poll):
    content = {"id": "a", "poll": poll.pk, "choices": [option_ids(poll)[0]]}
    one = cookies_of(stage)
    actions.close_poll(poll=poll, now=NOW)

    front, views = await both(pages, "POST", path_of(stage, "vote/"), [one], JSON, content)

    assert (front[0], json.loads(front[2])["code"]) == (409, "poll_closed")
    assert (front[0], json.loads(front[2])) == (views[0], json.loads(views[2]))


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"x-csrftoken": "b" * 32}, 403),
        ({"x-csrftoken": ""}, 403),
        ({"origin": "https://evil.test"}, 403),
        ({"host": "evil.test"}, 400),
    ],
    ids=str,
)
async def test_nobody_elses_page_votes(pages, stage, poll, headers, status):
    content = {"id": "a", "poll": poll.pk, "choices": [option_ids(poll)[0]]}
    one = cookies_of(stage)

    front, views = await both(
        pages, "POST", path_of(stage, "vote/"), [one], JSON | headers, content
    )

    assert front[0] == views[0] == status
    assert Participation.objects.count() == 0


async def test_the_press_and_strangers(pages, stage, poll):
    content = {"id": "a", "poll": poll.pk, "choices": [option_ids(poll)[0]]}
    press, stranger = cookies_of(stage, kind="press"), cookies_of(make_stage())

    forbidden = await both(pages, "POST", path_of(stage, "vote/"), [press], JSON, content)
    unknown = await both(pages, "GET", path_of(stage, "state.json"), [stranger])
    anonymous = await both(pages, "GET", path_of(stage, "state.json"), [{}])

    assert [answer[0] for answer in forbidden] == [403, 403]
    assert json.loads(forbidden[0][2]) == json.loads(forbidden[1][2])
    assert [answer[0] for answer in unknown] == [404, 404]
    assert [answer[0] for answer in anonymous] == [302, 302]
    assert Participation.objects.count() == 0
