"""Redis wakes people up, nothing else: without it votes are acked and pages are right a moment later."""

import asyncio
import threading
import time
from typing import ClassVar

import pytest

from congress.live import news
from polls import actions, live
from polls.models import Participation
from tests.factories import NOW, make_admission
from tests.polls.factories import make_live_stage, make_open_poll, option_ids
from tests.polls.sockets import open_page

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def no_redis(settings):
    """An address where nobody listens."""
    from channels.layers import channel_layers

    before = dict(channel_layers.backends)
    layers = {**settings.CHANNEL_LAYERS["default"]}
    layers["CONFIG"] = {**layers["CONFIG"], "hosts": ["redis://127.0.0.1:9"]}
    settings.CHANNEL_LAYERS = {"default": layers}
    channel_layers.backends.clear()
    yield
    news.teller.stop()
    channel_layers.backends.clear()
    channel_layers.backends.update(before)


async def test_votes_are_acked_and_shown_without_redis(no_redis, pages):
    stage = make_live_stage()
    poll = make_open_poll(stage)
    voter, watcher = (make_admission(stage.edition).person for _ in range(2))
    page, _ = await open_page(stage, voter)
    other, _ = await open_page(stage, watcher)
    pages += [page, other]

    told = news.teller.told
    answer = await page.ask(type="vote", id="a", poll=poll.pk, choices=[option_ids(poll)[0]])

    assert answer == {"type": "ack", "id": "a"}
    assert (
        news.teller.told == told
    )  # nobody has heard of it yet, and the voter need not wait for that
    assert (await other.hear("results"))["total"] == 1
    assert Participation.objects.count() == 1


async def test_hubs_look_for_themselves_while_no_news_come(no_redis, pages):
    """Another process opened a poll: nobody could tell us."""
    stage = make_live_stage()
    page, state = await open_page(stage, make_admission(stage.edition).person)
    pages.append(page)
    poll = make_open_poll(stage)  # tells, and fails: from here on hubs know that they are alone
    await page.hear("stage")
    for _second in range(40):
        await asyncio.sleep(0.1)
        if news.teller.away:
            break
    assert news.teller.away

    live.StageState.objects.filter(stage=stage).update(
        seq=state["seq"] + 5, overlay="Wir sind gleich da"
    )

    frame = await page.hear("stage")
    assert (frame["stage"]["overlay"], frame["poll"]["id"]) == ("Wir sind gleich da", poll.pk)


class Unreachable:
    """A channel layer whose Redis is away; it knows who has waited for it."""

    waited: ClassVar[set[str]] = set()

    async def group_send(self, group, message):
        self.waited.add(threading.current_thread().name)
        raise OSError


def test_whoever_tells_never_waits_for_redis_and_what_waits_is_bounded(monkeypatch):
    monkeypatch.setattr(news, "get_channel_layer", Unreachable)
    teller = news.Teller()
    for number in range(2000):
        teller.tell(f"topic.{number % 1500}", people=[number])

    for _look in range(200):
        if Unreachable.waited:
            break
        time.sleep(0.05)
    assert Unreachable.waited == {"news"}
    assert len(teller._waiting) <= 1000
    teller.stop()


def test_what_could_not_be_told_does_not_wait_beyond_the_bound_either():
    teller = news.Teller()
    teller._waiting = {f"topic.{number}": {} for number in range(1000)}

    teller._failed("topic.1000", {"people": [1]}, OSError())
    teller._failed("topic.999", {"people": [1]}, OSError())

    assert len(teller._waiting) == 1000
    assert teller._waiting["topic.999"] == {"people": [1]}


def test_closing_a_poll_needs_no_redis(no_redis):
    poll = make_open_poll()

    actions.close_poll(poll=poll, now=NOW)

    assert poll.is_closed


async def test_news_reach_another_process(pages):
    """Its listener is what ours would be."""
    stage = make_live_stage()
    heard = asyncio.Event()
    listener = news.listener()
    listener.hear(live.topic(stage.pk), lambda body: heard.set())
    await asyncio.wait_for(listener.subscribed(live.topic(stage.pk)), 5)
    await asyncio.sleep(0.1)
    heard.clear()

    make_open_poll(stage)

    await asyncio.wait_for(heard.wait(), 5)
