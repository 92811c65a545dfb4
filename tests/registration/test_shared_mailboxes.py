"""Several who read one mailbox: registered by an office, asked further, on site or online; each for themselves."""

import uuid

import pytest
from django.test import Client

from congress import mail
from congress.models import Admission, User
from registration import actions, emails_inviting
from registration.colleagues import Colleague
from registration.models import Delegate, Draft, Needs, Registration, RegistrationSettings
from tests.factories import make_role
from tests.registration.making import letters
from tests.registration.places import counts, make_contingent, place_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rules")]
SHARED = "poststelle@stadt-musterhausen.example"
OFFICE = "/2021/anmeldung/fuer-andere/"
MINE = "/2021/meine-anmeldung/"
MORE, WAY = f"{MINE}weiteres/", f"{MINE}teilnahme/"


@pytest.fixture
def asking(edition):
    """On site there is one place."""
    edition.format = "hybrid"
    edition.save()
    RegistrationSettings.objects.create(
        edition=edition, asks_days=True, asks_needs=True, asks_photographs=True
    )
    return edition


@pytest.fixture
def hall(asking):
    return make_contingent(asking, way="onsite", places=1)


@pytest.fixture
def screens(asking):
    return make_contingent(asking, way="online", places=10)


def named_by_the_office(first_name, last_name):
    typed = {
        "title": "",
        "first_name": first_name,
        "last_name": last_name,
        "email": SHARED,
        "body": "Stadt Musterhausen",
        "office_name": "Ida Vorzimmer",
        "office_email": SHARED,
    }
    response = Client().post(OFFICE, typed)
    assert response.status_code == 303, response.content.decode()
    return Delegate.objects.with_delegation().get(last_name=last_name)


def says_yes(row, way="online"):
    """The colleague opens their own letter; returns their browser and the registration."""
    browser = Client()
    opened = browser.post(emails_inviting.delegate_url(row).removeprefix("http://testserver"))
    given = {"first_name": row.first_name, "last_name": row.last_name, "body": row.body}
    browser.post(opened["Location"], given | {"way": way, "privacy": "on"})
    return browser, Registration.objects.get(last_name=given["last_name"])


@pytest.fixture
def two(asking, hall, screens):
    """Ada is on site, Bo online; each with the browser that opened their letter."""
    rows = [named_by_the_office("Ada", "Eins"), named_by_the_office("Bo", "Zwei")]
    return [says_yes(rows[0], "onsite"), says_yes(rows[1], "online")]


def page_of(browser, address=MINE):
    return browser.get(address).content.decode()


def test_an_office_registers_two_of_its_own_mailbox_and_each_comes_in_by_their_own_link(two):
    (ada, first), (bo, second) = two

    assert (first.state, second.state) == ("admitted", "admitted")
    assert first.person != second.person
    assert not User.objects.filter(email=SHARED).exists()
    for browser, own, other in ((ada, "Ada Eins", "Bo Zwei"), (bo, "Bo Zwei", "Ada Eins")):
        assert own in page_of(browser)
        assert other not in page_of(browser)
    links = {
        mail.render(letter, mint=True).body.partition("/zugang/")[2][:40]
        for letter in letters("admitted")
    }
    assert len(links) == 2
    answered = {mail.render(one, mint=True).subject for one in letters("office_answered")}
    assert answered == {"Ada Eins: angemeldet", "Bo Zwei: angemeldet"}


def test_the_same_person_named_twice_at_a_shared_mailbox_gets_one_letter(asking):
    named_by_the_office("Ada", "Eins")
    named_by_the_office("Ada", "Eins")

    assert len(letters("delegate")) == 1


def test_what_one_of_them_needs_is_not_the_others(two):
    (ada, first), (bo, second) = two
    ada.post(f"{MORE}entwurf/", {"needs_consent": "on", "text": "Platz vorn"})
    assert "Platz vorn" not in page_of(bo)
    ada.post(MORE, {"needs_consent": "on", "wheelchair": "on", "text": "Platz vorn"})
    bo.post(
        MORE, {"needs_consent": "on", "captions": "on", "text": "", "consent_photographs": "on"}
    )

    assert {needs.registration_id: needs.listed for needs in Needs.objects.all()} == {
        first.pk: ["stufenloser Weg und Platz"],
        second.pk: ["Untertitel"],
    }
    assert not first.consents.exists()
    assert "Platz vorn" in page_of(ada)
    assert "Platz vorn" not in page_of(bo)
    assert not Draft.objects.exists()


def test_whoever_arranges_it_reads_both_by_name(two, client, asking):
    for browser, registration in two:
        browser.post(
            MORE, {"needs_consent": "on", "captions": "on", "text": registration.last_name}
        )
    client.force_login(make_role("care", asking).person, backend="congress.auth.RoleBackend")
    client.post("/2021/orga/bedarfe/oeffnen/")

    page = client.get("/2021/orga/bedarfe/").content.decode()

    assert "Ada Eins" in page
    assert "Bo Zwei" in page


def test_one_of_them_goes_online_and_the_other_has_the_place_on_site(two, hall, screens):
    (ada, first), (bo, second) = two
    bo.post(WAY, {"way": "onsite", "stay_in_line": "on"})
    assert (counts(hall), place_of(second).contingent) == ((1, 1), screens)

    ada.post(WAY, {"way": "online"})

    for registration in (first, second):
        registration.refresh_from_db()
    assert (first.way, first.state) == ("online", "admitted")
    assert second.places.get(contingent=hall).state == "offered"
    assert counts(hall) == (1, 0)
    assert "Ada Eins" in page_of(ada)
    assert "Bo Zwei" not in page_of(ada)


def test_what_was_said_about_meals_leaves_with_the_place_of_whoever_cancels(two, hall):
    (ada, first), (bo, second) = two
    for browser in (ada, bo):
        browser.post(MORE, {"needs_consent": "on", "captions": "on", "text": ""})

    ada.post(f"{MINE}absagen/")

    assert [needs.registration for needs in Needs.objects.all()] == [second]
    assert counts(hall) == (0, 0)
    assert not Admission.objects.in_force().filter(person=first.person).exists()
    assert Admission.objects.in_force().filter(person=second.person).exists()
    assert "Bo Zwei" in page_of(bo)


def test_one_hands_the_place_to_a_third_of_the_same_mailbox(two, hall, screens, asking):
    (ada, first), (_bo, second) = two
    ada.post(MORE, {"needs_consent": "on", "wheelchair": "on", "text": ""})
    actions.ask_substitute(
        registration=first,
        colleague=Colleague(1, SHARED, "", "Cleo", "Drei", "Stadt Musterhausen"),
        by=first.person,
        now=asking.now(),
        form_key=uuid.uuid4(),
        language="de",
    )

    browser, third = says_yes(Delegate.objects.with_delegation().get(last_name="Drei"), "onsite")

    first.refresh_from_db()
    assert (first.state, third.state, third.way) == ("cancelled", "admitted", "onsite")
    assert place_of(third).contingent == hall
    assert counts(hall) == (1, 0)
    assert not Needs.objects.exists()  # what Ada needed is not Cleo's
    assert "Cleo Drei" in page_of(browser)
    assert Admission.objects.in_force().filter(person=second.person).exists()
