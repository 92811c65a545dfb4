"""The help desk asks whether somebody is connected at this moment, and how."""

import asyncio

import pytest
from asgiref.sync import sync_to_async

from congress import desk
from polls import headcount, whereabouts
from tests.factories import make_admission, make_user
from tests.polls.factories import make_live_stage
from tests.polls.sockets import open_page

pytestmark = pytest.mark.django_db(transaction=True)

# As a view asks: from a thread of its own, while the loop of the sockets runs on.
ask = sync_to_async(whereabouts.of, thread_sensitive=False)


@pytest.fixture
def stage():
    return make_live_stage(name_de="Plenum", slug="plenum")


@pytest.fixture
def person(stage):
    return make_admission(stage.edition).person


def answer(edition, person):
    subject = desk.Subject.of(person)
    return desk.case(edition, edition.now(), subject, live=True).answer.text


async def test_a_socket_answers_for_its_person_and_nobody_else(pages, stage, person):
    page, _state = await open_page(stage, person)
    pages.append(page)

    found, other = await asyncio.gather(ask(person.pk), ask(person.pk + 1))

    assert (found.by_socket, found.by_page, bool(other)) == ({stage.pk}, set(), False)
    await page.disconnect()
    assert not await ask(person.pk)


async def test_a_page_without_a_socket_answers_too(pages, stage, person):
    whereabouts.listen()
    headcount.page_asked(stage.pk, person.pk)

    found = await ask(person.pk)

    assert (found.by_socket, found.by_page) == (set(), {stage.pk})


async def test_the_sentence_of_whoever_is_connected(pages, stage, person):
    say = sync_to_async(answer, thread_sensitive=False)
    page, _state = await open_page(stage, person)
    pages.append(page)

    assert await say(stage.edition, person) == "Ist gerade verbunden: Plenum, Live-Verbindung."
    await page.disconnect()
    headcount.page_asked(stage.pk, person.pk)
    whereabouts.listen()
    assert await say(stage.edition, person) == (
        "Ist gerade verbunden: Plenum, nur über HTTP; das Netz lässt keine Live-Verbindung durch."
    )


def test_where_redis_is_away_nobody_can_say(stage, person, monkeypatch):
    def away(*_args, **_kwargs):
        raise ConnectionError

    monkeypatch.setattr(whereabouts.calls, "ask", away)
    subject = desk.Subject.of(person)

    (sentence,) = desk.live_sentences(stage.edition, stage.edition.now(), subject)

    assert sentence.text == "Ob die Person verbunden ist, kann im Moment niemand sagen."


def test_somebody_who_is_only_a_row_is_connected_nowhere(stage):
    row = desk.Subject("anmeldung", 1, "Kim", "Amt", "kim@amt.example")

    assert desk.live_sentences(stage.edition, stage.edition.now(), row) == []


def test_stages_of_another_edition_are_not_named(stage, monkeypatch):
    other = make_live_stage()
    found = whereabouts.Whereabouts(by_socket={other.pk})
    monkeypatch.setattr(whereabouts, "of", lambda person: found)
    subject = desk.Subject.of(make_user())

    assert desk.live_sentences(stage.edition, stage.edition.now(), subject) == []
