"""Signing in later: by code, by password; and limits that know that state networks leave through few addresses."""

import itertools
import re

import pytest
from allauth.account import app_settings
from allauth.account.models import EmailAddress
from allauth.core import ratelimit
from django.contrib.auth.hashers import make_password
from django.test import Client

from congress import mail
from congress.models import Letter, User
from tests.factories import make_edition, make_role, make_user
from tests.registration.making import OPEN, make_rule

LOGIN, REQUEST, CONFIRM = "/konto/login/", "/konto/login/code/", "/konto/login/code/confirm/"
PASSWORD = "Das-ist-ein-langer-Satz"


@pytest.fixture(autouse=True)
def setting(edition):
    """Signing in happens beside an edition."""


def account(**fields):
    person = make_user(**fields)
    EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    return person


def code_for(person):
    letter = Letter.objects.filter(
        to=person.email, template="congress/emails/login_code.md"
    ).latest("pk")
    return mail.unsealed(letter)["code"]


def asked(client, person):
    response = client.post(REQUEST, {"email": person.email})
    assert (response.status_code, response["Location"]) == (302, CONFIRM)


def text(response):
    return response.content.decode()


def back(client, seconds):
    """Let so many seconds have passed since the code was sent."""
    session = client.session
    login = session["account_login"]
    login["state"]["stages"]["login_by_code"]["data"]["at"] -= seconds
    login["initiated_at"] -= seconds
    session["account_login"] = login
    session.save()


def test_a_code_signs_in(client):
    person = account()
    asked(client, person)

    response = client.post(CONFIRM, {"code": code_for(person).lower().replace("-", " ")})

    assert response.status_code == 302
    assert client.session["_auth_user_id"] == str(person.pk)
    assert client.session.get_expiry_age() <= 86400


def test_a_code_is_easily_read_aloud(client):
    person = account()
    asked(client, person)

    assert re.fullmatch(r"[A-HJ-NP-Z2-9]{3}-[A-HJ-NP-Z2-9]{3}", code_for(person))


def test_the_page_names_sender_subject_and_help_desk(client):
    person = account()
    asked(client, person)

    page = text(client.get(CONFIRM))
    letter = Letter.objects.get(to=person.email)
    named = mail.render(letter, mint=True).subject.partition(":")[0]

    assert "fachkongress@fachkongress.example" in page
    assert named in page
    assert "hilfe@fachkongress.example" in page


@pytest.mark.parametrize(("minutes", "good"), [(29, True), (31, False)])
def test_a_code_lives_for_thirty_minutes(client, minutes, good):
    person = account()
    asked(client, person)
    back(client, minutes * 60)

    client.post(CONFIRM, {"code": code_for(person)})

    assert ("_auth_user_id" in client.session) is good


def test_a_new_code_can_be_had_after_thirty_seconds_and_lives_its_own_thirty_minutes(client):
    person = account()
    asked(client, person)
    first = code_for(person)
    assert "Bitte warten Sie noch" in text(client.post(CONFIRM, {"action": "resend"}, follow=True))
    assert code_for(person) == first
    back(client, 29 * 60)

    page = client.post(CONFIRM, {"action": "resend"}, follow=True)

    assert "Wir haben Ihnen einen neuen Code geschickt" in text(page)
    assert code_for(person) != first
    back(client, 29 * 60)
    client.post(CONFIRM, {"code": code_for(person)})
    assert client.session["_auth_user_id"] == str(person.pk)


def test_of_two_presses_at_the_same_moment_one_sends_a_new_code(client):
    person = account()
    asked(client, person)
    back(client, 60)
    other = Client()
    other.cookies = client.cookies
    before = dict(client.session)

    client.post(CONFIRM, {"action": "resend"})
    session = client.session  # what the second request had read before the first one wrote
    session.update(before)
    session.save()
    page = other.post(CONFIRM, {"action": "resend"}, follow=True)

    assert "Bitte warten Sie noch" in text(page)
    assert Letter.objects.filter(to=person.email).count() == 2


def test_five_wrong_codes_end_it(client):
    person = account()
    asked(client, person)
    for _ in range(5):
        client.post(CONFIRM, {"code": "AAA-AAA"})

    client.post(CONFIRM, {"code": code_for(person)})

    assert "_auth_user_id" not in client.session


def test_unknown_addresses_get_the_same_page_and_another_letter(client):
    known, unknown = account(email="known@kiel.example"), "other@kiel.example"
    pages = []
    for address in (known.email, unknown):
        browser = Client()
        answer = browser.post(REQUEST, {"email": address})
        page = re.sub(r'nonce="[^"]+"|value="[A-Za-z0-9]{64}"', "", text(browser.get(CONFIRM)))
        resent = browser.post(CONFIRM, {"action": "resend"})
        pages.append(
            (answer.status_code, answer["Location"], page.replace(address, "…"), resent.status_code)
        )

    assert pages[0] == pages[1]
    assert Letter.objects.get(to=unknown).template == "congress/emails/unknown_account.md"


