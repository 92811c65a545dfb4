import re
import uuid
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from congress.models import AccessLink, Admission, BrowserSession
from registration import actions
from registration.models import EmailCode, Registration, RegistrationSettings
from tests.factories import make_admission, make_edition, make_role, make_user, set_clock
from tests.registration.making import code_of, given, letters, make_registration, secret_of
from tests.registration.places import make_contingent

FORM, CODE, MINE = "/2021/anmeldung/", "/2021/anmeldung/code/", "/2021/meine-anmeldung/"
CANCEL, CALENDAR = "/2021/meine-anmeldung/absagen/", "/2021/meine-anmeldung/kongress.ics"
STATE = Registration.State


@pytest.fixture(autouse=True)
def setting(edition, rules):
    """Every page here is one of this edition."""


def typed(**fields):
    return {**given(), "privacy": "on", "form_key": str(uuid.uuid4()), **fields}


def text(response):
    return response.content.decode()


def registered(client, **fields):
    response = client.post(FORM, typed(**fields))
    assert response.status_code == 303, text(response)
    return Registration.objects.latest("pk")


def link_of(registration):
    return secret_of(registration)["confirm_url"].removeprefix("http://testserver")


# --- The form ---------------------------------------------------------------------------------------


def test_the_form_says_whom_it_is_for(client):
    response = client.get(FORM)

    assert response.status_code == 200
    assert "Gedacht für Beschäftigte der öffentlichen Verwaltung" in text(response)
    assert "hilfe@fachkongress.example" in text(response)


def test_at_most_eight_fields_are_required(db):
    from registration.forms import RegistrationForm

    form = RegistrationForm(edition=make_edition(format="hybrid"))
    assert sum(field.required for field in form.fields.values()) <= 8


def test_from_the_form_to_the_stages_with_one_page_and_one_letter(client, edition):
    response = client.post(FORM, typed(), follow=True)
    assert response.redirect_chain == [(CODE, 303)]
    assert "Wir haben Ihnen einen Code geschickt" in text(response)
    registration = Registration.objects.get()

    response = client.post(CODE, {"code": code_of(registration)}, follow=True)

    assert response.redirect_chain == [(MINE, 303)]
    assert "Sie sind dabei" in text(response)
    assert response.wsgi_request.user.email == registration.email
    assert len(letters("code")) == 1


def test_the_code_page_names_sender_subject_and_help_desk(client):
    registered(client)

    page = text(client.get(CODE))

    assert "fachkongress@fachkongress.example" in page
    assert "Ihr Code für den Fachkongress 2021" in page
    assert "hilfe@fachkongress.example" in page
    assert given()["email"] in page


def test_what_is_missing_is_said_in_german_and_nothing_typed_is_lost(client):
    response = client.post(FORM, typed(first_name="", privacy="", body="Amt; „Mitte“"))

    page = text(response)
    assert "Bitte korrigieren Sie 2 Eingaben" in page
    assert "Bitte bestätigen Sie, dass Sie die Hinweise zum Datenschutz gelesen haben." in page
    assert 'value="Amt; „Mitte“"' in page
    assert not Registration.objects.exists()


def test_what_was_typed_stays_when_registration_closes_meanwhile(client, edition):
    client.get(FORM)
    set_clock(edition, edition.registration_closes_at)

    response = client.post(FORM, typed(body="Amt Musterhausen"))

    assert "inzwischen geschlossen" in text(response)
    assert 'value="Amt Musterhausen"' in text(response)
    assert not Registration.objects.exists()


@pytest.mark.parametrize(
    ("moment", "sentence"),
    [
        ("registration_opens_at", "Die Anmeldung öffnet am 11. Januar 2021, 09:00 Uhr."),
        ("registration_closes_at", "Die Anmeldung war bis zum 16. März 2021, 18:00 Uhr möglich."),
    ],
)
def test_outside_of_its_time_the_page_says_when(client, edition, moment, sentence):
    early = moment == "registration_opens_at"
    set_clock(edition, getattr(edition, moment) + timedelta(seconds=-5 if early else 0))

    response = client.get(FORM)

    assert response.status_code == 200
    assert sentence in text(response)
    assert "<form method=" not in text(response).split("<main")[1]


