"""Whoever sees personal data or gives rights is signed out after a while, and asked again before giving rights."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.sessions.backends.base import SessionBase
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from congress.live import entry
from congress.live.entry import Refusal, Visitor, Wanted
from congress.models import BrowserSession, Role
from congress.sessions import staff_session_ends_at
from tests.congress.test_admin_sign_in import SECRET, code, make_staff
from tests.factories import (
    NOW,
    make_admission,
    make_edition,
    make_link,
    make_role,
    make_stage,
    make_user,
)

pytestmark = pytest.mark.django_db

MORNING = datetime(2026, 3, 18, 6, 0, tzinfo=UTC)  # 07:00 in Berlin
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture(autouse=True)
def _codes_are_good_again(settings):
    settings.MFA_TOTP_TOLERANCE = 1  # one made at the end of its half minute is read in the next
    cache.clear()


@pytest.fixture
def edition():
    return make_edition(at=NOW)


def backdate(client, **moments):
    """Let the session have been like this; all that is not named never was."""
    values = {"seen_at": None, "on_duty_at": None} | moments
    rows = BrowserSession.objects.filter(session_key=client.session.session_key)
    assert rows.update(**values) == 1


def ago(**how_long):
    return timezone.now() - timedelta(**how_long)


# --- The rule -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seen", "on_duty", "ends"),
    [
        (None, None, MORNING + 30 * MINUTE),
        (MORNING + 5 * HOUR, None, MORNING + 5 * HOUR + 30 * MINUTE),
        (MORNING + 11 * HOUR + 50 * MINUTE, None, MORNING + 12 * HOUR),
        (None, MORNING + 5 * HOUR, MORNING + 5 * HOUR + 30 * MINUTE),
        # On air after twelve hours: until the day ends.
        (None, MORNING + 13 * HOUR, MORNING + 13 * HOUR + 30 * MINUTE),
        (MORNING + HOUR, MORNING + 16 * HOUR + 59 * MINUTE, MORNING + 17 * HOUR),
    ],
    ids=["nothing", "idle", "longest", "duty", "on air", "midnight"],
)
def test_when_a_session_ends(seen, on_duty, ends):
    assert staff_session_ends_at(MORNING, seen, on_duty) == ends


# --- Pages ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", sorted(Role.GUARDED))
@pytest.mark.parametrize(
    ("moments", "sentence"),
    [
        ({"entered_at": {"hours": 2}, "seen_at": {"minutes": 31}}, "eine halbe Stunde"),
        ({"entered_at": {"hours": 13}, "seen_at": {"minutes": 1}}, "zwölf Stunden"),
    ],
    ids=["idle", "long"],
)
def test_after_a_while_staff_signs_in_again_and_comes_back(
    client, edition, kind, moments, sentence
):
    client.force_login(make_role(kind, edition).person)
    backdate(client, **{name: ago(**how_long) for name, how_long in moments.items()})
    key = client.session.session_key

    response = client.get(f"/{edition.slug}/orga/", follow=True)

    goal, _status = response.redirect_chain[0]
    assert goal == f"{reverse('account_login')}?next=/{edition.slug}/orga/"
    assert sentence in response.content.decode()
    assert not BrowserSession.objects.filter(session_key=key).exists()


@pytest.mark.parametrize("who", ["attendee", "director", "moderator", "observer"])
def test_others_stay_signed_in(client, edition, who):
    person = make_admission(edition).person if who == "attendee" else make_role(who, edition).person
    client.force_login(person)
    backdate(client, entered_at=ago(hours=20))

    assert client.get(f"/{edition.slug}/live/").status_code == 200
    assert BrowserSession.objects.get().seen_at is None


def test_a_badge_brings_no_role_and_no_limit(client, edition):
    person = make_role("organiser", edition).person
    link, token = make_link(make_admission(edition, person=person), kind="badge")
    client.post(reverse("access_link", kwargs={"token": token}))
    backdate(client, entered_at=ago(hours=3))

    assert client.get(f"/{edition.slug}/live/").status_code == 200
    assert BrowserSession.objects.get(link=link).seen_at is None


def test_whoever_works_stays_signed_in(client, edition):
    client.force_login(make_role("organiser", edition).person)
    backdate(client, entered_at=ago(hours=2), seen_at=ago(minutes=29))

    client.get(f"/{edition.slug}/orga/")

    assert BrowserSession.objects.get().seen_at > ago(minutes=1)


def test_activity_is_written_down_once_a_minute(client, edition):
    client.force_login(make_role("organiser", edition).person)
    seen_at = ago(seconds=30)
    backdate(client, seen_at=seen_at)

    client.get(f"/{edition.slug}/orga/")

    assert BrowserSession.objects.get().seen_at == seen_at


def test_what_the_session_stores_leaves_its_activity_alone(client, edition):
    client.force_login(make_role("organiser", edition).person)
    on_duty_at = ago(minutes=3)
    session = client.session
    session.get("loaded")
    backdate(client, on_duty_at=on_duty_at)

    session["more"] = "1"
    session.save()

    row = BrowserSession.objects.get()
    assert row.on_duty_at == on_duty_at
    assert row.get_decoded()["more"] == "1"


def test_a_role_given_later_counts_for_sessions_that_are_open(client, edition):
    person = make_admission(edition).person
    client.force_login(person)
    backdate(client, entered_at=ago(days=5))
    assert client.get(f"/{edition.slug}/live/").status_code == 200

    make_role("help_desk", edition, person=person)

    assert client.get(f"/{edition.slug}/live/").status_code == 302


def test_a_session_begins_when_somebody_signs_in(client, edition):
    client.get(reverse("account_login"))
    session = client.session
    session["before"] = "1"
    session.save()
    assert isinstance(session, SessionBase)
    with time_machine.travel(timezone.now() + 3 * HOUR, tick=True):
        client.force_login(make_role("organiser", edition).person)
        entered = BrowserSession.objects.get(person__isnull=False).entered_at

        assert timezone.now() - entered < HOUR


# --- Pages that stand open -------------------------------------------------------------------------------


def test_a_page_that_is_typed_on_keeps_the_session(client, edition):
    client.force_login(make_role("organiser", edition).person)
    backdate(client, seen_at=ago(minutes=20))

    assert client.post(reverse("awake")).status_code == 204

    row = BrowserSession.objects.get()
    assert row.seen_at > ago(minutes=1)
    assert row.on_duty_at is None


def test_a_page_that_is_watched_counts_as_duty(client, edition):
    client.force_login(make_role("check_in", edition).person)

    client.post(reverse("awake"), {"duty": "1"})

    assert BrowserSession.objects.get().on_duty_at > ago(minutes=1)


def test_of_others_nothing_is_kept(client, edition):
    client.force_login(make_user())

    assert client.post(reverse("awake"), {"duty": "1"}).status_code == 204

    row = BrowserSession.objects.get()
    assert (row.seen_at, row.on_duty_at) == (None, None)


def test_whoever_is_signed_out_is_not_kept_awake(client):
    assert client.post(reverse("awake")).status_code == 401
    assert client.get(reverse("awake")).status_code == 405


@pytest.mark.parametrize("address", ["/{}/orga/", "/admin/", "/admin/congress/role/"])
def test_pages_of_the_staff_tell_that_somebody_types(client, edition, address):
    client.force_login(make_role("organiser", edition).person)

    page = client.get(address.format(edition.slug)).content.decode()

    assert 'awake.js" data-url="/konto/wach/"' in page
    assert "data-duty" not in page


def at_the_door(client, stage):
    (found,) = entry.look_up([Wanted(client.session.session_key, stage.edition.slug, stage.slug)])
    return found


def test_an_open_page_of_a_stage_is_duty(client, edition):
    stage = make_stage(edition)
    client.force_login(make_role("organiser", edition).person)

    found = at_the_door(client, stage)

    assert isinstance(found, Visitor)
    assert BrowserSession.objects.get().on_duty_at > ago(minutes=1)
    assert found.until <= timezone.now() + timedelta(minutes=30)


def test_duty_is_written_down_once_a_minute(client, edition, django_assert_num_queries):
    stage = make_stage(edition)
    client.force_login(make_role("organiser", edition).person)
    at_the_door(client, stage)
    wanted = Wanted(client.session.session_key, edition.slug, stage.slug)

    with django_assert_num_queries(1):
        entry.look_up([wanted])


def test_a_page_on_air_survives_the_twelve_hours(client, edition):
    stage = make_stage(edition)
    with time_machine.travel(MORNING, tick=False):
        client.force_login(make_role("organiser", edition).person)
    late = MORNING + 14 * HOUR
    backdate(client, on_duty_at=late - MINUTE)

    assert staff_session_ends_at(MORNING, None, late - MINUTE) == late + 29 * MINUTE
    row = BrowserSession.objects.get()
    assert (row.entered_at, row.on_duty_at) == (MORNING, late - MINUTE)
    assert stage.edition == edition


@pytest.mark.parametrize("kind", ["organiser", "help_desk"])
def test_a_socket_of_a_session_that_is_over_is_not_signed_in(client, edition, kind):
    stage = make_stage(edition)
    client.force_login(make_role(kind, edition).person)
    backdate(client, entered_at=ago(hours=2), seen_at=ago(minutes=31))

    assert at_the_door(client, stage) == Refusal(4401)


def test_a_director_who_only_watches_stays(client, edition):
    stage = make_stage(edition)
    client.force_login(make_role("director", edition).person)
    backdate(client, entered_at=ago(hours=20))

    assert isinstance(at_the_door(client, stage), Visitor)


# --- Before giving rights --------------------------------------------------------------------------------

ADD = "/admin/congress/role/add/"


@pytest.fixture
def organiser(client, edition, settings):
    settings.SECOND_FACTOR = True
    person = make_staff(edition)
    TOTP.activate(person, SECRET)
    client.force_login(person)
    return person


def show_factor(client, goal):
    answer = client.post(f"{reverse('mfa_reauthenticate')}?next={goal}", {"code": code()})
    assert answer.status_code == 302
    return answer


def records_are_old(client):
    session = client.session
    for record in session["account_authentication_methods"]:
        record["at"] -= 600
    session.save()


def test_before_giving_a_role_the_factor_is_shown_again(client, edition, organiser):
    show_factor(client, f"/{edition.slug}/orga/")
    assert client.get(ADD).status_code == 200
    records_are_old(client)

    asked = client.get(ADD)

    assert (
        asked["Location"]
        == f"{reverse('mfa_reauthenticate')}?next=%2Fadmin%2Fcongress%2Frole%2Fadd%2F"
    )
    assert client.get(f"/{edition.slug}/orga/").status_code == 200


def test_a_form_typed_for_long_is_saved_after_the_factor(client, edition, organiser):
    show_factor(client, ADD)
    records_are_old(client)
    new = {
        "address": "neu@stadt-musterhausen.example",
        "edition": edition.pk,
        "kind": "moderator",
    }

    asked = client.post(ADD, new)
    assert not Role.objects.filter(kind="moderator").exists()
    cache.clear()  # a code is good once
    answer = client.post(asked["Location"], {"code": code()})

    assert answer.status_code == 302
    assert Role.objects.get(kind="moderator").person.email == "neu@stadt-musterhausen.example"


@pytest.mark.parametrize("what", ["delete", "list"])
def test_ending_a_role_asks_too(client, edition, organiser, what):
    role = make_role("moderator", edition)
    show_factor(client, ADD)
    records_are_old(client)
    if what == "delete":
        asked = client.post(f"/admin/congress/role/{role.pk}/delete/", {"post": "yes"})
    else:
        data = {"action": "delete_selected", "_selected_action": role.pk, "post": "yes"}
        asked = client.post("/admin/congress/role/", data)

    assert asked["Location"].startswith(reverse("mfa_reauthenticate"))
    assert Role.objects.filter(pk=role.pk).exists()


def test_whoever_can_show_nothing_is_not_asked(client, edition):
    client.force_login(make_staff(edition))

    assert client.get(ADD).status_code == 200
