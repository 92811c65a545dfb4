"""Who gets into the admin and the organisers' pages, and with how many factors."""

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.core.cache import cache
from django.urls import reverse

from congress.models import Role
from congress.second_factor import is_guarded
from tests.factories import NOW, make_admission, make_edition, make_role

pytestmark = pytest.mark.django_db

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture(autouse=True)
def _fresh_limits():
    cache.clear()


@pytest.fixture
def edition():
    return make_edition(at=NOW)


def make_staff(edition, kind="organiser"):
    person = make_role(kind, edition).person
    EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    return person


def ask_for_code(client, person, goal="/admin/"):
    return client.post(reverse("account_request_login_code"), {"email": person.email, "next": goal})


def enter_code(client, code):
    return client.post(reverse("account_confirm_login_code"), {"code": code, "next": "/admin/"})


def sign_in(client, person):
    """With the code that the letter holds."""
    ask_for_code(client, person)
    return enter_code(
        client, client.session["account_login"]["state"]["stages"]["login_by_code"]["data"]["code"]
    )


def code():
    """What the app on the phone shows now."""
    counter = next(iter(yield_hotp_counters_from_time()))
    return format_hotp_value(hotp_value(SECRET, counter))


# --- The way in ---------------------------------------------------------------------------------------


def test_the_admin_sends_to_the_sign_in_of_everybody(client):
    first = client.get("/admin/")
    second = client.get(first["Location"])

    assert first["Location"] == "/admin/login/?next=/admin/"
    assert second["Location"].startswith(f"{reverse('account_login')}?next=")


def test_the_admin_has_no_password_form_of_its_own(client, edition):
    person = make_staff(edition)

    response = client.post(
        "/admin/login/?next=/admin/", {"username": person.email, "password": "x", "next": "/admin/"}
    )

    assert response.status_code == 302
    assert response["Location"].startswith(reverse("account_login"))
    assert "_auth_user_id" not in client.session


def test_an_organiser_gets_in_with_a_new_session(client, edition):
    person = make_staff(edition)
    client.get(reverse("account_login"))
    client.session["before"] = "1"
    client.session.save()
    before = client.session.session_key

    response = sign_in(client, person)

    assert response["Location"] == "/admin/"
    assert client.session.session_key != before
    assert client.get("/admin/").status_code == 200


def test_whoever_guesses_codes_is_stopped(client, edition):
    person = make_staff(edition)
    guesses, stopped = 0, False

    while guesses < 100 and not stopped:
        stopped = ask_for_code(client, person).status_code != 302
        while guesses < 100 and "account_login" in client.session:
            enter_code(client, "AAA-AAA")
            guesses += 1

    # Five per code, five codes in ten minutes, whatever browser is used; of a thousand million codes.
    assert (stopped, guesses) == (True, 25)
    assert "_auth_user_id" not in client.session


def test_the_eleventh_wrong_password_is_stopped(client, edition):
    person = make_staff(edition)
    person.set_password("Wolkenkratzer im Regen")
    person.save()

    def answer(password):
        return client.post(reverse("account_login"), {"login": person.email, "password": password})

    for number in range(10):
        assert answer(f"falsch {number}").status_code == 200
    # The right one does not help for the moment.
    answer("Wolkenkratzer im Regen")

    assert "_auth_user_id" not in client.session
    cache.clear()
    answer("Wolkenkratzer im Regen")
    assert client.session["_auth_user_id"] == str(person.pk)


@pytest.mark.parametrize("who", ["attendee", "moderator", "help_desk"])
def test_who_has_no_work_there_is_told_so_without_a_loop(who, client, edition):
    person = make_admission(edition).person if who == "attendee" else make_role(who, edition).person
    client.force_login(person)

    response = client.get("/admin/", follow=True)

    assert response.status_code == 403
    assert len(response.redirect_chain) == 1
    assert "403.html" in [template.name for template in response.templates]


