"""The transport by itself: frames that are none, limits, batches."""

import asyncio
import contextlib
import json
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from congress.live import database, news
from congress.live.batches import Batcher, Busy
from congress.live.frames import BadFrame, Shape, a_number, decode, different_numbers, read
from congress.live.hubs import Hub
from congress.live.limits import Buckets, Strikes
from congress.live.pictures import Memory

SHAPES = {"vote": Shape(required={"poll": a_number, "choices": different_numbers(5)})}

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(st.text())
def test_no_text_ever_raises_anything_but_bad_frame(text):
    with contextlib.suppress(BadFrame):
        read(decode(text), SHAPES)


@given(st.dictionaries(st.sampled_from(["type", "id", "poll", "choices", "more"]), anything))
def test_no_object_ever_raises_anything_but_bad_frame(content):
    try:
        frame = read(decode(json.dumps(content)), SHAPES)
    except BadFrame:
        return
    assert type(frame["poll"]) is int
    assert len(set(frame["choices"])) == len(frame["choices"])


@pytest.mark.parametrize(
    "text",
    ["NaN", "[]", "1", '{"type":"vote","type":"vote"}', "[" * 100_000, "1" * 5000, '"\\ud800"', ""],
)
def test_what_is_no_frame_is_refused(text):
    with pytest.raises(BadFrame):
        decode(text)


def test_binary_is_no_frame():
    with pytest.raises(BadFrame):
        decode(b"{}")


@pytest.mark.parametrize("reply_to", [1, None, "x" * 65, "\ud800", True, ["a"]])
def test_a_bad_id_is_refused(reply_to):
    with pytest.raises(BadFrame):
        read({"type": "vote", "id": reply_to, "poll": 1, "choices": [1]}, SHAPES)


def test_the_id_of_a_bad_frame_is_echoed():
    with pytest.raises(BadFrame) as caught:
        read({"type": "vote", "id": "a1", "poll": True, "choices": [1]}, SHAPES)

    assert caught.value.reply_to == "a1"


def test_a_bucket_holds_twenty_and_fills_by_five_a_second():
    buckets = Buckets()

    taken = [buckets.take(7, at=0.0) for _ in range(21)]

    assert taken == [True] * 20 + [False]
    assert [buckets.take(7, at=1.0) for _ in range(6)] == [True] * 5 + [False]
    assert buckets.take(8, at=1.0)


def test_strikes_count_within_their_time():
    strikes = Strikes(3, 10)

    assert [strikes.out(moment) for moment in (0, 1, 20, 21, 22)] == [
        False,
        False,
        False,
        False,
        True,
    ]


@pytest.fixture
def batcher():
    made = []

    def make(work, **options):
        made.append(Batcher("test", work, **{"wait": 0.02, **options}))
        return made[-1]

    yield make
    for one in made:
        one.stop()


@pytest.mark.django_db(transaction=True)
def test_what_many_ask_is_done_at_once(batcher):
    sizes = []

    def work(items):
        sizes.append(len(items))
        return [item * 2 for item in items]

    one = batcher(work)
    futures = [one.submit(number) for number in range(50)]

    assert [future.result(5) for future in futures] == [number * 2 for number in range(50)]
    assert len(sizes) <= 3


@pytest.mark.django_db(transaction=True)
def test_what_fails_together_is_tried_alone(batcher):
    def work(items):
        raise RuntimeError

    def alone(item):
        if item == 3:
            raise RuntimeError
        return item

    one = batcher(work, one_by_one=alone)
    futures = [one.submit(number) for number in range(5)]

    assert [future.result(5) for future in futures if future is not futures[3]] == [0, 1, 2, 4]
    with pytest.raises(Busy):
        futures[3].result(5)


@pytest.mark.django_db(transaction=True)
def test_a_full_queue_is_busy_at_once(batcher):
    release = threading.Event()

    def work(items):
        release.wait(5)
        return items

    one = batcher(work, limit=2, size=1, most=1)
    futures = [one.submit(0)]
    while one._queue:
        pass
    futures += [one.submit(1), one.submit(2)]

    with pytest.raises(Busy):
        one.submit(3)
    release.set()
    assert [future.result(5) for future in futures] == [0, 1, 2]


@pytest.mark.django_db(transaction=True)
async def test_coroutines_wait_without_a_thread(batcher):
    one = batcher(lambda items: [item + 1 for item in items])

    answers = await asyncio.gather(*[one.ask(number) for number in range(20)])

    assert answers == list(range(1, 21))
    await asyncio.to_thread(one.stop)


def test_a_picture_is_loaded_once_per_tick():
    loaded = []

    class Source:
        topic = "test"

        def load(self):
            loaded.append(1)
            return len(loaded)

    memory = Memory(Source())

    assert {memory.fresh(60) for _ in range(5)} == {1}
    assert memory.fresh(0) == 2


@pytest.mark.django_db(transaction=True)
async def test_whoever_is_greeted_while_the_hub_looks_misses_nothing():
    heard, looks, go_on = [], threading.Event(), threading.Event()

    class Numbered:
        def __init__(self, seq):
            self.seq = seq

        def news_since(self, before):
            return ["stage"] if self.seq > before.seq else []

        def frame(self, part, audience):
            return f"{part} {self.seq}"

    class Source:
        topic = "test"

        def load(self):
            looks.set()
            go_on.wait(5)
            return Numbered(2)

    class Viewer:
        def audience(self, picture):
            return ""

        def post(self, key, text):
            heard.append(text)

    hub = Hub(Memory(Source()))
    hub.enter(Viewer())
    await asyncio.to_thread(looks.wait, 5)
    hub.greeted(Numbered(1))  # shown before what the hub is reading now
    go_on.set()
    for _ in range(100):
        await asyncio.sleep(0.02)
        if heard:
            break
    await hub.stop()
    await news.listener().stop()
    await asyncio.to_thread(database.stop)

    assert heard == ["stage 2"]