def test_an_address_with_umlauts_finds_its_account(client):
    person = account(email="a@xn--mlsheim-90a.example")

    client.post(REQUEST, {"email": "A@MÖLSHEIM.example"})

    assert code_for(person)


def test_on_an_own_device_one_stays_signed_in_until_the_edition_ends(client, edition):
    person = account()
    asked(client, person)

    client.post(CONFIRM, {"code": code_for(person), "own_device": "on"})

    left = (edition.ends_at - edition.now()).total_seconds()
    assert abs(client.session.get_expiry_age() - left) < 60


def test_who_sees_personal_data_is_signed_out_after_a_day(client, edition):
    person = make_role("help_desk", edition, person=account()).person
    asked(client, person)

    client.post(CONFIRM, {"code": code_for(person), "own_device": "on"})

    assert client.session.get_expiry_age() <= 86400


def test_a_password_signs_in_where_one_was_set(client):
    person = account(password=PASSWORD)

    client.post(LOGIN, {"login": person.email, "password": PASSWORD})

    assert client.session["_auth_user_id"] == str(person.pk)


def test_one_mailbox_gets_few_codes(client):
    person = account()
    for _ in range(5):
        asked(Client(), person)

    response = client.post(REQUEST, {"email": person.email})

    assert response.status_code == 200
    assert Letter.objects.filter(to=person.email).count() == 5


def test_every_limit_per_address_is_the_fuse():
    """20 times above 2,000 sign-ins in ten minutes."""
    from allauth.core.internal.ratelimit import parse_rates

    for action, given in app_settings.RATE_LIMITS.items():
        for rate in parse_rates(given):
            if rate.per == "ip":
                assert (rate.amount, rate.duration) == (40_000, 600), action


@pytest.mark.race  # in `make races` all of them walk
def test_two_thousand_sign_in_and_two_thousand_ask_for_a_code_from_one_address(
    client, settings, rounds, rf
):
    """None is refused. In the daily run most of them are only counted, as their requests would count them."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    people, hashed = 2000, make_password(PASSWORD)
    crowd = User.objects.bulk_create(
        User(email=f"person-{n}@stadt-musterhausen.example", password=hashed) for n in range(people)
    )
    EmailAddress.objects.bulk_create(
        EmailAddress(user=person, email=person.email, verified=True, primary=True)
        for person in crowd
    )
    walking = rounds(100, people)
    # Those who walk are spread among the others, so that the line to the database is never idle for long.
    for number, person in enumerate(crowd):
        if number % (people // walking):
            for action in ("login", "request_login_code"):
                assert ratelimit.consume(rf.post("/"), action=action, key=person.email)
            continue
        client.cookies.clear()  # another browser
        asked(client, person)
        client.cookies.clear()
        signed_in = client.post(LOGIN, {"login": person.email, "password": PASSWORD})
        assert signed_in.status_code == 302

    assert Letter.objects.filter(template="congress/emails/login_code.md").count() == walking


@pytest.mark.slow
def test_registrations_from_one_address_are_not_slowed_by_each_other(client):
    make_rule("stadt-musterhausen.example")
    make_edition(at=OPEN, slug="2022", year=2022, format="virtual")
    numbers = itertools.count()

    for _ in range(50):
        client.cookies.clear()
        answer = client.post(
            "/2022/anmeldung/",
            {
                "first_name": "Kim",
                "last_name": "Albers",
                "body": "Stadt",
                "email": f"p{next(numbers)}@stadt-musterhausen.example",
                "privacy": "on",
            },
        )
        assert answer.status_code == 303


def test_the_fuse_blows_above_forty_thousand(client, monkeypatch):
    from registration import limits

    monkeypatch.setattr(limits, "MOST_IN_A_WINDOW", 1)
    fields = {"first_name": "Kim", "last_name": "A", "body": "B", "privacy": "on"}

    first = client.post("/2021/anmeldung/", fields | {"email": "a@kiel.example"})
    second = client.post("/2021/anmeldung/", fields | {"email": "b@kiel.example"})

    assert (first.status_code, second.status_code) == (303, 429)


def test_without_redis_registration_goes_on(client, settings):
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1",
            "OPTIONS": {"socket_connect_timeout": 1},
        }
    }

    answer = client.post(
        "/2021/anmeldung/",
        {
            "first_name": "Kim",
            "last_name": "A",
            "body": "B",
            "privacy": "on",
            "email": "a@kiel.example",
        },
    )

    assert answer.status_code == 303
