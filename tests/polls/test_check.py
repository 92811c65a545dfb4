"""The Technik-Check: its page, its socket without a database, its way over HTTP, and its figures without persons."""

import asyncio
import json

import pytest
from channels.testing import WebsocketCommunicator
from django.core.cache import cache

from congress.models import Role
from polls import check_socket, checking
from polls.check_socket import CheckSocket
from polls.routing import sockets
from tests.factories import NOW, make_edition, make_role

ADDRESS = "/ws/2021/technik-check/"


@pytest.fixture(autouse=True)
def fresh_figures():
    cache.clear()
    checking._pace.clear()


@pytest.fixture
def edition(db):
    return make_edition(at=NOW)


def url(edition, rest=""):
    return f"/{edition.slug}/technik-check/{rest}"


def send(client, edition, **frame):
    return client.post(url(edition), json.dumps(frame), content_type="application/json")


# --- The socket: none of these tests may touch the database -----------------------------------------------


class Check(WebsocketCommunicator):
    def __init__(self, origin="http://testserver"):
        headers = [(b"host", b"testserver"), (b"origin", origin.encode())]
        super().__init__(sockets, ADDRESS, headers=headers)
        self.scope["scheme"] = "ws"

    async def frame(self):
        return json.loads(await self.receive_from(timeout=5))

    async def tell(self, content):
        await self.send_to(text_data=json.dumps(content))
        return await self.frame()


@pytest.fixture
async def check():
    opened = []

    async def open_one(**options):
        page = Check(**options)
        opened.append(page)
        accepted, code = await page.connect(timeout=5)
        return page, accepted, code

    yield open_one
    for page in opened:
        await page.disconnect()
    assert CheckSocket.open_now == 0


async def test_the_socket_says_it_is_there_and_answers(check):
    page, _accepted, _ = await check()

    state = await page.frame()

    assert (state["type"], len(state["filler"])) == ("state", 3000)
    assert await page.tell({"type": "ping", "id": "p"}) == {"type": "ack", "id": "p"}
    vote = {"type": "vote", "id": "v", "poll": 0, "choices": [1]}
    assert await page.tell(vote) == {"type": "ack", "id": "v"}


async def test_the_socket_beats_and_ends_after_a_minute(check, monkeypatch):
    monkeypatch.setattr(check_socket, "HEARTBEAT_SECONDS", 0.01)
    monkeypatch.setattr(check_socket, "LIFE_SECONDS", 0.03)
    page, _accepted, _ = await check()
    await page.frame()

    assert [(await page.frame())["type"] for _ in range(3)] == ["heartbeat"] * 3
    assert (await page.receive_output(timeout=5))["code"] == 1000


@pytest.mark.parametrize(
    "sent",
    [" ", "[]", "nonsense", '{"type":"ask","id":"x","text":"?"}', '{"type":"vote","id":"x"}'],
)
async def test_garbage_is_answered_and_harms_nobody(check, sent):
    page, _accepted, _ = await check()
    await page.frame()

    await page.send_to(text_data=sent)

    assert (await page.frame())["code"] == "bad_frame"
    assert (await page.tell({"type": "ping", "id": "p"}))["type"] == "ack"


async def test_whoever_says_too_much_is_closed(check):
    page, _accepted, _ = await check()
    await page.frame()
    for number in range(check_socket.MOST_FRAMES):
        await page.tell({"type": "ping", "id": str(number)})

    await page.send_to(text_data='{"type":"ping"}')

    assert (await page.receive_output(timeout=5))["code"] == 4429


async def test_a_full_house_is_told_to_come_later(check, monkeypatch):
    monkeypatch.setattr(check_socket, "MOST_OPEN", 1)
    first, _accepted, _ = await check()
    await first.frame()
    second, _accepted, _ = await check()

    assert (await second.receive_output(timeout=5))["code"] == 1013
    assert (await first.tell({"type": "ping", "id": "p"}))["type"] == "ack"


async def test_a_foreign_page_may_not_open_it(check):
    _page, accepted, _ = await check(origin="https://evil.example")

    assert not accepted


async def test_a_socket_that_went_frees_its_place(check):
    page, _accepted, _ = await check()
    await page.frame()
    await page.disconnect()
    await asyncio.sleep(0)

    assert CheckSocket.open_now == 0


# --- Over HTTP ------------------------------------------------------------------------------------------------