def test_signing_out_of_the_admin_signs_out(client, edition):
    client.force_login(make_staff(edition))

    client.post(reverse("admin:logout"))

    assert "_auth_user_id" not in client.session


# --- The second factor -----------------------------------------------------------------------------------


@pytest.fixture
def second_factor(settings):
    settings.SECOND_FACTOR = True


@pytest.mark.parametrize(
    ("path", "guarded"),
    [
        ("/admin/", True),
        ("/admin/congress/user/", True),
        ("/admin/login/", False),
        ("/2021/orga/", True),
        ("/en/2021/orga/pruefung/", True),
        ("/2021-probe/orga/", True),
        ("/2021/live/plenum/", False),
        ("/2021/programm/", False),
        ("/konto/2fa/", False),
        ("/", False),
    ],
)
def test_what_is_guarded(path, guarded):
    assert is_guarded(path) is guarded


@pytest.mark.usefixtures("second_factor")
@pytest.mark.parametrize("page", ["admin", "orga"])
@pytest.mark.parametrize("kind", sorted(Role.GUARDED))
def test_a_guarded_role_sets_up_a_second_factor_first(page, kind, client, edition):
    client.force_login(make_staff(edition, kind))
    address = "/admin/" if page == "admin" else f"/{edition.slug}/orga/"

    response = client.get(address)

    assert (response.status_code, response["Location"]) == (302, reverse("mfa_index"))


@pytest.mark.usefixtures("second_factor")
@pytest.mark.parametrize("kind", sorted({"director", "moderator", "observer"}))
def test_other_roles_need_none(kind, client, edition):
    client.force_login(make_staff(edition, kind))

    assert client.get(f"/{edition.slug}/orga/").status_code == 200


@pytest.mark.usefixtures("second_factor")
def test_a_raw_post_does_not_get_past_it(client, edition):
    client.force_login(make_staff(edition))

    client.post(
        reverse("admin:congress_stage_add"),
        {"slug": "x", "name_de": "X", "position": 0, "edition": edition.pk},
    )

    assert not edition.stages.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("second_factor")
def test_setting_up_an_app_opens_the_pages_at_once(client, edition):
    client.force_login(make_staff(edition))
    page = client.get(reverse("mfa_activate_totp"))
    secret = page.context["form"].secret
    counter = next(iter(yield_hotp_counters_from_time()))

    client.post(
        reverse("mfa_activate_totp"), {"code": format_hotp_value(hotp_value(secret, counter))}
    )

    assert Authenticator.objects.filter(type="totp").count() == 1
    assert client.get(f"/{edition.slug}/orga/").status_code == 200
    assert client.get("/admin/").status_code == 200


@pytest.mark.usefixtures("second_factor")
def test_a_session_that_has_not_shown_the_factor_is_asked_for_it(client, edition):
    """As after a personal link, which signs in without one."""
    person = make_staff(edition)
    TOTP.activate(person, SECRET)
    RecoveryCodes.activate(person)
    client.force_login(person)
    goal = f"/{edition.slug}/orga/"

    asked = client.get(goal)
    assert asked["Location"] == f"{reverse('mfa_reauthenticate')}?next=%2F{edition.slug}%2Forga%2F"
    wrong = client.post(asked["Location"], {"code": "000000"})
    assert wrong.status_code == 200
    assert client.get(goal).status_code == 302
    client.post(asked["Location"], {"code": code()})

    assert client.get(goal).status_code == 200


@pytest.mark.usefixtures("second_factor")
def test_the_sign_in_asks_for_the_code_and_then_opens(client, edition):
    person = make_staff(edition)
    TOTP.activate(person, SECRET)

    response = sign_in(client, person)
    assert response["Location"].startswith(reverse("mfa_authenticate"))
    assert "_auth_user_id" not in client.session
    client.post(reverse("mfa_authenticate"), {"code": code()})

    assert client.get("/admin/").status_code == 200
