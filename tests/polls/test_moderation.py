"""The moderators' console: keys, long lists, and the tablet on the stage."""

import re

import pytest

from congress.models import Role
from polls import asking
from polls.models import Question
from tests.factories import NOW, make_role
from tests.polls.factories import make_live_stage, make_open_poll, make_poll, make_question

pytestmark = pytest.mark.django_db


@pytest.fixture
def stage():
    return make_live_stage(slug="plenum")


@pytest.fixture
def console(client, stage):
    client.force_login(make_role(Role.Kind.MODERATOR, stage.edition).person)
    return lambda rest="": client.get(
        f"/{stage.edition.slug}/moderation/plenum/{rest}"
    ).content.decode()


def ask(stage, count, **fields):
    for number in range(count):
        make_question(stage, text=f"Frage {number:03}?", state=Question.State.SHOWN, **fields)
    asking.turn_questions(stage.pk)


def test_forty_questions_at_first_and_all_by_a_link(console, stage):
    ask(stage, 45)

    first, whole = console(), console("?alle")

    assert len(re.findall(r"Frage \d{3}\?</p>", first)) == 40
    assert "5 weitere zeigen" in first
    assert len(re.findall(r"Frage \d{3}\?</p>", whole)) == 45
    assert "weitere zeigen" not in whole


def test_each_key_is_at_one_button_and_in_the_overview(console, stage):
    make_poll(stage)
    make_open_poll(stage)
    ask(stage, 2)
    for text in ("Erste?", "Zweite?"):
        make_question(stage, text=text)
    on_screen = Question.objects.get(text="Frage 000?")
    asking.to_screen(question=on_screen, now=NOW, by=None)

    page = console()
    keys = re.findall(r'data-(?:key|list)="(.)"', page)

    assert sorted(keys) == sorted(set(keys))
    assert {"z", "y", "k", "c", "w", "f", "s", "g"} == set(keys)
    overview = page.split('id="keys-dialog"')[1]
    assert set(keys) <= set(re.findall(r'<kbd class="fk-key">(.)</kbd>', overview))


def test_the_tablet_shows_what_the_audience_sees_and_no_buttons(console, stage):
    make_open_poll(stage, text="Wohin?")
    ask(stage, 1)
    make_question(stage, text="Wartet noch?")
    on_screen = make_question(stage, text="Jetzt dran?", state=Question.State.SHOWN)
    asking.to_screen(question=on_screen, now=NOW, by=None)
    make_question(stage, text="Schon beantwortet?", state=Question.State.ANSWERED)

    page = console("tablet/").split("<main")[1].split("</main")[0]

    assert page.index("Jetzt dran?") < page.index("Frage 000?") < page.index("Wohin?")
    assert "Wartet noch?" not in page.split('id="live-state"')[0]
    assert "Schon beantwortet?" not in page.split('id="live-state"')[0]
    assert "<video" not in page
    assert "<button" not in page
