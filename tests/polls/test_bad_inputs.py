"""Every bad input of the live part gets the answer stated for it, and leaves nothing behind."""

import asyncio
import json
from pathlib import Path

import pytest

from polls import actions
from polls.forms import PollForm
from polls.models import Participation
from tests.data.bad_inputs_values import materialise
from tests.factories import NOW, make_stage
from tests.polls.factories import make_live_stage, make_open_poll, make_voters, option_ids
from tests.polls.sockets import Page, open_page, sign_in

INPUTS = json.loads((Path(__file__).parent.parent / "data" / "polls_bad_inputs.json").read_text())
FRAMES = [
    entry
    for entry in INPUTS
    if entry["value"].__class__ is dict and entry["value"].get("$") == "raw_frame"
]
# Acted out by name elsewhere, where more than one frame is needed.
ELSEWHERE = {
    "compressed 100 MB frame": "tests/local: the launcher switches permessage-deflate off",
    "client that never reads": "test_sockets.test_a_reader_that_does_not_read_is_dropped_and_slows_nobody",
    "socket open while the person logs out (stock socket stays authenticated)": "test_rights",
    "21 sockets of one person": "test_sockets.test_the_21st_page_of_a_person_replaces_the_oldest",
}


def named(entries):
    return [pytest.param(entry, id=entry["why"][:60]) for entry in entries]


@pytest.fixture
def stage():
    return make_live_stage()


def with_real_ids(text, stage):
    """The file's polls: 1 is open with option 1, option 5 is another poll's, 3 is closed."""
    closed = make_open_poll(stage)
    actions.close_poll(poll=closed, now=NOW)
    poll = make_open_poll(stage)
    foreign = make_open_poll(make_stage(stage.edition))
    option = option_ids(poll)[0]
    replacements = (
        ('"poll":1,', f'"poll":{poll.pk},'),
        ('"poll":1}', f'"poll":{poll.pk}}}'),
        ('"poll":3,"choices":[1]', f'"poll":{closed.pk},"choices":[{option_ids(closed)[0]}]'),
        ("[1]", f"[{option}]"),
        ("[1,1,1]", f"[{option},{option},{option}]"),
        ("[5]", f"[{option_ids(foreign)[0]}]"),
    )
    if len(text) < 1000:
        for old, new in replacements:
            text = text.replace(old, new)
    return text


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("entry", named(FRAMES))
async def test_a_bad_frame_is_answered(pages, stage, entry, caplog):
    text = with_real_ids(materialise(entry["value"]["v"]), stage)
    page, _state = await open_page(stage, make_voters(stage, 1)[0])
    pages.append(page)

    await page.send_input({"type": "websocket.receive", "text": text})

    if len(text) > 16 * 1024:
        assert await page.closed() == 1009
    else:
        answer = await page.hear("error", "ack")
        assert answer["type"] == "error"
        codes = [
            code
            for code in ("bad_frame", "not_found", "poll_closed", "too_long", "forbidden")
            if code in entry["expect"]
        ]
        if entry["expect"].startswith("accept"):
            codes = ["forbidden"]  # read, and declined: stages take no questions yet
        assert answer["code"] in (codes or ["bad_frame"])
        assert await page.ask(type="ping", id="still here") == {"type": "ack", "id": "still here"}
    assert not Participation.objects.exists()
    assert "Traceback" not in caplog.text


@pytest.mark.django_db(transaction=True)
async def test_ten_thousand_votes_of_one_person_count_once(pages, stage):
    poll = make_open_poll(stage)
    person, other = make_voters(stage, 2)
    opened = []
    for _number in range(5):
        page, _state = await open_page(stage, person)
        opened.append(page)
    calm, _state = await open_page(stage, other)
    pages += [*opened, calm]
    vote = {"type": "vote", "id": "v", "poll": poll.pk, "choices": [option_ids(poll)[0]]}

    async def flood(page):
        for _number in range(60):
            await page.tell(**vote)
        return [await page.hear("ack", "error") for _number in range(60)]

    answers = [answer for some in await asyncio.gather(*map(flood, opened)) for answer in some]
    calm_answer = await calm.ask(**vote)

    assert calm_answer == {"type": "ack", "id": "v"}
    assert {answer.get("code") for answer in answers} == {None, "too_fast"}
    assert sum(answer == {"type": "ack", "id": "v"} for answer in answers) == 1
    assert Participation.objects.filter(person_id=person).count() == 1


SOCKETS = [
    entry
    for entry in INPUTS
    if entry["value"].__class__ is dict
    and entry["value"].get("$") == "ws"
    and ("origin" in entry["value"] or "cookie" in entry["value"])
]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("entry", named(SOCKETS))
async def test_a_bad_handshake_is_refused(pages, stage, entry, settings):
    recipe = entry["value"]
    (person,) = make_voters(stage, 1)
    if "cookie" in recipe:
        page = Page(stage, sign_in(person, seconds=-5))
        pages.append(page)
        assert (await page.connect())[0]
        assert await page.closed() == 4401
    else:
        settings.SITE_URLS = ["https://congress.test"]
        page = Page(stage, sign_in(person), origin=recipe["origin"], host="congress.test")
        assert not (await page.connect())[0]


@pytest.mark.parametrize(
    "entry", named([entry for entry in INPUTS if entry["field"] == "poll_option_text"])
)
def test_a_bad_answer_is_refused_at_its_field(entry):
    form = PollForm(
        {
            "key": "7f0c1a52-7a0f-4a6e-9d55-3b9b3f5a1c11",
            "text": "Wie weit sind Sie?",
            "answers": f"Ja\n{materialise(entry['value'])}",
            "kind": "single",
            "results_show": "live",
        }
    )

    assert not form.is_valid()
    assert set(form.errors) == {"answers"}


def test_every_bad_input_is_driven():
    driven = [entry["why"] for entry in FRAMES + SOCKETS]
    driven += [entry["why"] for entry in INPUTS if entry["field"] == "poll_option_text"]
    driven += ["10,000 votes by one person", *ELSEWHERE]

    assert sorted(driven) == sorted(entry["why"] for entry in INPUTS)