def test_everybody_may_check_and_reads_what_it_needs(client, edition, settings):
    settings.STREAM_HOSTS = ["https://stream.example:8443"]
    settings.SITE_URL = "https://kongress.example"

    page = client.get(url(edition)).content.decode()

    assert "Check starten" in page
    assert "kongress.example, stream.example – TCP-Port 443" in page
    assert f"wss://kongress.example/ws/{edition.slug}/…" in page
    assert "Ohne JavaScript probiert diese Seite nur eines aus" in page


def test_a_trial_vote_without_javascript(client, edition):
    answer = client.post(url(edition), {"choices": "1"})

    assert answer.status_code == 200
    assert "Ihre Probestimme ist über HTTP angekommen." in answer.content.decode()


@pytest.mark.parametrize("choices", ["", "3", "1; DROP"])
def test_a_forgotten_answer_is_asked_for(client, edition, choices):
    page = client.post(url(edition), {"choices": choices}).content.decode()

    assert "Bitte wählen Sie eine Antwort." in page
    assert "angekommen" not in page.partition('id="check-settings"')[0]


def test_the_way_over_http_answers_like_the_socket(client, edition):
    vote = {"type": "vote", "id": "v", "poll": 0, "choices": [2]}

    assert send(client, edition, **vote).json() == {"type": "ack", "id": "v"}
    assert len(client.get(url(edition, "state.json")).json()["filler"]) == 3000


@pytest.mark.parametrize(
    "frame",
    [
        {"type": "report", "outcome": "great"},
        {"type": "report"},
        {"type": "report", "outcome": ["ok"]},
        {"type": "ask", "text": "?"},
    ],
)
def test_frames_that_are_none_are_refused_and_not_counted(client, edition, frame):
    assert send(client, edition, **frame).status_code == 400
    assert checking.outcomes(edition, NOW.date()).total == 0


def test_a_frame_that_is_too_long_is_refused(client, edition):
    answer = client.post(url(edition), "x" * 20_000, content_type="application/json")

    assert (answer.status_code, answer.json()["code"]) == (413, "too_long")


def test_a_post_needs_its_token(edition):
    from django.test import Client

    strict = Client(enforce_csrf_checks=True)

    assert send(strict, edition, type="report", outcome="ok").status_code == 403
    assert checking.outcomes(edition, NOW.date()).total == 0


# --- Figures --------------------------------------------------------------------------------------------------


def test_what_came_out_is_counted_by_edition_and_day(client, edition):
    other = make_edition(at=NOW)
    for outcome in ("ok", "ok", "http_only", "no_picture"):
        send(client, edition, type="report", outcome=outcome)

    assert checking.outcomes(edition, NOW.date()) == checking.Outcomes(2, 1, 1)
    assert checking.outcomes(other, NOW.date()).total == 0
    yesterday = NOW.date().replace(day=17)
    assert checking.outcomes(edition, yesterday).total == 0


def test_days_add_up(edition):
    for day in (16, 17, 18):
        checking.count(edition, NOW.date().replace(day=day), checking.OK)

    assert checking.outcomes(edition, NOW.date(), days=2).ok == 2


def test_one_browser_cannot_fill_the_figures(edition):
    for _ in range(1000):
        checking.count(edition, NOW.date(), checking.OK)

    assert 200 <= checking.outcomes(edition, NOW.date()).ok < 600


def test_the_regie_and_the_organisers_see_the_figures(client, edition):
    for outcome in ("ok", "http_only"):
        send(client, edition, type="report", outcome=outcome)
    client.force_login(make_role(Role.Kind.ORGANISER, edition).person)

    orga = client.get(f"/{edition.slug}/orga/").content.decode()
    regie = client.get(f"/{edition.slug}/regie/").content.decode()

    assert "Was Besuchende in den letzten sieben Tagen herausgefunden haben" in orga
    assert "Technik-Check heute, 2 Mal: 1 alles geht, 1 nur über HTTP, 0 ohne Bild." in regie


def test_without_redis_nobody_can_say(edition, monkeypatch):
    def away(*_args, **_kwargs):
        raise ConnectionError

    monkeypatch.setattr(cache, "add", away)
    monkeypatch.setattr(cache, "get_many", away)

    checking.count(edition, NOW.date(), checking.OK)
    assert checking.outcomes(edition, NOW.date()) is None


def test_home_help_and_stage_lead_to_it(client, edition):
    from congress.models import Page

    Page.objects.create(edition=edition, slug="hilfe", title_de="Hilfe", body_de="Text")
    for address in (f"/{edition.slug}/", f"/{edition.slug}/hilfe/"):
        assert f'href="{url(edition)}"' in client.get(address).content.decode(), address