def test_sent_twice_it_is_one_registration(client):
    fields = typed()

    client.post(FORM, fields)
    response = client.post(FORM, fields)

    assert response.status_code == 303
    assert Registration.objects.count() == len(letters("code")) == 1


def test_a_form_without_its_key_is_taken_too(client):
    assert registered(client, form_key="")


@pytest.mark.parametrize("key", ["", "x", None])
def test_without_the_key_of_its_page_the_same_form_twice_is_one_registration(client, key):
    same = typed(form_key=key)
    if key is None:
        del same["form_key"]

    for _press in range(3):
        assert client.post(FORM, same)["Location"].endswith(CODE)
    client.post(FORM, same | {"first_name": "Kai"})

    assert sorted(Registration.objects.values_list("first_name", flat=True)) == ["Kai", "Kim"]
    assert len(letters("code")) == 2


def test_going_back_one_finds_what_one_typed(client):
    registration = registered(client, email="kim.albres@stadt-musterhausen.example")

    page = text(client.get(FORM + "?korrigieren"))

    assert 'value="kim.albres@stadt-musterhausen.example"' in page
    assert str(registration.form_key) in page
    assert "kim.albres" not in text(Client().get(FORM + "?korrigieren"))


def test_the_english_page_is_english(client):
    page = text(client.get("/en" + FORM))

    assert "Meant for the staff of public administrations" in page
    response = client.post("/en" + FORM, typed())
    assert response["Location"] == "/en" + CODE
    assert letters("code")[0].language == "en"
    assert "/en/2021/anmeldung/bestaetigen/" in secret_of(Registration.objects.get())["confirm_url"]


def test_the_page_takes_few_queries(client, django_assert_max_num_queries):
    with django_assert_max_num_queries(3):
        client.get(FORM)


# --- Nothing tells who is registered ----------------------------------------------------------------


def masked(response):
    """The page without what differs from request to request."""
    page = re.sub(r'nonce="[^"]+"|csrfmiddlewaretoken" value="[^"]+"', "", text(response))
    return re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}", "", page)


@pytest.mark.parametrize(
    "known",
    ["account", "registered", "in_review", "shared", "disabled"],
)
def test_known_and_unknown_addresses_get_the_same_answer(edition, known):
    fields = {"email": "already.registered@stadt-musterhausen.example"}
    if known == "account":
        make_user(**fields)
    elif known == "disabled":
        make_user(is_active=False, first_name="Kim", last_name="Albers", **fields)
    elif known == "shared":
        make_registration(edition, state=STATE.ADMITTED, first_name="Bo", **fields)
    elif known == "in_review":
        fields = {"email": "already.registered@stadt-xxxxxxxxxxx.example"}
        make_registration(edition, state=STATE.IN_REVIEW, **fields)
    else:
        make_registration(edition, state=STATE.ADMITTED, **fields)
    answers = []
    for address in (
        fields["email"],
        fields["email"].replace("already.registered", "never.seen.anywhere")[
            -len(fields["email"]) :
        ],
    ):
        browser = Client()
        first = browser.post(FORM, typed(email=address))
        second = browser.get(CODE)
        wrong = browser.post(CODE, {"code": "AAA-AAA"})
        answers.append(
            [
                (page.status_code, page.get("Location"), masked(page).replace(address, "…"))
                for page in (first, second, wrong)
            ]
        )

    assert answers[0] == answers[1]
    assert len({letter.to for letter in letters("code", "already_registered")}) >= 2


