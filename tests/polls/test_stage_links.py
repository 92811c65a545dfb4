"""Links to the console of one stage for one day, with a code that is told."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.test import Client

from congress.models import AccessLink, BrowserSession, Role
from polls import stage_links
from tests.factories import NOW, make_edition, make_role, make_stage, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def empty_cache():
    cache.clear()


@pytest.fixture
def stage():
    return make_stage(make_edition(at=NOW), slug="plenum", name_de="Plenum")


def make(stage, kind=Role.Kind.MODERATOR, **fields):
    values = {"day": stage.edition.local(NOW).date(), "key": uuid4(), "now": NOW}
    return stage_links.create(stage=stage, kind=kind, **values | fields)


def enter(made, code=None, client=None):
    return (client or Client()).post(f"/zugang/{made.token}/", {"code": code or made.code})


@pytest.mark.parametrize(
    ("kind", "console"), [(Role.Kind.MODERATOR, "moderation"), (Role.Kind.DIRECTOR, "regie")]
)
def test_link_and_code_lead_to_the_console_of_that_stage_alone(stage, kind, console):
    make_stage(stage.edition, slug="forum-a")
    made, client = make(stage, kind), Client()

    answer = client.post(
        f"/zugang/{made.token}/", {"code": f" {made.code[:3]} {made.code[3:]} "}, follow=True
    )

    assert answer.redirect_chain[-1][0] == f"/{stage.edition.slug}/{console}/plenum/"
    assert answer.status_code == 200
    assert client.get(f"/{stage.edition.slug}/{console}/forum-a/").status_code == 403
    assert client.get(f"/{stage.edition.slug}/orga/anmeldungen/").status_code == 403


@pytest.mark.parametrize("code", ["", "000", "abcdef", "1234567", "x" * 30, "٠٠٠٠٠٠"])
def test_a_wrong_code_opens_nothing(stage, code):
    made = make(stage)
    answer = enter(made, code or " ")

    text = answer.content.decode()
    sentences = (
        "Dieser Code stimmt nicht",
        "Bitte geben Sie den Code ein",
        "Der Code hat sechs Ziffern",
    )
    assert answer.status_code == 200
    assert any(sentence in text for sentence in sentences)
    assert not BrowserSession.objects.exists()


def test_the_link_alone_names_nobody_and_opens_nothing(client, stage):
    made = make(stage)

    page = client.get(f"/zugang/{made.token}/").content.decode()
    blind = client.post(f"/zugang/{made.token}/")

    assert "Plenum" not in page
    assert "Code" in page
    assert blind.status_code == 200
    assert not BrowserSession.objects.exists()


def test_guessers_are_stopped_and_keep_nobody_else_out(stage):
    made = make(stage)
    guesses = [enter(made, f"{number:06}") for number in range(11) if f"{number:06}" != made.code]
    elsewhere = Client(REMOTE_ADDR="203.0.113.9")

    assert guesses[-1].status_code == 429
    assert "zehn Minuten" in guesses[-1].content.decode()
    assert enter(made).status_code == 429  # the right one, from where too much was tried
    assert enter(made, client=elsewhere).status_code == 303


def test_neither_link_nor_code_is_stored(stage):
    made = make(stage)
    link = AccessLink.objects.get()

    assert made.code.encode() not in bytes(link.code_hash)
    assert made.token.encode() not in bytes(link.token_hash)
    assert len(link.code_hash) == 32


def test_it_ends_with_the_day(stage):
    made = make(stage)
    midnight = stage.edition.midnight_after(NOW)

    assert made.link.valid_until == made.link.role.valid_until == midnight + timedelta(hours=2)
    with pytest.raises(stage_links.DayIsOver):
        make(stage, day=stage.edition.local(NOW).date() - timedelta(days=1))


def test_ending_it_signs_out_and_takes_the_role(stage):
    made, client = make(stage), Client()
    enter(made, client=client)
    console = f"/{stage.edition.slug}/moderation/plenum/"
    assert client.get(console).status_code == 200

    stage_links.end(link=AccessLink.objects.get(), now=NOW, by=make_user())

    assert client.get(console).status_code == 302
    assert enter(made).status_code == 410
    assert not Role.objects.in_force().filter(person=made.link.person).exists()


# --- The page of the organisers ---------------------------------------------------------------------------------


def page(stage):
    return f"/{stage.edition.slug}/orga/buehnenzugaenge/"


@pytest.fixture
def organiser(client, stage):
    person = make_role(Role.Kind.ORGANISER, stage.edition).person
    client.force_login(person)
    return person


def fields(stage):
    day = stage.edition.local(NOW).date().isoformat()
    return {"key": str(uuid4()), "stage": stage.pk, "kind": "moderator", "day": day}


def test_link_and_code_are_shown_once(client, organiser, stage):
    sent = fields(stage)

    made = client.post(page(stage), sent)
    again = client.post(page(stage), sent, follow=True)
    later = client.get(page(stage)).content.decode()

    text = made.content.decode()
    token = re.search(r"/zugang/(moderator_\w+)/", text)[1]
    assert re.search(r'id="code">\d{3} \d{3}<', text)
    assert made["Cache-Control"] == "no-store"
    assert "Diesen Link gibt es schon" in again.content.decode()
    assert token not in later + again.content.decode()
    assert AccessLink.objects.count() == 1
    assert "1 Link gilt" in later


@pytest.mark.parametrize(
    "more",
    [{"day": "2021-03-01"}, {"day": "morgen"}, {"stage": "0"}, {"kind": "organiser"}, {"key": "x"}],
)
def test_what_does_not_exist_is_refused_and_makes_nothing(client, organiser, stage, more):
    answer = client.post(page(stage), fields(stage) | more)

    assert answer.status_code == 422
    assert not AccessLink.objects.exists()
    assert not Role.objects.of_kind(Role.Kind.MODERATOR).exists()


def test_a_stage_of_another_edition_is_none(client, organiser, stage):
    other = make_stage(make_edition(at=NOW, slug="2022", year=2022))

    assert client.post(page(stage), fields(stage) | {"stage": other.pk}).status_code == 422
    made = make(other)
    assert client.post(f"{page(stage)}{made.link.pk}/beenden/").status_code == 404


def test_the_button_ends_it(client, organiser, stage):
    made = make(stage)

    answer = client.post(f"{page(stage)}{made.link.pk}/beenden/", follow=True)

    assert "Der Link ist beendet" in answer.content.decode()
    assert AccessLink.objects.get().revoked_at is not None
