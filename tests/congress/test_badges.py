"""What a badge opens: the stages of its edition, on one phone, until midnight. And nothing else."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from congress import actions
from congress.models import AccessLink, BrowserSession, JournalEntry, User
from polls.models import Participation
from tests.factories import (
    NOW,
    make_admission,
    make_edition,
    make_role,
    make_session,
    make_stage,
    make_user,
)
from tests.polls.factories import make_open_poll, option_ids

pytestmark = pytest.mark.django_db


@pytest.fixture
def edition():
    return make_edition(at=NOW, slug="2021")


@pytest.fixture
def stage(edition):
    stage = make_stage(edition, slug="plenum")
    make_session(stage)
    return stage


def print_badge(edition, *, person=None, kind="attendee"):
    admission = make_admission(edition, person=person or make_user(), kind=kind)
    tokens = actions.mint_for_many(
        kind="badge", edition=edition, admissions=[admission.pk], max_devices=1, now=edition.now()
    )
    return admission.person, next(iter(tokens.values()))


def come_in(token, *, phone=None, **given):
    phone = phone or Client()
    answer = phone.post(f"/zugang/{token}/", given)
    assert answer.status_code == 303, answer.status_code
    return phone, answer


@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_a_preview_of_the_code_changes_nothing_and_shows_no_name(edition, method):
    person, token = print_badge(edition)
    entries = JournalEntry.objects.count()

    for _ in range(3):
        answer = getattr(Client(), method)(f"/zugang/{token}/")
        assert answer.status_code == 200
        assert person.last_name not in answer.content.decode()

    assert BrowserSession.objects.count() == 0
    assert JournalEntry.objects.count() == entries


def test_one_button_leads_straight_to_the_stage_where_only_one_is_on(edition, stage):
    make_stage(edition, slug="forum-a")
    _, token = print_badge(edition)

    _, answer = come_in(token)

    assert answer["Location"] == "/2021/live/plenum/"


def test_where_several_stages_are_on_each_has_a_button_that_leads_there(edition, stage):
    make_session(make_stage(edition, slug="forum-a"))
    make_stage(edition, slug="forum-b")  # nothing is on there
    _, token = print_badge(edition)

    page = Client().get(f"/zugang/{token}/")

    assert [door.key for door in page.context["doors"]] == ["plenum", "forum-a"]
    assert come_in(token, to="forum-a")[1]["Location"] == "/2021/live/forum-a/"


@pytest.mark.parametrize("given", [{}, {"to": "forum-b"}, {"to": "/presse/"}])
def test_whoever_names_none_of_the_stages_sees_all_of_them(edition, stage, given):
    make_session(make_stage(edition, slug="forum-a"))
    _, token = print_badge(edition)

    assert come_in(token, **given)[1]["Location"] == "/2021/live/"


def test_whoever_is_asked_about_another_phone_still_comes_to_the_stage_they_chose(edition, stage):
    make_session(make_stage(edition, slug="forum-a"))
    _, token = print_badge(edition)
    come_in(token)

    asked = Client().post(f"/zugang/{token}/", {"to": "forum-a"})

    assert '<input type="hidden" name="to" value="forum-a">' in asked.content.decode()
    assert come_in(token, to="forum-a", replace="1")[1]["Location"] == "/2021/live/forum-a/"


@pytest.mark.django_db(transaction=True)
def test_a_phone_votes_with_two_taps_and_nothing_typed(edition, stage):
    poll = make_open_poll(stage)
    _, token = print_badge(edition)

    phone, answer = come_in(token)
    page = phone.get(answer["Location"])
    choice = {"poll": poll.pk, "choices": option_ids(poll)[:1]}
    voted = phone.post("/2021/live/plenum/vote/", choice, HTTP_ACCEPT="text/html")

    assert 'name="choices"' in page.content.decode()
    assert voted.status_code == 303
    assert Participation.objects.filter(poll=poll).count() == 1


def test_in_the_hall_the_picture_is_folded_and_muted(edition, stage):
    stage.main_stream_url = "https://stream.example/1.m3u8"
    stage.save()
    person, token = print_badge(edition)
    elsewhere = Client()
    elsewhere.force_login(person)

    hall = come_in(token)[0].get("/2021/live/plenum/").content.decode()
    home = elsewhere.get("/2021/live/plenum/").content.decode()

    assert '<details class="fk-hall-picture">' in hall
    assert 'muted preload="none"' in hall
    assert "fk-hall-picture" not in home
    assert "muted" not in home


@pytest.mark.django_db(transaction=True)
def test_press_by_badge_watches_and_does_not_vote(edition, stage):
    poll = make_open_poll(stage)
    _, token = print_badge(edition, kind="press")

    phone, _ = come_in(token)
    answer = phone.post(
        "/2021/live/plenum/vote/", {"poll": poll.pk, "choices": option_ids(poll)[:1]}
    )

    assert answer.status_code == 403


# --- One phone, one day -------------------------------------------------------------------------------


def test_the_next_phone_is_asked_and_ends_the_one_before(edition, stage):
    _, token = print_badge(edition)
    first, _ = come_in(token)
    second = Client()

    asked = second.post(f"/zugang/{token}/")
    come_in(token, phone=second, replace="1")

    assert asked.status_code == 409
    assert "schon auf einem anderen Handy" in asked.content.decode()
    assert second.get("/2021/live/plenum/").status_code == 200
    assert first.get("/2021/live/plenum/").status_code == 302


@pytest.mark.parametrize(
    ("moment", "hours"),
    [
        (datetime(2021, 3, 17, 9, 0, tzinfo=UTC), 14),  # 10:00 in Berlin
        (datetime(2021, 3, 17, 22, 30, tzinfo=UTC), 0.5),
        (datetime(2021, 3, 18, 9, 0, tzinfo=UTC), 14),
    ],
)
def test_a_badge_opens_until_midnight_where_the_congress_is(moment, hours):
    edition = make_edition(at=moment)
    _, token = print_badge(edition)

    phone, _ = come_in(token)

    assert phone.session.get_expiry_age() == pytest.approx(hours * 3600, abs=60)


def test_a_badge_opens_again_the_next_day(edition, stage):
    edition = make_edition(at=NOW - timedelta(days=1))
    _, token = print_badge(edition)
    come_in(token)
    BrowserSession.objects.all().delete()
    edition.clock_shift += timedelta(days=1)
    edition.save()

    assert come_in(token)[1].status_code == 303


# --- And nothing else ----------------------------------------------------------------------------------


def test_a_badge_opens_no_page_of_the_person_who_wears_it(edition, stage):
    _, token = print_badge(edition)
    phone, _ = come_in(token)

    answer = phone.get("/2021/meine-anmeldung/")

    assert answer.status_code == 302
    assert answer["Location"].startswith("/konto/login/")
    assert "Ausweis öffnet nur die Bühnen" in phone.get(answer["Location"]).content.decode()
    assert phone.get("/konto/email/").status_code == 302


@pytest.mark.parametrize("kind", ["organiser", "director", "moderator", "help_desk"])
def test_no_role_goes_with_a_badge(edition, stage, kind):
    person = make_role(kind, edition).person
    _, token = print_badge(edition, person=person, kind="staff")
    phone, _ = come_in(token)

    for address in ("/2021/orga/", "/2021/moderation/plenum/", "/2021/orga/ausweise/"):
        assert phone.get(address).status_code == 302, address
    assert phone.get("/admin/").status_code == 302
    page = phone.get("/2021/live/plenum/")
    assert page.context["viewer"].moderates is False
    assert "/moderation/" not in page.content.decode()
    assert "Organisation" not in page.content.decode()


def test_an_operator_by_badge_is_one_of_the_audience(edition, stage):
    _, token = print_badge(edition, person=make_user(is_superuser=True))
    phone, _ = come_in(token)

    assert phone.get("/2021/live/plenum/").context["viewer"].moderates is False
    assert phone.get("/2021/orga/").status_code == 302
    assert User.objects.get(is_superuser=True)


def test_a_badge_of_one_edition_opens_no_stage_of_another(edition, stage):
    other = make_stage(make_edition(at=NOW), slug="plenum")
    person, token = print_badge(edition)
    make_admission(other.edition, person=person)
    phone, _ = come_in(token)

    assert phone.get(f"/{other.edition.slug}/live/plenum/").status_code == 404


def test_whoever_is_signed_in_already_stays_so(edition, stage):
    person, token = print_badge(edition)
    phone = Client()
    phone.force_login(person)

    _, answer = come_in(token, phone=phone)

    assert answer["Location"] == "/2021/live/plenum/"
    assert phone.get("/2021/meine-anmeldung/").status_code == 200
    assert not JournalEntry.objects.filter(verb="link.entered").exists()


def test_signing_in_properly_ends_the_limits_of_the_badge(edition, stage):
    person, token = print_badge(edition)
    phone, _ = come_in(token)
    before = phone.session.session_key

    phone.force_login(person)

    assert phone.get("/2021/meine-anmeldung/").status_code == 200
    assert phone.session.session_key != before
    assert BrowserSession.objects.get(session_key=phone.session.session_key).link is None


def test_leaving_by_badge_signs_out(edition, stage):
    _, token = print_badge(edition)
    phone, _ = come_in(token)

    phone.post("/konto/logout/")

    assert phone.get("/2021/live/plenum/").status_code == 302


# --- A hall full of phones --------------------------------------------------------------------------------


def test_a_hall_behind_one_address_comes_in_within_a_minute(edition, stage):
    """Sixty of the 600 that load/badges.py sends: nothing counts addresses."""
    admissions = [make_admission(edition).pk for _ in range(60)]
    tokens = actions.mint_for_many(
        kind="badge", edition=edition, admissions=admissions, max_devices=1, now=NOW
    )

    for token in tokens.values():
        phone = Client(REMOTE_ADDR="203.0.113.7")
        assert phone.get(f"/zugang/{token}/").status_code == 200
        assert phone.post(f"/zugang/{token}/").status_code == 303
        assert phone.get("/2021/live/plenum/").status_code == 200

    assert BrowserSession.objects.filter(link__kind=AccessLink.Kind.BADGE).count() == 60