def test_the_owner_of_a_known_address_reads_that_there_is_a_registration(client, edition):
    make_registration(edition, state=STATE.ADMITTED)
    registered(client)
    (letter,) = letters("already_registered")

    response = client.post(
        CODE, {"code": secret_of(Registration.objects.latest("pk"))["code"]}, follow=True
    )

    assert letter.to == given()["email"]
    assert response.redirect_chain == [(MINE, 303)]
    assert "Ihre Adresse war schon bestätigt" in text(response)
    assert Registration.objects.count() == 1


# --- The code ---------------------------------------------------------------------------------------


def test_without_a_registration_there_is_no_code_to_type(client):
    assert client.get(CODE)["Location"] == FORM
    assert client.post(CODE, {"code": "AAA-AAA"})["Location"] == FORM


def test_a_wrong_code_is_said_and_changes_nothing(client):
    registered(client)

    response = client.post(CODE, {"code": "AAA-AAA"})

    assert "Das ist nicht der Code aus unserer E-Mail" in text(response)
    assert "_auth_user_id" not in client.session
    assert Registration.objects.get().state == STATE.UNVERIFIED


def test_a_new_code_waits_for_thirty_seconds(client):
    registered(client)
    assert "Bitte warten Sie noch" in text(client.post(CODE, {"again": "1"}, follow=True))
    EmailCode.objects.update(sent_at=EmailCode.objects.get().sent_at - timedelta(seconds=30))

    response = client.post(CODE, {"again": "1"}, follow=True)

    assert "Wir haben Ihnen einen neuen Code geschickt" in text(response)
    assert len(letters("code")) == 2


def test_on_an_own_device_one_stays_signed_in_until_the_edition_ends(client, edition):
    registration = registered(client)

    client.post(CODE, {"code": code_of(registration), "own_device": "on"})

    left = edition.ends_at - edition.now()
    assert abs(client.session.get_expiry_age() - left.total_seconds()) < 60


def test_on_another_device_one_is_signed_out_after_a_day(client):
    registration = registered(client)

    client.post(CODE, {"code": code_of(registration)})

    assert client.session.get_expiry_age() <= 86400


def test_who_gives_rights_is_signed_out_after_a_day_everywhere(client, edition):
    person = make_user(email=given()["email"], first_name="Kim", last_name="Albers")
    make_role("organiser", edition, person=person)
    registration = registered(client)

    client.post(CODE, {"code": code_of(registration), "own_device": "on"})

    assert client.session["_auth_user_id"] == str(person.pk)
    assert client.session.get_expiry_age() <= 86400


@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_looking_at_the_link_shows_no_name_and_changes_nothing(client, method):
    registration = registered(Client())

    response = getattr(client, method)(link_of(registration))

    assert response.status_code == 200
    assert "Albers" not in text(response)
    assert response["Referrer-Policy"] == "no-referrer"
    assert response["Cache-Control"] == "no-store"
    registration.refresh_from_db()
    assert registration.state == STATE.UNVERIFIED
    assert not BrowserSession.objects.filter(person__isnull=False).exists()


def test_the_button_behind_the_link_confirms_in_any_browser(client):
    registration = registered(Client())

    response = client.post(link_of(registration), {"own_device": "on"}, follow=True)

    assert response.redirect_chain == [(MINE, 303)]
    registration.refresh_from_db()
    assert registration.state == STATE.ADMITTED
    assert client.session.get_expiry_age() > 86400


def test_a_scanner_that_presses_the_button_does_not_use_the_link_up(client):
    registration = registered(Client())
    Client().post(link_of(registration))

    response = client.post(link_of(registration), follow=True)

    assert "Ihre Adresse war schon bestätigt" in text(response)
    assert response.wsgi_request.user.is_authenticated


def test_a_link_of_another_edition_is_none_here(client):
    make_edition(slug="2022", year=2022)
    registration = registered(client)

    assert client.get(link_of(registration).replace("/2021/", "/2022/")).status_code == 404
    assert client.post(link_of(registration).replace("/2021/", "/2022/")).status_code == 404


# --- Who shares a mailbox ---------------------------------------------------------------------------


def test_whoever_shares_a_mailbox_is_in_by_a_personal_link(client):
    registration = registered(client, email="info@stadt-musterhausen.example")

    response = client.post(CODE, {"code": code_of(registration)}, follow=True)

    assert "Sie sind dabei" in text(response)
    assert client.session["link"] == AccessLink.objects.get().pk
    assert client.session.get_expiry_age() <= 86400


def test_cancelling_ends_the_session_of_a_personal_link(client):
    registration = registered(client, email="info@stadt-musterhausen.example")
    client.post(CODE, {"code": code_of(registration)})

    response = client.post(CANCEL, follow=True)

    assert response.redirect_chain == [("/2021/", 303)]
    assert "Ihre Anmeldung ist abgesagt" in text(response)
    assert not response.wsgi_request.user.is_authenticated


# --- My registration --------------------------------------------------------------------------------


def signed_in(client, registration):
    client.force_login(registration.person, backend="congress.auth.RoleBackend")
    return client


def test_strangers_are_asked_to_sign_in(client):
    for address in (MINE, CANCEL, CALENDAR):
        assert client.get(address)["Location"].startswith("/konto/login/")
        assert client.post(address).status_code in (302, 405)


def test_nobody_sees_the_registration_of_another(client, edition):
    make_registration(edition, state=STATE.ADMITTED)
    client.force_login(make_user(), backend="congress.auth.RoleBackend")

    page = text(client.get(MINE))

    assert "Sie sind für diesen Kongress nicht angemeldet" in page
    assert "Albers" not in page
    assert client.get(CANCEL).status_code == client.post(CANCEL).status_code == 404
    assert client.get(CALENDAR).status_code == 404


def test_in_review_the_page_is_calm_and_asks_two_things(client):
    registration = registered(client, email="kim@gratispost.example")

    page = text(client.post(CODE, {"code": code_of(registration)}, follow=True))

    assert "Ihre Anmeldung wird geprüft, meist innerhalb von zwei Arbeitstagen." in page
    assert page.count('name="authority"') == page.count('name="how_to_check"') == 1
    assert "fk-summary" not in page
    assert "kern-error" not in page


def test_evidence_is_kept_and_not_asked_for_again(client, edition):
    registration = make_registration(edition, state=STATE.IN_REVIEW, email="kim@unbekannt.example")
    signed_in(client, registration)
    assert "Bitte korrigieren" in text(client.post(MINE, {"authority": "", "how_to_check": ""}))

    response = client.post(MINE, {"authority": "Amt Mitte", "how_to_check": "0000"}, follow=True)

    assert "Vielen Dank" in text(response)
    assert 'name="authority"' not in text(response)
    assert 'value="Amt Mitte"' in text(client.get(MINE + "?angaben"))


def test_the_reason_of_a_refusal_is_read(client, edition):
    registration = make_registration(edition, state=STATE.IN_REVIEW, email="kim@unbekannt.example")
    actions.reject(
        registration=registration, by=make_user(), now=edition.now(), reason="Kein <b>Amt</b>."
    )

    page = text(signed_in(client, registration).get(MINE))

    assert "Kein &lt;b&gt;Amt&lt;/b&gt;." in page
    assert CANCEL not in page


def test_cancelling_is_asked_once_more(client, edition):
    registration = make_registration(edition, state=STATE.ADMITTED)
    signed_in(client, registration)
    assert "Ja, absagen" in text(client.get(CANCEL))
    registration.refresh_from_db()
    assert registration.state == STATE.ADMITTED

    response = client.post(CANCEL, follow=True)

    assert "Ihre Anmeldung ist abgesagt" in text(response)
    assert Admission.objects.get().revoked_at is not None
    assert client.get(CANCEL)["Location"] == MINE


def test_the_congress_goes_into_ones_calendar(client, edition):
    registration = make_registration(edition, state=STATE.ADMITTED)

    response = signed_in(client, registration).get(CALENDAR)

    from icalendar import Calendar

    (event,) = Calendar.from_ical(response.content).walk("VEVENT")
    assert event.decoded("dtstart") == edition.starts_on
    assert event.decoded("dtend") == edition.ends_on + timedelta(days=1)
    assert response["Content-Disposition"] == 'attachment; filename="fachkongress-2021.ics"'


def test_whoever_is_registered_is_led_to_the_registration(client, edition):
    registration = make_registration(edition, state=STATE.ADMITTED)

    assert signed_in(client, registration).get(FORM)["Location"] == MINE


def test_whoever_is_signed_in_need_not_type_the_name_again(client):
    client.force_login(make_user(first_name="Noa", body="Amt"), backend="congress.auth.RoleBackend")

    assert 'value="Noa"' in text(client.get(FORM))


def test_my_registration_takes_few_queries(client, edition, django_assert_max_num_queries):
    signed_in(client, make_registration(edition, state=STATE.ADMITTED))

    with django_assert_max_num_queries(7):
        client.get(MINE)


def test_my_registration_with_all_there_is_takes_few_queries(
    client, edition, django_assert_max_num_queries
):
    """One query more for places, one for what can be chosen, whatever else the edition asks."""
    edition.format = "hybrid"
    edition.save()
    RegistrationSettings.objects.create(
        edition=edition, asks_days=True, asks_needs=True, asks_photographs=True
    )
    make_contingent(edition, places=5)
    make_contingent(edition, title_de="Führung", places=5)
    registration = make_registration(edition, state=STATE.ADMITTED)
    assert registration.places.exists()
    actions.say_more(
        registration=registration,
        now=edition.now(),
        by=registration.person,
        days=edition.days,
        needs={"captions": True, "text": "vorn"},
        agrees_to=["photographs"],
    )
    signed_in(client, registration)

    with django_assert_max_num_queries(8):
        page = text(client.get(MINE))

    assert page.count("· beantwortet") == 2
    assert "Führung" in page


# --- The home page ----------------------------------------------------------------------------------


def button(client):
    page = text(client.get("/2021/"))
    return re.search(r'fk-btn-hero" href="([^"]+)">([^<]+)<', page).groups()


def test_strangers_are_invited_to_register(client):
    assert button(client) == (FORM, "Jetzt anmelden")


def test_nobody_is_invited_outside_of_the_time(client, edition):
    for moment in (
        edition.registration_opens_at - timedelta(hours=1),
        edition.registration_closes_at,
    ):
        set_clock(edition, moment)
        assert button(client)[0] != FORM


@pytest.mark.parametrize("email", [given()["email"], "kim@unbekannt.example"])
def test_applicants_and_admitted_find_their_registration(client, edition, email):
    registration = make_registration(edition, email=email)
    actions.verify(registration=registration, code=code_of(registration), now=edition.now())
    registration.refresh_from_db()

    assert button(signed_in(client, registration)) == (MINE, "Meine Anmeldung")


def test_whoever_cancelled_is_invited_again(client, edition):
    registration = make_registration(edition, state=STATE.ADMITTED)
    actions.cancel(registration=registration, now=edition.now())

    assert button(signed_in(client, registration)) == (FORM, "Jetzt anmelden")


def test_staff_and_press_are_not_invited(client, edition):
    person = make_admission(edition, kind="press").person
    client.force_login(person, backend="congress.auth.RoleBackend")
    assert button(client)[0] != FORM
    client.force_login(make_role("organiser", edition).person, backend="congress.auth.RoleBackend")
    assert button(client)[0] != FORM


def test_the_navigation_leads_to_the_form_or_to_ones_registration(client, edition):
    assert f'href="{FORM}"' in text(client.get("/2021/"))
    signed_in(client, make_registration(edition, state=STATE.ADMITTED))
    page = text(client.get("/2021/"))
    assert f'href="{MINE}"' in page
    assert f'href="{FORM}"' not in page


def test_every_address_has_its_name():
    assert reverse("register", kwargs={"edition": "2021"}) == FORM
    assert reverse("my_registration", kwargs={"edition": "2021"}) == MINE
